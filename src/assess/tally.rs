//! Counts every record of the ledger once: by account, class, place, day and
//! profile, with copies, conflicts and what lies outside left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::AssessError;
use super::drops::{Drop, Drops};
use super::intake::Profiles;
use super::outcome::{LogSet, Marked, RecordCounts};
use super::places::Places;
use crate::ledger::Ledger;
use crate::ledger::entries::{Entries, Entry};
use crate::ledger::facts::Profile;
use crate::ledger::remarks::Mark;
use crate::ledger::view::FileView;
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
    /// The earliest of them.
    pub first_time: i64,
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

/// Counts every record.
pub fn count(
    ledger: &Ledger,
    drops: &Drops,
    places: &Places,
    period: &Period,
    watched: &HashSet<u32>,
    log_set: &mut LogSet,
) -> Result<Tally, AssessError> {
    let mut counter = Counter {
        places,
        period,
        days: Days::of(period),
        tally: Tally::default(),
        spots: Spots::default(),
        cells: Vec::new(),
        log_set,
    };
    let mut entries = ledger.entry_reader()?;
    let mut rank = 0;
    ledger.views(|file| -> Result<(), AssessError> {
        counter.begin(file)?;
        let mut counted = 0;
        if file.entry_count()? > 0 {
            let dropped = drops.of_file(rank);
            entries.of(file.id()?, |packed| -> Result<(), AssessError> {
                for entry in Entries::new(packed) {
                    counted += 1;
                    if !counter.add(&entry, dropped.of(entry.index)) {
                        return Err(broken(file, "an entry belongs to no cell"));
                    }
                }
                Ok(())
            })?;
        }
        if counted != file.entry_count()? {
            return Err(broken(file, "entries are missing"));
        }
        counter.close(rank, watched.contains(&rank));
        rank += 1;
        Ok(())
    })?;
    let tally = counter.finish();
    for counts in log_set.by_account.values() {
        add(&mut log_set.total, counts);
    }
    check(log_set)?;
    Ok(tally)
}

fn broken(file: &FileView<'_>, what: &str) -> AssessError {
    match file.key() {
        Ok(key) => AssessError::DoesNotReconcile(format!("file `{key}`: {what}")),
        Err(error) => error.into(),
    }
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

/// What is counted in an account and Region.
struct Spot {
    account: String,
    region: String,
    has_account: bool,
    is_in_scope: bool,
    counts: RecordCounts,
    /// Kept records by day; empty until there is one.
    days: Vec<DayCount>,
    /// By place of the class.
    classes: [ClassCount; EventClass::ALL.len()],
    /// Days just outside the period that have management write events.
    writes_outside: BTreeSet<i64>,
}

/// Every account and Region that was met. There are few, and many records of each.
#[derive(Default)]
struct Spots {
    all: Vec<Spot>,
    numbers: HashMap<String, HashMap<String, usize>>,
    last: usize,
}

impl Spots {
    fn number(&mut self, account: &str, region: &str, places: &Places) -> usize {
        // Most records of a file are of one place.
        let is_last = |spot: &Spot| spot.account == account && spot.region == region;
        if self.all.get(self.last).is_some_and(is_last) {
            return self.last;
        }
        let known = self.numbers.get(account).and_then(|of| of.get(region));
        self.last = match known {
            Some(number) => *number,
            None => self.begin(account, region, places),
        };
        self.last
    }

    fn begin(&mut self, account: &str, region: &str, places: &Places) -> usize {
        let number = self.all.len();
        let of_account = self.numbers.entry(account.to_owned()).or_default();
        of_account.insert(region.to_owned(), number);
        self.all.push(Spot {
            account: account.to_owned(),
            region: region.to_owned(),
            has_account: places.has_account(account),
            is_in_scope: places.contains(account, region),
            counts: RecordCounts::default(),
            days: Vec::new(),
            classes: [ClassCount::default(); EventClass::ALL.len()],
            writes_outside: BTreeSet::new(),
        });
        number
    }
}

/// What is the same for all records of a cell of the current file.
struct CellCount {
    spot: usize,
    classes: ClassSet,
    profile: u32,
    mark: Option<Box<Mark>>,
    kept: u64,
    duplicates: u64,
    /// Of the kept ones, and the other way round while there is none.
    first_time: i64,
    last_time: i64,
}

/// The counting of all files.
struct Counter<'c> {
    places: &'c Places,
    period: &'c Period,
    days: Days,
    tally: Tally,
    spots: Spots,
    cells: Vec<CellCount>,
    log_set: &'c mut LogSet,
}

impl Counter<'_> {
    /// Begins a file.
    fn begin(&mut self, file: &FileView<'_>) -> Result<(), AssessError> {
        count_refused(self.log_set, file)?;
        let empty = Profile::new();
        let profiles = file.profiles()?;
        let (cells, spots, tally) = (&mut self.cells, &mut self.spots, &mut self.tally);
        cells.clear();
        file.cells(|cell| {
            // The first profile is the empty one, which is not stored.
            let at = (cell.profile as usize).checked_sub(1);
            let profile = at.and_then(|at| profiles.get(at)).unwrap_or(&empty);
            cells.push(CellCount {
                spot: spots.number(cell.account, cell.region, self.places),
                classes: cell.classes,
                profile: tally.profiles.number(profile),
                mark: cell.mark,
                kept: 0,
                duplicates: 0,
                first_time: i64::MAX,
                last_time: i64::MIN,
            });
        })?;
        Ok(())
    }

    /// Adds a record to exactly one count; false if it belongs to no cell of the file.
    fn add(&mut self, entry: &Entry, dropped: Option<Drop>) -> bool {
        let Some(cell) = self.cells.get_mut(entry.cell as usize) else {
            return false;
        };
        let spot = &mut self.spots.all[cell.spot];
        spot.counts.seen += 1;
        match dropped {
            Some(Drop::Duplicate) => {
                spot.counts.duplicates += 1;
                cell.duplicates += 1;
            }
            Some(Drop::Amended) => spot.counts.amended += 1,
            Some(Drop::Conflict) => {
                spot.counts.conflicts += 1;
                if self.period.contains(entry.time) && spot.is_in_scope {
                    self.tally.conflicts += 1;
                    let hour = entry.time.div_euclid(HOUR) * HOUR;
                    let place = (spot.account.clone(), spot.region.clone(), hour);
                    self.tally.conflict_hours.insert(place);
                }
            }
            None if !self.period.contains(entry.time) => {
                spot.counts.outside_period += 1;
                widen(&mut self.log_set.outside_times, entry.time);
                note_outside(spot, cell.classes, entry.time, self.period);
            }
            None if !spot.is_in_scope => spot.counts.outside_scope += 1,
            None => {
                spot.counts.kept += 1;
                cell.kept += 1;
                cell.first_time = cell.first_time.min(entry.time);
                cell.last_time = cell.last_time.max(entry.time);
                add_to_grid(spot, cell.classes, entry.time, &self.days);
            }
        }
        true
    }

    /// Adds what a file has of its cells to the whole.
    fn close(&mut self, rank: u32, is_watched: bool) {
        for cell in &self.cells {
            if cell.duplicates > 0 {
                *self.tally.duplicates.entry(rank).or_default() += cell.duplicates;
            }
            if cell.kept == 0 {
                continue;
            }
            if is_watched {
                *self.tally.watched.entry(rank).or_default() += cell.kept;
            }
            let first = self.log_set.first_time.get_or_insert(cell.first_time);
            *first = cell.first_time.min(*first);
            let last = self.log_set.last_time.get_or_insert(cell.last_time);
            *last = cell.last_time.max(*last);
            let kind = (cell.classes, cell.profile);
            *self.tally.kinds.entry(kind).or_default() += cell.kept;
            let spot = &mut self.spots.all[cell.spot];
            if let Some(mark) = &cell.mark {
                let place = (
                    spot.account.clone(),
                    spot.region.clone(),
                    mark.as_ref().clone(),
                );
                let count = self.tally.marks.entry(place).or_insert(MarkCount {
                    records: 0,
                    first_time: cell.first_time,
                    last_time: cell.last_time,
                });
                count.records += cell.kept;
                count.first_time = count.first_time.min(cell.first_time);
                count.last_time = count.last_time.max(cell.last_time);
            }
            for class in cell.classes.iter() {
                let count = &mut spot.classes[class as usize];
                count.first_time = match count.records {
                    0 => cell.first_time,
                    _ => count.first_time.min(cell.first_time),
                };
                count.records += cell.kept;
                count.last_time = count.last_time.max(cell.last_time);
            }
        }
    }

    /// Puts what was counted by place under its names.
    fn finish(self) -> Tally {
        let (mut tally, log_set) = (self.tally, self.log_set);
        for spot in self.spots.all {
            let place = (spot.account, spot.region);
            for class in EventClass::ALL {
                let count = spot.classes[class as usize];
                if count.records > 0 {
                    *log_set.by_class.entry(class).or_default() += count.records;
                    let key = (place.0.clone(), place.1.clone(), class);
                    tally.classes.insert(key, count);
                }
            }
            if spot.counts.outside_scope > 0 {
                let region = if spot.has_account {
                    place.1.clone()
                } else {
                    String::new()
                };
                let foreign = tally.foreign.entry((place.0.clone(), region)).or_default();
                *foreign += spot.counts.outside_scope;
            }
            let of_account = log_set.by_account.entry(place.0.clone()).or_default();
            add(of_account, &spot.counts);
            if !spot.writes_outside.is_empty() {
                tally
                    .writes_outside
                    .insert(place.clone(), spot.writes_outside);
            }
            if !spot.days.is_empty() {
                tally.grid.insert(place, spot.days);
            }
        }
        tally
    }
}

/// Makes a stretch of time reach to `time`.
fn widen(times: &mut Option<(i64, i64)>, time: i64) {
    let (first, last) = times.get_or_insert((time, time));
    *first = time.min(*first);
    *last = time.max(*last);
}

fn note_outside(spot: &mut Spot, classes: ClassSet, time: i64, period: &Period) {
    let is_near = time >= period.start - OUTSIDE && time < period.end + OUTSIDE;
    if is_near && spot.is_in_scope && classes.contains(EventClass::ManagementWrite) {
        spot.writes_outside.insert(time.div_euclid(DAY) * DAY);
    }
}

fn add_to_grid(spot: &mut Spot, classes: ClassSet, time: i64, days: &Days) {
    if spot.days.is_empty() {
        spot.days = vec![DayCount::default(); days.count];
    }
    let day = &mut spot.days[days.at(time)];
    day.records += 1;
    day.calls += u64::from(!classes.contains(EventClass::Insights));
    day.writes += u64::from(classes.contains(EventClass::ManagementWrite));
    day.reads += u64::from(classes.contains(EventClass::ManagementRead));
    day.hours |= 1 << (time.rem_euclid(DAY) / HOUR);
}

impl Tally {
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
fn count_refused(log_set: &mut LogSet, file: &FileView<'_>) -> Result<(), AssessError> {
    let refused = file.records_refused()?;
    if refused == 0 {
        return Ok(());
    }
    let account = file.claim()?.account;
    let account = account.unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned());
    let counts = log_set.by_account.entry(account).or_default();
    counts.seen += refused;
    counts.refused += refused;
    Ok(())
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
