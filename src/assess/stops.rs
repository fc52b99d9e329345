//! Stretches of time in which a trail did not deliver here what it did before, says a record: it
//! was stopped or deleted, taken from the other Regions or accounts, or sent to another bucket.
//!
//! Such a stretch is excused hour by hour: by management events of the hour, or by digests of
//! another trail that records these and that prove the hour. What lies in one hour of it shows
//! nothing of the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::delivery::Deliveries;
use super::digest_trails::{Belonging, DigestTrail, Same};
use super::doubts::GLOBAL_REGIONS;
use super::managing::Managing;
use super::outcome::DayState;
use super::recording::Trails;
use super::starts::{Place, Start, Successor, successor};
use super::tally::{DayCount, Tally};
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::period::{DAY, HOUR, Period};
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::Extent;
use crate::trail::snapshot::Snapshot;

mod teller;

use teller::Teller;

/// Every stretch in which a trail delivered less.
#[derive(Debug, Default)]
pub struct Stops {
    all: Vec<Stop>,
    /// In the order of time.
    starts: Vec<Start>,
    /// What trails are known to record of management events.
    managing: Managing,
    /// Accounts with records in files without folders.
    unplaced: BTreeSet<String>,
    /// Accounts with records from a log group, and those with any other.
    forwarded: BTreeSet<String>,
    filed: BTreeSet<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    kind: Kind,
    trail: StoppedTrail,
    belongs: Belonging,
    from: i64,
    /// Where no record tells of the end, others that go on are asked for once only.
    until: Option<i64>,
    /// Whether it is certain that the trail delivered here before, and not after.
    is_certain: bool,
    /// Whether the trail is known to record no management events.
    is_of_data: bool,
    /// Whether a start alone tells of it, or an answer that tells of a place or switch otherwise than
    /// was known: it began at an unknown time before.
    is_start_alone: bool,
    /// Whether it is known to work in its home alone.
    is_of_one_region: bool,
    /// When it was made, says a record: what was recorded before is that of other trails.
    made: Option<i64>,
    /// Homes of other trails that run, say records, and whether they may work in other Regions.
    others: Vec<(String, bool)>,
    /// What tells of it, in words.
    cause: Arc<str>,
}

/// The trail, by what tells of the stop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum StoppedTrail {
    /// Records of calls: owner, home and name.
    Calls([String; 3]),
    /// Its digests here.
    Digests(DigestTrail),
}

/// What ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All that the trail delivers.
    Logging,
    /// What it delivers here.
    Bucket,
    /// What it delivers below the prefix that is here.
    Prefix,
    /// What it delivers to a log group of CloudWatch Logs.
    LogGroup,
    /// Other Regions than its home.
    Regions,
    /// Other accounts than its own.
    Accounts,
    /// An account that left its organization.
    Member,
}

/// One account and Region, as far as stops are asked about.
pub struct Ground<'a> {
    /// Account.
    pub account: &'a str,
    /// Region.
    pub region: &'a str,
    /// First seconds of the days.
    pub days: &'a [i64],
    /// What is counted on each of them.
    pub counts: &'a [DayCount],
    /// Days outside the period that have management write events.
    pub outside: Option<&'a BTreeSet<i64>>,
    /// What digests prove.
    pub deliveries: &'a Deliveries,
    /// The period.
    pub period: &'a Period,
}

/// The stops of one account and Region, with the times for which they must be excused.
pub struct Silences<'s> {
    ground: Ground<'s>,
    known: &'s Stops,
    all: Vec<(Stop, (i64, i64))>,
}

impl Stops {
    /// From changes in the order of time, snapshots, and what is counted.
    pub fn new(
        facts: &[TrailFact],
        (snapshots, tally): (&[Snapshot], &Tally),
        trails: &Trails<'_>,
        period: &Period,
    ) -> Stops {
        let mut teller = Teller::new(snapshots, trails);
        let mut facts: Vec<&TrailFact> = facts.iter().filter(|one| one.time < period.end).collect();
        // The order within a second is not known: a trail is made before it is started, and a stop
        // is taken for the last.
        let order = |fact: &&TrailFact| match fact.change {
            TrailChange::Stopped => 2,
            _ => u8::from(fact.event_name != "CreateTrail"),
        };
        facts.sort_by_key(|fact| (fact.time, order(fact)));
        for fact in facts {
            teller.tell(fact);
        }
        Stops {
            unplaced: trails.unplaced().clone(),
            forwarded: tally.forwarded.clone(),
            filed: tally.filed.clone(),
            ..teller.finish()
        }
    }

    /// Whether a record tells that the trail of digests that end at this time was stopped, deleted
    /// or sent elsewhere then, and none that it came back.
    pub fn tells_end(&self, (account, region): (&str, &str), of: &DigestTrail, end: i64) -> bool {
        let place = (account, region, self.unplaced.contains(account));
        self.all.iter().any(|stop| {
            stop.until.is_none()
                && !stop.is_start_alone
                && (stop.from - end).abs() <= HOUR
                && stop.trail.is_that_of(of, stop.belongs) == Same::Yes
                && self.concern(stop, place)
        })
    }

    /// Those that concern an account and Region.
    pub fn at<'s>(&'s self, ground: Ground<'s>) -> Silences<'s> {
        let mut silences = Silences {
            ground,
            known: self,
            all: Vec::new(),
        };
        for stop in &self.all {
            if self.concern(stop, silences.place()) {
                let stop = Stop {
                    is_certain: stop.is_certain && !self.is_after_another(stop, &silences),
                    ..stop.clone()
                };
                silences.add(stop);
            }
        }
        silences.add_pauses();
        silences
    }

    /// Whether a stop concerns a place. A trail delivers to a log group apart from its bucket, and
    /// only what is read from either misses what is sent to it.
    fn concern(&self, stop: &Stop, place: Place<'_>) -> bool {
        let is_forwarded = self.forwarded.contains(place.0);
        let is_read = match stop.kind {
            Kind::LogGroup => is_forwarded,
            Kind::Bucket | Kind::Prefix => !is_forwarded || self.filed.contains(place.0),
            _ => true,
        };
        is_read && stop.concerns(place)
    }

    /// Whether a trail recorded here before this one was made, of which no stop since is known.
    fn is_after_another(&self, stop: &Stop, silences: &Silences<'_>) -> bool {
        let Some(made) = stop.made else { return false };
        let is_off_since = |other: &Stop| {
            let is_open = other.until.is_none_or(|until| until > stop.from);
            other.trail != stop.trail && (made..=stop.from).contains(&other.from) && is_open
        };
        let place = silences.place();
        let mut others = self.all.iter().filter(|one| self.concern(one, place));
        silences.is_recorded_before(made) && !others.any(is_off_since)
    }
}

impl Silences<'_> {
    fn place(&self) -> Place<'_> {
        let (account, region) = (self.ground.account, self.ground.region);
        (account, region, self.known.unplaced.contains(account))
    }

    /// What stops make of a day, and what tells so; nothing if they leave it as it is.
    pub fn state(&self, at: usize) -> Option<(DayState, Arc<str>)> {
        let states = self.all.iter().rev().filter_map(|(stop, span)| {
            let is_certain = stop.is_certain_at(self.ground.account, self.ground.region);
            let state = self.of_day(stop, *span, at, is_certain)?;
            Some((state, &stop.cause))
        });
        // The graver one: that logging was stopped holds whatever else is unclear. Of several the
        // first.
        let graver = states.max_by_key(|(state, _)| *state == DayState::Stopped);
        graver.map(|(state, cause)| (state, Arc::clone(cause)))
    }

    fn of_day(
        &self,
        stop: &Stop,
        span: (i64, i64),
        at: usize,
        is_certain: bool,
    ) -> Option<DayState> {
        let day = self.ground.days[at];
        // The record that tells of the stop lies in its first second.
        let (from, until) = ((span.0 + 1).max(day), span.1.min(day + DAY));
        if from >= until {
            return None;
        }
        let stopped = match is_certain {
            true => DayState::Stopped,
            false => DayState::Unclear,
        };
        let hours = whole_hours(from, until);
        let count = hours.clone().count();
        let of = |is_it: &dyn Fn(&i64) -> bool| hours.clone().filter(is_it).count();
        let excused = of(&|hour| self.is_excused(stop, *hour));
        let is_managed = self.ground.counts[at].management_hours != 0;
        // Only digests show anything of a stretch without a whole hour.
        let is_proved = |is_maybe| count == 0 && self.is_proved(stop, (from, until), is_maybe);
        match excused {
            _ if stop.is_of_data && (count == 0 || is_managed) => None,
            0 if stop.is_start_alone && count == 0 => None,
            // The classes tell what a trail of data events leaves open.
            1.. if stop.is_of_data => None,
            0 if is_proved(false) => None,
            0 if is_proved(true) => Some(DayState::Unclear),
            // What digests of a trail prove excuses nothing if nobody knows what it records, and
            // nobody knows that nothing was.
            0 if of(&|hour| self.is_proved(stop, (*hour, hour + HOUR), true)) > 0 => {
                Some(DayState::Unclear)
            }
            0 => Some(stopped),
            some if some < count => Some(DayState::Unclear),
            _ => None,
        }
    }

    /// What is silent from the start of a trail on that may have taken over is not certain.
    fn add(&mut self, stop: Stop) {
        let Some((from, until)) = self.span(&stop) else {
            return;
        };
        match self.successor(&stop) {
            Successor::Perhaps(at) if stop.until.is_none() && at < until => {
                let unclear = Stop {
                    is_certain: false,
                    ..stop.clone()
                };
                self.all.push((unclear, (at, until)));
                self.all.push((stop, (from, at)));
            }
            _ => self.all.push((stop, (from, until))),
        }
    }

    fn successor(&self, stop: &Stop) -> Successor {
        let StoppedTrail::Calls(trail) = &stop.trail else {
            return Successor::Nobody;
        };
        successor(&self.known.starts, trail, stop.from, self.place())
    }

    /// Whether there are management events of the period before a time.
    fn is_recorded_before(&self, time: i64) -> bool {
        let days = self.ground.days.iter().zip(self.ground.counts);
        let hours = days.flat_map(|(day, count)| {
            let is_set = |hour: &i64| count.trail_hours >> hour & 1 == 1;
            (0..24).filter(is_set).map(move |hour| day + hour * HOUR)
        });
        hours.min().is_some_and(|hour| hour + HOUR <= time)
    }

    /// The time for which a stop must be excused here; nothing if others are known to go on.
    ///
    /// Where no record tells of the end, the trail is gone: what comes after it is that of others,
    /// which must show themselves once, from the first hour on.
    fn span(&self, stop: &Stop) -> Option<(i64, i64)> {
        let period = self.ground.period;
        if stop.is_start_alone {
            return self.span_before(stop);
        }
        if let Some(until) = stop.until {
            return Some((stop.from, until));
        }
        let of_before = |day: &i64| *day > stop.from && *day < period.start;
        if self
            .ground
            .outside
            .is_some_and(|days| days.iter().any(of_before))
        {
            return None;
        }
        let end = match self.successor(stop) {
            Successor::Since(at) => at.min(period.end),
            Successor::Nobody | Successor::Perhaps(_) => period.end,
        };
        let mut hours = whole_hours((stop.from + 1).max(period.start), end);
        let first = hours.clone().next();
        let shown = hours.find(|hour| self.is_excused(stop, *hour));
        match shown {
            Some(_) if shown == first => None,
            _ => Some((stop.from, shown.unwrap_or(end))),
        }
    }

    /// The time before a start of which no record tells that it ended a stop.
    fn span_before(&self, stop: &Stop) -> Option<(i64, i64)> {
        let (place, until) = ((self.ground.account, self.ground.region), stop.until?);
        let hours = whole_hours(self.ground.period.start, until);
        let is_shown = |hour: &i64| {
            let by_digests =
                (self.ground.deliveries).is_proved(place.0, place.1, (*hour, hour + HOUR));
            by_digests || self.is_excused(stop, *hour)
        };
        let shown = hours.filter(is_shown).last().map(|hour| hour + HOUR);
        let from = shown.unwrap_or(self.ground.period.start) - 1;
        // It is known that it was otherwise then.
        let known = (stop.from < until).then_some(stop.from);
        Some((known.map_or(from, |at| from.max(at)), until))
    }

    /// Stops that the digests of a trail prove, and perhaps no record.
    fn add_pauses(&mut self) {
        let (account, region) = (self.ground.account, self.ground.region);
        for (trail, pause) in self.ground.deliveries.pauses(account, region) {
            let until_then = self.known.managing.extent(trail, (pause.0 - 1, pause.0));
            let stop = Stop {
                kind: Kind::Logging,
                trail: StoppedTrail::Digests(trail.clone()),
                belongs: Belonging::Alone,
                from: pause.0,
                until: Some(pause.1),
                is_certain: until_then == Some(Extent::Whole),
                is_of_data: until_then == Some(Extent::Nothing),
                is_start_alone: false,
                is_of_one_region: false,
                made: None,
                others: Vec::new(),
                cause: cause_of_pause(trail, *pause),
            };
            self.all.push((stop, *pause));
        }
    }

    /// Whether an hour has events that another trail recorded, or is proved by its digests.
    fn is_excused(&self, stop: &Stop, hour: i64) -> bool {
        let (day, bit) = (hour.div_euclid(DAY) * DAY, hour.rem_euclid(DAY) / HOUR);
        let at = self.ground.days.binary_search(&day);
        let hours = at.map_or(0, |at| {
            let count = &self.ground.counts[at];
            match stop.is_of_data {
                true => count.hours,
                false => count.trail_hours,
            }
        });
        hours >> bit & 1 == 1 || self.is_proved(stop, (hour, hour + HOUR), false)
    }

    /// Whether digests of another trail prove a stretch, which records all management events or, if
    /// that is enough, may do so.
    fn is_proved(&self, stop: &Stop, span: (i64, i64), is_maybe: bool) -> bool {
        let records = |trail: &DigestTrail| {
            let extent = self.known.managing.extent(trail, span);
            match is_maybe {
                true => extent != Some(Extent::Nothing),
                false => extent == Some(Extent::Whole),
            }
        };
        let same = |trail: &DigestTrail| stop.trail.is_that_of(trail, stop.belongs);
        self.ground.deliveries.is_proved_by(
            (self.ground.account, self.ground.region),
            span,
            &|trail| same(trail) == Same::Yes,
            &|trail| same(trail) == Same::No && records(trail),
        )
    }
}

fn cause_of_pause(trail: &DigestTrail, (from, until): (i64, i64)) -> Arc<str> {
    let (from, until) = (time::format(from), time::format(until));
    let name = display_value(trail.name());
    format!("digests of trail `{name}` leave out {from} to {until}").into()
}

/// The first seconds of the whole hours in a stretch.
fn whole_hours(from: i64, until: i64) -> impl Iterator<Item = i64> + Clone {
    let first = from.div_euclid(HOUR) + i64::from(from.rem_euclid(HOUR) > 0);
    (first..until.div_euclid(HOUR)).map(|hour| hour * HOUR)
}

impl StoppedTrail {
    fn is_owned_by(&self, account: &str) -> bool {
        matches!(self, StoppedTrail::Calls([owner, ..]) if owner == account)
    }

    /// Whether these digests are of it.
    fn is_that_of(&self, trail: &DigestTrail, belongs: Belonging) -> Same {
        match self {
            StoppedTrail::Calls([owner, home, name]) => trail.is_of((owner, home, name), belongs),
            StoppedTrail::Digests(own) if own == trail => Same::Yes,
            StoppedTrail::Digests(_) => Same::No,
        }
    }
}

impl Stop {
    fn concerns(&self, (account, region, is_unplaced): Place<'_>) -> bool {
        let StoppedTrail::Calls([owner, home, _]) = &self.trail else {
            return true;
        };
        let is_its = owner == account || self.belongs.may_reach(is_unplaced);
        let is_reached = match self.kind {
            // A trail of one Region has the events of global services too.
            Kind::Logging | Kind::Bucket | Kind::Prefix | Kind::LogGroup => {
                !self.is_of_one_region || region == home || GLOBAL_REGIONS.contains(&region)
            }
            Kind::Regions => region != home,
            Kind::Accounts => account != owner,
            Kind::Member => true,
        };
        is_its && is_reached
    }

    fn is_certain_at(&self, account: &str, region: &str) -> bool {
        let mut others = self.others.iter();
        let is_alone = !others.any(|(home, is_wide)| *is_wide || home == region);
        let is_known = matches!(self.belongs, Belonging::Alone | Belonging::Organization);
        let is_its = self.trail.is_owned_by(account) || is_known;
        self.is_certain && is_alone && is_its
    }
}
