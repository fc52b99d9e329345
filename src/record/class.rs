//! Event classes: what a trail may or may not be told to record.
//!
//! A verdict needs proof that the classes it depends on were recorded, so a
//! record is put into every class that its presence proves.

use super::path::core;
use super::view::RecordView;

/// One class of events that a trail records or leaves out as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EventClass {
    /// Management events that change something.
    ManagementWrite,
    /// Management events that only read.
    ManagementRead,
    /// `signin.amazonaws.com`.
    SignIn,
    /// Identity Center and its directories.
    IdentityCenter,
    /// AWS Organizations and account management.
    Organizations,
    /// `kms.amazonaws.com`, which a trail may exclude.
    Kms,
    /// S3 object reads.
    S3DataRead,
    /// S3 object writes.
    S3DataWrite,
    /// Lambda invocations.
    LambdaData,
    /// DynamoDB item calls.
    DynamodbData,
    /// RDS Data API.
    RdsData,
    /// Data events of any other service.
    OtherData,
    /// VPC endpoint (network activity) events.
    NetworkActivity,
    /// CloudTrail Insights events.
    Insights,
    /// Digest files; no record is of this class.
    Digests,
}

impl EventClass {
    /// Every class, in the order in which packets show them.
    pub const ALL: [EventClass; 15] = [
        EventClass::ManagementWrite,
        EventClass::ManagementRead,
        EventClass::SignIn,
        EventClass::IdentityCenter,
        EventClass::Organizations,
        EventClass::Kms,
        EventClass::S3DataRead,
        EventClass::S3DataWrite,
        EventClass::LambdaData,
        EventClass::DynamodbData,
        EventClass::RdsData,
        EventClass::OtherData,
        EventClass::NetworkActivity,
        EventClass::Insights,
        EventClass::Digests,
    ];

    /// The id used in controls, scope files and packets.
    pub const fn id(self) -> &'static str {
        match self {
            EventClass::ManagementWrite => "management-write",
            EventClass::ManagementRead => "management-read",
            EventClass::SignIn => "sign-in",
            EventClass::IdentityCenter => "identity-center",
            EventClass::Organizations => "organizations",
            EventClass::Kms => "kms",
            EventClass::S3DataRead => "s3-data-read",
            EventClass::S3DataWrite => "s3-data-write",
            EventClass::LambdaData => "lambda-data",
            EventClass::DynamodbData => "dynamodb-data",
            EventClass::RdsData => "rds-data",
            EventClass::OtherData => "other-data",
            EventClass::NetworkActivity => "network-activity",
            EventClass::Insights => "insights",
            EventClass::Digests => "digests",
        }
    }

    /// The class with this id.
    pub fn from_id(id: &str) -> Option<EventClass> {
        EventClass::ALL.into_iter().find(|class| class.id() == id)
    }

    /// Whether a trail records it without being told to: management events and what is part of them.
    pub const fn is_recorded_by_default(self) -> bool {
        matches!(
            self,
            EventClass::ManagementWrite
                | EventClass::ManagementRead
                | EventClass::SignIn
                | EventClass::IdentityCenter
                | EventClass::Organizations
                | EventClass::Kms
        )
    }
}

/// A set of classes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClassSet(pub u32);

impl ClassSet {
    /// This set with `class` in it.
    #[must_use]
    pub const fn with(self, class: EventClass) -> Self {
        ClassSet(self.0 | 1 << class as u8)
    }

    /// Whether `class` is in it.
    pub const fn contains(self, class: EventClass) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// Its members in the order of [`EventClass::ALL`].
    pub fn iter(self) -> impl Iterator<Item = EventClass> {
        EventClass::ALL
            .into_iter()
            .filter(move |class| self.contains(*class))
    }
}

impl FromIterator<EventClass> for ClassSet {
    fn from_iter<T: IntoIterator<Item = EventClass>>(classes: T) -> Self {
        classes
            .into_iter()
            .fold(ClassSet::default(), ClassSet::with)
    }
}

/// Every class whose recording this record proves.
pub fn classes(view: &RecordView<'_>) -> ClassSet {
    let category = view.text(core::EVENT_CATEGORY);
    let source = view.text(core::EVENT_SOURCE).unwrap_or_default();
    match category.as_deref() {
        Some("Insight") => ClassSet::default().with(EventClass::Insights),
        Some("NetworkActivity") => ClassSet::default().with(EventClass::NetworkActivity),
        Some("Aggregated") => ClassSet::default(),
        Some("Data") => ClassSet::default().with(data_class(&source, is_read_only(view))),
        // Records before 1.07 carry no category; `managementEvent` may tell.
        None if view.boolean(core::MANAGEMENT_EVENT) == Some(false) => {
            ClassSet::default().with(data_class(&source, is_read_only(view)))
        }
        None if view.leaves(core::INSIGHT_STATE).next().is_some() => {
            ClassSet::default().with(EventClass::Insights)
        }
        _ => management_classes(view, &source),
    }
}

fn management_classes(view: &RecordView<'_>, source: &str) -> ClassSet {
    let direction = if is_read_only(view) {
        EventClass::ManagementRead
    } else {
        EventClass::ManagementWrite
    };
    let set = ClassSet::default().with(direction);
    match source {
        "signin.amazonaws.com" if is_identity_center_sign_in(view) => set
            .with(EventClass::SignIn)
            .with(EventClass::IdentityCenter),
        "signin.amazonaws.com" => set.with(EventClass::SignIn),
        "sso.amazonaws.com"
        | "sso-directory.amazonaws.com"
        | "identitystore.amazonaws.com"
        | "identitystore-scim.amazonaws.com" => set.with(EventClass::IdentityCenter),
        "organizations.amazonaws.com" | "account.amazonaws.com" | "controltower.amazonaws.com" => {
            set.with(EventClass::Organizations)
        }
        "kms.amazonaws.com" => set.with(EventClass::Kms),
        _ => set,
    }
}

fn is_identity_center_sign_in(view: &RecordView<'_>) -> bool {
    matches!(
        view.text(core::EVENT_NAME).as_deref(),
        Some("UserAuthentication" | "CredentialChallenge" | "CredentialVerification")
    )
}

fn data_class(source: &str, read_only: bool) -> EventClass {
    match source {
        "s3.amazonaws.com" | "s3express.amazonaws.com" if read_only => EventClass::S3DataRead,
        "s3.amazonaws.com" | "s3express.amazonaws.com" => EventClass::S3DataWrite,
        "lambda.amazonaws.com" => EventClass::LambdaData,
        "dynamodb.amazonaws.com" => EventClass::DynamodbData,
        "rdsdata.amazonaws.com" | "rdsdataapi.amazonaws.com" => EventClass::RdsData,
        _ => EventClass::OtherData,
    }
}

/// `readOnly`, or what the name says where old records lack it.
fn is_read_only(view: &RecordView<'_>) -> bool {
    view.boolean(core::READ_ONLY).unwrap_or_else(|| {
        let name = view.text(core::EVENT_NAME).unwrap_or_default();
        ["Describe", "Get", "List", "Head", "Lookup"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            && name != "GetSessionToken"
            && name != "GetFederationToken"
    })
}
