//! Bytes of a zip archive that nothing in its directory accounts for.
//!
//! Programs read a zip archive by the directory at its end, so whatever that does not list is
//! passed over: a member that was taken off the list, another archive before or behind, data that
//! a broken copy left. Such bytes may be a log file. Zero bytes hold nothing and are let be.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

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
}

/// Where the directory begins, and how many members it lists.
#[derive(Clone, Copy)]
pub(super) struct Directory {
    pub start: u64,
    pub count: usize,
}

/// A place whose bytes are not accounted for, in words; none where there is none.
///
/// # Errors
/// The archive cannot be read where its directory says that something is.
pub(super) fn find<F: Read + Seek>(
    file: &mut F,
    length: u64,
    directory: Directory,
    spans: &mut [Span],
) -> io::Result<Option<String>> {
    spans.sort_by_key(|span| span.start);
    let mut end = 0;
    for span in spans.iter() {
        if let Some(found) = between(file, end, span.start)? {
            return Ok(Some(found));
        }
        let Some(behind) = end_of(file, span)? else {
            return Ok(Some(format!(
                "the member at byte {} and the directory differ in its length",
                span.start
            )));
        };
        end = behind;
    }
    if let Some(found) = between(file, end, directory.start)? {
        return Ok(Some(found));
    }
    match end_of_directory(file, directory)? {
        Tail::Comment(at) => Ok(Some(format!(
            "the comment at byte {at} holds what looks like another archive"
        ))),
        Tail::Ends(end) => between(file, end, length),
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
        false => format!("{count} bytes from byte {at} on belong to no member of its directory"),
    }
}

/// How the header of a member begins.
const MEMBER: &[u8] = b"PK\x03\x04";
/// How an entry of the directory begins.
const ENTRY: &[u8] = b"PK\x01\x02";
/// Set where the lengths follow the data.
const FOLLOWS: u16 = 1 << 3;

/// Where a member ends, with the lengths that may follow its data; none if its own header, or
/// these, tell another length than the directory does.
fn end_of<F: Read + Seek>(file: &mut F, span: &Span) -> io::Result<Option<u64>> {
    let mut header = [0; 30];
    file.seek(SeekFrom::Start(span.start))?;
    file.read_exact(&mut header)?;
    let follows = short(&header, 6) & FOLLOWS != 0;
    let stated = long(&header, 18);
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

/// What follows the directory.
enum Tail {
    /// All of it ends here.
    Ends(u64),
    /// A comment in which there is more than words.
    Comment(u64),
}

fn end_of_directory<F: Read + Seek>(file: &mut F, directory: Directory) -> io::Result<Tail> {
    file.seek(SeekFrom::Start(directory.start))?;
    let mut reader = BufReader::new(file);
    let mut at = directory.start;
    for _ in 0..directory.count {
        let entry: [u8; 46] = piece(&mut reader)?;
        if !entry.starts_with(ENTRY) {
            return Ok(Tail::Ends(at));
        }
        let texts = [28, 30, 32].map(|place| i64::from(short(&entry, place)));
        let texts = texts.iter().sum::<i64>();
        reader.seek_relative(texts)?;
        at += 46 + texts.unsigned_abs();
    }
    let mut mark: [u8; 4] = piece(&mut reader)?;
    if &mark == b"PK\x06\x06" {
        let size = u64::from_le_bytes(piece(&mut reader)?);
        let rest = i64::try_from(size).map_err(io::Error::other)?;
        reader.seek_relative(rest)?;
        at = at.saturating_add(12).saturating_add(size);
        mark = piece(&mut reader)?;
    }
    if &mark == b"PK\x06\x07" {
        let _: [u8; 16] = piece(&mut reader)?;
        at = at.saturating_add(20);
        mark = piece(&mut reader)?;
    }
    if &mark != b"PK\x05\x06" {
        return Ok(Tail::Ends(at));
    }
    let end: [u8; 18] = piece(&mut reader)?;
    let count = u64::from(short(&end, 16));
    at = at.saturating_add(22);
    let mut comment = Vec::new();
    reader.take(count).read_to_end(&mut comment)?;
    let has = |mark: &[u8]| memchr::memmem::find(&comment, mark).is_some();
    if has(MEMBER) || has(ENTRY) {
        return Ok(Tail::Comment(at));
    }
    Ok(Tail::Ends(at.saturating_add(count)))
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
