//! Documents as PDF: A4, selectable text, outline, links, the same bytes each time.
//!
//! Layout is our own and knows only a [`canvas::Canvas`]; lopdf writes the file. Reads
//! no font of the system, no clock, no network. It says nothing of its own: every word comes from the blocks, but for
//! `page x of y` and the marks of a row that goes on.

mod assemble;
mod backend;
mod blocks;
pub mod canvas;
mod cells;
mod contents;
mod embed;
mod fill;
mod flow;
pub mod fonts;
mod table;
mod text;
mod xmp;

#[cfg(test)]
mod tests;

use std::io::Write;

use super::block::{Block, RowError};
use crate::sanitize;
use backend::PageCanvas;
use canvas::Canvas;
use flow::{Flow, Frame, Places};
use fonts::Fonts;
use text::Typesetter;

/// A document to be drawn.
#[derive(Debug)]
pub struct Document<'a> {
    /// For the properties of the file.
    pub title: String,
    /// Stands on each page, and in the properties.
    pub packet_id: String,
    /// As in `en` or `de-CH`.
    pub language: String,
    /// Stands at the head of each page, on the left.
    pub running_header: String,
    /// Stands at the foot of each page: period and time zone.
    pub running_footer_note: String,
    pub author: String,
    /// RFC 3339; given by the caller, because a packet must come out the same again.
    pub created_at: String,
    pub blocks: Vec<Block<'a>>,
}

/// Why a document was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("table `{table}`: the rows could not be read: {cause}")]
    Rows { table: String, cause: RowError },
    #[error("table `{table}`, row {row}: {found} cells for {expected} columns")]
    RowWidth {
        table: String,
        row: u64,
        found: usize,
        expected: usize,
    },
    #[error("link to `{anchor}`: nothing in the document has that name")]
    NoSuchAnchor { anchor: String },
    #[error("anchor `{anchor}`: two places in the document have that name")]
    AnchorTwice { anchor: String },
    #[error("the time of making `{text}` is not like `2026-11-01T02:00:00Z`: {cause}")]
    Instant {
        text: String,
        cause: chrono::ParseError,
    },
    #[error("font `{name}` of the program: {cause}")]
    Font { name: &'static str, cause: String },
    #[error("drawing pages: {0}")]
    Drawing(String),
    #[error("writing the PDF: {0}")]
    Write(std::io::Error),
}

/// The document as the bytes of a PDF file.
///
/// # Errors
/// Mistakes in the document (links to nowhere, uneven rows) and sources that fail.
pub fn render(document: &Document<'_>) -> Result<Vec<u8>, PdfError> {
    let mut bytes = Vec::new();
    render_to(document, &mut bytes)?;
    Ok(bytes)
}

/// As [`render`], to a file or any other place.
///
/// # Errors
/// As [`render`], and a place that takes no more bytes.
pub fn render_to(document: &Document<'_>, target: &mut dyn Write) -> Result<(), PdfError> {
    let metadata = metadata(document)?;
    let mut set = Typesetter {
        fonts: Fonts::load()?,
    };
    let frame = Frame {
        title: &document.running_header,
        packet_id: &document.packet_id,
        footer_note: &document.running_footer_note,
    };
    let mut canvas = PageCanvas::new();
    let places = draw(document, &mut canvas, &mut set, &frame)?;
    let file = assemble::assemble(canvas.finish()?, &places, &metadata, &set.fonts)?;
    // Shaped texts are needed no more, and the file is written beside its pages.
    drop(set);
    assemble::write(file, target)
}

/// Draws all blocks; says what stands where.
fn draw(
    document: &Document<'_>,
    canvas: &mut dyn Canvas,
    set: &mut Typesetter,
    frame: &Frame<'_>,
) -> Result<Places, PdfError> {
    let entries = blocks::entries(&document.blocks);
    let mut flow = Flow::new(canvas, set, frame, &entries);
    blocks::draw(&mut flow, &document.blocks)?;
    flow.finish()?;
    Ok(flow.places)
}

fn metadata<'d>(document: &'d Document<'_>) -> Result<xmp::Metadata<'d>, PdfError> {
    Ok(xmp::Metadata {
        title: sanitize::inline(&document.title).into_owned(),
        author: sanitize::inline(&document.author).into_owned(),
        subject: sanitize::inline(&document.packet_id).into_owned(),
        language: &document.language,
        created_at: xmp::Instant::parse(&document.created_at)?,
    })
}
