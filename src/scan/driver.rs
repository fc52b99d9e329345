//! Reads many files at once into one ledger.
//!
//! Threads take files and hand finished facts to the one writer. There is no
//! lock for a record and no order between files: facts are a set. When a scan
//! is cut off, what was committed stays and the rest is read next time.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Sender, bounded};

use super::file;
use super::losses::{FirstLosses, Lost};
use super::members::Members;
use super::plan::Plan;
use super::sink::FactSink;
use super::unchanged::{self, Group, Namesakes, ReadAgain, ToRead, stat_of};
use crate::integrity::place::{Role, role};
use crate::ledger::facts::{FileFacts, FileState, ProblemFact};
use crate::ledger::merge::forget_healed_problems;
use crate::ledger::write::{Added, Writer};
use crate::ledger::{Ledger, LedgerError};
use crate::reader::{ReadLimits, Scratch};
use crate::record::project::Projector;
use crate::source::files::{BLOCK, Files};
use crate::source::{Listing, Severity, SourceFile};

/// Why a scan ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The ledger; what was committed before stays good.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl ScanError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            ScanError::Ledger(error) => error.help(),
        }
    }
}

/// How to scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// How many files are read at once; at least one.
    pub threads: usize,
    /// Bounds of the reader.
    pub limits: ReadLimits,
    /// Whether files that look unchanged are read again.
    pub rehash: bool,
    /// Whether contents are hashed although no digest asks for it.
    pub hash_logs: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            threads: 1,
            limits: ReadLimits::default(),
            rehash: false,
            hash_logs: false,
        }
    }
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Files.
    pub files: u64,
    /// Records in them.
    pub records: u64,
    /// Their bytes as stored.
    pub bytes: u64,
}

/// Is told how far a scan is, always from the thread that called [`scan`].
pub trait Progress {
    /// So much is to be read; the rest is known already.
    fn begin(&mut self, to_read: Counted, unchanged: u64);

    /// So much was read so far.
    fn advance(&mut self, done: Counted);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&mut self, _to_read: Counted, _unchanged: u64) {}
    fn advance(&mut self, _done: Counted) {}
}

/// What a scan did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files found.
    pub listed: u64,
    /// Files that the ledger knew as they are.
    pub unchanged: u64,
    /// What was read.
    pub read: Counted,
    /// Files that had another content than when they were read before.
    pub replaced: u64,
    /// Files given more than once under one key, with one content.
    pub same: u64,
    /// Log files of which no record is used.
    pub refused: u64,
    /// Records that cannot be used.
    pub records_refused: u64,
    /// What could not be looked at, such as a folder without permission.
    pub unseen: u64,
    /// The first of everything that is lost, by name.
    pub losses: FirstLosses,
    /// Whether it was asked to stop before it was through.
    pub is_cancelled: bool,
}

/// Facts are committed after so many files, or so many bytes of them.
const BATCH_FILES: u64 = 8192;
const BATCH_BYTES: usize = 32 << 20;
/// Parcels of finished files that wait for the writer.
const WAITING: usize = 8;

/// Reads every listed file that the ledger does not know yet.
///
/// `cancel` may be set at any time, by a signal handler for example: each
/// thread ends its file, and what was read is committed.
///
/// # Errors
/// See [`ScanError`]; the ledger stays good.
pub fn scan(
    ledger: &mut Ledger,
    listing: &Listing,
    plan: &Plan,
    options: &ScanOptions,
    progress: &mut dyn Progress,
    cancel: &AtomicBool,
) -> Result<Summary, ScanError> {
    let limits = limits(ledger, listing, options)?;
    let again = ReadAgain {
        all: options.rehash,
        unhashed: limits.hash_content,
    };
    let to_read = unchanged::to_read(ledger, &listing.files, again)?;
    let mut summary = Summary {
        listed: listing.files.len() as u64,
        unchanged: listing.files.len() as u64 - to_read.count,
        ..Summary::default()
    };
    let whole = Counted {
        files: to_read.count,
        records: 0,
        bytes: to_read.bytes,
    };
    progress.begin(whole, summary.unchanged);
    let queue = Queue {
        files: &listing.files,
        to_read: &to_read,
        next: AtomicUsize::new(0),
        share: share(to_read.count, options.threads),
        cancel,
        broken: AtomicBool::new(false),
        threads: options.threads,
    };
    let worker = || Worker::new(&queue, plan, &limits);
    let mut taker = Taker::new(ledger, &to_read, &mut summary, progress);
    let written = if options.threads <= 1 {
        // One thread does both: no hand-over, and no second thread to wake for each file.
        let mut taken = Ok(());
        worker().run(&mut |done| {
            taken = taker.take(done);
            taken.is_ok()
        });
        taken
    } else {
        std::thread::scope(|scope| {
            let (sender, receiver) = bounded(WAITING);
            for _ in 0..options.threads {
                let (sender, worker) = (sender.clone(), &worker);
                scope.spawn(move || {
                    let mut parcel = Parcel::new(&sender);
                    worker().run(&mut |done| parcel.add(done));
                    parcel.send();
                });
            }
            drop(sender);
            let all = receiver.iter().flatten();
            let written = all.into_iter().try_for_each(|done| taker.take(done));
            // Threads that wait to hand over their facts must not wait for ever.
            queue.broken.store(true, Ordering::Relaxed);
            drop(receiver);
            written
        })
    };
    written.and_then(|()| taker.end())?;
    summary.is_cancelled = summary.read.files < whole.files;
    add_problems(ledger, listing, &mut summary)?;
    Ok(summary)
}

/// Contents are hashed only where digests are there to compare with: it is a third more work.
fn limits(
    ledger: &Ledger,
    listing: &Listing,
    options: &ScanOptions,
) -> Result<ReadLimits, LedgerError> {
    let has_digest = || {
        let mut files = listing.files.reader(0);
        while let Some(file) = files.next() {
            // Nothing else can be one by its name, and most files need no closer look.
            if file.key.contains("CloudTrail-Digest") && role(&file.key) == Role::Digest {
                return true;
            }
        }
        false
    };
    Ok(ReadLimits {
        hash_content: options.limits.hash_content
            || options.hash_logs
            || has_digest()
            || ledger.has_digests()?,
        ..options.limits
    })
}

/// Files that a thread takes at once: few, so that all threads end together, but not one
/// by one where there are a million.
fn share(files: u64, threads: usize) -> usize {
    let most = files / (64 * threads.max(1) as u64);
    most.clamp(1, BLOCK as u64) as usize
}

/// What is left to read, shared by all threads.
struct Queue<'q> {
    files: &'q Files,
    to_read: &'q ToRead,
    next: AtomicUsize,
    /// Files of the listing that are taken at once.
    share: usize,
    cancel: &'q AtomicBool,
    /// Set when nobody takes facts any more.
    broken: AtomicBool,
    threads: usize,
}

impl Queue<'_> {
    fn is_open(&self) -> bool {
        !self.cancel.load(Ordering::Relaxed) && !self.broken.load(Ordering::Relaxed)
    }

    /// The next files of the listing, of which some are to be read.
    fn take(&self) -> Option<Range<usize>> {
        if !self.is_open() {
            return None;
        }
        let at = self.next.fetch_add(self.share, Ordering::Relaxed);
        let end = (at + self.share).min(self.files.len());
        (at < end).then_some(at..end)
    }
}

/// The facts of a file that was read, or of a member of an archive that is being read.
struct Done {
    /// Its place in the listing.
    at: usize,
    facts: FileFacts,
    is_member: bool,
}

/// Facts on their way to the writer: small ones go together, so that it is not woken for each.
struct Parcel<'p> {
    sender: &'p Sender<Vec<Done>>,
    held: Vec<Done>,
    bytes: usize,
}

/// Files and bytes of facts that go together at most.
const PARCEL_FILES: usize = 64;
const PARCEL_BYTES: usize = 256 << 10;

impl<'p> Parcel<'p> {
    fn new(sender: &'p Sender<Vec<Done>>) -> Self {
        Parcel {
            sender,
            held: Vec::new(),
            bytes: 0,
        }
    }

    /// False if nobody takes facts any more.
    fn add(&mut self, done: Done) -> bool {
        self.bytes += weight(&done.facts);
        self.held.push(done);
        if self.held.len() < PARCEL_FILES && self.bytes < PARCEL_BYTES {
            return true;
        }
        self.send()
    }

    fn send(&mut self) -> bool {
        self.bytes = 0;
        self.sender.send(std::mem::take(&mut self.held)).is_ok()
    }
}

/// Reads files, one after another, until there are no more.
struct Worker<'w> {
    queue: &'w Queue<'w>,
    limits: &'w ReadLimits,
    scratch: Scratch,
    projector: Projector<'w>,
    sink: FactSink<'w>,
}

impl<'w> Worker<'w> {
    fn new(queue: &'w Queue<'w>, plan: &'w Plan, limits: &'w ReadLimits) -> Self {
        Worker {
            queue,
            limits,
            scratch: match queue.threads {
                0 | 1 => Scratch::of_one_thread(),
                _ => Scratch::new(),
            },
            projector: plan.projector(),
            sink: FactSink::new(plan),
        }
    }

    /// Gives the facts of each file to `give` until that says false; those of the members of
    /// an archive before those of the archive.
    fn run(mut self, give: &mut dyn FnMut(Done) -> bool) {
        while let Some(share) = self.queue.take() {
            let mut files = self.queue.files.reader(share.start);
            for at in share {
                let Some(file) = files.next() else { return };
                if !self.queue.to_read.has(at) {
                    continue;
                }
                if !self.queue.is_open() || !self.read(at, file, give) {
                    return;
                }
            }
        }
    }

    fn read(&mut self, at: usize, file: &SourceFile, give: &mut dyn FnMut(Done) -> bool) -> bool {
        // As it looked when it was listed: if it is another one by now, the next scan sees that.
        let stat = stat_of(file);
        let (scratch, projector) = (&mut self.scratch, &mut self.projector);
        let (limits, sink) = (self.limits, &mut self.sink);
        let mut done = |facts, is_member| {
            give(Done {
                at,
                facts,
                is_member,
            })
        };
        let mut member = |facts| done(facts, true);
        let facts = file::read(file, stat, limits, scratch, projector, sink, &mut member);
        done(facts, false)
    }
}

/// The writer: takes facts as they come.
struct Taker<'t> {
    writer: Writer<'t>,
    to_read: &'t ToRead,
    summary: &'t mut Summary,
    progress: &'t mut dyn Progress,
    replaced: Replaced,
    members: Members,
    /// Files of the batch, and roughly their bytes.
    files: u64,
    bytes: usize,
}

impl<'t> Taker<'t> {
    fn new(
        ledger: &'t mut Ledger,
        to_read: &'t ToRead,
        summary: &'t mut Summary,
        progress: &'t mut dyn Progress,
    ) -> Self {
        Taker {
            writer: Writer::new(ledger),
            to_read,
            summary,
            progress,
            replaced: Replaced::default(),
            members: Members::default(),
            files: 0,
            bytes: 0,
        }
    }

    fn take(&mut self, done: Done) -> Result<(), LedgerError> {
        let Done {
            at,
            facts,
            is_member,
        } = done;
        count(self.summary, &facts, is_member);
        self.summary.losses.note(&facts);
        let namesakes = self.to_read.namesakes(at);
        let added = match is_alone(namesakes, is_member, &facts.key) {
            true => self.writer.add_first(&facts)?,
            false => self.writer.add(&facts)?,
        };
        if !is_member {
            self.replace(at, &facts.key, added)?;
        } else if namesakes.replaces_some() {
            self.members.note(first_of(at, namesakes), &facts);
        }
        self.files += 1;
        self.bytes += weight(&facts);
        if self.files >= BATCH_FILES || self.bytes >= BATCH_BYTES {
            self.writer.commit()?;
            (self.files, self.bytes) = (0, 0);
        }
        self.progress.advance(self.summary.read);
        Ok(())
    }

    /// Forgets what the files of this key were before, once all of them were read.
    fn replace(&mut self, at: usize, key: &str, added: Added) -> Result<(), LedgerError> {
        let namesakes = self.to_read.namesakes(at);
        match namesakes {
            Namesakes::None => {
                self.summary.same += u64::from(added != Added::New);
                return Ok(());
            }
            Namesakes::OfLedger => self.summary.replaced += self.writer.forget_namesakes(key)?,
            Namesakes::Listed(group) => {
                if !self.replaced.note(group, added) {
                    self.summary.same += 1;
                }
                let Some(gone) = self.replaced.settled(group) else {
                    return Ok(());
                };
                for old in gone {
                    self.writer.forget(old)?;
                    self.summary.replaced += 1;
                }
                if group.replaces.is_empty() {
                    return Ok(());
                }
            }
        }
        self.members
            .settle(&mut self.writer, first_of(at, namesakes), key)
    }

    fn end(mut self) -> Result<(), LedgerError> {
        self.writer.commit()
    }
}

/// Whether no other file has the key of a file: none of the listing, of the ledger, or of an
/// archive, whose members have a mark in their keys.
fn is_alone(namesakes: Namesakes<'_>, is_member: bool, key: &str) -> bool {
    !is_member && namesakes == Namesakes::None && !key.contains('!')
}

/// The place of the first file of a key, which stands for all of them.
fn first_of(at: usize, namesakes: Namesakes<'_>) -> usize {
    match namesakes {
        Namesakes::Listed(group) => group.first,
        Namesakes::None | Namesakes::OfLedger => at,
    }
}

/// Which contents of a key are gone. It is known once every listed file of the key was read,
/// in whatever order: what one file was before may be what another one is now.
#[derive(Debug, Default)]
struct Replaced {
    /// By the first of a key's files: how many were read, and what they are still.
    keys: HashMap<usize, (usize, Vec<i64>)>,
}

impl Replaced {
    /// Notes what a file is; false for a content that was there and is doubted by nobody.
    fn note(&mut self, group: &Group, added: Added) -> bool {
        let (read, still) = self.keys.entry(group.first).or_default();
        *read += 1;
        if let Added::Known(id) = added {
            still.push(id);
        }
        !matches!(added, Added::Known(id) if !group.replaces.contains(&id))
    }

    /// The files of the ledger that are no more, if this was the last one of its key.
    fn settled(&mut self, group: &Group) -> Option<Vec<i64>> {
        let is_settled = |(read, _): &(usize, Vec<i64>)| *read == group.count;
        if !self.keys.get(&group.first).is_some_and(is_settled) {
            return None;
        }
        let (_, still) = self.keys.remove(&group.first).unwrap_or_default();
        let replaces = group.replaces.iter().copied();
        Some(replaces.filter(|id| !still.contains(id)).collect())
    }
}

fn count(summary: &mut Summary, facts: &FileFacts, is_member: bool) {
    // Files are counted as they were listed; the bytes of members are part of their archive.
    if !is_member {
        summary.read.files += 1;
        summary.read.bytes += facts.stored_bytes;
    }
    summary.read.records += facts.records_seen;
    summary.records_refused += facts.records_refused;
    summary.refused += u64::from(facts.state == FileState::Refused);
}

/// Roughly how many bytes the facts of a file take.
fn weight(facts: &FileFacts) -> usize {
    let kept = facts.records.iter().map(|record| {
        let bytes = record.bytes.as_ref().map_or(0, Vec::len);
        bytes + 512
    });
    facts.entries.len() + kept.sum::<usize>() + facts.integrity.weight() + 1024
}

/// Problems that are about how folders were given, not about what they hold.
const OF_THE_CALL: [&str; 2] = ["same-key", "root-inside-root"];

fn add_problems(
    ledger: &mut Ledger,
    listing: &Listing,
    summary: &mut Summary,
) -> Result<(), LedgerError> {
    let mut writer = Writer::new(ledger);
    for problem in &listing.problems {
        if OF_THE_CALL.contains(&problem.code) {
            continue;
        }
        let fact = ProblemFact {
            name: problem.display.clone(),
            code: problem.code.to_owned(),
            message: problem.message.clone(),
            is_loss: problem.severity == Severity::Error,
        };
        writer.add_problem(&fact)?;
        if fact.is_loss {
            summary.unseen += 1;
            summary.losses.add(Lost::unseen(fact));
        }
    }
    writer.commit()?;
    drop(writer);
    forget_healed_problems(ledger)
}
