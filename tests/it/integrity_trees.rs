//! Small trees that are in the repository: clean, changed, moved, cut off, without keys, hostile.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use attestrail::integrity::report::{CoverKind, DigestState, FaultKind, LogState};
use attestrail::integrity::{Asked, Facts, IntegrityReport, IntegrityVerdict};
use attestrail::record::time;

use super::integrity_common::{Case, check_facts, differences, facts, report};
use super::reader_common::{gzip, write};

pub fn case(name: &str) -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/digests")
        .join(name);
    Case {
        name: name.to_owned(),
        tree: folder.join("tree"),
        out: folder,
    }
}

/// A copy that a test may change.
pub fn copy(name: &str) -> (TempDir, Case) {
    let folder = tempfile::tempdir().expect("a folder");
    let original = case(name);
    for entry in walkdir::WalkDir::new(&original.out) {
        let entry = entry.expect("readable");
        let to = folder
            .path()
            .join(entry.path().strip_prefix(&original.out).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(to).expect("makes folders");
        } else {
            fs::copy(entry.path(), to).expect("copies");
        }
    }
    let case = Case {
        name: name.to_owned(),
        tree: folder.path().join("tree"),
        out: folder.path().to_owned(),
    };
    (folder, case)
}

pub fn files(case: &Case, part: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(&case.tree)
        .into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.is_file() && path.to_string_lossy().contains(part))
        .collect();
    found.sort();
    found
}

pub fn digests(case: &Case) -> Vec<PathBuf> {
    let mut all = files(case, "CloudTrail-Digest/");
    all.retain(|path| path.to_string_lossy().ends_with(".json.gz"));
    all
}

pub fn has(report: &IntegrityReport, kind: FaultKind) -> bool {
    report.problems.iter().any(|problem| problem.kind == kind)
}

pub fn asked(start: &str, end: &str, slack: i64) -> Option<Asked> {
    Some(Asked {
        start: time::parse(start).expect("a time"),
        end: time::parse(end).expect("a time"),
        slack,
    })
}

pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut content)
        .expect("gzip");
    content
}

#[test]
fn every_tree_comes_out_as_its_truth_says() {
    for (name, verdict) in [
        ("clean-organization", IntegrityVerdict::Verified),
        ("clean-last-only", IntegrityVerdict::Verified),
        ("clean-ndjson", IntegrityVerdict::Incomplete),
        ("gaps", IntegrityVerdict::Incomplete),
        ("changed-logs", IntegrityVerdict::Failed),
        ("changed-digests", IntegrityVerdict::Failed),
    ] {
        let case = case(name);
        let report = report(&case);
        assert_eq!(report.verdict, verdict, "{name}: {:?}", report.problems);
        assert_eq!(differences(&case, &report, false), [""; 0], "{name}");
    }
}

#[test]
fn every_change_of_a_log_is_named_with_its_own_state() {
    let report = report(&case("changed-logs"));
    let count = |state| report.log_count(state);
    assert_eq!(count(LogState::Modified), 3);
    assert_eq!(count(LogState::Missing), 1);
    assert_eq!(count(LogState::Unlisted), 1);
    assert_eq!(count(LogState::Valid), 2);
    for kind in [
        FaultKind::HashMismatch,
        FaultKind::TrailingData,
        FaultKind::BrokenLog,
        FaultKind::Missing,
        FaultKind::Unlisted,
    ] {
        assert!(has(&report, kind), "{kind:?}");
    }
}

#[test]
fn gaps_are_told_as_time_and_their_logs_are_not_covered() {
    let report = report(&case("gaps"));
    let kinds: Vec<CoverKind> = report.cover[0]
        .ranges
        .iter()
        .map(|range| range.kind)
        .collect();
    use CoverKind::{Gap, Verified};
    assert_eq!(kinds, [Verified, Gap, Verified, Gap, Verified]);
    assert!(report.log_count(LogState::NotCovered) > 0);
    assert_eq!(report.log_count(LogState::Unlisted), 0);
}

#[test]
fn a_log_of_a_trail_whose_digest_is_gone_is_no_plant_of_another_trail() {
    let report = report(&case("two-trails"));
    assert_eq!(report.cover.len(), 1);
    assert_eq!(report.cover[0].trails.len(), 2);
    assert!(
        report.cover[0]
            .ranges
            .iter()
            .all(|range| range.kind == CoverKind::Verified)
    );
    assert_eq!(report.digest_count(DigestState::Missing), 1);
    assert_eq!(report.log_count(LogState::Unlisted), 0);
    assert_eq!(report.log_count(LogState::Unverifiable), 1);
    assert_eq!(report.log_count(LogState::Valid), 7);
    assert_eq!(report.verdict, IntegrityVerdict::Failed);
}

#[test]
fn without_keys_nothing_is_verified_and_the_regions_to_ask_are_told() {
    let case = case("clean-last-only");
    let mut facts = facts(std::slice::from_ref(&case.tree), None);
    let report = check_facts(&facts, None);
    assert_eq!(report.verdict, IntegrityVerdict::Incomplete);
    assert_eq!(report.digest_count(DigestState::Valid), 0);
    assert_eq!(report.log_count(LogState::Unverifiable), 8);
    let regions: Vec<&str> = report
        .wanted_keys
        .iter()
        .map(|need| need.region.as_str())
        .collect();
    assert_eq!(regions, ["eu-west-1", "us-east-1"]);
    // Whoever can write into the tree can write the list of keys too.
    let planted = Case {
        name: String::new(),
        tree: case.out.clone(),
        out: case.out.clone(),
    };
    facts = super::integrity_common::facts(std::slice::from_ref(&planted.tree), None);
    assert!(facts.keys.is_empty());
}

#[test]
fn keys_of_another_region_prove_nothing() {
    let case = case("gaps");
    let folder = tempfile::tempdir().expect("a folder");
    let list = fs::read_to_string(case.out.join("public-keys.json")).expect("readable");
    let file = folder.path().join("public-keys.json");
    write(
        &file,
        list.replace("\"us-east-1\"", "\"eu-west-1\"").as_bytes(),
    );
    let mut facts = facts(std::slice::from_ref(&case.tree), None);
    facts.keys = super::integrity_common::keys(&[file]);
    let report = check_facts(&facts, None);
    assert_eq!(report.digest_count(DigestState::Valid), 0);
    assert!(has(&report, FaultKind::KeyOfOtherRegion));
}

#[test]
fn a_key_that_was_not_valid_at_the_time_does_not_verify() {
    let case = case("gaps");
    let folder = tempfile::tempdir().expect("a folder");
    let list = fs::read_to_string(case.out.join("public-keys.json")).expect("readable");
    let file = folder.path().join("public-keys.json");
    write(
        &file,
        list.replace("\"2024-", "\"2014-")
            .replace("\"2025-", "\"2015-")
            .as_bytes(),
    );
    let mut facts = facts(std::slice::from_ref(&case.tree), None);
    facts.keys = super::integrity_common::keys(&[file]);
    let report = check_facts(&facts, None);
    assert_eq!(report.digest_count(DigestState::Valid), 0);
    assert!(has(&report, FaultKind::KeyOutsideValidity));
    assert_eq!(report.verdict, IntegrityVerdict::Incomplete);
}

#[test]
fn an_end_that_was_cut_off_shows_against_the_asked_period() {
    let (_folder, case) = copy("clean-last-only");
    let facts_of = |case: &Case| facts(std::slice::from_ref(&case.tree), Some(&case.out));
    let inside = asked("2025-01-02T03:30:00Z", "2025-01-02T04:00:00Z", 1800);
    let whole = check_facts(&facts_of(&case), inside);
    assert_eq!(
        whole.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        whole.problems
    );
    let region = |report: &IntegrityReport| {
        report
            .cover
            .iter()
            .find(|cover| cover.place.region == "us-east-1")
            .expect("a Region")
            .asked
            .clone()
    };
    assert!(
        region(&whole)
            .iter()
            .all(|range| range.kind == CoverKind::Verified)
    );
    // The last hours go, logs and digests.
    let digests: Vec<PathBuf> = files(&case, "_CloudTrail-Digest_us-east-1_");
    for path in &digests[2..] {
        fs::remove_file(path).expect("removes");
    }
    for path in files(&case, "_CloudTrail_us-east-1_").split_off(1) {
        fs::remove_file(path).expect("removes");
    }
    let day = asked("2025-01-02T03:30:00Z", "2025-01-02T08:00:00Z", 3600);
    let cut = check_facts(&facts_of(&case), day);
    assert!(has(&cut, FaultKind::AfterLast));
    assert_eq!(
        region(&cut).last().expect("ranges").kind,
        CoverKind::AfterLast
    );
    assert_eq!(
        region(&cut).last().expect("ranges").end,
        time::parse("2025-01-02T09:00:00Z").expect("a time")
    );
    assert_ne!(cut.verdict, IntegrityVerdict::Verified);
    // Without an asked period nothing tells but the signature that the new last digest lacks.
    assert!(!has(
        &check_facts(&facts_of(&case), None),
        FaultKind::AfterLast
    ));
}

#[test]
fn moved_roots_and_unpacked_trees_verify() {
    for (from, to) in [
        ("audit/prefix/AWSLogs", "elsewhere/AWSLogs"),
        ("audit/prefix/AWSLogs", "logs-of-aws"),
        ("audit/prefix/AWSLogs/o-exampleorg1", "below"),
    ] {
        let (_folder, case) = copy("clean-organization");
        let moved = case.tree.join(to);
        fs::create_dir_all(moved.parent().expect("a folder")).expect("makes folders");
        fs::rename(case.tree.join(from), moved).expect("moves");
        let report = report(&case);
        assert_eq!(
            report.verdict,
            IntegrityVerdict::Verified,
            "{to}: {:?}",
            report.problems
        );
    }
    let (_folder, case) = copy("clean-last-only");
    for path in files(&case, ".json.gz") {
        let bytes = fs::read(&path).expect("readable");
        if bytes.starts_with(&[0x1F, 0x8B]) {
            fs::write(&path, gunzip(&bytes)).expect("writes");
        }
    }
    let report = report(&case);
    assert_eq!(
        report.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        report.problems
    );
    assert!(has(&report, FaultKind::NotGzip));
}

#[test]
#[cfg(target_os = "linux")]
fn signatures_in_extended_attributes_count() {
    let (_folder, case) = copy("clean-last-only");
    for sidecar in files(&case, ".head.json") {
        let head: serde_json::Value =
            serde_json::from_slice(&fs::read(&sidecar).expect("readable")).expect("JSON");
        let signature = head["Metadata"]["signature"].as_str().expect("a signature");
        fs::remove_file(&sidecar).expect("removes");
        let digest = sidecar.to_string_lossy().replace(".head.json", "");
        let name = "user.signature";
        let set = rustix::fs::setxattr(
            &*digest,
            name,
            signature.as_bytes(),
            rustix::fs::XattrFlags::empty(),
        );
        if set == Err(rustix::io::Errno::OPNOTSUPP) {
            // This file system keeps no attributes, so there is nothing to test on it.
            return;
        }
        set.expect("sets the attribute");
    }
    let report = report(&case);
    assert_eq!(
        report.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        report.problems
    );
}

#[test]
fn a_root_inside_the_tree_and_several_roots_verify() {
    let case = case("clean-last-only");
    let account = case.tree.join("AWSLogs/111122223333");
    for roots in [
        vec![account.clone()],
        vec![
            account.join("CloudTrail"),
            account.join("CloudTrail-Digest"),
        ],
    ] {
        let report = check_facts(&facts(&roots, Some(&case.out)), None);
        assert_eq!(
            report.verdict,
            IntegrityVerdict::Verified,
            "{:?}",
            report.problems
        );
    }
}

#[test]
fn a_copy_of_a_listed_log_is_told_and_harms_nothing() {
    let (_folder, case) = copy("clean-last-only");
    let log = &files(&case, "_CloudTrail_us-east-1_")[1];
    fs::copy(
        log,
        log.with_file_name(
            "111122223333_CloudTrail_us-east-1_20250102T0610Z_QQQQQQQQQQQQQQQQ.json.gz",
        ),
    )
    .expect("copies");
    let report = report(&case);
    assert!(has(&report, FaultKind::SameContent));
    assert_eq!(
        report.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        report.problems
    );
}

#[test]
fn a_misplaced_copy_of_a_digest_does_not_hide_the_newer_ones() {
    let (_folder, case) = copy("clean-last-only");
    let digest = &digests(&case)[1];
    let later = case
        .tree
        .join("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2025/12/31");
    fs::create_dir_all(&later).expect("makes folders");
    fs::copy(digest, later.join(digest.file_name().expect("a name"))).expect("copies");
    let report = report(&case);
    assert!(has(&report, FaultKind::MisplacedCopy));
    assert_eq!(report.log_count(LogState::Valid), 8);
    assert_eq!(
        report.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        report.problems
    );
}

#[test]
fn sidecars_that_say_nonsense_are_named_and_harm_nothing() {
    let (_folder, case) = copy("clean-last-only");
    let digest = digests(&case)[0].clone();
    let sidecar = |name: &str| PathBuf::from(format!("{}{name}.head.json", digest.display()));
    write(
        &sidecar(""),
        br#"{"Metadata":{"signature":"zz","Signature-Algorithm":"\u001b[31mnone"}}"#,
    );
    write(&sidecar(".gone"), b"{\"Metadata\":{}}");
    write(&sidecar(".broken"), &b"[".repeat(100_000));
    let report = report(&case);
    assert_eq!(
        report.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        report.problems
    );
    for kind in [
        FaultKind::MetadataSignatureInvalid,
        FaultKind::MetadataAlgorithm,
        FaultKind::MetadataWithoutDigest,
        FaultKind::BadMetadata,
    ] {
        assert!(has(&report, kind), "{kind:?}");
    }
}

/// A digest that anybody can write.
pub fn unsigned(key: &str, start: &str, end: &str, previous: &str, logs: &str) -> String {
    let previous = if previous.is_empty() {
        r#""previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null"#.to_owned()
    } else {
        format!(
            r#""previousDigestS3Object":"{previous}","previousDigestHashValue":"00","previousDigestHashAlgorithm":"MD5","previousDigestSignature":"{}""#,
            "é".repeat(300)
        )
    };
    format!(
        r#"{{"awsAccountId":"9","digestStartTime":"{start}","digestEndTime":"{end}","digestS3Bucket":"$(rm -rf ~)","digestS3Object":"{key}","digestPublicKeyFingerprint":"\u001b","digestSignatureAlgorithm":"none",{previous},"logFiles":[{logs}]}}"#
    )
}

const FOLDER: &str = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2025/01/02";

pub fn key(end: &str) -> String {
    format!("{FOLDER}/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_{end}.json.gz")
}

#[test]
fn forged_digests_prove_nothing_and_break_nothing() {
    let entry = |key: &str| {
        format!(r#"{{"s3Bucket":"b","s3Object":"{key}","hashValue":"00","hashAlgorithm":"SHA-1"}}"#)
    };
    let (first, second) = (key("20250102T040000Z"), key("20250102T050000Z"));
    let logs: Vec<String> = (0..900)
        .map(|at| entry(&format!("../{at}")))
        .chain(["/etc/passwd", "a//b", "..", "", "\\u0000", "C:\\\\x"].map(entry))
        .collect();
    let mut facts = Facts::default();
    // Each names the other as the one before it.
    let one = unsigned(
        &first,
        "2025-01-02T03:00:00Z",
        "2025-01-02T04:00:00Z",
        &second,
        &logs.join(","),
    );
    let two = unsigned(
        &second,
        "2025-01-02T04:00:00Z",
        "2025-01-02T05:00:00Z",
        &first,
        "",
    );
    facts.add_digest(&first, 0, &gzip(one.as_bytes()));
    facts.add_digest(&second, 0, &gzip(two.as_bytes()));
    facts.add_digest(&second, 1, &gzip(two.replace("none", "other").as_bytes()));
    // Names itself, and ends in the far future.
    let far = key("29990102T050000Z");
    let own = unsigned(
        &far,
        "2998-12-31T00:00:00Z",
        "2999-01-01T00:00:00Z",
        &far,
        "",
    );
    facts.add_digest(&far, 0, &gzip(own.as_bytes()));
    let strange = unsigned(
        "no/digest/key",
        "2025-01-02T03:00:00Z",
        "2025-01-02T04:00:00Z",
        "",
        "",
    );
    facts.add_digest("x.json.gz", 0, &gzip(strange.as_bytes()));
    for nonsense in [&b""[..], b"\x1f\x8b", b"{", b"[]", b"null", &[0xFF; 64]] {
        facts.add_digest(&key("20250102T060000Z"), 0, nonsense);
    }
    let report = check_facts(
        &facts,
        asked("2025-01-02T00:00:00Z", "2025-01-03T00:00:00Z", 0),
    );
    assert_eq!(report.verdict, IntegrityVerdict::Failed);
    assert_eq!(report.digest_count(DigestState::Valid), 0);
    assert!(has(&report, FaultKind::UnsafeKey));
    assert!(report.logs.iter().all(|log| log.state == LogState::Missing));
    let verified = |kind: CoverKind| kind == CoverKind::Verified;
    assert!(
        !report
            .cover
            .iter()
            .flat_map(|cover| &cover.ranges)
            .any(|range| verified(range.kind))
    );
}

#[test]
fn any_bytes_in_place_of_a_digest_or_a_sidecar_are_an_answer() {
    let original = gunzip(&fs::read(&digests(&case("clean-last-only"))[1]).expect("readable"));
    // A small generator is enough: every byte of the file is changed once in some run.
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).expect("24 bits")
    };
    for _ in 0..400 {
        let mut bytes = original.clone();
        for _ in 0..=next() % 3 {
            let at = next() % bytes.len();
            bytes[at] = u8::try_from(next() % 256).expect("a byte");
        }
        bytes.truncate(bytes.len() - next() % 40 * (next() % 2));
        let mut facts = Facts::default();
        facts.add_digest(&key("20250102T050000Z"), 0, &bytes);
        facts.add_sidecar(&format!("{}.head.json", key("20250102T050000Z")), &bytes);
        facts.add_metadata_lines("x.ndjson", &bytes);
        assert_eq!(
            check_facts(&facts, None).digest_count(DigestState::Valid),
            0
        );
    }
}

#[test]
fn a_log_set_without_digests_is_not_verified() {
    let (_folder, case) = copy("clean-last-only");
    for path in files(&case, "CloudTrail-Digest/") {
        fs::remove_file(path).expect("removes");
    }
    let report = report(&case);
    assert_eq!(report.verdict, IntegrityVerdict::NotVerified);
    assert_eq!(report.log_count(LogState::NotCovered), 8);
    assert!(has(&report, FaultKind::NoDigests));
}

#[test]
fn the_facts_that_a_scan_collects_give_the_same_answer() {
    use attestrail::integrity::LogFact;
    use attestrail::integrity::place::{Role, role};
    use attestrail::reader::{ReadLimits, Scratch, read_file};
    use attestrail::record::path::PathSet;
    use attestrail::record::project::Projector;
    use attestrail::source::local::{WalkOptions, walk};
    for name in [
        "clean-organization",
        "changed-logs",
        "changed-digests",
        "gaps",
    ] {
        let case = case(name);
        let alone = report(&case);
        let mut facts = facts(std::slice::from_ref(&case.tree), Some(&case.out));
        facts.logs.clear();
        let paths = PathSet::new();
        let limits = ReadLimits {
            hash_content: true,
            ..ReadLimits::default()
        };
        let listing =
            walk(std::slice::from_ref(&case.tree), WalkOptions::default()).expect("there");
        for file in listing
            .files
            .iter()
            .filter(|file| role(&file.key) == Role::Log)
        {
            let mut kept = super::reader_common::Kept::default();
            let read = read_file(
                &file,
                &limits,
                &mut Scratch::new(),
                &mut Projector::new(&paths),
                &mut kept,
            );
            facts.logs.push(LogFact::of_report(&file, &read));
        }
        assert_eq!(check_facts(&facts, None), alone, "{name}");
    }
}
