//! `attestrail.toml`: what a scheduled run needs, so that its command line can stay short.
//!
//! Paths in the file are relative to the folder that the file lies in. Flags override it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::trust::region_and_path;

/// The name that is looked for in the current folder.
pub const FILE_NAME: &str = "attestrail.toml";

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    format: Option<i64>,
    #[serde(default)]
    logs: Vec<PathBuf>,
    scope: Option<PathBuf>,
    #[serde(default)]
    controls: Vec<PathBuf>,
    #[serde(default)]
    frameworks: Vec<String>,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
    out: Option<PathBuf>,
    ledger: Option<PathBuf>,
    seed: Option<String>,
    sample_size: Option<u32>,
    threads: Option<u16>,
    largest_file: Option<u32>,
    replace: Option<bool>,
    #[serde(default)]
    keys: Vec<PathBuf>,
    #[serde(default)]
    metadata: Vec<PathBuf>,
    slack: Option<u32>,
    require_integrity: Option<bool>,
    #[serde(default)]
    selectors: Vec<PathBuf>,
}

/// Settings with absolute meaning: paths are joined to the folder of the file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The file they came from.
    pub file: Option<PathBuf>,
    /// Log sources.
    pub logs: Vec<PathBuf>,
    /// Scope file.
    pub scope: Option<PathBuf>,
    /// Control folders.
    pub controls: Vec<PathBuf>,
    /// Framework ids.
    pub frameworks: Vec<String>,
    /// Period words.
    pub period: Option<String>,
    /// First day.
    pub from: Option<String>,
    /// Last day.
    pub to: Option<String>,
    /// Output folder.
    pub out: Option<PathBuf>,
    /// Ledger to keep.
    pub ledger: Option<PathBuf>,
    /// Sample seed.
    pub seed: Option<String>,
    /// Sample size.
    pub sample_size: Option<u32>,
    /// Reader threads.
    pub threads: Option<u16>,
    /// Most MiB that a log file may hold.
    pub largest_file: Option<u32>,
    /// Replace packets.
    pub replace: Option<bool>,
    /// Public keys for digest files, perhaps with a Region in front.
    pub keys: Vec<PathBuf>,
    /// Metadata of digests.
    pub metadata: Vec<PathBuf>,
    /// Minutes after the period that digests must cover.
    pub slack: Option<u32>,
    /// Whether anything but verified integrity fails.
    pub require_integrity: Option<bool>,
    /// Snapshots of selectors, each perhaps with `TIME=` before it.
    pub selectors: Vec<PathBuf>,
}

/// Why settings could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Named, but not readable.
    #[error("{}: cannot read the settings file: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Not TOML, a key that does not exist, or a wrong type.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl Settings {
    /// The settings of `named`, or of [`FILE_NAME`] in the current folder if it exists, or none.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn find(named: Option<&Path>) -> Result<Settings, SettingsError> {
        match named {
            Some(path) => Settings::load(path),
            None if Path::new(FILE_NAME).exists() => Settings::load(Path::new(FILE_NAME)),
            None => Ok(Settings::default()),
        }
    }

    fn load(path: &Path) -> Result<Settings, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|cause| SettingsError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Settings::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Settings, SettingsError> {
        let invalid = |at: usize, message: String| {
            let before = &text[..at.min(text.len())];
            SettingsError::Invalid {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before
                    .rsplit('\n')
                    .next()
                    .map_or(0, |line| line.chars().count())
                    + 1,
                message,
            }
        };
        let raw: Raw = toml::from_str(text).map_err(|error| {
            invalid(
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
            )
        })?;
        match raw.format {
            Some(1) => {}
            Some(other) => {
                return Err(invalid(
                    0,
                    format!("format {other} is not known\nhelp: this version reads `format = 1`"),
                ));
            }
            None => {
                return Err(invalid(
                    0,
                    "`format` is missing\nhelp: begin the file with `format = 1`".to_owned(),
                ));
            }
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let join = |relative: PathBuf| folder.join(relative);
        Ok(Settings {
            file: Some(path.to_owned()),
            logs: raw.logs.into_iter().map(join).collect(),
            scope: raw.scope.map(join),
            controls: raw.controls.into_iter().map(join).collect(),
            frameworks: raw.frameworks,
            period: raw.period,
            from: raw.from,
            to: raw.to,
            out: raw.out.map(join),
            ledger: raw.ledger.map(join),
            seed: raw.seed,
            sample_size: raw.sample_size,
            threads: raw.threads,
            largest_file: raw.largest_file,
            replace: raw.replace,
            keys: raw
                .keys
                .iter()
                .map(|given| join_key(folder, given))
                .collect(),
            metadata: raw.metadata.into_iter().map(join).collect(),
            slack: raw.slack,
            require_integrity: raw.require_integrity,
            selectors: raw.selectors.iter().map(|one| dated(folder, one)).collect(),
        })
    }
}

/// A Region in front of a path stays in front.
fn join_key(folder: &Path, given: &Path) -> PathBuf {
    match region_and_path(given) {
        (Some(region), path) => {
            let mut joined = std::ffi::OsString::from(format!("{region}="));
            joined.push(folder.join(path));
            joined.into()
        }
        (None, path) => folder.join(path),
    }
}

/// Joins the path behind `TIME=` to the folder of the settings.
fn dated(folder: &Path, named: &Path) -> PathBuf {
    let text = named.to_string_lossy();
    match text.split_once('=') {
        Some((time, path)) => {
            PathBuf::from(format!("{time}={}", folder.join(path).to_string_lossy()))
        }
        None => folder.join(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_stays_in_front_of_the_path_of_its_keys() {
        let text = "format = 1\nkeys = [\"a.json\", \"eu-west-1=b.json\", \"us-east-1=/k/c.json\"]\nslack = 90\n";
        let settings = parse(text).expect("valid");
        let expected = [
            "conf/a.json",
            "eu-west-1=conf/b.json",
            "us-east-1=/k/c.json",
        ];
        assert_eq!(settings.keys, expected.map(PathBuf::from));
        assert_eq!(settings.slack, Some(90));
    }

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(Path::new("conf/attestrail.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let settings =
            parse("format = 1\nlogs = [\"logs\"]\nout = \"/srv/packets\"\n").expect("valid");
        assert_eq!(settings.logs, [PathBuf::from("conf/logs")]);
        assert_eq!(settings.out, Some(PathBuf::from("/srv/packets")));
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_place() {
        let error = parse("format = 1\nperoid = \"2026-10\"\n").expect_err("unknown key");
        assert!(
            error.starts_with("conf/attestrail.toml:2:1: unknown field `peroid`, expected one of"),
            "{error}"
        );
    }

    #[test]
    fn a_file_without_a_format_is_refused() {
        assert!(
            parse("logs = []\n")
                .expect_err("no format")
                .contains("`format` is missing")
        );
    }
}
