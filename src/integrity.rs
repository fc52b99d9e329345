//! Whether a log set is what CloudTrail delivered, and all of it: digest chains, offline.
//!
//! [`verify`] works from [`Facts`] alone: hashes of log files, digests, signatures and
//! keys. It opens nothing, asks nobody, and follows no key that a digest names.
//! [`collect`] fills the facts from a listing; a scan may fill them on its way.
//!
//! What it cannot know: whether the keys are AWS's (the user vouches for them), and
//! whether something was cut off at the end of all chains, unless a period is asked for.

mod chain;
pub mod collect;
pub mod commands;
pub mod cover;
pub mod digest;
pub mod facts;
mod hexadecimal;
pub mod keys;
mod logs;
pub mod matters;
pub mod metadata;
pub mod parallel;
pub mod place;
mod problems;
pub mod report;
mod signature;
pub mod trails;
mod wanted;

pub use self::facts::{DigestFact, Facts, LogBytes, LogFact, Unseen};
pub use self::report::{Asked, IntegrityReport, IntegrityVerdict};

use self::place::Place;

/// What to verify against.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The period that must be covered, if one is asked for.
    pub asked: Option<Asked>,
    /// How many threads may check signatures.
    pub threads: usize,
}

/// Verifies everything that the facts tell.
pub fn verify(facts: &Facts, options: &Options) -> IntegrityReport {
    let nodes = chain::judge(facts, options);
    let mut places = logs::places(facts);
    // An organization's path tells more than a bare file name of the same account.
    let known: Vec<Place> = nodes
        .iter()
        .filter_map(|node| node.report.chain.as_ref())
        .map(|chain| chain.place.clone())
        .collect();
    places.retain(|place| {
        place.organization.is_some()
            || !known
                .iter()
                .any(|other| other.account == place.account && other.region == place.region)
    });
    let cover = cover::cover(&nodes, &places, options.asked);
    let logs = logs::judge(facts, &nodes, &cover);
    let wanted_keys = wanted::keys(&nodes);
    let wanted_signatures = wanted::signatures(&nodes);
    let digests: Vec<report::DigestReport> = nodes.into_iter().map(|node| node.report).collect();
    let mut unseen = facts.unseen.clone();
    unseen.sort();
    unseen.dedup();
    let found = problems::Found {
        facts,
        digests: &digests,
        logs: &logs,
        cover: &cover,
        unseen: &unseen,
        concern: matters::Concern::of(options.asked),
    };
    let problems = found.problems();
    IntegrityReport {
        verdict: found.verdict(&problems),
        asked: options.asked,
        cover,
        digests,
        logs,
        problems,
        unseen,
        wanted_keys,
        wanted_signatures,
    }
}
