//! The first member of a gzip file behind which something follows.
//!
//! Nothing of such a file is used. But what its first member holds may be what a digest lists,
//! or may have been changed too, and that has to be told as well.

use std::io::Read as _;

use sha2::{Digest as _, Sha256};

use super::{FOOTER, PIECE, header_length};

/// SHA-256 of what the first member unpacks to, if something follows it. Whoever asks has found
/// out that it does, within the limits.
pub fn first_member_sha256(stored: &[u8]) -> Option<[u8; 32]> {
    let body = header_length(stored).ok()?;
    let mut decoder = flate2::bufread::DeflateDecoder::new(&stored[body..]);
    let mut piece = vec![0; PIECE];
    let mut hash = Sha256::new();
    loop {
        match decoder.read(&mut piece).ok()? {
            0 => break,
            count => hash.update(&piece[..count]),
        }
    }
    let end = body + usize::try_from(decoder.total_in()).ok()? + FOOTER;
    (end < stored.len()).then(|| hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_follows_does_not_count_and_without_it_there_is_no_answer() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"content").expect("writes");
        let one = encoder.finish().expect("writes");
        let known: [u8; 32] = Sha256::digest(b"content").into();
        for more in [&b"x"[..], &one] {
            let both = [&one[..], more].concat();
            assert_eq!(first_member_sha256(&both), Some(known));
        }
        assert_eq!(first_member_sha256(&one), None);
        assert_eq!(first_member_sha256(&one[..one.len() - 9]), None);
        assert_eq!(first_member_sha256(b"x"), None);
    }
}
