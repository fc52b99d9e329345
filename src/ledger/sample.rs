//! Which records may become part of a sample: those with the smallest SHA-256
//! of seed and event id. The rule needs no order and no total, so samples of
//! parts are parts of the sample of the whole.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

/// The largest sample that a ledger can serve: verbatim bytes of conforming
/// records are kept for the first this many of each control, place and day.
pub const LARGEST_SAMPLE: u32 = 60;

/// The seed where nobody chose one. It is printed in the packet, so that samples can be drawn again.
pub const DEFAULT_SEED: &str = "attestrail";

/// The rank of a record in every sample: the smaller, the earlier drawn. Records
/// without an id are ranked by where they lie.
pub fn rank(seed: &str, event_id: &str, file: &str, index: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.as_bytes());
    hash.update([0]);
    if event_id.is_empty() {
        hash.update(file.as_bytes());
        hash.update([0]);
        hash.update(index.to_be_bytes());
    } else {
        hash.update(event_id.as_bytes());
    }
    hash.finalize().into()
}

/// The first bytes of a rank: enough to keep a superset of every sample.
pub fn short(rank: &[u8; 32]) -> u64 {
    let (front, _) = rank
        .split_first_chunk::<8>()
        .expect("a SHA-256 has more than eight bytes");
    u64::from_be_bytes(*front)
}

/// Lets through what may still belong to a sample. It may let through too
/// much, never too little, in whatever order records come.
#[derive(Debug, Default)]
pub struct Gate {
    groups: HashMap<u64, BTreeSet<u64>>,
    held: usize,
}

/// Ranks that a gate remembers at once; beyond that it begins anew and lets through more.
const REMEMBERED: usize = 500_000;

impl Gate {
    /// Whether the record may belong to the sample of its group (control, account, Region, day).
    pub fn admits(&mut self, group: u64, rank: u64) -> bool {
        if self.held >= REMEMBERED {
            self.clear();
        }
        let ranks = self.groups.entry(group).or_default();
        // Copies of one record have one rank; each of them may be the one that stays.
        if ranks.contains(&rank) {
            return true;
        }
        if ranks.len() < LARGEST_SAMPLE as usize {
            ranks.insert(rank);
            self.held += 1;
            return true;
        }
        let largest = ranks.last().copied().unwrap_or(u64::MAX);
        if rank > largest {
            return false;
        }
        ranks.remove(&largest);
        ranks.insert(rank);
        true
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }
}

/// The group of a record for [`Gate::admits`].
pub fn group(control: u32, account: &str, region: &str, time: i64) -> u64 {
    use rapidhash::v3::rapidhash_v3;
    let mut bytes = Vec::with_capacity(48);
    super::codec::put_number(&mut bytes, u64::from(control));
    super::codec::put_text(&mut bytes, account);
    super::codec::put_text(&mut bytes, region);
    super::codec::put_signed(&mut bytes, time.div_euclid(86_400));
    rapidhash_v3(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_rank_of_the_sample_passes_the_gate(ranks in proptest::collection::vec(0u64..5000, 0..400)) {
            let mut gate = Gate::default();
            let admitted: Vec<bool> = ranks.iter().map(|rank| gate.admits(1, *rank)).collect();
            let mut wanted: Vec<u64> = ranks.clone();
            wanted.sort_unstable();
            wanted.dedup();
            wanted.truncate(LARGEST_SAMPLE as usize);
            for (rank, admitted) in ranks.iter().zip(admitted) {
                proptest::prop_assert!(admitted || !wanted.contains(rank));
            }
        }
    }

    #[test]
    fn the_rank_depends_on_the_seed_and_on_the_record() {
        assert_eq!(rank("s", "id", "a", 1), rank("s", "id", "b", 2));
        assert_ne!(rank("s", "id", "a", 1), rank("t", "id", "a", 1));
        assert_ne!(rank("s", "", "a", 1), rank("s", "", "a", 2));
    }
}
