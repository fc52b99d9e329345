//! What can go wrong with a ledger, told so that a person knows what to do.

use std::path::{Path, PathBuf};

/// What stands for the path of a ledger that has none.
pub(super) const TEMPORARY: &str = "(temporary)";

/// Why a ledger cannot be used or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Nothing is there.
    #[error("ledger `{}` does not exist", .0.display())]
    Missing(PathBuf),
    /// Some other file.
    #[error("`{}` is not a ledger", .0.display())]
    NotALedger(PathBuf),
    /// Damaged pages or contents that no version wrote.
    #[error("ledger `{}` is damaged: {detail}", .path.display())]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process has it.
    #[error("ledger `{}` is in use by another process", .0.display())]
    InUse(PathBuf),
    /// No room left.
    #[error("no space left on the disk that holds ledger `{}`", .0.display())]
    DiskFull(PathBuf),
    /// What is written does not get onto the disk, most likely because of a quota or a limit.
    #[error("ledger `{}` cannot grow: {detail}", .path.display())]
    CannotGrow {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// May not be written or opened.
    #[error("ledger `{}` cannot be opened or written: {detail}", .path.display())]
    Unwritable {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// Made under other conditions; every difference is named.
    #[error("ledger `{}` was made with other settings: {}", .path.display(), .differences.join("; "))]
    Mismatch {
        /// The ledger.
        path: PathBuf,
        /// Each a phrase.
        differences: Vec<String>,
    },
    /// A scan into it has begun and not ended, so files are missing that nobody named.
    #[error("ledger `{}` is not complete: {}", .path.display(), unfinished(.scans))]
    Unfinished {
        /// The ledger.
        path: PathBuf,
        /// What was being scanned; none where not even that was written.
        scans: Vec<String>,
    },
    /// Anything else that SQLite reports.
    #[error("ledger `{}`: {detail}", .path.display())]
    Other {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
}

/// Values or tables that no version writes: pages that were zeroed, or swapped for others.
fn is_of_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as Sqlite;
    match error {
        Sqlite::InvalidColumnType(..)
        | Sqlite::FromSqlConversionFailure(..)
        | Sqlite::IntegralValueOutOfRange(..)
        | Sqlite::Utf8Error(..)
        | Sqlite::QueryReturnedNoRows => true,
        _ => {
            let text = error.to_string();
            text.starts_with("no such table") || text.starts_with("no such column")
        }
    }
}

fn unfinished(scans: &[String]) -> String {
    match scans {
        [] => "a scan was cut off before it wrote anything".to_owned(),
        _ => format!("the scan of {} was not finished", scans.join(" and of ")),
    }
}

impl LedgerError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            LedgerError::Missing(_) => "make it with `attestrail scan`",
            LedgerError::NotALedger(_) => "name another file; it was left as it is",
            LedgerError::Damaged { .. } => "delete it and scan the logs again",
            LedgerError::InUse(_) => "wait for the other run to end, or use another ledger",
            LedgerError::DiskFull(path) if path.as_os_str() == TEMPORARY => {
                "free some space in the folder for temporary files, or set `TMPDIR` to another one"
            }
            LedgerError::DiskFull(_) => {
                "free some space and run the same command again; it goes on where it stopped"
            }
            LedgerError::CannotGrow { .. } => {
                "look for a limit on the size of files (`ulimit -f`), a quota or a fault of the disk, and run the same command again"
            }
            LedgerError::Unwritable { .. } => {
                "check that the folder exists and may be written, or name another file"
            }
            LedgerError::Mismatch { .. } => {
                "scan into a new ledger, or use the settings that this one was made with"
            }
            LedgerError::Unfinished { .. } => {
                "run that scan again, it goes on where it stopped; if those logs are gone, scan what there is into a new ledger"
            }
            LedgerError::Other { .. } => "run again; if it stays, delete the ledger and scan again",
        }
    }

    /// Gives an error of SQLite its meaning.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> LedgerError {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        let detail = error.to_string();
        if is_of_damage(error) {
            let detail = format!("a value is not of the kind that was written ({detail})");
            return LedgerError::Damaged { path, detail };
        }
        let extended = error.sqlite_error().map(|error| error.extended_code);
        if extended == Some(rusqlite::ffi::SQLITE_IOERR_WRITE) {
            return LedgerError::CannotGrow { path, detail };
        }
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => LedgerError::InUse(path),
            Some(Code::DiskFull) => LedgerError::DiskFull(path),
            Some(Code::NotADatabase) => LedgerError::NotALedger(path),
            Some(Code::DatabaseCorrupt) => LedgerError::Damaged { path, detail },
            Some(
                Code::CannotOpen
                | Code::ReadOnly
                | Code::PermissionDenied
                | Code::SystemIoFailure
                | Code::AuthorizationForStatementDenied,
            ) => LedgerError::Unwritable { path, detail },
            _ => LedgerError::Other { path, detail },
        }
    }
}
