//! Named lists: what a scope file (or an example) fills and a pattern asks for.
//!
//! An entry says how it is compared and, where it is dated, when it counts. No
//! list is ever filled with a guess: a missing list stays missing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use toml::Spanned;
use toml::de::DeValue;

use super::read::{Document, Table};

/// How an entry is compared with a value of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryTest {
    /// The same text.
    Exact(String),
    /// The value begins with it.
    Prefix(String),
    /// `*` stands for any text.
    Wildcard(String),
    /// The value is an address in this network.
    Cidr(String),
}

impl EntryTest {
    /// As a packet shows it.
    pub fn text(&self) -> &str {
        match self {
            EntryTest::Exact(text)
            | EntryTest::Prefix(text)
            | EntryTest::Wildcard(text)
            | EntryTest::Cidr(text) => text,
        }
    }
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How it is compared.
    pub test: EntryTest,
    /// It counts for records from this second on.
    pub from: Option<i64>,
    /// It counts for records before this second.
    pub until: Option<i64>,
    /// Why it is there; for people.
    pub reason: Option<String>,
}

/// Lists by name.
pub type NamedLists = BTreeMap<String, Vec<Entry>>;

/// The list that is filled from `[[leaver]]`.
pub const LEAVERS: &str = "leavers";

/// The lists that shipped controls ask for, and what belongs into each.
pub const USUAL: [(&str, &str); 16] = [
    (
        "log_buckets",
        "buckets that hold CloudTrail and other audit logs",
    ),
    (
        "data_buckets",
        "buckets that hold cardholder data or health information",
    ),
    ("data_tables", "DynamoDB tables that hold such data"),
    ("data_functions", "Lambda functions that handle such data"),
    ("public_buckets", "buckets that are public on purpose"),
    (
        "approved_admins",
        "ARNs of the roles and users that may change IAM",
    ),
    (
        "log_admins",
        "ARNs of the roles and users that may change log buckets",
    ),
    (
        "replication_roles",
        "ARNs of the roles that replicate buckets",
    ),
    ("break_glass_roles", "ARNs of the roles for emergencies"),
    ("break_glass_users", "users for emergencies"),
    (
        "break_glass_approved",
        "approved emergency uses, each with its time",
    ),
    (
        "trusted_accounts",
        "ids of foreign accounts that roles may trust",
    ),
    (
        "identity_providers",
        "ARNs of the identity providers that roles may trust",
    ),
    (
        "data_access_roles",
        "ARNs of the roles that may read such data",
    ),
    ("admin_policies", "policies that give administrator rights"),
    (
        "cde_kms_keys",
        "ARNs of the KMS keys that protect such data",
    ),
];

/// Someone who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Name or number, for people.
    pub person: String,
    /// User names, ARNs and session names that were theirs.
    pub identities: Vec<String>,
    /// When they left; from this second on nothing may be done as them.
    pub left: i64,
}

/// Reads a table of lists, as in the scope file's `[lists]`.
pub fn read_lists(document: &Document, value: &Spanned<DeValue<'_>>) -> NamedLists {
    let mut lists = NamedLists::new();
    let Some(table) = Table::of(document, value, "`lists`") else {
        return lists;
    };
    for (name, span, value) in table.entries() {
        if !is_list_name(name) {
            document.error(
                "bad-list-name",
                span,
                format!("`{name}` cannot be the name of a list"),
                Some("use lower-case letters, digits and `_`, a letter first".to_owned()),
            );
        } else if name == LEAVERS {
            document.error(
                "bad-list-name",
                span,
                "the list `leavers` is filled from the leavers".to_owned(),
                Some("write a `[[leaver]]` with `person`, `identities` and `left`".to_owned()),
            );
        } else {
            lists.insert(name.to_owned(), read_entries(document, name, value));
        }
    }
    lists
}

/// Whether a text can be the name of a list.
pub fn is_list_name(name: &str) -> bool {
    name.starts_with(|one: char| one.is_ascii_lowercase())
        && name
            .bytes()
            .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'_')
}

fn read_entries(document: &Document, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<Entry> {
    let Some(items) = value.get_ref().as_array() else {
        document.error(
            "wrong-type",
            value.span(),
            format!("the list `{name}` must be an array"),
            None,
        );
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for item in items.iter() {
        let Some(entry) = read_entry(document, item) else {
            continue;
        };
        if !seen.insert((entry.test.clone(), entry.from, entry.until)) {
            document.warning(
                "duplicate-entry",
                item.span(),
                format!("`{}` stands twice in the list `{name}`", entry.test.text()),
                None,
            );
        }
        entries.push(entry);
    }
    entries
}

fn read_entry(document: &Document, item: &Spanned<DeValue<'_>>) -> Option<Entry> {
    if let Some(text) = item.get_ref().as_str() {
        if text.is_empty() {
            document.error("empty-value", item.span(), "the entry is empty", None);
            return None;
        }
        return Some(Entry {
            test: EntryTest::Exact(text.to_owned()),
            from: None,
            until: None,
            reason: None,
        });
    }
    let table = Table::of(document, item, "the entry")?;
    let tests = [
        table
            .text("value")
            .map(|one| (one, EntryTest::Exact as fn(String) -> EntryTest)),
        table
            .text("prefix")
            .map(|one| (one, EntryTest::Prefix as _)),
        table
            .text("wildcard")
            .map(|one| (one, EntryTest::Wildcard as _)),
        table.text("cidr").map(|one| (one, EntryTest::Cidr as _)),
    ];
    let from = table.instant("from").map(Spanned::into_inner);
    let until = table.instant("until").map(Spanned::into_inner);
    let reason = table.text("reason").map(Spanned::into_inner);
    table.finish();
    let mut tests = tests.into_iter().flatten();
    let (Some((text, make)), None) = (tests.next(), tests.next()) else {
        if !document.has_failed() || table.entries().next().is_none() || has_several(&table) {
            document.error(
                "bad-entry",
                item.span(),
                "an entry has exactly one of `value`, `prefix`, `wildcard` and `cidr`",
                None,
            );
        }
        return None;
    };
    check_dates(document, item, from, until);
    let test = make(text.get_ref().clone());
    check_test(document, &text, &test).then_some(Entry {
        test,
        from,
        until,
        reason,
    })
}

fn has_several(table: &Table<'_, '_>) -> bool {
    let tests = ["value", "prefix", "wildcard", "cidr"];
    tests.iter().filter(|key| table.has(key)).count() != 1
}

fn check_dates(
    document: &Document,
    item: &Spanned<DeValue<'_>>,
    from: Option<i64>,
    until: Option<i64>,
) {
    if let (Some(from), Some(until)) = (from, until) {
        if until <= from {
            document.error(
                "backwards",
                item.span(),
                "the entry ends before it begins",
                None,
            );
        }
    }
}

fn check_test(document: &Document, text: &Spanned<String>, test: &EntryTest) -> bool {
    let problem = match test {
        EntryTest::Cidr(network) if !is_cidr(network) => {
            format!("`{network}` is not a network such as `192.0.2.0/24`")
        }
        EntryTest::Wildcard(wildcard) if wildcard.contains("**") => {
            format!("`{wildcard}` has two `*` in a row")
        }
        _ => return true,
    };
    document.error("bad-entry", text.span(), problem, None);
    false
}

/// An address, a slash, and a prefix length that fits it.
pub fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    if length.is_empty() || length.len() > 3 || !length.bytes().all(|one| one.is_ascii_digit()) {
        return false;
    }
    let longest = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u32>().is_ok_and(|bits| bits <= longest)
}

/// Reads `[[leaver]]` tables.
pub fn read_leavers(tables: &[Table<'_, '_>]) -> Vec<Leaver> {
    tables.iter().filter_map(read_leaver).collect()
}

fn read_leaver(table: &Table<'_, '_>) -> Option<Leaver> {
    let person = table.required_text("person");
    let identities = table.optional_texts("identities");
    match &identities {
        None if !table.has("identities") => table.missing("identities"),
        Some(all) if all.is_empty() => table.document.error(
            "empty-value",
            table.key_span("identities"),
            "a leaver needs at least one identity",
            Some("list user names, ARNs and session names that were theirs".to_owned()),
        ),
        _ => {}
    }
    let left = table.instant("left");
    if !table.has("left") {
        table.missing("left");
    }
    table.finish();
    Some(Leaver {
        person: person?.into_inner(),
        identities: identities?.into_iter().map(Spanned::into_inner).collect(),
        left: left?.into_inner(),
    })
}

/// Fills the list `leavers`: every identity, from the second on which its person left.
pub fn add_leavers(lists: &mut NamedLists, leavers: &[Leaver]) {
    if leavers.is_empty() {
        return;
    }
    let entries = leavers.iter().flat_map(|leaver| {
        leaver.identities.iter().map(|identity| Entry {
            test: EntryTest::Exact(identity.clone()),
            from: Some(leaver.left),
            until: None,
            reason: Some(leaver.person.clone()),
        })
    });
    lists.insert(LEAVERS.to_owned(), entries.collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceText;

    #[track_caller]
    fn read(text: &str) -> (NamedLists, Vec<String>) {
        let source = SourceText::new("scope.toml", text);
        let document = Document::new(&source);
        let root = document.parse().expect("valid TOML");
        let lists = read_lists(&document, root.get_ref().get("lists").expect("lists"));
        let problems = document.into_problems().sorted();
        (
            lists,
            problems.iter().map(|one| one.message.clone()).collect(),
        )
    }

    #[test]
    fn entries_of_all_kinds_are_read() {
        let (lists, problems) = read(
            r#"
[lists]
log_buckets = ["a", { prefix = "b-" }, { wildcard = "*-c" }, { cidr = "192.0.2.0/24" },
  { value = "d", from = 2026-10-12T17:00:00Z, until = 2026-10-13T00:00:00Z, reason = "ticket" }]
"#,
        );
        assert_eq!(problems, [""; 0]);
        let entries = &lists["log_buckets"];
        assert_eq!(entries.len(), 5);
        assert_eq!(entries[2].test, EntryTest::Wildcard("*-c".into()));
        assert_eq!(entries[4].from, Some(1_791_824_400));
    }

    #[test]
    fn what_cannot_be_an_entry_is_refused() {
        let (_, problems) = read(
            r#"
[lists]
a = [{ cidr = "192.0.2.0/33" }, { wildcard = "a**" }, "", 5, { prefix = "x", value = "y" }, {}]
Bad-Name = []
leavers = ["ana"]
b = "x"
c = ["x", "x"]
d = [{ value = "x", from = 2026-10-13T00:00:00Z, until = 2026-10-12T00:00:00Z }]
"#,
        );
        assert_eq!(problems.len(), 11, "{problems:#?}");
    }

    #[test]
    fn networks_have_a_length_that_fits() {
        assert!(is_cidr("0.0.0.0/0") && is_cidr("2001:db8::/32"));
        for text in [
            "192.0.2.0",
            "192.0.2.0/",
            "192.0.2.0/33",
            "::/129",
            "x/8",
            "192.0.2.0/+8",
        ] {
            assert!(!is_cidr(text), "{text}");
        }
    }

    #[test]
    fn leavers_become_entries_that_begin_when_they_left() {
        let mut lists = NamedLists::new();
        add_leavers(&mut lists, &[]);
        assert!(lists.is_empty(), "no leaver, no list: it stays unfilled");
        let leaver = Leaver {
            person: "Ana".into(),
            identities: vec!["ana".into(), "arn:aws:iam::111122223333:user/ana".into()],
            left: 7,
        };
        add_leavers(&mut lists, &[leaver]);
        assert_eq!(lists[LEAVERS].len(), 2);
        assert_eq!(lists[LEAVERS][0].from, Some(7));
    }
}
