//! What `attestrail logs` may be given: archives, standard input, ledgers, words in any order.

use std::fs;
use std::path::Path;

use attestrail::ledger::{Identity, Ledger};
use serde_json::Value;

use crate::cli_common::{Run, names, run};
use crate::cli_sources::{piped, tar_of};
use crate::reader_common::{record, wrap};
use crate::scan_common::{SEED, no_new_users, scope, set};

/// A folder with these files.
fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    folder
}

fn plain(numbers: &[u32]) -> Vec<u8> {
    let records: Vec<String> = numbers.iter().map(|number| record(*number)).collect();
    wrap(&records).into_bytes()
}

fn logs(folder: &Path, words: &[&str]) -> Value {
    let done = run(folder, &[&["logs", "--quiet", "--json"], words].concat());
    assert!(matches!(done.code, 0 | 3), "{}", done.err);
    serde_json::from_str(&done.out).expect("one JSON object")
}

#[test]
fn archives_are_looked_into_like_the_folders_they_were_made_of() {
    let unpacked = folder(&[
        ("AWSLogs/1.json", plain(&[1])),
        ("AWSLogs/2.json", plain(&[2])),
        ("AWSLogs/3.json", plain(&[3])),
    ]);
    let mixed = folder(&[("a.tar", tar_of(&[1, 2])), ("AWSLogs/3.json", plain(&[3]))]);
    let one = logs(unpacked.path(), &["."]);
    for threads in ["1", "3"] {
        let other = logs(mixed.path(), &[".", "--threads", threads]);
        assert_eq!(other["volumes"]["records"], 3, "{other}");
        for part in ["volumes", "period", "records", "bytes", "unanswered"] {
            assert_eq!(one[part], other[part], "{part}");
        }
    }
    let alone = logs(mixed.path(), &["a.tar"]);
    assert_eq!(alone["volumes"]["records"], 2);
    assert_eq!(alone["records"]["kept"], 2, "{alone}");
    assert_eq!(alone["records"]["outside_period"], 0);
    assert_ne!(alone["period"], Value::Null);
}

#[test]
fn archives_of_different_sizes_are_one_shape() {
    let two = folder(&[("a.tar", tar_of(&[1, 2])), ("b.tar", tar_of(&[3]))]);
    let shapes = logs(two.path(), &["."])["shapes"].clone();
    let rows = shapes.as_array().expect("rows");
    let archives = rows
        .iter()
        .find(|row| row["files"] == 2 && row["records"] == 0);
    assert!(archives.is_some(), "{shapes}");
}

#[test]
fn standard_input_is_looked_at_in_both_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["logs", "-", "--quiet", "--json"];
    let done = Run::from(piped(folder.path(), &words, &plain(&[1, 2])));
    done.ends(0);
    let found: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(found["records"]["kept"], 2);
    assert_eq!(found["volumes"]["records"], 2);
}

#[test]
fn logs_and_a_ledger_of_other_logs_are_not_mixed() {
    let both = folder(&[
        ("old/AWSLogs/1.json", plain(&[1])),
        ("new/AWSLogs/2.json", plain(&[2])),
    ]);
    let path = both.path();
    run(path, &["scan", "old", "--ledger", "l", "--quiet"]).ends(0);
    let before = fs::read(path.join("l")).expect("there");
    run(path, &["logs", "new", "--ledger", "l", "--quiet"])
        .ends(2)
        .says("ledger `l` holds 1 file that is not among the logs, first `AWSLogs/1.json`")
        .says("help: ");
    assert!(
        fs::read(path.join("l")).expect("there") == before,
        "it grew"
    );
    let all = logs(path, &["old", "new", "--ledger", "l"]);
    assert_eq!(all["volumes"]["records"], 2);
    assert_eq!(all["records"], logs(path, &["old", "new"])["records"]);
    // What the ledger knows of an archive are its members.
    fs::write(path.join("a.tar"), tar_of(&[3])).expect("written");
    run(path, &["scan", "a.tar", "--ledger", "m", "--quiet"]).ends(0);
    assert_eq!(
        logs(path, &["a.tar", "--ledger", "m"])["records"]["kept"],
        1
    );
}

#[test]
fn a_ledger_whose_first_scan_was_cut_off_says_so_everywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = Identity::of(&set(&[no_new_users()]), &scope(""), SEED);
    let mut ledger = Ledger::open_or_create(&folder.path().join("l"), &identity).expect("made");
    ledger.begin_scan("`/copies/logs`").expect("noted");
    drop(ledger);
    for words in [
        &["report", "--ledger", "l", "--period", "2026-10"][..],
        &["logs", "--ledger", "l", "--period", "2026-10"],
        &["logs", "--ledger", "l"],
    ] {
        run(folder.path(), words)
            .ends(2)
            .says("ledger `l` is not complete: the scan of `/copies/logs` was not finished")
            .says("run that scan again");
    }
}

#[test]
fn a_folder_behind_the_keys_is_told_where_it_belongs() {
    let all = folder(&[
        ("logs/AWSLogs/1.json", plain(&[1])),
        ("keys.json", b"{\"PublicKeyList\":[]}".to_vec()),
    ]);
    for words in [
        &["logs", "--keys", "keys.json", "logs"][..],
        &["logs", "integrity", "--keys", "keys.json", "logs"],
        &["logs", "integrity", "--metadata", "keys.json", "logs"],
        &["logs", "--selectors", "keys.json", "logs"],
        &[
            "report",
            "--period",
            "2026-10",
            "--keys",
            "keys.json",
            "logs",
        ],
        &[
            "report",
            "--period",
            "2026-10",
            "--selectors",
            "keys.json",
            "logs",
        ],
    ] {
        let option = words
            .iter()
            .find(|word| word.starts_with("--") && **word != "--period");
        run(all.path(), words)
            .ends(2)
            .says("`logs` is a folder")
            .says(&format!("name the logs before `{}`", option.expect("one")));
    }
    run(all.path(), &["logs", "integrity"])
        .ends(2)
        .says("no logs given");
}

#[test]
fn a_scan_names_what_it_refused() {
    let mut files = vec![("logs/AWSLogs/good.json", plain(&[1]))];
    let bad: Vec<String> = (0..30)
        .map(|at| format!("logs/AWSLogs/bad{at:02}.json"))
        .collect();
    files.extend(
        bad[..1]
            .iter()
            .map(|name| (name.as_str(), b"no log".to_vec())),
    );
    let one = folder(&files);
    for words in [
        &["scan", "logs", "--ledger", "l"][..],
        &["scan", "logs", "--ledger", "l", "--quiet"],
    ] {
        let done = run(one.path(), words);
        done.ends(3)
            .says("error: AWSLogs/bad00.json: ")
            .says("(not-json)");
        if words.len() == 4 {
            done.says("read 1 record in 2 files; 1 file refused");
        }
    }
    files.extend(
        bad[1..]
            .iter()
            .map(|name| (name.as_str(), b"no log".to_vec())),
    );
    let many = folder(&files);
    let words = [
        "scan",
        "logs",
        "--ledger",
        "l",
        "--quiet",
        "--json",
        "--threads",
        "3",
    ];
    let done = run(many.path(), &words);
    done.ends(3)
        .says("error: AWSLogs/bad19.json: ")
        .says("10 more");
    assert!(!done.err.contains("bad20"), "{}", done.err);
    let value: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(value["files_refused"], 30);
    assert_eq!(value["refusals"].as_array().map(Vec::len), Some(20));
    assert_eq!(value["refusals"][0]["file"], "AWSLogs/bad00.json");
    assert_eq!(value["refusals"][0]["code"], "not-json");
}

#[cfg(unix)]
#[test]
fn a_scan_names_what_it_could_not_look_at() {
    let one = folder(&[("logs/AWSLogs/good.json", plain(&[1]))]);
    let link = one.path().join("logs/AWSLogs/lost.json.gz");
    std::os::unix::fs::symlink("nowhere", link).expect("made");
    run(one.path(), &["scan", "logs", "--ledger", "l", "--quiet"])
        .ends(3)
        .says("error: AWSLogs/lost.json.gz: a symbolic link to something that is missing")
        .says("(dangling-link)");
}

#[cfg(unix)]
#[test]
fn a_full_temporary_folder_is_named_with_how_to_choose_another() {
    use std::process::Command;
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("small")).expect("made");
    fs::write(folder.path().join("in"), vec![b' '; 1 << 20]).expect("written");
    let script = "ulimit -f 64; exec \"$0\" \"$@\" < in";
    for words in [&["report", "-", "--period", "2026-10"][..], &["logs", "-"]] {
        let done = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_attestrail")])
            .args(words)
            .env("TMPDIR", folder.path().join("small"))
            .current_dir(folder.path())
            .output();
        Run::from(done.expect("a shell"))
            .ends(2)
            .says("standard input cannot be kept in the folder for temporary files")
            .says("small")
            .says("set `TMPDIR` to another folder");
    }
    assert_eq!(names(&folder.path().join("small")), Vec::<String>::new());
}
