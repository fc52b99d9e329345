//! Joins ledgers: the union of their files.
//!
//! A file that several ledgers have is there once. What could not be looked at
//! in one place and was read in another counts as read.

use super::error::LedgerError;
use super::facts::ProblemFact;
use super::store::Ledger;
use super::write::{Added, Writer};

/// What a merge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Files that were added.
    pub added: u64,
    /// Files that were there already.
    pub known: u64,
}

/// After so many files a batch is committed.
const BATCH: u64 = 500;

/// Adds every file of `from` to `into`.
///
/// # Errors
/// See [`LedgerError`]; ledgers made under different conditions, or with a scan that was
/// not finished, are not joined.
pub fn merge(into: &mut Ledger, from: &Ledger) -> Result<Merged, LedgerError> {
    let differences = from.identity().differences(into.identity());
    if !differences.is_empty() {
        return Err(LedgerError::Mismatch {
            path: from.path().to_owned(),
            differences,
        });
    }
    from.check_finished()?;
    from.begin_reading()?;
    let mut writer = Writer::new(into);
    let mut merged = Merged::default();
    let mut ids = Vec::new();
    from.views(|file| -> Result<(), LedgerError> {
        ids.push(file.id()?);
        Ok(())
    })?;
    for id in ids {
        let Some(facts) = from.facts(id)? else {
            continue;
        };
        match writer.add(&facts)? {
            Added::New => merged.added += 1,
            Added::Known(_) => merged.known += 1,
        }
        if (merged.added + merged.known) % BATCH == 0 {
            writer.commit()?;
        }
    }
    for problem in from.problems()? {
        writer.add_problem(&problem)?;
    }
    writer.commit()?;
    from.end_reading()?;
    drop(writer);
    forget_healed_problems(into)?;
    Ok(merged)
}

/// Removes problems with names under which a file was read after all.
///
/// # Errors
/// See [`LedgerError`].
pub fn forget_healed_problems(ledger: &mut Ledger) -> Result<(), LedgerError> {
    let mut healed: Vec<ProblemFact> = Vec::new();
    for problem in ledger.problems()? {
        if !ledger.files_under(&problem.name)?.is_empty() {
            healed.push(problem);
        }
    }
    let mut writer = Writer::new(ledger);
    for problem in &healed {
        writer.forget_problem(problem)?;
    }
    writer.commit()
}
