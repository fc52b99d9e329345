//! Reads the changes of trails one after the other, and finds the stops that they make.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Kind, Stop, StoppedTrail, Stops};
use crate::assess::digest_trails::Belonging;
use crate::assess::managing::{self, Managing};
use crate::assess::recording::Trails;
use crate::assess::starts::Start;
use crate::assess::story::plain_prefix;
use crate::ledger::facts::{ANSWER, CHANGED, TrailChange, TrailFact, UNREADABLE};
use crate::period::HOUR;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::{Snapshot, TrailSetting};
use crate::trail::{Extent, Recording};

/// What was told or said of a trail so far.
#[derive(Default)]
struct Known {
    is_multi_region: Option<bool>,
    is_organization: Option<bool>,
    bucket: Option<String>,
    prefix: Option<String>,
    log_group: Option<String>,
    recording: Option<Recording>,
}

/// Reads changes one after the other.
pub(super) struct Teller<'t> {
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

impl<'t> Teller<'t> {
    /// Of what snapshots say, and what is known of trails.
    pub(super) fn new(snapshots: &'t [Snapshot], trails: &'t Trails<'t>) -> Teller<'t> {
        Teller {
            snapshots,
            trails,
            known: BTreeMap::new(),
            open: BTreeMap::new(),
            running: BTreeSet::new(),
            seen: BTreeSet::new(),
            made: BTreeMap::new(),
            stops: Stops::default(),
        }
    }

    /// Reads the next change, in the order of time.
    pub(super) fn tell(&mut self, fact: &TrailFact) {
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
            TrailChange::Told => {}
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
        let group = settings.get("cloudWatchLogsLogGroupArn");
        if let Some(group) = group.and_then(Value::as_str).or(is_new.then_some("")) {
            self.tell_log_group(fact, group, is_new);
        }
        self.tell_changed(fact, &settings);
        self.learn(fact, &settings);
        let told = match is_new {
            true => Some(Recording::of_a_new_trail()),
            false => Recording::parse(&settings),
        };
        if told.is_some() {
            self.known.entry(name_of(fact)).or_default().recording = told;
        }
    }

    /// What an answer told otherwise than was known may have been so for a while.
    fn tell_changed(&mut self, fact: &TrailFact, settings: &Value) {
        let Some(changed) = settings.get(CHANGED).and_then(Value::as_object) else {
            return;
        };
        let kinds = [
            ("isMultiRegionTrail", Kind::Regions),
            ("isOrganizationTrail", Kind::Accounts),
            ("s3BucketName", Kind::Bucket),
            ("s3KeyPrefix", Kind::Prefix),
            ("cloudWatchLogsLogGroupArn", Kind::LogGroup),
        ];
        for (member, kind) in kinds {
            let Some(since) = changed.get(member) else {
                continue;
            };
            if self.is_open(fact, kind) {
                let mut stop = self.stop(fact, kind, false);
                stop.from = since.as_i64().unwrap_or(fact.time);
                stop.until = Some(fact.time);
                stop.is_start_alone = true;
                self.stops.all.push(stop);
            }
        }
    }

    /// What an answer told beside what was asked and known: how the trail is set, not that it was
    /// told so.
    fn learn(&mut self, fact: &TrailFact, settings: &Value) {
        let Some(answer) = settings.get(ANSWER) else {
            return;
        };
        let flag = |member: &str| answer.get(member).and_then(Value::as_bool);
        let text = |member: &str| answer.get(member)?.as_str().map(str::to_owned);
        let prefix = text("s3KeyPrefix").map(|one| plain_prefix(&one).to_owned());
        let known = self.known.entry(name_of(fact)).or_default();
        known.is_multi_region = known.is_multi_region.or(flag("isMultiRegionTrail"));
        known.is_organization = known.is_organization.or(flag("isOrganizationTrail"));
        known.bucket = known.bucket.take().or_else(|| text("s3BucketName"));
        known.prefix = known.prefix.take().or(prefix);
        let group = || text("cloudWatchLogsLogGroupArn");
        known.log_group = known.log_group.take().or_else(group);
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
                        Belonging::Unclear | Belonging::Unplaced => None,
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

    /// A trail that was told to which log group it delivers. Which one the records here come from is
    /// not known.
    fn tell_log_group(&mut self, fact: &TrailFact, group: &str, is_new: bool) {
        let is_first = is_new && !self.is_open(fact, Kind::Logging);
        let known = self.known.entry(name_of(fact)).or_default();
        let before = known.log_group.replace(group.to_owned());
        // What delivered to none before is missed nowhere.
        let is_same = is_first || before.is_some_and(|one| one.is_empty() || one == group);
        self.tell_place(fact, Kind::LogGroup, None, is_same);
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
            cause: cause(fact).into(),
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
    fn said_of(&self, fact: &TrailFact) -> impl Iterator<Item = (Option<i64>, &TrailSetting)> {
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
    fn said_before(&self, fact: &TrailFact) -> impl Iterator<Item = &TrailSetting> {
        let time = fact.time;
        let said = self.said_of(fact);
        said.filter_map(move |(at, one)| (at? <= time).then_some(one))
    }

    /// What the last snapshot from before a change says.
    fn said(&self, fact: &TrailFact, of: impl Fn(&TrailSetting) -> Option<bool>) -> Option<bool> {
        let before = self.said_of(fact).filter_map(|(at, one)| {
            let at = at.filter(|at| *at <= fact.time)?;
            Some((at, of(one)?))
        });
        before.max().map(|(_, is_on)| is_on)
    }

    /// All stops, when the last change was read.
    pub(super) fn finish(mut self) -> Stops {
        self.stops.managing = Managing::of(self.trails);
        self.stops.all.extend(self.open.into_values().flatten());
        self.stops
            .all
            .sort_by(|a, b| (a.from, &a.trail, a.kind).cmp(&(b.from, &b.trail, b.kind)));
        self.stops
    }
}

/// The record that tells of a stop, in words.
fn cause(fact: &TrailFact) -> String {
    let call = display_value(&fact.event_name);
    let (account, at) = (display_value(&fact.account), time::format(fact.time));
    match fact.change {
        TrailChange::Left => format!("`{call}` about account {account} on {at}"),
        _ => format!(
            "`{call}` of trail `{}` (account {account}, home {}) on {at}",
            display_value(&fact.trail),
            display_value(&fact.region)
        ),
    }
}

fn name_of(fact: &TrailFact) -> [String; 3] {
    [
        fact.account.clone(),
        fact.region.clone(),
        fact.trail.clone(),
    ]
}
