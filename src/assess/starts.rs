//! Starts of trails, which may take over where another one was stopped.

use super::digest_trails::Belonging;
use crate::trail::Extent;

/// A start that records tell of, of a trail that was not known to run.
#[derive(Debug)]
pub(super) struct Start {
    /// Owner, home and name of the trail.
    pub(super) trail: [String; 3],
    pub(super) at: i64,
    pub(super) belongs: Belonging,
    /// Whether it works in other Regions than its home, where that is known.
    pub(super) is_multi_region: Option<bool>,
    /// How much of management events it is known to record.
    pub(super) manages: Option<Extent>,
    /// Whether it delivers to where the logs here come from, where that is known.
    pub(super) is_here: Option<bool>,
}

/// Account, Region, and whether the account has records in files without folders.
pub(super) type Place<'p> = (&'p str, &'p str, bool);

/// Whether any trail took over at a place after a stop.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Successor {
    /// None may have.
    Nobody,
    /// From then on one that may record less, or of which it is not known that it works here.
    Perhaps(i64),
    /// One that records all management events, from then on.
    Since(i64),
}

/// The first trail other than this one that takes over at an account and Region after a time.
pub(super) fn successor(
    starts: &[Start],
    trail: &[String; 3],
    after: i64,
    place: Place<'_>,
) -> Successor {
    let others = starts
        .iter()
        .filter(|one| one.at > after && one.trail != *trail);
    let mut may_be = others.filter(|one| one.may_work_at(place));
    let Some(first) = may_be.clone().next() else {
        return Successor::Nobody;
    };
    let certain = may_be.find(|one| one.surely_works_at(place));
    certain.map_or(Successor::Perhaps(first.at), |one| Successor::Since(one.at))
}

impl Start {
    fn may_work_at(&self, (account, region, is_unplaced): Place<'_>) -> bool {
        let [owner, home, _] = &self.trail;
        let is_its = owner == account || self.belongs.may_reach(is_unplaced);
        let is_there = home == region || self.is_multi_region != Some(false);
        is_its && is_there && self.manages != Some(Extent::Nothing) && self.is_here != Some(false)
    }

    fn surely_works_at(&self, (account, region, _): Place<'_>) -> bool {
        let [owner, home, _] = &self.trail;
        let is_its = owner == account || self.belongs == Belonging::Organization;
        let is_there = home == region || self.is_multi_region == Some(true);
        is_its && is_there && self.manages == Some(Extent::Whole) && self.is_here == Some(true)
    }
}
