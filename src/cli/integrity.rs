//! `attestrail logs integrity`: is a log set what CloudTrail delivered, and all of it?
//!
//! Offline: the lines for the AWS CLI are printed for a person to run.

mod json;
mod text;

use std::path::PathBuf;
use std::sync::Mutex;

use super::args::LogsIntegrity;
use super::exit::Exit;
use super::failure::Failure;
use super::given::list;
use super::output::{Out, closed_is_fine, complain};
use super::plan::{LARGEST_FILE, read_limits};
use super::terminal::{Display, Progress};
use super::trust;
use crate::integrity::collect::{self, CollectOptions, Collected};
use crate::integrity::{Asked, IntegrityReport, IntegrityVerdict, Options, verify};
use crate::period::Period;
use crate::reader::ReadLimits;
use crate::source::{Listing, Severity};

/// What to verify, and with what.
pub struct Wanted<'w> {
    /// Folders with log files and digests.
    pub trees: &'w [PathBuf],
    /// Files with public keys.
    pub keys: &'w [PathBuf],
    /// Files with metadata of digests.
    pub metadata: &'w [PathBuf],
    /// The period that must be covered.
    pub asked: Option<Asked>,
    /// Bounds on what one log file may cost.
    pub limits: ReadLimits,
    /// Threads.
    pub threads: usize,
    /// Whether nothing is said on the way.
    pub is_quiet: bool,
}

/// What was found.
pub struct Checked {
    /// The answer.
    pub report: IntegrityReport,
    /// What it rests on.
    pub collected: Collected,
    /// The files.
    pub listing: Listing,
}

/// Verifies, and prints what was found.
///
/// # Errors
/// Trees, keys or a period that cannot be used; standard output that cannot be written.
pub fn run(args: &LogsIntegrity, out: &mut Out) -> Result<Exit, Failure> {
    trust::refuse_folders("--keys", &args.keys)?;
    trust::refuse_folders("--metadata", &args.metadata)?;
    if args.trees.is_empty() {
        return Err(Failure::usage(
            "no logs given",
            "name folders with log files and digest files, such as `attestrail logs integrity AWSLogs/`",
        ));
    }
    for warning in trust::keys(&args.keys)?.1 {
        complain(&format!("warning: {warning}"));
    }
    let threads = match args.behaviour.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let checked = check(&Wanted {
        trees: &args.trees,
        keys: &args.keys,
        metadata: &args.metadata,
        asked: asked(args)?,
        limits: read_limits(args.limits.largest_file.unwrap_or(LARGEST_FILE)),
        threads,
        is_quiet: args.behaviour.quiet,
    })?;
    let Checked {
        report,
        collected,
        listing,
    } = &checked;
    let unread = listing
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    if args.behaviour.json {
        closed_is_fine(json::write(out, report, collected, listing))?;
    } else {
        closed_is_fine(text::write(out, report, collected, listing))?;
    }
    Ok(exit(report, unread))
}

/// Verifies the digest chains of trees. Keys that are refused are for the caller to tell.
///
/// # Errors
/// Trees, keys or metadata that cannot be used.
pub fn check(wanted: &Wanted<'_>) -> Result<Checked, Failure> {
    let (keys, _) = trust::keys(wanted.keys)?;
    let metadata = trust::metadata(wanted.metadata)?;
    let listing = list(wanted.trees, None)?;
    let mut collected = read(&listing, wanted);
    for file in &metadata {
        collected.facts.add_metadata_lines(&file.name, &file.bytes);
    }
    collected.facts.keys = keys;
    let options = Options {
        asked: wanted.asked,
        threads: wanted.threads,
    };
    let report = verify(&collected.facts, &options);
    Ok(Checked {
        report,
        collected,
        listing,
    })
}

/// A period to verify, with minutes for late deliveries.
pub fn asked_of(period: &Period, slack: u32) -> Asked {
    Asked {
        start: period.start,
        end: period.end,
        slack: i64::from(slack) * 60,
    }
}

fn exit(report: &IntegrityReport, unread: usize) -> Exit {
    match report.verdict {
        IntegrityVerdict::Failed => Exit::Integrity,
        IntegrityVerdict::Incomplete | IntegrityVerdict::NotVerified => Exit::Incomplete,
        IntegrityVerdict::Verified if unread > 0 => Exit::Incomplete,
        IntegrityVerdict::Verified => Exit::Clean,
    }
}

fn asked(args: &LogsIntegrity) -> Result<Option<Asked>, Failure> {
    let period = match (&args.period, &args.from, &args.to) {
        (Some(period), _, _) => Period::parse(period, Some(chrono::Utc::now().timestamp()))?,
        (None, Some(from), Some(to)) => Period::between(from, to)?,
        _ => return Ok(None),
    };
    Ok(Some(asked_of(&period, args.slack)))
}

fn read(listing: &Listing, wanted: &Wanted<'_>) -> Collected {
    let display = Display::new(wanted.is_quiet);
    let progress = Mutex::new(Progress {
        files_total: listing.files.len() as u64,
        bytes_total: listing.files.bytes(),
        ..Progress::default()
    });
    let options = CollectOptions {
        inflate: wanted.limits.inflate,
        threads: wanted.threads,
    };
    let collected = collect::collect(listing, &options, &|size| {
        let mut progress = progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        progress.files += 1;
        progress.bytes += size;
        display.update(*progress);
    });
    display.finish(&format!(
        "read: {} logs, {} digests",
        collected.facts.logs.len(),
        collected.facts.digests.len()
    ));
    collected
}
