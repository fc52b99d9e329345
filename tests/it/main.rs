//! Whole-crate tests, in one binary.

mod reader_common;

mod reader_bad_inputs;
mod reader_data;
mod reader_files;
mod reader_random;
mod reader_shapes;
