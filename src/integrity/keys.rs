//! Public keys as `aws cloudtrail list-public-keys` prints them.
//!
//! Whoever supplies the keys decides what verifies, so they come from files
//! that the user names, never from the log set. A fingerprint only picks a key:
//! it is computed from the key itself, and one that differs from the file's own
//! claim refuses the key.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use pkcs1::RsaPublicKeyRef;
use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};

use crate::record::{encoding, time};
use crate::source::display::display_value;

use super::hexadecimal;
use super::place::is_region;

/// Bytes of a modulus that can be used; the keys of CloudTrail have 256.
const MODULUS: std::ops::RangeInclusive<usize> = 128..=1024;

/// A digest is signed within about this time after its end (seconds).
const SIGNED_WITHIN: i64 = 2 * 3600;

/// One public key that may be used.
#[derive(Debug, Clone)]
pub struct TrailKey {
    /// The Region whose digests it signs; `None`: the file did not tell.
    pub region: Option<String>,
    /// MD5 of the key in hex, computed.
    pub fingerprint: String,
    /// First second of its validity.
    pub valid_from: i64,
    /// Last second of its validity.
    pub valid_to: i64,
    /// The file that it came from, safe to print.
    pub source: String,
    /// SHA-256 of that file.
    pub file_sha256: [u8; 32],
    key: RsaPublicKeyComponents<Vec<u8>>,
}

impl TrailKey {
    /// Whether `signature` (hex) is the signature of `text` by this key.
    pub(super) fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let algorithm = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
        let mut bytes = [0; *MODULUS.end()];
        // A signature is as long as the modulus.
        let bytes = bytes.get_mut(..signature.len() / 2);
        bytes.is_some_and(|bytes| {
            hexadecimal::decode(signature, bytes) && self.key.verify(algorithm, text, bytes).is_ok()
        })
    }

    /// Whether it may have signed something that was finished at `at`.
    pub(super) fn is_valid_at(&self, at: i64) -> bool {
        self.valid_from <= at + SIGNED_WITHIN && at <= self.valid_to
    }
}

/// A key, or a file of keys, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not what the AWS CLI prints.
    #[error("`{source_name}`: not the output of `aws cloudtrail list-public-keys`: {reason}")]
    NotAList {
        /// The file, safe to print.
        source_name: String,
        /// What is wrong.
        reason: String,
    },
    /// One key of a list.
    #[error("`{source_name}`: key {index} is refused: {reason}")]
    Refused {
        /// The file, safe to print.
        source_name: String,
        /// Which key, from 0.
        index: usize,
        /// What is wrong.
        reason: String,
    },
}

impl KeyError {
    /// The error with `name` in place of the path of its file.
    pub fn without_folder(&self, name: &str) -> String {
        let named = match self.clone() {
            KeyError::NotAList { reason, .. } => KeyError::NotAList {
                source_name: name.to_owned(),
                reason,
            },
            KeyError::Refused { index, reason, .. } => KeyError::Refused {
                source_name: name.to_owned(),
                index,
                reason,
            },
        };
        named.to_string()
    }
}

/// All keys, found by fingerprint.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_fingerprint: BTreeMap<String, Vec<TrailKey>>,
}

#[derive(Deserialize)]
struct RawList {
    #[serde(rename = "PublicKeyList")]
    keys: Vec<Value>,
    #[serde(rename = "NextToken")]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawKey {
    value: String,
    validity_start_time: RawTime,
    validity_end_time: RawTime,
    fingerprint: String,
    region: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a validity that is no time")]
enum RawTime {
    Epoch(Number),
    Text(String),
}

impl Keys {
    /// No keys.
    pub fn new() -> Keys {
        Keys::default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_fingerprint.is_empty()
    }

    /// In the order of fingerprint, Region and validity.
    pub fn iter(&self) -> impl Iterator<Item = &TrailKey> {
        self.by_fingerprint.values().flatten()
    }

    /// Keys with this fingerprint, whatever their Region.
    pub(super) fn with_fingerprint(&self, fingerprint: &str) -> &[TrailKey] {
        self.by_fingerprint
            .get(fingerprint)
            .map_or(&[], Vec::as_slice)
    }

    /// Adds the keys of one list. `region` is what the user said; else the
    /// list's own `Region` members count, else a Region in the file's name.
    ///
    /// # Errors
    /// The whole list, or every key of it that is refused; the others are added.
    pub fn add_list(
        &mut self,
        source: &str,
        region: Option<&str>,
        bytes: &[u8],
    ) -> Result<(), Vec<KeyError>> {
        let source_name = display_value(source);
        let not_a_list = |reason: String| {
            vec![KeyError::NotAList {
                source_name: source_name.clone(),
                reason: display_value(&reason),
            }]
        };
        let file_sha256 = Sha256::digest(bytes).into();
        let bytes = encoding::utf8(bytes).map_err(|why| not_a_list(why.to_owned()))?;
        let list: RawList =
            serde_json::from_slice(&bytes).map_err(|error| not_a_list(error.to_string()))?;
        if list.next_token.is_some_and(|token| !token.is_empty()) {
            return Err(not_a_list(
                "it ends with a `NextToken`, so keys are missing from it".into(),
            ));
        }
        let in_name = region_in_name(source);
        let mut errors = Vec::new();
        for (index, raw) in list.keys.into_iter().enumerate() {
            match read_key(raw, region, in_name.as_deref(), &source_name) {
                Ok(key) => self.insert(TrailKey { file_sha256, ..key }),
                Err(reason) => errors.push(KeyError::Refused {
                    source_name: source_name.clone(),
                    index,
                    reason: display_value(&reason),
                }),
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    fn insert(&mut self, key: TrailKey) {
        let same = self
            .by_fingerprint
            .entry(key.fingerprint.clone())
            .or_default();
        let is_known = same.iter().any(|known| {
            (&known.key.n, &known.key.e) == (&key.key.n, &key.key.e)
                && (&known.region, known.valid_from, known.valid_to)
                    == (&key.region, key.valid_from, key.valid_to)
        });
        if !is_known {
            same.push(key);
            same.sort_by(|a, b| {
                (&a.region, a.valid_from, a.valid_to).cmp(&(&b.region, b.valid_from, b.valid_to))
            });
        }
    }
}

fn read_key(
    raw: Value,
    region: Option<&str>,
    in_name: Option<&str>,
    source: &str,
) -> Result<TrailKey, String> {
    let raw: RawKey = serde_json::from_value(raw).map_err(|error| error.to_string())?;
    let der = STANDARD
        .decode(raw.value.trim())
        .map_err(|error| format!("`Value` is not base64: {error}"))?;
    let fingerprint = hex::encode(Md5::digest(&der));
    if !raw.fingerprint.eq_ignore_ascii_case(&fingerprint) {
        return Err(format!(
            "its `Fingerprint` is `{}`, but the MD5 of the key is `{fingerprint}`",
            display_value(&raw.fingerprint)
        ));
    }
    let key = modulus_and_exponent(&der)
        .map_err(|error| format!("`Value` is not a PKCS #1 public key: {error}"))?;
    let valid_from = instant("ValidityStartTime", &raw.validity_start_time)?;
    let valid_to = instant("ValidityEndTime", &raw.validity_end_time)?;
    Ok(TrailKey {
        region: region
            .map(str::to_owned)
            .or(raw.region)
            .or_else(|| in_name.map(str::to_owned)),
        fingerprint,
        valid_from,
        valid_to,
        source: source.to_owned(),
        file_sha256: [0; 32],
        key,
    })
}

/// The numbers of an RSAPublicKey (RFC 8017, appendix A.1.1).
fn modulus_and_exponent(der: &[u8]) -> Result<RsaPublicKeyComponents<Vec<u8>>, String> {
    let key = RsaPublicKeyRef::try_from(der).map_err(|error| error.to_string())?;
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    if !MODULUS.contains(&n.len()) {
        return Err(format!(
            "its modulus has {} bytes, and only {} to {} can be used",
            n.len(),
            MODULUS.start(),
            MODULUS.end()
        ));
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !is_odd(n) || !is_odd(e) || e == [1] || e.len() > 4 {
        return Err("its numbers are not those of an RSA key".to_owned());
    }
    let (n, e) = (n.to_vec(), e.to_vec());
    Ok(RsaPublicKeyComponents { n, e })
}

/// Version 1 of the AWS CLI prints seconds since 1970, version 2 ISO text.
fn instant(member: &str, raw: &RawTime) -> Result<i64, String> {
    let refused = |shown: String| format!("`{member}` is not a time: `{}`", display_value(&shown));
    match raw {
        RawTime::Text(text) => time::parse(text).map_err(|_| refused(text.clone())),
        RawTime::Epoch(number) => number
            .as_f64()
            .filter(|seconds| (1e9..4e10).contains(seconds))
            .map(|seconds| seconds as i64)
            .ok_or_else(|| refused(number.to_string())),
    }
}

/// The Region in `public-keys.us-east-1.json` or `keys-us-east-1.json`.
fn region_in_name(source: &str) -> Option<String> {
    let name = source.rsplit(['/', '\\']).next()?;
    let words = name.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
    words
        .filter_map(|word| {
            let parts: Vec<&str> = word.split('-').collect();
            (0..parts.len())
                .map(|from| parts[from..].join("-"))
                .find(|rest| is_region(rest))
        })
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worthless key, made for tests.
    const LIST: &str = r#"{"PublicKeyList":[{"Value":"MIIBCgKCAQEA0ZeODyycsysauox5bEJzTB4SebTDrlpJC5iSKbrcx1Iox/00sa8DpPG1DZ0oohbeD5URGy4GMeDFb14H+DgPNXfJThTP6L4TfoPoZf2UB8ASoB/I5Bw8vcZmf8yom5ohuR6cBkpBWz2dq0COVP30NK+rTOXchANW49zjlJOLGDCdPA7gnNhriEepPzvl8Aa355G0h6zavROXajNViMLnVkJsXkGPM0Yf5H2kCzYZ1Y/H0ER5dm8eE54RiZU+dxlqHPHmxh5R6SLJAhh2jQYyjXSyMB6XnEht1Nv55cDFiZPqMi4kTkTu61m1ag64ctZ0jRyh9hT5VQLbCqBlgkEiGQIDAQAB","ValidityStartTime":"2024-12-16T23:14:28+00:00","ValidityEndTime":1737164616.5,"Fingerprint":"b1b5befa37f63db802292b3454ea84bc"}]}"#;

    #[track_caller]
    fn refused(list: &str, part: &str) {
        let mut keys = Keys::new();
        let errors = keys
            .add_list("keys.json", None, list.as_bytes())
            .expect_err("refused");
        assert!(errors[0].to_string().contains(part), "{}", errors[0]);
        assert!(keys.is_empty());
    }

    #[test]
    fn both_spellings_of_time_are_read_and_the_region_comes_from_the_name() {
        let mut keys = Keys::new();
        keys.add_list("x/public-keys.us-gov-west-1.json", None, LIST.as_bytes())
            .expect("good");
        let key = keys.iter().next().expect("one key");
        assert_eq!(key.region.as_deref(), Some("us-gov-west-1"));
        assert_eq!(
            (key.valid_from, key.valid_to),
            (1_734_390_868, 1_737_164_616)
        );
        assert!(key.is_valid_at(key.valid_from - 3600) && !key.is_valid_at(key.valid_to + 1));
        assert!(!key.verifies(b"x", "00") && !key.verifies(b"x", "zz"));
    }

    #[test]
    fn the_users_word_on_the_region_counts_more_than_a_name() {
        let mut keys = Keys::new();
        keys.add_list("keys-us-east-1.json", Some("eu-west-1"), LIST.as_bytes())
            .expect("good");
        assert_eq!(
            keys.iter().next().and_then(|key| key.region.as_deref()),
            Some("eu-west-1")
        );
        assert_eq!(
            region_in_name("keys-us-east-1.json").as_deref(),
            Some("us-east-1")
        );
        assert_eq!(region_in_name("keys.json"), None);
    }

    #[test]
    fn a_key_whose_numbers_cannot_be_used_is_refused() {
        let number = |bytes: &[u8]| {
            let long = u16::try_from(bytes.len()).expect("short").to_be_bytes();
            [&[2, 0x82][..], &long, bytes].concat()
        };
        let key = |modulus: &[u8], exponent: u8| {
            let numbers = [number(modulus), vec![2, 1, exponent]].concat();
            let long = u16::try_from(numbers.len()).expect("short").to_be_bytes();
            [&[0x30, 0x82][..], &long, &numbers].concat()
        };
        let large = |bytes: usize, last: u8| {
            let mut modulus = vec![0x7F; bytes];
            modulus.push(last);
            modulus
        };
        for (der, part) in [
            (key(&large(1024, 1), 3), "has 1025 bytes"),
            (key(&large(255, 2), 3), "not those of an RSA key"),
            (key(&large(255, 1), 2), "not those of an RSA key"),
            (key(&large(255, 1), 1), "not those of an RSA key"),
        ] {
            let why = modulus_and_exponent(&der).expect_err("refused");
            assert!(why.contains(part), "{why}");
        }
        assert!(modulus_and_exponent(&key(&large(255, 1), 3)).is_ok());
    }

    #[test]
    fn a_fingerprint_that_is_not_the_keys_refuses_the_key() {
        refused(&LIST.replace("b1b5", "b1b0"), "but the MD5 of the key is");
        refused(&LIST.replace("MIIB", "MIIC"), "but the MD5");
        refused(&LIST.replace("1737164616.5", "1e300"), "ValidityEndTime");
        refused("{}", "missing field");
        refused(
            &LIST.replace("}]}", "}],\"NextToken\":\"more\"}"),
            "NextToken",
        );
    }
}
