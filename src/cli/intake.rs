//! Logs into a ledger, for `report`, `scan` and `logs`.

use std::path::Path;

use super::args::Scan;
use super::control::{lint_own, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::given::Given;
use super::matching::load_scope;
use super::output::{Out, closed_is_fine, complain};
use super::own_files::{self, PACKET};
use super::plan::Inputs;
use super::settings::Settings;
use super::standard_input::{Kept, STDIN};
use super::terminal::{Display, Progress, thousands};
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::ledger::facts::ProblemFact;
use crate::ledger::identity::Identity;
use crate::ledger::{Ledger, LedgerError};
use crate::sanitize;
use crate::scan::{Counted, FirstLosses, ScanOptions, Summary, scan as scan_files};
use crate::source::display::display_text;

/// The seed where nobody chose one: samples are then the same for everybody who
/// has the same records, and cannot be chosen by whoever makes the packet.
const SEED: &str = "attestrail";

/// The seed in force.
pub fn seed(chosen: Option<&str>) -> String {
    chosen.unwrap_or(SEED).to_owned()
}

/// What to read, and for which controls.
pub struct Intake<'a> {
    /// Logs and threads.
    pub inputs: &'a Inputs,
    /// The controls.
    pub set: &'a ControlSet,
    /// The scope, for its lists.
    pub scope: &'a Scope,
    /// Seed of the samples.
    pub seed: &'a str,
    /// Whether files that look unchanged are read again.
    pub rehash: bool,
    /// Whether contents are hashed although no digest asks for it.
    pub hash_logs: bool,
}

impl Intake<'_> {
    /// Reads the logs into the ledger at `path`, or into a temporary one.
    ///
    /// # Errors
    /// When there is nothing to read, the ledger cannot be used, or somebody asked to stop.
    pub fn run(&self, path: Option<&Path>, display: &Display) -> Result<Ledger, Failure> {
        let mut ledger = self.open(path)?;
        if !self.inputs.logs.value.is_empty() {
            let given = Given::of(&self.inputs.logs.value, path)?;
            self.read(&mut ledger, &given, display)?;
        }
        with_files(ledger)
    }

    /// Reads logs that others read too into the ledger at `path`, which must hold no others.
    ///
    /// # Errors
    /// See [`Intake::run`].
    pub fn run_alone(
        &self,
        path: Option<&Path>,
        given: &Given,
        display: &Display,
    ) -> Result<Ledger, Failure> {
        let mut ledger = self.open(path)?;
        if path.is_some() {
            given.refuse_others(&ledger)?;
        }
        self.read(&mut ledger, given, display)?;
        with_files(ledger)
    }

    fn open(&self, path: Option<&Path>) -> Result<Ledger, Failure> {
        // Before there is a new ledger with nothing in it.
        own_files::refuse_ledgers(&self.inputs.logs.value)?;
        let identity = Identity::of(self.set, self.scope, self.seed);
        match path {
            // Without logs there is nothing to fill a new ledger with.
            Some(path) if self.inputs.logs.value.is_empty() => Ledger::open(path),
            Some(path) => Ledger::open_or_create(path, &identity),
            None => Ledger::temporary(&identity),
        }
        .map_err(|error| ledger_failure(&error))
    }

    fn read(
        &self,
        ledger: &mut Ledger,
        given: &Given,
        display: &Display,
    ) -> Result<Summary, Failure> {
        let plan = crate::scan::Plan::new(self.set, self.scope, self.seed);
        let options = ScanOptions {
            threads: self.inputs.threads.value,
            rehash: self.rehash,
            hash_logs: self.hash_logs,
            limits: self.inputs.limits(),
        };
        let name = self.scan_name(given.kept.as_ref());
        ledger
            .begin_scan(&name)
            .map_err(|error| ledger_failure(&error))?;
        let mut progress = Shown {
            display,
            total: Counted::default(),
        };
        let summary = scan_files(
            ledger,
            &given.listing,
            &plan,
            &options,
            &mut progress,
            super::stop::flag(),
        )
        .map_err(|error| Failure::usage(error.to_string(), error.help()))?;
        display.finish(&words(&summary));
        if summary.is_cancelled {
            return Err(super::stop::failure());
        }
        ledger
            .end_scan(&name)
            .map_err(|error| ledger_failure(&error))?;
        Ok(summary)
    }

    /// What a ledger calls this scan while it runs, so that the same one can end it later.
    /// Other logs on standard input are another scan.
    fn scan_name(&self, kept: Option<&Kept>) -> String {
        let mut roots: Vec<String> = self
            .inputs
            .logs
            .value
            .iter()
            .map(|root| {
                if let Some(kept) = kept.filter(|_| root.as_os_str() == STDIN) {
                    return format!("`{}`", kept.name());
                }
                let path = std::fs::canonicalize(root).unwrap_or_else(|_| root.clone());
                format!("`{}`", sanitize::inline(&path.to_string_lossy()))
            })
            .collect();
        roots.sort();
        roots.join(", ")
    }
}

/// Refuses a ledger without files: nothing can be said from it.
fn with_files(ledger: Ledger) -> Result<Ledger, Failure> {
    let count = || -> Result<u64, LedgerError> {
        let count = ledger.file_count()?;
        if count == 0 {
            // A scan that was cut off before it wrote a file is another thing than an empty folder.
            ledger.check_finished()?;
        }
        Ok(count)
    };
    match count().map_err(|error| ledger_failure(&error))? {
        0 => Err(Failure::usage(
            format!("no log file was found{}", lost(&ledger)?),
            "name a folder that holds CloudTrail logs (`AWSLogs/…` with .json.gz files)",
        )),
        _ => Ok(ledger),
    }
}

/// The first things that were not looked into, such as a link to outside of the given paths.
fn lost(ledger: &Ledger) -> Result<String, Failure> {
    let problems = ledger.problems().map_err(|error| ledger_failure(&error))?;
    let lost = |problem: &&ProblemFact| problem.is_loss || problem.code == PACKET;
    let named = problems
        .iter()
        .filter(lost)
        .take(3)
        .map(|one| format!("; `{}`: {}", one.name, one.message));
    Ok(named.collect())
}

/// A ledger that cannot be used.
pub fn ledger_failure(error: &LedgerError) -> Failure {
    Failure::usage(error.to_string(), error.help())
}

/// Progress of the scan on the display of the caller.
struct Shown<'a> {
    display: &'a Display,
    total: Counted,
}

impl crate::scan::Progress for Shown<'_> {
    fn begin(&mut self, to_read: Counted, unchanged: u64) {
        self.total = to_read;
        if unchanged > 0 {
            self.display.say(&format!(
                "{} files are in the ledger already",
                thousands(unchanged)
            ));
        }
    }

    fn advance(&mut self, done: Counted) {
        self.display.update(Progress {
            files: done.files,
            files_total: self.total.files,
            bytes: done.bytes,
            bytes_total: self.total.bytes,
            records: done.records,
        });
    }
}

fn words(summary: &Summary) -> String {
    let mut text = format!(
        "read {} in {}",
        counted(summary.read.records, "record"),
        counted(summary.read.files, "file")
    );
    let mut also = |count: u64, what: &str, then: &str| {
        if count > 0 {
            text.push_str(&format!("; {} {then}", counted(count, what)));
        }
    };
    also(summary.unchanged, "file", "unchanged");
    also(summary.replaced, "file", "had changed, read again");
    also(summary.refused, "file", "refused");
    also(summary.records_refused, "record", "refused");
    also(summary.unseen, "file or folder", "not looked at");
    text
}

/// `1 file`, `2,000 files`
fn counted(count: u64, what: &str) -> String {
    match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "file or folder") => format!("{} files or folders", thousands(count)),
        _ => format!("{} {what}s", thousands(count)),
    }
}

/// What was lost, by name, also when quiet: these are errors.
fn tell_losses(losses: &FirstLosses) {
    for one in losses.iter() {
        let record = one.index.map(|at| format!(", record {at}"));
        complain(&format!(
            "error: {}{}: {} ({})",
            display_text(&one.name),
            record.unwrap_or_default(),
            one.message,
            one.code
        ));
    }
    if losses.more() > 0 {
        complain(&format!(
            "error: {} more; `attestrail report` lists all of them in logs/refused.csv",
            thousands(losses.more())
        ));
    }
}

/// `attestrail scan`
///
/// # Errors
/// See [`Intake::run`].
pub fn scan(args: &Scan, out: &mut Out) -> Result<Exit, Failure> {
    let settings = Settings::find(args.sources.config.as_deref())?;
    let inputs = Inputs::of_scan(args, &settings);
    if inputs.logs.value.is_empty() {
        return Err(Failure::usage(
            "no logs given",
            "name folders or files with CloudTrail records, or set `logs` in attestrail.toml",
        ));
    }
    let set = load_set(&inputs.controls.value, args.behaviour.quiet)?;
    let of_lint = lint_own(&set, &inputs.controls.value);
    if of_lint.has_errors() {
        return Err(of_lint.into());
    }
    let scope = load_scope(inputs.scope.value.as_deref())?;
    let display = Display::new(args.behaviour.quiet);
    let seed = seed(args.seed.as_deref().or(settings.seed.as_deref()));
    let intake = Intake {
        inputs: &inputs,
        set: &set,
        scope: &scope,
        seed: &seed,
        rehash: args.rehash,
        hash_logs: args.hash_logs,
    };
    let mut ledger = intake.open(Some(&args.ledger))?;
    let given = Given::of(&inputs.logs.value, Some(&args.ledger))?;
    own_files::tell(&given.listing, &display);
    let summary = intake.read(&mut ledger, &given, &display)?;
    tell_losses(&summary.losses);
    if args.behaviour.json {
        let refusals: Vec<serde_json::Value> = summary
            .losses
            .iter()
            .map(|one| {
                serde_json::json!({
                    "file": one.name, "index": one.index, "code": one.code, "message": one.message,
                })
            })
            .collect();
        let line = serde_json::json!({
            "format": "attestrail.scan/v1",
            "ledger": args.ledger.to_string_lossy(),
            "files_listed": summary.listed,
            "files_unchanged": summary.unchanged,
            "files_read": summary.read.files,
            "files_refused": summary.refused,
            "records_read": summary.read.records,
            "records_refused": summary.records_refused,
            "not_looked_at": summary.unseen,
            "refusals": refusals,
        });
        closed_is_fine(std::io::Write::write_fmt(out, format_args!("{line}\n")))?;
    }
    let is_incomplete = summary.refused + summary.records_refused + summary.unseen > 0
        || summary.losses.iter().next().is_some();
    Ok(if is_incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}
