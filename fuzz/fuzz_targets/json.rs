//! The fast reader of records against serde_json: the same texts are accepted, the same
//! values are found, and hashes are equal where the content is.
//!
//! A line break in the input divides it into records, which one reader reads one after
//! the other, so that what it remembers of earlier records is tried too.

#![no_main]

use attestrail::record::path::PathSet;
use attestrail::record::project::{Kind, Projector};
use attestrail::record::view::RecordView;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/slow_json.rs"]
mod slow_json;

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

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut paths = PathSet::new();
    for path in WANTED {
        paths.intern(path);
    }
    let mut used = Projector::new(&paths);
    for record in text.split('\n') {
        compare(record, &mut used);
    }
});

fn compare(text: &str, used: &mut Projector<'_>) {
    let mut new = Projector::new(used.paths());
    let first = new.read(text.as_bytes(), 0);
    let again = used.read(text.as_bytes(), 0);
    assert_eq!(first, again, "a used reader differs from a new one: {text}");
    if text.len() > 1 << 16 || nesting(text) > 100 {
        // Beyond this the two have limits of their own.
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
fn nesting(text: &str) -> usize {
    text.bytes().filter(|byte| b"{[".contains(byte)).count()
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
