//! A program against one record. Copies nothing that the record holds, except
//! texts with escapes and what array consistency needs.
//!
//! What is undecided is read twice, once as if it failed and once as if it
//! held: only where both readings agree is there an answer.

use std::ops::ControlFlow;

use crate::record::derived::Derived;
use crate::record::identity;
use crate::record::outcome::{Outcome, outcome};
use crate::record::path::{PathId, PathSet, core};
use crate::record::project::{FaultKind, Kind, Leaf, Projector, skip_space};
use crate::record::view::RecordView;

use super::Truth;
use super::condition::Value;
use super::consistency::{Choice, Membership, is_satisfiable};
use super::program::{Check, Program, Quick, Slot, Source, Way};

/// How to take what is undecided: as if it failed, or as if it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Worst,
    Best,
}

impl Reading {
    fn flipped(self) -> Self {
        match self {
            Reading::Worst => Reading::Best,
            Reading::Best => Reading::Worst,
        }
    }
}

/// What is missing from the known values of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// There may be more values than those that are known.
    More,
    /// No value is known.
    All,
}

/// What is known of a slot in one reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    passes: bool,
    has_values: bool,
    /// Some value lies in no array.
    has_plain: bool,
    /// Some value lies in an array.
    has_arrays: bool,
    gap: Gap,
}

/// Room that runs use again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    states: Vec<Option<State>>,
}

/// One record under test.
pub(super) struct Run<'r, 'e> {
    pub(super) view: RecordView<'r>,
    /// The paths that are looked for in JSON inside strings.
    pub(super) inner: &'e PathSet,
    /// Whether the view is a document inside a string, where CloudTrail leaves nothing out.
    pub(super) inside_json: bool,
    met_undecided: bool,
}

impl<'r, 'e> Run<'r, 'e> {
    pub(super) fn new(view: RecordView<'r>, inner: &'e PathSet) -> Self {
        Run {
            view,
            inner,
            inside_json: false,
            met_undecided: false,
        }
    }

    /// Whether the record matches.
    pub(super) fn truth(&mut self, program: &Program, scratch: &mut Scratch) -> Truth {
        self.met_undecided = false;
        if self.program(program, Reading::Worst, scratch) {
            return Truth::True;
        }
        // What decides the worst reading decides the best one too, unless something was open.
        let is_open = self.met_undecided && self.program(program, Reading::Best, scratch);
        Truth::possible(is_open)
    }

    fn program(&mut self, program: &Program, reading: Reading, scratch: &mut Scratch) -> bool {
        scratch.states.clear();
        scratch.states.resize(program.slots.len(), None);
        program
            .ways
            .iter()
            .any(|way| self.way(program, way, reading, scratch))
    }

    fn way(
        &mut self,
        program: &Program,
        way: &Way,
        reading: Reading,
        scratch: &mut Scratch,
    ) -> bool {
        let mut in_arrays = 0;
        let mut depends_on_elements = false;
        for at in &way.slots {
            let slot = &program.slots[*at];
            let state = match scratch.states[*at] {
                Some(state) => state,
                None => {
                    let state = self.state(slot, reading);
                    scratch.states[*at] = Some(state);
                    state
                }
            };
            in_arrays += usize::from(state.has_arrays);
            if !state.is_satisfied(slot, reading) {
                if !state.may_be_absent_in_an_element(slot, reading) {
                    return false;
                }
                depends_on_elements = true;
            }
        }
        let mut inside = Scratch::default();
        if way
            .nots
            .iter()
            .any(|form| self.program(form, reading.flipped(), &mut inside))
        {
            return false;
        }
        if in_arrays < 2 {
            return !depends_on_elements;
        }
        let choices: Vec<_> = way
            .slots
            .iter()
            .map(|at| self.choice(&program.slots[*at], reading))
            .collect();
        is_satisfiable(&choices)
    }

    fn state(&mut self, slot: &Slot, reading: Reading) -> State {
        let gap = self.gap(slot.source);
        self.met_undecided |= gap != Gap::None;
        let mut state = State {
            passes: false,
            has_values: false,
            has_plain: false,
            has_arrays: false,
            gap,
        };
        if gap == Gap::All {
            return state;
        }
        if let Source::Path(path) = slot.source
            && !matches!(slot.quick, Quick::No)
        {
            self.quick_state(path, &slot.quick, reading, &mut state);
            return state;
        }
        let _ = self.each_value(slot.source, |run, found| {
            let is_plain = run.steps(found).next().is_none();
            state.has_values = true;
            state.has_plain |= is_plain;
            state.has_arrays |= !is_plain;
            if !state.passes {
                state.passes = run.passes(slot, found, reading);
            }
            // A derived value lies in no array, and a list that is not there says the same of any.
            let is_settled = state.passes || matches!(slot.quick, Quick::Unfilled);
            if found.leaf.is_none() && is_settled {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        state
    }

    /// [`Run::state`] where the bytes of the record answer, see [`Quick`].
    fn quick_state(&mut self, path: PathId, quick: &Quick, reading: Reading, state: &mut State) {
        let view = self.view;
        let mut array_end = 0;
        if matches!(quick, Quick::Texts(_)) {
            view.tell(path);
        }
        for leaf in view.outlines(path) {
            match leaf.kind {
                Kind::Array => {
                    array_end = array_end.max(leaf.end);
                    continue;
                }
                Kind::Object => continue,
                _ => {}
            }
            let is_element = leaf.start < array_end;
            let is_plain = view.trail(leaf).nth(usize::from(is_element)).is_none();
            state.has_values = true;
            state.has_plain |= is_plain;
            state.has_arrays |= !is_plain;
            state.passes |= match quick {
                Quick::Texts(texts) => texts
                    .iter()
                    .any(|(mark, text)| leaf.mark == *mark && view.is_text(leaf, text)),
                Quick::Unfilled => {
                    self.met_undecided = true;
                    reading == Reading::Best
                }
                Quick::No => false,
            };
        }
    }

    fn passes(&mut self, slot: &Slot, found: &Found<'r>, reading: Reading) -> bool {
        let truth = self.check(slot, found);
        self.met_undecided |= truth == Truth::Undecided;
        match reading {
            Reading::Worst => truth == Truth::True,
            Reading::Best => truth != Truth::False,
        }
    }

    fn choice(&mut self, slot: &Slot, reading: Reading) -> Choice {
        let gap = self.gap(slot.source);
        let mut choice = Choice::default();
        let mut all = Vec::new();
        if gap != Gap::All {
            let _ = self.each_value(slot.source, |run, found| {
                let mut membership: Membership = run.steps(found).collect();
                membership.sort_unstable();
                if run.passes(slot, found, reading) {
                    choice.pass.push(membership.clone());
                }
                all.push(membership);
                ControlFlow::Continue(())
            });
        }
        if gap != Gap::None && reading == Reading::Best && !slot.checks.is_empty() {
            choice.pass.push(Membership::new());
        }
        choice.pass.dedup();
        if slot.may_be_absent && (gap == Gap::None || reading == Reading::Best) {
            choice.absent = Some(all);
        }
        choice
    }

    /// What the record lacks of the values of `source`.
    pub(super) fn gap(&self, source: Source) -> Gap {
        if self.inside_json {
            return Gap::None;
        }
        let [_, response, details, additional] = self.view.omitted_roots();
        match source {
            Source::Path(path) if self.view.is_omitted(path) => Gap::All,
            // Sign-in records alone tell their outcome in members that can be left out.
            Source::Derived(Derived::Outcome)
                if (response || details)
                    && self.view.text(core::EVENT_SOURCE).as_deref()
                        == Some("signin.amazonaws.com")
                    && outcome(&self.view) == Outcome::Success =>
            {
                Gap::All
            }
            Source::Derived(Derived::Person) if additional => Gap::More,
            _ => Gap::None,
        }
    }

    /// Calls `see` with each value of `source` until it breaks.
    pub(super) fn each_value(
        &mut self,
        source: Source,
        mut see: impl FnMut(&mut Self, &Found<'r>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let view = self.view;
        let mut derived = |value: Value<'r>, run: &mut Self| {
            see(
                run,
                &Found {
                    value,
                    leaf: None,
                    is_element: false,
                },
            )
        };
        match source {
            Source::Path(path) => {
                let mut array_end = 0;
                for leaf in view.leaves(path) {
                    match leaf.kind {
                        Kind::Array => array_end = array_end.max(leaf.end),
                        Kind::Object => {}
                        _ => {
                            let found = Found {
                                value: Value {
                                    kind: leaf.kind,
                                    text: view.text_of(leaf),
                                    cut: !self.inside_json && view.is_cut(leaf),
                                },
                                leaf: Some(leaf),
                                is_element: leaf.start < array_end,
                            };
                            see(self, &found)?;
                        }
                    }
                }
                ControlFlow::Continue(())
            }
            Source::Derived(Derived::Outcome) => {
                derived(Value::string(outcome(&view).id().into()), self)
            }
            Source::Derived(Derived::Actor) => {
                let actor = identity::actor(&view);
                if actor.is_empty() {
                    return ControlFlow::Continue(());
                }
                derived(Value::string(actor), self)
            }
            Source::Derived(Derived::Person) => identity::person_texts(&view)
                .try_for_each(|text| derived(Value::string(text), self)),
            Source::Derived(other) => other
                .values(&view)
                .into_iter()
                .try_for_each(|text| derived(Value::string(text), self)),
        }
    }

    /// The array elements that a value lies in. A value that is itself an
    /// element of an array is not bound to that element, as in the reference.
    pub(super) fn steps(&self, found: &Found<'r>) -> impl Iterator<Item = (u32, u32)> + use<'r> {
        let view = self.view;
        let skipped = usize::from(found.is_element);
        found
            .leaf
            .into_iter()
            .flat_map(move |leaf| view.trail(leaf).skip(skipped))
    }

    /// Whether some test of the slot takes the value.
    fn check(&mut self, slot: &Slot, found: &Found<'r>) -> Truth {
        let mut all = Truth::False;
        for check in &slot.checks {
            all = all.max(self.check_one(check, found));
            if all == Truth::True {
                break;
            }
        }
        all
    }

    pub(super) fn check_one(&mut self, check: &Check, found: &Found<'r>) -> Truth {
        let (truth, negated) = match check {
            Check::Value(test) => (test.check(&found.value), false),
            Check::Exists => (Truth::True, false),
            Check::Listed { roll, negated } => {
                (roll.check(&found.value, self.view.time()), *negated)
            }
            Check::Same { source, negated } => (self.same(*source, found), *negated),
            Check::Json(program) => (self.json(program, &found.value), false),
        };
        if negated { !truth } else { truth }
    }

    /// Whether a value of `source` in the same array elements equals this one.
    fn same(&mut self, source: Source, found: &Found<'r>) -> Truth {
        let gap = self.gap(source);
        let mut all = Truth::possible(gap != Gap::None);
        if gap == Gap::All {
            return all;
        }
        let _ = self.each_value(source, |run, other| {
            if run.are_consistent(found, other) {
                all = all.max(found.value.same(&other.value));
            }
            match all {
                Truth::True => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        all
    }

    fn are_consistent(&self, left: &Found<'r>, right: &Found<'r>) -> bool {
        self.steps(left).all(|(array, element)| {
            self.steps(right)
                .all(|(other, its_element)| array != other || element == its_element)
        })
    }

    /// Whether the string holds JSON that matches.
    fn json(&mut self, program: &Program, value: &Value<'_>) -> Truth {
        if value.kind != Kind::String {
            return Truth::False;
        }
        if value.cut {
            return Truth::Undecided;
        }
        if let Some(truth) = self.json_text(program, &value.text) {
            return truth;
        }
        match percent_decoded(&value.text) {
            Some(decoded) => self.json_text(program, &decoded).unwrap_or(Truth::False),
            None => Truth::False,
        }
    }

    /// Nothing if the text is not a JSON object or array.
    fn json_text(&mut self, program: &Program, text: &str) -> Option<Truth> {
        let bytes = text.as_bytes();
        let start = skip_space(bytes, 0);
        if !matches!(bytes.get(start), Some(b'{' | b'[')) {
            return None;
        }
        let mut projector = Projector::new(self.inner);
        match projector.read(bytes, start) {
            Ok(end) if skip_space(bytes, end) == bytes.len() => {}
            Ok(_) => return None,
            Err(fault) => match fault.kind {
                FaultKind::Syntax(_) | FaultKind::Truncated => return None,
                // JSON that parsers read in different ways: nobody knows what AWS made of it.
                FaultKind::TooDeep
                | FaultKind::TooManyValues
                | FaultKind::DuplicateMember(_)
                | FaultKind::LoneSurrogate => {
                    return Some(Truth::Undecided);
                }
            },
        }
        let view = RecordView::new(bytes, &projector).at(self.view.time());
        let mut run = Run {
            inside_json: true,
            ..Run::new(view, self.inner)
        };
        Some(run.truth(program, &mut Scratch::default()))
    }
}

/// One value on its way through the checks.
pub(super) struct Found<'r> {
    pub(super) value: Value<'r>,
    leaf: Option<&'r Leaf>,
    /// Whether the value itself is an element of an array.
    is_element: bool,
}

impl State {
    /// Whether the slot holds, its array elements left aside.
    fn is_satisfied(&self, slot: &Slot, reading: Reading) -> bool {
        let hoped_for =
            self.gap != Gap::None && reading == Reading::Best && !slot.checks.is_empty();
        self.passes || hoped_for || (self.can_lack(slot, reading) && !self.has_values)
    }

    /// Whether the slot may hold because no value lies in the elements that other fields fix.
    fn may_be_absent_in_an_element(&self, slot: &Slot, reading: Reading) -> bool {
        self.can_lack(slot, reading) && !self.has_plain
    }

    fn can_lack(&self, slot: &Slot, reading: Reading) -> bool {
        slot.may_be_absent && (self.gap == Gap::None || reading == Reading::Best)
    }
}

/// The text that a URL-encoded text stands for; nothing if it is not URL-encoded UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = behind;
            continue;
        }
        let digit = |at: usize| (*behind.get(at)? as char).to_digit(16);
        bytes.push((digit(0)? * 16 + digit(1)?) as u8);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn url_encoding_is_undone_only_where_it_is_whole() {
        assert_eq!(
            percent_decoded("%7B%22a%22%3A1%7D").as_deref(),
            Some("{\"a\":1}")
        );
        assert_eq!(percent_decoded("caf%C3%A9").as_deref(), Some("café"));
        assert_eq!(percent_decoded("plain"), None);
        assert_eq!(percent_decoded("50%"), None);
        assert_eq!(percent_decoded("%zz"), None);
        assert_eq!(percent_decoded("%ff"), None);
    }
}
