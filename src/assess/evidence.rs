//! Streams the long lists of an assessment out of the ledger.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;

use super::drops::Drops;
use super::intake::Intake;
use super::outcome::{EvidenceRow, EvidenceSource, InputRow, List, Origin, RefusalRow};
use super::work::{Judged, Work, bit};
use crate::control::set::ControlSet;
use crate::ledger::Ledger;
use crate::ledger::facts::FileFacts;
use crate::source::display::display_text;

/// The lists of one assessment; it holds the ledger as it was.
pub struct LedgerEvidence<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) work: Work,
    pub(super) intake: Intake,
    pub(super) drops: Drops,
    pub(super) duplicates: HashMap<u32, u64>,
    /// Files that do not verify.
    pub(super) suspects: HashMap<u32, &'static str>,
    pub(super) controls: Vec<String>,
    pub(super) names: RefCell<HashMap<i64, (String, String)>>,
}

/// Names of files that are remembered at once.
const REMEMBERED: usize = 4096;

impl Drop for LedgerEvidence<'_> {
    fn drop(&mut self) {
        // Nothing was written, so there is nothing to lose if this fails.
        let _: Result<(), _> = self.ledger.end_reading();
    }
}

impl LedgerEvidence<'_> {
    fn name(&self, file: i64) -> io::Result<(String, String)> {
        let mut names = self.names.borrow_mut();
        if let Some(found) = names.get(&file) {
            return Ok(found.clone());
        }
        if names.len() >= REMEMBERED {
            names.clear();
        }
        let (key, sha256) = self.ledger.name_of(file).map_err(io::Error::other)?;
        let name = (key, hex::encode(sha256));
        names.insert(file, name.clone());
        Ok(name)
    }

    fn row(&self, judged: &Judged) -> io::Result<EvidenceRow> {
        let file = self.intake.order[judged.rank as usize];
        let found = self.ledger.record(file, judged.index);
        let (projection, bytes) = found.map_err(io::Error::other)?;
        let (key, sha256) = self.name(file)?;
        // Bytes of other conforming records may happen to be there; they are given for
        // samples only, so that the same log set gives the same rows.
        let is_population_only =
            judged.lists == bit(List::Population) && matches!(judged.role, "conforming" | "listed");
        Ok(EvidenceRow {
            event_id: judged.event_id.clone(),
            time: judged.time,
            account: judged.account.clone(),
            region: judged.region.clone(),
            event_source: projection.event_source,
            event_name: projection.event_name,
            actor: projection.actor,
            actor_kind: projection.actor_kind,
            person: projection.person,
            outcome: projection.outcome,
            error: projection.error,
            source_ip: projection.source_ip,
            user_agent: projection.user_agent,
            target: projection.target,
            role: judged.role,
            reason: judged.reason.clone(),
            waiver: judged.waiver.clone(),
            origin: Origin {
                file: key,
                sha256,
                index: judged.index,
            },
            record: bytes.filter(|_| !is_population_only),
        })
    }

    fn refusals_of(&self, rank: u32, facts: &FileFacts) -> io::Result<Vec<RefusalRow>> {
        let mut rows: Vec<RefusalRow> = facts
            .refusals
            .iter()
            .map(|one| RefusalRow {
                key: facts.key.clone(),
                index: one.index,
                code: one.code.clone(),
                message: one.message.clone(),
                is_loss: one.is_loss,
            })
            .collect();
        // Most log sets have none, and some have a million files.
        let conflicts = match self.drops.conflict_count() {
            0 => Vec::new(),
            _ => self.work.conflicts_of(rank).map_err(io::Error::other)?,
        };
        for (index, (other_rank, other_index)) in conflicts {
            let other = self.name(self.intake.order[other_rank as usize])?.0;
            rows.push(RefusalRow {
                key: facts.key.clone(),
                index: Some(index),
                code: CONFLICT.to_owned(),
                message: format!(
                    "record {other_index} of `{}` has the same event id and other content; \
                     none of the copies is used",
                    display_text(&other)
                ),
                is_loss: true,
            });
        }
        rows.sort_by(|a, b| (a.index, &a.code).cmp(&(b.index, &b.code)));
        Ok(rows)
    }
}

/// Code of a record that contradicts another one with its id.
pub const CONFLICT: &str = "conflicting-record";

impl EvidenceSource for LedgerEvidence<'_> {
    fn rows(
        &self,
        control: &str,
        list: List,
        each: &mut dyn FnMut(&EvidenceRow) -> io::Result<()>,
    ) -> io::Result<()> {
        let Ok(number) = self
            .controls
            .binary_search_by(|one| one.as_str().cmp(control))
        else {
            return Err(io::Error::other(format!(
                "control `{control}` is not part of the assessment"
            )));
        };
        self.work
            .rows(number, list, |judged| -> Result<(), Stop> {
                each(&self.row(judged)?).map_err(Stop)
            })
            .map_err(|stop| stop.0)
    }

    fn inputs(&self, each: &mut dyn FnMut(&InputRow) -> io::Result<()>) -> io::Result<()> {
        let files = self.ledger.files(|head| -> Result<(), Stop> {
            let rank = self.intake.ranks[&head.id];
            let mut notices = head.facts.notices.clone();
            if let Some(first) = self.drops.copies().get(&rank) {
                let first = self.name(self.intake.order[*first as usize])?.0;
                notices.push(format!(
                    "the same file as `{}`; its records are counted there",
                    display_text(&first)
                ));
            }
            if let Some(state) = self.suspects.get(&rank) {
                notices.push(format!(
                    "does not verify ({state}): see logs/integrity-faults.csv"
                ));
            }
            let row = InputRow {
                key: head.facts.key,
                bytes: head.facts.stored_bytes.max(head.facts.stat.size),
                sha256: head.facts.sha256.map(hex::encode).unwrap_or_default(),
                shape: head.facts.shape,
                outcome: head.facts.state.id(),
                records: head.facts.records_seen,
                duplicates: self.duplicates.get(&rank).copied().unwrap_or_default(),
                refused: head.facts.records_refused,
                notices,
            };
            each(&row).map_err(Stop)
        });
        files.map_err(|stop| stop.0)
    }

    fn refusals(&self, each: &mut dyn FnMut(&RefusalRow) -> io::Result<()>) -> io::Result<()> {
        let mut problems = self.intake.problems.iter().peekable();
        let mut problem = |before: Option<&str>,
                           each: &mut dyn FnMut(&RefusalRow) -> io::Result<()>|
         -> io::Result<()> {
            while let Some(one) =
                problems.next_if(|one| before.is_none_or(|key| one.name.as_str() < key))
            {
                each(&RefusalRow {
                    key: one.name.clone(),
                    index: None,
                    code: one.code.clone(),
                    message: one.message.clone(),
                    is_loss: one.is_loss,
                })?;
            }
            Ok(())
        };
        let files = self.ledger.files(|head| -> Result<(), Stop> {
            problem(Some(&head.facts.key), each)?;
            let rank = self.intake.ranks[&head.id];
            for row in self.refusals_of(rank, &head.facts)? {
                each(&row)?;
            }
            Ok(())
        });
        files.map_err(|stop| stop.0)?;
        problem(None, each)
    }
}

/// An error that passes through the ledger's own.
struct Stop(io::Error);

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop(error)
    }
}

impl From<crate::ledger::LedgerError> for Stop {
    fn from(error: crate::ledger::LedgerError) -> Self {
        Stop(io::Error::other(error))
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Stop(io::Error::other(error))
    }
}

/// The ids of a set, in its order.
pub(super) fn ids(set: &ControlSet) -> Vec<String> {
    set.controls().iter().map(|one| one.id.clone()).collect()
}
