//! Which keys and signatures a user should collect, so that more can be verified.

use std::collections::BTreeMap;

use super::chain::Node;
use super::report::{KeyNeed, SignatureNeed};

/// A key may be asked for a little later than the last digest: rotations have an edge.
const ROTATION: i64 = 2 * 3600;

/// One request for each Region with a digest whose key is not at hand.
pub(super) fn keys(nodes: &[Node<'_>]) -> Vec<KeyNeed> {
    let mut regions: BTreeMap<&str, (i64, Option<i64>)> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.lacks_key) {
        if let (Some(chain), Some(digest)) = (&node.report.chain, node.digest) {
            // A backfill digest is signed long after its end, at a time that may not be known.
            let signed = node.signed_at.map(|at| at.max(digest.end));
            let span = regions
                .entry(&chain.place.region)
                .or_insert((digest.start, signed));
            span.0 = span.0.min(digest.start);
            span.1 = span.1.zip(signed).map(|(a, b)| a.max(b));
        }
    }
    regions
        .into_iter()
        .map(|(region, (start, end))| KeyNeed {
            region: region.to_owned(),
            start,
            end: end.map(|end| end.saturating_add(ROTATION)),
        })
        .collect()
}

/// Every digest without any signature.
pub(super) fn signatures(nodes: &[Node<'_>]) -> Vec<SignatureNeed> {
    nodes
        .iter()
        .filter(|node| node.lacks_signature)
        .filter_map(|node| {
            let digest = node.digest?;
            Some(SignatureNeed {
                bucket: digest.bucket.clone(),
                key: digest.key.clone(),
                file: node.report.file.clone()?,
            })
        })
        .collect()
}
