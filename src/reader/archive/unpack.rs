//! Unpacks one member of a zip archive, every byte that its entry counts.
//!
//! Not the library's reader, which passes over what follows the end of the compressed data.

use std::io::{BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::reader::FileFault;

/// What the directory tells of the data of a member.
pub(super) struct Stored {
    /// How it is compressed, by the number of the format.
    pub method: Method,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes unpacked.
    pub size: u64,
    /// Check value of these.
    pub crc: u32,
}

/// How a member is compressed.
#[derive(Clone, Copy)]
pub(super) enum Method {
    Stored,
    Deflated,
    /// One that is not read.
    Other(u16),
}

/// Unpacks `raw` into `buffer`, which is empty.
///
/// # Errors
/// Data that is broken, is more than `most` bytes, or is not all that the entry counts.
pub(super) fn unpack(
    raw: impl BufRead,
    stored: &Stored,
    most: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), FileFault> {
    if stored.size > most {
        return Err(FileFault::TooLarge { limit: most });
    }
    // The size that is stated is not believed.
    let used = match stored.method {
        Method::Stored => raw
            .take(most + 1)
            .read_to_end(buffer)
            .map(|count| count as u64),
        Method::Deflated => inflate(raw, most, buffer),
        Method::Other(number) => return Err(FileFault::PackedMember(method_words(number))),
    };
    if buffer.len() as u64 > most {
        return Err(FileFault::TooLarge { limit: most });
    }
    let mut crc = Crc::new();
    crc.update(buffer);
    let used = used.ok().filter(|_| crc.sum() == stored.crc);
    let fault = match used {
        None => "its data is broken or does not fit its check value".into(),
        Some(_) if buffer.len() as u64 != stored.size => format!(
            "it unpacks to {}, and the directory says {}",
            super::bytes(buffer.len() as u64),
            stored.size
        ),
        Some(used) if used != stored.packed => format!(
            "behind its data lie {} that are not read",
            super::bytes(stored.packed.saturating_sub(used))
        ),
        Some(_) => return Ok(()),
    };
    Err(FileFault::BrokenMember(fault))
}

/// How many packed bytes were needed.
fn inflate(raw: impl BufRead, most: u64, buffer: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut decoder = DeflateDecoder::new(raw);
    (&mut decoder).take(most + 1).read_to_end(buffer)?;
    Ok(decoder.total_in())
}

/// The names that the format gives to its methods.
fn method_words(number: u16) -> String {
    let name = match number {
        1 => "shrink",
        2..=5 => "reduce",
        6 | 10 => "implode",
        9 => "deflate64",
        12 => "bzip2",
        14 => "lzma",
        20 | 93 => "zstd",
        95 => "xz",
        98 => "ppmd",
        _ => return format!("method {number}"),
    };
    name.to_owned()
}
