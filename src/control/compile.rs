//! From validated controls to one pattern engine that knows what each of its
//! patterns is for. Built once before the first record.

use std::collections::BTreeMap;

use super::keys::FieldRef;
use super::list::{NamedLists, to_lists};
use super::model::{Control, Counted, Each, Expectation, FieldElement, Pair, Population, Trigger};
use super::roles::{Part, Role};

use super::set::ControlSet;
use super::shape::Shape;
use crate::pattern::{Engine, EngineBuilder, ListEntry, Lists, Pattern, PatternId};
use crate::record::class::ClassSet;
use crate::record::derived::Derived;

/// Everything that judging a record needs.
pub(super) struct Compiled {
    pub engine: Engine,
    /// What each indexed pattern is for, by the number of the pattern.
    uses: BTreeMap<u32, PatternRole>,
    /// The record-fields controls.
    pub fields: Vec<FieldsControl>,
    /// Of threshold controls: who a record is counted for.
    pub by: BTreeMap<u32, Vec<FieldRef>>,
    /// Of at-least controls with `each`: one test for each entry.
    pub entries: BTreeMap<u32, Vec<PatternId>>,
    /// Of followed-by controls: the joins of each pair.
    joins: BTreeMap<(u32, u16), Vec<JoinFields>>,
    /// For each control the classes that it needs.
    pub needs: Vec<ClassSet>,
    /// For each control the lists that it asks for and that hold nothing.
    pub unfilled: Vec<Vec<String>>,
}

/// What an indexed pattern is for.
pub(super) struct PatternRole {
    pub control: u32,
    pub part: Part,
    pub counted: Counted,
    /// Whether refused calls are attempts at something that should not happen.
    pub attempts: bool,
    pub then: Use,
}

/// What a counted match is.
pub(super) enum Use {
    /// Always this.
    Is(Role),
    /// Conforming or an exception.
    MustConform(PatternId),
    /// Conforming if it names an entry of the list.
    NamesAnEntry(PatternId),
}

pub(super) struct FieldsControl {
    pub control: u32,
    pub tests: Vec<FieldTest>,
    /// The distinct `unless` patterns.
    pub unless: Vec<PatternId>,
}

pub(super) struct FieldTest {
    pub any_of: Vec<FieldRef>,
    /// Index into [`FieldsControl::unless`].
    pub unless: Option<usize>,
}

pub(super) struct JoinFields {
    pub trigger: Vec<FieldRef>,
    pub response: Vec<FieldRef>,
    pub as_name: bool,
}

impl Compiled {
    pub fn new(set: &ControlSet, lists: &NamedLists) -> Compiled {
        let mut builder = Builder {
            engine: EngineBuilder::new(),
            lists: to_lists(lists),
            named: lists,
            uses: BTreeMap::new(),
            fields: Vec::new(),
            by: BTreeMap::new(),
            entries: BTreeMap::new(),
            joins: BTreeMap::new(),
        };
        let mut unfilled = Vec::with_capacity(set.len());
        for (index, control) in (0u32..).zip(set.controls()) {
            builder.add(index, control);
            let used = control.lists_used().into_iter();
            unfilled.push(used.filter(|name| is_unfilled(lists, name)).collect());
        }
        Compiled {
            engine: builder.engine.finish(),
            uses: builder.uses,
            fields: builder.fields,
            by: builder.by,
            entries: builder.entries,
            joins: builder.joins,
            needs: set.controls().iter().map(|one| one.needs).collect(),
            unfilled,
        }
    }

    pub fn use_of(&self, pattern: PatternId) -> Option<&PatternRole> {
        self.uses.get(&pattern.0)
    }

    pub fn is_unfilled(&self, control: u32) -> bool {
        !self.unfilled[control as usize].is_empty()
    }

    pub fn joins(&self, control: u32, pair: u16) -> &[JoinFields] {
        self.joins.get(&(control, pair)).map_or(&[], Vec::as_slice)
    }
}

/// Whether a list holds nothing; a missing list is no different from an empty one.
fn is_unfilled(lists: &NamedLists, name: &str) -> bool {
    lists.get(name).is_none_or(Vec::is_empty)
}

struct Builder<'l> {
    engine: EngineBuilder,
    lists: Lists,
    named: &'l NamedLists,
    uses: BTreeMap<u32, PatternRole>,
    fields: Vec<FieldsControl>,
    by: BTreeMap<u32, Vec<FieldRef>>,
    entries: BTreeMap<u32, Vec<PatternId>>,
    joins: BTreeMap<(u32, u16), Vec<JoinFields>>,
}

impl Builder<'_> {
    fn add(&mut self, index: u32, control: &Control) {
        match &control.expectation {
            Expectation::Forbid(population) => {
                self.add_population(index, population, Use::Is(Role::Exception));
            }
            Expectation::Inventory(population) => {
                self.add_population(index, population, Use::Is(Role::Listed));
            }
            Expectation::Every {
                population,
                conform,
            } => {
                let conform = self.engine.add_on_demand(conform, &self.lists);
                self.add_population(index, population, Use::MustConform(conform));
            }
            Expectation::Threshold { population, by, .. } => {
                let by = self.field_refs(by);
                self.by.insert(index, by);
                self.add_population(index, population, Use::Is(Role::Listed));
            }
            Expectation::AtLeast {
                population, each, ..
            } => {
                let then = match each {
                    Some(each) => self.add_each(index, each),
                    None => Use::Is(Role::Conforming),
                };
                self.add_population(index, population, then);
            }
            Expectation::FollowedBy(pairs) => {
                for (at, pair) in (0u16..).zip(pairs) {
                    self.add_pair(index, at, pair);
                }
            }
            Expectation::RecordFields(fields) => self.add_fields(index, control, fields),
            Expectation::Coverage(_) | Expectation::Integrity => {
                // Coverage reads its store paths elsewhere, but the projector must know them.
                self.field_refs(&control.extra_paths());
            }
        }
    }

    fn add_population(&mut self, control: u32, population: &Population, then: Use) {
        // A refused call of what should happen is no attempt at anything bad.
        let attempts = !matches!(then, Use::Is(Role::Conforming) | Use::NamesAnEntry(_));
        self.add_indexed(
            &population.pattern,
            PatternRole {
                control,
                part: Part::Population,
                counted: population.outcome,
                attempts,
                then,
            },
        );
    }

    fn add_indexed(&mut self, pattern: &Pattern, role: PatternRole) {
        let id = self.engine.add(pattern, &self.lists);
        self.uses.insert(id.0, role);
    }

    fn add_pair(&mut self, control: u32, at: u16, pair: &Pair) {
        let joins: Vec<_> = pair
            .join
            .iter()
            .map(|join| JoinFields {
                trigger: self.field_refs(&join.trigger),
                response: self.field_refs(&join.response),
                as_name: join.as_name,
            })
            .collect();
        self.joins.insert((control, at), joins);
        if let Trigger::Records(population) = &pair.trigger {
            self.add_indexed(
                &population.pattern,
                PatternRole {
                    control,
                    part: Part::Trigger(at),
                    counted: population.outcome,
                    attempts: true,
                    then: Use::Is(Role::Trigger),
                },
            );
        }
        self.add_indexed(
            &pair.response,
            PatternRole {
                control,
                part: Part::Response(at),
                counted: Counted::Success,
                attempts: false,
                then: Use::Is(Role::Response),
            },
        );
    }

    /// Elements mostly share their `unless`; one that is written the same is one pattern.
    fn add_fields(&mut self, index: u32, control: &Control, fields: &[FieldElement]) {
        let mut written = control.places.patterns.iter();
        let mut distinct: Vec<&Shape> = Vec::new();
        let mut unless = Vec::new();
        let mut tests = Vec::new();
        for field in fields {
            let at = field.unless.as_ref().map(|pattern| {
                let shape = written.next().map(|one| &one.shape);
                let known = shape
                    .filter(|shape| !shape.branches.is_empty())
                    .and_then(|shape| distinct.iter().position(|other| *other == shape));
                known.unwrap_or_else(|| {
                    unless.push(self.engine.add_on_demand(pattern, &self.lists));
                    distinct.extend(shape);
                    unless.len() - 1
                })
            });
            tests.push(FieldTest {
                any_of: self.field_refs(&field.any_of),
                unless: at,
            });
        }
        self.fields.push(FieldsControl {
            control: index,
            tests,
            unless,
        });
    }

    /// One test for the whole list, and one for each entry to tell them apart.
    fn add_each(&mut self, control: u32, each: &Each) -> Use {
        let no_entries = Vec::new();
        let all = self.named.get(&each.list).unwrap_or(&no_entries);
        let entries: Vec<_> = all
            .iter()
            .map(|entry| self.add_list_test(&each.path, std::slice::from_ref(entry)))
            .collect();
        self.entries.insert(control, entries);
        Use::NamesAnEntry(self.add_list_test(&each.path, all))
    }

    fn add_list_test(&mut self, path: &str, entries: &[ListEntry]) -> PatternId {
        let mut own = NamedLists::new();
        own.insert("entries".to_owned(), entries.to_vec());
        let pattern = Pattern::from_json(&list_test(path))
            .expect("a checked path and a list test make a valid pattern");
        self.engine.add_on_demand(&pattern, &to_lists(&own))
    }

    fn field_refs<T: AsRef<str>>(&mut self, paths: &[T]) -> Vec<FieldRef> {
        let engine = &mut self.engine;
        paths
            .iter()
            .map(|path| match Derived::from_name(path.as_ref()) {
                Some(field) => FieldRef::Derived(field),
                None => FieldRef::Path(engine.path(path.as_ref())),
            })
            .collect()
    }
}

/// The pattern that asks whether the value at a path is in the list `entries`.
fn list_test(path: &str) -> String {
    let test = serde_json::json!([{ "list": "entries" }]);
    let nested = path.rsplit('.').fold(test, |inner, name| {
        let mut object = serde_json::Map::new();
        object.insert(name.to_owned(), inner);
        serde_json::Value::Object(object)
    });
    nested.to_string()
}
