//! `inventory`: a list for a person to judge.

use super::AssessError;
use super::desk::Desk;
use super::judge::Judge;
use super::outcome::List;
use crate::control::roles::Role;
use crate::ledger::read::LedgerRow;

/// Each row is a member; refused calls are set apart where only accepted ones count.
#[derive(Debug)]
pub struct Inventory;

impl Judge for Inventory {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        match row.role {
            Role::Attempt => desk.attempt(row),
            Role::Undecided => desk.undecided(row, &[List::Undecided]).map(|_| ()),
            _ => {
                desk.counts.examined += 1;
                desk.counts.conforming += 1;
                desk.counts.listed += 1;
                let id = desk.list(row, &[List::Population], "listed", "")?;
                desk.offer(row, id)
            }
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        desk.draw()
    }
}
