//! The engine answers as the reference does: every conformance vector.

use std::path::PathBuf;

use attestrail::pattern::vectors;

/// The folder with the reference's answers, where it is there.
fn shared_vectors() -> Option<PathBuf> {
    let shared = std::env::var_os("ATTESTRAIL_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = shared.join("conformance/event-patterns");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "the conformance vectors must be there where CI is set: {}",
        folder.display()
    );
    None
}

/// The subset that is part of the repository.
fn own_vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/patterns")
}

#[track_caller]
fn run_folder(folder: &std::path::Path) -> usize {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut report = vectors::Report::default();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a vector file is text");
        let one = vectors::run(&text).expect("a vector file has the form of its README");
        assert!(
            one.passed + one.failed > 0,
            "{} holds vectors",
            file.display()
        );
        println!(
            "{}: {} passed, {} failed",
            file.display(),
            one.passed,
            one.failed
        );
        report.merge(one);
    }
    for difference in report.differences.iter().take(40) {
        println!("{difference:#?}");
    }
    assert_eq!(report.failed, 0, "all answers are those of the reference");
    report.passed
}

#[test]
fn all_shared_vectors_are_answered_as_the_reference_did() {
    if let Some(folder) = shared_vectors() {
        assert!(run_folder(&folder) > 4000);
    }
}

#[test]
fn the_vectors_of_this_repository_are_answered_as_the_reference_did() {
    assert!(run_folder(&own_vectors()) > 500);
}
