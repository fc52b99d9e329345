//! `logs/integrity*.csv`: cover by time, the state of every file, every fault.

use std::io;

use super::WriteError;
use super::log_files::{table, unchanged_text, yes_no};
use crate::packet::build::Inputs;
use crate::packet::build::integrity::{each_fault, each_file};
use crate::packet::folder::Folder;
use crate::packet::model::{CoverInfo, Instant, Packet};

/// Writes the three files.
pub fn write(inputs: &Inputs<'_>, packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    cover(packet, folder)?;
    files(inputs, packet, folder)?;
    faults(inputs, packet, folder)
}

const COVER: [&str; 7] = [
    "account",
    "account_name",
    "region",
    "trail",
    "from",
    "to",
    "state",
];

fn cover(packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let found = &packet.integrity;
    table(folder, &found.cover_file, &COVER, |file| {
        for one in found.cover.iter() {
            cover_rows(one, |row| file.row(&row))?;
        }
        Ok(())
    })
}

/// The place as a whole, then each of several trails, then what is proved idle.
fn cover_rows(
    one: &CoverInfo,
    mut each: impl FnMut([&str; 7]) -> io::Result<()>,
) -> io::Result<()> {
    let mut row = |trail, from: Instant, to: Instant, state| {
        let (account, name) = (one.account.as_str(), one.account_name.as_str());
        let (from, to) = (from.to_string(), to.to_string());
        each([account, name, one.region.as_str(), trail, &from, &to, state])
    };
    let whole = one.ranges.iter().map(|span| ("", span));
    let trails = one.trails.iter().flat_map(|trail| {
        let name = trail.trail.as_str();
        trail.ranges.iter().map(move |span| (name, span))
    });
    for (trail, span) in whole.chain(trails) {
        row(trail, span.from, span.to, &*span.state)?;
    }
    let mut idle = one.idle.iter();
    idle.try_for_each(|span| row("", span.from, span.to, "proved-idle"))
}

const FILES: [&str; 8] = [
    "file", "kind", "state", "matters", "from", "to", "proof", "faults",
];

fn files(inputs: &Inputs<'_>, packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let found = &packet.integrity.files;
    let mut hash = String::new();
    table(folder, &found.file, &FILES, |file| {
        hash = each_file(&inputs.assessment.integrity, &mut |row| {
            file.row(&[
                row.file.as_str(),
                &row.kind,
                &row.state,
                &yes_no(row.matters),
                row.from.as_deref().unwrap_or_default(),
                row.to.as_deref().unwrap_or_default(),
                &row.proof,
                &row.faults.join(" | "),
            ])
        })?;
        Ok(())
    })?;
    unchanged_text(&hash, &found.rows_sha256, &found.file)
}

const FAULTS: [&str; 12] = [
    "thing", "object", "code", "weight", "matters", "account", "region", "from", "to", "count",
    "message", "help",
];

fn faults(inputs: &Inputs<'_>, packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let found = &packet.integrity.faults;
    let mut hash = String::new();
    table(folder, &found.file, &FAULTS, |file| {
        hash = each_fault(&inputs.assessment.integrity, &mut |row| {
            file.row(&[
                row.thing.as_str(),
                &row.object,
                &row.code,
                &row.weight,
                &yes_no(row.matters),
                &row.account,
                &row.region,
                row.from.as_deref().unwrap_or_default(),
                row.to.as_deref().unwrap_or_default(),
                &row.count.to_string(),
                &row.message,
                &row.help,
            ])
        })?;
        Ok(())
    })?;
    unchanged_text(&hash, &found.rows_sha256, &found.file)
}
