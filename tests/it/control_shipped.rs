//! The shipped controls load, have nothing to complain about, and do what their
//! examples say.

use attestrail::control::roles::Role;
use attestrail::control::set::ControlSet;
use attestrail::control::{load, trial};
use attestrail::lint;

fn shipped() -> ControlSet {
    let (set, warnings) = load::shipped().unwrap_or_else(|found| panic!("{found}"));
    assert!(warnings.is_empty(), "{warnings}");
    set
}

#[test]
fn every_shipped_control_loads_and_serves_both_frameworks_somewhere() {
    let set = shipped();
    for framework in ["pci-dss-4.0.1", "hipaa"] {
        assert!(set.for_framework(framework).count() > 0, "{framework}");
    }
}

#[test]
fn lint_has_nothing_to_say_about_shipped_controls() {
    let problems = lint::lint(&shipped());
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn every_example_of_every_shipped_control_comes_out_as_written() {
    let set = shipped();
    let mut failures = Vec::new();
    let mut count = 0;
    for control in set.controls() {
        for result in trial::run(&set, control) {
            count += 1;
            match result {
                Ok(trial) if trial.passed() => {}
                Ok(trial) => failures.push(format!(
                    "{}: {}: {}",
                    control.id,
                    trial.name,
                    trial.differences.join("; ")
                )),
                Err(error) => failures.push(format!("{}: {error}", control.id)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 50, "only {count} examples");
}

#[test]
fn a_copy_of_the_shipped_folder_gives_the_same_set() {
    let copy = tempfile::tempdir().expect("a folder");
    let texts = load::shipped_texts().unwrap_or_else(|found| panic!("{found}"));
    for source in texts.controls.iter().chain(&texts.frameworks) {
        let path = copy.path().join(&source.name);
        std::fs::create_dir_all(path.parent().expect("inside the copy")).expect("a folder");
        std::fs::write(&path, &source.text).expect("a file");
    }
    let (set, _) =
        load::from_paths(&[copy.path().join("controls")]).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(set.digest(), shipped().digest());
    assert_eq!(set.frameworks().digest(), shipped().frameworks().digest());
}

/// What each record of these examples shows is told by its own role: one wide
/// condition among many must not hide behind the others.
#[test]
fn each_record_of_an_example_that_says_each_is_an_exception() {
    let set = shipped();
    let mut count = 0;
    for id in ["pub-s3-policy-public", "pub-s3-policy-foreign"] {
        let control = set.get(id).expect("a shipped control");
        for trial in trial::run(&set, control).into_iter().flatten() {
            if !trial.name.starts_with("each ") {
                continue;
            }
            for (at, roles) in trial.roles.iter().enumerate() {
                count += 1;
                assert_eq!(
                    roles,
                    &[Role::Exception],
                    "{id}: {}: event {at}",
                    trial.name
                );
            }
        }
    }
    assert!(count > 40, "only {count} records");
}

/// A policy may stand in a record as an object, as text, or in two requests of
/// access points; what is asked of a statement must be the same in all of them.
#[test]
fn a_statement_is_judged_alike_wherever_its_policy_stands() {
    let texts = load::shipped_texts().unwrap_or_else(|found| panic!("{found}"));
    for id in ["pub-s3-policy-public", "pub-s3-policy-foreign"] {
        let name = format!("{id}.toml");
        let source = texts.controls.iter().find(|one| one.name.ends_with(&name));
        let control: toml::Table = source
            .expect("a shipped control")
            .text
            .parse()
            .expect("TOML");
        let ways = control["expect"]["pattern"]["$or"]
            .as_array()
            .expect("alternatives");
        let mut plain = Vec::new();
        let mut as_text: Vec<Vec<&toml::Value>> = Vec::new();
        for way in ways {
            let asked = &way["requestParameters"];
            if let Some(statement) = asked
                .get("bucketPolicy")
                .and_then(|one| one.get("Statement"))
            {
                plain.push(statement);
            }
            for path in [
                &["bucketPolicy"][..],
                &["PutAccessPointPolicyRequest", "Policy"],
                &[
                    "PutMultiRegionAccessPointPolicyRequest",
                    "Details",
                    "Policy",
                ],
            ] {
                let document = path.iter().try_fold(asked, |at, name| at.get(name));
                let tests = document.and_then(toml::Value::as_array);
                let inside = |one: &'_ &toml::Value| one.get("json").is_some();
                let tests = tests.into_iter().flatten().filter(inside);
                let found: Vec<_> = tests.map(|one| &one["json"]["Statement"]).collect();
                if !found.is_empty() {
                    as_text.push(found);
                }
            }
        }
        assert_eq!(plain.len(), 2, "{id}");
        assert_eq!(as_text, vec![plain.clone(), plain.clone(), plain], "{id}");
    }
}
