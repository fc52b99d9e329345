//! All controls of a run, with the frameworks that they serve.
//!
//! A set that exists is free of errors: ids are unique, requirements are known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::framework::{Framework, Frameworks, Requirement, digest_texts};
use super::model::Control;
use super::validate;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText};

/// All controls, in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct ControlSet {
    controls: Vec<Control>,
    frameworks: Frameworks,
}

impl ControlSet {
    /// Reads all control and framework files.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn parse(
        controls: &[Arc<SourceText>],
        frameworks: &[Arc<SourceText>],
    ) -> Result<(ControlSet, Diagnostics), Diagnostics> {
        let (set, problems) = ControlSet::parse_good(controls, frameworks);
        problems.unless_errors(set)
    }

    /// The controls without an error, and every problem of every file. For lint
    /// alone: a run must not go on with half a set.
    pub fn parse_good(
        controls: &[Arc<SourceText>],
        frameworks: &[Arc<SourceText>],
    ) -> (ControlSet, Diagnostics) {
        let mut problems = Diagnostics::new();
        let frameworks = Frameworks::parse(frameworks, &mut problems);
        let mut by_id: BTreeMap<String, Control> = BTreeMap::new();
        for source in controls {
            match validate::parse(source, &frameworks) {
                Ok((control, warnings)) => {
                    problems.extend(warnings);
                    add(&mut by_id, control, &mut problems);
                }
                Err(found) => problems.extend(found),
            }
        }
        let set = ControlSet {
            controls: by_id.into_values().collect(),
            frameworks,
        };
        (set, problems.sorted())
    }

    /// All controls in the order of their ids.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// All frameworks.
    pub fn frameworks(&self) -> &Frameworks {
        &self.frameworks
    }

    /// How many controls there are.
    pub fn len(&self) -> usize {
        self.controls.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.controls.is_empty()
    }

    /// The control with this id.
    pub fn get(&self, id: &str) -> Option<&Control> {
        self.index(id).map(|at| &self.controls[at])
    }

    /// The place of a control in [`ControlSet::controls`].
    pub fn index(&self, id: &str) -> Option<usize> {
        self.controls
            .binary_search_by(|one| one.id.as_str().cmp(id))
            .ok()
    }

    /// The controls that serve a framework.
    pub fn for_framework<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s Control> {
        self.controls
            .iter()
            .filter(move |one| one.requirements.contains_key(id))
    }

    /// The controls that serve one requirement.
    pub fn for_requirement<'s>(
        &'s self,
        framework: &'s str,
        requirement: &'s str,
    ) -> impl Iterator<Item = &'s Control> {
        self.for_framework(framework).filter(move |one| {
            one.requirements[framework]
                .iter()
                .any(|number| number == requirement)
        })
    }

    /// The requirements of a framework that no control serves.
    pub fn without_control<'s>(
        &'s self,
        framework: &'s Framework,
    ) -> impl Iterator<Item = &'s Requirement> {
        framework.requirements.iter().filter(|requirement| {
            self.for_requirement(&framework.id, &requirement.id)
                .next()
                .is_none()
        })
    }

    /// Every list that some control asks for.
    pub fn lists_used(&self) -> BTreeSet<String> {
        let controls = self.controls.iter();
        controls.flat_map(Control::lists_used).collect()
    }

    /// SHA-256 over the ids and exact texts of all controls, as hexadecimal.
    pub fn digest(&self) -> String {
        let texts = self.controls.iter();
        digest_texts(texts.map(|one| (one.id.as_str(), one.source.text.as_str())))
    }

    /// The same set without the controls whose ids `keep` refuses.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Control) -> bool) -> ControlSet {
        ControlSet {
            controls: self
                .controls
                .iter()
                .filter(|one| keep(one))
                .cloned()
                .collect(),
            frameworks: self.frameworks.clone(),
        }
    }
}

fn add(by_id: &mut BTreeMap<String, Control>, control: Control, problems: &mut Diagnostics) {
    if let Some(first) = by_id.get(&control.id) {
        let message = format!("control `{}` is defined twice", control.id);
        problems.push(
            Diagnostic::error("duplicate-id", message)
                .at(&control.source, control.places.id.clone())
                .label(&first.source, first.places.id.clone(), "first defined here")
                .help("give one of them another id, or leave one folder out"),
        );
        return;
    }
    by_id.insert(control.id.clone(), control);
}
