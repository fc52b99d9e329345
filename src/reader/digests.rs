//! Digests are small, and whoever can write one can make it unpack to anything: those that are
//! not small are held to limits of their own, and unpacked one at a time, so that memory does not
//! depend on the threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inflate::{
    DIGEST_BYTES, DIGEST_RATIO, GzipFault, InflateLimits, SMALL_DIGEST, claimed_length,
};
use crate::source::layout::{Claim, Folder};

/// Held while a digest that is not small is unpacked.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Whether bytes are called a digest, and are not small.
pub(super) fn is_large(key: &str, claim: &Claim, stored: &[u8]) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    let is_digest = claim.folder == Some(Folder::Digest) || name.contains("_CloudTrail-Digest_");
    is_digest && claimed_length(stored) > SMALL_DIGEST
}

/// Waits until no other digest that is not small is unpacked.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bounds for a digest, within those for all files.
pub(super) fn bounds(limits: InflateLimits) -> InflateLimits {
    InflateLimits {
        bytes: limits.bytes.min(DIGEST_BYTES),
        ..limits
    }
}

/// Refuses a digest that is denser than any list of hashes.
pub(super) fn check_density(stored: &[u8]) -> Result<(), GzipFault> {
    let inflated = claimed_length(stored);
    let length = stored.len() as u64;
    match inflated / DIGEST_RATIO > length {
        true => Err(GzipFault::TooDense {
            inflated,
            stored: length,
            limit: DIGEST_RATIO,
        }),
        false => Ok(()),
    }
}
