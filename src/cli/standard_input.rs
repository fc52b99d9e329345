//! Logs from standard input: `-` in place of a file.
//!
//! What comes in is kept in a temporary file for the length of the run, so that
//! it is read as any other file is. Its name is made of its content: the same
//! logs are the same file on every machine, and other logs never take its place.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::failure::Failure;
use crate::sanitize;
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
            ..SourceFile::default()
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
    let folder = tempfile::tempdir().map_err(|error| unkept(&error))?;
    let path = folder.path().join("standard-input.log");
    fs::write(&path, bytes).map_err(|error| unkept(&error))?;
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
    let folder = tempfile::tempdir().map_err(|error| unkept(&error))?;
    let begun = folder.path().join("begun");
    let mut file = fs::File::create(&begun).map_err(|error| unkept(&error))?;
    let (size, hash) = copy(&mut std::io::stdin().lock(), &mut file)?;
    let name = hex::encode(&hash[..8]);
    // The ending makes an input that cannot be read a loss, and not a file beside the logs.
    let path = folder.path().join(format!("standard-input-{name}.log"));
    fs::rename(&begun, &path).map_err(|error| unkept(&error))?;
    Ok(Kept {
        _folder: folder,
        path,
        size,
    })
}

/// Copies everything, and returns its size and SHA-256. What cannot be read and what cannot be
/// written are told apart: the remedies differ.
fn copy(from: &mut dyn Read, to: &mut dyn Write) -> Result<(u64, [u8; 32]), Failure> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut piece = vec![0; 256 << 10];
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => return Ok((size, hasher.finalize().into())),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(failure(&error)),
        };
        hasher.update(&piece[..count]);
        to.write_all(&piece[..count])
            .map_err(|error| unkept(&error))?;
        size += count as u64;
    }
}

fn failure(error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("cannot read standard input: {error}"),
        "pipe records into it, or name a file",
    )
}

/// The folder for temporary files is full, or not to be used.
fn unkept(error: &std::io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::usage(
        format!(
            "standard input cannot be kept in the folder for temporary files, `{}`: {error}",
            sanitize::inline(&folder.to_string_lossy())
        ),
        "free some space there, or set `TMPDIR` to another folder; a file or folder is read where it lies",
    )
}
