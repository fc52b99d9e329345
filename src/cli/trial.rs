//! `attestrail control lint` and `control test`: is a control sound, and do its examples hold?

use std::io::Write;

use serde_json::json;

use super::args::{ControlFilter, ControlLint};
use super::control::{chosen, load_set};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Out, closed_is_fine};
use crate::control::load;
use crate::control::model::Control;
use crate::control::set::ControlSet;
use crate::control::trial::{self, Trial, TrialError};
use crate::diagnostic::{Diagnostics, json as diagnostic_json};
use crate::lint;
use crate::sanitize;

/// `attestrail control lint`: exit 2 when there is an error, 0 with warnings only.
///
/// # Errors
/// When standard output cannot be written.
pub fn lint(args: &ControlLint, out: &mut Out) -> Result<Exit, Failure> {
    let paths = [args.folders.as_slice(), args.controls.as_slice()].concat();
    let loaded = if paths.is_empty() {
        load::shipped()
    } else {
        load::good_of_paths(&paths)
    };
    let mut problems = Diagnostics::new();
    let mut is_whole = false;
    let set = match loaded {
        Ok((set, found)) => {
            is_whole = !found.has_errors();
            problems.extend(found);
            problems.extend(lint::lint(&set));
            Some(set)
        }
        Err(errors) => {
            problems.extend(errors);
            None
        }
    };
    if let Some(path) = &args.scope {
        match load::scope(path) {
            Ok((scope, warnings)) => {
                problems.extend(warnings);
                let found = set.iter().flat_map(|set| scope.check(set));
                // A control that did not load may be the one that the scope names.
                problems.extend(found.filter(|_| is_whole));
            }
            Err(errors) => problems.extend(errors),
        }
    }
    let problems = problems.sorted();
    if args.json {
        closed_is_fine(writeln!(
            out,
            "{}",
            diagnostic_json::render(&problems).trim_end()
        ))?;
    } else {
        closed_is_fine(write!(out, "{problems}"))?;
        let count = set.as_ref().map_or(0, ControlSet::len);
        closed_is_fine(writeln!(
            out,
            "{count} controls: {} errors, {} warnings",
            problems.error_count(),
            problems.warning_count()
        ))?;
    }
    Ok(if problems.has_errors() {
        Exit::Usage
    } else {
        Exit::Clean
    })
}

/// `attestrail control test`: exit 1 when an example does not hold.
///
/// # Errors
/// When controls do not load.
pub fn test(args: &ControlFilter, out: &mut Out) -> Result<Exit, Failure> {
    let set = load_set(&args.controls, false)?;
    let (mut passed, mut failed) = (0u64, 0u64);
    let mut rows = Vec::new();
    for control in chosen(&set, &args.ids)? {
        for (result, example) in trial::run(&set, control).iter().zip(&control.examples) {
            let problems = differences(result);
            if problems.is_empty() {
                passed += 1;
            } else {
                failed += 1;
            }
            if args.json {
                rows.push(json!({"control": control.id, "example": example.name, "passed": problems.is_empty(), "differences": problems}));
            } else if !problems.is_empty() {
                closed_is_fine(write!(out, "{}", report(control, &example.name, &problems)))?;
            }
        }
    }
    if args.json {
        closed_is_fine(writeln!(
            out,
            "{}",
            json!({"passed": passed, "failed": failed, "examples": rows})
        ))?;
    } else {
        closed_is_fine(writeln!(out, "{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 {
        Exit::Clean
    } else {
        Exit::Exceptions
    })
}

fn differences(result: &Result<Trial, TrialError>) -> Vec<String> {
    match result {
        Ok(trial) => trial.differences.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}

fn report(control: &Control, example: &str, problems: &[String]) -> String {
    let mut text = format!(
        "{}: example \"{}\" does not hold\n",
        control.id,
        sanitize::inline(example)
    );
    for problem in problems {
        text.push_str(&format!("  {}\n", sanitize::inline(problem)));
    }
    text
}
