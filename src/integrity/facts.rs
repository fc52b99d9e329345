//! What a verifier needs to know: hashes of log files, digests, signatures, keys.
//!
//! A scan that reads every file anyway fills these facts in the same pass. The
//! verifier works from them alone and opens nothing.

use crate::reader::inflate::GzipFault;
use crate::reader::{FileFault, FileOutcome, FileReport};
use crate::source::SourceFile;

use super::digest::{self, DigestBytes, Hash, Malformed, Packing};
use super::keys::Keys;
use super::metadata::{self, SignatureFact, Target};
use super::place::SIDECAR;

/// What the bytes of a log file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogBytes {
    /// Read whole.
    Hashed {
        /// SHA-256 of the unpacked bytes.
        content_sha256: Hash,
        /// Whether it lay there unpacked under a name that says otherwise.
        is_plain: bool,
    },
    /// Something follows the gzip member.
    Trailing {
        /// What it is.
        what: String,
        /// SHA-256 of what the member unpacks to, where somebody asked for it.
        member_sha256: Option<Hash>,
    },
    /// Not what CloudTrail writes: cut off, corrupt or empty.
    Broken(String),
    /// Could not be read, or is larger than the limits: nothing is known of its content.
    Unread(String),
    /// It was read at a time when nobody asked for its hash.
    NotHashed,
}

/// One log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFact {
    /// [`SourceFile::key`]
    pub key: String,
    /// [`SourceFile::copy`]
    pub copy: u32,
    /// What its bytes came to.
    pub bytes: LogBytes,
}

impl LogFact {
    /// The fact that a read with [`crate::reader::ReadLimits::hash_content`] gave.
    pub fn of_report(file: &SourceFile, report: &FileReport) -> LogFact {
        LogFact {
            key: file.key.clone(),
            copy: file.copy,
            bytes: LogBytes::of_report(report),
        }
    }
}

/// What an archive under the name of a log or digest is; its members are files of their own.
pub const NOT_AN_ARCHIVE: &str = "an archive, which CloudTrail never writes under such a name";

impl LogBytes {
    /// What the reader found, in the words of this module.
    pub fn of_report(report: &FileReport) -> LogBytes {
        match (&report.outcome, report.content_sha256) {
            (FileOutcome::Refused(FileFault::Gzip(fault)), member) => {
                LogBytes::of_gzip(fault, || member)
            }
            (FileOutcome::Refused(fault @ (FileFault::Empty | FileFault::Zstd { .. })), _) => {
                LogBytes::Broken(fault.to_string())
            }
            (_, Some(content_sha256)) => LogBytes::Hashed {
                content_sha256,
                is_plain: report
                    .notices
                    .iter()
                    .any(|n| n.code == "plain-under-gz-name"),
            },
            // What was read to its end and unpacked would have a hash, had one been asked for.
            _ if report.sha256.is_some() => LogBytes::NotHashed,
            (FileOutcome::Refused(fault), None) => LogBytes::Unread(fault.to_string()),
            (FileOutcome::NotRead(kind), None) => LogBytes::Unread(kind.reason()),
            (FileOutcome::Read, None) => LogBytes::NotHashed,
        }
    }

    /// `member` hashes what the first member unpacks to.
    pub(super) fn of_gzip(fault: &GzipFault, member: impl FnOnce() -> Option<Hash>) -> LogBytes {
        match fault {
            GzipFault::SecondMember { .. } | GzipFault::Trailing { .. } => LogBytes::Trailing {
                what: fault.to_string(),
                member_sha256: member(),
            },
            GzipFault::TooLarge { .. } | GzipFault::TooDense { .. } => {
                LogBytes::Unread(fault.to_string())
            }
            GzipFault::Header
            | GzipFault::HeaderData
            | GzipFault::Truncated { .. }
            | GzipFault::Corrupt { .. }
            | GzipFault::Checksum { .. }
            | GzipFault::Length { .. } => LogBytes::Broken(fault.to_string()),
        }
    }
}

/// One digest file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestFact {
    /// [`SourceFile::key`]
    pub key: String,
    /// [`SourceFile::copy`]
    pub copy: u32,
    /// What its bytes came to.
    pub bytes: DigestBytes,
}

/// A sidecar or metadata file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMetadata {
    /// Its local key.
    pub key: String,
    /// What is wrong, safe to print.
    pub message: String,
}

/// Something that nobody could look at: a folder or a file that cannot be read, a pipe, a link to nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    /// What it is called. Hostile text.
    pub name: String,
    /// Why, safe to print.
    pub message: String,
}

/// Everything that is known.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The log files, in any order.
    pub logs: Vec<LogFact>,
    /// The digest files, in any order.
    pub digests: Vec<DigestFact>,
    /// Signatures from outside the digests.
    pub signatures: Vec<SignatureFact>,
    /// Metadata that cannot be used.
    pub bad_metadata: Vec<BadMetadata>,
    /// What nobody could look at, and what may hold logs or digests.
    pub unseen: Vec<Unseen>,
    /// The keys that the user trusts.
    pub keys: Keys,
}

impl Facts {
    /// Adds the stored bytes of a digest file.
    pub fn add_digest(&mut self, key: &str, copy: u32, stored: &[u8]) {
        self.digests.push(DigestFact {
            key: key.to_owned(),
            copy,
            bytes: digest::read(stored),
        });
    }

    /// Adds a digest file whose bytes are not at hand.
    pub fn add_unread_digest(&mut self, key: &str, copy: u32, why: String) {
        self.digests.push(DigestFact {
            key: key.to_owned(),
            copy,
            bytes: DigestBytes {
                packing: Packing::Gzip,
                content_sha256: None,
                digest: Err(Malformed(why)),
            },
        });
    }

    /// Adds a sidecar `KEY.head.json`.
    pub fn add_sidecar(&mut self, key: &str, bytes: &[u8]) {
        let beside = key.strip_suffix(SIDECAR).unwrap_or(key);
        match metadata::read_head(key, beside, bytes) {
            Ok(fact) => self.signatures.push(fact),
            Err(message) => self.add_bad_metadata(key, message),
        }
    }

    /// Adds a file of head-objects with `Bucket` and `Key`.
    pub fn add_metadata_lines(&mut self, key: &str, bytes: &[u8]) {
        if let Err(message) = metadata::read_lines(key, bytes, &mut self.signatures) {
            self.add_bad_metadata(key, message);
        }
    }

    /// Adds metadata of a digest from elsewhere, such as extended attributes.
    pub fn add_attributes(
        &mut self,
        key: &str,
        attributes: &std::collections::BTreeMap<String, String>,
    ) {
        let target = Target::Local(key.to_owned());
        let source = format!("extended attributes of {key}");
        self.signatures
            .push(metadata::fact(target, &source, attributes));
    }

    /// Adds a file of metadata that cannot be used.
    pub fn add_bad_metadata(&mut self, key: &str, message: String) {
        self.bad_metadata.push(BadMetadata {
            key: key.to_owned(),
            message,
        });
    }
}

/// Codes of refusals after which nobody knows what a file holds.
const UNSEEN: [&str; 19] = [
    "unreadable",
    "not-a-regular-file",
    "too-large",
    "gzip-header",
    "gzip-truncated",
    "gzip-corrupt",
    "gzip-checksum",
    "gzip-length",
    "gzip-trailing-bytes",
    "inflated-too-large",
    "inflated-too-dense",
    "archive",
    "broken-archive",
    "broken-member",
    "member-compression",
    "unsafe-name",
    "dangling-link",
    "too-many-members",
    "zstd-corrupt",
];

/// Whether nobody knows what a file holds that was refused with this code.
pub fn is_unseen(code: &str) -> bool {
    UNSEEN.contains(&code)
}
