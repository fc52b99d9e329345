//! What `attestrail logs` says beside volumes: remarks on files, days, prices, reasons.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::cli_common::{run, sample};
use crate::reader_common::{record, wrap};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

fn text(folder: &Path, words: &[&str]) -> String {
    let done = run(folder, &[&["logs", "--quiet"], words].concat());
    done.ends(0);
    for line in done.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    // As one line, so that breaks do not matter.
    let words: Vec<&str> = done.out.split_whitespace().collect();
    words.join(" ")
}

fn json(folder: &Path, words: &[&str]) -> Value {
    let done = run(folder, &[&["logs", "--quiet", "--json"], words].concat());
    done.ends(0);
    serde_json::from_str(&done.out).expect("JSON")
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in\n{text}");
}

#[test]
fn remarks_on_files_are_counted_by_kind_with_an_example() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("written");
    };
    fs::create_dir(folder.path().join("AWSLogs")).expect("made");
    let one = wrap(&[record(1)]);
    put("AWSLogs/a.json", one.as_bytes());
    put("AWSLogs/b.json", one.as_bytes());
    put("AWSLogs/c.json", one.as_bytes());
    put("AWSLogs/plain.json.gz", wrap(&[record(2)]).as_bytes());
    put(
        "AWSLogs/twice.json.gz",
        &gzip(&gzip(wrap(&[record(3)]).as_bytes())),
    );
    put(
        "AWSLogs/bom.json",
        format!("\u{feff}{}", wrap(&[record(4)])).as_bytes(),
    );
    let value = json(folder.path(), &["AWSLogs"]);
    let rows = value["remarks"].as_array().expect("rows");
    let find = |front: &str| {
        let found = rows.iter().find(|row| {
            let kind = row["kind"].as_str().expect("a text");
            kind.starts_with(front)
        });
        found.unwrap_or_else(|| panic!("`{front}` is not in {rows:?}"))
    };
    assert_eq!(find("the same file as another")["files"], 2);
    assert_eq!(
        find("the same file as another")["example"],
        "AWSLogs/b.json"
    );
    assert_eq!(find("compressed twice")["files"], 1);
    assert_eq!(
        find("not compressed although")["example"],
        "AWSLogs/plain.json.gz"
    );
    assert_eq!(find("begins with a byte order mark")["files"], 1);
    assert_eq!(find("not named as CloudTrail names log files")["files"], 6);
    let told = text(folder.path(), &["AWSLogs"]);
    says(&told, "REMARKS ON FILES");
    says(&told, "2 the same file as another");
    says(
        &told,
        "1 compressed twice; for example AWSLogs/twice.json.gz",
    );
}

#[test]
fn aggregated_events_are_named_and_left_out_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("AWSLogs");
    fs::create_dir(&below).expect("made");
    let one = r#"{"eventVersion":"1.0","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","accountId":"111122223333","summary":{"primaryDimension":{"dimension":"eventName","statistics":[{"name":"GetObject","value":7}]}},"timeWindow":{"windowStart":"2025-03-01T00:00:00Z","windowEnd":"2025-03-01T00:05:00Z"}}"#;
    fs::write(
        below.join("agg.json"),
        format!("{{\"Records\":[{one},{one}]}}"),
    )
    .expect("written");
    let value = json(folder.path(), &["AWSLogs"]);
    let left = &value["left_out"][0];
    assert_eq!(left["class"], "CloudTrail-Aggregated", "{value}");
    assert_eq!((&left["entries"], &left["files"]), (&2.into(), &1.into()));
    assert_eq!(left["example"], "AWSLogs/agg.json");
    let told = text(folder.path(), &["AWSLogs"]);
    says(
        &told,
        "notice: 2 events of CloudTrail-Aggregated in 1 file, left out: they count calls and are no records",
    );
    assert_eq!(told.matches("left out").count(), 1, "told once: {told}");
    assert_eq!(value["refusals"]["total"], 0);
    assert!(
        !told.contains("REFUSED OR NOT READ ------------------- nothing"),
        "{told}"
    );
}

#[test]
fn days_with_records_count_although_a_trail_was_stopped_on_them() {
    let logs = sample("incident-month").join("logs");
    let scope = sample("incident-month").join("scope.toml");
    let words = [
        &*logs.to_string_lossy(),
        "--scope",
        &scope.to_string_lossy(),
        "--period",
        "2026-10",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let value = json(folder.path(), &words);
    let place = value["places"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["open_days"].to_string().contains("stopped"))
        .expect("a stopped place")
        .clone();
    let days = &place["days"];
    let count = |name: &str| days[name].as_u64().expect("a count");
    assert!(count("stopped") > 0, "{place}");
    // Each day of the month has records in this sample.
    assert_eq!(count("with_records"), 31, "{place}");
    let row = format!(
        "{} {} {} 31/0/0/{}/0",
        place["account"].as_str().expect("a text"),
        place["region"].as_str().expect("a text"),
        place["records"],
        count("stopped")
    );
    says(&text(folder.path(), &words), &row);
}

#[test]
fn an_asked_period_without_records_is_shown_with_what_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.json"), wrap(&[record(1)])).expect("written");
    let told = text(folder.path(), &["a.json", "--period", "2020-01"]);
    says(&told, "period 2020-01");
    says(&told, "as asked: no record in it");
    says(&told, "times the records are from 2024-05-");
    assert!(!told.contains("no record to look at"), "{told}");
    let value = json(folder.path(), &["a.json", "--period", "2020-01"]);
    assert_eq!(value["period"]["start"], "2020-01-01T00:00:00Z");
    let outside = value["outside_times"]["first"].as_str().expect("a time");
    assert!(outside.starts_with("2024-05-"), "{outside}");
}

#[test]
fn what_management_events_cost_is_said_as_the_table_has_it() {
    let logs = sample("incident-month").join("logs");
    let folder = tempfile::tempdir().expect("a folder");
    let logs = logs.to_string_lossy();
    let free = "The first copy of management events is taken to be free";
    says(&text(folder.path(), &[&logs]), free);
    let printed = run(folder.path(), &["logs", "--print-prices"]).out;
    let own = printed.replace("management = 0.00", "management = 1.00");
    assert_ne!(own, printed);
    fs::write(folder.path().join("own.toml"), own).expect("written");
    let told = text(folder.path(), &[&logs, "--prices", "own.toml"]);
    assert!(!told.contains(free), "{told}");
    says(
        &told,
        "The first copy of management events costs 1.00 for 100,000",
    );
}

#[test]
fn a_reason_is_told_once_with_all_controls_that_it_concerns() {
    let logs = sample("incident-month").join("logs");
    let folder = tempfile::tempdir().expect("a folder");
    let value = json(folder.path(), &[&logs.to_string_lossy()]);
    let told = text(folder.path(), &[&logs.to_string_lossy()]);
    let mut shared = 0;
    for row in value["reasons"].as_array().expect("rows") {
        let reason = row["reason"].as_str().expect("a text");
        let plain: Vec<&str> = reason.split_whitespace().collect();
        assert_eq!(told.matches(&plain.join(" ")).count(), 1, "{reason}");
        let controls = row["controls"].as_array().expect("ids");
        shared += usize::from(controls.len() > 1);
        for id in controls {
            says(&told, id.as_str().expect("an id"));
        }
    }
    assert!(shared > 0, "no reason concerns several controls");
}
