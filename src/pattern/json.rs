//! JSON text to a [`Node`], with the place of every value.
//!
//! Strict RFC 8259, nothing behind the value, no half surrogates, and no
//! nesting beyond [`MAX_DEPTH`]. Members that stand twice are kept: whether
//! they make one path twice is for the compiler to judge.

use std::ops::Range;

use crate::record::text::unescape;

use super::PatternError;
use super::tree::{Key, Node, Tree};

/// Objects and arrays inside one another.
pub const MAX_DEPTH: usize = 128;

/// Reads one JSON value.
///
/// # Errors
/// The first place that is not JSON, as `not-json` or `too-deep`.
pub fn parse(text: &str) -> Result<Node, PatternError> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => reader.fail("text behind the end of the value"),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, what: &str) -> Result<T, PatternError> {
        let length = self.text[self.at..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        Err(not_json(self.at..self.at + length, what))
    }

    fn value(&mut self, depth: usize) -> Result<Node, PatternError> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                return Err(PatternError::new(
                    "too-deep",
                    start..start + 1,
                    format!("nested deeper than {MAX_DEPTH} levels"),
                ));
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Tree::Text(self.string()?),
            Some(b't') => self.word("true", Tree::Bool(true))?,
            Some(b'f') => self.word("false", Tree::Bool(false))?,
            Some(b'n') => self.word("null", Tree::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return self.fail("expected a value"),
            None => return self.fail("the text ends where a value is expected"),
        };
        Ok(Node {
            span: start..self.at,
            value,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Tree, PatternError> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.fail("expected a member name in quotes");
            }
            let start = self.at;
            let text = self.string()?;
            let key = Key {
                text,
                span: start..self.at,
            };
            self.skip_space();
            if self.peek() != Some(b':') {
                return self.fail("expected `:` behind a member name");
            }
            self.at += 1;
            self.skip_space();
            let node = self.value(depth + 1)?;
            members.push((key, node));
            if self.closes(b'}')? {
                return Ok(Tree::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Tree, PatternError> {
        let mut elements = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::Array(elements));
        }
        loop {
            self.skip_space();
            elements.push(self.value(depth + 1)?);
            if self.closes(b']')? {
                return Ok(Tree::Array(elements));
            }
        }
    }

    /// Steps over `,` or over the end of the object or array, and says which it was.
    fn closes(&mut self, end: u8) -> Result<bool, PatternError> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(found) if found == end => {
                self.at += 1;
                Ok(true)
            }
            _ => self.fail("expected `,` or the end of the object or array"),
        }
    }

    fn word(&mut self, word: &str, tree: Tree) -> Result<Tree, PatternError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(tree)
        } else {
            self.fail("expected a value")
        }
    }

    fn string(&mut self) -> Result<String, PatternError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(byte) if byte < 0x20 => return self.fail("a control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fail("the text ends inside a string"),
            }
        }
        let text = unescape(&self.text[start..self.at]).into_owned();
        self.at += 1;
        Ok(text)
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match (unit(rest, 2), unit(rest, 8)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) if &rest[6..8] == b"\\u" => 12,
                (Some(0xD800..=0xDFFF), _) => return self.fail("half of a surrogate pair"),
                (Some(_), _) => 6,
                (None, _) => return self.fail("`\\u` needs four hexadecimal digits"),
            },
            _ => return self.fail("an unknown escape in a string"),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Tree, PatternError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.fail("expected a digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(Tree::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), PatternError> {
        let start = self.at;
        self.digits();
        if self.at == start {
            return self.fail("expected a digit");
        }
        Ok(())
    }
}

/// Four hexadecimal digits.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |all, digit| {
        Some(all * 16 + (*digit as char).to_digit(16)?)
    })
}

fn not_json(span: Range<usize>, what: &str) -> PatternError {
    PatternError::new("not-json", span, format!("not JSON: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> (&'static str, Range<usize>) {
        let error = parse(text).expect_err("must be refused");
        (error.code, error.span)
    }

    #[test]
    fn places_are_bytes_of_the_text() {
        let node = parse(r#" {"é": ["x"]}"#).expect("JSON");
        let Tree::Object(members) = &node.value else {
            panic!("an object")
        };
        assert_eq!(members[0].0.span, 2..6);
        assert_eq!(members[0].1.span, 8..13);
    }

    #[test]
    fn members_that_stand_twice_are_kept() {
        let node = parse(r#"{"a":1,"a":2}"#).expect("JSON");
        assert!(matches!(node.value, Tree::Object(members) if members.len() == 2));
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        assert_eq!(refused("{\"a\":[x]}"), ("not-json", 6..7));
        assert_eq!(refused("[1 2]"), ("not-json", 3..4));
        assert_eq!(refused("[01]").0, "not-json");
        assert_eq!(refused("{} {}"), ("not-json", 3..4));
        assert_eq!(refused("").0, "not-json");
        assert_eq!(refused("\"\\ud800\"").0, "not-json");
        assert_eq!(refused("\"\\ud800\\n0000\"").0, "not-json");
        assert_eq!(refused("\"a\\q\"").0, "not-json");
        assert_eq!(refused("[NaN]").0, "not-json");
        assert_eq!(refused("[é]"), ("not-json", 1..3));
        assert_eq!(refused(&"[".repeat(10_000)).0, "too-deep");
    }
}
