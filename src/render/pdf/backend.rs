//! The canvas behind the pages.
//!
//! A page becomes packed contents as soon as it ends, and only these are kept,
//! so that memory does not grow with the number of glyphs.

use super::super::chart::Ink;
use super::PdfError;
use super::canvas::{Canvas, Tag};
use super::contents::{Contents, Shown};
use super::embed::{Packer, Used};
use super::fonts::{FONTS, FontId, Shaped};

/// A page as the document needs it.
#[derive(Debug)]
pub struct Page {
    pub width: f64,
    pub height: f64,
    /// Packed with zlib.
    pub contents: Vec<u8>,
    /// What was added in the end, packed with zlib; empty if nothing was.
    pub added: Vec<u8>,
    pub links: Vec<Link>,
}

/// An area of a page, from its lower left corner, that leads to an anchor.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub rect: [f32; 4],
    pub anchor: String,
    pub label: String,
}

/// An entry of the outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Bookmark {
    pub level: u8,
    pub title: String,
    pub page: usize,
    /// From the lower edge of the page.
    pub top: f32,
}

/// What is left when all pages are drawn.
pub struct Drawn {
    pub pages: Vec<Page>,
    pub bookmarks: Vec<Bookmark>,
    /// One for each font of the program.
    pub fonts: Vec<Used>,
}

/// Draws pages.
pub struct PageCanvas {
    drawn: Drawn,
    packer: Packer,
    contents: Contents,
    /// The row of codes that is being written, for its memory.
    shown: Shown,
    fill: Option<Ink>,
    stroke: Option<(Ink, u64)>,
    page_is_open: bool,
    /// The page that is drawn on, and whether it was ended before.
    at: usize,
    is_resumed: bool,
    open_tag_count: usize,
    /// What went wrong where the trait has no way to say it.
    failure: Option<PdfError>,
}

impl PageCanvas {
    pub fn new() -> Self {
        let fonts = (0..FONTS.len() as u8)
            .map(|font| Used::new(FontId(font)))
            .collect();
        let drawn = Drawn {
            pages: Vec::new(),
            bookmarks: Vec::new(),
            fonts,
        };
        PageCanvas {
            drawn,
            packer: Packer::new(),
            contents: Contents::default(),
            shown: Shown::default(),
            fill: None,
            stroke: None,
            page_is_open: false,
            at: 0,
            is_resumed: false,
            open_tag_count: 0,
            failure: None,
        }
    }

    /// All pages.
    ///
    /// # Errors
    /// A page or a tag that was not closed, and whatever went wrong on the way.
    pub fn finish(self) -> Result<Drawn, PdfError> {
        if self.page_is_open || self.open_tag_count > 0 {
            return Err(PdfError::Drawing(
                "a page or a tag is still open at the end".into(),
            ));
        }
        Ok(self.drawn)
    }

    fn page(&mut self) -> &mut Page {
        self.drawn
            .pages
            .get_mut(self.at)
            .expect("layout draws only on a page that it began")
    }

    fn begin_contents(&mut self) {
        self.page_is_open = true;
        self.contents.clear();
        // What was set before must be set anew.
        (self.fill, self.stroke) = (None, None);
    }

    fn fill(&mut self, ink: Ink) {
        if self.fill.replace(ink) != Some(ink) {
            self.contents.fill_color(ink);
        }
    }
}

impl Canvas for PageCanvas {
    fn begin_page(&mut self, width: f64, height: f64) -> Result<(), PdfError> {
        (self.at, self.is_resumed) = (self.drawn.pages.len(), false);
        self.begin_contents();
        self.drawn.pages.push(Page {
            width,
            height,
            contents: Vec::new(),
            added: Vec::new(),
            links: Vec::new(),
        });
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), PdfError> {
        self.page_is_open = false;
        let packed = self.packer.zlib(self.contents.bytes())?;
        let is_resumed = self.is_resumed;
        let page = self.page();
        match is_resumed {
            true => page.added = packed,
            false => page.contents = packed,
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    fn resume_page(&mut self, page: usize) -> Result<(), PdfError> {
        (self.at, self.is_resumed) = (page, true);
        self.begin_contents();
        Ok(())
    }

    fn text(&mut self, x: f64, y: f64, size: f64, ink: Ink, parts: &[&Shaped]) {
        let Some(first) = parts.first() else { return };
        self.fill(ink);
        let height = self.page().height;
        let font = first.font.0 as usize;
        let used = &mut self.drawn.fonts[font];
        let (contents, shown) = (&mut self.contents, &mut self.shown);
        shown.clear();
        contents.begin_text(FONTS[font].resource, size);
        let mut flush = |shown: &mut Shown, pen: f64, rise: f32| {
            shown.close();
            if !shown.is_empty() {
                let x = x + pen * size / 1000.0;
                contents.show(x, height - y + f64::from(rise) * size / 1000.0, shown);
            }
            shown.clear();
        };
        let mut pen = 0.0;
        // Marks stand higher or lower than their letters: a new start each time.
        let mut from = (0.0, 0.0f32);
        for shaped in parts {
            for glyph in &shaped.glyphs {
                let text = &shaped.text[glyph.start as usize..glyph.end as usize];
                let code = match used.code(glyph.id, text, glyph.natural) {
                    Ok(code) => code,
                    Err(failure) => {
                        self.failure.get_or_insert(failure);
                        return;
                    }
                };
                if glyph.dy != from.1 {
                    flush(shown, from.0, from.1);
                    from = (pen, glyph.dy);
                }
                shown.move_by(f64::from(glyph.dx));
                shown.code(code);
                shown.move_by(f64::from(glyph.advance - used.width(code) - glyph.dx));
                pen += f64::from(glyph.advance);
            }
        }
        flush(shown, from.0, from.1);
        contents.end_text();
    }

    fn area(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.fill(ink);
        let lower = self.page().height - y - height;
        self.contents.area(x, lower, width, height);
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        let stroke = (ink, width.to_bits());
        if self.stroke.replace(stroke) != Some(stroke) {
            self.contents.stroke(ink, width);
        }
        let height = self.page().height;
        let end = |(x, y): (f64, f64)| (x, height - y);
        self.contents.line(end(from), end(to));
    }

    fn link(&mut self, x: f64, y: f64, width: f64, height: f64, anchor: &str, label: &str) {
        let page = self.page();
        let rect = [x, page.height - y - height, x + width, page.height - y].map(rounded);
        page.links.push(Link {
            rect,
            anchor: anchor.to_owned(),
            label: label.to_owned(),
        });
    }

    fn outline(&mut self, level: u8, title: &str, y: f64) {
        let (page, top) = (self.at, rounded(self.page().height - y));
        let title = crate::sanitize::inline(title).into_owned();
        self.drawn.bookmarks.push(Bookmark {
            level,
            title,
            page,
            top,
        });
    }

    fn open(&mut self, _: Tag<'_>) {
        self.open_tag_count += 1;
    }

    fn close(&mut self) {
        match self.open_tag_count.checked_sub(1) {
            Some(count) => self.open_tag_count = count,
            None => {
                let failure = PdfError::Drawing("a tag is closed that is not open".into());
                self.failure.get_or_insert(failure);
            }
        }
    }
}

/// To a hundredth of a point: finer cannot be seen, and shorter is smaller.
fn rounded(number: f64) -> f32 {
    ((number * 100.0).round() / 100.0) as f32
}
