//! What is judged over a stretch of time, as plain functions of instants:
//! bursts, responses in time, counts per stretch.
//!
//! The example runner and the assessment both use these, so that an example
//! shows what a packet would say. Nothing here sees a record.

use std::ops::Range;

use crate::period::{Per, Period};

/// The maximal bursts among instants in ascending order: runs of overlapping
/// windows of `window` seconds (half open) that hold more than `more_than` of them.
/// Each range holds the indices of one burst.
pub fn bursts(times: &[i64], more_than: u64, window: i64) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    for (last, time) in times.iter().enumerate() {
        while time - times[first] >= window {
            first += 1;
        }
        if (last - first + 1) as u64 <= more_than {
            continue;
        }
        match all.last_mut() {
            Some(burst) if first < burst.end => burst.end = last + 1,
            _ => all.push(first..last + 1),
        }
    }
    all
}

/// What became of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The response with this index came in time.
    InTime(usize),
    /// The first response came, but too late.
    Late(usize),
    /// No response came, and the time for it is over.
    Missing,
    /// No response came, but the records end before the time for it is over.
    Open,
}

/// The answer to a trigger among the instants (ascending) of the responses that
/// belong to it; one in the same second is in time.
pub fn answer(trigger: i64, within: i64, responses: &[i64], records_end: i64) -> Answer {
    let deadline = trigger.saturating_add(within);
    let from = responses.partition_point(|time| *time < trigger);
    match responses.get(from) {
        Some(time) if *time <= deadline => Answer::InTime(from),
        Some(_) => Answer::Late(from),
        None if deadline >= records_end => Answer::Open,
        None => Answer::Missing,
    }
}

/// The stretches that a count is held against. A week or month that the period
/// cuts is left out, because too few records in a part of it prove nothing.
pub fn whole_parts(period: &Period, per: Per) -> Vec<Period> {
    if per == Per::Period {
        return vec![period.clone()];
    }
    // One more day on each side shows which parts the period cuts.
    let wider = Period {
        start: period.start - 1,
        end: period.end + 1,
        label: String::new(),
    };
    let mut parts = wider.split(per);
    parts.retain(|part| part.start >= period.start && part.end <= period.end);
    parts
}

/// A stretch of time with too few records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The stretch.
    pub part: Period,
    /// How many records it has.
    pub found: u64,
    /// How many more may be in it: undecided ones.
    pub undecided: u64,
}

impl Shortfall {
    /// Whether too few is certain: even the undecided records would not fill it.
    pub fn is_certain(&self, count: u64) -> bool {
        self.found + self.undecided < count
    }
}

/// Every stretch with fewer than `count` of the instants (any order).
pub fn shortfalls(
    parts: &[Period],
    count: u64,
    times: &[i64],
    undecided: &[i64],
) -> Vec<Shortfall> {
    let within = |part: &Period, times: &[i64]| {
        times.iter().filter(|time| part.contains(**time)).count() as u64
    };
    let all = parts.iter().map(|part| Shortfall {
        part: part.clone(),
        found: within(part, times),
        undecided: within(part, undecided),
    });
    all.filter(|one| one.found < count).collect()
}

/// The text after the last `/` or `:`, as `as = "name"` compares it.
pub fn name_of(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_bursts(times: &[i64], more_than: u64, expected: &[(usize, usize)]) {
        let found = bursts(times, more_than, 60).into_iter();
        let found: Vec<_> = found.map(|burst| (burst.start, burst.end)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_burst_needs_more_than_the_limit_inside_one_window() {
        check_bursts(&[], 2, &[]);
        check_bursts(&[0, 10, 59], 2, &[(0, 3)]);
        check_bursts(&[0, 10, 60], 2, &[]);
        check_bursts(&[0, 10, 59], 3, &[]);
    }

    #[test]
    fn overlapping_windows_are_one_burst_and_separate_ones_are_two() {
        check_bursts(&[0, 30, 50, 80, 100], 2, &[(0, 5)]);
        check_bursts(&[0, 1, 2, 500, 501, 502], 2, &[(0, 3), (3, 6)]);
        check_bursts(&[0, 1, 2, 300, 500, 501, 502], 2, &[(0, 3), (4, 7)]);
    }

    /// Every window, one after the other: slow and obvious.
    fn in_some_window(times: &[i64], more_than: u64, window: i64) -> Vec<usize> {
        let inside = |start: i64, time: i64| (start..start + window).contains(&time);
        let over = |start: i64| {
            times.iter().filter(|time| inside(start, **time)).count() as u64 > more_than
        };
        (0..times.len())
            .filter(|at| {
                times
                    .iter()
                    .any(|start| over(*start) && inside(*start, times[*at]))
            })
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn bursts_hold_exactly_what_lies_in_a_window_over_the_limit(
            mut times in proptest::collection::vec(0i64..300, 0..60),
            more_than in 0u64..6,
            window in 1i64..80,
        ) {
            times.sort_unstable();
            let found: Vec<usize> = bursts(&times, more_than, window).into_iter().flatten().collect();
            proptest::prop_assert_eq!(found, in_some_window(&times, more_than, window));
        }
    }

    #[test]
    fn a_response_counts_up_to_the_deadline() {
        assert_eq!(answer(100, 10, &[99, 110], 1000), Answer::InTime(1));
        assert_eq!(answer(100, 10, &[100], 1000), Answer::InTime(0));
        assert_eq!(answer(100, 10, &[111], 1000), Answer::Late(0));
        assert_eq!(answer(100, 10, &[99], 1000), Answer::Missing);
    }

    #[test]
    fn a_trigger_near_the_end_of_the_records_stays_open() {
        assert_eq!(answer(995, 10, &[], 1000), Answer::Open);
        assert_eq!(answer(989, 10, &[], 1000), Answer::Missing);
    }

    #[test]
    fn cut_weeks_are_not_counted() {
        let october = Period::parse("2026-10", None).expect("valid");
        let weeks = whole_parts(&october, Per::Week);
        assert_eq!(weeks.len(), 3);
        assert_eq!(weeks[0].to_string(), "2026-10-05 to 2026-10-11 (UTC)");
        assert_eq!(whole_parts(&october, Per::Month).len(), 1);
        assert_eq!(whole_parts(&october, Per::Day).len(), 31);
        let short = Period::between("2026-10-06", "2026-10-08").expect("valid");
        assert!(whole_parts(&short, Per::Week).is_empty());
        assert_eq!(whole_parts(&short, Per::Period), [short]);
    }

    #[test]
    fn a_shortfall_is_certain_only_if_undecided_records_cannot_fill_it() {
        let october = Period::parse("2026-10", None).expect("valid");
        let inside = october.start + 5;
        let found = shortfalls(std::slice::from_ref(&october), 2, &[inside], &[inside]);
        assert_eq!((found[0].found, found[0].undecided), (1, 1));
        assert!(!found[0].is_certain(2) && found[0].is_certain(3));
        assert!(shortfalls(&[october], 1, &[inside], &[]).is_empty());
    }

    #[test]
    fn a_name_is_what_stands_after_the_last_separator() {
        assert_eq!(name_of("arn:aws:iam::111122223333:user/path/ana"), "ana");
        assert_eq!(name_of("arn:aws:sns:eu-west-1:111122223333:topic"), "topic");
        assert_eq!(name_of("plain"), "plain");
    }
}
