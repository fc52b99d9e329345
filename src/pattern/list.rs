//! Named lists of the scope file, as patterns use them.
//!
//! An entry may be valid for a time only; it then holds for records of that
//! time. A list that a pattern names and that is not there decides nothing:
//! every test of it is undecided.

use std::collections::BTreeMap;

use super::Truth;
use super::condition::{Value, ValueTest};
use super::network::Network;
use super::wildcard::Wildcard;

/// What an entry takes.
#[derive(Debug, Clone, PartialEq)]
pub enum ListTest {
    /// This text; a text that spells an address takes the address in any spelling.
    Exact(String),
    /// Texts that begin so.
    Prefix(String),
    /// Texts of this form.
    Wildcard(Wildcard),
    /// Addresses in this range.
    Cidr(Network),
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct ListEntry {
    /// What it takes.
    pub test: ListTest,
    /// The first second in which it holds.
    pub from: Option<i64>,
    /// The first second in which it no longer holds.
    pub until: Option<i64>,
    /// Why it is there, for people.
    pub reason: Option<String>,
}

impl ListEntry {
    /// An entry that always holds.
    pub fn always(test: ListTest) -> Self {
        ListEntry {
            test,
            from: None,
            until: None,
            reason: None,
        }
    }
}

/// All lists of a scope, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lists {
    lists: BTreeMap<String, Vec<ListEntry>>,
}

impl Lists {
    /// No list at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list, or more entries to a list.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        entries: impl IntoIterator<Item = ListEntry>,
    ) {
        self.lists.entry(name.into()).or_default().extend(entries);
    }

    /// The entries of a list; nothing if there is no such list.
    pub fn get(&self, name: &str) -> Option<&[ListEntry]> {
        self.lists.get(name).map(Vec::as_slice)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }
}

/// A list made ready for matching.
#[derive(Debug, Clone)]
pub(super) struct Roll {
    /// Nothing when the scope has no such list.
    entries: Option<Vec<Line>>,
}

#[derive(Debug, Clone)]
struct Line {
    test: ValueTest,
    from: Option<i64>,
    until: Option<i64>,
}

impl Roll {
    pub(super) fn new(entries: Option<&[ListEntry]>) -> Self {
        let line = |entry: &ListEntry| Line {
            test: match &entry.test {
                ListTest::Exact(text) => ValueTest::literal(text),
                ListTest::Prefix(text) => ValueTest::Prefix(text.clone()),
                ListTest::Wildcard(wildcard) => ValueTest::Wildcard(wildcard.clone()),
                ListTest::Cidr(network) => ValueTest::Network(network.clone()),
            },
            from: entry.from,
            until: entry.until,
        };
        Roll {
            entries: entries.map(|entries| entries.iter().map(line).collect()),
        }
    }

    /// Whether the scope has no such list, so that nothing can be said of any value.
    pub(super) fn is_missing(&self) -> bool {
        self.entries.is_none()
    }

    /// Whether the list holds `value` for a record of `time`.
    pub(super) fn check(&self, value: &Value<'_>, time: Option<i64>) -> Truth {
        let Some(entries) = &self.entries else {
            return Truth::Undecided;
        };
        let mut all = Truth::False;
        for line in entries {
            all = all.max(line.holds_at(time).min(line.test.check(value)));
            if all == Truth::True {
                break;
            }
        }
        all
    }

    /// The texts it takes, if it takes nothing but single texts.
    pub(super) fn exact_texts(&self) -> Option<impl Iterator<Item = &str>> {
        let entries = self.entries.as_ref()?;
        entries
            .iter()
            .all(|line| line.test.exact_text().is_some())
            .then(|| entries.iter().filter_map(|line| line.test.exact_text()))
    }
}

impl Line {
    fn holds_at(&self, time: Option<i64>) -> Truth {
        if self.from.is_none() && self.until.is_none() {
            return Truth::True;
        }
        let Some(time) = time else {
            return Truth::Undecided;
        };
        let begun = self.from.is_none_or(|from| from <= time);
        let over = self.until.is_some_and(|until| until <= time);
        Truth::from(begun && !over)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[track_caller]
    fn check(roll: &Roll, text: &str, time: Option<i64>, expected: Truth) {
        assert_eq!(
            roll.check(&Value::string(Cow::Borrowed(text)), time),
            expected
        );
    }

    #[test]
    fn a_dated_entry_holds_from_its_first_to_before_its_last_second() {
        let entry = ListEntry {
            from: Some(100),
            until: Some(200),
            ..ListEntry::always(ListTest::Exact("x".into()))
        };
        let roll = Roll::new(Some(&[entry]));
        check(&roll, "x", Some(99), Truth::False);
        check(&roll, "x", Some(100), Truth::True);
        check(&roll, "x", Some(199), Truth::True);
        check(&roll, "x", Some(200), Truth::False);
        check(&roll, "x", None, Truth::Undecided);
        check(&roll, "y", None, Truth::False);
    }

    #[test]
    fn a_missing_list_decides_nothing_and_an_empty_list_takes_nothing() {
        check(&Roll::new(None), "x", Some(0), Truth::Undecided);
        check(&Roll::new(Some(&[])), "x", Some(0), Truth::False);
    }

    #[test]
    fn entries_take_texts_addresses_and_ranges() {
        let network = Network::new_with_single("192.0.2.0/24").expect("valid");
        let roll = Roll::new(Some(&[
            ListEntry::always(ListTest::Prefix("logs-".into())),
            ListEntry::always(ListTest::Cidr(network)),
            ListEntry::always(ListTest::Exact("2001:db8::1".into())),
        ]));
        check(&roll, "logs-a", None, Truth::True);
        check(&roll, "192.0.2.9", None, Truth::True);
        check(&roll, "2001:DB8:0::1", None, Truth::True);
        check(&roll, "other", None, Truth::False);
    }
}
