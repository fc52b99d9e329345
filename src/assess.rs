//! From a ledger to verdicts: the reduce step.
//!
//! Nothing here reads a log or a clock. What must be judged over time is judged
//! over the projections that the scan kept. The result depends on the set of
//! files in the ledger, the controls, the scope and the period, on nothing else.

pub mod outcome;

mod absence;
mod amendments;
mod anomalies;
mod answers;
mod at_least;
mod chains;
mod classes;
mod count;
mod coverage;
mod coverage_control;
mod delivery;
mod desk;
mod digest_absence;
mod digest_trails;
mod doubts;
mod drops;
mod every;
mod evidence;
mod faults;
mod flags;
mod followed_by;
mod forbid;
mod gaps;
mod homes;
mod intake;
mod integrity;
mod inventory;
mod judge;
mod left_out;
mod losses;
mod managing;
mod places;
mod record_fields;
mod recording;
mod run;
mod sample;
mod shots;
mod sieve;
mod spells;
mod starts;
mod stops;
mod stores;
mod story;
mod sums;
mod tally;
mod threshold;
mod verdict;
mod waivers;
mod work;
mod works;

pub use self::chains::{MetadataFile, SLACK, Trust};
pub use self::evidence::LedgerEvidence;
pub use self::places::same_places;
pub use self::run::{Assessed, Options, assess};

use crate::ledger::LedgerError;

/// Why a ledger could not be assessed. No packet may be made then.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// Reading the ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger was made for other controls or lists.
    #[error("the ledger cannot answer for these controls: {}", .0.join("; "))]
    OtherControls(Vec<String>),
    /// A sample of this size cannot be drawn.
    #[error("a sample of {asked} records was asked for; a ledger serves at most {most}")]
    SampleTooLarge {
        /// As asked.
        asked: u32,
        /// The limit.
        most: u32,
    },
    /// Counts that must agree do not: a fault of this program or a damaged ledger.
    #[error("counts do not reconcile: {0}")]
    DoesNotReconcile(String),
    /// The temporary store failed, most likely for want of space.
    #[error("the temporary store of the assessment failed: {0}")]
    Work(String),
}

impl AssessError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            AssessError::Ledger(error) => error.help(),
            AssessError::OtherControls(_) => {
                "scan again into a new ledger, or use the controls and lists of this one"
            }
            AssessError::SampleTooLarge { .. } => "ask for a smaller sample",
            AssessError::DoesNotReconcile(_) => {
                "delete the ledger and scan again; if it stays, report it as a fault of attestrail"
            }
            AssessError::Work(_) => {
                "free some space in the folder for temporary files, or set `TMPDIR` to another one; a limit on the size of files (`ulimit -f`) may be in the way too"
            }
        }
    }
}

impl From<rusqlite::Error> for AssessError {
    fn from(error: rusqlite::Error) -> Self {
        AssessError::Work(error.to_string())
    }
}

impl From<std::io::Error> for AssessError {
    fn from(error: std::io::Error) -> Self {
        AssessError::Work(error.to_string())
    }
}
