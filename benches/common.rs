//! Shared by the benchmarks.

pub mod corpus;
pub mod cpu;
