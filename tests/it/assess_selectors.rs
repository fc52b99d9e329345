//! What trails were told to record, as proof for classes and stores: from records and snapshots.

use attestrail::assess::outcome::{Basis, Verdict};
use attestrail::record::class::EventClass;
use attestrail::record::time;
use attestrail::trail::snapshot::Snapshot;

use crate::scan_common::{
    ACCOUNT, REGION, World, control, file, key, record, record_in, says, scope_text, set,
};
use crate::signed::digest_key;

pub const ALL_MANAGEMENT: &str =
    r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}"#;
pub const LOGS_BUCKET: &str = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]},{"field":"resources.type","equals":["AWS::S3::Object"]},{"field":"resources.ARN","startsWith":["arn:aws:s3:::logs/"]}]}"#;
pub const ALL_LAMBDA: &str = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]},{"field":"resources.type","equals":["AWS::Lambda::Function"]}]}"#;

pub fn no_deletes() -> (String, String) {
    control(
        "no-deletes",
        "\"s3-data-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"DeleteObject\"], requestParameters.bucketName = [{ list = \"log_buckets\" }] }",
    )
}

pub fn no_invokes() -> (String, String) {
    control(
        "no-invokes",
        "\"lambda-data\"",
        "kind = \"forbid\"\npattern = { eventName = [\"UpdateAlias\"] }",
    )
}

pub const LISTS: &str = "[lists]\nlog_buckets = [\"logs\"]\n";

pub fn put_selectors(at: &str, selectors: &[&str]) -> String {
    let more = format!(
        ",\"requestParameters\":{{\"trailName\":\"main\",\"advancedEventSelectors\":[{}]}}",
        selectors.join(",")
    );
    record(at, "PutEventSelectors", &more)
}

fn update_trail(at: &str) -> String {
    let more = ",\"requestParameters\":{\"name\":\"main\",\"isMultiRegionTrail\":true}";
    record(at, "UpdateTrail", more)
}

pub fn data(at: &str, name: &str, source: &str, parameters: &str) -> String {
    record(at, name, &format!(",\"requestParameters\":{parameters}"))
        .replace("iam.amazonaws.com", source)
        .replace("\"managementEvent\":true", "\"managementEvent\":false")
        .replace(
            "\"eventCategory\":\"Management\"",
            "\"eventCategory\":\"Data\"",
        )
}

fn snapshot(selectors: &[&str], taken_at: Option<&str>, describes: &str) -> Snapshot {
    named_snapshot("selectors.json", selectors, taken_at, describes)
}

pub fn named_snapshot(
    file: &str,
    selectors: &[&str],
    taken_at: Option<&str>,
    describes: &str,
) -> Snapshot {
    let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main");
    let text = format!(
        "{{\"TrailARN\":\"{arn}\",\"advancedEventSelectors\":[{}]}}\n\
         {{\"trailList\":[{{\"TrailARN\":\"{arn}\"{describes}}}]}}",
        selectors.join(",")
    );
    let taken_at = taken_at.map(|at| time::parse(at).expect("an instant"));
    Snapshot::parse(file, text.as_bytes(), taken_at).expect("a snapshot")
}

pub const MULTI: &str = ",\"IsMultiRegionTrail\":true,\"IsOrganizationTrail\":false";

#[track_caller]
pub fn check(world: World, verdict: Verdict, reason: &[&str]) {
    let answer = world.assess();
    let one = answer.only(verdict);
    assert!(
        reason.is_empty() || says(&one.reasons, reason),
        "{:?}",
        one.reasons
    );
}

pub fn store_world(more: &[String]) -> World {
    World::new(&[no_deletes()], more).scoped(LISTS)
}

#[test]
fn a_snapshot_of_the_trail_proves_a_quiet_bucket_as_the_users_statement() {
    let mut world = store_world(&[]);
    world.snapshots = vec![snapshot(&[ALL_MANAGEMENT, LOGS_BUCKET], None, MULTI)];
    let answer = world.assess();
    answer.only(Verdict::NoExceptions);
    let [store] = answer.assessment.coverage.stores.as_slice() else {
        panic!("one bucket, one class")
    };
    assert_eq!(store.basis, Basis::Snapshot);
    assert_eq!(store.class, EventClass::S3DataWrite);
    for part in [
        "statement of the user",
        "`selectors.json`",
        "not stated",
        "on the user's word",
    ] {
        assert!(store.proof.contains(part), "{part}: {}", store.proof);
    }
}

#[test]
fn a_snapshot_with_its_time_is_joined_to_the_records_of_the_period() {
    let mut world = store_world(&[]);
    let taken = Some("2026-10-20T00:00:00Z");
    world.snapshots = vec![snapshot(&[LOGS_BUCKET, ALL_MANAGEMENT], taken, MULTI)];
    let answer = world.assess();
    answer.only(Verdict::NoExceptions);
    let proof = &answer.assessment.coverage.stores[0].proof;
    assert!(
        proof.contains("taken on 2026-10-20") && !proof.contains("word"),
        "{proof}"
    );
}

#[test]
fn a_snapshot_proves_nothing_that_a_record_of_the_period_takes_back() {
    let narrowed = put_selectors("2026-10-12T09:00:00Z", &[ALL_MANAGEMENT]);
    let mut world = store_world(&[narrowed]);
    world.snapshots = vec![snapshot(
        &[LOGS_BUCKET],
        Some("2026-10-02T00:00:00Z"),
        MULTI,
    )];
    check(
        world,
        Verdict::NotDeterminable,
        &["PutEventSelectors", "2026-10-12T09:00:00Z"],
    );
    let stopped = record(
        "2026-10-12T09:00:00Z",
        "StopLogging",
        ",\"requestParameters\":{\"name\":\"main\"}",
    );
    let mut world = store_world(&[stopped]);
    world.snapshots = vec![snapshot(&[LOGS_BUCKET], None, MULTI)];
    check(world, Verdict::NotDeterminable, &["StopLogging"]);
}

#[test]
fn a_snapshot_from_after_a_change_says_nothing_of_the_time_before() {
    let widened = put_selectors("2026-10-12T09:00:00Z", &[ALL_MANAGEMENT, LOGS_BUCKET]);
    for taken in [None, Some("2026-10-20T00:00:00Z")] {
        let mut world = store_world(std::slice::from_ref(&widened));
        world.snapshots = vec![snapshot(&[ALL_MANAGEMENT, LOGS_BUCKET], taken, MULTI)];
        check(
            world,
            Verdict::NotDeterminable,
            &["no snapshot from before"],
        );
    }
    let mut world = store_world(&[widened]);
    let before = Some("2026-10-02T00:00:00Z");
    world.snapshots = vec![snapshot(&[ALL_MANAGEMENT, LOGS_BUCKET], before, MULTI)];
    check(world, Verdict::NoExceptions, &[]);
}

#[test]
fn a_snapshot_needs_to_say_that_the_trail_is_everywhere() {
    let mut world = store_world(&[]);
    world.snapshots = vec![snapshot(&[LOGS_BUCKET], None, "")];
    check(world, Verdict::NotDeterminable, &["describe-trails"]);
}

#[test]
fn a_snapshot_needs_the_write_events_that_would_show_a_change() {
    let mut world = store_world(&[]).without_names(&["TagUser"]);
    world.snapshots = vec![snapshot(&[LOGS_BUCKET], None, MULTI)];
    check(
        world,
        Verdict::NotDeterminable,
        &["a change would not show"],
    );
}

#[test]
fn selectors_for_one_bucket_prove_nothing_for_another() {
    let mut world =
        World::new(&[no_deletes()], &[]).scoped("[lists]\nlog_buckets = [\"logs-2\"]\n");
    world.snapshots = vec![snapshot(&[LOGS_BUCKET], None, MULTI)];
    check(
        world,
        Verdict::NotDeterminable,
        &["`logs-2`", "no record of it"],
    );
}

#[test]
fn data_events_that_were_dropped_from_the_selectors_are_not_proven_by_earlier_records() {
    let put = data(
        "2026-10-05T09:00:00Z",
        "PutObject",
        "s3.amazonaws.com",
        "{\"bucketName\":\"logs\"}",
    );
    check(
        store_world(std::slice::from_ref(&put)),
        Verdict::NoExceptions,
        &[],
    );
    // All management events are kept, so no control on narrowed trails speaks up.
    let dropped = put_selectors("2026-10-12T09:00:00Z", &[ALL_MANAGEMENT]);
    check(
        store_world(&[put.clone(), dropped.clone()]),
        Verdict::NotDeterminable,
        &["PutEventSelectors", "leave it out"],
    );
    let later = data(
        "2026-10-13T09:00:00Z",
        "PutObject",
        "s3.amazonaws.com",
        "{\"bucketName\":\"logs\"}",
    );
    check(
        store_world(&[put.clone(), dropped, later]),
        Verdict::NoExceptions,
        &[],
    );
    let kept = put_selectors("2026-10-12T09:00:00Z", &[ALL_MANAGEMENT, LOGS_BUCKET]);
    check(store_world(&[put, kept]), Verdict::NoExceptions, &[]);
}

#[test]
fn a_class_of_one_region_proves_nothing_for_another() {
    let invoke = data(
        "2026-10-05T09:00:00Z",
        "Invoke",
        "lambda.amazonaws.com",
        "{\"functionName\":\"f\"}",
    );
    let world = World::new(&[no_invokes()], std::slice::from_ref(&invoke));
    check(world, Verdict::NoExceptions, &[]);
    let mut world = World::new(&[no_invokes()], &[invoke]);
    world.scope = crate::scan_common::scope_text(
        "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nid = \"111122223333\"\n",
    );
    let west = crate::scan_common::quiet_days_in(ACCOUNT, "eu-west-1", &world.period);
    let world = world.and_file(&key("2026-10-31", "west"), file(&west));
    let answer = world.assess();
    let one = answer.only(Verdict::NotDeterminable);
    assert!(
        says(&one.reasons, &["lambda-data", "in eu-west-1"]),
        "{:?}",
        one.reasons
    );
    let mut world = world;
    world.snapshots = vec![snapshot(&[ALL_MANAGEMENT, ALL_LAMBDA], None, MULTI)];
    check(world, Verdict::NoExceptions, &[]);
}

/// Digests of a trail with its home in [`REGION`].
#[derive(Clone, Copy)]
pub struct Digests<'d> {
    /// What stands before the account in their keys.
    pub front: &'d str,
    pub account: &'d str,
    pub region: &'d str,
    pub trail: &'d str,
    pub bucket: &'d str,
    /// From and up to when they follow each other without a gap.
    pub time: (&'d str, &'d str),
}

/// Those of the trail `main` over all of October.
pub const DIGESTS: Digests<'_> = Digests {
    front: "AWSLogs/",
    account: ACCOUNT,
    region: REGION,
    trail: "main",
    bucket: "bucket",
    time: ("2026-09-30T23:00:00Z", "2026-11-01T01:00:00Z"),
};

impl Digests<'_> {
    /// With their keys. Each begins a segment, and none leaves a second between it and the last.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let [from, to] = [self.time.0, self.time.1].map(|at| time::parse(at).expect("an instant"));
        let step = 20 * 3600;
        let starts = (from..to).step_by(step as usize);
        starts
            .map(|start| self.file(start, to.min(start + step)))
            .collect()
    }

    fn file(&self, start: i64, end: i64) -> (String, Vec<u8>) {
        let Digests {
            front,
            account,
            region,
            trail,
            bucket,
            ..
        } = self;
        let key = digest_key(front, [*account, *region, *trail, REGION], end);
        let [start, end] = [start, end].map(time::format);
        let text = format!(
            "{{\"awsAccountId\":\"{account}\",\"digestStartTime\":\"{start}\",\
             \"digestEndTime\":\"{end}\",\"digestS3Bucket\":\"{bucket}\",\
             \"digestS3Object\":\"{key}\",\"digestPublicKeyFingerprint\":\"ab\",\
             \"digestSignatureAlgorithm\":\"SHA256withRSA\",\"logFiles\":[]}}"
        );
        (key, text.into_bytes())
    }
}

impl World {
    pub fn and_digests(self, digests: &Digests<'_>) -> World {
        let files = digests.files().into_iter();
        files.fold(self, |world, (key, bytes)| world.and_file(&key, bytes))
    }
}

/// The same world with a digest of the trail `main` of the account.
pub fn with_digest_of_main(world: World) -> World {
    world.and_digests(&DIGESTS)
}

#[test]
fn selector_records_count_once_digests_show_that_the_trail_delivers_here() {
    let told = put_selectors("2026-09-30T09:00:00Z", &[ALL_MANAGEMENT, LOGS_BUCKET]);
    let multi = update_trail("2026-09-30T08:00:00Z");
    let world = store_world(&[told.clone(), multi.clone()]);
    check(
        world,
        Verdict::NotDeterminable,
        &["nothing shows that it delivers into this log set"],
    );
    let answer = with_digest_of_main(store_world(&[told.clone(), multi.clone()])).assess();
    answer.only(Verdict::NoExceptions);
    assert_eq!(answer.assessment.coverage.stores[0].basis, Basis::Selectors);
    // A day in between without write events could hide a change.
    let earlier = put_selectors("2026-09-27T09:00:00Z", &[ALL_MANAGEMENT, LOGS_BUCKET]);
    let world = with_digest_of_main(store_world(&[earlier, multi]));
    check(
        world,
        Verdict::NotDeterminable,
        &["nothing changed until the period began"],
    );
}

#[test]
fn selectors_of_one_account_prove_nothing_of_identity_center() {
    let control = control(
        "no-users-without-mfa",
        "\"identity-center\"",
        "kind = \"forbid\"\npattern.eventName = [\"UserAuthentication\"]\n",
    );
    let mut world = World::new(&[control], &[]);
    world.snapshots = vec![snapshot(&[ALL_MANAGEMENT], None, MULTI)];
    let reason = ["the account that runs it may not be in the set"];
    check(world, Verdict::NotDeterminable, &reason);
}

/// The data events of the bucket, with one condition more.
fn logs_bucket_but(condition: &str) -> String {
    let front = LOGS_BUCKET.strip_suffix("]}").expect("a list at its end");
    format!("{front},{condition}]}}")
}

const CONDITIONS_THAT_NARROW: [&str; 9] = [
    r#"{"field":"eventSource","notEquals":["s3.amazonaws.com"]}"#,
    r#"{"field":"eventSource","notStartsWith":["s3"]}"#,
    r#"{"field":"eventSource","notEndsWith":["amazonaws.com"]}"#,
    r#"{"field":"eventSource","equals":["s3express.amazonaws.com"]}"#,
    r#"{"field":"eventSource","endsWith":["express.amazonaws.com"]}"#,
    r#"{"field":"eventSource","isNew":["x"]}"#,
    r#"{"field":"userIdentity.arn","notEquals":["arn:aws:iam::111122223333:user/ana"]}"#,
    r#"{"field":"notYetKnown","equals":["x"]}"#,
    r#"{"field":"resources.ARN","startsWith":["arn:aws:s3:::logs/in/"]}"#,
];

#[test]
fn a_snapshot_with_a_condition_that_may_narrow_proves_no_bucket() {
    for condition in CONDITIONS_THAT_NARROW {
        let mut world = store_world(&[]);
        let narrowed = logs_bucket_but(condition);
        world.snapshots = vec![snapshot(&[ALL_MANAGEMENT, &narrowed], None, MULTI)];
        let answer = world.assess();
        assert_eq!(
            answer.assessment.controls[0].verdict,
            Verdict::NotDeterminable,
            "{condition}"
        );
    }
}

#[test]
fn a_record_of_selectors_that_may_narrow_proves_no_bucket() {
    for condition in CONDITIONS_THAT_NARROW {
        let narrowed = logs_bucket_but(condition);
        let told = put_selectors("2026-09-30T09:00:00Z", &[ALL_MANAGEMENT, &narrowed]);
        let multi = update_trail("2026-09-30T08:00:00Z");
        let answer = with_digest_of_main(store_world(&[told, multi])).assess();
        assert_eq!(
            answer.assessment.controls[0].verdict,
            Verdict::NotDeterminable,
            "{condition}"
        );
    }
}

#[test]
fn a_record_that_narrows_what_is_recorded_takes_back_what_earlier_records_proved() {
    let put = data(
        "2026-10-05T09:00:00Z",
        "PutObject",
        "s3.amazonaws.com",
        "{\"bucketName\":\"logs\"}",
    );
    for condition in CONDITIONS_THAT_NARROW {
        let narrowed = logs_bucket_but(condition);
        let told = put_selectors("2026-10-12T09:00:00Z", &[ALL_MANAGEMENT, &narrowed]);
        check(
            store_world(&[put.clone(), told]),
            Verdict::NotDeterminable,
            &["PutEventSelectors", "leave it out"],
        );
    }
}

const SECOND: &str = "eu-west-1";

/// Management events in every hour of two Regions, and one of KMS in one of them.
fn with_kms_in(with_kms: &str, more: &[String]) -> World {
    let no_deletions = control(
        "no-deletions",
        "\"kms\"",
        "kind = \"forbid\"\npattern = { eventName = [\"ScheduleKeyDeletion\"] }",
    );
    let mut world = World::new(&[], &[]);
    world.set = set(std::slice::from_ref(&no_deletions));
    world.scope = scope_text(&format!(
        "format = 1\norganisation = \"o\"\nregions = [\"{REGION}\", \"{SECOND}\"]\n\
         [[account]]\nid = \"{ACCOUNT}\"\n"
    ));
    let mut all = more.to_vec();
    for hour in (world.period.start..world.period.end).step_by(3600) {
        for region in [REGION, SECOND] {
            for name in ["TagUser", "ListUsers"] {
                let at = time::format(hour + 1200);
                all.push(record_in(ACCOUNT, region, &at, name, ""));
            }
        }
    }
    let decrypt = record_in(ACCOUNT, with_kms, "2026-10-05T09:00:00Z", "Decrypt", "");
    all.push(decrypt);
    world.files = vec![(key("2026-10-31", "all"), file(&all))];
    world
}

#[test]
fn kms_of_another_region_proves_nothing_where_all_known_trails_are_of_one_region() {
    let said = |describes: &str| {
        let mut world = with_kms_in(REGION, &[]);
        let at = Some("2026-10-10T00:00:00Z");
        world.snapshots = vec![snapshot(&[ALL_MANAGEMENT], at, describes)];
        world
    };
    let why = ["trails of one Region"];
    check(
        said(",\"IsMultiRegionTrail\":false"),
        Verdict::NotDeterminable,
        &why,
    );
    let single = ",\"isMultiRegionTrail\":false";
    check(said(MULTI), Verdict::NoExceptions, &[]);
    check(said(""), Verdict::NoExceptions, &[]);
    // Records tell the same.
    let made = |is_wide: bool| {
        let told = format!("\"name\":\"main\",\"isMultiRegionTrail\":{is_wide}");
        let more = format!(",\"requestParameters\":{{{told}}}");
        let made = record_in(
            ACCOUNT,
            REGION,
            "2026-09-10T00:00:00Z",
            "CreateTrail",
            &more,
        );
        with_kms_in(REGION, &[made])
    };
    check(made(false), Verdict::NotDeterminable, &why);
    check(made(true), Verdict::NoExceptions, &[]);
    // So do answers, and a trail of one Region beside another takes nothing away.
    let trail = |name: &str, event: &str, request: &str, answer: &str| {
        let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}");
        let more = format!(
            ",\"requestParameters\":{{\"name\":\"{name}\"{request}}},\
             \"responseElements\":{{\"trailARN\":\"{arn}\"{answer}}}"
        );
        record_in(ACCOUNT, REGION, "2026-09-10T00:00:00Z", event, &more)
    };
    let answered = trail("main", "UpdateTrail", "", single);
    check(
        with_kms_in(REGION, &[answered]),
        Verdict::NotDeterminable,
        &why,
    );
    let wide = trail("main", "UpdateTrail", ",\"isMultiRegionTrail\":true", "");
    let elsewhere = ",\"s3BucketName\":\"c\",\"isMultiRegionTrail\":false";
    let beside = trail("data", "CreateTrail", elsewhere, "");
    let beside = beside.replace("2026-09-10", "2026-10-10");
    check(
        with_kms_in(REGION, &[wide, beside]),
        Verdict::NoExceptions,
        &[],
    );
}

#[test]
fn kms_of_another_region_proves_nothing_where_digests_show_that_the_trails_differ() {
    let world = |trails: &[(&str, &str)]| {
        trails
            .iter()
            .fold(with_kms_in(SECOND, &[]), |world, (trail, region)| {
                world.and_digests(&Digests {
                    trail,
                    region,
                    ..DIGESTS
                })
            })
    };
    let (one, other) = (("one", REGION), ("two", SECOND));
    check(world(&[]), Verdict::NoExceptions, &[]);
    check(
        world(&[one, ("one", SECOND), other]),
        Verdict::NoExceptions,
        &[],
    );
    let why = ["other trails"];
    check(world(&[one, other]), Verdict::NotDeterminable, &why);
    check(world(&[other]), Verdict::NotDeterminable, &why);
}
