//! Calls that change trails whose records do not tell what was asked, and other ways to change what
//! is recorded than those of trails: Insights selectors, and accounts that leave an organization.

use attestrail::assess::outcome::DayState::{self, Delivered, Stopped, Unclear};
use attestrail::assess::outcome::Verdict;

use crate::assess_remarks::insight;
use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, check, data, named_snapshot, no_invokes,
    put_selectors,
};
use crate::assess_stops::{check_days, check_quiet, quiet};
use crate::scan_common::{ACCOUNT, REGION, World, control, record};

const AT: &str = "2026-10-03T01:03:00Z";

/// What CloudTrail writes in place of what is too large.
const OMITTED: &str =
    r#"{"omitted":true,"originalSize":104857,"reason":"requestParameters too large"}"#;

fn call(name: &str, request: &str, answer: &str) -> String {
    let more = format!(",\"requestParameters\":{request},\"responseElements\":{answer}");
    record(AT, name, &more)
}

fn arn() -> String {
    format!("\"trailARN\":\"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main\"")
}

/// The two Regions are quiet on the third day from the call on.
#[track_caller]
fn check_both(calls: &[String], expected: DayState) {
    check_quiet(2..22, calls, [expected; 2]);
}

#[test]
fn an_update_that_does_not_tell_what_was_asked_may_have_taken_anything() {
    for request in [OMITTED, "null", "\"{\\\"name\\\":\"", "[]"] {
        check_both(&[call("UpdateTrail", request, "null")], Unclear);
        check_both(&[call("UpdateTrail", request, OMITTED)], Unclear);
        // The answer tells how the trail is set afterwards.
        let all = format!("{{{},\"isMultiRegionTrail\":true}}", arn());
        check_both(&[call("UpdateTrail", request, &all)], Delivered);
    }
    // What is told is told.
    check_both(
        &[call("UpdateTrail", "{\"name\":\"main\"}", "null")],
        Delivered,
    );
    // Where records show days, they do not show whether a part of them is left out.
    let busy = quiet(0..0, &[call("UpdateTrail", OMITTED, "null")]);
    let answer = check_days(&busy, [Delivered; 2]);
    let verdict = answer.control("no-new-users").verdict;
    assert_eq!(verdict, Verdict::NotDeterminable);
}

#[test]
fn what_an_update_took_is_read_from_its_answer_or_from_text() {
    let on = call(
        "UpdateTrail",
        "{\"name\":\"main\",\"isMultiRegionTrail\":true}",
        "null",
    );
    let on = on.replace("T01:03:00Z", "T00:10:00Z");
    let off = format!("{{{},\"isMultiRegionTrail\":false}}", arn());
    let told = [
        call("UpdateTrail", "null", &off),
        call("UpdateTrail", OMITTED, &off),
        call(
            "UpdateTrail",
            "\"{\\\"name\\\":\\\"main\\\",\\\"isMultiRegionTrail\\\":false}\"",
            "null",
        ),
        call(
            "UpdateTrail",
            "{\"name\":\"main\",\"isMultiRegionTrail\":\"false\"}",
            "null",
        ),
    ];
    for off in told {
        check_quiet(2..22, &[on.clone(), off], [Stopped, Delivered]);
    }
}

/// An update that asks for nothing that matters, and what the answer tells of the trail.
fn answered(tells: &str) -> String {
    let answer = format!("{{{},{tells}}}", arn());
    call(
        "UpdateTrail",
        "{\"name\":\"main\",\"snsTopicName\":\"t\"}",
        &answer,
    )
}

/// How the trail was made, in the hour before.
fn made(tells: &str) -> String {
    let request = format!("{{\"name\":\"main\"{tells}}}");
    call("CreateTrail", &request, "null").replace("T01:03:00Z", "T00:10:00Z")
}

#[test]
fn an_answer_that_tells_otherwise_than_was_known_tells_of_a_change() {
    let wide = ",\"isMultiRegionTrail\":true,\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"p\"";
    let all = "\"isMultiRegionTrail\":true,\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"p\"";
    check_both(&[made(wide), answered(all)], Delivered);
    let told = made(",\"isMultiRegionTrail\":true").replace("CreateTrail", "UpdateTrail");
    let narrow = [told.clone(), answered("\"isMultiRegionTrail\":false")];
    check_quiet(2..22, &narrow, [Stopped, Delivered]);
    for moved in ["\"s3BucketName\":\"c\"", "\"s3KeyPrefix\":\"q\""] {
        check_both(&[made(wide), answered(moved)], Unclear);
    }
    // Of what was not known, an answer tells how it is, not that it changed.
    let other = "\"isMultiRegionTrail\":false,\"isOrganizationTrail\":false,\"s3BucketName\":\"c\"";
    check_both(&[answered(other)], Delivered);
    let then = answered(other).replace("T01:03:00Z", "T00:10:00Z");
    let moved = [then, answered("\"s3BucketName\":\"d\"")];
    check_quiet(2..22, &moved, [Delivered, Unclear]);
    // What was asked for and not done, was not done.
    let asked = call(
        "UpdateTrail",
        "{\"name\":\"main\",\"isMultiRegionTrail\":true}",
        &format!("{{{},\"isMultiRegionTrail\":false}}", arn()),
    );
    check_quiet(2..22, &[told, asked], [Stopped, Delivered]);
}

#[test]
fn what_an_answer_tells_otherwise_may_have_been_so_for_a_while() {
    let made = made(",\"isMultiRegionTrail\":true,\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"p\"");
    let late = |tells: &str| answered(tells).replace("T01:03:00Z", "T22:05:00Z");
    for tells in [
        "\"s3BucketName\":\"c\",\"s3KeyPrefix\":\"p\"",
        // A whole answer without a prefix tells that there is none.
        "\"s3BucketName\":\"b\"",
    ] {
        check_both(&[made.clone(), late(tells)], Unclear);
        check_both(&[made.clone(), answered(tells)], Unclear);
    }
    let off = [made.clone(), late("\"isMultiRegionTrail\":false")];
    check_quiet(2..22, &off, [Unclear, Delivered]);
    let same = "\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"p\",\"isMultiRegionTrail\":true";
    check_both(&[made, late(same)], Delivered);
}

#[test]
fn an_answer_tells_how_a_trail_is_set_from_then_on() {
    let all = "\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"p\",\"isMultiRegionTrail\":false";
    let first = answered(all).replace("T01:03:00Z", "T00:10:00Z");
    let again = format!("{{\"name\":\"main\",{all}}}");
    check_both(
        &[first.clone(), call("UpdateTrail", &again, "null")],
        Delivered,
    );
    // A trail of one Region that stops takes nothing from another.
    let stop = call("StopLogging", "{\"name\":\"main\"}", "null");
    check_quiet(2..22, &[first, stop], [Delivered, Stopped]);
    // Events of global services are left out from then on, since whenever they were.
    let no_global = answered("\"includeGlobalServiceEvents\":false");
    let busy = quiet(0..0, &[no_global]);
    let answer = check_days(&busy, [Delivered; 2]);
    let verdict = answer.control("no-new-users").verdict;
    assert_eq!(verdict, Verdict::NotDeterminable);
}

#[test]
fn what_snapshots_and_digests_say_is_known_before_an_answer() {
    let describes =
        |is_wide: bool| format!(",\"IsMultiRegionTrail\":{is_wide},\"S3BucketName\":\"b\"");
    let said = |is_wide: bool, tells: &str| {
        let mut world = quiet(2..22, &[answered(tells)]);
        let at = Some("2026-10-01T00:00:00Z");
        let describes = describes(is_wide);
        world.snapshots = vec![named_snapshot("s.json", &[ALL_MANAGEMENT], at, &describes)];
        world
    };
    let off = "\"isMultiRegionTrail\":false";
    check_days(&said(true, off), [Stopped, Delivered]);
    check_days(&said(false, off), [Delivered; 2]);
    check_days(&said(true, "\"s3BucketName\":\"c\""), [Stopped; 2]);
    check_days(&said(true, "\"s3BucketName\":\"b\""), [Delivered; 2]);
    let digests = |tells: &str, region: &'static str| {
        let digests = Digests {
            region,
            bucket: "b",
            time: ("2026-09-30T23:00:00Z", "2026-10-01T00:00:00Z"),
            ..DIGESTS
        };
        quiet(2..22, &[answered(tells)]).and_digests(&digests)
    };
    check_days(&digests("\"s3BucketName\":\"c\"", REGION), [Stopped; 2]);
    check_days(&digests("\"s3BucketName\":\"b\"", REGION), [Delivered; 2]);
    check_days(&digests(off, "eu-west-1"), [Stopped, Delivered]);
    check_days(&digests(off, REGION), [Delivered; 2]);
}

#[test]
fn selectors_are_read_from_the_answer_where_the_request_has_a_name_alone() {
    let invoke = |at: &str| data(at, "Invoke", "lambda.amazonaws.com", "null");
    let hidden = |selectors: &str| {
        let answer = format!("{{{},\"advancedEventSelectors\":[{selectors}]}}", arn());
        call("PutEventSelectors", "{\"trailName\":\"main\"}", &answer)
            .replace("2026-10-03", "2026-10-10")
    };
    let both = format!("{ALL_MANAGEMENT},{ALL_LAMBDA}");
    for (selectors, verdict) in [
        (ALL_MANAGEMENT, Verdict::NotDeterminable),
        (both.as_str(), Verdict::NoExceptions),
    ] {
        let all = [invoke("2026-10-02T09:00:00Z"), hidden(selectors)];
        check(World::new(&[no_invokes()], &all), verdict, &[]);
    }
}

#[test]
fn an_update_that_does_not_tell_what_was_asked_leaves_data_events_open() {
    let invoke = data(
        "2026-10-02T09:00:00Z",
        "Invoke",
        "lambda.amazonaws.com",
        "null",
    );
    for (request, verdict) in [
        ("{\"name\":\"main\"}", Verdict::NoExceptions),
        (OMITTED, Verdict::NotDeterminable),
    ] {
        let update =
            call("UpdateTrail", request, "null").replace("null}", &format!("{{{}}}}}", arn()));
        let update = update.replace("2026-10-03", "2026-10-10");
        check(
            World::new(&[no_invokes()], &[invoke.clone(), update]),
            verdict,
            &[],
        );
    }
    // Selectors that cannot be read are as bad.
    let hidden = call("PutEventSelectors", OMITTED, "null").replace("2026-10-03", "2026-10-10");
    check(
        World::new(&[no_invokes()], &[invoke, hidden]),
        Verdict::NotDeterminable,
        &[],
    );
}

#[test]
fn an_account_that_leaves_the_organization_may_have_no_trail_any_more() {
    let leaves = |name: &str, request: &str| call(name, request, "null");
    let of = |account: &str| format!("{{\"accountId\":\"{account}\"}}");
    check_both(
        &[leaves("RemoveAccountFromOrganization", &of(ACCOUNT))],
        Unclear,
    );
    check_both(&[leaves("LeaveOrganization", "null")], Unclear);
    // Which account was removed is not told.
    let hidden = leaves("RemoveAccountFromOrganization", OMITTED);
    check_both(&[hidden.replace(ACCOUNT, "444455556666")], Unclear);
    check_both(
        &[leaves("RemoveAccountFromOrganization", &of("999988887777"))],
        Delivered,
    );
    let refused = leaves("LeaveOrganization", "null").replace(
        "\"requestParameters\"",
        "\"errorCode\":\"AccessDenied\",\"requestParameters\"",
    );
    check_both(&[refused], Delivered);
    let other = "{\"servicePrincipal\":\"sso.amazonaws.com\"}";
    check_both(&[leaves("DisableAWSServiceAccess", other)], Delivered);
    check_quiet(0..0, &[leaves("LeaveOrganization", "null")], [Delivered; 2]);
}

#[test]
fn data_events_from_before_an_account_left_say_nothing_of_the_time_after_it() {
    let invoke = |at: &str| data(at, "Invoke", "lambda.amazonaws.com", "null");
    let leaves = call("LeaveOrganization", "null", "null").replace("2026-10-03", "2026-10-10");
    let before = invoke("2026-10-02T09:00:00Z");
    let after = invoke("2026-10-20T09:00:00Z");
    let world = |more: &[String]| World::new(&[no_invokes()], more);
    check(
        world(std::slice::from_ref(&before)),
        Verdict::NoExceptions,
        &[],
    );
    let why = ["`LeaveOrganization`"];
    check(
        world(&[before.clone(), leaves.clone()]),
        Verdict::NotDeterminable,
        &why,
    );
    // The grid alone is open then.
    let answer = world(&[before, leaves, after]).assess();
    let [reason] = &answer.only(Verdict::NotDeterminable).reasons[..] else {
        panic!("one reason");
    };
    let says = "on 1 of 31 days (2026-10-10), says `LeaveOrganization` about account \
                111122223333 on 2026-10-10T01:03:00Z";
    assert!(reason.contains(says), "{reason}");
}

fn insights(more: &[String]) -> World {
    let anomalies = control(
        "anomalies",
        "\"insights\"",
        "kind = \"forbid\"\npattern = { eventName = [\"Nothing\"] }",
    );
    let mut all = vec![
        insight("2026-10-02T08:00:00Z", "i1", "s", "Start"),
        insight("2026-10-02T08:05:00Z", "i2", "s", "End"),
    ];
    all.extend(more.iter().cloned());
    World::new(&[anomalies], &all)
}

#[test]
fn insights_that_were_switched_off_are_not_proved_by_those_before() {
    let put = |types: &[&str]| {
        let types: Vec<String> = types
            .iter()
            .map(|one| format!("{{\"insightType\":\"{one}\"}}"))
            .collect();
        let asked = format!(
            "{{\"trailName\":\"main\",\"insightSelectors\":[{}]}}",
            types.join(",")
        );
        call("PutInsightSelectors", &asked, "null").replace("2026-10-03", "2026-10-10")
    };
    check(insights(&[]), Verdict::NoExceptions, &[]);
    let both = ["ApiCallRateInsight", "ApiErrorRateInsight"];
    check(insights(&[put(&[])]), Verdict::NotDeterminable, &[]);
    check(insights(&[put(&both[..1])]), Verdict::NotDeterminable, &[]);
    let hidden = call("PutInsightSelectors", OMITTED, &format!("{{{}}}", arn()))
        .replace("2026-10-03", "2026-10-10");
    check(insights(&[hidden]), Verdict::NotDeterminable, &[]);
    // What event selectors leave of management events, Insights are about.
    let all = put_selectors("2026-10-10T09:00:00Z", &[ALL_MANAGEMENT]);
    check(insights(&[all]), Verdict::NoExceptions, &[]);
    let none = put_selectors("2026-10-10T09:00:00Z", &[ALL_LAMBDA]);
    check(insights(&[none]), Verdict::NotDeterminable, &[]);
}
