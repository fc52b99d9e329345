//! Records that say that logging was stopped, started, or what a trail was told to record, and those
//! that take accounts from the trail of their organization.
//! They are noted whatever controls are loaded, because coverage rests on them.

use serde_json::Value;

use crate::integrity::place::is_region;
use crate::ledger::facts::{ANSWER, CALLER, TrailChange, UNREADABLE};
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
const SETTINGS: [&str; 9] = [
    "eventSelectors",
    "advancedEventSelectors",
    "insightSelectors",
    "isMultiRegionTrail",
    "isOrganizationTrail",
    "includeGlobalServiceEvents",
    "s3BucketName",
    "s3KeyPrefix",
    "cloudWatchLogsLogGroupArn",
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
    let change = match name {
        "StopLogging" | "DeleteTrail" => TrailChange::Stopped,
        "StartLogging" => TrailChange::Started,
        "CreateTrail" | "PutEventSelectors" | "UpdateTrail" | "PutInsightSelectors" => {
            TrailChange::Told
        }
        _ => return None,
    };
    if outcome(view) == Outcome::Refused {
        return None;
    }
    let request = members(view, core::REQUEST_PARAMETERS);
    let answer = members(view, core::RESPONSE_ELEMENTS);
    let settings = match change {
        TrailChange::Told => told(request.as_ref(), answer.as_ref(), name),
        _ => Members::new(),
    };
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

/// What a call told the trail. The answer tells how it is set afterwards, if it tells more than its
/// name.
fn told(request: Option<&Members>, answer: Option<&Members>, name: &str) -> Members {
    let Some(request) = request.map(settings) else {
        let unreadable = || Members::from_iter([(UNREADABLE.to_owned(), true.into())]);
        let is_new = name == "CreateTrail";
        let answer = answer.filter(|all| tells(all, name)).map(whole);
        return answer.unwrap_or_else(|| if is_new { Members::new() } else { unreadable() });
    };
    let answer = answer.map(whole).unwrap_or_default();
    match name {
        // Most of what an answer tells is as it was before.
        "UpdateTrail" => {
            let mut all = request;
            let more: Members = (answer.into_iter())
                .filter(|(member, value)| all.get(member) != Some(value))
                .collect();
            if !more.is_empty() {
                all.insert(ANSWER.to_owned(), Value::Object(more));
            }
            all
        }
        "CreateTrail" => {
            let mut all = answer;
            all.extend(request);
            all
        }
        // Selectors are told as a whole.
        _ if request.is_empty() => answer,
        _ => request,
    }
}

/// The settings in an answer: one that tells the bucket tells what else there is.
fn whole(answer: &Members) -> Members {
    let mut all = settings(answer);
    if all.contains_key("s3BucketName") {
        for name in ["s3KeyPrefix", "cloudWatchLogsLogGroupArn"] {
            all.entry(name).or_insert_with(|| "".into());
        }
    }
    all
}

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
