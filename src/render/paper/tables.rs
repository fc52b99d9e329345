//! The tables of the PDF: their columns, and rows made from the model one by one.

use std::ops::Deref;

use super::super::block::{Cell, Column, RowError, RowSource, Rows, Run, Table, Tone};
use super::super::bounded::{Bounded, Cut, joined as listed};
use super::super::chart::grouped;
use super::super::coverage;
use super::super::lists::{self, NamedList};
use super::super::picture::verdict_tone;
use super::super::templates::{anchor, cut, instant};
use super::{chains, remarks};
use crate::packet::model::{
    ControlInfo, DetailInfo, Input, Packet, RecordCountsInfo, Refusal, RequirementInfo, Row,
    RowList,
};

/// The table with this name.
pub fn named<'p>(packet: &'p Packet, name: &str) -> Option<Table<'p>> {
    let found = match name {
        "controls" => controls(packet),
        "requirements" => requirements(packet),
        "accounts" => of_list(
            name,
            lists::accounts(packet),
            [("Account", 84.0), ("Name", 0.0), ("Regions", 0.0)],
            |one| {
                vec![
                    Cell::mono(&one.id),
                    Cell::text(&one.name),
                    Cell::text(one.regions.join(", ") + &days(&one.from, &one.until)),
                ]
            },
        )
        .when_empty("The scope names no account for this framework, so coverage cannot be shown."),
        "idle" => of_list(
            name,
            lists::idle(packet),
            [("Account", 84.0), ("Region", 84.0), ("Reason", 0.0)],
            |one| {
                vec![
                    or_all(&one.account, "every account"),
                    or_all(&one.region, "every Region"),
                    Cell::text(one.reason.clone() + &days(&one.from, &one.until)),
                ]
            },
        ),
        "recorded" => of_list(
            name,
            lists::recorded(packet),
            [
                ("Class", 84.0),
                ("Account", 84.0),
                ("Stores", 0.0),
                ("Source of the statement", 0.0),
            ],
            |one| {
                vec![
                    Cell::text(one.class),
                    Cell::text(one.account.unwrap_or("every account")),
                    Cell::text(match one.stores.as_str() {
                        "" => "all",
                        stores => stores,
                    }),
                    Cell::text(one.source),
                ]
            },
        ),
        "maintenance" => of_list(
            name,
            lists::maintenance(packet),
            [
                ("From (UTC)", 84.0),
                ("Until (UTC)", 84.0),
                ("Account", 76.0),
                ("Controls", 0.0),
                ("Reason", 0.0),
                ("Ticket", 56.0),
            ],
            |one| {
                vec![
                    Cell::text(instant(&one.from)),
                    Cell::text(instant(&one.until)),
                    or_all(&one.account, "every account"),
                    all_or(&one.controls),
                    Cell::text(&one.reason),
                    or_all(&one.ticket, "none"),
                ]
            },
        ),
        "waivers" => of_list(
            name,
            lists::waivers(packet),
            [
                ("Control", 0.0),
                ("Ticket", 64.0),
                ("Reason", 0.0),
                ("Approver", 76.0),
                ("Covers", 0.0),
                ("Up to (UTC)", 56.0),
            ],
            |one| {
                let covers = match one.event_ids.as_slice() {
                    [] => one.covers.clone(),
                    ids => listed(ids, ", "),
                };
                vec![
                    Cell::from(Run::plain(&one.control).link(anchor(&one.control))),
                    Cell::text(&one.ticket),
                    Cell::text(&one.reason),
                    Cell::text(&one.approver),
                    Cell::text(covers),
                    Cell::text(&one.expires),
                ]
            },
        ),
        "lists" => of_items(
            name,
            lists::named(packet),
            [("List", 100.0), ("Entries", 0.0), ("Used by", 130.0)],
            list_cells,
        ),
        "coverage" => whole_list(
            name,
            coverage::lines(packet),
            &packet.coverage.file,
            [
                ("Account", 66.0),
                ("Region", 76.0),
                ("Records", 48.0),
                ("Delivered days", 52.0),
                ("Other days", 0.0),
                ("Hours that digests prove idle", 0.0),
            ],
            coverage_cells,
        )
        .when_empty("There is no account or Region to show."),
        "classes" => of_list(
            name,
            lists::classes(packet),
            [
                ("Account", 76.0),
                ("Region", 76.0),
                ("Class", 84.0),
                ("Proven", 56.0),
                ("Records", -52.0),
                ("How, or what is missing", 0.0),
            ],
            |one| {
                vec![
                    Cell::mono(&one.account),
                    Cell::text(&one.region),
                    Cell::text(&one.class),
                    proven(one.is_proven),
                    Cell::text(grouped(one.records)),
                    Cell::text(&one.proof),
                ]
            },
        )
        .when_empty("No class was looked for."),
        "stores" => of_list(
            name,
            lists::stores(packet),
            [
                ("Store", 0.0),
                ("Class", 76.0),
                ("Proven", 56.0),
                ("Records", -52.0),
                ("How, or what is missing", 0.0),
            ],
            |one| {
                vec![
                    Cell::mono(&one.store),
                    Cell::text(&one.class),
                    proven(one.is_proven),
                    Cell::text(grouped(one.records)),
                    Cell::text(&one.proof),
                ]
            },
        )
        .when_empty("No control of this run names a data store."),
        "snapshots" => of_items(
            name,
            lists::snapshots(packet),
            [
                ("File", 0.0),
                ("SHA-256", 0.0),
                ("Taken (UTC)", 90.0),
                ("Trails", 0.0),
            ],
            |one| {
                let taken = one.taken_at.map_or("not stated".to_owned(), instant);
                vec![
                    Cell::text(one.file),
                    Cell::mono(one.sha256),
                    Cell::text(taken),
                    Cell::text(&one.trails),
                ]
            },
        ),
        "by-account" => of_list(name, lists::by_account(packet), BY_ACCOUNT, |one| {
            let mut cells = vec![Cell::mono(&one.account)];
            cells.extend(counts(&one.counts));
            cells
        })
        .when_empty("No record was seen."),
        "by-class" => plain(
            name,
            &packet.log_set.by_class,
            [("Class", 160.0), ("Records (one can be of several)", 0.0)],
            |one| vec![Cell::text(&one.class), Cell::text(grouped(one.records))],
        )
        .when_empty("No record was examined."),
        "integrity-cover" => chains::cover(packet),
        "integrity-faults" => chains::faults(packet),
        "integrity-keys" => plain(
            name,
            &packet.integrity.keys,
            [
                ("Region", 72.0),
                ("Fingerprint (MD5)", 108.0),
                ("Valid (UTC)", 108.0),
                ("File and its SHA-256", 0.0),
            ],
            |one| {
                let region = match one.region.as_str() {
                    "" => "not told",
                    region => region,
                };
                vec![
                    Cell::text(region),
                    Cell::mono(&one.fingerprint),
                    Cell::text(format!(
                        "{} to {}",
                        instant(&one.valid_from),
                        instant(&one.valid_to)
                    )),
                    Cell::mono(format!("{}: {}", one.file, one.file_sha256)),
                ]
            },
        )
        .when_empty("No public keys were supplied, so no signature could be checked."),
        "shapes" => plain(
            name,
            &packet.log_set.shapes,
            [
                ("Found to be", 130.0),
                ("Files", 45.0),
                ("Records", 55.0),
                ("What it cannot prove", 0.0),
            ],
            |one| {
                vec![
                    Cell::text(&one.shape),
                    Cell::text(grouped(one.files)),
                    Cell::text(grouped(one.records)),
                    Cell::text(&one.cannot_prove),
                ]
            },
        )
        .when_empty("No record was read."),
        "insights" => remarks::insights(packet),
        "addenda" => remarks::addenda(packet),
        "late" => remarks::late(packet),
        "endpoints" => remarks::endpoints(packet),
        "refusals" => refusals(packet),
        "inputs" => inputs(packet),
        _ => return of_control(packet, name),
    };
    Some(found)
}

fn of_control<'p>(packet: &'p Packet, name: &str) -> Option<Table<'p>> {
    let (kind, rest) = name.split_once('/')?;
    let (id, what) = rest.split_once('/')?;
    let control = packet.controls.iter().find(|one| one.id == id)?;
    let lists = &control.lists_of_records;
    match (kind, what) {
        ("rows", "exceptions") => Some(records(
            name,
            &lists.exceptions,
            "exception",
            no_exceptions(control),
        )),
        ("rows", "attempts") => Some(records(
            name,
            &lists.attempts,
            "attempt",
            "No refused call that matches is on record.",
        )),
        ("rows", "undecided") => Some(records(
            name,
            &lists.undecided,
            "undecided",
            "No record is undecided.",
        )),
        ("rows", "sample") => Some(records(
            name,
            &lists.sample,
            "conforming",
            "The sample is empty.",
        )),
        ("details", number) => {
            let place: usize = number.parse().ok()?;
            Some(details(name, control.details.get(place)?))
        }
        _ => None,
    }
}

/// What stands in place of rows; an exception can be something that is missing.
fn no_exceptions(control: &ControlInfo) -> &'static str {
    if control.counts.exceptions + control.counts.waived > 0 {
        "The exceptions of this control are no single records; the tables above list them."
    } else {
        "No record is listed as an exception."
    }
}

/// Rows that are made from items of the model whenever they are asked for.
struct FromItems<I, F> {
    items: I,
    cells: F,
}

impl<T, I: Deref<Target = [T]>, F: Fn(&T) -> Vec<Cell>> RowSource for FromItems<I, F> {
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError> {
        for item in self.items.iter() {
            each(&(self.cells)(item));
        }
        Ok(())
    }
}

/// A table of one row for each item. Widths: points, negative for right-aligned, 0 for a share.
pub(super) fn plain<'p, T, const N: usize>(
    name: &str,
    items: &'p [T],
    columns: [(&str, f64); N],
    cells: impl Fn(&T) -> Vec<Cell> + 'p,
) -> Table<'p> {
    of_items(name, items, columns, cells)
}

/// A table of the rows that views show of a list, and of what they leave out.
pub(super) fn of_list<'p, T: 'p, const N: usize>(
    name: &str,
    list: Bounded<T>,
    columns: [(&str, f64); N],
    cells: impl Fn(&T) -> Vec<Cell> + 'p,
) -> Table<'p> {
    let line = list.cut.as_ref().map(Cut::line);
    Table {
        caption: line.clone(),
        note: line,
        ..of_items(name, list.rows, columns, cells)
    }
}

/// The same, with the name of the file that has whole texts where nothing is left out.
pub(super) fn whole_list<'p, T: 'p, const N: usize>(
    name: &str,
    list: Bounded<T>,
    file: &str,
    columns: [(&str, f64); N],
    cells: impl Fn(&T) -> Vec<Cell> + 'p,
) -> Table<'p> {
    let is_empty = list.rows.is_empty();
    let table = of_list(name, list, columns, cells);
    if is_empty || table.note.is_some() {
        return table;
    }
    table.note(format!("The same with whole texts is in {file}"))
}

fn of_items<'p, T: 'p, const N: usize>(
    name: &str,
    items: impl Deref<Target = [T]> + 'p,
    columns: [(&str, f64); N],
    cells: impl Fn(&T) -> Vec<Cell> + 'p,
) -> Table<'p> {
    let column = |(title, width): (&str, f64)| match width {
        0.0 => Column::share(title, 1.0),
        width if width < 0.0 => Column::points(title, -width).right(),
        width => Column::points(title, width),
    };
    Table {
        name: name.to_owned(),
        caption: None,
        columns: columns.into_iter().map(column).collect(),
        rows: Rows::Streamed(Box::new(FromItems { items, cells })),
        when_empty: "None.".to_owned(),
        note: None,
        wide: false,
    }
}

/// Small changes to a table.
pub(super) trait With {
    fn when_empty(self, text: &str) -> Self;
    fn note(self, text: String) -> Self;
    fn wide(self) -> Self;
}

impl With for Table<'_> {
    fn when_empty(self, text: &str) -> Self {
        Table {
            when_empty: text.to_owned(),
            ..self
        }
    }

    fn note(self, text: String) -> Self {
        Table {
            note: Some(text),
            ..self
        }
    }

    fn wide(self) -> Self {
        Table { wide: true, ..self }
    }
}

/// The days of an account or an idle place, behind other text; nothing where they are all.
fn days(from: &Option<String>, until: &Option<String>) -> String {
    let from = from.as_ref().map(|day| format!(" from {day}"));
    let until = until.as_ref().map(|day| format!(" until {day}"));
    match from.unwrap_or_default() + &until.unwrap_or_default() {
        days if days.is_empty() => days,
        days => format!(";{days}"),
    }
}

fn or_all(value: &Option<String>, otherwise: &str) -> Cell {
    Cell::text(value.as_deref().unwrap_or(otherwise))
}

fn all_or(values: &[String]) -> Cell {
    match values {
        [] => Cell::text("all"),
        values => Cell::text(values.join(", ")),
    }
}

/// Whether rows were left out, and where all of them are.
pub(super) fn shown_of(shown: u64, total: u64, file: &str) -> String {
    match (shown, total) {
        (1, 1) => format!("The only row is shown. The same with whole texts is in {file}"),
        (shown, total) if shown < total => format!(
            "{} of {} rows are shown here. All are in {file}",
            grouped(shown),
            grouped(total)
        ),
        (_, total) => format!(
            "All {} rows are shown. The same with whole texts is in {file}",
            grouped(total)
        ),
    }
}

fn verdict(id: &str, shown: &str) -> Run {
    Run::bold(shown).tone(verdict_tone(id))
}

const BY_ACCOUNT: [(&str, f64); 9] = [
    ("Account", 78.0),
    ("Seen", -52.0),
    ("Examined", -52.0),
    ("Duplicates", -54.0),
    ("In conflict", -50.0),
    ("Corrected", -50.0),
    ("Refused", -46.0),
    ("Outside period", -54.0),
    ("Outside scope", -48.0),
];

fn counts(counts: &RecordCountsInfo) -> [Cell; 8] {
    let [a, b, c, d, e, f, g] = counts.parts().map(|(_, count)| count);
    [counts.seen, a, b, c, d, e, f, g].map(|count| Cell::text(grouped(count)))
}

fn controls(packet: &Packet) -> Table<'_> {
    let columns = [
        ("Control", 0.0),
        ("Verdict", 92.0),
        ("Examined", -52.0),
        ("Exceptions", -58.0),
        ("Waived", -42.0),
        ("Undecided", -50.0),
        ("Attempts", -46.0),
    ];
    plain("controls", &packet.controls, columns, control_cells)
        .when_empty("No control was run for this framework.")
}

fn control_cells(one: &ControlInfo) -> Vec<Cell> {
    let at_least = if one.is_lower_bound && one.counts.exceptions > 0 {
        "at least "
    } else {
        ""
    };
    vec![
        vec![
            Run::plain(&one.title).link(anchor(&one.id)),
            Run::plain(format!(" {}, {}", one.id, one.severity)).tone(Tone::Muted),
        ]
        .into(),
        verdict(&one.verdict, &one.verdict_shown).into(),
        Cell::text(grouped(one.counts.examined)),
        Cell::text(format!("{at_least}{}", grouped(one.counts.exceptions))),
        Cell::text(grouped(one.counts.waived)),
        Cell::text(grouped(one.counts.undecided)),
        Cell::text(grouped(one.counts.attempts)),
    ]
}

fn requirements(packet: &Packet) -> Table<'_> {
    let columns = [
        ("Number", 62.0),
        ("What it asks, in short; what CloudTrail shows", 0.0),
        ("Controls", 130.0),
        ("Verdict", 112.0),
    ];
    plain(
        "requirements",
        &packet.requirements,
        columns,
        requirement_cells,
    )
}

fn requirement_cells(one: &RequirementInfo) -> Vec<Cell> {
    let mut controls = Vec::new();
    for control in &one.controls {
        if !controls.is_empty() {
            controls.push(Run::plain("; "));
        }
        controls.push(Run::plain(&control.id).link(anchor(&control.id)));
        controls.push(
            Run::plain(format!(" ({})", control.verdict_shown.to_lowercase())).tone(Tone::Muted),
        );
    }
    if controls.is_empty() {
        controls.push(Run::plain("none").tone(Tone::Muted));
    }
    let mut number = vec![Run::bold(&one.id)];
    number.extend(
        one.implementation
            .iter()
            .map(|kind| Run::plain(format!(" {kind}")).tone(Tone::Muted)),
    );
    vec![
        number.into(),
        vec![
            Run::plain(format!("{} ", one.title)),
            Run::bold(format!("{}. ", one.evidence_shown)).tone(Tone::Muted),
            Run::plain(&one.note).tone(Tone::Muted),
        ]
        .into(),
        controls.into(),
        vec![
            verdict(&one.verdict, &one.verdict_shown),
            Run::plain(format!(" {}", one.why)).tone(Tone::Muted),
        ]
        .into(),
    ]
}

fn list_cells(one: &NamedList<'_>) -> Vec<Cell> {
    let mut name = vec![Run::mono(one.name)];
    if one.state != "filled" {
        name.push(Run::bold(format!(" {}", one.state)).tone(Tone::Warning));
    }
    let mut entries = Vec::new();
    if let Some(cut) = &one.entries.cut {
        entries.push(Run::bold(format!("{}. ", cut.line())));
    }
    for (at, entry) in one.entries.rows.iter().enumerate() {
        if at > 0 {
            entries.push(Run::plain("; "));
        }
        entries.push(Run::mono(&entry.value));
        let mut more = format!(" {}", entry.test);
        for (word, value) in [
            ("from", entry.from.as_deref().map(instant)),
            ("until", entry.until.as_deref().map(instant)),
            ("because", entry.reason.clone()),
        ] {
            if let Some(value) = value {
                more.push_str(&format!(", {word} {value}"));
            }
        }
        entries.push(Run::plain(more).tone(Tone::Muted));
    }
    if entries.is_empty() {
        entries.push(Run::plain("no entry").tone(Tone::Muted));
    }
    vec![
        name.into(),
        entries.into(),
        Cell::text(one.used_by.join(", ")),
    ]
}

fn coverage_cells(one: &coverage::PlaceLine) -> Vec<Cell> {
    let or_none = |text: &str| Cell::text(if text.is_empty() { "none" } else { text });
    vec![
        Cell::mono(&one.account),
        Cell::text(&one.region),
        Cell::text(grouped(one.records)),
        Cell::text(grouped(one.delivered)),
        or_none(&one.others),
        or_none(&one.idle_hours),
    ]
}

fn refusals(packet: &Packet) -> Table<'_> {
    let found = &packet.log_set.refusals;
    let columns = [
        ("File", 0.0),
        ("Record", 56.0),
        ("Reason", 0.0),
        ("Evidence missing", 62.0),
    ];
    let table = plain("refusals", &found.rows, columns, refusal_cells)
        .when_empty("Nothing was refused, and every file is a log.");
    match found.total {
        0 => table,
        total => table.note(shown_of(found.shown, total, &found.file)),
    }
}

fn refusal_cells(one: &Refusal) -> Vec<Cell> {
    vec![
        Cell::mono(&one.file),
        Cell::text(
            one.index
                .map_or_else(|| "whole file".to_owned(), |index| index.to_string()),
        ),
        vec![
            Run::mono(format!("{} ", one.code)),
            Run::plain(cut(&one.message, 400)),
        ]
        .into(),
        match one.is_loss {
            true => Run::bold("possible").tone(Tone::Warning).into(),
            false => Cell::text("no"),
        },
    ]
}

/// Input files that paper shows; nobody reads hashes of thousands of files there.
const MOST_INPUTS: usize = 40;

fn inputs(packet: &Packet) -> Table<'_> {
    let found = &packet.log_set.inputs;
    let columns = [
        ("File", 0.0),
        ("SHA-256 as stored", 190.0),
        ("Found to be", 110.0),
        ("Bytes", -58.0),
        ("Records", -48.0),
        ("Duplicates", -52.0),
    ];
    let shown = &found.rows[..found.rows.len().min(MOST_INPUTS)];
    let table = plain("inputs", shown, columns, input_cells).when_empty("No file was given.");
    match found.total {
        0 => table,
        total => table
            .wide()
            .note(shown_of(shown.len() as u64, total, &found.file)),
    }
}

fn input_cells(one: &Input) -> Vec<Cell> {
    let mut file = vec![Run::mono(&one.file)];
    file.extend(
        one.notices
            .iter()
            .map(|notice| Run::plain(format!(" · {notice}")).tone(Tone::Muted)),
    );
    let mut shape = vec![Run::plain(&one.shape)];
    if one.outcome != "read" {
        shape.push(Run::bold(format!(" {}", one.outcome)).tone(Tone::Warning));
    }
    if one.refused > 0 {
        shape.push(Run::bold(format!(" {} records refused", grouped(one.refused))).tone(Tone::Bad));
    }
    vec![
        file.into(),
        Cell::mono(if one.sha256.is_empty() {
            "not read"
        } else {
            &one.sha256
        }),
        shape.into(),
        Cell::text(grouped(one.bytes)),
        Cell::text(grouped(one.records)),
        Cell::text(grouped(one.duplicates)),
    ]
}

fn details<'p>(name: &str, table: &'p DetailInfo) -> Table<'p> {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|title| Column::share(title, 1.0))
        .collect();
    Table {
        columns,
        note: Some(if table.shown < table.total {
            format!(
                "{} of {} rows are shown here and in {}",
                grouped(table.shown),
                grouped(table.total),
                table.file
            )
        } else {
            format!(
                "All {} rows are shown, and are in {}",
                grouped(table.total),
                table.file
            )
        }),
        ..plain(name, &table.rows, [], |row: &Vec<String>| {
            row.iter().map(|cell| Cell::text(cut(cell, 300))).collect()
        })
    }
}

/// Longer lists get pages on their side; for shorter ones a turn of the page is not worth it.
const LONG: u64 = 8;

fn records<'p>(name: &str, list: &'p RowList, role: &'static str, empty: &str) -> Table<'p> {
    let table = if list.total > LONG {
        let columns = [
            ("Time (UTC)", 54.0),
            ("Event", 92.0),
            ("Who", 0.0),
            ("Where", 96.0),
            ("Outcome", 76.0),
            ("Target", 0.0),
            ("Event id and origin", 182.0),
        ];
        plain(name, &list.rows, columns, move |row| {
            Parts::of(row, role).seven()
        })
        .wide()
    } else {
        let columns = [
            ("Time (UTC) and event", 88.0),
            ("Who", 0.0),
            ("Where and outcome", 100.0),
            ("Target", 0.0),
            ("Event id and origin", 122.0),
        ];
        plain(name, &list.rows, columns, move |row| {
            Parts::of(row, role).five()
        })
    };
    let table = table.when_empty(empty);
    match &list.file {
        Some(file) if list.total > 0 => table.note(shown_of(list.shown, list.total, file)),
        _ => table,
    }
}

/// What a row says, before it is put into cells.
struct Parts {
    time: Vec<Run>,
    event: Vec<Run>,
    who: Vec<Run>,
    place: Vec<Run>,
    outcome: Vec<Run>,
    target: Vec<Run>,
    origin: Vec<Run>,
}

impl Parts {
    fn of(row: &Row, role: &str) -> Parts {
        let muted = |text: String| Run::plain(text).tone(Tone::Muted);
        let mut who = vec![
            Run::plain(cut(&row.actor, 200)),
            muted(format!(" {}", row.actor_kind)),
        ];
        if !row.person.is_empty() {
            who.push(muted(format!(" · {}", cut(&row.person, 160))));
        }
        let mut place = vec![
            Run::plain(format!(
                "{} {} ",
                cut(&row.account, 40),
                cut(&row.region, 40)
            )),
            muted(format!("from {}", cut(&row.source_ip, 80))),
        ];
        if !row.user_agent.is_empty() {
            place.push(muted(format!(" with {}", cut(&row.user_agent, 100))));
        }
        let mut target = vec![Run::plain(cut(&row.target, 240))];
        if row.masked {
            target.push(muted(" (secrets masked)".to_owned()));
        }
        let id = match &*row.event_id {
            "" => Run::plain("no event id"),
            id => Run::mono(cut(id, 80)),
        };
        let mut origin = format!(" record {} of {}", row.index, row.file);
        if let Some(line) = row.record_line {
            origin.push_str(&format!("; line {line} of records.jsonl"));
        }
        Parts {
            time: vec![Run::plain(instant(&row.time))],
            event: vec![
                Run::bold(cut(&row.event_name, 120)),
                muted(format!(" {}", cut(&row.event_source, 120))),
            ],
            who,
            place,
            outcome: outcome(row, role),
            target,
            origin: vec![id, muted(origin)],
        }
    }

    fn seven(self) -> Vec<Cell> {
        let parts = [
            self.time,
            self.event,
            self.who,
            self.place,
            self.outcome,
            self.target,
            self.origin,
        ];
        parts.into_iter().map(Cell::from).collect()
    }

    fn five(self) -> Vec<Cell> {
        let parts = [
            joined(self.time, " ", self.event),
            self.who,
            joined(self.place, " · ", self.outcome),
            self.target,
            self.origin,
        ];
        parts.into_iter().map(Cell::from).collect()
    }
}

fn joined(mut one: Vec<Run>, between: &str, other: Vec<Run>) -> Vec<Run> {
    one.push(Run::plain(between));
    one.extend(other);
    one
}

fn outcome(row: &Row, role: &str) -> Vec<Run> {
    let mut runs = vec![match &*row.outcome {
        "refused" => Run::bold("refused").tone(Tone::Warning),
        other => Run::plain(other),
    }];
    if !row.error.is_empty() {
        runs.push(Run::plain(format!(" {}", cut(&row.error, 160))).tone(Tone::Muted));
    }
    if let Some(ticket) = &row.waiver {
        runs.push(Run::bold(format!(" waived, {ticket}")).tone(Tone::Warning));
    }
    if !row.reason.is_empty() {
        runs.push(Run::plain(format!(" {}", cut(&row.reason, 300))).tone(Tone::Muted));
    }
    if *row.role != *role {
        runs.push(Run::plain(format!(" as {}", row.role)).tone(Tone::Muted));
    }
    runs
}

/// Whether a class was recorded, in words that do not need their colour.
fn proven(is_proven: bool) -> Cell {
    match is_proven {
        true => Run::bold("proven").tone(Tone::Good).into(),
        false => Run::bold("not proven").tone(Tone::Warning).into(),
    }
}
