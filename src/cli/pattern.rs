//! `attestrail pattern check`: anybody's vectors against the pattern engine.

use std::io::Write;

use serde_json::json;

use super::args::PatternCheck;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Out, closed_is_fine};
use crate::pattern::vectors::{self, Report};
use crate::sanitize;

/// Exit 1 when a vector gives another answer, 2 when a file holds no vectors.
///
/// # Errors
/// When a file cannot be read or is not of the vector format.
pub fn check(args: &PatternCheck, out: &mut Out) -> Result<Exit, Failure> {
    let mut total = Report::default();
    for path in &args.vectors {
        let name = sanitize::inline(&path.to_string_lossy()).into_owned();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                format!("{name}: cannot read the vectors: {error}"),
                "name a JSON file of vectors, see docs/patterns.md",
            )
        })?;
        let report = vectors::run(&text).map_err(|error| {
            Failure::usage(
                format!("{name}: {error}"),
                "docs/patterns.md describes the vector format",
            )
        })?;
        total.merge(report);
    }
    if total.passed + total.failed == 0 {
        return Err(Failure::usage(
            "these files hold no vectors",
            "name files with at least one vector",
        ));
    }
    if args.json {
        let differences: Vec<serde_json::Value> = total
            .differences
            .iter()
            .map(|one| json!({"name": one.name, "expected": one.expected, "got": one.got, "pattern": one.pattern, "event": one.event}))
            .collect();
        let summary =
            json!({"passed": total.passed, "failed": total.failed, "differences": differences});
        closed_is_fine(writeln!(out, "{summary}"))?;
    } else {
        closed_is_fine(write!(out, "{}", text(&total)))?;
    }
    Ok(if total.failed == 0 {
        Exit::Clean
    } else {
        Exit::Exceptions
    })
}

fn text(total: &Report) -> String {
    let mut text = String::new();
    for one in &total.differences {
        text.push_str(&format!(
            "{}: expected {}, got {}\n  pattern {}\n",
            sanitize::inline(&one.name),
            sanitize::inline(&one.expected),
            sanitize::inline(&one.got),
            sanitize::inline(&one.pattern)
        ));
        if let Some(event) = &one.event {
            text.push_str(&format!("  event   {}\n", sanitize::inline(event)));
        }
    }
    text.push_str(&format!(
        "{} passed, {} failed\n",
        total.passed, total.failed
    ));
    text
}
