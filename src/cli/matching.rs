//! `attestrail control match`: what controls make of each record, without period or coverage.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::ControlMatch;
use super::control::{chosen, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Out, closed_is_fine, complain};
use crate::control::load;
use crate::control::roles::{Assigned, ControlEngine, Judge};
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::reader::{FoundRecord, ReadLimits, RecordSink, Scratch, read_bytes, read_file};
use crate::record::path::core;
use crate::record::project::Projector;
use crate::record::time;
use crate::sanitize;
use crate::source::Severity;
use crate::source::local::{RootError, WalkOptions, walk};

/// The name that standard input goes by.
const STDIN: &str = "-";

/// The scope of a file, or none. Warnings go to standard error.
///
/// # Errors
/// Every problem of the file.
pub fn load_scope(path: Option<&Path>) -> Result<Scope, Failure> {
    let Some(path) = path else {
        return Ok(Scope::none());
    };
    let (scope, warnings) = load::scope(path)?;
    if !warnings.is_empty() {
        complain(&warnings.to_string());
    }
    Ok(scope)
}

/// Roots that cannot be walked, as one failure.
pub fn bad_roots(errors: &[RootError]) -> Failure {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::usage(
        lines.join("\nerror: "),
        "name folders or files that exist and can be read",
    )
}

/// `attestrail control match`
///
/// # Errors
/// When controls or scope do not load, or a root does not exist.
pub fn run(args: &ControlMatch, out: &mut Out) -> Result<Exit, Failure> {
    let set = load_set(&args.controls, false)?;
    let wanted: Vec<String> = chosen(&set, &args.control)?
        .iter()
        .map(|control| control.id.clone())
        .collect();
    let set = set.only(|control| wanted.contains(&control.id));
    let scope = load_scope(args.scope.as_deref())?;
    let engine = ControlEngine::new(&set, &scope.lists);
    let mut work = Work {
        projector: Projector::new(engine.paths()),
        scratch: Scratch::new(),
        printer: Printer {
            set: &set,
            judge: engine.judge(),
            json: args.json,
            file: String::new(),
            rows: Vec::new(),
            assigned: Vec::new(),
            records: 0,
            seen_by_some: 0,
        },
        is_incomplete: false,
    };
    warn_of_unfilled_lists(&set, &engine);
    let files: Vec<PathBuf> = args
        .records
        .iter()
        .filter(|path| path.as_os_str() != STDIN)
        .cloned()
        .collect();
    if files.len() < args.records.len() {
        work.read_stdin(out)?;
    }
    if !files.is_empty() {
        work.read_files(&files, out)?;
    }
    let printer = &work.printer;
    if !args.json {
        complain(&format!(
            "{} records; {} of them are seen by at least one of {} controls",
            printer.records,
            printer.seen_by_some,
            set.len()
        ));
    }
    Ok(if work.is_incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}

fn warn_of_unfilled_lists(set: &ControlSet, engine: &ControlEngine) {
    for (index, control) in (0u32..).zip(set.controls()) {
        let lists = engine.unfilled_lists(index);
        if !lists.is_empty() {
            complain(&format!(
                "warning: control `{}` cannot be judged in full: list `{}` of the scope file is empty or missing",
                control.id,
                lists.join("`, `")
            ));
        }
    }
}

struct Work<'e> {
    projector: Projector<'e>,
    scratch: Scratch,
    printer: Printer<'e>,
    is_incomplete: bool,
}

impl Work<'_> {
    fn read_stdin(&mut self, out: &mut Out) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| {
                Failure::usage(
                    format!("cannot read standard input: {error}"),
                    "pipe records into it, or name a file",
                )
            })?;
        self.printer.begin("standard input");
        let limits = ReadLimits::default();
        let report = read_bytes(
            "standard input",
            &bytes,
            &limits,
            &mut self.scratch,
            &mut self.projector,
            &mut self.printer,
        );
        self.finish("standard input", &report, out)
    }

    fn read_files(&mut self, roots: &[PathBuf], out: &mut Out) -> Result<(), Failure> {
        let listing = walk(roots, WalkOptions::default()).map_err(|errors| bad_roots(&errors))?;
        for problem in &listing.problems {
            complain(&format!("{}: {}", problem.display, problem.message));
            self.is_incomplete |= problem.severity == Severity::Error;
        }
        let limits = ReadLimits::default();
        for file in &listing.files {
            self.printer.begin(&file.key);
            let report = read_file(
                file,
                &limits,
                &mut self.scratch,
                &mut self.projector,
                &mut self.printer,
            );
            self.finish(&file.display(), &report, out)?;
        }
        Ok(())
    }

    fn finish(
        &mut self,
        name: &str,
        report: &crate::reader::FileReport,
        out: &mut Out,
    ) -> Result<(), Failure> {
        for message in report.messages() {
            complain(&format!("{name}: {message}"));
        }
        self.is_incomplete |= report.is_incomplete();
        self.printer.print(out)
    }
}

/// Turns the records of one file into lines; nothing is printed before the file is known to be good.
struct Printer<'e> {
    set: &'e ControlSet,
    judge: Judge<'e>,
    json: bool,
    file: String,
    rows: Vec<String>,
    assigned: Vec<Assigned>,
    records: u64,
    seen_by_some: u64,
}

impl Printer<'_> {
    fn begin(&mut self, file: &str) {
        file.clone_into(&mut self.file);
        self.rows.clear();
    }

    fn print(&mut self, out: &mut Out) -> Result<(), Failure> {
        for row in self.rows.drain(..) {
            closed_is_fine(writeln!(out, "{row}"))?;
        }
        Ok(())
    }

    /// Control and role, each pair once.
    fn roles(&self) -> Vec<(&str, &'static str)> {
        let mut roles: Vec<(&str, &'static str)> = self
            .assigned
            .iter()
            .map(|one| {
                (
                    self.set.controls()[one.control as usize].id.as_str(),
                    one.role.id(),
                )
            })
            .collect();
        roles.dedup();
        roles
    }

    fn json_row(&self, record: &FoundRecord<'_>) -> String {
        let text = |path| record.view.text(path).unwrap_or_default();
        let controls: Vec<serde_json::Value> = self
            .roles()
            .into_iter()
            .map(|(control, role)| json!({"control": control, "role": role}))
            .collect();
        json!({
            "file": self.file,
            "index": record.index,
            "eventID": text(core::EVENT_ID),
            "eventTime": time::format(record.time),
            "eventSource": text(core::EVENT_SOURCE),
            "eventName": text(core::EVENT_NAME),
            "controls": controls,
        })
        .to_string()
    }

    fn text_row(&self, record: &FoundRecord<'_>) -> String {
        let text = |path| {
            let text = record.view.text(path).unwrap_or_default();
            sanitize::inline(&text).into_owned()
        };
        let roles: Vec<String> = self
            .roles()
            .into_iter()
            .map(|(control, role)| format!("{control} ({role})"))
            .collect();
        format!(
            "{}  {} {}  {}[{}]  {}",
            time::format(record.time),
            text(core::EVENT_SOURCE),
            text(core::EVENT_NAME),
            sanitize::inline(&self.file),
            record.index,
            roles.join(", ")
        )
    }
}

impl RecordSink for Printer<'_> {
    fn record(&mut self, record: &FoundRecord<'_>) {
        self.assigned.clear();
        self.judge.roles(&record.view, &mut self.assigned);
        self.records += 1;
        self.seen_by_some += u64::from(!self.assigned.is_empty());
        if self.json {
            self.rows.push(self.json_row(record));
        } else if !self.assigned.is_empty() {
            self.rows.push(self.text_row(record));
        }
    }

    fn discard(&mut self) {
        self.records -= self.rows.len().min(self.records as usize) as u64;
        self.rows.clear();
    }
}
