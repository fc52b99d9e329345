//! Real records, and logs that are bad on purpose.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use attestrail::assess::outcome::{List, Verdict};
use attestrail::ledger::Ledger;
use attestrail::period::Period;
use attestrail::scan::{NoProgress, ScanOptions, scan};
use attestrail::source::local::{WalkOptions, walk};
use serde_json::Value;

use crate::scan_common::*;

/// The shared material, if this checkout has it beside it. On a build server it must be there.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ATTESTRAIL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "`{}` is missing",
        found.display()
    );
    None
}

fn assess_folder(world: &World, folder: &Path) -> Answer {
    let listing = walk(&[folder.to_owned()], WalkOptions::default()).expect("walked");
    let plan = world.plan();
    let mut ledger = Ledger::temporary(&plan.identity).expect("a ledger");
    let options = ScanOptions {
        threads: 2,
        ..ScanOptions::default()
    };
    let never = AtomicBool::new(false);
    scan(
        &mut ledger,
        &listing,
        &plan,
        &options,
        &mut NoProgress,
        &never,
    )
    .expect("scanned");
    world.assess_ledger(&ledger)
}

#[test]
fn the_counts_of_a_real_log_set_are_those_of_its_labels() {
    let Some(folder) = shared("data/invictus-stratus-2023") else {
        return;
    };
    let labels = std::fs::read_to_string(folder.join("labels.json")).expect("readable");
    let labels: Value = serde_json::from_str(&labels).expect("JSON");
    let counts = labels["sensitive_event_counts"].as_array().expect("a list");
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut controls = Vec::new();
    for (at, one) in counts.iter().enumerate() {
        let name = one["eventName"].as_str().expect("a name");
        let total = one["total"].as_u64().expect("a number");
        let accepted = one["by_result"]["ok"].as_u64().unwrap_or_default();
        for (kind, front) in [("forbid", "f"), ("inventory", "i")] {
            let id = format!("{front}-{at:02}");
            let expect = format!(
                "kind = \"{kind}\"\noutcome = \"success\"\npattern = {{ eventName = [\"{name}\"] }}"
            );
            expected.insert(id.clone(), (accepted, total - accepted));
            controls.push(control(
                &id,
                "\"management-write\", \"management-read\"",
                &expect,
            ));
        }
    }
    let mut world = World::new(&controls, &[]).without_scope();
    world.period = Period::between("2023-07-10T11:00:00Z", "2023-07-10T13:00:00Z").expect("valid");
    let answer = assess_folder(&world, &folder);
    let total = answer.assessment.log_set.total;
    assert_eq!((total.seen, total.kept), (1448, 1448));
    assert_eq!(answer.assessment.log_set.files_read, 20);
    for (id, (accepted, refused)) in &expected {
        let one = answer.control(id);
        let found = one.counts.exceptions + one.counts.listed;
        assert_eq!((found, one.counts.attempts), (*accepted, *refused), "{id}");
        let examined = if id.starts_with('f') {
            1448
        } else {
            accepted + refused
        };
        assert_eq!(one.counts.examined, examined, "{id}");
    }
    let account = &answer.assessment.log_set.by_account["123837392027"];
    assert_eq!(account.kept, 1448);
}

#[test]
fn copies_conflicts_and_twin_files_end_as_the_bad_inputs_say() {
    for (case, kept, duplicates, conflicts) in [
        ("c09-duplicate-event", 5, 1, 0),
        ("c10-conflicting-event", 4, 0, 2),
        ("f04-same-log-two-places", 4, 1, 0),
    ] {
        let Some(folder) = shared("conformance/bad-inputs") else {
            return;
        };
        let mut world = World::new(&[no_new_users()], &[]).without_scope();
        world.period = Period::parse("2024-05", None).expect("valid");
        let answer = assess_folder(&world, &folder.join(case).join("input"));
        let total = answer.assessment.log_set.total;
        assert!(total.kept >= kept, "{case}: {total:?}");
        assert!(total.duplicates >= duplicates, "{case}: {total:?}");
        assert_eq!(total.conflicts, conflicts, "{case}");
        let named = answer.refusals.iter().filter(|row| row.is_loss).count() as u64;
        assert_eq!(named, conflicts, "{case}");
        assert!(answer.list(List::Exceptions).is_empty());
        assert_eq!(
            answer.assessment.controls[0].verdict,
            Verdict::NotDeterminable
        );
    }
}

/// Every bad input reconciles: assess returns an error where counts do not.
#[test]
fn every_bad_input_is_scanned_and_assessed_with_counts_that_reconcile() {
    let Some(folder) = shared("conformance/bad-inputs") else {
        return;
    };
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).expect("readable") {
        let input = entry.expect("readable").path().join("input");
        if !input.is_dir() {
            continue;
        }
        cases += 1;
        let mut world = World::new(&[no_new_users()], &[]).without_scope();
        world.period = Period::parse("2024-05", None).expect("valid");
        let answer = assess_folder(&world, &input);
        let log_set = &answer.assessment.log_set;
        assert!(
            log_set.total.kept >= 3,
            "{}: {:?}",
            input.display(),
            log_set.total
        );
        let losses = answer.refusals.iter().filter(|row| row.is_loss).count() as u64;
        assert_eq!(losses, log_set.losses, "{}", input.display());
    }
    assert!(cases >= 60);
}
