//! What a run will do: flags over settings over defaults, each value with where it came from.

use std::fmt::Display;
use std::path::PathBuf;

use super::args::{Behaviour, Limits, Report, Scan, Sources};
use super::failure::Failure;
use super::own_files;
use super::settings::Settings;
use crate::period::Period;
use crate::reader::ReadLimits;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A flag.
    Flag,
    /// The settings file.
    File,
    /// Nobody said anything.
    Default,
}

impl Display for From {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            From::Flag => "flag",
            From::File => "settings file",
            From::Default => "default",
        })
    }
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub struct Valued<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub from: From,
}

fn first<T>(flag: Option<T>, file: Option<T>, default: T) -> Valued<T> {
    match (flag, file) {
        (Some(value), _) => Valued {
            value,
            from: From::Flag,
        },
        (None, Some(value)) => Valued {
            value,
            from: From::File,
        },
        (None, None) => Valued {
            value: default,
            from: From::Default,
        },
    }
}

fn filled<T>(values: &[T]) -> Option<Vec<T>>
where
    T: Clone,
{
    (!values.is_empty()).then(|| values.to_vec())
}

/// MiB of the largest log file that is read when nobody says otherwise.
pub const LARGEST_FILE: u32 = 512;

/// What both `report` and `scan` need.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Log sources.
    pub logs: Valued<Vec<PathBuf>>,
    /// Scope file.
    pub scope: Valued<Option<PathBuf>>,
    /// Control folders; none: the shipped controls.
    pub controls: Valued<Vec<PathBuf>>,
    /// Reader threads.
    pub threads: Valued<usize>,
    /// Most MiB that a log file may hold.
    pub largest_file: Valued<u32>,
}

impl Inputs {
    /// Joins flags and settings.
    pub fn new(
        sources: &Sources,
        behaviour: &Behaviour,
        limits: &Limits,
        settings: &Settings,
    ) -> Inputs {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Inputs {
            logs: first(filled(&sources.logs), filled(&settings.logs), Vec::new()),
            scope: first(
                sources.scope.clone().map(Some),
                settings.scope.clone().map(Some),
                None,
            ),
            controls: first(
                filled(&sources.controls),
                filled(&settings.controls),
                Vec::new(),
            ),
            threads: first(
                behaviour.threads.map(usize::from),
                settings.threads.map(usize::from),
                processors,
            ),
            largest_file: first(limits.largest_file, settings.largest_file, LARGEST_FILE),
        }
    }

    /// Bounds on what one log file may cost.
    pub fn limits(&self) -> ReadLimits {
        read_limits(self.largest_file.value)
    }

    /// For `scan`.
    pub fn of_scan(args: &Scan, settings: &Settings) -> Inputs {
        Inputs::new(&args.sources, &args.behaviour, &args.limits, settings)
    }
}

/// Bounds on what one log file of at most so many MiB may cost.
pub fn read_limits(largest_file: u32) -> ReadLimits {
    let mut limits = ReadLimits {
        own_files: Some(own_files::IN_ARCHIVES),
        ..ReadLimits::default()
    };
    limits.inflate.bytes = u64::from(largest_file) << 20;
    limits
}

/// What digest chains are verified with.
#[derive(Debug, Clone)]
pub struct Chains {
    /// Files of public keys.
    pub keys: Valued<Vec<PathBuf>>,
    /// Files of metadata.
    pub metadata: Valued<Vec<PathBuf>>,
    /// Minutes after the period that must be covered.
    pub slack: Valued<u32>,
    /// Whether anything but verified fails.
    pub require: Valued<bool>,
}

/// Minutes after the period when nobody says otherwise.
pub const SLACK_MINUTES: u32 = (crate::assess::SLACK / 60) as u32;

impl Chains {
    fn new(args: &Report, settings: &Settings) -> Chains {
        Chains {
            keys: first(filled(&args.keys), filled(&settings.keys), Vec::new()),
            metadata: first(
                filled(&args.metadata),
                filled(&settings.metadata),
                Vec::new(),
            ),
            slack: first(args.slack, settings.slack, SLACK_MINUTES),
            require: first(
                args.require_integrity.then_some(true),
                settings.require_integrity,
                false,
            ),
        }
    }
}

/// What `report` will do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Logs, scope, controls.
    pub inputs: Inputs,
    /// The period, not yet understood.
    pub period: Valued<PeriodWords>,
    /// Framework ids; none: all.
    pub frameworks: Valued<Vec<String>>,
    /// Output folder.
    pub out: Valued<PathBuf>,
    /// Ledger to keep.
    pub ledger: Valued<Option<PathBuf>>,
    /// Sample seed; the period's label by default.
    pub seed: Valued<Option<String>>,
    /// Sample size.
    pub sample_size: Valued<u32>,
    /// Whether packets may be replaced.
    pub replace: Valued<bool>,
    /// Keys and metadata for digest chains.
    pub chains: Chains,
    /// Snapshots of selectors.
    pub selectors: Valued<Vec<PathBuf>>,
}

/// How the period was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodWords {
    /// Not at all.
    None,
    /// `2026-10` and the like.
    Label(String),
    /// First and last day.
    Between(String, String),
}

impl PeriodWords {
    fn new(
        label: Option<&String>,
        from: Option<&String>,
        to: Option<&String>,
    ) -> Option<PeriodWords> {
        match (label, from, to) {
            (Some(label), _, _) => Some(PeriodWords::Label(label.clone())),
            (None, Some(from), Some(to)) => Some(PeriodWords::Between(from.clone(), to.clone())),
            _ => None,
        }
    }

    /// The period meant.
    ///
    /// # Errors
    /// When none was said, or it cannot be understood.
    pub fn resolve(&self, today: i64) -> Result<Period, Failure> {
        match self {
            PeriodWords::None => Err(Failure::usage(
                "no period given",
                "say which, for example `--period 2026-10`, `--period last-month` or `--from 2026-10-01 --to 2026-10-15`",
            )),
            PeriodWords::Label(label) => Ok(Period::parse(label, Some(today))?),
            PeriodWords::Between(from, to) => Ok(Period::between(from, to)?),
        }
    }
}

impl Display for PeriodWords {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PeriodWords::None => formatter.write_str("(none)"),
            PeriodWords::Label(label) => formatter.write_str(label),
            PeriodWords::Between(from, to) => write!(formatter, "{from} to {to}"),
        }
    }
}

/// Records in a sample when nobody says otherwise.
pub const SAMPLE_SIZE: u32 = 25;

impl Plan {
    /// Joins flags and settings.
    pub fn new(args: &Report, settings: &Settings) -> Plan {
        Plan {
            inputs: Inputs::new(&args.sources, &args.behaviour, &args.limits, settings),
            period: first(
                PeriodWords::new(args.period.as_ref(), args.from.as_ref(), args.to.as_ref()),
                PeriodWords::new(
                    settings.period.as_ref(),
                    settings.from.as_ref(),
                    settings.to.as_ref(),
                ),
                PeriodWords::None,
            ),
            frameworks: first(
                filled(&args.framework),
                filled(&settings.frameworks),
                Vec::new(),
            ),
            out: first(
                args.out.clone(),
                settings.out.clone(),
                PathBuf::from("packets"),
            ),
            ledger: first(
                args.ledger.clone().map(Some),
                settings.ledger.clone().map(Some),
                None,
            ),
            seed: first(
                args.seed.clone().map(Some),
                settings.seed.clone().map(Some),
                None,
            ),
            sample_size: first(args.sample_size, settings.sample_size, SAMPLE_SIZE),
            replace: first(args.replace.then_some(true), settings.replace, false),
            chains: Chains::new(args, settings),
            selectors: first(
                filled(&args.statements.selectors),
                filled(&settings.selectors),
                Vec::new(),
            ),
        }
    }
}
