//! Every bad input through the whole program: nothing is lost in silence, nothing acts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::cli_common::{Run, run, tree};
use super::reader_common::shared;

/// A packet of a bad input, and what the program said.
struct Outcome {
    run: Run,
    packet: PathBuf,
    _out: tempfile::TempDir,
}

fn report(input: &Path) -> Outcome {
    let out = tempfile::tempdir().expect("a temporary folder");
    let input = input.to_string_lossy().into_owned();
    let words = [
        "report",
        &input,
        "--from",
        "2024-05-01",
        "--to",
        "2024-05-31",
        "--framework",
        "hipaa",
        "--out",
        "p",
    ];
    let run = run(out.path(), &words);
    let folder = fs::read_dir(out.path().join("p"))
        .ok()
        .and_then(|mut entries| entries.next())
        .map(|entry| entry.expect("readable").path().join("hipaa"));
    Outcome {
        run,
        packet: folder.unwrap_or_default(),
        _out: out,
    }
}

fn json(path: &Path) -> serde_json::Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn texts<'v>(value: &'v serde_json::Value, name: &str) -> Vec<&'v str> {
    value[name]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_str)
        .collect()
}

/// What is wrong with the way in which a case came out.
fn problems(case: &Path) -> Vec<String> {
    let expect = json(&case.join("expect.json"));
    let outcome = report(&case.join("input"));
    let mut problems = Vec::new();
    if !matches!(outcome.run.code, 0 | 1 | 3) {
        problems.push(format!(
            "ended with {}: {}",
            outcome.run.code, outcome.run.err
        ));
        return problems;
    }
    let packet = json(&outcome.packet.join("packet.json"));
    let kept = packet["log_set"]["total"]["kept"]
        .as_u64()
        .expect("a count");
    let outside = packet["log_set"]["total"]["outside_period"]
        .as_u64()
        .expect("a count");
    let losses = packet["log_set"]["losses"].as_u64().expect("a count");
    let good = expect["good_records"].as_u64().expect("a count");
    let verdict = expect["outcome"].as_str().expect("an outcome");
    let must_be_read = matches!(
        verdict,
        "ok" | "ok-with-notice" | "ok-neutralised" | "error" | "error-or-kept"
    );
    if must_be_read && kept + outside < good {
        problems.push(format!(
            "{kept} kept and {outside} outside of {good} good records"
        ));
    }
    if verdict == "error" {
        if losses == 0 || outcome.run.code != 3 {
            problems.push(format!(
                "an error, but {losses} losses and exit {}",
                outcome.run.code
            ));
        }
        for file in texts(&expect, "names_file") {
            if !outcome.run.err.contains(file) {
                problems.push(format!(
                    "`{file}` is not named on standard error:\n{}",
                    outcome.run.err
                ));
            }
        }
    }
    let is_fine = matches!(verdict, "ok" | "ok-with-notice" | "ok-neutralised");
    if is_fine && expect["bad_record_index"].is_null() && losses > 0 {
        problems.push(format!(
            "fine input, but {losses} losses: {}",
            outcome.run.err
        ));
    }
    problems.extend(acting_texts(&expect, &outcome));
    problems
}

/// Texts that would do something in the form that they stand in, secrets, cells that are formulas.
fn acting_texts(expect: &serde_json::Value, outcome: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    let forbidden = &expect["output_must_not_contain"];
    for (name, bytes) in tree(&outcome.packet) {
        let text = String::from_utf8_lossy(&bytes);
        let form = name.rsplit('.').next().unwrap_or_default();
        let lists = if form == "html" { vec!["html"] } else { vec![] };
        for bad in lists.iter().flat_map(|list| texts(forbidden, list)) {
            if text.contains(bad) {
                problems.push(format!("{name} holds {bad:?}"));
            }
        }
        for secret in texts(expect, "secrets") {
            if text.contains(secret) {
                problems.push(format!("{name} holds a secret"));
            }
        }
        if form == "csv" {
            problems.extend(formula_cells(&name, &bytes));
        }
    }
    for bad in texts(forbidden, "terminal") {
        if outcome.run.err.contains(bad) || outcome.run.out.contains(bad) {
            problems.push(format!("the terminal was given {bad:?}"));
        }
    }
    problems
}

fn formula_cells(name: &str, bytes: &[u8]) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut problems = Vec::new();
    for row in reader.records() {
        for cell in &row.expect("valid CSV") {
            let first = cell.trim_start_matches([' ', '"', '\'']).chars().next();
            let begins = cell.chars().next();
            let acts = |c: Option<char>| {
                matches!(
                    c,
                    Some('=' | '+' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '＠' | '－')
                ) || (c == Some('-') && cell.len() > 1)
            };
            if acts(begins) || (begins != Some('\'') && acts(first)) {
                problems.push(format!("{name} has the cell {cell:?}"));
            }
        }
    }
    problems
}

#[test]
fn every_bad_input_makes_a_packet_that_says_what_is_missing() {
    let Some(folder) = shared("conformance/bad-inputs") else {
        return;
    };
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the cases")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.join("expect.json").exists())
        .collect();
    cases.sort();
    assert!(cases.len() > 60, "only {} cases", cases.len());
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = case
                        .file_name()
                        .expect("a name")
                        .to_string_lossy()
                        .into_owned();
                    let problems = problems(case);
                    let mut found = found.lock().expect("no thread failed");
                    found.extend(
                        problems
                            .into_iter()
                            .map(|problem| format!("{name}: {problem}")),
                    );
                }
            });
        }
    });
    let mut all = found.into_inner().expect("no thread failed");
    all.sort();
    assert!(all.is_empty(), "{}", all.join("\n"));
}
