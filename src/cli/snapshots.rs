//! Reads the snapshots of selectors that the user names.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::period::Period;
use crate::record::time;
use crate::sanitize;
use crate::trail::snapshot::{LARGEST, Snapshot};

/// Every snapshot, for an assessment that is stated to be made at `made_at`.
///
/// # Errors
/// As [`load`], and a snapshot from later: it says what nobody could know then.
pub fn load_until(named: &[PathBuf], made_at: i64) -> Result<Vec<Snapshot>, Failure> {
    let all = load(named)?;
    let later = all
        .iter()
        .find(|one| one.taken_at.is_some_and(|at| at > made_at));
    match later.and_then(|one| Some((one, one.taken_at?))) {
        None => Ok(all),
        Some((one, taken_at)) => Err(Failure::usage(
            format!(
                "{}: taken on {}, which is after the stated time of generation, {}",
                sanitize::inline(&one.name),
                time::format(taken_at),
                time::format(made_at)
            ),
            "name the day on which the snapshot was taken, or give a later `--generated-at`",
        )),
    }
}

/// Every snapshot, in the order of names and contents, so that the order of flags cannot show.
///
/// # Errors
/// The first file that cannot be read or is no snapshot.
pub fn load(named: &[PathBuf]) -> Result<Vec<Snapshot>, Failure> {
    super::trust::refuse_folders("--selectors", named)?;
    let mut all = named
        .iter()
        .map(|one| load_one(one))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| (&a.name, &a.sha256, a.taken_at).cmp(&(&b.name, &b.sha256, b.taken_at)));
    all.dedup();
    Ok(all)
}

fn load_one(named: &Path) -> Result<Snapshot, Failure> {
    let (taken_at, path) = dated(named)?;
    let refused = |why: String| {
        Failure::usage(
            format!("{}: {why}", sanitize::inline(&path.to_string_lossy())),
            "save it with `aws cloudtrail get-event-selectors --trail-name TRAIL > selectors.json`, \
             and name it with `--selectors`",
        )
    };
    let size = std::fs::metadata(&path).map_err(|error| refused(error.to_string()))?;
    if !size.is_file() || size.len() > LARGEST {
        return Err(refused(
            "no file, or larger than any output of the AWS CLI".to_owned(),
        ));
    }
    let bytes = std::fs::read(&path).map_err(|error| refused(error.to_string()))?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Snapshot::parse(&name.to_string_lossy(), &bytes, taken_at)
        .map_err(|why| refused(sanitize::inline(&why).into_owned()))
}

/// The time and the path of `2026-10-31=FILE`, or the path alone.
fn dated(named: &Path) -> Result<(Option<i64>, PathBuf), Failure> {
    let text = named.to_string_lossy();
    let Some((time, path)) = text.split_once('=').filter(|_| !named.exists()) else {
        return Ok((None, named.to_owned()));
    };
    // A day means its first second: what holds from then on is what is claimed.
    let instant = match time::parse(time) {
        Ok(instant) => instant,
        Err(_) => {
            Period::between(time, time)
                .map_err(|_| {
                    Failure::usage(
                        format!("`{}` is no day and no instant", sanitize::inline(time)),
                        "write it as `2026-10-31=FILE` or `2026-10-31T12:00:00Z=FILE`",
                    )
                })?
                .start
        }
    };
    Ok((Some(instant), PathBuf::from(path)))
}
