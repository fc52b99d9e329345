//! Folders of controls as users have them: mixed, broken, doubled, empty.

use std::fs;
use std::path::Path;

use attestrail::control::load;
use attestrail::control::set::ControlSet;
use attestrail::diagnostic::{Diagnostics, json};

const CONTROL: &str = r#"format = 1
id = "ID"
title = "t"
objective = "o"
procedure = "p"
limits = "l"
severity = "low"
needs = ["management-write"]
requirements.hipaa = ["164.312(b)"]
[expect]
kind = "forbid"
pattern.eventName = ["StopLogging"]
"#;

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn load(folder: &Path) -> Result<(ControlSet, Diagnostics), Diagnostics> {
    load::from_paths(&[folder.to_path_buf()])
}

#[track_caller]
fn refused(folder: &Path) -> Diagnostics {
    load(folder).expect_err("problems")
}

#[test]
fn folders_are_read_with_all_below_them_and_shipped_frameworks_fill_in() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "x/y/b.toml", CONTROL.replace("ID", "b"));
    write(folder.path(), "a.toml", CONTROL.replace("ID", "a"));
    write(folder.path(), "notes.md", "not a control");
    let (set, _) = load(folder.path()).unwrap_or_else(|found| panic!("{found}"));
    let ids: Vec<_> = set.controls().iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(set.frameworks().get("pci-dss-4.0.1").is_some());
}

#[test]
fn problems_of_all_files_come_at_once_in_the_order_of_files_and_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "a.toml",
        CONTROL.replace("ID", "a").replace("severity", "severty"),
    );
    write(folder.path(), "b.toml", "format = ");
    write(folder.path(), "c.toml", [0xFF, 0xFE]);
    let found = refused(folder.path());
    let codes: Vec<_> = found.iter().map(|one| one.code).collect();
    assert_eq!(
        codes,
        ["missing-key", "unknown-key", "not-toml", "not-utf8"]
    );
    let text = found.to_string();
    assert!(
        text.contains("a.toml:7:1: unknown key `severty` in the control"),
        "{text}"
    );
    assert!(text.contains("help: did you mean `severity`?"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&json::render(&found)).expect("JSON");
    assert_eq!(value["diagnostics"][1]["line"], 7);
}

#[test]
fn the_same_id_in_two_folders_names_both() {
    let one = tempfile::tempdir().expect("a folder");
    let two = tempfile::tempdir().expect("a folder");
    for folder in [&one, &two] {
        write(folder.path(), "a.toml", CONTROL.replace("ID", "a"));
    }
    let paths = [one.path().to_path_buf(), two.path().to_path_buf()];
    let found = load::from_paths(&paths).expect_err("twice");
    let text = found.to_string();
    assert!(text.contains("control `a` is defined twice"), "{text}");
    for path in paths {
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
}

#[test]
fn an_empty_and_a_missing_folder_are_errors_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in [folder.path().to_path_buf(), folder.path().join("missing")] {
        let found = load::from_paths(&[path]).expect_err("nothing there");
        assert_eq!(found.len(), 1);
        assert!(found.to_string().contains("\nhelp: "), "{found}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = CONTROL.replace("ID", "a").replace('\n', "\r\n");
    write(folder.path(), "a.toml", format!("\u{feff}{text}"));
    let (set, _) = load(folder.path()).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(set.len(), 1);
    write(
        folder.path(),
        "a.toml",
        format!("\u{feff}{}", text.replace("severity", "severty")),
    );
    let text = refused(folder.path()).to_string();
    assert!(text.contains("a.toml:7:1: unknown key"), "{text}");
}
