//! How records are packed, and what is refused around them.

use attestrail::reader::{FileFault, FileOutcome, FileReport, OtherKind};
use serde_json::{Value, json};

use crate::reader_common::{Kept, check_balance, data, gzip, read, record, wrap};

#[track_caller]
fn check(content: &str, shape: &str, kept: u64) -> FileReport {
    let (report, _) = read("x.json", content.as_bytes());
    assert_eq!(report.outcome, FileOutcome::Read, "{report:?}");
    assert_eq!(
        report.shape.map(|shape| shape.id()),
        Some(shape),
        "{report:?}"
    );
    assert_eq!(report.records_kept, kept, "{report:?}");
    report
}

#[track_caller]
fn check_whole(content: &str, shape: &str, kept: u64) {
    let report = check(content, shape, kept);
    assert_eq!(report.records_refused, 0, "{report:?}");
}

#[track_caller]
fn refused(content: &[u8]) -> FileFault {
    let (report, kept) = read("x.json", content);
    assert!(kept.records.is_empty());
    match report.outcome {
        FileOutcome::Refused(fault) => fault,
        other => panic!("{other:?}: {report:?}", report = report.refusals),
    }
}

#[test]
fn the_sign_file_of_a_lake_query_is_known_by_name_and_content() {
    let content = br#"{"version":"1.0","region":"us-east-1","files":[{"fileHashValue":"aa","fileName":"result_1.csv.gz"}],"hashAlgorithm":"SHA-256","signatureAlgorithm":"SHA256withRSA","queryCompleteTime":"2025-03-01T00:00:00Z","hashSignature":"aa","publicKeyFingerprint":"bb"}"#;
    let name = "AWSLogs/111122223333/CloudTrail-Lake/Query/2025/03/01/abc/result_sign.json";
    for name in [name, "result_sign.json"] {
        let (report, _) = read(name, content);
        assert_eq!(report.outcome, FileOutcome::NotRead(OtherKind::LakeSign));
    }
    assert!(matches!(refused(content), FileFault::UnknownShape(_)));
    let (report, _) = read("result_sign.json", b"{\"files\":[]}");
    assert!(matches!(report.outcome, FileOutcome::Refused(_)));
}

fn value(number: u32) -> Value {
    serde_json::from_str(&record(number)).expect("JSON")
}

fn codes(report: &FileReport) -> Vec<(u32, &'static str)> {
    report
        .refusals
        .iter()
        .map(|refusal| (refusal.index, refusal.code))
        .collect()
}

#[test]
fn the_shapes_of_this_repository_are_told_by_their_content() {
    for (name, shape, kept) in [
        ("records.json", "records", 2),
        ("array.json", "array", 2),
        ("record.json", "record", 1),
        ("lines.jsonl", "lines", 2),
        ("eventbridge.json", "eventbridge", 1),
        ("lookup-events.json", "lookup-events", 1),
        ("subscription.json", "cloudwatch-logs-subscription", 1),
    ] {
        let content = std::fs::read_to_string(data("shapes").join(name)).expect("readable");
        check_whole(&content, shape, kept);
    }
}

#[test]
fn the_same_record_is_found_in_every_packing() {
    let plain = record(1);
    let as_string = serde_json::to_string(&plain).expect("a string");
    let both = [value(1), value(2)];
    for (content, shape, kept) in [
        (wrap(std::slice::from_ref(&plain)), "records", 1),
        (format!("[{plain},{plain}]"), "array", 2),
        (plain.clone(), "record", 1),
        (format!("{plain}\n{plain}\n"), "lines", 2),
        (format!("{plain}\r\n\r\n{plain}\r\n"), "lines", 2),
        (format!("{plain}{plain} {plain}"), "concatenated", 3),
        (
            format!("{0}{0}", wrap(std::slice::from_ref(&plain))),
            "records-documents",
            2,
        ),
        (
            json!({"version": "0", "source": "aws.s3", "detail": value(1)}).to_string(),
            "eventbridge",
            1,
        ),
        (
            json!([{"source": "aws.s3", "detail": value(1)}]).to_string(),
            "eventbridge",
            1,
        ),
        (
            format!(r#"{{"Events":[{{"EventId":"x","CloudTrailEvent":{as_string}}}]}}"#),
            "lookup-events",
            1,
        ),
        (
            format!("{{\"EventId\":\"x\",\"CloudTrailEvent\":{as_string}}}\n").repeat(2),
            "lookup-events",
            2,
        ),
        (
            format!(
                r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{as_string}}}]}}"#
            ),
            "cloudwatch-logs-subscription",
            1,
        ),
        (
            format!(r#"{{"events":[{{"timestamp":1,"message":{as_string}}}]}}"#),
            "cloudwatch-logs-events",
            1,
        ),
        (
            format!("2024-05-06T02:00:00.000Z {plain}\n").repeat(3),
            "cloudwatch-logs-export",
            3,
        ),
        (
            json!([{"_raw": {"Records": both}}, {"__criblEventType": "event", "_raw": value(3)}])
                .to_string(),
            "raw-member",
            3,
        ),
        (
            format!(r#"[{{"__criblEventType":"event","_raw":{as_string}}}]"#),
            "raw-member",
            1,
        ),
        (
            json!([{"event": {"x": 1}, "aws": {"cloudtrail": value(1)}}]).to_string(),
            "aws-cloudtrail-member",
            1,
        ),
        (
            format!(
                r#"{{"_source":{{"aws":{{"cloudtrail":{{}}}},"event":{{"original":{as_string}}}}}}}"#
            ),
            "elastic-original",
            1,
        ),
        (
            format!(
                r#"{{"aws":{{"cloudtrail":{{"eventTime":"x"}}}},"event":{{"original":{as_string}}}}}"#
            ),
            "elastic-original",
            1,
        ),
    ] {
        check_whole(&content, shape, kept);
        let (zipped, _) = read("x.json.gz", &gzip(content.as_bytes()));
        assert_eq!(zipped.records_kept, kept);
    }
}

#[test]
fn a_records_bytes_are_those_of_the_file() {
    let pretty = serde_json::to_string_pretty(&value(1)).expect("JSON");
    let content = format!(
        "\u{feff} {{ \"Records\" : [ {pretty} ,\n{} ] }} \n",
        record(2)
    );
    let (report, kept) = read("x.json", content.as_bytes());
    assert_eq!(kept.records[0].raw, pretty.as_bytes());
    assert_eq!(kept.records[1].raw, record(2).as_bytes());
    assert!(
        report
            .notices
            .iter()
            .any(|notice| notice.code == "utf8-bom")
    );
    let again = read("x.json", wrap(&[record(1)]).as_bytes()).1;
    assert_eq!(again.records[0].content_hash, kept.records[0].content_hash);
}

#[test]
fn a_broken_line_costs_itself_only() {
    let lines = [
        record(0),
        record(1)[..100].to_owned(),
        "not json".into(),
        record(3),
        format!("{}]", record(4)),
        r#"{"eventVersion":"1.11","userAgent":"unterminated"#.into(),
        record(6),
        record(7)[..200].to_owned(),
    ];
    let report = check(&lines.join("\n"), "lines", 4);
    assert_eq!(
        codes(&report),
        [
            (1, "broken-record"),
            (2, "broken-json"),
            (5, "broken-json"),
            (6, "broken-record"),
            (8, "broken-record")
        ]
    );
    let with_mark = format!("\u{feff}{}\nx\n{}", record(0), record(1));
    assert!(matches!(
        refused(with_mark.as_bytes()),
        FileFault::Json { .. }
    ));
    let with_mark = format!("\u{feff}{}\n{{\n{}", record(0), record(1));
    assert_eq!(
        codes(&check(&with_mark, "lines", 2)),
        [(1, "broken-record")]
    );
    let first_broken = [record(0)[..50].to_owned(), record(1)].join("\n");
    assert_eq!(
        codes(&check(&first_broken, "lines", 1)),
        [(0, "broken-record")]
    );
}

#[test]
fn a_broken_list_in_a_line_takes_the_file_with_it() {
    let broken = format!("{},]}}", wrap(&[record(1)]).trim_end_matches("]}"));
    let content = format!("{}\n{broken}\n", wrap(&[record(0)]));
    assert!(matches!(
        refused(content.as_bytes()),
        FileFault::TrailingComma { .. }
    ));
}

#[test]
fn broken_json_around_records_refuses_the_file_and_tells_what_is_left_out() {
    let good = record(1);
    for (content, code) in [
        (format!(r#"{{"Records":[{good},]}}"#), "trailing-comma"),
        (format!(r#"{{"Records":[{good}"#), "broken-json"),
        (format!(r#"{{"Records":[{good}}}"#), "broken-json"),
        (format!(r#"{{"Records":[{good}] "x":1}}"#), "broken-json"),
        (format!(r#"{{"Records":[{good}],}}"#), "broken-json"),
        (format!(r#"{{"Records":[{good}]}} x"#), "broken-json"),
        (format!(r#"{{"Records":[{good} {good}]}}"#), "broken-json"),
        (
            format!(r#"{{"Records":[{good}],"Records":[]}}"#),
            "duplicate-records",
        ),
        (
            format!(r#"{{"Records":[{good}],"\u0052ecords":[]}}"#),
            "duplicate-records",
        ),
        (format!(r#"{{"Records":[{good}],"x":NaN}}"#), "broken-json"),
        (format!("[{good},]"), "trailing-comma"),
    ] {
        let (report, kept) = read("x.json", content.as_bytes());
        let FileOutcome::Refused(fault) = &report.outcome else {
            panic!("{content}: {report:?}");
        };
        assert_eq!(fault.code(), code, "{content}");
        assert_eq!(
            kept,
            Kept {
                records: vec![],
                discards: 1
            }
        );
        let good_ones = content.matches("eventTime").count().min(1) as u64;
        assert_eq!(report.records_left_out, good_ones, "{content}");
    }
}

#[test]
fn records_of_another_type_is_no_empty_list() {
    for found in ["null", "{}", "\"x\"", "7", "true"] {
        let content = format!(r#"{{"Records":{found}}}"#);
        assert!(
            matches!(refused(content.as_bytes()), FileFault::NotAnArray { .. }),
            "{found}"
        );
    }
    check_whole(r#"{"Records":[]}"#, "records", 0);
    let (report, _) = read("x.json", b"[]");
    assert_eq!(report.outcome, FileOutcome::Read);
    assert!(
        report
            .notices
            .iter()
            .any(|notice| notice.code == "no-records")
    );
}

#[test]
fn bytes_that_are_not_utf8_cost_only_the_record_that_holds_them() {
    let bad = record(1).replace("ana", "an?").into_bytes();
    let bad: Vec<u8> = bad
        .iter()
        .map(|byte| if *byte == b'?' { 0xFF } else { *byte })
        .collect();
    let content = [
        b"{\"Records\":[",
        record(0).as_bytes(),
        b",",
        &bad,
        b",",
        record(2).as_bytes(),
        b"]}",
    ]
    .concat();
    let (report, kept) = read("x.json", &content);
    assert_eq!(codes(&report), [(1, "not-utf8")]);
    assert_eq!(kept.records.len(), 2);
    let outside = [wrap(&[record(0)]).as_bytes(), b"\n\xFF"].concat();
    assert!(matches!(refused(&outside), FileFault::Json { .. }));
    let in_extra = [
        &b"{\"x\":\"\xFF\",\"Records\":["[..],
        record(0).as_bytes(),
        b"]}",
    ]
    .concat();
    assert!(matches!(refused(&in_extra), FileFault::NotUtf8 { at: 6 }));
    let in_envelope = [
        &b"[{\"source\":\"\xFF\",\"detail\":"[..],
        record(0).as_bytes(),
        b"}]",
    ]
    .concat();
    let (report, _) = read("x.json", &in_envelope);
    assert_eq!(codes(&report), [(0, "not-utf8")]);
}

#[test]
fn an_envelope_cannot_hide_a_record() {
    let twice = format!(r#"[{{"detail":{0},"detail":{0}}}]"#, record(1));
    let (report, _) = read("x.json", twice.as_bytes());
    assert_eq!(codes(&report), [(0, "duplicate-member")]);
    // A record with a member that envelopes have stays a record.
    let mut both = value(1);
    both["detail"] = value(2);
    both["message"] = json!("{}");
    let (report, kept) = read("x.json", both.to_string().as_bytes());
    assert_eq!(report.records_kept, 1);
    assert_eq!(
        kept.records[0].event_id,
        "00000000-0000-4000-8000-000000000001"
    );
    let front = format!(r#"{{"detail":{},{}"#, record(2), &record(1)[1..]);
    let (_, kept) = read("x.json", front.as_bytes());
    assert_eq!(
        kept.records[0].event_id,
        "00000000-0000-4000-8000-000000000001"
    );
}

#[test]
fn what_an_envelope_lacks_is_refused_by_index() {
    let content = json!({"logEvents": [
        {"message": record(0)},
        {"message": "START RequestId"},
        {"id": "x"},
        {"message": format!("{} x", record(3))},
        {"message": "{\"eventTime\":"},
    ]});
    let report = check(&content.to_string(), "cloudwatch-logs-subscription", 1);
    assert_eq!(
        codes(&report),
        [
            (1, "broken-string"),
            (2, "not-a-record"),
            (3, "broken-string"),
            (4, "broken-string")
        ]
    );
}

#[test]
fn members_beside_the_records_are_told() {
    let extra = format!(r#"{{"Records":[{}],"eventName":"DeleteTrail"}}"#, record(1));
    let report = check(&extra, "records", 1);
    assert!(
        report
            .messages()
            .iter()
            .any(|line| line.contains("beside `Records`: `eventName`"))
    );
    let cut_off = json!({"Events": [{"CloudTrailEvent": record(1)}], "NextToken": "abc"});
    let report = check(&cut_off.to_string(), "lookup-events", 1);
    assert!(report.notices.iter().any(|notice| notice.code == "cut-off"));
}

#[test]
fn what_is_no_log_is_named() {
    let metadata = |name: &str| json!({"Bucket": "b", "Key": "k", "Metadata": {name: "ab"}});
    let digest = json!({"awsAccountId": "1", "digestStartTime": "x", "logFiles": []}).to_string();
    let control = json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]});
    for (content, kind) in [
        (digest, OtherKind::Digest),
        (
            json!({"PublicKeyList": []}).to_string(),
            OtherKind::PublicKeys,
        ),
        (json!({"ETag": "x"}).to_string(), OtherKind::HeadObject),
        // As the AWS CLI prints it when it is asked for these members alone, one or many.
        (
            format!("{0}\n{0}\n", metadata("signature")),
            OtherKind::HeadObject,
        ),
        (
            format!("[{}]", metadata("X-Amz-Meta-Signature")),
            OtherKind::HeadObject,
        ),
        (control.to_string(), OtherKind::ControlMessage),
    ] {
        let (report, _) = read("x.json", content.as_bytes());
        assert_eq!(report.outcome, FileOutcome::NotRead(kind));
    }
    for (content, code) in [
        (&b"{\"a\":1}"[..], "unknown-shape"),
        (b"[{\"a\":1},{\"b\":2}]", "unknown-shape"),
        (b"[1]", "unknown-shape"),
        (
            b"{\"QueryResultRows\":[[{\"eventName\":\"x\"}]]}",
            "unsupported-shape",
        ),
        (
            b"eventversion,useridentity,eventtime,eventname\n1.08,{type=Root},x,y\n",
            "unsupported-shape",
        ),
        (
            b"Event name,Event time,User name\na,b,c\n",
            "unsupported-shape",
        ),
        (b"PAR1\x15\x04", "unsupported-shape"),
        (b"  \n ", "blank-file"),
        (b"", "empty-file"),
        (b"\xFF\xFE{\0", "not-json"),
        (b"PK\x03\x04", "archive"),
        (b"\x00\x00\x00", "not-json"),
        (b"{\"Records\":[", "broken-json"),
        (b"{", "broken-json"),
        (b"[", "broken-json"),
    ] {
        assert_eq!(refused(content).code(), code, "{content:?}");
    }
}

#[test]
fn fields_of_undocumented_types_are_kept_and_said() {
    let odd = |from: &str, to: &str| -> Vec<(String, Option<u32>)> {
        let changed = record(1).replace(from, to);
        assert_ne!(changed, record(1));
        let (report, kept) = read("x.json", wrap(&[record(0), changed]).as_bytes());
        assert_eq!(kept.records.len(), 2);
        let notices = report.notices.into_iter();
        notices
            .filter(|notice| matches!(notice.code, "odd-type" | "missing-field"))
            .map(|notice| (notice.message, notice.first_index))
            .collect()
    };
    for (from, to, message) in [
        (
            "false",
            "\"false\"",
            "`readOnly` is a string instead of true or false (1 record: 1)",
        ),
        (
            "false",
            "null",
            "`readOnly` is null instead of true or false (1 record: 1)",
        ),
        (
            "\"GoodOne\"",
            "[\"GoodOne\"]",
            "`eventName` is an array instead of a string (1 record: 1)",
        ),
        (
            "\"us-east-1\"",
            "7",
            "`awsRegion` is a number instead of a string (1 record: 1)",
        ),
        (
            "\"s3.amazonaws.com\"",
            "null",
            "`eventSource` is absent or null (1 record: 1)",
        ),
        (
            "\"eventID\"",
            "\"eventId\"",
            "`eventID` is absent or null (1 record: 1)",
        ),
        (
            "\"readOnly\":",
            "\"resources\":{\"ARN\":\"x\"},\"readOnly\":",
            "`resources` is an object instead of an array (1 record: 1)",
        ),
        (
            "\"readOnly\":",
            "\"additionalEventData\":\"x\",\"readOnly\":",
            "`additionalEventData` is a string instead of an object (1 record: 1)",
        ),
    ] {
        assert_eq!(odd(from, to), [(message.to_owned(), Some(1))]);
    }
    let fine = "\"resources\":[{\"ARN\":\"x\"},{}],\"errorCode\":null,\"readOnly\":";
    assert_eq!(odd("\"readOnly\":", fine), []);
}

#[test]
fn a_record_from_elsewhere_than_its_path_says_is_told() {
    let name = "AWSLogs/444455556666/CloudTrail/eu-west-1/2024/05/06/444455556666_CloudTrail_eu-west-1_20240506T0215Z_aaaaAAAAbbbbBBBB.json.gz";
    let (report, kept) = read(name, &gzip(wrap(&[record(0), record(1)]).as_bytes()));
    assert_eq!(kept.records.len(), 2);
    let told: Vec<_> = report
        .notices
        .iter()
        .map(|notice| (notice.code, notice.count))
        .collect();
    assert_eq!(told, [("other-account", 2), ("other-region", 2)]);
}

#[test]
fn insights_and_aggregates_are_counted_apart() {
    let insight = r#"{"eventVersion":"1.08","eventTime":"2024-05-06T05:00:00Z","eventID":"x","awsRegion":"us-east-1","eventType":"AwsCloudTrailInsight","eventCategory":"Insight","insightDetails":{"state":"Start"}}"#;
    let aggregate = r#"{"eventVersion":"1.0","accountId":"111122223333","eventId":"x","eventCategory":"Aggregated","timeWindow":{}}"#;
    let records = [
        record(0),
        insight.to_owned(),
        aggregate.to_owned(),
        record(3),
    ];
    let (report, kept) = read("x.json", wrap(&records).as_bytes());
    assert_eq!(
        (
            report.records_seen,
            report.records_kept,
            report.insights_kept,
            report.aggregates
        ),
        (3, 3, 1, 1)
    );
    assert_eq!(
        kept.records
            .iter()
            .map(|record| record.index)
            .collect::<Vec<_>>(),
        [0, 1, 3]
    );
}

#[test]
fn hostile_text_in_messages_is_escaped() {
    let evil = "\\u001b[2J\\u202e\\u0085";
    for content in [
        wrap(&[record(1).replace("2024-05-06T02:00:00Z", evil)]),
        wrap(&[record(1).replace("\"1.11\"", &format!("\"{evil}\""))]),
        wrap(&[record(1).replace("\"readOnly\":false", &format!("\"{evil}\":1,\"{evil}\":2"))]),
        format!(r#"{{"{evil}":1}}"#),
        format!(r#"[{{"message":"{evil}"}}]"#),
        format!(r#"{{"Records":["{evil}"]}}"#),
        format!(r#"{{"Records":[],"{evil}":1}}"#),
        "{\"\u{1b}\u{9b}\u{202e}\":1}".into(),
        "{\"\u{9b}\u{202e}\":1}".into(),
    ] {
        let (report, _) = read("x.json", content.as_bytes());
        let text = report.messages().join("\n");
        assert!(!text.is_empty());
        let bad = |character: char| {
            character != '\n' && character.is_control() || character == '\u{202e}'
        };
        assert!(!text.chars().any(bad), "{text:?}");
    }
}

#[test]
fn refusals_are_listed_up_to_a_limit_and_all_counted() {
    let content = format!("{{\"Records\":[{}7]}}", "7,".repeat(20_000));
    let (report, _) = read("x.json", content.as_bytes());
    assert_eq!(
        (report.records_refused, report.refusals.len()),
        (20_001, 10_000)
    );
    assert!(
        report
            .messages()
            .iter()
            .any(|line| line.contains("10001 more records refused"))
    );
}

#[test]
fn exports_and_streams_are_told_by_their_content() {
    use base64::Engine as _;
    let as_string = serde_json::to_string(&record(1)).expect("a string");
    let cell = format!("\"{}\"", record(1).replace('"', "\"\""));
    let payload = format!(
        r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{as_string}}}]}}"#
    );
    let packed = base64::engine::general_purpose::STANDARD.encode(gzip(payload.as_bytes()));
    for (content, shape, kept) in [
        (
            format!(
                r#"{{"QueryStatus":"FINISHED","QueryResultRows":[[{{"eventJson":{as_string}}}]]}}"#
            ),
            "cloudtrail-lake",
            1,
        ),
        (
            format!(
                r#"{{"results":[[{{"field":"@message","value":{as_string}}}]],"status":"Complete"}}"#
            ),
            "cloudwatch-logs-insights",
            1,
        ),
        (
            format!("eventTime,eventJson\nx,{cell}\ny,{cell}\n"),
            "cloudtrail-lake",
            2,
        ),
        (
            format!("@timestamp,@message\nx,{cell}\n"),
            "cloudwatch-logs-insights",
            1,
        ),
        (
            format!(r#"{{"awslogs":{{"data":"{packed}"}}}}"#),
            "cloudwatch-logs-subscription",
            1,
        ),
        (
            format!(
                r#"{{"Records":[{{"kinesis":{{"data":"{packed}"}}}},{{"kinesis":{{"data":"{packed}"}}}}]}}"#
            ),
            "cloudwatch-logs-subscription",
            2,
        ),
        (
            format!(r#"{{"records":[{{"recordId":"1","data":"{packed}"}}]}}"#),
            "cloudwatch-logs-subscription",
            1,
        ),
        (
            format!(r#"{{"result":{{"_raw":{as_string}}}}}"#),
            "search-result",
            1,
        ),
        (
            format!(r#"{{"preview":false,"results":[{{"_raw":{as_string}}}]}}"#),
            "search-result",
            1,
        ),
        (format!("_time,_raw\nx,{cell}\n"), "search-result", 1),
        (
            format!(
                r#"{{"data":[{{"type":"log","attributes":{{"message":{as_string}}}}},{{"type":"log","attributes":{{"attributes":{},"tags":[]}}}}],"meta":{{"status":"done"}}}}"#,
                record(2)
            ),
            "search-result",
            2,
        ),
        (
            format!(r#"{{"id":"x","type":"log","attributes":{{"message":{as_string}}}}}"#),
            "datadog",
            1,
        ),
        (
            format!(r#"{{"time":1,"sourcetype":"aws:cloudtrail","event":{as_string}}}"#),
            "log-shipper",
            1,
        ),
        (
            format!(r#"{{"Metadata":{{"signature":"x"}},"ETag":"y","log":{as_string}}}"#),
            "log-shipper",
            1,
        ),
        (
            format!(
                "[1759309200.5,{{\"log\":{as_string}}}]\n[\"tag\",1,{{\"log\":{as_string}}}]\n"
            ),
            "log-shipper",
            2,
        ),
        (
            json!({"Messages": [{"MessageId": "1", "Body":
                json!({"Type": "Notification", "Message":
                    json!({"source": "aws.s3", "detail": value(1)}).to_string()}).to_string()}]})
            .to_string(),
            "eventbridge",
            1,
        ),
        (
            format!(r#"{{"log":{as_string},"stream":"stdout"}}"#),
            "log-shipper",
            1,
        ),
        (
            format!(r#"{{"@version":"1","message":{as_string}}}"#),
            "log-shipper",
            1,
        ),
        (
            format!(
                r#"{{"hits":{{"hits":[{{"_source":{{"event":{{"original":{as_string}}}}}}}]}}}}"#
            ),
            "search-result",
            1,
        ),
    ] {
        check_whole(&content, shape, kept);
    }
}

#[test]
fn a_search_that_did_not_give_all_is_said() {
    let hit = json!({"_source": value(1)});
    let whole = json!({"timed_out": false, "_shards": {"total": 2, "failed": 0},
                       "hits": {"total": {"value": 1, "relation": "eq"}, "hits": [hit]}});
    let with = |path: &str, put: serde_json::Value| {
        let mut answer = whole.clone();
        *answer.pointer_mut(path).expect("a member") = put;
        answer
    };
    let splunk = |preview: bool, kind: &str| {
        json!({"preview": preview, "messages": [{"type": "INFO"}, {"type": kind, "text": "x"}],
               "results": [{"_raw": record(1)}]})
    };
    let of_whole = |more: serde_json::Value| {
        let mut answer = whole.clone();
        for (name, value) in more.as_object().expect("an object") {
            answer[name] = value.clone();
        }
        answer
    };
    let paged = |links: serde_json::Value| json!({"data": [{"type": "log", "attributes": {"attributes": value(1)}}], "links": links});
    let datadog = |meta: serde_json::Value| json!({"data": [{"type": "log", "attributes": {"attributes": value(1)}}], "meta": meta});
    for (answer, is_cut) in [
        (whole.clone(), false),
        (with("/hits/total", json!(1)), false),
        (with("/hits/total", json!(2)), true),
        (with("/hits/total/value", json!(10_000)), true),
        (with("/hits/total/relation", json!("gte")), true),
        (with("/timed_out", json!(true)), true),
        (with("/_shards/failed", json!(1)), true),
        (splunk(false, "DEBUG"), false),
        (splunk(true, "INFO"), true),
        (splunk(false, "WARN"), true),
        (
            json!({"preview": true, "result": {"_raw": record(1)}}),
            true,
        ),
        (datadog(json!({"page": {}, "status": "done"})), false),
        (datadog(json!({"page": {"after": "x"}})), true),
        (datadog(json!({"status": "timeout"})), true),
        (of_whole(json!({"is_partial": false})), false),
        (of_whole(json!({"is_partial": true})), true),
        (of_whole(json!({"is_running": true})), true),
        (
            of_whole(json!({"_clusters": {"total": 2, "successful": 1, "skipped": 1}})),
            true,
        ),
        (
            of_whole(json!({"_clusters": {"total": 2, "successful": 2, "skipped": 0}})),
            false,
        ),
        (paged(json!({"next": "https://logs.example/next"})), true),
        (paged(json!({})), false),
    ] {
        let report = check(&answer.to_string(), "search-result", 1);
        let found = report.notices.iter().any(|notice| notice.code == "cut-off");
        assert_eq!(found, is_cut, "{answer}");
    }
}

#[test]
fn a_file_of_several_shapes_shows_no_more_than_the_weakest() {
    let all = json!({"Records": [value(1)]}).to_string();
    let bridged = json!({"detail-type": "x", "detail": value(2)}).to_string();
    let looked_up = json!({"Events": [{"CloudTrailEvent": record(2)}]}).to_string();
    let search = json!({"hits": {"total": {"value": 9}, "hits": [{"_source": value(2)}]}});
    let waiting = json!({"status": "Running", "results":
        [[{"field": "@message", "value": record(2)}]]});
    let in_message = json!({"message": bridged}).to_string();
    let sent = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": bridged}]});
    for (content, shape, kept, is_cut) in [
        (format!("{all}\n{bridged}\n"), "eventbridge", 2, false),
        (format!("{bridged}\n{all}\n"), "eventbridge", 2, false),
        (format!("{all}{looked_up}"), "lookup-events", 2, false),
        (format!("{all}\n{search}\n"), "search-result", 2, true),
        (format!("{search}\n{all}\n"), "search-result", 2, true),
        (format!("{bridged}\n{search}\n"), "eventbridge", 2, true),
        (
            format!("{all}\n{waiting}\n"),
            "cloudwatch-logs-insights",
            2,
            true,
        ),
        (in_message, "eventbridge", 1, false),
        (sent.to_string(), "eventbridge", 1, false),
    ] {
        let report = check(&content, shape, kept);
        let found = report.notices.iter().any(|notice| notice.code == "cut-off");
        assert_eq!(found, is_cut, "{content}");
    }
}

#[test]
fn an_answer_to_a_search_that_is_cut_off_anywhere_is_refused() {
    let hits = json!({"total": {"value": 2, "relation": "gte"}, "hits": [{"_source": value(1)}]});
    let elastic = format!(
        r#"{{"hits":{hits},"timed_out":true,"_shards":{{"total":2,"failed":1}},"messages":[{{"type":"WARN"}}],"meta":{{"page":{{"after":"x"}},"status":"timeout"}}}}"#
    );
    let splunk = format!(
        r#"{{"results":[{{"_raw":{}}}],"preview":true,"messages":[{{"type":"WARN"}}],"_shards":{{"failed":1}}}}"#,
        record(1)
    );
    for answer in [elastic, splunk] {
        for end in 1..answer.len() {
            refused(&answer.as_bytes()[..end]);
        }
        check(&answer, "search-result", 1);
    }
}

#[test]
fn columns_of_athena_are_refused_by_name() {
    let row =
        json!({"eventversion": "1.08", "eventtime": "x", "eventname": "y", "useridentity": {}});
    let answer = json!({"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "eventname"}]}]}});
    for content in [row, answer] {
        let (report, _) = read("x.json", content.to_string().as_bytes());
        let text = report.messages().join("\n");
        assert!(
            text.contains("with the fields of records as columns"),
            "{text}"
        );
    }
}

#[test]
fn a_query_that_had_not_ended_is_said() {
    let as_string = serde_json::to_string(&record(1)).expect("a string");
    let content =
        format!(r#"{{"QueryStatus":"RUNNING","QueryResultRows":[[{{"eventJson":{as_string}}}]]}}"#);
    let report = check(&content, "cloudtrail-lake", 1);
    assert!(report.notices.iter().any(|notice| notice.code == "cut-off"));
}

#[test]
fn a_query_that_found_more_than_was_saved_is_said() {
    let message = record(1);
    let lake = |total: u64| {
        let statistics = json!({"ResultsCount": 1, "TotalResultsCount": total});
        json!({"QueryStatus": "FINISHED", "QueryStatistics": statistics,
               "QueryResultRows": [[{"eventJson": message}]]})
    };
    let insights = |matched: f64| {
        json!({"results": [[{"field": "@message", "value": message}]],
               "statistics": {"recordsMatched": matched, "recordsScanned": 9.0}, "status": "Complete"})
    };
    let filtered = |is_complete: bool| {
        json!({"events": [{"timestamp": 1, "message": message}],
               "searchedLogStreams": [{"logStreamName": "a", "searchedCompletely": true},
                                      {"logStreamName": "b", "searchedCompletely": is_complete}]})
    };
    let (in_lake, in_group, events) = (
        "cloudtrail-lake",
        "cloudwatch-logs-insights",
        "cloudwatch-logs-events",
    );
    for (answer, shape, is_cut) in [
        (lake(1), in_lake, false),
        (lake(3), in_lake, true),
        (insights(1.0), in_group, false),
        (insights(3.0), in_group, true),
        (filtered(true), events, false),
        (filtered(false), events, true),
    ] {
        let report = check(&answer.to_string(), shape, 1);
        let found = report.notices.iter().any(|notice| notice.code == "cut-off");
        assert_eq!(found, is_cut, "{answer}");
    }
}

#[test]
fn a_table_with_a_column_of_records_is_what_somebody_asked_for() {
    let cell = format!("\"{}\"", record(1).replace('"', "\"\""));
    for head in [
        "@timestamp,event.original",
        "@timestamp,message",
        "Date,Host,Service,Message",
        "eventid,record",
        "time,log",
        "time,detail",
        "_time,_raw",
    ] {
        let front = "x,".repeat(head.matches(',').count());
        check_whole(&format!("{head}\n{front}{cell}\n"), "search-result", 1);
    }
}

#[test]
fn a_byte_order_mark_before_quoted_names_hides_no_column() {
    let cell = format!("\"{}\"", record(1).replace('"', "\"\""));
    let text = format!("\u{feff}\"eventJson\",\"eventTime\"\n{cell},x\n{cell},y\n");
    check_whole(&text, "cloudtrail-lake", 2);
}

#[test]
fn objects_of_shippers_around_records_are_told_from_their_own_notes() {
    let as_string = serde_json::to_string(&record(1)).expect("a string");
    let wrapped = wrap(&[record(1), record(2)]);
    for (content, shape, kept) in [
        // Filebeat tells the file and the place in it before the message.
        (
            format!(
                r#"{{"@timestamp":"2024-05-06T02:00:00Z","log":{{"file":{{"path":"x"}},"offset":0}},"message":{as_string}}}"#
            ),
            "log-shipper",
            1,
        ),
        (
            format!(r#"{{"message":{as_string},"log":{{"offset":7}}}}"#),
            "log-shipper",
            1,
        ),
        (format!(r#"{{"log":{}}}"#, record(1)), "log-shipper", 1),
        (
            format!(r#"{{"sourcetype":"aws:cloudtrail","event":{wrapped}}}"#),
            "log-shipper",
            2,
        ),
        (
            json!({"sourcetype": "aws", "event": {"source": "aws.s3", "detail": value(1)}})
                .to_string(),
            "eventbridge",
            1,
        ),
        (
            format!(r#"{{"id":"x","attributes":{wrapped}}}"#),
            "datadog",
            2,
        ),
        (
            format!(r#"{{"id":"x","attributes":{{"attributes":{wrapped}}}}}"#),
            "datadog",
            2,
        ),
    ] {
        check_whole(&content, shape, kept);
    }
    let none = r#"{"log":{"file":{"path":"x"},"offset":0},"message":"hello"}"#;
    assert!(matches!(
        refused(none.as_bytes()),
        FileFault::UnknownShape(_)
    ));
}

#[test]
fn a_second_list_of_records_in_one_object_is_a_loss() {
    let (one, two) = (value(1), value(2));
    let message = record(2);
    for content in [
        json!({"Records": [one], "records": [two]}),
        json!({"Records": [one], "Events": [{"CloudTrailEvent": message}]}),
        json!({"Events": [{"CloudTrailEvent": message}], "Records": [one]}),
        json!({"events": [{"message": message}], "logEvents": [{"message": record(1)}]}),
        json!({"Records": [one], "more": {"Records": [two]}}),
        json!({"Records": [one], "more": [message]}),
    ] {
        let (report, _) = read("x.json", content.to_string().as_bytes());
        assert_eq!(report.records_kept, 1, "{content}");
        assert!(report.is_incomplete(), "{content}");
        let is_told = |notice: &attestrail::reader::Notice| notice.code == "second-list";
        assert!(report.notices.iter().any(is_told), "{content}");
    }
    let harmless = json!({"Records": [one], "tags": ["a"], "made": {"by": "x", "list": [1]}});
    assert!(!check(&harmless.to_string(), "records", 1).is_incomplete());
}

#[test]
fn an_identity_that_is_text_is_refused() {
    let plain = record(1);
    let identity = r#"{"type":"IAMUser","userName":"ana","accountId":"111122223333"}"#;
    let text = serde_json::to_string(identity).expect("a string");
    let content = wrap(&[plain.replace(identity, &text), record(2)]);
    assert!(content.contains(&text));
    let report = check(&content, "records", 1);
    assert_eq!(codes(&report), [(0, "identity-type")]);
}

#[test]
fn packed_strings_are_bounded_and_their_faults_are_named() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let bomb = encode(&gzip(&vec![b' '; 80 << 20]));
    for data in ["%%%".to_owned(), encode(&gzip(b"x")[..12]), bomb] {
        let content = format!(
            r#"{{"records":[{{"data":"{data}"}},{{"data":"{good}"}}]}}"#,
            good = encode(&gzip(record(1).as_bytes()))
        );
        let (report, kept) = read("x.json", content.as_bytes());
        assert_eq!(codes(&report), [(0, "broken-string")], "{report:?}");
        assert_eq!(kept.records.len(), 1);
    }
}

/// Offsets in what a string unpacks to are no offsets in the file.
#[test]
fn a_packed_record_is_not_lost_to_broken_bytes_elsewhere_in_the_file() {
    use base64::Engine as _;
    let inside = serde_json::json!({"logEvents": [{"message": record(1)}]}).to_string();
    let packed = base64::engine::general_purpose::STANDARD.encode(gzip(inside.as_bytes()));
    let content = [
        format!(r#"{{"records":[{{"data":"{packed}"}},{{"x":""#).as_bytes(),
        b"\xFF",
        format!(r#"","data":"{packed}"}}]}}"#).as_bytes(),
    ]
    .concat();
    let (report, kept) = read("x.json", &content);
    assert_eq!(codes(&report), [(1, "not-utf8")], "{report:?}");
    assert_eq!(kept.records.len(), 1);
}

/// A caller chooses texts in a log, and must not be able to make it look like an archive.
#[test]
fn a_text_that_stands_where_tar_puts_its_mark_makes_no_archive() {
    for mark in ["ustar", "ustar  "] {
        let front = "a".repeat(257 - r#"{"x":""#.len());
        let content = format!(r#"{{"x":"{front}{mark}","Records":[{}]}}"#, record(1));
        assert_eq!(content.find("ustar"), Some(257));
        check(&content, "records", 1);
    }
}

#[test]
fn many_gzip_members_are_read_unless_the_file_is_a_trails() {
    let two = [gzip(record(1).as_bytes()), gzip(record(2).as_bytes())].concat();
    let (report, kept) = read("firehose-2024-05-06.gz", &two);
    assert_eq!(
        (report.outcome.clone(), kept.records.len()),
        (FileOutcome::Read, 2)
    );
    assert!(
        report
            .notices
            .iter()
            .any(|notice| notice.code == "gzip-members")
    );
    let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/06/x.json.gz";
    let (report, _) = read(key, &two);
    assert!(
        matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "gzip-second-member")
    );
    let forged = [
        gzip(wrap(&[record(1)]).as_bytes()),
        gzip(wrap(&[record(2)]).as_bytes()),
    ]
    .concat();
    let (report, _) = read("renamed.gz", &forged);
    assert!(
        matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "gzip-second-member")
    );
    // Firehose compresses each delivery, and whoever copied it the whole.
    let (report, _) = read("firehose-2024-05-06.gz.gz", &gzip(&two));
    assert_eq!(
        (report.outcome, report.records_kept),
        (FileOutcome::Read, 2)
    );
    for name in [key, "renamed.gz"] {
        let (report, _) = read(name, &gzip(&forged));
        assert!(
            matches!(&report.outcome, FileOutcome::Refused(fault) if fault.code() == "gzip-second-member")
        );
    }
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn what_was_packed_twice_is_read_whatever_packed_it() {
    let log = wrap(&[record(1), record(2)]);
    let log = log.as_bytes();
    let skipped = [
        &0x184D_2A50_u32.to_le_bytes()[..],
        &2u32.to_le_bytes(),
        b"ab",
    ]
    .concat();
    for (bytes, compression) in [
        (gzip(&gzip(log)), "gzip"),
        (gzip(&zstd(log)), "gzip"),
        (zstd(&gzip(log)), "zstd"),
        (zstd(&zstd(log)), "zstd"),
        ([&skipped[..], &zstd(log)].concat(), "zstd"),
    ] {
        let (report, _) = read("x.json.gz", &bytes);
        assert_eq!(report.outcome, FileOutcome::Read);
        assert_eq!((report.records_kept, report.compression), (2, compression));
    }
    for bytes in [gzip(&gzip(&gzip(log))), zstd(&gzip(&zstd(log)))] {
        let (report, _) = read("x.json.gz", &bytes);
        let FileOutcome::Refused(fault) = report.outcome else {
            panic!("{:?}", report.outcome)
        };
        assert!(fault.to_string().contains("three times"), "{fault}");
    }
}

#[test]
fn tables_with_other_delimiters_and_names_are_read_where_a_cell_holds_a_record() {
    let cell = record(1).replace('"', "\"\"");
    for text in [
        format!("\"eventID\";\"eventJson\"\n\"1\";\"{cell}\"\n"),
        format!("eventid\teventjson\n1\t\"{cell}\"\n"),
        format!("\"eventid\",\"record\"\n\"1\",\"{cell}\"\n"),
        format!("\"id\",\"message\"\n\"1\",\"{cell}\"\n"),
    ] {
        let (report, kept) = read("export.csv", text.as_bytes());
        assert_eq!(report.outcome, FileOutcome::Read, "{text}");
        assert_eq!(report.records_kept, 1, "{text}");
        check_balance(&report, &kept);
    }
}

#[test]
fn records_in_a_form_that_is_not_read_are_a_loss_and_other_tables_are_none() {
    let cell = record(1).replace('"', "\"\"");
    let text = format!("\"a\",\"b\"\n\"1\",\"{cell}\"\n");
    let mut wide = b"\xFF\xFE".to_vec();
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    for bytes in [text.as_bytes(), &wide] {
        let (report, _) = read("export.csv", bytes);
        let FileOutcome::Refused(fault) = &report.outcome else {
            panic!("{:?}", report.outcome)
        };
        assert_eq!(fault.code(), "unread-form");
        assert!(fault.help().is_some_and(|help| help.contains("UTF-8")));
    }
    // Called like a log, so it is refused; but nothing says that it holds records.
    let (report, _) = read("prices.csv", b"id,message\n1,hello\n");
    assert!(matches!(
        report.outcome,
        FileOutcome::Refused(FileFault::NotJson(_))
    ));
}
