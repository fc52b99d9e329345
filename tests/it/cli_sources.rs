//! Archives and standard input through the whole program.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::cli_common::{program, run};
use crate::reader_common::{record, wrap};

const PERIOD: [&str; 8] = [
    "--from",
    "2024-05-01",
    "--to",
    "2024-05-31",
    "--framework",
    "hipaa",
    "--out",
    "p",
];

/// A tar archive with one record in each member.
pub fn tar_of(numbers: &[u32]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for number in numbers {
        let content = wrap(&[record(*number)]);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let name = format!("AWSLogs/{number}.json");
        builder
            .append_data(&mut header, name, content.as_bytes())
            .expect("writes to memory");
    }
    builder.into_inner().expect("ends the archive")
}

/// `log_set` of the one packet below `folder`.
fn log_set(folder: &Path) -> Value {
    let packets = fs::read_dir(folder.join("p")).expect("packets");
    let label = packets
        .map(|entry| entry.expect("readable").path())
        .find(|path| path.is_dir())
        .expect("a packet");
    let text = fs::read_to_string(label.join("hipaa/packet.json")).expect("a model");
    let mut packet: Value = serde_json::from_str(&text).expect("JSON");
    packet["log_set"].take()
}

fn report(folder: &Path, words: &[&str]) -> Value {
    let words = [&["report", "--replace"], words, &PERIOD].concat();
    let done = run(folder, &words);
    assert!(
        matches!(done.code, 0 | 1 | 3),
        "{}: {}",
        done.code,
        done.err
    );
    log_set(folder)
}

#[test]
fn an_archive_that_changed_takes_its_members_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).expect("a folder");
    for (numbers, files, kept, threads) in [
        (&[1, 2, 3][..], 4, 3, "2"),
        (&[2, 4], 3, 2, "1"),
        (&[2, 4], 3, 2, "1"),
        (&[5, 6, 7], 4, 3, "2"),
    ] {
        fs::write(logs.join("a.tar"), tar_of(numbers)).expect("writes");
        let words = ["scan", "logs", "--ledger", "l", "--threads", threads];
        run(folder.path(), &words).ends(0);
        let found = report(folder.path(), &["--ledger", "l"]);
        assert_eq!(found["files_listed"], files, "{numbers:?}");
        assert_eq!(found["files_read"], files);
        assert_eq!(found["total"]["kept"], kept);
        assert_eq!(found["shapes"][0]["records"], kept);
    }
}

#[test]
fn a_plain_copy_beside_an_archive_is_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).expect("a folder");
    fs::write(logs.join("a.tar"), tar_of(&[1, 2])).expect("writes");
    fs::write(logs.join("b.json"), wrap(&[record(2), record(3)])).expect("writes");
    let found = report(folder.path(), &["logs"]);
    assert_eq!(found["total"]["seen"], 4);
    assert_eq!(found["total"]["kept"], 3);
    assert_eq!(found["total"]["duplicates"], 1);
}

/// Calls the program with this standard input.
pub fn piped(folder: &Path, words: &[&str], input: &[u8]) -> std::process::Output {
    let mut child = program(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input).expect("takes it");
    drop(pipe);
    child.wait_with_output().expect("ends")
}

#[test]
fn standard_input_is_read_as_a_file_named_by_its_content() {
    let lines = format!("{}\n{}\n", record(1), record(2));
    let mut inputs = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().expect("a folder");
        let words = [&["report", "-"], &PERIOD[..]].concat();
        let output = piped(folder.path(), &words, lines.as_bytes());
        assert!(
            matches!(output.status.code(), Some(0 | 1 | 3)),
            "{output:?}"
        );
        let found = log_set(folder.path());
        assert_eq!(found["total"]["kept"], 2);
        assert_eq!(found["shapes"][0]["shape"], "one record a line");
        inputs.push(found["inputs"].clone());
    }
    assert_eq!(inputs[0], inputs[1]);
    let name = inputs[0]["rows"][0]["file"].as_str().expect("a name");
    assert!(name.starts_with("standard-input-"), "{name}");
}

#[test]
fn other_standard_input_does_not_take_the_place_of_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in [1, 2] {
        let words = ["scan", "-", "--ledger", "l"];
        let output = piped(folder.path(), &words, record(number).as_bytes());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let found = report(folder.path(), &["--ledger", "l"]);
    assert_eq!(found["total"]["kept"], 2);
}

#[test]
fn standard_input_that_is_no_log_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = [&["report", "-"], &PERIOD[..]].concat();
    let output = piped(folder.path(), &words, b"nothing of the kind");
    assert_ne!(output.status.code(), Some(0));
    let found = log_set(folder.path());
    assert_eq!(found["files_refused"], 1);
    assert_eq!(found["losses"], 1);
}

#[test]
fn matching_reads_an_archive_from_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["control", "match", "--json", "-"];
    let output = piped(folder.path(), &words, &tar_of(&[1, 2]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("standard input!/AWSLogs/1.json"), "{text}");
}

#[test]
fn output_that_goes_on_elsewhere_is_a_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let content = serde_json::json!({"Events": [{"CloudTrailEvent": record(1)}], "NextToken": "x"});
    fs::write(folder.path().join("out.json"), content.to_string()).expect("writes");
    let found = report(folder.path(), &["out.json"]);
    assert_eq!(found["total"]["kept"], 1);
    assert_eq!(found["losses"], 1);
    assert_eq!(found["refusals"]["rows"][0]["code"], "cut-off");
}

#[test]
fn files_that_only_look_like_logs_leave_no_verdict_and_say_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).expect("makes");
    fs::write(logs.join("a.json"), wrap(&[record(1)])).expect("writes");
    let junk: [(&str, &[u8]); 5] = [
        ("junk.zip", b"junk"),
        ("junk.json.gz", b"junk"),
        ("empty.tar", b""),
        ("blank.json", b" \n"),
        ("settings.json", b"{\"colour\": 1}"),
    ];
    for (name, bytes) in junk {
        let path = logs.join(name);
        fs::write(&path, bytes).expect("writes");
        let remedy = "copy the file from its bucket again, or move it out of the folder if it holds no CloudTrail logs";
        let words = ["scan", "logs", "--ledger", &format!("{name}.ledger")];
        let done = run(folder.path(), &words);
        done.ends(3).says(remedy).says(&format!("error: {name}: "));
        let done = run(
            folder.path(),
            &[&["report", "logs", "--replace"], &PERIOD[..]].concat(),
        );
        done.ends(3).says(remedy);
        let verdicts = done.out + &done.err;
        assert!(verdicts.contains("not determinable"), "{verdicts}");
        assert!(!verdicts.contains("no exceptions"), "{verdicts}");
        fs::remove_file(path).expect("removes");
    }
}
