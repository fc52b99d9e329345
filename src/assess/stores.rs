//! Whether the data events of each store were recorded: a trail chooses them bucket by
//! bucket, table by table, so an event of one store proves nothing for another.

use std::collections::BTreeSet;

use super::desk::Room;
use super::losses;
use crate::control::list::text_of;
use crate::control::model::{Control, Store};
use crate::ledger::stores::entry_covers;
use crate::pattern::ListEntry;
use crate::record::class::{ClassSet, EventClass};
use crate::source::display::display_value;

/// Unproven stores that a reason names one by one.
const SHOWN: usize = 5;

/// What is known of the stores that a control speaks of.
pub struct StoreProofs<'a> {
    room: &'a Room<'a>,
    stores: Vec<Store>,
    /// The number that the control has in the ledger.
    number: u32,
}

impl<'a> StoreProofs<'a> {
    /// The stores of one control.
    pub fn new(room: &'a Room<'a>, control: &Control) -> Self {
        let controls = &room.ledger.identity().controls;
        let number = controls.iter().position(|(id, _)| *id == control.id);
        StoreProofs {
            room,
            stores: control.stores(),
            number: number.map_or(u32::MAX, |at| at as u32),
        }
    }

    /// The classes that are proven store by store here.
    pub fn classes(&self) -> ClassSet {
        ClassSet(self.stores.iter().fold(0, |all, one| all | one.classes.0))
    }

    /// Whether a class was recorded for an entry of a store list, and the proof or what lacks.
    pub fn of(&self, store: &Store, entry: &ListEntry, class: EventClass) -> (bool, String) {
        let records = self.records(store, entry, class);
        if records > 0 {
            let records = losses::counted(records, "record");
            return (true, format!("{records} of it in the period"));
        }
        let name = text_of(&entry.test);
        let stated = self.room.scope.recorded.iter().find(|one| {
            one.class == class
                && (one.stores.is_empty() || one.stores.iter().any(|stated| stated == name))
        });
        match stated {
            Some(stated) => (
                true,
                format!(
                    "the scope file states that it is recorded: {}",
                    stated.source
                ),
            ),
            None => (
                false,
                "no record of it and no statement in the scope file".to_owned(),
            ),
        }
    }

    /// Why a control about these stores cannot be answered in full; empty if it can.
    pub fn reasons(&self) -> Vec<String> {
        let mut missing: BTreeSet<(EventClass, &str)> = BTreeSet::new();
        let mut proven: BTreeSet<(EventClass, &str)> = BTreeSet::new();
        for store in &self.stores {
            let entries = self.room.scope.lists.get(&store.list);
            for entry in entries.map_or(&[][..], Vec::as_slice) {
                for class in store.classes.iter() {
                    let place = (class, text_of(&entry.test));
                    // A store may be named at more than one path; one of them is enough.
                    match self.of(store, entry, class) {
                        (true, _) => proven.insert(place),
                        (false, _) => missing.insert(place),
                    };
                }
            }
        }
        let missing: Vec<_> = missing.difference(&proven).collect();
        let mut all: Vec<String> = missing
            .iter()
            .take(SHOWN)
            .map(|(class, name)| {
                format!(
                    "events of class `{}` are not proven to be recorded for `{}`: no record of it \
                     and no statement in the scope file",
                    class.id(),
                    display_value(name)
                )
            })
            .collect();
        if missing.len() > SHOWN {
            let more = losses::counted((missing.len() - SHOWN) as u64, "more store");
            all.push(format!("{more} without proof"));
        }
        all
    }

    fn records(&self, store: &Store, entry: &ListEntry, class: EventClass) -> u64 {
        let part = self.stores.iter().position(|one| one == store);
        let Some(part) = part.map(|at| at as u32) else {
            return 0;
        };
        let room = self.room;
        let seen = room.intake.stores.iter().filter(|one| {
            (one.control, one.part) == (self.number, part)
                && one.classes.contains(class)
                && room.period.contains(one.day.max(room.period.start))
                && room.places.has_account(&one.account)
                && entry_covers(&entry.test, &one.value)
        });
        seen.map(|one| one.records).sum()
    }
}
