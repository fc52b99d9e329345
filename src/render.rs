//! The views of a packet: the block tree, the charts and what draws them.
//!
//! A view shows the packet model; it never looks at logs and concludes nothing.

pub mod block;
mod bounded;
pub mod chart;
mod cover;
mod coverage;
pub mod csv;
pub mod html;
mod lists;
pub mod markup;
pub mod paper;
pub mod pdf;
pub mod picture;
pub mod templates;

/// The documents of a packet, in the order in which they are written.
pub const VIEWS: [&dyn crate::packet::write::View; 2] = [&html::HtmlView, &paper::PaperView];
