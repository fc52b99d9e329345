//! What a scan looks for: all controls compiled, and what must be noted beside them.

use crate::control::list::NamedLists;
use crate::control::model::Expectation;
use crate::control::roles::ControlEngine;
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::ledger::Identity;
use crate::pattern::ListEntry;
use crate::record::class::ClassSet;
use crate::record::likeness::PLACE;
use crate::record::path::{PathId, PathSet, core};
use crate::record::project::Projector;

/// Shared by all threads of a scan.
pub struct Plan {
    /// Gives each record its roles.
    pub engine: ControlEngine,
    /// The conditions of the scan, for its ledger.
    pub identity: Identity,
    /// Whether a control counts its listed records towards a limit.
    pub(super) counts_listed: Vec<bool>,
    /// Numbers of the record-fields controls.
    pub(super) field_controls: Vec<u32>,
    /// Stores whose events are noted.
    pub(super) stores: Vec<StorePlan>,
}

/// One stores table of a coverage control.
pub(super) struct StorePlan {
    pub control: u32,
    pub part: u32,
    pub classes: ClassSet,
    pub path: PathId,
    pub entries: Vec<ListEntry>,
}

impl Plan {
    /// The plan for a set of controls with the lists of a scope; `seed` decides samples.
    pub fn new(set: &ControlSet, scope: &Scope, seed: &str) -> Plan {
        let engine = ControlEngine::new(set, &scope.lists);
        let mut plan = Plan {
            identity: Identity::of(set, scope, seed),
            counts_listed: Vec::new(),
            field_controls: Vec::new(),
            stores: store_plans(set, &scope.lists, engine.paths()),
            engine,
        };
        for (number, control) in (0u32..).zip(set.controls()) {
            let is_threshold = matches!(control.expectation, Expectation::Threshold { .. });
            plan.counts_listed.push(is_threshold);
            if matches!(control.expectation, Expectation::RecordFields(_)) {
                plan.field_controls.push(number);
            }
        }
        plan
    }

    /// The paths that a projector must look for.
    pub fn paths(&self) -> &PathSet {
        self.engine.paths()
    }

    /// A reader of records for this plan.
    pub fn projector(&self) -> Projector<'_> {
        let stores = self.stores.iter().map(|plan| plan.path);
        let wanted: Vec<PathId> = [core::EVENT_TIME, core::EVENT_ID, PLACE[0], PLACE[1]]
            .into_iter()
            .chain(stores)
            .collect();
        Projector::new(self.paths()).recalling(&wanted)
    }

    /// The seed of the samples.
    pub fn seed(&self) -> &str {
        &self.identity.seed
    }
}

fn store_plans(set: &ControlSet, lists: &NamedLists, paths: &PathSet) -> Vec<StorePlan> {
    let mut plans = Vec::new();
    for (control, one) in (0u32..).zip(set.controls()) {
        for (part, store) in (0u32..).zip(one.stores()) {
            // A derived field names no store, so a path that is not in the set never has a value.
            if let Some(path) = paths.get(&store.path) {
                let entries = lists.get(&store.list).cloned().unwrap_or_default();
                // Where no store is known, none can have events.
                if entries.is_empty() {
                    continue;
                }
                plans.push(StorePlan {
                    control,
                    part,
                    classes: store.classes,
                    path,
                    entries,
                });
            }
        }
    }
    plans
}
