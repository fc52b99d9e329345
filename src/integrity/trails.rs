//! Times of which one of several trails has no digests, and what is to be made of them.

use std::collections::BTreeMap;

use crate::period::DAY;
use crate::record::time;

use super::cover::joined;
use super::place::Place;
use super::report::{Asked, CoverKind, CoverRange, FaultKind, PlaceCover, TrailCover};

/// Time of one of several trails that its digests do not prove, where another trail goes on.
pub struct OpenTime<'c> {
    /// Account and Region.
    pub place: &'c Place,
    /// The trail.
    pub trail: &'c TrailCover,
    /// Of what is asked for, the part that its digests do not prove and another trail reaches.
    pub range: CoverRange,
    /// What is to be made of it.
    pub kind: FaultKind,
}

/// Times of which one trail has no digests although others go on at its account and Region. Its
/// logs of that time may be missing together with their digests, and the cover of the others tells
/// nothing of them. What all trails lack is told of the place.
pub fn open_times<'c>(cover: &'c [PlaceCover], asked: Option<Asked>) -> Vec<OpenTime<'c>> {
    let mut by_place: BTreeMap<(&str, &str), Vec<&'c PlaceCover>> = BTreeMap::new();
    for one in cover {
        let key = (one.place.account.as_str(), one.place.region.as_str());
        by_place.entry(key).or_default().push(one);
    }
    let mut all = Vec::new();
    for covers in by_place.values() {
        let (reached, _) = joined(covers, asked);
        let (Some(first), Some(last)) = (reached.first(), reached.last()) else {
            continue;
        };
        let whole = (first.start, last.end);
        for one in covers {
            for trail in &one.trails {
                let ranges = match asked {
                    Some(_) => &trail.asked,
                    None => &trail.ranges,
                };
                let open = ranges.iter().filter_map(|range| {
                    let kind = open_kind(trail, range, asked)?;
                    let range = CoverRange {
                        start: range.start.max(whole.0),
                        end: range.end.min(whole.1),
                        kind: range.kind,
                    };
                    let is_told = reached.iter().any(|of_all| {
                        of_all.kind == CoverKind::Gap
                            && of_all.start <= range.start
                            && range.end <= of_all.end
                    });
                    (range.start < range.end && !is_told).then_some(OpenTime {
                        place: &one.place,
                        trail,
                        range,
                        kind,
                    })
                });
                all.extend(open);
            }
        }
    }
    all
}

/// What a stretch without digests of one trail is; nothing where it has some.
fn open_kind(trail: &TrailCover, range: &CoverRange, asked: Option<Asked>) -> Option<FaultKind> {
    let is_pause = |pause: &(i64, i64)| pause.0 <= range.start && range.end <= pause.1;
    match range.kind {
        CoverKind::Gap if trail.pauses.iter().any(is_pause) => Some(FaultKind::TrailPaused),
        CoverKind::Gap => Some(FaultKind::Gap),
        // Nothing tells a new trail from one whose older segments are missing.
        CoverKind::BeforeFirst if trail.is_begun => Some(FaultKind::TrailBegun),
        CoverKind::BeforeFirst => Some(FaultKind::BeforeFirst),
        CoverKind::AfterLast => {
            let end = trail.ranges.last().map_or(i64::MIN, |range| range.end);
            let is_long_gone = asked.is_some_and(|asked| end.saturating_add(DAY) < asked.start);
            Some(match is_long_gone {
                true => FaultKind::TrailEnded,
                false => FaultKind::AfterLast,
            })
        }
        _ => None,
    }
}

impl OpenTime<'_> {
    /// What is to be said of it.
    pub fn message(&self) -> String {
        let times = |at: Option<i64>| time::format(at.unwrap_or_default());
        let first = times(self.trail.ranges.first().map(|range| range.start));
        let last = times(self.trail.ranges.last().map(|range| range.end));
        let (from, to) = (time::format(self.range.start), time::format(self.range.end));
        match self.range.kind {
            CoverKind::Gap if self.kind == FaultKind::TrailPaused => format!(
                "{from} to {to}: its digests show a stop and a start, and nothing of the time between them"
            ),
            CoverKind::Gap => format!(
                "{from} to {to}: no digests of this trail, and others go on: its validation was \
                 switched off, or the digests and logs of a part of it are missing"
            ),
            CoverKind::BeforeFirst => format!(
                "the digests of this trail begin at {first}, and others go back further: it was made \
                 or its validation switched on, or the beginning of its digests and logs is missing"
            ),
            _ if self.trail.is_stopped => format!(
                "the digests of this trail end at {last} with a stop, and others go on: nothing shows \
                 that it was not started again, and that no digests and logs after that are missing"
            ),
            _ => format!(
                "the digests of this trail end at {last}, and others go on: it was deleted or its validation \
                 switched off, or the end of its digests and logs is missing"
            ),
        }
    }

    /// Whether what others show of this time is no proof that nothing was delivered: more than a
    /// day away from the period, a trail is taken to be gone or not yet made.
    pub fn is_near(&self, asked: Asked) -> bool {
        let first = self.trail.ranges.first();
        let is_later = |first: &CoverRange| {
            first.start > asked.end.saturating_add(asked.slack).saturating_add(DAY)
        };
        match self.kind {
            FaultKind::TrailEnded => false,
            FaultKind::TrailBegun => !first.is_some_and(is_later),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::ChainId;
    use super::*;

    const ASKED: Asked = Asked {
        start: 2 * DAY,
        end: 3 * DAY,
        slack: 10,
    };

    fn range(start: i64, end: i64, kind: CoverKind) -> CoverRange {
        CoverRange { start, end, kind }
    }

    /// One trail with these ranges of all time and of the asked one, next to another.
    fn told(trail: TrailCover, other: (i64, i64)) -> Vec<(FaultKind, i64, i64)> {
        let of_other = range(other.0, other.1, CoverKind::Verified);
        let ranges = [&trail.ranges[..], &[of_other]].concat();
        let cover = PlaceCover {
            place: place(),
            ranges,
            asked: Vec::new(),
            trails: vec![trail],
        };
        let all = open_times(std::slice::from_ref(&cover), Some(ASKED));
        let told = |open: &OpenTime<'_>| (open.kind, open.range.start, open.range.end);
        all.iter().map(told).collect()
    }

    fn place() -> Place {
        Place {
            organization: None,
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }

    fn trail(from: i64, to: i64, asked: &[CoverRange]) -> TrailCover {
        TrailCover {
            chain: ChainId {
                place: place(),
                trail: "one".to_owned(),
                home_region: String::new(),
                is_backfill: false,
            },
            digest_count: 1,
            is_begun: true,
            is_stopped: false,
            pauses: Vec::new(),
            ranges: vec![range(from, to, CoverKind::Verified)],
            asked: asked.to_vec(),
        }
    }

    #[test]
    fn the_end_of_a_trail_while_another_goes_on_is_a_doubt_also_after_a_stop() {
        let end = 3 * DAY + 10;
        let ended = |at: i64, is_stopped: bool, other: i64| {
            let after = range(at.max(2 * DAY), end, CoverKind::AfterLast);
            let trail = TrailCover {
                is_stopped,
                ..trail(0, at, &[after])
            };
            told(trail, (0, other))
        };
        let at = 2 * DAY + 50;
        for is_stopped in [false, true] {
            let doubt = [(FaultKind::AfterLast, at, end)];
            assert_eq!(ended(at, is_stopped, 9 * DAY), doubt);
            // What no trail covers is told of the place.
            let doubt = [(FaultKind::AfterLast, at, at + 30)];
            assert_eq!(ended(at, is_stopped, at + 30), doubt);
            // A cut just before the period is no old trail.
            let doubt = [(FaultKind::AfterLast, 2 * DAY, end)];
            assert_eq!(ended(DAY, is_stopped, 9 * DAY), doubt);
            let notice = [(FaultKind::TrailEnded, 2 * DAY, end)];
            assert_eq!(ended(DAY - 1, is_stopped, 9 * DAY), notice);
        }
        assert_eq!(ended(end, false, 9 * DAY), []);
    }

    #[test]
    fn a_gap_of_one_trail_is_a_doubt_unless_its_digests_show_a_stop_and_a_start() {
        let gap = range(2 * DAY + 100, 2 * DAY + 200, CoverKind::Gap);
        let with = |pauses: &[(i64, i64)]| TrailCover {
            pauses: pauses.to_vec(),
            ..trail(0, 9 * DAY, &[gap])
        };
        let is = |kind| [(kind, gap.start, gap.end)];
        assert_eq!(told(with(&[]), (0, 9 * DAY)), is(FaultKind::Gap));
        let shown = [(gap.start, gap.end)];
        assert_eq!(told(with(&shown), (0, 9 * DAY)), is(FaultKind::TrailPaused));
        let shorter = [(gap.start + 1, gap.end)];
        assert_eq!(told(with(&shorter), (0, 9 * DAY)), is(FaultKind::Gap));
    }

    #[test]
    fn a_trail_that_begins_while_others_go_back_further_is_told() {
        let at = 2 * DAY + 100;
        let before = range(2 * DAY, at, CoverKind::BeforeFirst);
        let with = |is_begun| TrailCover {
            is_begun,
            ..trail(at, 9 * DAY, &[before])
        };
        let is = |kind, from| [(kind, from, at)];
        let all = (0, 9 * DAY);
        assert_eq!(told(with(true), all), is(FaultKind::TrailBegun, 2 * DAY));
        assert_eq!(told(with(false), all), is(FaultKind::BeforeFirst, 2 * DAY));
        let later = (at - 10, 9 * DAY);
        assert_eq!(told(with(true), later), is(FaultKind::TrailBegun, at - 10));
        assert_eq!(told(with(true), (at, 9 * DAY)), []);
    }
}
