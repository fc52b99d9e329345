//! Logs into a ledger, for `report`, `scan` and `merge`.

use std::path::{Path, PathBuf};

use super::args::{Merge, Scan};
use super::control::{lint_own, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::matching::{bad_roots, load_scope};
use super::output::{Out, closed_is_fine};
use super::plan::Inputs;
use super::settings::Settings;
use super::standard_input::{Kept, STDIN};
use super::terminal::{Display, Progress, thousands};
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::ledger::identity::Identity;
use crate::ledger::merge as merging;
use crate::ledger::{Ledger, LedgerError};
use crate::sanitize;
use crate::scan::{Counted, ScanOptions, Summary, scan as scan_files};
use crate::source::local::{WalkOptions, walk};

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
        let identity = Identity::of(self.set, self.scope, self.seed);
        let mut ledger = match path {
            // Without logs there is nothing to fill a new ledger with.
            Some(path) if self.inputs.logs.value.is_empty() => Ledger::open(path),
            Some(path) => Ledger::open_or_create(path, &identity),
            None => Ledger::temporary(&identity),
        }
        .map_err(|error| ledger_failure(&error))?;
        if !self.inputs.logs.value.is_empty() {
            self.read(&mut ledger, display)?;
        }
        if ledger
            .file_count()
            .map_err(|error| ledger_failure(&error))?
            == 0
        {
            return Err(Failure::usage(
                "no log file was found",
                "name a folder that holds CloudTrail logs (`AWSLogs/…` with .json.gz files)",
            ));
        }
        Ok(ledger)
    }

    fn read(&self, ledger: &mut Ledger, display: &Display) -> Result<Summary, Failure> {
        let mut roots = self.inputs.logs.value.clone();
        // Kept until the scan is through.
        let kept = super::standard_input::replace(&mut roots)?;
        let listing = walk(&roots, WalkOptions::default()).map_err(|errors| bad_roots(&errors))?;
        let plan = crate::scan::Plan::new(self.set, self.scope, self.seed);
        let options = ScanOptions {
            threads: self.inputs.threads.value,
            rehash: self.rehash,
            hash_logs: self.hash_logs,
            ..ScanOptions::default()
        };
        let name = self.scan_name(kept.as_ref());
        ledger
            .begin_scan(&name)
            .map_err(|error| ledger_failure(&error))?;
        let mut progress = Shown {
            display,
            total: Counted::default(),
        };
        let summary = scan_files(
            ledger,
            &listing,
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
        "read {} records in {} files",
        thousands(summary.read.records),
        thousands(summary.read.files)
    );
    let mut also = |count: u64, what: &str| {
        if count > 0 {
            text.push_str(&format!("; {} {what}", thousands(count)));
        }
    };
    also(summary.unchanged, "files unchanged");
    also(summary.replaced, "files had changed and were read again");
    also(summary.refused, "files refused");
    also(summary.records_refused, "records refused");
    text
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
    let identity = Identity::of(
        &set,
        &scope,
        &seed(args.seed.as_deref().or(settings.seed.as_deref())),
    );
    let intake = Intake {
        inputs: &inputs,
        set: &set,
        scope: &scope,
        seed: &identity.seed,
        rehash: args.rehash,
        hash_logs: args.hash_logs,
    };
    let mut ledger =
        Ledger::open_or_create(&args.ledger, &identity).map_err(|error| ledger_failure(&error))?;
    let summary = intake.read(&mut ledger, &display)?;
    if args.behaviour.json {
        let line = serde_json::json!({
            "format": "attestrail.scan/v1",
            "ledger": args.ledger.to_string_lossy(),
            "files_listed": summary.listed,
            "files_unchanged": summary.unchanged,
            "files_read": summary.read.files,
            "files_refused": summary.refused,
            "records_read": summary.read.records,
            "records_refused": summary.records_refused,
        });
        closed_is_fine(std::io::Write::write_fmt(out, format_args!("{line}\n")))?;
    }
    let is_incomplete = summary.refused > 0 || summary.records_refused > 0;
    Ok(if is_incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}

/// `attestrail merge`
///
/// # Errors
/// When a ledger is missing, was made for other controls or lists, or the target exists.
pub fn merge(args: &Merge, out: &mut Out) -> Result<Exit, Failure> {
    if args.out.exists() {
        return Err(Failure::usage(
            format!(
                "{}: is there already",
                sanitize::inline(&args.out.to_string_lossy())
            ),
            "name a ledger that does not exist yet, or delete this one",
        ));
    }
    // Half a ledger would look like a whole one, so it has its name only in the end, also after a kill.
    let unnamed = beside(&args.out)?;
    join(&args.ledgers, unnamed.path(), out)?;
    unnamed
        .into_temp_path()
        .persist_noclobber(&args.out)
        .map_err(|error| unwritable(&args.out, &error.error))?;
    Ok(Exit::Clean)
}

/// A file beside the target that is gone unless it gets the target's name.
fn beside(target: &Path) -> Result<tempfile::NamedTempFile, Failure> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".attestrail-").suffix(".ledger");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As a new file is made, so that whom the umask allows can read it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
        .tempfile_in(folder)
        .map_err(|cause| unwritable(target, &cause))
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Failure {
    ledger_failure(&LedgerError::Unwritable {
        path: path.to_owned(),
        detail: cause.to_string(),
    })
}

fn join(ledgers: &[PathBuf], target: &Path, out: &mut Out) -> Result<(), Failure> {
    let first = Ledger::open(&ledgers[0]).map_err(|error| ledger_failure(&error))?;
    let mut joined =
        Ledger::open_or_create(target, first.identity()).map_err(|error| ledger_failure(&error))?;
    drop(first);
    for path in ledgers {
        let from = Ledger::open(path).map_err(|error| ledger_failure(&error))?;
        let merged = merging::merge(&mut joined, &from).map_err(|error| ledger_failure(&error))?;
        closed_is_fine(std::io::Write::write_fmt(
            out,
            format_args!(
                "{}: {} files added, {} known already\n",
                sanitize::inline(&path.to_string_lossy()),
                thousands(merged.added),
                thousands(merged.known)
            ),
        ))?;
    }
    joined.seal().map_err(|error| ledger_failure(&error))
}
