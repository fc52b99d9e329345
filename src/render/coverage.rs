//! Coverage in words: for each account and Region the days and hours that are not simply
//! delivered, as stretches. Both views show it as a table beside the picture.

use std::collections::HashMap;

use serde::Serialize;

use super::bounded::{Bounded, Kind, bounded};
use super::templates::instant;
use crate::packet::model::{CoverInfo, CoverageRowInfo, Instant, Packet, SpanInfo, StateInfo};

/// One account and Region.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct PlaceLine {
    pub account: String,
    pub region: String,
    pub records: u64,
    /// Days with records.
    pub delivered: u64,
    /// All other days, as stretches of one state.
    pub others: String,
    /// Hours that digests prove idle, as stretches.
    pub idle_hours: String,
}

/// Stretches that a line shows.
const MOST: usize = 12;

/// States of days about which something is open, the worst first.
const OPEN: [&str; 4] = ["missing", "stopped", "silent", "unclear"];

/// What a row of these days is: the worst of them counts.
pub fn kind(states: &[StateInfo], days: &str) -> Kind {
    let rank = |state: &StateInfo| OPEN.iter().position(|id| *id == state.id);
    let of = |letter: char| {
        let mut all = states.iter();
        all.find(|state| state.letter.starts_with(letter))
            .and_then(rank)
    };
    match days.chars().filter_map(of).min() {
        Some(rank) => Kind::new(rank, format!("with {} days", OPEN[rank])),
        None => Kind::new(OPEN.len(), "of which every day is accounted for"),
    }
}

/// A line for each account and Region of the grid.
pub fn lines(packet: &Packet) -> Bounded<PlaceLine> {
    let coverage = &packet.coverage;
    let kind = |row: &&CoverageRowInfo| kind(&coverage.states, &row.days);
    let cover = packet.integrity.cover.iter();
    let cover: HashMap<_, _> = cover
        .map(|one| ((one.account.as_str(), one.region.as_str()), one))
        .collect();
    bounded(coverage.rows.iter(), kind, &coverage.file).map(|row| {
        let cover = cover.get(&(row.account.as_str(), row.region.as_str()));
        line(packet, row, cover.copied())
    })
}

fn line(packet: &Packet, row: &CoverageRowInfo, cover: Option<&CoverInfo>) -> PlaceLine {
    let states = &packet.coverage.states;
    let delivered = states.iter().find(|state| state.id == "delivered");
    let delivered = delivered.and_then(|state| state.letter.chars().next());
    let days = row.days.chars().filter(|day| Some(*day) == delivered);
    PlaceLine {
        account: row.account.clone(),
        region: row.region.clone(),
        records: row.counts.iter().sum(),
        delivered: days.count() as u64,
        others: shown(stretches(packet, row, delivered)),
        idle_hours: shown(cover.map_or(Vec::new(), |one| hours(&one.idle))),
    }
}

/// Neighbouring days of one state, but for those with records.
fn stretches(packet: &Packet, row: &CoverageRowInfo, delivered: Option<char>) -> Vec<String> {
    let days: Vec<(char, &String)> = row.days.chars().zip(&packet.coverage.days).collect();
    days.chunk_by(|a, b| a.0 == b.0)
        .filter(|stretch| Some(stretch[0].0) != delivered)
        .map(|stretch| {
            let letter = stretch[0].0;
            let mut states = packet.coverage.states.iter();
            let state = states.find(|state| state.letter.starts_with(letter));
            let state = state.map_or("unknown", |state| state.id.as_str());
            match stretch {
                [(_, day)] => format!("{state} {day}"),
                [(_, first), .., (_, last)] => format!("{state} {first} – {last}"),
                [] => String::new(),
            }
        })
        .collect()
}

fn hours(all: &[SpanInfo]) -> Vec<String> {
    let all = all.iter();
    all.map(|span| format!("{} – {}", minute(span.from), minute(span.to)))
        .collect()
}

/// Seconds say nothing of a whole hour.
fn minute(at: Instant) -> String {
    let text = instant(&at.to_string());
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

fn shown(all: Vec<String>) -> String {
    let more = all.len().saturating_sub(MOST);
    let mut text = all[..all.len().min(MOST)].join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
