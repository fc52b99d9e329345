//! The canvas behind the pages: printpdf writes their contents.
//!
//! Pages become contents in groups, and only the packed bytes are kept, so that
//! memory does not grow with the number of glyphs. Everything that printpdf
//! names by a running number is thrown away; nothing of it shows in the bytes.

use std::collections::BTreeMap;

use lopdf::Object;
use printpdf::{
    Color, FontId as ResourceId, FontMetrics, Line, LinePoint, Op, PaintMode, ParsedFont,
    PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, Rect, Rgb, TextItem,
    TextMatrix,
};

use super::super::chart::Ink;
use super::PdfError;
use super::canvas::{Canvas, Tag};
use super::embed::{self, Used};
use super::fonts::{FONTS, FontId, Shaped};

/// Pages that are turned into contents at once.
const GROUP: usize = 24;
/// Codes as characters for printpdf, see [`stand_in`].
const FIRST_STAND_IN: u32 = 0x10000;

/// A page as the document needs it.
#[derive(Debug)]
pub struct Page {
    pub width: f64,
    pub height: f64,
    /// Packed with zlib.
    pub contents: Vec<u8>,
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

struct Draft {
    width: f64,
    height: f64,
    ops: Vec<Op>,
    links: Vec<Link>,
    fill: Option<Ink>,
    stroke: Option<(Ink, u64)>,
}

/// What is left when all pages are drawn.
pub struct Drawn {
    pub pages: Vec<Page>,
    pub bookmarks: Vec<Bookmark>,
    /// One for each font of the program.
    pub fonts: Vec<Used>,
}

/// Draws pages.
pub struct PrintCanvas {
    drawn: Drawn,
    drafts: Vec<Draft>,
    page_count: usize,
    page_is_open: bool,
    open_tag_count: usize,
    /// What went wrong where the trait has no way to say it.
    failure: Option<PdfError>,
}

impl PrintCanvas {
    pub fn new() -> Self {
        let fonts = (0..FONTS.len() as u8)
            .map(|font| Used::new(FontId(font)))
            .collect();
        let drawn = Drawn {
            pages: Vec::new(),
            bookmarks: Vec::new(),
            fonts,
        };
        PrintCanvas {
            drawn,
            drafts: Vec::new(),
            page_count: 0,
            page_is_open: false,
            open_tag_count: 0,
            failure: None,
        }
    }

    /// All pages.
    ///
    /// # Errors
    /// A page or a tag that was not closed, and whatever went wrong on the way.
    pub fn finish(mut self) -> Result<Drawn, PdfError> {
        if self.page_is_open || self.open_tag_count > 0 {
            return Err(PdfError::Drawing(
                "a page or a tag is still open at the end".into(),
            ));
        }
        self.write_group()?;
        Ok(self.drawn)
    }

    fn draft(&mut self) -> &mut Draft {
        self.drafts
            .last_mut()
            .expect("layout draws only on a page that it began")
    }

    fn fill(&mut self, ink: Ink) {
        let draft = self.draft();
        if draft.fill.replace(ink) != Some(ink) {
            draft.ops.push(Op::SetFillColor { col: color(ink) });
        }
    }

    /// Turns the waiting pages into packed contents.
    fn write_group(&mut self) -> Result<(), PdfError> {
        let mut document = PdfDocument::new("");
        for used in self.drawn.fonts.iter().enumerate() {
            let (resource, font) = stand_in_font(used);
            document.resources.fonts.map.insert(resource, font);
        }
        let drafts = std::mem::take(&mut self.drafts);
        let mut rest = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let mut page = PdfPage::new(printpdf::Mm(210.0), printpdf::Mm(297.0), Vec::new());
            page.ops = draft.ops;
            document.pages.push(page);
            rest.push((draft.width, draft.height, draft.links));
        }
        let options = PdfSaveOptions {
            optimize: false,
            subset_fonts: false,
            secure: true,
            image_optimization: None,
        };
        let mut warnings = Vec::new();
        let written = document.to_lopdf_document(&options, &mut warnings);
        if let Some(warning) = warnings.first() {
            return Err(PdfError::Drawing(format!("{warning:?}")));
        }
        let pages = written.get_pages();
        if pages.len() != rest.len() {
            return Err(PdfError::Drawing(format!(
                "{} pages were drawn, {} came out",
                rest.len(),
                pages.len()
            )));
        }
        for ((width, height, links), id) in rest.into_iter().zip(pages.into_values()) {
            let contents = embed::deflate(page_contents(&written, id)?)?;
            self.drawn.pages.push(Page {
                width,
                height,
                contents,
                links,
            });
        }
        Ok(())
    }
}

fn page_contents(document: &lopdf::Document, page: lopdf::ObjectId) -> Result<&[u8], PdfError> {
    let contents = document
        .get_dictionary(page)
        .and_then(|page| page.get(b"Contents"));
    let stream = contents
        .and_then(Object::as_reference)
        .and_then(|id| document.get_object(id));
    match stream.and_then(Object::as_stream) {
        Ok(stream) => Ok(&stream.content),
        Err(cause) => Err(PdfError::Drawing(format!(
            "a page came out without contents: {cause}"
        ))),
    }
}

/// printpdf writes glyph ids one string each, but text as one string, so codes
/// go through it as text: character 0x10000 + n stands for code n.
fn stand_in(code: u16) -> char {
    char::from_u32(FIRST_STAND_IN + u32::from(code)).expect("no surrogates above the first plane")
}

/// A font for printpdf that knows the stand-ins and nothing else; the real one is embedded at the end.
fn stand_in_font((place, used): (usize, &Used)) -> (ResourceId, PdfFont) {
    let codes = 0..used.code_count() as u16;
    let parsed = ParsedFont::with_glyph_data(
        // Empty bytes would be a warning; these are never looked at.
        vec![0],
        0,
        None,
        codes
            .map(|code| (FIRST_STAND_IN + u32::from(code), code))
            .collect(),
        BTreeMap::new(),
        1000,
        FontMetrics {
            ascent: 0,
            descent: 0,
        },
    );
    (
        ResourceId(FONTS[place].resource.into()),
        PdfFont::new(parsed),
    )
}

impl Canvas for PrintCanvas {
    fn begin_page(&mut self, width: f64, height: f64) -> Result<(), PdfError> {
        if self.drafts.len() >= GROUP {
            self.write_group()?;
        }
        self.page_is_open = true;
        self.page_count += 1;
        self.drafts.push(Draft {
            width,
            height,
            ops: Vec::new(),
            links: Vec::new(),
            fill: None,
            stroke: None,
        });
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), PdfError> {
        self.page_is_open = false;
        self.failure.take().map_or(Ok(()), Err)
    }

    fn text(&mut self, x: f64, y: f64, size: f64, ink: Ink, parts: &[&Shaped]) {
        let Some(first) = parts.first() else { return };
        self.fill(ink);
        let font = first.font;
        let mut writer = TextWriter {
            items: Vec::new(),
            text: String::new(),
            owed: 0.0,
        };
        // Marks stand higher or lower than their letters: a new start each time.
        let mut starts: Vec<(f64, f32, Vec<TextItem>)> = Vec::new();
        let mut pen = 0.0;
        let mut from = (0.0, 0.0f32);
        let used = &mut self.drawn.fonts[font.0 as usize];
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
                    starts.push((from.0, from.1, writer.finish()));
                    from = (pen, glyph.dy);
                }
                writer.move_by(f64::from(glyph.dx));
                writer.text.push(stand_in(code));
                writer.move_by(f64::from(glyph.advance - used.width(code) - glyph.dx));
                pen += f64::from(glyph.advance);
            }
        }
        starts.push((from.0, from.1, writer.finish()));
        let height = self.draft().height;
        let ops = &mut self.draft().ops;
        ops.push(Op::StartTextSection);
        let handle = PdfFontHandle::External(ResourceId(FONTS[font.0 as usize].resource.into()));
        ops.push(Op::SetFont {
            font: handle,
            size: point(size),
        });
        for (pen, rise, items) in starts.into_iter().filter(|start| !start.2.is_empty()) {
            let x = rounded(x + pen * size / 1000.0);
            let y = rounded(height - y + f64::from(rise) * size / 1000.0);
            ops.push(Op::SetTextMatrix {
                matrix: TextMatrix::Raw([1.0, 0.0, 0.0, 1.0, x, y]),
            });
            ops.push(Op::ShowText { items });
        }
        ops.push(Op::EndTextSection);
    }

    fn area(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.fill(ink);
        let page_height = self.draft().height;
        let rectangle = Rect {
            x: point(x),
            y: point(page_height - y - height),
            width: point(width),
            height: point(height),
            mode: Some(PaintMode::Fill),
            winding_order: None,
        };
        self.draft().ops.push(Op::DrawRectangle { rectangle });
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        let draft = self.draft();
        let stroke = (ink, width.to_bits());
        if draft.stroke.replace(stroke) != Some(stroke) {
            draft.ops.push(Op::SetOutlineColor { col: color(ink) });
            draft.ops.push(Op::SetOutlineThickness { pt: point(width) });
        }
        let height = draft.height;
        let end = |(x, y): (f64, f64)| LinePoint {
            p: Point {
                x: point(x),
                y: point(height - y),
            },
            bezier: false,
        };
        draft.ops.push(Op::DrawLine {
            line: Line {
                points: vec![end(from), end(to)],
                is_closed: false,
            },
        });
    }

    fn link(&mut self, x: f64, y: f64, width: f64, height: f64, anchor: &str, label: &str) {
        let draft = self.draft();
        let rect = [x, draft.height - y - height, x + width, draft.height - y].map(rounded);
        draft.links.push(Link {
            rect,
            anchor: anchor.to_owned(),
            label: label.to_owned(),
        });
    }

    fn outline(&mut self, level: u8, title: &str, y: f64) {
        let (page, top) = (self.page_count - 1, rounded(self.draft().height - y));
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

/// Text and the small moves between its letters.
struct TextWriter {
    items: Vec<TextItem>,
    text: String,
    /// Moves to the right that are not written yet.
    owed: f64,
}

impl TextWriter {
    fn move_by(&mut self, distance: f64) {
        self.owed += distance;
        // Below a hundredth of a thousandth nothing moves that could be seen.
        if self.owed.abs() < 0.01 {
            return;
        }
        self.end_text();
        self.items.push(TextItem::Offset(-rounded(self.owed)));
        self.owed = 0.0;
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.items
                .push(TextItem::Text(std::mem::take(&mut self.text)));
        }
    }

    fn finish(&mut self) -> Vec<TextItem> {
        self.end_text();
        self.owed = 0.0;
        std::mem::take(&mut self.items)
    }
}

fn color(ink: Ink) -> Color {
    let [r, g, b] = ink
        .rgb()
        .map(|part| (f32::from(part) / 255.0 * 1000.0).round() / 1000.0);
    Color::Rgb(Rgb {
        r,
        g,
        b,
        icc_profile: None,
    })
}

/// To a hundredth of a point: finer cannot be seen, and shorter is smaller.
fn rounded(number: f64) -> f32 {
    ((number * 100.0).round() / 100.0) as f32
}

fn point(number: f64) -> Pt {
    Pt(rounded(number))
}
