//! From the rows of the ledger to the rows and record lines of a packet.
//!
//! Every view and every file takes its rows from here, so that masking and the
//! numbering of record lines are the same everywhere. Rows are never held; a
//! record line is the record's own bytes unless its form says otherwise.

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::mask::Masker;
use super::model::Row;
use crate::assess::outcome::{EvidenceRow, EvidenceSource, List};
use crate::record::time;

/// The lists in the order in which record lines are numbered. The population
/// comes last and brings no records: its rows say where each one lies.
pub const ORDER: [List; 5] = [
    List::Exceptions,
    List::Attempts,
    List::Undecided,
    List::Sample,
    List::Population,
];

/// The stable name of a list, and of its CSV file.
pub const fn list_id(list: List) -> &'static str {
    match list {
        List::Exceptions => "exceptions",
        List::Attempts => "attempts",
        List::Undecided => "undecided",
        List::Population => "population",
        List::Sample => "sample",
    }
}

/// How the bytes of a record line differ from those in the log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Secrets were replaced by marks.
    pub is_masked: bool,
    /// Line breaks between tokens were replaced by blanks, one for one.
    pub has_blanks_for_breaks: bool,
}

impl Form {
    /// The word in `records.csv`.
    pub const fn id(self) -> &'static str {
        match (self.is_masked, self.has_blanks_for_breaks) {
            (false, false) => "verbatim",
            (false, true) => "line-breaks-as-blanks",
            (true, false) => "masked",
            (true, true) => "masked+line-breaks-as-blanks",
        }
    }
}

/// One line of `records.jsonl`, without its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How they differ from the log file.
    pub form: Form,
    /// Their SHA-256; for a verbatim line also that of the record in the log file.
    pub sha256: String,
}

/// Called with each row and its record line.
pub type EachRow<'f> = dyn FnMut(List, &Row, Option<&RecordLine>) -> io::Result<()> + 'f;

/// Calls `each` for every row of every list of a control, in [`ORDER`].
///
/// # Errors
/// What the source or `each` reports.
pub fn rows(
    source: &dyn EvidenceSource,
    masker: &Masker,
    control: &str,
    each: &mut EachRow<'_>,
) -> io::Result<()> {
    let mut line = 0;
    for list in ORDER {
        source.rows(control, list, &mut |found| {
            let (mut row, record) = convert(masker, found, list != List::Population);
            if record.is_some() {
                line += 1;
                row.record_line = Some(line);
            }
            each(list, &row, record.as_ref())
        })?;
    }
    Ok(())
}

fn convert(masker: &Masker, found: &EvidenceRow, with_record: bool) -> (Row, Option<RecordLine>) {
    let masked = found.record.as_deref().map(|bytes| masker.record(bytes));
    let secrets: &[String] = masked.as_ref().map_or(&[], |one| &one.secrets);
    let taken = |text: &str| Arc::from(masker.taken(text, secrets));
    let mut row = Row {
        event_id: taken(&found.event_id),
        time: time::format(found.time).into(),
        account: taken(&found.account),
        region: taken(&found.region),
        event_source: taken(&found.event_source),
        event_name: taken(&found.event_name),
        actor: taken(&found.actor),
        actor_kind: found.actor_kind.id().into(),
        person: taken(&found.person),
        outcome: found.outcome.id().into(),
        error: taken(&found.error),
        source_ip: taken(&found.source_ip),
        user_agent: taken(&found.user_agent),
        target: masker.pairs(&found.target, secrets).into(),
        role: found.role.into(),
        reason: taken(&found.reason),
        waiver: found.waiver.clone(),
        file: found.origin.file.as_str().into(),
        file_sha256: found.origin.sha256.as_str().into(),
        index: found.origin.index,
        record_line: None,
        masked: false,
    };
    row.masked = !secrets.is_empty() || texts(found) != row_texts(&row);
    let line = masked
        .filter(|_| with_record)
        .map(|masked| record_line(masked.bytes.into_owned(), !masked.secrets.is_empty()));
    (row, line)
}

fn texts(found: &EvidenceRow) -> [&str; 6] {
    [
        &found.actor,
        &found.person,
        &found.error,
        &found.user_agent,
        &found.target,
        &found.reason,
    ]
}

fn row_texts(row: &Row) -> [&str; 6] {
    [
        &row.actor,
        &row.person,
        &row.error,
        &row.user_agent,
        &row.target,
        &row.reason,
    ]
}

fn record_line(mut bytes: Vec<u8>, is_masked: bool) -> RecordLine {
    let mut has_blanks_for_breaks = false;
    // A raw line break can only stand between tokens: in strings the reader refuses it.
    for byte in bytes
        .iter_mut()
        .filter(|byte| matches!(byte, b'\n' | b'\r'))
    {
        *byte = b' ';
        has_blanks_for_breaks = true;
    }
    RecordLine {
        sha256: hex::encode(Sha256::digest(&bytes)),
        form: Form {
            is_masked,
            has_blanks_for_breaks,
        },
        bytes,
    }
}

/// SHA-256 over rows: each as one line of JSON, then the SHA-256 of its record line, if it has one.
#[derive(Debug, Clone, Default)]
pub struct RowsDigest {
    hash: Sha256,
    /// The line of a row, for its memory.
    line: Vec<u8>,
}

impl RowsDigest {
    /// Adds a row.
    ///
    /// # Errors
    /// None that is known: rows have a JSON spelling.
    pub fn add(
        &mut self,
        row: &impl serde::Serialize,
        record: Option<&RecordLine>,
    ) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, row)?;
        self.line.push(b'\n');
        if let Some(record) = record {
            self.line.extend_from_slice(record.sha256.as_bytes());
            self.line.push(b'\n');
        }
        self.hash.update(&self.line);
        Ok(())
    }

    /// Lower-case hex.
    pub fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_on_several_lines_becomes_one_line_of_the_same_length() {
        let line = record_line(b"{\r\n \"a\": 1\n}".to_vec(), false);
        assert_eq!(line.bytes, b"{   \"a\": 1 }");
        assert_eq!(line.form.id(), "line-breaks-as-blanks");
    }

    #[test]
    fn a_record_on_one_line_stays_as_it_is() {
        let line = record_line(b"{\"a\":\t1}".to_vec(), false);
        assert_eq!(
            (line.bytes.as_slice(), line.form.id()),
            (b"{\"a\":\t1}".as_slice(), "verbatim")
        );
        assert_eq!(line.sha256, hex::encode(Sha256::digest(b"{\"a\":\t1}")));
    }
}
