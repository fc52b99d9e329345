//! Examples that a control should have: one that conforms, one that does not,
//! one with a refused call.

use crate::control::model::{Control, Counted, Example, Expectation};
use crate::control::verdict::Verdict;
use crate::diagnostic::{Diagnostics, suggestion};
use crate::record::outcome::{Outcome, outcome};
use crate::record::path::PathSet;
use crate::record::project::Projector;
use crate::record::view::RecordView;

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    check_lists(control, problems);
    let (bad, good): (&[Verdict], &[Verdict]) = match &control.expectation {
        Expectation::Coverage(_) | Expectation::Integrity => return,
        Expectation::Inventory(_) => (&[Verdict::Listed], &[Verdict::NoActivity]),
        _ => (&[Verdict::Exceptions], &[Verdict::NoExceptions]),
    };
    let has = |wanted: &[Verdict]| {
        control
            .examples
            .iter()
            .any(|example| wanted.contains(&example.verdict))
    };
    let mut warn = |code, message: &str| {
        problems.push(control.warning(code, control.places.id.clone(), message.to_owned()));
    };
    if !has(bad) {
        let message = format!("no example leads to `{}`", bad[0].id());
        warn("example-without-exception", &message);
    }
    if !has(good) {
        let message = format!("no example leads to `{}`", good[0].id());
        warn("example-without-conforming", &message);
    }
    let can_be_refused = !matches!(control.expectation, Expectation::RecordFields(_))
        && control.expectation.counted() != Some(Counted::Refused);
    if can_be_refused && !control.examples.iter().any(has_refused_call) {
        warn("example-without-refused", "no example has a refused call");
    }
}

fn check_lists(control: &Control, problems: &mut Diagnostics) {
    let used = control.lists_used();
    for example in &control.examples {
        for list in example.lists.keys() {
            if !used.contains(list) {
                let message = format!("the control does not ask for the list `{list}`");
                problems.push(
                    control
                        .warning("example-list-unused", example.span.clone(), message)
                        .maybe_help(suggestion(list, used.iter().map(String::as_str))),
                );
            }
        }
    }
}

fn has_refused_call(example: &Example) -> bool {
    let mut projector = Projector::new(PathSet::of_model());
    example.events.iter().any(|event| {
        let text = event.get_ref().trim();
        // An event that is not a record was refused when the control was read.
        projector.read(text.as_bytes(), 0).is_ok()
            && outcome(&RecordView::new(text.as_bytes(), &projector)) == Outcome::Refused
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::set;

    #[track_caller]
    fn check(examples: &str, expected: &[&str]) {
        let body = format!("[expect]\nkind = \"forbid\"\npattern.eventName = [\"A\"]\n{examples}");
        let problems = crate::lint::lint(&set(&[&body]));
        let found: Vec<_> = problems.iter().map(|one| one.code).collect();
        assert_eq!(found, expected, "{problems}");
    }

    #[test]
    fn a_list_that_only_the_example_knows_is_noticed() {
        let event = r#"{"eventTime":"2026-10-01T00:00:00Z","errorCode":"x"}"#;
        let examples = ["exceptions", "no-exceptions"].map(|verdict| {
            format!(
                "[[example]]\nname = \"n\"\nverdict = \"{verdict}\"\nlists = {{ key = [\"x\"] }}\nevents = ['''{event}''']\n"
            )
        });
        check(
            &examples.concat(),
            &["example-list-unused", "example-list-unused"],
        );
    }

    #[test]
    fn a_control_should_show_what_it_does() {
        check(
            "",
            &[
                "example-without-conforming",
                "example-without-exception",
                "example-without-refused",
            ],
        );
        let example = |verdict: &str, more: &str| {
            format!(
                "[[example]]\nname = \"n\"\nverdict = \"{verdict}\"\nevents = ['''{{\"eventTime\":\"2026-10-01T00:00:00Z\"{more}}}''']\n"
            )
        };
        let all = example("exceptions", "")
            + &example("no-exceptions", ",\"errorCode\":\"AccessDenied\"");
        check(&all, &[]);
    }
}
