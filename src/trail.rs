//! What a trail is told to record: event selectors, basic and advanced, as records of the calls
//! spell them (`readWriteType`) and as the AWS CLI prints them (`ReadWriteType`).
//!
//! It answers for whole classes and for single stores. Where a selector has a condition that it
//! does not know, the answer is that not all is recorded: a proof must not rest on a guess.

mod advanced;
mod basic;
pub mod snapshot;

use serde_json::Value;

use crate::record::class::EventClass;

/// What one trail records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    selectors: Vec<Selector>,
}

/// How much of a class is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// Every event of it.
    Whole,
    /// Some, by stores or other conditions.
    Part,
    /// None.
    Nothing,
}

/// How much of Insights events a trail records that is told so with `PutInsightSelectors`: of both
/// types, and of management events at least.
pub fn insights(object: &Value) -> Extent {
    let Some(all) = member(object, "insightSelectors").and_then(Value::as_array) else {
        return Extent::Part;
    };
    let is_whole = |kind: &&str| {
        let mut its = all.iter().filter(|one| {
            let named = member(one, "insightType").and_then(Value::as_str);
            named == Some(*kind)
        });
        its.any(|one| match member(one, "eventCategories") {
            None => true,
            Some(categories) => categories
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == "Management")),
        })
    };
    let kinds = ["ApiCallRateInsight", "ApiErrorRateInsight"];
    match kinds.iter().all(is_whole) {
        true => Extent::Whole,
        false if all.is_empty() => Extent::Nothing,
        false => Extent::Part,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    Management,
    Data,
    NetworkActivity,
}

/// One selector; a trail records what any of its selectors asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Selector {
    category: Category,
    reads: bool,
    writes: bool,
    /// Resource types of data events.
    types: Vec<String>,
    /// Data events of these only; nothing means all.
    only: Option<Vec<Match>>,
    /// Data events of these are left out.
    except: Vec<Match>,
    /// Management events of these services are left out.
    without: Vec<String>,
    /// It has a condition that is not looked into.
    has_more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Match {
    Prefix(String),
    Exact(String),
}

impl Recording {
    /// From an object that has selectors: request parameters of a record, or output of the CLI.
    /// `None` where it has none, or where they cannot be read.
    pub fn parse(object: &Value) -> Option<Recording> {
        let list = |name: &str| member(object, name).and_then(Value::as_array);
        let selectors = match (list("advancedEventSelectors"), list("eventSelectors")) {
            (Some(all), _) if !all.is_empty() => all
                .iter()
                .map(advanced::selector)
                .collect::<Option<Vec<_>>>()?,
            (_, Some(all)) if !all.is_empty() => {
                let parsed: Option<Vec<_>> = all.iter().map(basic::selectors).collect();
                parsed?.into_iter().flatten().collect()
            }
            _ => return None,
        };
        Some(Recording { selectors })
    }

    /// What a trail records that nobody told anything: all management events.
    pub fn of_a_new_trail() -> Recording {
        Recording {
            selectors: vec![Selector::new(Category::Management)],
        }
    }

    /// How much of a class it records.
    pub fn extent(&self, class: EventClass) -> Extent {
        let mut of_class = self.selectors.iter().filter(|one| one.touches(class));
        // Reads may come from one selector and writes from another.
        let mut missing = directions(class).to_vec();
        let mut is_touched = false;
        for one in of_class.by_ref() {
            is_touched = true;
            if one.is_whole(class) {
                missing.retain(|direction| !one.has(*direction));
            }
        }
        match (is_touched, missing.is_empty()) {
            (true, true) => Extent::Whole,
            (true, false) => Extent::Part,
            (false, _) => Extent::Nothing,
        }
    }

    /// Whether it may record any event of a class in a store that goes by this name or ARN: when in
    /// doubt, yes.
    pub fn may_meet(&self, class: EventClass, store: &str) -> bool {
        if is_directory_bucket(store) {
            return true;
        }
        let meets = |one: &Selector| match &one.only {
            None => true,
            Some(all) => all.iter().any(|one| one.may_meet(store)),
        };
        let mut of_class = self.selectors.iter().filter(|one| one.touches(class));
        of_class.any(meets)
    }

    /// Services whose management events a trail may be told to leave out that it leaves out.
    pub fn sources_left_out(&self) -> Vec<&str> {
        let management = || {
            let all = self.selectors.iter();
            all.filter(|one| one.category == Category::Management)
        };
        let named = management().flat_map(|one| &one.without);
        let mut left_out: Vec<&str> = named.map(String::as_str).collect();
        left_out.sort_unstable();
        left_out.dedup();
        left_out.retain(|source| {
            [Direction::Read, Direction::Write].iter().any(|direction| {
                let own = || management().filter(|one| one.has(*direction));
                let keeps = |one: &Selector| !one.leaves_out(source);
                own().next().is_some() && !own().any(keeps)
            })
        });
        left_out
    }

    /// Whether it records every event of a class in a store that goes by this name or ARN;
    /// `is_prefix`: in all stores whose names begin so.
    pub fn covers(&self, class: EventClass, store: &str, is_prefix: bool) -> bool {
        // No selectors of this type are looked into.
        if is_directory_bucket(store) {
            return false;
        }
        directions(class).iter().all(|direction| {
            self.selectors.iter().any(|one| {
                one.touches(class)
                    && one.has(*direction)
                    && !one.has_more
                    && one.covers(class, store, is_prefix)
            })
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

/// The service whose calls are a class of their own.
pub const KMS: &str = "kms.amazonaws.com";

/// Services of many calls, which AWS lets a trail leave out of its management events.
const APART: [&str; 2] = [KMS, "rdsdata.amazonaws.com"];

/// Which calls a class consists of.
fn directions(class: EventClass) -> &'static [Direction] {
    match class {
        EventClass::ManagementRead | EventClass::S3DataRead => &[Direction::Read],
        EventClass::ManagementWrite | EventClass::S3DataWrite => &[Direction::Write],
        _ => &[Direction::Read, Direction::Write],
    }
}

/// The resource types whose data events make up a class.
pub fn resource_type(class: EventClass) -> Option<&'static str> {
    match class {
        EventClass::S3DataRead | EventClass::S3DataWrite => Some("AWS::S3::Object"),
        EventClass::LambdaData => Some("AWS::Lambda::Function"),
        EventClass::DynamodbData => Some("AWS::DynamoDB::Table"),
        EventClass::RdsData => Some("AWS::RDS::DBCluster"),
        _ => None,
    }
}

impl Selector {
    fn new(category: Category) -> Selector {
        Selector {
            category,
            reads: true,
            writes: true,
            types: Vec::new(),
            only: None,
            except: Vec::new(),
            without: Vec::new(),
            has_more: false,
        }
    }

    fn has(&self, direction: Direction) -> bool {
        match direction {
            Direction::Read => self.reads,
            Direction::Write => self.writes,
        }
    }

    /// Whether any event of the class may come from it.
    fn touches(&self, class: EventClass) -> bool {
        let is_category = match class {
            EventClass::Kms if self.leaves_out(KMS) => false,
            _ if class.is_recorded_by_default() => self.category == Category::Management,
            EventClass::NetworkActivity => self.category == Category::NetworkActivity,
            EventClass::Insights | EventClass::Digests => false,
            _ => self.category == Category::Data,
        };
        let is_type = match resource_type(class) {
            Some(wanted) => self.types.iter().any(|one| one == wanted),
            None => true,
        };
        is_category && is_type && directions(class).iter().any(|one| self.has(*one))
    }

    /// Whether it leaves nothing of the class out, in the directions that it has.
    fn is_whole(&self, class: EventClass) -> bool {
        let is_open = self.only.is_none() && self.except.is_empty() && !self.has_more;
        match class {
            // There is no selector for every type, nor for the network events of every service.
            EventClass::OtherData | EventClass::NetworkActivity => false,
            // What these services do is asked for apart.
            _ => is_open && self.without.iter().all(|one| APART.contains(&one.as_str())),
        }
    }

    fn leaves_out(&self, source: &str) -> bool {
        self.without.iter().any(|one| one == source)
    }

    fn covers(&self, class: EventClass, store: &str, is_prefix: bool) -> bool {
        let is_chosen = match &self.only {
            None => true,
            Some(all) => all.iter().any(|one| one.holds(class, store, is_prefix)),
        };
        is_chosen && !self.except.iter().any(|one| one.may_meet(store))
    }
}

impl Match {
    fn text(&self) -> &str {
        match self {
            Match::Prefix(text) | Match::Exact(text) => text,
        }
    }

    /// Whether everything in the store is meant by it.
    fn holds(&self, class: EventClass, store: &str, is_prefix: bool) -> bool {
        let end = match (class, is_prefix) {
            // An object's ARN goes on behind the name of its bucket.
            (EventClass::S3DataRead | EventClass::S3DataWrite, false) => "/",
            _ => "",
        };
        let mut arns = arns(class, store).into_iter().map(|arn| arn + end);
        match self {
            Match::Prefix(front) => arns.any(|arn| arn.starts_with(front.as_str())),
            _ if is_prefix || end == "/" => false,
            Match::Exact(text) => arns.any(|arn| arn == *text) || is_named(text, store),
        }
    }

    /// Whether anything in the store might be meant by it: when in doubt, yes.
    fn may_meet(&self, store: &str) -> bool {
        let name = match store.starts_with("arn:") {
            true => name_in(store),
            false => Some(store),
        };
        let Some((own, other)) = Option::zip(name_in(self.text()), name) else {
            return true;
        };
        own.starts_with(other) || other.starts_with(own.trim_end_matches('/'))
    }
}

/// What an ARN names: a bucket and what follows, a table, a function. Nothing where that cannot be
/// told, as of the front of an ARN.
fn name_in(arn: &str) -> Option<&str> {
    let marks = [":s3:::", ":table/", ":function:"];
    let parts = marks.iter().filter_map(|mark| arn.split_once(mark));
    parts
        .min_by_key(|(front, _)| front.len())
        .map(|(_, name)| name)
}

/// Whether a bucket is a directory bucket, whose events are chosen by a type of their own
/// (`AWS::S3Express::Object`); such names are kept for them.
fn is_directory_bucket(store: &str) -> bool {
    let bucket = store.split('/').next().unwrap_or_default();
    bucket.ends_with("--x-s3") || store.contains(":s3express:")
}

/// The ARNs that a store may have, as far as its name tells.
fn arns(class: EventClass, store: &str) -> Vec<String> {
    if store.starts_with("arn:") {
        return vec![store.to_owned()];
    }
    match class {
        EventClass::S3DataRead | EventClass::S3DataWrite => ["aws", "aws-cn", "aws-us-gov"]
            .map(|partition| format!("arn:{partition}:s3:::{store}"))
            .to_vec(),
        // Region and account are unknown, so only a selector for the whole service is sure.
        EventClass::LambdaData => vec!["arn:aws:lambda".to_owned()],
        EventClass::DynamodbData => vec!["arn:aws:dynamodb".to_owned()],
        _ => Vec::new(),
    }
}

/// Whether an ARN of a table or function ends in this name.
fn is_named(arn: &str, name: &str) -> bool {
    let front = arn.strip_suffix(name);
    front.is_some_and(|front| front.ends_with(":table/") || front.ends_with(":function:"))
}

/// A member whose name begins with a small letter in records and a capital one in CLI output.
fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let found = object.get(name).or_else(|| {
        let mut capital = name.to_owned();
        capital.get_mut(..1)?.make_ascii_uppercase();
        object.get(&capital)
    });
    found.filter(|value| !value.is_null())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let all = value.as_array()?.iter();
    all.map(|one| one.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(text: &str) -> Recording {
        let value: Value = serde_json::from_str(text).expect("valid JSON");
        Recording::parse(&value).expect("selectors")
    }

    #[track_caller]
    fn extents(text: &str, expected: &[(EventClass, Extent)]) {
        let found = recording(text);
        for (class, extent) in expected {
            assert_eq!(found.extent(*class), *extent, "{class:?} of {text}");
        }
    }

    #[test]
    fn basic_selectors_in_both_spellings() {
        let record = r#"{"trailName":"t","eventSelectors":[{"readWriteType":"WriteOnly","includeManagementEvents":true,
            "dataResources":[{"type":"AWS::S3::Object","values":["arn:aws:s3"]}]}]}"#;
        let printed = r#"{"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t","EventSelectors":[{"ReadWriteType":"WriteOnly",
            "IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],"ExcludeManagementEventSources":[]}]}"#;
        for text in [record, printed] {
            extents(
                text,
                &[
                    (EventClass::ManagementWrite, Extent::Whole),
                    (EventClass::ManagementRead, Extent::Nothing),
                    (EventClass::S3DataWrite, Extent::Whole),
                    (EventClass::S3DataRead, Extent::Nothing),
                    (EventClass::LambdaData, Extent::Nothing),
                    (EventClass::Kms, Extent::Part),
                ],
            );
        }
    }

    #[test]
    fn management_without_kms_is_all_but_kms() {
        let text = r#"{"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],
                "ExcludeManagementEventSources":["kms.amazonaws.com"]}]}"#;
        extents(
            text,
            &[
                (EventClass::Kms, Extent::Nothing),
                (EventClass::ManagementWrite, Extent::Whole),
            ],
        );
        assert_eq!(recording(text).sources_left_out(), ["kms.amazonaws.com"]);
        let text = r#"{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},
            {"Field":"eventSource","NotEquals":["iam.amazonaws.com"]}]}]}"#;
        extents(
            text,
            &[
                (EventClass::Kms, Extent::Part),
                (EventClass::ManagementWrite, Extent::Part),
            ],
        );
    }

    #[test]
    fn a_service_is_left_out_if_no_selector_of_one_direction_keeps_it() {
        let left_out = |first: &str, second: &str| {
            let selector = |read_only: &str, more: &str| {
                format!(
                    "{{\"FieldSelectors\":[{{\"Field\":\"eventCategory\",\"Equals\":[\"Management\"]}},\
                     {{\"Field\":\"readOnly\",\"Equals\":[\"{read_only}\"]}}{more}]}}"
                )
            };
            let text = format!(
                "{{\"AdvancedEventSelectors\":[{},{}]}}",
                selector("true", first),
                selector("false", second)
            );
            !recording(&text).sources_left_out().is_empty()
        };
        let without = ",{\"Field\":\"eventSource\",\"NotEquals\":[\"rdsdata.amazonaws.com\"]}";
        assert!(left_out(without, without));
        assert!(left_out(without, ""));
        assert!(!left_out("", ""));
    }

    #[test]
    fn advanced_selectors_join_reads_and_writes() {
        let text = r#"{"AdvancedEventSelectors":[
            {"Name":"m","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
            {"Name":"r","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::DynamoDB::Table"]},{"Field":"readOnly","Equals":["true"]}]},
            {"Name":"w","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::DynamoDB::Table"]},{"Field":"readOnly","Equals":["false"]}]},
            {"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["s3.amazonaws.com"]}]},
            {"Name":"x","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::Lambda::Function"]},{"Field":"eventName","Equals":["Invoke"]}]}]}"#;
        extents(
            text,
            &[
                (EventClass::ManagementRead, Extent::Whole),
                (EventClass::SignIn, Extent::Whole),
                (EventClass::DynamodbData, Extent::Whole),
                (EventClass::NetworkActivity, Extent::Part),
                (EventClass::LambdaData, Extent::Part),
                (EventClass::S3DataRead, Extent::Nothing),
                (EventClass::Insights, Extent::Nothing),
            ],
        );
    }

    #[track_caller]
    fn store(selector: &str, class: EventClass, name: &str, is_prefix: bool, expected: bool) {
        let kind = resource_type(class).expect("a data class");
        let text = format!(
            r#"{{"AdvancedEventSelectors":[{{"FieldSelectors":[{{"Field":"eventCategory","Equals":["Data"]}},
               {{"Field":"resources.type","Equals":["{kind}"]}},{selector}]}}]}}"#
        );
        let found = recording(&text).covers(class, name, is_prefix);
        assert_eq!(found, expected, "{selector} {name}");
    }

    #[test]
    fn a_bucket_is_covered_only_as_a_whole() {
        let one = r#"{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::cards/"]}"#;
        store(one, EventClass::S3DataRead, "cards", false, true);
        store(one, EventClass::S3DataRead, "cards-old", false, false);
        store(one, EventClass::S3DataRead, "card", false, false);
        store(one, EventClass::S3DataRead, "cards", true, false);
        let part = r#"{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::cards/in/"]}"#;
        store(part, EventClass::S3DataRead, "cards", false, false);
        let many = r#"{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::card"]}"#;
        store(many, EventClass::S3DataWrite, "cards", true, true);
        let not = r#"{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::logs/"]}"#;
        store(not, EventClass::S3DataWrite, "cards", false, true);
        store(not, EventClass::S3DataWrite, "logs", false, false);
        store(not, EventClass::S3DataWrite, "lo", true, false);
        let ends = r#"{"Field":"resources.ARN","EndsWith":[".csv"]}"#;
        store(ends, EventClass::S3DataWrite, "cards", false, false);
    }

    #[test]
    fn tables_and_functions_are_known_by_arn_or_name() {
        let arn = "arn:aws:dynamodb:us-east-1:111122223333:table/tokens";
        let one = format!(r#"{{"Field":"resources.ARN","Equals":["{arn}"]}}"#);
        store(&one, EventClass::DynamodbData, arn, false, true);
        store(&one, EventClass::DynamodbData, "tokens", false, true);
        store(&one, EventClass::DynamodbData, "kens", false, false);
        store(&one, EventClass::DynamodbData, "other", false, false);
    }

    #[test]
    fn a_selector_that_may_be_about_a_store_is_known_whatever_names_it() {
        let table = "arn:aws:dynamodb:us-east-1:111122223333:table/tokens";
        let function = "arn:aws:lambda:us-east-1:111122223333:function:pay";
        let met = [
            ("tokens", table),
            (table, table),
            (
                "tokens",
                "arn:aws:dynamodb:us-east-1:111122223333:table/tok",
            ),
            ("tokens", "arn:aws:dynamodb:us-east-1:"),
            ("tokens", "arn:aws:dynamodb"),
            ("tokens", "ar"),
            ("tok", table),
            (
                table,
                "arn:aws:dynamodb:us-east-1:111122223333:table/tokens/index/a",
            ),
            ("pay", function),
            (
                "pay",
                "arn:aws:lambda:us-east-1:111122223333:function:pay:live",
            ),
            ("cards", "arn:aws:s3:::cards/in/"),
            ("cards", "arn:aws:s3"),
            ("cards", "arn:aws:s3:us-east-1:111122223333:accesspoint/a"),
        ];
        let apart = [
            (
                "tokens",
                "arn:aws:dynamodb:us-east-1:111122223333:table/other",
            ),
            (
                "pay",
                "arn:aws:lambda:us-east-1:111122223333:function:other",
            ),
            ("cards", "arn:aws:s3:::logs/"),
        ];
        for (store, arn) in met {
            assert!(
                Match::Prefix(arn.to_owned()).may_meet(store),
                "{store} {arn}"
            );
            assert!(
                Match::Exact(arn.to_owned()).may_meet(store),
                "{store} {arn}"
            );
        }
        for (store, arn) in apart {
            assert!(
                !Match::Prefix(arn.to_owned()).may_meet(store),
                "{store} {arn}"
            );
        }
        let except = format!(r#"{{"Field":"resources.ARN","NotEquals":["{table}"]}}"#);
        store(&except, EventClass::DynamodbData, "tokens", false, false);
        store(&except, EventClass::DynamodbData, "others", false, true);
    }

    #[test]
    fn a_directory_bucket_is_not_covered_by_selectors_of_objects() {
        let all = r#"{"Field":"readOnly","Equals":["true"]}"#;
        store(all, EventClass::S3DataRead, "cards", false, true);
        store(
            all,
            EventClass::S3DataRead,
            "cards--use1-az4--x-s3",
            false,
            false,
        );
    }

    #[test]
    fn basic_selectors_name_stores_one_by_one() {
        let found = recording(
            r#"{"eventSelectors":[{"dataResources":[{"type":"AWS::S3::Object","values":["arn:aws:s3:::a/","arn:aws:s3:::b/x"]},
               {"type":"AWS::Lambda::Function","values":["arn:aws:lambda"]}]}]}"#,
        );
        assert!(found.covers(EventClass::S3DataWrite, "a", false));
        assert!(!found.covers(EventClass::S3DataWrite, "b", false));
        assert!(found.covers(EventClass::LambdaData, "any", false));
        assert_eq!(found.extent(EventClass::S3DataRead), Extent::Part);
        assert_eq!(found.extent(EventClass::LambdaData), Extent::Whole);
    }

    #[test]
    fn what_cannot_be_read_is_no_recording() {
        for text in [
            "{}",
            r#"{"eventSelectors":[]}"#,
            r#"{"eventSelectors":[{"dataResources":"x"}]}"#,
            r#"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory"}]}]}"#,
            "null",
        ] {
            let value: Value = serde_json::from_str(text).expect("valid JSON");
            assert_eq!(Recording::parse(&value), None, "{text}");
        }
    }
}
