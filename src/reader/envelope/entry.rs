//! One entry of a file: a record, an envelope around one, or neither.
//!
//! Whatever it is, it ends as a record for the sink or as a refusal with its
//! index; only a list that cannot be followed any further is a fault of the file.

use crate::reader::check::{self, Judged};
use crate::reader::{FileFault, FoundRecord, RecordKind};
use crate::record::project::{Fault, FaultKind, skip_space, skip_value};
use crate::record::text::unescape;
use crate::record::view::RecordView;
use crate::source::display::display_value;

use super::detect::{Entry, detect};
use super::members::{find, first_names};
use super::{Each, Walk, text};

/// Remark about records that are calls with nothing odd about them, place and time left aside.
const ORDINARY: u8 = 1;
/// Remark about other records.
const OTHER: u8 = 2;

impl Walk<'_, '_> {
    /// A value that should be a record.
    pub(super) fn record(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
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
    pub(super) fn wrapped(
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
        let likeness = self.projector.likeness(bytes);
        let view = RecordView::new(bytes, self.projector).alike(likeness);
        let content_hash = self.projector.content_hash();
        let found = |time, kind| FoundRecord {
            view: view.at(Some(time)),
            raw: &bytes[at..end],
            index,
            time,
            kind,
            content_hash,
        };
        let remark = view.likeness().map(|known| self.projector.remark(known));
        if remark == Some(ORDINARY)
            && let Some(time) = check::plain_time(&view)
        {
            check::note_places(&view, self.claim, index, self.tally);
            let kind = RecordKind::Call;
            self.tally.given += 1;
            self.sink.record(&found(time, kind));
            return;
        }
        let judged = check::judge(&view);
        let is_ordinary = matches!(
            judged,
            Judged::Record {
                kind: RecordKind::Call,
                ..
            }
        ) && check::is_regular(&view);
        match judged {
            Judged::Record { time, kind } => {
                check::note_oddities(&view, kind, self.claim, index, self.tally);
                self.tally.given += 1;
                self.tally.insights += u64::from(kind == RecordKind::Insight);
                self.sink.record(&found(time, kind));
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
        if let (Some(likeness), Some(0)) = (likeness, remark) {
            let remark = if is_ordinary { ORDINARY } else { OTHER };
            self.projector.set_remark(likeness, remark);
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
            FaultKind::TooManyValues => "too-many-values",
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
    pub(super) fn cover(&mut self, at: usize, end: usize) {
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
