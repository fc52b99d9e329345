//! `attestrail settings`: the values in force, and where each comes from.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

use clap::Parser;

use super::args::{Cli, Command, Settings as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Out, closed_is_fine};
use super::plan::{Plan, Valued};
use super::settings::Settings;
use crate::sanitize;

/// Prints one line a value: name, value, origin.
///
/// # Errors
/// When the settings file cannot be used.
pub fn run(args: &Args, out: &mut Out) -> Result<Exit, Failure> {
    let settings = Settings::find(args.config.as_deref())?;
    let Cli {
        command: Command::Report(flags),
    } = Cli::parse_from(["attestrail", "report"])
    else {
        unreachable!("`report` was asked for");
    };
    let plan = Plan::new(&flags, &settings);
    let mut lines = vec![match &settings.file {
        Some(file) => format!(
            "settings file: {}",
            sanitize::inline(&file.to_string_lossy())
        ),
        None => "settings file: none (no attestrail.toml in this folder)".to_owned(),
    }];
    let paths = |all: &[PathBuf]| {
        all.iter()
            .map(|path| path.to_string_lossy())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let inputs = &plan.inputs;
    lines.push(line("logs", &inputs.logs, &paths(&inputs.logs.value)));
    lines.push(line(
        "scope",
        &inputs.scope,
        &paths(inputs.scope.value.as_slice()),
    ));
    lines.push(line(
        "controls",
        &inputs.controls,
        &or(&paths(&inputs.controls.value), "the shipped ones"),
    ));
    lines.push(line(
        "frameworks",
        &plan.frameworks,
        &or(&plan.frameworks.value.join(", "), "all"),
    ));
    lines.push(line("period", &plan.period, &plan.period.value));
    lines.push(line("out", &plan.out, &plan.out.value.to_string_lossy()));
    lines.push(line(
        "ledger",
        &plan.ledger,
        &or(&paths(plan.ledger.value.as_slice()), "a temporary one"),
    ));
    lines.push(line(
        "seed",
        &plan.seed,
        &super::intake::seed(plan.seed.value.as_deref()),
    ));
    lines.push(line(
        "sample-size",
        &plan.sample_size,
        &plan.sample_size.value,
    ));
    let chains = &plan.chains;
    lines.push(line("keys", &chains.keys, &paths(&chains.keys.value)));
    lines.push(line(
        "metadata",
        &chains.metadata,
        &paths(&chains.metadata.value),
    ));
    lines.push(line("slack", &chains.slack, &chains.slack.value));
    lines.push(line(
        "require-integrity",
        &chains.require,
        &chains.require.value,
    ));
    lines.push(line("threads", &inputs.threads, &inputs.threads.value));
    lines.push(line(
        "largest-file",
        &inputs.largest_file,
        &inputs.largest_file.value,
    ));
    lines.push(line("replace", &plan.replace, &plan.replace.value));
    lines.push(line(
        "selectors",
        &plan.selectors,
        &paths(&plan.selectors.value),
    ));
    closed_is_fine(writeln!(out, "{}", lines.join("\n")))?;
    Ok(Exit::Clean)
}

fn line<T>(name: &str, valued: &Valued<T>, shown: &dyn Display) -> String {
    let shown = or(&shown.to_string(), "(none)");
    format!(
        "{name:<17} {:<40} {}",
        sanitize::inline(&shown),
        valued.from
    )
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text.to_owned()
    }
}
