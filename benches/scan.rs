//! The whole scan (hashing, inflation, validation, matching of all shipped controls,
//! deduplication keys, ledger) with one thread, relative to plain libdeflate inflation of
//! the same files in the same run; and what 10, 100 and 1,000 controls cost.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use attestrail::assess::outcome::EvidenceSource as _;
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
use common::cpu::{inflate_all, median, timed};

const SEED: &str = "bench";
const ROUNDS: usize = 5;

fn main() {
    // `cargo bench -- 1000000` for the size that the goals are stated for.
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let corpus = corpus(asked.unwrap_or(200_000));
    let listing = walk(std::slice::from_ref(&corpus.folder), WalkOptions::default())
        .expect("the corpus can be walked");
    let files: Vec<PathBuf> = listing.files.iter().map(|file| file.path.clone()).collect();
    let (shipped, _) = load::shipped().expect("the shipped controls load");
    let mut ratios = Vec::new();
    let mut assess_shares = Vec::new();
    for _ in 0..ROUNDS {
        let (floor, bytes) = timed(|| inflate_all(&files));
        assert!(bytes > 0);
        let (cost, ledger) = timed(|| scanned(&listing, &shipped));
        ratios.push(cost / floor);
        let (share, ()) = timed(|| check_answer(&ledger, &shipped, &corpus));
        assess_shares.push(share / cost);
    }
    println!(
        "records: {}, files: {}",
        corpus.truth.records, corpus.truth.files
    );
    println!("scan one thread / inflation: {:.2}", median(ratios));
    println!("assess / scan one thread: {:.3}", median(assess_shares));
    cost_of_controls(&listing, &corpus);
}

fn scanned(listing: &Listing, set: &ControlSet) -> Ledger {
    let scope = Scope::none();
    let mut ledger =
        Ledger::temporary(&Identity::of(set, &scope, SEED)).expect("a temporary ledger");
    let plan = Plan::new(set, &scope, SEED);
    let options = ScanOptions::default();
    let cancel = AtomicBool::new(false);
    let summary = scan(
        &mut ledger,
        listing,
        &plan,
        &options,
        &mut NoProgress,
        &cancel,
    )
    .expect("scanned");
    assert_eq!((summary.refused, summary.records_refused), (0, 0));
    ledger
}

fn october() -> Period {
    Period::parse("2026-10", None).expect("a month")
}

/// The injected exceptions and duplicates come out exactly.
fn check_answer(ledger: &Ledger, set: &ControlSet, corpus: &Corpus) {
    let Assessed {
        assessment,
        evidence,
    } = assess(ledger, set, &Scope::none(), &october(), &Options::default()).expect("assessed");
    assert_eq!(assessment.log_set.total.kept, corpus.truth.records);
    assert_eq!(assessment.log_set.total.duplicates, corpus.truth.duplicates);
    let exceptions = |id: &str| {
        let one = assessment
            .controls
            .iter()
            .find(|one| one.id == id)
            .expect("a shipped control");
        one.counts.exceptions
    };
    assert_eq!(exceptions("root-api-activity"), corpus.truth.root_calls);
    assert_eq!(exceptions("trail-stop-delete"), corpus.truth.stop_logging);
    let mut inputs = 0;
    evidence
        .inputs(&mut |_| {
            inputs += 1;
            Ok(())
        })
        .expect("inputs are listed");
    assert_eq!(inputs, corpus.truth.files);
}

/// The growth from few to many controls that name events, on the same records.
fn cost_of_controls(listing: &Listing, corpus: &Corpus) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-controls");
    let sets: Vec<(usize, ControlSet)> = [10, 100, 1000]
        .into_iter()
        .map(|count| (count, generated(&folder, count)))
        .collect();
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); sets.len()];
    for _ in 0..ROUNDS {
        for (at, (_, set)) in sets.iter().enumerate() {
            let (cost, ledger) = timed(|| scanned(listing, set));
            costs[at].push(cost);
            let answer = assess(
                &ledger,
                set,
                &Scope::none(),
                &october(),
                &Options::default(),
            )
            .expect("assessed");
            let first = &answer.assessment.controls[0];
            assert_eq!(first.counts.exceptions, corpus.truth.stop_logging);
        }
    }
    let base = median(costs[0].clone());
    for ((count, _), cost) in sets.iter().zip(costs).skip(1) {
        let growth = (median(cost) / base - 1.0) * 100.0;
        println!("scan with {count} controls against 10: {growth:+.1} % CPU");
    }
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
        let mut text = String::new();
        write!(
            text,
            "format = 1\nid = \"bench-{at:04}\"\ntitle = \"Bench {at}\"\nobjective = \"x\"\nprocedure = \"x\"\nlimits = \"x\"\n\
             severity = \"low\"\nneeds = [\"management-write\"]\n[requirements]\nhipaa = [\"164.312(b)\"]\n[expect]\nkind = \"forbid\"\n\
             [expect.pattern]\neventSource = [\"cloudtrail.amazonaws.com\"]\neventName = [\"{name}\"]\n"
        )
        .expect("writing to a string");
        fs::write(folder.join(format!("bench-{at:04}.toml")), text)
            .expect("the target folder can be written");
    }
    load::from_paths(&[folder])
        .expect("generated controls load")
        .0
}
