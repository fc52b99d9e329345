//! A pattern as its author wrote it, branch by branch and with places: what
//! `lint` reasons about. Matching never looks at it.
//!
//! A branch is one way in which the pattern can match: the tests that must all
//! hold once every `$or` has been decided.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More ways than this are not told apart; the pattern is then seen as having none.
const MOST_BRANCHES: usize = 512;

/// A pattern as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Every way in which it can match; empty if there are too many to list.
    pub branches: Vec<Vec<Test>>,
}

/// One field of a branch and the values that it may have.
#[derive(Debug, Clone)]
pub struct Test {
    /// Dotted path.
    pub path: String,
    /// Where the last part of the path stands.
    pub place: Range<usize>,
    /// The alternatives.
    pub values: Vec<Value>,
}

/// One alternative of a field.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub content: Content,
    /// Where it stands.
    pub place: Range<usize>,
}

/// What an alternative asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Exactly this text.
    Text(String),
    /// This number, as it is spelled.
    Number(String),
    /// This boolean.
    Boolean(bool),
    /// An operator such as `prefix`, and its operand if that is a text.
    Operator(String, Option<String>),
}

// Two patterns are the same if they say the same, wherever they stand.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.values == other.values
    }
}

impl Eq for Test {}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for Value {}

impl Shape {
    /// The shape of a pattern; what is not a pattern has no branches.
    pub fn read(value: &Spanned<DeValue<'_>>) -> Shape {
        let branches = value
            .get_ref()
            .as_table()
            .and_then(|table| read_table("", table))
            .unwrap_or_default();
        Shape { branches }
    }

    /// Every test of every branch; the same test may come more than once.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.branches.iter().flatten()
    }
}

impl Test {
    /// All alternatives as texts, if each of them is an exact text.
    pub fn exact_texts(&self) -> Option<Vec<&str>> {
        self.values
            .iter()
            .map(|value| match &value.content {
                Content::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// The branches of a table: its own tests and every choice of its `$or`s and sub-tables.
fn read_table(prefix: &str, table: &DeTable<'_>) -> Option<Vec<Vec<Test>>> {
    let mut branches: Vec<Vec<Test>> = vec![Vec::new()];
    for (key, value) in table.iter() {
        let name = key.get_ref().as_ref();
        let choices = match value.get_ref() {
            DeValue::Array(items) if name == "$or" => {
                let mut choices = Vec::new();
                for item in items.iter() {
                    choices.extend(read_table(prefix, item.get_ref().as_table()?)?);
                }
                choices
            }
            DeValue::Table(inner) => read_table(&join(prefix, name), inner)?,
            _ => vec![vec![read_test(join(prefix, name), key.span(), value)]],
        };
        if branches.len() * choices.len() > MOST_BRANCHES {
            return None;
        }
        branches = branches
            .iter()
            .flat_map(|front| {
                choices.iter().map(move |back| {
                    let mut all = front.clone();
                    all.extend(back.iter().cloned());
                    all
                })
            })
            .collect();
    }
    Some(branches)
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

fn read_test(path: String, place: Range<usize>, value: &Spanned<DeValue<'_>>) -> Test {
    let values = match value.get_ref().as_array() {
        Some(items) => items.iter().map(read_value).collect(),
        None => vec![read_value(value)],
    };
    Test {
        path,
        place,
        values,
    }
}

fn read_value(value: &Spanned<DeValue<'_>>) -> Value {
    let content = match value.get_ref() {
        DeValue::String(text) => Content::Text(text.clone().into_owned()),
        DeValue::Integer(number) => Content::Number(number.to_string()),
        DeValue::Float(number) => Content::Number(number.to_string()),
        DeValue::Boolean(flag) => Content::Boolean(*flag),
        DeValue::Table(table) => operator(table),
        DeValue::Datetime(_) | DeValue::Array(_) => Content::Operator(String::new(), None),
    };
    Value {
        content,
        place: value.span(),
    }
}

fn operator(table: &DeTable<'_>) -> Content {
    let Some((name, operand)) = table.iter().next() else {
        return Content::Operator(String::new(), None);
    };
    // The whole operand counts when patterns are compared, so its spelling is kept.
    let operand = match operand.get_ref() {
        DeValue::String(text) => text.clone().into_owned(),
        other => spell(other),
    };
    Content::Operator(name.get_ref().clone().into_owned(), Some(operand))
}

/// Any value on one line, the same for the same value wherever it stands.
fn spell(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(instant) => instant.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| spell(item.get_ref())).collect();
            format!("[{}]", items.join(","))
        }
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| {
                let key: &str = key.get_ref();
                format!("{key:?}={}", spell(value.get_ref()))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        let table = DeTable::parse(text).expect("valid TOML");
        let span = table.span();
        Shape::read(&Spanned::new(span, DeValue::Table(table.into_inner())))
    }

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]]) {
        let shape = shape(text);
        let found: Vec<Vec<&str>> = shape
            .branches
            .iter()
            .map(|branch| branch.iter().map(|test| test.path.as_str()).collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn branches_are_the_ways_in_which_a_pattern_can_match() {
        check("a = [1]\nb.c = [2]\n\"d.e\" = [3]", &[&["a", "b.c", "d.e"]]);
        check(
            "a = [1]\n[[\"$or\"]]\nb = [1]\n[[\"$or\"]]\nc = [1]\n",
            &[&["a", "b"], &["a", "c"]],
        );
        check(
            "x.\"$or\" = [{ a = [1] }, { b = [1] }]\n[[\"$or\"]]\nc = [1]\n[[\"$or\"]]\nd = [1]\n",
            &[&["x.a", "c"], &["x.a", "d"], &["x.b", "c"], &["x.b", "d"]],
        );
    }

    #[test]
    fn too_many_ways_are_no_way() {
        let one: Vec<_> = (0..30).map(|at| format!("{{ a{at} = [1] }}")).collect();
        let text: String = (0..3)
            .map(|at| format!("x{at}.\"$or\" = [{}]\n", one.join(",")))
            .collect();
        check(&text, &[]);
    }

    #[test]
    fn equal_patterns_are_equal_wherever_they_stand() {
        let one = shape("a = [\"x\", { prefix = \"y\" }]");
        let two = shape("\n\n  a = [ \"x\", {prefix=\"y\"} ]");
        assert_eq!(one, two);
        assert_ne!(one, shape("a = [\"x\", { suffix = \"y\" }]"));
        assert_ne!(
            shape("a = [{ anything-but = [\"x\"] }]"),
            shape("a = [{ anything-but = [\"y\"] }]")
        );
    }
}
