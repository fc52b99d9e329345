//! From the text of a control file to a [`Control`], or to all its problems.
//!
//! Patterns are only read here; whether they can ever match is for `lint`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::framework::Frameworks;
use super::model::{Control, ControlPlaces, Severity, check_file_name};
use super::read::{Document, Table};
use super::{example, expect};
use crate::diagnostic::{Diagnostics, SourceText, suggestion};
use crate::record::class::{ClassSet, EventClass};

/// Reads one control file.
///
/// # Errors
/// Every problem of the file; a control with warnings comes with them.
pub fn parse(
    source: &Arc<SourceText>,
    frameworks: &Frameworks,
) -> Result<(Control, Diagnostics), Diagnostics> {
    let document = Document::new(source);
    let control = document.parse().and_then(|root| {
        let table = Table::new(&document, root.get_ref(), 0..0, "the control");
        read_control(&table, frameworks)
    });
    let problems = document.into_problems();
    match control {
        Some(control) => problems.unless_errors(control),
        None => Err(problems.sorted()),
    }
}

fn read_control(table: &Table<'_, '_>, frameworks: &Frameworks) -> Option<Control> {
    let document = table.document;
    table.format();
    let id = table.required_text("id");
    if let Some(id) = &id {
        check_file_name(document, id);
    }
    let title = table.required_text("title");
    if let Some(title) = title
        .as_ref()
        .filter(|title| title.get_ref().contains('\n'))
    {
        document.error(
            "title-is-not-one-line",
            title.span(),
            "`title` has more than one line",
            None,
        );
    }
    let objective = table.required_text("objective");
    let procedure = table.required_text("procedure");
    let limits = table.required_text("limits");
    let severity = table.choice("severity", &Severity::ALL.map(|one| (one.id(), one)));
    if !table.has("severity") {
        table.missing("severity");
    }
    let needs = read_needs(table);
    let requirements = read_requirements(table, frameworks);
    let expect = match table.table("expect", "`[expect]`") {
        Some(expect) => expect::read(&expect),
        None => {
            if !table.has("expect") {
                table.missing("expect");
            }
            None
        }
    };
    let examples = table
        .tables("example", "`[[example]]`")
        .iter()
        .filter_map(example::read)
        .collect();
    table.finish();
    let id = id?;
    let expect = expect?;
    Some(Control {
        places: ControlPlaces {
            id: id.span(),
            needs: table.key_span("needs"),
            requirements: table.key_span("requirements"),
            expect: expect.span,
            patterns: expect.patterns,
        },
        id: id.into_inner(),
        title: title?.into_inner(),
        objective: tidy(objective?.get_ref()),
        procedure: tidy(procedure?.get_ref()),
        limits: tidy(limits?.get_ref()),
        severity: severity?,
        needs,
        requirements,
        expectation: expect.expectation,
        examples,
        source: Arc::clone(&document.source),
    })
}

/// Long texts are wrapped in files; a packet wraps them again, paragraph by paragraph.
fn tidy(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n");
    paragraphs
        .map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|one| !one.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn read_needs(table: &Table<'_, '_>) -> ClassSet {
    let mut set = ClassSet::default();
    for need in table.texts("needs") {
        let name = need.get_ref();
        match EventClass::from_id(name) {
            Some(class) if set.contains(class) => {
                let message = format!("`{name}` stands twice in `needs`");
                table
                    .document
                    .warning("duplicate-entry", need.span(), message, None);
            }
            Some(class) => set = set.with(class),
            None => {
                let ids = EventClass::ALL.map(EventClass::id);
                table.document.error(
                    "unknown-class",
                    need.span(),
                    format!("unknown event class `{name}`"),
                    suggestion(name, ids)
                        .or_else(|| Some(format!("known classes: {}", ids.join(", ")))),
                );
            }
        }
    }
    set
}

fn read_requirements(
    table: &Table<'_, '_>,
    frameworks: &Frameworks,
) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    let document = table.document;
    let Some(value) = table.required("requirements") else {
        return all;
    };
    let Some(named) = Table::of(document, value, "`requirements`") else {
        return all;
    };
    for (id, span, value) in named.entries() {
        let Some(framework) = frameworks.get(id) else {
            document.error(
                "unknown-framework",
                span,
                format!("unknown framework `{id}`"),
                suggestion(id, frameworks.ids()).or_else(|| {
                    let known = frameworks.ids().collect::<Vec<_>>().join(", ");
                    (!known.is_empty()).then(|| format!("known frameworks: {known}"))
                }),
            );
            continue;
        };
        let Some(items) = value.get_ref().as_array() else {
            let message = format!("`{id}` must be an array of requirement numbers");
            document.error("wrong-type", value.span(), message, None);
            continue;
        };
        let mut numbers: Vec<String> = Vec::new();
        for item in items.iter() {
            let Some(number) = item.get_ref().as_str() else {
                let help =
                    Some("write the number as a string, for example `\"10.2.1\"`".to_owned());
                document.error(
                    "wrong-type",
                    item.span(),
                    "a requirement number must be a string",
                    help,
                );
                continue;
            };
            if framework.requirement(number).is_none() {
                document.error(
                    "unknown-requirement",
                    item.span(),
                    format!("{} has no requirement `{number}`", framework.short),
                    framework
                        .nearest(number)
                        .map(|near| format!("did you mean `{near}`?")),
                );
            } else if numbers.iter().any(|other| other == number) {
                let message = format!("requirement `{number}` stands twice");
                document.warning("duplicate-entry", item.span(), message, None);
            } else {
                numbers.push(number.to_owned());
            }
        }
        all.insert(id.to_owned(), numbers);
    }
    all
}
