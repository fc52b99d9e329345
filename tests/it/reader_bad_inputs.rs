//! Every case of the shared bad inputs, at the level of the reader.
//!
//! Duplicates and conflicts (c09, c10, f04) are judged by the scan: here their
//! records must only all arrive.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::reader_common::{read_set, shared};

/// Cases that the scan judges, with the records that the reader must give.
const JUDGED_BY_THE_SCAN: [(&str, usize); 2] =
    [("c10-conflicting-event", 4), ("f04-same-log-two-places", 5)];

#[test]
fn every_bad_input_ends_as_its_expectation_says() {
    let Some(folder) = shared("conformance/bad-inputs") else {
        return;
    };
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.join("expect.json").is_file())
        .collect();
    cases.sort();
    assert!(cases.len() >= 68, "{} cases", cases.len());
    let failures: Vec<String> = cases.iter().flat_map(|case| judge(case)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn judge(case: &Path) -> Vec<String> {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(case.join("expect.json")).expect("readable"))
            .expect("JSON");
    let id = expected["id"].as_str().expect("has an id").to_owned();
    let outcome = expected["outcome"].as_str().expect("has an outcome");
    let set = read_set(&[case.join("input")]);
    let messages = set.messages();
    let mut failures = Vec::new();
    let mut fail = |what: String| {
        failures.push(format!(
            "{id} ({outcome}): {what}\n  {}",
            messages.join("\n  ")
        ));
    };

    // Records are counted as the scan will count them: once each.
    let distinct: BTreeSet<_> = set
        .kept()
        .map(|record| (record.event_id.clone(), record.content_hash))
        .collect();
    let good_names: Vec<_> = set
        .kept()
        .filter(|record| record.name.starts_with("Good"))
        .collect();
    if good_names.len() < 3 && !id.starts_with("c10") {
        fail(format!(
            "only {} of the three good records",
            good_names.len()
        ));
    }
    let wanted = expected["good_records"].as_u64().expect("a number") as usize;
    let is_read = set
        .files
        .iter()
        .all(|(_, report, _)| !report.is_incomplete());
    let optional = matches!(outcome, "either-said" | "ok-or-named") && !is_read;
    if distinct.len() < wanted && !optional {
        fail(format!("{} of {wanted} good records", distinct.len()));
    }
    let incomplete = set.is_incomplete();
    let named: Vec<&str> = expected["names_file"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|name| name.as_str().expect("a string"))
        .collect();
    let names = |name: &str| messages.iter().any(|line| line.starts_with(name));
    let bad_index = expected["bad_record_index"].as_u64();
    if let Some(index) = bad_index {
        let mark = format!("record {index}");
        let mark_at_end = format!("1 record: {index})");
        if !messages
            .iter()
            .any(|line| line.contains(&mark) || line.contains(&mark_at_end))
        {
            fail(format!("record {index} is not named"));
        }
    }
    let must_be_error = outcome == "error" && id != "c10-conflicting-event";
    match outcome {
        "ok" | "ok-with-notice" if incomplete => fail("ends incomplete".into()),
        "ok-neutralised" if incomplete != bad_index.is_some() => fail("wrong completeness".into()),
        _ if must_be_error && !incomplete => fail("ends complete".into()),
        _ => {}
    }
    let must_be_named = must_be_error
        || outcome == "ok-with-notice"
        || outcome == "error-or-kept"
        || outcome == "either-said"
        || incomplete;
    if must_be_named {
        for name in &named {
            if !names(name) {
                fail(format!("`{name}` is not named"));
            }
        }
    }
    if let Some((_, count)) = JUDGED_BY_THE_SCAN.iter().find(|(case, _)| *case == id)
        && set.kept().count() < *count
    {
        fail(format!(
            "{} of {count} records for the scan",
            set.kept().count()
        ));
    }
    if let Some(texts) = expected["output_must_contain"].as_array() {
        for text in texts {
            let text = text.as_str().expect("a string").as_bytes();
            if !set
                .kept()
                .any(|record| record.raw.windows(text.len()).any(|part| part == text))
            {
                fail("a value did not come out unchanged".into());
            }
        }
    }
    if let Some(insights) = expected["insight_records"].as_u64() {
        let found: u64 = set
            .files
            .iter()
            .map(|(_, report, _)| report.insights_kept)
            .sum();
        if found != insights {
            fail(format!("{found} Insights events"));
        }
    }
    failures
}
