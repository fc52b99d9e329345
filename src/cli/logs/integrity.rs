//! What the inspection says of integrity: what a report of the same scope and period would say,
//! and where no period is asked for, what `attestrail logs integrity` says of the whole log set.

use crate::assess::outcome::Integrity;
use crate::cli::integrity::Checked;
use crate::integrity::IntegrityVerdict;

/// What there is to judge by.
pub(super) struct Ground<'a> {
    /// Judged for scope and period, with the keys that were given.
    pub assessed: &'a Integrity,
    /// The whole log set, where keys and no period were given.
    pub checked: Option<&'a Checked>,
    pub has_keys: bool,
    pub has_scope: bool,
    pub is_asked: bool,
}

/// The answer.
pub(super) struct Answer {
    /// None where no keys were given and hashes alone prove no fault.
    pub verdict: Option<IntegrityVerdict>,
    /// Why, as a sentence, where the answer is about a scope or period, or something failed.
    pub statement: Option<String>,
    pub problems: usize,
    pub problems_that_matter: usize,
}

impl Ground<'_> {
    pub(super) fn judge(&self) -> Answer {
        let faults = &self.assessed.faults;
        let mut answer = Answer {
            verdict: self.verdict(),
            statement: None,
            problems: faults.len(),
            problems_that_matter: faults.iter().filter(|fault| fault.matters).count(),
        };
        if let Some(checked) = self.checked {
            let problems = &checked.report.problems;
            answer.problems = problems.len();
            answer.problems_that_matter = problems.iter().filter(|one| one.matters).count();
        }
        let is_for_scope = self.is_asked || self.has_scope;
        if is_for_scope && answer.verdict == Some(self.assessed.verdict()) {
            answer.statement = Some(self.assessed.statement.clone());
        }
        if !self.is_asked
            && let Some(failures) = self.assessed.failures_at_any_time()
        {
            answer.statement = Some(format!("integrity has failed: {failures}"));
            answer.verdict = Some(IntegrityVerdict::Failed);
        }
        answer
    }

    /// The gravest of what each says that can say something.
    fn verdict(&self) -> Option<IntegrityVerdict> {
        let assessed = self.assessed.verdict();
        let whole = self.checked.map(|checked| checked.report.verdict);
        match (self.has_keys, whole) {
            (false, _) => Some(assessed).filter(|one| *one == IntegrityVerdict::Failed),
            // Nobody named accounts, Regions or times that must be covered.
            (true, Some(whole)) if !self.has_scope => Some(whole),
            (true, whole) => whole.max(Some(assessed)),
        }
    }
}
