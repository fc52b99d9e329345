//! Everything worth telling a person, the gravest first.
//!
//! A digest, a changed log and a stretch of time are told one by one. Logs that
//! only share a reason for not being proved are told together, with a count.

use std::collections::BTreeMap;

use crate::record::time;
use crate::source::display::display_value;

use super::facts::{Facts, Unseen};
use super::matters::{self, Concern};
use super::metadata::Target;
use super::place::{Place, log_claim, without_gz};
use super::report::{
    CoverKind, CoverRange, DigestReport, DigestState, Fault, FaultKind, IntegrityVerdict,
    LogReport, LogState, PlaceCover, Problem, Weight,
};
use super::trails::open_times;

/// Everything that was found, and what somebody wants to know about.
pub(super) struct Found<'f> {
    pub facts: &'f Facts,
    pub digests: &'f [DigestReport],
    pub logs: &'f [LogReport],
    pub cover: &'f [PlaceCover],
    pub unseen: &'f [Unseen],
    pub concern: Concern<'f>,
}

impl Found<'_> {
    /// All problems: what matters first, then by weight, kind and object.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.of_digests(&mut problems);
        self.of_logs(&mut problems);
        self.of_cover(&mut problems);
        self.of_metadata(&mut problems);
        problems.extend(self.unseen.iter().map(|unseen| Problem {
            kind: FaultKind::NotLookedInto,
            object: unseen.name.clone(),
            message: unseen.message.clone(),
            matters: self.concern.unseen(unseen),
        }));
        problems.sort_by(|a, b| order(a).cmp(&order(b)));
        problems
    }

    /// The answer in one word.
    pub(super) fn verdict(&self, problems: &[Problem]) -> IntegrityVerdict {
        let has = |weight| {
            let mut all = problems.iter();
            all.any(|problem| problem.matters && problem.kind.weight() == weight)
        };
        let has_digests = self
            .digests
            .iter()
            .any(|digest| digest.state != DigestState::Missing);
        let is_covered = matters::is_covered(self.cover, self.concern.asked);
        matters::verdict(
            has_digests,
            has(Weight::Failed),
            has(Weight::Unverified) || !is_covered,
        )
    }

    fn of_digests(&self, problems: &mut Vec<Problem>) {
        let mut shared = Shared::default();
        for digest in self.digests {
            let object = digest.file.as_ref().unwrap_or(&digest.key);
            let matters = self.concern.digest(digest);
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
                    shared.add(fault, place, object, matters);
                } else {
                    problems.push(problem(fault.kind, object, fault.message.clone(), matters));
                }
            }
        }
        shared.tell("digests", problems);
    }

    fn of_logs(&self, problems: &mut Vec<Problem>) {
        let mut shared = Shared::default();
        for log in self.logs.iter().filter(|log| !log.faults.is_empty()) {
            let is_unproved = matches!(log.state, LogState::Unverifiable | LogState::NotCovered);
            let matters = self.concern.log(log, self.digests);
            for fault in &log.faults {
                let is_shared = fault.kind == FaultKind::NotGzip
                    || is_unproved
                        && matches!(
                            fault.kind,
                            FaultKind::NoValidDigest
                                | FaultKind::DigestAbsent
                                | FaultKind::NotCovered
                        );
                if is_shared {
                    let place = log_claim(&log.key).place.map(|place| place_words(&place));
                    shared.add(fault, place, &log.key, matters);
                } else if fault.kind != FaultKind::NoValidDigest {
                    let message = fault.message.clone();
                    problems.push(problem(fault.kind, &log.key, message, matters));
                }
            }
        }
        shared.tell("log files", problems);
    }

    fn of_cover(&self, problems: &mut Vec<Problem>) {
        for cover in self.cover {
            for trail in &cover.trails {
                let object = trail_words(&cover.place, &trail.chain.trail);
                let holes = trail.ranges.iter();
                problems.extend(
                    holes
                        .filter(|range| range.kind == CoverKind::Hole)
                        .map(|range| self.of_time(&object, &cover.place, range)),
                );
            }
        }
        for open in open_times(self.cover, self.concern.asked) {
            let object = trail_words(open.place, &open.trail.chain.trail);
            let matters = self.concern.time(open.place, &open.range);
            problems.push(problem(open.kind, &object, open.message(), matters));
        }
        for one in matters::places(self.cover, self.concern.asked) {
            let object = place_words(one.place);
            let gaps = one.ranges.iter();
            let gaps = gaps.filter(|range| range.kind == CoverKind::Gap);
            let ends = one.asked.iter().filter(|range| {
                use CoverKind::{AfterLast, BeforeFirst, NoDigests};
                matches!(range.kind, BeforeFirst | AfterLast | NoDigests)
            });
            let times = gaps.chain(ends);
            problems.extend(times.map(|range| self.of_time(&object, one.place, range)));
            if !one.has_trails && one.asked.is_empty() {
                let message = "there are log files and no digests".to_owned();
                problems.push(problem(FaultKind::NoDigests, &object, message, true));
            }
        }
    }

    /// A stretch of time that no digest proves.
    fn of_time(&self, object: &str, place: &Place, range: &CoverRange) -> Problem {
        let (kind, what) = match range.kind {
            CoverKind::Gap => (FaultKind::Gap, "no digests: validation or logging was off"),
            CoverKind::BeforeFirst => (
                FaultKind::BeforeFirst,
                "asked for, and before the first digest",
            ),
            CoverKind::AfterLast => (FaultKind::AfterLast, "asked for, and after the last digest"),
            CoverKind::NoDigests => (FaultKind::NoDigests, "asked for, and there are no digests"),
            CoverKind::Hole | CoverKind::Verified | CoverKind::HashOnly | CoverKind::Failed => {
                (FaultKind::Hole, "digests are missing")
            }
        };
        let (from, to) = (time::format(range.start), time::format(range.end));
        problem(
            kind,
            object,
            format!("{from} to {to}: {what}"),
            self.concern.time(place, range),
        )
    }

    fn of_metadata(&self, problems: &mut Vec<Problem>) {
        problems.extend(
            self.facts
                .bad_metadata
                .iter()
                .map(|bad| problem(FaultKind::BadMetadata, &bad.key, bad.message.clone(), false)),
        );
        let known: std::collections::HashSet<&str> = self
            .digests
            .iter()
            .flat_map(|digest| [Some(&*digest.key), digest.file.as_deref()])
            .flatten()
            .map(without_gz)
            .collect();
        let mut without: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for fact in &self.facts.signatures {
            let (Target::Local(key) | Target::Object { key, .. }) = &fact.target;
            if !known.contains(without_gz(key)) {
                without.entry(&fact.source).or_insert((0, key)).0 += 1;
            }
        }
        problems.extend(without.into_iter().map(|(source, (count, first))| {
            let message = format!(
                "holds metadata of {count} digests that are not there, the first `{}`",
                display_value(first)
            );
            problem(FaultKind::MetadataWithoutDigest, source, message, false)
        }));
    }
}

/// What matters first, then the gravest.
fn order(problem: &Problem) -> impl Ord + use<'_> {
    (
        !problem.matters && problem.kind.weight() != Weight::Notice,
        std::cmp::Reverse(problem.kind.weight()),
        problem.kind,
        &problem.object,
        &problem.message,
    )
}

/// What things share that are told together: fault, place, message, and whether they matter.
type Alike<'r> = (FaultKind, String, &'r str, bool);

/// Things that are alike, with their count and the first of them.
#[derive(Default)]
struct Shared<'r>(BTreeMap<Alike<'r>, (u64, &'r str)>);

impl<'r> Shared<'r> {
    fn add(&mut self, fault: &'r Fault, place: Option<String>, object: &'r str, matters: bool) {
        let place = place.unwrap_or_else(|| object.to_owned());
        let known = self.0.entry((fault.kind, place, &fault.message, matters));
        known.or_insert((0, object)).0 += 1;
    }

    fn tell(self, things: &str, problems: &mut Vec<Problem>) {
        for ((kind, place, message, matters), (count, object)) in self.0 {
            problems.push(if count == 1 {
                problem(kind, object, message.to_owned(), matters)
            } else {
                problem(
                    kind,
                    &place,
                    format!("{count} {things}: {message}"),
                    matters,
                )
            });
        }
    }
}

fn problem(kind: FaultKind, object: &str, message: String, matters: bool) -> Problem {
    Problem {
        kind,
        object: object.to_owned(),
        message,
        matters,
    }
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

/// `account 111122223333, us-east-1, trail main`
fn trail_words(place: &Place, trail: &str) -> String {
    match trail {
        "" => format!("{}, a trail whose name no key tells", place_words(place)),
        trail => format!("{}, trail {trail}", place_words(place)),
    }
}
