//! The geometry of charts: which bars, lines and words stand where.
//!
//! One picture for every view: the PDF draws the marks of a [`Scene`], the HTML
//! view takes [`svg`]. Nothing here reads fonts; widths of words come from a
//! [`Measure`]. Colour is never the only sign: each state has a letter and a pattern.

mod draw;
mod svg;

use super::block::{Chart, ChartKind, Tone};
pub use svg::svg;

/// A drawing of some width and height, from its upper left corner.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Area {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        ink: Ink,
    },
    Line {
        from: (f64, f64),
        to: (f64, f64),
        width: f64,
        ink: Ink,
    },
    /// `y` is the base line.
    Words {
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        bold: bool,
        ink: Ink,
        text: String,
    },
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
        let ems: f64 = text
            .chars()
            .map(|c| if (c as u32) < 0x1100 { 0.58 } else { 1.0 })
            .sum();
        ems * size * if bold { 1.06 } else { 1.0 }
    }
}

/// The drawings of a chart, none higher than `max_height`; more than one only for large grids.
pub fn scenes(chart: &Chart, width: f64, max_height: f64, measure: &dyn Measure) -> Vec<Scene> {
    match &chart.kind {
        ChartKind::Bars(bars) => draw::in_parts(bars, max_height, 0.0, |part| {
            draw::bar_scene(bars, part, width, measure)
        }),
        ChartKind::Stacked { states, rows } => {
            let legend = draw::legend_height(states, width, measure);
            draw::in_parts(rows, max_height, legend, |part| {
                draw::stacked_scene(states, rows, part, width, measure)
            })
        }
        ChartKind::Grid {
            states,
            columns,
            rows,
        } => draw::grid_scenes(states, columns, rows, width, max_height, measure),
    }
}

/// A number with commas between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::block::{Bar, GridRow, Pattern, StackedRow, State};
    use super::*;

    fn states() -> Vec<State> {
        [
            ("Complete", 'C', Tone::Good, Pattern::Solid),
            ("Missing", 'M', Tone::Bad, Pattern::Hatched),
        ]
        .map(|(label, letter, tone, pattern)| State {
            label: label.into(),
            letter,
            tone,
            pattern,
        })
        .to_vec()
    }

    fn grid(row_count: usize, column_count: usize) -> Chart {
        let rows = (0..row_count)
            .map(|row| GridRow {
                label: format!("111122223333 eu-west-{row}"),
                cells: (0..column_count).map(|c| c % 2).collect(),
            })
            .collect();
        let columns = (1..=column_count).map(|day| format!("{day:02}")).collect();
        let kind = ChartKind::Grid {
            states: states(),
            columns,
            rows,
        };
        Chart {
            title: "Coverage".into(),
            description: "which days".into(),
            kind,
        }
    }

    fn inside(scene: &Scene) {
        for mark in &scene.marks {
            let (left, top, right, bottom) = match mark {
                Mark::Area {
                    x,
                    y,
                    width,
                    height,
                    ..
                } => (*x, *y, x + width, y + height),
                Mark::Line { from, to, .. } => (
                    from.0.min(to.0),
                    from.1.min(to.1),
                    from.0.max(to.0),
                    from.1.max(to.1),
                ),
                Mark::Words { x, y, .. } => (*x, *y, *x, *y),
            };
            let slack = 0.01;
            assert!(
                left >= -slack
                    && top >= -slack
                    && right <= scene.width + slack
                    && bottom <= scene.height + slack,
                "{mark:?}"
            );
        }
    }

    fn letters(scenes: &[Scene], letter: &str) -> usize {
        let is_it = |mark: &&Mark| matches!(mark, Mark::Words { text, .. } if text == letter);
        scenes
            .iter()
            .map(|scene| scene.marks.iter().filter(is_it).count())
            .sum()
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
        let bar = |label: &str, value| Bar {
            label: label.into(),
            value,
            tone: Tone::Accent,
        };
        let kind = ChartKind::Bars(vec![bar("many", 1_000_000), bar("one", 1), bar("none", 0)]);
        let chart = Chart {
            title: String::new(),
            description: String::new(),
            kind,
        };
        let found = scenes(&chart, 400.0, 600.0, &RoughMeasure);
        let widths: Vec<f64> = found[0]
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Area { width, .. } => Some(*width),
                _ => None,
            })
            .collect();
        assert_eq!(widths.len(), 2);
        assert!(widths[0] > 200.0 && widths[1] == 1.5);
        assert!(letters(&found, "1,000,000") == 1 && letters(&found, "0") == 1);
        found.iter().for_each(inside);
    }

    #[test]
    fn parts_of_a_stacked_bar_add_up_to_its_length() {
        let rows = vec![StackedRow {
            label: "PCI".into(),
            values: vec![30, 70],
        }];
        let chart = Chart {
            title: String::new(),
            description: String::new(),
            kind: ChartKind::Stacked {
                states: states(),
                rows,
            },
        };
        let found = scenes(&chart, 400.0, 600.0, &RoughMeasure);
        assert!(
            letters(&found, "C 30") == 1
                && letters(&found, "M 70") == 1
                && letters(&found, "100") == 1
        );
        found.iter().for_each(inside);
    }

    #[test]
    fn svg_escapes_what_others_wrote() {
        let kind = ChartKind::Bars(vec![Bar {
            label: "<script>\u{202e}".into(),
            value: 1,
            tone: Tone::Plain,
        }]);
        let chart = Chart {
            title: String::new(),
            description: String::new(),
            kind,
        };
        let drawn = svg(
            &scenes(&chart, 400.0, 600.0, &RoughMeasure)[0],
            "\"><script>",
        );
        assert!(
            !drawn.contains("<script>") && drawn.contains("&lt;script&gt;\\u{202e}"),
            "{drawn}"
        );
    }

    #[test]
    fn long_labels_are_cut_visibly() {
        assert_eq!(
            draw::fitted(
                "abcdefghij",
                RoughMeasure.width("abcd…", 8.0, false) + 0.5,
                8.0,
                &RoughMeasure
            ),
            "abcd…"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1234567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
