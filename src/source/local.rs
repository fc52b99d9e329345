//! Lists the files below folders of this machine.
//!
//! Only regular files become part of the listing; links, pipes and devices are
//! named and left alone. Nothing is opened here.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use walkdir::{DirEntry, WalkDir};

use super::display::display_text;
use super::layout::{self, ANCHOR, NameKind};
use super::{Listing, Problem, Severity, SourceFile};

/// How to walk.
#[derive(Debug, Clone, Copy, Default)]
pub struct WalkOptions {
    /// Whether links inside the roots are followed. A root itself may always be a link.
    pub follow_links: bool,
}

/// A root that cannot be walked at all.
#[derive(Debug, thiserror::Error)]
#[error("`{display}`: {cause}")]
pub struct RootError {
    /// The root as it was given, safe to print.
    pub display: String,
    /// What the system said.
    pub cause: io::Error,
}

struct Root {
    number: usize,
    /// Where it is, with every link resolved.
    path: PathBuf,
    /// How it was given, safe to print.
    display: String,
    /// `AWSLogs/…` where the root lies inside such a tree, else empty.
    front: String,
    is_file: bool,
}

/// Lists every regular file below `roots`, in byte order of the keys.
///
/// # Errors
/// Every root that is missing or cannot be looked at.
pub fn walk(roots: &[PathBuf], options: WalkOptions) -> Result<Listing, Vec<RootError>> {
    let mut listing = Listing::default();
    let roots = open_roots(roots)?;
    for root in &roots {
        match roots.iter().find(|other| covers(other, root)) {
            Some(other) => listing.problems.push(Problem {
                display: root.display.clone(),
                severity: Severity::Notice,
                code: "root-inside-root",
                message: format!("lies inside `{}` and is read once", other.display),
            }),
            None => walk_root(root, options, &mut listing),
        }
    }
    listing.files.sort_by(compare);
    number_copies(&mut listing);
    listing
        .problems
        .sort_by(|a, b| (&a.display, a.code).cmp(&(&b.display, b.code)));
    Ok(listing)
}

/// By key; files with the same key by what does not depend on the machine, and only then by root.
fn compare(a: &SourceFile, b: &SourceFile) -> Ordering {
    a.key
        .as_bytes()
        .cmp(b.key.as_bytes())
        .then(a.size.cmp(&b.size))
        .then(a.root.cmp(&b.root))
}

fn open_roots(roots: &[PathBuf]) -> Result<Vec<Root>, Vec<RootError>> {
    let mut opened = Vec::new();
    let mut errors = Vec::new();
    for (number, given) in roots.iter().enumerate() {
        match open_root(number, given) {
            Ok(root) => opened.push(root),
            Err(cause) => errors.push(RootError {
                display: display_path(given),
                cause,
            }),
        }
    }
    if errors.is_empty() {
        Ok(opened)
    } else {
        Err(errors)
    }
}

fn open_root(number: usize, given: &Path) -> io::Result<Root> {
    let path = fs::canonicalize(given)?;
    let is_file = !fs::metadata(&path)?.is_dir();
    if !is_file {
        fs::read_dir(&path)?;
    }
    let folder = if is_file {
        path.parent()
    } else {
        Some(path.as_path())
    };
    Ok(Root {
        number,
        front: folder.map(front_of).unwrap_or_default(),
        display: display_path(given),
        is_file,
        path,
    })
}

/// The part of a folder's path from its last `AWSLogs` on.
fn front_of(folder: &Path) -> String {
    let names: Vec<String> = folder
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(text_of(name)),
            _ => None,
        })
        .collect();
    match names.iter().rposition(|name| name == ANCHOR) {
        Some(at) => names[at..].join("/"),
        None => String::new(),
    }
}

fn covers(other: &Root, root: &Root) -> bool {
    other.number != root.number
        && root.path.starts_with(&other.path)
        && (root.path != other.path || other.number < root.number)
}

fn walk_root(root: &Root, options: WalkOptions, listing: &mut Listing) {
    for entry in WalkDir::new(&root.path).follow_links(options.follow_links) {
        match entry {
            Ok(entry) => visit(root, &entry, listing),
            Err(error) => listing.problems.push(walk_problem(root, &error)),
        }
    }
}

fn visit(root: &Root, entry: &DirEntry, listing: &mut Listing) {
    let kind = entry.file_type();
    if kind.is_dir() {
        return;
    }
    let key = key_of(root, entry.path());
    if kind.is_symlink() {
        listing.problems.push(link_problem(&key, entry.path()));
    } else if kind.is_file() {
        match entry.metadata() {
            Ok(metadata) => listing.files.push(SourceFile {
                path: entry.path().to_owned(),
                key,
                size: metadata.len(),
                modified: metadata.modified().ok().map(seconds),
                root: root.number,
                copy: 0,
            }),
            Err(error) => listing.problems.push(walk_problem(root, &error)),
        }
    } else {
        listing.problems.push(Problem {
            severity: severity_for(&key),
            display: display_text(&key).into_owned(),
            code: "not-a-regular-file",
            message: "not a regular file (a pipe, socket or device) and not opened".into(),
        });
    }
}

/// What is called like a log may have held records.
fn severity_for(key: &str) -> Severity {
    match layout::name_kind(key) {
        NameKind::Log => Severity::Error,
        _ => Severity::Notice,
    }
}

fn link_problem(key: &str, path: &Path) -> Problem {
    let (severity, code, message) = match fs::metadata(path) {
        Ok(_) => (
            Severity::Notice,
            "link-not-followed",
            "a symbolic link, not followed".to_owned(),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (
            severity_for(key),
            "dangling-link",
            "a symbolic link to something that is missing".to_owned(),
        ),
        Err(error) => (
            severity_for(key),
            "link-not-followed",
            format!("a symbolic link that leads nowhere: {error}"),
        ),
    };
    Problem {
        display: display_text(key).into_owned(),
        severity,
        code,
        message,
    }
}

fn walk_problem(root: &Root, error: &walkdir::Error) -> Problem {
    let display = match error.path() {
        Some(path) => display_text(&key_of(root, path)).into_owned(),
        None => root.display.clone(),
    };
    let (code, message) = match (error.loop_ancestor(), error.io_error()) {
        (Some(_), _) => (
            "link-loop",
            "a link that leads back to a folder above it".to_owned(),
        ),
        (None, Some(cause)) => ("unreadable", format!("cannot be looked at: {cause}")),
        (None, None) => ("unreadable", "cannot be looked at".to_owned()),
    };
    Problem {
        display,
        severity: Severity::Error,
        code,
        message,
    }
}

/// What a path below a root is called on every machine.
fn key_of(root: &Root, path: &Path) -> String {
    let below = match path.strip_prefix(&root.path) {
        Ok(below) if !root.is_file && below.as_os_str().is_empty() => return root.display.clone(),
        Ok(below) if !root.is_file => below,
        _ => Path::new(path.file_name().unwrap_or(path.as_os_str())),
    };
    let names: Vec<String> = below
        .components()
        .map(|component| text_of(component.as_os_str()))
        .collect();
    if root.front.is_empty() || names.iter().any(|name| name == ANCHOR) {
        names.join("/")
    } else {
        format!("{}/{}", root.front, names.join("/"))
    }
}

fn display_path(path: &Path) -> String {
    display_text(&text_of(path.as_os_str())).into_owned()
}

/// The name as text; bytes that are not UTF-8 become `\xNN`.
fn text_of(name: &OsStr) -> String {
    text_of_bytes(name.as_encoded_bytes())
}

/// Bytes that should be text; those that are not UTF-8 become `\xNN`.
pub fn text_of_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// Says which files share a key, and gives each its own number.
fn number_copies(listing: &mut Listing) {
    let files = &mut listing.files;
    for at in 1..files.len() {
        if files[at].key == files[at - 1].key {
            files[at].copy = files[at - 1].copy + 1;
            listing.problems.push(Problem {
                display: files[at].display().into_owned(),
                severity: Severity::Notice,
                code: "same-key",
                message: format!(
                    "several of the given paths hold a file of this name; this is copy {}",
                    files[at].copy + 1
                ),
            });
        }
    }
}
