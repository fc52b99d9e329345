//! The scope file: which accounts and Regions an audit covers, the lists that
//! controls ask for, and what was agreed beforehand (quiet places, maintenance,
//! waivers).
//!
//! It states what people say; nothing in it is taken from a log. Whether a
//! statement fits the controls is checked by [`Scope::check`].

use std::sync::Arc;

use toml::Spanned;

use super::list::{self, Leaver, NamedLists};
use super::read::{Document, Table, Text};
use super::set::ControlSet;
use super::waiver::{self, Maintenance, Waiver};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText, suggestion};
use crate::record::class::EventClass;

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
}

/// A place where the absence of records is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Nothing means every account.
    pub account: Option<String>,
    /// Nothing means every Region.
    pub region: Option<String>,
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
            read_scope(&table)
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

    /// The statement that makes silence normal at a place, if there is one.
    pub fn idle_at(&self, account: &str, region: &str) -> Option<&Idle> {
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        self.idle
            .iter()
            .find(|one| fits(&one.account, account) && fits(&one.region, region))
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

fn read_scope(table: &Table<'_, '_>) -> Option<Scope> {
    let document = table.document;
    table.format();
    let organisation = table.required_text("organisation");
    let regions = table.texts("regions");
    check_regions(document, &regions);
    let mut places = Places::default();
    let accounts = read_accounts(table, &mut places);
    let known = Known {
        accounts: &accounts,
        regions: &regions,
    };
    let idle = read_idle(table, &known);
    let mut lists = NamedLists::new();
    if let Some(value) = table.value("lists") {
        lists = list::read_lists(document, value);
        if let Some(named) = Table::of(document, value, "`[lists]`") {
            let names = named.entries();
            places.lists = names
                .map(|(name, span, _)| Spanned::new(span, name.to_owned()))
                .collect();
        }
    }
    let leavers = list::read_leavers(&table.tables("leaver", "`[[leaver]]`"));
    list::add_leavers(&mut lists, &leavers);
    let recorded = read_recorded(table, &known);
    let maintenance = waiver::read_maintenance(table, &known);
    let waivers = waiver::read_waivers(table);
    table.finish();
    if accounts.is_empty() && !table.has("account") {
        document.warning(
            "no-accounts",
            0..0,
            "the scope names no account, so coverage cannot be shown".to_owned(),
            Some("add an `[[account]]` with `id` and `name` for each account in scope".to_owned()),
        );
    }
    Some(Scope {
        organisation: organisation?.into_inner(),
        regions: regions.into_iter().map(Spanned::into_inner).collect(),
        accounts,
        idle,
        lists,
        leavers,
        recorded,
        maintenance,
        waivers,
        source: Arc::clone(&document.source),
        places,
    })
}

/// What other parts of the scope may refer to.
pub(super) struct Known<'a> {
    accounts: &'a [Account],
    regions: &'a [Text],
}

impl Known<'_> {
    /// The account named by `account`, checked, if the key is there.
    pub(super) fn account(&self, table: &Table<'_, '_>) -> Option<String> {
        let account = table.text("account")?;
        let id = account.get_ref();
        if !self.accounts.iter().any(|one| one.id == *id) {
            let ids = self.accounts.iter().map(|one| one.id.as_str());
            table.document.error(
                "unknown-account",
                account.span(),
                format!("account `{id}` is not in the scope"),
                suggestion(id, ids).or(Some("add it as an `[[account]]`".to_owned())),
            );
        }
        Some(account.into_inner())
    }

    fn region(&self, table: &Table<'_, '_>) -> Option<String> {
        let region = table.text("region")?;
        let name = region.get_ref();
        let own = self.accounts.iter().filter_map(|one| one.regions.as_ref());
        let all = self.regions.iter().map(|one| one.get_ref().as_str());
        let mut all = all.chain(own.flatten().map(String::as_str));
        if !all.clone().any(|one| one == name) {
            table.document.error(
                "unknown-region",
                region.span(),
                format!("Region `{name}` is not in the scope"),
                suggestion(name, &mut all),
            );
        }
        Some(region.into_inner())
    }
}

fn read_accounts(table: &Table<'_, '_>, places: &mut Places) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for one in table.tables("account", "`[[account]]`") {
        let Some(account) = read_account(&one, places) else {
            continue;
        };
        if accounts.iter().any(|other| other.id == account.id) {
            let message = format!("account `{}` is listed twice", account.id);
            one.document
                .error("duplicate-id", one.key_span("id"), message, None);
        }
        accounts.push(account);
    }
    accounts
}

fn read_account(table: &Table<'_, '_>, places: &mut Places) -> Option<Account> {
    let id = table.required_text("id");
    if let Some(id) = &id
        && !is_account_id(id.get_ref())
    {
        table.document.error(
            "bad-account",
            id.span(),
            format!("`{}` is not an account id", id.get_ref()),
            Some("an account id is a string of twelve digits".to_owned()),
        );
    }
    let name = table.text("name").map(Spanned::into_inner);
    let frameworks = table.optional_texts("frameworks");
    places
        .frameworks
        .extend(frameworks.iter().flatten().cloned());
    let regions = table.optional_texts("regions");
    check_regions(table.document, regions.as_deref().unwrap_or(&[]));
    table.finish();
    let plain = |all: Vec<Text>| all.into_iter().map(Spanned::into_inner).collect();
    let id = id?.into_inner();
    Some(Account {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        frameworks: frameworks.map(plain),
        regions: regions.map(plain),
    })
}

/// Whether a text has the form of an account id.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|one| one.is_ascii_digit())
}

fn check_regions(document: &Document, regions: &[Text]) {
    for (at, region) in regions.iter().enumerate() {
        let name = region.get_ref();
        if !is_region(name) {
            document.error(
                "bad-region",
                region.span(),
                format!("`{name}` is not a Region"),
                Some("write it as CloudTrail does, for example `eu-west-1`".to_owned()),
            );
        } else if regions[..at].iter().any(|other| other.get_ref() == name) {
            let message = format!("Region `{name}` is listed twice");
            document.warning("duplicate-entry", region.span(), message, None);
        }
    }
}

/// Whether a text has the form of a Region: words of lower-case letters, a number at the end.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let words: Vec<_> = parts.collect();
    !number.is_empty()
        && number.bytes().all(|one| one.is_ascii_digit())
        && words.len() >= 2
        && words
            .iter()
            .all(|word| !word.is_empty() && word.bytes().all(|one| one.is_ascii_lowercase()))
}

fn read_idle(table: &Table<'_, '_>, known: &Known<'_>) -> Vec<Idle> {
    let mut all = Vec::new();
    for one in table.tables("idle", "`[[idle]]`") {
        let account = known.account(&one);
        let region = known.region(&one);
        let reason = one.required_text("reason");
        one.finish();
        if !one.has("account") && !one.has("region") {
            one.document.error(
                "idle-everything",
                one.span.clone(),
                "`[[idle]]` names neither `account` nor `region`, which would excuse everything",
                None,
            );
        }
        if let Some(reason) = reason {
            all.push(Idle {
                account,
                region,
                reason: reason.into_inner(),
            });
        }
    }
    all
}

fn read_recorded(table: &Table<'_, '_>, known: &Known<'_>) -> Vec<Recorded> {
    let classes = EventClass::ALL.map(|class| (class.id(), class));
    let mut all = Vec::new();
    for one in table.tables("recorded", "`[[recorded]]`") {
        let class = one.choice("class", &classes);
        if !one.has("class") {
            one.missing("class");
        }
        let account = known.account(&one);
        let stores = one.texts("stores");
        let source = one.required_text("source");
        one.finish();
        if let (Some(class), Some(source)) = (class, source) {
            all.push(Recorded {
                class,
                account,
                stores: stores.into_iter().map(Spanned::into_inner).collect(),
                source: source.into_inner(),
            });
        }
    }
    all
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
        assert!(scope.idle_at("111122223333", "eu-west-1").is_some());
        assert!(scope.idle_at("444455556666", "eu-west-1").is_none());
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

    #[test]
    fn a_region_has_words_and_a_number() {
        for region in [
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-2",
            "eusc-de-east-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for region in ["us-east", "useast-1", "US-east-1", "us--1", "all", ""] {
            assert!(!is_region(region), "{region}");
        }
    }
}
