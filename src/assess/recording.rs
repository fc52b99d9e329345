//! What each trail was told to record in the period: from the records of the calls that told it,
//! and from snapshots that the user gave.
//!
//! A proof needs four things: selectors that cover the whole class or store, a trail that delivers
//! into this log set (digest files name it, or the user says so with a snapshot), a trail that is
//! known to work in the Region and account, and management write events of the trail's home on
//! every day, because only these would show that the selectors were changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::digest_trails::DigestTrails;
use super::flags::{Flag, Throughout};
use super::homes::Homes;
use super::outcome::Basis;
use super::shots::Shot;
use super::story::{Change, Step, Story, Told};
use crate::ledger::facts::{CALLER, TrailChange, TrailFact};
use crate::period::Period;
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording};

/// How long records may still come after a trail was told to record less, in seconds.
const CHANGE_TAKES: i64 = 3600;

/// What is asked of a trail.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'n> {
    /// Every event of a class.
    Class(EventClass),
    /// The events of a class in a store, or in all stores whose names begin so.
    Store(EventClass, &'n str, bool),
}

impl Asked<'_> {
    pub(super) fn class(self) -> EventClass {
        match self {
            Asked::Class(class) | Asked::Store(class, ..) => class,
        }
    }

    /// Whether what is asked is recorded, all of it.
    pub fn is_covered_by(self, recording: &Recording) -> bool {
        match self {
            Asked::Class(class) => recording.extent(class) == Extent::Whole,
            Asked::Store(class, name, is_prefix) => {
                self.is_whole(recording) || recording.covers(class, name, is_prefix)
            }
        }
    }

    pub(super) fn is_whole(self, recording: &Recording) -> bool {
        recording.extent(self.class()) == Extent::Whole
    }
}

/// A proof that does not rest on records of the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailProof {
    /// [`Basis::Selectors`] or [`Basis::Snapshot`].
    pub basis: Basis,
    /// The proof as a sentence.
    pub text: String,
}

/// A trail is known by account, home Region and name.
type Name = (String, String, String);

/// Every trail that records or snapshots tell of.
pub struct Trails<'a> {
    stories: BTreeMap<Name, Story<'a>>,
    changes: Vec<Change<'a>>,
    period: &'a Period,
    homes: Homes,
    digests: DigestTrails,
}

impl<'a> Trails<'a> {
    /// From changes in the order of time, snapshots, and the trails that digest files name.
    pub fn new(
        facts: &'a [TrailFact],
        snapshots: &'a [Snapshot],
        digests: DigestTrails,
        period: &'a Period,
    ) -> Trails<'a> {
        let mut trails = Trails {
            stories: BTreeMap::new(),
            changes: Vec::new(),
            period,
            homes: Homes::default(),
            digests,
        };
        for fact in facts {
            trails.add_fact(fact);
        }
        for file in snapshots {
            trails.add_snapshot(file);
        }
        for ((owner, home, name), story) in &mut trails.stories {
            let is_organization = story.may_be_organization();
            story.delivered = trails
                .digests
                .delivered((owner, home, name), is_organization);
        }
        trails
    }

    /// Whether one trail alone wrote the digest files about an account: what they say is then said
    /// of it.
    pub fn has_one_with_digests(&self, account: &str) -> bool {
        self.digests.has_one_of(account)
    }

    /// The same, with what is known of the places in which changes are recorded.
    #[must_use]
    pub fn with_homes(self, homes: Homes) -> Self {
        Trails { homes, ..self }
    }

    fn add_fact(&mut self, fact: &'a TrailFact) {
        let settings: Value = serde_json::from_str(&fact.settings).unwrap_or(Value::Null);
        let recording = Recording::parse(&settings);
        let story = self.stories.entry(name_of(fact)).or_default();
        story.is_told_from_elsewhere |= settings.get(CALLER).is_some();
        // A new trail that is not told otherwise works in its Region and account alone.
        let default = (fact.event_name == "CreateTrail").then_some(false);
        let flag = |member: &str| settings.get(member).and_then(Value::as_bool).or(default);
        let is_multi_region = flag("isMultiRegionTrail");
        let is_organization = flag("isOrganizationTrail");
        let bucket = settings.get("s3BucketName").and_then(Value::as_str);
        let bucket = bucket.map(str::to_owned);
        if let Some(is_on) = is_multi_region {
            story.multi_region.tell(fact.time, is_on);
        }
        if let Some(is_on) = is_organization {
            story.organization.tell(fact.time, is_on);
        }
        let told = match (fact.change, fact.event_name.as_str()) {
            (TrailChange::Stopped, _) => Some(Told::Stop),
            (TrailChange::Started, _) => Some(Told::Start),
            (_, "CreateTrail") => Some(Told::Record(Some(Recording::of_a_new_trail()))),
            // Changes of other settings leave the selectors as they are.
            (TrailChange::Selected, "UpdateTrail") => None,
            _ => Some(Told::Record(recording.clone())),
        };
        story.steps.extend(told.map(|told| Step {
            time: fact.time,
            event_name: fact.event_name.clone(),
            told,
        }));
        self.changes.push(Change {
            fact,
            recording,
            is_multi_region,
            is_organization,
            bucket: bucket.filter(|_| fact.event_name == "UpdateTrail"),
        });
    }

    fn add_snapshot(&mut self, file: &'a Snapshot) {
        for trail in &file.trails {
            let name = (
                trail.account.clone(),
                trail.region.clone(),
                trail.name.clone(),
            );
            let story = self.stories.entry(name).or_default();
            if let Some(is_on) = trail.is_multi_region {
                story.multi_region.say(file.taken_at, is_on);
            }
            if let Some(is_on) = trail.is_organization {
                story.organization.say(file.taken_at, is_on);
            }
            let bucket = trail.bucket.as_deref();
            story.said_buckets.extend(bucket.map(|one| (one, file)));
            if let Some(recording) = &trail.recording {
                story.shots.push(Shot { recording, file });
            }
        }
    }

    /// The first change in or just before the period after which nothing shows that what is asked
    /// was still recorded: the last record of it is from `last`.
    pub fn lessened(&self, account: &str, asked: Asked<'_>, last: i64) -> Option<&TrailFact> {
        let lessens = |change: &&Change<'_>| {
            let fact = change.fact;
            (change.takes(account, asked) || self.moves(change, asked))
                && fact.time + CHANGE_TAKES > last
                && self.concerns(fact, account)
        };
        self.changes.iter().find(lessens).map(|change| change.fact)
    }

    /// The last change in the period that may be why what is asked is recorded at all, if the first
    /// record of it, from `first`, does not show that it was recorded before. Management events are
    /// recorded without being asked for, and days without any are the matter of the grid.
    pub fn widened(
        &self,
        (account, region): (&str, &str),
        asked: Asked<'_>,
        first: i64,
    ) -> Option<&TrailFact> {
        let widens = |change: &&Change<'_>| {
            let fact = change.fact;
            self.period.contains(fact.time)
                && fact.time <= first
                && (change.brings(account, region, asked) || self.moves(change, asked))
                && self.concerns(fact, account)
        };
        if asked.class().is_recorded_by_default() {
            return None;
        }
        self.changes.iter().rfind(widens).map(|change| change.fact)
    }

    /// Whether a change told a trail to deliver elsewhere than where the logs here come from, as far
    /// as digest files tell. Of management events the grid shows whether others go on.
    fn moves(&self, change: &Change<'_>, asked: Asked<'_>) -> bool {
        let fact = change.fact;
        let known = self.known_buckets(self.stories.get(&name_of(fact)));
        let is_elsewhere = |bucket: &String| !known.contains(bucket.as_str());
        !asked.class().is_recorded_by_default() && change.bucket.as_ref().is_some_and(is_elsewhere)
    }

    /// The buckets that digest files name as their own: those of the trail, or, where it has none,
    /// of other trails.
    fn known_buckets<'s>(&'s self, story: Option<&'s Story<'_>>) -> BTreeSet<&'s str> {
        match story.map(|story| &story.delivered.buckets) {
            Some(own) if !own.is_empty() => own.iter().map(String::as_str).collect(),
            _ => self.digests.buckets(),
        }
    }

    /// Whether the trail of a change may record events of an account.
    fn concerns(&self, fact: &TrailFact, account: &str) -> bool {
        fact.account == account || self.is_of_organization(fact)
    }

    /// Whether a trail that is known to record for the organization was meant by a change.
    pub fn is_of_organization(&self, fact: &TrailFact) -> bool {
        let story = self.stories.get(&name_of(fact));
        story.is_some_and(Story::may_be_organization)
    }

    /// What shows that a class was recorded at a place throughout the period, or, if a trail or
    /// snapshot comes close, what it lacks.
    pub fn at_place(
        &self,
        account: &str,
        region: &str,
        asked: Asked<'_>,
    ) -> Result<TrailProof, Option<String>> {
        let mut lacks = None;
        for (name, story) in self.stories.iter().filter(|(_, one)| one.may_prove(asked)) {
            let found = self.reaches(name, story, account, region);
            let found = found.and_then(|()| self.throughout(name, story, asked));
            let found = found.and_then(|proof| match undelivered(name, story, account, &proof) {
                Some(why) => Err(Some(why)),
                None => Ok(proof),
            });
            match found {
                Ok(proof) => return Ok(proof),
                Err(why) => lacks = lacks.or(why),
            }
        }
        Err(lacks)
    }

    /// Whether a trail is known to work at a place throughout the period, or why not if there is
    /// something to say.
    fn reaches(
        &self,
        name: &Name,
        story: &Story<'_>,
        account: &str,
        region: &str,
    ) -> Result<(), Option<String>> {
        let (owner, home, _) = name;
        if owner != account {
            match self.is_for_organization(name, story) {
                Throughout::On => {}
                // Most trails are of one account, which nothing needs to say.
                Throughout::Unknown => return Err(None),
                other => return Err(why_not_organization(other, name)),
            }
        }
        match self.is_everywhere(name, story) {
            Throughout::On => Ok(()),
            _ if home == region => Ok(()),
            other => Err(why_not_everywhere(other, name)),
        }
    }

    fn is_everywhere(&self, name: &Name, story: &Story<'_>) -> Throughout {
        self.over(name, &story.multi_region)
    }

    fn is_for_organization(&self, name: &Name, story: &Story<'_>) -> Throughout {
        self.over(name, &story.organization)
    }

    fn over(&self, (account, home, _): &Name, flag: &Flag) -> Throughout {
        let home = (account.clone(), home.clone());
        let would_show = |from, until| self.homes.would_show(&home, from, until);
        flag.over(self.period, &would_show)
    }

    /// What shows that the events of a store were recorded. Whose the store is and where it lies is
    /// not known, so the trail must work in all Regions, and name it or work in every account.
    pub fn at_store(
        &self,
        accounts: &BTreeSet<&str>,
        asked: Asked<'_>,
    ) -> Result<TrailProof, Option<String>> {
        let mut lacks = None;
        let mut first = None;
        let mut covered: BTreeSet<&str> = BTreeSet::new();
        for (name, story) in self.stories.iter().filter(|(_, one)| one.may_prove(asked)) {
            let (owner, ..) = name;
            let organization = self.is_for_organization(name, story);
            let is_of_all = organization == Throughout::On;
            if !is_of_all && !accounts.contains(owner.as_str()) {
                continue;
            }
            let everywhere = self.is_everywhere(name, story);
            if everywhere != Throughout::On {
                let why = why_not_everywhere(everywhere, name);
                lacks = lacks.or(why).or_else(|| {
                    let trail = shown(name);
                    Some(format!(
                        "trail {trail} records in its home Region, and nothing tells where the store lies"
                    ))
                });
                continue;
            }
            match self.throughout(name, story, asked) {
                Ok(proof) => {
                    let mut all = accounts.iter();
                    let missing = all.find_map(|one| undelivered(name, story, one, &proof));
                    match missing {
                        _ if story.names(asked) => return Ok(proof),
                        None if is_of_all => return Ok(proof),
                        Some(why) if is_of_all => {
                            covered.extend(story.delivered.accounts.iter().map(String::as_str));
                            lacks = lacks.or(Some(why));
                        }
                        _ => {
                            covered.insert(owner);
                            // Most trails are of one account, which nothing needs to say.
                            if organization != Throughout::Unknown {
                                lacks = lacks.or_else(|| why_not_organization(organization, name));
                            }
                        }
                    }
                    first = first.or(Some(proof));
                }
                Err(why) => lacks = lacks.or(why),
            }
        }
        match first {
            Some(proof) if accounts.is_subset(&covered) => Ok(proof),
            Some(_) => Err(lacks.or(Some(
                "trails record it in some accounts, and nothing tells whose the store is"
                    .to_owned(),
            ))),
            None => Err(lacks),
        }
    }

    /// Whether a trail recorded what is asked from the first to the last second of the period.
    fn throughout(
        &self,
        name: &Name,
        story: &Story<'_>,
        asked: Asked<'_>,
    ) -> Result<TrailProof, Option<String>> {
        if !story.may_prove(asked) {
            return Err(None);
        }
        let trail = shown(name);
        if let Some(why) = self
            .delivers_elsewhere(name, story)
            .or_else(|| self.moved(name, asked))
        {
            return Err(Some(why));
        }
        let (start, end) = (self.period.start, self.period.end);
        let within = |step: &&Step| (start..end).contains(&step.time);
        let before = story.steps.iter().rfind(|step| step.time < start);
        if before.is_some_and(|step| matches!(step.told, Told::Stop)) {
            return Err(Some(format!(
                "trail {trail} was stopped when the period began"
            )));
        }
        for step in story.steps.iter().filter(within) {
            if matches!(step.told, Told::Start) {
                return Err(Some(format!(
                    "trail {trail} was started on {}, and nothing shows that it worked before",
                    time::format(step.time)
                )));
            }
            if !step.keeps(asked) {
                return Err(Some(format!(
                    "`{}` took it from trail {trail} on {}",
                    display_value(&step.event_name),
                    time::format(step.time)
                )));
            }
        }
        let home = (name.0.clone(), name.1.clone());
        if !self.homes.proven.contains(&home) {
            return Err(Some(format!(
                "trail {trail} is set to record it, but management write events of its home, \
                 account {} Region {}, are not proven, so a change would not show",
                display_value(&home.0),
                display_value(&home.1)
            )));
        }
        let first_change = story
            .steps
            .iter()
            .find(|step| within(step) && step.is_selection());
        if story.shots.is_empty() {
            return self.by_records(&trail, &home, story, asked, first_change);
        }
        self.by_snapshots(&trail, &home, story, asked, first_change)
    }

    /// A trail that a snapshot says delivers into another bucket than those from which the digest
    /// files come, its own or, where it has none, those of other trails: its logs are not here.
    fn delivers_elsewhere(&self, (_, _, name): &Name, story: &Story<'_>) -> Option<String> {
        let known = self.known_buckets(Some(story));
        let mut said = story.said_buckets.iter();
        let (bucket, file) = said.find(|(bucket, _)| !known.contains(bucket))?;
        let first = display_value(known.first()?);
        Some(format!(
            "snapshot `{}` says that trail `{}` delivers into bucket `{}`, and the digest files here \
             are of bucket `{first}`, so it says nothing of these logs",
            display_value(&file.name),
            display_value(name),
            display_value(bucket)
        ))
    }

    /// A trail that was told within the period to deliver elsewhere.
    fn moved(&self, name: &Name, asked: Asked<'_>) -> Option<String> {
        let is_it = |fact: &TrailFact| self.period.contains(fact.time) && name_of(fact) == *name;
        let mut changes = self.changes.iter();
        let change = changes.find(|one| is_it(one.fact) && self.moves(one, asked))?;
        Some(format!(
            "trail {} was told on {} to deliver into bucket `{}`, and nothing shows that its logs here \
             come from there",
            shown(name),
            time::format(change.fact.time),
            display_value(change.bucket.as_deref().unwrap_or_default())
        ))
    }

    /// The proof that leaves least to the user's word, if no snapshot contradicts another.
    fn by_snapshots(
        &self,
        trail: &str,
        home: &(String, String),
        story: &Story<'_>,
        asked: Asked<'_>,
        first_change: Option<&Step>,
    ) -> Result<TrailProof, Option<String>> {
        let is_explained = |taken, is_before| story.explains(asked, self.period, taken, is_before);
        let shots = story
            .shots
            .agreeing(asked, self.period, trail, &is_explained)
            .map_err(Some)?;
        let mut lacks = None;
        let mut on_word = None;
        for shot in &shots {
            match self.by_snapshot((trail, home), story, asked, shot, first_change) {
                Ok((proof, true)) => return Ok(proof),
                Ok((proof, false)) => on_word = on_word.or(Some(proof)),
                Err(why) => lacks = lacks.or(Some(why)),
            }
        }
        let none = || {
            format!("no snapshot in the period or next to it says that trail {trail} records it")
        };
        on_word.ok_or_else(|| Some(lacks.unwrap_or_else(none)))
    }

    /// The proof by one snapshot, and whether records join it to the period.
    fn by_snapshot(
        &self,
        (trail, home): (&str, &(String, String)),
        story: &Story<'_>,
        asked: Asked<'_>,
        shot: &Shot<'_>,
        first_change: Option<&Step>,
    ) -> Result<(TrailProof, bool), String> {
        let taken = shot.file.taken_at;
        if let Some(step) = first_change
            && taken.is_none_or(|taken| taken > step.time)
        {
            return Err(format!(
                "trail {trail} was told so on {}, and no snapshot from before shows what it recorded \
                 until then",
                time::format(step.time)
            ));
        }
        if let Some(why) = story.outdates(trail, asked, self.period, taken) {
            return Err(why);
        }
        let (start, end) = (self.period.start, self.period.end);
        let unchanged = |from: i64, until: i64| {
            let quiet = |step: &Step| !(from..until).contains(&step.time) || !step.is_selection();
            story.steps.iter().all(quiet) && self.homes.would_show(home, from, until)
        };
        let is_joined = match taken {
            None => false,
            Some(taken) if taken < start => unchanged(taken, start),
            Some(taken) if taken >= end => unchanged(end, taken),
            Some(_) => true,
        };
        let rest = if is_joined {
            "and no record tells of a change of its selectors from then to the ends of the period"
        } else {
            "and no record of the period tells of a change of its selectors; that nothing changed \
             between the snapshot and the period is taken on the user's word"
        };
        let text = format!(
            "statement of the user: trail {trail} records it, says {} {rest}",
            shot.shown()
        );
        let basis = Basis::Snapshot;
        Ok((TrailProof { basis, text }, is_joined))
    }

    fn by_records(
        &self,
        trail: &str,
        home: &(String, String),
        story: &Story<'_>,
        asked: Asked<'_>,
        first_change: Option<&Step>,
    ) -> Result<TrailProof, Option<String>> {
        let start = self.period.start;
        let before = story
            .steps
            .iter()
            .rfind(|step| step.time < start && step.is_selection());
        let Some(told) = before else {
            let told = first_change.map(|step| {
                format!(
                    "trail {trail} was told to record it on {}; nothing shows what it recorded before",
                    time::format(step.time)
                )
            });
            return Err(told);
        };
        if !told.keeps(asked) {
            return Err(None);
        }
        let since = time::format(told.time);
        if story.delivered.accounts.is_empty() {
            return Err(Some(format!(
                "trail {trail} was told to record it on {since}, but nothing shows that it delivers \
                 into this log set: add its digest files or a snapshot"
            )));
        }
        if !self.homes.would_show(home, told.time, start) {
            return Err(Some(format!(
                "trail {trail} was told to record it on {since}, but the log set does not show that \
                 nothing changed until the period began"
            )));
        }
        Ok(TrailProof {
            basis: Basis::Selectors,
            text: format!(
                "a record of {since} tells trail {trail} to record it, digest files show that the trail \
                 delivers here, and no record tells of a change since"
            ),
        })
    }
}

/// Why a trail proves nothing for other Regions than its home.
fn why_not_everywhere(known: Throughout, name: &Name) -> Option<String> {
    known.why_not(&shown(name), "in all Regions", "in its home Region")
}

/// Why a trail proves nothing for other accounts than its own.
fn why_not_organization(known: Throughout, name: &Name) -> Option<String> {
    known.why_not(&shown(name), "for the organization", "in its own account")
}

/// Why records prove nothing of an account that the digests of the trail are not about: it may not
/// be in the organization, and its records may come from a trail of its own.
fn undelivered(
    name: &Name,
    story: &Story<'_>,
    account: &str,
    proof: &TrailProof,
) -> Option<String> {
    if proof.basis != Basis::Selectors || story.delivered.accounts.contains(account) {
        return None;
    }
    Some(format!(
        "trail {} was told to record it, but none of its digest files here is about account {}, so \
         nothing shows that it delivers the events of that account into this log set",
        shown(name),
        display_value(account)
    ))
}

fn name_of(fact: &TrailFact) -> Name {
    (
        fact.account.clone(),
        fact.region.clone(),
        fact.trail.clone(),
    )
}

fn shown((account, region, name): &Name) -> String {
    format!(
        "`{}` (account {}, home {})",
        display_value(name),
        display_value(account),
        display_value(region)
    )
}
