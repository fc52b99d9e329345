//! What this program wrote, among logs: packets and ledgers, which hold no logs of their own.
//!
//! The evidence in a packet is made of records, which must not be read again as if a trail had
//! delivered them. But nobody may hide a log by laying a manifest beside it: only a file that has
//! a name that packets have, and the bytes that a manifest lists, is left out. Any other is read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::terminal::{Display, thousands};
use crate::packet::hashed::Hashed;
use crate::packet::manifest::{self, FileEntry, MANIFEST, Manifest, SUMS, is_packet_path};
use crate::packet::write::{RUN, Run, folder_of};
use crate::reader;
use crate::reader::archive::{Listed, OwnFiles};
use crate::sanitize;
use crate::source::display::display_value;
use crate::source::files::Files;
use crate::source::{Listing, Problem, Severity, SourceFile};

/// Code of the notice that files of a packet are left out.
pub const PACKET: &str = "packet";
/// Code of the notice that the ledger in use is left out.
pub const LEDGER: &str = "ledger-in-use";

/// Bytes of a manifest, or of the account of a run, at most.
const LONGEST: u64 = 64 << 20;

/// Refuses logs that are a ledger.
///
/// # Errors
/// Such logs.
pub fn refuse_ledgers(roots: &[PathBuf]) -> Result<(), Failure> {
    let Some(root) = roots.iter().find(|root| is_ledger(root)) else {
        return Ok(());
    };
    let name = shown(root);
    Err(Failure::usage(
        format!("`{name}` is a ledger, which holds no logs"),
        format!(
            "`attestrail report --ledger {name} --period PERIOD` makes packets from it; `attestrail merge` joins ledgers"
        ),
    ))
}

fn is_ledger(path: &Path) -> bool {
    let mut front = Vec::new();
    // A pipe would lose what is read of it; what cannot be read is told where it is listed.
    let is_read = path.is_file()
        && File::open(path)
            .and_then(|file| file.take(reader::LEDGER_MARK).read_to_end(&mut front))
            .is_ok();
    is_read && reader::is_ledger(&front)
}

/// Refuses packets among the logs that they are made from, and logs in a packet that is replaced.
///
/// # Errors
/// Such places.
pub fn refuse_overlap<'a>(
    roots: &[PathBuf],
    out: &Path,
    label: &str,
    frameworks: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    let period = resolved(&here, &out.join(label));
    let packets: Vec<PathBuf> = frameworks
        .map(|id| resolved(&here, &folder_of(out, label, id)))
        .collect();
    for root in roots {
        let Ok(real) = fs::canonicalize(root) else {
            continue;
        };
        if period.starts_with(&real) || packets.iter().any(|packet| packet.starts_with(&real)) {
            return Err(Failure::usage(
                format!(
                    "the packets in `{}` would lie among the logs in `{}`",
                    shown(out),
                    shown(root)
                ),
                "choose a folder outside of the logs with `--out`, for example `--out ../packets`",
            ));
        }
        if packets.iter().any(|packet| real.starts_with(packet)) {
            return Err(Failure::usage(
                format!(
                    "the logs `{}` lie in a packet that would be written",
                    shown(root)
                ),
                "name the logs that the packet was made from, or choose another `--out`",
            ));
        }
    }
    Ok(())
}

/// Where a path leads that may not be there yet: links are followed as far as it is.
fn resolved(here: &Path, path: &Path) -> PathBuf {
    let mut found = here.to_owned();
    for part in path.components() {
        match part {
            Component::CurDir => continue,
            Component::ParentDir => {
                found.pop();
            }
            other => found.push(other),
        }
        if let Ok(real) = fs::canonicalize(&found) {
            found = real;
        }
    }
    found
}

fn shown(path: &Path) -> String {
    sanitize::inline(&path.to_string_lossy()).into_owned()
}

/// Says what is left out of a listing.
pub fn tell(listing: &Listing, display: &Display) {
    let problems = listing.problems.iter();
    for one in problems.filter(|one| [PACKET, LEDGER].contains(&one.code)) {
        display.say(&format!("notice: {}: {}", one.display, one.message));
    }
}

/// Takes packets and the ledger in use off a listing; each gets a notice.
pub fn leave_out(listing: &mut Listing, ledger: Option<&Path>) {
    let ledger = ledger.and_then(|path| fs::canonicalize(path).ok());
    let is_ledger = |file: &SourceFile| ledger.as_ref().is_some_and(|path| *path == file.path);
    let mut packets = Packets::among(&listing.files);
    // Hardly ever is there anything, and a listing may be of millions of files.
    if packets.found.is_empty() && !has(&listing.files, is_ledger) {
        return;
    }
    let mut left = Left::default();
    let mut files = listing.files.reader(0);
    while let Some(file) = files.next() {
        if is_ledger(file) {
            let message = "the ledger in use, which holds no logs: left out".to_owned();
            listing.problems.push(notice(file, LEDGER, message));
        } else if !packets.take(file) {
            left.push(file);
        }
    }
    listing.files = left.files;
    listing.problems.extend(packets.notices());
    let problems = &mut listing.problems;
    problems.sort_by(|a, b| (&a.display, a.code).cmp(&(&b.display, b.code)));
}

fn has(files: &Files, is: impl Fn(&SourceFile) -> bool) -> bool {
    let mut reader = files.reader(0);
    while let Some(file) = reader.next() {
        if is(file) {
            return true;
        }
    }
    false
}

/// Files that stay in a listing.
#[derive(Default)]
struct Left {
    files: Files,
    key: String,
    copy: u32,
}

impl Left {
    /// Of files with one key the first is no copy, also if one before it was left out.
    fn push(&mut self, file: &SourceFile) {
        self.copy = match !self.files.is_empty() && self.key == file.key {
            true => self.copy + 1,
            false => 0,
        };
        self.key.clone_from(&file.key);
        self.files.push(&SourceFile {
            copy: self.copy,
            ..file.clone()
        });
    }
}

fn notice(file: &SourceFile, code: &'static str, message: String) -> Problem {
    Problem {
        display: file.display().into_owned(),
        severity: Severity::Notice,
        code,
        message,
    }
}

/// A packet that a manifest tells of.
struct Found {
    manifest: SourceFile,
    id: String,
    sha256: String,
    left_out: u64,
}

/// What a file must be to be left out.
struct Expected {
    packet: usize,
    bytes: u64,
    sha256: String,
}

#[derive(Default)]
struct Packets {
    found: Vec<Found>,
    expected: HashMap<PathBuf, Expected>,
}

impl Packets {
    fn among(files: &Files) -> Packets {
        let mut packets = Packets::default();
        let mut runs: Vec<PathBuf> = Vec::new();
        let mut reader = files.reader(0);
        while let Some(file) = reader.next() {
            match file.path.file_name() {
                Some(name) if name == MANIFEST => {
                    if let Some(text) = read(&file.path) {
                        packets.add(file, &text);
                    }
                }
                Some(name) if name == RUN => runs.push(file.path.clone()),
                _ => {}
            }
        }
        if !packets.found.is_empty() {
            for run in runs {
                if let Some(text) = read(&run) {
                    packets.add_run(&run, &text);
                }
            }
        }
        packets
    }

    fn add(&mut self, file: &SourceFile, text: &str) {
        let Some(manifest) = exact::<Manifest>(text) else {
            return;
        };
        let (Some(folder), true) = (file.path.parent(), is_whole(&manifest)) else {
            return;
        };
        let packet = self.found.len();
        let own = entry(MANIFEST, text.as_bytes());
        self.found.push(Found {
            manifest: file.clone(),
            id: manifest.packet_id,
            sha256: own.sha256.clone(),
            left_out: 0,
        });
        let mut entries = manifest.files;
        entries.push(own);
        let sums = manifest::sums(entries.clone());
        entries.push(entry(SUMS, sums.as_bytes()));
        for one in entries {
            self.expect(packet, folder.join(&one.path), one);
        }
    }

    /// The account of a run that stands beside a packet of that run.
    fn add_run(&mut self, path: &Path, text: &str) {
        let Some(run) = exact::<Run>(text) else {
            return;
        };
        let of_run = |found: &Found| {
            let folder = found.manifest.path.parent().and_then(Path::parent);
            folder == path.parent()
                && run
                    .packets
                    .iter()
                    .any(|one| one.manifest_sha256 == found.sha256)
        };
        if run.format == Run::FORMAT
            && let Some(packet) = self.found.iter().position(of_run)
        {
            self.expect(packet, path.to_owned(), entry(RUN, text.as_bytes()));
        }
    }

    fn expect(&mut self, packet: usize, path: PathBuf, entry: FileEntry) {
        let expected = Expected {
            packet,
            bytes: entry.bytes,
            sha256: entry.sha256,
        };
        self.expected.insert(path, expected);
    }

    /// Whether a file is one of a packet, byte for byte.
    fn take(&mut self, file: &SourceFile) -> bool {
        let Some(expected) = self.expected.get(&file.path) else {
            return false;
        };
        let is_same = file.size == expected.bytes
            && sha256_of(&file.path).is_ok_and(|found| found == expected.sha256);
        if is_same {
            self.found[expected.packet].left_out += 1;
        }
        is_same
    }

    fn notices(&self) -> impl Iterator<Item = Problem> + '_ {
        let left_out = self.found.iter().filter(|found| found.left_out > 0);
        left_out.map(|found| {
            let message = format!(
                "packet `{}` of this program, which holds no logs: {} left out, as listed with SHA-256",
                display_value(&found.id),
                match found.left_out {
                    1 => "1 file is".to_owned(),
                    count => format!("{} files are", thousands(count)),
                }
            );
            notice(&found.manifest, PACKET, message)
        })
    }
}

/// Whether a manifest is one of a whole packet, and of nothing else.
fn is_whole(manifest: &Manifest) -> bool {
    manifest.format == manifest::FORMAT
        && manifest.files.iter().any(|one| one.path == "packet.json")
        && manifest.files.iter().all(|one| is_packet_path(&one.path))
}

fn entry(path: &str, bytes: &[u8]) -> FileEntry {
    FileEntry {
        path: path.to_owned(),
        bytes: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(bytes)),
    }
}

/// How files of packets are known in archives: as in folders.
pub const IN_ARCHIVES: OwnFiles = OwnFiles {
    may_be: |key| {
        let is_packets = |(at, _)| is_packet_path(&key[at + 1..]);
        [MANIFEST, SUMS, RUN].contains(&last(key)) || key.rmatch_indices('/').any(is_packets)
    },
    may_list: |key| [MANIFEST, RUN].contains(&last(key)),
    listed: in_archive,
};

fn last(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

fn in_archive(lists: &[(String, String)]) -> Vec<Listed> {
    let mut packets = Packets::default();
    let called = |name: &'static str| lists.iter().filter(move |(key, _)| last(key) == name);
    for (key, text) in called(MANIFEST) {
        let file = SourceFile {
            path: key.into(),
            key: key.clone(),
            ..SourceFile::default()
        };
        packets.add(&file, text);
    }
    for (key, text) in called(RUN) {
        packets.add_run(Path::new(key), text);
    }
    let listed = packets.expected.into_iter().map(|(path, one)| Listed {
        key: path
            .to_string_lossy()
            .replace(std::path::MAIN_SEPARATOR, "/"),
        bytes: one.bytes,
        sha256: one.sha256,
    });
    listed.collect()
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// A document that holds what this program writes into it and nothing more: a member that is not
/// known might be a list of records.
fn exact<T>(text: &str) -> Option<T>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let value: T = serde_json::from_str(text).ok()?;
    let again = serde_json::to_string_pretty(&value).ok()?;
    (text.strip_suffix('\n') == Some(&again[..])).then_some(value)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hash = Hashed::default();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finish())
}
