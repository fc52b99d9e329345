//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod render;
pub mod sanitize;
