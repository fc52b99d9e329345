//! Tests of the whole crate, in one binary.

mod control_hostile;
mod control_loading;
mod control_roles;
mod control_scope;
mod control_shipped;
mod control_trial;
mod pattern_vectors;
