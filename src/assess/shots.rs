//! The snapshots of one trail: each is a statement about its instant, and a proof needs all that
//! lie in the period or next to it to agree.

use super::recording::Asked;
use crate::period::Period;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::Recording;
use crate::trail::snapshot::Snapshot;

/// What one snapshot says that the trail records.
#[derive(Clone, Copy)]
pub struct Shot<'a> {
    /// What.
    pub recording: &'a Recording,
    /// The file that says so.
    pub file: &'a Snapshot,
}

/// All of one trail.
#[derive(Default)]
pub struct Shots<'a> {
    all: Vec<Shot<'a>>,
}

/// Where a snapshot stands to the period.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    After,
    /// Its time is not stated.
    Unknown,
}

impl<'a> Shots<'a> {
    /// Adds one.
    pub fn push(&mut self, shot: Shot<'a>) {
        self.all.push(shot);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each of them, those too that are far from the period.
    pub fn all(&self) -> &[Shot<'a>] {
        &self.all
    }

    /// What they say, those too that are far from the period.
    pub fn recordings(&self) -> impl Iterator<Item = &'a Recording> {
        self.all.iter().map(|shot| shot.recording)
    }

    /// What those say that are not known to be from this time or later.
    pub fn recordings_until(&self, end: i64) -> impl Iterator<Item = &'a Recording> {
        let early = move |shot: &&Shot<'a>| shot.file.taken_at.is_none_or(|taken| taken < end);
        self.all.iter().filter(early).map(|shot| shot.recording)
    }

    /// Those whose time is stated, with it.
    pub fn timed(&self) -> impl Iterator<Item = (i64, Shot<'a>)> + Clone {
        let all = self.all.iter();
        all.filter_map(|shot| Some((shot.file.taken_at?, *shot)))
    }

    /// Those that say that what is asked was recorded in the period: the latest first, and those
    /// last whose time is not stated.
    ///
    /// `is_explained` tells of a snapshot from before or after the period that lacks what is asked
    /// whether a recorded change between it and the period is the reason.
    ///
    /// # Errors
    /// A sentence that names a snapshot that lacks it, and one that says otherwise.
    pub fn agreeing(
        &self,
        asked: Asked<'_>,
        period: &Period,
        trail: &str,
        is_explained: &dyn Fn(i64, bool) -> bool,
    ) -> Result<Vec<Shot<'a>>, String> {
        let (mut agreeing, lacking): (Vec<_>, Vec<_>) = self
            .near(period)
            .partition(|shot| asked.is_covered_by(shot.recording));
        let contradicts = |shot: &&Shot<'a>| match (shot.place(period), shot.file.taken_at) {
            (Place::Before, Some(taken)) => !is_explained(taken, true),
            (Place::After, Some(taken)) => !is_explained(taken, false),
            _ => true,
        };
        if let Some(one) = lacking.iter().find(contradicts) {
            return Err(self.contradiction(asked, trail, one));
        }
        agreeing.sort_by_key(|shot| std::cmp::Reverse(shot.file.taken_at));
        Ok(agreeing)
    }

    /// Those in the period, the nearest on either side of it, and those without a time.
    pub(super) fn near(&self, period: &Period) -> impl Iterator<Item = Shot<'a>> {
        let taken = |place| {
            let there = self
                .all
                .iter()
                .filter(move |one| one.place(period) == place);
            there.map(|one| one.file.taken_at)
        };
        let (last, first) = (taken(Place::Before).max(), taken(Place::After).min());
        let is_near = move |one: &Shot<'a>| match one.place(period) {
            Place::Before => Some(one.file.taken_at) == last,
            Place::After => Some(one.file.taken_at) == first,
            Place::Within | Place::Unknown => true,
        };
        self.all.iter().copied().filter(is_near)
    }

    fn contradiction(&self, asked: Asked<'_>, trail: &str, lacking: &Shot<'a>) -> String {
        let mut others = self.all.iter();
        let other = others.find(|one| asked.is_covered_by(one.recording));
        let other = other.map_or_else(String::new, |one| {
            format!(", and {} says that it does", one.shown())
        });
        format!(
            "{} says that trail {trail} does not record it or not all of it{other}: no record tells \
             of a change that explains this, so neither proves anything for the time between",
            lacking.shown()
        )
    }
}

impl Shot<'_> {
    fn place(&self, period: &Period) -> Place {
        match self.file.taken_at {
            None => Place::Unknown,
            Some(taken) if taken < period.start => Place::Before,
            Some(taken) if taken >= period.end => Place::After,
            Some(_) => Place::Within,
        }
    }

    /// Its file and time, for a sentence.
    pub fn shown(&self) -> String {
        let file = display_value(&self.file.name);
        match self.file.taken_at {
            None => format!("snapshot `{file}`, whose time was not stated,"),
            Some(taken) => format!("snapshot `{file}`, taken on {},", time::format(taken)),
        }
    }
}
