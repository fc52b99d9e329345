//! What a call acted on, in one line for a reader.

use super::path::core;
use super::project::Kind;
use super::view::RecordView;

const LONGEST: usize = 400;

/// The resource ARNs of the record; else the identifying request parameters as
/// `name=value`; else nothing. A longer text is cut with a visible `…`; the
/// record itself keeps the whole.
pub fn target(view: &RecordView<'_>) -> String {
    let arns: Vec<_> = view
        .texts(core::RESOURCE_ARN)
        .filter(|arn| !arn.is_empty())
        .collect();
    if !arns.is_empty() {
        return cut(&arns.join(", "));
    }
    let Some(leaf) = view.leaves(core::REQUEST_PARAMETERS).next() else {
        return String::new();
    };
    match leaf.kind {
        Kind::Object if view.omitted_roots()[0] => {
            "(request parameters left out by CloudTrail)".to_owned()
        }
        Kind::Object => cut(&scalar_members(view.raw(leaf))),
        Kind::String => cut(&view.text_of(leaf)),
        _ => String::new(),
    }
}

/// The first few members of an object whose values are not containers.
fn scalar_members(object: &str) -> String {
    let Ok(members) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(object)
    else {
        // Deeper than serde_json goes: the record itself still holds it.
        return String::new();
    };
    let shown = members.iter().filter_map(|(name, value)| match value {
        serde_json::Value::String(text) => Some(format!("{name}={text}")),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => {
            Some(format!("{name}={value}"))
        }
        _ => None,
    });
    shown.take(4).collect::<Vec<_>>().join(", ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
