//! One short entry for each kept record of a file: all that exact
//! deduplication and exact tallies need.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::codec::{Cursor, put_number, put_signed};

/// One kept record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Index in the file.
    pub index: u32,
    /// Hash of `eventID` and `recipientAccountId`; none for a record without id.
    pub key: Option<u128>,
    /// Equal for equal content. Who writes a record can make two that differ agree in it.
    pub content: u64,
    /// Of a record that is more than counted, see [`exact`]; 0 for all others.
    pub exact: u64,
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

/// The first bytes of the SHA-256 of what a record says: of its values and members, whatever their
/// order and the space between them. Never 0.
///
/// The hash that all records have finds copies fast and can be forged. What evidence rests on must
/// not be left out as a copy of something else, so such records are compared by this one too.
pub fn exact(raw: &[u8]) -> u64 {
    let mut hash = Sha256::new();
    match serde_json::from_slice(raw) {
        Ok(value) => add_value(&mut hash, &value),
        // Nested deeper than that reader goes, or with half of a character.
        Err(_) => hash.update(raw),
    }
    let hash: [u8; 32] = hash.finalize().into();
    let first = hash.first_chunk().expect("8 bytes of 32");
    u64::from_le_bytes(*first).max(1)
}

/// Every part with its length in front, so that no two values give the same bytes.
fn add_value(hash: &mut Sha256, value: &Value) {
    let mut add = |kind: u8, text: &[u8]| {
        hash.update([kind]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    match value {
        Value::Null => add(b'n', b""),
        Value::Bool(value) => add(b'b', &[u8::from(*value)]),
        Value::Number(number) => add(b'#', number.to_string().as_bytes()),
        Value::String(text) => add(b'"', text.as_bytes()),
        Value::Array(all) => {
            add(b'[', &(all.len() as u64).to_le_bytes());
            all.iter().for_each(|one| add_value(hash, one));
        }
        Value::Object(members) => {
            add(b'{', &(members.len() as u64).to_le_bytes());
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in members {
                hash.update((name.len() as u64).to_le_bytes());
                hash.update(name);
                add_value(hash, value);
            }
        }
    }
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
            u64::from(step) << 2
                | u64::from(entry.exact != 0) << 1
                | u64::from(entry.key.is_some()),
        );
        if let Some(key) = entry.key {
            self.bytes.extend_from_slice(&key.to_le_bytes());
        }
        self.bytes.extend_from_slice(&entry.content.to_le_bytes());
        if entry.exact != 0 {
            self.bytes.extend_from_slice(&entry.exact.to_le_bytes());
        }
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
                && (head & 2 == 0 || self.cursor.bytes::<8>().is_some())
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
        let exact = match head & 2 {
            0 => 0,
            _ => u64::from_le_bytes(self.cursor.bytes()?),
        };
        let cell = self.cursor.number32()?;
        let time = self.last_time.wrapping_add(self.cursor.signed()?);
        self.last_index = self.last_index.wrapping_add((head >> 2) as u32);
        self.last_time = time;
        Some(Entry {
            index: self.last_index,
            key,
            content,
            exact,
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
                (0u32..9, proptest::option::of(0u128..), 0u64.., 0u64..3, 0u32..500, 0i64..4_000_000_000), 0..150),
        ) {
            let mut index = 0;
            let entries: Vec<Entry> = raw.into_iter().map(|(step, key, content, exact, cell, time)| {
                index += step;
                Entry { index, key, content, exact, cell, time }
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
    fn exact_content_depends_on_values_and_not_on_how_they_are_written() {
        let same = |one: &str, other: &str| exact(one.as_bytes()) == exact(other.as_bytes());
        let first = r#"{"a":"x","b":{"c":[1,"y"],"d":null}}"#;
        assert!(same(
            first,
            r#"{ "b" : {"d":null, "c":[1, "\u0079"]}, "a":"x" }"#
        ));
        for other in [
            r#"{"a":"y","b":{"c":[1,"x"],"d":null}}"#,
            r#"{"a":"x","b":{"c":["y",1],"d":null}}"#,
            r#"{"a":"x","b":{"c":["1","y"],"d":null}}"#,
            r#"{"a":"x","b":{"c":[1,"y"],"d":false}}"#,
            r#"{"a":"x","b":{"c":[1,"y"]}}"#,
            r#"{"a":"x","c":[1,"y"],"b":{"d":null}}"#,
        ] {
            assert!(!same(first, other), "{other}");
        }
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
        assert!(same(&deep("1"), &deep("1")));
        assert!(!same(&deep("1"), &deep("2")));
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
