//! What a file is to digest chains, from the bytes that the reader read.
//!
//! Nothing is opened again: extended attributes are asked of the file that is still open.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::integrity::LogBytes;
use crate::integrity::collect::attributes;
use crate::integrity::facts::NOT_AN_ARCHIVE;
use crate::integrity::place::Role;
use crate::ledger::integrity::IntegrityFact;
use crate::reader::{FileOutcome, FileReport, OtherKind, Scratch};

/// Most bytes of a digest or of a file of metadata, as stored.
const MOST_STORED: usize = 32 << 20;
/// The byte order mark of UTF-8, which the reader blanks.
const MARK: &[u8] = b"\xEF\xBB\xBF";
/// Most bytes of one sidecar.
const MOST_SIDECAR: usize = 1 << 20;

/// The fact about a file of a listing that was read last.
pub fn of_file(role: Role, report: &FileReport, scratch: &Scratch) -> IntegrityFact {
    match of_bytes(role, report, scratch) {
        IntegrityFact::Digest { stored, .. } => IntegrityFact::Digest {
            stored,
            attributes: scratch.opened().and_then(attributes).into_iter().collect(),
        },
        fact => fact,
    }
}

/// The fact about bytes that were read last.
pub fn of_bytes(role: Role, report: &FileReport, scratch: &Scratch) -> IntegrityFact {
    match role {
        Role::Log => IntegrityFact::Log(LogBytes::of_report(report)),
        Role::Digest => digest(report, scratch),
        // Whatever it is called: records are records.
        Role::HeadObject if report.records_kept > 0 => {
            IntegrityFact::Log(LogBytes::of_report(report))
        }
        Role::HeadObject => IntegrityFact::Sidecar(stored(report, scratch, MOST_SIDECAR)),
        Role::Other => match &report.outcome {
            FileOutcome::NotRead(OtherKind::Digest) => digest(report, scratch),
            FileOutcome::NotRead(OtherKind::PublicKeys) => IntegrityFact::Keys,
            FileOutcome::NotRead(OtherKind::HeadObject) => {
                IntegrityFact::Lines(stored(report, scratch, MOST_STORED))
            }
            // Records that no digest can list: that much must be known of them.
            FileOutcome::Read | FileOutcome::Refused(_) if report.records_seen > 0 => {
                IntegrityFact::Log(LogBytes::of_report(report))
            }
            _ => IntegrityFact::None,
        },
    }
}

/// The fact about an archive, whose members are files of their own: under the name of a log or
/// digest it is a broken one.
pub fn of_archive(role: Role) -> IntegrityFact {
    match role {
        Role::Log => IntegrityFact::Log(LogBytes::Broken(NOT_AN_ARCHIVE.into())),
        Role::Digest => IntegrityFact::Digest {
            stored: Err(NOT_AN_ARCHIVE.to_owned()),
            attributes: BTreeSet::new(),
        },
        Role::HeadObject | Role::Other => IntegrityFact::None,
    }
}

fn digest(report: &FileReport, scratch: &Scratch) -> IntegrityFact {
    IntegrityFact::Digest {
        stored: stored(report, scratch, MOST_STORED),
        attributes: BTreeSet::new(),
    }
}

/// The bytes of the file as the reader read them.
fn stored(report: &FileReport, scratch: &Scratch, most: usize) -> Result<Vec<u8>, String> {
    let Some(sha256) = report.sha256 else {
        return Err(match &report.outcome {
            FileOutcome::Refused(fault) => fault.to_string(),
            FileOutcome::NotRead(kind) => kind.reason(),
            FileOutcome::Read => "its bytes were not read".to_owned(),
        });
    };
    if report.stored_bytes > most as u64 {
        return Err(format!("holds more than the limit of {most} bytes"));
    }
    let bytes = scratch.stored();
    // The reader blanks what is not UTF-8 where a file lies there unpacked.
    if scratch.is_as_stored() {
        return Ok(bytes.to_vec());
    }
    let is_as_stored = <[u8; 32]>::from(Sha256::digest(bytes)) == sha256;
    if is_as_stored {
        return Ok(bytes.to_vec());
    }
    let with_mark = [MARK, bytes.get(MARK.len()..).unwrap_or_default()].concat();
    if <[u8; 32]>::from(Sha256::digest(&with_mark)) == sha256 {
        return Ok(with_mark);
    }
    Err("holds bytes that are not UTF-8".to_owned())
}
