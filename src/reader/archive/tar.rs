//! Members of a tar archive, in their order.
//!
//! Long names are read here and not by the library, which would hold a name of
//! any length in memory. An archive that ends without its end mark is named:
//! it may have been cut between two members.

use std::io::Read;

use tar::{Archive, EntryType, PaxExtensions};

use super::bounded::Bounded;
use super::name::{LONGEST_NAME, safe_name, target_of};
use super::{MemberContent, Walk};
use crate::reader::FileFault;

/// Two blocks of zero bytes end an archive.
const END: u64 = 1024;
/// Most bytes of the extended headers of one member.
const LONGEST_HEADER: u64 = 256 << 10;

/// What extended headers said about the member that follows them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

/// Reads the archive to its end.
pub(super) fn read(
    inner: &mut dyn Read,
    stored: u64,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    let mut bounded = Bounded::new(inner, stored, walk.limits.inflate);
    let result = members(&mut bounded, walk);
    if let Some(fault) = bounded.fault() {
        return Err(fault);
    }
    result?;
    for (key, content) in walk.names.take_links() {
        walk.give(key, content);
    }
    if !walk.is_stopped && bounded.zeros < END {
        return Err(FileFault::BrokenArchive(
            "it ends without its end mark, so members may be missing".into(),
        ));
    }
    Ok(())
}

fn members(inner: &mut Bounded<&mut dyn Read>, walk: &mut Walk<'_>) -> Result<(), FileFault> {
    let mut archive = Archive::new(inner);
    // What follows an end mark is another archive, and not to be passed over.
    archive.set_ignore_zeros(true);
    let mut extended = Extended::default();
    let mut buffer = Vec::new();
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            extended.name = Some(long_text(&mut entry)?);
        } else if kind.is_gnu_longlink() {
            extended.target = Some(long_text(&mut entry)?);
        } else if kind.is_pax_local_extensions() {
            read_pax(&mut entry, &mut extended)?;
        } else if !kind.is_pax_global_extensions() {
            let extended = std::mem::take(&mut extended);
            member(&mut entry, kind, extended, &mut buffer, walk)?;
        }
        if walk.is_stopped {
            return Ok(());
        }
    }
    Ok(())
}

fn member<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    kind: EntryType,
    extended: Extended,
    buffer: &mut Vec<u8>,
    walk: &mut Walk<'_>,
) -> Result<(), FileFault> {
    let index = walk.next()?;
    let raw = match extended.name {
        Some(name) => name,
        None => entry.header().path_bytes().into_owned(),
    };
    let name = match safe_name(&raw) {
        // The folder that was packed is often a member called `./`.
        _ if kind.is_dir() => return Ok(()),
        Ok(name) => name,
        Err(fault) => {
            let key = walk.names.nameless(index);
            walk.give(key, MemberContent::Fault(fault));
            return Ok(());
        }
    };
    if kind.is_symlink() || kind.is_hard_link() {
        let raw = extended
            .target
            .or_else(|| entry.header().link_name_bytes().map(Into::into))
            .unwrap_or_default();
        let target = match kind.is_symlink() {
            true => target_of(&name, &raw),
            false => safe_name(&raw).ok(),
        };
        walk.names.link(&name, target);
        return Ok(());
    }
    let key = walk.names.key(name);
    if !(kind.is_file() || kind.is_contiguous()) {
        walk.give(key, MemberContent::Fault(FileFault::NotRegular));
        return Ok(());
    }
    let limit = walk.limits.bytes();
    let size = entry.header().entry_size().map_err(broken)?;
    if size > limit {
        walk.give(key, MemberContent::Fault(FileFault::TooLarge { limit }));
        return Ok(());
    }
    buffer.clear();
    entry.read_to_end(buffer).map_err(broken)?;
    if buffer.len() as u64 != size {
        return Err(broken(()));
    }
    walk.give(key, MemberContent::Bytes(buffer));
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

fn read_pax<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    extended: &mut Extended,
) -> Result<(), FileFault> {
    let mut bytes = Vec::new();
    entry
        .take(LONGEST_HEADER + 1)
        .read_to_end(&mut bytes)
        .map_err(broken)?;
    if bytes.len() as u64 > LONGEST_HEADER {
        return Err(FileFault::BrokenArchive(format!(
            "an extended header is larger than the limit of {LONGEST_HEADER} bytes"
        )));
    }
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
            _ => {}
        }
    }
    Ok(())
}

fn broken(_: impl std::fmt::Debug) -> FileFault {
    FileFault::BrokenArchive("it is damaged or ends early behind the members that were read".into())
}
