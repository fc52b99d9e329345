//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod pattern;
pub mod record;
