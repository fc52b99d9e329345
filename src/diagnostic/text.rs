//! Diagnostics for people: `path:line:column: message [code]`, the source line
//! with a caret under it, and what to do. A warning says so before its message.
//! No colour carries meaning.

use super::escape::{push_visible, visible};
use super::{Diagnostic, Diagnostics, Level, Place};

/// Longest piece of a source line that is quoted, in characters.
const WIDEST: usize = 160;

/// Most carets under a span; what it is shows well before.
const LONGEST_MARK: usize = 40;

/// All diagnostics, one after the other, each ending in a line end.
pub fn render(all: &Diagnostics) -> String {
    let mut out = String::new();
    for one in all {
        render_one(one, &mut out);
    }
    out
}

/// One diagnostic.
pub fn render_one(one: &Diagnostic, out: &mut String) {
    let head = head(one);
    let level = match one.level {
        Level::Error => "",
        Level::Warning => "warning: ",
    };
    out.push_str(&format!(
        "{head}{level}{} [{}]\n",
        visible(&one.message),
        one.code
    ));
    if let Some(place) = &one.place {
        quote(place, out);
    }
    for label in &one.labels {
        let position = label.place.source.position(label.place.span.start);
        out.push_str(&format!(
            "  {}:{}:{}: {}\n",
            visible(&label.place.source.name),
            position.line,
            position.column,
            visible(&label.message)
        ));
        quote(&label.place, out);
    }
    if let Some(help) = &one.help {
        for line in help.lines() {
            out.push_str(&format!("help: {}\n", visible(line)));
        }
    }
}

/// `path:line:column: `, or as much of it as there is.
fn head(one: &Diagnostic) -> String {
    match (&one.place, &one.file) {
        (Some(place), _) => {
            let position = place.source.position(place.span.start);
            format!(
                "{}:{}:{}: ",
                visible(&place.source.name),
                position.line,
                position.column
            )
        }
        (None, Some(file)) => format!("{}: ", visible(file)),
        (None, None) => String::new(),
    }
}

/// The source line and a caret line under the span (as far as it lies in that line).
fn quote(place: &Place, out: &mut String) {
    let (line_start, line) = place.source.line_at(place.span.start);
    if line.trim().is_empty() {
        return;
    }
    let number = place.source.position(place.span.start).line.to_string();
    let gutter = " ".repeat(number.len());
    let (shown, before, marked) = shown_line(line, line_start, place);
    out.push_str(&format!("{number} | {shown}\n"));
    out.push_str(&format!(
        "{gutter} | {}{}\n",
        " ".repeat(before),
        "^".repeat(marked.clamp(1, LONGEST_MARK))
    ));
}

/// The visible line, the number of columns before the span and those of the span.
fn shown_line(line: &str, line_start: usize, place: &Place) -> (String, usize, usize) {
    let column = line
        .char_indices()
        .take_while(|(at, _)| line_start + at < place.span.start)
        .count();
    // A very long line (an example's record) is shown from shortly before the span.
    let skipped = if column > WIDEST / 2 { column - 20 } else { 0 };
    let mut shown = String::new();
    let (mut before, mut marked) = (0, 0);
    if skipped > 0 {
        shown.push('…');
        before += 1;
    }
    for (at, one) in line.char_indices().skip(skipped) {
        let from = shown.chars().count();
        if from >= WIDEST {
            shown.push('…');
            break;
        }
        push_visible(&mut shown, one);
        let width = shown.chars().count() - from;
        let offset = line_start + at;
        if offset < place.span.start {
            before += width;
        } else if offset < place.span.end {
            marked += width;
        }
    }
    (shown, before, marked)
}

#[cfg(test)]
mod tests {
    use super::super::{Diagnostic, SourceText};
    use super::*;

    #[track_caller]
    fn check(one: Diagnostic, expected: &str) {
        let mut out = String::new();
        render_one(&one, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn the_span_is_marked_and_the_remedy_has_its_own_line() {
        let source = SourceText::new("controls/a.toml", "format = 1\nidd = \"a\"\n");
        check(
            Diagnostic::error("unknown-key", "unknown key `idd`")
                .at(&source, 11..14)
                .help("did you mean `id`?"),
            "controls/a.toml:2:1: unknown key `idd` [unknown-key]\n\
             2 | idd = \"a\"\n  | ^^^\nhelp: did you mean `id`?\n",
        );
    }

    #[test]
    fn quoted_source_cannot_steer_the_terminal() {
        let source = SourceText::new("a\u{1b}.toml", "x = \"\u{1b}]0;t\u{202e}\"");
        let mut out = String::new();
        render_one(
            &Diagnostic::error("c", "bad \u{7}").at(&source, 4..14),
            &mut out,
        );
        assert!(!out.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{out}");
        assert!(out.contains("a\\u{1b}.toml:1:5"), "{out}");
    }

    #[test]
    fn carets_stand_under_escaped_characters() {
        let source = SourceText::new("a", "\u{1}ab");
        check(
            Diagnostic::warning("c", "m").at(&source, 1..2),
            "a:1:2: warning: m [c]\n1 | \\u{1}ab\n  |      ^\n",
        );
    }

    #[test]
    fn a_long_line_is_cut_visibly_on_both_sides() {
        let text = format!("{}BAD{}", "x".repeat(5000), "y".repeat(5000));
        let source = SourceText::new("a", text);
        let mut out = String::new();
        render_one(
            &Diagnostic::error("c", "m").at(&source, 5000..5003),
            &mut out,
        );
        let lines: Vec<_> = out.lines().collect();
        assert!(lines[1].chars().count() < 200);
        let at = lines[2].chars().position(|one| one == '^').expect("caret");
        let bad: String = lines[1].chars().skip(at).take(3).collect();
        assert_eq!(bad, "BAD");
    }

    #[test]
    fn a_second_place_is_shown_with_its_own_file() {
        let first = SourceText::new("a.toml", "id = \"x\"");
        let second = SourceText::new("b.toml", "id = \"x\"");
        check(
            Diagnostic::error("duplicate-id", "control `x` is defined twice")
                .at(&second, 5..8)
                .label(&first, 5..8, "first defined here"),
            "b.toml:1:6: control `x` is defined twice [duplicate-id]\n\
             1 | id = \"x\"\n  |      ^^^\n  a.toml:1:6: first defined here\n\
             1 | id = \"x\"\n  |      ^^^\n",
        );
    }
}
