//! Stretches of time in which a trail did not deliver here what it did before, says a record: it
//! was stopped or deleted, taken from the other Regions or accounts, or sent to another bucket.
//!
//! Such a stretch is excused hour by hour: by management events of the hour, or by digests of
//! another trail that records these and that prove the hour. What lies in one hour of it shows
//! nothing of the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::delivery::Deliveries;
use super::digest_trails::{Belonging, DigestTrail, Same};
use super::doubts::GLOBAL_REGIONS;
use super::managing::{self, Managing};
use super::outcome::DayState;
use super::recording::Trails;
use super::starts::{Start, Successor, successor};
use super::story::plain_prefix;
use super::tally::DayCount;
use crate::ledger::facts::{TrailChange, TrailFact, UNREADABLE};
use crate::period::{DAY, HOUR, Period};
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording};

/// Every stretch in which a trail delivered less.
#[derive(Debug, Default)]
pub struct Stops {
    all: Vec<Stop>,
    /// In the order of time.
    starts: Vec<Start>,
    /// What trails are known to record of management events.
    managing: Managing,
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
    /// Whether a start alone tells of it: it began at an unknown time before.
    is_start_alone: bool,
    /// Whether it is known to work in its home alone.
    is_of_one_region: bool,
    /// When it was made, says a record: what was recorded before is that of other trails.
    made: Option<i64>,
    /// Homes of other trails that run, say records, and whether they may work in other Regions.
    others: Vec<(String, bool)>,
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

/// What was told or said of a trail so far.
#[derive(Default)]
struct Known {
    is_multi_region: Option<bool>,
    is_organization: Option<bool>,
    bucket: Option<String>,
    prefix: Option<String>,
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
            running: BTreeSet::new(),
            seen: BTreeSet::new(),
            made: BTreeMap::new(),
            stops: Stops::default(),
        };
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
        teller.finish()
    }

    /// Those that concern an account and Region.
    pub fn at<'s>(&'s self, ground: Ground<'s>) -> Silences<'s> {
        let mut silences = Silences {
            ground,
            known: self,
            all: Vec::new(),
        };
        for stop in &self.all {
            if stop.concerns(silences.ground.account, silences.ground.region) {
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

    /// Whether a trail recorded here before this one was made, of which no stop since is known.
    fn is_after_another(&self, stop: &Stop, silences: &Silences<'_>) -> bool {
        let Some(made) = stop.made else { return false };
        let (account, region) = (silences.ground.account, silences.ground.region);
        let is_off_since = |other: &Stop| {
            let is_open = other.until.is_none_or(|until| until > stop.from);
            other.trail != stop.trail && (made..=stop.from).contains(&other.from) && is_open
        };
        let mut others = self.all.iter().filter(|one| one.concerns(account, region));
        silences.is_recorded_before(made) && !others.any(is_off_since)
    }
}

impl Silences<'_> {
    /// What stops make of a day; nothing if they leave it as it is.
    pub fn state(&self, at: usize) -> Option<DayState> {
        let states = self.all.iter().filter_map(|(stop, span)| {
            let is_certain = stop.is_certain_at(self.ground.account, self.ground.region);
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
        let of = |is_it: &dyn Fn(&i64) -> bool| hours.clone().filter(is_it).count();
        let excused = of(&|hour| self.is_excused(stop, *hour));
        let is_managed = self.ground.counts[at].management_hours != 0;
        match excused {
            _ if stop.is_of_data && (count == 0 || is_managed) => None,
            0 if stop.is_start_alone && count == 0 => None,
            // The classes tell what a trail of data events leaves open.
            1.. if stop.is_of_data => None,
            // A stop without a whole hour cannot be excused.
            // What digests of a trail prove excuses nothing if nobody knows what it records, and
            // nobody knows that nothing was.
            0 if of(&|hour| self.is_proved(stop, *hour, true)) > 0 => Some(DayState::Unclear),
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
        let place = (self.ground.account, self.ground.region);
        successor(&self.known.starts, trail, stop.from, place)
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
        let from = hours.filter(is_shown).last().map(|hour| hour + HOUR);
        Some((from.unwrap_or(self.ground.period.start) - 1, until))
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
        hours >> bit & 1 == 1 || self.is_proved(stop, hour, false)
    }

    /// Whether digests of another trail prove an hour, which records all management events or, if
    /// that is enough, may do so.
    fn is_proved(&self, stop: &Stop, hour: i64, is_maybe: bool) -> bool {
        let span = (hour, hour + HOUR);
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
    fn concerns(&self, account: &str, region: &str) -> bool {
        let StoppedTrail::Calls([owner, home, _]) = &self.trail else {
            return true;
        };
        let is_its = owner == account || self.belongs != Belonging::Alone;
        let is_reached = match self.kind {
            // A trail of one Region has the events of global services too.
            Kind::Logging | Kind::Bucket | Kind::Prefix => {
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
        let is_its = self.trail.is_owned_by(account) || self.belongs != Belonging::Unclear;
        self.is_certain && is_alone && is_its
    }
}

/// Reads changes one after the other.
struct Teller<'t> {
    snapshots: &'t [Snapshot],
    trails: &'t Trails<'t>,
    known: BTreeMap<[String; 3], Known>,
    /// Stops that nothing ended yet; more than one where a start between them may be unknown.
    open: BTreeMap<([String; 3], Kind), Vec<Stop>>,
    /// Trails that were started and not stopped since, say records.
    running: BTreeSet<[String; 3]>,
    /// Trails that a record tells to be made, started or stopped.
    seen: BTreeSet<[String; 3]>,
    /// When trails were made.
    made: BTreeMap<[String; 3], i64>,
    stops: Stops,
}

impl Teller<'_> {
    fn tell(&mut self, fact: &TrailFact) {
        let settings: Value = serde_json::from_str(&fact.settings).unwrap_or(Value::Null);
        if fact.event_name == "CreateTrail" {
            self.seen.insert(name_of(fact));
            self.made.insert(name_of(fact), fact.time);
        }
        match fact.change {
            TrailChange::Stopped => {
                // In the second of a start it may have come before it.
                let last = self.stops.starts.last();
                let started = last.is_some_and(|one| one.at == fact.time);
                let is_after = !(started && self.running.contains(&name_of(fact)));
                self.begin(fact, Kind::Logging, is_after);
                self.running.remove(&name_of(fact));
                self.seen.insert(name_of(fact));
            }
            TrailChange::Started => {
                self.tell_start(fact);
                self.end(fact, Kind::Logging);
            }
            TrailChange::Left => return self.leave(fact),
            TrailChange::Narrowed | TrailChange::Selected => {}
        }
        if fact.event_name == "UpdateTrail" && settings.get(UNREADABLE).is_some() {
            self.begin(fact, Kind::Bucket, false);
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
        let prefix = settings.get("s3KeyPrefix").and_then(Value::as_str);
        if let Some(prefix) = prefix.or(is_new.then_some("")) {
            self.tell_prefix(fact, prefix, is_new);
        }
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

    /// Whether the trail of the organization delivered what there was of the account is not known.
    fn leave(&mut self, fact: &TrailFact) {
        let (kind, belongs) = match fact.takes_all_members() {
            true => (Kind::Accounts, Belonging::Organization),
            false => (Kind::Member, Belonging::Alone),
        };
        let stop = self.stop(fact, kind, false);
        self.stops.all.push(Stop { belongs, ..stop });
    }

    /// A start that no record of a stop or of the making of the trail comes before: it was off.
    fn tell_start(&mut self, fact: &TrailFact) {
        let is_new = fact.event_name == "CreateTrail";
        if self.seen.insert(name_of(fact)) && !is_new {
            let mut stop = self.stop(fact, Kind::Logging, false);
            stop.until = Some(fact.time);
            stop.is_start_alone = true;
            self.stops.all.push(stop);
        }
        // What was made works once it is started. What ran already takes nothing over.
        if !is_new && self.running.insert(name_of(fact)) {
            let start = Start {
                trail: name_of(fact),
                at: fact.time,
                belongs: self.trails.belonging(fact),
                is_multi_region: self.is_multi_region(fact),
                manages: self.manages(fact),
                is_here: self.is_here(fact),
            };
            self.stops.starts.push(start);
        }
    }

    /// Whether the logs here come from where the trail was told to deliver.
    fn is_here(&self, fact: &TrailFact) -> Option<bool> {
        let known = self.known.get(&name_of(fact))?;
        let bucket = known.bucket.as_deref()?;
        let here = self.trails.buckets_here(fact);
        let is_in_bucket = (!here.is_empty()).then(|| here.contains(bucket))?;
        let prefix = known.prefix.as_deref().unwrap_or_default();
        let is_below = self.trails.is_prefix_here(&name_of(fact), prefix)?;
        Some(is_in_bucket && is_below)
    }

    /// Whether the trail of a change works in all Regions, as far as was told or said until then.
    fn is_multi_region(&self, fact: &TrailFact) -> Option<bool> {
        let told = self.known.get(&name_of(fact));
        let told = told.and_then(|known| known.is_multi_region);
        told.or_else(|| self.said(fact, |one| one.is_multi_region))
    }

    /// A trail that was told below which prefix it delivers; as for buckets.
    fn tell_prefix(&mut self, fact: &TrailFact, prefix: &str, is_new: bool) {
        let said: BTreeSet<&str> = self
            .said_before(fact)
            // What names a bucket and no prefix says that there is none.
            .filter_map(|one| one.prefix.as_deref().or(one.bucket.as_ref().map(|_| "")))
            .map(plain_prefix)
            .collect();
        let plain = plain_prefix(prefix);
        let by_snapshots = (!said.is_empty()).then(|| said.contains(plain));
        let is_here = self
            .trails
            .is_prefix_here(&name_of(fact), prefix)
            .or(by_snapshots);
        let is_first = is_new && !self.is_open(fact, Kind::Logging);
        let known = self.known.entry(name_of(fact)).or_default();
        let before = known.prefix.replace(plain.to_owned());
        self.tell_place(
            fact,
            Kind::Prefix,
            is_here,
            is_first || before.as_deref() == Some(plain),
        );
    }

    /// A trail that was told to deliver to where the logs here come from, or not, or perhaps.
    fn tell_place(&mut self, fact: &TrailFact, kind: Kind, is_here: Option<bool>, is_same: bool) {
        match is_here {
            Some(true) => self.end(fact, kind),
            _ if is_same && !(is_here == Some(false) && self.is_open(fact, kind)) => {}
            _ => {
                // What went elsewhere before may have come back.
                if is_here.is_none() {
                    self.end(fact, kind);
                }
                self.begin(fact, kind, is_here.is_some());
            }
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
            (false, Some(false)) if self.is_open(fact, kind) => self.begin(fact, kind, false),
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
            .said_before(fact)
            .filter_map(|one| one.bucket.as_deref())
            .collect();
        if here.is_empty() {
            here.extend(said);
        }
        let is_here = here.contains(bucket);
        let is_known = !here.is_empty();
        // Made anew under its name, it may go elsewhere than the one before it.
        let is_first = is_new && !self.is_open(fact, Kind::Logging);
        let known = self.known.entry(name_of(fact)).or_default();
        let before = known.bucket.replace(bucket.to_owned());
        let is_same = is_first || before.as_deref() == Some(bucket);
        self.tell_place(fact, Kind::Bucket, is_known.then_some(is_here), is_same);
    }

    fn is_open(&self, fact: &TrailFact, kind: Kind) -> bool {
        self.open.contains_key(&(name_of(fact), kind))
    }

    fn begin(&mut self, fact: &TrailFact, kind: Kind, is_certain: bool) {
        let mut stop = self.stop(fact, kind, is_certain);
        let open = self.open.entry((name_of(fact), kind)).or_default();
        if let Some(last) = open.last() {
            // What is off cannot be switched off: it may have been on in between. A trail is often
            // stopped and then deleted.
            if fact.time - last.from <= HOUR {
                return;
            }
            stop.is_certain = false;
        }
        open.push(stop);
    }

    fn stop(&self, fact: &TrailFact, kind: Kind, is_certain: bool) -> Stop {
        Stop {
            kind,
            trail: StoppedTrail::Calls(name_of(fact)),
            belongs: match kind {
                // Only a trail of the organization can be taken from other accounts.
                Kind::Accounts if is_certain => Belonging::Organization,
                Kind::Accounts => Belonging::Unclear,
                _ => self.trails.belonging(fact),
            },
            from: fact.time,
            until: None,
            is_certain,
            is_of_data: self.manages(fact) == Some(Extent::Nothing),
            is_start_alone: false,
            is_of_one_region: self.is_multi_region(fact) == Some(false)
                && self.trails.has_digests_elsewhere(fact) != Some(true),
            made: self.made.get(&name_of(fact)).copied(),
            others: self.others(fact),
        }
    }

    /// The other trails that run, say records: where they may work, it is not certain that logging
    /// was stopped.
    fn others(&self, fact: &TrailFact) -> Vec<(String, bool)> {
        let name = name_of(fact);
        let others = self.running.iter().filter(|one| **one != name);
        let others = others.filter(|one| one[0] == name[0]);
        others
            .filter_map(|one| {
                let known = self.known.get(one);
                let recording = known.and_then(|known| known.recording.as_ref());
                let is_wide = known.and_then(|known| known.is_multi_region) != Some(false);
                let is_it = recording.map(managing::extent) != Some(Extent::Nothing);
                is_it.then(|| (one[1].clone(), is_wide))
            })
            .collect()
    }

    fn end(&mut self, fact: &TrailFact, kind: Kind) {
        let key = (name_of(fact), kind);
        let open = self.open.remove(&key).unwrap_or_default();
        // What began in the same second may have come after it.
        let (now, open): (Vec<Stop>, Vec<Stop>) =
            open.into_iter().partition(|stop| stop.from == fact.time);
        if !now.is_empty() {
            let unclear = now.into_iter().map(|stop| Stop {
                is_certain: false,
                ..stop
            });
            self.open.insert(key, unclear.collect());
        }
        let is_only = open.len() == 1;
        self.stops.all.extend(open.into_iter().map(|stop| Stop {
            until: Some(fact.time),
            is_certain: stop.is_certain && is_only,
            ..stop
        }));
    }

    /// How much of management events the trail recorded at a change, as far as is known.
    fn manages(&self, fact: &TrailFact) -> Option<Extent> {
        let told = self.known.get(&name_of(fact));
        if let Some(recording) = told.and_then(|known| known.recording.as_ref()) {
            return Some(managing::extent(recording));
        }
        let said = self.said_of(fact);
        let mut said = said.filter_map(|one| one.1.recording.as_ref().map(managing::extent));
        let first = said.next()?;
        said.all(|one| one == first).then_some(first)
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

    /// What snapshots from before a change say: later ones may tell where it sent the trail.
    fn said_before(
        &self,
        fact: &TrailFact,
    ) -> impl Iterator<Item = &crate::trail::snapshot::TrailSetting> {
        let time = fact.time;
        let said = self.said_of(fact);
        said.filter_map(move |(at, one)| (at? <= time).then_some(one))
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
        self.stops.managing = Managing::of(self.trails);
        self.stops.all.extend(self.open.into_values().flatten());
        self.stops
            .all
            .sort_by(|a, b| (a.from, &a.trail, a.kind).cmp(&(b.from, &b.trail, b.kind)));
        self.stops
    }
}

fn name_of(fact: &TrailFact) -> [String; 3] {
    [
        fact.account.clone(),
        fact.region.clone(),
        fact.trail.clone(),
    ]
}
