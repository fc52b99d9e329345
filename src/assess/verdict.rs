//! From the counts of a control to its verdict.

use super::AssessError;
use super::desk::Desk;
use super::outcome::{ControlOutcome, Counts, Verdict};
use crate::control::model::{Coverage, Expectation};

/// Concludes what a desk has found.
pub fn conclude(desk: Desk<'_>) -> Result<ControlOutcome, AssessError> {
    let expired = desk.expired_notes();
    let unfilled = desk.unfilled_lists();
    let mut reasons: Vec<String> = unfilled
        .iter()
        .map(|name| format!("list `{name}` is missing or empty in the scope file: fill it there"))
        .collect();
    reasons.extend(desk.blocks);
    let is_lower_bound = !desk.gaps.is_empty() || !reasons.is_empty() || desk.counts.undecided > 0;
    reasons.extend(desk.gaps);
    let is_blocked = !reasons.is_empty();
    if desk.counts.undecided > 0 {
        reasons.push(undecided_reason(
            &desk.control.expectation,
            desk.counts.undecided,
        ));
    }
    let counts = desk.counts;
    if !counts.reconcile() {
        return Err(AssessError::DoesNotReconcile(format!(
            "control `{}`: {counts:?}",
            desk.control.id
        )));
    }
    let verdict = verdict(&desk.control.expectation, &counts, is_blocked);
    reasons.extend(expired);
    reasons.extend(desk.notes);
    if !desk.room.places.is_given() {
        reasons.push(
            "no scope file lists the accounts and Regions: this holds only for those that the log set names"
                .to_owned(),
        );
    }
    Ok(ControlOutcome {
        id: desk.control.id.clone(),
        verdict,
        reasons,
        is_lower_bound: counts.exceptions > 0 && is_lower_bound,
        counts,
        exceptions_by_day: desk.by_day.into_iter().collect(),
        details: desk.details,
    })
}

fn undecided_reason(expectation: &Expectation, count: u64) -> String {
    let (one, many) = match expectation {
        Expectation::AtLeast { .. } => ("stretch of time", "stretches of time"),
        Expectation::FollowedBy(_) => ("trigger", "triggers"),
        Expectation::Integrity => (
            "log file, digest or stretch of time",
            "log files, digests or stretches of time",
        ),
        Expectation::Coverage(Coverage::Accounts) => ("day", "days"),
        Expectation::Coverage(Coverage::Classes) => ("event class", "event classes"),
        Expectation::Coverage(Coverage::Stores(_)) => ("store and class", "stores and classes"),
        _ => ("record", "records"),
    };
    let what = if count == 1 { one } else { many };
    format!("{count} {what} could not be decided")
}

fn verdict(expectation: &Expectation, counts: &Counts, is_blocked: bool) -> Verdict {
    if counts.exceptions > 0 {
        return Verdict::Exceptions;
    }
    if is_blocked || counts.undecided > 0 {
        return Verdict::NotDeterminable;
    }
    let population = counts.examined - counts.attempts;
    match expectation {
        Expectation::Inventory(_) if counts.listed > 0 => Verdict::Listed,
        _ if counts.waived > 0 => Verdict::Waived,
        Expectation::Inventory(_)
        | Expectation::Every { .. }
        | Expectation::FollowedBy(_)
        | Expectation::Threshold { .. }
        | Expectation::RecordFields(_)
            if population == 0 =>
        {
            Verdict::NoActivity
        }
        _ => Verdict::NoExceptions,
    }
}
