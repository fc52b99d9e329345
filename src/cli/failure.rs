//! One clear message, a remedy, and the exit code that goes with it.

use super::exit::Exit;
use super::settings::SettingsError;
use crate::diagnostic::Diagnostics;
use crate::period::PeriodError;

/// Why a command ends without having done its work.
#[derive(Debug)]
pub struct Failure {
    /// What to print, without the word `error`; several lines for diagnostics.
    pub message: String,
    /// What the person can do.
    pub help: Option<String>,
    /// How the process ends.
    pub exit: Exit,
}

impl Failure {
    /// A failure that is the caller's to mend.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            help: Some(help.into()),
            exit: Exit::Usage,
        }
    }

    /// The work was stopped from outside.
    pub fn interrupted(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            help: Some(help.into()),
            exit: Exit::Interrupted,
        }
    }

    /// The text for standard error.
    pub fn text(&self) -> String {
        let mut text = if self.message.starts_with("error") {
            self.message.trim_end().to_owned()
        } else {
            format!("error: {}", self.message.trim_end())
        };
        if let Some(help) = &self.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        text
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let help = match &error {
            SettingsError::Unreadable { .. } => {
                Some("check the path given with `--config`".to_owned())
            }
            SettingsError::Invalid { .. } => None,
        };
        Failure {
            message: error.to_string(),
            help,
            exit: Exit::Usage,
        }
    }
}

impl From<PeriodError> for Failure {
    fn from(error: PeriodError) -> Self {
        Failure::usage(error.to_string(), error.help())
    }
}

impl From<Diagnostics> for Failure {
    fn from(problems: Diagnostics) -> Self {
        Failure {
            message: problems.to_string(),
            help: None,
            exit: Exit::Usage,
        }
    }
}
