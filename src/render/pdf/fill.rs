//! Fills lines with words, and breaks what is longer than a line. Never drops a character of a word.

use super::fonts::Fonts;
use super::text::{Atom, Line, is_mark};

/// What rounding may add to a width.
const SLACK: f64 = 0.01;

/// Fills lines one by one.
pub struct Filler {
    width: f64,
    lines: Vec<Line>,
    atoms: Vec<Atom>,
    used: f64,
    /// Blanks that show only if a word follows on the same line.
    blanks: Vec<Atom>,
    /// Whether a long token is rather broken between its parts than at the very end of the line.
    looks_for_seams: bool,
}

impl Filler {
    pub fn new(width: f64) -> Self {
        let (lines, atoms, blanks) = (Vec::new(), Vec::new(), Vec::new());
        Filler {
            width,
            lines,
            atoms,
            used: 0.0,
            blanks,
            looks_for_seams: true,
        }
    }

    /// For text whose lines are broken at their very end and nowhere else.
    pub fn verbatim(width: f64) -> Self {
        Filler {
            looks_for_seams: false,
            ..Filler::new(width)
        }
    }

    /// Adds a word and the blanks behind it; what is left in their place means nothing.
    pub fn word(&mut self, word: &mut Vec<Atom>, blanks: &mut Vec<Atom>, fonts: &mut Fonts) {
        let wide: f64 = word.iter().map(Atom::width).sum();
        let gap: f64 = self.blanks.iter().map(Atom::width).sum();
        if self.used + gap + wide > self.width + SLACK {
            match self.atoms.is_empty() {
                true => self.blanks.clear(),
                false => self.end_line(),
            }
        }
        if wide > self.width + SLACK {
            self.long(std::mem::take(word), fonts);
        } else {
            let mut gap = std::mem::take(&mut self.blanks);
            let atoms = gap.drain(..).chain(word.drain(..));
            atoms.for_each(|atom| self.push(atom));
            self.blanks = gap;
        }
        std::mem::swap(&mut self.blanks, blanks);
    }

    fn push(&mut self, atom: Atom) {
        self.used += atom.width();
        self.atoms.push(atom);
    }

    /// Something wider than a line, broken wherever the line ends.
    pub fn long(&mut self, atoms: Vec<Atom>, fonts: &mut Fonts) {
        self.blanks.clear();
        let pieces: Vec<Atom> = atoms
            .into_iter()
            .flat_map(|atom| in_pieces(atom, fonts))
            .collect();
        for mut atom in pieces {
            while self.used + atom.width() > self.width + SLACK {
                let text = &atom.shaped.text;
                let cut = match fitting(&atom, self.width - self.used) {
                    cut if self.looks_for_seams && cut < text.len() => {
                        seam_before(text, cut).unwrap_or(cut)
                    }
                    cut => cut,
                };
                // At least one character on each line, or it would never end.
                let cut = if cut == 0 && self.atoms.is_empty() {
                    after_first(&atom.shaped.text)
                } else {
                    cut
                };
                if cut >= atom.shaped.text.len() {
                    break;
                }
                if cut > 0 {
                    let (cut, head) = self.head(&atom, cut, fonts);
                    if let Some(head) = head {
                        let rest = &atom.shaped.text[cut..];
                        let tail = fonts.shape(atom.shaped.font, rest, atom.level % 2 == 1);
                        self.push(head);
                        atom.shaped = tail;
                    }
                }
                self.end_line();
            }
            self.push(atom);
        }
    }

    /// The part of `atom` before `cut`, or a shorter one: what was drawn closer to the next
    /// character stands wider at the end of a line. None if nothing of it fits any more.
    fn head(&self, atom: &Atom, cut: usize, fonts: &mut Fonts) -> (usize, Option<Atom>) {
        let text = &atom.shaped.text;
        let mut cut = cut;
        while cut > 0 {
            let shaped = fonts.shape(atom.shaped.font, &text[..cut], atom.level % 2 == 1);
            let head = Atom {
                shaped,
                ..atom.clone()
            };
            let is_least = self.atoms.is_empty() && cut <= after_first(text);
            if is_least || self.used + head.width() <= self.width + SLACK {
                return (cut, Some(head));
            }
            cut = text[..cut]
                .char_indices()
                .rev()
                .find(|&(_, c)| !is_mark(c))
                .map_or(0, |(at, _)| at);
        }
        (0, None)
    }

    fn end_line(&mut self) {
        self.lines
            .push(Line::ordered(std::mem::take(&mut self.atoms)));
        self.used = 0.0;
        self.blanks.clear();
    }

    pub fn finish(mut self) -> Vec<Line> {
        if !self.atoms.is_empty() || self.lines.is_empty() {
            self.end_line();
        }
        self.lines
    }
}

/// A very long atom as shorter ones: each break of a line shapes the rest anew.
fn in_pieces(atom: Atom, fonts: &mut Fonts) -> Vec<Atom> {
    const MOST: usize = 400;
    let text = &atom.shaped.text;
    if text.len() <= MOST {
        return vec![atom];
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if at == text.len() || (at - start >= MOST && !is_mark(c)) {
            let shaped = fonts.shape(atom.shaped.font, &text[start..at], atom.level % 2 == 1);
            pieces.push(Atom {
                shaped,
                ..atom.clone()
            });
            start = at;
        }
    }
    pieces
}

/// How many bytes from the start fit into `room`.
fn fitting(atom: &Atom, room: f64) -> usize {
    let mut parts: Vec<(u32, u32, f64)> = Vec::with_capacity(atom.shaped.glyphs.len());
    for glyph in &atom.shaped.glyphs {
        parts.push((
            glyph.start,
            glyph.end,
            f64::from(glyph.advance) * atom.size / 1000.0,
        ));
    }
    parts.sort_by_key(|part| part.0);
    let mut used = 0.0;
    let mut fits = 0;
    for (place, &(start, end, advance)) in parts.iter().enumerate() {
        used += advance;
        if used > room + SLACK {
            break;
        }
        let next_is_mark = atom.shaped.text[end.max(start) as usize..]
            .chars()
            .next()
            .is_some_and(is_mark);
        let whole = parts.get(place + 1).is_none_or(|next| next.0 != start);
        if whole && !next_is_mark {
            fits = end as usize;
        }
    }
    fits
}

/// A place before `cut` where a reader would break the token too: after a separator, or where
/// a new word of a name such as `AuthorizeIngress` begins. Not too far back, or lines get ragged.
fn seam_before(text: &str, cut: usize) -> Option<usize> {
    let start = text.floor_char_boundary(cut / 2).max(1);
    let after = |at: usize| {
        let before = text[..at].chars().next_back()?;
        let next = text[at..].chars().next()?;
        let seam = "/:._-@=,&?+;|".contains(before)
            || (before.is_ascii_lowercase() || before.is_ascii_digit())
                && next.is_ascii_uppercase();
        seam.then_some(at)
    };
    (start..=cut)
        .rev()
        .filter(|&at| text.is_char_boundary(at))
        .find_map(after)
}

/// The end of the first character and its marks.
fn after_first(text: &str) -> usize {
    let ends = text.char_indices().skip(1).find(|&(_, c)| !is_mark(c));
    ends.map_or(text.len(), |(at, _)| at)
}
