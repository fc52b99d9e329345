//! `forbid`: none of these may happen.

use super::AssessError;
use super::desk::Desk;
use super::judge::Judge;
use super::outcome::List;
use crate::control::roles::Role;
use crate::ledger::read::LedgerRow;

/// Every record of the needed classes was examined; those without a row are as they should be.
#[derive(Debug, Default)]
pub struct Forbid {
    /// Rows of records that are of no needed class.
    beside: u64,
}

impl Judge for Forbid {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let needs = desk.control.needs;
        if needs.0 != 0 && row.classes.0 & needs.0 == 0 {
            self.beside += 1;
        }
        match row.role {
            Role::Attempt => desk.attempt(row),
            Role::Undecided => desk.undecided(row, &[List::Undecided]).map(|_| ()),
            _ => desk.exception(row, &[List::Exceptions], "").map(|_| ()),
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let needs = desk.control.needs;
        let tally = desk.room.tally;
        let of_needs = match needs.0 {
            0 => tally.kinds.values().sum(),
            _ => tally.of_classes(needs),
        };
        let with_rows = desk.counts.examined;
        let examined: u64 = of_needs + self.beside;
        let rest = examined.checked_sub(with_rows).ok_or_else(|| {
            AssessError::DoesNotReconcile(format!(
                "control `{}`: {examined} records examined, {with_rows} with a result",
                desk.control.id
            ))
        })?;
        desk.counts.examined = examined;
        // The scan keeps no row of what an unfilled list leaves undecided.
        match desk.unfilled_lists().is_empty() {
            true => desk.counts.conforming += rest,
            false => desk.counts.undecided += rest,
        }
        Ok(())
    }
}
