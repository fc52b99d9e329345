//! `attestrail control list` and `show`: what controls there are and what they say.

use std::io::Write;

use super::args::{ControlFilter, ControlShow};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Out, closed_is_fine};
use crate::control::load;
use crate::control::model::Control;
use crate::control::set::ControlSet;
use crate::diagnostic::{Diagnostic, Diagnostics, Level, suggestion};
use crate::lint;

/// The shipped controls, or those of the folders named in their place. Warnings go to standard error.
///
/// # Errors
/// Every problem of every file.
pub fn load_set(folders: &[std::path::PathBuf], quiet: bool) -> Result<ControlSet, Failure> {
    let (set, warnings) = load_with_warnings(folders)?;
    if !quiet && !warnings.is_empty() {
        super::output::complain(&warnings.to_string());
    }
    Ok(set)
}

/// As [`load_set`], with the warnings for the caller to tell.
///
/// # Errors
/// Every problem of every file.
pub fn load_with_warnings(
    folders: &[std::path::PathBuf],
) -> Result<(ControlSet, Diagnostics), Failure> {
    let loaded = if folders.is_empty() {
        load::shipped()?
    } else {
        load::from_paths(folders)?
    };
    Ok(loaded)
}

/// What lint says about own controls that bears on a verdict: that they can never match, or may not. The shipped ones are clean.
///
/// A forbidden event that is misspelt is never found, and that would read as a pass; so an error of lint is an error of a run.
pub fn lint_own(set: &ControlSet, folders: &[std::path::PathBuf]) -> Diagnostics {
    let mut found = Diagnostics::new();
    if !folders.is_empty() {
        let all = lint::lint(set);
        let bears =
            |one: &&Diagnostic| one.level == Level::Error || MAY_NOT_MATCH.contains(&one.code);
        found.extend(all.iter().filter(bears).cloned());
    }
    found
}

/// Warnings of lint about patterns that perhaps match nothing.
const MAY_NOT_MATCH: [&str; 3] = ["unknown-event", "prefix-of-no-event", "unknown-field"];

/// The control with this id.
///
/// # Errors
/// Names the nearest id where there is none.
pub fn find<'s>(set: &'s ControlSet, id: &str) -> Result<&'s Control, Failure> {
    set.get(id).ok_or_else(|| {
        let known = set.controls().iter().map(|control| control.id.as_str());
        let help = suggestion(id, known)
            .unwrap_or_else(|| "`attestrail control list` shows all of them".to_owned());
        Failure::usage(
            format!("no control has the id `{}`", crate::sanitize::inline(id)),
            help,
        )
    })
}

/// The controls with these ids, or all.
///
/// # Errors
/// Names the first id that there is no control for.
pub fn chosen<'s>(set: &'s ControlSet, ids: &[String]) -> Result<Vec<&'s Control>, Failure> {
    if ids.is_empty() {
        return Ok(set.controls().iter().collect());
    }
    ids.iter().map(|id| find(set, id)).collect()
}

/// `attestrail control list`
///
/// # Errors
/// When controls do not load.
pub fn list(args: &ControlFilter, out: &mut Out) -> Result<Exit, Failure> {
    let set = load_set(&args.controls, false)?;
    let controls = chosen(&set, &args.ids)?;
    if args.json {
        let rows: Vec<serde_json::Value> = controls.iter().map(|control| listed(control)).collect();
        closed_is_fine(writeln!(out, "{}", serde_json::Value::Array(rows)))?;
        return Ok(Exit::Clean);
    }
    let id_width = controls
        .iter()
        .map(|control| control.id.len())
        .max()
        .unwrap_or(0);
    for control in controls {
        let line = format!(
            "{:id_width$}  {:13}  {:8}  {}",
            control.id,
            control.expectation.kind(),
            control.severity.id(),
            control.title
        );
        closed_is_fine(writeln!(out, "{line}"))?;
    }
    Ok(Exit::Clean)
}

fn listed(control: &Control) -> serde_json::Value {
    let needs: Vec<&str> = control.needs.iter().map(|class| class.id()).collect();
    serde_json::json!({
        "id": control.id,
        "title": control.title,
        "kind": control.expectation.kind(),
        "severity": control.severity.id(),
        "needs": needs,
        "requirements": control.requirements,
        "lists": control.lists_used(),
        "examples": control.examples.len(),
    })
}

/// `attestrail control show`
///
/// # Errors
/// When controls do not load, or there is none of this id.
pub fn show(args: &ControlShow, out: &mut Out) -> Result<Exit, Failure> {
    let set = load_set(&args.controls, false)?;
    let control = find(&set, &args.id)?;
    let text = if args.toml {
        control.source.text.to_string()
    } else {
        shown(control, &set)
    };
    closed_is_fine(write!(out, "{text}"))?;
    Ok(Exit::Clean)
}

fn shown(control: &Control, set: &ControlSet) -> String {
    let needs: Vec<&str> = control.needs.iter().map(|class| class.id()).collect();
    let mut text = format!(
        "{}\n{}\n",
        control.title,
        "=".repeat(control.title.chars().count())
    );
    let mut line = |head: &str, body: &str| {
        if !body.is_empty() {
            text.push_str(&format!("{head:<13}{}\n", wrapped(body, 13)));
        }
    };
    line("id", &control.id);
    line("kind", control.expectation.kind());
    line("severity", control.severity.id());
    line("needs", &needs.join(", "));
    line("lists", &control.lists_used().join(", "));
    line("objective", &control.objective);
    line("procedure", &control.procedure);
    line("limits", &control.limits);
    for (framework, ids) in &control.requirements {
        for id in ids {
            let title = set
                .frameworks()
                .get(framework)
                .and_then(|framework| framework.requirement(id))
                .map_or("", |requirement| requirement.title.as_str());
            line("requirement", &format!("{framework} {id}  {title}"));
        }
    }
    text.push_str(&format!("\n{}\n", expectation_text(control).trim_end()));
    text
}

/// The expectation as its author wrote it: from `[expect]` to the first example.
fn expectation_text(control: &Control) -> &str {
    let text = control.source.text.as_str();
    let from = text.find("\n[expect").map_or(0, |at| at + 1);
    let to = text[from..]
        .find("\n[[example]]")
        .map_or(text.len(), |at| from + at);
    &text[from..to]
}

/// Breaks a text at blanks so that it fits beside its head on 100 columns.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("never empty");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() > 100 - indent {
            lines.push(word.to_owned());
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}
