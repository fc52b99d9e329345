//! Every rule by which counts, coverage and statements become a verdict.

use attestrail::assess::outcome::{DayState, List, Verdict};

use crate::scan_common::*;
use crate::signed::{CHAIN, Chain};

fn create_user(at: &str) -> String {
    record(at, "CreateUser", "")
}

#[test]
fn a_covered_month_without_a_match_has_no_exceptions() {
    let answer = World::new(&[no_new_users()], &[]).assess();
    let one = answer.only(Verdict::NoExceptions);
    // 31 writes; reads are of no class that the control needs, KMS records here are reads.
    assert_eq!((one.counts.examined, one.counts.conforming), (31, 31));
    assert!(one.reasons.is_empty(), "{:?}", one.reasons);
    assert!(answer.assessment.coverage.is_complete);
}

#[test]
fn a_match_is_an_exception_with_its_record_and_place() {
    let made = create_user("2026-10-15T08:00:00Z");
    let answer = World::new(&[no_new_users()], std::slice::from_ref(&made)).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (32, 1));
    assert!(!one.is_lower_bound);
    let day = october().start + 14 * 86_400;
    assert_eq!(one.exceptions_by_day, [(day, 1)]);
    let [row] = answer.list(List::Exceptions) else {
        panic!("one row")
    };
    assert_eq!(row.role, "exception");
    assert_eq!(row.origin.file, key("2026-10-15", "more"));
    assert_eq!((row.origin.index, row.origin.sha256.len()), (0, 64));
    assert_eq!(row.record.as_deref(), Some(made.as_bytes()));
    assert_eq!(row.actor, "arn:aws:iam::111122223333:user/ana");
}

#[test]
fn a_period_that_is_not_over_is_never_a_pass() {
    let enough = control(
        "enough",
        "\"management-write\"",
        "kind = \"at-least\"\npattern.eventName = [\"Nothing\"]\n",
    );
    let accounts = control(
        "accounts",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"\n",
    );
    let world = World::new(&[no_new_users(), enough, accounts], &[]);
    let ledger = world.ledger();
    let verdicts = |made_at: i64| -> Vec<Verdict> {
        let options = attestrail::assess::Options {
            made_at: Some(made_at),
            ..attestrail::assess::Options::default()
        };
        let found =
            attestrail::assess::assess(&ledger, &world.set, &world.scope, &world.period, &options);
        let assessment = found.expect("assessed").assessment;
        let early = made_at < world.period.end;
        for one in &assessment.controls {
            assert_eq!(
                says(&one.reasons, &["the period is not over"]),
                early,
                "{}",
                one.id
            );
        }
        assert_eq!(
            says(&assessment.log_set.notices, &["the period is not over"]),
            early
        );
        assessment.controls.iter().map(|one| one.verdict).collect()
    };
    assert_eq!(
        verdicts(world.period.end - 1),
        [Verdict::NotDeterminable; 3]
    );
    let ids = world.set.controls().iter().map(|one| one.id.as_str());
    assert!(ids.eq(["accounts", "enough", "no-new-users"]));
    let after = [
        Verdict::NoExceptions,
        Verdict::Exceptions,
        Verdict::NoExceptions,
    ];
    assert_eq!(verdicts(world.period.end), after);
}

#[test]
fn a_refused_call_is_an_attempt_and_no_exception() {
    let refused = record("2026-10-15T08:00:00Z", "CreateUser", REFUSED);
    let answer = World::new(&[no_new_users()], &[refused]).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.attempts, one.counts.excluded), (1, 1));
    assert_eq!(answer.list(List::Attempts).len(), 1);
    assert!(answer.list(List::Exceptions).is_empty());
}

#[test]
fn a_silent_day_is_never_a_pass() {
    let world = World::new(&[no_new_users()], &[]);
    let answer = world.without_days(&["2026-10-07", "2026-10-20"]).assess();
    let one = answer.only(Verdict::NotDeterminable);
    let parts = [
        ACCOUNT,
        "prod",
        REGION,
        "no records on 2 of 31 days",
        "2026-10-07",
    ];
    assert!(says(&one.reasons, &parts), "{:?}", one.reasons);
    let row = &answer.assessment.coverage.rows[0];
    assert_eq!(
        (row.days[6], row.days[7]),
        (DayState::Silent, DayState::Delivered)
    );
}

#[test]
fn exceptions_hold_where_coverage_is_incomplete_and_are_at_least_so_many() {
    let made = create_user("2026-10-15T08:00:00Z");
    let world = World::new(&[no_new_users()], &[made]).without_days(&["2026-10-07"]);
    let answer = world.assess();
    let one = answer.only(Verdict::Exceptions);
    assert!(one.is_lower_bound);
    assert!(says(&one.reasons, &["no records on 1 of 31 days"]));
}

#[test]
fn a_declared_idle_region_may_be_silent() {
    let two_regions = "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n\
                       [[account]]\nid = \"111122223333\"\n";
    let mut world = World::new(&[no_new_users()], &[]);
    world.scope = scope_text(two_regions);
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(
        &one.reasons,
        &["eu-west-1", "no records on 31 of 31 days"]
    ));
    let idle =
        "[[idle]]\naccount = \"111122223333\"\nregion = \"eu-west-1\"\nreason = \"unused\"\n";
    world.scope = scope_text(&format!("{two_regions}{idle}"));
    let answer = world.assess();
    answer.only(Verdict::NoExceptions);
    assert_eq!(
        answer.assessment.coverage.rows[0].days[0],
        DayState::DeclaredIdle
    );
}

#[test]
fn days_on_which_an_account_is_outside_the_scope_need_no_records() {
    let early: Vec<String> = (1..14).map(|day| format!("2026-10-{day:02}")).collect();
    let early: Vec<&str> = early.iter().map(String::as_str).collect();
    let world = |days: &str, more: &[String]| {
        let world = World::new(&[no_new_users()], more).without_days(&early);
        world.scoped(days)
    };
    world("", &[]).assess().only(Verdict::NotDeterminable);
    let joined = world("from = 2026-10-14\n", &[]).assess();
    joined.only(Verdict::NoExceptions);
    let days = &joined.assessment.coverage.rows[0].days;
    assert_eq!(days[..13], [DayState::OutsideScope; 13]);
    assert_eq!(days[13], DayState::Delivered);
    assert!(joined.assessment.coverage.is_complete);
    for late in ["from = 2026-10-15\n", "until = 2026-10-13\n"] {
        let verdict = match late.starts_with("from") {
            true => Verdict::NoExceptions,
            false => Verdict::NotDeterminable,
        };
        world(late, &[]).assess().only(verdict);
    }
    // What was recorded counts, whenever it was.
    let record = create_user("2026-10-05T08:00:00Z");
    let found = world("from = 2026-10-14\n", &[record]).assess();
    found.only(Verdict::Exceptions);
    // A Region that was switched on is idle before.
    let idle = |days: &str| {
        let text = format!("[[idle]]\nregion = \"{REGION}\"\nreason = \"switched on\"\n{days}");
        world(&text, &[]).assess()
    };
    let before = idle("until = 2026-10-13\n");
    before.only(Verdict::NoExceptions);
    let days = &before.assessment.coverage.rows[0].days;
    assert_eq!(days[..13], [DayState::DeclaredIdle; 13]);
    idle("until = 2026-10-12\n").only(Verdict::NotDeterminable);
    idle("from = 2026-10-02\n").only(Verdict::NotDeterminable);
}

#[test]
fn digests_of_an_account_need_not_begin_before_it_is_in_scope() {
    let asks = |days: &str| {
        let mut world = World::new(&[no_new_users()], &[]);
        world.files.clear();
        let quiet: Vec<String> = quiet_days(&october());
        for day in 14..=31 {
            let at = format!("2026-10-{day}");
            let of_day = quiet.iter().filter(|one| one.contains(&format!("\"{at}T")));
            let of_day: Vec<String> = of_day.cloned().collect();
            world = world.and_file(&key(&at, "quiet"), file(&of_day));
        }
        world.hashes_logs = true;
        let chain = Chain {
            times: &[("2026-10-14T10:00:00Z", "2026-11-01T06:00:00Z")],
            has_logs: true,
            ..CHAIN
        };
        world.scoped(days).and_signed(&[chain]).assess()
    };
    assert_eq!(asks("").assessment.integrity.status, "incomplete");
    let joined = asks("from = 2026-10-15\n");
    let integrity = &joined.assessment.integrity;
    assert_eq!(integrity.status, "verified", "{}", integrity.statement);
    assert!(
        (integrity.statement).contains("2026-10-01T00:00:00Z to 2026-10-14T10:00:00Z"),
        "{}",
        integrity.statement
    );
    joined.only(Verdict::NoExceptions);
    assert_eq!(
        asks("from = 2026-10-14\n").assessment.integrity.status,
        "incomplete"
    );
}

#[test]
fn an_account_without_any_record_is_a_gap() {
    let world = World::new(&[no_new_users()], &[]);
    let answer = world
        .scoped("[[account]]\nid = \"444455556666\"\n")
        .assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(
        &one.reasons,
        &["444455556666", "no records on 31 of 31 days"]
    ));
}

#[test]
fn a_day_with_data_events_alone_proves_no_management_events() {
    let data = record("2026-10-07T09:00:00Z", "GetObject", "")
        .replace("iam.amazonaws.com", "s3.amazonaws.com")
        .replace("\"Management\"", "\"Data\"");
    let world = World::new(&[no_new_users()], &[data]).without_days(&["2026-10-07"]);
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(
        &one.reasons,
        &["no management events on 1 of 31 days"]
    ));
}

#[test]
fn a_class_without_a_record_is_unproven_unless_the_scope_states_it() {
    let reads = control(
        "no-listing",
        "\"s3-data-read\"",
        "kind = \"forbid\"\npattern = { eventName = [\"GetObject\"] }",
    );
    let world = World::new(&[reads], &[]);
    let one = world.assess();
    let one = one.only(Verdict::NotDeterminable);
    assert!(says(
        &one.reasons,
        &["s3-data-read", ACCOUNT, "no record of it"]
    ));
    let stated = world.scoped(
        "[[recorded]]\nclass = \"s3-data-read\"\naccount = \"111122223333\"\nsource = \"selectors of 1 October\"\n",
    );
    let answer = stated.assess();
    answer.only(Verdict::NoExceptions);
    let proof = answer
        .assessment
        .coverage
        .classes
        .iter()
        .find(|proof| proof.class.id() == "s3-data-read")
        .expect("a proof");
    assert!(proof.is_proven && proof.proof.contains("selectors of 1 October"));
}

#[test]
fn reads_that_ended_when_selectors_were_narrowed_are_unproven() {
    let reads = control(
        "no-listing",
        "\"management-read\"",
        "kind = \"forbid\"\npattern = { eventName = [\"GetSecretValue\"] }",
    );
    let narrowed = record(
        "2026-10-15T08:00:00Z",
        "PutEventSelectors",
        ",\"requestParameters\":{\"trailName\":\"main\",\"eventSelectors\":[{\"readWriteType\":\"WriteOnly\"}]}",
    );
    let early = record("2026-10-01T09:00:00Z", "GetUser", "");
    let world = World::new(&[reads], &[narrowed, early]);
    world.assess().only(Verdict::NoExceptions);
    let answer = world.without_names(&["ListUsers", "Decrypt"]).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["management-read", "on 30 of 31 days"]),
        "{:?}",
        one.reasons
    );
}

#[test]
fn one_write_proves_nothing_for_the_days_after_it() {
    let early = record("2026-10-01T00:00:00Z", "TagRole", "");
    let world = World::new(&[no_new_users()], &[early]).without_names(&["TagUser"]);
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["management-write", "on 30 of 31 days"]),
        "{:?}",
        one.reasons
    );
}

#[test]
fn a_region_with_reads_alone_proves_no_writes() {
    let mut world = World::new(&[no_new_users()], &[]);
    world.scope = scope_text(
        "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nid = \"111122223333\"\n",
    );
    let reads: Vec<String> = (1..=31)
        .map(|day| {
            record_in(
                ACCOUNT,
                "eu-west-1",
                &format!("2026-10-{day:02}T09:00:00Z"),
                "ListUsers",
                "",
            )
        })
        .collect();
    let answer = world
        .and_file(&key("2026-10-02", "west"), file(&reads))
        .assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(
            &one.reasons,
            &[
                "management-write",
                "account 111122223333 in eu-west-1: no record of it"
            ]
        ),
        "{:?}",
        one.reasons
    );
}

#[test]
fn an_event_of_one_bucket_proves_nothing_for_another() {
    let tamper = control(
        "no-deletes",
        "\"s3-data-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"DeleteObject\"], requestParameters.bucketName = [{ list = \"log_buckets\" }] }",
    );
    let put = |bucket: &str| {
        let more = format!(",\"requestParameters\":{{\"bucketName\":\"{bucket}\"}}");
        record("2026-10-05T09:00:00Z", "PutObject", &more)
            .replace("iam.amazonaws.com", "s3.amazonaws.com")
            .replace("\"managementEvent\":true", "\"managementEvent\":false")
            .replace(
                "\"eventCategory\":\"Management\"",
                "\"eventCategory\":\"Data\"",
            )
    };
    let lists = "[lists]\nlog_buckets = [\"logs\"]\n";
    let other = World::new(std::slice::from_ref(&tamper), &[put("other")])
        .scoped(lists)
        .assess();
    let one = other.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["s3-data-write", "`logs`"]),
        "{:?}",
        one.reasons
    );

    let stated = "[[recorded]]\nclass = \"s3-data-write\"\nstores = [\"elsewhere\"]\nsource = \"selectors\"\n";
    let elsewhere = World::new(std::slice::from_ref(&tamper), &[])
        .scoped(&format!("{lists}{stated}"))
        .assess();
    elsewhere.only(Verdict::NotDeterminable);

    let own = World::new(&[tamper], &[put("logs")]).scoped(lists).assess();
    own.only(Verdict::NoExceptions);
}

#[test]
fn sign_ins_need_the_region_of_the_global_endpoint() {
    let sign_in = control(
        "no-root-login",
        "\"sign-in\"",
        "kind = \"forbid\"\npattern = { eventName = [\"ConsoleLogin\"] }",
    );
    let mut world = World::new(&[sign_in], &[]);
    world.assess().only(Verdict::NoExceptions);
    world.scope = scope_text(
        "format = 1\norganisation = \"o\"\nregions = [\"eu-west-1\"]\n[[account]]\nid = \"111122223333\"\n",
    );
    world.files[0].1 = file(&quiet_days_in(ACCOUNT, "eu-west-1", &october()));
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["sign-in", "us-east-1"]),
        "{:?}",
        one.reasons
    );
}

#[test]
fn without_a_scope_file_what_was_seen_is_the_scope_and_the_packet_says_so() {
    let answer = World::new(&[no_new_users()], &[]).without_scope().assess();
    answer.only(Verdict::NoExceptions);
    let notices = &answer.assessment.log_set.notices;
    assert!(says(
        notices,
        &["no list of accounts and Regions was given"]
    ));
    let accounts = control(
        "all-here",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"",
    );
    let answer = World::new(&[accounts], &[]).without_scope().assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(&one.reasons, &["no scope file lists the accounts"]));
}

#[test]
fn a_missing_list_makes_a_control_not_determinable_and_is_named() {
    let listed = control(
        "approved-only",
        "\"management-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"CreateUser\"], \"@actor\" = [{ anything-but = { list = \"approved_admins\" } }] }",
    );
    let made = create_user("2026-10-15T08:00:00Z");
    let world = World::new(&[listed], &[made]);
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(&one.reasons, &["`approved_admins`", "fill it"]));
    assert_eq!(one.counts.conforming, 0);
    let filled =
        world.scoped("[lists]\napproved_admins = [\"arn:aws:iam::111122223333:user/ana\"]\n");
    filled.assess().only(Verdict::NoExceptions);
}

#[test]
fn a_record_with_left_out_parameters_is_undecided_and_listed() {
    let policy = control(
        "no-admin-policy",
        "\"management-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"PutUserPolicy\"], requestParameters.policyName = [\"admin\"] }",
    );
    let omitted = record(
        "2026-10-15T08:00:00Z",
        "PutUserPolicy",
        ",\"requestParameters\":{\"omitted\":true,\"originalSize\":149893,\"reason\":\"too large\"}",
    );
    let answer = World::new(&[policy], &[omitted]).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!(one.counts.undecided, 1);
    let [row] = answer.list(List::Undecided) else {
        panic!("one row")
    };
    assert!(row.reason.contains("left out") && row.record.is_some());
}

#[test]
fn a_record_with_parameters_as_text_is_undecided_and_listed() {
    let policy = control(
        "no-admin-policy",
        "\"management-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"PutUserPolicy\"], requestParameters.policyName = [\"admin\"] }",
    );
    let of_text = |day: u32, text: &str| {
        let more = format!(",\"requestParameters\":{text}");
        record(&format!("2026-10-{day}T08:00:00Z"), "PutUserPolicy", &more)
    };
    let text = r#""{\"policyName\":\"admin\"}""#;
    // Records that are alike must not take the answer of one another.
    let all: Vec<String> = (10..20)
        .map(|day| of_text(day, if day % 2 == 0 { text } else { "\"other\"" }))
        .collect();
    let answer = World::new(std::slice::from_ref(&policy), &all).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!(one.counts.undecided, 10);
    assert!(answer.list(List::Undecided)[0].reason.contains("text"));
    for harmless in ["\"\"", "null", "{}"] {
        let quiet = World::new(std::slice::from_ref(&policy), &[of_text(11, harmless)]);
        quiet.assess().only(Verdict::NoExceptions);
    }
}

#[test]
fn a_record_without_region_counts_in_the_region_of_its_folder() {
    let unplaced = |value: &str| {
        let one = record("2026-10-15T08:00:00Z", "CreateUser", "");
        one.replace(&format!("\"{REGION}\""), value)
    };
    for value in ["null", "\"\""] {
        let one = unplaced(value);
        assert!(one.contains(&format!("\"awsRegion\":{value}")));
        let own = World::new(&[no_new_users()], std::slice::from_ref(&one));
        own.assess().only(Verdict::Exceptions);
        // Nor is it left out where no folder tells one.
        let mut lines = World::new(&[no_new_users()], &[]);
        lines = lines.and_file("copy.jsonl", one.into_bytes());
        lines.assess().only(Verdict::Exceptions);
    }
    let elsewhere = unplaced("\"eu-west-9\"");
    let answer = World::new(&[no_new_users()], &[elsewhere]).assess();
    assert!(says(
        &answer.assessment.log_set.notices,
        &["1 record left out", "Region", "in a folder of one that is"]
    ));
}

#[test]
fn a_log_file_that_cannot_be_read_makes_verdicts_not_determinable_where_it_could_matter() {
    let broken = b"{\"Records\":[{".to_vec();
    let world = World::new(&[no_new_users()], &[]);
    let here = world.and_file(&key("2026-10-09", "broken"), broken.clone());
    let answer = here.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["could not be read in full", "broken"]),
        "{:?}",
        one.reasons
    );
    assert_eq!(answer.assessment.log_set.files_refused, 1);
    let lost: Vec<_> = answer.refusals.iter().filter(|row| row.is_loss).collect();
    assert_eq!(answer.assessment.log_set.losses, lost.len() as u64);
    assert!(!lost.is_empty() && lost.iter().all(|row| row.key.contains("broken")));
    let elsewhere = key("2026-10-09", "broken").replace(ACCOUNT, "444455556666");
    let world = World::new(&[no_new_users()], &[]).and_file(&elsewhere, broken.clone());
    world.assess().only(Verdict::NoExceptions);
    let earlier = World::new(&[no_new_users()], &[]).and_file(&key("2026-09-09", "broken"), broken);
    earlier.assess().only(Verdict::NoExceptions);
}

#[test]
fn records_outside_period_and_scope_are_counted_and_not_judged() {
    let september = create_user("2026-09-30T23:59:59Z");
    let november = create_user("2026-11-01T00:00:00Z");
    let foreign = record_in(
        "444455556666",
        REGION,
        "2026-10-15T08:00:00Z",
        "CreateUser",
        "",
    );
    let region = record_in(
        ACCOUNT,
        "eu-west-1",
        "2026-10-15T08:00:00Z",
        "CreateUser",
        "",
    );
    let answer = World::new(&[no_new_users()], &[september, november, foreign, region]).assess();
    answer.only(Verdict::NoExceptions);
    let total = answer.assessment.log_set.total;
    assert_eq!((total.outside_period, total.outside_scope), (2, 2));
    assert_eq!((total.seen, total.kept), (97, 93));
    let notices = &answer.assessment.log_set.notices;
    assert!(says(notices, &["444455556666", "not in scope"]));
    assert!(says(notices, &[ACCOUNT, "eu-west-1", "not in scope"]));
}

#[test]
fn edges_of_the_period_belong_to_it_from_the_first_second_to_the_last() {
    let first = create_user("2026-10-01T00:00:00Z");
    let last = create_user("2026-10-31T23:59:59Z");
    let answer = World::new(&[no_new_users()], &[first, last]).assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
}

#[test]
fn exceptions_that_a_waiver_covers_are_waived_and_stay_listed() {
    let made = with_id(
        ACCOUNT,
        REGION,
        "2026-10-15T08:00:00Z",
        "CreateUser",
        "e-1",
        "",
    );
    let waiver = |ids: &str, expires: &str| {
        format!(
            "[[waiver]]\ncontrol = \"no-new-users\"\nevent-ids = [\"{ids}\"]\nreason = \"r\"\napprover = \"a\"\n\
             ticket = \"CHG-1\"\nexpires = {expires}\n"
        )
    };
    let world = World::new(&[no_new_users()], &[made]);
    let covered = world.scoped(&waiver("e-1", "2026-12-31"));
    let answer = covered.assess();
    let one = answer.only(Verdict::Waived);
    assert_eq!((one.counts.waived, one.counts.exceptions), (1, 0));
    assert_eq!(
        answer.list(List::Exceptions)[0].waiver.as_deref(),
        Some("CHG-1")
    );
    let other = covered.scoped(&waiver("e-2", "2026-12-31"));
    other.assess().only(Verdict::Exceptions);
    let last_day = other.scoped(&waiver("e-1", "2026-10-15"));
    last_day.assess().only(Verdict::Waived);
    let expired = last_day.scoped(&waiver("e-1", "2026-10-14"));
    let answer = expired.assess();
    let one = answer.only(Verdict::Exceptions);
    assert!(says(&one.reasons, &["CHG-1", "had run out"]));
}

#[test]
fn a_waiver_pattern_covers_what_it_matches_and_no_more() {
    let one = record(
        "2026-10-15T08:00:00Z",
        "CreateUser",
        ",\"requestParameters\":{\"userName\":\"build\"}",
    );
    let two = record(
        "2026-10-15T09:00:00Z",
        "CreateUser",
        ",\"requestParameters\":{\"userName\":\"mallory\"}",
    );
    let waiver = "[[waiver]]\ncontrol = \"no-new-users\"\nreason = \"r\"\napprover = \"a\"\nticket = \"CHG-2\"\n\
                  expires = 2026-12-31\n[waiver.pattern]\nrequestParameters.userName = [\"build\"]\n";
    let world = World::new(&[no_new_users()], &[one.clone(), two]).scoped(waiver);
    let answer = world.assess();
    let outcome = answer.only(Verdict::Exceptions);
    assert_eq!((outcome.counts.waived, outcome.counts.exceptions), (1, 1));
    World::new(&[no_new_users()], &[one])
        .scoped(waiver)
        .assess()
        .only(Verdict::Waived);
}

#[test]
fn exceptions_in_a_maintenance_window_are_excluded_and_listed_with_the_reason() {
    let inside = create_user("2026-10-03T23:00:00Z");
    let window = "[[maintenance]]\nfrom = 2026-10-03T22:00:00Z\nuntil = 2026-10-04T02:00:00Z\nreason = \"move\"\n\
                  ticket = \"CHG-3\"\n";
    let answer = World::new(&[no_new_users()], &[inside])
        .scoped(window)
        .assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.excluded, one.counts.attempts), (1, 0));
    assert!(answer.list(List::Exceptions)[0].reason.contains("CHG-3"));
    let outside = create_user("2026-10-04T02:00:00Z");
    let answer = World::new(&[no_new_users()], &[outside])
        .scoped(window)
        .assess();
    answer.only(Verdict::Exceptions);
}

fn every_user_is_tagged() -> (String, String) {
    control(
        "tagged",
        "\"management-write\"",
        "kind = \"every\"\npattern = { eventName = [\"CreateUser\"] }\nconform = { requestParameters.tag = [\"yes\"] }",
    )
}

#[test]
fn every_counts_its_population_and_says_no_activity_where_there_is_none() {
    let answer = World::new(&[every_user_is_tagged()], &[]).assess();
    answer.only(Verdict::NoActivity);
    let refused = record("2026-10-15T08:00:00Z", "CreateUser", REFUSED);
    let answer = World::new(&[every_user_is_tagged()], &[refused]).assess();
    assert_eq!(answer.only(Verdict::NoActivity).counts.attempts, 1);
    let tagged = record(
        "2026-10-15T08:00:00Z",
        "CreateUser",
        ",\"requestParameters\":{\"tag\":\"yes\"}",
    );
    let answer = World::new(&[every_user_is_tagged()], std::slice::from_ref(&tagged)).assess();
    assert_eq!(answer.only(Verdict::NoExceptions).counts.examined, 1);
    let plain = record("2026-10-15T09:00:00Z", "CreateUser", "");
    let answer = World::new(&[every_user_is_tagged()], &[tagged, plain]).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.conforming), (2, 1));
    assert_eq!(answer.list(List::Population).len(), 2);
    assert_eq!(answer.list(List::Sample).len(), 2);
}

#[test]
fn no_activity_needs_proof_too() {
    let world = World::new(&[every_user_is_tagged()], &[]).without_days(&["2026-10-07"]);
    world.assess().only(Verdict::NotDeterminable);
}

#[test]
fn an_inventory_is_listed_with_a_sample_whose_records_are_there() {
    let users: Vec<String> = (10..30)
        .map(|minute| create_user(&format!("2026-10-15T08:{minute}:00Z")))
        .collect();
    let inventory = control(
        "users",
        "\"management-write\"",
        "kind = \"inventory\"\npattern = { eventName = [\"CreateUser\"] }",
    );
    let answer = World::new(std::slice::from_ref(&inventory), &users).assess();
    let one = answer.only(Verdict::Listed);
    assert_eq!((one.counts.listed, one.counts.conforming), (20, 20));
    let sample = answer.list(List::Sample);
    assert_eq!(sample.len(), 3);
    assert!(sample.iter().all(|row| row.record.is_some()));
    let population = answer.list(List::Population);
    let ids = |rows: &[attestrail::assess::outcome::EvidenceRow]| -> Vec<String> {
        rows.iter().map(|row| row.event_id.clone()).collect()
    };
    let mut ranked = ids(population);
    ranked.sort_by_key(|id| attestrail::ledger::sample::rank(SEED, id, "", 0));
    ranked.truncate(3);
    let mut drawn = ids(sample);
    drawn.sort_by_key(|id| attestrail::ledger::sample::rank(SEED, id, "", 0));
    assert_eq!(drawn, ranked);
    World::new(&[inventory], &[])
        .assess()
        .only(Verdict::NoActivity);
}

fn threshold() -> (String, String) {
    control(
        "guessing",
        "\"management-write\"",
        "kind = \"threshold\"\npattern = { eventName = [\"CreateUser\"] }\nby = [\"userIdentity.userName\"]\n\
         more-than = 2\nwindow = \"10m\"",
    )
}

#[test]
fn each_burst_over_the_limit_is_one_exception_with_its_records() {
    let burst = |hour: u32, count: u32| -> Vec<String> {
        (0..count)
            .map(|minute| create_user(&format!("2026-10-15T{hour:02}:{minute:02}:00Z")))
            .collect()
    };
    let answer = World::new(&[threshold()], &burst(8, 2)).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.examined, one.counts.conforming), (1, 1));
    let mut records = burst(8, 3);
    records.extend(burst(12, 4));
    records.push(create_user("2026-10-16T00:00:00Z"));
    let answer = World::new(&[threshold()], &records).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (2, 2));
    assert_eq!(answer.list(List::Exceptions).len(), 7);
    assert_eq!(answer.list(List::Population).len(), 8);
    assert!(
        answer.list(List::Exceptions)[0]
            .reason
            .contains("burst 1: 3 records for ana")
    );
    assert_eq!(one.details[0].total, 2);
    World::new(&[threshold()], &[])
        .assess()
        .only(Verdict::NoActivity);
}

#[test]
fn a_burst_across_the_start_belongs_to_the_period_of_its_last_record() {
    let before = ["2026-09-30T23:58:00Z", "2026-09-30T23:59:00Z"];
    let after = ["2026-10-01T00:00:00Z", "2026-10-01T00:01:00Z"];
    let all: Vec<String> = before
        .iter()
        .chain(&after)
        .map(|at| create_user(at))
        .collect();
    let answer = World::new(&[threshold()], &all).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (1, 1));
    assert_eq!(answer.list(List::Exceptions).len(), 4);
    assert_eq!(answer.list(List::Population).len(), 2);

    let far: Vec<String> = ["2026-09-30T23:49:00Z", "2026-09-30T23:50:00Z"]
        .iter()
        .chain(&after)
        .map(|at| create_user(at))
        .collect();
    let answer = World::new(&[threshold()], &far).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.examined, one.counts.conforming), (1, 1));

    let earlier: Vec<String> = (5..9)
        .map(|minute| create_user(&format!("2026-09-30T23:5{minute}:00Z")))
        .collect();
    World::new(&[threshold()], &earlier)
        .assess()
        .only(Verdict::NoActivity);
}

#[test]
fn a_burst_is_waived_only_if_all_of_its_records_are() {
    let records: Vec<String> = (0..3)
        .map(|at| {
            with_id(
                ACCOUNT,
                REGION,
                &format!("2026-10-15T08:0{at}:00Z"),
                "CreateUser",
                &format!("b-{at}"),
                "",
            )
        })
        .collect();
    let waiver = |ids: &str| {
        format!(
            "[[waiver]]\ncontrol = \"guessing\"\nevent-ids = [{ids}]\nreason = \"r\"\napprover = \"a\"\n\
             ticket = \"CHG-4\"\nexpires = 2026-12-31\n"
        )
    };
    let world = World::new(&[threshold()], &records).scoped(&waiver("\"b-0\", \"b-1\""));
    world.assess().only(Verdict::Exceptions);
    let world = world.scoped(&waiver("\"b-0\", \"b-1\", \"b-2\""));
    world.assess().only(Verdict::Waived);
}

fn restart() -> (String, String) {
    control(
        "restart",
        "\"management-write\"",
        "kind = \"followed-by\"\n[[expect.pair]]\npattern = { eventName = [\"CreateUser\"] }\n\
         response = { eventName = [\"DeleteUser\"] }\nwithin = \"15m\"\n\
         join = [\"recipientAccountId\", { trigger = \"requestParameters.userName\", response = \"requestParameters.userName\", as = \"name\" }]",
    )
}

fn user(at: &str, name: &str, user: &str) -> String {
    record(
        at,
        name,
        &format!(",\"requestParameters\":{{\"userName\":\"{user}\"}}"),
    )
}

#[test]
fn a_trigger_is_answered_by_its_own_response_in_time() {
    let answer = World::new(&[restart()], &[]).assess();
    answer.only(Verdict::NoActivity);
    let in_time = [
        user("2026-10-15T08:00:00Z", "CreateUser", "path/x"),
        user("2026-10-15T08:15:00Z", "DeleteUser", "x"),
    ];
    let answer = World::new(&[restart()], &in_time).assess();
    assert_eq!(answer.only(Verdict::NoExceptions).counts.conforming, 1);
    assert_eq!(answer.list(List::Population).len(), 2);
    let other = [
        user("2026-10-15T08:00:00Z", "CreateUser", "x"),
        user("2026-10-15T08:05:00Z", "DeleteUser", "y"),
    ];
    let answer = World::new(&[restart()], &other).assess();
    answer.only(Verdict::Exceptions);
    assert_eq!(
        answer.list(List::Exceptions)[0].reason,
        "no response in time"
    );
    let late = [
        user("2026-10-15T08:00:00Z", "CreateUser", "x"),
        user("2026-10-15T08:15:01Z", "DeleteUser", "x"),
    ];
    let answer = World::new(&[restart()], &late).assess();
    answer.only(Verdict::Exceptions);
    assert_eq!(
        answer.list(List::Exceptions)[0].reason,
        "the response came too late"
    );
}

#[test]
fn a_trigger_near_the_end_stays_open_until_a_later_record_answers_it() {
    let trigger = user("2026-10-31T23:50:00Z", "CreateUser", "x");
    let answer = World::new(&[restart()], std::slice::from_ref(&trigger)).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!(one.counts.undecided, 1);
    assert_eq!(answer.list(List::Undecided).len(), 1);
    let response = user("2026-11-01T00:04:00Z", "DeleteUser", "x");
    let answer = World::new(&[restart()], &[trigger, response]).assess();
    answer.only(Verdict::NoExceptions);
}

#[test]
fn a_missing_response_proves_nothing_where_records_may_be_missing() {
    let trigger = user("2026-10-15T08:00:00Z", "CreateUser", "x");
    let world = World::new(&[restart()], &[trigger]).without_days(&["2026-10-16"]);
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!((one.counts.undecided, one.counts.exceptions), (1, 0));
}

#[test]
fn leavers_of_the_period_must_lose_their_access() {
    let leavers = control(
        "leavers-go",
        "\"management-write\"",
        "kind = \"followed-by\"\n[[expect.pair]]\ntrigger-list = \"leavers\"\nresponse = { eventName = [\"DeleteUser\"] }\n\
         within = \"24h\"\njoin = [{ trigger = \"identity\", response = \"requestParameters.userName\" }]",
    );
    let left = |day: &str| {
        format!(
            "[[leaver]]\nperson = \"Ana\"\nidentities = [\"ana\", \"ana2\"]\nleft = {day}T17:00:00Z\n"
        )
    };
    let gone = user("2026-10-13T09:00:00Z", "DeleteUser", "ana2");
    let world = World::new(std::slice::from_ref(&leavers), &[gone]).scoped(&left("2026-10-12"));
    world.assess().only(Verdict::NoExceptions);
    let world = World::new(std::slice::from_ref(&leavers), &[]).scoped(&left("2026-10-12"));
    let answer = world.assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!(one.details[0].rows[0][0], "Ana");
    let waived = world.scoped(&format!(
        "{}[[waiver]]\ncontrol = \"leavers-go\"\nevent-ids = [\"Ana\"]\nreason = \"r\"\napprover = \"a\"\n\
         ticket = \"CHG-5\"\nexpires = 2026-12-31\n",
        left("2026-10-12")
    ));
    waived.assess().only(Verdict::Waived);
    let before = World::new(&[leavers], &[]).scoped(&left("2026-09-12"));
    before.assess().only(Verdict::NoActivity);
}

#[test]
fn enough_records_are_counted_for_each_stretch_and_each_entry() {
    let weekly = control(
        "weekly",
        "\"management-write\"",
        "kind = \"at-least\"\npattern = { eventName = [\"CreateUser\"] }\nper = \"week\"",
    );
    let weeks: Vec<String> = ["06", "13", "20"]
        .iter()
        .map(|day| create_user(&format!("2026-10-{day}T08:00:00Z")))
        .collect();
    let answer = World::new(std::slice::from_ref(&weekly), &weeks).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.examined, one.counts.conforming), (3, 3));
    let answer = World::new(std::slice::from_ref(&weekly), &weeks[..2]).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (3, 1));
    let uncertain = World::new(&[weekly], &weeks[..2]).without_days(&["2026-10-07"]);
    let answer = uncertain.assess();
    assert_eq!(answer.only(Verdict::NotDeterminable).counts.exceptions, 0);

    let keys = control(
        "each-key",
        "\"management-write\"",
        "kind = \"at-least\"\npattern = { eventName = [\"CreateUser\"] }\neach = { list = \"cde_kms_keys\", path = \"requestParameters.userName\" }",
    );
    let one_key = [user("2026-10-15T08:00:00Z", "CreateUser", "k1")];
    let world = World::new(&[keys], &one_key);
    let both = world.scoped("[lists]\ncde_kms_keys = [\"k1\", \"k2\"]\n");
    let answer = both.assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (2, 1));
    assert!(
        one.details[0]
            .rows
            .iter()
            .any(|row| row[0] == "k2" && row[4] == "too few")
    );
    let one = both.scoped("[lists]\ncde_kms_keys = [\"k1\"]\n");
    one.assess().only(Verdict::NoExceptions);
}

#[test]
fn coverage_of_accounts_finds_silence_undecided_and_a_stop_an_exception() {
    let accounts = control(
        "all-here",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"",
    );
    let answer = World::new(std::slice::from_ref(&accounts), &[]).assess();
    assert_eq!(answer.only(Verdict::NoExceptions).counts.conforming, 31);
    let silent = World::new(std::slice::from_ref(&accounts), &[]).without_days(&["2026-10-07"]);
    let answer = silent.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!((one.counts.conforming, one.counts.undecided), (30, 1));
    let stop = record(
        "2026-10-07T14:00:00Z",
        "StopLogging",
        ",\"requestParameters\":{\"name\":\"main\"}",
    );
    let start = record(
        "2026-10-08T08:00:00Z",
        "StartLogging",
        ",\"requestParameters\":{\"name\":\"arn:aws:cloudtrail:us-east-1:111122223333:trail/main\"}",
    );
    let answer = World::new(&[accounts], &[stop, start]).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!(
        one.counts.exceptions, 2,
        "the 7th from 14:00, the 8th until 08:00"
    );
    let row = &answer.assessment.coverage.rows[0];
    assert_eq!(
        row.days[6..9],
        [DayState::Stopped, DayState::Stopped, DayState::Delivered]
    );
}

#[test]
fn a_table_of_more_days_than_it_keeps_says_where_all_of_them_are() {
    let accounts = control(
        "all-here",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"",
    );
    let regions: Vec<_> = (0..20).map(|at| format!("\"xx-made-{at}\"")).collect();
    let mut world = World::new(&[accounts], &[]);
    world.scope = scope_text(&format!(
        "format = 1\norganisation = \"o\"\nregions = [{}]\n[[account]]\nid = \"{ACCOUNT}\"\n",
        regions.join(", ")
    ));
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    let [table] = one.details.as_slice() else {
        panic!("one table: {:?}", one.details);
    };
    assert_eq!((table.rows.len(), table.total), (500, 620));
    let parts = ["the first 500 of 620 rows", "`logs/coverage.csv` has all"];
    assert!(says(&one.reasons, &parts), "{:?}", one.reasons);
}

#[test]
fn a_conflict_makes_no_coverage_of_a_stop_that_is_among_it() {
    for what in ["accounts", "classes"] {
        let kind = format!("kind = \"coverage\"\nwhat = \"{what}\"");
        let here = control("all-here", "\"management-write\"", &kind);
        let of_trail = |name: &str| {
            let more = ",\"requestParameters\":{\"name\":\"main\"}";
            with_id(ACCOUNT, REGION, "2026-10-07T14:00:00Z", name, "same", more)
        };
        let records = [of_trail("StopLogging"), of_trail("GetTrailStatus")];
        let answer = World::new(&[here], &records).assess();
        let outcome = answer.only(Verdict::NotDeterminable);
        assert!(
            says(&outcome.reasons, &["2 records", "same event id"]),
            "{what}"
        );
    }
}

#[test]
fn coverage_of_classes_asks_for_the_needs_of_all_controls() {
    let classes = control(
        "classes",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"classes\"",
    );
    let kms = control(
        "keys",
        "\"kms\"",
        "kind = \"forbid\"\npattern = { eventName = [\"ScheduleKeyDeletion\"] }",
    );
    let world = World::new(&[classes, kms], &[]);
    let answer = world.assess();
    assert_eq!(answer.control("classes").verdict, Verdict::NoExceptions);
    assert_eq!(answer.control("classes").counts.examined, 2);
    let answer = world.without_names(&["Decrypt"]).assess();
    assert_eq!(answer.control("classes").verdict, Verdict::NotDeterminable);
    assert_eq!(answer.control("keys").verdict, Verdict::NotDeterminable);
}

#[test]
fn coverage_of_stores_asks_for_events_of_each_store() {
    let stores = control(
        "stores",
        "\"s3-data-read\"",
        "kind = \"coverage\"\nwhat = \"stores\"\nstores = [{ list = \"data_buckets\", class = \"s3-data-read\", path = \"requestParameters.bucketName\" }]",
    );
    let read = record(
        "2026-10-15T08:00:00Z",
        "GetObject",
        ",\"requestParameters\":{\"bucketName\":\"cards-1\"}",
    )
    .replace("iam.amazonaws.com", "s3.amazonaws.com")
    .replace("\"Management\"", "\"Data\"");
    let world = World::new(&[stores], &[read])
        .scoped("[lists]\ndata_buckets = [{ prefix = \"cards-\" }]\n");
    world.assess().only(Verdict::NoExceptions);
    let two = world.scoped("[lists]\ndata_buckets = [{ prefix = \"cards-\" }, \"scans\"]\n");
    let answer = two.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert_eq!((one.counts.conforming, one.counts.undecided), (1, 1));
    let stated = two.scoped(
        "[lists]\ndata_buckets = [{ prefix = \"cards-\" }, \"scans\"]\n\
         [[recorded]]\nclass = \"s3-data-read\"\nstores = [\"scans\"]\nsource = \"selectors\"\n",
    );
    stated.assess().only(Verdict::NoExceptions);
}

#[test]
fn a_store_is_proven_by_records_of_the_period_alone() {
    let stores = control(
        "stores",
        "\"s3-data-read\"",
        "kind = \"coverage\"\nwhat = \"stores\"\nstores = [{ list = \"data_buckets\", class = \"s3-data-read\", path = \"requestParameters.bucketName\" }]",
    );
    let read = |at: &str| {
        record(
            at,
            "GetObject",
            ",\"requestParameters\":{\"bucketName\":\"cards\"}",
        )
        .replace("iam.amazonaws.com", "s3.amazonaws.com")
        .replace("\"Management\"", "\"Data\"")
    };
    let before = read("2026-09-30T23:30:00Z");
    let [inside, after] = ["2026-10-31T23:30:00Z", "2026-11-01T00:30:00Z"].map(read);
    let world = |records: &[String]| {
        World::new(std::slice::from_ref(&stores), records)
            .scoped("[lists]\ndata_buckets = [\"cards\"]\n")
    };
    for outside in [&before, &after] {
        let answer = world(std::slice::from_ref(outside)).assess();
        answer.only(Verdict::NotDeterminable);
        assert_eq!(answer.assessment.coverage.stores[0].records, 0);
    }
    let all = world(&[before, inside, after]);
    let answer = all.assess();
    answer.only(Verdict::NoExceptions);
    assert_eq!(answer.assessment.coverage.stores[0].records, 1);
    // Days are counted: one that lies in the period in part shows nothing.
    let mut cut = all;
    cut.period =
        attestrail::period::Period::between("2026-10-31T12:00:00Z", "2026-11-02").expect("valid");
    let answer = cut.assess();
    assert_eq!(answer.assessment.coverage.stores[0].records, 1);
    let text = "1 record of it on the whole days of the period";
    assert_eq!(answer.assessment.coverage.stores[0].proof, text);
    cut.period =
        attestrail::period::Period::between("2026-10-31T12:00:00Z", "2026-10-31").expect("valid");
    let answer = cut.assess();
    let text = "no record of it on a whole day of the period";
    assert!(answer.assessment.coverage.stores[0].proof.starts_with(text));
}

#[test]
fn record_fields_count_rates_and_list_what_lacks_an_element() {
    let fields = control(
        "fields",
        "\"management-write\"",
        "kind = \"record-fields\"\n[[expect.field]]\nname = \"who\"\nany-of = [\"userIdentity.arn\"]\n\
         [[expect.field]]\nname = \"where from\"\nany-of = [\"sourceIPAddress\"]\nunless = { eventName = [\"Decrypt\"] }",
    );
    let lacking =
        create_user("2026-10-15T08:00:00Z").replace("\"sourceIPAddress\":\"192.0.2.7\",", "");
    let answer = World::new(std::slice::from_ref(&fields), &[]).assess();
    let one = answer.only(Verdict::NoExceptions);
    assert_eq!((one.counts.examined, one.counts.conforming), (93, 93));
    let answer = World::new(&[fields], &[lacking]).assess();
    let one = answer.only(Verdict::Exceptions);
    assert_eq!((one.counts.examined, one.counts.exceptions), (94, 1));
    assert_eq!(answer.list(List::Exceptions)[0].reason, "lacks: where from");
    let rows = &one.details[0].rows;
    assert_eq!(rows[0], ["who", "94", "94", "0", "0", "100.00 %"]);
    assert_eq!(rows[1], ["where from", "63", "62", "1", "0", "98.41 %"]);
}

#[test]
fn integrity_is_not_determinable_until_digests_are_verified() {
    let chain = control("chain", "\"digests\"", "kind = \"integrity\"");
    let answer = World::new(&[chain], &[]).assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(&one.reasons, &["integrity is not verified"]));
    assert_eq!(answer.assessment.integrity.status, "not-verified");
}

#[test]
fn copies_are_counted_once_wherever_they_stand() {
    let made = create_user("2026-10-15T08:00:00Z");
    let world = World::new(&[no_new_users()], &[made.clone(), made.clone()]);
    let world = world.and_file(&key("2026-10-16", "again"), file(&[made]));
    let answer = world.assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 1);
    assert_eq!(answer.assessment.log_set.total.duplicates, 2);
    let duplicates: Vec<u64> = answer.inputs.iter().map(|row| row.duplicates).collect();
    assert_eq!(duplicates, [1, 1, 0]);
    assert_eq!(answer.list(List::Exceptions)[0].origin.index, 0);
}

#[test]
fn records_that_contradict_each_other_are_no_evidence_and_named() {
    let one = with_id(
        ACCOUNT,
        REGION,
        "2026-10-15T08:00:00Z",
        "CreateUser",
        "same",
        "",
    );
    let two = with_id(
        ACCOUNT,
        REGION,
        "2026-10-15T08:00:00Z",
        "DeleteUser",
        "same",
        "",
    );
    let answer = World::new(&[no_new_users()], &[one, two]).assess();
    let outcome = answer.only(Verdict::NotDeterminable);
    assert!(says(&outcome.reasons, &["2 records", "same event id"]));
    assert_eq!(answer.assessment.log_set.total.conflicts, 2);
    let named: Vec<_> = answer
        .refusals
        .iter()
        .filter(|row| row.code == "conflicting-record")
        .collect();
    assert_eq!(named.len(), 2);
    assert!(named.iter().all(|row| row.is_loss && row.index.is_some()));
}

#[test]
fn records_without_an_id_are_never_copies_of_each_other_but_whole_files_are() {
    let made = create_user("2026-10-15T08:00:00Z").replace("\"eventID\"", "\"other\"");
    let world = World::new(&[no_new_users()], &[made.clone(), made.clone()]);
    let answer = world.assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
    let again = world.and_file("backup/copy.json", file(&[made.clone(), made]));
    let answer = again.assess();
    assert_eq!(answer.only(Verdict::Exceptions).counts.exceptions, 2);
    assert_eq!(answer.assessment.log_set.total.duplicates, 2);
    let copy = answer
        .inputs
        .iter()
        .find(|row| row.key == "backup/copy.json");
    assert!(says(&copy.expect("listed").notices, &["the same file as"]));
}

#[test]
fn an_empty_log_set_says_so_and_passes_nothing() {
    let mut world = World::new(&[no_new_users()], &[]);
    world.files.clear();
    let answer = world.assess();
    answer.only(Verdict::NotDeterminable);
    assert!(says(&answer.assessment.log_set.notices, &["no files"]));
    let answer = world.without_scope().assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(says(&one.reasons, &["no record of the accounts in scope"]));
    assert!(!answer.assessment.coverage.is_complete);
}

#[test]
fn an_account_of_another_framework_is_not_in_scope() {
    let other = record_in(
        "444455556666",
        REGION,
        "2026-10-15T08:00:00Z",
        "CreateUser",
        "",
    );
    let scope = "[[account]]\nid = \"444455556666\"\nframeworks = [\"pci-dss-4.0.1\"]\n";
    let mut world = World::new(&[no_new_users()], &[other]).scoped(scope);
    world.framework = Some("hipaa");
    world.assess().only(Verdict::NoExceptions);
    world.framework = Some("pci-dss-4.0.1");
    world.assess().only(Verdict::Exceptions);
}

#[test]
fn contradictions_outside_the_period_are_named_and_decide_nothing() {
    let one = with_id(
        ACCOUNT,
        REGION,
        "2026-09-15T08:00:00Z",
        "CreateUser",
        "same",
        "",
    );
    let two = with_id(
        ACCOUNT,
        REGION,
        "2026-09-15T08:00:00Z",
        "DeleteUser",
        "same",
        "",
    );
    let answer = World::new(&[no_new_users()], &[one, two]).assess();
    answer.only(Verdict::NoExceptions);
    assert_eq!(answer.assessment.log_set.total.conflicts, 2);
    assert_eq!(answer.assessment.log_set.losses, 2);
}

#[test]
fn a_record_without_account_and_region_is_counted_under_unknown() {
    let bare = create_user("2026-10-15T08:00:00Z")
        .replace("\"recipientAccountId\":\"111122223333\"", "\"x\":1")
        .replace("\"accountId\":\"111122223333\",", "")
        .replace("\"awsRegion\":\"us-east-1\"", "\"awsRegion\":\"\"");
    let world = World::new(&[no_new_users()], &[]).and_file("bare.json", file(&[bare]));
    let answer = world.assess();
    answer.only(Verdict::NoExceptions);
    assert_eq!(
        answer.assessment.log_set.by_account["unknown"].outside_scope,
        1
    );
}

#[test]
fn a_text_far_longer_than_cloudtrail_writes_is_cut_in_views_and_whole_in_the_record() {
    let long = "ü".repeat(5_000);
    let made = create_user("2026-10-15T08:00:00Z").replace("\"test\"", &format!("\"{long}\""));
    let answer = World::new(&[no_new_users()], std::slice::from_ref(&made)).assess();
    let row = &answer.list(List::Exceptions)[0];
    assert_eq!(row.user_agent.chars().count(), 2_001);
    assert!(row.user_agent.ends_with('…'));
    assert_eq!(row.record.as_deref(), Some(made.as_bytes()));
}
