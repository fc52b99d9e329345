//! Files that are generated are what their generator gives today.

use std::fs;
use std::path::Path;

#[track_caller]
fn check(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("ATTESTRAIL_UPDATE").is_some() {
        fs::write(&file, expected).expect("the checkout can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not what the program gives\nhelp: `ATTESTRAIL_UPDATE=1 cargo test --test it generated` refreshes it"
    );
}

#[test]
fn the_command_line_reference_is_fresh() {
    check("docs/cli.md", &attestrail::cli::reference::markdown());
}
