//! Fills [`Facts`] from a listing: reads digests and metadata, hashes logs.
//!
//! It opens listed regular files and nothing else; members of archives are files of their own. Keys are never taken from the
//! log set, because whoever can change a log can also put a key beside it.

mod archive;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use libdeflater::Decompressor;
use sha2::{Digest as _, Sha256};

use crate::reader::inflate::{self, InflateLimits, SMALL_DIGEST};
use crate::reader::{
    FileOutcome, FileReport, FoundRecord, OtherKind, ReadLimits, RecordSink, Scratch, read_file,
};
use crate::record::path::PathSet;
use crate::record::project::Projector;
use crate::source::display::display_value;
use crate::source::{Listing, Severity, SourceFile};

use super::digest::{self, DigestBytes, Malformed, Packing};
use super::facts::{DigestFact, Facts, LogBytes, LogFact, NOT_AN_ARCHIVE, Unseen, is_unseen};
use super::parallel;
use super::place::{Role, role};

/// Most bytes of one sidecar.
const SIDECAR_LIMIT: u64 = 1 << 20;
/// Most bytes of a file of metadata or keys, as stored.
const LINES_LIMIT: u64 = 256 << 20;
/// Buffers above this are given back after the file that needed them.
const KEPT_BUFFER: usize = 64 << 20;

/// Bounds on collecting.
#[derive(Debug, Clone, Copy)]
pub struct CollectOptions {
    /// Most bytes that a log may have on disk, and may unpack to.
    pub inflate: InflateLimits,
    /// How many threads read.
    pub threads: usize,
}

/// What was found beside the facts.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// What a verifier needs, but for the keys.
    pub facts: Facts,
    /// Files that look like lists of keys, which are not trusted. Hostile text.
    pub untrusted_keys: Vec<String>,
    /// How many files are neither logs nor digests nor metadata.
    pub other_count: u64,
    /// Bytes of log files, unpacked.
    pub inflated_bytes: u64,
}

enum Found {
    Log(LogFact, u64),
    Digest(Box<DigestFact>, Option<BTreeMap<String, String>>),
    Sidecar(Result<Vec<u8>, String>),
    Lines(Result<Vec<u8>, String>),
    Keys,
    /// Nobody could look at it, and why.
    Unseen(String),
    /// An archive: its members with their keys, and why it could not be read to its end.
    Members(Vec<(String, Found)>, Option<String>),
    Other,
}

impl Found {
    fn is_broken_digest(&self) -> bool {
        matches!(self, Found::Digest(fact, _) if fact.bytes.digest.is_err())
    }
}

#[derive(Default)]
struct Buffers {
    decompressor: Option<Decompressor>,
    stored: Vec<u8>,
    inflated: Vec<u8>,
    reader: Option<Reader>,
}

/// The reader of logs, for files whose keys do not tell what they are: what it finds records
/// in is a log to digest chains, here as in a scan.
struct Reader {
    scratch: Scratch,
    projector: Projector<'static>,
}

impl Reader {
    fn new() -> Reader {
        Reader {
            scratch: Scratch::new(),
            projector: Projector::new(PathSet::of_model()),
        }
    }
}

/// Takes no records: that there are some is enough.
struct Nowhere;

impl RecordSink for Nowhere {
    fn record(&mut self, _: &FoundRecord<'_>) {}
    fn discard(&mut self) {}
}

/// Held while a digest that is not small is loaded, so that memory does not depend on the threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Reads every file of the listing that matters; `done` hears of each file's size.
pub fn collect(
    listing: &Listing,
    options: &CollectOptions,
    done: &(dyn Fn(u64) + Sync),
) -> Collected {
    let found = parallel::map(
        listing.files.len(),
        options.threads,
        Buffers::default,
        |buffers, at| {
            let Some(file) = listing.files.get(at) else {
                return Found::Other;
            };
            let found = look(&file, options, buffers);
            for buffer in [&mut buffers.stored, &mut buffers.inflated] {
                if buffer.capacity() > KEPT_BUFFER {
                    *buffer = Vec::new();
                }
            }
            done(file.size);
            found
        },
    );
    let mut collected = Collected::default();
    for (file, found) in listing.files.iter().zip(found) {
        sort_in(&file.key, found, &mut collected);
    }
    let losses = listing.problems.iter();
    let losses = losses.filter(|problem| problem.severity == Severity::Error);
    collected.facts.unseen.extend(losses.map(|problem| Unseen {
        name: problem.display.clone(),
        message: problem.message.clone(),
    }));
    collected
}

fn sort_in(key: &str, found: Found, collected: &mut Collected) {
    let facts = &mut collected.facts;
    let unseen = |message| Unseen {
        name: key.to_owned(),
        message,
    };
    match found {
        Found::Log(log, bytes) => {
            collected.inflated_bytes += bytes;
            facts.logs.push(log);
        }
        Found::Digest(digest, attributes) => {
            if let Some(attributes) = attributes {
                facts.add_attributes(&digest.key, &attributes);
            }
            facts.digests.push(*digest);
        }
        Found::Sidecar(Ok(bytes)) => facts.add_sidecar(key, &bytes),
        Found::Lines(Ok(bytes)) => facts.add_metadata_lines(key, &bytes),
        Found::Sidecar(Err(message)) | Found::Lines(Err(message)) => {
            facts.add_bad_metadata(key, message);
        }
        Found::Unseen(message) => facts.unseen.push(unseen(message)),
        Found::Members(members, fault) => {
            facts.unseen.extend(fault.map(unseen));
            for (key, found) in members {
                sort_in(&key, found, collected);
            }
        }
        Found::Keys => collected.untrusted_keys.push(key.to_owned()),
        Found::Other => collected.other_count += 1,
    }
}

fn look(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let mut stored = std::mem::take(&mut buffers.stored);
    let found = match role(&file.key) {
        // Too large to be read, and said so as in a scan, unless it is an archive.
        Role::Log if file.size > options.inflate.bytes => log_by_content(file, options, buffers),
        Role::Log => match load(&file.path, options.inflate.bytes, &mut stored) {
            Ok(()) => log(Name::of(file), &stored, options, buffers)
                .unwrap_or_else(|| log_by_content(file, options, buffers)),
            Err(message) => unread_log(Name::of(file), message),
        },
        Role::Digest => match digest_file(file) {
            found if found.is_broken_digest() => digest_by_content(file, found, options, buffers),
            found => found,
        },
        Role::HeadObject | Role::Other => by_content(file, options, buffers),
    };
    buffers.stored = stored;
    found
}

/// What a file or a member of an archive is called.
#[derive(Clone, Copy)]
struct Name<'n> {
    key: &'n str,
    copy: u32,
}

impl<'n> Name<'n> {
    fn of(file: &'n SourceFile) -> Name<'n> {
        Name {
            key: &file.key,
            copy: file.copy,
        }
    }
}

fn digest_file(file: &SourceFile) -> Found {
    let _alone = (file.size > SMALL_DIGEST)
        .then(|| ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner));
    let opened = open(&file.path);
    let mut stored = Vec::new();
    let read = match &opened {
        Ok(opened) => load_opened(opened, digest::LARGEST, &mut stored),
        Err(message) => Err(message.clone()),
    };
    let bytes = read.map(|()| digest::read(&stored));
    match (digest_found(Name::of(file), bytes), opened) {
        (Found::Digest(fact, _), Ok(opened)) => Found::Digest(fact, attributes(&opened)),
        (found, _) => found,
    }
}

fn digest_found(name: Name<'_>, bytes: Result<DigestBytes, String>) -> Found {
    let bytes = bytes.unwrap_or_else(|message| DigestBytes {
        packing: Packing::Gzip,
        content_sha256: None,
        digest: Err(Malformed(message)),
    });
    let fact = DigestFact {
        key: name.key.to_owned(),
        copy: name.copy,
        bytes,
    };
    Found::Digest(Box::new(fact), None)
}

/// A log as CloudTrail writes it; none for anything that the reader has to look at.
fn log(
    name: Name<'_>,
    stored: &[u8],
    options: &CollectOptions,
    buffers: &mut Buffers,
) -> Option<Found> {
    let (bytes, inflated) = hash(stored, options.inflate, buffers)?;
    Some(log_found(name, bytes, inflated as u64))
}

/// A file that is called like a log and looks like none, by what the reader says of it.
fn log_by_content(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let Reader { scratch, projector } = buffers.reader.get_or_insert_with(Reader::new);
    let report = read_file(file, &limits(options), scratch, projector, &mut Nowhere);
    let name = Name::of(file);
    if report.is_archive() {
        let own = log_found(name, LogBytes::Broken(NOT_AN_ARCHIVE.into()), 0);
        return with_members(file, own, options, buffers);
    }
    log_found(name, LogBytes::of_report(&report), report.inflated_bytes)
}

/// A file that is called like a digest and is none: perhaps an archive, as in a scan.
fn digest_by_content(
    file: &SourceFile,
    found: Found,
    options: &CollectOptions,
    buffers: &mut Buffers,
) -> Found {
    let Reader { scratch, projector } = buffers.reader.get_or_insert_with(Reader::new);
    let report = read_file(file, &limits(options), scratch, projector, &mut Nowhere);
    if !report.is_archive() {
        return found;
    }
    let own = digest_found(Name::of(file), Err(NOT_AN_ARCHIVE.to_owned()));
    with_members(file, own, options, buffers)
}

fn with_members(
    file: &SourceFile,
    own: Found,
    options: &CollectOptions,
    buffers: &mut Buffers,
) -> Found {
    match archive::members(file, options, buffers) {
        Found::Members(mut members, fault) => {
            members.push((file.key.clone(), own));
            Found::Members(members, fault)
        }
        _ => own,
    }
}

fn unread_log(name: Name<'_>, message: String) -> Found {
    log_found(name, LogBytes::Unread(message), 0)
}

fn log_found(name: Name<'_>, bytes: LogBytes, inflated: u64) -> Found {
    let fact = LogFact {
        key: name.key.to_owned(),
        copy: name.copy,
        bytes,
    };
    Found::Log(fact, inflated)
}

/// What the bytes of a log come to, and how many there are unpacked; none for anything but one
/// gzip member that holds an object, or a fault of it.
fn hash(stored: &[u8], limits: InflateLimits, buffers: &mut Buffers) -> Option<(LogBytes, usize)> {
    if !inflate::is_gzip(stored) {
        return None;
    }
    let decompressor = buffers.decompressor.get_or_insert_with(Decompressor::new);
    match inflate::inflate(decompressor, stored, &mut buffers.inflated, limits) {
        Ok(length) => {
            let content = &buffers.inflated[..length];
            let bytes = LogBytes::Hashed {
                content_sha256: Sha256::digest(content).into(),
                is_plain: false,
            };
            content.starts_with(b"{").then_some((bytes, length))
        }
        Err(fault) => {
            let member = || inflate::first_member_sha256(stored);
            Some((LogBytes::of_gzip(&fault, member), 0))
        }
    }
}

fn limits(options: &CollectOptions) -> ReadLimits {
    ReadLimits {
        inflate: options.inflate,
        listed_refusals: 1,
        hash_content: true,
        own_files: None,
    }
}

/// The key of a file does not tell what it is, or not for sure.
fn by_content(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let Reader { scratch, projector } = buffers.reader.get_or_insert_with(Reader::new);
    let report = read_file(file, &limits(options), scratch, projector, &mut Nowhere);
    if report.is_archive() {
        return archive::members(file, options, buffers);
    }
    let again = Again {
        digest: &|| digest_file(file),
        whole: &|limit| whole(&file.path, limit),
    };
    of_report(Name::of(file), &report, &again)
}

/// How to come by the bytes of a file that the reader looked at.
struct Again<'a> {
    digest: &'a dyn Fn() -> Found,
    whole: &'a dyn Fn(u64) -> Result<Vec<u8>, String>,
}

/// What a file is that the reader looked at.
fn of_report(name: Name<'_>, report: &FileReport, again: &Again<'_>) -> Found {
    let is_sidecar = role(name.key) == Role::HeadObject;
    // A broken sidecar may look like a broken record.
    let has_records = match is_sidecar {
        true => report.records_kept > 0,
        false => report.records_seen > 0,
    };
    if has_records {
        return log_found(name, LogBytes::of_report(report), report.inflated_bytes);
    }
    if is_sidecar {
        return Found::Sidecar((again.whole)(SIDECAR_LIMIT));
    }
    match &report.outcome {
        FileOutcome::NotRead(OtherKind::Digest) => (again.digest)(),
        FileOutcome::NotRead(OtherKind::HeadObject) => Found::Lines((again.whole)(LINES_LIMIT)),
        FileOutcome::NotRead(OtherKind::PublicKeys) => Found::Keys,
        FileOutcome::Refused(fault) if is_unseen(fault.code()) => Found::Unseen(fault.to_string()),
        _ => Found::Other,
    }
}

/// A pipe put in place of the file since it was listed would block the opening.
fn open(path: &Path) -> Result<File, String> {
    if !fs::metadata(path)
        .map_err(|error| unreadable(&error))?
        .is_file()
    {
        return Err("not a regular file, and not opened".into());
    }
    File::open(path).map_err(|error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

/// A file of metadata that somebody named.
///
/// # Errors
/// Why it cannot be read, or that it holds too much; safe to print.
pub fn metadata_file(path: &Path) -> Result<Vec<u8>, String> {
    whole(path, LINES_LIMIT)
}

fn whole(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    load(path, limit, &mut bytes).map(|()| bytes)
}

fn load(path: &Path, limit: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    bytes.clear();
    load_opened(&open(path)?, limit, bytes)
}

fn load_opened(opened: &File, limit: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    opened
        .take(limit.saturating_add(1))
        .read_to_end(bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        bytes.clear();
        return Err(format!("holds more than the limit of {limit} bytes"));
    }
    Ok(())
}

/// S3 metadata that a copying tool kept as `user.*` attributes of an opened file.
#[cfg(target_os = "linux")]
pub fn attributes(file: &File) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    // Nearly every file has none: one question instead of three.
    if rustix::fs::flistxattr(file, &mut [0; 1][..]) == Ok(0) {
        return None;
    }
    for name in [
        "signature",
        "signature-algorithm",
        "backfill-generation-timestamp",
    ] {
        let mut value = [0; 4096];
        // Most files have none, and many file systems cannot have any: that is no fault.
        if let Ok(length) = rustix::fs::fgetxattr(file, format!("user.{name}"), &mut value[..]) {
            let text = String::from_utf8_lossy(&value[..length.min(value.len())]);
            found.insert(name.to_owned(), display_value_whole(&text));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// This system keeps no such attributes.
#[cfg(not(target_os = "linux"))]
pub fn attributes(_file: &File) -> Option<BTreeMap<String, String>> {
    None
}

/// Signatures are longer than what messages show.
#[cfg(target_os = "linux")]
fn display_value_whole(text: &str) -> String {
    crate::source::display::display_text(text).into_owned()
}

/// Reads a list of public keys that the user named, with the Region in front of
/// the path (`us-east-1=FILE`) if the user said one.
///
/// # Errors
/// What is wrong with the file as a whole, safe to print; keys of it that are refused
/// are in the second part of a good result.
pub fn add_keys(
    keys: &mut super::keys::Keys,
    given: &Path,
) -> Result<Vec<super::keys::KeyError>, String> {
    let text = given.to_string_lossy();
    let (region, path) = match text.split_once('=') {
        Some((region, path)) if super::place::is_region(region) => (Some(region), Path::new(path)),
        _ => (None, given),
    };
    let shown = display_value(&path.to_string_lossy());
    let mut bytes = Vec::new();
    load(path, LINES_LIMIT, &mut bytes).map_err(|message| format!("`{shown}`: {message}"))?;
    match keys.add_list(&path.to_string_lossy(), region, &bytes) {
        Ok(()) => Ok(Vec::new()),
        Err(errors) => match &errors[..] {
            [error @ super::keys::KeyError::NotAList { .. }] => Err(error.to_string()),
            _ => Ok(errors),
        },
    }
}
