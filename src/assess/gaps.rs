//! Why the needs of a control are not proven, told place by place.

use std::collections::BTreeMap;

use super::coverage::Grid;
use super::intake::Loss;
use super::losses::{self, counted};
use super::outcome::{ClassProof, CoverageRow, DayState};
use crate::period::Period;
use crate::record::class::{ClassSet, EventClass};
use crate::record::time;
use crate::source::display::display_value;

/// Places that are listed one by one before they are only counted.
const SHOWN: usize = 12;

/// What gaps are looked for in.
pub struct Ground<'a> {
    /// Account × Region × day.
    pub grid: &'a Grid,
    /// Account × class.
    pub proofs: &'a [ClassProof],
    /// What could not be read.
    pub losses: &'a [Loss],
    /// The period.
    pub period: &'a Period,
}

/// Why a control with these needs cannot be answered in full; empty if it can.
/// Classes that are proven store by store (`by_store`) are asked elsewhere.
pub fn reasons(ground: &Ground<'_>, needs: ClassSet, by_store: ClassSet) -> Vec<String> {
    let mut all = Vec::new();
    if ground.grid.rows.is_empty() {
        all.push("the log set holds no record of the accounts in scope in the period".to_owned());
    }
    if needs.iter().any(is_daily) {
        let asks_management = needs.iter().any(EventClass::is_recorded_by_default);
        all.extend(day_reasons(ground.grid, asks_management));
    }
    let as_a_whole = ClassSet(needs.0 & !by_store.0);
    all.extend(class_reasons(ground.proofs, as_a_whole));
    all.extend(losses::reason(
        ground.losses,
        &ground.grid.rows,
        ground.period,
    ));
    all
}

/// The days of which nothing is known, place by place.
pub fn days(grid: &Grid) -> Vec<String> {
    day_reasons(grid, false)
}

/// Whether a day without any record may hide records of this class.
fn is_daily(class: EventClass) -> bool {
    !matches!(class, EventClass::Insights | EventClass::Digests)
}

fn day_reasons(grid: &Grid, asks_management: bool) -> Vec<String> {
    let mut all = Vec::new();
    for (row, lacks) in grid.rows.iter().zip(&grid.without_management) {
        let of_state = |state: DayState| {
            let days = grid.days.iter().zip(&row.days);
            let days = days.filter(|(_, found)| **found == state);
            days.map(|(day, _)| *day).collect::<Vec<i64>>()
        };
        let mut parts = Vec::new();
        parts.extend(day_part("no records", &of_state(DayState::Silent), grid));
        parts.extend(day_part(
            "log files are missing",
            &of_state(DayState::Missing),
            grid,
        ));
        parts.extend(day_part(
            "logging was stopped",
            &of_state(DayState::Stopped),
            grid,
        ));
        if asks_management {
            let days = grid.days.iter().zip(lacks).filter(|(_, lacks)| **lacks);
            let days: Vec<i64> = days.map(|(day, _)| *day).collect();
            parts.extend(day_part("no management events", &days, grid));
        }
        if !parts.is_empty() {
            all.push(format!("{}: {}", place(row), parts.join("; ")));
        }
    }
    let hidden = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if hidden > 0 {
        all.push(format!(
            "{} more have such gaps; the coverage grid shows them",
            counted(hidden as u64, "account and Region")
        ));
    }
    all
}

fn place(row: &CoverageRow) -> String {
    let account = display_value(&row.account);
    let name = match row.account_name.as_str() {
        "" => String::new(),
        name => format!(" ({})", display_value(name)),
    };
    match row.region.as_str() {
        super::coverage::NO_REGION => format!("account {account}{name}, any Region"),
        region => format!("account {account}{name}, Region {}", display_value(region)),
    }
}

fn day_part(what: &str, days: &[i64], grid: &Grid) -> Option<String> {
    let first = days.first()?;
    let day = time::format_day(*first);
    let which = match days.len() {
        1 => day,
        _ => format!("{day} …"),
    };
    Some(format!(
        "{what} on {} of {} days ({which})",
        days.len(),
        grid.days.len()
    ))
}

fn class_reasons(proofs: &[ClassProof], needs: ClassSet) -> Vec<String> {
    let mut by_text: BTreeMap<(EventClass, &str), Vec<&str>> = BTreeMap::new();
    for proof in proofs {
        if !proof.is_proven && needs.contains(proof.class) {
            by_text
                .entry((proof.class, &proof.proof))
                .or_default()
                .push(&proof.account);
        }
    }
    let all = by_text.into_iter().map(|((class, proof), accounts)| {
        let shown: Vec<_> = accounts
            .iter()
            .take(SHOWN)
            .map(|account| display_value(account))
            .collect();
        let more = match accounts.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(
            "events of class `{}` are not proven to be recorded for {} {}{more}: {proof}",
            class.id(),
            if accounts.len() == 1 {
                "account"
            } else {
                "accounts"
            },
            shown.join(", ")
        )
    });
    all.collect()
}
