//! Tells which of many keys may stand twice. Nearly all stand once, so that only a few
//! have to be looked at closely.
//!
//! Keys are divided by their hash, and each part is gone over on its own: a table of all
//! of them would be larger than the caches of a processor, and each key would wait for
//! the memory. Parts that are too many for the memory lie in a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Parts that keys are divided into.
const PARTS: usize = 256;
/// Keys that are held in memory; each takes four bytes.
const HELD: usize = 1 << 20;
/// Bytes that are written at once.
const AT_ONCE: usize = 256 << 10;
/// Bits of the answer for all keys, at most 16 MiB.
const MOST_BITS: u64 = 1 << 27;
/// Keys for each bit of the answer: few stand twice, and what is asked for every key has to
/// stay in the caches of a processor.
const KEYS_A_BIT: u64 = 4;
/// How far the second place of a key in the answer is from the first, in bits of its hash.
const SECOND: u32 = 13;
/// Bits for each key of a part, so that few keys meet by chance.
const SPREAD: usize = 64;
/// Keys of a part that are looked up in bits; more are sorted, which takes longer, and no
/// memory of its own.
const MOST_LOOKED_UP: usize = 1 << 18;

/// Takes the hashes of keys.
pub struct Sieve {
    parts: Vec<Vec<u32>>,
    held: usize,
    /// Keys that are held no more.
    count: u64,
    rest: Option<Rest>,
}

/// What was too much for the memory: of each part some, then again of each some.
struct Rest {
    file: File,
    /// For each time how many bytes there are up to the end of each part.
    ends: Vec<[u64; PARTS]>,
    /// Bytes in all.
    length: u64,
}

/// Hashes that stand more than once, and few others.
pub struct Repeated {
    bits: Vec<u64>,
}

impl Sieve {
    /// An empty sieve.
    pub fn new() -> Sieve {
        Sieve {
            parts: vec![Vec::new(); PARTS],
            held: 0,
            count: 0,
            rest: None,
        }
    }

    /// Notes the hash of a key.
    ///
    /// # Errors
    /// No space for a temporary file.
    #[inline]
    pub fn note(&mut self, hash: u64) -> io::Result<()> {
        // The lowest bits find the place in the answer, so that these are others.
        self.parts[(hash >> 56) as usize].push((hash >> 24) as u32);
        self.held += 1;
        match self.held {
            HELD => self.spill(),
            _ => Ok(()),
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        let rest = match &mut self.rest {
            Some(rest) => rest,
            None => self.rest.insert(Rest {
                file: tempfile::tempfile()?,
                ends: Vec::new(),
                length: 0,
            }),
        };
        let mut ends = [0; PARTS];
        let mut bytes = Vec::new();
        for (part, end) in self.parts.iter_mut().zip(&mut ends) {
            rest.length += 4 * part.len() as u64;
            *end = rest.length;
            let from = bytes.len();
            bytes.resize(from + 4 * part.len(), 0);
            let (to, _) = bytes[from..].as_chunks_mut();
            for (to, hash) in to.iter_mut().zip(part.drain(..)) {
                *to = hash.to_le_bytes();
            }
            if bytes.len() >= AT_ONCE {
                rest.file.write_all(&bytes)?;
                bytes.clear();
            }
        }
        rest.file.write_all(&bytes)?;
        rest.ends.push(ends);
        self.held = 0;
        self.count += HELD as u64;
        Ok(())
    }

    /// What stands more than once.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn finish(mut self) -> io::Result<Repeated> {
        let count = self.count + self.held as u64;
        let bits = (count / KEYS_A_BIT).clamp(1 << 12, MOST_BITS);
        let bits = bits.next_power_of_two();
        let mut repeated = Repeated {
            bits: vec![0; (bits / 64) as usize],
        };
        let mut seen = Vec::new();
        for (at, mut all) in std::mem::take(&mut self.parts).into_iter().enumerate() {
            if let Some(rest) = &mut self.rest {
                rest.read(at, &mut all)?;
            }
            let front = (at as u64) << 32;
            each_repeated(&mut all, &mut seen, |hash| {
                repeated.set(front | u64::from(hash));
            });
        }
        Ok(repeated)
    }
}

impl Rest {
    /// Adds what there is of a part.
    fn read(&mut self, part: usize, all: &mut Vec<u32>) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut before = 0;
        for ends in &self.ends {
            let from = part.checked_sub(1).map_or(before, |last| ends[last]);
            before = ends[PARTS - 1];
            bytes.resize((ends[part] - from) as usize, 0);
            self.file.seek(SeekFrom::Start(from))?;
            self.file.read_exact(&mut bytes)?;
            let (hashes, _) = bytes.as_chunks();
            all.extend(hashes.iter().map(|bytes| u32::from_le_bytes(*bytes)));
        }
        Ok(())
    }
}

/// Calls `each` with every hash that stands more than once, and perhaps with others.
fn each_repeated(all: &mut [u32], seen: &mut Vec<u64>, mut each: impl FnMut(u32)) {
    if all.len() > MOST_LOOKED_UP {
        all.sort_unstable();
        let pairs = all.windows(2).filter(|pair| pair[0] == pair[1]);
        return pairs.for_each(|pair| each(pair[0]));
    }
    let words = (all.len() * SPREAD / 64).next_power_of_two();
    seen.clear();
    seen.resize(words, 0);
    for hash in all {
        let bit = *hash as usize & (words * 64 - 1);
        let (word, bit) = (&mut seen[bit / 64], 1 << (bit % 64));
        if *word & bit != 0 {
            each(*hash);
        }
        *word |= bit;
    }
}

impl Repeated {
    /// Where the word and the bit of a place are.
    #[inline]
    fn place(&self, at: u64) -> (usize, u32) {
        let bit = at & (self.bits.len() as u64 * 64 - 1);
        ((bit / 64) as usize, (bit % 64) as u32)
    }

    /// Notes what a sieve knows of a hash, which is forty bits, in two places.
    fn set(&mut self, known: u64) {
        for at in [known, known >> SECOND] {
            let (word, bit) = self.place(at);
            self.bits[word] |= 1 << bit;
        }
    }

    #[inline]
    fn is_set(&self, at: u64) -> bool {
        let (word, bit) = self.place(at);
        self.bits[word] >> bit & 1 == 1
    }

    /// Whether the key may have been noted more than once; false only if it was not.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        let known = hash >> 24;
        self.is_set(known) && self.is_set(known >> SECOND)
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
