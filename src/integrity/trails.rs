//! Times of which one of several trails has no digests, and what is to be made of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::period::{DAY, HOUR};
use crate::record::time;

use super::cover::joined;
use super::place::Place;
use super::problems::place_words;
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
                all.extend(ended(&one.place, trail, whole).filter(|_| asked.is_none()));
            }
        }
    }
    let trails = trails(&by_place);
    for open in all
        .iter_mut()
        .filter(|one| one.kind == FaultKind::TrailEnded)
    {
        if asked.is_some() && trails.iter().any(|one| one.outlives(open.trail, asked)) {
            open.kind = FaultKind::AfterLast;
        }
    }
    all.extend(absent_times(&by_place, &trails, asked));
    all.extend(
        trails
            .iter()
            .filter_map(|one| at_home(&by_place, one, asked)),
    );
    all
}

/// Each trail has a minute of its own for its digests, so ends may differ by an hour.
const LEAST: i64 = 2 * HOUR;

/// Where no period is asked for, the others tell that a trail ended before them.
fn ended<'c>(place: &'c Place, trail: &'c TrailCover, whole: (i64, i64)) -> Option<OpenTime<'c>> {
    let end = trail.ranges.last()?.end;
    let range = CoverRange {
        start: end,
        end: whole.1,
        kind: CoverKind::AfterLast,
    };
    (end.saturating_add(LEAST) <= whole.1).then_some(OpenTime {
        place,
        trail,
        range,
        kind: FaultKind::TrailEnded,
    })
}

/// All covers of an account and Region, of accounts and of organizations.
type ByPlace<'c> = BTreeMap<(&'c str, &'c str), Vec<&'c PlaceCover>>;

/// One trail wherever it works.
struct Everywhere<'c> {
    organization: Option<&'c str>,
    all: Vec<&'c TrailCover>,
}

/// Times of which a trail has no digests at an account and Region where it should have some: it
/// works in all Regions, or for all accounts of the organization, and another trail has digests
/// there, so the Region is switched on and the account was there. An account of which nothing is
/// below the id of any organization may be a member all the same.
fn absent_times<'c>(
    by_place: &ByPlace<'c>,
    trails: &[Everywhere<'c>],
    asked: Option<Asked>,
) -> Vec<OpenTime<'c>> {
    let mut members: BTreeSet<(&str, &str)> = BTreeSet::new();
    for ((account, _), covers) in by_place {
        let with_trails = covers.iter().filter(|one| !one.trails.is_empty());
        let ids = with_trails.filter_map(|one| one.place.organization.as_deref());
        members.extend(ids.map(|id| (id, *account)));
    }
    let mut all = Vec::new();
    for ((account, region), covers) in by_place {
        let (reached, _) = joined(covers, asked);
        let (Some(first), Some(last)) = (reached.first(), reached.last()) else {
            continue;
        };
        for one in trails {
            let is_member = |id: &str| members.contains(&(id, *account));
            let kind = match one.organization {
                Some(id) if !is_member(id) => match members.iter().any(|one| one.1 == *account) {
                    // An account is a member of one organization at a time.
                    true => continue,
                    false => FaultKind::TrailOfOthers,
                },
                _ => FaultKind::TrailAbsent,
            };
            let (from, to) = match one.reach(account, region) {
                Some(reach) => (reach.0.max(first.start), reach.1.min(last.end)),
                None => continue,
            };
            let (from, to) = within(from, to, asked);
            if from.saturating_add(LEAST) <= to {
                all.push(OpenTime {
                    place: &covers[0].place,
                    trail: one.all[0],
                    range: CoverRange {
                        start: from,
                        end: to,
                        kind: CoverKind::NoDigests,
                    },
                    kind,
                });
            }
        }
    }
    all
}

fn within(from: i64, to: i64, asked: Option<Asked>) -> (i64, i64) {
    match asked {
        Some(asked) => {
            let end = asked.end.saturating_add(asked.slack);
            (from.max(asked.start), to.min(end))
        }
        None => (from, to),
    }
}

/// A trail whose digests are of its home alone, where another trail has some in other Regions of
/// the account: nothing tells whether it works there.
fn at_home<'c>(
    by_place: &ByPlace<'c>,
    one: &Everywhere<'c>,
    asked: Option<Asked>,
) -> Option<OpenTime<'c>> {
    let trail = *one.all.first()?;
    let (account, home) = (&trail.chain.place.account, &trail.chain.home_region);
    if one
        .all
        .iter()
        .any(|trail| trail.chain.place.region != *home)
    {
        return None;
    }
    let others = by_place.iter().filter(|((own, region), covers)| {
        own == account && region != home && covers.iter().any(|cover| !cover.trails.is_empty())
    });
    let reached = others.filter_map(|(_, covers)| {
        let (ranges, _) = joined(covers, asked);
        Some((ranges.first()?.start, ranges.last()?.end))
    });
    let (first, last) = reached.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let own = (trail.ranges.first()?.start, trail.ranges.last()?.end);
    let (from, to) = within(own.0.max(first), own.1.min(last), asked);
    let covers = by_place.get(&(account.as_str(), home.as_str()))?;
    (from.saturating_add(LEAST) <= to).then_some(OpenTime {
        place: &covers.first()?.place,
        trail,
        range: CoverRange {
            start: from,
            end: to,
            kind: CoverKind::NoDigests,
        },
        kind: FaultKind::TrailAtHome,
    })
}

fn trails<'c>(by_place: &ByPlace<'c>) -> Vec<Everywhere<'c>> {
    let mut all: BTreeMap<(&str, &str, &str), Everywhere<'c>> = BTreeMap::new();
    let covers = by_place.values().flatten();
    for trail in covers.flat_map(|one| &one.trails) {
        let chain = &trail.chain;
        // What no key tells cannot be missed anywhere.
        if chain.trail.is_empty() || chain.home_region.is_empty() {
            continue;
        }
        let organization = chain.place.organization.as_deref();
        let owner = organization.unwrap_or(&chain.place.account);
        let one = all
            .entry((owner, &chain.home_region, &chain.trail))
            .or_insert_with(|| Everywhere {
                organization,
                all: Vec::new(),
            });
        one.all.push(trail);
    }
    all.into_values().collect()
}

impl Everywhere<'_> {
    /// Whether it is the trail of these digests and has some elsewhere up to the period: a trail
    /// that was deleted ends everywhere.
    fn outlives(&self, ended: &TrailCover, asked: Option<Asked>) -> bool {
        let last = |trail: &TrailCover| trail.ranges.last().map(|range| range.end);
        let from = asked.map_or(i64::MAX, |asked| asked.start);
        let is_it = self.all.iter().any(|one| std::ptr::eq(*one, ended));
        is_it && (self.all.iter()).any(|one| last(one).is_some_and(|end| end > from))
    }

    /// From its first to its last digest elsewhere, if it has none at an account and Region and
    /// should have some.
    fn reach(&self, account: &str, region: &str) -> Option<(i64, i64)> {
        let place = |trail: &&TrailCover| {
            (
                trail.chain.place.account == account,
                trail.chain.place.region == region,
            )
        };
        if self.all.iter().any(|trail| place(trail) == (true, true)) {
            return None;
        }
        let mut own = self.all.iter().filter(|trail| place(trail).0).peekable();
        let is_of_account = own.peek().is_some();
        if !is_of_account && self.organization.is_none() {
            return None;
        }
        let home = &self.all[0].chain.home_region;
        let is_elsewhere = |trail: &&TrailCover| trail.chain.place.region != *home;
        // A trail of one Region has digests in its home alone.
        if region != home && !self.all.iter().any(is_elsewhere) {
            return None;
        }
        let counted = self
            .all
            .iter()
            .filter(|trail| !is_of_account || place(trail).0);
        let ranges = counted.flat_map(|trail| [trail.ranges.first(), trail.ranges.last()]);
        let ranges: Vec<&CoverRange> = ranges.flatten().collect();
        let from = ranges.iter().map(|range| range.start).min()?;
        let to = ranges.iter().map(|range| range.end).max()?;
        Some((from, to))
    }
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
            CoverKind::NoDigests if self.kind == FaultKind::TrailAtHome => format!(
                "{from} to {to}: the digests of this trail are of its home Region alone, and another \
                 trail has some in other Regions: if it works in all of them, its digests and logs \
                 there are missing"
            ),
            CoverKind::NoDigests if self.kind == FaultKind::TrailOfOthers => format!(
                "{from} to {to}: this trail of an organization has digests in {} and none of this \
                 account, of which another trail has some: the account was no member, or its digests \
                 and logs below the organization are missing as a whole",
                place_words(&self.trail.chain.place)
            ),
            CoverKind::NoDigests => format!(
                "{from} to {to}: this trail has digests in {} and none here, where another trail has \
                 some: its digests and logs of this account and Region are missing as a whole, or it \
                 did not work here",
                place_words(&self.trail.chain.place)
            ),
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

    /// Whether what others show of this time is no proof that nothing was delivered: a trail that
    /// begins more than a day after the period is taken to be not yet made.
    pub fn is_near(&self, asked: Asked) -> bool {
        let first = self.trail.ranges.first();
        let is_later = |first: &CoverRange| {
            first.start > asked.end.saturating_add(asked.slack).saturating_add(DAY)
        };
        match self.kind {
            // Most such trails are of one Region.
            FaultKind::TrailAtHome => false,
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

    /// A trail with this home and one range for each account and Region, alone or beside another.
    fn at(
        (organization, account, region): (&str, &str, &str),
        all: &[(&str, &str, (i64, i64))],
    ) -> PlaceCover {
        let place = Place {
            organization: Some(organization)
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            account: account.to_owned(),
            region: region.to_owned(),
        };
        let trails: Vec<TrailCover> = all
            .iter()
            .map(|(name, home, (from, to))| {
                let mut one = trail(*from, *to, &[range(*from, *to, CoverKind::Verified)]);
                one.chain.place = place.clone();
                one.chain.trail = (*name).to_owned();
                one.chain.home_region = (*home).to_owned();
                one
            })
            .collect();
        let ranges = trails.iter().map(|one| one.ranges[0]);
        let from = ranges
            .clone()
            .map(|range| range.start)
            .min()
            .expect("a trail");
        let to = ranges.map(|range| range.end).max().expect("a trail");
        PlaceCover {
            place,
            ranges: vec![range(from, to, CoverKind::Verified)],
            asked: Vec::new(),
            trails,
        }
    }

    #[track_caller]
    fn absent(
        cover: &[PlaceCover],
        asked: Option<Asked>,
        expected: &[(&str, &str, &str, i64, i64)],
    ) {
        let all = open_times(cover, asked);
        let absent = all
            .iter()
            .filter(|open| open.kind == FaultKind::TrailAbsent);
        let found: Vec<_> = absent
            .map(|open| {
                let (place, name) = (open.place, &open.trail.chain.trail);
                let (from, to) = (open.range.start, open.range.end);
                (&*place.account, &*place.region, &**name, from, to)
            })
            .collect();
        assert_eq!(found, expected);
        assert!(all.iter().all(|open| !open.message().is_empty()));
    }

    const ONE: &str = "111122223333";
    const TWO: &str = "444455556666";
    const WHOLE: (i64, i64) = (0, 9 * DAY);

    #[test]
    fn a_trail_of_all_regions_is_missed_where_another_one_has_digests() {
        let end = ASKED.end + ASKED.slack;
        let (east, west, third) = ("us-east-1", "eu-west-1", "eu-north-1");
        let both = [("one", east, WHOLE), ("two", east, WHOLE)];
        let cover = [
            at(("", ONE, east), &both),
            at(("", ONE, west), &both[1..]),
            at(("", ONE, third), &both),
        ];
        let missed = [(ONE, west, "one", ASKED.start, end)];
        absent(&cover, Some(ASKED), &missed);
        absent(&cover, None, &[(ONE, west, "one", 0, 9 * DAY)]);
        // A trail of one Region has digests in its home alone, so that is told and no more.
        absent(&cover[..2], Some(ASKED), &[]);
        let told = open_times(&cover[..2], Some(ASKED));
        let at_home: Vec<_> = told
            .iter()
            .map(|open| (open.kind, &*open.place.region))
            .collect();
        assert_eq!(at_home, [(FaultKind::TrailAtHome, east)]);
        // Where no trail has any, the Region may be switched off; another account is another trail.
        absent(
            &[at(("", ONE, east), &both), at(("", ONE, west), &both)],
            Some(ASKED),
            &[],
        );
        let other = [
            cover[0].clone(),
            cover[2].clone(),
            at(("", TWO, west), &both[1..]),
        ];
        absent(&other, Some(ASKED), &[]);
        // One that ended long before is missed nowhere, and one that begins for its time alone.
        let old = [("one", east, (0, DAY)), ("two", east, WHOLE)];
        let gone = [
            at(("", ONE, east), &old),
            cover[1].clone(),
            at(("", ONE, third), &old),
        ];
        absent(&gone, Some(ASKED), &[]);
        let new = [
            ("one", east, (2 * DAY + 7200, 9 * DAY)),
            ("two", east, WHOLE),
        ];
        let begun = [
            at(("", ONE, east), &new),
            cover[1].clone(),
            at(("", ONE, third), &new),
        ];
        absent(
            &begun,
            Some(ASKED),
            &[(ONE, west, "one", 2 * DAY + 7200, end)],
        );
    }

    #[test]
    fn a_trail_that_goes_on_in_another_region_was_not_deleted() {
        let kinds = |elsewhere: (i64, i64)| {
            let (home, west) = ("us-east-1", "eu-west-1");
            let mut cover = [
                at(("", ONE, home), &[("one", home, elsewhere)]),
                at(
                    ("", ONE, west),
                    &[("one", home, (0, 0)), ("two", home, WHOLE)],
                ),
            ];
            let end = ASKED.end + ASKED.slack;
            let gone = range(ASKED.start, end, CoverKind::AfterLast);
            cover[1].trails[0] = TrailCover {
                asked: vec![gone],
                chain: cover[1].trails[0].chain.clone(),
                ..trail(0, 100, &[])
            };
            let all = open_times(&cover, Some(ASKED));
            let its = all.iter().filter(|open| open.place.region == west);
            its.filter(|open| open.trail.chain.trail == "one")
                .map(|open| open.kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(WHOLE), [FaultKind::AfterLast]);
        assert_eq!(kinds((0, 100)), [FaultKind::TrailEnded]);
    }

    #[test]
    fn a_trail_of_an_organization_is_missed_for_a_member_that_another_one_has() {
        let home = "us-east-1";
        let both = [("one", home, WHOLE), ("two", home, WHOLE)];
        let member = |id| at((id, TWO, home), &both[1..]);
        let owner = at(("o-1", ONE, home), &both);
        let end = ASKED.end + ASKED.slack;
        let missed = [(TWO, home, "one", ASKED.start, end)];
        absent(&[owner.clone(), member("o-1")], Some(ASKED), &missed);
        absent(&[owner.clone(), member("o-2")], Some(ASKED), &[]);
        absent(&[owner, member("")], Some(ASKED), &[]);
    }

    #[test]
    fn an_account_with_a_trail_of_its_own_may_be_a_member_whose_digests_are_gone() {
        let home = "us-east-1";
        let owner = at(("o-1", ONE, home), &[("one", home, WHOLE)]);
        let other = |id| at((id, TWO, home), &[("two", home, WHOLE)]);
        let told = |asked, id| {
            let cover = [owner.clone(), other(id)];
            let all = open_times(&cover, asked);
            let told = all.iter().map(|open| {
                let asked = asked.unwrap_or(ASKED);
                assert!(open.message().contains("the account was no member"));
                let (from, to) = (open.range.start, open.range.end);
                (
                    open.kind,
                    open.place.account.clone(),
                    from,
                    to,
                    open.is_near(asked),
                )
            });
            told.collect::<Vec<_>>()
        };
        let kind = FaultKind::TrailOfOthers;
        let end = ASKED.end + ASKED.slack;
        let notice = (kind, TWO.to_owned(), ASKED.start, end, true);
        assert_eq!(told(Some(ASKED), ""), [notice]);
        let notice = (kind, TWO.to_owned(), 0, 9 * DAY, true);
        assert_eq!(told(None, ""), [notice]);
        // It is a member of another one then.
        assert_eq!(told(Some(ASKED), "o-2"), []);
    }

    #[test]
    fn without_a_period_the_others_tell_that_a_trail_ended_before_them() {
        let home = "us-east-1";
        let told = |end: i64| {
            let cover = [at(
                ("", ONE, home),
                &[("one", home, (0, end)), ("two", home, WHOLE)],
            )];
            let all = open_times(&cover, None);
            all.iter()
                .map(|open| (open.kind, open.range.start, open.range.end))
                .collect::<Vec<_>>()
        };
        let end = 8 * DAY;
        assert_eq!(told(end), [(FaultKind::TrailEnded, end, 9 * DAY)]);
        assert_eq!(told(9 * DAY - HOUR), []);
    }
}
