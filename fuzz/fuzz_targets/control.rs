//! Any text as a control, framework or scope file: no panic, every place of a diagnostic lies
//! in its file, and every diagnostic can be shown without a control character.

#![no_main]

use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::diagnostic::{Diagnostics, SourceText};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let source = SourceText::new("fuzz.toml", text);
    let frameworks = load::shipped_texts().expect("shipped files are there").frameworks;
    let (set, problems) = ControlSet::parse_good(&[source.clone()], &frameworks);
    check(&problems, text);
    assert!(set.len() == 1 || problems.has_errors());
    let (_, problems) = ControlSet::parse_good(&[], &[source.clone()]);
    check(&problems, text);
    match Scope::parse(&source) {
        Ok((scope, problems)) => {
            check(&problems, text);
            check(&scope.check(&set), text);
        }
        Err(problems) => check(&problems, text),
    }
});

fn check(problems: &Diagnostics, text: &str) {
    for problem in problems.iter() {
        let mut places = problem.place.iter().chain(problem.labels.iter().map(|label| &label.place));
        assert!(places.all(|place| place.span.end <= place.source.text.len()), "{text}");
    }
    let shown = attestrail::diagnostic::text::render(problems);
    assert!(!shown.chars().any(|one| one.is_control() && one != '\n'), "{shown:?}");
}
