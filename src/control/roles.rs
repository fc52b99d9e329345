//! What each control makes of one record: exception, attempt, conforming, and
//! so on. The only place where patterns, outcomes and kinds meet.
//!
//! It sees one record at a time. What needs several records (bursts, responses
//! in time, counts) is marked here and judged later; coverage is not asked.

use super::compile::{Compiled, FieldTest, JoinFields, Use};
use super::keys::{self, Keys};
use super::list::NamedLists;
use super::model::{Counted, MOST_FIELDS};
use super::set::ControlSet;
use crate::pattern::{Engine, Matcher, PatternId, Truth};
use crate::record::class::{EventClass, classes};
use crate::record::outcome::{Outcome, outcome};
use crate::record::path::PathSet;
use crate::record::view::RecordView;

/// What a record is to a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It goes against the control.
    Exception,
    /// It would have, but the call was refused.
    Attempt,
    /// It is as the control wants it, or counts towards what must happen.
    Conforming,
    /// It is counted, or listed for a person.
    Listed,
    /// It must be answered.
    Trigger,
    /// It may answer a trigger.
    Response,
    /// CloudTrail left out what the control asks for, or a list is not filled.
    Undecided,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::Exception,
        Role::Attempt,
        Role::Conforming,
        Role::Listed,
        Role::Trigger,
        Role::Response,
        Role::Undecided,
    ];

    /// The word that is printed.
    pub const fn id(self) -> &'static str {
        match self {
            Role::Exception => "exception",
            Role::Attempt => "attempt",
            Role::Conforming => "conforming",
            Role::Listed => "listed",
            Role::Trigger => "trigger",
            Role::Response => "response",
            Role::Undecided => "undecided",
        }
    }

    /// The role with this word.
    pub fn from_id(id: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|one| one.id() == id)
    }
}

/// Which part of a control gave a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The population, with `conform` where there is one.
    Population,
    /// The trigger of this pair.
    Trigger(u16),
    /// The response of this pair.
    Response(u16),
    /// The elements of a record-fields control, one bit each.
    Fields(FieldBits),
}

/// The elements of a record-fields control that are not simply there, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldBits {
    /// Lacking.
    pub missing: u16,
    /// Not applicable to this record.
    pub exempt: u16,
    /// Left out by CloudTrail.
    pub undecided: u16,
}

/// One role of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assigned {
    /// Index into [`ControlSet::controls`].
    pub control: u32,
    /// Which part of it.
    pub part: Part,
    /// What the record is to it.
    pub role: Role,
}

/// A compiled set of controls, shared by all threads.
pub struct ControlEngine {
    compiled: Compiled,
}

impl ControlEngine {
    /// Compiles all controls of a set with the lists of a scope.
    pub fn new(set: &ControlSet, lists: &NamedLists) -> ControlEngine {
        ControlEngine {
            compiled: Compiled::new(set, lists),
        }
    }

    /// The paths that a projector must look for.
    pub fn paths(&self) -> &PathSet {
        self.engine().paths()
    }

    fn engine(&self) -> &Engine {
        &self.compiled.engine
    }

    /// The lists that a control asks for and that are empty or missing.
    pub fn unfilled_lists(&self, control: u32) -> &[String] {
        &self.compiled.unfilled[control as usize]
    }

    /// What one thread needs to judge records.
    pub fn judge(&self) -> Judge<'_> {
        Judge {
            compiled: &self.compiled,
            matcher: self.engine().matcher(),
            hits: Vec::new(),
            leaves_out_unfilled: false,
        }
    }
}

/// The judge of one thread.
pub struct Judge<'e> {
    compiled: &'e Compiled,
    matcher: Matcher<'e>,
    hits: Vec<(PatternId, Truth)>,
    leaves_out_unfilled: bool,
}

impl Judge<'_> {
    /// The same judge, silent about what is undecided for a control with an
    /// unfilled list. The missing list decides the verdict of such a control
    /// by itself, and nearly every record may be undecided for it; a scan that
    /// kept them all would keep the log set.
    #[must_use]
    pub fn without_unfilled(mut self) -> Self {
        self.leaves_out_unfilled = true;
        // Undecided is all that these patterns can be, and their controls lack a list.
        self.matcher = self.matcher.without_hopeless();
        self
    }

    /// Appends every role of a record to `out`, in the order of controls and
    /// parts. The view must carry the record's time where lists are dated.
    pub fn roles(&mut self, view: &RecordView<'_>, out: &mut Vec<Assigned>) {
        let first = out.len();
        self.hits.clear();
        self.matcher.run(view, &mut self.hits);
        if !self.hits.is_empty() {
            let outcome = outcome(view);
            for at in 0..self.hits.len() {
                let (pattern, truth) = self.hits[at];
                self.settle(pattern, truth, outcome, view, out);
            }
            self.forget_remarks(first, view, out);
        }
        for at in 0..self.compiled.fields.len() {
            self.settle_fields(at, view, out);
        }
        if self.leaves_out_unfilled {
            let compiled = self.compiled;
            let mut at = first;
            for from in first..out.len() {
                let one = out[from];
                if one.role != Role::Undecided || !compiled.is_unfilled(one.control) {
                    out[at] = one;
                    at += 1;
                }
            }
            out.truncate(at);
        }
        out[first..].sort_unstable();
    }

    /// Takes back the roles of a record that is no call of its own, for controls that do not
    /// need its class. A call through a VPC endpoint has a network activity event beside its own
    /// event, with the same name and without the answer of the service, and must not be taken
    /// for a second, accepted call; an Insights event speaks of many calls.
    fn forget_remarks(&self, first: usize, view: &RecordView<'_>, out: &mut Vec<Assigned>) {
        let classes = classes(view);
        let apart = [EventClass::NetworkActivity, EventClass::Insights];
        if let Some(class) = apart.into_iter().find(|class| classes.contains(*class)) {
            let needs = &self.compiled.needs;
            let found = out.split_off(first);
            let kept = found.into_iter();
            out.extend(kept.filter(|one| needs[one.control as usize].contains(class)));
        }
    }

    fn settle(
        &mut self,
        pattern: PatternId,
        truth: Truth,
        outcome: Outcome,
        view: &RecordView<'_>,
        out: &mut Vec<Assigned>,
    ) {
        let compiled = self.compiled;
        let Some(found) = compiled.use_of(pattern) else {
            return;
        };
        let (control, part, counted) = (found.control, found.part, found.counted);
        let role = match counts(counted, outcome, found.attempts) {
            Counts::No => return,
            _ if truth == Truth::Undecided => Role::Undecided,
            Counts::Attempt => Role::Attempt,
            Counts::Yes => match self.role_of(&found.then, view) {
                Some(role) => role,
                None => return,
            },
        };
        out.push(Assigned {
            control,
            part,
            role,
        });
    }

    /// What a counted member of a population is.
    fn role_of(&mut self, then: &Use, view: &RecordView<'_>) -> Option<Role> {
        match then {
            Use::Is(role) => Some(*role),
            Use::MustConform(conform) => Some(match self.matcher.eval(*conform, view) {
                Truth::True => Role::Conforming,
                Truth::False => Role::Exception,
                Truth::Undecided => Role::Undecided,
            }),
            Use::NamesAnEntry(filter) => match self.matcher.eval(*filter, view) {
                Truth::True => Some(Role::Conforming),
                Truth::False => None,
                Truth::Undecided => Some(Role::Undecided),
            },
        }
    }

    /// A record that no element applies to has no role.
    fn settle_fields(&mut self, at: usize, view: &RecordView<'_>, out: &mut Vec<Assigned>) {
        let compiled = self.compiled;
        let found = &compiled.fields[at];
        let mut bits = FieldBits::default();
        // Most elements share one `unless`, so each is asked once.
        let mut exempt = [Truth::False; MOST_FIELDS];
        for (answer, pattern) in exempt.iter_mut().zip(&found.unless) {
            *answer = self.matcher.eval(*pattern, view);
        }
        for (index, field) in found.tests.iter().enumerate() {
            let bit = 1 << index;
            let exempt = field.unless.map_or(Truth::False, |at| exempt[at]);
            match test_field(field, exempt, view) {
                FieldResult::Present => {}
                FieldResult::Missing => bits.missing |= bit,
                FieldResult::Exempt => bits.exempt |= bit,
                FieldResult::Undecided => bits.undecided |= bit,
            }
        }
        let every = u16::MAX >> (16 - found.tests.len());
        if bits.exempt == every {
            return;
        }
        let role = match bits {
            FieldBits { missing: 1.., .. } => Role::Exception,
            FieldBits { undecided: 1.., .. } => Role::Undecided,
            _ => Role::Conforming,
        };
        out.push(Assigned {
            control: found.control,
            part: Part::Fields(bits),
            role,
        });
    }

    /// What must be kept of a record for judging over time.
    pub fn keys(&mut self, assigned: &Assigned, view: &RecordView<'_>) -> Keys {
        if assigned.role == Role::Attempt {
            return Keys::None;
        }
        let compiled = self.compiled;
        let joins = |fields: &[JoinFields], pick: fn(&JoinFields) -> &[keys::FieldRef]| {
            let all = fields.iter();
            let all = all.map(|join| keys::values(view, pick(join), join.as_name));
            Keys::Joins(all.collect())
        };
        match assigned.part {
            Part::Trigger(pair) => {
                joins(compiled.joins(assigned.control, pair), |join| &join.trigger)
            }
            Part::Response(pair) => joins(compiled.joins(assigned.control, pair), |join| {
                &join.response
            }),
            Part::Population => {
                if let Some(by) = compiled.by.get(&assigned.control) {
                    return Keys::By(keys::first_usable(view, by));
                }
                match compiled.entries.get(&assigned.control) {
                    Some(entries) => Keys::Entries(self.entries(entries, view)),
                    None => Keys::None,
                }
            }
            Part::Fields(_) => Keys::None,
        }
    }

    /// The entries whose test is true or cannot be decided.
    fn entries(&mut self, entries: &[PatternId], view: &RecordView<'_>) -> Vec<u32> {
        let mut found = Vec::new();
        for (index, entry) in (0u32..).zip(entries) {
            if self.matcher.eval(*entry, view) != Truth::False {
                found.push(index);
            }
        }
        found
    }
}

/// An exempt record is not counted, even where it happens to have the element.
fn test_field(field: &FieldTest, exempt: Truth, view: &RecordView<'_>) -> FieldResult {
    if exempt == Truth::True {
        FieldResult::Exempt
    } else if field.any_of.iter().any(|one| one.is_present(view)) {
        FieldResult::Present
    } else if exempt == Truth::Undecided || field.any_of.iter().any(|one| one.is_omitted(view)) {
        FieldResult::Undecided
    } else {
        FieldResult::Missing
    }
}

enum FieldResult {
    Present,
    Missing,
    Exempt,
    Undecided,
}

enum Counts {
    Yes,
    Attempt,
    No,
}

/// A refused call of a control that counts successes is an attempt.
fn counts(counted: Counted, found: Outcome, attempts: bool) -> Counts {
    if counted.counts(found) {
        Counts::Yes
    } else if attempts && counted == Counted::Success && found == Outcome::Refused {
        Counts::Attempt
    } else {
        Counts::No
    }
}
