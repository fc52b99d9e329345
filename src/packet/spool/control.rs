//! The rows of one control: a CSV file for each list, and the records.

use std::io::{self, Write as _};
use std::sync::Arc;

use super::texts::Texts;
use super::{Begun, Piece, Spool, begun};
use crate::assess::outcome::{EvidenceSource, List};
use crate::packet::evidence::{self, ORDER, RecordLine, RowsDigest, list_id};
use crate::packet::mask::Masker;
use crate::packet::model::{MOST_ROWS, Row};
use crate::render::csv::CsvFile;

const COLUMNS: [&str; 22] = [
    "time",
    "event_id",
    "account",
    "region",
    "event_source",
    "event_name",
    "actor",
    "actor_kind",
    "person",
    "outcome",
    "error",
    "source_ip",
    "user_agent",
    "target",
    "role",
    "reason",
    "waiver",
    "file",
    "file_sha256",
    "index",
    "record_line",
    "masked",
];

const RECORD_COLUMNS: [&str; 9] = [
    "line",
    "list",
    "event_id",
    "time",
    "file",
    "file_sha256",
    "index",
    "form",
    "sha256",
];

/// Everything that packets hold of the rows of a control.
#[derive(Debug)]
pub struct ControlRows {
    /// One for each list, in the order of [`ORDER`].
    pub lists: Vec<ListRows>,
    /// `records.jsonl`
    pub records: Piece,
    /// `records.csv`
    pub index: Piece,
    /// Rows in which something is masked.
    pub masked: u64,
}

impl ControlRows {
    /// The rows of a list.
    pub fn list(&self, list: List) -> &ListRows {
        let found = self.lists.iter().find(|one| one.list == list);
        found.expect("there is an entry for every list")
    }
}

/// One list.
#[derive(Debug)]
pub struct ListRows {
    /// Which.
    pub list: List,
    /// Rows in all.
    pub total: u64,
    /// SHA-256 over all rows.
    pub sha256: String,
    /// The first rows.
    pub first: Arc<[Row]>,
    /// All rows as CSV.
    pub file: Piece,
}

/// Reads all lists of a control.
pub fn read(
    spool: &Spool,
    source: &dyn EvidenceSource,
    masker: &Masker,
    control: &str,
) -> io::Result<ControlRows> {
    let mut files = Files::create()?;
    evidence::rows(source, masker, control, &mut |list, row, record| {
        spool.go_on()?;
        files.add(list, row, record, &mut spool.texts.borrow_mut())
    })?;
    files.finish(spool)
}

/// One list while its rows come by.
struct ListFile {
    list: List,
    file: CsvFile<Begun>,
    total: u64,
    digest: RowsDigest,
    first: Vec<Row>,
}

/// All files of a control that rows go to.
struct Files {
    lists: Vec<ListFile>,
    records: Begun,
    index: CsvFile<Begun>,
    masked: u64,
}

impl Files {
    fn create() -> io::Result<Files> {
        let mut lists = Vec::new();
        for list in ORDER {
            lists.push(ListFile {
                list,
                file: CsvFile::new(begun(), &COLUMNS)?,
                total: 0,
                digest: RowsDigest::default(),
                first: Vec::new(),
            });
        }
        Ok(Files {
            lists,
            records: begun(),
            index: CsvFile::new(begun(), &RECORD_COLUMNS)?,
            masked: 0,
        })
    }

    fn add(
        &mut self,
        list: List,
        row: &Row,
        record: Option<&RecordLine>,
        texts: &mut Texts,
    ) -> io::Result<()> {
        let found = self.lists.iter_mut().find(|one| one.list == list);
        let into = found.expect("there is an entry for every list");
        into.total += 1;
        into.digest.add(row, record)?;
        if into.total <= MOST_ROWS {
            into.first.push(texts.sharing(row));
        }
        self.masked += u64::from(row.masked);
        let (index, line) = (row.index.to_string(), line_number(row));
        into.file.row(&cells(row, &index, &line))?;
        if let Some(record) = record {
            self.records.write_all(&record.bytes)?;
            self.records.write_all(b"\n")?;
            self.index
                .row(&record_cells(list, row, record, &index, &line))?;
        }
        Ok(())
    }

    fn finish(self, spool: &Spool) -> io::Result<ControlRows> {
        let mut lists = Vec::with_capacity(self.lists.len());
        for one in self.lists {
            lists.push(ListRows {
                list: one.list,
                total: one.total,
                sha256: one.digest.finish(),
                first: one.first.into(),
                file: spool.store(one.file.finish()?)?,
            });
        }
        Ok(ControlRows {
            lists,
            records: spool.store(self.records)?,
            index: spool.store(self.index.finish()?)?,
            masked: self.masked,
        })
    }
}

fn cells<'r>(row: &'r Row, index: &'r str, line: &'r str) -> [&'r str; 22] {
    [
        &row.time,
        &row.event_id,
        &row.account,
        &row.region,
        &row.event_source,
        &row.event_name,
        &row.actor,
        &row.actor_kind,
        &row.person,
        &row.outcome,
        &row.error,
        &row.source_ip,
        &row.user_agent,
        &row.target,
        &row.role,
        &row.reason,
        row.waiver.as_deref().unwrap_or_default(),
        &row.file,
        &row.file_sha256,
        index,
        line,
        if row.masked { "yes" } else { "no" },
    ]
}

fn line_number(row: &Row) -> String {
    row.record_line
        .map(|line| line.to_string())
        .unwrap_or_default()
}

fn record_cells<'r>(
    list: List,
    row: &'r Row,
    record: &'r RecordLine,
    index: &'r str,
    line: &'r str,
) -> [&'r str; 9] {
    [
        line,
        list_id(list),
        &row.event_id,
        &row.time,
        &row.file,
        &row.file_sha256,
        index,
        record.form.id(),
        &record.sha256,
    ]
}
