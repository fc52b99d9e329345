//! What controls make of single records, kind by kind.

use attestrail::control::keys::Keys;
use attestrail::control::list::NamedLists;
use attestrail::control::read::{Document, Table};
use attestrail::control::roles::{Assigned, ControlEngine, Part, Role};
use attestrail::control::set::ControlSet;
use attestrail::control::{list, load};
use attestrail::diagnostic::SourceText;
use attestrail::record::project::Projector;
use attestrail::record::time;
use attestrail::record::view::RecordView;

/// Controls `a`, `b`, … with these `[expect]` tables.
fn set(expects: &[&str]) -> ControlSet {
    set_needing("\"management-write\"", expects)
}

/// The same, with other classes in `needs`.
fn set_needing(needs: &str, expects: &[&str]) -> ControlSet {
    let sources: Vec<_> = expects
        .iter()
        .zip('a'..='z')
        .map(|(expect, id)| {
            let text = format!(
                "format = 1\nid = \"{id}\"\ntitle = \"t\"\nobjective = \"o\"\nprocedure = \"p\"\nlimits = \"l\"\n\
                 severity = \"low\"\nneeds = [{needs}]\nrequirements.hipaa = [\"164.312(b)\"]\n\
                 [expect]\n{expect}"
            );
            SourceText::new(format!("{id}.toml"), text)
        })
        .collect();
    let frameworks = load::shipped_texts().expect("shipped texts").frameworks;
    match ControlSet::parse(&sources, &frameworks) {
        Ok((set, _)) => set,
        Err(found) => panic!("{found}"),
    }
}

fn lists(text: &str) -> NamedLists {
    let source = SourceText::new("scope.toml", format!("lists = {{ {text} }}"));
    let document = Document::new(&source);
    let root = document.parse().expect("valid TOML");
    let table = Table::new(&document, root.get_ref(), 0..0, "the scope");
    let lists = list::read_lists(&document, table.value("lists").expect("lists"));
    let problems = document.into_problems();
    assert!(problems.is_empty(), "{problems}");
    lists
}

/// The roles of a record (without its braces) and the keys that go with them.
fn judge(set: &ControlSet, lists: &NamedLists, record: &str) -> Vec<(Assigned, Keys)> {
    let json = format!("{{{record}}}");
    let engine = ControlEngine::new(set, lists);
    let mut projector = Projector::new(engine.paths());
    projector.read(json.as_bytes(), 0).expect("valid JSON");
    let at = time::parse("2026-10-12T12:00:00Z").expect("an instant");
    let view = RecordView::new(json.as_bytes(), &projector).at(Some(at));
    let mut judge = engine.judge();
    let mut found = Vec::new();
    judge.roles(&view, &mut found);
    found
        .iter()
        .map(|one| (*one, judge.keys(one, &view)))
        .collect()
}

#[track_caller]
fn check(expect: &str, record: &str, expected: &[Role]) {
    let found = judge(&set(&[expect]), &NamedLists::new(), record);
    let found: Vec<_> = found.iter().map(|(one, _)| one.role).collect();
    assert_eq!(found, expected, "{record}");
}

const REFUSED: &str = r#""errorCode":"AccessDenied""#;
const OMITTED: &str =
    r#""requestParameters":{"omitted":true,"originalSize":149893,"reason":"too large"}"#;

#[test]
fn forbid_tells_exceptions_from_attempts() {
    let forbid = |outcome: &str| {
        format!("kind = \"forbid\"\noutcome = \"{outcome}\"\npattern.eventName = [\"A\"]\n")
    };
    let refused = format!(r#""eventName":"A",{REFUSED}"#);
    check(&forbid("success"), r#""eventName":"A""#, &[Role::Exception]);
    check(&forbid("success"), &refused, &[Role::Attempt]);
    check(&forbid("success"), r#""eventName":"B""#, &[]);
    check(&forbid("any"), &refused, &[Role::Exception]);
    check(&forbid("refused"), &refused, &[Role::Exception]);
    check(&forbid("refused"), r#""eventName":"A""#, &[]);
}

#[test]
fn what_cloudtrail_left_out_is_undecided_and_never_a_silent_no() {
    let forbid = "kind = \"forbid\"\npattern.eventName = [\"A\"]\npattern.requestParameters.public = [true]\n";
    check(
        forbid,
        &format!(r#""eventName":"A",{OMITTED}"#),
        &[Role::Undecided],
    );
    check(forbid, &format!(r#""eventName":"B",{OMITTED}"#), &[]);
    let every = "kind = \"every\"\npattern.eventName = [\"A\"]\nconform.requestParameters.public = [false]\n";
    check(
        every,
        &format!(r#""eventName":"A",{OMITTED}"#),
        &[Role::Undecided],
    );
}

#[test]
fn every_holds_each_member_against_the_second_pattern() {
    let every = "kind = \"every\"\npattern.eventName = [\"A\"]\nconform.awsRegion = [\"x\"]\n";
    check(
        every,
        r#""eventName":"A","awsRegion":"x""#,
        &[Role::Conforming],
    );
    check(
        every,
        r#""eventName":"A","awsRegion":"y""#,
        &[Role::Exception],
    );
    check(every, r#""eventName":"A""#, &[Role::Exception]);
    check(
        every,
        &format!(r#""eventName":"A",{REFUSED}"#),
        &[Role::Attempt],
    );
    check(every, r#""awsRegion":"x""#, &[]);
}

#[test]
fn every_sign_in_event_that_says_failure_is_a_refused_call() {
    let forbid = "kind = \"forbid\"\npattern.eventName = [{ exists = true }]\n";
    let results = [
        ("PasswordUpdated", "responseElements"),
        ("PasswordRecoveryRequested", "responseElements"),
        ("PasswordRecoveryCompleted", "responseElements"),
        ("EmailUpdated", "responseElements"),
        ("SwitchRole", "responseElements"),
        ("CheckMfa", "responseElements"),
        ("CredentialChallenge", "serviceEventDetails"),
        ("CredentialVerification", "serviceEventDetails"),
        ("UserAuthentication", "serviceEventDetails"),
    ];
    for (name, member) in results {
        let record =
            |result: &str| format!(r#""eventName":"{name}","{member}":{{"{name}":"{result}"}}"#);
        check(forbid, &record("Failure"), &[Role::Attempt]);
        check(forbid, &record("Success"), &[Role::Exception]);
    }
}

#[test]
fn failed_sign_ins_are_refused_calls() {
    let every =
        "kind = \"every\"\npattern.eventName = [\"ConsoleLogin\"]\nconform.awsRegion = [\"x\"]\n";
    let record = r#""eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}"#;
    check(every, record, &[Role::Attempt]);
}

#[test]
fn a_threshold_lists_and_says_who_is_counted() {
    let set = set(&[
        "kind = \"threshold\"\noutcome = \"refused\"\npattern.eventName = [\"A\"]\nmore-than = 3\nwindow = \"1m\"\n\
         by = [\"userIdentity.userName\", \"sourceIPAddress\"]\n",
    ]);
    let record = format!(
        r#""eventName":"A",{REFUSED},"userIdentity":{{"userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}},"sourceIPAddress":"192.0.2.1""#
    );
    let found = judge(&set, &NamedLists::new(), &record);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0.role, Role::Listed);
    assert_eq!(found[0].1, Keys::By(Some("192.0.2.1".into())));
    assert!(judge(&set, &NamedLists::new(), r#""eventName":"A""#).is_empty());
}

const PAIR: &str = "kind = \"followed-by\"\n[[expect.pair]]\nwithin = \"1h\"\n\
    join = [\"recipientAccountId\", { trigger = \"requestParameters.name\", response = [\"requestParameters.name\", \"resources.ARN\"], as = \"name\" }]\n\
    pattern.eventName = [\"Stop\"]\nresponse.eventName = [\"Start\", \"Stop\"]\n";

#[test]
fn a_record_may_be_trigger_and_response_and_keeps_what_both_share() {
    let set = set(&[PAIR]);
    let record = r#""eventName":"Stop","recipientAccountId":"111122223333","requestParameters":{"name":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}"#;
    let found = judge(&set, &NamedLists::new(), record);
    let parts: Vec<_> = found.iter().map(|(one, _)| (one.part, one.role)).collect();
    assert_eq!(
        parts,
        [
            (Part::Trigger(0), Role::Trigger),
            (Part::Response(0), Role::Response)
        ]
    );
    for (_, keys) in &found {
        let Keys::Joins(joins) = keys else {
            panic!("{keys:?}");
        };
        assert_eq!(joins[0].texts, ["111122223333"]);
        assert_eq!(joins[1].texts, ["main"]);
    }
}

#[test]
fn a_refused_response_is_nothing_and_a_refused_trigger_an_attempt() {
    check(PAIR, &format!(r#""eventName":"Start",{REFUSED}"#), &[]);
    check(
        PAIR,
        &format!(r#""eventName":"Stop",{REFUSED}"#),
        &[Role::Attempt],
    );
}

#[test]
fn at_least_with_a_list_counts_for_the_entries_that_a_record_names() {
    let set = set(&[
        "kind = \"at-least\"\npattern.eventName = [\"RotateKey\"]\neach = { list = \"cde_kms_keys\", path = \"resources.ARN\" }\n",
    ]);
    let lists = lists(r#"cde_kms_keys = ["key/1", { prefix = "key/2" }, "key/3"]"#);
    let record = |arn: &str| format!(r#""eventName":"RotateKey","resources":[{{"ARN":"{arn}"}}]"#);
    let found = judge(&set, &lists, &record("key/22"));
    assert_eq!(found[0].0.role, Role::Conforming);
    assert_eq!(found[0].1, Keys::Entries(vec![1]));
    assert!(judge(&set, &lists, &record("key/4")).is_empty());
    let refused = format!("{},{REFUSED}", record("key/1"));
    assert!(judge(&set, &lists, &refused).is_empty());
}

const FIELDS: &str = "kind = \"record-fields\"\n\
    [[expect.field]]\nname = \"who\"\nany-of = [\"userIdentity.arn\", \"userIdentity.invokedBy\"]\nunless.eventCategory = [\"Insight\"]\n\
    [[expect.field]]\nname = \"what\"\nany-of = [\"eventName\"]\nunless.eventCategory = [\"Insight\"]\n";

#[test]
fn record_fields_say_which_elements_are_lacking() {
    check(
        FIELDS,
        r#""eventName":"A","userIdentity":{"invokedBy":"x"}"#,
        &[Role::Conforming],
    );
    check(
        FIELDS,
        r#""eventName":"A","userIdentity":{"arn":""}"#,
        &[Role::Exception],
    );
    check(FIELDS, r#""eventCategory":"Insight""#, &[]);
    let found = judge(&set(&[FIELDS]), &NamedLists::new(), r#""eventName":"A""#);
    let Part::Fields(bits) = found[0].0.part else {
        panic!("{found:?}");
    };
    assert_eq!((bits.missing, bits.exempt, bits.undecided), (0b01, 0, 0));
}

const LISTED: &str = "kind = \"forbid\"\npattern.eventName = [\"A\"]\npattern.\"@actor\" = [{ anything-but = { list = \"approved_admins\" } }]\n";

#[test]
fn a_list_decides_and_an_unfilled_list_decides_nothing() {
    let set = set(&[LISTED]);
    let record =
        |arn: &str| format!(r#""eventName":"A","userIdentity":{{"type":"IAMUser","arn":"{arn}"}}"#);
    let filled = lists(r#"approved_admins = ["good"]"#);
    let roles = |lists: &NamedLists, arn: &str| -> Vec<Role> {
        let found = judge(&set, lists, &record(arn));
        found.iter().map(|(one, _)| one.role).collect()
    };
    assert_eq!(roles(&filled, "good"), []);
    assert_eq!(roles(&filled, "bad"), [Role::Exception]);
    for unfilled in [NamedLists::new(), lists("approved_admins = []")] {
        assert_eq!(roles(&unfilled, "bad"), [Role::Undecided]);
        let engine = ControlEngine::new(&set, &unfilled);
        assert_eq!(engine.unfilled_lists(0), ["approved_admins"]);
    }
    let found = judge(&set, &NamedLists::new(), r#""eventName":"B""#);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_scan_can_leave_out_what_only_a_missing_list_leaves_undecided() {
    let omitted =
        "kind = \"forbid\"\npattern.eventName = [\"A\"]\npattern.requestParameters.x = [1]\n";
    let set = set(&[LISTED, omitted]);
    let engine = ControlEngine::new(&set, &NamedLists::new());
    let json =
        format!(r#"{{"eventName":"A","userIdentity":{{"type":"IAMUser","arn":"x"}},{OMITTED}}}"#);
    let mut projector = Projector::new(engine.paths());
    projector.read(json.as_bytes(), 0).expect("valid JSON");
    let view = RecordView::new(json.as_bytes(), &projector);
    let mut found = Vec::new();
    engine.judge().roles(&view, &mut found);
    assert_eq!(found.len(), 2);
    found.clear();
    engine.judge().without_unfilled().roles(&view, &mut found);
    let controls: Vec<_> = found.iter().map(|one| (one.control, one.role)).collect();
    assert_eq!(controls, [(1, Role::Undecided)]);
}

#[test]
fn a_dated_entry_counts_only_in_its_time() {
    let set = set(&["kind = \"forbid\"\npattern.awsRegion = [{ list = \"break_glass_users\" }]\n"]);
    let entry = |from: &str| format!(r#"break_glass_users = [{{ value = "x", from = {from} }}]"#);
    let count = |from: &str| judge(&set, &lists(&entry(from)), r#""awsRegion":"x""#).len();
    assert_eq!(count("2026-10-12T12:00:00Z"), 1);
    assert_eq!(count("2026-10-12T12:00:01Z"), 0);
}

#[test]
fn coverage_and_integrity_make_nothing_of_a_record() {
    check("kind = \"integrity\"\n", r#""eventName":"A""#, &[]);
    check(
        "kind = \"coverage\"\nwhat = \"accounts\"\n",
        r#""eventName":"A""#,
        &[],
    );
}

#[test]
fn roles_come_in_the_order_of_controls_and_do_not_depend_on_other_controls() {
    let forbid = "kind = \"forbid\"\npattern.eventName = [\"Stop\"]\n";
    let inventory = "kind = \"inventory\"\npattern.eventName = [{ prefix = \"S\" }]\n";
    let all = [inventory, PAIR, FIELDS, forbid];
    let record = r#""eventName":"Stop""#;
    let together = judge(&set(&all), &NamedLists::new(), record);
    assert!(together.is_sorted_by_key(|(one, _)| *one));
    for (index, expect) in (0u32..).zip(all) {
        let alone = judge(&set(&[expect]), &NamedLists::new(), record);
        let alone: Vec<_> = alone
            .iter()
            .map(|(one, keys)| (one.part, one.role, keys))
            .collect();
        let own: Vec<_> = together
            .iter()
            .filter(|(one, _)| one.control == index)
            .map(|(one, keys)| (one.part, one.role, keys))
            .collect();
        assert_eq!(own, alone);
    }
}

#[test]
fn a_network_activity_event_is_no_second_call() {
    let expect = "kind = \"forbid\"\npattern.eventName = [\"ScheduleKeyDeletion\"]\n";
    let without = set(&[expect]);
    let call = r#""eventName":"ScheduleKeyDeletion","eventCategory":"Management""#;
    let seen = r#""eventName":"ScheduleKeyDeletion","eventCategory":"NetworkActivity""#;
    let roles = |set: &ControlSet, record: &str| -> Vec<Role> {
        let found = judge(set, &NamedLists::default(), record);
        found.iter().map(|(one, _)| one.role).collect()
    };
    assert_eq!(roles(&without, call), [Role::Exception]);
    assert_eq!(roles(&without, seen), []);
    let with = set_needing("\"network-activity\"", &[expect]);
    assert_eq!(roles(&with, seen), [Role::Exception]);
    let anywhere = "kind = \"inventory\"\npattern.awsRegion = [\"x\"]\n";
    let insight = r#""awsRegion":"x","eventCategory":"Insight""#;
    assert_eq!(roles(&set(&[anywhere]), insight), []);
    let with = set_needing("\"insights\"", &[anywhere]);
    assert_eq!(roles(&with, insight), [Role::Listed]);
}
