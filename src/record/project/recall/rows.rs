//! What settles the likeness of a record that is recalled: its told texts and ends.

use super::NONE;

/// A told text at its place in the content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) place: u64,
    pub(super) hash: u64,
    /// Where it is among the passages, with the quote behind it.
    pub(super) text: u32,
    pub(super) length: u32,
    /// Its number among the ends.
    pub(super) end: u32,
}

/// The told texts that were met, as a hash table without buckets.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) all: Vec<Word>,
    table: Vec<u32>,
}

impl Words {
    #[inline(always)]
    pub(super) fn slot(&self, place: u64, hash: u64) -> usize {
        (place ^ hash).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 32 & (self.table.len() - 1)
    }

    /// The word with this text, the quote behind it included.
    #[inline(always)]
    pub(super) fn find(&self, texts: &[u8], place: u64, hash: u64, text: &[u8]) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let mut slot = self.slot(place, hash);
        loop {
            let found = self.table[slot];
            let word = self.all.get(found as usize)?;
            if word.place == place
                && word.hash == hash
                && texts[word.text as usize..][..word.length as usize] == *text
            {
                return Some(found);
            }
            slot = (slot + 1) & (self.table.len() - 1);
        }
    }

    pub(super) fn add(&mut self, word: Word) -> u32 {
        self.all.push(word);
        if self.all.len() * 2 > self.table.len() {
            self.table = vec![NONE; (self.table.len() * 2).max(1024)];
            (0..self.all.len()).for_each(|at| self.place(at));
        } else {
            self.place(self.all.len() - 1);
        }
        self.all.len() as u32 - 1
    }

    pub(super) fn place(&mut self, at: usize) {
        let word = self.all[at];
        let mut slot = self.slot(word.place, word.hash);
        while self.table[slot] != NONE {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        self.table[slot] = at as u32;
    }
}

/// Most words and ends of a record.
pub(super) const MOST_ENDS: usize = 24;

/// The words and ends of a record, in the order in which they stand. They settle its likeness:
/// the last one is the end of the record, whose way through the tree says where all others stand.
#[derive(Clone, Copy)]
pub(super) struct Row {
    ends: [u32; MOST_ENDS],
    pub(super) length: usize,
    hash: u64,
}

impl Row {
    #[inline(always)]
    pub(super) fn new() -> Row {
        Row {
            ends: [0; MOST_ENDS],
            length: 0,
            hash: 0,
        }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, end: u32) -> Option<()> {
        *self.ends.get_mut(self.length)? = end;
        self.length += 1;
        self.hash = (self.hash ^ u64::from(end)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.hash ^= self.hash >> 32;
        Some(())
    }

    pub(super) fn of(&self, from: usize) -> &[u32] {
        &self.ends[from..self.length]
    }
}

/// The rows that were met, and the number of the likeness of each, as a hash table without
/// buckets.
#[derive(Debug, Default)]
pub(super) struct Rows {
    ends: Vec<u32>,
    /// Where in `ends` a row begins, its length, and its likeness.
    all: Vec<(u32, u32, u32)>,
    /// The upper half of a row's hash, and its number.
    table: Vec<(u32, u32)>,
}

impl Rows {
    /// Words and ends in all rows.
    pub(super) fn length(&self) -> usize {
        self.ends.len()
    }

    #[inline(always)]
    pub(super) fn find(&self, row: &Row) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let mut slot = row.hash as usize & (self.table.len() - 1);
        loop {
            let (hash, number) = self.table[slot];
            let (from, length, kind) = *self.all.get(number as usize)?;
            if hash == (row.hash >> 32) as u32
                && self.ends[from as usize..][..length as usize] == *row.of(0)
            {
                return Some(kind);
            }
            slot = (slot + 1) & (self.table.len() - 1);
        }
    }

    pub(super) fn add(&mut self, row: &Row, kind: u32) {
        if self.find(row).is_some() {
            return;
        }
        let number = self.all.len() as u32;
        let from = self.ends.len() as u32;
        self.all.push((from, row.length as u32, kind));
        self.ends.extend_from_slice(row.of(0));
        if self.all.len() * 2 > self.table.len() {
            self.table = vec![(0, NONE); (self.table.len() * 2).max(1024)];
            for (known, (from, length, _)) in (0u32..).zip(self.all.clone()) {
                let mut row = Row::new();
                let ends = &self.ends[from as usize..][..length as usize];
                let is_whole = ends.iter().try_for_each(|end| row.push(*end));
                debug_assert!(is_whole.is_some());
                self.place(row.hash, known);
            }
        } else {
            self.place(row.hash, number);
        }
    }

    pub(super) fn place(&mut self, hash: u64, number: u32) {
        let mut slot = hash as usize & (self.table.len() - 1);
        while self.table[slot].1 != NONE {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        self.table[slot] = ((hash >> 32) as u32, number);
    }
}
