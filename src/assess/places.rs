//! Which accounts and Regions are in scope.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::scope::Scope;
use crate::record::identity::UNKNOWN;

/// Whether two frameworks are about the same accounts and Regions: what is assessed for one
/// of them is then true of the other.
pub fn same_places(scope: &Scope, one: &str, other: &str) -> bool {
    Places::of(scope, Some(one)) == Places::of(scope, Some(other))
}

/// The accounts and Regions of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Account id to its name and Regions; empty where no list was given.
    accounts: BTreeMap<String, Place>,
    is_given: bool,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What people call it.
    pub name: String,
    /// Its Regions; empty where no Regions were given.
    pub regions: BTreeSet<String>,
}

impl Places {
    /// The places of a scope, or of the part of it that a framework is for.
    pub fn of(scope: &Scope, framework: Option<&str>) -> Places {
        let wanted =
            |account: &crate::control::scope::Account| match (framework, &account.frameworks) {
                (Some(framework), Some(all)) => all.iter().any(|one| one == framework),
                _ => true,
            };
        let accounts = scope
            .accounts
            .iter()
            .filter(|account| wanted(account))
            .map(|account| {
                let place = Place {
                    name: account.name.clone(),
                    regions: scope.regions_of(account).iter().cloned().collect(),
                };
                (account.id.clone(), place)
            });
        Places {
            accounts: accounts.collect(),
            is_given: !scope.accounts.is_empty(),
        }
    }

    /// Whether somebody said which accounts there are.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// The accounts in the order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.accounts.iter().map(|(id, place)| (id.as_str(), place))
    }

    /// Accounts for which no Region was given.
    pub fn without_regions(&self) -> impl Iterator<Item = &str> {
        self.accounts()
            .filter(|(_, place)| place.regions.is_empty())
            .map(|(id, _)| id)
    }

    /// The name of an account, empty if nobody gave one.
    pub fn name(&self, account: &str) -> &str {
        match self.accounts.get(account) {
            Some(place) if place.name != account => &place.name,
            _ => "",
        }
    }

    /// Whether records of this account count.
    pub fn has_account(&self, account: &str) -> bool {
        !self.is_given || self.accounts.contains_key(account)
    }

    /// Whether records of this account and Region count. Those of a Region that nothing tells may be
    /// of one in scope.
    pub fn contains(&self, account: &str, region: &str) -> bool {
        if !self.is_given {
            return true;
        }
        self.accounts.get(account).is_some_and(|place| {
            place.regions.is_empty() || place.regions.contains(region) || region == UNKNOWN
        })
    }

    /// The account as people know it: `111122223333 (cardholder-prod)`.
    pub fn shown(&self, account: &str) -> String {
        match self.name(account) {
            "" => account.to_owned(),
            name => format!("{account} ({name})"),
        }
    }
}
