//! Any bytes as a log file or as an archive of some: no panic, every entry accounted for, no
//! control character in a message, and the same answer from a reader that has read other files
//! before.
//!
//! The first byte chooses the name and whether the rest is compressed first.

#![no_main]

use std::cell::RefCell;
use std::io::Write as _;

use attestrail::diagnostic::escape::is_unsafe;
use attestrail::reader::archive::each_member;
use attestrail::reader::{
    FileReport, FoundRecord, ReadLimits, RecordSink, Scratch, read_bytes, read_member,
};
use attestrail::record::path::PathSet;
use attestrail::record::project::Projector;
use attestrail::source::SourceFile;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 4] = [
    "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/111122223333_CloudTrail_us-east-1_20261005T1000Z_abcdefghijklmnop.json.gz",
    "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2026/10/05/x.json.gz",
    "export/000000.gz",
    "records.json",
];

#[derive(Default, PartialEq, Debug)]
struct Kept {
    records: Vec<(u32, i64, u64, Vec<u8>)>,
}

impl RecordSink for Kept {
    fn record(&mut self, found: &FoundRecord<'_>) {
        let raw = found.raw.to_vec();
        self.records
            .push((found.index, found.time, found.content_hash, raw));
    }

    fn discard(&mut self) {
        self.records.clear();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let name = NAMES[usize::from(how & 3)];
    let stored = match how & 4 {
        0 => rest.to_vec(),
        _ => compressed(rest),
    };
    let paths = PathSet::new();
    let new = read(
        name,
        &stored,
        &mut Scratch::new(),
        &mut Projector::new(&paths),
    );
    thread_local!(static USED: RefCell<Scratch> = RefCell::new(Scratch::new()));
    let again = USED.with_borrow_mut(|used| {
        let mut projector = Projector::new(&paths);
        read(
            "other.json",
            br#"{"Records":[{"a":1}]}"#,
            used,
            &mut projector,
        );
        read(name, &stored, used, &mut projector)
    });
    assert_eq!(new, again);
    if new.0.is_archive() {
        members(name, &stored, &paths);
    }
});

/// Opens an archive twice: its members balance like files, and are the same again.
fn members(name: &str, stored: &[u8], paths: &PathSet) {
    let folder = tempfile::tempdir().expect("the system has room for a file");
    let path = folder.path().join("archive");
    std::fs::write(&path, stored).expect("the system has room for a file");
    let file = SourceFile {
        path,
        key: name.to_owned(),
        size: stored.len() as u64,
        ..SourceFile::default()
    };
    let limits = ReadLimits::default();
    let mut scratch = Scratch::new();
    let mut opened = || {
        let mut all = Vec::new();
        let whole = each_member(&file, &limits, &mut |member| {
            let mut projector = Projector::new(paths);
            let mut kept = Kept::default();
            let report = read_member(&member, &limits, &mut scratch, &mut projector, &mut kept);
            check(&report, &kept);
            all.push((member.key, report, kept));
            true
        });
        check(&whole, &Kept::default());
        (whole, all)
    };
    assert_eq!(opened(), opened());
}

fn read(
    name: &str,
    stored: &[u8],
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
) -> (FileReport, Kept) {
    let mut kept = Kept::default();
    let limits = ReadLimits::default();
    let report = read_bytes(name, stored, &limits, scratch, projector, &mut kept);
    check(&report, &kept);
    (report, kept)
}

fn check(report: &FileReport, kept: &Kept) {
    assert!(report.balances(), "{report:?}");
    assert_eq!(report.records_kept, kept.records.len() as u64, "{report:?}");
    for line in report.messages() {
        assert!(!line.chars().any(is_unsafe), "{line:?}");
    }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}
