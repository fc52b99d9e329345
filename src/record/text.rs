//! From the spelling of a JSON string to its text.

use std::borrow::Cow;

/// The text of a JSON string whose escapes were already found to be valid.
///
/// Half of a surrogate pair becomes U+FFFD here; the projector refuses it before.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let (character, used) = escape(&rest[at..]);
        text.push(character);
        rest = &rest[at + used..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that an escape at the start of `from` stands for, and its length.
fn escape(from: &str) -> (char, usize) {
    let simple = match from.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(from),
        Some(other) if other.is_ascii() => *other as char,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    (simple, 2)
}

fn unicode_escape(from: &str) -> (char, usize) {
    let unit = |at: usize| {
        from.get(at..at + 4)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let Some(first) = unit(2) else {
        return (char::REPLACEMENT_CHARACTER, 2);
    };
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    let second = if from.get(6..8) == Some("\\u") {
        unit(8)
    } else {
        None
    };
    match second {
        Some(low @ 0xDC00..=0xDFFF) if first < 0xDC00 => {
            let code = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
            (
                char::from_u32(code).expect("a surrogate pair names a character"),
                12,
            )
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(unescape(raw), expected);
    }

    #[test]
    fn escapes_stand_for_their_characters() {
        check("plain", "plain");
        check(r#"a\"\\\/\b\f\n\r\tz"#, "a\"\\/\u{8}\u{c}\n\r\tz");
        check(r"\u00e9\u4e2d\ud83d\ude00!", "é中😀!");
        check(r"x\u0000y", "x\0y");
    }
}
