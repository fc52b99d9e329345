//! The tables of the PDF about digest chains: cover by time, and every fault.

use super::super::block::{Cell, Column, Rows, Run, Table, Tone};
use super::super::chart::grouped;
use super::super::templates::{cut, instant};
use crate::packet::model::{CoverInfo, CoverSpanInfo, FaultInfo, Packet};

/// Rows that the paper shows; the CSV files have all.
const MOST: usize = 500;

/// Every stretch of cover, place by place.
pub fn cover(packet: &Packet) -> Table<'_> {
    let found = &packet.integrity;
    let rows: Vec<Vec<Cell>> = found.cover.iter().flat_map(cover_rows).collect();
    let columns = vec![
        Column::points("Account", 84.0),
        Column::points("Region", 84.0),
        Column::points("From (UTC)", 92.0),
        Column::points("To (UTC)", 92.0),
        Column::share("State", 1.0),
    ];
    table(
        "integrity-cover",
        columns,
        rows,
        "There is no account or Region to show.",
        &found.cover_file,
    )
}

fn cover_rows(one: &CoverInfo) -> Vec<Vec<Cell>> {
    let row = |region: &str, span: &CoverSpanInfo| {
        let tone = match span.state.as_str() {
            "verified" => Tone::Good,
            "failed" | "hole" => Tone::Bad,
            _ => Tone::Warning,
        };
        let mut state = vec![Run::bold(&span.state).tone(tone)];
        if span.shown != span.state {
            state.push(Run::plain(format!(" {}", span.shown)));
        }
        if one.is_declared_idle {
            state.push(Run::plain(" (declared idle)").tone(Tone::Muted));
        }
        vec![
            Cell::mono(&one.account),
            Cell::text(region),
            Cell::text(instant(&span.from)),
            Cell::text(instant(&span.to)),
            state.into(),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = one
        .ranges
        .iter()
        .map(|span| row(&one.region, span))
        .collect();
    for trail in &one.trails {
        let place = format!("{}, trail {}", one.region, trail.trail);
        rows.extend(trail.ranges.iter().map(|span| row(&place, span)));
    }
    if one.idle_hours > 0 {
        rows.push(vec![
            Cell::mono(&one.account),
            Cell::text(&one.region),
            Cell::text(format!("{} whole hours", grouped(one.idle_hours))),
            Cell::text("of the period"),
            Cell::text(
                "proved idle: every delivered log file is here, and no record is of this time",
            ),
        ]);
    }
    rows
}

/// Every fault, what matters first.
pub fn faults(packet: &Packet) -> Table<'_> {
    let found = &packet.integrity.faults;
    let rows = found.rows.iter().map(fault_cells).collect();
    let columns = vec![
        Column::share("Object", 1.0),
        Column::points("Kind", 92.0),
        Column::points("Time of delivery (UTC)", 92.0),
        Column::share("What", 1.0),
    ];
    let empty = match packet.integrity.digests_seen {
        0 => "Nothing could be compared: there are no digest files.",
        _ => "Nothing.",
    };
    let table = table("integrity-faults", columns, rows, empty, &found.file);
    if found.shown < found.total {
        return Table {
            note: Some(format!(
                "{} of {} rows are shown here, what matters first. All are in {}",
                grouped(found.shown),
                grouped(found.total),
                found.file
            )),
            ..table
        };
    }
    table
}

fn fault_cells(one: &FaultInfo) -> Vec<Cell> {
    let tone = match one.weight.as_str() {
        "failed" => Tone::Bad,
        "unverified" => Tone::Warning,
        _ => Tone::Muted,
    };
    let mut object = vec![Run::mono(cut(&one.object, 400))];
    if one.count > 1 {
        object.push(Run::plain(format!(" {} files", grouped(one.count))).tone(Tone::Muted));
    }
    let mut kind = vec![
        Run::bold(format!("{} ", one.weight)).tone(tone),
        Run::mono(format!("{}: {}", one.thing, one.code)),
    ];
    if !one.matters {
        kind.push(Run::plain(" outside scope or period, or of no weight").tone(Tone::Muted));
    }
    let time = match (&one.from, &one.to) {
        (Some(from), Some(to)) => format!("{} to {}", instant(from), instant(to)),
        _ => "not known".to_owned(),
    };
    let mut what = vec![Run::plain(cut(&one.message, 600))];
    if !one.help.is_empty() {
        what.push(Run::plain(format!(" · {}", one.help)).tone(Tone::Muted));
    }
    vec![object.into(), kind.into(), Cell::text(time), what.into()]
}

pub(super) fn table<'p>(
    name: &str,
    columns: Vec<Column>,
    mut rows: Vec<Vec<Cell>>,
    when_empty: &str,
    file: &str,
) -> Table<'p> {
    let total = rows.len();
    rows.truncate(MOST);
    let note = match total {
        0 => None,
        total if total > MOST => Some(format!(
            "{MOST} of {} rows are shown here. All are in {file}",
            grouped(total as u64)
        )),
        _ => Some(format!("The same with whole texts is in {file}")),
    };
    Table {
        name: name.to_owned(),
        caption: None,
        columns,
        rows: Rows::Listed(rows),
        when_empty: when_empty.to_owned(),
        note,
        wide: false,
    }
}
