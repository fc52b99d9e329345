//! Where log files come from, and what their names claim.
//!
//! A source lists files and says what it passed over. It opens nothing that is
//! not a regular file, follows no link unless asked to, and believes no name:
//! a [`layout::Claim`] is only something to compare the records with.

pub mod display;
pub mod files;
pub mod layout;
pub mod local;
pub mod shape;

use std::borrow::Cow;
use std::path::PathBuf;

use self::files::Files;
use self::layout::Claim;

/// One regular file that a log set holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceFile {
    /// What to open. Never shown: it depends on the machine.
    pub path: PathBuf,
    /// What the file is called in a packet: the same on every machine. Bytes
    /// that are not UTF-8 stand as `\xNN`; everything else is as it was, so
    /// the text is hostile.
    pub key: String,
    /// Bytes on disk when the folder was listed.
    pub size: u64,
    /// Nanoseconds since 1970 of the last change, if the file system knows.
    pub modified: Option<i64>,
    /// Number of the file in its file system, if there is one.
    pub inode: Option<u64>,
    /// Which of the given roots it was found in.
    pub root: usize,
    /// 0, or 1, 2, … where several roots hold a file with the same key.
    pub copy: u32,
}

impl SourceFile {
    /// [`SourceFile::key`], safe to print.
    pub fn display(&self) -> Cow<'_, str> {
        display::display_text(&self.key)
    }

    /// What the key says about account, Region and delivery. Not kept, because
    /// a log set may have millions of files.
    pub fn claim(&self) -> Claim {
        layout::claim(&self.key)
    }
}

/// Whether something is missing from the result because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Odd, and nothing is missing.
    Notice,
    /// Something that may be part of the log set was not read.
    Error,
}

/// Something in a log set that is no file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is called, safe to print.
    pub display: String,
    /// Whether records may be missing because of it.
    pub severity: Severity,
    /// Stable name of the kind of problem.
    pub code: &'static str,
    /// What is wrong, without the name.
    pub message: String,
}

/// Everything that was found below the given roots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// In byte order of the keys.
    pub files: Files,
    /// In byte order of the names.
    pub problems: Vec<Problem>,
}
