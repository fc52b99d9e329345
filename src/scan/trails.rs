//! Records that say that logging was stopped, started, or what a trail was told to record, and those
//! that take accounts from the trail of their organization.
//! They are noted whatever controls are loaded, because coverage rests on them.

use serde_json::Value;

use crate::integrity::place::is_region;
use crate::ledger::facts::{CALLER, TrailChange, UNREADABLE};
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
    settings: Members,
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
const SETTINGS: [&str; 8] = [
    "eventSelectors",
    "advancedEventSelectors",
    "insightSelectors",
    "isMultiRegionTrail",
    "isOrganizationTrail",
    "includeGlobalServiceEvents",
    "s3BucketName",
    "s3KeyPrefix",
];

/// The services whose calls change trails.
pub const SOURCES: [&str; 2] = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"];

/// The change that a record tells of, if it does.
pub fn change(view: &RecordView<'_>, source: &str, name: &str) -> Option<Change> {
    let [trails, organizations] = SOURCES;
    match source {
        _ if source == trails => trail_change(view, name),
        _ if source == organizations => leave(view, name),
        _ => None,
    }
}

fn trail_change(view: &RecordView<'_>, name: &str) -> Option<Change> {
    let mut change = match name {
        "StopLogging" | "DeleteTrail" => TrailChange::Stopped,
        "StartLogging" => TrailChange::Started,
        // A trail that is new takes nothing away.
        "CreateTrail" => TrailChange::Selected,
        "PutEventSelectors" | "UpdateTrail" | "PutInsightSelectors" => TrailChange::Narrowed,
        _ => return None,
    };
    if outcome(view) == Outcome::Refused {
        return None;
    }
    let request = members(view, core::REQUEST_PARAMETERS);
    let answer = members(view, core::RESPONSE_ELEMENTS);
    // The answer tells how the trail is set afterwards, if it tells more than its name.
    let told = answer.as_ref().filter(|all| tells(all, name));
    let parameters = request.as_ref().or(told);
    let mut settings = parameters.map(settings).unwrap_or_default();
    if change == TrailChange::Narrowed {
        match parameters {
            None => {
                settings.insert(UNREADABLE.to_owned(), true.into());
            }
            Some(parameters) if !narrows(parameters, name) => change = TrailChange::Selected,
            Some(_) => {}
        }
    }
    let text = |member: &str| request.as_ref()?.get(member)?.as_str();
    let asked = text("name")
        .or_else(|| text("trailName"))
        .unwrap_or_default();
    // Insights of a store of CloudTrail Lake are none of a trail.
    if name == "PutInsightSelectors" && request.is_some() && asked.is_empty() {
        return None;
    }
    // What was asked for may be the name alone; the answer tells whose it is.
    let arn = answer
        .as_ref()
        .and_then(|all| all.get("trailARN")?.as_str());
    let found = arn.and_then(of_arn).or_else(|| of_arn(asked));
    let short = || asked.rsplit('/').next().unwrap_or_default().to_owned();
    Some(Change {
        change,
        trail: found.map_or_else(short, |(.., name)| name.to_owned()),
        owner: found.map(|(region, account, _)| (account.to_owned(), region.to_owned())),
        settings,
    })
}

/// An account that leaves its organization is left by the trail of the organization, and so are all
/// of them once it trusts CloudTrail no more or is no more.
fn leave(view: &RecordView<'_>, name: &str) -> Option<Change> {
    let text = |member: &str| {
        let request = members(view, core::REQUEST_PARAMETERS)?;
        request.get(member)?.as_str().map(str::to_owned)
    };
    let mut settings = Members::new();
    let account = match name {
        "LeaveOrganization" | "DeleteOrganization" => None,
        "RemoveAccountFromOrganization" => {
            let account = text("accountId").filter(|id| is_account(id));
            if account.is_none() {
                settings.insert(UNREADABLE.to_owned(), true.into());
            }
            account
        }
        "DisableAWSServiceAccess" => {
            let service = text("servicePrincipal");
            if service.is_some_and(|one| one != "cloudtrail.amazonaws.com") {
                return None;
            }
            None
        }
        _ => return None,
    };
    (outcome(view) != Outcome::Refused).then(|| Change {
        change: TrailChange::Left,
        owner: account.map(|account| (account, String::new())),
        trail: String::new(),
        settings,
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

type Members = serde_json::Map<String, Value>;

fn settings(parameters: &Members) -> Members {
    let mut all = Members::new();
    for name in SETTINGS {
        if let Some(value) = parameters.get(name).filter(|value| !value.is_null()) {
            all.insert(name.to_owned(), plain(value));
        }
    }
    all
}

/// Whether an answer has what the call is there to change.
fn tells(answer: &Members, name: &str) -> bool {
    let wanted: &[&str] = match name {
        "PutEventSelectors" => &SETTINGS[..2],
        "PutInsightSelectors" => &SETTINGS[2..3],
        _ => &["isMultiRegionTrail"],
    };
    let is_told = |one: &&str| answer.get(*one).is_some_and(|value| !value.is_null());
    wanted.iter().any(is_told)
}

/// A switch may be written as text.
fn plain(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("true") => true.into(),
        Some(text) if text.eq_ignore_ascii_case("false") => false.into(),
        _ => value.clone(),
    }
}

/// A part of the record, which may be JSON in a text; nothing where it is absent, was left out for
/// its size, or is too deep to be of a call to CloudTrail.
fn members(view: &RecordView<'_>, path: PathId) -> Option<Members> {
    let leaf = view.leaves(path).next()?;
    let members: Members = serde_json::from_str(&view.text_of(leaf)).ok()?;
    (!members.is_empty() && !members.contains_key("omitted")).then_some(members)
}

/// Whether a trail with these parameters records less than all management events.
/// What cannot be seen counts as narrowed: coverage must not rest on it.
fn narrows(parameters: &Members, name: &str) -> bool {
    let is_false = |member: &str| {
        let value = parameters.get(member);
        value.is_some_and(|value| plain(value) == Value::Bool(false))
    };
    let list = |member: &str| parameters.get(member).and_then(Value::as_array);
    if name == "UpdateTrail" {
        return is_false("isMultiRegionTrail") || is_false("includeGlobalServiceEvents");
    }
    match (list("eventSelectors"), list("advancedEventSelectors")) {
        (None, None) => true,
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
        let value = serde_json::from_str(parameters).expect("an object");
        let name = match parameters.contains("\"name\"") {
            true => "UpdateTrail",
            false => "PutEventSelectors",
        };
        assert_eq!(narrows(&value, name), expected, "{parameters}");
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
        check("{}", true);
    }
}
