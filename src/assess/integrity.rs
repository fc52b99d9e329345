//! `integrity`: the digest chain. Until chains are verified, nothing is claimed.

use super::AssessError;
use super::desk::Desk;
use super::judge::Judge;
use super::losses::counted;
use super::outcome::Integrity;
use crate::ledger::read::LedgerRow;

/// Answers that it cannot tell.
#[derive(Debug)]
pub struct IntegrityJudge;

impl Judge for IntegrityJudge {
    fn row(&mut self, _row: &LedgerRow, _desk: &mut Desk<'_>) -> Result<(), AssessError> {
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let statement = statement(desk.room.intake.digests);
        desk.blocks.push(statement);
        Ok(())
    }
}

/// What is known about the digest chains of a log set.
pub fn of(digests: u64) -> Integrity {
    Integrity {
        status: "not-verified",
        statement: statement(digests),
        digests_seen: digests,
    }
}

fn statement(digests: u64) -> String {
    let seen = match digests {
        0 => "the log set holds no digest files".to_owned(),
        _ => format!(
            "the log set holds {}, which this version does not verify",
            counted(digests, "digest file")
        ),
    };
    format!("integrity is not verified: {seen}")
}
