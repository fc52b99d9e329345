//! From an assessment and the files it was held against to the model.
//!
//! Concludes nothing of its own: verdicts of controls are taken as they are, and
//! a requirement takes the gravest. What does not add up is an error, not a packet.

mod control;
pub(super) mod integrity;
mod log_set;
pub(super) mod remarks;
mod scope;

use std::io;

use super::hashed::Hashed;
use super::mask::{Masker, Masking};
use super::model::{
    Conclusion, ControlInfo, FORMAT, FrameworkInfo, IntegrityInfo, MaskingInfo, Method, Packet,
    PeriodInfo, RequirementControl, RequirementInfo, Tool, VerdictCount,
};
use super::spool::Spool;
use super::words;
use crate::assess::outcome::{Assessment, ControlOutcome, EvidenceSource, Verdict};
use crate::control::framework::{EvidenceLevel, Framework, Requirement};
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::period::Period;
use crate::record::time;

/// Everything that a packet is built from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The outcome of the period.
    pub assessment: &'a Assessment,
    /// The long lists.
    pub source: &'a dyn EvidenceSource,
    /// All controls of the run.
    pub controls: &'a ControlSet,
    /// The framework of this packet.
    pub framework: &'a Framework,
    /// The scope of the run.
    pub scope: &'a Scope,
    /// The period of the run.
    pub period: &'a Period,
    /// What else the run knows.
    pub facts: &'a Facts,
    /// Lists that packets of the same source and the same masking share; none: each packet reads its own.
    pub spool: Option<&'a Spool>,
}

/// What only the caller knows.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The stated time of generation, seconds since 1970.
    pub generated_at: i64,
    /// Version of the program.
    pub version: String,
    /// The exact command that gives this packet again.
    pub command: String,
    /// Warnings of the controls and the scope that were loaded, one sentence each.
    pub warnings: Vec<String>,
    /// What was not examined beside what the counts say, one sentence each.
    pub not_examined: Vec<String>,
    /// What is done to secrets.
    pub masking: Masking,
}

/// Why there is no packet.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The lists could not be read.
    #[error("reading the evidence: {0}")]
    Evidence(#[from] io::Error),
    /// A sum is wrong: something vanished, or was counted twice.
    #[error("{what} do not add up: {left} is not {right}")]
    Unbalanced {
        /// What was counted.
        what: String,
        /// The whole.
        left: u64,
        /// The sum of its parts.
        right: u64,
    },
    /// The assessment is not of these controls.
    #[error("control `{0}` serves the framework but has no outcome")]
    NoOutcome(String),
    /// The model has no JSON spelling; a bug.
    #[error("spelling the packet as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl BuildError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            BuildError::Evidence(cause) => match cause.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space in the folder for temporary files, or set `TMPDIR` to another one"
                }
                io::ErrorKind::FileTooLarge => {
                    "a temporary file is too large: raise the limit on the size of files (`ulimit -f`)"
                }
                _ => "run again; if it stays, report it as a fault of attestrail",
            },
            _ => "run again; if it stays, report it as a fault of attestrail",
        }
    }
}

/// The packet of one framework.
///
/// # Errors
/// See [`BuildError`].
pub fn build(inputs: &Inputs<'_>) -> Result<Packet, BuildError> {
    let masker = Masker::new(inputs.facts.masking.clone());
    let own = Spool::default();
    let spool = inputs.spool.unwrap_or(&own);
    let mut masked_rows = 0;
    let mut controls = Vec::new();
    for control in inputs.controls.for_framework(&inputs.framework.id) {
        let outcome = outcome_of(inputs.assessment, &control.id)?;
        let (info, masked) = control::info(inputs, spool, &masker, control, outcome)?;
        masked_rows += masked;
        controls.push(info);
    }
    let requirements = requirements(inputs.framework, &controls);
    let log_set = log_set::info(inputs, spool, &masker)?;
    let coverage = log_set::coverage(inputs.assessment, &masker);
    let integrity = integrity::info(inputs)?;
    let conclusion = conclusion(inputs, &integrity, &controls, &requirements);
    let mut packet = Packet {
        format: FORMAT.to_owned(),
        id: String::new(),
        generated_at: time::format(inputs.facts.generated_at),
        tool: Tool {
            name: "attestrail".to_owned(),
            version: inputs.facts.version.clone(),
        },
        organisation: inputs.scope.organisation.clone(),
        framework: FrameworkInfo {
            id: inputs.framework.id.clone(),
            name: inputs.framework.name.clone(),
            short: inputs.framework.short.clone(),
        },
        period: PeriodInfo {
            label: inputs.period.label.clone(),
            start: time::format(inputs.period.start),
            end: time::format(inputs.period.end),
            shown: inputs.period.to_string(),
            time_zone: "UTC".to_owned(),
        },
        conclusion,
        scope: scope::info(inputs),
        method: method(inputs),
        requirements,
        controls,
        log_set,
        coverage,
        integrity,
        masking: masking(&inputs.facts.masking, masked_rows),
        definitions: words::definitions(),
    };
    packet.id = packet_id(&packet)?;
    Ok(packet)
}

/// The id that a packet must have: it depends on everything the packet says.
///
/// # Errors
/// A model without a JSON spelling.
pub fn packet_id(packet: &Packet) -> Result<String, serde_json::Error> {
    let mut hashed = Hashed::default();
    if packet.id.is_empty() {
        serde_json::to_writer(&mut hashed, packet)?;
    } else {
        let unnamed = Packet {
            id: String::new(),
            ..packet.clone()
        };
        serde_json::to_writer(&mut hashed, &unnamed)?;
    }
    let hash = hashed.finish();
    Ok(format!(
        "{}_{}_{}",
        packet.framework.id,
        packet.period.label,
        &hash[..16]
    ))
}

fn outcome_of<'a>(assessment: &'a Assessment, id: &str) -> Result<&'a ControlOutcome, BuildError> {
    let found = assessment.controls.iter().find(|one| one.id == id);
    found.ok_or_else(|| BuildError::NoOutcome(id.to_owned()))
}

/// Refuses sums that are wrong.
fn balanced(what: impl FnOnce() -> String, left: u64, right: u64) -> Result<(), BuildError> {
    if left == right {
        return Ok(());
    }
    Err(BuildError::Unbalanced {
        what: what(),
        left,
        right,
    })
}

fn requirements(framework: &Framework, controls: &[ControlInfo]) -> Vec<RequirementInfo> {
    let all = framework.requirements.iter();
    all.map(|one| requirement(one, controls)).collect()
}

fn requirement(one: &Requirement, controls: &[ControlInfo]) -> RequirementInfo {
    let serving: Vec<_> = controls
        .iter()
        .filter(|control| control.requirements.contains(&one.id))
        .collect();
    let gravest = serving
        .iter()
        .filter_map(|control| Verdict::from_id(&control.verdict))
        .max();
    RequirementInfo {
        id: one.id.clone(),
        title: one.title.clone(),
        group: one.group.clone(),
        evidence: one.evidence.id().to_owned(),
        evidence_shown: words::evidence(one.evidence).to_owned(),
        note: one.note.clone(),
        mandatory_since: one.mandatory_since.clone(),
        implementation: one.implementation.map(|kind| kind.id().to_owned()),
        controls: serving
            .iter()
            .map(|control| RequirementControl {
                id: control.id.clone(),
                title: control.title.clone(),
                verdict: control.verdict.clone(),
                verdict_shown: control.verdict_shown.clone(),
            })
            .collect(),
        verdict: gravest
            .map_or(words::NEEDS_OTHER_EVIDENCE, Verdict::id)
            .to_owned(),
        verdict_shown: gravest
            .map_or(words::NEEDS_OTHER_EVIDENCE_SHOWN, Verdict::shown)
            .to_owned(),
        why: why(one.evidence, gravest),
    }
}

/// What a reader must know beside the verdict of a requirement.
fn why(level: EvidenceLevel, gravest: Option<Verdict>) -> String {
    match (level, gravest) {
        (EvidenceLevel::None, None) => "CloudTrail gives no evidence for this requirement.",
        (EvidenceLevel::ContextOnly, None) => {
            "CloudTrail gives context at most, and no control was run for it."
        }
        (_, None) => "No control of this run serves this requirement.",
        (EvidenceLevel::Full, Some(_)) => "Systems outside AWS need their own evidence.",
        (EvidenceLevel::Partial, Some(_)) => {
            "A part of the requirement only; the rest needs other evidence."
        }
        (EvidenceLevel::ContextOnly | EvidenceLevel::None, Some(_)) => {
            "Context for sampling and interviews; the requirement itself needs other evidence."
        }
    }
    .to_owned()
}

fn verdict_counts<'v>(ids: impl Iterator<Item = &'v str> + Clone) -> Vec<VerdictCount> {
    let known = Verdict::ALL.map(|verdict| (verdict.id(), verdict.shown()));
    known
        .into_iter()
        .map(|(id, shown)| VerdictCount {
            verdict: id.to_owned(),
            shown: shown.to_owned(),
            count: ids.clone().filter(|one| *one == id).count() as u64,
        })
        .collect()
}

fn conclusion(
    inputs: &Inputs<'_>,
    integrity: &IntegrityInfo,
    controls: &[ControlInfo],
    requirements: &[RequirementInfo],
) -> Conclusion {
    let gravest = controls
        .iter()
        .filter_map(|control| Verdict::from_id(&control.verdict))
        .max()
        .unwrap_or(Verdict::NotDeterminable);
    let because = incomplete_because(inputs.assessment, controls);
    let has_exceptions = controls
        .iter()
        .any(|one| one.verdict == Verdict::Exceptions.id());
    let exit_code = match () {
        () if integrity.is_failure() => 4,
        () if !because.is_empty() => 3,
        () if has_exceptions => 1,
        () => 0,
    };
    let mut of_requirements = verdict_counts(requirements.iter().map(|one| one.verdict.as_str()));
    of_requirements.push(VerdictCount {
        verdict: words::NEEDS_OTHER_EVIDENCE.to_owned(),
        shown: words::NEEDS_OTHER_EVIDENCE_SHOWN.to_owned(),
        count: requirements
            .iter()
            .filter(|one| one.verdict == words::NEEDS_OTHER_EVIDENCE)
            .count() as u64,
    });
    let of_controls = verdict_counts(controls.iter().map(|one| one.verdict.as_str()));
    Conclusion {
        sentence: sentence(integrity, controls, &of_controls, &because),
        gravest: gravest.id().to_owned(),
        gravest_shown: gravest.shown().to_owned(),
        is_incomplete: !because.is_empty(),
        incomplete_because: because,
        exit_code,
        exit_meaning: words::exit_code(exit_code).to_owned(),
        exceptions: controls.iter().map(|one| one.counts.exceptions).sum(),
        attempts: controls.iter().map(|one| one.counts.attempts).sum(),
        controls: of_controls,
        requirements: of_requirements,
    }
}

fn incomplete_because(assessment: &Assessment, controls: &[ControlInfo]) -> Vec<String> {
    let log_set = &assessment.log_set;
    let mut because = Vec::new();
    let open = controls
        .iter()
        .filter(|one| one.verdict == Verdict::NotDeterminable.id())
        .count() as u64;
    if controls.is_empty() {
        because.push("No control of this run serves the framework.".to_owned());
    }
    if open > 0 {
        because.push(format!(
            "{} not determinable.",
            words::counted(open, "control is", "controls are")
        ));
    }
    if log_set.losses > 0 {
        because.push(format!(
            "{} refused, and evidence may be missing because of it.",
            words::counted(
                log_set.losses,
                "file or record was",
                "files or records were"
            )
        ));
    }
    if assessment.integrity.status == "failed" {
        because.push(format!(
            "Log files are not as CloudTrail delivered them: {}.",
            assessment.integrity.failures()
        ));
    } else if assessment.integrity.is_required && assessment.integrity.status != "verified" {
        because.push("Verified integrity was demanded, and it is not verified.".to_owned());
    }
    if log_set.total.conflicts > 0 {
        because.push(format!(
            "{} left out, because records with the same event id have different content.",
            words::counted(log_set.total.conflicts, "record was", "records were")
        ));
    }
    because
}

fn sentence(
    integrity: &IntegrityInfo,
    controls: &[ControlInfo],
    counts: &[VerdictCount],
    because: &[String],
) -> String {
    let total = controls.len() as u64;
    let parts: Vec<String> = counts
        .iter()
        .filter(|one| one.count > 0)
        .map(|one| format!("{} {}", one.count, words::in_a_sentence(&one.verdict)))
        .collect();
    let mut text = match total {
        0 => "No control was run for this framework, so nothing is concluded.".to_owned(),
        _ => format!(
            "{} run: {}.",
            words::counted(total, "control was", "controls were"),
            parts.join(", ")
        ),
    };
    if !because.is_empty() {
        text.push_str(" The evidence is incomplete: see below for what is missing.");
    }
    text.push_str(match integrity.status.as_str() {
        "verified" => " The log files are verified against CloudTrail's signed digests.",
        "failed" => " Log files are not as CloudTrail delivered them: integrity has failed.",
        "incomplete" => " The integrity of the log files is not verified in full.",
        _ => " The integrity of the log files is not verified.",
    });
    text.push_str(" This packet reports what CloudTrail records show; whether the requirements are met is for a person to conclude.");
    text
}

fn method(inputs: &Inputs<'_>) -> Method {
    let total = &inputs.assessment.log_set.total;
    let mut not_examined = inputs.facts.not_examined.clone();
    for (count, why) in [
        (total.outside_period, "lie outside the period"),
        (
            total.outside_scope,
            "are of accounts or Regions that the scope does not name",
        ),
        (
            total.conflicts,
            "are in conflict: same event id, other content",
        ),
        (
            total.amended,
            "were corrected by later records, which count in their place",
        ),
        (total.refused, "could not be read"),
    ] {
        if count > 0 {
            not_examined.push(format!(
                "{} {why}.",
                words::counted(count, "record", "records")
            ));
        }
    }
    match inputs.assessment.integrity.status {
        "not-verified" => not_examined.push("Digest files were not verified, so that a changed or deleted log file would not show here.".to_owned()),
        "incomplete" => not_examined.push("Digest files could not be verified in full, so that some changed or deleted log files would not show here.".to_owned()),
        _ => {}
    }
    Method {
        command: inputs.facts.command.clone(),
        seed: inputs.assessment.seed.clone(),
        sample_size: u64::from(inputs.assessment.sample_size),
        sampling: words::SAMPLING.to_owned(),
        steps: words::steps(&inputs.assessment.seed, inputs.assessment.sample_size),
        limits: words::limits(),
        not_examined,
        warnings: inputs.facts.warnings.clone(),
    }
}

fn masking(masking: &Masking, rows: u64) -> MaskingInfo {
    let (policy, joins, statement) = match masking {
        Masking::Keep => (
            "kept",
            true,
            "Records are shown as they are in the logs. Session tokens and passwords, if there are any, are in this packet: handle it as a secret.",
        ),
        Masking::Mask { key: Some(_) } => (
            "masked",
            true,
            "Session tokens, passwords and signatures found in records are replaced by `[masked by attestrail: hmac-sha256:…]`. Equal values have equal marks. The log files themselves are unchanged; their SHA-256 and the record index lead to the original.",
        ),
        Masking::Mask { key: None } => (
            "masked",
            false,
            "Session tokens, passwords and signatures found in records are replaced by `[masked by attestrail]`. Long values carry a keyed hash, so that equal ones can be seen to be equal; short ones do not, because they could be guessed from it. The log files themselves are unchanged; their SHA-256 and the record index lead to the original.",
        ),
    };
    MaskingInfo {
        policy: policy.to_owned(),
        joins,
        rows,
        statement: statement.to_owned(),
    }
}

/// The accounts that the packet's framework is about.
fn accounts_in_scope<'a>(
    inputs: &Inputs<'a>,
) -> impl Iterator<Item = &'a crate::control::scope::Account> {
    inputs.scope.accounts_for(&inputs.framework.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sums_are_refused() {
        let error = balanced(|| "records".to_owned(), 3, 2).expect_err("refused");
        assert_eq!(error.to_string(), "records do not add up: 3 is not 2");
        assert!(balanced(String::new, 2, 2).is_ok());
    }

    #[test]
    fn a_requirement_without_control_says_why() {
        assert!(why(EvidenceLevel::None, None).contains("no evidence"));
        assert!(
            why(EvidenceLevel::ContextOnly, Some(Verdict::NoExceptions))
                .contains("needs other evidence")
        );
    }
}
