//! Keys and metadata for digest chains, from files that the user names.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::plan::Chains;
use crate::assess::{MetadataFile, Trust};
use crate::integrity::collect::{add_keys, metadata_file};
use crate::integrity::keys::Keys;
use crate::source::display::display_value;

/// Reads the keys; single keys that are refused come back as warnings.
///
/// # Errors
/// A file that cannot be read, or is no list of keys.
pub fn keys(files: &[PathBuf]) -> Result<(Keys, Vec<String>), Failure> {
    let mut keys = Keys::new();
    let mut warnings = Vec::new();
    refuse_folders("--keys", files)?;
    for file in files {
        let refused = add_keys(&mut keys, file).map_err(|message| {
            Failure::usage(
                message,
                "save them with `aws cloudtrail list-public-keys --region REGION --start-time … --end-time … > public-keys.REGION.json`",
            )
        })?;
        // Without the folder: packets tell it too, and folders differ from machine to machine.
        let name = file_name(region_and_path(file).1);
        warnings.extend(refused.iter().map(|error| error.without_folder(&name)));
    }
    Ok((keys, warnings))
}

/// Reads files of head-objects.
///
/// # Errors
/// A file that cannot be read.
pub fn metadata(files: &[PathBuf]) -> Result<Vec<MetadataFile>, Failure> {
    let mut all = Vec::new();
    refuse_folders("--metadata", files)?;
    for file in files {
        let shown = display_value(&file.to_string_lossy());
        let bytes = metadata_file(file).map_err(|error| {
            Failure::usage(
                format!("`{shown}`: {error}"),
                "check the path given with `--metadata`",
            )
        })?;
        all.push(MetadataFile {
            name: file_name(file),
            sha256: Sha256::digest(&bytes).into(),
            bytes,
        });
    }
    all.sort_by(|a, b| (&a.name, a.sha256).cmp(&(&b.name, b.sha256)));
    Ok(all)
}

/// Everything that an assessment needs, and warnings about single keys.
///
/// # Errors
/// Files that cannot be used.
pub fn read(chains: &Chains, threads: usize) -> Result<(Trust, Vec<String>), Failure> {
    let (keys, warnings) = keys(&chains.keys.value)?;
    let trust = Trust {
        keys,
        metadata: metadata(&chains.metadata.value)?,
        slack: i64::from(chains.slack.value) * 60,
        is_required: chains.require.value,
        threads,
    };
    Ok((trust, warnings))
}

/// The words of the command line that give the same trust again; files by their names.
pub fn words(chains: &Chains) -> Vec<String> {
    let mut words = Vec::new();
    for file in &chains.keys.value {
        let (region, path) = region_and_path(file);
        let region = region
            .map(|region| format!("{region}="))
            .unwrap_or_default();
        words.push(format!(
            "--keys {}",
            quoted(&format!("{region}{}", file_name(path)))
        ));
    }
    for file in &chains.metadata.value {
        words.push(format!("--metadata {}", quoted(&file_name(file))));
    }
    if chains.slack.value != super::plan::SLACK_MINUTES {
        words.push(format!("--slack {}", chains.slack.value));
    }
    if chains.require.value {
        words.push("--require-integrity".to_owned());
    }
    words
}

/// `us-east-1=FILE`, or a file alone.
pub fn region_and_path(given: &Path) -> (Option<&str>, &Path) {
    let parts = given.to_str().and_then(|text| text.split_once('='));
    match parts {
        Some((region, path)) if crate::integrity::place::is_region(region) => {
            (Some(region), Path::new(path))
        }
        _ => (None, given),
    }
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    super::report::quoted(word)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    display_value(&name.to_string_lossy())
}

/// Options that take several files swallow what stands behind them: the logs, most likely.
///
/// # Errors
/// The first folder among the files.
pub fn refuse_folders(option: &str, paths: &[PathBuf]) -> Result<(), Failure> {
    paths
        .iter()
        .try_for_each(|path| refuse_folder(option, path))
}

fn refuse_folder(option: &str, path: &Path) -> Result<(), Failure> {
    if !path.is_dir() {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "`{}` is a folder, and `{option}` takes files",
            display_value(&path.to_string_lossy())
        ),
        format!("name the logs before `{option}`"),
    ))
}
