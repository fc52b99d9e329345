//! Examples are run as a report would judge them, and a wrong one is noticed.

use attestrail::control::load;
use attestrail::control::set::ControlSet;
use attestrail::control::trial::{self, Trial};
use attestrail::diagnostic::SourceText;

/// Runs the examples of a control with this `[expect]` table.
fn run(expect: &str, examples: &str) -> Vec<Trial> {
    let text = format!(
        "format = 1\nid = \"a\"\ntitle = \"t\"\nobjective = \"o\"\nprocedure = \"p\"\nlimits = \"l\"\n\
         severity = \"low\"\nneeds = [\"management-write\"]\nrequirements.hipaa = [\"164.312(b)\"]\n\
         [expect]\n{expect}\n{examples}"
    );
    let frameworks = load::shipped_texts().expect("shipped texts").frameworks;
    let source = SourceText::new("a.toml", text);
    let (set, _) =
        ControlSet::parse(&[source], &frameworks).unwrap_or_else(|found| panic!("{found}"));
    let control = set.get("a").expect("loaded");
    trial::run(&set, control)
        .into_iter()
        .map(|one| one.expect("every event is a record"))
        .collect()
}

/// An example whose events are `day-of-October hour:minute name more`.
fn example(verdict: &str, keys: &str, events: &[(&str, &str)]) -> String {
    let events: Vec<_> = events
        .iter()
        .map(|(at, members)| format!("'''{{\"eventTime\":\"2026-10-{at}:00Z\",{members}}}'''"))
        .collect();
    format!(
        "[[example]]\nname = \"n\"\nverdict = \"{verdict}\"\n{keys}\nevents = [{}]\n",
        events.join(",")
    )
}

#[track_caller]
fn check(expect: &str, verdict: &str, keys: &str, events: &[(&str, &str)]) {
    let trials = run(expect, &example(verdict, keys, events));
    assert!(trials[0].passed(), "{:?}", trials[0].differences);
}

#[test]
fn a_wrong_example_is_noticed_in_every_number() {
    let expect = "kind = \"forbid\"\npattern.eventName = [\"A\"]";
    let events = [
        ("01T00:00", "\"eventName\":\"A\""),
        (
            "01T00:00",
            "\"eventName\":\"A\",\"errorCode\":\"AccessDenied\"",
        ),
    ];
    check(expect, "exceptions", "attempts = 1", &events);
    let wrong = run(expect, &example("no-exceptions", "undecided = 1", &events));
    assert_eq!(
        wrong[0].differences,
        [
            "verdict is `exceptions`, expected `no-exceptions` (1 exceptions, 0 conforming, 0 listed)",
            "attempts: 1, expected 0",
            "undecided: 0, expected 1",
        ]
    );
}

#[test]
fn an_unfilled_list_makes_an_example_not_determinable() {
    let expect = "kind = \"forbid\"\npattern.awsRegion = [{ list = \"quiet\" }]";
    let events = [("01T00:00", "\"awsRegion\":\"x\"")];
    check(expect, "not-determinable", "undecided = 1", &events);
    check(
        expect,
        "no-exceptions",
        "lists = { quiet = [\"y\"] }",
        &events,
    );
    check(expect, "exceptions", "lists = { quiet = [\"x\"] }", &events);
}

const THRESHOLD: &str = "kind = \"threshold\"\npattern.eventName = [\"A\"]\nby = [\"sourceIPAddress\"]\nmore-than = 2\nwindow = \"10m\"";

#[test]
fn a_threshold_counts_for_each_by_itself() {
    let one = "\"eventName\":\"A\",\"sourceIPAddress\":\"192.0.2.1\"";
    let two = "\"eventName\":\"A\",\"sourceIPAddress\":\"192.0.2.2\"";
    let burst = [("01T00:00", one), ("01T00:09", one), ("01T00:05", one)];
    check(THRESHOLD, "exceptions", "", &burst);
    let apart = [("01T00:00", one), ("01T00:10", one), ("01T00:05", one)];
    check(THRESHOLD, "no-exceptions", "", &apart);
    let mixed = [("01T00:00", one), ("01T00:01", two), ("01T00:02", one)];
    check(THRESHOLD, "no-exceptions", "", &mixed);
    check(
        THRESHOLD,
        "no-activity",
        "",
        &[("01T00:00", "\"eventName\":\"B\"")],
    );
}

const PAIR: &str = "kind = \"followed-by\"\n[[expect.pair]]\nwithin = \"1h\"\n\
    join = [{ trigger = \"requestParameters.name\", response = \"requestParameters.name\", as = \"name\" }]\n\
    pattern.eventName = [\"Stop\"]\nresponse.eventName = [\"Start\"]";
const STOP: &str = "\"eventName\":\"Stop\",\"requestParameters\":{\"name\":\"arn:x:trail/main\"}";
const START: &str = "\"eventName\":\"Start\",\"requestParameters\":{\"name\":\"main\"}";
const OTHER: &str = "\"eventName\":\"Start\",\"requestParameters\":{\"name\":\"other\"}";
const OMITTED: &str = "\"eventName\":\"Start\",\"requestParameters\":{\"omitted\":true,\"originalSize\":200000,\"reason\":\"too large\"}";

#[test]
fn a_trigger_needs_its_own_response_in_time() {
    check(
        PAIR,
        "no-exceptions",
        "",
        &[("01T00:00", STOP), ("01T01:00", START)],
    );
    check(
        PAIR,
        "exceptions",
        "",
        &[("01T00:00", STOP), ("01T01:01", START)],
    );
    check(
        PAIR,
        "exceptions",
        "",
        &[("01T00:00", STOP), ("01T00:30", OTHER)],
    );
    check(
        PAIR,
        "exceptions",
        "",
        &[("01T00:30", STOP), ("01T00:00", START)],
    );
    check(PAIR, "no-activity", "", &[("01T00:00", START)]);
}

#[test]
fn what_may_have_been_the_response_leaves_the_trigger_undecided() {
    check(
        PAIR,
        "not-determinable",
        "undecided = 1",
        &[("01T00:00", STOP), ("01T00:30", OMITTED)],
    );
    let both = [
        ("01T00:00", STOP),
        ("01T00:30", OMITTED),
        ("01T00:40", START),
    ];
    check(PAIR, "no-exceptions", "", &both);
}

#[test]
fn a_trigger_at_the_end_of_the_period_is_open() {
    check(
        PAIR,
        "not-determinable",
        "undecided = 1",
        &[("31T23:30", STOP)],
    );
    check(PAIR, "exceptions", "", &[("31T22:30", STOP)]);
}

#[test]
fn leavers_are_triggers_by_any_of_their_identities() {
    let expect = "kind = \"followed-by\"\n[[expect.pair]]\ntrigger-list = \"leavers\"\nwithin = \"1d\"\n\
        join = [{ trigger = \"identity\", response = \"requestParameters.userName\", as = \"name\" }]\n\
        response.eventName = [\"DeleteUser\"]";
    let leavers = "leavers = [{ person = \"Ana\", identities = [\"x\", \"arn:aws:iam::111122223333:user/ana\"], left = 2026-10-12T17:00:00Z }]";
    let delete = "\"eventName\":\"DeleteUser\",\"requestParameters\":{\"userName\":\"ana\"}";
    check(expect, "no-exceptions", leavers, &[("13T16:59", delete)]);
    check(expect, "exceptions", leavers, &[("13T17:01", delete)]);
    let elsewhere = format!("{leavers}\nperiod = \"2026-11\"");
    check(expect, "no-activity", &elsewhere, &[("13T16:59", delete)]);
}

#[test]
fn each_entry_of_a_list_needs_its_own_count() {
    let expect = "kind = \"at-least\"\npattern.eventName = [\"Rotate\"]\neach = { list = \"keys\", path = \"resources.ARN\" }";
    let one = "\"eventName\":\"Rotate\",\"resources\":[{\"ARN\":\"key/1\"}]";
    let two = "\"eventName\":\"Rotate\",\"resources\":[{\"ARN\":\"key/2\"}]";
    let lists = "lists = { keys = [\"key/1\", \"key/2\"] }";
    check(
        expect,
        "no-exceptions",
        lists,
        &[("01T00:00", one), ("02T00:00", two)],
    );
    check(
        expect,
        "exceptions",
        lists,
        &[("01T00:00", one), ("02T00:00", one)],
    );
    let weekly = "kind = \"at-least\"\nper = \"week\"\npattern.eventName = [\"Review\"]";
    let review = "\"eventName\":\"Review\"";
    let whole = [
        ("05T00:00", review),
        ("12T00:00", review),
        ("25T23:59", review),
    ];
    check(weekly, "no-exceptions", "", &whole);
    check(weekly, "exceptions", "", &whole[..2]);
}
