//! The tables of anomalies, corrections, late records and VPC endpoints.

use super::super::block::{Cell, Run, Table, Tone};
use super::super::chart::grouped;
use super::super::lists;
use super::super::templates::{cut, instant};
use super::tables::{With, of_list, plain, shown_of};
use crate::packet::model::{
    AddendumInfo, EndpointInfo, InsightEvent, InsightInfo, Packet, RoleInfo,
};

pub fn insights(packet: &Packet) -> Table<'_> {
    let found = &packet.log_set.insights;
    let columns = [
        ("Begin and end (UTC)", 92.0),
        ("Region and account", 80.0),
        ("What was unusual", 0.0),
        ("Baseline", -58.0),
        ("Value", -52.0),
        ("Who and what stood out", 0.0),
    ];
    let table = plain("insights", &found.rows, columns, insight_cells)
        .when_empty("No Insights event of the period is in the log set.");
    match found.total {
        0 => table,
        total => table.note(shown_of(found.shown, total, &found.file)),
    }
}

fn insight_cells(one: &InsightInfo) -> Vec<Cell> {
    let at = |event: &Option<InsightEvent>| match event {
        Some(event) => instant(&event.time),
        None => "not in the log set".to_owned(),
    };
    let told = one.end.as_ref().or(one.start.as_ref());
    let number = |of: fn(&InsightEvent) -> &String| Cell::text(told.map_or("", |event| of(event)));
    let mut what = vec![
        Run::plain(format!("{} ", one.event_name)),
        Run::plain(format!("{} ", one.event_source)).tone(Tone::Muted),
        Run::plain(one.kind.clone()),
    ];
    if !one.error_code.is_empty() {
        what.push(Run::plain(format!(" ({})", one.error_code)));
    }
    vec![
        Cell::text(format!("{} – {}", at(&one.start), at(&one.end))),
        Cell::mono(format!("{} {}", one.region, one.account)),
        what.into(),
        number(|event| &event.baseline),
        number(|event| &event.value),
        Cell::text(cut(&one.attributions, 300)),
    ]
}

pub fn addenda(packet: &Packet) -> Table<'_> {
    let found = &packet.log_set.addenda;
    let columns = [
        ("Time (UTC)", 72.0),
        ("Call", 0.0),
        ("Fields corrected", 84.0),
        ("Correction", 0.0),
        ("Corrected record", 0.0),
    ];
    let table = plain("addenda", &found.rows, columns, addendum_cells)
        .when_empty("No record of the period corrects another.");
    match found.total {
        0 => table,
        total => table.note(shown_of(found.shown, total, &found.file)),
    }
}

fn addendum_cells(one: &AddendumInfo) -> Vec<Cell> {
    let correction = vec![
        Run::mono(format!("{} ", one.event_id)),
        Run::plain(format!("{}. ", one.outcome_shown)),
        Run::plain(roles(&one.roles)),
    ];
    let mut original = vec![Run::mono(format!("{} ", one.original.event_id))];
    if let Some(time) = &one.original.time {
        let text = format!("of {}. {}", instant(time), roles(&one.original.roles));
        original.push(Run::plain(text));
    }
    vec![
        Cell::text(instant(&one.time)),
        Cell::text(format!("{} {}", one.event_name, one.event_source)),
        Cell::text(cut(&one.updated_fields, 200)),
        correction.into(),
        original.into(),
    ]
}

/// What a record is to controls.
fn roles(all: &[RoleInfo]) -> String {
    if all.is_empty() {
        return "No control of this framework sees it.".to_owned();
    }
    let all = all.iter();
    let all: Vec<_> = all
        .map(|one| format!("{}: {}", one.control, one.role))
        .collect();
    format!("{}.", all.join(", "))
}

pub fn late(packet: &Packet) -> Table<'_> {
    of_list(
        "late",
        lists::late(packet),
        [
            ("Account", 84.0),
            ("Region", 84.0),
            ("Reason", 0.0),
            ("Records", -52.0),
            ("First and last (UTC)", 180.0),
        ],
        |one| {
            vec![
                Cell::mono(&one.account),
                Cell::mono(&one.region),
                Cell::text(&one.reason),
                Cell::text(grouped(one.records)),
                Cell::text(format!(
                    "{} – {}",
                    instant(&one.first_time),
                    instant(&one.last_time)
                )),
            ]
        },
    )
}

pub fn endpoints(packet: &Packet) -> Table<'_> {
    let found = &packet.log_set.network_activity;
    let columns = [
        ("Region and account", 84.0),
        ("VPC endpoint, and whose", 0.0),
        ("Service", 104.0),
        ("Outcome", 84.0),
        ("Events", -48.0),
        ("First and last (UTC)", 92.0),
    ];
    let table = plain("endpoints", &found.rows, columns, endpoint_cells)
        .when_empty("No network activity event of the period is in the log set.");
    match found.total {
        0 => table,
        total => table.note(shown_of(found.shown, total, &found.file)),
    }
}

fn endpoint_cells(one: &EndpointInfo) -> Vec<Cell> {
    let outcome = match one.error.as_str() {
        "" => Cell::text("let through"),
        error => Run::bold(error).tone(Tone::Warning).into(),
    };
    vec![
        Cell::mono(format!("{} {}", one.region, one.account)),
        Cell::mono(format!("{} {}", one.endpoint, one.endpoint_account)),
        Cell::text(&one.event_source),
        outcome,
        Cell::text(grouped(one.records)),
        Cell::text(format!(
            "{} – {}",
            instant(&one.first_time),
            instant(&one.last_time)
        )),
    ]
}
