//! The whole scan (hashing, inflation, validation, matching of all shipped controls,
//! deduplication keys, ledger) with one thread, relative to plain libdeflate inflation of
//! the same files in the same run; and what 10, 100 and 1,000 controls cost.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use attestrail::assess::outcome::{Counts, EvidenceSource as _};
use attestrail::assess::{Assessed, Options, assess};
use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::ledger::Ledger;
use attestrail::ledger::identity::Identity;
use attestrail::period::Period;
use attestrail::scan::{NoProgress, Plan, ScanOptions, scan};
use attestrail::source::Listing;
use attestrail::source::local::{WalkOptions, walk};
use common::corpus::{Corpus, corpus};
use common::cpu::{inflate_all, inflate_and_hash, median, timed};

const SEED: &str = "bench";
const ROUNDS: usize = 5;

/// What is measured, and what must come out of it.
struct Logs {
    listing: Listing,
    period: Period,
    records: u64,
    duplicates: u64,
    /// Exceptions and attempts of those shipped controls that ask exactly what the truth counts.
    exceptions: Vec<(&'static str, u64)>,
    stop_logging: u64,
}

/// `cargo bench --bench scan -- 1000000` takes another number of records, `-- --corpus DIR` a
/// folder with `AWSLogs` and a `truth.json` that says what is in it.
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let folder = words.iter().position(|word| word == "--corpus");
    let logs = match folder {
        Some(at) => given(Path::new(words.get(at + 1).expect("a folder"))),
        None => own(words.iter().find_map(|word| word.parse().ok())),
    };
    let listing = &logs.listing;
    let files: Vec<PathBuf> = listing.files.iter().map(|file| file.path).collect();
    let (shipped, _) = load::shipped().expect("the shipped controls load");
    let mut ratios = Vec::new();
    let mut assess_shares = Vec::new();
    for _ in 0..ROUNDS {
        let (floor, bytes) = timed(|| inflate_all(&files));
        assert!(bytes > 0);
        let (cost, ledger) = timed(|| scanned(listing, &shipped, 1));
        println!("{floor:.3} s inflation, {cost:.3} s scan");
        ratios.push(cost / floor);
        let (share, ()) = timed(|| check_answer(&ledger, &shipped, &logs));
        assess_shares.push(share / cost);
    }
    println!("records: {}, files: {}", logs.records, files.len());
    println!("scan one thread / inflation: {:.2}", median(ratios));
    println!("assess / scan one thread: {:.3}", median(assess_shares));
    cost_of_hashes(&logs, &files, &shipped);
    gain_of_threads(&logs, &shipped);
    cost_of_controls(&logs);
    cost_of_unanchored(&logs);
}

/// The corpus that the benchmark makes itself.
fn own(records: Option<u64>) -> Logs {
    let Corpus { folder, truth } = corpus(records.unwrap_or(200_000));
    Logs {
        listing: listed(folder),
        period: Period::parse("2026-10", None).expect("a month"),
        records: truth.records,
        duplicates: truth.duplicates,
        exceptions: vec![
            ("root-api-activity", truth.root_calls),
            ("trail-stop-delete", truth.stop_logging),
        ],
        stop_logging: truth.stop_logging,
    }
}

/// A corpus that was made elsewhere, with its truth beside it.
fn given(folder: &Path) -> Logs {
    let text = fs::read(folder.join("truth.json")).expect("the corpus has a truth.json");
    let truth: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let total = |name: &str| truth["totals"][name].as_u64().expect("a total");
    let count = |name: &str| truth["patterns"][name]["count"].as_u64().expect("a count");
    let day = |name: &str| truth["arguments"][name].as_str().expect("a day").to_owned();
    let stops = count("cloudtrail_stopped");
    Logs {
        listing: listed(folder.join("AWSLogs")),
        period: Period::between(&day("start"), &day("end")).expect("two days"),
        records: total("events"),
        duplicates: total("duplicates"),
        exceptions: vec![
            ("root-api-activity", count("root_activity")),
            ("trail-stop-delete", stops + count("cloudtrail_deleted")),
        ],
        stop_logging: stops,
    }
}

fn listed(folder: PathBuf) -> Listing {
    walk(&[folder], WalkOptions::default()).expect("the corpus can be walked")
}

/// How much sooner two threads are through; says something only where two processors idle.
fn gain_of_threads(logs: &Logs, set: &ControlSet) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let [one, two] = [1, 2].map(|threads| {
            let begin = std::time::Instant::now();
            scanned(&logs.listing, set, threads);
            begin.elapsed().as_secs_f64()
        });
        ratios.push(two / one);
    }
    println!(
        "scan two threads / one thread, wall time: {:.2}",
        median(ratios)
    );
}

/// A scan that hashes the unpacked bytes too, as one with digests does, against inflation and
/// that hashing measured alone.
fn cost_of_hashes(logs: &Logs, files: &[PathBuf], set: &ControlSet) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (floor, first) = timed(|| inflate_and_hash(files));
        assert_ne!(first, 0);
        let options = ScanOptions {
            hash_logs: true,
            ..ScanOptions::default()
        };
        let (cost, ledger) = timed(|| scanned_as(&logs.listing, set, &options));
        check_answer(&ledger, set, logs);
        ratios.push(cost / floor);
    }
    println!(
        "scan with SHA-256 of the unpacked bytes / inflation and that hashing alone: {:.2}",
        median(ratios)
    );
}

fn scanned(listing: &Listing, set: &ControlSet, threads: usize) -> Ledger {
    let options = ScanOptions {
        threads,
        ..ScanOptions::default()
    };
    scanned_as(listing, set, &options)
}

fn scanned_as(listing: &Listing, set: &ControlSet, options: &ScanOptions) -> Ledger {
    let scope = Scope::none();
    let mut ledger =
        Ledger::temporary(&Identity::of(set, &scope, SEED)).expect("a temporary ledger");
    let plan = Plan::new(set, &scope, SEED);
    let cancel = AtomicBool::new(false);
    let summary = scan(
        &mut ledger,
        listing,
        &plan,
        options,
        &mut NoProgress,
        &cancel,
    )
    .expect("scanned");
    assert_eq!((summary.refused, summary.records_refused), (0, 0));
    ledger
}

/// The injected exceptions and duplicates come out exactly.
fn check_answer(ledger: &Ledger, set: &ControlSet, logs: &Logs) {
    let Assessed {
        assessment,
        evidence,
    } = assess(
        ledger,
        set,
        &Scope::none(),
        &logs.period,
        &Options::default(),
    )
    .expect("assessed");
    assert_eq!(assessment.log_set.total.kept, logs.records);
    assert_eq!(assessment.log_set.total.duplicates, logs.duplicates);
    let exceptions = |id: &str| {
        let one = assessment
            .controls
            .iter()
            .find(|one| one.id == id)
            .expect("a shipped control");
        // The truth of a corpus says what was asked for, whether it was accepted or not.
        one.counts.exceptions + one.counts.attempts
    };
    for (id, count) in &logs.exceptions {
        assert_eq!(exceptions(id), *count, "{id}");
    }
    let mut inputs = 0;
    evidence
        .inputs(&mut |_| {
            inputs += 1;
            Ok(())
        })
        .expect("inputs are listed");
    assert_eq!(inputs, logs.listing.files.len());
}

/// The growth from few to many controls that name events, on the same records.
fn cost_of_controls(logs: &Logs) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-controls");
    let sets: Vec<(usize, ControlSet)> = [10, 100, 1000]
        .into_iter()
        .map(|count| (count, generated(&folder, count)))
        .collect();
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); sets.len()];
    for _ in 0..ROUNDS {
        for (at, (_, set)) in sets.iter().enumerate() {
            let (cost, ledger) = timed(|| scanned(&logs.listing, set, 1));
            costs[at].push(cost);
            let answer = assess(
                &ledger,
                set,
                &Scope::none(),
                &logs.period,
                &Options::default(),
            )
            .expect("assessed");
            let first = &answer.assessment.controls[0].counts;
            assert_eq!(first.exceptions + first.attempts, logs.stop_logging);
        }
    }
    let base = median(costs[0].clone());
    for ((count, _), cost) in sets.iter().zip(costs).skip(1) {
        let growth = (median(cost) / base - 1.0) * 100.0;
        println!("scan with {count} controls against 10: {growth:+.1} % CPU");
    }
}

/// What controls cost that name neither an event nor a service, so that no index helps: 1, 10
/// and 100 of them beside ten that do.
fn cost_of_unanchored(logs: &Logs) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-controls");
    let counts = [0, 1, 10, 100];
    let sets = counts.map(|count| {
        let anchored = generated(&folder, 10);
        let both = [folder.join("10"), unanchored(&folder, count)];
        let paths = if count == 0 { &both[..1] } else { &both[..] };
        let set = load::from_paths(paths).expect("generated controls load").0;
        assert_eq!(set.len(), anchored.len() + count);
        set
    });
    let mut costs: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let mut answers: BTreeMap<String, Counts> = BTreeMap::new();
        for (set, costs) in sets.iter().zip(&mut costs) {
            let (cost, ledger) = timed(|| scanned(&logs.listing, set, 1));
            costs.push(cost);
            check_counts(&ledger, set, logs, &mut answers);
        }
    }
    let [base, rest @ ..] = costs.map(median);
    for (count, cost) in counts[1..].iter().zip(rest) {
        let share = (cost / base - 1.0) * 100.0;
        println!("scan with {count} unanchored controls against none: {share:+.1} % CPU");
        let each = share / *count as f64;
        println!("each of {count} unanchored controls / the scan without: {each:+.2} % CPU");
    }
}

/// The one generated control whose event is in the corpus finds it, and no other finds anything:
/// no program, parameter or address of the unanchored ones is ever a caller's (240.0.0.0/4 is
/// reserved). How many records leave the unanchored ones undecided depends on the corpus, but not
/// on how many controls there are.
fn check_counts(
    ledger: &Ledger,
    set: &ControlSet,
    logs: &Logs,
    answers: &mut BTreeMap<String, Counts>,
) {
    let answer = assess(
        ledger,
        set,
        &Scope::none(),
        &logs.period,
        &Options::default(),
    )
    .expect("assessed");
    for control in &answer.assessment.controls {
        let id = control.id.as_str();
        let counts = control.counts;
        let expected = if id == "bench-0000" {
            logs.stop_logging
        } else {
            0
        };
        assert_eq!(counts.exceptions + counts.attempts, expected, "{id}");
        if !id.starts_with("bench-free-") {
            assert_eq!(counts.undecided, 0, "{id}");
        }
        assert_eq!(
            *answers.entry(id.to_owned()).or_insert(counts),
            counts,
            "{id}"
        );
    }
}

/// A folder with as many controls that ask for a caller's program, address or parameters alone.
fn unanchored(folder: &Path, count: usize) -> PathBuf {
    let folder = folder.join(format!("unanchored-{count}"));
    fs::create_dir_all(&folder).expect("the target folder can be written");
    for at in 0..count {
        let pattern = match at % 3 {
            0 => format!("userAgent = [{{ prefix = \"bench-{at}/\" }}]"),
            1 => format!("sourceIPAddress = [{{ cidr = \"240.0.0.{}/31\" }}]", 2 * at),
            _ => format!("requestParameters.name = [{{ suffix = \"/bench-{at}\" }}]"),
        };
        write_control(&folder, &format!("bench-free-{at:04}"), &pattern);
    }
    folder
}

/// Controls that name an event each; the first one's event is in the corpus.
fn generated(folder: &Path, count: usize) -> ControlSet {
    let folder = folder.join(count.to_string());
    fs::create_dir_all(&folder).expect("the target folder can be written");
    for at in 0..count {
        let name = if at == 0 {
            "StopLogging".to_owned()
        } else {
            format!("StopLogging{at}")
        };
        let pattern =
            format!("eventSource = [\"cloudtrail.amazonaws.com\"]\neventName = [\"{name}\"]");
        write_control(&folder, &format!("bench-{at:04}"), &pattern);
    }
    load::from_paths(&[folder])
        .expect("generated controls load")
        .0
}

fn write_control(folder: &Path, id: &str, pattern: &str) {
    let text = format!(
        "format = 1\nid = \"{id}\"\ntitle = \"{id}\"\nobjective = \"x\"\nprocedure = \"x\"\nlimits = \"x\"\n\
         severity = \"low\"\nneeds = [\"management-write\"]\n[requirements]\nhipaa = [\"164.312(b)\"]\n\
         [expect]\nkind = \"forbid\"\n[expect.pattern]\n{pattern}\n"
    );
    fs::write(folder.join(format!("{id}.toml")), text).expect("the target folder can be written");
}
