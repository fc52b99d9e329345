//! Packets and ledgers among the logs that they are made from.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli_common::{Run, names, run, sample, tree};
use crate::reader_common::{record, wrap};

const WHEN: [&str; 6] = [
    "--period",
    "2026-10",
    "--framework",
    "hipaa",
    "--generated-at",
    "2026-11-01T00:00:00Z",
];

/// A copy of the logs of a sample, in `logs`.
fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = sample("quiet-month").join("logs");
    for (name, bytes) in tree(&logs) {
        put(&folder.path().join("logs").join(name), &bytes);
    }
    folder
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    fs::write(path, bytes).expect("writes");
}

fn report(folder: &Path, words: &[&str]) -> Run {
    run(folder, &[&["report"], words, &WHEN[..]].concat())
}

/// `packet.json` below an output folder.
fn packet(folder: &Path, out: &str) -> Value {
    let path = folder.join(out).join("2026-10/hipaa/packet.json");
    serde_json::from_slice(&fs::read(path).expect("a model")).expect("JSON")
}

/// What was refused or left out, as code and file.
fn refused(packet: &Value) -> Vec<(String, String)> {
    let rows = packet["log_set"]["refusals"]["rows"]
        .as_array()
        .expect("rows");
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(row, "code"), text(row, "file")))
        .collect()
}

/// Logs with the packet of an earlier run in `logs/old`; what that run found.
fn with_packet(folder: &Path) -> (Value, PathBuf) {
    report(folder, &["logs", "--out", "first"]).ends(3);
    let found = packet(folder, "first");
    let old = folder.join("logs/old");
    fs::rename(folder.join("first"), &old).expect("moves");
    (found, old.join("2026-10/hipaa"))
}

#[test]
fn packets_are_not_written_among_the_logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    put(&logs.join("a.json"), wrap(&[record(1)]).as_bytes());
    put(
        &folder.path().join("2026-10/b.json"),
        wrap(&[record(2)]).as_bytes(),
    );
    let cases = [
        ["logs", "logs/packets"],
        ["logs", "logs"],
        ["logs/", "./x/../logs/new/folder"],
        ["./", "packets"],
        ["2026-10", "."],
    ];
    for [root, out] in cases {
        let done = report(folder.path(), &[root, "--out", out]);
        done.ends(2)
            .says("would lie among the logs")
            .says("`--out`");
        assert_eq!(names(&logs), ["a.json"], "{root} {out}");
        assert_eq!(names(folder.path()), ["2026-10", "logs"], "{root} {out}");
    }
    report(folder.path(), &["logs", "--out", "."]).ends(3);
    report(folder.path(), &["logs/a.json", "--out", "logs"]).ends(3);
    // To replace the packet would delete what it is made from.
    let inside = "logs/2026-10/hipaa/packet.json";
    let done = report(folder.path(), &[inside, "--out", "logs", "--replace"]);
    done.ends(2).says("lie in a packet");
    assert!(folder.path().join(inside).is_file());
}

#[cfg(unix)]
#[test]
fn packets_are_not_written_among_the_logs_through_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    put(&logs.join("a.json"), wrap(&[record(1)]).as_bytes());
    std::os::unix::fs::symlink("logs", folder.path().join("link")).expect("links");
    for [root, out] in [["logs", "link/packets"], ["link", "logs/packets"]] {
        let done = report(folder.path(), &[root, "--out", out]);
        done.ends(2).says("would lie among the logs");
        assert_eq!(names(&logs), ["a.json"]);
    }
}

#[test]
fn an_earlier_packet_among_the_logs_is_left_out_by_name() {
    let folder = bench();
    let (found, _) = with_packet(folder.path());
    let done = report(folder.path(), &["logs", "--out", "second"]);
    done.ends(3)
        .says("old/2026-10/hipaa/manifest.json: packet `hipaa");
    let again = packet(folder.path(), "second");
    assert_eq!(again["conclusion"], found["conclusion"]);
    for part in ["total", "files_listed", "losses", "inputs", "shapes"] {
        assert_eq!(again["log_set"][part], found["log_set"][part], "{part}");
    }
    let left_out = (
        "packet".to_owned(),
        "old/2026-10/hipaa/manifest.json".to_owned(),
    );
    let mut expected = refused(&found);
    expected.push(left_out);
    expected.sort();
    let mut rows = refused(&again);
    rows.sort();
    assert_eq!(rows, expected);
    let scan = run(folder.path(), &["scan", "logs", "--ledger", "x"]);
    scan.ends(0)
        .says("notice: old/2026-10/hipaa/manifest.json: packet `hipaa");
    // Nothing but packets is no log set.
    let done = report(folder.path(), &["logs/old", "--out", "third"]);
    done.ends(2)
        .says("no log file was found")
        .says("packet `hipaa");
}

#[test]
fn what_a_packet_does_not_list_as_it_is_is_read() {
    let folder = bench();
    let (_, old) = with_packet(folder.path());
    put(&old.join("controls/b.json"), b"junk");
    let control = fs::read_dir(old.join("controls"))
        .expect("controls")
        .map(|entry| entry.expect("an entry").path().join("records.jsonl"))
        .filter(|path| fs::metadata(path).is_ok_and(|about| about.len() > 0))
        .min()
        .expect("evidence");
    let mut records = fs::read_to_string(&control).expect("readable");
    records.push_str("{\n");
    fs::write(&control, records).expect("writes");
    report(folder.path(), &["logs", "--out", "second"]).ends(3);
    let rows = refused(&packet(folder.path(), "second"));
    let of_packet: Vec<&str> = rows
        .iter()
        .filter(|(code, file)| file.starts_with("old/") && code != "packet")
        .map(|(_, file)| file.as_str())
        .collect();
    let name = control
        .strip_prefix(folder.path().join("logs"))
        .expect("below");
    assert!(of_packet.contains(&"old/2026-10/hipaa/controls/b.json"));
    assert!(of_packet.contains(&name.to_str().expect("a name")));
    assert_eq!(of_packet.len(), 2, "{of_packet:?}");
}

#[test]
fn a_manifest_hides_no_logs() {
    let folder = bench();
    let (found, old) = with_packet(folder.path());
    let manifest = fs::read_to_string(old.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let content = wrap(&[record(7)]);
    put(&old.join("more.json"), content.as_bytes());
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&content));
    let mut listed = manifest.clone();
    let entry = json!({"path": "more.json", "bytes": content.len(), "sha256": sha256});
    listed["files"].as_array_mut().expect("files").push(entry);
    let mut holds = manifest;
    holds["Records"] = json!([serde_json::from_str::<Value>(&record(8)).expect("JSON")]);
    for (number, forged) in [listed, holds].into_iter().enumerate() {
        let mut text = serde_json::to_string_pretty(&forged).expect("JSON");
        text.push('\n');
        put(&old.join("manifest.json"), text.as_bytes());
        let out = format!("forged{number}");
        report(folder.path(), &["logs", "--out", &out]).ends(3);
        let again = packet(folder.path(), &out);
        assert!(refused(&again).iter().all(|(code, _)| code != "packet"));
        let seen = |packet: &Value| {
            packet["log_set"]["total"]["seen"]
                .as_u64()
                .expect("a count")
        };
        assert!(seen(&again) > seen(&found));
        let path = format!("{out}/2026-10/hipaa/logs/inputs.csv");
        let inputs = fs::read_to_string(folder.path().join(path)).expect("inputs");
        assert!(inputs.contains("old/2026-10/hipaa/more.json"), "{inputs}");
    }
}

#[test]
fn a_ledger_among_the_logs_is_named_as_one() {
    let folder = bench();
    let with = ["logs", "--ledger", "logs/x.ledger"];
    let mut made = Vec::new();
    for out in ["one", "two"] {
        report(folder.path(), &[&with[..], &["--out", out]].concat()).ends(3);
        made.push(tree(&folder.path().join(out).join("2026-10/hipaa")));
        let rows = refused(&packet(folder.path(), out));
        let own = ("ledger-in-use".to_owned(), "x.ledger".to_owned());
        assert!(rows.contains(&own), "{rows:?}");
    }
    assert_eq!(made[0], made[1]);
    run(
        folder.path(),
        &["scan", "logs", "--ledger", "logs/x.ledger"],
    )
    .ends(0)
    .says("122 files are in the ledger already")
    .says("notice: x.ledger: the ledger in use");
    report(folder.path(), &["logs", "--out", "three"]).ends(3);
    let rows = refused(&packet(folder.path(), "three"));
    let other = ("ledger".to_owned(), "x.ledger".to_owned());
    assert!(rows.contains(&other), "{rows:?}");
}

#[test]
fn logs_that_are_a_ledger_are_refused_with_the_right_flag() {
    let folder = tempfile::tempdir().expect("a folder");
    put(&folder.path().join("a.json"), wrap(&[record(1)]).as_bytes());
    run(folder.path(), &["scan", "a.json", "--ledger", "x.ledger"]).ends(0);
    let commands: [&[&str]; 5] = [
        &["report", "x.ledger", "--period", "2026-10"],
        &["scan", "x.ledger", "--ledger", "y.ledger"],
        &["logs", "x.ledger"],
        &["logs", "integrity", "x.ledger"],
        &["control", "match", "x.ledger"],
    ];
    for words in commands {
        run(folder.path(), words)
            .ends(2)
            .says("`x.ledger` is a ledger")
            .says("attestrail report --ledger x.ledger --period PERIOD");
        assert_eq!(names(folder.path()), ["a.json", "x.ledger"], "{words:?}");
    }
}

/// A tar and a zip archive of all files below a folder.
fn archives(folder: &Path) -> [(&'static str, Vec<u8>); 2] {
    let mut tar = tar::Builder::new(Vec::new());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in tree(folder) {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, &name, &bytes[..])
            .expect("writes");
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(&name, options).expect("begins");
        std::io::Write::write_all(&mut zip, &bytes).expect("writes");
    }
    [
        ("old.tar", tar.into_inner().expect("ends")),
        ("old.zip", zip.finish().expect("ends").into_inner()),
    ]
}

#[test]
fn an_earlier_packet_in_an_archive_is_left_out_by_name() {
    let folder = bench();
    let (found, old) = with_packet(folder.path());
    let put_archive = |name: &str, bytes: &[u8]| {
        put(&folder.path().join("logs").join(name), bytes);
        report(folder.path(), &["logs", "--out", "second", "--replace"]).ends(3);
        fs::remove_file(folder.path().join("logs").join(name)).expect("removes");
        packet(folder.path(), "second")
    };
    let whole = archives(&folder.path().join("logs/old"));
    put(&old.join("more.json"), wrap(&[record(7)]).as_bytes());
    put(&old.join("controls/b.json"), b"junk");
    let more = archives(&folder.path().join("logs/old"));
    fs::remove_dir_all(folder.path().join("logs/old")).expect("removes");
    for (name, bytes) in whole {
        let again = put_archive(name, &bytes);
        assert_eq!(again["conclusion"], found["conclusion"], "{name}");
        for part in ["total", "losses"] {
            assert_eq!(
                again["log_set"][part], found["log_set"][part],
                "{name} {part}"
            );
        }
        let left_out = |file: &str| ("packet".to_owned(), format!("{name}!/2026-10/{file}"));
        let rows = refused(&again);
        for file in [
            "run.json",
            "hipaa/manifest.json",
            "hipaa/packet.json",
            "hipaa/SHA256SUMS",
        ] {
            assert!(rows.contains(&left_out(file)), "{name} {file}");
        }
        let others = rows.iter().filter(|(code, _)| code != "packet");
        assert_eq!(others.count(), refused(&found).len(), "{rows:?}");
    }
    for (name, bytes) in more {
        let again = put_archive(name, &bytes);
        let seen = |packet: &Value| packet["log_set"]["total"]["seen"].as_u64();
        assert_eq!(seen(&again), seen(&found).map(|seen| seen + 1), "{name}");
        let junk = format!("{name}!/2026-10/hipaa/controls/b.json");
        assert!(
            refused(&again)
                .iter()
                .any(|(code, file)| *file == junk && code != "packet")
        );
    }
}
