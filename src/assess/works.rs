//! Whether a trail that is set to record something ran and delivered it into this log set over the
//! whole period.

use std::collections::BTreeSet;

use super::digest_absence as digests;
use super::recording::{Asked, Name, Trails, shown};
use super::story::{Change, Story, plain_prefix};
use crate::integrity::report::{CoverKind, CoverRange};
use crate::ledger::facts::TrailChange;
use crate::record::time;
use crate::source::display::display_value;

impl Trails<'_> {
    /// Why a trail is not known to have run when the period began and ended. Where it has digest
    /// files here, these must tell so.
    pub(super) fn not_running(&self, name: &Name, story: &Story<'_>) -> Option<String> {
        let (start, end) = (self.period.start, self.period.end);
        let trail = shown(name);
        let is_switch = |one: &&Change<'_>| {
            let change = one.fact.change;
            one.is_new() || matches!(change, TrailChange::Stopped | TrailChange::Started)
        };
        let switches = || story.changes.iter().filter(is_switch);
        let before = switches().rfind(|one| one.fact.time < start);
        let has_digests = !story.delivered.times.is_empty();
        let was_started = match before {
            Some(one) if one.fact.change == TrailChange::Stopped => {
                return Some(format!(
                    "trail {trail} was stopped when the period began: `{}` of {}, and no record from before \
                     the period tells that it was started again",
                    display_value(&one.fact.event_name),
                    time::format(one.fact.time)
                ));
            }
            Some(one) if one.is_new() && !has_digests => {
                return Some(format!(
                    "trail {trail} was made on {}, and no record from before the period tells that it was started",
                    time::format(one.fact.time)
                ));
            }
            Some(one) => {
                let home = (name.0.clone(), name.1.clone());
                !one.is_new() && self.homes.would_show(&home, one.fact.time, start)
            }
            None => false,
        };
        let after = switches().find(|one| one.fact.time >= end)?;
        let is_doubt = after.fact.change == TrailChange::Started && !was_started && !has_digests;
        is_doubt.then(|| {
            format!(
                "trail {trail} was started on {}, after the period, and nothing shows that it worked before",
                time::format(after.fact.time)
            )
        })
    }

    /// Why management events of global services are not known to have been recorded in the period.
    pub(super) fn not_global(
        &self,
        name: &Name,
        story: &Story<'_>,
        asked: Asked<'_>,
    ) -> Option<String> {
        let told = story.changes.iter().filter_map(|one| {
            let is_on = one.has_global_services?;
            (one.fact.time < self.period.end).then_some((one.fact.time, is_on))
        });
        let before = told.clone().rfind(|(at, _)| *at < self.period.start);
        let within = told.filter(|(at, _)| self.period.contains(*at));
        let mut off = before.into_iter().chain(within).filter(|(_, is_on)| !is_on);
        let (at, _) = off.next()?;
        asked.class().is_recorded_by_default().then(|| {
            format!(
                "trail {} was told on {} to leave out events of global services",
                shown(name),
                time::format(at)
            )
        })
    }

    /// Why nothing shows that a trail which has digest files here delivered the events of a place
    /// throughout the period.
    pub(super) fn undelivered(
        &self,
        name: &Name,
        story: &Story<'_>,
        (account, region): (&str, &str),
    ) -> Option<String> {
        let times = &story.delivered.times;
        if times.is_empty() {
            return None;
        }
        let trail = shown(name);
        let at = format!(
            "account {}, Region {}",
            display_value(account),
            display_value(region)
        );
        let Some(ranges) = times.get(&(account.to_owned(), region.to_owned())) else {
            return Some(format!(
                "trail {trail} is set to record it, but none of its digest files here is about {at}, so \
                 nothing shows that it delivers the events of that account into this log set"
            ));
        };
        let (from, to) = digests::edges(self.period);
        let is_there =
            |one: &CoverRange| matches!(one.kind, CoverKind::Verified | CoverKind::HashOnly);
        let lacks = |one: &&CoverRange| {
            let by_other = |other: &CoverRange| {
                is_there(other)
                    && other.start <= one.start.max(from)
                    && one.end.min(to) <= other.end
            };
            !is_there(one) && one.start < to && from < one.end && !ranges.iter().any(by_other)
        };
        let lacking = ranges.iter().find(lacks)?;
        Some(format!(
            "trail {trail} is set to record it, but for {at} it has no digest files that hold from {} to {}, \
             so nothing shows that it delivers all events of the period into this log set",
            time::format(lacking.start.max(self.period.start)),
            time::format(lacking.end.min(self.period.end))
        ))
    }

    /// A trail that was told to deliver elsewhere, in the period or before it, or after it where no
    /// snapshot is from before that.
    pub(super) fn moved(&self, name: &Name, story: &Story<'_>) -> Option<String> {
        let (start, end) = (self.period.start, self.period.end);
        let has_shot = |is_it: &dyn Fn(i64) -> bool| story.shots.timed().any(|(at, _)| is_it(at));
        let known = |one: &Change<'_>| self.is_known(story, one);
        let told = || story.changes.iter().filter(|one| one.tells_destination());
        // The order within a second is not known: any of the last one may be the last.
        let last = |is_it: &'static dyn Fn(&Change<'_>) -> bool| {
            let before = || told().filter(|one| one.fact.time < start && is_it(one));
            let second = before().map(|one| one.fact.time).next_back();
            before().filter(move |one| Some(one.fact.time) == second)
        };
        let before = last(&|one| one.bucket.is_some())
            .chain(last(&|one| one.prefix.is_some()))
            .chain(last(&|one| one.is_unreadable));
        let is_before = |one: &&Change<'_>| match known(one) {
            Some(is_here) => !is_here,
            // What a later snapshot says of the trail is said of where it delivers then.
            None => !one.is_new() && !has_shot(&|at| at >= one.fact.time),
        };
        let is_within = |one: &&Change<'_>| {
            (start..end).contains(&one.fact.time) && known(one) != Some(true) && !one.is_new()
        };
        let is_after = |one: &&Change<'_>| {
            let has_digests = !story.delivered.times.is_empty();
            let at = one.fact.time;
            at >= end && !one.is_new() && !has_digests && !has_shot(&|taken| taken < at)
        };
        let change = { before }
            .find(is_before)
            .or_else(|| told().find(is_within))
            .or_else(|| told().find(is_after))?;

        Some(format!(
            "trail {} was told on {} to deliver into {}, and nothing shows that its logs here come from \
             there",
            shown(name),
            time::format(change.fact.time),
            destination(change)
        ))
    }

    /// A trail that a snapshot says delivers into another bucket than those from which the digest
    /// files come, its own or, where it has none, those of other trails: its logs are not here.
    pub(super) fn delivers_elsewhere(
        &self,
        (_, _, name): &Name,
        story: &Story<'_>,
    ) -> Option<String> {
        let mut said = story.said_prefixes.iter();
        let elsewhere = said.find(|(one, _)| self.is_known_prefix(story, one) == Some(false));
        if let Some((prefix, file)) = elsewhere {
            return Some(format!(
                "snapshot `{}` says that trail `{}` delivers under prefix `{}`, which no digest file of it and \
                 no log file here has, so it says nothing of these logs",
                display_value(&file.name),
                display_value(name),
                display_value(prefix)
            ));
        }
        let known = self.known_buckets(Some(story));
        let mut said = story.said_buckets.iter();
        let (bucket, file) = said.find(|(bucket, _)| !known.contains(bucket))?;
        let first = display_value(known.first()?);
        Some(format!(
            "snapshot `{}` says that trail `{}` delivers into bucket `{}`, and the digest files here \
             are of bucket `{first}`, so it says nothing of these logs",
            display_value(&file.name),
            display_value(name),
            display_value(bucket)
        ))
    }

    /// Whether a change tells a trail to deliver to where the logs here come from, as far as digest
    /// files tell.
    pub(super) fn is_known(&self, story: &Story<'_>, change: &Change<'_>) -> Option<bool> {
        if change.is_unreadable {
            return None;
        }
        let bucket = change.bucket.as_deref();
        let bucket = bucket.map(|one| self.is_known_bucket(story, one));
        let prefix = change.prefix.as_deref();
        let prefix = prefix.map(|one| self.is_known_prefix(story, one));
        match (bucket, prefix) {
            (Some(Some(false)), _) | (_, Some(Some(false))) => Some(false),
            (Some(None), _) | (_, Some(None)) => None,
            _ => Some(true),
        }
    }

    /// Nothing where there are no digest files to compare with.
    pub(super) fn is_known_bucket(&self, story: &Story<'_>, bucket: &str) -> Option<bool> {
        let known = self.known_buckets(Some(story));
        (!known.is_empty()).then(|| known.contains(bucket))
    }

    /// Whether logs here come from below the prefix that a change told its trail, as far as digest
    /// files tell.
    pub fn is_prefix_here(&self, name: &[String; 3], prefix: &str) -> Option<bool> {
        let [owner, home, trail] = name.clone();
        match self.stories.get(&(owner, home, trail)) {
            Some(story) => self.is_known_prefix(story, plain_prefix(prefix)),
            None => self.digests.knows_prefix(plain_prefix(prefix)),
        }
    }

    pub(super) fn is_known_prefix(&self, story: &Story<'_>, prefix: &str) -> Option<bool> {
        let own = &story.delivered.prefixes;
        match own.is_empty() {
            true => self.digests.knows_prefix(prefix),
            false => Some(own.contains(prefix)),
        }
    }

    /// The buckets that digest files name as their own: those of the trail, or, where it has none,
    /// of other trails.
    pub(super) fn known_buckets<'s>(&'s self, story: Option<&'s Story<'_>>) -> BTreeSet<&'s str> {
        match story.map(|story| &story.delivered.buckets) {
            Some(own) if !own.is_empty() => own.iter().map(String::as_str).collect(),
            _ => self.digests.buckets(),
        }
    }
}

fn destination(change: &Change<'_>) -> String {
    if change.is_unreadable {
        return "a place that the record does not tell".to_owned();
    }
    let bucket = change.bucket.as_deref();
    let bucket = bucket.map(|one| format!("bucket `{}`", display_value(one)));
    let prefix = change.prefix.as_deref();
    let prefix = prefix.map(|one| format!("prefix `{}`", display_value(one)));
    let both: Vec<String> = bucket.into_iter().chain(prefix).collect();
    both.join(", ")
}
