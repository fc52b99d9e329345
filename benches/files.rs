//! Many small files: what walking, opening and bookkeeping cost beside reading them, and
//! what a second scan costs that finds nothing new.
//!
//! `cargo bench --bench files -- 1000000` takes another number of files.

mod common;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::ledger::Ledger;
use attestrail::ledger::identity::Identity;
use attestrail::reader::{ReadLimits, Scratch};
use attestrail::record::project::Projector;
use attestrail::scan::{FactSink, NoProgress, Plan, ScanOptions, Summary, facts_of_bytes, scan};
use attestrail::source::local::{WalkOptions, walk};
use common::corpus::{Corpus, small_files};
use common::cpu::{median, timed};

const SEED: &str = "bench";
const ROUNDS: usize = 3;

fn main() {
    let mut words = std::env::args().skip(1);
    let count = words.find_map(|word| word.parse().ok());
    let corpus = small_files(count.unwrap_or(50_000));
    let (set, _) = load::shipped().expect("the shipped controls load");
    let bench = Bench { corpus, set };
    let mut ratios: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let (floor, bytes) = timed(|| bench.opened());
        let (reading, records) = timed(|| bench.read());
        let whole = bench.corpus.truth.records + bench.corpus.truth.duplicates;
        assert_eq!(records, whole);
        let place = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target"));
        let ledger = place.expect("the target folder can be written");
        let ledger = ledger.path().join("ledger");
        let (first, found) = timed(|| bench.scanned(&ledger, false));
        assert_eq!((found.read.records, found.read.bytes), (whole, bytes));
        let (second, found) = timed(|| bench.scanned(&ledger, false));
        assert_eq!((found.read.files, found.unchanged), (0, found.listed));
        let (again, found) = timed(|| bench.scanned(&ledger, true));
        assert_eq!((found.read.files, found.replaced), (found.listed, 0));
        println!(
            "{floor:.2} s opening, {reading:.2} s reading, {first:.2} s scan, {second:.2} s second scan, {again:.2} s reading again"
        );
        let all = [
            first / floor,
            (first - reading) / reading,
            second / first,
            again / first,
        ];
        for (ratios, ratio) in ratios.iter_mut().zip(all) {
            ratios.push(ratio);
        }
    }
    let [scan, books, second, again] = ratios.map(median);
    println!("files: {}", bench.corpus.truth.files);
    println!("scan of small files / walking, opening and reading their bytes: {scan:.2}");
    println!("small files, walk and bookkeeping / reading their records: {books:.2}");
    println!("second scan of small files / first: {second:.3}");
    println!("scan of small files with --rehash / first: {again:.2}");
}

struct Bench {
    corpus: Corpus,
    set: ControlSet,
}

impl Bench {
    /// Walks, opens and reads, and looks at nothing; how many bytes there are.
    fn opened(&self) -> u64 {
        let mut buffer = Vec::new();
        let mut total = 0;
        each_file(&self.corpus.folder, &mut |path| {
            buffer.clear();
            let mut file = File::open(path).expect("the corpus can be read");
            total += file
                .read_to_end(&mut buffer)
                .expect("the corpus can be read") as u64;
        });
        total
    }

    /// Reads all records from memory, as a scan does, and keeps nothing; how many there are.
    fn read(&self) -> u64 {
        let scope = Scope::none();
        let plan = Plan::new(&self.set, &scope, SEED);
        let (limits, mut scratch) = (ReadLimits::default(), Scratch::new());
        let mut projector = Projector::new(plan.paths());
        let mut sink = FactSink::new(&plan);
        let mut total = 0;
        each_file(&self.corpus.folder, &mut |path| {
            let bytes = fs::read(path).expect("the corpus can be read");
            let key = path.to_string_lossy();
            let facts = facts_of_bytes(
                &key,
                &bytes,
                &limits,
                &mut scratch,
                &mut projector,
                &mut sink,
            );
            total += facts.records_seen;
        });
        total
    }

    /// The whole scan into a ledger in a file, as the command does it.
    fn scanned(&self, ledger: &Path, rehash: bool) -> Summary {
        let scope = Scope::none();
        let identity = Identity::of(&self.set, &scope, SEED);
        let mut ledger = Ledger::open_or_create(ledger, &identity).expect("a ledger");
        let roots = [self.corpus.folder.clone()];
        let listing = walk(&roots, WalkOptions::default()).expect("walked");
        let plan = Plan::new(&self.set, &scope, SEED);
        let options = ScanOptions {
            rehash,
            ..ScanOptions::default()
        };
        ledger.begin_scan("bench").expect("begun");
        let never = AtomicBool::new(false);
        let found = scan(
            &mut ledger,
            &listing,
            &plan,
            &options,
            &mut NoProgress,
            &never,
        );
        let found = found.expect("scanned");
        ledger.end_scan("bench").expect("ended");
        assert_eq!((found.refused, found.records_refused), (0, 0));
        found
    }
}

fn each_file(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("the corpus can be walked") {
        let entry = entry.expect("the corpus can be walked");
        match entry
            .file_type()
            .expect("the corpus can be walked")
            .is_dir()
        {
            true => each_file(&entry.path(), each),
            false => each(&entry.path()),
        }
    }
}
