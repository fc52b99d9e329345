//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod assess;
pub mod cli;
pub mod control;
pub mod diagnostic;
pub mod inspect;
pub mod integrity;
pub mod ledger;
pub mod lint;
pub mod packet;
pub mod pattern;
pub mod period;
pub mod reader;
pub mod record;
pub mod render;
pub mod sanitize;
pub mod scan;
pub mod source;
pub mod trail;
