//! Objects that stand again and again, byte for byte: the same caller, the same
//! connection. What reading one gave is remembered with its bytes; where the
//! same bytes stand again, they are compared and not read again.
//!
//! Only for members of a record itself, and only without arrays in them, so that
//! depth and membership are the same wherever they stand. Runs of such members
//! are remembered too: the call and its Region, the address and its user agent.

use super::Leaf;
use super::block::{BLOCK, TextHash};
use super::shape::StepId;

/// A power of two.
const SLOTS: usize = 512;
/// Longer objects are not remembered.
pub(super) const LONGEST: usize = 2048;

/// One remembered object.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    step: StepId,
    bytes: Vec<u8>,
    /// Of its content; of a run what it adds to the hash of the record.
    pub hash: u64,
    /// Of a run: how far the record is behind it.
    pub last: StepId,
    /// Its leaves, as if it began at byte 0.
    pub leaves: Vec<Leaf>,
}

impl Known {
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// The remembered objects of one reader; the last one of each slot.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    slots: Vec<Known>,
}

/// Where an object or run would be remembered; found by the part of it from `at` on.
#[inline(always)]
pub(super) fn slot_of(bytes: &[u8], at: usize, step: StepId) -> Option<usize> {
    let part = bytes.get(at..at + 2 * BLOCK)?;
    let mut hash = TextHash::new();
    let (blocks, _) = part.as_chunks();
    for block in blocks {
        hash.add(block);
    }
    Some((hash.so_far() ^ u64::from(step)) as usize & (SLOTS - 1))
}

impl Repeats {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    /// What stands at `at` as the value of `step`, if it is remembered.
    #[inline(always)]
    pub(super) fn find(
        &self,
        slot: usize,
        bytes: &[u8],
        at: usize,
        step: StepId,
    ) -> Option<&Known> {
        let known = self.slots.get(slot)?;
        let is_same =
            known.step == step && !known.bytes.is_empty() && bytes[at..].starts_with(&known.bytes);
        is_same.then_some(known)
    }

    /// Remembers what `bytes` gave, which began at `start` of the buffer.
    pub(super) fn store(
        &mut self,
        slot: usize,
        (step, last): (StepId, StepId),
        bytes: &[u8],
        start: u32,
        hash: u64,
        leaves: &[Leaf],
    ) {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Known::default);
        }
        let known = &mut self.slots[slot];
        known.step = step;
        known.last = last;
        known.hash = hash;
        known.bytes.clear();
        known.bytes.extend_from_slice(bytes);
        known.leaves.clear();
        known.leaves.extend(leaves.iter().map(|leaf| Leaf {
            start: leaf.start - start,
            end: leaf.end - start,
            ..*leaf
        }));
    }
}
