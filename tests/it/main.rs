//! Tests that use the crate from outside, in one binary.

mod architecture;
mod docs;
mod generated;
mod licences;

mod reader_common;

mod reader_bad_inputs;
mod reader_data;
#[cfg(unix)]
mod reader_files;
mod reader_random;
mod reader_shapes;

mod integrity_command;
mod integrity_common;
mod integrity_trees;
mod integrity_truth;

mod control_loading;
mod control_roles;
mod control_shipped;
