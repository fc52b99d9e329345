//! TOML to a [`Node`], with the place of every value.
//!
//! Dates and the numbers that JSON does not have become [`Tree::Foreign`], so
//! that the compiler can refuse them where they stand.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::PatternError;
use super::tree::{Key, Node, Tree};

/// Reads a whole TOML document.
///
/// # Errors
/// What the TOML parser refuses, as `not-toml`.
pub fn parse(text: &str) -> Result<Node, PatternError> {
    let table = DeTable::parse(text).map_err(|error| {
        PatternError::new(
            "not-toml",
            error.span().unwrap_or(0..text.len()),
            format!("not TOML: {}", error.message()),
        )
    })?;
    let span = table.span();
    Ok(Node {
        span: span.clone(),
        value: object(table.get_ref(), &span),
    })
}

/// A value of a TOML document that was read already.
pub fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let value = match value.get_ref() {
        DeValue::String(text) => Tree::Text(text.clone().into_owned()),
        DeValue::Integer(integer) => match number(integer) {
            Some(text) => Tree::Number(text),
            None => Tree::Foreign("an integer of more than 128 bits"),
        },
        DeValue::Float(float) => {
            let text = float.as_str().trim_start_matches('+');
            if text.contains(|c: char| c.is_ascii_digit()) {
                Tree::Number(text.replace('_', ""))
            } else {
                Tree::Foreign("a number that JSON does not have")
            }
        }
        DeValue::Boolean(value) => Tree::Bool(*value),
        DeValue::Datetime(_) => Tree::Foreign("a date or time"),
        DeValue::Array(elements) => Tree::Array(elements.iter().map(node).collect()),
        DeValue::Table(table) => object(table, &span),
    };
    Node { span, value }
}

fn object(table: &DeTable<'_>, around: &Range<usize>) -> Tree {
    let member = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let text: &std::borrow::Cow<'_, str> = key.get_ref();
        let span = if key.span().is_empty() {
            around.clone()
        } else {
            key.span()
        };
        let key = Key {
            text: text.clone().into_owned(),
            span,
        };
        (key, node(value))
    };
    Tree::Object(table.iter().map(member).collect())
}

fn number(integer: &DeInteger<'_>) -> Option<String> {
    let digits = integer.as_str().replace('_', "");
    i128::from_str_radix(&digits, integer.radix())
        .ok()
        .map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn numbers(text: &str) -> Vec<Tree> {
        let node = parse(text).expect("TOML");
        let Tree::Object(members) = node.value else {
            panic!("a table")
        };
        let Tree::Array(elements) = members[0].1.value.clone() else {
            panic!("an array")
        };
        elements.into_iter().map(|node| node.value).collect()
    }

    #[test]
    fn numbers_get_their_json_spelling() {
        let number = |text: &str| Tree::Number(text.into());
        assert_eq!(
            numbers("a = [0x10, 1_000, -5, +1.5, 1e3]"),
            [
                number("16"),
                number("1000"),
                number("-5"),
                number("1.5"),
                number("1e3")
            ]
        );
        assert!(matches!(
            numbers("a = [inf, nan]")[..],
            [Tree::Foreign(_), Tree::Foreign(_)]
        ));
    }

    #[test]
    fn places_are_those_of_the_document() {
        let node = parse("a.b = [\"x\"]\n").expect("TOML");
        let Tree::Object(members) = node.value else {
            panic!("a table")
        };
        assert_eq!(members[0].0.span, 0..1);
        let Tree::Object(inner) = &members[0].1.value else {
            panic!("a table")
        };
        assert_eq!(inner[0].0.span, 2..3);
        assert_eq!(inner[0].1.span, 6..11);
    }
}
