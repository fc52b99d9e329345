//! The command-line reference, generated from the same definitions that parse it.

use clap::{Command, CommandFactory};

use super::args::Cli;

/// `docs/cli.md`
pub fn markdown() -> String {
    let mut text = String::from(
        "# Command line\n\n\
         Generated from the program; `ATTESTRAIL_UPDATE=1 cargo test --test it generated` refreshes it.\n",
    );
    let mut command = Cli::command().term_width(100).max_term_width(100);
    command.build();
    section(&mut command, &mut Vec::new(), &mut text);
    text
}

fn section(command: &mut Command, parents: &mut Vec<String>, text: &mut String) {
    parents.push(command.get_name().to_owned());
    let level = if parents.len() == 1 {
        2
    } else {
        parents.len() + 1
    };
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!(
        "\n{} {}\n\n",
        "#".repeat(level),
        parents.join(" ")
    ));
    text.push_str(&format!("```text\n{}\n```\n", help.join("\n").trim_end()));
    for inner in command
        .get_subcommands_mut()
        .filter(|inner| inner.get_name() != "help")
    {
        section(inner, parents, text);
    }
    parents.pop();
}
