//! The tables of the PDF about digest chains: cover by time, and every fault.

use super::super::block::{Cell, Run, Table, Tone};
use super::super::chart::grouped;
use super::super::cover::{self, CoverLine};
use super::super::templates::{cut, instant};
use super::tables::{With, plain, whole_list};
use crate::packet::model::{CoverSpanInfo, FaultInfo, Packet};

/// Every stretch of cover, place by place.
pub fn cover(packet: &Packet) -> Table<'_> {
    whole_list(
        "integrity-cover",
        cover::lines(packet),
        &packet.integrity.cover_file,
        [
            ("Account", 84.0),
            ("Region", 84.0),
            ("From (UTC)", 92.0),
            ("To (UTC)", 92.0),
            ("State", 0.0),
        ],
        cover_cells,
    )
    .when_empty("There is no account or Region to show.")
}

fn cover_cells(line: &CoverLine<'_>) -> Vec<Cell> {
    let region = match line.trail {
        Some(trail) => format!("{}, trail {trail}", line.region),
        None => line.region.to_owned(),
    };
    let (from, to, state) = match line.range {
        Some(range) => (
            instant(&range.from.to_string()),
            instant(&range.to.to_string()),
            state_of(range, line.is_declared_idle),
        ),
        None => (
            format!("{} whole hours", grouped(line.idle_hours.unwrap_or(0))),
            "of the period".to_owned(),
            Cell::text(
                "proved idle: every delivered log file is here, and no record is of this time",
            ),
        ),
    };
    vec![
        Cell::mono(line.account),
        Cell::text(region),
        Cell::text(from),
        Cell::text(to),
        state,
    ]
}

fn state_of(span: &CoverSpanInfo, is_declared_idle: bool) -> Cell {
    let tone = match &*span.state {
        "verified" => Tone::Good,
        "failed" | "hole" => Tone::Bad,
        _ => Tone::Warning,
    };
    let mut state = vec![Run::bold(&*span.state).tone(tone)];
    if span.shown != span.state {
        state.push(Run::plain(format!(" {}", span.shown)));
    }
    if is_declared_idle {
        state.push(Run::plain(" (declared idle)").tone(Tone::Muted));
    }
    state.into()
}

/// Every fault, what matters first.
pub fn faults(packet: &Packet) -> Table<'_> {
    let found = &packet.integrity.faults;
    let columns = [
        ("Object", 0.0),
        ("Kind", 92.0),
        ("Time of delivery (UTC)", 92.0),
        ("What", 0.0),
    ];
    let empty = match packet.integrity.digests_seen {
        0 => "Nothing could be compared: there are no digest files.",
        _ => "Nothing.",
    };
    let table = plain("integrity-faults", &found.rows, columns, fault_cells).when_empty(empty);
    match found.total {
        0 => table,
        total if found.shown < total => table.note(format!(
            "{} of {} rows are shown here, what matters first. All are in {}",
            grouped(found.shown),
            grouped(total),
            found.file
        )),
        _ => table.note(format!("The same with whole texts is in {}", found.file)),
    }
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
