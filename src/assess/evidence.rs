//! Streams the long lists of an assessment out of the ledger.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::iter::Peekable;

use super::AssessError;
use super::drops::Drops;
use super::intake::Intake;
use super::outcome::{EvidenceRow, EvidenceSource, InputRow, List, Origin, RefusalRow};
use super::work::{Judged, Work, bit};
use crate::control::set::ControlSet;
use crate::ledger::Ledger;
use crate::ledger::facts::{ProblemFact, RefusalFact};
use crate::ledger::view::FileView;
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

impl<'l> LedgerEvidence<'l> {
    /// Holds the ledger as it is, which knows nothing of its records yet.
    pub(super) fn begin(
        ledger: &'l Ledger,
        set: &ControlSet,
    ) -> Result<LedgerEvidence<'l>, AssessError> {
        ledger.begin_reading()?;
        ledger.check_ended()?;
        Ok(LedgerEvidence {
            ledger,
            work: Work::new()?,
            intake: Intake::default(),
            drops: Drops::default(),
            duplicates: HashMap::new(),
            suspects: HashMap::new(),
            controls: ids(set),
            names: RefCell::new(HashMap::new()),
        })
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

    fn input(&self, rank: u32, file: &FileView<'_>) -> Result<InputRow, Stop> {
        let mut notices = file.notices()?;
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
        Ok(InputRow {
            key: file.key()?.to_owned(),
            bytes: file.stored_bytes()?.max(file.size()?),
            sha256: file.sha256()?.map(hex::encode).unwrap_or_default(),
            shape: file.shape()?.to_owned(),
            outcome: file.state()?.id(),
            records: file.records_seen()?,
            duplicates: self.duplicates.get(&rank).copied().unwrap_or_default(),
            refused: file.records_refused()?,
            notices,
        })
    }

    fn refusals_of(
        &self,
        rank: u32,
        key: &str,
        refusals: &[RefusalFact],
        is_in_conflict: bool,
    ) -> io::Result<Vec<RefusalRow>> {
        let mut rows: Vec<RefusalRow> = refusals
            .iter()
            .map(|one| RefusalRow {
                key: key.to_owned(),
                index: one.index,
                code: one.code.clone(),
                message: one.message.clone(),
                is_loss: one.is_loss,
            })
            .collect();
        let conflicts = match is_in_conflict {
            false => Vec::new(),
            true => self.work.conflicts_of(rank).map_err(io::Error::other)?,
        };
        for (index, (other_rank, other_index)) in conflicts {
            let other = self.name(self.intake.order[other_rank as usize])?.0;
            rows.push(RefusalRow {
                key: key.to_owned(),
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
        let mut rank = 0;
        let files = self.ledger.views(|file| -> Result<(), Stop> {
            each(&self.input(rank, file)?).map_err(Stop)?;
            rank += 1;
            Ok(())
        });
        files.map_err(|stop| stop.0)
    }

    fn refusals(&self, each: &mut dyn FnMut(&RefusalRow) -> io::Result<()>) -> io::Result<()> {
        let mut merged = Merged {
            evidence: self,
            problems: self.intake.problems.iter().peekable(),
            conflicts: self.drops.files_in_conflict().into_iter().peekable(),
            each,
        };
        let files = self.ledger.views_refused(|file| -> Result<(), Stop> {
            let rank = self.intake.ranks.at(file.id()?);
            merged.conflicts_before(Some(rank))?;
            let is_in_conflict = merged.conflicts.next_if_eq(&rank).is_some();
            merged.file(rank, file.key()?, &file.refusals()?, is_in_conflict)?;
            Ok(())
        });
        files.map_err(|stop| stop.0)?;
        merged.conflicts_before(None)?;
        merged.problems_before(None)
    }
}

/// What is refused, from three lists that are in the order of keys each.
struct Merged<'m, 'l> {
    evidence: &'m LedgerEvidence<'l>,
    problems: Peekable<std::slice::Iter<'m, ProblemFact>>,
    /// Files with conflicting records, by place.
    conflicts: Peekable<std::vec::IntoIter<u32>>,
    each: &'m mut dyn FnMut(&RefusalRow) -> io::Result<()>,
}

impl Merged<'_, '_> {
    /// What is no file to read and comes before a key.
    fn problems_before(&mut self, key: Option<&str>) -> io::Result<()> {
        let is_before = |one: &&ProblemFact| key.is_none_or(|key| one.name.as_str() < key);
        while let Some(one) = self.problems.next_if(is_before) {
            (self.each)(&RefusalRow {
                key: one.name.clone(),
                index: None,
                code: one.code.clone(),
                message: one.message.clone(),
                is_loss: one.is_loss,
            })?;
        }
        Ok(())
    }

    /// Files of which nothing is refused but conflicting records, before a place.
    fn conflicts_before(&mut self, rank: Option<u32>) -> io::Result<()> {
        let is_before = |one: &u32| rank.is_none_or(|rank| *one < rank);
        while let Some(rank) = self.conflicts.next_if(is_before) {
            let (key, _) = self
                .evidence
                .name(self.evidence.intake.order[rank as usize])?;
            self.file(rank, &key, &[], true)?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        rank: u32,
        key: &str,
        refusals: &[RefusalFact],
        is_in_conflict: bool,
    ) -> io::Result<()> {
        self.problems_before(Some(key))?;
        let rows = self
            .evidence
            .refusals_of(rank, key, refusals, is_in_conflict)?;
        rows.iter().try_for_each(|row| (self.each)(row))
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
fn ids(set: &ControlSet) -> Vec<String> {
    set.controls().iter().map(|one| one.id.clone()).collect()
}
