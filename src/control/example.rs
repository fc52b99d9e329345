//! Reads `[[example]]`: whole records and the verdict that they must lead to.

use toml::Spanned;

use super::list::{self, NamedLists};
use super::model::Example;
use super::read::{Table, Text};
use super::verdict::Verdict;
use crate::period::Period;
use crate::record::path::{PathSet, core};
use crate::record::project::Projector;
use crate::record::time;
use crate::record::view::RecordView;

/// Reads one example; `None` after at least one reported problem.
pub(super) fn read(table: &Table<'_, '_>) -> Option<Example> {
    let name = table.required_text("name");
    // A waiver is the business of a scope file, so no example can be `waived`.
    let verdicts = Verdict::ALL.map(|one| (one.id(), one));
    let verdicts: Vec<_> = verdicts
        .into_iter()
        .filter(|(_, verdict)| *verdict != Verdict::Waived)
        .collect();
    if !table.has("verdict") {
        table.missing("verdict");
    }
    let verdict = table.choice("verdict", &verdicts);
    let attempts = table.count("attempts");
    let undecided = table.count("undecided");
    if !table.has("events") {
        table.missing("events");
    }
    let events = table.optional_texts("events");
    for event in events.iter().flatten() {
        check_event(table, event);
    }
    let mut lists = table
        .value("lists")
        .map(|value| list::read_lists(table.document, value))
        .unwrap_or_default();
    let leavers = list::read_leavers(&table.tables("leavers", "`leavers`"));
    list::add_leavers(&mut lists, &leavers);
    let period = read_period(table);
    table.finish();
    Some(Example {
        name: name?.into_inner(),
        verdict: verdict?,
        attempts: attempts.map_or(0, Spanned::into_inner),
        undecided: undecided.map_or(0, Spanned::into_inner),
        events: events?,
        lists,
        leavers,
        period,
        span: table.span.clone(),
    })
}

fn read_period(table: &Table<'_, '_>) -> Option<Period> {
    let text = table.text("period")?;
    match Period::parse(text.get_ref(), None) {
        Ok(period) => Some(period),
        Err(error) => {
            let help = Some("name a month, a quarter or a year".to_owned());
            table
                .document
                .error("bad-period", text.span(), error.to_string(), help);
            None
        }
    }
}

/// A record that the reader would refuse shows nothing.
fn check_event(table: &Table<'_, '_>, event: &Text) {
    let text = event.get_ref().trim();
    let offset = event.get_ref().len() - event.get_ref().trim_start().len();
    let mut projector = Projector::new(PathSet::of_model());
    let problem = match projector.read(text.as_bytes(), 0) {
        Err(fault) => Some(format!(
            "{}, {}",
            fault.kind,
            position(event.get_ref(), fault.at + offset)
        )),
        Ok(end) if !text[end..].trim().is_empty() => Some("more text after the record".to_owned()),
        Ok(_) if !text.starts_with('{') => Some("not a JSON object".to_owned()),
        Ok(_) => {
            let view = RecordView::new(text.as_bytes(), &projector);
            match view.text(core::EVENT_TIME).map(|found| time::parse(&found)) {
                Some(Ok(_)) => None,
                Some(Err(error)) => Some(format!("`eventTime` is {error}")),
                None => Some("no `eventTime`".to_owned()),
            }
        }
    };
    if let Some(problem) = problem {
        let message = format!("the event is not a record: {problem}");
        table
            .document
            .error("bad-event", event.span(), message, None);
    }
}

fn position(text: &str, at: usize) -> String {
    let place = crate::diagnostic::SourceText {
        name: String::new(),
        text: text.to_owned(),
    }
    .position(at);
    format!("line {}, column {} of the string", place.line, place.column)
}

impl Example {
    /// The lists of this example, `leavers` among them.
    pub fn named_lists(&self) -> &NamedLists {
        &self.lists
    }
}
