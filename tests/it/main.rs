//! Whole-crate tests, in one binary.

mod reader_common;

mod reader_bad_inputs;
mod reader_data;
mod reader_files;
mod reader_random;
mod reader_shapes;
//! Tests of the whole crate, in one binary.

mod control_loading;
mod control_shipped;
