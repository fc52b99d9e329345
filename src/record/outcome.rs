//! Whether the service did what it was asked to.

use std::borrow::Cow;

use super::path::core;
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

/// The outcome of a record. Sign-in records tell it outside `errorCode`.
pub fn outcome(view: &RecordView<'_>) -> Outcome {
    let failed_sign_in = [
        core::LOGIN_RESULT,
        core::CREDENTIAL_RESULT,
        core::AUTHENTICATION_RESULT,
    ]
    .iter()
    .any(|path| {
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
