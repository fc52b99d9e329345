//! Whether the signature of a digest verifies, and what is wrong if not.
//!
//! A signature proves itself, so it does not matter who carried it: the
//! successor of a digest, or metadata that nobody signed.

use crate::record::time;
use crate::source::display::display_value;

use super::digest::{Digest, Hash};
use super::keys::{Keys, TrailKey};
use super::metadata::SignatureFact;
use super::place::ChainId;
use super::report::{Fault, FaultKind};

/// The only algorithm that CloudTrail signs with.
const ALGORITHM: &str = "SHA256withRSA";

/// One digest with everything that its signature depends on.
pub(super) struct Question<'f> {
    pub digest: &'f Digest,
    pub content_sha256: Hash,
    pub chain: &'f ChainId,
    pub metadata: &'f [&'f SignatureFact],
    /// Metadata of objects with its key in another bucket.
    pub other_bucket: &'f [&'f SignatureFact],
    /// What successors repeat, and the keys of these successors.
    pub successors: Vec<(&'f str, &'f str)>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Where the signature that verified came from.
    pub verified_from: Option<String>,
    /// There are signatures, the key is at hand, and none verifies.
    pub is_invalid: bool,
    /// Which keys are wanted.
    pub lacks_key: bool,
    /// Whether there is no signature at all.
    pub lacks_signature: bool,
    /// When it was signed, as far as that is known.
    pub signed_at: Option<i64>,
    pub faults: Vec<Fault>,
}

impl Answer {
    fn fault(&mut self, kind: FaultKind, message: String) {
        self.faults.push(Fault { kind, message });
    }
}

/// What is signed.
fn signed_text(digest: &Digest, content_sha256: &Hash) -> String {
    let previous = digest
        .previous
        .as_ref()
        .map_or("null", |previous| &previous.signature);
    format!(
        "{}\n{}/{}\n{}\n{previous}",
        digest.end_text,
        digest.bucket,
        digest.key,
        hex::encode(content_sha256)
    )
}

/// Tries every signature that there is.
pub(super) fn judge(question: &Question<'_>, keys: &Keys) -> Answer {
    let mut answer = Answer {
        signed_at: signed_at(question),
        ..Answer::default()
    };
    remark_algorithms(question, &mut answer);
    remark_metadata(question, &mut answer);
    let from_metadata: Vec<&SignatureFact> = question
        .metadata
        .iter()
        .copied()
        .filter(|fact| fact.signature.is_some())
        .collect();
    answer.lacks_signature = from_metadata.is_empty() && question.successors.is_empty();
    let candidates = usable_keys(question, keys, &mut answer);
    if answer.lacks_signature {
        answer.fault(
            FaultKind::NoSignature,
            "no metadata holds its signature, and no digest follows that would repeat it".into(),
        );
    }
    if candidates.is_empty() {
        remark_differences(question, &from_metadata, &mut answer);
    }
    if candidates.is_empty() || answer.lacks_signature {
        return answer;
    }
    let text = signed_text(question.digest, &question.content_sha256);
    // Metadata and successor mostly carry the same signature.
    let mut tried: Vec<(&str, Option<&&TrailKey>)> = Vec::new();
    let mut signed_by = |signature| {
        if let Some((_, by)) = tried.iter().find(|(known, _)| *known == signature) {
            return *by;
        }
        let by = candidates
            .iter()
            .find(|key| key.verifies(text.as_bytes(), signature));
        tried.push((signature, by));
        by
    };
    let mut wrong = Vec::new();
    let mut signer = None;
    for (signature, key) in &question.successors {
        match signed_by(signature) {
            Some(_) if signer.is_some() => {}
            Some(by) => signer = Some((by, format!("repeated by {}", display_value(key)))),
            None => wrong.push((
                FaultKind::SuccessorSignatureInvalid,
                format!(
                    "the signature that {} repeats does not verify",
                    display_value(key)
                ),
            )),
        }
    }
    for fact in &from_metadata {
        let signature = fact.signature.as_deref().unwrap_or_default();
        match signed_by(signature) {
            Some(_) if signer.is_some() => {}
            Some(by) => signer = Some((by, fact.source.clone())),
            None => wrong.push((
                FaultKind::MetadataSignatureInvalid,
                format!("the signature in {} does not verify", fact.source),
            )),
        }
    }
    match signer {
        Some((key, source)) => accept(key, source, wrong, &mut answer),
        None => {
            answer.is_invalid = true;
            let sources: Vec<String> = wrong.into_iter().map(|(_, message)| message).collect();
            answer.fault(FaultKind::SignatureInvalid, sources.join("; "));
        }
    }
    answer
}

fn accept(key: &TrailKey, source: String, wrong: Vec<(FaultKind, String)>, answer: &mut Answer) {
    for (kind, message) in wrong {
        answer.fault(kind, message);
    }
    match answer.signed_at {
        Some(at) if !key.is_valid_at(at) => answer.fault(
            FaultKind::KeyOutsideValidity,
            format!(
                "signed about {} with a key that was valid from {} to {}",
                time::format(at),
                time::format(key.valid_from),
                time::format(key.valid_to)
            ),
        ),
        Some(_) => answer.verified_from = Some(source),
        None => {
            answer.fault(
                FaultKind::GenerationTimeUnknown,
                "when it was made is not known (`backfill-generation-timestamp`), so the validity of its key is not checked".into(),
            );
            answer.verified_from = Some(source);
        }
    }
}

/// A backfill digest is made long after the time that it covers.
fn signed_at(question: &Question<'_>) -> Option<i64> {
    if question.chain.is_backfill {
        question.metadata.iter().find_map(|fact| fact.generated_at)
    } else {
        Some(question.digest.end)
    }
}

/// The keys with the right fingerprint and Region, those first that were valid at the time.
fn usable_keys<'k>(
    question: &Question<'_>,
    keys: &'k Keys,
    answer: &mut Answer,
) -> Vec<&'k TrailKey> {
    let region = &question.chain.place.region;
    let fingerprint = &question.digest.fingerprint;
    let known = keys.with_fingerprint(fingerprint);
    let mut usable: Vec<&TrailKey> = known
        .iter()
        .filter(|key| key.region.as_ref().is_none_or(|of| of == region))
        .collect();
    if let Some(at) = answer.signed_at {
        usable.sort_by_key(|key| !key.is_valid_at(at));
    }
    answer.lacks_key = usable.is_empty();
    let shown = display_value(fingerprint);
    if known.is_empty() {
        answer.fault(
            FaultKind::KeyNotFound,
            format!(
                "no key with the fingerprint `{shown}` was given for Region `{}`",
                display_value(region)
            ),
        );
    } else if usable.is_empty() {
        let others: Vec<String> = known
            .iter()
            .filter_map(|key| key.region.as_deref().map(display_value))
            .collect();
        answer.fault(
            FaultKind::KeyOfOtherRegion,
            format!(
                "the key with the fingerprint `{shown}` was given for Region `{}`, not for `{}`",
                others.join("`, `"),
                display_value(region)
            ),
        );
    }
    usable
}

/// Metadata without a signature, where a successor's stands in, and metadata that is not used.
fn remark_metadata(question: &Question<'_>, answer: &mut Answer) {
    let sources = |facts: &[&SignatureFact]| {
        let all: Vec<&str> = facts.iter().map(|fact| &*fact.source).collect();
        all.join(", ")
    };
    let has_none = |fact: &&SignatureFact| fact.signature.is_none();
    if let Some((_, successor)) = question.successors.first()
        && !question.metadata.is_empty()
        && question.metadata.iter().all(has_none)
    {
        answer.fault(
            FaultKind::NoMetadataSignature,
            format!(
                "{} holds no signature; the one that {} repeats stands in",
                sources(question.metadata),
                display_value(successor)
            ),
        );
    }
    if !question.other_bucket.is_empty() {
        answer.fault(
            FaultKind::MetadataOtherBucket,
            format!(
                "{} holds metadata of an object with its key in another bucket than `{}`, which the digest names; it is not used",
                sources(question.other_bucket),
                display_value(&question.digest.bucket)
            ),
        );
    }
}

/// Without a key no signature can be checked, but two that differ cannot both be right.
fn remark_differences(
    question: &Question<'_>,
    from_metadata: &[&SignatureFact],
    answer: &mut Answer,
) {
    let is_other = |fact: &SignatureFact, repeated: &str| {
        let own = fact.signature.as_deref().unwrap_or_default();
        !own.eq_ignore_ascii_case(repeated.trim())
    };
    for fact in from_metadata {
        let mut successors = question.successors.iter();
        if let Some((_, key)) = successors.find(|(repeated, _)| is_other(fact, repeated)) {
            answer.fault(
                FaultKind::MetadataSignatureInvalid,
                format!(
                    "the signature in {} is not the one that {} repeats; which of them is right cannot be told without the key",
                    fact.source,
                    display_value(key)
                ),
            );
        }
    }
}

fn remark_algorithms(question: &Question<'_>, answer: &mut Answer) {
    if question.digest.algorithm != ALGORITHM {
        answer.fault(
            FaultKind::SignatureAlgorithm,
            format!(
                "names the algorithm `{}`; checked as {ALGORITHM}",
                display_value(&question.digest.algorithm)
            ),
        );
    }
    for fact in question.metadata {
        if let Some(algorithm) = fact.algorithm.as_deref().filter(|name| *name != ALGORITHM) {
            answer.fault(
                FaultKind::MetadataAlgorithm,
                format!(
                    "{} names the algorithm `{algorithm}`; checked as {ALGORITHM}",
                    fact.source
                ),
            );
        }
    }
}
