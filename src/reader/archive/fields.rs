//! What extra fields and comments of archives may hold: what programs are known to write, and words.
//!
//! Neither is a file, so nothing in them is read; a record in them would be hidden.

use crate::reader::sniff::hides;

/// Bytes that fields may hold which are not known; too few for a record.
const SPARE: usize = 64;

/// Fields that programs write, and the most bytes in them.
const KNOWN: [(u16, usize); 8] = [
    // Sizes of more than 4 GiB.
    (0x0001, 28),
    // Times of NTFS.
    (0x000a, 32),
    // Times and ids of Unix, in three ways.
    (0x5455, 13),
    (0x5855, 12),
    (0x7855, 4),
    (0x7875, 19),
    // Encryption.
    (0x9901, 7),
    // The mark of a JAR.
    (0xcafe, 0),
];
/// Name and comment in UTF-8, behind five bytes.
const TEXTS: [u16; 2] = [0x7075, 0x6375];

/// Whether the extra fields of a member hold no more than programs write into them.
pub(super) fn is_plain(extra: &[u8]) -> bool {
    !hides(extra) && spare(extra) <= SPARE
}

/// Bytes that are not known. Zero bytes at the end of a field hold nothing: they align data.
fn spare(mut rest: &[u8]) -> usize {
    let mut count = 0;
    while let [a, b, c, d, behind @ ..] = rest {
        let tag = u16::from_le_bytes([*a, *b]);
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let Some((value, behind)) = behind.split_at_checked(length) else {
            break;
        };
        rest = behind;
        if !is_known(tag, value) {
            count += filled(value);
        }
    }
    count + filled(rest)
}

fn is_known(tag: u16, value: &[u8]) -> bool {
    let is_text = || value.len() >= 5 && std::str::from_utf8(&value[5..]).is_ok_and(is_name);
    KNOWN
        .iter()
        .any(|(known, most)| *known == tag && value.len() <= *most)
        || TEXTS.contains(&tag) && is_text()
}

fn is_name(text: &str) -> bool {
    text.len() <= super::name::LONGEST_NAME && is_words(text.as_bytes())
}

/// Bytes up to the last that is not zero.
pub(super) fn filled(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1)
}

/// Whether a comment is text, and no JSON. Its letters may be of any character set.
pub(super) fn is_words(comment: &[u8]) -> bool {
    let text = &comment[..filled(comment)];
    let is_control = |byte: &u8| *byte < b' ' && !b"\t\r\n".contains(byte);
    let front = text.trim_ascii_start();
    let is_json = front.starts_with(b"{") || front.starts_with(b"[{");
    !text.iter().any(is_control) && !is_json && !hides(text)
}

/// Whether what follows the fixed part of an end record of 64 bits may be let be.
pub(super) fn is_small(bytes: &[u8]) -> bool {
    !hides(bytes) && filled(bytes) <= SPARE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(tag: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).expect("short");
        [&tag.to_le_bytes()[..], &length.to_le_bytes(), value].concat()
    }

    #[test]
    fn fields_that_programs_write_are_let_be() {
        let unix = [1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        let usual = [
            field(0x5455, &[3; 9]),
            field(0x7875, &unix),
            field(0x0001, &[9; 28]),
            field(0x000a, &[7; 32]),
            field(0xcafe, b""),
            field(0x7075, b"\x01\xAA\xBB\xCC\xDDna\xC3\xAFve.json"),
            field(0xd935, &[&[4, 0][..], &[0; 3000]].concat()),
        ]
        .concat();
        assert!(is_plain(&usual));
        assert!(is_plain(&field(0x1234, &[7; 60])));
        assert!(is_plain(b""));
        assert!(is_plain(&[0; 3]));
    }

    #[test]
    fn more_than_that_is_not() {
        assert!(!is_plain(&field(0x1234, &[7; 65])));
        assert!(!is_plain(&field(0x5455, &[7; 65])));
        assert!(!is_plain(&[7; 70]), "fields that lead out of their place");
        assert!(!is_plain(&field(0x1234, b"PK\x03\x04")));
        assert!(!is_plain(&field(
            0x7075,
            b"12345{\"eventName\":1,\"eventSource\":2}"
        )));
        let many = field(0x1234, &[7; 30]).repeat(3);
        assert!(!is_plain(&many));
    }

    #[test]
    fn comments_are_words() {
        for words in [&b""[..], b"made by hand\r\n", b"caf\x82 [1]", b"0123abcd\0"] {
            assert!(is_words(words), "{words:?}");
        }
        for data in [
            &b" {\"a\":1}"[..],
            b"[{}]",
            b"see \"eventName\":1,\"eventSource\":2",
            b"\x01\x02",
            b"\x1F\x8B\x08",
            b"PK\x05\x06",
        ] {
            assert!(!is_words(data), "{data:?}");
        }
    }
}
