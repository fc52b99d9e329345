//! What the first bytes of a file look like.
//!
//! Only for messages and for telling logs from other files; it never makes
//! something a log that is not JSON.

use crate::source::display::display_value;

use super::archive::ArchiveForm;
use super::envelope::{Table, table};

/// How a zstd frame begins.
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";

/// Whether the bytes begin as zstd data does: with a frame, perhaps behind some that programs skip.
pub(crate) fn is_zstd(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(length) = skippable(rest) {
        match rest.get(length..) {
            Some(behind) => rest = behind,
            // Only the front of a file may be at hand.
            None => return true,
        }
    }
    rest.starts_with(ZSTD)
}

/// Length of a zstd frame that holds no data.
pub(super) fn skippable(bytes: &[u8]) -> Option<usize> {
    let magic = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    (magic & 0xFFFF_FFF0 == 0x184D_2A50).then(|| 8 + length as usize)
}

/// Bytes that tell a ledger.
pub const LEDGER_MARK: u64 = 72;

/// Whether a file begins as a ledger of this program: a database with its application id.
pub fn is_ledger(front: &[u8]) -> bool {
    front.starts_with(b"SQLite format 3\0") && front.get(68..72) == Some(b"ATRL")
}

/// A first look at unpacked bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// `{`, `[`, or the time that CloudWatch Logs exports put before a record.
    Json,
    /// White space, or no bytes.
    Blank,
    /// Gzip, as in a file that was compressed twice.
    Gzip,
    /// An archive that may hold logs.
    Archive(ArchiveForm),
    /// Zstandard data.
    Zstd,
    /// A table in the Parquet format.
    Parquet,
    /// A CSV file with columns of CloudTrail events.
    Table(Table),
    /// In no form that is read, in words, but it holds what looks like CloudTrail records.
    Unread(String),
    /// Anything else, in words.
    Other(String),
}

/// The byte order mark that some editors put before UTF-8.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Looks at the front of `bytes`, a byte order mark already taken off.
pub(super) fn look(bytes: &[u8]) -> Look {
    if let Some(archive) = archive(bytes) {
        return Look::Archive(archive);
    }
    if super::inflate::is_gzip(bytes) {
        return Look::Gzip;
    }
    if is_utf16(bytes) {
        return other("UTF-16 text".into(), bytes);
    }
    if is_zstd(bytes) {
        return Look::Zstd;
    }
    if bytes.starts_with(b"PAR1") {
        return Look::Parquet;
    }
    match bytes.iter().find(|byte| !b" \t\r\n".contains(byte)) {
        None => Look::Blank,
        Some(b'{' | b'[') => Look::Json,
        Some(b'0'..=b'9') if export_time_length(bytes).is_some() => Look::Json,
        Some(b'<') => other(markup(bytes), bytes),
        Some(_) => match table(bytes) {
            Some(table) => Look::Table(table),
            None => other(first_bytes(bytes), bytes),
        },
    }
}

/// A file that is passed over must not be one that holds records.
fn other(words: String, bytes: &[u8]) -> Look {
    match mentions_records(bytes) {
        true => Look::Unread(format!(
            "{words}, and holds what looks like CloudTrail records"
        )),
        false => Look::Other(words),
    }
}

/// Whether the front of some bytes has members of records: their names in quotes, doubled or escaped
/// as the form may be, and a colon. Zeros are those of UTF-16 and UTF-32.
pub(super) fn mentions_records(bytes: &[u8]) -> bool {
    let front = &bytes[..bytes.len().min(LONGEST_FRONT)];
    let text: Vec<u8> = front.iter().copied().filter(|byte| *byte != 0).collect();
    let has = |name: &str| {
        memchr::memmem::find_iter(&text, name).any(|at| {
            let rest = &text[at + name.len()..];
            let entity = ENTITIES.iter().find(|one| rest.starts_with(one));
            let quotes = match entity {
                Some(entity) => entity.len(),
                None => rest
                    .iter()
                    .take_while(|byte| b"\"\\".contains(byte))
                    .count(),
            };
            let rest = rest[quotes..].trim_ascii_start();
            quotes > 0 && rest.first() == Some(&b':')
        })
    };
    let named = ["eventVersion", "eventSource", "eventName", "userIdentity"];
    named.into_iter().filter(|name| has(name)).count() >= 2
}

/// How a quote is written in XML and HTML.
const ENTITIES: [&[u8]; 3] = [b"&quot;", b"&#34;", b"&#x22;"];

/// Whether bytes where no data belongs hold records, or something packed that may.
pub(super) fn hides(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 6] = [
        b"\x1F\x8B\x08",
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xFD7zXZ\x00",
        ZSTD,
    ];
    let has = |mark: &&[u8]| memchr::memmem::find(bytes, mark).is_some();
    MARKS.iter().any(has) || mentions_records(bytes)
}

/// Bytes that are searched for members of records.
const LONGEST_FRONT: usize = 64 << 10;

fn archive(bytes: &[u8]) -> Option<ArchiveForm> {
    const KNOWN: [(&[u8], ArchiveForm); 6] = [
        (b"PK\x03\x04", ArchiveForm::Zip),
        (b"PK\x05\x06", ArchiveForm::Zip),
        (b"7z\xBC\xAF\x27\x1C", ArchiveForm::Unread("a 7z archive")),
        (b"Rar!\x1A\x07", ArchiveForm::Unread("a rar archive")),
        (b"\xFD7zXZ\x00", ArchiveForm::Unread("xz data")),
        (b"BZh", ArchiveForm::Unread("bzip2 data")),
    ];
    let known = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic));
    match known {
        Some((_, form)) => Some(*form),
        None if has_tar_mark(bytes) => Some(ArchiveForm::Tar),
        None => None,
    }
}

/// Whether tar's mark stands at its place, with the zero byte that ends it: no JSON holds one,
/// so a log in which a caller wrote `ustar` at that place stays a log.
fn has_tar_mark(bytes: &[u8]) -> bool {
    let mark = bytes.get(257..).unwrap_or_default();
    mark.starts_with(b"ustar\0") || mark.starts_with(b"ustar  \0") || is_old_tar(bytes)
}

/// Whether the bytes begin with a header of tar without its mark, as the first version of the
/// format has it: the sum of its bytes stands in it, and its name ends with a zero byte.
fn is_old_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else {
        return false;
    };
    let stated = header[148..156].trim_ascii_start();
    let digits = stated
        .iter()
        .take_while(|byte| (b'0'..=b'7').contains(byte));
    let stated = digits.fold(0u32, |sum, digit| sum * 8 + u32::from(digit - b'0'));
    let counted = header[..148].iter().chain(&header[156..]);
    let sum = counted.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
    header[0] != 0 && header[..100].contains(&0) && stated == sum
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xFF\xFE")
        || bytes.starts_with(b"\xFE\xFF")
        || matches!(bytes, [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..])
}

fn markup(bytes: &[u8]) -> String {
    let front = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    if let Some((_, rest)) = front.split_once("<Error>")
        && let Some((_, rest)) = rest.split_once("<Code>")
        && let Some((code, _)) = rest.split_once("</Code>")
    {
        return format!(
            "an S3 error page (`{}`), saved in place of the log",
            display_value(code)
        );
    }
    if front.to_ascii_lowercase().contains("<html") {
        return "an HTML page".into();
    }
    let inside = front.trim_start().trim_start_matches('<');
    match inside.starts_with(|first: char| first.is_ascii_digit()) {
        true => "lines of syslog".into(),
        false => "XML".into(),
    }
}

fn first_bytes(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("it begins with the bytes {}", shown.join(" "))
}

/// CloudWatch Logs export tasks write `2024-05-06T02:00:00.000Z ` before each event.
pub(super) fn export_time_length(bytes: &[u8]) -> Option<usize> {
    let blank = memchr::memchr(b' ', bytes.get(..40.min(bytes.len()))?)?;
    let time = &bytes[..blank];
    let is_time = time.len() >= 20
        && time[4] == b'-'
        && time[10] == b'T'
        && time.ends_with(b"Z")
        && bytes.get(blank + 1) == Some(&b'{');
    is_time.then_some(blank + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(look(bytes), Look::Other(expected.into()));
    }

    #[test]
    fn what_is_not_json_is_told_in_words() {
        check(
            b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>x</Message></Error>",
            "an S3 error page (`AccessDenied`), saved in place of the log",
        );
        check(
            b"id;note\n1;eventVersion and eventName",
            "it begins with the bytes 69 64 3b 6e 6f 74 65 0a",
        );
        check(b"\xFF\xFE{\0", "UTF-16 text");
        check(b"{\0\"\0", "UTF-16 text");
        check(b"<!doctype html><HTML>", "an HTML page");
        check(b"\x89PNG", "it begins with the bytes 89 50 4e 47");
    }

    #[test]
    fn what_holds_records_in_a_form_that_is_not_read_is_not_passed_over() {
        for text in [
            "id,x\n1,\"{\"\"eventVersion\"\":\"\"1.11\"\",\"\"eventName\"\" : \"\"X\"\"}\"",
            "x {\\\"eventSource\\\":\\\"a\\\",\\\"eventName\\\":\\\"X\\\"}",
            "<134>1 2026-10-03T00:00:00Z h - - - {\"eventVersion\":\"1.11\",\"eventName\":\"X\"}",
            "<r>{&quot;eventVersion&quot;:&quot;1.11&quot;,&quot;eventName&quot;:&quot;X&quot;}</r>",
        ] {
            assert!(matches!(look(text.as_bytes()), Look::Unread(_)), "{text}");
            let mut wide = b"\xFF\xFE".to_vec();
            wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            let Look::Unread(words) = look(&wide) else {
                panic!("{text}")
            };
            assert!(words.starts_with("UTF-16 text"), "{words}");
        }
    }

    #[test]
    fn json_archives_and_blanks_are_told_apart() {
        assert_eq!(look(b" \n[1]"), Look::Json);
        assert_eq!(look(b"2024-05-06T02:00:00.000Z {\"a\":1}"), Look::Json);
        assert_eq!(look(b" \n"), Look::Blank);
        assert_eq!(look(b"PK\x03\x04.."), Look::Archive(ArchiveForm::Zip));
    }
}
