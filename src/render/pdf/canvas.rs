//! What layout draws on. Points are 1/72 inch, from the upper left corner down.
//!
//! Layout knows only this trait, so that what draws can be changed or taught
//! more (tags, PDF/A) without touching it.

use super::super::chart::Ink;
use super::PdfError;
use super::fonts::Shaped;

/// What a part of the page is, for readers who do not see it.
///
/// The backend of today only checks that each is closed; a structure tree is
/// built out of the same calls when it writes one. Tags stay open over page
/// breaks; what is inside an [`Tag::Artifact`] is no content, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag<'t> {
    Title,
    Heading(u8),
    Paragraph,
    List,
    Item,
    Table,
    HeaderRow,
    Row,
    /// Names its column, or its row where it is not in a [`Tag::HeaderRow`].
    HeaderCell,
    Cell,
    /// A picture, and what it shows in words.
    Figure(&'t str),
    Contents,
    Entry,
    Code,
    /// Not content: running heads, rules, grounds, repeated table heads.
    Artifact,
}

/// A place to draw.
pub trait Canvas {
    fn begin_page(&mut self, width: f64, height: f64) -> Result<(), PdfError>;
    fn end_page(&mut self) -> Result<(), PdfError>;
    /// Begins to add to a page that was ended, counted from 0; once for each page.
    fn resume_page(&mut self, page: usize) -> Result<(), PdfError>;
    /// Draws parts that follow one another and share font and size, from `x` on the base line `y`.
    fn text(&mut self, x: f64, y: f64, size: f64, ink: Ink, parts: &[&Shaped]);
    fn area(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink);
    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink);
    /// Makes an area lead to an anchor; `label` says where to.
    fn link(&mut self, x: f64, y: f64, width: f64, height: f64, anchor: &str, label: &str);
    /// Adds an entry to the outline, for the place `y` of this page.
    fn outline(&mut self, level: u8, title: &str, y: f64);
    fn open(&mut self, tag: Tag<'_>);
    fn close(&mut self);
}
