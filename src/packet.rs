//! What an auditor gets: the plain model of one framework and period, and the
//! folder that it is written to.
//!
//! The model is the master of every view. Nothing here judges a record, and
//! nothing here draws: views come in as [`write::View`]s. There is no clock; the
//! stated time of generation is given by the caller.

pub mod build;
pub mod evidence;
pub mod folder;
pub mod hashed;
pub mod manifest;
pub mod mask;
pub mod model;
pub mod spool;
pub mod words;
pub mod write;
