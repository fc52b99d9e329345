//! Records that are not in the files that CloudTrail wrote: what they show, and what they do not.

use attestrail::assess::outcome::DayState::{Delivered, Stopped, Unclear};
use attestrail::assess::outcome::Verdict;
use attestrail::record::time;
use serde_json::{Value, json};

use crate::assess_stops::{call, check_days, check_member, member, quiet, start, stop};
use crate::scan_common::{
    ACCOUNT, REGION, World, control, file, key, no_new_users, record_in, says, set,
};

const RECORDED: &str =
    "[[recorded]]\nclass = \"management-write\"\nsource = \"rule forwards all\"\n";

/// One management event in each hour of the month.
fn records() -> Vec<String> {
    let world = World::new(&[no_new_users()], &[]);
    let hours = (world.period.start..world.period.end).step_by(3600);
    hours
        .map(|hour| record_in(ACCOUNT, REGION, &time::format(hour + 1200), "TagUser", ""))
        .collect()
}

fn world_of(key: &str, bytes: Vec<u8>) -> World {
    let mut world = World::new(&[no_new_users()], &[]);
    world.files = vec![(key.to_owned(), bytes)];
    world
}

fn lines(all: impl Iterator<Item = Value>) -> Vec<u8> {
    all.map(|one| format!("{one}\n"))
        .collect::<String>()
        .into_bytes()
}

fn values() -> impl Iterator<Item = Value> {
    let records = records().into_iter();
    records.map(|one| serde_json::from_str(&one).expect("a record"))
}

fn eventbridge() -> Vec<u8> {
    lines(values().map(|record| {
        json!({"version": "0", "id": record["eventID"], "detail-type": "AWS API Call via CloudTrail",
               "source": "aws.iam", "account": ACCOUNT, "time": record["eventTime"],
               "region": REGION, "resources": [], "detail": record})
    }))
}

fn lookup_events() -> Vec<u8> {
    let events: Vec<Value> = values()
        .map(|record| {
            json!({"EventId": record["eventID"], "EventName": record["eventName"],
                   "EventTime": record["eventTime"], "CloudTrailEvent": record.to_string()})
        })
        .collect();
    json!({ "Events": events }).to_string().into_bytes()
}

fn search_result() -> Vec<u8> {
    let hits: Vec<Value> = values().map(|record| json!({"_source": record})).collect();
    json!({"hits": {"total": hits.len(), "hits": hits}})
        .to_string()
        .into_bytes()
}

#[test]
fn what_was_asked_for_shows_nothing_of_what_was_not() {
    for feed in [eventbridge(), lookup_events(), search_result()] {
        let answer = world_of("feed.json", feed.clone()).assess();
        let one = answer.only(Verdict::NotDeterminable);
        let why = ["files that hold what was asked for"];
        assert!(says(&one.reasons, &why), "{:?}", one.reasons);
        // The user may know.
        let stated = world_of("feed.json", feed).scoped(RECORDED).assess();
        stated.only(Verdict::NoExceptions);
    }
    let all = file(&records());
    let original = world_of(&key("2026-10-31", "all"), all).assess();
    original.only(Verdict::NoExceptions);
    // A copy of all records is a copy.
    let copy = world_of("copy.ndjson", lines(values())).assess();
    copy.only(Verdict::NoExceptions);
}

#[test]
fn a_few_records_that_were_written_by_cloudtrail_prove_no_day_that_was_asked_for() {
    let first: Vec<String> = records().into_iter().take(24).collect();
    let world = world_of("feed.json", eventbridge());
    let world = world.and_file(&key("2026-10-01", "first"), file(&first));
    world.assess().only(Verdict::NotDeterminable);
}

#[test]
fn a_copy_that_was_asked_for_is_a_copy_like_any_other() {
    // Before and after the file of the trail in the order of names.
    for name in ["AWS.json", "zzz.json"] {
        let world = world_of(name, eventbridge());
        let world = world.and_file(&key("2026-10-31", "all"), file(&records()));
        let answer = world.assess();
        answer.only(Verdict::NoExceptions);
        let total = &answer.assessment.log_set.total;
        assert_eq!((total.conflicts, total.duplicates), (0, total.kept));
    }
}

#[test]
fn an_exception_counts_whatever_file_it_is_in() {
    let user = record_in(ACCOUNT, REGION, "2026-10-05T09:00:00Z", "CreateUser", "");
    let detail: Value = serde_json::from_str(&user).expect("a record");
    let event = json!({"version": "0", "id": "x", "detail-type": "AWS API Call via CloudTrail",
                       "source": "aws.iam", "account": ACCOUNT, "time": detail["eventTime"],
                       "region": REGION, "resources": [], "detail": detail});
    let answer = world_of("feed.json", lines([event].into_iter())).assess();
    answer.only(Verdict::Exceptions);
}

#[test]
fn without_folders_any_trail_may_be_that_of_the_organization() {
    let flat = |without: std::ops::Range<i64>| {
        let mut world = member(without, &[stop(), start()], false);
        for (at, (key, _)) in world.files.iter_mut().enumerate() {
            *key = format!("copy-{at}.json.gz");
        }
        world
    };
    check_member(&flat(2..22), Unclear);
    check_member(&flat(0..0), Delivered);
    check_member(&member(2..22, &[stop(), start()], false), Delivered);
    // Made for its own account alone, it is none.
    let made = call("00:03:00", "CreateTrail", "\"name\":\"main\"");
    let mut of_one = member(2..22, &[made, stop(), start()], false);
    of_one.files[1].0 = "copy.json.gz".to_owned();
    check_member(&of_one, Delivered);
}

#[test]
fn files_without_folders_concern_the_accounts_that_have_records_in_them() {
    let beside = |account: &str| {
        let world = member(2..22, &[stop(), start()], false);
        let times = ["2026-10-01T09:00:00Z", "2026-10-02T09:00:00Z"];
        let flat = times.map(|at| record_in(account, REGION, at, "TagRole", ""));
        world.and_file("flat.json.gz", file(&flat))
    };
    // What was asked for, or is of another time, tells of no trail.
    let old =
        ["2026-08-02T09:00:00Z"].map(|at| record_in("444455556666", REGION, at, "TagRole", ""));
    let old = member(2..22, &[stop(), start()], false).and_file("flat.json.gz", file(&old));
    check_member(&old, Delivered);
    let events = json!({ "Events": [{"EventId": "x", "CloudTrailEvent":
        record_in("444455556666", REGION, "2026-10-01T09:00:00Z", "TagRole", "")}] });
    let looked_up = member(2..22, &[stop(), start()], false);
    let looked_up = looked_up.and_file("history.json", events.to_string().into_bytes());
    check_member(&looked_up, Delivered);
    // Of an account that is not in scope, and of the member itself.
    check_member(&beside("777788889999"), Delivered);
    check_member(&beside("444455556666"), Unclear);
}

#[test]
fn a_set_of_answers_alone_does_not_show_that_all_accounts_and_regions_are_in_it() {
    let accounts = control(
        "accounts",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"\n",
    );
    let world = |name: &str, bytes: Vec<u8>| {
        let mut world = world_of(name, bytes);
        world.set = set(std::slice::from_ref(&accounts));
        world
    };
    for feed in [eventbridge(), lookup_events()] {
        let answer = world("feed.json", feed.clone()).assess();
        let one = answer.only(Verdict::NotDeterminable);
        assert_eq!((one.counts.undecided, one.counts.conforming), (31, 0));
        assert!(!answer.assessment.coverage.is_complete);
        // What trails wrote beside it shows its days.
        let first: Vec<String> = records().into_iter().take(48).collect();
        let both = world("feed.json", feed).and_file(&key("2026-10-01", "two"), file(&first));
        let answer = both.assess();
        let one = answer.only(Verdict::NotDeterminable);
        assert_eq!((one.counts.undecided, one.counts.conforming), (29, 2));
    }
    let all = world(&key("2026-10-31", "all"), file(&records()));
    let answer = all.assess();
    answer.only(Verdict::NoExceptions);
    assert!(answer.assessment.coverage.is_complete);
    // Nor do data events alone.
    let data: Vec<String> = records()
        .iter()
        .map(|one| one.replace("Category\":\"Management\"", "Category\":\"Data\""))
        .map(|one| one.replace("managementEvent\":true", "managementEvent\":false"))
        .collect();
    let answer = world(&key("2026-10-31", "all"), file(&data)).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!((one.counts.undecided, one.counts.conforming), (31, 0));
}

fn records_of(bytes: &[u8]) -> Vec<Value> {
    let mut document: Value = serde_json::from_slice(bytes).expect("a file of a trail");
    let all = document["Records"].take();
    all.as_array().expect("records").clone()
}

/// The records of a world, as a subscription of CloudWatch Logs forwards them.
fn through_cloudwatch(mut world: World) -> World {
    for (at, (key, bytes)) in world.files.iter_mut().enumerate() {
        let events: Vec<Value> = records_of(bytes)
            .iter()
            .map(|record| json!({"id": "1", "timestamp": 1, "message": record.to_string()}))
            .collect();
        let payload = json!({"messageType": "DATA_MESSAGE", "owner": ACCOUNT,
                             "logGroup": "trail", "logStream": "s", "logEvents": events});
        *bytes = payload.to_string().into_bytes();
        *key = format!("forwarded-{at}.json");
    }
    world
}

#[test]
fn a_trail_that_is_told_of_another_log_group_leaves_what_forwards_the_first() {
    let to = |group: &str| {
        let told = format!("\"name\":\"main\",\"cloudWatchLogsLogGroupArn\":\"{group}\"");
        call("01:03:00", "UpdateTrail", &told)
    };
    let group = |name: &str| format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*");
    let made = |group: &str| {
        to(group)
            .replace("T01:", "T00:")
            .replace("UpdateTrail", "CreateTrail")
            .replace("\"name\"", "\"isMultiRegionTrail\":true,\"name\"")
    };
    for moved in [
        vec![to("")],
        vec![to(&group("new"))],
        vec![made(&group("old")), to(&group("new"))],
    ] {
        check_days(&through_cloudwatch(quiet(2..22, &moved)), [Unclear; 2]);
        check_days(&through_cloudwatch(quiet(0..0, &moved)), [Delivered; 2]);
        // What the trail writes into its bucket is another matter.
        check_days(&quiet(2..22, &moved), [Delivered; 2]);
    }
    // The bucket is another matter here.
    let bucket = call(
        "01:03:00",
        "UpdateTrail",
        "\"name\":\"main\",\"s3BucketName\":\"c\"",
    );
    check_days(&through_cloudwatch(quiet(2..22, &[bucket])), [Delivered; 2]);
    let other = call(
        "01:03:00",
        "UpdateTrail",
        "\"name\":\"main\",\"snsTopicName\":\"t\"",
    );
    check_days(&through_cloudwatch(quiet(2..22, &[other])), [Delivered; 2]);
}

#[test]
fn the_event_history_goes_on_without_any_trail() {
    let mut world = quiet(2..22, &[stop(), start()]);
    let hours = (world.period.start..world.period.end).step_by(3600);
    let events: Vec<Value> = [REGION, "eu-west-1"]
        .iter()
        .flat_map(|region| {
            let more = hours.clone();
            more.map(|hour| record_in(ACCOUNT, region, &time::format(hour + 600), "TagRole", ""))
        })
        .map(|record| json!({"EventId": "x", "CloudTrailEvent": record}))
        .collect();
    let events = json!({ "Events": events }).to_string().into_bytes();
    world.files.push(("history.json".to_owned(), events));
    check_days(&world, [Stopped; 2]);
}
