//! Records that say that logging was stopped, started, or what a trail was told to record.
//! They are noted whatever controls are loaded, because coverage rests on them.

use serde_json::Value;

use crate::integrity::place::is_region;
use crate::ledger::facts::{CALLER, TrailChange};
use crate::record::outcome::{Outcome, outcome};
use crate::record::path::{PathId, core};
use crate::record::view::RecordView;
use crate::source::layout::is_account;

/// What an accepted call changed, and at which trail.
pub struct Change {
    /// What.
    pub change: TrailChange,
    /// Account and home Region of the trail, where the record has its ARN.
    pub owner: Option<(String, String)>,
    /// Name of the trail, without the front of an ARN; empty if the record does not say.
    pub trail: String,
    /// What it is told to record.
    settings: serde_json::Map<String, Value>,
}

impl Change {
    /// What the trail is told to record, as JSON, with the account of the record if it is not that
    /// of the trail; empty where the record does not say.
    pub fn settings(&self, caller: &str) -> String {
        let mut all = self.settings.clone();
        if self
            .owner
            .as_ref()
            .is_some_and(|(owner, _)| owner != caller)
        {
            all.insert(CALLER.to_owned(), caller.into());
        }
        match all.is_empty() {
            true => String::new(),
            false => Value::Object(all).to_string(),
        }
    }
}

/// The request parameters that decide what is recorded, and where it is delivered.
const SETTINGS: [&str; 7] = [
    "eventSelectors",
    "advancedEventSelectors",
    "isMultiRegionTrail",
    "isOrganizationTrail",
    "includeGlobalServiceEvents",
    "s3BucketName",
    "s3KeyPrefix",
];

/// The change that a record tells of, if it does.
pub fn change(view: &RecordView<'_>, source: &str, name: &str) -> Option<Change> {
    if source != "cloudtrail.amazonaws.com" {
        return None;
    }
    let mut change = match name {
        "StopLogging" | "DeleteTrail" => TrailChange::Stopped,
        "StartLogging" => TrailChange::Started,
        // A trail that is new takes nothing away.
        "CreateTrail" => TrailChange::Selected,
        "PutEventSelectors" | "UpdateTrail" => TrailChange::Narrowed,
        _ => return None,
    };
    if outcome(view) == Outcome::Refused {
        return None;
    }
    let parameters = json(view, core::REQUEST_PARAMETERS);
    if change == TrailChange::Narrowed && !narrows(&parameters) {
        change = TrailChange::Selected;
    }
    let text = |member: &str| parameters.get(member).and_then(Value::as_str);
    let asked = text("name")
        .or_else(|| text("trailName"))
        .unwrap_or_default();
    // What was asked for may be the name alone; the answer tells whose it is.
    let answer = json(view, core::RESPONSE_ELEMENTS);
    let arn = answer.get("trailARN").and_then(Value::as_str);
    let found = arn.and_then(of_arn).or_else(|| of_arn(asked));
    let short = || asked.rsplit('/').next().unwrap_or_default().to_owned();
    Some(Change {
        change,
        trail: found.map_or_else(short, |(.., name)| name.to_owned()),
        owner: found.map(|(region, account, _)| (account.to_owned(), region.to_owned())),
        settings: settings(&parameters),
    })
}

/// Region, account and name that the ARN of a trail tells.
fn of_arn(text: &str) -> Option<(&str, &str, &str)> {
    let rest = text.strip_prefix("arn:")?;
    let (_partition, rest) = rest.split_once(":cloudtrail:")?;
    let (region, rest) = rest.split_once(':')?;
    let (account, rest) = rest.split_once(':')?;
    let name = rest.strip_prefix("trail/")?;
    (is_region(region) && is_account(account)).then_some((region, account, name))
}

fn settings(parameters: &Value) -> serde_json::Map<String, Value> {
    let mut all = serde_json::Map::new();
    for name in SETTINGS {
        if let Some(value) = parameters.get(name).filter(|value| !value.is_null()) {
            all.insert(name.to_owned(), value.clone());
        }
    }
    all
}

/// A part of the record; null where it is absent or too deep to be of a call to CloudTrail.
fn json(view: &RecordView<'_>, path: PathId) -> Value {
    let Some(leaf) = view.leaves(path).next() else {
        return Value::Null;
    };
    serde_json::from_str(view.raw(leaf)).unwrap_or(Value::Null)
}

/// Whether a trail with these parameters records less than all management events.
/// What cannot be seen counts as narrowed: coverage must not rest on it.
fn narrows(parameters: &Value) -> bool {
    let is_false = |member: &str| parameters.get(member) == Some(&Value::Bool(false));
    let list = |member: &str| parameters.get(member).and_then(Value::as_array);
    match (list("eventSelectors"), list("advancedEventSelectors")) {
        (None, None) => {
            let is_update = parameters.get("name").is_some();
            !is_update || is_false("isMultiRegionTrail") || is_false("includeGlobalServiceEvents")
        }
        (classic, advanced) => {
            let classic = classic.into_iter().flatten().any(keeps_all);
            let advanced = advanced.into_iter().flatten().any(keeps_all_advanced);
            !classic && !advanced
        }
    }
}

fn keeps_all(selector: &Value) -> bool {
    let kind = selector.get("readWriteType").and_then(Value::as_str);
    let excluded = selector.get("excludeManagementEventSources");
    selector.get("includeManagementEvents") != Some(&Value::Bool(false))
        && kind.is_none_or(|kind| kind == "All")
        && excluded.and_then(Value::as_array).is_none_or(Vec::is_empty)
}

/// Only `eventCategory` equals `Management`, and no other condition.
fn keeps_all_advanced(selector: &Value) -> bool {
    let fields = selector.get("fieldSelectors").and_then(Value::as_array);
    let Some([field]) = fields.map(Vec::as_slice) else {
        return false;
    };
    let members = field.as_object().map_or(0, serde_json::Map::len);
    members == 2
        && field.get("field").and_then(Value::as_str) == Some("eventCategory")
        && field.get("equals") == Some(&serde_json::json!(["Management"]))
}

#[cfg(test)]
mod tests {
    use super::narrows;

    #[track_caller]
    fn check(parameters: &str, expected: bool) {
        let value = serde_json::from_str(parameters).expect("valid JSON");
        assert_eq!(narrows(&value), expected, "{parameters}");
    }

    #[test]
    fn selectors_that_keep_all_management_events_narrow_nothing() {
        check(
            r#"{"trailName":"t","eventSelectors":[{"readWriteType":"All","includeManagementEvents":true}]}"#,
            false,
        );
        check(
            r#"{"eventSelectors":[{"includeManagementEvents":false},{"includeManagementEvents":true}]}"#,
            false,
        );
        check(
            r#"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]}"#,
            false,
        );
        check(r#"{"name":"t","isMultiRegionTrail":true}"#, false);
    }

    #[test]
    fn selectors_that_leave_something_out_narrow() {
        check(
            r#"{"eventSelectors":[{"readWriteType":"WriteOnly"}]}"#,
            true,
        );
        check(
            r#"{"eventSelectors":[{"includeManagementEvents":false}]}"#,
            true,
        );
        check(
            r#"{"eventSelectors":[{"excludeManagementEventSources":["kms.amazonaws.com"]}]}"#,
            true,
        );
        check(
            r#"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"readOnly","equals":["false"]}]}]}"#,
            true,
        );
        check(r#"{"name":"t","isMultiRegionTrail":false}"#, true);
        check("null", true);
    }
}
