//! One gzip member, whole, into a buffer that is used again.
//!
//! CloudTrail writes one member and nothing behind it. A second member, bytes
//! behind the member, a wrong check value or a wrong length are faults that
//! name what was found, never data: AWS's own validation refuses them too.
//!
//! The fast way trusts the length at the end of the file only as the size of a
//! buffer. When anything does not fit, a slow second look tells what is wrong.

mod member;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use libdeflater::{Crc, DecompressionError, Decompressor};

pub use self::member::first_member_sha256;
use super::intake::room_for;
use super::sniff;

/// Bytes of a header that every member has.
const FIXED_HEADER: usize = 10;
/// Bytes of CRC and length at the end of a member.
const FOOTER: usize = 8;
/// Bytes that a slow look takes at once.
const PIECE: usize = 64 << 10;
/// Deflate cannot do better than 1032 to 1.
const DENSEST: u64 = 1033;
/// Below this the ratio is not looked at: a few repeated records compress very well.
const SMALL: u64 = 64 << 20;

/// Most bytes that a digest may unpack to: more than 100,000 listed logs, of one hour, Region and account.
pub const DIGEST_BYTES: u64 = 64 << 20;
/// Most bytes unpacked per byte stored, for digests that are not small. Each listed log has a
/// hash, which does not compress, so a genuine digest unpacks to some ten times its bytes.
pub const DIGEST_RATIO: u64 = 32;
/// Digests that unpack to no more are read on all threads at once; above it one at a time, and
/// their density counts.
pub const SMALL_DIGEST: u64 = 1 << 20;

/// How large a gzip file says that it is unpacked, at its end; a lie is found when it is unpacked.
pub fn claimed_length(stored: &[u8]) -> u64 {
    match stored.len().checked_sub(FOOTER) {
        Some(end) if is_gzip(stored) => u64::from(read_footer(&stored[end..]).1),
        _ => stored.len() as u64,
    }
}

/// Bounds on one member.
#[derive(Debug, Clone, Copy)]
pub struct InflateLimits {
    /// Most bytes that a member may unpack to.
    pub bytes: u64,
    /// Most bytes unpacked per byte stored, for members that unpack to more than 64 MiB.
    pub ratio: u64,
}

/// What is wrong with a gzip file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GzipFault {
    /// The header ends early or asks for something unknown.
    #[error("the gzip header is broken")]
    Header,
    /// The header holds what looks like records, or packed data.
    #[error("the gzip header holds data, which is not read")]
    HeaderData,
    /// The file ends inside the member.
    #[error(
        "the gzip data ends early, at byte {stored} of the file: {inflated} bytes could be unpacked"
    )]
    Truncated {
        /// Bytes of the file.
        stored: u64,
        /// Bytes unpacked until then.
        inflated: u64,
    },
    /// The compressed data is not deflate.
    #[error("the gzip data is corrupt after {inflated} unpacked bytes")]
    Corrupt {
        /// Bytes unpacked until then.
        inflated: u64,
    },
    /// The check value differs.
    #[error(
        "the gzip check value is wrong: the file says {stored:08x}, the content gives {computed:08x}"
    )]
    Checksum {
        /// In the file.
        stored: u32,
        /// Of the content.
        computed: u32,
    },
    /// The length field differs.
    #[error(
        "the gzip length field is wrong: the file says {stored}, the content has {computed} bytes"
    )]
    Length {
        /// In the file.
        stored: u32,
        /// Of the content.
        computed: u64,
    },
    /// Another member follows.
    #[error(
        "a second gzip member begins at byte {at}; CloudTrail writes one, and nothing of the file is used"
    )]
    SecondMember {
        /// Offset in the file.
        at: u64,
    },
    /// Something else follows.
    #[error("{count} bytes that are not gzip follow the data, from byte {at}")]
    Trailing {
        /// Offset in the file.
        at: u64,
        /// How many.
        count: u64,
    },
    /// More than the limit.
    #[error("unpacks to more than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in force.
        limit: u64,
    },
    /// Denser than any log.
    #[error(
        "unpacks to {inflated} bytes or more from {stored}: denser than the limit of {limit} to 1"
    )]
    TooDense {
        /// Bytes unpacked.
        inflated: u64,
        /// Bytes in the file.
        stored: u64,
        /// The limit in force.
        limit: u64,
    },
}

impl GzipFault {
    /// Whether the first member is sound, and something follows it.
    pub fn is_behind_a_member(&self) -> bool {
        matches!(
            self,
            GzipFault::SecondMember { .. } | GzipFault::Trailing { .. }
        )
    }
}

/// Whether the bytes begin as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1F, 0x8B])
}

/// Unpacks the only member of `stored` into the front of `out`, which grows as
/// needed and never shrinks, and returns how many bytes there are.
///
/// # Errors
/// See [`GzipFault`]; `out` then holds nothing of use.
pub fn inflate(
    decompressor: &mut Decompressor,
    stored: &[u8],
    out: &mut Vec<u8>,
    limits: InflateLimits,
) -> Result<usize, GzipFault> {
    let body = header_length(stored)?;
    if sniff::hides(&stored[FIXED_HEADER..body]) {
        return Err(GzipFault::HeaderData);
    }
    let Some(end) = stored.len().checked_sub(FOOTER).filter(|end| *end > body) else {
        return Err(truncated(stored, 0));
    };
    let (crc, length) = read_footer(&stored[end..]);
    let claimed = u64::from(length);
    let is_plausible = claimed <= limits.bytes
        && claimed / DENSEST <= stored.len() as u64
        && !is_too_dense(claimed, stored, limits);
    if !is_plausible {
        return Err(wrong(look_closely(stored, body, limits), stored, limits));
    }
    let length = length as usize;
    if out.len() < length {
        // Zeroed pages come from the system as they are; growing would copy and clear.
        *out = vec![0; room_for(length)];
    }
    match decompressor.deflate_decompress(&stored[body..end], &mut out[..length]) {
        Ok(inflated) if inflated == length && crc32(&out[..length]) == crc => {}
        Ok(_) | Err(DecompressionError::BadData | DecompressionError::InsufficientSpace) => {
            return Err(wrong(look_closely(stored, body, limits), stored, limits));
        }
    }
    // The decoder does not tell where the member ended. If it ended before the end
    // of the file, its own footer, which holds these very values, stands earlier.
    if memchr::memmem::find(&stored[body..stored.len() - 1], &stored[end..]).is_some() {
        look_closely(stored, body, limits)?;
    }
    Ok(length)
}

/// The fault that the close look found; both decoders disagreeing counts as corrupt.
fn wrong(looked: Result<u64, GzipFault>, stored: &[u8], limits: InflateLimits) -> GzipFault {
    match looked {
        Err(fault) => fault,
        Ok(inflated) if is_too_dense(inflated, stored, limits) => GzipFault::TooDense {
            inflated,
            stored: stored.len() as u64,
            limit: limits.ratio,
        },
        Ok(inflated) => GzipFault::Corrupt { inflated },
    }
}

fn is_too_dense(inflated: u64, stored: &[u8], limits: InflateLimits) -> bool {
    is_too_dense_for(inflated, stored.len() as u64, limits)
}

fn is_too_dense_for(inflated: u64, stored: u64, limits: InflateLimits) -> bool {
    inflated > SMALL && inflated / limits.ratio.max(1) > stored
}

fn truncated(stored: &[u8], inflated: u64) -> GzipFault {
    GzipFault::Truncated {
        stored: stored.len() as u64,
        inflated,
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn read_footer(bytes: &[u8]) -> (u32, u32) {
    let word = |at: usize| {
        bytes[at..at + 4]
            .iter()
            .rev()
            .fold(0u32, |all, byte| all << 8 | u32::from(*byte))
    };
    (word(0), word(4))
}

/// Where the compressed data of a member begins.
fn header_length(bytes: &[u8]) -> Result<usize, GzipFault> {
    const CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const UNKNOWN: u8 = 0xE0;
    let early = || truncated(bytes, 0);
    let fixed = bytes.get(..10).ok_or_else(early)?;
    let flags = fixed[3];
    if !is_gzip(fixed) || fixed[2] != 8 || flags & UNKNOWN != 0 {
        return Err(GzipFault::Header);
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        let length = bytes.get(at..at + 2).ok_or_else(early)?;
        at += 2 + usize::from(length[0]) + usize::from(length[1]) * 256;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let rest = bytes.get(at..).ok_or_else(early)?;
            at += memchr::memchr(0, rest).ok_or_else(early)? + 1;
        }
    }
    if flags & CRC != 0 {
        at += 2;
    }
    if at > bytes.len() {
        return Err(early());
    }
    Ok(at)
}

/// Goes through the member piece by piece, keeps nothing, and tells what is
/// wrong with it, or its length if nothing is.
fn look_closely(stored: &[u8], body: usize, limits: InflateLimits) -> Result<u64, GzipFault> {
    let mut decoder = flate2::bufread::DeflateDecoder::new(&stored[body..]);
    let mut piece = vec![0u8; PIECE];
    let mut crc = Crc::new();
    let mut inflated = 0u64;
    loop {
        match decoder.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                crc.update(&piece[..count]);
                inflated += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(truncated(stored, inflated));
            }
            Err(_) => return Err(GzipFault::Corrupt { inflated }),
        }
        if let Some(fault) = too_much(inflated, stored.len() as u64, limits) {
            return Err(fault);
        }
    }
    let end = body + usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
    let behind = end.saturating_add(FOOTER);
    let Some(footer) = stored.get(end..behind) else {
        return Err(truncated(stored, inflated));
    };
    let (stored_crc, stored_length) = read_footer(footer);
    if stored_crc != crc.sum() {
        return Err(GzipFault::Checksum {
            stored: stored_crc,
            computed: crc.sum(),
        });
    }
    if u64::from(stored_length) != inflated & 0xFFFF_FFFF {
        return Err(GzipFault::Length {
            stored: stored_length,
            computed: inflated,
        });
    }
    check_rest(&stored[behind..], behind as u64).map(|()| inflated)
}

/// Looks at a file that is not held in memory: the fault if its member unpacks to more than
/// it may. Nothing if it does not, or is broken in some other way; that takes a look at the whole.
///
/// # Errors
/// A file that cannot be read.
pub fn look_for_too_much(
    file: &mut File,
    size: u64,
    limits: InflateLimits,
) -> io::Result<Option<GzipFault>> {
    if size < FOOTER as u64 {
        return Ok(None);
    }
    let mut footer = [0; FOOTER];
    file.seek(SeekFrom::Start(size - FOOTER as u64))?;
    file.read_exact(&mut footer)?;
    let claimed = u64::from(read_footer(&footer).1);
    if claimed <= limits.bytes && !is_too_dense_for(claimed, size, limits) {
        return Ok(None);
    }
    let mut front = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(PIECE as u64).read_to_end(&mut front)?;
    let Ok(body) = header_length(&front) else {
        return Ok(None);
    };
    let packed = BufReader::with_capacity(PIECE, (&front[body..]).chain(file));
    let mut decoder = flate2::bufread::DeflateDecoder::new(packed);
    let mut piece = vec![0u8; PIECE];
    let mut inflated = 0;
    loop {
        match decoder.read(&mut piece) {
            // Whoever reads the whole finds the same, and says what it is.
            Ok(0) | Err(_) => return Ok(None),
            Ok(count) => inflated += count as u64,
        }
        let fault = too_much(inflated, size, limits);
        if fault.is_some() {
            return Ok(fault);
        }
    }
}

/// The fault of a member that unpacks to so much at least.
fn too_much(inflated: u64, stored: u64, limits: InflateLimits) -> Option<GzipFault> {
    if inflated > limits.bytes {
        let limit = limits.bytes;
        return Some(GzipFault::TooLarge { limit });
    }
    is_too_dense_for(inflated, stored, limits).then_some(GzipFault::TooDense {
        inflated,
        stored,
        limit: limits.ratio,
    })
}

fn check_rest(rest: &[u8], at: u64) -> Result<(), GzipFault> {
    if rest.is_empty() {
        Ok(())
    } else if is_gzip(rest) {
        Err(GzipFault::SecondMember { at })
    } else {
        Err(GzipFault::Trailing {
            at,
            count: rest.len() as u64,
        })
    }
}

/// The first bytes of what `stored` unpacks to, as far as they can be had:
/// enough to tell what a file is, not enough to use it.
pub fn peek(stored: &[u8], count: usize) -> Vec<u8> {
    let mut front = Vec::new();
    let Ok(body) = header_length(stored) else {
        return front;
    };
    let decoder = flate2::bufread::DeflateDecoder::new(&stored[body..]);
    // What was unpacked before an error is still in `front`.
    let _ = decoder.take(count as u64).read_to_end(&mut front);
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LIMITS: InflateLimits = InflateLimits {
        bytes: 256 << 20,
        ratio: 250,
    };

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).expect("writes to memory");
        encoder.finish().expect("writes to memory")
    }

    fn run(stored: &[u8]) -> Result<Vec<u8>, GzipFault> {
        let mut out = Vec::new();
        let length = inflate(&mut Decompressor::new(), stored, &mut out, LIMITS)?;
        out.truncate(length);
        Ok(out)
    }

    #[test]
    fn one_member_is_read_whole() {
        for content in [&b""[..], b"x", &b"hello ".repeat(10_000)] {
            assert_eq!(run(&gzip(content)).expect("good"), content);
        }
    }

    #[test]
    fn header_fields_are_stepped_over() {
        let mut encoder = flate2::GzBuilder::new()
            .filename("a.json")
            .comment("c")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"content").expect("writes to memory");
        assert_eq!(
            run(&encoder.finish().expect("writes")).expect("good"),
            b"content"
        );
    }

    #[test]
    fn a_second_member_is_named_even_if_it_is_the_same_again() {
        let one = gzip(b"content");
        let at = one.len() as u64;
        let two = [one.clone(), one.clone()].concat();
        assert_eq!(run(&two), Err(GzipFault::SecondMember { at }));
        let other = [one, gzip(b"something longer")].concat();
        assert_eq!(run(&other), Err(GzipFault::SecondMember { at }));
    }

    #[test]
    fn bytes_behind_the_member_are_named_even_if_they_end_like_it() {
        let one = gzip(b"content");
        let forged = [&one[..], b"xyz", &one[one.len() - 8..]].concat();
        assert_eq!(
            run(&forged),
            Err(GzipFault::Trailing {
                at: one.len() as u64,
                count: 11
            })
        );
        let zeros = [&one[..], &[0; 3]].concat();
        assert!(matches!(
            run(&zeros),
            Err(GzipFault::Trailing { count: 3, .. })
        ));
    }

    #[test]
    fn every_cut_is_named_as_truncated() {
        let whole = gzip(&b"some content that is long enough ".repeat(20));
        for cut in 0..whole.len() {
            assert!(
                matches!(
                    run(&whole[..cut]),
                    Err(GzipFault::Truncated { .. } | GzipFault::Corrupt { .. })
                ),
                "{cut}: {:?}",
                run(&whole[..cut])
            );
        }
    }

    #[test]
    fn check_value_and_length_are_checked() {
        let mut stored = gzip(b"content");
        let last = stored.len() - 1;
        stored[last - 2] ^= 1;
        assert!(matches!(
            run(&stored),
            Err(GzipFault::Length { computed: 7, .. })
        ));
        let mut stored = gzip(b"content");
        stored[last - 6] ^= 1;
        assert!(matches!(run(&stored), Err(GzipFault::Checksum { .. })));
    }

    #[test]
    fn a_bomb_is_refused_by_its_stated_limit() {
        let stored = gzip(&vec![b' '; 80 << 20]);
        assert!(matches!(
            run(&stored),
            Err(GzipFault::TooDense { limit: 250, .. })
        ));
        let tight = InflateLimits {
            bytes: 1 << 20,
            ratio: 2000,
        };
        let mut out = Vec::new();
        assert_eq!(
            inflate(&mut Decompressor::new(), &stored, &mut out, tight),
            Err(GzipFault::TooLarge { limit: 1 << 20 })
        );
        assert!(out.is_empty());
    }
}
