//! Runs a control's examples: the same matcher, roles and judging over time as
//! a report, with coverage taken as proven.
//!
//! An example passes only if verdict, attempts and undecided records are all as
//! its author said.

use std::collections::BTreeMap;

use super::keys::{self, Joined, Keys, Values};
use super::model::{Control, Example, Expectation, Pair, Trigger};
use super::overtime::{Answer, answer, bursts, shortfalls, whole_parts};
use super::roles::{Assigned, ControlEngine, Part, Role};
use super::set::ControlSet;
use super::verdict::{Tally, Verdict};
use crate::period::Period;
use crate::record::path::core;
use crate::record::project::{Fault, Projector};
use crate::record::time::{self, TimeError};
use crate::record::view::RecordView;

/// Why an example could not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// Not JSON as the reader takes it.
    #[error("event {0} is not a record: {1}")]
    NotARecord(usize, Fault),
    /// A record without a time belongs to no period.
    #[error("event {0} has no usable `eventTime`: {1}")]
    NoTime(usize, TimeError),
}

/// What came of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its name.
    pub name: String,
    /// What was counted.
    pub tally: Tally,
    /// The verdict.
    pub verdict: Verdict,
    /// The roles of each event.
    pub roles: Vec<Vec<Role>>,
    /// What is not as the author said; empty if the example passes.
    pub differences: Vec<String>,
}

impl Trial {
    /// Whether everything is as the author said.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Runs every example of a control.
pub fn run(set: &ControlSet, control: &Control) -> Vec<Result<Trial, TrialError>> {
    let alone = set.only(|one| one.id == control.id);
    let examples = control.examples.iter();
    examples.map(|one| run_one(&alone, control, one)).collect()
}

/// A role with what judging over time needs.
struct Seen {
    event: usize,
    at: i64,
    assigned: Assigned,
    keys: Keys,
}

fn run_one(alone: &ControlSet, control: &Control, example: &Example) -> Result<Trial, TrialError> {
    let engine = ControlEngine::new(alone, &example.lists);
    let (seen, times) = see(&engine, example)?;
    let period = period(example, &times);
    let mut tally = tally_roles(&seen);
    judge_over_time(&control.expectation, example, &period, &seen, &mut tally);
    let unfilled = engine.unfilled_lists(0);
    // What is an exception whatever the list holds stays one.
    let verdict = match tally.verdict(&control.expectation) {
        Verdict::Exceptions => Verdict::Exceptions,
        _ if !unfilled.is_empty() => Verdict::NotDeterminable,
        verdict => verdict,
    };
    let mut roles = vec![Vec::new(); example.events.len()];
    for one in &seen {
        roles[one.event].push(one.assigned.role);
    }
    Ok(Trial {
        name: example.name.clone(),
        differences: differences(example, verdict, &tally, unfilled),
        tally,
        verdict,
        roles,
    })
}

/// Every role of every event, and the time of every event.
fn see(engine: &ControlEngine, example: &Example) -> Result<(Vec<Seen>, Vec<i64>), TrialError> {
    let mut projector = Projector::new(engine.paths());
    let mut judge = engine.judge();
    let mut all = Vec::new();
    let mut times = Vec::new();
    let mut roles = Vec::new();
    for (event, text) in example.events.iter().enumerate() {
        let bytes = text.get_ref().trim().as_bytes();
        projector
            .read(bytes, 0)
            .map_err(|fault| TrialError::NotARecord(event, fault))?;
        let view = RecordView::new(bytes, &projector);
        let written = view.text(core::EVENT_TIME).unwrap_or_default();
        let at = time::parse(&written).map_err(|error| TrialError::NoTime(event, error))?;
        times.push(at);
        let view = view.at(Some(at));
        roles.clear();
        judge.roles(&view, &mut roles);
        all.extend(roles.iter().map(|assigned| Seen {
            event,
            at,
            assigned: *assigned,
            keys: judge.keys(assigned, &view),
        }));
    }
    Ok((all, times))
}

fn period(example: &Example, times: &[i64]) -> Period {
    if let Some(period) = &example.period {
        return period.clone();
    }
    let left = example.leavers.iter().map(|one| one.left);
    let all = times.iter().copied();
    // An example without events is about what did not happen to its leavers.
    let (first, last) = match (all.clone().min(), all.max()) {
        (Some(first), Some(last)) => (first, last),
        _ => (
            left.clone().min().unwrap_or_default(),
            left.max().unwrap_or_default(),
        ),
    };
    Period::whole_months(first, last)
}

fn tally_roles(seen: &[Seen]) -> Tally {
    // An undecided response matters only through the trigger that it may answer.
    let is_response = |one: &&Seen| matches!(one.assigned.part, Part::Response(_));
    let own = seen.iter().filter(|one| !is_response(one));
    let count = |role: Role| own.clone().filter(|one| one.assigned.role == role).count() as u64;
    Tally {
        exceptions: count(Role::Exception),
        conforming: count(Role::Conforming),
        attempts: count(Role::Attempt),
        undecided: count(Role::Undecided),
        listed: count(Role::Listed),
    }
}

fn judge_over_time(
    expectation: &Expectation,
    example: &Example,
    period: &Period,
    seen: &[Seen],
    tally: &mut Tally,
) {
    match expectation {
        Expectation::Threshold {
            more_than, window, ..
        } => {
            let groups = group(seen, Role::Listed, |one| match &one.keys {
                Keys::By(who) => vec![who.clone()],
                _ => vec![None],
            });
            for times in groups.values() {
                tally.exceptions += bursts(times, *more_than, *window).len() as u64;
            }
        }
        Expectation::AtLeast {
            count, per, each, ..
        } => {
            let parts = whole_parts(period, *per);
            let entries = |one: &Seen| match &one.keys {
                Keys::Entries(entries) => entries.clone(),
                _ => vec![0],
            };
            let conforming = group(seen, Role::Conforming, entries);
            let undecided = group(seen, Role::Undecided, entries);
            let none = Vec::new();
            let all = each.as_ref().map_or(1, |each| {
                example.lists.get(&each.list).map_or(0, Vec::len) as u32
            });
            for entry in 0..all {
                let times = conforming.get(&entry).unwrap_or(&none);
                let open = undecided.get(&entry).unwrap_or(&none);
                let short = shortfalls(&parts, *count, times, open);
                let certain = short.iter().filter(|one| one.is_certain(*count));
                tally.exceptions += certain.count() as u64;
            }
        }
        Expectation::FollowedBy(pairs) => {
            for (at, pair) in (0u16..).zip(pairs) {
                judge_pair(at, pair, example, period, seen, tally);
            }
        }
        _ => {}
    }
}

/// The times of one role by key, ascending.
fn group<K: Ord>(
    seen: &[Seen],
    role: Role,
    keys: impl Fn(&Seen) -> Vec<K>,
) -> BTreeMap<K, Vec<i64>> {
    let mut groups: BTreeMap<K, Vec<i64>> = BTreeMap::new();
    for one in seen.iter().filter(|one| one.assigned.role == role) {
        for key in keys(one) {
            groups.entry(key).or_default().push(one.at);
        }
    }
    for times in groups.values_mut() {
        times.sort_unstable();
    }
    groups
}

fn judge_pair(
    at: u16,
    pair: &Pair,
    example: &Example,
    period: &Period,
    seen: &[Seen],
    tally: &mut Tally,
) {
    let joins = |one: &Seen| match &one.keys {
        Keys::Joins(values) => values.clone(),
        _ => Vec::new(),
    };
    let triggers: Vec<(i64, Vec<Values>)> = match pair.trigger {
        Trigger::Leavers => example
            .leavers
            .iter()
            .filter(|leaver| period.contains(leaver.left))
            .map(|leaver| {
                (
                    leaver.left,
                    keys::leaver_values(&leaver.identities, &pair.join),
                )
            })
            .collect(),
        Trigger::Records(_) => seen
            .iter()
            .filter(|one| {
                one.assigned.part == Part::Trigger(at) && one.assigned.role == Role::Trigger
            })
            .map(|one| (one.at, joins(one)))
            .collect(),
    };
    for (time, values) in triggers {
        let responses = |wanted: fn(Joined, Role) -> bool| {
            let mut times: Vec<i64> = seen
                .iter()
                .filter(|one| one.assigned.part == Part::Response(at))
                .filter(|one| wanted(keys::joined(&values, &joins(one)), one.assigned.role))
                .map(|one| one.at)
                .collect();
            times.sort_unstable();
            times
        };
        let certain = responses(|joined, role| joined == Joined::Yes && role == Role::Response);
        let possible = responses(|joined, _| joined != Joined::No);
        let answer_among = |times: &[i64]| answer(time, pair.within, times, period.end);
        match (answer_among(&certain), answer_among(&possible)) {
            (Answer::InTime(_), _) => tally.conforming += 1,
            (Answer::Open, _) | (_, Answer::InTime(_)) => tally.undecided += 1,
            _ => tally.exceptions += 1,
        }
    }
}

fn differences(
    example: &Example,
    verdict: Verdict,
    tally: &Tally,
    unfilled: &[String],
) -> Vec<String> {
    let mut all = Vec::new();
    if verdict != example.verdict {
        let why = if unfilled.is_empty() {
            format!(
                "{} exceptions, {} conforming, {} listed",
                tally.exceptions, tally.conforming, tally.listed
            )
        } else {
            format!("lists not filled: {}", unfilled.join(", "))
        };
        all.push(format!(
            "verdict is `{}`, expected `{}` ({why})",
            verdict.id(),
            example.verdict.id()
        ));
    }
    let mut compare = |what: &str, found: u64, expected: u64| {
        if found != expected {
            all.push(format!("{what}: {found}, expected {expected}"));
        }
    };
    compare("attempts", tally.attempts, example.attempts);
    compare("undecided", tally.undecided, example.undecided);
    all
}
