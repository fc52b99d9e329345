//! `controls/<id>/`: the exact definition, the lists as CSV, the records.

use std::io;

use super::WriteError;
use crate::assess::outcome::List;
use crate::packet::build::Inputs;
use crate::packet::folder::{Folder, Sink};
use crate::packet::mask::Masker;
use crate::packet::model::{ControlInfo, RowList};
use crate::packet::spool::{Piece, Spool};
use crate::render::csv::CsvFile;

/// Writes the folder of one control.
pub fn write(
    inputs: &Inputs<'_>,
    spool: &Spool,
    masker: &Masker,
    control: &ControlInfo,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    if let Some(definition) = inputs.controls.get(&control.id) {
        let path = format!("{}/control.toml", control.folder);
        folder.write(&path, definition.source.text.as_bytes())?;
    }
    write_details(control, folder)?;
    let rows = spool.control(inputs.source, masker, &control.id);
    let rows = rows.map_err(|cause| WriteError::Rows {
        path: folder.shown(&control.folder),
        cause,
    })?;
    for one in &rows.lists {
        let expected = list_of(control, one.list);
        if one.total != expected.total || one.sha256 != expected.rows_sha256 {
            return Err(WriteError::Changed(control.id.clone()));
        }
        if let Some(path) = &expected.file {
            copy(spool, one.file, folder, path)?;
        }
    }
    let path = |name: &str| format!("{}/{name}", control.folder);
    copy(spool, rows.records, folder, &path("records.jsonl"))?;
    copy(spool, rows.index, folder, &path("records.csv"))
}

/// Copies a file of the spool into the packet.
pub(super) fn copy(
    spool: &Spool,
    piece: Piece,
    folder: &mut Folder,
    path: &str,
) -> Result<(), WriteError> {
    let mut file = folder.create_bare(path)?;
    let copied = spool.copy(piece, &mut file);
    let copied = copied.map_err(|cause| WriteError::Rows {
        path: folder.shown(path),
        cause,
    })?;
    Ok(folder.keep_bare(path, &file, copied.bytes, copied.sha256)?)
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
