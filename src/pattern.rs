//! Event patterns: EventBridge's language with its exact semantics, and a few
//! extensions that audits need. `docs/patterns.md` is the specification.
//!
//! Every front end compiles to one boolean [`form::Form`]; an [`Engine`] holds
//! any number of patterns and tries a record against candidates only. The
//! answer for one pattern never depends on which others are loaded, and a value
//! that CloudTrail left out is never taken for an absent one: such a test is
//! [`Truth::Undecided`]. Nothing here judges what a match means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

pub mod form;

mod compile;
pub mod condition;
pub mod fold;
pub mod list;
pub mod network;
pub mod number;
pub mod tree;
pub mod wildcard;

pub mod json;
pub mod toml;

mod consistency;
pub mod engine;
mod index;
mod program;
mod run;

pub mod explain;
pub mod oracle;
pub mod vectors;

pub use engine::{Engine, EngineBuilder, Matcher, PatternId};
pub use explain::explain;
pub use form::Form;
pub use list::{ListEntry, ListTest, Lists};

use ::toml::Spanned;
use ::toml::de::DeValue;

/// What can be said of a record and a test; the order is that of Kleene's logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not match.
    False,
    /// A value that the answer needs was left out or cut by CloudTrail, or a list is missing.
    Undecided,
    /// It matches.
    True,
}

impl Truth {
    /// Undecided if it is possible at all.
    pub(crate) fn possible(is_possible: bool) -> Self {
        if is_possible {
            Truth::Undecided
        } else {
            Truth::False
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Truth::True } else { Truth::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Undecided => Truth::Undecided,
            Truth::True => Truth::False,
        }
    }
}

/// Why a text is no pattern, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl PatternError {
    pub(crate) fn new(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        PatternError {
            code,
            span,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for PatternError {}

/// A checked pattern; its lists are not looked up yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    form: Form,
}

impl Pattern {
    /// A pattern from JSON text.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn from_json(text: &str) -> Result<Pattern, Vec<PatternError>> {
        let node = json::parse(text).map_err(|error| vec![error])?;
        compile::compile(&node).map(|form| Pattern { form })
    }

    /// A pattern from a table of a TOML document; places are those of the document.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn from_toml(table: &Spanned<DeValue<'_>>) -> Result<Pattern, Vec<PatternError>> {
        compile::compile(&toml::node(table)).map(|form| Pattern { form })
    }

    /// A pattern that is a TOML document of its own.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn from_toml_text(text: &str) -> Result<Pattern, Vec<PatternError>> {
        let node = toml::parse(text).map_err(|error| vec![error])?;
        compile::compile(&node).map(|form| Pattern { form })
    }

    /// A pattern from another front end.
    ///
    /// # Errors
    /// `too-many-branches`, without a place.
    pub fn from_form(form: Form) -> Result<Pattern, PatternError> {
        compile::check_size(&form, 0..0)?;
        Ok(Pattern { form })
    }

    /// Its boolean form.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The names of the lists that it needs.
    pub fn lists_used(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.form.visit(&mut |_, condition, _| {
            if let form::Condition::List { name, .. } = condition {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// The fields of a record that it reads, derived ones included; what a
    /// `json` pattern reads inside a string is not among them.
    pub fn paths_used(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        self.form.visit(&mut |field, condition, inside_json| {
            if inside_json {
                return;
            }
            paths.insert(field.path.name().to_owned());
            if let form::Condition::SameAs { path, .. } = condition {
                paths.insert(path.name().to_owned());
            }
        });
        paths
    }

    /// The texts that each field of the record must or may equal, as written;
    /// texts that are excluded (`anything-but`) are not among them.
    pub fn literals(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut literals: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        self.form.visit(&mut |field, condition, inside_json| {
            let form::Condition::Value(test) = condition else {
                return;
            };
            if let (false, Some(text)) = (inside_json, test.exact_text()) {
                let texts = literals.entry(field.path.name().to_owned()).or_default();
                texts.insert(text.to_owned());
            }
        });
        literals
    }

    /// What AWS cannot express of it: field and extension, each once.
    ///
    /// # Errors
    /// The fields that use an extension, and which.
    pub fn aws_expressible(&self) -> Result<(), Vec<(String, &'static str)>> {
        let mut found = BTreeSet::new();
        self.form.visit_fields(&mut |field, inside_json| {
            if inside_json {
                return;
            }
            if let form::FieldPath::Derived(_) = field.path {
                found.insert((field.path.name().to_owned(), "a derived field"));
            }
            for condition in &field.any {
                if let Some(extension) = condition.extension() {
                    found.insert((field.path.name().to_owned(), extension));
                }
            }
        });
        if self.form.has_not() {
            found.insert((String::new(), "a negated group"));
        }
        if found.is_empty() {
            Ok(())
        } else {
            Err(found.into_iter().collect())
        }
    }
}
