//! The mistakes that a tired person makes: one clear message, a remedy, the right code, nothing left behind.

use std::fs;
use std::path::Path;

use super::cli_common::{names, run, sample};

const RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"},"eventTime":"2026-10-05T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"x","requestParameters":{"userName":"b"},"responseElements":null,"eventID":"0a0a0a0a-0000-4000-8000-000000000001","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#;

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }
    folder
}

#[track_caller]
fn nothing_is_left(folder: &Path) {
    assert_eq!(
        names(&folder.join("packets")),
        Vec::<String>::new(),
        "left behind"
    );
    let hidden: Vec<String> = names(folder)
        .into_iter()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, Vec::<String>::new(), "left behind");
}

#[test]
fn a_missing_folder_is_named() {
    let folder = folder_with(&[]);
    let run = run(
        folder.path(),
        &["report", "no-such-folder", "--period", "2026-10"],
    );
    run.ends(2).says("no-such-folder").says("help: ");
    nothing_is_left(folder.path());
}

#[test]
fn no_logs_at_all_is_wrong_use() {
    let folder = folder_with(&[]);
    run(folder.path(), &["report", "--period", "2026-10"])
        .ends(2)
        .says("no logs")
        .says("help: ");
}

#[test]
fn no_period_is_wrong_use_with_examples() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    run(folder.path(), &["report", "logs"])
        .ends(2)
        .says("no period given")
        .says("--period 2026-10");
}

#[test]
fn a_wrong_period_is_named_with_the_forms_that_are_known() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    for wrong in ["2026-13", "october", "2026-Q5", "26-10"] {
        run(folder.path(), &["report", "logs", "--period", wrong])
            .ends(2)
            .says(wrong)
            .says("help: ");
    }
    run(
        folder.path(),
        &[
            "report",
            "logs",
            "--from",
            "2026-10-31",
            "--to",
            "2026-10-01",
        ],
    )
    .ends(2);
    nothing_is_left(folder.path());
}

#[test]
fn an_empty_log_set_is_no_evidence_and_writes_nothing() {
    let folder = folder_with(&[]);
    fs::create_dir(folder.path().join("logs")).expect("writable");
    run(folder.path(), &["report", "logs", "--period", "2026-10"])
        .ends(2)
        .says("no log file")
        .says("help: ");
    nothing_is_left(folder.path());
}

#[test]
fn a_period_without_records_says_which_times_the_set_holds() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    let run = run(folder.path(), &["report", "logs", "--period", "2026-09"]);
    run.ends(3)
        .says("no record")
        .says("from 2026-10-05 to 2026-10-05");
}

#[test]
fn a_typo_in_a_control_is_shown_at_its_place_and_stops_the_run() {
    let source =
        fs::read_to_string(sample("").join("../controls/privilege/root-api-activity.toml"))
            .expect("the shipped control");
    let broken = source.replace("severity = ", "severty = ");
    let folder = folder_with(&[
        ("logs/a.json", RECORD),
        ("mine/root-api-activity.toml", &broken),
    ]);
    let run = run(
        folder.path(),
        &[
            "report",
            "logs",
            "--period",
            "2026-10",
            "--controls",
            "mine",
        ],
    );
    run.ends(2)
        .says("mine/root-api-activity.toml:")
        .says("severty")
        .says("did you mean `severity`?");
    nothing_is_left(folder.path());
}

#[test]
fn an_unknown_framework_is_named_with_the_known_ones() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    run(
        folder.path(),
        &[
            "report",
            "logs",
            "--period",
            "2026-10",
            "--framework",
            "pci",
        ],
    )
    .ends(2)
    .says("`pci`")
    .says("pci-dss-4.0.1");
}

#[test]
fn a_scope_with_a_wrong_account_is_shown_at_its_place() {
    let scope =
        "format = 1\norganisation = \"x\"\nregions = [\"us-east-1\"]\n[[account]]\nid = \"1111\"\n";
    let folder = folder_with(&[("logs/a.json", RECORD), ("scope.toml", scope)]);
    run(
        folder.path(),
        &[
            "report",
            "logs",
            "--period",
            "2026-10",
            "--scope",
            "scope.toml",
        ],
    )
    .ends(2)
    .says("scope.toml:5:6");
}

#[test]
fn an_output_that_cannot_be_written_stops_before_the_work() {
    let folder = folder_with(&[("logs/a.json", RECORD), ("taken", "a file, not a folder")]);
    run(
        folder.path(),
        &["report", "logs", "--period", "2026-10", "--out", "taken"],
    )
    .ends(2)
    .says("taken")
    .says("help: ");
}

#[test]
fn a_packet_that_is_there_is_not_overwritten() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    let words = [
        "report",
        "logs",
        "--period",
        "2026-10",
        "--framework",
        "hipaa",
        "--quiet",
    ];
    run(folder.path(), &words).ends(3);
    run(folder.path(), &words).ends(2).says("--replace");
    let again: Vec<&str> = words.iter().copied().chain(["--replace"]).collect();
    run(folder.path(), &again).ends(3);
}

#[test]
fn a_misspelt_setting_is_named_with_its_place() {
    let folder = folder_with(&[("attestrail.toml", "format = 1\nperoid = \"2026-10\"\n")]);
    run(folder.path(), &["report", "logs"])
        .ends(2)
        .says("attestrail.toml:2:1")
        .says("peroid");
}

#[test]
fn help_is_an_answer_and_an_unknown_flag_is_not() {
    let folder = folder_with(&[]);
    let help = run(folder.path(), &["report", "--help"]);
    help.ends(0);
    assert!(help.out.contains("--period"));
    run(folder.path(), &["report", "--perod", "2026-10"])
        .ends(2)
        .says("--period");
}

#[cfg(target_os = "linux")]
#[test]
fn a_summary_that_cannot_be_printed_does_not_deny_the_packets() {
    let folder = folder_with(&[("logs/a.json", RECORD)]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let output = super::cli_common::program(folder.path())
        .args([
            "report",
            "logs",
            "--period",
            "2026-10",
            "--framework",
            "hipaa",
            "--json",
        ])
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("the packets were written, but their summary was not"),
        "{told}"
    );
}

#[test]
fn a_ledger_that_does_not_exist_is_not_made_without_logs() {
    let folder = folder_with(&[]);
    run(
        folder.path(),
        &["report", "--ledger", "none.ledger", "--period", "2026-10"],
    )
    .ends(2)
    .says("none.ledger");
    assert!(!folder.path().join("none.ledger").exists());
}

fn forbids(id: &str, needs: &str, event: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\ntitle = \"t\"\nobjective = \"o\"\nprocedure = \"p\"\nlimits = \"l\"\nseverity = \"low\"\n\
         {needs}requirements.hipaa = [\"164.312(b)\"]\n[expect]\nkind = \"forbid\"\n\
         pattern.eventSource = [\"s3.amazonaws.com\"]\npattern.eventName = [\"{event}\"]\n"
    )
}

const NEEDS: &str = "needs = [\"management-write\"]\n";

#[test]
fn a_control_that_cannot_work_stops_the_run_before_it_could_pass() {
    let never = forbids("never", NEEDS, "PutPublicAccessBlock");
    let unproven = forbids("unproven", "", "DeleteBucket");
    for (control, text, code) in [
        ("never", &never, "event-never-written"),
        ("unproven", &unproven, "needs-empty"),
    ] {
        let file = format!("own/{control}.toml");
        let folder = folder_with(&[("logs/a.json", RECORD), (&file, text)]);
        let words = ["--controls", "own", "--period", "2026-10"];
        run(folder.path(), &[&["report", "logs"], &words[..]].concat())
            .ends(2)
            .says(code)
            .says("help: ");
        nothing_is_left(folder.path());
        run(
            folder.path(),
            &["scan", "logs", "--controls", "own", "--ledger", "l"],
        )
        .ends(2)
        .says(code);
        assert!(!folder.path().join("l").exists());
    }
}

#[test]
fn a_control_that_may_never_match_says_so_in_the_packet() {
    let odd = forbids("odd", NEEDS, "HaltEverything");
    let folder = folder_with(&[("logs/a.json", RECORD), ("own/odd.toml", &odd)]);
    let words = [
        "report",
        "logs",
        "--controls",
        "own",
        "--period",
        "2026-10",
        "--framework",
        "hipaa",
    ];
    run(folder.path(), &words).ends(3).says("unknown-event");
    let packet = fs::read_to_string(folder.path().join("packets/2026-10/hipaa/packet.json"));
    let packet = packet.expect("a packet");
    assert!(
        packet.contains("control `odd`: `HaltEverything` is not known to be written"),
        "{packet}"
    );
}
