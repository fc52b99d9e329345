//! `attestrail logs`: what a log set holds, before any control is asked.
//!
//! Two passes: one into a ledger, from which the assessment says what is a duplicate, silent or
//! unproven, and one that tallies volumes and callers. The scan for packets pays for neither.

mod integrity;
mod json;
mod text;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use super::args::Inspect;
use super::clock::Clock;
use super::control::load_set;
use super::exit::Exit;
use super::failure::Failure;
use super::given::Given;
use super::intake::{self, Intake};
use super::integrity::{self as chains, Checked};
use super::matching::load_scope;
use super::output::{Out, closed_is_fine, complain};
use super::plan::{Inputs, PeriodWords};
use super::report::is_of_chains;
use super::settings::Settings;
use super::terminal::{Display, Progress};
use super::trust;
use crate::assess::outcome::{Assessment, EvidenceSource, RefusalRow};
use crate::assess::{self, Assessed};
use crate::inspect::advice::{Advice, advise};
use crate::inspect::pass::{self, PassOptions};
use crate::inspect::prices::{Prices, SHIPPED};
use crate::inspect::remarks::Remarks;
use crate::inspect::span::{Days, Span};
use crate::inspect::tally::Tally;
use crate::integrity::IntegrityVerdict;
use crate::ledger::{Ledger, LedgerError};
use crate::period::Period;
use crate::sanitize;
use crate::source::Listing;
use crate::source::shape::ARCHIVE;

/// Files of one shape.
#[derive(Debug, Clone, Copy, Default)]
struct ShapeCount {
    files: u64,
    records: u64,
}

/// Everything that is told about a log set.
struct Inspection<'a> {
    /// None where only a ledger was given.
    tally: Option<&'a Tally>,
    /// The time that volumes are from.
    span: Option<Span>,
    /// The period, asked for or found in the records; none where there is no record.
    period: Option<&'a Period>,
    is_asked: bool,
    assessment: &'a Assessment,
    shapes: BTreeMap<String, ShapeCount>,
    remarks: Remarks,
    /// The first refusals that mean loss, and others.
    refusals: Vec<RefusalRow>,
    refusal_count: u64,
    /// Of these, digests and their metadata.
    chain_files: u64,
    advice: Advice,
    prices: &'a Prices,
    integrity: integrity::Answer,
}

/// Code of the notice that a file holds aggregated events.
const AGGREGATED: &str = "aggregated-events";
/// Refusals that are told one by one.
const SHOWN_REFUSALS: usize = 20;

/// `attestrail logs`
///
/// # Errors
/// Logs, ledger, scope, prices or period that cannot be used.
pub fn run(args: &Inspect, clock: &Clock, out: &mut Out) -> Result<Exit, Failure> {
    if args.print_prices {
        closed_is_fine(out.write_all(SHIPPED.as_bytes()))?;
        return Ok(Exit::Clean);
    }
    let settings = Settings::find(args.sources.config.as_deref())?;
    let inputs = Inputs::new(&args.sources, &args.behaviour, &args.limits, &settings);
    let asked = asked(args, clock)?;
    check_names(args, &inputs, asked.as_ref())?;
    let prices = prices(args)?;
    let set = load_set(&inputs.controls.value, true)?;
    let scope = load_scope(inputs.scope.value.as_deref())?;
    let named = match args.statements.selectors.as_slice() {
        [] => &settings.selectors,
        named => named,
    };
    let snapshots = super::snapshots::load(named)?;
    let display = Display::new(args.behaviour.quiet);
    let seed = intake::seed(settings.seed.as_deref());
    let intake = Intake {
        inputs: &inputs,
        set: &set,
        scope: &scope,
        seed: &seed,
        rehash: false,
        hash_logs: !args.keys.is_empty(),
    };
    let trust = trust_of(args, &inputs)?;
    let path = args.ledger.as_deref();
    let given = match inputs.logs.value.as_slice() {
        [] => None,
        logs => Some(Given::of(logs, path)?),
    };
    let ledger = match &given {
        None => intake.run(path, &display)?,
        Some(given) => intake.run_alone(path, given, &display)?,
    };
    let period = match &asked {
        Some(asked) => Some(asked.clone()),
        None => found_period(&ledger)?,
    };
    let tally = given
        .as_ref()
        .map(|given| tally(&given.listing, &inputs, period.as_ref(), &display))
        .transpose()?;
    let options = assess::Options {
        snapshots: &snapshots,
        trust: Some(&trust),
        ..assess::Options::default()
    };
    // Without any record there is no time to look at; what was refused is told all the same.
    let some_period = Period::month_of(0);
    let assessed_period = period.as_ref().unwrap_or(&some_period);
    let Assessed {
        assessment,
        evidence,
    } = assess::assess(&ledger, &set, &scope, assessed_period, &options)
        .map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    let whole = given
        .as_ref()
        .filter(|_| !args.keys.is_empty() && asked.is_none());
    let checked = whole.map(|given| check(args, given, &inputs)).transpose()?;
    let ground = integrity::Ground {
        assessed: &assessment.integrity,
        checked: checked.as_ref(),
        has_keys: !args.keys.is_empty(),
        has_scope: inputs.scope.value.is_some(),
        is_asked: asked.is_some(),
    };
    let mut inspection = Inspection {
        tally: tally.as_ref(),
        span: tally.as_ref().and_then(|tally| tally.span),
        period: period.as_ref(),
        is_asked: asked.is_some(),
        advice: match period {
            Some(_) => advise(&assessment, &set),
            None => Advice::default(),
        },
        assessment: &assessment,
        shapes: BTreeMap::new(),
        remarks: Remarks::default(),
        refusals: Vec::new(),
        refusal_count: 0,
        chain_files: 0,
        prices: &prices,
        integrity: ground.judge(),
    };
    inspection.look_at_files(&evidence)?;
    let written = match args.behaviour.json {
        true => json::write(out, &inspection),
        false => text::write(out, &inspection),
    };
    closed_is_fine(written)?;
    Ok(exit(&inspection))
}

/// Refuses what cannot be read, before anything long is begun.
fn check_names(args: &Inspect, inputs: &Inputs, asked: Option<&Period>) -> Result<(), Failure> {
    trust::refuse_folders("--keys", &args.keys)?;
    trust::refuse_folders("--metadata", &args.metadata)?;
    trust::refuse_folders("--selectors", &args.statements.selectors)?;
    if inputs.logs.value.is_empty() && (args.ledger.is_none() || asked.is_none()) {
        return Err(nothing_given(args));
    }
    Ok(())
}

/// What digests are verified with; files of keys that hold none are complained about.
fn trust_of(args: &Inspect, inputs: &Inputs) -> Result<assess::Trust, Failure> {
    let (keys, refused) = trust::keys(&args.keys)?;
    for warning in refused {
        complain(&format!("warning: {warning}"));
    }
    Ok(assess::Trust {
        keys,
        metadata: trust::metadata(&args.metadata)?,
        slack: i64::from(args.slack) * 60,
        is_required: false,
        threads: inputs.threads.value,
    })
}

impl Inspection<'_> {
    fn look_at_files(&mut self, source: &dyn EvidenceSource) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::usage(error.to_string(), "delete the ledger and run again")
        };
        let (shapes, remarks) = (&mut self.shapes, &mut self.remarks);
        source
            .inputs(&mut |row| {
                let name = match (row.outcome, row.shape.as_str()) {
                    ("refused", _) => "refused".to_owned(),
                    (_, "") => "of no known shape".to_owned(),
                    (_, shape) if shape.starts_with(ARCHIVE) => {
                        "an archive, each of its members a file of its own".to_owned()
                    }
                    (_, shape) => shape.to_owned(),
                };
                let count = shapes.entry(name).or_default();
                count.files += 1;
                count.records += row.records;
                remarks.note(&row.key, &row.notices);
                Ok(())
            })
            .map_err(failed)?;
        let (mut losses, mut others) = (Vec::new(), Vec::new());
        let total = &mut self.refusal_count;
        let chain_files = &mut self.chain_files;
        source
            .refusals(&mut |row| {
                if row.code == AGGREGATED {
                    // Told in one sentence for all files, see `Remarks::left_out`.
                    return Ok(());
                }
                *total += 1;
                if !row.is_loss && is_of_chains(&row.code) {
                    *chain_files += 1;
                    return Ok(());
                }
                let list = if row.is_loss {
                    &mut losses
                } else {
                    &mut others
                };
                if list.len() < SHOWN_REFUSALS {
                    list.push(row.clone());
                }
                Ok(())
            })
            .map_err(failed)?;
        losses.append(&mut others);
        losses.truncate(SHOWN_REFUSALS);
        self.refusals = losses;
        self.check_rows()
    }

    /// The files one by one and the sums of the assessment are counted apart, as for a packet.
    fn check_rows(&self) -> Result<(), Failure> {
        let set = &self.assessment.log_set;
        let files = self.shapes.values().map(|count| count.files).sum::<u64>();
        let records = self.shapes.values().map(|count| count.records).sum::<u64>();
        let listed = set.files_listed - set.files_not_opened;
        for (what, whole, parts) in [
            ("files", listed, files),
            ("records", set.total.seen, records),
        ] {
            if whole != parts {
                return Err(Failure::usage(
                    format!("{what} of the log set do not add up: {whole} is not {parts}"),
                    "run again; if it stays, report it as a fault of attestrail",
                ));
            }
        }
        Ok(())
    }
}

fn asked(args: &Inspect, clock: &Clock) -> Result<Option<Period>, Failure> {
    match (&args.period, &args.from, &args.to) {
        (Some(label), _, _) => Ok(Some(Period::parse(label, Some(clock.now()))?)),
        (None, Some(from), Some(to)) => PeriodWords::Between(from.clone(), to.clone())
            .resolve(clock.now())
            .map(Some),
        _ => Ok(None),
    }
}

/// The period of the records. Volumes are then of this period alone, so that what comes to a month
/// is from the time that it is divided by.
fn found_period(ledger: &Ledger) -> Result<Option<Period>, Failure> {
    let mut days = Days::default();
    ledger
        .times(|time| days.note(time))
        .map_err(|error| intake::ledger_failure(&error))?;
    Ok(days.period())
}

fn prices(args: &Inspect) -> Result<Prices, Failure> {
    let Some(path) = &args.prices else {
        return Ok(Prices::shipped());
    };
    let refused = |why: String| {
        Failure::usage(
            format!("{}: {why}", sanitize::inline(&path.to_string_lossy())),
            "`attestrail logs --print-prices` prints a table to begin with",
        )
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    Prices::parse(&text).map_err(refused)
}

/// Why there is nothing to look at: a ledger is told from no ledger, and from one that is not complete.
fn nothing_given(args: &Inspect) -> Failure {
    let whole = |path| -> Result<(), LedgerError> { Ledger::open(path)?.check_finished() };
    match args.ledger.as_deref().map(whole) {
        Some(Err(error)) => intake::ledger_failure(&error),
        _ => Failure::usage(
            "no logs given",
            "name folders or files with CloudTrail records, or a ledger with `--ledger` and a period with `--period`",
        ),
    }
}

fn tally(
    listing: &Listing,
    inputs: &Inputs,
    period: Option<&Period>,
    display: &Display,
) -> Result<Tally, Failure> {
    let progress = Mutex::new(Progress {
        files_total: listing.files.len() as u64,
        bytes_total: listing.files.bytes(),
        ..Progress::default()
    });
    let options = PassOptions {
        threads: inputs.threads.value,
        limits: inputs.limits(),
        window: period.map(|period| (period.start, period.end)),
        cancel: super::stop::flag(),
    };
    let tally = pass::read(&listing.files, &options, &|bytes, records| {
        let mut progress = progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        progress.files += 1;
        progress.bytes += bytes;
        progress.records += records;
        display.update(*progress);
    });
    display.finish("volumes tallied");
    tally.ok_or_else(|| {
        Failure::interrupted(
            "stopped before everything was looked at",
            "run the same command again",
        )
    })
}

/// The digest chains of everything that was given, whatever its time.
fn check(args: &Inspect, given: &Given, inputs: &Inputs) -> Result<Checked, Failure> {
    chains::check(&chains::Wanted {
        trees: &given.roots,
        keys: &args.keys,
        metadata: &args.metadata,
        asked: None,
        limits: inputs.limits(),
        threads: inputs.threads.value,
        is_quiet: args.behaviour.quiet,
    })
}

fn exit(inspection: &Inspection<'_>) -> Exit {
    match inspection.integrity.verdict {
        Some(IntegrityVerdict::Failed) => Exit::Integrity,
        Some(IntegrityVerdict::Incomplete | IntegrityVerdict::NotVerified) => Exit::Incomplete,
        _ if inspection.assessment.log_set.losses > 0 => Exit::Incomplete,
        _ => Exit::Clean,
    }
}
