//! What a log set holds, looked at before any control is asked: volumes, who calls most, what it costs.
//!
//! A pass of its own over the files, so that a scan for packets pays nothing for it. It judges
//! nothing: what is a duplicate, silent or proven comes from the assessment, and what was
//! refused from the ledger. Copies of a record count here as often as they were delivered.

pub mod advice;
pub mod counter;
pub mod pass;
pub mod prices;
pub mod remarks;
pub mod span;
pub mod tally;
