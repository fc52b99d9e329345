//! A packet folder as a stranger sees it: whole, checkable, harmless.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use attestrail::assess::outcome::{EvidenceRow, EvidenceSource, InputRow, List, RefusalRow};
use attestrail::packet::build::{self, Inputs};
use attestrail::packet::folder::{Existing, FolderError};
use attestrail::packet::manifest::Manifest;
use attestrail::packet::mask::Masking;
use attestrail::packet::model::Packet;
use attestrail::packet::write::{self, Options, Prepared, View, ViewError, WriteError, Written};

use crate::packet_demo::{Demo, HOSTILE, PASSWORD, TOKEN, demo};

const PCI: &str = "pci-dss-4.0.1";

fn options(out: &Path) -> Options<'_> {
    Options {
        out,
        existing: Existing::Refuse,
        views: &[],
        stop: None,
    }
}

fn write_demo(demo: &Demo, out: &Path) -> Written {
    let inputs = demo.inputs(PCI);
    let packet = build::build(&inputs).expect("builds");
    write::write(&inputs, &packet, &options(out)).expect("writes")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[test]
fn stock_tools_check_the_packet_and_notice_a_change() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let written = write_demo(&demo(), out.path());
    let check = || {
        Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
            .current_dir(&written.folder)
            .status()
            .expect("sha256sum is a stock tool")
            .success()
    };
    assert!(check());
    fs::write(written.folder.join("logs/coverage.csv"), "x").expect("writable");
    assert!(!check());
}

#[test]
fn sums_and_manifest_list_every_file() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let written = write_demo(&demo(), out.path());
    let found: BTreeSet<String> = files_below(&written.folder)
        .iter()
        .map(|path| {
            let path = path.strip_prefix(&written.folder).expect("below");
            path.to_str().expect("plain names").to_owned()
        })
        .collect();
    let sums = fs::read_to_string(written.folder.join("SHA256SUMS")).expect("there");
    let mut listed: BTreeSet<String> = sums.lines().map(|line| line[66..].to_owned()).collect();
    listed.insert("SHA256SUMS".to_owned());
    assert_eq!(found, listed);
    let manifest = fs::read_to_string(written.folder.join("manifest.json")).expect("there");
    let manifest: Manifest = serde_json::from_str(&manifest).expect("a manifest");
    let mut in_manifest: BTreeSet<String> = manifest
        .files
        .iter()
        .map(|file| file.path.clone())
        .collect();
    in_manifest.extend(["SHA256SUMS".to_owned(), "manifest.json".to_owned()]);
    assert_eq!(found, in_manifest);
    assert_eq!(manifest.packet_id, written.id);
    for file in &manifest.files {
        let size = fs::metadata(written.folder.join(&file.path))
            .expect("there")
            .len();
        assert_eq!(size, file.bytes, "{}", file.path);
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (one, other) = (
        tempfile::tempdir().expect("a temporary folder"),
        tempfile::tempdir().expect("a temporary folder"),
    );
    let (one, other) = (
        write_demo(&demo(), one.path()),
        write_demo(&demo(), other.path()),
    );
    assert_eq!(one.files, other.files);
    assert_eq!(one.id, other.id);
}

#[test]
fn the_id_depends_on_rows_that_the_model_does_not_show() {
    let one = demo();
    let mut other = demo();
    let rows = other
        .source
        .rows
        .get_mut(&("root-api-activity".to_owned(), List::Exceptions));
    let last = rows.expect("there").last_mut().expect("not empty");
    last.record.as_mut().expect("kept").push(b' ');
    let id = |demo: &Demo| build::build(&demo.inputs(PCI)).expect("builds").id;
    assert_ne!(id(&one), id(&other));
}

#[test]
fn the_model_reads_back_from_its_file() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let demo = demo();
    let written = write_demo(&demo, out.path());
    let text = fs::read_to_string(written.folder.join("packet.json")).expect("there");
    let read: Packet = serde_json::from_str(&text).expect("a packet");
    assert_eq!(read, build::build(&demo.inputs(PCI)).expect("builds"));
    assert_eq!(build::packet_id(&read).expect("JSON"), read.id);
}

#[test]
fn no_secret_is_in_any_file_and_what_is_masked_still_joins() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let written = write_demo(&demo(), out.path());
    for path in files_below(&written.folder) {
        let bytes = fs::read(&path).expect("readable");
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains(TOKEN) && !text.contains(PASSWORD),
            "{}",
            path.display()
        );
    }
    let records = fs::read_to_string(
        written
            .folder
            .join("controls/root-api-activity/records.jsonl"),
    )
    .expect("there");
    let marks: BTreeSet<_> = records
        .match_indices("hmac-sha256:")
        .map(|(at, _)| &records[at..at + 28])
        .collect();
    assert_eq!(
        marks.len(),
        2,
        "one mark for each of two secrets: {marks:?}"
    );
    assert!(
        records.contains("ASIAIOSFODNN7EXAMPLE"),
        "key ids are no secrets"
    );
}

#[test]
fn with_keep_records_are_the_bytes_of_the_log() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut demo = demo();
    demo.facts.masking = Masking::Keep;
    let written = write_demo(&demo, out.path());
    let folder = written.folder.join("controls/root-api-activity");
    let lines: Vec<String> = fs::read_to_string(folder.join("records.jsonl"))
        .expect("there")
        .lines()
        .map(str::to_owned)
        .collect();
    let mut verbatim = 0;
    let mut index = csv::Reader::from_path(folder.join("records.csv")).expect("there");
    let rows: Vec<_> = index.records().map(|row| row.expect("valid CSV")).collect();
    assert_eq!(rows.len(), lines.len());
    let exceptions = &demo.source.rows[&("root-api-activity".to_owned(), List::Exceptions)];
    for (row, found) in rows.iter().zip(exceptions) {
        let line = &lines[row[0].parse::<usize>().expect("a number") - 1];
        let original = found.record.as_ref().expect("kept");
        assert_eq!(line.len(), original.len());
        match &row[7] {
            "verbatim" => {
                assert_eq!(line.as_bytes(), original);
                verbatim += 1;
            }
            "line-breaks-as-blanks" => assert_eq!(
                serde_json::from_str::<serde_json::Value>(line).expect("JSON"),
                serde_json::from_slice::<serde_json::Value>(original).expect("JSON"),
            ),
            other => panic!("unexpected form {other}"),
        }
    }
    assert!(verbatim > 10 && verbatim < exceptions.len());
}

#[test]
fn no_cell_is_a_formula_and_no_value_begins_a_line() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let written = write_demo(&demo(), out.path());
    let mut cells = 0;
    for path in files_below(&written.folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|one| one == "csv"))
    {
        let bytes = fs::read(path).expect("readable");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let mut rows = 0;
        for row in reader.records() {
            rows += 1;
            for cell in &row.expect("valid CSV, all rows of one length") {
                cells += 1;
                let text = cell.trim_start_matches([' ', '"', '\u{a0}', '\u{3000}']);
                assert!(
                    !text.starts_with([
                        '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'
                    ]),
                    "{cell:?}"
                );
                assert!(!cell.chars().any(char::is_control), "{cell:?}");
            }
        }
        let lines = String::from_utf8(bytes)
            .expect("UTF-8")
            .matches("\r\n")
            .count();
        assert_eq!(rows, lines, "one row is one line: {}", path.display());
    }
    assert!(cells > 10_000);
}

#[test]
fn a_packet_that_is_there_is_replaced_only_when_asked() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut demo = demo();
    write_demo(&demo, out.path());
    demo.facts.generated_at += 1;
    let inputs = demo.inputs(PCI);
    let packet = build::build(&inputs).expect("builds");
    let refused = write::write(&inputs, &packet, &options(out.path())).expect_err("refused");
    assert!(matches!(
        refused,
        WriteError::Folder(FolderError::Exists(_))
    ));
    assert!(refused.help().expect("a remedy").contains("--replace"));
    let replacing = Options {
        existing: Existing::Replace,
        ..options(out.path())
    };
    let written = write::write(&inputs, &packet, &replacing).expect("replaces");
    let text = fs::read_to_string(written.folder.join("packet.json")).expect("there");
    assert!(text.contains("2026-11-01T02:00:01Z"));
    let beside: Vec<_> = fs::read_dir(out.path().join("2026-10"))
        .expect("there")
        .collect();
    assert_eq!(beside.len(), 1, "nothing is left beside it");
}

/// A view that fails like a full disk.
struct Fails;

impl View for Fails {
    fn file_name(&self) -> &'static str {
        "packet.pdf"
    }

    fn render(&self, _: &Packet, target: &mut dyn Write) -> Result<(), ViewError> {
        target.write_all(b"half")?;
        Err(io::Error::from(io::ErrorKind::StorageFull).into())
    }
}

/// Rows that fail after a few.
struct Breaks<'a>(&'a Demo);

impl EvidenceSource for Breaks<'_> {
    fn rows(
        &self,
        _: &str,
        list: List,
        each: &mut dyn FnMut(&EvidenceRow) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.source.rows("root-api-activity", list, each)?;
        Err(io::Error::other("the ledger is gone"))
    }

    fn inputs(&self, each: &mut dyn FnMut(&InputRow) -> io::Result<()>) -> io::Result<()> {
        self.0.source.inputs(each)
    }

    fn refusals(&self, each: &mut dyn FnMut(&RefusalRow) -> io::Result<()>) -> io::Result<()> {
        self.0.source.refusals(each)
    }
}

#[track_caller]
fn leaves_nothing(out: &Path, failed: Result<Written, WriteError>) -> String {
    let error = failed.expect_err("fails");
    assert!(files_below(out).is_empty());
    assert_eq!(
        fs::read_dir(out).expect("readable").count(),
        0,
        "no folder is left"
    );
    format!("{error}; {}", error.help().unwrap_or_default())
}

#[test]
fn whatever_fails_nothing_is_left() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let demo = demo();
    let inputs = demo.inputs(PCI);
    let packet = build::build(&inputs).expect("builds");
    let views = Options {
        views: &[&Fails],
        ..options(out.path())
    };
    let message = leaves_nothing(out.path(), write::write(&inputs, &packet, &views));
    assert!(message.contains("packet.pdf`: "), "{message}");
    assert!(message.contains("free some space"), "{message}");
    let broken = Breaks(&demo);
    let broken = Inputs {
        source: &broken,
        ..inputs
    };
    let message = leaves_nothing(
        out.path(),
        write::write(&broken, &packet, &options(out.path())),
    );
    assert!(message.contains("the ledger is gone"), "{message}");
    let stop = AtomicBool::new(true);
    let stopped = Options {
        stop: Some(&stop),
        ..options(out.path())
    };
    leaves_nothing(out.path(), write::write(&inputs, &packet, &stopped));
}

#[test]
fn a_stop_after_the_first_packet_of_a_run_leaves_none() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let demo = demo();
    let inputs = demo.inputs(PCI);
    let mut packet = build::build(&inputs).expect("builds");
    let mut prepared = Prepared::default();
    prepared
        .add(&inputs, &packet, &options(out.path()))
        .expect("the first is complete");
    assert!(!out.path().join("2026-10").join(PCI).exists());
    packet.framework.id = "another".to_owned();
    let stop = AtomicBool::new(true);
    let stopped = Options {
        stop: Some(&stop),
        ..options(out.path())
    };
    let failed = prepared.add(&inputs, &packet, &stopped);
    drop(prepared);
    leaves_nothing(out.path(), failed);
}

#[test]
fn evidence_that_changed_since_the_model_was_built_is_noticed() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut demo = demo();
    let packet = build::build(&demo.inputs(PCI)).expect("builds");
    let rows = demo
        .source
        .rows
        .get_mut(&("root-api-activity".to_owned(), List::Exceptions));
    rows.expect("there").pop();
    let failed = write::write(&demo.inputs(PCI), &packet, &options(out.path()));
    assert!(
        matches!(&failed, Err(WriteError::Changed(id)) if id == "root-api-activity"),
        "{failed:?}"
    );
    leaves_nothing(out.path(), failed);
}

#[test]
fn a_place_that_cannot_be_written_to_is_named_with_a_remedy() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let blocked = out.path().join("file");
    fs::write(&blocked, "x").expect("writable");
    let error = write::check_target(&blocked, "2026-10", PCI, Existing::Refuse)
        .expect_err("a file is in the way");
    assert!(error.to_string().contains("file"), "{error}");
    assert!(error.help().is_some(), "{error}");
}

#[test]
fn counts_that_do_not_add_up_give_no_packet() {
    let mut demo = demo();
    demo.assessment.log_set.total.kept += 1;
    let error = build::build(&demo.inputs(PCI)).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "records of the log set do not add up: 1206200 is not 1206201"
    );
    demo.assessment.log_set.total.kept -= 1;
    demo.assessment.controls[0].counts.examined += 1;
    assert!(build::build(&demo.inputs(PCI)).is_err());
}

#[test]
fn a_requirement_takes_the_gravest_verdict_of_its_controls() {
    let demo = demo();
    let packet = build::build(&demo.inputs(PCI)).expect("builds");
    let order = [
        "exceptions",
        "not-determinable",
        "listed",
        "waived",
        "no-activity",
        "no-exceptions",
    ];
    let gravity = |verdict: &str| order.iter().position(|one| *one == verdict);
    let mut without = 0;
    for one in &packet.requirements {
        match one
            .controls
            .iter()
            .map(|control| gravity(&control.verdict).expect("known"))
            .min()
        {
            Some(gravest) => assert_eq!(one.verdict, order[gravest], "{}", one.id),
            None => {
                without += 1;
                assert_eq!(one.verdict, "needs-other-evidence");
                assert!(!one.why.is_empty());
            }
        }
    }
    assert!(without > 100 && without < packet.requirements.len());
    assert!(
        !serde_json::to_string(&packet)
            .expect("JSON")
            .contains("compliant\"")
    );
    assert_eq!(packet.conclusion.exit_code, 3);
}

#[test]
fn hostile_texts_reach_the_model_unchanged_but_for_secrets() {
    let demo = demo();
    let packet = build::build(&demo.inputs(PCI)).expect("builds");
    let agents: BTreeSet<&str> = packet
        .controls
        .iter()
        .flat_map(|one| one.lists_of_records.exceptions.rows.iter())
        .map(|row| &*row.user_agent)
        .collect();
    let kept = HOSTILE.iter().filter(|text| agents.contains(*text)).count();
    assert!(kept > 15, "{kept} of {}", HOSTILE.len());
}

#[test]
fn counts_that_do_not_add_up_make_no_packet() {
    #[track_caller]
    fn check(what: &str, tamper: impl FnOnce(&mut Demo)) {
        let mut demo = demo();
        tamper(&mut demo);
        let error = build::build(&demo.inputs(PCI)).expect_err(what).to_string();
        assert!(
            error.contains(what) && error.contains("do not add up"),
            "{error}"
        );
    }
    check("records of the input files", |demo| {
        demo.source.inputs[3].records += 1
    });
    check("files refused", |demo| {
        demo.source.inputs[7].outcome = "not-read"
    });
    check("files read", |demo| demo.source.inputs[8].outcome = "read");
    check("rows of input files", |demo| {
        demo.source.inputs.pop();
    });
    check("files of the log set", |demo| {
        demo.assessment.log_set.files_read += 1
    });
    check("records of the log set", |demo| {
        demo.assessment.log_set.total.kept += 1
    });
    check("records of account `444455556666`", |demo| {
        let account = demo.assessment.log_set.by_account.get_mut("444455556666");
        account.expect("there").duplicates += 1;
    });
    check("records of all accounts", |demo| {
        let account = demo.assessment.log_set.by_account.get_mut("444455556666");
        let account = account.expect("there");
        account.seen += 1;
        account.duplicates += 1;
    });
}

#[test]
fn the_reconciliation_file_adds_up_for_every_account() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let written = write_demo(&demo(), out.path());
    let text = fs::read_to_string(written.folder.join("logs/reconciliation.csv")).expect("there");
    let mut sums: std::collections::BTreeMap<(String, String, u64), u64> = Default::default();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<u64>().expect("a count");
        *sums
            .entry((cells[0].to_owned(), cells[1].to_owned(), number(2)))
            .or_default() += number(4);
    }
    assert_eq!(sums.len(), 5, "files, all records, three accounts: {text}");
    for ((what, account, whole), sum) in sums {
        assert_eq!(whole, sum, "{what} {account}");
    }
}
