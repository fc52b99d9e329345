//! Files that this program wrote, in an archive: what they are is for others to say.
//!
//! Evidence in them must not be read as logs again. Lists of such files may stand behind what
//! they list, so an archive that has one of their names is gone over once more, for the lists.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Member, MemberContent, Walk, go};
use crate::reader::ReadLimits;
use crate::reader::intake::empty_report;
use crate::source::SourceFile;

/// Bytes of all lists of one archive at most; without lists, everything is read.
const LONGEST: usize = 64 << 20;

/// How a program knows its own files.
#[derive(Debug, Clone, Copy)]
pub struct OwnFiles {
    /// Whether a file called so may be one of them.
    pub may_be: fn(&str) -> bool,
    /// Whether a file called so may list them.
    pub may_list: fn(&str) -> bool,
    /// What the lists of one archive list, by their keys and texts.
    pub listed: fn(&[(String, String)]) -> Vec<Listed>,
}

/// A file that is known, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is called.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// In lower-case hex.
    pub sha256: String,
}

/// Knows the own files of one archive.
pub(super) struct Finder<'f> {
    file: &'f SourceFile,
    limits: ReadLimits,
    own: OwnFiles,
    /// None until a name asks for it.
    listed: Option<HashMap<String, Listed>>,
}

impl<'f> Finder<'f> {
    pub(super) fn new(file: &'f SourceFile, limits: &ReadLimits) -> Option<Finder<'f>> {
        Some(Finder {
            file,
            limits: ReadLimits {
                own_files: None,
                ..*limits
            },
            own: limits.own_files?,
            listed: None,
        })
    }

    /// Whether a member is an own file, as it is listed.
    pub(super) fn is_own(&mut self, key: &str, content: &MemberContent<'_>) -> bool {
        let MemberContent::Bytes(bytes) = content else {
            return false;
        };
        if !(self.own.may_be)(key) {
            return false;
        }
        let listed = self
            .listed
            .get_or_insert_with(|| find(self.file, self.limits, self.own));
        listed.get(key).is_some_and(|one| {
            one.bytes == bytes.len() as u64 && one.sha256 == hex::encode(Sha256::digest(bytes))
        })
    }
}

fn find(file: &SourceFile, limits: ReadLimits, own: OwnFiles) -> HashMap<String, Listed> {
    let mut lists = Vec::new();
    let mut room = LONGEST;
    let mut give = |member: Member<'_>| {
        if let MemberContent::Bytes(bytes) = member.content
            && (own.may_list)(&member.key)
            && bytes.len() <= room
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            room -= bytes.len();
            lists.push((member.key, text.to_owned()));
        }
        true
    };
    // What is wrong with the archive is told where its members are read.
    let _ = go(
        file,
        &mut Walk::new(file, &limits, &mut give),
        &mut empty_report(),
    );
    let listed = (own.listed)(&lists).into_iter();
    listed.map(|one| (one.key.clone(), one)).collect()
}
