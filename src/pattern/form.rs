//! The boolean form that every front end compiles to: and, or, not over fields,
//! each asking that some value of the field takes one of its tests.
//!
//! Array consistency: the fields that are joined by `And` must find their values
//! in the same element of every array that they share. `Or` makes branches,
//! each consistent in itself; `Not` is judged apart from what stands around it.

use std::fmt;
use std::ops::Range;

use crate::record::derived::Derived;

use super::Truth;
use super::condition::{Value, ValueTest, quoted};

/// Or-branches of one pattern; EventBridge refuses more than this, too.
pub const MOST_BRANCHES: usize = 1000;

/// And, or, not over fields.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// All of these.
    And(Vec<Form>),
    /// At least one of these.
    Or(Vec<Form>),
    /// Not this.
    Not(Box<Form>),
    /// A field and what it must be.
    Field(Field),
}

/// A field and the tests of which one must take one of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Which field.
    pub path: FieldPath,
    /// Where it is written.
    pub span: Range<usize>,
    /// One of these must hold.
    pub any: Vec<Condition>,
}

/// A member of the record, or a field that is worked out from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldPath {
    /// Member names joined by dots.
    Record(String),
    /// `@actor` and the like.
    Derived(Derived),
}

impl FieldPath {
    /// As it is written in a pattern.
    pub fn name(&self) -> &str {
        match self {
            FieldPath::Record(path) => path,
            FieldPath::Derived(derived) => derived.name(),
        }
    }
}

/// One element of a field's array.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A test of the value alone.
    Value(ValueTest),
    /// `{ exists = true }`
    Exists,
    /// `{ exists = false }`
    Absent,
    /// `{ list = "name" }`, or `{ anything-but = { list = "name" } }`.
    List {
        /// The name of the list.
        name: String,
        /// Whether the value must not be on it.
        negated: bool,
    },
    /// `{ same-as = "path" }`, or `{ anything-but = { same-as = "path" } }`.
    SameAs {
        /// The other field.
        path: FieldPath,
        /// Whether the value must equal none of the other field's values.
        negated: bool,
    },
    /// `{ json = { … } }`: the string holds JSON that matches.
    Json(Box<Form>),
}

impl Condition {
    fn may_take(&self, text: &str) -> bool {
        match self {
            Condition::Value(_) | Condition::Exists => self.must_take(text),
            Condition::Absent | Condition::Json(_) => false,
            Condition::List { .. } | Condition::SameAs { .. } => true,
        }
    }

    fn must_take(&self, text: &str) -> bool {
        match self {
            Condition::Value(test) => test.check(&Value::string(text.into())) == Truth::True,
            Condition::Exists => true,
            _ => false,
        }
    }

    /// Whether it takes a single text.
    fn is_one_text(&self) -> bool {
        matches!(
            self,
            Condition::Value(ValueTest::Text(_) | ValueTest::Folded(_))
        )
    }

    /// The extension that this uses, if AWS cannot express it.
    pub fn extension(&self) -> Option<&'static str> {
        match self {
            Condition::Value(_) | Condition::Exists | Condition::Absent => None,
            Condition::List { .. } => Some("list"),
            Condition::SameAs { .. } => Some("same-as"),
            Condition::Json(_) => Some("json"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let but = |negated: bool| if negated { "anything but " } else { "" };
        match self {
            Condition::Value(test) => test.fmt(out),
            Condition::Exists => out.write_str("any value"),
            Condition::Absent => out.write_str("no value"),
            Condition::List { name, negated } => {
                write!(out, "{}list ", but(*negated))?;
                quoted(out, name)
            }
            Condition::SameAs { path, negated } => {
                write!(out, "{}same as ", but(*negated))?;
                quoted(out, path.name())
            }
            Condition::Json(_) => out.write_str("JSON that matches a pattern"),
        }
    }
}

/// One way to satisfy a form: all of these fields, and none of these forms.
#[derive(Debug, Clone, Default)]
pub struct Branch<'a> {
    /// In the order in which the reference looks at them.
    pub fields: Vec<&'a Field>,
    /// What must not hold.
    pub nots: Vec<&'a Form>,
}

impl Form {
    /// The ways to satisfy it; nothing if there are more than [`MOST_BRANCHES`].
    pub fn branches(&self) -> Option<Vec<Branch<'_>>> {
        let mut branches = self.expand()?;
        for branch in &mut branches {
            // EventBridge sorts names by UTF-16 units, and `exists = false` can tell.
            branch.fields.sort_by(|a, b| {
                a.path
                    .name()
                    .encode_utf16()
                    .cmp(b.path.name().encode_utf16())
            });
        }
        Some(branches)
    }

    fn expand(&self) -> Option<Vec<Branch<'_>>> {
        match self {
            Form::Field(field) => Some(vec![Branch {
                fields: vec![field],
                nots: Vec::new(),
            }]),
            Form::Not(form) => Some(vec![Branch {
                fields: Vec::new(),
                nots: vec![form],
            }]),
            Form::Or(forms) => {
                let mut all = Vec::new();
                for form in forms {
                    all.extend(form.expand()?);
                    if all.len() > MOST_BRANCHES {
                        return None;
                    }
                }
                Some(all)
            }
            Form::And(forms) => {
                let mut all = vec![Branch::default()];
                for form in forms {
                    all = product(&all, &form.expand()?)?;
                }
                Some(all)
            }
        }
    }

    /// Whether records of any call of this service may be meant. They are not where it names
    /// services, and this one is none of them, or where it names calls.
    pub fn may_mean_all_of(&self, service: &str) -> bool {
        match self {
            Form::And(forms) => forms.iter().all(|form| form.may_mean_all_of(service)),
            Form::Or(forms) => forms.iter().any(|form| form.may_mean_all_of(service)),
            Form::Not(form) => !form.is_sure_of(service),
            Form::Field(field) => match field.path.name() {
                "eventSource" => field.any.iter().any(|one| one.may_take(service)),
                "eventName" => !field.any.iter().all(Condition::is_one_text),
                _ => true,
            },
        }
    }

    /// Whether every record of this service is meant, whatever else it says.
    fn is_sure_of(&self, service: &str) -> bool {
        match self {
            Form::And(forms) => forms.iter().all(|form| form.is_sure_of(service)),
            Form::Or(forms) => forms.iter().any(|form| form.is_sure_of(service)),
            Form::Not(form) => !form.may_mean_all_of(service),
            Form::Field(field) => {
                let is_source = field.path.name() == "eventSource";
                is_source && field.any.iter().any(|one| one.must_take(service))
            }
        }
    }

    /// Calls `see` with every condition, its field, and whether it stands inside a `json` pattern.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Field, &'a Condition, bool)) {
        self.visit_fields(&mut |field, inside_json| {
            for condition in &field.any {
                see(field, condition, inside_json);
            }
        });
    }

    /// Calls `see` with every field, those of `json` patterns included.
    pub fn visit_fields<'a>(&'a self, see: &mut impl FnMut(&'a Field, bool)) {
        self.visit_inside(false, see);
    }

    fn visit_inside<'a>(&'a self, inside_json: bool, see: &mut dyn FnMut(&'a Field, bool)) {
        match self {
            Form::And(forms) | Form::Or(forms) => {
                for form in forms {
                    form.visit_inside(inside_json, see);
                }
            }
            Form::Not(form) => form.visit_inside(inside_json, see),
            Form::Field(field) => {
                see(field, inside_json);
                for condition in &field.any {
                    if let Condition::Json(form) = condition {
                        form.visit_inside(true, see);
                    }
                }
            }
        }
    }

    /// Whether a `Not` stands anywhere in it.
    pub fn has_not(&self) -> bool {
        match self {
            Form::And(forms) | Form::Or(forms) => forms.iter().any(Form::has_not),
            Form::Not(_) => true,
            Form::Field(_) => false,
        }
    }
}

fn product<'a>(left: &[Branch<'a>], right: &[Branch<'a>]) -> Option<Vec<Branch<'a>>> {
    if left.len().saturating_mul(right.len()) > MOST_BRANCHES {
        return None;
    }
    let joined = left.iter().flat_map(|a| {
        right.iter().map(move |b| Branch {
            fields: [&a.fields[..], &b.fields[..]].concat(),
            nots: [&a.nots[..], &b.nots[..]].concat(),
        })
    });
    Some(joined.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str) -> Form {
        Form::Field(Field {
            path: FieldPath::Record(path.into()),
            span: 0..0,
            any: vec![Condition::Exists],
        })
    }

    #[test]
    fn every_choice_of_alternatives_is_a_branch_with_sorted_fields() {
        let form = Form::And(vec![
            field("c"),
            Form::Or(vec![field("b"), field("d")]),
            Form::Not(Box::new(field("x"))),
        ]);
        let branches = form.branches().expect("few");
        let names: Vec<Vec<&str>> = branches
            .iter()
            .map(|branch| {
                branch
                    .fields
                    .iter()
                    .map(|field| field.path.name())
                    .collect()
            })
            .collect();
        assert_eq!(names, [["b", "c"], ["c", "d"]]);
        assert!(branches.iter().all(|branch| branch.nots.len() == 1));
    }

    #[test]
    fn names_are_sorted_by_utf16_units() {
        let form = Form::And(vec![field("\u{ffff}"), field("😀")]);
        let branches = form.branches().expect("few");
        assert_eq!(branches[0].fields[0].path.name(), "😀");
    }

    #[test]
    fn too_many_branches_are_not_built() {
        let pair = || Form::Or(vec![field("a"), field("b")]);
        assert!(
            Form::And((0..10).map(|_| pair()).collect())
                .branches()
                .is_none()
        );
        assert!(
            Form::And((0..9).map(|_| pair()).collect())
                .branches()
                .is_some()
        );
        assert!(
            Form::And((0..100).map(|_| pair()).collect())
                .branches()
                .is_none()
        );
    }
}
