//! Wildcards: `*` is any text, also none; `\*` and `\\` are the characters.
//!
//! No other escape and no two stars in a row, as in EventBridge. Matching is
//! linear in the value.

/// A checked wildcard.
#[derive(Debug, Clone, PartialEq)]
pub struct Wildcard {
    text: String,
    /// The texts between the stars; one part means that there is no star.
    parts: Vec<String>,
}

/// Why a text is no wildcard; the offset is in bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WildcardError {
    /// `**`
    #[error("two `*` in a row at byte {0}")]
    DoubleStar(usize),
    /// A backslash before anything but `*` and `\`.
    #[error("a `\\` that escapes neither `*` nor `\\` at byte {0}")]
    BadEscape(usize),
}

impl Wildcard {
    /// Checks and splits a wildcard.
    ///
    /// # Errors
    /// See [`WildcardError`].
    pub fn new(text: &str) -> Result<Self, WildcardError> {
        let mut parts = vec![String::new()];
        let mut characters = text.char_indices().peekable();
        let mut after_star = false;
        while let Some((at, character)) = characters.next() {
            match character {
                '*' if after_star => return Err(WildcardError::DoubleStar(at - 1)),
                '*' => {
                    parts.push(String::new());
                    after_star = true;
                    continue;
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => push(&mut parts, escaped),
                    _ => return Err(WildcardError::BadEscape(at)),
                },
                other => push(&mut parts, other),
            }
            after_star = false;
        }
        Ok(Wildcard {
            text: text.to_owned(),
            parts,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `value` as a whole is of this form.
    pub fn matches(&self, value: &str) -> bool {
        let (first, rest) = self.parts.split_first().expect("there is always one part");
        let Some((last, middle)) = rest.split_last() else {
            return value == first;
        };
        let Some(mut value) = value.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            // The leftmost place leaves the most for the parts behind it.
            match memchr::memmem::find(value.as_bytes(), part.as_bytes()) {
                Some(at) => value = &value[at + part.len()..],
                None => return false,
            }
        }
        value.ends_with(last.as_str())
    }

    /// The text before the first star; all of it when there is none.
    pub fn head(&self) -> &str {
        &self.parts[0]
    }

    /// Whether there is a star.
    pub fn has_star(&self) -> bool {
        self.parts.len() > 1
    }

    /// Whether anything may follow a value that matches.
    pub fn is_open_ended(&self) -> bool {
        self.has_star() && self.parts.last().is_some_and(String::is_empty)
    }
}

fn push(parts: &mut [String], character: char) {
    if let Some(part) = parts.last_mut() {
        part.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wildcard: &str, value: &str, expected: bool) {
        let wildcard = Wildcard::new(wildcard).expect("a wildcard");
        assert_eq!(wildcard.matches(value), expected, "{wildcard:?} {value}");
    }

    #[test]
    fn stars_take_any_text() {
        check("*", "", true);
        check("a*a", "a", false);
        check("a*a", "aba", true);
        check("*ab*ab*", "aab", false);
        check("*ab*ab*", "xabyabz", true);
        check("arn:*/*.log", "arn:/.log", true);
        check("Simple*Service", "SimpleServices", false);
        check("*😀*", "a😀b", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn escapes_are_characters() {
        check(r"a\*b*", "a*b", true);
        check(r"a\*b*", "axb", false);
        check(r"C:\\*", r"C:\x", true);
        check("?", "x", false);
    }

    #[test]
    fn what_is_no_wildcard_is_refused() {
        assert_eq!(Wildcard::new("a**b"), Err(WildcardError::DoubleStar(1)));
        assert_eq!(Wildcard::new(r"a\b"), Err(WildcardError::BadEscape(1)));
        assert_eq!(Wildcard::new("\\"), Err(WildcardError::BadEscape(0)));
        assert!(Wildcard::new(r"*\**").is_ok());
    }
}
