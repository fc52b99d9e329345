//! Values of a record that later judging needs: who a call is counted for, and
//! what a trigger shares with its response.
//!
//! They are taken while the record is at hand, so that nothing is ever read
//! from raw logs again.

use serde::{Deserialize, Serialize};

use super::overtime::name_of;
use crate::record::derived::Derived;
use crate::record::path::PathId;
use crate::record::project::Kind;
use crate::record::view::RecordView;

/// CloudTrail's mask for a name that it will not tell.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// A path of a record or a derived field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldRef {
    /// What CloudTrail wrote.
    Path(PathId),
    /// What follows from it.
    Derived(Derived),
}

/// What a record says at some paths.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Values {
    /// The texts, sorted, each once; scalars other than strings as they are spelled.
    pub texts: Vec<String>,
    /// Whether there may be more that CloudTrail left out.
    pub undecided: bool,
}

/// What is kept of a record for judging over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// Nothing beyond its time.
    None,
    /// Who it is counted for; nothing if the record names nobody.
    By(Option<String>),
    /// For each join what the record has.
    Joins(Vec<Values>),
    /// The entries of the list that it counts for, as indices.
    Entries(Vec<u32>),
}

/// Whether a response belongs to a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Every join holds.
    Yes,
    /// Some join does not hold.
    No,
    /// It depends on what CloudTrail left out.
    Unclear,
}

impl FieldRef {
    /// All texts of a record here.
    fn collect(self, view: &RecordView<'_>, into: &mut Values) {
        match self {
            FieldRef::Derived(field) => {
                into.texts
                    .extend(field.values(view).into_iter().map(|text| text.into_owned()));
            }
            FieldRef::Path(path) => {
                into.undecided |= view.is_omitted(path);
                for leaf in view.leaves(path) {
                    if !matches!(leaf.kind, Kind::Null | Kind::Object | Kind::Array) {
                        into.undecided |= view.is_cut(leaf);
                        into.texts.push(view.text_of(leaf).into_owned());
                    }
                }
            }
        }
    }

    /// Whether the record has a value here that is not null and not `""`.
    pub fn is_present(self, view: &RecordView<'_>) -> bool {
        match self {
            FieldRef::Derived(field) => field.values(view).iter().any(|text| !text.is_empty()),
            FieldRef::Path(path) => view.outlines(path).any(|leaf| match leaf.kind {
                Kind::Null => false,
                Kind::String => leaf.start != leaf.end,
                _ => true,
            }),
        }
    }

    /// Whether CloudTrail left out what would be here.
    pub fn is_omitted(self, view: &RecordView<'_>) -> bool {
        match self {
            FieldRef::Derived(_) => false,
            FieldRef::Path(path) => view.is_omitted(path),
        }
    }
}

/// All texts at any of the paths; with `as_name` only what follows the last `/` or `:`.
pub fn values(view: &RecordView<'_>, fields: &[FieldRef], as_name: bool) -> Values {
    let mut all = Values::default();
    for field in fields {
        field.collect(view, &mut all);
    }
    all.texts.retain(|text| !text.is_empty());
    if as_name {
        for text in &mut all.texts {
            *text = name_of(text).to_owned();
        }
    }
    all.texts.sort_unstable();
    all.texts.dedup();
    all
}

/// The first value that names somebody; a masked or empty one does not.
pub fn first_usable(view: &RecordView<'_>, fields: &[FieldRef]) -> Option<String> {
    fields.iter().find_map(|field| {
        let mut found = Values::default();
        field.collect(view, &mut found);
        let mut texts = found.texts.into_iter();
        texts.find(|text| !text.is_empty() && text != HIDDEN)
    })
}

/// Whether a response belongs to a trigger; both have one entry for each join.
pub fn joined(trigger: &[Values], response: &[Values]) -> Joined {
    let mut all = Joined::Yes;
    for (one, other) in trigger.iter().zip(response) {
        if one
            .texts
            .iter()
            .any(|text| other.texts.binary_search(text).is_ok())
        {
            continue;
        }
        if !one.undecided && !other.undecided {
            return Joined::No;
        }
        all = Joined::Unclear;
    }
    all
}

/// The joins of a leaver: each of their identities, for every join.
pub fn leaver_values(identities: &[String], joins: &[super::model::Join]) -> Vec<Values> {
    joins
        .iter()
        .map(|join| {
            let name = |text: &String| match join.as_name {
                true => name_of(text).to_owned(),
                false => text.clone(),
            };
            let mut texts: Vec<_> = identities.iter().map(name).collect();
            texts.sort_unstable();
            texts.dedup();
            Values {
                texts,
                undecided: false,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::path::PathSet;
    use crate::record::project::Projector;

    fn with<T>(
        json: &str,
        paths: &[&str],
        ask: impl FnOnce(&RecordView<'_>, &[FieldRef]) -> T,
    ) -> T {
        let mut set = PathSet::new();
        let fields: Vec<_> = paths
            .iter()
            .map(|path| FieldRef::Path(set.intern(path)))
            .collect();
        let mut projector = Projector::new(&set);
        projector.read(json.as_bytes(), 0).expect("valid JSON");
        ask(&RecordView::new(json.as_bytes(), &projector), &fields)
    }

    #[test]
    fn values_of_several_paths_are_sorted_and_each_is_there_once() {
        let json = r#"{"a":["x/c","b",null,""],"d":"y:b","e":{"f":1},"n":7}"#;
        let found = with(json, &["a", "d", "e", "n"], |view, fields| {
            values(view, fields, true)
        });
        assert_eq!(found.texts, ["7", "b", "c"]);
        assert!(!found.undecided);
    }

    #[test]
    fn a_masked_name_is_nobody() {
        let json = r#"{"a":"HIDDEN_DUE_TO_SECURITY_REASONS","b":"","c":"192.0.2.1"}"#;
        let found = with(json, &["a", "b", "c"], first_usable);
        assert_eq!(found.as_deref(), Some("192.0.2.1"));
        assert_eq!(with(json, &["a", "b"], first_usable), None);
    }

    #[test]
    fn all_joins_must_hold_and_what_was_left_out_is_unclear() {
        let has = |texts: &[&str], undecided| Values {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            undecided,
        };
        let trigger = [has(&["a", "b"], false), has(&["1"], false)];
        assert_eq!(
            joined(&trigger, &[has(&["b"], false), has(&["1"], false)]),
            Joined::Yes
        );
        assert_eq!(
            joined(&trigger, &[has(&["b"], false), has(&["2"], false)]),
            Joined::No
        );
        assert_eq!(
            joined(&trigger, &[has(&[], true), has(&["1"], false)]),
            Joined::Unclear
        );
        assert_eq!(
            joined(&trigger, &[has(&[], true), has(&["2"], false)]),
            Joined::No
        );
        assert_eq!(
            joined(&trigger, &[has(&[], false), has(&["1"], false)]),
            Joined::No
        );
    }

    #[test]
    fn presence_asks_for_a_value_that_says_something() {
        let json = r#"{"a":null,"b":"","c":{},"d":false,"e":["",null,"x"]}"#;
        let found = with(json, &["a", "b", "c", "d", "e", "f"], |view, fields| {
            fields
                .iter()
                .map(|field| field.is_present(view))
                .collect::<Vec<_>>()
        });
        assert_eq!(found, [false, false, true, true, true, false]);
    }
}
