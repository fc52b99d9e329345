//! Records that are recalled are what they would be if they were read: after records like
//! them, and after any change of their bytes.

use attestrail::control::list::NamedLists;
use attestrail::control::load;
use attestrail::control::roles::ControlEngine;
use attestrail::record::path::{PathId, PathSet, core};
use attestrail::record::project::Projector;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::recalled::read_and_recall;

const WANTED: [PathId; 5] = [
    core::EVENT_TIME,
    core::EVENT_ID,
    core::AWS_REGION,
    core::BUCKET_NAME,
    core::RESOURCE_ARN,
];

fn engine() -> ControlEngine {
    let (set, _) = load::shipped().expect("the shipped controls load");
    ControlEngine::new(&set, &NamedLists::default())
}

fn reader(paths: &PathSet) -> Projector<'_> {
    Projector::new(paths).recalling(&WANTED)
}

/// The events of all shipped examples, as trails write them and with other white space.
fn events() -> Vec<String> {
    let (set, _) = load::shipped().expect("the shipped controls load");
    let examples = set.controls().iter().flat_map(|control| &control.examples);
    let events = examples.flat_map(|example| &example.events);
    let events = events.filter_map(|event| serde_json::from_str::<Value>(event.get_ref()).ok());
    let dense = |event: &Value| [event.to_string(), format!("{event:#}")];
    events.collect::<Vec<_>>().iter().flat_map(dense).collect()
}

/// Gives every text another value, so that only blanks differ.
fn filled(text: &str, number: usize) -> String {
    let mut event: Value = serde_json::from_str(text).expect("it is JSON");
    event["eventID"] = format!("{number:08}-0000-4000-8000-000000000000").into();
    event["eventTime"] = format!("2026-10-{:02}T08:15:{:02}Z", number % 28 + 1, number % 60).into();
    event["requestID"] = "x".repeat(number % 70).into();
    event["sourceIPAddress"] = format!("203.0.113.{number}").into();
    event.to_string()
}

#[test]
fn records_that_differ_in_their_values_only_are_recalled() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let (mut recalled, mut others) = (0, 0);
    for (number, event) in events().iter().enumerate() {
        for step in 0..4 {
            let (read, was_recalled) =
                read_and_recall(&filled(event, 4 * number + step), &mut reader, &WANTED);
            assert!(read.is_ok());
            recalled += usize::from(was_recalled);
            others += usize::from(!was_recalled);
        }
    }
    assert!(recalled > others, "{recalled} of {}", recalled + others);
}

#[test]
fn what_is_missing_or_new_is_read() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let known = r#"{"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventTime":"2026-10-01T00:00:00Z","eventName":"A","n":7,"x":[{"a":"b"}]}"#;
    let learnt = |reader: &mut Projector<'_>| {
        let _ = read_and_recall(known, reader, &WANTED);
        assert!(read_and_recall(known, reader, &WANTED).1);
    };
    learnt(&mut reader);
    for end in 0..known.len() {
        assert!(
            reader.recall(&known.as_bytes()[..end], 0).is_none(),
            "{end}"
        );
    }
    for (old, new) in [
        ("\"Root\"", "\"IAMUser\""),
        ("\"A\"", "\"B\""),
        ("\"A\"", "\"\""),
        ("\"A\"", "\"\\u0041\""),
        ("2026-10-01T00:00:00Z", ""),
        ("2026-10-01T00:00:00Z", "2026\\u002d10"),
        ("7", "-"),
        ("7", "07"),
        ("7", "null"),
        ("{\"a\":\"b\"}", "{\"a\":\"b\",\"a\":\"b\"}"),
        ("\"b\"", "\"\u{1}\""),
        ("\"b\"", "\"\\ud800\""),
        ("\"x\"", "\"n\""),
    ] {
        let changed = known.replacen(old, new, 1);
        assert_ne!(changed, known);
        assert!(reader.recall(changed.as_bytes(), 0).is_none(), "{changed}");
        let _ = read_and_recall(&changed, &mut reader, &WANTED);
        learnt(&mut reader);
    }
}

#[test]
fn what_is_recalled_is_forgotten_with_the_likenesses() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let named = |name: usize| format!(r#"{{"eventName":"A{name}","eventID":"x"}}"#);
    for name in 0..7 {
        let _ = read_and_recall(&named(name), &mut reader, &WANTED);
        assert!(read_and_recall(&named(name), &mut reader, &WANTED).1);
    }
    // So many kinds of records that the first ones are forgotten; none of these is learnt.
    for name in 7..5_000 {
        let text = named(name);
        assert!(reader.read(text.as_bytes(), 0).is_ok());
        assert!(reader.likeness(text.as_bytes()).is_some());
    }
    for name in 0..7 {
        assert!(!read_and_recall(&named(name), &mut reader, &WANTED).1);
        assert!(read_and_recall(&named(name), &mut reader, &WANTED).1);
    }
}

#[test]
fn a_kind_keeps_its_number_until_all_are_forgotten() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let mut round = || -> Vec<_> {
        let names = (0..4_000).map(|name| format!(r#"{{"eventName":"A{name}"}}"#));
        let numbers = names.map(|text| {
            assert_eq!(reader.read(text.as_bytes(), 0), Ok(text.len()));
            reader.likeness(text.as_bytes())
        });
        numbers.collect()
    };
    let first = round();
    assert!(first.iter().all(Option::is_some));
    let again = round();
    let changed = first.iter().zip(&again).filter(|(one, other)| one != other);
    assert_eq!(changed.count(), 0);
}

/// Reads records until the shapes of those before are forgotten.
fn forget_shapes(reader: &mut Projector<'_>) {
    for round in 0..2_000 {
        let members: Vec<String> = (0..20).map(|at| format!(r#""k{round}-{at}":1"#)).collect();
        let text = format!("{{{}}}", members.join(","));
        assert_eq!(reader.read(text.as_bytes(), 0), Ok(text.len()));
    }
}

#[test]
fn what_is_recalled_under_another_number_is_of_the_same_kind() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let named = |name: usize| format!(r#"{{"k":0,"eventName":"A{name}","m":"x"}}"#);
    let mut number = |name: usize| {
        let text = named(name);
        let _ = read_and_recall(&text, &mut reader, &WANTED);
        assert!(read_and_recall(&text, &mut reader, &WANTED).1);
        let bytes = text.as_bytes();
        let recalled = reader.recall(bytes, 0).map(|found| found.likeness());
        let read = reader.likeness(bytes);
        forget_shapes(&mut reader);
        (recalled, read)
    };
    let first: Vec<_> = (0..3).map(&mut number).collect();
    let again: Vec<_> = (0..3).map(&mut number).collect();
    assert!(first.iter().all(|(recalled, read)| recalled == read));
    // The tree goes on to give the number by which the record was learnt.
    assert!(
        first
            .iter()
            .zip(&again)
            .all(|(one, other)| one.0 == other.0)
    );
    assert!(again.iter().any(|(recalled, read)| recalled != read));
}

#[test]
fn what_was_left_out_is_never_learnt() {
    let engine = engine();
    let mut reader = reader(engine.paths());
    let record = r#"{"eventName":"A","requestParameters":{"omitted":true,"originalSize":1}}"#;
    for _ in 0..3 {
        assert!(!read_and_recall(record, &mut reader, &WANTED).1);
    }
}

/// One change of a text; several of them make odd things.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, char),
    Insert(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = prop::sample::select(vec![
        "\"", "\\", "\\u0041", "{", "}", "[", "]", ",", ":", "\"a\":1,", "{},", "0", "-", "null",
        "\n", "é", "true", "\"\"", " ",
    ]);
    let characters = prop::sample::select("\"\\{}[]:,0a\u{1}é \u{7f}".chars().collect::<Vec<_>>());
    prop_oneof![
        (any::<Index>(), characters).prop_map(|(at, new)| Change::Replace(at, new)),
        (any::<Index>(), pieces).prop_map(|(at, new)| Change::Insert(at, new)),
        (any::<Index>(), 1..40usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<Index>(), 1..60usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for change in changes {
        let (Change::Replace(at, _)
        | Change::Insert(at, _)
        | Change::Remove(at, _)
        | Change::Repeat(at, _)) = change;
        let at = at.index(text.len());
        let end = |count: &usize| (at + count).min(text.len());
        match change {
            Change::Replace(_, new) => text[at] = *new,
            Change::Insert(_, new) => drop(text.splice(at..at, new.chars())),
            Change::Remove(_, count) => drop(text.drain(at..end(count))),
            Change::Repeat(_, count) => {
                let again = text[at..end(count)].to_vec();
                text.splice(at..at, again);
            }
        }
        if text.is_empty() {
            text.push('{');
        }
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_change_of_a_record_is_overlooked(
        which in any::<Index>(),
        rows in prop::collection::vec(prop::collection::vec(change(), 0..4), 1..20),
    ) {
        let events = events();
        let engine = engine();
        let mut reader = reader(engine.paths());
        let event = which.get(&events);
        for (number, row) in rows.iter().enumerate() {
            // Broken texts and odd ones, between sound ones that are learnt.
            let _ = read_and_recall(&filled(event, number), &mut reader, &WANTED);
            let _ = read_and_recall(&changed(event, row), &mut reader, &WANTED);
            let _ = read_and_recall(&changed(event, row), &mut reader, &WANTED);
        }
    }
}
