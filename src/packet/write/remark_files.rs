//! `logs/insights.csv`, `logs/addenda.csv`, `logs/network-activity.csv`.

use super::WriteError;
use super::log_files::{table, unchanged};
use crate::packet::build::Inputs;
use crate::packet::build::remarks::{each_addendum, each_endpoint, each_insight};
use crate::packet::evidence::RowsDigest;
use crate::packet::folder::Folder;
use crate::packet::mask::Masker;
use crate::packet::model::{AddendumInfo, InsightEvent, Packet, RoleInfo};

/// Writes the three files.
pub fn write(
    inputs: &Inputs<'_>,
    masker: &Masker,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    insights(inputs, masker, packet, folder)?;
    addenda(inputs, masker, packet, folder)?;
    endpoints(inputs, masker, packet, folder)
}

const INSIGHTS: [&str; 23] = [
    "account",
    "region",
    "kind",
    "event_source",
    "event_name",
    "error_code",
    "shared_event_id",
    "start",
    "start_baseline",
    "start_value",
    "start_event_id",
    "start_file",
    "start_file_sha256",
    "start_index",
    "end",
    "end_baseline",
    "end_value",
    "end_event_id",
    "end_file",
    "end_file_sha256",
    "end_index",
    "minutes",
    "attributions",
];

fn insights(
    inputs: &Inputs<'_>,
    masker: &Masker,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    let found = &packet.log_set.insights;
    let mut digest = RowsDigest::default();
    table(folder, &found.file, &INSIGHTS, |file| {
        each_insight(inputs, masker, &mut |row| {
            digest.add(row, None)?;
            let mut cells = vec![
                row.account.clone(),
                row.region.clone(),
                row.kind.clone(),
                row.event_source.clone(),
                row.event_name.clone(),
                row.error_code.clone(),
                row.shared_event_id.clone(),
            ];
            cells.extend(event_cells(row.start.as_ref()));
            cells.extend(event_cells(row.end.as_ref()));
            let told = row.end.as_ref().or(row.start.as_ref());
            cells.push(told.map(|event| event.minutes.clone()).unwrap_or_default());
            cells.push(row.attributions.clone());
            file.row(&cells)
        })
    })?;
    unchanged(digest, &found.rows_sha256, &found.file)
}

fn event_cells(event: Option<&InsightEvent>) -> [String; 7] {
    let Some(event) = event else {
        return Default::default();
    };
    [
        event.time.clone(),
        event.baseline.clone(),
        event.value.clone(),
        event.event_id.clone(),
        event.file.clone(),
        event.file_sha256.clone(),
        event.index.to_string(),
    ]
}

const ADDENDA: [&str; 19] = [
    "time",
    "event_id",
    "account",
    "region",
    "event_source",
    "event_name",
    "reason",
    "updated_fields",
    "roles",
    "file",
    "file_sha256",
    "index",
    "outcome",
    "original_event_id",
    "original_time",
    "original_roles",
    "original_file",
    "original_file_sha256",
    "original_index",
];

fn addenda(
    inputs: &Inputs<'_>,
    masker: &Masker,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    let found = &packet.log_set.addenda;
    let mut digest = RowsDigest::default();
    table(folder, &found.file, &ADDENDA, |file| {
        each_addendum(inputs, masker, &mut |row| {
            digest.add(row, None)?;
            file.row(&addendum_cells(row))
        })
    })?;
    unchanged(digest, &found.rows_sha256, &found.file)
}

fn addendum_cells(row: &AddendumInfo) -> [String; 19] {
    let original = &row.original;
    let index = original.index.map(|index| index.to_string());
    [
        row.time.clone(),
        row.event_id.clone(),
        row.account.clone(),
        row.region.clone(),
        row.event_source.clone(),
        row.event_name.clone(),
        row.reason.clone(),
        row.updated_fields.clone(),
        roles(&row.roles),
        row.file.clone(),
        row.file_sha256.clone(),
        row.index.to_string(),
        row.outcome.clone(),
        original.event_id.clone(),
        original.time.clone().unwrap_or_default(),
        roles(&original.roles),
        original.file.clone().unwrap_or_default(),
        original.file_sha256.clone().unwrap_or_default(),
        index.unwrap_or_default(),
    ]
}

fn roles(all: &[RoleInfo]) -> String {
    let all = all.iter();
    let all = all.map(|one| format!("{}: {}", one.control, one.role));
    all.collect::<Vec<_>>().join(" | ")
}

const ENDPOINTS: [&str; 9] = [
    "account",
    "region",
    "endpoint",
    "endpoint_account",
    "event_source",
    "error",
    "records",
    "first_time",
    "last_time",
];

fn endpoints(
    inputs: &Inputs<'_>,
    masker: &Masker,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    let found = &packet.log_set.network_activity;
    let mut digest = RowsDigest::default();
    table(folder, &found.file, &ENDPOINTS, |file| {
        each_endpoint(inputs, masker, &mut |row| {
            digest.add(row, None)?;
            file.row(&[
                row.account.as_str(),
                &row.region,
                &row.endpoint,
                &row.endpoint_account,
                &row.event_source,
                &row.error,
                &row.records.to_string(),
                &row.first_time,
                &row.last_time,
            ])
        })
    })?;
    unchanged(digest, &found.rows_sha256, &found.file)
}
