//! `threshold`: not too many of these in a window, for each caller (or whatever
//! the control counts by). Each burst over the limit is one exception.
//!
//! What is examined here are bursts, and callers without one, not records.

use std::collections::BTreeMap;

use super::AssessError;
use super::desk::{Desk, Fate, Witness};
use super::judge::Judge;
use super::losses::counted;
use super::outcome::List;
use super::work::bit;
use crate::control::keys::Keys;
use crate::control::model::Expectation;
use crate::control::overtime::bursts;
use crate::control::roles::Role;
use crate::ledger::read::LedgerRow;
use crate::record::time;
use crate::source::display::display_value;

/// A counted record.
#[derive(Debug, Clone, Copy)]
struct Member {
    time: i64,
    /// Number in the temporary store.
    id: i64,
    file: i64,
    index: u32,
}

/// Counted records by who they are counted for; nobody where the record names none.
#[derive(Debug, Default)]
pub struct Threshold {
    members: BTreeMap<Option<String>, Vec<Member>>,
}

impl Judge for Threshold {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        match row.role {
            Role::Attempt => return desk.attempt(row),
            Role::Undecided => return desk.undecided(row, &[List::Undecided]).map(|_| ()),
            _ => {}
        }
        let who = match &row.keys {
            Keys::By(who) => who.clone(),
            _ => None,
        };
        let id = desk.list(row, &[List::Population], "counted", "")?;
        desk.offer(row, id)?;
        self.members.entry(who).or_default().push(Member {
            time: row.time,
            id,
            file: row.file,
            index: row.index,
        });
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        desk.draw()?;
        let Expectation::Threshold {
            more_than, window, ..
        } = &desk.control.expectation
        else {
            return Ok(());
        };
        let mut rows = Vec::new();
        let mut total = 0;
        for (who, members) in &self.members {
            let times: Vec<i64> = members.iter().map(|one| one.time).collect();
            let found = bursts(&times, *more_than, *window);
            if found.is_empty() {
                desk.counts.examined += 1;
                desk.counts.conforming += 1;
            }
            for range in found {
                total += 1;
                let result = settle(who.as_deref(), &members[range], total, desk)?;
                rows.push(result);
            }
        }
        let columns = ["burst", "counted for", "first", "last", "records", "result"];
        desk.add_table("Bursts over the limit", &columns, rows, total);
        if !self.members.is_empty() {
            let records: u64 = self.members.values().map(|all| all.len() as u64).sum();
            let note = format!(
                "what is counted here are bursts, and those without one, not records: {} of {} are in the population",
                counted(records, "record"),
                counted(self.members.len() as u64, "caller")
            );
            desk.notes.push(note);
        }
        Ok(())
    }
}

fn settle(
    who: Option<&str>,
    members: &[Member],
    number: u64,
    desk: &mut Desk<'_>,
) -> Result<Vec<String>, AssessError> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return Ok(Vec::new());
    };
    // Written by whoever called; the record keeps the whole.
    let who = who.map_or_else(|| "(nobody named)".to_owned(), display_value);
    let fate = fate(members, desk)?;
    let (result, waiver) = match fate {
        Fate::Exception => ("exception".to_owned(), None),
        Fate::Waived(ticket) => (format!("waived by {ticket}"), Some(ticket)),
        Fate::Excluded(why) => (why, None),
    };
    let reason = format!(
        "burst {number}: {} for {who}",
        counted(members.len() as u64, "record")
    );
    for member in members {
        desk.room.work.change(
            member.id,
            bit(List::Exceptions),
            "exception",
            &reason,
            waiver.as_deref(),
        )?;
    }
    Ok(vec![
        number.to_string(),
        who,
        time::format(first.time),
        time::format(last.time),
        members.len().to_string(),
        result,
    ])
}

/// A burst is excused only as a whole: every record of it must be.
fn fate(members: &[Member], desk: &mut Desk<'_>) -> Result<Fate, AssessError> {
    let mut judged = Vec::with_capacity(members.len());
    for member in members {
        judged.push(desk.room.work.get(member.id)?);
    }
    let witnesses: Vec<Witness<'_>> = members
        .iter()
        .zip(&judged)
        .map(|(member, judged)| Witness {
            time: member.time,
            account: &judged.account,
            name: &judged.event_id,
            record: Some((member.file, member.index)),
        })
        .collect();
    desk.fail(&witnesses)
}
