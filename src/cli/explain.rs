//! `attestrail control explain`: why a record matches a control's pattern, or does not, field by field.

use std::io::Write;

use super::args::ControlExplain;
use super::control::{find, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::matching::{self, FileSink, load_scope};
use super::output::{Out, closed_is_fine, complain};
use crate::control::model::Control;
use crate::control::roles::{Assigned, ControlEngine, Judge};
use crate::pattern::{Lists, explain};
use crate::reader::{FoundRecord, RecordSink, Scratch};
use crate::record::outcome::outcome;
use crate::record::path::core;
use crate::record::project::Projector;
use crate::record::time;
use crate::sanitize;

/// Exit 0 when something was explained, 3 when a record could not be read.
///
/// # Errors
/// When the control, the scope or the records do not load, or the control has no pattern.
pub fn run(args: &ControlExplain, out: &mut Out) -> Result<Exit, Failure> {
    let set = load_set(&args.controls, false)?;
    let control = find(&set, &args.id)?;
    if control.expectation.patterns().is_empty() {
        return Err(Failure::usage(
            format!(
                "control `{}` has no pattern: its kind is `{}`",
                control.id,
                control.expectation.kind()
            ),
            "`attestrail control show` tells what it looks at",
        ));
    }
    let scope = load_scope(args.scope.as_deref())?;
    let alone = set.only(|one| one.id == control.id);
    let engine = ControlEngine::new(&alone, &scope.lists);
    let mut lists = Lists::new();
    for (name, entries) in &scope.lists {
        lists.insert(name.clone(), entries.iter().cloned());
    }
    let mut projector = Projector::new(engine.paths());
    let mut scratch = Scratch::new();
    let mut sink = Explainer {
        control,
        lists,
        judge: engine.judge(),
        texts: Vec::new(),
    };
    let is_incomplete = matching::read_all(
        std::slice::from_ref(&args.event),
        &mut scratch,
        &mut projector,
        &mut sink,
    )?;
    if sink.texts.is_empty() {
        complain("no record was found to explain");
    }
    closed_is_fine(write!(out, "{}", sink.texts.join("\n")))?;
    Ok(if is_incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}

struct Explainer<'e> {
    control: &'e Control,
    lists: Lists,
    judge: Judge<'e>,
    texts: Vec<String>,
}

impl Explainer<'_> {
    fn text(&mut self, record: &FoundRecord<'_>) -> String {
        let field =
            |path| sanitize::inline(&record.view.text(path).unwrap_or_default()).into_owned();
        let mut assigned: Vec<Assigned> = Vec::new();
        self.judge.roles(&record.view, &mut assigned);
        let mut roles: Vec<&str> = assigned.iter().map(|one| one.role.id()).collect();
        roles.dedup();
        let mut text = format!(
            "record {}: {} {} at {}, outcome {}\n{} sees it as: {}\n",
            record.index,
            field(core::EVENT_SOURCE),
            field(core::EVENT_NAME),
            time::format(record.time),
            outcome(&record.view).id(),
            self.control.id,
            if roles.is_empty() {
                "nothing".to_owned()
            } else {
                roles.join(", ")
            }
        );
        let raw = String::from_utf8_lossy(record.raw);
        for (purpose, pattern) in self.control.expectation.patterns() {
            text.push_str(&format!("[{}]\n", purpose.key()));
            match explain(pattern, &self.lists, &raw) {
                Ok(explanation) => text.push_str(&explanation.to_string()),
                Err(fault) => text.push_str(&sanitize::inline(&fault.to_string())),
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        text
    }
}

impl FileSink for Explainer<'_> {}

impl RecordSink for Explainer<'_> {
    fn record(&mut self, record: &FoundRecord<'_>) {
        let text = self.text(record);
        self.texts.push(text);
    }

    fn discard(&mut self) {
        self.texts.clear();
    }
}
