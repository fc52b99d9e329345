//! Scans of real folders: any number of threads, any order, cut off and gone on
//! with, split and merged, all give the same assessment.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use attestrail::ledger::merge::merge;
use attestrail::ledger::{Ledger, LedgerError};
use attestrail::scan::{Counted, NoProgress, Progress, ScanError, ScanOptions, Summary, scan};
use attestrail::source::Listing;
use attestrail::source::local::{WalkOptions, walk};

use crate::scan_common::*;

/// Controls of every kind that looks at records, over a month with something for each.
fn busy_world() -> World {
    let write = "\"management-write\"";
    let named = "pattern = { eventName = [\"CreateUser\"] }";
    let controls = [
        no_new_users(),
        control("a-list", write, &format!("kind = \"inventory\"\n{named}")),
        control(
            "bursts",
            write,
            &format!(
                "kind = \"threshold\"\n{named}\nby = [\"userIdentity.userName\"]\nmore-than = 2\nwindow = \"1h\""
            ),
        ),
        control(
            "pairs",
            write,
            "kind = \"followed-by\"\n[[expect.pair]]\npattern = { eventName = [\"CreateUser\"] }\n\
             response = { eventName = [\"TagUser\"] }\nwithin = \"4h\"\njoin = [\"recipientAccountId\"]",
        ),
        control(
            "daily",
            write,
            &format!("kind = \"at-least\"\n{named}\nper = \"day\""),
        ),
        control(
            "fields",
            write,
            "kind = \"record-fields\"\n[[expect.field]]\nname = \"who\"\nany-of = [\"userIdentity.arn\"]",
        ),
        control("places", write, "kind = \"coverage\"\nwhat = \"accounts\""),
    ];
    let mut world = World::new(&controls, &[]);
    world.files.clear();
    let mut quiet = quiet_days(&october()).into_iter();
    for day in 1..=31 {
        let date = format!("2026-10-{day:02}");
        let mut records: Vec<String> = quiet.by_ref().take(3).collect();
        for hour in 0..day % 5 {
            records.push(record(
                &format!("{date}T{hour:02}:10:00Z"),
                "CreateUser",
                "",
            ));
        }
        if day % 7 == 0 {
            // A copy of what stands in the file of the day before, and a record without an id.
            records.push(record(
                &format!("2026-10-{:02}T00:10:00Z", day - 1),
                "CreateUser",
                "",
            ));
            let nameless = record(&format!("{date}T05:00:00Z"), "CreateUser", "");
            records.push(nameless.replace("\"eventID\"", "\"noID\""));
        }
        world.files.push((key(&date, "log"), file(&records)));
    }
    let contradiction = with_id(
        ACCOUNT,
        REGION,
        "2026-10-03T00:10:00Z",
        "CreateUser",
        "twice",
        "",
    );
    let other = contradiction.replace("192.0.2.7", "192.0.2.8");
    world
        .and_file(&key("2026-10-03", "one"), file(&[contradiction]))
        .and_file(&key("2026-10-04", "two"), file(&[other]))
        .and_file(
            &key("2026-10-05", "broken"),
            b"{\"Records\":[{\"a\"".to_vec(),
        )
}

fn write_files(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (key, bytes) in files {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

fn list(folder: &Path) -> Listing {
    walk(&[folder.to_owned()], WalkOptions::default()).expect("walked")
}

fn scan_into(ledger: &mut Ledger, world: &World, listing: &Listing, threads: usize) -> Summary {
    let options = ScanOptions {
        threads,
        ..ScanOptions::default()
    };
    let never = AtomicBool::new(false);
    scan(
        ledger,
        listing,
        &world.plan(),
        &options,
        &mut NoProgress,
        &never,
    )
    .expect("scanned")
}

#[test]
fn threads_and_order_change_nothing() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    let listing = list(folder.path());
    let mut one = Ledger::temporary(&world.plan().identity).expect("a ledger");
    let summary = scan_into(&mut one, &world, &listing, 1);
    assert_eq!(summary.listed, 34);
    assert_eq!(summary.refused, 1);
    let expected = world.assess_ledger(&one);
    assert_eq!(expected.assessment.log_set.files_listed, 34);
    let mut shuffled = listing.clone();
    let mut files: Vec<_> = listing.files.iter().collect();
    files.reverse();
    files.rotate_left(11);
    shuffled.files = files.into_iter().collect();
    for (listing, threads) in [(&listing, 4), (&shuffled, 1), (&shuffled, 3)] {
        let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
        scan_into(&mut ledger, &world, listing, threads);
        same(&world.assess_ledger(&ledger).text, &expected.text);
    }
    // The library over bytes says the same as the driver over files.
    let bytes = world.assess();
    assert_eq!(
        bytes.assessment.controls.len(),
        expected.assessment.controls.len()
    );
    same(&bytes.text, &expected.text);
}

#[test]
fn a_second_scan_reads_nothing_and_says_the_same() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    write_files(
        folder.path(),
        &[("notes.txt".to_owned(), b"nothing to see".to_vec())],
    );
    let ledger_folder = tempfile::tempdir().expect("a folder");
    let path = ledger_folder.path().join("second.ledger");
    let identity = world.plan().identity;
    let mut ledger = Ledger::open_or_create(&path, &identity).expect("made");
    scan_into(&mut ledger, &world, &list(folder.path()), 2);
    let before = world.assess_ledger(&ledger).text;
    drop(ledger);
    let mut ledger = Ledger::open_or_create(&path, &identity).expect("opened");
    let summary = scan_into(&mut ledger, &world, &list(folder.path()), 2);
    // Only what was refused is tried again.
    assert_eq!((summary.unchanged, summary.read.files), (34, 1));
    let options = ScanOptions {
        rehash: true,
        ..ScanOptions::default()
    };
    let never = AtomicBool::new(false);
    let listing = list(folder.path());
    let again = scan(
        &mut ledger,
        &listing,
        &world.plan(),
        &options,
        &mut NoProgress,
        &never,
    );
    let again = again.expect("scanned");
    assert_eq!((again.read.files, again.replaced), (35, 0));
    same(&world.assess_ledger(&ledger).text, &before);
}

#[test]
fn a_ledger_grows_and_a_changed_file_replaces_what_it_was() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    let (early, late) = world.files.split_at(20);
    write_files(folder.path(), early);
    // A download that was cut off; it is copied again later.
    let (key, bytes) = &late[0];
    write_files(
        folder.path(),
        &[(key.clone(), bytes[..bytes.len() / 2].to_vec())],
    );
    let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
    let summary = scan_into(&mut ledger, &world, &list(folder.path()), 2);
    assert_eq!(summary.refused, 1);
    write_files(folder.path(), late);
    let summary = scan_into(&mut ledger, &world, &list(folder.path()), 2);
    assert_eq!((summary.unchanged, summary.replaced), (20, 1));
    same(&world.assess_ledger(&ledger).text, &world.assess().text);
}

/// Asks to stop after a few files.
struct StopAfter<'s> {
    files: u64,
    stop: &'s AtomicBool,
}

impl Progress for StopAfter<'_> {
    fn begin(&mut self, _to_read: Counted, _unchanged: u64) {}
    fn advance(&mut self, done: Counted) {
        if done.files >= self.files {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_scan_that_was_stopped_goes_on_where_it_was() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    let listing = list(folder.path());
    for files in [1, 5, 17] {
        let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
        let stop = AtomicBool::new(false);
        let mut progress = StopAfter { files, stop: &stop };
        let options = ScanOptions::default();
        let summary = scan(
            &mut ledger,
            &listing,
            &world.plan(),
            &options,
            &mut progress,
            &stop,
        );
        let summary = summary.expect("stopped in order");
        assert!(summary.is_cancelled && summary.read.files >= files);
        let rest = scan_into(&mut ledger, &world, &listing, 2);
        assert_eq!(rest.unchanged, summary.read.files - summary.refused);
        assert!(!rest.is_cancelled);
        same(&world.assess_ledger(&ledger).text, &world.assess().text);
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_ledger_that_goes_on() {
    // A copy of the ledger while a batch is open is what a kill leaves behind.
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    let listing = list(folder.path());
    let ledgers = tempfile::tempdir().expect("a folder");
    let path = ledgers.path().join("a.ledger");
    let plan = world.plan();
    let facts = world.facts(&plan);
    let mut ledger = Ledger::open_or_create(&path, &plan.identity).expect("made");
    let mut writer = attestrail::ledger::write::Writer::new(&mut ledger);
    for (at, facts) in facts.iter().enumerate() {
        writer.add(facts).expect("added");
        if at == 10 {
            writer.commit().expect("committed");
        }
        if at == 20 {
            break;
        }
    }
    for name in ["a.ledger", "a.ledger-journal"] {
        let from = ledgers.path().join(name);
        if from.exists() {
            fs::copy(&from, ledgers.path().join(name.replace("a.", "b."))).expect("copied");
        }
    }
    drop(writer);
    drop(ledger);
    let killed = ledgers.path().join("b.ledger");
    let mut ledger = Ledger::open_or_create(&killed, &plan.identity).expect("opened");
    assert_eq!(ledger.file_count().expect("counted"), 11);
    scan_into(&mut ledger, &world, &listing, 2);
    same(&world.assess_ledger(&ledger).text, &world.assess().text);
}

#[test]
fn the_same_file_from_two_folders_is_one_file() {
    let world = busy_world();
    let (first, second) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    write_files(first.path(), &world.files);
    write_files(second.path(), &world.files[..5]);
    let roots = [first.path().to_owned(), second.path().to_owned()];
    let listing = walk(&roots, WalkOptions::default()).expect("walked");
    let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
    let summary = scan_into(&mut ledger, &world, &listing, 2);
    assert_eq!((summary.listed, summary.same), (39, 5));
    same(&world.assess_ledger(&ledger).text, &world.assess().text);
}

#[test]
fn two_contents_under_one_key_stay_two_when_they_are_read_again() {
    let world = busy_world();
    let (first, second) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    write_files(first.path(), &world.files);
    // Under the key of one file lies the content of another.
    let (key, content) = (&world.files[0].0, &world.files[1].1);
    write_files(second.path(), &[(key.clone(), content.clone())]);
    let roots = [first.path().to_owned(), second.path().to_owned()];
    let walked = || walk(&roots, WalkOptions::default()).expect("walked");
    let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
    scan_into(&mut ledger, &world, &walked(), 1);
    let before = world.assess_ledger(&ledger).text;
    let mut listing = walked();
    // Files are taken in this order; the second of the key comes first.
    let mut files: Vec<_> = listing.files.iter().collect();
    let at = files.iter().position(|one| one.key == *key);
    let at = at.expect("there");
    files.swap(at, at + 1);
    for root in [first.path(), second.path()] {
        let file = fs::File::options()
            .write(true)
            .open(root.join(key))
            .expect("there");
        let past =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        file.set_modified(past).expect("set");
    }
    // As a walk would find them now.
    let looks = walked();
    let look = |one: &attestrail::source::SourceFile| {
        let mut now = looks.files.iter();
        let now = now.find(|now| (&now.key, now.root) == (&one.key, one.root));
        now.expect("still there")
    };
    listing.files = files.iter().map(look).collect();
    scan_into(&mut ledger, &world, &listing, 1);
    same(&world.assess_ledger(&ledger).text, &before);
}

#[test]
fn a_file_that_a_limit_kept_out_is_read_when_the_limit_is_raised() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    let listing = list(folder.path());
    let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
    let mut options = ScanOptions::default();
    options.limits.inflate.bytes = 2_000;
    let never = AtomicBool::new(false);
    let plan = world.plan();
    let low = scan(
        &mut ledger,
        &listing,
        &plan,
        &options,
        &mut NoProgress,
        &never,
    );
    assert!(low.expect("scanned").refused > 5);
    scan_into(&mut ledger, &world, &listing, 2);
    same(&world.assess_ledger(&ledger).text, &world.assess().text);
}

#[test]
fn a_folder_that_cannot_be_looked_at_is_a_loss_until_it_can() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    write_files(folder.path(), &world.files);
    let mut listing = list(folder.path());
    // As a walk tells it; permissions do not bind the user that tests may run as.
    let problem = |name: &str| attestrail::source::Problem {
        display: name.to_owned(),
        severity: attestrail::source::Severity::Error,
        code: "unreadable",
        message: "cannot be looked at".to_owned(),
    };
    let mut files: Vec<_> = listing.files.iter().collect();
    let last = files.pop().expect("files");
    listing.files = files.into_iter().collect();
    listing.problems = vec![problem(&last.key)];
    let mut ledger = Ledger::temporary(&world.plan().identity).expect("a ledger");
    scan_into(&mut ledger, &world, &listing, 1);
    let answer = world.assess_ledger(&ledger);
    assert!(
        answer
            .refusals
            .iter()
            .any(|row| row.is_loss && row.key == last.key)
    );
    scan_into(&mut ledger, &world, &list(folder.path()), 1);
    same(&world.assess_ledger(&ledger).text, &world.assess().text);
}

#[test]
fn every_drawn_record_is_there_and_others_are_shown_by_their_projection() {
    use attestrail::assess::outcome::{EvidenceSource, List};
    let all = control(
        "all",
        "\"management-write\"",
        "kind = \"inventory\"\npattern = { eventName = [\"CreateUser\"] }",
    );
    let mut world = World::new(&[all], &[]);
    for part in 0..4 {
        let records: Vec<String> = (0..150)
            .map(|at| {
                record(
                    &format!("2026-10-15T{part:02}:{:02}:{:02}Z", at / 60, at % 60),
                    "CreateUser",
                    "",
                )
            })
            .collect();
        world
            .files
            .push((key("2026-10-15", &format!("part{part}")), file(&records)));
    }
    let ledger = world.ledger();
    let options = attestrail::assess::Options {
        framework: None,
        sample_size: 60,
        made_at: None,
        trust: None,
        snapshots: &[],
    };
    let found =
        attestrail::assess::assess(&ledger, &world.set, &world.scope, &world.period, &options);
    let found = found.expect("assessed");
    let rows = |list: List| {
        let mut rows = Vec::new();
        let mut each = |row: &attestrail::assess::outcome::EvidenceRow| {
            rows.push(row.clone());
            Ok(())
        };
        found.evidence.rows("all", list, &mut each).expect("rows");
        rows
    };
    let sample = rows(List::Sample);
    assert_eq!(sample.len(), 60);
    assert!(sample.iter().all(|row| row.record.is_some()));
    let population = rows(List::Population);
    assert_eq!(population.len(), 600);
    let with_bytes = population.iter().filter(|row| row.record.is_some()).count();
    assert_eq!(with_bytes, 60, "those that were drawn, and no others");
    let too_large = attestrail::assess::Options {
        framework: None,
        sample_size: 61,
        made_at: None,
        trust: None,
        snapshots: &[],
    };
    let refused =
        attestrail::assess::assess(&ledger, &world.set, &world.scope, &world.period, &too_large);
    assert!(
        refused
            .err()
            .expect("refused")
            .to_string()
            .contains("at most 60")
    );
}

#[test]
fn two_assessments_of_one_ledger_may_be_open_at_once() {
    let world = busy_world();
    let ledger = world.ledger();
    let options = attestrail::assess::Options::default();
    let held =
        attestrail::assess::assess(&ledger, &world.set, &world.scope, &world.period, &options);
    let held = held.expect("assessed");
    let expected = world.assess_ledger(&ledger).text;
    drop(held);
    same(&world.assess_ledger(&ledger).text, &expected);
}

#[test]
fn a_ledger_of_other_controls_does_not_answer() {
    let world = busy_world();
    let ledger = world.ledger();
    let other = World::new(&[control("new", "\"kms\"", "kind = \"integrity\"")], &[]);
    let options = attestrail::assess::Options::default();
    let result =
        attestrail::assess::assess(&ledger, &other.set, &other.scope, &other.period, &options);
    let error = result.err().expect("refused");
    assert!(
        error.to_string().contains("control `new` is new"),
        "{error}"
    );
    // Fewer of the same controls are fine.
    let fewer = World::new(&[no_new_users()], &[]);
    fewer.assess_ledger(&ledger);
}

#[test]
fn a_folder_that_cannot_hold_the_ledger_is_named() {
    let world = busy_world();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gone").join("a.ledger");
    let error = Ledger::open_or_create(&path, &world.plan().identity).expect_err("refused");
    let error = ScanError::from(error);
    assert!(error.to_string().contains("gone"));
    assert!(error.help().contains("folder"));
    let _: &ScanError = &error;
    assert!(matches!(
        error,
        ScanError::Ledger(LedgerError::Unwritable { .. })
    ));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    /// Any split by file, with files in several parts, merged in any order.
    #[test]
    fn merged_parts_say_what_the_whole_says(
        parts in proptest::collection::vec(1u8..8, 34),
        order in proptest::sample::select(vec![[0usize, 1, 2], [2, 1, 0], [1, 2, 0]]),
    ) {
        let world = busy_world();
        let plan = world.plan();
        let facts = world.facts(&plan);
        let mut whole = Ledger::temporary(&plan.identity).expect("a ledger");
        for at in order {
            let mut part = Ledger::temporary(&plan.identity).expect("a ledger");
            let mut writer = attestrail::ledger::write::Writer::new(&mut part);
            for (facts, mask) in facts.iter().zip(&parts) {
                if mask >> at & 1 == 1 {
                    writer.add(facts).expect("added");
                }
            }
            writer.commit().expect("committed");
            drop(writer);
            merge(&mut whole, &part).expect("merged");
        }
        same(&world.assess_ledger(&whole).text, &world.assess().text);
    }
}
