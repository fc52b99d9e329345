//! Tells which of many keys may stand twice. Nearly all stand once, so that only a few
//! have to be looked at closely.
//!
//! Keys are divided by their hash, and each part is sorted on its own: a table of all
//! of them would be larger than the caches of a processor, and each key would wait for
//! the memory. Parts that are too many for the memory lie in temporary files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Parts that keys are divided into.
const PARTS: usize = 256;
/// Keys that are held in memory; each takes four bytes.
const HELD: usize = 1 << 20;
/// Bits of the answer for all keys: as many as keys, at most 16 MiB.
const MOST_BITS: u64 = 1 << 27;

/// Takes the hashes of keys.
pub struct Sieve {
    parts: Vec<Part>,
    held: usize,
    count: u64,
}

#[derive(Default)]
struct Part {
    held: Vec<u32>,
    rest: Option<File>,
}

/// Hashes that stand more than once, and few others.
pub struct Repeated {
    bits: Vec<u64>,
}

impl Sieve {
    /// An empty sieve.
    pub fn new() -> Sieve {
        Sieve {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            held: 0,
            count: 0,
        }
    }

    /// Notes the hash of a key.
    ///
    /// # Errors
    /// No space for temporary files.
    pub fn note(&mut self, hash: u64) -> io::Result<()> {
        // The lowest bits find the place in the answer, so that these are others.
        let part = &mut self.parts[(hash >> 56) as usize];
        part.held.push((hash >> 24) as u32);
        self.held += 1;
        self.count += 1;
        if self.held < HELD {
            return Ok(());
        }
        self.held = 0;
        self.parts.iter_mut().try_for_each(Part::spill)
    }

    /// What stands more than once.
    ///
    /// # Errors
    /// Temporary files that cannot be read.
    pub fn finish(self) -> io::Result<Repeated> {
        let bits = self.count.clamp(1 << 12, MOST_BITS).next_power_of_two();
        let mut repeated = Repeated {
            bits: vec![0; (bits / 64) as usize],
        };
        for (front, part) in (0u64..).zip(self.parts) {
            let mut all = part.read()?;
            all.sort_unstable();
            for pair in all.windows(2).filter(|pair| pair[0] == pair[1]) {
                repeated.set(front << 32 | u64::from(pair[0]));
            }
        }
        Ok(repeated)
    }
}

impl Part {
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.rest {
            Some(file) => file,
            None => self.rest.insert(tempfile::tempfile()?),
        };
        let bytes: Vec<u8> = self
            .held
            .drain(..)
            .flat_map(|hash| hash.to_le_bytes())
            .collect();
        file.write_all(&bytes)
    }

    fn read(self) -> io::Result<Vec<u32>> {
        let mut all = self.held;
        if let Some(mut file) = self.rest {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0))?;
            file.read_to_end(&mut bytes)?;
            let (hashes, _) = bytes.as_chunks();
            all.extend(hashes.iter().map(|bytes| u32::from_le_bytes(*bytes)));
        }
        Ok(all)
    }
}

impl Repeated {
    /// The place of what a sieve knows of a hash.
    fn place(&self, known: u64) -> (usize, u64) {
        let bit = known & (self.bits.len() as u64 * 64 - 1);
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn set(&mut self, known: u64) {
        let (word, bit) = self.place(known);
        self.bits[word] |= bit;
    }

    /// Whether the key may have been noted more than once; false only if it was not.
    pub fn may_contain(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash >> 24);
        self.bits[word] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sifted(hashes: impl Iterator<Item = u64> + Clone) -> Repeated {
        let mut sieve = Sieve::new();
        hashes
            .clone()
            .for_each(|hash| sieve.note(hash).expect("space"));
        sieve.finish().expect("readable")
    }

    fn hash(key: u64) -> u64 {
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)
    }

    proptest::proptest! {
        #[test]
        fn a_key_that_stands_twice_always_passes(
            keys in proptest::collection::vec(0u64..200, 0..300), factor in 1u64..,
        ) {
            let hash = |key: u64| key.wrapping_mul(factor | 1);
            let repeated = sifted(keys.iter().map(|key| hash(*key)));
            for key in &keys {
                let count = keys.iter().filter(|one| *one == key).count();
                proptest::prop_assert!(count < 2 || repeated.may_contain(hash(*key)));
            }
        }
    }

    #[test]
    fn keys_that_do_not_fit_into_memory_are_sifted_all_the_same() {
        let count = HELD as u64 + 1000;
        // The first five hundred stand again, where the others are in files already.
        let repeated = sifted((0..count).chain(0..500).map(hash));
        assert!((0..500).all(|key| repeated.may_contain(hash(key))));
        let others = (500..count).filter(|key| repeated.may_contain(hash(*key)));
        assert!(others.count() < count as usize / 100);
    }
}
