//! Shared by the benchmarks.

#[allow(dead_code, reason = "each benchmark uses its part of it")]
pub mod corpus;
#[allow(dead_code, reason = "each benchmark uses its part of it")]
pub mod cpu;
