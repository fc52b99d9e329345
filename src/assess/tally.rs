//! What the records of a ledger add up to: by account, class, place, day and
//! profile, with copies, conflicts and what lies outside left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::intake::Profiles;
use super::outcome::Marked;
use crate::ledger::remarks::Mark;
use crate::period::{DAY, HOUR};
use crate::record::class::{ClassSet, EventClass};

/// What the kept records add up to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Kept records by classes and profile.
    pub kinds: BTreeMap<(ClassSet, u32), u64>,
    /// Profiles by number.
    pub profiles: Profiles,
    /// Kept records of each account and Region on each day of the period.
    pub grid: BTreeMap<(String, String), Vec<DayCount>>,
    /// Kept records by account, Region and class.
    pub classes: BTreeMap<(String, String, EventClass), ClassCount>,
    /// The hours of each day that have such records, one bit each; not those of files that hold what
    /// somebody asked for.
    pub class_hours: BTreeMap<(String, String, EventClass), Vec<u32>>,
    /// First second of the first day of these hours.
    pub first_day: i64,
    /// Days just outside the period that have management write events, by account and Region.
    pub writes_outside: BTreeMap<(String, String), BTreeSet<i64>>,
    /// Duplicates by place of the file.
    pub duplicates: HashMap<u32, u64>,
    /// Conflicting records that would be in scope and period.
    pub conflicts: u64,
    /// Records of the period that name an account or Region out of scope, in folders of those in scope.
    pub strays: u64,
    /// Records left out because the scope does not name their account, or (with the Region) their Region.
    pub foreign: BTreeMap<(String, String), u64>,
    /// Hours of accounts and Regions of which a conflicting record was left out.
    pub conflict_hours: BTreeSet<(String, String, i64)>,
    /// Kept records with a mark, by account and Region.
    pub marks: BTreeMap<(String, String, Mark), MarkCount>,
    /// Kept records of files that are watched, by place of the file.
    pub watched: HashMap<u32, u64>,
    /// Organizations, with the accounts that have folders below their ids.
    pub members: BTreeSet<(String, String)>,
    /// Accounts with kept records in files of trails whose folders do not tell whose trail wrote them.
    pub unplaced: BTreeSet<String>,
    /// Accounts with records that were read from a log group of CloudWatch Logs.
    pub forwarded: BTreeSet<String>,
    /// Accounts with records that were not.
    pub filed: BTreeSet<String>,
}

/// The records of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayCount {
    /// All of them.
    pub records: u64,
    /// Records that are no remark about others (Insights).
    pub calls: u64,
    /// Management events that change something.
    pub writes: u64,
    /// Management events that only read.
    pub reads: u64,
    /// The hours that have records, one bit each.
    pub hours: u32,
    /// The hours that have management events.
    pub management_hours: u32,
    /// Of these, those of files that a trail filled: what somebody asked for may be of the event
    /// history, which goes on without any trail.
    pub trail_hours: u32,
    /// Whether any of its records is of such a file.
    pub is_of_trail: bool,
}

/// The records of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassCount {
    /// How many.
    pub records: u64,
    /// The earliest of them.
    pub first_time: i64,
    /// The latest of them.
    pub last_time: i64,
}

/// Kept records with one mark at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkCount {
    /// How many.
    pub records: u64,
    /// The earliest of them.
    pub first_time: i64,
    /// The latest of them.
    pub last_time: i64,
}

impl Tally {
    /// What there is of records with a mark, in the order of place and mark.
    pub fn marked(&self) -> Vec<Marked> {
        let all = self.marks.iter();
        all.map(|((account, region, mark), count)| Marked {
            account: account.clone(),
            region: region.clone(),
            mark: mark.clone(),
            records: count.records,
            first_time: count.first_time,
            last_time: count.last_time,
        })
        .collect()
    }

    /// Kept records that prove one of these classes.
    pub fn of_classes(&self, needs: ClassSet) -> u64 {
        self.kinds
            .iter()
            .filter(|((classes, _), _)| classes.0 & needs.0 != 0)
            .map(|(_, count)| count)
            .sum()
    }

    /// Records of a class in an account and Region.
    pub fn class(&self, account: &str, region: &str, class: EventClass) -> ClassCount {
        let key = (account.to_owned(), region.to_owned(), class);
        self.classes.get(&key).copied().unwrap_or_default()
    }

    /// First seconds of the hours in which an account has records of one of these classes, in order;
    /// in one Region, or in any.
    pub fn hours_of(
        &self,
        account: &str,
        region: Option<&str>,
        classes: &[EventClass],
    ) -> Vec<i64> {
        let front = (account.to_owned(), String::new(), EventClass::ALL[0]);
        let own = self.class_hours.range(front..);
        let own = own.take_while(|(key, _)| key.0 == account);
        let own = own
            .filter(|(key, _)| region.is_none_or(|one| key.1 == one) && classes.contains(&key.2));
        let mut days: Vec<u32> = Vec::new();
        for (_, hours) in own {
            days.resize(days.len().max(hours.len()), 0);
            days.iter_mut()
                .zip(hours)
                .for_each(|(all, one)| *all |= one);
        }
        let mut all = Vec::new();
        for (hours, start) in days.iter().zip((self.first_day..).step_by(DAY as usize)) {
            let set = (0..24).filter(|hour| hours >> hour & 1 == 1);
            all.extend(set.map(|hour| start + hour * HOUR));
        }
        all
    }

    /// The Regions in which an account has records.
    pub fn regions_of(&self, account: &str) -> BTreeSet<String> {
        let own = self.grid.keys().filter(|(one, _)| one == account);
        own.map(|(_, region)| region.clone()).collect()
    }
}
