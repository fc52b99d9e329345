//! A look at the members of an object without reading its values.
//!
//! Brackets and quotes only: what it finds is validated by the projector
//! before anything is made of it.

use crate::record::project::{skip_space, skip_value};
use crate::record::text::unescape;
use crate::source::display::display_value;

/// Calls `visit` with the name and the offset of each member's value of the
/// object at `at`, until it gives something or the object ends.
pub(super) fn each_member<T>(
    bytes: &[u8],
    at: usize,
    mut visit: impl FnMut(&str, usize) -> Option<T>,
) -> Option<T> {
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut at = skip_space(bytes, at + 1);
    while bytes.get(at) == Some(&b'"') {
        let Ok(end) = skip_value(bytes, at) else {
            return None;
        };
        let name = unescape(super::text(&bytes[at + 1..end - 1]));
        at = skip_space(bytes, end);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        at = skip_space(bytes, at + 1);
        if let Some(found) = visit(&name, at) {
            return Some(found);
        }
        let Ok(end) = skip_value(bytes, at) else {
            return None;
        };
        at = skip_space(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = skip_space(bytes, at + 1);
    }
    None
}

/// Where the value at `path` begins.
pub(super) fn find(bytes: &[u8], at: usize, path: &[&str]) -> Option<usize> {
    path.iter().try_fold(at, |at, wanted| {
        each_member(bytes, at, |name, value| (name == *wanted).then_some(value))
    })
}

/// The first few member names, in backticks, safe to print.
pub(super) fn first_names(bytes: &[u8], at: usize, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    each_member(bytes, at, |name, _| {
        if names.len() == count {
            names.push("…".to_owned());
            return Some(());
        }
        names.push(format!("`{}`", display_value(name)));
        None
    });
    names
}
