//! The `attestrail` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(attestrail::cli::main().code())
}
