//! Everything worth telling a person, the gravest first.
//!
//! A digest, a changed log and a stretch of time are told one by one. Logs that
//! only share a reason for not being proved are told together, with a count.

use std::collections::BTreeMap;

use crate::record::time;
use crate::source::display::display_value;

use super::facts::Facts;
use super::metadata::Target;
use super::place::{ChainId, Place, log_claim};
use super::report::{
    CoverKind, CoverRange, DigestReport, DigestState, Fault, FaultKind, IntegrityVerdict,
    LogReport, LogState, PlaceCover, Problem, Weight,
};

/// All problems, sorted by weight, kind and object.
pub(super) fn problems(
    facts: &Facts,
    digests: &[DigestReport],
    logs: &[LogReport],
    cover: &[PlaceCover],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    of_digests(digests, &mut problems);
    of_logs(logs, &mut problems);
    for place in cover {
        of_cover(place, &mut problems);
    }
    of_metadata(facts, digests, &mut problems);
    problems.sort_by(|a, b| {
        let grave = |problem: &Problem| std::cmp::Reverse(problem.kind.weight());
        (grave(a), a.kind, &a.object, &a.message).cmp(&(grave(b), b.kind, &b.object, &b.message))
    });
    problems
}

/// The answer in one word.
pub(super) fn verdict(digests: &[DigestReport], problems: &[Problem]) -> IntegrityVerdict {
    let gravest = problems.iter().map(|problem| problem.kind.weight()).max();
    let has_digests = digests
        .iter()
        .any(|digest| digest.state != DigestState::Missing);
    match gravest {
        Some(Weight::Failed) => IntegrityVerdict::Failed,
        _ if !has_digests => IntegrityVerdict::NotVerified,
        Some(Weight::Unverified) => IntegrityVerdict::Incomplete,
        Some(Weight::Notice) | None => IntegrityVerdict::Verified,
    }
}

/// Things that share account, Region, kind of fault and message.
#[derive(Default)]
struct Shared<'r>(BTreeMap<(FaultKind, String, &'r str), (u64, &'r str)>);

impl<'r> Shared<'r> {
    fn add(&mut self, fault: &'r Fault, place: Option<String>, object: &'r str) {
        let place = place.unwrap_or_else(|| object.to_owned());
        let known = self.0.entry((fault.kind, place, &fault.message));
        known.or_insert((0, object)).0 += 1;
    }

    fn tell(self, things: &str, problems: &mut Vec<Problem>) {
        for ((kind, place, message), (count, object)) in self.0 {
            problems.push(if count == 1 {
                problem(kind, object, message.to_owned())
            } else {
                problem(kind, &place, format!("{count} {things}: {message}"))
            });
        }
    }
}

fn problem(kind: FaultKind, object: &str, message: String) -> Problem {
    Problem {
        kind,
        object: object.to_owned(),
        message,
    }
}

fn of_digests(digests: &[DigestReport], problems: &mut Vec<Problem>) {
    let mut shared = Shared::default();
    for digest in digests {
        let object = digest.file.as_ref().unwrap_or(&digest.key);
        for fault in &digest.faults {
            let is_shared = matches!(
                fault.kind,
                FaultKind::KeyNotFound
                    | FaultKind::KeyOfOtherRegion
                    | FaultKind::NotGzip
                    | FaultKind::GenerationTimeUnknown
                    | FaultKind::SignatureAlgorithm
            );
            if is_shared {
                let place = digest.chain.as_ref().map(|chain| place_words(&chain.place));
                shared.add(fault, place, object);
            } else {
                problems.push(problem(fault.kind, object, fault.message.clone()));
            }
        }
    }
    shared.tell("digests", problems);
}

fn of_logs(logs: &[LogReport], problems: &mut Vec<Problem>) {
    let mut shared = Shared::default();
    for log in logs {
        let is_unproved = matches!(log.state, LogState::Unverifiable | LogState::NotCovered);
        for fault in &log.faults {
            let is_shared = fault.kind == FaultKind::NotGzip
                || is_unproved
                    && matches!(
                        fault.kind,
                        FaultKind::NoValidDigest | FaultKind::DigestAbsent | FaultKind::NotCovered
                    );
            if is_shared {
                let place = log_claim(&log.key).place.map(|place| place_words(&place));
                shared.add(fault, place, &log.key);
            } else if fault.kind != FaultKind::NoValidDigest {
                problems.push(problem(fault.kind, &log.key, fault.message.clone()));
            }
        }
    }
    shared.tell("log files", problems);
}

fn of_cover(cover: &PlaceCover, problems: &mut Vec<Problem>) {
    let mut add = |kind, object: String, range: &CoverRange, what: &str| {
        problems.push(Problem {
            kind,
            object,
            message: format!(
                "{} to {}: {what}",
                time::format(range.start),
                time::format(range.end)
            ),
        });
    };
    for trail in &cover.trails {
        for range in trail
            .ranges
            .iter()
            .filter(|range| range.kind == CoverKind::Hole)
        {
            add(
                FaultKind::Hole,
                chain_words(&trail.chain),
                range,
                "digests are missing",
            );
        }
    }
    let object = place_words(&cover.place);
    for range in &cover.ranges {
        if range.kind == CoverKind::Gap {
            let what = "no digests: validation or logging was off";
            add(FaultKind::Gap, object.clone(), range, what);
        }
    }
    for range in &cover.asked {
        let (kind, what) = match range.kind {
            CoverKind::BeforeFirst => (
                FaultKind::BeforeFirst,
                "asked for, and before the first digest",
            ),
            CoverKind::AfterLast => (FaultKind::AfterLast, "asked for, and after the last digest"),
            CoverKind::NoDigests => (FaultKind::NoDigests, "asked for, and there are no digests"),
            _ => continue,
        };
        add(kind, object.clone(), range, what);
    }
    if cover.trails.is_empty() && cover.asked.is_empty() {
        problems.push(Problem {
            kind: FaultKind::NoDigests,
            object,
            message: "there are log files and no digests".into(),
        });
    }
}

fn of_metadata(facts: &Facts, digests: &[DigestReport], problems: &mut Vec<Problem>) {
    problems.extend(facts.bad_metadata.iter().map(|bad| Problem {
        kind: FaultKind::BadMetadata,
        object: bad.key.clone(),
        message: bad.message.clone(),
    }));
    let known: std::collections::HashSet<&str> = digests
        .iter()
        .flat_map(|digest| [Some(&*digest.key), digest.file.as_deref()])
        .flatten()
        .collect();
    let mut without: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for fact in &facts.signatures {
        let (Target::Local(key) | Target::Object { key, .. }) = &fact.target;
        if !known.contains(&**key) {
            without.entry(&fact.source).or_insert((0, key)).0 += 1;
        }
    }
    problems.extend(without.into_iter().map(|(source, (count, first))| Problem {
        kind: FaultKind::MetadataWithoutDigest,
        object: source.to_owned(),
        message: format!(
            "holds metadata of {count} digests that are not there, the first `{}`",
            display_value(first)
        ),
    }));
}

/// `account 111122223333, us-east-1`
pub(super) fn place_words(place: &Place) -> String {
    match &place.organization {
        Some(organization) => format!(
            "account {}, {} ({organization})",
            place.account, place.region
        ),
        None => format!("account {}, {}", place.account, place.region),
    }
}

fn chain_words(chain: &ChainId) -> String {
    format!("{}, trail `{}`", place_words(&chain.place), chain.trail)
}
