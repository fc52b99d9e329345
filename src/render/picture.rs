//! The charts of a packet: which numbers of the model make which picture.
//!
//! The same charts go into every view. A chart repeats numbers that stand in a
//! table nearby; it adds none.

use std::collections::HashMap;

use super::block::{Bar, Chart, ChartKind, GridRow, Pattern, StackedRow, State, Tone};
use super::bounded::{Bounded, Kind, bounded, drawn};
use super::chart::{Anchor, Ink, Mark, Scene, grouped};
use super::{cover, coverage};
use crate::packet::model::{ControlInfo, Packet};
use crate::period::DAY;
use crate::record::class::EventClass;
use crate::record::time;

/// How a verdict looks: tone, letter, pattern. The words always stand beside it.
pub fn verdict_state(id: &str, shown: &str) -> State {
    let (letter, tone, pattern) = match id {
        "exceptions" => ('E', Tone::Bad, Pattern::Solid),
        "not-determinable" => ('?', Tone::Warning, Pattern::Crossed),
        "listed" => ('L', Tone::Accent, Pattern::Open),
        "waived" => ('W', Tone::Warning, Pattern::Open),
        "no-activity" => ('0', Tone::Muted, Pattern::Hatched),
        "no-exceptions" => ('N', Tone::Good, Pattern::Solid),
        _ => ('–', Tone::Muted, Pattern::Open),
    };
    State {
        label: shown.to_owned(),
        letter,
        tone,
        pattern,
    }
}

/// The tone of a verdict.
pub fn verdict_tone(id: &str) -> Tone {
    verdict_state(id, "").tone
}

/// How many controls have which verdict.
pub fn controls_by_verdict(packet: &Packet) -> Chart {
    let counts = &packet.conclusion.controls;
    Chart {
        title: "Controls by verdict".to_owned(),
        description: in_words(counts.iter().map(|one| (one.shown.as_str(), one.count))),
        kind: ChartKind::Bars(
            counts
                .iter()
                .map(|one| Bar {
                    label: one.shown.clone(),
                    value: one.count,
                    tone: verdict_tone(&one.verdict),
                })
                .collect(),
        ),
    }
}

/// How many requirements of each group have which verdict.
pub fn requirements_by_group(packet: &Packet) -> Chart {
    let verdicts = &packet.conclusion.requirements;
    let mut rows: Vec<StackedRow> = Vec::new();
    for one in &packet.requirements {
        let place = verdicts
            .iter()
            .position(|count| count.verdict == one.verdict);
        if rows.last().is_none_or(|row| row.label != one.group) {
            rows.push(StackedRow {
                label: one.group.clone(),
                values: vec![0; verdicts.len()],
            });
        }
        if let (Some(row), Some(place)) = (rows.last_mut(), place) {
            row.values[place] += 1;
        }
    }
    Chart {
        title: "Requirements by group and verdict".to_owned(),
        description: in_words(verdicts.iter().map(|one| (one.shown.as_str(), one.count))),
        kind: ChartKind::Stacked {
            states: verdicts
                .iter()
                .map(|one| verdict_state(&one.verdict, &one.shown))
                .collect(),
            rows,
        },
    }
}

/// Exceptions of each control that has some; nothing if none has.
pub fn exceptions_by_control(packet: &Packet) -> Option<Chart> {
    let with: Vec<_> = packet
        .controls
        .iter()
        .filter(|one| one.counts.exceptions > 0)
        .collect();
    (!with.is_empty()).then(|| Chart {
        title: "Exceptions by control".to_owned(),
        description: in_words(
            with.iter()
                .map(|one| (one.id.as_str(), one.counts.exceptions)),
        ),
        kind: ChartKind::Bars(
            with.iter()
                .map(|one| Bar {
                    label: one.id.clone(),
                    value: one.counts.exceptions,
                    tone: Tone::Bad,
                })
                .collect(),
        ),
    })
}

/// Exceptions of one control on every day of the period.
pub fn exceptions_by_day(packet: &Packet, control: &ControlInfo) -> Chart {
    let found = &control.exceptions_by_day;
    let count_of = |day: &String| {
        found
            .iter()
            .find(|one| one.day == *day)
            .map_or(0, |one| one.count)
    };
    let days = &packet.coverage.days;
    Chart {
        title: "Exceptions by day (UTC)".to_owned(),
        description: in_words(found.iter().map(|one| (one.day.as_str(), one.count))),
        kind: ChartKind::Grid {
            states: vec![
                amount("none", '·', Tone::Muted, Pattern::Open),
                amount("1", '1', Tone::Bad, Pattern::Open),
                amount("2 to 9", '2', Tone::Bad, Pattern::Hatched),
                amount("10 to 99", 'X', Tone::Bad, Pattern::Crossed),
                amount("100 and more", 'C', Tone::Bad, Pattern::Solid),
            ],
            columns: days.iter().map(|day| month_and_day(day)).collect(),
            rows: vec![GridRow {
                label: "Exceptions".to_owned(),
                cells: days
                    .iter()
                    .map(|day| match count_of(day) {
                        0 => 0,
                        1 => 1,
                        2..=9 => 2,
                        10..=99 => 3,
                        _ => 4,
                    })
                    .collect(),
            }],
        },
    }
}

fn amount(label: &str, letter: char, tone: Tone, pattern: Pattern) -> State {
    State {
        label: label.to_owned(),
        letter,
        tone,
        pattern,
    }
}

/// A row of the grid: one account and Region, or several Regions of an account that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow<'p> {
    /// Account id.
    pub account: &'p str,
    /// The Regions; more than one only where all days of all of them have one state.
    pub regions: Vec<&'p str>,
    /// The letter of each day.
    pub days: &'p str,
    /// Records kept on each day.
    pub counts: Vec<u64>,
}

impl PlaceRow<'_> {
    /// What stands before the row.
    pub fn label(&self) -> String {
        match self.regions.as_slice() {
            [one] => format!("{} {one}", self.account),
            many => format!("{} {} Regions", self.account, many.len()),
        }
    }
}

/// The rows of the grid. Regions of an account that are in one and the same state on all days share
/// a row, so that a large organization stays readable; the table beside it names them.
pub fn place_rows(packet: &Packet) -> Bounded<PlaceRow<'_>> {
    let mut rows: Vec<PlaceRow<'_>> = Vec::new();
    let mut alike: HashMap<(&str, &str), usize> = HashMap::new();
    for row in packet.coverage.rows.iter() {
        let mut letters = row.days.chars();
        let first = letters.next();
        let is_uniform = first.is_some() && letters.all(|letter| Some(letter) == first);
        let place = (row.account.as_str(), row.days.as_str());
        match alike.get(&place).map(|at| &mut rows[*at]) {
            Some(one) => {
                one.regions.push(&row.region);
                for (sum, count) in one.counts.iter_mut().zip(&row.counts) {
                    *sum += count;
                }
            }
            None => {
                if is_uniform {
                    alike.insert(place, rows.len());
                }
                rows.push(PlaceRow {
                    account: &row.account,
                    regions: vec![&row.region],
                    days: &row.days,
                    counts: row.counts.clone(),
                });
            }
        }
    }
    let kind = |row: &PlaceRow<'_>| coverage::kind(&packet.coverage.states, row.days);
    let coverage = &packet.coverage;
    drawn(coverage.days.len(), rows, kind, &coverage.file)
}

/// The rows that stand for several Regions, with the names of these.
pub fn alike(rows: &[PlaceRow<'_>]) -> Vec<(String, String)> {
    let rows = rows.iter();
    rows.filter(|row| row.regions.len() > 1)
        .map(|row| (row.label(), row.regions.join(", ")))
        .collect()
}

/// The event classes that are asked for or seen, in their order.
pub fn classes_asked(packet: &Packet) -> Vec<&'static str> {
    let all = EventClass::ALL.into_iter().map(EventClass::id);
    all.filter(|id| packet.coverage.classes.iter().any(|one| one.class == *id))
        .collect()
}

/// A row of the matrix of classes: the letters stand under [`classes_asked`], a blank for what is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow<'p> {
    /// Account id.
    pub account: &'p str,
    /// The Regions that have the same letters.
    pub regions: Vec<&'p str>,
    /// One letter for each class.
    pub letters: String,
    /// Whether each class that is asked for is proven.
    pub is_proven: bool,
}

/// Account and Region by event class: what shows that each is recorded.
pub fn class_rows(packet: &Packet) -> Bounded<ClassRow<'_>> {
    let asked = classes_asked(packet);
    let letter_of = |id: &str| {
        let found = packet.coverage.bases.iter().find(|basis| basis.id == id);
        found
            .and_then(|basis| basis.letter.chars().next())
            .unwrap_or('?')
    };
    let mut by_place: Vec<ClassRow<'_>> = Vec::new();
    for one in packet.coverage.classes.iter() {
        let is_same =
            |row: &ClassRow<'_>| row.account == one.account && row.regions == [one.region.as_str()];
        if !by_place.last().is_some_and(is_same) {
            by_place.push(ClassRow {
                account: &one.account,
                regions: vec![&one.region],
                letters: " ".repeat(asked.len()),
                is_proven: true,
            });
        }
        let place = asked.iter().position(|id| *id == one.class);
        if let (Some(row), Some(place)) = (by_place.last_mut(), place) {
            row.is_proven &= one.is_proven;
            row.letters = row
                .letters
                .chars()
                .enumerate()
                .map(|(at, letter)| {
                    if at == place {
                        letter_of(&one.basis)
                    } else {
                        letter
                    }
                })
                .collect();
        }
    }
    let mut rows: Vec<ClassRow<'_>> = Vec::new();
    let mut alike: HashMap<(&str, String), usize> = HashMap::new();
    for row in by_place {
        let at = *alike
            .entry((row.account, row.letters.clone()))
            .or_insert(rows.len());
        match rows.get_mut(at) {
            Some(one) => {
                one.regions.extend(row.regions);
                one.is_proven &= row.is_proven;
            }
            None => rows.push(row),
        }
    }
    let kind = |row: &ClassRow<'_>| match row.is_proven {
        false => Kind::new(0, "with a class that is not proven"),
        true => Kind::new(1, "with every class proven"),
    };
    bounded(rows, kind, CLASS_FILE)
}

/// The file of the packet with every account, Region and class.
pub const CLASS_FILE: &str = "logs/classes.csv";

/// Account and Region by event class.
pub fn classes(packet: &Packet) -> Chart {
    let bases = &packet.coverage.bases;
    let mut states: Vec<State> = bases
        .iter()
        .map(|one| basis_state(&one.id, &one.letter))
        .collect();
    states.push(amount("not asked", '·', Tone::Muted, Pattern::Open));
    let place = |letter: char| {
        let found = bases.iter().position(|one| one.letter.starts_with(letter));
        found.unwrap_or(bases.len())
    };
    Chart {
        title: "What shows that each event class is recorded".to_owned(),
        description: in_words(bases.iter().map(|one| (one.id.as_str(), one.count))),
        kind: ChartKind::Grid {
            states,
            columns: (1..=classes_asked(packet).len())
                .map(|at| at.to_string())
                .collect(),
            rows: class_rows(packet)
                .rows
                .iter()
                .map(|row| GridRow {
                    label: match row.regions.as_slice() {
                        [one] => format!("{} {one}", row.account),
                        many => format!("{} {} Regions", row.account, many.len()),
                    },
                    cells: row.letters.chars().map(place).collect(),
                })
                .collect(),
        },
    }
}

fn basis_state(id: &str, letter: &str) -> State {
    let (tone, pattern) = match id {
        "records" => (Tone::Good, Pattern::Open),
        "records-elsewhere" => (Tone::Good, Pattern::Hatched),
        "selector-records" => (Tone::Good, Pattern::Crossed),
        "snapshot" => (Tone::Accent, Pattern::Open),
        "scope-file" => (Tone::Accent, Pattern::Hatched),
        "digests" => (Tone::Good, Pattern::Solid),
        "idle" => (Tone::Muted, Pattern::Open),
        _ => (Tone::Bad, Pattern::Solid),
    };
    State {
        label: id.replace('-', " "),
        letter: letter.chars().next().unwrap_or('?'),
        tone,
        pattern,
    }
}

/// Account and Region by day.
pub fn coverage(packet: &Packet) -> Chart {
    let states = &packet.coverage.states;
    let place = |letter: char| {
        states
            .iter()
            .position(|state| state.letter.starts_with(letter))
    };
    Chart {
        title: "Coverage by account, Region and day (UTC)".to_owned(),
        description: in_words(states.iter().map(|one| (one.id.as_str(), one.count))),
        kind: ChartKind::Grid {
            states: states
                .iter()
                .map(|one| day_state(&one.id, &one.letter))
                .collect(),
            columns: packet
                .coverage
                .days
                .iter()
                .map(|day| month_and_day(day))
                .collect(),
            rows: place_rows(packet)
                .rows
                .iter()
                .map(|row| GridRow {
                    label: row.label(),
                    cells: row
                        .days
                        .chars()
                        .map(|letter| place(letter).unwrap_or(states.len()))
                        .collect(),
                })
                .collect(),
        },
    }
}

fn day_state(id: &str, letter: &str) -> State {
    let (tone, pattern) = match id {
        "delivered" => (Tone::Good, Pattern::Open),
        "declared-idle" => (Tone::Muted, Pattern::Open),
        "proved-idle" => (Tone::Good, Pattern::Hatched),
        "missing" => (Tone::Bad, Pattern::Crossed),
        "silent" => (Tone::Warning, Pattern::Hatched),
        "stopped" => (Tone::Bad, Pattern::Solid),
        "unclear" => (Tone::Warning, Pattern::Solid),
        _ => (Tone::Muted, Pattern::Open),
    };
    State {
        label: id.replace('-', " "),
        letter: letter.chars().next().unwrap_or('?'),
        tone,
        pattern,
    }
}

/// Cover of digests: account and Region by day, each day in the worst state of its hours.
pub fn integrity(packet: &Packet) -> Chart {
    let integrity = &packet.integrity;
    let days = days_between(&integrity.asked.from, &integrity.asked.to);
    let states = cover::STATES.map(|(id, letter, tone, pattern)| State {
        label: id.replace('-', " "),
        letter,
        tone,
        pattern,
    });
    let rows = cover::places(packet).rows.into_iter().map(|one| {
        let worst = |day: &i64| {
            let touching = one
                .ranges
                .iter()
                .filter(|range| range.from.0 < day + DAY && range.to.0 > *day);
            let worst = touching
                .filter_map(|range| cover::badness(&range.state))
                .max();
            worst.unwrap_or(cover::STATES.len() - 1)
        };
        GridRow {
            label: format!("{} {}", one.account, one.region),
            cells: days.iter().map(worst).collect(),
        }
    });
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for range in integrity.cover.iter().flat_map(|one| &one.ranges) {
        *counts.entry(&*range.state).or_default() += 1;
    }
    Chart {
        title: "Digests by account, Region and day (UTC); the worst of each day".to_owned(),
        description: in_words(counts.into_iter()),
        kind: ChartKind::Grid {
            states: states.to_vec(),
            columns: days
                .iter()
                .map(|day| month_and_day(&time::format_day(*day)))
                .collect(),
            rows: rows.collect(),
        },
    }
}

/// The days that a stretch of time touches.
pub fn days_between(from: &str, to: &str) -> Vec<i64> {
    let (Ok(from), Ok(to)) = (time::parse(from), time::parse(to)) else {
        return Vec::new();
    };
    let first = from.div_euclid(DAY) * DAY;
    let mut days = Vec::new();
    let mut day = first;
    while day < to {
        days.push(day);
        day += DAY;
    }
    days
}

/// `10-31` of `2026-10-31`.
fn month_and_day(day: &str) -> String {
    day.get(5..).unwrap_or(day).to_owned()
}

fn in_words<'w>(all: impl Iterator<Item = (&'w str, u64)>) -> String {
    let parts: Vec<_> = all
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}: {}", grouped(count)))
        .collect();
    match parts.is_empty() {
        true => "Nothing to show.".to_owned(),
        false => parts.join("; "),
    }
}

const TIMELINE_WIDTH: f64 = 720.0;
const TIMELINE_HEIGHT: f64 = 64.0;
const HEAD: f64 = 12.0;
const FOOT: f64 = 14.0;

/// Exceptions on every day of the period, days without included.
pub fn timeline(days: &[String], count_of: impl Fn(&str) -> u64) -> Scene {
    let mut scene = Scene {
        width: TIMELINE_WIDTH,
        height: HEAD + TIMELINE_HEIGHT + FOOT,
        marks: Vec::new(),
    };
    let highest = days
        .iter()
        .map(|day| count_of(day))
        .max()
        .unwrap_or(0)
        .max(1);
    let step = TIMELINE_WIDTH / days.len().max(1) as f64;
    let base = HEAD + TIMELINE_HEIGHT;
    let every = (44.0 / step).ceil().max(1.0) as usize;
    for (place, day) in days.iter().enumerate() {
        let (left, count) = (place as f64 * step, count_of(day));
        if count > 0 {
            let height = (count as f64 / highest as f64 * TIMELINE_HEIGHT).max(2.0);
            scene.marks.push(Mark::Area {
                x: left + step * 0.1,
                y: base - height,
                width: step * 0.8,
                height,
                ink: Ink::Full(Tone::Bad),
            });
            let digits = grouped(count);
            if digits.len() as f64 * 5.0 <= step.max(12.0) {
                scene.marks.push(words(
                    left + step / 2.0,
                    base - height - 2.0,
                    Tone::Plain,
                    digits,
                ));
            }
        }
        if place % every == 0 {
            scene.marks.push(words(
                left + step / 2.0,
                base + 10.0,
                Tone::Muted,
                month_and_day(day),
            ));
        }
    }
    scene.marks.push(Mark::Line {
        from: (0.0, base),
        to: (TIMELINE_WIDTH, base),
        width: 0.75,
        ink: Ink::Full(Tone::Muted),
    });
    scene
}

fn words(x: f64, y: f64, tone: Tone, text: String) -> Mark {
    Mark::Words {
        x,
        y,
        size: 8.0,
        anchor: Anchor::Middle,
        bold: false,
        ink: Ink::Full(tone),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::outcome::{Basis, DayState};

    const CSS: &str = include_str!("../../templates/packet.css");

    #[test]
    fn what_is_proved_never_looks_like_what_is_not() {
        for basis in Basis::ALL {
            let is_bad = basis_state(basis.id(), "x").tone == Tone::Bad;
            assert_eq!(is_bad, basis == Basis::Nothing, "{}", basis.id());
        }
    }

    #[test]
    fn every_state_has_a_look_of_its_own_on_the_page() {
        let days = [
            DayState::Delivered,
            DayState::DeclaredIdle,
            DayState::ProvedIdle,
            DayState::Silent,
            DayState::Missing,
            DayState::Stopped,
            DayState::Unclear,
            DayState::OutsideScope,
        ];
        let names = days.map(|day| format!(".s-{}", day.id()));
        let bases = Basis::ALL.map(|basis| format!(".b-{}", basis.id()));
        for name in names.iter().chain(&bases) {
            let is_there = CSS
                .split([',', '{', '}', '\n'])
                .any(|part| part.trim() == name);
            assert!(is_there, "{name}");
        }
    }
}
