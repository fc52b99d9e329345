//! Whose trail it is: trails of equal names in several accounts are normal, one of the organization
//! writes digests about every account, and a change may be recorded in another account than that of
//! the trail.

use attestrail::assess::outcome::{Basis, DayState, Verdict};
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, LISTS, check, no_deletes, no_invokes,
};
use crate::scan_common::{
    ACCOUNT, REGION, World, file, key, quiet_days_in, record_in, says, scope_text, set, with_id,
};
use crate::signed::{CHAIN, Chain};

const OTHER: &str = "444455556666";
const ORGANIZATION: &str = "o-exampleorg1/";
const FULL: &[&str] = &[ALL_MANAGEMENT, ALL_LAMBDA];
const ALL_S3: &str = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]},{"field":"resources.type","equals":["AWS::S3::Object"]}]}"#;
const NOT_HERE: &[&str] = &["nothing shows that it delivers"];

fn selectors(trail: &str, all: &[&str]) -> String {
    format!(
        ",\"requestParameters\":{{\"trailName\":\"{trail}\",\"advancedEventSelectors\":[{}]}}",
        all.join(",")
    )
}

/// A call of an account in the home Region.
fn call(account: &str, at: &str, name: &str, more: &str) -> String {
    record_in(account, REGION, at, name, more)
}

fn put(account: &str, at: &str, trail: &str, all: &[&str]) -> String {
    call(account, at, "PutEventSelectors", &selectors(trail, all))
}

/// Told before the period to record all functions.
fn told(account: &str) -> String {
    put(account, "2026-09-30T09:00:00Z", "main", FULL)
}

fn organization_trail(account: &str) -> String {
    let more = ",\"requestParameters\":{\"name\":\"main\",\"isOrganizationTrail\":true}";
    call(account, "2026-09-30T08:00:00Z", "UpdateTrail", more)
}

fn arn_of(account: &str, trail: &str) -> String {
    format!("arn:aws:cloudtrail:{REGION}:{account}:trail/{trail}")
}

/// Accounts in scope, both of which have management events on every day.
fn world(scope: &[&str], more: &[String], digests: &[(&str, &str)]) -> World {
    let mut world = World::new(&[no_invokes()], more);
    let accounts: String = scope
        .iter()
        .map(|one| format!("[[account]]\nid = \"{one}\"\n"))
        .collect();
    world.scope = scope_text(&format!(
        "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\"]\n{accounts}"
    ));
    let other = quiet_days_in(OTHER, REGION, &world.period);
    let world = world.and_file(&key("2026-10-31", "other"), file(&other));
    digests.iter().fold(world, |world, (owner, account)| {
        let front = &format!("AWSLogs/{owner}");
        world.and_digests(&Digests {
            front,
            account,
            ..DIGESTS
        })
    })
}

#[test]
fn digests_of_another_account_show_nothing_of_a_trail_of_the_same_name() {
    let with = |digests: &[(&str, &str)]| world(&[OTHER], &[told(OTHER)], digests);
    check(with(&[("", OTHER)]), Verdict::NoExceptions, &[]);
    check(with(&[("", ACCOUNT)]), Verdict::NotDeterminable, NOT_HERE);
    let both = [("", OTHER), ("", ACCOUNT)];
    check(with(&both), Verdict::NoExceptions, &[]);
}

#[test]
fn digests_of_the_organizations_trail_show_nothing_of_a_members_own() {
    let with = |digests: &[(&str, &str)]| world(&[OTHER], &[told(OTHER)], digests);
    let of_organization = [(ORGANIZATION, OTHER), (ORGANIZATION, ACCOUNT)];
    check(with(&of_organization), Verdict::NotDeterminable, NOT_HERE);
    check(
        with(&[(ORGANIZATION, OTHER), ("", OTHER)]),
        Verdict::NoExceptions,
        &[],
    );
}

#[test]
fn a_trail_of_the_organization_proves_the_accounts_that_its_digests_are_about() {
    let with = |digests: &[(&str, &str)]| {
        let more = [organization_trail(ACCOUNT), told(ACCOUNT)];
        world(&[ACCOUNT, OTHER], &more, digests)
    };
    let both = [(ORGANIZATION, ACCOUNT), (ORGANIZATION, OTHER)];
    check(with(&both), Verdict::NoExceptions, &[]);
    for lacking in [
        &[(ORGANIZATION, ACCOUNT)][..],
        &[(ORGANIZATION, ACCOUNT), ("", OTHER)],
        // Nor does the trail of an organization that the owner is not in.
        &[(ORGANIZATION, OTHER)],
        &[("", ACCOUNT), ("", OTHER)],
    ] {
        check(with(lacking), Verdict::NotDeterminable, NOT_HERE);
    }
}

#[test]
fn a_store_needs_digests_of_the_organizations_trail_about_every_account_in_scope() {
    let with = |digests: &[(&str, &str)]| {
        let at = "2026-09-30T08:30:00Z";
        let multi = ",\"requestParameters\":{\"name\":\"main\",\"isMultiRegionTrail\":true}";
        let more = [
            organization_trail(ACCOUNT),
            call(ACCOUNT, at, "UpdateTrail", multi),
            put(
                ACCOUNT,
                "2026-09-30T09:00:00Z",
                "main",
                &[ALL_MANAGEMENT, ALL_S3],
            ),
        ];
        let mut all = world(&[ACCOUNT, OTHER], &more, digests);
        all.set = set(&[no_deletes()]);
        all.scope = scope_text(&format!(
            "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\"]\n\
             [[account]]\nid = \"{ACCOUNT}\"\n[[account]]\nid = \"{OTHER}\"\n{LISTS}"
        ));
        all
    };
    let both = [(ORGANIZATION, ACCOUNT), (ORGANIZATION, OTHER)];
    check(with(&both), Verdict::NoExceptions, &[]);
    let one = [(ORGANIZATION, ACCOUNT)];
    check(with(&one), Verdict::NotDeterminable, NOT_HERE);
}

/// A snapshot of the trail `main` of the second account, which delivers into this bucket.
fn snapshot(bucket: &str) -> Snapshot {
    let arn = arn_of(OTHER, "main");
    let text = format!(
        "{{\"TrailARN\":\"{arn}\",\"advancedEventSelectors\":[{}]}}\n\
         {{\"trailList\":[{{\"TrailARN\":\"{arn}\",\"S3BucketName\":\"{bucket}\"}}]}}",
        FULL.join(",")
    );
    Snapshot::parse("s.json", text.as_bytes(), None).expect("a snapshot")
}

#[test]
fn the_bucket_of_a_trail_of_the_same_name_elsewhere_is_not_its_own() {
    let with = |own: &str, others: &str| {
        let mut all = world(&[OTHER], &[], &[]);
        all.snapshots = vec![snapshot("evidence")];
        for (account, bucket) in [(OTHER, own), (ACCOUNT, others)] {
            all = all.and_digests(&Digests {
                account,
                bucket,
                ..DIGESTS
            });
        }
        all
    };
    check(with("evidence", "old"), Verdict::NoExceptions, &[]);
    let reason = ["bucket `evidence`", "bucket `old`"];
    check(with("old", "evidence"), Verdict::NotDeterminable, &reason);
}

/// The same call twice: as the caller's account has it, by the ARN of the other account's trail,
/// and as that account might have it.
fn by_arn(at: &str, name: &str, parameters: &str, answer: &str) -> [String; 2] {
    let more = format!(",\"requestParameters\":{{{parameters}}},\"responseElements\":{answer}");
    [ACCOUNT, OTHER].map(|account| {
        let id = format!("{name}-{account}");
        with_id(account, REGION, at, name, &id, &more)
    })
}

#[test]
fn a_change_by_the_arn_of_another_account_is_one_of_that_accounts_trail() {
    let arn = arn_of(OTHER, "main");
    let answer = format!("{{\"trailARN\":\"{arn}\"}}");
    let less = format!("\"trailName\":\"{arn}\",\"advancedEventSelectors\":[{ALL_MANAGEMENT}]");
    let by_name = format!("\"trailName\":\"main\",\"advancedEventSelectors\":[{ALL_MANAGEMENT}]");
    let name = format!("\"name\":\"{arn}\"");
    let moved = format!("\"name\":\"{arn}\",\"s3BucketName\":\"elsewhere\"");
    for (event, parameters, answer) in [
        ("PutEventSelectors", &less, "null"),
        ("PutEventSelectors", &less, answer.as_str()),
        ("PutEventSelectors", &by_name, answer.as_str()),
        ("StopLogging", &name, "null"),
        ("DeleteTrail", &name, "null"),
        ("UpdateTrail", &moved, answer.as_str()),
    ] {
        let [theirs, own] = by_arn("2026-10-12T09:00:00Z", event, parameters, answer);
        let full = told(OTHER);
        for records in [vec![&full, &theirs], vec![&full, &theirs, &own]] {
            let records: Vec<String> = records.into_iter().cloned().collect();
            let digests = [("", OTHER), ("", ACCOUNT)];
            let answer = world(&[OTHER], &records, &digests).assess();
            let one = answer.only(Verdict::NotDeterminable);
            let at = "2026-10-12T09:00:00Z";
            assert!(says(&one.reasons, &[at]), "{event}: {:?}", one.reasons);
            let notices = &answer.assessment.log_set.notices;
            let is_it = |one: &&String| one.contains(event) && one.contains(OTHER);
            assert!(notices.iter().any(|one| is_it(&one)), "{notices:?}");
        }
    }
}

#[test]
fn a_change_by_the_arn_of_another_account_does_not_touch_the_callers_own_trail() {
    let arn = arn_of(OTHER, "main");
    let full = format!(
        "\"trailName\":\"{arn}\",\"advancedEventSelectors\":[{}]",
        FULL.join(",")
    );
    let digests = [("", OTHER), ("", ACCOUNT)];
    // Told so in the caller's account before the period, it proves the trail of the other one ...
    let [theirs, own] = by_arn("2026-09-30T09:00:00Z", "PutEventSelectors", &full, "null");
    // The day needs a write event of the home, which would show a later change.
    let write = call(OTHER, "2026-09-30T10:00:00Z", "TagUser", "");
    for mut records in [vec![theirs.clone()], vec![theirs.clone(), own]] {
        records.push(write.clone());
        check(
            world(&[OTHER], &records, &digests),
            Verdict::NoExceptions,
            &[],
        );
    }
    // ... and not that of the caller.
    let answer = world(&[ACCOUNT], &[theirs], &digests).assess();
    answer.only(Verdict::NotDeterminable);
    let classes = &answer.assessment.coverage.classes;
    assert!(classes.iter().all(|one| one.basis != Basis::Selectors));
}

#[test]
fn a_stop_by_arn_is_ended_by_a_start_by_arn() {
    let arn = arn_of(OTHER, "main");
    let name = format!("\"name\":\"{arn}\"");
    let stops = by_arn("2026-10-12T01:00:00Z", "StopLogging", &name, "null");
    let starts = by_arn("2026-10-13T23:00:00Z", "StartLogging", &name, "null");
    let own_start = call(
        ACCOUNT,
        "2026-10-12T02:00:00Z",
        "StartLogging",
        ",\"requestParameters\":{\"name\":\"main\"}",
    );
    for copies in [1, 2] {
        let mut records = vec![own_start.clone()];
        records.extend(stops[..copies].iter().cloned());
        records.extend(starts[..copies].iter().cloned());
        let world = world(&[OTHER], &records, &[]);
        let noon =
            |record: &String| record.contains("2026-10-12T12") || record.contains("2026-10-13T12");
        let kept: Vec<String> = quiet_days_in(OTHER, REGION, &world.period);
        let kept: Vec<String> = kept.into_iter().filter(|one| !noon(one)).collect();
        let mut world = world;
        world.files[2].1 = file(&kept);
        let answer = world.assess();
        let [row] = answer.assessment.coverage.rows.as_slice() else {
            panic!("one account, one Region")
        };
        let stopped: Vec<usize> = (0..row.days.len())
            .filter(|day| row.days[*day] == DayState::Stopped)
            .collect();
        assert_eq!(stopped, [11, 12], "copies: {copies}");
    }
}

#[test]
fn a_trail_that_another_account_changes_is_one_of_the_organization() {
    let arn = arn_of(OTHER, "main");
    let less = format!("\"trailName\":\"{arn}\",\"advancedEventSelectors\":[{ALL_MANAGEMENT}]");
    let [theirs, _] = by_arn("2026-10-12T09:00:00Z", "PutEventSelectors", &less, "null");
    let invoke = call(ACCOUNT, "2026-10-03T09:00:00Z", "Invoke", "")
        .replace("iam.amazonaws.com", "lambda.amazonaws.com")
        .replace("\"managementEvent\":true", "\"managementEvent\":false")
        .replace("Category\":\"Management\"", "Category\":\"Data\"");
    let with = |more: &[String]| world(&[ACCOUNT], more, &[]);
    check(
        with(std::slice::from_ref(&invoke)),
        Verdict::NoExceptions,
        &[],
    );
    let reason = ["after `PutEventSelectors`"];
    check(with(&[invoke, theirs]), Verdict::NotDeterminable, &reason);
}

#[test]
fn digests_show_where_a_trail_worked_whatever_it_was_told_meanwhile() {
    let at = "2026-10-02T09:00:00Z";
    let again = ",\"requestParameters\":{\"name\":\"main\",\"isOrganizationTrail\":true}";
    let more = [told(ACCOUNT), call(ACCOUNT, at, "UpdateTrail", again)];
    let with = |times: &[(&str, &str)]| {
        let mut world = world(&[ACCOUNT, OTHER], &more, &[]);
        for (key, _) in &mut world.files {
            *key = key.replace("AWSLogs/", "AWSLogs/o-exampleorg1/");
        }
        let of_owner = Chain {
            front: "AWSLogs/o-exampleorg1/",
            times: &[("2026-09-30T07:00:00Z", "2026-11-01T02:00:00Z")],
            has_logs: true,
            ..CHAIN
        };
        let of_member = Chain {
            account: OTHER,
            times,
            ..of_owner
        };
        world.and_signed(&[of_owner, of_member])
    };
    let whole = [("2026-09-30T23:00:00Z", "2026-11-01T02:00:00Z")];
    check(with(&whole), Verdict::NoExceptions, &[]);
    let late = [("2026-10-02T09:00:00Z", "2026-11-01T02:00:00Z")];
    let why = "and nothing shows that it did before";
    check(with(&late), Verdict::NotDeterminable, &[why]);
}
