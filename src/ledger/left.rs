//! Files that a killed run left: removing them, and never those of a run that goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::LedgerError;

/// Removes an unfinished file of another run if no process holds it: whoever writes a ledger
/// holds it from its first page on. True if it is gone.
///
/// # Errors
/// What SQLite reports of a file that is held or is no ledger.
pub fn remove_if_left(path: &Path) -> Result<bool, LedgerError> {
    let wrap = |error: rusqlite::Error| LedgerError::of(path, &error);
    let journal = {
        let mut name = path.as_os_str().to_owned();
        name.push("-journal");
        PathBuf::from(name)
    };
    // A file without a page may be one that another run has just made.
    let is_begun = path.metadata().is_ok_and(|about| about.len() > 0) || journal.exists();
    if !is_begun {
        return Ok(false);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
    connection.busy_timeout(Duration::ZERO).map_err(wrap)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(wrap)?;
    // Held until here, so that nobody goes on with it in between.
    let is_gone = std::fs::remove_file(path).is_ok();
    let _may_not_exist = std::fs::remove_file(&journal);
    Ok(is_gone)
}
