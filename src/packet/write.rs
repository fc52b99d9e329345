//! Writes a packet folder: the model, the evidence, the logs, the views, and
//! last the manifest over all of them.
//!
//! Rows come from the spool, or stream from the ledger once more; if they are not those
//! that the model was built from, there is no packet. Views are given by the caller.

mod evidence_files;
mod integrity_files;
mod log_files;
mod readme;
mod remark_files;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::build::Inputs;
use super::folder::{Existing, Folder, FolderError, Folders, no_room, write_beside};
use super::manifest::{self, FileEntry, MANIFEST, SUMS};
use super::mask::Masker;
use super::model::Packet;
use super::spool::Spool;

/// A document that is made from the model alone.
pub trait View {
    /// Its name in the packet.
    fn file_name(&self) -> &'static str;

    /// Writes it.
    ///
    /// # Errors
    /// What keeps it from being made.
    fn render(&self, packet: &Packet, target: &mut dyn io::Write) -> Result<(), ViewError>;
}

/// Why a view was not made.
pub type ViewError = Box<dyn std::error::Error + Send + Sync>;

/// How and where to write.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The folder of all packets.
    pub out: &'a Path,
    /// What to do with a packet that is there.
    pub existing: Existing,
    /// Documents beside `packet.json`.
    pub views: &'a [&'a dyn View],
    /// Set from outside to give up.
    pub stop: Option<&'a AtomicBool>,
}

/// Why no packet was written. Nothing of it is left on disk.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The lists could not be read, or a file not be written while they were.
    #[error("writing `{}`: {cause}", .path.display())]
    Rows {
        /// The file or folder that was being written.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The lists differ from those that the model was built from.
    #[error("the evidence for `{0}` changed while the packet was written")]
    Changed(String),
    /// A view failed.
    #[error("`{name}`: {cause}")]
    View {
        /// Its file.
        name: &'static str,
        /// Why.
        cause: ViewError,
    },
    /// The caller asked to stop.
    #[error("stopped before the packet was complete")]
    Stopped,
}

impl WriteError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            WriteError::Folder(error) => error.help(),
            WriteError::Rows { cause, .. } => no_room(cause),
            WriteError::View { cause, .. } => cause.downcast_ref().and_then(no_room),
            WriteError::Changed(_) => {
                Some("let no other run write to the same ledger, and run again")
            }
            WriteError::Stopped => Some("nothing was written; run again"),
        }
    }
}

/// A packet that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its folder.
    pub folder: PathBuf,
    /// Its id.
    pub id: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// Every file of it.
    pub files: Vec<FileEntry>,
}

/// Where the packet of a period and framework stands.
pub fn folder_of(out: &Path, period_label: &str, framework: &str) -> PathBuf {
    out.join(period_label).join(framework)
}

/// Checks early, before hours of work, whether the packet may be written.
///
/// # Errors
/// A packet that is there, a place that cannot be written to.
pub fn check_target(
    out: &Path,
    period_label: &str,
    framework: &str,
    existing: Existing,
) -> Result<(), FolderError> {
    Folder::begin(&folder_of(out, period_label, framework), existing).map(drop)
}

/// Writes one packet that no other belongs to.
///
/// # Errors
/// See [`WriteError`].
pub fn write(
    inputs: &Inputs<'_>,
    packet: &Packet,
    options: &Options<'_>,
) -> Result<Written, WriteError> {
    let mut prepared = Prepared::default();
    let written = prepared.add(inputs, packet, options)?;
    prepared.folders.publish(options.existing, || Ok(()))?;
    Ok(written)
}

/// Packets of one run that are complete but do not yet show. Dropped, they leave nothing.
#[derive(Debug, Default)]
pub struct Prepared {
    folders: Folders,
}

impl Prepared {
    /// Writes a packet beside its place; what it returns is true once it is published.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn add(
        &mut self,
        inputs: &Inputs<'_>,
        packet: &Packet,
        options: &Options<'_>,
    ) -> Result<Written, WriteError> {
        let (folder, written) = fill(inputs, packet, options)?;
        self.folders.push(folder);
        Ok(written)
    }

    /// Puts all packets in their places, and last `run.json` beside them.
    ///
    /// # Errors
    /// As [`Folders::publish`]: then no packet of the run is left, and no `run.json` of it.
    pub fn publish(
        self,
        out: &Path,
        period_label: &str,
        existing: Existing,
        run: &Run,
    ) -> Result<(), FolderError> {
        self.folders
            .publish(existing, || write_run(out, period_label, run).map(drop))
    }
}

fn fill(
    inputs: &Inputs<'_>,
    packet: &Packet,
    options: &Options<'_>,
) -> Result<(Folder, Written), WriteError> {
    let target = folder_of(options.out, &packet.period.label, &packet.framework.id);
    let mut folder = Folder::begin(&target, options.existing)?;
    let masker = Masker::new(inputs.facts.masking.clone());
    let own = Spool::default();
    let spool = inputs.spool.unwrap_or(&own);
    let go_on = || match options.stop {
        Some(stop) if stop.load(Ordering::Relaxed) => Err(WriteError::Stopped),
        _ => Ok(()),
    };
    write_own_texts(inputs, packet, &mut folder)?;
    for control in &packet.controls {
        go_on()?;
        evidence_files::write(inputs, spool, &masker, control, &mut folder)?;
    }
    log_files::write(inputs, spool, &masker, packet, &mut folder)?;
    for view in options.views {
        go_on()?;
        write_view(*view, packet, &mut folder)?;
    }
    go_on()?;
    let manifest_sha256 = write_manifest(packet, &mut folder)?;
    let files = folder.files().to_vec();
    let written = Written {
        folder: target,
        id: packet.id.clone(),
        manifest_sha256,
        files,
    };
    Ok((folder, written))
}

/// What people wrote, exactly, and what the program says.
fn write_own_texts(
    inputs: &Inputs<'_>,
    packet: &Packet,
    folder: &mut Folder,
) -> Result<(), WriteError> {
    folder.write_json("packet.json", packet)?;
    folder.write("README.txt", readme::text(packet).as_bytes())?;
    folder.write("framework.toml", inputs.framework.source.text.as_bytes())?;
    folder.write("scope.toml", inputs.scope.source.text.as_bytes())?;
    Ok(())
}

/// Remembers why writing failed.
struct Watched<'s> {
    sink: &'s mut dyn io::Write,
    failed: Option<io::Error>,
}

impl Watched<'_> {
    fn note<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failed = Some(error);
            }
            kind.into()
        })
    }
}

impl io::Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.sink.flush();
        self.note(flushed)
    }
}

fn write_view(view: &dyn View, packet: &Packet, folder: &mut Folder) -> Result<(), WriteError> {
    let mut sink = folder.create(view.file_name())?;
    let mut watched = Watched {
        sink: &mut sink,
        failed: None,
    };
    if let Err(cause) = view.render(packet, &mut watched) {
        let (name, path) = (view.file_name(), folder.shown(view.file_name()));
        // What the system said, not what a renderer made of it.
        return Err(match watched.failed {
            Some(cause) => WriteError::Rows { path, cause },
            None => match cause.downcast::<io::Error>() {
                Ok(cause) => WriteError::Rows {
                    path,
                    cause: *cause,
                },
                Err(cause) => WriteError::View { name, cause },
            },
        });
    }
    folder.keep(sink)?;
    Ok(())
}

/// The manifest, then the sums, which hold the manifest as well.
fn write_manifest(packet: &Packet, folder: &mut Folder) -> Result<String, WriteError> {
    let manifest = manifest::manifest(packet, folder.files().to_vec());
    folder.write_json(MANIFEST, &manifest)?;
    let sha256 = folder
        .files()
        .last()
        .map(|file| file.sha256.clone())
        .unwrap_or_default();
    let sums = manifest::sums(folder.files().to_vec());
    folder.write(SUMS, sums.as_bytes())?;
    Ok(sha256)
}

/// Name of the account of a run, beside its packets.
pub const RUN: &str = "run.json";

/// `run.json`: what differs from run to run, so it stays outside of every manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `attestrail.run/v1`
    pub format: String,
    /// By the clock of the machine.
    pub started_at: String,
    /// By the clock of the machine.
    pub finished_at: String,
    /// How long it took.
    pub milliseconds: u64,
    /// Name of the machine, if it is known.
    pub machine: Option<String>,
    /// The folder in which it ran.
    pub working_folder: String,
    /// The command as it was given.
    pub command: Vec<String>,
    /// Threads that read logs.
    pub threads: u64,
    /// The packets that were written.
    pub packets: Vec<RunPacket>,
}

/// A packet of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPacket {
    /// The framework, which is also the name of the folder beside `run.json`.
    pub framework: String,
    /// Id of the packet.
    pub id: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
}

impl Run {
    /// The value of [`Run::format`].
    pub const FORMAT: &'static str = "attestrail.run/v1";
}

/// Writes `run.json` beside the packets of a period.
///
/// # Errors
/// A place that cannot be written to.
pub fn write_run(out: &Path, period_label: &str, run: &Run) -> Result<PathBuf, FolderError> {
    let path = out.join(period_label).join(RUN);
    let mut text = serde_json::to_string_pretty(run).map_err(|cause| FolderError::Io {
        path: path.clone(),
        cause: cause.into(),
    })?;
    text.push('\n');
    write_beside(&path, text.as_bytes())?;
    Ok(path)
}
