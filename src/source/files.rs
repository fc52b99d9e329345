//! The files of a listing, packed: a log set may have millions of them.
//!
//! Keys and paths of neighbours begin alike, so that only what differs is kept,
//! some forty bytes for each file. Every [`BLOCK`]th file is kept whole, so that any
//! file can be found without going over all.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::SourceFile;

/// Files from one that is kept whole to the next.
pub const BLOCK: usize = 64;

/// Files in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    packed: Vec<u8>,
    /// Where each block begins.
    blocks: Vec<usize>,
    len: usize,
    bytes: u64,
    /// Whether some key is not behind the one before it.
    is_disordered: bool,
    /// The file that was added last.
    last: State,
}

/// What a file is packed against: the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    key: Vec<u8>,
    path: Vec<u8>,
    modified: i64,
    inode: u64,
}

const HAS_MODIFIED: u64 = 1;
const HAS_INODE: u64 = 2;
/// The path ends in what is new of the key, and begins as the one before it.
const PATH_AS_KEY: u64 = 4;
const IS_COPY: u64 = 8;
const FLAGS: u32 = 4;

impl Files {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sum of their sizes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether every key stands behind the one before it, so that no two are equal.
    pub fn is_in_order(&self) -> bool {
        !self.is_disordered
    }

    /// Adds a file.
    pub fn push(&mut self, file: &SourceFile) {
        self.is_disordered |= self.len > 0 && self.last.key.as_slice() >= file.key.as_bytes();
        if self.len.is_multiple_of(BLOCK) {
            self.blocks.push(self.packed.len());
            self.last = State::default();
        }
        self.len += 1;
        self.bytes += file.size;
        let (to, last) = (&mut self.packed, &mut self.last);
        let key = file.key.as_bytes();
        let path = file.path.as_os_str().as_encoded_bytes();
        let shared = common(&last.key, key);
        let front = last.path.len().checked_sub(last.key.len() - shared);
        let is_as_key = front.is_some_and(|front| {
            path.len() == front + key.len() - shared
                && path.starts_with(&last.path[..front])
                && path.ends_with(&key[shared..])
        });
        let mut head = (file.root as u64) << FLAGS;
        head |= if file.modified.is_some() {
            HAS_MODIFIED
        } else {
            0
        };
        head |= if file.inode.is_some() { HAS_INODE } else { 0 };
        head |= if is_as_key { PATH_AS_KEY } else { 0 };
        head |= if file.copy > 0 { IS_COPY } else { 0 };
        put(to, head);
        put_text(to, &mut last.key, shared, key);
        match (is_as_key, front) {
            (true, Some(front)) => {
                last.path.truncate(front);
                last.path.extend_from_slice(&key[shared..]);
            }
            _ => {
                let shared = common(&last.path, path);
                put_text(to, &mut last.path, shared, path);
            }
        }
        put(to, file.size);
        if let Some(modified) = file.modified {
            put_signed(to, modified.wrapping_sub(last.modified));
            last.modified = modified;
        }
        if let Some(inode) = file.inode {
            put_signed(to, inode.wrapping_sub(last.inode) as i64);
            last.inode = inode;
        }
        if file.copy > 0 {
            put(to, u64::from(file.copy));
        }
    }

    /// The files from `at` on, one after the other.
    pub fn reader(&self, at: usize) -> FileReader<'_> {
        let block = at.min(self.len) / BLOCK;
        let start = self.blocks.get(block).copied();
        let mut reader = FileReader {
            rest: &self.packed[start.unwrap_or(self.packed.len())..],
            at: start.map_or(self.len, |_| block * BLOCK),
            state: State::default(),
            file: SourceFile::default(),
        };
        while reader.at < at && reader.step().is_some() {}
        reader
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Option<SourceFile> {
        self.reader(at).next().cloned()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = SourceFile> + '_ {
        let mut reader = self.reader(0);
        std::iter::from_fn(move || reader.next().cloned())
    }
}

impl FromIterator<SourceFile> for Files {
    fn from_iter<I: IntoIterator<Item = SourceFile>>(all: I) -> Files {
        let mut files = Files::default();
        all.into_iter().for_each(|file| files.push(&file));
        files
    }
}

/// Goes over packed files; the one that it stands on is unpacked, in memory that is used again.
pub struct FileReader<'f> {
    rest: &'f [u8],
    at: usize,
    state: State,
    file: SourceFile,
}

impl FileReader<'_> {
    /// The next file, until there is none.
    #[allow(clippy::should_implement_trait, reason = "the file is lent, not given")]
    pub fn next(&mut self) -> Option<&SourceFile> {
        self.step()?;
        let state = &self.state;
        self.file.key.clear();
        self.file.key.push_str(&String::from_utf8_lossy(&state.key));
        let path = std::mem::take(&mut self.file.path);
        self.file.path = replaced(path, &state.path);
        Some(&self.file)
    }

    /// Where the next file stands in the listing.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Unpacks a file but for its texts.
    fn step(&mut self) -> Option<()> {
        if self.at.is_multiple_of(BLOCK) {
            self.state.key.clear();
            self.state.path.clear();
            (self.state.modified, self.state.inode) = (0, 0);
        }
        let (rest, state) = (&mut self.rest, &mut self.state);
        let head = take(rest)?;
        let before = state.key.len();
        let shared = take_text(rest, &mut state.key)?;
        if head & PATH_AS_KEY == 0 {
            take_text(rest, &mut state.path)?;
        } else {
            let front = state.path.len().checked_sub(before - shared)?;
            state.path.truncate(front);
            state.path.extend_from_slice(&state.key[shared..]);
        }
        self.file.root = (head >> FLAGS) as usize;
        self.file.size = take(rest)?;
        self.file.modified = None;
        if head & HAS_MODIFIED != 0 {
            state.modified = state.modified.wrapping_add(take_signed(rest)?);
            self.file.modified = Some(state.modified);
        }
        self.file.inode = None;
        if head & HAS_INODE != 0 {
            state.inode = state.inode.wrapping_add(take_signed(rest)? as u64);
            self.file.inode = Some(state.inode);
        }
        self.file.copy = match head & IS_COPY {
            0 => 0,
            _ => take(rest)? as u32,
        };
        self.at += 1;
        Some(())
    }
}

/// The path made of these bytes, in the memory of another one.
fn replaced(path: PathBuf, bytes: &[u8]) -> PathBuf {
    let mut text = path.into_os_string();
    text.clear();
    // SAFETY: `Files::push` packs the encoding of a whole path each time, and the bytes are put
    // together again as they were taken apart.
    text.push(unsafe { OsStr::from_encoded_bytes_unchecked(bytes) });
    PathBuf::from(text)
}

fn common(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(one, other)| one == other).count()
}

/// Appends what is new of a text, and makes `last` that text.
fn put_text(to: &mut Vec<u8>, last: &mut Vec<u8>, shared: usize, text: &[u8]) {
    put(to, shared as u64);
    put(to, (text.len() - shared) as u64);
    to.extend_from_slice(&text[shared..]);
    last.truncate(shared);
    last.extend_from_slice(&text[shared..]);
}

/// Makes `last` the next text; how much of it is as before.
fn take_text(from: &mut &[u8], last: &mut Vec<u8>) -> Option<usize> {
    let shared = take(from)? as usize;
    let length = take(from)? as usize;
    let (new, rest) = from.split_at_checked(length)?;
    *from = rest;
    last.truncate(shared);
    last.extend_from_slice(new);
    Some(shared)
}

fn put(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn put_signed(to: &mut Vec<u8>, value: i64) {
    put(to, ((value << 1) ^ (value >> 63)) as u64);
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take_signed(from: &mut &[u8]) -> Option<i64> {
    let value = take(from)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file() -> impl Strategy<Value = SourceFile> {
        (
            "(a/b|a/bé|ü)?[a-cé/]{0,6}",
            "(/x/a/b|/y)?[a-cé/]{0,6}",
            any::<bool>(),
            0u64..,
            any::<Option<i64>>(),
            any::<Option<u64>>(),
            0usize..3,
            0u32..3,
        )
            .prop_map(|(key, path, is_alike, size, modified, inode, root, copy)| {
                SourceFile {
                    path: PathBuf::from(if is_alike {
                        format!("/root/{key}")
                    } else {
                        path
                    }),
                    key,
                    size: size >> 8,
                    modified,
                    inode,
                    root,
                    copy,
                }
            })
    }

    proptest! {
        #[test]
        fn files_come_out_as_they_went_in(all in proptest::collection::vec(file(), 0..200)) {
            let files: Files = all.iter().cloned().collect();
            prop_assert_eq!(files.len(), all.len());
            let is_in_order = all.windows(2).all(|pair| pair[0].key < pair[1].key);
            prop_assert_eq!(files.is_in_order(), is_in_order);
            prop_assert_eq!(files.bytes(), all.iter().map(|file| file.size).sum::<u64>());
            prop_assert_eq!(&files.iter().collect::<Vec<_>>(), &all);
            for at in 0..=all.len() {
                let found = files.get(at);
                prop_assert_eq!(found.as_ref(), all.get(at));
            }
        }
    }

    #[test]
    fn a_file_of_a_trail_takes_few_bytes() {
        let file = |number: u64| {
            let key = format!(
                "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/01/\
                 111122223333_CloudTrail_us-east-1_20261001T0005Z_{:016x}.json.gz",
                number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            );
            SourceFile {
                path: PathBuf::from(format!("/data/copy/{key}")),
                key,
                size: 700,
                modified: Some(1_790_000_000_000_000_000 + number as i64 * 1_234_567),
                inode: Some(1000 + number),
                ..SourceFile::default()
            }
        };
        let files: Files = (0..6400).map(file).collect();
        let each = files.packed.len() / files.len();
        assert!(each < 48, "{each}");
    }
}
