//! CSV exports: those with a column that holds the record as JSON are read,
//! those that only have columns made of it are refused by name.
//!
//! A struct in a cell, as Athena and Lake print it (`{type=Root, arn=…}`), has
//! lost quotes, types and the case of names, so no record is rebuilt from it.

use csv::{ByteRecord, ReaderBuilder};

use crate::reader::FileFault;
use crate::record::project::skip_space;

use super::{Content, Walk};

/// Columns that hold whole records, best first.
const WHOLE: [(&str, Content); 9] = [
    ("eventjson", Content::Lake),
    ("cloudtrailevent", Content::LookupEvents),
    ("@message", Content::LogsInsights),
    ("event.original", Content::Search),
    ("_raw", Content::Search),
    ("message", Content::Search),
    ("log", Content::Search),
    ("detail", Content::Search),
    ("record", Content::Search),
];

/// Columns that the table of any program may have.
const COMMON: [&str; 4] = ["message", "log", "detail", "record"];

/// What to do where only fields of records are there.
pub(super) const REMEDY: &str =
    "ask CloudTrail Lake for `eventJson`, or give the objects that the trail wrote to S3";

/// Most bytes of a first line with column names.
const LONGEST_HEAD: usize = 64 << 10;

/// A CSV file with names in its first row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reader) struct Table {
    kind: Kind,
    /// What stands between cells: programs in some countries write semicolons.
    delimiter: u8,
}

/// Delimiters that are looked for, the usual one first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// This column holds records.
    Records { column: usize, content: Content },
    /// Columns of an Athena table or a Lake query.
    Columns,
    /// A download of Event history.
    EventHistory,
}

/// Looks whether the first line names columns of something that holds CloudTrail events.
pub(in crate::reader) fn table(front: &[u8]) -> Option<Table> {
    let end = memchr::memchr(b'\n', front).unwrap_or(front.len());
    if end > LONGEST_HEAD {
        return None;
    }
    let with = |delimiter| kind_with(front, delimiter).map(|kind| Table { kind, delimiter });
    DELIMITERS.into_iter().find_map(with)
}

/// What the table holds if this stands between its cells.
fn kind_with(front: &[u8], delimiter: u8) -> Option<Kind> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(front.trim_ascii_start());
    let mut row = ByteRecord::new();
    if !reader.read_byte_record(&mut row).ok()? {
        return None;
    }
    let names = row.iter();
    let names: Vec<String> = names
        .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
        .collect();
    let has_row = reader.read_byte_record(&mut row).unwrap_or(false);
    let cell = |column: usize| row.get(column).filter(|_| has_row).unwrap_or_default();
    kind_of(&names, &|column| is_record(cell(column)))
}

/// Whether a cell begins a record or something around one; the front of a file may cut it.
fn is_record(cell: &[u8]) -> bool {
    let has = |name: &str| memchr::memmem::find(cell, name.as_bytes()).is_some();
    cell.trim_ascii_start().starts_with(b"{") && has("eventVersion") && has("eventName")
}

fn kind_of(names: &[String], is_record: &dyn Fn(usize) -> bool) -> Option<Kind> {
    let has = |name: &str| names.iter().any(|one| one == name);
    // Nobody keeps logs as tables: whatever holds one was asked for.
    let whole = WHOLE.iter().find_map(|(name, content)| {
        let column = names.iter().position(|one| one == name)?;
        Some(Kind::Records {
            column,
            content: *content,
        })
    });
    let is_certain = |kind: &Kind| {
        !matches!(
            kind,
            Kind::Records { column, .. }
                if COMMON.contains(&names[*column].as_str()) && !is_record(*column)
        ) || has("eventname")
            || has("@timestamp")
            || has("source")
    };
    if let Some(kind) = whole.filter(is_certain) {
        return Some(kind);
    }
    if has("event time") && has("event name") {
        return Some(Kind::EventHistory);
    }
    let is_columns = ["eventname", "eventtime", "eventsource", "useridentity"]
        .iter()
        .filter(|name| has(name))
        .count()
        >= 2;
    is_columns.then_some(Kind::Columns)
}

impl Walk<'_, '_> {
    /// The rows of a table.
    pub(super) fn table(&mut self, bytes: &[u8], table: &Table) -> Result<(), FileFault> {
        let (column, content) = match table.kind {
            Kind::Records { column, content } => (column, content),
            Kind::Columns => {
                return Err(FileFault::Unsupported {
                    what: "a CSV result of Athena or CloudTrail Lake with the fields of records as columns",
                    remedy: REMEDY,
                });
            }
            Kind::EventHistory => {
                return Err(FileFault::Unsupported {
                    what: "a CSV download of Event history",
                    remedy: "download it as JSON, use `aws cloudtrail lookup-events`, or better give the objects that the trail wrote to S3",
                });
            }
        };
        self.saw(content);
        // Blanks that stand for a byte order mark would make quotes before the first name part of it.
        let start = skip_space(bytes, 0);
        let mut reader = ReaderBuilder::new()
            .delimiter(table.delimiter)
            .from_reader(&bytes[start..]);
        let place = |byte: u64| {
            usize::try_from(byte).map_or(bytes.len(), |byte| (start + byte).min(bytes.len()))
        };
        let mut row = ByteRecord::new();
        loop {
            let at = place(reader.position().byte());
            match reader.read_byte_record(&mut row) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    // The first row is read after the names: its place is known only now.
                    let at = row.position().map_or(at, |first| place(first.byte()));
                    let end = place(reader.position().byte());
                    self.table_row(&row, column, at, end)?;
                }
                Err(error) => {
                    let index = self.tally.next_index();
                    let message = format!("the row is broken: {}", fault_of(&error));
                    self.tally.refuse(index, at, "broken-row", message);
                    let end = place(reader.position().byte());
                    self.cover(at, end);
                }
            }
        }
    }

    fn table_row(
        &mut self,
        row: &ByteRecord,
        column: usize,
        at: usize,
        end: usize,
    ) -> Result<(), FileFault> {
        if self.invalid.iter().any(|place| (at..end).contains(place)) {
            let index = self.tally.next_index();
            self.refuse_invalid(at, end, index);
            return Ok(());
        }
        let cell = row.get(column).unwrap_or_default();
        let found = super::text(cell);
        if found.trim().is_empty() {
            let index = self.tally.next_index();
            self.refuse_foreign(index, at, "an empty cell".to_owned());
            return Ok(());
        }
        self.inside(|walk| walk.record_in_text(found, at))
    }
}

/// What is wrong with a row, without the words of the parser, which quote no value.
fn fault_of(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("it has {len} cells instead of {expected_len}"),
        _ => "it is no CSV".to_owned(),
    }
}
