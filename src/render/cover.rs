//! Cover of digests as views show it: a line for each stretch of an account and Region, of each of
//! its trails where there are several, and for the hours that are proved idle.

use serde::Serialize;

use super::block::{Pattern, Tone};
use super::bounded::{Bounded, Kind, bounded, drawn};
use super::picture::days_between;
use crate::packet::model::{CoverInfo, CoverSpanInfo, Packet};

/// States of covered time, the best first: letter, tone and pattern.
pub const STATES: [(&str, char, Tone, Pattern); 8] = [
    ("verified", 'V', Tone::Good, Pattern::Solid),
    ("hash-only", 'H', Tone::Warning, Pattern::Open),
    ("before-first", 'B', Tone::Warning, Pattern::Hatched),
    ("after-last", 'A', Tone::Warning, Pattern::Hatched),
    ("gap", 'G', Tone::Warning, Pattern::Crossed),
    ("no-digests", '–', Tone::Muted, Pattern::Open),
    ("hole", 'O', Tone::Bad, Pattern::Crossed),
    ("failed", 'F', Tone::Bad, Pattern::Solid),
];

/// How bad a state is: its place in [`STATES`].
pub fn badness(state: &str) -> Option<usize> {
    STATES.iter().position(|one| one.0 == state)
}

/// What a row in this state is. A state that is not known may hide most.
fn kind(state: &str, words: impl FnOnce(&str) -> String) -> Kind {
    let rank = badness(state).map_or(0, |place| STATES.len() - place);
    Kind::new(rank, words(state))
}

/// The accounts and Regions of the picture; the worst state of each counts.
pub fn places(packet: &Packet) -> Bounded<&CoverInfo> {
    let found = &packet.integrity;
    let of = |one: &&CoverInfo| {
        let ranges = one.ranges.iter();
        let worst = ranges.max_by_key(|range| badness(&range.state).unwrap_or(STATES.len()));
        let worst = worst.map_or("no-digests", |range| &*range.state);
        kind(worst, |state| match state {
            "verified" => "verified throughout".to_owned(),
            other => format!("at worst {}", other.replace('-', " ")),
        })
    };
    let days = days_between(&found.asked.from, &found.asked.to).len();
    drawn(days, found.cover.iter(), of, &found.cover_file)
}

/// A line of the table.
#[derive(Debug, Serialize)]
pub struct CoverLine<'p> {
    pub account: &'p str,
    pub region: &'p str,
    /// The trail, where there are several and the line is of one of them.
    pub trail: Option<&'p str>,
    pub is_of_trail: bool,
    pub is_declared_idle: bool,
    /// None in a line that counts hours.
    pub range: Option<&'p CoverSpanInfo>,
    /// Whole hours that are proved idle; none in a line of a stretch.
    pub idle_hours: Option<u64>,
}

/// Every stretch, place by place.
pub fn lines(packet: &Packet) -> Bounded<CoverLine<'_>> {
    let found = &packet.integrity;
    let of = |line: &CoverLine<'_>| match line.range {
        Some(range) => kind(&range.state, str::to_owned),
        None => Kind::new(STATES.len(), "of hours proved idle"),
    };
    bounded(found.cover.iter().flat_map(of_place), of, &found.cover_file)
}

fn of_place<'p>(one: &'p CoverInfo) -> Vec<CoverLine<'p>> {
    let line = |trail: Option<&'p str>, range| CoverLine {
        account: &one.account,
        region: &one.region,
        trail,
        is_of_trail: trail.is_some(),
        is_declared_idle: one.is_declared_idle,
        range,
        idle_hours: None,
    };
    let whole = one.ranges.iter().map(|range| line(None, Some(range)));
    let trails = one.trails.iter().flat_map(|trail| {
        let ranges = trail.ranges.iter();
        ranges.map(|range| line(Some(trail.trail.as_str()), Some(range)))
    });
    let mut lines: Vec<_> = whole.chain(trails).collect();
    if one.idle_hours > 0 {
        lines.push(CoverLine {
            idle_hours: Some(one.idle_hours),
            ..line(None, None)
        });
    }
    lines
}
