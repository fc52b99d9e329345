//! The operators of a pattern, and what each takes as its argument.

use std::ops::Range;

use super::super::PatternError;
use super::super::condition::ValueTest;
use super::super::fold::Folded;
use super::super::form::Condition;
use super::super::network::{Network, NetworkError};
use super::super::number::{Number, NumberRange, comparable};
use super::super::tree::{Key, Node, Tree};
use super::super::wildcard::Wildcard;
use super::{Compiler, listed, nearest};

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

impl Compiler {
    /// The condition of a table with one operator.
    pub(super) fn operator(&mut self, key: &Key, argument: &Node) -> Option<Condition> {
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
}
