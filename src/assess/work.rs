//! The temporary store of one assessment: long lists of judged records, on disk
//! where they are large, so that memory does not grow with them.

use rusqlite::{Connection, Row, params};

use super::drops::Spot;
use super::outcome::List;

/// What a record is called in a list.
pub const ROLES: [&str; 8] = [
    "exception",
    "conforming",
    "attempt",
    "listed",
    "trigger",
    "response",
    "undecided",
    "counted",
];

/// The bit of a list.
pub const fn bit(list: List) -> i64 {
    match list {
        List::Exceptions => 1,
        List::Attempts => 2,
        List::Undecided => 4,
        List::Population => 8,
        List::Sample => 16,
    }
}

/// A judged record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Place of the control in the set.
    pub control: usize,
    /// Bits of the lists that it is in.
    pub lists: i64,
    /// `eventTime`
    pub time: i64,
    /// `eventID`
    pub event_id: String,
    /// Place of the file.
    pub rank: u32,
    /// Index in the file.
    pub index: u32,
    /// The account that received it.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// One of [`ROLES`].
    pub role: &'static str,
    /// Why.
    pub reason: String,
    /// Ticket of the waiver that covers it.
    pub waiver: Option<String>,
}

/// The temporary store.
pub struct Work {
    connection: Connection,
}

impl Work {
    /// An empty store; it is gone when it is dropped.
    pub fn new() -> rusqlite::Result<Work> {
        // An empty name is SQLite's own temporary file, which it removes itself.
        let connection = Connection::open("")?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "cache_size", -8_000)?;
        connection.pragma_update(None, "temp_store", "FILE")?;
        connection.execute_batch(
            "CREATE TABLE listed (id INTEGER PRIMARY KEY, control INTEGER, lists INTEGER, time INTEGER, \
             event TEXT, rank INTEGER, idx INTEGER, account TEXT, region TEXT, role INTEGER, \
             reason TEXT, waiver TEXT);
             CREATE TABLE conflict (rank INTEGER, idx INTEGER, other_rank INTEGER, other_idx INTEGER, \
             PRIMARY KEY (rank, idx)) WITHOUT ROWID;
             BEGIN",
        )?;
        Ok(Work { connection })
    }

    /// Notes a judged record; the number is good for [`Work::change`].
    pub fn add(&self, one: &Judged) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO listed VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let role = ROLES.iter().position(|role| *role == one.role);
        self.connection.prepare_cached(sql)?.insert(params![
            one.control as i64,
            one.lists,
            one.time,
            one.event_id,
            one.rank,
            one.index,
            one.account,
            one.region,
            role.map(|at| at as i64),
            one.reason,
            one.waiver,
        ])
    }

    /// Adds lists to a judged record, and says anew what it is.
    pub fn change(
        &self,
        id: i64,
        lists: i64,
        role: &'static str,
        reason: &str,
        waiver: Option<&str>,
    ) -> rusqlite::Result<()> {
        let sql = "UPDATE listed SET lists = lists | ?2, role = ?3, reason = ?4, waiver = ?5 WHERE id = ?1";
        let role = ROLES.iter().position(|one| *one == role);
        self.connection
            .prepare_cached(sql)?
            .execute(params![id, lists, role.map(|at| at as i64), reason, waiver])
            .map(|_| ())
    }

    /// Adds lists to a judged record.
    pub fn add_lists(&self, id: i64, lists: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE listed SET lists = lists | ?2 WHERE id = ?1";
        self.connection
            .prepare_cached(sql)?
            .execute((id, lists))
            .map(|_| ())
    }

    /// The judged record with a number.
    pub fn get(&self, id: i64) -> rusqlite::Result<Judged> {
        let sql = format!("SELECT {COLUMNS} FROM listed WHERE id = ?1");
        self.connection
            .prepare_cached(&sql)?
            .query_row([id], read_judged)
    }

    /// Prepares for reading in order.
    pub fn finish(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(
            "COMMIT; CREATE INDEX listed_order ON listed (control, time, event, rank, idx, id)",
        )
    }

    /// Calls `each` for the records of a list by time, event id and origin.
    pub fn rows<E: From<rusqlite::Error>>(
        &self,
        control: usize,
        list: List,
        mut each: impl FnMut(&Judged) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {COLUMNS} FROM listed WHERE control = ?1 AND lists & ?2 <> 0 \
             ORDER BY time, event, rank, idx, id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((control as i64, bit(list)))?;
        while let Some(row) = rows.next()? {
            each(&read_judged(row)?)?;
        }
        Ok(())
    }

    /// Notes a conflicting record and another one with its id.
    pub fn add_conflict(&self, one: Spot, other: Spot) -> rusqlite::Result<()> {
        let sql = "INSERT OR IGNORE INTO conflict VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .prepare_cached(sql)?
            .execute((one.0, one.1, other.0, other.1))
            .map(|_| ())
    }

    /// The conflicting records of a file, each with another one of its id.
    pub fn conflicts_of(&self, rank: u32) -> rusqlite::Result<Vec<(u32, Spot)>> {
        let sql = "SELECT idx, other_rank, other_idx FROM conflict WHERE rank = ?1 ORDER BY idx";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows =
            statement.query_map([rank], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        rows.collect()
    }
}

const COLUMNS: &str =
    "control, lists, time, event, rank, idx, account, region, role, reason, waiver";

fn read_judged(row: &Row<'_>) -> rusqlite::Result<Judged> {
    let role: u32 = row.get(8)?;
    Ok(Judged {
        control: row.get::<_, u32>(0)? as usize,
        lists: row.get(1)?,
        time: row.get(2)?,
        event_id: row.get(3)?,
        rank: row.get(4)?,
        index: row.get(5)?,
        account: row.get(6)?,
        region: row.get(7)?,
        role: ROLES[role as usize],
        reason: row.get(9)?,
        waiver: row.get(10)?,
    })
}
