//! One digest file, from its bytes to plain values.
//!
//! Anything that CloudTrail does not write is a [`Malformed`] with a reason.
//! Nothing is verified here, and no key that a digest names is opened.

use std::borrow::Cow;
use std::fmt::Formatter;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libdeflater::Decompressor;
use serde::de::{self, SeqAccess};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

pub use crate::reader::inflate::DIGEST_BYTES as LARGEST;
use crate::reader::inflate::{
    DIGEST_RATIO as DENSEST, InflateLimits, SMALL_DIGEST as SMALL, claimed_length, inflate, is_gzip,
};
use crate::reader::{is_zstd, unpack_zstd};
use crate::record::time;
use crate::source::display::display_value;

use super::hexadecimal;

/// A listed log takes at least so many stored bytes: half of what its hash alone takes.
const SMALLEST_ENTRY: u64 = 16;
/// Buckets of listed logs that are told apart; CloudTrail delivers into one.
const MOST_BUCKETS: usize = 4;
/// Held while a digest that is not small is unpacked and read.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// Hex digits of the longest signature that any key could make.
const LONGEST_SIGNATURE: usize = 4096;
/// A digest covers an hour; a late one more. Only nonsense covers weeks.
const LONGEST_SPAN: i64 = 14 * 86_400;

/// A SHA-256.
pub type Hash = [u8; 32];

/// How the bytes of a digest file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// One gzip member, as CloudTrail writes it.
    Gzip,
    /// One gzip member and something behind it.
    GzipAndMore,
    /// Not compressed: something unpacked it, or wrote it.
    Plain,
}

/// What is wrong with a digest file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A digest file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestBytes {
    /// How it is packed.
    pub packing: Packing,
    /// SHA-256 of the unpacked bytes of its first member.
    pub content_sha256: Option<Hash>,
    /// What it says.
    pub digest: Result<Digest, Malformed>,
}

/// What a digest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// `awsAccountId`
    pub account: String,
    /// `digestStartTime`
    pub start: i64,
    /// `digestEndTime`
    pub end: i64,
    /// `digestEndTime` as written, which is what is signed.
    pub end_text: String,
    /// `digestS3Bucket`
    pub bucket: String,
    /// `digestS3Object`
    pub key: String,
    /// `digestPublicKeyFingerprint`
    pub fingerprint: String,
    /// `digestSignatureAlgorithm`
    pub algorithm: String,
    /// The digest before this one; `None` in a starting digest.
    pub previous: Option<Previous>,
    /// `logFiles`
    pub logs: Vec<Entry>,
    /// The buckets of these logs, each once, if there are few. Hostile text.
    pub log_buckets: Vec<String>,
}

/// How a digest names the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// `previousDigestS3Bucket`
    pub bucket: Option<String>,
    /// `previousDigestS3Object`
    pub key: String,
    /// `previousDigestHashValue`, if it is one.
    pub hash: Option<Hash>,
    /// `previousDigestHashAlgorithm`
    pub hash_algorithm: String,
    /// `previousDigestSignature`
    pub signature: String,
}

/// One log that a digest lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `s3Object`
    pub key: Box<str>,
    /// `hashValue`, if it is one.
    pub hash: Option<Hash>,
    /// `hashAlgorithm`, where it is not SHA-256.
    pub odd_algorithm: Option<Box<str>>,
    /// `oldestEventTime` and `newestEventTime`, where both are times.
    pub events: Option<(i64, i64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDigest {
    aws_account_id: String,
    digest_start_time: String,
    digest_end_time: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    key: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    #[serde(rename = "previousDigestS3Bucket")]
    previous_bucket: Option<String>,
    // A member that is absent is not the same as null, but it is signed as null.
    #[serde(rename = "previousDigestS3Object")]
    previous_key: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Listed,
}

/// The listed logs, with the buckets that they name. One bucket serves all of them as a rule, so
/// its name is kept once.
#[derive(Default)]
struct Listed {
    entries: Vec<Entry>,
    buckets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry<'d> {
    #[serde(rename = "s3Bucket", borrow, default)]
    bucket: Option<Cow<'d, str>>,
    #[serde(rename = "s3Object")]
    key: Box<str>,
    hash_value: String,
    hash_algorithm: Box<str>,
    // Nothing is proved by these two, so anything may stand here.
    #[serde(default)]
    newest_event_time: serde_json::Value,
    #[serde(default)]
    oldest_event_time: serde_json::Value,
}

/// Reads the stored bytes of a digest file. Whoever copies files may pack them again: with zstd, or
/// what is packed already.
pub fn read(stored: &[u8]) -> DigestBytes {
    let mut alone = None;
    let origin = stored.len() as u64;
    let is_packed = |bytes: &[u8]| is_gzip(bytes) || is_zstd(bytes);
    let unpacked = match unpacked(stored, origin, &mut alone) {
        Ok((Packing::Gzip, once)) if is_packed(&once) => {
            match self::unpacked(&once, origin, &mut alone) {
                Ok((packing, twice)) => Ok((packing, Cow::Owned(twice.into_owned()))),
                Err(fault) => Err(fault),
            }
        }
        other => other,
    };
    match unpacked {
        Ok((packing @ Packing::Plain, content)) => found(packing, &content),
        Ok((packing, content)) => with_room(stored, found(packing, &content)),
        Err((packing, fault)) => unusable(packing, fault),
    }
}

/// How it was packed with what was in it, or why that is none.
type Unpacked<'s> = Result<(Packing, Cow<'s, [u8]>), (Packing, String)>;

/// What is packed in `stored`, which holds or comes from a file of `origin` bytes; or why nothing.
/// Whatever is not small is unpacked, and read, by one thread at a time.
fn unpacked<'s>(
    stored: &'s [u8],
    origin: u64,
    alone: &mut Option<MutexGuard<'static, ()>>,
) -> Unpacked<'s> {
    if is_zstd(stored) {
        return of_zstd(stored, origin, alone).map_err(|fault| (Packing::Gzip, fault));
    }
    if !is_gzip(stored) {
        if stored.len() as u64 > SMALL {
            lock(alone);
        }
        return match stored.len() as u64 > LARGEST {
            true => Err((Packing::Plain, too_large())),
            false => Ok((Packing::Plain, Cow::Borrowed(stored))),
        };
    }
    if let Some(content) = unpacked_at_once(stored) {
        return Ok((Packing::Gzip, Cow::Owned(content)));
    }
    let mut content = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(stored);
    let mut result = (&mut decoder).take(SMALL + 1).read_to_end(&mut content);
    if content.len() as u64 > SMALL {
        lock(alone);
        if result.is_ok() {
            let most = LARGEST.min(DENSEST.saturating_mul(origin));
            let left = (most + 1).saturating_sub(content.len() as u64);
            result = (&mut decoder).take(left).read_to_end(&mut content);
        }
    }
    let fault = match result {
        Err(error) => Some(format!("the gzip data is broken: {error}")),
        Ok(_) => too_much(content.len() as u64, origin),
    };
    match fault {
        Some(fault) => Err((Packing::Gzip, fault)),
        None if decoder.into_inner().is_empty() => Ok((Packing::Gzip, Cow::Owned(content))),
        None => Ok((Packing::GzipAndMore, Cow::Owned(content))),
    }
}

/// The same of zstd data, which is as good as gzip: CloudTrail writes none, copying tools do.
fn of_zstd(
    stored: &[u8],
    origin: u64,
    alone: &mut Option<MutexGuard<'static, ()>>,
) -> Result<(Packing, Cow<'static, [u8]>), String> {
    // Nothing tells before how much it is.
    lock(alone);
    let mut content = Vec::new();
    let limits = InflateLimits {
        bytes: LARGEST,
        ratio: DENSEST,
    };
    let length = unpack_zstd(stored, &mut content, limits).map_err(|fault| fault.to_string())?;
    content.truncate(length);
    match too_much(length as u64, origin) {
        Some(fault) => Err(fault),
        None => Ok((Packing::Gzip, Cow::Owned(content))),
    }
}

/// Why so much from so few bytes is no digest.
fn too_much(inflated: u64, origin: u64) -> Option<String> {
    if inflated > LARGEST {
        return Some(too_large());
    }
    (inflated > SMALL && inflated / DENSEST >= origin).then(|| {
        format!(
            "unpacks to {inflated} bytes or more from {origin}: denser than the limit of {DENSEST} to 1 for digests"
        )
    })
}

/// What a small digest unpacks to if nothing at all is odd about its packing: the quick way,
/// which nearly all of them go.
fn unpacked_at_once(stored: &[u8]) -> Option<Vec<u8>> {
    let limits = InflateLimits {
        bytes: SMALL,
        ratio: DENSEST,
    };
    if claimed_length(stored) > SMALL {
        return None;
    }
    let mut content = Vec::new();
    let length = inflate(&mut Decompressor::new(), stored, &mut content, limits).ok()?;
    content.truncate(length);
    Some(content)
}

/// Refuses a digest that lists more logs than its stored bytes have room for: lists of nothing
/// would take many times their bytes in memory.
fn with_room(stored: &[u8], mut bytes: DigestBytes) -> DigestBytes {
    let count = bytes.digest.as_ref().map_or(0, |digest| digest.logs.len()) as u64;
    if count > 1000 && count > stored.len() as u64 / SMALLEST_ENTRY {
        bytes.digest = Err(Malformed(format!(
            "lists {count} logs in {} bytes, which have no room for their hashes",
            stored.len()
        )));
    }
    bytes
}

fn lock(alone: &mut Option<MutexGuard<'static, ()>>) {
    alone.get_or_insert_with(|| ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner));
}

fn too_large() -> String {
    format!("unpacks to more than the limit of {LARGEST} bytes for digests")
}

fn unusable(packing: Packing, why: String) -> DigestBytes {
    DigestBytes {
        packing,
        content_sha256: None,
        digest: Err(Malformed(why)),
    }
}

fn found(packing: Packing, content: &[u8]) -> DigestBytes {
    DigestBytes {
        packing,
        content_sha256: Some(Sha256::digest(content).into()),
        digest: parse(content),
    }
}

/// Reads the unpacked bytes of a digest.
fn parse(content: &[u8]) -> Result<Digest, Malformed> {
    let raw: RawDigest = serde_json::from_slice(content).map_err(|error| {
        // The message of the parser may quote the file.
        Malformed(display_value(&format!("not a digest: {error}")))
    })?;
    let instant = |member: &str, text: &str| {
        time::parse(text)
            .map_err(|error| Malformed(format!("`{member}` is `{}`: {error}", display_value(text))))
    };
    let start = instant("digestStartTime", &raw.digest_start_time)?;
    let end = instant("digestEndTime", &raw.digest_end_time)?;
    if end < start || end - start > LONGEST_SPAN {
        return Err(Malformed(format!(
            "covers {} to {}, which no digest does",
            time::format(start),
            time::format(end)
        )));
    }
    let previous = read_previous(
        raw.previous_bucket,
        raw.previous_key,
        raw.previous_digest_hash_value,
        raw.previous_digest_hash_algorithm,
        raw.previous_digest_signature,
    )?;
    Ok(Digest {
        account: raw.aws_account_id,
        start,
        end,
        end_text: raw.digest_end_time,
        bucket: raw.bucket,
        key: raw.key,
        fingerprint: raw.digest_public_key_fingerprint.to_ascii_lowercase(),
        algorithm: raw.digest_signature_algorithm,
        previous,
        logs: raw.log_files.entries,
        log_buckets: raw.log_files.buckets,
    })
}

/// All four members, or none of them.
///
/// The bucket may be absent beside them: nothing but a remark rests on it.
fn read_previous(
    bucket: Option<String>,
    key: Option<String>,
    hash: Option<String>,
    hash_algorithm: Option<String>,
    signature: Option<String>,
) -> Result<Option<Previous>, Malformed> {
    match (key, hash, hash_algorithm, signature) {
        (None, None, None, None) if bucket.is_none() => Ok(None),
        (Some(key), Some(hash), Some(hash_algorithm), Some(signature)) => {
            if signature.len() > LONGEST_SIGNATURE {
                return Err(Malformed(
                    "`previousDigestSignature` is longer than any signature".into(),
                ));
            }
            Ok(Some(Previous {
                bucket,
                key,
                hash: hash_of(&hash),
                hash_algorithm,
                signature,
            }))
        }
        _ => Err(Malformed(
            "some members named `previousDigest…` are null and some are not".into(),
        )),
    }
}

impl<'d> Deserialize<'d> for Listed {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Listed, D::Error> {
        struct Visitor;
        impl<'d> de::Visitor<'d> for Visitor {
            type Value = Listed;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a list of log files")
            }

            fn visit_seq<A: SeqAccess<'d>>(self, mut all: A) -> Result<Listed, A::Error> {
                let mut listed = Listed::default();
                while let Some(raw) = all.next_element::<RawEntry<'d>>()? {
                    if let Some(bucket) = &raw.bucket {
                        listed.note(bucket);
                    }
                    listed.entries.push(raw.into());
                }
                Ok(listed)
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

impl Listed {
    fn note(&mut self, bucket: &str) {
        let is_known = self.buckets.iter().any(|known| known == bucket);
        if !is_known && self.buckets.len() < MOST_BUCKETS {
            self.buckets.push(bucket.to_owned());
        }
    }
}

impl From<RawEntry<'_>> for Entry {
    fn from(raw: RawEntry<'_>) -> Entry {
        let instant = |value: &serde_json::Value| time::parse(value.as_str()?).ok();
        Entry {
            events: instant(&raw.oldest_event_time)
                .zip(instant(&raw.newest_event_time))
                .filter(|(oldest, newest)| oldest <= newest),
            key: raw.key,
            hash: hash_of(&raw.hash_value),
            odd_algorithm: (&*raw.hash_algorithm != "SHA-256").then_some(raw.hash_algorithm),
        }
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hexadecimal::decode(text, &mut hash).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const STARTING: &str = r#"{"awsAccountId":"111122223333","digestStartTime":"2025-01-02T00:00:00Z","digestEndTime":"2025-01-02T01:00:00Z","digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"AB","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}"#;

    #[track_caller]
    fn refused(content: &str, part: &str) {
        let error = read(content.as_bytes()).digest.expect_err("malformed");
        assert!(error.0.contains(part), "{error}");
        assert!(!error.0.chars().any(char::is_control), "{error}");
    }

    #[test]
    fn a_starting_digest_has_no_previous_one() {
        let digest = read(STARTING.as_bytes()).digest.expect("valid");
        assert_eq!(digest.previous, None);
        assert_eq!(digest.end - digest.start, 3600);
        assert_eq!(digest.fingerprint, "ab");
    }

    #[test]
    fn what_no_digest_holds_is_malformed_with_a_reason() {
        refused("", "not a digest");
        refused("{\"Records\":[]}", "missing field `awsAccountId`");
        refused(&STARTING.replace("[]", "{}"), "not a digest");
        refused(
            &STARTING.replace("[]", &"[".repeat(100_000)),
            "not a digest",
        );
        refused(
            &STARTING.replace("2025-01-02T01:00:00Z", "9999-01-02T01:00:00Z"),
            "outside 2006",
        );
        refused(
            &STARTING.replace("2025-01-02T01:00:00Z", "2026-01-02T01:00:00Z"),
            "which no digest does",
        );
        refused(
            &STARTING.replace("2025-01-02T01:00:00Z", "2025-01-01T01:00:00Z"),
            "which no digest does",
        );
        refused(
            &STARTING.replace("2025-01-02T01:00:00Z", "\\u001b[31m"),
            "digestEndTime",
        );
        refused(
            &STARTING.replace(
                "\"previousDigestS3Object\":null",
                "\"previousDigestS3Object\":\"k\"",
            ),
            "some are not",
        );
        refused(
            &STARTING.replace(
                "\"awsAccountId\"",
                "\"awsAccountId\":\"1\",\"awsAccountId\"",
            ),
            "duplicate field",
        );
    }

    #[test]
    fn a_digest_that_is_denser_than_any_list_of_hashes_is_refused_by_its_limit() {
        let entry = r#"{"s3Object":"k","hashValue":"","hashAlgorithm":"SHA-256"},"#;
        let list = format!("[{}]", entry.repeat(30_000).trim_end_matches(','));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder
            .write_all(STARTING.replace("[]", &list).as_bytes())
            .expect("writes");
        let error = read(&encoder.finish().expect("writes")).digest;
        let error = error.expect_err("too dense");
        assert!(error.0.contains("limit of 32 to 1"), "{error}");
        let list = format!("[{}]", entry.repeat(10_000).trim_end_matches(','));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder
            .write_all(STARTING.replace("[]", &list).as_bytes())
            .expect("writes");
        let error = read(&encoder.finish().expect("writes")).digest;
        let error = error.expect_err("without hashes");
        assert!(error.0.contains("lists 10000 logs"), "{error}");
        let plain = vec![b' '; LARGEST as usize + 1];
        let error = read(&plain).digest.expect_err("too large");
        assert!(
            error.0.contains("more than the limit of 67108864"),
            "{error}"
        );
    }

    #[test]
    fn bytes_behind_the_member_are_seen_and_not_read() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(STARTING.as_bytes()).expect("writes");
        let whole = encoder.finish().expect("writes");
        assert_eq!(read(&whole).packing, Packing::Gzip);
        let more = [&whole[..], b"x"].concat();
        let read_more = read(&more);
        assert_eq!(read_more.packing, Packing::GzipAndMore);
        assert_eq!(read_more.content_sha256, read(&whole).content_sha256);
        assert!(read(&whole[..whole.len() - 9]).digest.is_err());
    }
}
