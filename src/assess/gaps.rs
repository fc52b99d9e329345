//! Why the needs of a control are not proven, told place by place.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::is_dark;
use super::coverage::Grid;
use super::intake::Loss;
use super::left_out::LeftOut;
use super::losses::{self, counted};
use super::outcome::{ClassProof, CoverageRow, DayState};
use crate::control::model::Control;
use crate::period::Period;
use crate::record::class::{ClassSet, EventClass};
use crate::record::time;
use crate::source::display::display_value;

/// Places that are listed one by one before they are only counted.
const SHOWN: usize = 12;
/// Records that tell of stops, for one place.
const TOLD: usize = 2;

/// What gaps are looked for in.
pub struct Ground<'a> {
    /// Account × Region × day.
    pub grid: &'a Grid,
    /// Account × Region × class.
    pub proofs: &'a [ClassProof],
    /// Services whose calls trails leave out, place by place.
    pub left_out: &'a [LeftOut],
    /// What could not be read.
    pub losses: &'a [Loss],
    /// The period.
    pub period: &'a Period,
}

/// Why a control cannot be answered in full; empty if it can.
/// Classes that are proven store by store (`by_store`) are asked elsewhere.
pub fn reasons(ground: &Ground<'_>, control: &Control, by_store: ClassSet) -> Vec<String> {
    let needs = control.needs;
    let mut all = Vec::new();
    if ground.grid.rows.is_empty() {
        all.push("the log set holds no record of the accounts in scope in the period".to_owned());
    }
    if needs.iter().any(is_daily) {
        let asks_management = needs.iter().any(EventClass::is_recorded_by_default);
        all.extend(day_reasons(ground.grid, asks_management));
    }
    let as_a_whole = ClassSet(needs.0 & !by_store.0);
    all.extend(class_reasons(ground, as_a_whole));
    all.extend(service_reasons(ground, control));
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
    let rows = grid.rows.iter().zip(&grid.causes);
    for ((row, causes), lacks) in rows.zip(&grid.without_management) {
        let told = |state: DayState, part: Option<String>| {
            let of_state = causes.iter().filter(|(at, _)| row.days[**at] == state);
            let told: BTreeSet<&str> = of_state.map(|(_, cause)| cause.as_ref()).collect();
            Some(part? + &told_by(&told))
        };
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
        let stopped = day_part("logging was stopped", &of_state(DayState::Stopped), grid);
        parts.extend(told(DayState::Stopped, stopped));
        let unclear = day_part(
            "a trail was stopped or may have delivered elsewhere, and not every hour since is \
             shown to be recorded",
            &of_state(DayState::Unclear),
            grid,
        );
        parts.extend(told(DayState::Unclear, unclear));
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

/// The records that tell of it, as far as there is room.
fn told_by(causes: &BTreeSet<&str>) -> String {
    let first: Vec<&str> = causes.iter().copied().take(TOLD).collect();
    let more = causes.len() - first.len();
    match (first.as_slice(), more) {
        ([], _) => String::new(),
        ([one], _) => format!(", says {one}"),
        (several, 0) => format!(", say {}", several.join(" and ")),
        (several, more) => format!(", say {} and {more} more", several.join(", ")),
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

fn class_reasons(ground: &Ground<'_>, needs: ClassSet) -> Vec<String> {
    // Places without any record have their days as a reason, and need no reason for each class.
    let dark: BTreeSet<(&str, &str)> = ground
        .grid
        .rows
        .iter()
        .filter(|row| is_dark(row) && needs.iter().any(is_daily))
        .map(|row| (row.account.as_str(), row.region.as_str()))
        .collect();
    let mut by_text: BTreeMap<(EventClass, &str), Vec<(&str, &str)>> = BTreeMap::new();
    for proof in ground.proofs {
        let place = (proof.account.as_str(), proof.region.as_str());
        if !proof.is_proven && needs.contains(proof.class) && !dark.contains(&place) {
            by_text
                .entry((proof.class, &proof.proof))
                .or_default()
                .push(place);
        }
    }
    let all = by_text.into_iter().map(|((class, proof), places)| {
        format!(
            "events of class `{}` are not proven to be recorded for {}: {proof}",
            class.id(),
            places_in_words(ground.grid, &places)
        )
    });
    all.collect()
}

/// A control that examines the calls of every service misses those that a trail leaves out.
fn service_reasons(ground: &Ground<'_>, control: &Control) -> Vec<String> {
    let mut by_text: BTreeMap<(&str, &str), Vec<(&str, &str)>> = BTreeMap::new();
    for one in ground.left_out {
        if control.may_examine_all_of(&one.service) {
            let places = by_text.entry((&one.service, &one.why)).or_default();
            places.push((&one.account, &one.region));
        }
    }
    let all = by_text.into_iter().map(|((service, why), places)| {
        format!(
            "calls of `{}` are examined too, and nothing shows that they are recorded for {}: {why}",
            display_value(service),
            places_in_words(ground.grid, &places)
        )
    });
    all.collect()
}

/// `account 111122223333`, or `account 111122223333 in eu-west-1` where others of its Regions are not meant.
fn places_in_words(grid: &Grid, places: &[(&str, &str)]) -> String {
    let mut by_account: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (account, region) in places {
        by_account.entry(account).or_default().push(region);
    }
    let shown: Vec<String> = by_account
        .iter()
        .take(SHOWN)
        .map(|(account, regions)| {
            let lit = grid
                .rows
                .iter()
                .filter(|row| row.account == *account && !is_dark(row));
            let account = display_value(account);
            if lit.count() <= regions.len() {
                return account;
            }
            let named: Vec<_> = regions
                .iter()
                .take(SHOWN)
                .map(|one| display_value(one))
                .collect();
            let more = match regions.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{account} in {}{more}", named.join(", "))
        })
        .collect();
    let more = match by_account.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let accounts = if by_account.len() == 1 {
        "account"
    } else {
        "accounts"
    };
    let between = if shown.iter().any(|one| one.contains(" in ")) {
        "; "
    } else {
        ", "
    };
    format!("{accounts} {}{more}", shown.join(between))
}
