//! Strings, 32 bytes at a time: where one ends, and a hash of its text.
//!
//! The hash is part of the content hash, so it must give the same on every
//! machine: it uses plain multiplication only, and never a processor's own
//! instructions. It finds equal texts; it withstands nobody who wants two texts
//! to collide.

/// What is looked at in one step.
pub(super) const BLOCK: usize = 32;

/// The 32 bytes from `at` on; behind the end stand zeros, which no string may hold.
macro_rules! block_at {
    ($bytes:expr, $at:expr, $room:ident) => {
        match $crate::record::project::block::whole($bytes, $at) {
            Some(block) => block,
            None => {
                $room = $crate::record::project::block::padded($bytes, $at);
                &$room
            }
        }
    };
}
pub(super) use block_at;

/// The 32 bytes from `at` on, if there are so many.
#[inline(always)]
pub(super) fn whole(bytes: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    bytes.get(at..at + BLOCK)?.first_chunk()
}

/// The last bytes, and zeros behind them.
#[cold]
pub(super) fn padded(bytes: &[u8], at: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.len().min(BLOCK);
    block[..length].copy_from_slice(&rest[..length]);
    block
}

/// One bit for each byte that ends or interrupts plain text: quote, backslash,
/// control characters. Only the lowest bit that is set can be relied on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn specials<const WIDE: bool>(block: &[u8; BLOCK]) -> u32 {
    if WIDE {
        // SAFETY: only callers that run where AVX2 was found set `WIDE`.
        return unsafe { specials_wide(block) };
    }
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    let half = |from: usize| {
        // SAFETY: `from` is 0 or 16, so 16 of the block's 32 bytes follow; the load needs no
        // alignment, and every x86_64 processor has SSE2.
        unsafe {
            let text = _mm_loadu_si128(block.as_ptr().add(from).cast::<__m128i>());
            let quote = _mm_cmpeq_epi8(text, _mm_set1_epi8(b'"' as i8));
            let slash = _mm_cmpeq_epi8(text, _mm_set1_epi8(b'\\' as i8));
            let low = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), low)) as u32
        }
    };
    half(0) | half(16) << 16
}

/// [`specials`] with AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn specials_wide(block: &[u8; BLOCK]) -> u32 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };
    // SAFETY: the block has the 32 bytes, and the load needs no alignment.
    let text = unsafe { _mm256_loadu_si256(block.as_ptr().cast::<__m256i>()) };
    let quote = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'"' as i8));
    let slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'\\' as i8));
    let low = _mm256_cmpeq_epi8(_mm256_min_epu8(text, _mm256_set1_epi8(0x1F)), text);
    _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), low)) as u32
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn specials<const WIDE: bool>(block: &[u8; BLOCK]) -> u32 {
    specials_anywhere(block)
}

/// [`specials`] on any machine, eight bytes at a time.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
fn specials_anywhere(block: &[u8; BLOCK]) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte is below n if subtracting n borrows and its own high bit is clear.
    // Borrows spoil only bytes above the first true one, which is all that counts.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let mut bits = 0;
    for (at, word) in words(block).into_iter().enumerate() {
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        // Gathers the high bits of the eight bytes in the highest byte.
        let gathered = (special >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= (gathered as u32) << (at * 8);
    }
    bits
}

/// Whether the first bytes of both blocks are equal; `wanted` has one bit for each that counts.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn agree<const WIDE: bool>(one: &[u8; BLOCK], other: &[u8; BLOCK], wanted: u32) -> bool {
    if WIDE {
        // SAFETY: only callers that run where AVX2 was found set `WIDE`.
        return unsafe { equal_wide(one, other) } & wanted == wanted;
    }
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};
    let half = |from: usize| {
        // SAFETY: as in `specials`, for both blocks.
        unsafe {
            let one = _mm_loadu_si128(one.as_ptr().add(from).cast::<__m128i>());
            let other = _mm_loadu_si128(other.as_ptr().add(from).cast::<__m128i>());
            _mm_movemask_epi8(_mm_cmpeq_epi8(one, other)) as u32
        }
    };
    let equal = half(0) | half(16) << 16;
    equal & wanted == wanted
}

/// One bit for each byte that is the same in both blocks.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn equal_wide(one: &[u8; BLOCK], other: &[u8; BLOCK]) -> u32 {
    use std::arch::x86_64::{__m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8};
    // SAFETY: both blocks have the 32 bytes, and the load needs no alignment.
    let load =
        |block: &[u8; BLOCK]| unsafe { _mm256_loadu_si256(block.as_ptr().cast::<__m256i>()) };
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(one), load(other))) as u32
}

/// Whether this machine can do [`specials`] and [`agree`] in one step.
pub(super) fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    let found = std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("lzcnt");
    #[cfg(not(target_arch = "x86_64"))]
    let found = false;
    found
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn agree<const WIDE: bool>(one: &[u8; BLOCK], other: &[u8; BLOCK], wanted: u32) -> bool {
    let length = wanted.trailing_ones() as usize;
    one[..length] == other[..length]
}

#[inline(always)]
fn words(block: &[u8; BLOCK]) -> [u64; 4] {
    let word = |at: usize| {
        let eight = block[at..at + 8].first_chunk().expect("eight bytes of 32");
        u64::from_le_bytes(*eight)
    };
    [word(0), word(8), word(16), word(24)]
}

const SEED: u64 = 0x2D35_8DCC_AA6C_78A5;
const KEYS: [u64; 4] = [
    0x8BB8_4B93_962E_ACC9,
    0x4B33_A62E_D433_D4A3,
    0x4D5A_2DA5_1DE1_AA47,
    0xA076_1D64_78BD_642F,
];

/// 64 bits of a product of 128.
#[inline(always)]
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD6E8_FEB8_6659_FD93);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// The hash of a text that is met piece by piece.
#[derive(Clone, Copy)]
pub(super) struct TextHash(u64);

impl TextHash {
    #[inline(always)]
    pub(super) fn new() -> Self {
        TextHash(SEED)
    }

    #[inline(always)]
    fn fold(self, words: [u64; 4]) -> u64 {
        let front = mix(words[0] ^ self.0, words[1] ^ KEYS[0]);
        let back = mix(words[2] ^ self.0.wrapping_add(KEYS[1]), words[3] ^ KEYS[2]);
        front.wrapping_add(back.rotate_left(17))
    }

    /// 32 more bytes, and at least none behind them.
    #[inline(always)]
    pub(super) fn add(&mut self, block: &[u8; BLOCK]) {
        self.0 = self.fold(words(block));
    }

    /// The hash of whole blocks.
    #[inline(always)]
    pub(super) fn so_far(self) -> u64 {
        self.0
    }

    /// The last 0 to 31 bytes, at the front of a block.
    #[inline(always)]
    pub(super) fn finish(self, block: &[u8; BLOCK], length: usize) -> u64 {
        /// 32 bytes that are kept, then 32 that are not.
        static KEEP: [u8; 2 * BLOCK] = {
            let mut keep = [0; 2 * BLOCK];
            let mut at = 0;
            while at < BLOCK {
                keep[at] = 0xFF;
                at += 1;
            }
            keep
        };
        let keep = KEEP[BLOCK - (length & (BLOCK - 1))..]
            .first_chunk()
            .expect("at most half of the table is behind");
        let (text, keep) = (words(block), words(keep));
        let kept = std::array::from_fn(|at| text[at] & keep[at]);
        TextHash(self.0 ^ (length as u64).wrapping_mul(KEYS[3])).fold(kept)
    }
}

/// The hash of a text as a whole.
pub(in crate::record) fn hash_text(text: &[u8]) -> u64 {
    let mut hash = TextHash::new();
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        hash.add(block);
    }
    hash.finish(&padded(rest, 0), rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_first_special_byte() {
        let mut state = 7u64;
        let interesting = [
            0, 0x1F, 0x20, 0x21, b'"', b'#', b'\\', 0x7F, 0x80, 0xA2, 0xFF,
        ];
        for _ in 0..200_000 {
            let block: [u8; BLOCK] = std::array::from_fn(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let roll = (state >> 33) as usize;
                if roll.is_multiple_of(5) {
                    interesting[roll / 5 % interesting.len()]
                } else {
                    b'a' + (roll % 26) as u8
                }
            });
            let slow = block
                .iter()
                .position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
                .unwrap_or(BLOCK) as u32;
            assert_eq!(
                specials::<false>(&block).trailing_zeros(),
                slow,
                "{block:?}"
            );
            if is_wide() {
                assert_eq!(specials::<true>(&block).trailing_zeros(), slow, "{block:?}");
            }
            assert_eq!(
                specials_anywhere(&block).trailing_zeros(),
                slow,
                "{block:?}"
            );
        }
    }

    #[test]
    fn only_the_wanted_bytes_must_agree() {
        let one: [u8; BLOCK] = std::array::from_fn(|at| at as u8);
        for differs in 0..BLOCK {
            let mut other = one;
            other[differs] ^= 0x40;
            for wanted in 0..BLOCK {
                let bits = (1u32 << wanted) - 1;
                assert_eq!(agree::<false>(&one, &other, bits), wanted <= differs);
                if is_wide() {
                    assert_eq!(agree::<true>(&one, &other, bits), wanted <= differs);
                }
            }
        }
    }

    #[test]
    fn the_hash_does_not_depend_on_what_follows_and_does_on_everything_else() {
        let text: Vec<u8> = (1..=200).collect();
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..text.len() {
            assert!(seen.insert(hash_text(&text[..length])), "{length}");
            for at in 0..length {
                let mut other = text[..length].to_vec();
                other[at] ^= 1;
                assert_ne!(hash_text(&other), hash_text(&text[..length]));
            }
            assert!(
                seen.insert(hash_text(&vec![0; length + 1])),
                "zeros {length}"
            );
        }
    }

    #[test]
    fn the_hash_is_the_same_on_every_machine() {
        assert_eq!(hash_text(b""), 8_586_055_132_249_276_797);
        assert_eq!(hash_text(b"eventName"), 9_256_104_480_365_484_746);
    }
}
