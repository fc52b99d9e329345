//! Looks at controls that load and asks whether they can do what they say:
//! patterns that can never match, missing needs, missing examples.
//!
//! An error means that the control cannot work as written; a warning, that
//! somebody should look. Lint reads no records and knows no scope.

use crate::control::model::Control;
use crate::control::set::ControlSet;
use crate::diagnostic::Diagnostics;

pub mod codes;
mod dead;
mod events;
mod examples;
mod fields;
mod identities;
mod lists;
mod needs;
mod twins;

/// All problems of all controls, in the order of files and lines.
pub fn lint(set: &ControlSet) -> Diagnostics {
    let mut problems = Diagnostics::new();
    for control in set.controls() {
        lint_control(control, &mut problems);
    }
    twins::check(set, &mut problems);
    problems.sorted()
}

/// The problems that one control has by itself.
fn lint_control(control: &Control, problems: &mut Diagnostics) {
    events::check(control, problems);
    fields::check(control, problems);
    identities::check(control, problems);
    dead::check(control, problems);
    needs::check(control, problems);
    lists::check(control, problems);
    examples::check(control, problems);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceText;

    #[test]
    fn a_good_control_is_linted_beside_one_that_does_not_load() {
        let body = "[expect]\nkind = \"forbid\"\n[expect.pattern]\neventname = [\"A\"]";
        let good = testing::set(&[body]).controls()[0].source.clone();
        let bad = SourceText::new("z.toml", "format = [");
        let framework = SourceText::new("frameworks/demo.toml", testing::FRAMEWORK);
        let (set, problems) = ControlSet::parse_good(
            &[good.clone(), bad.clone()],
            std::slice::from_ref(&framework),
        );
        assert!(problems.has_errors() && set.len() == 1, "{problems}");
        let found = lint(&set);
        assert!(
            found.iter().any(|one| one.code == "misspelt-field"),
            "{found}"
        );
        assert!(ControlSet::parse(&[good, bad], &[framework]).is_err());
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::diagnostic::SourceText;

    pub const FRAMEWORK: &str = "format = 1\nid = \"demo\"\nname = \"Demo\"\nshort = \"Demo\"\n\
        [[requirement]]\nid = \"1.1\"\ntitle = \"t\"\ngroup = \"g\"\nevidence = \"partial\"\n";

    /// A set of controls that differ in what follows their head; ids are `a`, `b`, …
    pub fn set(bodies: &[&str]) -> ControlSet {
        let sources: Vec<_> = bodies
            .iter()
            .zip('a'..='z')
            .map(|(body, id)| {
                let (needs, body) = match body.split_once("---\n") {
                    Some((needs, body)) => (needs, body),
                    None => ("\"management-write\"", *body),
                };
                let text = format!(
                    "format = 1\nid = \"{id}\"\ntitle = \"t\"\nobjective = \"o\"\nprocedure = \"p\"\nlimits = \"l\"\n\
                     severity = \"low\"\nneeds = [{needs}]\nrequirements.demo = [\"1.1\"]\n{body}"
                );
                SourceText::new(format!("{id}.toml"), text)
            })
            .collect();
        let framework = SourceText::new("frameworks/demo.toml", FRAMEWORK);
        match ControlSet::parse(&sources, &[framework]) {
            Ok((set, _)) => set,
            Err(found) => panic!("{found}"),
        }
    }

    /// The codes and first words of the problems of one control, examples left aside.
    #[track_caller]
    pub fn check(body: &str, expected: &[&str]) {
        let problems = lint(&set(&[body]));
        let found: Vec<_> = problems
            .iter()
            .map(|one| one.code)
            .filter(|code| !code.starts_with("example-"))
            .collect();
        assert_eq!(found, expected, "{problems}");
        for one in &problems {
            assert!(codes::find(one.code).is_some_and(|code| code.level == one.level));
        }
    }

    /// The same for a `forbid` control with this pattern.
    #[track_caller]
    pub fn check_pattern(pattern: &str, expected: &[&str]) {
        check(
            &format!("[expect]\nkind = \"forbid\"\n[expect.pattern]\n{pattern}"),
            expected,
        );
    }
}
