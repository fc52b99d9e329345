//! A file of a ledger as its row holds it: nothing is copied or unpacked that nobody asks for.
//!
//! A ledger may hold a million files, and whoever goes over all of them wants a few facts of each.

use rusqlite::{CachedStatement, Row};

use super::codec::Cursor;
use super::error::LedgerError;
use super::facts::{CellRef, ClaimFact, FileState, Profile, RefusalFact, StoreSeen, TrailFact};
use super::read::{unpack_all, unpack_profile, unpack_refusal, unpack_store, unpack_trail};
use super::remarks::{AddendumFact, InsightFact, unpack_addendum, unpack_insight};
use super::store::Ledger;

/// What is asked of each file; the places of the columns are those of [`FileView`].
const COLUMNS: &str = "id, key, sha256, size, stored, inflated, shape, state, digest, claim_account, \
                       claim_region, claim_day, seen, refused, kept, refusals, notices, cells, profiles, \
                       stores, trails, insights, addenda";

/// One file while the ledger is read.
pub struct FileView<'v> {
    ledger: &'v Ledger,
    row: &'v Row<'v>,
}

impl Ledger {
    /// Every file, in byte order of keys, then of contents.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn views<E: From<LedgerError>>(
        &self,
        each: impl FnMut(&FileView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.views_where("1", each)
    }

    /// Every file of which something was refused or not read, in the order of [`Ledger::views`].
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn views_refused<E: From<LedgerError>>(
        &self,
        each: impl FnMut(&FileView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.views_where("refusals IS NOT NULL", each)
    }

    fn views_where<E: From<LedgerError>>(
        &self,
        which: &str,
        mut each: impl FnMut(&FileView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("SELECT {COLUMNS} FROM file WHERE {which} ORDER BY key, sha256");
        let mut statement = self.wrap(self.connection.prepare(&sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        while let Some(row) = self.wrap(rows.next())? {
            each(&FileView { ledger: self, row })?;
        }
        Ok(())
    }

    /// The packed entries of files, one file after the other.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn entry_reader(&self) -> Result<EntryReader<'_>, LedgerError> {
        let sql = "SELECT packed FROM entry WHERE file = ?1";
        Ok(EntryReader {
            ledger: self,
            statement: self.wrap(self.connection.prepare_cached(sql))?,
        })
    }
}

/// Reads the entries of files.
pub struct EntryReader<'l> {
    ledger: &'l Ledger,
    statement: CachedStatement<'l>,
}

impl EntryReader<'_> {
    /// Calls `each` with the packed entries of a file; with none where it has none.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn of<E: From<LedgerError>>(
        &mut self,
        file: i64,
        each: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rows = self.ledger.wrap(self.statement.query([file]))?;
        let Some(row) = self.ledger.wrap(rows.next())? else {
            return each(&[]);
        };
        let packed = self.ledger.wrap(row.get_ref(0))?.as_blob();
        each(packed.map_err(|_| self.ledger.damaged("entries are no bytes"))?)
    }
}

impl FileView<'_> {
    fn number(&self, at: usize) -> Result<u64, LedgerError> {
        let number: Result<i64, _> = self.row.get(at);
        Ok(self.ledger.wrap(number)? as u64)
    }

    fn text(&self, at: usize) -> Result<&str, LedgerError> {
        let text = self.ledger.wrap(self.row.get_ref(at))?.as_str();
        text.map_err(|_| self.broken())
    }

    fn blob(&self, at: usize) -> Result<&[u8], LedgerError> {
        let blob = self.ledger.wrap(self.row.get_ref(at))?.as_blob_or_null();
        Ok(blob.map_err(|_| self.broken())?.unwrap_or_default())
    }

    fn unpacked<T>(
        &self,
        at: usize,
        one: impl FnMut(&mut Cursor<'_>) -> Option<T>,
    ) -> Result<Vec<T>, LedgerError> {
        unpack_all(self.blob(at)?, one).ok_or_else(|| self.broken())
    }

    fn broken(&self) -> LedgerError {
        self.ledger.damaged("a file's facts cannot be read")
    }

    /// Number in this ledger; means nothing outside it.
    pub fn id(&self) -> Result<i64, LedgerError> {
        self.ledger.wrap(self.row.get(0))
    }

    /// Its key.
    pub fn key(&self) -> Result<&str, LedgerError> {
        self.text(1)
    }

    /// SHA-256 of the bytes as stored; none if they could not be read.
    pub fn sha256(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        Ok(self.blob(2)?.try_into().ok())
    }

    /// Bytes on disk.
    pub fn size(&self) -> Result<u64, LedgerError> {
        self.number(3)
    }

    /// Bytes as stored.
    pub fn stored_bytes(&self) -> Result<u64, LedgerError> {
        self.number(4)
    }

    /// Bytes inflated.
    pub fn inflated_bytes(&self) -> Result<u64, LedgerError> {
        self.number(5)
    }

    /// What it was found to be.
    pub fn shape(&self) -> Result<&str, LedgerError> {
        self.text(6)
    }

    /// What became of it.
    pub fn state(&self) -> Result<FileState, LedgerError> {
        let state = FileState::ALL.get(self.number(7)? as usize);
        state.copied().ok_or_else(|| self.broken())
    }

    /// Whether it is a digest file.
    pub fn is_digest(&self) -> Result<bool, LedgerError> {
        Ok(self.number(8)? != 0)
    }

    /// What its key claims.
    pub fn claim(&self) -> Result<ClaimFact, LedgerError> {
        let wrap = |text| self.ledger.wrap(text);
        Ok(ClaimFact {
            account: wrap(self.row.get(9))?,
            region: wrap(self.row.get(10))?,
            day: self.ledger.wrap(self.row.get(11))?,
        })
    }

    /// Entries found in it.
    pub fn records_seen(&self) -> Result<u64, LedgerError> {
        self.number(12)
    }

    /// Of these, not usable.
    pub fn records_refused(&self) -> Result<u64, LedgerError> {
        self.number(13)
    }

    /// Of these, kept.
    pub fn entry_count(&self) -> Result<u64, LedgerError> {
        self.number(14)
    }

    /// Refused entries, or the file itself.
    pub fn refusals(&self) -> Result<Vec<RefusalFact>, LedgerError> {
        self.unpacked(15, unpack_refusal)
    }

    /// What else is to be known, each a sentence.
    pub fn notices(&self) -> Result<Vec<String>, LedgerError> {
        self.unpacked(16, |from| from.text().map(str::to_owned))
    }

    /// Calls `each` for the kinds of records in it.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn cells(&self, mut each: impl FnMut(CellRef<'_>)) -> Result<(), LedgerError> {
        let mut from = Cursor::new(self.blob(17)?);
        while !from.is_at_end() {
            each(CellRef::unpack(&mut from).ok_or_else(|| self.broken())?);
        }
        Ok(())
    }

    /// The profiles that cells refer to, but for the empty one, which is the first.
    pub fn profiles(&self) -> Result<Vec<Profile>, LedgerError> {
        self.unpacked(18, unpack_profile)
    }

    /// Data stores seen.
    pub fn stores(&self) -> Result<Vec<StoreSeen>, LedgerError> {
        self.unpacked(19, unpack_store)
    }

    /// Insights events.
    pub fn insights(&self) -> Result<Vec<InsightFact>, LedgerError> {
        self.unpacked(21, unpack_insight)
    }

    /// Records that correct others.
    pub fn addenda(&self) -> Result<Vec<AddendumFact>, LedgerError> {
        self.unpacked(22, unpack_addendum)
    }

    /// Changes of trails.
    pub fn trails(&self) -> Result<Vec<TrailFact>, LedgerError> {
        self.unpacked(20, unpack_trail)
    }
}
