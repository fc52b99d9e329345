//! Members of a zip archive, in the order of its directory.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::bounded::{dense, is_dense};
use super::gaps::{self, Directory, Span};
use super::name::{LONGEST_NAME, safe_name, target_of};
use super::{MemberContent, Walk};
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
    let directory = Directory {
        start: archive.central_directory_start(),
        count: archive.len(),
    };
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
    })
}

/// Reads the member at `at` into `buffer` and gives it away.
fn member(
    archive: &mut ZipArchive<BufReader<File>>,
    at: usize,
    buffer: &mut Vec<u8>,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    buffer.clear();
    let (raw, is_folder, is_encrypted, is_link, size) = {
        let entry = archive.by_index_raw(at).map_err(|error| broken(&error))?;
        let raw = slashes(entry.name_raw());
        let is_folder = raw.ends_with(b"/");
        (
            raw,
            is_folder,
            entry.encrypted(),
            entry.is_symlink(),
            entry.size(),
        )
    };
    let index = walk.next()?;
    let name = match safe_name(&raw) {
        Ok(_) if is_folder => return Ok(()),
        Ok(name) => name,
        Err(fault) => {
            let key = walk.names.nameless(index);
            walk.give(key, MemberContent::Fault(fault));
            return Ok(());
        }
    };
    if is_encrypted {
        let key = walk.names.key(name);
        let fault = FileFault::BrokenMember("it is encrypted".into());
        walk.give(key, MemberContent::Fault(fault));
        return Ok(());
    }
    let most = if is_link {
        LONGEST_NAME as u64
    } else {
        walk.limits.bytes()
    };
    let fault = unpack(archive, at, size, most, buffer).err();
    if is_link {
        let target = fault.is_none().then(|| target_of(&name, buffer)).flatten();
        walk.names.link(&name, target);
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

/// Old programs for Windows write `\` where the format asks for `/`.
fn slashes(raw: &[u8]) -> Vec<u8> {
    raw.iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect()
}

fn unpack(
    archive: &mut ZipArchive<BufReader<File>>,
    at: usize,
    size: u64,
    most: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), FileFault> {
    if size > most {
        return Err(FileFault::TooLarge { limit: most });
    }
    let mut entry = archive
        .by_index(at)
        .map_err(|error| FileFault::BrokenMember(words(&error)))?;
    // The size that is stated is not believed; the reader compares the check value at the end.
    let read = (&mut entry).take(most + 1).read_to_end(buffer);
    if buffer.len() as u64 > most {
        return Err(FileFault::TooLarge { limit: most });
    }
    match read {
        Ok(_) if buffer.len() as u64 != size => Err(FileFault::BrokenMember(format!(
            "it unpacks to {} bytes, and the directory says {size}",
            buffer.len()
        ))),
        Ok(_) => Ok(()),
        Err(_) => Err(FileFault::BrokenMember(
            "its data is broken or does not fit its check value".into(),
        )),
    }
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
