//! The story of one trail: what records told it step by step, and what snapshots say of it.

use super::digest_trails::Delivered;
use super::flags::Flag;
use super::recording::Asked;
use super::shots::Shots;
use crate::ledger::facts::TrailFact;
use crate::period::Period;
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::Snapshot;
use crate::trail::{Extent, Recording};

/// What is known of one trail.
#[derive(Default)]
pub(super) struct Story<'a> {
    pub(super) steps: Vec<Step>,
    /// Every record that changed it, in the order of time.
    pub(super) changes: Vec<Change<'a>>,
    /// Whether it works in all Regions.
    pub(super) multi_region: Flag,
    /// Whether it works for the whole organization.
    pub(super) organization: Flag,
    pub(super) shots: Shots<'a>,
    /// Buckets that snapshots say the trail delivers into, with the file that says so.
    pub(super) said_buckets: Vec<(&'a str, &'a Snapshot)>,
    /// The same of the prefixes of its keys.
    pub(super) said_prefixes: Vec<(&'a str, &'a Snapshot)>,
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
    /// What it tells to record, if it does.
    pub(super) recording: Option<Recording>,
    pub(super) is_multi_region: Option<bool>,
    pub(super) is_organization: Option<bool>,
    pub(super) has_global_services: Option<bool>,
    /// What it was told of Insights.
    pub(super) insights: Option<Extent>,
    /// Whether it may have been told anything of its switches and of where it delivers.
    pub(super) is_unreadable: bool,
    /// The bucket into which it was told to deliver.
    pub(super) bucket: Option<String>,
    /// The prefix of its keys, as [`plain_prefix`] has it.
    pub(super) prefix: Option<String>,
}

/// A prefix of keys without the strokes around it.
pub(super) fn plain_prefix(text: &str) -> &str {
    text.trim_matches('/')
}

impl Story<'_> {
    /// The order of two calls of one second is not known: what the trail records after them is not
    /// either, if they differ.
    pub(super) fn join_selections(&mut self) {
        let [.., before, last] = self.steps.as_mut_slice() else {
            return;
        };
        let (Told::Record(one), Told::Record(other)) = (&before.told, &last.told) else {
            return;
        };
        if before.time == last.time && one != other {
            before.told = Told::Record(None);
            last.told = Told::Record(None);
        }
    }

    /// Whether any selectors of the trail cover what is asked.
    pub(super) fn may_prove(&self, asked: Asked<'_>) -> bool {
        self.recordings().any(|one| asked.is_covered_by(one))
    }

    /// Whether it may have recorded any of what is asked: not so if everything that tells what it
    /// records leaves it out. What it was told after the period says nothing of the time before.
    pub(super) fn may_record(&self, asked: Asked<'_>, period: &Period) -> bool {
        let told = self.changes.iter();
        let told = told.filter(|change| change.fact.time < period.end);
        let told = told.filter_map(|change| change.recording.as_ref());
        let said = self.shots.recordings_until(period.end);
        let mut all = said.chain(told).peekable();
        all.peek().is_none() || all.any(|one| asked.extent(one) != Extent::Nothing)
    }

    /// Whether a record or a snapshot tells of any time that it records for the organization.
    pub(super) fn may_be_organization(&self) -> bool {
        self.is_told_from_elsewhere || self.organization.may_be_on()
    }

    /// Whether it is known to record for its own account alone: it was made so, or snapshots say so,
    /// and nothing says otherwise.
    pub(super) fn is_of_one_account(&self) -> bool {
        let mut made = self.changes.iter().filter(|change| change.is_new());
        let is_so = made.any(|change| change.is_organization == Some(false));
        !self.may_be_organization() && (is_so || self.organization.is_said_off())
    }

    /// Whether the trail was told of the store by name, not only of everything.
    pub(super) fn names(&self, asked: Asked<'_>) -> bool {
        self.recordings()
            .all(|one| asked.is_covered_by(one) && !asked.is_whole(one))
    }

    /// Whether what it was told, or is said to record, at this time leaves out the calls that change
    /// trails, which it may have recorded until then. One that is said to record no management
    /// events at all is one of data events.
    pub(super) fn hides_changes_from(&self, time: i64) -> bool {
        let hides = |recording: &Recording| {
            recording.extent(EventClass::ManagementWrite) == Extent::Nothing
        };
        let told = self.changes.iter().filter_map(|change| {
            let recording = change.recording.as_ref()?;
            Some((change.fact.time, recording))
        });
        let said = self.shots.timed();
        let said = said.map(|(taken, shot)| (taken, shot.recording));
        let before = told.clone().chain(said.clone());
        let before = before.filter(|(at, _)| *at < time);
        let before = before.max_by_key(|(at, _)| *at);
        let of_data = |one: &Recording| one.extent(EventClass::ManagementRead) == Extent::Nothing;
        let said = said.filter(|(_, one)| !of_data(one));
        told.chain(said)
            .filter(|(at, _)| *at == time)
            .any(|(_, one)| hides(one))
            && !before.is_some_and(|(_, one)| hides(one))
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
    /// Whether it made the trail.
    pub(super) fn is_new(&self) -> bool {
        self.fact.event_name == "CreateTrail"
    }

    /// Whether it deleted the trail: what one of the same name was told before says nothing of it.
    pub(super) fn is_gone(&self) -> bool {
        self.fact.event_name == "DeleteTrail"
    }

    /// Whether it says where the trail delivers, or may do so.
    pub(super) fn tells_destination(&self) -> bool {
        self.bucket.is_some() || self.prefix.is_some() || self.is_unreadable
    }

    /// Whether another change says no more of where it delivers than this one.
    pub(super) fn goes_where(&self, other: &Change<'_>) -> bool {
        let same = |own: &Option<String>, other: &Option<String>| other.is_none() || own == other;
        let is_readable = !self.is_unreadable && !other.is_unreadable;
        // Made without a prefix, it has none.
        let is_plain =
            self.is_new() && self.prefix.is_none() && other.prefix.as_deref() == Some("");
        is_readable
            && same(&self.bucket, &other.bucket)
            && (is_plain || same(&self.prefix, &other.prefix))
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
