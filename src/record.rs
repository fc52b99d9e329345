//! One CloudTrail record: its values by path, and what they say about who,
//! what, when, where and with what outcome.
//!
//! A record stays the bytes that CloudTrail wrote. Everything here points into
//! them; nothing here decides what a control makes of it.

pub mod class;
pub mod derived;
pub mod encoding;
pub mod identity;
pub mod likeness;
pub mod outcome;
pub mod path;
pub mod project;
pub mod target;
pub mod text;
pub mod time;
pub mod view;
