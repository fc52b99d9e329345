//! Comma-separated files (RFC 4180) that no spreadsheet runs and no line forges.
//!
//! A cell shows hidden characters and line breaks as escapes, so that one row is
//! one line. A cell that a spreadsheet could take for a formula begins with an
//! apostrophe; one apostrophe is all that is ever added.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::sanitize;

/// Characters that make a spreadsheet run a cell, and their fullwidth forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Blanks and quotes that spreadsheets drop before they look.
const SKIPPED: [char; 8] = [' ', '\u{a0}', '\u{3000}', '\'', '"', '‘', '’', '＇'];

/// A text as a cell shows it.
pub fn cell(text: &str) -> Cow<'_, str> {
    let shown = sanitize::inline(text);
    if is_formula(&shown) || text.starts_with(['\t', '\r', '\n']) {
        return Cow::Owned(format!("'{shown}"));
    }
    shown
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches(SKIPPED).starts_with(FORMULA)
}

/// A CSV file that is being written.
pub struct CsvFile<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvFile<W> {
    /// Begins a file with its column heads.
    ///
    /// # Errors
    /// What the target reports.
    pub fn new(target: W, columns: &[impl AsRef<str>]) -> io::Result<CsvFile<W>> {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(target);
        let mut file = CsvFile { writer };
        file.row(columns)?;
        Ok(file)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// What the target reports; a row of another length than the head.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) -> io::Result<()> {
        for text in cells {
            self.writer.write_field(cell(text.as_ref()).as_bytes())?;
        }
        // Ends the row.
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Writes what is still held back, and gives the target back.
    ///
    /// # Errors
    /// What the target reports.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|failed| {
            let kind = failed.error().kind();
            io::Error::new(kind, failed.error().to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(cell(text), expected);
    }

    #[test]
    fn cells_that_a_spreadsheet_would_run_begin_with_an_apostrophe() {
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("  =1", "'  =1");
        check("\"=1", "'\"=1");
        check("'=1", "''=1");
        check("＝1", "'＝1");
        check("\u{3000}＠x", "'\u{3000}＠x");
        check("\t=1", "'\\u{9}=1");
        check("\r\nx", "'\\u{d}\\u{a}x");
        check("\u{feff}=1", "\\u{feff}=1");
    }

    #[test]
    fn other_cells_stay() {
        for text in [
            "",
            "a=b",
            "arn:aws:iam::111122223333:user/ana",
            "2026-10-01T00:00:00Z",
            "'quoted'",
            "1",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn one_row_is_one_line_whatever_is_in_it() {
        let mut file = CsvFile::new(Vec::new(), &["a", "b"]).expect("memory takes all");
        file.row(&["x\ny", "say \"hi\", then"])
            .expect("memory takes all");
        let text = String::from_utf8(file.finish().expect("memory takes all")).expect("UTF-8");
        assert_eq!(text, "a,b\r\nx\\u{a}y,\"say \"\"hi\"\", then\"\r\n");
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let mut file = CsvFile::new(Vec::new(), &["a", "b"]).expect("memory takes all");
        assert!(file.row(&["x"]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_cell_begins_with_a_formula(text in "[ '\"\t\r\n=+@＝a-]{0,8}|\\PC{0,8}") {
            let shown = cell(&text);
            let first = shown.chars().next();
            proptest::prop_assert!(!first.is_some_and(|one| FORMULA.contains(&one) || one.is_control()), "{}", shown);
        }
    }
}
