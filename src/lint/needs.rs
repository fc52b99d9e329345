//! Event classes that a pattern tests but `needs` does not name: without the
//! class, "no exceptions" would rest on records that were never kept.

use std::collections::BTreeSet;

use crate::control::model::{Control, Expectation};
use crate::control::shape::Test;
use crate::diagnostic::Diagnostics;
use crate::record::class::EventClass;

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    let place = control.places.needs.clone();
    if control.requirements.values().all(Vec::is_empty) {
        let message = "the control serves no requirement".to_owned();
        let place = control.places.requirements.clone();
        problems.push(control.warning("no-requirement", place, message));
    }
    let tests_records = !matches!(
        control.expectation,
        Expectation::Coverage(_) | Expectation::Integrity
    );
    if tests_records && control.needs.iter().next().is_none() {
        let message = "`needs` names no event class, but records are tested".to_owned();
        problems.push(
            control
                .error("needs-empty", place, message)
                .help("name the classes without which a verdict would mean nothing"),
        );
        return;
    }
    let mut reported = BTreeSet::new();
    for classes in needed(control) {
        let own = classes[0];
        if classes.iter().any(|class| control.needs.contains(*class)) || !reported.insert(own) {
            continue;
        }
        let message = format!("records of the class `{}` are tested", own.id());
        problems.push(
            control
                .error("needs-missing", place.clone(), message)
                .help(format!("add `\"{}\"` to `needs`", own.id())),
        );
    }
}

/// For each exact source and name pair that the patterns test, the classes of
/// which one must be needed; the first is the event's own.
fn needed(control: &Control) -> BTreeSet<Vec<EventClass>> {
    let mut all = BTreeSet::new();
    for pattern in &control.places.patterns {
        for branch in &pattern.shape.branches {
            let exact = |path: &str| {
                let test = branch.iter().find(|test| test.path == path);
                test.and_then(Test::exact_texts)
            };
            // An element that does not apply to a category asks for no record of it.
            let has_exemptions = matches!(control.expectation, Expectation::RecordFields(_));
            if let Some(categories) = exact("eventCategory").filter(|_| !has_exemptions) {
                let classes = categories.iter().map(|one| class_of_category(one));
                let classes: Vec<_> = classes.collect();
                all.extend(classes.iter().flatten().map(|class| vec![*class]));
                if classes.iter().all(Option::is_some) {
                    continue;
                }
            }
            let (Some(sources), Some(names)) = (exact("eventSource"), exact("eventName")) else {
                continue;
            };
            for source in &sources {
                all.extend(names.iter().map(|name| classes_of(source, name)));
            }
        }
    }
    all
}

/// The class of events that are seen only by controls that need it.
fn class_of_category(category: &str) -> Option<EventClass> {
    match category {
        "NetworkActivity" => Some(EventClass::NetworkActivity),
        "Insight" => Some(EventClass::Insights),
        _ => None,
    }
}

/// The classes of which one must be recorded for an event to be seen. A trail
/// cannot leave out sign-in, Identity Center or Organizations by themselves, so
/// management events stand for these; KMS and data events it can.
fn classes_of(source: &str, name: &str) -> Vec<EventClass> {
    match source {
        "signin.amazonaws.com" => vec![
            EventClass::SignIn,
            EventClass::IdentityCenter,
            EventClass::ManagementWrite,
        ],
        "sso.amazonaws.com"
        | "sso-directory.amazonaws.com"
        | "identitystore.amazonaws.com"
        | "identitystore-scim.amazonaws.com" => {
            vec![EventClass::IdentityCenter, management(name)]
        }
        "organizations.amazonaws.com" | "account.amazonaws.com" | "controltower.amazonaws.com" => {
            vec![EventClass::Organizations, management(name)]
        }
        "kms.amazonaws.com" => vec![EventClass::Kms],
        "rdsdata.amazonaws.com" | "rdsdataapi.amazonaws.com" => vec![EventClass::RdsData],
        "lambda.amazonaws.com" if name == "Invoke" => vec![EventClass::LambdaData],
        "dynamodb.amazonaws.com" if DYNAMODB.contains(&name) => vec![EventClass::DynamodbData],
        "s3.amazonaws.com" | "s3express.amazonaws.com" if S3_READS.contains(&name) => {
            vec![EventClass::S3DataRead]
        }
        "s3.amazonaws.com" | "s3express.amazonaws.com" if S3_WRITES.contains(&name) => {
            vec![EventClass::S3DataWrite]
        }
        _ => vec![management(name)],
    }
}

fn management(name: &str) -> EventClass {
    let reads = [
        "Get",
        "List",
        "Describe",
        "Lookup",
        "AssumeRole",
        "Search",
        "Query",
        "Scan",
    ];
    let writes = ["GetSessionToken", "GetFederationToken", "AssumeRoot"];
    if reads.iter().any(|prefix| name.starts_with(prefix)) && !writes.contains(&name) {
        EventClass::ManagementRead
    } else {
        EventClass::ManagementWrite
    }
}

const S3_READS: [&str; 13] = [
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "HeadBucket",
    "HeadObject",
    "ListObjects",
    "ListObjectVersions",
    "ListParts",
    "SelectObjectContent",
];

const S3_WRITES: [&str; 15] = [
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "DeleteObjectTagging",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "RestoreObject",
    "UpdateObjectEncryption",
    "UploadPart",
    "UploadPartCopy",
];

const DYNAMODB: [&str; 13] = [
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

#[cfg(test)]
mod tests {
    use crate::lint::testing::check;

    #[track_caller]
    fn check_needs(needs: &str, source: &str, name: &str, expected: &[&str]) {
        let body = format!(
            "{needs}---\n[expect]\nkind = \"forbid\"\npattern.eventSource = [\"{source}.amazonaws.com\"]\npattern.eventName = [\"{name}\"]\n"
        );
        check(&body, expected);
    }

    #[test]
    fn a_tested_class_must_be_needed() {
        let write = "\"management-write\"";
        check_needs(write, "s3", "GetObject", &["needs-missing"]);
        check_needs("\"s3-data-read\"", "s3", "GetObject", &[]);
        check_needs(write, "s3", "PutBucketPolicy", &[]);
        check_needs(write, "sts", "AssumeRole", &["needs-missing"]);
        check_needs(write, "kms", "ScheduleKeyDeletion", &["needs-missing"]);
        check_needs("\"kms\"", "kms", "ScheduleKeyDeletion", &[]);
        check_needs("\"kms\"", "signin", "ConsoleLogin", &["needs-missing"]);
        check_needs(write, "signin", "ConsoleLogin", &[]);
        check_needs("\"identity-center\"", "signin", "UserAuthentication", &[]);
    }

    #[test]
    fn a_category_of_its_own_must_be_needed() {
        let check_category = |needs: &str, category: &str, expected: &[&str]| {
            let body = format!(
                "{needs}---\n[expect]\nkind = \"inventory\"\npattern.eventCategory = [\"{category}\"]\n"
            );
            check(&body, expected);
        };
        let write = "\"management-write\"";
        check_category(write, "NetworkActivity", &["needs-missing"]);
        check_category(write, "Insight", &["needs-missing"]);
        check_category(write, "Management", &[]);
        check_category("\"network-activity\"", "NetworkActivity", &[]);
        check_category("\"insights\"", "Insight", &[]);
    }

    #[test]
    fn a_control_that_tests_records_needs_some_class() {
        check(
            "---\n[expect]\nkind = \"forbid\"\npattern.awsRegion = [\"x\"]\n",
            &["needs-empty"],
        );
        check(
            "---\n[expect]\nkind = \"coverage\"\nwhat = \"accounts\"\n",
            &[],
        );
    }
}
