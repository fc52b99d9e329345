//! Whether a trail works in all Regions, or for the whole organization, from the first to the last
//! second of the period: what records of the calls say that told it so, and what snapshots say.
//!
//! Each of them is about an instant. A flag that was switched within the period proves nothing for
//! the part of it in which the flag was off.

use crate::period::Period;
use crate::record::time;

/// One flag of one trail.
#[derive(Debug, Default)]
pub struct Flag {
    /// What records told, in the order of time.
    told: Vec<(i64, bool)>,
    /// What snapshots say, with their times where these are stated.
    said: Vec<(Option<i64>, bool)>,
}

/// What is known of a flag over the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throughout {
    /// It was on all the time.
    On,
    /// It was off, as far as anything tells.
    Off,
    /// It was told to be on then, and nothing shows that it was before.
    OnSince(i64),
    /// It was told to be off then.
    OffSince(i64),
    /// Snapshots differ, and no record tells of the change between them.
    Differs,
    /// Nothing tells.
    Unknown,
}

impl Flag {
    /// One more record; they come in the order of time. Of those of one second, whose order is not
    /// known, that it was switched off is taken for the last.
    pub fn tell(&mut self, at: i64, is_on: bool) {
        let same = self.told.iter().rev().take_while(|(time, _)| *time == at);
        let last = self.told.len() - same.count();
        match self.told[last..].iter().position(|(_, is_on)| !is_on) {
            Some(off) if is_on => self.told.insert(last + off, (at, is_on)),
            _ => self.told.push((at, is_on)),
        }
    }

    /// One more snapshot.
    pub fn say(&mut self, taken_at: Option<i64>, is_on: bool) {
        self.said.push((taken_at, is_on));
    }

    /// Whether snapshots say that it was off, and none that it was on.
    pub fn is_said_off(&self) -> bool {
        !self.said.is_empty() && self.said.iter().all(|(_, is_on)| !is_on)
    }

    /// Whether all that tells of it, at any time, tells that it was off.
    pub fn is_known_off(&self) -> bool {
        let is_known = !self.told.is_empty() || !self.said.is_empty();
        is_known && !self.may_be_on()
    }

    /// Whether anything at any time says that it was on.
    pub fn may_be_on(&self) -> bool {
        let (mut told, mut said) = (self.told.iter(), self.said.iter());
        told.any(|(_, is_on)| *is_on) || said.any(|(_, is_on)| *is_on)
    }

    /// What it was over the period; `would_show` says of a stretch before it whether a change in
    /// it would be in the log set.
    pub fn over(&self, period: &Period, would_show: &dyn Fn(i64, i64) -> bool) -> Throughout {
        let mut within = self.between(period.start, period.end);
        if let Some((at, _)) = within.clone().find(|(_, is_on)| !is_on) {
            return Throughout::OffSince(at);
        }
        let first_on = within.next().map(|(at, _)| at);
        if let Some(denied) = self.denied(period, first_on) {
            return denied;
        }
        let last = self.told.iter().rfind(|(at, _)| *at < period.start);
        let by_record = matches!(last, Some((at, true)) if would_show(*at, period.start));
        if by_record || self.is_said(period, first_on) {
            return Throughout::On;
        }
        match (first_on, last) {
            (Some(at), _) => Throughout::OnSince(at),
            (None, Some((_, false))) => Throughout::Off,
            (None, _) => Throughout::Unknown,
        }
    }

    fn between(&self, from: i64, until: i64) -> impl Iterator<Item = (i64, bool)> + Clone {
        let told = self.told.iter().copied();
        told.filter(move |(at, _)| (from..until).contains(at))
    }

    /// What follows from snapshots that say that it was off, and that no recorded change explains.
    fn denied(&self, period: &Period, first_on: Option<i64>) -> Option<Throughout> {
        let denies = |one: &&(Option<i64>, bool)| !one.1 && !self.is_explained(period, one.0);
        let mut denied = self.said.iter().filter(denies).peekable();
        denied.peek()?;
        let is_before = |at: i64, taken: Option<i64>| taken.is_some_and(|taken| taken < at);
        let has_on = self.said.iter().any(|(_, is_on)| *is_on);
        Some(match first_on {
            Some(at) if denied.all(|(taken, _)| is_before(at, *taken)) => Throughout::OnSince(at),
            _ if has_on => Throughout::Differs,
            _ => Throughout::Off,
        })
    }

    /// Whether a recorded change lies between the period and a snapshot from outside it that says
    /// that the flag was off.
    fn is_explained(&self, period: &Period, taken: Option<i64>) -> bool {
        match taken {
            Some(taken) if taken < period.start => {
                self.between(taken, period.start).any(|(_, is_on)| is_on)
            }
            Some(taken) if taken >= period.end => {
                self.between(period.end, taken).any(|(_, is_on)| !is_on)
            }
            _ => false,
        }
    }

    /// Whether a snapshot shows that it was on when the period began, with no recorded change
    /// between that may have switched it.
    fn is_said(&self, period: &Period, first_on: Option<i64>) -> bool {
        let before = self.told.iter().rfind(|(at, _)| *at < period.start);
        let was_off = matches!(before, Some((_, false)));
        let until = first_on.unwrap_or(period.end);
        let mut on = self.said.iter().filter(|(_, is_on)| *is_on);
        on.any(|(taken, _)| match *taken {
            Some(taken) if taken < period.start => {
                self.between(taken, period.start).all(|(_, is_on)| is_on)
            }
            Some(taken) if taken < until => true,
            _ if first_on.is_some() || was_off => false,
            // What a snapshot from after a change shows may be what the change brought.
            taken => {
                let until = taken.unwrap_or(i64::MAX);
                self.between(period.end, until).next().is_none()
            }
        })
    }
}

impl Throughout {
    /// Why a trail, named in words, does not prove anything for other places than its own, if
    /// there is more to say than that it does not record there.
    pub fn why_not(self, trail: &str, everywhere: &str, alone: &str) -> Option<String> {
        match self {
            Throughout::On | Throughout::Off => None,
            Throughout::OnSince(at) => Some(format!(
                "trail {trail} was told on {} to record {everywhere}, and nothing shows that it \
                 did before",
                time::format(at)
            )),
            Throughout::OffSince(at) => Some(format!(
                "trail {trail} was told on {} to record {alone} alone",
                time::format(at)
            )),
            Throughout::Differs => Some(format!(
                "snapshots differ on whether trail {trail} records {everywhere}"
            )),
            Throughout::Unknown => Some(format!(
                "nothing tells whether trail {trail} records {everywhere}: add the output of \
                 `describe-trails`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Throughout::{Differs, Off, OffSince, On, OnSince, Unknown};

    const DAY: i64 = 86_400;

    /// Days are counted from the first of the period, which has 31.
    #[track_caller]
    fn check(told: &[(i64, bool)], said: &[(Option<i64>, bool)], expected: Throughout) {
        let period = Period::parse("2026-10", None).expect("valid");
        let at = |day: i64| period.start + day * DAY;
        let mut flag = Flag::default();
        for (day, is_on) in told {
            flag.tell(at(*day), *is_on);
        }
        for (day, is_on) in said {
            flag.say(day.map(at), *is_on);
        }
        // Days from the fifth before the period on are in the log set.
        let would_show = |from: i64, _| from >= at(-5);
        let expected = match expected {
            OnSince(day) => OnSince(at(day)),
            OffSince(day) => OffSince(at(day)),
            other => other,
        };
        let found = flag.over(&period, &would_show);
        assert_eq!(found, expected, "told {told:?}, said {said:?}");
    }

    #[test]
    fn records_tell_from_when_on() {
        check(&[], &[], Unknown);
        check(&[(-2, true)], &[], On);
        check(&[(-2, false)], &[], Off);
        check(&[(-9, true)], &[], Unknown);
        check(&[(-9, false), (10, true)], &[], OnSince(10));
        check(&[(10, true)], &[], OnSince(10));
        check(&[(-2, true), (10, true)], &[], On);
        check(&[(-2, true), (10, false)], &[], OffSince(10));
        check(&[(-2, true), (10, false), (20, true)], &[], OffSince(10));
        check(&[(40, true)], &[], Unknown);
        check(&[(-2, true), (40, false)], &[], On);
    }

    #[test]
    fn a_snapshot_says_nothing_beyond_a_recorded_change() {
        check(&[], &[(Some(20), true)], On);
        check(&[], &[(None, true)], On);
        check(&[(10, true)], &[(Some(20), true)], OnSince(10));
        check(&[(10, true)], &[(None, true)], OnSince(10));
        check(&[(10, true)], &[(Some(5), true)], On);
        check(&[(10, true)], &[(Some(5), false)], OnSince(10));
        check(&[(40, true)], &[(Some(50), true)], Unknown);
        check(&[(40, true)], &[(Some(35), true)], On);
        check(&[(40, true)], &[(None, true)], Unknown);
        check(&[(-9, false)], &[(Some(50), true)], Off);
        check(&[(-4, false)], &[(Some(-6), true)], Off);
        check(&[(10, false)], &[(Some(5), true)], OffSince(10));
    }

    #[test]
    fn snapshots_that_differ_need_a_recorded_change_between_them() {
        check(&[], &[(Some(5), true), (Some(20), false)], Differs);
        check(&[], &[(Some(5), false)], Off);
        check(&[(-3, true)], &[(Some(-4), false), (Some(5), true)], On);
        check(&[], &[(Some(-4), false), (Some(5), true)], Differs);
        check(&[(40, false)], &[(Some(5), true), (Some(45), false)], On);
        check(&[], &[(Some(5), true), (Some(45), false)], Differs);
        check(&[(-2, true)], &[(None, false)], Off);
    }
}
