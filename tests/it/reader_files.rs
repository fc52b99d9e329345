//! What a file system can hold beside good log files.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use attestrail::reader::{FileFault, FileOutcome, OtherKind, ReadLimits, Scratch, read_file};
use attestrail::record::path::PathSet;
use attestrail::record::project::Projector;
use attestrail::source::Severity;
use attestrail::source::local::{WalkOptions, walk};
use sha2::{Digest, Sha256};

use crate::reader_common::{Kept, ReadSet, data, gzip, read_set, record, shared, wrap, write};

const FOLDER: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/06";

fn log(number: u32) -> Vec<u8> {
    gzip(wrap(&[record(number)]).as_bytes())
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn problem<'a>(set: &'a ReadSet, code: &str) -> Vec<(&'a str, Severity)> {
    set.listing
        .problems
        .iter()
        .filter(|problem| problem.code == code)
        .map(|problem| (problem.display.as_str(), problem.severity))
        .collect()
}

#[test]
fn a_tree_of_this_repository_is_read_to_its_last_entry() {
    let set = read_set(&[data("tree")]);
    let of = |part: &str| {
        let (_, report, _) = set
            .files
            .iter()
            .find(|(file, _, _)| file.key.contains(part))
            .expect("is there");
        report.clone()
    };
    let good = of("T0215Z");
    assert_eq!((good.records_seen, good.records_kept), (3, 3));
    assert!(good.notices.is_empty(), "{:?}", good.notices);
    let odd = of("T0220Z");
    assert_eq!(
        (odd.records_seen, odd.records_kept, odd.records_refused),
        (5, 2, 3)
    );
    let refused: Vec<_> = odd
        .refusals
        .iter()
        .map(|refusal| (refusal.index, refusal.code))
        .collect();
    assert_eq!(
        refused,
        [
            (1, "time-invalid"),
            (3, "not-an-object"),
            (4, "unknown-version")
        ]
    );
    assert!(matches!(
        of("T0225Z").outcome,
        FileOutcome::Refused(FileFault::Gzip(_))
    ));
    assert_eq!(
        of("Digest").outcome,
        FileOutcome::NotRead(OtherKind::Digest)
    );
    assert_eq!(of("notes").outcome, FileOutcome::NotRead(OtherKind::Other));
    assert!(set.is_incomplete());
}

#[test]
fn keys_do_not_depend_on_where_the_tree_lies_or_on_the_root_inside_it() {
    let folder = temporary();
    let tree = folder.path().join("some/bucket");
    write(
        &tree.join("pre/fix").join(FOLDER).join("a.json.gz"),
        &log(1),
    );
    let keys = |root: PathBuf| -> Vec<String> {
        let files = walk(&[root], WalkOptions::default())
            .expect("is there")
            .files;
        files.iter().map(|file| file.key).collect()
    };
    assert_eq!(keys(tree.clone()), [format!("pre/fix/{FOLDER}/a.json.gz")]);
    let below = format!("{FOLDER}/a.json.gz");
    let prefix = tree.join("pre/fix");
    for root in ["", "AWSLogs/111122223333", &format!("{FOLDER}/a.json.gz")] {
        assert_eq!(keys(prefix.join(root)), [below.as_str()], "{root}");
    }
}

#[test]
fn a_single_file_outside_a_tree_is_called_by_its_name() {
    let folder = temporary();
    write(&folder.path().join("x.json"), wrap(&[record(1)]).as_bytes());
    let set = read_set(&[folder.path().join("x.json")]);
    assert_eq!(set.files[0].0.key, "x.json");
    assert_eq!(set.kept().count(), 1);
}

#[test]
fn two_roots_with_the_same_key_are_both_read_and_told_apart() {
    let folder = temporary();
    for (root, number) in [("one", 1), ("two", 2)] {
        write(
            &folder.path().join(root).join(FOLDER).join("a.json.gz"),
            &log(number),
        );
    }
    let roots = [folder.path().join("one"), folder.path().join("two")];
    let set = read_set(&roots);
    let copies: Vec<_> = set
        .files
        .iter()
        .map(|(file, _, _)| (file.key.as_str(), file.copy))
        .collect();
    let key = format!("{FOLDER}/a.json.gz");
    assert_eq!(copies, [(key.as_str(), 0), (key.as_str(), 1)]);
    assert_eq!(set.kept().count(), 2);
    assert_eq!(problem(&set, "same-key").len(), 1);
}

#[test]
fn a_root_given_twice_or_inside_another_is_read_once() {
    let folder = temporary();
    write(&folder.path().join(FOLDER).join("a.json.gz"), &log(1));
    let inner = folder.path().join("AWSLogs");
    let outer = folder.path().to_owned();
    let set = read_set(&[inner, outer.clone(), outer]);
    assert_eq!(set.kept().count(), 1);
    assert_eq!(problem(&set, "root-inside-root").len(), 2);
}

#[test]
fn missing_roots_are_all_named() {
    let folder = temporary();
    let roots = [
        folder.path().join("no\u{1b}ne"),
        folder.path().to_owned(),
        folder.path().join("gone"),
    ];
    let errors = walk(&roots, WalkOptions::default()).expect_err("two are missing");
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].to_string().contains("no\\u{1b}ne"),
        "{}",
        errors[0]
    );
}

#[test]
fn files_come_in_byte_order_of_their_keys() {
    let folder = temporary();
    for name in [
        "b.json", "a/z.json", "a.json", "B.json", "é.json", "a-b.json",
    ] {
        write(&folder.path().join(name), wrap(&[record(1)]).as_bytes());
    }
    let files = walk(&[folder.path().to_owned()], WalkOptions::default())
        .expect("is there")
        .files;
    let keys: Vec<_> = files.iter().map(|file| file.key).collect();
    assert_eq!(
        keys,
        [
            "B.json", "a-b.json", "a.json", "a/z.json", "b.json", "é.json"
        ]
    );
}

#[test]
fn what_is_no_regular_file_is_named_and_never_opened() {
    let folder = temporary();
    let day = folder.path().join(FOLDER);
    write(&day.join("good.json.gz"), &log(1));
    let pipe = day.join("pipe.json.gz");
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(day.join("socket")).expect("binds");
    let set = read_set(&[folder.path().to_owned()]);
    assert_eq!(set.kept().count(), 1);
    let (pipe, socket) = (format!("{FOLDER}/pipe.json.gz"), format!("{FOLDER}/socket"));
    assert_eq!(
        problem(&set, "not-a-regular-file"),
        [
            (pipe.as_str(), Severity::Error),
            (socket.as_str(), Severity::Notice)
        ]
    );
    assert!(set.is_incomplete());
}

#[test]
fn a_file_that_became_a_pipe_since_it_was_listed_does_not_block() {
    let folder = temporary();
    let path = folder.path().join("a.json");
    write(&path, wrap(&[record(1)]).as_bytes());
    let files = walk(&[folder.path().to_owned()], WalkOptions::default())
        .expect("is there")
        .files;
    fs::remove_file(&path).expect("removes");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .expect("runs")
            .success()
    );
    let paths = PathSet::new();
    let report = read_file(
        &files.get(0).expect("a file"),
        &ReadLimits::default(),
        &mut Scratch::new(),
        &mut Projector::new(&paths),
        &mut Kept::default(),
    );
    assert_eq!(report.outcome, FileOutcome::Refused(FileFault::NotRegular));
}

#[test]
fn links_are_named_and_followed_only_if_asked() {
    let folder = temporary();
    let root = folder.path().join("root");
    write(&root.join("good.json"), wrap(&[record(1)]).as_bytes());
    write(
        &folder.path().join("outside/o.json"),
        wrap(&[record(2)]).as_bytes(),
    );
    symlink("../outside/o.json", root.join("file.json")).expect("links");
    symlink("../outside", root.join("folder")).expect("links");
    symlink("gone.json.gz", root.join("dangling.json.gz")).expect("links");
    // It may stand for a folder of logs that is not mounted.
    symlink("/nowhere/second", root.join("second")).expect("links");
    symlink("gone", root.join(".DS_Store")).expect("links");
    symlink(".", root.join("self")).expect("links");
    write(&folder.path().join("outside/t.csv"), b"a,b");
    symlink("../outside/t.csv", root.join("table.csv")).expect("links");
    let set = read_set(std::slice::from_ref(&root));
    assert_eq!(set.kept().count(), 1);
    assert_eq!(
        problem(&set, "link-not-followed"),
        [
            ("file.json", Severity::Error),
            ("folder", Severity::Error),
            ("self", Severity::Notice),
            // A table may hold records too.
            ("table.csv", Severity::Error)
        ]
    );
    assert_eq!(
        problem(&set, "dangling-link"),
        [
            (".DS_Store", Severity::Notice),
            ("dangling.json.gz", Severity::Error),
            ("second", Severity::Error)
        ]
    );

    let followed = walk(&[root], WalkOptions { follow_links: true }).expect("is there");
    let keys: Vec<_> = followed.files.iter().map(|file| file.key).collect();
    assert_eq!(
        keys,
        [
            "file.json",
            "folder/o.json",
            "folder/t.csv",
            "good.json",
            "table.csv"
        ]
    );
    let codes: Vec<_> = followed
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(
        codes,
        ["unreadable", "unreadable", "unreadable", "link-loop"]
    );
}

#[test]
fn odd_bytes_in_names_are_read_and_shown_as_escapes() {
    let folder = temporary();
    let names: [&[u8]; 4] = [
        b"line\nbreak.json.gz",
        b"esc\x1b[31m.json.gz",
        b"latin1-\xe9.json.gz",
        b"rtl-\xe2\x80\xae.json.gz",
    ];
    for (number, name) in names.iter().enumerate() {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        write(&path, &log(number as u32));
    }
    let set = read_set(&[folder.path().to_owned()]);
    assert_eq!(set.kept().count(), 4);
    let shown: Vec<_> = set
        .files
        .iter()
        .map(|(file, _, _)| file.display())
        .collect();
    assert_eq!(
        shown,
        [
            "esc\\u{1b}[31m.json.gz",
            "latin1-\\xe9.json.gz",
            "line\\nbreak.json.gz",
            "rtl-\\u{202e}.json.gz"
        ]
    );
}

#[test]
fn deep_folders_are_read() {
    let folder = temporary();
    let mut deep = folder.path().to_owned();
    for level in 0..200 {
        deep.push(format!("d{level:03}"));
    }
    write(&deep.join("a.json.gz"), &log(1));
    assert_eq!(read_set(&[folder.path().to_owned()]).kept().count(), 1);
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_goes_on() {
    let folder = temporary();
    write(&folder.path().join("good.json.gz"), &log(1));
    let (file, locked) = (
        folder.path().join("secret.json.gz"),
        folder.path().join("locked"),
    );
    write(&file, &log(2));
    write(&locked.join("inner.json.gz"), &log(3));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).expect("changes");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).expect("changes");
    let is_root = fs::read(&file).is_ok();
    let set = read_set(&[folder.path().to_owned()]);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).expect("changes");
    if is_root {
        // Nothing can be kept from root; then everything must be read.
        assert_eq!(set.kept().count(), 3);
        return;
    }
    assert_eq!(set.kept().count(), 1);
    assert_eq!(problem(&set, "unreadable"), [("locked", Severity::Error)]);
    let (_, report, _) = &set.files[1];
    assert!(matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "unreadable"));
}

#[test]
fn a_file_that_grows_while_it_is_read_is_hashed_and_parsed_from_the_same_bytes() {
    let folder = temporary();
    let path = folder.path().join("lines.jsonl");
    write(&path, b"");
    let grown = path.clone();
    let writer = std::thread::spawn(move || {
        let mut file = fs::File::options().append(true).open(grown).expect("opens");
        for number in 0..2000 {
            writeln!(file, "{}", record(number)).expect("writes");
        }
    });
    let mut reports = Vec::new();
    while !writer.is_finished() {
        let set = read_set(&[folder.path().to_owned()]);
        reports.extend(set.files.into_iter().map(|(_, report, _)| report));
    }
    writer.join().expect("ends");
    let whole = fs::read(&path).expect("readable");
    for report in reports {
        let read = &whole[..report.stored_bytes as usize];
        assert_eq!(report.sha256, Some(Sha256::digest(read).into()));
    }
    assert_eq!(read_set(&[folder.path().to_owned()]).kept().count(), 2000);
}

#[test]
fn names_decide_whether_an_unreadable_file_is_a_loss() {
    let folder = temporary();
    let cases: [(&str, &[u8], &str); 16] = [
        ("a.json", b"not json", "refused"),
        ("a.log", b"plain text", "refused"),
        ("a.json.gz", b"", "refused"),
        ("empty", b"", "empty-marker"),
        ("a.txt", b"not json", "other-file"),
        ("b.txt", b"[a link](x)", "other-file"),
        ("list.txt", b"[1, 2]", "other-file"),
        ("c.txt", b"{\"Records\":[{\"eventVersion\":", "refused"),
        ("a.json.gz.6a3F91bC", b"\x1f\x8b", "broken-download"),
        ("a.xlsx", b"PK\x03\x04", "other-file"),
        ("a.tar", b"PK\x03\x04", "refused"),
        (
            "key.head.json",
            b"{\"ETag\":\"x\",\"Metadata\":{}}",
            "head-object",
        ),
        (
            "AWSLogs/111122223333/vpcflowlogs/us-east-1/2024/05/06/x.log.gz",
            b"version account-id",
            "other-service",
        ),
        (
            "AWSLogs/111122223333/vpcflowlogs/us-east-1/2024/05/06/x.gz.parquet",
            b"PAR1....",
            "other-service",
        ),
        (
            "AWSLogs/111122223333/Config/us-east-1/2024/5/6/ConfigHistory/x.json.gz",
            b"{\"fileVersion\":\"1.0\",\"configurationItems\":[]}",
            "other-service",
        ),
        (
            "AWSLogs/111122223333/vpcflowlogs/us-east-1/2024/05/06/y.json",
            b"{\"Records\":[{\"eventVersion\":",
            "refused",
        ),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join(name);
        write(&path, bytes);
        let set = read_set(&[path]);
        let (_, report, _) = &set.files[0];
        let found = match &report.outcome {
            FileOutcome::Read => "read",
            FileOutcome::Refused(_) => "refused",
            FileOutcome::NotRead(kind) => kind.code(),
        };
        assert_eq!(found, expected, "{name}: {:?}", report.outcome);
        assert_eq!(report.is_incomplete(), expected == "refused", "{name}");
    }
}

#[test]
fn a_log_without_a_logs_name_is_read_by_its_content() {
    let folder = temporary();
    write(
        &folder.path().join("GetCertificate.json.cloudtrail"),
        wrap(&[record(1)]).as_bytes(),
    );
    write(&folder.path().join("object"), &log(2));
    assert_eq!(read_set(&[folder.path().to_owned()]).kept().count(), 2);
}

#[test]
fn limits_are_stated_and_can_be_raised() {
    let folder = temporary();
    let path = folder.path().join("a.json.gz");
    let records: Vec<String> = (0..100).map(record).collect();
    write(&path, &gzip(wrap(&records).as_bytes()));
    let files = walk(&[path], WalkOptions::default())
        .expect("is there")
        .files;
    let paths = PathSet::new();
    let mut limits = ReadLimits::default();
    limits.inflate.bytes = 20_000;
    let read = |limits: &ReadLimits| {
        let mut kept = Kept::default();
        let report = read_file(
            &files.get(0).expect("a file"),
            limits,
            &mut Scratch::new(),
            &mut Projector::new(&paths),
            &mut kept,
        );
        (report, kept.records.len())
    };
    let (report, kept) = read(&limits);
    assert_eq!(kept, 0);
    assert_eq!(
        report.messages(),
        ["refused: unpacks to more than the limit of 20000 bytes"]
    );
    assert_eq!(read(&ReadLimits::default()).1, 100);
}

#[test]
fn special_cases_of_the_shared_set_end_as_its_readme_says() {
    let Some(script) = shared("conformance/bad-inputs").map(|folder| folder.join("special.py"))
    else {
        return;
    };
    let folder = temporary();
    let made = Command::new("python3")
        .arg(&script)
        .arg(folder.path())
        .status();
    let Ok(made) = made else {
        // The other tests of this file make the same cases without Python.
        return;
    };
    assert!(made.success());
    let is_root = fs::read_dir(
        folder
            .path()
            .join("s09-unreadable-dir/input")
            .join(FOLDER)
            .join("locked"),
    )
    .is_ok();
    let check = |case: &str, kept: usize, incomplete: bool, named: bool| {
        let set = read_set(&[folder.path().join(case).join("input")]);
        assert_eq!(set.kept().count(), kept, "{case}: {:?}", set.messages());
        assert_eq!(
            set.is_incomplete(),
            incomplete,
            "{case}: {:?}",
            set.messages()
        );
        assert_eq!(!set.listing.problems.is_empty(), named, "{case}");
    };
    check("s01-fifo", 3, true, true);
    check("s02-link-out", 3, true, true);
    check("s03-link-loop", 3, false, true);
    check(
        "s04-no-permission",
        if is_root { 6 } else { 3 },
        !is_root,
        false,
    );
    check("s05-folder-like-log", 6, false, false);
    check("s06-deep", 6, false, false);
    check("s07-name-bytes", 15, false, false);
    check("s08-dangling-link", 3, true, true);
    check(
        "s09-unreadable-dir",
        if is_root { 6 } else { 3 },
        !is_root,
        !is_root,
    );
    unlock(folder.path());
}

fn unlock(folder: &Path) {
    let locked = folder
        .join("s09-unreadable-dir/input")
        .join(FOLDER)
        .join("locked");
    fs::set_permissions(locked, fs::Permissions::from_mode(0o700)).expect("changes");
}

/// Run by [`a_bomb_costs_little_memory`] in a process of its own.
#[test]
fn read_the_file_that_the_environment_names() {
    let Some(path) = std::env::var_os("ATTESTRAIL_TEST_BOMB") else {
        return;
    };
    let set = read_set(&[PathBuf::from(path)]);
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("says its peak");
    println!("peak {} kB", peak.trim().trim_end_matches("kB").trim());
    println!("outcome {}", set.messages().join("; "));
}

#[cfg(target_os = "linux")]
#[test]
fn a_bomb_costs_little_memory() {
    let folder = temporary();
    let own = folder.path().join("bomb.json.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for _ in 0..300 {
        encoder
            .write_all(&[b' '; 1 << 20])
            .expect("writes to memory");
    }
    write(&own, &encoder.finish().expect("writes to memory"));
    let given = shared("conformance/bad-inputs").map(|folder| folder.join("a09-gzip-bomb/input"));
    for path in [Some(own), given].into_iter().flatten() {
        let output = Command::new(std::env::current_exe().expect("is known"))
            .args([
                "--exact",
                "reader_files::read_the_file_that_the_environment_names",
                "--nocapture",
            ])
            .env("ATTESTRAIL_TEST_BOMB", &path)
            .output()
            .expect("runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let peak: u64 = text
            .lines()
            .find_map(|line| {
                line.strip_prefix("peak ")?
                    .strip_suffix(" kB")?
                    .parse()
                    .ok()
            })
            .unwrap_or_else(|| panic!("no peak in {text}"));
        assert!(peak < 128 * 1024, "{}: peak {peak} kB", path.display());
        assert!(text.contains("denser than the limit of 250 to 1"), "{text}");
    }
}
