//! `attestrail report`: the main job, from logs to packets.
//!
//! Everything that can be wrong with the order is checked before the first log is read.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::args::Report;
use super::clock::{self, Clock};
use super::control::{lint_own, load_with_warnings};
use super::exit::{Exit, filtered};
use super::failure::Failure;
use super::intake::{self, Intake};
use super::matching::scope_with_warnings;
use super::output::{Out, closed_is_fine, complain};
use super::own_files;
use super::plan::{LARGEST_FILE, PeriodWords, Plan};
use super::settings::Settings;
use super::terminal::{Display, thousands};
use super::trust;
use crate::assess::{self, Assessed, Trust};
use crate::control::framework::Framework;
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::diagnostic::{Diagnostic, suggestion};
use crate::ledger::{Ledger, LedgerError};
use crate::packet::build::{self, Facts, Inputs};
use crate::packet::folder::Existing;
use crate::packet::mask::Masking;
use crate::packet::model::{Conclusion, FrameworkInfo, IntegrityInfo, LogSetInfo, Packet, Refusal};
use crate::packet::spool::Spool;
use crate::packet::write::{self, Options, Prepared, Run, RunPacket, Written};
use crate::period::Period;
use crate::record::time;
use crate::render::VIEWS;

use crate::sanitize;
use crate::trail::snapshot::Snapshot;

/// How many refused files and records are told on standard error.
const SHOWN_REFUSALS: usize = 20;

/// Everything that was understood before the work began.
struct Order<'a> {
    args: &'a Report,
    plan: Plan,
    period: Period,
    generated_at: i64,
    set: ControlSet,
    scope: Scope,
    frameworks: Vec<Framework>,
    existing: Existing,
    /// Keys and metadata for digest chains.
    trust: Trust,
    /// What is odd about controls and scope, each a sentence; the packet tells it too.
    warnings: Vec<String>,
    snapshots: Vec<Snapshot>,
}

/// A packet that was made; it shows once all of the run are published.
struct Done {
    told: Told,
    written: Written,
}

/// What the command says of a packet. Its rows are let go of before the next one is made.
struct Told {
    framework: FrameworkInfo,
    conclusion: Conclusion,
    log_set: LogSetInfo,
    integrity: IntegrityInfo,
}

impl From<Packet> for Told {
    fn from(packet: Packet) -> Told {
        Told {
            framework: packet.framework,
            conclusion: packet.conclusion,
            log_set: packet.log_set,
            integrity: IntegrityInfo {
                cover: Arc::default(),
                ..packet.integrity
            },
        }
    }
}

/// `attestrail report`
///
/// # Errors
/// When the order is wrong, the logs cannot be found, or a packet cannot be written.
pub fn run(args: &Report, clock: &Clock, out: &mut Out) -> Result<Exit, Failure> {
    let order = Order::new(args, clock)?;
    let display = Display::new(args.behaviour.quiet);
    let intake = Intake {
        inputs: &order.plan.inputs,
        set: &order.set,
        scope: &order.scope,
        seed: &order.seed(),
        rehash: args.rehash,
        // Who names keys means to verify, also when the digests come later.
        hash_logs: !order.plan.chains.keys.value.is_empty(),
    };
    let ledger = intake.run(order.plan.ledger.value.as_deref(), &display)?;
    order.check_seed(&ledger)?;
    let mut prepared = Prepared::default();
    let done = order.packets(&ledger, &mut prepared)?;
    if !args.behaviour.quiet {
        tell_notices(&done);
        tell_remarks(&done);
    }
    tell_refusals(&done, args.behaviour.quiet);
    tell_integrity(&done);
    order.publish(prepared, &done, clock)?;
    let exit = exit_of(&done, args);
    if args.behaviour.json {
        let printed = writeln!(out.get_mut(), "{}", order.summary(&done, exit));
        if let Err(failure) = closed_is_fine(printed) {
            // The packets are there, so the exit code must go on speaking of them.
            complain(&format!(
                "error: the packets were written, but their summary was not: {}",
                failure.message
            ));
        }
    } else {
        display.say(&order.words(&done));
    }
    Ok(exit)
}

impl<'a> Order<'a> {
    fn new(args: &'a Report, clock: &Clock) -> Result<Self, Failure> {
        let settings = Settings::find(args.sources.config.as_deref())?;
        let plan = Plan::new(args, &settings);
        let period = plan.period.value.resolve(clock.now())?;
        let generated_at = clock.stated(args.generated_at.as_deref())?;
        trust::refuse_folders("--selectors", &plan.selectors.value)?;
        let (trust, of_keys) = trust::read(&plan.chains, plan.inputs.threads.value)?;
        for warning in &of_keys {
            complain(&format!("warning: {warning}"));
        }
        if plan.inputs.logs.value.is_empty() && plan.ledger.value.is_none() {
            return Err(Failure::usage(
                "no logs given",
                "name folders or files with CloudTrail records, or a ledger with `--ledger`, or set `logs` in attestrail.toml",
            ));
        }
        let (set, mut warnings) = load_with_warnings(&plan.inputs.controls.value)?;
        let of_lint = lint_own(&set, &plan.inputs.controls.value);
        let doubts: Vec<String> = of_lint.iter().map(doubt).collect();
        let (scope, of_scope) = scope_with_warnings(plan.inputs.scope.value.as_deref())?;
        warnings.extend(of_scope);
        warnings.extend(scope.check(&set));
        // Without their places: paths differ from machine to machine.
        let mut told: Vec<String> = warnings
            .clone()
            .sorted()
            .iter()
            .map(|one| one.message.clone())
            .collect();
        told.extend(doubts);
        told.extend(of_keys);
        warnings.extend(of_lint);
        let warnings = warnings.sorted();
        if warnings.has_errors() {
            return Err(warnings.into());
        }
        if !warnings.is_empty() && !args.behaviour.quiet {
            complain(&warnings.to_string());
        }
        let frameworks = chosen_frameworks(&set, &plan.frameworks.value)?;
        let existing = if plan.replace.value {
            Existing::Replace
        } else {
            Existing::Refuse
        };
        own_files::refuse_overlap(
            &plan.inputs.logs.value,
            &plan.out.value,
            &period.label,
            frameworks.iter().map(|one| one.id.as_str()),
        )?;
        for framework in &frameworks {
            write::check_target(&plan.out.value, &period.label, &framework.id, existing)
                .map_err(|error| folder_failure(&error, error.help()))?;
        }
        let snapshots = super::snapshots::load_until(&plan.selectors.value, generated_at)?;
        Ok(Order {
            args,
            snapshots,
            plan,
            period,
            generated_at,
            set,
            scope,
            frameworks,
            existing,
            warnings: told,
            trust,
        })
    }

    fn seed(&self) -> String {
        intake::seed(self.plan.seed.value.as_deref())
    }

    /// A ledger's samples are drawn already: another seed cannot be had from it.
    fn check_seed(&self, ledger: &Ledger) -> Result<(), Failure> {
        let found = &ledger.identity().seed;
        match &self.plan.seed.value {
            Some(asked) if asked != found => Err(intake::ledger_failure(&LedgerError::Mismatch {
                path: ledger.path().to_owned(),
                differences: vec![format!(
                    "its samples are drawn with seed `{}`, not `{}`",
                    sanitize::inline(found),
                    sanitize::inline(asked)
                )],
            })),
            _ => Ok(()),
        }
    }

    /// The packets in the order of the frameworks. Those that are about the same places
    /// are about the same verdicts and rows, which are found once.
    fn packets(&self, ledger: &Ledger, prepared: &mut Prepared) -> Result<Vec<Done>, Failure> {
        let mut done: Vec<Option<Done>> = self.frameworks.iter().map(|_| None).collect();
        while let Some(first) = done.iter().position(Option::is_none) {
            let leader = &self.frameworks[first];
            let assessed = self.assess(leader, ledger)?;
            let spool = Spool::stopped_by(super::stop::flag());
            for (framework, done) in self.frameworks.iter().zip(&mut done) {
                let is_alike = assess::same_places(&self.scope, &leader.id, &framework.id);
                if done.is_none() && is_alike {
                    *done = Some(self.packet(framework, ledger, &assessed, &spool, prepared)?);
                }
            }
        }
        Ok(done.into_iter().flatten().collect())
    }

    fn assess<'l>(
        &self,
        framework: &Framework,
        ledger: &'l Ledger,
    ) -> Result<Assessed<'l>, Failure> {
        let options = assess::Options {
            framework: Some(&framework.id),
            sample_size: self.plan.sample_size.value,
            made_at: Some(self.generated_at),
            trust: Some(&self.trust),
            snapshots: &self.snapshots,
        };
        assess::assess(ledger, &self.set, &self.scope, &self.period, &options)
            .map_err(|error| Failure::usage(error.to_string(), error.help()))
    }

    fn packet(
        &self,
        framework: &Framework,
        ledger: &Ledger,
        assessed: &Assessed<'_>,
        spool: &Spool,
        prepared: &mut Prepared,
    ) -> Result<Done, Failure> {
        let facts = Facts {
            generated_at: self.generated_at,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command(framework, &ledger.identity().seed),
            warnings: self.warnings.clone(),
            not_examined: Vec::new(),
            masking: if self.args.keep_secrets {
                Masking::Keep
            } else {
                Masking::Mask { key: None }
            },
        };
        let inputs = Inputs {
            assessment: &assessed.assessment,
            source: &assessed.evidence,
            controls: &self.set,
            framework,
            scope: &self.scope,
            period: &self.period,
            facts: &facts,
            spool: Some(spool),
        };
        let packet = build::build(&inputs).map_err(|error| {
            if super::stop::flag().load(Ordering::Relaxed) {
                return super::stop::failure();
            }
            Failure::usage(error.to_string(), error.help())
        })?;
        let options = Options {
            out: &self.plan.out.value,
            existing: self.existing,
            views: &VIEWS,
            stop: Some(super::stop::flag()),
        };
        let written = prepared
            .add(&inputs, &packet, &options)
            .map_err(|error| match error {
                write::WriteError::Stopped => super::stop::failure(),
                other => folder_failure(&other, other.help()),
            })?;
        Ok(Done {
            told: packet.into(),
            written,
        })
    }

    /// The command that gives the packet again; LOGS and SCOPE stand for files that the packet names by hash.
    fn command(&self, framework: &Framework, seed: &str) -> String {
        let mut words = vec!["attestrail report LOGS".to_owned()];
        words.push(match self.plan.period.value {
            PeriodWords::Between(..) => format!(
                "--from {} --to {}",
                time::format(self.period.start),
                time::format(self.period.end)
            ),
            _ => format!("--period {}", self.period.label),
        });
        words.push(format!("--framework {}", framework.id));
        if self.plan.inputs.scope.value.is_some() {
            words.push("--scope SCOPE".to_owned());
        }
        if !self.plan.inputs.controls.value.is_empty() {
            words.push("--controls CONTROLS".to_owned());
        }
        words.extend(trust::words(&self.plan.chains));
        for one in &self.snapshots {
            let time = one
                .taken_at
                .map(|taken| format!("{}=", time::format(taken)));
            let name = format!("{}{}", time.unwrap_or_default(), one.name);
            words.push(format!("--selectors {}", quoted(&name)));
        }
        words.push(format!("--seed {}", quoted(seed)));
        words.push(format!("--sample-size {}", self.plan.sample_size.value));
        words.push(format!(
            "--generated-at {}",
            time::format(self.generated_at)
        ));
        let largest = self.plan.inputs.largest_file.value;
        if largest != LARGEST_FILE {
            words.push(format!("--largest-file {largest}"));
        }
        if self.args.keep_secrets {
            words.push("--keep-secrets".to_owned());
        }
        words.join(" ")
    }

    /// All packets of the run appear here, or none.
    fn publish(&self, prepared: Prepared, done: &[Done], clock: &Clock) -> Result<(), Failure> {
        let packets = done.iter().map(|one| RunPacket {
            framework: one.told.framework.id.clone(),
            id: one.written.id.clone(),
            manifest_sha256: one.written.manifest_sha256.clone(),
        });
        let run = Run {
            format: Run::FORMAT.to_owned(),
            started_at: time::format(clock.now()),
            finished_at: time::format(clock::now()),
            milliseconds: u64::try_from((clock.elapsed()).as_millis()).unwrap_or(u64::MAX),
            machine: clock::machine(),
            working_folder: std::env::current_dir()
                .map(|folder| folder.to_string_lossy().into_owned())
                .unwrap_or_default(),
            command: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            threads: self.plan.inputs.threads.value as u64,
            packets: packets.collect(),
        };
        // The last moment at which a stop leaves nothing.
        if super::stop::flag().load(Ordering::Relaxed) {
            return Err(super::stop::failure());
        }
        prepared
            .publish(
                &self.plan.out.value,
                &self.period.label,
                self.existing,
                &run,
            )
            .map_err(|error| folder_failure(&error, error.help()))
    }

    fn summary(&self, done: &[Done], exit: Exit) -> serde_json::Value {
        let packets: Vec<serde_json::Value> = done
            .iter()
            .map(|one| {
                json!({
                    "framework": one.told.framework.id,
                    "folder": one.written.folder.to_string_lossy(),
                    "id": one.written.id,
                    "manifest_sha256": one.written.manifest_sha256,
                    "conclusion": one.told.conclusion,
                })
            })
            .collect();
        json!({
            "format": "attestrail.summary/v1",
            "period": {"label": self.period.label, "start": time::format(self.period.start), "end": time::format(self.period.end)},
            "exit_code": exit.code(),
            "input_is_complete": done.first().is_some_and(|one| one.told.log_set.losses == 0),
            "log_set": done.first().map(|one| &one.told.log_set.total),
            "packets": packets,
        })
    }

    fn words(&self, done: &[Done]) -> String {
        let mut lines = Vec::new();
        for one in done {
            let counts: Vec<String> = one
                .told
                .conclusion
                .controls
                .iter()
                .filter(|count| count.count > 0)
                .map(|count| format!("{} {}", thousands(count.count), count.shown.to_lowercase()))
                .collect();
            lines.push(format!(
                "{}: {}",
                one.told.framework.name,
                counts.join(", ")
            ));
            lines.push(format!(
                "  {}",
                sanitize::inline(&one.written.folder.to_string_lossy())
            ));
        }
        lines.join("\n")
    }
}

/// What was refused, by name; the packet has the whole list. Losses are errors, also when quiet.
fn tell_refusals(done: &[Done], quiet: bool) {
    let Some(log_set) = done.first().map(|one| &one.told.log_set) else {
        return;
    };
    let rows = &log_set.refusals.rows;
    let of_chains = |one: &&Refusal| !one.is_loss && is_of_chains(&one.code);
    let is_told = |one: &&Refusal| !of_chains(one) && (one.is_loss || !quiet);
    for one in rows.iter().filter(is_told).take(SHOWN_REFUSALS) {
        let level = if one.is_loss { "error" } else { "notice" };
        let record = one
            .index
            .map(|at| format!(", record {at}"))
            .unwrap_or_default();
        complain(&format!("{level}: {}{record}: {}", one.file, one.message));
    }
    let chain_files = rows.iter().filter(of_chains).count() as u64;
    if chain_files > 0 && !quiet {
        let more = match log_set.refusals.shown < log_set.refusals.total {
            true => "at least ",
            false => "",
        };
        complain(&format!(
            "notice: {more}{} are no logs, but digests or metadata of digests: the packet says under integrity what they prove",
            counted(chain_files, "file")
        ));
    }
    let told = rows.iter().filter(is_told).take(SHOWN_REFUSALS).count() as u64;
    let hidden = log_set.refusals.total.saturating_sub(told + chain_files);
    if hidden > 0 && !quiet {
        complain(&format!(
            "{} more are in logs/refused.csv of the packet",
            thousands(hidden)
        ));
    }
}

/// What digests show, if anything does not verify or somebody demands that all does.
fn tell_integrity(done: &[Done]) {
    let failures = done.iter().filter(|one| one.told.integrity.is_failure());
    let mut statements: Vec<&str> = failures
        .map(|one| one.told.integrity.statement.as_str())
        .collect();
    statements.dedup();
    for statement in statements {
        complain(&format!("error: {}", sanitize::inline(statement)));
    }
}

/// How many files have remarks: fields left out by CloudTrail, a path that claims another account.
fn tell_remarks(done: &[Done]) {
    let Some(log_set) = done.first().map(|one| &one.told.log_set) else {
        return;
    };
    let count = log_set
        .inputs
        .rows
        .iter()
        .filter(|one| !one.notices.is_empty())
        .count();
    if count > 0 {
        let more = if log_set.inputs.shown < log_set.inputs.total {
            "at least "
        } else {
            ""
        };
        complain(&format!(
            "notice: {more}{count} of {} files have remarks, see logs/inputs.csv of the packet",
            log_set.inputs.total
        ));
    }
}

/// What a reader must know about the whole log set: that a period is empty, that no scope was given.
fn tell_notices(done: &[Done]) {
    let Some(log_set) = done.first().map(|one| &one.told.log_set) else {
        return;
    };
    for notice in &log_set.notices {
        complain(&format!("warning: {notice}"));
    }
}

/// A warning of lint with the control that it is about, which is called like its file.
fn doubt(one: &Diagnostic) -> String {
    let file = one.place.as_ref().map_or("", |place| &place.source.name);
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let id = name.strip_suffix(".toml").unwrap_or(name);
    format!("control `{}`: {}", sanitize::inline(id), one.message)
}

fn chosen_frameworks(set: &ControlSet, ids: &[String]) -> Result<Vec<Framework>, Failure> {
    let known: Vec<&str> = set.frameworks().ids().collect();
    if ids.is_empty() {
        return Ok(set.frameworks().iter().cloned().collect());
    }
    let mut chosen: Vec<Framework> = Vec::new();
    for id in ids {
        let Some(framework) = set.frameworks().get(id) else {
            let mut help = format!("known are `{}`", known.join("`, `"));
            if let Some(nearest) = suggestion(id, known.iter().copied()) {
                help = format!("{nearest} {help}");
            }
            return Err(Failure::usage(
                format!("no framework has the id `{}`", sanitize::inline(id)),
                help,
            ));
        };
        if !chosen.iter().any(|one| one.id == framework.id) {
            chosen.push(framework.clone());
        }
    }
    Ok(chosen)
}

fn folder_failure(error: &dyn std::fmt::Display, help: Option<&'static str>) -> Failure {
    Failure {
        message: error.to_string(),
        help: help.map(str::to_owned),
        exit: Exit::Usage,
    }
}

fn exit_of(done: &[Done], args: &Report) -> Exit {
    let mut outcomes = Vec::new();
    for one in done {
        let conclusion = &one.told.conclusion;
        if conclusion.exceptions > 0 {
            outcomes.push(Exit::Exceptions);
        }
        if conclusion.is_incomplete {
            outcomes.push(Exit::Incomplete);
        }
        if one.told.integrity.is_failure() {
            outcomes.push(Exit::Integrity);
        }
    }
    // Who requires integrity wants this code, whatever else is looked away from.
    let is_required = |one: &Done| one.told.integrity.is_required;
    let has_failed = |one: &&Done| is_required(one) && one.told.integrity.is_failure();
    match done.iter().find(has_failed) {
        Some(_) => Exit::Integrity,
        None => filtered(&outcomes, &args.fail_on),
    }
}

/// Whether a refusal is about a file of digest chains, of which there may be thousands.
pub fn is_of_chains(code: &str) -> bool {
    matches!(code, "digest" | "head-object")
}

/// `1 file`, `2 files`
fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", thousands(count)),
    }
}

/// A word for a POSIX shell.
pub fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c));
    if is_plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
