//! Whole-crate tests, in one binary.

mod reader_common;

mod control_loading;
mod control_roles;
mod control_scope;
mod control_shipped;
mod pattern_vectors;
mod reader_bad_inputs;
mod reader_data;
mod reader_files;
mod reader_random;
mod reader_shapes;
