//! Logs from standard input: `-` in place of a file.
//!
//! What comes in is kept in a temporary file for the length of the run, so that
//! it is read as any other file is. Its name is made of its content: the same
//! logs are the same file on every machine, and other logs never take its place.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::failure::Failure;
use crate::source::SourceFile;

/// How standard input is asked for.
pub const STDIN: &str = "-";

/// Standard input, kept as a file until this is dropped.
pub struct Kept {
    _folder: TempDir,
    path: PathBuf,
    size: u64,
}

impl Kept {
    /// What the file is called.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The file, under a name that packets may show.
    pub fn file(&self, key: &str) -> SourceFile {
        SourceFile {
            path: self.path.clone(),
            key: key.to_owned(),
            size: self.size,
            modified: None,
            root: 0,
            copy: 0,
        }
    }
}

/// Everything that standard input has.
///
/// # Errors
/// When it cannot be read.
pub fn read() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(failure(&error)),
    }
}

/// Keeps bytes of standard input in a file.
///
/// # Errors
/// When there is no place for it.
pub fn keep(bytes: &[u8]) -> Result<Kept, Failure> {
    let folder = tempfile::tempdir().map_err(|error| failure(&error))?;
    let path = folder.path().join("standard-input.log");
    fs::write(&path, bytes).map_err(|error| failure(&error))?;
    Ok(Kept {
        _folder: folder,
        path,
        size: bytes.len() as u64,
    })
}

/// Puts a file in the place of `-` among the logs.
///
/// # Errors
/// When standard input cannot be read or kept.
pub fn replace(logs: &mut [PathBuf]) -> Result<Option<Kept>, Failure> {
    let Some(first) = logs.iter().position(|path| path.as_os_str() == STDIN) else {
        return Ok(None);
    };
    let kept = spool()?;
    for path in &mut logs[first..] {
        if path.as_os_str() == STDIN {
            path.clone_from(&kept.path);
        }
    }
    Ok(Some(kept))
}

/// Copies standard input to a file that is called after its content.
fn spool() -> Result<Kept, Failure> {
    let folder = tempfile::tempdir().map_err(|error| failure(&error))?;
    let begun = folder.path().join("begun");
    let mut file = fs::File::create(&begun).map_err(|error| failure(&error))?;
    let mut hashing = Hashing {
        inner: std::io::stdin().lock(),
        hasher: Sha256::new(),
    };
    let size = std::io::copy(&mut hashing, &mut file).map_err(|error| failure(&error))?;
    let hash = hashing.hasher.finalize();
    let name: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // The ending makes an input that cannot be read a loss, and not a file beside the logs.
    let path = folder.path().join(format!("standard-input-{name}.log"));
    fs::rename(&begun, &path).map_err(|error| failure(&error))?;
    Ok(Kept {
        _folder: folder,
        path,
        size,
    })
}

struct Hashing<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

fn failure(error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("cannot read standard input: {error}"),
        "pipe records into it, or name a file",
    )
}
