//! A validated control: what an author wrote, with every word checked.
//!
//! Values of these types come from `validate` only. What a control makes of a
//! record is decided in `roles`, what a period makes of it in the assessment.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::list::{Leaver, NamedLists};
use super::read::{Document, Text};
use super::shape::Shape;
use super::verdict::Verdict;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::pattern::Pattern;
use crate::pattern::form::{Condition, FieldPath, Form};
use crate::period::{Per, Period};
use crate::record::class::{ClassSet, EventClass};
use crate::record::outcome::Outcome;

/// How grave an exception of a control is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// First to look at.
    Critical,
    /// Grave.
    High,
    /// Worth a look.
    Medium,
    /// Minor.
    Low,
    /// For information.
    Info,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Severity; 5] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ];

    /// The spelling in controls and packets.
    pub const fn id(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }
}

/// Which outcomes of a call count for a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Calls that were accepted; refused ones are listed as attempts.
    Success,
    /// Calls that were refused.
    Refused,
    /// Both.
    Any,
}

impl Counted {
    /// Every choice.
    pub const ALL: [Counted; 3] = [Counted::Success, Counted::Refused, Counted::Any];

    /// The spelling in controls.
    pub const fn id(self) -> &'static str {
        match self {
            Counted::Success => "success",
            Counted::Refused => "refused",
            Counted::Any => "any",
        }
    }

    /// Whether a call with this outcome counts.
    pub const fn counts(self, outcome: Outcome) -> bool {
        matches!(
            (self, outcome),
            (Counted::Any, _)
                | (Counted::Success, Outcome::Success)
                | (Counted::Refused, Outcome::Refused)
        )
    }
}

/// Which records a control looks at: a pattern and the outcomes that count.
#[derive(Debug, Clone)]
pub struct Population {
    /// Matches them.
    pub pattern: Pattern,
    /// Which of the matching calls count.
    pub outcome: Counted,
}

/// What a control expects of the records of a period.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// None of these may happen.
    Forbid(Population),
    /// Every one of these must also match.
    Every {
        /// What must conform.
        population: Population,
        /// What it must conform to.
        conform: Pattern,
    },
    /// Enough of these must happen.
    AtLeast {
        /// What is counted.
        population: Population,
        /// How many there must be.
        count: u64,
        /// In which stretch of time.
        per: Per,
        /// One count for each entry of a list.
        each: Option<Each>,
    },
    /// Each trigger must have its response in time.
    FollowedBy(Vec<Pair>),
    /// Not too many of these in a window.
    Threshold {
        /// What is counted.
        population: Population,
        /// The paths that name who it is counted for; the first usable value counts.
        by: Vec<String>,
        /// The largest count that is no exception.
        more_than: u64,
        /// Length of the window in seconds.
        window: i64,
    },
    /// These are listed for a person to judge.
    Inventory(Population),
    /// The log set must hold what a verdict needs.
    Coverage(Coverage),
    /// The digest chain must hold.
    Integrity,
    /// Every record must carry these.
    RecordFields(Vec<FieldElement>),
}

impl Expectation {
    /// The spelling of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Expectation::Forbid(_) => "forbid",
            Expectation::Every { .. } => "every",
            Expectation::AtLeast { .. } => "at-least",
            Expectation::FollowedBy(_) => "followed-by",
            Expectation::Threshold { .. } => "threshold",
            Expectation::Inventory(_) => "inventory",
            Expectation::Coverage(_) => "coverage",
            Expectation::Integrity => "integrity",
            Expectation::RecordFields(_) => "record-fields",
        }
    }

    /// Every pattern in it, with what it is for.
    pub fn patterns(&self) -> Vec<(PatternUse, &Pattern)> {
        match self {
            Expectation::Forbid(population)
            | Expectation::Inventory(population)
            | Expectation::AtLeast { population, .. }
            | Expectation::Threshold { population, .. } => {
                vec![(PatternUse::Population, &population.pattern)]
            }
            Expectation::Every {
                population,
                conform,
            } => vec![
                (PatternUse::Population, &population.pattern),
                (PatternUse::Conform, conform),
            ],
            Expectation::FollowedBy(pairs) => pairs.iter().flat_map(pair_patterns).collect(),
            Expectation::RecordFields(fields) => fields
                .iter()
                .filter_map(|field| field.unless.as_ref())
                .map(|pattern| (PatternUse::Unless, pattern))
                .collect(),
            Expectation::Coverage(_) | Expectation::Integrity => Vec::new(),
        }
    }

    /// Which outcomes of its population count, for kinds that have one.
    pub const fn counted(&self) -> Option<Counted> {
        match self {
            Expectation::Forbid(population)
            | Expectation::Inventory(population)
            | Expectation::AtLeast { population, .. }
            | Expectation::Threshold { population, .. }
            | Expectation::Every { population, .. } => Some(population.outcome),
            _ => None,
        }
    }
}

fn pair_patterns(pair: &Pair) -> Vec<(PatternUse, &Pattern)> {
    let mut all = Vec::with_capacity(2);
    if let Trigger::Records(population) = &pair.trigger {
        all.push((PatternUse::Trigger, &population.pattern));
    }
    all.push((PatternUse::Response, &pair.response));
    all
}

/// What a pattern of a control is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternUse {
    /// `pattern`
    Population,
    /// `conform`
    Conform,
    /// `pattern` of a pair
    Trigger,
    /// `response` of a pair
    Response,
    /// `unless` of a record field
    Unless,
}

impl PatternUse {
    /// The key that it is written under.
    pub const fn key(self) -> &'static str {
        match self {
            PatternUse::Population | PatternUse::Trigger => "pattern",
            PatternUse::Conform => "conform",
            PatternUse::Response => "response",
            PatternUse::Unless => "unless",
        }
    }
}

/// One count for each entry of a scope list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Each {
    /// The list.
    pub list: String,
    /// Where a record names the entry.
    pub path: String,
}

/// A trigger, its response and how they belong together.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What starts the clock.
    pub trigger: Trigger,
    /// What must follow; only accepted calls count.
    pub response: Pattern,
    /// Within how many seconds.
    pub within: i64,
    /// All must be equal.
    pub join: Vec<Join>,
}

/// What starts the clock of a pair.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// Records.
    Records(Population),
    /// The scope's leavers, at the time when they left.
    Leavers,
}

/// A value that trigger and response share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The paths in the trigger that may hold it; empty for a leaver, who is joined by identity.
    pub trigger: Vec<String>,
    /// The paths in the response that may hold it.
    pub response: Vec<String>,
    /// Compare only the text after the last `/` or `:`.
    pub as_name: bool,
}

/// What a coverage control looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Account × Region × day.
    Accounts,
    /// The needs of all controls × account.
    Classes,
    /// Data events of each store.
    Stores(Vec<Store>),
}

/// Data stores whose data events must be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The scope list that names them.
    pub list: String,
    /// As the control spells it; see [`store_classes`].
    pub class: String,
    /// The classes meant by `class`.
    pub classes: ClassSet,
    /// Where a record names the store.
    pub path: String,
}

/// The classes that a store's `class` stands for: an event class, or `s3-data` for both of S3's.
pub fn store_classes(class: &str) -> Option<ClassSet> {
    if class == "s3-data" {
        let both = ClassSet::default().with(EventClass::S3DataRead);
        return Some(both.with(EventClass::S3DataWrite));
    }
    EventClass::from_id(class).map(|one| ClassSet::default().with(one))
}

/// Adds every list that a form names data stores by.
fn stores_of(form: &Form, needs: ClassSet, stores: &mut Vec<Store>) {
    match form {
        Form::And(parts) | Form::Or(parts) => {
            for part in parts {
                stores_of(part, needs, stores);
            }
        }
        // What must not be there names no store that the control depends on.
        Form::Not(_) => {}
        Form::Field(field) => {
            let FieldPath::Record(path) = &field.path else {
                return;
            };
            let classes = ClassSet(needs.0 & store_path_classes(path).0);
            let lists = field.any.iter().filter_map(|condition| match condition {
                Condition::List {
                    name,
                    negated: false,
                } => Some(name),
                _ => None,
            });
            for list in lists.filter(|_| classes != ClassSet::default()) {
                stores.push(Store {
                    list: list.clone(),
                    class: String::new(),
                    classes,
                    path: path.clone(),
                });
            }
        }
    }
}

/// The classes of data events whose stores stand at a path.
fn store_path_classes(path: &str) -> ClassSet {
    let s3 = [EventClass::S3DataRead, EventClass::S3DataWrite];
    let others = [EventClass::DynamodbData, EventClass::LambdaData];
    let all: &[EventClass] = match path.rsplit('.').next() {
        Some("bucketName") => &s3,
        Some("tableName") => &others[..1],
        Some("functionName") => &others[1..],
        Some("ARN") => {
            return ClassSet::from_iter(s3.into_iter().chain(others));
        }
        _ => &[],
    };
    all.iter().copied().collect()
}

/// An element that every record must carry.
#[derive(Debug, Clone)]
pub struct FieldElement {
    /// What it is called.
    pub name: String,
    /// At least one of these paths must have a value that is not null and not empty.
    pub any_of: Vec<String>,
    /// Records to which it does not apply.
    pub unless: Option<Pattern>,
}

/// The largest number of elements of a record-fields control.
pub const MOST_FIELDS: usize = 16;

/// Records with the verdict that they must lead to.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The expected verdict, coverage taken as proven.
    pub verdict: Verdict,
    /// The expected number of attempts.
    pub attempts: u64,
    /// The expected number of undecided records.
    pub undecided: u64,
    /// Whole records.
    pub events: Vec<Text>,
    /// The lists of this example; nothing of a scope file is used.
    pub lists: NamedLists,
    /// The leavers of this example.
    pub leavers: Vec<Leaver>,
    /// The period, if it is not the whole months that hold the records.
    pub period: Option<Period>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// One control.
#[derive(Debug, Clone)]
pub struct Control {
    /// Stable id in kebab-case.
    pub id: String,
    /// What is expected, as a statement.
    pub title: String,
    /// What it shows.
    pub objective: String,
    /// How it is examined.
    pub procedure: String,
    /// What it cannot show.
    pub limits: String,
    /// How grave an exception is.
    pub severity: Severity,
    /// The classes that must be recorded for a verdict.
    pub needs: ClassSet,
    /// Framework id to requirement ids.
    pub requirements: BTreeMap<String, Vec<String>>,
    /// What is expected.
    pub expectation: Expectation,
    /// Its examples.
    pub examples: Vec<Example>,
    /// The exact text.
    pub source: Arc<SourceText>,
    /// Where its parts stand.
    pub places: ControlPlaces,
}

/// Where the parts of a control stand in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlPlaces {
    /// The id.
    pub id: Range<usize>,
    /// `needs`, or the whole file where it is missing.
    pub needs: Range<usize>,
    /// `[requirements]`.
    pub requirements: Range<usize>,
    /// `[expect]`.
    pub expect: Range<usize>,
    /// Every pattern, in the order of [`Expectation::patterns`]: where its key stands, and as written.
    pub patterns: Vec<WrittenPattern>,
}

/// A pattern as its author wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenPattern {
    /// Where its key stands.
    pub place: Range<usize>,
    /// Its tests, for `lint`.
    pub shape: Shape,
}

impl Control {
    /// The names of all lists that it asks for, sorted.
    pub fn lists_used(&self) -> Vec<String> {
        let patterns = self.expectation.patterns();
        let mut names: Vec<String> = patterns
            .iter()
            .flat_map(|(_, pattern)| pattern.lists_used())
            .map(str::to_owned)
            .collect();
        match &self.expectation {
            Expectation::AtLeast { each, .. } => {
                names.extend(each.iter().map(|each| each.list.clone()));
            }
            Expectation::FollowedBy(pairs) => {
                let by_list = pairs
                    .iter()
                    .filter(|pair| matches!(pair.trigger, Trigger::Leavers));
                names.extend(by_list.map(|_| super::list::LEAVERS.to_owned()));
            }
            Expectation::Coverage(Coverage::Stores(stores)) => {
                names.extend(stores.iter().map(|store| store.list.clone()));
            }
            _ => {}
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The data stores that it speaks of: those of a stores control, and for any other one each
    /// list that its population names stores by. What is recorded is chosen store by store, so a
    /// verdict about some stores needs proof for just these.
    pub fn stores(&self) -> Vec<Store> {
        if let Expectation::Coverage(Coverage::Stores(stores)) = &self.expectation {
            return stores.clone();
        }
        let mut stores = Vec::new();
        for (purpose, pattern) in self.expectation.patterns() {
            if matches!(purpose, PatternUse::Population | PatternUse::Trigger) {
                stores_of(pattern.form(), self.needs, &mut stores);
            }
        }
        stores.sort_by(|left, right| (&left.list, &left.path).cmp(&(&right.list, &right.path)));
        stores.dedup();
        stores
    }

    /// Whether management events of any call of this service may be among those that are examined.
    pub fn may_examine_all_of(&self, service: &str) -> bool {
        let patterns = self.expectation.patterns();
        let mut examined = patterns
            .iter()
            .filter(|(purpose, _)| matches!(purpose, PatternUse::Population | PatternUse::Trigger));
        self.needs.iter().any(EventClass::is_recorded_by_default)
            && examined.any(|(_, pattern)| pattern.form().may_mean_all_of(service))
    }

    /// Every path that is read outside of patterns: keys, joins, elements.
    pub fn extra_paths(&self) -> Vec<&str> {
        match &self.expectation {
            Expectation::AtLeast { each, .. } => {
                each.iter().map(|each| each.path.as_str()).collect()
            }
            Expectation::Threshold { by, .. } => by.iter().map(String::as_str).collect(),
            Expectation::FollowedBy(pairs) => pairs.iter().flat_map(join_paths).collect(),
            Expectation::RecordFields(fields) => fields
                .iter()
                .flat_map(|field| field.any_of.iter().map(String::as_str))
                .collect(),
            Expectation::Coverage(Coverage::Stores(stores)) => {
                stores.iter().map(|store| store.path.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An error at a place of this control.
    pub fn error(&self, code: &'static str, span: Range<usize>, message: String) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.source, span)
    }

    /// A warning at a place of this control.
    pub fn warning(&self, code: &'static str, span: Range<usize>, message: String) -> Diagnostic {
        Diagnostic::warning(code, message).at(&self.source, span)
    }
}

fn join_paths(pair: &Pair) -> Vec<&str> {
    let joins = pair.join.iter();
    joins
        .flat_map(|join| join.trigger.iter().chain(&join.response))
        .map(String::as_str)
        .collect()
}
/// Reads one pattern; its problems become problems of the document.
pub(super) fn read_pattern(document: &Document, value: &Spanned<DeValue<'_>>) -> Option<Pattern> {
    match Pattern::from_toml(value) {
        Ok(pattern) => Some(pattern),
        Err(problems) => {
            for problem in problems {
                document.error(problem.code, problem.span, problem.message, problem.help);
            }
            None
        }
    }
}

/// Whether a text is an id: lower-case letters and digits, single `-` or `.` between them.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.split(['-', '.']).all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit())
        })
}

/// Reports an id that is malformed or differs from the name of its file.
pub(super) fn check_file_name(document: &Document, id: &Text) {
    if !is_id(id.get_ref()) {
        document.error(
            "bad-id",
            id.span(),
            format!("`{}` is not an id", id.get_ref()),
            Some("use lower-case letters and digits with `-` between words".to_owned()),
        );
        return;
    }
    let name = document.source.name.replace('\\', "/");
    let name = name.rsplit('/').next().unwrap_or_default();
    if let Some(stem) = name.strip_suffix(".toml")
        && stem != id.get_ref()
    {
        document.error(
            "id-is-not-file-name",
            id.span(),
            format!("id `{}` differs from the file name `{name}`", id.get_ref()),
            Some(format!("name the file `{}.toml`", id.get_ref())),
        );
    }
}
