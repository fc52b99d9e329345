//! What an assessment says, as plain data: the only thing that packets are built from.
//!
//! Long lists of records are not in here; they are streamed through
//! [`EvidenceSource`], so that memory does not grow with them.

use std::collections::BTreeMap;

pub use super::faults::IntegrityFault;
pub use super::integrity::{CoverLine, CoverSpan, FileLine, Integrity, KeyUsed};
use crate::ledger::remarks::Mark;
use crate::record::class::EventClass;
use crate::record::identity::ActorKind;
use crate::record::outcome::Outcome;
use crate::trail::snapshot::Snapshot;

/// The verdict on one control or requirement, in rising order of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Needs proven, population examined, nothing failed.
    NoExceptions,
    /// Needs proven, and there was nothing to test.
    NoActivity,
    /// Every exception is covered by a waiver in force.
    Waived,
    /// An inventory: a person concludes.
    Listed,
    /// Something that the verdict depends on is absent, unproven or undecided.
    NotDeterminable,
    /// At least one exception that no waiver covers.
    Exceptions,
}

impl Verdict {
    /// Every verdict, gravest first: the order in which packets show them.
    pub const ALL: [Verdict; 6] = [
        Verdict::Exceptions,
        Verdict::NotDeterminable,
        Verdict::Listed,
        Verdict::Waived,
        Verdict::NoActivity,
        Verdict::NoExceptions,
    ];

    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Verdict::NoExceptions => "no-exceptions",
            Verdict::NoActivity => "no-activity",
            Verdict::Waived => "waived",
            Verdict::Listed => "listed",
            Verdict::NotDeterminable => "not-determinable",
            Verdict::Exceptions => "exceptions",
        }
    }

    /// The words that a packet shows.
    pub const fn shown(self) -> &'static str {
        match self {
            Verdict::NoExceptions => "No exceptions noted",
            Verdict::NoActivity => "No activity in the period",
            Verdict::Waived => "Exceptions waived",
            Verdict::Listed => "Listed for review",
            Verdict::NotDeterminable => "Not determinable",
            Verdict::Exceptions => "Exceptions noted",
        }
    }

    /// The verdict with this id.
    pub fn from_id(id: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.id() == id)
    }
}

/// The whole assessment of one period.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// One for each control of the set, in the order of their ids.
    pub controls: Vec<ControlOutcome>,
    /// What was read, and what became of it.
    pub log_set: LogSet,
    /// Which account, Region and day has records, and of which classes.
    pub coverage: Coverage,
    /// What digest chains show.
    pub integrity: Integrity,
    /// Seed of the samples.
    pub seed: String,
    /// How many records a sample holds at most.
    pub sample_size: u32,
}

/// The outcome of one control.
#[derive(Debug, Clone)]
pub struct ControlOutcome {
    /// Its id.
    pub id: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not determinable, or what a reader must know beside it; each a whole sentence.
    pub reasons: Vec<String>,
    /// True where coverage is incomplete, so that exceptions are "at least" this many.
    pub is_lower_bound: bool,
    /// examined = conforming + exceptions + waived + undecided + excluded.
    pub counts: Counts,
    /// Exceptions per UTC day of the period, for a timeline: (day as seconds, count); days without are absent.
    pub exceptions_by_day: Vec<(i64, u64)>,
    /// Groups over several records: bursts, pairs, rates per field, counts per list entry.
    pub details: Vec<DetailTable>,
}

/// The counts behind a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Everything that was tested: for `forbid` all records of the classes needed in scope
    /// and period; for the other kinds the population.
    pub examined: u64,
    /// Tested and as it should be.
    pub conforming: u64,
    /// Not as it should be, and not waived.
    pub exceptions: u64,
    /// Not as it should be, and covered by a waiver in force.
    pub waived: u64,
    /// CloudTrail left out what the test needs.
    pub undecided: u64,
    /// Taken out with a reason: refused calls of a population, maintenance windows.
    pub excluded: u64,
    /// Refused calls that match; they are part of `excluded`.
    pub attempts: u64,
    /// Members of an inventory; they are part of `conforming`.
    pub listed: u64,
}

impl Counts {
    /// Whether every examined record is accounted for.
    pub fn reconcile(&self) -> bool {
        self.examined
            == self.conforming + self.exceptions + self.waived + self.undecided + self.excluded
    }
}

/// A small table of results that are not single records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailTable {
    /// Its heading.
    pub title: String,
    /// Column heads.
    pub columns: Vec<String>,
    /// Rows; at most [`DetailTable::MOST`].
    pub rows: Vec<Vec<String>>,
    /// How many rows there are in all.
    pub total: u64,
}

impl DetailTable {
    /// Rows that a table keeps; the rest is in the CSV files.
    pub const MOST: usize = 500;
}

/// Which list of a control's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Exceptions, waived ones too (see [`EvidenceRow::waiver`]).
    Exceptions,
    /// Refused calls.
    Attempts,
    /// Undecided records.
    Undecided,
    /// The whole population that was tested record by record (not for `forbid`).
    Population,
    /// The sample of the population (for `forbid`: of nothing).
    Sample,
}

impl List {
    /// Every list, in the order in which packets show them.
    pub const ALL: [List; 5] = [
        List::Exceptions,
        List::Attempts,
        List::Undecided,
        List::Population,
        List::Sample,
    ];
}

/// One record as evidence for one control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// `eventID`, empty where the record has none.
    pub event_id: String,
    /// `eventTime`, seconds since 1970.
    pub time: i64,
    /// The account that received the record.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// `eventSource`
    pub event_source: String,
    /// `eventName`
    pub event_name: String,
    /// The normalised actor.
    pub actor: String,
    /// Its kind.
    pub actor_kind: ActorKind,
    /// The session name or user name as written, a hint at the person.
    pub person: String,
    /// Accepted or refused.
    pub outcome: Outcome,
    /// `errorCode` or the message, empty for success.
    pub error: String,
    /// `sourceIPAddress`
    pub source_ip: String,
    /// `userAgent`
    pub user_agent: String,
    /// What it acted on, in one line.
    pub target: String,
    /// What it is in the control's eyes: `exception`, `conforming`, `attempt`, `listed`, `trigger`, `response`, `undecided`.
    pub role: &'static str,
    /// Why: the missing element, the burst, the pair left open, the maintenance window.
    pub reason: String,
    /// The ticket of the waiver that covers it.
    pub waiver: Option<String>,
    /// Where the record lies.
    pub origin: Origin,
    /// The record as CloudTrail wrote it; `None` where only the projection was kept.
    pub record: Option<Vec<u8>>,
}

/// Where a record was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Key of the log file.
    pub file: String,
    /// SHA-256 of the file as stored, lower-case hex.
    pub sha256: String,
    /// Index in the file, from 0.
    pub index: u32,
}

/// Where long lists come from: the ledger, in the order of time, event id and origin.
pub trait EvidenceSource {
    /// Calls `each` for every row of a list; stops at its first error.
    ///
    /// # Errors
    /// What the ledger or `each` reports.
    fn rows(
        &self,
        control: &str,
        list: List,
        each: &mut dyn FnMut(&EvidenceRow) -> std::io::Result<()>,
    ) -> std::io::Result<()>;

    /// Calls `each` for every input file, in the order of keys.
    ///
    /// # Errors
    /// What the ledger or `each` reports.
    fn inputs(&self, each: &mut dyn FnMut(&InputRow) -> std::io::Result<()>)
    -> std::io::Result<()>;

    /// Calls `each` for everything that was refused or not read, files and records, in the order of keys.
    ///
    /// # Errors
    /// What the ledger or `each` reports.
    fn refusals(
        &self,
        each: &mut dyn FnMut(&RefusalRow) -> std::io::Result<()>,
    ) -> std::io::Result<()>;
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRow {
    /// Key of the file.
    pub key: String,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored, lower-case hex; empty if it could not be read.
    pub sha256: String,
    /// What it was found to be, e.g. `CloudTrail log, gzip`.
    pub shape: String,
    /// `read`, `refused`, `not-read`.
    pub outcome: &'static str,
    /// Records found in it.
    pub records: u64,
    /// Of these, duplicates of records elsewhere.
    pub duplicates: u64,
    /// Of these, refused.
    pub refused: u64,
    /// What else is to be known about it.
    pub notices: Vec<String>,
}

/// One refused file or record, or a file that is not a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// Key of the file.
    pub key: String,
    /// Index of the record, if one is to blame.
    pub index: Option<u32>,
    /// Stable kebab-case code.
    pub code: String,
    /// The reason, escaped for people.
    pub message: String,
    /// Whether evidence may be missing because of it: the run is then incomplete.
    pub is_loss: bool,
}

/// What was read. Files: listed = read + refused + not read + not opened.
/// Records: seen = kept + duplicates + conflicts + amended + refused + outside period + outside scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSet {
    /// Files found.
    pub files_listed: u64,
    /// Files read in full.
    pub files_read: u64,
    /// Log files that could not be read in full.
    pub files_refused: u64,
    /// Files that are not CloudTrail logs.
    pub files_not_read: u64,
    /// What lies in place of files and could not be looked at: pipes, links, folders that may not be opened.
    pub files_not_opened: u64,
    /// Bytes as stored of the files read.
    pub bytes_stored: u64,
    /// Bytes inflated.
    pub bytes_inflated: u64,
    /// All accounts together.
    pub total: RecordCounts,
    /// Per account that received records.
    pub by_account: BTreeMap<String, RecordCounts>,
    /// Records of the period per class.
    pub by_class: BTreeMap<EventClass, u64>,
    /// The files read, by the shape that their records came in.
    pub shapes: Vec<ShapeCount>,
    /// First and last `eventTime` of the kept records.
    pub first_time: Option<i64>,
    /// See `first_time`.
    pub last_time: Option<i64>,
    /// First and last `eventTime` of the records outside the asked period.
    pub outside_times: Option<(i64, i64)>,
    /// Rows of [`EvidenceSource::refusals`] that mean loss.
    pub losses: u64,
    /// Things to know about the whole set, each a sentence.
    pub notices: Vec<String>,
    /// Anomalies that Insights events tell of.
    pub anomalies: Vec<Anomaly>,
    /// Records that correct others.
    pub amendments: Vec<Amendment>,
    /// Records that came late, or through a VPC endpoint, counted by place and mark.
    pub marked: Vec<Marked>,
}

/// All parts together.
pub fn sum(parts: &[(&'static str, u64)]) -> u64 {
    parts.iter().map(|(_, count)| count).sum()
}

impl LogSet {
    /// What became of the files; the parts add up to all files listed.
    pub fn file_parts(&self) -> [(&'static str, u64); 4] {
        [
            ("read", self.files_read),
            ("refused", self.files_refused),
            ("not logs", self.files_not_read),
            ("not opened", self.files_not_opened),
        ]
    }

    /// Network activity events, counted by place, endpoint, service and outcome.
    pub fn network_activity(&self) -> impl Iterator<Item = &Marked> {
        self.marked
            .iter()
            .filter(|one| one.mark.is_network_activity)
    }
}

/// An anomaly: calls or errors at an unusual rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// The account in which it was seen.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// What start and end have in common.
    pub shared_id: String,
    /// Of calls or of errors, as CloudTrail names it.
    pub kind: String,
    /// The call.
    pub event_source: String,
    /// See `event_source`.
    pub event_name: String,
    /// The error, where it is about one.
    pub error_code: String,
    /// Who and what stood out.
    pub attributions: String,
    /// The event that tells of its start.
    pub start: Option<AnomalyEvent>,
    /// The event that tells of its end.
    pub end: Option<AnomalyEvent>,
}

/// What an Insights event says; numbers have the values that were written, empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyEvent {
    /// `eventTime`
    pub time: i64,
    /// `eventID`
    pub event_id: String,
    /// Usual average per minute.
    pub baseline: String,
    /// Unusual average per minute.
    pub value: String,
    /// Minutes that it lasted.
    pub minutes: String,
    /// Minutes over which the baseline was taken.
    pub baseline_minutes: String,
    /// Where the record lies.
    pub origin: Origin,
}

/// A record that corrects another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// `eventID`
    pub event_id: String,
    /// `eventTime`
    pub time: i64,
    /// The account that received it.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// `eventSource`
    pub event_source: String,
    /// `eventName`
    pub event_name: String,
    /// Why, as CloudTrail names it.
    pub reason: String,
    /// The fields that are new, as written.
    pub updated: String,
    /// Where it lies.
    pub origin: Origin,
    /// What it is to controls: id and role.
    pub roles: Vec<(String, &'static str)>,
    /// `eventID` of the record that it corrects.
    pub original_id: String,
    /// The time of that record, if it is there.
    pub original_time: Option<i64>,
    /// Where that record lies.
    pub original: Option<Origin>,
    /// What that record would have been to controls.
    pub original_roles: Vec<(String, &'static str)>,
    /// What came of it.
    pub outcome: AmendmentOutcome,
}

/// What comes of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendmentOutcome {
    /// The corrected record is left out, and this one counts.
    Replaced,
    /// The record that it names is not among those of scope and period.
    NotFound,
    /// It does not say which call it is about, so both count.
    NamesNoCall,
    /// It is about another call than the record that it names, so both count.
    OtherCall,
    /// Its file does not verify, and the file of the record that it names does, so both count.
    Unverified,
    /// It says something else than the record that it names shows, and no digest vouches for its
    /// file, so both count.
    TakesAway,
    /// Corrections name each other, so all count.
    Circle,
}

impl AmendmentOutcome {
    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            AmendmentOutcome::Replaced => "replaced",
            AmendmentOutcome::NotFound => "not-found",
            AmendmentOutcome::NamesNoCall => "names-no-call",
            AmendmentOutcome::OtherCall => "other-call",
            AmendmentOutcome::Unverified => "unverified",
            AmendmentOutcome::TakesAway => "takes-away",
            AmendmentOutcome::Circle => "circle",
        }
    }
}

/// Kept records with one mark at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The account that received them.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// What they have in common.
    pub mark: Mark,
    /// How many.
    pub records: u64,
    /// The earliest.
    pub first_time: i64,
    /// The latest.
    pub last_time: i64,
}

/// The files of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeCount {
    /// What the files are, in words.
    pub shape: String,
    /// How many files.
    pub files: u64,
    /// Records found in them.
    pub records: u64,
    /// What such files cannot prove, as sentences.
    pub cannot_prove: &'static str,
}

/// What became of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordCounts {
    /// All records found.
    pub seen: u64,
    /// In scope and period: the records that verdicts rest on.
    pub kept: u64,
    /// The same record again.
    pub duplicates: u64,
    /// Same event id, other content: all copies are left out.
    pub conflicts: u64,
    /// A later record corrects it, and counts in its place.
    pub amended: u64,
    /// Could not be read.
    pub refused: u64,
    /// Outside the asked period.
    pub outside_period: u64,
    /// Of an account or Region that the scope does not name.
    pub outside_scope: u64,
}

impl RecordCounts {
    /// What became of the records; the parts add up to all records seen. Every view takes its
    /// sum from here.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("kept", self.kept),
            ("duplicate", self.duplicates),
            ("conflict", self.conflicts),
            ("amended", self.amended),
            ("refused", self.refused),
            ("outside period", self.outside_period),
            ("outside scope", self.outside_scope),
        ]
    }

    /// Whether every record seen is accounted for.
    pub fn reconcile(&self) -> bool {
        self.seen == sum(&self.parts())
    }
}

/// The account × Region × day grid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// UTC days of the period, as seconds.
    pub days: Vec<i64>,
    /// One row for each account and Region in scope, or seen.
    pub rows: Vec<CoverageRow>,
    /// Classes per account and Region: how each is proven.
    pub classes: Vec<ClassProof>,
    /// Data stores that controls name: how each is proven.
    pub stores: Vec<StoreProof>,
    /// Snapshots of selectors that the user gave.
    pub snapshots: Vec<Snapshot>,
    /// True if every row has no silent, missing or stopped day.
    pub is_complete: bool,
}

/// One account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// Account id.
    pub account: String,
    /// Its name from the scope file, or empty.
    pub account_name: String,
    /// Region.
    pub region: String,
    /// One state for each day.
    pub days: Vec<DayState>,
    /// Records kept on each day.
    pub counts: Vec<u64>,
    /// The hours of each day that have records, one bit each.
    pub hours: Vec<u32>,
}

/// What is known of one account, Region and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayState {
    /// Records were delivered.
    Delivered,
    /// The scope file says that nothing is expected, with a reason.
    DeclaredIdle,
    /// Digests show that everything delivered is here, and no record is of this day.
    ProvedIdle,
    /// Nothing was delivered and nothing explains it: no activity, or loss.
    Silent,
    /// Digests list a log file with records of this day that is not here.
    Missing,
    /// Logging was stopped or sent elsewhere on this day, says a record, and nothing shows that
    /// another trail went on.
    Stopped,
    /// The same may be so of a part of this day.
    Unclear,
    /// Not part of the scope.
    OutsideScope,
}

impl DayState {
    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            DayState::Delivered => "delivered",
            DayState::DeclaredIdle => "declared-idle",
            DayState::ProvedIdle => "proved-idle",
            DayState::Silent => "silent",
            DayState::Missing => "missing",
            DayState::Stopped => "stopped",
            DayState::Unclear => "unclear",
            DayState::OutsideScope => "outside-scope",
        }
    }

    /// Whether nothing is open about such a day.
    pub const fn is_accounted_for(self) -> bool {
        matches!(
            self,
            DayState::Delivered
                | DayState::ProvedIdle
                | DayState::DeclaredIdle
                | DayState::OutsideScope
        )
    }

    /// Whether such a day has no records for a known reason.
    pub const fn is_idle(self) -> bool {
        matches!(self, DayState::DeclaredIdle | DayState::OutsideScope)
    }
}

/// What shows that a class was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Records of it at this place.
    Records,
    /// Records of it elsewhere, of a class that is recorded in one place for all.
    Elsewhere,
    /// A record that told a trail to record it.
    Selectors,
    /// A snapshot of a trail's selectors that the user gave.
    Snapshot,
    /// The scope file.
    Stated,
    /// Verified digest files.
    Digests,
    /// Nothing is expected at the place.
    Idle,
    /// Nothing shows it.
    Nothing,
}

impl Basis {
    /// Every basis, in the order of the legend.
    pub const ALL: [Basis; 8] = [
        Basis::Records,
        Basis::Elsewhere,
        Basis::Selectors,
        Basis::Snapshot,
        Basis::Stated,
        Basis::Digests,
        Basis::Idle,
        Basis::Nothing,
    ];

    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Basis::Records => "records",
            Basis::Elsewhere => "records-elsewhere",
            Basis::Selectors => "selector-records",
            Basis::Snapshot => "snapshot",
            Basis::Stated => "scope-file",
            Basis::Digests => "digests",
            Basis::Idle => "idle",
            Basis::Nothing => "not-proven",
        }
    }
}

/// How the recording of one class is proven for one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassProof {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// The class.
    pub class: EventClass,
    /// Records of it in the period.
    pub records: u64,
    /// Whether it counts as recorded for the whole period.
    pub is_proven: bool,
    /// What shows it.
    pub basis: Basis,
    /// The proof, or what is missing, as a sentence.
    pub proof: String,
}

/// How the recording of a data store's events is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreProof {
    /// The scope list that names it.
    pub list: String,
    /// Its name or ARN, or the front of them, as the list spells it.
    pub store: String,
    /// Whether all stores are meant whose names begin so, or match it.
    pub is_front: bool,
    /// The class of events.
    pub class: EventClass,
    /// Accounts that received records of it.
    pub accounts: Vec<String>,
    /// Records of it in the period.
    pub records: u64,
    /// Whether it counts as recorded.
    pub is_proven: bool,
    /// What shows it.
    pub basis: Basis,
    /// The proof, or what is missing, as a sentence.
    pub proof: String,
}
