//! Real data: each file is read with the record count of its manifest, or refused by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use attestrail::reader::{FileOutcome, OtherKind};

use crate::reader_common::{read_set, shared};

fn has_time(path: &Path) -> bool {
    fs::read_to_string(path)
        .expect("readable")
        .contains("eventTime")
}

#[test]
fn real_data_is_read_whole_or_refused_by_name() {
    let Some(folder) = shared("data") else {
        return;
    };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("readable");
    let mut wanted: BTreeMap<String, (String, u64)> = manifest
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let events = cells[4].parse().expect("a number");
            (cells[0].to_owned(), (cells[3].to_owned(), events))
        })
        .collect();
    let set = read_set(std::slice::from_ref(&folder));
    let mut failures = Vec::new();
    for (file, report, _) in &set.files {
        let Some((shape, events)) = wanted.remove(&file.key) else {
            assert!(
                matches!(&report.outcome, FileOutcome::NotRead(OtherKind::Other)),
                "{}: {:?}",
                file.key,
                report.outcome
            );
            continue;
        };
        let is_right = match shape.as_str() {
            // Labels around events are no log shape; they are refused by name.
            "rule tests (ours, from YAML)" | "session labels" | "our labels" => {
                matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "unknown-shape")
            }
            shape if shape.contains("labelled") || shape == "array of other" => {
                matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "unknown-shape")
            }
            "unparsable" => report.is_incomplete() && report.records_kept == 0,
            "digest file" => report.outcome == FileOutcome::NotRead(OtherKind::Digest),
            "list-public-keys output" => {
                report.outcome == FileOutcome::NotRead(OtherKind::PublicKeys)
            }
            // Its exporter moved `eventTime` to `@timestamp`.
            "ndjson of single event" => {
                report.records_kept == events
                    && report
                        .notices
                        .iter()
                        .any(|notice| notice.code == "shipper-time")
            }
            // Two examples were published without a time.
            "single event" if !has_time(&file.path) => {
                report.refusals.len() == 1 && report.refusals[0].code == "time-missing"
            }
            _ => report.outcome == FileOutcome::Read && report.records_kept == events,
        };
        if !is_right {
            failures.push(format!(
                "{} ({shape}, {events}): seen {}, kept {}, {:?}\n  {}",
                file.key,
                report.records_seen,
                report.records_kept,
                report.outcome,
                report.messages().join("\n  ")
            ));
        }
    }
    assert!(wanted.is_empty(), "not found: {:?}", wanted.keys());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
