//! The trails that the digest files of a log set are of.
//!
//! Trails of equal names in all accounts are normal, so a trail is known by its owner as well. Of an
//! organization trail the keys tell the organization, and the account that the digest is about,
//! which is not the owner: the trail is that of the management account.

use std::collections::{BTreeMap, BTreeSet};

use crate::integrity::place::{ChainId, file_name};
use crate::integrity::report::CoverRange;
use crate::integrity::{Facts, IntegrityReport};
use crate::source::display::display_value;
use crate::source::layout;

use super::story::plain_prefix;

/// Whose trail it is, as far as the key of a digest tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Of this account alone.
    Account(String),
    /// Of the management account of this organization.
    Organization(String),
    /// No folders tell whether it is the organization's or that of this account.
    Unknown(String),
}

/// A trail that digest files name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestTrail {
    owner: Owner,
    home: String,
    name: String,
}

/// Whether the trail of digest files is one that records tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// It is another.
    No,
    /// It may be.
    Maybe,
    /// It is.
    Yes,
}

/// What is known of the digests of one trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The accounts that they are about.
    pub accounts: BTreeSet<String>,
    /// The buckets that they name as their own. Hostile text.
    pub buckets: BTreeSet<String>,
    /// What stands before `AWSLogs` in the keys that they state as their own. Hostile text.
    pub prefixes: BTreeSet<String>,
    /// The period and its slack, by account and Region that they are about. Of an organization's
    /// trail those too that do not tell whether it is the trail of this owner.
    pub times: BTreeMap<(String, String), Vec<CoverRange>>,
}

/// What the digests of one trail tell of time, at one account and Region.
#[derive(Debug, Clone)]
pub struct TrailTimes {
    trail: DigestTrail,
    /// The Region.
    pub region: String,
    /// The period and its slack.
    pub asked: Vec<CoverRange>,
}

#[derive(Debug, Clone, Default)]
struct Digests {
    delivered: Delivered,
    /// Accounts of files that cannot be read, too: they prove nothing, but there is such a trail.
    accounts: BTreeSet<String>,
    /// The Regions that they are of.
    regions: BTreeSet<String>,
    /// The last day in the names of the files, as digits.
    last_day: String,
}

/// Every trail that digest files name.
#[derive(Debug, Clone, Default)]
pub struct DigestTrails {
    all: BTreeMap<DigestTrail, Digests>,
    /// What stands before `AWSLogs` in the keys of log files here.
    fronts: BTreeSet<String>,
    /// By account that they are about.
    times: BTreeMap<String, Vec<TrailTimes>>,
    /// The accounts that have folders below the id of an organization.
    organizations: BTreeMap<String, BTreeSet<String>>,
    /// Accounts with records in files that lie where no folders tell whose trail wrote them.
    unplaced: BTreeSet<String>,
}

/// Whose events a trail records, as far as digest files and folders tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    /// Those of its own account.
    Alone,
    /// Those of its own account, and perhaps those of others whose records lie in files without
    /// folders.
    Unplaced,
    /// The logs of its account lie below an organization, and no digests tell of which trail.
    Unclear,
    /// Those of the organization.
    Organization,
}

impl Belonging {
    /// Whether it may record another account than that of its owner, which may have records in
    /// files without folders.
    pub fn may_reach(self, is_unplaced: bool) -> bool {
        match self {
            Belonging::Alone => false,
            Belonging::Unplaced => is_unplaced,
            Belonging::Unclear | Belonging::Organization => true,
        }
    }
}

impl DigestTrails {
    /// From all digests: the key that a digest states as its own tells more than that of a copy.
    pub fn of(facts: &Facts) -> DigestTrails {
        let mut all = DigestTrails::default();
        for fact in &facts.digests {
            match &fact.bytes.digest {
                Ok(digest) => all.add(&fact.key, Some((&digest.key, &digest.bucket))),
                Err(_) => all.add(&fact.key, None),
            }
        }
        for log in &facts.logs {
            if let Some((front, _)) = log.key.rsplit_once(layout::ANCHOR) {
                insert(&mut all.fronts, plain_prefix(front));
            }
        }
        all
    }

    fn add(&mut self, local: &str, said: Option<(&str, &str)>) {
        let stated = said.and_then(|(key, _)| trail_of_digest(key));
        let found = match stated {
            Some((one, account)) if !matches!(one.owner, Owner::Unknown(_)) => Some((one, account)),
            _ => trail_of_digest(local).or(stated),
        };
        let Some((trail, account)) = found else {
            return;
        };
        if let Owner::Organization(id) = &trail.owner {
            self.add_member(id, &account);
        }
        let region = region_of_digest(local);
        let digests = self.all.entry(trail).or_default();
        digests.regions.extend(region.map(str::to_owned));
        let day = day_of_digest(local);
        if day > digests.last_day.as_str() {
            day.clone_into(&mut digests.last_day);
        }
        if let Some((key, bucket)) = said {
            let delivered = &mut digests.delivered;
            insert(&mut delivered.accounts, &account);
            insert(&mut delivered.buckets, bucket);
            if let Some((front, _)) = key.rsplit_once(layout::ANCHOR) {
                insert(&mut delivered.prefixes, plain_prefix(front));
            }
        }
        insert(&mut digests.accounts, &account);
    }

    /// With what verification says of the time that they cover.
    pub fn add_times(&mut self, report: &IntegrityReport) {
        for cover in &report.cover {
            let (account, region) = (&cover.place.account, &cover.place.region);
            for one in &cover.trails {
                self.times
                    .entry(account.clone())
                    .or_default()
                    .push(TrailTimes {
                        trail: DigestTrail::of_chain(&one.chain),
                        region: region.clone(),
                        asked: one.asked.clone(),
                    });
            }
        }
    }

    /// What the digests about an account tell of time, trail by trail and Region by Region.
    pub fn times_of(&self, account: &str) -> &[TrailTimes] {
        self.times.get(account).map_or(&[], Vec::as_slice)
    }

    /// The digests of the trail of an account. Those of an organization's trail are its own if it
    /// may be one, and if some of them are about its owner: a member may have one of the same name.
    pub fn delivered(
        &self,
        (owner, home, name): (&str, &str, &str),
        may_be_organization: bool,
    ) -> Delivered {
        let mut all = Delivered::default();
        let own = self.all.iter().filter(|(trail, digests)| {
            let is_its = match &trail.owner {
                Owner::Account(account) => account == owner,
                Owner::Organization(_) => {
                    may_be_organization && digests.delivered.accounts.contains(owner)
                }
                Owner::Unknown(_) => false,
            };
            is_its && trail.home == home && trail.name == name
        });
        for (_, digests) in own {
            let found = digests.delivered.clone();
            all.accounts.extend(found.accounts);
            all.buckets.extend(found.buckets);
            all.prefixes.extend(found.prefixes);
        }
        for (account, times) in &self.times {
            let its = times.iter();
            for one in its.filter(|one| one.may_be((owner, home, name), may_be_organization)) {
                let place = (account.clone(), one.region.clone());
                all.times.entry(place).or_default().extend(&one.asked);
            }
        }
        all
    }

    /// The accounts whose logs lie below the id of an organization, too, and those with logs where no
    /// folders tell.
    #[must_use]
    pub fn with_members(
        mut self,
        members: &BTreeSet<(String, String)>,
        unplaced: &BTreeSet<String>,
    ) -> DigestTrails {
        self.unplaced.clone_from(unplaced);
        for (organization, account) in members {
            self.add_member(organization, account);
        }
        self
    }

    /// The accounts with records in files that lie in no folders.
    pub fn unplaced(&self) -> &BTreeSet<String> {
        &self.unplaced
    }

    fn add_member(&mut self, organization: &str, account: &str) {
        let members = self.organizations.entry(organization.to_owned());
        insert(members.or_default(), account);
    }

    /// Whether a trail of an account, known by home and name, is one of its organization.
    pub fn belonging(&self, owner: &str, home: &str, name: &str) -> Belonging {
        let is_named = |trail: &DigestTrail| trail.home == home && trail.name == name;
        let is_own = |trail: &&DigestTrail| {
            is_named(trail) && matches!(&trail.owner, Owner::Account(one) if one == owner)
        };
        let own = self.all.iter().find(|(trail, _)| is_own(trail));
        let mut ids = self
            .organizations
            .iter()
            .filter(|(_, all)| all.contains(owner));
        let of = |id: &str| {
            let all = self.all.keys();
            let id = id.to_owned();
            all.filter(move |trail| matches!(&trail.owner, Owner::Organization(one) if *one == id))
        };
        let mut belonging = Belonging::Alone;
        for (id, _) in ids.by_ref() {
            let last = |trail| self.all.get(trail).map(|digests| &digests.last_day);
            let its = of(id).filter(|trail| is_named(trail)).filter_map(last);
            if let Some(day) = its.max() {
                // What the trail of an account was once, it may no longer be.
                return match own {
                    Some((_, own)) if *day <= own.last_day => Belonging::Unclear,
                    _ => Belonging::Organization,
                };
            }
            // Where the trails of the organization are known by their digests, it is none of them.
            if of(id).next().is_none() {
                belonging = Belonging::Unclear;
            }
        }
        if own.is_some() {
            return Belonging::Alone;
        }
        // A management account may have logs of its own trail in its own folder, and those of the
        // organization's trail elsewhere: nothing tells which one is called by name.
        let is_member = self.organizations.values().any(|all| all.contains(owner));
        let mut unknown = self
            .organizations
            .keys()
            .filter(|id| of(id).next().is_none());
        if !is_member && unknown.next().is_some() {
            belonging = Belonging::Unclear;
        }
        match belonging {
            Belonging::Alone if !self.unplaced.is_empty() => Belonging::Unplaced,
            belonging => belonging,
        }
    }

    /// The Regions that digests of a trail are of, whoever they are about.
    pub fn regions(&self, owner: &str, home: &str, name: &str) -> BTreeSet<&str> {
        let is_its = |trail: &DigestTrail| match &trail.owner {
            Owner::Account(one) | Owner::Unknown(one) => one == owner,
            Owner::Organization(id) => self
                .organizations
                .get(id)
                .is_some_and(|all| all.contains(owner)),
        };
        let all = self.all.iter();
        all.filter(|(trail, _)| trail.home == home && trail.name == name && is_its(trail))
            .flat_map(|(_, digests)| digests.regions.iter().map(String::as_str))
            .collect()
    }

    /// Whether one trail alone wrote the digest files about an account: what they say is then said
    /// of it.
    pub fn has_one_of(&self, account: &str) -> bool {
        let about = |digests: &&Digests| digests.accounts.contains(account);
        self.all.values().filter(about).count() == 1
    }

    /// Whether one trail may record two Regions of an account: a trail with digests has some in each
    /// Region that it works in.
    pub fn may_share_a_trail(&self, account: &str, regions: [&str; 2]) -> bool {
        let of = |region: &str| -> BTreeSet<&DigestTrail> {
            let all = self.times_of(account).iter();
            let here = all.filter(|one| one.region == region);
            here.map(|one| &one.trail).collect()
        };
        let [one, other] = regions.map(of);
        one.is_empty() && other.is_empty() || !one.is_disjoint(&other)
    }

    /// The buckets that any digests name as their own.
    pub fn buckets(&self) -> BTreeSet<&str> {
        let all = self.all.values().flat_map(|one| &one.delivered.buckets);
        all.map(String::as_str).collect()
    }

    /// Whether keys with this prefix are known here, of digests or of log files; nothing where there
    /// are no digest files to compare with. Log files may lie in folders of the user, so whether any
    /// lie at the root of their bucket is not known if all have something before them.
    pub fn knows_prefix(&self, prefix: &str) -> Option<bool> {
        let stated = self.all.values().flat_map(|one| &one.delivered.prefixes);
        let mut stated = stated.peekable();
        stated.peek()?;
        let stated: BTreeSet<&String> = stated.collect();
        if stated.iter().any(|one| *one == prefix) {
            return Some(true);
        }
        let is_below = |front: &str, prefix: &str| {
            let rest = front.strip_suffix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        if !prefix.is_empty() {
            return Some(self.fronts.iter().any(|front| is_below(front, prefix)));
        }
        let is_explained = |front: &String| stated.iter().any(|one| is_below(front, one));
        match self.fronts.contains("") {
            true => Some(true),
            false => self.fronts.iter().all(is_explained).then_some(false),
        }
    }
}

impl DigestTrail {
    /// That of a series of digests.
    pub fn of_chain(chain: &ChainId) -> DigestTrail {
        DigestTrail {
            owner: match &chain.place.organization {
                Some(organization) => Owner::Organization(organization.clone()),
                None => Owner::Account(chain.place.account.clone()),
            },
            home: chain.home_region.clone(),
            name: chain.trail.clone(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is this trail of an account, of which it is known whose events it records.
    pub fn is_of(&self, (owner, home, name): (&str, &str, &str), belongs: Belonging) -> Same {
        if self.home != home || self.name != name {
            return Same::No;
        }
        match (&self.owner, belongs) {
            (Owner::Account(account) | Owner::Unknown(account), _) if account == owner => Same::Yes,
            (Owner::Organization(_), Belonging::Organization) => Same::Yes,
            (Owner::Organization(_), Belonging::Unclear | Belonging::Unplaced) => Same::Maybe,
            _ => Same::No,
        }
    }
}

impl TrailTimes {
    /// Whether they are of this trail, as far as they tell.
    pub fn may_be(
        &self,
        (owner, home, name): (&str, &str, &str),
        may_be_organization: bool,
    ) -> bool {
        let is_its = match &self.trail.owner {
            Owner::Account(account) | Owner::Unknown(account) => account == owner,
            Owner::Organization(_) => may_be_organization,
        };
        is_its && self.trail.home == home && self.trail.name == name
    }

    /// The trail in words.
    pub fn shown(&self) -> String {
        let owner = match &self.trail.owner {
            Owner::Account(owner) | Owner::Unknown(owner) => {
                format!("account {}", display_value(owner))
            }
            Owner::Organization(owner) => format!("organization {}", display_value(owner)),
        };
        format!(
            "`{}` ({owner}, home {})",
            display_value(&self.trail.name),
            display_value(&self.trail.home)
        )
    }
}

fn insert(all: &mut BTreeSet<String>, one: &str) {
    if !all.contains(one) {
        all.insert(one.to_owned());
    }
}

/// The Region that the name of a digest tells.
fn region_of_digest(key: &str) -> Option<&str> {
    let (_, rest) = file_name(key).split_once("_CloudTrail-Digest_")?;
    rest.split_once('_').map(|(region, _)| region)
}

/// The day in the name of a digest.
fn day_of_digest(key: &str) -> &str {
    let name = file_name(key).split(".json").next().unwrap_or_default();
    let name = name.strip_suffix("_backfill").unwrap_or(name);
    let time = name.rsplit_once('_').map_or("", |(_, time)| time);
    time.get(..8).unwrap_or_default()
}

/// The trail that the key of a digest tells, and the account that the digest is about.
fn trail_of_digest(key: &str) -> Option<(DigestTrail, String)> {
    let (_, rest) = file_name(key).split_once("_CloudTrail-Digest_")?;
    let (_region, rest) = rest.split_once('_')?;
    let rest = rest.split(".json").next()?;
    let rest = rest.strip_suffix("_backfill").unwrap_or(rest);
    let (rest, _time) = rest.rsplit_once('_')?;
    let (name, home) = rest.rsplit_once('_')?;
    let claim = layout::claim(key);
    let account = claim.account?;
    let owner = match (claim.organisation, claim.folder) {
        (Some(organization), _) => Owner::Organization(organization),
        (None, Some(_)) => Owner::Account(account.clone()),
        (None, None) => Owner::Unknown(account.clone()),
    };
    let trail = DigestTrail {
        owner,
        home: home.to_owned(),
        name: name.to_owned(),
    };
    Some((trail, account))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "111122223333";
    const TWO: &str = "444455556666";
    const HOME: &str = "us-east-1";

    fn key(front: &str, account: &str, trail: &str) -> String {
        format!(
            "{front}{account}/CloudTrail-Digest/eu-west-1/2026/10/01/{}",
            name(account, trail)
        )
    }

    fn name(account: &str, trail: &str) -> String {
        format!("{account}_CloudTrail-Digest_eu-west-1_{trail}_{HOME}_20261001T000000Z.json.gz")
    }

    /// Local keys with those that the digests state, all of one bucket.
    fn trails(keys: &[(&str, &str)]) -> DigestTrails {
        let mut all = DigestTrails::default();
        for (local, stated) in keys {
            all.add(local, Some((stated, "evidence")));
        }
        all
    }

    #[track_caller]
    fn check(all: &DigestTrails, owner: &str, is_organization: bool, accounts: &[&str]) {
        let found = all.delivered((owner, HOME, "main"), is_organization);
        let accounts: BTreeSet<String> = accounts.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(found.buckets.is_empty(), accounts.is_empty());
        assert_eq!(found.accounts, accounts);
    }

    #[test]
    fn a_trail_of_the_same_name_in_another_account_is_another_trail() {
        let one = key("AWSLogs/", ONE, "main");
        let all = trails(&[(&one, &one)]);
        for is_organization in [true, false] {
            check(&all, ONE, is_organization, &[ONE]);
            check(&all, TWO, is_organization, &[]);
        }
        let two = key("AWSLogs/", TWO, "main");
        let all = trails(&[(&one, &one), (&two, &two)]);
        assert!(all.has_one_of(ONE) && all.has_one_of(TWO));
    }

    #[test]
    fn a_trail_of_the_organization_is_not_that_of_a_member() {
        let one = key("p/AWSLogs/o-exampleorg1/", ONE, "main");
        let two = key("p/AWSLogs/o-exampleorg1/", TWO, "main");
        let all = trails(&[(&one, &one), (&two, &two)]);
        check(&all, TWO, false, &[]);
        check(&all, ONE, true, &[ONE, TWO]);
        assert!(all.has_one_of(ONE));
        // Of an organization that the owner is not in.
        check(&trails(&[(&two, &two)]), ONE, true, &[]);
        let own = key("AWSLogs/", TWO, "main");
        let all = trails(&[(&two, &two), (&own, &own)]);
        check(&all, TWO, false, &[TWO]);
        assert!(!all.has_one_of(TWO));
    }

    #[test]
    fn a_trail_that_became_one_of_the_organization_is_no_longer_that_of_an_account() {
        let belonging = |own: &str, its: &str| {
            let day = |key: String, day: &str| key.replace("20261001T", day);
            let own = day(key("AWSLogs/", ONE, "main"), own);
            let its = day(key("AWSLogs/o-exampleorg1/", ONE, "main"), its);
            trails(&[(&own, &own), (&its, &its)]).belonging(ONE, HOME, "main")
        };
        assert_eq!(belonging("20260927T", "20261002T"), Belonging::Organization);
        for (own, its) in [("20261002T", "20260927T"), ("20261002T", "20261002T")] {
            assert_eq!(belonging(own, its), Belonging::Unclear);
        }
    }

    #[test]
    fn a_copy_without_folders_is_of_the_trail_that_the_digest_states() {
        let flat = name(ONE, "main");
        let two = key("AWSLogs/o-exampleorg1/", ONE, "main");
        check(&trails(&[(&flat, &two)]), ONE, false, &[]);
        check(&trails(&[(&flat, &two)]), ONE, true, &[ONE]);
        check(&trails(&[(&flat, &flat)]), ONE, true, &[]);
        check(&trails(&[(&flat, "x")]), ONE, false, &[]);
        check(
            &trails(&[(&key("AWSLogs/", ONE, "main"), "x")]),
            ONE,
            false,
            &[ONE],
        );
        assert!(trails(&[(&flat, "x")]).has_one_of(ONE));
    }

    #[test]
    fn a_digest_that_cannot_be_read_proves_nothing_but_that_there_is_a_trail() {
        let (main, other) = (key("AWSLogs/", ONE, "main"), key("AWSLogs/", ONE, "other"));
        let mut all = trails(&[(&main, &main)]);
        all.add(&other, None);
        assert!(!all.has_one_of(ONE));
        let found = all.delivered((ONE, HOME, "other"), false);
        assert_eq!(found, Delivered::default());
    }

    #[test]
    fn names_of_trails_may_hold_what_keys_are_divided_by() {
        let odd = key("AWSLogs/", ONE, "my_odd.trail-1").replace("Z.json", "Z_backfill.json");
        let all = trails(&[(&odd, &odd)]);
        let found = all.delivered((ONE, HOME, "my_odd.trail-1"), false);
        assert_eq!(found.buckets.len(), 1);
    }
}
