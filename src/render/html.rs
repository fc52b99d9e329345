//! `packet.html`: one file that needs no network, no program and no trust.
//!
//! Templates own what it says. Its policy allows nothing but its own style and
//! script, by their hashes. Charts go through the templates mark by mark, so
//! that every value in the page passes the same escaping.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::{Context, Tera};

use super::block::Chart;
use super::bounded::Bounded;
use super::chart::{Anchor, Ink, Mark, RoughMeasure, Scene, scenes};
use super::lists::Lists;
use super::picture::PlaceRow;
use super::{cover, picture, templates};
use crate::packet::model::{ControlInfo, Packet};
use crate::packet::write::{View, ViewError};

/// The HTML view.
#[derive(Debug, Clone, Copy, Default)]
pub struct HtmlView;

impl View for HtmlView {
    fn file_name(&self) -> &'static str {
        "packet.html"
    }

    fn render(&self, packet: &Packet, target: &mut dyn io::Write) -> Result<(), ViewError> {
        let tera = templates::html()?;
        let page = page(packet)?;
        let text = tera.render("packet.html", &page)?;
        with_places(&text, templates::PICTURE, target, |what, target| {
            write_picture(&tera, packet, what, target)
        })?;
        drop(text);
        // One after another, because what templates see of a control is several times as large
        // as what the page says of it.
        let mut context = Context::new();
        context.insert("scope", &packet.scope);
        for control in &packet.controls {
            context.insert("control", &without_rows(control));
            context.insert("timeline", &Vec::from_iter(timeline_of(packet, control)));
            let text = tera.render("control.html", &context)?;
            target.write_all(b"\n")?;
            with_places(&text, templates::ROWS, target, |what, target| {
                write_rows(&tera, control, what, target)
            })?;
            target.write_all(b"\n")?;
        }
        tera.render_to("end.html", &page, target)?;
        Ok(())
    }
}

/// A control of which the rows stand nowhere yet.
fn without_rows(control: &ControlInfo) -> ControlInfo {
    let mut shown = control.clone();
    for list in shown.lists_of_records.all_mut() {
        list.rows = Arc::default();
    }
    shown
}

/// Writes the text of a template, with what `fill` writes in the places that it leaves.
fn with_places(
    text: &str,
    mark: (&str, &str),
    target: &mut dyn io::Write,
    mut fill: impl FnMut(&str, &mut dyn io::Write) -> Result<(), ViewError>,
) -> Result<(), ViewError> {
    let mut rest = text;
    while let Some((before, place)) = rest.split_once(mark.0) {
        let (what, after) = place
            .split_once(mark.1)
            .ok_or("a place of a template does not end")?;
        target.write_all(before.as_bytes())?;
        fill(what, target)?;
        rest = after;
    }
    Ok(target.write_all(rest.as_bytes())?)
}

/// Draws one scene after another: what templates see of one is many times as large as it is.
fn write_picture(
    tera: &Tera,
    packet: &Packet,
    what: &str,
    target: &mut dyn io::Write,
) -> Result<(), ViewError> {
    let chart = match what {
        "integrity" => picture::integrity(packet),
        other => return Err(format!("no picture is called `{other}`").into()),
    };
    for scene in scenes(&chart, WIDTH, HIGHEST, &RoughMeasure) {
        let mut context = Context::new();
        let drawing = Drawing::of(&scene, &chart.title, &chart.description);
        context.insert("drawings", &[drawing]);
        let text = tera.render("picture.html", &context)?;
        target.write_all(text.trim_end().as_bytes())?;
    }
    Ok(target.write_all(b"\n")?)
}

/// Rows that templates see at once.
const ROWS_AT_ONCE: usize = 50;

fn write_rows(
    tera: &Tera,
    control: &ControlInfo,
    what: &str,
    target: &mut dyn io::Write,
) -> Result<(), ViewError> {
    let lists = &control.lists_of_records;
    let (list, role) = match what {
        "exceptions" => (&lists.exceptions, "exception"),
        "attempts" => (&lists.attempts, "attempt"),
        "undecided" => (&lists.undecided, "undecided"),
        "sample" => (&lists.sample, "conforming"),
        other => return Err(format!("no list is called `{other}`").into()),
    };
    let mut context = Context::new();
    context.insert("control", &control.id);
    context.insert("what", what);
    context.insert("role", role);
    for (rows, number) in list.rows.chunks(ROWS_AT_ONCE).zip(0..) {
        context.insert("before", &(number * ROWS_AT_ONCE));
        context.insert("rows", rows);
        tera.render_to("some_rows.html", &context, &mut *target)?;
    }
    Ok(())
}

/// What all of the page but the controls sees.
fn page(packet: &Packet) -> Result<Context, ViewError> {
    let mut context = Context::from_serialize(&packet.without_rows())?;
    context.insert("organisation", packet.shown_organisation());
    context.insert("policy", &policy());
    context.insert("pictures", &Pictures::of(packet));
    context.insert("lists", &Lists::of(packet));
    let grid = picture::place_rows(packet);
    context.insert("grid_cut", &grid.cut);
    context.insert("months", &months(packet, &grid.rows));
    context.insert("alike", &picture::alike(&grid.rows));
    context.insert("class_names", &picture::classes_asked(packet));
    context.insert("class_rows", &class_rows(packet));
    context.insert("cover_cut", &cover::places(packet).cut);
    Ok(context)
}

/// Nothing may be loaded, and only this style and this script may act.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source_hash(templates::STYLE),
        source_hash(templates::SCRIPT)
    )
}

fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

/// A month's part of the coverage grid, so that a long period stays readable.
#[derive(Debug, Serialize)]
struct Month {
    name: String,
    days: Vec<String>,
    rows: Vec<MonthRow>,
}

#[derive(Debug, Serialize)]
struct MonthRow {
    label: String,
    cells: Vec<Cell>,
    records: u64,
}

#[derive(Debug, Serialize)]
struct Cell {
    state: String,
    letter: String,
    records: u64,
}

fn months(packet: &Packet, rows: &[PlaceRow<'_>]) -> Vec<Month> {
    let coverage = &packet.coverage;
    let mut from = 0;
    let mut months = Vec::new();
    while from < coverage.days.len() {
        let name = month_name(&coverage.days[from]);
        let count = coverage.days[from..]
            .iter()
            .take_while(|day| day.starts_with(name))
            .count();
        months.push(month(packet, rows, from..from + count));
        from += count;
    }
    months
}

/// `2026-10` of `2026-10-31`.
fn month_name(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

fn month(packet: &Packet, rows: &[PlaceRow<'_>], range: std::ops::Range<usize>) -> Month {
    let coverage = &packet.coverage;
    let state_of = |letter: char| {
        let found = coverage
            .states
            .iter()
            .find(|state| state.letter.starts_with(letter));
        found.map_or_else(|| "unknown".to_owned(), |state| state.id.clone())
    };
    let rows = rows.iter().map(|row| {
        let letters = row.days.chars().skip(range.start).take(range.len());
        let counts = row
            .counts
            .iter()
            .copied()
            .skip(range.start)
            .take(range.len());
        let cells: Vec<_> = letters
            .zip(counts)
            .map(|(letter, records)| Cell {
                state: state_of(letter),
                letter: letter.to_string(),
                records,
            })
            .collect();
        MonthRow {
            label: row.label(),
            records: cells.iter().map(|cell| cell.records).sum(),
            cells,
        }
    });
    Month {
        name: month_name(&coverage.days[range.start]).to_owned(),
        rows: rows.collect(),
        days: coverage.days[range]
            .iter()
            .map(|day| day.get(8..).unwrap_or(day).to_owned())
            .collect(),
    }
}

/// A row of the matrix of classes.
#[derive(Debug, Serialize)]
struct ClassRow {
    account: String,
    regions: String,
    cells: Vec<ClassCell>,
}

#[derive(Debug, Serialize)]
struct ClassCell {
    letter: String,
    basis: String,
}

fn class_rows(packet: &Packet) -> Bounded<ClassRow> {
    let basis_of = |letter: char| {
        let found = packet.coverage.bases.iter();
        let mut found = found.filter(|basis| basis.letter.starts_with(letter));
        found.next().map_or("not asked", |basis| basis.id.as_str())
    };
    picture::class_rows(packet).map(|row| ClassRow {
        account: row.account.to_owned(),
        regions: row.regions.join(", "),
        cells: row
            .letters
            .chars()
            .map(|letter| ClassCell {
                letter: letter.to_string(),
                basis: basis_of(letter).to_owned(),
            })
            .collect(),
    })
}

/// Every drawing of the page.
#[derive(Debug, Serialize)]
struct Pictures {
    controls: Vec<Drawing>,
    requirements: Vec<Drawing>,
    exceptions: Vec<Drawing>,
    timeline: Drawing,
}

const WIDTH: f64 = 720.0;
const HIGHEST: f64 = 2000.0;

impl Pictures {
    fn of(packet: &Packet) -> Pictures {
        let drawn = |chart: &Chart| {
            let scenes = scenes(chart, WIDTH, HIGHEST, &RoughMeasure);
            let drawings = scenes
                .iter()
                .map(|scene| Drawing::of(scene, &chart.title, &chart.description));
            drawings.collect::<Vec<_>>()
        };
        let mut by_day: BTreeMap<&str, u64> = BTreeMap::new();
        for one in packet
            .controls
            .iter()
            .flat_map(|control| &control.exceptions_by_day)
        {
            *by_day.entry(&one.day).or_default() += one.count;
        }
        let days = &packet.coverage.days;
        let whole = picture::timeline(days, |day| by_day.get(day).copied().unwrap_or(0));
        Pictures {
            controls: drawn(&picture::controls_by_verdict(packet)),
            requirements: drawn(&picture::requirements_by_group(packet)),
            exceptions: picture::exceptions_by_control(packet)
                .as_ref()
                .map(drawn)
                .unwrap_or_default(),
            timeline: Drawing::of(
                &whole,
                "Exceptions of all controls by day (UTC)",
                "One column for each day with exceptions",
            ),
        }
    }
}

/// None for a control without exceptions.
fn timeline_of(packet: &Packet, control: &ControlInfo) -> Option<Drawing> {
    let found = &control.exceptions_by_day;
    if found.is_empty() {
        return None;
    }
    let count = |day: &str| {
        found
            .iter()
            .find(|one| one.day == day)
            .map_or(0, |one| one.count)
    };
    let chart = picture::exceptions_by_day(packet, control);
    let scene = picture::timeline(&packet.coverage.days, count);
    Some(Drawing::of(&scene, &chart.title, &chart.description))
}

/// A scene as templates can walk it.
#[derive(Debug, Serialize)]
struct Drawing {
    title: String,
    description: String,
    width: String,
    height: String,
    marks: Vec<Shape>,
}

/// A mark in the attributes of SVG.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Area {
        x: String,
        y: String,
        width: String,
        height: String,
        ink: String,
    },
    Line {
        x1: String,
        y1: String,
        x2: String,
        y2: String,
        width: String,
        ink: String,
    },
    Words {
        x: String,
        y: String,
        size: String,
        anchor: &'static str,
        weight: &'static str,
        ink: String,
        text: String,
    },
}

impl Drawing {
    fn of(scene: &Scene, title: &str, description: &str) -> Drawing {
        Drawing {
            title: title.to_owned(),
            description: description.to_owned(),
            width: short(scene.width),
            height: short(scene.height),
            marks: scene.marks.iter().map(shape).collect(),
        }
    }
}

fn shape(mark: &Mark) -> Shape {
    match mark {
        Mark::Area {
            x,
            y,
            width,
            height,
            ink,
        } => Shape::Area {
            x: short(*x),
            y: short(*y),
            width: short(*width),
            height: short(*height),
            ink: colour(*ink),
        },
        Mark::Line {
            from,
            to,
            width,
            ink,
        } => Shape::Line {
            x1: short(from.0),
            y1: short(from.1),
            x2: short(to.0),
            y2: short(to.1),
            width: short(*width),
            ink: colour(*ink),
        },
        Mark::Words {
            x,
            y,
            size,
            anchor,
            bold,
            ink,
            text,
        } => Shape::Words {
            x: short(*x),
            y: short(*y),
            size: short(*size),
            anchor: match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            },
            weight: if *bold { "bold" } else { "normal" },
            ink: colour(*ink),
            text: text.clone(),
        },
    }
}

/// A coordinate to two places, without useless zeros.
fn short(number: f64) -> String {
    ((number * 100.0).round() / 100.0).to_string()
}

fn colour(ink: Ink) -> String {
    let [red, green, blue] = ink.rgb();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
