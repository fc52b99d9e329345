//! What is passed over by its name is that only where its bytes agree.

use attestrail::reader::FileOutcome;

use crate::reader_common::{ReadSet, gzip, read_set, record, wrap, write};

fn read_as(name: &str, bytes: &[u8]) -> ReadSet {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join(name), bytes);
    read_set(&[folder.path().to_owned()])
}

fn tar_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_cksum();
    builder
        .append_data(&mut header, name, content)
        .expect("writes to memory");
    builder.into_inner().expect("ends the archive")
}

/// What becomes of a file in a folder and in an archive: `read N` or a code.
#[track_caller]
fn check(name: &str, bytes: &[u8], expected: &str) {
    for set in [read_as(name, bytes), read_as("a.tar", &tar_of(name, bytes))] {
        let (file, report, kept) = &set.files[0];
        let found = match &report.outcome {
            FileOutcome::Read => format!("read {}", kept.records.len()),
            FileOutcome::Refused(fault) => fault.code().to_owned(),
            FileOutcome::NotRead(kind) => kind.code().to_owned(),
        };
        assert_eq!(found, expected, "{}", file.key);
    }
}

#[test]
fn only_apple_double_is_passed_over_as_such() {
    let records = wrap(&[record(1)]).into_bytes();
    let double = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x02";
    for name in ["._a.json", "x/._a.json.gz", "._notes"] {
        check(name, &records, "read 1");
        check(name, &gzip(&records), "read 1");
        check(name, double, "system-file");
        check(name, b"", "system-file");
        check(name, &[&double[..], &records].concat(), "unread-form");
    }
    check("._a.json", b"attributes", "not-json");
    check("._notes", b"attributes", "other-file");
}

#[test]
fn a_name_of_the_system_or_of_a_document_hides_no_records() {
    let records = wrap(&[record(1)]).into_bytes();
    let names = [
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        ".localized",
        "aws-logs-write-test",
        "a.docx",
        "a.jar",
    ];
    for name in names {
        check(name, &records, "read 1");
        check(name, &gzip(&records), "read 1");
    }
    check(".DS_Store", b"\x00\x00\x00\x01Bud1\x00", "system-file");
    check("Thumbs.db", b"\xD0\xCF\x11\xE0", "system-file");
    check(
        "desktop.ini",
        b"[.ShellClassInfo]\r\nIconIndex=0\r\n",
        "system-file",
    );
    check(".localized", b"", "system-file");
    check(
        "aws-logs-write-test",
        b"Permission Check Successful",
        "write-test",
    );
    check("a.docx", b"PK\x03\x04rest", "other-file");
}
