//! Tests of the crate as a whole.

mod pattern_vectors;
