//! Whether the service did what it was asked to.

use std::borrow::Cow;

use super::path::{PathId, core};
use super::view::RecordView;

/// Accepted or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// No error in the record; an asynchronous action may still fail later.
    Success,
    /// An error code or message, or a sign-in that failed.
    Refused,
}

impl Outcome {
    /// The id used in controls and packets.
    pub const fn id(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Refused => "refused",
        }
    }
}

/// Where the events of the sign-in service and of Identity Center say `Success` or `Failure`: each under its own name.
const SIGN_IN_RESULTS: [PathId; 10] = [
    core::LOGIN_RESULT,
    core::CREDENTIAL_RESULT,
    core::AUTHENTICATION_RESULT,
    core::CHALLENGE_RESULT,
    core::SWITCH_RESULT,
    core::PASSWORD_RESULT,
    core::RECOVERY_REQUEST_RESULT,
    core::RECOVERY_RESULT,
    core::EMAIL_RESULT,
    core::MFA_CHECK_RESULT,
];

/// The outcome of a record. Sign-in records tell it outside `errorCode`.
pub fn outcome(view: &RecordView<'_>) -> Outcome {
    let failed_sign_in = SIGN_IN_RESULTS.iter().any(|path| {
        view.texts(*path)
            .any(|text| text.eq_ignore_ascii_case("failure"))
    });
    if failed_sign_in || error(view).is_some() {
        Outcome::Refused
    } else {
        Outcome::Success
    }
}

/// The error code, or the error message where a service writes only that.
pub fn error<'a>(view: &RecordView<'a>) -> Option<Cow<'a, str>> {
    let filled = |text: &Cow<'_, str>| !text.is_empty();
    view.text(core::ERROR_CODE)
        .filter(filled)
        .or_else(|| view.text(core::ERROR_MESSAGE).filter(filled))
}
