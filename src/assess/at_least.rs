//! `at-least`: enough of these must happen, in each stretch of time and for each entry of a list.
//!
//! What is examined here are stretches (times entries), not records. Too few
//! records are an exception only where no record can be missing.

use std::collections::BTreeMap;

use super::AssessError;
use super::desk::{Desk, Fate, LEFT_OUT, Witness};
use super::judge::Judge;
use super::outcome::List;
use crate::control::keys::Keys;
use crate::control::list::text_of;
use crate::control::model::{Each, Expectation};
use crate::control::overtime::{Shortfall, shortfalls, whole_parts};
use crate::control::roles::Role;
use crate::ledger::read::LedgerRow;

/// Times of the records, by list entry.
#[derive(Debug, Default)]
pub struct AtLeast {
    conforming: BTreeMap<u32, Vec<i64>>,
    undecided: BTreeMap<u32, Vec<i64>>,
}

impl Judge for AtLeast {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let entries = match &row.keys {
            Keys::Entries(entries) => entries.clone(),
            _ => vec![0],
        };
        let times = match row.role {
            Role::Attempt => return desk.attempt(row),
            Role::Undecided => {
                let lists = [List::Undecided, List::Population];
                desk.list(row, &lists, "undecided", LEFT_OUT)?;
                &mut self.undecided
            }
            _ => {
                let id = desk.list(row, &[List::Population], "conforming", "")?;
                desk.offer(row, id)?;
                &mut self.conforming
            }
        };
        for entry in entries {
            times.entry(entry).or_default().push(row.time);
        }
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        desk.draw()?;
        let Expectation::AtLeast {
            count, per, each, ..
        } = &desk.control.expectation
        else {
            return Ok(());
        };
        let parts = whole_parts(desk.room.period, *per);
        if parts.is_empty() {
            let block = format!("the period holds no whole {}", per.id());
            desk.blocks.push(block);
            return Ok(());
        }
        let entries = entry_names(each.as_ref(), desk);
        let none = Vec::new();
        let mut rows = Vec::new();
        let mut total = 0;
        for (number, name) in (0u32..).zip(&entries) {
            let times = self.conforming.get(&number).unwrap_or(&none);
            let open = self.undecided.get(&number).unwrap_or(&none);
            let short = shortfalls(&parts, *count, times, open);
            let enough = (parts.len() - short.len()) as u64;
            desk.counts.examined += enough;
            desk.counts.conforming += enough;
            total += parts.len() as u64;
            for one in &short {
                let result = settle(one, *count, name, desk)?;
                rows.push(vec![
                    name.clone(),
                    one.part.to_string(),
                    one.found.to_string(),
                    count.to_string(),
                    result,
                ]);
            }
            if enough > 0 {
                rows.push(vec![
                    name.clone(),
                    format!("{enough} of {} stretches of time", parts.len()),
                    times.len().to_string(),
                    count.to_string(),
                    "enough".to_owned(),
                ]);
            }
        }
        let shown = rows.len() as u64;
        let columns = ["entry", "time", "records", "needed", "result"];
        desk.add_table(
            "Records counted against what is needed",
            &columns,
            rows,
            shown,
        );
        let note = format!(
            "what is counted here are stretches of time{}, {total} in all, not records",
            if each.is_some() {
                " for each list entry"
            } else {
                ""
            }
        );
        desk.notes.push(note);
        Ok(())
    }
}

/// The entries that are counted one by one; a single nameless one without `each`.
fn entry_names(each: Option<&Each>, desk: &Desk<'_>) -> Vec<String> {
    let Some(each) = each else {
        return vec!["all".to_owned()];
    };
    let entries = desk.room.scope.lists.get(&each.list);
    let entries = entries.map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .map(|entry| text_of(&entry.test).to_owned())
        .collect()
}

fn settle(
    short: &Shortfall,
    count: u64,
    name: &str,
    desk: &mut Desk<'_>,
) -> Result<String, AssessError> {
    if !short.is_certain(count) || !desk.gaps.is_empty() {
        desk.counts.examined += 1;
        desk.counts.undecided += 1;
        return Ok(match short.is_certain(count) {
            true => "too few, but records may be missing".to_owned(),
            false => format!("too few, unless {} count", short.undecided),
        });
    }
    let fate = desk.fail(&[Witness {
        time: short.part.end - 1,
        account: "",
        name,
        record: None,
    }])?;
    Ok(match fate {
        Fate::Exception => "too few".to_owned(),
        Fate::Waived(ticket) => format!("too few, waived by {ticket}"),
        Fate::Excluded(why) => why,
    })
}
