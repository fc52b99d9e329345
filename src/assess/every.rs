//! `every`: each member of a population must conform.

use super::AssessError;
use super::desk::Desk;
use super::judge::Judge;
use super::outcome::List;
use crate::control::roles::Role;
use crate::ledger::read::LedgerRow;

/// Each row is a member; refused calls are set apart.
#[derive(Debug)]
pub struct Every;

impl Judge for Every {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let id = match row.role {
            Role::Attempt => return desk.attempt(row),
            Role::Undecided => desk.undecided(row, &[List::Undecided, List::Population])?,
            Role::Conforming => {
                desk.counts.examined += 1;
                desk.counts.conforming += 1;
                desk.list(row, &[List::Population], "conforming", "")?
            }
            _ => desk.exception(row, &[List::Exceptions, List::Population], "")?,
        };
        desk.offer(row, id)
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        desk.draw()
    }
}
