//! A sum over everything that a ledger holds, so that damage on a disk is an
//! error and never another answer. SQLite itself sees only damage to its own
//! structure, not to what people stored in it.

use std::convert::Infallible;

use rapidhash::v3::rapidhash_v3;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

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

/// Which of them the entries are.
const ENTRIES: usize = 7;
/// Digits of the sum of a part.
const SUM: usize = 16;

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
        self.check_seal_but_entries()?.entries(|_, _| Ok(()))
    }

    /// As [`Ledger::check_seal`], but for the entries, which are most of a ledger: who goes over
    /// them can check them on the way.
    ///
    /// # Errors
    /// As [`Ledger::check_seal`].
    pub fn check_seal_but_entries(&self) -> Result<Unchecked<'_>, LedgerError> {
        let expected = self.wrap(noted(&self.connection))?;
        let expected = expected.filter(|sum| self.verified.borrow().as_ref() != Some(sum));
        if let Some(expected) = &expected {
            self.check_parts(expected, |at| at != ENTRIES, &mut |_| Ok(()))?;
        }
        Ok(Unchecked {
            ledger: self,
            expected,
        })
    }

    /// Holds some of the parts against their sums.
    fn check_parts<E: From<LedgerError>>(
        &self,
        expected: &str,
        is_asked: impl Fn(usize) -> bool,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let is_known = expected.len() == PARTS.len() * SUM;
        let mut is_whole = is_known;
        for at in (0..PARTS.len()).filter(|at| is_asked(*at)) {
            let found = self.wrap(sum_of(&self.connection, PARTS[at], &mut *each))??;
            let of_part = at * SUM..(at + 1) * SUM;
            is_whole = is_whole && expected.get(of_part) == Some(&*hex::encode(found));
        }
        match is_whole {
            true => Ok(()),
            false => Err(self
                .damaged("it does not hold what was written to it")
                .into()),
        }
    }
}

/// A ledger of which all is known to be as it was written, but for the entries.
#[must_use]
pub struct Unchecked<'l> {
    ledger: &'l Ledger,
    /// None where there is nothing to check.
    expected: Option<String>,
}

impl Unchecked<'_> {
    /// Calls `each` as [`Ledger::entries`] does, and checks what it is called with: only after
    /// this returned may anything rest on it.
    ///
    /// # Errors
    /// As [`Ledger::check_seal`]; or what `each` returns.
    pub fn entries<E: From<LedgerError>>(
        self,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let ledger = self.ledger;
        let Some(expected) = self.expected else {
            return ledger.entries(each);
        };
        let is_entries = |at| at == ENTRIES;
        // What cannot be read is most likely damage, and then the sum says so better.
        let mut odd = None;
        ledger.check_parts(
            &expected,
            is_entries,
            &mut |row| match ledger.entry_of(row) {
                Ok((file, packed)) => each(file, packed),
                Err(error) => {
                    odd.get_or_insert(error);
                    Ok(())
                }
            },
        )?;
        if let Some(error) = odd {
            return Err(error.into());
        }
        ledger.verified.replace(Some(expected));
        Ok(())
    }
}

pub(super) fn noted(connection: &Connection) -> rusqlite::Result<Option<String>> {
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
    let mut sums = String::with_capacity(PARTS.len() * SUM);
    for part in PARTS {
        let nobody = &mut |_: &Row<'_>| Ok::<(), Infallible>(());
        let Ok(sum) = sum_of(connection, part, nobody)?;
        sums.push_str(&hex::encode(sum));
    }
    Ok(sums)
}

/// The sum of one part; each of its rows is shown to `each` as well.
fn sum_of<E>(
    connection: &Connection,
    part: &str,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
) -> rusqlite::Result<Result<[u8; 8], E>> {
    let mut packed = Vec::new();
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
        if let Err(error) = each(row) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(sum.to_be_bytes()))
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
