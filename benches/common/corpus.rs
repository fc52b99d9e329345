//! A seeded corpus of CloudTrail log files with known, injected exceptions.
//!
//! Written by this file and not by a real account: documentation account ids,
//! documentation addresses. The same seed and size give the same bytes, so a
//! corpus is made once and kept below `target/`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use attestrail::source::SourceFile;
use attestrail::source::local::{WalkOptions, walk};

/// What was put into a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Truth {
    /// Distinct records.
    pub records: u64,
    /// Records written a second time.
    pub duplicates: u64,
    /// Successful `StopLogging` calls.
    pub stop_logging: u64,
    /// Successful calls by root that no service made.
    pub root_calls: u64,
    /// Log files.
    pub files: u64,
}

/// A corpus on disk.
pub struct Corpus {
    /// Its top folder.
    pub folder: PathBuf,
    /// What is in it.
    pub truth: Truth,
}

/// Logs to measure.
pub struct Logs {
    /// As a walk lists them.
    pub files: Vec<SourceFile>,
    /// Where they are.
    pub paths: Vec<PathBuf>,
    /// How many records they hold, if known.
    pub records: Option<u64>,
}

impl Logs {
    /// Bytes of JSON for each byte of gzip.
    pub fn ratio(&self) -> f64 {
        let stored: u64 = self.files.iter().map(|file| file.size).sum();
        super::cpu::inflate_all(&self.paths) as f64 / stored as f64
    }
}

/// The logs of the folder that `ATTESTRAIL_BENCH_LOGS` names, else a corpus of `records` records.
pub fn logs(records: u64) -> Logs {
    let (folder, records) = match std::env::var_os("ATTESTRAIL_BENCH_LOGS") {
        Some(folder) => (PathBuf::from(folder), None),
        None => {
            let corpus = corpus(records);
            let all = corpus.truth.records + corpus.truth.duplicates;
            (corpus.folder, Some(all))
        }
    };
    let listing = walk(&[folder], WalkOptions::default()).expect("the corpus can be walked");
    let is_log = |file: &SourceFile| file.key.ends_with(".json.gz");
    let files: Vec<SourceFile> = listing.files.iter().filter(is_log).collect();
    Logs {
        paths: files.iter().map(|file| file.path.clone()).collect(),
        files,
        records,
    }
}

const ACCOUNTS: [&str; 4] = [
    "111122223333",
    "444455556666",
    "123456789012",
    "777788889999",
];
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-2"];
const START: i64 = 1_790_812_800; // 2026-10-01T00:00:00Z

/// Calls of an ordinary month: source, name, read-only, weight, parameters.
const CALLS: [(&str, &str, bool, u32, &str); 14] = [
    (
        "sts.amazonaws.com",
        "AssumeRole",
        true,
        24,
        r#"{"roleArn":"arn:aws:iam::ACCOUNT:role/service-role/app-ID","roleSessionName":"session-ID","durationSeconds":3600}"#,
    ),
    (
        "kms.amazonaws.com",
        "Decrypt",
        true,
        18,
        r#"{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"aws:lambda:FunctionArn":"arn:aws:lambda:REGION:ACCOUNT:function:fn-ID"}}"#,
    ),
    (
        "ec2.amazonaws.com",
        "DescribeInstances",
        true,
        14,
        r#"{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"tag:app","valueSet":{"items":[{"value":"app-ID"}]}}]}}"#,
    ),
    (
        "s3.amazonaws.com",
        "GetBucketAcl",
        true,
        8,
        r#"{"bucketName":"bucket-ID","Host":"bucket-ID.s3.amazonaws.com","acl":""}"#,
    ),
    (
        "logs.amazonaws.com",
        "CreateLogStream",
        false,
        8,
        r#"{"logGroupName":"/aws/lambda/fn-ID","logStreamName":"2026/10/01/[$LATEST]ID"}"#,
    ),
    (
        "ssm.amazonaws.com",
        "UpdateInstanceInformation",
        false,
        7,
        r#"{"instanceId":"i-0ID","agentVersion":"3.3.1","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","iPAddress":"192.0.2.14"}"#,
    ),
    (
        "iam.amazonaws.com",
        "ListAttachedRolePolicies",
        true,
        5,
        r#"{"roleName":"app-ID","maxItems":100}"#,
    ),
    (
        "ecr.amazonaws.com",
        "GetAuthorizationToken",
        true,
        4,
        "null",
    ),
    (
        "monitoring.amazonaws.com",
        "DescribeAlarms",
        true,
        4,
        r#"{"maxRecords":100}"#,
    ),
    (
        "ec2.amazonaws.com",
        "AuthorizeSecurityGroupIngress",
        false,
        2,
        r#"{"groupId":"sg-0ID","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":5432,"toPort":5432,"groups":{},"ipRanges":{"items":[{"cidrIp":"192.0.2.0/24"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#,
    ),
    (
        "iam.amazonaws.com",
        "PutRolePolicy",
        false,
        2,
        r#"{"roleName":"app-ID","policyName":"inline","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::bucket-ID/*\"}]}"}"#,
    ),
    ("signin.amazonaws.com", "ConsoleLogin", false, 1, "null"),
    (
        "dynamodb.amazonaws.com",
        "DescribeTable",
        true,
        3,
        r#"{"tableName":"table-ID"}"#,
    ),
    (
        "cloudtrail.amazonaws.com",
        "DescribeTrails",
        true,
        2,
        r#"{"trailNameList":[],"includeShadowTrails":false}"#,
    ),
];

/// How records are spread over files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// As a busy trail delivers them: median about 90, and one file in 200 is large.
    Busy,
    /// One in each file, as an idle account has them; some 700 bytes as stored.
    Single,
    /// Some 50 MB of JSON in each file.
    Large,
}

/// What a corpus is like.
#[derive(Debug, Clone, Copy)]
struct Recipe {
    spread: Spread,
    /// One record in so many is a call by root.
    root_one_in: u64,
}

const BUSY: Recipe = Recipe {
    spread: Spread::Busy,
    root_one_in: 40_000,
};

/// The corpus of `records` records, made below `target/` if it is not there yet.
pub fn corpus(records: u64) -> Corpus {
    made(records, BUSY, &format!("v1-{records}"))
}

/// As many files of one record each (a few have it twice), made below `target/` if they are not there yet.
pub fn small_files(files: u64) -> Corpus {
    let spread = Spread::Single;
    made(
        files,
        Recipe { spread, ..BUSY },
        &format!("v1-single-{files}"),
    )
}

/// Records in files of some 50 MB unpacked, made below `target/` if they are not there yet.
pub fn large_files(records: u64) -> Corpus {
    let spread = Spread::Large;
    made(
        records,
        Recipe { spread, ..BUSY },
        &format!("v1-large-{records}"),
    )
}

/// Records of which one in twenty is an exception, made below `target/` if they are not there yet.
pub fn exceptions(records: u64) -> Corpus {
    let recipe = Recipe {
        root_one_in: 20,
        ..BUSY
    };
    made(records, recipe, &format!("v1-exceptions-{records}"))
}

fn made(records: u64, recipe: Recipe, name: &str) -> Corpus {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/bench-corpus")
        .join(name);
    let already = folder.join("complete").exists();
    let truth = write(&folder, records, recipe, already);
    fs::write(folder.join("complete"), "").expect("the target folder can be written");
    Corpus {
        folder: folder.join("logs"),
        truth,
    }
}

fn write(folder: &Path, records: u64, recipe: Recipe, already: bool) -> Truth {
    let mut truth = Truth::default();
    let mut random = Random(0x5EED);
    let mut compressor =
        libdeflater::Compressor::new(libdeflater::CompressionLvl::new(6).expect("a level"));
    let mut left = records;
    while left > 0 {
        let wanted = match recipe.spread {
            Spread::Single => 1,
            Spread::Large => 40_000,
            Spread::Busy if random.below(200) == 0 => 8_000,
            Spread::Busy => 20 + random.below(150),
        };
        let count = wanted.min(left);
        let text = file_text(&mut random, &mut truth, recipe, count);
        left -= count;
        if already {
            truth.files += 1;
            continue;
        }
        let account = ACCOUNTS[(truth.files % 4) as usize];
        let region = REGIONS[(truth.files % 3) as usize];
        let day = 1 + truth.files % 31;
        let place = folder.join(format!(
            "logs/AWSLogs/{account}/CloudTrail/{region}/2026/10/{day:02}"
        ));
        if !place.is_dir() {
            fs::create_dir_all(&place).expect("the target folder can be written");
        }
        let name = format!(
            "{account}_CloudTrail_{region}_202610{day:02}T0000Z_{:016}.json.gz",
            truth.files
        );
        let mut packed = vec![0; compressor.gzip_compress_bound(text.len())];
        let size = compressor
            .gzip_compress(text.as_bytes(), &mut packed)
            .expect("the bound is enough");
        fs::write(place.join(name), &packed[..size]).expect("the target folder can be written");
        truth.files += 1;
    }
    truth
}

fn file_text(random: &mut Random, truth: &mut Truth, recipe: Recipe, count: u64) -> String {
    let account = ACCOUNTS[(truth.files % 4) as usize];
    let region = REGIONS[(truth.files % 3) as usize];
    let day = START + ((truth.files % 31) * 86_400) as i64;
    let mut text = String::from("{\"Records\":[");
    let mut last = String::new();
    for at in 0..count {
        if at > 0 {
            text.push(',');
        }
        let root = random.below(recipe.root_one_in) == 0;
        let record = record(random, truth, root, account, region, day);
        text.push_str(&record);
        last = record;
    }
    // One record in about 250 is delivered twice.
    if random.below(250) < count.min(100) {
        text.push(',');
        text.push_str(&last);
        truth.duplicates += 1;
    }
    text.push_str("]}");
    text
}

fn record(
    random: &mut Random,
    truth: &mut Truth,
    root: bool,
    account: &str,
    region: &str,
    day: i64,
) -> String {
    truth.records += 1;
    let stop = !root && random.below(60_000) == 0;
    truth.root_calls += u64::from(root);
    truth.stop_logging += u64::from(stop);
    let (source, name, read_only, parameters) = if stop {
        (
            "cloudtrail.amazonaws.com",
            "StopLogging",
            false,
            r#"{"name":"arn:aws:cloudtrail:REGION:ACCOUNT:trail/main"}"#,
        )
    } else {
        pick(random)
    };
    let id = format!("{:012x}", random.next() & 0xFFFF_FFFF_FFFF);
    let parameters = parameters
        .replace("ID", &id)
        .replace("ACCOUNT", account)
        .replace("REGION", region);
    let time = day + random.below(86_400) as i64;
    let identity = if root {
        format!(
            r#"{{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}","accessKeyId":"ASIAEXAMPLE{id}"}}"#
        )
    } else {
        let role = random.below(40);
        format!(
            r#"{{"type":"AssumedRole","principalId":"AROAEXAMPLE{role:05}:session-{id}","arn":"arn:aws:sts::{account}:assumed-role/app-{role}/session-{id}","accountId":"{account}","accessKeyId":"ASIA{id}EX","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE{role:05}","arn":"arn:aws:iam::{account}:role/app-{role}","accountId":"{account}","userName":"app-{role}"}},"attributes":{{"creationDate":"2026-10-01T00:00:00Z","mfaAuthenticated":"false"}}}}}}"#
        )
    };
    let event_type = if source == "signin.amazonaws.com" {
        "AwsConsoleSignIn"
    } else {
        "AwsApiCall"
    };
    let mut text = String::with_capacity(1400);
    write!(
        text,
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"{}","eventSource":"{source}","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"192.0.2.{}","userAgent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/{name}#1.0.0","requestParameters":{parameters},"responseElements":null,"requestID":"{}","eventID":"{}","readOnly":{read_only},"eventType":"{event_type}","managementEvent":true,"recipientAccountId":"{account}","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"service.{region}.amazonaws.com"}}}}"#,
        attestrail::record::time::format(time),
        random.below(250),
        random.guid(),
        random.guid(),
    )
    .expect("writing to a string");
    text
}

fn pick(random: &mut Random) -> (&'static str, &'static str, bool, &'static str) {
    let total: u32 = CALLS.iter().map(|call| call.3).sum();
    let mut left = random.below(u64::from(total)) as u32;
    for (source, name, read_only, weight, parameters) in CALLS {
        if left < weight {
            return (source, name, read_only, parameters);
        }
        left -= weight;
    }
    unreachable!("the weights add up to the total")
}

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn guid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xFFFF,
            a & 0xFFF,
            b >> 48 & 0xFFF,
            b & 0xFFFF_FFFF_FFFF
        )
    }
}
