//! What an object of a file is, told by the names of its members.
//!
//! A member that only CloudTrail records have settles it, so that an envelope
//! can never be made of a record by adding a member to it.

use super::members::{each_member, find};
use super::{Content, Each};
use crate::reader::OtherKind;
use crate::record::project::skip_space;

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
        each: Each,
    },
    /// One envelope.
    Member {
        content: Content,
        path: &'static [&'static str],
    },
    /// One envelope around a whole document of another shape.
    Around(&'static [&'static str]),
    /// An envelope whose string at this path is base64, mostly of gzip.
    Packed(&'static [&'static str]),
    /// An object with a list whose elements hold or are whole documents of another shape.
    Carrier { member: &'static str, each: Each },
    /// Known, and without records.
    Other(OtherKind),
    /// An envelope of a known kind in which the record is missing.
    WithoutRecord,
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
        Entry::Member {
            content: Content::Datadog | Content::CloudTrailMember,
            ..
        } => 2,
        Entry::Other(OtherKind::ControlMessage)
        | Entry::Member {
            content: Content::ElasticOriginal | Content::Raw,
            ..
        } => 4,
        _ => 3,
    };
    rank(entry) > rank(than)
}

fn known_member(bytes: &[u8], name: &str, value: usize) -> Option<Entry> {
    let first = bytes.get(value).copied().unwrap_or_default();
    match (name, first) {
        ("messageType", b'"') if bytes[value..].starts_with(b"\"CONTROL_MESSAGE\"") => {
            // Its `logEvents` hold a remark, not records.
            Some(Entry::Other(OtherKind::ControlMessage))
        }
        ("__criblEventType", _) => Some(Entry::WithoutRecord),
        ("digestStartTime" | "digestEndTime" | "digestS3Object", _) => {
            Some(Entry::Other(OtherKind::Digest))
        }
        ("PublicKeyList", _) => Some(Entry::Other(OtherKind::PublicKeys)),
        ("ETag", _) => Some(Entry::Other(OtherKind::HeadObject)),
        (_, b'[') => list_member(bytes, name, value),
        (_, b'{') => object_member(bytes, name, value).or_else(|| text_member(name)),
        // Any program writes messages; only one that is an object may be a record.
        ("message" | "log", b'"') if !holds_object(bytes, value) => None,
        (_, b'"') => text_member(name),
        _ => None,
    }
}

fn holds_object(bytes: &[u8], string: usize) -> bool {
    bytes.get(skip_space(bytes, string + 1)) == Some(&b'{')
}

/// A member that holds the record as an object or as text.
fn text_member(name: &str) -> Option<Entry> {
    let (content, path): (Content, &'static [&'static str]) = match name {
        "detail" => (Content::EventBridge, &["detail"]),
        "CloudTrailEvent" => (Content::LookupEvents, &["CloudTrailEvent"]),
        "eventJson" => (Content::Lake, &["eventJson"]),
        "@message" => (Content::LogsInsights, &["@message"]),
        "_raw" => (Content::Raw, &["_raw"]),
        "event.original" => (Content::ElasticOriginal, &["event.original"]),
        "message" => (Content::Shipper, &["message"]),
        "log" => (Content::Shipper, &["log"]),
        _ => return None,
    };
    Some(Entry::Member { content, path })
}

fn list_member(bytes: &[u8], name: &str, value: usize) -> Option<Entry> {
    let list = |content, member, each| {
        Some(Entry::List {
            content,
            member,
            each,
        })
    };
    // What the first element begins with; an empty list has none.
    let first_at = skip_space(bytes, value + 1);
    let first = bytes.get(first_at).copied().unwrap_or_default();
    match name {
        "Events" => list(
            Content::LookupEvents,
            "Events",
            Each::Member(&["CloudTrailEvent"]),
        ),
        "events" => list(Content::LogEvents, "events", Each::Member(&["message"])),
        "logEvents" => list(
            Content::LogsSubscription,
            "logEvents",
            Each::Member(&["message"]),
        ),
        "results" if first == b'{' => list(Content::Raw, "results", Each::Member(&["_raw"])),
        "results" => list(Content::LogsInsights, "results", Each::Row("@message")),
        "QueryResultRows" => list(Content::Lake, "QueryResultRows", Each::Row("eventJson")),
        "hits" if first == b'{' => Some(Entry::Carrier {
            member: "hits",
            each: Each::Entry,
        }),
        "records" if find(bytes, first_at, &["data"]).is_some() => Some(Entry::Carrier {
            member: "records",
            each: Each::Packed(&["data"]),
        }),
        _ => None,
    }
}

fn object_member(bytes: &[u8], name: &str, value: usize) -> Option<Entry> {
    let has = |path: &[&str]| find(bytes, value, path).is_some();
    let member = |content, path| Some(Entry::Member { content, path });
    match name {
        "_source" => source_member(bytes, value),
        "event" if has(&["original"]) => member(Content::ElasticOriginal, &["event", "original"]),
        "event" if has(&["eventVersion"]) || has(&["eventTime"]) => {
            member(Content::Shipper, &["event"])
        }
        "aws" if has(&["cloudtrail", "eventTime"]) => {
            member(Content::CloudTrailMember, &["aws", "cloudtrail"])
        }
        "attributes" if has(&["eventTime"]) || has(&["eventVersion"]) => {
            member(Content::Datadog, &["attributes"])
        }
        "result" if has(&["_raw"]) => member(Content::Raw, &["result", "_raw"]),
        "awslogs" if has(&["data"]) => Some(Entry::Packed(&["awslogs", "data"])),
        "hits" if has(&["hits"]) => Some(Entry::Around(&["hits"])),
        _ => None,
    }
}

/// How the elements of a list called `Records` are packed, if it is not a list
/// of records: what queues and streams hand to a function is called so too.
pub(super) fn carried(bytes: &[u8], list: usize) -> Option<Each> {
    let first = skip_space(bytes, list + 1);
    each_member(bytes, first, |name, _| match name {
        // The usual first name of a record; records are many, so this ends at once.
        "eventVersion" | "userIdentity" | "eventTime" => Some(None),
        "kinesis" => Some(Some(Each::Packed(&["kinesis", "data"]))),
        "SequenceNumber" => Some(Some(Each::Packed(&["Data"]))),
        "messageId" => Some(Some(Each::Around(&["body"]))),
        "Sns" => Some(Some(Each::Around(&["Sns", "Message"]))),
        _ => None,
    })
    .flatten()
}

fn source_member(bytes: &[u8], value: usize) -> Option<Entry> {
    let paths: [(Content, &'static [&'static str]); 4] = [
        (Content::ElasticOriginal, &["_source", "event", "original"]),
        (Content::ElasticOriginal, &["_source", "event.original"]),
        (Content::CloudTrailMember, &["_source", "aws", "cloudtrail"]),
        (Content::CloudTrailMember, &["_source"]),
    ];
    let (content, path) = paths
        .into_iter()
        .find(|(_, path)| path.len() == 1 || find(bytes, value, &path[1..]).is_some())?;
    Some(Entry::Member { content, path })
}
