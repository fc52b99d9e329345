//! A packet folder while it is being written: whole in the end, or not there.
//!
//! Files go into a temporary folder beside the target; the last step is a
//! rename. Nothing is ever written outside of it, and no name comes from a log.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::manifest::FileEntry;

/// What went wrong while a packet was written; nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is a packet already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// There is something else.
    #[error("`{}` is there already and is not a packet", .0.display())]
    NotAPacket(PathBuf),
    /// The disk is full, read-only, gone.
    #[error("`{}`: {cause}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A name that must not become a path; a bug.
    #[error("`{0}` cannot be the path of a file in a packet")]
    BadPath(String),
}

impl FolderError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            FolderError::Exists(_) => Some("use `--replace` to write it anew, or another `--out`"),
            FolderError::NotAPacket(_) => Some("move it away, or use another `--out`"),
            FolderError::Io { cause, .. } => no_room(cause).or(match cause.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some("make the folder writable, or use another `--out`")
                }
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                    Some("a file is in the way; move it, or use another `--out`")
                }
                _ => None,
            }),
            FolderError::BadPath(_) => None,
        }
    }
}

/// What to do where a file had no room to grow.
pub(super) fn no_room(cause: &io::Error) -> Option<&'static str> {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free some space, or use another `--out`")
        }
        io::ErrorKind::FileTooLarge => Some(
            "raise the limit on the size of files (`ulimit -f`), or use an `--out` on a file system that takes larger ones",
        ),
        _ => None,
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |cause| FolderError::Io { path, cause }
}

/// A folder in the making.
#[derive(Debug)]
pub struct Folder {
    // Dropped before `made`, which can only remove empty folders.
    temporary: Option<TempDir>,
    /// While it stands in its place but may have to go again: what stood there before.
    aside: Option<TempDir>,
    /// Folders above the target that were made for it, the highest first.
    made: Made,
    target: PathBuf,
    files: Vec<FileEntry>,
}

/// Folders that go again unless something was put there.
#[derive(Debug, Default)]
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            if let Err(cause) = fs::remove_dir(folder) {
                // Somebody else uses it by now, so it is not ours to remove.
                let _ = cause;
                break;
            }
        }
    }
}

/// Whether a folder that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// A packet that is there is an error.
    Refuse,
    /// A packet that is there is replaced in one step.
    Replace,
}

impl Folder {
    /// Begins a folder that is to stand at `target`.
    ///
    /// # Errors
    /// A target that is taken, a place that cannot be written to.
    pub fn begin(target: &Path, existing: Existing) -> Result<Folder, FolderError> {
        check_target(target, existing)?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let made = make_folders(&parent)?;
        clear_abandoned(&parent);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".attestrail-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // As `mkdir` does it, so that the packet can be read by whom the umask allows.
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let temporary = builder.tempdir_in(&parent).map_err(failed(&parent))?;
        Ok(Folder {
            target: target.to_owned(),
            made,
            temporary: Some(temporary),
            aside: None,
            files: Vec::new(),
        })
    }

    fn root(&self) -> &Path {
        self.temporary
            .as_ref()
            .expect("the temporary folder is there until `publish` takes the folder itself")
            .path()
    }

    /// Begins a file; it belongs to the packet once [`Folder::keep`] got it back.
    ///
    /// # Errors
    /// A path that is not one, a full disk.
    pub fn create(&self, path: &str) -> Result<Sink, FolderError> {
        let file = self.create_bare(path)?;
        Ok(Sink {
            path: path.to_owned(),
            shown: self.shown(path),
            file: BufWriter::with_capacity(1 << 16, Hashing::of(file)),
        })
    }

    /// As [`Folder::create`], for who knows how long the file will be and what its hash is.
    ///
    /// # Errors
    /// As [`Folder::create`].
    pub fn create_bare(&self, path: &str) -> Result<File, FolderError> {
        if !is_safe_path(path) {
            return Err(FolderError::BadPath(path.to_owned()));
        }
        let place = self.root().join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed(&self.shown(path)))?;
        }
        File::create_new(&place).map_err(failed(&self.shown(path)))
    }

    /// Ends a file of [`Folder::create_bare`].
    ///
    /// # Errors
    /// A full disk.
    pub fn keep_bare(
        &mut self,
        path: &str,
        file: &File,
        bytes: u64,
        sha256: String,
    ) -> Result<(), FolderError> {
        file.sync_all().map_err(failed(&self.shown(path)))?;
        self.files.push(FileEntry {
            path: path.to_owned(),
            bytes,
            sha256,
        });
        Ok(())
    }

    /// Ends a file: everything is on disk, size and hash are noted.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(&mut self, sink: Sink) -> Result<(), FolderError> {
        let entry = sink.finish()?;
        self.files.push(entry);
        Ok(())
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// As [`Folder::create`] and [`Folder::keep`].
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let mut sink = self.create(path)?;
        sink.write_all(bytes).map_err(failed(&sink.shown))?;
        self.keep(sink)
    }

    /// Writes a whole file from a value, without holding its text.
    ///
    /// # Errors
    /// As [`Folder::write`].
    pub fn write_json(&mut self, path: &str, value: &impl Serialize) -> Result<(), FolderError> {
        let mut sink = self.create(path)?;
        let written = serde_json::to_writer_pretty(&mut sink, value)
            .map_err(io::Error::from)
            .and_then(|()| sink.write_all(b"\n"));
        written.map_err(failed(&sink.shown))?;
        self.keep(sink)
    }

    /// The files so far.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// Where a file will stand, for messages.
    pub fn shown(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }

    /// Puts the folder in its place; see [`Folders::publish`].
    ///
    /// # Errors
    /// As [`Folders::publish`].
    pub fn publish(self, existing: Existing) -> Result<(), FolderError> {
        let mut alone = Folders::default();
        alone.push(self);
        alone.publish(existing, || Ok(()))
    }

    /// Everything that can fail before a name changes.
    fn check(&self, existing: Existing) -> Result<(), FolderError> {
        sync_folders(self.root()).map_err(failed(&self.target))?;
        check_target(&self.target, existing)
    }

    fn parent(&self) -> PathBuf {
        self.root()
            .parent()
            .map_or_else(|| PathBuf::from("."), Path::to_owned)
    }

    /// Changes the names. On failure it is as it was before.
    fn place(&mut self) -> Result<(), FolderError> {
        let parent = self.parent();
        if self.target.symlink_metadata().is_ok() {
            self.aside = Some(self.move_aside(&parent)?);
        }
        if let Err(cause) = fs::rename(self.root(), &self.target) {
            if let Some(aside) = self.aside.take() {
                put_back(aside, &self.target)?;
            }
            return Err(failed(&self.target)(cause));
        }
        let synced = sync_folder(&parent);
        if synced.is_err() {
            self.unplace()?;
        }
        synced.map_err(failed(&parent))
    }

    /// Takes the folder out of its place again, and what stood there before is back.
    fn unplace(&mut self) -> Result<(), FolderError> {
        fs::rename(&self.target, self.root()).map_err(failed(&self.target))?;
        match self.aside.take() {
            Some(aside) => put_back(aside, &self.target),
            None => Ok(()),
        }
    }

    /// From here on it stays.
    fn settle(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // It moved; there is nothing left to remove.
            let _moved = temporary.keep();
        }
        self.made.0.clear();
    }

    /// The old packet goes into a temporary folder, which removes it when it is dropped.
    fn move_aside(&self, parent: &Path) -> Result<TempDir, FolderError> {
        let aside = tempfile::Builder::new()
            .prefix(".attestrail-")
            .suffix(".old")
            .tempdir_in(parent)
            .map_err(failed(parent))?;
        fs::rename(&self.target, aside.path().join("packet")).map_err(failed(&self.target))?;
        Ok(aside)
    }
}

/// Folders that appear together: all of them, or none.
#[derive(Debug, Default)]
pub struct Folders(Vec<Folder>);

impl Drop for Folders {
    fn drop(&mut self) {
        // The first may have made the folder in which the others are, so it goes last.
        while let Some(folder) = self.0.pop() {
            drop(folder);
        }
    }
}

impl Folders {
    /// Adds a folder whose files are complete.
    pub fn push(&mut self, folder: Folder) {
        self.0.push(folder);
    }

    /// Puts all folders in their places, then does what comes `last`.
    ///
    /// # Errors
    /// A target that was taken meanwhile, a disk that fails, a `last` that fails. Then
    /// nothing of any is left, and packets that were there before are there again.
    pub fn publish(
        mut self,
        existing: Existing,
        last: impl FnOnce() -> Result<(), FolderError>,
    ) -> Result<(), FolderError> {
        for folder in &self.0 {
            folder.check(existing)?;
        }
        for at in 0..self.0.len() {
            if let Err(error) = self.0[at].place() {
                self.unplace(at)?;
                return Err(error);
            }
        }
        if let Err(error) = last() {
            self.unplace(self.0.len())?;
            return Err(error);
        }
        for folder in &mut self.0 {
            folder.settle();
        }
        Ok(())
    }

    /// Takes the first `count` out of their places; all are tried, the first trouble is told.
    fn unplace(&mut self, count: usize) -> Result<(), FolderError> {
        let mut outcome = Ok(());
        for folder in self.0[..count].iter_mut().rev() {
            outcome = outcome.and(folder.unplace());
        }
        outcome
    }
}

/// How old the temporary folder of a run must be to be called abandoned: older than any run takes.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes what runs left that were killed. Nothing depends on it, so it fails in silence.
fn clear_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(".attestrail-") && name.ends_with(".tmp");
        let age = entry.metadata().and_then(|about| about.modified());
        let is_old = age.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        if is_ours && is_old {
            let _best_effort = fs::remove_dir_all(entry.path());
        }
    }
}

/// The old packet stands again; if that fails too, it is left where it is rather than lost.
fn put_back(aside: TempDir, target: &Path) -> Result<(), FolderError> {
    let old = aside.path().join("packet");
    fs::rename(&old, target).map_err(|cause| {
        let _kept = aside.keep();
        failed(&old)(cause)
    })
}

fn check_target(target: &Path, existing: Existing) -> Result<(), FolderError> {
    match target.symlink_metadata() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(failed(target)(cause)),
        Ok(_) if !target.join(super::manifest::MANIFEST).is_file() => {
            Err(FolderError::NotAPacket(target.to_owned()))
        }
        Ok(_) if existing == Existing::Refuse => Err(FolderError::Exists(target.to_owned())),
        Ok(_) => Ok(()),
    }
}

/// Makes a folder and those above it; what was made is returned.
fn make_folders(folder: &Path) -> Result<Made, FolderError> {
    let mut missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|one| !one.as_os_str().is_empty() && !one.exists())
        .collect();
    missing.reverse();
    let mut made = Made::default();
    for one in missing {
        match fs::create_dir(one) {
            Ok(()) => made.0.push(one.to_owned()),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && one.is_dir() => {}
            Err(cause) => return Err(failed(one)(cause)),
        }
    }
    Ok(made)
}

/// Small letters, digits, `-`, `_`, `.`, and names that are only capitals such as `README.txt`.
fn is_safe_path(path: &str) -> bool {
    path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|one| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.'))
    })
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    // Other systems cannot open a folder as a file.
    Ok(())
}

/// A file that counts and hashes what goes into it.
#[derive(Debug)]
pub struct Sink {
    path: String,
    shown: PathBuf,
    file: BufWriter<Hashing>,
}

/// Hashes and counts what reaches the file, in large pieces.
#[derive(Debug)]
struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Hashing {
    fn of(file: File) -> Hashing {
        Hashing {
            file,
            hash: Sha256::new(),
            bytes: 0,
        }
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink {
    /// Where it will stand, for messages.
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    fn finish(self) -> Result<FileEntry, FolderError> {
        let flushed = self.file.into_inner();
        let flushed = flushed.map_err(io::IntoInnerError::into_error);
        let written = flushed.and_then(|written| written.file.sync_all().map(|()| written));
        let written = written.map_err(failed(&self.shown))?;
        Ok(FileEntry {
            path: self.path,
            bytes: written.bytes,
            sha256: hex::encode(written.hash.finalize()),
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes one small file beside packets, whole or not at all; one that is there is replaced.
///
/// # Errors
/// A place that cannot be written to.
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let write = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".attestrail-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        sync_folder(parent)
    };
    write().map_err(failed(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_that_is_dropped_leaves_nothing_not_even_its_parents() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let mut folder =
            Folder::begin(&place.path().join("a/b/c"), Existing::Refuse).expect("begins");
        folder.write("x/y.txt", b"text").expect("writes");
        assert_eq!(names(place.path()), ["a"]);
        drop(folder);
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn a_published_folder_is_whole_and_a_second_one_is_refused() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let target = place.path().join("p/q");
        let write = |text: &str, existing| {
            let mut folder = Folder::begin(&target, existing)?;
            folder.write("manifest.json", text.as_bytes())?;
            folder.publish(existing)
        };
        write("one", Existing::Refuse).expect("writes");
        let error = write("two", Existing::Refuse).expect_err("refused");
        assert!(matches!(error, FolderError::Exists(_)) && error.help().is_some());
        assert_eq!(
            fs::read_to_string(target.join("manifest.json")).expect("there"),
            "one"
        );
        write("two", Existing::Replace).expect("replaces");
        assert_eq!(
            fs::read_to_string(target.join("manifest.json")).expect("there"),
            "two"
        );
        assert_eq!(names(&place.path().join("p")), ["q"]);
    }

    #[test]
    fn folders_appear_together_or_not_at_all() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let month = place.path().join("month");
        let text_of =
            |name: &str| fs::read_to_string(month.join(name).join("manifest.json")).expect("there");
        let prepare = |text: &str, existing| {
            let mut both = Folders::default();
            for name in ["a", "b"] {
                let mut folder = Folder::begin(&month.join(name), existing).expect("begins");
                folder
                    .write("manifest.json", text.as_bytes())
                    .expect("writes");
                both.push(folder);
            }
            both
        };
        let fails = || Err(FolderError::BadPath("last".to_owned()));
        drop(prepare("one", Existing::Refuse));
        assert!(names(place.path()).is_empty());
        prepare("one", Existing::Refuse)
            .publish(Existing::Refuse, fails)
            .expect_err("the last step fails");
        assert!(names(place.path()).is_empty());

        prepare("one", Existing::Refuse)
            .publish(Existing::Refuse, || Ok(()))
            .expect("publishes");
        assert_eq!(names(&month), ["a", "b"]);
        prepare("two", Existing::Replace)
            .publish(Existing::Replace, fails)
            .expect_err("the last step fails");
        assert_eq!((text_of("a"), text_of("b")), ("one".into(), "one".into()));
        assert_eq!(names(&month), ["a", "b"]);

        let taken = prepare("two", Existing::Replace);
        fs::remove_file(month.join("b/manifest.json")).expect("removes");
        let error = taken
            .publish(Existing::Replace, || Ok(()))
            .expect_err("the second is no packet any more");
        assert!(matches!(error, FolderError::NotAPacket(_)));
        assert_eq!(text_of("a"), "one");
        assert_eq!(names(&month), ["a", "b"]);
    }

    #[test]
    fn what_is_not_a_packet_is_never_replaced() {
        let place = tempfile::tempdir().expect("a temporary folder");
        fs::write(place.path().join("precious.txt"), "x").expect("writes");
        let error = Folder::begin(place.path(), Existing::Replace).expect_err("refused");
        assert!(matches!(error, FolderError::NotAPacket(_)));
    }

    #[test]
    fn no_path_leads_outside_or_hides() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::begin(&place.path().join("p"), Existing::Refuse).expect("begins");
        for path in [
            "../x", "/x", "a//b", "", ".hidden", "a/..", "a\\b", "ü", "a\nb",
        ] {
            assert!(
                matches!(folder.create(path), Err(FolderError::BadPath(_))),
                "{path:?}"
            );
        }
    }
}
