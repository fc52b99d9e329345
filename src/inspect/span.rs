//! The time that a log set is about, where nobody named a period, and the time that its volumes are
//! from.

use std::collections::BTreeMap;

use crate::period::{DAY, HOUR, Period};
use crate::record::time;

/// Days that a period found in the records has at most. A record of 1970 must not make a grid of
/// twenty thousand days.
const MOST_DAYS: i64 = 400;

/// Records by UTC day.
#[derive(Debug, Clone, Default)]
pub struct Days(BTreeMap<i64, u64>);

impl Days {
    /// Counts a record of this time.
    pub fn note(&mut self, time: i64) {
        *self.0.entry(time.div_euclid(DAY) * DAY).or_default() += 1;
    }

    /// The whole days that records are of, from the first to the last, or the stretch of 400 days
    /// that has most of them.
    pub fn period(&self) -> Option<Period> {
        let all: Vec<(i64, u64)> = self
            .0
            .iter()
            .map(|(day, records)| (*day, *records))
            .collect();
        let (first, last) = densest(&all)?;
        Period::between(&time::format_day(first), &time::format_day(last)).ok()
    }
}

/// The first and last day of the stretch with most records; the earliest of equals.
fn densest(all: &[(i64, u64)]) -> Option<(i64, i64)> {
    let mut best: Option<(u64, i64, i64)> = None;
    let (mut from, mut records) = (0, 0);
    for (day, found) in all {
        records += found;
        while day - all[from].0 >= MOST_DAYS * DAY {
            records -= all[from].1;
            from += 1;
        }
        if best.is_none_or(|(most, ..)| records > most) {
            best = Some((records, all[from].0, *day));
        }
    }
    best.map(|(_, first, last)| (first, last))
}

/// From one record to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first record.
    pub first: i64,
    /// The last record.
    pub last: i64,
}

/// A month in the sense of prices.
pub const MONTH: i64 = 30 * DAY;

impl Span {
    /// Of one record.
    pub fn at(time: i64) -> Span {
        Span {
            first: time,
            last: time,
        }
    }

    /// From the first of all to the last of all.
    pub fn join(one: Option<Span>, other: Option<Span>) -> Option<Span> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Span {
                first: one.first.min(other.first),
                last: one.last.max(other.last),
            }),
            (one, other) => one.or(other),
        }
    }

    /// Seconds between the first and the last record.
    pub fn seconds(&self) -> i64 {
        self.last - self.first
    }

    /// What `count` in this time comes to in a month of 30 days; none for less than an hour.
    pub fn per_month(&self, count: u64) -> Option<u64> {
        let seconds = self.seconds();
        if seconds < HOUR {
            return None;
        }
        let month = u128::from(count) * MONTH as u128 / seconds as u128;
        u64::try_from(month).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_1970_does_not_stretch_the_period() {
        let mut days = Days::default();
        for (day, records) in [(0, 1), (20_000, 50), (20_001, 70), (40_000, 2)] {
            (0..records).for_each(|at| days.note(day * DAY + at * 60));
        }
        let period = days.period().expect("there are records");
        assert_eq!(period.start, 20_000 * DAY);
        assert_eq!(period.end, 20_002 * DAY);
    }

    #[test]
    fn a_month_is_not_guessed_from_less_than_an_hour() {
        let span = |last| Span::join(Some(Span::at(last)), Some(Span::at(60)));
        let two_hours = span(7_260).expect("two records");
        assert_eq!(two_hours.per_month(1), Some(360));
        let minute = span(119).expect("two records");
        assert_eq!(minute.per_month(1), None);
    }

    #[test]
    fn no_record_is_no_time() {
        assert_eq!(Days::default().period(), None);
        assert_eq!(Span::join(None, None), None);
    }
}
