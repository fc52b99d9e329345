//! Which records are left out because another copy of them is used, or because
//! copies contradict each other.
//!
//! Two records are one if event id and receiving account are equal. Equal
//! content, time, account, Region and classes make the later one a duplicate; different content makes all of them
//! conflicts, none of which is evidence. Records are gone over twice: first to see
//! which keys may stand twice at all, then to look at these, while all are counted.
//! Memory is bounded: many of them are divided by key into temporary files first.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::AssessError;
use super::intake::Intake;
use super::sieve::{Repeated, Sieve};
use super::work::Work;
use crate::ledger::Unchecked;
use crate::ledger::entries::Entries;

/// Keyed records held in memory at once; each takes 64 bytes.
const AT_ONCE: usize = 300_000;

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

    /// Of all files that repeat another one, and nothing else yet.
    pub fn of_copies(intake: &Intake) -> Drops {
        let mut drops = Drops::default();
        for (copy, first) in &intake.copies {
            let (copy, first) = (intake.ranks.at(*copy), intake.ranks.at(*first));
            drops.copies.insert(copy, first);
        }
        drops
    }

    fn add_conflict(&mut self, spot: Spot) {
        self.files.entry(spot.0).or_default().set(spot.1);
        self.conflicts.entry(spot.0).or_default().set(spot.1);
        self.conflict_count += 1;
    }

    /// Whether the file at this place repeats an earlier one.
    pub fn is_copy(&self, rank: u32) -> bool {
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

    /// Lets go of which records are left out, when all were judged; files that are copies, or in
    /// which records conflict, stay known.
    pub fn forget_duplicates(&mut self) {
        self.files = HashMap::new();
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

/// A record whose key may stand twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keyed {
    /// Event id and receiving account.
    pub key: u128,
    /// Where it lies.
    pub spot: Spot,
    /// Equal for equal content.
    pub content: u64,
    /// The same for sure, of records that evidence rests on.
    pub exact: u64,
    /// What it counts to, the same for the same account, Region and classes; means more to the one
    /// who counts.
    pub cell: u32,
    /// `eventTime`
    pub time: i64,
}

impl Keyed {
    /// Of two records with one key.
    fn is_copy_of(&self, other: &Keyed) -> bool {
        (self.content, self.exact, self.time, self.cell)
            == (other.content, other.exact, other.time, other.cell)
    }
}

/// The keys that may stand twice. What the ledger holds is checked on the way.
pub fn repeated(unchecked: Unchecked<'_>, intake: &Intake) -> Result<Repeated, AssessError> {
    let copies = Drops::of_copies(intake);
    let mut sieve = Sieve::new();
    unchecked.entries(|file, bytes| -> Result<(), AssessError> {
        // A file that is not there is damage, which shows in the end.
        let rank = intake.ranks.get(file);
        if rank.is_none_or(|rank| copies.is_copy(rank)) {
            return Ok(());
        }
        Entries::new(bytes).keys(|key| Ok(sieve.note(key as u64)?))
    })?;
    Ok(sieve.finish()?)
}

/// Sorts keyed records, in parts that fit into memory.
pub struct Sorter {
    at_once: usize,
    held: Vec<Keyed>,
    parts: Vec<BufWriter<File>>,
}

impl Default for Sorter {
    fn default() -> Sorter {
        Sorter::new(AT_ONCE)
    }
}

/// Called with each record, and why it is left out if it is.
pub type EachSettled<'e> = dyn FnMut(&Keyed, Option<Drop>) + 'e;

/// How many parts a large set is divided into.
const PARTS: usize = 256;
const WIDTH: usize = 52;

impl Sorter {
    fn new(at_once: usize) -> Sorter {
        Sorter {
            at_once,
            held: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds a record.
    pub fn push(&mut self, one: Keyed) -> Result<(), AssessError> {
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

    /// Marks duplicates and conflicts; conflicts are written down with their opposite.
    pub fn finish(
        mut self,
        drops: &mut Drops,
        work: &Work,
        each: &mut EachSettled<'_>,
    ) -> Result<(), AssessError> {
        if self.parts.is_empty() {
            return settle(&mut self.held, drops, work, each);
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
            settle(&mut self.held, drops, work, each)?;
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
    bytes[24..32].copy_from_slice(&one.content.to_le_bytes());
    bytes[32..36].copy_from_slice(&one.cell.to_le_bytes());
    bytes[36..44].copy_from_slice(&one.time.to_le_bytes());
    bytes[44..].copy_from_slice(&one.exact.to_le_bytes());
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
        cell: number(32),
        time: long(36) as i64,
        exact: long(44) as u64,
    }
}

/// Marks duplicates and conflicts among records that share their keys with no others.
fn settle(
    all: &mut [Keyed],
    drops: &mut Drops,
    work: &Work,
    each: &mut EachSettled<'_>,
) -> Result<(), AssessError> {
    all.sort_unstable();
    for group in all.chunk_by(|a, b| a.key == b.key) {
        let [first, rest @ ..] = group else { continue };
        if let Some(differs) = rest.iter().find(|one| !one.is_copy_of(first)) {
            for one in group {
                let other = if one.is_copy_of(first) {
                    differs
                } else {
                    first
                };
                drops.add_conflict(one.spot);
                work.add_conflict(one.spot, other.spot)?;
                each(one, Some(Drop::Conflict));
            }
            continue;
        }
        each(first, None);
        for one in rest {
            drops.files.entry(one.spot.0).or_default().set(one.spot.1);
            each(one, Some(Drop::Duplicate));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(key: u128, spot: Spot, content: u64) -> Keyed {
        Keyed {
            key,
            spot,
            content,
            exact: content % 2,
            cell: content as u32 % 3,
            time: -(content as i64),
        }
    }

    fn settled(all: &[Keyed], at_once: usize) -> (Drops, Vec<(Spot, Spot)>) {
        let work = Work::new().expect("space");
        let mut drops = Drops::default();
        let mut sorter = Sorter::new(at_once);
        for one in all {
            sorter.push(*one).expect("space");
        }
        let mut settled = Vec::new();
        let mut each = |one: &Keyed, dropped| settled.push((*one, dropped));
        sorter.finish(&mut drops, &work, &mut each).expect("space");
        for (one, dropped) in &settled {
            assert_eq!(*dropped, drops.of(one.spot.0, one.spot.1));
        }
        let mut settled: Vec<Keyed> = settled.into_iter().map(|(one, _)| one).collect();
        settled.sort_unstable();
        let mut all = all.to_vec();
        all.sort_unstable();
        assert_eq!(settled, all);
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
