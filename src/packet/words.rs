//! The sentences of a packet that are not in templates: what words mean, what
//! the method is and cannot show, what a verdict stands for.
//!
//! They stand in the model, because `packet.json` must say the same as its views.

use super::model::Definition;
use crate::assess::outcome::{AmendmentOutcome, Basis, DayState, Verdict};
use crate::control::framework::EvidenceLevel;

/// The verdict of a requirement that no control serves.
pub const NEEDS_OTHER_EVIDENCE: &str = "needs-other-evidence";

/// As shown.
pub const NEEDS_OTHER_EVIDENCE_SHOWN: &str = "Needs other evidence";

/// What a kind of expectation tests.
pub fn kind(id: &str) -> &'static str {
    match id {
        "forbid" => {
            "None of the matching calls may succeed; every record of the classes needed is examined."
        }
        "every" => "Every record of the population must also meet a second pattern.",
        "at-least" => "The period must hold at least so many matching records.",
        "followed-by" => "Each trigger must be followed by its response within a time limit.",
        "threshold" => "No more than so many matching records may fall into a window of time.",
        "inventory" => "The matching records are listed; a person concludes.",
        "coverage" => "The log set must hold records for what is in scope.",
        "integrity" => "The log files must verify against their digest files.",
        "record-fields" => "Every record must carry the required elements.",
        _ => "This kind of expectation has no description.",
    }
}

/// What came of a correction.
pub const fn amendment(outcome: AmendmentOutcome) -> &'static str {
    match outcome {
        AmendmentOutcome::Replaced => "counts in place of the record that it corrects",
        AmendmentOutcome::NotFound => {
            "counts; the record that it corrects is not among those of scope and period"
        }
        AmendmentOutcome::NamesNoCall => {
            "does not say which call it corrects, so both records count"
        }
        AmendmentOutcome::OtherCall => {
            "is about another call than the record that it names, so both records count"
        }
        AmendmentOutcome::Unverified => {
            "is in a file that does not verify, and what it corrects is in one that does, so both records count"
        }
        AmendmentOutcome::TakesAway => {
            "would take away what the record that it names shows, and no digest vouches for its file, so both records count"
        }
        AmendmentOutcome::Circle => "corrections name each other, so all records count",
    }
}

/// What an evidence level means for a requirement.
pub const fn evidence(level: EvidenceLevel) -> &'static str {
    match level {
        EvidenceLevel::Full => "CloudTrail can carry the test for AWS",
        EvidenceLevel::Partial => "CloudTrail carries a part of the test",
        EvidenceLevel::ContextOnly => "CloudTrail gives context only",
        EvidenceLevel::None => "CloudTrail gives no evidence",
    }
}

/// What an exit code means.
pub const fn exit_code(code: u8) -> &'static str {
    match code {
        0 => "packet written, no exceptions",
        1 => "packet written, exceptions noted",
        3 => "packet written, but incomplete: input refused, or a verdict not determinable",
        4 => "integrity: a log or digest does not verify",
        _ => "not a code of a written packet",
    }
}

/// What a verdict means.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exceptions => {
            "At least one record, or missing record, is not as the control expects, and no waiver covers it. Holds even where coverage is incomplete; the count is then \"at least\"."
        }
        Verdict::NotDeterminable => {
            "The records cannot show it: an event class is absent or unproven, a list is not filled, a record was left undecided, or input that could matter was refused. Never a pass."
        }
        Verdict::Listed => {
            "An inventory. The packet gives the population and a sample; a person concludes."
        }
        Verdict::Waived => {
            "Every exception is covered by a waiver that was in force when it happened. The exceptions stay listed."
        }
        Verdict::NoActivity => {
            "Recording is proven, and nothing of what the control tests happened in the period."
        }
        Verdict::NoExceptions => {
            "Recording is proven, the population was examined, and nothing failed."
        }
    }
}

/// A verdict behind a number of controls: `5 with exceptions`.
pub fn in_a_sentence(id: &str) -> &'static str {
    match Verdict::from_id(id) {
        Some(Verdict::Exceptions) => "with exceptions",
        Some(Verdict::NotDeterminable) => "not determinable",
        Some(Verdict::Listed) => "listed for review",
        Some(Verdict::Waived) => "with exceptions that are all waived",
        Some(Verdict::NoActivity) => "without activity in the period",
        Some(Verdict::NoExceptions) => "without exceptions",
        None => "without a verdict",
    }
}

/// The letter and the meaning of a day's state.
pub const fn day_state(state: DayState) -> (&'static str, &'static str) {
    match state {
        DayState::Delivered => (
            "D",
            "Delivered: the log set holds records of this account, Region and day.",
        ),
        DayState::DeclaredIdle => (
            "I",
            "Declared idle: the scope file says, with a reason, that no activity is expected.",
        ),
        DayState::ProvedIdle => (
            "P",
            "Proved idle: verified digests show that every delivered log file is here, and no record is of this day.",
        ),
        DayState::Missing => (
            "M",
            "Missing: digests list a log file with records of this day that is not here.",
        ),
        DayState::Silent => (
            "S",
            "Silent: no record, and nothing explains it. No activity or loss; not proven.",
        ),
        DayState::Stopped => (
            "X",
            "Stopped: a record says that a trail was stopped or delivered elsewhere on this day, and nothing shows that another went on.",
        ),
        DayState::Unclear => (
            "U",
            "Unclear: a record says that a trail was stopped, or may have delivered elsewhere, and for hours of this day nothing shows that another went on.",
        ),
        DayState::OutsideScope => ("–", "Outside the scope."),
    }
}

/// Every state in the order of the legend.
pub const DAY_STATES: [DayState; 8] = [
    DayState::Delivered,
    DayState::ProvedIdle,
    DayState::DeclaredIdle,
    DayState::Silent,
    DayState::Missing,
    DayState::Stopped,
    DayState::Unclear,
    DayState::OutsideScope,
];

/// How a state of covered time is shown.
pub fn cover(state: &str) -> &'static str {
    match state {
        "verified" => "verified",
        "hash-only" => "digests there, signature not checked",
        "failed" => "the digest does not verify",
        "hole" => "digests are missing",
        "gap" => "no digests: validation or logging was off",
        "before-first" => "before the first digest",
        "after-last" => "after the last digest",
        "no-digests" => "no digests",
        _ => "not known",
    }
}

/// The letter and the meaning of what shows a class.
pub const fn basis(basis: Basis) -> (&'static str, &'static str) {
    match basis {
        Basis::Records => ("R", "Records of the class at this account and Region."),
        Basis::Elsewhere => (
            "E",
            "Records of it at another place, of a class that is recorded in one account for all, or left out everywhere or nowhere.",
        ),
        Basis::Selectors => (
            "C",
            "A record of the call that told a trail to record it, before the period, and none that took it back.",
        ),
        Basis::Snapshot => (
            "S",
            "A snapshot of a trail's selectors: a statement of the user.",
        ),
        Basis::Stated => ("F", "The scope file states it: a statement of its author."),
        Basis::Digests => ("D", "Verified digest files cover the place."),
        Basis::Idle => ("I", "Nothing is expected at this account and Region."),
        Basis::Nothing => ("?", "Not proven."),
    }
}

/// How an integrity status is shown.
pub fn integrity(status: &str) -> String {
    match status {
        "not-verified" => "Not verified".to_owned(),
        "verified" => "Verified".to_owned(),
        "incomplete" => "Not verified in full".to_owned(),
        "failed" => "Failed".to_owned(),
        other => other.replace('-', " "),
    }
}

/// The steps of the method.
pub fn steps(seed: &str, sample_size: u32) -> Vec<String> {
    vec![
        "Every file of the log set was listed, hashed as stored and read once. Each ended as read in full, refused with a reason, or not a log.".to_owned(),
        "Every record was counted: kept, duplicate, in conflict, refused, outside the period or outside the scope. The counts add up, or no packet is written.".to_owned(),
        "Records with the same event id and recipient account are one record. If their content differs, all copies are left out and reported.".to_owned(),
        "Every kept record was tried against the pattern of every control.".to_owned(),
        "A verdict was given only where the event classes that a control needs were proven to be recorded in the accounts, Regions and days in scope.".to_owned(),
        format!("Samples hold at most {sample_size} records, drawn with the seed `{seed}`."),
    ]
}

/// How samples are drawn.
pub const SAMPLING: &str = "For each record of a population the SHA-256 of seed, a zero byte and event id is taken (file and index in place of a missing id); the records with the smallest values are the sample. Anyone can draw it again, and samples of parts of a log set merge.";

/// What the method cannot show.
pub fn limits() -> Vec<String> {
    [
        "CloudTrail shows that a call was made, by which identity, when, from where and with what outcome. It does not show what a setting is now, nor what happened inside hosts, databases or applications.",
        "What a trail was not told to record is not in the log set. Data events are recorded only where selectors ask for them.",
        "The actor is the identity that AWS authenticated. Which person acted behind a role or shared identity is a hint, as good as the session name.",
        "CloudTrail cuts some long values and leaves out others. Records where this matters are listed as undecided.",
        "A call that was accepted may still have failed later, where a service works asynchronously.",
        "The time of a record is that of the service, in whole seconds of UTC.",
        "Texts in records were written by whoever made the call. They are shown with hidden characters as escapes.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The words of a packet.
pub fn definitions() -> Vec<Definition> {
    let mut all: Vec<Definition> = [
        ("account", "An AWS account, named by its twelve digits."),
        ("actor", "The identity behind a call, normalised: the ARN of a user, of the role behind a session or of root; the name of a service; the id of a foreign account or of an Identity Center user."),
        ("attempt", "A call that matches a control's pattern but was refused. Attempts are listed; they are not exceptions."),
        ("conforming", "Tested, and as it should be."),
        ("control", "A definition of what is expected of the records, with its pattern, the event classes it needs and its limits."),
        ("coverage", "For which account, Region and day the log set holds records."),
        ("duplicate", "A record with the event id, recipient account and content of another one. It is counted once."),
        ("event class", "A kind of events that a trail records or leaves out as a whole, for example management writes or S3 object reads."),
        ("evidence level", "How far CloudTrail records can carry a requirement: full, partial, context only or none."),
        ("examined", "All that a control tested. examined = conforming + exceptions + waived + undecided + excluded."),
        ("exception", "A record, or a missing record, that is not as the control expects."),
        ("excluded", "Taken out of the test with a reason: refused calls, announced maintenance."),
        ("integrity", "Whether the log files were shown to be unaltered by CloudTrail's signed digest files."),
        ("log set", "All files given to the run."),
        ("origin", "Where a record lies: key of the log file, SHA-256 of that file as stored, index of the record from 0."),
        ("population", "The records that a control tests one by one."),
        ("record", "One CloudTrail event."),
        ("refused input", "A file or record that could not be read. It is named with its reason; evidence may be missing because of it."),
        ("sample", "Records drawn from a population in a way that anyone can repeat."),
        ("undecided", "CloudTrail left out what the test needs, or a tool made text of it, so that it has no answer."),
        ("waiver", "A decision to accept an exception, with reason, approver, ticket and last day."),
    ]
    .map(|(word, meaning)| Definition { word: word.to_owned(), meaning: meaning.to_owned() })
    .to_vec();
    all.extend(Verdict::ALL.map(|one| Definition {
        word: format!("verdict: {}", one.shown()),
        meaning: verdict(one).to_owned(),
    }));
    all.push(Definition {
        word: format!("verdict: {NEEDS_OTHER_EVIDENCE_SHOWN}"),
        meaning: "No control serves the requirement. The requirement table says what CloudTrail can and cannot show.".to_owned(),
    });
    all
}

/// `1 control is`, `2 controls are`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", count, if count == 1 { one } else { many })
}
