//! Stops of one trail beside signed digests of another: these excuse an hour without events only if
//! that trail is known to have recorded all management events at the time.

use attestrail::assess::outcome::DayState::{
    self, Delivered, ProvedIdle, Silent, Stopped, Unclear,
};
use attestrail::period::Period;
use attestrail::record::time;
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{ALL_LAMBDA, ALL_MANAGEMENT};
use crate::scan_common::{
    ACCOUNT, REGION, World, file, key, no_new_users, record, record_in, scope, set,
};
use crate::signed::{CHAIN, Chain};

const OTHER: &str = "444455556666";
const ALWAYS: (&str, &str) = ("2026-09-30T23:00:00Z", "2026-10-06T02:00:00Z");
const WATCH: Chain<'_> = Chain {
    trail: "watch",
    times: &[ALWAYS],
    has_logs: true,
    ..CHAIN
};

/// Five days with an event each hour, but for the time in which the trail `main` was stopped; its
/// digests leave that time out, and those of `watch` do not.
fn world(more: &[String], watch: &Chain<'_>) -> World {
    let mut world = World::new(&[], &[]).scoped("");
    world.set = set(&[no_new_users()]);
    world.scope = scope("");
    world.period = Period::between("2026-10-01", "2026-10-05").expect("valid");
    let off = ["2026-10-03T02:00:00Z", "2026-10-03T22:00:00Z"];
    let off = off.map(|at| time::parse(at).expect("an instant"));
    let hours = (world.period.start..world.period.end).step_by(3600);
    let mut all: Vec<String> = hours
        .filter(|hour| !(off[0]..off[1]).contains(hour))
        .map(|hour| record(&time::format(hour + 1200), "TagUser", ""))
        .collect();
    all.push(told("2026-10-03T01:03:00Z", "StopLogging", "main", ""));
    all.push(told("2026-10-03T22:00:00Z", "StartLogging", "main", ""));
    all.extend(more.iter().cloned());
    world.files = vec![(key("2026-10-05", "all"), file(&all))];
    let main = Chain {
        times: &[
            (ALWAYS.0, "2026-10-03T01:03:00Z"),
            ("2026-10-03T22:00:00Z", ALWAYS.1),
        ],
        ..CHAIN
    };
    world.and_signed(&[main, Chain { ..*watch }])
}

fn told(at: &str, name: &str, trail: &str, selectors: &str) -> String {
    let selectors = match selectors {
        "" => String::new(),
        some => format!(",\"trailName\":\"{trail}\",\"advancedEventSelectors\":[{some}]"),
    };
    let more = format!(",\"requestParameters\":{{\"name\":\"{trail}\"{selectors}}}");
    record_in(ACCOUNT, REGION, at, name, &more)
}

fn said(account: &str, home: &str, trail: &str, selectors: &str) -> Snapshot {
    let arn = format!("arn:aws:cloudtrail:{home}:{account}:trail/{trail}");
    let text = format!("{{\"TrailARN\":\"{arn}\",\"advancedEventSelectors\":[{selectors}]}}");
    Snapshot::parse("s.json", text.as_bytes(), None).expect("a snapshot")
}

#[track_caller]
fn check(world: &World, expected: DayState) {
    let answer = world.assess();
    let days = &answer.assessment.coverage.rows[0].days;
    assert_eq!(
        *days,
        [Delivered, Delivered, expected, Delivered, Delivered]
    );
}

#[track_caller]
fn check_third(world: &World, expected: DayState) {
    let answer = world.assess();
    assert_eq!(answer.assessment.coverage.rows[0].days[2], expected);
}

#[test]
fn a_quiet_stop_is_excused_by_digests_of_a_trail_that_recorded_the_same() {
    check(&world(&[], &WATCH), Unclear);
    let of_watch = |selectors| said(ACCOUNT, REGION, "watch", selectors);
    let with = |snapshot| world(&[], &WATCH).and_snapshot(snapshot);
    check(&with(of_watch(ALL_MANAGEMENT)), Delivered);
    check(&with(of_watch(ALL_LAMBDA)), Stopped);
    let both = with(of_watch(ALL_MANAGEMENT)).and_snapshot(of_watch(ALL_LAMBDA));
    check(&both, Unclear);
}

#[test]
fn what_a_trail_records_is_known_from_when_it_was_told() {
    let put = |at: &str, selectors: &str| told(at, "PutEventSelectors", "watch", selectors);
    let before = put("2026-10-01T09:00:00Z", ALL_MANAGEMENT);
    check(&world(std::slice::from_ref(&before), &WATCH), Delivered);
    check(
        &world(&[put("2026-10-04T09:00:00Z", ALL_MANAGEMENT)], &WATCH),
        Unclear,
    );
    let within = put("2026-10-03T01:30:00Z", ALL_LAMBDA);
    check(&world(&[before.clone(), within], &WATCH), Stopped);
    let within = put("2026-10-03T10:30:00Z", ALL_LAMBDA);
    check(&world(&[before.clone(), within], &WATCH), Unclear);
    // One that was deleted and made anew may record anything.
    let gone = told("2026-10-02T09:00:00Z", "DeleteTrail", "watch", "");
    check_third(&world(&[before, gone], &WATCH), Unclear);
}

#[test]
fn a_trail_of_the_same_name_elsewhere_tells_nothing_of_it() {
    let with = |snapshot| world(&[], &WATCH).and_snapshot(snapshot);
    check(&with(said(OTHER, REGION, "watch", ALL_MANAGEMENT)), Unclear);
    check(
        &with(said(ACCOUNT, "eu-west-1", "watch", ALL_MANAGEMENT)),
        Unclear,
    );
    // Nor is the other one named `main` the one that was stopped.
    let namesake = Chain {
        trail: "main",
        home: "eu-west-1",
        ..WATCH
    };
    let snapshot = said(ACCOUNT, "eu-west-1", "main", ALL_MANAGEMENT);
    check(&world(&[], &namesake).and_snapshot(snapshot), Delivered);
    check(&world(&[], &namesake), Unclear);
}

#[test]
fn a_pause_that_digests_alone_tell_of_is_held_against_the_same() {
    let without_calls = |snapshot: Option<Snapshot>| {
        let mut world = world(&[], &WATCH);
        world.snapshots.extend(snapshot);
        let text = String::from_utf8(world.files[0].1.clone()).expect("text");
        let text = text
            .replace("StopLogging", "TagRole")
            .replace("StartLogging", "TagRole");
        world.files = vec![(world.files[0].0.clone(), text.into_bytes())];
        let main = Chain {
            times: &[
                (ALWAYS.0, "2026-10-03T01:03:00Z"),
                ("2026-10-03T22:00:00Z", ALWAYS.1),
            ],
            ..CHAIN
        };
        world.and_signed(&[main, WATCH])
    };
    check(&without_calls(None), Unclear);
    let of_watch = |selectors| said(ACCOUNT, REGION, "watch", selectors);
    check(&without_calls(Some(of_watch(ALL_MANAGEMENT))), Delivered);
    check(&without_calls(Some(of_watch(ALL_LAMBDA))), Unclear);
    let of_main = said(ACCOUNT, REGION, "main", ALL_LAMBDA);
    check(&without_calls(Some(of_main)), Delivered);
}

#[test]
fn a_trail_that_ended_long_ago_proves_no_quiet_day_idle_unless_a_record_tells_of_its_end() {
    let end = "2026-09-25T01:03:00Z";
    let with = |more: &[String]| {
        let mut world = world(more, &WATCH);
        let text = String::from_utf8(world.files[0].1.clone()).expect("text");
        let (from, to) = (
            text.find('[').expect("a list") + 1,
            text.rfind(']').expect("its end"),
        );
        let told: Vec<String> = ["01", "02", "04", "05"]
            .map(|day| record(&format!("2026-10-{day}T00:20:00Z"), "TagUser", ""))
            .into_iter()
            .chain(more.iter().cloned())
            .collect();
        let text = format!("{}{}{}", &text[..from], told.join(","), &text[to..]);
        world.files = vec![(world.files[0].0.clone(), text.into_bytes())];
        let old = Chain {
            trail: "old",
            times: &[("2026-09-20T00:00:00Z", end)],
            ..CHAIN
        };
        world.and_signed(&[old, WATCH])
    };
    let call = |at: &str, name: &str, trail: &str| vec![told(at, name, trail, "")];
    check(&with(&[]), Silent);
    check(&with(&call(end, "StopLogging", "old")), ProvedIdle);
    check(
        &with(&call("2026-09-25T00:50:00Z", "DeleteTrail", "old")),
        ProvedIdle,
    );
    check(&with(&call(end, "StopLogging", "watch")), Silent);
    check(
        &with(&call("2026-09-23T01:03:00Z", "StopLogging", "old")),
        Silent,
    );
    let both = [
        call(end, "StopLogging", "old"),
        call("2026-09-25T09:00:00Z", "StartLogging", "old"),
    ];
    check(&with(&both.concat()), Silent);
}

#[test]
fn a_stop_of_less_than_an_hour_is_excused_by_digests_alone() {
    let with = |snapshot: Option<Snapshot>| {
        let mut world = world(&[], &WATCH);
        world.snapshots.extend(snapshot);
        let hours = (world.period.start..world.period.end).step_by(3600);
        let mut all: Vec<String> = hours
            .map(|hour| record(&time::format(hour + 1200), "TagUser", ""))
            .collect();
        all.push(told("2026-10-03T01:03:00Z", "StopLogging", "test", ""));
        all.push(told("2026-10-03T01:03:40Z", "StartLogging", "test", ""));
        world.files = vec![(world.files[0].0.clone(), file(&all))];
        world.and_signed(&[WATCH])
    };
    check(&with(None), Unclear);
    let of_watch = |selectors| said(ACCOUNT, REGION, "watch", selectors);
    check(&with(Some(of_watch(ALL_MANAGEMENT))), Delivered);
    check(&with(Some(of_watch(ALL_LAMBDA))), Stopped);
}
