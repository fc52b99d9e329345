//! Fills [`Facts`] from a listing: reads digests and metadata, hashes logs.
//!
//! It opens listed regular files and nothing else. Keys are never taken from the
//! log set, because whoever can change a log can also put a key beside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use libdeflater::Decompressor;
use sha2::{Digest as _, Sha256};

use crate::reader::inflate::{self, InflateLimits};
use crate::source::display::display_value;
use crate::source::layout::{self, Folder, NameKind};
use crate::source::{Listing, SourceFile};

use super::digest::{self, DigestBytes, Malformed, Packing};
use super::facts::{DigestFact, Facts, LogBytes, LogFact};
use super::metadata::looks_like_lines;
use super::parallel;
use super::place::{Role, role};

/// Bytes by which a file is judged whose key tells nothing.
const FRONT: u64 = 4096;
/// Most bytes of one sidecar.
const SIDECAR_LIMIT: u64 = 1 << 20;
/// Most bytes of a digest, or of a file of metadata, as stored.
const SMALL_LIMIT: u64 = 256 << 20;
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
    Other,
}

#[derive(Default)]
struct Buffers {
    decompressor: Option<Decompressor>,
    stored: Vec<u8>,
    inflated: Vec<u8>,
}

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
            let file = &listing.files[at];
            let found = look(file, options, buffers);
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
        sort_in(file, found, &mut collected);
    }
    collected
}

fn sort_in(file: &SourceFile, found: Found, collected: &mut Collected) {
    let facts = &mut collected.facts;
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
        Found::Sidecar(Ok(bytes)) => facts.add_sidecar(&file.key, &bytes),
        Found::Lines(Ok(bytes)) => facts.add_metadata_lines(&file.key, &bytes),
        Found::Sidecar(Err(message)) | Found::Lines(Err(message)) => {
            facts.add_bad_metadata(&file.key, message);
        }
        Found::Keys => collected.untrusted_keys.push(file.key.clone()),
        Found::Other => collected.other_count += 1,
    }
}

fn look(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    match role(&file.key) {
        Role::Log => log(file, options, buffers),
        Role::Digest => digest(file),
        Role::HeadObject => {
            let mut bytes = Vec::new();
            Found::Sidecar(load(&file.path, SIDECAR_LIMIT, &mut bytes).map(|()| bytes))
        }
        Role::Other => by_content(file, options, buffers),
    }
}

fn digest(file: &SourceFile) -> Found {
    let mut stored = Vec::new();
    let bytes = match load(&file.path, SMALL_LIMIT, &mut stored) {
        Ok(()) => digest::read(&stored),
        Err(message) => DigestBytes {
            packing: Packing::Gzip,
            content_sha256: None,
            digest: Err(Malformed(message)),
        },
    };
    let fact = DigestFact {
        key: file.key.clone(),
        copy: file.copy,
        bytes,
    };
    Found::Digest(Box::new(fact), attributes(&file.path))
}

fn log(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let bytes = match load(&file.path, options.inflate.bytes, &mut buffers.stored) {
        Ok(()) => hash(file, options.inflate, buffers),
        Err(message) => LogBytes::Unread(message),
    };
    let inflated = match &bytes {
        LogBytes::Hashed { is_plain: true, .. } => buffers.stored.len() as u64,
        LogBytes::Hashed { .. } => buffers.inflated.len() as u64,
        _ => 0,
    };
    let fact = LogFact {
        key: file.key.clone(),
        copy: file.copy,
        bytes,
    };
    Found::Log(fact, inflated)
}

fn hash(file: &SourceFile, limits: InflateLimits, buffers: &mut Buffers) -> LogBytes {
    if buffers.stored.is_empty() {
        return LogBytes::Broken(
            "empty: a log file without records still holds `{\"Records\":[]}`".into(),
        );
    }
    if !inflate::is_gzip(&buffers.stored) {
        return LogBytes::Hashed {
            content_sha256: Sha256::digest(&buffers.stored).into(),
            is_plain: file.key.ends_with(".gz"),
        };
    }
    let decompressor = buffers.decompressor.get_or_insert_with(Decompressor::new);
    match inflate::inflate(decompressor, &buffers.stored, &mut buffers.inflated, limits) {
        Ok(length) => LogBytes::Hashed {
            content_sha256: Sha256::digest(&buffers.inflated[..length]).into(),
            is_plain: false,
        },
        Err(fault) => LogBytes::of_gzip(&fault),
    }
}

/// The key tells nothing: a renamed digest, metadata, a renamed log, or something else.
fn by_content(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let is_other_service = matches!(
        layout::claim(&file.key).folder,
        Some(Folder::Other(_) | Folder::Lake)
    );
    if is_other_service || layout::name_kind(&file.key) != NameKind::Log {
        return Found::Other;
    }
    let Ok(front) = front(&file.path) else {
        // Whoever reads the records of the log set says that it is not readable.
        return Found::Other;
    };
    let front = if inflate::is_gzip(&front) {
        inflate::peek(&front, FRONT as usize)
    } else {
        front
    };
    let has = |mark: &str| memchr::memmem::find(&front, mark.as_bytes()).is_some();
    if looks_like_lines(&front) {
        let mut bytes = Vec::new();
        Found::Lines(load(&file.path, SMALL_LIMIT, &mut bytes).map(|()| bytes))
    } else if has("\"digestS3Object\"") && has("\"digestEndTime\"") {
        digest(file)
    } else if has("\"PublicKeyList\"") {
        Found::Keys
    } else if has("\"Records\"") {
        log(file, options, buffers)
    } else {
        Found::Other
    }
}

fn front(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = open(path)?;
    file.take(FRONT)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    Ok(bytes)
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

fn load(path: &Path, limit: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
    bytes.clear();
    open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        bytes.clear();
        return Err(format!("holds more than the limit of {limit} bytes"));
    }
    Ok(())
}

/// S3 metadata that a copying tool kept as `user.*` attributes.
#[cfg(target_os = "linux")]
pub fn attributes(path: &Path) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for name in [
        "signature",
        "signature-algorithm",
        "backfill-generation-timestamp",
    ] {
        let mut value = [0; 4096];
        // Most files have none, and many file systems cannot have any: that is no fault.
        if let Ok(length) = rustix::fs::getxattr(path, format!("user.{name}"), &mut value[..]) {
            let text = String::from_utf8_lossy(&value[..length.min(value.len())]);
            found.insert(name.to_owned(), display_value_whole(&text));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// This system keeps no such attributes.
#[cfg(not(target_os = "linux"))]
pub fn attributes(_path: &Path) -> Option<BTreeMap<String, String>> {
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
    load(path, SMALL_LIMIT, &mut bytes).map_err(|message| format!("`{shown}`: {message}"))?;
    match keys.add_list(&path.to_string_lossy(), region, &bytes) {
        Ok(()) => Ok(Vec::new()),
        Err(errors) => match &errors[..] {
            [error @ super::keys::KeyError::NotAList { .. }] => Err(error.to_string()),
            _ => Ok(errors),
        },
    }
}
