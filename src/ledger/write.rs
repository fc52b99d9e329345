//! Adds files to a ledger, whole batches at a time.
//!
//! A file is there with all its facts or not at all.

use rusqlite::{Connection, params};

use super::codec::{put_number, put_signed, put_text};
use super::error::LedgerError;
use super::facts::{
    Cell, FileFacts, FileState, ProblemFact, Profile, Projection, RefusalFact, Stat, StoreSeen,
    TrailChange, TrailFact,
};
use super::integrity::IntegrityFact;
use super::remarks::{Mark, pack_addendum, pack_insight};
use super::sample::Gate;
use super::seal::break_seal;
use super::store::Ledger;
use crate::control::keys::{Keys, Values};
use crate::control::roles::{FieldBits, Part, Role};
use crate::record::identity::ActorKind;
use crate::record::outcome::Outcome;

/// Every kind of actor; a ledger stores the place in this list.
pub(super) const ACTOR_KINDS: [ActorKind; 8] = [
    ActorKind::Root,
    ActorKind::User,
    ActorKind::Role,
    ActorKind::Federated,
    ActorKind::Service,
    ActorKind::Account,
    ActorKind::IdentityCenter,
    ActorKind::Unknown,
];

/// The only writer of a ledger. What was not committed is dropped with it.
pub struct Writer<'l> {
    ledger: &'l Ledger,
    gate: Gate,
    in_batch: bool,
    /// The file that was added last, or was there already.
    last: i64,
}

/// What became of a file that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was not there before.
    New,
    /// A file with this key and content is there already, under this number.
    Known(i64),
}

impl<'l> Writer<'l> {
    /// A writer with nothing to commit.
    pub fn new(ledger: &'l mut Ledger) -> Writer<'l> {
        Writer {
            ledger,
            gate: Gate::default(),
            in_batch: false,
            last: 0,
        }
    }

    /// The ledger that it writes to.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Adds a file to the current batch.
    ///
    /// # Errors
    /// See [`LedgerError`]; the batch is then lost.
    pub fn add(&mut self, facts: &FileFacts) -> Result<Added, LedgerError> {
        self.begin()?;
        let connection = &self.ledger.connection;
        let sha256 = content_of(facts);
        let mut namesakes = self.ledger.wrap(under(connection, &facts.key, sha256))?;
        if let Some(at) = namesakes.iter().position(|one| one.is_same) {
            let Namesake { id, state, .. } = namesakes.remove(at);
            // Read under other limits, the same bytes may be refused once and read later.
            if state == FileState::Read || facts.state != FileState::Read {
                self.last = id;
                self.ledger.wrap(set_stat(connection, id, &facts.stat))?;
                self.join_integrity(id, &facts.integrity)?;
                return Ok(Added::Known(id));
            }
            self.ledger.wrap(delete_file(connection, id))?;
        }
        if let Some(Namesake { id, .. }) = namesakes.first() {
            // What could not be read says nothing beside what could.
            if sha256.is_empty() {
                self.last = *id;
                return Ok(Added::Known(*id));
            }
            let sql = "DELETE FROM file WHERE key = ?1 AND sha256 = x''";
            self.ledger.wrap(connection.execute(sql, [&facts.key]))?;
        }
        self.insert(facts)
    }

    /// Adds a file whose key no other file of the ledger has, which the caller knows.
    ///
    /// # Errors
    /// See [`LedgerError`]; the batch is then lost.
    pub fn add_first(&mut self, facts: &FileFacts) -> Result<Added, LedgerError> {
        self.begin()?;
        self.insert(facts)
    }

    fn insert(&mut self, facts: &FileFacts) -> Result<Added, LedgerError> {
        let connection = &self.ledger.connection;
        let id = self.ledger.wrap(insert_file(connection, facts))?;
        let rows = insert_entries(connection, facts, id)
            .and_then(|()| insert_records(connection, facts, id, &mut self.gate))
            .and_then(|()| insert_rows(connection, facts, id));
        self.ledger.wrap(rows)?;
        self.last = id;
        Ok(Added::New)
    }

    /// Removes every file with this key but the one that was added last; how many there were.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn forget_namesakes(&mut self, key: &str) -> Result<u64, LedgerError> {
        let mut count = 0;
        for id in self.ledger.files_under(key)? {
            if id != self.last {
                self.forget(id)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// What an earlier reading did not ask for, such as a hash, is added to a file that is there.
    fn join_integrity(&self, id: i64, fact: &IntegrityFact) -> Result<(), LedgerError> {
        let connection = &self.ledger.connection;
        let sql = "SELECT integrity FROM file WHERE id = ?1";
        let read = || -> rusqlite::Result<Option<Vec<u8>>> {
            connection
                .prepare_cached(sql)?
                .query_row([id], |row| row.get(0))
        };
        let packed = self.ledger.wrap(read())?;
        let known =
            IntegrityFact::unpack(packed.as_deref().unwrap_or_default()).ok_or_else(|| {
                self.ledger
                    .damaged("facts for digest chains cannot be read")
            })?;
        let joined = known.clone().joined(fact.clone());
        if joined == known {
            return Ok(());
        }
        let write = || -> rusqlite::Result<usize> {
            connection
                .prepare_cached("UPDATE file SET integrity = ?2 WHERE id = ?1")?
                .execute((id, joined.pack()))
        };
        self.ledger.wrap(write()).map(|_| ())
    }

    /// Removes a file with all its facts; the content under its key is another now.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn forget(&mut self, id: i64) -> Result<(), LedgerError> {
        self.begin()?;
        let deleted = delete_file(&self.ledger.connection, id);
        self.ledger.wrap(deleted)
    }

    /// Adds a problem that is no file.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn add_problem(&mut self, problem: &ProblemFact) -> Result<(), LedgerError> {
        self.begin()?;
        let sql = "INSERT OR REPLACE INTO problem VALUES (?1, ?2, ?3, ?4)";
        let values = (
            &problem.name,
            &problem.code,
            &problem.message,
            problem.is_loss,
        );
        let insert = || {
            self.ledger
                .connection
                .prepare_cached(sql)?
                .execute(values)
                .map(|_| ())
        };
        self.ledger.wrap(insert())
    }

    /// Removes a problem that is no more.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn forget_problem(&mut self, problem: &ProblemFact) -> Result<(), LedgerError> {
        self.begin()?;
        let sql = "DELETE FROM problem WHERE name = ?1 AND code = ?2";
        let delete = self
            .ledger
            .connection
            .execute(sql, (&problem.name, &problem.code));
        self.ledger.wrap(delete).map(|_| ())
    }

    /// Makes the current batch permanent.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn commit(&mut self) -> Result<(), LedgerError> {
        if self.in_batch {
            self.ledger
                .wrap(self.ledger.connection.execute_batch("COMMIT"))?;
            self.in_batch = false;
        }
        Ok(())
    }

    pub(super) fn begin(&mut self) -> Result<(), LedgerError> {
        if !self.in_batch {
            self.ledger
                .wrap(self.ledger.connection.execute_batch("BEGIN IMMEDIATE"))?;
            // Damage from before must not become part of a new sum.
            self.ledger.check_seal()?;
            self.ledger.wrap(break_seal(&self.ledger.connection))?;
            self.in_batch = true;
        }
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.in_batch {
            // Nothing is lost that was promised: the files of the batch are read again.
            let _: rusqlite::Result<()> = self.ledger.connection.execute_batch("ROLLBACK");
        }
    }
}

/// The id of a record in the table of records.
pub(super) fn record_id(file: i64, index: u32) -> i64 {
    file << 32 | i64::from(index)
}

fn delete_file(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM row WHERE file = ?1", [id])?;
    let (from, to) = (record_id(id, 0), record_id(id, u32::MAX));
    connection.execute("DELETE FROM record WHERE id BETWEEN ?1 AND ?2", (from, to))?;
    connection.execute("DELETE FROM entry WHERE file = ?1", [id])?;
    connection
        .execute("DELETE FROM file WHERE id = ?1", [id])
        .map(|_| ())
}

/// A file with the key of another one.
struct Namesake {
    id: i64,
    state: FileState,
    /// Whether its content is that of the other one too.
    is_same: bool,
}

/// The files with this key in the order of numbers, each with whether it has this content.
fn under(connection: &Connection, key: &str, sha256: &[u8]) -> rusqlite::Result<Vec<Namesake>> {
    let sql = "SELECT id, state, sha256 FROM file WHERE key = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([key], |row| {
        let state = FileState::ALL.get(row.get::<_, u32>(1)? as usize);
        Ok(Namesake {
            id: row.get(0)?,
            state: state.copied().unwrap_or(FileState::Refused),
            is_same: row.get_ref(2)?.as_blob()? == sha256,
        })
    })?;
    rows.collect()
}

fn set_stat(connection: &Connection, id: i64, stat: &Stat) -> rusqlite::Result<()> {
    let sql = "UPDATE file SET size = ?2, modified = ?3, inode = ?4 WHERE id = ?1";
    let inode = stat.inode.map(|inode| inode as i64);
    connection
        .prepare_cached(sql)?
        .execute((id, stat.size as i64, stat.modified, inode))
        .map(|_| ())
}

/// Its SHA-256; nothing if it could not be read.
fn content_of(facts: &FileFacts) -> &[u8] {
    facts.sha256.as_ref().map_or(&[], |hash| &hash[..])
}

fn insert_file(connection: &Connection, facts: &FileFacts) -> rusqlite::Result<i64> {
    let state = FileState::ALL.iter().position(|one| *one == facts.state);
    let sql = "INSERT INTO file VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
               ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)";
    let mut statement = connection.prepare_cached(sql)?;
    statement.insert(params![
        facts.key,
        content_of(facts),
        facts.stat.size as i64,
        facts.stat.modified,
        facts.stat.inode.map(|inode| inode as i64),
        facts.stored_bytes as i64,
        facts.inflated_bytes as i64,
        facts.shape,
        state.map(|at| at as i64),
        facts.is_digest,
        facts.claim.account,
        facts.claim.region,
        facts.claim.day,
        facts.records_seen as i64,
        facts.records_refused as i64,
        facts.entry_count as i64,
        pack_refusals(&facts.refusals),
        pack_notices(&facts.notices),
        pack_cells(&facts.cells),
        pack_profiles(&facts.profiles),
        pack_stores(&facts.stores),
        pack_trails(&facts.trails),
        facts.integrity.pack(),
        pack_all(&facts.insights, pack_insight),
        pack_all(&facts.addenda, pack_addendum),
    ])
}

/// In a table of their own: whoever asks for files does not go over their entries.
fn insert_entries(connection: &Connection, facts: &FileFacts, file: i64) -> rusqlite::Result<()> {
    if facts.entries.is_empty() {
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO entry VALUES (?1, ?2)")?
        .execute((file, &facts.entries))
        .map(|_| ())
}

fn insert_records(
    connection: &Connection,
    facts: &FileFacts,
    file: i64,
    gate: &mut Gate,
) -> rusqlite::Result<()> {
    if facts.records.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3)")?;
    for record in &facts.records {
        let mut admits = record.draws.is_empty();
        for (group, rank) in &record.draws {
            admits |= gate.admits(*group, *rank);
        }
        let bytes = record.bytes.as_ref().filter(|_| admits);
        statement.execute(params![
            record_id(file, record.index),
            pack_projection(&record.projection),
            bytes
        ])?;
    }
    Ok(())
}

fn insert_rows(connection: &Connection, facts: &FileFacts, file: i64) -> rusqlite::Result<()> {
    if facts.rows.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let mut statement = connection.prepare_cached(sql)?;
    for row in &facts.rows {
        let record = &facts.records[row.record as usize];
        let role = Role::ALL.iter().position(|one| *one == row.role);
        statement.execute(params![
            file,
            record.index,
            row.control,
            pack_part(row.part),
            role.map(|at| at as i64),
            record.time,
            record.event_id,
            record.account,
            record.region,
            record.classes.0,
            pack_keys(&row.keys),
        ])?;
    }
    Ok(())
}

/// The kind of part in the lowest two bits.
fn pack_part(part: Part) -> i64 {
    match part {
        Part::Population => 0,
        Part::Trigger(pair) => i64::from(pair) << 2 | 1,
        Part::Response(pair) => i64::from(pair) << 2 | 2,
        Part::Fields(bits) => pack_bits(bits) << 2 | 3,
    }
}

fn pack_bits(bits: FieldBits) -> i64 {
    i64::from(bits.missing) | i64::from(bits.exempt) << 16 | i64::from(bits.undecided) << 32
}

fn pack_keys(keys: &Keys) -> Option<Vec<u8>> {
    let mut to = Vec::new();
    match keys {
        Keys::None => return None,
        Keys::By(who) => {
            to.push(1);
            if let Some(who) = who {
                put_text(&mut to, who);
            }
        }
        Keys::Joins(joins) => {
            to.push(2);
            for Values { texts, undecided } in joins {
                put_number(&mut to, (texts.len() as u64) << 1 | u64::from(*undecided));
                for text in texts {
                    put_text(&mut to, text);
                }
            }
        }
        Keys::Entries(entries) => {
            to.push(3);
            for entry in entries {
                put_number(&mut to, u64::from(*entry));
            }
        }
    }
    Some(to)
}

fn pack_projection(projection: &Projection) -> Vec<u8> {
    let mut to = Vec::with_capacity(256);
    let kind = ACTOR_KINDS
        .iter()
        .position(|one| *one == projection.actor_kind);
    to.push(kind.unwrap_or(ACTOR_KINDS.len() - 1) as u8);
    to.push(u8::from(projection.outcome == Outcome::Refused));
    for text in [
        &projection.event_source,
        &projection.event_name,
        &projection.actor,
        &projection.person,
        &projection.error,
        &projection.source_ip,
        &projection.user_agent,
        &projection.target,
    ] {
        put_text(&mut to, text);
    }
    to
}

/// Nothing instead of an empty blob: most files have none.
fn pack_all<T>(all: &[T], mut one: impl FnMut(&mut Vec<u8>, &T)) -> Option<Vec<u8>> {
    if all.is_empty() {
        return None;
    }
    let mut to = Vec::new();
    for item in all {
        one(&mut to, item);
    }
    Some(to)
}

fn pack_refusals(all: &[RefusalFact]) -> Option<Vec<u8>> {
    pack_all(all, |to, one| {
        put_number(to, one.index.map_or(0, |index| u64::from(index) + 1));
        put_number(to, u64::from(one.is_loss));
        put_text(to, &one.code);
        put_text(to, &one.message);
    })
}

fn pack_notices(all: &[String]) -> Option<Vec<u8>> {
    pack_all(all, |to, one| put_text(to, one))
}

fn pack_cells(all: &[Cell]) -> Option<Vec<u8>> {
    pack_all(all, |to, one| {
        put_text(to, &one.account);
        put_text(to, &one.region);
        put_number(to, u64::from(one.classes.0));
        put_number(to, u64::from(one.profile));
        Mark::pack(one.mark.as_deref(), to);
        put_number(to, one.records);
        put_number(to, one.bytes);
    })
}

/// Not written where there is only the empty profile.
fn pack_profiles(all: &[Profile]) -> Option<Vec<u8>> {
    pack_all(all.get(1..).unwrap_or_default(), |to, profile| {
        put_number(to, profile.len() as u64);
        for mask in profile {
            put_number(to, u64::from(mask.control));
            put_number(to, pack_bits(mask.bits) as u64);
        }
    })
}

fn pack_stores(all: &[StoreSeen]) -> Option<Vec<u8>> {
    pack_all(all, |to, one| {
        put_number(to, u64::from(one.control));
        put_number(to, u64::from(one.part));
        put_text(to, &one.value);
        put_text(to, &one.account);
        put_text(to, &one.region);
        put_number(to, u64::from(one.classes.0));
        put_signed(to, one.day);
        put_number(to, u64::from(one.hours));
        put_number(to, one.records);
    })
}

fn pack_trails(all: &[TrailFact]) -> Option<Vec<u8>> {
    pack_all(all, |to, one| {
        let change = TrailChange::ALL
            .iter()
            .position(|change| *change == one.change);
        put_number(to, u64::from(one.index));
        put_signed(to, one.time);
        put_text(to, &one.account);
        put_text(to, &one.region);
        put_number(to, change.unwrap_or_default() as u64);
        put_text(to, &one.trail);
        put_text(to, &one.event_name);
        put_text(to, &one.settings);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Identity;

    fn facts(key: &str, state: FileState) -> FileFacts {
        let mut facts = FileFacts::new(key, Stat::default());
        facts.sha256 = Some([7; 32]);
        facts.state = state;
        // Large enough that a few of them fill a small disk.
        facts.notices = vec!["x".repeat(9_000)];
        facts
    }

    #[test]
    fn a_full_disk_is_told_and_the_committed_files_stay() {
        let mut ledger = Ledger::temporary(&Identity::default()).expect("a ledger");
        let limit = |ledger: &Ledger, pages: i64| {
            let set = ledger.connection.pragma_update_and_check(
                None,
                "max_page_count",
                pages,
                |_| Ok(()),
            );
            set.expect("set");
        };
        limit(&ledger, 30);
        let mut writer = Writer::new(&mut ledger);
        writer.add(&facts("a", FileState::Read)).expect("fits");
        writer.commit().expect("fits");
        let mut failed = None;
        for at in 0..100 {
            if let Err(error) = writer.add(&facts(&format!("b{at}"), FileState::Read)) {
                failed = Some(error);
                break;
            }
        }
        let error = failed.expect("thirty pages do not hold a hundred files");
        assert!(matches!(error, LedgerError::DiskFull(_)), "{error:?}");
        assert!(error.help().contains("free some space"));
        drop(writer);
        limit(&ledger, 100_000);
        assert_eq!(ledger.file_count().expect("counted"), 1);
        let mut writer = Writer::new(&mut ledger);
        writer.add(&facts("b0", FileState::Read)).expect("fits");
        writer.commit().expect("fits");
    }

    #[test]
    fn a_file_that_was_refused_and_is_read_later_counts_as_read() {
        let mut ledger = Ledger::temporary(&Identity::default()).expect("a ledger");
        let mut writer = Writer::new(&mut ledger);
        let state = |writer: &Writer<'_>| {
            let mut states = Vec::new();
            let files = writer.ledger().files(|head| -> Result<(), LedgerError> {
                states.push(head.facts.state);
                Ok(())
            });
            files.expect("readable");
            states
        };
        writer.add(&facts("a", FileState::Refused)).expect("added");
        writer.add(&facts("a", FileState::Read)).expect("added");
        assert_eq!(state(&writer), [FileState::Read]);
        let again = writer.add(&facts("a", FileState::Refused)).expect("added");
        assert!(matches!(again, Added::Known(_)));
        assert_eq!(state(&writer), [FileState::Read]);
        let mut unreadable = facts("a", FileState::Refused);
        unreadable.sha256 = None;
        writer.add(&unreadable).expect("added");
        assert_eq!(state(&writer), [FileState::Read]);
        unreadable.key = "b".into();
        writer.add(&unreadable).expect("added");
        writer.add(&facts("b", FileState::Read)).expect("added");
        assert_eq!(state(&writer), [FileState::Read, FileState::Read]);
    }
}
