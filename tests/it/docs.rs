//! What the documents promise is there: every path they name exists, every command they show parses.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    for folder in ["docs", "docs/decisions", "controls", "samples"] {
        for entry in fs::read_dir(root().join(folder)).expect("documented folders exist") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[test]
fn every_path_in_the_documents_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).expect("documents are readable");
        for path in named_paths(&text) {
            if !root().join(&path).exists() {
                missing.push(format!("{}: `{path}`", document.display()));
            }
        }
        for target in link_targets(&text) {
            let folder = document.parent().expect("in a folder");
            if !folder.join(&target).exists() {
                missing.push(format!("{}: link to {target}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Code spans that begin with one of the top folders of the repository.
fn named_paths(text: &str) -> Vec<String> {
    let tops = [
        "src/",
        "controls/",
        "templates/",
        "samples/",
        "tests/",
        "benches/",
        "docs/",
        "scripts/",
        "assets/",
        "fuzz/",
        ".ci/",
    ];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| tops.iter().any(|top| span.starts_with(top)))
        .filter(|span| !span.contains(['<', '*', ' ', '{', '\n']))
        .map(|span| span.trim_end_matches('/').to_owned())
        .collect()
}

fn link_targets(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

#[test]
fn every_command_in_the_documents_parses() {
    let mut refused = Vec::new();
    let mut count = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("documents are readable");
        for line in shell_lines(&text) {
            count += 1;
            let words = line.split_whitespace().filter(|word| *word != "\\");
            if let Err(error) = attestrail::cli::args::Cli::try_parse_from(words)
                && error.use_stderr()
            {
                refused.push(format!("{}: {line}\n{error}", document.display()));
            }
        }
    }
    assert!(count > 5, "only {count} commands found");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Lines of `sh` blocks that call attestrail, without pipes and redirections.
fn shell_lines(text: &str) -> Vec<String> {
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(|block| {
            block
                .replace("\\\n", " ")
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|line| line.trim_start_matches("$ ").trim().to_owned())
        .filter(|line| line.starts_with("attestrail "))
        .map(|line| {
            line.split(['|', '>', '#'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}
