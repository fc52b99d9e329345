//! Exit codes: the one thing a scheduler sees.

/// What a run ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; packets written and no exceptions in them.
    Clean = 0,
    /// Packets written; at least one verdict is "Exceptions noted".
    Exceptions = 1,
    /// Wrong use, settings or controls, or an output that cannot be written: nothing written.
    Usage = 2,
    /// Packets written, but input was refused or a verdict is not determinable.
    Incomplete = 3,
    /// A log, digest or packet does not verify.
    Integrity = 4,
    /// Stopped by Ctrl-C or a termination signal: nothing written.
    Interrupted = 130,
}

impl Exit {
    /// The number for the operating system.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The graver of two, in the order 4, 3, 1, 0. The others never meet another.
    #[must_use]
    pub fn graver(self, other: Exit) -> Exit {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Exceptions => 1,
            Exit::Incomplete => 3,
            Exit::Integrity => 4,
            Exit::Usage | Exit::Interrupted => 9,
        }
    }
}

/// Which outcomes make a scheduler see a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Exit 1 when exceptions are noted.
    Exceptions,
    /// Exit 3 when input was refused or a verdict is not determinable.
    Incomplete,
    /// Exit 4 when something does not verify.
    Integrity,
    /// Exit 0 whenever the packets were written.
    Nothing,
}

/// The code to end with, when only the outcomes in `fail_on` count (empty: all).
pub fn filtered(outcomes: &[Exit], fail_on: &[FailOn]) -> Exit {
    let counts = |exit: Exit| {
        fail_on.is_empty()
            || match exit {
                Exit::Exceptions => fail_on.contains(&FailOn::Exceptions),
                Exit::Incomplete => fail_on.contains(&FailOn::Incomplete),
                Exit::Integrity => fail_on.contains(&FailOn::Integrity),
                Exit::Clean | Exit::Usage | Exit::Interrupted => true,
            }
    };
    outcomes
        .iter()
        .copied()
        .filter(|exit| counts(*exit))
        .fold(Exit::Clean, Exit::graver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_outcome_decides() {
        assert_eq!(
            filtered(&[Exit::Exceptions, Exit::Incomplete], &[]),
            Exit::Incomplete
        );
        assert_eq!(
            filtered(&[Exit::Integrity, Exit::Incomplete, Exit::Exceptions], &[]),
            Exit::Integrity
        );
        assert_eq!(filtered(&[], &[]), Exit::Clean);
    }

    #[test]
    fn a_scheduler_may_look_away_from_some() {
        let outcomes = [Exit::Exceptions, Exit::Incomplete];
        assert_eq!(filtered(&outcomes, &[FailOn::Exceptions]), Exit::Exceptions);
        assert_eq!(filtered(&outcomes, &[FailOn::Nothing]), Exit::Clean);
    }
}
