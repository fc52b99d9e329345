//! From a [`Node`] to a [`Form`]: the grammar of patterns, for all front ends.
//!
//! Every problem is reported, not the first one only, each with a stable code,
//! its place, and a suggestion where one can be made. Nothing is guessed: what
//! the grammar does not know is refused.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::record::derived::Derived;

use super::PatternError;
use super::condition::ValueTest;
use super::form::{Condition, Field, FieldPath, Form, MOST_BRANCHES};
use super::number::Number;
use super::tree::{Key, Node, Tree};

mod operator;

/// Field names that EventBridge keeps for itself inside `$or`.
const RESERVED_IN_OR: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// The form of a whole pattern.
pub(super) fn compile(node: &Node) -> Result<Form, Vec<PatternError>> {
    let mut compiler = Compiler::default();
    let form = compiler.pattern(node);
    if let (Some(form), true) = (&form, compiler.errors.is_empty())
        && let Err(error) = check_size(form, node.span.clone())
    {
        compiler.errors.push(error);
    }
    match form {
        Some(form) if compiler.errors.is_empty() => Ok(form),
        _ => {
            compiler.errors.sort_by_key(|error| error.span.start);
            Err(compiler.errors)
        }
    }
}

/// Refuses a form with too many branches, in `json` patterns too.
pub(super) fn check_size(form: &Form, span: Range<usize>) -> Result<(), PatternError> {
    if form.branches().is_none() {
        let message = format!("more than {MOST_BRANCHES} combinations of alternatives");
        return Err(PatternError::new("too-many-branches", span, message)
            .with_help("split the pattern, or put values into one array instead of `$or`"));
    }
    match form {
        Form::And(forms) | Form::Or(forms) => forms
            .iter()
            .try_for_each(|form| check_size(form, span.clone())),
        Form::Not(form) => check_size(form, span),
        Form::Field(field) => field.any.iter().try_for_each(|condition| match condition {
            Condition::Json(form) => check_size(form, field.span.clone()),
            _ => Ok(()),
        }),
    }
}

#[derive(Default)]
struct Compiler {
    errors: Vec<PatternError>,
    inside_json: bool,
}

/// Where in the pattern a table stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    prefix: Option<&'a str>,
    inside_or: bool,
}

impl Compiler {
    fn fail<T>(&mut self, error: PatternError) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn refuse<T>(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Option<T> {
        self.fail(PatternError::new(code, span.clone(), message))
    }

    fn pattern(&mut self, node: &Node) -> Option<Form> {
        let Tree::Object(members) = &node.value else {
            let message = format!("a pattern is a table of fields, not {}", node.kind());
            return self.refuse("not-a-table", &node.span, message);
        };
        let place = Place {
            prefix: None,
            inside_or: false,
        };
        let form = self.table(members, &node.span, place)?;
        self.check_paths(&form);
        Some(form)
    }

    fn table(
        &mut self,
        members: &[(Key, Node)],
        span: &Range<usize>,
        place: Place<'_>,
    ) -> Option<Form> {
        if members.is_empty() {
            return self.refuse(
                "empty-table",
                span,
                "an empty table matches nothing in particular",
            );
        }
        let forms: Vec<_> = members
            .iter()
            .filter_map(|(key, value)| self.member(key, value, place))
            .collect();
        Some(Form::And(forms))
    }

    fn member(&mut self, key: &Key, value: &Node, place: Place<'_>) -> Option<Form> {
        if key.text == "$or" {
            return self.alternatives(value, place);
        }
        if place.inside_or && RESERVED_IN_OR.contains(&key.text.as_str()) {
            let message = format!("`{}` cannot be a field name inside `$or`", key.text);
            return self.refuse("reserved-in-or", &key.span, message);
        }
        let path = match place.prefix {
            Some(prefix) => format!("{prefix}.{}", key.text),
            None => key.text.clone(),
        };
        match &value.value {
            Tree::Object(members) => {
                if place.prefix.is_none() && key.text.starts_with('@') {
                    let message = format!("derived field `{}` has no members", key.text);
                    return self.refuse("derived-field", &key.span, message);
                }
                let place = Place {
                    prefix: Some(&path),
                    ..place
                };
                self.table(members, &value.span, place)
            }
            Tree::Array(values) => self.field(path, key, values, &value.span, place),
            _ => {
                let error = PatternError::new(
                    "not-a-list",
                    value.span.clone(),
                    format!(
                        "field `{path}` needs an array of values, not {}",
                        value.kind()
                    ),
                );
                self.fail(error.with_help("put the value into brackets: `[…]`"))
            }
        }
    }

    fn field(
        &mut self,
        path: String,
        key: &Key,
        values: &[Node],
        span: &Range<usize>,
        place: Place<'_>,
    ) -> Option<Form> {
        let path = if place.prefix.is_none() {
            self.field_path(path, &key.span)
        } else {
            Some(FieldPath::Record(path))
        };
        if values.is_empty() {
            return self.refuse(
                "empty-list",
                span,
                "an empty array of values matches nothing",
            );
        }
        let any: Vec<_> = values
            .iter()
            .filter_map(|value| self.value(value))
            .collect();
        Some(Form::Field(Field {
            path: path?,
            span: key.span.clone(),
            any,
        }))
    }

    /// A name that begins with `@` is a derived field or a mistake.
    fn field_path(&mut self, name: String, span: &Range<usize>) -> Option<FieldPath> {
        if !name.starts_with('@') {
            return Some(FieldPath::Record(name));
        }
        if self.inside_json {
            let message = format!("derived field `{name}` cannot be used inside `json`");
            return self.refuse("derived-field", span, message);
        }
        if let Some(derived) = Derived::from_name(&name) {
            return Some(FieldPath::Derived(derived));
        }
        let names = Derived::ALL.map(Derived::name);
        let error = PatternError::new(
            "unknown-derived-field",
            span.clone(),
            format!("unknown derived field `{name}`"),
        );
        let help = match nearest(&name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", listed(&names)),
        };
        self.fail(error.with_help(help))
    }

    fn alternatives(&mut self, value: &Node, place: Place<'_>) -> Option<Form> {
        let Tree::Array(elements) = &value.value else {
            let message = format!("`$or` needs an array of tables, not {}", value.kind());
            return self.refuse("or-shape", &value.span, message);
        };
        if elements.len() < 2 {
            let error = PatternError::new(
                "or-needs-two",
                value.span.clone(),
                "`$or` needs at least two alternatives",
            );
            return self.fail(error.with_help("without alternatives, write the fields themselves"));
        }
        let place = Place {
            inside_or: true,
            ..place
        };
        let forms: Vec<_> = elements
            .iter()
            .filter_map(|element| match &element.value {
                Tree::Object(members) => self.table(members, &element.span, place),
                _ => {
                    let message =
                        format!("an alternative of `$or` is a table, not {}", element.kind());
                    self.refuse("or-shape", &element.span, message)
                }
            })
            .collect();
        Some(Form::Or(forms))
    }

    /// One element of a field's array.
    fn value(&mut self, node: &Node) -> Option<Condition> {
        let test = match &node.value {
            Tree::Null => ValueTest::Null,
            Tree::Bool(true) => ValueTest::True,
            Tree::Bool(false) => ValueTest::False,
            Tree::Number(text) => ValueTest::Number(Number::new(text)),
            Tree::Text(text) => ValueTest::literal(text),
            Tree::Object(members) => {
                let (key, argument) = self.only_member(members, &node.span)?;
                return self.operator(key, argument);
            }
            Tree::Array(_) | Tree::Foreign(_) => {
                let message = format!("{} cannot be a value of a pattern", node.kind());
                let error = PatternError::new("bad-value", node.span.clone(), message);
                return self.fail(match node.value {
                    Tree::Foreign("a date or time") => error.with_help("put it into quotes"),
                    _ => error,
                });
            }
        };
        Some(Condition::Value(test))
    }

    fn only_member<'n>(
        &mut self,
        members: &'n [(Key, Node)],
        span: &Range<usize>,
    ) -> Option<(&'n Key, &'n Node)> {
        match members {
            [(key, argument)] => Some((key, argument)),
            [] => self.refuse(
                "no-operator",
                span,
                "a table among values needs an operator",
            ),
            [_, (second, _), ..] => {
                let error = PatternError::new(
                    "one-operator",
                    second.span.clone(),
                    "a table among values holds exactly one operator",
                );
                self.fail(error.with_help("write one table for each operator"))
            }
        }
    }

    /// No branch may ask for one field twice: which of the two would count?
    fn check_paths(&mut self, form: &Form) {
        let mut twice = Vec::new();
        paths(form, &mut twice);
        for field in twice {
            let error = PatternError::new(
                "path-twice",
                field.span.clone(),
                format!("field `{}` stands twice", field.path.name()),
            );
            self.errors
                .push(error.with_help("put all values into one array, or alternatives into `$or`"));
        }
    }
}

/// The fields below `form` by name; those that a branch would hold twice go to `twice`.
fn paths<'f>(form: &'f Form, twice: &mut Vec<&'f Field>) -> BTreeMap<&'f str, &'f Field> {
    match form {
        Form::Field(field) => BTreeMap::from([(field.path.name(), field)]),
        Form::Not(_) => BTreeMap::new(),
        Form::Or(forms) => forms.iter().flat_map(|form| paths(form, twice)).collect(),
        Form::And(forms) => {
            let mut all: BTreeMap<&str, &Field> = BTreeMap::new();
            for form in forms {
                for (name, field) in paths(form, twice) {
                    if let Some(other) = all.insert(name, field) {
                        let later = if other.span.start > field.span.start {
                            other
                        } else {
                            field
                        };
                        twice.push(later);
                    }
                }
            }
            all
        }
    }
}

/// The known name that `name` was probably meant to be.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Pattern, PatternError};

    #[track_caller]
    fn errors(text: &str) -> Vec<PatternError> {
        Pattern::from_json(text).expect_err("must be refused")
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = errors(text)
            .into_iter()
            .map(|error| (error.code, text[error.span].to_owned()))
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|(code, at)| (*code, at.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn all_errors_are_reported_in_the_order_of_the_text() {
        check(
            r#"{"a": 5, "b": [{"prefx": "x"}], "c": [{"wildcard": "**"}, {"exists": 1}], "d": []}"#,
            &[
                ("not-a-list", "5"),
                ("unknown-operator", r#""prefx""#),
                ("bad-wildcard", r#""**""#),
                ("operator-argument", "1"),
                ("empty-list", "[]"),
            ],
        );
    }

    #[test]
    fn a_misspelled_name_gets_a_suggestion() {
        let help = |text| errors(text).remove(0).help.expect("a suggestion");
        assert_eq!(help(r#"{"a": [{"prefx": "x"}]}"#), "did you mean `prefix`?");
        assert_eq!(
            help(r#"{"a": [{"anything_but": "x"}]}"#),
            "did you mean `anything-but`?"
        );
        assert_eq!(
            help(r#"{"a": [{"contains": "x"}]}"#),
            "write `wildcard = \"*text*\"`"
        );
        assert_eq!(help(r#"{"@outcom": ["x"]}"#), "did you mean `@outcome`?");
        assert!(help(r#"{"a": [{"zzzzzzz": "x"}]}"#).starts_with("known are `anything-but`"));
    }

    #[test]
    fn a_field_twice_in_one_branch_is_refused_at_its_second_place() {
        check(
            r#"{"a": {"b": ["x"]}, "a.b": ["y"]}"#,
            &[("path-twice", r#""a.b""#)],
        );
        check(
            r#"{"$or": [{"a": ["x"]}, {"b": ["x"]}], "a": ["y"]}"#,
            &[("path-twice", r#""a""#)],
        );
        assert!(Pattern::from_json(r#"{"$or": [{"a": ["x"]}, {"a": ["y"]}]}"#).is_ok());
    }

    #[test]
    fn derived_fields_are_fields_of_the_record_only() {
        check(
            r#"{"@actor": {"x": ["y"]}}"#,
            &[("derived-field", r#""@actor""#)],
        );
        check(
            r#"{"a": [{"json": {"@actor": ["x"]}}]}"#,
            &[("derived-field", r#""@actor""#)],
        );
        assert!(Pattern::from_json(r#"{"a": {"@actor": ["x"]}}"#).is_ok());
    }

    #[test]
    fn a_pattern_of_too_many_branches_is_refused() {
        let pair = r#""$or": [{"a": [1]}, {"b": [1]}]"#;
        let mut text = String::new();
        for at in 0..10 {
            let pair = pair
                .replace('a', &format!("a{at}"))
                .replace('b', &format!("b{at}"));
            text.push_str(if at > 0 { "," } else { "" });
            text.push_str(&pair);
        }
        assert_eq!(errors(&format!("{{{text}}}"))[0].code, "too-many-branches");
    }

    #[test]
    fn the_deepest_pattern_and_one_deeper_are_answered() {
        let nested = |depth: usize| format!("{}[1]{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(Pattern::from_json(&nested(127)).is_ok());
        assert_eq!(errors(&nested(128))[0].code, "too-deep");
    }

    #[test]
    fn extensions_are_checked_like_operators() {
        check(
            r#"{"a": [{"null": false}]}"#,
            &[("operator-argument", "false")],
        );
        check(r#"{"a": [{"list": 5}]}"#, &[("operator-argument", "5")]);
        check(
            r#"{"a": [{"json": ["x"]}]}"#,
            &[("operator-argument", r#"["x"]"#)],
        );
        check(
            r#"{"a": [{"same-as": "@nobody"}]}"#,
            &[("unknown-derived-field", r#""@nobody""#)],
        );
        assert!(
            Pattern::from_json(
                r#"{"a": [{"list": "l"}, {"anything-but": {"same-as": "b"}}, {"json": {"c": [1]}}]}"#
            )
            .is_ok()
        );
    }
}
