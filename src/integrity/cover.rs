//! Which time digests prove, trail by trail and for account and Region.
//!
//! Times are times of delivery. A digest that should be there leaves a hole; a
//! starting digest leaves a gap before it, because validation or logging was off.
//! Backfill digests cover no time: they list logs of hours that others cover.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Node, TOLERANCE};
use super::place::{ChainId, Place};
use super::report::{
    Asked, CoverKind, CoverRange, DigestReport, DigestState, FaultKind, PlaceCover, TrailCover,
};

/// What a digest covers if nothing better is known.
const HOUR: i64 = 3600;

/// The cover of all chains, and of `places` that have logs and perhaps no digests.
pub(super) fn cover(
    nodes: &[Node<'_>],
    places: &BTreeSet<Place>,
    asked: Option<Asked>,
) -> Vec<PlaceCover> {
    let mut chains: BTreeMap<&ChainId, Vec<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Some(chain) = node.report.chain.as_ref()
            && !node.is_copy
            && !chain.is_backfill
        {
            chains.entry(chain).or_default().push(at);
        }
    }
    let mut trails: BTreeMap<Place, Vec<TrailCover>> = places
        .iter()
        .map(|place| (place.clone(), Vec::new()))
        .collect();
    let stops = stops(nodes, &chains);
    for (chain, members) in chains {
        let stopped = &stops[&trail_of(chain)];
        let ranges = paint(&chain_ranges(nodes, &members));
        let there = |at: &&usize| nodes[**at].report.state != DigestState::Missing;
        let reports = || members.iter().map(|at| &nodes[*at].report);
        trails
            .entry(chain.place.clone())
            .or_default()
            .push(TrailCover {
                chain: chain.clone(),
                digest_count: members.iter().filter(there).count() as u64,
                is_begun: reports().next().is_some_and(is_proved_start),
                is_stopped: reports().next_back().is_some_and(is_stop),
                pauses: pauses(reports(), stopped),
                asked: within(&ranges, asked),
                ranges,
            });
    }
    trails
        .into_iter()
        .map(|(place, trails)| {
            let all: Vec<CoverRange> = trails
                .iter()
                .flat_map(|trail| trail.ranges.clone())
                .collect();
            let ranges = without_spaces(paint(&all));
            PlaceCover {
                place,
                asked: within(&ranges, asked),
                ranges,
                trails,
            }
        })
        .collect()
}

/// Whether a digest is the last one of a stop: proved, and shorter than an hour.
///
/// Nobody can make one, and whoever cuts off what follows an older stop leaves one at the end. The
/// first digest of a segment may be short because it is the first.
fn is_stop(report: &DigestReport) -> bool {
    let length = Option::zip(report.end, report.start).map(|(end, start)| end - start);
    report.state == DigestState::Valid
        && !report.is_starting
        && length.is_some_and(|it| it < HOUR - TOLERANCE)
}

fn is_proved_start(report: &DigestReport) -> bool {
    report.is_starting && report.state == DigestState::Valid
}

/// A trail wherever it works: organization or account, home and name.
type TrailOf<'n> = (&'n str, &'n str, &'n str);

fn trail_of(chain: &ChainId) -> TrailOf<'_> {
    let owner = chain.place.organization.as_ref();
    (
        owner.unwrap_or(&chain.place.account),
        &chain.home_region,
        &chain.trail,
    )
}

/// The seconds at which trails were stopped, as short digests prove. A stop ends the digests of all
/// Regions and accounts in the same second; where the hour of one was nearly over, its last digest
/// is hardly shorter than others.
fn stops<'n>(
    nodes: &[Node<'_>],
    chains: &BTreeMap<&'n ChainId, Vec<usize>>,
) -> BTreeMap<TrailOf<'n>, BTreeSet<i64>> {
    let mut all: BTreeMap<TrailOf<'_>, BTreeSet<i64>> = BTreeMap::new();
    for (chain, members) in chains {
        let reports = members.iter().map(|at| &nodes[*at].report);
        // A trail whose name no key tells may be any.
        let proved = reports.filter(|report| !chain.trail.is_empty() && is_stop(report));
        let ends = proved.filter_map(|report| report.end);
        all.entry(trail_of(chain)).or_default().extend(ends);
    }
    all
}

/// From each stop to the start that follows it; the digests are in order of their ends.
fn pauses<'n>(
    members: impl Iterator<Item = &'n DigestReport>,
    stops: &BTreeSet<i64>,
) -> Vec<(i64, i64)> {
    let is_end = |report: &DigestReport| {
        let is_shown = report.end.is_some_and(|end| stops.contains(&end));
        is_stop(report) || is_shown && report.state == DigestState::Valid
    };
    let mut all = Vec::new();
    let mut before: Option<&DigestReport> = None;
    for report in members {
        let stop = before.filter(|before| is_end(before) && is_proved_start(report));
        all.extend(stop.and_then(|stop| Option::zip(stop.end, report.start)));
        before = Some(report);
    }
    all
}

/// The spans of one chain, which may overlap; what is between digests is a hole or a gap.
fn chain_ranges(nodes: &[Node<'_>], members: &[usize]) -> Vec<CoverRange> {
    let mut ranges = Vec::new();
    let mut last: Option<(usize, i64)> = None;
    for at in members {
        let node = &nodes[*at];
        let Some(end) = node.report.end else { continue };
        if node.has(FaultKind::UnusableDigest) {
            continue;
        }
        let cursor = last.map(|(_, end)| end);
        let mut start = start_of(node, end, cursor);
        if let Some((before, cursor)) = last.filter(|(_, cursor)| *cursor < start) {
            let is_next = node.previous == Some(before);
            if is_next && start - cursor <= TOLERANCE {
                start = cursor;
            } else {
                let kind = if is_segment_start(node) {
                    CoverKind::Gap
                } else {
                    CoverKind::Hole
                };
                ranges.push(CoverRange {
                    start: cursor,
                    end: start,
                    kind,
                });
            }
        }
        ranges.push(CoverRange {
            start,
            end,
            kind: kind_of(node.report.state),
        });
        if cursor.is_none_or(|cursor| cursor <= end) {
            last = Some((*at, end));
        }
    }
    ranges
}

fn start_of(node: &Node<'_>, end: i64, cursor: Option<i64>) -> i64 {
    let since_cursor = cursor.filter(|cursor| *cursor < end);
    match (node.report.start, node.report.state) {
        (Some(start), _) => start,
        // All time since the digest before it: several may be missing in a row.
        (None, DigestState::Missing) => since_cursor.unwrap_or(end - HOUR),
        (None, _) => since_cursor
            .filter(|cursor| end - cursor <= 2 * HOUR)
            .unwrap_or(end - HOUR),
    }
}

/// A forged digest must not turn a hole into a gap.
fn is_segment_start(node: &Node<'_>) -> bool {
    node.report.is_starting
        && !matches!(
            node.report.state,
            DigestState::Invalid | DigestState::Malformed
        )
}

fn kind_of(state: DigestState) -> CoverKind {
    match state {
        DigestState::Valid => CoverKind::Verified,
        DigestState::HashOnly => CoverKind::HashOnly,
        DigestState::Invalid | DigestState::Moved | DigestState::Malformed => CoverKind::Failed,
        DigestState::Missing => CoverKind::Hole,
    }
}

/// The best kind at each instant, neighbours of one kind joined.
fn paint(ranges: &[CoverRange]) -> Vec<CoverRange> {
    let mut changes: BTreeMap<i64, Vec<(CoverKind, i64)>> = BTreeMap::new();
    for range in ranges.iter().filter(|range| range.start < range.end) {
        changes
            .entry(range.start)
            .or_default()
            .push((range.kind, 1));
        changes.entry(range.end).or_default().push((range.kind, -1));
    }
    let mut open: BTreeMap<CoverKind, i64> = BTreeMap::new();
    let mut painted: Vec<CoverRange> = Vec::new();
    let mut current: Option<(i64, CoverKind)> = None;
    for (at, kinds) in changes {
        for (kind, change) in kinds {
            *open.entry(kind).or_default() += change;
        }
        let best = open
            .iter()
            .find(|(_, count)| **count > 0)
            .map(|(kind, _)| *kind);
        if let Some((start, kind)) = current.filter(|(_, kind)| Some(*kind) != best) {
            painted.push(CoverRange {
                start,
                end: at,
                kind,
            });
            current = None;
        }
        if current.is_none() {
            current = best.map(|kind| (at, kind));
        }
    }
    painted
}

/// The cover of several trails or trees for one account and Region: the best of them.
pub fn joined(all: &[&PlaceCover], asked: Option<Asked>) -> (Vec<CoverRange>, Vec<CoverRange>) {
    let ranges: Vec<CoverRange> = all
        .iter()
        .flat_map(|cover| cover.ranges.iter().copied())
        .collect();
    let ranges = without_spaces(paint(&ranges));
    let asked = within(&ranges, asked);
    (ranges, asked)
}

/// Time between two trails that nobody covers is a gap too.
fn without_spaces(ranges: Vec<CoverRange>) -> Vec<CoverRange> {
    let mut filled: Vec<CoverRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        if let Some(last) = filled.last().copied().filter(|last| last.end < range.start) {
            filled.push(CoverRange {
                start: last.end,
                end: range.start,
                kind: CoverKind::Gap,
            });
        }
        filled.push(range);
    }
    filled
}

/// The asked period with its slack, whole.
fn within(ranges: &[CoverRange], asked: Option<Asked>) -> Vec<CoverRange> {
    let Some(asked) = asked else {
        return Vec::new();
    };
    let (from, to) = (asked.start, asked.end.saturating_add(asked.slack.max(0)));
    let span = |start: i64, end: i64, kind| CoverRange {
        start: start.max(from),
        end: end.min(to),
        kind,
    };
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
        return vec![span(from, to, CoverKind::NoDigests)];
    };
    let mut all = vec![span(from, first.start, CoverKind::BeforeFirst)];
    all.extend(
        ranges
            .iter()
            .map(|range| span(range.start, range.end, range.kind)),
    );
    all.push(span(last.end, to, CoverKind::AfterLast));
    all.retain(|range| range.start < range.end);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use CoverKind::{AfterLast, BeforeFirst, Gap, Hole, NoDigests, Verified};

    fn range(start: i64, end: i64, kind: CoverKind) -> CoverRange {
        CoverRange { start, end, kind }
    }

    #[test]
    fn the_best_kind_wins_and_neighbours_join() {
        let painted = paint(&[
            range(0, 10, Verified),
            range(5, 20, Hole),
            range(20, 30, Verified),
            range(10, 12, Verified),
            range(30, 30, Hole),
        ]);
        assert_eq!(
            painted,
            [
                range(0, 12, Verified),
                range(12, 20, Hole),
                range(20, 30, Verified)
            ]
        );
    }

    fn digest(start: i64, end: i64, state: DigestState, is_starting: bool) -> DigestReport {
        DigestReport {
            key: String::new(),
            file: None,
            chain: None,
            start: Some(start),
            end: Some(end),
            is_starting,
            state,
            is_vouched: false,
            signature_from: None,
            log_count: 0,
            faults: Vec::new(),
        }
    }

    #[test]
    fn a_proved_short_digest_is_that_of_a_stop() {
        for (length, state, is_starting, expected) in [
            (1200, DigestState::Valid, false, true),
            (1200, DigestState::Valid, true, false),
            (HOUR, DigestState::Valid, false, false),
            (HOUR - 60, DigestState::Valid, false, false),
            (1200, DigestState::HashOnly, false, false),
            (1200, DigestState::Invalid, false, false),
        ] {
            let found = is_stop(&digest(0, length, state, is_starting));
            assert_eq!(found, expected, "{length} {state:?} {is_starting}");
        }
    }

    #[test]
    fn a_pause_is_between_a_proved_stop_and_a_proved_start() {
        use DigestState::{HashOnly, Valid};
        let of = |end: i64, stop: DigestState, start: DigestState, is_starting: bool| {
            let all = [
                digest(0, HOUR, Valid, true),
                digest(HOUR, end, stop, false),
                digest(3 * HOUR, 4 * HOUR, start, is_starting),
            ];
            pauses(all.iter(), &BTreeSet::new())
        };
        let short = HOUR + 600;
        assert_eq!(of(short, Valid, Valid, true), [(short, 3 * HOUR)]);
        assert_eq!(of(2 * HOUR, Valid, Valid, true), []);
        assert_eq!(of(short, HashOnly, Valid, true), []);
        assert_eq!(of(short, Valid, HashOnly, true), []);
        assert_eq!(of(short, Valid, Valid, false), []);
    }

    #[test]
    fn a_stop_that_another_region_proves_is_one_also_at_the_end_of_an_hour() {
        use DigestState::{HashOnly, Valid};
        let of = |state: DigestState, stops: &[i64]| {
            let all = [
                digest(0, HOUR, Valid, true),
                digest(HOUR, 2 * HOUR - 60, state, false),
                digest(3 * HOUR, 4 * HOUR, Valid, true),
            ];
            pauses(all.iter(), &stops.iter().copied().collect())
        };
        let end = 2 * HOUR - 60;
        assert_eq!(of(Valid, &[end]), [(end, 3 * HOUR)]);
        assert_eq!(of(Valid, &[]), []);
        assert_eq!(of(Valid, &[end + 1]), []);
        assert_eq!(of(HashOnly, &[end]), []);
    }

    #[test]
    fn the_asked_period_is_answered_whole() {
        let asked = Some(Asked {
            start: 0,
            end: 90,
            slack: 10,
        });
        assert_eq!(within(&[], asked), [range(0, 100, NoDigests)]);
        assert_eq!(
            within(&[range(10, 20, Verified), range(20, 95, Gap)], asked),
            [
                range(0, 10, BeforeFirst),
                range(10, 20, Verified),
                range(20, 95, Gap),
                range(95, 100, AfterLast)
            ]
        );
        assert_eq!(
            within(&[range(-50, 200, Verified)], asked),
            [range(0, 100, Verified)]
        );
        assert_eq!(
            within(&[range(200, 300, Verified)], asked),
            [range(0, 100, BeforeFirst)]
        );
    }
}
