//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod sanitize;
pub mod record;
pub mod assess;
pub mod render;
