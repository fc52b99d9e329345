//! Any accepted pattern and any event: the indexed matcher says what the slow oracle says,
//! alone and beside other patterns.
//!
//! The first line of the input is the event, each further line a pattern.

#![no_main]

use attestrail::pattern::{Engine, EngineBuilder, Lists, Pattern, Truth, oracle};
use attestrail::record::project::Projector;
use attestrail::record::view::RecordView;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const TIME: i64 = 1_790_000_000;
const MOST_PATTERNS: usize = 6;
const MOST_CHOICES: usize = 2_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.split('\n');
    let Some((event, value)) = lines.next().and_then(event) else {
        return;
    };
    let patterns: Vec<(Value, Pattern)> = lines.take(MOST_PATTERNS).filter_map(pattern).collect();
    let Some(together) = answers(&patterns, event) else {
        return;
    };
    for (one, found) in patterns.iter().zip(together) {
        let alone = answers(std::slice::from_ref(one), event).map(|all| all[0]);
        assert_eq!(alone, Some(found), "{} beside others, {event}", one.0);
        if found == Truth::Undecided {
            // The oracle knows no omitted or cut values.
            assert!(may_be_open(&value), "{} {event}", one.0);
            continue;
        }
        let expected = oracle::matches(&one.0, &value, &Lists::new(), TIME);
        assert_eq!(found, Truth::from(expected), "{} {event}", one.0);
    }
});

fn event(text: &str) -> Option<(&str, Value)> {
    let text = text.trim();
    let value: Value = serde_json::from_str(text).ok()?;
    let is_fit = text.len() < 1 << 12 && value.is_object() && has_plain_numbers(&value);
    (is_fit && choices(&value) < MOST_CHOICES).then_some((text, value))
}

/// In how many ways one element of each array can be taken; the oracle tries them all.
fn choices(value: &Value) -> usize {
    match value {
        Value::Array(all) => all
            .iter()
            .map(choices)
            .fold(all.len().max(1), usize::saturating_mul),
        Value::Object(members) => members.values().map(choices).fold(1, usize::saturating_mul),
        _ => 1,
    }
}

/// Whether CloudTrail may have left out or cut a value of this event.
fn may_be_open(event: &Value) -> bool {
    let text = event.to_string();
    text.contains("omitted") || text.len() > 1024
}

fn pattern(text: &str) -> Option<(Value, Pattern)> {
    // The oracle tries every choice of values, and reads JSON in strings by other means.
    if text.len() > 400 || text.contains("json") || text.contains('@') {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let pattern = Pattern::from_json(text).ok()?;
    has_plain_numbers(&value).then_some((value, pattern))
}

/// Numbers that a double holds exactly, as the oracle wants them.
fn has_plain_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => number
            .as_f64()
            .is_some_and(|number| number.abs() < 1e9 && (number * 1024.0).fract() == 0.0),
        Value::Array(all) => all.iter().all(has_plain_numbers),
        Value::Object(members) => members.values().all(has_plain_numbers),
        _ => true,
    }
}

/// What each pattern says of the event; nothing if no record can be such an event.
fn answers(patterns: &[(Value, Pattern)], event: &str) -> Option<Vec<Truth>> {
    let mut builder = EngineBuilder::new();
    for (_, pattern) in patterns {
        builder.add(pattern, &Lists::new());
    }
    let engine: Engine = builder.finish();
    let mut projector = Projector::new(engine.paths());
    // A member twice, or half a character: the reader refuses it, see the target `json`.
    projector.read(event.as_bytes(), 0).ok()?;
    let view = RecordView::new(event.as_bytes(), &projector).at(Some(TIME));
    let mut found = Vec::new();
    engine.matcher().run(&view, &mut found);
    let mut answers = vec![Truth::False; engine.len()];
    for (id, truth) in found {
        answers[id.0 as usize] = truth;
    }
    Some(answers)
}
