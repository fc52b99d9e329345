//! Makes text safe to print on a terminal: nothing of it can move the cursor,
//! change a colour or turn the reading direction around.
//!
//! It does not quote for HTML, spreadsheets or shells.

use std::borrow::Cow;

/// `text` with control characters and invisible formatting characters spelled as `\u{…}`.
/// Line ends are escaped too; a tab becomes one space.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|one| one == '\t' || is_unsafe(one)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for one in text.chars() {
        push_visible(&mut out, one);
    }
    Cow::Owned(out)
}

/// Appends one character of [`visible`] text.
pub fn push_visible(out: &mut String, one: char) {
    match one {
        '\t' => out.push(' '),
        _ if is_unsafe(one) => {
            out.push_str(&format!("\\u{{{:x}}}", one as u32));
        }
        _ => out.push(one),
    }
}

/// Control characters, bidirectional controls, line separators and what shows as nothing.
pub fn is_unsafe(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text), expected);
    }

    #[test]
    fn what_could_steer_a_terminal_is_spelled_out() {
        check("plain é 中", "plain é 中");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check(
            "a\u{202e}b\u{200b}c\u{9b}d\ne",
            "a\\u{202e}b\\u{200b}c\\u{9b}d\\u{a}e",
        );
        check("a\tb", "a b");
    }
}
