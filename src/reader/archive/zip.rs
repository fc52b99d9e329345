//! Members of a zip archive, in the order of its directory.

use std::fs::File;
use std::io::BufReader;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::bounded::{dense, is_dense};
use super::fields::is_words;
use super::gaps::{self, Span};
use super::name::{LONGEST_NAME, safe_name, target_of};
use super::unpack::{Method, Stored, unpack};
use super::{MemberContent, Walk, holds};
use crate::reader::FileFault;

/// Reads the archive to its end.
pub(super) fn read(opened: File, stored: u64, walk: &mut Walk<'_>) -> Result<(), FileFault> {
    let mut archive = ZipArchive::new(BufReader::new(opened)).map_err(|error| broken(&error))?;
    if archive.has_duplicate_names() {
        let reason = "two members have one name, and programs differ in which one they read";
        return Err(FileFault::BrokenArchive(reason.into()));
    }
    if archive
        .has_overlapping_entries()
        .map_err(|error| broken(&error))?
    {
        return Err(FileFault::BrokenArchive("its members overlap".into()));
    }
    let mut buffer = Vec::new();
    let mut inflated = 0;
    let mut spans = Vec::new();
    for at in 0..archive.len() {
        spans.push(span_of(&mut archive, at)?);
        member(&mut archive, at, &mut buffer, walk)?;
        inflated += buffer.len() as u64;
        if is_dense(inflated, stored, walk.limits.inflate) {
            return Err(dense(inflated, stored, walk.limits.inflate));
        }
        if walk.is_stopped {
            return Ok(());
        }
    }
    for (key, content) in walk.names.take_links() {
        walk.give(key, content);
    }
    let directory = archive.central_directory_start();
    let mut opened = archive.into_inner().into_inner();
    match gaps::find(&mut opened, stored, directory, &mut spans) {
        Ok(None) => Ok(()),
        Ok(Some(words)) => Err(FileFault::BrokenArchive(words)),
        Err(error) => Err(broken(&ZipError::Io(error))),
    }
}

fn span_of(archive: &mut ZipArchive<BufReader<File>>, at: usize) -> Result<Span, FileFault> {
    let entry = archive.by_index_raw(at).map_err(|error| broken(&error))?;
    let data = entry.data_start();
    Ok(Span {
        start: entry.header_start(),
        data: data.ok_or_else(|| FileFault::BrokenArchive("its directory is broken".into()))?,
        packed: entry.compressed_size(),
        unpacked: entry.size(),
        crc: entry.crc32(),
        name: Vec::new(),
    })
}

/// What the directory tells of a member.
struct Entry {
    name: Vec<u8>,
    is_encrypted: bool,
    is_link: bool,
    stored: Stored,
}

impl Entry {
    fn of(archive: &mut ZipArchive<BufReader<File>>, at: usize) -> Result<Entry, FileFault> {
        let entry = archive.by_index_raw(at).map_err(|error| broken(&error))?;
        Ok(Entry {
            name: slashes(entry.name_raw()),
            is_encrypted: entry.encrypted(),
            is_link: entry.is_symlink(),
            stored: Stored {
                method: method(entry.compression()),
                packed: entry.compressed_size(),
                size: entry.size(),
                crc: entry.crc32(),
            },
        })
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// Whether it is a folder and nothing more.
    fn is_mere_folder(&self) -> bool {
        self.is_folder() && self.stored.packed == 0 && self.stored.size == 0
    }
}

/// Reads the member at `at` into `buffer` and gives it away.
fn member(
    archive: &mut ZipArchive<BufReader<File>>,
    at: usize,
    buffer: &mut Vec<u8>,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    buffer.clear();
    let entry = Entry::of(archive, at)?;
    let index = walk.next()?;
    let name = match safe_name(&entry.name) {
        Ok(name) if entry.is_mere_folder() => {
            walk.names.folder(name.as_bytes());
            return Ok(());
        }
        Ok(name) => name,
        Err(fault) => {
            let key = walk.names.nameless(index);
            walk.give(key, MemberContent::Fault(fault));
            return Ok(());
        }
    };
    let fault = read_entry(archive, at, &entry, walk.limits.bytes(), buffer).err();
    if fault.is_none() && entry.is_folder() {
        walk.names.folder(name.as_bytes());
        return Ok(());
    }
    if fault.is_none() && entry.is_link {
        walk.names.link(&name, target_of(&name, buffer));
        return Ok(());
    }
    let key = walk.names.key(name);
    walk.give(
        key,
        match fault {
            Some(fault) => MemberContent::Fault(fault),
            None => MemberContent::Bytes(buffer),
        },
    );
    Ok(())
}

fn read_entry(
    archive: &mut ZipArchive<BufReader<File>>,
    at: usize,
    entry: &Entry,
    most: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), FileFault> {
    if entry.is_encrypted {
        return Err(FileFault::BrokenMember("it is encrypted".into()));
    }
    let raw = archive
        .by_index_raw(at)
        .map_err(|error| FileFault::BrokenMember(words(&error)))?;
    unpack(BufReader::new(raw), &entry.stored, most, buffer)?;
    let is_hidden = match () {
        // Some programs compress folders, to nothing.
        () if entry.is_folder() => !buffer.is_empty(),
        () if entry.is_link => buffer.len() > LONGEST_NAME || !is_words(buffer),
        () => false,
    };
    match is_hidden {
        true => {
            let kind = if entry.is_folder() { "folder" } else { "link" };
            Err(holds(kind, buffer.len() as u64))
        }
        false => Ok(()),
    }
}

#[expect(
    deprecated,
    reason = "the number of a method that the library does not know"
)]
fn method(of: CompressionMethod) -> Method {
    match of {
        CompressionMethod::Stored => Method::Stored,
        CompressionMethod::Deflated => Method::Deflated,
        CompressionMethod::Unsupported(number) => Method::Other(number),
        _ => Method::Other(u16::MAX),
    }
}

/// Old programs for Windows write `\` where the format asks for `/`.
fn slashes(raw: &[u8]) -> Vec<u8> {
    raw.iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect()
}

fn broken(error: &ZipError) -> FileFault {
    FileFault::BrokenArchive(words(error))
}

/// Without the words of the library, which may quote the archive.
fn words(error: &ZipError) -> String {
    match error {
        ZipError::Io(_) => "it ends early or cannot be read".into(),
        ZipError::CompressionMethodNotSupported(method) => {
            format!("its compression (method {method}) is not read")
        }
        ZipError::UnsupportedArchive(_) => "it uses a feature that is not read".into(),
        _ => "its directory is broken".into(),
    }
}
