//! Lists the files below folders of this machine.
//!
//! Only regular files become part of the listing; links, pipes and devices are
//! named and left alone. Nothing is opened here.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use walkdir::WalkDir;

use super::display::display_text;
use super::files::Files;
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
    let mut problems = Vec::new();
    let mut found: Vec<Files> = Vec::new();
    let roots = open_roots(roots)?;
    for root in &roots {
        match roots.iter().find(|other| covers(other, root)) {
            Some(other) => problems.push(Problem {
                display: root.display.clone(),
                severity: Severity::Notice,
                code: "root-inside-root",
                message: format!("lies inside `{}` and is read once", other.display),
            }),
            None => {
                let mut walk = Walk::new(root, &roots, &mut problems);
                match options.follow_links {
                    true => walk.follow(),
                    false => walk.root(),
                }
                found.push(walk.files);
            }
        }
    }
    let files = joined(found);
    number_copies(&files, &mut problems);
    problems.sort_by(|a, b| (&a.display, a.code).cmp(&(&b.display, b.code)));
    Ok(Listing { files, problems })
}

/// The files of all roots in one order, copies of a key numbered.
fn joined(mut found: Vec<Files>) -> Files {
    if let [only] = &mut found[..]
        && only.is_in_order()
    {
        return std::mem::take(only);
    }
    let mut all: Vec<SourceFile> = found.iter().flat_map(Files::iter).collect();
    drop(found);
    all.sort_by(compare);
    for at in 1..all.len() {
        if all[at].key == all[at - 1].key {
            all[at].copy = all[at - 1].copy + 1;
        }
    }
    all.into_iter().collect()
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

/// The walk below one root.
struct Walk<'w> {
    root: &'w Root,
    roots: &'w [Root],
    problems: &'w mut Vec<Problem>,
    files: Files,
}

/// The entries of a folder: names as texts one behind the other, and where each lies.
#[derive(Default)]
struct Entries {
    names: Vec<u8>,
    all: Vec<Entry>,
}

struct Entry {
    name: Range<usize>,
    kind: Kind,
    looks: Option<Looks>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
    Other,
}

/// How a file looks on disk.
#[derive(Clone, Copy)]
struct Looks {
    size: u64,
    modified: Option<i64>,
    inode: Option<u64>,
}

impl Looks {
    fn of(metadata: &fs::Metadata) -> Looks {
        Looks {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(nanoseconds),
            inode: inode(metadata),
        }
    }
}

impl<'w> Walk<'w> {
    fn new(root: &'w Root, roots: &'w [Root], problems: &'w mut Vec<Problem>) -> Self {
        Walk {
            root,
            roots,
            problems,
            files: Files::default(),
        }
    }

    fn root(&mut self) {
        let path = &self.root.path;
        match self.root.is_file {
            true => match fs::symlink_metadata(path) {
                Ok(metadata) => {
                    let looks = Looks::of(&metadata);
                    self.visit(path, kind(metadata.file_type()), Some(looks));
                }
                Err(error) => self.unreadable(path, &error),
            },
            false => self.folder(path, &folder_key(self.root, path)),
        }
    }

    /// Goes through a folder in the order of keys; `key` is what the keys of its files begin with.
    fn folder(&mut self, path: &Path, key: &str) {
        let mut entries = Entries::default();
        let read = fs::read_dir(path).and_then(|found| {
            for entry in found {
                self.note(&mut entries, &entry?);
            }
            Ok(())
        });
        if let Err(error) = read {
            self.unreadable(path, &error);
        }
        entries.sort();
        let mut below = path.to_owned();
        for entry in &entries.all {
            let name = entries.name(entry);
            below.push(name);
            match entry.kind {
                Kind::Folder => self.folder(&below, &folder_key(self.root, &below)),
                // A name that is an anchor changes the whole key.
                kind if name == ANCHOR => self.visit(&below, kind, entry.looks),
                kind => {
                    let key = format!("{key}{}", text_of(name));
                    self.visit_as(key, &below, kind, entry.looks);
                }
            }
            below.pop();
        }
    }

    fn note(&mut self, entries: &mut Entries, entry: &fs::DirEntry) {
        // Asked of the folder, where the system can do so, and not by the whole path again.
        let looked = entry.file_type().and_then(|found| {
            let kind = kind(found);
            let looks = match kind {
                Kind::File => Some(Looks::of(&entry.metadata()?)),
                _ => None,
            };
            Ok((kind, looks))
        });
        match looked {
            Ok((kind, looks)) => entries.push(&entry.file_name(), kind, looks),
            Err(error) => self.unreadable(&entry.path(), &error),
        }
    }

    /// As [`Walk::root`], through links; their order is not that of keys.
    fn follow(&mut self) {
        for entry in WalkDir::new(&self.root.path).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => match entry.metadata() {
                    Ok(metadata) => {
                        let looks = Looks::of(&metadata);
                        self.visit(entry.path(), kind(entry.file_type()), Some(looks));
                    }
                    Err(error) => self.problems.push(walk_problem(self.root, &error)),
                },
                Err(error) => self.problems.push(walk_problem(self.root, &error)),
            }
        }
    }

    fn visit(&mut self, path: &Path, kind: Kind, looks: Option<Looks>) {
        self.visit_as(key_of(self.root, path), path, kind, looks);
    }

    fn visit_as(&mut self, key: String, path: &Path, kind: Kind, looks: Option<Looks>) {
        match (kind, looks) {
            (Kind::File, Some(looks)) => self.files.push(&SourceFile {
                path: path.to_owned(),
                key,
                size: looks.size,
                modified: looks.modified,
                inode: looks.inode,
                root: self.root.number,
                copy: 0,
            }),
            (Kind::Link, _) => self.problems.push(link_problem(&key, path, self.roots)),
            _ => self.problems.push(Problem {
                severity: severity_for(&key),
                display: display_text(&key).into_owned(),
                code: "not-a-regular-file",
                message: "not a regular file (a pipe, socket or device) and not opened".into(),
            }),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.problems.push(Problem {
            display: display_text(&key_of(self.root, path)).into_owned(),
            severity: Severity::Error,
            code: "unreadable",
            message: format!("cannot be looked at: {error}"),
        });
    }
}

impl Entries {
    fn push(&mut self, name: &OsStr, kind: Kind, looks: Option<Looks>) {
        let start = self.names.len();
        self.names.extend_from_slice(name.as_encoded_bytes());
        self.all.push(Entry {
            name: start..self.names.len(),
            kind,
            looks,
        });
    }

    /// As the keys of what they hold are ordered: a folder's name goes on with a slash.
    fn sort(&mut self) {
        let names = &self.names;
        let end: fn(&Entry) -> &'static [u8] = |entry| match entry.kind {
            Kind::Folder => b"/",
            _ => b"",
        };
        self.all.sort_unstable_by(|one, other| {
            let (name, another) = (&names[one.name.clone()], &names[other.name.clone()]);
            let both = name.len().min(another.len());
            let rest = name[both..].iter().chain(end(one));
            let another_rest = another[both..].iter().chain(end(other));
            name[..both]
                .cmp(&another[..both])
                .then_with(|| rest.cmp(another_rest))
        });
    }

    fn name(&self, entry: &Entry) -> &OsStr {
        // SAFETY: these are the bytes of one whole name, as `push` took them.
        unsafe { OsStr::from_encoded_bytes_unchecked(&self.names[entry.name.clone()]) }
    }
}

fn kind(found: fs::FileType) -> Kind {
    match () {
        () if found.is_dir() => Kind::Folder,
        () if found.is_symlink() => Kind::Link,
        () if found.is_file() => Kind::File,
        () => Kind::Other,
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(metadata.ino())
}

#[cfg(not(unix))]
fn inode(_metadata: &fs::Metadata) -> Option<u64> {
    None
}

/// What is called like a log may have held records.
fn severity_for(key: &str) -> Severity {
    match layout::name_kind(key) {
        NameKind::Log => Severity::Error,
        _ => Severity::Notice,
    }
}

/// Whatever a link led to may have held records, unless it is named like a file of the system.
fn severity_for_lost(key: &str) -> Severity {
    match layout::name_kind(key) {
        NameKind::SystemFile => Severity::Notice,
        _ => Severity::Error,
    }
}

/// A link to what is listed anyway loses nothing; one to elsewhere leaves out all that is there.
fn link_problem(key: &str, path: &Path, roots: &[Root]) -> Problem {
    let is_listed = || {
        let target = fs::canonicalize(path);
        target.is_ok_and(|target| roots.iter().any(|root| target.starts_with(&root.path)))
    };
    let (severity, code, message) = match fs::metadata(path) {
        Ok(_) if is_listed() => (
            Severity::Notice,
            "link-not-followed",
            "a symbolic link to what is read where it lies, not followed".to_owned(),
        ),
        Ok(found) => (
            match found.is_dir() {
                true => Severity::Error,
                // A file of any name is read, so this one may be a log too.
                false => severity_for_lost(key),
            },
            "link-not-followed",
            "a symbolic link to outside of the given paths, not followed".to_owned(),
        ),
        // It may stand for a folder that is not there: its name tells nothing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => (
            severity_for_lost(key),
            "dangling-link",
            "a symbolic link to something that is missing".to_owned(),
        ),
        Err(error) => (
            severity_for_lost(key),
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

/// What the keys of the files in a folder begin with.
fn folder_key(root: &Root, path: &Path) -> String {
    let key = match path == root.path {
        true => root.front.clone(),
        false => key_of(root, path),
    };
    match key.is_empty() {
        true => key,
        false => key + "/",
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

fn nanoseconds(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// Says which files share a key.
fn number_copies(files: &Files, problems: &mut Vec<Problem>) {
    if files.is_in_order() {
        return;
    }
    let mut reader = files.reader(0);
    while let Some(file) = reader.next() {
        if file.copy > 0 {
            problems.push(Problem {
                display: file.display().into_owned(),
                severity: Severity::Notice,
                code: "same-key",
                message: format!(
                    "several of the given paths hold a file of this name; this is copy {}",
                    file.copy + 1
                ),
            });
        }
    }
}
