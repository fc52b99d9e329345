//! Tests that exclude each other, so that a branch (or a whole control) is dead.

use crate::control::model::{Control, Expectation, PatternUse};
use crate::control::shape::{Shape, Test};
use crate::diagnostic::Diagnostics;

use super::fields::is_single;

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    for pattern in &control.places.patterns {
        for branch in &pattern.shape.branches {
            for (at, test) in branch.iter().enumerate() {
                let earlier = branch[..at].iter().find(|other| excludes(other, test));
                if let Some(earlier) = earlier {
                    let message = format!("no value of `{}` passes both tests", test.path);
                    problems.push(
                        control
                            .error("contradiction", test.place.clone(), message)
                            .label(&control.source, earlier.place.clone(), "the other test"),
                    );
                }
            }
        }
    }
    check_conform(control, problems);
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
    fn two_tests_of_one_field_without_a_common_value_are_a_contradiction() {
        check_pattern(
            "eventType = [\"AwsApiCall\"]\n[[expect.pattern.\"$or\"]]\neventType = [\"AwsServiceEvent\"]\n\
             [[expect.pattern.\"$or\"]]\nawsRegion = [\"us-east-1\"]",
            &["contradiction"],
        );
        check_pattern(
            "requestParameters.x = [\"a\"]\n[[expect.pattern.\"$or\"]]\nrequestParameters.x = [\"b\"]\n\
             [[expect.pattern.\"$or\"]]\nawsRegion = [\"us-east-1\"]",
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
