//! Insights, corrections and late records, network activity: what they are as evidence.

use attestrail::assess::outcome::{AmendmentOutcome, List, Verdict};

use crate::scan_common::*;
use crate::signed::{CHAIN, Chain};

const AT: &str = "2026-10-15T08:00:00Z";

fn correction(at: &str, name: &str, id: &str, original: &str) -> String {
    let more = format!(
        ",\"addendum\":{{\"reason\":\"UPDATED_DATA\",\"updatedFields\":\"requestParameters\",\
         \"originalEventID\":\"{original}\",\"originalRequestID\":\"r\"}}"
    );
    with_id(ACCOUNT, REGION, at, name, id, &more)
}

fn call(at: &str, name: &str, id: &str) -> String {
    with_id(ACCOUNT, REGION, at, name, id, "")
}

#[test]
fn a_correction_counts_in_place_of_what_it_corrects() {
    let records = [
        call(AT, "CreateUser", "first"),
        correction(AT, "CreateUser", "second", "first"),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (32, 1));
    let [row] = answer.list(List::Exceptions) else {
        panic!("one row")
    };
    assert_eq!(row.event_id, "second");
    let log_set = &answer.assessment.log_set;
    assert_eq!((log_set.total.amended, log_set.total.conflicts), (1, 0));
    assert!(log_set.total.reconcile());
    let [amendment] = log_set.amendments.as_slice() else {
        panic!("one correction")
    };
    assert_eq!(amendment.outcome, AmendmentOutcome::Replaced);
    let original = amendment.original.as_ref().expect("it is there");
    assert_eq!((original.index, amendment.origin.index), (0, 1));
    let role = [("no-new-users".to_owned(), "exception")];
    assert_eq!(amendment.roles, role);
    assert_eq!(amendment.original_roles, role);
    let [late] = log_set.marked.as_slice() else {
        panic!("one reason")
    };
    assert_eq!(
        (late.mark.reason.as_str(), late.records),
        ("UPDATED_DATA", 1)
    );
}

/// A correction that says that the call of `first` was refused.
fn refusal(name: &str) -> String {
    correction(AT, name, "second", "first").replacen(
        "\"addendum\"",
        "\"errorCode\":\"AccessDenied\",\"addendum\"",
        1,
    )
}

#[test]
fn a_correction_that_nothing_vouches_for_takes_no_exception_away() {
    let records = [call(AT, "CreateUser", "first"), refusal("CreateUser")];
    let answer = World::new(&[no_new_users()], &records).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.exceptions, one.counts.attempts), (1, 1));
    let log_set = &answer.assessment.log_set;
    let amendment = &log_set.amendments[0];
    assert_eq!(amendment.outcome, AmendmentOutcome::TakesAway);
    assert_eq!(
        amendment.original_roles,
        [("no-new-users".to_owned(), "exception")]
    );
    assert_eq!(amendment.roles, [("no-new-users".to_owned(), "attempt")]);
    assert_eq!(log_set.total.amended, 0);
    assert!(log_set.total.reconcile());
}

#[test]
fn a_correction_that_a_digest_lists_counts_in_place_of_an_exception() {
    let records = [call(AT, "CreateUser", "first"), refusal("CreateUser")];
    let all = Chain {
        times: &[("2026-09-30T23:00:00Z", "2026-11-01T02:00:00Z")],
        has_logs: true,
        ..CHAIN
    };
    let mut world = World::new(&[no_new_users()], &records).and_signed(&[all]);
    world.hashes_logs = true;
    let answer = world.assess();
    let amendment = &answer.assessment.log_set.amendments[0];
    assert_eq!(amendment.outcome, AmendmentOutcome::Replaced);
    assert_eq!(answer.control("no-new-users").counts.exceptions, 0);
}

#[test]
fn a_correction_that_nothing_vouches_for_moves_no_exception_and_finds_it_no_waiver() {
    let later = correction("2026-10-15T08:00:01Z", "CreateUser", "second", "first");
    let records = [call(AT, "CreateUser", "first"), later];
    let answer = World::new(&[no_new_users()], &records).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
    let waiver = "[[waiver]]\ncontrol = \"no-new-users\"\nevent-ids = [\"second\"]\nreason = \"r\"\n\
                  approver = \"a\"\nticket = \"CHG-1\"\nexpires = 2026-12-31\n";
    let second = correction(AT, "CreateUser", "second", "first");
    let records = [call(AT, "CreateUser", "first"), second];
    let world = World::new(&[no_new_users()], &records).scoped(waiver);
    let answer = world.assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.exceptions, one.counts.waived), (1, 1));
}

#[test]
fn a_correction_that_nothing_vouches_for_takes_no_change_of_a_trail_back() {
    let of_trails = |record: String| {
        let named = ",\"requestParameters\":{\"name\":\"t\"}}";
        let open = record.strip_suffix('}').expect("an object");
        format!("{open}{named}").replace("iam.amazonaws.com", "cloudtrail.amazonaws.com")
    };
    let stop = of_trails(call(AT, "StopLogging", "first"));
    let by = of_trails(refusal("StopLogging"));
    let answer = World::new(&[no_new_users()], &[stop.clone(), by]).assess();
    let log_set = &answer.assessment.log_set;
    assert_eq!(log_set.amendments[0].outcome, AmendmentOutcome::TakesAway);
    assert!(says(&log_set.notices, &["`StopLogging` on trail `t`"]));
    let other =
        of_trails(correction(AT, "StopLogging", "second", "first")).replace("\"t\"", "\"u\"");
    let answer = World::new(&[no_new_users()], &[stop, other]).assess();
    let log_set = &answer.assessment.log_set;
    assert_eq!(log_set.amendments[0].outcome, AmendmentOutcome::TakesAway);
}

#[test]
fn a_correction_that_is_about_another_call_takes_no_exception_away() {
    let records = [
        call(AT, "CreateUser", "first"),
        correction(AT, "TagUser", "second", "first"),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!(one.counts.exceptions, 1);
    let log_set = &answer.assessment.log_set;
    assert_eq!(log_set.amendments[0].outcome, AmendmentOutcome::OtherCall);
    assert_eq!(log_set.total.amended, 0);
    assert!(log_set.total.reconcile());
}

#[test]
fn a_correction_that_is_about_another_call_takes_no_stop_of_a_trail_back() {
    let stop = |id: &str| {
        call(AT, "StopLogging", id).replace("iam.amazonaws.com", "cloudtrail.amazonaws.com")
    };
    let by = |name: &str| {
        correction(AT, name, "second", "first")
            .replace("iam.amazonaws.com", "cloudtrail.amazonaws.com")
    };
    for (name, outcome) in [
        ("StopLogging", AmendmentOutcome::Replaced),
        ("GetTrail", AmendmentOutcome::OtherCall),
    ] {
        let answer = World::new(&[no_new_users()], &[stop("first"), by(name)]).assess();
        let log_set = &answer.assessment.log_set;
        assert_eq!(log_set.amendments[0].outcome, outcome, "{name}");
    }
}

#[test]
fn a_chain_of_corrections_leaves_the_last_and_a_circle_leaves_all() {
    let chain = [
        call(AT, "CreateUser", "a"),
        correction(AT, "CreateUser", "b", "a"),
        correction(AT, "CreateUser", "c", "b"),
    ];
    let answer = World::new(&[no_new_users()], &chain).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 1);
    assert_eq!(answer.list(List::Exceptions)[0].event_id, "c");
    let circle = [
        correction(AT, "CreateUser", "a", "b"),
        correction(AT, "CreateUser", "b", "a"),
        correction(AT, "CreateUser", "c", "a"),
    ];
    let answer = World::new(&[no_new_users()], &circle).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 3);
    assert_eq!(answer.assessment.log_set.total.amended, 0);
    let outcomes = answer.assessment.log_set.amendments.iter();
    assert!(
        outcomes
            .map(|one| one.outcome)
            .all(|outcome| outcome == AmendmentOutcome::Circle)
    );
}

#[test]
fn a_correction_without_a_call_or_an_original_replaces_nothing() {
    let nameless = correction(AT, "CreateUser", "b", "a").replace("\"eventName\"", "\"eventNom\"");
    let records = [
        call(AT, "CreateUser", "a"),
        nameless,
        correction(AT, "CreateUser", "d", "absent"),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
    let amendments = &answer.assessment.log_set.amendments;
    let outcomes: Vec<_> = amendments
        .iter()
        .map(|one| (one.event_id.as_str(), one.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("b", AmendmentOutcome::NamesNoCall),
            ("d", AmendmentOutcome::NotFound)
        ]
    );
}

#[test]
fn only_what_lies_in_the_period_replaces_and_is_replaced() {
    let after = "2026-11-02T08:00:00Z";
    let records = [
        call(AT, "CreateUser", "a"),
        correction(after, "CreateUser", "b", "a"),
        call("2026-09-30T08:00:00Z", "CreateUser", "c"),
        correction(AT, "CreateUser", "d", "c"),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
    let total = &answer.assessment.log_set.total;
    assert_eq!((total.amended, total.outside_period), (0, 2));
}

#[test]
fn copies_of_the_corrected_record_are_duplicates_and_a_conflict_stays_one() {
    let first = call(AT, "CreateUser", "a");
    let copies = [
        first.clone(),
        first.clone(),
        correction(AT, "CreateUser", "b", "a"),
    ];
    let answer = World::new(&[no_new_users()], &copies).assess();
    let total = &answer.assessment.log_set.total;
    assert_eq!((total.duplicates, total.amended), (1, 1));
    let differing = [
        first,
        call(AT, "CreateRole", "a"),
        correction(AT, "CreateUser", "b", "a"),
    ];
    let answer = World::new(&[no_new_users()], &differing).assess();
    let total = &answer.assessment.log_set.total;
    assert_eq!((total.conflicts, total.amended), (2, 0));
}

pub fn insight(at: &str, id: &str, shared: &str, state: &str) -> String {
    format!(
        "{{\"eventVersion\":\"1.08\",\"eventTime\":\"{at}\",\"awsRegion\":\"{REGION}\",\"eventID\":\"{id}\",\
         \"eventType\":\"AwsCloudTrailInsight\",\"recipientAccountId\":\"{ACCOUNT}\",\"sharedEventID\":\"{shared}\",\
         \"insightDetails\":{{\"state\":\"{state}\",\"eventSource\":\"iam.amazonaws.com\",\
         \"eventName\":\"ListRoles\",\"insightType\":\"ApiCallRateInsight\",\"insightContext\":{{\
         \"statistics\":{{\"baseline\":{{\"average\":0.25}},\"insight\":{{\"average\":41}},\
         \"insightDuration\":5,\"baselineDuration\":10080}}}}}},\"eventCategory\":\"Insight\"}}"
    )
}

#[test]
fn start_and_end_of_an_anomaly_are_one_piece_of_evidence() {
    let start = insight("2026-10-15T08:00:00Z", "i1", "s", "Start");
    let records = [
        insight("2026-10-15T08:05:00Z", "i2", "s", "End"),
        start.clone(),
        start,
        insight("2026-10-16T08:00:00Z", "i3", "open", "Start"),
        insight("2026-09-30T23:58:00Z", "i4", "over", "Start"),
        insight("2026-10-01T00:03:00Z", "i5", "over", "End"),
        insight("2026-09-20T08:00:00Z", "i6", "before", "Start"),
        insight("2026-10-17T08:00:00Z", "i7", "", "End"),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    let ids: Vec<_> = answer
        .assessment
        .log_set
        .anomalies
        .iter()
        .map(|one| {
            let id = |event: &Option<attestrail::assess::outcome::AnomalyEvent>| {
                event.as_ref().map(|event| event.event_id.clone())
            };
            (id(&one.start), id(&one.end))
        })
        .collect();
    let id = |text: &str| Some(text.to_owned());
    assert_eq!(
        ids,
        [
            (id("i4"), id("i5")),
            (id("i1"), id("i2")),
            (id("i3"), None),
            (None, id("i7")),
        ]
    );
    let one = &answer.assessment.log_set.anomalies[1];
    let end = one.end.as_ref().expect("it ended");
    assert_eq!(
        (
            end.baseline.as_str(),
            end.value.as_str(),
            end.minutes.as_str()
        ),
        ("0.25", "41", "5")
    );
    assert_eq!(one.event_name, "ListRoles");
    // They are no calls: nothing is examined more than without them.
    let quiet = World::new(&[no_new_users()], &[]).assess();
    assert_eq!(
        answer.only(Verdict::NoExceptions).counts,
        quiet.only(Verdict::NoExceptions).counts
    );
}

#[test]
fn network_activity_is_counted_by_endpoint_and_outcome_and_is_no_second_call() {
    let network = |at: &str, id: &str, error: &str| {
        let more =
            format!(",\"vpcEndpointId\":\"vpce-1\",\"vpcEndpointAccountId\":\"{ACCOUNT}\"{error}");
        with_id(ACCOUNT, REGION, at, "CreateUser", id, &more)
            .replace("AwsApiCall", "AwsVpceEvent")
            .replace("\"Management\"", "\"NetworkActivity\"")
    };
    let denied = ",\"errorCode\":\"VpceAccessDenied\"";
    let first = network("2026-10-15T08:00:00Z", "n1", "");
    let records = [
        first.clone(),
        first,
        network("2026-10-15T09:00:00Z", "n2", ""),
        network("2026-10-15T10:00:00Z", "n3", denied),
        network("2026-11-15T10:00:00Z", "n4", denied),
    ];
    let answer = World::new(&[no_new_users()], &records).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.exceptions, one.counts.attempts), (0, 0));
    let log_set = &answer.assessment.log_set;
    let found: Vec<_> = log_set
        .network_activity()
        .map(|one| {
            (
                one.mark.endpoint.as_str(),
                one.mark.error.as_str(),
                one.records,
            )
        })
        .collect();
    assert_eq!(
        found,
        [("vpce-1", "", 2), ("vpce-1", "VpceAccessDenied", 1)]
    );
    assert_eq!(
        (log_set.total.duplicates, log_set.total.outside_period),
        (1, 1)
    );
    assert!(log_set.marked.iter().all(|one| one.mark.reason.is_empty()));
}

#[test]
fn a_record_without_its_parameters_is_undecided_where_they_matter_alone() {
    let control = |id: &str, pattern: &str| {
        let expect = format!("kind = \"forbid\"\n{pattern}");
        control(id, "\"management-write\"", &expect)
    };
    let controls = [
        control(
            "open-world",
            "pattern.eventName = [\"AuthorizeIngress\"]\npattern.requestParameters.cidrIp = [\"0.0.0.0/0\"]\n",
        ),
        control("by-name", "pattern.eventName = [\"AuthorizeIngress\"]\n"),
        control(
            "other",
            "pattern.eventName = [\"CreateUser\"]\npattern.requestParameters.userName = [\"x\"]\n",
        ),
    ];
    let omitted = ",\"requestParameters\":{\"omitted\":true,\"originalSize\":149893,\
                   \"reason\":\"requestParameters too large\"}";
    let records = [record(AT, "AuthorizeIngress", omitted)];
    let answer = World::new(&controls, &records).assess();
    let open = answer.control("open-world");
    assert_eq!(
        (open.verdict, open.counts.undecided),
        (Verdict::NotDeterminable, 1)
    );
    assert_eq!(answer.control("by-name").verdict, Verdict::Exceptions);
    assert_eq!(answer.control("other").verdict, Verdict::NoExceptions);
}
