//! Comparing without regard to case, as EventBridge does it.
//!
//! Each character of the pattern stands for its own lower case or its own
//! upper case, nothing else. That is not symmetric and no Unicode folding:
//! a pattern `ß` takes `SS`, a pattern `ss` does not take `ß`.

/// A text of a pattern that is compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    text: String,
    characters: Vec<(String, String)>,
}

/// How far a text follows a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// They differ.
    Differs,
    /// The pattern is used up and this many bytes of the text are left.
    Left(usize),
    /// The text ended first, and all of it followed the pattern.
    TextEnded,
}

impl Folded {
    /// The pattern text, as written.
    pub fn new(text: &str) -> Self {
        Folded {
            text: text.to_owned(),
            characters: text
                .chars()
                .map(|character| {
                    (
                        character.to_lowercase().collect(),
                        character.to_uppercase().collect(),
                    )
                })
                .collect(),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Compares from the front.
    pub fn walk(&self, text: &str) -> Walk {
        let mut rest = text;
        for (lower, upper) in &self.characters {
            if let Some(left) = rest
                .strip_prefix(lower.as_str())
                .or_else(|| rest.strip_prefix(upper.as_str()))
            {
                rest = left;
            } else if lower.starts_with(rest) || upper.starts_with(rest) {
                return Walk::TextEnded;
            } else {
                return Walk::Differs;
            }
        }
        Walk::Left(rest.len())
    }

    /// Whether `text` is the pattern.
    pub fn is_whole(&self, text: &str) -> bool {
        self.walk(text) == Walk::Left(0)
    }

    /// Whether `text` begins with the pattern.
    pub fn is_prefix_of(&self, text: &str) -> bool {
        matches!(self.walk(text), Walk::Left(_))
    }

    /// Whether `text` ends with the pattern.
    pub fn is_suffix_of(&self, text: &str) -> bool {
        let mut rest = text;
        for (lower, upper) in self.characters.iter().rev() {
            let left = rest
                .strip_suffix(lower.as_str())
                .or_else(|| rest.strip_suffix(upper.as_str()));
            match left {
                Some(left) => rest = left,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_takes_its_own_two_cases() {
        assert!(Folded::new("Root").is_whole("rOOT"));
        assert!(Folded::new("straße").is_whole("STRASSE"));
        assert!(!Folded::new("STRASSE").is_whole("straße"));
        assert!(!Folded::new("ß").is_whole("ss"));
        assert!(!Folded::new("Σ").is_whole("ς"));
        assert!(Folded::new("a😀").is_whole("A😀"));
    }

    #[test]
    fn ends_are_compared_from_their_own_side() {
        assert!(Folded::new("AWS-cli").is_prefix_of("aws-CLI/2"));
        assert!(Folded::new(".PNG").is_suffix_of("a.png"));
        assert!(!Folded::new(".PNG").is_suffix_of("png"));
        assert_eq!(Folded::new("abc").walk("AB"), Walk::TextEnded);
        assert_eq!(Folded::new("abc").walk("ax"), Walk::Differs);
    }
}
