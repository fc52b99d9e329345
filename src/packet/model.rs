//! `attestrail.packet/v1`: everything a packet says, as plain data.
//!
//! These structs are the format of `packet.json` and belong to version 1 alone:
//! inner types may change, these may only gain optional members. Members stand
//! in reading order. Instants are RFC 3339 in UTC, days are `YYYY-MM-DD`, counts
//! are whole numbers, sizes are bytes. Nothing is escaped here; views do that.

mod instant;
mod remarks;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::assess::outcome::RecordCounts;

pub use self::instant::Instant;
pub use self::remarks::{
    AddendumInfo, EndpointInfo, InsightEvent, InsightInfo, LateInfo, OriginalInfo, RoleInfo,
    ShownRows,
};

/// The value of [`Packet::format`].
pub const FORMAT: &str = "attestrail.packet/v1";

/// Rows that a list shows in the model and the documents; CSV files hold all.
pub const MOST_ROWS: u64 = 500;

/// One packet: one framework, one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    /// [`FORMAT`]
    pub format: String,
    /// Framework, period and the first 16 digits of the SHA-256 of this model with an empty id.
    pub id: String,
    /// Stated by whoever ran the tool.
    pub generated_at: String,
    /// What made it.
    pub tool: Tool,
    /// Whose packet it is, as the scope file says.
    pub organisation: String,
    /// The framework.
    pub framework: FrameworkInfo,
    /// The period.
    pub period: PeriodInfo,
    /// The counts and one honest sentence.
    pub conclusion: Conclusion,
    /// What was held against the framework.
    pub scope: ScopeInfo,
    /// How it was done, and how to do it again.
    pub method: Method,
    /// Every requirement of the framework, in its order.
    pub requirements: Vec<RequirementInfo>,
    /// Every control that serves the framework, in the order of ids.
    pub controls: Vec<ControlInfo>,
    /// What was read.
    pub log_set: LogSetInfo,
    /// Account × Region × day.
    pub coverage: CoverageInfo,
    /// Whether the log files were shown to be unaltered.
    pub integrity: IntegrityInfo,
    /// What was done to secrets in records.
    pub masking: MaskingInfo,
    /// The words used.
    pub definitions: Vec<Definition>,
}

impl Packet {
    /// Whose packet it is, in words where no scope file says so.
    pub fn shown_organisation(&self) -> &str {
        match self.organisation.as_str() {
            "" => "organisation not stated",
            name => name,
        }
    }

    /// The packet without the rows of its controls and of accounts and Regions, which are most of
    /// it; their counts stay.
    pub fn without_rows(&self) -> Packet {
        let mut packet = self.clone();
        packet.coverage.rows = Arc::default();
        packet.coverage.classes = Arc::default();
        packet.coverage.stores = Arc::default();
        packet.integrity.cover = Arc::default();
        for control in &mut packet.controls {
            for detail in &mut control.details {
                detail.rows = Vec::new();
            }
            for list in control.lists_of_records.all_mut() {
                list.rows = Arc::default();
            }
        }
        packet
    }
}

/// The program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// `attestrail`
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The framework of the packet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameworkInfo {
    /// For example `pci-dss-4.0.1`.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Short name.
    pub short: String,
}

/// The period, half open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodInfo {
    /// Name of the folder, for example `2026-10`.
    pub label: String,
    /// First instant.
    pub start: String,
    /// The instant after the last one.
    pub end: String,
    /// In words, with the last day included.
    pub shown: String,
    /// Always `UTC`.
    pub time_zone: String,
}

/// How many things have a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictCount {
    /// Id of the verdict.
    pub verdict: String,
    /// As shown.
    pub shown: String,
    /// How many.
    pub count: u64,
}

/// The packet in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// What the packet says, in whole sentences; never "compliant".
    pub sentence: String,
    /// The gravest verdict of all controls; `not-determinable` if there is no control.
    pub gravest: String,
    /// As shown.
    pub gravest_shown: String,
    /// Whether evidence may be missing: input refused or a verdict not determinable.
    pub is_incomplete: bool,
    /// Why it is incomplete, each a sentence.
    pub incomplete_because: Vec<String>,
    /// The exit code that this packet stands for.
    pub exit_code: u8,
    /// What that code means.
    pub exit_meaning: String,
    /// Exceptions of all controls that no waiver covers.
    pub exceptions: u64,
    /// Refused calls listed.
    pub attempts: u64,
    /// Controls per verdict, gravest first, zeros too.
    pub controls: Vec<VerdictCount>,
    /// Requirements per verdict, gravest first, and those that need other evidence.
    pub requirements: Vec<VerdictCount>,
}

/// The scope as the user stated it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScopeInfo {
    /// Accounts in scope for this framework.
    pub accounts: Vec<AccountInfo>,
    /// Regions of the scope.
    pub regions: Vec<String>,
    /// Lists that the controls of this framework use.
    pub lists: Vec<ListInfo>,
    /// Declared quiet places.
    pub idle: Vec<IdleInfo>,
    /// Statements that a class is recorded.
    pub recorded: Vec<RecordedInfo>,
    /// Announced work.
    pub maintenance: Vec<MaintenanceInfo>,
    /// Waivers.
    pub waivers: Vec<WaiverInfo>,
    /// SHA-256 over the scope file, see docs/packet.md.
    pub scope_digest: String,
    /// SHA-256 over all controls loaded.
    pub controls_digest: String,
    /// SHA-256 over all frameworks loaded.
    pub frameworks_digest: String,
    /// How many controls were loaded, those of other frameworks too.
    pub controls_loaded: u64,
}

/// An account in scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// Twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its Regions.
    pub regions: Vec<String>,
    /// The first day on which it belongs to the scope; none means from the beginning.
    pub from: Option<String>,
    /// The last such day; none means to the end.
    pub until: Option<String>,
}

/// A named list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListInfo {
    /// Its name.
    pub name: String,
    /// `filled`, `empty` or `missing`.
    pub state: String,
    /// The controls that ask for it.
    pub used_by: Vec<String>,
    /// Its entries.
    pub entries: Vec<EntryInfo>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryInfo {
    /// `exact`, `prefix`, `wildcard` or `cidr`.
    pub test: String,
    /// What is compared.
    pub value: String,
    /// Counts from this instant on.
    pub from: Option<String>,
    /// Counts before this instant.
    pub until: Option<String>,
    /// Why it is there.
    pub reason: Option<String>,
}

/// A place where no record is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdleInfo {
    /// None means every account.
    pub account: Option<String>,
    /// None means every Region.
    pub region: Option<String>,
    /// The first day; none means from the beginning.
    pub from: Option<String>,
    /// The last day; none means to the end.
    pub until: Option<String>,
    /// Why.
    pub reason: String,
}

/// A statement that a class is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedInfo {
    /// The class.
    pub class: String,
    /// None means every account.
    pub account: Option<String>,
    /// The stores; empty means all.
    pub stores: Vec<String>,
    /// Where the statement comes from.
    pub source: String,
}

/// Announced work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceInfo {
    /// First instant.
    pub from: String,
    /// The instant after the last one.
    pub until: String,
    /// None means every account.
    pub account: Option<String>,
    /// Empty means every control.
    pub controls: Vec<String>,
    /// What was done.
    pub reason: String,
    /// Where that is written down.
    pub ticket: Option<String>,
}

/// An accepted exception.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaiverInfo {
    /// The control.
    pub control: String,
    /// `event ids` or `pattern`.
    pub covers: String,
    /// The event ids, if it names them.
    pub event_ids: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who accepted it.
    pub approver: String,
    /// Where that is written down.
    pub ticket: String,
    /// Last day on which it is in force (UTC).
    pub expires: String,
}

/// How the examination was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// The command that gives this packet again.
    pub command: String,
    /// Seed of the samples.
    pub seed: String,
    /// Records in a sample at most.
    pub sample_size: u64,
    /// How samples are drawn.
    pub sampling: String,
    /// What the method does, step by step.
    pub steps: Vec<String>,
    /// What it cannot show.
    pub limits: Vec<String>,
    /// What was not examined, with the reason.
    pub not_examined: Vec<String>,
    /// Warnings of the controls and the scope that were loaded.
    pub warnings: Vec<String>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequirementInfo {
    /// Its number.
    pub id: String,
    /// Own short title.
    pub title: String,
    /// The heading that it stands under.
    pub group: String,
    /// `full`, `partial`, `context-only` or `none`.
    pub evidence: String,
    /// What that means.
    pub evidence_shown: String,
    /// What CloudTrail can and cannot show.
    pub note: String,
    /// First day on which it was mandatory, where that came later.
    pub mandatory_since: Option<String>,
    /// HIPAA: `required` or `addressable`.
    pub implementation: Option<String>,
    /// Its controls with their verdicts.
    pub controls: Vec<RequirementControl>,
    /// The gravest verdict of its controls, or `needs-other-evidence`.
    pub verdict: String,
    /// As shown.
    pub verdict_shown: String,
    /// Why, or what else is needed for a conclusion.
    pub why: String,
}

/// A control seen from a requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequirementControl {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its verdict.
    pub verdict: String,
    /// As shown.
    pub verdict_shown: String,
}

/// One control with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlInfo {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub objective: String,
    /// How it is examined.
    pub procedure: String,
    /// What it cannot show.
    pub limits: String,
    /// `critical`, `high`, `medium`, `low` or `info`.
    pub severity: String,
    /// Kind of expectation.
    pub kind: String,
    /// What the kind tests, as a sentence.
    pub kind_shown: String,
    /// Which outcomes count, where the kind has a population.
    pub counted: Option<String>,
    /// The classes that must be recorded.
    pub needs: Vec<String>,
    /// The lists it asks for.
    pub lists: Vec<String>,
    /// The requirements of this framework that it serves.
    pub requirements: Vec<String>,
    /// The `[expect]` part of the definition, as written.
    pub pattern: String,
    /// SHA-256 of the exact text of the definition.
    pub definition_sha256: String,
    /// Its verdict.
    pub verdict: String,
    /// As shown.
    pub verdict_shown: String,
    /// Why, each a sentence.
    pub reasons: Vec<String>,
    /// Whether the exceptions are "at least" this many.
    pub is_lower_bound: bool,
    /// The counts; they reconcile.
    pub counts: CountsInfo,
    /// Exceptions per day; days without are absent.
    pub exceptions_by_day: Vec<DayCount>,
    /// Groups over several records.
    pub details: Vec<DetailInfo>,
    /// The lists of records.
    pub lists_of_records: Lists,
    /// The folder of its files, relative to the packet.
    pub folder: String,
}

/// examined = conforming + exceptions + waived + undecided + excluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountsInfo {
    /// Everything tested.
    pub examined: u64,
    /// As it should be.
    pub conforming: u64,
    /// Not as it should be, no waiver.
    pub exceptions: u64,
    /// Not as it should be, waiver in force.
    pub waived: u64,
    /// CloudTrail left out what the test needs.
    pub undecided: u64,
    /// Taken out with a reason.
    pub excluded: u64,
    /// Refused calls; part of `excluded`.
    pub attempts: u64,
    /// Members of an inventory; part of `conforming`.
    pub listed: u64,
}

/// A count on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day (UTC).
    pub day: String,
    /// How many.
    pub count: u64,
}

/// A table of results that are not single records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetailInfo {
    /// Its heading.
    pub title: String,
    /// Column heads.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
    /// Rows shown.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with these rows.
    pub file: String,
}

/// The lists of records of a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lists {
    /// Exceptions, waived ones too.
    pub exceptions: RowList,
    /// Refused calls.
    pub attempts: RowList,
    /// Undecided records.
    pub undecided: RowList,
    /// The whole population, where the kind has one.
    pub population: RowList,
    /// The sample of the population.
    pub sample: RowList,
}

impl Lists {
    /// Every one of them.
    pub fn all_mut(&mut self) -> [&mut RowList; 5] {
        [
            &mut self.exceptions,
            &mut self.attempts,
            &mut self.undecided,
            &mut self.population,
            &mut self.sample,
        ]
    }
}

/// A list of records, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowList {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all rows; none where the control has no such list.
    pub file: Option<String>,
    /// SHA-256 over all rows (see docs/packet.md), so that the packet id depends on each.
    pub rows_sha256: String,
    /// The first rows, in the order of time, event id and origin.
    pub rows: Arc<[Row]>,
}

/// One record as evidence. Most of its texts stand in many rows, which then share them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// `eventID`, empty where the record has none.
    pub event_id: Arc<str>,
    /// `eventTime`
    pub time: Arc<str>,
    /// The account that received the record.
    pub account: Arc<str>,
    /// `awsRegion`
    pub region: Arc<str>,
    /// `eventSource`
    pub event_source: Arc<str>,
    /// `eventName`
    pub event_name: Arc<str>,
    /// The normalised actor.
    pub actor: Arc<str>,
    /// Its kind.
    pub actor_kind: Arc<str>,
    /// A hint at the person.
    pub person: Arc<str>,
    /// `success` or `refused`.
    pub outcome: Arc<str>,
    /// Error code or message.
    pub error: Arc<str>,
    /// `sourceIPAddress`
    pub source_ip: Arc<str>,
    /// `userAgent`
    pub user_agent: Arc<str>,
    /// What it acted on.
    pub target: Arc<str>,
    /// What it is in the control's eyes.
    pub role: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// The ticket of the waiver that covers it.
    pub waiver: Option<String>,
    /// Key of the log file.
    pub file: Arc<str>,
    /// SHA-256 of the log file as stored.
    pub file_sha256: Arc<str>,
    /// Index of the record in the file, from 0.
    pub index: u32,
    /// Line in `records.jsonl`, from 1; none where the packet does not hold the record.
    pub record_line: Option<u64>,
    /// Whether secrets in it are masked.
    pub masked: bool,
}

/// What was read. Files: listed = read + refused + not read + not opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogSetInfo {
    /// Files found.
    pub files_listed: u64,
    /// Files read in full.
    pub files_read: u64,
    /// Log files that could not be read in full.
    pub files_refused: u64,
    /// Files that are not CloudTrail logs.
    pub files_not_read: u64,
    /// What lies in place of files and could not be looked at.
    #[serde(default)]
    pub files_not_opened: u64,
    /// Bytes as stored of the files read.
    pub bytes_stored: u64,
    /// Bytes inflated.
    pub bytes_inflated: u64,
    /// All accounts together.
    pub total: RecordCountsInfo,
    /// Per account that received records.
    pub by_account: Vec<AccountCounts>,
    /// Records of the period per class.
    pub by_class: Vec<ClassCount>,
    /// The files read, by the shape that their records came in.
    pub shapes: Vec<ShapeInfo>,
    /// First `eventTime` of the kept records.
    pub first_time: Option<String>,
    /// Last `eventTime` of the kept records.
    pub last_time: Option<String>,
    /// Refusals that mean that evidence may be missing.
    pub losses: u64,
    /// Things to know about the whole set.
    pub notices: Vec<String>,
    /// What was refused or not read.
    pub refusals: Refusals,
    /// Inputs.
    pub inputs: Inputs,
    /// Anomalies that Insights events tell of.
    #[serde(default)]
    pub insights: ShownRows<InsightInfo>,
    /// Records that correct others.
    #[serde(default)]
    pub addenda: ShownRows<AddendumInfo>,
    /// Records that came late, by reason.
    #[serde(default)]
    pub late: Vec<LateInfo>,
    /// Calls through VPC endpoints.
    #[serde(default)]
    pub network_activity: ShownRows<EndpointInfo>,
}

/// seen = kept + duplicates + conflicts + amended + refused + outside period + outside scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordCountsInfo {
    /// All records found.
    pub seen: u64,
    /// In scope and period.
    pub kept: u64,
    /// The same record again.
    pub duplicates: u64,
    /// Same event id, other content.
    pub conflicts: u64,
    /// Corrected by a later record.
    #[serde(default)]
    pub amended: u64,
    /// Could not be read.
    pub refused: u64,
    /// Outside the period.
    pub outside_period: u64,
    /// Outside the scope.
    pub outside_scope: u64,
}

impl LogSetInfo {
    /// What became of the files; the parts add up to all files listed.
    pub fn file_parts(&self) -> [(&'static str, u64); 4] {
        [
            ("read", self.files_read),
            ("refused", self.files_refused),
            ("not logs", self.files_not_read),
            ("not opened", self.files_not_opened),
        ]
    }
}

impl RecordCountsInfo {
    /// What became of the records; the parts add up to all records seen.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        let counts = RecordCounts {
            seen: self.seen,
            kept: self.kept,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            amended: self.amended,
            refused: self.refused,
            outside_period: self.outside_period,
            outside_scope: self.outside_scope,
        };
        counts.parts()
    }
}

/// The counts of one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountCounts {
    /// Account id.
    pub account: String,
    /// Its counts.
    pub counts: RecordCountsInfo,
}

/// Files of a shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeInfo {
    /// What the files are, in words.
    pub shape: String,
    /// How many files.
    pub files: u64,
    /// Records found in them.
    pub records: u64,
    /// What such files cannot prove.
    pub cannot_prove: String,
}

/// Records of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class.
    pub class: String,
    /// How many.
    pub records: u64,
}

/// Refused files and records, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusals {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all.
    pub file: String,
    /// SHA-256 over all rows.
    pub rows_sha256: String,
    /// The first rows; those that mean loss come first.
    pub rows: Arc<[Refusal]>,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Key of the file.
    pub file: String,
    /// Index of the record, if one is to blame.
    pub index: Option<u32>,
    /// Stable code.
    pub code: String,
    /// The reason.
    pub message: String,
    /// Whether evidence may be missing because of it.
    pub is_loss: bool,
}

/// The input files, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all.
    pub file: String,
    /// SHA-256 over all rows.
    pub rows_sha256: String,
    /// The first rows in the order of keys.
    pub rows: Arc<[Input]>,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its key.
    pub file: String,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored; empty if it could not be read.
    pub sha256: String,
    /// What it was found to be.
    pub shape: String,
    /// `read`, `refused` or `not-read`.
    pub outcome: String,
    /// Records found.
    pub records: u64,
    /// Of these, duplicates.
    pub duplicates: u64,
    /// Of these, refused.
    pub refused: u64,
    /// What else is to be known.
    pub notices: Vec<String>,
}

/// The coverage grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageInfo {
    /// Whether every row has no silent or stopped day.
    pub is_complete: bool,
    /// Days of the period (UTC).
    pub days: Vec<String>,
    /// What the letters mean.
    pub states: Vec<StateInfo>,
    /// One row for each account and Region.
    pub rows: Arc<[CoverageRowInfo]>,
    /// How each class is proven for each account and Region.
    pub classes: Arc<[ClassProofInfo]>,
    /// What can show that a class was recorded.
    #[serde(default)]
    pub bases: Vec<BasisInfo>,
    /// How the data stores that controls name are proven.
    #[serde(default)]
    pub stores: Arc<[StoreProofInfo]>,
    /// Snapshots of selectors that the user gave.
    #[serde(default)]
    pub snapshots: Vec<SnapshotInfo>,
    /// The CSV file with a row for each day.
    pub file: String,
}

/// A state of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateInfo {
    /// Its id.
    pub id: String,
    /// One letter.
    pub letter: String,
    /// What it means.
    pub meaning: String,
    /// Days of all rows in this state.
    pub count: u64,
}

/// An account and Region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageRowInfo {
    /// Account id.
    pub account: String,
    /// Its name.
    pub account_name: String,
    /// Region.
    pub region: String,
    /// The letter of each day.
    pub days: String,
    /// Records kept on each day.
    pub counts: Vec<u64>,
    /// The hours of each day that have records: `x` or `.` for each of 24; empty for a day without.
    #[serde(default)]
    pub hours: Vec<String>,
}

/// How a class is proven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassProofInfo {
    /// Account id.
    pub account: String,
    /// Region.
    #[serde(default)]
    pub region: String,
    /// The class.
    pub class: String,
    /// Records of it.
    pub records: u64,
    /// Whether it counts as recorded for the whole period.
    pub is_proven: bool,
    /// What shows it; the id of one of [`CoverageInfo::bases`].
    #[serde(default)]
    pub basis: String,
    /// The proof, or what is missing.
    pub proof: String,
}

/// What can show that a class was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasisInfo {
    /// Its id.
    pub id: String,
    /// One letter.
    pub letter: String,
    /// What it means.
    pub meaning: String,
    /// Classes of places with it.
    pub count: u64,
}

/// How the recording of a data store's events is proven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreProofInfo {
    /// The scope list that names it.
    pub list: String,
    /// The store.
    pub store: String,
    /// The class of events.
    pub class: String,
    /// Accounts that received records of it.
    pub accounts: Vec<String>,
    /// Records of it.
    pub records: u64,
    /// Whether it counts as recorded.
    pub is_proven: bool,
    /// As for classes.
    pub basis: String,
    /// The proof, or what is missing.
    pub proof: String,
}

/// A snapshot of selectors: a statement of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// Name of the file, without folders.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// When it was taken, if the user says so.
    pub taken_at: Option<String>,
    /// The trails that it tells of, each with account and home Region.
    pub trails: Vec<String>,
}

/// Digest chains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegrityInfo {
    /// Its id, for example `not-verified`.
    pub status: String,
    /// As shown.
    pub shown: String,
    /// Why.
    pub statement: String,
    /// Digest files seen.
    pub digests_seen: u64,
    /// Whether the run was told that everything must be verified.
    pub is_required: bool,
    /// What must be covered: the period and its slack.
    pub asked: AskedInfo,
    /// Log files of the set by state, those that digests list and that are not there too.
    pub logs: Vec<StateCount>,
    /// Digests by state.
    pub digests: Vec<StateCount>,
    /// Records of the period that lie in files that do not verify.
    pub suspect_records: u64,
    /// Cover by account and Region.
    pub cover: Arc<[CoverInfo]>,
    /// The CSV file with every stretch of cover.
    pub cover_file: String,
    /// What is wrong or odd; what matters to scope and period first.
    pub faults: FaultList,
    /// State of each log file and digest.
    pub files: FileStates,
    /// The public keys that the user supplied.
    pub keys: Vec<KeyInfo>,
    /// Files of digest metadata that the user supplied.
    pub metadata: Vec<MetadataInfo>,
    /// Lists of keys in the log set; they are not used.
    pub untrusted_keys: Vec<String>,
    /// Lines for the AWS CLI that collect what is wanted; they were not run.
    pub commands: Vec<String>,
}

impl IntegrityInfo {
    /// Whether the run ends with the exit code of integrity.
    pub fn is_failure(&self) -> bool {
        self.status == "failed" || self.is_required && self.status != "verified"
    }
}

/// What must be covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedInfo {
    /// First instant.
    pub from: String,
    /// The instant after the last one, slack included.
    pub to: String,
    /// Minutes after the period, of that.
    pub slack_minutes: u64,
}

/// How many things are in a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateCount {
    /// Its id.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// The cover of one account and Region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverInfo {
    /// Account id.
    pub account: String,
    /// Its name.
    pub account_name: String,
    /// Region.
    pub region: String,
    /// Whether the scope file says that nothing is expected there.
    pub is_declared_idle: bool,
    /// The asked time, whole.
    pub ranges: Vec<CoverSpanInfo>,
    /// Trail by trail, where there are several.
    pub trails: Vec<TrailCoverInfo>,
    /// Stretches of whole hours that are proved idle.
    pub idle: Vec<SpanInfo>,
    /// How many hours these are.
    pub idle_hours: u64,
}

/// The cover of one of several trails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailCoverInfo {
    /// Its name.
    pub trail: String,
    /// The asked time, whole.
    pub ranges: Vec<CoverSpanInfo>,
}

/// A stretch of delivery time and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverSpanInfo {
    /// First instant.
    pub from: Instant,
    /// The instant after the last one.
    pub to: Instant,
    /// Its id.
    pub state: Cow<'static, str>,
    /// As shown.
    pub shown: Cow<'static, str>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpanInfo {
    /// First instant.
    pub from: Instant,
    /// The instant after the last one.
    pub to: Instant,
}

/// Faults, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultList {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all.
    pub file: String,
    /// SHA-256 over all rows.
    pub rows_sha256: String,
    /// The first rows.
    pub rows: Vec<FaultInfo>,
}

/// One fault, or several files with one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultInfo {
    /// `log`, `digest`, `time` or `metadata`.
    pub thing: String,
    /// A key, or account and Region.
    pub object: String,
    /// Stable code.
    pub code: String,
    /// `failed`, `unverified` or `notice`.
    pub weight: String,
    /// Account id; empty if nothing tells.
    pub account: String,
    /// Region; empty if nothing tells.
    pub region: String,
    /// First instant of delivery that it is about.
    pub from: Option<String>,
    /// The instant after the last one.
    pub to: Option<String>,
    /// How many files it is about.
    pub count: u64,
    /// Whether it may concern scope and period.
    pub matters: bool,
    /// What and why.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// States of files, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileStates {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all.
    pub file: String,
    /// SHA-256 over all rows.
    pub rows_sha256: String,
    /// The first rows: digests, then log files, each in the order of keys.
    pub rows: Vec<FileStateInfo>,
}

/// The state of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileStateInfo {
    /// Its key.
    pub file: String,
    /// `log` or `digest`.
    pub kind: String,
    /// What it came to.
    pub state: String,
    /// Whether it may concern scope and period.
    pub matters: bool,
    /// First instant of delivery.
    pub from: Option<String>,
    /// The instant after the last one.
    pub to: Option<String>,
    /// Logs: the digest that decided. Digests: where the signature came from that verifies.
    pub proof: String,
    /// Codes of its faults.
    pub faults: Vec<String>,
}

/// A public key that the user supplied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyInfo {
    /// Name of its file, without folders.
    pub file: String,
    /// SHA-256 of that file.
    pub file_sha256: String,
    /// Its Region; empty if neither file nor user told.
    pub region: String,
    /// MD5 of the key in hexadecimal, as AWS names it.
    pub fingerprint: String,
    /// First instant of its validity.
    pub valid_from: String,
    /// Last instant of its validity.
    pub valid_to: String,
}

/// A file of digest metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetadataInfo {
    /// Its name, without folders.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// What was done to secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaskingInfo {
    /// `masked` or `kept`.
    pub policy: String,
    /// Whether equal secrets can be seen to be equal.
    pub joins: bool,
    /// Rows of the packet in which something was masked.
    pub rows: u64,
    /// What was done, in sentences.
    pub statement: String,
}

/// A word and its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The word.
    pub word: String,
    /// What this packet means by it.
    pub meaning: String,
}
