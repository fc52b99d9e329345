//! Problems in files that people write (controls, frameworks, scope files,
//! settings): a stable code, a place, a message and a remedy.
//!
//! A diagnostic only describes; whoever collects them decides whether a run
//! may go on. The quoted source is shown with control and bidirectional
//! characters made visible, because a control file may come from anywhere.

use std::ops::Range;
use std::sync::Arc;

pub mod escape;
pub mod json;
pub mod text;

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The file cannot be used.
    Error,
    /// Odd, but nothing is lost.
    Warning,
}

impl Level {
    /// The word that is printed.
    pub const fn id(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// The whole text of one file, under the name that messages show.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceText {
    /// The path as the user gave it, or as the shipped folder has it.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl SourceText {
    /// A shared text, ready for diagnostics to point into.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(SourceText {
            name: name.into(),
            text: text.into(),
        })
    }

    /// The line and column of a byte offset, both counted from 1; columns count characters.
    pub fn position(&self, offset: usize) -> Position {
        let offset = floor_boundary(&self.text, offset);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The line that a byte offset lies in, without its line end, and where it begins.
    pub fn line_at(&self, offset: usize) -> (usize, &str) {
        let offset = floor_boundary(&self.text, offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |at| offset + at);
        (start, self.text[start..end].trim_end_matches('\r'))
    }
}

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

/// The nearest character boundary at or before `offset`, never behind the end.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A span of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<SourceText>,
    /// Byte offsets into its text.
    pub span: Range<usize>,
}

/// A second place that explains the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// Why it matters here.
    pub message: String,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case code, never reused.
    pub code: &'static str,
    /// Error or warning.
    pub level: Level,
    /// What is wrong: lower case, no final period, literals in backticks.
    pub message: String,
    /// Where, if it has a place in a file.
    pub place: Option<Place>,
    /// The file it is about where there is no text to point into.
    pub file: Option<String>,
    /// Other places that matter.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            level: Level::Error,
            message: message.into(),
            place: None,
            file: None,
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            level: Level::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// The same problem at a place.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceText>, span: Range<usize>) -> Self {
        self.place = Some(Place {
            source: Arc::clone(source),
            span,
        });
        self
    }

    /// The same problem about a file whose text is not at hand.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same problem with a second place.
    #[must_use]
    pub fn label(
        mut self,
        source: &Arc<SourceText>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        self.labels.push(Label {
            place: Place {
                source: Arc::clone(source),
                span,
            },
            message: message.into(),
        });
        self
    }

    /// The same problem with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a remedy, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        if help.is_some() {
            self.help = help;
        }
        self
    }

    fn sort_key(&self) -> (&str, usize, usize, &'static str, &str) {
        let file = self.place.as_ref().map(|place| place.source.name.as_str());
        let span = self
            .place
            .as_ref()
            .map_or(0..0, |place| place.span.start..place.span.end);
        (
            file.or(self.file.as_deref()).unwrap_or(""),
            span.start,
            span.end,
            self.code,
            &self.message,
        )
    }
}

/// All problems of one stage, in the order of files and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No problem yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// All problems of another stage too.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(others);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.error_count() > 0
    }

    /// How many are errors.
    pub fn error_count(&self) -> usize {
        self.count(Level::Error)
    }

    /// How many are warnings.
    pub fn warning_count(&self) -> usize {
        self.count(Level::Warning)
    }

    fn count(&self, level: Level) -> usize {
        self.list.iter().filter(|one| one.level == level).count()
    }

    /// In the order of files, lines and columns; the same problem twice becomes one.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.list
            .sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
        self.list.dedup();
        self
    }

    /// Each problem.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// `Ok(value)` with the warnings, or all problems where one is an error.
    ///
    /// # Errors
    /// The sorted problems, if one of them is an error.
    pub fn unless_errors<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        let sorted = self.sorted();
        if sorted.has_errors() {
            Err(sorted)
        } else {
            Ok((value, sorted))
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Diagnostics { list: vec![one] }
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&text::render(self))
    }
}

impl std::error::Error for Diagnostics {}

/// `` did you mean `x`? `` for the nearest of `known`, if one is near enough.
pub fn suggestion<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The nearest of `known`, if one is near enough to be meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let wanted = plain(word);
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = SourceText::new("a.toml", "é = 1\r\nü = 2\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.line_at(9), (8, "ü = 2"));
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
    }

    #[test]
    fn an_offset_inside_a_character_is_no_panic() {
        let source = SourceText::new("a.toml", "é");
        assert_eq!(source.position(1), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("patern", ["pattern", "outcome"]), Some("pattern"));
        assert_eq!(
            nearest("more_than", ["more-than", "window"]),
            Some("more-than")
        );
        assert_eq!(nearest("xyz", ["pattern", "outcome"]), None);
    }

    #[test]
    fn warnings_alone_are_no_failure() {
        let mut all = Diagnostics::new();
        all.push(Diagnostic::warning("odd", "odd"));
        let (value, warnings) = all.clone().unless_errors(7).expect("only a warning");
        assert_eq!((value, warnings.warning_count()), (7, 1));
        all.push(Diagnostic::error("bad", "bad"));
        assert_eq!(all.unless_errors(7).expect_err("an error").len(), 2);
    }
}
