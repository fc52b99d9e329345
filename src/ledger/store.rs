//! The SQLite file: opening it, refusing what is not a ledger, and the tables.
//!
//! A rollback journal keeps everything in one file that can be copied. What a
//! killed process had not committed is gone, and those files are read again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::error::{LedgerError, TEMPORARY};
use super::identity::Identity;
use super::seal::noted;

/// Version of the tables; another version is refused.
pub const FORMAT: i64 = 12;
/// Marks the file as a ledger (`ATRL`).
const APPLICATION_ID: i64 = 0x4154_524C;
/// Bytes of a page of a new ledger: entries of a file are long, and each page is one call.
const PAGE: i64 = 16 << 10;

const TABLES: &str = "
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE control (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL);
CREATE TABLE list (name TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, sha256 BLOB NOT NULL,
  size INTEGER NOT NULL, modified INTEGER, inode INTEGER,
  stored INTEGER NOT NULL, inflated INTEGER NOT NULL, shape TEXT NOT NULL,
  state INTEGER NOT NULL, digest INTEGER NOT NULL,
  claim_account TEXT, claim_region TEXT, claim_day INTEGER,
  seen INTEGER NOT NULL, refused INTEGER NOT NULL, kept INTEGER NOT NULL,
  refusals BLOB, notices BLOB, cells BLOB, profiles BLOB, stores BLOB, trails BLOB, integrity BLOB,
  insights BLOB, addenda BLOB,
  UNIQUE (key, sha256));
CREATE TABLE entry (file INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE record (id INTEGER PRIMARY KEY, projection BLOB NOT NULL, bytes BLOB);
CREATE TABLE row (
  file INTEGER NOT NULL, record INTEGER NOT NULL, control INTEGER NOT NULL, part INTEGER NOT NULL,
  role INTEGER NOT NULL, time INTEGER NOT NULL, event TEXT NOT NULL, account TEXT NOT NULL,
  region TEXT NOT NULL, classes INTEGER NOT NULL, detail BLOB, PRIMARY KEY (file, record, control, part, role)) WITHOUT ROWID;
CREATE TABLE problem (name TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, loss INTEGER NOT NULL,
  PRIMARY KEY (name, code)) WITHOUT ROWID;
";

/// An open ledger.
pub struct Ledger {
    path: PathBuf,
    pub(super) connection: Connection,
    identity: Identity,
    /// Whether others wrote it, so that only the sum tells that a scan into it has ended.
    is_of_others: bool,
    /// How many readers hold it as it is; they share one transaction.
    pub(super) readings: Cell<u32>,
    /// The sum that its contents were found to have.
    pub(super) verified: RefCell<Option<String>>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens a ledger to add to it, or makes it. No other process can use it until it is dropped.
    ///
    /// # Errors
    /// See [`LedgerError`]; a ledger made under other conditions is refused.
    pub fn open_or_create(path: &Path, identity: &Identity) -> Result<Ledger, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let wrap = |error: rusqlite::Error| LedgerError::of(path, &error);
        let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
        prepare(&connection).map_err(wrap)?;
        connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .map_err(wrap)?;
        // The lock is taken here, before anything is decided, and kept.
        connection.execute_batch("BEGIN EXCLUSIVE").map_err(wrap)?;
        if is_empty(&connection).map_err(wrap)? {
            create(&connection, identity).map_err(wrap)?;
        }
        connection.execute_batch("COMMIT").map_err(wrap)?;
        let found = check(&connection, path)?;
        let differences = found.differences(identity);
        if differences.is_empty() {
            Ok(Ledger {
                path: path.to_owned(),
                connection,
                identity: found,
                is_of_others: false,
                readings: Cell::new(0),
                verified: RefCell::new(None),
            })
        } else {
            Err(LedgerError::Mismatch {
                path: path.to_owned(),
                differences,
            })
        }
    }

    /// Opens a ledger to read it.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::Missing(path.to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let wrap = |error: rusqlite::Error| LedgerError::of(path, &error);
        let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
        prepare(&connection).map_err(wrap)?;
        let identity = check(&connection, path)?;
        Ok(Ledger {
            path: path.to_owned(),
            connection,
            identity,
            is_of_others: true,
            readings: Cell::new(0),
            verified: RefCell::new(None),
        })
    }

    /// A ledger that is gone when it is dropped; it lies on disk only where it is large.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn temporary(identity: &Identity) -> Result<Ledger, LedgerError> {
        let path = PathBuf::from(TEMPORARY);
        let make = || {
            // An empty name is SQLite's own temporary file.
            let connection = Connection::open("")?;
            prepare(&connection)?;
            create(&connection, identity)?;
            Ok(connection)
        };
        let connection = make().map_err(|error| LedgerError::of(&path, &error))?;
        Ok(Ledger {
            path,
            connection,
            identity: identity.clone(),
            is_of_others: false,
            readings: Cell::new(0),
            verified: RefCell::new(None),
        })
    }

    /// Notes that a scan begins: until it ends, the ledger does not answer, because
    /// files may be missing that nothing else names.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn begin_scan(&mut self, name: &str) -> Result<(), LedgerError> {
        let sql = "INSERT OR REPLACE INTO about VALUES (?1, '')";
        let begun = self.connection.execute(sql, [mark(name)]);
        self.wrap(begun).map(|_| ())
    }

    /// Notes that every file of a scan was read or refused.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn end_scan(&mut self, name: &str) -> Result<(), LedgerError> {
        let sql = "DELETE FROM about WHERE name = ?1";
        // First the sum: a kill in between leaves a ledger that is not finished.
        self.seal()?;
        let ended = self.connection.execute(sql, [mark(name)]);
        self.wrap(ended).map(|_| ())
    }

    /// Refuses a ledger into which a scan was begun and not ended, or that is damaged.
    ///
    /// # Errors
    /// [`LedgerError::Unfinished`], [`LedgerError::Damaged`], and what SQLite reports.
    pub fn check_finished(&self) -> Result<(), LedgerError> {
        self.check_ended()?;
        self.check_seal()
    }

    /// Refuses a ledger into which a scan was begun and not ended, or of others none ever ended: a
    /// kill can come before a scan notes that it begins.
    ///
    /// # Errors
    /// [`LedgerError::Unfinished`], and what SQLite reports.
    pub fn check_ended(&self) -> Result<(), LedgerError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let sql = "SELECT substr(name, 6) FROM about WHERE name LIKE 'scan %' ORDER BY name";
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let scans = self.wrap(read())?;
        let is_ended = || Ok(!self.is_of_others || self.wrap(noted(&self.connection))?.is_some());
        if scans.is_empty() && is_ended()? {
            return Ok(());
        }
        Err(LedgerError::Unfinished {
            path: self.path.clone(),
            scans,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The conditions under which it was made.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn wrap<T>(&self, result: rusqlite::Result<T>) -> Result<T, LedgerError> {
        result.map_err(|error| LedgerError::of(&self.path, &error))
    }

    pub(super) fn damaged(&self, detail: &str) -> LedgerError {
        LedgerError::Damaged {
            path: self.path.clone(),
            detail: detail.to_owned(),
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(300))?;
    // Means nothing to a ledger that is there.
    connection.pragma_update(None, "page_size", PAGE)?;
    // Else statements are compiled anew for each value that is bound to them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Sorting and temporary tables go to disk, so that memory stays flat.
    connection.pragma_update(None, "temp_store", "FILE")?;
    connection.pragma_update(None, "cache_size", -16_000)
}

/// The name under which a scan that runs is noted.
fn mark(name: &str) -> String {
    format!("scan {name}")
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

fn create(connection: &Connection, identity: &Identity) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute_batch(TABLES)?;
    let mut about = connection.prepare("INSERT INTO about VALUES (?1, ?2)")?;
    about.execute(("tool", &identity.tool))?;
    about.execute(("seed", &identity.seed))?;
    let mut control = connection.prepare("INSERT INTO control VALUES (?1, ?2, ?3)")?;
    for (number, (id, digest)) in identity.controls.iter().enumerate() {
        control.execute((number as i64, id, digest))?;
    }
    let mut list = connection.prepare("INSERT INTO list VALUES (?1, ?2)")?;
    for (name, digest) in &identity.lists {
        list.execute((name, digest))?;
    }
    Ok(())
}

/// Refuses what is not a ledger of this format, and reads the conditions.
fn check(connection: &Connection, path: &Path) -> Result<Identity, LedgerError> {
    let wrap = |error: rusqlite::Error| LedgerError::of(path, &error);
    let pragma = |name: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    if pragma("application_id").map_err(wrap)? != APPLICATION_ID {
        if is_empty(connection).map_err(wrap)? {
            let (path, scans) = (path.to_owned(), Vec::new());
            return Err(LedgerError::Unfinished { path, scans });
        }
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    let format = pragma("user_version").map_err(wrap)?;
    if format != FORMAT {
        let difference = format!("its format is {format}, this version writes {FORMAT}");
        return Err(LedgerError::Mismatch {
            path: path.to_owned(),
            differences: vec![difference],
        });
    }
    // SQLite takes the end of a last page that is missing for zeros.
    let whole = pragma("page_count").map_err(wrap)? * pragma("page_size").map_err(wrap)?;
    let found = std::fs::metadata(path).map_or(whole, |file| file.len() as i64);
    if found < whole {
        return Err(LedgerError::Damaged {
            path: path.to_owned(),
            detail: format!("it was cut off: {found} bytes are there of {whole}"),
        });
    }
    let identity = read_identity(connection).map_err(wrap)?;
    identity.ok_or_else(|| LedgerError::Damaged {
        path: path.to_owned(),
        detail: "it does not say how it was made".to_owned(),
    })
}

/// None if something is missing that every ledger says.
fn read_identity(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let about = |name: &str| -> rusqlite::Result<Option<String>> {
        let sql = "SELECT value FROM about WHERE name = ?1";
        connection
            .query_row(sql, [name], |row| row.get(0))
            .optional()
    };
    let mut controls = connection.prepare("SELECT id, digest FROM control ORDER BY number")?;
    let controls = controls
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut lists = connection.prepare("SELECT name, digest FROM list")?;
    let lists = lists
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<BTreeMap<_, _>>>()?;
    let (Some(tool), Some(seed)) = (about("tool")?, about("seed")?) else {
        return Ok(None);
    };
    Ok(Some(Identity {
        tool,
        seed,
        controls,
        lists,
    }))
}
