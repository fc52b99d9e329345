//! The sums of a count: by account and Region, class, day and profile.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::AssessError;
use super::drops::Drop;
use super::intake::is_selection;
use super::outcome::{LogSet, RecordCounts, sum};
use super::places::Places;
use super::tally::{ClassCount, DayCount, MarkCount, Tally};
use crate::ledger::facts::Profile;
use crate::ledger::remarks::Mark;
use crate::ledger::view::FileView;
use crate::period::{DAY, HOUR, Period};
use crate::record::class::{ClassSet, EventClass};
use crate::source::layout;
use crate::source::shape::Shape;

/// The account under which records are counted whose account nobody knows.
const UNKNOWN_ACCOUNT: &str = "unknown";

/// How far outside the period days with management write events are noted, in seconds.
const OUTSIDE: i64 = 400 * DAY;

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
    /// Where its kept records are from.
    origins: Origins,
    counts: RecordCounts,
    /// Kept records by day; empty until there is one.
    days: Vec<DayCount>,
    /// By place of the class.
    classes: [ClassCount; EventClass::ALL.len()],
    /// Hours of each day with records, by place of the class; empty until there is one.
    hours: [Vec<u32>; EventClass::ALL.len()],
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
            origins: Origins::default(),
            counts: RecordCounts::default(),
            days: Vec::new(),
            classes: [ClassCount::default(); EventClass::ALL.len()],
            hours: Default::default(),
            writes_outside: BTreeSet::new(),
        });
        number
    }
}

/// Where records are from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origins {
    /// Files of trails or copies of these, whose folders do not tell whose trail wrote them.
    unplaced: bool,
    /// Log groups of CloudWatch Logs.
    forwarded: bool,
    /// Files that trails wrote into buckets, or copies of these.
    filed: bool,
}

impl Origins {
    fn of(file: &FileView<'_>) -> Result<Origins, AssessError> {
        let shape = Shape::of_words(file.shape()?);
        let forwarded = shape.is_some_and(Shape::is_forwarded);
        // What somebody asked for, no trail wrote.
        let is_of_trail = !shape.is_some_and(Shape::is_selection);
        Ok(Origins {
            unplaced: is_of_trail && layout::claim(file.key()?).folder.is_none(),
            forwarded,
            filed: is_of_trail && !forwarded,
        })
    }

    /// These, too.
    pub fn add(&mut self, others: Origins) {
        self.unplaced |= others.unplaced;
        self.forwarded |= others.forwarded;
        self.filed |= others.filed;
    }
}

/// What is the same for all records of a cell, and what they add up to.
pub struct CellCount {
    /// What sets it apart.
    pub kind: Kind,
    kept: u64,
    /// Of the kept ones, and the other way round while there is none.
    first_time: i64,
    last_time: i64,
    /// Its place among cells of records that were set aside, if it has one.
    pub late: Option<u32>,
    /// Where its records are from.
    pub origins: Origins,
}

/// What sets a cell apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Place of account and Region.
    spot: usize,
    classes: ClassSet,
    profile: u32,
    mark: Option<Box<Mark>>,
}

impl CellCount {
    /// One without records.
    pub fn of(kind: Kind) -> CellCount {
        CellCount {
            kind,
            kept: 0,
            first_time: i64::MAX,
            last_time: i64::MIN,
            late: None,
            origins: Origins::default(),
        }
    }
}

/// What was counted so far.
pub struct Sums<'c> {
    places: &'c Places,
    period: &'c Period,
    watched: &'c HashSet<u32>,
    /// Files that hold what somebody asked for.
    selected: HashSet<u32>,
    days: Days,
    tally: Tally,
    spots: Spots,
    /// Refused records by account.
    refused: BTreeMap<String, u64>,
    /// First and last time of kept records.
    times: Option<(i64, i64)>,
    /// Those of records outside the period.
    outside_times: Option<(i64, i64)>,
}

impl<'c> Sums<'c> {
    /// Nothing yet. Kept records of files that are watched are counted for each of these.
    pub fn new(places: &'c Places, period: &'c Period, watched: &'c HashSet<u32>) -> Sums<'c> {
        Sums {
            places,
            period,
            watched,
            selected: HashSet::new(),
            days: Days::of(period),
            tally: Tally::default(),
            spots: Spots::default(),
            refused: BTreeMap::new(),
            times: None,
            outside_times: None,
        }
    }

    /// The cells of a file in place of those of another one.
    pub fn cells(
        &mut self,
        file: &FileView<'_>,
        cells: &mut Vec<CellCount>,
    ) -> Result<(), AssessError> {
        let empty = Profile::new();
        let profiles = file.profiles()?;
        let origins = Origins::of(file)?;
        cells.clear();
        file.cells(|cell| {
            // The first profile is the empty one, which is not stored.
            let at = (cell.profile as usize).checked_sub(1);
            let profile = at.and_then(|at| profiles.get(at)).unwrap_or(&empty);
            let mut count = CellCount::of(Kind {
                spot: self.spots.number(cell.account, cell.region, self.places),
                classes: cell.classes,
                profile: self.tally.profiles.number(profile),
                mark: cell.mark,
            });
            count.origins = origins;
            cells.push(count);
        })?;
        Ok(())
    }

    /// Notes the organization and account below which the file at `rank` lies, and whether it holds
    /// what somebody asked for.
    pub fn note_file(&mut self, file: &FileView<'_>, rank: u32) -> Result<(), AssessError> {
        let key = file.key()?;
        if is_selection(file)? {
            self.selected.insert(rank);
        }
        // Most files lie below no organization.
        if key.contains("/o-") {
            let claim = layout::claim(key);
            let member = Option::zip(claim.organisation, claim.account);
            self.tally.members.extend(member);
        }
        Ok(())
    }

    /// Adds the refused records of a file. They have no account of their own; the key's claim
    /// stands in.
    pub fn refused(&mut self, file: &FileView<'_>) -> Result<(), AssessError> {
        let refused = file.records_refused()?;
        if refused == 0 {
            return Ok(());
        }
        let account = file.claim()?.account;
        let account = account.unwrap_or_else(|| UNKNOWN_ACCOUNT.to_owned());
        *self.refused.entry(account).or_default() += refused;
        Ok(())
    }

    /// Adds a record of the file at `rank` to exactly one count.
    #[inline]
    pub fn add(&mut self, cell: &mut CellCount, rank: u32, time: i64, dropped: Option<Drop>) {
        let is_selected = !self.selected.is_empty() && self.selected.contains(&rank);
        let spot = &mut self.spots.all[cell.kind.spot];
        spot.counts.seen += 1;
        match dropped {
            Some(Drop::Duplicate) => {
                spot.counts.duplicates += 1;
                *self.tally.duplicates.entry(rank).or_default() += 1;
                // What is counted may be the copy that somebody asked for.
                if !is_selected && spot.is_in_scope && self.period.contains(time) {
                    show(spot, cell.kind.classes, time, &self.days);
                }
            }
            Some(Drop::Amended) => spot.counts.amended += 1,
            Some(Drop::Conflict) => {
                spot.counts.conflicts += 1;
                if self.period.contains(time) && spot.is_in_scope {
                    self.tally.conflicts += 1;
                    let hour = time.div_euclid(HOUR) * HOUR;
                    let place = (spot.account.clone(), spot.region.clone(), hour);
                    self.tally.conflict_hours.insert(place);
                }
            }
            None if !self.period.contains(time) => {
                spot.counts.outside_period += 1;
                widen(&mut self.outside_times, time, time);
                if !is_selected {
                    note_outside(spot, cell.kind.classes, time, self.period);
                }
            }
            None if !spot.is_in_scope => spot.counts.outside_scope += 1,
            None => {
                spot.counts.kept += 1;
                cell.kept += 1;
                cell.first_time = cell.first_time.min(time);
                cell.last_time = cell.last_time.max(time);
                add_to_grid(spot, cell.kind.classes, time, &self.days);
                if !is_selected {
                    show(spot, cell.kind.classes, time, &self.days);
                }
                if !self.watched.is_empty() && self.watched.contains(&rank) {
                    *self.tally.watched.entry(rank).or_default() += 1;
                }
            }
        }
    }

    /// Adds what there is of a cell to the whole.
    pub fn close(&mut self, cell: &CellCount) {
        if cell.kept == 0 {
            return;
        }
        widen(&mut self.times, cell.first_time, cell.last_time);
        let kind = (cell.kind.classes, cell.kind.profile);
        *self.tally.kinds.entry(kind).or_default() += cell.kept;
        let spot = &mut self.spots.all[cell.kind.spot];
        spot.origins.add(cell.origins);
        if let Some(mark) = &cell.kind.mark {
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
        for class in cell.kind.classes.iter() {
            let count = &mut spot.classes[class as usize];
            count.first_time = match count.records {
                0 => cell.first_time,
                _ => count.first_time.min(cell.first_time),
            };
            count.records += cell.kept;
            count.last_time = count.last_time.max(cell.last_time);
        }
    }

    /// Puts what was counted by place under its names.
    pub fn finish(self, log_set: &mut LogSet) -> Result<Tally, AssessError> {
        let mut tally = self.tally;
        for (account, refused) in self.refused {
            let counts = log_set.by_account.entry(account).or_default();
            counts.seen += refused;
            counts.refused += refused;
        }
        log_set.outside_times = self.outside_times;
        if let Some((first, last)) = self.times {
            (log_set.first_time, log_set.last_time) = (Some(first), Some(last));
        }
        tally.first_day = self.days.first * DAY;
        for mut spot in self.spots.all {
            let place = (spot.account, spot.region);
            let Origins {
                unplaced,
                forwarded,
                filed,
            } = spot.origins;
            for (is_it, accounts) in [
                (unplaced, &mut tally.unplaced),
                (forwarded, &mut tally.forwarded),
                (filed, &mut tally.filed),
            ] {
                if is_it {
                    accounts.insert(place.0.clone());
                }
            }
            for class in EventClass::ALL {
                let count = spot.classes[class as usize];
                if count.records > 0 {
                    *log_set.by_class.entry(class).or_default() += count.records;
                    let key = (place.0.clone(), place.1.clone(), class);
                    let hours = std::mem::take(&mut spot.hours[class as usize]);
                    tally.class_hours.insert(key.clone(), hours);
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
        for counts in log_set.by_account.values() {
            add(&mut log_set.total, counts);
        }
        check(log_set)?;
        Ok(tally)
    }
}

/// Makes a stretch of time hold another one.
fn widen(times: &mut Option<(i64, i64)>, from: i64, to: i64) {
    let (first, last) = times.get_or_insert((from, to));
    *first = from.min(*first);
    *last = to.max(*last);
}

fn note_outside(spot: &mut Spot, classes: ClassSet, time: i64, period: &Period) {
    let is_near = time >= period.start - OUTSIDE && time < period.end + OUTSIDE;
    if is_near && spot.is_in_scope && classes.contains(EventClass::ManagementWrite) {
        spot.writes_outside.insert(time.div_euclid(DAY) * DAY);
    }
}

/// What was asked for shows that there was something, and no more.
fn add_to_grid(spot: &mut Spot, classes: ClassSet, time: i64, days: &Days) {
    if spot.days.is_empty() {
        spot.days = vec![DayCount::default(); days.count];
    }
    let day = &mut spot.days[days.at(time)];
    day.records += 1;
    day.calls += u64::from(!classes.contains(EventClass::Insights));
    let is_write = classes.contains(EventClass::ManagementWrite);
    let is_read = classes.contains(EventClass::ManagementRead);
    day.writes += u64::from(is_write);
    day.reads += u64::from(is_read);
    let hour = 1 << (time.rem_euclid(DAY) / HOUR);
    day.hours |= hour;
    if is_write || is_read {
        day.management_hours |= hour;
    }
}

/// What the files of trails show: their classes, hour by hour.
fn show(spot: &mut Spot, classes: ClassSet, time: i64, days: &Days) {
    if spot.days.is_empty() {
        spot.days = vec![DayCount::default(); days.count];
    }
    let hour = 1 << (time.rem_euclid(DAY) / HOUR);
    let day = &mut spot.days[days.at(time)];
    day.is_of_trail = true;
    let management = [EventClass::ManagementWrite, EventClass::ManagementRead];
    if management.iter().any(|class| classes.contains(*class)) {
        day.trail_hours |= hour;
    }
    for class in classes.iter() {
        let hours = &mut spot.hours[class as usize];
        if hours.is_empty() {
            hours.resize(days.count, 0);
        }
        hours[days.at(time)] |= hour;
    }
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
    let files = sum(&log_set.file_parts());
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
