//! Diagnostics for machines: one object each, lines and columns counted from 1.

use serde::Serialize;

use super::{Diagnostic, Diagnostics, Place};

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    at: Option<Span>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Second<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Second<'a> {
    file: &'a str,
    #[serde(flatten)]
    at: Span,
    message: &'a str,
}

#[derive(Serialize)]
struct Span {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    byte_start: usize,
    byte_end: usize,
}

/// A JSON document with all diagnostics, ending in a line end.
pub fn render(all: &Diagnostics) -> String {
    let document = Document {
        format: 1,
        errors: all.error_count(),
        warnings: all.warning_count(),
        diagnostics: all.iter().map(one).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)
        .expect("a tree of texts and numbers is always JSON");
    text.push('\n');
    text
}

fn one(diagnostic: &Diagnostic) -> One<'_> {
    let place = diagnostic.place.as_ref();
    One {
        code: diagnostic.code,
        severity: diagnostic.level.id(),
        message: &diagnostic.message,
        file: place
            .map(|place| place.source.name.as_str())
            .or(diagnostic.file.as_deref()),
        at: place.map(span),
        labels: diagnostic
            .labels
            .iter()
            .map(|label| Second {
                file: &label.place.source.name,
                at: span(&label.place),
                message: &label.message,
            })
            .collect(),
        help: diagnostic.help.as_deref(),
    }
}

fn span(place: &Place) -> Span {
    let start = place.source.position(place.span.start);
    let end = place.source.position(place.span.end);
    Span {
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_start: place.span.start,
        byte_end: place.span.end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::SourceText;
    use super::*;

    #[test]
    fn a_diagnostic_is_one_flat_object() {
        let source = SourceText::new("a.toml", "x = 1\ny = 2\n");
        let all = Diagnostics::from(
            Diagnostic::error("unknown-key", "unknown key `y`")
                .at(&source, 6..7)
                .help("remove it"),
        );
        let value: serde_json::Value = serde_json::from_str(&render(&all)).expect("JSON");
        assert_eq!(value["errors"], 1);
        let one = &value["diagnostics"][0];
        assert_eq!(one["code"], "unknown-key");
        assert_eq!((&one["line"], &one["column"]), (&2.into(), &1.into()));
        assert_eq!(one["help"], "remove it");
    }
}
