//! What verifying digest chains adds to a scan and its assessment, relative to SHA-256 of
//! the unpacked bytes alone, in the same run with one thread. At most 1.15 is the goal.
//!
//! A set with few logs for each digest cannot reach it: its digests have to be opened and their
//! signatures checked. What that costs alone is measured too, without reading what they say.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use attestrail::assess::{Assessed, Options, Trust, assess};
use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::integrity::collect::add_keys;
use attestrail::integrity::keys::Keys;
use attestrail::ledger::Ledger;
use attestrail::ledger::identity::Identity;
use attestrail::period::Period;
use attestrail::reader::inflate::{InflateLimits, inflate};
use attestrail::scan::{NoProgress, Plan, ScanOptions, scan};
use attestrail::source::local::{WalkOptions, walk};
use attestrail::source::{Listing, SourceFile};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::cpu::{median, timed};
use pkcs1::RsaPublicKeyRef;
use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};

const SEED: &str = "bench";
const ROUNDS: usize = 7;

fn main() {
    // A tree with digests and the folder of its keys, as `make_digests.py` leaves them:
    // `cargo bench --bench integrity -- TREE OUT`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [tree, out] = words.as_slice() else {
        println!("skipped: name a tree with digests and the folder of its public-keys.json");
        return;
    };
    let (tree, out) = (PathBuf::from(tree), Path::new(out));
    let with = walk(std::slice::from_ref(&tree), WalkOptions::default()).expect("a tree");
    let logs = Listing {
        files: with
            .files
            .iter()
            .filter(|file| !file.key.contains("CloudTrail-Digest"))
            .collect(),
        problems: Vec::new(),
    };
    let mut keys = Keys::new();
    assert_eq!(
        add_keys(&mut keys, &out.join("public-keys.json")),
        Ok(Vec::new())
    );
    let trust = Trust {
        keys,
        ..Trust::default()
    };
    let (set, _) = load::shipped().expect("the shipped controls load");
    let contents = contents(&logs);
    let bytes: usize = contents.iter().map(Vec::len).sum();
    let small = with_digests(&with);
    let key = first_key(&out.join("public-keys.json"));
    let mut ratios = Vec::new();
    let mut least = Vec::new();
    let mut shares = Vec::new();
    let mut beside = Vec::new();
    let digest_count = small
        .iter()
        .filter(|file| file.key.ends_with(".json.gz"))
        .count();
    for _ in 0..ROUNDS {
        let (floor, hash) = timed(|| hash_all(&contents));
        assert_ne!(hash, 0);
        let (opened, read) = timed(|| open_and_check(&small, &key));
        assert_ne!(read, 0);
        let (plain, ledger) = timed(|| scanned(&logs, &set));
        let (plain_assess, status) = timed(|| status_of(&ledger, &set, None));
        assert_eq!(status, "not-verified");
        let (verified, ledger) = timed(|| scanned(&with, &set));
        let (verified_assess, status) = timed(|| status_of(&ledger, &set, Some(&trust)));
        assert_eq!(status, "verified");
        let added = verified + verified_assess - plain - plain_assess;
        ratios.push(added / floor);
        least.push((floor + opened) / floor);
        shares.push(added / (plain + plain_assess));
        beside.push((added - floor) / digest_count as f64 * 1e6);
    }
    let digests = with.files.len() - logs.files.len();
    println!(
        "logs: {}, digests and metadata: {digests}, unpacked bytes: {bytes}",
        logs.files.len()
    );
    println!(
        "verification added / SHA-256 of the unpacked bytes: {:.2}",
        median(ratios)
    );
    println!(
        "hashing, opening digests and checking signatures alone / SHA-256 of the unpacked bytes: {:.2}",
        median(least)
    );
    println!(
        "verification added beside that hashing, for each digest: {:.0} microseconds",
        median(beside)
    );
    println!(
        "verification added / scan and assessment without: {:.3}",
        median(shares)
    );
}

fn with_digests(listing: &Listing) -> Vec<SourceFile> {
    let files = listing.files.iter();
    files
        .filter(|file| file.key.contains("CloudTrail-Digest"))
        .collect()
}

/// The first key of a list that `make_digests.py` wrote.
fn first_key(path: &Path) -> RsaPublicKeyComponents<Vec<u8>> {
    let list: serde_json::Value =
        serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON");
    let value = list["PublicKeyList"][0]["Value"].as_str().expect("a key");
    let der = STANDARD.decode(value).expect("base64");
    let key = RsaPublicKeyRef::try_from(der.as_slice()).expect("a key");
    RsaPublicKeyComponents {
        n: key.modulus.as_bytes().to_vec(),
        e: key.public_exponent.as_bytes().to_vec(),
    }
}

/// Opens and hashes every file, and for each digest does what checking a signature costs: one
/// that is wrong is found out after the same arithmetic.
fn open_and_check(files: &[SourceFile], key: &RsaPublicKeyComponents<Vec<u8>>) -> u64 {
    let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
    let signature = vec![0x55; key.n.len()];
    let mut sum = 0;
    for file in files {
        let stored = fs::read(&file.path).expect("readable");
        let hash: [u8; 32] = Sha256::digest(&stored).into();
        sum += u64::from(hash[0]) + 1;
        if file.key.ends_with(".json.gz") {
            assert!(key.verify(algorithm, &hash, &signature).is_err());
        }
    }
    sum
}

fn scanned(listing: &Listing, set: &ControlSet) -> Ledger {
    let scope = Scope::none();
    let identity = Identity::of(set, &scope, SEED);
    let mut ledger = Ledger::temporary(&identity).expect("a temporary ledger");
    let plan = Plan::new(set, &scope, SEED);
    let cancel = AtomicBool::new(false);
    let options = ScanOptions::default();
    scan(
        &mut ledger,
        listing,
        &plan,
        &options,
        &mut NoProgress,
        &cancel,
    )
    .expect("scanned");
    ledger
}

/// The period lies inside the chains, so that a clean tree is verified in full.
fn status_of(ledger: &Ledger, set: &ControlSet, trust: Option<&Trust>) -> &'static str {
    let day = std::env::var("BENCH_PERIOD").unwrap_or_else(|_| "2026-10-10/2026-10-11".to_owned());
    let (from, to) = day.split_once('/').expect("FROM/TO");
    let period = Period::between(from, to).expect("days");
    let options = Options {
        trust,
        ..Options::default()
    };
    let Assessed { assessment, .. } =
        assess(ledger, set, &Scope::none(), &period, &options).expect("assessed");
    assessment.integrity.status
}

fn contents(listing: &Listing) -> Vec<Vec<u8>> {
    let limits = InflateLimits {
        bytes: 1 << 30,
        ratio: 1000,
    };
    let mut decompressor = libdeflater::Decompressor::new();
    let mut all = Vec::new();
    for file in listing.files.iter() {
        let stored = fs::read(&file.path).expect("readable");
        let mut content = Vec::new();
        let length = inflate(&mut decompressor, &stored, &mut content, limits).expect("gzip");
        content.truncate(length);
        all.push(content);
    }
    all
}

fn hash_all(contents: &[Vec<u8>]) -> u64 {
    let mut sum = 0u64;
    for content in contents {
        let hash: [u8; 32] = Sha256::digest(content).into();
        sum = sum.wrapping_add(u64::from(hash[0])).wrapping_add(1);
    }
    sum
}
