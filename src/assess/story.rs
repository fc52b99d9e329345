//! The story of one trail: what records told it step by step, and what snapshots say of it.

use super::digest_trails::Delivered;
use super::flags::Flag;
use super::recording::Asked;
use super::shots::Shots;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::period::Period;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording};

/// What is known of one trail.
#[derive(Default)]
pub(super) struct Story<'a> {
    pub(super) steps: Vec<Step>,
    /// Whether it works in all Regions.
    pub(super) multi_region: Flag,
    /// Whether it works for the whole organization.
    pub(super) organization: Flag,
    pub(super) shots: Shots<'a>,
    /// Buckets that snapshots say the trail delivers into, with the file that says so.
    pub(super) said_buckets: Vec<(&'a str, &'a Snapshot)>,
    /// What its digest files tell.
    pub(super) delivered: Delivered,
    /// Whether a record of another account changed it: only trails of organizations allow that.
    pub(super) is_told_from_elsewhere: bool,
}

pub(super) struct Step {
    pub(super) time: i64,
    pub(super) event_name: String,
    pub(super) told: Told,
}

pub(super) enum Told {
    Stop,
    Start,
    /// Told what to record; nothing where that cannot be read.
    Record(Option<Recording>),
}

/// A change with what it left.
pub(super) struct Change<'a> {
    pub(super) fact: &'a TrailFact,
    pub(super) recording: Option<Recording>,
    pub(super) is_multi_region: Option<bool>,
    pub(super) is_organization: Option<bool>,
    /// The bucket into which an existing trail was told to deliver.
    pub(super) bucket: Option<String>,
}

impl Story<'_> {
    /// Whether any selectors of the trail cover what is asked.
    pub(super) fn may_prove(&self, asked: Asked<'_>) -> bool {
        self.recordings().any(|one| asked.is_covered_by(one))
    }

    /// Whether a record or a snapshot tells of any time that it records for the organization.
    pub(super) fn may_be_organization(&self) -> bool {
        self.is_told_from_elsewhere || self.organization.may_be_on()
    }

    /// Whether the trail was told of the store by name, not only of everything.
    pub(super) fn names(&self, asked: Asked<'_>) -> bool {
        self.recordings()
            .all(|one| asked.is_covered_by(one) && !asked.is_whole(one))
    }

    /// What snapshots say where there are any; else all that records tell.
    pub(super) fn recordings(&self) -> impl Iterator<Item = &Recording> {
        let told = self.steps.iter().filter_map(|step| match &step.told {
            Told::Record(Some(recording)) => Some(recording),
            _ => None,
        });
        let has_shots = !self.shots.is_empty();
        self.shots
            .recordings()
            .chain(told.filter(move |_| !has_shots))
    }

    /// Whether a recorded change is why a snapshot from outside the period lacks what is asked: one
    /// from before it was followed by a change to record it, and one from after it by one not to.
    pub(super) fn explains(
        &self,
        asked: Asked<'_>,
        period: &Period,
        taken: i64,
        is_before: bool,
    ) -> bool {
        let mut selections = self.steps.iter().filter(|step| step.is_selection());
        if is_before {
            let within = |step: &&Step| taken < step.time && step.time < period.start;
            let last = selections.rfind(within);
            return last.is_some_and(|step| step.keeps(asked));
        }
        selections.any(|step| (period.end..taken).contains(&step.time) && !step.keeps(asked))
    }

    /// A recorded change outside the period that may lie between it and a snapshot, if the snapshot
    /// then says nothing of the period.
    pub(super) fn outdates(
        &self,
        trail: &str,
        asked: Asked<'_>,
        period: &Period,
        taken: Option<i64>,
    ) -> Option<String> {
        let mut selections = self.steps.iter().filter(|step| step.is_selection());
        if taken.is_none_or(|taken| taken < period.start) {
            let since = taken.unwrap_or(i64::MIN);
            let mut last = selections.clone();
            let last = last.rfind(|step| (since..period.start).contains(&step.time));
            if let Some(step) = last.filter(|step| !step.keeps(asked)) {
                return Some(format!(
                    "`{}` took it from trail {trail} on {}, and no snapshot from after that shows \
                     that it was recorded again",
                    display_value(&step.event_name),
                    time::format(step.time)
                ));
            }
        }
        let until = match taken {
            Some(taken) if taken < period.end => return None,
            taken => taken.unwrap_or(i64::MAX),
        };
        // What a snapshot without a time shows may be what the trail was told later.
        let step = selections.find(|step| {
            (period.end..until).contains(&step.time) && (taken.is_some() || step.keeps(asked))
        })?;
        Some(format!(
            "trail {trail} was told what to record on {}, after the period, and no snapshot from \
             before shows what it recorded until then",
            time::format(step.time)
        ))
    }
}

impl Change<'_> {
    /// Whether what is asked may not be recorded in an account after it.
    pub(super) fn takes(&self, account: &str, asked: Asked<'_>) -> bool {
        if self.is_organization == Some(false) && self.fact.account != account {
            return true;
        }
        match (self.fact.change, &self.recording) {
            (TrailChange::Started, _) => false,
            // Days without any trail are the matter of the grid.
            (TrailChange::Stopped, _) => !asked.class().is_recorded_by_default(),
            (_, Some(recording)) => !asked.is_covered_by(recording),
            (TrailChange::Narrowed, None) => true,
            (TrailChange::Selected, None) => false,
        }
    }

    /// Whether what is asked may not have been recorded at a place before it, and be so after it.
    pub(super) fn brings(&self, account: &str, region: &str, asked: Asked<'_>) -> bool {
        let is_to_all =
            |flag: Option<bool>, own: &str, asked: &str| flag == Some(true) && own != asked;
        match (self.fact.change, &self.recording) {
            (TrailChange::Started, _) => true,
            (TrailChange::Stopped, _) => false,
            (_, Some(recording)) => recording.extent(asked.class()) != Extent::Nothing,
            (_, None) => {
                // What a new trail is told comes after.
                let is_new = self.fact.event_name == "CreateTrail";
                self.fact.event_name == "PutEventSelectors"
                    || !is_new && is_to_all(self.is_multi_region, &self.fact.region, region)
                    || !is_new && is_to_all(self.is_organization, &self.fact.account, account)
            }
        }
    }
}

impl Step {
    pub(super) fn is_selection(&self) -> bool {
        matches!(self.told, Told::Record(_))
    }

    /// Whether what is asked is recorded after it, if it was before or if it tells so.
    pub(super) fn keeps(&self, asked: Asked<'_>) -> bool {
        match &self.told {
            Told::Stop => false,
            Told::Start => true,
            Told::Record(Some(recording)) => asked.is_covered_by(recording),
            Told::Record(None) => false,
        }
    }
}
