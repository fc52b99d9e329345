//! The logs that a command was given, listed once for everything that reads them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::intake::ledger_failure;
use super::matching::bad_roots;
use super::own_files;
use super::standard_input::{self, Kept};
use super::terminal::thousands;
use crate::ledger::{Ledger, LedgerError};
use crate::sanitize;
use crate::source::Listing;
use crate::source::display::display_value;
use crate::source::local::{WalkOptions, walk};

/// Lists files below logs, but for packets and the ledger in use.
///
/// # Errors
/// Logs that cannot be looked at, or that are a ledger.
pub fn list(roots: &[PathBuf], ledger: Option<&Path>) -> Result<Listing, Failure> {
    own_files::refuse_ledgers(roots)?;
    let mut listing = walk(roots, WalkOptions::default()).map_err(|errors| bad_roots(&errors))?;
    own_files::leave_out(&mut listing, ledger);
    Ok(listing)
}

/// Logs, and what was found below them.
pub struct Given {
    /// As given, with a file in the place of standard input.
    pub roots: Vec<PathBuf>,
    /// Every file.
    pub listing: Listing,
    /// Standard input, kept as long as this is.
    pub kept: Option<Kept>,
}

impl Given {
    /// Lists the files below `logs`, but for the ledger in use.
    ///
    /// # Errors
    /// Logs that cannot be looked at, standard input that cannot be kept.
    pub fn of(logs: &[PathBuf], ledger: Option<&Path>) -> Result<Given, Failure> {
        let mut roots = logs.to_vec();
        let kept = standard_input::replace(&mut roots)?;
        let listing = list(&roots, ledger)?;
        Ok(Given {
            roots,
            listing,
            kept,
        })
    }

    /// Refuses a ledger that holds files of other logs too: what it counts and what is read
    /// here would be two different sets.
    ///
    /// # Errors
    /// Such a ledger, or one that cannot be read.
    pub fn refuse_others(&self, ledger: &Ledger) -> Result<(), Failure> {
        let (count, first) = self
            .others(ledger)
            .map_err(|error| ledger_failure(&error))?;
        let Some(first) = first else { return Ok(()) };
        let are = match count {
            1 => "1 file that is".to_owned(),
            _ => format!("{} files that are", thousands(count)),
        };
        let path = sanitize::inline(&ledger.path().to_string_lossy()).into_owned();
        Err(Failure::usage(
            format!(
                "ledger `{path}` holds {are} not among the logs, first `{}`",
                display_value(&first)
            ),
            format!(
                "name all logs of the ledger, or leave `--ledger` out to look at these alone; \
                 `--ledger {path} --period PERIOD` without logs looks at the whole ledger"
            ),
        ))
    }

    /// How many files and problems of the ledger are not of these logs, and the first.
    fn others(&self, ledger: &Ledger) -> Result<(u64, Option<String>), LedgerError> {
        // How many files of a name are left to be met in the ledger.
        let mut own: HashMap<String, usize> = HashMap::new();
        for file in self.listing.files.iter() {
            *own.entry(file.key).or_default() += 1;
        }
        let mut others: Vec<String> = Vec::new();
        ledger.keys(|key| {
            if !is_member(key, &own) && !meet(key, &mut own) {
                others.push(key.to_owned());
            }
        })?;
        let problems = self.listing.problems.iter();
        let problems: HashSet<&str> = problems.map(|one| one.display.as_str()).collect();
        for problem in ledger.problems()? {
            let name = problem.name.as_str();
            // What could not be looked at once may be a file now.
            if !problems.contains(name) && !own.contains_key(name) {
                others.push(problem.name);
            }
        }
        Ok((others.len() as u64, others.into_iter().min()))
    }
}

fn meet(key: &str, own: &mut HashMap<String, usize>) -> bool {
    match own.get_mut(key) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

/// Whether a file is a member of one of these archives.
fn is_member(key: &str, own: &HashMap<String, usize>) -> bool {
    key.match_indices('!')
        .any(|(at, _)| own.contains_key(&key[..at]))
}
