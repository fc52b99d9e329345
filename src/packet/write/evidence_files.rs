//! `controls/<id>/`: the exact definition, the lists as CSV, the records.

use std::io::{self, Write as _};

use super::WriteError;
use crate::assess::outcome::List;
use crate::packet::build::Inputs;
use crate::packet::evidence::{self, ORDER, RecordLine, RowsDigest, list_id};
use crate::packet::folder::{Folder, Sink};
use crate::packet::mask::Masker;
use crate::packet::model::{ControlInfo, Row, RowList};
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

/// Writes the folder of one control.
pub fn write(
    inputs: &Inputs<'_>,
    masker: &Masker,
    control: &ControlInfo,
    go_on: &dyn Fn() -> Result<(), WriteError>,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    if let Some(definition) = inputs.controls.get(&control.id) {
        let path = format!("{}/control.toml", control.folder);
        folder.write(&path, definition.source.text.as_bytes())?;
    }
    write_details(control, folder)?;
    let mut files = Files::create(control, folder)?;
    let streamed = evidence::rows(
        inputs.source,
        masker,
        &control.id,
        &mut |list, row, record| {
            // Lists can be long, so a wish to stop is heard in the middle of one.
            go_on().map_err(io::Error::other)?;
            files.add(list, row, record)
        },
    );
    go_on()?;
    streamed.map_err(|cause| WriteError::Rows {
        path: folder.shown(&control.folder),
        cause,
    })?;
    files.finish(control, folder)
}

fn write_details(control: &ControlInfo, folder: &mut Folder) -> Result<(), WriteError> {
    for table in &control.details {
        let sink = folder.create(&table.file)?;
        let path = sink.shown().to_owned();
        let sink = table_file(sink, &table.columns, &table.rows)
            .map_err(|cause| WriteError::Rows { path, cause })?;
        folder.keep(sink)?;
    }
    Ok(())
}

fn table_file(sink: Sink, columns: &[String], rows: &[Vec<String>]) -> io::Result<Sink> {
    let mut file = CsvFile::new(sink, columns)?;
    for row in rows {
        file.row(row)?;
    }
    file.finish()
}

fn list_of(control: &ControlInfo, list: List) -> &RowList {
    let lists = &control.lists_of_records;
    match list {
        List::Exceptions => &lists.exceptions,
        List::Attempts => &lists.attempts,
        List::Undecided => &lists.undecided,
        List::Population => &lists.population,
        List::Sample => &lists.sample,
    }
}

/// The file of one list, if the control has such a list.
struct ListFile {
    list: List,
    file: Option<CsvFile<Sink>>,
    count: u64,
    digest: RowsDigest,
}

/// All files of a control that rows go to.
struct Files {
    lists: Vec<ListFile>,
    records: Sink,
    index: CsvFile<Sink>,
}

impl Files {
    fn create(control: &ControlInfo, folder: &Folder) -> Result<Files, WriteError> {
        let csv = |path: &str, columns: &[&str]| -> Result<CsvFile<Sink>, WriteError> {
            let sink = folder.create(path)?;
            CsvFile::new(sink, columns).map_err(|cause| WriteError::Rows {
                path: folder.shown(path),
                cause,
            })
        };
        let mut lists = Vec::new();
        for list in ORDER {
            let path = list_of(control, list).file.as_deref();
            lists.push(ListFile {
                list,
                file: path.map(|path| csv(path, &COLUMNS)).transpose()?,
                count: 0,
                digest: RowsDigest::default(),
            });
        }
        Ok(Files {
            lists,
            records: folder.create(&format!("{}/records.jsonl", control.folder))?,
            index: csv(&format!("{}/records.csv", control.folder), &RECORD_COLUMNS)?,
        })
    }

    fn add(&mut self, list: List, row: &Row, record: Option<&RecordLine>) -> io::Result<()> {
        let found = self.lists.iter_mut().find(|one| one.list == list);
        let into = found.expect("there is an entry for every list");
        into.count += 1;
        into.digest.add(row, record)?;
        if let Some(file) = &mut into.file {
            file.row(&cells(row))?;
        }
        if let Some(record) = record {
            self.records.write_all(&record.bytes)?;
            self.records.write_all(b"\n")?;
            self.index.row(&record_cells(list, row, record))?;
        }
        Ok(())
    }

    /// Ends all files; the rows must be those of the model.
    fn finish(self, control: &ControlInfo, folder: &mut Folder) -> Result<(), WriteError> {
        let ended = |file: CsvFile<Sink>, folder: &mut Folder| -> Result<(), WriteError> {
            let sink = file.finish().map_err(|cause| WriteError::Rows {
                path: folder.shown(&control.folder),
                cause,
            })?;
            Ok(folder.keep(sink)?)
        };
        for one in self.lists {
            let expected = list_of(control, one.list);
            if one.count != expected.total || one.digest.finish() != expected.rows_sha256 {
                return Err(WriteError::Changed(control.id.clone()));
            }
            if let Some(file) = one.file {
                ended(file, folder)?;
            }
        }
        folder.keep(self.records)?;
        ended(self.index, folder)
    }
}

fn cells(row: &Row) -> [String; 22] {
    [
        row.time.clone(),
        row.event_id.clone(),
        row.account.clone(),
        row.region.clone(),
        row.event_source.clone(),
        row.event_name.clone(),
        row.actor.clone(),
        row.actor_kind.clone(),
        row.person.clone(),
        row.outcome.clone(),
        row.error.clone(),
        row.source_ip.clone(),
        row.user_agent.clone(),
        row.target.clone(),
        row.role.clone(),
        row.reason.clone(),
        row.waiver.clone().unwrap_or_default(),
        row.file.clone(),
        row.file_sha256.clone(),
        row.index.to_string(),
        line_number(row),
        if row.masked { "yes" } else { "no" }.to_owned(),
    ]
}

fn line_number(row: &Row) -> String {
    row.record_line
        .map(|line| line.to_string())
        .unwrap_or_default()
}

fn record_cells(list: List, row: &Row, record: &RecordLine) -> [String; 9] {
    [
        line_number(row),
        list_id(list).to_owned(),
        row.event_id.clone(),
        row.time.clone(),
        row.file.clone(),
        row.file_sha256.clone(),
        row.index.to_string(),
        record.form.id().to_owned(),
        record.sha256.clone(),
    ]
}
