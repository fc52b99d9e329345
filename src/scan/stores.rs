//! Notes which data stores of the scope have events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::plan::StorePlan;
use crate::ledger::facts::StoreSeen;
use crate::ledger::stores::entry_covers;
use crate::period::{DAY, HOUR};
use crate::record::class::ClassSet;
use crate::record::path::PathId;

/// The stores of one file.
#[derive(Debug, Default)]
pub struct Stores {
    /// How many records of a day, and the hours that have any.
    seen: BTreeMap<Key, (u64, u32)>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    control: u32,
    part: u32,
    value: String,
    account: String,
    region: String,
    classes: u32,
    day: i64,
}

impl Stores {
    /// Notes the stores that a record names, whose strings at a path are `texts`.
    pub fn note<'t, T: Iterator<Item = Cow<'t, str>>>(
        &mut self,
        plans: &[StorePlan],
        texts: impl Fn(PathId) -> T,
        (account, region): (&str, &str),
        classes: ClassSet,
        time: i64,
    ) {
        for plan in plans {
            let common = classes.0 & plan.classes.0;
            if common == 0 {
                continue;
            }
            for value in texts(plan.path) {
                if !plan
                    .entries
                    .iter()
                    .any(|entry| entry_covers(&entry.test, &value))
                {
                    continue;
                }
                let key = Key {
                    control: plan.control,
                    part: plan.part,
                    value: value.into_owned(),
                    account: account.to_owned(),
                    region: region.to_owned(),
                    classes: common,
                    day: time.div_euclid(DAY) * DAY,
                };
                let (records, hours) = self.seen.entry(key).or_default();
                *records += 1;
                *hours |= 1 << (time.rem_euclid(DAY) / HOUR);
            }
        }
    }

    /// What was noted; empty again.
    pub fn take(&mut self) -> Vec<StoreSeen> {
        std::mem::take(&mut self.seen)
            .into_iter()
            .map(|(key, (records, hours))| StoreSeen {
                control: key.control,
                part: key.part,
                value: key.value,
                account: key.account,
                region: key.region,
                classes: ClassSet(key.classes),
                day: key.day,
                hours,
                records,
            })
            .collect()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.seen.clear();
    }
}
