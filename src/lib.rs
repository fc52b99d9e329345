//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod period;
pub mod sanitize;
pub mod diagnostic;
pub mod record;
pub mod control;
pub mod assess;
pub mod packet;
pub mod render;
