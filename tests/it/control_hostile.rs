//! Broken and hostile files: whatever stands in them, they are refused or
//! accepted with words, never with a panic.

use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::diagnostic::{SourceText, json};
use attestrail::lint;
use proptest::prelude::*;

const SCOPE: &str = r#"format = 1
organisation = "x"
regions = ["us-east-1"]
[[account]]
id = "111122223333"
regions = ["eu-west-1"]
[[idle]]
account = "111122223333"
reason = "r"
[lists]
a = ["x", { prefix = "y" }, { cidr = "192.0.2.0/24", from = 2026-10-12T17:00:00Z }]
[[leaver]]
person = "Ana"
identities = ["ana"]
left = 2026-10-12T17:00:00Z
[[recorded]]
class = "kms"
source = "s"
[[maintenance]]
from = 2026-10-03T22:00:00Z
until = 2026-10-04T02:00:00Z
reason = "r"
[[waiver]]
control = "a"
reason = "r"
approver = "b"
ticket = "t"
expires = 2026-12-31
pattern.awsRegion = ["x"]
"#;

/// The text with a piece taken out and another put in.
fn change(text: &str, at: usize, length: usize, put: &str) -> String {
    let floor = |at: usize| {
        (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
    };
    let start = floor(at).unwrap_or(0);
    let end = floor(start + length).unwrap_or(0).max(start);
    format!("{}{put}{}", &text[..start], &text[end..])
}

fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\u{202e}\u{1b}[2J".to_owned()),
        Just("\"".to_owned()),
        Just("[[".to_owned()),
        Just("{ list = \"x\" }".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("é".to_owned()),
        "[ -~\\n]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_control_is_told_in_words(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        put in pieces(),
    ) {
        let texts = load::shipped_texts().expect("shipped texts");
        let source = &texts.controls[which.index(texts.controls.len())];
        // The examples are long and plain; the damage should fall on the rest.
        let head = source.text.find("[[example]]").unwrap_or(source.text.len());
        let text = change(&source.text, at.index(head), length, &put);
        let damaged = SourceText::new(source.name.clone(), text);
        let problems = match ControlSet::parse(&[damaged], &texts.frameworks) {
            Ok((set, warnings)) => {
                let mut all = lint::lint(&set);
                all.extend(warnings);
                all
            }
            Err(found) => found,
        };
        let text = problems.to_string();
        prop_assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        let _: serde_json::Value = serde_json::from_str(&json::render(&problems)).expect("JSON");
    }

    #[test]
    fn a_damaged_scope_is_told_in_words(
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        put in pieces(),
    ) {
        let text = change(SCOPE, at.index(SCOPE.len()), length, &put);
        match Scope::parse(&SourceText::new("scope.toml", text)) {
            Ok((scope, _)) => {
                attestrail::control::waiver::WaiverEngine::new(&scope);
            }
            Err(found) => prop_assert!(found.has_errors()),
        }
    }
}
