//! What records say about other records: Insights, addenda, network activity.
//! Such records are few, so they are read once more, whole, when they are met.

use serde::Deserialize;
use serde_json::Value;

use crate::ledger::entries::key_of;
use crate::ledger::remarks::{AddendumFact, InsightFact, Mark};

/// The members of a record that remarks are made of. Any of them may be of another type than
/// documented, and then says nothing here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Remarks {
    #[serde(rename = "eventID")]
    event_id: Value,
    event_source: Value,
    event_name: Value,
    error_code: Value,
    recipient_account_id: Value,
    vpc_endpoint_id: Value,
    vpc_endpoint_account_id: Value,
    #[serde(rename = "sharedEventID")]
    shared_event_id: Value,
    insight_details: Value,
    addendum: Value,
}

/// Where and when a record was found.
pub struct Place<'a> {
    pub index: u32,
    pub time: i64,
    pub account: &'a str,
    pub region: &'a str,
}

impl Remarks {
    /// Reads them from a record; one that cannot be read makes none.
    pub fn of(raw: &[u8]) -> Remarks {
        serde_json::from_slice(raw).unwrap_or_default()
    }

    /// What sets the record apart from others of its place and class.
    pub fn mark(&self, is_network_activity: bool) -> Option<Box<Mark>> {
        let mut mark = Mark {
            reason: text(&self.addendum["reason"]),
            is_network_activity,
            ..Mark::default()
        };
        if is_network_activity {
            mark.endpoint = text(&self.vpc_endpoint_id);
            mark.endpoint_account = text(&self.vpc_endpoint_account_id);
            mark.event_source = text(&self.event_source);
            mark.error = text(&self.error_code);
        }
        (mark != Mark::default()).then(|| Box::new(mark))
    }

    /// The anomaly that an Insights event tells of.
    pub fn insight(&self, place: &Place<'_>) -> InsightFact {
        let details = &self.insight_details;
        let statistics = &details["insightContext"]["statistics"];
        InsightFact {
            index: place.index,
            time: place.time,
            event_id: text(&self.event_id),
            account: place.account.to_owned(),
            region: place.region.to_owned(),
            shared_id: text(&self.shared_event_id),
            state: text(&details["state"]),
            kind: text(&details["insightType"]),
            event_source: text(&details["eventSource"]),
            event_name: text(&details["eventName"]),
            error_code: text(&details["errorCode"]),
            baseline: text(&statistics["baseline"]["average"]),
            value: text(&statistics["insight"]["average"]),
            minutes: text(&statistics["insightDuration"]),
            baseline_minutes: text(&statistics["baselineDuration"]),
            attributions: attributions(&details["insightContext"]["attributions"]),
        }
    }

    /// The correction that the record is, if it names what it corrects.
    pub fn addendum(&self, place: &Place<'_>) -> Option<AddendumFact> {
        let original_id = text(&self.addendum["originalEventID"]);
        let recipient = text(&self.recipient_account_id);
        let key = |id: &str| key_of(id, &recipient);
        let event_id = text(&self.event_id);
        (!original_id.is_empty()).then(|| AddendumFact {
            index: place.index,
            time: place.time,
            key: key(&event_id),
            event_id,
            account: place.account.to_owned(),
            region: place.region.to_owned(),
            event_source: text(&self.event_source),
            event_name: text(&self.event_name),
            reason: text(&self.addendum["reason"]),
            updated: text(&self.addendum["updatedFields"]),
            original: key(&original_id),
            original_id,
        })
    }
}

/// Characters of one value that are kept.
const LONGEST: usize = 300;
/// Values of an attribute that are shown.
const MOST_VALUES: usize = 3;

/// A text or number as it is written, cut with a mark where it is far too long; empty for anything else.
fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Object(_) => String::new(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Who and what stood out: for each attribute the first values, which CloudTrail sorts by weight.
fn attributions(all: &Value) -> String {
    let one = |one: &Value| {
        let values = |of: &str| -> Vec<(String, String)> {
            let all = one[of].as_array().map_or(&[][..], Vec::as_slice);
            let shown = all.iter().take(MOST_VALUES);
            shown
                .map(|one| (value_of(&one["value"]), text(&one["average"])))
                .collect()
        };
        let baseline = values("baseline");
        let shown: Vec<String> = values("insight")
            .into_iter()
            .map(|(value, average)| {
                let usual = baseline.iter().find(|(other, _)| *other == value);
                match usual {
                    Some((_, usual)) => format!("{value} {average} (baseline {usual})"),
                    None => format!("{value} {average}"),
                }
            })
            .collect();
        format!("{}: {}", text(&one["attribute"]), shown.join(", "))
    };
    let all = all.as_array().map_or(&[][..], Vec::as_slice);
    let all = all.iter().take(MOST_VALUES);
    all.map(one).collect::<Vec<_>>().join("; ")
}

/// CloudTrail writes `null`, as a word or not, where there was none, such as no error.
fn value_of(value: &Value) -> String {
    match text(value) {
        none if none.is_empty() || none == "null" => "none".to_owned(),
        some => some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        index: 3,
        time: 60,
        account: "111122223333",
        region: "eu-central-1",
    };

    #[test]
    fn an_insights_event_tells_its_anomaly() {
        let raw = br#"{"eventID":"e","sharedEventID":"s","insightDetails":{"state":"Start",
            "eventSource":"iam.amazonaws.com","eventName":"ListRoles","insightType":"ApiCallRateInsight",
            "insightContext":{"statistics":{"baseline":{"average":8.82145e-05},"insight":{"average":664},
            "insightDuration":5,"baselineDuration":11336},"attributions":[
            {"attribute":"userIdentityArn","insight":[{"value":"arn:a","average":0.2},{"value":"arn:b","average":0.1}],
             "baseline":[{"value":"arn:a","average":0.01}]},
            {"attribute":"errorCode","insight":[{"value":null,"average":0.6}],"baseline":[{"value":"null","average":0.5}]}]}}}"#;
        let fact = Remarks::of(raw).insight(&PLACE);
        assert_eq!(
            (
                fact.state.as_str(),
                fact.kind.as_str(),
                fact.shared_id.as_str()
            ),
            ("Start", "ApiCallRateInsight", "s")
        );
        assert_eq!((fact.value.as_str(), fact.minutes.as_str()), ("664", "5"));
        assert_eq!(fact.baseline.parse::<f64>(), Ok(8.821_45e-5));
        assert_eq!(
            fact.attributions,
            "userIdentityArn: arn:a 0.2 (baseline 0.01), arn:b 0.1; errorCode: none 0.6 (baseline 0.5)"
        );
    }

    #[test]
    fn members_of_other_types_say_nothing_and_break_nothing() {
        let raw = br#"{"eventID":7,"insightDetails":[1],"addendum":"x","vpcEndpointId":{"a":1}}"#;
        let remarks = Remarks::of(raw);
        assert_eq!(remarks.insight(&PLACE).event_id, "7");
        assert_eq!(remarks.insight(&PLACE).kind, "");
        assert_eq!(remarks.addendum(&PLACE), None);
        assert_eq!(remarks.mark(false), None);
        assert_eq!(
            remarks.mark(true).map(|mark| *mark),
            Some(Mark {
                is_network_activity: true,
                ..Mark::default()
            })
        );
    }

    #[test]
    fn an_addendum_is_a_correction_only_where_it_names_the_original() {
        let late = br#"{"eventID":"a","addendum":{"reason":"DELIVERY_DELAY"}}"#;
        assert_eq!(Remarks::of(late).addendum(&PLACE), None);
        let mark = Remarks::of(late).mark(false).expect("a mark");
        assert_eq!(mark.reason, "DELIVERY_DELAY");
        let raw = br#"{"eventID":"b","recipientAccountId":"1","addendum":{"reason":"UPDATED_DATA",
            "updatedFields":"responseElements, errorCode","originalEventID":"a"}}"#;
        let fact = Remarks::of(raw).addendum(&PLACE).expect("a correction");
        assert_eq!(fact.original, key_of("a", "1"));
        assert_eq!(fact.key, key_of("b", "1"));
        assert_eq!(fact.updated, "responseElements, errorCode");
    }
}
