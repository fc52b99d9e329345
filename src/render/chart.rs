//! The geometry of charts: which bars, lines and words stand where.
//!
//! One picture for every view: the PDF draws the marks of a [`Scene`], the HTML
//! view takes [`svg`]. Nothing here reads fonts; widths of words come from a
//! [`Measure`]. Colour is never the only sign: each state has a letter and a pattern.

use std::fmt::Write as _;

use super::block::{Bar, Chart, ChartKind, GridRow, Pattern, StackedRow, State, Tone};
use crate::sanitize;

const TEXT: f64 = 8.0;
const SMALL: f64 = 6.5;
const BAR_STEP: f64 = 17.0;
const BAR_HEIGHT: f64 = 10.0;
const CELL_HEIGHT: f64 = 11.0;
const CELL_WIDEST: f64 = 15.0;
const CELL_NARROWEST: f64 = 9.5;
const LEGEND_STEP: f64 = 14.0;
const GAP: f64 = 8.0;
const HATCH_STEP: f64 = 3.0;

/// A drawing of some width and height, from its upper left corner.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Area { x: f64, y: f64, width: f64, height: f64, ink: Ink },
    Line { from: (f64, f64), to: (f64, f64), width: f64, ink: Ink },
    /// `y` is the base line.
    Words { x: f64, y: f64, size: f64, anchor: Anchor, bold: bool, ink: Ink, text: String },
}

/// Which point of the words stands at `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A colour by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Text, frames and full areas in the colour of the tone.
    Full(Tone),
    /// Areas that text stands on.
    Light(Tone),
    Paper,
    Rule,
}

impl Ink {
    /// Red, green, blue. Chosen to keep their differences in grey print.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Ink::Full(Tone::Plain) => [0x1F, 0x25, 0x2D],
            Ink::Full(Tone::Muted) => [0x5D, 0x67, 0x73],
            Ink::Full(Tone::Accent) => [0x1D, 0x44, 0x71],
            Ink::Full(Tone::Good) => [0x1F, 0x6B, 0x43],
            Ink::Full(Tone::Warning) => [0x8F, 0x5A, 0x00],
            Ink::Full(Tone::Bad) => [0xA3, 0x1D, 0x22],
            Ink::Light(Tone::Plain) => [0xF4, 0xF6, 0xF8],
            Ink::Light(Tone::Muted) => [0xEC, 0xEF, 0xF2],
            Ink::Light(Tone::Accent) => [0xE7, 0xED, 0xF5],
            Ink::Light(Tone::Good) => [0xE3, 0xF1, 0xE8],
            Ink::Light(Tone::Warning) => [0xFB, 0xF1, 0xDC],
            Ink::Light(Tone::Bad) => [0xFB, 0xE7, 0xE6],
            Ink::Paper => [0xFF, 0xFF, 0xFF],
            Ink::Rule => [0xC6, 0xCD, 0xD5],
        }
    }
}

/// How wide words are.
pub trait Measure {
    fn width(&self, text: &str, size: f64, bold: bool) -> f64;
}

/// A guess without fonts, a little wide, for views whose font is not known.
pub struct RoughMeasure;

impl Measure for RoughMeasure {
    fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let ems: f64 = text.chars().map(|c| if (c as u32) < 0x1100 { 0.58 } else { 1.0 }).sum();
        ems * size * if bold { 1.06 } else { 1.0 }
    }
}

/// The drawings of a chart, none higher than `max_height`; more than one only for large grids.
pub fn scenes(chart: &Chart, width: f64, max_height: f64, measure: &dyn Measure) -> Vec<Scene> {
    match &chart.kind {
        ChartKind::Bars(bars) => in_parts(bars, max_height, 0.0, |part| bar_scene(bars, part, width, measure)),
        ChartKind::Stacked { states, rows } => {
            let legend = legend_height(states, width, measure);
            in_parts(rows, max_height, legend, |part| stacked_scene(states, rows, part, width, measure))
        }
        ChartKind::Grid { states, columns, rows } => grid_scenes(states, columns, rows, width, max_height, measure),
    }
}

/// Rows in groups that fit, each drawn to the same scale.
fn in_parts<T>(rows: &[T], max_height: f64, extra: f64, draw: impl Fn(&[T]) -> Scene) -> Vec<Scene> {
    let fitting = ((max_height - extra - GAP) / BAR_STEP).floor().max(1.0) as usize;
    rows.chunks(fitting).map(draw).collect()
}

fn gutter<'l>(labels: impl Iterator<Item = &'l str>, width: f64, measure: &dyn Measure) -> f64 {
    let widest = labels.map(|label| measure.width(label, TEXT, false)).fold(0.0, f64::max);
    widest.min(width * 0.36) + GAP
}

/// The label, or as much of it as fits and an ellipsis.
fn fitted(label: &str, room: f64, size: f64, measure: &dyn Measure) -> String {
    if measure.width(label, size, false) <= room {
        return label.to_owned();
    }
    let mut kept: String = label.to_owned();
    while kept.pop().is_some() {
        let shortened = format!("{}…", kept.trim_end());
        if measure.width(&shortened, size, false) <= room {
            return shortened;
        }
    }
    "…".to_owned()
}

fn bar_scene(all: &[Bar], part: &[Bar], width: f64, measure: &dyn Measure) -> Scene {
    let labels = gutter(all.iter().map(|bar| bar.label.as_str()), width, measure);
    let highest = all.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let values = measure.width(&grouped(highest), TEXT, true) + GAP;
    let mut scene = Scene { width, height: part.len() as f64 * BAR_STEP, marks: Vec::new() };
    for (place, bar) in part.iter().enumerate() {
        let top = place as f64 * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2.0;
        scene.label(&bar.label, labels - GAP, top, measure);
        let length = length_of(bar.value, highest, width - labels - values);
        if bar.value > 0 {
            scene.area(labels, top, length, BAR_HEIGHT, Ink::Full(bar.tone));
        }
        let text = grouped(bar.value);
        scene.words(labels + length + 4.0, top + BAR_HEIGHT - 2.0, TEXT, Anchor::Start, true, Ink::Full(Tone::Plain), text);
    }
    scene.axis(labels);
    scene
}

fn stacked_scene(states: &[State], all: &[StackedRow], part: &[StackedRow], width: f64, measure: &dyn Measure) -> Scene {
    let labels = gutter(all.iter().map(|row| row.label.as_str()), width, measure);
    let highest = all.iter().map(|row| row.values.iter().sum::<u64>()).max().unwrap_or(0).max(1);
    let values = measure.width(&grouped(highest), TEXT, true) + GAP;
    let mut scene = Scene { width, height: part.len() as f64 * BAR_STEP, marks: Vec::new() };
    for (place, row) in part.iter().enumerate() {
        let top = place as f64 * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2.0;
        scene.label(&row.label, labels - GAP, top, measure);
        let mut left = labels;
        for (state, &value) in states.iter().zip(&row.values).filter(|&(_, &value)| value > 0) {
            let length = length_of(value, highest, width - labels - values);
            scene.patterned(left, top, length, BAR_HEIGHT, state);
            let letter = state.letter.to_string();
            let texts = [format!("{letter} {}", grouped(value)), letter];
            let fits = |text: &&String| measure.width(text, SMALL, true) + 3.0 <= length;
            if let Some(text) = texts.iter().find(fits) {
                scene.on_pattern(left + length / 2.0, top + BAR_HEIGHT / 2.0, text, state, measure);
            }
            left += length;
        }
        let total = grouped(row.values.iter().sum());
        scene.words(left + 4.0, top + BAR_HEIGHT - 2.0, TEXT, Anchor::Start, true, Ink::Full(Tone::Plain), total);
    }
    scene.axis(labels);
    scene.legend(states, measure);
    scene
}

fn grid_scenes(
    states: &[State],
    columns: &[String],
    rows: &[GridRow],
    width: f64,
    max_height: f64,
    measure: &dyn Measure,
) -> Vec<Scene> {
    if columns.is_empty() || rows.is_empty() {
        return Vec::new();
    }
    let labels = gutter(rows.iter().map(|row| row.label.as_str()), width, measure);
    let most = (((width - labels) / CELL_NARROWEST).floor() as usize).max(1);
    let across = columns.len().div_ceil(columns.len().div_ceil(most));
    let cell = ((width - labels) / across as f64).min(CELL_WIDEST);
    let room = max_height - CELL_HEIGHT - legend_height(states, width, measure);
    let down = ((room / CELL_HEIGHT).floor() as usize).max(1);
    let mut scenes = Vec::new();
    for rows in rows.chunks(down) {
        for first in (0..columns.len()).step_by(across) {
            let shown = first..(first + across).min(columns.len());
            let mut scene = Scene { width, height: CELL_HEIGHT * (rows.len() + 1) as f64, marks: Vec::new() };
            scene.column_labels(&columns[shown.clone()], labels, cell, measure);
            for (place, row) in rows.iter().enumerate() {
                scene.grid_row(row, shown.clone(), states, (labels, CELL_HEIGHT * (place + 1) as f64), cell, measure);
            }
            scene.legend(states, measure);
            scenes.push(scene);
        }
    }
    scenes
}

fn length_of(value: u64, highest: u64, room: f64) -> f64 {
    match value {
        0 => 0.0,
        // A bar that is there can be seen.
        value => (value as f64 / highest as f64 * room).max(1.5),
    }
}

fn legend_height(states: &[State], width: f64, measure: &dyn Measure) -> f64 {
    let mut probe = Scene { width, ..Scene::default() };
    probe.legend(states, measure);
    probe.height
}

impl Scene {
    fn area(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.marks.push(Mark::Area { x, y, width, height, ink });
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        self.marks.push(Mark::Line { from, to, width, ink });
    }

    #[expect(clippy::too_many_arguments, reason = "one place, one look, one text")]
    fn words(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, bold: bool, ink: Ink, text: String) {
        self.marks.push(Mark::Words { x, y, size, anchor, bold, ink, text });
    }

    fn label(&mut self, label: &str, room: f64, top: f64, measure: &dyn Measure) {
        let text = fitted(label, room, TEXT, measure);
        self.words(0.0, top + BAR_HEIGHT - 2.0, TEXT, Anchor::Start, false, Ink::Full(Tone::Plain), text);
    }

    fn axis(&mut self, x: f64) {
        let height = self.height;
        self.line((x, 0.0), (x, height), 0.75, Ink::Full(Tone::Muted));
    }

    fn frame(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        let (right, bottom) = (x + width, y + height);
        for (from, to) in [
            ((x, y), (right, y)),
            ((right, y), (right, bottom)),
            ((right, bottom), (x, bottom)),
            ((x, bottom), (x, y)),
        ] {
            self.line(from, to, 0.5, ink);
        }
    }

    /// An area in the tone and pattern of a state.
    fn patterned(&mut self, x: f64, y: f64, width: f64, height: f64, state: &State) {
        let full = Ink::Full(state.tone);
        match state.pattern {
            Pattern::Solid => self.area(x, y, width, height, full),
            Pattern::Open => {
                self.area(x, y, width, height, Ink::Paper);
                self.frame(x, y, width, height, full);
            }
            Pattern::Hatched | Pattern::Crossed => {
                self.area(x, y, width, height, Ink::Light(state.tone));
                self.hatch(x, y, width, height, full, false);
                if state.pattern == Pattern::Crossed {
                    self.hatch(x, y, width, height, full, true);
                }
                self.frame(x, y, width, height, full);
            }
        }
    }

    /// Slanted lines, cut at the edges here because not every view can clip.
    fn hatch(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink, falling: bool) {
        let mut offset = HATCH_STEP;
        while offset < width + height {
            // The line runs from (offset, 0) down to the left, to (0, offset).
            let high = (offset.min(width), (offset - width).max(0.0));
            let low = ((offset - height).max(0.0), offset.min(height));
            let place = |(dx, dy): (f64, f64)| (if falling { x + width - dx } else { x + dx }, y + dy);
            self.line(place(high), place(low), 0.4, ink);
            offset += HATCH_STEP;
        }
    }

    /// A letter in the middle of a patterned area, on a ground that keeps it readable.
    fn on_pattern(&mut self, x: f64, middle: f64, text: &str, state: &State, measure: &dyn Measure) {
        let width = measure.width(text, SMALL, true) + 2.0;
        let ink = match state.pattern {
            Pattern::Solid => Ink::Paper,
            Pattern::Open => Ink::Full(state.tone),
            Pattern::Hatched | Pattern::Crossed => {
                self.area(x - width / 2.0, middle - SMALL / 2.0 - 0.5, width, SMALL + 1.0, Ink::Light(state.tone));
                Ink::Full(state.tone)
            }
        };
        self.words(x, middle + SMALL * 0.36, SMALL, Anchor::Middle, true, ink, text.to_owned());
    }

    fn column_labels(&mut self, columns: &[String], left: f64, cell: f64, measure: &dyn Measure) {
        let widest = columns.iter().map(|label| measure.width(label, SMALL, false)).fold(0.0, f64::max);
        let every = ((widest + 1.5) / cell).ceil().max(1.0) as usize;
        for (place, label) in columns.iter().enumerate().step_by(every) {
            let x = left + (place as f64 + 0.5) * cell;
            self.words(x, CELL_HEIGHT - 3.0, SMALL, Anchor::Middle, false, Ink::Full(Tone::Muted), label.clone());
        }
    }

    fn grid_row(
        &mut self,
        row: &GridRow,
        shown: std::ops::Range<usize>,
        states: &[State],
        (left, top): (f64, f64),
        cell: f64,
        measure: &dyn Measure,
    ) {
        let text = fitted(&row.label, left - GAP, TEXT, measure);
        self.words(0.0, top + CELL_HEIGHT - 3.0, TEXT, Anchor::Start, false, Ink::Full(Tone::Plain), text);
        for (place, state) in row.cells.iter().take(shown.end).skip(shown.start).enumerate() {
            let x = left + place as f64 * cell;
            // A number without a state is a mistake of the caller; it shows as a gap with a mark.
            match states.get(*state) {
                Some(state) => {
                    self.patterned(x + 0.5, top + 0.5, cell - 1.0, CELL_HEIGHT - 1.0, state);
                    self.on_pattern(x + cell / 2.0, top + CELL_HEIGHT / 2.0, &state.letter.to_string(), state, measure);
                }
                None => {
                    let y = top + CELL_HEIGHT - 3.0;
                    self.words(x + cell / 2.0, y, SMALL, Anchor::Middle, true, Ink::Full(Tone::Bad), "?".into());
                }
            }
        }
    }

    /// Adds what each state means, below everything.
    fn legend(&mut self, states: &[State], measure: &dyn Measure) {
        const SWATCH: f64 = 12.0;
        if states.is_empty() {
            return;
        }
        let mut x = 0.0;
        let mut top = self.height + GAP;
        for state in states {
            let width = SWATCH + 4.0 + measure.width(&state.label, TEXT, false) + 14.0;
            if x > 0.0 && x + width > self.width {
                x = 0.0;
                top += LEGEND_STEP;
            }
            self.patterned(x, top, SWATCH, CELL_HEIGHT - 1.0, state);
            self.on_pattern(x + SWATCH / 2.0, top + (CELL_HEIGHT - 1.0) / 2.0, &state.letter.to_string(), state, measure);
            let text = fitted(&state.label, self.width - SWATCH - 4.0, TEXT, measure);
            self.words(x + SWATCH + 4.0, top + CELL_HEIGHT - 3.0, TEXT, Anchor::Start, false, Ink::Full(Tone::Plain), text);
            x += width;
        }
        self.height = top + LEGEND_STEP;
    }
}

/// A number with commas between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A scene as an SVG element that needs no style sheet. `description` is read out in its place.
pub fn svg(scene: &Scene, description: &str) -> String {
    let (width, height) = (short(scene.width), short(scene.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        sanitize::html(description)
    );
    for mark in &scene.marks {
        write_mark(&mut svg, mark).expect("writing to a string does not fail");
    }
    svg.push_str("</svg>");
    svg
}

fn write_mark(svg: &mut String, mark: &Mark) -> std::fmt::Result {
    match mark {
        Mark::Area { x, y, width, height, ink } => write!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            short(*x), short(*y), short(*width), short(*height), hex(*ink)
        ),
        Mark::Line { from, to, width, ink } => write!(
            svg,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            short(from.0), short(from.1), short(to.0), short(to.1), hex(*ink), short(*width)
        ),
        Mark::Words { x, y, size, anchor, bold, ink, text } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            write!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\"{weight} fill=\"{}\">{}</text>",
                short(*x), short(*y), short(*size), hex(*ink), sanitize::html(text)
            )
        }
    }
}

/// A coordinate to two places, without useless zeros.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn hex(ink: Ink) -> String {
    let [red, green, blue] = ink.rgb();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<State> {
        [("Complete", 'C', Tone::Good, Pattern::Solid), ("Missing", 'M', Tone::Bad, Pattern::Hatched)]
            .map(|(label, letter, tone, pattern)| State { label: label.into(), letter, tone, pattern })
            .to_vec()
    }

    fn grid(row_count: usize, column_count: usize) -> Chart {
        let rows = (0..row_count)
            .map(|row| GridRow { label: format!("111122223333 eu-west-{row}"), cells: (0..column_count).map(|c| c % 2).collect() })
            .collect();
        let columns = (1..=column_count).map(|day| format!("{day:02}")).collect();
        let kind = ChartKind::Grid { states: states(), columns, rows };
        Chart { title: "Coverage".into(), description: "which days".into(), kind }
    }

    fn inside(scene: &Scene) {
        for mark in &scene.marks {
            let (left, top, right, bottom) = match mark {
                Mark::Area { x, y, width, height, .. } => (*x, *y, x + width, y + height),
                Mark::Line { from, to, .. } => (from.0.min(to.0), from.1.min(to.1), from.0.max(to.0), from.1.max(to.1)),
                Mark::Words { x, y, .. } => (*x, *y, *x, *y),
            };
            let slack = 0.01;
            assert!(left >= -slack && top >= -slack && right <= scene.width + slack && bottom <= scene.height + slack, "{mark:?}");
        }
    }

    fn letters(scenes: &[Scene], letter: &str) -> usize {
        let is_it = |mark: &&Mark| matches!(mark, Mark::Words { text, .. } if text == letter);
        scenes.iter().map(|scene| scene.marks.iter().filter(is_it).count()).sum()
    }

    #[test]
    fn every_cell_of_a_large_grid_is_drawn_once_and_nothing_leaves_the_drawing() {
        let found = scenes(&grid(90, 92), 495.0, 600.0, &RoughMeasure);
        assert!(found.len() > 2);
        found.iter().for_each(inside);
        assert!(found.iter().all(|scene| scene.height <= 600.0));
        // Half of the cells each, and one in every legend.
        assert_eq!(letters(&found, "C"), 90 * 46 + found.len());
        assert_eq!(letters(&found, "M"), 90 * 46 + found.len());
    }

    #[test]
    fn a_month_stands_in_one_drawing() {
        assert_eq!(scenes(&grid(12, 31), 495.0, 600.0, &RoughMeasure).len(), 1);
    }

    #[test]
    fn a_bar_of_one_beside_a_million_can_be_seen_and_zero_cannot() {
        let bar = |label: &str, value| Bar { label: label.into(), value, tone: Tone::Accent };
        let kind = ChartKind::Bars(vec![bar("many", 1_000_000), bar("one", 1), bar("none", 0)]);
        let chart = Chart { title: String::new(), description: String::new(), kind };
        let found = scenes(&chart, 400.0, 600.0, &RoughMeasure);
        let widths: Vec<f64> = found[0].marks.iter().filter_map(|mark| match mark {
            Mark::Area { width, .. } => Some(*width),
            _ => None,
        }).collect();
        assert_eq!(widths.len(), 2);
        assert!(widths[0] > 200.0 && widths[1] == 1.5);
        assert!(letters(&found, "1,000,000") == 1 && letters(&found, "0") == 1);
        found.iter().for_each(inside);
    }

    #[test]
    fn parts_of_a_stacked_bar_add_up_to_its_length() {
        let rows = vec![StackedRow { label: "PCI".into(), values: vec![30, 70] }];
        let chart = Chart { title: String::new(), description: String::new(), kind: ChartKind::Stacked { states: states(), rows } };
        let found = scenes(&chart, 400.0, 600.0, &RoughMeasure);
        assert!(letters(&found, "C 30") == 1 && letters(&found, "M 70") == 1 && letters(&found, "100") == 1);
        found.iter().for_each(inside);
    }

    #[test]
    fn svg_escapes_what_others_wrote() {
        let kind = ChartKind::Bars(vec![Bar { label: "<script>\u{202e}".into(), value: 1, tone: Tone::Plain }]);
        let chart = Chart { title: String::new(), description: String::new(), kind };
        let drawn = svg(&scenes(&chart, 400.0, 600.0, &RoughMeasure)[0], "\"><script>");
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;\\u{202e}"), "{drawn}");
    }

    #[test]
    fn long_labels_are_cut_visibly() {
        assert_eq!(fitted("abcdefghij", RoughMeasure.width("abcd…", 8.0, false) + 0.5, 8.0, &RoughMeasure), "abcd…");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
