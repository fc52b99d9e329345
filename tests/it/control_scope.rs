//! Scope files held against the shipped controls.

use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::diagnostic::SourceText;

const SCOPE: &str = r#"format = 1
organisation = "Example Clinic"
regions = ["us-east-1"]

[[account]]
id = "111122223333"
name = "prod"
frameworks = ["pci-dss-4.0.1", "hippa"]

[lists]
log_buckets = ["example-logs"]
log_bucket = ["example-logs"]

[[maintenance]]
from = 2026-10-03T22:00:00Z
until = 2026-10-04T02:00:00Z
controls = ["trail-stop-delete", "trail-stop"]
reason = "move"

[[waiver]]
control = "root-api-activit"
event-ids = ["x"]
reason = "r"
approver = "b"
ticket = "t"
expires = 2026-12-31
"#;

#[test]
fn names_that_no_control_or_framework_has_are_found_with_a_suggestion() {
    let (set, _) = load::shipped().unwrap_or_else(|found| panic!("{found}"));
    let (scope, warnings) = Scope::parse(&SourceText::new("scope.toml", SCOPE))
        .unwrap_or_else(|found| panic!("{found}"));
    assert!(warnings.is_empty(), "{warnings}");
    let text = scope.check(&set).to_string();
    for expected in [
        "scope.toml:8:32: unknown framework `hippa` [unknown-framework]",
        "help: did you mean `hipaa`?",
        "scope.toml:12:1: warning: no control uses the list `log_bucket` [unused-list]",
        "help: did you mean `log_buckets`?",
        "scope.toml:17:34: unknown control `trail-stop` [unknown-control]",
        "scope.toml:21:11: unknown control `root-api-activit` [unknown-control]",
        "help: did you mean `root-api-activity`?",
    ] {
        assert!(text.contains(expected), "{expected}\n---\n{text}");
    }
    assert_eq!(scope.check(&set).error_count(), 3);
}

#[test]
fn a_missing_scope_file_is_an_error_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = load::scope(&folder.path().join("scope.toml")).expect_err("missing");
    assert!(
        found.to_string().contains("\nhelp: check the path"),
        "{found}"
    );
}

#[test]
fn every_usual_list_is_used_by_a_shipped_control_and_the_other_way_round() {
    let (set, _) = load::shipped().unwrap_or_else(|found| panic!("{found}"));
    let used = set.lists_used();
    let usual = attestrail::control::list::USUAL;
    for name in &used {
        let known = name == "leavers" || usual.iter().any(|(usual, _)| usual == name);
        assert!(known, "{name} is not described");
    }
    let unused: Vec<_> = usual
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !used.contains(*name))
        .collect();
    assert!(
        unused.is_empty(),
        "{unused:?} are described and never asked for"
    );
}
