//! The sums of a count: by account and Region, class, day and profile.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

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
use crate::record::identity::UNKNOWN;
use crate::source::layout;
use crate::source::shape::Shape;

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
    run: Run,
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
    /// Whether the records name an account or Region that is not in scope, and lie in a folder of one
    /// that is.
    is_stray: bool,
}

impl CellCount {
    /// One without records.
    pub fn of(kind: Kind) -> CellCount {
        CellCount {
            kind,
            run: Run::default(),
            kept: 0,
            first_time: i64::MAX,
            last_time: i64::MIN,
            late: None,
            origins: Origins::default(),
        }
    }
}

/// Kept records of a cell and a file that lie in one hour of the period and are not added yet: most
/// lie in the hour of the one before.
#[derive(Default)]
struct Run {
    rank: u32,
    times: Range<i64>,
    records: u64,
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
        let places = self.places;
        let claim = file.claim()?;
        let is_own = (claim.account.as_ref()).is_some_and(|account| places.has_account(account));
        // A folder of a Region that is in scope holds no records of others.
        let is_own_region = Option::zip(claim.account.as_ref(), claim.region.as_ref())
            .is_some_and(|(account, region)| places.contains(account, region));
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
                is_stray: is_own && !places.has_account(cell.account)
                    || is_own_region && !places.contains(cell.account, cell.region),
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
        let account = account.unwrap_or_else(|| UNKNOWN.to_owned());
        *self.refused.entry(account).or_default() += refused;
        Ok(())
    }

    /// Adds a record of the file at `rank` to exactly one count.
    #[inline]
    pub fn add(&mut self, cell: &mut CellCount, rank: u32, time: i64, dropped: Option<Drop>) {
        if dropped.is_some() || rank != cell.run.rank || !cell.run.times.contains(&time) {
            let spot = &self.spots.all[cell.kind.spot];
            if dropped.is_some() || !spot.is_in_scope || !self.period.contains(time) {
                return self.leave_out(cell, rank, time, dropped);
            }
            self.begin_run(cell, rank, time);
        }
        cell.run.records += 1;
        cell.first_time = cell.first_time.min(time);
        cell.last_time = cell.last_time.max(time);
    }

    /// Adds a record that is not kept.
    fn leave_out(&mut self, cell: &CellCount, rank: u32, time: i64, dropped: Option<Drop>) {
        let is_selected = self.is_selected(rank);
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
            None => {
                spot.counts.outside_scope += 1;
                self.tally.strays += u64::from(cell.kind.is_stray);
            }
        }
    }

    fn is_selected(&self, rank: u32) -> bool {
        !self.selected.is_empty() && self.selected.contains(&rank)
    }

    fn begin_run(&mut self, cell: &mut CellCount, rank: u32, time: i64) {
        self.end_run(cell);
        let hour = time.div_euclid(HOUR) * HOUR;
        let (from, until) = (self.period.start, self.period.end);
        cell.run = Run {
            rank,
            times: hour.max(from)..(hour + HOUR).min(until),
            records: 0,
        };
    }

    /// Adds the run of a cell to the whole.
    fn end_run(&mut self, cell: &mut CellCount) {
        let run = std::mem::take(&mut cell.run);
        if run.records == 0 {
            return;
        }
        cell.kept += run.records;
        let is_selected = self.is_selected(run.rank);
        let spot = &mut self.spots.all[cell.kind.spot];
        spot.counts.seen += run.records;
        spot.counts.kept += run.records;
        add_to_grid(spot, cell.kind.classes, &run, &self.days);
        if !is_selected {
            show(spot, cell.kind.classes, run.times.start, &self.days);
        }
        if !self.watched.is_empty() && self.watched.contains(&run.rank) {
            *self.tally.watched.entry(run.rank).or_default() += run.records;
        }
    }

    /// Adds what there is of a cell to the whole.
    pub fn close(&mut self, cell: &mut CellCount) {
        self.end_run(cell);
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
fn add_to_grid(spot: &mut Spot, classes: ClassSet, run: &Run, days: &Days) {
    let (time, records) = (run.times.start, run.records);
    if spot.days.is_empty() {
        spot.days = vec![DayCount::default(); days.count];
    }
    let day = &mut spot.days[days.at(time)];
    day.records += records;
    day.calls += records * u64::from(!classes.contains(EventClass::Insights));
    let is_write = classes.contains(EventClass::ManagementWrite);
    let is_read = classes.contains(EventClass::ManagementRead);
    day.writes += records * u64::from(is_write);
    day.reads += records * u64::from(is_read);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::scope::Scope;

    /// Half past an hour to half past another, four days on.
    const PERIOD: (i64, i64) = (1000 * DAY + HOUR / 2, 1004 * DAY + HOUR / 2);

    /// A record: its cell, file and time, and why it is left out.
    type Record = (usize, u32, i64, Option<Drop>);

    /// The sums of records, each with a cell of its own or all with those that they share.
    fn sums(records: &[Record], are_alone: bool) -> (LogSet, Tally) {
        let places = Places::of(&Scope::none(), None);
        let period = Period {
            start: PERIOD.0,
            end: PERIOD.1,
            label: String::new(),
        };
        let watched = HashSet::from([1]);
        let mut sums = Sums::new(&places, &period, &watched);
        sums.selected.insert(2);
        let class = |classes: &[EventClass]| classes.iter().copied().collect::<ClassSet>();
        let kinds = [
            ("us-east-1", class(&[EventClass::ManagementWrite])),
            ("us-east-1", class(&[EventClass::ManagementRead])),
            ("eu-west-1", class(&[EventClass::Insights])),
        ];
        let kinds = kinds.map(|(region, classes)| Kind {
            spot: sums.spots.number("111122223333", region, &places),
            classes,
            profile: 0,
            mark: None,
            is_stray: false,
        });
        let mut cells: Vec<CellCount> = kinds.iter().cloned().map(CellCount::of).collect();
        for (cell, rank, time, dropped) in records {
            let mut alone = CellCount::of(kinds[*cell].clone());
            let cell = match are_alone {
                true => &mut alone,
                false => &mut cells[*cell],
            };
            sums.add(cell, *rank, *time, *dropped);
            sums.close(&mut alone);
        }
        cells.iter_mut().for_each(|cell| sums.close(cell));
        let mut log_set = LogSet::default();
        let tally = sums.finish(&mut log_set).expect("sums that reconcile");
        (log_set, tally)
    }

    proptest::proptest! {
        #[test]
        fn records_of_one_hour_add_up_as_each_alone(
            raw in proptest::collection::vec((0usize..3, 0u32..3, -3i64..6, 0i64..7200, 0u8..9), 0..60),
        ) {
            let records: Vec<Record> = raw.into_iter().map(|(cell, rank, day, second, dropped)| {
                let dropped = match dropped {
                    0 => Some(Drop::Duplicate),
                    1 => Some(Drop::Conflict),
                    2 => Some(Drop::Amended),
                    _ => None,
                };
                (cell, rank, (1000 + day) * DAY + second, dropped)
            }).collect();
            let (log_set, tally) = sums(&records, false);
            let (log_set_alone, alone) = sums(&records, true);
            proptest::prop_assert_eq!(log_set, log_set_alone);
            proptest::prop_assert_eq!(tally.grid, alone.grid);
            proptest::prop_assert_eq!(tally.classes, alone.classes);
            proptest::prop_assert_eq!(tally.class_hours, alone.class_hours);
            proptest::prop_assert_eq!(tally.kinds, alone.kinds);
            proptest::prop_assert_eq!(tally.watched, alone.watched);
            proptest::prop_assert_eq!(tally.duplicates, alone.duplicates);
            proptest::prop_assert_eq!(tally.conflict_hours, alone.conflict_hours);
            proptest::prop_assert_eq!(tally.writes_outside, alone.writes_outside);
        }
    }

    #[test]
    fn a_record_counts_on_its_day_and_in_its_hour() {
        let (day, hour) = (1001 * DAY, HOUR);
        let times = [
            day + 5 * hour,
            day + 5 * hour + 3599,
            day + 6 * hour,
            day + 24 * hour,
        ];
        let (log_set, tally) = sums(&times.map(|time| (0, 0, time, None)), false);
        let days = &tally.grid[&("111122223333".to_owned(), "us-east-1".to_owned())];
        let found: Vec<_> = days
            .iter()
            .map(|day| (day.records, day.writes, day.hours))
            .collect();
        assert_eq!(
            found,
            [(0, 0, 0), (3, 3, 3 << 5), (1, 1, 1), (0, 0, 0), (0, 0, 0)]
        );
        assert_eq!(
            (log_set.first_time, log_set.last_time),
            (Some(times[0]), Some(times[3]))
        );
        assert_eq!(log_set.total.kept, 4);
    }
}
