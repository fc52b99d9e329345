//! The conditions under which a ledger was made. Facts of two ledgers may be
//! put together only if these are the same.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::control::list::text_of;
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::pattern::{ListEntry, ListTest};

/// What the facts of a ledger depend on beside the log files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Version of the tool.
    pub tool: String,
    /// Seed of the samples.
    pub seed: String,
    /// Id and digest of each control, in the order of their ids.
    pub controls: Vec<(String, String)>,
    /// Name and digest of each list that a control asks for; an empty digest for a missing list.
    pub lists: BTreeMap<String, String>,
}

impl Identity {
    /// The conditions of a scan with these controls and the lists of this scope.
    ///
    /// Only lists count of a scope: who is in scope, what was waived and what is idle is asked
    /// later, so that a waiver does not ask for a new scan.
    pub fn of(set: &ControlSet, scope: &Scope, seed: &str) -> Identity {
        let controls = set.controls().iter().map(|control| {
            let digest = digest(&[control.source.text.as_str()]);
            (control.id.clone(), digest)
        });
        let lists = set.lists_used().into_iter().map(|name| {
            let entries = scope.lists.get(&name);
            let digest = entries.map_or_else(String::new, |entries| digest_list(entries));
            (name, digest)
        });
        Identity {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            seed: seed.to_owned(),
            controls: controls.collect(),
            lists: lists.collect(),
        }
    }

    /// What differs from `other`, each a phrase; empty if facts may be put together.
    pub fn differences(&self, other: &Identity) -> Vec<String> {
        let mut all = self.common(other);
        let own: BTreeMap<_, _> = self.controls.iter().cloned().collect();
        let others: BTreeMap<_, _> = other.controls.iter().cloned().collect();
        all.extend(compare("control", &own, &others));
        all.extend(compare("list", &self.lists, &other.lists));
        all
    }

    /// Why this ledger cannot answer for `wanted`, which may ask for fewer controls.
    pub fn lacks(&self, wanted: &Identity) -> Vec<String> {
        let mut all = self.common(wanted);
        let own: BTreeMap<_, _> = self.controls.iter().cloned().collect();
        let asked: BTreeMap<_, _> = wanted.controls.iter().cloned().collect();
        let own = own
            .into_iter()
            .filter(|(id, _)| asked.contains_key(id))
            .collect();
        all.extend(compare("control", &own, &asked));
        let lists = self
            .lists
            .iter()
            .filter(|(name, _)| wanted.lists.contains_key(*name))
            .map(|(name, digest)| (name.clone(), digest.clone()))
            .collect();
        all.extend(compare("list", &lists, &wanted.lists));
        all
    }

    fn common(&self, other: &Identity) -> Vec<String> {
        let mut all = Vec::new();
        if self.tool != other.tool {
            all.push(format!(
                "it was made by version {}, not {}",
                self.tool, other.tool
            ));
        }
        if self.seed != other.seed {
            all.push(format!(
                "its samples are drawn with seed `{}`, not `{}`",
                self.seed, other.seed
            ));
        }
        all
    }
}

/// SHA-256 over the parts and their lengths, as hexadecimal.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// What matching depends on: the entries in their order, since counts go by place. Reasons are for people.
fn digest_list(entries: &[ListEntry]) -> String {
    let mut texts = Vec::new();
    for entry in entries {
        let kind = match entry.test {
            ListTest::Exact(_) => "value",
            ListTest::Prefix(_) => "prefix",
            ListTest::Wildcard(_) => "wildcard",
            ListTest::Cidr(_) => "cidr",
        };
        let date = |date: Option<i64>| date.map_or_else(String::new, |date| date.to_string());
        texts.extend([
            kind.to_owned(),
            text_of(&entry.test).to_owned(),
            date(entry.from),
            date(entry.until),
        ]);
    }
    let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
    digest(&parts)
}

fn compare(
    what: &str,
    own: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut all = Vec::new();
    for (name, digest) in own {
        match other.get(name) {
            None => all.push(format!("{what} `{name}` is no longer there")),
            Some(found) if found != digest => all.push(format!("{what} `{name}` has changed")),
            Some(_) => {}
        }
    }
    let new = other.keys().filter(|name| !own.contains_key(*name));
    all.extend(new.map(|name| format!("{what} `{name}` is new")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(controls: &[(&str, &str)]) -> Identity {
        Identity {
            tool: "1".into(),
            seed: "s".into(),
            controls: controls
                .iter()
                .map(|(id, digest)| ((*id).to_owned(), (*digest).to_owned()))
                .collect(),
            lists: BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        }
    }

    #[test]
    fn every_difference_is_named() {
        let own = identity(&[("x", "1"), ("y", "1"), ("z", "1")]);
        let mut other = identity(&[("w", "1"), ("x", "1"), ("y", "2")]);
        other.lists.insert("a".into(), "2".into());
        other.tool = "2".into();
        assert_eq!(
            own.differences(&other),
            [
                "it was made by version 1, not 2",
                "control `y` has changed",
                "control `z` is no longer there",
                "control `w` is new",
                "list `a` has changed",
            ]
        );
    }

    #[test]
    fn a_ledger_serves_fewer_controls_than_it_was_made_with() {
        let own = identity(&[("x", "1"), ("y", "1")]);
        let mut fewer = identity(&[("x", "1")]);
        fewer.lists.clear();
        assert_eq!(own.lacks(&fewer), [""; 0]);
        assert_eq!(fewer.lacks(&own).len(), 2);
    }
}
