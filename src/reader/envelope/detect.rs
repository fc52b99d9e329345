//! What an object of a file is, told by the names of its members.
//!
//! A member that only CloudTrail records have settles it, so that an envelope
//! can never be made of a record by adding a member to it.

use super::members::{each_member, find};
use super::{Content, Each};
use crate::reader::OtherKind;
use crate::record::project::{skip_space, skip_value};

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
    /// An answer or row of a table with the fields of records as columns.
    Columns,
    /// Known, and without records.
    Other(OtherKind),
    /// An envelope of a known kind in which the record is missing.
    WithoutRecord,
    /// No name in it is known.
    Unknown,
}

/// Objects of log systems may stand in objects of others this often.
const MOST_OBJECTS: u32 = 2;

/// Looks at the member names of the object at `at`.
pub(super) fn detect(bytes: &[u8], at: usize) -> Entry {
    detect_in(bytes, at, MOST_OBJECTS)
}

/// [`detect`], which looks so deep into objects that may hold anything.
fn detect_in(bytes: &[u8], at: usize, depth: u32) -> Entry {
    let mut found = Entry::Unknown;
    let mut columns = 0;
    let settled = each_member(bytes, at, |name, value| {
        if is_record_member(name) {
            return Some(Entry::Record);
        }
        if name == "Records" {
            return Some(Entry::Records);
        }
        columns += usize::from(COLUMNS.contains(&name));
        if let Some(entry) = known_member(bytes, name, value, depth)
            && is_better(&entry, &found)
        {
            found = entry;
        }
        None
    });
    match settled.unwrap_or(found) {
        Entry::Unknown if columns >= 2 => Entry::Columns,
        found => found,
    }
}

/// Names of columns of an Athena table, which has no capitals.
const COLUMNS: [&str; 4] = ["eventname", "eventtime", "eventsource", "useridentity"];

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
        // What carries a record beside it is no metadata.
        Entry::WithoutRecord | Entry::Other(OtherKind::HeadObject) => 1,
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

fn known_member(bytes: &[u8], name: &str, value: usize, depth: u32) -> Option<Entry> {
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
        ("Metadata", b'{') if has_signature(bytes, value) => {
            Some(Entry::Other(OtherKind::HeadObject))
        }
        (_, b'[') => list_member(bytes, name, value),
        // What programs call so may be anything; its members tell what it is.
        ("event" | "message" | "log" | "attributes", b'{') => {
            object_member(bytes, name, value).or_else(|| holder(bytes, name, value, depth))
        }
        (_, b'{') => object_member(bytes, name, value).or_else(|| text_member(name)),
        // Any program writes messages; only one that is an object may be a record.
        ("message" | "log" | "event" | "Message" | "Body", b'"') if !holds_object(bytes, value) => {
            None
        }
        ("Message", b'"') => Some(Entry::Around(&["Message"])),
        ("Body", b'"') => Some(Entry::Around(&["Body"])),
        (_, b'"') => text_member(name),
        _ => None,
    }
}

/// Whether the metadata of an object hold a signature; tools write its name with and without a front.
fn has_signature(bytes: &[u8], metadata: usize) -> bool {
    each_member(bytes, metadata, |name, _| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "signature" | "x-amz-meta-signature").then_some(())
    })
    .is_some()
}

/// Whether a string stands here that holds an object.
fn is_packed(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'"') && holds_object(bytes, at)
}

fn holds_object(bytes: &[u8], string: usize) -> bool {
    bytes.get(skip_space(bytes, string + 1)) == Some(&b'{')
}

/// A member with an object that is known.
fn holder(bytes: &[u8], name: &str, value: usize, depth: u32) -> Option<Entry> {
    let depth = depth.checked_sub(1)?;
    let is_known = |at: usize| {
        !matches!(
            detect_in(bytes, at, depth),
            Entry::Unknown | Entry::WithoutRecord | Entry::Other(_)
        )
    };
    if name != "attributes" {
        return text_member(name).filter(|_| is_known(value));
    }
    let inner = find(bytes, value, &["attributes"]).filter(|at| bytes.get(*at) == Some(&b'{'));
    let path: &'static [&'static str] = match inner {
        Some(inner) if is_known(inner) => &["attributes", "attributes"],
        _ if is_known(value) => &["attributes"],
        _ => return None,
    };
    Some(Entry::Member {
        content: Content::Datadog,
        path,
    })
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
        "event" => (Content::Shipper, &["event"]),
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
        "results" if first == b'{' => list(Content::Search, "results", Each::Member(&["_raw"])),
        "data" if find(bytes, first_at, &["attributes"]).is_some() => {
            list(Content::Search, "data", Each::Entry)
        }
        "Messages" if find(bytes, first_at, &["Body"]).is_some() => Some(Entry::Carrier {
            member: "Messages",
            each: Each::Entry,
        }),
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
        "attributes" if has(&["attributes", "eventTime"]) => {
            member(Content::Datadog, &["attributes", "attributes"])
        }
        "attributes" if find(bytes, value, &["message"]).is_some_and(|at| is_packed(bytes, at)) => {
            member(Content::Datadog, &["attributes", "message"])
        }
        "result" if has(&["_raw"]) => member(Content::Search, &["result", "_raw"]),
        "ResultSet" if has(&["Rows"]) => Some(Entry::Columns),
        "awslogs" if has(&["data"]) => Some(Entry::Packed(&["awslogs", "data"])),
        "hits" if has(&["hits"]) => member(Content::Search, &["hits"]),
        _ => None,
    }
}

/// Where the object of an array stands that has a tag or a time before it and nothing behind it:
/// `[time, {…}]` or `[tag, time, {…}]`.
pub(super) fn forwarded(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = skip_space(bytes, at + 1);
    for place in 0..3 {
        let end = match bytes.get(at)? {
            b'{' if place > 0 => skip_value(bytes, at).ok()?,
            b'"' | b'0'..=b'9' if place < 2 => skip_value(bytes, at).ok()?,
            _ => return None,
        };
        let next = skip_space(bytes, end);
        match (bytes[at], bytes.get(next)?) {
            (b'{', b']') => return Some(at),
            (b'"' | b'0'..=b'9', b',') => at = skip_space(bytes, next + 1),
            _ => return None,
        }
    }
    None
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
