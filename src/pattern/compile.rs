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
use super::fold::Folded;
use super::form::{Condition, Field, FieldPath, Form, MOST_BRANCHES};
use super::network::{Network, NetworkError};
use super::number::{Number, NumberRange, comparable};
use super::tree::{Key, Node, Tree};
use super::wildcard::Wildcard;

const OPERATORS: [&str; 13] = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exactly",
    "exists",
    "json",
    "list",
    "null",
    "numeric",
    "prefix",
    "same-as",
    "suffix",
    "wildcard",
];

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

    fn operator(&mut self, key: &Key, argument: &Node) -> Option<Condition> {
        let test = match key.text.as_str() {
            "exactly" => ValueTest::Text(self.text(key, argument)?.to_owned()),
            "prefix" => match self.ignoring_case(key, argument) {
                Some(folded) => ValueTest::FoldedPrefix(folded?),
                None => ValueTest::Prefix(self.text(key, argument)?.to_owned()),
            },
            "suffix" => match self.ignoring_case(key, argument) {
                Some(folded) => ValueTest::FoldedSuffix(folded?),
                None => ValueTest::Suffix(self.text(key, argument)?.to_owned()),
            },
            "equals-ignore-case" => ValueTest::Folded(Folded::new(self.text(key, argument)?)),
            "wildcard" => {
                let text = self.text(key, argument)?;
                self.wildcard(text, argument)?
            }
            "cidr" => self.network(key, argument)?,
            "numeric" => ValueTest::Range(self.range(argument)?),
            "null" => {
                self.only_true(key, argument)?;
                ValueTest::Null
            }
            "exists" => return self.exists(key, argument),
            "anything-but" => return self.anything_but(key, argument),
            "list" => return self.list(key, argument, false),
            "same-as" => return self.same_as(key, argument, false),
            "json" => return self.json(key, argument),
            _ => return self.unknown_operator(key),
        };
        Some(Condition::Value(test))
    }

    fn unknown_operator<T>(&mut self, key: &Key) -> Option<T> {
        let error = PatternError::new(
            "unknown-operator",
            key.span.clone(),
            format!("unknown operator `{}`", key.text),
        );
        let help = match (key.text.as_str(), nearest(&key.text, &OPERATORS)) {
            ("contains", _) => "write `wildcard = \"*text*\"`".to_owned(),
            ("equals" | "is" | "in", _) => "write the value itself, without a table".to_owned(),
            ("not" | "not-in" | "not-equals", _) => "did you mean `anything-but`?".to_owned(),
            ("regex" | "match" | "matches", _) => {
                "there are no regular expressions; `wildcard` takes `*`".to_owned()
            }
            ("ip-address" | "ip-address-in-range", _) => "did you mean `cidr`?".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            (_, None) => format!("known are {}", listed(&OPERATORS)),
        };
        self.fail(error.with_help(help))
    }

    fn text<'n>(&mut self, key: &Key, argument: &'n Node) -> Option<&'n str> {
        match &argument.value {
            Tree::Text(text) => Some(text),
            _ => self.wrong_argument(key, argument, "a string"),
        }
    }

    fn wrong_argument<T>(&mut self, key: &Key, argument: &Node, wanted: &str) -> Option<T> {
        let message = format!("`{}` needs {wanted}, not {}", key.text, argument.kind());
        self.refuse("operator-argument", &argument.span, message)
    }

    /// The inside of `{ prefix = { equals-ignore-case = … } }`; nothing for a plain argument.
    fn ignoring_case(&mut self, key: &Key, argument: &Node) -> Option<Option<Folded>> {
        let Tree::Object(members) = &argument.value else {
            return None;
        };
        let Some((inner, argument)) = self.only_member(members, &argument.span) else {
            return Some(None);
        };
        if inner.text != "equals-ignore-case" {
            let message = format!("`{}` cannot hold operator `{}`", key.text, inner.text);
            let error = PatternError::new("unknown-operator", inner.span.clone(), message);
            return Some(self.fail(error.with_help("only `equals-ignore-case` can stand there")));
        }
        Some(self.text(inner, argument).map(Folded::new))
    }

    fn wildcard(&mut self, text: &str, argument: &Node) -> Option<ValueTest> {
        match Wildcard::new(text) {
            Ok(wildcard) => Some(ValueTest::Wildcard(wildcard)),
            Err(error) => {
                let message = format!("bad wildcard: {error} of its text");
                self.refuse("bad-wildcard", &argument.span, message)
            }
        }
    }

    fn network(&mut self, key: &Key, argument: &Node) -> Option<ValueTest> {
        match Network::new(self.text(key, argument)?) {
            Ok(network) => Some(ValueTest::Network(network)),
            Err(found) => {
                let message = format!("bad CIDR range: {found}");
                let error = PatternError::new("bad-cidr", argument.span.clone(), message);
                self.fail(match found {
                    NetworkError::TooLong(_) => {
                        error.with_help("for one address, write the address itself as the value")
                    }
                    _ => error,
                })
            }
        }
    }

    fn only_true(&mut self, key: &Key, argument: &Node) -> Option<()> {
        match argument.value {
            Tree::Bool(true) => Some(()),
            _ => self.wrong_argument(key, argument, "`true`"),
        }
    }

    fn exists(&mut self, key: &Key, argument: &Node) -> Option<Condition> {
        match argument.value {
            Tree::Bool(true) => Some(Condition::Exists),
            Tree::Bool(false) => Some(Condition::Absent),
            _ => self.wrong_argument(key, argument, "`true` or `false`"),
        }
    }

    fn list(&mut self, key: &Key, argument: &Node, negated: bool) -> Option<Condition> {
        let name = self.text(key, argument)?.to_owned();
        if name.is_empty() {
            return self.refuse("operator-argument", &argument.span, "a list needs a name");
        }
        Some(Condition::List { name, negated })
    }

    fn same_as(&mut self, key: &Key, argument: &Node, negated: bool) -> Option<Condition> {
        let name = self.text(key, argument)?.to_owned();
        let path = self.field_path(name, &argument.span)?;
        Some(Condition::SameAs { path, negated })
    }

    fn json(&mut self, key: &Key, argument: &Node) -> Option<Condition> {
        if !matches!(argument.value, Tree::Object(_)) {
            return self.wrong_argument(key, argument, "a pattern");
        }
        let outside = std::mem::replace(&mut self.inside_json, true);
        let form = self.pattern(argument);
        self.inside_json = outside;
        Some(Condition::Json(Box::new(form?)))
    }

    fn anything_but(&mut self, key: &Key, argument: &Node) -> Option<Condition> {
        let tests = match &argument.value {
            Tree::Text(text) => vec![ValueTest::Text(text.clone())],
            Tree::Number(text) => vec![self.comparable_number(text, &argument.span)?],
            Tree::Array(values) => self.excluded_values(values, &argument.span)?,
            Tree::Object(members) => {
                let (inner, argument) = self.only_member(members, &argument.span)?;
                match inner.text.as_str() {
                    "list" => return self.list(inner, argument, true),
                    "same-as" => return self.same_as(inner, argument, true),
                    _ => self.excluded_texts(inner, argument)?,
                }
            }
            _ => {
                return self.wrong_argument(
                    key,
                    argument,
                    "a string, a number, an array or an operator",
                );
            }
        };
        Some(Condition::Value(ValueTest::AnythingBut(tests)))
    }

    /// The values of `anything-but = […]`: all strings or all numbers.
    fn excluded_values(&mut self, values: &[Node], span: &Range<usize>) -> Option<Vec<ValueTest>> {
        let Some(first) = values.first() else {
            return self.refuse(
                "empty-list",
                span,
                "an empty `anything-but` excludes nothing",
            );
        };
        let mut tests = Vec::new();
        for value in values {
            if value.kind() != first.kind() {
                let message = format!(
                    "`anything-but` takes strings or numbers, not both: {} after {}",
                    value.kind(),
                    first.kind()
                );
                return self.refuse("operator-argument", &value.span, message);
            }
            tests.push(match &value.value {
                Tree::Text(text) => ValueTest::Text(text.clone()),
                Tree::Number(text) => self.comparable_number(text, &value.span)?,
                _ => {
                    let message = format!("`anything-but` cannot exclude {}", value.kind());
                    return self.refuse("operator-argument", &value.span, message);
                }
            });
        }
        Some(tests)
    }

    /// The inside of `anything-but = { prefix = … }` and its like.
    fn excluded_texts(&mut self, key: &Key, argument: &Node) -> Option<Vec<ValueTest>> {
        let known = ["prefix", "suffix", "equals-ignore-case", "wildcard"];
        if !known.contains(&key.text.as_str()) {
            let message = format!("`anything-but` cannot hold operator `{}`", key.text);
            let error = PatternError::new("unknown-operator", key.span.clone(), message);
            let help = format!("it takes {}, `list` or `same-as`", listed(&known));
            return self.fail(error.with_help(help));
        }
        let texts = match &argument.value {
            Tree::Array(texts) if texts.is_empty() => {
                return self.refuse(
                    "empty-list",
                    &argument.span,
                    "an empty array excludes nothing",
                );
            }
            Tree::Array(texts) => &texts[..],
            _ => std::slice::from_ref(argument),
        };
        let tests: Vec<_> = texts
            .iter()
            .filter_map(|node| self.excluded_text(key, node))
            .collect();
        (tests.len() == texts.len()).then_some(tests)
    }

    fn excluded_text(&mut self, key: &Key, node: &Node) -> Option<ValueTest> {
        let text = self.text(key, node)?;
        if text.is_empty() && matches!(key.text.as_str(), "prefix" | "suffix") {
            let message = format!("an empty {} excludes every string", key.text);
            return self.refuse("operator-argument", &node.span, message);
        }
        match key.text.as_str() {
            "prefix" => Some(ValueTest::Prefix(text.to_owned())),
            "suffix" => Some(ValueTest::Suffix(text.to_owned())),
            "wildcard" => self.wildcard(text, node),
            _ => Some(ValueTest::Folded(Folded::new(text))),
        }
    }

    fn comparable_number(&mut self, text: &str, span: &Range<usize>) -> Option<ValueTest> {
        self.comparable(text, span)?;
        Some(ValueTest::Number(Number::new(text)))
    }

    fn comparable(&mut self, text: &str, span: &Range<usize>) -> Option<f64> {
        match comparable(text) {
            Some(value) => Some(value),
            None => {
                let message = format!("`{text}` cannot be compared: no double spells this number");
                self.refuse("bad-number", span, message)
            }
        }
    }

    /// `["=", 5]`, `["<", 5]`, `[">", 0, "<=", 5]`.
    fn range(&mut self, argument: &Node) -> Option<NumberRange> {
        let span = &argument.span;
        let Tree::Array(terms) = &argument.value else {
            let message = format!("`numeric` needs an array, not {}", argument.kind());
            return self.refuse("operator-argument", span, message);
        };
        let mut range = NumberRange {
            from: None,
            to: None,
            text: String::new(),
        };
        for (at, pair) in terms.chunks(2).enumerate() {
            let (sign, value) = self.bound(pair, span)?;
            range.text.push_str(if at > 0 { " and " } else { "" });
            range.text.push_str(&format!("{sign} {value}"));
            let fits = match (at, sign) {
                (0, "=") if terms.len() == 2 => {
                    range.from = Some((value, true));
                    range.to = range.from;
                    true
                }
                (0, "<" | "<=") if terms.len() == 2 => {
                    range.to = Some((value, sign == "<="));
                    true
                }
                (0, ">" | ">=") => {
                    range.from = Some((value, sign == ">="));
                    true
                }
                (1, "<" | "<=") => {
                    range.to = Some((value, sign == "<="));
                    true
                }
                _ => false,
            };
            if !fits {
                let error =
                    PatternError::new("bad-range", pair[0].span.clone(), "bad numeric range");
                return self.fail(error.with_help(
                    "write `[\"=\", n]`, `[\"<\", n]`, `[\">\", n]` or `[\">\", n, \"<=\", m]`",
                ));
            }
        }
        match (range.from, range.to) {
            (None, None) => self.refuse("bad-range", span, "an empty numeric range"),
            (Some((from, _)), Some((to, _))) if from >= to && terms.len() > 2 => self.refuse(
                "bad-range",
                span,
                "the lower end of a range must be less than the upper",
            ),
            _ => Some(range),
        }
    }

    fn bound<'n>(&mut self, pair: &'n [Node], span: &Range<usize>) -> Option<(&'n str, f64)> {
        let [sign, value] = pair else {
            return self.refuse(
                "bad-range",
                span,
                "a sign of a numeric range lacks its number",
            );
        };
        let sign = match &sign.value {
            Tree::Text(text) if ["=", "<", "<=", ">", ">="].contains(&text.as_str()) => text,
            Tree::Text(text) => {
                let message = format!("unknown sign `{text}` in a numeric range");
                return self.refuse("bad-range", &sign.span, message);
            }
            _ => {
                let message = format!("a numeric range needs a sign here, not {}", sign.kind());
                return self.refuse("bad-range", &sign.span, message);
            }
        };
        match &value.value {
            Tree::Number(text) => Some((sign, self.comparable(text, &value.span)?)),
            _ => {
                let message = format!("`{sign}` needs a number, not {}", value.kind());
                self.refuse("bad-range", &value.span, message)
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
