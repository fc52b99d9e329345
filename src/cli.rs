//! The only place that knows of a clock, an environment, a terminal and an exit code.

pub mod args;
pub mod exit;
pub mod failure;
pub mod plan;
pub mod settings;
pub mod terminal;
