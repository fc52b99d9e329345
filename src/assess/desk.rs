//! Where one control is judged: what it may look at, and what it has found so far.
//!
//! Every unit that is examined is added to exactly one count here, so that the
//! counts of a control reconcile by construction and are checked all the same.

use std::collections::{BTreeMap, HashMap};

use super::AssessError;
use super::coverage::Grid;
use super::intake::Intake;
use super::outcome::{ClassProof, Counts, DetailTable, Integrity, List};
use super::places::Places;
use super::recording::Trails;
use super::sample::Sampler;
use super::tally::Tally;
use super::waivers::{Answer, Question, Waivers};
use super::work::{Judged, Work, bit};
use crate::control::model::{Control, Expectation};
use crate::control::roles::Part;
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::ledger::Ledger;
use crate::ledger::read::LedgerRow;
use crate::period::{DAY, Period};
use crate::source::display::display_value;

/// Why a record is undecided where no list lacks entries.
pub const LEFT_OUT: &str = "CloudTrail left out what the test needs, or a tool made text of it";

/// What is the same for all controls of an assessment.
pub struct Room<'a> {
    /// The facts.
    pub ledger: &'a Ledger,
    /// All controls.
    pub set: &'a ControlSet,
    /// What people stated.
    pub scope: &'a Scope,
    /// Accounts and Regions.
    pub places: &'a Places,
    /// The period.
    pub period: &'a Period,
    /// The files.
    pub intake: &'a Intake,
    /// Counts of kept records.
    pub tally: &'a Tally,
    /// Account × Region × day.
    pub grid: &'a Grid,
    /// Account × Region × class.
    pub proofs: &'a [ClassProof],
    /// What digest chains show.
    pub integrity: &'a Integrity,
    /// Files that do not verify, by place.
    pub suspects: &'a HashMap<u32, &'static str>,
    /// What trails were told.
    pub trails: &'a Trails<'a>,
    /// Waivers.
    pub waivers: &'a Waivers<'a>,
    /// Long lists.
    pub work: &'a Work,
    /// Seed of the samples.
    pub seed: &'a str,
    /// Why nothing is certain about a period that is not over, if it is not.
    pub not_over: Option<&'a str>,
}

/// The judging of one control.
pub struct Desk<'a> {
    /// What is the same for all.
    pub room: &'a Room<'a>,
    /// The control.
    pub control: &'a Control,
    /// Its place in the set.
    pub number: usize,
    /// Why its needs are not proven; empty if they are.
    pub gaps: Vec<String>,
    /// The counts so far.
    pub counts: Counts,
    /// Exceptions by day.
    pub by_day: BTreeMap<i64, u64>,
    /// Why it is not determinable, beside gaps and undecided records.
    pub blocks: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Tables.
    pub details: Vec<DetailTable>,
    sampler: Sampler,
    expired: BTreeMap<String, u64>,
}

/// What shows that something went wrong: a record, or the lack of one.
pub struct Witness<'f> {
    /// When.
    pub time: i64,
    /// In which account; empty where no record names one.
    pub account: &'f str,
    /// The event id, or what stands for it where there is no record: a person, a list entry.
    pub name: &'f str,
    /// Where the record lies.
    pub record: Option<(i64, u32)>,
}

/// What becomes of a failing unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// An exception.
    Exception,
    /// Covered by a waiver; the ticket.
    Waived(String),
    /// Falls into announced work; the reason.
    Excluded(String),
}

impl<'a> Desk<'a> {
    /// An empty desk for a control.
    pub fn new(room: &'a Room<'a>, number: usize, gaps: Vec<String>, sample_size: u32) -> Desk<'a> {
        Desk {
            room,
            control: &room.set.controls()[number],
            number,
            gaps,
            counts: Counts::default(),
            by_day: BTreeMap::new(),
            blocks: Vec::new(),
            notes: Vec::new(),
            details: Vec::new(),
            sampler: Sampler::new(sample_size),
            expired: BTreeMap::new(),
        }
    }

    /// Whether a row belongs to scope and period. Responses may come after the end;
    /// a burst may begin up to one window before the start.
    pub fn wants(&self, row: &LedgerRow) -> bool {
        let period = self.room.period;
        let is_in_time = match row.part {
            Part::Response(_) => row.time >= period.start,
            _ => row.time < period.end && row.time >= self.earliest(),
        };
        is_in_time && self.room.places.contains(&row.account, &row.region)
    }

    /// From when on records are looked at.
    fn earliest(&self) -> i64 {
        let start = self.room.period.start;
        match &self.control.expectation {
            Expectation::Threshold { window, .. } => start.saturating_sub(*window),
            _ => start,
        }
    }

    /// What becomes of something that fails; it is counted. It is excused only
    /// if everything that shows it is.
    pub fn fail(&mut self, witnesses: &[Witness<'_>]) -> Result<Fate, AssessError> {
        let fate = self.fate(witnesses)?;
        self.counts.examined += 1;
        match &fate {
            Fate::Exception => {
                self.counts.exceptions += 1;
                // A burst may begin before the period; its day is the first one of the period.
                let period = self.room.period;
                let time = witnesses
                    .iter()
                    .find(|one| period.contains(one.time))
                    .map_or(period.start, |one| one.time);
                let day = time.div_euclid(DAY) * DAY;
                *self.by_day.entry(day).or_default() += 1;
            }
            Fate::Waived(_) => self.counts.waived += 1,
            Fate::Excluded(_) => self.counts.excluded += 1,
        }
        Ok(fate)
    }

    fn fate(&mut self, witnesses: &[Witness<'_>]) -> Result<Fate, AssessError> {
        let windows = witnesses.iter().map(|one| self.window(one));
        let windows = windows.collect::<Option<Vec<_>>>().unwrap_or_default();
        if let Some(reason) = windows.into_iter().next() {
            return Ok(Fate::Excluded(reason));
        }
        let mut ticket = None;
        for witness in witnesses {
            match self.ask_waivers(witness)? {
                Answer::None => return Ok(Fate::Exception),
                Answer::Expired(ticket) => {
                    *self.expired.entry(ticket).or_default() += 1;
                    return Ok(Fate::Exception);
                }
                Answer::Covered(found) => ticket = ticket.or(Some(found)),
            }
        }
        Ok(ticket.map_or(Fate::Exception, Fate::Waived))
    }

    /// The maintenance window that a witness falls into, as a reason.
    fn window(&self, witness: &Witness<'_>) -> Option<String> {
        let scope = self.room.scope;
        let window = scope.maintenance_at(&self.control.id, witness.account, witness.time)?;
        let ticket = match &window.ticket {
            Some(ticket) => format!(" ({ticket})"),
            None => String::new(),
        };
        Some(format!(
            "in a maintenance window{ticket}: {}",
            window.reason
        ))
    }

    fn ask_waivers(&self, witness: &Witness<'_>) -> Result<Answer, AssessError> {
        let question = Question {
            control: &self.control.id,
            time: witness.time,
            name: witness.name,
        };
        let ledger = self.room.ledger;
        let answer = self.room.waivers.ask(&question, || match witness.record {
            Some((file, index)) => ledger.record(file, index).map(|found| found.1),
            None => Ok(None),
        })?;
        Ok(answer)
    }

    /// A record that goes against the control.
    pub fn exception(
        &mut self,
        row: &LedgerRow,
        lists: &[List],
        reason: &str,
    ) -> Result<i64, AssessError> {
        let fate = self.fail(&[Witness {
            time: row.time,
            account: &row.account,
            name: &row.event_id,
            record: Some((row.file, row.index)),
        }])?;
        let (reason, waiver) = match fate {
            Fate::Exception => (reason.to_owned(), None),
            Fate::Waived(ticket) => (reason.to_owned(), Some(ticket)),
            Fate::Excluded(why) => (why, None),
        };
        self.list_with(row, lists, "exception", &reason, waiver)
    }

    /// A refused call.
    pub fn attempt(&mut self, row: &LedgerRow) -> Result<(), AssessError> {
        self.counts.examined += 1;
        self.counts.excluded += 1;
        self.counts.attempts += 1;
        self.list(row, &[List::Attempts], "attempt", "").map(|_| ())
    }

    /// A record about which nothing can be said.
    pub fn undecided(&mut self, row: &LedgerRow, lists: &[List]) -> Result<i64, AssessError> {
        self.counts.examined += 1;
        self.counts.undecided += 1;
        let reason = if self.unfilled_lists().is_empty() {
            LEFT_OUT
        } else {
            "a list that the test needs is not filled"
        };
        self.list(row, lists, "undecided", reason)
    }

    /// Puts a record into lists without counting it.
    pub fn list(
        &mut self,
        row: &LedgerRow,
        lists: &[List],
        role: &'static str,
        reason: &str,
    ) -> Result<i64, AssessError> {
        self.list_with(row, lists, role, reason, None)
    }

    fn list_with(
        &mut self,
        row: &LedgerRow,
        lists: &[List],
        role: &'static str,
        reason: &str,
        waiver: Option<String>,
    ) -> Result<i64, AssessError> {
        let rank = self.room.intake.ranks.at(row.file);
        let mut reason = reason.to_owned();
        if let Some(state) = self.room.suspects.get(&rank) {
            if !reason.is_empty() {
                reason.push_str("; ");
            }
            reason.push_str(&format!("its log file does not verify ({state})"));
        }
        let id = self.room.work.add(&Judged {
            control: self.number,
            lists: lists.iter().fold(0, |bits, list| bits | bit(*list)),
            time: row.time,
            event_id: row.event_id.clone(),
            rank,
            index: row.index,
            account: row.account.clone(),
            region: row.region.clone(),
            role,
            reason,
            waiver,
        })?;
        Ok(id)
    }

    /// Offers a member of the population to the sample.
    pub fn offer(&mut self, row: &LedgerRow, id: i64) -> Result<(), AssessError> {
        // Only records without an id are ranked by their file.
        let file = match row.event_id.is_empty() {
            true => self.room.ledger.name_of(row.file)?.0,
            false => String::new(),
        };
        self.sampler
            .offer(self.room.seed, &row.event_id, &file, row.index, id);
        Ok(())
    }

    /// Marks the drawn records.
    pub fn draw(&mut self) -> Result<(), AssessError> {
        for id in self.sampler.drawn() {
            self.room.work.add_lists(id, bit(List::Sample))?;
        }
        Ok(())
    }

    /// The lists that the control asks for and that hold nothing.
    pub fn unfilled_lists(&self) -> Vec<String> {
        let used = self.control.lists_used().into_iter();
        used.filter(|name| {
            let entries = self.room.scope.lists.get(name);
            entries.is_none_or(Vec::is_empty)
        })
        .collect()
    }

    /// Sentences about waivers that had run out.
    pub fn expired_notes(&self) -> Vec<String> {
        let expired = self.expired.iter();
        expired
            .map(|(ticket, count)| {
                format!(
                    "waiver `{}` had run out before {}",
                    display_value(ticket),
                    super::losses::counted(*count, "exception")
                )
            })
            .collect()
    }

    /// Adds a table, cut to what it may hold.
    pub fn add_table(&mut self, title: &str, columns: &[&str], rows: Vec<Vec<String>>, total: u64) {
        let mut rows = rows;
        rows.truncate(DetailTable::MOST);
        self.details.push(DetailTable {
            title: title.to_owned(),
            columns: columns.iter().map(|one| (*one).to_owned()).collect(),
            rows,
            total,
        });
    }
}
