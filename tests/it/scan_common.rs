//! What the tests of scan, ledger and assessment share: small log sets in
//! memory, controls of a few lines, and an assessment as text to compare.

use std::fmt::Write;

use attestrail::assess::outcome::{
    Assessment, ControlOutcome, EvidenceRow, EvidenceSource, InputRow, List, RefusalRow, Verdict,
};
use attestrail::assess::{Options, Trust, assess};
use attestrail::control::load;
use attestrail::control::scope::Scope;
use attestrail::control::set::ControlSet;
use attestrail::diagnostic::SourceText;
use attestrail::ledger::facts::FileFacts;
use attestrail::ledger::write::Writer;
use attestrail::ledger::{Ledger, sample};
use attestrail::period::Period;
use attestrail::reader::{ReadLimits, Scratch};
use attestrail::record::project::Projector;
use attestrail::record::time;
use attestrail::scan::{FactSink, Plan, facts_of_bytes};

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-east-1";
pub const SEED: &str = "attestrail";

/// A control with this id, these needs and this `[expect]`.
pub fn control(id: &str, needs: &str, expect: &str) -> (String, String) {
    let text = format!(
        "format = 1\nid = \"{id}\"\ntitle = \"t\"\nobjective = \"o\"\nprocedure = \"p\"\nlimits = \"l\"\n\
         severity = \"low\"\nneeds = [{needs}]\nrequirements.hipaa = [\"164.312(b)\"]\n[expect]\n{expect}"
    );
    (id.to_owned(), text)
}

/// The most common test control: nobody may create a user.
pub fn no_new_users() -> (String, String) {
    control(
        "no-new-users",
        "\"management-write\"",
        "kind = \"forbid\"\npattern = { eventName = [\"CreateUser\"] }",
    )
}

pub fn set(controls: &[(String, String)]) -> ControlSet {
    let sources: Vec<_> = controls
        .iter()
        .map(|(id, text)| SourceText::new(format!("{id}.toml"), text.clone()))
        .collect();
    let frameworks = load::shipped_texts().expect("shipped texts").frameworks;
    match ControlSet::parse(&sources, &frameworks) {
        Ok((set, _)) => set,
        Err(found) => panic!("{found}"),
    }
}

/// A scope with one account in one Region, and more text behind it.
pub fn scope(more: &str) -> Scope {
    scope_text(&format!(
        "format = 1\norganisation = \"Example Clinic\"\nregions = [\"{REGION}\"]\n\
         [[account]]\nid = \"{ACCOUNT}\"\nname = \"prod\"\n{more}"
    ))
}

pub fn scope_text(text: &str) -> Scope {
    match Scope::parse(&SourceText::new("scope.toml", text)) {
        Ok((scope, _)) => scope,
        Err(found) => panic!("{found}"),
    }
}

pub fn october() -> Period {
    Period::parse("2026-10", None).expect("valid")
}

/// A record: its time, name, and more members (with a comma before them). The
/// id follows from time, name and members, so equal calls make equal records.
pub fn record(at: &str, name: &str, more: &str) -> String {
    record_in(ACCOUNT, REGION, at, name, more)
}

pub fn record_in(account: &str, region: &str, at: &str, name: &str, more: &str) -> String {
    let hash = sample::rank("id", &format!("{account}{region}{at}{name}{more}"), "", 0);
    let id: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    with_id(account, region, at, name, &id, more)
}

pub fn with_id(account: &str, region: &str, at: &str, name: &str, id: &str, more: &str) -> String {
    let read_only = ["Describe", "Get", "List", "Decrypt"]
        .iter()
        .any(|front| name.starts_with(front));
    let source = match name {
        "Decrypt" => "kms.amazonaws.com",
        "StopLogging"
        | "StartLogging"
        | "DeleteTrail"
        | "PutEventSelectors"
        | "CreateTrail"
        | "UpdateTrail"
        | "PutInsightSelectors" => "cloudtrail.amazonaws.com",
        "LeaveOrganization" | "RemoveAccountFromOrganization" | "DisableAWSServiceAccess" => {
            "organizations.amazonaws.com"
        }
        _ => "iam.amazonaws.com",
    };
    format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::{account}:user/ana\",\
         \"accountId\":\"{account}\",\"userName\":\"ana\"}},\"eventTime\":\"{at}\",\"eventSource\":\"{source}\",\
         \"eventName\":\"{name}\",\"awsRegion\":\"{region}\",\"sourceIPAddress\":\"192.0.2.7\",\
         \"userAgent\":\"test\",\"eventID\":\"{id}\",\"readOnly\":{read_only},\"eventType\":\"AwsApiCall\",\
         \"managementEvent\":true,\"eventCategory\":\"Management\",\"recipientAccountId\":\"{account}\"{more}}}"
    )
}

/// A refused call.
pub const REFUSED: &str = ",\"errorCode\":\"AccessDenied\"";

/// A write, a read and a KMS record at noon of every day of the period.
pub fn quiet_days(period: &Period) -> Vec<String> {
    quiet_days_in(ACCOUNT, REGION, period)
}

pub fn quiet_days_in(account: &str, region: &str, period: &Period) -> Vec<String> {
    let mut all = Vec::new();
    for day in period.days() {
        let noon = time::format(day + 43_200);
        for name in ["TagUser", "ListUsers", "Decrypt"] {
            all.push(record_in(account, region, &noon, name, ""));
        }
    }
    all
}

/// A log file of these records.
pub fn file(records: &[String]) -> Vec<u8> {
    format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
}

/// The key of a log file of the account, Region and day.
pub fn key(day: &str, name: &str) -> String {
    let folders = day.replace('-', "/");
    let compact = day.replace('-', "");
    format!(
        "AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{folders}/{ACCOUNT}_CloudTrail_{REGION}_{compact}T1200Z_{name}.json"
    )
}

/// A whole small log set with what it is held against.
pub struct World {
    pub set: ControlSet,
    pub scope: Scope,
    pub period: Period,
    pub files: Vec<(String, Vec<u8>)>,
    pub framework: Option<&'static str>,
    pub snapshots: Vec<attestrail::trail::snapshot::Snapshot>,
    pub trust: Option<Trust>,
    /// Whether logs are hashed, as digests need it.
    pub hashes_logs: bool,
}

/// What came out of a [`World`].
pub struct Answer {
    pub assessment: Assessment,
    /// Everything that packets are made from, as text.
    pub text: String,
    pub lists: Vec<(String, List, Vec<EvidenceRow>)>,
    pub inputs: Vec<InputRow>,
    pub refusals: Vec<RefusalRow>,
}

impl World {
    /// October with one quiet file, and these records beside it.
    pub fn new(controls: &[(String, String)], more: &[String]) -> World {
        World {
            set: set(controls),
            scope: scope(""),
            period: october(),
            files: vec![
                (key("2026-10-31", "quiet"), file(&quiet_days(&october()))),
                (key("2026-10-15", "more"), file(more)),
            ],
            framework: None,
            snapshots: Vec::new(),
            trust: None,
            hashes_logs: false,
        }
    }

    pub fn scoped(mut self, more: &str) -> World {
        self.scope = scope(more);
        self
    }

    pub fn without_scope(mut self) -> World {
        self.scope = Scope::none();
        self
    }

    pub fn and_file(mut self, key: &str, bytes: Vec<u8>) -> World {
        self.files.push((key.to_owned(), bytes));
        self
    }

    pub fn and_snapshot(mut self, snapshot: attestrail::trail::snapshot::Snapshot) -> World {
        self.snapshots.push(snapshot);
        self
    }

    /// The quiet file loses these days (as `2026-10-07`).
    pub fn without_days(mut self, days: &[&str]) -> World {
        let records: Vec<String> = quiet_days(&self.period)
            .into_iter()
            .filter(|record| {
                !days
                    .iter()
                    .any(|day| record.contains(&format!("\"eventTime\":\"{day}T")))
            })
            .collect();
        self.files[0].1 = file(&records);
        self
    }

    /// The quiet file loses records of these names.
    pub fn without_names(mut self, names: &[&str]) -> World {
        let records: Vec<String> = quiet_days(&self.period)
            .into_iter()
            .filter(|record| !names.iter().any(|name| record.contains(name)))
            .collect();
        self.files[0].1 = file(&records);
        self
    }

    pub fn plan(&self) -> Plan {
        Plan::new(&self.set, &self.scope, SEED)
    }

    pub fn facts(&self, plan: &Plan) -> Vec<FileFacts> {
        let mut projector = Projector::new(plan.paths());
        let mut scratch = Scratch::new();
        let mut sink = FactSink::new(plan);
        let limits = ReadLimits {
            hash_content: self.hashes_logs,
            ..ReadLimits::default()
        };
        let files = self.files.iter();
        files
            .map(|(key, bytes)| {
                facts_of_bytes(key, bytes, &limits, &mut scratch, &mut projector, &mut sink)
            })
            .collect()
    }

    pub fn ledger(&self) -> Ledger {
        let plan = self.plan();
        let mut ledger = Ledger::temporary(&plan.identity).expect("a ledger");
        let mut writer = Writer::new(&mut ledger);
        for facts in self.facts(&plan) {
            writer.add(&facts).expect("added");
        }
        writer.commit().expect("committed");
        drop(writer);
        ledger
    }

    pub fn assess(&self) -> Answer {
        self.assess_ledger(&self.ledger())
    }

    pub fn assess_ledger(&self, ledger: &Ledger) -> Answer {
        let options = Options {
            framework: self.framework,
            sample_size: 3,
            made_at: None,
            trust: self.trust.as_ref(),
            snapshots: &self.snapshots,
        };
        let found = assess(ledger, &self.set, &self.scope, &self.period, &options);
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        let mut text = format!("{:#?}\n", found.assessment);
        let mut lists = Vec::new();
        for control in self.set.controls() {
            for list in List::ALL {
                let mut rows = Vec::new();
                let each = &mut |row: &EvidenceRow| {
                    rows.push(row.clone());
                    Ok(())
                };
                found.evidence.rows(&control.id, list, each).expect("rows");
                writeln!(text, "{} {list:?} {rows:#?}", control.id).expect("a string");
                lists.push((control.id.clone(), list, rows));
            }
        }
        let (mut inputs, mut refusals) = (Vec::new(), Vec::new());
        found
            .evidence
            .inputs(&mut |row| {
                inputs.push(row.clone());
                Ok(())
            })
            .expect("inputs");
        found
            .evidence
            .refusals(&mut |row| {
                refusals.push(row.clone());
                Ok(())
            })
            .expect("refusals");
        writeln!(text, "{inputs:#?} {refusals:#?}").expect("a string");
        Answer {
            assessment: found.assessment,
            text,
            lists,
            inputs,
            refusals,
        }
    }
}

impl Answer {
    pub fn control(&self, id: &str) -> &ControlOutcome {
        let mut controls = self.assessment.controls.iter();
        controls.find(|one| one.id == id).expect("the control")
    }

    /// The outcome of the only control, which must have this verdict.
    #[track_caller]
    pub fn only(&self, verdict: Verdict) -> &ControlOutcome {
        let [one] = self.assessment.controls.as_slice() else {
            panic!("one control is meant")
        };
        assert_eq!(one.verdict, verdict, "{one:#?}");
        assert!(one.counts.reconcile());
        one
    }

    pub fn list(&self, wanted: List) -> &[EvidenceRow] {
        let mut lists = self.lists.iter();
        let (_, _, rows) = lists
            .find(|(_, list, _)| *list == wanted)
            .expect("every list is there");
        rows
    }
}

/// Fails with the first line in which two answers differ.
#[track_caller]
pub fn same(found: &str, expected: &str) {
    let mut lines = found.lines().zip(expected.lines()).enumerate();
    if let Some((at, (one, other))) = lines.find(|(_, (one, other))| one != other) {
        let before: Vec<&str> = expected.lines().take(at).collect();
        let before = before[at.saturating_sub(8)..].join("\n");
        panic!("line {at} differs\nfound:    {one}\nexpected: {other}\nbefore:\n{before}");
    }
    assert_eq!(found.len(), expected.len());
}

/// Whether some sentence holds all of these texts.
pub fn says(reasons: &[String], texts: &[&str]) -> bool {
    reasons
        .iter()
        .any(|reason| texts.iter().all(|text| reason.contains(text)))
}
