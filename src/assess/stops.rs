//! Stretches of time in which a trail did not deliver here what it did before, says a record: it
//! was stopped or deleted, taken from the other Regions or accounts, or sent to another bucket.
//!
//! Such a stretch is excused hour by hour: by management events of the hour, or by digests of
//! another trail that records these and that prove the hour. What lies in one hour of it shows
//! nothing of the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::delivery::Deliveries;
use super::digest_trails::Belonging;
use super::outcome::DayState;
use super::recording::Trails;
use super::tally::DayCount;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::period::{DAY, HOUR, Period};
use crate::record::class::EventClass;
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording};

/// Every stretch in which a trail delivered less.
#[derive(Debug, Default)]
pub struct Stops {
    all: Vec<Stop>,
    /// When trails of an account, or any of an organization (none), were started.
    starts: Vec<(Option<String>, i64)>,
    /// Names of the trails that are known to record all management events.
    managing: BTreeSet<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    kind: Kind,
    /// Owner, home and name of the trail.
    trail: [String; 3],
    belongs: Belonging,
    from: i64,
    /// Where no record tells of the end, others that go on are asked for once only.
    until: Option<i64>,
    /// Whether it is certain that the trail delivered here before, and not after.
    is_certain: bool,
    /// Whether the trail is known to record no management events.
    is_of_data: bool,
}

/// What ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All that the trail delivers.
    Logging,
    /// What it delivers here.
    Bucket,
    /// Other Regions than its home.
    Regions,
    /// Other accounts than its own.
    Accounts,
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
    managing: &'s BTreeSet<String>,
    all: Vec<(&'s Stop, (i64, i64))>,
}

/// What was told or said of a trail so far.
#[derive(Default)]
struct Known {
    is_multi_region: Option<bool>,
    is_organization: Option<bool>,
    bucket: Option<String>,
    recording: Option<Recording>,
}

impl Stops {
    /// From changes in the order of time, and snapshots.
    pub fn new(
        facts: &[TrailFact],
        snapshots: &[Snapshot],
        trails: &Trails<'_>,
        period: &Period,
    ) -> Stops {
        let mut teller = Teller {
            snapshots,
            trails,
            known: BTreeMap::new(),
            open: BTreeMap::new(),
            stops: Stops::default(),
        };
        for fact in facts.iter().filter(|fact| fact.time < period.end) {
            teller.tell(fact);
        }
        teller.finish()
    }

    /// Those that concern an account and Region.
    pub fn at<'s>(&'s self, ground: Ground<'s>) -> Silences<'s> {
        let mut silences = Silences {
            ground,
            managing: &self.managing,
            all: Vec::new(),
        };
        for stop in &self.all {
            if stop.concerns(silences.ground.account, silences.ground.region) {
                let span = silences.span(stop, &self.starts);
                silences.all.extend(span.map(|span| (stop, span)));
            }
        }
        silences
    }
}

impl Silences<'_> {
    /// What stops make of a day; nothing if they leave it as it is.
    pub fn state(&self, at: usize) -> Option<DayState> {
        let states = self.all.iter().filter_map(|(stop, span)| {
            let is_certain = stop.is_certain_for(self.ground.account);
            self.of_day(stop, *span, at, is_certain)
        });
        // The graver one: that logging was stopped holds whatever else is unclear.
        states.max_by_key(|state| *state == DayState::Stopped)
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
        let excused = hours.filter(|hour| self.is_excused(stop, *hour)).count();
        match excused {
            // The classes tell what a trail of data events leaves open.
            1.. if stop.is_of_data => None,
            // A stop without a whole hour cannot be excused.
            0 => Some(stopped),
            some if some < count => Some(DayState::Unclear),
            _ => None,
        }
    }

    /// The time for which a stop must be excused here; nothing if others are known to go on.
    ///
    /// Where no record tells of the end, the trail is gone: what comes after it is that of others,
    /// which must show themselves once, from the first hour on.
    fn span(&self, stop: &Stop, starts: &[(Option<String>, i64)]) -> Option<(i64, i64)> {
        let period = self.ground.period;
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
        let is_later = |start: &&(Option<String>, i64)| {
            let concerns = start.0.as_ref().is_none_or(|one| *one == stop.trail[0]);
            concerns && start.1 > stop.from
        };
        let start = starts.iter().find(is_later).map(|(_, at)| *at);
        let end = start.unwrap_or(period.end).min(period.end);
        let mut hours = whole_hours((stop.from + 1).max(period.start), end);
        let first = hours.clone().next();
        let shown = hours.find(|hour| self.is_excused(stop, *hour));
        match shown {
            Some(_) if shown == first => None,
            _ => Some((stop.from, shown.unwrap_or(end))),
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
                false => count.management_hours,
            }
        });
        let is_other = |name: &str| name != stop.trail[2] && self.managing.contains(name);
        hours >> bit & 1 == 1
            || self.ground.deliveries.is_proved_by(
                (self.ground.account, self.ground.region),
                (hour, hour + HOUR),
                &is_other,
            )
    }
}

/// The first seconds of the whole hours in a stretch.
fn whole_hours(from: i64, until: i64) -> impl Iterator<Item = i64> + Clone {
    let first = from.div_euclid(HOUR) + i64::from(from.rem_euclid(HOUR) > 0);
    (first..until.div_euclid(HOUR)).map(|hour| hour * HOUR)
}

impl Stop {
    fn concerns(&self, account: &str, region: &str) -> bool {
        let [owner, home, _] = &self.trail;
        let is_its = owner == account || self.belongs != Belonging::Alone;
        let is_reached = match self.kind {
            Kind::Logging | Kind::Bucket => true,
            Kind::Regions => region != home,
            Kind::Accounts => account != owner,
        };
        is_its && is_reached
    }

    fn is_certain_for(&self, account: &str) -> bool {
        self.is_certain && (self.trail[0] == account || self.belongs != Belonging::Unclear)
    }
}

/// Reads changes one after the other.
struct Teller<'t> {
    snapshots: &'t [Snapshot],
    trails: &'t Trails<'t>,
    known: BTreeMap<[String; 3], Known>,
    open: BTreeMap<([String; 3], Kind), Stop>,
    stops: Stops,
}

impl Teller<'_> {
    fn tell(&mut self, fact: &TrailFact) {
        let settings: Value = serde_json::from_str(&fact.settings).unwrap_or(Value::Null);
        match fact.change {
            TrailChange::Stopped => self.begin(fact, Kind::Logging, true),
            TrailChange::Started => {
                self.end(fact, Kind::Logging);
                let belongs = self.trails.belonging(fact) != Belonging::Alone;
                let whose = (!belongs).then(|| fact.account.clone());
                self.stops.starts.push((whose, fact.time));
            }
            TrailChange::Narrowed | TrailChange::Selected => {}
        }
        let is_new = fact.event_name == "CreateTrail";
        let flag = |member: &str| settings.get(member).and_then(Value::as_bool);
        let default = is_new.then_some(false);
        self.tell_flag(fact, Kind::Regions, flag("isMultiRegionTrail").or(default));
        self.tell_flag(
            fact,
            Kind::Accounts,
            flag("isOrganizationTrail").or(default),
        );
        if let Some(bucket) = settings.get("s3BucketName").and_then(Value::as_str) {
            self.tell_bucket(fact, bucket, is_new);
        }
        let told = match is_new {
            true => Some(Recording::of_a_new_trail()),
            false => Recording::parse(&settings),
        };
        if told.is_some() {
            self.known.entry(name_of(fact)).or_default().recording = told;
        }
    }

    /// A trail that was told whether it works in all Regions, or for all accounts.
    fn tell_flag(&mut self, fact: &TrailFact, kind: Kind, told: Option<bool>) {
        let Some(is_on) = told else { return };
        let said = self.said(fact, |one| match kind {
            Kind::Regions => one.is_multi_region,
            _ => one.is_organization,
        });
        let known = self.known.entry(name_of(fact)).or_default();
        let flag = match kind {
            Kind::Regions => &mut known.is_multi_region,
            _ => &mut known.is_organization,
        };
        let before = flag.replace(is_on).or(said);
        let is_new = fact.event_name == "CreateTrail";
        match (is_on, before) {
            (true, _) => self.end(fact, kind),
            (false, Some(false)) => {}
            (false, None) if is_new => {}
            (false, before) => {
                let is_seen = match kind {
                    Kind::Regions => self.trails.has_digests_elsewhere(fact),
                    _ => match self.trails.belonging(fact) {
                        Belonging::Alone => Some(false),
                        Belonging::Unclear => None,
                        Belonging::Organization => Some(true),
                    },
                };
                // Digests of its home or its account alone show that nothing was taken.
                if before == Some(true) || is_seen != Some(false) {
                    self.begin(fact, kind, before == Some(true) || is_seen == Some(true));
                }
            }
        }
    }

    /// A trail that was told into which bucket it delivers. Which one the logs here come from is
    /// known from digest files or snapshots; otherwise any other than before may be it.
    fn tell_bucket(&mut self, fact: &TrailFact, bucket: &str, is_new: bool) {
        let mut here: BTreeSet<&str> = self.trails.buckets_here(fact);
        let said: Vec<&str> = self
            .said_of(fact)
            .filter_map(|one| one.1.bucket.as_deref())
            .collect();
        if here.is_empty() {
            here.extend(said);
        }
        let is_here = here.contains(bucket);
        let is_known = !here.is_empty();
        let known = self.known.entry(name_of(fact)).or_default();
        let before = known.bucket.replace(bucket.to_owned());
        match (is_here, is_known) {
            (true, _) => self.end(fact, Kind::Bucket),
            _ if is_new || before.as_deref() == Some(bucket) => {}
            (false, is_known) => {
                // What went elsewhere before may have come back.
                if !is_known {
                    self.end(fact, Kind::Bucket);
                }
                self.begin(fact, Kind::Bucket, is_known);
            }
        }
    }

    fn begin(&mut self, fact: &TrailFact, kind: Kind, is_certain: bool) {
        let stop = Stop {
            kind,
            trail: name_of(fact),
            belongs: match kind {
                // Only a trail of the organization can be taken from other accounts.
                Kind::Accounts if is_certain => Belonging::Organization,
                Kind::Accounts => Belonging::Unclear,
                _ => self.trails.belonging(fact),
            },
            from: fact.time,
            until: None,
            is_certain,
            is_of_data: self.is_of_data(fact),
        };
        self.open.entry((name_of(fact), kind)).or_insert(stop);
    }

    fn end(&mut self, fact: &TrailFact, kind: Kind) {
        if let Some(mut stop) = self.open.remove(&(name_of(fact), kind)) {
            stop.until = Some(fact.time);
            self.stops.all.push(stop);
        }
    }

    /// Whether the trail recorded no management events when it was stopped, as far as is known.
    fn is_of_data(&self, fact: &TrailFact) -> bool {
        let told = self.known.get(&name_of(fact));
        if let Some(recording) = told.and_then(|known| known.recording.as_ref()) {
            return is_without_management(recording);
        }
        let mut said = self
            .said_of(fact)
            .filter_map(|one| one.1.recording.as_ref())
            .peekable();
        said.peek().is_some() && said.all(is_without_management)
    }

    /// What snapshots say of the trail of a change.
    fn said_of(
        &self,
        fact: &TrailFact,
    ) -> impl Iterator<Item = (Option<i64>, &crate::trail::snapshot::TrailSetting)> {
        let name = name_of(fact);
        self.snapshots.iter().flat_map(move |file| {
            let name = name.clone();
            let of_trail = file
                .trails
                .iter()
                .filter(move |one| [&one.account, &one.region, &one.name] == name.each_ref());
            of_trail.map(|one| (file.taken_at, one))
        })
    }

    /// What the last snapshot from before a change says.
    fn said(
        &self,
        fact: &TrailFact,
        of: impl Fn(&crate::trail::snapshot::TrailSetting) -> Option<bool>,
    ) -> Option<bool> {
        let before = self.said_of(fact).filter_map(|(at, one)| {
            let at = at.filter(|at| *at <= fact.time)?;
            Some((at, of(one)?))
        });
        before.max().map(|(_, is_on)| is_on)
    }

    fn finish(mut self) -> Stops {
        self.stops.all.extend(self.open.into_values());
        self.stops
            .all
            .sort_by(|a, b| (a.from, &a.trail, a.kind).cmp(&(b.from, &b.trail, b.kind)));
        self.stops.starts.sort_by_key(|(_, at)| *at);
        let told = self.known.into_iter().filter_map(|(name, known)| {
            known
                .recording
                .map(|recording| (name[2].clone(), recording))
        });
        let said = self
            .snapshots
            .iter()
            .flat_map(|file| &file.trails)
            .filter_map(|one| {
                one.recording
                    .clone()
                    .map(|recording| (one.name.clone(), recording))
            });
        let mut managing: BTreeMap<String, bool> = BTreeMap::new();
        for (name, recording) in told.chain(said) {
            *managing.entry(name).or_insert(true) &= is_of_all_management(&recording);
        }
        let all = managing.into_iter().filter(|(_, is_it)| *is_it);
        self.stops.managing = all.map(|(name, _)| name).collect();
        self.stops
    }
}

fn is_without_management(recording: &Recording) -> bool {
    let classes = [EventClass::ManagementWrite, EventClass::ManagementRead];
    classes
        .iter()
        .all(|class| recording.extent(*class) == Extent::Nothing)
}

fn is_of_all_management(recording: &Recording) -> bool {
    let classes = [EventClass::ManagementWrite, EventClass::ManagementRead];
    classes
        .iter()
        .all(|class| recording.extent(*class) == Extent::Whole)
}

fn name_of(fact: &TrailFact) -> [String; 3] {
    [
        fact.account.clone(),
        fact.region.clone(),
        fact.trail.clone(),
    ]
}
