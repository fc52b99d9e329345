//! `coverage`: whether the log set holds what verdicts need.
//!
//! What is examined are days of accounts and Regions, classes of these, or
//! stores; not records. Silence is never an exception, because it cannot be
//! told from inactivity; it makes the control not determinable.

use super::AssessError;
use super::desk::{Desk, Fate, Witness};
use super::gaps;
use super::judge::Judge;
use super::losses;
use super::outcome::{Basis, DayState, DetailTable};
use super::run;
use super::stores::StoreProofs;
use crate::control::model::{Coverage, Expectation, Store};
use crate::ledger::read::LedgerRow;
use crate::record::class::{ClassSet, EventClass};
use crate::record::time;

/// Looks at the grid and the proofs; there are no rows.
#[derive(Debug)]
pub struct CoverageJudge;

impl Judge for CoverageJudge {
    fn row(&mut self, _row: &LedgerRow, _desk: &mut Desk<'_>) -> Result<(), AssessError> {
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        // What was found missing is told below, place by place.
        desk.gaps.clear();
        let room = desk.room;
        let reason = losses::reason(&room.intake.losses, &room.grid.rows, room.period);
        desk.blocks.extend(reason);
        desk.blocks.extend(room.not_over.map(str::to_owned));
        desk.blocks.extend(room.integrity.gap());
        // A stop of a trail may be among the records in conflict.
        desk.blocks.extend(run::conflict_gap(room.tally));
        match &desk.control.expectation {
            Expectation::Coverage(Coverage::Accounts) => accounts(desk),
            // A record of a class proves nothing for a day on which nothing was recorded.
            Expectation::Coverage(Coverage::Classes) => {
                desk.blocks.extend(gaps::days(room.grid));
                classes(desk);
                Ok(())
            }
            Expectation::Coverage(Coverage::Stores(stores)) => {
                desk.blocks.extend(gaps::days(room.grid));
                all_stores(stores, desk);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What a day of an account and Region comes to.
enum Finding {
    Conforming,
    Excluded,
    /// With why.
    Undecided(&'static str),
    /// With why, if it is not waived.
    Failed(&'static str),
}

/// Days that are undecided, by why.
#[derive(Default)]
struct UndecidedDays {
    silent: u64,
    unclear: u64,
    asked_for: u64,
    without_management: u64,
}

/// What the records of a day do not show.
enum Lacks {
    Nothing,
    /// Only what somebody asked for is there.
    AllButAskedFor,
    /// No management events are there.
    Management,
}

fn find(state: DayState, lacks: Lacks, days: &mut UndecidedDays) -> Finding {
    match (state, lacks) {
        (DayState::Delivered, Lacks::AllButAskedFor) => {
            days.asked_for += 1;
            return Finding::Undecided("all records are of files that hold what was asked for");
        }
        (DayState::Delivered, Lacks::Management) => {
            days.without_management += 1;
            return Finding::Undecided("no management events");
        }
        _ => {}
    }
    match state {
        DayState::Delivered | DayState::ProvedIdle => Finding::Conforming,
        DayState::DeclaredIdle | DayState::OutsideScope => Finding::Excluded,
        DayState::Silent => {
            days.silent += 1;
            Finding::Undecided("no records, and nothing explains it")
        }
        DayState::Unclear => {
            days.unclear += 1;
            Finding::Undecided(
                "a trail was stopped or may have delivered elsewhere, and not every hour shows another",
            )
        }
        DayState::Stopped => {
            Finding::Failed("logging was stopped or sent elsewhere, says a record")
        }
        DayState::Missing => Finding::Failed("log files that digests list are not here"),
    }
}

impl UndecidedDays {
    fn notes(&self) -> impl Iterator<Item = String> {
        let notes = [
            (
                self.unclear,
                "on which a trail was stopped or may have delivered elsewhere, and hours without \
                 proof that another went on",
            ),
            (
                self.asked_for,
                "on which all records are of files that hold what was asked for (query results, \
                 output of filters, events of rules), which show nothing of others",
            ),
            (
                self.without_management,
                "without management events: others show nothing of them",
            ),
            (
                self.silent,
                "without any record: silence cannot be told from loss",
            ),
        ];
        let some = notes.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, words)| {
            let days = losses::counted(count, "day");
            format!("{days} of an account and Region {words}")
        })
    }
}

fn accounts(desk: &mut Desk<'_>) -> Result<(), AssessError> {
    let room = desk.room;
    if !room.places.is_given() {
        desk.blocks.push(
            "no scope file lists the accounts and Regions, so it is not known whether all of them are here"
                .to_owned(),
        );
    }
    let without: Vec<&str> = room.places.without_regions().collect();
    if !without.is_empty() {
        let block = format!(
            "the scope file lists no Regions for account {}",
            without.join(", ")
        );
        desk.blocks.push(block);
    }
    if room.grid.rows.is_empty() {
        desk.blocks
            .push("the log set holds no record of the period".to_owned());
    }
    let mut needs = desk.control.needs.iter();
    let asks_management = needs.any(EventClass::is_recorded_by_default);
    let (mut rows, mut total, mut days) = (Vec::new(), 0, UndecidedDays::default());
    for (number, row) in room.grid.rows.iter().enumerate() {
        for (at, (day, state)) in room.grid.days.iter().zip(&row.days).enumerate() {
            let lacks = match () {
                () if room.grid.asked_for[number][at] => Lacks::AllButAskedFor,
                () if asks_management && room.grid.without_management[number][at] => {
                    Lacks::Management
                }
                () => Lacks::Nothing,
            };
            let finding = find(*state, lacks, &mut days);
            let result = match finding {
                Finding::Conforming => {
                    desk.counts.examined += 1;
                    desk.counts.conforming += 1;
                    continue;
                }
                Finding::Excluded => {
                    desk.counts.examined += 1;
                    desk.counts.excluded += 1;
                    continue;
                }
                Finding::Undecided(why) => {
                    desk.counts.examined += 1;
                    desk.counts.undecided += 1;
                    why.to_owned()
                }
                Finding::Failed(why) => failed(*day, &row.account, why, desk)?,
            };
            let cause = room.grid.causes[number].get(&at);
            let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
            total += 1;
            // Of a large organization there are millions, and the table keeps the first.
            if rows.len() < DetailTable::MOST {
                rows.push(vec![
                    row.account.clone(),
                    row.region.clone(),
                    time::format_day(*day),
                    state.id().to_owned(),
                    result + &cause,
                ]);
            }
        }
    }
    let columns = ["account", "Region", "day", "state", "result"];
    desk.add_table("Days without proof of recording", &columns, rows, total);
    all_are_in("logs/coverage.csv", total, desk);
    desk.notes
        .push("what is counted here are days of each account and Region, not records".to_owned());
    desk.notes.extend(days.notes());
    Ok(())
}

/// Says where the rows are that a table does not keep.
fn all_are_in(file: &str, total: u64, desk: &mut Desk<'_>) {
    let most = DetailTable::MOST as u64;
    if total > most {
        desk.notes.push(format!(
            "the table below has the first {most} of {}; `{file}` has all, with their states",
            losses::counted(total, "row")
        ));
    }
}

fn failed(day: i64, account: &str, why: &str, desk: &mut Desk<'_>) -> Result<String, AssessError> {
    let fate = desk.fail(&[Witness {
        time: day,
        account,
        name: "",
        record: None,
    }])?;
    Ok(match fate {
        Fate::Exception => why.to_owned(),
        Fate::Waived(ticket) => format!("{why}, waived by {ticket}"),
        Fate::Excluded(why) => why,
    })
}

fn classes(desk: &mut Desk<'_>) {
    let needs = needs_of_all(desk.room.set);
    let mut rows = Vec::new();
    for proof in desk.room.proofs {
        // Digests are the matter of the integrity control.
        if !needs.contains(proof.class) || proof.class == EventClass::Digests {
            continue;
        }
        if proof.basis == Basis::Idle {
            desk.counts.examined += 1;
            desk.counts.excluded += 1;
            continue;
        }
        count(proof.is_proven, desk);
        rows.push(vec![
            proof.account.clone(),
            proof.region.clone(),
            proof.class.id().to_owned(),
            proof.records.to_string(),
            shown(proof.is_proven),
            proof.proof.clone(),
        ]);
    }
    if rows.is_empty() {
        desk.blocks
            .push("there is no account and Region of which classes could be proven".to_owned());
    }
    let total = rows.len() as u64;
    let columns = ["account", "Region", "class", "records", "result", "proof"];
    desk.add_table(
        "Event classes that the controls need",
        &columns,
        rows,
        total,
    );
    all_are_in("logs/classes.csv", total, desk);
    desk.notes.push(
        "what is counted here are event classes of each account and Region, not records".to_owned(),
    );
}

/// The classes that any control needs.
pub fn needs_of_all(set: &crate::control::set::ControlSet) -> ClassSet {
    let controls = set.controls().iter();
    ClassSet(controls.fold(0, |all, control| all | control.needs.0))
}

fn all_stores(stores: &[Store], desk: &mut Desk<'_>) {
    let mut rows = Vec::new();
    let proofs = StoreProofs::new(desk.room, desk.control);
    for store in stores {
        let entries = desk.room.scope.lists.get(&store.list);
        for entry in entries.map_or(&[][..], Vec::as_slice) {
            for class in store.classes.iter() {
                let found = proofs.of(store, entry, class);
                count(found.is_proven, desk);
                rows.push(vec![
                    found.store,
                    class.id().to_owned(),
                    shown(found.is_proven),
                    found.proof,
                ]);
            }
        }
    }
    let total = rows.len() as u64;
    let columns = ["store", "class", "result", "proof"];
    desk.add_table("Data stores and their events", &columns, rows, total);
    all_are_in("logs/stores.csv", total, desk);
    desk.notes
        .push("what is counted here are stores and their event classes, not records".to_owned());
}

fn count(is_proven: bool, desk: &mut Desk<'_>) {
    desk.counts.examined += 1;
    match is_proven {
        true => desk.counts.conforming += 1,
        false => desk.counts.undecided += 1,
    }
}

fn shown(is_proven: bool) -> String {
    match is_proven {
        true => "recorded".to_owned(),
        false => "not proven".to_owned(),
    }
}
