//! Archives: members are files of their own, and what is hostile about them is named.

use std::io::Write;

use attestrail::reader::{FileOutcome, OtherKind};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::reader_common::{ReadSet, gzip, read_set, record, wrap, write};

const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/06/111122223333_CloudTrail_us-east-1_20240506T0215Z_BADbadBADbadBAD1.json.gz";

/// How the file begins in which macOS keeps the attributes of another.
const APPLE_DOUBLE: &[u8] = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ";

fn log(number: u32) -> Vec<u8> {
    gzip(wrap(&[record(number)]).as_bytes())
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default();
        writer.start_file(*name, options).expect("begins a member");
        writer.write_all(content).expect("writes to memory");
    }
    writer.finish().expect("ends the archive").into_inner()
}

fn header(name: &str, kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    // The library refuses to write names that leave the archive.
    header.as_gnu_mut().expect("GNU").name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, name, *content)
            .expect("writes to memory");
    }
    builder.into_inner().expect("ends the archive")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn read_as(name: &str, bytes: &[u8]) -> ReadSet {
    let folder = TempDir::new().expect("a folder");
    write(&folder.path().join(name), bytes);
    read_set(&[folder.path().to_owned()])
}

/// Key and outcome of each file: `read N`, a refusal's or a kind's code.
fn outcomes(set: &ReadSet) -> Vec<(String, String)> {
    set.files
        .iter()
        .map(|(file, report, kept)| {
            let outcome = match &report.outcome {
                FileOutcome::Read => format!("read {}", kept.records.len()),
                FileOutcome::Refused(fault) => fault.code().to_owned(),
                FileOutcome::NotRead(kind) => kind.code().to_owned(),
            };
            (file.key.clone(), outcome)
        })
        .collect()
}

#[track_caller]
fn check(name: &str, bytes: &[u8], expected: &[(&str, &str)]) -> ReadSet {
    let set = read_as(name, bytes);
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(key, outcome)| (format!("{name}{key}"), (*outcome).to_owned()))
        .collect();
    assert_eq!(outcomes(&set), expected);
    set
}

#[test]
fn members_of_every_kind_of_archive_are_files_of_their_own() {
    let (one, two) = (log(1), log(2));
    let members = [
        (KEY, &one[..]),
        ("x/notes.txt", b"hello"),
        ("two.json.gz", &two),
    ];
    let tar = tar_of(&members);
    for (name, bytes) in [
        ("a.zip", zip_of(&members)),
        ("a.tar", tar.clone()),
        ("a.tar.gz", gzip(&tar)),
        ("logs", gzip(&tar)),
        ("a.tar.zst", zstd(&tar)),
    ] {
        let set = check(
            name,
            &bytes,
            &[
                (&format!("!/{KEY}"), "read 1"),
                ("!/x/notes.txt", "other-file"),
                ("!/two.json.gz", "read 1"),
                ("", "read 0"),
            ],
        );
        assert!(!set.is_incomplete());
        let claim = set.files[0].0.claim();
        assert_eq!(claim.account.as_deref(), Some("111122223333"));
        assert!(claim.is_canonical);
        assert_eq!(set.files[3].1.members, Some(3));
    }
    check(
        "one.json.zst",
        &zstd(record(1).as_bytes()),
        &[("", "read 1")],
    );
}

#[test]
fn names_that_leave_the_archive_are_refused_and_claim_nothing() {
    let one = log(1);
    let members = [
        ("../../AWSLogs/999988887777/a.json.gz", &one[..]),
        ("good.json.gz", &one),
    ];
    let set = check(
        "a.zip",
        &zip_of(&members),
        &[
            ("!/#0", "unsafe-name"),
            ("!/good.json.gz", "read 1"),
            ("", "read 0"),
        ],
    );
    assert!(set.is_incomplete());
    assert_eq!(set.files[0].0.claim().account, None);
    let mut tar = header("/etc/a.json.gz", tar::EntryType::Regular, 0)
        .as_bytes()
        .to_vec();
    tar.extend(tar_of(&members[1..]));
    check(
        "a.tar",
        &tar,
        &[
            ("!/#0", "unsafe-name"),
            ("!/good.json.gz", "read 1"),
            ("", "read 0"),
        ],
    );
}

#[test]
fn links_and_devices_in_an_archive_are_never_opened() {
    let one = log(1);
    let mut all = Vec::new();
    for (name, kind, target) in [
        ("fifo.json.gz", tar::EntryType::Fifo, ""),
        ("disk", tar::EntryType::Block, ""),
        ("again.json.gz", tar::EntryType::Link, "good.json.gz"),
        ("lost.json.gz", tar::EntryType::Symlink, "/etc/passwd"),
        ("loop", tar::EntryType::Symlink, "loop"),
    ] {
        let mut header = header(name, kind, 0);
        if !target.is_empty() {
            header.set_link_name_literal(target).expect("fits");
        }
        header.set_cksum();
        all.extend_from_slice(header.as_bytes());
    }
    all.extend(tar_of(&[("good.json.gz", &one)]));
    check(
        "a.tar",
        &all,
        &[
            ("!/fifo.json.gz", "not-a-regular-file"),
            ("!/disk", "not-a-regular-file"),
            ("!/good.json.gz", "read 1"),
            ("!/again.json.gz", "link-not-followed"),
            ("!/lost.json.gz", "dangling-link"),
            ("!/loop", "link-not-followed"),
            ("", "read 0"),
        ],
    );
}

#[test]
fn broken_archives_keep_the_members_before_the_break_and_are_named() {
    let (one, two) = (log(1), log(2));
    let tar = tar_of(&[("a.json.gz", &one), ("b.json.gz", &two)]);
    let both = [("!/a.json.gz", "read 1"), ("!/b.json.gz", "read 1")];
    // Cut between the members and the end mark, inside the second member, and inside its header.
    check(
        "a.tar",
        &tar[..2048 + 1024 - 1024],
        &[both[0], both[1], ("", "broken-archive")],
    );
    check(
        "a.tar",
        &tar[..1536 + 10],
        &[both[0], ("", "broken-archive")],
    );
    check(
        "a.tar",
        &tar[..1024 + 10],
        &[both[0], ("", "broken-archive")],
    );
    check("a.tar", &tar[..1024], &[both[0], ("", "broken-archive")]);
    // A second archive behind the end mark is read, other bytes are not passed over.
    let more = [&tar[..], &tar_of(&[("c.json.gz", &one)])].concat();
    check(
        "a.tar",
        &more,
        &[both[0], both[1], ("!/c.json.gz", "read 1"), ("", "read 0")],
    );
    let tail = [&tar[..], &[b'x'; 700]].concat();
    check("a.tar", &tail, &[both[0], both[1], ("", "broken-archive")]);
    let packed = gzip(&tar);
    let set = read_as("a.tar.gz", &packed[..packed.len() - 20]);
    assert!(set.is_incomplete(), "{:?}", outcomes(&set));
    let zipped = zip_of(&[("a.json.gz", &one), ("b.json.gz", &two)]);
    check(
        "a.zip",
        &zipped[..zipped.len() - 10],
        &[("", "broken-archive")],
    );
    let mut wrong = zipped;
    wrong[60] ^= 0xFF;
    let set = read_as("a.zip", &wrong);
    assert_eq!(set.kept().count(), 1);
    assert!(set.is_incomplete(), "{:?}", outcomes(&set));
}

#[test]
fn bytes_of_a_zip_that_its_directory_does_not_list_may_be_a_log_file() {
    let (one, two) = (log(1), log(2));
    let zipped = zip_of(&[("a.json.gz", &one)]);
    let other = zip_of(&[("b.json.gz", &two)]);
    let listed = [("!/a.json.gz", "read 1"), ("", "broken-archive")];
    let tail = |words: &'static [u8]| [&zipped[..], words].concat();
    // Behind the end record, as data and as a comment that its length does not count.
    check("a.zip", &tail(b"more"), &listed);
    // Another archive before it: only the last directory is read.
    let set = check("a.zip", &[&other[..], &zipped].concat(), &listed);
    let told = set.files[1].1.messages().join(" ");
    assert!(
        told.contains("does not list the member at byte 0"),
        "{told}"
    );
    // A member whose entry was taken out of the directory, before, between and behind others.
    for gone in ["a", "b", "c"] {
        let bytes = without_entry(gone, &one);
        let kept: Vec<String> = ["a", "b", "c"]
            .into_iter()
            .filter(|name| *name != gone)
            .map(|name| format!("!/{name}.json.gz"))
            .collect();
        let expected = [
            (&kept[0][..], "read 1"),
            (&kept[1], "read 1"),
            ("", "broken-archive"),
        ];
        check("a.zip", &bytes, &expected);
    }
    // An archive in the comment of another.
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .set_raw_comment(other.into_boxed_slice())
        .expect("short");
    let bytes = writer.finish().expect("ends the archive").into_inner();
    let set = read_as("a.zip", &bytes);
    assert!(set.is_incomplete(), "{:?}", outcomes(&set));
}

/// Three members that are one log each, and a directory that lists two of them.
fn without_entry(gone: &str, log: &[u8]) -> Vec<u8> {
    let whole = zip_of(&[("a.json.gz", log), ("b.json.gz", log), ("c.json.gz", log)]);
    let start = memchr::memmem::find(&whole, b"PK\x01\x02").expect("a directory");
    let end = memchr::memmem::find(&whole, b"PK\x05\x06").expect("an end record");
    let length = (end - start) / 3;
    let mut made = whole[..start].to_vec();
    for entry in whole[start..end].chunks(length) {
        if entry[46] != gone.as_bytes()[0] {
            made.extend_from_slice(entry);
        }
    }
    let mut last = whole[end..].to_vec();
    last[8..12].copy_from_slice(&[2, 0, 2, 0]);
    let size = u32::try_from(2 * length).expect("small");
    last[12..16].copy_from_slice(&size.to_le_bytes());
    made.extend_from_slice(&last);
    made
}

#[test]
fn what_ordinary_programs_write_into_a_zip_is_no_loss() {
    let one = log(1);
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default();
    writer.add_directory("folder/", options).expect("a folder");
    writer.start_file("a.json.gz", options).expect("begins");
    writer.write_all(&one).expect("writes to memory");
    let large = options.large_file(true);
    writer
        .start_file("__MACOSX/._a.json.gz", large)
        .expect("begins");
    writer.write_all(APPLE_DOUBLE).expect("writes to memory");
    writer.set_comment("made by hand").expect("short");
    let streamed = writer.finish().expect("ends the archive").into_inner();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file("__MACOSX/._a.json.gz", large)
        .expect("begins");
    writer.write_all(APPLE_DOUBLE).expect("writes to memory");
    let aligned = options.with_alignment(4096);
    writer.start_file("a.json.gz", aligned).expect("begins");
    writer.write_all(&one).expect("writes to memory");
    let aligned = writer.finish().expect("ends the archive").into_inner();
    for bytes in [streamed, aligned] {
        let set = read_as("a.zip", &bytes);
        assert!(!set.is_incomplete(), "{:?}", outcomes(&set));
        assert_eq!(set.kept().count(), 1);
    }
    check("a.zip", &zip_of(&[]), &[("", "read 0")]);
}

#[test]
fn empty_and_broken_files_that_are_called_like_what_holds_logs_are_losses() {
    let names = [
        "a.zip",
        "a.tar",
        "a.tgz",
        "A.ZIP",
        "a.zst",
        "a.tar.zst",
        "a.csv",
    ];
    let packed = ["a.tar.gz", "a.csv.gz"];
    for name in names.into_iter().chain(packed) {
        for bytes in [&b""[..], b" \n", b"\x00\x01junk", b"junk"] {
            let set = read_as(name, bytes);
            assert!(set.is_incomplete(), "{name} {bytes:?} {:?}", outcomes(&set));
            let inside = read_as("x.zip", &zip_of(&[(name, bytes)]));
            assert!(inside.is_incomplete(), "{name} {bytes:?}");
        }
    }
    let table = b"name,meaning\ncaf\xC3\xA9,a place\n";
    check("README.csv", table, &[("", "other-file")]);
    check(
        "pictures.zip",
        &zip_of(&[("a.png", b"\x89PNG\r\n"), ("README.csv", table)]),
        &[
            ("!/a.png", "other-file"),
            ("!/README.csv", "other-file"),
            ("", "read 0"),
        ],
    );
}

#[test]
fn archives_inside_archives_and_unknown_ones_are_named() {
    let one = log(1);
    let inner = zip_of(&[("a.json.gz", &one)]);
    check(
        "a.zip",
        &zip_of(&[("b.zip", &inner)]),
        &[("!/b.zip", "archive"), ("", "read 0")],
    );
    check("a.7z", b"7z\xBC\xAF\x27\x1Crest", &[("", "archive")]);
    check("a.zip.gz", &gzip(&inner), &[("", "archive")]);
}

#[test]
fn an_archive_that_is_denser_than_any_log_is_stopped() {
    let blank = vec![b' '; 40 << 20];
    let tar = tar_of(&[("a.json", &blank), ("b.json", &blank), ("c.json", &blank)]);
    let best = flate2::Compression::best();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), best);
    encoder.write_all(&tar).expect("writes to memory");
    let set = read_as("a.tar.gz", &encoder.finish().expect("ends"));
    let last = outcomes(&set).pop().expect("the archive");
    assert_eq!(last, ("a.tar.gz".into(), "inflated-too-dense".into()));
    let zipped = zip_of(&[("a.json", &blank), ("b.json", &blank), ("c.json", &blank)]);
    let last = outcomes(&read_as("a.zip", &zipped))
        .pop()
        .expect("the archive");
    assert_eq!(last, ("a.zip".into(), "inflated-too-dense".into()));
}

#[test]
fn one_name_twice_is_read_twice_in_tar_and_refused_in_zip() {
    let (one, two) = (log(1), log(2));
    check(
        "a.tar",
        &tar_of(&[("a.json.gz", &one), ("a.json.gz", &two)]),
        &[
            ("!/a.json.gz", "read 1"),
            ("!2/a.json.gz", "read 1"),
            ("", "read 0"),
        ],
    );
    let mut zipped = zip_of(&[("a.json.gz", &one), ("b.json.gz", &two)]);
    for at in 0..zipped.len() - 9 {
        if zipped[at..].starts_with(b"b.json.gz") {
            zipped[at] = b'a';
        }
    }
    check("a.zip", &zipped, &[("", "broken-archive")]);
}

#[test]
fn a_hundred_thousand_members_are_named_one_by_one() {
    let mut tar = Vec::new();
    for number in 0..100_000 {
        let name = format!("f{number}.txt");
        tar.extend_from_slice(header(&name, tar::EntryType::Regular, 0).as_bytes());
    }
    tar.extend_from_slice(&[0; 1024]);
    let set = read_as("a.tar", &tar);
    assert_eq!(set.files.len(), 100_001);
    assert!(
        set.files[..100_000]
            .iter()
            .all(|(_, report, _)| { report.outcome == FileOutcome::NotRead(OtherKind::Empty) })
    );
}
