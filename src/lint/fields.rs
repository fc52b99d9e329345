//! Paths that no record has, and values of the wrong type.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use crate::control::model::Control;
use crate::control::shape::{Content, Test};
use crate::diagnostic::{Diagnostics, nearest};

static FIELDS: &str = include_str!("fields.tsv");

/// What a record has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Boolean,
    /// `"true"` or `"false"`, spelled as a text.
    BooleanText,
    /// Known members only.
    Object,
    /// Anything may be inside.
    Open,
}

static KNOWN: LazyLock<BTreeMap<&'static str, Kind>> = LazyLock::new(|| {
    let lines = FIELDS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (path, kind) = line
                .split_once('\t')
                .expect("a test checks that every row has two cells");
            let kind = match kind {
                "boolean" => Kind::Boolean,
                "boolean-text" => Kind::BooleanText,
                "object" => Kind::Object,
                "open" => Kind::Open,
                _ => Kind::Text,
            };
            (path, kind)
        })
        .collect()
});

/// Members of the EventBridge envelope that a record does not have.
const ENVELOPE: [&str; 7] = [
    "detail",
    "detail-type",
    "source",
    "account",
    "region",
    "time",
    "id",
];

/// Whether a record has at most one value at this path.
pub(super) fn is_single(path: &str) -> bool {
    !path.starts_with("resources.")
        && matches!(
            KNOWN.get(path),
            Some(Kind::Text | Kind::Boolean | Kind::BooleanText)
        )
}

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    let uses = control.expectation.patterns();
    for (written, (_, pattern)) in control.places.patterns.iter().zip(uses) {
        let mut seen = BTreeSet::new();
        for test in written.shape.tests() {
            seen.insert(test.path.as_str());
            check_path(control, &test.path, &test.place, problems);
            check_type(control, test, problems);
        }
        // The other side of `same-as`, and patterns with too many branches to list.
        for path in pattern.paths_used() {
            if !seen.contains(path.as_str()) {
                check_path(control, &path, &written.place, problems);
            }
        }
    }
    for path in control.extra_paths() {
        check_path(control, path, &control.places.expect, problems);
    }
}

fn check_path(control: &Control, path: &str, place: &Range<usize>, problems: &mut Diagnostics) {
    if path.starts_with('@') || path.starts_with('$') {
        return;
    }
    let mut at = String::new();
    for part in path.split('.') {
        let parent = at.clone();
        if !at.is_empty() {
            at.push('.');
        }
        at.push_str(part);
        match KNOWN.get(at.as_str()) {
            Some(Kind::Open) => return,
            Some(_) => {}
            None => {
                problems.push(unknown(control, path, &parent, part, place));
                return;
            }
        }
    }
}

fn unknown(
    control: &Control,
    path: &str,
    parent: &str,
    part: &str,
    place: &Range<usize>,
) -> crate::diagnostic::Diagnostic {
    if parent.is_empty() && ENVELOPE.contains(&part) {
        let message = format!("`{path}` belongs to the EventBridge envelope");
        return control
            .error("envelope-field", place.clone(), message)
            .help("write the pattern for the record itself, for example `eventSource`");
    }
    let siblings = KNOWN
        .keys()
        .filter_map(|known| match known.rsplit_once('.') {
            Some((front, name)) => (front == parent).then_some(name),
            None => parent.is_empty().then_some(*known),
        });
    match nearest(part, siblings) {
        Some(near) => {
            let full = if parent.is_empty() {
                near.to_owned()
            } else {
                format!("{parent}.{near}")
            };
            control
                .error(
                    "misspelt-field",
                    place.clone(),
                    format!("a record has no field `{path}`"),
                )
                .help(format!("did you mean `{full}`?"))
        }
        None => {
            let message = format!("records are not known to have the field `{path}`");
            control.warning("unknown-field", place.clone(), message)
        }
    }
}

fn check_type(control: &Control, test: &Test, problems: &mut Diagnostics) {
    let all = |fits: fn(&Content) -> bool| {
        !test.values.is_empty() && test.values.iter().all(|value| fits(&value.content))
    };
    match KNOWN.get(test.path.as_str()) {
        Some(Kind::Boolean) if all(is_boolean_text) => {
            let message = format!("`{}` is a boolean, not a text", test.path);
            problems.push(
                control
                    .error("boolean-as-text", test.place.clone(), message)
                    .help("write `true` or `false` without quotes; copies of records may have texts, so both may stand in the array"),
            );
        }
        Some(Kind::BooleanText | Kind::Text) if all(is_boolean) => {
            let message = format!("`{}` is a text, not a boolean", test.path);
            problems.push(
                control
                    .error("text-as-boolean", test.place.clone(), message)
                    .help("write `\"true\"` or `\"false\"` with quotes"),
            );
        }
        _ => {}
    }
}

fn is_boolean_text(content: &Content) -> bool {
    matches!(content, Content::Text(text) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"))
}

fn is_boolean(content: &Content) -> bool {
    matches!(content, Content::Boolean(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{check, check_pattern};

    #[test]
    fn every_row_has_a_path_and_a_known_kind_and_its_parent_is_listed() {
        for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
            let (path, kind) = line.split_once('\t').expect("two cells");
            let kinds = ["text", "boolean", "boolean-text", "object", "open"];
            assert!(kinds.contains(&kind), "{line}");
            if let Some((parent, _)) = path.rsplit_once('.') {
                assert_eq!(KNOWN.get(parent), Some(&Kind::Object), "{line}");
            }
        }
    }

    #[test]
    fn the_paths_of_the_record_model_are_all_known() {
        for path in crate::record::path::core::ALL {
            let known = path.split('.').scan(String::new(), |at, part| {
                if !at.is_empty() {
                    at.push('.');
                }
                at.push_str(part);
                Some(KNOWN.get(at.as_str()).copied())
            });
            let mut open = false;
            for kind in known {
                assert!(open || kind.is_some(), "{path}");
                open |= kind == Some(Kind::Open);
            }
        }
    }

    #[test]
    fn misspelt_fields_are_errors_with_the_right_name() {
        check_pattern("eventname = [\"A\"]", &["misspelt-field"]);
        check_pattern("userIdentity.username = [\"A\"]", &["misspelt-field"]);
        check_pattern("resources.arn = [\"A\"]", &["misspelt-field"]);
        check_pattern("requestParameters.what.ever = [\"A\"]", &[]);
        check_pattern("\"@actor\" = [\"A\"]", &[]);
        check_pattern("completelyOther = [\"A\"]", &["unknown-field"]);
        check_pattern("detail.eventName = [\"A\"]", &["envelope-field"]);
        check_pattern(
            "awsRegion = [{ same-as = \"awsregion\" }]",
            &["misspelt-field"],
        );
    }

    #[test]
    fn paths_outside_of_patterns_are_checked_too() {
        check(
            "[expect]\nkind = \"threshold\"\npattern.eventName = [\"A\"]\nby = [\"sourceIpAddress\"]\n\
             more-than = 1\nwindow = \"1m\"\n",
            &["misspelt-field"],
        );
    }

    #[test]
    fn booleans_and_their_spellings_are_told_apart() {
        check_pattern("readOnly = [\"true\"]", &["boolean-as-text"]);
        check_pattern("readOnly = [true, \"true\"]", &[]);
        let mfa = "userIdentity.sessionContext.attributes.mfaAuthenticated";
        check_pattern(&format!("{mfa} = [true]"), &["text-as-boolean"]);
        check_pattern(&format!("{mfa} = [\"true\"]"), &[]);
    }
}
