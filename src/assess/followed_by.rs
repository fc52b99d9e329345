//! `followed-by`: each trigger must have its response in time.
//!
//! What is examined here are triggers. The lack of a response is an exception
//! only where no record can be missing, a late one always; near the end of the
//! period it is open.

use std::collections::{BTreeMap, HashMap};

use super::AssessError;
use super::desk::{Desk, Fate, Witness};
use super::judge::Judge;
use super::outcome::List;
use super::work::bit;
use crate::control::keys::{self, Joined, Keys, Values};
use crate::control::model::{Expectation, Pair, Trigger as TriggerKind};
use crate::control::overtime::{Answer, answer};
use crate::control::roles::{Part, Role};
use crate::ledger::read::LedgerRow;
use crate::record::time;

/// A trigger that waits for its answer.
#[derive(Debug)]
struct Trigger {
    time: i64,
    name: String,
    account: String,
    joins: Vec<Values>,
    /// File, index and number in the temporary store; none for a leaver.
    record: Option<(i64, u32, i64)>,
}

#[derive(Debug)]
struct Response {
    time: i64,
    event_id: String,
    joins: Vec<Values>,
    is_certain: bool,
}

/// The responses of a pair, to be found by their first join.
#[derive(Debug, Default)]
struct Responses {
    all: Vec<Response>,
    by_text: HashMap<String, Vec<usize>>,
    /// Responses whose first join CloudTrail left out.
    unclear: Vec<usize>,
}

/// Triggers and responses by pair.
#[derive(Debug, Default)]
pub struct FollowedBy {
    triggers: BTreeMap<u16, Vec<Trigger>>,
    responses: BTreeMap<u16, Responses>,
}

impl Judge for FollowedBy {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let joins = match &row.keys {
            Keys::Joins(joins) => joins.clone(),
            _ => Vec::new(),
        };
        match (row.part, row.role) {
            (Part::Trigger(pair), Role::Trigger) => {
                let id = desk.list(row, &[List::Population], "trigger", "")?;
                desk.offer(row, id)?;
                self.triggers.entry(pair).or_default().push(Trigger {
                    time: row.time,
                    name: row.event_id.clone(),
                    account: row.account.clone(),
                    joins,
                    record: Some((row.file, row.index, id)),
                });
                Ok(())
            }
            (Part::Response(pair), role) => {
                if desk.room.period.contains(row.time) && role == Role::Response {
                    desk.list(row, &[List::Population], "response", "")?;
                }
                let responses = self.responses.entry(pair).or_default();
                responses.push(Response {
                    time: row.time,
                    event_id: row.event_id.clone(),
                    joins,
                    is_certain: role == Role::Response,
                });
                Ok(())
            }
            (_, Role::Attempt) => desk.attempt(row),
            _ => desk
                .undecided(row, &[List::Undecided, List::Population])
                .map(|_| ()),
        }
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        desk.draw()?;
        let Expectation::FollowedBy(pairs) = &desk.control.expectation else {
            return Ok(());
        };
        let mut rows = Vec::new();
        let mut total = 0;
        let none = Responses::default();
        for (number, pair) in (0u16..).zip(pairs) {
            let responses = self.responses.get(&number).unwrap_or(&none);
            let mut triggers = self.triggers.remove(&number).unwrap_or_default();
            if matches!(pair.trigger, TriggerKind::Leavers) {
                triggers.extend(leavers(pair, desk));
            }
            for trigger in &triggers {
                total += 1;
                let row = settle(trigger, pair, responses, desk)?;
                rows.push(row);
            }
        }
        let columns = ["trigger", "time", "response", "time of response", "result"];
        desk.add_table("Triggers and their responses", &columns, rows, total);
        Ok(())
    }
}

impl Responses {
    fn push(&mut self, response: Response) {
        let at = self.all.len();
        if let Some(first) = response.joins.first() {
            for text in &first.texts {
                self.by_text.entry(text.clone()).or_default().push(at);
            }
            if first.undecided {
                self.unclear.push(at);
            }
        }
        self.all.push(response);
    }

    /// Responses that may belong to a trigger, by time.
    fn candidates(&self, trigger: &Trigger) -> Vec<(&Response, Joined)> {
        let mut found: Vec<usize> = match trigger.joins.first() {
            Some(first) if first.undecided => (0..self.all.len()).collect(),
            Some(first) => first
                .texts
                .iter()
                .filter_map(|text| self.by_text.get(text))
                .flatten()
                .chain(&self.unclear)
                .copied()
                .collect(),
            None => Vec::new(),
        };
        found.sort_unstable();
        found.dedup();
        let joined = found.into_iter().map(|at| {
            let response = &self.all[at];
            (response, keys::joined(&trigger.joins, &response.joins))
        });
        // Rows come by time, so places are by time too.
        joined.filter(|(_, joined)| *joined != Joined::No).collect()
    }
}

fn leavers(pair: &Pair, desk: &Desk<'_>) -> Vec<Trigger> {
    let leavers = desk.room.scope.leavers.iter();
    leavers
        .filter(|leaver| desk.room.period.contains(leaver.left))
        .map(|leaver| Trigger {
            time: leaver.left,
            name: leaver.person.clone(),
            account: String::new(),
            joins: keys::leaver_values(&leaver.identities, &pair.join),
            record: None,
        })
        .collect()
}

fn settle(
    trigger: &Trigger,
    pair: &Pair,
    responses: &Responses,
    desk: &mut Desk<'_>,
) -> Result<Vec<String>, AssessError> {
    let candidates = responses.candidates(trigger);
    let certain: Vec<&Response> = candidates
        .iter()
        .filter(|(response, joined)| *joined == Joined::Yes && response.is_certain)
        .map(|(response, _)| *response)
        .collect();
    let end = desk.room.period.end;
    let times = |all: &mut dyn Iterator<Item = &Response>| -> Vec<i64> {
        all.map(|response| response.time).collect()
    };
    let certain_times = times(&mut certain.iter().copied());
    let possible_times = times(&mut candidates.iter().map(|(response, _)| *response));
    let found = answer(trigger.time, pair.within, &certain_times, end);
    let possible = answer(trigger.time, pair.within, &possible_times, end);
    let (response, result) = match (found, possible) {
        (Answer::InTime(at), _) => {
            desk.counts.examined += 1;
            desk.counts.conforming += 1;
            mark(trigger, desk, "trigger", "answered in time", None)?;
            (Some(certain[at]), "in time".to_owned())
        }
        (Answer::Open, _) => open(trigger, desk, "the time for a response is not over yet")?,
        (_, Answer::InTime(_)) => open(
            trigger,
            desk,
            "CloudTrail left out whether a record is the response",
        )?,
        // A late response is known, whatever else is missing. Where logging was stopped, the
        // trigger itself made the gap; calling that undecided would excuse every such stop.
        (Answer::Late(at), _) => {
            let why = if desk.gaps.is_empty() {
                "the response came too late"
            } else {
                "the response came too late, unless an earlier one is among missing records"
            };
            (Some(certain[at]), fail(trigger, desk, why)?)
        }
        _ if !desk.gaps.is_empty() => {
            open(trigger, desk, "the response may be among missing records")?
        }
        _ => (None, fail(trigger, desk, "no response in time")?),
    };
    let (event_id, at) = match response {
        Some(response) => (response.event_id.clone(), time::format(response.time)),
        None => (String::new(), String::new()),
    };
    Ok(vec![
        trigger.name.clone(),
        time::format(trigger.time),
        event_id,
        at,
        result,
    ])
}

/// A trigger of which nothing can be said.
fn open<'r>(
    trigger: &Trigger,
    desk: &mut Desk<'_>,
    why: &str,
) -> Result<(Option<&'r Response>, String), AssessError> {
    desk.counts.examined += 1;
    desk.counts.undecided += 1;
    mark(trigger, desk, "undecided", why, None)?;
    if let Some((_, _, id)) = trigger.record {
        desk.room.work.add_lists(id, bit(List::Undecided))?;
    }
    Ok((None, why.to_owned()))
}

fn fail(trigger: &Trigger, desk: &mut Desk<'_>, why: &str) -> Result<String, AssessError> {
    let fate = desk.fail(&[Witness {
        time: trigger.time,
        account: &trigger.account,
        name: &trigger.name,
        record: trigger.record.map(|(file, index, _)| (file, index)),
    }])?;
    let (reason, waiver) = match fate {
        Fate::Exception => (why.to_owned(), None),
        Fate::Waived(ticket) => (format!("{why}, waived by {ticket}"), Some(ticket)),
        Fate::Excluded(reason) => (reason, None),
    };
    mark(trigger, desk, "exception", &reason, waiver.as_deref())?;
    if let Some((_, _, id)) = trigger.record {
        desk.room.work.add_lists(id, bit(List::Exceptions))?;
    }
    Ok(reason)
}

fn mark(
    trigger: &Trigger,
    desk: &Desk<'_>,
    role: &'static str,
    reason: &str,
    waiver: Option<&str>,
) -> Result<(), AssessError> {
    if let Some((_, _, id)) = trigger.record {
        desk.room.work.change(id, 0, role, reason, waiver)?;
    }
    Ok(())
}
