//! Every dependency that ends up in the program has a licence that its users can live with.
//!
//! Works offline: Cargo tells the licences of what the lock file names. The fuzz targets have
//! a lock file of their own, whose further crates are on a machine only if it fuzzes; they are
//! named here with their licences, and never become part of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Licences that ask for no more than their text to be kept.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What the fuzz targets need beside the product's own dependencies, and its licence as its
/// package states it. Only who builds the targets gets it: nothing of it is distributed.
const FUZZER: &[(&str, &str)] = &[
    ("arbitrary", "MIT OR Apache-2.0"),
    ("attestrail-fuzz", "Apache-2.0"),
    ("jobserver", "MIT OR Apache-2.0"),
    ("libfuzzer-sys", "(MIT OR Apache-2.0) AND NCSA"),
];

/// The University of Illinois licence of libFuzzer asks no more than the BSD licences.
const ACCEPTED_OF_FUZZER: &str = "(MIT OR Apache-2.0) AND NCSA";

#[test]
fn every_dependency_has_an_accepted_licence() {
    // Crates for other systems are in the lock file but need not be on this machine.
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--filter-platform",
            &host(),
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert!(
        packages.len() > 20,
        "only {} packages: not the whole tree",
        packages.len()
    );
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !is_accepted(package["license"].as_str().unwrap_or_default()))
        .map(|package| {
            format!(
                "{} {}: `{}`",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(
        refused.is_empty(),
        "licences to look at:\n{}",
        refused.join("\n")
    );
}

#[test]
fn fuzz_targets_are_built_with_the_crates_of_the_product() {
    let product = locked("Cargo.lock");
    let fuzz = locked("fuzz/Cargo.lock");
    assert!(fuzz.len() > 20, "only {} packages", fuzz.len());
    let own: BTreeSet<&str> = fuzz
        .difference(&product)
        .map(|package| package.0.as_str())
        .collect();
    let named: BTreeSet<&str> = FUZZER.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        own, named,
        "copy Cargo.lock to fuzz/Cargo.lock, run `cargo metadata --manifest-path fuzz/Cargo.toml`, \
         and name what is new here with its licence"
    );
    for (name, licence) in FUZZER {
        let is_good = is_accepted(licence) || *licence == ACCEPTED_OF_FUZZER;
        assert!(is_good, "{name}: `{licence}`");
    }
}

/// Name, version and checksum of every package that a lock file names.
fn locked(path: &str) -> BTreeSet<(String, String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read_to_string(path).expect("a lock file");
    let file: toml::Table = text.parse().expect("TOML");
    let packages = file["package"].as_array().expect("a list of packages");
    let text = |package: &toml::Value, name: &str| {
        let value = package.get(name).and_then(toml::Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    packages
        .iter()
        .map(|one| {
            (
                text(one, "name"),
                text(one, "version"),
                text(one, "checksum"),
            )
        })
        .collect()
}

/// The system that this compiler builds for, such as `x86_64-unknown-linux-gnu`.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc writes UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

/// An SPDX expression is accepted when one side of each `OR` is, and both sides of each `AND`.
fn is_accepted(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let inner = expression.replace(['(', ')'], "");
    // Parentheses in crate licences group `OR`s inside `AND`s.
    if expression.contains('(') {
        return inner
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| ACCEPTED.contains(&one.trim())));
    }
    inner.split(" OR ").any(|part| {
        part.split(" AND ")
            .all(|one| ACCEPTED.contains(&one.trim()))
    })
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    assert!(is_accepted("MIT OR GPL-3.0"));
    assert!(is_accepted("MIT/Apache-2.0"));
    assert!(is_accepted("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!is_accepted("MIT AND GPL-3.0"));
    assert!(!is_accepted("GPL-3.0"));
    assert!(!is_accepted(""));
}
