//! From a ledger to verdicts: the reduce step.
//!
//! Nothing here reads a log or a clock. What must be judged over time is judged
//! over the projections that the scan kept.

pub mod outcome;
