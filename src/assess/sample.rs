//! Draws the sample of a population while it streams by.

use std::collections::BinaryHeap;

use crate::ledger::sample::rank;

/// The records with the smallest ranks so far.
#[derive(Debug)]
pub struct Sampler {
    size: usize,
    drawn: BinaryHeap<([u8; 32], i64)>,
}

impl Sampler {
    /// A sample of at most `size` records.
    pub fn new(size: u32) -> Sampler {
        Sampler {
            size: size as usize,
            drawn: BinaryHeap::new(),
        }
    }

    /// Offers a record with its number in the temporary store.
    pub fn offer(&mut self, seed: &str, event_id: &str, file: &str, index: u32, id: i64) {
        self.drawn.push((rank(seed, event_id, file, index), id));
        if self.drawn.len() > self.size {
            self.drawn.pop();
        }
    }

    /// The numbers of the drawn records.
    pub fn drawn(&self) -> impl Iterator<Item = i64> {
        self.drawn.iter().map(|(_, id)| *id)
    }
}
