//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod control;
pub mod diagnostic;
pub mod lint;
pub mod pattern;
pub mod period;
pub mod record;
