//! Bytes of a zip archive that nothing in its directory accounts for.
//!
//! Programs read a zip archive by the directory at its end, so whatever that does not list is
//! passed over: a member that was taken off the list, another archive before or behind, data that
//! a broken copy left. Such bytes may be a log file. Zero bytes hold nothing and are let be.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::bytes;
use super::fields::{is_plain, is_small, is_words};

/// A member, as the directory tells of it.
pub(super) struct Span {
    /// Where its own header begins.
    pub start: u64,
    /// Where its data begins.
    pub data: u64,
    /// Bytes of its data.
    pub packed: u64,
    /// Bytes that they unpack to.
    pub unpacked: u64,
    /// Their check value.
    pub crc: u32,
    /// Its name in the directory, as it stands there.
    pub name: Vec<u8>,
}

/// A place whose bytes are not accounted for, in words; none where there is none. The spans are
/// in the order of the directory, which begins at `directory`.
///
/// # Errors
/// The archive cannot be read where its directory says that something is.
pub(super) fn find<F: Read + Seek>(
    file: &mut F,
    length: u64,
    directory: u64,
    spans: &mut [Span],
) -> io::Result<Option<String>> {
    let walked = walk(file, directory, spans)?;
    spans.sort_by_key(|span| span.start);
    let mut end = 0;
    for span in spans.iter() {
        if let Some(found) = between(file, end, span.start)? {
            return Ok(Some(found));
        }
        end = match own(file, span)? {
            Own::Ends(end) => end,
            Own::Odd(what) => {
                return Ok(Some(format!("the member at byte {} {what}", span.start)));
            }
        };
    }
    if let Some(found) = between(file, end, directory)? {
        return Ok(Some(found));
    }
    match walked.fault {
        Some(words) => Ok(Some(words)),
        None => between(file, walked.end, length),
    }
}

/// What lies in a gap, if that is more than zero bytes.
fn between<F: Read + Seek>(file: &mut F, from: u64, to: u64) -> io::Result<Option<String>> {
    if from >= to {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(from))?;
    let mut gap = BufReader::new(file.take(to - from));
    let mut at = from;
    loop {
        let piece = io::BufRead::fill_buf(&mut gap)?;
        if piece.is_empty() {
            return Ok(None);
        }
        if let Some(place) = piece.iter().position(|byte| *byte != 0) {
            let is_member = piece[place..].starts_with(MEMBER);
            at += place as u64;
            return Ok(Some(words(at, to - at, is_member)));
        }
        let count = piece.len();
        at += count as u64;
        io::BufRead::consume(&mut gap, count);
    }
}

fn words(at: u64, count: u64, is_member: bool) -> String {
    match is_member {
        true => format!("its directory does not list the member at byte {at}"),
        false => format!(
            "from byte {at} on, {} belong{} to no member of its directory",
            bytes(count),
            if count == 1 { "s" } else { "" }
        ),
    }
}

/// How the header of a member begins.
const MEMBER: &[u8] = b"PK\x03\x04";
/// How an entry of the directory begins.
const ENTRY: &[u8] = b"PK\x01\x02";
/// Set where the lengths follow the data.
const FOLLOWS: u16 = 1 << 3;

/// What a member's own header tells.
enum Own {
    /// Where the member ends, with the lengths that may follow its data.
    Ends(u64),
    /// Something that the directory tells otherwise, or that hides something.
    Odd(&'static str),
}

fn own<F: Read + Seek>(file: &mut F, span: &Span) -> io::Result<Own> {
    file.seek(SeekFrom::Start(span.start))?;
    let mut reader = BufReader::with_capacity(512, &mut *file);
    let header: [u8; 30] = piece(&mut reader)?;
    let name = text(&mut reader, short(&header, 26))?;
    let extra = text(&mut reader, short(&header, 28))?;
    if name != span.name {
        return Ok(Own::Odd("has another name in the directory"));
    }
    if !is_plain(&extra) {
        return Ok(Own::Odd("has data in its extra fields, which are not read"));
    }
    Ok(match end_of(file, span, &header)? {
        Some(end) => Own::Ends(end),
        None => Own::Odd("and the directory differ in its length"),
    })
}

/// Where a member ends; none if its own header, or what follows its data, tell another length
/// than the directory does.
fn end_of<F: Read + Seek>(file: &mut F, span: &Span, header: &[u8; 30]) -> io::Result<Option<u64>> {
    let follows = short(header, 6) & FOLLOWS != 0;
    let stated = long(header, 18);
    let end = span.data.saturating_add(span.packed);
    // All ones stand for a length in the extra field.
    let fits = stated == u32::MAX || u64::from(stated) == span.packed;
    if !(fits || follows && stated == 0) {
        return Ok(None);
    }
    if !follows {
        return Ok(Some(end));
    }
    let mut behind = Vec::new();
    file.seek(SeekFrom::Start(end))?;
    file.take(24).read_to_end(&mut behind)?;
    Ok(match descriptor(&behind, span) {
        Some(count) => Some(end + count),
        // Folders have the mark, and nothing behind them, by some programs.
        None if span.packed == 0 => Some(end),
        None => None,
    })
}

/// How many bytes the check value and lengths behind a member have, if they are these.
fn descriptor(behind: &[u8], span: &Span) -> Option<u64> {
    let small = |value: u64| u32::try_from(value).ok().map(u32::to_le_bytes);
    let crc = span.crc.to_le_bytes();
    let large = [
        &crc[..],
        &span.packed.to_le_bytes(),
        &span.unpacked.to_le_bytes(),
    ]
    .concat();
    let usual = small(span.packed)
        .zip(small(span.unpacked))
        .map(|(packed, unpacked)| [crc, packed, unpacked].concat());
    let known = [Some(large), usual];
    known.iter().flatten().find_map(|wanted| {
        let with_mark = [b"PK\x07\x08", &wanted[..]].concat();
        [&with_mark, wanted]
            .into_iter()
            .find(|bytes| behind.starts_with(bytes))
            .map(|bytes| bytes.len() as u64)
    })
}

/// What the directory and the end record are.
struct Walked {
    /// Where they end.
    end: u64,
    /// A place in them that hides something, in words.
    fault: Option<String>,
}

/// Goes over the directory and to the end of the end record. Each span gets its name.
fn walk<F: Read + Seek>(file: &mut F, directory: u64, spans: &mut [Span]) -> io::Result<Walked> {
    file.seek(SeekFrom::Start(directory))?;
    let mut reader = Counted::new(BufReader::new(file), directory);
    let mut fault = None;
    for span in spans {
        let at = reader.at;
        let entry: [u8; 46] = piece(&mut reader)?;
        if !entry.starts_with(ENTRY) {
            return Err(io::Error::other("not an entry"));
        }
        span.name = text(&mut reader, short(&entry, 28))?;
        let extra = text(&mut reader, short(&entry, 30))?;
        let comment = text(&mut reader, short(&entry, 32))?;
        if !(is_plain(&extra) && is_words(&comment)) {
            fault.get_or_insert(format!(
                "the entry at byte {at} has data in its extra fields or comment, which are not read"
            ));
        }
    }
    let end = end_record(&mut reader, &mut fault)?;
    Ok(Walked { end, fault })
}

/// Where the end record ends.
fn end_record<R: Read>(reader: &mut Counted<R>, fault: &mut Option<String>) -> io::Result<u64> {
    let mut at = reader.at;
    let mut mark: [u8; 4] = piece(reader)?;
    if &mark == b"PK\x06\x06" {
        let size = u64::from_le_bytes(piece(reader)?);
        let _: [u8; FIXED] = piece(reader)?;
        let mut more = Vec::new();
        let rest = size.saturating_sub(FIXED as u64);
        reader.take(rest.min(1 << 20)).read_to_end(&mut more)?;
        if !is_small(&more) {
            fault.get_or_insert(format!(
                "the end record at byte {at} holds more than one does"
            ));
        }
        at = reader.at;
        mark = piece(reader)?;
    }
    if &mark == b"PK\x06\x07" {
        let _: [u8; 16] = piece(reader)?;
        at = reader.at;
        mark = piece(reader)?;
    }
    if &mark != b"PK\x05\x06" {
        return Ok(at);
    }
    let end: [u8; 18] = piece(reader)?;
    at = reader.at;
    if !is_words(&text(reader, short(&end, 16))?) {
        fault.get_or_insert(format!("the comment at byte {at} holds more than words"));
    }
    Ok(reader.at)
}

/// Bytes of an end record of 64 bits, behind its length.
const FIXED: usize = 44;

/// A reader that knows where it is.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R> Counted<R> {
    fn new(inner: R, at: u64) -> Self {
        Counted { inner, at }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

fn text(reader: &mut impl Read, length: u16) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(length)];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn piece<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
