//! What is known of one log file once it was read: plain data, the same
//! whenever and wherever the file is read with the same controls and lists.

use serde_json::Value;

use super::codec::Cursor;
use super::integrity::IntegrityFact;
use super::remarks::{AddendumFact, InsightFact, Mark};
use crate::control::keys::Keys;
use crate::control::roles::{FieldBits, Part, Role};
use crate::record::class::ClassSet;
use crate::record::identity::ActorKind;
use crate::record::outcome::Outcome;

/// How a file looked on disk; only good for telling that it did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970 of the last change, where the system knows.
    pub modified: Option<i64>,
    /// Number of the file in its file system, where there is one.
    pub inode: Option<u64>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileState {
    /// Gone through to its end.
    Read,
    /// A log file of which no record is used.
    Refused,
    /// No CloudTrail log.
    NotRead,
}

impl FileState {
    /// Every state; a ledger stores the place in this list.
    pub const ALL: [FileState; 3] = [FileState::Read, FileState::Refused, FileState::NotRead];

    /// The id that packets show.
    pub const fn id(self) -> &'static str {
        match self {
            FileState::Read => "read",
            FileState::Refused => "refused",
            FileState::NotRead => "not-read",
        }
    }
}

/// One refused file or record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalFact {
    /// The record, if one is to blame.
    pub index: Option<u32>,
    /// Stable kebab-case code.
    pub code: String,
    /// The reason, escaped for people.
    pub message: String,
    /// Whether evidence may be missing because of it.
    pub is_loss: bool,
}

/// What the key of a file claims about its contents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimFact {
    /// Account id.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// First second of the UTC day of delivery.
    pub day: Option<i64>,
}

/// Records of a file that are alike in all that tallies need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The account that received them.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// The classes that they prove.
    pub classes: ClassSet,
    /// Which elements of the record-fields controls they lack; place in [`FileFacts::profiles`].
    pub profile: u32,
    /// What else sets them apart.
    pub mark: Option<Box<Mark>>,
    /// How many there are, duplicates included.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A [`Cell`] where it lies packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRef<'c> {
    /// See [`Cell::account`].
    pub account: &'c str,
    /// See [`Cell::region`].
    pub region: &'c str,
    /// See [`Cell::classes`].
    pub classes: ClassSet,
    /// See [`Cell::profile`].
    pub profile: u32,
    /// See [`Cell::mark`].
    pub mark: Option<Box<Mark>>,
    /// See [`Cell::records`].
    pub records: u64,
    /// See [`Cell::bytes`].
    pub bytes: u64,
}

impl<'c> CellRef<'c> {
    pub(super) fn unpack(from: &mut Cursor<'c>) -> Option<CellRef<'c>> {
        Some(CellRef {
            account: from.text()?,
            region: from.text()?,
            classes: ClassSet(from.number32()?),
            profile: from.number32()?,
            mark: Mark::unpack(from)?,
            records: from.number()?,
            bytes: from.number()?,
        })
    }
}

/// What a record lacks for one record-fields control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldMask {
    /// Number of the control in the ledger.
    pub control: u32,
    /// The elements; [`EXEMPT`] where none applies.
    pub bits: FieldBits,
}

/// No element applies to the record.
pub const EXEMPT: FieldBits = FieldBits {
    missing: 0,
    exempt: u16::MAX,
    undecided: 0,
};

/// One entry for each record-fields control that a record does not satisfy in full; most records have none.
pub type Profile = Vec<FieldMask>;

/// One record in one role for one control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFact {
    /// Number of the control in the ledger.
    pub control: u32,
    /// Which part of the control.
    pub part: Part,
    /// Its role.
    pub role: Role,
    /// Place in [`FileFacts::records`].
    pub record: u32,
    /// What judging over time needs.
    pub keys: Keys,
}

/// Whether the verbatim record is kept for this role, and not for samples only.
///
/// Members of a threshold may become part of an exception; those of an inventory are only listed.
pub const fn keeps_bytes(role: Role, is_counted: bool) -> bool {
    match role {
        Role::Conforming => false,
        Role::Listed => is_counted,
        _ => true,
    }
}

/// What is shown of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// `eventSource`
    pub event_source: String,
    /// `eventName`
    pub event_name: String,
    /// The normalised actor.
    pub actor: String,
    /// Its kind.
    pub actor_kind: ActorKind,
    /// A hint at the person.
    pub person: String,
    /// Accepted or refused.
    pub outcome: Outcome,
    /// Error code or message.
    pub error: String,
    /// `sourceIPAddress`
    pub source_ip: String,
    /// `userAgent`
    pub user_agent: String,
    /// What it acted on.
    pub target: String,
}

/// A record that some control sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFact {
    /// Index in the file, from 0.
    pub index: u32,
    /// `eventTime`
    pub time: i64,
    /// `eventID`, empty where there is none.
    pub event_id: String,
    /// The account that received it.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// The classes that it proves.
    pub classes: ClassSet,
    /// What is shown of it.
    pub projection: Projection,
    /// The bytes that CloudTrail wrote, where they are kept.
    pub bytes: Option<Vec<u8>>,
    /// Where the bytes are kept for samples only: (group, rank) for [`super::sample::Gate`].
    pub draws: Vec<(u64, u64)>,
}

/// A data store that records of a file name, for coverage by stores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreSeen {
    /// Number of the control in the ledger.
    pub control: u32,
    /// Which of its stores tables.
    pub part: u32,
    /// The store, as the record spells it.
    pub value: String,
    /// The account that received the records.
    pub account: String,
    /// The Region that the records name. A table or function of one name may be in several.
    pub region: String,
    /// The classes that they prove, of those that the store asks for.
    pub classes: ClassSet,
    /// First second of the UTC day.
    pub day: i64,
    /// The hours of the day that have records, a bit for each.
    pub hours: u32,
    /// How many records.
    pub records: u64,
}

/// What a record says about logging itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrailChange {
    /// A trail was stopped or deleted.
    Stopped,
    /// A trail was started or made.
    Started,
    /// A trail was told what to record, or where to deliver it.
    Told,
    /// An account left its organization, or all accounts were taken from its trails.
    Left,
}

impl TrailChange {
    /// Every change; a ledger stores the place in this list.
    pub const ALL: [TrailChange; 4] = [
        TrailChange::Stopped,
        TrailChange::Started,
        TrailChange::Told,
        TrailChange::Left,
    ];

    /// How much it takes away, for an order among changes of one second.
    pub fn takes(self) -> u8 {
        match self {
            TrailChange::Started => 0,
            TrailChange::Told => 1,
            TrailChange::Left => 2,
            TrailChange::Stopped => 3,
        }
    }
}

/// A record that changed a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFact {
    /// Index of the record in the file.
    pub index: u32,
    /// When.
    pub time: i64,
    /// The account of the trail: that of its ARN, where the record names one; or the account that
    /// left its organization.
    pub account: String,
    /// The home Region of the trail.
    pub region: String,
    /// What.
    pub change: TrailChange,
    /// Name of the trail, without the front of an ARN.
    pub trail: String,
    /// `eventName`
    pub event_name: String,
    /// The request parameters that say what to record, as JSON, with [`CALLER`] where the record is
    /// of another account; empty where it has none.
    pub settings: String,
}

/// The member of the settings of a trail that tells in which other account the record was written.
pub const CALLER: &str = "callerAccount";

/// The member of the settings of a trail that tells that neither what was asked nor the answer can
/// be read: the trail may have been told anything.
pub const UNREADABLE: &str = "unreadable";

/// The member of the settings of a trail that holds what the answer tells of it otherwise than, or
/// beside, what was asked: how it is set, whether that changed or not.
pub const ANSWER: &str = "answer";

/// The member of the settings of a trail that holds what the answer told otherwise than was known
/// before, each with the instant of which that was known, or null. No record has it: an assessment
/// finds it out.
pub const CHANGED: &str = "changedBefore";

impl TrailFact {
    /// Whether, of those that leave an organization, all accounts but the one of the record do, or
    /// may do because the record does not tell which.
    pub fn takes_all_members(&self) -> bool {
        let is_of_all = matches!(
            self.event_name.as_str(),
            "DeleteOrganization" | "DisableAWSServiceAccess"
        );
        is_of_all || self.setting(UNREADABLE).is_some()
    }

    fn setting(&self, member: &str) -> Option<Value> {
        let settings: Value = serde_json::from_str(&self.settings).ok()?;
        settings.get(member).cloned()
    }

    /// The account in which the record was written, where it is not that of the trail.
    pub fn caller(&self) -> Option<String> {
        Some(self.setting(CALLER)?.as_str()?.to_owned())
    }
}

/// Everything about one log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its key: the same on every machine.
    pub key: String,
    /// How it looked on disk.
    pub stat: Stat,
    /// SHA-256 of the bytes as stored; none if they could not be read.
    pub sha256: Option<[u8; 32]>,
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes inflated.
    pub inflated_bytes: u64,
    /// What it was found to be.
    pub shape: String,
    /// What became of it.
    pub state: FileState,
    /// Whether it is a digest file.
    pub is_digest: bool,
    /// What it is to digest chains.
    pub integrity: IntegrityFact,
    /// What its key claims.
    pub claim: ClaimFact,
    /// Entries found in it.
    pub records_seen: u64,
    /// Of these, not usable.
    pub records_refused: u64,
    /// Refused entries, or the file itself.
    pub refusals: Vec<RefusalFact>,
    /// What else is to be known, each a sentence.
    pub notices: Vec<String>,
    /// Kinds of records in it.
    pub cells: Vec<Cell>,
    /// Profiles that cells refer to; the first is always the empty one.
    pub profiles: Vec<Profile>,
    /// One packed entry for each kept record; see [`super::entries`].
    pub entries: Vec<u8>,
    /// How many entries there are.
    pub entry_count: u64,
    /// Records that some control sees, in the order of their index.
    pub records: Vec<RecordFact>,
    /// What they are to the controls.
    pub rows: Vec<RowFact>,
    /// Data stores seen.
    pub stores: Vec<StoreSeen>,
    /// Changes of trails.
    pub trails: Vec<TrailFact>,
    /// Insights events.
    pub insights: Vec<InsightFact>,
    /// Records that correct others.
    pub addenda: Vec<AddendumFact>,
}

impl FileFacts {
    /// A file of which nothing is known yet.
    pub fn new(key: &str, stat: Stat) -> FileFacts {
        FileFacts {
            key: key.to_owned(),
            stat,
            sha256: None,
            stored_bytes: 0,
            inflated_bytes: 0,
            shape: String::new(),
            state: FileState::Refused,
            is_digest: false,
            integrity: IntegrityFact::None,
            claim: ClaimFact::default(),
            records_seen: 0,
            records_refused: 0,
            refusals: Vec::new(),
            notices: Vec::new(),
            cells: Vec::new(),
            profiles: vec![Profile::new()],
            entries: Vec::new(),
            entry_count: 0,
            records: Vec::new(),
            rows: Vec::new(),
            stores: Vec::new(),
            trails: Vec::new(),
            insights: Vec::new(),
            addenda: Vec::new(),
        }
    }

    /// Whether every entry of the file is accounted for.
    pub fn balances(&self) -> bool {
        self.records_seen == self.entry_count + self.records_refused
            && (self.state == FileState::Read || self.entry_count == 0)
    }
}

/// Something below the given folders that is no file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProblemFact {
    /// What it is called, safe to print.
    pub name: String,
    /// Stable kebab-case code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Whether records may be missing because of it.
    pub is_loss: bool,
}
