//! What the members of an archive are called.
//!
//! A name is text that somebody else chose: it never becomes a path, and one
//! that would leave the archive if it did makes its member refused.

use std::collections::{HashMap, HashSet};

use crate::source::display::display_value;
use crate::source::layout::{NameKind, name_kind};
use crate::source::local::text_of_bytes;

use super::super::{FileFault, OtherKind};
use super::MemberContent;

/// Longest name of a member; S3 keys have 1024 bytes at most.
pub(super) const LONGEST_NAME: usize = 4096;

/// The names of one archive.
pub(super) struct Names {
    archive: String,
    /// How often each name was there.
    seen: HashMap<String, u32>,
    folders: HashSet<String>,
    links: Vec<Link>,
}

/// A member that is only another name.
struct Link {
    name: String,
    target: Option<String>,
}

impl Names {
    pub(super) fn new(archive: &str) -> Names {
        Names {
            archive: archive.to_owned(),
            seen: HashMap::new(),
            folders: HashSet::new(),
            links: Vec::new(),
        }
    }

    /// The key of a member whose name must not be used. It claims nothing, since a
    /// claim could make a loss look like one that does not matter.
    pub(super) fn nameless(&self, index: u64) -> String {
        format!("{}!/#{index}", self.archive)
    }

    /// The key of a member. A name that was there before gets a number, since both are read.
    pub(super) fn key(&mut self, name: String) -> String {
        let count = self.seen.entry(name.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => format!("{}!/{name}", self.archive),
            count => format!("{}!{count}/{name}", self.archive),
        }
    }

    /// Notes a link; whether its target is there is known at the end only.
    pub(super) fn link(&mut self, name: &str, target: Option<String>) {
        self.links.push(Link {
            name: name.to_owned(),
            target,
        });
    }

    /// Notes a folder, which a link may lead to.
    pub(super) fn folder(&mut self, raw: &[u8]) {
        if let Ok(name) = safe_name(raw) {
            self.folders.insert(name);
        }
    }

    /// What becomes of the links. One that leads out of the archive, or to nothing, leaves out
    /// whatever there is, unless it is called like a file of the system.
    pub(super) fn take_links(&mut self) -> Vec<(String, MemberContent<'static>)> {
        let links = std::mem::take(&mut self.links);
        if links.is_empty() {
            return Vec::new();
        }
        let mut known: HashSet<&str> = self.folders.iter().map(String::as_str).collect();
        known.extend(links.iter().map(|link| link.name.as_str()));
        for name in self.seen.keys() {
            known.insert(name);
            known.extend(name.match_indices('/').map(|(at, _)| &name[..at]));
        }
        let is_lost = |link: &Link| {
            let target = link.target.as_deref();
            // A part of a path that is a link itself is not followed.
            let is_there = target.is_some_and(|to| to.is_empty() || known.contains(to));
            !is_there && name_kind(&link.name) != NameKind::SystemFile
        };
        let told = links.iter().map(|link| {
            let content = match is_lost(link) {
                true => MemberContent::Fault(FileFault::LostLink),
                false => MemberContent::Other(OtherKind::Link),
            };
            (format!("{}!/{}", self.archive, link.name), content)
        });
        told.collect()
    }
}

/// The name as text with `/` between its parts.
pub(super) fn safe_name(raw: &[u8]) -> Result<String, FileFault> {
    let text = text_of_bytes(raw);
    let is_drive =
        text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
    let reason = if raw.len() > LONGEST_NAME {
        "is longer than any key"
    } else if text.starts_with('/') || is_drive {
        "begins at the root of a file system"
    } else if text.split('/').any(|part| part == "..") {
        "leads out of the archive"
    } else if text.contains('\0') {
        "holds a zero byte"
    } else {
        let parts: Vec<&str> = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if !parts.is_empty() {
            return Ok(parts.join("/"));
        }
        "is empty"
    };
    Err(FileFault::UnsafeName {
        name: display_value(&text),
        reason,
    })
}

/// What a symbolic link in `from` leads to, if that is inside the archive.
pub(super) fn target_of(from: &str, raw: &[u8]) -> Option<String> {
    let text = text_of_bytes(raw);
    if text.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &[u8], expected: Result<&str, &str>) {
        let found = safe_name(raw);
        match (&found, expected) {
            (Ok(name), Ok(wanted)) => assert_eq!(name, wanted),
            (Err(FileFault::UnsafeName { reason, .. }), Err(wanted)) => assert_eq!(*reason, wanted),
            _ => panic!("{found:?}"),
        }
    }

    #[test]
    fn names_that_leave_the_archive_are_refused() {
        check(b"./AWSLogs//1/a.json.gz", Ok("AWSLogs/1/a.json.gz"));
        check(b"a..b/c", Ok("a..b/c"));
        check(b"\xE9.json", Ok("\\xe9.json"));
        check(b"../a.json", Err("leads out of the archive"));
        check(b"a/../../b", Err("leads out of the archive"));
        check(b"/etc/x.json", Err("begins at the root of a file system"));
        check(b"C:/x.json", Err("begins at the root of a file system"));
        check(b"a\0.json", Err("holds a zero byte"));
        check(b"./", Err("is empty"));
        check(&[b'a'; 5000], Err("is longer than any key"));
    }

    #[test]
    fn links_are_followed_by_name_only() {
        assert_eq!(target_of("a/b/c", b"../d"), Some("a/d".into()));
        assert_eq!(target_of("a/b", b"../../d"), None);
        assert_eq!(target_of("a", b"/etc/passwd"), None);
    }
}
