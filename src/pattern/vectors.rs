//! Conformance vectors: pattern, event and the answer that is expected.
//!
//! Reads every form of the public format (single pairs, raw texts, sets, TOML
//! forms, quirks) and runs it. A vector that cannot be run is a failure, never
//! left out of the count.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::record::project::{Fault, FaultKind, Projector, skip_space};
use crate::record::view::RecordView;

use super::engine::{EngineBuilder, PatternId};
use super::json;
use super::tree::{Key, Node, Tree};
use super::{Lists, Pattern, PatternError, Truth};

/// What running a file of vectors gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Answers as expected.
    pub passed: usize,
    /// Answers not as expected.
    pub failed: usize,
    /// One for each failed answer.
    pub differences: Vec<Difference>,
}

/// An answer that was not the expected one. All texts are as in the file:
/// whoever prints them escapes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The name of the vector.
    pub name: String,
    /// `match`, `no match`, `error`, or the ids of a set.
    pub expected: String,
    /// The same, or why it could not be run.
    pub got: String,
    /// The pattern or patterns.
    pub pattern: String,
    /// The event, if there is one.
    pub event: Option<String>,
}

/// Why a text holds no vectors at all.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// Not a JSON array of objects, or a member of the wrong kind.
    #[error("not a file of vectors: {0}")]
    Shape(#[from] serde_json::Error),
}

impl Report {
    fn count(
        &mut self,
        name: &str,
        expected: &str,
        got: String,
        pattern: &str,
        event: Option<&str>,
    ) {
        if expected == got {
            self.passed += 1;
            return;
        }
        self.failed += 1;
        self.differences.push(Difference {
            name: name.to_owned(),
            expected: expected.to_owned(),
            got,
            pattern: pattern.to_owned(),
            event: event.map(str::to_owned),
        });
    }

    /// Adds the counts and differences of another report.
    pub fn merge(&mut self, other: Report) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.differences.extend(other.differences);
    }
}

/// Runs all vectors of a file.
///
/// # Errors
/// See [`VectorError`].
pub fn run(text: &str) -> Result<Report, VectorError> {
    let vectors: Vec<Vector> = serde_json::from_str(text)?;
    let mut report = Report::default();
    for vector in &vectors {
        vector.run(&mut report);
    }
    Ok(report)
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(default, deserialize_with = "present")]
    pattern: Option<Box<RawValue>>,
    pattern_text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    event: Option<Box<RawValue>>,
    event_text: Option<String>,
    #[serde(rename = "match")]
    matches: Option<bool>,
    #[serde(default)]
    error: bool,
    toml: Option<String>,
    #[serde(default, deserialize_with = "present")]
    recommended: Option<Box<RawValue>>,
    patterns: Option<Members>,
    events: Option<Vec<SetEvent>>,
}

#[derive(Deserialize)]
struct SetEvent {
    event: Box<RawValue>,
    matches: Option<Vec<String>>,
    #[serde(rename = "match")]
    is_match: Option<bool>,
}

/// `null` is a value here, not an absent member.
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(input).map(Some)
}

/// The members of an object, in its order.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of patterns")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        input.deserialize_map(Reader)
    }
}

impl Vector {
    fn run(&self, report: &mut Report) {
        if let (Some(patterns), Some(events)) = (&self.patterns, &self.events) {
            return run_set(&self.name, patterns, events, report);
        }
        if let Some(toml) = &self.toml {
            return self.run_toml(toml, report);
        }
        let pattern = self.pattern_text.as_deref();
        let pattern = pattern.or_else(|| self.pattern.as_deref().map(RawValue::get));
        let event = self.event_text.as_deref();
        let event = event.or_else(|| self.event.as_deref().map(RawValue::get));
        let (Some(pattern), Some(expected)) = (pattern, self.expected()) else {
            let got = "a vector needs a pattern and an expected answer".to_owned();
            return report.count(&self.name, "a vector", got, "", event);
        };
        let got = match (Pattern::from_json(pattern), event) {
            (Err(errors), _) => refused(&errors),
            (Ok(_), None) => "no error".to_owned(),
            (Ok(pattern), Some(event)) => answer(&pattern, event),
        };
        let got = if expected == "either" && [MATCH, NO_MATCH].contains(&got.as_str()) {
            expected.to_owned()
        } else {
            got
        };
        report.count(&self.name, expected, got, pattern, event);
    }

    fn expected(&self) -> Option<&'static str> {
        if let Some(recommended) = &self.recommended {
            return match recommended.get() {
                "true" => Some(MATCH),
                "false" => Some(NO_MATCH),
                "\"error\"" => Some("error"),
                "null" => Some("either"),
                _ => None,
            };
        }
        if self.error {
            return Some("error");
        }
        self.matches.map(word)
    }

    fn run_toml(&self, toml: &str, report: &mut Report) {
        let pattern = Pattern::from_toml_text(toml);
        let pattern = match (pattern, self.error) {
            (Err(errors), true) => {
                return report.count(&self.name, "error", refused(&errors), toml, None);
            }
            (Ok(_), true) => {
                return report.count(&self.name, "error", "no error".into(), toml, None);
            }
            (Err(errors), false) => {
                return report.count(&self.name, "a pattern", refused(&errors), toml, None);
            }
            (Ok(pattern), false) => pattern,
        };
        for event in self.events.iter().flatten() {
            let expected = event.is_match.map_or("an expected answer", word);
            let text = event.event.get();
            let name = &self.name;
            report.count(name, expected, answer(&pattern, text), toml, Some(text));
            // The JSON that the TOML stands for must give the same answer.
            if let Some(json) = &self.pattern {
                let got = match Pattern::from_json(json.get()) {
                    Ok(pattern) => answer(&pattern, text),
                    Err(errors) => refused(&errors),
                };
                report.count(name, expected, got, json.get(), Some(text));
            }
        }
    }
}

const MATCH: &str = "match";
const NO_MATCH: &str = "no match";

fn word(matches: bool) -> &'static str {
    if matches { MATCH } else { NO_MATCH }
}

/// `error`; an error of ours that has no code would be a defect.
fn refused(errors: &[PatternError]) -> String {
    match errors {
        [] => "refused without a reason".to_owned(),
        _ => "error".to_owned(),
    }
}

/// All patterns of a set in one engine, added in both orders.
fn run_set(name: &str, patterns: &Members, events: &[SetEvent], report: &mut Report) {
    let mut parsed = Vec::new();
    for (id, text) in &patterns.0 {
        match Pattern::from_json(text.get()) {
            Ok(pattern) => parsed.push((id.as_str(), pattern)),
            Err(errors) => {
                let name = format!("{name}/{id}");
                report.count(&name, "a pattern", refused(&errors), text.get(), None);
            }
        }
    }
    for _ in 0..2 {
        let mut builder = EngineBuilder::new();
        let lists = Lists::new();
        for (_, pattern) in &parsed {
            builder.add(pattern, &lists);
        }
        let engine = builder.finish();
        let mut matcher = engine.matcher();
        let mut found = Vec::new();
        for event in events {
            let text = event.event.get();
            let mut expected = event.matches.clone().unwrap_or_default();
            expected.sort_unstable();
            let got = with_view(engine.paths(), text, |view| {
                matcher.run(view, &mut found);
                let mut ids: Vec<_> = found
                    .iter()
                    .map(|found| shown_id(&parsed, *found))
                    .collect();
                ids.sort_unstable();
                ids.join(" ")
            });
            let got = got.unwrap_or_else(|fault| format!("event refused: {fault}"));
            report.count(name, &expected.join(" "), got, "", Some(text));
        }
        parsed.reverse();
    }
}

fn shown_id(patterns: &[(&str, Pattern)], (id, truth): (PatternId, Truth)) -> String {
    let name = patterns[id.0 as usize].0;
    match truth {
        Truth::True => name.to_owned(),
        _ => format!("{name} (undecided)"),
    }
}

/// The answer of one pattern for one event.
fn answer(pattern: &Pattern, event: &str) -> String {
    let mut builder = EngineBuilder::new();
    let id = builder.add(pattern, &Lists::new());
    let engine = builder.finish();
    let answer = with_view(engine.paths(), event, |view| {
        let mut matcher = engine.matcher();
        let alone = matcher.eval(id, view);
        let mut found = Vec::new();
        matcher.run(view, &mut found);
        let indexed = found.first().map_or(Truth::False, |found| found.1);
        (alone, indexed)
    });
    match answer {
        Ok((Truth::True, Truth::True)) => MATCH.to_owned(),
        Ok((Truth::False, Truth::False)) => NO_MATCH.to_owned(),
        Ok((Truth::Undecided, Truth::Undecided)) => "undecided".to_owned(),
        Ok((alone, indexed)) => format!("{alone:?} alone, {indexed:?} through the index"),
        Err(fault) => format!("event refused: {fault}"),
    }
}

fn with_view<T>(
    paths: &crate::record::path::PathSet,
    event: &str,
    ask: impl FnOnce(&RecordView<'_>) -> T,
) -> Result<T, Fault> {
    let mut projector = Projector::new(paths);
    let mut event = Cow::Borrowed(event);
    let mut read = read(&mut projector, &event);
    if let Err(Fault {
        kind: FaultKind::DuplicateMember(_),
        ..
    }) = read
        && let Some(merged) = without_duplicates(&event)
    {
        event = Cow::Owned(merged);
        read = self::read(&mut projector, &event);
    }
    read.map(|()| ask(&RecordView::new(event.as_bytes(), &projector)))
}

fn read(projector: &mut Projector<'_>, event: &str) -> Result<(), Fault> {
    let bytes = event.as_bytes();
    let end = projector.read(bytes, skip_space(bytes, 0))?;
    if skip_space(bytes, end) < bytes.len() {
        return Err(Fault {
            kind: FaultKind::Syntax("text behind the end of the event"),
            at: end,
        });
    }
    Ok(())
}

/// The event with members that stand twice in one object merged into one that
/// matches alike, for the reference takes such events and records never are.
/// Nothing where arrays of objects are among the values: those cannot be merged alike.
fn without_duplicates(event: &str) -> Option<String> {
    let mut node = json::parse(event).ok()?;
    merge_members(&mut node)?;
    let mut text = String::new();
    write(&node, &mut text);
    Some(text)
}

fn merge_members(node: &mut Node) -> Option<()> {
    match &mut node.value {
        Tree::Object(members) => {
            let mut merged: Vec<(Key, Node)> = Vec::new();
            for (key, value) in members.drain(..) {
                match merged.iter_mut().find(|(known, _)| known.text == key.text) {
                    Some((_, known)) => merge_into(known, &value)?,
                    None => merged.push((key, value)),
                }
            }
            *members = merged;
            members
                .iter_mut()
                .try_for_each(|(_, value)| merge_members(value))
        }
        Tree::Array(elements) => elements.iter_mut().try_for_each(merge_members),
        _ => Some(()),
    }
}

fn merge_into(known: &mut Node, other: &Node) -> Option<()> {
    if let (Tree::Object(members), Tree::Object(more)) = (&mut known.value, &other.value) {
        members.extend(more.iter().cloned());
        return Some(());
    }
    // Scalar elements of an array are bound to no element: the array adds nothing.
    let mut all = scalars(known)?;
    all.extend(scalars(other)?);
    known.value = Tree::Array(all);
    Some(())
}

/// A scalar, or the elements of an array of scalars.
fn scalars(node: &Node) -> Option<Vec<Node>> {
    let is_scalar = |node: &Node| !matches!(node.value, Tree::Object(_) | Tree::Array(_));
    match &node.value {
        Tree::Object(_) => None,
        Tree::Array(elements) => elements.iter().all(is_scalar).then(|| elements.clone()),
        _ => Some(vec![node.clone()]),
    }
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Number(text) => out.push_str(text),
        Tree::Text(text) => write_string(text, out),
        Tree::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(element, out);
            }
            out.push(']');
        }
        Tree::Object(members) => {
            out.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_string(&key.text, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Tree::Foreign(name) => out.push_str(name),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_answer_is_counted_and_shown() {
        let report = run(
            r#"[{"name":"right","pattern":{"a":[1]},"event":{"a":1.0},"match":true},
                {"name":"wrong","pattern":{"a":[1]},"event":{"a":2},"match":true},
                {"name":"refused","pattern":null,"error":true},
                {"name":"taken","pattern":{"a":[1]},"error":true},
                {"name":"empty"}]"#,
        )
        .expect("vectors");
        assert_eq!((report.passed, report.failed), (2, 3));
        let first = &report.differences[0];
        assert_eq!(
            (first.name.as_str(), first.got.as_str()),
            ("wrong", "no match")
        );
        assert_eq!(first.event.as_deref(), Some(r#"{"a":2}"#));
        assert_eq!(report.differences[1].got, "no error");
    }

    #[test]
    fn members_that_stand_twice_are_both_seen() {
        let pattern = Pattern::from_json(r#"{"a":["x"],"b":{"c":[1],"d":[2]}}"#).expect("valid");
        let event = r#"{"a":"y","a":"x","b":{"c":1},"b":{"d":2}}"#;
        assert_eq!(answer(&pattern, event), "match");
        let event = r#"{"a":["x"],"a":["y"],"b":{"c":1,"d":2}}"#;
        assert_eq!(answer(&pattern, event), "match");
        assert!(answer(&pattern, r#"{"a":[{}],"a":["y"]}"#).starts_with("event refused"));
    }

    #[test]
    fn a_set_must_give_exactly_its_ids() {
        let set = |ids: &str| {
            format!(
                r#"[{{"name":"s","patterns":{{"p":{{"a":[1]}},"q":{{"a":[2]}}}},
                "events":[{{"event":{{"a":1}},"matches":[{ids}]}}]}}]"#
            )
        };
        assert_eq!(run(&set("\"p\"")).expect("vectors").failed, 0);
        assert_eq!(run(&set("\"p\",\"q\"")).expect("vectors").failed, 2);
    }
}
