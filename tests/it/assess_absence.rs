//! Times in which a trail may not have recorded a class: neither records from before and after them
//! nor selectors prove the class over the whole period.

use attestrail::assess::outcome::Verdict;
use attestrail::record::time;
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, MULTI, check, named_snapshot, no_invokes,
    put_selectors,
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
        let reason = ["lambda-data", "none after `", "trail `main`", from, until];
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
    let reason = ["none after `StopLogging`", "2026-10-10T08:00:00Z"];
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
    let needs = |class: &str| {
        let class = format!("\"{class}\"");
        control(
            "c",
            &class,
            "kind = \"forbid\"\npattern.eventName = [\"X\"]\n",
        )
    };
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
        let reason = [class, "none after `PutEventSelectors`", from, until];
        check(world, Verdict::NotDeterminable, &reason);
        let between = record("2026-10-12T20:00:00Z", name, "");
        let world = World::new(&[needs(class)], &[&pair[..], &[between]].concat());
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
    let reason = ["identity-center", "none after `PutEventSelectors`"];
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
    let reason = ["management-write", "none after `StopLogging`", from];
    check(with(&[]), Verdict::NotDeterminable, &reason);
    let write = record("2026-10-12T20:00:00Z", "TagRole", "");
    check(with(&[write]), Verdict::NoExceptions, &[]);
}
