//! Why a record does or does not match: every field of the pattern, the values
//! that the record has there, and what became of them.
//!
//! Slow and thorough, for one record at a time. The structure keeps texts as
//! the log has them; only its `Display` escapes them for a reader.

use std::fmt;
use std::ops::{ControlFlow, Range};

use crate::record::path::{PathSet, core};
use crate::record::project::{Fault, FaultKind, Kind, Projector, skip_space};
use crate::record::time;
use crate::record::view::RecordView;

use super::condition::{Value, ValueTest, quoted};
use super::form::{Condition, Field, Form};
use super::list::Lists;
use super::program::{Build, Program, Slot};
use super::run::{Found, Gap, Run, Scratch};
use super::{Pattern, Truth};

/// Values longer than this are shown shortened.
const SHOWN_CHARACTERS: usize = 120;

/// The answer and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether the record matches.
    pub truth: Truth,
    /// The pattern, part by part.
    pub part: Part,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// All of these, in the same elements of the arrays that they share.
    All(Truth, Vec<Part>),
    /// At least one of these.
    Any(Truth, Vec<Part>),
    /// Not this.
    Not(Truth, Box<Part>),
    /// One field.
    Field(FieldPart),
}

/// A field of the pattern and what the record has there.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldPart {
    /// The field.
    pub path: String,
    /// Where the pattern names it, in bytes of its text.
    pub span: Range<usize>,
    /// What the pattern wants, one of these; safe to print.
    pub wanted: Vec<String>,
    /// The values of the record, as they are in the log.
    pub values: Vec<FieldValue>,
    /// Whether the field does its part.
    pub truth: Truth,
    /// Why.
    pub reason: Reason,
}

/// One value of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldValue {
    /// What it is.
    pub kind: Kind,
    /// Its text, raw: hostile until escaped.
    pub text: String,
    /// Whether the field's tests take it.
    pub truth: Truth,
}

/// Why a field does or does not do its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A value is wanted and there.
    Matched,
    /// No value is wanted, and none is there.
    Absent,
    /// No value is wanted, and none is in the array element that the other fields chose.
    AbsentInElement,
    /// A value is wanted and none is there.
    Missing,
    /// No value is wanted and one is there.
    Present,
    /// The values are others than wanted.
    OtherValue,
    /// A value differs in upper and lower case only.
    OtherCase,
    /// A value is spelled as wanted but is of another kind, as `"true"` for `true`.
    OtherKind,
    /// A value is wanted and there, but in another array element than those of the other fields.
    OtherElement,
    /// CloudTrail left the values out.
    Omitted,
    /// CloudTrail may have cut the value, and the lost rest matters.
    Cut,
    /// The list that the pattern names is not there.
    NoList(String),
    /// It cannot be told, for example for want of a time or for JSON that parsers read differently.
    Unclear,
}

/// Explains the answer for one record.
///
/// Dated list entries are judged at the record's `eventTime`.
///
/// # Errors
/// Why the text is not a record at all.
pub fn explain(pattern: &Pattern, lists: &Lists, record: &str) -> Result<Explanation, Fault> {
    let mut paths = PathSet::new();
    let mut inner = PathSet::new();
    let plan = Plan::new(
        pattern.form(),
        &mut Build {
            paths: &mut paths,
            inner: &mut inner,
            lists,
            inside_json: false,
        },
    );
    let bytes = record.as_bytes();
    let mut projector = Projector::new(&paths);
    let end = projector.read(bytes, skip_space(bytes, 0))?;
    if skip_space(bytes, end) < bytes.len() {
        let kind = FaultKind::Syntax("text behind the end of the record");
        return Err(Fault { kind, at: end });
    }
    let view = RecordView::new(bytes, &projector);
    let at = view
        .text(core::EVENT_TIME)
        .and_then(|text| time::parse(&text).ok());
    let mut explainer = Explainer {
        run: Run::new(view.at(at), &inner),
        lists,
    };
    let part = explainer.part(&plan);
    Ok(Explanation {
        truth: part.truth(),
        part,
    })
}

/// A form with the programs of all its parts.
struct Plan<'f> {
    form: &'f Form,
    program: Program,
    parts: Vec<Plan<'f>>,
}

impl<'f> Plan<'f> {
    fn new(form: &'f Form, build: &mut Build<'_>) -> Self {
        let parts = match form {
            Form::And(_) => {
                let mut flat = Vec::new();
                flatten(form, &mut flat);
                flat
            }
            Form::Or(forms) => forms.iter().collect(),
            Form::Not(form) => vec![&**form],
            Form::Field(_) => Vec::new(),
        };
        Plan {
            form,
            program: build.program(form),
            parts: parts
                .into_iter()
                .map(|form| Plan::new(form, build))
                .collect(),
        }
    }
}

/// The members of an `And` within an `And` are members of the outer one.
fn flatten<'f>(form: &'f Form, out: &mut Vec<&'f Form>) {
    match form {
        Form::And(forms) => forms.iter().for_each(|form| flatten(form, out)),
        other => out.push(other),
    }
}

struct Explainer<'r, 'e> {
    run: Run<'r, 'e>,
    lists: &'e Lists,
}

impl Explainer<'_, '_> {
    fn part(&mut self, plan: &Plan<'_>) -> Part {
        let truth = self.run.truth(&plan.program, &mut Scratch::default());
        let mut parts: Vec<_> = plan.parts.iter().map(|part| self.part(part)).collect();
        match plan.form {
            Form::Field(field) => Part::Field(self.field(field, &plan.program.slots[0], truth)),
            Form::Or(_) => Part::Any(truth, parts),
            Form::Not(_) => Part::Not(truth, Box::new(parts.remove(0))),
            Form::And(_) if parts.len() == 1 => parts.remove(0),
            Form::And(_) => {
                self.blame_arrays(plan, &mut parts, truth);
                Part::All(truth, parts)
            }
        }
    }

    /// What the parts of an `And` cannot tell one by one: whether they go together.
    fn blame_arrays(&mut self, plan: &Plan<'_>, parts: &mut [Part], truth: Truth) {
        let all_hold = parts.iter().all(|part| part.truth() == Truth::True);
        for (part, plan) in parts.iter_mut().zip(&plan.parts) {
            match part {
                Part::Field(field) if truth == Truth::True && field.truth == Truth::False => {
                    field.truth = Truth::True;
                    field.reason = Reason::AbsentInElement;
                }
                Part::Field(field)
                    if truth != Truth::True
                        && all_hold
                        && self.lies_in_array(&plan.program.slots[0]) =>
                {
                    field.truth = truth;
                    field.reason = Reason::OtherElement;
                }
                _ => {}
            }
        }
    }

    fn lies_in_array(&mut self, slot: &Slot) -> bool {
        self.run
            .each_value(slot.source, |run, found| match run.steps(found).next() {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            })
            .is_break()
    }

    fn field(&mut self, field: &Field, slot: &Slot, truth: Truth) -> FieldPart {
        let gap = self.run.gap(slot.source);
        let mut values = Vec::new();
        let mut is_cut = false;
        if gap != Gap::All {
            let _ = self.run.each_value(slot.source, |run, found| {
                is_cut |= found.value.cut;
                values.push(judged(run, slot, found));
                ControlFlow::Continue(())
            });
        }
        let reason = match truth {
            Truth::True if values.is_empty() => Reason::Absent,
            Truth::True => Reason::Matched,
            Truth::Undecided => self.open_reason(field, gap, is_cut),
            Truth::False => closed_reason(field, &values),
        };
        FieldPart {
            path: field.path.name().to_owned(),
            span: field.span.clone(),
            wanted: field.any.iter().map(ToString::to_string).collect(),
            values,
            truth,
            reason,
        }
    }

    fn open_reason(&self, field: &Field, gap: Gap, is_cut: bool) -> Reason {
        if gap != Gap::None {
            return Reason::Omitted;
        }
        if is_cut {
            return Reason::Cut;
        }
        let missing = field.any.iter().find_map(|condition| match condition {
            Condition::List { name, .. } if self.lists.get(name).is_none() => Some(name),
            _ => None,
        });
        match missing {
            Some(name) => Reason::NoList(name.clone()),
            None => Reason::Unclear,
        }
    }
}

fn judged<'r>(run: &mut Run<'r, '_>, slot: &Slot, found: &Found<'r>) -> FieldValue {
    let truth = slot
        .checks
        .iter()
        .map(|check| run.check_one(check, found))
        .max()
        .unwrap_or(Truth::False);
    FieldValue {
        kind: found.value.kind,
        text: found.value.text.clone().into_owned(),
        truth,
    }
}

fn closed_reason(field: &Field, values: &[FieldValue]) -> Reason {
    if values.is_empty() {
        return Reason::Missing;
    }
    if field.any.iter().all(|wanted| *wanted == Condition::Absent) {
        return Reason::Present;
    }
    let close = |judge: fn(&ValueTest, &FieldValue) -> bool| {
        field.any.iter().any(|condition| match condition {
            Condition::Value(test) => values.iter().any(|value| judge(test, value)),
            _ => false,
        })
    };
    if close(is_other_case) {
        Reason::OtherCase
    } else if close(is_other_kind) {
        Reason::OtherKind
    } else {
        Reason::OtherValue
    }
}

fn is_other_case(test: &ValueTest, value: &FieldValue) -> bool {
    let text = value.text.to_lowercase();
    value.kind == Kind::String
        && match test {
            ValueTest::Text(own) => own.to_lowercase() == text,
            ValueTest::Prefix(own) => text.starts_with(&own.to_lowercase()),
            ValueTest::Suffix(own) => text.ends_with(&own.to_lowercase()),
            _ => false,
        }
}

fn is_other_kind(test: &ValueTest, value: &FieldValue) -> bool {
    let as_kind = |kind| {
        let value = Value {
            kind,
            text: value.text.as_str().into(),
            cut: false,
        };
        test.check(&value) == Truth::True
    };
    match test {
        ValueTest::True => value.kind != Kind::True && value.text == "true",
        ValueTest::False => value.kind != Kind::False && value.text == "false",
        ValueTest::Null => value.kind != Kind::Null && value.text == "null",
        ValueTest::Number(number) => value.kind != Kind::Number && number.text() == value.text,
        ValueTest::Text(_) => value.kind != Kind::String && as_kind(Kind::String),
        _ => false,
    }
}

impl Part {
    /// Whether this part does its part.
    pub fn truth(&self) -> Truth {
        match self {
            Part::All(truth, _) | Part::Any(truth, _) | Part::Not(truth, _) => *truth,
            Part::Field(field) => field.truth,
        }
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = depth * 2;
        let mark = mark(self.truth());
        match self {
            Part::All(_, parts) => {
                writeln!(out, "{:indent$}{mark} all of", "")?;
                parts.iter().try_for_each(|part| part.write(out, depth + 1))
            }
            Part::Any(_, parts) => {
                writeln!(out, "{:indent$}{mark} one of", "")?;
                parts.iter().try_for_each(|part| part.write(out, depth + 1))
            }
            Part::Not(_, part) => {
                writeln!(out, "{:indent$}{mark} not", "")?;
                part.write(out, depth + 1)
            }
            Part::Field(field) => {
                write!(out, "{:indent$}{mark} ", "")?;
                field.write(out)
            }
        }
    }
}

fn mark(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "yes",
        Truth::Undecided => "?  ",
        Truth::False => "no ",
    }
}

impl FieldPart {
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted(out, &self.path)?;
        write!(out, " wants {}; ", self.wanted.join(" or "))?;
        if !self.values.is_empty() {
            out.write_str("found ")?;
            for (at, value) in self.values.iter().enumerate() {
                out.write_str(if at > 0 { ", " } else { "" })?;
                value.write(out)?;
            }
            out.write_str(": ")?;
        }
        writeln!(out, "{}", self.reason)
    }
}

impl FieldValue {
    fn write(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != Kind::String {
            return out.write_str(&self.text);
        }
        match self.text.char_indices().nth(SHOWN_CHARACTERS) {
            Some((at, _)) => {
                quoted(out, &self.text[..at])?;
                write!(out, "… ({} bytes)", self.text.len())
            }
            None => quoted(out, &self.text),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Reason::Matched => "matched",
            Reason::Absent => "absent, as wanted",
            Reason::AbsentInElement => "absent in the array element that the other fields chose",
            Reason::Missing => "the record has no such value",
            Reason::Present => "there, but wanted absent",
            Reason::OtherValue => "other value",
            Reason::OtherCase => "differs in upper and lower case only",
            Reason::OtherKind => "spelled as wanted, but a value of another kind",
            Reason::OtherElement => {
                "matched, but in another array element than the other fields of the pattern"
            }
            Reason::Omitted => "left out by CloudTrail or made text by a tool, so nobody can tell",
            Reason::Cut => "may be cut by CloudTrail, so nobody can tell",
            Reason::NoList(name) => {
                out.write_str("the scope has no list ")?;
                return quoted(out, name);
            }
            Reason::Unclear => "cannot be told from this record",
        };
        out.write_str(text)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match self.truth {
            Truth::True => "matches",
            Truth::Undecided => "undecided",
            Truth::False => "does not match",
        };
        writeln!(out, "{answer}")?;
        self.part.write(out, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reasons(pattern: &str, record: &str) -> Vec<(String, Truth, Reason)> {
        fn collect(part: &Part, out: &mut Vec<(String, Truth, Reason)>) {
            match part {
                Part::All(_, parts) | Part::Any(_, parts) => {
                    parts.iter().for_each(|part| collect(part, out));
                }
                Part::Not(_, part) => collect(part, out),
                Part::Field(field) => {
                    out.push((field.path.clone(), field.truth, field.reason.clone()));
                }
            }
        }
        let pattern = Pattern::from_json(pattern).expect("valid");
        let explanation = explain(&pattern, &Lists::new(), record).expect("a record");
        let mut out = Vec::new();
        collect(&explanation.part, &mut out);
        out
    }

    #[track_caller]
    fn check(pattern: &str, record: &str, truth: Truth, reason: Reason) {
        let (_, found_truth, found_reason) = reasons(pattern, record).remove(0);
        assert_eq!((found_truth, found_reason), (truth, reason));
    }

    #[test]
    fn each_field_says_why() {
        check(
            r#"{"a":["x"]}"#,
            r#"{"a":"x"}"#,
            Truth::True,
            Reason::Matched,
        );
        check(
            r#"{"a":["x"]}"#,
            r#"{"b":"x"}"#,
            Truth::False,
            Reason::Missing,
        );
        check(
            r#"{"a":["x"]}"#,
            r#"{"a":"y"}"#,
            Truth::False,
            Reason::OtherValue,
        );
        check(
            r#"{"a":["Root"]}"#,
            r#"{"a":"root"}"#,
            Truth::False,
            Reason::OtherCase,
        );
        check(
            r#"{"a":[true]}"#,
            r#"{"a":"true"}"#,
            Truth::False,
            Reason::OtherKind,
        );
        check(
            r#"{"a":[{"exists":false}]}"#,
            r#"{"a":1}"#,
            Truth::False,
            Reason::Present,
        );
        check(
            r#"{"a":[{"exists":false}]}"#,
            "{}",
            Truth::True,
            Reason::Absent,
        );
        check(
            r#"{"a":[{"list":"admins"}]}"#,
            r#"{"a":"x"}"#,
            Truth::Undecided,
            Reason::NoList("admins".into()),
        );
        check(
            r#"{"requestParameters":{"x":["y"]}}"#,
            r#"{"requestParameters":{"omitted":true,"originalSize":5}}"#,
            Truth::Undecided,
            Reason::Omitted,
        );
        let long = format!(r#"{{"userAgent":"{}"}}"#, "a".repeat(1024));
        check(
            r#"{"userAgent":[{"suffix":"x"}]}"#,
            &long,
            Truth::Undecided,
            Reason::Cut,
        );
    }

    #[test]
    fn values_of_different_elements_are_named_as_the_reason() {
        let record = r#"{"g":[{"u":"x","p":"r"},{"u":"y","p":"w"}]}"#;
        for (_, truth, reason) in reasons(r#"{"g":{"u":["x"],"p":["w"]}}"#, record) {
            assert_eq!((truth, reason), (Truth::False, Reason::OtherElement));
        }
    }

    #[test]
    fn absence_in_the_chosen_element_is_named_as_the_reason() {
        let record = r#"{"g":[{"c":"x"},{"c":"y","d":1}]}"#;
        let found = reasons(r#"{"g":{"c":["x"],"d":[{"exists":false}]}}"#, record);
        assert_eq!(found[1].2, Reason::AbsentInElement);
    }

    #[test]
    fn shown_text_is_escaped() {
        let pattern = Pattern::from_json(r#"{"a":["x"]}"#).expect("valid");
        let record = r#"{"a":"\u001b[31mred"}"#;
        let explanation = explain(&pattern, &Lists::new(), record).expect("a record");
        assert_eq!(
            explanation.to_string(),
            "does not match\n  no  \"a\" wants \"x\"; found \"\\u{1b}[31mred\": other value\n"
        );
    }
}
