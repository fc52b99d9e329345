//! Any text as a control, framework or scope file: no panic, every place of a diagnostic lies
//! in its file, and every diagnostic can be shown without a control character. A control that
//! loads can be looked at by lint and tried on its own examples.
//!
//! The first byte chooses which of the three the rest is.

#![no_main]

use std::sync::{Arc, LazyLock};

use attestrail::control::framework::Framework;
use attestrail::control::load::{self, Texts};
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::control::{trial, validate};
use attestrail::diagnostic::escape::is_unsafe;
use attestrail::diagnostic::{Diagnostics, SourceText};
use attestrail::lint::lint;
use libfuzzer_sys::fuzz_target;

static TEXTS: LazyLock<Texts> =
    LazyLock::new(|| load::shipped_texts().expect("shipped files are there"));

static SHIPPED: LazyLock<ControlSet> =
    LazyLock::new(|| load::shipped().expect("the shipped controls load").0);

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let source = SourceText::new("fuzz.toml", text);
    match kind {
        b'f' => match Framework::parse(&source) {
            Ok((_, problems)) | Err(problems) => check(&problems, text),
        },
        b's' => match Scope::parse(&source) {
            Ok((scope, problems)) => {
                check(&problems, text);
                check(&scope.check(&SHIPPED), text);
            }
            Err(problems) => check(&problems, text),
        },
        _ => match validate::parse(&source, SHIPPED.frameworks()) {
            Ok((control, problems)) => {
                check(&problems, text);
                try_out(&source, &control.id);
            }
            Err(problems) => {
                assert!(problems.has_errors(), "refused without a reason: {text}");
                check(&problems, text);
            }
        },
    }
});

/// What `control lint` and `control test` do with a control that loads.
fn try_out(source: &Arc<SourceText>, id: &str) {
    let (set, problems) = ControlSet::parse_good(std::slice::from_ref(source), &TEXTS.frameworks);
    check(&problems, &source.text);
    let [control] = set.controls() else {
        panic!("`{id}` loads alone and not in a set: {}", source.text);
    };
    assert_eq!(control.id, id);
    check(&lint(&set), &source.text);
    let tried = trial::run(&set, control);
    assert_eq!(tried.len(), control.examples.len(), "{}", source.text);
}

/// Each place of `problems` that is in this text lies in it, and all of them can be shown.
fn check(problems: &Diagnostics, text: &str) {
    for problem in problems.iter() {
        let labels = problem.labels.iter().map(|label| &label.place);
        for place in problem.place.iter().chain(labels) {
            let end = place.span.end;
            assert!(
                place.span.start <= end && end <= place.source.text.len(),
                "{text}"
            );
        }
    }
    let shown = attestrail::diagnostic::text::render(problems);
    assert!(
        !shown.chars().any(|one| one != '\n' && is_unsafe(one)),
        "{shown:?}"
    );
    attestrail::diagnostic::json::render(problems);
}
