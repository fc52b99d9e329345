//! Records that correct earlier ones: the record that is corrected is left out,
//! and the correction counts in its place.
//!
//! CloudTrail writes such a record anew, with an id of its own and an `addendum`
//! that names the id of the first one. Nothing vanishes without a trace: every
//! correction is listed together with what it corrects and what that was to the
//! controls. A correction that does not say which call it is about, that is about
//! another call, or that corrects itself in a circle, replaces nothing, because
//! then a record that some control would hold against somebody could be made to
//! disappear. Neither does one that takes away what the first record is to a control, or
//! says of a trail, unless digests vouch for its file: anybody can add a file.

use std::collections::{HashMap, HashSet};

use super::AssessError;
use super::chains::Examined;
use super::drops::{Drops, Spot};
use super::intake::Intake;
use super::outcome::{Amendment, AmendmentOutcome, Origin};
use super::places::Places;
use crate::control::roles::Role;
use crate::control::scope::Scope;
use crate::ledger::Ledger;
use crate::ledger::entries::Entries;
use crate::ledger::facts::TrailFact;
use crate::ledger::read::LedgerRow;
use crate::ledger::remarks::AddendumFact;
use crate::period::Period;

/// A correction, and where it lies.
struct Correction<'i> {
    spot: Spot,
    fact: &'i AddendumFact,
}

/// Leaves out every record that another one corrects; lists the corrections in the order of
/// time, id and origin. What stands in a file that does not verify takes nothing away from one
/// that does, and what no digest vouches for takes nothing away that matters.
pub fn settle(
    ledger: &Ledger,
    intake: &Intake,
    drops: &mut Drops,
    (places, scope): (&Places, &Scope),
    period: &Period,
    examined: &Examined,
) -> Result<Vec<Amendment>, AssessError> {
    let corrections = corrections(intake, drops, places, period);
    if corrections.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: HashSet<u128> = corrections
        .iter()
        .filter_map(|one| one.fact.original)
        .collect();
    let found = find(ledger, intake, drops, places, period, &wanted)?;
    let next: HashMap<u128, u128> = corrections
        .iter()
        .filter(|one| one.fact.names_call())
        .filter_map(|one| Some((one.fact.key?, one.fact.original?)))
        .collect();
    let judging = Judging {
        ledger,
        intake,
        scope,
        unverified: &examined.watched,
        valid: examined.valid_files(),
    };
    let mut all = Vec::with_capacity(corrections.len());
    for one in &corrections {
        let original = one.fact.original.and_then(|key| found.get(&key)).copied();
        let outcome = match original {
            _ if !one.fact.names_call() => AmendmentOutcome::NamesNoCall,
            _ if goes_in_a_circle(one.fact, &next) => AmendmentOutcome::Circle,
            None => AmendmentOutcome::NotFound,
            Some((spot, _)) => judging.outcome(one, spot)?,
        };
        all.push(shown(ledger, intake, one, original, outcome)?);
        if let (AmendmentOutcome::Replaced, Some((spot, _))) = (outcome, original) {
            drops.add_amended(spot);
        }
    }
    all.sort_by(|a, b| {
        let order = |one: &Amendment| (one.time, one.event_id.clone(), one.origin.clone());
        order(a).cmp(&order(b))
    });
    Ok(all)
}

impl AddendumFact {
    /// Whether it says which call it is about, so that controls can see it as they saw the first one.
    fn names_call(&self) -> bool {
        !self.event_source.is_empty() && !self.event_name.is_empty()
    }
}

/// The corrections that are evidence: no copies, in scope and period.
fn corrections<'i>(
    intake: &'i Intake,
    drops: &Drops,
    places: &Places,
    period: &Period,
) -> Vec<Correction<'i>> {
    let all = intake.addenda.iter();
    let all = all.map(|(file, fact)| Correction {
        spot: (intake.ranks.at(*file), fact.index),
        fact,
    });
    all.filter(|one| drops.of(one.spot.0, one.spot.1).is_none())
        .filter(|one| period.contains(one.fact.time))
        .filter(|one| places.contains(&one.fact.account, &one.fact.region))
        .collect()
}

/// Where the records with these keys lie, and their times: those that are evidence.
fn find(
    ledger: &Ledger,
    intake: &Intake,
    drops: &Drops,
    places: &Places,
    period: &Period,
    wanted: &HashSet<u128>,
) -> Result<HashMap<u128, (Spot, i64)>, AssessError> {
    let (mut found, mut batch) = (HashMap::new(), Vec::new());
    let mut entries = ledger.entry_reader()?;
    ledger.views(|file| -> Result<(), AssessError> {
        let rank = intake.ranks.at(file.id()?);
        let mut is_in_scope = Vec::new();
        file.cells(|cell| is_in_scope.push(places.contains(cell.account, cell.region)))?;
        entries.of(file.id()?, |packed| -> Result<(), AssessError> {
            let mut packed = Entries::new(packed);
            while packed.fill(&mut batch) {
                for entry in &batch {
                    let Some(key) = entry.key.filter(|key| wanted.contains(key)) else {
                        continue;
                    };
                    let is_in_scope = is_in_scope.get(entry.cell as usize) == Some(&true);
                    let is_used = drops.of(rank, entry.index).is_none();
                    if is_used && is_in_scope && period.contains(entry.time) {
                        found.insert(key, ((rank, entry.index), entry.time));
                    }
                }
            }
            Ok(())
        })
    })?;
    Ok(found)
}

/// Whether a chain of corrections comes back to where it began, or runs into such a circle.
fn goes_in_a_circle(fact: &AddendumFact, next: &HashMap<u128, u128>) -> bool {
    let mut seen: HashSet<u128> = fact.key.into_iter().collect();
    let mut at = fact.original;
    while let Some(key) = at {
        if !seen.insert(key) {
            return true;
        }
        at = next.get(&key).copied();
    }
    false
}

/// Whether the correction may have been written by anybody, and the record that it names not.
fn is_less_proved(correction: Spot, original: Spot, unverified: &HashSet<u32>) -> bool {
    unverified.contains(&correction.0) && !unverified.contains(&original.0)
}

/// What it takes to say whether a correction replaces the record that it names.
struct Judging<'j> {
    ledger: &'j Ledger,
    intake: &'j Intake,
    scope: &'j Scope,
    /// Files that do not verify, by place.
    unverified: &'j HashSet<u32>,
    /// Files that digests vouch for.
    valid: HashSet<u32>,
}

impl Judging<'_> {
    fn outcome(&self, by: &Correction<'_>, spot: Spot) -> Result<AmendmentOutcome, AssessError> {
        Ok(if is_less_proved(by.spot, spot, self.unverified) {
            AmendmentOutcome::Unverified
        } else if is_other_call(self.ledger, self.intake, spot, by.fact)? {
            AmendmentOutcome::OtherCall
        } else if !self.valid.contains(&by.spot.0) && self.takes_away(by.spot, spot)? {
            AmendmentOutcome::TakesAway
        } else {
            AmendmentOutcome::Replaced
        })
    }

    /// Whether anything that the record at `spot` shows is lost with it.
    fn takes_away(&self, by: Spot, spot: Spot) -> Result<bool, AssessError> {
        if self.changes_of(spot) != self.changes_of(by) {
            return Ok(true);
        }
        let rows = |spot: Spot| {
            let file = self.intake.order[spot.0 as usize];
            self.ledger.rows_of(file, spot.1)
        };
        let (first, others) = (rows(spot)?, rows(by)?);
        let is_lost = |row: &LedgerRow| {
            self.has_waivers(row) || !others.iter().any(|other| is_the_same(row, other))
        };
        Ok(first.iter().filter(|row| weighs(row.role)).any(is_lost))
    }

    /// What a record says of trails.
    fn changes_of(&self, spot: Spot) -> Vec<TrailFact> {
        let file = self.intake.order[spot.0 as usize];
        let all = self.intake.trails.iter();
        all.filter(|(of, fact)| (*of, fact.index) == (file, spot.1))
            .map(|(_, fact)| TrailFact {
                index: 0,
                ..fact.clone()
            })
            .collect()
    }

    /// Whether another record in the same role may be waived where this one is not.
    fn has_waivers(&self, row: &LedgerRow) -> bool {
        let control = self.ledger.identity().controls.get(row.control as usize);
        control.is_none_or(|(id, _)| {
            self.scope
                .waivers
                .iter()
                .any(|one| one.control.get_ref() == id)
        })
    }
}

/// Whether a record in this role may be held against somebody.
fn weighs(role: Role) -> bool {
    !matches!(role, Role::Conforming | Role::Response)
}

/// Whether two records are the same to a control.
fn is_the_same(one: &LedgerRow, other: &LedgerRow) -> bool {
    let place = |row: &LedgerRow| (row.time, row.account.clone(), row.region.clone());
    (one.control, one.part, one.role, &one.keys)
        == (other.control, other.part, other.role, &other.keys)
        && place(one) == place(other)
}

/// Whether the record at `spot` is known to be another call than the one that corrects it. Of a
/// record that nothing is known of, no control and no list says anything.
fn is_other_call(
    ledger: &Ledger,
    intake: &Intake,
    spot: Spot,
    by: &AddendumFact,
) -> Result<bool, AssessError> {
    let file = intake.order[spot.0 as usize];
    if let Some((source, name)) = ledger.call_of(file, spot.1)? {
        return Ok((source, name) != (by.event_source.clone(), by.event_name.clone()));
    }
    let mut of_trails = intake.trails.iter();
    Ok(of_trails
        .any(|(of, fact)| (*of, fact.index) == (file, spot.1) && fact.event_name != by.event_name))
}

fn shown(
    ledger: &Ledger,
    intake: &Intake,
    one: &Correction<'_>,
    original: Option<(Spot, i64)>,
    outcome: AmendmentOutcome,
) -> Result<Amendment, AssessError> {
    let fact = one.fact;
    let original_roles = match original {
        Some((spot, _)) => roles(ledger, intake, spot)?,
        None => Vec::new(),
    };
    let original_origin = original.map(|(spot, _)| origin(ledger, intake, spot));
    Ok(Amendment {
        event_id: fact.event_id.clone(),
        time: fact.time,
        account: fact.account.clone(),
        region: fact.region.clone(),
        event_source: fact.event_source.clone(),
        event_name: fact.event_name.clone(),
        reason: fact.reason.clone(),
        updated: fact.updated.clone(),
        origin: origin(ledger, intake, one.spot)?,
        roles: roles(ledger, intake, one.spot)?,
        original_id: fact.original_id.clone(),
        original_time: original.map(|(_, time)| time),
        original: original_origin.transpose()?,
        original_roles,
        outcome,
    })
}

pub(super) fn origin(ledger: &Ledger, intake: &Intake, spot: Spot) -> Result<Origin, AssessError> {
    let (file, sha256) = ledger.name_of(intake.order[spot.0 as usize])?;
    Ok(Origin {
        file,
        sha256: hex::encode(sha256),
        index: spot.1,
    })
}

/// What a record is to the controls of the ledger: id of the control and role.
fn roles(
    ledger: &Ledger,
    intake: &Intake,
    spot: Spot,
) -> Result<Vec<(String, &'static str)>, AssessError> {
    let controls = &ledger.identity().controls;
    let rows = ledger.rows_of(intake.order[spot.0 as usize], spot.1)?;
    let named = rows.into_iter().filter_map(|row| {
        let (id, _) = controls.get(row.control as usize)?;
        Some((id.clone(), row.role.id()))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    named.dedup();
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(key: u128, original: u128) -> AddendumFact {
        AddendumFact {
            index: 0,
            time: 0,
            event_id: String::new(),
            key: Some(key),
            account: String::new(),
            region: String::new(),
            event_source: "iam.amazonaws.com".into(),
            event_name: "CreateUser".into(),
            reason: "UPDATED_DATA".into(),
            updated: String::new(),
            original_id: String::new(),
            original: Some(original),
        }
    }

    #[test]
    fn what_anybody_may_have_written_corrects_nothing_that_is_proved() {
        let unverified = HashSet::from([1, 2]);
        assert!(is_less_proved((1, 0), (0, 0), &unverified));
        assert!(!is_less_proved((1, 0), (2, 0), &unverified));
        assert!(!is_less_proved((0, 0), (1, 0), &unverified));
        assert!(!is_less_proved((0, 0), (3, 0), &unverified));
    }

    #[test]
    fn a_chain_ends_and_a_circle_does_not() {
        let next = HashMap::from([(2, 1), (3, 2), (5, 6), (6, 5), (7, 5)]);
        assert!(!goes_in_a_circle(&fact(2, 1), &next));
        assert!(!goes_in_a_circle(&fact(3, 2), &next));
        assert!(goes_in_a_circle(&fact(4, 4), &next));
        assert!(goes_in_a_circle(&fact(5, 6), &next));
        assert!(goes_in_a_circle(&fact(7, 5), &next));
    }
}
