//! Documents behind base64 and gzip, and records in rows of cells.
//!
//! Streams and functions get CloudWatch Logs payloads as base64 of gzip. What a
//! string unpacks to is bounded, and nothing of it is believed more than what
//! stands in a file.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::reader::FileFault;
use crate::reader::inflate::is_gzip;
use crate::record::project::{skip_space, skip_value};
use crate::record::text::unescape;

use super::members::{each_member, find};
use super::{Walk, text};

/// Most bytes that one string may unpack to; CloudWatch Logs sends 1 MiB at most.
const MOST_UNPACKED: u64 = 64 << 20;

impl Walk<'_, '_> {
    /// An envelope with base64 of a document at `path` in it.
    pub(super) fn packed(
        &mut self,
        bytes: &[u8],
        at: usize,
        path: &'static [&'static str],
    ) -> Result<usize, FileFault> {
        let Some(end) = self.checked(bytes, at)? else {
            return self.end_of(bytes, at);
        };
        let Some(inner) = find(bytes, at, path).filter(|inner| bytes[*inner] == b'"') else {
            let index = self.tally.next_index();
            let member = path.join(".");
            self.refuse_foreign(index, at, format!("no data in `{member}`"));
            return Ok(end);
        };
        let string_end = self.end_of(bytes, inner)?;
        match unpack(&unescape(text(&bytes[inner + 1..string_end - 1]))) {
            Ok(inside) => {
                self.nested_text(inner, |walk| walk.documents(&inside))?;
            }
            Err(message) => {
                let index = self.tally.next_index();
                let offset = self.string_at.unwrap_or(inner);
                self.tally.refuse(index, offset, "broken-string", message);
            }
        }
        Ok(end)
    }

    /// A row of cells with the record as text in one of them.
    pub(super) fn row(
        &mut self,
        bytes: &[u8],
        at: usize,
        column: &'static str,
    ) -> Result<usize, FileFault> {
        let Some(end) = self.checked(bytes, at)? else {
            return self.end_of(bytes, at);
        };
        let cell = cell(bytes, at, column).filter(|cell| bytes[*cell] == b'"');
        let Some(cell) = cell else {
            return Err(without(column));
        };
        let cell_end = self.end_of(bytes, cell)?;
        let found = unescape(text(&bytes[cell + 1..cell_end - 1]));
        self.inside(|walk| walk.record_in_text(&found, cell))?;
        Ok(end)
    }
}

/// A query result whose columns are not the record.
fn without(column: &str) -> FileFault {
    match column {
        "eventJson" => FileFault::Unsupported {
            what: "a result of a CloudTrail Lake query without the column `eventJson`",
            remedy: "ask for `eventJson` in the query (`SELECT eventJson FROM …`)",
        },
        _ => FileFault::Unsupported {
            what: "a result of a CloudWatch Logs Insights query without the field `@message`",
            remedy: "ask for it in the query (`fields @timestamp, @message`)",
        },
    }
}

/// Where the value of a column begins in a row such as `[{"field":"@message","value":"…"}]` or
/// `[{"eventJson":"…"}]`.
fn cell(bytes: &[u8], row: usize, column: &str) -> Option<usize> {
    if bytes.get(row) != Some(&b'[') {
        return None;
    }
    let mut at = skip_space(bytes, row + 1);
    while bytes.get(at) == Some(&b'{') {
        let name = find(bytes, at, &["field"]);
        let is_named = name.is_some_and(|name| {
            skip_value(bytes, name)
                .is_ok_and(|end| unescape(text(&bytes[name..end])) == format!("\"{column}\""))
        });
        if is_named {
            return find(bytes, at, &["value"]);
        }
        let own = each_member(bytes, at, |name, value| (name == column).then_some(value));
        if own.is_some() {
            return own;
        }
        at = skip_space(bytes, skip_value(bytes, at).ok()?);
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = skip_space(bytes, at + 1);
    }
    None
}

/// From base64, and gzip where it is, to text.
fn unpack(data: &str) -> Result<Vec<u8>, String> {
    let stored = STANDARD
        .decode(data)
        .map_err(|_| "the string should be base64, and is not".to_owned())?;
    if !is_gzip(&stored) {
        return checked_text(stored);
    }
    let mut inflated = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(&stored[..]);
    (&mut decoder)
        .take(MOST_UNPACKED + 1)
        .read_to_end(&mut inflated)
        .map_err(|_| "the gzip data in the string is broken".to_owned())?;
    if inflated.len() as u64 > MOST_UNPACKED {
        return Err(format!(
            "the string unpacks to more than the limit of {MOST_UNPACKED} bytes"
        ));
    }
    if !decoder.into_inner().is_empty() {
        return Err("bytes follow the gzip data in the string".to_owned());
    }
    checked_text(inflated)
}

fn checked_text(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    match simdutf8::basic::from_utf8(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err("what the string unpacks to is not UTF-8".to_owned()),
    }
}
