//! Makes text that somebody else chose safe to print on one line.
//!
//! Nothing is lost: what cannot be shown stands as an escape. It does not
//! escape for HTML, CSV or any other format.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Values in messages are cut after this many characters.
const LONGEST: usize = 160;

/// `text` with control, direction and invisible characters as `\u{…}`.
pub fn display_text(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_shown(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// [`display_text`], cut to a length that fits a message; a cut shows as `…`.
pub fn display_value(text: &str) -> String {
    if is_plain(text) {
        return match text.get(..LONGEST).filter(|_| text.len() > LONGEST) {
            Some(front) => format!("{front}…"),
            None => text.to_owned(),
        };
    }
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == LONGEST {
            shown.push('…');
            break;
        }
        push_shown(&mut shown, character);
    }
    shown
}

/// Whether it is printable ASCII, as nearly every text is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn push_shown(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if is_unprintable(character) => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
        _ => shown.push(character),
    }
}

fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0xAD | 0x34F
                | 0x61C
                | 0x115F
                | 0x1160
                | 0x17B4
                | 0x17B5
                | 0x180B..=0x180F
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0x3164
                | 0xFE00..=0xFE0F
                | 0xFEFF
                | 0xFFA0
                | 0xFFF0..=0xFFFB
                | 0x1D173..=0x1D17A
                | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(display_text(text), expected);
    }

    #[test]
    fn what_acts_on_a_terminal_or_turns_a_line_is_shown_as_an_escape() {
        check("plain é 中", "plain é 中");
        check("a\u{1b}[31mb\u{9b}c\u{7f}", "a\\u{1b}[31mb\\u{9b}c\\u{7f}");
        check("a\nb\r\tc", "a\\nb\\r\\tc");
        check(
            "x\u{202e}y\u{200b}\u{feff}",
            "x\\u{202e}y\\u{200b}\\u{feff}",
        );
    }

    #[test]
    fn a_long_value_is_cut_visibly() {
        let shown = display_value(&"x".repeat(1000));
        assert_eq!(shown.chars().count(), LONGEST + 1);
        assert!(shown.ends_with('…'));
    }
}
