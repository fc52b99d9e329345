//! Controls, the frameworks that they serve, and the scope that they are held
//! against: from TOML files to values that need no further checking.
//!
//! Only `load` touches the disk; nothing here reads a log, knows a clock or
//! decides a verdict.

pub mod catalogue;
mod compile;
pub mod example;
mod expect;
pub mod framework;
pub mod keys;
pub mod list;
pub mod load;
pub mod model;
pub mod overtime;
pub mod read;
pub mod roles;
pub mod scope;
pub mod set;
pub mod shape;
pub mod trial;
pub mod validate;
pub mod verdict;
pub mod waiver;
