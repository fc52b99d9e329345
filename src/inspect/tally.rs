//! What one file, or the whole set, adds up to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::counter::{Counter, Volume};
use super::span::Span;
use crate::reader::{FileOutcome, FileReport, FoundRecord, RecordKind, RecordSink};
use crate::record::class::{ClassSet, classes};
use crate::record::identity::{self, UNKNOWN};
use crate::record::path::core;
use crate::record::view::RecordView;

/// Volumes of the records in a window of time.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Bytes as stored: of each file the share that its records in the window have of the bytes of
    /// all its records. A file may hold records of several months, and its time of delivery is not
    /// told by files of every shape.
    pub stored_bytes: u64,
    /// Every record.
    pub total: Volume,
    /// From the first record to the last; none where there is no record.
    pub span: Option<Span>,
    /// Records by the set of classes that they are of.
    pub classes: BTreeMap<ClassSet, Volume>,
    /// Records outside the window; they are in nothing else.
    pub outside: Volume,
    /// By account and Region, with a blank between.
    pub places: Counter,
    /// By `eventSource`.
    pub sources: Counter,
    /// By normalised actor.
    pub actors: Counter,
    /// By `sourceIPAddress`.
    pub addresses: Counter,
    /// By `eventSource` and `eventName`, with a blank between.
    pub names: Counter,
}

impl Tally {
    fn with(counter: fn() -> Counter) -> Tally {
        Tally {
            stored_bytes: 0,
            total: Volume::default(),
            span: None,
            classes: BTreeMap::new(),
            outside: Volume::default(),
            places: counter(),
            sources: counter(),
            actors: counter(),
            addresses: counter(),
            names: counter(),
        }
    }

    /// Nothing yet, for a whole log set.
    pub fn whole() -> Tally {
        Tally::with(Counter::bounded)
    }

    /// Adds what a file has.
    pub fn join(&mut self, file: &Tally) {
        self.stored_bytes += file.stored_bytes;
        self.total.add(file.total);
        self.span = Span::join(self.span, file.span);
        self.outside.add(file.outside);
        for (set, volume) in &file.classes {
            self.classes.entry(*set).or_default().add(*volume);
        }
        self.places.join(&file.places);
        self.sources.join(&file.sources);
        self.actors.join(&file.actors);
        self.addresses.join(&file.addresses);
        self.names.join(&file.names);
    }

    /// The share of a file's bytes that falls to its records in the window.
    fn share_of(&self, bytes: u64) -> u64 {
        let records = u128::from(self.total.bytes) + u128::from(self.outside.bytes);
        let share = u128::from(bytes) * u128::from(self.total.bytes) / records.max(1);
        u64::try_from(share).expect("a share is no larger than the whole")
    }
}

/// Tallies the records of one file after the other; one for each thread.
#[derive(Debug)]
pub struct TallySink {
    window: Option<(i64, i64)>,
    account: Option<String>,
    tally: Tally,
    text: String,
}

impl TallySink {
    /// A sink for records in the window (from, until), or all records.
    pub fn new(window: Option<(i64, i64)>) -> TallySink {
        TallySink {
            window,
            account: None,
            tally: Tally::with(Counter::exact),
            text: String::new(),
        }
    }

    /// Begins a file whose key claims an account.
    pub fn begin(&mut self, account: Option<String>) {
        self.account = account;
        self.tally = Tally::with(Counter::exact);
    }

    /// What the file has.
    pub fn finish(&mut self, report: &FileReport) -> Tally {
        let mut tally = std::mem::replace(&mut self.tally, Tally::with(Counter::exact));
        if report.outcome == FileOutcome::Read {
            tally.stored_bytes = tally.share_of(report.stored_bytes);
        }
        tally
    }

    fn place(&mut self, view: &RecordView<'_>) {
        let filled = |path| view.text(path).filter(|text| !text.is_empty());
        let account = filled(core::RECIPIENT_ACCOUNT)
            .or_else(|| self.account.as_deref().map(Cow::Borrowed))
            .or_else(|| filled(core::IDENTITY_ACCOUNT));
        self.text.clear();
        self.text.push_str(account.as_deref().unwrap_or(UNKNOWN));
        self.text.push(' ');
        self.text
            .push_str(filled(core::AWS_REGION).as_deref().unwrap_or(UNKNOWN));
    }
}

/// Insights events have no caller.
const NOBODY: &str = "(none)";

impl RecordSink for TallySink {
    fn record(&mut self, found: &FoundRecord<'_>) {
        let view = &found.view;
        let volume = Volume {
            records: 1,
            bytes: found.raw.len() as u64,
        };
        if self
            .window
            .is_some_and(|(from, until)| found.time < from || found.time >= until)
        {
            self.tally.outside.add(volume);
            return;
        }
        self.place(view);
        let tally = &mut self.tally;
        tally.total.add(volume);
        tally.places.add(&self.text, volume);
        tally.classes.entry(classes(view)).or_default().add(volume);
        tally.span = Span::join(tally.span, Some(Span::at(found.time)));
        let text = |path| match view.text(path) {
            Some(text) if !text.is_empty() => text,
            _ => Cow::Borrowed(NOBODY),
        };
        let source = text(core::EVENT_SOURCE);
        tally.sources.add(&source, volume);
        self.text.clear();
        self.text.push_str(&source);
        self.text.push(' ');
        self.text.push_str(&text(core::EVENT_NAME));
        tally.names.add(&self.text, volume);
        if found.kind == RecordKind::Call {
            let actor = identity::actor(view);
            let actor = if actor.is_empty() { NOBODY } else { &actor };
            tally.actors.add(actor, volume);
            tally.addresses.add(&text(core::SOURCE_IP), volume);
        }
    }

    fn discard(&mut self) {
        self.tally = Tally::with(Counter::exact);
    }
}
