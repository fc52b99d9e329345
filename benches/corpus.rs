//! Writes a corpus that other benchmarks and `benches/commands.py` measure, and says where it
//! is and what is in it, as one JSON object: `cargo bench --bench corpus -- busy 1000000`.
//!
//! `busy` is what a trail delivers, `large` has files of 50 MB, `exceptions` one exception in
//! twenty records, `small` one record in each file.

mod common;

use common::corpus::{Corpus, corpus, exceptions, large_files, small_files};

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [kind, count] = words.as_slice() else {
        println!("skipped: name a kind (busy, large, exceptions, small) and a count");
        return;
    };
    let count = count.parse().expect("a count");
    let Corpus { folder, truth } = match kind.as_str() {
        "busy" => corpus(count),
        "large" => large_files(count),
        "exceptions" => exceptions(count),
        "small" => small_files(count),
        other => panic!("no kind of corpus: `{other}`"),
    };
    let told = serde_json::json!({
        "logs": folder,
        "from": "2026-10-01",
        "to": "2026-10-31",
        "files": truth.files,
        "kept": truth.records,
        "duplicates": truth.duplicates,
        "root": truth.root_calls,
        "stops": truth.stop_logging,
    });
    println!("{told}");
}
