//! Ctrl-C and termination: the first asks the work to stop, the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;
use super::failure::Failure;

static STOP: AtomicBool = AtomicBool::new(false);

/// Set once somebody asked to stop.
pub fn flag() -> &'static AtomicBool {
    &STOP
}

/// Listens for Ctrl-C and termination.
pub fn listen() {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        super::output::complain("stopping; press Ctrl-C again to end at once");
    };
    // Where no handler can be set, the default one ends the process: packets are
    // written beside their place and renamed, so nothing half-written shows.
    let _default_is_safe = ctrlc::set_handler(handler);
}

/// Makes a file that reaches the limit on its size an error with a message, in place of a signal
/// that ends the process without one and leaves half a packet.
pub fn outlive_limits() {
    #[cfg(unix)]
    {
        let reached = std::sync::Arc::new(AtomicBool::new(false));
        // Where it cannot be set, the system ends the process as it always did.
        let _default_is_safe = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, reached);
    }
}

/// What a stopped command ends with.
pub fn failure() -> Failure {
    Failure::interrupted(
        "stopped before the packets were complete; none was written",
        "run the same command again; with `--ledger` it goes on where it was",
    )
}
