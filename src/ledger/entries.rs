//! One short entry for each kept record of a file: all that exact
//! deduplication and exact tallies need.

use super::codec::{Cursor, put_number, put_signed};

/// One kept record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Index in the file.
    pub index: u32,
    /// Hash of `eventID` and `recipientAccountId`; none for a record without id.
    pub key: Option<u128>,
    /// Equal for equal content.
    pub content: u64,
    /// Place in the file's cells.
    pub cell: u32,
    /// `eventTime`
    pub time: i64,
}

/// The hash by which two copies of a record are found to be one.
///
/// The parts are hashed twice with unrelated seeds, since 64 bits are too few
/// for a billion records.
pub fn key_of(event_id: impl AsRef<[u8]>, account: impl AsRef<[u8]>) -> Option<u128> {
    use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
    const FIRST: RapidSecrets = RapidSecrets::seed(0x6174_7465_7374_7261);
    const SECOND: RapidSecrets = RapidSecrets::seed(0x696c_6c65_6467_6572);
    let (event_id, account) = (event_id.as_ref(), account.as_ref());
    if event_id.is_empty() {
        return None;
    }
    // Ids and accounts are short; a longer one falls back to the heap.
    let mut short = [0u8; 128];
    let length = event_id.len() + 1 + account.len();
    let both = |to: &mut [u8]| {
        to[..event_id.len()].copy_from_slice(event_id);
        to[event_id.len() + 1..length].copy_from_slice(account);
    };
    let hash = |bytes: &[u8]| {
        let high = u128::from(rapidhash_v3_seeded(bytes, &FIRST));
        high << 64 | u128::from(rapidhash_v3_seeded(bytes, &SECOND))
    };
    if length <= short.len() {
        both(&mut short);
        return Some(hash(&short[..length]));
    }
    let mut long = vec![0u8; length];
    both(&mut long);
    Some(hash(&long))
}

/// Packs entries in the order of their index.
#[derive(Debug, Default)]
pub struct Packer {
    bytes: Vec<u8>,
    count: u64,
    last_index: u32,
    last_time: i64,
}

impl Packer {
    /// Adds an entry with a larger index than all before.
    pub fn push(&mut self, entry: &Entry) {
        let step = entry.index.wrapping_sub(self.last_index);
        put_number(
            &mut self.bytes,
            u64::from(step) << 1 | u64::from(entry.key.is_some()),
        );
        if let Some(key) = entry.key {
            self.bytes.extend_from_slice(&key.to_le_bytes());
        }
        self.bytes.extend_from_slice(&entry.content.to_le_bytes());
        put_number(&mut self.bytes, u64::from(entry.cell));
        put_signed(&mut self.bytes, entry.time - self.last_time);
        self.last_index = entry.index;
        self.last_time = entry.time;
        self.count += 1;
    }

    /// How many were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The packed entries; the packer is empty again.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self).bytes
    }
}

/// Entries in a batch.
const BATCH: usize = 64;

/// Goes through packed entries; stops early at bytes that no packer made.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    cursor: Cursor<'a>,
    last_index: u32,
    last_time: i64,
}

impl<'a> Entries<'a> {
    /// From the first entry.
    pub fn new(bytes: &'a [u8]) -> Self {
        Entries {
            cursor: Cursor::new(bytes),
            last_index: 0,
            last_time: 0,
        }
    }

    /// Puts the next entries in place of those in `batch`; false if there is none any more.
    ///
    /// Whoever looks something up for each entry does so for a batch at once, so that one look-up
    /// need not wait for the memory of the one before.
    pub fn fill(&mut self, batch: &mut Vec<Entry>) -> bool {
        batch.clear();
        while batch.len() < BATCH
            && let Some(entry) = self.decoded()
        {
            batch.push(entry);
        }
        !batch.is_empty()
    }

    /// Calls `each` with the key of every entry that has one.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn keys<E>(mut self, mut each: impl FnMut(u128) -> Result<(), E>) -> Result<(), E> {
        while let Some(head) = self.cursor.number() {
            let key = match head & 1 {
                1 => self.cursor.bytes().map(u128::from_le_bytes),
                _ => None,
            };
            let is_whole = self.cursor.bytes::<8>().is_some()
                && self.cursor.number32().is_some()
                && self.cursor.number().is_some();
            if !is_whole {
                break;
            }
            key.map_or(Ok(()), &mut each)?;
        }
        Ok(())
    }

    #[inline]
    fn decoded(&mut self) -> Option<Entry> {
        let head = self.cursor.number()?;
        let key = match head & 1 {
            1 => Some(u128::from_le_bytes(self.cursor.bytes()?)),
            _ => None,
        };
        let content = u64::from_le_bytes(self.cursor.bytes()?);
        let cell = self.cursor.number32()?;
        let time = self.last_time.wrapping_add(self.cursor.signed()?);
        self.last_index = self.last_index.wrapping_add((head >> 1) as u32);
        self.last_time = time;
        Some(Entry {
            index: self.last_index,
            key,
            content,
            cell,
            time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn packed_entries_come_out_as_they_went_in(
            raw in proptest::collection::vec(
                (0u32..9, proptest::option::of(0u128..), 0u64.., 0u32..500, 0i64..4_000_000_000), 0..150),
        ) {
            let mut index = 0;
            let entries: Vec<Entry> = raw.into_iter().map(|(step, key, content, cell, time)| {
                index += step;
                Entry { index, key, content, cell, time }
            }).collect();
            let mut packer = Packer::default();
            for entry in &entries { packer.push(entry); }
            proptest::prop_assert_eq!(packer.count(), entries.len() as u64);
            let bytes = packer.take();
            let (mut all, mut batch, mut batched) = (Entries::new(&bytes), Vec::new(), Vec::new());
            while all.fill(&mut batch) {
                proptest::prop_assert!(batch.len() <= BATCH);
                batched.append(&mut batch);
            }
            proptest::prop_assert_eq!(&batched, &entries);
            let mut keys = Vec::new();
            let each = |key| -> Result<(), ()> { keys.push(key); Ok(()) };
            proptest::prop_assert!(Entries::new(&bytes).keys(each).is_ok());
            let expected = entries.iter().filter_map(|entry| entry.key);
            proptest::prop_assert_eq!(keys, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_key_depends_on_id_and_account_and_where_one_ends() {
        assert_eq!(key_of("", "111122223333"), None);
        assert_eq!(key_of("a", "b"), key_of("a", "b"));
        assert_ne!(key_of("a", "b"), key_of("ab", ""));
        assert_ne!(key_of("a", "b"), key_of("a", "c"));
        let long = "x".repeat(500);
        assert_ne!(key_of(&long, "b"), key_of(&long, "c"));
    }
}
