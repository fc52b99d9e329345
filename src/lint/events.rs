//! Event sources and names that CloudTrail never writes.

use crate::control::catalogue;
use crate::control::model::Control;
use crate::control::shape::{Content, Test, Value};
use crate::diagnostic::{Diagnostics, nearest};

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    for pattern in &control.places.patterns {
        for branch in &pattern.shape.branches {
            let find = |path: &'static str| branch.iter().filter(move |test| test.path == path);
            for sources in find("eventSource") {
                check_sources(control, sources, problems);
                for names in find("eventName") {
                    check_names(control, sources, names, problems);
                    check_prefixes(control, sources, names, problems);
                }
            }
        }
    }
}

fn texts(test: &Test) -> impl Iterator<Item = (&str, &Value)> {
    test.values.iter().filter_map(|value| match &value.content {
        Content::Text(text) => Some((text.as_str(), value)),
        _ => None,
    })
}

fn check_sources(control: &Control, sources: &Test, problems: &mut Diagnostics) {
    for (source, value) in texts(sources) {
        let instead = match catalogue::never_a_source(source) {
            Some(instead) => Some(instead.text()),
            None if source.ends_with(".amazonaws.com") => continue,
            None => {
                let plain = source.strip_prefix("aws.").unwrap_or(source);
                let full = format!("{plain}.amazonaws.com");
                catalogue::is_known_source(&full).then(|| format!("`{full}`"))
            }
        };
        let message = format!("CloudTrail never writes the event source `{source}`");
        problems.push(
            control
                .error("source-never-written", value.place.clone(), message)
                .help(match instead {
                    Some(instead) => format!("write {instead}"),
                    None => "an event source ends in `.amazonaws.com`".to_owned(),
                }),
        );
    }
}

/// A name is judged only where every source of the branch is an exact, known one.
fn check_names(control: &Control, sources: &Test, names: &Test, problems: &mut Diagnostics) {
    let Some(sources) = sources.exact_texts() else {
        return;
    };
    for (name, value) in texts(names) {
        let never: Vec<_> = sources
            .iter()
            .filter_map(|source| catalogue::never_written(source, name))
            .collect();
        if never.len() == sources.len() {
            let all: Vec<_> = never.iter().map(|instead| instead.text()).collect();
            let message = format!("CloudTrail never writes `{name}` for {}", quoted(&sources));
            problems.push(
                control
                    .error("event-never-written", value.place.clone(), message)
                    .help(format!("write {}", all.join(" or "))),
            );
            continue;
        }
        let judged = sources
            .iter()
            .all(|source| catalogue::is_known_source(source));
        if judged
            && !sources
                .iter()
                .any(|source| catalogue::is_known(source, name))
        {
            if let Some(near) = misspelt(&sources, name) {
                let message = format!(
                    "`{name}` is no event name of {} and can never match",
                    quoted(&sources)
                );
                problems.push(
                    control
                        .error("misspelt-event", value.place.clone(), message)
                        .help(format!("did you mean `{near}`?")),
                );
                continue;
            }
            let message = format!(
                "`{name}` is not known to be written for {}",
                quoted(&sources)
            );
            problems.push(
                control
                    .warning("unknown-event", value.place.clone(), message)
                    .maybe_help(instead_of_unknown(&sources, name)),
            );
        }
    }
}

/// The known name of these sources that was meant: at most two letters away,
/// where no other source is known to write what stands there.
fn misspelt(sources: &[&str], name: &str) -> Option<&'static str> {
    if catalogue::sources_of(name).next().is_some() {
        return None;
    }
    let names = sources
        .iter()
        .flat_map(|source| catalogue::names(source))
        .map(|known| known.name);
    nearest(name, names).filter(|near| {
        let (name, near) = (name.to_lowercase(), near.to_lowercase());
        strsim::damerau_levenshtein(&name, &near) <= 2
    })
}

fn check_prefixes(control: &Control, sources: &Test, names: &Test, problems: &mut Diagnostics) {
    let Some(sources) = sources.exact_texts() else {
        return;
    };
    if !sources
        .iter()
        .all(|source| catalogue::is_known_source(source))
    {
        return;
    }
    for value in &names.values {
        let Content::Operator(operator, Some(prefix)) = &value.content else {
            continue;
        };
        let mut known = sources.iter().flat_map(|source| catalogue::names(source));
        if operator == "prefix" && !known.any(|one| one.name.starts_with(prefix.as_str())) {
            let message = format!(
                "no known event name of {} begins with `{prefix}`",
                quoted(&sources)
            );
            problems.push(control.warning("prefix-of-no-event", value.place.clone(), message));
        }
    }
}

fn quoted(sources: &[&str]) -> String {
    let all: Vec<_> = sources.iter().map(|source| format!("`{source}`")).collect();
    all.join(" or ")
}

fn instead_of_unknown(sources: &[&str], name: &str) -> Option<String> {
    let known = sources
        .iter()
        .flat_map(|source| catalogue::names(source))
        .map(|known| known.name);
    if let Some(near) = nearest(name, known) {
        return Some(format!("did you mean `{near}`?"));
    }
    let others: Vec<_> = catalogue::sources_of(name).collect();
    (!others.is_empty()).then(|| format!("it is written for {}", quoted(&others)))
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::{check_pattern, set};

    #[test]
    fn a_name_that_is_never_written_is_an_error_with_the_right_name() {
        let pattern = "eventSource = [\"s3.amazonaws.com\"]\neventName = [\"PutPublicAccessBlock\", \"PutBucketAcl\"]";
        check_pattern(pattern, &["event-never-written"]);
        let body = format!("[expect]\nkind = \"forbid\"\n[expect.pattern]\n{pattern}");
        let text = crate::lint::lint(&set(&[&body])).to_string();
        assert!(
            text.contains(
                "help: write `PutBucketPublicAccessBlock` or `PutAccountPublicAccessBlock`"
            ),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_name_is_a_warning_because_the_catalogue_is_not_complete() {
        let pattern = |name: &str| {
            format!("eventSource = [\"cloudtrail.amazonaws.com\"]\neventName = [\"{name}\"]")
        };
        check_pattern(&pattern("HaltEverything"), &["unknown-event"]);
        check_pattern(&pattern("StopLoging"), &["misspelt-event"]);
        check_pattern(&pattern("StopLogging"), &[]);
    }

    #[test]
    fn a_prefix_that_no_known_name_has_is_a_warning() {
        let pattern = |prefix: &str| {
            format!(
                "eventSource = [\"s3.amazonaws.com\"]\neventName = [{{ prefix = \"{prefix}\" }}]"
            )
        };
        check_pattern(&pattern("Remove"), &["prefix-of-no-event"]);
        check_pattern(&pattern("DeleteBucket"), &[]);
    }

    #[test]
    fn names_of_other_branches_are_not_mixed_up() {
        check_pattern(
            "[[expect.pattern.\"$or\"]]\neventSource = [\"cloudtrail.amazonaws.com\"]\neventName = [\"StopLogging\"]\n\
             [[expect.pattern.\"$or\"]]\neventSource = [\"iam.amazonaws.com\"]\neventName = [\"CreateUser\"]",
            &[],
        );
    }

    #[test]
    fn sources_that_never_occur_are_errors() {
        for source in [
            "s3",
            "aws.s3",
            "cloudwatch.amazonaws.com",
            "opensearch.amazonaws.com",
        ] {
            check_pattern(
                &format!("eventSource = [\"{source}\"]"),
                &["source-never-written"],
            );
        }
        check_pattern("eventSource = [{ prefix = \"s3\" }]", &[]);
    }
}
