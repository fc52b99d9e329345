//! What the tests of integrity share: verifying a tree, and comparing the answer with `truth.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use attestrail::integrity::collect::{CollectOptions, add_keys, collect};
use attestrail::integrity::keys::Keys;
use attestrail::integrity::report::{
    CoverKind, DigestReport, DigestState, FaultKind, LogReport, LogState,
};
use attestrail::integrity::{Asked, Facts, IntegrityReport, Options, verify};
use attestrail::reader::ReadLimits;
use attestrail::source::local::{WalkOptions, walk};

/// A tree with keys and truth, as `make_digests.py` leaves it.
pub struct Case {
    pub name: String,
    pub tree: PathBuf,
    pub out: PathBuf,
}

/// The facts of a tree, with the metadata and keys beside it.
pub fn facts(roots: &[PathBuf], out: Option<&Path>) -> Facts {
    let listing = walk(roots, WalkOptions::default()).expect("trees are there");
    let options = CollectOptions {
        inflate: ReadLimits::default().inflate,
        threads: 2,
    };
    let mut facts = collect(&listing, &options, &|_| {}).facts;
    if let Some(out) = out {
        facts.keys = keys(&[out.join("public-keys.json")]);
        let lines = out.join("digest-metadata.ndjson");
        if lines.exists() {
            facts.add_metadata_lines(
                "digest-metadata.ndjson",
                &fs::read(lines).expect("readable"),
            );
        }
    }
    facts
}

pub fn keys(files: &[PathBuf]) -> Keys {
    let mut keys = Keys::new();
    for file in files {
        assert_eq!(
            add_keys(&mut keys, file),
            Ok(Vec::new()),
            "{}",
            file.display()
        );
    }
    keys
}

pub fn check_facts(facts: &Facts, asked: Option<Asked>) -> IntegrityReport {
    let report = verify(facts, &Options { asked, threads: 2 });
    for problem in &report.problems {
        assert!(
            !problem.message.chars().any(char::is_control),
            "{problem:?}"
        );
    }
    for range in report
        .cover
        .iter()
        .flat_map(|cover| cover.ranges.windows(2))
    {
        assert!(
            range[0].end == range[1].start && range[0].kind != range[1].kind,
            "{range:?}"
        );
    }
    report
}

pub fn report(case: &Case) -> IntegrityReport {
    check_facts(
        &facts(std::slice::from_ref(&case.tree), Some(&case.out)),
        None,
    )
}

/// One digest as `truth.json` has it.
struct TrueDigest<'t> {
    key: &'t str,
    start: i64,
    end: i64,
    expect: &'t str,
    logs: Vec<(&'t str, &'t str)>,
    /// Whether metadata on disk has a signature, whatever its worth.
    has_metadata: bool,
    /// Whether metadata is there at all.
    has_sidecar: bool,
    /// What became of the digest that repeats its signature.
    successor: Option<&'t str>,
    successor_is_broken: bool,
}

fn text<'t>(value: &'t Value, name: &str) -> &'t str {
    value[name].as_str().unwrap_or_default()
}

fn list<'t>(value: &'t Value, name: &str) -> &'t [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn instant(value: &Value, name: &str) -> i64 {
    attestrail::record::time::parse(text(value, name)).expect("truth has times")
}

fn true_digests<'t>(case: &Case, truth: &'t Value) -> Vec<TrueDigest<'t>> {
    let metadata: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_slice(
        &fs::read(case.out.join("s3-metadata.json")).expect("metadata is there"),
    )
    .expect("metadata is JSON");
    let is_ndjson = case.out.join("digest-metadata.ndjson").exists();
    let mut all = Vec::new();
    for chain in list(truth, "chains") {
        let digests = list(chain, "digests");
        for (at, digest) in digests.iter().enumerate() {
            let key = text(digest, "key");
            let next = digests
                .get(at + 1)
                .filter(|next| next["starting"] == false && next["backfill"] == digest["backfill"]);
            let has_sidecar = is_ndjson && metadata.contains_key(key)
                || case.tree.join(format!("{key}.head.json")).exists();
            all.push(TrueDigest {
                key,
                start: instant(digest, "start"),
                end: instant(digest, "end"),
                expect: text(digest, "expect"),
                logs: list(digest, "logs")
                    .iter()
                    .map(|log| (text(log, "key"), text(log, "expect")))
                    .collect(),
                has_sidecar,
                has_metadata: has_sidecar
                    && metadata
                        .get(key)
                        .is_some_and(|values| values.contains_key("signature")),
                successor: next.map(|next| text(next, "expect")),
                successor_is_broken: next.is_some_and(|next| is_broken(truth, text(next, "key"))),
            });
        }
    }
    all
}

/// Whether nothing of a digest can be read any more.
fn is_broken(truth: &Value, key: &str) -> bool {
    list(truth, "faults").iter().any(|fault| {
        text(fault, "target") == key
            && matches!(
                text(fault, "kind"),
                "digest-not-json" | "digest-missing-field"
            )
    })
}

/// Every difference between the answer and the truth. With `is_pair`, one fault may hide another.
pub fn differences(case: &Case, report: &IntegrityReport, is_pair: bool) -> Vec<String> {
    let truth: Value =
        serde_json::from_slice(&fs::read(case.out.join("truth.json")).expect("truth is there"))
            .expect("truth is JSON");
    let mut judge = Judge {
        report,
        is_pair,
        targets: targets(&truth),
        kinds: list(&truth, "faults")
            .iter()
            .map(|fault| text(fault, "kind"))
            .collect(),
        wrong: Vec::new(),
    };
    for digest in true_digests(case, &truth) {
        judge.digest(&digest);
    }
    for log in list(&truth, "unlistedLogs") {
        judge.unlisted(text(log, "key"), text(log, "why"));
    }
    for fault in list(&truth, "faults") {
        judge.named(text(fault, "kind"), text(fault, "target"));
    }
    judge.wrong
}

/// The objects that a fault was put into.
fn targets(truth: &Value) -> BTreeSet<&str> {
    list(truth, "faults")
        .iter()
        .flat_map(|fault| text(fault, "target").split(" <-> "))
        .collect()
}

struct Judge<'r, 't> {
    report: &'r IntegrityReport,
    is_pair: bool,
    targets: BTreeSet<&'t str>,
    kinds: BTreeSet<&'t str>,
    wrong: Vec<String>,
}

impl Judge<'_, '_> {
    fn find_digest(&self, key: &str) -> Option<&DigestReport> {
        let all = || self.report.digests.iter();
        all()
            .find(|digest| digest.file.as_deref() == Some(key))
            .or_else(|| all().find(|digest| digest.key == key))
    }

    fn find_log(&self, key: &str) -> Option<&LogReport> {
        self.report.logs.iter().find(|log| log.key == key)
    }

    fn say(&mut self, object: &str, expected: &str, found: impl std::fmt::Debug) {
        self.wrong
            .push(format!("{object}: expected {expected}, found {found:?}"));
    }

    fn cover_at(&self, at: i64, key: &str) -> Option<CoverKind> {
        let cover = self.report.cover.iter().find(|cover| {
            key.contains(&format!("/{}/", cover.place.account))
                && key.contains(&format!("/{}/", cover.place.region))
        })?;
        cover
            .ranges
            .iter()
            .find(|range| range.start <= at && at < range.end)
            .map(|range| range.kind)
    }

    fn digest(&mut self, truth: &TrueDigest<'_>) {
        let is_repeated = match truth.successor {
            None | Some("missing" | "missing-not-named") => false,
            // One that is cut off repeats nothing; one that is only unpacked does.
            Some("bad-format") => !truth.successor_is_broken,
            Some(_) => true,
        };
        let can_verify = truth.has_metadata || is_repeated;
        let found = self.find_digest(truth.key).cloned();
        let state = found.as_ref().map(|digest| digest.state);
        let has = |kind: FaultKind| {
            found
                .as_ref()
                .is_some_and(|digest| digest.faults.iter().any(|fault| fault.kind == kind))
        };
        let is_clean = found.as_ref().is_some_and(|digest| {
            digest
                .faults
                .iter()
                .all(|fault| fault.kind.weight() == attestrail::integrity::report::Weight::Notice)
        });
        let is_unsigned = state == Some(DigestState::HashOnly) && has(FaultKind::NoSignature);
        let good = match truth.expect {
            "valid" if can_verify => state == Some(DigestState::Valid) && is_clean,
            "valid" => is_unsigned,
            "signature-invalid" if can_verify => {
                state == Some(DigestState::Invalid) && has(FaultKind::SignatureInvalid)
            }
            "signature-invalid" => is_unsigned || state == Some(DigestState::Invalid),
            "key-not-found" => has(FaultKind::KeyNotFound) && state == Some(DigestState::HashOnly),
            "moved" => has(FaultKind::Moved) && state == Some(DigestState::Moved),
            "bad-format" => has(FaultKind::BadFormat) && state == Some(DigestState::Malformed),
            "trailing-data" => {
                has(FaultKind::TrailingData) && (state == Some(DigestState::Valid) || !can_verify)
            }
            "missing" => has(FaultKind::Missing) && state == Some(DigestState::Missing),
            "missing-not-named" => state.is_none(),
            "no-metadata-signature" if truth.has_sidecar && is_repeated => {
                has(FaultKind::NoMetadataSignature) && state == Some(DigestState::Valid)
            }
            "no-metadata-signature" if is_repeated => state == Some(DigestState::Valid),
            "no-metadata-signature" => is_unsigned,
            "unverifiable-no-signature" => is_unsigned,
            "metadata-signature-invalid" if truth.has_metadata && is_repeated => {
                has(FaultKind::MetadataSignatureInvalid) && state == Some(DigestState::Valid)
            }
            "metadata-signature-invalid" if truth.has_metadata => {
                state == Some(DigestState::Invalid)
            }
            "metadata-signature-invalid" if is_repeated => state == Some(DigestState::Valid),
            "metadata-signature-invalid" => is_unsigned,
            "metadata-algorithm-unexpected" if truth.has_metadata => {
                has(FaultKind::MetadataAlgorithm) && state == Some(DigestState::Valid)
            }
            "metadata-algorithm-unexpected" => state == Some(DigestState::Valid) || !can_verify,
            "previous-hash-mismatch" => has(FaultKind::PreviousHashMismatch),
            other => panic!("unknown expectation `{other}`"),
        };
        // A second fault in the same or a neighbouring digest can take the place of the first.
        let is_hidden = self.is_pair
            && self.targets.contains(truth.key)
            && state != Some(DigestState::Valid)
            && (state.is_some()
                || self
                    .kinds
                    .iter()
                    .any(|kind| kind.starts_with("deleted-newest")));
        if !good && !is_hidden {
            self.say(
                truth.key,
                &format!("{} ({can_verify})", truth.expect),
                &found,
            );
        }
        self.cover(truth, state);
        for (key, expect) in &truth.logs {
            self.log(key, expect, truth.expect, state);
        }
    }

    fn cover(&mut self, truth: &TrueDigest<'_>, state: Option<DigestState>) {
        if truth.key.contains("_backfill") {
            return;
        }
        let found = self.cover_at(i64::midpoint(truth.start, truth.end), truth.key);
        let good = match state {
            Some(DigestState::Valid) => found == Some(CoverKind::Verified),
            Some(DigestState::HashOnly) => found == Some(CoverKind::HashOnly),
            Some(DigestState::Missing) => found == Some(CoverKind::Hole),
            Some(_) => found == Some(CoverKind::Failed),
            // Cut off at an end, or in the middle of others that are missing.
            None => matches!(found, None | Some(CoverKind::Hole)),
        };
        if !good {
            self.say(truth.key, &format!("cover as of {state:?}"), found);
        }
    }

    fn log(&mut self, key: &str, expect: &str, digest: &str, digest_state: Option<DigestState>) {
        let found = self.find_log(key).cloned();
        let state = found.as_ref().map(|log| log.state);
        let has = |kind: FaultKind| {
            found
                .as_ref()
                .is_some_and(|log| log.faults.iter().any(|fault| fault.kind == kind))
        };
        let is_proved = digest_state == Some(DigestState::Valid);
        let is_cut_off = digest == "missing-not-named" && state == Some(LogState::NotCovered);
        let good = match expect {
            "valid" if is_proved => state == Some(LogState::Valid),
            "valid" => matches!(state, Some(LogState::Unverifiable | LogState::Valid)),
            "hash-mismatch" => state == Some(LogState::Modified) && has(FaultKind::HashMismatch),
            "missing" => state == Some(LogState::Missing) && has(FaultKind::Missing),
            "trailing-data" => state == Some(LogState::Modified) && has(FaultKind::TrailingData),
            "bad-format-or-hash-mismatch" => {
                state == Some(LogState::Modified)
                    && (has(FaultKind::BrokenLog) || has(FaultKind::HashMismatch))
            }
            "valid-content-not-gzip" => {
                has(FaultKind::NotGzip) && (state == Some(LogState::Valid) || !is_proved)
            }
            "hash-algorithm-unsupported" => {
                has(FaultKind::HashAlgorithm) && state == Some(LogState::Unverifiable)
            }
            "unverifiable" => state == Some(LogState::Unverifiable) || is_cut_off,
            "missing-and-unlisted" | "never-delivered" => state.is_none(),
            other => panic!("unknown expectation `{other}`"),
        };
        // Where the digest is gone, a changed log is only one that nobody lists.
        let is_hidden = self.is_pair
            && (!is_proved || self.targets.contains(key))
            && state != Some(LogState::Valid);
        if !good && !is_hidden {
            self.say(
                key,
                &format!("{expect} (digest {digest}, {digest_state:?})"),
                &found,
            );
        }
    }

    fn unlisted(&mut self, key: &str, why: &str) {
        let found = self.find_log(key).cloned();
        let state = found.as_ref().map(|log| log.state);
        let good = match why {
            "planted" => state == Some(LogState::Unlisted),
            "validation-was-off" | "family-not-covered" => state == Some(LogState::NotCovered),
            other => panic!("unknown reason `{other}`"),
        };
        let is_unsure = matches!(state, Some(LogState::Unverifiable | LogState::NotCovered))
            && (self.is_pair
                || self
                    .report
                    .digests
                    .iter()
                    .any(|d| d.state != DigestState::Valid));
        if !good && (why != "planted" || !is_unsure) {
            self.say(key, why, &found);
        }
    }

    /// What has no expectation of its own in `truth.json`.
    fn named(&mut self, kind: &str, target: &str) {
        let found = match kind {
            "listed-twice" => self.find_log(target).map(|log| log.faults.clone()),
            "path-traversal-key" => self
                .find_log("AWSLogs/../../../../etc/passwd")
                .map(|log| log.faults.clone()),
            _ => return,
        };
        let wanted = if kind == "listed-twice" {
            FaultKind::ListedTwice
        } else {
            FaultKind::UnsafeKey
        };
        let is_named = found.iter().flatten().any(|fault| fault.kind == wanted);
        let can_be_hidden = self.is_pair
            && self.report.digests.iter().any(|digest| {
                matches!(digest.state, DigestState::Malformed | DigestState::Missing)
            });
        if !is_named && !can_be_hidden {
            self.say(target, kind, found);
        }
    }
}
