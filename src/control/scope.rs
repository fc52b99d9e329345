//! The scope file: which accounts and Regions an audit covers, the lists that
//! controls ask for, and what was agreed beforehand (quiet places, maintenance,
//! waivers).
//!
//! It states what people say; nothing in it is taken from a log. Whether a
//! statement fits the controls is checked by [`Scope::check`].

use std::sync::Arc;

use super::list::{Leaver, NamedLists};
use super::read::{Document, Table, Text};
use super::set::ControlSet;
use super::waiver::{Maintenance, Waiver};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText, suggestion};
use crate::period::{DAY, Period};
use crate::record::class::EventClass;

pub(super) mod parse;

/// Whole UTC days, from the first to the last; open where none is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// First second of the first one.
    pub from: Option<i64>,
    /// First second of the last one.
    pub until: Option<i64>,
}

impl Days {
    /// Whether the day that begins at `day` is one of them.
    pub fn contains(&self, day: i64) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// One account of the scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// What people call it; the id if nothing was written.
    pub name: String,
    /// The frameworks that it is in scope for; nothing means all.
    pub frameworks: Option<Vec<String>>,
    /// Its own Regions; nothing means those of the scope.
    pub regions: Option<Vec<String>>,
    /// When it belongs to the scope.
    pub days: Days,
}

/// A place where the absence of records is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Nothing means every account.
    pub account: Option<String>,
    /// Nothing means every Region.
    pub region: Option<String>,
    /// On which days.
    pub days: Days,
    /// Why.
    pub reason: String,
}

/// Somebody's statement, with its source, that a class is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The class.
    pub class: EventClass,
    /// Nothing means every account.
    pub account: Option<String>,
    /// For data events: the stores that it is true of; empty means all.
    pub stores: Vec<String>,
    /// Where the statement comes from.
    pub source: String,
}

/// A whole scope file.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Whose packet it is.
    pub organisation: String,
    /// The Regions of the scope.
    pub regions: Vec<String>,
    /// The accounts of the scope.
    pub accounts: Vec<Account>,
    /// Quiet places.
    pub idle: Vec<Idle>,
    /// All lists, `leavers` among them if somebody left.
    pub lists: NamedLists,
    /// Who left, and when.
    pub leavers: Vec<Leaver>,
    /// Statements about recorded classes.
    pub recorded: Vec<Recorded>,
    /// Announced work.
    pub maintenance: Vec<Maintenance>,
    /// Accepted exceptions.
    pub waivers: Vec<Waiver>,
    /// The exact text; empty for [`Scope::none`].
    pub source: Arc<SourceText>,
    places: Places,
}

/// Where statements stand that [`Scope::check`] may object to.
#[derive(Debug, Clone, Default)]
struct Places {
    frameworks: Vec<Text>,
    lists: Vec<Text>,
}

impl Scope {
    /// No scope file: no account is named and every list is unfilled.
    pub fn none() -> Scope {
        Scope {
            organisation: String::new(),
            regions: Vec::new(),
            accounts: Vec::new(),
            idle: Vec::new(),
            lists: NamedLists::new(),
            leavers: Vec::new(),
            recorded: Vec::new(),
            maintenance: Vec::new(),
            waivers: Vec::new(),
            source: SourceText::new("", ""),
            places: Places::default(),
        }
    }

    /// Reads a scope file.
    ///
    /// # Errors
    /// Every problem of the file; a scope with warnings comes with them.
    pub fn parse(source: &Arc<SourceText>) -> Result<(Scope, Diagnostics), Diagnostics> {
        let document = Document::new(source);
        let scope = document.parse().and_then(|root| {
            let table = Table::new(&document, root.get_ref(), 0..0, "the scope");
            parse::read_scope(&table)
        });
        let problems = document.into_problems();
        match scope {
            Some(scope) => problems.unless_errors(scope),
            None => Err(problems.sorted()),
        }
    }

    /// SHA-256 of the exact text, as hexadecimal.
    pub fn digest(&self) -> String {
        super::framework::digest_texts(std::iter::once(("scope", self.source.text.as_str())))
    }

    /// The account with this id.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|one| one.id == id)
    }

    /// The accounts that are in scope for a framework.
    pub fn accounts_for<'s>(&'s self, framework: &'s str) -> impl Iterator<Item = &'s Account> {
        self.accounts.iter().filter(move |account| {
            account
                .frameworks
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| one == framework))
        })
    }

    /// The Regions in which an account is in scope.
    pub fn regions_of<'s>(&'s self, account: &'s Account) -> &'s [String] {
        account.regions.as_deref().unwrap_or(&self.regions)
    }

    /// The statements that make silence normal at a place.
    pub fn idle_at<'s>(&'s self, account: &str, region: &str) -> impl Iterator<Item = &'s Idle> {
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        self.idle
            .iter()
            .filter(move |one| fits(&one.account, account) && fits(&one.region, region))
    }

    /// From and up to when something is expected at a place: the period without its first and last
    /// days that are outside the scope, or declared idle there; the whole where they all are.
    pub fn expected(&self, account: &str, region: &str, period: &Period) -> (i64, i64) {
        let idle: Vec<&Idle> = self.idle_at(account, region).collect();
        let is_expected = |day: &i64| {
            self.holds(account, *day) && !idle.iter().any(|one| one.days.contains(*day))
        };
        let mut days = period.days().filter(is_expected);
        let Some(first) = days.next() else {
            return (period.start, period.end);
        };
        let last = days.last().unwrap_or(first);
        (first.max(period.start), (last + DAY).min(period.end))
    }

    /// Whether an account belongs to the scope on the day that begins at `day`.
    pub fn holds(&self, account: &str, day: i64) -> bool {
        self.account(account)
            .is_none_or(|one| one.days.contains(day))
    }

    /// The announced work that a record falls into, if there is some.
    pub fn maintenance_at(&self, control: &str, account: &str, time: i64) -> Option<&Maintenance> {
        self.maintenance
            .iter()
            .find(|one| one.covers(control, account, time))
    }

    /// What does not fit the controls and frameworks: unknown ids, lists that nobody asks for.
    pub fn check(&self, set: &ControlSet) -> Diagnostics {
        let mut problems = Diagnostics::new();
        for framework in &self.places.frameworks {
            if set.frameworks().get(framework.get_ref()).is_none() {
                problems.push(self.unknown("framework", framework, set.frameworks().ids()));
            }
        }
        let named = self.waivers.iter().map(|one| &one.control);
        let named = named.chain(self.maintenance.iter().flat_map(|one| &one.controls));
        for control in named {
            if set.get(control.get_ref()).is_none() {
                let ids = set.controls().iter().map(|one| one.id.as_str());
                problems.push(self.unknown("control", control, ids));
            }
        }
        let used = set.lists_used();
        for name in &self.places.lists {
            if !used.contains(name.get_ref()) {
                let message = format!("no control uses the list `{}`", name.get_ref());
                problems.push(
                    Diagnostic::warning("unused-list", message)
                        .at(&self.source, name.span())
                        .maybe_help(suggestion(name.get_ref(), used.iter().map(String::as_str))),
                );
            }
        }
        problems.sorted()
    }

    fn unknown<'k>(
        &self,
        what: &str,
        name: &Text,
        known: impl Iterator<Item = &'k str>,
    ) -> Diagnostic {
        let message = format!("unknown {what} `{}`", name.get_ref());
        let code = if what == "control" {
            "unknown-control"
        } else {
            "unknown-framework"
        };
        Diagnostic::error(code, message)
            .at(&self.source, name.span())
            .maybe_help(suggestion(name.get_ref(), known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
format = 1
organisation = "Example Clinic"
regions = ["us-east-1", "eu-west-1"]
[[account]]
id = "111122223333"
name = "cardholder-prod"
frameworks = ["pci-dss-4.0.1"]
[[account]]
id = "444455556666"
regions = ["us-gov-west-1"]
[[idle]]
account = "111122223333"
region = "eu-west-1"
reason = "nothing runs there"
[lists]
log_buckets = ["example-logs", { prefix = "example-logs-" }]
[[leaver]]
person = "Ana Example"
identities = ["ana"]
left = 2026-10-12T17:00:00Z
[[recorded]]
class = "s3-data-read"
account = "111122223333"
stores = ["bucket"]
source = "get-event-selectors of 2026-10-01"
[[maintenance]]
from = 2026-10-03T22:00:00Z
until = 2026-10-04T02:00:00Z
account = "111122223333"
controls = ["trail-stop-delete"]
reason = "move of the trail"
ticket = "CHG-1"
[[waiver]]
control = "root-api-activity"
event-ids = ["11111111-2222-3333-4444-555555555555"]
reason = "closing the account"
approver = "CISO"
ticket = "RISK-7"
expires = 2026-12-31
[[waiver]]
control = "net-sg-open-world"
reason = "public web"
approver = "CISO"
ticket = "RISK-8"
expires = 2026-10-31
[waiver.pattern]
requestParameters.groupId = ["sg-1"]
"#;

    #[track_caller]
    fn refused(text: &str) -> Vec<String> {
        let found = Scope::parse(&SourceText::new("scope.toml", text)).expect_err("problems");
        let at = |one: &Diagnostic| {
            let place = one.place.as_ref().expect("a place");
            let position = place.source.position(place.span.start);
            format!("{}:{} {}", position.line, position.column, one.code)
        };
        found.iter().map(at).collect()
    }

    #[test]
    fn a_whole_scope_is_read() {
        let (scope, warnings) = Scope::parse(&SourceText::new("scope.toml", WHOLE))
            .unwrap_or_else(|found| panic!("{found}"));
        assert!(warnings.is_empty(), "{warnings}");
        assert_eq!(scope.accounts.len(), 2);
        assert_eq!(scope.accounts_for("hipaa").count(), 1);
        let second = scope.account("444455556666").expect("listed");
        assert_eq!(second.name, "444455556666");
        assert_eq!(scope.regions_of(second), ["us-gov-west-1"]);
        assert_eq!(scope.idle_at("111122223333", "eu-west-1").count(), 1);
        assert_eq!(scope.idle_at("444455556666", "eu-west-1").count(), 0);
        assert_eq!(scope.lists["leavers"].len(), 1);
        assert_eq!(scope.recorded[0].class, EventClass::S3DataRead);
        assert_eq!(scope.waivers.len(), 2);
        assert_eq!(scope.digest().len(), 64);
    }

    #[test]
    fn maintenance_covers_its_own_time_account_and_controls_only() {
        let (scope, _) = Scope::parse(&SourceText::new("scope.toml", WHOLE)).expect("valid");
        let start = crate::record::time::parse("2026-10-03T22:00:00Z").expect("valid");
        let covered =
            |control, account, time| scope.maintenance_at(control, account, time).is_some();
        assert!(covered("trail-stop-delete", "111122223333", start));
        assert!(!covered("trail-stop-delete", "111122223333", start - 1));
        assert!(!covered(
            "trail-stop-delete",
            "111122223333",
            start + 4 * 3600
        ));
        assert!(!covered("trail-stop-delete", "444455556666", start));
        assert!(!covered("root-api-activity", "111122223333", start));
    }

    #[test]
    fn all_problems_of_a_scope_are_found_at_once() {
        let text = r#"
format = 1
organization = "x"
regions = ["us-east1"]
[[account]]
id = "123"
[[account]]
id = 5
[[idle]]
reason = "all of it"
[[recorded]]
class = "s3-reads"
source = "x"
[[waiver]]
control = "a"
reason = "r"
approver = "b"
ticket = "t"
expires = "2026-12-31"
"#;
        assert_eq!(
            refused(text),
            [
                "1:1 missing-key",
                "3:1 unknown-key",
                "4:12 bad-region",
                "6:6 bad-account",
                "8:6 wrong-type",
                "9:1 idle-everything",
                "12:9 unknown-value",
                "14:1 waiver-of-nothing",
                "19:11 not-a-day",
            ]
        );
    }
}
