//! Small worlds with digest chains that are signed, so that what digests prove can be tested beside
//! what records tell.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use attestrail::assess::{MetadataFile, Trust};
use attestrail::integrity::keys::Keys;
use attestrail::record::time;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest, Sha256};

use crate::cli_common::{Run, run};
use crate::scan_common::{ACCOUNT, REGION, World};

const BUCKET: &str = "evidence";
const FINGERPRINT: &str = "9a7bde585d62329e3a4f8bd3957228b2";

/// The digests of one trail about one account and Region.
pub struct Chain<'c> {
    /// What stands before the account in their keys.
    pub front: &'c str,
    pub account: &'c str,
    pub region: &'c str,
    pub trail: &'c str,
    pub home: &'c str,
    /// From and up to when one follows the other each hour; a later time begins a new segment.
    pub times: &'c [(&'c str, &'c str)],
    /// Whether they list the log files of the account and Region.
    pub has_logs: bool,
}

/// Those of the trail `main` at its home, without any logs.
pub const CHAIN: Chain<'_> = Chain {
    front: "AWSLogs/",
    account: ACCOUNT,
    region: REGION,
    trail: "main",
    home: REGION,
    times: &[],
    has_logs: false,
};

impl World {
    /// The same with these chains, their signatures, and the key that is trusted.
    pub fn and_signed(mut self, chains: &[Chain<'_>]) -> World {
        let mut heads = String::new();
        for chain in chains {
            for (from, to) in chain.times {
                heads.push_str(&chain.add_segment(&mut self, from, to));
            }
        }
        self.trust = Some(Trust {
            keys: trusted(),
            metadata: vec![MetadataFile {
                name: "heads.ndjson".to_owned(),
                sha256: Sha256::digest(&heads).into(),
                bytes: heads.into_bytes(),
            }],
            ..Trust::default()
        });
        self
    }
}

/// A signed world as a person has it on disk.
pub struct OnDisk {
    folder: tempfile::TempDir,
}

impl OnDisk {
    /// Files of the log set, metadata of digests, and keys.
    pub fn of(world: &World) -> OnDisk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let all = OnDisk { folder };
        for (key, bytes) in &world.files {
            let path = all.log(key);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
        let trust = world.trust.as_ref().expect("signed");
        fs::write(all.path("heads.ndjson"), &trust.metadata[0].bytes).expect("written");
        fs::write(all.path("keys.json"), list_of_keys()).expect("written");
        all
    }

    /// A file beside the log set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the log set.
    pub fn log(&self, key: &str) -> PathBuf {
        self.path("tree").join(key)
    }

    /// Runs the program beside the log set `tree`.
    pub fn run(&self, words: &[&str]) -> Run {
        run(self.folder.path(), words)
    }
}

impl Chain<'_> {
    /// One digest for each hour, the last one shorter if that is what is left; their metadata.
    fn add_segment(&self, world: &mut World, from: &str, to: &str) -> String {
        let [from, to] = [from, to].map(|at| time::parse(at).expect("an instant"));
        let mut heads = String::new();
        let mut previous: Option<[String; 3]> = None;
        for start in (from..to).step_by(3600) {
            let end = to.min(start + 3600);
            let key = self.key(end);
            let text = self.digest(world, &key, (start, end), previous.as_ref());
            let sha256 = hex::encode(Sha256::digest(&text));
            let before = previous.as_ref().map_or("null", |one| one[2].as_str());
            let signature = sign(&format!(
                "{}\n{BUCKET}/{key}\n{sha256}\n{before}",
                time::format(end)
            ));
            heads.push_str(&format!(
                "{{\"Bucket\":\"{BUCKET}\",\"Key\":\"{key}\",\"Metadata\":{{\"signature\":\"{signature}\",\
                 \"signature-algorithm\":\"SHA256withRSA\"}}}}\n"
            ));
            world.files.push((key.clone(), text.into_bytes()));
            previous = Some([key, sha256, signature]);
        }
        heads
    }

    fn key(&self, end: i64) -> String {
        let names = [self.account, self.region, self.trail, self.home];
        digest_key(self.front, names, end)
    }

    fn digest(
        &self,
        world: &World,
        key: &str,
        span: (i64, i64),
        previous: Option<&[String; 3]>,
    ) -> String {
        let quoted =
            |at: usize| previous.map_or("null".to_owned(), |one| format!("\"{}\"", one[at]));
        let same = |text: &str| previous.map_or("null".to_owned(), |_| format!("\"{text}\""));
        let logs: Vec<String> = match self.has_logs {
            true => (world.files.iter())
                .filter(|(key, _)| self.lists(key, span))
                .map(|(key, bytes)| listed(key, bytes))
                .collect(),
            false => Vec::new(),
        };
        format!(
            "{{\"awsAccountId\":\"{}\",\"digestStartTime\":\"{}\",\"digestEndTime\":\"{}\",\
             \"digestS3Bucket\":\"{BUCKET}\",\"digestS3Object\":\"{key}\",\
             \"digestPublicKeyFingerprint\":\"{FINGERPRINT}\",\
             \"digestSignatureAlgorithm\":\"SHA256withRSA\",\"newestEventTime\":null,\
             \"oldestEventTime\":null,\"previousDigestS3Bucket\":{},\"previousDigestS3Object\":{},\
             \"previousDigestHashValue\":{},\"previousDigestHashAlgorithm\":{},\
             \"previousDigestSignature\":{},\"logFiles\":[{}]}}",
            self.account,
            time::format(span.0),
            time::format(span.1),
            same(BUCKET),
            quoted(0),
            quoted(1),
            same("SHA-256"),
            quoted(2),
            logs.join(",")
        )
    }

    /// Whether a log file of this account and Region was delivered in this hour, says its name.
    fn lists(&self, key: &str, span: (i64, i64)) -> bool {
        let front = format!("{}{}/CloudTrail/{}/", self.front, self.account, self.region);
        let name = key.strip_prefix(&front).map(|_| key.rsplit('_').nth(1));
        let Some(Some(at)) = name else { return false };
        let at = format!(
            "{}-{}-{}T{}:{}:00Z",
            &at[..4],
            &at[4..6],
            &at[6..8],
            &at[9..11],
            &at[11..13]
        );
        let at = time::parse(&at).expect("an instant");
        span.0 <= at && at < span.1
    }
}

/// The key of a digest of an account and Region, of a trail and its home.
pub fn digest_key(front: &str, [account, region, trail, home]: [&str; 4], end: i64) -> String {
    let end = time::format(end);
    let (day, at) = (end[..10].replace('-', "/"), end.replace(['-', ':'], ""));
    format!(
        "{front}{account}/CloudTrail-Digest/{region}/{day}/\
         {account}_CloudTrail-Digest_{region}_{trail}_{home}_{at}.json.gz"
    )
}

fn listed(key: &str, bytes: &[u8]) -> String {
    format!(
        "{{\"s3Bucket\":\"{BUCKET}\",\"s3Object\":\"{key}\",\"hashValue\":\"{}\",\
         \"hashAlgorithm\":\"SHA-256\",\"newestEventTime\":null,\"oldestEventTime\":null}}",
        hex::encode(Sha256::digest(bytes))
    )
}

fn pair() -> &'static RsaKeyPair {
    static PAIR: OnceLock<RsaKeyPair> = OnceLock::new();
    PAIR.get_or_init(|| {
        let bytes = include_bytes!("../data/digests/signing-key.der");
        RsaKeyPair::from_der(bytes).expect("a key")
    })
}

fn sign(text: &str) -> String {
    let mut signature = vec![0; pair().public().modulus_len()];
    pair()
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .expect("signed");
    hex::encode(signature)
}

/// The public key, as the AWS CLI prints it.
fn list_of_keys() -> String {
    let value = STANDARD.encode(pair().public_key().as_ref());
    format!(
        "{{\"PublicKeyList\":[{{\"Value\":\"{value}\",\"ValidityStartTime\":\"2026-01-01T00:00:00Z\",\
         \"ValidityEndTime\":\"2027-12-31T00:00:00Z\",\"Fingerprint\":\"{FINGERPRINT}\"}}]}}"
    )
}

/// The public key for every Region.
fn trusted() -> Keys {
    let mut keys = Keys::new();
    for region in [REGION, "eu-west-1"] {
        let list = list_of_keys();
        let added = keys.add_list("keys.json", Some(region), list.as_bytes());
        added.unwrap_or_else(|errors| panic!("{errors:?}"));
    }
    keys
}
