//! A module imports only what stands before it in the flow of data.
//!
//! The table below is the design. Adding an edge is a design decision, so it
//! comes as a change of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what it may import from its own crate.
const TABLE: &[(&str, &[&str])] = &[
    ("sanitize", &[]),
    ("period", &["record"]),
    ("diagnostic", &["sanitize"]),
    ("record", &[]),
    ("source", &["sanitize", "record"]),
    ("reader", &["sanitize", "record", "source"]),
    (
        "integrity",
        &["sanitize", "period", "record", "source", "reader"],
    ),
    ("trail", &["record"]),
    ("pattern", &["sanitize", "record"]),
    (
        "control",
        &["diagnostic", "sanitize", "period", "record", "pattern"],
    ),
    ("lint", &["diagnostic", "record", "pattern", "control"]),
    (
        "ledger",
        &["sanitize", "record", "integrity", "pattern", "control"],
    ),
    (
        "scan",
        &[
            "sanitize",
            "period",
            "record",
            "source",
            "reader",
            "integrity",
            "pattern",
            "control",
            "ledger",
        ],
    ),
    (
        "assess",
        &[
            "sanitize",
            "period",
            "record",
            "source",
            "integrity",
            "trail",
            "pattern",
            "control",
            "ledger",
        ],
    ),
    (
        "inspect",
        &[
            "sanitize",
            "period",
            "record",
            "source",
            "reader",
            "integrity",
            "trail",
            "pattern",
            "control",
            "assess",
        ],
    ),
    (
        "packet",
        &[
            "sanitize", "period", "record", "trail", "pattern", "control", "assess", "render",
        ],
    ),
    (
        "render",
        &["sanitize", "period", "record", "assess", "packet"],
    ),
    (
        "cli",
        &[
            "sanitize",
            "period",
            "diagnostic",
            "record",
            "source",
            "reader",
            "integrity",
            "trail",
            "pattern",
            "control",
            "lint",
            "ledger",
            "scan",
            "assess",
            "inspect",
            "packet",
            "render",
        ],
    ),
];

#[test]
fn modules_import_only_what_stands_before_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let mut broken = Vec::new();
    for file in rust_files(&source) {
        let module = module_of(&source, &file);
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(allowed) = table.get(module.as_str()) else {
            broken.push(format!(
                "{}: module `{module}` is not in the table",
                file.display()
            ));
            continue;
        };
        let text = fs::read_to_string(&file).expect("source files are readable");
        for imported in crate_imports(&text) {
            if imported != module && !allowed.contains(&imported.as_str()) {
                broken.push(format!(
                    "{}: `{module}` imports `{imported}`",
                    file.display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn module_of(source: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(source).expect("below src");
    let first = inside
        .components()
        .next()
        .expect("not empty")
        .as_os_str()
        .to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Every module named behind `crate::`, unit tests left out: they may build on anything.
fn crate_imports(text: &str) -> Vec<String> {
    let shipped = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let code = shipped
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for part in line.split("crate::").skip(1) {
            let name: String = part
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            found.push(name);
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
