//! `attestrail logs` as a person and a scheduler meet it.

use std::fs;

use serde_json::Value;

use crate::cli_common::{run, sample};
use crate::scan_common::{ACCOUNT, REGION, file, key, october, quiet_days, record, with_id};

fn json(words: &[&str], code: i32) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut all = vec!["logs", "--quiet", "--json"];
    all.extend(words);
    let found = run(folder.path(), &all);
    found.ends(code);
    serde_json::from_str(&found.out).expect("one JSON object")
}

#[test]
fn the_sample_is_told_within_eighty_columns_and_its_sums_add_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = sample("incident-month").join("logs");
    let scope = sample("incident-month").join("scope.toml");
    let words = [
        "logs",
        "--quiet",
        &logs.to_string_lossy(),
        "--scope",
        &scope.to_string_lossy(),
        "--period",
        "2026-10",
    ];
    let found = run(folder.path(), &words);
    found.ends(0);
    for line in found.out.lines() {
        assert!(
            line.chars().count() <= 80,
            "{}: {line}",
            line.chars().count()
        );
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    for part in [
        "LOG SET",
        "VOLUME BY EVENT CLASS",
        "VOLUME BY EVENT SOURCE",
        "MOST ACTIVE CALLERS",
        "COST OF A MONTH",
        "stopped 2026-10-11",
        "CONTROLS THAT COULD NOT BE ANSWERED",
        "log-digest-chain",
        "aws cloudtrail update-trail",
    ] {
        assert!(found.out.contains(part), "{part} is not in\n{}", found.out);
    }
    let mut machine = words.to_vec();
    machine.push("--json");
    let value: Value = serde_json::from_str(&run(folder.path(), &machine).out).expect("JSON");
    adds_up(&value["records"]);
    assert_eq!(names_below(folder.path()), 0, "nothing is written");
}

/// All records seen ended in one of the parts, whatever these are.
#[track_caller]
fn adds_up(counts: &Value) {
    let mut counts = counts.as_object().expect("an object").clone();
    let seen = counts.remove("seen").and_then(|seen| seen.as_u64());
    let parts = counts.values().map(|part| part.as_u64().expect("a count"));
    assert_eq!(seen, Some(parts.sum::<u64>()), "{counts:?}");
}

#[test]
fn a_corrected_record_stands_in_the_sum_of_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(key("2026-10-31", "corrected"));
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let at = "2026-10-15T08:00:00Z";
    let addendum = ",\"addendum\":{\"reason\":\"UPDATED_DATA\",\"updatedFields\":\"userAgent\",\
                    \"originalEventID\":\"first\",\"originalRequestID\":\"r\"}";
    let pair = [
        with_id(ACCOUNT, REGION, at, "CreateUser", "first", ""),
        with_id(ACCOUNT, REGION, at, "CreateUser", "second", addendum),
    ];
    fs::write(&path, file(&pair)).expect("written");
    let words = [&*folder.path().to_string_lossy(), "--period", "2026-10"];
    let value = json(&words, 0);
    let counts = &value["records"];
    assert_eq!(
        (&counts["seen"], &counts["kept"], &counts["amended"]),
        (&Value::from(2), &Value::from(1), &Value::from(1))
    );
    adds_up(counts);
    adds_up(&value["by_account"][ACCOUNT]);
    let mut people = vec!["logs", "--quiet"];
    people.extend(words);
    let found = run(folder.path(), &people);
    found.ends(0);
    let front = "records  2 = 1 kept + 0 duplicate + 0 conflict + 1 amended + 0 refused +";
    assert!(found.out.contains(front), "{}", found.out);
}

fn names_below(folder: &std::path::Path) -> usize {
    fs::read_dir(folder).expect("readable").count()
}

/// A tree with October, and a data event of one bucket.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    };
    put(&key("2026-10-31", "quiet"), file(&quiet_days(&october())));
    let get = record(
        "2026-10-05T09:00:00Z",
        "GetObject",
        ",\"requestParameters\":{\"bucketName\":\"cards\"}",
    )
    .replace("iam.amazonaws.com", "s3.amazonaws.com")
    .replace("192.0.2.7", "198.51.100.9\u{1b}[31m")
    .replace("\"managementEvent\":true", "\"managementEvent\":false")
    .replace(
        "\"eventCategory\":\"Management\"",
        "\"eventCategory\":\"Data\"",
    )
    .replace('\u{1b}', "\\u001b");
    put(&key("2026-10-05", "data"), file(&[get.clone(), get]));
    folder
}

#[test]
fn volumes_are_exact_and_a_copy_counts_as_often_as_it_was_delivered() {
    let tree = tree();
    let value = json(&[&tree.path().to_string_lossy()], 0);
    let sources = &value["volumes"]["event_sources"];
    assert_eq!(sources["too_small_by_at_most"], 0);
    let found: Vec<(&str, u64)> = sources["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            (
                row["value"].as_str().expect("text"),
                row["records"].as_u64().expect("count"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("iam.amazonaws.com", 62),
            ("kms.amazonaws.com", 31),
            ("s3.amazonaws.com", 2)
        ]
    );
    assert_eq!(value["records"]["duplicate"], 1);
    assert_eq!(value["period"]["start"], "2026-10-01T00:00:00Z");
    assert_eq!(value["period"]["end"], "2026-11-01T00:00:00Z");
    let total: u64 = value["volumes"]["actors"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["records"].as_u64().expect("count"))
        .sum();
    assert_eq!(total, 95);
    // 30 days between the first and the last noon: a month is what is there.
    let classes = value["volumes"]["classes"].as_array().expect("classes");
    let reads = classes
        .iter()
        .find(|one| one["class"] == "s3-data-read")
        .expect("seen");
    assert_eq!(reads["records_per_month"], 2);
    let costs = value["volumes"]["costs"].as_array().expect("costs");
    let data = costs
        .iter()
        .find(|one| one["what"] == "s3-data-read")
        .expect("billed");
    assert!(
        (data["cost"].as_f64().expect("a price") - 0.000_002).abs() < 1e-12,
        "{data}"
    );
}

#[test]
fn one_thread_and_four_say_the_same() {
    let logs = sample("incident-month").join("logs");
    let logs = logs.to_string_lossy();
    let one = json(&[&logs, "--threads", "1"], 0);
    let four = json(&[&logs, "--threads", "4"], 0);
    assert_eq!(one, four);
}

#[test]
fn the_missing_selectors_are_printed_for_the_buckets_of_the_scope() {
    let tree = tree();
    let scope = tree.path().join("scope.toml");
    let text = format!(
        "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\"]\n[[account]]\nid = \"{ACCOUNT}\"\n\
         [lists]\nlog_buckets = [\"trail-logs\"]\n"
    );
    fs::write(&scope, text).expect("written");
    let logs = tree.path().join("AWSLogs");
    let words = [
        &*logs.to_string_lossy(),
        "--scope",
        &scope.to_string_lossy(),
    ];
    let value = json(&words, 0);
    let selectors = value["advice"]["advanced_event_selectors"].to_string();
    assert!(
        selectors.contains("arn:aws:s3:::trail-logs/") && selectors.contains("AWS::S3::Object"),
        "{selectors}"
    );
    let unanswered = value["unanswered"].as_array().expect("a list");
    let tamper = unanswered
        .iter()
        .find(|one| one["control"] == "logbucket-object-tamper");
    assert!(tamper.is_some(), "{unanswered:?}");
    // With the statement that they are set, the control has an answer.
    let snapshot = tree.path().join("selectors.json");
    let arn = format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main");
    let all = format!(
        "{{\"TrailARN\":\"{arn}\",\"AdvancedEventSelectors\":{selectors}}}\
         {{\"trailList\":[{{\"TrailARN\":\"{arn}\",\"IsMultiRegionTrail\":true}}]}}"
    );
    fs::write(&snapshot, all).expect("written");
    let mut with = words.to_vec();
    let dated = format!("2026-10-31={}", snapshot.to_string_lossy());
    with.extend(["--selectors", &dated]);
    let value = json(&with, 0);
    let unanswered = value["unanswered"].as_array().expect("a list");
    assert!(
        !unanswered
            .iter()
            .any(|one| one["control"] == "logbucket-object-tamper"),
        "{unanswered:?}"
    );
}

#[test]
fn texts_of_a_log_cannot_steer_a_terminal() {
    let tree = tree();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let found = run(
        folder.path(),
        &["logs", "--quiet", &tree.path().to_string_lossy()],
    );
    found.ends(0);
    assert!(found.out.contains("198.51.100.9"), "{}", found.out);
    assert!(!found.out.contains('\u{1b}'), "{}", found.out);
}

#[test]
fn prices_can_be_printed_edited_and_wrong_ones_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let printed = run(folder.path(), &["logs", "--print-prices"]);
    printed.ends(0);
    let own = printed
        .out
        .replace("data = 0.10", "data = 100000.0")
        .replace("USD", "EUR");
    fs::write(folder.path().join("own.toml"), own).expect("written");
    let tree = tree();
    let own = folder.path().join("own.toml");
    let value = json(
        &[
            &tree.path().to_string_lossy(),
            "--prices",
            &own.to_string_lossy(),
        ],
        0,
    );
    assert_eq!(value["volumes"]["currency"], "EUR");
    let costs = value["volumes"]["costs"].as_array().expect("costs");
    let data = costs
        .iter()
        .find(|one| one["what"] == "s3-data-read")
        .expect("billed");
    assert!(
        (data["cost"].as_f64().expect("a price") - 2.0).abs() < 1e-9,
        "{data}"
    );
    fs::write(folder.path().join("bad.toml"), "format = 1\nprice = 3\n").expect("written");
    let refused = run(folder.path(), &["logs", ".", "--prices", "bad.toml"]);
    refused
        .ends(2)
        .says("bad.toml: line 2")
        .says("--print-prices");
}

#[test]
fn a_ledger_answers_alone_for_a_named_period_and_wrong_use_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tree = tree();
    let logs = tree.path().to_string_lossy().into_owned();
    run(
        folder.path(),
        &["logs", "--quiet", &logs, "--ledger", "a.ledger"],
    )
    .ends(0);
    run(folder.path(), &["logs", "--ledger", "a.ledger"])
        .ends(2)
        .says("no logs given");
    let words = [
        "logs", "--quiet", "--json", "--ledger", "a.ledger", "--period", "2026-10",
    ];
    let found = run(folder.path(), &words);
    found.ends(0);
    let value: Value = serde_json::from_str(&found.out).expect("JSON");
    assert_eq!(value["volumes"], Value::Null);
    assert_eq!(value["records"]["kept"], 94);
    run(folder.path(), &["logs"]).ends(2).says("no logs given");
    run(folder.path(), &["logs", &logs, "--selectors", "none.json"])
        .ends(2)
        .says("none.json");
}

#[test]
fn with_keys_what_is_not_verified_ends_as_logs_integrity_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = folder.path().join("logs");
    let path = logs.join(key("2026-10-31", "all"));
    fs::create_dir_all(path.parent().expect("a folder")).expect("makes folders");
    fs::write(&path, file(&quiet_days(&october()))).expect("writes");
    let keys = crate::integrity_trees::case("clean-last-only").out;
    let keys = keys.join("public-keys.json");
    let (logs, keys) = (logs.to_string_lossy(), keys.to_string_lossy());
    json(&[&logs], 0);
    let found = json(&[&logs, "--keys", &keys], 3);
    assert_eq!(found["integrity"]["verdict"], "not-verified");
}

#[test]
#[cfg(unix)]
fn what_was_not_looked_into_is_named_where_no_log_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    fs::create_dir_all(&root).expect("makes folders");
    std::os::unix::fs::symlink("/nowhere/AWSLogs", root.join("AWSLogs")).expect("links");
    run(folder.path(), &["logs", "root"])
        .ends(2)
        .says("no log file was found; `AWSLogs`: a symbolic link");
}
