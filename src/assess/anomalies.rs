//! Insights events as evidence: start and end of each anomaly, put together.

use std::collections::BTreeMap;

use super::AssessError;
use super::amendments::origin;
use super::drops::{Drops, Spot};
use super::intake::Intake;
use super::outcome::{Anomaly, AnomalyEvent};
use super::places::Places;
use crate::ledger::Ledger;
use crate::ledger::remarks::InsightFact;
use crate::period::Period;

/// Every anomaly that begins or ends in the period, in the order of time, place and origin.
///
/// The other half of one that reaches over an end of the period is taken from where it lies.
pub fn find(
    ledger: &Ledger,
    intake: &Intake,
    drops: &Drops,
    places: &Places,
    period: &Period,
) -> Result<Vec<Anomaly>, AssessError> {
    let mut all = Vec::new();
    for pair in pairs(intake, drops, places) {
        if pair.events().any(|(_, fact)| period.contains(fact.time)) {
            all.push(pair.shown(ledger, intake)?);
        }
    }
    let key = |one: &Anomaly| {
        let first = one.start.as_ref().or(one.end.as_ref());
        let time = first.map(|event| event.time);
        let origin = first.map(|event| event.origin.clone());
        (time, one.account.clone(), one.region.clone(), origin)
    };
    all.sort_by_cached_key(key);
    Ok(all)
}

type Placed<'i> = (Spot, &'i InsightFact);

/// The start and the end of one anomaly; at least one of them is there.
#[derive(Default)]
struct Pair<'i> {
    start: Option<Placed<'i>>,
    end: Option<Placed<'i>>,
}

/// Start and end have an id in common. Where one id has several of either, each start goes
/// with the end that comes next.
fn pairs<'i>(intake: &'i Intake, drops: &Drops, places: &Places) -> Vec<Pair<'i>> {
    let mut shared: BTreeMap<(&str, &str, &str), Vec<Placed<'i>>> = BTreeMap::new();
    let mut all = Vec::new();
    for (file, fact) in &intake.insights {
        let spot = (intake.ranks.at(*file), fact.index);
        let is_used = drops.of(spot.0, spot.1).is_none();
        if !is_used || !places.contains(&fact.account, &fact.region) {
            continue;
        }
        if fact.shared_id.is_empty() {
            all.push(Pair::of((spot, fact)));
        } else {
            let key = (&*fact.account, &*fact.region, &*fact.shared_id);
            shared.entry(key).or_default().push((spot, fact));
        }
    }
    for mut group in shared.into_values() {
        group.sort_by_key(|(spot, fact)| (fact.time, is_end(fact), *spot));
        let mut open: Option<Pair<'i>> = None;
        for event in group {
            if !is_end(event.1) {
                all.extend(open.replace(Pair::of(event)));
                continue;
            }
            let mut pair = open.take().unwrap_or_default();
            pair.end = Some(event);
            all.push(pair);
        }
        all.extend(open);
    }
    all
}

fn is_end(fact: &InsightFact) -> bool {
    fact.state == "End"
}

impl<'i> Pair<'i> {
    fn of(event: Placed<'i>) -> Pair<'i> {
        match is_end(event.1) {
            true => Pair {
                start: None,
                end: Some(event),
            },
            false => Pair {
                start: Some(event),
                end: None,
            },
        }
    }

    fn events(&self) -> impl Iterator<Item = &Placed<'i>> {
        self.start.iter().chain(&self.end)
    }

    fn shown(&self, ledger: &Ledger, intake: &Intake) -> Result<Anomaly, AssessError> {
        let event = |placed: &Option<Placed<'i>>| -> Result<Option<AnomalyEvent>, AssessError> {
            let Some((spot, fact)) = placed else {
                return Ok(None);
            };
            Ok(Some(AnomalyEvent {
                time: fact.time,
                event_id: fact.event_id.clone(),
                baseline: fact.baseline.clone(),
                value: fact.value.clone(),
                minutes: fact.minutes.clone(),
                baseline_minutes: fact.baseline_minutes.clone(),
                origin: origin(ledger, intake, *spot)?,
            }))
        };
        // What both say is the same; the end knows the whole time, so it goes first.
        let text = |of: fn(&InsightFact) -> &String| {
            let told = self.end.iter().chain(&self.start);
            let mut told = told
                .map(|(_, fact)| of(fact))
                .filter(|text| !text.is_empty());
            told.next().cloned().unwrap_or_default()
        };
        Ok(Anomaly {
            account: text(|fact| &fact.account),
            region: text(|fact| &fact.region),
            shared_id: text(|fact| &fact.shared_id),
            kind: text(|fact| &fact.kind),
            event_source: text(|fact| &fact.event_source),
            event_name: text(|fact| &fact.event_name),
            error_code: text(|fact| &fact.error_code),
            attributions: text(|fact| &fact.attributions),
            start: event(&self.start)?,
            end: event(&self.end)?,
        })
    }
}
