//! What answers to searches say of records that they leave out.
//!
//! It looks before the answer is validated, so that it may end anywhere.

use crate::record::project::{skip_space, skip_value};

use super::Content;
use super::members::{each_member, find};

/// Why an answer is not whole, in words; none where nothing in it says so.
pub(super) fn shortfall(bytes: &[u8], at: usize, content: Content) -> Option<&'static str> {
    let count_of = |member| find(bytes, at, &[member]).map_or(0, |list| count(bytes, list));
    each_member(bytes, at, |name, value| {
        let value = &bytes[value..];
        match content {
            Content::Search => of_search(name, value),
            Content::Lake => of_query(name, value, "TotalResultsCount", &|| {
                count_of("QueryResultRows")
            }),
            Content::LogsInsights => {
                of_query(name, value, "recordsMatched", &|| count_of("results"))
            }
            Content::LogEvents => of_filter(name, value),
            _ => None,
        }
    })
}

/// What queries of Lake and Logs Insights tell of how much they found.
fn of_query(
    name: &str,
    value: &[u8],
    total: &str,
    given: &dyn Fn() -> u64,
) -> Option<&'static str> {
    if !matches!(name, "QueryStatistics" | "statistics") {
        return None;
    }
    let found = number(value, find(value, 0, &[total])?)?;
    (found > given()).then_some(MORE)
}

/// `filter-log-events` tells of each stream whether it was gone through.
fn of_filter(name: &str, value: &[u8]) -> Option<&'static str> {
    let is_left = |at: usize| {
        find(value, at, &["searchedCompletely"]).is_some_and(|at| value[at..].starts_with(b"false"))
    };
    (name == "searchedLogStreams" && elements(value, 0).any(is_left))
        .then_some("a log stream was not searched to its end")
}

const MORE: &str = "more were found than stand in it";

/// What this member of an answer of Elasticsearch, OpenSearch, Splunk or Datadog says.
fn of_search(name: &str, value: &[u8]) -> Option<&'static str> {
    match name {
        "timed_out" if value.starts_with(b"true") => Some("it timed out"),
        "terminated_early" if value.starts_with(b"true") => Some("it was ended early"),
        "preview" if value.starts_with(b"true") => Some("it is a preview"),
        "is_partial" if value.starts_with(b"true") => Some("it is partial"),
        "is_running" if value.starts_with(b"true") => Some("the search had not ended"),
        "_shards" if !is_zero(value, "failed") => Some("a part of the index could not be searched"),
        "_clusters"
            if ["skipped", "partial", "failed", "running"]
                .iter()
                .any(|one| !is_zero(value, one)) =>
        {
            Some("a cluster could not be searched")
        }
        "hits" => hits(value),
        "messages" => warns(value).then_some("a message in it warns"),
        "meta" => page(value),
        "links" if find(value, 0, &["next"]).is_some_and(|at| value[at..].starts_with(b"\"")) => {
            Some(PAGE)
        }
        _ => None,
    }
}

/// Whether an object counts none of these.
fn is_zero(object: &[u8], name: &str) -> bool {
    let count = find(object, 0, &[name]).and_then(|at| object.get(at));
    count.is_none_or(|first| *first == b'0')
}

const PAGE: &str = "it goes on with another page";

/// Elasticsearch and OpenSearch tell how many documents there are, or that there are at least so many.
fn hits(value: &[u8]) -> Option<&'static str> {
    let given = count(value, find(value, 0, &["hits"])?);
    let is_more = find(value, 0, &["total", "relation"])
        .is_some_and(|at| value[at..].starts_with(b"\"gte\""));
    let total = find(value, 0, &["total", "value"]).or_else(|| find(value, 0, &["total"]))?;
    (is_more || number(value, total)? > given).then_some(MORE)
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
        return Some(PAGE);
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
