//! Reads the scope file; every statement that refers to another is held against it.

use std::sync::Arc;

use toml::Spanned;

use super::{Account, Days, Idle, Places, Recorded, Scope};
use crate::control::list::{self, NamedLists};
use crate::control::read::{Document, Table, Text};
use crate::control::waiver;
use crate::diagnostic::suggestion;
use crate::record::class::EventClass;

pub(super) fn read_scope(table: &Table<'_, '_>) -> Option<Scope> {
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
pub(in crate::control) struct Known<'a> {
    accounts: &'a [Account],
    regions: &'a [Text],
}

impl Known<'_> {
    /// The account named by `account`, checked, if the key is there.
    pub(in crate::control) fn account(&self, table: &Table<'_, '_>) -> Option<String> {
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
    let days = read_days(table);
    table.finish();
    let plain = |all: Vec<Text>| all.into_iter().map(Spanned::into_inner).collect();
    let id = id?.into_inner();
    Some(Account {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        frameworks: frameworks.map(plain),
        regions: regions.map(plain),
        days,
    })
}

fn read_days(table: &Table<'_, '_>) -> Days {
    let days = Days {
        from: table.day("from").map(Spanned::into_inner),
        until: table.day("until").map(Spanned::into_inner),
    };
    if Option::zip(days.from, days.until).is_some_and(|(from, until)| until < from) {
        table.document.error(
            "backwards",
            table.key_span("until"),
            "the last day is before the first one",
            None,
        );
    }
    days
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
        let days = read_days(&one);
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
                days,
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
    use super::is_region;

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
