//! `attestrail merge`: one ledger of several.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::args::Merge;
use super::exit::Exit;
use super::failure::Failure;
use super::intake::ledger_failure;
use super::output::{Out, closed_is_fine};
use super::terminal::thousands;
use crate::ledger::{Ledger, LedgerError, left, merge as merging};
use crate::sanitize;

/// `attestrail merge`
///
/// # Errors
/// When a ledger is missing, was made for other controls or lists, or the target exists.
pub fn run(args: &Merge, out: &mut Out) -> Result<Exit, Failure> {
    if args.out.exists() {
        return Err(Failure::usage(
            format!(
                "{}: is there already",
                sanitize::inline(&args.out.to_string_lossy())
            ),
            "name a ledger that does not exist yet, or delete this one",
        ));
    }
    remove_left(&args.out);
    // Half a ledger would look like a whole one, so it has its name only in the end, also after a kill.
    let unnamed = beside(&args.out)?;
    let joined = join(&args.ledgers, &unnamed, &args.out, out)?;
    // Held until it has its name, so that no other run takes it for one that was left. Where
    // open files cannot get another name, nothing that is left is removed.
    let held = cfg!(unix).then_some(joined);
    unnamed
        .persist_noclobber(&args.out)
        .map_err(|error| unwritable(&args.out, &error.error))?;
    drop(held);
    Ok(Exit::Clean)
}

/// How the files of merges into a target begin, until they have its name.
fn front(target: &Path) -> String {
    let name = target.file_name().unwrap_or(OsStr::new(""));
    let hash = Sha256::digest(name.as_encoded_bytes());
    format!(".attestrail-{}-", hex::encode(&hash[..4]))
}

const END: &str = ".ledger";

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Removes what killed merges into this target left. What cannot be removed takes nothing but room.
fn remove_left(target: &Path) {
    let front = front(target);
    if !cfg!(unix) {
        return;
    }
    let entries = std::fs::read_dir(folder_of(target)).into_iter().flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_left = name
            .to_str()
            .is_some_and(|name| name.starts_with(&front) && name.ends_with(END));
        if is_left {
            let _held_by_another_run = left::remove_if_left(&entry.path());
        }
    }
}

/// A file beside the target that is gone unless it gets the target's name.
fn beside(target: &Path) -> Result<TempPath, Failure> {
    let front = front(target);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&front).suffix(END);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As a new file is made, so that whom the umask allows can read it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder
        .tempfile_in(folder_of(target))
        .map_err(|cause| unwritable(target, &cause))?;
    // Closed before SQLite opens it: closing it later would take SQLite's locks away.
    Ok(file.into_temp_path())
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Failure {
    ledger_failure(&LedgerError::Unwritable {
        path: path.to_owned(),
        detail: cause.to_string(),
    })
}

fn join(
    ledgers: &[PathBuf],
    unnamed: &Path,
    target: &Path,
    out: &mut Out,
) -> Result<Ledger, Failure> {
    let failed = |error: LedgerError| failure(error, unnamed, target);
    let first = Ledger::open(&ledgers[0]).map_err(failed)?;
    let mut joined = Ledger::open_or_create(unnamed, first.identity()).map_err(failed)?;
    drop(first);
    for path in ledgers {
        let from = Ledger::open(path).map_err(failed)?;
        let merged = merging::merge(&mut joined, &from).map_err(failed)?;
        closed_is_fine(std::io::Write::write_fmt(
            out,
            format_args!(
                "{}: {} files added, {} known already\n",
                sanitize::inline(&path.to_string_lossy()),
                thousands(merged.added),
                thousands(merged.known)
            ),
        ))?;
    }
    joined.seal().map_err(failed)?;
    Ok(joined)
}

/// Why ledgers could not be joined. The file that is not named yet is gone then, so messages
/// speak of the target, and nothing goes on where it stopped.
fn failure(error: LedgerError, unnamed: &Path, target: &Path) -> Failure {
    let named = |path: PathBuf| match path == unnamed {
        true => target.to_owned(),
        false => path,
    };
    match error {
        LedgerError::DiskFull(path) => Failure::usage(
            LedgerError::DiskFull(named(path)).to_string(),
            "nothing was written; free some space and merge again, from the beginning",
        ),
        LedgerError::Unwritable { path, detail } => ledger_failure(&LedgerError::Unwritable {
            path: named(path),
            detail,
        }),
        LedgerError::CannotGrow { path, detail } => ledger_failure(&LedgerError::CannotGrow {
            path: named(path),
            detail,
        }),
        other => ledger_failure(&other),
    }
}
