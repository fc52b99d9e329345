//! Digest chains through the whole program: what `report` concludes from them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::cli_common::{Run, run, tree};
use super::integrity_trees::case;
use super::reader_common::gzip;

/// A folder with a tree of digests and logs, its keys, and a scope of its account and Regions.
pub struct Bench {
    folder: TempDir,
}

const PERIOD: [&str; 4] = [
    "--from",
    "2025-01-02T03:00:00Z",
    "--to",
    "2025-01-02T05:00:00Z",
];

impl Bench {
    pub fn new() -> Bench {
        Bench::of("clean-last-only")
    }

    pub fn of(name: &str) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let original = case(name);
        for (name, bytes) in tree(&original.out) {
            let to = folder.path().join(name);
            fs::create_dir_all(to.parent().expect("a folder")).expect("makes folders");
            fs::write(to, bytes).expect("writes");
        }
        fs::write(
            folder.path().join("scope.toml"),
            "format = 1\norganisation = \"Example Clinic\"\nregions = [\"eu-west-1\", \"us-east-1\"]\n\
             [[account]]\nid = \"111122223333\"\nname = \"prod\"\n",
        )
        .expect("writes");
        Bench { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `report` with the period and more words.
    pub fn report(&self, words: &[&str]) -> Run {
        let mut all = vec!["report"];
        all.extend(words);
        all.extend(PERIOD);
        all.extend([
            "--scope",
            "scope.toml",
            "--framework",
            "hipaa",
            "--generated-at",
            "2025-02-01T00:00:00Z",
            "--replace",
            "--quiet",
        ]);
        run(self.path(), &all)
    }

    fn scan(&self, logs: &str, ledger: &str, more: &[&str]) {
        let mut all = vec!["scan", logs, "--ledger", ledger, "--scope", "scope.toml"];
        all.extend(more);
        all.push("--quiet");
        run(self.path(), &all).ends(0);
    }

    fn packet_folder(&self) -> PathBuf {
        let period = fs::read_dir(self.path().join("packets"))
            .expect("packets")
            .next()
            .expect("a period")
            .expect("readable")
            .path();
        period.join("hipaa")
    }

    pub fn packet(&self) -> Value {
        let text = fs::read(self.packet_folder().join("packet.json")).expect("a packet");
        serde_json::from_slice(&text).expect("JSON")
    }

    pub fn files(&self, part: &str) -> Vec<PathBuf> {
        let all = tree(&self.path().join("tree")).into_iter();
        all.filter(|(name, _)| name.contains(part))
            .map(|(name, _)| self.path().join("tree").join(name))
            .collect()
    }

    /// The log that was delivered in `minute` in us-east-1, unpacked.
    pub fn log(&self, minute: &str) -> PathBuf {
        self.files(&format!("_CloudTrail_us-east-1_20250102T{minute}Z_"))
            .remove(0)
    }
}

pub const KEYS: [&str; 4] = ["tree", "--keys", "public-keys.json", "--slack=60"];

pub fn control<'p>(packet: &'p Value, id: &str) -> &'p Value {
    let controls = packet["controls"].as_array().expect("controls");
    let found = controls.iter().find(|one| one["id"] == id);
    found.unwrap_or_else(|| panic!("control {id}"))
}

fn change(path: &Path) {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&fs::read(path).expect("readable")[..])
        .read_to_string(&mut text)
        .expect("gzip");
    let changed = text.replacen("\"sourceIPAddress\":\"", "\"sourceIPAddress\":\"1", 1);
    assert_ne!(changed, text);
    fs::write(path, gzip(changed.as_bytes())).expect("writes");
}

#[test]
fn a_verified_period_is_verified_in_the_packet_with_its_keys() {
    let bench = Bench::new();
    let run = bench.report(&KEYS);
    assert!(run.code != 4 && run.code != 2, "{}{}", run.out, run.err);
    let packet = bench.packet();
    let integrity = &packet["integrity"];
    assert_eq!(integrity["status"], "verified", "{integrity:#}");
    assert_eq!(integrity["faults"]["total"], 0);
    for cover in integrity["cover"].as_array().expect("cover") {
        let ranges = cover["ranges"].as_array().expect("ranges");
        assert_eq!(ranges.len(), 1, "{cover:#}");
        assert_eq!(ranges[0]["state"], "verified");
        assert_eq!(ranges[0]["from"], "2025-01-02T03:00:00Z");
        assert_eq!(ranges[0]["to"], "2025-01-02T06:00:00Z");
    }
    let key = &integrity["keys"][0];
    assert_eq!(key["file"], "public-keys.json");
    assert_eq!(key["file_sha256"].as_str().map(str::len), Some(64));
    let chain = control(&packet, "log-digest-chain");
    assert_eq!(chain["verdict"], "no-exceptions", "{}", chain["reasons"]);
    // The same ids stand in both Regions with other content, so these hours are not idle.
    assert_eq!(integrity["cover"][0]["idle_hours"], 0);
    let folder = bench.packet_folder();
    let files = fs::read_to_string(folder.join("logs/integrity-files.csv")).expect("a file");
    assert_eq!(files.matches(",log,valid,").count(), 8, "{files}");
    let html = fs::read_to_string(folder.join("packet.html")).expect("a page");
    assert!(html.contains("id=\"integrity\"") && html.contains("public-keys.json"));
    let command = packet["method"]["command"].as_str().expect("a command");
    assert!(command.contains("--keys public-keys.json"), "{command}");
    for (name, bytes) in tree(&folder) {
        let machine = bench.path().to_string_lossy().into_owned();
        let has = memchr::memmem::find(&bytes, machine.as_bytes()).is_some();
        assert!(!has, "{name} names a folder of this machine");
    }
}

#[test]
fn a_changed_log_ends_with_4_and_is_named_wherever_it_matters() {
    let bench = Bench::new();
    let log = bench.log("0410");
    change(&log);
    let run = bench.report(&KEYS);
    run.ends(4).says("integrity has failed");
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "failed");
    assert_eq!(packet["conclusion"]["exit_code"], 4);
    let fault = &packet["integrity"]["faults"]["rows"][0];
    assert_eq!(fault["code"], "hash-mismatch");
    assert_eq!(fault["matters"], true);
    let name = log
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(fault["object"].as_str().expect("a key").ends_with(&name));
    let chain = control(&packet, "log-digest-chain");
    assert_eq!(chain["verdict"], "exceptions");
    assert_eq!(chain["counts"]["exceptions"], 1);
    for one in packet["controls"].as_array().expect("controls") {
        let is_open = matches!(
            one["verdict"].as_str(),
            Some("not-determinable" | "exceptions")
        );
        assert!(is_open, "{}: {}", one["id"], one["verdict"]);
    }
    let root = control(&packet, "root-api-activity")["reasons"].to_string();
    assert!(root.contains("not as CloudTrail delivered them"), "{root}");
    let inputs = fs::read_to_string(bench.packet_folder().join("logs/inputs.csv")).expect("a file");
    let row = inputs
        .lines()
        .find(|line| line.contains(&name))
        .expect("a row");
    assert!(row.contains("does not verify (modified)"), "{row}");
    // Looking away from integrity is a choice that a scheduler states.
    let mut words = KEYS.to_vec();
    words.push("--fail-on=exceptions");
    assert_ne!(bench.report(&words).code, 4);
}

#[test]
fn a_change_outside_the_period_is_told_and_does_not_matter() {
    let bench = Bench::new();
    // Delivered long before the period begins.
    let words = ["tree", "--keys", "public-keys.json", "--slack=60"];
    change(&bench.log("0310"));
    let mut all = vec!["report"];
    all.extend(words);
    all.extend([
        "--from",
        "2025-01-02T04:00:00Z",
        "--to",
        "2025-01-02T05:00:00Z",
    ]);
    all.extend(["--scope", "scope.toml", "--framework", "hipaa", "--quiet"]);
    let run = run(bench.path(), &all);
    assert_ne!(run.code, 4, "{}", run.err);
    let packet = bench.packet();
    let fault = &packet["integrity"]["faults"]["rows"][0];
    assert_eq!(fault["matters"], false, "{fault:#}");
    assert_eq!(packet["integrity"]["status"], "verified");
}

#[test]
fn a_deleted_log_and_a_planted_one_fail_too() {
    let bench = Bench::new();
    let gone = bench.log("0410");
    fs::remove_file(&gone).expect("removes");
    let planted = bench
        .log("0310")
        .to_string_lossy()
        .replace("AAAAAAAAAAAAAAAA", "PLANTEDPLANTED00");
    let record = r#"{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"Root","accountId":"111122223333"},"eventTime":"2025-01-02T03:05:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","eventID":"aaaaaaaa-0000-4000-8000-000000000001","eventType":"AwsApiCall","recipientAccountId":"111122223333","readOnly":false,"managementEvent":true}]}"#;
    fs::write(planted, gzip(record.as_bytes())).expect("writes");
    bench.report(&KEYS).ends(4);
    let packet = bench.packet();
    let codes = packet["integrity"]["faults"].to_string();
    assert!(
        codes.contains("\"missing\"") && codes.contains("\"unlisted\""),
        "{codes}"
    );
    assert_eq!(packet["integrity"]["suspect_records"], 1);
    let row = &control(&packet, "root-api-activity")["lists_of_records"]["exceptions"]["rows"][0];
    assert_eq!(row["event_name"], "CreateUser");
    assert!(
        row["reason"]
            .as_str()
            .expect("a reason")
            .contains("does not verify (unlisted)")
    );
    let days = packet["coverage"]["rows"].to_string();
    assert!(days.contains("\"days\":\"M\""), "{days}");
}

/// What the packet says of one class in eu-west-1.
fn class_in_the_idle_region(bench: &Bench, class: &str) -> (String, bool) {
    let packet = bench.packet();
    let classes = packet["coverage"]["classes"].as_array().expect("classes");
    let found = classes
        .iter()
        .find(|one| one["region"] == "eu-west-1" && one["class"] == class)
        .unwrap_or_else(|| panic!("no class {class} in {classes:?}"));
    let proof = found["proof"].as_str().expect("a proof").to_owned();
    (proof, found["is_proven"] == true)
}

#[test]
fn an_idle_region_is_proved_by_the_one_trail_that_its_digests_are_of() {
    let bench = Bench::of("idle-region");
    bench.report(&KEYS).ends(3);
    let (proof, is_proven) = class_in_the_idle_region(&bench, "management-read");
    assert!(is_proven && proof.contains("us-east-1"), "{proof}");
    let (proof, is_proven) = class_in_the_idle_region(&bench, "s3-data-read");
    assert!(!is_proven, "{proof}");

    // A second trail without validation records reads of objects. Its logs of the idle Region
    // may be missing, and no digest would tell.
    let planted = bench
        .log("0410")
        .to_string_lossy()
        .replace("BBBBBBBBBBBBBBBB", "SECONDTRAIL00000");
    let record = r#"{"Records":[{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"ana"},"eventTime":"2025-01-02T04:05:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","eventID":"aaaaaaaa-0000-4000-8000-000000000002","eventType":"AwsApiCall","eventCategory":"Data","recipientAccountId":"111122223333","readOnly":true,"managementEvent":false,"requestParameters":{"bucketName":"cards","key":"k"}}]}"#;
    fs::write(planted, gzip(record.as_bytes())).expect("writes");
    bench.report(&KEYS).ends(4);
    let (proof, is_proven) = class_in_the_idle_region(&bench, "s3-data-read");
    assert!(!is_proven, "{proof}");
}

#[test]
fn absent_digests_fail_only_where_integrity_is_required() {
    let bench = Bench::new();
    fs::remove_dir_all(
        bench
            .path()
            .join("tree/AWSLogs/111122223333/CloudTrail-Digest"),
    )
    .expect("removes");
    assert_ne!(bench.report(&["tree"]).code, 4);
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "not-verified");
    assert_eq!(
        control(&packet, "log-digest-chain")["verdict"],
        "not-determinable"
    );
    bench.report(&["tree", "--require-integrity"]).ends(4);
    assert_eq!(bench.packet()["conclusion"]["exit_code"], 4);
    // Digests without keys are no proof either, and the lines to run are told.
    let whole = Bench::new();
    whole.report(&["tree", "--require-integrity"]).ends(4);
    let packet = whole.packet();
    assert_eq!(packet["integrity"]["status"], "incomplete");
    let commands = packet["integrity"]["commands"].to_string();
    assert!(
        commands.contains("list-public-keys --region eu-west-1"),
        "{commands}"
    );
}

#[test]
fn a_period_that_digests_do_not_reach_is_not_verified() {
    let bench = Bench::new();
    let mut words = KEYS.to_vec();
    words[3] = "--slack=600";
    words.push("--require-integrity");
    bench.report(&words).ends(4);
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "incomplete");
    assert!(
        packet["integrity"]["cover"]
            .to_string()
            .contains("after-last")
    );
    assert_eq!(
        control(&packet, "log-digest-chain")["verdict"],
        "not-determinable"
    );
}

#[test]
fn a_region_of_the_scope_without_any_digest_is_not_verified() {
    let bench = Bench::new();
    let scope = bench.path().join("scope.toml");
    let text = fs::read_to_string(&scope).expect("readable");
    fs::write(
        &scope,
        text.replace("\"us-east-1\"]", "\"us-east-1\", \"us-west-2\"]"),
    )
    .expect("writes");
    bench.report(&KEYS);
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "incomplete");
    assert_eq!(
        control(&packet, "log-digest-chain")["verdict"],
        "not-determinable"
    );
}

#[test]
fn a_ledger_that_grew_without_hashes_gets_them_when_digests_come() {
    let bench = Bench::new();
    bench.scan("tree/AWSLogs/111122223333/CloudTrail", "a.ledger", &[]);
    bench.scan("tree", "a.ledger", &[]);
    let ledger = ["--ledger", "a.ledger", "--keys", "public-keys.json"];
    bench.report(&ledger);
    assert_eq!(bench.packet()["integrity"]["status"], "verified");
}

#[test]
fn a_merged_ledger_without_hashes_says_so_by_name_and_never_verified() {
    let bench = Bench::new();
    let account = "tree/AWSLogs/111122223333";
    bench.scan(&format!("{account}/CloudTrail-Digest"), "d.ledger", &[]);
    bench.scan(&format!("{account}/CloudTrail"), "l.ledger", &[]);
    bench.scan(
        &format!("{account}/CloudTrail"),
        "h.ledger",
        &["--hash-logs"],
    );
    let merge = |ledgers: &[&str], out: &str| {
        let mut words = vec!["merge"];
        words.extend(ledgers);
        words.extend(["--out", out]);
        run(bench.path(), &words).ends(0);
    };
    merge(&["d.ledger", "l.ledger"], "without.ledger");
    bench.report(&["--ledger", "without.ledger", "--keys", "public-keys.json"]);
    let packet = bench.packet();
    assert_eq!(packet["integrity"]["status"], "incomplete");
    assert!(
        packet["integrity"]["faults"]
            .to_string()
            .contains("not-hashed")
    );
    // One that has the hashes heals it, in any order.
    for (at, order) in [
        ["without.ledger", "h.ledger"],
        ["h.ledger", "without.ledger"],
    ]
    .iter()
    .enumerate()
    {
        let out = format!("with-{at}.ledger");
        merge(order, &out);
        bench.report(&["--ledger", &out, "--keys", "public-keys.json"]);
        assert_eq!(
            bench.packet()["integrity"]["status"],
            "verified",
            "{order:?}"
        );
    }
}

#[test]
fn a_split_by_file_merges_to_the_packet_of_the_whole() {
    let bench = Bench::new();
    change(&bench.log("0410"));
    bench.scan("tree", "whole.ledger", &[]);
    bench.report(&["--ledger", "whole.ledger", "--keys", "public-keys.json"]);
    let whole = tree(&bench.packet_folder());
    for (at, (name, bytes)) in tree(&bench.path().join("tree")).into_iter().enumerate() {
        let to = bench.path().join(format!("part-{}", at % 3)).join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("makes folders");
        fs::write(to, bytes).expect("writes");
    }
    for part in 0..3 {
        bench.scan(
            &format!("part-{part}"),
            &format!("{part}.ledger"),
            &["--hash-logs"],
        );
    }
    let words = [
        "merge",
        "2.ledger",
        "0.ledger",
        "1.ledger",
        "--out",
        "all.ledger",
    ];
    run(bench.path(), &words).ends(0);
    bench.report(&["--ledger", "all.ledger", "--keys", "public-keys.json"]);
    for ((name, bytes), (other, expected)) in tree(&bench.packet_folder()).iter().zip(&whole) {
        assert_eq!(name, other);
        assert!(bytes == expected, "{name} differs");
    }
}

#[test]
fn keys_that_cannot_be_used_stop_the_run_before_any_log_is_read() {
    let bench = Bench::new();
    bench
        .report(&["tree", "--keys", "truth.json"])
        .ends(2)
        .says("not the output of");
    bench
        .report(&["--keys", "public-keys.json", "tree"])
        .ends(2)
        .says("is a folder");
    bench
        .report(&["tree", "--metadata", "nowhere.json"])
        .ends(2)
        .says("nowhere.json");
}

/// A record as it stands in a log, about nothing that a control asks for.
const RECORD: &str = r#"{"eventVersion":"1.11","eventTime":"2025-01-02T04:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"us-east-1","eventID":"0e1f","eventType":"AwsApiCall","recipientAccountId":"111122223333"}"#;

#[test]
fn records_in_files_that_no_digest_can_list_are_never_verified() {
    let log = format!("{{\"Records\":[{RECORD}]}}");
    let lines = format!("{RECORD}\n{RECORD}\n");
    let beside_keys = format!("{{\"PublicKeyList\":[],\"Records\":[{RECORD}]}}");
    let of_logs = |log: String| format!("{{\"logEvents\":[{{\"message\":{log:?}}}]}}");
    let name = Bench::new().files("CloudTrail-Digest").remove(0);
    let name = name
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    for (key, content) in [
        ("x.head.json".to_owned(), log.clone().into_bytes()),
        (format!("{name}.head.json"), log.clone().into_bytes()),
        ("y.head.json".to_owned(), gzip(lines.as_bytes())),
        ("notes/lines.json".to_owned(), lines.clone().into_bytes()),
        ("notes/lines.gz".to_owned(), gzip(lines.as_bytes())),
        ("notes/one".to_owned(), RECORD.as_bytes().to_vec()),
        ("vpcflowlogs/a.json".to_owned(), log.clone().into_bytes()),
        (
            "public-keys.us-east-1.json".to_owned(),
            beside_keys.into_bytes(),
        ),
        (
            "notes/cloudwatch.json".to_owned(),
            of_logs(RECORD.to_owned()).into_bytes(),
        ),
    ] {
        let bench = Bench::new();
        let path = bench.path().join("tree").join(&key);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes folders");
        fs::write(&path, content).expect("writes");
        bench.report(&KEYS);
        let packet = bench.packet();
        let status = packet["integrity"]["status"].as_str().expect("a status");
        // The name of the second one tells a covered hour, so that it should be listed.
        let (wanted, words, code) = match key.contains("CloudTrail") {
            true => ("failed", "something does not verify", 4),
            false => ("incomplete", "not all could be verified", 3),
        };
        assert_eq!(status, wanted, "{key}");
        let chain = control(&packet, "log-digest-chain");
        assert_ne!(chain["verdict"], "no-exceptions", "{key}");
        let alone = [&["logs", "integrity"], &KEYS[..], &PERIOD, &["--quiet"]].concat();
        let alone = run(bench.path(), &alone);
        assert!(alone.out.contains(words), "{key}: {}", alone.out);
        assert_eq!(alone.code, code, "{key}");
    }
}

#[test]
fn bytes_of_logs_are_counted_the_same_with_any_number_of_threads() {
    let bench = Bench::new();
    let count = |threads: &str| {
        let words = [
            &[
                "logs",
                "integrity",
                "--json",
                "--quiet",
                "--threads",
                threads,
            ],
            &KEYS[..],
        ];
        let found = run(bench.path(), &words.concat());
        let found: Value = serde_json::from_str(&found.out).expect("JSON");
        found["counts"]["inflatedLogBytes"]
            .as_u64()
            .expect("a number")
    };
    let unpacked = |path: &PathBuf| {
        let stored = fs::read(path).expect("readable");
        std::io::copy(
            &mut flate2::read::GzDecoder::new(&stored[..]),
            &mut std::io::sink(),
        )
    };
    let logs = bench.files("/CloudTrail/");
    let bytes: u64 = logs.iter().map(|path| unpacked(path).expect("gzip")).sum();
    assert_eq!((count("1"), count("4")), (bytes, bytes));
}
