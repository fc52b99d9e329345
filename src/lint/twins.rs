//! Controls with the same expectation: one of them is usually a copy that
//! somebody forgot to change.

use crate::control::model::{Control, Expectation};
use crate::control::set::ControlSet;
use crate::diagnostic::Diagnostics;

pub(super) fn check(set: &ControlSet, problems: &mut Diagnostics) {
    let controls = set.controls();
    for (at, control) in controls.iter().enumerate() {
        let Some(first) = controls[..at].iter().find(|other| are_same(other, control)) else {
            continue;
        };
        let message = format!("the expectation is the same as that of `{}`", first.id);
        problems.push(
            control
                .warning("same-pattern", control.places.expect.clone(), message)
                .label(
                    &first.source,
                    first.places.expect.clone(),
                    "the other control",
                ),
        );
    }
}

/// Kinds whose whole meaning is in patterns and outcome.
fn are_same(one: &Control, other: &Control) -> bool {
    let comparable = |control: &Control| {
        matches!(
            control.expectation,
            Expectation::Forbid(_) | Expectation::Every { .. } | Expectation::Inventory(_)
        )
    };
    let shapes = |control: &Control| {
        let patterns = control.places.patterns.iter();
        patterns
            .map(|pattern| pattern.shape.clone())
            .collect::<Vec<_>>()
    };
    comparable(one)
        && one.expectation.kind() == other.expectation.kind()
        && one.expectation.counted() == other.expectation.counted()
        && shapes(one).iter().all(|shape| !shape.branches.is_empty())
        && shapes(one) == shapes(other)
}

#[cfg(test)]
mod tests {
    use crate::lint::{lint, testing::set};

    #[test]
    fn a_copy_that_was_not_changed_is_noticed() {
        let one = "[expect]\nkind = \"forbid\"\npattern.awsRegion = [\"x\"]\n";
        let two = "[expect]\nkind = \"forbid\"\noutcome = \"success\"\n[expect.pattern]\nawsRegion = [ \"x\" ]\n";
        let three = "[expect]\nkind = \"forbid\"\noutcome = \"any\"\npattern.awsRegion = [\"x\"]\n";
        let problems = lint(&set(&[one, two, three]));
        let found: Vec<_> = problems
            .iter()
            .filter(|one| one.code == "same-pattern")
            .collect();
        assert_eq!(found.len(), 1, "{problems}");
    }
}
