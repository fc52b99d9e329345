//! Tells which listed files a ledger already knows, by how they look on disk.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::ledger::facts::Stat;
use crate::ledger::read::KnownFile;
use crate::ledger::{Ledger, LedgerError};
use crate::source::SourceFile;

/// A file that must be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRead {
    /// Its place in the listing.
    pub at: usize,
    /// Files of the ledger with the same key that look like no listed file any more, or are
    /// doubted; they stand at the first of the files of a key that are to be read.
    pub replaces: Vec<i64>,
    /// Behind the last file of this key that is to be read.
    pub last: usize,
}

/// How a file looks now.
pub fn stat_of(path: &Path) -> std::io::Result<Stat> {
    let metadata = fs::metadata(path)?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH);
    Ok(Stat {
        size: metadata.len(),
        modified: modified
            .ok()
            .and_then(|since| i64::try_from(since.as_nanos()).ok()),
        inode: inode(&metadata),
    })
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(metadata.ino())
}

#[cfg(not(unix))]
fn inode(_metadata: &fs::Metadata) -> Option<u64> {
    None
}

/// What is read again although it looks unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadAgain {
    /// Everything.
    pub all: bool,
    /// Log files whose content nobody hashed, now that digests ask for it.
    pub unhashed: bool,
}

/// The files that must be read: all that the ledger does not know as they look now.
///
/// # Errors
/// See [`LedgerError`].
pub fn to_read(
    ledger: &Ledger,
    files: &[SourceFile],
    again: ReadAgain,
) -> Result<Vec<ToRead>, LedgerError> {
    if ledger.file_count()? == 0 {
        return Ok((0..files.len())
            .map(|at| ToRead {
                at,
                replaces: Vec::new(),
                last: at + 1,
            })
            .collect());
    }
    let mut all = Vec::new();
    let mut at = 0;
    // Copies of one key stand together, since the listing is in the order of keys.
    for group in files.chunk_by(|a, b| a.key == b.key) {
        let mut known = ledger.files_under(&group[0].key)?;
        let mut changed = Vec::new();
        // What a file that is read again, though it looks the same, was when it was read before.
        let mut doubted = Vec::new();
        for (offset, file) in group.iter().enumerate() {
            // What was refused is tried again: limits and permissions may have changed.
            let looks_as = |known: &KnownFile| {
                known.was_accepted && stat_of(&file.path).is_ok_and(|now| now == known.stat)
            };
            match known.iter().position(looks_as) {
                Some(found) => {
                    let found = known.remove(found);
                    if again.all || again.unhashed && !found.is_hashed {
                        changed.push(at + offset);
                        doubted.push(found.id);
                    }
                }
                None => changed.push(at + offset),
            }
        }
        let replaces = known.iter().map(|known| known.id).chain(doubted);
        let mut replaces: Vec<i64> = replaces.collect();
        let last = all.len() + changed.len();
        for one in changed {
            all.push(ToRead {
                at: one,
                replaces: std::mem::take(&mut replaces),
                last,
            });
        }
        at += group.len();
    }
    Ok(all)
}
