//! Volumes of `attestrail logs` and what they come to in a month: all from the records of one time.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli_common::run;
use crate::scan_common::{file, key, record};

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
}

fn volumes(folder: &Path, words: &[&str]) -> Value {
    let all = [&["logs", "--quiet", "--json", "."], words].concat();
    let done = run(folder, &all);
    done.ends(0);
    serde_json::from_str(&done.out).expect("one JSON object")
}

/// As one line, so that breaks do not matter.
fn text(folder: &Path, words: &[&str]) -> String {
    let done = run(folder, &[&["logs", "--quiet", "."], words].concat());
    done.ends(0);
    let words: Vec<&str> = done.out.split_whitespace().collect();
    words.join(" ")
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in\n{text}");
}

/// Two records on each of the first 28 days of a month.
fn month(month: &str) -> Vec<String> {
    (1..=28)
        .flat_map(|day| [0, 12].map(|hour| format!("{month}-{day:02}T{hour:02}:01:00Z")))
        .map(|at| record(&at, "TagUser", ""))
        .collect()
}

/// A file for each month.
fn months(years: &[u32]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for year in years {
        for at in 1..=12 {
            let one = format!("{year}-{at:02}");
            let name = key(&format!("{one}-28"), "all");
            put(folder.path(), &name, &file(&month(&one)));
        }
    }
    folder
}

const PER_MONTH: [&str; 5] = [
    "observed_seconds",
    "classes",
    "costs",
    "stored_bytes_per_month",
    "storage_cost",
];

#[test]
fn a_month_asked_of_a_year_costs_what_it_costs_alone() {
    let year = months(&[2025]);
    let alone = tempfile::tempdir().expect("a folder");
    let october = file(&month("2025-10"));
    put(alone.path(), &key("2025-10-28", "all"), &october);
    let of_year = volumes(year.path(), &["--period", "2025-10"]);
    let of_month = volumes(alone.path(), &[]);
    for part in PER_MONTH {
        assert_eq!(
            of_year["volumes"][part], of_month["volumes"][part],
            "{part}"
        );
    }
    assert_eq!(of_year["volumes"]["outside_period"], 11 * 56);
    assert_eq!(of_year["records"]["outside_period"], 11 * 56);
    let seconds = (27 * 24 + 12) * 3600;
    let stored = october.len() as u64 * (30 * 86_400) / seconds;
    assert_eq!(of_year["volumes"]["stored_bytes_per_month"], stored);
}

#[test]
fn a_file_counts_by_the_share_of_its_records_that_the_time_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    // September and October have names of one length, and so have their days.
    let both = file(&[month("2025-09"), month("2025-10")].concat());
    put(folder.path(), &key("2025-10-28", "both"), &both);
    let found = volumes(folder.path(), &["--period", "2025-10"]);
    let seconds = (27 * 24 + 12) * 3600;
    let half = (both.len() / 2) as u64 * (30 * 86_400) / seconds;
    assert_eq!(found["volumes"]["stored_bytes_per_month"], half);
}

#[test]
fn a_month_is_reckoned_from_the_records_of_the_time_that_divides_them() {
    let folder = months(&[2023, 2024, 2025]);
    let found = volumes(folder.path(), &[]);
    let volumes = &found["volumes"];
    // 400 days hold thirteen months and some days.
    let kept = found["records"]["kept"].as_u64().expect("a count");
    assert!((13 * 56..=14 * 56).contains(&kept), "{kept}");
    assert_eq!(volumes["records"], kept);
    assert_eq!(volumes["outside_period"], 36 * 56 - kept);
    assert_eq!(
        volumes["outside_period"],
        found["records"]["outside_period"]
    );
    let seconds = volumes["observed_seconds"].as_u64().expect("seconds");
    let per_month = kept * 30 * 86_400 / seconds;
    assert!((50..=60).contains(&per_month), "{per_month}");
    assert_eq!(volumes["classes"][0]["records_per_month"], per_month);
    assert_eq!(volumes["costs"][0]["events_per_month"], per_month);
    let told = text(folder.path(), &[]);
    let far_off = format!(
        "{} records are from other times, more than 400 days away",
        {
            let count = 36 * 56 - kept;
            format!("{},{:03}", count / 1000, count % 1000)
        }
    );
    says(&told, &far_off);
    let row = format!("management-write {kept} 100.0%");
    says(&told, &row);
}
