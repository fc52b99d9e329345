//! Whether one JSON value is a usable record, and what is odd about it.
//!
//! A record without a usable time, or of an unknown major version, is refused.
//! A known field of an undocumented type is kept and said, since a test of it
//! would otherwise answer as if it were absent.

use std::borrow::Cow;

use crate::record::path::{OMITTABLE, PathId, core};
use crate::record::project::{Kind, Leaf};
use crate::record::time;
use crate::record::view::RecordView;
use crate::source::display::display_value;
use crate::source::layout::Claim;

use super::RecordKind;
use super::tally::Tally;

/// What a JSON object turned out to be.
pub(super) enum Judged {
    Record {
        time: i64,
        kind: RecordKind,
    },
    /// Counts of data events, not an event.
    Aggregate,
    /// Nothing in it says that CloudTrail wrote it.
    NotARecord,
    Refused {
        code: &'static str,
        message: String,
    },
}

/// Decides by the fields that every record must have.
pub(super) fn judge(view: &RecordView<'_>) -> Judged {
    if view.first_is(core::EVENT_CATEGORY, "Aggregated")
        || view.first_is(core::EVENT_TYPE, "AwsAggregatedEvent")
    {
        return Judged::Aggregate;
    }
    if is_foreign(view) {
        return Judged::NotARecord;
    }
    if let Some(message) = unknown_version(view) {
        return Judged::Refused {
            code: "unknown-version",
            message,
        };
    }
    if is_filled_text(view, core::USER_IDENTITY) {
        return Judged::Refused {
            code: "identity-type",
            message: "`userIdentity` is text instead of an object, so who called cannot be told"
                .into(),
        };
    }
    let is_insight = view.first_is(core::EVENT_CATEGORY, "Insight")
        || view.first_is(core::EVENT_TYPE, "AwsCloudTrailInsight")
        || filled(view, core::INSIGHT_DETAILS).is_some()
            && view.text(core::EVENT_CATEGORY).is_none();
    match read_time(view) {
        Ok(time) => Judged::Record {
            time,
            kind: if is_insight {
                RecordKind::Insight
            } else {
                RecordKind::Call
            },
        },
        Err((code, message)) => Judged::Refused { code, message },
    }
}

/// The code of a record without `eventTime`.
pub(super) const TIME_MISSING: &str = "time-missing";

/// The time that Logstash left of a record: it moves `eventTime` to `@timestamp`, and says
/// `@version` beside it. Where it was not told to, `@timestamp` is the time of collection; so
/// this is only asked for records that have no time of their own, and is told.
pub(super) fn shipper_time(record: &[u8]) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Shipped<'a> {
        #[serde(rename = "@timestamp")]
        timestamp: Cow<'a, str>,
        #[serde(rename = "@version")]
        _version: serde::de::IgnoredAny,
        #[serde(rename = "eventName")]
        _name: Cow<'a, str>,
        #[serde(rename = "eventVersion")]
        _format: Cow<'a, str>,
    }
    let shipped: Shipped<'_> = serde_json::from_slice(record).ok()?;
    time::parse(&shipped.timestamp).ok()
}

fn is_foreign(view: &RecordView<'_>) -> bool {
    [
        core::EVENT_TIME,
        core::EVENT_NAME,
        core::EVENT_VERSION,
        core::EVENT_SOURCE,
        core::EVENT_ID,
        core::USER_IDENTITY,
        core::INSIGHT_DETAILS,
    ]
    .iter()
    .all(|path| view.leaves(*path).next().is_none())
}

fn unknown_version(view: &RecordView<'_>) -> Option<String> {
    let leaf = filled(view, core::EVENT_VERSION)?;
    if view.raw_bytes(leaf).starts_with(b"1.") {
        return None;
    }
    let version = view.text_of(leaf);
    let major = version.split('.').next().unwrap_or_default();
    (major != "1").then(|| {
        format!(
            "`eventVersion` is `{}`, and only versions 1.x are known",
            display_value(&version)
        )
    })
}

fn read_time(view: &RecordView<'_>) -> Result<i64, (&'static str, String)> {
    let Some(leaf) = view.leaves(core::EVENT_TIME).next() else {
        return Err((TIME_MISSING, "`eventTime` is absent".into()));
    };
    if leaf.kind != Kind::String {
        let message = format!(
            "`eventTime` is {} instead of a string",
            kind_name(leaf.kind)
        );
        return Err(("time-type", message));
    }
    if let Some(time) = time::parse_plain(view.raw_bytes(leaf)) {
        return Ok(time);
    }
    let text: Cow<'_, str> = view.text_of(leaf);
    time::parse(&text).map_err(|error| {
        let message = format!("`eventTime` is `{}`: {error}", display_value(&text));
        ("time-invalid", message)
    })
}

/// Whether the first value at `path` is a string that is not empty.
fn is_filled_text(view: &RecordView<'_>, path: PathId) -> bool {
    let first = view.leaves(path).next();
    first.is_some_and(|leaf| leaf.kind == Kind::String && !view.raw_bytes(leaf).is_empty())
}

/// The first value at `path` that is not null.
fn filled<'a>(view: &RecordView<'a>, path: PathId) -> Option<&'a Leaf> {
    view.leaves(path)
        .next()
        .filter(|leaf| leaf.kind != Kind::Null)
}

/// What type CloudTrail documents for a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Anything,
    /// A string, or null for none.
    Text,
    /// `true` or `false`.
    Flag,
    /// An object, or null for none.
    Object,
    /// An array, or null for none.
    Array,
    /// An object, a string, or null for none.
    Parameters,
}

impl Expected {
    const fn allows(self, kind: Kind) -> bool {
        match self {
            Expected::Anything => true,
            Expected::Text => matches!(kind, Kind::String | Kind::Null),
            Expected::Flag => matches!(kind, Kind::True | Kind::False),
            Expected::Object => matches!(kind, Kind::Object | Kind::Null),
            Expected::Array => matches!(kind, Kind::Array | Kind::Null),
            Expected::Parameters => matches!(kind, Kind::Object | Kind::String | Kind::Null),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Expected::Anything => "anything",
            Expected::Text => "a string",
            Expected::Flag => "true or false",
            Expected::Object => "an object",
            Expected::Array => "an array",
            Expected::Parameters => "an object or a string",
        }
    }
}

/// The documented type of each path of the record model, by its id.
const EXPECTED: [Expected; core::ALL.len()] = {
    let mut table = [Expected::Anything; core::ALL.len()];
    let texts = [
        core::EVENT_VERSION,
        core::EVENT_TIME,
        core::EVENT_ID,
        core::EVENT_SOURCE,
        core::EVENT_NAME,
        core::EVENT_TYPE,
        core::EVENT_CATEGORY,
        core::AWS_REGION,
        core::RECIPIENT_ACCOUNT,
        core::ERROR_CODE,
        core::ERROR_MESSAGE,
        core::SOURCE_IP,
        core::USER_AGENT,
        core::SHARED_EVENT_ID,
        core::IDENTITY_TYPE,
        core::IDENTITY_ARN,
        core::IDENTITY_ACCOUNT,
        core::IDENTITY_PRINCIPAL,
        core::IDENTITY_USER,
        core::IDENTITY_ACCESS_KEY,
        core::IDENTITY_INVOKED_BY,
        core::ISSUER_ARN,
        core::ISSUER_TYPE,
        core::SOURCE_IDENTITY,
    ];
    let mut at = 0;
    while at < texts.len() {
        table[texts[at].0 as usize] = Expected::Text;
        at += 1;
    }
    table[core::READ_ONLY.0 as usize] = Expected::Flag;
    table[core::MANAGEMENT_EVENT.0 as usize] = Expected::Flag;
    table[core::USER_IDENTITY.0 as usize] = Expected::Object;
    table[core::INSIGHT_DETAILS.0 as usize] = Expected::Object;
    table[core::RESPONSE_ELEMENTS.0 as usize] = Expected::Parameters;
    table[core::SERVICE_EVENT_DETAILS.0 as usize] = Expected::Object;
    table[core::ADDITIONAL_EVENT_DATA.0 as usize] = Expected::Object;
    table[core::REQUEST_PARAMETERS.0 as usize] = Expected::Parameters;
    table[core::RESOURCES.0 as usize] = Expected::Array;
    table
};

/// What every call should say about itself; Insights events have only the last two.
const WANTED: [PathId; 6] = [
    core::USER_IDENTITY,
    core::EVENT_SOURCE,
    core::EVENT_NAME,
    core::EVENT_VERSION,
    core::EVENT_ID,
    core::AWS_REGION,
];

/// Counts everything odd about a record that is kept.
pub(super) fn note_oddities(
    view: &RecordView<'_>,
    kind: RecordKind,
    claim: &Claim,
    index: u32,
    tally: &mut Tally,
) {
    if has_odd_type(view) {
        note_types(view, index, tally);
    }
    let wanted = match kind {
        RecordKind::Call => &WANTED[..],
        RecordKind::Insight => &WANTED[3..],
    };
    for path in wanted {
        if filled(view, *path).is_none() {
            tally.note(
                "missing-field",
                core::ALL[path.0 as usize],
                index,
                String::new,
            );
        }
    }
    for (at, root) in OMITTABLE.into_iter().enumerate() {
        if view.omitted_roots()[at] {
            let is_text = is_filled_text(view, core::OMITTABLE[at]);
            let code = if is_text {
                "text-field"
            } else {
                "omitted-field"
            };
            tally.note(code, root, index, String::new);
        }
    }
    note_places(view, claim, index, tally);
}

/// Whether nothing about a call is odd but perhaps its place; the same for records that are alike.
pub(super) fn is_regular(view: &RecordView<'_>) -> bool {
    !has_odd_type(view)
        && WANTED.iter().all(|path| filled(view, *path).is_some())
        && !view.omitted_roots().contains(&true)
}

/// The time of a record that spells it as trails do.
pub(super) fn plain_time(view: &RecordView<'_>) -> Option<i64> {
    let leaf = view.leaves(core::EVENT_TIME).next()?;
    match leaf.kind {
        Kind::String => time::parse_plain(view.raw_bytes(leaf)),
        _ => None,
    }
}

/// Counts records that come from elsewhere than their file's name says.
pub(super) fn note_places(view: &RecordView<'_>, claim: &Claim, index: u32, tally: &mut Tally) {
    let places = [
        ("other-account", core::RECIPIENT_ACCOUNT, &claim.account),
        ("other-region", core::AWS_REGION, &claim.region),
    ];
    for (code, path, claimed) in places {
        if let Some(claimed) = claimed
            && !view.first_is(path, claimed)
            && let Some(found) = view.text(path)
        {
            tally.note(code, core::ALL[path.0 as usize], index, || {
                format!(
                    "`{}`, the record `{}`",
                    display_value(claimed),
                    display_value(&found)
                )
            });
        }
    }
}

/// Which kinds each path of the record model may have, one bit each. The
/// elements of an array have its path too: those are looked at one by one.
const ALLOWED: [u8; core::ALL.len()] = {
    let kinds = [
        Kind::String,
        Kind::Number,
        Kind::True,
        Kind::False,
        Kind::Null,
        Kind::Object,
        Kind::Array,
    ];
    let mut table = [u8::MAX; core::ALL.len()];
    let mut path = 0;
    while path < table.len() {
        let expected = EXPECTED[path];
        let mut kind = 0;
        while kind < kinds.len() && !matches!(expected, Expected::Array) {
            if !expected.allows(kinds[kind]) {
                table[path] &= !(1 << kinds[kind] as u8);
            }
            kind += 1;
        }
        path += 1;
    }
    table
};

fn has_odd_type(view: &RecordView<'_>) -> bool {
    let is_odd = |leaf: &Leaf| match ALLOWED.get(leaf.path.0 as usize) {
        Some(allowed) => allowed >> leaf.kind as u8 & 1 == 0,
        None => false,
    };
    view.all_leaves().iter().any(is_odd)
        || view
            .leaves(core::RESOURCES)
            .next()
            .is_some_and(|leaf| !Expected::Array.allows(leaf.kind))
}

fn note_types(view: &RecordView<'_>, index: u32, tally: &mut Tally) {
    for path in view.touched() {
        let Some(expected) = EXPECTED.get(path.0 as usize) else {
            continue;
        };
        if *expected == Expected::Anything {
            continue;
        }
        // The elements of an array have its path too: there only the first value tells.
        let count = if *expected == Expected::Array {
            1
        } else {
            usize::MAX
        };
        let mut leaves = view.leaves(path).take(count);
        if let Some(leaf) = leaves.find(|leaf| !expected.allows(leaf.kind)) {
            let found = kind_name(leaf.kind);
            tally.note("odd-type", core::ALL[path.0 as usize], index, || {
                format!("{found} instead of {}", expected.words())
            });
        }
    }
}

/// A kind of JSON value in words.
pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::True | Kind::False => "true or false",
        Kind::Null => "null",
        Kind::Object => "an object",
        Kind::Array => "an array",
    }
}
