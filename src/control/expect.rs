//! Reads `[expect]`: the kind, the keys of that kind and no others.

use std::ops::Range;

use toml::Spanned;

use super::list::{LEAVERS, is_list_name};
use super::model::{
    Counted, Coverage, Each, Expectation, FieldElement, Join, MOST_FIELDS, Pair, Population, Store,
    Trigger, WrittenPattern, read_pattern, store_classes,
};
use super::read::{Document, Table, Text, type_name};
use super::shape::Shape;
use crate::diagnostic::suggestion;
use crate::pattern::Pattern;
use crate::period::Per;
use crate::record::class::EventClass;
use crate::record::derived::Derived;

/// Keys of `[expect]` that some kind knows.
const ALL_KEYS: [&str; 15] = [
    "pattern",
    "outcome",
    "conform",
    "count",
    "per",
    "each",
    "pair",
    "by",
    "more-than",
    "window",
    "what",
    "stores",
    "field",
    "within",
    "response",
];

const KINDS: [&str; 9] = [
    "forbid",
    "every",
    "at-least",
    "followed-by",
    "threshold",
    "inventory",
    "coverage",
    "integrity",
    "record-fields",
];

/// What was read, and where.
pub(super) struct Expect {
    pub expectation: Expectation,
    pub span: Range<usize>,
    pub patterns: Vec<WrittenPattern>,
}

/// Reads `[expect]`; `None` after at least one reported problem.
pub(super) fn read(table: &Table<'_, '_>) -> Option<Expect> {
    if !table.has("kind") {
        table.missing("kind");
    }
    let kinds = KINDS.map(|kind| (kind, kind));
    let kind = table.choice("kind", &kinds)?;
    let mut patterns = Vec::new();
    let expectation = match kind {
        "forbid" => population(table, Counted::Success, &mut patterns).map(Expectation::Forbid),
        "every" => every(table, &mut patterns),
        "at-least" => at_least(table, &mut patterns),
        "followed-by" => followed_by(table, &mut patterns),
        "threshold" => threshold(table, &mut patterns),
        "inventory" => population(table, Counted::Any, &mut patterns).map(Expectation::Inventory),
        "coverage" => coverage(table).map(Expectation::Coverage),
        "integrity" => Some(Expectation::Integrity),
        _ => record_fields(table, &mut patterns),
    };
    let reason = format!("kind `{kind}` does not use it");
    table.finish_knowing(&ALL_KEYS, &reason);
    Some(Expect {
        expectation: expectation?,
        span: table.key_span("kind"),
        patterns,
    })
}

fn population(
    table: &Table<'_, '_>,
    default: Counted,
    places: &mut Vec<WrittenPattern>,
) -> Option<Population> {
    let pattern = pattern(table, "pattern", places);
    Some(Population {
        outcome: outcome(table, default)?,
        pattern: pattern?,
    })
}

/// `None` only after a reported problem.
fn outcome(table: &Table<'_, '_>, default: Counted) -> Option<Counted> {
    let choices = Counted::ALL.map(|one| (one.id(), one));
    match table.choice("outcome", &choices) {
        None if table.has("outcome") => None,
        found => Some(found.unwrap_or(default)),
    }
}

fn pattern(
    table: &Table<'_, '_>,
    key: &'static str,
    places: &mut Vec<WrittenPattern>,
) -> Option<Pattern> {
    let value = table.required(key)?;
    let pattern = read_pattern(table.document, value)?;
    places.push(WrittenPattern {
        place: table.key_span(key),
        shape: Shape::read(value),
    });
    Some(pattern)
}

fn every(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Expectation> {
    let population = population(table, Counted::Success, places);
    let conform = pattern(table, "conform", places);
    Some(Expectation::Every {
        population: population?,
        conform: conform?,
    })
}

fn at_least(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Expectation> {
    let population = population(table, Counted::Success, places);
    let count = match table.count("count") {
        Some(count) if *count.get_ref() == 0 => {
            let message = "`count` is 0, which holds always";
            table
                .document
                .error("empty-value", count.span(), message, None);
            None
        }
        None if table.has("count") => None,
        count => Some(count.map_or(1, Spanned::into_inner)),
    };
    let per = table.choice("per", &Per::ALL.map(|one| (one.id(), one)));
    let per = if per.is_none() && !table.has("per") {
        Some(Per::Period)
    } else {
        per
    };
    let each = match table.table("each", "`each`") {
        Some(each) => Some(read_each(&each)?),
        None if table.has("each") => return None,
        None => None,
    };
    Some(Expectation::AtLeast {
        population: population?,
        count: count?,
        per: per?,
        each,
    })
}

fn read_each(table: &Table<'_, '_>) -> Option<Each> {
    let list = list_name(table, "list");
    let path = path(table, "path");
    table.finish();
    Some(Each {
        list: list?,
        path: path?,
    })
}

fn list_name(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let name = table.required_text(key)?;
    if !is_list_name(name.get_ref()) {
        table.document.error(
            "bad-list-name",
            name.span(),
            format!("`{}` cannot be the name of a list", name.get_ref()),
            Some("use lower-case letters, digits and `_`, a letter first".to_owned()),
        );
        return None;
    }
    Some(name.into_inner())
}

fn path(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let path = table.required_text(key)?;
    check_path(table.document, &path).then(|| path.into_inner())
}

/// Member names joined by dots, or a derived field.
fn check_path(document: &Document, path: &Text) -> bool {
    let text = path.get_ref().as_str();
    if text.starts_with('@') {
        if Derived::from_name(text).is_some() {
            return true;
        }
        document.error(
            "unknown-derived-field",
            path.span(),
            format!("unknown derived field `{text}`"),
            suggestion(text, Derived::ALL.map(Derived::name)),
        );
        return false;
    }
    if text
        .split('.')
        .any(|part| part.trim() != part || part.is_empty())
    {
        document.error(
            "bad-path",
            path.span(),
            format!("`{text}` is not a path"),
            Some("write member names joined by dots, for example `userIdentity.arn`".to_owned()),
        );
        return false;
    }
    true
}

fn followed_by(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Expectation> {
    let tables = table.tables("pair", "`[[expect.pair]]`");
    if tables.is_empty() {
        table.missing("pair");
        return None;
    }
    let pairs: Vec<_> = tables.iter().map(|one| read_pair(one, places)).collect();
    pairs
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(Expectation::FollowedBy)
}

fn read_pair(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Pair> {
    let trigger = trigger(table, places);
    let response = pattern(table, "response", places);
    if !table.has("within") {
        table.missing("within");
    }
    let within = table.duration("within");
    let by_list = matches!(trigger, Some(Trigger::Leavers));
    let join = read_joins(table, by_list);
    table.finish();
    Some(Pair {
        trigger: trigger?,
        response: response?,
        within: within?.into_inner(),
        join: join?,
    })
}

fn trigger(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Trigger> {
    let Some(list) = table.text("trigger-list") else {
        if table.has("trigger-list") {
            return None;
        }
        return population(table, Counted::Success, places).map(Trigger::Records);
    };
    if list.get_ref() != LEAVERS {
        table.document.error(
            "unknown-value",
            list.span(),
            format!("`trigger-list` cannot be `{}`", list.get_ref()),
            Some("only `leavers` has a time for each entry".to_owned()),
        );
        return None;
    }
    for key in ["pattern", "outcome"] {
        if table.value(key).is_some() {
            let message = format!("`{key}` does not go with `trigger-list`");
            table
                .document
                .error("misplaced-key", table.key_span(key), message, None);
        }
    }
    Some(Trigger::Leavers)
}

fn read_joins(table: &Table<'_, '_>, by_list: bool) -> Option<Vec<Join>> {
    let value = table.required("join")?;
    let Some(items) = value.get_ref().as_array() else {
        let message = "`join` must be an array".to_owned();
        table
            .document
            .error("wrong-type", value.span(), message, None);
        return None;
    };
    if items.is_empty() {
        let message = "`join` is empty, so any response would answer any trigger";
        table
            .document
            .error("empty-value", value.span(), message, None);
        return None;
    }
    let joins: Vec<_> = items
        .iter()
        .map(|item| read_join(table.document, item, by_list))
        .collect();
    joins.into_iter().collect()
}

fn read_join(
    document: &Document,
    item: &Spanned<toml::de::DeValue<'_>>,
    by_list: bool,
) -> Option<Join> {
    if let Some(text) = item.get_ref().as_str() {
        let path = Spanned::new(item.span(), text.to_owned());
        if by_list {
            let help = "write `{ trigger = \"identity\", response = \"…\" }`".to_owned();
            let message = "a leaver has no path that a response shares";
            document.error("bad-join", item.span(), message, Some(help));
            return None;
        }
        return check_path(document, &path).then(|| Join {
            trigger: vec![text.to_owned()],
            response: vec![text.to_owned()],
            as_name: false,
        });
    }
    if !item.get_ref().is_table() {
        let found = type_name(item.get_ref());
        let message = format!("a join must be a path or a table, not {found}");
        document.error("wrong-type", item.span(), message, None);
        return None;
    }
    let table = Table::of(document, item, "the join")?;
    let trigger = if by_list {
        leaver_path(&table)
    } else {
        path_or_paths(&table, "trigger")
    };
    let response = path_or_paths(&table, "response");
    let as_name = table.choice("as", &[("name", true)]);
    let failed = as_name.is_none() && table.has("as");
    table.finish();
    (!failed).then_some(Join {
        trigger: trigger?,
        response: response?,
        as_name: as_name.unwrap_or(false),
    })
}

/// Always empty: a leaver is joined by any identity, not by a path.
fn leaver_path(table: &Table<'_, '_>) -> Option<Vec<String>> {
    let text = table.required_text("trigger")?;
    if text.get_ref() != "identity" {
        let message = format!("`trigger` of a leaver cannot be `{}`", text.get_ref());
        let help = Some("use `identity`: any identity of the leaver".to_owned());
        table
            .document
            .error("unknown-value", text.span(), message, help);
        return None;
    }
    Some(Vec::new())
}

/// One path, or several of which any may hold the value.
fn path_or_paths(table: &Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    if table.is_array(key) {
        paths(table, key)
    } else {
        path(table, key).map(|one| vec![one])
    }
}

fn threshold(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Expectation> {
    let population = population(table, Counted::Any, places);
    let by = paths(table, "by");
    let more_than = table.count("more-than");
    let window = table.duration("window");
    for key in ["more-than", "window"] {
        if !table.has(key) {
            table.missing(key);
        }
    }
    Some(Expectation::Threshold {
        population: population?,
        by: by?,
        more_than: more_than?.into_inner(),
        window: window?.into_inner(),
    })
}

/// At least one path.
fn paths(table: &Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    if !table.has(key) {
        table.missing(key);
    }
    let all = table.optional_texts(key)?;
    if all.is_empty() {
        let message = format!("`{key}` names no path");
        table
            .document
            .error("empty-value", table.key_span(key), message, None);
        return None;
    }
    let good: Vec<_> = all
        .iter()
        .map(|one| check_path(table.document, one))
        .collect();
    good.into_iter()
        .all(|one| one)
        .then(|| all.into_iter().map(Spanned::into_inner).collect())
}

fn coverage(table: &Table<'_, '_>) -> Option<Coverage> {
    if !table.has("what") {
        table.missing("what");
    }
    let words = [("accounts", 0), ("classes", 1), ("stores", 2)];
    match table.choice("what", &words)? {
        0 => Some(Coverage::Accounts),
        1 => Some(Coverage::Classes),
        _ => {
            let tables = table.tables("stores", "`stores`");
            if tables.is_empty() {
                table.missing("stores");
                return None;
            }
            let stores: Vec<_> = tables.iter().map(read_store).collect();
            stores
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .map(Coverage::Stores)
        }
    }
}

fn read_store(table: &Table<'_, '_>) -> Option<Store> {
    let list = list_name(table, "list");
    let class = table.required_text("class");
    let path = path(table, "path");
    table.finish();
    let class = class?;
    let Some(classes) = store_classes(class.get_ref()) else {
        let known = EventClass::ALL.map(EventClass::id);
        let known = known.into_iter().chain(["s3-data"]);
        table.document.error(
            "unknown-class",
            class.span(),
            format!("unknown event class `{}`", class.get_ref()),
            suggestion(class.get_ref(), known),
        );
        return None;
    };
    Some(Store {
        list: list?,
        class: class.into_inner(),
        classes,
        path: path?,
    })
}

fn record_fields(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<Expectation> {
    let tables = table.tables("field", "`[[expect.field]]`");
    if tables.is_empty() {
        table.missing("field");
        return None;
    }
    if tables.len() > MOST_FIELDS {
        let message = format!("more than {MOST_FIELDS} fields");
        let span = table.key_span("field");
        table.document.error("too-many", span, message, None);
        return None;
    }
    let fields: Vec<_> = tables.iter().map(|one| read_field(one, places)).collect();
    let fields = fields.into_iter().collect::<Option<Vec<_>>>()?;
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].iter().any(|other| other.name == field.name) {
            let message = format!("the field `{}` is listed twice", field.name);
            let span = tables[at].key_span("name");
            table.document.error("duplicate-id", span, message, None);
        }
    }
    Some(Expectation::RecordFields(fields))
}

fn read_field(table: &Table<'_, '_>, places: &mut Vec<WrittenPattern>) -> Option<FieldElement> {
    let name = table.required_text("name");
    let any_of = paths(table, "any-of");
    let unless = if table.has("unless") {
        Some(pattern(table, "unless", places))
    } else {
        None
    };
    table.finish();
    let unless = match unless {
        Some(found) => Some(found?),
        None => None,
    };
    Some(FieldElement {
        name: name?.into_inner(),
        any_of: any_of?,
        unless,
    })
}
