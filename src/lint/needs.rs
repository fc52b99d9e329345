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
    for class in needed(control) {
        if !control.needs.contains(class) {
            let message = format!("records of the class `{}` are tested", class.id());
            problems.push(
                control
                    .error("needs-missing", place.clone(), message)
                    .help(format!("add `\"{}\"` to `needs`", class.id())),
            );
        }
    }
}

/// The classes of the exact source and name pairs that the patterns test.
fn needed(control: &Control) -> BTreeSet<EventClass> {
    let mut classes = BTreeSet::new();
    for pattern in &control.places.patterns {
        for branch in &pattern.shape.branches {
            let exact = |path: &str| {
                let test = branch.iter().find(|test| test.path == path);
                test.and_then(Test::exact_texts)
            };
            let Some(sources) = exact("eventSource") else {
                continue;
            };
            let names = exact("eventName").unwrap_or_default();
            for source in &sources {
                classes.extend(names.iter().filter_map(|name| class_of(source, name)));
                if names.is_empty() {
                    classes.extend(class_of_source(source));
                }
            }
        }
    }
    classes
}

/// The class that must be recorded for an event to be seen.
fn class_of(source: &str, name: &str) -> Option<EventClass> {
    if let Some(class) = class_of_source(source) {
        return Some(class);
    }
    match source {
        "s3.amazonaws.com" | "s3express.amazonaws.com" if S3_READS.contains(&name) => {
            Some(EventClass::S3DataRead)
        }
        "s3.amazonaws.com" | "s3express.amazonaws.com" if S3_WRITES.contains(&name) => {
            Some(EventClass::S3DataWrite)
        }
        "lambda.amazonaws.com" if name == "Invoke" => Some(EventClass::LambdaData),
        "dynamodb.amazonaws.com" if DYNAMODB.contains(&name) => Some(EventClass::DynamodbData),
        _ => Some(management(name)),
    }
}

/// The class of everything that a source writes, if it has one of its own.
fn class_of_source(source: &str) -> Option<EventClass> {
    match source {
        "signin.amazonaws.com" => Some(EventClass::SignIn),
        "sso.amazonaws.com"
        | "sso-directory.amazonaws.com"
        | "identitystore.amazonaws.com"
        | "identitystore-scim.amazonaws.com" => Some(EventClass::IdentityCenter),
        "organizations.amazonaws.com" | "account.amazonaws.com" | "controltower.amazonaws.com" => {
            Some(EventClass::Organizations)
        }
        "kms.amazonaws.com" => Some(EventClass::Kms),
        "rdsdata.amazonaws.com" | "rdsdataapi.amazonaws.com" => Some(EventClass::RdsData),
        _ => None,
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
        check_needs(write, "signin", "ConsoleLogin", &["needs-missing"]);
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
