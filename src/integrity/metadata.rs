//! Signatures of digests that travel outside of them: S3 object metadata on disk.
//!
//! Nobody signs a sidecar. A wrong one can make a good digest look bad, never
//! the other way round, so it is read from anywhere and proves nothing itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::record::{encoding, time};
use crate::source::display::display_value;

/// Hex digits of the longest signature that any key could make, with room for nonsense to name.
const LONGEST: usize = 4096;

/// Which object some metadata belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The file with this local key, beside which it lay.
    Local(String),
    /// The object with this bucket and key.
    Object {
        /// `Bucket`, where it is given.
        bucket: Option<String>,
        /// `Key`
        key: String,
    },
}

/// The metadata of one digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFact {
    /// Which digest.
    pub target: Target,
    /// The file that it came from, safe to print.
    pub source: String,
    /// `signature`; `None` if the metadata has none.
    pub signature: Option<String>,
    /// `signature-algorithm`
    pub algorithm: Option<String>,
    /// `backfill-generation-timestamp`
    pub generated_at: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHead {
    bucket: Option<String>,
    key: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
}

/// Reads what `aws s3api head-object` printed for the file with the local key `beside`.
///
/// # Errors
/// What is wrong, safe to print.
pub fn read_head(source: &str, beside: &str, bytes: &[u8]) -> Result<SignatureFact, String> {
    let head: RawHead = serde_json::from_slice(&encoding::utf8(bytes)?)
        .map_err(|error| display_value(&error.to_string()))?;
    Ok(fact(
        Target::Local(beside.to_owned()),
        source,
        &head.metadata.unwrap_or_default(),
    ))
}

/// Reads head-objects with `Bucket` and `Key`, one after another or in one array.
///
/// # Errors
/// What is wrong, safe to print; what stands before it is in `facts`.
pub fn read_lines(
    source: &str,
    bytes: &[u8],
    facts: &mut Vec<SignatureFact>,
) -> Result<(), String> {
    let bytes = encoding::utf8(bytes)?;
    if bytes.trim_ascii_start().starts_with(b"[") {
        let heads: Vec<RawHead> = serde_json::from_slice(&bytes).map_err(|error| {
            display_value(&format!(
                "not an array of what `head-object` prints: {error}"
            ))
        })?;
        return add_lines(source, heads.into_iter().map(Ok), facts);
    }
    let heads = serde_json::Deserializer::from_slice(&bytes).into_iter::<RawHead>();
    add_lines(source, heads, facts)
}

fn add_lines(
    source: &str,
    heads: impl Iterator<Item = Result<RawHead, serde_json::Error>>,
    facts: &mut Vec<SignatureFact>,
) -> Result<(), String> {
    for (at, head) in heads.enumerate() {
        let head = head.map_err(|error| {
            display_value(&format!(
                "object {at} is not what `head-object` prints: {error}"
            ))
        })?;
        let key = head
            .key
            .ok_or_else(|| format!("object {at} has no `Key`"))?;
        let target = Target::Object {
            bucket: head.bucket,
            key,
        };
        facts.push(fact(target, source, &head.metadata.unwrap_or_default()));
    }
    Ok(())
}

/// Makes a fact of metadata from elsewhere, such as extended attributes.
pub fn fact(target: Target, source: &str, metadata: &BTreeMap<String, String>) -> SignatureFact {
    let value = |name: &str| {
        metadata
            .iter()
            .find(|(key, _)| is_named(key, name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    SignatureFact {
        target,
        source: display_value(source),
        signature: value("signature").map(first_characters),
        algorithm: value("signature-algorithm").map(display_value),
        generated_at: value("backfill-generation-timestamp").and_then(generated_at),
    }
}

/// A time that cannot be read is as good as none: the validity of the key is then not checked, and said so.
fn generated_at(text: &str) -> Option<i64> {
    match time::parse(text) {
        Ok(at) => Some(at),
        Err(_) => text
            .parse::<i64>()
            .ok()
            .filter(|seconds| (1_000_000_000..40_000_000_000).contains(seconds)),
    }
}

/// Metadata keys compare without case and without the prefix that HTTP gives them.
fn is_named(key: &str, name: &str) -> bool {
    const PREFIX: &str = "x-amz-meta-";
    let front = key.get(..PREFIX.len());
    let rest = match front.is_some_and(|front| front.eq_ignore_ascii_case(PREFIX)) {
        true => &key[PREFIX.len()..],
        false => key,
    };
    rest.eq_ignore_ascii_case(name)
}

fn first_characters(text: &str) -> String {
    match text.len() <= LONGEST {
        true => text.to_owned(),
        false => text.chars().take(LONGEST).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_without_case_and_with_the_prefix_of_http() {
        let head = br#"{"ETag":"x","Metadata":{"X-Amz-Meta-Signature":"ab","Signature-Algorithm":"SHA256withRSA","backfill-generation-timestamp":"2026-01-01T00:00:00Z"}}"#;
        let fact = read_head("s", "k", head).expect("good");
        assert_eq!(fact.signature.as_deref(), Some("ab"));
        assert_eq!(fact.algorithm.as_deref(), Some("SHA256withRSA"));
        assert_eq!(fact.generated_at, Some(1_767_225_600));
        assert_eq!(read_head("s", "k", b"{}").expect("good").signature, None);
        assert!(read_head("s", "k", b"{\"Metadata\":[]}").is_err());
    }

    #[test]
    fn an_array_and_utf16_are_read_too() {
        let text = r#" [{"Bucket":"b","Key":"k","Metadata":{"signature":"ab"}},{"Key":"l"}]"#;
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(units).collect();
        for bytes in [text.as_bytes(), &wide] {
            let mut facts = Vec::new();
            read_lines("s", bytes, &mut facts).expect("good");
            assert_eq!(facts.len(), 2);
            assert_eq!(facts[0].signature.as_deref(), Some("ab"));
        }
        let error = read_lines("s", b"[{\"Key\":1}]", &mut Vec::new()).expect_err("no text");
        assert!(error.contains("not an array"), "{error}");
    }

    #[test]
    fn lines_before_a_broken_one_count() {
        let mut facts = Vec::new();
        let lines =
            b"{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"signature\":\"ab\"}}\n{\"Key\":1}\n";
        assert!(read_lines("s", lines, &mut facts).is_err());
        assert_eq!(facts.len(), 1);
        assert!(
            read_lines("s", b"{\"Metadata\":{}}", &mut facts)
                .expect_err("no key")
                .contains("`Key`")
        );
    }
}
