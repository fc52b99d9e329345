//! Trails that are switched to all Regions or to the organization, or back, within the period: they
//! prove nothing for the time in which they did not work at a place.

use attestrail::assess::outcome::Verdict;

use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, LOGS_BUCKET, MULTI, check, data, named_snapshot,
    no_invokes, put_selectors, store_world, with_digest_of_main,
};
use crate::assess_snapshots::digest_of;
use crate::scan_common::{
    ACCOUNT, REGION, World, file, key, quiet_days_in, record, record_in, scope_text,
};

const WEST: &str = "eu-west-1";
const OTHER: &str = "444455556666";
const FULL: &[&str] = &[ALL_MANAGEMENT, ALL_LAMBDA];

fn created(flags: &str) -> String {
    let more = format!(",\"requestParameters\":{{\"name\":\"main\"{flags}}}");
    record("2026-09-30T07:00:00Z", "CreateTrail", &more)
}

fn switched(at: &str, flag: &str, is_on: bool) -> String {
    let more = format!(",\"requestParameters\":{{\"name\":\"main\",\"{flag}\":{is_on}}}");
    record(at, "UpdateTrail", &more)
}

fn invoke(account: &str, region: &str, at: &str) -> String {
    let source = "\"eventSource\":\"lambda.amazonaws.com\"";
    record_in(account, region, at, "Invoke", "")
        .replace("\"eventSource\":\"iam.amazonaws.com\"", source)
        .replace("\"managementEvent\":true", "\"managementEvent\":false")
        .replace("Category\":\"Management\"", "Category\":\"Data\"")
}

/// A second Region and a second account that have management events on every day.
fn world(more: &[String], scope: &str) -> World {
    let mut world = World::new(&[no_invokes()], more);
    world.scope = scope_text(scope);
    let west = quiet_days_in(ACCOUNT, WEST, &world.period);
    let other = quiet_days_in(OTHER, REGION, &world.period);
    world
        .and_file(&key("2026-10-31", "west"), file(&west))
        .and_file(&key("2026-10-31", "other"), file(&other))
}

fn regions(more: &[String]) -> World {
    let scope = "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n\
                 [[account]]\nid = \"111122223333\"\n";
    let west = Digests {
        region: WEST,
        ..DIGESTS
    };
    with_digest_of_main(world(more, scope)).and_digests(&west)
}

fn accounts(more: &[String]) -> World {
    let scope = "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\"]\n\
                 [[account]]\nid = \"111122223333\"\n[[account]]\nid = \"444455556666\"\n";
    [ACCOUNT, OTHER]
        .iter()
        .fold(world(more, scope), |world, account| {
            let front = "AWSLogs/o-exampleorg1/";
            world.and_digests(&Digests {
                front,
                account,
                ..DIGESTS
            })
        })
}

type MakeWorld = fn(&[String]) -> World;

const SWITCHES: [(&str, MakeWorld, &str); 2] = [
    ("isMultiRegionTrail", regions, "in all Regions"),
    ("isOrganizationTrail", accounts, "for the organization"),
];

#[test]
fn a_trail_that_was_told_so_before_the_period_proves_other_places() {
    for (flag, world, _) in SWITCHES {
        let told = put_selectors("2026-09-30T09:00:00Z", FULL);
        let on = format!(",\"{flag}\":true");
        check(
            world(&[created(&on), told.clone()]),
            Verdict::NoExceptions,
            &[],
        );
        let later = switched("2026-09-30T08:00:00Z", flag, true);
        check(
            world(&[created(""), told.clone(), later]),
            Verdict::NoExceptions,
            &[],
        );
        check(
            world(&[created(""), told]),
            Verdict::NotDeterminable,
            &["lambda-data"],
        );
    }
}

#[test]
fn a_trail_that_is_switched_on_within_the_period_proves_nothing_for_the_time_before() {
    for (flag, world, where_) in SWITCHES {
        let told = put_selectors("2026-09-30T09:00:00Z", FULL);
        let on = switched("2026-10-10T08:00:00Z", flag, true);
        let reason = ["2026-10-10T08:00:00Z", where_, "did before"];
        let records = [created(""), told, on.clone()];
        check(world(&records), Verdict::NotDeterminable, &reason);
        // Nor does a snapshot from after it, or without a time.
        for taken in [Some("2026-10-20T00:00:00Z"), None] {
            let describes = ",\"IsMultiRegionTrail\":true,\"IsOrganizationTrail\":true";
            let mut world = world(&[created(""), on.clone()]);
            world.snapshots = vec![named_snapshot("s.json", FULL, taken, describes)];
            check(world, Verdict::NotDeterminable, &reason);
        }
    }
}

#[test]
fn of_two_switches_in_one_second_the_one_that_takes_away_may_be_the_last() {
    for (flag, world, _) in SWITCHES {
        let told = put_selectors("2026-09-30T09:00:00Z", FULL);
        let at = |is_on| switched("2026-09-30T08:00:00Z", flag, is_on);
        for pair in [[at(true), at(false)], [at(false), at(true)]] {
            let [one, other] = pair;
            let records = [created(""), one, other, told.clone()];
            check(world(&records), Verdict::NotDeterminable, &["lambda-data"]);
        }
        let records = [created(""), at(true), at(true), told];
        check(world(&records), Verdict::NoExceptions, &[]);
    }
}

#[test]
fn of_two_selections_in_one_second_nobody_knows_the_last() {
    let (_, world, _) = SWITCHES[0];
    let world = |pair: [&[&str]; 2]| {
        let at = "2026-09-30T09:00:00Z";
        let [one, other] = pair.map(|selectors| put_selectors(at, selectors));
        world(&[created(",\"isMultiRegionTrail\":true"), one, other])
    };
    let less: &[&str] = &[ALL_MANAGEMENT];
    for pair in [[FULL, less], [less, FULL]] {
        check(world(pair), Verdict::NotDeterminable, &["lambda-data"]);
    }
    check(world([FULL, FULL]), Verdict::NoExceptions, &[]);
}

#[test]
fn a_switch_after_the_period_says_nothing_of_it() {
    for (flag, world, _) in SWITCHES {
        let told = put_selectors("2026-09-30T09:00:00Z", FULL);
        let on = switched("2026-11-02T08:00:00Z", flag, true);
        let records = [created(""), told, on];
        check(world(&records), Verdict::NotDeterminable, &["lambda-data"]);
    }
}

#[test]
fn a_trail_that_is_switched_off_within_the_period_proves_nothing_for_the_time_after() {
    for (flag, world, _) in SWITCHES {
        let told = put_selectors("2026-09-30T09:00:00Z", FULL);
        let on = format!(",\"{flag}\":true");
        let off = switched("2026-10-10T08:00:00Z", flag, false);
        let records = [created(&on), told, off.clone()];
        check(
            world(&records),
            Verdict::NotDeterminable,
            &["2026-10-10T08:00:00Z"],
        );
        let mut world = world(&[off]);
        let describes = ",\"IsMultiRegionTrail\":true,\"IsOrganizationTrail\":true";
        let taken = Some("2026-10-05T00:00:00Z");
        world.snapshots = vec![named_snapshot("s.json", FULL, taken, describes)];
        check(world, Verdict::NotDeterminable, &["2026-10-10T08:00:00Z"]);
    }
}

#[test]
fn records_of_one_side_of_a_switch_prove_nothing_for_the_other() {
    for (flag, world, (account, region)) in [
        ("isMultiRegionTrail", regions as MakeWorld, (ACCOUNT, WEST)),
        ("isOrganizationTrail", accounts, (OTHER, REGION)),
    ] {
        let home = [
            invoke(ACCOUNT, REGION, "2026-10-02T09:00:00Z"),
            invoke(ACCOUNT, REGION, "2026-10-30T09:00:00Z"),
        ];
        let before = invoke(account, region, "2026-10-03T09:00:00Z");
        let after = invoke(account, region, "2026-10-29T09:00:00Z");
        let with = |is_on: bool, more: &[&String]| {
            let mut all = home.to_vec();
            all.push(put_selectors("2026-09-30T09:00:00Z", FULL));
            all.push(created(&format!(",\"{flag}\":{}", !is_on)));
            // The events of noon show at once that other trails go on.
            all.push(switched("2026-10-10T11:30:00Z", flag, is_on));
            all.extend(more.iter().map(|one| (*one).clone()));
            world(&all)
        };
        check(
            with(true, &[&after]),
            Verdict::NotDeterminable,
            &["none before `UpdateTrail`"],
        );
        check(
            with(false, &[&before]),
            Verdict::NotDeterminable,
            &["after `UpdateTrail`"],
        );
        for is_on in [true, false] {
            check(with(is_on, &[&before, &after]), Verdict::NoExceptions, &[]);
        }
    }
}

#[test]
fn records_from_after_selectors_were_widened_prove_nothing_for_the_time_before() {
    let told = put_selectors("2026-10-10T08:00:00Z", &[ALL_MANAGEMENT, LOGS_BUCKET]);
    let put = |at| {
        data(
            at,
            "PutObject",
            "s3.amazonaws.com",
            "{\"bucketName\":\"logs\"}",
        )
    };
    let after = put("2026-10-12T09:00:00Z");
    let reason = ["before `PutEventSelectors`", "2026-10-10T08:00:00Z"];
    check(
        store_world(&[told.clone(), after.clone()]),
        Verdict::NotDeterminable,
        &reason,
    );
    let same_day = put("2026-10-10T09:00:00Z");
    check(
        store_world(&[told.clone(), same_day]),
        Verdict::NotDeterminable,
        &reason,
    );
    let before = put("2026-10-09T09:00:00Z");
    check(
        store_world(&[told.clone(), before, after.clone()]),
        Verdict::NoExceptions,
        &[],
    );
    // A snapshot from before it tells what was recorded until then.
    let mut world = store_world(&[told.clone(), after]);
    let full = &[ALL_MANAGEMENT, LOGS_BUCKET];
    world.snapshots = vec![named_snapshot(
        "s.json",
        full,
        Some("2026-10-02T00:00:00Z"),
        MULTI,
    )];
    check(world, Verdict::NoExceptions, &[]);
    let told = put_selectors("2026-10-10T08:00:00Z", FULL);
    let invoked = invoke(ACCOUNT, REGION, "2026-10-12T09:00:00Z");
    let world = World::new(&[no_invokes()], &[told, invoked]);
    check(
        world,
        Verdict::NotDeterminable,
        &["none before `PutEventSelectors`"],
    );
}

#[test]
fn a_trail_that_is_told_to_deliver_elsewhere_takes_what_it_recorded_with_it() {
    let at = "2026-10-10T11:30:00Z";
    let more = ",\"requestParameters\":{\"name\":\"main\",\"s3BucketName\":\"evidence\"}";
    let moved = record(at, "UpdateTrail", more);
    let before = invoke(ACCOUNT, REGION, "2026-10-03T09:00:00Z");
    let after = invoke(ACCOUNT, REGION, "2026-10-29T09:00:00Z");
    let with = |more: &[&String]| {
        let mut all = vec![moved.clone()];
        all.extend(more.iter().map(|one| (*one).clone()));
        World::new(&[no_invokes()], &all)
    };
    let reason = ["after `UpdateTrail`"];
    check(with(&[&before]), Verdict::NotDeterminable, &reason);
    check(
        with(&[&after]),
        Verdict::NotDeterminable,
        &["none before `UpdateTrail`"],
    );
    check(with(&[&before, &after]), Verdict::NoExceptions, &[]);
    // A snapshot proves nothing for a trail that went elsewhere.
    let mut world = with(&[]);
    let taken = Some("2026-10-02T00:00:00Z");
    world.snapshots = vec![named_snapshot("s.json", FULL, taken, MULTI)];
    check(
        world,
        Verdict::NotDeterminable,
        &["2026-10-10T11:30:00Z", "bucket `evidence`"],
    );
    // Digest files show that the logs here come from that bucket.

    check(
        with(&[&before]).and_digests(&digest_of("main", "evidence")),
        Verdict::NoExceptions,
        &[],
    );

    check(
        with(&[&before]).and_digests(&digest_of("main", "old")),
        Verdict::NotDeterminable,
        &reason,
    );
}
