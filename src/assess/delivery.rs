//! What digests prove about delivery: at which times every log file that was
//! delivered is here, unaltered, and at which times one is known to be lost.

use std::collections::{BTreeMap, BTreeSet};

use super::chains::Examined;
use super::digest_trails::DigestTrail;
use super::intake::Loss;
use crate::integrity::cover::joined;
use crate::integrity::place::{Place, log_claim};
use crate::integrity::report::{
    CoverKind, CoverRange, DigestState, FaultKind, IntegrityReport, LogReport, LogState,
    PlaceCover, Weight,
};
use crate::integrity::trails::open_times;
use crate::period::{DAY, HOUR};

/// From one second up to another, not included.
pub type Span = (i64, i64);

/// All of time.
const ALWAYS: Span = (i64::MIN, i64::MAX);

/// What digests prove, by account and Region.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    places: BTreeMap<(String, String), PlaceDelivery>,
    /// Times of which nothing is proved anywhere: something fits no account and Region.
    voids: Vec<Span>,
    slack: i64,
}

/// What digests prove for one account and Region.
#[derive(Debug, Clone, Default)]
pub struct PlaceDelivery {
    /// From the first to the last digest, by time of delivery: at each instant the best of all trails.
    pub ranges: Vec<CoverRange>,
    /// The period and its slack, whole.
    pub asked: Vec<CoverRange>,
    /// Trail by trail; backfill digests cover no time.
    pub trails: Vec<(DigestTrail, Vec<CoverRange>)>,
    /// Times of delivery at which something is not as it should be.
    voids: Vec<Span>,
    /// Times of the records of logs that were delivered and are not here.
    lost: Vec<Span>,
    /// Times at which one trail may have delivered what is not here with its digests.
    absences: Vec<(DigestTrail, Span)>,
    /// The same of trails that ended long before, with when.
    ends: Vec<(DigestTrail, Span, i64)>,
    /// Times between a stop and a start that the digests of a trail prove.
    pauses: Vec<(DigestTrail, Span)>,
}

impl Deliveries {
    /// Reads the answer of the verifier.
    ///
    /// Times of lost files, and hours of records that were left out as conflicts, prove nothing.
    pub fn of(
        examined: &Examined,
        losses: &[Loss],
        conflicts: &BTreeSet<(String, String, i64)>,
    ) -> Deliveries {
        let mut all = Deliveries {
            slack: examined.asked.slack,
            ..Deliveries::default()
        };
        let Some(report) = &examined.report else {
            return all;
        };
        all.add_cover(report, examined);
        all.add_digests(report);
        for log in &report.logs {
            all.add_log(log, report);
        }
        for loss in losses {
            let place = Option::zip(loss.claim.account.clone(), loss.claim.region.clone());
            let span = loss.claim.day.map_or(ALWAYS, |day| (day, day + 2 * DAY));
            all.void(place, span);
        }
        for (account, region, hour) in conflicts {
            all.void(
                Some((account.clone(), region.clone())),
                (*hour, hour + HOUR),
            );
        }
        all.voids = merged(std::mem::take(&mut all.voids));
        for place in all.places.values_mut() {
            place.voids = merged(std::mem::take(&mut place.voids));
            place.lost = merged(std::mem::take(&mut place.lost));
        }
        all
    }

    fn add_cover(&mut self, report: &IntegrityReport, examined: &Examined) {
        let mut by_place: BTreeMap<(String, String), Vec<&PlaceCover>> = BTreeMap::new();
        for cover in report.cover.iter().filter(|one| !one.trails.is_empty()) {
            by_place.entry(key(&cover.place)).or_default().push(cover);
        }
        for (place, covers) in by_place {
            let (ranges, asked) = joined(&covers, Some(examined.asked));
            let trails: Vec<_> = covers
                .iter()
                .flat_map(|cover| &cover.trails)
                .map(|trail| (DigestTrail::of_chain(&trail.chain), trail.asked.clone()))
                .collect();
            let delivery = PlaceDelivery {
                ranges,
                asked,
                trails,
                ..PlaceDelivery::default()
            };
            self.places.insert(place, delivery);
        }
        for cover in &report.cover {
            for trail in &cover.trails {
                let pauses = trail.pauses.iter();
                let named = pauses.map(|pause| (DigestTrail::of_chain(&trail.chain), *pause));
                let place = self.places.entry(key(&cover.place)).or_default();
                place.pauses.extend(named);
                let holes = trail.ranges.iter();
                for hole in holes.filter(|one| one.kind == CoverKind::Hole) {
                    self.void(Some(key(&cover.place)), (hole.start, hole.end));
                }
            }
        }
        // Logs of a trail may be missing together with their digests.
        let open = open_times(&report.cover, Some(examined.asked));
        for open in open.iter().filter(|open| open.is_near(examined.asked)) {
            let span = (open.range.start, open.range.end);
            let place = self.places.entry(key(open.place)).or_default();
            let trail = DigestTrail::of_chain(&open.trail.chain);
            match open.trail.ranges.last() {
                Some(last) if open.kind == FaultKind::TrailEnded => {
                    place.ends.push((trail, span, last.end));
                }
                _ => place.absences.push((trail, span)),
            }
        }
    }

    /// Trails that ended long before the period are taken to be gone where a record tells so of the
    /// account and Region; others may have gone on.
    pub fn with_ends(mut self, is_told: impl Fn((&str, &str), &DigestTrail, i64) -> bool) -> Self {
        for ((account, region), place) in &mut self.places {
            for (trail, span, end) in std::mem::take(&mut place.ends) {
                if !is_told((account, region), &trail, end) {
                    place.absences.push((trail, span));
                }
            }
        }
        self
    }

    fn add_digests(&mut self, report: &IntegrityReport) {
        for digest in &report.digests {
            let is_sound = digest.state == DigestState::Valid
                && digest
                    .faults
                    .iter()
                    .all(|fault| fault.kind.weight() == Weight::Notice);
            // A copy in the wrong place is told, and the digest itself is there.
            let is_copy = digest.state == DigestState::Moved
                && digest
                    .faults
                    .iter()
                    .all(|fault| fault.kind.weight() == Weight::Notice);
            if is_sound || is_copy {
                continue;
            }
            let place = digest.chain.as_ref().map(|chain| key(&chain.place));
            let span = match (digest.start, digest.end) {
                (Some(start), Some(end)) => (start, end),
                (None, Some(end)) => (end - HOUR, end),
                _ => ALWAYS,
            };
            self.void(place, span);
        }
    }

    fn add_log(&mut self, log: &LogReport, report: &IntegrityReport) {
        let weight = log.faults.iter().map(|fault| fault.kind.weight()).max();
        if weight.is_none_or(|weight| weight == Weight::Notice) {
            return;
        }
        let claim = log_claim(&log.key);
        let place = claim.place.as_ref().map(key);
        self.void(place.clone(), claim.delivered.unwrap_or(ALWAYS));
        let is_proved = log
            .digest
            .is_some_and(|at| report.digests[at].state == DigestState::Valid);
        if log.state == LogState::Missing && is_proved {
            let span = match log.events {
                Some((oldest, newest)) => (oldest, newest.saturating_add(1)),
                None => claim.delivered.unwrap_or(ALWAYS),
            };
            if let Some(place) = place {
                self.places.entry(place).or_default().lost.push(span);
            }
        }
    }

    fn void(&mut self, place: Option<(String, String)>, span: Span) {
        match place {
            Some(place) => self.places.entry(place).or_default().voids.push(span),
            None => self.voids.push(span),
        }
    }

    /// What is known of one account and Region; nothing if it has no digests.
    pub fn place(&self, account: &str, region: &str) -> Option<&PlaceDelivery> {
        self.places.get(&(account.to_owned(), region.to_owned()))
    }

    /// The accounts and Regions that have digests, in order.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let with = self.places.iter().filter(|(_, one)| !one.ranges.is_empty());
        with.map(|((account, region), _)| (account.as_str(), region.as_str()))
    }

    /// Whether every log file that can hold records of this time is here, unaltered: verified
    /// digests cover its delivery, and nothing that was delivered then is missing or changed.
    pub fn is_proved(&self, account: &str, region: &str, span: Span) -> bool {
        self.is_proved_without((account, region), span, &|_| false)
    }

    /// Whether it is so whatever one trail left out.
    fn is_proved_without(
        &self,
        (account, region): (&str, &str),
        span: Span,
        is_gone: &dyn Fn(&DigestTrail) -> bool,
    ) -> bool {
        let Some(place) = self.place(account, region) else {
            return false;
        };
        let delivered = (span.0, span.1.saturating_add(self.slack));
        let is_absent = place.absences.iter().any(|(trail, absence)| {
            absence.0 < delivered.1 && delivered.0 < absence.1 && !is_gone(trail)
        });
        is_verified(&place.ranges, delivered)
            && !is_absent
            && !touches(&place.voids, delivered)
            && !touches(&self.voids, delivered)
    }

    /// The times between a stop and a start that digests prove, with the trail.
    pub fn pauses(&self, account: &str, region: &str) -> &[(DigestTrail, Span)] {
        self.place(account, region)
            .map_or(&[], |place| &place.pauses)
    }

    /// Whether the same is so by digests of one of these trails, whatever the one left out that was
    /// stopped.
    pub fn is_proved_by(
        &self,
        (account, region): (&str, &str),
        span: Span,
        is_stopped: &dyn Fn(&DigestTrail) -> bool,
        is_it: &dyn Fn(&DigestTrail) -> bool,
    ) -> bool {
        let delivered = (span.0, span.1.saturating_add(self.slack));
        let trails = self
            .place(account, region)
            .map_or(&[][..], |one| &one.trails);
        let mut proving = trails.iter().filter(|(_, all)| is_verified(all, delivered));
        proving.any(|(trail, _)| is_it(trail))
            && self.is_proved_without((account, region), span, is_stopped)
    }

    /// Whether a log file with records of this time was delivered and is not here.
    pub fn is_missing(&self, account: &str, region: &str, span: Span) -> bool {
        self.place(account, region)
            .is_some_and(|place| touches(&place.lost, span))
    }
}

fn key(place: &Place) -> (String, String) {
    (place.account.clone(), place.region.clone())
}

/// Whether verified ranges cover the whole span.
pub(super) fn is_verified(ranges: &[CoverRange], span: Span) -> bool {
    let from = ranges.partition_point(|range| range.end <= span.0);
    let mut reached = span.0;
    for range in &ranges[from..] {
        if reached >= span.1 {
            break;
        }
        if range.start > reached || range.kind != CoverKind::Verified {
            return false;
        }
        reached = range.end;
    }
    reached >= span.1
}

/// Whether one of the merged spans touches this one.
fn touches(spans: &[Span], span: Span) -> bool {
    let at = spans.partition_point(|one| one.1 <= span.0);
    spans.get(at).is_some_and(|one| one.0 < span.1)
}

/// In order, without overlap.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut all: Vec<Span> = Vec::with_capacity(spans.len().min(64));
    for span in spans {
        match all.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => all.push(span),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::place::ChainId;

    fn range(start: i64, end: i64, kind: CoverKind) -> CoverRange {
        CoverRange { start, end, kind }
    }

    fn deliveries(ranges: Vec<CoverRange>, voids: Vec<Span>) -> Deliveries {
        let place = PlaceDelivery {
            ranges,
            voids: merged(voids),
            ..PlaceDelivery::default()
        };
        Deliveries {
            places: BTreeMap::from([(("1".to_owned(), "r".to_owned()), place)]),
            voids: Vec::new(),
            slack: 10,
        }
    }

    #[test]
    fn a_time_is_proved_only_with_its_slack() {
        let all = deliveries(vec![range(0, 110, CoverKind::Verified)], Vec::new());
        assert!(all.is_proved("1", "r", (0, 100)));
        assert!(!all.is_proved("1", "r", (0, 101)));
        assert!(!all.is_proved("1", "r", (-1, 50)));
        assert!(!all.is_proved("2", "r", (0, 50)));
    }

    #[test]
    fn whatever_is_not_verified_in_between_proves_nothing() {
        use CoverKind::{Gap, HashOnly, Verified};
        for kind in [Gap, HashOnly] {
            let ranges = vec![
                range(0, 50, Verified),
                range(50, 60, kind),
                range(60, 200, Verified),
            ];
            let all = deliveries(ranges, Vec::new());
            assert!(all.is_proved("1", "r", (0, 40)) && all.is_proved("1", "r", (60, 90)));
            assert!(!all.is_proved("1", "r", (0, 41)) && !all.is_proved("1", "r", (59, 90)));
        }
    }

    #[test]
    fn a_fault_takes_its_time_away() {
        let verified = vec![range(0, 500, CoverKind::Verified)];
        let all = deliveries(verified, vec![(100, 101), (100, 130), (300, 301)]);
        assert!(all.is_proved("1", "r", (0, 90)) && all.is_proved("1", "r", (130, 290)));
        assert!(!all.is_proved("1", "r", (0, 91)) && !all.is_proved("1", "r", (129, 200)));
        assert!(!all.is_proved("1", "r", (200, 400)));
    }

    #[test]
    fn what_a_stopped_trail_left_out_takes_nothing_from_the_digests_of_another() {
        let verified = vec![range(0, 500, CoverKind::Verified)];
        let mut all = deliveries(verified.clone(), vec![(400, 410)]);
        let place = all.places.values_mut().next().expect("one");
        let [a, b, c] = ["a", "b", "c"].map(|name| {
            DigestTrail::of_chain(&ChainId {
                place: Place {
                    organization: None,
                    account: "1".to_owned(),
                    region: "r".to_owned(),
                },
                trail: name.to_owned(),
                home_region: "r".to_owned(),
                is_backfill: false,
            })
        });
        place.trails = vec![(b.clone(), verified)];
        place.absences = vec![(a.clone(), (100, 300))];
        let by = |span, stopped: &DigestTrail, is_it: &DigestTrail| {
            all.is_proved_by(("1", "r"), span, &|one| one == stopped, &|one| one == is_it)
        };
        assert!(!all.is_proved("1", "r", (150, 200)));
        assert!(by((150, 200), &a, &b) && !by((150, 200), &c, &b));
        assert!(!by((380, 405), &a, &b));
        assert!(!by((150, 200), &a, &c));
    }
}
