//! Stretches in which a trail did not deliver what it did before: what excuses them, hour by hour.

use attestrail::assess::outcome::DayState::{self, Delivered, Stopped, Unclear};
use attestrail::assess::outcome::Verdict;
use attestrail::period::Period;
use attestrail::record::time;
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, data};
use crate::scan_common::{
    ACCOUNT, Answer, REGION, World, control, file, key, no_new_users, record_in, scope_text, set,
};

const HERE: &str = "eu-west-1";
const OTHER: &str = "444455556666";
const DAY: &str = "2026-10-03";

/// A management event at 20 minutes past every hour of the period but these of the third day.
fn hourly(
    account: &str,
    region: &str,
    period: &Period,
    without: std::ops::Range<i64>,
) -> Vec<String> {
    let third = period.start + 2 * 86_400;
    let hours = (period.start..period.end).step_by(3600);
    let kept = hours.filter(|hour| !without.contains(&((hour - third).div_euclid(3600))));
    kept.map(|hour| record_in(account, region, &time::format(hour + 1200), "TagUser", ""))
        .collect()
}

pub fn call(at: &str, name: &str, parameters: &str) -> String {
    let more = format!(",\"requestParameters\":{{{parameters}}}");
    record_in(ACCOUNT, REGION, &format!("{DAY}T{at}Z"), name, &more)
}

pub fn stop() -> String {
    call("01:03:00", "StopLogging", "\"name\":\"main\"")
}

pub fn start() -> String {
    call("22:00:00", "StartLogging", "\"name\":\"main\"")
}

/// The first five days of October in two Regions; hours of the third day without records.
fn world(without: std::ops::Range<i64>, more: &[String]) -> World {
    let mut world = World::new(&[], &[]);
    let accounts = control(
        "accounts",
        "\"management-write\"",
        "kind = \"coverage\"\nwhat = \"accounts\"\n",
    );
    world.set = set(&[no_new_users(), accounts]);
    world.scope = scope_text(&format!(
        "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\", \"{HERE}\"]\n\
         [[account]]\nid = \"{ACCOUNT}\"\n"
    ));
    world.period = Period::between("2026-10-01", "2026-10-05").expect("valid");
    let mut all = hourly(ACCOUNT, HERE, &world.period, without.clone());
    all.extend(hourly(ACCOUNT, REGION, &world.period, without));
    all.extend(more.iter().cloned());
    world.files = vec![(key("2026-10-05", "all"), file(&all))];
    world
}

/// What becomes of the third day, and of no other, in each of the two Regions.
#[track_caller]
pub fn check_days(world: &World, expected: [DayState; 2]) -> Answer {
    let answer = world.assess();
    let rows = &answer.assessment.coverage.rows;
    for (row, state) in rows.iter().zip(expected) {
        let days = [Delivered, Delivered, state, Delivered, Delivered];
        assert_eq!(row.days, days, "{}", row.region);
    }
    answer
}

#[track_caller]
fn check(world: &World, expected: [DayState; 2]) -> Answer {
    let answer = check_days(world, expected);
    let is_open = expected.iter().any(|state| *state != Delivered);
    let verdict = match is_open {
        true => Verdict::NotDeterminable,
        false => Verdict::NoExceptions,
    };
    let no_new_users = answer.control("no-new-users");
    assert_eq!(no_new_users.verdict, verdict, "{:?}", no_new_users.reasons);
    let coverage = match expected.contains(&Stopped) {
        true => Verdict::Exceptions,
        false => verdict,
    };
    assert_eq!(answer.control("accounts").verdict, coverage);
    answer
}

#[test]
fn a_stop_of_all_management_events_is_not_excused_by_data_events() {
    check(&world(2..22, &[stop(), start()]), [Stopped; 2]);
    let mut more = vec![stop(), start()];
    for region in [REGION, HERE] {
        more.extend((0..24).map(|hour| {
            let at = format!("{DAY}T{hour:02}:15:00Z");
            let one = data(
                &at,
                "GetObject",
                "s3.amazonaws.com",
                "{\"bucketName\":\"b\"}",
            );
            one.replace(REGION, region)
        }));
    }
    check(&world(2..22, &more), [Stopped; 2]);
}

#[test]
fn each_hour_of_a_stop_needs_an_event_of_its_own() {
    let both = [stop(), start()];
    check(&world(0..0, &both), [Delivered; 2]);
    check(&world(20..22, &both), [Unclear; 2]);
    let mut stray = both.to_vec();
    stray.push(record_in(
        ACCOUNT,
        HERE,
        &format!("{DAY}T13:30:00Z"),
        "TagUser",
        "",
    ));
    check(&world(2..22, &stray), [Unclear, Stopped]);
}

#[test]
fn a_trail_that_is_gone_is_excused_once_others_are_seen_to_go_on() {
    check(&world(0..0, &[stop()]), [Delivered; 2]);
    check(&world(2..22, &[stop()]), [Stopped; 2]);
    // From the first hour on others went on; later hours of a quiet place are not asked about.
    check(&world(4..22, &[stop()]), [Delivered; 2]);
}

#[test]
fn a_trail_that_is_started_later_excuses_nothing_before() {
    let delete = call("01:03:00", "DeleteTrail", "\"name\":\"main\"");
    let next = call("22:00:00", "StartLogging", "\"name\":\"main2\"");
    check(&world(2..22, &[delete.clone(), next.clone()]), [Stopped; 2]);
    check(&world(0..0, &[delete, next]), [Delivered; 2]);
}

#[test]
fn a_stop_of_a_trail_of_data_events_alone_leaves_the_days_as_they_are() {
    let put = format!("\"trailName\":\"main\",\"advancedEventSelectors\":[{ALL_LAMBDA}]");
    let put = call("00:30:00", "PutEventSelectors", &put);
    // Whether it recorded management events before that call is not known, so the days are as
    // they are, and the class is not proved.
    let answer = check_days(&world(10..22, &[put, stop(), start()]), [Delivered; 2]);
    let verdict = answer.control("no-new-users").verdict;
    assert_eq!(verdict, Verdict::NotDeterminable);
    let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main");
    let text = format!("{{\"TrailARN\":\"{arn}\",\"advancedEventSelectors\":[{ALL_LAMBDA}]}}");
    let said = Snapshot::parse("s.json", text.as_bytes(), None).expect("a snapshot");
    let mut said_so = world(10..22, &[stop(), start()]);
    said_so.snapshots = vec![said];
    check(&said_so, [Delivered; 2]);
}

/// Told at these times to work in all Regions or not.
fn multi(all: &[(&str, bool)]) -> Vec<String> {
    let told = all.iter().map(|(at, is_on)| {
        call(
            at,
            "UpdateTrail",
            &format!("\"name\":\"main\",\"isMultiRegionTrail\":{is_on}"),
        )
    });
    told.collect()
}

fn without_here(without: std::ops::Range<i64>, more: &[String]) -> World {
    let mut world = world(0..0, &[]);
    let mut all = hourly(ACCOUNT, HERE, &world.period, without);
    all.extend(hourly(ACCOUNT, REGION, &world.period, 0..0));
    all.extend(more.iter().cloned());
    world.files = vec![(key("2026-10-05", "all"), file(&all))];
    world
}

#[test]
fn a_trail_that_is_taken_from_other_regions_is_stopped_there() {
    let off_and_on = [("01:00:00", false), ("23:00:00", true)];
    let known = [("00:10:00", true), off_and_on[0], off_and_on[1]];
    check(&without_here(2..23, &multi(&known)), [Stopped, Delivered]);
    check(&without_here(0..0, &multi(&known)), [Delivered; 2]);
    // Nothing shows that it worked there before.
    check(
        &without_here(2..23, &multi(&off_and_on)),
        [Unclear, Delivered],
    );
    let never = [("00:10:00", false), ("01:00:00", false)];
    check(&without_here(10..23, &multi(&never[..1])), [Delivered; 2]);
    let never = [
        call("00:10:00", "CreateTrail", "\"name\":\"main\""),
        multi(&never)[1].clone(),
    ];
    check(&without_here(2..23, &never), [Delivered; 2]);
}

#[test]
fn a_trail_that_is_sent_to_another_bucket_is_stopped_here() {
    let bucket = |at: &str, bucket: &str| {
        call(
            at,
            "UpdateTrail",
            &format!("\"name\":\"main\",\"s3BucketName\":\"{bucket}\""),
        )
    };
    let away = [
        bucket("01:00:00", "elsewhere"),
        bucket("23:00:00", "evidence"),
    ];
    check(&world(2..23, &away), [Unclear; 2]);
    check(&world(0..0, &away), [Delivered; 2]);
    let digests = hour_of("AWSLogs/", ACCOUNT, "main");
    check(&world(2..23, &away).and_digests(&digests), [Stopped; 2]);
    let same = [bucket("01:00:00", "evidence")];
    check(&world(2..23, &same).and_digests(&digests), [Delivered; 2]);
}

/// The one digest of a trail before the period, which names this account.
fn hour_of<'d>(front: &'d str, account: &'d str, trail: &'d str) -> Digests<'d> {
    Digests {
        front,
        account,
        trail,
        bucket: "evidence",
        time: ("2026-09-30T23:00:00Z", "2026-10-01T00:00:00Z"),
        ..DIGESTS
    }
}

/// The member alone is in scope; its hours of the third day that have no records. Logs of both lie
/// below the organization, or those of neither.
pub fn member(without: std::ops::Range<i64>, more: &[String], is_below: bool) -> World {
    let mut world = world(0..0, &[]);
    world.scope = scope_text(&format!(
        "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\"]\n[[account]]\nid = \"{OTHER}\"\n"
    ));
    let front = if is_below {
        "AWSLogs/o-exampleorg1/"
    } else {
        "AWSLogs/"
    };
    let in_folder = |account: &str, name: &str| {
        let key = key("2026-10-05", name).replace(ACCOUNT, account);
        key.replace("AWSLogs/", front)
    };
    let own = hourly(OTHER, REGION, &world.period, without);
    let mut owners = hourly(ACCOUNT, REGION, &world.period, 0..0);
    owners.extend(more.iter().cloned());
    world.files = vec![
        (in_folder(OTHER, "own"), file(&own)),
        (in_folder(ACCOUNT, "owner"), file(&owners)),
    ];
    world
}

#[track_caller]
pub fn check_member(world: &World, expected: DayState) {
    let answer = world.assess();
    let [row] = answer.assessment.coverage.rows.as_slice() else {
        panic!("one account, one Region")
    };
    assert_eq!(row.days[2], expected);
}

#[test]
fn a_stop_by_the_owner_of_an_organizations_trail_concerns_its_members() {
    let both = [stop(), start()];
    check_member(&member(2..22, &both, true), Unclear);
    check_member(&member(0..0, &both, true), Delivered);
    check_member(&member(2..22, &both, false), Delivered);
    let with = |front: &str, account: &str, name: &str| {
        member(2..22, &both, true).and_digests(&hour_of(front, account, name))
    };
    let organization = "AWSLogs/o-exampleorg1/";
    // Digests say whose trail it is, whoever they are about.
    check_member(&with(organization, ACCOUNT, "main"), Stopped);
    check_member(&with(organization, OTHER, "main"), Stopped);
    check_member(&with(organization, ACCOUNT, "org"), Delivered);
    check_member(&with("AWSLogs/", ACCOUNT, "main"), Delivered);
}

#[test]
fn the_owners_selectors_for_an_organizations_trail_concern_its_members() {
    let put = format!("\"trailName\":\"main\",\"advancedEventSelectors\":[{ALL_MANAGEMENT}]");
    let invoke = data(
        "2026-10-02T09:00:00Z",
        "Invoke",
        "lambda.amazonaws.com",
        "null",
    );
    let no_invokes = crate::assess_selectors::no_invokes();
    for (more, verdict) in [
        (vec![], Verdict::NoExceptions),
        (
            vec![call("00:10:00", "PutEventSelectors", &put)],
            Verdict::NotDeterminable,
        ),
        (
            vec![call("00:10:00", "StopLogging", "\"name\":\"main\"")],
            Verdict::NotDeterminable,
        ),
    ] {
        let mut world = member(0..0, &more, true);
        world.set = set(std::slice::from_ref(&no_invokes));
        let own = invoke.replace(ACCOUNT, OTHER);
        let key = world.files[0].0.replace("own", "data");
        let world = world.and_file(&key, file(&[own]));
        let found = world.assess();
        assert_eq!(found.control("no-invokes").verdict, verdict);
    }
}

fn said(selectors: &str) -> Snapshot {
    let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main");
    let text = format!("{{\"TrailARN\":\"{arn}\",\"advancedEventSelectors\":[{selectors}]}}");
    Snapshot::parse("s.json", text.as_bytes(), None).expect("a snapshot")
}

#[test]
fn a_short_stop_of_a_trail_of_data_events_takes_nothing_of_management() {
    let short = [
        stop(),
        call("01:13:00", "StartLogging", "\"name\":\"main\""),
    ];
    check(&world(1..2, &short), [Stopped; 2]);
    let mut of_data = world(1..2, &short);
    of_data.snapshots = vec![said(ALL_LAMBDA)];
    check(&of_data, [Delivered; 2]);
    // Nor does a longer one in whose hours nothing was done.
    let mut quiet = world(2..22, &[stop(), start()]);
    quiet.snapshots = vec![said(ALL_LAMBDA)];
    check(&quiet, [Delivered; 2]);
}

#[test]
fn a_trail_that_was_started_before_another_was_stopped_may_have_gone_on() {
    let next = |parameters: &str| {
        let named = format!("\"name\":\"next\"{parameters}");
        [
            call("00:30:00", "CreateTrail", &named),
            call("00:31:00", "StartLogging", "\"name\":\"next\""),
        ]
    };
    let delete = call("01:05:00", "DeleteTrail", "\"name\":\"main\"");
    let with = |parameters: &str, more: &[String]| {
        let mut all = next(parameters).to_vec();
        all.extend([stop(), delete.clone()]);
        all.extend(more.iter().cloned());
        world(2..22, &all)
    };
    let wide = ",\"isMultiRegionTrail\":true";
    check(&with(wide, &[]), [Unclear; 2]);
    // Of one Region: the other one has nothing.
    check(&with("", &[]), [Stopped, Unclear]);
    // Made and never started, or stopped as well.
    let made = [next(wide)[0].clone(), stop()];
    check(&world(2..22, &made), [Stopped; 2]);
    let stopped = call("01:06:00", "StopLogging", "\"name\":\"next\"");
    check(&with(wide, &[stopped]), [Stopped; 2]);
}

#[test]
fn a_trail_that_is_sent_below_another_prefix_is_stopped_here() {
    let prefix = |at: &str, prefix: &str| {
        call(
            at,
            "UpdateTrail",
            &format!("\"name\":\"main\",\"s3KeyPrefix\":\"{prefix}\""),
        )
    };
    let away = [prefix("01:00:00", "hidden"), prefix("23:00:00", "")];
    check(&world(2..23, &away), [Unclear; 2]);
    check(&world(0..0, &away), [Delivered; 2]);
    let digests = hour_of("AWSLogs/", ACCOUNT, "main");
    check(&world(2..23, &away).and_digests(&digests), [Stopped; 2]);
    let same = [prefix("01:00:00", "")];
    check(&world(2..23, &same).and_digests(&digests), [Delivered; 2]);
}

#[test]
fn a_start_without_a_stop_before_it_tells_that_the_trail_was_off() {
    check(&world(2..22, &[start()]), [Unclear; 2]);
    check(&world(0..0, &[start()]), [Delivered; 2]);
    // It was on already, or made on that day.
    let earlier = call("00:31:00", "StartLogging", "\"name\":\"main\"");
    check(&world(2..22, &[earlier, start()]), [Delivered; 2]);
    let made = call("00:31:00", "CreateTrail", "\"name\":\"main\"");
    check(&world(2..22, &[made, start()]), [Delivered; 2]);
}

#[test]
fn a_stop_in_the_second_of_a_start_may_have_come_after_it() {
    let at_once = call("01:03:00", "StartLogging", "\"name\":\"main\"");
    check(
        &world(2..22, &[stop(), at_once.clone(), start()]),
        [Unclear; 2],
    );
    check(&world(0..0, &[stop(), at_once, start()]), [Delivered; 2]);
}

#[test]
fn a_call_by_name_may_be_about_the_organizations_trail_though_the_caller_has_logs_of_its_own() {
    let both = [stop(), start()];
    let mixed = |without: std::ops::Range<i64>| {
        let mut world = member(without, &both, true);
        let key = world.files[1].0.replace("o-exampleorg1/", "");
        world.files[1].0 = key;
        world
    };
    check_member(&mixed(2..22), Unclear);
    check_member(&mixed(0..0), Delivered);
    let own = hour_of("AWSLogs/", ACCOUNT, "main");
    check_member(&mixed(2..22).and_digests(&own), Delivered);
}

#[test]
fn a_trail_that_an_account_had_before_is_the_organizations_once_its_digests_say_so() {
    let both = [stop(), start()];
    let old = Digests {
        time: ("2026-09-20T23:00:00Z", "2026-09-21T00:00:00Z"),
        ..hour_of("AWSLogs/", ACCOUNT, "main")
    };
    let new = hour_of("AWSLogs/o-exampleorg1/", ACCOUNT, "main");
    let world = member(2..22, &both, true).and_digests(&old);
    check_member(&world.and_digests(&new), Stopped);
}

/// A call on another day than the third.
fn call_on(day: &str, at: &str, name: &str, parameters: &str) -> String {
    call(at, name, parameters).replace(&format!("{DAY}T"), &format!("{day}T"))
}

#[test]
fn a_stop_that_nobody_ended_hides_no_later_one() {
    let old = call_on("2026-10-01", "00:30:00", "StopLogging", "\"name\":\"main\"");
    // It was started in between, of which there is no record, or not.
    check(&world(2..22, &[old.clone(), stop()]), [Unclear; 2]);
    check(&world(0..0, &[old.clone(), stop()]), [Delivered; 2]);
    check(&world(2..22, &[old, stop(), start()]), [Unclear; 2]);
    // Stopped and deleted is gone once, where a start in between would show.
    let delete = call("01:04:00", "DeleteTrail", "\"name\":\"main\"");
    check(&world(2..22, &[stop(), delete]), [Stopped; 2]);
}

#[test]
fn a_flag_that_is_switched_off_twice_is_off_from_the_second_time_too() {
    let off = |day: &str, at: &str| {
        let told = "\"name\":\"main\",\"isMultiRegionTrail\":false";
        call_on(day, at, "UpdateTrail", told)
    };
    let before = off("2026-10-01", "00:30:00");
    let again = off(DAY, "01:00:00");
    check(&without_here(2..23, &[before, again]), [Unclear, Delivered]);
}

/// A trail was deleted on the eve of the period, and the other Region has nothing until 5 o'clock.
#[track_caller]
fn check_first_day(eve: &[String], expected: DayState) {
    let mut world = world(0..0, &[]);
    let quiet = hourly(ACCOUNT, HERE, &world.period, -48..-43);
    let mut all = hourly(ACCOUNT, REGION, &world.period, 0..0);
    all.extend(quiet);
    all.push(on_the_eve("12:00:00", "DeleteTrail", "\"name\":\"main\""));
    all.extend(eve.iter().cloned());
    world.files = vec![(key("2026-10-05", "all"), file(&all))];
    // Digests of another trail tell which bucket the logs here come from.
    let answer = world
        .and_digests(&hour_of("AWSLogs/", ACCOUNT, "other"))
        .assess();
    let rows = &answer.assessment.coverage.rows;
    let row = rows.iter().find(|row| row.region == HERE).expect("a row");
    assert_eq!(row.days[0], expected);
}

fn on_the_eve(at: &str, name: &str, parameters: &str) -> String {
    call_on("2026-09-30", at, name, parameters)
}

#[test]
fn the_start_of_a_trail_that_may_not_take_over_ends_no_stop() {
    let made = |more: &str| {
        let named = format!("\"name\":\"next\",\"s3BucketName\":\"evidence\"{more}");
        on_the_eve("11:00:00", "CreateTrail", &named)
    };
    let started = |at: &str| on_the_eve(at, "StartLogging", "\"name\":\"next\"");
    let wide = ",\"isMultiRegionTrail\":true";
    check_first_day(&[], Stopped);
    check_first_day(&[made(wide), started("12:30:00")], Delivered);
    // Of one Region, or of data events.
    check_first_day(&[made(""), started("12:30:00")], Stopped);
    let put = format!("\"trailName\":\"next\",\"advancedEventSelectors\":[{ALL_LAMBDA}]");
    let put = on_the_eve("11:30:00", "PutEventSelectors", &put);
    check_first_day(&[made(wide), put, started("12:30:00")], Stopped);
    // Nobody knows what it records, whether it works in other Regions, or that it delivers here.
    check_first_day(&[started("12:30:00")], Unclear);
    let narrow = "\"name\":\"next\",\"s3BucketName\":\"evidence\"";
    let told = on_the_eve("11:00:00", "UpdateTrail", narrow);
    check_first_day(&[told, started("12:30:00")], Unclear);
    let elsewhere = made(wide).replace("evidence", "elsewhere");
    check_first_day(&[elsewhere, started("12:30:00")], Stopped);
    // It was running already, so the start tells of nothing new.
    let again = [made(wide), started("11:40:00"), started("12:30:00")];
    check_first_day(&again, Unclear);
}

#[test]
fn the_start_of_a_trail_gives_no_other_regions_back_to_it() {
    let off = "\"name\":\"main\",\"isMultiRegionTrail\":false";
    let on = "\"name\":\"main\",\"isMultiRegionTrail\":true";
    let eve = [
        on_the_eve("10:00:00", "CreateTrail", on),
        on_the_eve("10:01:00", "StartLogging", "\"name\":\"main\""),
        on_the_eve("10:02:00", "UpdateTrail", off),
        on_the_eve("10:03:00", "StartLogging", "\"name\":\"main\""),
    ];
    let mut world = world(0..0, &[]);
    let mut all = hourly(ACCOUNT, REGION, &world.period, 0..0);
    all.extend(hourly(ACCOUNT, HERE, &world.period, -48..-43));
    all.extend(eve);
    world.files = vec![(key("2026-10-05", "all"), file(&all))];
    let answer = world.assess();
    let rows = &answer.assessment.coverage.rows;
    let row = rows.iter().find(|row| row.region == HERE).expect("a row");
    assert_eq!(row.days[0], Stopped);
}

#[test]
fn a_snapshot_says_nothing_of_where_logs_came_from_before_a_move() {
    let away = |parameters: &str| {
        let told = format!("\"name\":\"main\",{parameters}");
        world(2..23, &[call("01:00:00", "UpdateTrail", &told)])
    };
    let said = |taken: Option<&str>, member: &str| {
        let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main");
        let text = format!("{{\"trailList\":[{{\"TrailARN\":\"{arn}\",{member}}}]}}");
        let taken = taken.map(|at| time::parse(at).expect("a time"));
        Snapshot::parse("s.json", text.as_bytes(), taken).expect("a snapshot")
    };
    for (told, member) in [
        (
            "\"s3BucketName\":\"hidden\"",
            "\"Name\":\"main\",\"S3BucketName\":\"hidden\"",
        ),
        (
            "\"s3KeyPrefix\":\"hidden\"",
            "\"Name\":\"main\",\"S3BucketName\":\"evidence\",\"S3KeyPrefix\":\"hidden\"",
        ),
    ] {
        for taken in [Some("2026-10-05T00:00:00Z"), None] {
            let mut world = away(told);
            world.snapshots = vec![said(taken, member)];
            check(&world, [Unclear; 2]);
        }
        let mut before = away(told);
        before.snapshots = vec![said(Some("2026-10-02T00:00:00Z"), member)];
        check(&before, [Delivered; 2]);
    }
}

#[test]
fn a_move_to_the_root_of_the_bucket_is_a_move() {
    let away = call(
        "01:00:00",
        "UpdateTrail",
        "\"name\":\"main\",\"s3KeyPrefix\":\"\"",
    );
    // Digests of another trail tell that all logs here lie below a prefix.
    let digests = Digests {
        front: "trails/AWSLogs/",
        ..hour_of("AWSLogs/", ACCOUNT, "other")
    };
    let mut world = world(2..23, &[away]);
    for (key, _) in &mut world.files {
        *key = format!("trails/{key}");
    }
    check_days(&world.and_digests(&digests), [Stopped; 2]);
}

#[test]
fn a_trail_of_one_region_that_stops_concerns_its_home_and_global_services() {
    let of_one = [
        call("00:10:00", "CreateTrail", "\"name\":\"main\""),
        call("00:11:00", "StartLogging", "\"name\":\"main\""),
        stop(),
    ];
    check(&without_here(2..23, &of_one), [Delivered; 2]);
    // There was another trail, which told of the making of this one.
    check(&world(2..23, &of_one), [Delivered, Unclear]);
    let wide = ",\"isMultiRegionTrail\":true";
    let named = format!("\"name\":\"main\"{wide}");
    let of_all = [
        call("00:10:00", "CreateTrail", &named),
        call("00:11:00", "StartLogging", "\"name\":\"main\""),
        stop(),
    ];
    check(&world(2..23, &of_all), [Unclear; 2]);
}

/// Two Regions with hours of the third day without records, and a file of other records.
pub fn quiet(without: std::ops::Range<i64>, more: &[String]) -> World {
    let key = key("2026-10-05", "calls");
    world(without, &[]).and_file(&key, file(more))
}

/// What becomes of the third day in them, the other Region first.
#[track_caller]
pub fn check_quiet(without: std::ops::Range<i64>, more: &[String], expected: [DayState; 2]) {
    check(&quiet(without, more), expected);
}

#[test]
fn an_update_that_repeats_how_a_trail_was_made_moves_nothing() {
    let made = call(
        "00:10:00",
        "CreateTrail",
        "\"name\":\"main\",\"s3BucketName\":\"b\"",
    );
    let again = "\"name\":\"main\",\"s3BucketName\":\"b\",\"s3KeyPrefix\":\"\"";
    let again = call("01:00:00", "UpdateTrail", again);
    check(&world(2..23, &[made, again]), [Delivered; 2]);
}

#[test]
fn a_move_away_and_back_in_one_second_may_have_been_away_last() {
    let to = |bucket: &str| {
        let told = format!("\"name\":\"main\",\"s3BucketName\":\"{bucket}\"");
        call("01:00:00", "UpdateTrail", &told)
    };
    let digests = hour_of("AWSLogs/", ACCOUNT, "main");
    let both = [to("elsewhere"), to("evidence")];
    let [one, other] = both.clone();
    for pair in [both, [other, one]] {
        let answer = world(2..23, &pair).and_digests(&digests).assess();
        for row in &answer.assessment.coverage.rows {
            assert_ne!(row.days[2], Delivered);
        }
    }
}

#[test]
fn a_trail_that_is_made_anew_under_its_name_may_deliver_elsewhere() {
    let anew = |bucket: &str| {
        let named =
            format!("\"name\":\"main\",\"s3BucketName\":\"{bucket}\",\"isMultiRegionTrail\":true");
        world(
            2..23,
            &[
                call("01:00:00", "DeleteTrail", "\"name\":\"main\""),
                call("01:00:01", "CreateTrail", &named),
                call("01:00:01", "StartLogging", "\"name\":\"main\""),
            ],
        )
    };
    check(&anew("elsewhere"), [Unclear; 2]);
    let digests = hour_of("AWSLogs/", ACCOUNT, "main");
    check_days(&anew("elsewhere").and_digests(&digests), [Unclear; 2]);
    check_days(&anew("evidence").and_digests(&digests), [Delivered; 2]);
}

#[test]
fn reasons_and_rows_name_the_record_that_tells_of_a_stop() {
    let answer = check(&world(2..22, &[stop(), start()]), [Stopped; 2]);
    let cause = format!(
        "`StopLogging` of trail `main` (account {ACCOUNT}, home {REGION}) on {DAY}T01:03:00Z"
    );
    let [first, second] = &answer.control("no-new-users").reasons[..] else {
        panic!("two reasons");
    };
    for reason in [first, second] {
        let end = format!("({DAY}), says {cause}");
        assert!(reason.contains(&end), "{reason}");
    }
    let [table] = &answer.control("accounts").details[..] else {
        panic!("one table");
    };
    let told: Vec<&Vec<String>> = table
        .rows
        .iter()
        .filter(|row| row[4].ends_with(&cause))
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|row| row[2] == DAY && row[3] == "stopped"));
}
