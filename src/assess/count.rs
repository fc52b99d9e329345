//! Counts every record of the ledger once.
//!
//! One pass counts all records but those whose key may stand twice, or that another record
//! corrects: these are set aside, and count when it is known which of them are left out.

use std::collections::{BTreeMap, HashSet};

use super::AssessError;
use super::drops::{Drop, Drops, Keyed, Sorter};
use super::intake::Intake;
use super::outcome::LogSet;
use super::places::Places;
use super::sieve::Repeated;
use super::sums::{CellCount, Kind, Sums};
use super::tally::Tally;
use super::work::Work;
use crate::ledger::Ledger;
use crate::ledger::entries::{Entries, Entry};
use crate::ledger::view::FileView;
use crate::period::Period;

/// What is counted, and how it is told which records have to wait.
#[derive(Clone, Copy)]
pub struct Ground<'g> {
    /// The ledger.
    pub ledger: &'g Ledger,
    /// Its files.
    pub intake: &'g Intake,
    /// The keys that may stand twice.
    pub repeated: &'g Repeated,
    /// Which accounts and Regions are in scope.
    pub places: &'g Places,
    /// When.
    pub period: &'g Period,
    /// Files whose kept records are counted one by one, by place.
    pub watched: &'g HashSet<u32>,
}

/// A count of which some records are not decided yet.
pub struct Counting<'g> {
    sums: Sums<'g>,
    /// Cells of records that were set aside.
    late: LateCells,
    /// Keys of records that others correct.
    corrected: HashSet<u128>,
    /// Records under these keys, with what was found of their copies.
    held: Vec<Keyed>,
    aside: Sorter,
}

/// Counts every record that is known to count or not.
pub fn begin<'g>(ground: &Ground<'g>, drops: &Drops) -> Result<Counting<'g>, AssessError> {
    let originals = ground.intake.addenda.iter();
    let mut counting = Counting {
        sums: Sums::new(ground.places, ground.period, ground.watched),
        late: LateCells::default(),
        corrected: originals.filter_map(|(_, fact)| fact.original).collect(),
        held: Vec::new(),
        aside: Sorter::default(),
    };
    let mut entries = ground.ledger.entry_reader()?;
    let (mut cells, mut batch, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let mut rank = 0;
    ground.ledger.views(|file| -> Result<(), AssessError> {
        counting.sums.refused(file)?;
        counting.sums.note_file(file, rank)?;
        counting.sums.cells(file, &mut cells)?;
        let mut counted = 0;
        if file.entry_count()? > 0 {
            let is_copy = drops.is_copy(rank);
            entries.of(file.id()?, |packed| -> Result<(), AssessError> {
                let mut packed = Entries::new(packed);
                while packed.fill(&mut batch) {
                    counted += batch.len() as u64;
                    waits.clear();
                    let of_batch = batch.iter().map(|one| counting.waits(one, ground.repeated));
                    waits.extend(of_batch);
                    for (entry, waits) in batch.iter().zip(&waits) {
                        let Some(cell) = cells.get_mut(entry.cell as usize) else {
                            return Err(broken(file, "an entry belongs to no cell"));
                        };
                        match (is_copy, *waits) {
                            (false, true) => counting.set_aside(entry, rank, cell)?,
                            (false, false) => counting.sums.add(cell, rank, entry.time, None),
                            (true, _) => {
                                let dropped = Some(Drop::Duplicate);
                                counting.sums.add(cell, rank, entry.time, dropped);
                            }
                        }
                    }
                }
                Ok(())
            })?;
        }
        if counted != file.entry_count()? {
            return Err(broken(file, "entries are missing"));
        }
        cells.iter_mut().for_each(|cell| counting.sums.close(cell));
        rank += 1;
        Ok(())
    })?;
    Ok(counting)
}

impl Counting<'_> {
    /// Whether it has to be seen what else there is before the record counts.
    #[inline]
    fn waits(&self, entry: &Entry, repeated: &Repeated) -> bool {
        entry.key.is_some_and(|key| {
            repeated.may_contain(key as u64)
                || (!self.corrected.is_empty() && self.corrected.contains(&key))
        })
    }

    fn set_aside(
        &mut self,
        entry: &Entry,
        rank: u32,
        cell: &mut CellCount,
    ) -> Result<(), AssessError> {
        let Some(key) = entry.key else { return Ok(()) };
        self.aside.push(Keyed {
            key,
            spot: (rank, entry.index),
            content: entry.content,
            exact: entry.exact,
            cell: self.late.number(cell),
            time: entry.time,
        })
    }

    /// Finds which of the records that wait are copies or contradict each other, and counts all
    /// but those that others may correct.
    pub fn settle(&mut self, drops: &mut Drops, work: &Work) -> Result<(), AssessError> {
        let aside = std::mem::take(&mut self.aside);
        aside.finish(drops, work, &mut |one, dropped| {
            if self.corrected.contains(&one.key) {
                self.held.push(*one);
            } else {
                let cell = &mut self.late.all[one.cell as usize];
                self.sums.add(cell, one.spot.0, one.time, dropped);
            }
        })
    }

    /// The whole, with what is left out now known of every record.
    pub fn finish(mut self, drops: &Drops, log_set: &mut LogSet) -> Result<Tally, AssessError> {
        for one in self.held {
            let cell = &mut self.late.all[one.cell as usize];
            let dropped = drops.of(one.spot.0, one.spot.1);
            self.sums.add(cell, one.spot.0, one.time, dropped);
        }
        let late = self.late.all.iter_mut();
        late.for_each(|cell| self.sums.close(cell));
        self.sums.finish(log_set)
    }
}

fn broken(file: &FileView<'_>, what: &str) -> AssessError {
    match file.key() {
        Ok(key) => AssessError::DoesNotReconcile(format!("file `{key}`: {what}")),
        Err(error) => error.into(),
    }
}

/// Cells of records that were set aside; equal ones of many files are one.
#[derive(Default)]
struct LateCells {
    all: Vec<CellCount>,
    numbers: BTreeMap<Kind, u32>,
}

impl LateCells {
    fn number(&mut self, cell: &mut CellCount) -> u32 {
        *cell.late.get_or_insert_with(|| {
            let next = self.all.len() as u32;
            let number = *self.numbers.entry(cell.kind.clone()).or_insert(next);
            if number == next {
                self.all.push(CellCount::of(cell.kind.clone()));
            }
            self.all[number as usize].origins.add(cell.origins);
            number
        })
    }
}
