//! `logs/`: every input file, everything refused, every day, every class.

use std::io;

use super::WriteError;
use super::evidence_files::copy;
use crate::packet::build::Inputs;
use crate::packet::evidence::RowsDigest;
use crate::packet::folder::{Folder, Sink};
use crate::packet::mask::Masker;
use crate::packet::model::Packet;
use crate::packet::spool::Spool;
use crate::render::csv::CsvFile;

/// Writes the folder.
pub fn write(
    inputs: &Inputs<'_>,
    spool: &Spool,
    masker: &Masker,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    let path = &packet.log_set.inputs.file;
    let failed = |folder: &Folder, path: &str, cause| WriteError::Rows {
        path: folder.shown(path),
        cause,
    };
    let rows = spool.inputs(inputs.source);
    let rows = rows.map_err(|cause| failed(folder, path, cause))?;
    unchanged_text(&rows.sha256, &packet.log_set.inputs.rows_sha256, path)?;
    copy(spool, rows.file, folder, path)?;
    let path = &packet.log_set.refusals.file;
    let rows = spool.refusals(inputs.source, masker);
    let rows = rows.map_err(|cause| failed(folder, path, cause))?;
    unchanged_text(&rows.sha256, &packet.log_set.refusals.rows_sha256, path)?;
    copy(spool, rows.file, folder, path)?;
    reconciliation(packet, folder)?;
    coverage(packet, folder)?;
    classes(packet, folder)?;
    super::integrity_files::write(inputs, packet, folder)?;
    super::remark_files::write(inputs, masker, packet, folder)
}

pub(super) fn unchanged_text(found: &str, expected: &str, path: &str) -> Result<(), WriteError> {
    if found == expected {
        Ok(())
    } else {
        Err(WriteError::Changed(path.to_owned()))
    }
}

pub(super) fn unchanged(digest: RowsDigest, expected: &str, path: &str) -> Result<(), WriteError> {
    unchanged_text(&digest.finish(), expected, path)
}

pub(super) fn yes_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn coverage(packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let columns = [
        "account",
        "account_name",
        "region",
        "day",
        "state",
        "records",
        "hours_with_records",
    ];
    let found = &packet.coverage;
    let id_of = |letter: char| {
        let state = found
            .states
            .iter()
            .find(|state| state.letter.starts_with(letter));
        state.map_or("", |state| state.id.as_str())
    };
    table(folder, &found.file, &columns, |file| {
        for row in found.rows.iter() {
            let days = found.days.iter().zip(row.days.chars()).zip(&row.counts);
            for (((day, letter), count), hours) in days.zip(&row.hours) {
                let count = count.to_string();
                file.row(&[
                    &row.account,
                    &row.account_name,
                    &row.region,
                    day,
                    id_of(letter),
                    count.as_str(),
                    hours.as_str(),
                ])?;
            }
        }
        Ok(())
    })
}

fn classes(packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let columns = [
        "account",
        "region",
        "class",
        "records",
        "is_proven",
        "basis",
        "proof",
    ];
    table(folder, "logs/classes.csv", &columns, |file| {
        for one in packet.coverage.classes.iter() {
            file.row(&[
                &one.account,
                &one.region,
                &one.class,
                &one.records.to_string(),
                &yes_no(one.is_proven),
                &one.basis,
                &one.proof,
            ])?;
        }
        Ok(())
    })?;
    stores(packet, folder)
}

fn stores(packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let columns = [
        "store",
        "class",
        "list",
        "accounts",
        "records",
        "is_proven",
        "basis",
        "proof",
    ];
    table(folder, "logs/stores.csv", &columns, |file| {
        for one in packet.coverage.stores.iter() {
            file.row(&[
                &one.store,
                &one.class,
                &one.list,
                &one.accounts.join(" "),
                &one.records.to_string(),
                &yes_no(one.is_proven),
                &one.basis,
                &one.proof,
            ])?;
        }
        Ok(())
    })
}

/// What became of files and records, in total and by account: the parts of each whole, one a row.
fn reconciliation(packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let columns = ["what", "account", "whole", "part", "count"];
    let found = &packet.log_set;
    table(folder, "logs/reconciliation.csv", &columns, |file| {
        for (part, count) in found.file_parts() {
            let whole = found.files_listed.to_string();
            file.row(&["files", "", &whole, part, &count.to_string()])?;
        }
        let all = ("", &found.total);
        let accounts = found.by_account.iter();
        let accounts = accounts.map(|one| (one.account.as_str(), &one.counts));
        for (account, counts) in std::iter::once(all).chain(accounts) {
            for (part, count) in counts.parts() {
                let whole = counts.seen.to_string();
                file.row(&["records", account, &whole, part, &count.to_string()])?;
            }
        }
        Ok(())
    })
}

pub(super) fn table(
    folder: &mut Folder,
    path: &str,
    columns: &[&str],
    fill: impl FnOnce(&mut CsvFile<Sink>) -> io::Result<()>,
) -> Result<(), WriteError> {
    let sink = folder.create(path)?;
    let written = CsvFile::new(sink, columns).and_then(|mut file| {
        fill(&mut file)?;
        file.finish()
    });
    let sink = written.map_err(|cause| WriteError::Rows {
        path: folder.shown(path),
        cause,
    })?;
    Ok(folder.keep(sink)?)
}
