//! Times in which a trail may not have recorded a class: neither records from before and after them
//! nor selectors prove the class over the whole period.

use attestrail::assess::outcome::Verdict;
use attestrail::record::time;
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, LOGS_BUCKET, MULTI, check, data, named_snapshot,
    no_invokes, put_selectors,
};
use crate::scan_common::{
    ACCOUNT, REGION, World, control, file, key, no_new_users, quiet_days_in, record, record_in,
    scope_text,
};

const OTHER: &str = "444455556666";
const FULL: &[&str] = &[ALL_MANAGEMENT, ALL_LAMBDA];
const LESS: &[&str] = &[ALL_MANAGEMENT];
const WHOLE: (&str, &str) = DIGESTS.time;

fn call(at: &str, name: &str, more: &str) -> String {
    let parameters = format!(",\"requestParameters\":{{\"name\":\"main\"{more}}}");
    record(at, name, &parameters)
}

fn invoke(at: &str) -> String {
    record(at, "Invoke", "")
        .replace("iam.amazonaws.com", "lambda.amazonaws.com")
        .replace("\"managementEvent\":true", "\"managementEvent\":false")
        .replace("Category\":\"Management\"", "Category\":\"Data\"")
}

/// Where management events of every hour show that some trail always records these.
fn world(records: &[&[String]]) -> World {
    let world = World::new(&[no_invokes()], &records.concat());
    let hours = (world.period.start..world.period.end).step_by(3600);
    let writes: Vec<String> = hours
        .map(|hour| record(&time::format(hour + 1800), "TagRole", ""))
        .collect();
    world.and_file(&key("2026-10-31", "hours"), file(&writes))
}

fn with_digests(world: World, times: &[(&str, &str)]) -> World {
    times.iter().fold(world, |world, time| {
        world.and_digests(&Digests {
            time: *time,
            ..DIGESTS
        })
    })
}

fn full(at: &str) -> Snapshot {
    named_snapshot("s.json", FULL, Some(at), MULTI)
}

/// Invocations on days around the middle of the month.
fn around() -> [String; 2] {
    ["2026-10-03T09:00:00Z", "2026-10-29T09:00:00Z"].map(invoke)
}

#[test]
fn what_was_taken_and_given_back_is_proven_by_records_of_that_time_alone() {
    let (from, until) = ("2026-10-10T08:00:00Z", "2026-10-20T08:00:00Z");
    let to = |bucket: &str| format!(",\"s3BucketName\":\"{bucket}\"");
    for pair in [
        [put_selectors(from, LESS), put_selectors(until, FULL)],
        [
            call(from, "StopLogging", ""),
            call(until, "StartLogging", ""),
        ],
        [
            call(from, "DeleteTrail", ""),
            call(until, "StartLogging", ""),
        ],
        [
            call(from, "UpdateTrail", &to("elsewhere")),
            call(until, "UpdateTrail", &to("here")),
        ],
        [
            call(from, "UpdateTrail", ",\"s3KeyPrefix\":\"hidden\""),
            call(until, "UpdateTrail", ",\"s3KeyPrefix\":\"logs\""),
        ],
    ] {
        let reason = ["lambda-data", "after `", "trail `main`", from, until];
        let doubt = Verdict::NotDeterminable;
        check(world(&[&around(), &pair]), doubt, &reason);
        // Records of the first hour may still be of the trail itself.
        let at_once = [invoke("2026-10-10T08:30:00Z")];
        check(world(&[&around(), &pair, &at_once]), doubt, &reason);
        let between = [invoke("2026-10-15T09:00:00Z")];
        check(
            world(&[&around(), &pair, &between]),
            Verdict::NoExceptions,
            &[],
        );
    }
}

#[test]
fn two_trails_that_were_stopped_one_after_the_other_do_not_prove_each_other() {
    let of = |at, name, trail: &str| {
        call(at, name, "").replace("\"name\":\"main\"", &format!("\"name\":\"{trail}\""))
    };
    let stops = [
        of("2026-10-05T08:00:00Z", "StopLogging", "one"),
        of("2026-10-10T08:00:00Z", "StopLogging", "two"),
        of("2026-10-15T08:00:00Z", "StartLogging", "one"),
        of("2026-10-20T08:00:00Z", "StartLogging", "two"),
    ];
    let each = ["2026-10-07T09:00:00Z", "2026-10-17T09:00:00Z"].map(invoke);
    let all = [&around()[..], &stops, &each];
    check(world(&all), Verdict::NotDeterminable, &["lambda-data"]);
    let both = [invoke("2026-10-12T09:00:00Z")];
    check(
        world(&[&around(), &stops, &each, &both]),
        Verdict::NoExceptions,
        &[],
    );
}

#[test]
fn a_record_from_before_the_first_call_that_gave_it_shows_nothing_of_a_stop() {
    let calls = [
        put_selectors("2026-10-05T08:00:00Z", FULL),
        call("2026-10-10T08:00:00Z", "StopLogging", ""),
        call("2026-10-20T08:00:00Z", "StartLogging", ""),
    ];
    let reason = ["after `StopLogging`", "2026-10-10T08:00:00Z"];
    let doubt = world(&[&around(), &calls]);
    check(doubt, Verdict::NotDeterminable, &reason);
}

#[test]
fn management_events_that_were_left_out_for_a_while_are_not_proven() {
    let narrow = |at, what: &str| {
        let more = format!(
            ",\"requestParameters\":{{\"trailName\":\"main\",\"eventSelectors\":[{{{what}}}]}}"
        );
        record(at, "PutEventSelectors", &more)
    };
    let (from, until) = ("2026-10-12T13:00:00Z", "2026-10-13T11:00:00Z");
    let all = narrow(until, "\"readWriteType\":\"All\"");
    let no_kms = "\"excludeManagementEventSources\":[\"kms.amazonaws.com\"]";
    for (class, what, name) in [
        ("kms", no_kms, "Decrypt"),
        (
            "management-read",
            "\"readWriteType\":\"WriteOnly\"",
            "ListUsers",
        ),
        (
            "management-write",
            "\"readWriteType\":\"ReadOnly\"",
            "TagUser",
        ),
    ] {
        let pair = [narrow(from, what), all.clone()];
        let world = World::new(&[needs(class)], &pair);
        let reason = [class, "after `PutEventSelectors`", from, until];
        check(world, Verdict::NotDeterminable, &reason);
        let between = [record("2026-10-12T20:00:00Z", name, "")];
        let world = World::new(&[needs(class)], &[&pair[..], &between].concat());
        if class != "management-write" {
            check(world, Verdict::NoExceptions, &[]);
            continue;
        }
        // The trail would not record the call that gives writes back, so they may be its own.
        let reason = [class, "nothing shows when the trail recorded it again"];
        check(world, Verdict::NotDeterminable, &reason);
        let start = time::parse(from).expect("an instant");
        let hours = (start..start + 22 * 3600).step_by(3600);
        let each: Vec<String> = hours
            .map(|hour| record(&time::format(hour + 1800), name, ""))
            .collect();
        let world = World::new(&[needs(class)], &[&pair[..], &each].concat());
        check(world, Verdict::NoExceptions, &[]);
    }
}

#[test]
fn writes_that_were_left_out_may_have_been_asked_for_again_without_a_record() {
    let narrowed = record(
        "2026-10-12T13:00:00Z",
        "PutEventSelectors",
        ",\"requestParameters\":{\"trailName\":\"main\",\"eventSelectors\":[{\"readWriteType\":\"ReadOnly\"}]}",
    );
    let reason = [
        "management-write",
        "nothing shows when the trail recorded it again",
    ];
    let world = World::new(&[no_new_users()], std::slice::from_ref(&narrowed));
    check(world, Verdict::NotDeterminable, &reason);
    // Another trail that records writes would show the call; it does where they never cease.
    let mut all = vec![narrowed];
    for hour in 13..24 {
        all.push(record(&format!("2026-10-12T{hour}:30:00Z"), "TagRole", ""));
    }
    for hour in 0..14 {
        all.push(record(
            &format!("2026-10-13T{hour:02}:30:00Z"),
            "TagRole",
            "",
        ));
    }
    let world = World::new(&[no_new_users()], &all);
    check(world, Verdict::NoExceptions, &[]);
}

#[test]
fn identity_center_is_left_out_with_the_management_events_that_it_is_part_of() {
    let control = control(
        "no-users-without-mfa",
        "\"identity-center\"",
        "kind = \"forbid\"\npattern.eventName = [\"Nothing\"]\n",
    );
    let sign_in = record("2026-10-02T09:00:00Z", "CreateUser", "")
        .replace("iam.amazonaws.com", "sso-directory.amazonaws.com");
    let world = World::new(
        std::slice::from_ref(&control),
        std::slice::from_ref(&sign_in),
    );
    check(world, Verdict::NoExceptions, &[]);
    let narrowed = record(
        "2026-10-12T13:00:00Z",
        "PutEventSelectors",
        ",\"requestParameters\":{\"trailName\":\"main\",\"eventSelectors\":[{\"readWriteType\":\"ReadOnly\"}]}",
    );
    let world = World::new(&[control], &[sign_in, narrowed]);
    let reason = ["identity-center", "after `PutEventSelectors`"];
    check(world, Verdict::NotDeterminable, &reason);
}

#[test]
fn times_without_digests_of_a_trail_need_records_of_another() {
    let before = ("2026-09-30T23:00:00Z", "2026-10-10T00:00:00Z");
    let after = ("2026-10-20T00:00:00Z", "2026-11-01T01:00:00Z");
    for (times, records) in [
        (&[before, after][..], &around()[..]),
        (&[before], &around()[..1]),
        (&[after], &around()[1..]),
    ] {
        let reason = ["lambda-data", "no digest files", "trail `main`"];
        let doubt = with_digests(world(&[records]), times);
        check(doubt, Verdict::NotDeterminable, &reason);
        let between = [invoke("2026-10-15T09:00:00Z")];
        let filled = with_digests(world(&[records, &between]), times);
        check(filled, Verdict::NoExceptions, &[]);
        // A trail that is known to record something else says nothing of it.
        let mut other = with_digests(world(&[records]), times);
        other.snapshots = vec![named_snapshot("s.json", LESS, None, MULTI)];
        check(other, Verdict::NoExceptions, &[]);
    }
    let whole = with_digests(world(&[&around()]), &[WHOLE]);
    check(whole, Verdict::NoExceptions, &[]);
}

#[test]
fn selectors_count_only_where_digests_show_the_trail_over_the_whole_period() {
    let told = [put_selectors("2026-09-30T09:00:00Z", FULL)];
    let whole = with_digests(world(&[&told]), &[WHOLE]);
    check(whole, Verdict::NoExceptions, &[]);
    let before = ("2026-09-30T23:00:00Z", "2026-10-10T00:00:00Z");
    let after = ("2026-10-20T00:00:00Z", "2026-11-01T01:00:00Z");
    let earlier = ("2026-09-29T23:00:00Z", "2026-09-30T23:00:00Z");
    for times in [&[earlier][..], &[before], &[after], &[before, after]] {
        let reason = ["lambda-data", "nothing shows that it delivers"];
        let by_records = with_digests(world(&[&told]), times);
        check(by_records, Verdict::NotDeterminable, &reason);
        let mut by_snapshot = with_digests(world(&[]), times);
        by_snapshot.snapshots = vec![full("2026-10-02T00:00:00Z")];
        check(by_snapshot, Verdict::NotDeterminable, &reason);
    }
}

#[test]
fn a_stop_from_before_the_period_is_not_undone_by_other_calls() {
    let stopped = call("2026-09-29T08:00:00Z", "StopLogging", "");
    let later = [
        put_selectors("2026-09-30T09:00:00Z", FULL),
        call(
            "2026-09-30T10:00:00Z",
            "UpdateTrail",
            ",\"isMultiRegionTrail\":true",
        ),
    ];
    let reason = [
        "`StopLogging` of 2026-09-29",
        "was stopped when the period began",
    ];
    let all = [&[stopped][..], &later];
    let by_records = with_digests(world(&all), &[WHOLE]);
    check(by_records, Verdict::NotDeterminable, &reason);
    let mut by_snapshot = world(&all);
    by_snapshot.snapshots = vec![full("2026-10-02T00:00:00Z")];
    check(by_snapshot, Verdict::NotDeterminable, &reason);
    let started = [call("2026-09-30T11:00:00Z", "StartLogging", "")];
    let mut by_snapshot = world(&[all[0], all[1], &started]);
    by_snapshot.snapshots = vec![full("2026-10-02T00:00:00Z")];
    check(by_snapshot, Verdict::NoExceptions, &[]);
}

#[test]
fn a_trail_that_was_made_needs_to_be_started() {
    let made = [
        call(
            "2026-09-30T08:00:00Z",
            "CreateTrail",
            ",\"s3BucketName\":\"b\"",
        ),
        put_selectors("2026-09-30T09:00:00Z", FULL),
    ];
    let mut by_snapshot = world(&[&made]);
    by_snapshot.snapshots = vec![full("2026-10-02T00:00:00Z")];
    let reason = ["was made on 2026-09-30", "tells that it was started"];
    check(by_snapshot, Verdict::NotDeterminable, &reason);
    let started = [call("2026-09-30T09:30:00Z", "StartLogging", "")];
    let mut by_snapshot = world(&[&made, &started]);
    by_snapshot.snapshots = vec![full("2026-10-02T00:00:00Z")];
    check(by_snapshot, Verdict::NoExceptions, &[]);
    // Digests are written by a trail that runs.
    let mut with_digests = world(&[&made]);
    with_digests = with_digests.and_digests(&Digests {
        bucket: "b",
        ..DIGESTS
    });
    check(with_digests, Verdict::NoExceptions, &[]);
}

#[test]
fn a_start_after_the_period_shows_that_the_trail_did_not_run_in_it() {
    let started = [call("2026-11-03T01:00:00Z", "StartLogging", "")];
    let days = ["2026-11-01", "2026-11-02", "2026-11-03"];
    let writes = days.map(|day| record(&format!("{day}T12:00:00Z"), "TagUser", ""));
    for taken in ["2026-09-28T00:00:00Z", "2026-11-04T00:00:00Z"] {
        let mut by_snapshot = world(&[&started, &writes]);
        by_snapshot.snapshots = vec![full(taken)];
        let reason = [
            "was started on 2026-11-03",
            "nothing shows that it worked before",
        ];
        check(by_snapshot, Verdict::NotDeterminable, &reason);
        let mut whole = with_digests(world(&[&started, &writes]), &[WHOLE]);
        whole.snapshots = vec![full(taken)];
        check(whole, Verdict::NoExceptions, &[]);
    }
}

#[test]
fn a_trail_that_delivered_elsewhere_when_the_period_began_proves_nothing() {
    let told = [put_selectors("2026-09-30T09:00:00Z", FULL)];
    for to in [
        "\"s3BucketName\":\"elsewhere\"",
        "\"s3KeyPrefix\":\"hidden\"",
    ] {
        let moved = [call(
            "2026-09-30T10:00:00Z",
            "UpdateTrail",
            &format!(",{to}"),
        )];
        let reason = ["was told on 2026-09-30T10:00:00Z to deliver into"];
        let by_records = with_digests(world(&[&told, &moved]), &[WHOLE]);
        check(by_records, Verdict::NotDeterminable, &reason);
        // Nor by a snapshot from before that, with digests of another trail or without any.

        for with_other in [true, false] {
            let mut by_snapshot = world(&[&moved]);
            if with_other {
                by_snapshot = by_snapshot.and_digests(&Digests {
                    trail: "audit",
                    ..DIGESTS
                });
            }
            by_snapshot.snapshots = vec![full("2026-09-29T00:00:00Z")];
            check(by_snapshot, Verdict::NotDeterminable, &reason);
        }
    }
    let back = [
        call(
            "2026-09-30T10:00:00Z",
            "UpdateTrail",
            ",\"s3BucketName\":\"elsewhere\"",
        ),
        call(
            "2026-09-30T11:00:00Z",
            "UpdateTrail",
            ",\"s3BucketName\":\"bucket\"",
        ),
    ];
    let by_records = with_digests(world(&[&told, &back]), &[WHOLE]);
    check(by_records, Verdict::NoExceptions, &[]);
}

#[test]
fn a_snapshot_that_names_a_prefix_that_nothing_here_has_proves_nothing() {
    let describes = ",\"IsMultiRegionTrail\":true,\"S3KeyPrefix\":\"data/\"";
    let with = |front: Option<&str>| {
        let mut all = world(&[]);
        let taken = Some("2026-10-02T00:00:00Z");
        all.snapshots = vec![named_snapshot("s.json", FULL, taken, describes)];
        if let Some(front) = front {
            all = all.and_digests(&Digests { front, ..DIGESTS });
        }
        all
    };
    check(with(None), Verdict::NoExceptions, &[]);
    check(with(Some("data/AWSLogs/")), Verdict::NoExceptions, &[]);
    let reason = ["`s.json`", "prefix `data`"];
    check(with(Some("AWSLogs/")), Verdict::NotDeterminable, &reason);
}

#[test]
fn a_snapshot_of_an_organizations_trail_proves_no_account_that_its_digests_are_not_about() {
    let with = |accounts: &[&str]| {
        let mut all = World::new(&[no_invokes()], &[]);
        all.scope = scope_text(&format!(
            "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\"]\n\
             [[account]]\nid = \"{ACCOUNT}\"\n[[account]]\nid = \"{OTHER}\"\n"
        ));
        let other = quiet_days_in(OTHER, REGION, &all.period);
        all = all.and_file(&key("2026-10-31", "other"), file(&other));
        let describes = ",\"IsMultiRegionTrail\":true,\"IsOrganizationTrail\":true";
        let taken = Some("2026-10-02T00:00:00Z");
        all.snapshots = vec![named_snapshot("s.json", FULL, taken, describes)];
        accounts.iter().fold(all, |world, account| {
            let front = "AWSLogs/o-exampleorg1/";
            world.and_digests(&Digests {
                front,
                account,
                ..DIGESTS
            })
        })
    };
    check(with(&[]), Verdict::NoExceptions, &[]);
    check(with(&[ACCOUNT, OTHER]), Verdict::NoExceptions, &[]);
    let reason = ["lambda-data", "none of its digest files", OTHER];
    check(with(&[ACCOUNT]), Verdict::NotDeterminable, &reason);
}

#[test]
fn a_stop_that_the_grid_excuses_leaves_classes_open_that_the_other_trail_may_not_record() {
    let (from, until) = ("2026-10-12T13:00:00Z", "2026-10-13T11:00:00Z");
    let stop = [
        call(from, "StopLogging", ""),
        call(until, "StartLogging", ""),
    ];
    let reads: Vec<String> = (14..24)
        .map(|hour| format!("2026-10-12T{hour}:30:00Z"))
        .chain((0..11).map(|hour| format!("2026-10-13T{hour:02}:30:00Z")))
        .map(|at| record_in(ACCOUNT, REGION, &at, "ListRoles", ""))
        .collect();
    let with = |more: &[String]| World::new(&[no_new_users()], &[&stop[..], &reads, more].concat());
    let reason = ["management-write", "after `StopLogging`", from];
    check(with(&[]), Verdict::NotDeterminable, &reason);
    let write = record("2026-10-12T20:00:00Z", "TagRole", "");
    check(with(&[write]), Verdict::NoExceptions, &[]);
}

const NO_KMS: &str = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}"#;
const NO_RDS: &str = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["rdsdata.amazonaws.com"]}]}"#;

/// What nobody of a kind may do with any service at all, or with one.
fn no_root(more: &str) -> (String, String) {
    let expect = format!("kind = \"forbid\"\npattern.userIdentity.type = [\"Root\"]\n{more}");
    control("no-root", "\"management-write\"", &expect)
}

#[test]
fn calls_of_a_service_that_a_trail_leaves_out_are_in_question_where_all_services_are() {
    let (before, within) = ("2026-09-20T08:00:00Z", "2026-10-10T08:00:00Z");
    let kms = record("2026-10-20T09:00:00Z", "TagResource", "")
        .replace("iam.amazonaws.com", "kms.amazonaws.com");
    let reason = ["kms.amazonaws.com", "leave", "trail `main`"];
    let world = |more: &str, records: &[String]| {
        World::new(&[no_root(more)], records).without_names(&["Decrypt"])
    };
    for at in [before, within] {
        let left_out = put_selectors(at, &[NO_KMS]);
        let known = [left_out.clone()];
        check(world("", &known), Verdict::NotDeterminable, &reason);
        let one_service = "pattern.eventSource = [\"iam.amazonaws.com\"]\n";
        check(world(one_service, &known), Verdict::NoExceptions, &[]);
        let one_call = "pattern.eventName = [\"CreateUser\"]\n";
        check(world(one_call, &known), Verdict::NoExceptions, &[]);
        let others = "pattern.eventSource = [{ anything-but = \"iam.amazonaws.com\" }]\n";
        check(world(others, &known), Verdict::NotDeterminable, &reason);
        // Another trail records them, or the user says so.
        check(
            world("", &[left_out, kms.clone()]),
            Verdict::NoExceptions,
            &[],
        );
        let stated = "[[recorded]]\nclass = \"kms\"\nsource = \"ticket 12\"\n";
        check(world("", &known).scoped(stated), Verdict::NoExceptions, &[]);
    }
    // Taken back before the period, or told after it.
    let taken_back = [
        put_selectors(before, &[NO_KMS]),
        put_selectors("2026-09-21T08:00:00Z", &[ALL_MANAGEMENT]),
    ];
    check(world("", &taken_back), Verdict::NoExceptions, &[]);
    let later = [put_selectors("2026-11-01T08:00:00Z", &[NO_KMS])];
    check(world("", &later), Verdict::NoExceptions, &[]);
    let rds = [put_selectors(within, &[NO_RDS])];
    let reason = ["rdsdata.amazonaws.com", "`main`"];
    check(world("", &rds), Verdict::NotDeterminable, &reason);
    // Nothing tells of them.
    check(world("", &[]), Verdict::NoExceptions, &[]);
}

#[test]
fn a_snapshot_tells_too_what_a_trail_leaves_out() {
    let shot = |at| named_snapshot("s.json", &[NO_KMS], at, MULTI);
    let reason = ["kms.amazonaws.com", "snapshot `s.json`", "leaves them out"];
    for at in [
        Some("2026-09-01T00:00:00Z"),
        Some("2026-10-15T00:00:00Z"),
        Some("2026-11-03T00:00:00Z"),
        None,
    ] {
        let world = World::new(&[no_root("")], &[]).without_names(&["Decrypt"]);
        let world = world.and_snapshot(shot(at));
        check(world, Verdict::NotDeterminable, &reason);
    }
    // A recorded change explains why the snapshot says otherwise than the period was.
    let told = put_selectors("2026-11-01T08:00:00Z", &[NO_KMS]);
    let world =
        World::new(&[no_root("")], &[told]).and_snapshot(shot(Some("2026-11-03T00:00:00Z")));
    check(world, Verdict::NoExceptions, &[]);
}

/// The whole of a control about one class.
fn needs(class: &str) -> (String, String) {
    let expect = "kind = \"forbid\"\npattern.eventName = [\"X\"]\n";
    control("c", &format!("\"{class}\""), expect)
}

fn basic(at: &str, trail: &str, what: &str) -> String {
    let more = format!(
        ",\"requestParameters\":{{\"trailName\":\"{trail}\",\"eventSelectors\":[{{{what}}}]}}"
    );
    record(at, "PutEventSelectors", &more)
}

const READ_ONLY: &str = "\"readWriteType\":\"ReadOnly\"";
const ALL: &str = "\"readWriteType\":\"All\"";

fn every_hour(from: &str, until: &str, name: &str) -> Vec<String> {
    let [from, until] = [from, until].map(|at| time::parse(at).expect("an instant"));
    let hours = (from..until).step_by(3600);
    hours
        .map(|hour| record(&time::format(hour + 900), name, ""))
        .collect()
}

#[test]
fn a_trail_that_was_off_and_one_that_recorded_less_do_not_prove_each_other() {
    let stop = |at, name| call(at, name, "").replace("\"main\"", "\"one\"");
    let calls = [
        stop("2026-10-05T08:00:00Z", "StopLogging"),
        basic("2026-10-08T08:00:00Z", "two", READ_ONLY),
        stop("2026-10-15T08:00:00Z", "StartLogging"),
        basic("2026-10-20T08:00:00Z", "two", ALL),
    ];
    let reads = every_hour("2026-10-05T08:00:00Z", "2026-10-15T09:00:00Z", "ListUsers");
    let writes = every_hour("2026-10-05T08:00:00Z", "2026-10-08T08:00:00Z", "TagRole");
    let later = every_hour("2026-10-15T09:00:00Z", "2026-10-20T08:00:00Z", "TagRole");
    let quiet = |records: &[&[String]]| {
        let world = World::new(&[needs("management-write")], &records.concat());
        let days = (8..=15).map(|day| format!("2026-10-{day:02}"));
        let days: Vec<String> = days.collect();
        world.without_days(&days.iter().map(String::as_str).collect::<Vec<&str>>())
    };
    let records = [&calls[..], &reads, &writes, &later];
    check(
        quiet(&records),
        Verdict::NotDeterminable,
        &["management-write"],
    );
}

#[test]
fn records_of_the_part_that_a_trail_kept_show_nothing_of_the_rest() {
    let with = |field: &str| {
        format!(
            "{{\"fieldSelectors\":[{{\"field\":\"eventCategory\",\"equals\":[\"Management\"]}},{field}]}}"
        )
    };
    let (from, until) = ("2026-10-10T08:00:00Z", "2026-10-20T08:00:00Z");
    for field in [
        r#"{"field":"userIdentity.arn","notEquals":["arn:aws:iam::111122223333:root"]}"#,
        r#"{"field":"eventName","notEquals":["CreateUser"]}"#,
    ] {
        let pair = [
            put_selectors(from, &[&with(field)]),
            put_selectors(until, &[ALL_MANAGEMENT]),
        ];
        let reason = ["management-write", from, until, "the part that it kept"];
        let world = World::new(&[no_new_users()], &pair);
        check(world, Verdict::NotDeterminable, &reason);
        // Also one that was told so when it was made.
        let made = [
            call("2026-09-20T08:00:00Z", "CreateTrail", ""),
            call("2026-09-20T08:01:00Z", "StartLogging", ""),
            put_selectors("2026-09-20T08:02:00Z", &[&with(field)]),
        ];
        let reason = ["management-write", "the part that it kept"];
        let world = World::new(&[no_new_users()], &made);
        check(world, Verdict::NotDeterminable, &reason);
    }
}

#[test]
fn what_a_trail_was_told_after_the_period_does_not_say_what_it_recorded_before() {
    let later = put_selectors("2026-11-01T08:00:00Z", LESS);
    let pause = [
        ("2026-09-30T23:00:00Z", "2026-10-12T01:00:00Z"),
        ("2026-10-16T01:00:00Z", "2026-11-01T01:00:00Z"),
    ];
    let reason = ["lambda-data", "no digest files"];
    for told in [vec![], vec![later]] {
        let world = with_digests(world(&[&around(), &told]), &pause);
        check(world, Verdict::NotDeterminable, &reason);
    }
}

#[test]
fn a_snapshot_of_a_trail_of_data_events_leaves_management_events_as_they_are() {
    for at in ["2026-10-02T00:00:00Z", "2026-09-20T00:00:00Z"] {
        let of_data = named_snapshot("s.json", &[ALL_LAMBDA], Some(at), MULTI);
        let world = World::new(&[no_new_users()], &[]).and_snapshot(of_data);
        check(world, Verdict::NoExceptions, &[]);
    }
    // One of management events without writes may have been told otherwise.
    let reads = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"readOnly","equals":["true"]}]}"#;
    let of_reads = named_snapshot("s.json", &[reads], Some("2026-10-02T00:00:00Z"), MULTI);
    let world = World::new(&[no_new_users()], &[]).and_snapshot(of_reads);
    let reason = ["management-write", "must be of another trail"];
    check(world, Verdict::NotDeterminable, &reason);
}

#[test]
fn of_two_calls_in_one_second_either_may_be_the_last() {
    let at = "2026-10-10T08:00:00Z";
    let reason = ["lambda-data", at];
    for pair in [
        [call(at, "StartLogging", ""), call(at, "StopLogging", "")],
        [put_selectors(at, FULL), put_selectors(at, LESS)],
        [put_selectors(at, LESS), put_selectors(at, FULL)],
    ] {
        let early = [invoke("2026-10-03T09:00:00Z")];
        check(world(&[&early, &pair]), Verdict::NotDeterminable, &reason);
        // What comes later may be its own.
        check(
            world(&[&around(), &pair]),
            Verdict::NotDeterminable,
            &reason,
        );
    }
    let same = [put_selectors(at, FULL), put_selectors(at, FULL)];
    check(world(&[&around(), &same]), Verdict::NoExceptions, &[]);
}

#[test]
fn what_a_deleted_trail_was_told_says_nothing_of_one_that_was_made_anew() {
    let told = put_selectors("2026-09-10T08:00:00Z", LESS);
    let less = put_selectors("2026-10-20T08:00:00Z", LESS);
    let anew = [
        told.clone(),
        call("2026-09-20T08:00:00Z", "DeleteTrail", ""),
        call("2026-09-21T08:00:00Z", "StartLogging", ""),
        less.clone(),
    ];
    let early = [invoke("2026-10-03T09:00:00Z")];
    let reason = ["lambda-data", "2026-10-20T08:00:00Z"];
    check(world(&[&early, &anew]), Verdict::NotDeterminable, &reason);
    // What the same trail was told before holds: another one records it.
    let same = [told, less];
    check(world(&[&early, &same]), Verdict::NoExceptions, &[]);
}

#[test]
fn a_store_is_proven_where_it_lies_and_not_by_one_of_the_same_name_elsewhere() {
    let reads = control(
        "no-reads",
        "\"s3-data-read\"",
        "kind = \"forbid\"\npattern = { eventName = [\"GetObjectAcl\"], requestParameters.bucketName = [{ list = \"log_buckets\" }] }",
    );
    let lists = "[lists]\nlog_buckets = [{ prefix = \"logs\" }]\n";
    let get = |bucket: &str, region: &str, day: u32| {
        let at = format!("2026-10-{day:02}T09:00:00Z");
        let parameters = format!("{{\"bucketName\":\"{bucket}\"}}");
        data(&at, "GetObject", "s3.amazonaws.com", &parameters).replace(REGION, region)
    };
    let switch = call(
        "2026-10-10T08:00:00Z",
        "UpdateTrail",
        ",\"isMultiRegionTrail\":false",
    );
    let check = |records: &[String], verdict, reason: &[&str]| {
        let world = World::new(std::slice::from_ref(&reads), records);
        check(world.scoped(lists), verdict, reason);
    };
    let here: Vec<String> = (1..=31).map(|day| get("logs-a", REGION, day)).collect();
    check(&here, Verdict::NoExceptions, &[]);
    let both = |days: std::ops::RangeInclusive<u32>| {
        let there = days.map(|day| get("logs-b", "eu-west-1", day));
        let mut all: Vec<String> = here.iter().cloned().chain(there).collect();
        all.push(switch.clone());
        all
    };
    check(
        &both(1..=9),
        Verdict::NotDeterminable,
        &["in no hour a record of it", "UpdateTrail"],
    );
    check(&both(1..=31), Verdict::NoExceptions, &[]);
}

#[test]
fn a_stop_of_the_trail_of_one_region_is_not_filled_by_its_own_records() {
    let reads = control(
        "no-reads",
        "\"s3-data-read\"",
        "kind = \"forbid\"\npattern = { eventName = [\"GetObjectAcl\"], requestParameters.bucketName = [{ list = \"log_buckets\" }] }",
    );
    let reading = (1..=9).map(|day| {
        let at = format!("2026-10-{day:02}T09:00:00Z");
        data(
            &at,
            "GetObject",
            "s3.amazonaws.com",
            "{\"bucketName\":\"logs\"}",
        )
    });
    let mut records: Vec<String> = reading.collect();
    records.push(call(
        "2026-09-20T08:00:00Z",
        "CreateTrail",
        ",\"isMultiRegionTrail\":false",
    ));
    records.push(put_selectors(
        "2026-09-20T09:00:00Z",
        &[ALL_MANAGEMENT, LOGS_BUCKET],
    ));
    records.push(call("2026-10-10T08:00:00Z", "StopLogging", ""));
    let world = World::new(&[reads], &records).scoped("[lists]\nlog_buckets = [\"logs\"]\n");
    check(
        world,
        Verdict::NotDeterminable,
        &["in no hour a record of it", "StopLogging"],
    );
}
