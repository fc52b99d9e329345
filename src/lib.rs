//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod reader;
pub mod record;
pub mod source;
