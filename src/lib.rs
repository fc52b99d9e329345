//! attestrail: evidence packets from AWS CloudTrail log sets.

pub mod assess;
pub mod ledger;
pub mod record;
