//! What the tests of the reader share.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use attestrail::reader::{
    FileReport, FoundRecord, ReadLimits, RecordSink, Scratch, archive, read_bytes, read_file,
    read_member,
};
use attestrail::record::path::{PathSet, core};
use attestrail::record::project::Projector;
use attestrail::source::local::{WalkOptions, walk};
use attestrail::source::{Listing, SourceFile};

/// Keeps what a consumer would keep.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Kept {
    pub records: Vec<KeptRecord>,
    pub discards: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct KeptRecord {
    pub index: u32,
    pub time: i64,
    pub raw: Vec<u8>,
    pub name: String,
    pub event_id: String,
    pub content_hash: u64,
}

impl RecordSink for Kept {
    fn record(&mut self, record: &FoundRecord<'_>) {
        let text = |path| record.view.text(path).unwrap_or_default().into_owned();
        assert_eq!(record.view.time(), Some(record.time));
        self.records.push(KeptRecord {
            index: record.index,
            time: record.time,
            raw: record.raw.to_vec(),
            name: text(core::EVENT_NAME),
            event_id: text(core::EVENT_ID),
            content_hash: record.content_hash,
        });
    }

    fn discard(&mut self) {
        self.records.clear();
        self.discards += 1;
    }
}

/// Reads bytes as a file of this name.
pub fn read(name: &str, bytes: &[u8]) -> (FileReport, Kept) {
    let paths = PathSet::new();
    let mut kept = Kept::default();
    let report = read_bytes(
        name,
        bytes,
        &ReadLimits::default(),
        &mut Scratch::new(),
        &mut Projector::new(&paths),
        &mut kept,
    );
    check_balance(&report, &kept);
    (report, kept)
}

#[track_caller]
pub fn check_balance(report: &FileReport, kept: &Kept) {
    assert!(report.balances(), "{report:?}");
    assert_eq!(report.records_kept, kept.records.len() as u64, "{report:?}");
    for line in report.messages() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

/// Everything that one log set gives.
pub struct ReadSet {
    pub listing: Listing,
    pub files: Vec<(SourceFile, FileReport, Kept)>,
}

impl ReadSet {
    pub fn kept(&self) -> impl Iterator<Item = &KeptRecord> {
        self.files.iter().flat_map(|(_, _, kept)| &kept.records)
    }

    /// Whether a run over this log set would end incomplete.
    pub fn is_incomplete(&self) -> bool {
        self.files
            .iter()
            .any(|(_, report, _)| report.is_incomplete())
            || self
                .listing
                .problems
                .iter()
                .any(|problem| problem.severity == attestrail::source::Severity::Error)
    }

    /// Every message, with the name of its file before it.
    pub fn messages(&self) -> Vec<String> {
        let of_files = self.files.iter().flat_map(|(file, report, _)| {
            report
                .messages()
                .into_iter()
                .map(|message| format!("{}: {message}", file.display()))
        });
        let of_problems = self
            .listing
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.display, problem.message));
        of_files.chain(of_problems).collect()
    }
}

pub fn read_set(roots: &[PathBuf]) -> ReadSet {
    let listing = walk(roots, WalkOptions::default()).expect("roots are there");
    let paths = PathSet::new();
    let mut projector = Projector::new(&paths);
    let mut scratch = Scratch::new();
    let mut files = Vec::new();
    for file in listing.files.iter() {
        let mut kept = Kept::default();
        let report = read_file(
            &file,
            &ReadLimits::default(),
            &mut scratch,
            &mut projector,
            &mut kept,
        );
        check_balance(&report, &kept);
        if !report.is_archive() {
            files.push((file, report, kept));
            continue;
        }
        let report = archive::each_member(&file, &ReadLimits::default(), &mut |member| {
            let mut kept = Kept::default();
            let limits = ReadLimits::default();
            let report = read_member(&member, &limits, &mut scratch, &mut projector, &mut kept);
            check_balance(&report, &kept);
            let key = member.key;
            files.push((
                SourceFile {
                    key,
                    ..file.clone()
                },
                report,
                kept,
            ));
            true
        });
        files.push((file, report, Kept::default()));
    }
    ReadSet { listing, files }
}

/// The folder with shared data, which CI must have and a lone checkout need not.
pub fn shared(part: &str) -> Option<PathBuf> {
    let base = match std::env::var_os("ATTESTRAIL_SHARED") {
        Some(given) => PathBuf::from(given),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let folder = base.join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing although CI is set",
        folder.display()
    );
    None
}

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/logs")
        .join(name)
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

/// A plain record with this number in its id.
pub fn record(number: u32) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","userName":"ana","accountId":"111122223333"}},"eventTime":"2024-05-06T02:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GoodOne","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","requestParameters":{{"note":"}},{{ \" ] \\"}},"responseElements":null,"eventID":"00000000-0000-4000-8000-{number:012}","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#
    )
}

pub fn wrap(records: &[String]) -> String {
    format!("{{\"Records\":[{}]}}", records.join(","))
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("has a folder")).expect("makes folders");
    fs::write(path, bytes).expect("writes");
}
