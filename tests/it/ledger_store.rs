//! What a ledger promises about its file: refusals that name the cause, and
//! facts that come out as they went in.

use std::fs;

use attestrail::ledger::merge::merge;
use attestrail::ledger::write::{Added, Writer};
use attestrail::ledger::{Identity, Ledger, LedgerError};

use crate::scan_common::*;

fn identity(tool: &str) -> Identity {
    Identity {
        tool: tool.to_owned(),
        seed: "s".to_owned(),
        ..Identity::default()
    }
}

#[test]
fn facts_come_out_of_a_ledger_as_they_went_in() {
    let made = record("2026-10-15T08:00:00Z", "CreateUser", "");
    let stop = record("2026-10-15T09:00:00Z", "StopLogging", "");
    let world = World::new(&[no_new_users()], &[made, stop])
        .and_file("broken.json", b"{\"Records\":[{]".to_vec());
    let plan = world.plan();
    let ledger = world.ledger();
    let mut ids = Vec::new();
    ledger
        .files(|head| -> Result<(), LedgerError> {
            ids.push((head.facts.key.clone(), head.id));
            Ok(())
        })
        .expect("files");
    for facts in world.facts(&plan) {
        let (_, id) = ids
            .iter()
            .find(|(key, _)| *key == facts.key)
            .expect("there");
        let found = ledger.facts(*id).expect("readable").expect("there");
        assert_eq!(found, facts);
    }
}

#[test]
fn a_ledger_made_under_other_conditions_is_refused_with_what_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    drop(Ledger::open_or_create(&path, &identity("1")).expect("made"));
    drop(Ledger::open_or_create(&path, &identity("1")).expect("opened"));
    let error = Ledger::open_or_create(&path, &identity("2")).expect_err("refused");
    assert!(
        error
            .to_string()
            .contains("it was made by version 1, not 2")
    );
    assert!(!error.help().is_empty());
}

#[test]
fn what_is_no_ledger_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    let text = "these are notes, not a ledger ".repeat(100);
    fs::write(&path, &text).expect("written");
    for result in [
        Ledger::open_or_create(&path, &identity("1")),
        Ledger::open(&path),
    ] {
        assert!(
            matches!(result, Err(LedgerError::NotALedger(_))),
            "{result:?}"
        );
    }
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
    let database = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&database).expect("opened");
    connection
        .execute_batch("CREATE TABLE t (a)")
        .expect("made");
    drop(connection);
    let result = Ledger::open_or_create(&database, &identity("1"));
    assert!(
        matches!(result, Err(LedgerError::NotALedger(_))),
        "{result:?}"
    );
}

#[test]
fn a_missing_ledger_and_a_missing_folder_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = Ledger::open(&folder.path().join("none.ledger"));
    assert!(matches!(missing, Err(LedgerError::Missing(_))));
    let nowhere = folder.path().join("no/such/folder/a.ledger");
    let nowhere = Ledger::open_or_create(&nowhere, &identity("1"));
    assert!(
        matches!(nowhere, Err(LedgerError::Unwritable { .. })),
        "{nowhere:?}"
    );
}

#[test]
fn a_ledger_that_is_being_written_is_in_use_for_everyone_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    let ledger = Ledger::open_or_create(&path, &identity("1")).expect("made");
    let second = Ledger::open_or_create(&path, &identity("1"));
    assert!(matches!(second, Err(LedgerError::InUse(_))), "{second:?}");
    let reader = Ledger::open(&path);
    assert!(matches!(reader, Err(LedgerError::InUse(_))), "{reader:?}");
    drop(ledger);
    Ledger::open(&path).expect("free again");
}

#[test]
fn what_was_not_committed_is_gone_and_what_was_stays() {
    let world = World::new(
        &[no_new_users()],
        &[record("2026-10-15T08:00:00Z", "CreateUser", "")],
    );
    let plan = world.plan();
    let facts = world.facts(&plan);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    let mut ledger = Ledger::open_or_create(&path, &plan.identity).expect("made");
    let mut writer = Writer::new(&mut ledger);
    assert_eq!(writer.add(&facts[0]).expect("added"), Added::New);
    writer.commit().expect("committed");
    assert_eq!(writer.add(&facts[1]).expect("added"), Added::New);
    drop(writer);
    drop(ledger);
    let ledger = Ledger::open(&path).expect("opened");
    assert_eq!(ledger.file_count().expect("counted"), 1);
}

#[test]
fn merging_a_ledger_twice_changes_nothing_and_others_conditions_are_refused() {
    let world = World::new(
        &[no_new_users()],
        &[record("2026-10-15T08:00:00Z", "CreateUser", "")],
    );
    let from = world.ledger();
    let mut into = Ledger::temporary(&world.plan().identity).expect("a ledger");
    assert_eq!(merge(&mut into, &from).expect("merged").added, 2);
    let again = merge(&mut into, &from).expect("merged");
    assert_eq!((again.added, again.known), (0, 2));
    same(
        &world.assess_ledger(&into).text,
        &world.assess_ledger(&from).text,
    );
    let mut other = Ledger::temporary(&identity("1")).expect("a ledger");
    let refused = merge(&mut other, &from).expect_err("refused");
    assert!(matches!(refused, LedgerError::Mismatch { .. }));
}

#[test]
fn a_damaged_ledger_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    let world = World::new(
        &[no_new_users()],
        &[record("2026-10-15T08:00:00Z", "CreateUser", "")],
    );
    let mut ledger = Ledger::open_or_create(&path, &world.plan().identity).expect("made");
    merge(&mut ledger, &world.ledger()).expect("merged");
    drop(ledger);
    let whole = fs::read(&path).expect("readable");
    for cut in [100, 4096, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..cut]).expect("written");
        let Ok(ledger) = Ledger::open(&path) else {
            continue;
        };
        let result = attestrail::assess::assess(
            &ledger,
            &world.set,
            &world.scope,
            &world.period,
            &attestrail::assess::Options::default(),
        );
        assert!(result.is_err(), "cut at {cut}");
    }
}

#[test]
fn garbage_anywhere_in_a_ledger_is_an_error_or_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    let days = (1..25).map(|day| record(&format!("2026-10-{day:02}T08:00:00Z"), "CreateUser", ""));
    let mut world = World::new(&[no_new_users()], &days.collect::<Vec<_>>());
    for day in 1..60 {
        let records = [record(
            &format!("2026-10-09T09:{day:02}:00Z"),
            "CreateUser",
            "",
        )];
        world = world.and_file(
            &key("2026-10-09", &format!("{:02}", day * 37 % 60)),
            file(&records),
        );
    }
    let mut ledger = Ledger::open_or_create(&path, &world.plan().identity).expect("made");
    merge(&mut ledger, &world.ledger()).expect("merged");
    ledger.seal().expect("sealed");
    let right = world.assess_ledger(&ledger).text;
    drop(ledger);
    let whole = fs::read(&path).expect("readable");
    let mut refused = 0;
    for at in (0..whole.len()).step_by(41) {
        let mut bytes = whole.clone();
        let end = (at + 1 + at % 9).min(bytes.len());
        for byte in &mut bytes[at..end] {
            *byte ^= 1 << (at % 8);
        }
        fs::write(&path, &bytes).expect("written");
        let answers = Ledger::open(&path).and_then(|ledger| {
            ledger.check_finished()?;
            Ok(ledger)
        });
        match answers {
            Ok(ledger) => same(&world.assess_ledger(&ledger).text, &right),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 500, "only {refused} damages were seen");
}
