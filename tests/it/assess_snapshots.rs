//! Several snapshots of one trail: each says what was recorded at its instant, and none may
//! contradict another.

use attestrail::assess::outcome::Verdict;
use attestrail::trail::snapshot::Snapshot;

use crate::assess_selectors::{
    ALL_LAMBDA, ALL_MANAGEMENT, DIGESTS, Digests, LOGS_BUCKET, MULTI, check, data, named_snapshot,
    no_invokes, put_selectors, store_world,
};
use crate::scan_common::{ACCOUNT, World, key, quiet_days_in, scope_text};

const FULL: &[&str] = &[ALL_MANAGEMENT, LOGS_BUCKET];
const LESS: &[&str] = &[ALL_MANAGEMENT];

/// Of a day (without time: none is stated) and what is recorded then.
fn taken(day: &str, selectors: &[&str]) -> Snapshot {
    let file = format!(
        "{}{day}.json",
        if selectors == FULL { "full" } else { "less" }
    );
    let at = format!("{day}T00:00:00Z");
    let at = (!day.is_empty()).then_some(at.as_str());
    named_snapshot(&file, selectors, at, MULTI)
}

#[track_caller]
fn checked(more: &[String], snapshots: &[(&str, &[&str])], verdict: Verdict, reason: &[&str]) {
    let all = snapshots
        .iter()
        .map(|(day, selectors)| taken(day, selectors));
    let all: Vec<_> = all.collect();
    let mut turned = all.clone();
    turned.reverse();
    for snapshots in [all, turned] {
        let mut world = store_world(more);
        world.snapshots = snapshots;
        check(world, verdict, reason);
    }
}

#[test]
fn a_snapshot_between_two_others_is_not_passed_over() {
    checked(
        &[],
        &[
            ("2026-09-30", FULL),
            ("2026-10-15", LESS),
            ("2026-10-31", FULL),
        ],
        Verdict::NotDeterminable,
        &["`less2026-10-15.json`", "`full2026-", "neither proves"],
    );
}

#[test]
fn two_snapshots_that_differ_prove_nothing_of_the_time_between() {
    for pair in [
        [("2026-09-30", LESS), ("2026-10-31", FULL)],
        [("2026-09-30", FULL), ("2026-10-31", LESS)],
        [("2026-10-02", FULL), ("2026-11-05", LESS)],
        [("2026-10-01", LESS), ("2026-11-01", FULL)],
        [("", LESS), ("2026-10-31", FULL)],
        [("", FULL), ("2026-10-15", LESS)],
        [("", FULL), ("", LESS)],
    ] {
        let reason = ["`less", "`full", "neither proves"];
        checked(&[], &pair, Verdict::NotDeterminable, &reason);
    }
}

#[test]
fn snapshots_that_agree_prove_it_and_one_that_is_superseded_does_no_harm() {
    for agreeing in [
        &[
            ("2026-09-30", FULL),
            ("2026-10-15", FULL),
            ("2026-10-31", FULL),
        ][..],
        &[
            ("2026-08-01", LESS),
            ("2026-09-30", FULL),
            ("2026-10-31", FULL),
        ],
        &[
            ("2026-10-02", FULL),
            ("2026-11-05", FULL),
            ("2026-12-01", LESS),
        ],
        &[("", FULL), ("2026-10-31", FULL)],
    ] {
        checked(&[], agreeing, Verdict::NoExceptions, &[]);
    }
}

#[test]
fn a_recorded_change_outside_the_period_explains_why_snapshots_differ() {
    let widened = put_selectors("2026-09-25T09:00:00Z", FULL);
    let before = [("2026-09-20", LESS), ("2026-10-31", FULL)];
    checked(&[widened], &before, Verdict::NoExceptions, &[]);
    let narrowed = put_selectors("2026-11-03T09:00:00Z", LESS);
    let after = [("2026-10-02", FULL), ("2026-11-05", LESS)];
    checked(
        std::slice::from_ref(&narrowed),
        &after,
        Verdict::NoExceptions,
        &[],
    );
    // It explains nothing of a snapshot from before it.
    let after = [("2026-10-02", FULL), ("2026-11-02", LESS)];
    let reason = ["`less2026-11-02.json`"];
    checked(&[narrowed], &after, Verdict::NotDeterminable, &reason);
}

#[test]
fn a_change_of_the_period_is_not_explained_away_by_snapshots_around_it() {
    let widened = put_selectors("2026-10-12T09:00:00Z", FULL);
    let snapshots = [("2026-10-05", LESS), ("2026-10-20", FULL)];
    let reason = ["`less2026-10-05.json`"];
    checked(
        std::slice::from_ref(&widened),
        &snapshots,
        Verdict::NotDeterminable,
        &reason,
    );
    // Told the same again: the snapshot from before it counts, whatever came later.
    let snapshots = [("2026-10-05", FULL), ("2026-10-20", FULL)];
    checked(&[widened], &snapshots, Verdict::NoExceptions, &[]);
}

#[test]
fn one_snapshot_is_outdated_by_a_recorded_change_between_it_and_the_period() {
    let narrowed = put_selectors("2026-09-25T09:00:00Z", LESS);
    for day in ["2026-09-20", ""] {
        let reason = ["PutEventSelectors", "2026-09-25T09:00:00Z"];
        let narrowed = std::slice::from_ref(&narrowed);
        checked(narrowed, &[(day, FULL)], Verdict::NotDeterminable, &reason);
    }
    let widened = put_selectors("2026-11-03T09:00:00Z", FULL);
    for day in ["2026-11-05", ""] {
        let reason = ["2026-11-03T09:00:00Z", "no snapshot from before"];
        let widened = std::slice::from_ref(&widened);
        checked(widened, &[(day, FULL)], Verdict::NotDeterminable, &reason);
    }
    checked(
        &[widened],
        &[("2026-10-31", FULL)],
        Verdict::NoExceptions,
        &[],
    );
}

#[test]
fn snapshots_that_differ_on_regions_prove_nothing_elsewhere() {
    let invoke = data(
        "2026-10-05T09:00:00Z",
        "Invoke",
        "lambda.amazonaws.com",
        "{\"functionName\":\"f\"}",
    );
    let west = || {
        let mut world = World::new(&[no_invokes()], std::slice::from_ref(&invoke));
        world.scope = scope_text(
            "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nid = \"111122223333\"\n",
        );
        let quiet = quiet_days_in(ACCOUNT, "eu-west-1", &world.period);
        world.and_file(&key("2026-10-31", "west"), crate::scan_common::file(&quiet))
    };
    let of = |name, describes| {
        let selectors = [ALL_MANAGEMENT, ALL_LAMBDA];
        named_snapshot(name, &selectors, Some("2026-10-15T00:00:00Z"), describes)
    };
    let multi = of("multi.json", MULTI);
    let single = of("single.json", ",\"IsMultiRegionTrail\":false");
    let mut world = west();
    world.snapshots = vec![multi.clone(), of("again.json", MULTI)];
    check(world, Verdict::NoExceptions, &[]);
    for snapshots in [[multi.clone(), single.clone()], [single, multi]] {
        let mut world = west();
        world.snapshots = snapshots.to_vec();
        let reason = ["snapshots differ", "all Regions"];
        check(world, Verdict::NotDeterminable, &reason);
    }
}

/// A digest of a trail that names this bucket as its own.
pub fn digest_of<'d>(trail: &'d str, bucket: &'d str) -> Digests<'d> {
    Digests {
        trail,
        bucket,
        ..DIGESTS
    }
}

#[test]
fn a_snapshot_of_a_trail_that_delivers_into_another_bucket_proves_nothing() {
    let describes = ",\"IsMultiRegionTrail\":true,\"S3BucketName\":\"evidence\"";
    let with = |digests: &[(&str, &str)]| {
        let mut world = store_world(&[]);
        let taken = Some("2026-10-15T00:00:00Z");
        world.snapshots = vec![named_snapshot("s.json", FULL, taken, describes)];
        for (trail, bucket) in digests {
            world = world.and_digests(&digest_of(trail, bucket));
        }
        world
    };
    // Without digests nothing tells where the logs come from but the user.
    check(with(&[]), Verdict::NoExceptions, &[]);
    check(with(&[("main", "evidence")]), Verdict::NoExceptions, &[]);
    check(with(&[("audit", "evidence")]), Verdict::NoExceptions, &[]);
    for elsewhere in [
        &[("main", "old")][..],
        &[("audit", "old")],
        &[("main", "old"), ("audit", "evidence")],
    ] {
        let reason = ["`s.json`", "bucket `evidence`", "bucket `old`"];
        check(with(elsewhere), Verdict::NotDeterminable, &reason);
    }
}
