//! The times in which a trail has no digest files although it has some: it may have been off then.

use super::absence::{Absence, Edge, Records, Spell};
use super::digest_trails::TrailTimes;
use crate::integrity::report::CoverKind;
use crate::period::{HOUR, Period};

/// From and up to when the digests of a trail must be there. The first and last one of a log set may
/// lie an hour within the period.
pub(super) fn edges(period: &Period) -> (i64, i64) {
    (period.start + HOUR, period.end - HOUR)
}

/// The absences that the digests of one trail tell of at one place, each on its own: the trail may
/// have gone on without digests. What is missing between two that follow each other is a matter of
/// integrity: the trail was on.
pub(super) fn spells(times: &TrailTimes, period: &Period) -> Vec<Spell> {
    let (from, to) = edges(period);
    let open = times.asked.iter().filter(|one| {
        let is_off = matches!(
            one.kind,
            CoverKind::Gap | CoverKind::BeforeFirst | CoverKind::AfterLast
        );
        is_off && one.start < to && from < one.end
    });
    let edge = |at: i64, is_open: bool| (!is_open).then_some(Edge::Digests(at));
    open.map(|one| {
        vec![Absence {
            trail: times.shown(),
            after: edge(one.start, one.kind == CoverKind::BeforeFirst),
            before: edge(one.end, one.kind == CoverKind::AfterLast),
            records: Records::AreOfOthers,
        }]
    })
    .collect()
}
