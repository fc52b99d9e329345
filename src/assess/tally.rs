//! Counts every record of the ledger once: by account, class, place, day and
//! profile, with copies, conflicts and what lies outside left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::AssessError;
use super::drops::{Drop, Drops};
use super::intake::{Intake, Profiles};
use super::outcome::{LogSet, Marked, RecordCounts};
use super::places::Places;
use crate::ledger::Ledger;
use crate::ledger::entries::Entries;
use crate::ledger::facts::{Cell, FileFacts, Profile};
use crate::ledger::remarks::Mark;
use crate::period::{DAY, HOUR, Period};
use crate::record::class::{ClassSet, EventClass};

/// The account under which records are counted whose account nobody knows.
pub const UNKNOWN_ACCOUNT: &str = "unknown";

/// What the kept records add up to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Kept records by classes and profile.
    pub kinds: BTreeMap<(ClassSet, u32), u64>,
    /// Profiles by number.
    pub profiles: Profiles,
    /// Kept records of each account and Region on each day of the period.
    pub grid: BTreeMap<(String, String), Vec<DayCount>>,
    /// Kept records by account, Region and class.
    pub classes: BTreeMap<(String, String, EventClass), ClassCount>,
    /// Days just outside the period that have management write events, by account and Region.
    pub writes_outside: BTreeMap<(String, String), BTreeSet<i64>>,
    /// Duplicates by place of the file.
    pub duplicates: HashMap<u32, u64>,
    /// Conflicting records that would be in scope and period.
    pub conflicts: u64,
    /// Records left out because the scope does not name their account, or (with the Region) their Region.
    pub foreign: BTreeMap<(String, String), u64>,
    /// The rows of the grid while records are counted, and where each place has its row.
    rows: Vec<Vec<DayCount>>,
    places: BTreeMap<(String, String), usize>,
    /// Hours of accounts and Regions of which a conflicting record was left out.
    pub conflict_hours: BTreeSet<(String, String, i64)>,
    /// Kept records with a mark, by account and Region.
    pub marks: BTreeMap<(String, String, Mark), MarkCount>,
    /// Kept records of files that are watched, by place of the file.
    pub watched: HashMap<u32, u64>,
}

/// How far outside the period days with management write events are noted, in seconds.
const OUTSIDE: i64 = 400 * DAY;

/// The records of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayCount {
    /// All of them.
    pub records: u64,
    /// Records that are no remark about others (Insights).
    pub calls: u64,
    /// Management events that change something.
    pub writes: u64,
    /// Management events that only read.
    pub reads: u64,
    /// The hours that have records, one bit each.
    pub hours: u32,
}

/// The records of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassCount {
    /// How many.
    pub records: u64,
    /// The latest of them.
    pub last_time: i64,
}

/// Kept records with one mark at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkCount {
    /// How many.
    pub records: u64,
    /// The earliest of them.
    pub first_time: i64,
    /// The latest of them.
    pub last_time: i64,
}

/// What is the same for all records of a cell.
struct CellInfo {
    account: String,
    region: String,
    classes: ClassSet,
    profile: u32,
    mark: Option<Box<Mark>>,
    has_account: bool,
    is_in_scope: bool,
    /// Its row of the grid, once a record needs it.
    row: Option<usize>,
    kept: u64,
    first_time: i64,
    last_time: i64,
    counts: RecordCounts,
}

/// Counts every record.
pub fn count(
    ledger: &Ledger,
    intake: &Intake,
    drops: &Drops,
    places: &Places,
    period: &Period,
    watched: &HashSet<u32>,
    log_set: &mut LogSet,
) -> Result<Tally, AssessError> {
    let mut tally = Tally::default();
    let days = Days::of(period);
    ledger.files_with_entries(|head, entries| -> Result<(), AssessError> {
        count_refused(log_set, &head.facts);
        let rank = intake.ranks[&head.id];
        let mut cells = tally.cells(&head.facts, places);
        let mut counted = 0;
        for entry in Entries::new(entries) {
            counted += 1;
            let Some(cell) = cells.get_mut(entry.cell as usize) else {
                return Err(broken(&head.facts.key, "an entry belongs to no cell"));
            };
            cell.counts.seen += 1;
            match drops.of(rank, entry.index) {
                Some(Drop::Duplicate) => cell.counts.duplicates += 1,
                Some(Drop::Amended) => cell.counts.amended += 1,
                Some(Drop::Conflict) => {
                    cell.counts.conflicts += 1;
                    let matters = period.contains(entry.time) && cell.is_in_scope;
                    tally.conflicts += u64::from(matters);
                    if matters {
                        let hour = entry.time.div_euclid(HOUR) * HOUR;
                        let place = (cell.account.clone(), cell.region.clone(), hour);
                        tally.conflict_hours.insert(place);
                    }
                }
                None if !period.contains(entry.time) => {
                    cell.counts.outside_period += 1;
                    let (first, last) = log_set
                        .outside_times
                        .get_or_insert((entry.time, entry.time));
                    *first = entry.time.min(*first);
                    *last = entry.time.max(*last);
                    tally.note_outside(cell, entry.time, period);
                }
                None if !cell.is_in_scope => cell.counts.outside_scope += 1,
                None => {
                    cell.counts.kept += 1;
                    cell.kept += 1;
                    cell.first_time = cell.first_time.min(entry.time);
                    cell.last_time = cell.last_time.max(entry.time);
                    let first = log_set.first_time.get_or_insert(entry.time);
                    *first = entry.time.min(*first);
                    let last = log_set.last_time.get_or_insert(entry.time);
                    *last = entry.time.max(*last);
                    tally.add_to_grid(cell, entry.time, &days);
                }
            }
        }
        if counted != head.entry_count {
            return Err(broken(&head.facts.key, "entries are missing"));
        }
        for cell in cells {
            if cell.kept > 0 && watched.contains(&rank) {
                *tally.watched.entry(rank).or_default() += cell.kept;
            }
            tally.close(cell, rank, log_set);
        }
        Ok(())
    })?;
    tally.end_grid();
    for counts in log_set.by_account.values() {
        add(&mut log_set.total, counts);
    }
    check(log_set)?;
    Ok(tally)
}

fn broken(key: &str, what: &str) -> AssessError {
    AssessError::DoesNotReconcile(format!("file `{key}`: {what}"))
}

/// The days of the period, as places in the grid.
struct Days {
    first: i64,
    count: usize,
}

impl Days {
    fn of(period: &Period) -> Days {
        Days {
            first: period.start.div_euclid(DAY),
            count: period.days().count(),
        }
    }

    fn at(&self, time: i64) -> usize {
        (time.div_euclid(DAY) - self.first) as usize
    }
}

impl Tally {
    fn cells(&mut self, facts: &FileFacts, places: &Places) -> Vec<CellInfo> {
        let number = |cell: &Cell, profiles: &mut Profiles| {
            let empty = Profile::new();
            let profile = facts.profiles.get(cell.profile as usize);
            profiles.number(profile.unwrap_or(&empty))
        };
        let cells = facts.cells.iter().map(|cell| CellInfo {
            account: cell.account.clone(),
            region: cell.region.clone(),
            classes: cell.classes,
            profile: number(cell, &mut self.profiles),
            mark: cell.mark.clone(),
            has_account: places.has_account(&cell.account),
            is_in_scope: places.contains(&cell.account, &cell.region),
            row: None,
            kept: 0,
            first_time: i64::MAX,
            last_time: i64::MIN,
            counts: RecordCounts::default(),
        });
        cells.collect()
    }

    fn note_outside(&mut self, cell: &CellInfo, time: i64, period: &Period) {
        let is_near = time >= period.start - OUTSIDE && time < period.end + OUTSIDE;
        if !is_near || !cell.is_in_scope || !cell.classes.contains(EventClass::ManagementWrite) {
            return;
        }
        let place = (cell.account.clone(), cell.region.clone());
        let days = self.writes_outside.entry(place).or_default();
        days.insert(time.div_euclid(DAY) * DAY);
    }

    fn add_to_grid(&mut self, cell: &mut CellInfo, time: i64, days: &Days) {
        // A cell lies in one place, so the place is looked up once for all of its records.
        let row = *cell.row.get_or_insert_with(|| {
            let place = (cell.account.clone(), cell.region.clone());
            *self.places.entry(place).or_insert_with(|| {
                self.rows.push(vec![DayCount::default(); days.count]);
                self.rows.len() - 1
            })
        });
        let day = &mut self.rows[row][days.at(time)];
        day.records += 1;
        day.calls += u64::from(!cell.classes.contains(EventClass::Insights));
        day.writes += u64::from(cell.classes.contains(EventClass::ManagementWrite));
        day.reads += u64::from(cell.classes.contains(EventClass::ManagementRead));
        day.hours |= 1 << (time.rem_euclid(DAY) / HOUR);
    }

    fn end_grid(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let places = std::mem::take(&mut self.places).into_iter();
        self.grid = places
            .map(|(place, row)| (place, std::mem::take(&mut rows[row])))
            .collect();
    }

    /// Adds what a file has of a cell to the whole.
    fn close(&mut self, cell: CellInfo, rank: u32, log_set: &mut LogSet) {
        if cell.counts.duplicates > 0 {
            *self.duplicates.entry(rank).or_default() += cell.counts.duplicates;
        }
        if cell.kept > 0 {
            let kind = (cell.classes, cell.profile);
            *self.kinds.entry(kind).or_default() += cell.kept;
        }
        for class in cell.classes.iter().filter(|_| cell.kept > 0) {
            *log_set.by_class.entry(class).or_default() += cell.kept;
            let count = self
                .classes
                .entry((cell.account.clone(), cell.region.clone(), class))
                .or_default();
            count.records += cell.kept;
            count.last_time = count.last_time.max(cell.last_time);
        }
        if let Some(mark) = cell.mark.filter(|_| cell.kept > 0) {
            let place = (cell.account.clone(), cell.region.clone(), *mark);
            let count = self.marks.entry(place).or_insert(MarkCount {
                records: 0,
                first_time: cell.first_time,
                last_time: cell.last_time,
            });
            count.records += cell.kept;
            count.first_time = count.first_time.min(cell.first_time);
            count.last_time = count.last_time.max(cell.last_time);
        }
        if cell.counts.outside_scope > 0 {
            let region = if cell.has_account {
                cell.region
            } else {
                String::new()
            };
            let place = (cell.account.clone(), region);
            *self.foreign.entry(place).or_default() += cell.counts.outside_scope;
        }
        add(
            log_set.by_account.entry(cell.account).or_default(),
            &cell.counts,
        );
    }

    /// What there is of records with a mark, in the order of place and mark.
    pub fn marked(&self) -> Vec<Marked> {
        let all = self.marks.iter();
        all.map(|((account, region, mark), count)| Marked {
            account: account.clone(),
            region: region.clone(),
            mark: mark.clone(),
            records: count.records,
            first_time: count.first_time,
            last_time: count.last_time,
        })
        .collect()
    }

    /// Kept records that prove one of these classes.
    pub fn of_classes(&self, needs: ClassSet) -> u64 {
        self.kinds
            .iter()
            .filter(|((classes, _), _)| classes.0 & needs.0 != 0)
            .map(|(_, count)| count)
            .sum()
    }

    /// Records of a class in an account and Region.
    pub fn class(&self, account: &str, region: &str, class: EventClass) -> ClassCount {
        let key = (account.to_owned(), region.to_owned(), class);
        self.classes.get(&key).copied().unwrap_or_default()
    }

    /// The Regions in which an account has records.
    pub fn regions_of(&self, account: &str) -> BTreeSet<String> {
        let own = self.grid.keys().filter(|(one, _)| one == account);
        own.map(|(_, region)| region.clone()).collect()
    }
}

/// Refused records have no account of their own; the key's claim stands in.
fn count_refused(log_set: &mut LogSet, facts: &FileFacts) {
    if facts.records_refused == 0 {
        return;
    }
    let account = facts.claim.account.as_deref().unwrap_or(UNKNOWN_ACCOUNT);
    let counts = log_set.by_account.entry(account.to_owned()).or_default();
    counts.seen += facts.records_refused;
    counts.refused += facts.records_refused;
}

fn add(to: &mut RecordCounts, more: &RecordCounts) {
    to.seen += more.seen;
    to.kept += more.kept;
    to.duplicates += more.duplicates;
    to.conflicts += more.conflicts;
    to.amended += more.amended;
    to.refused += more.refused;
    to.outside_period += more.outside_period;
    to.outside_scope += more.outside_scope;
}

/// Everything that was seen must have ended somewhere.
fn check(log_set: &LogSet) -> Result<(), AssessError> {
    let files = log_set.files_read
        + log_set.files_refused
        + log_set.files_not_read
        + log_set.files_not_opened;
    if log_set.files_listed != files {
        let message = format!(
            "{} files listed, {files} accounted for",
            log_set.files_listed
        );
        return Err(AssessError::DoesNotReconcile(message));
    }
    let accounts = log_set.by_account.iter();
    for (account, counts) in accounts.chain([(&String::from("all accounts"), &log_set.total)]) {
        if !counts.reconcile() {
            let message = format!("records of {account}: {counts:?}");
            return Err(AssessError::DoesNotReconcile(message));
        }
    }
    Ok(())
}
