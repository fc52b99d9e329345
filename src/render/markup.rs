//! Reads the small markup that templates render, and gives blocks.
//!
//! ```xml
//! <doc>
//!   <title subtitle="October 2026">Evidence packet</title>
//!   <h1 id="scope">Scope</h1>                                  h1 to h4; the id is for links
//!   <p>Text with <b>weight</b>, <code>fixed pitch</code>, <a to="scope">a link</a>, <tone is="bad">colour</tone>.</p>
//!   <facts><fact name="Period">2026-10</fact></facts>
//!   <note kind="warning" title="Gaps">One paragraph, or several in p.</note>    kind: note, warning
//!   <note kind="verdict" tone="bad" title="Exceptions noted"/>
//!   <list><item>Text as in p.</item></list>
//!   <verbatim>kept as it is</verbatim>
//!   <table ref="exceptions"/> <chart ref="verdicts"/>          named, not spelled out: rows never pass through here
//!   <contents depth="2"/> <anchor id="record-1"/> <pagebreak/>
//!   <signoff><role>Reviewed by</role></signoff>
//! </doc>
//! ```
//! Tones: plain, muted, accent, good, warning, bad. Blanks and line breaks of the
//! template are joined; those of values stay, because [`escape`] makes them entities.
//!
//! Strict: an unknown element, attribute, entity or name is an error with line
//! and column. It knows no DTD, no namespaces, no processing instructions.

mod tree;

use super::block::{Block, CalloutKind, Chart, Fact, Run, Table, Tone};
use tree::{Child, Element, Text};

/// Where the markup gets what it only names.
pub trait Resolver<'a> {
    /// The table of that name; each is asked for once for each mention.
    fn table(&self, name: &str) -> Option<Table<'a>>;
    /// The chart of that name.
    fn chart(&self, name: &str) -> Option<Chart>;
}

/// What is wrong with a markup text, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct MarkupError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    pub problem: String,
}

/// A value as markup text that reads back as exactly that value.
///
/// Everything that markup gives a meaning to becomes an entity; so do controls,
/// and blanks that would be joined with their neighbours.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + value.len() / 8);
    let mut after_blank = true;
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            ' ' if after_blank || rest.peek().is_none() => escaped.push_str("&#32;"),
            ' ' => escaped.push(' '),
            c if crate::sanitize::is_hidden(c) => escaped.push_str(&format!("&#x{:X};", c as u32)),
            c => escaped.push(c),
        }
        after_blank = c == ' ';
    }
    escaped
}

/// [`escape`] in the form that `tera::Tera::set_escape_fn` takes.
///
/// # Errors
/// Those of `target`.
pub fn write_escaped(value: &str, target: &mut dyn std::io::Write) -> std::io::Result<()> {
    target.write_all(escape(value).as_bytes())
}

/// The blocks that `text` says.
///
/// # Errors
/// The first thing that is not well-formed, not known, or not to be found.
pub fn parse<'a>(text: &str, resolver: &dyn Resolver<'a>) -> Result<Vec<Block<'a>>, MarkupError> {
    let doc = tree::read(text)?;
    if doc.name != "doc" {
        return Err(doc.problem(format!("expected `doc`, found `{}`", doc.name)));
    }
    doc.allow(&[])?;
    doc.elements()?
        .map(|element| block(element, resolver))
        .collect()
}

fn block<'a>(element: &Element, resolver: &dyn Resolver<'a>) -> Result<Block<'a>, MarkupError> {
    match element.name.as_str() {
        "title" => {
            element.allow(&["subtitle"])?;
            let subtitle = element.attribute("subtitle").unwrap_or_default().to_owned();
            Ok(Block::Title {
                text: plain(element)?,
                subtitle,
            })
        }
        "h1" => heading(element, 1),
        "h2" => heading(element, 2),
        "h3" => heading(element, 3),
        "h4" => heading(element, 4),
        "p" => {
            element.allow(&[])?;
            Ok(Block::Paragraph(runs(element)?))
        }
        "facts" => facts(element),
        "note" => callout(element),
        "list" => {
            element.allow(&[])?;
            Ok(Block::Bullets(
                element
                    .elements_named("item")?
                    .map(runs_only)
                    .collect::<Result<_, _>>()?,
            ))
        }
        "verbatim" => {
            element.allow(&[])?;
            Ok(Block::Verbatim(verbatim(element)?))
        }
        "table" => {
            let name = reference(element)?;
            let found = resolver.table(name);
            found
                .map(Block::Table)
                .ok_or_else(|| element.problem(format!("no table is named `{name}`")))
        }
        "chart" => {
            let name = reference(element)?;
            let found = resolver.chart(name);
            found
                .map(Block::Chart)
                .ok_or_else(|| element.problem(format!("no chart is named `{name}`")))
        }
        "contents" => contents(element),
        "anchor" => {
            element.allow(&["id"])?;
            element.empty()?;
            Ok(Block::Anchor(anchor_name(element, "id")?))
        }
        "pagebreak" => {
            element.allow(&[])?;
            element.empty()?;
            Ok(Block::PageBreak)
        }
        "signoff" => {
            element.allow(&[])?;
            Ok(Block::SignOff(
                element
                    .elements_named("role")?
                    .map(plain_only)
                    .collect::<Result<_, _>>()?,
            ))
        }
        other => Err(element.problem(format!("unknown element `{other}`"))),
    }
}

fn heading<'a>(element: &Element, level: u8) -> Result<Block<'a>, MarkupError> {
    element.allow(&["id"])?;
    let anchor = match element.attribute("id") {
        Some(_) => Some(anchor_name(element, "id")?),
        None => None,
    };
    Ok(Block::Heading {
        level,
        text: plain(element)?,
        anchor,
    })
}

fn facts<'a>(element: &Element) -> Result<Block<'a>, MarkupError> {
    element.allow(&[])?;
    let fact = |child: &Element| {
        child.allow(&["name"])?;
        Ok(Fact {
            name: child.required("name")?.to_owned(),
            value: runs(child)?,
        })
    };
    Ok(Block::Facts(
        element
            .elements_named("fact")?
            .map(fact)
            .collect::<Result<_, _>>()?,
    ))
}

fn callout<'a>(element: &Element) -> Result<Block<'a>, MarkupError> {
    element.allow(&["kind", "tone", "title"])?;
    let tone = element
        .attribute("tone")
        .map(|name| tone(element, name))
        .transpose()?;
    let kind = match (element.required("kind")?, tone) {
        ("note", None) => CalloutKind::Note,
        ("warning", None) => CalloutKind::Warning,
        ("verdict", Some(tone)) => CalloutKind::Verdict(tone),
        ("verdict", None) => return Err(element.problem("a verdict needs a `tone`".into())),
        ("note" | "warning", Some(_)) => {
            return Err(element.problem("only a verdict has a `tone`".into()));
        }
        (other, _) => return Err(element.problem(format!("unknown kind `{other}`"))),
    };
    // Either paragraphs, or text that is one paragraph.
    let body = if element.has_elements("p") {
        element
            .elements_named("p")?
            .map(runs_only)
            .collect::<Result<_, _>>()?
    } else {
        Some(runs(element)?)
            .into_iter()
            .filter(|runs| !runs.is_empty())
            .collect()
    };
    let title = element.attribute("title").unwrap_or_default().to_owned();
    Ok(Block::Callout { kind, title, body })
}

fn contents<'a>(element: &Element) -> Result<Block<'a>, MarkupError> {
    element.allow(&["depth"])?;
    element.empty()?;
    let depth = element.attribute("depth").unwrap_or("2");
    match depth.parse() {
        Ok(depth @ 1..=4) => Ok(Block::Contents { depth }),
        _ => Err(element.problem(format!("`depth` is 1 to 4, not `{depth}`"))),
    }
}

fn reference(element: &Element) -> Result<&str, MarkupError> {
    element.allow(&["ref"])?;
    element.empty()?;
    element.required("ref")
}

fn anchor_name(element: &Element, attribute: &str) -> Result<String, MarkupError> {
    let name = element.required(attribute)?;
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(element.problem(format!("`{attribute}` is empty or has blanks in it")));
    }
    Ok(name.to_owned())
}

fn tone(element: &Element, name: &str) -> Result<Tone, MarkupError> {
    match name {
        "plain" => Ok(Tone::Plain),
        "muted" => Ok(Tone::Muted),
        "accent" => Ok(Tone::Accent),
        "good" => Ok(Tone::Good),
        "warning" => Ok(Tone::Warning),
        "bad" => Ok(Tone::Bad),
        other => Err(element.problem(format!("unknown tone `{other}`"))),
    }
}

fn runs_only(element: &Element) -> Result<Vec<Run>, MarkupError> {
    element.allow(&[])?;
    runs(element)
}

fn plain_only(element: &Element) -> Result<String, MarkupError> {
    element.allow(&[])?;
    plain(element)
}

/// The text of an element that has no elements in it.
fn plain(element: &Element) -> Result<String, MarkupError> {
    let mut inline = Inline::default();
    inline.text(element.only_text()?, &Run::default());
    Ok(inline.finish().into_iter().map(|run| run.text).collect())
}

fn verbatim(element: &Element) -> Result<String, MarkupError> {
    let text: String = element.only_text()?.iter().map(|&(c, _)| c).collect();
    let text = text.strip_prefix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\n').unwrap_or(text).to_owned())
}

fn runs(element: &Element) -> Result<Vec<Run>, MarkupError> {
    let mut inline = Inline::default();
    inline.children(element, &Run::default())?;
    Ok(inline.finish())
}

/// Joins the blanks of the template's own line breaks, also across elements.
///
/// Characters that came as entities are kept as they are.
#[derive(Default)]
struct Inline {
    runs: Vec<Run>,
    /// A blank that shows only if more text comes, in the style it was met in.
    blank: Option<Run>,
}

impl Inline {
    fn children(&mut self, element: &Element, style: &Run) -> Result<(), MarkupError> {
        for child in &element.children {
            match child {
                Child::Text(text) => self.text(text, style),
                Child::Element(inner) => self.styled(inner, style)?,
            }
        }
        Ok(())
    }

    fn styled(&mut self, element: &Element, outer: &Run) -> Result<(), MarkupError> {
        let mut style = outer.clone();
        match element.name.as_str() {
            "b" => {
                element.allow(&[])?;
                style.bold = true;
            }
            "code" => {
                element.allow(&[])?;
                style.mono = true;
            }
            "a" => {
                element.allow(&["to"])?;
                style.link = Some(anchor_name(element, "to")?);
            }
            "tone" => {
                element.allow(&["is"])?;
                style.tone = tone(element, element.required("is")?)?;
            }
            other => return Err(element.problem(format!("`{other}` does not belong inside text"))),
        }
        self.children(element, &style)
    }

    fn text(&mut self, text: &Text, style: &Run) {
        for &(c, literal) in text {
            if !literal && matches!(c, ' ' | '\n' | '\r' | '\t') {
                if !self.runs.is_empty() && self.blank.is_none() {
                    self.blank = Some(style.clone());
                }
                continue;
            }
            if let Some(style) = self.blank.take() {
                self.push(' ', &style);
            }
            self.push(c, style);
        }
    }

    fn push(&mut self, c: char, style: &Run) {
        match self.runs.last_mut() {
            Some(last) if same_style(last, style) => last.text.push(c),
            _ => self.runs.push(Run {
                text: c.into(),
                ..style.clone()
            }),
        }
    }

    fn finish(self) -> Vec<Run> {
        self.runs
    }
}

fn same_style(one: &Run, other: &Run) -> bool {
    let Run {
        text: _,
        bold,
        mono,
        tone,
        link,
    } = one;
    (*bold, *mono, *tone, link) == (other.bold, other.mono, other.tone, &other.link)
}

#[cfg(test)]
mod tests {
    use super::super::block::{ChartKind, Rows};
    use super::*;
    use proptest::prelude::*;

    struct Named;

    impl Resolver<'static> for Named {
        fn table(&self, name: &str) -> Option<Table<'static>> {
            (name == "events").then(|| Table {
                name: name.into(),
                caption: None,
                columns: Vec::new(),
                rows: Rows::Listed(Vec::new()),
                when_empty: String::new(),
                note: None,
                wide: false,
            })
        }

        fn chart(&self, name: &str) -> Option<Chart> {
            (name == "bars").then(|| Chart {
                title: name.into(),
                description: String::new(),
                kind: ChartKind::Bars(Vec::new()),
            })
        }
    }

    fn blocks(text: &str) -> Vec<Block<'static>> {
        parse(text, &Named).expect("well-formed")
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        assert_eq!(
            parse(text, &Named).expect_err("refused").to_string(),
            message
        );
    }

    #[test]
    fn every_element_becomes_its_block() {
        let found = blocks(
            "<doc><!-- note --><title subtitle='s'>T</title><h1 id=\"a\">One</h1><p>x</p>\
             <facts><fact name='n'>v</fact></facts><note kind='warning' title='w'>t</note>\
             <note kind='verdict' tone='bad'><p>1</p><p>2</p></note><list><item>i</item></list>\
             <verbatim>\n a\n  b\n</verbatim><table ref='events'/><chart ref=\"bars\"/>\
             <contents depth='3'/><anchor id='z'/><pagebreak/><signoff><role>R</role></signoff></doc>",
        );
        assert_eq!(found.len(), 14);
        assert!(
            matches!(&found[0], Block::Title { text, subtitle } if text == "T" && subtitle == "s")
        );
        assert!(
            matches!(&found[1], Block::Heading { level: 1, text, anchor: Some(a) } if text == "One" && a == "a")
        );
        assert!(
            matches!(&found[5], Block::Callout { kind: CalloutKind::Verdict(Tone::Bad), body, .. } if body.len() == 2)
        );
        assert!(matches!(&found[7], Block::Verbatim(text) if text == " a\n  b"));
        assert!(matches!(&found[10], Block::Contents { depth: 3 }));
        assert!(matches!(&found[13], Block::SignOff(roles) if roles == &["R"]));
    }

    #[test]
    fn blanks_of_the_template_are_joined_and_styles_nest() {
        let found = blocks(
            "<doc><p>\n  one <b>two\n <code>three</code></b>, <a to='x'>four</a>\n </p></doc>",
        );
        let Block::Paragraph(runs) = &found[0] else {
            panic!("a paragraph")
        };
        let expected = [
            Run::plain("one "),
            Run::bold("two "),
            Run {
                mono: true,
                ..Run::bold("three")
            },
            Run::plain(", "),
            Run::plain("four").link("x"),
        ];
        assert_eq!(*runs, expected);
    }

    #[test]
    fn problems_have_a_line_and_a_column() {
        refused(
            "<doc>\n  <p>a</q></doc>",
            "line 2, column 7: `p` is open, but `q` is closed",
        );
        refused(
            "<doc>\n <blink/></doc>",
            "line 2, column 2: unknown element `blink`",
        );
        refused(
            "<doc><table ref='nope'/></doc>",
            "line 1, column 6: no table is named `nope`",
        );
        refused(
            "<doc><p onclick='x'>a</p></doc>",
            "line 1, column 6: `p` has no attribute `onclick`",
        );
        refused(
            "<doc><p>&nbsp;</p></doc>",
            "line 1, column 9: unknown entity `&nbsp;`",
        );
        refused("<doc><p>a</p>", "line 1, column 14: `doc` is not closed");
        refused(
            "<doc/><doc/>",
            "line 1, column 7: text after the end of `doc`",
        );
        refused(
            "<doc>stray</doc>",
            "line 1, column 1: text does not belong directly inside `doc`",
        );
        refused(
            "<doc><p><h1>x</h1></p></doc>",
            "line 1, column 9: `h1` does not belong inside text",
        );
        refused(
            "<doc><p>a<b",
            "line 1, column 12: the text ends inside a tag",
        );
        refused(
            "<!DOCTYPE doc><doc/>",
            "line 1, column 1: expected an element",
        );
    }

    #[test]
    fn a_hostile_value_stays_a_value() {
        let hostile = "</p><title>x</title>&lt;\u{202e}\0<!-- ]]> \" ' &#60; ";
        let found = blocks(&format!(
            "<doc><p>{}</p><h1 id='a'>{0}</h1></doc>",
            escape(hostile)
        ));
        let Block::Paragraph(runs) = &found[0] else {
            panic!("a paragraph")
        };
        assert_eq!(runs, &[Run::plain(hostile)]);
        assert!(matches!(&found[1], Block::Heading { text, .. } if text == hostile));
    }

    #[test]
    fn a_template_cannot_be_left_by_its_values() {
        let mut tera = tera::Tera::default();
        tera.set_escape_fn(write_escaped);
        let template = "<doc><p>{{ value }} {{ value ~ '' }}</p></doc>";
        tera.add_raw_template("packet.html", template)
            .expect("a template");
        let mut context = tera::Context::new();
        let hostile = "</p><pagebreak/>\n&amp; \u{202e}\"'";
        context.insert("value", hostile);
        let rendered = tera.render("packet.html", &context).expect("rendered");
        let found = blocks(&rendered);
        let [Block::Paragraph(runs)] = found.as_slice() else {
            panic!("one paragraph: {found:?}")
        };
        assert_eq!(runs, &[Run::plain(format!("{hostile} {hostile}"))]);
    }

    #[test]
    fn deep_nesting_is_refused_not_a_crash() {
        let deep = format!("<doc><p>{}", "<b>".repeat(100_000));
        assert!(
            parse(&deep, &Named)
                .expect_err("refused")
                .problem
                .contains("nested")
        );
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_back_the_same(value in "\\PC*|[ \\n\\t<>&'\"\\\\a]*") {
            let text = format!("<doc><p>{}</p><title subtitle=\"{0}\"/></doc>", escape(&value));
            let found = blocks(&text);
            let Block::Paragraph(runs) = &found[0] else { panic!("a paragraph") };
            prop_assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), value.clone());
            prop_assert!(matches!(&found[1], Block::Title { subtitle, .. } if *subtitle == value), "the attribute");
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "(<|/|>|&|;|#|x|=|'|\"|doc|p|b| |\\PC)*") {
            // Only that it answers matters here; most of these are refused.
            match parse(&text, &Named) {
                Ok(found) => prop_assert!(found.len() <= text.len()),
                Err(error) => prop_assert!(error.line >= 1 && error.column >= 1),
            }
        }
    }
}
