//! The trails that the digest files of a log set are of.
//!
//! Trails of equal names in all accounts are normal, so a trail is known by its owner as well. Of an
//! organization trail the keys tell the organization, and the account that the digest is about,
//! which is not the owner: the trail is that of the management account.

use std::collections::{BTreeMap, BTreeSet};

use crate::integrity::Facts;
use crate::integrity::place::file_name;
use crate::source::layout;

/// Whose trail it is, as far as the key of a digest tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// Of this account alone.
    Account(String),
    /// Of the management account of this organization.
    Organization(String),
    /// No folders tell whether it is the organization's or that of this account.
    Unknown(String),
}

/// A trail that digest files name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DigestTrail {
    owner: Owner,
    home: String,
    name: String,
}

/// What is known of the digests of one trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The accounts that they are about.
    pub accounts: BTreeSet<String>,
    /// The buckets that they name as their own. Hostile text.
    pub buckets: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Digests {
    delivered: Delivered,
    /// Accounts of files that cannot be read, too: they prove nothing, but there is such a trail.
    accounts: BTreeSet<String>,
}

/// Every trail that digest files name.
#[derive(Debug, Clone, Default)]
pub struct DigestTrails(BTreeMap<DigestTrail, Digests>);

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
        let digests = self.0.entry(trail).or_default();
        if let Some((_, bucket)) = said {
            insert(&mut digests.delivered.accounts, &account);
            insert(&mut digests.delivered.buckets, bucket);
        }
        insert(&mut digests.accounts, &account);
    }

    /// The digests of the trail of an account. Those of an organization's trail are its own if it
    /// may be one, and if some of them are about its owner: a member may have one of the same name.
    pub fn delivered(
        &self,
        (owner, home, name): (&str, &str, &str),
        may_be_organization: bool,
    ) -> Delivered {
        let mut all = Delivered::default();
        let own = self.0.iter().filter(|(trail, digests)| {
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
        }
        all
    }

    /// Whether one trail alone wrote the digest files about an account: what they say is then said
    /// of it.
    pub fn has_one_of(&self, account: &str) -> bool {
        let about = |digests: &&Digests| digests.accounts.contains(account);
        self.0.values().filter(about).count() == 1
    }

    /// The buckets that any digests name as their own.
    pub fn buckets(&self) -> BTreeSet<&str> {
        let all = self.0.values().flat_map(|one| &one.delivered.buckets);
        all.map(String::as_str).collect()
    }
}

fn insert(all: &mut BTreeSet<String>, one: &str) {
    if !all.contains(one) {
        all.insert(one.to_owned());
    }
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
