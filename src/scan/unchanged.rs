//! Tells which listed files a ledger already knows, by how they look on disk.
//!
//! Listing and ledger are in the order of keys, so that both are gone over once, side by side.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::ledger::facts::Stat;
use crate::ledger::read::{KnownFile, KnownFiles};
use crate::ledger::{Ledger, LedgerError};
use crate::source::SourceFile;
use crate::source::files::{FileReader, Files};

/// The files of a listing that must be read.
#[derive(Debug, Default)]
pub struct ToRead {
    /// One bit for each file of the listing.
    bits: Vec<u64>,
    /// How many there are.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// One bit for each file of the listing: whether the ledger knows its key.
    known: Vec<u64>,
    /// By place in the listing: those whose key several listed files have. Most log sets have none.
    shared: HashMap<usize, Group>,
}

/// Who else has the key of a file that is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namesakes<'t> {
    /// Nobody.
    None,
    /// Files of the ledger alone, which are no more.
    OfLedger,
    /// Other listed files, and maybe some of the ledger.
    Listed(&'t Group),
}

impl Namesakes<'_> {
    /// Whether files of the ledger have to go.
    pub fn replaces_some(self) -> bool {
        match self {
            Namesakes::None => false,
            Namesakes::OfLedger => true,
            Namesakes::Listed(group) => !group.replaces.is_empty(),
        }
    }
}

/// The listed files of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The place of the first of them in the listing.
    pub first: usize,
    /// How many of them are to be read.
    pub count: usize,
    /// Files of the ledger with the same key that look like no listed file any more, or are doubted.
    pub replaces: Vec<i64>,
}

impl ToRead {
    /// Whether a file of the listing is to be read.
    pub fn has(&self, at: usize) -> bool {
        has_bit(&self.bits, at)
    }

    /// Who else has its key.
    pub fn namesakes(&self, at: usize) -> Namesakes<'_> {
        match self.shared.get(&at) {
            Some(group) => Namesakes::Listed(group),
            None if has_bit(&self.known, at) => Namesakes::OfLedger,
            None => Namesakes::None,
        }
    }

    fn add(&mut self, at: usize, size: u64) {
        set_bit(&mut self.bits, at);
        self.count += 1;
        self.bytes += size;
    }
}

fn set_bit(bits: &mut Vec<u64>, at: usize) {
    if bits.len() <= at / 64 {
        bits.resize(at / 64 + 1, 0);
    }
    bits[at / 64] |= 1 << (at % 64);
}

fn has_bit(bits: &[u64], at: usize) -> bool {
    let word = bits.get(at / 64);
    word.is_some_and(|word| word >> (at % 64) & 1 == 1)
}

/// How a listed file looks.
pub fn stat_of(file: &SourceFile) -> Stat {
    Stat {
        size: file.size,
        modified: file.modified,
        inode: file.inode,
    }
}

/// What is read again although it looks unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadAgain {
    /// Everything.
    pub all: bool,
    /// Log files whose content nobody hashed, now that digests ask for it.
    pub unhashed: bool,
}

impl ReadAgain {
    fn asks_for(self, known: &KnownFile) -> bool {
        self.all || self.unhashed && !known.is_hashed
    }
}

/// The files that must be read: all that the ledger does not know as they look now.
///
/// # Errors
/// See [`LedgerError`].
pub fn to_read(ledger: &Ledger, files: &Files, again: ReadAgain) -> Result<ToRead, LedgerError> {
    let mut to_read = ToRead::default();
    let mut listed = Listed::new(files);
    ledger.known_files(|known| {
        let mut known = Peeked::new(known)?;
        while let Some(group) = listed.next_group() {
            let found = known.under(&group.key)?;
            compare(&mut to_read, &group, found, again);
        }
        Ok(())
    })?;
    Ok(to_read)
}

/// The listed files of one key.
#[derive(Default)]
struct ListedGroup {
    key: String,
    first: usize,
    stats: Vec<Stat>,
}

/// Goes over a listing key by key; copies of one key stand together.
struct Listed<'f> {
    reader: FileReader<'f>,
    next: Option<(String, Stat)>,
    at: usize,
}

impl<'f> Listed<'f> {
    fn new(files: &'f Files) -> Self {
        let mut listed = Listed {
            reader: files.reader(0),
            next: None,
            at: 0,
        };
        listed.advance();
        listed
    }

    fn advance(&mut self) {
        let file = self.reader.next();
        self.next = file.map(|file| (file.key.clone(), stat_of(file)));
    }

    fn next_group(&mut self) -> Option<ListedGroup> {
        let (key, stat) = self.next.take()?;
        let mut group = ListedGroup {
            key,
            first: self.at,
            stats: vec![stat],
        };
        self.advance();
        while let Some((_, stat)) = self.next.take_if(|(key, _)| *key == group.key) {
            group.stats.push(stat);
            self.advance();
        }
        self.at += group.stats.len();
        Some(group)
    }
}

/// The files of a ledger with one to look ahead.
struct Peeked<'k, 'l> {
    known: &'k mut KnownFiles<'l>,
    next: Option<KnownFile>,
    /// Its key.
    key: String,
}

impl<'k, 'l> Peeked<'k, 'l> {
    fn new(known: &'k mut KnownFiles<'l>) -> Result<Self, LedgerError> {
        let mut key = String::new();
        let next = known.next(&mut key)?;
        Ok(Peeked { known, next, key })
    }

    /// The files under a key; those before it are passed over.
    fn under(&mut self, key: &str) -> Result<Vec<KnownFile>, LedgerError> {
        let mut found = Vec::new();
        while let Some(file) = self.next {
            match self.key.as_str().cmp(key) {
                Ordering::Greater => break,
                Ordering::Equal => found.push(file),
                Ordering::Less => {}
            }
            self.next = self.known.next(&mut self.key)?;
        }
        Ok(found)
    }
}

fn compare(to_read: &mut ToRead, group: &ListedGroup, mut known: Vec<KnownFile>, again: ReadAgain) {
    known.sort_by_key(|known| known.id);
    let is_known = !known.is_empty();
    let mut changed = Vec::new();
    // What a file that is read again, though it looks the same, was when it was read before.
    let mut doubted = Vec::new();
    for (offset, stat) in group.stats.iter().enumerate() {
        let at = group.first + offset;
        // What was refused is tried again: limits and permissions may have changed.
        let looks_as = |known: &KnownFile| known.was_accepted && *stat == known.stat;
        match known.iter().position(looks_as) {
            Some(found) => {
                let found = known.remove(found);
                if again.asks_for(&found) {
                    changed.push(at);
                    doubted.push(found.id);
                }
            }
            None => changed.push(at),
        }
    }
    for at in &changed {
        to_read.add(*at, group.stats[*at - group.first].size);
    }
    if group.stats.len() == 1 {
        if is_known {
            changed
                .iter()
                .for_each(|at| set_bit(&mut to_read.known, *at));
        }
        return;
    }
    let replaces: Vec<i64> = known.iter().map(|known| known.id).chain(doubted).collect();
    for at in &changed {
        let group = Group {
            first: group.first,
            count: changed.len(),
            replaces: replaces.clone(),
        };
        to_read.shared.insert(*at, group);
    }
}
