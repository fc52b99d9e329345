//! The list of every file of a packet, for programs and for `sha256sum -c`.
//!
//! It only lists what was written; checking a packet against it comes elsewhere.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::model::Packet;

/// The value of [`Manifest::format`].
pub const FORMAT: &str = "attestrail.manifest/v1";

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// Name of the list for stock tools; it holds the manifest too, and not itself.
pub const SUMS: &str = "SHA256SUMS";

/// Files at the top of a packet.
const TOP: [&str; 6] = [
    "README.txt",
    "framework.toml",
    "packet.html",
    "packet.json",
    "packet.pdf",
    "scope.toml",
];

/// Files of its folder `logs`.
const LOGS: [&str; 12] = [
    "addenda.csv",
    "classes.csv",
    "coverage.csv",
    "inputs.csv",
    "insights.csv",
    "integrity-faults.csv",
    "integrity-files.csv",
    "integrity.csv",
    "network-activity.csv",
    "reconciliation.csv",
    "refused.csv",
    "stores.csv",
];

/// Files of the folder of a control, but for tables of details.
const CONTROL: [&str; 8] = [
    "attempts.csv",
    "control.toml",
    "exceptions.csv",
    "population.csv",
    "records.csv",
    "records.jsonl",
    "sample.csv",
    "undecided.csv",
];

/// Whether a manifest may list this path: no log file that CloudTrail wrote has such a name.
pub fn is_packet_path(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        [name] => TOP.contains(&name),
        ["logs", name] => LOGS.contains(&name),
        ["controls", id, name] => is_id(id) && (CONTROL.contains(&name) || is_details(name)),
        _ => false,
    }
}

fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !id.is_empty() && !id.starts_with('.') && id.bytes().all(is_plain)
}

fn is_details(name: &str) -> bool {
    let number = name
        .strip_prefix("details-")
        .and_then(|rest| rest.strip_suffix(".csv"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `manifest.json`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: String,
    /// Format of `packet.json`.
    pub packet_format: String,
    /// The packet.
    pub packet_id: String,
    /// Version of the program.
    pub tool_version: String,
    /// The stated time of generation.
    pub generated_at: String,
    /// SHA-256 over the scope file.
    pub scope_digest: String,
    /// SHA-256 over all controls.
    pub controls_digest: String,
    /// SHA-256 over all frameworks.
    pub frameworks_digest: String,
    /// How to check.
    pub check: String,
    /// Every file but the manifest and the sums, in the order of the bytes of their paths.
    pub files: Vec<FileEntry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the packet's folder, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// The manifest of a packet with these files.
pub fn manifest(packet: &Packet, mut files: Vec<FileEntry>) -> Manifest {
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Manifest {
        format: FORMAT.to_owned(),
        packet_format: packet.format.clone(),
        packet_id: packet.id.clone(),
        tool_version: packet.tool.version.clone(),
        generated_at: packet.generated_at.clone(),
        scope_digest: packet.scope.scope_digest.clone(),
        controls_digest: packet.scope.controls_digest.clone(),
        frameworks_digest: packet.scope.frameworks_digest.clone(),
        check: format!("in this folder: sha256sum -c {SUMS}"),
        files,
    }
}

/// The text of `SHA256SUMS`.
pub fn sums(mut files: Vec<FileEntry>) -> String {
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut text = String::new();
    for file in files {
        writeln!(text, "{}  {}", file.sha256, file.path)
            .expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_a_packet_can_be_listed() {
        let good = [
            "packet.json",
            "logs/inputs.csv",
            "controls/iam-change/records.jsonl",
            "controls/iam-change/details-12.csv",
        ];
        for path in good {
            assert!(is_packet_path(path), "{path}");
        }
        let bad = [
            "",
            "a.json.gz",
            "logs/a.json",
            "logs/../packet.json",
            "../packet.json",
            "/packet.json",
            "controls/../records.jsonl",
            "controls//records.jsonl",
            "controls/a/b/records.jsonl",
            "controls/a/details-.csv",
            "controls/a/details-1.json",
            "manifest.json",
        ];
        for path in bad {
            assert!(!is_packet_path(path), "{path}");
        }
    }
}
