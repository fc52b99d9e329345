//! What answers to `UpdateTrail` tell of a trail beside what was asked: it counts as told where it is
//! otherwise than what was known until then, so that no record of the change that made it so is here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::digest_trails::{Belonging, DigestTrails};
use super::story::plain_prefix;
use crate::ledger::facts::{ANSWER, CHANGED, TrailFact, UNREADABLE};
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
    /// Changes in the order of time. The settings of each hold what its answer told otherwise as if
    /// it had been asked for, and what it told beside that under [`ANSWER`].
    pub fn told(&self, mut facts: Vec<TrailFact>) -> Vec<TrailFact> {
        let mut known: BTreeMap<[String; 3], Known> = BTreeMap::new();
        for fact in &mut facts {
            if fact.settings.is_empty() && fact.event_name != "CreateTrail" {
                continue;
            }
            let settings = serde_json::from_str(&fact.settings).unwrap_or_default();
            let name = [&fact.account, &fact.region, &fact.trail].map(Clone::clone);
            let settings = self.read(fact, settings, known.entry(name).or_default());
            if !fact.settings.is_empty() {
                fact.settings = Value::Object(settings).to_string();
            }
        }
        facts
    }

    fn read(&self, fact: &TrailFact, mut settings: Members, known: &mut Known) -> Members {
        if fact.event_name == "CreateTrail" {
            known.clear();
            known.remember(&of_new(), fact.time);
        }
        // It may have been told anything.
        if settings.contains_key(UNREADABLE) {
            known.clear();
        }
        settings.remove(CHANGED);
        let answer = settings.remove(ANSWER);
        known.remember(&settings, fact.time);
        let Some(Value::Object(answer)) = answer else {
            return settings;
        };
        let (mut changed, mut beside) = (Members::new(), Members::new());
        for (member, value) in &answer {
            let before = known.0.get(member);
            let since = match before {
                Some((value_before, at)) => {
                    (!is_same(member, value_before, value)).then_some(Some(*at))
                }
                None => self.contradicts(fact, member, value),
            };
            match since {
                Some(since) => {
                    settings.insert(member.clone(), value.clone());
                    changed.insert(member.clone(), since.into());
                }
                // A part is left out from then on, whether it was before or not.
                None if member == "includeGlobalServiceEvents" && before.is_none() => {
                    settings.insert(member.clone(), value.clone());
                }
                None => {
                    beside.insert(member.clone(), value.clone());
                }
            }
        }
        known.remember(&answer, fact.time);
        for (member, all) in [(CHANGED, changed), (ANSWER, beside)] {
            if !all.is_empty() {
                settings.insert(member.to_owned(), Value::Object(all));
            }
        }
        settings
    }

    /// Of when it is known that it was otherwise, if the last snapshot from before the change says so,
    /// or else the digests of the trail do.
    fn contradicts(&self, fact: &TrailFact, member: &str, value: &Value) -> Option<Option<i64>> {
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
            Some((at, said)) => (!is_same(member, &said, value)).then_some(Some(at)),
            None => self.digests_contradict(fact, member, value).then_some(None),
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

/// What is known of a trail, each with the instant of which it is known.
#[derive(Default)]
struct Known(BTreeMap<String, (Value, i64)>);

impl Known {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn remember(&mut self, told: &Members, at: i64) {
        for (member, value) in told {
            if KNOWN.contains(&member.as_str()) {
                self.0.insert(member.clone(), (value.clone(), at));
            }
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
