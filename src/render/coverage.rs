//! Coverage in words: for each account and Region the days and hours that are not simply
//! delivered, as stretches. Both views show it as a table beside the picture.

use serde::Serialize;

use super::templates::instant;
use crate::packet::model::{CoverageRowInfo, Packet, SpanInfo};

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

/// One line for each account and Region of the grid.
pub fn lines(packet: &Packet) -> Vec<PlaceLine> {
    let rows = packet.coverage.rows.iter();
    rows.map(|row| line(packet, row)).collect()
}

fn line(packet: &Packet, row: &CoverageRowInfo) -> PlaceLine {
    let states = &packet.coverage.states;
    let delivered = states.iter().find(|state| state.id == "delivered");
    let delivered = delivered.and_then(|state| state.letter.chars().next());
    let days = row.days.chars().filter(|day| Some(*day) == delivered);
    let mut cover = packet.integrity.cover.iter();
    let cover = cover.find(|one| one.account == row.account && one.region == row.region);
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
    all.map(|span| format!("{} – {}", minute(&span.from), minute(&span.to)))
        .collect()
}

/// Seconds say nothing of a whole hour.
fn minute(text: &str) -> String {
    let text = instant(text);
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
