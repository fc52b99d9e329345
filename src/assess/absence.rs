//! Times at which a trail is not known to have recorded what is asked, and what shows that another
//! trail recorded it all the same.
//!
//! Every trail has its times of absence: from a call that took what is asked until the one that gave
//! it back, before the call that first gave it, and what its digest files leave out. At each instant
//! some trails are absent. A record of what is asked from a time at which all of these, and perhaps
//! more, were absent must be of yet another trail, which no record tells to be absent. Without such
//! a record the instant is not proven, whatever is recorded before and after it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::record::time;
use crate::source::display::display_value;

/// What begins or ends an absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// A record of this call on the trail, at this time.
    Call(String, i64),
    /// The first or last of its digest files, or one around a gap.
    Digests(i64),
    /// A snapshot of this name.
    Snapshot(String, i64),
}

/// A stretch of time in which one trail may have recorded nothing of what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The trail, in words.
    pub trail: String,
    /// What began it; nothing where it began before all that is known.
    pub after: Option<Edge>,
    /// What ended it; nothing where it goes on.
    pub before: Option<Edge>,
    /// What records of the time show.
    pub records: Records,
}

/// Whether records of an absence show that another trail went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// They do: they are none of this trail.
    AreOfOthers,
    /// They may be its own: it is not known when it recorded again.
    MayBeLater,
    /// They may be its own: it was told to record a part.
    MayBeThePart,
}

/// The absences of one trail for one reason: a record in any of them is none of this trail.
pub type Spell = Vec<Absence>;

/// The times of what was recorded: units of time of one length that hold records.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'s> {
    /// The first seconds of the units, in order.
    pub starts: &'s [i64],
    /// Seconds of each.
    pub length: i64,
}

/// How long records may still come after a trail was told to record less, in seconds.
const CHANGE_TAKES: i64 = 3600;

impl Edge {
    /// When.
    pub fn time(&self) -> i64 {
        match self {
            Edge::Call(_, time) | Edge::Digests(time) | Edge::Snapshot(_, time) => *time,
        }
    }

    fn delay(&self) -> i64 {
        match self {
            Edge::Call(..) => CHANGE_TAKES,
            Edge::Digests(_) | Edge::Snapshot(..) => 0,
        }
    }

    /// Words that go on after "none after" and "none before".
    fn words(&self, trail: &str, told: &str) -> String {
        let at = time::format(self.time());
        match self {
            Edge::Call(name, _) => {
                let shown = display_value(name);
                match name.as_str() {
                    "PutEventSelectors" => format!("`{shown}` told trail {trail} {told} on {at}"),
                    _ => format!("`{shown}` of trail {trail} on {at}"),
                }
            }
            Edge::Digests(_) => format!("{at}, beyond which trail {trail} has no digest files"),
            Edge::Snapshot(name, _) => format!(
                "{at}, when trail {trail} recorded {told} as snapshot `{}` says",
                display_value(name)
            ),
        }
    }
}

impl Absence {
    fn span(&self) -> (i64, i64) {
        (
            self.after.as_ref().map_or(i64::MIN, Edge::time),
            self.before.as_ref().map_or(i64::MAX, Edge::time),
        )
    }

    /// When a unit of time of this length begins whose records are none of the trail.
    fn excluded(&self, length: i64) -> Range<i64> {
        let (from, until) = self.span();
        let delay = self.after.as_ref().map_or(0, Edge::delay);
        match self.records {
            Records::AreOfOthers => from.saturating_add(delay)..until.saturating_sub(length - 1),
            Records::MayBeLater | Records::MayBeThePart => 0..0,
        }
    }

    /// Why nothing shows that what is asked was recorded in this time: `lack` is what there is none
    /// of, `leave` and `take` what the trail was told.
    pub fn words(&self, lack: &str, leave: &str, take: &str) -> String {
        let after = self.after.as_ref();
        let after = after.map(|edge| format!("after {}", edge.words(&self.trail, leave)));
        let before = self.before.as_ref();
        let before = before.map(|edge| format!("before {}", edge.words(&self.trail, take)));
        let parts: Vec<String> = after.into_iter().chain(before).collect();
        let doubt = match self.records {
            Records::AreOfOthers => "",
            Records::MayBeLater => ", and nothing shows when the trail recorded it again",
            Records::MayBeThePart => {
                ", and records of the part that it kept show nothing of the rest"
            }
        };
        let which = match self.records {
            Records::AreOfOthers => "",
            Records::MayBeLater | Records::MayBeThePart => " that must be of another trail",
        };
        let when = match parts.is_empty() {
            true => format!(
                "in the period, in which trail {} is not known to record it",
                self.trail
            ),
            false => parts.join(" and "),
        };
        format!("{lack}{which} {when}{doubt}")
    }
}

/// Absences in which it is asked for records, and those of them that other records excuse.
#[derive(Debug, Default)]
pub struct Absences {
    /// Those that only records of what is asked can fill.
    pub spells: Vec<Spell>,
    /// Stops of trails that record management events: a matter of days, until management events
    /// show that another trail went on. Then what is asked must show itself too.
    pub stops: Vec<Spell>,
}

impl Absences {
    /// The first absence of the span of time in which nothing shows that another trail went on:
    /// `seen` are records of what is asked, `management` management events.
    pub fn unfilled(
        &self,
        (start, end): (i64, i64),
        seen: Seen<'_>,
        management: &dyn Fn() -> Vec<i64>,
    ) -> Option<&Absence> {
        let all = || self.spells.iter().chain(&self.stops);
        all().next()?;
        let others = self.patterns(seen);
        let others_at_all = match self.stops.is_empty() {
            true => BTreeSet::new(),
            false => self.patterns(Seen {
                starts: &management(),
                ..seen
            }),
        };
        let mut settled: BTreeSet<Vec<bool>> = BTreeSet::new();
        for at in self.cuts(start, end) {
            let covers = |one: &&Absence| one.span().0 <= at && at < one.span().1;
            let mut here: Vec<Option<&Absence>> =
                all().map(|spell| spell.iter().find(covers)).collect();
            let stops = self.spells.len();
            let stopped = here.iter().enumerate();
            let stopped: Vec<bool> = stopped
                .map(|(number, one)| number >= stops && one.is_some())
                .collect();
            if !is_filled(&stopped, &others_at_all) {
                here[stops..].fill(None);
            }
            let absent: Vec<bool> = here.iter().map(Option::is_some).collect();
            let Some(first) = here.iter().flatten().next() else {
                continue;
            };
            if settled.insert(absent.clone()) && !is_filled(&absent, &others) {
                // Of several absent trails one that alone would not be proven tells most.
                let mut alone = here.iter().enumerate();
                let alone =
                    alone.find(|(at, one)| one.is_some() && !others.iter().any(|other| other[*at]));
                return alone.and_then(|(_, one)| *one).or(Some(first));
            }
        }
        None
    }

    /// Of which trails the records of a unit of time are none, for each unit. Those between two ends
    /// of absences are alike: one of them is asked about.
    fn patterns(&self, seen: Seen<'_>) -> BTreeSet<Vec<bool>> {
        let all = || self.spells.iter().chain(&self.stops);
        let excluded = |one: &Absence| one.excluded(seen.length);
        let ends = all().flatten().map(excluded);
        let mut ends: Vec<i64> = ends.flat_map(|times| [times.start, times.end]).collect();
        ends.sort_unstable();
        let mut patterns = BTreeSet::new();
        let mut rest = seen.starts;
        while let Some(at) = rest.first() {
            let holds = |one: &Absence| excluded(one).contains(at);
            patterns.insert(all().map(|spell| spell.iter().any(holds)).collect());
            let next = ends.get(ends.partition_point(|end| end <= at));
            let alike = next.map_or(rest.len(), |next| rest.partition_point(|one| one < next));
            rest = &rest[alike..];
        }
        patterns
    }

    /// The instants from which on other trails are absent than before.
    fn cuts(&self, start: i64, end: i64) -> BTreeSet<i64> {
        let edges = |one: &Absence| [one.span().0, one.span().1];
        let all = self.spells.iter().chain(&self.stops).flatten();
        all.flat_map(edges)
            .filter(|at| start < *at && *at < end)
            .chain([start])
            .collect()
    }
}

/// Whether something was recorded at a time at which all of these trails, and perhaps more, were
/// absent.
fn is_filled(absent: &[bool], others: &BTreeSet<Vec<bool>>) -> bool {
    let fills = |other: &Vec<bool>| absent.iter().zip(other).all(|(is, not)| !is || *not);
    !absent.contains(&true) || others.iter().any(fills)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::HOUR;

    fn absence(from: Option<i64>, until: Option<i64>) -> Absence {
        let edge = |name: &str, hour: i64| Edge::Call(name.to_owned(), hour * HOUR);
        Absence {
            trail: "`t`".to_owned(),
            after: from.map(|hour| edge("StopLogging", hour)),
            before: until.map(|hour| edge("StartLogging", hour)),
            records: Records::AreOfOthers,
        }
    }

    /// Whether records in these hours prove a day in which trails were absent.
    #[track_caller]
    fn check(spells: &[Spell], hours: &[i64], is_proven: bool) {
        let starts: Vec<i64> = hours.iter().map(|hour| hour * HOUR).collect();
        let seen = Seen {
            starts: &starts,
            length: HOUR,
        };
        let absences = Absences {
            spells: spells.to_vec(),
            stops: Vec::new(),
        };
        let found = absences.unfilled((0, 24 * HOUR), seen, &Vec::new);
        assert_eq!(found.is_none(), is_proven, "{spells:?} {hours:?} {found:?}");
    }

    #[test]
    fn a_stop_counts_where_management_events_excuse_it() {
        let hours = |all: &[i64]| all.iter().map(|hour| hour * HOUR).collect::<Vec<i64>>();
        let check =
            |stop: (i64, i64), less: Option<(i64, i64)>, seen: &[i64], others: &[i64], proven| {
                let absences = Absences {
                    spells: less
                        .map(|(from, until)| vec![absence(Some(from), Some(until))])
                        .into_iter()
                        .collect(),
                    stops: vec![vec![absence(Some(stop.0), Some(stop.1))]],
                };
                let seen = hours(seen);
                let seen = Seen {
                    starts: &seen,
                    length: HOUR,
                };
                let found = absences.unfilled((0, 24 * HOUR), seen, &|| hours(others));
                assert_eq!(found.is_none(), proven, "{absences:?} {found:?}");
            };
        check((5, 10), None, &[1, 20], &[1, 20], true);
        check((5, 10), None, &[1, 20], &[1, 8, 20], false);
        check((5, 10), None, &[1, 8, 20], &[1, 8, 20], true);
        // The other trail recorded less for a part of the stop.
        let less = Some((8, 20));
        check((2, 12), less, &[1, 5, 15, 22], &[1, 5, 10, 15], false);
        check((2, 12), less, &[1, 5, 10, 22], &[1, 5, 10, 15], true);
        check((2, 12), less, &[1, 15, 22], &[1, 15, 22], true);
        check((2, 12), less, &[1, 22], &[1, 15, 22], false);
    }

    #[test]
    fn records_on_either_side_of_an_absence_prove_nothing_of_it() {
        let stop = [vec![absence(Some(5), Some(10))]];
        check(&stop, &[1, 4, 10, 20], false);
        check(&stop, &[5], false);
        check(&stop, &[6], true);
        check(&stop, &[9], true);
        check(&[], &[], true);
        // One that cannot hold a whole hour an hour after its begin cannot be filled.
        check(&[vec![absence(Some(5), Some(6))]], &[4, 5, 6, 7], false);
    }

    #[test]
    fn an_absence_may_be_open_on_either_side() {
        let end = [vec![absence(Some(5), None)]];
        check(&end, &[5], false);
        check(&end, &[20], true);
        let begin = [vec![absence(None, Some(10))]];
        check(&begin, &[10, 11], false);
        check(&begin, &[0], true);
        // Absences outside of the day are none, and those around it are filled by any record.
        check(&[vec![absence(Some(24), None)]], &[], true);
        check(&[vec![absence(Some(-9), None)]], &[3], true);
        check(&[vec![absence(Some(-9), None)]], &[], false);
    }

    #[test]
    fn two_trails_do_not_prove_each_other_while_both_are_absent() {
        let both = [
            vec![absence(Some(2), Some(12))],
            vec![absence(Some(8), Some(20))],
        ];
        // Hour 4 is of the second trail or another, hour 15 of the first or another.
        check(&both, &[4, 15], false);
        check(&both, &[4, 10, 15], true);
        check(&both, &[10], true);
    }

    #[test]
    fn a_record_of_one_absence_of_a_trail_shows_that_another_trail_records() {
        let twice = [vec![absence(Some(2), Some(6)), absence(Some(12), Some(18))]];
        check(&twice, &[1, 4, 20], true);
        check(&twice, &[1, 8, 20], false);
        // Not so where each may be the one that is delivered here.
        let moved = [vec![absence(None, Some(6))], vec![absence(Some(6), None)]];
        check(&moved, &[4], false);
        check(&moved, &[8], false);
        check(&moved, &[4, 8], true);
    }

    proptest::proptest! {
        #[test]
        fn each_unit_of_time_counts_as_if_it_were_alone(
            raw in proptest::collection::vec(
                proptest::collection::vec((0i64..40, 0i64..40, 0u8..4), 0..3), 0..4),
            hours in proptest::collection::btree_set(0i64..40, 0..40),
        ) {
            let made = |(from, until, kind): &(i64, i64, u8)| Absence {
                records: match kind {
                    0 => Records::MayBeLater,
                    _ => Records::AreOfOthers,
                },
                ..absence((*kind != 1).then_some(*from), (*kind != 2).then_some(*until))
            };
            let spells: Vec<Spell> = raw.iter().map(|all| all.iter().map(made).collect()).collect();
            let absences = Absences { stops: spells.clone(), spells };
            let starts: Vec<i64> = hours.iter().map(|hour| hour * HOUR).collect();
            let patterns = |starts: &[i64]| absences.patterns(Seen { starts, length: HOUR });
            let alone: BTreeSet<_> = starts.iter().flat_map(|at| patterns(&[*at])).collect();
            proptest::prop_assert_eq!(patterns(&starts), alone);
        }
    }

    #[test]
    fn what_has_no_known_end_is_filled_by_nothing() {
        let mut one = absence(Some(2), None);
        for records in [Records::MayBeLater, Records::MayBeThePart] {
            one.records = records;
            check(&[vec![one.clone()]], &[1, 4, 8, 20], false);
        }
    }
}
