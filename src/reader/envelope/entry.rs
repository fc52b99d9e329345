//! One entry of a file: a record, an envelope around one, or neither.
//!
//! Whatever it is, it ends as a record for the sink or as a refusal with its
//! index; only a list that cannot be followed any further is a fault of the file.

use crate::reader::check::{self, Judged};
use crate::reader::{FileFault, FoundRecord, KnownRecord, RecordKind};
use crate::record::likeness::PLACE;
use crate::record::path::core;
use crate::record::project::{Fault, FaultKind, skip_space, skip_value};
use crate::record::text::unescape;
use crate::record::time;
use crate::record::view::RecordView;
use crate::source::display::display_value;

use super::members::{find, first_names};
use super::{MOST_NESTED, Walk, text};

/// Remark about records that are calls with nothing odd about them, place and time left aside.
const ORDINARY: u8 = 1;
/// Remark about other records.
const OTHER: u8 = 2;

impl Walk<'_, '_> {
    /// A value that should be a record.
    pub(super) fn record(&mut self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        self.is_recalled = false;
        if let Some(end) = self.recall(bytes, at) {
            return Ok(end);
        }
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

    /// Gives away a record that need not be read, and says where it ends.
    #[inline]
    fn recall(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        if !self.invalid.is_empty() {
            return None;
        }
        let values = self.projector.recall(bytes, at)?;
        self.is_recalled = true;
        let place = |path| values.texts(path).next().filter(|found| !found.is_empty());
        let [account, region] = [place(PLACE[0])?, place(PLACE[1])?];
        let is_elsewhere = |claimed: &Option<String>, found: &[u8]| {
            claimed
                .as_ref()
                .is_some_and(|claimed| *claimed.as_bytes() != *found)
        };
        if is_elsewhere(&self.claim.account, account) || is_elsewhere(&self.claim.region, region) {
            return None;
        }
        let end = values.end;
        let known = KnownRecord {
            account,
            region,
            raw: &bytes[at..end],
            index: self.tally.coming_index(),
            time: time::parse_plain(values.texts(core::EVENT_TIME).next()?)?,
            values,
        };
        if !self.sink.known(&known) {
            return None;
        }
        self.tally.next_index();
        self.tally.given += 1;
        Some(end)
    }

    /// An envelope of a known shape with a record at `path` in it.
    pub(super) fn member(
        &mut self,
        bytes: &[u8],
        at: usize,
        path: &'static [&'static str],
    ) -> Result<usize, FileFault> {
        self.inside(|walk| walk.wrapped(bytes, at, path))
    }

    /// Goes into an envelope whose shape was told.
    pub(super) fn inside<T>(&mut self, go: impl FnOnce(&mut Self) -> T) -> T {
        let was_inside = std::mem::replace(&mut self.is_inside, true);
        let result = go(self);
        self.is_inside = was_inside;
        result
    }

    /// An envelope with an object or a text at `path` in it.
    pub(super) fn wrapped(
        &mut self,
        bytes: &[u8],
        at: usize,
        path: &'static [&'static str],
    ) -> Result<usize, FileFault> {
        let Some(end) = self.checked(bytes, at)? else {
            return self.end_of(bytes, at);
        };
        let inner = find(bytes, at, path);
        match inner.map(|inner| (inner, bytes[inner])) {
            Some((inner, b'{')) => self.nested(at, |walk| walk.entry(bytes, inner).map(|_| ()))?,
            Some((inner, b'"')) => self.record_in_string(bytes, inner)?,
            _ => {
                let index = self.tally.next_index();
                let member = path.join(".");
                self.refuse_foreign(index, at, format!("no record in `{member}`"));
            }
        }
        Ok(end)
    }

    /// An array with an object behind a tag or a time, as Fluentd and Fluent Bit forward it.
    pub(super) fn around(
        &mut self,
        bytes: &[u8],
        at: usize,
        inner: usize,
    ) -> Result<usize, FileFault> {
        let Some(end) = self.checked(bytes, at)? else {
            return self.end_of(bytes, at);
        };
        self.inside(|walk| walk.nested(at, |walk| walk.entry(bytes, inner).map(|_| ())))?;
        Ok(end)
    }

    /// The end of an envelope if it is valid; else it was refused.
    pub(super) fn checked(&mut self, bytes: &[u8], at: usize) -> Result<Option<usize>, FileFault> {
        match self.projector.read(bytes, at) {
            Ok(end) => {
                if self.first_invalid(at, end).is_none() {
                    return Ok(Some(end));
                }
                let index = self.tally.next_index();
                self.refuse_invalid(at, end, index);
                Ok(None)
            }
            Err(fault) => {
                let index = self.tally.next_index();
                self.step_over(bytes, at, index, fault).map(|_| None)
            }
        }
    }

    /// Where a value ends by its brackets and quotes.
    pub(super) fn end_of(&self, bytes: &[u8], at: usize) -> Result<usize, FileFault> {
        skip_value(bytes, at).map_err(|fault| FileFault::Json { fault, index: None })
    }

    /// Goes into a document that stands in another one, which begins at `at`. If it
    /// is broken, only its envelope is refused, unless records of it were given away.
    pub(super) fn nested(
        &mut self,
        at: usize,
        go: impl FnOnce(&mut Self) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        let (given, seen) = (self.tally.given, self.tally.seen);
        if self.nesting == MOST_NESTED {
            let index = self.tally.next_index();
            let message = format!("more than {MOST_NESTED} documents inside each other");
            self.tally
                .refuse(index, self.string_at.unwrap_or(at), "too-deep", message);
            return Ok(());
        }
        self.nesting += 1;
        let result = go(self);
        self.nesting -= 1;
        match result {
            Err(fault) if self.tally.given == given => {
                if self.tally.seen == seen {
                    let index = self.tally.next_index();
                    self.tally.refuse(
                        index,
                        self.string_at.unwrap_or(at),
                        fault.code(),
                        fault.to_string(),
                    );
                }
                Ok(())
            }
            other => other,
        }
    }

    /// Goes into a text that came out of the string or cell at `at`.
    pub(super) fn nested_text(
        &mut self,
        at: usize,
        go: impl FnOnce(&mut Self) -> Result<(), FileFault>,
    ) -> Result<(), FileFault> {
        let outer = self.string_at;
        self.string_at = outer.or(Some(at));
        let result = self.nested(at, go);
        self.string_at = outer;
        result
    }

    /// A record that stands as text in the string that begins at `at`.
    fn record_in_string(&mut self, bytes: &[u8], at: usize) -> Result<(), FileFault> {
        let end = self.end_of(bytes, at)?;
        let unescaped = unescape(text(&bytes[at + 1..end - 1]));
        self.record_in_text(&unescaped, at)
    }

    /// A record that is the text of the string or cell at `at`.
    pub(super) fn record_in_text(&mut self, found: &str, at: usize) -> Result<(), FileFault> {
        let inside = found.as_bytes();
        let start = skip_space(inside, 0);
        let read = match inside.get(start) {
            Some(b'{') => Some(self.projector.read(inside, start)),
            _ => None,
        };
        let message = match read {
            Some(Ok(end)) if skip_space(inside, end) == inside.len() => {
                return self.nested_text(at, |walk| walk.entry(inside, start).map(|_| ()));
            }
            Some(Err(fault)) => {
                let fault = Fault {
                    kind: shown(&fault.kind),
                    at: fault.at,
                };
                format!("the text in the string is no record: {fault} of the text")
            }
            _ => format!("the string holds no record but `{}`", display_value(found)),
        };
        let index = self.tally.next_index();
        let offset = self.string_at.unwrap_or(at);
        self.tally.refuse(index, offset, "broken-string", message);
        Ok(())
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
            if !self.is_recalled
                && let Some(likeness) = view.likeness()
                && self.sink.knows(likeness)
            {
                self.projector.learn(bytes, at, likeness);
            }
            return;
        }
        let mut judged = check::judge(&view);
        if let Judged::Refused { code, .. } = &judged
            && *code == check::TIME_MISSING
            && let Some(time) = check::shipper_time(&bytes[at..end])
        {
            self.tally
                .note("shipper-time", "@timestamp", index, String::new);
            let kind = RecordKind::Call;
            judged = Judged::Record { time, kind };
        }
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

    pub(super) fn refuse_foreign(&mut self, index: u32, offset: usize, message: String) {
        self.foreign += 1;
        self.first_foreign.get_or_insert_with(|| message.clone());
        let message = format!("not a CloudTrail record: {message}");
        self.tally.refuse(index, offset, "not-a-record", message);
    }

    /// Refuses a record that is no valid JSON and finds its end by brackets and quotes.
    pub(super) fn step_over(
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

    /// The first byte of this range of the file that was not UTF-8. A range of a text that
    /// came out of a string is none of the file.
    fn first_invalid(&self, at: usize, end: usize) -> Option<usize> {
        if self.string_at.is_some() {
            return None;
        }
        let mut places = self.invalid.iter().copied();
        places.find(|place| (at..end).contains(place))
    }

    pub(super) fn refuse_invalid(&mut self, at: usize, end: usize, index: u32) -> bool {
        let Some(first) = self.first_invalid(at, end) else {
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
