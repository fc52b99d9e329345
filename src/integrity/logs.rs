//! Log files against the digests that list them.
//!
//! A log is valid only if a valid digest lists it and its content has the hash.
//! What nothing lists is judged by its time: inside verified cover it should
//! have been listed. Keys of digests are looked up among known files only.

use std::collections::{BTreeMap, HashMap};

use crate::record::time;
use crate::source::display::display_value;

use super::chain::{INFLATED, Node};
use super::digest::{Entry, Hash};
use super::facts::{Facts, LogBytes, LogFact};
use super::place::{
    self, LogClaim, LogKind, Place, agrees, file_name, is_safe, log_claim, object_name,
};
use super::report::{
    CoverKind, CoverRange, DigestState, Fault, FaultKind, LogReport, LogState, PlaceCover,
};

/// A log named just before the end of a digest may be listed by the next one (seconds).
const EDGE: i64 = 300;

/// One line of a digest, about one local file.
#[derive(Clone, Copy)]
struct Listing<'f> {
    log: usize,
    node: usize,
    entry: &'f Entry,
}

struct Judge<'a, 'f> {
    facts: &'f Facts,
    nodes: &'a [Node<'f>],
    /// By account and Region, those with digests.
    cover: HashMap<(&'a str, &'a str), Vec<&'a PlaceCover>>,
    /// Which listed log has a content.
    listed: HashMap<Hash, &'f str>,
    /// Which local file has a content.
    local: HashMap<Hash, usize>,
    /// Folder kinds that valid digests list, and where the chains' files lie.
    kinds: BTreeMap<&'a Place, Vec<LogKind>>,
    fronts: BTreeMap<&'a Place, Vec<&'a str>>,
}

/// Judges every log file, and every log that is listed and not there; sorted by key.
pub(super) fn judge<'f>(
    facts: &'f Facts,
    nodes: &[Node<'f>],
    cover: &[PlaceCover],
) -> Vec<LogReport> {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(facts.logs.len());
    for (at, log) in facts.logs.iter().enumerate() {
        by_name.entry(object_name(&log.key)).or_default().push(at);
    }
    let mut listings: Vec<Listing<'f>> = Vec::with_capacity(facts.logs.len());
    let mut missing: BTreeMap<&'f str, (usize, &'f Entry)> = BTreeMap::new();
    for (at, entry) in entries(nodes) {
        let same_name = by_name
            .get(object_name(&entry.key))
            .map_or(&[][..], Vec::as_slice);
        let is_usable = is_safe(&entry.key);
        let before = listings.len();
        listings.extend(
            same_name
                .iter()
                .copied()
                .filter(|log| is_usable && agrees(&facts.logs[*log].key, &entry.key))
                .map(|log| Listing {
                    log,
                    node: at,
                    entry,
                }),
        );
        if listings.len() == before {
            let known = missing.entry(&entry.key).or_insert((at, entry));
            if rank(nodes, at) < rank(nodes, known.0) {
                *known = (at, entry);
            }
        }
    }
    listings.sort_by_key(|listing| (listing.log, rank(nodes, listing.node), listing.node));
    let judge = Judge::new(facts, nodes, cover);
    let mut reports = Vec::with_capacity(facts.logs.len() + missing.len());
    let mut from = 0;
    for (at, log) in facts.logs.iter().enumerate() {
        let count = listings[from..]
            .iter()
            .take_while(|listing| listing.log == at)
            .count();
        let own = &listings[from..from + count];
        from += count;
        reports.push(if own.is_empty() {
            judge.unlisted(log)
        } else {
            judge.listed(log, own)
        });
    }
    reports.extend(
        missing
            .into_iter()
            .map(|(key, (node, entry))| judge.missing(key, node, entry)),
    );
    reports.sort_by(|a, b| (&a.key, a.copy, a.state).cmp(&(&b.key, b.copy, b.state)));
    reports
}

/// Every line of every digest, copies left out.
fn entries<'n, 'f>(
    nodes: &'n [Node<'f>],
) -> impl Iterator<Item = (usize, &'f Entry)> + use<'n, 'f> {
    nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| !node.is_copy)
        .filter_map(|(at, node)| node.digest.map(|digest| (at, digest)))
        .flat_map(|(at, digest)| digest.logs.iter().map(move |entry| (at, entry)))
}

fn rank(nodes: &[Node<'_>], at: usize) -> (DigestState, bool) {
    (nodes[at].report.state, !nodes[at].report.is_vouched)
}

/// What is said of a log that lies there unpacked under a name that ends with `.gz`.
const UNPACKED: &str = "stored unpacked, although its name says gzip";

impl<'a, 'f> Judge<'a, 'f> {
    fn new(facts: &'f Facts, nodes: &'a [Node<'f>], cover: &'a [PlaceCover]) -> Self {
        let mut listed = HashMap::new();
        let mut kinds: BTreeMap<&Place, Vec<LogKind>> = BTreeMap::new();
        let mut fronts: BTreeMap<&Place, Vec<&str>> = BTreeMap::new();
        for node in nodes {
            if let (Some(chain), Some(front)) = (&node.report.chain, &node.front) {
                let fronts = fronts.entry(&chain.place).or_default();
                if !fronts.contains(&front.as_str()) {
                    fronts.push(front);
                }
            }
        }
        for (at, entry) in entries(nodes) {
            if nodes[at].report.state != DigestState::Valid {
                continue;
            }
            if let Some(hash) = entry.hash {
                listed.entry(hash).or_insert(&*entry.key);
            }
            if let Some(chain) = &nodes[at].report.chain
                && let Some(kind) = kind_of_key(&entry.key)
            {
                let kinds = kinds.entry(&chain.place).or_default();
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        let mut local = HashMap::with_capacity(facts.logs.len());
        for (at, log) in facts.logs.iter().enumerate() {
            if let LogBytes::Hashed { content_sha256, .. } = log.bytes {
                local.entry(content_sha256).or_insert(at);
            }
        }
        let mut by_place: HashMap<(&str, &str), Vec<&PlaceCover>> = HashMap::new();
        for cover in cover.iter().filter(|cover| !cover.trails.is_empty()) {
            by_place
                .entry((&cover.place.account, &cover.place.region))
                .or_default()
                .push(cover);
        }
        Judge {
            facts,
            nodes,
            cover: by_place,
            listed,
            local,
            kinds,
            fronts,
        }
    }

    /// `listings` are not empty, the most trusted first.
    fn listed(&self, log: &LogFact, listings: &[Listing<'f>]) -> LogReport {
        let is_valid =
            |listing: &&Listing<'_>| self.nodes[listing.node].report.state == DigestState::Valid;
        let best = &listings[0];
        let trusted: Vec<&Listing<'_>> = listings.iter().filter(is_valid).collect();
        let stated = listings.iter().filter_map(|listing| listing.entry.events);
        let mut report = LogReport {
            key: log.key.clone(),
            copy: log.copy,
            state: LogState::Unverifiable,
            digest: Some(best.node),
            events: stated.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))),
            faults: Vec::new(),
        };
        if listings.len() > 1 {
            let names: Vec<String> = listings
                .iter()
                .take(5)
                .map(|listing| format!("`{}`", self.digest_name(listing.node)))
                .collect();
            let message = format!("listed {} times: by {}", listings.len(), names.join(", "));
            report.faults.push(fault(FaultKind::ListedTwice, message));
        }
        if trusted
            .iter()
            .any(|listing| listing.entry.hash != trusted[0].entry.hash)
        {
            report.faults.push(fault(
                FaultKind::ListingsDisagree,
                "valid digests list different hashes for it",
            ));
        }
        match &log.bytes {
            LogBytes::Hashed {
                content_sha256,
                is_plain,
            } => {
                self.compare(&mut report, *content_sha256, listings, &trusted);
                let is_proved = report.faults.iter().all(|one| {
                    matches!(one.kind, FaultKind::ListedTwice | FaultKind::NoValidDigest)
                });
                let unpacked = match (is_plain, log.key.ends_with(".gz")) {
                    (true, _) if is_proved => {
                        Some("stored unpacked; its content is what the digest lists")
                    }
                    (true, _) => Some(UNPACKED),
                    (false, false) => Some(INFLATED),
                    (false, true) => None,
                };
                let told = unpacked.map(|what| fault(FaultKind::NotGzip, what));
                report.faults.extend(told);
            }
            LogBytes::NotHashed => {
                let what = "its content was not hashed when it was read";
                report.faults.push(fault(FaultKind::NotHashed, what));
            }
            other => {
                if is_broken(other) {
                    report.state = LogState::Modified;
                }
                report.faults.extend(fault_of_bytes(other));
                // Whatever its bytes are, what the digest says of them is odd by itself.
                let all: Vec<&Listing<'_>> = listings.iter().collect();
                let deciding = if trusted.is_empty() { all } else { trusted };
                match (odd_algorithm(&deciding), other) {
                    (Some(odd), _) => report.faults.push(odd),
                    (
                        None,
                        LogBytes::Trailing {
                            member_sha256: Some(member),
                            ..
                        },
                    ) if !deciding.iter().any(|one| one.entry.hash == Some(*member)) => {
                        let what = "the content of its first gzip member";
                        let mismatch = self.mismatch(what, *member, deciding[0].node);
                        report.faults.push(mismatch);
                    }
                    (None, _) => {}
                }
            }
        }
        report
    }

    fn compare(
        &self,
        report: &mut LogReport,
        content: Hash,
        listings: &[Listing<'f>],
        trusted: &[&Listing<'f>],
    ) {
        let equals = |listing: &Listing<'_>| {
            listing.entry.odd_algorithm.is_none() && listing.entry.hash == Some(content)
        };
        let deciding: Vec<&Listing<'f>> = if trusted.is_empty() {
            listings.iter().collect()
        } else {
            trusted.to_vec()
        };
        if let Some(equal) = deciding.iter().find(|listing| equals(listing)) {
            report.digest = Some(equal.node);
            if trusted.is_empty() {
                report.faults.push(self.not_vouched(equal.node));
            } else {
                report.state = LogState::Valid;
            }
            // One digest proves the content, and what another says of it cannot be checked.
            if let Some(odd) = odd_algorithm(&deciding) {
                report.state = LogState::Unverifiable;
                report.faults.push(odd);
            }
        } else if let Some(odd) = odd_algorithm(&deciding) {
            report.faults.push(odd);
        } else {
            report.state = LogState::Modified;
            let mismatch = self.mismatch("its content", content, deciding[0].node);
            report.faults.push(mismatch);
            if trusted.is_empty() {
                report.faults.push(self.not_vouched(deciding[0].node));
            }
        }
    }

    /// What has a content that is not the one that a digest lists.
    fn mismatch(&self, what: &str, content: Hash, node: usize) -> Fault {
        let digest = self.digest_name(node);
        let mut message = format!("{what} is not what `{digest}` lists");
        if let Some(other) = self.listed.get(&content) {
            message.push_str(&format!(
                "; it has the content of `{}`",
                display_value(other)
            ));
        }
        fault(FaultKind::HashMismatch, message)
    }

    fn not_vouched(&self, node: usize) -> Fault {
        let digest = &self.nodes[node].report;
        let why = match digest.state {
            DigestState::HashOnly if digest.is_vouched => {
                "has no signature that can be checked, though a proved successor gives its hash"
            }
            DigestState::HashOnly => "has no signature that can be checked",
            DigestState::Moved => "lies in the wrong place",
            _ => "does not verify",
        };
        fault(
            FaultKind::NoValidDigest,
            format!("the digest that lists it {why}"),
        )
    }

    fn missing(&self, key: &str, node: usize, entry: &Entry) -> LogReport {
        let digest = self.digest_name(node);
        let mut faults = Vec::new();
        if is_safe(key) {
            let mut message = format!("not there, although `{digest}` lists it");
            if let Some(at) = entry.hash.and_then(|hash| self.local.get(&hash)) {
                let other = display_value(&self.facts.logs[*at].key);
                message.push_str(&format!("; its content lies at `{other}`"));
            }
            faults.push(fault(FaultKind::Missing, message));
        } else {
            let message = format!("`{digest}` lists this key, which is none of CloudTrail's");
            faults.push(fault(FaultKind::UnsafeKey, message));
        }
        if self.nodes[node].report.state != DigestState::Valid {
            faults.push(self.not_vouched(node));
        }
        LogReport {
            key: key.to_owned(),
            copy: 0,
            state: LogState::Missing,
            digest: Some(node),
            events: entry.events,
            faults,
        }
    }

    fn digest_name(&self, node: usize) -> String {
        display_value(file_name(&self.nodes[node].report.key))
    }

    fn unlisted(&self, log: &LogFact) -> LogReport {
        let claim = log_claim(&log.key);
        let mut report = LogReport {
            key: log.key.clone(),
            copy: log.copy,
            state: LogState::NotCovered,
            digest: None,
            events: None,
            faults: Vec::new(),
        };
        let (state, kind, message) = self.judge_unlisted(&claim);
        report.state = state;
        report.faults.push(fault(kind, message));
        // CloudTrail writes no such bytes, whether a digest can be asked or not. What is not
        // even named as a trail's file may be anybody's.
        if let Some(what) = fault_of_bytes(&log.bytes) {
            if claim.kind.is_some() || !is_broken(&log.bytes) {
                report.faults.push(what);
                if is_broken(&log.bytes) {
                    report.state = LogState::Modified;
                }
            } else {
                report.faults[0]
                    .message
                    .push_str(&format!("; {}", what.message));
            }
        }
        if let LogBytes::Hashed { is_plain: true, .. } = &log.bytes
            && claim.kind.is_some()
        {
            report.faults.push(fault(FaultKind::NotGzip, UNPACKED));
        }
        if let LogBytes::Hashed { content_sha256, .. } = &log.bytes
            && let Some(original) = self.listed.get(content_sha256)
        {
            // CloudTrail wrote these bytes; only the file is one too many.
            let shown = display_value(original);
            let same = fault(
                FaultKind::SameContent,
                format!("no digest lists it; it has the content of `{shown}`, which is listed"),
            );
            match report.faults.first_mut() {
                // That its own digest is gone is told all the same.
                Some(first) if first.kind != FaultKind::DigestAbsent => *first = same,
                _ => report.faults.push(same),
            }
        }
        report
    }

    fn judge_unlisted(&self, claim: &LogClaim) -> (LogState, FaultKind, String) {
        let not_covered = |why: &str| (LogState::NotCovered, FaultKind::NotCovered, why.to_owned());
        let Some(place) = &claim.place else {
            return not_covered("its name does not tell account and Region");
        };
        let Some((start, end)) = claim.delivered else {
            return not_covered("its name does not tell when it was delivered");
        };
        let Some(cover) = self.cover_of(place) else {
            return not_covered("there are no digests for its account and Region");
        };
        if let Some(kind) = claim.kind
            && kind != LogKind::CloudTrail
            && !self
                .kinds
                .get(&cover.place)
                .is_some_and(|kinds| kinds.contains(&kind))
        {
            return not_covered(&format!(
                "no digest lists files of the folder `{}`",
                kind.folder()
            ));
        }
        if let Some(front) = &claim.front
            && let Some(fronts) = self.fronts.get(&cover.place)
            && !fronts.contains(&front.as_str())
        {
            return not_covered(
                "the digests belong to another prefix: perhaps another trail, without validation",
            );
        }
        // It may belong to any of the trails: one whose digest of this time is not proved
        // may have listed it.
        let mut answers: Vec<_> = cover
            .trails
            .iter()
            .map(|trail| by_time(&trail.ranges, start, end))
            .collect();
        answers.sort_by_key(|(state, _, _)| match state {
            LogState::Unverifiable => 0,
            LogState::Unlisted => 1,
            _ => 2,
        });
        answers.swap_remove(0)
    }

    /// Where a name does not tell the organization, the account and Region have to do.
    fn cover_of(&self, place: &Place) -> Option<&'a PlaceCover> {
        let same = self.cover.get(&(&*place.account, &*place.region))?;
        same.iter()
            .find(|cover| cover.place.organization == place.organization)
            .or_else(|| same.first().filter(|_| place.organization.is_none()))
            .copied()
    }
}

/// Nothing lists a log that was delivered from `start` to `end`.
fn by_time(ranges: &[CoverRange], start: i64, end: i64) -> (LogState, FaultKind, String) {
    let from = ranges.partition_point(|range| range.end <= start);
    let touched: Vec<&CoverRange> = ranges[from..]
        .iter()
        .take_while(|range| range.start < end + EDGE)
        .collect();
    let covers_all = touched.first().is_some_and(|first| first.start <= start)
        && touched.last().is_some_and(|last| last.end >= end + EDGE);
    let has = |kinds: &[CoverKind]| touched.iter().any(|range| kinds.contains(&range.kind));
    if covers_all
        && touched
            .iter()
            .all(|range| range.kind == CoverKind::Verified)
    {
        let range = touched[0];
        let message = format!(
            "no digest lists it, though verified digests cover {} to {}",
            time::format(range.start),
            time::format(range.end)
        );
        (LogState::Unlisted, FaultKind::Unlisted, message)
    } else if has(&[CoverKind::Hole, CoverKind::Failed, CoverKind::HashOnly]) {
        (
            LogState::Unverifiable,
            FaultKind::DigestAbsent,
            "no digest lists it, and the digest of its hour is missing or not verified".into(),
        )
    } else {
        let why = if has(&[CoverKind::Gap]) {
            "delivered in a gap between digests"
        } else if ranges.first().is_none_or(|first| start < first.start) {
            "delivered before the first digest"
        } else {
            "delivered after the last digest, or just before its end"
        };
        (LogState::NotCovered, FaultKind::NotCovered, why.into())
    }
}

/// What is wrong with bytes that have no hash.
fn fault_of_bytes(bytes: &LogBytes) -> Option<Fault> {
    match bytes {
        LogBytes::Trailing { what, .. } => Some(fault(FaultKind::TrailingData, what)),
        LogBytes::Broken(what) => Some(fault(FaultKind::BrokenLog, what)),
        LogBytes::Unread(what) => Some(fault(FaultKind::UnreadableLog, what)),
        LogBytes::Hashed { .. } | LogBytes::NotHashed => None,
    }
}

/// Whether these are other bytes than CloudTrail writes.
fn is_broken(bytes: &LogBytes) -> bool {
    matches!(bytes, LogBytes::Trailing { .. } | LogBytes::Broken(_))
}

/// The fault of a hash that one of the digests gives in an unknown way.
fn odd_algorithm(listings: &[&Listing<'_>]) -> Option<Fault> {
    let mut all = listings.iter();
    let odd = all.find_map(|listing| listing.entry.odd_algorithm.as_ref())?;
    Some(fault(
        FaultKind::HashAlgorithm,
        format!("its hash is a `{}`, which is not known", display_value(odd)),
    ))
}

fn kind_of_key(key: &str) -> Option<LogKind> {
    log_claim(key).kind
}

fn fault(kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault {
        kind,
        message: message.into(),
    }
}

/// Accounts and Regions of the log files.
pub(super) fn places(facts: &Facts) -> std::collections::BTreeSet<Place> {
    facts
        .logs
        .iter()
        .filter_map(|log| place::log_claim(&log.key).place)
        .collect()
}
