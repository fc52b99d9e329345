//! Text into lines: which font, which way, where to break.
//!
//! The only door for text into a page, so this is where it is made safe to
//! show. Each run is ordered on its own: a value from a log cannot reorder the
//! words beside it. Knows no pages.

use std::ops::Range;
use std::rc::Rc;

use unicode_bidi::{BidiInfo, Level};

use super::super::block::{Run, Tone};
use super::super::chart::Measure;
use super::fill::Filler;
use super::fonts::{FontId, Fonts, Shaped};
use crate::sanitize;

/// Fixed pitch looks larger than the text around it; this evens it out.
const MONO_SCALE: f64 = 0.93;

/// How text looks where its runs say nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub size: f64,
    pub bold: bool,
    pub mono: bool,
    pub tone: Tone,
}

impl Style {
    pub const fn plain(size: f64) -> Self {
        Style {
            size,
            bold: false,
            mono: false,
            tone: Tone::Plain,
        }
    }

    pub const fn bold(size: f64) -> Self {
        Style {
            bold: true,
            ..Style::plain(size)
        }
    }

    pub const fn tone(self, tone: Tone) -> Self {
        Style { tone, ..self }
    }
}

/// A stretch of a line in one font, size, colour and direction.
#[derive(Debug, Clone)]
pub struct Atom {
    pub shaped: Rc<Shaped>,
    pub size: f64,
    pub tone: Tone,
    pub link: Option<Rc<str>>,
    pub level: u8,
}

impl Atom {
    pub fn width(&self) -> f64 {
        self.shaped.width * self.size / 1000.0
    }

    /// True if `other` can follow in the same breath.
    pub fn joins(&self, other: &Atom) -> bool {
        let key = |atom: &Atom| (atom.shaped.font, atom.size.to_bits(), atom.tone, atom.level);
        key(self) == key(other) && self.link == other.link
    }
}

/// A line in the order of the page.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub atoms: Vec<Atom>,
    pub width: f64,
}

/// Part of a prepared text that has one look.
struct Span {
    range: Range<usize>,
    font: FontId,
    size: f64,
    tone: Tone,
    link: Option<Rc<str>>,
    level: u8,
}

/// Makes lines.
pub struct Typesetter {
    pub fonts: Fonts,
}

impl Typesetter {
    /// The runs as lines no wider than `width`.
    pub fn lines(&mut self, runs: &[Run], style: Style, width: f64) -> Vec<Line> {
        let (text, spans) = self.prepare(runs, style, sanitize::inline);
        self.fill(&text, &spans, width)
    }

    /// One plain text as lines.
    pub fn text_lines(&mut self, text: &str, style: Style, width: f64) -> Vec<Line> {
        self.lines(&[Run::plain(text)], style, width)
    }

    /// Lines that keep their breaks and blanks; those that are too long are broken anywhere.
    pub fn verbatim_lines(&mut self, text: &str, style: Style, width: f64) -> Vec<Line> {
        let mut lines = Vec::new();
        for line in sanitize::lines(text).split('\n') {
            // Already safe to show, so that it must not be escaped again.
            let (text, spans) = self.prepare(&[Run::plain(line)], style, |text| text.into());
            let atoms = self.atoms(&text, &spans, 0..text.len());
            let mut filler = Filler::verbatim(width);
            filler.long(atoms, &mut self.fonts);
            lines.extend(filler.finish());
        }
        lines
    }

    /// The text as one line, however wide.
    pub fn line(&mut self, text: &str, style: Style) -> Line {
        let (text, spans) = self.prepare(&[Run::plain(text)], style, sanitize::inline);
        Line::ordered(self.atoms(&text, &spans, 0..text.len()))
    }

    /// All runs as one text that can be shown, and what each part of it looks like.
    fn prepare(
        &mut self,
        runs: &[Run],
        style: Style,
        safe: for<'t> fn(&'t str) -> std::borrow::Cow<'t, str>,
    ) -> (String, Vec<Span>) {
        let mut text = String::new();
        let mut spans: Vec<Span> = Vec::new();
        for run in runs {
            let shown = safe(&run.text);
            let font = match (style.mono || run.mono, style.bold || run.bold) {
                (true, _) => FontId::MONO,
                (false, true) => FontId::BOLD,
                (false, false) => FontId::SANS,
            };
            let tone = match (run.tone, &run.link) {
                (Tone::Plain, Some(_)) => Tone::Accent,
                (Tone::Plain, None) => style.tone,
                (tone, _) => tone,
            };
            let link = run.link.as_deref().map(Rc::from);
            let mut push = |shown: &str, font: FontId, level: u8| {
                let size = if font == FontId::MONO {
                    style.size * MONO_SCALE
                } else {
                    style.size
                };
                let start = text.len();
                text.push_str(shown);
                match spans.last_mut() {
                    Some(last)
                        if last.range.end == start
                            && last.font == font
                            && last.level == level
                            && start > 0
                            && last.tone == tone
                            && last.link == link
                            && last.size == size =>
                    {
                        last.range.end = text.len()
                    }
                    _ => spans.push(Span {
                        range: start..text.len(),
                        font,
                        size,
                        tone,
                        link: link.clone(),
                        level,
                    }),
                }
            };
            if shown.is_ascii() {
                push(&shown, font, 0);
                continue;
            }
            let levels = direction_levels(&shown);
            let mut before = font;
            for (at, c) in shown.char_indices() {
                let level = levels.as_ref().map_or(0, |levels| levels[at].number());
                // A mark stays in the font of its letter, if that has it.
                let wanted = if is_mark(c) && self.fonts.has(before, c) {
                    before
                } else {
                    font
                };
                match self.fonts.font_for(c, wanted) {
                    Some(found) => {
                        before = found;
                        push(&shown[at..at + c.len_utf8()], found, level);
                    }
                    None => push(&format!("[U+{:04X}]", c as u32), FontId::MONO, 0),
                }
            }
        }
        (text, spans)
    }

    /// The atoms of a part of the text, in reading order.
    fn atoms(&mut self, text: &str, spans: &[Span], range: Range<usize>) -> Vec<Atom> {
        let mut atoms = Vec::new();
        self.add_atoms(&mut atoms, text, spans, range);
        atoms
    }

    fn add_atoms(
        &mut self,
        atoms: &mut Vec<Atom>,
        text: &str,
        spans: &[Span],
        range: Range<usize>,
    ) {
        if range.is_empty() {
            return;
        }
        let first = spans.partition_point(|span| span.range.end <= range.start);
        for span in spans[first..]
            .iter()
            .take_while(|span| span.range.start < range.end)
        {
            let part = span.range.start.max(range.start)..span.range.end.min(range.end);
            let shaped = self
                .fonts
                .shape(span.font, &text[part], span.level % 2 == 1);
            atoms.push(Atom {
                shaped,
                size: span.size,
                tone: span.tone,
                link: span.link.clone(),
                level: span.level,
            });
        }
    }

    fn fill(&mut self, text: &str, spans: &[Span], width: f64) -> Vec<Line> {
        let mut filler = Filler::new(width);
        let (mut word_atoms, mut blanks) = (Vec::new(), Vec::new());
        let mut start = 0;
        for (end, _) in unicode_linebreak::linebreaks(text) {
            let word = text[start..end].trim_end_matches(' ');
            let blank = start + word.len();
            word_atoms.clear();
            self.add_atoms(&mut word_atoms, text, spans, start..blank);
            blanks.clear();
            self.add_atoms(&mut blanks, text, spans, blank..end);
            filler.word(&mut word_atoms, &mut blanks, &mut self.fonts);
            start = end;
        }
        filler.finish()
    }
}

/// Widths of words for charts.
pub struct Ruler<'t>(pub std::cell::RefCell<&'t mut Typesetter>);

impl Measure for Ruler<'_> {
    fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        self.0
            .borrow_mut()
            .line(
                text,
                Style {
                    bold,
                    ..Style::plain(size)
                },
            )
            .width
    }
}

impl Line {
    /// The atoms put in the order of the page.
    pub fn ordered(atoms: Vec<Atom>) -> Line {
        let width = atoms.iter().map(Atom::width).sum();
        if atoms.iter().all(|atom| atom.level == 0) {
            return Line { atoms, width };
        }
        let levels: Vec<Level> = atoms.iter().map(|atom| level(atom.level)).collect();
        let order = BidiInfo::reorder_visual(&levels);
        Line {
            atoms: order
                .into_iter()
                .map(|place| atoms[place].clone())
                .collect(),
            width,
        }
    }
}

/// For each byte the level of its character; none if all runs left to right.
fn direction_levels(text: &str) -> Option<Vec<Level>> {
    if !text.chars().any(may_run_right_to_left) {
        return None;
    }
    let info = BidiInfo::new(text, Some(Level::ltr()));
    let paragraph = info.paragraphs.first()?;
    info.has_rtl()
        .then(|| info.reordered_levels(paragraph, paragraph.range.clone()))
}

/// Every character that runs right to left, or makes others do so, and some that do not.
fn may_run_right_to_left(c: char) -> bool {
    matches!(c as u32, 0x590..=0x8FF | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0xFB1D..=0xFDFF
        | 0xFE70..=0xFEFF | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF)
}

fn level(number: u8) -> Level {
    Level::new(number).unwrap_or(Level::ltr())
}

pub fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x5BF | 0x5C1 | 0x5C2 | 0x610..=0x61A | 0x64B..=0x65F | 0x670
        | 0x6D6..=0x6ED | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0x3099 | 0x309A | 0xFE20..=0xFE2F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typesetter() -> Typesetter {
        Typesetter {
            fonts: Fonts::load().expect("the fonts of the program"),
        }
    }

    fn text_of(line: &Line) -> String {
        line.atoms.iter().map(|atom| &*atom.shaped.text).collect()
    }

    #[track_caller]
    fn check(text: &str, width: f64, expected: &[&str]) {
        let lines = typesetter().text_lines(text, Style::plain(10.0), width);
        assert_eq!(lines.iter().map(text_of).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        check("one two three", 45.0, &["one two", "three"]);
        check("", 45.0, &[""]);
    }

    #[test]
    fn a_long_token_is_broken_anywhere() {
        check(
            "aaaaaaaaaaaaaaaaaaaa",
            50.0,
            &["aaaaaaaa", "aaaaaaaa", "aaaa"],
        );
        check("ab", 1.0, &["a", "b"]);
        check(
            "AuthorizeSecurityGroupIngress",
            120.0,
            &["AuthorizeSecurityGroup", "Ingress"],
        );
    }

    #[test]
    fn what_no_font_has_is_named() {
        check("a😀b", 400.0, &["a[U+1F600]b"]);
    }

    #[test]
    fn controls_are_escaped_once() {
        check("a\u{202e}b\n", 400.0, &["a\\u{202e}b\\u{a}"]);
        let lines = typesetter().verbatim_lines("a\u{202e}\n  b", Style::plain(10.0), 400.0);
        assert_eq!(
            lines.iter().map(text_of).collect::<Vec<_>>(),
            ["a\\u{202e}", "  b"]
        );
    }

    #[test]
    fn no_character_that_runs_right_to_left_is_overlooked() {
        for c in '\u{0}'..=char::MAX {
            let is_known = may_run_right_to_left(c);
            assert!(
                is_known
                    || !BidiInfo::new(c.encode_utf8(&mut [0; 4]), Some(Level::ltr())).has_rtl(),
                "{:x}",
                c as u32
            );
        }
    }

    #[test]
    fn a_right_to_left_value_does_not_reorder_its_neighbours() {
        let runs = [
            Run::plain("user "),
            Run::plain("שלום עולם"),
            Run::plain(" 7 calls"),
        ];
        let lines = typesetter().lines(&runs, Style::plain(10.0), 400.0);
        assert_eq!(text_of(&lines[0]), "user עולם שלום 7 calls");
    }

    proptest! {
        #[test]
        fn no_character_is_lost_and_no_line_is_too_wide(text in "([a-zA-Z0-9/:._-]|\\p{Latin}|\\p{Han}| |髙|й){0,80}", width in 30.0..200.0f64) {
            let mut set = typesetter();
            let lines = set.text_lines(&text, Style::plain(8.0), width);
            let kept: String = lines.iter().map(text_of).collect();
            let whole = text_of(&set.line(&text, Style::plain(8.0)));
            prop_assert_eq!(kept.replace(' ', ""), whole.replace(' ', ""));
            for line in &lines {
                prop_assert!(line.width <= width + 0.1 || line.atoms.len() == 1, "{} > {}", line.width, width);
            }
        }
    }
}
