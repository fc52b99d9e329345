//! From the bytes of one file to its records, everything counted.
//!
//! Each file is read once: it is hashed and parsed from the same bytes. Every
//! entry of a file ends as a record that a [`RecordSink`] was given, as a
//! [`Refusal`] with its index, or inside a file that is refused as a whole.
//! Nothing here knows periods, duplicates or controls.

pub mod archive;
mod check;
mod digests;
mod envelope;
pub mod inflate;
pub mod intake;
mod open;
mod sniff;
mod streams;
mod tally;

pub use self::envelope::{Content, Packing, Shape};
pub use self::intake::{ReadLimits, Scratch, read_bytes, read_file, read_member};
pub(crate) use self::sniff::is_zstd;
pub use self::sniff::{LEDGER_MARK, is_ledger};
pub(crate) use self::streams::zstd as unpack_zstd;

use crate::record::likeness::Likeness;
use crate::record::project::{Fault, Recalled};
use crate::record::view::RecordView;

use self::archive::ArchiveForm;
use self::inflate::GzipFault;

/// Code of the notice that an output goes on elsewhere, or had not ended.
const CUT_OFF: &str = "cut-off";
/// Code of the notice that an object holds records beside the list that is read.
const SECOND_LIST: &str = "second-list";

/// What a record is evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Something that somebody or some service did.
    Call,
    /// An Insights event: CloudTrail's remark that a rate was unusual.
    Insight,
}

/// One record that was read in full.
#[derive(Clone, Copy)]
pub struct FoundRecord<'a> {
    /// Its values; [`RecordView::time`] is set.
    pub view: RecordView<'a>,
    /// The bytes that CloudTrail wrote, white space and line breaks included.
    pub raw: &'a [u8],
    /// Which entry of the file it is, from 0.
    pub index: u32,
    /// `eventTime` in seconds since 1970.
    pub time: i64,
    /// Call or Insights event.
    pub kind: RecordKind,
    /// Equal for equal content, whatever its spelling.
    pub content_hash: u64,
}

/// One record that need not be read: it is like others whose answer is known.
#[derive(Clone, Copy)]
pub struct KnownRecord<'a> {
    /// What it shares with them, and the values that it was filled with.
    pub values: Recalled<'a>,
    /// The account that received it, never empty.
    pub account: &'a [u8],
    /// Its Region, never empty.
    pub region: &'a [u8],
    /// See [`FoundRecord::raw`].
    pub raw: &'a [u8],
    /// See [`FoundRecord::index`].
    pub index: u32,
    /// See [`FoundRecord::time`].
    pub time: i64,
}

/// Takes the records of one file.
pub trait RecordSink {
    /// The next record, in the order of the file. It is provisional until
    /// the file's report is there.
    fn record(&mut self, record: &FoundRecord<'_>);

    /// Whether all records of a likeness could be taken by [`RecordSink::known`].
    fn knows(&mut self, _likeness: Likeness) -> bool {
        false
    }

    /// Takes the next record without its projection; `false` if it must be read.
    fn known(&mut self, _record: &KnownRecord<'_>) -> bool {
        false
    }

    /// The file is refused: everything that was given since its reading began must be forgotten.
    fn discard(&mut self);
}

/// One entry of a file that is no usable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which entry of the file, from 0.
    pub index: u32,
    /// Where it begins in the unpacked bytes.
    pub offset: u64,
    /// Stable name of the reason.
    pub code: &'static str,
    /// The reason, safe to print.
    pub message: String,
}

/// Something odd about a file or some of its records; see [`Notice::is_loss`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable name of the kind of notice.
    pub code: &'static str,
    /// How many records it is about; 0 if it is about the file.
    pub count: u64,
    /// The first of these records.
    pub first_index: Option<u32>,
    /// What is odd, safe to print.
    pub message: String,
}

impl Notice {
    /// Whether records are missing because of it; because of others nothing is.
    pub fn is_loss(&self) -> bool {
        matches!(self.code, CUT_OFF | SECOND_LIST)
    }
}

/// A file that is part of a log set or lies beside it, and holds no records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherKind {
    /// A download that never ended; the log itself may be missing.
    BrokenDownload,
    /// Written by an operating system or a file manager.
    SystemFile,
    /// `aws-logs-write-test`.
    WriteTest,
    /// No bytes, and no log's name.
    Empty,
    /// A digest file of CloudTrail.
    Digest,
    /// What `aws cloudtrail list-public-keys` printed.
    PublicKeys,
    /// What `aws s3api head-object` printed.
    HeadObject,
    /// The sign file of a query result that CloudTrail Lake saved.
    LakeSign,
    /// A ledger of this program.
    Ledger,
    /// A file of a packet of this program, as the packet lists it.
    Packet,
    /// A CloudWatch Logs control message.
    ControlMessage,
    /// A member of an archive that is another name of one that is read.
    Link,
    /// Logs of another AWS service, named by its folder.
    OtherService(String),
    /// Anything else.
    Other,
}

impl OtherKind {
    /// Stable name of the kind.
    pub const fn code(&self) -> &'static str {
        match self {
            OtherKind::BrokenDownload => "broken-download",
            OtherKind::SystemFile => "system-file",
            OtherKind::WriteTest => "write-test",
            OtherKind::Empty => "empty-marker",
            OtherKind::Digest => "digest",
            OtherKind::PublicKeys => "public-keys",
            OtherKind::HeadObject => "head-object",
            OtherKind::LakeSign => "lake-sign-file",
            OtherKind::Ledger => "ledger",
            OtherKind::Packet => "packet",
            OtherKind::ControlMessage => "control-message",
            OtherKind::Link => "link-not-followed",
            OtherKind::OtherService(_) => "other-service",
            OtherKind::Other => "other-file",
        }
    }

    /// Why it was not read.
    pub fn reason(&self) -> String {
        match self {
            OtherKind::BrokenDownload => {
                "a download that did not end; the log file of this name may be missing".into()
            }
            OtherKind::SystemFile => "a file of an operating system".into(),
            OtherKind::WriteTest => "the write test of a CloudWatch Logs export".into(),
            OtherKind::Empty => "empty".into(),
            OtherKind::Digest => "a digest file, not a log".into(),
            OtherKind::PublicKeys => "public keys for digest files".into(),
            OtherKind::HeadObject => "metadata of an S3 object".into(),
            OtherKind::LakeSign => {
                "the sign file of a CloudTrail Lake query result: it holds no record, and is not verified".into()
            }
            OtherKind::Ledger => "a ledger of this program, which holds no logs".into(),
            OtherKind::Packet => {
                "a file of a packet of this program, as listed with SHA-256: it holds no logs".into()
            }
            OtherKind::ControlMessage => {
                "a CloudWatch Logs control message, which carries no record".into()
            }
            OtherKind::Link => "a link, which is not followed".into(),
            OtherKind::OtherService(folder) => format!(
                "logs of another service (`{}`)",
                crate::source::display::display_value(folder)
            ),
            OtherKind::Other => "not a log file".into(),
        }
    }
}

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// The system would not give it.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Not a regular file any more.
    #[error("not a regular file, and not opened")]
    NotRegular,
    /// More bytes than the limit.
    #[error("holds more than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in force.
        limit: u64,
    },
    /// No bytes at all.
    #[error("empty: a log file without records still holds `{{\"Records\":[]}}`")]
    Empty,
    /// Nothing but white space.
    #[error("holds white space only")]
    Blank,
    /// Something about its compression.
    #[error(transparent)]
    Gzip(#[from] GzipFault),
    /// Neither gzip nor JSON; the text says what it looks like.
    #[error("neither gzip nor JSON: {0}")]
    NotJson(String),
    /// It holds records in a form that is not read; the text says what it looks like.
    #[error("{0}, in a form that is not read")]
    Unread(String),
    /// An archive, which may hold logs, where archives are not opened: inside another
    /// file, or of a form that is not known.
    #[error("{}, which is not opened{}: unpack it first", .0.words(), nested(*.0))]
    Archive(ArchiveForm),
    /// An archive that cannot be read to its end.
    #[error("the archive cannot be read to its end: {0}")]
    BrokenArchive(String),
    /// A member of an archive that cannot be unpacked.
    #[error("this member of the archive cannot be unpacked: {0}")]
    BrokenMember(String),
    /// A member of an archive that is compressed in a way that is not read.
    #[error("this member of the archive is compressed with {0}, which is not read")]
    PackedMember(String),
    /// A member of an archive with a name that must not be used.
    #[error("a member of the archive is not read, because its name `{name}` {reason}")]
    UnsafeName {
        /// The name, safe to print.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A link in an archive to something that is not in it.
    #[error("a link to something that is not in the archive")]
    LostLink,
    /// More members than the limit.
    #[error("has more members than the limit of {limit}")]
    ManyMembers {
        /// The limit in force.
        limit: u64,
    },
    /// Bytes outside any record that are not UTF-8.
    #[error("not UTF-8 at byte {at}, outside of any record")]
    NotUtf8 {
        /// Offset in the unpacked bytes.
        at: usize,
    },
    /// More bytes that are not UTF-8 than a slip of one record.
    #[error("more than {limit} bytes are not UTF-8, the first at byte {at}")]
    MostlyNotUtf8 {
        /// Offset of the first in the unpacked bytes.
        at: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The JSON around the records is broken.
    #[error("{fault}{}", in_record(.index))]
    Json {
        /// What and where.
        fault: Fault,
        /// The record that it is in.
        index: Option<u32>,
    },
    /// `[…,]`
    #[error("a comma without a record behind it at byte {at}")]
    TrailingComma {
        /// Offset in the unpacked bytes.
        at: usize,
    },
    /// `{"Records":[…],"Records":[…]}`
    #[error(
        "`Records` stands twice in one object, again at byte {at}: parsers differ in which one they use"
    )]
    DuplicateRecords {
        /// Offset in the unpacked bytes.
        at: usize,
    },
    /// `Records` is something else than an array.
    #[error("`{member}` is {found} instead of an array, at byte {at}")]
    NotAnArray {
        /// The member.
        member: &'static str,
        /// What it is.
        found: &'static str,
        /// Offset in the unpacked bytes.
        at: usize,
    },
    /// JSON, and no shape of CloudTrail.
    #[error("JSON without CloudTrail records: {0}")]
    UnknownShape(String),
    /// A form of CloudTrail events from which the records cannot be rebuilt.
    #[error("{what}, from which the records cannot be rebuilt: {remedy}")]
    Unsupported {
        /// What it is.
        what: &'static str,
        /// What to give instead.
        remedy: &'static str,
    },
    /// Zstandard data that cannot be unpacked.
    #[error("the zstd data is broken after {inflated} unpacked bytes")]
    Zstd {
        /// Bytes unpacked until then.
        inflated: u64,
    },
}

const fn nested(form: ArchiveForm) -> &'static str {
    if form.is_readable() {
        " inside another file"
    } else {
        ""
    }
}

fn in_record(index: &Option<u32>) -> String {
    match index {
        Some(index) => format!(", in record {index}"),
        None => String::new(),
    }
}

impl FileFault {
    /// Stable name of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            FileFault::Unreadable(_) => "unreadable",
            FileFault::NotRegular => "not-a-regular-file",
            FileFault::TooLarge { .. } => "too-large",
            FileFault::Empty => "empty-file",
            FileFault::Blank => "blank-file",
            FileFault::Gzip(fault) => match fault {
                GzipFault::Header | GzipFault::HeaderData => "gzip-header",
                GzipFault::Truncated { .. } => "gzip-truncated",
                GzipFault::Corrupt { .. } => "gzip-corrupt",
                GzipFault::Checksum { .. } => "gzip-checksum",
                GzipFault::Length { .. } => "gzip-length",
                GzipFault::SecondMember { .. } => "gzip-second-member",
                GzipFault::Trailing { .. } => "gzip-trailing-bytes",
                GzipFault::TooLarge { .. } => "inflated-too-large",
                GzipFault::TooDense { .. } => "inflated-too-dense",
            },
            FileFault::NotJson(_) => "not-json",
            FileFault::Unread(_) => "unread-form",
            FileFault::Archive(_) => "archive",
            FileFault::BrokenArchive(_) => "broken-archive",
            FileFault::BrokenMember(_) => "broken-member",
            FileFault::PackedMember(_) => "member-compression",
            FileFault::UnsafeName { .. } => "unsafe-name",
            FileFault::LostLink => "dangling-link",
            FileFault::ManyMembers { .. } => "too-many-members",
            FileFault::NotUtf8 { .. } | FileFault::MostlyNotUtf8 { .. } => "not-utf8",
            FileFault::Json { .. } => "broken-json",
            FileFault::TrailingComma { .. } => "trailing-comma",
            FileFault::DuplicateRecords { .. } => "duplicate-records",
            FileFault::NotAnArray { .. } => "records-not-an-array",
            FileFault::UnknownShape(_) => "unknown-shape",
            FileFault::Unsupported { .. } => "unsupported-shape",
            FileFault::Zstd { .. } => "zstd-corrupt",
        }
    }

    /// What a user can do about it, if there is something.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            FileFault::TooLarge { .. }
            | FileFault::Gzip(GzipFault::TooLarge { .. } | GzipFault::TooDense { .. }) => {
                Some("raise the limit if the file is genuine")
            }
            FileFault::Empty
            | FileFault::Blank
            | FileFault::NotJson(_)
            | FileFault::UnknownShape(_)
            | FileFault::MostlyNotUtf8 { .. }
            | FileFault::Gzip(GzipFault::Header) => Some(
                "copy the file from its bucket again, or move it out of the folder if it holds no CloudTrail logs",
            ),
            FileFault::Gzip(
                GzipFault::Truncated { .. }
                | GzipFault::Corrupt { .. }
                | GzipFault::Checksum { .. },
            )
            | FileFault::Zstd { .. } => Some("copy the file from its bucket again"),
            FileFault::Unread(_) => {
                Some("save it as UTF-8 JSON lines, or give the objects that the trail wrote to S3")
            }
            FileFault::PackedMember(_) => Some(
                "unpack the archive yourself and give the folder, or pack it anew with deflate",
            ),
            FileFault::BrokenArchive(_)
            | FileFault::BrokenMember(_)
            | FileFault::UnsafeName { .. }
            | FileFault::ManyMembers { .. } => {
                Some("unpack the archive yourself and give the folder")
            }
            _ => None,
        }
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// Gone through to its end; single records may be refused.
    Read,
    /// No record of it is used.
    Refused(FileFault),
    /// It holds no records and was not expected to.
    NotRead(OtherKind),
}

/// What reading one file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// SHA-256 of the bytes as they are stored; none if they were not read to the end.
    pub sha256: Option<[u8; 32]>,
    /// SHA-256 of the unpacked bytes, which digest files list; only where asked for. Of the
    /// first gzip member, where the file is refused for what follows it.
    pub content_sha256: Option<[u8; 32]>,
    /// Bytes read.
    pub stored_bytes: u64,
    /// Bytes after unpacking; equal to the stored ones for plain files.
    pub inflated_bytes: u64,
    /// `gzip`, `zstd` or nothing.
    pub compression: &'static str,
    /// How the records are packed, if any were found.
    pub shape: Option<Shape>,
    /// Entries of the file that should be records, as far as it could be read.
    pub records_seen: u64,
    /// Records that the sink was given and may keep, Insights events included.
    pub records_kept: u64,
    /// Of the kept ones: Insights events.
    pub insights_kept: u64,
    /// Entries that are no usable record.
    pub records_refused: u64,
    /// Good records that are not used because the file is refused.
    pub records_left_out: u64,
    /// Aggregated counts beside the records. They are no records, and not in [`FileReport::records_seen`].
    pub aggregates: u64,
    /// The refused entries, as many as are listed one by one.
    pub refusals: Vec<Refusal>,
    /// What is odd.
    pub notices: Vec<Notice>,
    /// If it is an archive that was opened: how many members it has, folders included.
    /// They have reports of their own.
    pub members: Option<u64>,
    /// What became of the file.
    pub outcome: FileOutcome,
}

impl FileReport {
    /// Whether the file is an archive to be opened with [`archive::each_member`].
    pub fn is_archive(&self) -> bool {
        matches!(&self.outcome, FileOutcome::Refused(FileFault::Archive(form)) if form.is_readable())
    }

    /// Whether every entry that was seen is accounted for.
    pub fn balances(&self) -> bool {
        let unused = self.records_refused + self.records_left_out;
        self.records_seen == self.records_kept + unused
            && self.insights_kept <= self.records_kept
            && self.refusals.len() as u64 <= self.records_refused
            && (self.outcome == FileOutcome::Read || self.records_kept == 0)
    }

    /// Whether records of this file are missing from the result.
    pub fn is_incomplete(&self) -> bool {
        matches!(self.outcome, FileOutcome::Refused(_))
            || self.records_refused > 0
            || self.notices.iter().any(Notice::is_loss)
    }

    /// Everything that there is to say, one line each, safe to print; the file's name goes before it.
    pub fn messages(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.outcome {
            FileOutcome::Read => {}
            FileOutcome::Refused(fault) => {
                lines.push(format!("refused: {fault}"));
                if self.records_left_out > 0 {
                    lines.push(match self.records_left_out {
                        1 => "refused: the one good record before that place is left out".into(),
                        count => {
                            format!("refused: {count} good records before that place are left out")
                        }
                    });
                }
            }
            FileOutcome::NotRead(kind) => lines.push(format!("not read: {}", kind.reason())),
        }
        lines.extend(
            self.refusals
                .iter()
                .map(|refusal| format!("record {} refused: {}", refusal.index, refusal.message)),
        );
        let unlisted = self.records_refused - self.refusals.len() as u64;
        if unlisted > 0 {
            lines.push(format!(
                "{unlisted} more records refused, not listed one by one"
            ));
        }
        lines.extend(
            self.notices
                .iter()
                .map(|notice| format!("notice: {}", notice.message)),
        );
        lines
    }
}
