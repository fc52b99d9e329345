//! Reads every file once and tallies it, on several threads.

use std::sync::atomic::{AtomicBool, Ordering};

use super::tally::{Tally, TallySink};
use crate::integrity::parallel;
use crate::reader::{ReadLimits, Scratch, archive, read_file, read_member};
use crate::record::path::PathSet;
use crate::record::project::Projector;
use crate::source::files::Files;
use crate::source::{SourceFile, layout};

/// How to read.
pub struct PassOptions<'o> {
    /// Threads.
    pub threads: usize,
    /// Bounds of the reader.
    pub limits: ReadLimits,
    /// Only records from the first to before the second instant, if given.
    pub window: Option<(i64, i64)>,
    /// May be set at any time; the rest is then not read.
    pub cancel: &'o AtomicBool,
}

/// Files that are tallied before their tallies are joined, for each thread.
const AT_ONCE: usize = 32;

/// Tallies the files; `done` hears of each file's size and records. `None` when it was stopped.
///
/// Tallies are joined in the order of the listing, so that threads cannot show.
pub fn read(
    files: &Files,
    options: &PassOptions<'_>,
    done: &(dyn Fn(u64, u64) + Sync),
) -> Option<Tally> {
    let mut whole = Tally::whole();
    let at_once = AT_ONCE * options.threads.max(1);
    for start in (0..files.len()).step_by(at_once) {
        let tallies = parallel::map(
            at_once.min(files.len() - start),
            options.threads,
            || {
                let sink = TallySink::new(options.window);
                (Scratch::new(), Projector::new(PathSet::of_model()), sink)
            },
            |(scratch, projector, sink), at| {
                if options.cancel.load(Ordering::Relaxed) {
                    return None;
                }
                let file = files.get(start + at)?;
                let tally = one(&file, options, scratch, projector, sink);
                done(file.size, tally.total.records);
                Some(tally)
            },
        );
        for tally in tallies {
            whole.join(&tally?);
        }
    }
    // An archive may have been left in its middle.
    (!options.cancel.load(Ordering::Relaxed)).then_some(whole)
}

/// Tallies one file, or every member of an archive in the order in which they stand there.
fn one(
    file: &SourceFile,
    options: &PassOptions<'_>,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut TallySink,
) -> Tally {
    sink.begin(file.claim().account);
    let report = read_file(file, &options.limits, scratch, projector, sink);
    if !report.is_archive() {
        return sink.finish(&report);
    }
    // Of all members together, so its lists are bounded as those of the whole set are.
    let mut all = Tally::whole();
    archive::each_member(file, &options.limits, &mut |member| {
        sink.begin(layout::claim(&member.key).account);
        let report = read_member(&member, &options.limits, scratch, projector, sink);
        all.join(&sink.finish(&report));
        !options.cancel.load(Ordering::Relaxed)
    });
    all
}
