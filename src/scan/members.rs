//! Keeps the members of an archive in a ledger together with it.
//!
//! The archive itself is written last, so that one that was cut off is read
//! again. When its content is another than before, members that are not in it
//! any more are forgotten, and only then.

use std::collections::{HashMap, HashSet};

use crate::ledger::LedgerError;
use crate::ledger::facts::FileFacts;
use crate::ledger::write::Writer;

/// Members of archives whose key had other files before.
#[derive(Default)]
pub struct Members {
    /// For each key, by the end of its files in the list: key and content of the members so far.
    of: HashMap<usize, HashSet<(String, Vec<u8>)>>,
}

impl Members {
    /// A member of an archive with this key was added.
    pub fn note(&mut self, of: usize, facts: &FileFacts) {
        let sha256 = facts.sha256.map(Vec::from).unwrap_or_default();
        let members = self.of.entry(of).or_default();
        members.insert((facts.key.clone(), sha256));
    }

    /// Every file of the key was read; members of what it was before are forgotten.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn settle(
        &mut self,
        writer: &mut Writer<'_>,
        of: usize,
        key: &str,
    ) -> Result<(), LedgerError> {
        let now = self.of.remove(&of).unwrap_or_default();
        // Where several folders hold an archive of this name, whose member it was is not known.
        if writer.ledger().files_under(key)?.len() > 1 {
            return Ok(());
        }
        for (id, member) in writer.ledger().members_of(key)? {
            if !now.contains(&member) {
                writer.forget(id)?;
            }
        }
        Ok(())
    }
}
