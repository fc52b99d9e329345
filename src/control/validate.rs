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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::model::{Coverage, Expectation, Trigger};
    use crate::control::set::ControlSet;
    use crate::diagnostic::Diagnostic;

    const FRAMEWORK: &str = r#"
format = 1
id = "demo"
name = "Demo"
short = "Demo"
[[requirement]]
id = "1.1"
title = "First"
group = "1 Group"
evidence = "partial"
[[requirement]]
id = "10.2.1"
title = "Second"
group = "1 Group"
evidence = "none"
"#;

    const HEAD: &str = r#"
format = 1
id = "a-control"
title = "Nothing happens"
objective = "o"
procedure = "p"
limits = "l"
severity = "high"
needs = ["management-write"]
[requirements]
demo = ["1.1"]
"#;

    fn frameworks() -> Frameworks {
        let mut problems = Diagnostics::new();
        let source = SourceText::new("frameworks/demo.toml", FRAMEWORK);
        let all = Frameworks::parse(&[source], &mut problems);
        assert!(problems.is_empty(), "{problems}");
        all
    }

    #[track_caller]
    fn good(expect: &str) -> Control {
        let source = SourceText::new("x/a-control.toml", format!("{HEAD}{expect}"));
        let (control, warnings) =
            parse(&source, &frameworks()).unwrap_or_else(|found| panic!("{found}"));
        assert!(warnings.is_empty(), "{warnings}");
        control
    }

    #[track_caller]
    fn bad(text: &str) -> Vec<String> {
        let source = SourceText::new("x/a-control.toml", text);
        let found = parse(&source, &frameworks()).expect_err("problems");
        let show = |one: &Diagnostic| {
            let place = one.place.as_ref().expect("a place");
            let at = place.source.position(place.span.start);
            format!("{}:{} {}", at.line, at.column, one.code)
        };
        found.iter().map(show).collect()
    }

    #[test]
    fn every_kind_is_read() {
        let forbid = good("[expect]\nkind = \"forbid\"\n[expect.pattern]\neventName = [\"A\"]\n");
        assert!(matches!(forbid.expectation, Expectation::Forbid(_)));
        let every = good(
            "[expect]\nkind = \"every\"\npattern.a = [\"A\"]\nconform.b = [\"B\"]\noutcome = \"any\"\n",
        );
        assert_eq!(every.expectation.kind(), "every");
        assert_eq!(every.places.patterns.len(), 2);
        let at_least = good(
            "[expect]\nkind = \"at-least\"\npattern.a = [\"A\"]\ncount = 2\nper = \"week\"\n\
             each = { list = \"cde_kms_keys\", path = \"resources.ARN\" }\n",
        );
        assert_eq!(at_least.lists_used(), ["cde_kms_keys"]);
        let pair = good(
            "[expect]\nkind = \"followed-by\"\n[[expect.pair]]\npattern.a = [\"A\"]\nresponse.a = [\"B\"]\n\
             within = \"15m\"\njoin = [\"recipientAccountId\", { trigger = \"x.name\", response = \"y\", as = \"name\" }]\n",
        );
        let Expectation::FollowedBy(pairs) = &pair.expectation else {
            panic!("followed-by");
        };
        assert_eq!(pairs[0].within, 900);
        assert!(pairs[0].join[1].as_name && !pairs[0].join[0].as_name);
        assert_eq!(pair.extra_paths().len(), 4);
        let leavers = good(
            "[expect]\nkind = \"followed-by\"\n[[expect.pair]]\ntrigger-list = \"leavers\"\nresponse.a = [\"B\"]\n\
             within = \"1d\"\njoin = [{ trigger = \"identity\", response = \"requestParameters.userName\" }]\n",
        );
        let Expectation::FollowedBy(pairs) = &leavers.expectation else {
            panic!("followed-by");
        };
        assert!(matches!(pairs[0].trigger, Trigger::Leavers));
        assert_eq!(leavers.lists_used(), ["leavers"]);
        good(
            "[expect]\nkind = \"threshold\"\npattern.a = [\"A\"]\nby = [\"userIdentity.userName\", \"@actor\"]\n\
             more-than = 10\nwindow = \"30m\"\n",
        );
        good("[expect]\nkind = \"inventory\"\npattern.a = [\"A\"]\n");
        good("[expect]\nkind = \"integrity\"\n");
        good("[expect]\nkind = \"coverage\"\nwhat = \"accounts\"\n");
        let stores = good(
            "[expect]\nkind = \"coverage\"\nwhat = \"stores\"\n\
             stores = [{ list = \"data_buckets\", class = \"s3-data\", path = \"requestParameters.bucketName\" }]\n",
        );
        assert!(matches!(
            stores.expectation,
            Expectation::Coverage(Coverage::Stores(_))
        ));
        good(
            "[expect]\nkind = \"record-fields\"\n[[expect.field]]\nname = \"who\"\nany-of = [\"userIdentity.arn\"]\n\
             unless.eventType = [\"AwsServiceEvent\"]\n[[expect.field]]\nname = \"when\"\nany-of = [\"eventTime\"]\n",
        );
    }

    #[test]
    fn all_problems_of_a_control_are_found_at_once() {
        let text = r#"
format = 2
id = "Other"
titel = "x"
objective = ""
procedure = "p"
limits = 5
severity = "hihg"
needs = ["management-writes", "kms"]
[requirements]
demo = ["1.1", "1.2", 10.2]
dmeo = ["1.1"]
[expect]
kind = "forbid"
count = 3
outcom = "any"
[[example]]
name = "x"
verdict = "exception"
events = ["{}", "{]", 7]
"#;
        assert_eq!(
            bad(text),
            [
                "1:1 missing-key",
                "2:10 unknown-format",
                "3:6 bad-id",
                "4:1 unknown-key",
                "5:13 empty-value",
                "7:10 wrong-type",
                "8:12 unknown-value",
                "9:10 unknown-class",
                "11:16 unknown-requirement",
                "11:23 wrong-type",
                "12:1 unknown-framework",
                "13:1 missing-key",
                "15:1 misplaced-key",
                "16:1 unknown-key",
                "19:11 unknown-value",
                "20:11 bad-event",
                "20:17 bad-event",
                "20:23 wrong-type",
            ]
        );
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        let text = format!("{HEAD}[expect]\nkind = \"integrity\"\npattern.a = [\"x\"]\n");
        assert_eq!(bad(&text), ["14:1 misplaced-key"]);
        let text =
            format!("{HEAD}[expect]\nkind = \"coverage\"\nwhat = \"accounts\"\nstores = []\n");
        assert_eq!(bad(&text), ["15:1 misplaced-key"]);
    }

    #[test]
    fn an_example_must_hold_records_that_the_reader_accepts() {
        let example = |event: &str| {
            let expect = "[expect]\nkind = \"forbid\"\npattern.a = [\"x\"]\n";
            let example = format!(
                "[[example]]\nname = \"n\"\nverdict = \"no-exceptions\"\nevents = ['''{event}''']\n"
            );
            format!("{HEAD}{expect}{example}")
        };
        let whole = r#"{"eventTime":"2026-10-01T00:00:00Z"}"#;
        let source = SourceText::new("a-control.toml", example(whole));
        assert!(parse(&source, &frameworks()).is_ok());
        for event in [
            r#"{"a":1,"a":2,"eventTime":"2026-10-01T00:00:00Z"}"#,
            r#"[{"eventTime":"2026-10-01T00:00:00Z"}]"#,
            r#"{"eventTime":"2026-10-01T00:00:00Z"} {}"#,
            r#"{"eventTime":"yesterday"}"#,
            "{",
        ] {
            assert_eq!(bad(&example(event)), ["18:11 bad-event"], "{event}");
        }
    }

    #[test]
    fn the_same_id_in_two_files_is_refused_and_both_are_named() {
        let text = format!("{HEAD}[expect]\nkind = \"integrity\"\n");
        let one = SourceText::new("a/a-control.toml", text.clone());
        let two = SourceText::new("b/a-control.toml", text);
        let framework = SourceText::new("frameworks/demo.toml", FRAMEWORK);
        let found = ControlSet::parse(&[one, two], &[framework]).expect_err("twice");
        let text = found.to_string();
        assert!(
            text.contains("b/a-control.toml:3:6: control `a-control` is defined twice"),
            "{text}"
        );
        assert!(
            text.contains("a/a-control.toml:3:6: first defined here"),
            "{text}"
        );
    }

    #[test]
    fn a_set_knows_its_requirements_and_has_a_digest_of_its_texts() {
        let text = format!("{HEAD}[expect]\nkind = \"integrity\"\n");
        let framework = SourceText::new("frameworks/demo.toml", FRAMEWORK);
        let set = |text: &str| {
            let control = SourceText::new("a-control.toml", text);
            let (set, _) = ControlSet::parse(&[control], std::slice::from_ref(&framework))
                .unwrap_or_else(|found| panic!("{found}"));
            set
        };
        let first = set(&text);
        let demo = first.frameworks().get("demo").expect("loaded");
        let without: Vec<_> = first
            .without_control(demo)
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(without, ["10.2.1"]);
        assert_eq!(first.for_requirement("demo", "1.1").count(), 1);
        assert_ne!(first.digest(), set(&format!("{text}# changed\n")).digest());
        assert_eq!(first.digest(), set(&text).digest());
    }
}
