//! Cells that stand in a table again and again: their lines are made once.
//!
//! What is drawn does not depend on it. A cell is kept when it comes for the second time, since
//! most of the others are ids and instants that never come again.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;

use rapidhash::fast::RandomState as RapidState;

use super::super::block::{Run, Tone};
use super::text::{Line, Style, Typesetter};

/// Cells that are remembered; then it starts anew, so that memory stays flat.
const MOST: usize = 2048;
/// Bytes of text in a cell that is remembered.
const LONGEST: usize = 160;

/// Makes the lines of cells.
#[derive(Default)]
pub struct Cells {
    /// By hash; nothing is kept of a cell that came once.
    known: HashMap<u64, Option<Kept>, RapidState>,
    hasher: RapidState,
}

struct Kept {
    runs: Box<[Run]>,
    look: Look,
    lines: Rc<[Line]>,
}

/// All that lines depend on beside the runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Look {
    size: u64,
    width: u64,
    bold: bool,
    mono: bool,
    tone: Tone,
}

impl Cells {
    /// The lines of a cell, as [`Typesetter::lines`] makes them.
    pub fn lines(
        &mut self,
        set: &mut Typesetter,
        runs: &[Run],
        style: Style,
        width: f64,
    ) -> Rc<[Line]> {
        let length: usize = runs.iter().map(|run| run.text.len()).sum();
        if length > LONGEST {
            return set.lines(runs, style, width).into();
        }
        let look = Look {
            size: style.size.to_bits(),
            width: width.to_bits(),
            bold: style.bold,
            mono: style.mono,
            tone: style.tone,
        };
        let hash = self.hash(runs, look);
        let known = self.known.get(&hash);
        let is_known = known.is_some();
        if let Some(Some(kept)) = known
            && kept.look == look
            && *kept.runs == *runs
        {
            return Rc::clone(&kept.lines);
        }
        let lines: Rc<[Line]> = set.lines(runs, style, width).into();
        if self.known.len() >= MOST {
            self.known.clear();
        }
        let kept = is_known.then(|| Kept {
            runs: runs.into(),
            look,
            lines: Rc::clone(&lines),
        });
        self.known.insert(hash, kept);
        lines
    }

    fn hash(&self, runs: &[Run], look: Look) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        look.hash(&mut hasher);
        for run in runs {
            (&run.text, &run.link).hash(&mut hasher);
            (run.bold, run.mono, run.tone).hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fonts::Fonts;
    use super::*;

    fn shown(lines: &[Line]) -> Vec<String> {
        let line = |line: &Line| format!("{:?}", line);
        lines.iter().map(line).collect()
    }

    #[test]
    fn a_cell_that_comes_again_has_the_lines_of_its_own_look_and_width() {
        let mut set = Typesetter {
            fonts: Fonts::load().expect("the fonts of the program"),
        };
        let mut cells = Cells::default();
        let runs = [
            vec![Run::plain("GetObject of one"), Run::mono(" s3")],
            vec![Run::plain("GetObject of one").link("a"), Run::mono(" s3")],
            vec![Run::plain("GetObject of one s3")],
            vec![Run::bold("GetObject of one"), Run::mono(" s3")],
            vec![
                Run::plain("GetObject of one").tone(Tone::Bad),
                Run::mono(" s3"),
            ],
            vec![Run::plain("x".repeat(LONGEST + 1))],
        ];
        for _ in 0..3 {
            for runs in &runs {
                for (style, width) in [
                    (Style::plain(7.0), 40.0),
                    (Style::plain(7.0), 41.0),
                    (Style::bold(7.0), 40.0),
                    (Style::plain(7.5), 40.0),
                    (Style::plain(7.0).tone(Tone::Muted), 40.0),
                ] {
                    let found = cells.lines(&mut set, runs, style, width);
                    assert_eq!(shown(&found), shown(&set.lines(runs, style, width)));
                }
            }
        }
    }
}
