//! Tests of the crate as a whole.

mod pattern_agreement;
mod pattern_extensions;
mod pattern_vectors;
