//! Verifies the digest chains of a ledger: hashes, digests and signatures that the
//! scan kept, against keys that the user vouches for.

use std::collections::{HashMap, HashSet};

use super::AssessError;
use super::digest_trails::DigestTrails;
use super::intake::Intake;
use crate::integrity::keys::Keys;
use crate::integrity::report::{LogState, Weight};
use crate::integrity::{Asked, Facts, IntegrityReport, LogFact, Unseen, verify};
use crate::ledger::Ledger;
use crate::ledger::integrity::IntegrityFact;
use crate::ledger::read::ChainFile;
use crate::period::Period;

/// Seconds after the period until which late deliveries are waited for, where nobody says otherwise.
pub const SLACK: i64 = 3600;

/// What the user supplies for digest chains, never the log set.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The keys that the user trusts.
    pub keys: Keys,
    /// Files of metadata of digests.
    pub metadata: Vec<MetadataFile>,
    /// Seconds after the period that must be covered too.
    pub slack: i64,
    /// Whether anything but `verified` counts as a failure.
    pub is_required: bool,
    /// How many threads may check signatures.
    pub threads: usize,
}

impl Default for Trust {
    fn default() -> Self {
        Trust {
            keys: Keys::new(),
            metadata: Vec::new(),
            slack: SLACK,
            is_required: false,
            threads: 1,
        }
    }
}

/// A file of head-objects that the user named.
#[derive(Debug, Clone)]
pub struct MetadataFile {
    /// Its name, without folders.
    pub name: String,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What verification found, before it is known what matters.
#[derive(Debug)]
pub struct Examined {
    /// The answer; nothing where there are no digests.
    pub report: Option<IntegrityReport>,
    /// The period with its slack.
    pub asked: Asked,
    /// Lists of keys in the log set, which are not trusted.
    pub untrusted_keys: Vec<String>,
    /// The place of the file of each log of the report; none for missing ones.
    pub ranks: Vec<Option<u32>>,
    /// Files with records that do not verify, with what they came to.
    pub suspects: HashMap<u32, &'static str>,
    /// Files of which it must be known whether they hold records of the period.
    pub watched: HashSet<u32>,
    /// The trails that digest files name.
    pub trails: DigestTrails,
}

/// Verifies everything that the ledger knows.
pub fn examine(
    ledger: &Ledger,
    intake: &Intake,
    period: &Period,
    trust: &Trust,
) -> Result<Examined, AssessError> {
    let asked = Asked {
        start: period.start,
        end: period.end,
        slack: trust.slack,
    };
    let mut examined = Examined {
        report: None,
        asked,
        untrusted_keys: Vec::new(),
        ranks: Vec::new(),
        suspects: HashMap::new(),
        watched: HashSet::new(),
        trails: DigestTrails::default(),
    };
    // Without digests there is nothing to compare with, so nothing is gathered.
    if !ledger.has_digests()? {
        examined.untrusted_keys = ledger.files_of_public_keys()?;
        return Ok(examined);
    }
    let mut facts = Facts {
        keys: trust.keys.clone(),
        ..Facts::default()
    };
    for file in &trust.metadata {
        facts.add_metadata_lines(&file.name, &file.bytes);
    }
    let mut ranks = Vec::new();
    let mut gatherer = Gatherer::default();
    ledger.chain_files(|file| -> Result<(), AssessError> {
        let rank = intake.ranks.at(file.id);
        match &file.fact {
            IntegrityFact::Log(_) => ranks.push(rank),
            IntegrityFact::Digest { .. } if file.has_records => {
                examined.suspects.insert(rank, "malformed");
                examined.watched.insert(rank);
            }
            IntegrityFact::Keys => examined.untrusted_keys.push(file.key.clone()),
            _ => {}
        }
        gatherer.add(file, &mut facts);
        Ok(())
    })?;
    examined.trails = DigestTrails::of(&facts);
    let unseen = intake.losses.iter().filter_map(|loss| {
        let message = loss.unseen.clone()?;
        Some(Unseen {
            name: loss.name.clone(),
            message,
        })
    });
    facts.unseen.extend(unseen);
    let options = crate::integrity::Options {
        asked: Some(asked),
        threads: trust.threads,
    };
    let report = verify(&facts, &options);
    examined.trails.add_times(&report);
    examined.place(&report, &ranks)?;
    examined.report = Some(report);
    Ok(examined)
}

/// Puts files of a ledger into facts; they come in the order of keys.
#[derive(Default)]
struct Gatherer {
    last: Option<String>,
    copy: u32,
}

impl Gatherer {
    fn add(&mut self, file: ChainFile, facts: &mut Facts) {
        if self.last.as_ref() == Some(&file.key) {
            self.copy += 1;
        } else {
            self.copy = 0;
            self.last = Some(file.key.clone());
        }
        let ChainFile { key, fact, .. } = file;
        match fact {
            IntegrityFact::Log(bytes) => facts.logs.push(LogFact {
                key,
                copy: self.copy,
                bytes,
            }),
            IntegrityFact::Digest { stored, attributes } => {
                for one in &attributes {
                    facts.add_attributes(&key, one);
                }
                match stored {
                    Ok(stored) => facts.add_digest(&key, self.copy, &stored),
                    Err(why) => facts.add_unread_digest(&key, self.copy, why),
                }
            }
            IntegrityFact::Sidecar(Ok(bytes)) => facts.add_sidecar(&key, &bytes),
            IntegrityFact::Lines(Ok(bytes)) => facts.add_metadata_lines(&key, &bytes),
            IntegrityFact::Sidecar(Err(why)) | IntegrityFact::Lines(Err(why)) => {
                facts.add_bad_metadata(&key, why);
            }
            IntegrityFact::Keys | IntegrityFact::None => {}
        }
    }
}

impl Examined {
    /// The files that valid digests list as they are, by place.
    pub fn valid_files(&self) -> HashSet<u32> {
        let logs = self.report.iter().flat_map(|report| &report.logs);
        let valid = logs.zip(&self.ranks);
        valid
            .filter(|(log, _)| log.state == LogState::Valid)
            .filter_map(|(_, rank)| *rank)
            .filter(|rank| !self.watched.contains(rank))
            .collect()
    }

    /// Finds the files of the logs of the report: both are in the order of keys and copies.
    fn place(&mut self, report: &IntegrityReport, ranks: &[u32]) -> Result<(), AssessError> {
        let mut files = ranks.iter().copied();
        for log in &report.logs {
            if log.state == LogState::Missing {
                self.ranks.push(None);
                continue;
            }
            let rank = files.next().ok_or_else(|| {
                AssessError::DoesNotReconcile("more log files verified than there are".to_owned())
            })?;
            self.ranks.push(Some(rank));
            let weight = log.faults.iter().map(|fault| fault.kind.weight()).max();
            if weight >= Some(Weight::Unverified) {
                self.watched.insert(rank);
            }
            if weight == Some(Weight::Failed) {
                self.suspects.insert(rank, log.state.code());
            }
        }
        match files.next() {
            None => Ok(()),
            Some(_) => Err(AssessError::DoesNotReconcile(
                "a log file was not verified".to_owned(),
            )),
        }
    }
}
