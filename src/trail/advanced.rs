//! Advanced event selectors: conditions on fields, all of which must hold.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Category, Match, Selector, member, texts};

/// The conditions of one field.
#[derive(Default)]
struct Conditions {
    equals: Vec<String>,
    starts: Vec<String>,
    not_equals: Vec<String>,
    not_starts: Vec<String>,
    /// `endsWith`, `notEndsWith` and whatever is new.
    has_others: bool,
}

/// What one advanced selector asks for; `None` if it cannot be read.
pub(super) fn selector(value: &Value) -> Option<Selector> {
    let fields = member(value, "fieldSelectors")?.as_array()?;
    let mut selector: Option<Selector> = None;
    for field in fields {
        if member(field, "field")?.as_str()? == "eventCategory" {
            selector = Some(Selector::new(category(&conditions(field)?)?));
        }
    }
    let mut selector = selector?;
    let mut seen = BTreeSet::new();
    for field in fields {
        let name = member(field, "field")?.as_str()?;
        narrow(&mut selector, name, conditions(field)?);
        // Both of two conditions on one field would have to hold: not looked into.
        selector.has_more |= !seen.insert(name);
    }
    Some(selector)
}

fn category(found: &Conditions) -> Option<Category> {
    match found.equals.as_slice() {
        [one] if one == "Management" => Some(Category::Management),
        [one] if one == "Data" => Some(Category::Data),
        [one] if one == "NetworkActivity" => Some(Category::NetworkActivity),
        _ => None,
    }
}

fn conditions(field: &Value) -> Option<Conditions> {
    let mut found = Conditions::default();
    for (name, values) in field.as_object()? {
        if values.is_null() || name.eq_ignore_ascii_case("field") {
            continue;
        }
        let values = texts(values)?;
        match name.to_ascii_lowercase().as_str() {
            "equals" => found.equals = values,
            "startswith" => found.starts = values,
            "notequals" => found.not_equals = values,
            "notstartswith" => found.not_starts = values,
            _ => found.has_others = true,
        }
    }
    Some(found)
}

/// Only what is known to leave nothing out, or is kept in the selector, leaves it whole.
fn narrow(selector: &mut Selector, name: &str, found: Conditions) {
    let only_equals = !found.equals.is_empty()
        && found.starts.is_empty()
        && found.not_equals.is_empty()
        && found.not_starts.is_empty();
    let only_not_equals = !found.not_equals.is_empty()
        && found.equals.is_empty()
        && found.starts.is_empty()
        && found.not_starts.is_empty();
    selector.has_more |= found.has_others;
    match name {
        "eventCategory" if only_equals => {}
        "resources.type" if only_equals => selector.types = found.equals,
        "readOnly" if only_equals => {
            selector.reads = found.equals.iter().any(|one| one == "true");
            selector.writes = found.equals.iter().any(|one| one == "false");
        }
        "resources.ARN" => {
            let exact = found.equals.into_iter().map(Match::Exact);
            let chosen: Vec<_> = exact
                .chain(found.starts.into_iter().map(Match::Prefix))
                .collect();
            if !chosen.is_empty() {
                selector.only = Some(chosen);
            }
            let exact = found.not_equals.into_iter().map(Match::Exact);
            selector
                .except
                .extend(exact.chain(found.not_starts.into_iter().map(Match::Prefix)));
            // A condition without values says nothing that is understood.
            selector.has_more |= selector.only.is_none() && selector.except.is_empty();
        }
        // Of data events the calls of another service may reach the same store.
        "eventSource" if only_not_equals && selector.category == Category::Management => {
            selector.without.extend(found.not_equals);
        }
        _ => selector.has_more = true,
    }
}
