//! One judge for each kind of expectation.

use super::AssessError;
use super::at_least::AtLeast;
use super::coverage_control::CoverageJudge;
use super::desk::Desk;
use super::every::Every;
use super::followed_by::FollowedBy;
use super::forbid::Forbid;
use super::integrity::IntegrityJudge;
use super::inventory::Inventory;
use super::record_fields::RecordFields;
use super::threshold::Threshold;
use crate::control::model::Expectation;
use crate::ledger::read::LedgerRow;

/// Judges the rows of one control, in the order of time, event id and origin.
pub trait Judge {
    /// The next row in scope and period.
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError>;

    /// There are no more rows.
    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError>;
}

/// The judge for an expectation.
pub fn judge_for(expectation: &Expectation) -> Box<dyn Judge> {
    match expectation {
        Expectation::Forbid(_) => Box::new(Forbid::default()),
        Expectation::Every { .. } => Box::new(Every),
        Expectation::AtLeast { .. } => Box::new(AtLeast::default()),
        Expectation::FollowedBy(_) => Box::new(FollowedBy::default()),
        Expectation::Threshold { .. } => Box::new(Threshold::default()),
        Expectation::Inventory(_) => Box::new(Inventory),
        Expectation::Coverage(_) => Box::new(CoverageJudge),
        Expectation::Integrity => Box::new(IntegrityJudge),
        Expectation::RecordFields(_) => Box::new(RecordFields::default()),
    }
}
