//! The long lists of a run as the files that packets hold, made once.
//!
//! Packets of several frameworks about the same accounts and Regions hold the same
//! rows. So each list streams from the ledger one time: into a temporary file, into
//! its digest, and its first rows into the models. Memory does not grow with rows.

mod control;
mod log_set;
mod texts;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};
use tempfile::{SpooledData, SpooledTempFile};

use super::mask::Masker;
use crate::assess::outcome::EvidenceSource;

pub use self::control::{ControlRows, ListRows};
pub use self::log_set::{InputRows, RefusalRows};
use self::texts::Texts;

/// Bytes of a file that are held in memory while it grows.
const HELD: usize = 64 << 10;
/// Bytes that are written to it at once.
const AT_ONCE: usize = 16 << 10;

/// Lists that were read already. Good for one source and one way of masking.
#[derive(Debug, Default)]
pub struct Spool {
    /// All files one behind the other; it has no name, so that nothing of it is ever left.
    store: RefCell<Option<Store>>,
    controls: RefCell<BTreeMap<String, Rc<ControlRows>>>,
    inputs: OnceCell<Rc<InputRows>>,
    refusals: OnceCell<Rc<RefusalRows>>,
    /// Texts of the rows that are held.
    texts: RefCell<Texts>,
    /// SHA-256 of files that were copied already.
    hashes: RefCell<HashMap<Piece, String>>,
    /// Set from outside to give up.
    stop: Option<&'static AtomicBool>,
}

#[derive(Debug)]
struct Store {
    file: File,
    length: u64,
}

/// A file in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Piece {
    from: u64,
    length: u64,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How many bytes.
    pub bytes: u64,
    /// Lower-case hex.
    pub sha256: String,
}

impl Spool {
    /// An empty spool that stops reading when the flag is set.
    pub fn stopped_by(stop: &'static AtomicBool) -> Spool {
        Spool {
            stop: Some(stop),
            ..Spool::default()
        }
    }

    /// Lists can be long, so a wish to stop is heard in the middle of one.
    fn go_on(&self) -> io::Result<()> {
        match self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(io::Error::other("stopped")),
            _ => Ok(()),
        }
    }

    /// The rows of a control, read if they were not.
    ///
    /// # Errors
    /// What the source reports; no space for temporary files.
    pub fn control(
        &self,
        source: &dyn EvidenceSource,
        masker: &Masker,
        control: &str,
    ) -> io::Result<Rc<ControlRows>> {
        if let Some(found) = self.controls.borrow().get(control) {
            return Ok(Rc::clone(found));
        }
        let rows = Rc::new(control::read(self, source, masker, control)?);
        let mut controls = self.controls.borrow_mut();
        controls.insert(control.to_owned(), Rc::clone(&rows));
        Ok(rows)
    }

    /// The input files, read if they were not.
    ///
    /// # Errors
    /// As [`Spool::control`].
    pub fn inputs(&self, source: &dyn EvidenceSource) -> io::Result<Rc<InputRows>> {
        if let Some(found) = self.inputs.get() {
            return Ok(Rc::clone(found));
        }
        let rows = Rc::new(log_set::inputs(self, source)?);
        Ok(Rc::clone(self.inputs.get_or_init(|| rows)))
    }

    /// Everything refused, read if it was not.
    ///
    /// # Errors
    /// As [`Spool::control`].
    pub fn refusals(
        &self,
        source: &dyn EvidenceSource,
        masker: &Masker,
    ) -> io::Result<Rc<RefusalRows>> {
        if let Some(found) = self.refusals.get() {
            return Ok(Rc::clone(found));
        }
        let rows = Rc::new(log_set::refusals(self, source, masker)?);
        Ok(Rc::clone(self.refusals.get_or_init(|| rows)))
    }

    /// Copies a file to its place in a packet, and gives its SHA-256, which is found once.
    ///
    /// # Errors
    /// A store that cannot be read, a target that takes no more.
    pub fn copy(&self, piece: Piece, target: &mut File) -> io::Result<Copied> {
        let known = self.hashes.borrow().get(&piece).cloned();
        let mut store = self.store.borrow_mut();
        let Some(store) = store.as_mut() else {
            return Err(io::Error::other("the temporary file is not there"));
        };
        store.file.seek(SeekFrom::Start(piece.from))?;
        let mut part = (&mut store.file).take(piece.length);
        let (copied, sha256) = match known {
            Some(sha256) => (io::copy(&mut part, target)?, sha256),
            None => hashed_copy(&mut part, target)?,
        };
        if copied != piece.length {
            return Err(io::Error::other(
                "the temporary file is shorter than it was",
            ));
        }
        let mut hashes = self.hashes.borrow_mut();
        hashes.entry(piece).or_insert_with(|| sha256.clone());
        Ok(Copied {
            bytes: copied,
            sha256,
        })
    }

    /// Puts a whole file into the store.
    fn store(&self, file: Begun) -> io::Result<Piece> {
        let file = file.into_inner();
        let file = file.map_err(io::IntoInnerError::into_error)?.into_inner();
        let mut store = self.store.borrow_mut();
        let store = match store.as_mut() {
            Some(store) => store,
            None => store.insert(Store {
                file: tempfile::tempfile()?,
                length: 0,
            }),
        };
        let from = store.file.seek(SeekFrom::Start(store.length))?;
        let length = match file {
            SpooledData::InMemory(bytes) => {
                let bytes = bytes.into_inner();
                store.file.write_all(&bytes)?;
                bytes.len() as u64
            }
            SpooledData::OnDisk(mut file) => {
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut file, &mut store.file)?
            }
        };
        store.length += length;
        Ok(Piece { from, length })
    }
}

/// Copies, and says how many bytes and their SHA-256.
fn hashed_copy(from: &mut impl Read, to: &mut File) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; HELD];
    let mut copied = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok((copied, hex::encode(hash.finalize()))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..count])?;
        hash.update(&buffer[..count]);
        copied += count as u64;
    }
}

/// A file that is to be stored.
type Begun = BufWriter<SpooledTempFile>;

/// An empty one.
fn begun() -> Begun {
    BufWriter::with_capacity(AT_ONCE, tempfile::spooled_tempfile(HELD))
}
