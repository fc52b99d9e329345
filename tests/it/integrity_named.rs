//! Several faults of one thing: each is named.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use attestrail::integrity::commands::commands;
use attestrail::integrity::report::{FaultKind, LogState};
use attestrail::integrity::{Facts, IntegrityReport, IntegrityVerdict, LogBytes, LogFact};

use super::cli_common::run;
use super::integrity_common::{Case, check_facts, facts, report};
use super::integrity_trees::{copy, digests, files, gunzip, has, key, unsigned};
use super::reader_common::{gzip, write};

#[test]
fn a_digest_that_is_denser_than_any_list_of_hashes_is_refused_by_name() {
    let (folder, case) = copy("clean-last-only");
    let digest = &digests(&case)[1];
    let name = digest.file_name().expect("a name").to_string_lossy();
    let mut content = gunzip(&fs::read(digest).expect("readable"));
    content.resize(3 << 20, b' ');
    fs::write(digest, gzip(&content)).expect("writes");
    let keys = ["--keys", "public-keys.json"];
    for words in [
        &["logs", "integrity", "tree", "-q"][..],
        &["report", "tree", "--period", "2025-01", "-q"],
    ] {
        let found = run(folder.path(), &[words, &keys].concat());
        found.ends(4);
        let text = format!("{}{}", found.out, found.err);
        assert!(text.contains(&*name), "{text}");
        assert!(text.contains("limit of 32 to 1"), "{text}");
    }
}

const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/02/111122223333_CloudTrail_us-east-1_20250102T0330Z_AAAAAAAAAAAAAAAA.json.gz";

fn without_keys(case: &Case) -> IntegrityReport {
    check_facts(&facts(std::slice::from_ref(&case.tree), None), None)
}

fn beside(digest: &std::path::Path) -> PathBuf {
    PathBuf::from(format!("{}.head.json", digest.display()))
}

#[test]
fn broken_bytes_of_a_log_are_told_also_where_its_digest_is_gone() {
    for (bytes, kind) in [
        (&b"garbage"[..], FaultKind::TrailingData),
        (&[][..], FaultKind::BrokenLog),
    ] {
        let (_folder, case) = copy("clean-last-only");
        let digest = files(&case, "_audit-trail_us-east-1_20250102T044943Z");
        fs::remove_file(&digest[0]).expect("removes");
        let log = &files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0];
        let stored = fs::read(log).expect("readable");
        let changed = match bytes {
            [] => Vec::new(),
            more => [&stored[..], more].concat(),
        };
        fs::write(log, changed).expect("writes");
        let report = report(&case);
        assert!(has(&report, kind), "{kind:?}: {:?}", report.problems);
        assert!(has(&report, FaultKind::DigestAbsent));
        assert_eq!(report.log_count(LogState::Modified), 1);
    }
}

#[test]
fn a_log_that_was_packed_again_is_judged_by_what_it_unpacks_to() {
    let zstd = |content: &[u8]| {
        ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
    };
    let junk = |content: &[u8]| [&zstd(content)[..], b"junk"].concat();
    type Pack<'p> = (&'p dyn Fn(&[u8]) -> Vec<u8>, bool);
    let packs: [Pack<'_>; 4] = [
        (&|content| gzip(&zstd(content)), true),
        (&|content| zstd(&gzip(content)), true),
        (&junk, false),
        (&|content| gzip(&junk(content)), false),
    ];
    for (at, (pack, is_whole)) in packs.into_iter().enumerate() {
        let (folder, case) = copy("clean-last-only");
        let log = &files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0];
        let content = gunzip(&fs::read(log).expect("readable"));
        fs::write(log, pack(&content)).expect("writes");
        let report = report(&case);
        assert_eq!(has(&report, FaultKind::BrokenLog), !is_whole, "{at}");
        assert!(!has(&report, FaultKind::NotHashed), "{at}");
        assert_eq!(report.log_count(LogState::Modified), u64::from(!is_whole));
        let keys = ["--keys", "public-keys.json", "--period", "2025-01", "-q"];
        let found = run(folder.path(), &[&["report", "tree"][..], &keys].concat());
        assert_eq!(found.err.contains("broken-log"), !is_whole, "{}", found.err);
    }
}

#[test]
fn metadata_that_is_no_file_is_refused_at_once() {
    let (folder, _case) = copy("clean-last-only");
    let found = run(
        folder.path(),
        &["logs", "integrity", "tree", "--metadata", "/dev/zero", "-q"],
    );
    found.ends(2);
    assert!(found.err.contains("not a regular file"), "{}", found.err);
}

#[test]
fn what_is_odd_about_the_packing_of_a_digest_is_told_from_a_ledger_too() {
    for (more, code) in [
        (Some(&b""[..]), None),
        (Some(b"garbage"), Some("trailing-data")),
        (Some(&gzip(b"{}")), Some("trailing-data")),
        (None, Some("bad-format")),
    ] {
        let (folder, case) = copy("clean-last-only");
        let digest = &digests(&case)[1];
        let stored = fs::read(digest).expect("readable");
        let changed = match more {
            Some(more) => [&stored[..], more].concat(),
            None => [b"\xEF\xBB\xBF", &*gunzip(&stored)].concat(),
        };
        fs::write(digest, changed).expect("writes");
        for text in both_say(folder.path()) {
            let has = |code: &str| text.contains(code);
            for known in ["trailing-data", "bad-format"] {
                assert_eq!(has(known), code == Some(known), "{known}: {text}");
            }
        }
    }
}

/// What `logs integrity` and `report` print about the tree.
fn both_say(folder: &Path) -> [String; 2] {
    [
        &["logs", "integrity", "tree", "-q"][..],
        &["report", "tree", "--period", "2025-01", "-q"],
    ]
    .map(|words| {
        let found = run(folder, &[words, &["--keys", "public-keys.json"]].concat());
        format!("{}{}", found.out, found.err)
    })
}

#[test]
fn a_changed_content_is_told_also_where_something_follows_it() {
    let empty = gzip(b"{\"Records\":[]}");
    for (is_changed, more) in [
        (false, &b"garbage"[..]),
        (true, b"garbage"),
        (false, &empty),
        (true, &empty),
    ] {
        let (folder, case) = copy("clean-last-only");
        let log = &files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0];
        let first = match is_changed {
            true => empty.clone(),
            false => fs::read(log).expect("readable"),
        };
        fs::write(log, [&first[..], more].concat()).expect("writes");
        let report = report(&case);
        assert!(has(&report, FaultKind::TrailingData));
        assert_eq!(has(&report, FaultKind::HashMismatch), is_changed);
        assert_eq!(report.log_count(LogState::Modified), 1);
        // One way collects facts of files, the other one reads them back from a ledger.
        for text in both_say(folder.path()) {
            assert!(text.contains("trailing-data"), "{text}");
            assert_eq!(text.contains("hash-mismatch"), is_changed, "{text}");
        }
    }
}

#[test]
fn a_hash_of_an_unknown_kind_is_told_also_where_another_digest_proves_the_log() {
    let content = [7u8; 32];
    let entry = |algorithm: &str| {
        let hash = hex::encode(content);
        format!(
            r#"{{"s3Bucket":"b","s3Object":"{LOG}","hashValue":"{hash}","hashAlgorithm":"{algorithm}"}}"#
        )
    };
    let mut all = Facts::default();
    for (end, hour, algorithm) in [
        ("20250102T040000Z", 3, "SHA-256"),
        ("20250102T050000Z", 4, "SHA-512"),
    ] {
        let digest = unsigned(
            &key(end),
            &format!("2025-01-02T0{hour}:00:00Z"),
            &format!("2025-01-02T0{}:00:00Z", hour + 1),
            "",
            &entry(algorithm),
        );
        all.add_digest(&key(end), 0, &gzip(digest.as_bytes()));
    }
    all.logs.push(LogFact {
        key: LOG.to_owned(),
        copy: 0,
        bytes: LogBytes::Hashed {
            content_sha256: content,
            is_plain: false,
        },
    });
    let report = check_facts(&all, None);
    assert!(has(&report, FaultKind::ListedTwice));
    assert!(has(&report, FaultKind::HashAlgorithm));
    assert_ne!(report.verdict, IntegrityVerdict::Verified);
}

#[test]
fn the_kind_of_a_hash_and_of_the_bytes_are_told_beside_what_else_is_wrong_with_a_log() {
    let entry = format!(
        r#"{{"s3Bucket":"b","s3Object":"{LOG}","hashValue":"{}","hashAlgorithm":"SHA-512"}}"#,
        "07".repeat(32)
    );
    let of_log = |bytes: LogBytes, is_listed: bool| {
        let mut all = Facts::default();
        let listed = if is_listed { &*entry } else { "" };
        let digest = unsigned(
            &key("20250102T040000Z"),
            "2025-01-02T03:00:00Z",
            "2025-01-02T04:00:00Z",
            "",
            listed,
        );
        all.add_digest(&key("20250102T040000Z"), 0, &gzip(digest.as_bytes()));
        let (key, copy) = (LOG.to_owned(), 0);
        all.logs.push(LogFact { key, copy, bytes });
        check_facts(&all, None)
    };
    for (bytes, kind) in [
        (
            LogBytes::Trailing {
                what: "more".to_owned(),
                member_sha256: Some([7; 32]),
            },
            FaultKind::TrailingData,
        ),
        (LogBytes::Broken("empty".to_owned()), FaultKind::BrokenLog),
    ] {
        let report = of_log(bytes, true);
        assert!(
            has(&report, kind) && has(&report, FaultKind::HashAlgorithm),
            "{kind:?}"
        );
    }
    let plain = LogBytes::Hashed {
        content_sha256: [7; 32],
        is_plain: true,
    };
    for is_listed in [false, true] {
        let report = of_log(plain.clone(), is_listed);
        assert!(has(&report, FaultKind::NotGzip), "{:?}", report.problems);
        assert_eq!(has(&report, FaultKind::HashAlgorithm), is_listed);
    }
}

#[test]
fn metadata_is_judged_also_where_the_key_is_unknown() {
    let (_folder, case) = copy("clean-last-only");
    let all = digests(&case);
    write(&beside(&all[0]), br#"{"Metadata":{}}"#);
    write(&beside(&all[1]), br#"{"Metadata":{"signature":"00ff"}}"#);
    let found = without_keys(&case);
    let with = |at: usize, kind: FaultKind| {
        let name = all[at].file_name().expect("a name").to_string_lossy();
        let digest = found.digests.iter().find(|one| one.key.ends_with(&*name));
        let faults = &digest.expect("a digest").faults;
        faults.iter().any(|fault| fault.kind == kind)
    };
    assert!(with(0, FaultKind::NoMetadataSignature) && with(0, FaultKind::KeyNotFound));
    assert!(with(1, FaultKind::MetadataSignatureInvalid) && with(1, FaultKind::KeyNotFound));
    assert!(!with(2, FaultKind::MetadataSignatureInvalid));
}

#[test]
fn metadata_of_the_same_key_in_another_bucket_is_told() {
    let (_folder, case) = copy("clean-last-only");
    let digest = gunzip(&fs::read(&digests(&case)[0]).expect("readable"));
    let digest: serde_json::Value = serde_json::from_slice(&digest).expect("JSON");
    let mut facts = facts(std::slice::from_ref(&case.tree), Some(&case.out));
    let line = serde_json::json!([{
        "Bucket": "another", "Key": digest["digestS3Object"], "Metadata": {"signature": "00"},
    }]);
    facts.add_metadata_lines("lines.json", line.to_string().as_bytes());
    let report = check_facts(&facts, None);
    assert!(
        has(&report, FaultKind::MetadataOtherBucket),
        "{:?}",
        report.problems
    );
    assert_eq!(report.verdict, IntegrityVerdict::Verified);
}

#[test]
fn keys_are_asked_for_up_to_the_time_when_a_backfill_digest_was_signed() {
    let name = key("20250102T040000Z").replace(".json.gz", "_backfill.json.gz");
    let digest = unsigned(
        &name,
        "2025-01-02T03:00:00Z",
        "2025-01-02T04:00:00Z",
        "",
        "",
    );
    let mut all = Facts::default();
    all.add_digest(&name, 0, &gzip(digest.as_bytes()));
    let lines = commands(&check_facts(&all, None));
    let keys = lines.iter().find(|line| line.contains("list-public-keys"));
    let keys = keys.expect("a line");
    assert!(!keys.contains("--end-time"), "{keys}");
    all.add_sidecar(
        &format!("{name}.head.json"),
        br#"{"Metadata":{"signature":"00","backfill-generation-timestamp":"2025-03-05T10:00:00Z"}}"#,
    );
    let lines = commands(&check_facts(&all, None));
    assert!(
        lines[0].contains("--end-time 2025-03-05T12:00:00Z"),
        "{lines:?}"
    );
}

#[test]
fn machines_find_faults_of_every_log_and_trails_without_names_are_worded() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let day = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2025/01/02";
    // Its name tells no trail, and names one before it that is not there.
    let odd = format!("{day}/x_20250102T050000Z.json.gz");
    let digest = unsigned(
        &odd,
        "2025-01-02T04:00:00Z",
        "2025-01-02T05:00:00Z",
        &format!("{day}/y_20250102T040000Z.json.gz"),
        "",
    );
    write(&folder.join(&odd), &gzip(digest.as_bytes()));
    write(&folder.join(LOG), &gzip(b"{\"Records\":[]}"));
    let text = run(folder, &["logs", "integrity", "AWSLogs", "-q"]).out;
    assert!(text.contains("a trail whose name no key tells"), "{text}");
    assert!(!text.contains("trail ``"), "{text}");
    let json = run(folder, &["logs", "integrity", "AWSLogs", "-q", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for list in ["digests", "logs"] {
        let rows = json[list].as_array().expect("a list");
        assert!(!rows.is_empty() && rows.iter().all(|row| row["faults"].is_array()));
    }
}
