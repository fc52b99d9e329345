//! What answers to `UpdateTrail` tell of a trail beside what was asked: it counts as told where it is
//! otherwise than what was known until then, so that no record of the change that made it so is here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::digest_trails::{Belonging, DigestTrails};
use super::story::plain_prefix;
use crate::ledger::facts::{ANSWER, TrailFact, UNREADABLE};
use crate::trail::snapshot::{Snapshot, TrailSetting};

type Members = Map<String, Value>;

/// Where a trail delivers, and for whom.
const KNOWN: [&str; 6] = [
    "isMultiRegionTrail",
    "isOrganizationTrail",
    "includeGlobalServiceEvents",
    "s3BucketName",
    "s3KeyPrefix",
    "cloudWatchLogsLogGroupArn",
];

/// What is known of trails besides the records of calls.
pub struct Answers<'a> {
    /// Snapshots that the user gave.
    pub snapshots: &'a [Snapshot],
    /// The trails that digest files name.
    pub digests: &'a DigestTrails,
}

impl Answers<'_> {
    /// Changes in the order of time; the settings of each hold what its answer told otherwise.
    pub fn told(&self, mut facts: Vec<TrailFact>) -> Vec<TrailFact> {
        let mut known: BTreeMap<[String; 3], Members> = BTreeMap::new();
        for fact in &mut facts {
            if fact.settings.is_empty() {
                continue;
            }
            let Ok(Value::Object(mut settings)) = serde_json::from_str(&fact.settings) else {
                continue;
            };
            let name = [&fact.account, &fact.region, &fact.trail].map(Clone::clone);
            let before = known.entry(name).or_default();
            if fact.event_name == "CreateTrail" {
                *before = of_new();
            }
            // It may have been told anything.
            if settings.contains_key(UNREADABLE) {
                before.clear();
            }
            let answer = settings.remove(ANSWER);
            remember(before, &settings);
            let Some(Value::Object(answer)) = answer else {
                continue;
            };
            let otherwise = |(member, value): &(&String, &Value)| match before.get(*member) {
                Some(known) => !is_same(member, known, value),
                None => self.contradicts(fact, member, value),
            };
            let changed: Vec<(&String, &Value)> = answer.iter().filter(otherwise).collect();
            for (member, value) in changed {
                settings.insert(member.clone(), value.clone());
            }
            remember(before, &answer);
            fact.settings = Value::Object(settings).to_string();
        }
        facts
    }

    /// Whether the last snapshot from before the change says otherwise, or else the digests of the
    /// trail do.
    fn contradicts(&self, fact: &TrailFact, member: &str, value: &Value) -> bool {
        let all = self.snapshots.iter().flat_map(|file| {
            let trails = file.trails.iter();
            trails.map(move |one| (file.taken_at, one))
        });
        let name = [&fact.account, &fact.region, &fact.trail];
        let said = all.filter_map(|(at, one)| {
            let at = at.filter(|at| *at <= fact.time)?;
            let is_it = [&one.account, &one.region, &one.name] == name;
            Some((at, is_it.then(|| said(one, member)).flatten()?))
        });
        match said.max_by_key(|(at, _)| *at) {
            Some((_, said)) => !is_same(member, &said, value),
            None => self.digests_contradict(fact, member, value),
        }
    }

    fn digests_contradict(&self, fact: &TrailFact, member: &str, value: &Value) -> bool {
        let name = (
            fact.account.as_str(),
            fact.region.as_str(),
            fact.trail.as_str(),
        );
        let belonging = self.digests.belonging(name.0, name.1, name.2);
        let delivered = || (self.digests).delivered(name, belonging == Belonging::Organization);
        let text = value.as_str().unwrap_or_default();
        match member {
            "isMultiRegionTrail" => {
                let regions = self.digests.regions(name.0, name.1, name.2);
                *value == Value::Bool(false) && regions.iter().any(|one| *one != name.1)
            }
            "isOrganizationTrail" => {
                *value == Value::Bool(false) && belonging == Belonging::Organization
            }
            "s3BucketName" => {
                let buckets = delivered().buckets;
                !buckets.is_empty() && !buckets.contains(text)
            }
            "s3KeyPrefix" => {
                let prefixes = delivered().prefixes;
                !prefixes.is_empty() && !prefixes.contains(plain_prefix(text))
            }
            _ => false,
        }
    }
}

fn remember(known: &mut Members, told: &Members) {
    for (member, value) in told {
        if KNOWN.contains(&member.as_str()) {
            known.insert(member.clone(), value.clone());
        }
    }
}

/// How a trail is made that is not told otherwise. Its bucket is always told.
fn of_new() -> Members {
    Members::from_iter([
        ("isMultiRegionTrail".to_owned(), Value::Bool(false)),
        ("isOrganizationTrail".to_owned(), Value::Bool(false)),
        ("includeGlobalServiceEvents".to_owned(), Value::Bool(true)),
        ("s3KeyPrefix".to_owned(), "".into()),
        ("cloudWatchLogsLogGroupArn".to_owned(), "".into()),
    ])
}

/// What a snapshot says of a setting.
fn said(one: &TrailSetting, member: &str) -> Option<Value> {
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    match member {
        "isMultiRegionTrail" => one.is_multi_region.map(Value::from),
        "isOrganizationTrail" => one.is_organization.map(Value::from),
        "s3BucketName" => text(&one.bucket),
        // What names a bucket and no prefix says that there is none.
        "s3KeyPrefix" => text(&one.prefix).or(one.bucket.as_ref().map(|_| "".into())),
        _ => None,
    }
}

fn is_same(member: &str, one: &Value, other: &Value) -> bool {
    match (member, one.as_str(), other.as_str()) {
        ("s3KeyPrefix", Some(one), Some(other)) => plain_prefix(one) == plain_prefix(other),
        _ => one == other,
    }
}
