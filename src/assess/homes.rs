//! Where and when a change of what a trail records would have been recorded itself.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Grid;
use super::outcome::DayState;
use super::tally::Tally;
use crate::period::DAY;

/// Where and when changes of selectors would have been recorded.
#[derive(Debug, Default)]
pub struct Homes {
    /// Accounts and Regions with proven management write events on every day of the period.
    pub(super) proven: BTreeSet<(String, String)>,
    /// Days outside the period with management write events.
    outside: BTreeMap<(String, String), BTreeSet<i64>>,
}

impl Homes {
    /// From the grid, with what shows that write events of a place are proven.
    pub fn new(grid: &Grid, tally: &Tally, is_proven: &dyn Fn(&str, &str) -> bool) -> Homes {
        let is_whole = |days: &[DayState]| days.iter().all(|day| day.is_accounted_for());
        let rows = grid.rows.iter();
        let proven = rows
            .filter(|row| is_whole(&row.days) && is_proven(&row.account, &row.region))
            .map(|row| (row.account.clone(), row.region.clone()));
        Homes {
            proven: proven.collect(),
            outside: tally.writes_outside.clone(),
        }
    }

    /// Whether a change in the days from one instant to another outside the period would show.
    pub(super) fn would_show(&self, home: &(String, String), from: i64, until: i64) -> bool {
        let Some(days) = self.outside.get(home) else {
            return false;
        };
        let (first, last) = (from.div_euclid(DAY), (until - 1).div_euclid(DAY));
        first > last
            || (last - first < 1000 && (first..=last).all(|day| days.contains(&(day * DAY))))
    }
}
