//! The first things that a scan lost, for a message that must not grow with the log set.

use std::collections::BTreeSet;

use crate::ledger::facts::{FileFacts, ProblemFact};

/// How many are kept.
pub const KEPT: usize = 20;

/// A file or record of which nothing is used, or something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// Key of the file, or name of what was not looked at; text of the log set.
    pub name: String,
    /// The record, if only one is to blame.
    pub index: Option<u32>,
    /// Stable name of the reason.
    pub code: String,
    /// The reason, safe to print.
    pub message: String,
}

impl Lost {
    pub(super) fn unseen(fact: ProblemFact) -> Lost {
        Lost {
            name: fact.name,
            index: None,
            code: fact.code,
            message: fact.message,
        }
    }
}

/// The first in the order of names, whichever thread found them when, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstLosses {
    first: BTreeSet<Lost>,
    total: u64,
}

impl FirstLosses {
    pub(super) fn note(&mut self, facts: &FileFacts) {
        for one in facts.refusals.iter().filter(|one| one.is_loss) {
            if self.is_behind(&facts.key) {
                self.total += 1;
                continue;
            }
            self.add(Lost {
                name: facts.key.clone(),
                index: one.index,
                code: one.code.clone(),
                message: one.message.clone(),
            });
        }
    }

    pub(super) fn add(&mut self, lost: Lost) {
        self.total += 1;
        self.first.insert(lost);
        if self.first.len() > KEPT {
            self.first.pop_last();
        }
    }

    /// Whether nothing of this name can be among the first any more.
    fn is_behind(&self, name: &str) -> bool {
        let last = self.first.last().filter(|_| self.first.len() >= KEPT);
        last.is_some_and(|last| last.name.as_str() < name)
    }

    /// The first ones.
    pub fn iter(&self) -> impl Iterator<Item = &Lost> {
        self.first.iter()
    }

    /// How many more there are.
    pub fn more(&self) -> u64 {
        self.total - self.first.len() as u64
    }
}
