//! Whether records of a class or store prove it over the whole period: not where trails were absent
//! and no record shows that another one went on.

use super::absence::{Absence, Absences, Edge, Records, Seen, Spell};
use super::digest_absence as digests;
use super::digest_trails::TrailTimes;
use super::recording::{Asked, Name, Trails, shown as words};
use super::spells::Spells;
use super::story::Story;
use crate::ledger::facts::TrailFact;
use crate::period::{DAY, HOUR, Period};
use crate::record::class::EventClass;

/// What records show of what is asked.
#[derive(Clone, Copy)]
pub struct Shown<'s> {
    /// When it was recorded.
    pub seen: Seen<'s>,
    /// Hours in which management events were recorded at the place.
    pub management: &'s dyn Fn() -> Vec<i64>,
    /// Hours in which management write events were recorded at the place.
    pub writes: &'s dyn Fn() -> Vec<i64>,
}

impl Shown<'_> {
    /// Whether each hour of the day after this time has write events, as far as it lies in the
    /// period and before the other time.
    fn has_writes_after(&self, time: i64, until: Option<i64>, period: &Period) -> bool {
        let first = (time + HOUR).max(period.start).div_euclid(HOUR) + 1;
        let last = (time + DAY).min(period.end).min(until.unwrap_or(i64::MAX));
        let last = last.div_euclid(HOUR);
        if first >= last {
            return true;
        }
        let writes = (self.writes)();
        (first..last).all(|hour| writes.binary_search(&(hour * HOUR)).is_ok())
    }
}

impl Trails<'_> {
    /// A stretch of the period in which nothing shows that what is asked was recorded at a place,
    /// although there are records of it.
    pub fn doubt(
        &self,
        account: &str,
        region: &str,
        asked: Asked<'_>,
        shown: &Shown<'_>,
    ) -> Option<Absence> {
        let mut all = Absences::default();
        for (name, story) in &self.stories {
            if self.may_record_for(name, story, account) {
                let spells = self.spells(name, story, (account, region), asked, shown);
                all.spells.extend(spells);
                all.stops.extend(self.stops(name, story, asked));
            }
        }
        all.spells
            .extend(self.leavings_of(account).flat_map(|fact| {
                let mut spells = Spells::new("of the organization".to_owned(), asked);
                spells.add_leaving(fact);
                spells.all()
            }));
        if !asked.class().is_recorded_by_default() || is_of_each_trail(asked) {
            let of_all = self.digests.times_of(account).iter();
            let here = of_all.filter(|one| region == one.region);
            let of_it = here.filter(|one| self.may_record(one, asked));
            let spells = of_it.flat_map(|one| digests::spells(one, self.period));
            all.spells.extend(spells);
        }
        // Before and after the days on which something is expected, nothing needs to be shown.
        let within = self.scope.expected(account, region, self.period);
        all.unfilled(within, shown.seen, shown.management).cloned()
    }

    /// Whether anything tells of a trail that records an account, or may do so.
    pub fn may_be_absent(&self, account: &str) -> bool {
        let mut stories = self.stories.iter();
        stories.any(|(name, story)| self.may_record_for(name, story, account))
            || self.leavings_of(account).next().is_some()
            || !self.digests.times_of(account).is_empty()
    }

    /// Records that tell that the trail of its organization left an account.
    fn leavings_of(&self, account: &str) -> impl Iterator<Item = &TrailFact> {
        let all = self.leavings.iter().copied();
        all.filter(move |fact| fact.takes_all_members() != (fact.account == account))
    }

    /// Whether the trail of these digests may record what is asked, as far as is known.
    fn may_record(&self, times: &TrailTimes, asked: Asked<'_>) -> bool {
        let is_its = |((account, home, name), story): &(&Name, &Story<'_>)| {
            times.may_be((account, home, name), story.may_be_organization())
        };
        let mut its = self.stories.iter().filter(is_its).peekable();
        its.peek().is_none() || its.any(|(_, story)| story.may_record(asked, self.period))
    }

    /// The absences of one trail.
    fn spells(
        &self,
        name: &Name,
        story: &Story<'_>,
        (account, region): (&str, &str),
        asked: Asked<'_>,
        shown: &Shown<'_>,
    ) -> impl Iterator<Item = Spell> {
        let (owner, home, _) = name;
        let is_default = asked.class().is_recorded_by_default();
        let mut spells = Spells::new(words(name), asked);
        spells.add_selectors(story, asked);
        self.doubt_hidden(name, story, asked, shown, &mut spells);
        if region != home {
            spells.add_switch(story, &|change| change.is_multi_region);
        }
        if owner != account {
            spells.add_switch(story, &|change| change.is_organization);
        }
        // Days without any trail are the matter of the grid.
        if is_default {
            if GLOBAL_REGIONS.contains(&region) {
                spells.add_global(story);
            }
        } else {
            spells.add_logging(story);
            spells.add_destination(story, &|change| self.is_known(story, change));
        }
        spells.all()
    }

    /// A trail that was told not to record the calls that change trails may have been told otherwise
    /// long before the record that says so, if any does: what is recorded later may be its own.
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
        for one in spells.each() {
            let Some(Edge::Call(_, time) | Edge::Snapshot(_, time)) = one.after else {
                continue;
            };
            if one.records != Records::AreOfOthers || !story.hides_changes_from(time) {
                continue;
            }
            let until = one.before.as_ref().map(Edge::time);
            let goes_on = match is_write {
                true => shown.has_writes_after(time, until, self.period),
                false => self.homes.proven.contains(&home),
            };
            if !goes_on {
                one.records = Records::MayBeLater;
            }
        }
    }

    /// When a trail that records management events was off. While other management events go on, the
    /// grid takes them as a sign of another trail, which may record less.
    fn stops(
        &self,
        name: &Name,
        story: &Story<'_>,
        asked: Asked<'_>,
    ) -> impl Iterator<Item = Spell> {
        let mut spells = Spells::new(words(name), asked);
        if is_of_each_trail(asked) {
            spells.add_logging(story);
            spells.add_destination(story, &|change| self.is_known(story, change));
        }
        // Where it is not known which place the logs come from, each may be it.
        let absent = spells.absent.into_iter().map(|stop| vec![stop]);
        absent.chain(spells.apart)
    }
}

/// Whether what is asked is recorded so often that a trail which goes on shows it.
fn is_of_each_trail(asked: Asked<'_>) -> bool {
    matches!(
        asked.class(),
        EventClass::ManagementWrite | EventClass::ManagementRead | EventClass::Kms
    )
}

/// Where events of global services are recorded, one for each partition.
pub(super) const GLOBAL_REGIONS: [&str; 3] = ["us-east-1", "us-gov-west-1", "cn-north-1"];
