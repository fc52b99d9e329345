//! Which records are left out because another copy of them is used, or because
//! copies contradict each other.
//!
//! Two records are one if event id and receiving account are equal. Equal
//! content makes the later one a duplicate; different content makes all of them
//! conflicts, none of which is evidence. Records are gone over twice: first to see
//! which keys may stand twice at all, then to look at these. Memory is bounded: many
//! of them are divided by key into temporary files first.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::AssessError;
use super::intake::Intake;
use super::sieve::Sieve;
use super::work::Work;
use crate::ledger::Ledger;
use crate::ledger::entries::Entries;

/// Keyed records held in memory at once; each takes 32 bytes.
const AT_ONCE: usize = 500_000;

/// Why a record is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// The same record stands elsewhere, earlier.
    Duplicate,
    /// Another record with its id says something else.
    Conflict,
    /// A later record corrects it.
    Amended,
}

/// A place in the log set: file by rank, record by index.
pub type Spot = (u32, u32);

/// Every record that is left out.
#[derive(Debug, Default)]
pub struct Drops {
    /// Every record that is left out, by rank of the file.
    files: HashMap<u32, Bits>,
    /// Of these, the conflicts.
    conflicts: HashMap<u32, Bits>,
    /// Records that others correct; no others are in here.
    amended: HashSet<Spot>,
    /// Files of which every record is a duplicate, by rank.
    copies: HashMap<u32, u32>,
    conflict_count: u64,
}

/// One bit for each record of a file.
#[derive(Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, index: u32) {
        let word = index as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (index % 64);
    }

    fn get(&self, index: u32) -> bool {
        self.0
            .get(index as usize / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

impl Drops {
    /// Whether and why a record is left out.
    pub fn of(&self, rank: u32, index: u32) -> Option<Drop> {
        self.of_file(rank).of(index)
    }

    fn is_copy(&self, rank: u32) -> bool {
        !self.copies.is_empty() && self.copies.contains_key(&rank)
    }

    /// What is left out of one file.
    pub fn of_file(&self, rank: u32) -> FileDrops<'_> {
        FileDrops {
            rank,
            amended: (!self.amended.is_empty()).then_some(&self.amended),
            is_copy: self.is_copy(rank),
            dropped: self.files.get(&rank),
            conflicts: self.conflicts.get(&rank),
        }
    }

    /// The files that hold conflicting records, in order.
    pub fn files_in_conflict(&self) -> Vec<u32> {
        let mut files: Vec<u32> = self.conflicts.keys().copied().collect();
        files.sort_unstable();
        files
    }

    /// Leaves out a record that another one corrects.
    pub fn add_amended(&mut self, spot: Spot) {
        self.amended.insert(spot);
    }

    /// How many records conflict with others.
    pub fn conflict_count(&self) -> u64 {
        self.conflict_count
    }

    /// Files that repeat an earlier one, with that one.
    pub fn copies(&self) -> &HashMap<u32, u32> {
        &self.copies
    }
}

/// The records of one file that are left out.
#[derive(Debug, Clone, Copy)]
pub struct FileDrops<'d> {
    rank: u32,
    amended: Option<&'d HashSet<Spot>>,
    is_copy: bool,
    dropped: Option<&'d Bits>,
    conflicts: Option<&'d Bits>,
}

impl FileDrops<'_> {
    /// Whether and why a record is left out.
    pub fn of(&self, index: u32) -> Option<Drop> {
        if self.is_copy {
            return Some(Drop::Duplicate);
        }
        if self
            .amended
            .is_some_and(|all| all.contains(&(self.rank, index)))
        {
            return Some(Drop::Amended);
        }
        let is_in = |bits: Option<&Bits>| bits.is_some_and(|bits| bits.get(index));
        if !is_in(self.dropped) {
            return None;
        }
        Some(match is_in(self.conflicts) {
            true => Drop::Conflict,
            false => Drop::Duplicate,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Keyed {
    key: u128,
    spot: Spot,
    content: u64,
}

/// Finds every record that is left out; conflicts are written down with their opposite.
pub fn find(ledger: &Ledger, intake: &Intake, work: &Work) -> Result<Drops, AssessError> {
    let mut drops = Drops::default();
    for (copy, first) in &intake.copies {
        let (copy, first) = (intake.ranks.at(*copy), intake.ranks.at(*first));
        drops.copies.insert(copy, first);
    }
    let mut sieve = Sieve::new();
    ledger.entries(|file, bytes| -> Result<(), AssessError> {
        if !drops.is_copy(intake.ranks.at(file)) {
            for key in Entries::new(bytes).filter_map(|entry| entry.key) {
                sieve.note(key as u64)?;
            }
        }
        Ok(())
    })?;
    let repeated = sieve.finish()?;
    let mut sorter = Sorter::new(AT_ONCE);
    ledger.entries(|file, bytes| -> Result<(), AssessError> {
        let rank = intake.ranks.at(file);
        if drops.is_copy(rank) {
            return Ok(());
        }
        for entry in Entries::new(bytes) {
            if let Some(key) = entry.key.filter(|key| repeated.may_contain(*key as u64)) {
                sorter.push(Keyed {
                    key,
                    spot: (rank, entry.index),
                    content: entry.content,
                })?;
            }
        }
        Ok(())
    })?;
    drop(repeated);
    sorter.finish(&mut drops, work)?;
    Ok(drops)
}

/// Sorts keyed records, in parts that fit into memory.
struct Sorter {
    at_once: usize,
    held: Vec<Keyed>,
    parts: Vec<BufWriter<File>>,
}

/// How many parts a large set is divided into.
const PARTS: usize = 256;
const WIDTH: usize = 32;

impl Sorter {
    fn new(at_once: usize) -> Sorter {
        Sorter {
            at_once,
            held: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn push(&mut self, one: Keyed) -> Result<(), AssessError> {
        self.held.push(one);
        if self.held.len() >= self.at_once {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), AssessError> {
        if self.parts.is_empty() {
            for _ in 0..PARTS {
                self.parts
                    .push(BufWriter::with_capacity(8 * 1024, tempfile::tempfile()?));
            }
        }
        for one in self.held.drain(..) {
            let part = (one.key >> 120) as usize;
            self.parts[part].write_all(&pack(&one))?;
        }
        Ok(())
    }

    fn finish(mut self, drops: &mut Drops, work: &Work) -> Result<(), AssessError> {
        if self.parts.is_empty() {
            return settle(&mut self.held, drops, work);
        }
        self.spill()?;
        for part in std::mem::take(&mut self.parts) {
            let mut file = part
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?;
            file.seek(SeekFrom::Start(0))?;
            let mut reader = BufReader::with_capacity(64 * 1024, file);
            let mut bytes = [0; WIDTH];
            loop {
                match reader.read_exact(&mut bytes) {
                    Ok(()) => self.held.push(unpack(&bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
                    Err(error) => return Err(error.into()),
                }
            }
            settle(&mut self.held, drops, work)?;
            self.held.clear();
        }
        Ok(())
    }
}

fn pack(one: &Keyed) -> [u8; WIDTH] {
    let mut bytes = [0; WIDTH];
    bytes[..16].copy_from_slice(&one.key.to_le_bytes());
    bytes[16..20].copy_from_slice(&one.spot.0.to_le_bytes());
    bytes[20..24].copy_from_slice(&one.spot.1.to_le_bytes());
    bytes[24..].copy_from_slice(&one.content.to_le_bytes());
    bytes
}

fn unpack(bytes: &[u8; WIDTH]) -> Keyed {
    let number =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let long = |at: usize| u128::from(number(at)) | u128::from(number(at + 4)) << 32;
    Keyed {
        key: long(0) | long(8) << 64,
        spot: (number(16), number(20)),
        content: long(24) as u64,
    }
}

/// Marks duplicates and conflicts among records that share their keys with no others.
fn settle(all: &mut [Keyed], drops: &mut Drops, work: &Work) -> Result<(), AssessError> {
    all.sort_unstable();
    for group in all.chunk_by(|a, b| a.key == b.key) {
        let [first, rest @ ..] = group else { continue };
        if rest.is_empty() {
            continue;
        }
        let differs = group.iter().find(|one| one.content != first.content);
        let marked = if differs.is_some() { group } else { rest };
        for one in marked {
            drops.files.entry(one.spot.0).or_default().set(one.spot.1);
        }
        if let Some(differs) = differs {
            for one in group {
                let other = if one.content == first.content {
                    differs
                } else {
                    first
                };
                let bits = drops.conflicts.entry(one.spot.0).or_default();
                bits.set(one.spot.1);
                drops.conflict_count += 1;
                work.add_conflict(one.spot, other.spot)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(key: u128, spot: Spot, content: u64) -> Keyed {
        Keyed { key, spot, content }
    }

    fn settled(all: &[Keyed], at_once: usize) -> (Drops, Vec<(Spot, Spot)>) {
        let work = Work::new().expect("space");
        let mut drops = Drops::default();
        let mut sorter = Sorter::new(at_once);
        for one in all {
            sorter.push(*one).expect("space");
        }
        sorter.finish(&mut drops, &work).expect("space");
        let mut pairs = Vec::new();
        for rank in 0..10 {
            for (index, other) in work.conflicts_of(rank).expect("readable") {
                pairs.push(((rank, index), other));
            }
        }
        (drops, pairs)
    }

    #[test]
    fn the_first_of_equal_copies_stays_and_differing_copies_all_go() {
        let all = [
            keyed(1, (1, 0), 7),
            keyed(1, (0, 5), 7),
            keyed(2, (0, 1), 7),
            keyed(2, (1, 1), 8),
            keyed(3, (0, 2), 9),
        ];
        let (drops, pairs) = settled(&all, 100);
        assert_eq!(drops.of(0, 5), None);
        assert_eq!(drops.of(1, 0), Some(Drop::Duplicate));
        assert_eq!(drops.of(0, 1), Some(Drop::Conflict));
        assert_eq!(drops.of(1, 1), Some(Drop::Conflict));
        assert_eq!(drops.of(0, 2), None);
        assert_eq!(pairs, [((0, 1), (1, 1)), ((1, 1), (0, 1))]);
    }

    proptest::proptest! {
        #[test]
        fn a_set_that_is_divided_gives_the_same_as_one_in_memory(
            raw in proptest::collection::vec((0u128..40, 0u32..5, 0u64..3), 0..200),
        ) {
            let all: Vec<Keyed> = raw.iter().enumerate().map(|(index, (key, file, content))| {
                // Spread over the parts.
                keyed(key << 120 | key, (*file, index as u32), *content)
            }).collect();
            let (whole, whole_pairs) = settled(&all, 10_000);
            let (parts, pairs) = settled(&all, 7);
            for one in &all {
                proptest::prop_assert_eq!(whole.of(one.spot.0, one.spot.1), parts.of(one.spot.0, one.spot.1));
            }
            proptest::prop_assert_eq!(whole_pairs, pairs);
        }
    }
}
