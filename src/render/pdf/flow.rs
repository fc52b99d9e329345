//! Pages: what stands where, running heads, and the order of blocks.
//!
//! Blocks are drawn once. What cannot be known by then, which is how many pages
//! there are and on which one an entry of the contents stands, is noted as
//! [`Late`] and added to its page at the end.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::block::Tone;
use super::super::chart::Ink;
use super::PdfError;
use super::canvas::{Canvas, Tag};
use super::cells::Cells;
use super::text::{Atom, Line, Style, Typesetter};

const SHORT_SIDE: f64 = 595.28;
const LONG_SIDE: f64 = 841.89;
const SIDE_MARGIN: f64 = 50.0;
const TOP_MARGIN: f64 = 70.0;
const BOTTOM_MARGIN: f64 = 64.0;
/// The room that is kept free for the number of a page.
const WIDEST_PAGE: &str = "page 00000 of 00000";
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

/// What stands where.
#[derive(Debug, Default)]
pub struct Places {
    pub page_count: usize,
    pub anchors: BTreeMap<String, Place>,
}

/// What is drawn when all pages are known, on a page that was ended.
#[derive(Debug)]
pub struct Late {
    /// Counted from 0.
    pub page: usize,
    pub what: LateText,
}

/// What it is.
#[derive(Debug)]
pub enum LateText {
    Entry(LateEntry),
    /// Which page it is, of how many, up to a right edge on a base line.
    PageOf {
        right: f64,
        base: f64,
    },
}

/// An entry of the contents: its lines, and the page that it leads to.
#[derive(Debug)]
pub struct LateEntry {
    /// Which entry.
    pub index: usize,
    pub style: Style,
    pub lines: Vec<Line>,
    pub left: f64,
    pub right: f64,
    /// The base of the first line.
    pub base: f64,
    pub leading: f64,
}

/// The position on the current page, and all that is needed to go on.
pub struct Flow<'c> {
    pub canvas: &'c mut dyn Canvas,
    pub set: &'c mut Typesetter,
    /// The lines of cells that come again.
    pub known_cells: Cells,
    pub entries: &'c [Entry],
    pub places: Places,
    /// In the order of pages.
    pub late: Vec<Late>,
    /// The upper end of what is still free.
    pub y: f64,
    frame: &'c Frame<'c>,
    /// Whether the next page lies on its side.
    wide: bool,
    open: bool,
    /// Whether anything but the running heads is on the page.
    pub fresh: bool,
    /// The running heads of the last page, and the width that they were made for.
    heads: Option<(u64, Heads)>,
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
    ) -> Self {
        Flow {
            canvas,
            set,
            known_cells: Cells::default(),
            entries,
            places: Places::default(),
            late: Vec::new(),
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
        self.places.page_count += 1;
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
    }

    /// Gives this place a name.
    pub fn anchor(&mut self, name: &str) -> Result<(), PdfError> {
        self.begin()?;
        let place = Place {
            page: self.page(),
            y: self.y,
        };
        match self.places.anchors.insert(name.to_owned(), place) {
            Some(_) => Err(PdfError::AnchorTwice {
                anchor: name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The last page so far, counted from 0.
    pub fn page(&self) -> usize {
        self.places.page_count.saturating_sub(1)
    }

    /// Ends the last page and adds to each what could not be known when it was drawn.
    pub fn finish(&mut self) -> Result<(), PdfError> {
        self.end_page()?;
        let mut late = std::mem::take(&mut self.late);
        // The order of drawing is the order of reading: the foot of a page comes last.
        late.sort_by_key(|late| (late.page, matches!(late.what, LateText::PageOf { .. })));
        for of_page in late.chunk_by(|one, next| one.page == next.page) {
            self.canvas.resume_page(of_page[0].page)?;
            for late in of_page {
                match &late.what {
                    LateText::Entry(entry) => self.draw_entry(entry),
                    LateText::PageOf { right, base } => self.page_of(late.page, *right, *base),
                }
            }
            self.canvas.end_page()?;
        }
        Ok(())
    }

    fn page_of(&mut self, page: usize, right: f64, base: f64) {
        let text = format!("page {} of {}", page + 1, self.places.page_count);
        let line = self.set.line(&text, RUNNING);
        self.canvas.open(Tag::Artifact);
        self.draw(&line, right - line.width, base);
        self.canvas.close();
    }

    fn draw_entry(&mut self, late: &LateEntry) {
        let entry = &self.entries[late.index];
        let place = self.places.anchors.get(&entry.target);
        let number = place.map_or(String::new(), |place| (place.page + 1).to_string());
        let number = self.set.line(&number, late.style);
        let number_left = late.right - number.width;
        self.canvas.open(Tag::Contents);
        self.canvas.open(Tag::Entry);
        let mut base = late.base;
        for (at, line) in late.lines.iter().enumerate() {
            base = late.base + at as f64 * late.leading;
            self.draw(line, late.left, base);
        }
        let end = late.left + late.lines.last().map_or(0.0, |line| line.width);
        self.dots(end, number_left, base);
        self.draw(&number, number_left, base);
        let (top, height) = (base - late.style.size, late.style.size * 1.3);
        self.canvas.link(
            number_left,
            top,
            number.width,
            height,
            &entry.target,
            &entry.text,
        );
        self.canvas.close();
        self.canvas.close();
    }

    /// A thin line of dots.
    fn dots(&mut self, from: f64, to: f64, base: f64) {
        self.canvas.open(Tag::Artifact);
        let mut x = ((from + 8.0) / 4.0).ceil() * 4.0;
        while x < to - 6.0 {
            self.canvas
                .area(x, base - 0.7, 0.7, 0.7, Ink::Full(Tone::Muted));
            x += 4.0;
        }
        self.canvas.close();
    }

    fn running_heads(&mut self) {
        let (width, height) = self.page_size();
        let right = width - SIDE_MARGIN;
        self.canvas.open(Tag::Artifact);
        let (title, packet, note) = self.heads_in(right - SIDE_MARGIN);
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
        self.canvas.close();
        self.late.push(Late {
            page: self.page(),
            what: LateText::PageOf { right, base: foot },
        });
    }

    /// Title, packet and note. They are the same on nearly every page, so that those of the
    /// last one are kept.
    fn heads_in(&mut self, width: f64) -> Heads {
        let key = width.to_bits();
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
        let page = self.set.line(WIDEST_PAGE, RUNNING).width;
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
