//! Finds the records in the JSON of a file, however they are packed.
//!
//! The packing is detected from the content, never from a name. What is no
//! record, or cannot be reached, is refused by index; when the JSON around the
//! records is broken, the file is. Envelopes are validated as strictly as
//! records, because a member that stands twice could hide a record.

mod detect;
mod members;

use crate::record::project::{Fault, FaultKind, Projector, skip_space, skip_value};
use crate::record::text::unescape;
use crate::record::view::RecordView;
use crate::source::display::display_value;
use crate::source::layout::Claim;

use super::check::{self, Judged};
use super::sniff::export_time_length;
use super::tally::Tally;
use super::{FileFault, FoundRecord, OtherKind, RecordKind, RecordSink};

use self::detect::{Entry, detect};
use self::members::{find, first_names};

/// How the documents of a file stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packing {
    /// One JSON document.
    Single,
    /// One JSON array of entries.
    Array,
    /// One document a line.
    Lines,
    /// Documents one after another.
    Concatenated,
}

/// What each document or entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// `{"Records":[…]}`, as CloudTrail writes it.
    Records,
    /// A record by itself.
    Record,
    /// An EventBridge event with the record in `detail`.
    EventBridge,
    /// Output of `aws cloudtrail lookup-events`, or one of its entries.
    LookupEvents,
    /// A CloudWatch Logs subscription payload.
    LogsSubscription,
    /// A CloudWatch Logs export, with a time before each record.
    LogsExport,
    /// Output of `aws logs filter-log-events`, or one of its entries.
    LogEvents,
    /// A Cribl capture with the record in `_raw`.
    Cribl,
    /// A record below `aws.cloudtrail`.
    CloudTrailMember,
    /// An Elastic document with the record in `event.original`.
    ElasticOriginal,
}

/// How the records of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// How the documents stand together.
    pub packing: Packing,
    /// What they are.
    pub content: Content,
}

impl Shape {
    /// Stable name, as packets show it.
    pub const fn id(self) -> &'static str {
        match (self.content, self.packing) {
            (Content::Records, Packing::Single) => "records",
            (Content::Records, _) => "records-documents",
            (Content::Record, Packing::Single) => "record",
            (Content::Record, Packing::Array) => "array",
            (Content::Record, Packing::Lines) => "lines",
            (Content::Record, Packing::Concatenated) => "concatenated",
            (Content::EventBridge, _) => "eventbridge",
            (Content::LookupEvents, _) => "lookup-events",
            (Content::LogsSubscription, _) => "cloudwatch-logs-subscription",
            (Content::LogsExport, _) => "cloudwatch-logs-export",
            (Content::LogEvents, _) => "cloudwatch-logs-events",
            (Content::Cribl, _) => "cribl",
            (Content::CloudTrailMember, _) => "aws-cloudtrail-member",
            (Content::ElasticOriginal, _) => "elastic-original",
        }
    }

    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match (self.content, self.packing) {
            (Content::Records, Packing::Single) => "one `Records` list, as CloudTrail writes it",
            (Content::Records, _) => "several `Records` lists one after another",
            (Content::Record, Packing::Single) => "one record by itself",
            (Content::Record, Packing::Array) => "an array of records",
            (Content::Record, Packing::Lines) => "one record a line",
            (Content::Record, Packing::Concatenated) => "records one after another",
            (Content::EventBridge, _) => "EventBridge events",
            (Content::LookupEvents, _) => "output of `aws cloudtrail lookup-events`",
            (Content::LogsSubscription, _) => "a CloudWatch Logs subscription payload",
            (Content::LogsExport, _) => "a CloudWatch Logs export",
            (Content::LogEvents, _) => "CloudWatch Logs events",
            (Content::Cribl, _) => "a Cribl capture",
            (Content::CloudTrailMember, _) => "records below `aws.cloudtrail`",
            (Content::ElasticOriginal, _) => {
                "Elastic documents with the record in `event.original`"
            }
        }
    }

    /// Whether CloudTrail itself writes files of this shape; any other is a copy that somebody made.
    pub const fn is_original(self) -> bool {
        matches!(
            (self.content, self.packing),
            (Content::Records, Packing::Single)
        )
    }
}

/// What to do with each element of a list.
#[derive(Clone, Copy)]
enum Each {
    /// Look what it is.
    Entry,
    /// It is a record.
    Record,
    /// The record is at this path in it.
    Member(&'static [&'static str]),
}

/// One walk through the bytes of one file.
pub(super) struct Walk<'w, 'set> {
    pub projector: &'w mut Projector<'set>,
    pub sink: &'w mut dyn RecordSink,
    pub tally: &'w mut Tally,
    pub claim: &'w Claim,
    /// Offsets of bytes that were not UTF-8 and are not yet inside a refused record.
    pub invalid: Vec<usize>,
    packing: Packing,
    content: Option<Content>,
    /// The string of the file that is being read, if the record stands in one.
    string_at: Option<usize>,
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
            sink,
            tally,
            claim,
            invalid,
            packing: Packing::Single,
            content: None,
            string_at: None,
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
            if count == 2 {
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
                self.saw(Content::Records);
                self.wrapper(bytes, at, "Records", Each::Record)
            }
            Entry::List {
                content,
                member,
                path,
            } => {
                self.saw(content);
                self.wrapper(bytes, at, member, Each::Member(path))
            }
            Entry::Member { content, path } => {
                self.saw(content);
                self.wrapped(bytes, at, path)
            }
            Entry::Other(kind) => self.other(bytes, at, kind),
            Entry::WithoutRecord => {
                let end = self.check_value(bytes, at)?;
                let index = u32::try_from(self.tally.seen).unwrap_or(u32::MAX);
                self.tally.note(
                    "empty-envelope",
                    "an envelope without a record in it",
                    index,
                    String::new,
                );
                Ok(end)
            }
            Entry::Unsupported(name) => Err(FileFault::Unsupported(name)),
        }
    }

    fn saw(&mut self, content: Content) {
        match self.content {
            None => self.content = Some(content),
            // The record behind an export's time is no shape of its own.
            Some(first) if first == content || first == Content::LogsExport => {}
            Some(_) => {
                let index = u32::try_from(self.tally.seen).unwrap_or(u32::MAX);
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

    /// An object with the records in the array `member`.
    fn wrapper(
        &mut self,
        bytes: &[u8],
        at: usize,
        member: &'static str,
        each: Each,
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
                self.note_extra(&name, bytes.get(at) == Some(&b'n'));
                self.check_value(bytes, at)?
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
    fn note_extra(&mut self, name: &str, is_null: bool) {
        let is_records = self.content == Some(Content::Records);
        let is_token = matches!(name, "NextToken" | "nextToken") && !is_null;
        let (code, subject) = match (is_token, is_records) {
            (true, _) => (
                "cut-off",
                "a token says that the output goes on elsewhere: ",
            ),
            (false, true) => ("extra-member", "a member stands beside `Records`: "),
            (false, false) => return,
        };
        let index = u32::try_from(self.tally.seen).unwrap_or(u32::MAX);
        self.tally.note(code, subject, index, || {
            format!("`{}`", display_value(name))
        });
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
                Each::Member(path) => self.wrapped(bytes, at, path)?,
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

    /// A value that should be a record.
    fn record(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        let index = self.tally.next_index();
        match self.projector.read(bytes, at) {
            Ok(end) => {
                if !self.refuse_invalid(at, end, index) {
                    self.judge(bytes, at, end, index);
                }
                Ok(end)
            }
            Err(fault) => self.step_over(bytes, at, index, fault),
        }
    }

    /// An envelope with a record at `path` in it, as an object or as a string.
    fn wrapped(
        &mut self,
        bytes: &[u8],
        at: usize,
        path: &'static [&'static str],
    ) -> Result<usize, FileFault> {
        let end = match self.projector.read(bytes, at) {
            Ok(end) => end,
            Err(fault) => {
                let index = self.tally.next_index();
                return self.step_over(bytes, at, index, fault);
            }
        };
        if self.invalid.iter().any(|place| (at..end).contains(place)) {
            let index = self.tally.next_index();
            self.refuse_invalid(at, end, index);
            return Ok(end);
        }
        let inner = find(bytes, at, path);
        match inner.map(|inner| (inner, bytes[inner])) {
            Some((inner, b'{')) => {
                self.inner(bytes, inner)?;
            }
            Some((inner, b'"')) => self.record_in_string(bytes, inner)?,
            _ => {
                let index = self.tally.next_index();
                let member = path.join(".");
                self.refuse_foreign(index, at, format!("no record in `{member}`"));
            }
        }
        Ok(end)
    }

    /// The object that an envelope holds.
    fn inner(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        match detect(bytes, at) {
            Entry::Records => self.wrapper(bytes, at, "Records", Each::Record),
            _ => self.record(bytes, at),
        }
    }

    /// A record that stands as text in the string that begins at `at`.
    fn record_in_string(&mut self, bytes: &[u8], at: usize) -> Result<(), FileFault> {
        let end = skip_value(bytes, at).map_err(|fault| FileFault::Json { fault, index: None })?;
        let unescaped = unescape(text(&bytes[at + 1..end - 1]));
        let inside = unescaped.as_bytes();
        let start = skip_space(inside, 0);
        let is_whole = inside.get(start) == Some(&b'{')
            && self
                .projector
                .read(inside, start)
                .is_ok_and(|end| skip_space(inside, end) == inside.len());
        self.string_at = Some(at);
        let result = if is_whole {
            self.inner(inside, start).map(|_| ())
        } else {
            let index = self.tally.next_index();
            let message = match self.projector.read(inside, start) {
                Err(fault) if inside.get(start) == Some(&b'{') => {
                    format!("the text in the string is no record: {fault} of the text")
                }
                _ => format!(
                    "the string holds no record but `{}`",
                    display_value(&unescaped)
                ),
            };
            self.tally.refuse(index, at, "broken-string", message);
            Ok(())
        };
        self.string_at = None;
        result
    }

    fn judge(&mut self, bytes: &[u8], at: usize, end: usize, index: u32) {
        let offset = self.string_at.unwrap_or(at);
        if bytes[at] != b'{' {
            let found = display_value(text(&bytes[at..end]));
            let message = format!("not an object but `{found}`");
            self.foreign += 1;
            self.first_foreign.get_or_insert_with(|| message.clone());
            self.tally.refuse(index, offset, "not-an-object", message);
            return;
        }
        let view = RecordView::new(bytes, self.projector);
        match check::judge(&view) {
            Judged::Record { time, kind } => {
                check::note_oddities(&view, kind, self.claim, index, self.tally);
                self.tally.given += 1;
                self.tally.insights += u64::from(kind == RecordKind::Insight);
                self.sink.record(&FoundRecord {
                    view: view.at(Some(time)),
                    raw: &bytes[at..end],
                    index,
                    time,
                    kind,
                    content_hash: self.projector.content_hash(),
                });
            }
            Judged::Aggregate => {
                self.tally.seen -= 1;
                self.tally.aggregates += 1;
                self.tally.note("aggregated", "", index, String::new);
            }
            Judged::NotARecord => {
                let names = first_names(bytes, at, 5);
                let message = if names.is_empty() {
                    "an empty object".to_owned()
                } else {
                    format!("an object with {}", names.join(", "))
                };
                self.refuse_foreign(index, offset, message);
            }
            Judged::Refused { code, message } => self.tally.refuse(index, offset, code, message),
        }
    }

    fn refuse_foreign(&mut self, index: u32, offset: usize, message: String) {
        self.foreign += 1;
        self.first_foreign.get_or_insert_with(|| message.clone());
        let message = format!("not a CloudTrail record: {message}");
        self.tally.refuse(index, offset, "not-a-record", message);
    }

    /// Refuses a record that is no valid JSON and finds its end by brackets and quotes.
    fn step_over(
        &mut self,
        bytes: &[u8],
        at: usize,
        index: u32,
        fault: Fault,
    ) -> Result<usize, FileFault> {
        let offset = self.string_at.unwrap_or(at);
        let code = match fault.kind {
            FaultKind::Syntax(_) | FaultKind::Truncated => "broken-record",
            FaultKind::TooDeep => "too-deep",
            FaultKind::DuplicateMember(_) => "duplicate-member",
            FaultKind::LoneSurrogate => "lone-surrogate",
        };
        let message = Fault {
            kind: shown(&fault.kind),
            at: fault.at,
        }
        .to_string();
        self.tally.refuse(index, offset, code, message);
        match skip_value(bytes, at) {
            Ok(end) => {
                self.cover(at, end);
                Ok(end)
            }
            Err(_) => Err(FileFault::Json {
                fault: Fault {
                    kind: shown(&fault.kind),
                    at: fault.at,
                },
                index: Some(index),
            }),
        }
    }

    fn refuse_invalid(&mut self, at: usize, end: usize, index: u32) -> bool {
        if self.invalid.is_empty() || self.string_at.is_some() {
            return false;
        }
        let Some(first) = self.invalid.iter().find(|place| (at..end).contains(place)) else {
            return false;
        };
        let message = format!("not UTF-8 at byte {first}");
        self.tally.refuse(index, at, "not-utf8", message);
        self.cover(at, end);
        true
    }

    /// Bytes that are not UTF-8 in this range are accounted for.
    fn cover(&mut self, at: usize, end: usize) {
        if self.string_at.is_none() && !self.invalid.is_empty() {
            self.invalid.retain(|place| !(at..end).contains(place));
        }
    }
}

/// The fault with the text that it quotes made safe to print.
fn shown(kind: &FaultKind) -> FaultKind {
    match kind {
        FaultKind::DuplicateMember(name) => FaultKind::DuplicateMember(display_value(name)),
        other => other.clone(),
    }
}

/// Whether each line is a document: the first two that are not blank both begin like one.
/// A document that spans lines never has a `{` at the start of its second line.
fn is_lines(bytes: &[u8]) -> bool {
    let bytes = &bytes[skip_space(bytes, 0)..];
    let mut starts = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| skip_space(line, 0) < line.len())
        .map(|line| line.first() == Some(&b'{') || export_time_length(line).is_some());
    starts.next() == Some(true) && starts.next() == Some(true)
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
