//! Which event names CloudTrail writes for which event source, and which names
//! people expect that it never writes.
//!
//! The first table is not complete, so a name that it lacks is at most
//! suspicious. The second is short and certain: such a name never matches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static NAMES: &str = include_str!("catalogue.tsv");
static NEVER: &str = include_str!("never.tsv");

/// How a name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The event source.
    pub source: &'static str,
    /// The event name.
    pub name: &'static str,
    /// `api`, `docs`, `records`, `unverified`, joined by `+`.
    pub origin: &'static str,
}

/// What CloudTrail writes in place of a name that never occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead {
    /// One or more names, or `source name`, or an event source.
    pub names: Vec<&'static str>,
}

impl Instead {
    /// `` `A` or `B` ``
    pub fn text(&self) -> String {
        let quoted: Vec<_> = self.names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(" or ")
    }
}

struct Catalogue {
    by_source: BTreeMap<&'static str, BTreeMap<&'static str, Known>>,
    by_name: BTreeMap<&'static str, BTreeSet<&'static str>>,
    never: BTreeMap<&'static str, BTreeMap<&'static str, Instead>>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(read);

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || {
            cells
                .next()
                .expect("a test checks that every row has three cells")
        };
        (cell(), cell(), cell())
    })
}

fn read() -> Catalogue {
    let mut all = Catalogue {
        by_source: BTreeMap::new(),
        by_name: BTreeMap::new(),
        never: BTreeMap::new(),
    };
    for (source, name, origin) in rows(NAMES) {
        let known = Known {
            source,
            name,
            origin,
        };
        all.by_source.entry(source).or_default().insert(name, known);
        all.by_name.entry(name).or_default().insert(source);
    }
    for (source, name, instead) in rows(NEVER) {
        let names = instead.split(',').collect();
        let instead = Instead { names };
        all.never.entry(source).or_default().insert(name, instead);
    }
    all
}

/// Whether some name of this event source is known.
pub fn is_known_source(source: &str) -> bool {
    CATALOGUE.by_source.contains_key(source)
}

/// Every known event source in order.
pub fn sources() -> impl Iterator<Item = &'static str> {
    CATALOGUE.by_source.keys().copied()
}

/// Every known name of an event source in order.
pub fn names(source: &str) -> impl Iterator<Item = &'static Known> {
    CATALOGUE
        .by_source
        .get(source)
        .into_iter()
        .flat_map(BTreeMap::values)
}

/// Everything that is known, by source and name.
pub fn all() -> impl Iterator<Item = &'static Known> {
    CATALOGUE.by_source.values().flat_map(BTreeMap::values)
}

/// Whether CloudTrail is known to write this name for this source.
pub fn is_known(source: &str, name: &str) -> bool {
    CATALOGUE
        .by_source
        .get(source)
        .is_some_and(|names| names.contains_key(name))
}

/// Every event source that is known to write a name.
pub fn sources_of(name: &str) -> impl Iterator<Item = &'static str> {
    CATALOGUE
        .by_name
        .get(name)
        .into_iter()
        .flat_map(|sources| sources.iter().copied())
}

/// What CloudTrail writes in place of a name that it never writes for this source.
pub fn never_written(source: &str, name: &str) -> Option<&'static Instead> {
    CATALOGUE.never.get(source)?.get(name)
}

/// The event source that is meant by one that never occurs.
pub fn never_a_source(source: &str) -> Option<&'static Instead> {
    never_written(source, "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_three_cells_and_rows_are_sorted_without_twins() {
        for table in [NAMES, NEVER] {
            for line in table.lines().filter(|line| !line.starts_with('#')) {
                let cells: Vec<_> = line.split('\t').collect();
                assert_eq!(cells.len(), 3, "{line}");
                assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
                assert!(cells[0].ends_with(".amazonaws.com"), "{line}");
            }
        }
        let keys: Vec<_> = rows(NAMES)
            .map(|(source, name, _)| (source, name))
            .collect();
        assert!(keys.is_sorted());
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_name_that_never_occurs_is_not_in_the_catalogue_and_its_replacement_is() {
        for (source, name, instead) in rows(NEVER) {
            if name == "*" {
                assert!(!is_known_source(source), "{source}");
                assert!(is_known_source(instead), "{instead}");
                continue;
            }
            assert!(!is_known(source, name), "{source} {name}");
            for other in instead.split(',') {
                let (source, other) = other.split_once(' ').unwrap_or((source, other));
                assert!(is_known(source, other), "{source} {other}");
            }
        }
    }

    #[test]
    fn well_known_names_are_there() {
        assert!(is_known("cloudtrail.amazonaws.com", "StopLogging"));
        assert!(is_known("signin.amazonaws.com", "ConsoleLogin"));
        assert!(sources_of("ConsoleLogin").eq(["signin.amazonaws.com"]));
        let instead = never_written("s3.amazonaws.com", "PutPublicAccessBlock").expect("listed");
        assert_eq!(
            instead.text(),
            "`PutBucketPublicAccessBlock` or `PutAccountPublicAccessBlock`"
        );
    }
}
