//! What answers to searches say of records that they leave out.
//!
//! It looks before the answer is validated, so that it may end anywhere.

use crate::record::project::{skip_space, skip_value};

use super::members::{each_member, find};

/// Why an answer is not whole, in words; none where nothing in it says so.
pub(super) fn shortfall(bytes: &[u8], at: usize) -> Option<&'static str> {
    each_member(bytes, at, |name, value| shortfall_in(name, &bytes[value..]))
}

/// What this member of an answer says.
pub(super) fn shortfall_in(name: &str, value: &[u8]) -> Option<&'static str> {
    match name {
        "timed_out" if value.starts_with(b"true") => Some("it timed out"),
        "terminated_early" if value.starts_with(b"true") => Some("it was ended early"),
        "preview" if value.starts_with(b"true") => Some("it is a preview"),
        "_shards" => {
            let failed = find(value, 0, &["failed"]).and_then(|at| value.get(at));
            let is_all = failed.is_none_or(|first| *first == b'0');
            (!is_all).then_some("a part of the index could not be searched")
        }
        "hits" => hits(value),
        "messages" => warns(value).then_some("a message in it warns"),
        "meta" => page(value),
        _ => None,
    }
}

/// Elasticsearch and OpenSearch tell how many documents there are, or that there are at least so many.
fn hits(value: &[u8]) -> Option<&'static str> {
    let given = count(value, find(value, 0, &["hits"])?);
    let is_more = find(value, 0, &["total", "relation"])
        .is_some_and(|at| value[at..].starts_with(b"\"gte\""));
    let total = find(value, 0, &["total", "value"]).or_else(|| find(value, 0, &["total"]))?;
    (is_more || number(value, total)? > given).then_some("more were found than stand in it")
}

/// Splunk warns where a search was finalized or an indexer did not answer.
fn warns(value: &[u8]) -> bool {
    elements(value, 0).any(|at| {
        find(value, at, &["type"]).is_some_and(|kind| {
            [&b"\"WARN"[..], b"\"ERROR", b"\"FATAL"]
                .iter()
                .any(|one| value[kind..].starts_with(one))
        })
    })
}

/// Datadog gives a cursor where there is another page.
fn page(value: &[u8]) -> Option<&'static str> {
    let is = |path: &[&str], text: &[u8]| {
        find(value, 0, path).is_some_and(|at| value[at..].starts_with(text))
    };
    if is(&["page", "after"], b"\"") {
        return Some("it goes on with another page");
    }
    is(&["status"], b"\"timeout\"").then_some("it timed out")
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let text = std::str::from_utf8(&bytes[at..at + digits.count()]).ok()?;
    text.parse().ok()
}

fn count(bytes: &[u8], list: usize) -> u64 {
    elements(bytes, list).count() as u64
}

/// Where the elements of a list begin.
fn elements(bytes: &[u8], list: usize) -> impl Iterator<Item = usize> {
    let is_list = bytes.get(list) == Some(&b'[');
    let mut next = is_list.then(|| skip_space(bytes, list + 1));
    std::iter::from_fn(move || {
        let at = next.filter(|at| bytes.get(*at).is_some_and(|byte| *byte != b']'))?;
        let end = skip_value(bytes, at).ok().map(|end| skip_space(bytes, end));
        next = end
            .filter(|end| bytes.get(*end) == Some(&b','))
            .map(|end| skip_space(bytes, end + 1));
        Some(at)
    })
}
