//! The account × Region × day grid: where records were delivered, where their
//! absence is declared, and where nothing explains it.

use std::collections::{BTreeMap, BTreeSet};

use super::delivery::Deliveries;
use super::drops::Drops;
use super::intake::Intake;
use super::outcome::{CoverageRow, DayState};
use super::places::Places;
use super::recording::Trails;
use super::tally::{DayCount, Tally};
use crate::control::scope::Scope;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::period::{DAY, HOUR, Period};

/// The Region of an account for which neither scope nor records name one.
pub const NO_REGION: &str = "any Region";

/// The grid, with what verdicts need of it beside what packets show.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// First seconds of the days.
    pub days: Vec<i64>,
    /// One row for each account and Region.
    pub rows: Vec<CoverageRow>,
    /// Days that have records, and no management events: by row.
    pub without_management: Vec<Vec<bool>>,
}

/// A stretch of time in which a trail did not record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    from: i64,
    until: i64,
}

/// Builds the grid.
pub fn build(
    tally: &Tally,
    places: &Places,
    scope: &Scope,
    period: &Period,
    facts: &[TrailFact],
    trails: &Trails<'_>,
    deliveries: &Deliveries,
) -> Grid {
    let mut grid = Grid {
        days: period.days().collect(),
        ..Grid::default()
    };
    let stops = stops_by_account(facts, trails, period);
    for (account, region) in row_names(tally, places, deliveries) {
        let key = (account, region);
        let empty = vec![DayCount::default(); grid.days.len()];
        let counts = tally.grid.get(&key).unwrap_or(&empty);
        let (account, region) = key;
        let asked_of = |day: i64| (day.max(period.start), (day + DAY).min(period.end));
        let idle = scope.idle_at(&account, &region).is_some();
        let is_stopped = |day: i64, count: &DayCount| {
            let of_all = stops.get(&None).into_iter().flatten();
            let own = stops.get(&Some(account.as_str())).into_iter().flatten();
            of_all.chain(own).any(|stop| stop.silences(day, count))
        };
        let states = grid.days.iter().zip(counts).map(|(day, count)| {
            if !idle && is_stopped(*day, count) {
                DayState::Stopped
            } else if deliveries.is_missing(&account, &region, (*day, day + DAY)) {
                DayState::Missing
            } else if count.calls > 0 {
                DayState::Delivered
            } else if deliveries.is_proved(&account, &region, asked_of(*day)) {
                DayState::ProvedIdle
            } else if idle {
                DayState::DeclaredIdle
            } else {
                DayState::Silent
            }
        });
        grid.rows.push(CoverageRow {
            days: states.collect(),
            counts: counts.iter().map(|count| count.records).collect(),
            hours: counts.iter().map(|count| count.hours).collect(),
            account_name: places.name(&account).to_owned(),
            account: account.clone(),
            region: region.clone(),
        });
        let lacks = |count: &DayCount| count.calls > 0 && count.writes + count.reads == 0;
        grid.without_management
            .push(counts.iter().map(lacks).collect());
    }
    grid
}

/// Accounts and Regions of the scope, or those that were seen where no scope names them.
fn row_names(
    tally: &Tally,
    places: &Places,
    deliveries: &Deliveries,
) -> BTreeSet<(String, String)> {
    let digests = || deliveries.places();
    if !places.is_given() {
        let with_digests =
            digests().map(|(account, region)| (account.to_owned(), region.to_owned()));
        return tally.grid.keys().cloned().chain(with_digests).collect();
    }
    let mut names = BTreeSet::new();
    for (account, place) in places.accounts() {
        let mut seen = tally.regions_of(account);
        let with_digests = digests().filter(|(owner, _)| *owner == account);
        seen.extend(with_digests.map(|(_, region)| region.to_owned()));
        let regions = if place.regions.is_empty() {
            &seen
        } else {
            &place.regions
        };
        for region in regions {
            names.insert((account.to_owned(), region.clone()));
        }
        if regions.is_empty() {
            names.insert((account.to_owned(), NO_REGION.to_owned()));
        }
    }
    names
}

impl Stop {
    /// Whether the stop may have kept records of this day out. Records in a whole hour
    /// inside it show that another trail went on; a stop without a whole hour cannot be excused.
    fn silences(&self, day: i64, count: &DayCount) -> bool {
        let (from, until) = (self.from.max(day), self.until.min(day + DAY));
        if from >= until {
            return false;
        }
        // The record that tells of the stop lies in its first second.
        let first = (from - day).div_euclid(HOUR) + i64::from(from > day);
        let last = (until - day).div_euclid(HOUR);
        !(first..last).any(|hour| count.hours >> hour & 1 == 1)
    }
}

/// Stops by account; those of a trail of the whole organization concern every account.
fn stops_by_account<'t>(
    facts: &'t [TrailFact],
    trails: &Trails<'_>,
    period: &Period,
) -> BTreeMap<Option<&'t str>, Vec<Stop>> {
    let mut open: BTreeMap<(Option<&str>, [&str; 3]), i64> = BTreeMap::new();
    let mut stops: BTreeMap<Option<&str>, Vec<Stop>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.time < period.end) {
        let whose = (!trails.is_of_organization(fact)).then_some(fact.account.as_str());
        let key = (
            whose,
            [&fact.account, &fact.region, &fact.trail].map(String::as_str),
        );
        match fact.change {
            TrailChange::Stopped => {
                open.entry(key).or_insert(fact.time);
            }
            TrailChange::Started => {
                if let Some(from) = open.remove(&key) {
                    let until = fact.time;
                    stops.entry(whose).or_default().push(Stop { from, until });
                }
            }
            TrailChange::Narrowed | TrailChange::Selected => {}
        }
    }
    for ((whose, _), from) in open {
        let until = period.end;
        stops.entry(whose).or_default().push(Stop { from, until });
    }
    stops
}

/// The changes of trails that are evidence, in the order of time: no copies, no conflicts.
pub fn trails_in_use(intake: &Intake, drops: &Drops) -> Vec<TrailFact> {
    let trails = intake.trails.iter();
    let kept = trails.filter(|(file, fact)| {
        let rank = intake.ranks.at(*file);
        drops.of(rank, fact.index).is_none()
    });
    let mut all: Vec<TrailFact> = kept.map(|(_, fact)| fact.clone()).collect();
    all.sort_by(|a, b| {
        let order = |fact: &TrailFact| (fact.time, fact.change);
        let names = |fact: &'_ TrailFact| {
            (
                fact.account.clone(),
                fact.trail.clone(),
                fact.settings.clone(),
            )
        };
        order(a)
            .cmp(&order(b))
            .then_with(|| names(a).cmp(&names(b)))
    });
    all
}

#[cfg(test)]
mod tests {
    use super::super::digest_trails::DigestTrails;
    use super::*;

    fn count(hours: &[u32]) -> DayCount {
        DayCount {
            records: hours.len() as u64,
            calls: hours.len() as u64,
            writes: hours.len() as u64,
            reads: 0,
            hours: hours.iter().map(|hour| 1 << hour).sum(),
        }
    }

    #[test]
    fn records_inside_a_stop_show_that_another_trail_went_on() {
        let stop = Stop {
            from: 10 * HOUR + 60,
            until: 13 * HOUR + 60,
        };
        assert!(stop.silences(0, &count(&[9, 10, 13, 14])));
        assert!(!stop.silences(0, &count(&[12])));
        assert!(!stop.silences(DAY, &count(&[])));
    }

    #[test]
    fn a_stop_shorter_than_an_hour_cannot_be_excused() {
        let stop = Stop {
            from: 10 * HOUR + 60,
            until: 10 * HOUR + 120,
        };
        assert!(stop.silences(0, &count(&[9, 10, 11])));
    }

    #[test]
    fn a_stop_without_a_start_lasts_to_the_end_of_the_period() {
        let period = Period::parse("2026-10", None).expect("valid");
        let fact = |time, change| TrailFact {
            index: 0,
            time,
            account: "111122223333".into(),
            region: "us-east-1".into(),
            change,
            trail: "main".into(),
            event_name: String::new(),
            settings: String::new(),
        };
        let trails = [
            fact(5, TrailChange::Stopped),
            fact(9, TrailChange::Started),
            fact(20, TrailChange::Stopped),
        ];
        let stories = Trails::new(&trails, &[], DigestTrails::default(), &period);
        let stops = stops_by_account(&trails, &stories, &period);
        let expected = [
            Stop { from: 5, until: 9 },
            Stop {
                from: 20,
                until: period.end,
            },
        ];
        assert_eq!(stops[&Some("111122223333")], expected);
    }
}
