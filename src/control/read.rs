//! Takes typed values out of spanned TOML and notes every problem with its
//! place, so that one run shows all mistakes of a file.
//!
//! It knows TOML and nothing of controls. A method that returns `None` for a
//! required key has already reported why.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics, SourceText, suggestion};

mod values;

use values::{parse_duration, to_day, to_instant};

/// One file while it is read, and the problems found in it so far.
pub struct Document {
    /// The file.
    pub source: Arc<SourceText>,
    problems: RefCell<Diagnostics>,
    failed: Cell<bool>,
}

impl Document {
    /// No problem yet.
    pub fn new(source: &Arc<SourceText>) -> Self {
        Document {
            source: Arc::clone(source),
            problems: RefCell::default(),
            failed: Cell::new(false),
        }
    }

    /// The file's table; a file that is not TOML gives all its syntax errors and nothing else.
    pub fn parse(&self) -> Option<Spanned<DeTable<'_>>> {
        let (table, errors) = DeTable::parse_recoverable(&self.source.text);
        if errors.is_empty() {
            return Some(table);
        }
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let message = error.message().replace('\n', ", ");
            self.error("not-toml", span, format!("not TOML: {message}"), None);
        }
        None
    }

    /// Notes an error at a place.
    pub fn error(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.failed.set(true);
        self.push(
            Diagnostic::error(code, message)
                .at(&self.source, span)
                .maybe_help(help),
        );
    }

    /// Notes a warning at a place.
    pub fn warning(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.push(
            Diagnostic::warning(code, message)
                .at(&self.source, span)
                .maybe_help(help),
        );
    }

    /// Notes any problem.
    pub fn push(&self, problem: Diagnostic) {
        self.problems.borrow_mut().push(problem);
    }

    /// Whether an error was noted.
    pub fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// All problems.
    pub fn into_problems(self) -> Diagnostics {
        self.problems.into_inner()
    }
}

/// A text with its place.
pub type Text = Spanned<String>;

/// One table of a document, and which of its keys were asked for.
pub struct Table<'d, 'i> {
    /// The file.
    pub document: &'d Document,
    /// Where the table stands.
    pub span: Range<usize>,
    table: &'d DeTable<'i>,
    /// What messages call it, for example `` `[expect]` ``.
    name: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d, 'i> Table<'d, 'i> {
    /// A table that messages call `name`.
    pub fn new(
        document: &'d Document,
        table: &'d DeTable<'i>,
        span: Range<usize>,
        name: impl Into<String>,
    ) -> Self {
        Table {
            document,
            span,
            table,
            name: name.into(),
            asked: RefCell::default(),
        }
    }

    /// A value seen as a table, or a problem.
    pub fn of(
        document: &'d Document,
        value: &'d Spanned<DeValue<'i>>,
        name: impl Into<String>,
    ) -> Option<Self> {
        let name = name.into();
        match value.get_ref() {
            DeValue::Table(table) => Some(Table::new(document, table, value.span(), name)),
            other => {
                wrong_type(document, value, &name, "a table", other);
                None
            }
        }
    }

    /// All entries, each marked as asked for.
    pub fn entries(
        &self,
    ) -> impl Iterator<Item = (&'d str, Range<usize>, &'d Spanned<DeValue<'i>>)> + use<'d, 'i> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// The value of a key, if it is there.
    pub fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Whether a key is there; does not count as asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key is there and has an array; does not count as asking for it.
    pub fn is_array(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_array())
    }

    /// Where a key stands, or the table where it is missing.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.table
            .get_key_value(key)
            .map_or(self.span.clone(), |(key, _)| key.span())
    }

    /// The value of a key that must be there.
    pub fn required(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'i>>> {
        let value = self.value(key);
        if value.is_none() {
            self.missing(key);
        }
        value
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str) {
        self.document.error(
            "missing-key",
            self.span.clone(),
            format!("{} lacks the key `{key}`", self.name),
            None,
        );
    }

    fn mismatch(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let name = format!("`{key}`");
        wrong_type(self.document, value, &name, wanted, value.get_ref());
    }

    /// A string that is not blank.
    pub fn text(&self, key: &'static str) -> Option<Text> {
        self.value(key).and_then(|value| self.as_text(key, value))
    }

    /// A string that is not blank and must be there.
    pub fn required_text(&self, key: &'static str) -> Option<Text> {
        self.required(key)
            .and_then(|value| self.as_text(key, value))
    }

    fn as_text(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
        let Some(text) = value.get_ref().as_str() else {
            self.mismatch(key, value, "a string");
            return None;
        };
        if text.trim().is_empty() {
            let message = format!("`{key}` is empty");
            self.document
                .error("empty-value", value.span(), message, None);
            return None;
        }
        Some(Spanned::new(value.span(), text.to_owned()))
    }

    /// An array of strings, empty if the key is not there.
    pub fn texts(&self, key: &'static str) -> Vec<Text> {
        self.optional_texts(key).unwrap_or_default()
    }

    /// An array of strings, or nothing if the key is not there.
    pub fn optional_texts(&self, key: &'static str) -> Option<Vec<Text>> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.mismatch(key, value, "an array of strings");
            return None;
        };
        Some(
            items
                .iter()
                .filter_map(|item| self.as_text(key, item))
                .collect(),
        )
    }

    /// A whole number that is not negative.
    pub fn count(&self, key: &'static str) -> Option<Spanned<u64>> {
        let value = self.value(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u64::from_str_radix(integer.as_str(), integer.radix()).ok());
        if number.is_none() {
            self.mismatch(key, value, "a whole number from 0 on");
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.mismatch(key, value, "`true` or `false`");
        }
        found
    }

    /// A length of time such as `15m`, in seconds.
    pub fn duration(&self, key: &'static str) -> Option<Spanned<i64>> {
        let text = self.text(key)?;
        match parse_duration(text.get_ref()) {
            Some(seconds) => Some(Spanned::new(text.span(), seconds)),
            None => {
                self.document.error(
                    "not-a-duration",
                    text.span(),
                    format!("`{key}` is not a length of time: `{}`", text.get_ref()),
                    Some(
                        "write a number from 1 on and `s`, `m`, `h` or `d`, for example `15m`"
                            .to_owned(),
                    ),
                );
                None
            }
        }
    }

    /// An instant with its zone, as seconds of UTC.
    pub fn instant(&self, key: &'static str) -> Option<Spanned<i64>> {
        let value = self.value(key)?;
        let found = value.get_ref().as_datetime().and_then(to_instant);
        if found.is_none() {
            self.document.error(
                "not-an-instant",
                value.span(),
                format!("`{key}` is not an instant with a time zone"),
                Some("write it without quotes, for example `2026-10-12T17:00:00Z`".to_owned()),
            );
        }
        found.map(|instant| Spanned::new(value.span(), instant))
    }

    /// A day, as its first second in UTC.
    pub fn day(&self, key: &'static str) -> Option<Spanned<i64>> {
        let value = self.value(key)?;
        let found = value.get_ref().as_datetime().and_then(to_day);
        if found.is_none() {
            self.document.error(
                "not-a-day",
                value.span(),
                format!("`{key}` is not a day"),
                Some("write it without quotes, for example `2026-12-31`".to_owned()),
            );
        }
        found.map(|day| Spanned::new(value.span(), day))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            let all = words.clone().map(|word| format!("`{word}`"));
            let all = all.collect::<Vec<_>>().join(", ");
            self.document.error(
                "unknown-value",
                text.span(),
                format!("`{key}` cannot be `{}`", text.get_ref()),
                suggestion(text.get_ref(), words).or(Some(format!("use one of {all}"))),
            );
        }
        found.map(|(_, choice)| *choice)
    }

    /// A table, if the key is there.
    pub fn table(&self, key: &'static str, name: impl Into<String>) -> Option<Table<'d, 'i>> {
        self.value(key)
            .and_then(|value| Table::of(self.document, value, name))
    }

    /// An array of tables, empty if the key is not there.
    pub fn tables(&self, key: &'static str, name: &str) -> Vec<Table<'d, 'i>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.mismatch(key, value, "an array of tables");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| Table::of(self.document, item, name))
            .collect()
    }

    /// The format number, which must be 1.
    pub fn format(&self) {
        let Some(value) = self.required("format") else {
            return;
        };
        if value.get_ref().as_integer().map(|one| one.as_str()) != Some("1") {
            self.document.error(
                "unknown-format",
                value.span(),
                "`format` is not 1".to_owned(),
                Some("this version reads format 1 only".to_owned()),
            );
        }
    }

    /// Reports every key that was not asked for.
    pub fn finish(&self) {
        self.finish_knowing(&[], "");
    }

    /// The same; keys of `elsewhere` are known but do not belong here, for the reason given.
    pub fn finish_knowing(&self, elsewhere: &[&'static str], reason: &str) {
        let asked = self.asked.borrow();
        for (key, span, _) in self.entries() {
            if asked.contains(&key) {
                continue;
            }
            if elsewhere.contains(&key) {
                let message = format!("the key `{key}` does not belong here: {reason}");
                self.document.error("misplaced-key", span, message, None);
                continue;
            }
            let known = || asked.iter().copied();
            let mut all: Vec<_> = known().collect();
            all.sort_unstable();
            all.dedup();
            self.document.error(
                "unknown-key",
                span,
                format!("unknown key `{key}` in {}", self.name),
                suggestion(key, known()).or_else(|| {
                    (!all.is_empty()).then(|| format!("known keys: {}", all.join(", ")))
                }),
            );
        }
    }
}

fn wrong_type(
    document: &Document,
    value: &Spanned<DeValue<'_>>,
    name: &str,
    wanted: &str,
    found: &DeValue<'_>,
) {
    document.error(
        "wrong-type",
        value.span(),
        format!("{name} must be {wanted}, not {}", type_name(found)),
        None,
    );
}

/// What a value is, with its article.
pub fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problems(text: &str, ask: impl FnOnce(&Table<'_, '_>)) -> Vec<String> {
        let source = SourceText::new("a.toml", text);
        let document = Document::new(&source);
        if let Some(root) = document.parse() {
            let table = Table::new(&document, root.get_ref(), root.span(), "the file");
            ask(&table);
            table.finish();
        }
        let found = document.into_problems().sorted();
        found
            .iter()
            .map(|one| {
                let place = one.place.as_ref().expect("every problem has a place");
                let at = place.source.position(place.span.start);
                format!("{}:{} {}", at.line, at.column, one.message)
            })
            .collect()
    }

    #[test]
    fn every_problem_of_a_file_is_reported_at_its_place() {
        let found = problems(
            "titel = \"x\"\ncount = -1\nwhen = \"2026-10-12\"\n",
            |table| {
                table.required_text("title");
                table.count("count");
                table.instant("when");
            },
        );
        assert_eq!(
            found,
            [
                "1:1 the file lacks the key `title`",
                "1:1 unknown key `titel` in the file",
                "2:9 `count` must be a whole number from 0 on, not a number",
                "3:8 `when` is not an instant with a time zone",
            ]
        );
    }

    #[test]
    fn broken_toml_gives_its_syntax_errors_only() {
        let found = problems("title = \nother = 1\nthird = [\n", |_| panic!("not read"));
        assert!(found.len() >= 2, "{found:?}");
        assert!(found[0].starts_with("1:"), "{found:?}");
    }

    #[test]
    fn instants_need_a_zone() {
        let mut seen = Vec::new();
        let found = problems(
            "a = 2026-10-12T17:00:00Z\nb = 2026-10-12T19:00:00+02:00\nc = 2026-10-12T17:00:00\nd = 2026-10-12\n",
            |table| {
                for key in ["a", "b", "c", "d"] {
                    seen.push(table.instant(key).map(Spanned::into_inner));
                }
            },
        );
        assert_eq!(seen, [Some(1_791_824_400), Some(1_791_824_400), None, None]);
        assert_eq!(found.len(), 2);
    }
}
