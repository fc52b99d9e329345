//! The main job on the sample scenarios, with the real program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::cli_common::{names, program, run, sample, tree};

const STATED: [&str; 2] = ["--generated-at", "2026-11-02T06:00:00Z"];

/// Verdict, exceptions, waived, attempts, undecided.
type Row = (String, u64, u64, u64, u64);

/// Runs a settings file of a scenario and gives the packet folder of PCI DSS.
#[track_caller]
fn report(settings: &Path, out: &Path, exit: i32) -> std::path::PathBuf {
    let settings = settings.to_string_lossy();
    let out_text = out.to_string_lossy();
    let words = [
        "report", "--config", &settings, "--out", &out_text, "--quiet",
    ];
    let words: Vec<&str> = words.into_iter().chain(STATED).collect();
    run(out, &words).ends(exit);
    out.join("2026-10/pci-dss-4.0.1")
}

fn expected(file: &Path) -> BTreeMap<String, Row> {
    let text = fs::read_to_string(file).expect("the scenario has its expectations");
    let mut rows = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| cells[at].parse::<u64>().expect("a count");
        rows.insert(
            cells[0].to_owned(),
            (
                cells[1].to_owned(),
                number(2),
                number(3),
                number(4),
                number(5),
            ),
        );
    }
    rows
}

fn found(packet: &Path) -> BTreeMap<String, Row> {
    let text = fs::read_to_string(packet.join("packet.json")).expect("the packet has its model");
    let packet: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let controls = packet["controls"].as_array().expect("a list of controls");
    let row = |control: &serde_json::Value| {
        let count = |name: &str| control["counts"][name].as_u64().expect("a count");
        let verdict = control["verdict"].as_str().expect("a verdict").to_owned();
        let id = control["id"].as_str().expect("an id").to_owned();
        (
            id,
            (
                verdict,
                count("exceptions"),
                count("waived"),
                count("attempts"),
                count("undecided"),
            ),
        )
    };
    controls.iter().map(row).collect()
}

#[track_caller]
fn check_scenario(settings: &str, expectations: &str, exit: i32) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let packet = report(&sample(settings), out.path(), exit);
    let (expected, found) = (expected(&sample(expectations)), found(&packet));
    let mut differences = Vec::new();
    for (id, row) in &expected {
        match found.get(id) {
            Some(other) if other == row => {}
            other => differences.push(format!("{id}: expected {row:?}, found {other:?}")),
        }
    }
    for id in found.keys().filter(|id| !expected.contains_key(*id)) {
        differences.push(format!("{id}: not in {expectations}"));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_incident_month_comes_out_as_worked_out_by_hand() {
    check_scenario(
        "incident-month/attestrail.toml",
        "incident-month/expected.tsv",
        3,
    );
}

#[test]
fn the_quiet_month_with_gaps_is_not_determinable() {
    check_scenario("quiet-month/attestrail.toml", "quiet-month/expected.tsv", 3);
}

#[test]
fn the_quiet_month_made_whole_passes_where_its_classes_are_recorded() {
    check_scenario(
        "quiet-month/attestrail-refetched.toml",
        "quiet-month/expected-refetched.tsv",
        3,
    );
}

#[test]
fn the_sums_of_the_log_set_are_those_of_the_scenario() {
    for (settings, files, seen, duplicates, outside, kept) in [
        ("quiet-month/attestrail.toml", 122, 1054, 8, 12, 1034),
        ("incident-month/attestrail.toml", 442, 4217, 1, 47, 4169),
    ] {
        let out = tempfile::tempdir().expect("a temporary folder");
        let packet = report(&sample(settings), out.path(), 3);
        let text =
            fs::read_to_string(packet.join("packet.json")).expect("the packet has its model");
        let log_set = &serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["log_set"];
        assert_eq!(log_set["files_listed"], files, "{settings}");
        let total = &log_set["total"];
        assert_eq!(total["seen"], seen, "{settings}");
        assert_eq!(total["duplicates"], duplicates, "{settings}");
        assert_eq!(total["outside_period"], outside, "{settings}");
        assert_eq!(total["kept"], kept, "{settings}");
    }
}

/// Everything but `run.json`, which says when and where a run was.
fn packets(out: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(out);
    files.retain(|(name, _)| !name.ends_with("run.json"));
    files
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let settings = sample("incident-month/attestrail.toml");
    let here = tempfile::tempdir().expect("a temporary folder");
    report(&settings, here.path(), 3);
    let first = packets(here.path());
    assert!(first.len() > 100, "only {} files", first.len());

    // Another folder, files made in another order and at other times, other threads, zone and locale.
    let there = tempfile::tempdir().expect("a temporary folder");
    let copy = there.path().join("some where else/copy");
    for (name, bytes) in tree(&sample("incident-month")).into_iter().rev() {
        let path = copy.join(name);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
        fs::write(path, bytes).expect("writable");
    }
    let out = there.path().join("out");
    fs::create_dir(&out).expect("writable");
    let status = program(&copy)
        .args(["report", "--quiet", "--threads", "3", "--out"])
        .arg(&out)
        .args(STATED)
        .envs([
            ("TZ", "Asia/Tokyo"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "ar_EG.UTF-8"),
        ])
        .status()
        .expect("the program starts");
    assert_eq!(status.code(), Some(3));
    let second = packets(&out);
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&first), names(&second));
    for ((name, one), (_, other)) in first.iter().zip(&second) {
        assert!(
            one == other,
            "{name} differs between two runs over the same input"
        );
    }
}

#[test]
fn stock_tools_can_check_a_packet() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let packet = report(&sample("quiet-month/attestrail.toml"), out.path(), 3);
    let check = |folder: &Path| {
        Command::new("sha256sum")
            .args(["--quiet", "-c", "SHA256SUMS"])
            .current_dir(folder)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .expect("sha256sum runs")
            .success()
    };
    assert!(check(&packet));
    let mut html = fs::read(packet.join("packet.html")).expect("the packet has a page");
    html.push(b' ');
    fs::write(packet.join("packet.html"), html).expect("writable");
    assert!(!check(&packet), "a changed page must not pass");
}

#[test]
fn a_kept_ledger_answers_again_without_the_logs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = folder.path().join("october.ledger");
    let (logs, scope) = (
        sample("incident-month/logs"),
        sample("incident-month/scope.toml"),
    );
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let words = [
        "scan",
        &text(&logs),
        "--scope",
        &text(&scope),
        "--ledger",
        &text(&ledger),
        "--quiet",
    ];
    run(folder.path(), &words).ends(0);
    let from_ledger = [
        "report",
        "--ledger",
        &text(&ledger),
        "--scope",
        &text(&scope),
        "--period",
        "2026-10",
        "--out",
        "a",
        "--quiet",
    ];
    run(folder.path(), &[&from_ledger[..], &STATED[..]].concat()).ends(3);
    let from_logs = [
        "report",
        &text(&logs),
        "--scope",
        &text(&scope),
        "--period",
        "2026-10",
        "--out",
        "b",
        "--quiet",
    ];
    run(folder.path(), &[&from_logs[..], &STATED[..]].concat()).ends(3);
    assert!(
        packets(&folder.path().join("a")) == packets(&folder.path().join("b")),
        "the two packets differ"
    );
}

#[test]
fn a_ledger_of_other_controls_is_refused_with_what_differs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = sample("quiet-month/logs").to_string_lossy().into_owned();
    let scope = sample("quiet-month/scope.toml")
        .to_string_lossy()
        .into_owned();
    run(
        folder.path(),
        &["scan", &logs, "--ledger", "a.ledger", "--quiet"],
    )
    .ends(0);
    run(
        folder.path(),
        &[
            "report", "--ledger", "a.ledger", "--scope", &scope, "--period", "2026-10",
        ],
    )
    .ends(2)
    .says("list `log_buckets`")
    .says("help: ");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_leaves_nothing_and_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).expect("writable");
    let one = tree(&sample("incident-month/logs")).swap_remove(0).1;
    for at in 0..3000 {
        // Another comment in the gzip header makes another file of the same records.
        fs::write(logs.join(format!("{at:05}.json.gz")), &one).expect("writable");
    }
    let child = program(folder.path())
        .args(["report", "logs", "--period", "2026-10", "--threads", "1"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(std::time::Duration::from_millis(150));
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(130) {
        // It was faster than the signal: then it must have done its work.
        assert_eq!(output.status.code(), Some(3), "{err}");
        return;
    }
    assert!(
        err.contains("stopped before the packets were complete"),
        "{err}"
    );
    assert_eq!(names(&folder.path().join("packets")), Vec::<String>::new());
}

/// A limit on the size of files, in blocks of 1,024 bytes, as a shell or a service manager sets one.
#[cfg(unix)]
fn limited(folder: &Path, blocks: u32, words: &[&str]) -> crate::cli_common::Run {
    let line = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let program = env!("CARGO_BIN_EXE_attestrail");
    std::process::Command::new("bash")
        .args(["-c", &line, program])
        .args(words)
        .current_dir(folder)
        .output()
        .expect("starts")
        .into()
}

#[test]
#[cfg(unix)]
fn a_limit_on_the_size_of_files_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (logs, scope) = (
        sample("incident-month").join("logs"),
        sample("incident-month").join("scope.toml"),
    );
    let (logs, scope) = (logs.to_string_lossy(), scope.to_string_lossy());
    let period = ["--period", "2026-10", "--quiet"];
    let all = [
        &["report", &logs, "--scope", &scope, "--ledger", "l"],
        &period[..],
    ]
    .concat();
    let remedy = "`ulimit -f`";
    // The ledger does not fit.
    limited(folder.path(), 16, &all)
        .ends(2)
        .says("ledger `l`")
        .says(remedy);
    // The ledger is there, the packet does not fit.
    run(
        folder.path(),
        &["scan", &logs, "--scope", &scope, "--ledger", "l", "--quiet"],
    )
    .ends(0);
    let of_ledger = [&["report", "--scope", &scope, "--ledger", "l"], &period[..]].concat();
    limited(folder.path(), 160, &of_ledger)
        .ends(2)
        .says("a temporary file is too large")
        .says(remedy);
    limited(folder.path(), 1500, &of_ledger)
        .ends(2)
        .says("packet.json`: File too large")
        .says(remedy);
    assert_eq!(names(folder.path()), ["l"]);
    run(folder.path(), &of_ledger).ends(3);
}
