//! A pattern made ready to run: paths interned, lists looked up, alternatives
//! laid out as branches. Nothing is decided here.

use std::sync::Arc;

use crate::record::derived::Derived;
use crate::record::path::{PathId, PathSet};
use crate::record::project::text_mark;

use super::condition::ValueTest;
use super::form::{Condition, Field, FieldPath, Form};
use super::list::{Lists, Roll};

/// A runnable form.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) slots: Vec<Slot>,
    pub(super) ways: Vec<Way>,
}

impl Program {
    /// Whether it cannot match any record, because the scope lacks a list that
    /// every way of it asks: it may be undecided at most.
    pub(super) fn is_hopeless(&self) -> bool {
        let lacks = |at: &usize| {
            let slot = &self.slots[*at];
            matches!(slot.quick, Quick::Unfilled) && !slot.may_be_absent
        };
        self.ways.iter().all(|way| way.slots.iter().any(lacks))
    }
}

/// A field of the program.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) source: Source,
    /// All but `exists = false`.
    pub(super) checks: Vec<Check>,
    /// Whether `exists = false` is among its tests.
    pub(super) may_be_absent: bool,
    /// The checks in a form that is quickly answered, if they have one.
    pub(super) quick: Quick,
}

/// Tests that can be answered without making a value of what a record holds.
#[derive(Debug, Clone)]
pub(super) enum Quick {
    /// There are others.
    No,
    /// One of these texts, each with its mark, in full.
    Texts(Vec<(u32, Box<str>)>),
    /// A list that the scope does not have, so that nothing can be said of any value.
    Unfilled,
}

impl Quick {
    fn new(source: Source, checks: &[Check], paths: &PathSet) -> Quick {
        let is_cut = matches!(source, Source::Path(path) if paths.is_cut_at_1024(path));
        if let [Check::Listed { roll, .. }] = checks
            && roll.is_missing()
        {
            return Quick::Unfilled;
        }
        let text = |check: &Check| match check {
            Check::Value(test) if !is_cut => test
                .exact_text()
                .map(|text| (text_mark(text.as_bytes()), text.into())),
            _ => None,
        };
        match checks.iter().map(text).collect() {
            Some(texts) => Quick::Texts(texts),
            None => Quick::No,
        }
    }
}

/// Where values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Path(PathId),
    Derived(Derived),
}

/// A test of a value that is there.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Value(ValueTest),
    Exists,
    Listed { roll: Arc<Roll>, negated: bool },
    Same { source: Source, negated: bool },
    Json(Box<Program>),
}

/// One way to satisfy the form.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// Slots, in the order of their names.
    pub(super) slots: Vec<usize>,
    pub(super) nots: Vec<Program>,
}

/// What a program is built with: the paths of records, and of JSON inside strings.
pub(super) struct Build<'b> {
    pub(super) paths: &'b mut PathSet,
    pub(super) inner: &'b mut PathSet,
    pub(super) lists: &'b Lists,
    pub(super) inside_json: bool,
}

impl Build<'_> {
    pub(super) fn program(&mut self, form: &Form) -> Program {
        let branches = form
            .branches()
            .expect("the number of branches was checked when the pattern was made");
        let mut fields: Vec<&Field> = Vec::new();
        let ways = branches
            .iter()
            .map(|branch| Way {
                slots: branch
                    .fields
                    .iter()
                    .map(|field| place(&mut fields, field))
                    .collect(),
                nots: branch.nots.iter().map(|form| self.program(form)).collect(),
            })
            .collect();
        let slots = fields.into_iter().map(|field| self.slot(field)).collect();
        Program { slots, ways }
    }

    pub(super) fn slot(&mut self, field: &Field) -> Slot {
        let source = self.source(&field.path);
        let checks: Vec<Check> = field
            .any
            .iter()
            .filter_map(|condition| self.check(condition))
            .collect();
        let paths = match self.inside_json {
            true => &self.inner,
            false => &self.paths,
        };
        Slot {
            source,
            quick: Quick::new(source, &checks, paths),
            checks,
            may_be_absent: field.any.contains(&Condition::Absent),
        }
    }

    fn source(&mut self, path: &FieldPath) -> Source {
        match path {
            FieldPath::Derived(derived) => Source::Derived(*derived),
            FieldPath::Record(path) if self.inside_json => Source::Path(self.inner.intern(path)),
            FieldPath::Record(path) => Source::Path(self.paths.intern(path)),
        }
    }

    fn check(&mut self, condition: &Condition) -> Option<Check> {
        Some(match condition {
            Condition::Absent => return None,
            Condition::Exists => Check::Exists,
            Condition::Value(test) => Check::Value(test.clone()),
            Condition::List { name, negated } => Check::Listed {
                roll: Arc::new(Roll::new(self.lists.get(name))),
                negated: *negated,
            },
            Condition::SameAs { path, negated } => Check::Same {
                source: self.source(path),
                negated: *negated,
            },
            Condition::Json(form) => {
                let outside = std::mem::replace(&mut self.inside_json, true);
                let program = self.program(form);
                self.inside_json = outside;
                Check::Json(Box::new(program))
            }
        })
    }
}

/// The index of `field` among `fields`, which is the same for the same place in the form.
fn place<'f>(fields: &mut Vec<&'f Field>, field: &'f Field) -> usize {
    match fields.iter().position(|known| std::ptr::eq(*known, field)) {
        Some(at) => at,
        None => {
            fields.push(field);
            fields.len() - 1
        }
    }
}
