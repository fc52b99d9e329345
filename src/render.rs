//! The views of a packet: the block tree, the charts and what draws them.
//!
//! A view shows the packet model; it never looks at logs and concludes nothing.

pub mod block;
pub mod chart;
pub mod markup;
pub mod pdf;
