//! Members of a tar archive, in their order.
//!
//! Long names are read here and not by the library, which would hold a name of
//! any length in memory. An archive that ends without its end mark is named:
//! it may have been cut between two members.

use std::io::Read;

use tar::{Archive, EntryType, PaxExtensions};

use super::bounded::Bounded;
use super::fields::is_words;
use super::name::{LONGEST_NAME, safe_name, target_of};
use super::{MemberContent, Walk, holds};
use crate::reader::{FileFault, sniff};

/// Two blocks of zero bytes end an archive.
const END: u64 = 1024;
/// Most bytes of the extended headers of one member.
const LONGEST_HEADER: u64 = 256 << 10;

/// Bytes of a header, and of what data is filled up to.
const BLOCK: u64 = 512;
/// The kind of a folder with a list of what is in it, in incremental archives.
const LISTED_FOLDER: u8 = b'D';

/// What extended headers said about the member that follows them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    is_sparse: bool,
}

/// Reads the archive to its end.
pub(super) fn read(
    inner: &mut dyn Read,
    stored: u64,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    let bounded = Bounded::new(inner, stored, walk.limits.inflate);
    let result = members(&bounded, walk);
    if let Some(fault) = bounded.fault() {
        return Err(fault);
    }
    let hidden = result?;
    for (key, content) in walk.names.take_links() {
        walk.give(key, content);
    }
    if walk.is_stopped {
        return Ok(());
    }
    let filled = bounded.filled().map(|at| {
        FileFault::BrokenArchive(format!(
            "from byte {at} on, what fills a block is not zeros"
        ))
    });
    if let Some(fault) = hidden.or(filled) {
        return Err(fault);
    }
    match bounded.zeros() < END {
        true => Err(FileFault::BrokenArchive(
            "it ends without its end mark, so members may be missing".into(),
        )),
        false => Ok(()),
    }
}

/// Gives the members, and returns the first header with data that is not read, if there is one.
fn members(
    inner: &Bounded<&mut dyn Read>,
    walk: &mut Walk<'_>,
) -> Result<Option<FileFault>, FileFault> {
    let mut archive = Archive::new(inner);
    // What follows an end mark is another archive, and not to be passed over.
    archive.set_ignore_zeros(true);
    let mut extended = Extended::default();
    let mut buffer = Vec::new();
    let mut hidden = None;
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let start = entry.raw_file_position();
        inner.data_ends(start.saturating_add(entry.size()), BLOCK);
        let kind = entry.header().entry_type();
        let mut hides = sniff::hides(entry.header().as_bytes());
        if kind.is_gnu_longname() {
            extended.name = Some(long_text(&mut entry)?);
        } else if kind.is_gnu_longlink() {
            extended.target = Some(long_text(&mut entry)?);
        } else if kind.is_pax_local_extensions() {
            hides |= read_pax(&mut entry, &mut extended)?;
        } else if kind.is_pax_global_extensions() {
            hides |= read_global(&mut entry)?;
        } else {
            let extended = std::mem::take(&mut extended);
            member(&mut entry, kind, extended, &mut buffer, walk)?;
        }
        if hides {
            let words = format!(
                "the header at byte {} holds data, which is not read",
                start - BLOCK
            );
            hidden.get_or_insert(FileFault::BrokenArchive(words));
        }
        if walk.is_stopped {
            return Ok(hidden);
        }
    }
    Ok(hidden)
}

fn member<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    kind: EntryType,
    extended: Extended,
    buffer: &mut Vec<u8>,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    let index = walk.next()?;
    let size = entry.header().entry_size().map_err(broken)?;
    let raw = match &extended.name {
        Some(name) => name.clone(),
        None => entry.header().path_bytes().into_owned(),
    };
    let is_folder = kind.is_dir() || kind.as_byte() == LISTED_FOLDER;
    let name = match safe_name(&raw) {
        // The folder that was packed is often a member called `./`.
        Ok(_) | Err(_) if kind.is_dir() && size == 0 => {
            walk.names.folder(&raw);
            return Ok(());
        }
        Ok(name) => name,
        Err(fault) => {
            let key = walk.names.nameless(index);
            walk.give(key, MemberContent::Fault(fault));
            return Ok(());
        }
    };
    let is_link = kind.is_symlink() || kind.is_hard_link();
    let fault = match () {
        () if size > walk.limits.bytes() => Some(FileFault::TooLarge {
            limit: walk.limits.bytes(),
        }),
        () if kind.is_gnu_sparse() || extended.is_sparse => Some(FileFault::BrokenMember(
            "it is a sparse file, which is not read".into(),
        )),
        () if is_folder || is_link || kind.is_file() || kind.is_contiguous() => None,
        () => Some(FileFault::NotRegular),
    };
    if let Some(fault) = fault {
        let key = walk.names.key(name);
        walk.give(key, MemberContent::Fault(fault));
        return Ok(());
    }
    buffer.clear();
    entry.read_to_end(buffer).map_err(broken)?;
    if buffer.len() as u64 != size {
        return Err(broken(()));
    }
    if is_link {
        return link(entry, kind, extended, name, buffer, walk);
    }
    if is_folder {
        walk.names.folder(&raw);
        let is_list = kind.as_byte() == LISTED_FOLDER && !sniff::hides(buffer);
        if !is_list {
            let key = walk.names.key(name);
            walk.give(key, MemberContent::Fault(holds("folder", size)));
        }
        return Ok(());
    }
    let key = walk.names.key(name);
    walk.give(key, MemberContent::Bytes(buffer));
    Ok(())
}

fn link<R: Read>(
    entry: &tar::Entry<'_, R>,
    kind: EntryType,
    extended: Extended,
    name: String,
    data: &[u8],
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    let raw = extended
        .target
        .or_else(|| entry.header().link_name_bytes().map(Into::into))
        .unwrap_or_default();
    if !data.is_empty() || !is_words(&raw) {
        let count = if data.is_empty() { &raw } else { data }.len() as u64;
        let key = walk.names.key(name);
        walk.give(key, MemberContent::Fault(holds("link", count)));
        return Ok(());
    }
    let target = match kind.is_symlink() {
        true => target_of(&name, &raw),
        false => safe_name(&raw).ok(),
    };
    walk.names.link(&name, target);
    Ok(())
}

/// The text of a GNU header for a long name.
fn long_text<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<Vec<u8>, FileFault> {
    let mut text = Vec::new();
    entry
        .take(LONGEST_NAME as u64 + 2)
        .read_to_end(&mut text)
        .map_err(broken)?;
    if text.last() == Some(&0) {
        text.pop();
    }
    // One that is longer still is refused for its length, by the name of its member.
    Ok(text)
}

/// Reads what is told of the next member; true if there is data in it that is not read.
fn read_pax<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    extended: &mut Extended,
) -> Result<bool, FileFault> {
    let bytes = header_bytes(entry)?;
    for extension in PaxExtensions::new(&bytes) {
        let extension = extension.map_err(broken)?;
        match extension.key_bytes() {
            b"path" => extended.name = Some(extension.value_bytes().to_vec()),
            b"linkpath" => extended.target = Some(extension.value_bytes().to_vec()),
            // The length in the member's own header is then not the true one.
            b"size" => {
                return Err(FileFault::BrokenArchive(
                    "a member has its size in an extended header, which is not read".into(),
                ));
            }
            key => extended.is_sparse |= key.starts_with(b"GNU.sparse."),
        }
    }
    Ok(sniff::hides(&bytes))
}

/// Reads what is told of all members that follow, which may be no more than a comment.
fn read_global<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<bool, FileFault> {
    let bytes = header_bytes(entry)?;
    for extension in PaxExtensions::new(&bytes) {
        let key = extension.map_err(broken)?.key_bytes();
        if [&b"path"[..], b"linkpath", b"size"].contains(&key) || key.starts_with(b"GNU.sparse.") {
            return Err(FileFault::BrokenArchive(
                "a header for all members tells their names or sizes, which is not read".into(),
            ));
        }
    }
    Ok(sniff::hides(&bytes))
}

fn header_bytes<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<Vec<u8>, FileFault> {
    let mut bytes = Vec::new();
    entry
        .take(LONGEST_HEADER + 1)
        .read_to_end(&mut bytes)
        .map_err(broken)?;
    match bytes.len() as u64 > LONGEST_HEADER {
        true => Err(FileFault::BrokenArchive(format!(
            "an extended header is larger than the limit of {LONGEST_HEADER} bytes"
        ))),
        false => Ok(bytes),
    }
}

fn broken(_: impl std::fmt::Debug) -> FileFault {
    FileFault::BrokenArchive("it is damaged or ends early behind the members that were read".into())
}
