//! Services whose calls trails were told to leave out of their management events, where nothing
//! shows that they are recorded all the same.
//!
//! What controls need are classes of events. One that examines the calls of every service misses
//! such a service without lacking a class.

use super::classes::{is_dark, stated};
use super::desk::Room;
use super::recording::{Name, Trails, shown};
use super::story::Story;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::{KMS, Recording};

/// One of them at one place.
pub struct LeftOut {
    /// As records name it.
    pub service: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// What tells so.
    pub why: String,
}

/// All of them, in the order of places.
pub fn all(room: &Room<'_>) -> Vec<LeftOut> {
    let mut all = Vec::new();
    for row in room.grid.rows.iter().filter(|row| !is_dark(row)) {
        let (account, region) = (&row.account, &row.region);
        for (service, why) in room.trails.left_out(account) {
            if !is_recorded(room, &service, account, region) {
                all.push(LeftOut {
                    service,
                    account: account.clone(),
                    region: region.clone(),
                    why,
                });
            }
        }
    }
    all
}

/// Whether records or the user say that calls of the service are recorded.
fn is_recorded(room: &Room<'_>, service: &str, account: &str, region: &str) -> bool {
    let is_kms = service == KMS;
    let class = match is_kms {
        true => EventClass::Kms,
        // Nothing but a statement tells of management events of other services.
        false => EventClass::RdsData,
    };
    let mut proofs = room.proofs.iter();
    let is_proven = proofs.any(|one| {
        (one.account.as_str(), one.region.as_str(), one.class) == (account, region, class)
            && one.is_proven
    });
    (is_kms && is_proven) || stated(room.scope, account, class).is_some()
}

impl Trails<'_> {
    /// The services that trails which may record an account leave out in the period, and what tells
    /// so, each once.
    fn left_out(&self, account: &str) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, story) in &self.stories {
            if self.may_record_for(name, story, account) && !self.is_gone(story) {
                let found = self.told_to_leave_out(name, story);
                all.extend(found.chain(self.said_to_leave_out(name, story)));
            }
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all.dedup_by(|other, one| one.0 == other.0);
        all
    }

    /// Whether the last that is told of the trail from before the period is that it was stopped, and
    /// not started in the same second.
    fn is_gone(&self, story: &Story<'_>) -> bool {
        let last = |change: TrailChange| {
            let mut changes = story.changes.iter().rev().map(|one| one.fact);
            let is_it = |one: &&TrailFact| one.change == change && one.time < self.period.start;
            changes.find(is_it).map(|one| one.time)
        };
        let stopped = last(TrailChange::Stopped);
        stopped.is_some() && stopped > last(TrailChange::Started)
    }

    /// Whether a record tells what to record between two instants.
    fn is_told_between(story: &Story<'_>, from: i64, until: i64) -> bool {
        let mut told = story.changes.iter().filter(|one| one.recording.is_some());
        told.any(|one| (from..until).contains(&one.fact.time))
    }

    fn told_to_leave_out(
        &self,
        name: &Name,
        story: &Story<'_>,
    ) -> impl Iterator<Item = (String, String)> {
        let trail = shown(name);
        let holds = |at: i64| {
            let is_later = at >= self.period.start;
            at < self.period.end
                && (is_later || !Self::is_told_between(story, at + 1, self.period.start))
        };
        let changes = story.changes.iter();
        changes
            .filter(move |one| holds(one.fact.time))
            .filter_map(|one| Some((one.fact, one.recording.as_ref()?)))
            .flat_map(move |(fact, recording)| {
                let why = format!(
                    "`{}` told trail {trail} on {} to leave them out",
                    display_value(&fact.event_name),
                    time::format(fact.time)
                );
                each_with(recording, why)
            })
    }

    fn said_to_leave_out(
        &self,
        name: &Name,
        story: &Story<'_>,
    ) -> impl Iterator<Item = (String, String)> {
        let trail = shown(name);
        let (start, end) = (self.period.start, self.period.end);
        // A change between a snapshot and the period is why the trail recorded otherwise then.
        let holds = move |taken: Option<i64>| match taken {
            Some(at) if at < start => !Self::is_told_between(story, at, start),
            Some(at) if at >= end => !Self::is_told_between(story, end, at + 1),
            _ => true,
        };
        let shots = story.shots.near(self.period);
        shots
            .filter(move |shot| holds(shot.file.taken_at))
            .flat_map(move |shot| {
                let why = format!("{} says that trail {trail} leaves them out", shot.shown());
                each_with(shot.recording, why)
            })
    }
}

/// The services that are left out, each with what tells so.
fn each_with(recording: &Recording, why: String) -> impl Iterator<Item = (String, String)> {
    let services = recording.sources_left_out().into_iter();
    services.map(move |one| (one.to_owned(), why.clone()))
}
