//! Reads facts back, in orders that depend on the facts alone.

use rusqlite::{OptionalExtension, Row, Rows};

use super::codec::Cursor;
use super::entries::Entries;
use super::error::LedgerError;
use super::facts::{
    Cell, CellRef, ClaimFact, FieldMask, FileFacts, FileState, ProblemFact, Profile, Projection,
    RecordFact, RefusalFact, RowFact, Stat, StoreSeen, TrailChange, TrailFact,
};
use super::integrity::{IntegrityFact, NOT_HASHED};
use super::remarks::{unpack_addendum, unpack_insight};
use super::store::Ledger;
use super::write::{ACTOR_KINDS, record_id};
use crate::control::keys::{Keys, Values};
use crate::control::roles::{FieldBits, Part, Role};
use crate::record::class::ClassSet;
use crate::record::outcome::Outcome;

/// A file of the ledger without its entries, records and rows.
#[derive(Debug, Clone)]
pub struct FileHead {
    /// Number in this ledger; means nothing outside it.
    pub id: i64,
    /// How many entries it has.
    pub entry_count: u64,
    /// The facts; entries, records and rows are empty.
    pub facts: FileFacts,
}

/// A row with what is needed to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Number of the control in the ledger.
    pub control: u32,
    /// Which part of the control.
    pub part: Part,
    /// What the record is to the control.
    pub role: Role,
    /// `eventTime`
    pub time: i64,
    /// `eventID`, or empty.
    pub event_id: String,
    /// The account that received the record.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// Number of the file in this ledger.
    pub file: i64,
    /// Index of the record in the file.
    pub index: u32,
    /// The classes that the record proves.
    pub classes: ClassSet,
    /// What judging over time needs.
    pub keys: Keys,
}

/// A file as a scan meets it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    /// Number in this ledger.
    pub id: i64,
    /// How it looked on disk.
    pub stat: Stat,
    /// Whether it was not refused.
    pub was_accepted: bool,
    /// Whether its content was hashed, if it is a log file.
    pub is_hashed: bool,
}

/// Goes over the files of a ledger.
pub struct KnownFiles<'k> {
    ledger: &'k Ledger,
    rows: Rows<'k>,
}

impl KnownFiles<'_> {
    /// The next file; its key is put into `key`.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn next(&mut self, key: &mut String) -> Result<Option<KnownFile>, LedgerError> {
        let Some(row) = self.ledger.wrap(self.rows.next())? else {
            return Ok(None);
        };
        let name = self.ledger.wrap(row.get_ref(0))?.as_str();
        key.clear();
        key.push_str(name.map_err(|_| self.ledger.damaged("a key is no text"))?);
        let read = || -> rusqlite::Result<KnownFile> {
            Ok(KnownFile {
                id: row.get(1)?,
                stat: read_stat(row, 2)?,
                was_accepted: row.get(5)?,
                is_hashed: row.get(6)?,
            })
        };
        self.ledger.wrap(read()).map(Some)
    }
}

/// What one file is to digest chains.
#[derive(Debug, Clone)]
pub struct ChainFile {
    /// Number in this ledger.
    pub id: i64,
    /// Its key.
    pub key: String,
    /// Whether records of it are kept.
    pub has_records: bool,
    /// The facts.
    pub fact: IntegrityFact,
}

/// The place of each file in the order of keys and content.
#[derive(Debug, Default)]
pub struct Ranks {
    /// By number where the numbers are dense.
    dense: Vec<u32>,
    /// Else number and place, in the order of numbers.
    sparse: Vec<(i64, u32)>,
}

/// The place of a number that no file has.
const NOWHERE: u32 = u32::MAX;

impl Ranks {
    /// The places of files that are given in their order.
    pub fn of(order: &[i64]) -> Ranks {
        let most = order.iter().copied().max().unwrap_or_default();
        let places = order.iter().copied().zip(0u32..);
        let mut ranks = Ranks::default();
        match usize::try_from(most)
            .ok()
            .filter(|most| *most < 4 * order.len())
        {
            Some(most) => {
                ranks.dense = vec![NOWHERE; most + 1];
                for (id, place) in places {
                    ranks.dense[id as usize] = place;
                }
            }
            // Files were replaced so often that most numbers are free.
            None => {
                ranks.sparse = places.collect();
                ranks.sparse.sort_unstable();
            }
        }
        ranks
    }

    /// The place of a file.
    pub fn get(&self, id: i64) -> Option<u32> {
        let dense = usize::try_from(id).ok().and_then(|id| self.dense.get(id));
        if let Some(place) = dense {
            return Some(*place).filter(|place| *place != NOWHERE);
        }
        let found = self.sparse.binary_search_by_key(&id, |one| one.0).ok()?;
        Some(self.sparse[found].1)
    }

    /// The place of a file that is there.
    ///
    /// # Panics
    /// If it is not.
    pub fn at(&self, id: i64) -> u32 {
        self.get(id)
            .expect("a file that the ledger named is one of its files")
    }
}

const HEAD: &str = "id, key, sha256, size, modified, inode, stored, inflated, shape, state, digest, \
                    claim_account, claim_region, claim_day, seen, refused, kept, refusals, notices, \
                    cells, profiles, stores, trails, insights, addenda";

/// A member of an archive: number of its file, and its key and SHA-256.
pub type MemberRow = (i64, (String, Vec<u8>));

impl Ledger {
    /// Holds the ledger as it is now until [`Ledger::end_reading`]; other readers are not hindered.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn begin_reading(&self) -> Result<(), LedgerError> {
        if self.readings.get() == 0 {
            self.wrap(self.connection.execute_batch("BEGIN"))?;
        }
        self.readings.set(self.readings.get() + 1);
        // The first read takes the lock.
        self.file_count().map(|_| ())
    }

    /// Lets go of what [`Ledger::begin_reading`] held.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn end_reading(&self) -> Result<(), LedgerError> {
        self.readings.set(self.readings.get().saturating_sub(1));
        if self.readings.get() > 0 {
            return Ok(());
        }
        self.wrap(self.connection.execute_batch("COMMIT"))
    }

    /// How many files it has.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn file_count(&self) -> Result<u64, LedgerError> {
        let count = self
            .connection
            .query_row("SELECT count(*) FROM file", [], |row| row.get::<_, i64>(0));
        self.wrap(count).map(|count| count as u64)
    }

    /// The key of every file, once for each content.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn keys(&self, mut each: impl FnMut(&str)) -> Result<(), LedgerError> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self
                .connection
                .prepare("SELECT key FROM file ORDER BY key")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_str()?);
            }
            Ok(())
        };
        self.wrap(read())
    }

    /// Every file, in byte order of keys, then of contents.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn files<E: From<LedgerError>>(
        &self,
        mut each: impl FnMut(FileHead) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("SELECT {HEAD} FROM file ORDER BY key, sha256");
        let mut statement = self.wrap(self.connection.prepare(&sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        while let Some(row) = self.wrap(rows.next())? {
            let head = self
                .wrap(read_head(row))?
                .ok_or_else(|| self.damaged("a file's facts cannot be read"))?;
            each(head)?;
        }
        Ok(())
    }

    /// The packed entries of every file that has some, in the order of numbers.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn entries<E: From<LedgerError>>(
        &self,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT file, packed FROM entry ORDER BY file";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        while let Some(row) = self.wrap(rows.next())? {
            let (id, bytes) = self.entry_of(row)?;
            each(id, bytes)?;
        }
        Ok(())
    }

    /// The time of every record that was not refused, copies included.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn times(&self, mut each: impl FnMut(i64)) -> Result<(), LedgerError> {
        let mut batch = Vec::new();
        self.entries(|_, bytes| {
            let mut packed = Entries::new(bytes);
            while packed.fill(&mut batch) {
                batch.iter().for_each(|entry| each(entry.time));
            }
            Ok(())
        })
    }

    /// The file and its packed entries in a row of the table of entries.
    pub(super) fn entry_of<'r>(&self, row: &'r Row<'_>) -> Result<(i64, &'r [u8]), LedgerError> {
        let blob = self.wrap(row.get_ref(1))?.as_blob();
        let bytes = blob.map_err(|_| self.damaged("entries are no bytes"))?;
        Ok((self.wrap(row.get(0))?, bytes))
    }

    /// Every row by control, time, event id and origin.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn rows<E: From<LedgerError>>(
        &self,
        ranks: &Ranks,
        mut each: impl FnMut(LedgerRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT control, part, role, time, event, account, region, file, record, classes, detail \
                   FROM row ORDER BY control, time, event";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        // Rows that SQLite holds for equal are few: copies, and records without an id.
        let mut equal: Vec<LedgerRow> = Vec::new();
        while let Some(row) = self.wrap(rows.next())? {
            let row = self
                .wrap(read_row(row))?
                .ok_or_else(|| self.damaged("a row cannot be read"))?;
            let is_equal = equal.first().is_some_and(|first| {
                (first.control, first.time) == (row.control, row.time)
                    && first.event_id == row.event_id
            });
            if !is_equal {
                flush(&mut equal, ranks, &mut each)?;
            }
            equal.push(row);
        }
        flush(&mut equal, ranks, &mut each)
    }

    /// What is shown of a record, and its bytes where they are kept.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn record(
        &self,
        file: i64,
        index: u32,
    ) -> Result<(Projection, Option<Vec<u8>>), LedgerError> {
        let sql = "SELECT projection, bytes FROM record WHERE id = ?1";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let read = |row: &Row<'_>| -> rusqlite::Result<(Vec<u8>, Option<Vec<u8>>)> {
            Ok((row.get(0)?, row.get(1)?))
        };
        let found = self.wrap(statement.query_row([record_id(file, index)], read))?;
        let projection =
            unpack_projection(&found.0).ok_or_else(|| self.damaged("a record cannot be read"))?;
        Ok((projection, found.1))
    }

    /// Source and name of the event of a record, if some control keeps it.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn call_of(&self, file: i64, index: u32) -> Result<Option<(String, String)>, LedgerError> {
        let sql = "SELECT projection FROM record WHERE id = ?1";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let found: Option<Vec<u8>> = self.wrap(
            statement
                .query_row([record_id(file, index)], |row| row.get(0))
                .optional(),
        )?;
        let Some(packed) = found else { return Ok(None) };
        let shown =
            unpack_projection(&packed).ok_or_else(|| self.damaged("a record cannot be read"))?;
        Ok(Some((shown.event_source, shown.event_name)))
    }

    /// What a record is to controls.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn rows_of(&self, file: i64, index: u32) -> Result<Vec<LedgerRow>, LedgerError> {
        let sql = "SELECT control, part, role, time, event, account, region, file, record, classes, detail \
                   FROM row WHERE file = ?1 AND record = ?2";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let rows = self.wrap(statement.query_map((file, index), read_row))?;
        rows.map(|row| {
            let row = self.wrap(row)?;
            row.ok_or_else(|| self.damaged("a row cannot be read"))
        })
        .collect()
    }

    /// Key and content of one file.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn name_of(&self, file: i64) -> Result<(String, Vec<u8>), LedgerError> {
        let sql = "SELECT key, sha256 FROM file WHERE id = ?1";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        self.wrap(statement.query_row([file], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    /// The numbers of the files under a key.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn files_under(&self, key: &str) -> Result<Vec<i64>, LedgerError> {
        let sql = "SELECT id FROM file WHERE key = ?1 ORDER BY id";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let rows = self.wrap(statement.query_map([key], |row| row.get(0)))?;
        self.wrap(rows.collect())
    }

    /// Lets `read` go over all files, in byte order of their keys, as a scan meets them again.
    ///
    /// # Errors
    /// See [`LedgerError`]; and what `read` returns.
    pub fn known_files<T>(
        &self,
        read: impl FnOnce(&mut KnownFiles<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let sql = format!(
            "SELECT key, id, size, modified, inode, state <> 1, \
             coalesce(substr(integrity, 1, 2) <> {NOT_HASHED}, 1) FROM file ORDER BY key"
        );
        let mut statement = self.wrap(self.connection.prepare(&sql))?;
        let rows = self.wrap(statement.query([]))?;
        read(&mut KnownFiles { ledger: self, rows })
    }

    /// The members of the archive with this key, each with its number, key and SHA-256.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn members_of(&self, archive: &str) -> Result<Vec<MemberRow>, LedgerError> {
        let sql = "SELECT id, key, sha256 FROM file WHERE key > ?1 AND key < ?2 ORDER BY id";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let read = |row: &Row<'_>| -> rusqlite::Result<MemberRow> {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
        };
        // A quote is the character behind the exclamation mark.
        let bounds = (format!("{archive}!"), format!("{archive}\""));
        let rows = self.wrap(statement.query_map(bounds, read))?;
        let mut members: Vec<MemberRow> = self.wrap(rows.collect())?;
        members.retain(|(_, (key, _))| {
            let below = key[archive.len() + 1..].split_once('/');
            below.is_some_and(|(copy, _)| copy.bytes().all(|byte| byte.is_ascii_digit()))
        });
        Ok(members)
    }

    /// Everything below the folders that is no file to read, in the order of names.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn problems(&self) -> Result<Vec<ProblemFact>, LedgerError> {
        let sql = "SELECT name, code, message, loss FROM problem ORDER BY name, code";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let read = |row: &Row<'_>| {
            Ok(ProblemFact {
                name: row.get(0)?,
                code: row.get(1)?,
                message: row.get(2)?,
                is_loss: row.get(3)?,
            })
        };
        let rows = self.wrap(statement.query_map([], read))?;
        self.wrap(rows.collect())
    }

    /// The first bytes of the SHA-256 of every file that could be read, in any order.
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn contents<E: From<LedgerError>>(
        &self,
        mut each: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT sha256 FROM file INDEXED BY sqlite_autoindex_file_1";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        while let Some(row) = self.wrap(rows.next())? {
            let sha256 = self.wrap(row.get_ref(0))?.as_blob().unwrap_or_default();
            if let Some(front) = sha256.first_chunk() {
                each(u64::from_le_bytes(*front))?;
            }
        }
        Ok(())
    }

    /// Whether it holds a digest file.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn has_digests(&self) -> Result<bool, LedgerError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM file WHERE substr(integrity, 1, 1) = x'02')";
        let found = self.connection.query_row(sql, [], |row| row.get(0));
        self.wrap(found)
    }

    /// The keys of the files that hold public keys, in their order.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn files_of_public_keys(&self) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT key FROM file WHERE substr(integrity, 1, 1) = x'05' ORDER BY key, sha256";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let rows = self.wrap(statement.query_map([], |row| row.get(0)))?;
        self.wrap(rows.collect())
    }

    /// Every file that is something to digest chains, in the order of [`Ledger::files`].
    ///
    /// # Errors
    /// See [`LedgerError`]; or what `each` returns.
    pub fn chain_files<E: From<LedgerError>>(
        &self,
        mut each: impl FnMut(ChainFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT id, key, kept > 0, integrity FROM file WHERE integrity IS NOT NULL \
                   ORDER BY key, sha256";
        let mut statement = self.wrap(self.connection.prepare(sql))?;
        let mut rows = self.wrap(statement.query([]))?;
        while let Some(row) = self.wrap(rows.next())? {
            let packed = self.wrap(row.get_ref(3))?;
            let fact = packed.as_blob().ok().and_then(IntegrityFact::unpack);
            let file = ChainFile {
                id: self.wrap(row.get(0))?,
                key: self.wrap(row.get(1))?,
                has_records: self.wrap(row.get(2))?,
                fact: fact.ok_or_else(|| self.damaged("facts for digest chains cannot be read"))?,
            };
            each(file)?;
        }
        Ok(())
    }

    /// All facts about one file.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn facts(&self, id: i64) -> Result<Option<FileFacts>, LedgerError> {
        let sql = format!("SELECT {HEAD}, integrity FROM file WHERE id = ?1");
        let mut statement = self.wrap(self.connection.prepare_cached(&sql))?;
        let read = |row: &Row<'_>| -> rusqlite::Result<(Option<FileHead>, Vec<u8>)> {
            let integrity: Option<Vec<u8>> = row.get(25)?;
            Ok((read_head(row)?, integrity.unwrap_or_default()))
        };
        let found = self.wrap(statement.query_row([id], read).optional())?;
        let Some((head, integrity)) = found else {
            return Ok(None);
        };
        let mut facts = head
            .ok_or_else(|| self.damaged("a file's facts cannot be read"))?
            .facts;
        self.entry_reader()?
            .of(id, |packed| -> Result<(), LedgerError> {
                facts.entries = packed.to_vec();
                Ok(())
            })?;
        facts.integrity = IntegrityFact::unpack(&integrity)
            .ok_or_else(|| self.damaged("facts for digest chains cannot be read"))?;
        self.add_rows(id, &mut facts)?;
        Ok(Some(facts))
    }

    fn add_rows(&self, id: i64, facts: &mut FileFacts) -> Result<(), LedgerError> {
        let sql = "SELECT control, part, role, time, event, account, region, file, record, classes, detail \
                   FROM row WHERE file = ?1 ORDER BY record, control, part, role";
        let mut statement = self.wrap(self.connection.prepare_cached(sql))?;
        let rows = self.wrap(statement.query_map([id], read_row))?;
        for row in rows {
            let row = self
                .wrap(row)?
                .ok_or_else(|| self.damaged("a row cannot be read"))?;
            if facts.records.last().map(|record| record.index) != Some(row.index) {
                let (projection, bytes) = self.record(id, row.index)?;
                facts.records.push(RecordFact {
                    index: row.index,
                    time: row.time,
                    event_id: row.event_id,
                    account: row.account,
                    region: row.region,
                    classes: row.classes,
                    projection,
                    bytes,
                    draws: Vec::new(),
                });
            }
            facts.rows.push(RowFact {
                control: row.control,
                part: row.part,
                role: row.role,
                record: facts.records.len() as u32 - 1,
                keys: row.keys,
            });
        }
        Ok(())
    }
}

fn flush<E>(
    equal: &mut Vec<LedgerRow>,
    ranks: &Ranks,
    each: &mut impl FnMut(LedgerRow) -> Result<(), E>,
) -> Result<(), E> {
    equal.sort_by_key(|row| {
        let rank = ranks.get(row.file).unwrap_or(NOWHERE);
        (rank, row.index, row.part, row.role)
    });
    equal.drain(..).try_for_each(each)
}

fn read_stat(row: &Row<'_>, at: usize) -> rusqlite::Result<Stat> {
    let inode: Option<i64> = row.get(at + 2)?;
    Ok(Stat {
        size: row.get::<_, i64>(at)? as u64,
        modified: row.get(at + 1)?,
        inode: inode.map(|inode| inode as u64),
    })
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<Option<FileHead>> {
    let number = |at: usize| row.get::<_, i64>(at).map(|number| number as u64);
    let blob = |at: usize| -> rusqlite::Result<Vec<u8>> {
        Ok(row.get::<_, Option<Vec<u8>>>(at)?.unwrap_or_default())
    };
    let key: String = row.get(1)?;
    let mut facts = FileFacts::new(&key, read_stat(row, 3)?);
    let sha256: Vec<u8> = row.get(2)?;
    facts.sha256 = <[u8; 32]>::try_from(sha256.as_slice()).ok();
    facts.stored_bytes = number(6)?;
    facts.inflated_bytes = number(7)?;
    facts.shape = row.get(8)?;
    let state = FileState::ALL.get(number(9)? as usize).copied();
    facts.is_digest = row.get(10)?;
    facts.claim = ClaimFact {
        account: row.get(11)?,
        region: row.get(12)?,
        day: row.get(13)?,
    };
    facts.records_seen = number(14)?;
    facts.records_refused = number(15)?;
    facts.entry_count = number(16)?;
    let id = row.get(0)?;
    let entry_count = facts.entry_count;
    let blobs = [
        blob(17)?,
        blob(18)?,
        blob(19)?,
        blob(20)?,
        blob(21)?,
        blob(22)?,
        blob(23)?,
        blob(24)?,
    ];
    Ok(state
        .and_then(|state| unpack_blobs(facts, state, &blobs))
        .map(|facts| FileHead {
            id,
            entry_count,
            facts,
        }))
}

fn unpack_blobs(mut facts: FileFacts, state: FileState, blobs: &[Vec<u8>; 8]) -> Option<FileFacts> {
    facts.state = state;
    facts.refusals = unpack_all(&blobs[0], unpack_refusal)?;
    facts.notices = unpack_all(&blobs[1], |from| from.text().map(str::to_owned))?;
    facts.cells = unpack_all(&blobs[2], unpack_cell)?;
    facts
        .profiles
        .extend(unpack_all(&blobs[3], unpack_profile)?);
    facts.stores = unpack_all(&blobs[4], unpack_store)?;
    facts.trails = unpack_all(&blobs[5], unpack_trail)?;
    facts.insights = unpack_all(&blobs[6], unpack_insight)?;
    facts.addenda = unpack_all(&blobs[7], unpack_addendum)?;
    Some(facts)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Option<LedgerRow>> {
    let number = |at: usize| row.get::<_, i64>(at).map(|number| number as u32);
    let detail = row.get_ref(10)?.as_blob_or_null()?;
    let (Some(keys), Some(part)) = (
        unpack_keys(detail.unwrap_or_default()),
        unpack_part(row.get(1)?),
    ) else {
        return Ok(None);
    };
    let Some(role) = Role::ALL.get(number(2)? as usize).copied() else {
        return Ok(None);
    };
    Ok(Some(LedgerRow {
        control: number(0)?,
        part,
        role,
        time: row.get(3)?,
        event_id: row.get(4)?,
        account: row.get(5)?,
        region: row.get(6)?,
        file: row.get(7)?,
        index: number(8)?,
        classes: ClassSet(number(9)?),
        keys,
    }))
}

fn unpack_part(packed: i64) -> Option<Part> {
    let number = packed >> 2;
    Some(match packed & 3 {
        0 => Part::Population,
        1 => Part::Trigger(u16::try_from(number).ok()?),
        2 => Part::Response(u16::try_from(number).ok()?),
        _ => Part::Fields(unpack_bits(number)),
    })
}

fn unpack_bits(packed: i64) -> FieldBits {
    FieldBits {
        missing: packed as u16,
        exempt: (packed >> 16) as u16,
        undecided: (packed >> 32) as u16,
    }
}

fn unpack_keys(bytes: &[u8]) -> Option<Keys> {
    let mut from = Cursor::new(bytes);
    if from.is_at_end() {
        return Some(Keys::None);
    }
    Some(match from.byte()? {
        1 if from.is_at_end() => Keys::By(None),
        1 => Keys::By(Some(from.text()?.to_owned())),
        2 => {
            let mut joins = Vec::new();
            while !from.is_at_end() {
                let head = from.number()?;
                let texts = (0..head >> 1)
                    .map(|_| from.text().map(str::to_owned))
                    .collect::<Option<Vec<_>>>()?;
                joins.push(Values {
                    texts,
                    undecided: head & 1 == 1,
                });
            }
            Keys::Joins(joins)
        }
        3 => {
            let mut entries = Vec::new();
            while !from.is_at_end() {
                entries.push(from.number32()?);
            }
            Keys::Entries(entries)
        }
        _ => return None,
    })
}

fn unpack_projection(bytes: &[u8]) -> Option<Projection> {
    let mut from = Cursor::new(bytes);
    let actor_kind = *ACTOR_KINDS.get(usize::from(from.byte()?))?;
    let outcome = match from.byte()? {
        0 => Outcome::Success,
        _ => Outcome::Refused,
    };
    let mut text = || from.text().map(str::to_owned);
    Some(Projection {
        event_source: text()?,
        event_name: text()?,
        actor: text()?,
        actor_kind,
        person: text()?,
        outcome,
        error: text()?,
        source_ip: text()?,
        user_agent: text()?,
        target: text()?,
    })
}

pub(super) fn unpack_all<T>(
    bytes: &[u8],
    mut one: impl FnMut(&mut Cursor<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut from = Cursor::new(bytes);
    let mut all = Vec::new();
    while !from.is_at_end() {
        all.push(one(&mut from)?);
    }
    Some(all)
}

pub(super) fn unpack_refusal(from: &mut Cursor<'_>) -> Option<RefusalFact> {
    Some(RefusalFact {
        index: from.number32()?.checked_sub(1),
        is_loss: from.number()? == 1,
        code: from.text()?.to_owned(),
        message: from.text()?.to_owned(),
    })
}

fn unpack_cell(from: &mut Cursor<'_>) -> Option<Cell> {
    let cell = CellRef::unpack(from)?;
    Some(Cell {
        account: cell.account.to_owned(),
        region: cell.region.to_owned(),
        classes: cell.classes,
        profile: cell.profile,
        mark: cell.mark,
        records: cell.records,
        bytes: cell.bytes,
    })
}

pub(super) fn unpack_profile(from: &mut Cursor<'_>) -> Option<Profile> {
    let count = from.number()?;
    (0..count)
        .map(|_| {
            Some(FieldMask {
                control: from.number32()?,
                bits: unpack_bits(from.number()? as i64),
            })
        })
        .collect()
}

pub(super) fn unpack_store(from: &mut Cursor<'_>) -> Option<StoreSeen> {
    Some(StoreSeen {
        control: from.number32()?,
        part: from.number32()?,
        value: from.text()?.to_owned(),
        account: from.text()?.to_owned(),
        region: from.text()?.to_owned(),
        classes: ClassSet(from.number32()?),
        day: from.signed()?,
        hours: from.number32()?,
        records: from.number()?,
    })
}

pub(super) fn unpack_trail(from: &mut Cursor<'_>) -> Option<TrailFact> {
    Some(TrailFact {
        index: from.number32()?,
        time: from.signed()?,
        account: from.text()?.to_owned(),
        region: from.text()?.to_owned(),
        change: *TrailChange::ALL.get(from.number()? as usize)?,
        trail: from.text()?.to_owned(),
        event_name: from.text()?.to_owned(),
        settings: from.text()?.to_owned(),
    })
}
