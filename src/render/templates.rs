//! The templates that own wording, order and sections, and the few filters that
//! spell numbers and instants. The only place where views format either.
//!
//! Every template ends in `.html`, so that values are escaped, and none says
//! `safe`: a test reads them all. Templates are part of the program; no file is
//! read when it runs.

use tera::{Kwargs, State, Tera, TeraResult};

use super::block::Tone;
use super::chart::grouped;
use super::markup;
use super::picture::verdict_tone;
use crate::sanitize;

/// The style sheet of the HTML view; it stands in the page, and its hash in the policy.
pub const STYLE: &str = include_str!("../../templates/packet.css");

/// The script of the HTML view; as [`STYLE`].
pub const SCRIPT: &str = include_str!("../../templates/packet.js");

const HTML: [(&str, &str); 14] = [
    ("packet.html", include_str!("../../templates/packet.html")),
    ("end.html", include_str!("../../templates/end.html")),
    ("cover.html", include_str!("../../templates/cover.html")),
    (
        "conclusions.html",
        include_str!("../../templates/conclusions.html"),
    ),
    ("scope.html", include_str!("../../templates/scope.html")),
    (
        "integrity.html",
        include_str!("../../templates/integrity.html"),
    ),
    (
        "requirements.html",
        include_str!("../../templates/requirements.html"),
    ),
    ("control.html", include_str!("../../templates/control.html")),
    ("rows.html", include_str!("../../templates/rows.html")),
    (
        "some_rows.html",
        include_str!("../../templates/some_rows.html"),
    ),
    ("remarks.html", include_str!("../../templates/remarks.html")),
    ("logs.html", include_str!("../../templates/logs.html")),
    ("picture.html", include_str!("../../templates/picture.html")),
    ("cut.html", include_str!("../../templates/cut.html")),
];

const PAPER: [(&str, &str); 1] = [("paper.html", include_str!("../../templates/paper.html"))];

/// Begins the place of the rows of a list in `control.html`; which list follows. No value can
/// forge it, because what begins a tag is escaped in each of them.
pub const ROWS: (&str, &str) = ("<!--rows of ", "-->");

/// Begins the place of a large picture in the page, as [`ROWS`] that of rows.
pub const PICTURE: (&str, &str) = ("<!--picture of ", "-->");

/// The templates of `packet.html`: one of that name up to the controls, with `picture.html` in place of its [`PICTURE`], `control.html` for each
/// of them with `some_rows.html` in place of its [`ROWS`], and `end.html`.
///
/// # Errors
/// A template that does not parse; a test renders all of them.
pub fn html() -> TeraResult<Tera> {
    let mut tera = Tera::default();
    tera.set_escape_fn(sanitize::write_html);
    add_filters(&mut tera);
    // Style and script go in as they are, because their hashes stand in the policy.
    let own = [("packet.css.html", STYLE), ("packet.js.html", SCRIPT)];
    tera.add_raw_templates(HTML.into_iter().chain(own))?;
    Ok(tera)
}

/// The template of `packet.pdf`, which renders block markup; start with `paper.html`.
///
/// # Errors
/// A template that does not parse; a test renders all of them.
pub fn paper() -> TeraResult<Tera> {
    let mut tera = Tera::default();
    tera.set_escape_fn(markup::write_escaped);
    add_filters(&mut tera);
    tera.add_raw_templates(PAPER)?;
    Ok(tera)
}

fn add_filters(tera: &mut Tera) {
    tera.register_filter("num", |number: u64, _: Kwargs, _: &State<'_>| {
        grouped(number)
    });
    tera.register_filter("size", |bytes: u64, _: Kwargs, _: &State<'_>| size(bytes));
    tera.register_filter("instant", |text: &str, _: Kwargs, _: &State<'_>| {
        instant(text)
    });
    tera.register_filter("anchor", |text: &str, _: Kwargs, _: &State<'_>| {
        anchor(text)
    });
    tera.register_filter(
        "cut",
        |text: &str, with: Kwargs, _: &State<'_>| -> TeraResult<String> {
            Ok(cut(text, with.must_get::<u64>("at")? as usize))
        },
    );
    tera.register_filter("tone", |verdict: &str, _: Kwargs, _: &State<'_>| {
        tone(verdict)
    });
}

/// `19.4 MB`, in powers of ten, and whole bytes below a thousand.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    // In tenths and whole numbers, so that no rounding of fractions depends on the machine.
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// `2026-10-03 04:05:06` from `2026-10-03T04:05:06Z`; anything else as it is.
pub fn instant(text: &str) -> String {
    match text.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, time)) => format!("{day} {time}"),
        None => text.to_owned(),
    }
}

/// A text as a part of an anchor: letters, digits, `.` and `-`.
///
/// Different ids of controls stay different; numbers of requirements do too,
/// because brackets become distinct letters.
pub fn anchor(text: &str) -> String {
    text.chars()
        .map(|one| match one {
            '(' => '-',
            ')' => '.',
            one if one.is_ascii_alphanumeric() || one == '.' || one == '-' => one,
            _ => '_',
        })
        .collect()
}

/// At most so many characters; a cut is visible.
pub fn cut(text: &str, at: usize) -> String {
    match text.char_indices().nth(at) {
        Some((end, _)) => format!("{}… (cut)", &text[..end]),
        None => text.to_owned(),
    }
}

/// The word for a verdict's tone in block markup.
fn tone(verdict: &str) -> &'static str {
    match verdict_tone(verdict) {
        Tone::Plain => "plain",
        Tone::Muted => "muted",
        Tone::Accent => "accent",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_marks_anything_as_safe_or_leaves_an_attribute_unquoted() {
        for (name, text) in HTML.into_iter().chain(PAPER) {
            assert!(name.ends_with(".html"), "{name}");
            assert!(!text.contains("safe"), "{name}");
            assert!(!text.contains("={{"), "{name}: an unquoted attribute");
            assert!(
                !text.contains("style=\""),
                "{name}: the policy refuses style attributes"
            );
            assert!(!text.contains(" onclick"), "{name}: no handlers");
        }
        for text in [STYLE, SCRIPT] {
            for tag in ["{{", "{%", "{#"] {
                assert!(!text.contains(tag), "a template tag in style or script");
            }
            assert!(!text.contains("</"), "it would end its element");
        }
    }

    #[test]
    fn numbers_and_instants_have_one_spelling() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1000), "1.0 kB");
        assert_eq!(size(19_442_120), "19.4 MB");
        assert_eq!(size(999_999), "999.9 kB");
        assert_eq!(size(u64::MAX), "18.4 EB");
        assert_eq!(instant("2026-10-03T04:05:06Z"), "2026-10-03 04:05:06");
        assert_eq!(instant("later"), "later");
    }

    #[test]
    fn a_cut_is_visible_and_anchors_differ() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äbcd", 3), "äbc… (cut)");
        assert_ne!(anchor("164.312(a)(1)"), anchor("164.312(a)(2)(i)"));
        assert_eq!(anchor("164.312(a)(2)(i)"), "164.312-a.-2.-i.");
        assert!(!anchor("a\"><b").contains(['"', '<', '>']));
    }
}
