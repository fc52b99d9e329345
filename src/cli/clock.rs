//! The clock, and the stated time of generation.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::failure::Failure;
use crate::record::time;

/// When the command began.
pub struct Clock {
    now: i64,
    began: Instant,
}

impl Clock {
    /// The clock of this machine, now.
    pub fn start() -> Clock {
        Clock {
            now: now(),
            began: Instant::now(),
        }
    }

    /// When the command began, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Time since then.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time of generation to state: the flag, else `SOURCE_DATE_EPOCH`, else now.
    ///
    /// # Errors
    /// When the flag or the variable is not an instant.
    pub fn stated(&self, flag: Option<&str>) -> Result<i64, Failure> {
        if let Some(text) = flag {
            return time::parse(text).map_err(|error| {
                Failure::usage(
                    format!("`--generated-at {text}`: {error}"),
                    "write it as 2026-11-01T06:00:00Z",
                )
            });
        }
        match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(text) => text.parse().map_err(|_| {
                Failure::usage(
                    format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"),
                    "set it to seconds since 1970-01-01T00:00:00Z, or unset it",
                )
            }),
            Err(_) => Ok(self.now),
        }
    }
}

/// Seconds since 1970 by the clock of this machine.
pub fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

/// The name of this machine, if the environment or the system tells it.
pub fn machine() -> Option<String> {
    let from_system = std::fs::read_to_string("/proc/sys/kernel/hostname");
    from_system
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}
