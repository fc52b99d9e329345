//! Pages: what stands where, running heads, and the order of blocks.
//!
//! The same code runs twice. The first pass draws nothing and finds the page of
//! every anchor; the second draws, and must come to the same places.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::block::Tone;
use super::super::chart::Ink;
use super::PdfError;
use super::canvas::{Canvas, Tag};
use super::text::{Atom, Line, Style, Typesetter};

const SHORT_SIDE: f64 = 595.28;
const LONG_SIDE: f64 = 841.89;
const SIDE_MARGIN: f64 = 50.0;
const TOP_MARGIN: f64 = 70.0;
const BOTTOM_MARGIN: f64 = 64.0;
const RUNNING: Style = Style::plain(7.5).tone(Tone::Muted);

/// What stands on every page.
#[derive(Debug)]
pub struct Frame<'d> {
    pub title: &'d str,
    pub packet_id: &'d str,
    pub footer_note: &'d str,
}

/// A heading, as the contents page lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub level: u8,
    pub text: String,
    pub target: String,
    pub listed: bool,
}

/// A place in the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Counted from 0.
    pub page: usize,
    pub y: f64,
}

/// What a pass found out.
#[derive(Debug, Default, PartialEq)]
pub struct Trace {
    /// For each page whether it lies on its side.
    pub pages: Vec<bool>,
    pub anchors: BTreeMap<String, Place>,
    /// Grows out of every step of the pass, so that two equal traces mean two equal layouts.
    steps: u64,
}

impl Trace {
    fn step(&mut self, y: f64) {
        // FNV-1a over the bits of the number.
        for byte in y.to_bits().to_le_bytes() {
            self.steps = (self.steps ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The position on the current page, and all that is needed to go on.
pub struct Flow<'c> {
    pub canvas: &'c mut dyn Canvas,
    pub set: &'c mut Typesetter,
    pub entries: &'c [Entry],
    /// The places of the first pass; none while that runs.
    pub known: Option<&'c Trace>,
    pub trace: Trace,
    /// The upper end of what is still free.
    pub y: f64,
    frame: &'c Frame<'c>,
    /// Whether the next page lies on its side.
    wide: bool,
    open: bool,
    /// Whether anything but the running heads is on the page.
    pub fresh: bool,
    /// The running heads of the last page, and the widths that they were made for.
    heads: Option<((u64, u64), Heads)>,
}

/// Title, packet and note.
type Heads = (Rc<Line>, Rc<Line>, Rc<Line>);

/// How a stack of lines looks.
#[derive(Debug, Clone, Copy)]
pub struct Panel {
    pub left: f64,
    pub leading: f64,
    pub ground: Option<Ink>,
    pub bar: Option<Ink>,
    pub pad_x: f64,
    pub pad_y: f64,
}

impl Panel {
    pub fn bare(leading: f64) -> Self {
        Panel {
            left: 0.0,
            leading,
            ground: None,
            bar: None,
            pad_x: 0.0,
            pad_y: 0.0,
        }
    }
}

impl<'c> Flow<'c> {
    pub fn new(
        canvas: &'c mut dyn Canvas,
        set: &'c mut Typesetter,
        frame: &'c Frame<'c>,
        entries: &'c [Entry],
        known: Option<&'c Trace>,
    ) -> Self {
        Flow {
            canvas,
            set,
            entries,
            known,
            trace: Trace::default(),
            y: 0.0,
            frame,
            wide: false,
            open: false,
            fresh: true,
            heads: None,
        }
    }

    /// The left edge of the text.
    pub fn left(&self) -> f64 {
        SIDE_MARGIN
    }

    /// The width of the text.
    pub fn width(&self) -> f64 {
        self.page_size().0 - 2.0 * SIDE_MARGIN
    }

    /// The height of an empty page's text.
    pub fn full_height(&self) -> f64 {
        self.bottom() - TOP_MARGIN
    }

    /// The height that is left on this page.
    pub fn room(&self) -> f64 {
        if self.open {
            self.bottom() - self.y
        } else {
            self.full_height()
        }
    }

    fn bottom(&self) -> f64 {
        self.page_size().1 - BOTTOM_MARGIN
    }

    fn page_size(&self) -> (f64, f64) {
        if self.wide {
            (LONG_SIDE, SHORT_SIDE)
        } else {
            (SHORT_SIDE, LONG_SIDE)
        }
    }

    /// Turns the page for what comes next, if it does not lie that way already.
    pub fn orient(&mut self, wide: bool) -> Result<(), PdfError> {
        if self.wide != wide {
            self.end_page()?;
            self.wide = wide;
        }
        Ok(())
    }

    /// Makes sure that there is a page.
    pub fn begin(&mut self) -> Result<(), PdfError> {
        if self.open {
            return Ok(());
        }
        let (width, height) = self.page_size();
        self.canvas.begin_page(width, height)?;
        self.trace.pages.push(self.wide);
        self.open = true;
        self.fresh = true;
        self.y = TOP_MARGIN;
        self.running_heads();
        Ok(())
    }

    /// Ends the page, if there is one.
    pub fn end_page(&mut self) -> Result<(), PdfError> {
        if self.open {
            self.open = false;
            self.trace.step(self.y);
            self.canvas.end_page()?;
        }
        Ok(())
    }

    pub fn next_page(&mut self) -> Result<(), PdfError> {
        self.end_page()?;
        self.begin()
    }

    /// Goes to the next page if less than `height` is left here.
    pub fn ensure(&mut self, height: f64) -> Result<(), PdfError> {
        self.begin()?;
        if height > self.room() && !self.fresh {
            self.next_page()?;
        }
        Ok(())
    }

    /// Leaves space, except at the top of a page.
    pub fn space(&mut self, height: f64) {
        if self.open && !self.fresh {
            self.y += height;
        }
    }

    /// Takes height that was drawn on.
    pub fn advance(&mut self, height: f64) {
        self.y += height;
        self.fresh = false;
        self.trace.step(self.y);
    }

    /// Gives this place a name.
    pub fn anchor(&mut self, name: &str) -> Result<(), PdfError> {
        self.begin()?;
        let place = Place {
            page: self.trace.pages.len() - 1,
            y: self.y,
        };
        match self.trace.anchors.insert(name.to_owned(), place) {
            Some(_) => Err(PdfError::AnchorTwice {
                anchor: name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The page number of an anchor, as far as this pass knows.
    pub fn page_of(&self, anchor: &str) -> Option<usize> {
        self.known
            .and_then(|known| known.anchors.get(anchor))
            .map(|place| place.page + 1)
    }

    fn running_heads(&mut self) {
        let (width, height) = self.page_size();
        let right = width - SIDE_MARGIN;
        let number = self.trace.pages.len();
        let total = self.known.map_or(0, |known| known.pages.len());
        self.canvas.open(Tag::Artifact);
        let page = self.set.line(&format!("page {number} of {total}"), RUNNING);
        let (title, packet, note) = self.heads_beside(right - SIDE_MARGIN, page.width);
        self.draw(&title, SIDE_MARGIN, 40.0);
        self.draw(&packet, right - packet.width, 40.0);
        self.canvas
            .line((SIDE_MARGIN, 47.0), (right, 47.0), 0.5, Ink::Rule);
        let foot = height - 34.0;
        self.canvas.line(
            (SIDE_MARGIN, foot - 11.0),
            (right, foot - 11.0),
            0.5,
            Ink::Rule,
        );
        self.draw(&note, SIDE_MARGIN, foot);
        self.draw(&page, right - page.width, foot);
        self.canvas.close();
    }

    /// Title, packet and note, beside a page number of this width. They are the same on nearly
    /// every page, so that those of the last one are kept.
    fn heads_beside(&mut self, width: f64, page: f64) -> Heads {
        let key = (width.to_bits(), page.to_bits());
        if let Some((known, heads)) = &self.heads
            && *known == key
        {
            return heads.clone();
        }
        let packet = self.set.line(
            self.frame.packet_id,
            Style {
                mono: true,
                ..RUNNING
            },
        );
        let title = self.fitted(self.frame.title, width - packet.width - 16.0);
        let note = self.fitted(self.frame.footer_note, width - page - 16.0);
        let heads = (Rc::new(title), Rc::new(packet), Rc::new(note));
        self.heads = Some((key, heads.clone()));
        heads
    }

    /// The first line of the text in `room`, with an ellipsis where there is more.
    fn fitted(&mut self, text: &str, room: f64) -> Line {
        let whole = self.set.line(text, RUNNING);
        if whole.width <= room {
            return whole;
        }
        let ellipsis = self.set.line("…", RUNNING);
        let lines = self.set.text_lines(text, RUNNING, room - ellipsis.width);
        let mut line = lines.into_iter().next().unwrap_or_default();
        line.width += ellipsis.width;
        line.atoms.extend(ellipsis.atoms);
        line
    }

    /// Draws a line from `x` on the base line `y`, with its links.
    pub fn draw(&mut self, line: &Line, x: f64, y: f64) {
        self.draw_with(line, x, y, |atom| Ink::Full(atom.tone));
    }

    /// As [`Flow::draw`], all in one colour.
    pub fn draw_in(&mut self, line: &Line, x: f64, y: f64, ink: Ink) {
        self.draw_with(line, x, y, |_| ink);
    }

    fn draw_with(&mut self, line: &Line, x: f64, y: f64, ink: impl Fn(&Atom) -> Ink) {
        let mut x = x;
        let mut rest = line.atoms.as_slice();
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|atom| first.joins(atom)).count();
            let (together, later) = rest.split_at(count);
            let parts: Vec<_> = together.iter().map(|atom| &*atom.shaped).collect();
            self.canvas.text(x, y, first.size, ink(first), &parts);
            let width: f64 = together.iter().map(Atom::width).sum();
            if let Some(anchor) = &first.link {
                let label: String = together.iter().map(|atom| &*atom.shaped.text).collect();
                self.canvas
                    .link(x, y - first.size, width, first.size * 1.3, anchor, &label);
            }
            x += width;
            rest = later;
        }
    }

    /// Draws lines one below the other, over as many pages as they need.
    pub fn stack(&mut self, lines: &[Line], look: Panel) -> Result<(), PdfError> {
        let mut rest = lines;
        while !rest.is_empty() {
            self.begin()?;
            let fitting = ((self.room() - 2.0 * look.pad_y + 0.01) / look.leading)
                .floor()
                .max(0.0) as usize;
            let take = match fitting {
                fitting if rest.len() <= fitting => rest.len(),
                // No single line is left behind, and none goes alone to the next page.
                fitting if fitting < 2 && !self.fresh => 0,
                fitting if rest.len() == fitting + 1 && fitting > 2 => fitting - 1,
                fitting if rest.len() == fitting + 1 && !self.fresh => 0,
                fitting => fitting.max(1),
            };
            if take == 0 {
                self.next_page()?;
                continue;
            }
            let (now, later) = rest.split_at(take);
            self.stack_here(now, look);
            rest = later;
            if !rest.is_empty() {
                self.next_page()?;
            }
        }
        Ok(())
    }

    fn stack_here(&mut self, lines: &[Line], look: Panel) {
        let left = self.left() + look.left;
        let height = lines.len() as f64 * look.leading + 2.0 * look.pad_y;
        if look.ground.is_some() || look.bar.is_some() {
            self.canvas.open(Tag::Artifact);
            if let Some(ground) = look.ground {
                self.canvas
                    .area(left, self.y, self.width() - look.left, height, ground);
            }
            if let Some(bar) = look.bar {
                self.canvas.area(left, self.y, 3.0, height, bar);
            }
            self.canvas.close();
        }
        let mut base = self.y + look.pad_y + look.leading * 0.76;
        for line in lines {
            self.draw(line, left + look.pad_x, base);
            base += look.leading;
        }
        self.advance(height);
    }
}
