//! What records say about others: anomalies, corrections, late records, VPC endpoints.

use serde::{Deserialize, Serialize};

/// A list, cut visibly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownRows<T> {
    /// Rows here.
    pub shown: u64,
    /// Rows in all.
    pub total: u64,
    /// The CSV file with all.
    pub file: String,
    /// SHA-256 over all rows.
    pub rows_sha256: String,
    /// The first rows.
    pub rows: Vec<T>,
}

/// A list that an older packet does not have.
impl<T> Default for ShownRows<T> {
    fn default() -> Self {
        ShownRows {
            shown: 0,
            total: 0,
            file: String::new(),
            rows_sha256: String::new(),
            rows: Vec::new(),
        }
    }
}

/// An anomaly that Insights events tell of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsightInfo {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// `ApiCallRateInsight` or `ApiErrorRateInsight`, as CloudTrail writes it.
    pub kind: String,
    /// The call.
    pub event_source: String,
    /// See `event_source`.
    pub event_name: String,
    /// The error, where it is about one.
    pub error_code: String,
    /// What start and end have in common.
    pub shared_event_id: String,
    /// Who and what stood out.
    pub attributions: String,
    /// What tells of its start; absent if that is not in the log set.
    pub start: Option<InsightEvent>,
    /// What tells of its end; absent if that is not in the log set.
    pub end: Option<InsightEvent>,
}

/// One Insights event; numbers have the values that CloudTrail wrote, empty where it wrote none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsightEvent {
    /// `eventTime`
    pub time: String,
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
    /// Key of the log file.
    pub file: String,
    /// SHA-256 of that file as stored.
    pub file_sha256: String,
    /// Index of the record in it, from 0.
    pub index: u32,
}

/// A record that corrects another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddendumInfo {
    /// `eventTime`
    pub time: String,
    /// `eventID`
    pub event_id: String,
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// `eventSource`
    pub event_source: String,
    /// `eventName`
    pub event_name: String,
    /// `addendum.reason`
    pub reason: String,
    /// `addendum.updatedFields`
    pub updated_fields: String,
    /// What it is to the controls of the framework.
    pub roles: Vec<RoleInfo>,
    /// Key of its log file.
    pub file: String,
    /// SHA-256 of that file as stored.
    pub file_sha256: String,
    /// Index of the record in it, from 0.
    pub index: u32,
    /// `replaced`, `not-found`, `names-no-call`, `other-call`, `unverified` or `circle`.
    pub outcome: String,
    /// The same in words.
    pub outcome_shown: String,
    /// The record that it corrects.
    pub original: OriginalInfo,
}

/// The record that an addendum corrects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginalInfo {
    /// `eventID`
    pub event_id: String,
    /// `eventTime`; absent, as all that follows, if it is not among the records of scope and period.
    pub time: Option<String>,
    /// What it would have been to the controls of the framework.
    pub roles: Vec<RoleInfo>,
    /// Key of its log file.
    pub file: Option<String>,
    /// SHA-256 of that file as stored.
    pub file_sha256: Option<String>,
    /// Index of the record in it, from 0.
    pub index: Option<u32>,
}

/// What a record is to a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleInfo {
    /// Id of the control.
    pub control: String,
    /// As in lists of records.
    pub role: String,
}

/// Records that came late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateInfo {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// `addendum.reason`
    pub reason: String,
    /// How many.
    pub records: u64,
    /// `eventTime` of the earliest.
    pub first_time: String,
    /// `eventTime` of the latest.
    pub last_time: String,
}

/// Calls through a VPC endpoint to one service with one outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointInfo {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// `vpcEndpointId`
    pub endpoint: String,
    /// `vpcEndpointAccountId`
    pub endpoint_account: String,
    /// `eventSource`
    pub event_source: String,
    /// `errorCode`, such as `VpceAccessDenied`; empty where the endpoint let the call through.
    pub error: String,
    /// How many.
    pub records: u64,
    /// `eventTime` of the earliest.
    pub first_time: String,
    /// `eventTime` of the latest.
    pub last_time: String,
}
