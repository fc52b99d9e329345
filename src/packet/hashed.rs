//! SHA-256 of what is written: texts that are only hashed are never held whole.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Bytes that are hashed at once; spelling JSON writes a few at a time.
const HELD: usize = 16 << 10;

/// Hashes what is written to it.
#[derive(Debug, Default)]
pub struct Hashed {
    hash: Sha256,
    held: Vec<u8>,
}

impl Hashed {
    /// Lower-case hex.
    pub fn finish(mut self) -> String {
        self.hash.update(&self.held);
        hex::encode(self.hash.finalize())
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() + bytes.len() > HELD {
            self.hash.update(&self.held);
            self.held.clear();
        }
        if bytes.len() > HELD {
            self.hash.update(bytes);
        } else {
            self.held.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_have_the_hash_of_the_whole() {
        let whole: Vec<u8> = (0..5 * HELD).map(|at| (at % 251) as u8).collect();
        for sizes in [[1, 7], [HELD - 1, 2], [HELD, HELD], [HELD + 1, 3]] {
            let mut hashed = Hashed::default();
            let mut rest = whole.as_slice();
            for size in sizes.into_iter().cycle() {
                let (now, later) = rest.split_at(size.min(rest.len()));
                hashed.write_all(now).expect("takes all");
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            assert_eq!(hashed.finish(), hex::encode(Sha256::digest(&whole)));
        }
    }
}
