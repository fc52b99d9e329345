//! What trails with digest files are known to record of management events, at any time: only such a
//! trail shows with its digests that an hour without events is one in which nothing was done.

use super::digest_trails::{Belonging, DigestTrail, Same};
use super::recording::{Name, Trails};
use super::story::Told;
use crate::record::class::EventClass;
use crate::trail::{Extent, Recording};

/// Of every trail that records or snapshots tell of.
#[derive(Debug, Default)]
pub struct Managing {
    trails: Vec<(Name, Belonging, Known)>,
}

/// What is known of one.
#[derive(Debug, Default)]
struct Known {
    /// In the order of time; snapshots without a time come last.
    tellings: Vec<Telling>,
    /// Since when it may leave out events of global services.
    without_global: Option<i64>,
}

#[derive(Debug)]
struct Telling {
    /// None of a snapshot whose time is not stated.
    at: Option<i64>,
    /// Whether a call told the trail so: before it, it may have recorded anything else.
    is_told: bool,
    extent: Extent,
}

impl Managing {
    /// From what trails were told and are said to record.
    pub fn of(trails: &Trails<'_>) -> Managing {
        let mut all = Managing::default();
        for (name, story) in &trails.stories {
            let mut known = Known::default();
            for step in &story.steps {
                if let Told::Record(recording) = &step.told {
                    let extent = recording.as_ref().map_or(Extent::Part, extent);
                    known.tell(Some(step.time), true, extent);
                }
            }
            // One that is made anew under the name may be told anything.
            for gone in story.changes.iter().filter(|change| change.is_gone()) {
                known.tell(Some(gone.fact.time), true, Extent::Part);
            }
            for shot in story.shots.all() {
                known.tell(shot.file.taken_at, false, extent(shot.recording));
            }
            known
                .tellings
                .sort_by_key(|one| one.at.map_or((true, 0), |at| (false, at)));
            let without_global = story
                .changes
                .iter()
                .filter(|change| change.has_global_services == Some(false) || change.is_unreadable);
            known.without_global = without_global.map(|change| change.fact.time).min();
            let belonging = trails.belonging_of(name, story);
            all.trails.push((name.clone(), belonging, known));
        }
        all
    }

    /// How much of management events the trail of these digests recorded in all of this time;
    /// nothing where that is not known.
    pub fn extent(&self, trail: &DigestTrail, span: (i64, i64)) -> Option<Extent> {
        let mut its = self.trails.iter().filter_map(|(name, belonging, known)| {
            let same = trail.is_of((&name.0, &name.1, &name.2), *belonging);
            (same != Same::No).then_some((same, known))
        });
        match (its.next(), its.next()) {
            (Some((Same::Yes, known)), None) => known.extent(span),
            // Of several that it may be, none is known to be it.
            _ => None,
        }
    }
}

impl Known {
    fn tell(&mut self, at: Option<i64>, is_told: bool, extent: Extent) {
        self.tellings.push(Telling {
            at,
            is_told,
            extent,
        });
    }

    fn extent(&self, span: (i64, i64)) -> Option<Extent> {
        let before = |one: &&Telling| one.at.is_some_and(|at| at <= span.0);
        let last = self
            .tellings
            .iter()
            .filter(before)
            .filter_map(|one| one.at)
            .max();
        let mut later = self.tellings.iter().filter(|one| !before(one));
        let from = match (last, later.next()) {
            // All of the same second count: their order is not known.
            (Some(last), _) => self.tellings.iter().position(|one| one.at == Some(last))?,
            // What a snapshot shows later holds as long as no call is known that changed it.
            (None, Some(first)) if !first.is_told => 0,
            (None, _) => return None,
        };
        let counts = |at: usize, one: &Telling| {
            let is_first = last.is_none() && at == 0;
            is_first || one.at.is_none_or(|at| at < span.1)
        };
        let its = self.tellings[from..].iter().enumerate();
        let mut extents = its
            .filter(|(at, one)| counts(*at, one))
            .map(|(_, one)| &one.extent);
        let first = extents.next()?.clone();
        let same = match extents.all(|one| *one == first) {
            true => first,
            false => Extent::Part,
        };
        let is_global = self.without_global.is_none_or(|at| at >= span.1);
        Some(match same {
            Extent::Whole if !is_global => Extent::Part,
            same => same,
        })
    }
}

/// How much of management events a trail records that is told so.
pub(super) fn extent(recording: &Recording) -> Extent {
    let of = |class| recording.extent(class);
    match (
        of(EventClass::ManagementWrite),
        of(EventClass::ManagementRead),
    ) {
        (Extent::Whole, Extent::Whole) => Extent::Whole,
        (Extent::Nothing, Extent::Nothing) => Extent::Nothing,
        _ => Extent::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Extent::{Nothing, Part, Whole};

    fn known(tellings: &[(Option<i64>, bool, Extent)]) -> Known {
        let mut known = Known::default();
        for (at, is_told, extent) in tellings {
            known.tell(*at, *is_told, extent.clone());
        }
        known
    }

    #[track_caller]
    fn check(tellings: &[(Option<i64>, bool, Extent)], expected: Option<Extent>) {
        assert_eq!(known(tellings).extent((100, 200)), expected);
    }

    #[test]
    fn what_a_trail_was_told_last_holds_until_it_is_told_otherwise() {
        check(&[], None);
        check(&[(Some(100), true, Whole)], Some(Whole));
        check(
            &[(Some(50), true, Nothing), (Some(90), true, Whole)],
            Some(Whole),
        );
        check(
            &[(Some(50), true, Whole), (Some(200), true, Nothing)],
            Some(Whole),
        );
        check(
            &[(Some(50), true, Whole), (Some(199), true, Nothing)],
            Some(Part),
        );
        check(
            &[(Some(50), true, Whole), (Some(50), true, Nothing)],
            Some(Part),
        );
        check(&[(Some(50), true, Nothing)], Some(Nothing));
    }

    #[test]
    fn what_it_was_told_later_says_nothing_of_the_time_before() {
        check(&[(Some(150), true, Whole)], None);
        check(&[(Some(250), true, Whole)], None);
        check(&[(Some(250), true, Whole), (None, false, Whole)], None);
    }

    #[test]
    fn a_snapshot_holds_back_to_the_last_call_that_is_known() {
        check(&[(Some(250), false, Whole)], Some(Whole));
        check(&[(None, false, Nothing)], Some(Nothing));
        check(
            &[(Some(250), false, Whole), (Some(300), true, Nothing)],
            Some(Whole),
        );
        check(&[(Some(50), true, Whole), (None, false, Part)], Some(Part));
        check(&[(None, false, Whole), (None, false, Nothing)], Some(Part));
    }

    #[test]
    fn events_of_global_services_are_management_events() {
        let mut told = known(&[(Some(50), true, Whole)]);
        for (at, expected) in [(60, Part), (199, Part), (200, Whole)] {
            told.without_global = Some(at);
            assert_eq!(told.extent((100, 200)), Some(expected));
        }
    }
}
