//! The `attestrail` command.

fn main() {}
