//! Reading a corpus, and judging it by the shipped controls, relative to plain
//! libdeflate inflation of the same files in the same run.
//!
//! Reading is everything: SHA-256 of the stored bytes, inflation, UTF-8, JSON,
//! members that stand twice, projection, the content hash, and the hash of the
//! key by which deduplication knows a record. `ATTESTRAIL_BENCH_LOGS` names a
//! folder of logs to take in place of the corpus that the benchmark makes.

mod common;

use attestrail::control::list::NamedLists;
use attestrail::control::load;
use attestrail::control::roles::{Assigned, ControlEngine, Judge};
use attestrail::reader::{FoundRecord, ReadLimits, RecordSink, Scratch, read_file};
use attestrail::record::path::{PathSet, core};
use attestrail::record::project::Projector;
use attestrail::source::SourceFile;
use common::corpus::logs;
use common::cpu::{inflate_all, median, timed};

const ROUNDS: usize = 7;

/// What a pass over the corpus found.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
struct Seen {
    records: u64,
    keys: u64,
    roles: u64,
}

struct Sink<'e> {
    judge: Option<Judge<'e>>,
    roles: Vec<Assigned>,
    seen: Seen,
}

impl RecordSink for Sink<'_> {
    fn record(&mut self, record: &FoundRecord<'_>) {
        self.seen.records += 1;
        let id = record
            .view
            .text(core::EVENT_ID)
            .expect("the corpus has ids");
        let key = rapidhash::v3::rapidhash_v3(id.as_bytes()) ^ record.content_hash;
        self.seen.keys = self.seen.keys.wrapping_add(key);
        if let Some(judge) = &mut self.judge {
            self.roles.clear();
            judge.roles(&record.view, &mut self.roles);
            self.seen.roles += self.roles.len() as u64;
        }
    }
    fn discard(&mut self) {
        panic!("the corpus is sound");
    }
}

fn read_all<'e>(files: &[SourceFile], paths: &'e PathSet, judge: Option<Judge<'e>>) -> Seen {
    let mut projector = Projector::new(paths);
    let mut scratch = Scratch::new();
    let limits = ReadLimits::default();
    let mut sink = Sink {
        judge,
        roles: Vec::new(),
        seen: Seen::default(),
    };
    for file in files {
        let report = read_file(file, &limits, &mut scratch, &mut projector, &mut sink);
        assert_eq!(report.records_refused, 0);
    }
    sink.seen
}

fn main() {
    let logs = logs(200_000);
    let (set, _) = load::shipped().expect("the shipped controls are sound");
    let engine = ControlEngine::new(&set, &NamedLists::new());
    let plain = PathSet::new();
    let (mut reads, mut judges) = (Vec::new(), Vec::new());
    let mut answers: Option<(Seen, Seen)> = None;
    for _ in 0..ROUNDS {
        let (floor, inflated) = timed(|| inflate_all(&logs.paths));
        let (read, read_seen) = timed(|| read_all(&logs.files, &plain, None));
        let (judge, judge_seen) =
            timed(|| read_all(&logs.files, engine.paths(), Some(engine.judge())));
        assert!(inflated > 0 && judge_seen.roles > 0);
        if let Some(records) = logs.records {
            assert_eq!(read_seen.records, records);
        }
        assert_eq!(read_seen.keys, judge_seen.keys);
        let answer = (read_seen, judge_seen);
        assert_eq!(answers.get_or_insert_with(|| answer.clone()), &answer);
        println!("{floor:.3} s inflation, {read:.3} s reading, {judge:.3} s reading and judging");
        reads.push(read / floor);
        judges.push(judge / floor);
    }
    let (_, seen) = answers.expect("there was a round");
    println!(
        "{} records, {} roles, {:.2} to 1",
        seen.records,
        seen.roles,
        logs.ratio()
    );
    println!("read one thread / inflation: {:.2}", median(reads));
    println!(
        "read and judge one thread / inflation: {:.2}",
        median(judges)
    );
}
