//! One control with its outcome and the first rows of its lists.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{BuildError, Inputs, balanced};
use crate::assess::outcome::{ControlOutcome, Counts, DetailTable, List};
use crate::control::model::{Control, Expectation};
use crate::packet::evidence;
use crate::packet::mask::Masker;
use crate::packet::model::{ControlInfo, CountsInfo, DayCount, DetailInfo, Lists, RowList};
use crate::packet::spool::{ControlRows, Spool};
use crate::packet::words;
use crate::record::time;

/// The control, and in how many of its rows something is masked.
pub fn info(
    inputs: &Inputs<'_>,
    spool: &Spool,
    masker: &Masker,
    control: &Control,
    outcome: &ControlOutcome,
) -> Result<(ControlInfo, u64), BuildError> {
    check_counts(control, &outcome.counts)?;
    let rows = spool.control(inputs.source, masker, &control.id)?;
    let folder = format!("controls/{}", control.id);
    let info = ControlInfo {
        id: control.id.clone(),
        title: control.title.clone(),
        objective: control.objective.trim().to_owned(),
        procedure: control.procedure.trim().to_owned(),
        limits: control.limits.trim().to_owned(),
        severity: control.severity.id().to_owned(),
        kind: control.expectation.kind().to_owned(),
        kind_shown: words::kind(control.expectation.kind()).to_owned(),
        counted: control.expectation.counted().map(|one| one.id().to_owned()),
        needs: control
            .needs
            .iter()
            .map(|class| class.id().to_owned())
            .collect(),
        lists: control.lists_used(),
        requirements: control.requirements[&inputs.framework.id].clone(),
        pattern: pattern_text(&control.source.text),
        definition_sha256: hex::encode(Sha256::digest(control.source.text.as_bytes())),
        verdict: outcome.verdict.id().to_owned(),
        verdict_shown: outcome.verdict.shown().to_owned(),
        reasons: outcome.reasons.clone(),
        is_lower_bound: outcome.is_lower_bound,
        counts: counts(&outcome.counts),
        exceptions_by_day: outcome
            .exceptions_by_day
            .iter()
            .map(|(day, count)| DayCount {
                day: time::format_day(*day),
                count: *count,
            })
            .collect(),
        details: details(masker, &outcome.details, &folder),
        lists_of_records: lists(&rows, &folder, &control.expectation),
        folder,
    };
    Ok((info, rows.masked))
}

fn check_counts(control: &Control, counts: &Counts) -> Result<(), BuildError> {
    let parts =
        counts.conforming + counts.exceptions + counts.waived + counts.undecided + counts.excluded;
    balanced(
        || format!("records examined by `{}`", control.id),
        counts.examined,
        parts,
    )
}

fn counts(counts: &Counts) -> CountsInfo {
    CountsInfo {
        examined: counts.examined,
        conforming: counts.conforming,
        exceptions: counts.exceptions,
        waived: counts.waived,
        undecided: counts.undecided,
        excluded: counts.excluded,
        attempts: counts.attempts,
        listed: counts.listed,
    }
}

fn details(masker: &Masker, tables: &[DetailTable], folder: &str) -> Vec<DetailInfo> {
    let shown = tables.iter().zip(1..).map(|(table, number)| DetailInfo {
        title: table.title.clone(),
        columns: table.columns.clone(),
        rows: table
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| masker.text(cell).into_owned())
                    .collect()
            })
            .collect(),
        shown: table.rows.len() as u64,
        total: table.total,
        file: format!("{folder}/details-{number}.csv"),
    });
    shown.collect()
}

/// The part of a definition from `[expect]` up to its examples.
fn pattern_text(definition: &str) -> String {
    let lines = definition
        .lines()
        .skip_while(|line| !line.starts_with("[expect"))
        .take_while(|line| !line.starts_with("[[example"));
    let text: Vec<_> = lines.collect();
    text.join("\n").trim_end().to_owned()
}

/// The lists as the model has them.
fn lists(rows: &ControlRows, folder: &str, expectation: &Expectation) -> Lists {
    // An empty file would say that the population is empty where there is none to list.
    let has_population = !matches!(
        expectation,
        Expectation::Forbid(_) | Expectation::Coverage(_) | Expectation::Integrity
    );
    let list = |list: List, has_file: bool| {
        let found = rows.list(list);
        RowList {
            shown: found.first.len() as u64,
            total: found.total,
            file: (has_file || found.total > 0)
                .then(|| format!("{folder}/{}.csv", evidence::list_id(list))),
            rows_sha256: found.sha256.clone(),
            rows: Arc::clone(&found.first),
        }
    };
    Lists {
        exceptions: list(List::Exceptions, true),
        attempts: list(List::Attempts, true),
        undecided: list(List::Undecided, false),
        population: list(List::Population, has_population),
        sample: list(List::Sample, has_population),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern_text;

    #[test]
    fn the_pattern_text_is_what_stands_between_expect_and_examples() {
        let definition = "id = \"x\"\n[expect]\nkind = \"forbid\"\n\n[expect.pattern]\na = [\"[[b\"]\n\n[[example]]\nname = \"n\"\n";
        assert_eq!(
            pattern_text(definition),
            "[expect]\nkind = \"forbid\"\n\n[expect.pattern]\na = [\"[[b\"]"
        );
    }
}
