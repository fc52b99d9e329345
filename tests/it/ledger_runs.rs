//! Ledgers through the real program: split, merged, grown, cut off, shared,
//! damaged. The packet is that of one scan of everything, or there is none.

use std::fs;
use std::path::{Path, PathBuf};

use super::cli_common::{Run, names, run, sample, tree};

const PERIOD: [&str; 4] = [
    "--period",
    "2026-10",
    "--generated-at",
    "2026-11-02T06:00:00Z",
];

/// The month of an incident in three accounts, in a folder of its own.
pub struct Month {
    pub folder: tempfile::TempDir,
}

impl Month {
    /// The logs in `logs/`, and a record that says two things in two files.
    pub fn new() -> Month {
        let month = Month {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for (name, bytes) in tree(&sample("incident-month/logs")) {
            write(&month.path("logs").join(name), &bytes);
        }
        let front = "logs/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-east-1/2026/10";
        for (day, user) in [("07", "ben"), ("08", "eve")] {
            let record = RECORD
                .replace("2026-10-07", &format!("2026-10-{day}"))
                .replace("NAME", user);
            let name = format!("111122223333_CloudTrail_us-east-1_202610{day}T1200Z_two{day}.json");
            let file = month.path(front).join(day).join(name);
            write(&file, format!("{{\"Records\":[{record}]}}").as_bytes());
        }
        month
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&self, words: &[&str]) -> Run {
        let scope = sample("incident-month/scope.toml");
        let scope = scope.to_string_lossy();
        let mut words = words.to_vec();
        if words[0] != "merge" {
            words.extend(["--scope", &scope, "--quiet"]);
        }
        run(self.folder.path(), &words)
    }

    /// Scans a folder into a ledger.
    pub fn scan(&self, logs: &str, ledger: &str) -> Run {
        self.run(&["scan", logs, "--ledger", ledger])
    }

    /// Every file of the packets that a ledger gives.
    #[track_caller]
    pub fn packets_of(&self, ledger: &str) -> Vec<(String, Vec<u8>)> {
        let out = format!("{ledger}.packets");
        let words = [&["report", "--ledger", ledger, "--out", &out], &PERIOD[..]].concat();
        self.run(&words).ends(3);
        packets(&self.path(&out))
    }

    /// Every file of the packets of all logs, without a ledger.
    #[track_caller]
    pub fn packets_of_logs(&self, logs: &str) -> Vec<(String, Vec<u8>)> {
        let out = format!("{}.packets", logs.replace('/', "-"));
        self.run(&[&["report", logs, "--out", &out], &PERIOD[..]].concat())
            .ends(3);
        packets(&self.path(&out))
    }

    /// The log files, by name below `logs`.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        tree(&self.path("logs"))
    }
}

const RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/NAME","accountId":"111122223333","userName":"NAME"},"eventTime":"2026-10-07T11:50:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"x","requestParameters":{"userName":"b"},"responseElements":null,"eventID":"0a0a0a0a-0000-4000-8000-00000000c0c0","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#;

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

/// Everything but `run.json`, which says when and where a run was.
pub fn packets(out: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(out);
    files.retain(|(name, _)| !name.ends_with("run.json"));
    files
}

#[track_caller]
pub fn same_packets(found: &[(String, Vec<u8>)], expected: &[(String, Vec<u8>)]) {
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert!(!expected.is_empty());
    assert_eq!(names(found), names(expected));
    for ((name, one), (_, other)) in found.iter().zip(expected) {
        assert!(one == other, "{name} differs");
    }
}

/// Which part a file goes to, for a split that somebody could make.
type Split = fn(&str, usize) -> usize;

/// The 12 digits that are an account.
fn by_account(name: &str, _at: usize) -> usize {
    let mut parts = name.split('/');
    let account = parts.find(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()));
    account.map_or(0, |account| usize::from(account.as_bytes()[11]))
}

fn by_region(name: &str, _at: usize) -> usize {
    let mut parts = name.split('/').skip_while(|part| *part != "CloudTrail");
    parts.nth(1).map_or(0, str::len)
}

fn by_day(name: &str, _at: usize) -> usize {
    let day = name.rsplit('/').nth(1).and_then(|day| day.parse().ok());
    day.unwrap_or(0) / 8
}

fn any(_name: &str, at: usize) -> usize {
    // A fixed order without a pattern.
    (at.wrapping_mul(2_654_435_761) >> 7) % 4
}

#[test]
fn a_split_by_account_region_day_or_at_random_merges_to_the_packet_of_the_whole() {
    let month = Month::new();
    let whole = month.packets_of_logs("logs");
    let text = String::from_utf8_lossy(
        &whole
            .iter()
            .find(|(name, _)| name.ends_with("logs/refused.csv"))
            .expect("the packet has the list")
            .1,
    )
    .into_owned();
    assert!(text.contains("conflicting-record"), "{text}");
    let splits: [(&str, Split); 4] = [
        ("account", by_account),
        ("region", by_region),
        ("day", by_day),
        ("any", any),
    ];
    for (title, split) in splits {
        let mut ledgers: Vec<String> = Vec::new();
        for (at, (name, bytes)) in month.files().iter().enumerate() {
            let part = split(name, at);
            write(&month.path(&format!("{title}-{part}")).join(name), bytes);
            // Every tenth file is in two parts.
            let other = if at % 10 == 0 {
                split(name, at + 1)
            } else {
                part
            };
            write(&month.path(&format!("{title}-{other}")).join(name), bytes);
        }
        for part in names(month.folder.path()) {
            if part.starts_with(&format!("{title}-")) {
                let ledger = format!("{part}.ledger");
                month.scan(&part, &ledger).ends(0);
                ledgers.push(ledger);
            }
        }
        assert!(ledgers.len() > 1, "{title} makes one part");
        ledgers.reverse();
        let mut words = vec!["merge"];
        words.extend(ledgers.iter().map(String::as_str));
        words.extend(["--out", title]);
        month.run(&words).ends(0);
        same_packets(&month.packets_of(title), &whole);
    }
}

#[test]
fn a_ledger_that_grows_in_any_order_gives_the_packet_of_the_whole() {
    let month = Month::new();
    let whole = month.packets_of_logs("logs");
    let files = month.files();
    for (title, is_backwards) in [("forth", false), ("back", true)] {
        let mut chunks: Vec<_> = files.chunks(files.len().div_ceil(3)).collect();
        if is_backwards {
            chunks.reverse();
        }
        for chunk in chunks {
            for (name, bytes) in chunk {
                write(&month.path(title).join(name), bytes);
            }
            let grown = month.run(&["scan", title, "--ledger", "grown", "--json"]);
            grown.ends(0);
            let read: serde_json::Value = serde_json::from_str(&grown.out).expect("JSON");
            assert_eq!(read["files_read"], chunk.len(), "only new files are read");
        }
        same_packets(&month.packets_of("grown"), &whole);
        fs::remove_file(month.path("grown")).expect("it is there");
        fs::remove_dir_all(month.path("grown.packets")).expect("it is there");
    }
}

#[test]
fn a_log_set_under_another_path_or_name_is_not_counted_twice() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let before = month.packets_of("a");
    for (name, bytes) in month.files() {
        write(&month.path("moved/elsewhere").join(name), &bytes);
    }
    let moved = month.run(&["scan", "moved/elsewhere", "--ledger", "a", "--json"]);
    moved.ends(0);
    fs::remove_dir_all(month.path("a.packets")).expect("it is there");
    same_packets(&month.packets_of("a"), &before);
    // One folder higher, the same files have other names: each is a copy, and counted once.
    month.scan("moved", "a").ends(0);
    fs::remove_dir_all(month.path("a.packets")).expect("it is there");
    let after = month.packets_of("a");
    let of = |files: &[(String, Vec<u8>)]| -> serde_json::Value {
        let found = files
            .iter()
            .find(|(name, _)| name.ends_with("hipaa/packet.json"));
        serde_json::from_slice(&found.expect("the packet has its model").1).expect("JSON")
    };
    let (before, after) = (of(&before), of(&after));
    for count in ["kept", "conflicts", "outside_period"] {
        let total = |packet: &serde_json::Value| packet["log_set"]["total"][count].clone();
        assert_eq!(total(&before), total(&after), "{count}");
    }
    let verdicts = |packet: &serde_json::Value| packet["conclusion"]["controls"].clone();
    assert_eq!(verdicts(&before), verdicts(&after));
}

#[test]
fn a_mismatch_is_refused_with_what_differs() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let change = |sql: &str| {
        fs::copy(month.path("a"), month.path("b")).expect("copied");
        let ledger = rusqlite::Connection::open(month.path("b")).expect("opened");
        ledger.execute_batch(sql).expect("changed");
    };
    for (sql, differs) in [
        (
            "PRAGMA user_version = 99",
            "its format is 99, this version writes",
        ),
        (
            "UPDATE about SET value = '0.0.9' WHERE name = 'tool'",
            "it was made by version 0.0.9, not",
        ),
        (
            "UPDATE about SET value = 'dice' WHERE name = 'seed'",
            "its samples are drawn with seed `dice`, not `attestrail`",
        ),
        (
            "UPDATE control SET digest = 'x' WHERE id = 'root-api-activity'",
            "control `root-api-activity` has changed",
        ),
        (
            "DELETE FROM control WHERE id = 'root-api-activity'",
            "control `root-api-activity` is new",
        ),
        (
            "UPDATE list SET digest = 'x' WHERE name = 'log_buckets'",
            "list `log_buckets` has changed",
        ),
    ] {
        change(sql);
        let before = fs::read(month.path("b")).expect("readable");
        let scanned = month.scan("logs", "b");
        scanned.ends(2).says(differs).says("help: ");
        let merged = month.run(&["merge", "a", "b", "--out", "c"]);
        merged.ends(2).says(differs).says("ledger `b`");
        assert!(!month.path("c").exists(), "half a ledger is left");
        if !sql.contains("seed") {
            let report = [&["report", "--ledger", "b", "--out", "p"], &PERIOD[..]].concat();
            month.run(&report).ends(2).says(differs).says("help: ");
        }
        assert!(
            !month.path("p").exists(),
            "a packet in spite of `{differs}`"
        );
        assert!(
            fs::read(month.path("b")).expect("readable") == before,
            "{sql}"
        );
    }
}

#[test]
fn the_seed_of_a_ledger_is_the_seed_of_its_packets() {
    let month = Month::new();
    month
        .run(&["scan", "logs", "--ledger", "a", "--seed", "dice"])
        .ends(0);
    let other = [&["report", "--ledger", "a", "--seed", "coin"], &PERIOD[..]].concat();
    month
        .run(&other)
        .ends(2)
        .says("its samples are drawn with seed `dice`, not `coin`");
    let files = month.packets_of("a");
    let found = files
        .iter()
        .find(|(name, _)| name.ends_with("hipaa/packet.json"));
    let packet: serde_json::Value =
        serde_json::from_slice(&found.expect("the model").1).expect("JSON");
    assert_eq!(packet["method"]["seed"], "dice");
    let command = packet["method"]["command"].as_str().expect("a text");
    assert!(command.contains("--seed dice"), "{command}");
}

#[test]
fn a_file_is_unchanged_if_size_time_and_inode_are_and_rehash_doubts_it() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let (name, _) = month
        .files()
        .into_iter()
        .find(|(name, _)| name.ends_with("_two07.json"))
        .expect("it was made");
    let path = month.path("logs").join(name);
    let looks = fs::metadata(&path)
        .expect("there")
        .modified()
        .expect("known");
    let read = |more: &[&str]| {
        let words = [&["scan", "logs", "--ledger", "a", "--json"], more].concat();
        let run = month.run(&words);
        run.ends(0);
        let found: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        found["files_read"].as_u64().expect("a count")
    };
    let touch = |time| {
        let file = fs::File::options().write(true).open(&path).expect("there");
        file.set_modified(time).expect("set");
    };
    assert_eq!(read(&[]), 0);
    // Another content that looks the same: the file system does not show it.
    let text = fs::read_to_string(&path).expect("readable");
    fs::write(&path, text.replace("user/ben", "user/bob")).expect("writable");
    touch(looks);
    assert_eq!(read(&[]), 0);
    assert!(read(&["--rehash"]) > 400);
    same_packets(&month.packets_of("a"), &month.packets_of_logs("logs"));
    // Any other time is another look, also an earlier one or one in the future.
    let hour = std::time::Duration::from_secs(3600);
    for time in [looks - hour, looks + hour * 24 * 3650] {
        touch(time);
        assert_eq!(read(&[]), 1);
        assert_eq!(read(&[]), 0);
    }
    fs::remove_dir_all(month.path("a.packets")).expect("there");
    fs::remove_dir_all(month.path("logs.packets")).expect("there");
    same_packets(&month.packets_of("a"), &month.packets_of_logs("logs"));
}
