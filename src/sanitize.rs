//! How text that others wrote is shown to people.
//!
//! Whoever calls AWS chooses user agents, names and error texts, so a view must
//! show what is really there: characters that hide, reorder or steer become
//! visible escapes such as `\u{202e}`. The evidence keeps its bytes; nothing
//! here is ever applied to a record that is written as evidence. Apply it once,
//! at the last step of a view: escaping is not idempotent, because a literal
//! `\u{` is escaped too, so that no text can imitate an escape.

use std::borrow::Cow;
use std::fmt::Write as _;

/// More combining marks than this on one letter paint over the lines around it.
const MAX_COMBINING_MARKS: usize = 4;

/// The text as one line: every character that hides or steers is escaped, line breaks and tabs too.
///
/// For a terminal line, a table cell, a paragraph, a file name in a message.
pub fn inline(text: &str) -> Cow<'_, str> {
    visible(text, |_| false)
}

/// The text as lines: as [`inline`], but line feeds stay, and tabs become four blanks.
///
/// Only for blocks that hold nothing else (pattern text, records), because a line
/// of it can look like a line of ours.
pub fn lines(text: &str) -> Cow<'_, str> {
    match visible(text, |c| c == '\n' || c == '\t') {
        shown if shown.contains('\t') => Cow::Owned(shown.replace('\t', "    ")),
        shown => shown,
    }
}

/// [`inline`], then the five characters that mean something in HTML and XML as entities.
///
/// Safe as element content and inside a quoted attribute. Not safe inside
/// scripts, styles, comments, unquoted attributes or as a URL.
pub fn html(text: &str) -> String {
    entities(&inline(text))
}

/// [`html`] in the form that `tera::Tera::set_escape_fn` takes.
///
/// # Errors
/// Those of `target`.
pub fn write_html(text: &str, target: &mut dyn std::io::Write) -> std::io::Result<()> {
    let shown = inline(text);
    match shown.bytes().any(is_special) {
        true => target.write_all(entities(&shown).as_bytes()),
        false => target.write_all(shown.as_bytes()),
    }
}

/// Whether a byte means something in HTML and XML.
fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
}

/// [`lines`], with HTML entities, see [`html`].
pub fn html_lines(text: &str) -> String {
    entities(&lines(text))
}

/// True for a character that must not reach a reader as itself.
///
/// Controls, direction marks, characters without a shape, line and paragraph
/// separators, private use, tags, variation selectors, noncharacters, and blanks
/// that only look like the ordinary one.
pub fn is_hidden(c: char) -> bool {
    let code = c as u32;
    if code & 0xFFFE == 0xFFFE {
        return true;
    }
    matches!(code,
        0x00..=0x1F | 0x7F..=0x9F                          // C0, DEL, C1
        | 0xAD | 0x34F | 0x61C | 0x115F | 0x1160           // soft hyphen, joiner, letter mark, fillers
        | 0x1680 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x2000..=0x200F | 0x2028..=0x202F                // odd blanks, zero width, separators, bidi
        | 0x205F..=0x206F | 0x2800 | 0x3164
        | 0xE000..=0xF8FF                                  // private use
        | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF                                // tags, more variation selectors
        | 0xF0000..=0x10FFFF)
}

fn visible(text: &str, kept: fn(char) -> bool) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|b| (0x20..0x7F).contains(&b) && b != b'\\')
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut mark_count = 0;
    for (at, c) in text.char_indices() {
        mark_count = if is_combining(c) { mark_count + 1 } else { 0 };
        let imitates = c == '\\' && text[at..].starts_with("\\u{");
        if (is_hidden(c) && !kept(c)) || mark_count > MAX_COMBINING_MARKS || imitates {
            escape_into(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn escape_into(shown: &mut String, c: char) {
    write!(shown, "\\u{{{:x}}}", c as u32).expect("writing to a string does not fail");
}

fn is_combining(c: char) -> bool {
    matches!(c as u32,
        0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x610..=0x61A | 0x64B..=0x65F
        | 0x6D6..=0x6DC | 0xE31 | 0xE34..=0xE3A | 0xE47..=0xE4E
        | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

fn entities(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(inline(text), shown);
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        check(
            "arn:aws:iam::111122223333:user/José",
            "arn:aws:iam::111122223333:user/José",
        );
        check("髙橋 﨑 שלום مرحبا Ωμέγα", "髙橋 﨑 שלום مرحبا Ωμέγα");
        check(r"C:\windows\users", r"C:\windows\users");
    }

    #[test]
    fn controls_and_line_breaks_become_escapes() {
        check(
            "a\0b\x1b[31m\x7f\u{9b}2J\r\n\t",
            r"a\u{0}b\u{1b}[31m\u{7f}\u{9b}2J\u{d}\u{a}\u{9}",
        );
    }

    #[test]
    fn direction_marks_and_invisible_characters_become_escapes() {
        check("admin\u{202e}txt.exe", r"admin\u{202e}txt.exe");
        check(
            "\u{2066}x\u{2069}\u{200b}\u{feff}\u{ad}\u{61c}",
            r"\u{2066}x\u{2069}\u{200b}\u{feff}\u{ad}\u{61c}",
        );
        check(
            "\u{e0041}\u{e000}\u{fe0f}\u{3164}\u{2028}",
            r"\u{e0041}\u{e000}\u{fe0f}\u{3164}\u{2028}",
        );
        check("\u{ffff}\u{1fffe}\u{fdd0}", r"\u{ffff}\u{1fffe}\u{fdd0}");
    }

    #[test]
    fn a_text_cannot_imitate_an_escape() {
        check(r"\u{202e}", r"\u{5c}u{202e}");
        assert_ne!(inline(r"\u{202e}"), inline("\u{202e}"));
    }

    #[test]
    fn a_heap_of_combining_marks_does_not_paint_over_its_neighbours() {
        let heap = format!("a{}", "\u{301}".repeat(6));
        check(
            &heap,
            &format!("a{}{}", "\u{301}".repeat(4), r"\u{301}".repeat(2)),
        );
    }

    #[test]
    fn lines_keeps_line_feeds_and_nothing_else() {
        assert_eq!(lines("a\n\tb\r\u{202e}"), "a\n    b\\u{d}\\u{202e}");
    }

    #[test]
    fn html_leaves_no_character_that_opens_markup() {
        assert_eq!(
            html("<script>\"&'\u{202e}"),
            "&lt;script&gt;&quot;&amp;&#39;\\u{202e}"
        );
    }
}
