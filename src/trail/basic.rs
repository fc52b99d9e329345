//! Basic event selectors: one says yes or no to management events and names stores.

use serde_json::Value;

use super::{Category, Match, Selector, member, texts};

/// What one basic selector asks for; `None` if it cannot be read.
pub(super) fn selectors(value: &Value) -> Option<Vec<Selector>> {
    value.as_object()?;
    let (reads, writes) = match member(value, "readWriteType").map(Value::as_str) {
        None | Some(Some("All")) => (true, true),
        Some(Some("ReadOnly")) => (true, false),
        Some(Some("WriteOnly")) => (false, true),
        Some(_) => return None,
    };
    let with = |category| Selector {
        reads,
        writes,
        ..Selector::new(category)
    };
    let mut all = Vec::new();
    if member(value, "includeManagementEvents") != Some(&Value::Bool(false)) {
        let without = match member(value, "excludeManagementEventSources") {
            Some(sources) => texts(sources)?,
            None => Vec::new(),
        };
        all.push(Selector {
            without,
            ..with(Category::Management)
        });
    }
    let resources = match member(value, "dataResources") {
        Some(list) => list.as_array()?.as_slice(),
        None => &[],
    };
    for one in resources {
        let kind = member(one, "type")?.as_str()?;
        let values = texts(member(one, "values")?)?;
        // `arn:aws:s3`, `arn:aws:lambda` and the like mean every store of the account.
        let is_all = values.iter().any(|value| is_whole_service(value));
        all.push(Selector {
            types: vec![kind.to_owned()],
            only: (!is_all).then(|| {
                values
                    .into_iter()
                    .map(|value| by_kind(kind, value))
                    .collect()
            }),
            ..with(Category::Data)
        });
    }
    Some(all)
}

fn is_whole_service(value: &str) -> bool {
    let parts: Vec<&str> = value.trim_end_matches(':').split(':').collect();
    parts.len() == 3 && parts[0] == "arn"
}

/// Objects go by the front of their ARN, tables and functions by the whole.
fn by_kind(kind: &str, value: String) -> Match {
    match kind {
        "AWS::S3::Object" => Match::Prefix(value),
        _ => Match::Exact(value),
    }
}
