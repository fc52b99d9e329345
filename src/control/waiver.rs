//! What people accepted beforehand: waivers of single exceptions and windows of
//! announced work.
//!
//! A waiver covers by its control and by event ids or a pattern, and only for
//! records of the days on which it is in force. It never hides an exception;
//! the packet lists it as waived.

use toml::Spanned;

use super::list::to_lists;
use super::read::{Table, Text};
use super::scope::Scope;
use super::scope::parse::Known;
use crate::pattern::{Engine, EngineBuilder, Matcher, Pattern, PatternId, Truth};
use crate::period::DAY;
use crate::record::path::{PathSet, core};
use crate::record::view::RecordView;

/// Which exceptions a waiver covers.
#[derive(Debug, Clone)]
pub enum Covers {
    /// These records.
    EventIds(Vec<String>),
    /// Every record that the pattern matches.
    Pattern(Box<Pattern>),
}

/// An accepted exception.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The control, with its place in the scope file.
    pub control: Text,
    /// What it covers.
    pub covers: Covers,
    /// Why it was accepted.
    pub reason: String,
    /// Who accepted it.
    pub approver: String,
    /// Where that is written down.
    pub ticket: String,
    /// First second of the last day on which it is in force (UTC).
    pub expires: i64,
}

impl Waiver {
    /// Whether it is in force for what happened at `time`; the day of `expires` belongs to it.
    pub fn is_in_force_at(&self, time: i64) -> bool {
        time < self.expires + DAY
    }
}

/// A window of announced work.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// First second.
    pub from: i64,
    /// The second after the last one.
    pub until: i64,
    /// Nothing means every account.
    pub account: Option<String>,
    /// The controls whose exceptions it excludes; empty means all.
    pub controls: Vec<Text>,
    /// What was done.
    pub reason: String,
    /// Where that is written down.
    pub ticket: Option<String>,
}

impl Maintenance {
    /// Whether an exception of `control` in `account` at `time` falls into it.
    pub fn covers(&self, control: &str, account: &str, time: i64) -> bool {
        (self.from..self.until).contains(&time)
            && self.account.as_ref().is_none_or(|own| own == account)
            && (self.controls.is_empty()
                || self.controls.iter().any(|one| one.get_ref() == control))
    }
}

pub(super) fn read_maintenance(scope: &Table<'_, '_>, known: &Known<'_>) -> Vec<Maintenance> {
    let tables = scope.tables("maintenance", "`[[maintenance]]`");
    tables
        .iter()
        .filter_map(|one| read_window(one, known))
        .collect()
}

fn read_window(table: &Table<'_, '_>, known: &Known<'_>) -> Option<Maintenance> {
    let from = required_instant(table, "from");
    let until = required_instant(table, "until");
    let account = known.account(table);
    let controls = table.texts("controls");
    let reason = table.required_text("reason");
    let ticket = table.text("ticket").map(Spanned::into_inner);
    table.finish();
    let (from, until) = (from?, until?);
    if until <= from {
        table.document.error(
            "backwards",
            table.key_span("until"),
            "the window ends before it begins",
            None,
        );
    }
    Some(Maintenance {
        from,
        until,
        account,
        controls,
        reason: reason?.into_inner(),
        ticket,
    })
}

fn required_instant(table: &Table<'_, '_>, key: &'static str) -> Option<i64> {
    if !table.has(key) {
        table.missing(key);
    }
    table.instant(key).map(Spanned::into_inner)
}

pub(super) fn read_waivers(scope: &Table<'_, '_>) -> Vec<Waiver> {
    let tables = scope.tables("waiver", "`[[waiver]]`");
    tables.iter().filter_map(read_waiver).collect()
}

fn read_waiver(table: &Table<'_, '_>) -> Option<Waiver> {
    let control = table.required_text("control");
    let covers = read_covers(table);
    let reason = table.required_text("reason");
    let approver = table.required_text("approver");
    let ticket = table.required_text("ticket");
    if !table.has("expires") {
        table.missing("expires");
    }
    let expires = table.day("expires");
    table.finish();
    Some(Waiver {
        control: control?,
        covers: covers?,
        reason: reason?.into_inner(),
        approver: approver?.into_inner(),
        ticket: ticket?.into_inner(),
        expires: expires?.into_inner(),
    })
}

fn read_covers(table: &Table<'_, '_>) -> Option<Covers> {
    let ids = table.optional_texts("event-ids");
    let pattern = table.value("pattern");
    let problem = match (&ids, pattern) {
        (Some(ids), None) if !ids.is_empty() => None,
        (None, Some(_)) => None,
        (Some(_), Some(_)) => Some("a waiver has either `event-ids` or a `pattern`, not both"),
        _ if table.has("event-ids") && ids.is_none() => return None,
        _ => Some("the waiver covers nothing: it has neither `event-ids` nor a `pattern`"),
    };
    if let Some(message) = problem {
        table
            .document
            .error("waiver-of-nothing", table.span.clone(), message, None);
        return None;
    }
    if let Some(ids) = ids {
        let ids = ids.into_iter().map(Spanned::into_inner).collect();
        return Some(Covers::EventIds(ids));
    }
    let pattern = super::model::read_pattern(table.document, pattern?)?;
    Some(Covers::Pattern(Box::new(pattern)))
}

/// The waivers of a scope, ready to be held against records.
pub struct WaiverEngine<'s> {
    waivers: &'s [Waiver],
    engine: Engine,
    /// For each waiver its pattern, if it has one.
    patterns: Vec<Option<PatternId>>,
}

impl<'s> WaiverEngine<'s> {
    /// Compiles the waivers of a scope with its lists.
    pub fn new(scope: &'s Scope) -> WaiverEngine<'s> {
        let lists = to_lists(&scope.lists);
        let mut builder = EngineBuilder::new();
        let patterns = scope.waivers.iter().map(|waiver| match &waiver.covers {
            Covers::EventIds(_) => None,
            Covers::Pattern(pattern) => Some(builder.add_on_demand(pattern, &lists)),
        });
        let patterns = patterns.collect();
        WaiverEngine {
            waivers: &scope.waivers,
            patterns,
            engine: builder.finish(),
        }
    }

    /// The paths that a projector must look for.
    pub fn paths(&self) -> &PathSet {
        self.engine.paths()
    }

    /// What one thread needs to hold waivers against records.
    pub fn judge(&self) -> WaiverJudge<'_> {
        WaiverJudge {
            all: self,
            matcher: self.engine.matcher(),
        }
    }
}

/// Holds waivers against records, one thread at a time.
pub struct WaiverJudge<'e> {
    all: &'e WaiverEngine<'e>,
    matcher: Matcher<'e>,
}

impl WaiverJudge<'_> {
    /// The first waiver in force that covers an exception of `control`, as an
    /// index into [`Scope::waivers`]. What cannot be decided is not covered.
    pub fn covering(&mut self, control: &str, view: &RecordView<'_>, time: i64) -> Option<usize> {
        let all = self.all;
        let own = view.text(core::EVENT_ID);
        all.waivers.iter().enumerate().position(|(at, waiver)| {
            waiver.control.get_ref() == control
                && waiver.is_in_force_at(time)
                && match (&waiver.covers, all.patterns[at]) {
                    (Covers::EventIds(ids), _) => own
                        .as_ref()
                        .is_some_and(|own| ids.iter().any(|id| id == own)),
                    (Covers::Pattern(_), Some(pattern)) => {
                        self.matcher.eval(pattern, view) == Truth::True
                    }
                    (Covers::Pattern(_), None) => false,
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceText;
    use crate::record::project::Projector;
    use crate::record::time;

    const SCOPE: &str = r#"
format = 1
organisation = "x"
[[account]]
id = "111122223333"
[[waiver]]
control = "a"
event-ids = ["one"]
reason = "r"
approver = "b"
ticket = "t"
expires = 2026-10-10
[[waiver]]
control = "a"
reason = "r"
approver = "b"
ticket = "t"
expires = 2026-12-31
pattern.awsRegion = [{ list = "quiet" }]
[lists]
quiet = ["eu-west-1"]
"#;

    #[track_caller]
    fn check(control: &str, id: &str, region: &str, at: &str, expected: Option<usize>) {
        let (scope, _) = Scope::parse(&SourceText::new("scope.toml", SCOPE)).expect("valid");
        let engine = WaiverEngine::new(&scope);
        let json = format!(r#"{{"eventID":"{id}","awsRegion":"{region}"}}"#);
        let mut projector = Projector::new(engine.paths());
        projector.read(json.as_bytes(), 0).expect("valid JSON");
        let view = RecordView::new(json.as_bytes(), &projector);
        let at = time::parse(at).expect("an instant");
        let found = engine.judge().covering(control, &view.at(Some(at)), at);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_waiver_covers_its_own_control_records_and_days_only() {
        check("a", "one", "us-east-1", "2026-10-10T23:59:59Z", Some(0));
        check("a", "one", "us-east-1", "2026-10-11T00:00:00Z", None);
        check("b", "one", "us-east-1", "2026-10-01T00:00:00Z", None);
        check("a", "two", "us-east-1", "2026-10-01T00:00:00Z", None);
        check("a", "two", "eu-west-1", "2026-10-01T00:00:00Z", Some(1));
        check("a", "one", "eu-west-1", "2026-11-01T00:00:00Z", Some(1));
    }
}
