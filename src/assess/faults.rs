//! Everything that is wrong or odd about digests, logs and covered time, with
//! account, Region and time, and whether it matters to scope and period.
//!
//! What failed is told one by one. What only could not be verified is told
//! together where account, Region and reason are the same.

use std::collections::BTreeMap;

use super::chains::Examined;
use super::delivery::Span;
use super::places::Places;
use crate::integrity::matters::{Concern, UnseenClaim, span_of};
use crate::integrity::place::{Place, log_claim};
use crate::integrity::report::{
    CoverKind, DigestReport, Fault, FaultKind, LogReport, LogState, Weight,
};
use crate::integrity::trails::open_times;
use crate::integrity::{IntegrityReport, Unseen};

/// One fault, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityFault {
    /// `log`, `digest`, `time`, `file` or `metadata`.
    pub thing: &'static str,
    /// Stable code of the fault.
    pub code: &'static str,
    /// `failed`, `unverified` or `notice`.
    pub weight: &'static str,
    /// A key, or account and Region. Hostile text.
    pub object: String,
    /// Account id; empty if nothing tells.
    pub account: String,
    /// Region; empty if nothing tells.
    pub region: String,
    /// First second of delivery that it is about.
    pub from: Option<i64>,
    /// The second after the last one.
    pub to: Option<i64>,
    /// How many files it is about.
    pub count: u64,
    /// Whether it may concern records of the scope and the period.
    pub matters: bool,
    /// What and why, safe to print.
    pub message: String,
    /// What to do; empty where there is nothing to do.
    pub help: &'static str,
}

impl IntegrityFault {
    /// Whether something does not verify that matters.
    pub fn is_failure(&self) -> bool {
        self.matters && self.weight == Weight::Failed.code()
    }

    /// Whether something could not be verified that matters.
    pub fn is_doubt(&self) -> bool {
        self.matters && self.weight == Weight::Unverified.code()
    }

    /// The order of lists: what matters first, the gravest first, then by code and object.
    fn order(&self) -> impl Ord + use<'_> {
        let weight = match self.weight {
            "failed" => 0,
            "unverified" => 1,
            _ => 2,
        };
        (
            !self.matters,
            weight,
            self.code,
            &self.object,
            self.from,
            &self.message,
        )
    }
}

/// What matters: the accounts and Regions in scope, the period, the records in it.
pub struct Matters<'a> {
    /// Accounts and Regions.
    pub places: &'a Places,
    /// The answer of the verifier.
    pub examined: &'a Examined,
    /// Records of scope and period by file, for watched files.
    pub kept: &'a std::collections::HashMap<u32, u64>,
}

impl Matters<'_> {
    /// The judgement that all share who look at digest chains, for this scope and period.
    fn concern<T>(&self, judge: impl FnOnce(&Concern<'_>) -> T) -> T {
        let is_in_scope = |account: &str, region: &str| match (account, region) {
            // What tells nothing may be about anything.
            ("", _) => true,
            (account, "") => self.places.has_account(account),
            (account, region) => self.places.contains(account, region),
        };
        judge(&Concern {
            asked: Some(self.examined.asked),
            is_in_scope: &is_in_scope,
        })
    }

    /// Whether a log, there or missing, may hold records of scope and period.
    pub fn log(&self, at: usize, log: &LogReport, report: &IntegrityReport) -> bool {
        let rank = self.examined.ranks[at];
        rank.is_some_and(|rank| self.kept.contains_key(&rank))
            || self.concern(|concern| concern.log(log, &report.digests))
    }

    /// Whether a digest may speak of scope and period.
    pub fn digest(&self, digest: &DigestReport) -> bool {
        self.concern(|concern| concern.digest(digest))
    }
}

fn names(place: Option<&Place>) -> (&str, &str) {
    place.map_or(("", ""), |place| (&place.account, &place.region))
}

/// Every fault, in the order of lists.
pub fn all(report: &IntegrityReport, matters: &Matters<'_>) -> Vec<IntegrityFault> {
    let mut list = List::default();
    for digest in &report.digests {
        of_digest(digest, matters, &mut list);
    }
    for (at, log) in report.logs.iter().enumerate() {
        of_log(at, log, report, matters, &mut list);
    }
    of_time(report, matters, &mut list);
    for unseen in &report.unseen {
        of_unseen(unseen, matters, &mut list);
    }
    for problem in &report.problems {
        if matches!(
            problem.kind,
            FaultKind::BadMetadata | FaultKind::MetadataWithoutDigest
        ) {
            list.single(Told {
                thing: "metadata",
                object: &problem.object,
                place: None,
                span: None,
                matters: false,
                kind: problem.kind,
                message: &problem.message,
            });
        }
    }
    list.finish()
}

/// One fault as it is found.
struct Told<'a> {
    thing: &'static str,
    object: &'a str,
    place: Option<&'a Place>,
    span: Option<Span>,
    matters: bool,
    kind: FaultKind,
    message: &'a str,
}

impl Told<'_> {
    fn fault(&self) -> IntegrityFault {
        let (account, region) = names(self.place);
        IntegrityFault {
            thing: self.thing,
            code: self.kind.code(),
            weight: self.kind.weight().code(),
            object: self.object.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            from: self.span.map(|span| span.0),
            to: self.span.map(|span| span.1),
            count: 1,
            matters: self.matters,
            message: self.message.to_owned(),
            help: self.kind.help(),
        }
    }
}

/// What faults share that are told together: thing, code, account, Region, whether they matter, message.
type Shared = (&'static str, &'static str, String, String, bool, String);

#[derive(Default)]
struct List {
    single: Vec<IntegrityFault>,
    shared: BTreeMap<Shared, IntegrityFault>,
}

impl List {
    fn add(&mut self, told: Told<'_>) {
        let is_shared = told.kind.weight() != Weight::Failed;
        if is_shared {
            self.join(told);
        } else {
            self.single(told);
        }
    }

    fn single(&mut self, told: Told<'_>) {
        self.single.push(told.fault());
    }

    fn join(&mut self, told: Told<'_>) {
        let (account, region) = names(told.place);
        let key = (
            told.thing,
            told.kind.code(),
            account.to_owned(),
            region.to_owned(),
            told.matters,
            told.message.to_owned(),
        );
        match self.shared.get_mut(&key) {
            None => {
                self.shared.insert(key, told.fault());
            }
            Some(known) => {
                known.count += 1;
                known.from = known.from.zip(told.span).map(|(a, b)| a.min(b.0));
                known.to = known.to.zip(told.span).map(|(a, b)| a.max(b.1));
            }
        }
    }

    fn finish(self) -> Vec<IntegrityFault> {
        let mut all = self.single;
        all.extend(self.shared.into_values().map(|mut fault| {
            if fault.count > 1 && !fault.account.is_empty() {
                fault.object = format!("account {}, {}", fault.account, fault.region);
            }
            fault
        }));
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        all
    }
}

fn of_digest(digest: &DigestReport, matters: &Matters<'_>, list: &mut List) {
    let does_matter = matters.digest(digest);
    for fault in &digest.faults {
        list.add(Told {
            thing: "digest",
            object: digest.file.as_deref().unwrap_or(&digest.key),
            place: digest.chain.as_ref().map(|chain| &chain.place),
            span: span_of(digest),
            matters: does_matter,
            kind: fault.kind,
            message: &fault.message,
        });
    }
}

fn of_log(
    at: usize,
    log: &LogReport,
    report: &IntegrityReport,
    matters: &Matters<'_>,
    list: &mut List,
) {
    if log.faults.is_empty() {
        return;
    }
    let does_matter = matters.log(at, log, report);
    let claim = log_claim(&log.key);
    let is_unproved = matches!(log.state, LogState::Unverifiable | LogState::NotCovered);
    // That nothing vouches for the digest of a changed log is no second fault of the log.
    let told = |fault: &&Fault| fault.kind != FaultKind::NoValidDigest || is_unproved;
    for fault in log.faults.iter().filter(told) {
        list.add(Told {
            thing: "log",
            object: &log.key,
            place: claim.place.as_ref(),
            span: claim.delivered,
            matters: does_matter,
            kind: fault.kind,
            message: &fault.message,
        });
    }
}

fn of_time(report: &IntegrityReport, matters: &Matters<'_>, list: &mut List) {
    for cover in &report.cover {
        for trail in &cover.trails {
            let holes = trail.ranges.iter();
            for hole in holes.filter(|range| range.kind == CoverKind::Hole) {
                list.single(Told {
                    thing: "time",
                    object: &trail_words(&cover.place, &trail.chain.trail),
                    place: Some(&cover.place),
                    span: Some((hole.start, hole.end)),
                    matters: matters.concern(|concern| concern.time(&cover.place, hole)),
                    kind: FaultKind::Hole,
                    message: "digests are missing",
                });
            }
        }
    }
    for open in open_times(&report.cover, Some(matters.examined.asked)) {
        list.single(Told {
            thing: "time",
            object: &trail_words(open.place, &open.trail.chain.trail),
            place: Some(open.place),
            span: Some((open.range.start, open.range.end)),
            matters: matters.concern(|concern| concern.time(open.place, &open.range)),
            kind: open.kind,
            message: &open.message(),
        });
    }
}

/// What nobody could look at: told one by one, because each is another place to look.
fn of_unseen(unseen: &Unseen, matters: &Matters<'_>, list: &mut List) {
    let claim = UnseenClaim::of(&unseen.name);
    let place = Place {
        organization: None,
        account: claim.account,
        region: claim.region,
    };
    list.single(Told {
        thing: "file",
        object: &unseen.name,
        place: Some(&place),
        span: claim.span,
        matters: matters.concern(|concern| concern.unseen(unseen)),
        kind: FaultKind::NotLookedInto,
        message: &unseen.message,
    });
}

fn trail_words(place: &Place, trail: &str) -> String {
    let place = format!("account {}, {}", place.account, place.region);
    match trail {
        "" => format!("{place}, a trail whose name no key tells"),
        trail => format!("{place}, trail {trail}"),
    }
}
