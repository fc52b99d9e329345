//! Finds the records in the JSON of a file, however they are packed.
//!
//! The packing is detected from the content, never from a name. What is no
//! record, or cannot be reached, is refused by index; when the JSON around the
//! records is broken, the file is. Envelopes are validated as strictly as
//! records, because a member that stands twice could hide a record.

mod detect;
mod entry;
mod members;
mod packed;
mod search;
mod table;

use crate::record::project::{Fault, FaultKind, Projector, skip_space};
use crate::record::text::unescape;
use crate::source::display::display_value;
use crate::source::layout::Claim;

use super::sniff::{export_time_length, mentions_records};
use super::tally::Tally;
use super::{CUT_OFF, FileFault, OtherKind, RecordSink, SECOND_LIST};

pub use crate::source::shape::{Content, Packing, Shape};

pub(super) use self::table::{Table, table};

use self::detect::{Entry, carried, detect};
use self::members::find;

/// What to do with each element of a list.
#[derive(Clone, Copy)]
enum Each {
    /// Look what it is.
    Entry,
    /// It is a record.
    Record,
    /// The record is at this path in it.
    Member(&'static [&'static str]),
    /// A whole document is at this path in it.
    Around(&'static [&'static str]),
    /// Base64 of a whole document, mostly of gzip, is at this path in it.
    Packed(&'static [&'static str]),
    /// It is a row of cells, and the record is the text in this column.
    Row(&'static str),
}

/// Documents may stand in documents this often; real ones do so three times at most.
const MOST_NESTED: u32 = 6;

/// One walk through the bytes of one file.
pub(super) struct Walk<'w, 'set> {
    pub projector: &'w mut Projector<'set>,
    /// Whether the record that is read could be recalled: nothing can be learnt of it then.
    is_recalled: bool,
    pub sink: &'w mut dyn RecordSink,
    pub tally: &'w mut Tally,
    pub claim: &'w Claim,
    /// Offsets of bytes that were not UTF-8 and are not yet inside a refused record.
    pub invalid: Vec<usize>,
    packing: Packing,
    content: Option<Content>,
    /// The string of the file that is being read, if the record stands in one.
    string_at: Option<usize>,
    /// How many documents are around the one that is being read.
    nesting: u32,
    /// Set inside an envelope whose shape was told, so that what it holds is not told as another.
    is_inside: bool,
    others: Vec<OtherKind>,
    foreign: u64,
    first_foreign: Option<String>,
}

/// What a walk found beside its tally.
pub(super) struct Walked {
    pub shape: Option<Shape>,
    /// Documents that are no logs.
    pub others: Vec<OtherKind>,
    /// Set if nothing in the file was a record of CloudTrail.
    pub foreign: Option<String>,
}

impl<'w, 'set> Walk<'w, 'set> {
    pub(super) fn new(
        projector: &'w mut Projector<'set>,
        sink: &'w mut dyn RecordSink,
        tally: &'w mut Tally,
        claim: &'w Claim,
        invalid: Vec<usize>,
    ) -> Self {
        Walk {
            projector,
            is_recalled: false,
            sink,
            tally,
            claim,
            invalid,
            packing: Packing::Single,
            content: None,
            string_at: None,
            nesting: 0,
            is_inside: false,
            others: Vec::new(),
            foreign: 0,
            first_foreign: None,
        }
    }

    /// Reads everything in `bytes`, which are UTF-8 and not only white space.
    pub(super) fn run(mut self, bytes: &[u8]) -> Result<Walked, FileFault> {
        if is_lines(bytes) {
            self.packing = Packing::Lines;
            self.lines(bytes)?;
        } else {
            self.documents(bytes)?;
        }
        self.finish()
    }

    /// Reads the rows of a table with the record as text in one column.
    pub(super) fn run_table(mut self, bytes: &[u8], table: &Table) -> Result<Walked, FileFault> {
        self.packing = Packing::Table;
        self.table(bytes, table)?;
        self.finish()
    }

    fn finish(self) -> Result<Walked, FileFault> {
        if let Some(at) = self.invalid.first() {
            return Err(FileFault::NotUtf8 { at: *at });
        }
        let is_foreign = self.tally.given == 0
            && self.tally.aggregates == 0
            && self.content != Some(Content::Records)
            && self.foreign > 0
            && self.foreign == self.tally.refused;
        Ok(Walked {
            shape: self.content.map(|content| Shape {
                packing: self.packing,
                content,
            }),
            others: self.others,
            foreign: self.first_foreign.filter(|_| is_foreign),
        })
    }

    fn documents(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        let mut at = skip_space(bytes, 0);
        let mut count = 0;
        while at < bytes.len() {
            count += 1;
            if count == 2 && self.nesting == 0 {
                self.packing = Packing::Concatenated;
            }
            at = skip_space(bytes, self.document(bytes, at)?);
        }
        Ok(())
    }

    fn lines(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        let mut from = 0;
        while from < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at);
            // Nothing of a line can reach into the next one.
            let line = &bytes[..end];
            let mut at = skip_space(line, from);
            while at < end {
                at = skip_space(line, self.line(line, at)?);
            }
            from = end + 1;
        }
        Ok(())
    }

    /// One document of a line; if it is broken, the rest of the line is refused.
    fn line(&mut self, line: &[u8], at: usize) -> Result<usize, FileFault> {
        let (given, seen) = (self.tally.given, self.tally.seen);
        match self.document(line, at) {
            Ok(end) => Ok(end),
            // Records of a broken list were given away: the whole file goes.
            Err(fault) if self.tally.given > given => Err(fault),
            Err(fault) => {
                if self.tally.seen == seen {
                    let index = self.tally.next_index();
                    self.tally
                        .refuse(index, at, fault.code(), fault.to_string());
                }
                self.cover(at, line.len());
                Ok(line.len())
            }
        }
    }

    fn document(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        match bytes.get(at) {
            Some(b'{') => self.entry(bytes, at),
            Some(b'[') => {
                if let Some(record) = detect::forwarded(bytes, at) {
                    self.saw(Content::Shipper);
                    return self.around(bytes, at, record);
                }
                if self.packing == Packing::Single {
                    self.packing = Packing::Array;
                }
                self.list(bytes, at, Each::Entry)
            }
            _ => match export_time_length(&bytes[at..]) {
                Some(length) => {
                    self.saw(Content::LogsExport);
                    self.entry(bytes, at + length)
                }
                None => Err(syntax("expected `{` or `[`", at)),
            },
        }
    }

    /// An object or other value that may be a record, hold one, or hold many.
    fn entry(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        match detect(bytes, at) {
            Entry::Record | Entry::Unknown => {
                self.saw(Content::Record);
                self.record(bytes, at)
            }
            Entry::Records => {
                match find(bytes, at, &["Records"]).and_then(|list| carried(bytes, list)) {
                    Some(each) => self.wrapper(bytes, at, None, ("Records", each)),
                    None => {
                        self.saw(Content::Records);
                        let content = Some(Content::Records);
                        self.wrapper(bytes, at, content, ("Records", Each::Record))
                    }
                }
            }
            Entry::List {
                content,
                member,
                each,
            } => {
                self.saw(content);
                self.note_shortfall(search::shortfall(bytes, at, content));
                let go = |walk: &mut Self| walk.wrapper(bytes, at, Some(content), (member, each));
                match content {
                    // Its elements may be documents of other shapes.
                    Content::Search => self.inside(go),
                    _ => go(self),
                }
            }
            Entry::Carrier { member, each } => self.wrapper(bytes, at, None, (member, each)),
            Entry::Member { content, path } => {
                self.saw(content);
                if content == Content::Search {
                    self.note_shortfall(search::shortfall(bytes, at, content));
                }
                self.member(bytes, at, path)
            }
            Entry::Columns => Err(FileFault::Unsupported {
                what: "a result of Athena with the fields of records as columns",
                remedy: table::REMEDY,
            }),
            Entry::Around(path) => self.wrapped(bytes, at, path),
            Entry::Packed(path) => self.packed(bytes, at, path),
            Entry::Other(kind) => self.other(bytes, at, kind),
            Entry::WithoutRecord => {
                let end = self.check_value(bytes, at)?;
                let index = self.tally.coming_index();
                self.tally.note(
                    "empty-envelope",
                    "an envelope without a record in it",
                    index,
                    String::new,
                );
                Ok(end)
            }
        }
    }

    fn saw(&mut self, content: Content) {
        let first = self.content;
        // A file has one shape, and shows no more than the weakest of its documents.
        if first.is_none_or(|first| content.is_selection() && !first.is_selection()) {
            self.content = Some(content);
        }
        match first {
            None => {}
            Some(_) if self.is_inside => {}
            // The record behind an export's time is no shape of its own.
            Some(first) if first == content || first == Content::LogsExport => {}
            Some(_) => {
                let index = self.tally.coming_index();
                self.tally.note(
                    "mixed-shapes",
                    "the file holds documents of several shapes",
                    index,
                    String::new,
                );
            }
        }
    }

    fn other(&mut self, bytes: &[u8], at: usize, kind: OtherKind) -> Result<usize, FileFault> {
        let end = self.check_value(bytes, at)?;
        if !self.others.contains(&kind) {
            self.others.push(kind);
        }
        Ok(end)
    }

    /// A value that is no record but must be JSON all the same.
    fn check_value(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        self.projector
            .read(bytes, at)
            .map_err(|fault| FileFault::Json { fault, index: None })
    }

    /// An object with the records in an array, the member of this name.
    fn wrapper(
        &mut self,
        bytes: &[u8],
        at: usize,
        content: Option<Content>,
        (member, each): (&'static str, Each),
    ) -> Result<usize, FileFault> {
        let mut at = skip_space(bytes, at + 1);
        let mut was_there = false;
        loop {
            let name_end = self.check_name(bytes, at)?;
            let name = unescape(text(&bytes[at + 1..name_end - 1]));
            let name_at = at;
            at = skip_space(bytes, name_end);
            if bytes.get(at) != Some(&b':') {
                return Err(syntax_or_end(
                    bytes,
                    "expected `:` behind a member name",
                    at,
                ));
            }
            at = skip_space(bytes, at + 1);
            at = if name != member {
                let end = self.check_value(bytes, at)?;
                self.note_extra(content, &name, &bytes[at..end]);
                end
            } else if was_there {
                return Err(FileFault::DuplicateRecords { at: name_at });
            } else {
                was_there = true;
                self.member_list(bytes, at, member, each)?
            };
            at = skip_space(bytes, at);
            match bytes.get(at) {
                Some(b',') => at = skip_space(bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(syntax_or_end(bytes, "expected `,` or `}`", at)),
            }
        }
    }

    fn check_name(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        if bytes.get(at) != Some(&b'"') {
            return Err(syntax_or_end(bytes, "expected a member name in quotes", at));
        }
        self.check_value(bytes, at)
    }

    /// CloudTrail writes nothing beside `Records`; other tools do.
    fn note_extra(&mut self, content: Option<Content>, name: &str, value: &[u8]) {
        // A search may count its finds by the values of members.
        if name != "aggregations" && mentions_records(value) {
            let index = self.tally.coming_index();
            let subject = "an object holds records beside the list of them that is read, in ";
            self.tally.note(SECOND_LIST, subject, index, || {
                format!("`{}`", display_value(name))
            });
        }
        let is_token = matches!(name, "NextToken" | "nextToken") && !value.starts_with(b"null");
        let is_unfinished = match name {
            "QueryStatus" => !value.starts_with(b"\"FINISHED\""),
            "status" if content == Some(Content::LogsInsights) => {
                !value.starts_with(b"\"Complete\"")
            }
            _ => false,
        };
        let (code, subject) = if is_token {
            (
                CUT_OFF,
                "a token says that the output goes on elsewhere, so records are missing: ",
            )
        } else if is_unfinished {
            (
                CUT_OFF,
                "the query had not ended when this was saved, so records may be missing: ",
            )
        } else if content == Some(Content::Records) && !self.is_inside {
            ("extra-member", "a member stands beside `Records`: ")
        } else {
            return;
        };
        let index = self.tally.coming_index();
        self.tally.note(code, subject, index, || {
            format!("`{}`", display_value(name))
        });
    }

    /// Says that an answer to a search is not whole, and why.
    fn note_shortfall(&mut self, why: Option<&'static str>) {
        let Some(why) = why else { return };
        let index = self.tally.coming_index();
        let subject =
            "the answer to the search says that it is not whole, so records may be missing: ";
        self.tally.note(CUT_OFF, subject, index, || why.to_owned());
    }

    fn member_list(
        &mut self,
        bytes: &[u8],
        at: usize,
        member: &'static str,
        each: Each,
    ) -> Result<usize, FileFault> {
        let found = match bytes.get(at) {
            Some(b'[') => return self.list(bytes, at, each),
            Some(b'{') => "an object",
            Some(b'"') => "a string",
            Some(b'n') => "null",
            Some(b't' | b'f') => "true or false",
            Some(b'-' | b'0'..=b'9') => "a number",
            _ => return Err(syntax_or_end(bytes, "expected an array", at)),
        };
        Err(FileFault::NotAnArray { member, found, at })
    }

    /// The elements of an array.
    fn list(&mut self, bytes: &[u8], at: usize, each: Each) -> Result<usize, FileFault> {
        let mut at = skip_space(bytes, at + 1);
        if bytes.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        loop {
            at = match each {
                Each::Entry => self.entry(bytes, at)?,
                Each::Record => self.record(bytes, at)?,
                Each::Member(path) => self.member(bytes, at, path)?,
                Each::Around(path) => self.wrapped(bytes, at, path)?,
                Each::Packed(path) => self.packed(bytes, at, path)?,
                Each::Row(column) => self.row(bytes, at, column)?,
            };
            at = skip_space(bytes, at);
            match bytes.get(at) {
                Some(b',') => {
                    let comma = at;
                    at = skip_space(bytes, at + 1);
                    if bytes.get(at) == Some(&b']') {
                        return Err(FileFault::TrailingComma { at: comma });
                    }
                }
                Some(b']') => return Ok(at + 1),
                _ => {
                    return Err(syntax_or_end(
                        bytes,
                        "expected `,` or `]` behind a record",
                        at,
                    ));
                }
            }
        }
    }
}

/// Whether each line is a document: the first two that are not blank both begin like one.
/// A document that spans lines never has a `{` at the start of its second line.
fn is_lines(bytes: &[u8]) -> bool {
    let mut rest = &bytes[skip_space(bytes, 0)..];
    let mut begun = 0;
    loop {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        if skip_space(line, 0) < line.len() {
            if line.first() != Some(&b'{') && export_time_length(line).is_none() {
                return false;
            }
            begun += 1;
        }
        if begun == 2 || end == rest.len() {
            return begun == 2;
        }
        rest = &rest[end + 1..];
    }
}

fn syntax(what: &'static str, at: usize) -> FileFault {
    FileFault::Json {
        fault: Fault {
            kind: FaultKind::Syntax(what),
            at,
        },
        index: None,
    }
}

fn syntax_or_end(bytes: &[u8], what: &'static str, at: usize) -> FileFault {
    if at < bytes.len() {
        return syntax(what, at);
    }
    FileFault::Json {
        fault: Fault {
            kind: FaultKind::Truncated,
            at: bytes.len(),
        },
        index: None,
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes)
        .expect("the file was made UTF-8 before, and JSON tokens end at ASCII bytes")
}
