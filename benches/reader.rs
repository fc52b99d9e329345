//! Reading a corpus (SHA-256, inflation, validation, projection) relative to plain
//! libdeflate inflation of the same files in the same run.

mod common;

use std::path::PathBuf;

use attestrail::reader::{FoundRecord, ReadLimits, RecordSink, Scratch, read_file};
use attestrail::record::path::PathSet;
use attestrail::record::project::Projector;
use attestrail::source::local::{WalkOptions, walk};
use common::corpus::corpus;
use common::cpu::{inflate_all, median, timed};

const ROUNDS: usize = 5;

struct Count(u64);

impl RecordSink for Count {
    fn record(&mut self, _: &FoundRecord<'_>) {
        self.0 += 1;
    }
    fn discard(&mut self) {
        panic!("the corpus is sound");
    }
}

fn main() {
    let corpus = corpus(200_000);
    let listing = walk(std::slice::from_ref(&corpus.folder), WalkOptions::default())
        .expect("the corpus can be walked");
    let files: Vec<PathBuf> = listing.files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(files.len() as u64, corpus.truth.files);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (floor, bytes) = timed(|| inflate_all(&files));
        let (cost, records) = timed(|| {
            let paths = PathSet::new();
            let mut projector = Projector::new(&paths);
            let mut scratch = Scratch::new();
            let mut sink = Count(0);
            for file in &listing.files {
                let report = read_file(
                    file,
                    &ReadLimits::default(),
                    &mut scratch,
                    &mut projector,
                    &mut sink,
                );
                assert_eq!(report.records_refused, 0);
            }
            sink.0
        });
        assert!(bytes > 0);
        assert_eq!(records, corpus.truth.records + corpus.truth.duplicates);
        ratios.push(cost / floor);
    }
    println!("read one thread / inflation: {:.2}", median(ratios));
}
