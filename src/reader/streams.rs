//! Compressed streams that CloudTrail does not write, but copying tools do: many
//! gzip members one after another, and zstd.
//!
//! A log file of a trail has one gzip member, and whatever follows it is a fault
//! (see [`super::inflate`]). Firehose and log shippers append members, so files
//! that are no trail's are read member by member, unless what they hold looks
//! like a trail's file after all.

use std::io::Read;

use super::inflate::{GzipFault, InflateLimits, is_gzip};
use super::{FileFault, sniff};

/// Below this the ratio is not looked at.
const SMALL: u64 = 64 << 20;

/// Unpacks every member of `stored` into `out` and returns the length; nothing
/// where one of them begins as the file of a trail does.
///
/// # Errors
/// See [`GzipFault`].
pub(super) fn gzip_members(
    stored: &[u8],
    out: &mut Vec<u8>,
    limits: InflateLimits,
) -> Result<Option<usize>, GzipFault> {
    out.clear();
    let mut rest = stored;
    while !rest.is_empty() {
        let at = (stored.len() - rest.len()) as u64;
        if !is_gzip(rest) {
            let count = rest.len() as u64;
            return Err(GzipFault::Trailing { at, count });
        }
        let begun = out.len();
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        let room = (limits.bytes + 1).saturating_sub(begun as u64);
        let read = (&mut decoder).take(room).read_to_end(out);
        check_size(out.len() as u64, stored.len() as u64, limits)?;
        if read.is_err() {
            let inflated = out.len() as u64;
            return Err(GzipFault::Corrupt { inflated });
        }
        if decoder.header().is_some_and(hides_in_header) {
            return Err(GzipFault::HeaderData);
        }
        if is_of_a_trail(&out[begun..]) {
            return Ok(None);
        }
        // Members may end without a line break, and documents need none between them.
        rest = decoder.into_inner();
    }
    Ok(Some(out.len()))
}

/// Whether the header of a gzip member hides something.
pub(super) fn hides_in_header(header: &flate2::GzHeader) -> bool {
    let texts = [header.extra(), header.filename(), header.comment()];
    texts.into_iter().flatten().any(sniff::hides)
}

/// `{"Records"`, which only a trail's file begins with where somebody packs members.
fn is_of_a_trail(member: &[u8]) -> bool {
    let mut front = member
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied();
    b"{\"Records\""
        .iter()
        .all(|byte| front.next() == Some(*byte))
}

fn check_size(inflated: u64, stored: u64, limits: InflateLimits) -> Result<(), GzipFault> {
    if inflated > limits.bytes {
        return Err(GzipFault::TooLarge {
            limit: limits.bytes,
        });
    }
    if inflated > SMALL && inflated / limits.ratio.max(1) > stored {
        return Err(GzipFault::TooDense {
            inflated,
            stored,
            limit: limits.ratio,
        });
    }
    Ok(())
}

/// The first bytes of what zstd data unpacks to, as far as they can be had.
pub(super) fn peek_zstd(stored: &[u8], count: usize) -> Vec<u8> {
    let mut front = Vec::new();
    let mut rest = stored;
    while let Some(length) = sniff::skippable(rest) {
        rest = rest.get(length..).unwrap_or_default();
    }
    if sniff::is_zstd(rest)
        && let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(&mut rest)
    {
        // What was unpacked before an error is still in `front`.
        let _ = (&mut decoder).take(count as u64).read_to_end(&mut front);
    }
    front
}

/// Unpacks every zstd frame of `stored` into `out` and returns the length.
///
/// # Errors
/// Broken data, or more than the limits allow.
pub(crate) fn zstd(
    stored: &[u8],
    out: &mut Vec<u8>,
    limits: InflateLimits,
) -> Result<usize, FileFault> {
    out.clear();
    let mut rest = stored;
    let mut piece = vec![0; 64 << 10];
    while !rest.is_empty() {
        if let Some(length) = sniff::skippable(rest) {
            if sniff::hides(rest.get(8..length).ok_or(broken(out))?) {
                return Err(FileFault::Unread(
                    "a zstd frame for programs to skip, and in it data".into(),
                ));
            }
            rest = &rest[length..];
            continue;
        }
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest);
        let mut decoder = decoder.map_err(|_| broken(out))?;
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => out.extend_from_slice(&piece[..count]),
                Err(_) => return Err(broken(out)),
            }
            check_size(out.len() as u64, stored.len() as u64, limits)?;
        }
        let frame = &decoder.decoder;
        let stated = frame.get_checksum_from_data();
        if stated.is_some() && stated != frame.get_calculated_checksum() {
            return Err(broken(out));
        }
    }
    Ok(out.len())
}

fn broken(out: &[u8]) -> FileFault {
    FileFault::Zstd {
        inflated: out.len() as u64,
    }
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

    #[test]
    fn members_are_joined_unless_one_is_a_trails() {
        let mut out = Vec::new();
        let two = [gzip(b"{\"a\":1}"), gzip(b"{\"b\":2}")].concat();
        let length = gzip_members(&two, &mut out, LIMITS).expect("good");
        assert_eq!(length, Some(14));
        assert_eq!(out, b"{\"a\":1}{\"b\":2}");
        for place in [0, 1] {
            let mut parts = [gzip(b"{\"a\":1}"), gzip(b"{\"a\":1}")];
            parts[place] = gzip(b" {\"Records\" :[]}");
            assert_eq!(gzip_members(&parts.concat(), &mut out, LIMITS), Ok(None));
        }
    }

    #[test]
    fn bytes_behind_members_and_broken_members_are_named() {
        let mut out = Vec::new();
        let one = gzip(b"x");
        let two = [&one[..], &one, b"tail"].concat();
        assert_eq!(
            gzip_members(&two, &mut out, LIMITS),
            Err(GzipFault::Trailing {
                at: 2 * one.len() as u64,
                count: 4
            })
        );
        let cut = [&one[..], &one[..one.len() - 3]].concat();
        assert!(matches!(
            gzip_members(&cut, &mut out, LIMITS),
            Err(GzipFault::Corrupt { .. })
        ));
    }

    #[test]
    fn many_dense_members_are_refused_by_the_stated_limit() {
        let bomb = gzip(&vec![b' '; 40 << 20]);
        let mut out = Vec::new();
        let many = [bomb.clone(), bomb.clone(), bomb].concat();
        assert!(matches!(
            gzip_members(&many, &mut out, LIMITS),
            Err(GzipFault::TooDense { limit: 250, .. })
        ));
        let tight = InflateLimits {
            bytes: 50 << 20,
            ratio: 100_000,
        };
        assert!(matches!(
            gzip_members(&many, &mut out, tight),
            Err(GzipFault::TooLarge { .. })
        ));
    }

    fn compressed(content: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn zstd_frames_are_read_one_after_another() {
        let mut out = Vec::new();
        let skipped = [
            &0x184D_2A53_u32.to_le_bytes()[..],
            &3u32.to_le_bytes(),
            b"abc",
        ]
        .concat();
        let all = [compressed(b"one "), skipped, compressed(b"two")].concat();
        assert_eq!(zstd(&all, &mut out, LIMITS), Ok(7));
        assert_eq!(out, b"one two");
        for cut in 1..all.len() - 1 {
            let part = zstd(&all[..cut], &mut out, LIMITS);
            assert!(part.is_err() || part == Ok(4), "{cut}: {part:?}");
        }
        let bomb = compressed(&vec![b' '; 80 << 20]);
        assert!(matches!(
            zstd(&bomb, &mut out, LIMITS),
            Err(FileFault::Gzip(GzipFault::TooDense { .. }))
        ));
    }
}
