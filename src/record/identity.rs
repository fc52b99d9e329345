//! Who acted: one normalised name for the identity, and every name that may
//! point to the human behind it.
//!
//! The session part of a role's ARN is chosen by the caller, so it never
//! decides who an actor is; it is only a hint at the person.

use std::borrow::Cow;

use super::path::core;
use super::view::RecordView;

/// The account or Region of a record where neither it nor its folder names one.
pub const UNKNOWN: &str = "unknown";

/// What sort of identity acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A role session, also from SAML or a web identity.
    Role,
    /// A federated user of `GetFederationToken`.
    Federated,
    /// An AWS service.
    Service,
    /// A caller of another account.
    Account,
    /// An Identity Center user.
    IdentityCenter,
    /// The record does not say.
    Unknown,
}

impl ActorKind {
    /// The word that packets show.
    pub const fn id(self) -> &'static str {
        match self {
            ActorKind::Root => "root",
            ActorKind::User => "user",
            ActorKind::Role => "role",
            ActorKind::Federated => "federated",
            ActorKind::Service => "service",
            ActorKind::Account => "account",
            ActorKind::IdentityCenter => "identity-center",
            ActorKind::Unknown => "unknown",
        }
    }
}

/// The kind of the acting identity.
pub fn kind(view: &RecordView<'_>) -> ActorKind {
    match view.text(core::IDENTITY_TYPE).as_deref() {
        Some("Root") => ActorKind::Root,
        Some("IAMUser") => ActorKind::User,
        Some("AssumedRole" | "Role" | "SAMLUser" | "WebIdentityUser") => ActorKind::Role,
        Some("FederatedUser") => ActorKind::Federated,
        Some("AWSService") => ActorKind::Service,
        Some("AWSAccount") => ActorKind::Account,
        Some("IdentityCenterUser") => ActorKind::IdentityCenter,
        Some("Unknown" | "Directory") | None => kind_without_type(view),
        Some(_) => ActorKind::Unknown,
    }
}

fn kind_without_type(view: &RecordView<'_>) -> ActorKind {
    if has_text(view, core::IDENTITY_ON_BEHALF_OF) {
        ActorKind::IdentityCenter
    } else if has_text(view, core::IDENTITY_INVOKED_BY) {
        ActorKind::Service
    } else {
        ActorKind::Unknown
    }
}

fn has_text(view: &RecordView<'_>, path: super::path::PathId) -> bool {
    view.text(path).is_some_and(|text| !text.is_empty())
}

/// The normalised name of the actor: the ARN of the user, of the role behind a
/// session or of root; the DNS name of a service; the id of a foreign account
/// or of an Identity Center user; empty where the record names nobody.
pub fn actor<'a>(view: &RecordView<'a>) -> Cow<'a, str> {
    let first = |paths: &[super::path::PathId]| -> Cow<'a, str> {
        paths
            .iter()
            .filter_map(|path| view.text(*path))
            .find(|text| !text.is_empty())
            .unwrap_or(Cow::Borrowed(""))
    };
    match kind(view) {
        ActorKind::Root => match view.text(core::IDENTITY_ACCOUNT) {
            Some(account) => Cow::Owned(format!("arn:aws:iam::{account}:root")),
            None => first(&[core::IDENTITY_ARN, core::IDENTITY_PRINCIPAL]),
        },
        ActorKind::Role | ActorKind::Federated => match role_arn(view) {
            Some(arn) => arn,
            None => first(&[
                core::IDENTITY_ARN,
                core::IDENTITY_PRINCIPAL,
                core::IDENTITY_USER,
            ]),
        },
        ActorKind::User => first(&[
            core::IDENTITY_ARN,
            core::IDENTITY_USER,
            core::IDENTITY_PRINCIPAL,
        ]),
        ActorKind::Service => first(&[
            core::IDENTITY_INVOKED_BY,
            core::IDENTITY_PRINCIPAL,
            core::SOURCE_IP,
        ]),
        ActorKind::Account => first(&[core::IDENTITY_ACCOUNT, core::IDENTITY_PRINCIPAL]),
        ActorKind::IdentityCenter => first(&[
            core::IDENTITY_ON_BEHALF_OF,
            core::IDENTITY_USER,
            core::IDENTITY_PRINCIPAL,
        ]),
        ActorKind::Unknown => first(&[
            core::IDENTITY_ARN,
            core::IDENTITY_USER,
            core::IDENTITY_PRINCIPAL,
            core::IDENTITY_INVOKED_BY,
            core::IDENTITY_ACCOUNT,
        ]),
    }
}

/// The role behind a session: its issuer, or the ARN of the session with the
/// chosen session name taken off.
fn role_arn<'a>(view: &RecordView<'a>) -> Option<Cow<'a, str>> {
    if let Some(arn) = view.text(core::ISSUER_ARN).filter(|arn| !arn.is_empty()) {
        return Some(arn);
    }
    let arn = view.text(core::IDENTITY_ARN)?;
    let (front, role) = arn.split_once(":assumed-role/")?;
    let (role, _session) = role.rsplit_once('/')?;
    let front = front.replacen(":sts:", ":iam:", 1);
    Some(Cow::Owned(format!("{front}:role/{role}")))
}

/// Every text of the record that may name the human behind the call.
pub fn persons(view: &RecordView<'_>) -> Vec<String> {
    let mut names: Vec<String> = person_texts(view).map(Cow::into_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The texts of [`persons`], in no order to rely on, some perhaps twice.
pub fn person_texts<'a>(view: &RecordView<'a>) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
    let view = *view;
    let whole = [
        core::IDENTITY_USER,
        core::SOURCE_IDENTITY,
        core::IDENTITY_ON_BEHALF_OF,
        core::ADDITIONAL_USER,
        core::IDENTITY_ARN,
    ];
    type Find = fn(&str) -> Option<usize>;
    let parts: [(_, Find); 2] = [
        (core::IDENTITY_ARN, |arn| arn.rfind('/')),
        (core::IDENTITY_PRINCIPAL, |principal| principal.find(':')),
    ];
    let sessions = parts.into_iter().filter_map(move |(path, mark)| {
        let text = view.text(path)?;
        let from = mark(&text)? + 1;
        Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[from..]),
            Cow::Owned(text) => Cow::Owned(text[from..].to_owned()),
        })
    });
    whole
        .into_iter()
        .filter_map(move |path| view.text(path))
        .chain(sessions)
        .filter(|name| !name.is_empty() && name != "HIDDEN_DUE_TO_SECURITY_REASONS")
}
