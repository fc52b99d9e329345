//! What a trail would have to record so that the controls can be answered: advanced event
//! selectors and lines for the AWS CLI, for a person to run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::assess::outcome::{Assessment, Verdict};
use crate::control::set::ControlSet;
use crate::record::class::EventClass;
use crate::trail::resource_type;

/// A control without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why.
    pub reasons: Vec<String>,
    /// Classes that it needs and that are not proven everywhere.
    pub classes: Vec<EventClass>,
}

/// What would help.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Advice {
    /// Controls without an answer, in the order of ids.
    pub unanswered: Vec<Unanswered>,
    /// Classes that are missing, with how many of these controls need each.
    pub classes: BTreeMap<EventClass, u64>,
    /// Advanced event selectors that record what is missing.
    pub selectors: Vec<Value>,
    /// Lines for the AWS CLI beside `put-event-selectors`.
    pub lines: Vec<String>,
    /// What else would have to be known, each a sentence.
    pub notes: Vec<String>,
}

/// A reason, and the controls that it leaves without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason<'a> {
    /// Why.
    pub text: &'a str,
    /// Ids, in their order.
    pub controls: Vec<&'a str>,
}

impl Advice {
    /// Every reason once: those of most controls first, then as they come.
    pub fn reasons(&self) -> Vec<Reason<'_>> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut all: Vec<Reason<'_>> = Vec::new();
        for one in &self.unanswered {
            for text in &one.reasons {
                let place = *places.entry(text).or_insert_with(|| {
                    let controls = Vec::new();
                    all.push(Reason { text, controls });
                    all.len() - 1
                });
                if all[place].controls.last() != Some(&one.id.as_str()) {
                    all[place].controls.push(&one.id);
                }
            }
        }
        all.sort_by_key(|one| std::cmp::Reverse(one.controls.len()));
        all
    }
}

/// From an assessment.
pub fn advise(assessment: &Assessment, set: &ControlSet) -> Advice {
    let unproven: BTreeSet<EventClass> = {
        let classes = assessment
            .coverage
            .classes
            .iter()
            .filter(|one| !one.is_proven);
        let stores = assessment
            .coverage
            .stores
            .iter()
            .filter(|one| !one.is_proven);
        classes
            .map(|one| one.class)
            .chain(stores.map(|one| one.class))
            .collect()
    };
    let mut advice = Advice::default();
    for outcome in &assessment.controls {
        if outcome.verdict != Verdict::NotDeterminable {
            continue;
        }
        let Some(control) = set.get(&outcome.id) else {
            continue;
        };
        let needed = control.needs.iter();
        let classes: Vec<EventClass> = needed.filter(|class| unproven.contains(class)).collect();
        for class in &classes {
            *advice.classes.entry(*class).or_default() += 1;
        }
        advice.unanswered.push(Unanswered {
            id: outcome.id.clone(),
            title: control.title.clone(),
            reasons: outcome.reasons.clone(),
            classes,
        });
    }
    let missing: Vec<EventClass> = advice.classes.keys().copied().collect();
    for class in &missing {
        add_class(&mut advice, assessment, *class);
    }
    dedup(&mut advice.selectors);
    advice.lines.dedup();
    advice
}

fn add_class(advice: &mut Advice, assessment: &Assessment, class: EventClass) {
    let data = |name: &str, kind: &str, stores: Vec<String>| {
        let mut fields = vec![
            json!({"Field": "eventCategory", "Equals": ["Data"]}),
            json!({"Field": "resources.type", "Equals": [kind]}),
        ];
        if !stores.is_empty() {
            fields.push(json!({"Field": "resources.ARN", "StartsWith": stores}));
        }
        json!({"Name": name, "FieldSelectors": fields})
    };
    match class {
        _ if class.is_recorded_by_default() => advice.selectors.push(json!({
            "Name": "All management events",
            "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
        })),
        EventClass::S3DataRead | EventClass::S3DataWrite => {
            let arns = buckets(assessment);
            advice.selectors.push(data("S3 objects of the buckets in scope", "AWS::S3::Object", arns));
        }
        EventClass::NetworkActivity => advice.notes.push(
            "network activity events are chosen service by service (`eventCategory` equals `NetworkActivity` \
             and one `eventSource` for each selector); name the services that matter"
                .to_owned(),
        ),
        EventClass::Insights => advice.lines.push(
            "aws cloudtrail put-insight-selectors --trail-name TRAIL --region HOME \\\n  --insight-selectors \
             '[{\"InsightType\":\"ApiCallRateInsight\"},\n  {\"InsightType\":\"ApiErrorRateInsight\"}]'"
                .to_owned(),
        ),
        EventClass::Digests => advice.lines.push(
            "aws cloudtrail update-trail --name TRAIL --region HOME \\\n  --enable-log-file-validation"
                .to_owned(),
        ),
        _ => match resource_type(class) {
            Some(kind) => advice
                .selectors
                .push(data(&format!("All of {kind}"), kind, Vec::new())),
            None => advice.notes.push(format!(
                "class `{}` has no resource type of its own: choose those of the services in use",
                class.id()
            )),
        },
    }
}

/// The unproven buckets; a prefix of names stays a prefix.
fn buckets(assessment: &Assessment) -> Vec<String> {
    let is_s3 = |class| matches!(class, EventClass::S3DataRead | EventClass::S3DataWrite);
    let stores = assessment.coverage.stores.iter();
    let missing = stores.filter(|one| !one.is_proven && is_s3(one.class));
    let mut arns: Vec<String> = missing
        .map(|one| {
            let front = match one.is_front {
                true => one.store.split(['*', '?']).next().unwrap_or_default(),
                false => &one.store,
            };
            let arn = match front.starts_with("arn:") {
                true => front.to_owned(),
                false => format!("arn:aws:s3:::{front}"),
            };
            // Without the slash, buckets with longer names would be recorded too.
            if one.is_front { arn } else { format!("{arn}/") }
        })
        .collect();
    arns.sort_unstable();
    arns.dedup();
    arns
}

fn dedup(selectors: &mut Vec<Value>) {
    let mut seen: Vec<Value> = Vec::new();
    selectors.retain(|one| {
        let is_new = !seen.contains(one);
        if is_new {
            seen.push(one.clone());
        }
        is_new
    });
}
