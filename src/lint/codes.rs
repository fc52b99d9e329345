//! Every lint code with what it means. Codes are stable and never reused;
//! `docs/controls.md` has a section for each, and a test compares the two.

use crate::diagnostic::Level;

/// One kind of problem that lint can find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Kebab-case and stable.
    pub id: &'static str,
    /// Whether it is an error.
    pub level: Level,
    /// What it means.
    pub summary: &'static str,
}

const fn error(id: &'static str, summary: &'static str) -> Code {
    Code {
        id,
        level: Level::Error,
        summary,
    }
}

const fn warning(id: &'static str, summary: &'static str) -> Code {
    Code {
        id,
        level: Level::Warning,
        summary,
    }
}

/// Every code, in the order of the reference.
pub const ALL: [Code; 22] = [
    error(
        "event-never-written",
        "CloudTrail never writes this event name for this event source",
    ),
    error(
        "source-never-written",
        "CloudTrail never writes this event source",
    ),
    warning(
        "unknown-event",
        "the catalogue does not know this event name for this event source",
    ),
    error(
        "misspelt-event",
        "the event source is not known to write this name, but one of nearly the same spelling",
    ),
    warning(
        "prefix-of-no-event",
        "no known event name of this event source begins like this",
    ),
    error(
        "misspelt-identity-type",
        "no caller has this type, but one of nearly the same spelling",
    ),
    error(
        "misspelt-field",
        "a record has no such field, but one of nearly the same name",
    ),
    error(
        "envelope-field",
        "the field belongs to the EventBridge envelope, not to the record",
    ),
    warning("unknown-field", "records are not known to have this field"),
    error(
        "boolean-as-text",
        "the field is a boolean, and only texts are asked for",
    ),
    error(
        "text-as-boolean",
        "the field is a text, and only booleans are asked for",
    ),
    error(
        "excludes-nothing",
        "the alternatives of one field together exclude nothing",
    ),
    error(
        "conform-never-matches",
        "no member of the population can conform",
    ),
    error(
        "needs-missing",
        "records of this event class are tested, but the class is not in `needs`",
    ),
    error("needs-empty", "records are tested, but `needs` is empty"),
    warning(
        "list-undocumented",
        "the list is neither a usual one nor explained in the control",
    ),
    warning(
        "example-without-exception",
        "no example leads to an exception",
    ),
    warning(
        "example-without-conforming",
        "no example leads to a clean verdict",
    ),
    warning("example-without-refused", "no example has a refused call"),
    warning(
        "example-list-unused",
        "an example fills a list that the control does not ask for",
    ),
    warning("same-pattern", "another control has the same expectation"),
    warning(
        "no-requirement",
        "the control serves no requirement and appears in no packet",
    ),
];

/// The code with this id.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_section_in_the_reference_and_no_section_is_left_over() {
        let page = include_str!("../../docs/controls.md");
        let reference = page.split_once("## Lint codes").expect("the section").1;
        let sections: Vec<_> = reference
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .collect();
        let ids: Vec<_> = ALL
            .iter()
            .map(|code| format!("`{}` ({})", code.id, code.level.id()))
            .collect();
        assert_eq!(sections, ids);
        for code in ALL {
            assert!(reference.contains(code.summary), "{}", code.id);
        }
    }
}
