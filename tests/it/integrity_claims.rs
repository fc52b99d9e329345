//! What is said of digest chains says no more than they show: idle Regions without digests, digests
//! that were altered after the slack, buckets that change.

use std::fs;

use attestrail::integrity::report::{FaultKind, Weight};
use attestrail::integrity::{Facts, IntegrityReport};
use sha2::{Digest, Sha256};

use super::cli_common::run;
use super::integrity_common::check_facts;
use super::integrity_report::{Bench, KEYS, control};
use super::integrity_trees::{gunzip, has, key};
use super::reader_common::gzip;

fn scoped(bench: &Bench, regions: &str) {
    let scope = format!(
        "format = 1\norganisation = \"Example Clinic\"\nregions = [{regions}]\n\
         [[account]]\nid = \"111122223333\"\nname = \"prod\"\n\
         [[idle]]\naccount = \"111122223333\"\nregion = \"ap-southeast-2\"\nreason = \"not used\"\n"
    );
    fs::write(bench.path().join("scope.toml"), scope).expect("writes");
}

#[test]
fn a_region_that_is_declared_idle_without_digests_is_not_said_to_be_proved() {
    let bench = Bench::new();
    scoped(&bench, "\"eu-west-1\", \"us-east-1\", \"ap-southeast-2\"");
    bench.report(&KEYS);
    let packet = bench.packet();
    let integrity = &packet["integrity"];
    assert_eq!(integrity["status"], "verified", "{integrity:#}");
    let statement = integrity["statement"].as_str().expect("a statement");
    for part in [
        "in 2 accounts and Regions in scope",
        "nothing is proved of 1 account and Region",
        "account 111122223333, ap-southeast-2",
    ] {
        assert!(statement.contains(part), "{part}: {statement}");
    }
    assert!(!statement.contains("all"), "{statement}");
    let chain = control(&packet, "log-digest-chain");
    assert_eq!(chain["verdict"], "no-exceptions", "{}", chain["reasons"]);
    assert_eq!(chain["counts"]["excluded"], 1);
    let classes = packet["coverage"]["classes"].as_array().expect("classes");
    let mut of_digests = classes.iter().filter(|one| one["class"] == "digests");
    let proof = of_digests.next().expect("a class")["proof"].to_string();
    assert!(
        proof.contains("2 Regions; 1 Region declared idle"),
        "{proof}"
    );
}

#[test]
fn nothing_is_verified_where_nothing_in_scope_has_digests() {
    let bench = Bench::new();
    scoped(&bench, "\"ap-southeast-2\"");
    bench.report(&KEYS);
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "incomplete");
    let statement = packet["integrity"]["statement"].to_string();
    assert!(
        statement.contains("no account and Region in scope has digests"),
        "{statement}"
    );
}

#[test]
fn a_digest_that_was_altered_after_the_slack_matters_as_late_as_a_changed_log() {
    let bench = Bench::new();
    let digest = bench
        .files("_audit-trail_us-east-1_20250102T084943Z.json.gz")
        .remove(0);
    let text = String::from_utf8(gunzip(&fs::read(&digest).expect("readable"))).expect("UTF-8");
    let changed = text.replacen("\"awsAccountId\"", "\"x\":0,\"awsAccountId\"", 1);
    assert_ne!(changed, text);
    fs::write(&digest, gzip(changed.as_bytes())).expect("writes");
    // Its hours lie behind the period and its slack, which end at six.
    bench.report(&KEYS).ends(4).says("signature-invalid");
    assert_eq!(bench.packet()["integrity"]["status"], "failed");
    let words = [
        "logs",
        "integrity",
        "tree",
        "--keys",
        "public-keys.json",
        "-q",
        "--slack",
        "60",
        "--from",
        "2025-01-02T03:00:00Z",
        "--to",
        "2025-01-02T05:00:00Z",
    ];
    let found = run(bench.path(), &words);
    found.ends(4);
    assert!(found.out.contains("signature-invalid"), "{}", found.out);
}

#[test]
fn what_verified_digests_show_is_said_of_the_time_of_delivery() {
    let bench = Bench::new();
    bench.report(&KEYS);
    let packet = bench.packet();
    let statement = packet["integrity"]["statement"]
        .as_str()
        .expect("a statement");
    for part in ["delivered there in this time", "all 2 accounts and Regions"] {
        assert!(statement.contains(part), "{part}: {statement}");
    }
}

#[test]
fn a_snapshot_from_after_the_stated_time_of_generation_is_refused() {
    let bench = Bench::new();
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit-trail";
    let text = format!("{{\"trailList\":[{{\"TrailARN\":\"{arn}\"}}]}}");
    fs::write(bench.path().join("s.json"), text).expect("writes");
    let with = |day: &str| {
        let taken = format!("--selectors={day}=s.json");
        bench.report(&[&KEYS[..], &[&taken]].concat())
    };
    with("2025-02-02")
        .ends(2)
        .says("after the stated time of generation");
    assert!(!bench.path().join("packets").exists());
    assert_ne!(with("2025-02-01").code, 2);
}

/// Two trails in one folder; the digests and logs of one of them end within the period.
fn cut_off() -> Bench {
    let bench = Bench::of("two-trails");
    let scope = "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\"]\n[[account]]\nid = \"111122223333\"\n";
    fs::write(bench.path().join("scope.toml"), scope).expect("writes");
    for part in [
        "_one_us-east-1_20250102T06",
        "_one_us-east-1_20250102T07",
        "T0610Z_",
    ] {
        let files = bench.files(part);
        assert!(!files.is_empty(), "{part}");
        for file in files {
            fs::remove_file(file).expect("removes");
        }
    }
    bench
}

fn report_from(bench: &Bench, from: &str) -> String {
    let words = [
        "report",
        "tree",
        "--keys",
        "public-keys.json",
        "--slack=1",
        "--from",
        from,
        "--to",
        "2025-01-02T07:00:00Z",
        "--scope",
        "scope.toml",
        "--framework",
        "hipaa",
        "--generated-at",
        "2025-02-01T00:00:00Z",
        "--replace",
        "--quiet",
    ];
    run(bench.path(), &words);
    let words = [
        "logs",
        "integrity",
        "tree",
        "--keys",
        "public-keys.json",
        "--slack=1",
        "--from",
        from,
        "--to",
        "2025-01-02T07:00:00Z",
        "--json",
        "-q",
    ];
    let found: serde_json::Value =
        serde_json::from_str(&run(bench.path(), &words).out).expect("JSON");
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], found["verdict"], "{found:#}");
    let faults = packet["integrity"]["faults"]["rows"].to_string();
    let statement = &packet["integrity"]["statement"];
    fs::remove_dir_all(bench.path().join("packets")).expect("removes");
    let idle = &packet["integrity"]["cover"][0]["idle"];
    format!("{} {statement} {faults} idle {idle}", found["verdict"])
}

#[test]
fn the_end_of_one_of_two_trails_is_not_hidden_by_the_other_one() {
    let bench = cut_off();
    let found = report_from(&bench, "2025-01-02T05:10:00Z");
    for part in [
        "incomplete",
        "trail one",
        "end at 2025-01-02T05:40:34Z",
        "after-last",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
    // A cut just before the period hides as much.
    let found = report_from(&bench, "2025-01-02T06:10:00Z");
    for part in ["incomplete", "after-last", "2025-01-02T05:40:34Z"] {
        assert!(found.contains(part), "{part}: {found}");
    }
}

/// Two trails of which the first one was stopped at 05:20 and started again at 05:40; of it go the
/// digests of these hours, with the logs of these minutes.
fn stopped(hours: std::ops::RangeInclusive<u32>, minutes: &[&str]) -> Bench {
    let bench = Bench::of("stopped-trail");
    let scope = "format = 1\norganisation = \"o\"\nregions = [\"us-east-1\"]\n[[account]]\nid = \"111122223333\"\n";
    fs::write(bench.path().join("scope.toml"), scope).expect("writes");
    let mut parts: Vec<String> = hours
        .map(|hour| format!("_one_us-east-1_20250102T{hour:02}"))
        .collect();
    parts.extend(minutes.iter().map(|minute| format!("T{minute}Z_")));
    for part in parts {
        let files = bench.files(&part);
        assert!(!files.is_empty(), "{part}");
        for file in files {
            fs::remove_file(file).expect("removes");
        }
    }
    bench
}

const NO_HOURS: std::ops::RangeInclusive<u32> = std::ops::RangeInclusive::new(1, 0);

#[test]
fn what_is_cut_off_one_trail_is_not_hidden_by_the_other_one() {
    let from = "2025-01-02T03:30:00Z";
    for (name, hours, minutes, parts) in [
        (
            "nothing",
            NO_HOURS,
            &[][..],
            ["\"verified\"", "trail-paused", "a stop and a start"],
        ),
        (
            "the end of a segment before a gap",
            4..=5,
            &["0410", "0510"],
            ["\"incomplete\"", "\"gap\"", "are missing"],
        ),
        (
            "the first segment",
            0..=5,
            &["0310", "0410", "0510"],
            [
                "\"verified\"",
                "trail-begun",
                "beginning of its digests and logs is missing",
            ],
        ),
        (
            "all after the stop",
            6..=9,
            &["0610"],
            [
                "\"incomplete\"",
                "after-last",
                "nothing shows that it was not started again",
            ],
        ),
    ] {
        let found = report_from(&stopped(hours, minutes), from);
        for part in parts {
            assert!(found.contains(part), "{name}, {part}: {found}");
        }
        assert!(found.contains("trail one"), "{name}: {found}");
        assert!(
            !found.contains("none of them is missing"),
            "{name}: {found}"
        );
    }
}

#[test]
fn hours_before_a_trail_begins_are_not_proved_idle_by_another_one() {
    let from = "2025-01-02T00:30:00Z";
    let idle = "idle [{\"from\":\"2025-01-02T01:00:00Z\",\"to\":\"2025-01-02T02:00:00Z\"}]";
    let whole = report_from(&stopped(NO_HOURS, &[]), from);
    assert!(whole.contains(idle), "{whole}");
    let cut = report_from(&stopped(0..=5, &["0310", "0410", "0510"]), from);
    assert!(cut.contains("idle []"), "{cut}");
}

/// A digest that nobody signed, of these buckets: its own, and that of its logs.
fn digest(end: u32, own: &str, logs: &str, previous: &str) -> String {
    let log = format!(
        "{{\"s3Bucket\":\"{logs}\",\"s3Object\":\"AWSLogs/{end}\",\"hashValue\":\"00\",\"hashAlgorithm\":\"SHA-256\"}}"
    );
    format!(
        "{{\"awsAccountId\":\"111122223333\",\"digestStartTime\":\"2025-01-02T0{}:00:00Z\",\
         \"digestEndTime\":\"2025-01-02T0{end}:00:00Z\",\"digestS3Bucket\":\"{own}\",\
         \"digestS3Object\":\"{}\",\"digestPublicKeyFingerprint\":\"ab\",\
         \"digestSignatureAlgorithm\":\"SHA256withRSA\",{previous},\"logFiles\":[{log}]}}",
        end - 1,
        key(&format!("20250102T0{end}0000Z"))
    )
}

/// Two digests that follow each other; the second one names this bucket for the first one.
fn chain(first: &str, named: &str, own: &str, logs: &str) -> IntegrityReport {
    let none = "\"previousDigestS3Bucket\":null,\"previousDigestS3Object\":null,\
                \"previousDigestHashValue\":null,\"previousDigestHashAlgorithm\":null,\
                \"previousDigestSignature\":null";
    let before = digest(4, first, first, none);
    let previous = format!(
        "\"previousDigestS3Bucket\":\"{named}\",\"previousDigestS3Object\":\"{}\",\
         \"previousDigestHashValue\":\"{}\",\"previousDigestHashAlgorithm\":\"SHA-256\",\
         \"previousDigestSignature\":\"00\"",
        key("20250102T040000Z"),
        hex::encode(Sha256::digest(before.as_bytes()))
    );
    let after = digest(5, own, logs, &previous);
    let mut all = Facts::default();
    all.add_digest(&key("20250102T040000Z"), 0, &gzip(before.as_bytes()));
    all.add_digest(&key("20250102T050000Z"), 0, &gzip(after.as_bytes()));
    check_facts(&all, None)
}

#[test]
fn a_chain_that_goes_on_in_another_bucket_is_told_and_one_that_contradicts_itself_fails() {
    let kinds = [
        FaultKind::BucketChanged,
        FaultKind::PreviousBucketMismatch,
        FaultKind::LogBucketDiffers,
    ];
    for (buckets, expected) in [
        (["a", "a", "a", "a"], [false, false, false]),
        (["a", "a", "b", "b"], [true, false, false]),
        (["a", "a", "b", "a"], [true, false, true]),
        (["a", "b", "b", "b"], [false, true, false]),
        (["a", "a", "a", "b"], [false, false, true]),
    ] {
        let [first, named, own, logs] = buckets;
        let report = chain(first, named, own, logs);
        let found = kinds.map(|kind| has(&report, kind));
        assert_eq!(found, expected, "{buckets:?}: {:?}", report.problems);
    }
    assert_eq!(FaultKind::PreviousBucketMismatch.weight(), Weight::Failed);
}
