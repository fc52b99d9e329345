//! What one value is asked: every test that needs nothing but the value itself.
//!
//! A value that CloudTrail may have cut is answered `Undecided` wherever the
//! lost rest could change the answer.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::record::project::Kind;

use super::Truth;
use super::fold::{Folded, Walk};
use super::network::{Network, address};
use super::number::{Number, NumberRange};
use super::wildcard::Wildcard;

/// One value of a record; never an object or an array.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    /// String, number, true, false or null.
    pub kind: Kind,
    /// The text of a string, the spelling of anything else.
    pub text: Cow<'a, str>,
    /// Whether more text may have followed.
    pub cut: bool,
}

impl<'a> Value<'a> {
    /// A whole string.
    pub fn string(text: Cow<'a, str>) -> Self {
        Value {
            kind: Kind::String,
            text,
            cut: false,
        }
    }

    /// Whether two values are the same JSON value.
    pub fn same(&self, other: &Value<'_>) -> Truth {
        if self.kind != other.kind {
            return Truth::False;
        }
        match self.kind {
            Kind::String if self.cut || other.cut => {
                let open =
                    self.text.starts_with(&*other.text) || other.text.starts_with(&*self.text);
                Truth::possible(open)
            }
            Kind::Number => Truth::from(Number::new(&self.text).equals(&other.text)),
            _ => Truth::from(self.text == other.text),
        }
    }
}

/// A test of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    /// A string with exactly this text.
    Text(String),
    /// A string that spells this address; the text is as written in the pattern.
    Address(IpAddr, String),
    /// This number.
    Number(Number),
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// A string that begins so.
    Prefix(String),
    /// A string that ends so.
    Suffix(String),
    /// A string of this form.
    Wildcard(Wildcard),
    /// A string that is this, without regard to case.
    Folded(Folded),
    /// A string that begins so, without regard to case.
    FoldedPrefix(Folded),
    /// A string that ends so, without regard to case.
    FoldedSuffix(Folded),
    /// A string that spells an address in this range.
    Network(Network),
    /// A number in this range.
    Range(NumberRange),
    /// Any value, of any kind, that none of these tests takes.
    AnythingBut(Vec<ValueTest>),
}

impl ValueTest {
    /// The literal of a pattern's value array: a text that spells an address
    /// stands for that address in any spelling.
    pub fn literal(text: &str) -> Self {
        match address(text) {
            Some(address) => ValueTest::Address(address, text.to_owned()),
            None => ValueTest::Text(text.to_owned()),
        }
    }

    /// The answer for one value.
    pub fn check(&self, value: &Value<'_>) -> Truth {
        match self {
            ValueTest::AnythingBut(tests) => !any(tests, value),
            ValueTest::Number(number) => {
                Truth::from(value.kind == Kind::Number && number.equals(&value.text))
            }
            ValueTest::Range(range) => {
                Truth::from(value.kind == Kind::Number && range.holds(&value.text))
            }
            ValueTest::True => Truth::from(value.kind == Kind::True),
            ValueTest::False => Truth::from(value.kind == Kind::False),
            ValueTest::Null => Truth::from(value.kind == Kind::Null),
            _ if value.kind != Kind::String => Truth::False,
            _ if value.cut => self.check_cut(&value.text),
            _ => Truth::from(self.check_text(&value.text)),
        }
    }

    fn check_text(&self, text: &str) -> bool {
        match self {
            ValueTest::Text(own) => own == text,
            ValueTest::Address(own, _) => address(text) == Some(*own),
            ValueTest::Prefix(prefix) => text.starts_with(prefix.as_str()),
            ValueTest::Suffix(suffix) => text.ends_with(suffix.as_str()),
            ValueTest::Wildcard(wildcard) => wildcard.matches(text),
            ValueTest::Folded(folded) => folded.is_whole(text),
            ValueTest::FoldedPrefix(folded) => folded.is_prefix_of(text),
            ValueTest::FoldedSuffix(folded) => folded.is_suffix_of(text),
            ValueTest::Network(network) => {
                address(text).is_some_and(|address| network.holds(address))
            }
            ValueTest::Number(_)
            | ValueTest::Range(_)
            | ValueTest::True
            | ValueTest::False
            | ValueTest::Null
            | ValueTest::AnythingBut(_) => false,
        }
    }

    /// The answer when only the first bytes of the value are known.
    fn check_cut(&self, known: &str) -> Truth {
        match self {
            ValueTest::Text(own) => Truth::possible(own.starts_with(known)),
            ValueTest::Prefix(prefix) if known.starts_with(prefix.as_str()) => Truth::True,
            ValueTest::Prefix(prefix) => Truth::possible(prefix.starts_with(known)),
            ValueTest::Suffix(suffix) if suffix.is_empty() => Truth::True,
            ValueTest::Suffix(_) => Truth::Undecided,
            ValueTest::Wildcard(wildcard) => check_cut_wildcard(wildcard, known),
            ValueTest::Folded(folded) => Truth::possible(matches!(
                folded.walk(known),
                Walk::TextEnded | Walk::Left(0)
            )),
            ValueTest::FoldedPrefix(folded) => match folded.walk(known) {
                Walk::Left(_) => Truth::True,
                Walk::TextEnded => Truth::Undecided,
                Walk::Differs => Truth::False,
            },
            ValueTest::FoldedSuffix(folded) if folded.text().is_empty() => Truth::True,
            ValueTest::FoldedSuffix(_) => Truth::Undecided,
            // No address is a thousand bytes long.
            _ => Truth::False,
        }
    }

    /// The text, if the test takes exactly one string.
    pub fn exact_text(&self) -> Option<&str> {
        match self {
            ValueTest::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The answer of several tests of which one must take the value.
pub fn any(tests: &[ValueTest], value: &Value<'_>) -> Truth {
    let mut all = Truth::False;
    for test in tests {
        all = all.max(test.check(value));
        if all == Truth::True {
            break;
        }
    }
    all
}

fn check_cut_wildcard(wildcard: &Wildcard, known: &str) -> Truth {
    let head = wildcard.head();
    if !wildcard.has_star() {
        return Truth::possible(head.starts_with(known));
    }
    if wildcard.is_open_ended() && wildcard.matches(known) {
        return Truth::True;
    }
    Truth::possible(known.starts_with(head) || head.starts_with(known))
}

impl fmt::Display for ValueTest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueTest::Text(text) | ValueTest::Address(_, text) => quoted(out, text),
            ValueTest::Number(number) => out.write_str(number.text()),
            ValueTest::True => out.write_str("true"),
            ValueTest::False => out.write_str("false"),
            ValueTest::Null => out.write_str("null"),
            ValueTest::Prefix(text) => operator(out, "prefix", text),
            ValueTest::Suffix(text) => operator(out, "suffix", text),
            ValueTest::Wildcard(wildcard) => operator(out, "wildcard", wildcard.text()),
            ValueTest::Folded(folded) => operator(out, "equals-ignore-case", folded.text()),
            ValueTest::FoldedPrefix(folded) => operator(out, "prefix ignoring case", folded.text()),
            ValueTest::FoldedSuffix(folded) => operator(out, "suffix ignoring case", folded.text()),
            ValueTest::Network(network) => operator(out, "cidr", network.text()),
            ValueTest::Range(range) => write!(out, "numeric {}", range.text),
            ValueTest::AnythingBut(tests) => {
                out.write_str("anything but ")?;
                for (at, test) in tests.iter().enumerate() {
                    if at > 0 {
                        out.write_str(", ")?;
                    }
                    test.fmt(out)?;
                }
                Ok(())
            }
        }
    }
}

fn operator(out: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    write!(out, "{name} ")?;
    quoted(out, text)
}

/// A text in quotes, with every character that could disturb a reader escaped.
pub(super) fn quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            _ if is_disturbing(character) => write!(out, "\\u{{{:x}}}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}

/// Control characters, and those that turn or hide text.
fn is_disturbing(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Value<'_> {
        Value {
            cut: true,
            ..Value::string(Cow::Borrowed(text))
        }
    }

    #[test]
    fn a_cut_value_is_decided_only_where_its_rest_cannot_matter() {
        let prefix = |text: &str| ValueTest::Prefix(text.into());
        assert_eq!(prefix("aws").check(&cut("aws-cli")), Truth::True);
        assert_eq!(prefix("aws-cli/2").check(&cut("aws-cli")), Truth::Undecided);
        assert_eq!(prefix("boto").check(&cut("aws-cli")), Truth::False);
        assert_eq!(
            ValueTest::Suffix("i".into()).check(&cut("aws-cli")),
            Truth::Undecided
        );
        assert_eq!(
            ValueTest::Text("aws-cli".into()).check(&cut("aws-cli")),
            Truth::Undecided
        );
        assert_eq!(
            ValueTest::Text("aws".into()).check(&cut("aws-cli")),
            Truth::False
        );
        let wildcard = |text: &str| ValueTest::Wildcard(Wildcard::new(text).expect("valid"));
        assert_eq!(wildcard("*cli*").check(&cut("aws-cli")), Truth::True);
        assert_eq!(wildcard("*cli").check(&cut("aws-cli")), Truth::Undecided);
        assert_eq!(wildcard("b*").check(&cut("aws-cli")), Truth::False);
        let but = ValueTest::AnythingBut(vec![prefix("aws")]);
        assert_eq!(but.check(&cut("aws-cli")), Truth::False);
        assert_eq!(ValueTest::Null.check(&cut("aws-cli")), Truth::False);
    }

    #[test]
    fn anything_but_takes_values_of_any_other_kind() {
        let but = ValueTest::AnythingBut(vec![ValueTest::Text("x".into())]);
        let value = |kind, text| Value {
            kind,
            text: Cow::Borrowed(text),
            cut: false,
        };
        assert_eq!(but.check(&value(Kind::Null, "null")), Truth::True);
        assert_eq!(but.check(&value(Kind::Number, "5")), Truth::True);
        assert_eq!(but.check(&value(Kind::String, "x")), Truth::False);
    }

    #[test]
    fn shown_text_cannot_disturb_a_terminal() {
        assert_eq!(
            ValueTest::Text("a\u{1b}[31m\u{202e}\"".into()).to_string(),
            "\"a\\u{1b}[31m\\u{202e}\\\"\""
        );
    }
}
