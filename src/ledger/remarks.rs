//! What records say about other records: Insights, records that came late or
//! correct others, and calls through VPC endpoints.

use super::codec::{Cursor, put_number, put_signed, put_text};

/// What sets the records of a cell apart beside place and class; every text may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark {
    /// `addendum.reason`: why the record came late.
    pub reason: String,
    /// Whether they are network activity events; what follows is empty for others.
    pub is_network_activity: bool,
    /// `vpcEndpointId` of a network activity event.
    pub endpoint: String,
    /// `vpcEndpointAccountId` of it.
    pub endpoint_account: String,
    /// `eventSource` of it.
    pub event_source: String,
    /// `errorCode` of it.
    pub error: String,
}

impl Mark {
    pub(super) fn pack(mark: Option<&Mark>, to: &mut Vec<u8>) {
        let kind = mark.map_or(0, |mark| 1 + u64::from(mark.is_network_activity));
        put_number(to, kind);
        let Some(mark) = mark else { return };
        for text in [
            &mark.reason,
            &mark.endpoint,
            &mark.endpoint_account,
            &mark.event_source,
            &mark.error,
        ] {
            put_text(to, text);
        }
    }

    /// None for bytes that [`Mark::pack`] did not make.
    pub(super) fn unpack(from: &mut Cursor<'_>) -> Option<Option<Box<Mark>>> {
        match from.number()? {
            0 => Some(None),
            kind @ 1..=2 => {
                let mut text = || from.text().map(str::to_owned);
                Some(Some(Box::new(Mark {
                    reason: text()?,
                    is_network_activity: kind == 2,
                    endpoint: text()?,
                    endpoint_account: text()?,
                    event_source: text()?,
                    error: text()?,
                })))
            }
            _ => None,
        }
    }
}

/// One Insights event: the start or the end of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsightFact {
    /// Index in the file, from 0.
    pub index: u32,
    /// `eventTime`
    pub time: i64,
    /// `eventID`
    pub event_id: String,
    /// The account that received it.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// `sharedEventID`, which start and end have in common.
    pub shared_id: String,
    /// `insightDetails.state`
    pub state: String,
    /// `insightDetails.insightType`
    pub kind: String,
    /// The call that was unusual.
    pub event_source: String,
    /// See `event_source`.
    pub event_name: String,
    /// The error that was unusual.
    pub error_code: String,
    /// Average of the baseline per minute.
    pub baseline: String,
    /// Average of the unusual time per minute.
    pub value: String,
    /// Minutes that it lasted.
    pub minutes: String,
    /// Minutes of the baseline.
    pub baseline_minutes: String,
    /// Who and what stood out, in one line.
    pub attributions: String,
}

/// A record that corrects an earlier one (`addendum` with an `originalEventID`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddendumFact {
    /// Index in the file, from 0.
    pub index: u32,
    /// `eventTime`
    pub time: i64,
    /// `eventID`
    pub event_id: String,
    /// Key of this record, as entries have it.
    pub key: Option<u128>,
    /// The account that received it.
    pub account: String,
    /// `awsRegion`
    pub region: String,
    /// `eventSource`
    pub event_source: String,
    /// `eventName`
    pub event_name: String,
    /// `addendum.reason`
    pub reason: String,
    /// `addendum.updatedFields`
    pub updated: String,
    /// `addendum.originalEventID`
    pub original_id: String,
    /// Key of the record that it corrects.
    pub original: Option<u128>,
}

pub(super) fn pack_insight(to: &mut Vec<u8>, one: &InsightFact) {
    put_number(to, u64::from(one.index));
    put_signed(to, one.time);
    for text in [
        &one.event_id,
        &one.account,
        &one.region,
        &one.shared_id,
        &one.state,
        &one.kind,
        &one.event_source,
        &one.event_name,
        &one.error_code,
        &one.baseline,
        &one.value,
        &one.minutes,
        &one.baseline_minutes,
        &one.attributions,
    ] {
        put_text(to, text);
    }
}

pub(super) fn unpack_insight(from: &mut Cursor<'_>) -> Option<InsightFact> {
    let index = from.number32()?;
    let time = from.signed()?;
    let mut text = || from.text().map(str::to_owned);
    Some(InsightFact {
        index,
        time,
        event_id: text()?,
        account: text()?,
        region: text()?,
        shared_id: text()?,
        state: text()?,
        kind: text()?,
        event_source: text()?,
        event_name: text()?,
        error_code: text()?,
        baseline: text()?,
        value: text()?,
        minutes: text()?,
        baseline_minutes: text()?,
        attributions: text()?,
    })
}

pub(super) fn pack_addendum(to: &mut Vec<u8>, one: &AddendumFact) {
    put_number(to, u64::from(one.index));
    put_signed(to, one.time);
    for key in [one.key, one.original] {
        put_number(to, u64::from(key.is_some()));
        to.extend_from_slice(&key.unwrap_or_default().to_le_bytes());
    }
    for text in [
        &one.event_id,
        &one.account,
        &one.region,
        &one.event_source,
        &one.event_name,
        &one.reason,
        &one.updated,
        &one.original_id,
    ] {
        put_text(to, text);
    }
}

pub(super) fn unpack_addendum(from: &mut Cursor<'_>) -> Option<AddendumFact> {
    let index = from.number32()?;
    let time = from.signed()?;
    let mut key = || {
        let is_there = from.number()? == 1;
        let key = u128::from_le_bytes(from.bytes()?);
        Some(is_there.then_some(key))
    };
    let (key, original) = (key()?, key()?);
    let mut text = || from.text().map(str::to_owned);
    Some(AddendumFact {
        index,
        time,
        key,
        original,
        event_id: text()?,
        account: text()?,
        region: text()?,
        event_source: text()?,
        event_name: text()?,
        reason: text()?,
        updated: text()?,
        original_id: text()?,
    })
}
