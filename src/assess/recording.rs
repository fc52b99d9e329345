//! What each trail was told to record in the period: from the records of the calls that told it,
//! and from snapshots that the user gave.
//!
//! A proof needs four things: selectors that cover the whole class or store, a trail that delivers
//! into this log set (digest files name it, or the user says so with a snapshot), a trail that is
//! known to work in the Region and account, and management write events of the trail's home on
//! every day, because only these would show that the selectors were changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::delivery::is_verified;
use super::digest_trails::{Belonging, DigestTrails};
use super::flags::{Flag, Throughout};
use super::homes::Homes;
use super::managing;
use super::outcome::Basis;
use super::shots::Shot;
use super::story::{Change, Step, Story, Told, plain_prefix};
use crate::control::scope::Scope;
use crate::ledger::facts::{ANSWER, CALLER, TrailChange, TrailFact, UNREADABLE};
use crate::period::Period;
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording, insights};

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
            Asked::Store(class, name, is_prefix) => recording.covers(class, name, is_prefix),
        }
    }

    /// How much of what is asked is recorded.
    pub(super) fn extent(self, recording: &Recording) -> Extent {
        match self {
            // They are about management events that are recorded.
            Asked::Class(EventClass::Insights) => match managing::extent(recording) {
                Extent::Nothing => Extent::Nothing,
                Extent::Whole | Extent::Part => Extent::Part,
            },
            Asked::Class(class) => recording.extent(class),
            _ if self.is_covered_by(recording) => Extent::Whole,
            Asked::Store(class, name, _) => match recording.may_meet(class, name) {
                true => Extent::Part,
                false => Extent::Nothing,
            },
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
pub(super) type Name = (String, String, String);

/// Every trail that records or snapshots tell of.
pub struct Trails<'a> {
    pub(super) stories: BTreeMap<Name, Story<'a>>,
    pub(super) period: &'a Period,
    pub(super) scope: &'a Scope,
    pub(super) homes: Homes,
    pub(super) digests: DigestTrails,
    /// Records of accounts that left their organization, or of all that did.
    pub(super) leavings: Vec<&'a TrailFact>,
}

impl<'a> Trails<'a> {
    /// From changes in the order of time, snapshots, and the trails that digest files name.
    pub fn new(
        facts: &'a [TrailFact],
        snapshots: &'a [Snapshot],
        digests: DigestTrails,
        period: &'a Period,
        scope: &'a Scope,
    ) -> Trails<'a> {
        let mut trails = Trails {
            stories: BTreeMap::new(),
            period,
            scope,
            homes: Homes::default(),
            digests,
            leavings: Vec::new(),
        };
        let of_leaving = facts.iter().filter(|fact| fact.change == TrailChange::Left);
        trails.leavings.extend(of_leaving);
        let is_of_trail = |fact: &&TrailFact| fact.change != TrailChange::Left;
        for fact in facts.iter().filter(is_of_trail) {
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

    /// What shows that no known trail records two Regions of an account, if anything does.
    pub fn recorded_apart(&self, account: &str, regions: [&str; 2]) -> Option<&'static str> {
        if !self.digests.may_share_a_trail(account, regions) {
            return Some("digest files show that it is recorded by other trails");
        }
        let kms = Asked::Class(EventClass::Kms);
        let mut own = (self.stories.iter())
            .filter(|(name, story)| self.may_record_for(name, story, account))
            .filter(|(_, story)| story.may_record(kms, self.period))
            .peekable();
        let is_any = own.peek().is_some();
        (is_any && own.all(|(_, story)| story.multi_region.is_known_off()))
            .then_some("all trails that anything tells of are trails of one Region")
    }

    /// The accounts with records in files that lie in no folders.
    pub fn unplaced(&self) -> &BTreeSet<String> {
        self.digests.unplaced()
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
        let is_new = fact.event_name == "CreateTrail";
        // Other settings than selectors, of which Insights are none.
        let is_update = matches!(
            fact.event_name.as_str(),
            "UpdateTrail" | "PutInsightSelectors"
        );
        let default = is_new.then_some(false);
        let told = |member: &str| settings.get(member).and_then(Value::as_bool);
        let text = |member: &str| settings.get(member).and_then(Value::as_str);
        let is_multi_region = told("isMultiRegionTrail").or(default);
        let is_organization = told("isOrganizationTrail").or(default);
        if let Some(is_on) = is_multi_region {
            story.multi_region.tell(fact.time, is_on);
        }
        if let Some(is_on) = is_organization {
            story.organization.tell(fact.time, is_on);
        }
        // How it is set, and not since when.
        let said = |member: &str| settings.get(ANSWER)?.get(member)?.as_bool();
        if let Some(is_on) = said("isMultiRegionTrail") {
            story.multi_region.say(Some(fact.time), is_on);
        }
        if let Some(is_on) = said("isOrganizationTrail") {
            story.organization.say(Some(fact.time), is_on);
        }
        let change = Change {
            fact,
            recording,
            is_multi_region,
            is_organization,
            has_global_services: told("includeGlobalServiceEvents"),
            insights: (fact.event_name == "PutInsightSelectors").then(|| insights(&settings)),
            is_unreadable: fact.event_name == "UpdateTrail" && told(UNREADABLE).is_some(),
            bucket: text("s3BucketName").map(str::to_owned),
            prefix: text("s3KeyPrefix").map(|one| plain_prefix(one).to_owned()),
        };
        let told = match fact.change {
            TrailChange::Stopped => Some(Told::Stop),
            TrailChange::Started => Some(Told::Start),
            _ if is_new => Some(Told::Record(Some(Recording::of_a_new_trail()))),
            // Changes of other settings leave the selectors as they are.
            _ if is_update => None,
            _ => Some(Told::Record(change.recording.clone())),
        };
        story.steps.extend(told.map(|told| Step {
            time: fact.time,
            event_name: fact.event_name.clone(),
            told,
        }));
        story.join_selections();
        story.changes.push(change);
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
            let prefix = trail.prefix.as_deref().map(plain_prefix);
            story.said_prefixes.extend(prefix.map(|one| (one, file)));
            if let Some(recording) = &trail.recording {
                story.shots.push(Shot { recording, file });
            }
        }
    }

    /// Whether a trail may record events of an account.
    pub(super) fn may_record_for(&self, name: &Name, story: &Story<'_>, account: &str) -> bool {
        let is_unplaced = self.digests.unplaced().contains(account);
        name.0 == account || self.belonging_of(name, story).may_reach(is_unplaced)
    }

    /// Whether a trail that may record for the organization was meant by a change.
    pub fn is_of_organization(&self, fact: &TrailFact) -> bool {
        self.belonging(fact) != Belonging::Alone
    }

    /// Whose events the trail of a change records, by records, snapshots, digest files and the
    /// folders that logs lie in.
    pub fn belonging(&self, fact: &TrailFact) -> Belonging {
        let name = name_of(fact);
        match self.stories.get(&name) {
            Some(story) => self.belonging_of(&name, story),
            None => (self.digests).belonging(&name.0, &name.1, &name.2),
        }
    }

    /// The same of a trail.
    pub(super) fn belonging_of(&self, name: &Name, story: &Story<'_>) -> Belonging {
        if story.may_be_organization() {
            return Belonging::Organization;
        }
        match self.digests.belonging(&name.0, &name.1, &name.2) {
            Belonging::Unclear | Belonging::Unplaced if story.is_of_one_account() => {
                Belonging::Alone
            }
            belonging => belonging,
        }
    }

    /// Whether digest files show the trail of a change at work in all Regions, or in its home
    /// alone; nothing where it has none.
    pub fn has_digests_elsewhere(&self, fact: &TrailFact) -> Option<bool> {
        let regions = (self.digests).regions(&fact.account, &fact.region, &fact.trail);
        let is_elsewhere = regions.iter().any(|region| *region != fact.region);
        (!regions.is_empty()).then_some(is_elsewhere)
    }

    /// The buckets from which the logs of the trail of a change come, as far as digest files tell.
    pub fn buckets_here(&self, fact: &TrailFact) -> BTreeSet<&str> {
        self.known_buckets(self.stories.get(&name_of(fact)))
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
            let place = (account, region);
            let found = found.and_then(|proof| match self.undelivered(name, story, place) {
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
        if self.has_digests_throughout(story, account, region) {
            return Ok(());
        }
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

    /// Whether verified digests of the trail show that it worked at a place throughout the period,
    /// whatever it was told meanwhile.
    fn has_digests_throughout(&self, story: &Story<'_>, account: &str, region: &str) -> bool {
        let place = (account.to_owned(), region.to_owned());
        let ranges = story.delivered.times.get(&place);
        ranges.is_some_and(|all| is_verified(all, (self.period.start, self.period.end)))
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
        places: &BTreeSet<(&str, &str)>,
        asked: Asked<'_>,
    ) -> Result<TrailProof, Option<String>> {
        let accounts: BTreeSet<&str> = places.iter().map(|(account, _)| *account).collect();
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
                    let undelivered = |account: &str| {
                        let mut own = places.iter().filter(|(one, _)| *one == account);
                        own.find_map(|place| self.undelivered(name, story, *place))
                    };
                    let is_owners = story.names(asked) && accounts.contains(owner.as_str());
                    let asks_all = is_of_all && !is_owners;
                    let wanted: Vec<&str> = match asks_all {
                        true => accounts.iter().copied().collect(),
                        false => vec![owner],
                    };
                    let mut is_whole = true;
                    for account in wanted {
                        match undelivered(account) {
                            Some(why) => {
                                is_whole = false;
                                lacks = lacks.or(Some(why));
                            }
                            None => {
                                covered.insert(account);
                            }
                        }
                    }
                    if is_whole && (is_of_all || story.names(asked)) {
                        return Ok(proof);
                    }
                    // Most trails are of one account, which nothing needs to say.
                    if !is_of_all && organization != Throughout::Unknown {
                        lacks = lacks.or_else(|| why_not_organization(organization, name));
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
            .or_else(|| self.moved(name, story))
        {
            return Err(Some(why));
        }
        let (start, end) = (self.period.start, self.period.end);
        let within = |step: &&Step| (start..end).contains(&step.time);
        if let Some(why) = self
            .not_running(name, story)
            .or_else(|| self.not_global(name, story, asked))
        {
            return Err(Some(why));
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

fn name_of(fact: &TrailFact) -> Name {
    (
        fact.account.clone(),
        fact.region.clone(),
        fact.trail.clone(),
    )
}

pub(super) fn shown((account, region, name): &Name) -> String {
    format!(
        "`{}` (account {}, home {})",
        display_value(name),
        display_value(account),
        display_value(region)
    )
}
