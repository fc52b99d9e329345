//! Whether the data events of each store were recorded: a trail chooses them bucket by
//! bucket, table by table, so an event of one store proves nothing for another.

use std::collections::{BTreeMap, BTreeSet};

use super::absence::Seen;
use super::desk::Room;
use super::doubts::Shown;
use super::losses;
use super::outcome::{Basis, StoreProof};
use super::recording::Asked;
use crate::control::list::text_of;
use crate::control::model::{Control, Store};
use crate::ledger::facts::StoreSeen;
use crate::ledger::stores::entry_covers;
use crate::pattern::{ListEntry, ListTest};
use crate::period::{DAY, HOUR};
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
    pub fn of(&self, store: &Store, entry: &ListEntry, class: EventClass) -> StoreProof {
        let seen = self.seen(store, entry, class);
        let records = seen.iter().map(|one| one.records).sum();
        let accounts: BTreeSet<&str> = seen.iter().map(|one| one.account.as_str()).collect();
        let (basis, proof) = self.answer(entry, class, &seen, records);
        StoreProof {
            list: store.list.clone(),
            store: text_of(&entry.test).to_owned(),
            is_front: !matches!(entry.test, ListTest::Exact(_)),
            class,
            accounts: accounts.into_iter().map(str::to_owned).collect(),
            records,
            is_proven: basis != Basis::Nothing,
            basis,
            proof,
        }
    }

    /// Records come first, then what trails were told, then statements.
    fn answer(
        &self,
        entry: &ListEntry,
        class: EventClass,
        seen: &[&StoreSeen],
        records: u64,
    ) -> (Basis, String) {
        let name = text_of(&entry.test);
        let is_prefix = !matches!(entry.test, ListTest::Exact(_));
        // Of a wildcard only the text before its first star is sure.
        let front = match entry.test {
            ListTest::Wildcard(_) => name.split(['*', '?']).next().unwrap_or_default(),
            _ => name,
        };
        let asked = Asked::Store(class, front, is_prefix);
        let lacks = match seen.iter().map(|one| one.day).max() {
            None => match self.is_of_whole_days() {
                true => "no record of it and no statement in the scope file".to_owned(),
                false => "no record of it on a whole day of the period and no statement in the scope file"
                    .to_owned(),
            },
            Some(_) => match self.doubt(seen, asked) {
                None => {
                    let records = losses::counted(records, "record");
                    let when = match self.is_of_whole_days() {
                        true => "in the period",
                        false => "on the whole days of the period",
                    };
                    return (Basis::Records, format!("{records} of it {when}"));
                }
                Some(why) => why,
            },
        };
        let rows = self.room.grid.rows.iter();
        let places: BTreeSet<(&str, &str)> = rows
            .map(|row| (row.account.as_str(), row.region.as_str()))
            .collect();
        let hint = match self.room.trails.at_store(&places, asked) {
            Ok(proof) => return (proof.basis, proof.text),
            Err(hint) => hint,
        };
        let stated = self.room.scope.recorded.iter().find(|one| {
            one.class == class
                && (one.stores.is_empty() || one.stores.iter().any(|stated| stated == name))
        });
        match (stated, hint) {
            (Some(stated), _) => (
                Basis::Stated,
                format!(
                    "the scope file states that it is recorded: {}",
                    stated.source
                ),
            ),
            (None, Some(hint)) => (Basis::Nothing, format!("{lacks}; {hint}")),
            (None, None) => (Basis::Nothing, lacks),
        }
    }

    fn is_of_whole_days(&self) -> bool {
        let period = self.room.period;
        (period.start % DAY, period.end % DAY) == (0, 0)
    }

    /// Whether the store was left out for a while, and no record of an hour of that time shows that it
    /// was recorded all the same.
    ///
    /// Each store that records name is asked about where they name it: one of the same name in another
    /// Region or account, or another one of the same entry, is recorded by trails of its own.
    fn doubt(&self, seen: &[&StoreSeen], asked: Asked<'_>) -> Option<String> {
        let mut stores: BTreeMap<[&str; 3], BTreeSet<i64>> = BTreeMap::new();
        for one in seen {
            let store = [&one.value, &one.account, &one.region].map(String::as_str);
            let hours = (0..24).filter(|hour| one.hours >> hour & 1 == 1);
            let starts = hours.map(|hour| one.day + hour * HOUR);
            stores.entry(store).or_default().extend(starts);
        }
        let doubt = stores.iter().find_map(|([value, account, region], hours)| {
            let hours: Vec<i64> = hours.iter().copied().collect();
            let shown = Shown {
                seen: Seen {
                    starts: &hours,
                    length: HOUR,
                },
                management: &Vec::new,
                writes: &Vec::new,
            };
            let asked = Asked::Store(asked.class(), value, false);
            self.room.trails.doubt(account, region, asked, &shown)
        });
        Some(doubt?.words(
            "in no hour a record of it",
            "to leave it out",
            "what to record",
        ))
    }

    /// Why a control about these stores cannot be answered in full; empty if it can.
    pub fn reasons(&self) -> Vec<String> {
        let mut missing: BTreeSet<(EventClass, &str)> = BTreeSet::new();
        let mut proven: BTreeSet<(EventClass, &str)> = BTreeSet::new();
        let mut why: BTreeMap<(EventClass, &str), (u64, String)> = BTreeMap::new();
        for store in &self.stores {
            let entries = self.room.scope.lists.get(&store.list);
            for entry in entries.map_or(&[][..], Vec::as_slice) {
                for class in store.classes.iter() {
                    let place = (class, text_of(&entry.test));
                    // A store may be named at more than one path; one of them is enough.
                    let found = self.of(store, entry, class);
                    match found.is_proven {
                        true => proven.insert(place),
                        false => {
                            // Where it was named tells most of what is missing.
                            let told = (found.records, found.proof);
                            let best = why.entry(place).or_default();
                            if best.1.is_empty() || best.0 < told.0 {
                                *best = told;
                            }
                            missing.insert(place)
                        }
                    };
                }
            }
        }
        let missing: Vec<_> = missing.difference(&proven).collect();
        let mut all: Vec<String> = missing
            .iter()
            .take(SHOWN)
            .map(|place| {
                let (class, name) = place;
                format!(
                    "events of class `{}` are not proven to be recorded for `{}`: {}",
                    class.id(),
                    display_value(name),
                    why.get(place).map_or("", |(_, why)| why.as_str())
                )
            })
            .collect();
        if missing.len() > SHOWN {
            let more = losses::counted((missing.len() - SHOWN) as u64, "more store");
            all.push(format!("{more} without proof"));
        }
        all
    }

    /// What records of the period name the store. They are counted by day, so a day that lies in
    /// the period only in part shows nothing.
    fn seen(&self, store: &Store, entry: &ListEntry, class: EventClass) -> Vec<&StoreSeen> {
        let part = self.stores.iter().position(|one| one == store);
        let Some(part) = part.map(|at| at as u32) else {
            return Vec::new();
        };
        let room = self.room;
        let seen = room.intake.stores.iter().filter(|one| {
            (one.control, one.part) == (self.number, part)
                && one.classes.contains(class)
                && room.period.start <= one.day
                && one.day + DAY <= room.period.end
                && room.places.has_account(&one.account)
                && entry_covers(&entry.test, &one.value)
        });
        seen.collect()
    }
}

/// The stores of all controls, each once: the best proof of those for its paths.
pub fn all(room: &Room<'_>) -> Vec<StoreProof> {
    let mut all: BTreeMap<(EventClass, String, String), StoreProof> = BTreeMap::new();
    for control in room.set.controls() {
        let proofs = StoreProofs::new(room, control);
        for store in &proofs.stores {
            let entries = room.scope.lists.get(&store.list);
            for entry in entries.map_or(&[][..], Vec::as_slice) {
                for class in store.classes.iter() {
                    let found = proofs.of(store, entry, class);
                    let place = (class, found.list.clone(), found.store.clone());
                    let is_better = all.get(&place).is_none_or(|own| {
                        (own.basis, std::cmp::Reverse(own.records))
                            > (found.basis, std::cmp::Reverse(found.records))
                    });
                    if is_better {
                        all.insert(place, found);
                    }
                }
            }
        }
    }
    all.into_values().collect()
}
