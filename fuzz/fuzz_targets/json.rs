//! The fast reader of records against serde_json: the same texts are accepted, the same
//! values are found, and hashes are equal where the content is. Members that stand twice and
//! bytes that are not UTF-8 are refused.
//!
//! A line break in the input divides it into records. They are read one after the other by one
//! reader, so that what it remembers of earlier records is tried too, and then as one log file.

#![no_main]

use attestrail::reader::{
    Content, FileFault, FileOutcome, FoundRecord, ReadLimits, RecordSink, Scratch, read_bytes,
};
use attestrail::record::path::{PathId, PathSet, core};
use attestrail::record::project::{Kind, Projector};
use attestrail::record::view::RecordView;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

#[path = "../../tests/it/recalled.rs"]
mod recalled;
#[path = "../../tests/it/slow_json.rs"]
mod slow_json;

/// Paths whose strings are handed out of records that are recalled.
const RECALLED: [PathId; 2] = [core::EVENT_NAME, core::IDENTITY_ARN];

const WANTED: [&str; 8] = [
    "a",
    "b",
    "a.b",
    "a.a",
    "eventName",
    "userIdentity.type",
    "requestParameters.a",
    "requestParameters.items.b",
];

/// Beyond this the two have limits of their own.
const MOST_BYTES: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    whole_file(bytes);
    let mut paths = PathSet::new();
    for path in WANTED {
        paths.intern(path);
    }
    let mut used = Projector::new(&paths).recalling(&RECALLED);
    for record in bytes.split(|byte| *byte == b'\n') {
        // The reader of a file sees to it that a record is UTF-8 before it is read.
        if let Ok(record) = std::str::from_utf8(record) {
            compare(record, &mut used);
        }
    }
});

/// Each line as a record of a log file: what is kept is what stood there and what serde_json
/// accepts, and what it does not accept is refused by index.
fn whole_file(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.trim_ascii()).collect();
    if bytes.len() > MOST_BYTES || !lines.iter().all(|line| is_one_value(line)) {
        return;
    }
    let file = [br#"{"Records":["#, lines.join(&b',').as_slice(), b"]}"].concat();
    let mut kept = Kept::default();
    let report = read_bytes(
        "records.json",
        &file,
        &ReadLimits::default(),
        &mut Scratch::new(),
        &mut Projector::new(&PathSet::new()),
        &mut kept,
    );
    if let FileOutcome::Refused(FileFault::MostlyNotUtf8 { .. }) = report.outcome {
        assert!(std::str::from_utf8(bytes).is_err() && kept.0.is_empty());
        return;
    }
    if report
        .shape
        .is_some_and(|shape| shape.content != Content::Records)
    {
        // A list that streams and queues hand to functions is called `Records` too.
        return;
    }
    let aggregates = report.aggregates as usize;
    assert_eq!(
        report.records_seen as usize + aggregates,
        lines.len(),
        "{report:?}"
    );
    if aggregates > 0 {
        // They are no records, and the index of a record does not count them.
        return;
    }
    for (index, line) in lines.iter().enumerate() {
        let found: Vec<_> = kept
            .0
            .iter()
            .filter(|one| one.0 as usize == index)
            .collect();
        let is_sound = std::str::from_utf8(line).is_ok_and(|text| slow_json::slow(text).is_some());
        assert!(
            found.len() <= 1 && (is_sound || found.is_empty()),
            "{index}: {report:?}"
        );
        assert!(
            found.iter().all(|one| one.1 == *line),
            "{index}: {report:?}"
        );
    }
}

/// Whether a full parser sees one whole value, leaving aside bytes that are not UTF-8 and
/// members that stand twice.
fn is_one_value(line: &[u8]) -> bool {
    nesting(line) <= 100
        && serde_json::from_str::<IgnoredAny>(&String::from_utf8_lossy(line)).is_ok()
}

#[derive(Default)]
struct Kept(Vec<(u32, Vec<u8>)>);

impl RecordSink for Kept {
    fn record(&mut self, found: &FoundRecord<'_>) {
        self.0.push((found.index, found.raw.to_vec()));
    }

    fn discard(&mut self) {
        self.0.clear();
    }
}

fn compare(text: &str, used: &mut Projector<'_>) {
    let mut new = Projector::new(used.paths());
    let first = new.read(text.as_bytes(), 0);
    let again = recalled::read_and_recall(text, used, &RECALLED).0;
    assert_eq!(first, again, "a used reader differs from a new one: {text}");
    if text.len() > MOST_BYTES || nesting(text.as_bytes()) > 100 {
        return;
    }
    let accepted = first.is_ok_and(|end| end == text.len());
    // A value never has white space around it here: the walk over a file takes care of it.
    let trimmed = text.trim_matches([' ', '\t', '\r']);
    let expected = if trimmed.len() == text.len() {
        slow_json::slow(text)
    } else {
        None
    };
    assert_eq!(accepted, expected.is_some(), "{text}");
    let Some(expected) = expected else {
        return;
    };
    let mut leaves = Vec::new();
    expected.leaves(None, &mut leaves);
    leaves.retain(|(path, _)| used.paths().get(path).is_some());
    assert_eq!(fast_leaves(text, used), leaves, "{text}");
    let mut canonical = String::new();
    expected.canonical(&mut canonical);
    let mut respelled = String::new();
    respell(&expected, &mut respelled);
    let hash = used.content_hash();
    assert_eq!(new.content_hash(), hash, "{text}");
    let end = new.read(respelled.as_bytes(), 0);
    assert_eq!(end, Ok(respelled.len()), "{respelled}");
    assert_eq!(new.content_hash(), hash, "{text} and {respelled}");
}

/// How deep it can be nested at most.
fn nesting(text: &[u8]) -> usize {
    text.iter().filter(|byte| b"{[".contains(byte)).count()
}

/// The same content with members the other way round, blanks, and every character escaped.
fn respell(json: &slow_json::Json, out: &mut String) {
    use slow_json::Json;
    use std::fmt::Write as _;
    let text = |value: &str, out: &mut String| {
        out.push('"');
        for unit in value.encode_utf16() {
            write!(out, "\\u{unit:04x}").expect("a string takes all");
        }
        out.push('"');
    };
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => write!(out, "{value}").expect("a string takes all"),
        Json::Number(spelling) => out.push_str(spelling),
        Json::Text(value) => text(value, out),
        Json::List(all) => {
            out.push_str("[ ");
            for (at, one) in all.iter().enumerate() {
                out.push_str(if at > 0 { " , " } else { "" });
                respell(one, out);
            }
            out.push_str("\t]");
        }
        Json::Object(members) => {
            out.push_str("{ ");
            for (at, (name, value)) in members.iter().rev().enumerate() {
                out.push_str(if at > 0 { " ,\n" } else { "" });
                text(name, out);
                out.push_str(" : ");
                respell(value, out);
            }
            out.push_str(" }");
        }
    }
}

fn fast_leaves(text: &str, projector: &Projector<'_>) -> Vec<(String, String)> {
    let view = RecordView::new(text.as_bytes(), projector);
    let shown = |kind: Kind, raw: String| match kind {
        Kind::Object => "object".to_owned(),
        Kind::Array => "array".to_owned(),
        Kind::String => format!("text {raw}"),
        _ => raw,
    };
    projector
        .all_leaves()
        .iter()
        .map(|leaf| {
            let name = projector.paths().name(leaf.path).to_owned();
            (name, shown(leaf.kind, view.text_of(leaf).into_owned()))
        })
        .collect()
}
