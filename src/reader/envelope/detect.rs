//! What an object of a file is, told by the names of its members.
//!
//! A member that only CloudTrail records have settles it, so that an envelope
//! can never be made of a record by adding a member to it.

use super::Content;
use super::members::{each_member, find};
use crate::reader::OtherKind;

/// What an object may be.
pub(super) enum Entry {
    /// `{"Records":[…]}`
    Records,
    /// A record, or what claims to be one.
    Record,
    /// An object with a list of envelopes.
    List {
        content: Content,
        member: &'static str,
        path: &'static [&'static str],
    },
    /// One envelope.
    Member {
        content: Content,
        path: &'static [&'static str],
    },
    /// Known, and without records.
    Other(OtherKind),
    /// An envelope of a known kind in which the record is missing.
    WithoutRecord,
    /// Known, and not read.
    Unsupported(&'static str),
    /// No name in it is known.
    Unknown,
}

/// Looks at the member names of the object at `at`.
pub(super) fn detect(bytes: &[u8], at: usize) -> Entry {
    let mut found = Entry::Unknown;
    let settled = each_member(bytes, at, |name, value| {
        if is_record_member(name) {
            return Some(Entry::Record);
        }
        if name == "Records" {
            return Some(Entry::Records);
        }
        if let Some(entry) = known_member(bytes, name, value)
            && is_better(&entry, &found)
        {
            found = entry;
        }
        None
    });
    settled.unwrap_or(found)
}

/// Names at the top of a record that no envelope has.
fn is_record_member(name: &str) -> bool {
    matches!(
        name,
        "eventVersion"
            | "eventTime"
            | "eventName"
            | "eventSource"
            | "eventID"
            | "eventCategory"
            | "userIdentity"
            | "requestParameters"
            | "responseElements"
            | "recipientAccountId"
            | "insightDetails"
            | "awsRegion"
            | "sourceIPAddress"
    )
}

/// The original text of a record is better than fields that a tool made of it.
fn is_better(entry: &Entry, than: &Entry) -> bool {
    let rank = |entry: &Entry| match entry {
        Entry::Unknown => 0,
        Entry::WithoutRecord => 1,
        Entry::Other(OtherKind::ControlMessage)
        | Entry::Member {
            content: Content::ElasticOriginal | Content::Cribl,
            ..
        } => 3,
        _ => 2,
    };
    rank(entry) > rank(than)
}

fn known_member(bytes: &[u8], name: &str, value: usize) -> Option<Entry> {
    let member = |content, path| Some(Entry::Member { content, path });
    let holds = |allowed: &[u8]| {
        bytes
            .get(value)
            .is_some_and(|first| allowed.contains(first))
    };
    match name {
        "detail" | "CloudTrailEvent" | "_raw" | "message" if !holds(b"{\"") => None,
        "Events" | "events" | "logEvents" | "results" | "QueryResultRows" if !holds(b"[") => None,
        "detail" => member(Content::EventBridge, &["detail"]),
        "CloudTrailEvent" => member(Content::LookupEvents, &["CloudTrailEvent"]),
        "_raw" => member(Content::Cribl, &["_raw"]),
        "message" => member(Content::LogEvents, &["message"]),
        "Events" => list(Content::LookupEvents, "Events", &["CloudTrailEvent"]),
        "events" => list(Content::LogEvents, "events", &["message"]),
        "logEvents" => list(Content::LogsSubscription, "logEvents", &["message"]),
        "messageType" if bytes[value..].starts_with(b"\"CONTROL_MESSAGE\"") => {
            // Its `logEvents` hold a remark, not records.
            Some(Entry::Other(OtherKind::ControlMessage))
        }
        "_source" => source_member(bytes, value),
        "event" if find(bytes, value, &["original"]).is_some() => {
            member(Content::ElasticOriginal, &["event", "original"])
        }
        "aws" if find(bytes, value, &["cloudtrail", "eventTime"]).is_some() => {
            member(Content::CloudTrailMember, &["aws", "cloudtrail"])
        }
        "__criblEventType" => Some(Entry::WithoutRecord),
        "QueryResultRows" => Some(Entry::Unsupported("a result of a CloudTrail Lake query")),
        "results" => Some(Entry::Unsupported(
            "a result of a CloudWatch Logs Insights query",
        )),
        "digestStartTime" | "digestEndTime" | "digestS3Object" => {
            Some(Entry::Other(OtherKind::Digest))
        }
        "PublicKeyList" => Some(Entry::Other(OtherKind::PublicKeys)),
        "ETag" => Some(Entry::Other(OtherKind::HeadObject)),
        _ => None,
    }
}

fn list(content: Content, member: &'static str, path: &'static [&'static str]) -> Option<Entry> {
    Some(Entry::List {
        content,
        member,
        path,
    })
}

fn source_member(bytes: &[u8], value: usize) -> Option<Entry> {
    let paths: [(Content, &'static [&'static str]); 3] = [
        (Content::ElasticOriginal, &["_source", "event", "original"]),
        (Content::CloudTrailMember, &["_source", "aws", "cloudtrail"]),
        (Content::CloudTrailMember, &["_source"]),
    ];
    let (content, path) = paths
        .into_iter()
        .find(|(_, path)| path.len() == 1 || find(bytes, value, &path[1..]).is_some())?;
    Some(Entry::Member { content, path })
}
