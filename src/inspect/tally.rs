//! What one file, or the whole set, adds up to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::counter::{Counter, Volume};
use crate::period::DAY;
use crate::reader::{FileOutcome, FileReport, FoundRecord, RecordKind, RecordSink};
use crate::record::class::{ClassSet, classes};
use crate::record::identity;
use crate::record::path::core;
use crate::record::view::RecordView;

/// Days that are told apart; records of others are only counted.
const MOST_DAYS: usize = 20_000;

/// The records of one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// How many.
    pub records: u64,
    /// The first of them.
    pub first: i64,
    /// The last of them.
    pub last: i64,
}

/// Volumes of everything.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Files with records.
    pub files: u64,
    /// Bytes of these files as stored.
    pub stored_bytes: u64,
    /// Bytes of these files inflated.
    pub inflated_bytes: u64,
    /// Every record.
    pub total: Volume,
    /// Records by the set of classes that they are of.
    pub classes: BTreeMap<ClassSet, Volume>,
    /// By first second of the UTC day.
    pub days: BTreeMap<i64, Day>,
    /// Records of days that are not told apart.
    pub other_days: u64,
    /// Records outside the asked period; they are in nothing else.
    pub outside: u64,
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
            files: 0,
            stored_bytes: 0,
            inflated_bytes: 0,
            total: Volume::default(),
            classes: BTreeMap::new(),
            days: BTreeMap::new(),
            other_days: 0,
            outside: 0,
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
        self.files += file.files;
        self.stored_bytes += file.stored_bytes;
        self.inflated_bytes += file.inflated_bytes;
        self.total.add(file.total);
        self.outside += file.outside;
        self.other_days += file.other_days;
        for (set, volume) in &file.classes {
            self.classes.entry(*set).or_default().add(*volume);
        }
        for (day, found) in &file.days {
            self.add_day(*day, *found);
        }
        self.places.join(&file.places);
        self.sources.join(&file.sources);
        self.actors.join(&file.actors);
        self.addresses.join(&file.addresses);
        self.names.join(&file.names);
    }

    fn add_day(&mut self, day: i64, found: Day) {
        if let Some(own) = self.days.get_mut(&day) {
            own.records += found.records;
            own.first = own.first.min(found.first);
            own.last = own.last.max(found.last);
        } else if self.days.len() < MOST_DAYS {
            self.days.insert(day, found);
        } else {
            self.other_days += found.records;
        }
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
            tally.files = 1;
            tally.stored_bytes = report.stored_bytes;
            tally.inflated_bytes = report.inflated_bytes;
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

/// What stands for a value that a record does not have.
const UNKNOWN: &str = "unknown";
/// Insights events have no caller.
const NOBODY: &str = "(none)";

impl RecordSink for TallySink {
    fn record(&mut self, found: &FoundRecord<'_>) {
        if self
            .window
            .is_some_and(|(from, until)| found.time < from || found.time >= until)
        {
            self.tally.outside += 1;
            return;
        }
        let view = &found.view;
        let volume = Volume {
            records: 1,
            bytes: found.raw.len() as u64,
        };
        self.place(view);
        let tally = &mut self.tally;
        tally.total.add(volume);
        tally.places.add(&self.text, volume);
        tally.classes.entry(classes(view)).or_default().add(volume);
        let day = Day {
            records: 1,
            first: found.time,
            last: found.time,
        };
        tally.add_day(found.time.div_euclid(DAY) * DAY, day);
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
