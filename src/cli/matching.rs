//! `attestrail control match`: what controls make of each record, without period or coverage.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::ControlMatch;
use super::control::{chosen, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::given::list;
use super::output::{Out, closed_is_fine, complain};
use super::standard_input::{self, STDIN};
use crate::control::load;
use crate::control::roles::{Assigned, ControlEngine, Judge};
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::diagnostic::Diagnostics;
use crate::reader::archive;
use crate::reader::{
    FileReport, FoundRecord, ReadLimits, RecordSink, Scratch, read_bytes, read_file, read_member,
};
use crate::record::path::core;
use crate::record::project::Projector;
use crate::record::time;
use crate::sanitize;
use crate::source::display::display_text;
use crate::source::local::RootError;
use crate::source::{Severity, SourceFile};

/// The name that standard input goes by.
const STDIN_NAME: &str = "standard input";

/// The scope of a file, or none. Warnings go to standard error.
///
/// # Errors
/// Every problem of the file.
pub fn load_scope(path: Option<&Path>) -> Result<Scope, Failure> {
    let (scope, warnings) = scope_with_warnings(path)?;
    if !warnings.is_empty() {
        complain(&warnings.to_string());
    }
    Ok(scope)
}

/// As [`load_scope`], with the warnings for the caller to tell.
///
/// # Errors
/// Every problem of the file.
pub fn scope_with_warnings(path: Option<&Path>) -> Result<(Scope, Diagnostics), Failure> {
    match path {
        Some(path) => Ok(load::scope(path)?),
        None => Ok((Scope::none(), Diagnostics::new())),
    }
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
    let mut projector = Projector::new(engine.paths());
    let mut scratch = Scratch::new();
    let mut printer = Printer {
        set: &set,
        judge: engine.judge(),
        json: args.json,
        out,
        file: String::new(),
        rows: Vec::new(),
        seen: 0,
        records: 0,
        seen_by_some: 0,
        assigned: Vec::new(),
    };
    warn_of_unfilled_lists(&set, &engine);
    let is_incomplete = read_all(&args.records, &mut scratch, &mut projector, &mut printer)?;
    if !args.json {
        complain(&format!(
            "{} records; {} of them are seen by at least one of {} controls",
            printer.records,
            printer.seen_by_some,
            set.len()
        ));
    }
    Ok(if is_incomplete {
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

/// Is told which file comes next, and when it is known to be good.
pub trait FileSink: RecordSink {
    /// Records of this file follow.
    fn begin(&mut self, _file: &str) {}

    /// The file is through; its records may be used.
    ///
    /// # Errors
    /// What keeps them from being used.
    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Reads every record of files, folders and standard input (`-`), and says on standard
/// error what could not be read. True if something is missing.
///
/// # Errors
/// When a root does not exist, or `sink` cannot go on.
pub fn read_all(
    sources: &[PathBuf],
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn FileSink,
) -> Result<bool, Failure> {
    let limits = ReadLimits::default();
    let mut is_incomplete = false;
    let roots: Vec<PathBuf> = sources
        .iter()
        .filter(|path| path.as_os_str() != STDIN)
        .cloned()
        .collect();
    if roots.len() < sources.len() {
        let bytes = standard_input::read()?;
        sink.begin(STDIN_NAME);
        let report = read_bytes(STDIN_NAME, &bytes, &limits, scratch, projector, sink);
        if report.is_archive() {
            let kept = standard_input::keep(&bytes)?;
            let file = kept.file(STDIN_NAME);
            is_incomplete |= read_archive(&file, &limits, scratch, projector, sink)?;
        } else {
            is_incomplete |= tell(STDIN_NAME, &report);
            sink.end()?;
        }
    }
    if roots.is_empty() {
        return Ok(is_incomplete);
    }
    let listing = list(&roots, None)?;
    for problem in &listing.problems {
        complain(&format!("{}: {}", problem.display, problem.message));
        is_incomplete |= problem.severity == Severity::Error;
    }
    for file in listing.files.iter() {
        let file = &file;
        sink.begin(&file.key);
        let report = read_file(file, &limits, scratch, projector, sink);
        if report.is_archive() {
            is_incomplete |= read_archive(file, &limits, scratch, projector, sink)?;
            continue;
        }
        is_incomplete |= tell(&file.display(), &report);
        sink.end()?;
    }
    Ok(is_incomplete)
}

/// Reads the members of an archive; true if something of it is missing.
fn read_archive(
    file: &SourceFile,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn FileSink,
) -> Result<bool, Failure> {
    let mut is_incomplete = false;
    let mut failure = None;
    let report = archive::each_member(file, limits, &mut |member| {
        sink.begin(&member.key);
        let report = read_member(&member, limits, scratch, projector, sink);
        is_incomplete |= tell(&display_text(&member.key), &report);
        failure = sink.end().err();
        failure.is_none()
    });
    is_incomplete |= tell(&file.display(), &report);
    failure.map_or(Ok(is_incomplete), Err)
}

/// Says what is odd about a file; true if records of it are missing.
fn tell(name: &str, report: &FileReport) -> bool {
    for message in report.messages() {
        complain(&format!("{name}: {message}"));
    }
    report.is_incomplete()
}

/// Turns the records of one file into lines; nothing is printed before the file is known to be good.
struct Printer<'e> {
    set: &'e ControlSet,
    judge: Judge<'e>,
    json: bool,
    out: &'e mut Out,
    file: String,
    rows: Vec<String>,
    /// Records of this file, and those of them that a control sees.
    seen: u64,
    records: u64,
    seen_by_some: u64,
    assigned: Vec<Assigned>,
}

impl FileSink for Printer<'_> {
    fn begin(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.records += std::mem::take(&mut self.seen);
        for row in self.rows.drain(..) {
            closed_is_fine(writeln!(self.out, "{row}"))?;
        }
        Ok(())
    }
}

impl Printer<'_> {
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
        self.seen += 1;
        self.seen_by_some += u64::from(!self.assigned.is_empty());
        if self.json {
            self.rows.push(self.json_row(record));
        } else if !self.assigned.is_empty() {
            self.rows.push(self.text_row(record));
        }
    }

    fn discard(&mut self) {
        self.seen = 0;
        self.rows.clear();
    }
}
