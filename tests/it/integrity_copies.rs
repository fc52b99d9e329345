//! Copies of a bucket as people make them: a part of it, inflated, in an archive, with files
//! that nobody may read, beside files that another program wrote.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::write::SimpleFileOptions;

use attestrail::integrity::report::{FaultKind, LogState};
use attestrail::integrity::{IntegrityReport, IntegrityVerdict};

use super::cli_common::{run, tree};
use super::integrity_common::{Case, check_facts, facts, report};
use super::integrity_trees::{asked, case, copy, digests, files, gunzip, has};
use super::reader_common::{gzip, write};

fn asked_of(case: &Case, start: &str, end: &str) -> IntegrityReport {
    let facts = facts(std::slice::from_ref(&case.tree), Some(&case.out));
    check_facts(&facts, asked(start, end, 1800))
}

/// Whether a fault of this kind is there, and matters.
fn matters(report: &IntegrityReport, kind: FaultKind) -> Option<bool> {
    let found = report.problems.iter().find(|one| one.kind == kind)?;
    Some(found.matters)
}

#[test]
fn a_copy_of_one_period_verifies_for_that_period_and_not_for_more() {
    let (_folder, case) = copy("clean-last-only");
    let us: Vec<PathBuf> = files(&case, "_CloudTrail-Digest_us-east-1_");
    // The evening before: the first digest of the copy names one that is not there.
    for path in &us[..2] {
        fs::remove_file(path).expect("removes");
    }
    fs::remove_file(&files(&case, "_CloudTrail_us-east-1_20250102T0310Z_")[0]).expect("removes");
    // The end: the last digest of the copy has no signature yet.
    for path in files(&case, ".head.json") {
        fs::remove_file(path).expect("removes");
    }
    let inside = asked_of(&case, "2025-01-02T04:00:00Z", "2025-01-02T04:30:00Z");
    assert_eq!(
        inside.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        inside.problems
    );
    for kind in [FaultKind::Missing, FaultKind::Hole, FaultKind::NoSignature] {
        assert_eq!(matters(&inside, kind), Some(false), "{kind:?}");
    }
    let before = asked_of(&case, "2025-01-02T03:00:00Z", "2025-01-02T04:30:00Z");
    assert_eq!(before.verdict, IntegrityVerdict::Failed);
    let behind = asked_of(&case, "2025-01-02T04:00:00Z", "2025-01-02T05:00:00Z");
    assert_eq!(behind.verdict, IntegrityVerdict::Incomplete);
    assert_eq!(report(&case).verdict, IntegrityVerdict::Failed);
}

const SCOPE: &str = "format = 1\norganisation = \"Example Clinic\"\nregions = [\"eu-west-1\", \"us-east-1\"]\n\
    [[account]]\nid = \"111122223333\"\nname = \"prod\"\n";

/// What `report`, `logs integrity` and `logs` say of one folder: the status and three exit codes.
fn all_say(folder: &Path, logs: &str, to: &str) -> (String, [i32; 2], String) {
    write(&folder.join("scope.toml"), SCOPE.as_bytes());
    let period = ["--from", "2025-01-02T04:00:00Z", "--to", to, "--quiet"];
    let keys = ["--keys", "public-keys.json", "--slack=30"];
    let mut words = vec!["report", logs, "--scope", "scope.toml", "--replace"];
    words.extend(["--framework", "hipaa", "--require-integrity"]);
    words.extend(["--fail-on", "integrity"]);
    let required = run(folder, &[&words[..], &keys, &period].concat());
    let packet = walkdir::WalkDir::new(folder.join("packets"))
        .into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .find(|path| path.ends_with("packet.json"))
        .expect("a packet");
    let packet: Value = serde_json::from_slice(&fs::read(packet).expect("readable")).expect("JSON");
    fs::remove_dir_all(folder.join("packets")).expect("removes");
    let status = packet["integrity"]["status"].as_str().expect("a status");
    let words = ["logs", "integrity", logs, "--json"];
    let alone = run(folder, &[&words[..], &keys, &period].concat());
    let verdict: Value = serde_json::from_str(&alone.out).expect("JSON");
    let inspected = run(
        folder,
        &[&["logs", logs, "--json"][..], &keys, &period].concat(),
    );
    let code = inspected.code;
    let inspected: Value = serde_json::from_str(&inspected.out).expect("JSON");
    assert_eq!(verdict["verdict"], status, "{logs} {to}");
    assert_eq!(inspected["integrity"]["verdict"], status, "{logs} {to}");
    // Controls are judged with the same keys, and the exit code is the same, save for what the
    // scan refuses.
    match alone.code {
        0 => assert!([0, 3].contains(&code), "{logs} {to}"),
        one => assert_eq!(code, one, "{logs} {to}"),
    }
    let text = inspected.to_string();
    assert!(!text.contains("no key with the fingerprint"), "{text}");
    (status.to_owned(), [required.code, alone.code], alone.out)
}

#[test]
fn report_and_logs_give_one_verdict_on_a_part_of_a_bucket() {
    let (folder, case) = copy("clean-last-only");
    fs::remove_file(&files(&case, "_CloudTrail-Digest_us-east-1_")[1]).expect("removes");
    fs::remove_file(&files(&case, "_CloudTrail_us-east-1_20250102T0310Z_")[0]).expect("removes");
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 0]));
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T12:00:00Z");
    assert_eq!((status.as_str(), codes), ("incomplete", [4, 3]));
    let text = run(
        folder.path(),
        &[
            "logs",
            "integrity",
            "tree",
            "--keys",
            "public-keys.json",
            "--from",
            "2025-01-02T04:00:00Z",
            "--to",
            "2025-01-02T04:30:00Z",
            "--slack=30",
        ],
    );
    let part = "missing (failed, 1, outside of what was asked for: changes nothing)";
    assert!(text.out.contains(part), "{}", text.out);
}

#[test]
#[cfg(unix)]
fn what_nobody_could_look_at_is_never_verified() {
    let name = "111122223333_CloudTrail_us-east-1_20250102T0433Z_NNNNNNNNNNNNNNNN.json.gz";
    let day = "tree/AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/02";
    let (folder, _) = copy("clean-last-only");
    let link = folder.path().join(day).join(name);
    std::os::unix::fs::symlink("nowhere", &link).expect("links");
    let (status, codes, out) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("incomplete", [4, 3]));
    assert!(out.contains("\"not-looked-into\""), "{out}");
    // Months later, or in the folder of another service, it cannot hold anything of the period.
    fs::remove_file(&link).expect("removes");
    for other in [
        "tree/AWSLogs/111122223333/CloudTrail/us-east-1/2025/05/02",
        "tree/AWSLogs/111122223333/vpcflowlogs/us-east-1",
    ] {
        let other = folder.path().join(other);
        fs::create_dir_all(&other).expect("makes folders");
        std::os::unix::fs::symlink("nowhere", other.join("x.json.gz")).expect("links");
    }
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 3]));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_folder_elsewhere_is_never_verified_and_one_into_the_tree_loses_nothing() {
    let account = "tree/AWSLogs/111122223333/CloudTrail";
    let (folder, _) = copy("clean-last-only");
    let link = folder.path().join("tree/latest");
    std::os::unix::fs::symlink(folder.path().join(account), &link).expect("links");
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 0]));
    let outside = folder.path().join("outside");
    fs::create_dir_all(&outside).expect("makes folders");
    let link = folder
        .path()
        .join(account)
        .join("us-east-1/2025/01/02/more");
    std::os::unix::fs::symlink(&outside, &link).expect("links");
    let (status, codes, out) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("incomplete", [4, 3]));
    assert!(out.contains("\"not-looked-into\""), "{out}");
}

/// What `gunzip -r` leaves.
fn gunzip_all(case: &Case) {
    for path in files(case, ".json.gz") {
        if path.extension().is_some_and(|ending| ending == "gz") {
            let content = gunzip(&fs::read(&path).expect("readable"));
            fs::write(path.with_extension(""), content).expect("writes");
            fs::remove_file(path).expect("removes");
        }
    }
}

#[test]
fn a_tree_without_gz_in_its_names_verifies_and_its_content_decides() {
    let (folder, case) = copy("clean-last-only");
    gunzip_all(&case);
    let good = report(&case);
    assert_eq!(
        good.verdict,
        IntegrityVerdict::Verified,
        "{:?}",
        good.problems
    );
    assert_eq!(good.log_count(LogState::Valid), 8);
    assert!(has(&good, FaultKind::NotGzip));
    assert!(!has(&good, FaultKind::MetadataWithoutDigest));
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 0]));
    let log = &files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0];
    let content = fs::read_to_string(log).expect("text");
    fs::write(log, content.replacen("Records", "Recorde", 1)).expect("writes");
    let digest = &files(&case, "_CloudTrail-Digest_eu-west-1_")[1];
    let content = fs::read_to_string(digest).expect("text");
    fs::write(digest, format!("{content} ")).expect("writes");
    let bad = report(&case);
    assert!(has(&bad, FaultKind::HashMismatch));
    assert!(has(&bad, FaultKind::SignatureInvalid));
    assert_eq!(bad.log_count(LogState::Modified), 1);
}

fn zip_of(folder: &Path) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in tree(folder) {
        writer
            .start_file(name, SimpleFileOptions::default())
            .expect("begins a member");
        writer.write_all(&content).expect("writes to memory");
    }
    writer.finish().expect("ends the archive").into_inner()
}

#[test]
fn members_of_archives_are_verified_like_files() {
    for (name, verdict) in [
        ("clean-organization", IntegrityVerdict::Verified),
        ("changed-logs", IntegrityVerdict::Failed),
        ("changed-digests", IntegrityVerdict::Failed),
    ] {
        let case = case(name);
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("all.zip"), &zip_of(&case.tree));
        let packed = facts(&[folder.path().to_owned()], Some(&case.out));
        let packed = check_facts(&packed, None);
        let plain = report(&case);
        assert_eq!(packed.verdict, verdict, "{name}: {:?}", packed.problems);
        for state in LogState::ALL {
            assert_eq!(packed.log_count(state), plain.log_count(state), "{name}");
        }
    }
    let (folder, case) = copy("clean-last-only");
    write(&folder.path().join("logs/all.zip"), &zip_of(&case.tree));
    let (status, codes, _) = all_say(folder.path(), "logs", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 0]));
    // What is cut off is not verified, and the lines for signatures name a file that can be given.
    for path in files(&case, ".head.json") {
        fs::remove_file(path).expect("removes");
    }
    write(&folder.path().join("logs/all.zip"), &zip_of(&case.tree));
    let (_, _, out) = all_say(folder.path(), "logs", "2025-01-02T04:30:00Z");
    assert!(out.contains(">> digest-metadata.json"), "{out}");
    let whole = fs::read(folder.path().join("logs/all.zip")).expect("readable");
    write(
        &folder.path().join("logs/all.zip"),
        &whole[..whole.len() / 2],
    );
    let (status, codes, _) = all_say(folder.path(), "logs", "2025-01-02T04:30:00Z");
    assert_ne!(status, "verified");
    assert_eq!(codes[0], 4);
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("text");
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xFF, 0xFE].into_iter().chain(units).collect()
}

#[test]
fn keys_and_sidecars_that_powershell_wrote_are_read() {
    let (folder, case) = copy("clean-last-only");
    for path in files(&case, ".head.json") {
        fs::write(&path, utf16(&fs::read(&path).expect("readable"))).expect("writes");
    }
    let keys = case.out.join("public-keys.json");
    fs::write(&keys, utf16(&fs::read(&keys).expect("readable"))).expect("writes");
    assert_eq!(report(&case).verdict, IntegrityVerdict::Verified);
    let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("verified", [0, 0]));
    fs::write(&keys, b"\xFF\xFE{").expect("writes");
    let words = ["logs", "integrity", "tree", "--keys", "public-keys.json"];
    run(folder.path(), &words).ends(2).says("UTF-16");
}

#[test]
fn integrity_that_is_required_counts_whatever_else_is_looked_away_from() {
    let (folder, case) = copy("clean-last-only");
    for path in digests(&case) {
        fs::remove_file(path).expect("removes");
    }
    let words = ["report", "tree", "--period", "2025-01", "--replace", "-q"];
    let nothing = ["--fail-on", "nothing"];
    run(folder.path(), &[&words[..], &nothing].concat()).ends(0);
    let required = [&words[..], &nothing, &["--require-integrity"]].concat();
    run(folder.path(), &required).ends(4);
}

#[test]
fn digest_files_are_told_in_one_line_and_not_one_by_one() {
    let (folder, _) = copy("clean-last-only");
    let keys = ["--keys", "public-keys.json"];
    let words = ["report", "tree", "--period", "2025-01", "--replace"];
    let told = run(folder.path(), &[&words[..], &keys].concat());
    assert!(
        !told.err.contains("a digest file, not a log"),
        "{}",
        told.err
    );
    told.says("notice: 14 files are no logs, but digests or metadata of digests");
    let logs = run(
        folder.path(),
        &[&["logs", "tree", "-q"][..], &keys].concat(),
    );
    // Once, as what the files are.
    let told = logs.out.matches("a digest file, not a log").count();
    assert_eq!(told, 1, "{}", logs.out);
    let part = "notice: 14 digests and files of their";
    assert!(logs.out.contains(part), "{}", logs.out);
}

#[test]
fn a_log_that_was_packed_again_verifies_for_all_commands() {
    let (folder, case) = copy("clean-last-only");
    let log = &files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0];
    let stored = fs::read(log).expect("readable");
    for packed in [gzip(&stored), gunzip(&stored)] {
        fs::write(log, packed).expect("writes");
        let (status, codes, out) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
        assert_eq!((status.as_str(), codes), ("verified", [0, 0]), "{out}");
    }
    fs::write(log, gzip(&gzip(b"{\"Records\":[]}"))).expect("writes");
    let (status, codes, out) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
    assert_eq!((status.as_str(), codes), ("failed", [4, 4]), "{out}");
    assert!(out.contains("hash-mismatch"), "{out}");
}

#[test]
fn an_archive_under_the_name_of_a_log_or_digest_is_one_fault_for_all_commands() {
    let (folder, case) = copy("clean-last-only");
    let day = "tree/AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/02";
    let planted = "111122223333_CloudTrail_us-east-1_20250102T0412Z_NNNNNNNNNNNNNNNN.json.gz";
    let planted = folder.path().join(day).join(planted);
    let junk = tempfile::tempdir().expect("a folder");
    write(&junk.path().join("junk.txt"), b"hello");
    let digest = files(&case, "_CloudTrail-Digest_us-east-1_")
        .into_iter()
        .rfind(|path| path.extension().is_some_and(|ending| ending == "gz"))
        .expect("a digest");
    let log = files(&case, "_CloudTrail_us-east-1_20250102T0410Z_")[0].clone();
    for (path, kind) in [
        (&planted, "broken-log"),
        (&log, "broken-log"),
        (&digest, "bad-format"),
    ] {
        let was = fs::read(path).ok();
        write(path, &zip_of(junk.path()));
        let (status, codes, out) = all_say(folder.path(), "tree", "2025-01-02T12:00:00Z");
        assert_eq!(
            (status.as_str(), codes),
            ("failed", [4, 4]),
            "{path:?} {out}"
        );
        assert!(out.contains(kind), "{path:?} {out}");
        match was {
            Some(bytes) => fs::write(path, bytes).expect("writes"),
            None => fs::remove_file(path).expect("removes"),
        }
    }
}

/// Packs what is packed already.
type Pack<'p> = &'p dyn Fn(&[u8]) -> Vec<u8>;

#[test]
fn digests_that_were_packed_again_verify() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let zstd = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
    let packed: [(&str, Pack<'_>); 4] = [
        ("zstd", &|bytes| zstd(&gunzip(bytes))),
        ("gzip in zstd", &|bytes| zstd(bytes)),
        ("gzip twice", &|bytes| gzip(bytes)),
        ("zstd in gzip", &|bytes| gzip(&zstd(&gunzip(bytes)))),
    ];
    for (name, pack) in packed {
        let (folder, case) = copy("clean-last-only");
        for path in digests(&case) {
            let bytes = fs::read(&path).expect("readable");
            fs::write(&path, pack(&bytes)).expect("writes");
        }
        let found = report(&case);
        assert_eq!(found.verdict, IntegrityVerdict::Verified, "{name}");
        let (status, codes, _) = all_say(folder.path(), "tree", "2025-01-02T04:30:00Z");
        assert_eq!((status.as_str(), codes), ("verified", [0, 0]), "{name}");
        // Broken data is a fault, however it is packed.
        let path = &digests(&case)[1];
        let bytes = fs::read(path).expect("readable");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("writes");
        assert_eq!(report(&case).verdict, IntegrityVerdict::Failed, "{name}");
    }
}

#[test]
fn another_digest_of_the_same_key_in_a_second_folder_is_not_what_its_successor_says() {
    let (folder, case) = copy("clean-last-only");
    let genuine = &files(&case, "_CloudTrail-Digest_us-east-1_")[2];
    let place = genuine.strip_prefix(&case.tree).expect("in the tree");
    let mut forged = gunzip(&fs::read(genuine).expect("readable"));
    forged.push(b'\n');
    let second = folder.path().join("second");
    write(&second.join(place), &gzip(&forged));
    for roots in [[&case.tree, &second], [&second, &case.tree]] {
        let facts = facts(&roots.map(Clone::clone), Some(&case.out));
        let report = check_facts(&facts, None);
        assert_eq!(report.verdict, IntegrityVerdict::Failed);
        let faults: Vec<FaultKind> = report.problems.iter().map(|one| one.kind).collect();
        // The logs that it lists are those of the genuine one.
        let expected = [FaultKind::ContradictsSuccessor, FaultKind::ListedTwice];
        assert_eq!(faults, expected, "{roots:?}");
    }
}
