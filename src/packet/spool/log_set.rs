//! The rows of the log set: every input file, and everything refused.

use std::io;
use std::sync::Arc;

use super::{Piece, Spool, begun};
use crate::assess::outcome::{EvidenceSource, InputRow, RefusalRow};
use crate::packet::evidence::RowsDigest;
use crate::packet::mask::Masker;
use crate::packet::model::{Input, MOST_ROWS, Refusal};
use crate::render::csv::CsvFile;

const INPUT_COLUMNS: [&str; 9] = [
    "file",
    "bytes",
    "sha256",
    "shape",
    "outcome",
    "records",
    "duplicates",
    "refused",
    "notices",
];

const REFUSAL_COLUMNS: [&str; 5] = ["file", "index", "code", "message", "is_loss"];

/// Everything that packets hold of the input files.
#[derive(Debug)]
pub struct InputRows {
    /// How many there are.
    pub total: u64,
    /// Records in them.
    pub records: u64,
    /// Of the files: read.
    pub read: u64,
    /// Of the files: refused.
    pub refused: u64,
    /// SHA-256 over all rows.
    pub sha256: String,
    /// The first rows.
    pub first: Arc<[Input]>,
    /// All rows as CSV.
    pub file: Piece,
}

/// Everything that packets hold of what was refused.
#[derive(Debug)]
pub struct RefusalRows {
    /// How many rows there are.
    pub total: u64,
    /// SHA-256 over all rows.
    pub sha256: String,
    /// The first rows; those that mean loss come first.
    pub first: Arc<[Refusal]>,
    /// All rows as CSV.
    pub file: Piece,
}

/// Reads the input files.
pub fn inputs(spool: &Spool, source: &dyn EvidenceSource) -> io::Result<InputRows> {
    let mut file = CsvFile::new(begun(), &INPUT_COLUMNS)?;
    let mut digest = RowsDigest::default();
    let mut first = Vec::new();
    let (mut total, mut records, mut read, mut refused) = (0, 0, 0, 0);
    source.inputs(&mut |found| {
        spool.go_on()?;
        let row = input(found);
        digest.add(&row, None)?;
        total += 1;
        records += row.records;
        read += u64::from(row.outcome == "read");
        refused += u64::from(row.outcome == "refused");
        file.row(&[
            row.file.as_str(),
            &row.bytes.to_string(),
            &row.sha256,
            &row.shape,
            &row.outcome,
            &row.records.to_string(),
            &row.duplicates.to_string(),
            &row.refused.to_string(),
            &row.notices.join(" | "),
        ])?;
        if total <= MOST_ROWS {
            first.push(row);
        }
        Ok(())
    })?;
    Ok(InputRows {
        total,
        records,
        read,
        refused,
        sha256: digest.finish(),
        first: first.into(),
        file: spool.store(file.finish()?)?,
    })
}

/// Reads everything refused.
pub fn refusals(
    spool: &Spool,
    source: &dyn EvidenceSource,
    masker: &Masker,
) -> io::Result<RefusalRows> {
    let mut file = CsvFile::new(begun(), &REFUSAL_COLUMNS)?;
    let mut digest = RowsDigest::default();
    let mut total = 0;
    let (mut losses, mut others) = (Vec::new(), Vec::new());
    source.refusals(&mut |found| {
        spool.go_on()?;
        let row = refusal(masker, found);
        digest.add(&row, None)?;
        total += 1;
        let index = row.index.map(|index| index.to_string()).unwrap_or_default();
        let is_loss = if row.is_loss { "yes" } else { "no" };
        file.row(&[row.file.as_str(), &index, &row.code, &row.message, is_loss])?;
        let kind = if row.is_loss {
            &mut losses
        } else {
            &mut others
        };
        if (kind.len() as u64) < MOST_ROWS {
            kind.push(row);
        }
        Ok(())
    })?;
    losses.append(&mut others);
    losses.truncate(MOST_ROWS as usize);
    Ok(RefusalRows {
        total,
        sha256: digest.finish(),
        first: losses.into(),
        file: spool.store(file.finish()?)?,
    })
}

/// One refusal as the packet shows it.
fn refusal(masker: &Masker, found: &RefusalRow) -> Refusal {
    Refusal {
        file: found.key.clone(),
        index: found.index,
        code: found.code.clone(),
        // The message may quote the record.
        message: masker.text(&found.message).into_owned(),
        is_loss: found.is_loss,
    }
}

/// One input file as the packet shows it.
fn input(found: &InputRow) -> Input {
    Input {
        file: found.key.clone(),
        bytes: found.bytes,
        sha256: found.sha256.clone(),
        shape: found.shape.clone(),
        outcome: found.outcome.to_owned(),
        records: found.records,
        duplicates: found.duplicates,
        refused: found.refused,
        notices: found.notices.clone(),
    }
}
