//! `attestrail logs integrity` as a person and a scheduler meet it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::scan_common::{ACCOUNT, World, file, key, no_new_users, record};
use crate::signed::{CHAIN, Chain, OnDisk};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attestrail"))
        .args(["logs", "integrity", "--quiet"])
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/digests"))
        .output()
        .expect("runs")
}

#[track_caller]
fn check(args: &[&str], code: i32, parts: &[&str]) -> String {
    let output = run(args);
    let text = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{text}{errors}");
    for part in parts {
        assert!(
            text.contains(part) || errors.contains(part),
            "{part} is not in:\n{text}{errors}"
        );
    }
    text
}

#[test]
fn a_clean_tree_ends_with_0_and_tells_its_cover() {
    let text = check(
        &[
            "clean-organization/tree",
            "--keys",
            "clean-organization/public-keys.json",
        ],
        0,
        &[
            "integrity: verified",
            "account 111122223333, us-east-1 (o-exampleorg1)",
            "log files: 6 valid",
        ],
    );
    assert!(!text.contains("aws "), "{text}");
}

#[test]
fn what_does_not_verify_ends_with_4_and_is_named_with_a_remedy() {
    check(
        &[
            "changed-logs/tree",
            "--keys",
            "changed-logs/public-keys.json",
        ],
        4,
        &[
            "integrity: FAILED",
            "hash-mismatch (failed, 1):",
            "help: copy the log from the bucket again",
            "PLANTEDplanted00.json.gz: no digest lists it",
        ],
    );
}

#[test]
fn without_keys_it_ends_with_3_and_prints_the_lines_to_run() {
    check(
        &["clean-last-only/tree"],
        3,
        &[
            "keys: none given",
            "aws cloudtrail list-public-keys --region eu-west-1 --start-time 2025-01-02T0",
            "> public-keys.us-east-1.json",
        ],
    );
    // The sidecars of the last digests are in files of lines that were not named.
    check(
        &[
            "clean-ndjson/tree",
            "--keys",
            "us-east-1=clean-ndjson/public-keys.json",
        ],
        3,
        &[
            "no-signature (unverified, 1)",
            "aws s3api head-object --bucket trail-bucket --key AWSLogs/111122223333/CloudTrail-Digest/",
        ],
    );
}

#[test]
fn a_period_that_is_not_covered_ends_with_3() {
    check(
        &[
            "clean-last-only/tree",
            "--keys",
            "clean-last-only/public-keys.json",
            "--period",
            "2025-01",
            "--slack",
            "120",
        ],
        3,
        &["and 120 minutes after it", "after-last", "before-first"],
    );
}

#[test]
fn machines_get_one_object_with_every_file() {
    let output = run(&[
        "changed-digests/tree",
        "--keys",
        "changed-digests/public-keys.json",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(4));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(report["format"], "attestrail.integrity/v1");
    assert_eq!(report["verdict"], "failed");
    let states: Vec<&str> = report["digests"]
        .as_array()
        .expect("digests")
        .iter()
        .filter_map(|digest| digest["state"].as_str())
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "invalid").count(),
        1
    );
    assert_eq!(
        states.iter().filter(|state| **state == "missing").count(),
        1
    );
    assert_eq!(report["logs"].as_array().expect("logs").len(), 8);
}

#[test]
fn keys_that_are_none_are_wrong_use() {
    check(
        &["gaps/tree", "--keys", "gaps/truth.json"],
        2,
        &["not the output of", "help: save them"],
    );
    check(
        &["gaps/tree", "--keys", "nowhere.json"],
        2,
        &["`nowhere.json`: cannot be read"],
    );
    check(&["nowhere"], 2, &["`nowhere`"]);
}

/// What signed digests say of `logs`, for the whole of October 2026 and an hour more.
fn october(logs: &[(String, Vec<u8>)]) -> OnDisk {
    let mut world = World::new(&[no_new_users()], &[]);
    world.files = logs.to_vec();
    let all = Chain {
        times: &[("2026-10-01T00:00:00Z", "2026-11-01T02:00:00Z")],
        has_logs: true,
        ..CHAIN
    };
    OnDisk::of(&world.and_signed(&[all]))
}

const SIGNED: [&str; 8] = [
    "tree",
    "--quiet",
    "--keys",
    "us-east-1=keys.json",
    "--metadata",
    "heads.ndjson",
    "--period",
    "2026-10",
];

#[test]
fn a_log_above_the_limit_on_size_is_named_and_never_verified() {
    let (large, small) = (key("2026-10-05", "large"), key("2026-10-06", "small"));
    let made = |name: &str| record("2026-10-05T09:00:00Z", name, "");
    let mut bytes = file(&[made("TagUser")]);
    bytes.resize((1 << 20) + 1, b' ');
    let disk = october(&[(large.clone(), bytes), (small, file(&[made("TagRole")]))]);
    for command in [&["logs", "integrity"][..], &["logs"]] {
        let words = [command, &SIGNED].concat();
        disk.run(&words).ends(0);
        let words = [&words[..], &["--largest-file", "1"]].concat();
        let found = disk.run(&words);
        found.ends(3);
        let machine = disk.run(&[&words[..], &["--json"]].concat());
        let report: Value = serde_json::from_str(&machine.out).expect("JSON");
        if command.len() == 1 {
            assert_eq!(report["integrity"]["verdict"], "incomplete");
            continue;
        }
        assert_eq!(report["verdict"], "incomplete");
        let logs = report["logs"].as_array().expect("logs");
        let unverified: Vec<_> = (logs.iter())
            .filter(|log| log["state"] != "valid")
            .collect();
        let [log] = unverified[..] else {
            panic!("{logs:?}")
        };
        assert_eq!(log["key"], large);
        assert_eq!(log["state"], "unverifiable");
        let why = "holds more than the limit of 1048576 bytes";
        assert!(log["faults"].to_string().contains(why), "{log}");
        assert!(found.out.contains(why), "{}", found.out);
        assert!(found.out.contains("--largest-file"), "{}", found.out);
    }
}

/// Ends and verdicts of `logs` and `logs integrity` with the same words.
#[track_caller]
fn both_say(disk: &OnDisk, words: &[&str], codes: [i32; 2], verdict: &str) {
    for (command, code) in [&["logs", "integrity"][..], &["logs"]].iter().zip(codes) {
        let words = [command, &["tree", "--quiet", "--json"][..], words].concat();
        let found = disk.run(&words);
        found.ends(code);
        let found: Value = serde_json::from_str(&found.out).expect("JSON");
        let said = match command.len() {
            1 => &found["integrity"]["verdict"],
            _ => &found["verdict"],
        };
        assert_eq!(said, verdict, "{words:?}");
    }
}

#[test]
fn what_hashes_alone_prove_ends_logs_as_it_ends_logs_integrity() {
    let (first, second) = (key("2026-10-05", "first"), key("2026-10-06", "second"));
    let made = |at: &str| file(&[record(at, "TagUser", "")]);
    let logs = [
        (first, made("2026-10-05T09:00:00Z")),
        (second.clone(), made("2026-10-06T09:00:00Z")),
    ];
    let disk = october(&logs);
    let period = ["--period", "2026-10"];
    disk.run(&["logs", "tree", "--quiet"]).ends(0);
    disk.run(&["logs", "integrity", "tree", "--quiet"]).ends(3);
    std::fs::write(disk.log(&second), made("2026-10-06T10:00:00Z")).expect("written");
    both_say(&disk, &[], [4, 4], "failed");
    both_say(&disk, &period, [4, 4], "failed");
    let found = disk.run(&["logs", "tree", "--quiet"]);
    for part in ["FAILED", "1 log file (hash-mismatch)"] {
        assert!(found.out.contains(part), "{part}: {}", found.out);
    }
    // No record that is left is of the time of the log that is gone.
    std::fs::remove_file(disk.log(&second)).expect("removed");
    both_say(&disk, &[], [4, 4], "failed");
    both_say(&disk, &period, [4, 4], "failed");
    // What does not concern a period does not fail it.
    let other = ["--from", "2026-10-20", "--to", "2026-10-21"];
    disk.run(&[&["logs", "tree", "--quiet"], &other[..]].concat())
        .ends(0);
}

#[test]
fn a_region_of_the_scope_without_digests_is_not_verified_for_logs_as_for_a_report() {
    let disk = october(&[(
        key("2026-10-05", "only"),
        file(&[record("2026-10-05T09:00:00Z", "TagUser", "")]),
    )]);
    let scope = |regions: &str| {
        let text = format!(
            "format = 1\norganisation = \"o\"\nregions = [{regions}]\n[[account]]\nid = \"{ACCOUNT}\"\n"
        );
        std::fs::write(disk.path("scope.toml"), text).expect("written");
    };
    let both = |code: i32, verdict: &str| {
        let words = [&SIGNED[..], &["--scope", "scope.toml", "--json"]].concat();
        let found = disk.run(&[&["logs"], &words[..]].concat());
        found.ends(code);
        let found: Value = serde_json::from_str(&found.out).expect("JSON");
        assert_eq!(found["integrity"]["verdict"], verdict);
        let more = ["report", "--framework", "hipaa", "--replace"];
        let report = disk.run(&[&more, &words[..]].concat());
        let report: Value = serde_json::from_str(&report.out).expect("JSON");
        let packet = report["packets"][0]["folder"].as_str().expect("a folder");
        let packet = std::fs::read(disk.path(packet).join("packet.json")).expect("readable");
        let packet: Value = serde_json::from_slice(&packet).expect("JSON");
        assert_eq!(packet["integrity"]["status"], verdict, "{report}");
        let statement = &packet["integrity"]["statement"];
        assert_eq!(statement, &found["integrity"]["statement"]);
    };
    scope("\"us-east-1\"");
    both(0, "verified");
    // A ledger alone is judged with the keys that are given with it.
    disk.run(&["scan", "tree", "--ledger", "l", "--quiet"])
        .ends(0);
    let words = [&["logs", "--ledger", "l"], &SIGNED[1..]].concat();
    let found = disk.run(&words);
    found.ends(0);
    assert!(
        found.out.contains("verified digests cover"),
        "{}",
        found.out
    );
    scope("\"us-east-1\", \"eu-west-1\"");
    both(3, "incomplete");
}
