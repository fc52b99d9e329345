//! Tests that use the crate from outside.

mod architecture;
mod docs;
mod licences;
