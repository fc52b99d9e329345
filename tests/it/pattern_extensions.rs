//! What patterns can do beyond EventBridge's, and what they admit not to know.

use attestrail::pattern::form::{Condition, Field, FieldPath, Form};
use attestrail::pattern::list::{ListEntry, ListTest};
use attestrail::pattern::{EngineBuilder, Lists, Pattern, Truth, explain};
use attestrail::record::project::Projector;
use attestrail::record::time;
use attestrail::record::view::RecordView;

use Truth::{False, True, Undecided};

fn lists() -> Lists {
    let mut lists = Lists::new();
    lists.insert(
        "log_buckets",
        [
            ListEntry::always(ListTest::Exact("logs".into())),
            ListEntry::always(ListTest::Prefix("logs-".into())),
        ],
    );
    let seconds = |text| time::parse(text).expect("a time");
    lists.insert(
        "break_glass",
        [ListEntry {
            from: Some(seconds("2026-10-12T17:00:00Z")),
            until: Some(seconds("2026-10-13T00:00:00Z")),
            ..ListEntry::always(ListTest::Exact("ana".into()))
        }],
    );
    lists
}

#[track_caller]
fn answer_of(pattern: &Pattern, record: &str) -> Truth {
    let mut builder = EngineBuilder::new();
    let id = builder.add(pattern, &lists());
    let engine = builder.finish();
    let mut projector = Projector::new(engine.paths());
    projector.read(record.as_bytes(), 0).expect("a record");
    let view = RecordView::new(record.as_bytes(), &projector);
    let at = view
        .text(attestrail::record::path::core::EVENT_TIME)
        .map(|text| time::parse(&text).expect("a time"));
    let view = view.at(at);
    let mut matcher = engine.matcher();
    let mut found = Vec::new();
    matcher.run(&view, &mut found);
    let indexed = found.first().map_or(False, |found| found.1);
    assert_eq!(indexed, matcher.eval(id, &view), "the index loses nothing");
    let explained = explain(pattern, &lists(), record).expect("a record");
    assert_eq!(explained.truth, indexed, "explain agrees: {explained}");
    indexed
}

#[track_caller]
fn check(pattern: &str, record: &str, expected: Truth) {
    let pattern = Pattern::from_json(pattern).expect("a pattern");
    assert_eq!(answer_of(&pattern, record), expected, "{record}");
}

#[test]
fn a_list_stands_for_its_entries() {
    let on = r#"{"b":[{"list":"log_buckets"}]}"#;
    check(on, r#"{"b":"logs"}"#, True);
    check(on, r#"{"b":"logs-eu"}"#, True);
    check(on, r#"{"b":"data"}"#, False);
    check(on, r#"{"b":5}"#, False);
    let off = r#"{"b":[{"anything-but":{"list":"log_buckets"}}]}"#;
    check(off, r#"{"b":"logs"}"#, False);
    check(off, r#"{"b":"data"}"#, True);
    check(off, r#"{"c":"data"}"#, False);
}

#[test]
fn a_missing_list_leaves_the_test_open() {
    check(r#"{"b":[{"list":"none"}]}"#, r#"{"b":"x"}"#, Undecided);
    check(
        r#"{"b":[{"anything-but":{"list":"none"}}]}"#,
        r#"{"b":"x"}"#,
        Undecided,
    );
    check(r#"{"b":[{"list":"none"}]}"#, r#"{"c":"x"}"#, False);
    check(r#"{"b":["x",{"list":"none"}]}"#, r#"{"b":"x"}"#, True);
    check(
        r#"{"a":["no"],"b":[{"list":"none"}]}"#,
        r#"{"a":"yes","b":"x"}"#,
        False,
    );
}

#[test]
fn a_dated_entry_holds_at_the_time_of_the_record() {
    let on = r#"{"u":[{"list":"break_glass"}]}"#;
    check(
        on,
        r#"{"u":"ana","eventTime":"2026-10-12T16:59:59Z"}"#,
        False,
    );
    check(
        on,
        r#"{"u":"ana","eventTime":"2026-10-12T17:00:00Z"}"#,
        True,
    );
    check(
        on,
        r#"{"u":"ana","eventTime":"2026-10-12T23:59:59Z"}"#,
        True,
    );
    check(
        on,
        r#"{"u":"ana","eventTime":"2026-10-13T00:00:00Z"}"#,
        False,
    );
    check(on, r#"{"u":"ana"}"#, Undecided);
    check(on, r#"{"u":"bob"}"#, False);
}

#[test]
fn null_is_written_as_an_operator_where_toml_has_none() {
    check(r#"{"a":[{"null":true}]}"#, r#"{"a":null}"#, True);
    check(r#"{"a":[{"null":true}]}"#, "{}", False);
    let toml = Pattern::from_toml_text("a = [{ null = true }, { exists = false }]").expect("valid");
    assert_eq!(answer_of(&toml, "{}"), True);
}

#[test]
fn same_as_compares_with_the_other_field_of_the_same_element() {
    let same = r#"{"a":[{"same-as":"b"}]}"#;
    check(same, r#"{"a":"x","b":["y","x"]}"#, True);
    check(same, r#"{"a":1.0,"b":1}"#, True);
    check(same, r#"{"a":"1","b":1}"#, False);
    check(same, r#"{"a":"x"}"#, False);
    let other = r#"{"a":[{"anything-but":{"same-as":"b"}}]}"#;
    check(other, r#"{"a":"x","b":"x"}"#, False);
    check(other, r#"{"a":"x","b":"y"}"#, True);
    check(other, r#"{"a":"x"}"#, True);
    let rows = r#"{"g":{"a":[{"same-as":"g.b"}]}}"#;
    check(
        rows,
        r#"{"g":[{"a":"x","b":"y"},{"a":"y","b":"x"}]}"#,
        False,
    );
    check(rows, r#"{"g":[{"a":"x","b":"y"},{"a":"y","b":"y"}]}"#, True);
    check(
        r#"{"a":[{"same-as":"requestParameters.x"}]}"#,
        r#"{"a":"x","requestParameters":{"omitted":true,"originalSize":1}}"#,
        Undecided,
    );
}

#[test]
fn json_inside_a_string_is_matched_like_a_record() {
    let open = r#"{"doc":[{"json":{"Statement":{"Effect":["Allow"],"Principal":["*"]}}}]}"#;
    let document =
        r#"{"Statement":[{"Effect":"Deny","Principal":"*"},{"Effect":"Allow","Principal":"*"}]}"#;
    let apart =
        r#"{"Statement":[{"Effect":"Deny","Principal":"*"},{"Effect":"Allow","Principal":"x"}]}"#;
    let record = |text: &str| serde_json::json!({"doc": text}).to_string();
    let encoded: String = document
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    check(open, &record(document), True);
    check(open, &record(&encoded), True);
    check(open, &record(apart), False);
    check(open, &record("not JSON"), False);
    check(open, &record("{\"Statement\":"), False);
    check(
        open,
        r#"{"doc":{"Statement":{"Effect":"Allow","Principal":"*"}}}"#,
        False,
    );
    // Parsers differ in which of the two they use.
    check(
        open,
        &record(r#"{"Statement":[],"Statement":[]}"#),
        Undecided,
    );
    // What looks like CloudTrail's mark means nothing inside a document.
    check(
        r#"{"doc":[{"json":{"requestParameters":{"x":["y"]}}}]}"#,
        &record(r#"{"requestParameters":{"omitted":true,"originalSize":1}}"#),
        False,
    );
}

#[test]
fn derived_fields_are_worked_out_from_the_record() {
    let root = r#"{"userIdentity":{"type":"Root","accountId":"111122223333"},"eventName":"X"}"#;
    check(
        r#"{"@actor":["arn:aws:iam::111122223333:root"]}"#,
        root,
        True,
    );
    check(r#"{"@outcome":["success"]}"#, root, True);
    check(
        r#"{"@outcome":["refused"]}"#,
        r#"{"errorCode":"AccessDenied"}"#,
        True,
    );
    check(
        r#"{"@person":["ana"]}"#,
        r#"{"userIdentity":{"userName":"ana"}}"#,
        True,
    );
    check(r#"{"@actor":[{"exists":false}]}"#, "{}", True);
    let kms = r#"{"eventSource":"kms.amazonaws.com","readOnly":true,"eventCategory":"Management"}"#;
    check(r#"{"@class":["kms"]}"#, kms, True);
    check(r#"{"@class":["management-read"]}"#, kms, True);
    check(r#"{"@class":["management-write"]}"#, kms, False);
}

#[test]
fn what_cloudtrail_left_out_is_not_absent() {
    let omitted = r#"{"eventName":"X","requestParameters":{"omitted":true,"originalSize":150000}}"#;
    check(r#"{"requestParameters":{"x":["y"]}}"#, omitted, Undecided);
    check(
        r#"{"requestParameters":{"x":[{"exists":true}]}}"#,
        omitted,
        Undecided,
    );
    check(
        r#"{"requestParameters":{"x":[{"exists":false}]}}"#,
        omitted,
        Undecided,
    );
    check(
        r#"{"requestParameters":{"x":[{"anything-but":"y"}]}}"#,
        omitted,
        Undecided,
    );
    check(
        r#"{"eventName":["X"],"requestParameters":{"x":["y"]}}"#,
        omitted,
        Undecided,
    );
    check(
        r#"{"eventName":["Y"],"requestParameters":{"x":["y"]}}"#,
        omitted,
        False,
    );
    check(
        r#"{"$or":[{"eventName":["X"]},{"requestParameters":{"x":["y"]}}]}"#,
        omitted,
        True,
    );
    check(
        r#"{"$or":[{"eventName":["Y"]},{"requestParameters":{"x":["y"]}}]}"#,
        omitted,
        Undecided,
    );
    check(r#"{"responseElements":{"x":["y"]}}"#, omitted, False);
    check(r#"{"requestParameters":{"omitted":[true]}}"#, omitted, True);
}

#[test]
fn an_outcome_that_stood_in_an_omitted_answer_is_open() {
    let answer = r#""responseElements":{"omitted":true,"originalSize":150000}"#;
    let sign_in = format!(r#"{{"eventSource":"signin.amazonaws.com",{answer}}}"#);
    check(r#"{"@outcome":["success"]}"#, &sign_in, Undecided);
    let other = format!(r#"{{"eventSource":"s3.amazonaws.com",{answer}}}"#);
    check(r#"{"@outcome":["success"]}"#, &other, True);
    let more = r#"{"userIdentity":{"userName":"ana"},"additionalEventData":{"omitted":true,"originalSize":1}}"#;
    check(r#"{"@person":["ana"]}"#, more, True);
    check(r#"{"@person":["bob"]}"#, more, Undecided);
}

#[test]
fn a_negated_group_follows_kleene() {
    let field = |path: &str, test: Condition| {
        Form::Field(Field {
            path: FieldPath::Record(path.into()),
            span: 0..0,
            any: vec![test],
        })
    };
    let is =
        |text: &str| Condition::Value(attestrail::pattern::condition::ValueTest::Text(text.into()));
    let not = Form::Not(Box::new(Form::And(vec![
        field("requestParameters.x", is("y")),
        field("eventName", is("X")),
    ])));
    let form = Form::And(vec![field("eventSource", Condition::Exists), not]);
    let pattern = Pattern::from_form(form).expect("small");
    let record = |name: &str, parameters: &str| {
        format!(r#"{{"eventSource":"s","eventName":"{name}","requestParameters":{parameters}}}"#)
    };
    let omitted = r#"{"omitted":true,"originalSize":1}"#;
    assert_eq!(answer_of(&pattern, &record("X", r#"{"x":"y"}"#)), False);
    assert_eq!(answer_of(&pattern, &record("X", r#"{"x":"z"}"#)), True);
    assert_eq!(answer_of(&pattern, &record("Z", r#"{"x":"y"}"#)), True);
    assert_eq!(answer_of(&pattern, &record("X", omitted)), Undecided);
    assert_eq!(answer_of(&pattern, &record("Z", omitted)), True);
    assert!(pattern.aws_expressible().is_err());
}

#[test]
fn a_pattern_tells_what_it_uses() {
    let pattern = Pattern::from_json(
        r#"{"eventName":["A","B",{"prefix":"C"}],"@actor":[{"list":"admins"}],
            "a":{"b":[{"same-as":"c.d"},{"json":{"e":["f",{"list":"inner"}]}}]}}"#,
    )
    .expect("valid");
    let names =
        |set: std::collections::BTreeSet<&str>| set.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names(pattern.lists_used()), "admins inner");
    let paths: Vec<_> = pattern.paths_used().into_iter().collect();
    assert_eq!(paths, ["@actor", "a.b", "c.d", "eventName"]);
    let literals = pattern.literals();
    let event_names: Vec<_> = literals["eventName"].iter().collect();
    assert_eq!(event_names, ["A", "B"]);
    assert_eq!(literals.len(), 1);
    let extensions = pattern.aws_expressible().expect_err("uses extensions");
    assert_eq!(
        extensions,
        [
            ("@actor".to_owned(), "a derived field"),
            ("@actor".to_owned(), "list"),
            ("a.b".to_owned(), "json"),
            ("a.b".to_owned(), "same-as"),
        ]
    );
}

#[test]
fn many_patterns_and_on_demand_patterns_share_one_engine() {
    let pattern = |text| Pattern::from_json(text).expect("valid");
    let mut builder = EngineBuilder::new();
    let first = builder.add(&pattern(r#"{"eventName":["A"]}"#), &Lists::new());
    let asked = builder.add_on_demand(&pattern(r#"{"eventName":["A","B"]}"#), &Lists::new());
    let third = builder.add(
        &pattern(r#"{"$or":[{"eventName":["A"]},{"x":["y"]}]}"#),
        &Lists::new(),
    );
    let extra = builder.path("only.for.others");
    let engine = builder.finish();
    let record = br#"{"eventName":"A","x":"y","only":{"for":{"others":1}}}"#;
    let mut projector = Projector::new(engine.paths());
    projector.read(record, 0).expect("a record");
    let view = RecordView::new(record, &projector);
    assert_eq!(view.leaves(extra).count(), 1);
    let mut matcher = engine.matcher();
    let mut found = Vec::new();
    matcher.run(&view, &mut found);
    assert_eq!(found, [(first, True), (third, True)]);
    assert_eq!(matcher.eval(asked, &view), True);
}

#[test]
fn errors_of_a_toml_pattern_point_into_its_document() {
    let text = "format = 1\n[expect.pattern]\neventName = [{ prefx = \"x\" }]\n";
    let document = toml::de::DeTable::parse(text).expect("TOML");
    let expect = document.get_ref().get("expect").expect("there");
    let pattern = expect.get_ref().get("pattern").expect("there");
    let errors = Pattern::from_toml(pattern).expect_err("misspelled");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "unknown-operator");
    assert_eq!(&text[errors[0].span.clone()], "prefx");
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `prefix`?"));
}
