//! Whether records of a class or store prove it over the whole period: not where trails were absent
//! and no record shows that another one went on.

use std::collections::BTreeSet;

use super::absence::{self, Absence, Edge, Seen, Spell};
use super::digest_absence as digests;
use super::digest_trails::TrailTimes;
use super::recording::{Asked, Name, Trails, shown as words};
use super::spells::Spells;
use super::story::Story;
use crate::period::{DAY, HOUR, Period};
use crate::record::class::EventClass;

/// What records show of what is asked.
#[derive(Clone, Copy)]
pub struct Shown<'s> {
    /// When it was recorded.
    pub seen: Seen<'s>,
    /// Hours in which management events were recorded at the place.
    pub management: &'s dyn Fn() -> Vec<i64>,
    /// Hours in which management write events were recorded in the account, in any Region.
    pub writes: &'s dyn Fn() -> Vec<i64>,
}

impl Shown<'_> {
    /// Whether each hour of the day after this time has write events, as far as it lies in the
    /// period.
    fn has_writes_after(&self, time: i64, period: &Period) -> bool {
        let first = (time + HOUR).max(period.start).div_euclid(HOUR) + 1;
        let last = (time + DAY).min(period.end).div_euclid(HOUR);
        if first >= last {
            return true;
        }
        let writes = (self.writes)();
        (first..last).all(|hour| writes.binary_search(&(hour * HOUR)).is_ok())
    }
}

impl Trails<'_> {
    /// A stretch of the period in which nothing shows that what is asked was recorded at a place (of
    /// a store it is not known in which Region it lies), although there are records of it.
    pub fn doubt(
        &self,
        accounts: &BTreeSet<&str>,
        region: Option<&str>,
        asked: Asked<'_>,
        shown: &Shown<'_>,
    ) -> Option<Absence> {
        let mut spells = Vec::new();
        for (name, story) in &self.stories {
            for account in accounts {
                if !self.may_record_for(name, story, account) {
                    continue;
                }
                let of_trail = self.spells(name, story, (account, region), asked, shown);
                if let Some(one) = self.stop_in_doubt(name, story, asked, shown) {
                    return Some(one);
                }
                spells.extend(of_trail);
            }
        }
        if !asked.class().is_recorded_by_default() {
            let of_all = accounts.iter().flat_map(|one| self.digests.times_of(one));
            let here = of_all.filter(|one| region.is_none_or(|own| own == one.region));
            let of_it = here.filter(|one| self.may_record(one, asked));
            spells.extend(of_it.flat_map(|one| digests::spells(one, self.period)));
        }
        let within = (self.period.start, self.period.end);
        absence::unfilled(&spells, within, shown.seen).cloned()
    }

    /// Whether anything tells of a trail that records an account, or may do so.
    pub fn may_be_absent(&self, account: &str) -> bool {
        let mut stories = self.stories.iter();
        stories.any(|(name, story)| self.may_record_for(name, story, account))
            || !self.digests.times_of(account).is_empty()
    }

    /// Whether the trail of these digests may record what is asked, as far as is known.
    fn may_record(&self, times: &TrailTimes, asked: Asked<'_>) -> bool {
        let is_its = |((account, home, name), story): &(&Name, &Story<'_>)| {
            times.may_be((account, home, name), story.may_be_organization())
        };
        let mut its = self.stories.iter().filter(is_its).peekable();
        its.peek().is_none() || its.any(|(_, story)| story.may_record(asked))
    }

    /// The absences of one trail.
    fn spells(
        &self,
        name: &Name,
        story: &Story<'_>,
        (account, region): (&str, Option<&str>),
        asked: Asked<'_>,
        shown: &Shown<'_>,
    ) -> impl Iterator<Item = Spell> {
        let (owner, home, _) = name;
        let is_default = asked.class().is_recorded_by_default();
        let mut spells = Spells::new(words(name), asked);
        spells.add_selectors(story, asked);
        self.doubt_hidden(name, story, asked, shown, &mut spells);
        if region != Some(home.as_str()) {
            spells.add_switch(story, &|change| change.is_multi_region);
        }
        if owner != account {
            spells.add_switch(story, &|change| change.is_organization);
        }
        // Days without any trail are the matter of the grid.
        if is_default {
            spells.add_global(story);
        } else {
            spells.add_logging(story);
            spells.add_destination(story, &|change| self.is_known(story, change));
        }
        spells.all()
    }

    /// A trail that was told not to record the calls that change trails, and no record tells that it
    /// was told otherwise: that may have happened too, and what is recorded later may be its own.
    fn doubt_hidden(
        &self,
        (account, home, _): &Name,
        story: &Story<'_>,
        asked: Asked<'_>,
        shown: &Shown<'_>,
        spells: &mut Spells,
    ) {
        let is_write = matches!(asked, Asked::Class(EventClass::ManagementWrite));
        let home = (account.clone(), home.clone());
        for one in spells.open() {
            let Some(Edge::Call(_, time)) = one.after else {
                continue;
            };
            let goes_on = match is_write {
                true => shown.has_writes_after(time, self.period),
                false => self.homes.proven.contains(&home),
            };
            one.may_be_filled &= goes_on || !story.hides_changes_from(time);
        }
    }

    /// A stop in which there are management events, but none of the class that is asked for: another
    /// trail went on, as the grid says, and may not have recorded the class.
    fn stop_in_doubt(
        &self,
        name: &Name,
        story: &Story<'_>,
        asked: Asked<'_>,
        shown: &Shown<'_>,
    ) -> Option<Absence> {
        let is_of_each_trail = matches!(
            asked.class(),
            EventClass::ManagementWrite | EventClass::ManagementRead | EventClass::Kms
        );
        if !is_of_each_trail {
            return None;
        }
        let mut spells = Spells::new(words(name), asked);
        spells.add_logging(story);
        let within = (self.period.start, self.period.end);
        if spells.absent.is_empty() {
            return None;
        }
        let management = (shown.management)();
        let of_all = Seen {
            starts: &management,
            ..shown.seen
        };
        let stops = spells.absent.into_iter();
        let mut in_doubt = stops.map(|stop| [vec![stop]]).filter(|stop| {
            absence::unfilled(stop, within, shown.seen).is_some()
                && absence::unfilled(stop, within, of_all).is_none()
        });
        in_doubt.next().map(|[mut stop]| stop.remove(0))
    }
}
