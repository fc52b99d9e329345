//! Tests that nothing passes, and tests that everything passes.

use crate::control::model::{Control, Expectation, PatternUse};
use crate::control::shape::{Shape, Test};
use crate::diagnostic::Diagnostics;
use crate::pattern::condition::ValueTest;
use crate::pattern::form::Condition;

use super::fields::is_single;

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    check_conform(control, problems);
    for (_, pattern) in control.expectation.patterns() {
        pattern.form().visit_fields(&mut |field, _| {
            if takes_everything(&field.any) {
                let message = format!("the values of `{}` together exclude nothing", field.path.name());
                problems.push(
                    control
                        .error("excludes-nothing", field.span.clone(), message)
                        .help("one `anything-but` with all values: `{ anything-but = [\"a\", \"b\"] }`"),
                );
            }
        });
    }
}

/// Whether two alternatives take every value between them: what one excludes, the other takes.
fn takes_everything(alternatives: &[Condition]) -> bool {
    let excluded: Vec<&[ValueTest]> = alternatives
        .iter()
        .filter_map(|condition| match condition {
            Condition::Value(ValueTest::AnythingBut(tests)) => Some(tests.as_slice()),
            _ => None,
        })
        .collect();
    let is_exact = |tests: &[ValueTest]| tests.iter().all(|test| test.exact_text().is_some());
    excluded.iter().enumerate().any(|(at, one)| {
        excluded[..at].iter().any(|other| {
            is_exact(one) && is_exact(other) && !one.iter().any(|test| other.contains(test))
        })
    })
}

/// Whether two tests of one field that has one value have no exact text in common.
fn excludes(one: &Test, other: &Test) -> bool {
    if one.path != other.path || !is_single(&one.path) {
        return false;
    }
    match (one.exact_texts(), other.exact_texts()) {
        (Some(one), Some(other)) => !one.iter().any(|text| other.contains(text)),
        _ => false,
    }
}

fn check_conform(control: &Control, problems: &mut Diagnostics) {
    if !matches!(control.expectation, Expectation::Every { .. }) {
        return;
    }
    let find = |wanted: PatternUse| {
        let uses = control.expectation.patterns();
        let at = uses.iter().position(|(found, _)| *found == wanted)?;
        control.places.patterns.get(at)
    };
    let (Some(population), Some(conform)) =
        (find(PatternUse::Population), find(PatternUse::Conform))
    else {
        return;
    };
    if !can_meet(&population.shape, &conform.shape) {
        let message = "no member of the population can conform".to_owned();
        problems.push(
            control
                .error("conform-never-matches", conform.place.clone(), message)
                .label(&control.source, population.place.clone(), "the population"),
        );
    }
}

/// Whether some branch of one goes with some branch of the other; unknown shapes may.
fn can_meet(one: &Shape, other: &Shape) -> bool {
    one.branches.is_empty()
        || other.branches.is_empty()
        || one.branches.iter().any(|one| {
            other.branches.iter().any(|other| {
                !one.iter()
                    .any(|one| other.iter().any(|other| excludes(one, other)))
            })
        })
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::{check, check_pattern};

    #[test]
    fn two_exclusions_side_by_side_exclude_nothing() {
        check_pattern(
            "eventType = [{ anything-but = \"A\" }, { anything-but = \"B\" }]",
            &["excludes-nothing"],
        );
        check_pattern("eventType = [{ anything-but = [\"A\", \"B\"] }]", &[]);
        check_pattern(
            "eventType = [{ exists = false }, { anything-but = \"A\" }]",
            &[],
        );
    }

    #[test]
    fn a_population_that_cannot_conform_is_an_error() {
        let every = |conform: &str| {
            format!(
                "[expect]\nkind = \"every\"\npattern.userIdentity.type = [\"IAMUser\"]\nconform.userIdentity.type = [{conform}]\n"
            )
        };
        check(&every("\"Root\""), &["conform-never-matches"]);
        check(&every("\"Root\", \"IAMUser\""), &[]);
        check(&every("{ prefix = \"Root\" }"), &[]);
    }
}
