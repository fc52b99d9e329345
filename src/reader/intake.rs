//! Reads one file: opens it, hashes it, unpacks it, and hands its records on.
//!
//! What is returned accounts for every byte that was read. Faults are values
//! in the report, never errors of the caller: the next file is read anyway.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use libdeflater::Decompressor;
use sha2::{Digest, Sha256};

use crate::record::project::Projector;
use crate::source::SourceFile;
use crate::source::display::display_text;
use crate::source::layout::{self, Claim, Folder, NameKind};

use super::archive::{ArchiveForm, Member, MemberContent, OwnFiles};
use super::digests;
use super::envelope::{Table, Walk, Walked};
use super::inflate::{self, GzipFault, InflateLimits};
use super::open::Opener;
use super::sniff::{self, BOM, Look};
use super::streams;
use super::tally::Tally;
use super::{FileFault, FileOutcome, FileReport, Notice, OtherKind, RecordSink};

/// Bytes by which a file that is not called like a log is judged.
const FRONT: usize = 4096;
/// Where there are several threads, buffers of a file that was larger are given back before the next
/// one is read, so that those whose large files came at different times do not hold all of them at
/// once.
const KEPT_BUFFER: u64 = 16 << 20;
/// Room that buffers have at least. An allocator maps what is as large as this by itself, and
/// returns it to the system; smaller ones it would keep, as much as it once held of them together.
/// Bytes that are not touched take no memory.
const MAPPED_ALONE: usize = 48 << 20;
/// Packed files above this are gone through for their unpacked length before they are held whole.
const SURELY_LARGE: u64 = 64 << 20;
/// Bytes that are not UTF-8 are looked at one by one up to this many.
const MOST_INVALID: usize = 1000;

/// Bounds on what one file may cost.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Most bytes that a file may have on disk, and may unpack to.
    pub inflate: InflateLimits,
    /// Most refused records that a report lists one by one; all are counted.
    pub listed_refusals: usize,
    /// Whether the unpacked bytes are hashed too, as digest files need it.
    pub hash_content: bool,
    /// How files that this program wrote are known in archives; in folders the listing leaves
    /// them out.
    pub own_files: Option<OwnFiles>,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits {
            inflate: InflateLimits {
                bytes: 512 << 20,
                ratio: 250,
            },
            listed_refusals: 10_000,
            hash_content: false,
            own_files: None,
        }
    }
}

impl ReadLimits {
    /// Offsets in records have 32 bits.
    pub(super) fn bytes(&self) -> u64 {
        self.inflate.bytes.min(u64::from(u32::MAX) - 1)
    }
}

/// The buffers of one thread, used for one file after another.
pub struct Scratch {
    decompressor: Decompressor,
    stored: Vec<u8>,
    /// Whether nothing was blanked in the stored bytes since they were hashed.
    is_as_stored: bool,
    opener: Opener,
    /// The file that was read last, still open.
    opened: Option<File>,
    inflated: Vec<u8>,
    inner: Vec<u8>,
    /// Bytes that the file that was read last unpacked to.
    unpacked: u64,
    /// Whether no other thread reads files at the same time.
    is_alone: bool,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Scratch {
            decompressor: Decompressor::new(),
            stored: Vec::new(),
            is_as_stored: false,
            opener: Opener::default(),
            opened: None,
            inflated: Vec::new(),
            inner: Vec::new(),
            unpacked: 0,
            is_alone: false,
        }
    }

    /// Empty buffers of the only thread that reads files: what a large one needed is kept for the
    /// next one, because the system would have to clear each page of it again.
    pub fn of_one_thread() -> Self {
        Scratch {
            is_alone: true,
            ..Scratch::new()
        }
    }

    /// The bytes of the file that was read last, as stored, but for what was blanked in them
    /// so that they are UTF-8. Meaningful only where the report has their SHA-256.
    pub fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// Whether [`Scratch::stored`] is known to be what the SHA-256 of the report is of.
    pub fn is_as_stored(&self) -> bool {
        self.is_as_stored
    }

    /// The file of a listing that was read last, if it could be opened.
    pub fn opened(&self) -> Option<&File> {
        self.opened.as_ref()
    }

    /// Forgets what is known of the file before, and gives back what it needed and the next one
    /// hardly will.
    fn begin(&mut self) {
        self.is_as_stored = false;
        self.opened = None;
        let size = self.unpacked.max(self.stored.len() as u64);
        let was_large = size > KEPT_BUFFER && !self.is_alone;
        for buffer in [&mut self.stored, &mut self.inflated, &mut self.inner] {
            if was_large || buffer.capacity() > MAPPED_ALONE {
                *buffer = Vec::new();
            }
        }
        self.unpacked = 0;
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// What is known of a file before its bytes.
struct Name<'a> {
    claim: &'a Claim,
    key: &'a str,
    kind: NameKind,
}

/// Reads a file of a listing.
pub fn read_file(
    file: &SourceFile,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
) -> FileReport {
    let claim = file.claim();
    let mut name = Name {
        claim: &claim,
        key: &file.key,
        kind: layout::name_kind(&file.key),
    };
    let mut report = empty_report();
    report.stored_bytes = file.size;
    scratch.begin();
    match load(file, &mut name, limits, scratch) {
        Ok(Loaded::Whole { changed }) => {
            if changed {
                report.notices.push(file_notice(
                    "changed-while-read",
                    "the file changed while it was read; what is reported is what was read",
                ));
            }
            read_stored(&name, limits, scratch, projector, sink, &mut report);
        }
        Ok(Loaded::Other(kind)) => report.outcome = FileOutcome::NotRead(kind),
        Ok(Loaded::TooMuch { fault, sha256 }) => {
            report.sha256 = Some(sha256);
            report.outcome = judge_fault(fault.into(), &name, scratch, &Tally::default());
            settle(&mut report, Tally::default(), &name);
        }
        Err(fault) => report.outcome = FileOutcome::Refused(fault),
    }
    scratch.unpacked = report.inflated_bytes;
    report
}

/// What the name of a file that begins so suggests. `._NAME` is what macOS keeps beside NAME
/// only where it is AppleDouble; else it is judged as NAME, which somebody may have renamed.
fn kind_of(key: &str, front: &[u8]) -> NameKind {
    const APPLE_DOUBLE: &[u8] = b"\x00\x05\x16\x07";
    match layout::beside(key) {
        Some(name) if !front.is_empty() && !front.starts_with(APPLE_DOUBLE) => {
            layout::name_kind(name)
        }
        _ => layout::name_kind(key),
    }
}

/// What a file that begins so is, if it is passed over: what looks like records, or like
/// something packed, is read, whatever its name.
fn passed_over(name: &Name<'_>, front: &[u8]) -> Option<OtherKind> {
    if name.kind == NameKind::Log {
        return None;
    }
    let is_candidate = is_candidate(front);
    match name.kind {
        NameKind::BrokenDownload => Some(OtherKind::BrokenDownload),
        NameKind::SystemFile if !is_candidate || is_settings(front) => Some(OtherKind::SystemFile),
        NameKind::WriteTest if !is_candidate => Some(OtherKind::WriteTest),
        NameKind::Document if !is_candidate || is_zip(front) => Some(OtherKind::Other),
        _ if is_candidate || is_called_container(name.key, front) => None,
        _ if front.is_empty() => Some(OtherKind::Empty),
        _ => Some(other_kind(name.claim, front)),
    }
}

fn is_zip(front: &[u8]) -> bool {
    sniff::look(front) == Look::Archive(ArchiveForm::Zip)
}

/// Whether text begins with `[section]`, as `desktop.ini` does, and not with an array.
fn is_settings(front: &[u8]) -> bool {
    let line = without_bom(front).trim_ascii_start();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let section = line.trim_ascii_end().strip_prefix(b"[");
    section
        .and_then(|rest| rest.strip_suffix(b"]"))
        .is_some_and(|name| !name.is_empty() && !name.iter().any(|byte| b"\"{[,".contains(byte)))
}

/// Reads a member of an archive as a file with its key.
pub fn read_member(
    member: &Member<'_>,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
) -> FileReport {
    scratch.begin();
    let outcome = match &member.content {
        MemberContent::Bytes(bytes) => {
            return read_content(&member.key, bytes, limits, scratch, projector, sink);
        }
        MemberContent::Fault(fault) => FileOutcome::Refused(fault.clone()),
        MemberContent::Other(kind) => FileOutcome::NotRead(kind.clone()),
    };
    FileReport {
        outcome,
        ..empty_report()
    }
}

fn read_content(
    key: &str,
    bytes: &[u8],
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
) -> FileReport {
    let front = &bytes[..bytes.len().min(FRONT)];
    let claim = layout::claim(key);
    let name = Name {
        claim: &claim,
        key,
        kind: kind_of(key, front),
    };
    let Some(other) = passed_over(&name, front) else {
        return read_as(key, name.kind, bytes, limits, scratch, projector, sink);
    };
    FileReport {
        sha256: Some(Sha256::digest(bytes).into()),
        stored_bytes: bytes.len() as u64,
        outcome: FileOutcome::NotRead(other),
        ..empty_report()
    }
}

/// Reads bytes that came from elsewhere, such as standard input, as a log file called `name`.
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
) -> FileReport {
    read_as(name, NameKind::Log, bytes, limits, scratch, projector, sink)
}

fn read_as(
    name: &str,
    kind: NameKind,
    bytes: &[u8],
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
) -> FileReport {
    let mut report = empty_report();
    scratch.begin();
    let claim = layout::claim(name);
    let name = Name {
        claim: &claim,
        key: name,
        kind,
    };
    if bytes.len() as u64 > limits.bytes() {
        report.stored_bytes = bytes.len() as u64;
        report.outcome = FileOutcome::Refused(FileFault::TooLarge {
            limit: limits.bytes(),
        });
        return report;
    }
    scratch.stored.clear();
    scratch.stored.extend_from_slice(bytes);
    read_stored(&name, limits, scratch, projector, sink, &mut report);
    scratch.unpacked = report.inflated_bytes;
    report
}

pub(super) fn empty_report() -> FileReport {
    FileReport {
        sha256: None,
        content_sha256: None,
        stored_bytes: 0,
        inflated_bytes: 0,
        compression: "",
        shape: None,
        records_seen: 0,
        records_kept: 0,
        insights_kept: 0,
        records_refused: 0,
        records_left_out: 0,
        aggregates: 0,
        refusals: Vec::new(),
        notices: Vec::new(),
        members: None,
        outcome: FileOutcome::Read,
    }
}

fn file_notice(code: &'static str, message: &str) -> Notice {
    Notice {
        code,
        count: 0,
        first_index: None,
        message: message.to_owned(),
    }
}

enum Loaded {
    Whole {
        changed: bool,
    },
    Other(OtherKind),
    /// It unpacks to more than it may. Only its first bytes are held.
    TooMuch {
        fault: GzipFault,
        sha256: [u8; 32],
    },
}

fn load(
    file: &SourceFile,
    name: &mut Name<'_>,
    limits: &ReadLimits,
    scratch: &mut Scratch,
) -> Result<Loaded, FileFault> {
    let unreadable = |error: std::io::Error| FileFault::Unreadable(error.to_string());
    let stored = &mut scratch.stored;
    let opened = scratch.opener.open(&file.path).map_err(unreadable)?;
    let opened = scratch.opened.insert(opened);
    let looks = opened.metadata().map_err(unreadable)?;
    if !looks.is_file() {
        return Err(FileFault::NotRegular);
    }
    let size = looks.len();
    stored.clear();
    if name.kind != NameKind::Log {
        (&mut *opened)
            .take(FRONT as u64)
            .read_to_end(stored)
            .map_err(unreadable)?;
        name.kind = kind_of(name.key, stored);
        if let Some(kind) = passed_over(name, stored) {
            return Ok(Loaded::Other(kind));
        }
    }
    let limit = limits.bytes();
    if size > limit {
        let missing = (FRONT - stored.len().min(FRONT)) as u64;
        (&mut *opened)
            .take(missing)
            .read_to_end(stored)
            .map_err(unreadable)?;
        return Err(match archive_in(stored) {
            Some(form) => FileFault::Archive(form),
            None => FileFault::TooLarge { limit },
        });
    }
    if size > SURELY_LARGE
        && let Some(found) = too_much(opened, size, limits, stored)?
    {
        return Ok(found);
    }
    let size_in_memory = usize::try_from(size).map_err(|_| FileFault::TooLarge { limit })?;
    stored.reserve(room_for(size_in_memory + 1));
    let left = (limit + 1).saturating_sub(stored.len() as u64);
    (&mut *opened)
        .take(left)
        .read_to_end(stored)
        .map_err(unreadable)?;
    if stored.len() as u64 > limit {
        return Err(FileFault::TooLarge { limit });
    }
    // As long as it was when its end was met.
    Ok(Loaded::Whole {
        changed: stored.len() as u64 != size,
    })
}

/// How much room to ask for, to hold so many bytes.
pub(super) fn room_for(bytes: usize) -> usize {
    bytes.max(MAPPED_ALONE)
}

/// Whether a file is called like something that may hold logs: one that cannot be read, such as
/// an empty one or a program that unpacks itself, must not be passed over.
fn is_called_container(key: &str, content: &[u8]) -> bool {
    let extension = key.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is = |one: &str| extension.eq_ignore_ascii_case(one);
    let is_packed = ["zip", "tar", "tgz", "zst", "zstd", "tzst"]
        .into_iter()
        .any(is);
    is_packed || is("csv") && !is_plain_table(content)
}

/// Whether text begins with a row of several names. What the columns are called is looked at
/// elsewhere; a table without those of records is another one.
fn is_plain_table(content: &[u8]) -> bool {
    let content = without_bom(content);
    let front = &content[..content.len().min(FRONT)];
    let text = match std::str::from_utf8(front) {
        Ok(text) => text,
        // A letter that the end of the front cuts is no fault.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&front[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_control = |letter: char| letter.is_control() && !letter.is_whitespace();
    let mut names = text
        .lines()
        .next()
        .unwrap_or_default()
        .split([',', ';', '\t']);
    let has_name = names.next().is_some_and(|name| !name.trim().is_empty());
    has_name && names.next().is_some() && !text.contains(is_control)
}

/// Refuses a large file that unpacks to too much, without reading it into memory. Else the
/// file stands where it stood.
fn too_much(
    opened: &mut File,
    size: u64,
    limits: &ReadLimits,
    stored: &mut Vec<u8>,
) -> Result<Option<Loaded>, FileFault> {
    let unreadable = |error: std::io::Error| FileFault::Unreadable(error.to_string());
    let held = stored.len() as u64;
    let mut front = Vec::new();
    opened.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    (&mut *opened)
        .take(FRONT as u64)
        .read_to_end(&mut front)
        .map_err(unreadable)?;
    let bounds = InflateLimits {
        bytes: limits.bytes(),
        ..limits.inflate
    };
    let fault = match inflate::is_gzip(&front) {
        // An archive may be larger, because it is not held in memory.
        true if archive_in(&front).is_none() => {
            inflate::look_for_too_much(opened, size, bounds).map_err(unreadable)?
        }
        _ => None,
    };
    let Some(fault) = fault else {
        opened.seek(SeekFrom::Start(held)).map_err(unreadable)?;
        return Ok(None);
    };
    let sha256 = hash_of(opened).map_err(unreadable)?;
    *stored = front;
    Ok(Some(Loaded::TooMuch { fault, sha256 }))
}

/// SHA-256 of a whole file, piece by piece.
fn hash_of(file: &mut File) -> std::io::Result<[u8; 32]> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&piece[..count]),
        }
    }
}

/// Whether a file that is not called like a log may be one all the same.
fn is_candidate(front: &[u8]) -> bool {
    let may_be = |look: Look| !matches!(look, Look::Other(_) | Look::Blank);
    match sniff::look(without_bom(front)) {
        Look::Gzip => may_be(sniff::look(without_bom(&inflate::peek(front, FRONT)))),
        look => may_be(look),
    }
}

fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// The archive that the bytes begin, also behind compression: it is read without
/// being held in memory.
pub fn archive_in(front: &[u8]) -> Option<ArchiveForm> {
    let form = |bytes: &[u8]| match sniff::look(bytes) {
        Look::Archive(form) => Some(form),
        _ => None,
    };
    form(front).or_else(|| {
        form(&inflate::peek(front, FRONT))
            .or_else(|| form(&streams::peek_zstd(front, FRONT)))
            .filter(|form| *form == ArchiveForm::Tar)
    })
}

fn other_kind(claim: &Claim, front: &[u8]) -> OtherKind {
    match &claim.folder {
        _ if sniff::is_ledger(front) => OtherKind::Ledger,
        Some(Folder::Other(service)) => OtherKind::OtherService(service.clone()),
        _ => OtherKind::Other,
    }
}

/// Which buffer holds the unpacked bytes.
#[derive(Clone, Copy)]
enum Content {
    Stored,
    Inflated(usize),
    Inner(usize),
}

fn read_stored(
    name: &Name<'_>,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
    report: &mut FileReport,
) {
    if !digests::is_large(name.key, name.claim, &scratch.stored) {
        return read_bounded(name, limits, scratch, projector, sink, report);
    }
    let _alone = digests::alone();
    let limits = ReadLimits {
        inflate: digests::bounds(limits.inflate),
        ..*limits
    };
    read_bounded(name, &limits, scratch, projector, sink, report);
    scratch.inflated = Vec::new();
}

fn read_bounded(
    name: &Name<'_>,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut dyn RecordSink,
    report: &mut FileReport,
) {
    report.stored_bytes = scratch.stored.len() as u64;
    report.sha256 = Some(Sha256::digest(&scratch.stored).into());
    let mut tally = Tally::new(limits.listed_refusals);
    let is_zstd = sniff::is_zstd(&scratch.stored);
    let unpacked = unpack(name, limits, scratch, &mut report.notices);
    if let Err(FileFault::Gzip(fault)) = &unpacked
        && limits.hash_content
        && fault.is_behind_a_member()
    {
        report.content_sha256 = inflate::first_member_sha256(&scratch.stored);
    }
    // Archives may be larger and of other members than single files.
    let unpacked = unpacked.map_err(|fault| match archive_in(&scratch.stored) {
        Some(form) => FileFault::Archive(form),
        None => fault,
    });
    let result = unpacked.and_then(|content| {
        let bytes = match content {
            Content::Stored => &mut scratch.stored[..],
            Content::Inflated(length) => &mut scratch.inflated[..length],
            Content::Inner(length) => &mut scratch.inner[..length],
        };
        report.inflated_bytes = bytes.len() as u64;
        report.compression = match content {
            Content::Stored => "",
            Content::Inflated(_) | Content::Inner(_) if is_zstd => "zstd",
            Content::Inflated(_) | Content::Inner(_) => "gzip",
        };
        report.content_sha256 = limits.hash_content.then(|| match (content, report.sha256) {
            (Content::Stored, Some(stored)) => stored,
            _ => Sha256::digest(&bytes).into(),
        });
        let is_marked = bytes.starts_with(BOM);
        let prepared = prepare(bytes, &mut report.notices);
        let is_changed = is_marked || !matches!(&prepared, Ok((_, invalid)) if invalid.is_empty());
        scratch.is_as_stored = !(is_changed && matches!(content, Content::Stored));
        let (form, invalid) = prepared.map_err(|fault| match fault {
            // It would have to be unpacked to a disk to be read from its end.
            FileFault::Archive(ArchiveForm::Zip) if !report.compression.is_empty() => {
                FileFault::Archive(ArchiveForm::Unread("a zip archive inside compressed data"))
            }
            FileFault::Archive(ArchiveForm::Tar) if matches!(content, Content::Inner(_)) => {
                FileFault::Archive(ArchiveForm::Unread(
                    "a tar archive that is compressed twice",
                ))
            }
            fault => fault,
        })?;
        let walk = Walk::new(projector, sink, &mut tally, name.claim, invalid);
        match form {
            Form::Json => walk.run(bytes),
            Form::Table(table) => walk.run_table(bytes, &table),
        }
    });
    let fault = match result {
        Ok(walked) => settle_kind(walked, &mut tally, report),
        Err(fault) => Some(fault),
    };
    if let Some(fault) = fault {
        report.outcome = judge_fault(fault, name, scratch, &tally);
        sink.discard();
        if matches!(report.outcome, FileOutcome::NotRead(_)) {
            tally = Tally::default();
        }
    }
    settle(report, tally, name);
}

/// What a file that was walked whole turned out to be; a fault where it holds nothing of CloudTrail.
fn settle_kind(walked: Walked, tally: &mut Tally, report: &mut FileReport) -> Option<FileFault> {
    report.shape = walked.shape;
    if let Some(message) = walked.foreign {
        // Nothing in it was meant to be a record, so nothing counts as one.
        *tally = Tally::default();
        report.shape = None;
        return Some(FileFault::UnknownShape(message));
    }
    let kind = walked.others.into_iter().next()?;
    if tally.seen == 0 && tally.aggregates == 0 {
        report.shape = None;
        report.outcome = FileOutcome::NotRead(kind);
        return None;
    }
    let says = format!("beside records, the file holds {}", kind.reason());
    report.notices.push(file_notice("other-document", &says));
    None
}

/// A file that nobody called a log, and that does not look like one, is no loss.
fn judge_fault(fault: FileFault, name: &Name<'_>, scratch: &Scratch, tally: &Tally) -> FileOutcome {
    if tally.given > 0 || tally.aggregates > 0 {
        return FileOutcome::Refused(fault);
    }
    if matches!(fault, FileFault::UnknownShape(_)) && is_lake_sign(name.key, &scratch.stored) {
        return FileOutcome::NotRead(OtherKind::LakeSign);
    }
    let is_other_service = matches!(name.claim.folder, Some(Folder::Other(_)));
    let is_unnamed = name.kind == NameKind::Other
        && !is_called_container(name.key, &scratch.stored)
        && !matches!(
            fault,
            FileFault::Archive(_) | FileFault::Unsupported { .. } | FileFault::Unread(_)
        );
    let is_foreign = (is_other_service || is_unnamed)
        && !looks_like_trail(&scratch.stored)
        && !looks_like_trail(&inflate::peek(&scratch.stored, FRONT));
    if is_foreign {
        FileOutcome::NotRead(other_kind(name.claim, &scratch.stored))
    } else {
        FileOutcome::Refused(fault)
    }
}

/// What CloudTrail Lake puts beside the files of a saved query result.
fn is_lake_sign(key: &str, bytes: &[u8]) -> bool {
    let front = &bytes[..bytes.len().min(FRONT)];
    let has = |mark: &str| memchr::memmem::find(front, mark.as_bytes()).is_some();
    key.rsplit(['/', '!']).next() == Some("result_sign.json")
        && has("\"files\"")
        && [
            "\"hashSignature\"",
            "\"publicKeyFingerprint\"",
            "\"queryCompleteTime\"",
        ]
        .iter()
        .any(|mark| has(mark))
}

fn looks_like_trail(bytes: &[u8]) -> bool {
    let front = &bytes[..bytes.len().min(FRONT)];
    [
        &b"\"Records\""[..],
        b"eventVersion",
        b"eventTime",
        b"eventSource",
    ]
    .iter()
    .any(|mark| memchr::memmem::find(front, mark).is_some())
}

/// Unpacks the stored bytes, at most twice.
fn unpack(
    name: &Name<'_>,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    notices: &mut Vec<Notice>,
) -> Result<Content, FileFault> {
    let bounds = InflateLimits {
        bytes: limits.bytes(),
        ..limits.inflate
    };
    let Scratch {
        decompressor,
        stored,
        inflated,
        inner,
        ..
    } = scratch;
    if stored.is_empty() {
        return Err(FileFault::Empty);
    }
    if digests::is_large(name.key, name.claim, stored) {
        digests::check_density(stored)?;
    }
    let is_zstd = sniff::is_zstd(stored);
    if !is_zstd && !inflate::is_gzip(stored) {
        if name.key.ends_with(".gz") && sniff::look(without_bom(stored)) == Look::Json {
            notices.push(file_notice(
                "plain-under-gz-name",
                "not compressed although its name says so: something unpacked it on the way",
            ));
        }
        return Ok(Content::Stored);
    }
    let mut unpack_once = |packed: &[u8], out: &mut Vec<u8>| -> Result<usize, FileFault> {
        if sniff::is_zstd(packed) {
            return streams::zstd(packed, out, bounds);
        }
        match inflate::inflate(decompressor, packed, out, bounds) {
            Err(fault @ GzipFault::SecondMember { .. }) => {
                Ok(members(name, packed, out, bounds, fault, notices)?)
            }
            other => Ok(other?),
        }
    };
    let length = unpack_once(stored, inflated)?;
    let once = &inflated[..length];
    if !inflate::is_gzip(once) && !sniff::is_zstd(once) {
        return Ok(Content::Inflated(length));
    }
    let inner_length = unpack_once(once, inner)?;
    notices.push(file_notice("packed-twice", "compressed twice"));
    Ok(Content::Inner(inner_length))
}

/// Many members are no fault of a file that neither is called like a trail's nor holds one.
fn members(
    name: &Name<'_>,
    stored: &[u8],
    inflated: &mut Vec<u8>,
    bounds: InflateLimits,
    fault: GzipFault,
    notices: &mut Vec<Notice>,
) -> Result<usize, GzipFault> {
    let is_trails =
        name.claim.is_canonical || name.claim.delivered_at.is_some() || name.claim.folder.is_some();
    if is_trails {
        return Err(fault);
    }
    let length = streams::gzip_members(stored, inflated, bounds)?.ok_or(fault)?;
    notices.push(file_notice(
        "gzip-members",
        "several gzip members one after another, as Firehose and log shippers write them",
    ));
    Ok(length)
}

/// What the unpacked bytes are.
enum Form {
    Json,
    Table(Table),
}

/// Makes sure that the bytes are JSON as far as one can see, and UTF-8. A byte
/// order mark becomes blanks and bytes that are not UTF-8 become `?`, so that
/// offsets stay; the offsets of the latter are returned, and whatever holds one
/// is refused.
fn prepare(bytes: &mut [u8], notices: &mut Vec<Notice>) -> Result<(Form, Vec<usize>), FileFault> {
    if bytes.starts_with(BOM) {
        bytes[..BOM.len()].fill(b' ');
        notices.push(file_notice("utf8-bom", "begins with a byte order mark"));
    }
    let form = match sniff::look(bytes) {
        Look::Json => Form::Json,
        Look::Table(table) => Form::Table(table),
        Look::Blank => return Err(FileFault::Blank),
        Look::Parquet => {
            return Err(FileFault::Unsupported {
                what: "a Parquet table, as Security Lake or an ETL job writes it",
                remedy: "give the objects that the trail wrote to S3, from which it was made",
            });
        }
        Look::Archive(name) => return Err(FileFault::Archive(name)),
        Look::Gzip | Look::Zstd => {
            return Err(FileFault::NotJson("compressed three times or more".into()));
        }
        Look::Unread(words) => return Err(FileFault::Unread(words)),
        Look::Other(words) => return Err(FileFault::NotJson(words)),
    };
    let mut invalid = Vec::new();
    let mut from = 0;
    while let Err(error) = simdutf8::compat::from_utf8(&bytes[from..]) {
        let at = from + error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - at);
        if invalid.len() + length > MOST_INVALID {
            return Err(FileFault::MostlyNotUtf8 {
                at: invalid.first().copied().unwrap_or(at),
                limit: MOST_INVALID,
            });
        }
        bytes[at..at + length].fill(b'?');
        invalid.extend(at..at + length);
        from = at + length;
    }
    Ok((form, invalid))
}

/// Puts the counts into the report.
fn settle(report: &mut FileReport, tally: Tally, name: &Name<'_>) {
    let is_read = report.outcome == FileOutcome::Read;
    report.notices.extend(tally.notices());
    report.records_seen = tally.seen;
    report.records_refused = tally.refused;
    report.aggregates = tally.aggregates;
    if is_read {
        report.records_kept = tally.given;
        report.insights_kept = tally.insights;
    } else {
        report.records_left_out = tally.given;
    }
    report.refusals = tally.refusals;
    if is_read && tally.seen == 0 && tally.aggregates == 0 && report.shape.is_none() {
        report
            .notices
            .push(file_notice("no-records", "an empty list of records"));
    }
    if let Some(shape) = report.shape.filter(|shape| is_read && !shape.is_original()) {
        report.notices.push(file_notice(
            "not-original-shape",
            &format!(
                "{}: a copy, not a file that CloudTrail wrote",
                shape.words()
            ),
        ));
    }
    if is_read && !name.claim.is_canonical {
        report.notices.push(file_notice(
            "name-not-from-trail",
            &format!(
                "not named as CloudTrail names log files{}",
                match (&name.claim.account, &name.claim.region) {
                    (Some(account), Some(region)) => format!(
                        "; its path claims account `{}`, Region `{}`",
                        display_text(account),
                        display_text(region)
                    ),
                    _ => "; account and Region come from the records".to_owned(),
                }
            ),
        ));
    }
}
