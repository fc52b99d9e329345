//! The account × Region × day grid: where records were delivered, where their
//! absence is declared, and where nothing explains it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::delivery::Deliveries;
use super::drops::Drops;
use super::intake::Intake;
use super::outcome::{CoverageRow, DayState};
use super::places::Places;
use super::stops::{Ground, Stops};
use super::tally::{DayCount, Tally};
use crate::control::scope::{Idle, Scope};
use crate::ledger::facts::TrailFact;
use crate::period::{DAY, Period};

/// The Region of an account for which neither scope nor records name one.
pub const NO_REGION: &str = "any Region";

/// The grid, with what verdicts need of it beside what packets show.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// First seconds of the days.
    pub days: Vec<i64>,
    /// One row for each account and Region, in their order.
    pub rows: Vec<CoverageRow>,
    /// Days that have records, and no management events: by row.
    pub without_management: Vec<Vec<bool>>,
    /// Days of which all records are of files that hold what somebody asked for: by row.
    pub asked_for: Vec<Vec<bool>>,
    /// What tells of stops, by row and place of the day.
    pub causes: Vec<BTreeMap<usize, Arc<str>>>,
}

impl Grid {
    /// The rows of an account.
    pub fn of_account(&self, account: &str) -> &[CoverageRow] {
        let from = self.rows.partition_point(|row| *row.account < *account);
        let own = &self.rows[from..];
        &own[..own.partition_point(|row| row.account == account)]
    }
}

/// Builds the grid.
pub fn build(
    tally: &Tally,
    places: &Places,
    scope: &Scope,
    period: &Period,
    stops: &Stops,
    deliveries: &Deliveries,
) -> Grid {
    let mut grid = Grid {
        days: period.days().collect(),
        ..Grid::default()
    };
    for place in row_names(tally, places, deliveries) {
        let empty = vec![DayCount::default(); grid.days.len()];
        let counts = tally.grid.get(&place).unwrap_or(&empty);
        let (account, region) = place.clone();
        let asked_of = |day: i64| (day.max(period.start), (day + DAY).min(period.end));
        let idle: Vec<&Idle> = scope.idle_at(&account, &region).collect();
        let silences = stops.at(Ground {
            account: &account,
            region: &region,
            days: &grid.days,
            counts,
            outside: tally.writes_outside.get(&place),
            deliveries,
            period,
        });
        let mut causes = BTreeMap::new();
        let states = grid.days.iter().zip(counts).enumerate();
        let states = states.map(|(at, (day, count))| {
            // Records count whenever they are of; only that there are none needs no reason then.
            if count.calls == 0 && !scope.holds(&account, *day) {
                return DayState::OutsideScope;
            }
            let idle = idle.iter().any(|one| one.days.contains(*day));
            // That nothing happens there excuses no stop that is certain: nobody would have seen it.
            let is_held = |state| !idle || state == DayState::Stopped;
            let stopped = silences.state(at).filter(|(state, _)| is_held(*state));
            if let Some((state, cause)) = stopped {
                causes.insert(at, cause);
                state
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
        grid.causes.push(causes);
        let lacks = |count: &DayCount| count.calls > 0 && count.writes + count.reads == 0;
        grid.without_management
            .push(counts.iter().map(lacks).collect());
        let is_asked_for = |count: &DayCount| count.records > 0 && !count.is_of_trail;
        grid.asked_for
            .push(counts.iter().map(is_asked_for).collect());
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

/// The changes of trails that are evidence, in the order of time: no copies, no conflicts. Of those
/// of one second, whose order is not known, what takes most away comes last.
pub fn trails_in_use(intake: &Intake, drops: &Drops) -> Vec<TrailFact> {
    let trails = intake.trails.iter();
    let kept = trails.filter(|(file, fact)| {
        let rank = intake.ranks.at(*file);
        drops.of(rank, fact.index).is_none()
    });
    let mut all: Vec<TrailFact> = kept.map(|(_, fact)| fact.clone()).collect();
    all.sort_by(|a, b| {
        let order = |fact: &TrailFact| (fact.time, fact.change.takes());
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
