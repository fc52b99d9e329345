//! Members of archives, each a file of its own with the key `ARCHIVE!/MEMBER`.
//!
//! One member at a time is in memory, under the same bounds as where its records are read.

use super::{
    Buffers, CollectOptions, Found, Look, Name, digest_found, is_foreign, log, look_at, unread_log,
};
use crate::integrity::digest;
use crate::integrity::place::{Role, role};
use crate::reader::archive::{Member, MemberContent, each_member};
use crate::reader::{FileOutcome, ReadLimits};
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
        Role::Log => log(name, bytes, options, buffers),
        Role::Digest => digest_found(name, Ok(digest::read(bytes))),
        Role::HeadObject => Found::Sidecar(Ok(bytes.to_vec())),
        Role::Other if is_foreign(name.key) => Found::Other,
        Role::Other => match look_at(&bytes[..bytes.len().min(super::FRONT as usize)]) {
            Look::Lines => Found::Lines(Ok(bytes.to_vec())),
            Look::Digest => digest_found(name, Ok(digest::read(bytes))),
            Look::Keys => Found::Keys,
            Look::Log => log(name, bytes, options, buffers),
            Look::Other => Found::Other,
        },
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
