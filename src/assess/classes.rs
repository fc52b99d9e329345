//! Whether each event class was recorded at each account and Region: shown by records, by what
//! trails were told, or stated by the user. The absence of records never proves anything.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::absence::{Absence, Seen};
use super::coverage::{Grid, NO_REGION};
use super::doubts::Shown;
use super::losses::counted;
use super::outcome::{Basis, ClassProof, CoverageRow, DayState, Integrity};
use super::places::Places;
use super::recording::{Asked, Trails};
use super::tally::Tally;
use crate::control::scope::{Recorded, Scope};
use crate::period::HOUR;
use crate::record::class::{ClassSet, EventClass};
use crate::record::time;
use crate::source::display::display_value;

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
    /// What trails were told.
    pub trails: &'a Trails<'a>,
    /// What digest chains show.
    pub integrity: &'a Integrity,
    /// What other answers rest on.
    pub known: Known<'a>,
}

/// Answers that those about other places and classes rest on: each is found once.
#[derive(Default)]
pub struct Known<'a> {
    /// Management events, which others are part of.
    management: RefCell<HashMap<Place<'a>, Answer>>,
    /// Whether records of a place show a class.
    shown_here: RefCell<HashMap<Place<'a>, bool>>,
    /// What shows a class that is recorded in one account for all; or what the first place lacks.
    anywhere: RefCell<HashMap<EventClass, Result<Answer, Option<String>>>>,
}

/// Account, Region and class.
type Place<'a> = (&'a str, &'a str, EventClass);

/// An answer: what it rests on, and the sentence.
type Answer = (Basis, String);

fn once<K: Eq + Hash, V: Clone>(
    known: &RefCell<HashMap<K, V>>,
    key: K,
    find: impl FnOnce() -> V,
) -> V {
    if let Some(found) = known.borrow().get(&key) {
        return found.clone();
    }
    let found = find();
    known.borrow_mut().insert(key, found.clone());
    found
}

fn place(row: &CoverageRow, class: EventClass) -> Place<'_> {
    (&row.account, &row.region, class)
}

fn no(why: impl Into<String>) -> Answer {
    (Basis::Nothing, why.into())
}

impl<'a> Proofs<'a> {
    /// The proof, or its absence, for each place and each of `classes`, and all that it has records of.
    pub fn all(&self, classes: ClassSet) -> Vec<ClassProof> {
        let mut proofs = Vec::new();
        for row in &self.grid.rows {
            let has =
                |class: &EventClass| classes.contains(*class) || self.records(row, *class) > 0;
            let own = EventClass::ALL.into_iter().filter(has);
            proofs.extend(own.map(|class| self.one(row, class)));
        }
        proofs
    }

    fn records(&self, row: &CoverageRow, class: EventClass) -> u64 {
        self.tally.class(&row.account, &row.region, class).records
    }

    /// Why its records show nothing, where all are of files that hold what somebody asked for.
    fn selected(&self, row: &CoverageRow, class: EventClass) -> Option<String> {
        let count = self.tally.class(&row.account, &row.region, class);
        let place = (row.account.clone(), row.region.clone(), class);
        let hours = self.tally.class_hours.get(&place);
        let is_shown = hours.is_some_and(|hours| hours.iter().any(|bits| *bits != 0));
        (count.records > 0 && !is_shown).then(|| {
            format!(
                "{} of it, all of files that hold what was asked for (query results, output of filters, \
                 events of rules), which show nothing of others",
                counted(count.records, "record")
            )
        })
    }

    fn one(&self, row: &'a CoverageRow, class: EventClass) -> ClassProof {
        let records = self.records(row, class);
        let (basis, proof) = self.answer(row, class, records);
        ClassProof {
            account: row.account.clone(),
            region: row.region.clone(),
            class,
            records,
            is_proven: basis != Basis::Nothing,
            basis,
            proof,
        }
    }

    /// Records come first, then what trails were told, then statements.
    fn answer(&self, row: &'a CoverageRow, class: EventClass, records: u64) -> Answer {
        let is_idle = row.days.iter().all(|day| day.is_idle());
        if is_idle && row.counts.iter().all(|count| *count == 0) && class != EventClass::Digests {
            return (Basis::Idle, "nothing is expected at this place".to_owned());
        }
        let (basis, lacks) = self.shown(row, class, records);
        if basis != Basis::Nothing {
            return (basis, lacks);
        }
        if let Some(proof) = self.proved_idle(row, class) {
            return (Basis::Digests, proof);
        }
        // What an organization does in one account says nothing where that account may be absent.
        let is_of_one_account = matches!(
            class,
            EventClass::IdentityCenter | EventClass::Organizations
        );
        let told = match is_of_one_account {
            true => Err(None),
            false => self
                .trails
                .at_place(&row.account, &row.region, Asked::Class(class)),
        };
        let hint = match told {
            Ok(proof) => return (proof.basis, proof.text),
            Err(hint) => hint,
        };
        match (stated(self.scope, &row.account, class), hint) {
            (Some(statement), _) => (Basis::Stated, statement),
            (None, Some(hint)) => no(format!("{lacks}; {hint}")),
            (None, None) => no(lacks),
        }
    }

    /// A Region without any record proves nothing for itself. Where verified digests show that
    /// nothing was delivered, and the one trail that writes digests records the class in another
    /// Region of the account, there was nothing of it.
    ///
    /// The whole account must verify: a log that no digest lists may be of a second trail, whose
    /// records of the class say nothing of the first, and whose missing logs nobody would see.
    fn proved_idle(&self, row: &'a CoverageRow, class: EventClass) -> Option<String> {
        let is_idle = |day: &DayState| *day == DayState::ProvedIdle || day.is_idle();
        let is_proved = row.days.iter().all(is_idle)
            && row.days.contains(&DayState::ProvedIdle)
            && self.trails.has_one_with_digests(&row.account)
            && self.integrity.of_account(&row.account).0;
        if !is_proved || class == EventClass::Digests {
            return None;
        }
        let mut own = self.grid.of_account(&row.account).iter();
        let recorded =
            own.find(|other| other.region != row.region && self.shown_here(other, class))?;
        Some(format!(
            "verified digests show that nothing was delivered here, and the trail records it in Region {}",
            display_value(&recorded.region)
        ))
    }

    fn shown(&self, row: &'a CoverageRow, class: EventClass, records: u64) -> Answer {
        match class {
            EventClass::Digests => match self.integrity.of_account(&row.account) {
                (true, proof) => (Basis::Digests, proof),
                (false, missing) => no(missing),
            },
            EventClass::SignIn => self.sign_in(row),
            EventClass::IdentityCenter | EventClass::Organizations => self.anywhere(row, class),
            EventClass::Kms => match self.still_recorded(row, class, records) {
                (Basis::Records, _) if records == 0 => self.kms_elsewhere(row),
                answer => answer,
            },
            _ if records == 0 => no("no record of it and no statement in the scope file"),
            EventClass::ManagementWrite | EventClass::ManagementRead => {
                once(&self.known.management, place(row, class), || {
                    self.management(row, class, records)
                })
            }
            _ => self.still_recorded(row, class, records),
        }
    }

    fn management(&self, row: &CoverageRow, class: EventClass, records: u64) -> Answer {
        let selected = self.selected(row, class);
        match selected.or_else(|| self.missing_on_days(&row.account, class)) {
            Some(missing) => no(missing),
            None => self.still_recorded(row, class, records),
        }
    }

    /// Whether records alone prove the management write events of a place.
    pub fn writes_are_shown(&self, account: &str, region: &str) -> bool {
        let mut rows = self.grid.of_account(account).iter();
        let row = rows.find(|row| row.region == region);
        row.is_some_and(|row| {
            let class = EventClass::ManagementWrite;
            self.shown(row, class, self.records(row, class)).0 == Basis::Records
        })
    }

    /// A trail can be told to record only reads or only writes. So the account must have some of
    /// the class on each day on which it has any records.
    fn missing_on_days(&self, account: &str, class: EventClass) -> Option<String> {
        let mut by_day = vec![(0, false); self.grid.days.len()];
        let own = self.tally.grid.range((account.to_owned(), String::new())..);
        let own = own.take_while(|((owner, _), _)| owner == account);
        for ((owner, region), days) in own {
            let place = (owner.clone(), region.clone(), class);
            let hours = self.tally.class_hours.get(&place);
            for (at, (sum, day)) in by_day.iter_mut().zip(days).enumerate() {
                sum.0 += day.calls;
                sum.1 |= hours.is_some_and(|hours| hours.get(at).is_some_and(|bits| *bits != 0));
            }
        }
        let without: Vec<i64> = by_day
            .iter()
            .zip(&self.grid.days)
            .filter(|((calls, is_own), _)| *calls > 0 && !is_own)
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

    /// A class that was not recorded for a while has records before and after it: each such time
    /// needs records of its own.
    fn still_recorded(&self, row: &CoverageRow, class: EventClass, records: u64) -> Answer {
        if let Some(why) = self.selected(row, class) {
            return no(why);
        }
        let records = counted(records, "record");
        match self.doubt(row, class) {
            Some(doubt) => no(doubt.words(
                &format!("{records}, none"),
                "to record less",
                "what to record",
            )),
            None => (Basis::Records, format!("{records} of it in the period")),
        }
    }

    fn doubt(&self, row: &CoverageRow, class: EventClass) -> Option<Absence> {
        let (account, region) = (row.account.as_str(), row.region.as_str());
        if !self.trails.may_be_absent(account) {
            return None;
        }
        let writes = [EventClass::ManagementWrite];
        let management = [EventClass::ManagementWrite, EventClass::ManagementRead];
        let hours = |region, classes: &[EventClass]| self.tally.hours_of(account, region, classes);
        let shown = Shown {
            seen: Seen {
                starts: &hours(Some(region), &[class]),
                length: HOUR,
            },
            management: &|| hours(Some(region), &management),
            writes: &|| hours(Some(region), &writes),
        };
        let asked = Asked::Class(class);
        self.trails.doubt(account, region, asked, &shown)
    }

    /// Sign-ins are management events, and the Region of the global endpoint must be there.
    fn sign_in(&self, row: &'a CoverageRow) -> Answer {
        let class = EventClass::ManagementWrite;
        let (basis, proof) = self.shown(row, class, self.records(row, class));
        if basis == Basis::Nothing {
            return no(format!("part of the management write events: {proof}"));
        }
        let own = self.grid.of_account(&row.account).iter();
        let regions: Vec<&str> = own.map(|one| one.region.as_str()).collect();
        let home = global_region(&regions);
        let key = (row.account.clone(), home.to_owned());
        let days = self.tally.grid.get(&key);
        if days.is_some_and(|days| days.iter().any(|day| day.calls > 0)) {
            let proof = format!("part of the management write events; Region {home} has records");
            (basis, proof)
        } else {
            no(format!(
                "sign-ins are recorded in Region {home} too, which has no records"
            ))
        }
    }

    /// A trail leaves out all KMS events of its management events or none. So where a place has
    /// write and read events, KMS events of another Region of the account prove it there too.
    fn kms_elsewhere(&self, row: &'a CoverageRow) -> Answer {
        let kms = EventClass::Kms;
        for class in [EventClass::ManagementWrite, EventClass::ManagementRead] {
            let (basis, proof) = self.shown(row, class, self.records(row, class));
            if basis == Basis::Nothing {
                return no(format!("part of the management events: {proof}"));
            }
        }
        let own = self.grid.of_account(&row.account).iter();
        let own = own.filter(|one| self.shown_here(one, kms));
        let mut lacks = "no record of it and no statement in the scope file".to_owned();
        let mut apart = 0;
        let mut same = own.filter(|one| {
            let regions = [row.region.as_str(), one.region.as_str()];
            let why = self.trails.recorded_apart(&row.account, regions);
            if let (Some(why), 0) = (why, apart) {
                let region = display_value(&one.region);
                lacks = format!("no record of it; Region {region} has some, but {why}");
                apart += 1;
            }
            why.is_none()
        });
        let Some(other) = same.next() else {
            return no(lacks);
        };
        (
            Basis::Elsewhere,
            format!(
                "{} of it in Region {} of the account; a trail leaves them out everywhere or nowhere",
                counted(self.records(other, kms), "record"),
                display_value(&other.region)
            ),
        )
    }

    fn shown_here(&self, row: &'a CoverageRow, class: EventClass) -> bool {
        once(&self.known.shown_here, place(row, class), || {
            let records = self.records(row, class);
            records > 0 && self.shown(row, class, records).0 == Basis::Records
        })
    }

    /// Recorded only in the account that runs the service, so one account proves it for all.
    fn anywhere(&self, row: &'a CoverageRow, class: EventClass) -> Answer {
        let own = self.records(row, class);
        let mut lacks = None;
        if own > 0 {
            let answer = self.among_writes(row, class, own);
            if answer.0 != Basis::Nothing {
                return answer;
            }
            lacks = Some(answer.1);
        }
        let elsewhere = once(&self.known.anywhere, class, || self.elsewhere(class));
        elsewhere.unwrap_or_else(|first| {
            no(lacks.or(first).unwrap_or_else(|| {
                "no record of it in any account; the account that runs it may not be in the set"
                    .to_owned()
            }))
        })
    }

    /// The first place with records that show such a class, or what the first one with records lacks.
    fn elsewhere(&self, class: EventClass) -> Result<Answer, Option<String>> {
        let mut lacks = None;
        let all = self.grid.rows.iter();
        let with_records = all.map(|one| (one, self.records(one, class)));
        for (one, records) in with_records.filter(|(_, records)| *records > 0) {
            let (basis, proof) = self.among_writes(one, class, records);
            if basis != Basis::Nothing {
                return Ok(self.shown_elsewhere(one, records));
            }
            lacks = lacks.or(Some(proof));
        }
        Err(lacks)
    }

    /// What is recorded too seldom to show itself in each absence of a trail is so as far as the
    /// management events that it is part of are.
    fn among_writes(&self, row: &'a CoverageRow, class: EventClass, records: u64) -> Answer {
        let writes = EventClass::ManagementWrite;
        match self.shown(row, writes, self.records(row, writes)) {
            (Basis::Nothing, proof) => no(format!("part of the management write events: {proof}")),
            _ => self.still_recorded(row, class, records),
        }
    }

    fn shown_elsewhere(&self, one: &CoverageRow, records: u64) -> Answer {
        (
            Basis::Elsewhere,
            format!(
                "{} of it in account {}, Region {}",
                counted(records, "record"),
                display_value(&self.places.shown(&one.account)),
                display_value(&one.region)
            ),
        )
    }
}

/// The user's statement that a class is recorded for an account.
pub fn stated(scope: &Scope, account: &str, class: EventClass) -> Option<String> {
    let fits = |one: &&Recorded| {
        one.class == class && one.account.as_ref().is_none_or(|own| own == account)
    };
    // A statement about some stores says nothing of the class as a whole.
    let mut whole = scope.recorded.iter().filter(|one| one.stores.is_empty());
    let found = whole.find(fits)?;
    Some(format!(
        "the scope file states that it is recorded: {}",
        found.source
    ))
}

/// Whether nothing at all is known of a place, so that there is no point in asking class by class.
pub fn is_dark(row: &CoverageRow) -> bool {
    row.region == NO_REGION || row.counts.iter().all(|count| *count == 0)
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
