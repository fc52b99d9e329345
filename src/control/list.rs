//! Named lists: what a scope file (or an example) fills and a pattern asks for.
//!
//! An entry says how it is compared and, where it is dated, when it counts. No
//! list is ever filled with a guess: a missing list stays missing.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::read::{Document, Table, Text};
use crate::pattern::network::Network;
use crate::pattern::wildcard::Wildcard;
use crate::pattern::{ListEntry, ListTest, Lists};

/// Lists by name.
pub type NamedLists = BTreeMap<String, Vec<ListEntry>>;

/// The list that is filled from `[[leaver]]`.
pub const LEAVERS: &str = "leavers";

/// The lists that shipped controls ask for, and what belongs into each.
pub const USUAL: [(&str, &str); 12] = [
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
    (
        "approved_admins",
        "ARNs of the roles and users that may change IAM",
    ),
    ("break_glass_roles", "ARNs of the roles for emergencies"),
    ("break_glass_users", "users for emergencies"),
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

/// Lists whose entries are compared with ARNs alone: a bare name would never match.
const OF_ARNS: [&str; 2] = ["break_glass_roles", "data_functions"];
/// Lists whose entries are compared with bare names alone, and of what these are.
const OF_NAMES: [(&str, &str, &str); 3] = [
    ("log_buckets", "bucket", "arn:aws:s3:::"),
    ("data_buckets", "bucket", "arn:aws:s3:::"),
    ("break_glass_users", "user", "arn:"),
];
/// The entry that says that there is nothing to put on a list.
const NONE: &str = "none";

/// Why an entry of a usual list can never match, and what to write; a control that looks for the
/// uses of what is on the list would pass for want of them.
fn misfit(list: &str, test: &ListTest) -> Option<(String, String)> {
    let text = text_of(test);
    if OF_ARNS.contains(&list) {
        let may_match = match test {
            ListTest::Exact(_) => text.starts_with("arn:") || text == NONE,
            ListTest::Prefix(_) => text.starts_with("arn:") || "arn:".starts_with(text),
            _ => true,
        };
        return (!may_match).then(|| {
            (
                format!("`{list}` is compared with ARNs, and `{text}` is none"),
                "write the whole ARN, a wildcard such as `{ wildcard = \"arn:aws:*:NAME*\" }`, or \
                 `none` where there is nothing to list"
                    .to_owned(),
            )
        });
    }
    let (_, what, front) = OF_NAMES.into_iter().find(|(name, ..)| *name == list)?;
    let name = text.strip_prefix(front)?;
    let name = name.rsplit('/').next().unwrap_or(name);
    Some((
        format!("`{list}` is compared with the names of {what}s, and an ARN is none"),
        format!("write the name of the {what} alone: `{name}`"),
    ))
}

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

fn read_entries(document: &Document, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<ListEntry> {
    let Some(items) = value.get_ref().as_array() else {
        document.error(
            "wrong-type",
            value.span(),
            format!("the list `{name}` must be an array"),
            None,
        );
        return Vec::new();
    };
    let mut entries: Vec<ListEntry> = Vec::new();
    for item in items.iter() {
        let Some(entry) = read_entry(document, item) else {
            continue;
        };
        if let Some((message, help)) = misfit(name, &entry.test) {
            document.error("bad-entry", item.span(), message, Some(help));
        }
        let is_twin = |other: &ListEntry| {
            (&other.test, other.from, other.until) == (&entry.test, entry.from, entry.until)
        };
        if entries.iter().any(is_twin) {
            document.warning(
                "duplicate-entry",
                item.span(),
                format!(
                    "`{}` stands twice in the list `{name}`",
                    text_of(&entry.test)
                ),
                None,
            );
        }
        entries.push(entry);
    }
    entries
}

/// What an entry says, as packets and messages show it.
pub fn text_of(test: &ListTest) -> &str {
    match test {
        ListTest::Exact(text) | ListTest::Prefix(text) => text,
        ListTest::Wildcard(wildcard) => wildcard.text(),
        ListTest::Cidr(network) => network.text(),
    }
}

const TESTS: [&str; 4] = ["value", "prefix", "wildcard", "cidr"];

fn read_entry(document: &Document, item: &Spanned<DeValue<'_>>) -> Option<ListEntry> {
    if let Some(text) = item.get_ref().as_str() {
        if text.is_empty() {
            document.error("empty-value", item.span(), "the entry is empty", None);
            return None;
        }
        return Some(ListEntry::always(ListTest::Exact(text.to_owned())));
    }
    let table = Table::of(document, item, "the entry")?;
    let test = read_test(&table);
    let from = table.instant("from").map(Spanned::into_inner);
    let until = table.instant("until").map(Spanned::into_inner);
    let reason = table.text("reason").map(Spanned::into_inner);
    table.finish();
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        let message = "the entry ends before it begins";
        document.error("backwards", item.span(), message, None);
    }
    Some(ListEntry {
        test: test?,
        from,
        until,
        reason,
    })
}

/// The one test of an entry; `None` after a reported problem.
fn read_test(table: &Table<'_, '_>) -> Option<ListTest> {
    let given = TESTS.iter().filter(|key| table.has(key)).count();
    let found = TESTS.map(|key| (key, table.text(key)));
    if given != 1 {
        table.document.error(
            "bad-entry",
            table.span.clone(),
            "an entry has exactly one of `value`, `prefix`, `wildcard` and `cidr`",
            None,
        );
        return None;
    }
    let (key, text) = found
        .into_iter()
        .find_map(|(key, text)| text.map(|text| (key, text)))?;
    make_test(table.document, key, &text)
}

fn make_test(document: &Document, key: &str, text: &Text) -> Option<ListTest> {
    let written = text.get_ref();
    let problem = match key {
        "value" => return Some(ListTest::Exact(written.clone())),
        "prefix" => return Some(ListTest::Prefix(written.clone())),
        "wildcard" => match Wildcard::new(written) {
            Ok(wildcard) => return Some(ListTest::Wildcard(wildcard)),
            Err(error) => error.to_string(),
        },
        _ => match Network::new_with_single(written) {
            Ok(network) => return Some(ListTest::Cidr(network)),
            Err(error) => error.to_string(),
        },
    };
    let message = format!("`{written}` cannot be a `{key}`: {problem}");
    document.error("bad-entry", text.span(), message, None);
    None
}

/// The lists as the pattern engine takes them. An empty list is left out: it
/// would take nothing for certain, and nobody knows what belongs into it.
pub fn to_lists(named: &NamedLists) -> Lists {
    let mut lists = Lists::new();
    for (name, entries) in named {
        if !entries.is_empty() {
            lists.insert(name.as_str(), entries.iter().cloned());
        }
    }
    lists
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
        leaver.identities.iter().map(|identity| ListEntry {
            from: Some(leaver.left),
            reason: Some(leaver.person.clone()),
            ..ListEntry::always(ListTest::Exact(identity.clone()))
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
        assert_eq!(text_of(&entries[2].test), "*-c");
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
    fn entries_that_can_never_match_are_refused() {
        let (_, problems) = read(
            r#"
[lists]
break_glass_users = ["arn:aws:iam::111122223333:user/ops/bg", { prefix = "arn:aws:iam" }, "bg", "none"]
break_glass_roles = ["BreakGlass", { prefix = "Break" }, "none", { wildcard = "*BreakGlass" },
  "arn:aws:iam::111122223333:role/BreakGlass", { prefix = "arn:aws:iam::111122223333:" }]
data_buckets = ["arn:aws:s3:::cards", "cards", "arn:aws:s3:us-east-1:111122223333:accesspoint/cards"]
log_buckets = [{ wildcard = "arn:aws:s3:::logs*" }]
data_functions = ["tokenise", "none", "abcé", { prefix = "ar" }, "ar"]
other = ["arn:aws:s3:::cards"]
"#,
        );
        let about = |list: &str| problems.iter().filter(|one| one.contains(list)).count();
        assert_eq!(about("`break_glass_users`"), 2, "{problems:#?}");
        assert_eq!(about("`break_glass_roles`"), 2);
        assert_eq!(about("`data_buckets`"), 1);
        assert_eq!(about("`log_buckets`"), 1);
        assert_eq!(about("`data_functions`"), 3);
        assert_eq!(problems.len(), 9);
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
