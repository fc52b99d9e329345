//! A sum over everything that a ledger holds, so that damage on a disk is an
//! error and never another answer. SQLite itself sees only damage to its own
//! structure, not to what people stored in it.

use rapidhash::v3::rapidhash_v3;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::error::LedgerError;
use super::store::Ledger;

/// Everything that answers come from: the tables themselves in the order of their own keys, and
/// the one index, which is a copy of keys on pages of its own that can be damaged alone.
const PARTS: [&str; 10] = [
    "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid",
    "SELECT name, value FROM about WHERE name IN ('seed', 'tool') ORDER BY name",
    "SELECT * FROM control ORDER BY number",
    "SELECT * FROM list ORDER BY name",
    "SELECT * FROM problem ORDER BY name, code",
    "SELECT * FROM file NOT INDEXED ORDER BY id",
    "SELECT key, sha256, id FROM file INDEXED BY sqlite_autoindex_file_1 ORDER BY key, sha256",
    "SELECT * FROM entry ORDER BY file",
    "SELECT * FROM record ORDER BY id",
    "SELECT * FROM row ORDER BY file, record, control, part, role",
];

impl Ledger {
    /// Notes the sum of what it holds, unless nothing was written since it was noted.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn seal(&mut self) -> Result<(), LedgerError> {
        if self.wrap(noted(&self.connection))?.is_some() {
            return Ok(());
        }
        let sum = self.wrap(sum(&self.connection))?;
        let sql = "INSERT INTO about VALUES ('sum', ?1)";
        let noted = self.connection.execute(sql, [&sum]);
        self.wrap(noted)?;
        self.verified.replace(Some(sum));
        Ok(())
    }

    /// Refuses contents that are not those whose sum was noted. A ledger that
    /// was written to and not sealed has none.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`], and what SQLite reports.
    pub fn check_seal(&self) -> Result<(), LedgerError> {
        let Some(expected) = self.wrap(noted(&self.connection))? else {
            return Ok(());
        };
        if self.verified.borrow().as_ref() == Some(&expected) {
            return Ok(());
        }
        if self.wrap(sum(&self.connection))? != expected {
            return Err(self.damaged("it does not hold what was written to it"));
        }
        self.verified.replace(Some(expected));
        Ok(())
    }
}

fn noted(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM about WHERE name = 'sum'";
    connection.query_row(sql, [], |row| row.get(0)).optional()
}

/// Takes back the sum, because something else is written now.
pub(super) fn break_seal(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM about WHERE name = 'sum'")?
        .execute([])
        .map(|_| ())
}

/// A hash over every value of every table, with its kind and its length: each row is hashed
/// together with the hashes of all before. It finds damage; whoever wants to forge a ledger
/// could as well write a new one, so that no slower hash would help.
fn sum(connection: &Connection) -> rusqlite::Result<String> {
    let mut sums = Vec::with_capacity(PARTS.len());
    let mut packed = Vec::new();
    for part in PARTS {
        let mut statement = connection.prepare(part)?;
        let columns = statement.column_count();
        let mut sum = rapidhash_v3(part.as_bytes());
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            packed.clear();
            packed.extend_from_slice(&sum.to_le_bytes());
            for column in 0..columns {
                pack(&mut packed, row.get_ref(column)?);
            }
            sum = rapidhash_v3(&packed);
        }
        sums.extend_from_slice(&sum.to_be_bytes());
    }
    Ok(hex::encode(sums))
}

fn pack(to: &mut Vec<u8>, value: ValueRef<'_>) {
    let (kind, bytes) = match &value {
        ValueRef::Null => (0, &[][..]),
        ValueRef::Integer(number) => (1, &number.to_le_bytes()[..]),
        ValueRef::Real(number) => (2, &number.to_le_bytes()[..]),
        ValueRef::Text(text) => (3, *text),
        ValueRef::Blob(blob) => (4, *blob),
    };
    to.push(kind);
    to.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    to.extend_from_slice(bytes);
}
