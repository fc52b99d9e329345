//! Whether each event class was recorded for each account: shown by records, or
//! stated in the scope file. The absence of records never proves anything.

use super::coverage::Grid;
use super::outcome::{ClassProof, Integrity};
use super::places::Places;
use super::tally::{DayCount, Tally};
use crate::control::scope::Scope;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::record::class::{ClassSet, EventClass};
use crate::record::time;
use crate::source::display::display_value;

/// How long records may still come after a trail was told to record less, in seconds.
const NARROWING_TAKES: i64 = 3600;

/// What proofs rest on.
pub struct Proofs<'a> {
    /// Counts of kept records.
    pub tally: &'a Tally,
    /// Accounts in scope.
    pub places: &'a Places,
    /// The user's statements.
    pub scope: &'a Scope,
    /// Places with records.
    pub grid: &'a Grid,
    /// Changes of trails in the period.
    pub trails: &'a [TrailFact],
    /// What digest chains show.
    pub integrity: &'a Integrity,
}

impl Proofs<'_> {
    /// The proof, or its absence, for each account and each of `classes`.
    pub fn all(&self, classes: ClassSet) -> Vec<ClassProof> {
        let mut proofs = Vec::new();
        for account in self.accounts() {
            let seen = self.tally.classes.keys();
            let seen = seen.filter(|(one, _)| *one == account);
            let own: ClassSet = seen
                .map(|(_, class)| *class)
                .chain(classes.iter())
                .collect();
            for class in own.iter() {
                proofs.push(self.one(&account, class));
            }
        }
        proofs
    }

    /// Accounts that have a row in the grid, in order.
    fn accounts(&self) -> Vec<String> {
        let mut accounts: Vec<String> = self
            .grid
            .rows
            .iter()
            .map(|row| row.account.clone())
            .collect();
        accounts.dedup();
        accounts
    }

    fn one(&self, account: &str, class: EventClass) -> ClassProof {
        let records = self.tally.class(account, class).records;
        let (is_proven, proof) = match self.stated(account, class) {
            Some(statement) => match self.shown(account, class, records) {
                (true, proof) => (true, proof),
                (false, _) => (true, statement),
            },
            None => self.shown(account, class, records),
        };
        ClassProof {
            account: account.to_owned(),
            class,
            records,
            is_proven,
            proof,
        }
    }

    fn stated(&self, account: &str, class: EventClass) -> Option<String> {
        let fits = |one: &&crate::control::scope::Recorded| {
            one.class == class && one.account.as_ref().is_none_or(|own| own == account)
        };
        // A statement about some stores says nothing of the class as a whole.
        let mut whole = self
            .scope
            .recorded
            .iter()
            .filter(|one| one.stores.is_empty());
        let found = whole.find(fits)?;
        Some(format!(
            "the scope file states that it is recorded: {}",
            found.source
        ))
    }

    fn shown(&self, account: &str, class: EventClass, records: u64) -> (bool, String) {
        match class {
            EventClass::Digests => self.integrity.of_account(account),
            EventClass::SignIn => self.sign_in(account),
            EventClass::IdentityCenter | EventClass::Organizations => self.anywhere(class),
            _ if records == 0 => (
                false,
                "no record of it and no statement in the scope file".to_owned(),
            ),
            EventClass::ManagementWrite | EventClass::ManagementRead => {
                match self.missing_somewhere(account, class) {
                    Some(missing) => (false, missing),
                    None => self.still_recorded(account, class, records),
                }
            }
            _ => self.still_recorded(account, class, records),
        }
    }

    /// A trail can be told to record only reads or only writes. So each Region that has records
    /// must have some of the class, and the account on each day on which it has any.
    fn missing_somewhere(&self, account: &str, class: EventClass) -> Option<String> {
        let of_class = |day: &DayCount| match class {
            EventClass::ManagementWrite => day.writes,
            _ => day.reads,
        };
        let mut by_day = vec![(0, 0); self.grid.days.len()];
        for ((owner, region), days) in &self.tally.grid {
            if owner != account {
                continue;
            }
            for (sum, day) in by_day.iter_mut().zip(days) {
                sum.0 += day.calls;
                sum.1 += of_class(day);
            }
            let has_calls = days.iter().any(|day| day.calls > 0);
            if has_calls && days.iter().all(|day| of_class(day) == 0) {
                let region = display_value(region);
                return Some(format!(
                    "Region {region} has records, but none of this class"
                ));
            }
        }
        let without: Vec<i64> = by_day
            .iter()
            .zip(&self.grid.days)
            .filter(|((calls, own), _)| *calls > 0 && *own == 0)
            .map(|(_, day)| *day)
            .collect();
        let first = without.first()?;
        Some(format!(
            "no record of it on {} of {} days that have records (first {})",
            without.len(),
            by_day.iter().filter(|(calls, _)| *calls > 0).count(),
            time::format_day(*first)
        ))
    }

    /// A class that was narrowed away has no records afterwards.
    fn still_recorded(&self, account: &str, class: EventClass, records: u64) -> (bool, String) {
        let last = self.tally.class(account, class).last_time;
        let narrowed = self.trails.iter().find(|fact| {
            // A change of selectors takes effect after minutes, so a last few records prove nothing.
            fact.change == TrailChange::Narrowed
                && fact.account == account
                && fact.time + NARROWING_TAKES > last
        });
        match narrowed {
            Some(fact) => (
                false,
                format!(
                    "{records} records, none after `{}` told a trail to record less on {}",
                    display_value(&fact.event_name),
                    time::format(fact.time)
                ),
            ),
            None => (true, format!("{records} records of it in the period")),
        }
    }

    /// Sign-ins are management events, and the Region of the global endpoint must be there.
    fn sign_in(&self, account: &str) -> (bool, String) {
        let (is_write_proven, proof) = self.shown(
            account,
            EventClass::ManagementWrite,
            self.tally
                .class(account, EventClass::ManagementWrite)
                .records,
        );
        if !is_write_proven {
            return (
                false,
                format!("part of the management write events: {proof}"),
            );
        }
        let own = self.grid.rows.iter().filter(|row| row.account == account);
        let regions: Vec<&str> = own.map(|row| row.region.as_str()).collect();
        let home = global_region(&regions);
        let key = (account.to_owned(), home.to_owned());
        let days = self.tally.grid.get(&key);
        if days.is_some_and(|days| days.iter().any(|day| day.calls > 0)) {
            let proof = format!("part of the management write events; Region {home} has records");
            (true, proof)
        } else {
            let proof = format!("sign-ins are recorded in Region {home} too, which has no records");
            (false, proof)
        }
    }

    /// Recorded only in the account that runs the service, so one account proves it for all.
    fn anywhere(&self, class: EventClass) -> (bool, String) {
        let found = self.accounts().into_iter().find_map(|account| {
            let records = self.tally.class(&account, class).records;
            (records > 0).then_some((account, records))
        });
        match found {
            Some((account, records)) => (
                true,
                format!(
                    "{records} records of it in account {}",
                    display_value(&self.places.shown(&account))
                ),
            ),
            None => (
                false,
                "no record of it in any account; the account that runs it may not be in the set"
                    .to_owned(),
            ),
        }
    }
}

/// The Region in which the global services of the partition are recorded.
fn global_region(regions: &[&str]) -> &'static str {
    if regions.iter().any(|one| one.starts_with("us-gov-")) {
        "us-gov-west-1"
    } else if regions.iter().any(|one| one.starts_with("cn-")) {
        "cn-north-1"
    } else {
        "us-east-1"
    }
}
