//! The time that a log set is about, where nobody named a period.

use std::collections::BTreeMap;

use super::tally::Day;
use crate::period::{DAY, HOUR, Period};
use crate::record::time;

/// Days that a period found in the records has at most. A record of 1970 must not make a grid of
/// twenty thousand days.
const MOST_DAYS: i64 = 400;

/// The time that records are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Whole UTC days, from the first to the last.
    pub period: Period,
    /// The first record in it.
    pub first: i64,
    /// The last record in it.
    pub last: i64,
    /// Records in it.
    pub records: u64,
    /// Records of days that are too far from the rest.
    pub far_off: u64,
}

/// A month in the sense of prices.
pub const MONTH: i64 = 30 * DAY;

impl Span {
    /// The days that records are of, or the stretch of 400 days that has most of them.
    pub fn of(days: &BTreeMap<i64, Day>) -> Option<Span> {
        let all: Vec<(i64, Day)> = days.iter().map(|(day, found)| (*day, *found)).collect();
        let (from, to) = densest(&all)?;
        let within = &all[from..=to];
        let (first, last) = (within.first()?, within.last()?);
        let records = within.iter().map(|(_, day)| day.records).sum();
        let total: u64 = all.iter().map(|(_, day)| day.records).sum();
        Some(Span {
            period: Period::between(&time::format_day(first.0), &time::format_day(last.0)).ok()?,
            first: first.1.first,
            last: last.1.last,
            records,
            far_off: total - records,
        })
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

/// The first and last place of the stretch with most records; the earliest of equals.
fn densest(all: &[(i64, Day)]) -> Option<(usize, usize)> {
    let mut best: Option<(u64, usize, usize)> = None;
    let (mut from, mut records) = (0, 0);
    for (to, (day, found)) in all.iter().enumerate() {
        records += found.records;
        while day - all[from].0 >= MOST_DAYS * DAY {
            records -= all[from].1.records;
            from += 1;
        }
        if best.is_none_or(|(most, ..)| records > most) {
            best = Some((records, from, to));
        }
    }
    best.map(|(_, from, to)| (from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(all: &[(i64, u64)]) -> BTreeMap<i64, Day> {
        all.iter()
            .map(|(day, records)| {
                let (first, last) = (day * DAY + 60, day * DAY + 7_260);
                let records = *records;
                (
                    day * DAY,
                    Day {
                        records,
                        first,
                        last,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn a_record_of_1970_does_not_stretch_the_period() {
        let span = Span::of(&days(&[(0, 1), (20_000, 50), (20_001, 70), (40_000, 2)]));
        let span = span.expect("there are records");
        assert_eq!(span.period.start, 20_000 * DAY);
        assert_eq!(span.period.end, 20_002 * DAY);
        assert_eq!((span.records, span.far_off), (120, 3));
    }

    #[test]
    fn a_month_is_not_guessed_from_less_than_an_hour() {
        let span = Span::of(&days(&[(20_000, 10)])).expect("there are records");
        assert_eq!(span.per_month(1), Some(360));
        let instant = Span {
            last: span.first + 59,
            ..span
        };
        assert_eq!(instant.per_month(1), None);
    }

    #[test]
    fn no_record_is_no_time() {
        assert_eq!(Span::of(&BTreeMap::new()), None);
    }
}
