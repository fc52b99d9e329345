//! Members of archives, each a file of its own with the key `ARCHIVE!/MEMBER`.
//!
//! One member at a time is in memory, under the same bounds as where its records are read.

use super::{
    Again, Buffers, CollectOptions, Found, Name, Nowhere, Reader, digest_found, limits, log,
    log_found, of_report, unread_log,
};
use crate::integrity::digest;
use crate::integrity::facts::LogBytes;
use crate::integrity::place::{Role, role};
use crate::reader::archive::{Member, MemberContent, each_member};
use crate::reader::{FileOutcome, ReadLimits, read_member};
use crate::source::SourceFile;

/// Every member of an archive that was found by its content.
pub(super) fn members(file: &SourceFile, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let limits = ReadLimits {
        inflate: options.inflate,
        ..ReadLimits::default()
    };
    let mut members = Vec::new();
    let report = each_member(file, &limits, &mut |member| {
        let found = look(&member, file.copy, options, buffers);
        members.push((member.key, found));
        true
    });
    let fault = match report.outcome {
        FileOutcome::Refused(fault) => Some(fault.to_string()),
        FileOutcome::Read | FileOutcome::NotRead(_) => None,
    };
    Found::Members(members, fault)
}

fn look(member: &Member<'_>, copy: u32, options: &CollectOptions, buffers: &mut Buffers) -> Found {
    let name = Name {
        key: &member.key,
        copy,
    };
    let bytes = match &member.content {
        MemberContent::Bytes(bytes) => *bytes,
        MemberContent::Fault(fault) => return unusable(name, fault.to_string(), true),
        MemberContent::Other(kind) => return unusable(name, kind.reason(), false),
    };
    match role(name.key) {
        Role::Log => log(name, bytes, options, buffers).unwrap_or_else(|| {
            let Reader { scratch, projector } = buffers.reader.get_or_insert_with(Reader::new);
            let report = read_member(member, &limits(options), scratch, projector, &mut Nowhere);
            log_found(name, LogBytes::of_report(&report), report.inflated_bytes)
        }),
        Role::Digest => digest_found(name, Ok(digest::read(bytes))),
        Role::HeadObject | Role::Other => {
            let Reader { scratch, projector } = buffers.reader.get_or_insert_with(Reader::new);
            let report = read_member(member, &limits(options), scratch, projector, &mut Nowhere);
            let again = Again {
                digest: &|| digest_found(name, Ok(digest::read(bytes))),
                whole: &|_| Ok(bytes.to_vec()),
            };
            of_report(name, &report, &again)
        }
    }
}

/// A member without bytes: broken, or another name of one that is read.
fn unusable(name: Name<'_>, why: String, is_fault: bool) -> Found {
    match role(name.key) {
        Role::Log => unread_log(name, why),
        Role::Digest => digest_found(name, Err(why)),
        Role::HeadObject => Found::Sidecar(Err(why)),
        Role::Other if is_fault => Found::Unseen(why),
        Role::Other => Found::Other,
    }
}
