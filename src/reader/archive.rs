//! Opens zip and tar archives and gives away their members, one after another.
//!
//! A member is read as a file of its own, called `ARCHIVE!/MEMBER`; nothing is
//! written to a disk. Names that lead out of the archive, links, devices,
//! encrypted members and archives inside archives are named and not opened.
//! One member at a time is in memory; members, unpacked bytes and their ratio
//! are bounded.

mod bounded;
mod fields;
mod gaps;
mod name;
mod own;
mod tar;
mod unpack;
mod zip;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use super::intake::{ReadLimits, empty_report};
use super::sniff::{Look, is_zstd, look};
use super::{FileFault, FileOutcome, FileReport, OtherKind, inflate};
use crate::source::SourceFile;

use self::bounded::{Frames, GzipMembers};
use self::name::Names;
pub use self::own::{Listed, OwnFiles};

/// Most members of one archive.
pub const MOST_MEMBERS: u64 = 250_000;
/// Bytes by which an archive is known.
const FRONT: usize = 4096;

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveForm {
    /// Zip.
    Zip,
    /// Tar, also inside gzip or zstd.
    Tar,
    /// One that is not opened.
    Unread(&'static str),
}

impl ArchiveForm {
    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            ArchiveForm::Zip => "a zip archive",
            ArchiveForm::Tar => "a tar archive",
            ArchiveForm::Unread(words) => words,
        }
    }

    /// Whether [`each_member`] can open it.
    pub const fn is_readable(self) -> bool {
        !matches!(self, ArchiveForm::Unread(_))
    }
}

/// One member of an archive.
pub struct Member<'a> {
    /// `ARCHIVE!/MEMBER`
    pub key: String,
    /// What is in it.
    pub content: MemberContent<'a>,
}

/// What a member holds.
pub enum MemberContent<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Something that cannot be used, and why.
    Fault(FileFault),
    /// Something that is no log.
    Other(OtherKind),
}

/// What is given the members.
type Give<'g> = dyn FnMut(Member<'_>) -> bool + 'g;

/// Where one archive is being read.
struct Walk<'w> {
    limits: ReadLimits,
    names: Names,
    own: Option<own::Finder<'w>>,
    give: &'w mut Give<'w>,
    /// Members so far.
    count: u64,
    /// Set when nobody wants more.
    is_stopped: bool,
}

impl<'w> Walk<'w> {
    fn new(file: &'w SourceFile, limits: &ReadLimits, give: &'w mut Give<'w>) -> Self {
        Walk {
            limits: *limits,
            names: Names::new(&file.key),
            own: own::Finder::new(file, limits),
            give,
            count: 0,
            is_stopped: false,
        }
    }

    /// Counts a member.
    fn next(&mut self) -> Result<u64, FileFault> {
        let index = self.count;
        self.count += 1;
        if self.count > MOST_MEMBERS {
            return Err(FileFault::ManyMembers {
                limit: MOST_MEMBERS,
            });
        }
        Ok(index)
    }

    fn give(&mut self, key: String, content: MemberContent<'_>) {
        let own = self.own.as_mut();
        let content = match own.is_some_and(|own| own.is_own(&key, &content)) {
            true => MemberContent::Other(OtherKind::Packet),
            false => content,
        };
        self.is_stopped |= !(self.give)(Member { key, content });
    }
}

/// Gives every member of the archive in `file` to `give` until that says false,
/// and returns the report on the archive itself.
///
/// Members that were given stay good when the archive turns out to be broken
/// behind them: each has a check value or a length of its own.
pub fn each_member(
    file: &SourceFile,
    limits: &ReadLimits,
    give: &mut dyn FnMut(Member<'_>) -> bool,
) -> FileReport {
    let mut report = empty_report();
    report.stored_bytes = file.size;
    let mut walk = Walk::new(file, limits, give);
    let result = go(file, &mut walk, &mut report);
    report.inflated_bytes = report.stored_bytes;
    report.members = Some(walk.count);
    report.outcome = match result {
        Ok(()) => FileOutcome::Read,
        Err(fault) => FileOutcome::Refused(fault),
    };
    report
}

fn go(file: &SourceFile, walk: &mut Walk<'_>, report: &mut FileReport) -> Result<(), FileFault> {
    if !std::fs::metadata(&file.path).map_err(unreadable)?.is_file() {
        return Err(FileFault::NotRegular);
    }
    let mut opened = File::open(&file.path).map_err(unreadable)?;
    let hashed = hash(&mut opened)?;
    report.stored_bytes = hashed.bytes;
    report.sha256 = Some(hashed.sha256);
    let front = &hashed.front[..];
    let is_gzip = inflate::is_gzip(front);
    match look(front) {
        Look::Archive(ArchiveForm::Zip) => {
            if hashed.directory_marks > MOST_MEMBERS {
                return Err(FileFault::ManyMembers {
                    limit: MOST_MEMBERS,
                });
            }
            zip::read(opened, hashed.bytes, walk)
        }
        Look::Archive(ArchiveForm::Tar) => tar::read(&mut opened, hashed.bytes, walk),
        Look::Archive(form) => Err(FileFault::Archive(form)),
        _ if is_gzip => {
            let mut inflated = GzipMembers::new(opened);
            tar::read(&mut inflated, hashed.bytes, walk)
        }
        _ if is_zstd(front) => {
            let mut inflated = Frames::new(opened);
            tar::read(&mut inflated, hashed.bytes, walk)
        }
        _ => Err(FileFault::BrokenArchive(
            "it changed since it was listed".into(),
        )),
    }
}

/// What is said of a folder or a link with more in it than one has.
fn holds(kind: &str, count: u64) -> FileFault {
    FileFault::BrokenMember(format!("it is called a {kind}, and holds {}", bytes(count)))
}

/// A number of bytes, in words.
fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

fn unreadable(error: std::io::Error) -> FileFault {
    FileFault::Unreadable(error.to_string())
}

/// What one pass over the stored bytes tells.
struct Hashed {
    sha256: [u8; 32],
    bytes: u64,
    front: Vec<u8>,
    /// How many entries the directory of a zip archive has at most, found
    /// without believing any number in it: a directory is held in memory whole.
    directory_marks: u64,
}

fn hash(opened: &mut File) -> Result<Hashed, FileFault> {
    const MARK: &[u8] = b"PK\x01\x02";
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 256 << 10];
    let mut hashed = Hashed {
        sha256: [0; 32],
        bytes: 0,
        front: Vec::new(),
        directory_marks: 0,
    };
    // The last bytes of the piece before, so that a mark across the border counts.
    let mut kept = 0;
    loop {
        let count = opened.read(&mut piece[kept..]).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        let filled = kept + count;
        hasher.update(&piece[kept..filled]);
        hashed.bytes += count as u64;
        let wanted = FRONT.saturating_sub(hashed.front.len()).min(count);
        hashed.front.extend_from_slice(&piece[kept..kept + wanted]);
        hashed.directory_marks += memchr::memmem::find_iter(&piece[..filled], MARK).count() as u64;
        kept = filled.min(MARK.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
    }
    hashed.sha256 = hasher.finalize().into();
    opened.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    Ok(hashed)
}
