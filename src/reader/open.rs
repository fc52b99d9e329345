//! Opens the files of a listing, one after the other.
//!
//! Neighbours lie in one folder, and finding a folder from the root of the file system each time
//! costs more than finding a file in it: so the folder of the last file is held.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens files; what is no regular file may be opened too, without waiting for anything.
#[derive(Default)]
pub(super) struct Opener {
    #[cfg(target_os = "linux")]
    folder: Option<Folder>,
}

/// The folder of the file that was opened last.
#[cfg(target_os = "linux")]
struct Folder {
    path: Vec<u8>,
    handle: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Opener {
    /// Opens a file. A pipe that was put in its place since it was listed would block the opening.
    pub fn open(&mut self, path: &Path) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let bytes = path.as_os_str().as_encoded_bytes();
        let held = memchr::memrchr(b'/', bytes).and_then(|slash| {
            let folder = self.hold(&bytes[..slash + 1])?;
            openat(&folder.handle, &bytes[slash + 1..], flags, Mode::empty()).ok()
        });
        // Whatever went wrong, what the system says of the whole path is what is told.
        let opened = match held {
            Some(opened) => opened,
            None => rustix::fs::open(path, flags, Mode::empty())?,
        };
        Ok(File::from(opened))
    }

    fn hold(&mut self, path: &[u8]) -> Option<&Folder> {
        use rustix::fs::{Mode, OFlags};
        if self.folder.as_ref().is_none_or(|held| held.path != path) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let handle = rustix::fs::open(path, flags, Mode::empty()).ok();
            self.folder = handle.map(|handle| Folder {
                path: path.to_owned(),
                handle,
            });
        }
        self.folder.as_ref()
    }
}

#[cfg(not(target_os = "linux"))]
impl Opener {
    /// Opens a file. A pipe that was put in its place since it was listed would block the opening.
    pub fn open(&mut self, path: &Path) -> io::Result<File> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        File::open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read as _;

    #[test]
    fn files_of_several_folders_are_opened_whatever_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = ["a/1", "a/2", "b/1", "a/3", "c", "b/2"];
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, name).expect("written");
        }
        let mut opener = Opener::default();
        for name in names {
            let mut text = String::new();
            let mut opened = opener.open(&folder.path().join(name)).expect("opened");
            opened.read_to_string(&mut text).expect("read");
            assert_eq!(text, name);
        }
        for missing in ["b/3", "d/1", "a/1/2"] {
            let path = folder.path().join(missing);
            let error = opener.open(&path).expect_err("not there");
            let known = File::open(&path).expect_err("not there");
            assert_eq!(error.to_string(), known.to_string(), "{missing}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_was_put_in_place_of_another_is_found_by_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).expect("made");
        fs::write(at("a/1"), "old").expect("written");
        let mut opener = Opener::default();
        opener.open(&at("a/1")).expect("opened");
        fs::rename(at("a"), at("b")).expect("renamed");
        fs::create_dir(at("a")).expect("made");
        fs::write(at("a/2"), "new").expect("written");
        assert!(opener.open(&at("a/2")).is_ok());
    }
}
