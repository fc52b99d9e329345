//! The shipped controls load, have nothing to complain about, and do what their
//! examples say.

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
