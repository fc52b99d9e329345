//! Where the marks of each kind of chart stand. Knows no colours beyond their names.

use super::super::block::{Bar, GridRow, Pattern, StackedRow, State, Tone};
use super::{Anchor, Ink, Mark, Measure, Scene, grouped};

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

/// Rows in groups that fit, each drawn to the same scale.
pub fn in_parts<T>(
    rows: &[T],
    max_height: f64,
    extra: f64,
    draw: impl Fn(&[T]) -> Scene,
) -> Vec<Scene> {
    let fitting = ((max_height - extra - GAP) / BAR_STEP).floor().max(1.0) as usize;
    rows.chunks(fitting).map(draw).collect()
}

fn gutter<'l>(labels: impl Iterator<Item = &'l str>, width: f64, measure: &dyn Measure) -> f64 {
    let widest = labels
        .map(|label| measure.width(label, TEXT, false))
        .fold(0.0, f64::max);
    widest.min(width * 0.36) + GAP
}

/// The label, or as much of it as fits and an ellipsis.
pub fn fitted(label: &str, room: f64, size: f64, measure: &dyn Measure) -> String {
    if measure.width(label, size, false) <= room {
        return label.to_owned();
    }
    // No more characters than could ever fit, however long the label is.
    let most = (room / (size * 0.15)).max(0.0) as usize;
    let mut kept: String = label.chars().take(most).collect();
    while kept.pop().is_some() {
        let shortened = format!("{}…", kept.trim_end());
        if measure.width(&shortened, size, false) <= room {
            return shortened;
        }
    }
    "…".to_owned()
}

pub fn bar_scene(all: &[Bar], part: &[Bar], width: f64, measure: &dyn Measure) -> Scene {
    let labels = gutter(all.iter().map(|bar| bar.label.as_str()), width, measure);
    let highest = all.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let values = measure.width(&grouped(highest), TEXT, true) + GAP;
    let mut scene = Scene {
        width,
        height: part.len() as f64 * BAR_STEP,
        marks: Vec::new(),
    };
    for (place, bar) in part.iter().enumerate() {
        let top = place as f64 * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2.0;
        scene.label(&bar.label, labels - GAP, top, measure);
        let length = length_of(bar.value, highest, width - labels - values);
        if bar.value > 0 {
            scene.area(labels, top, length, BAR_HEIGHT, Ink::Full(bar.tone));
        }
        let text = grouped(bar.value);
        scene.words(
            labels + length + 4.0,
            top + BAR_HEIGHT - 2.0,
            TEXT,
            Anchor::Start,
            true,
            Ink::Full(Tone::Plain),
            text,
        );
    }
    scene.axis(labels);
    scene
}

pub fn stacked_scene(
    states: &[State],
    all: &[StackedRow],
    part: &[StackedRow],
    width: f64,
    measure: &dyn Measure,
) -> Scene {
    let labels = gutter(all.iter().map(|row| row.label.as_str()), width, measure);
    let highest = all
        .iter()
        .map(|row| row.values.iter().sum::<u64>())
        .max()
        .unwrap_or(0)
        .max(1);
    let values = measure.width(&grouped(highest), TEXT, true) + GAP;
    let mut scene = Scene {
        width,
        height: part.len() as f64 * BAR_STEP,
        marks: Vec::new(),
    };
    for (place, row) in part.iter().enumerate() {
        let top = place as f64 * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2.0;
        scene.label(&row.label, labels - GAP, top, measure);
        let mut left = labels;
        for (state, &value) in states
            .iter()
            .zip(&row.values)
            .filter(|&(_, &value)| value > 0)
        {
            let length = length_of(value, highest, width - labels - values);
            scene.patterned(left, top, length, BAR_HEIGHT, state);
            let letter = state.letter.to_string();
            let texts = [format!("{letter} {}", grouped(value)), letter];
            let fits = |text: &&String| measure.width(text, SMALL, true) + 3.0 <= length;
            if let Some(text) = texts.iter().find(fits) {
                scene.on_pattern(
                    left + length / 2.0,
                    top + BAR_HEIGHT / 2.0,
                    text,
                    state,
                    measure,
                );
            }
            left += length;
        }
        let total = grouped(row.values.iter().sum());
        scene.words(
            left + 4.0,
            top + BAR_HEIGHT - 2.0,
            TEXT,
            Anchor::Start,
            true,
            Ink::Full(Tone::Plain),
            total,
        );
    }
    scene.axis(labels);
    scene.legend(states, measure);
    scene
}

pub fn grid_scenes(
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
            let mut scene = Scene {
                width,
                height: CELL_HEIGHT * (rows.len() + 1) as f64,
                marks: Vec::new(),
            };
            scene.column_labels(&columns[shown.clone()], labels, cell, measure);
            for (place, row) in rows.iter().enumerate() {
                scene.grid_row(
                    row,
                    shown.clone(),
                    states,
                    (labels, CELL_HEIGHT * (place + 1) as f64),
                    cell,
                    measure,
                );
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

pub fn legend_height(states: &[State], width: f64, measure: &dyn Measure) -> f64 {
    let mut probe = Scene {
        width,
        ..Scene::default()
    };
    probe.legend(states, measure);
    probe.height
}
impl Scene {
    fn area(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.marks.push(Mark::Area {
            x,
            y,
            width,
            height,
            ink,
        });
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        self.marks.push(Mark::Line {
            from,
            to,
            width,
            ink,
        });
    }

    #[expect(clippy::too_many_arguments, reason = "one place, one look, one text")]
    fn words(
        &mut self,
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        bold: bool,
        ink: Ink,
        text: String,
    ) {
        self.marks.push(Mark::Words {
            x,
            y,
            size,
            anchor,
            bold,
            ink,
            text,
        });
    }

    fn label(&mut self, label: &str, room: f64, top: f64, measure: &dyn Measure) {
        let text = fitted(label, room, TEXT, measure);
        self.words(
            0.0,
            top + BAR_HEIGHT - 2.0,
            TEXT,
            Anchor::Start,
            false,
            Ink::Full(Tone::Plain),
            text,
        );
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
            let place =
                |(dx, dy): (f64, f64)| (if falling { x + width - dx } else { x + dx }, y + dy);
            self.line(place(high), place(low), 0.4, ink);
            offset += HATCH_STEP;
        }
    }

    /// A letter in the middle of a patterned area, on a ground that keeps it readable.
    fn on_pattern(
        &mut self,
        x: f64,
        middle: f64,
        text: &str,
        state: &State,
        measure: &dyn Measure,
    ) {
        let width = measure.width(text, SMALL, true) + 2.0;
        let ink = match state.pattern {
            Pattern::Solid => Ink::Paper,
            Pattern::Open => Ink::Full(state.tone),
            Pattern::Hatched | Pattern::Crossed => {
                self.area(
                    x - width / 2.0,
                    middle - SMALL / 2.0 - 0.5,
                    width,
                    SMALL + 1.0,
                    Ink::Light(state.tone),
                );
                Ink::Full(state.tone)
            }
        };
        self.words(
            x,
            middle + SMALL * 0.36,
            SMALL,
            Anchor::Middle,
            true,
            ink,
            text.to_owned(),
        );
    }

    fn column_labels(&mut self, columns: &[String], left: f64, cell: f64, measure: &dyn Measure) {
        let widest = columns
            .iter()
            .map(|label| measure.width(label, SMALL, false))
            .fold(0.0, f64::max);
        let every = ((widest + 1.5) / cell).ceil().max(1.0) as usize;
        for (place, label) in columns.iter().enumerate().step_by(every) {
            let x = left + (place as f64 + 0.5) * cell;
            self.words(
                x,
                CELL_HEIGHT - 3.0,
                SMALL,
                Anchor::Middle,
                false,
                Ink::Full(Tone::Muted),
                label.clone(),
            );
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
        self.words(
            0.0,
            top + CELL_HEIGHT - 3.0,
            TEXT,
            Anchor::Start,
            false,
            Ink::Full(Tone::Plain),
            text,
        );
        for (place, state) in row
            .cells
            .iter()
            .take(shown.end)
            .skip(shown.start)
            .enumerate()
        {
            let x = left + place as f64 * cell;
            // A number without a state is a mistake of the caller; it shows as a gap with a mark.
            match states.get(*state) {
                Some(state) => {
                    self.patterned(x + 0.5, top + 0.5, cell - 1.0, CELL_HEIGHT - 1.0, state);
                    self.on_pattern(
                        x + cell / 2.0,
                        top + CELL_HEIGHT / 2.0,
                        &state.letter.to_string(),
                        state,
                        measure,
                    );
                }
                None => {
                    let y = top + CELL_HEIGHT - 3.0;
                    self.words(
                        x + cell / 2.0,
                        y,
                        SMALL,
                        Anchor::Middle,
                        true,
                        Ink::Full(Tone::Bad),
                        "?".into(),
                    );
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
            self.on_pattern(
                x + SWATCH / 2.0,
                top + (CELL_HEIGHT - 1.0) / 2.0,
                &state.letter.to_string(),
                state,
                measure,
            );
            let text = fitted(&state.label, self.width - SWATCH - 4.0, TEXT, measure);
            self.words(
                x + SWATCH + 4.0,
                top + CELL_HEIGHT - 3.0,
                TEXT,
                Anchor::Start,
                false,
                Ink::Full(Tone::Plain),
                text,
            );
            x += width;
        }
        self.height = top + LEGEND_STEP;
    }
}
