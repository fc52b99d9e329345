//! Trees of `make_digests.py` come out as its truth says: every fault alone and in pairs, and no
//! alarm on clean trees.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use attestrail::integrity::IntegrityVerdict;

use super::integrity_common::{Case, differences, report};
use super::reader_common::shared;

const SIDECARS: [&str; 4] = ["head-object", "ndjson", "last-only", "none"];

/// Copies a base tree and adds chains to the copy, many times in one process.
const DRIVER: &str = r#"
import functools, json, shutil, sys
sys.path.insert(0, sys.argv[1])
import make_digests as tool
tool.seeded_key = functools.lru_cache(None)(tool.seeded_key)
sys.stdout = sys.stderr
for job in json.load(sys.stdin):
    shutil.copytree(job["base"], job["tree"])
    tool.main(["--tree", job["tree"], "--out", job["out"], "--jobs", "1", "--key-bits", "1024"] + job["args"])
"#;

/// The folder of the tools, where python can run them.
fn tools() -> Option<PathBuf> {
    let folder = shared("bench")?;
    let has_cryptography = Command::new("python3")
        .args(["-c", "import cryptography"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    has_cryptography.then_some(folder)
}

/// Some seeds find no room for what they inject; they get more room then.
fn make_logs(tools: &Path, out: &Path, events: u32, args: &str) {
    let mut complaint = String::new();
    for events in [events, events * 4, events * 16] {
        let output = Command::new("python3")
            .arg(tools.join("make_logs.py"))
            .arg("--out")
            .arg(out)
            .args(["--jobs", "1", "--events", &events.to_string()])
            .args(words(args))
            .output()
            .expect("python runs");
        if output.status.success() {
            return;
        }
        complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if out.exists() {
            std::fs::remove_dir_all(out).expect("removes");
        }
    }
    panic!("{complaint}");
}

struct Job {
    base: PathBuf,
    args: Vec<String>,
}

/// Makes all trees below `folder`.
fn make(tools: &Path, folder: &Path, jobs: &[Job]) -> Vec<Case> {
    let cases: Vec<Case> = jobs
        .iter()
        .enumerate()
        .map(|(at, job)| Case {
            name: job.args.join(" "),
            tree: folder.join(format!("{at}-tree")),
            out: folder.join(format!("{at}-out")),
        })
        .collect();
    let list: Vec<_> = jobs
        .iter()
        .zip(&cases)
        .map(|(job, case)| json!({"base": job.base, "tree": case.tree, "out": case.out, "args": job.args}))
        .collect();
    let mut child = Command::new("python3")
        .args(["-c", DRIVER])
        .arg(tools)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    let stdin = child.stdin.take().expect("piped");
    serde_json::to_writer(stdin, &list).expect("writes");
    let output = child.wait_with_output().expect("ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    cases
}

fn kinds(tools: &Path) -> Vec<String> {
    let output = Command::new("python3")
        .arg(tools.join("make_digests.py"))
        .arg("--list-faults")
        .output()
        .expect("python runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let kinds: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    assert!(kinds.len() > 30, "{kinds:?}");
    kinds
}

/// Compares a hundred trees at a time, so that the disk stays small.
#[track_caller]
fn check(tools: &Path, jobs: &[Job], is_pair: bool) {
    let mut wrong = Vec::new();
    for jobs in jobs.chunks(100) {
        let folder = tempfile::tempdir().expect("a folder");
        for case in make(tools, folder.path(), jobs) {
            let report = report(&case);
            for line in differences(&case, &report, is_pair) {
                wrong.push(format!("{}\n    {line}", case.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn base(tools: &Path, folder: &Path) -> PathBuf {
    let base = folder.join("base");
    let args = "--accounts 1 --regions 2 --median 12 --start 2025-01-01 --end 2025-01-01 --seed 7";
    make_logs(tools, &base, 260, args);
    base
}

#[test]
fn every_fault_alone_is_named_with_every_kind_of_sidecar() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let base = base(&tools, folder.path());
    let mut jobs = Vec::new();
    for kind in kinds(&tools) {
        for (seed, sidecar) in SIDECARS.iter().enumerate() {
            jobs.push(Job {
                base: base.clone(),
                args: words(&format!("--sidecar {sidecar} --seed {seed} --fault {kind}")),
            });
        }
    }
    check(&tools, &jobs, false);
}

/// A tenth of all pairs; all of them where `ATTESTRAIL_LONG` is set.
#[test]
fn faults_in_pairs_do_not_hide_each_other() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let base = base(&tools, folder.path());
    let kinds = kinds(&tools);
    let step = if std::env::var_os("ATTESTRAIL_LONG").is_some() {
        1
    } else {
        11
    };
    let mut jobs = Vec::new();
    let mut number = 0;
    for (at, first) in kinds.iter().enumerate() {
        for second in &kinds[at..] {
            number += 1;
            if number % step == 0 {
                let sidecar = SIDECARS[(number / step) % 4];
                jobs.push(Job {
                    base: base.clone(),
                    args: words(&format!(
                        "--sidecar {sidecar} --seed {} --fault {first} --fault {second}",
                        number % 5
                    )),
                });
            }
        }
    }
    check(&tools, &jobs, true);
}

/// Twelve seeds; two hundred where `ATTESTRAIL_LONG` is set.
#[test]
fn clean_trees_raise_no_alarm() {
    let Some(tools) = tools() else { return };
    let seeds = if std::env::var_os("ATTESTRAIL_LONG").is_some() {
        200
    } else {
        12
    };
    let mut wrong = Vec::new();
    for seed in 0..seeds {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("base");
        let end = 1 + seed % 3;
        let layout = if seed % 4 == 1 { "--org" } else { "" };
        let args = format!(
            "--accounts {} --regions {} --median 20 --start 2025-01-01 --end 2025-01-0{end} --seed {seed} {layout}",
            1 + seed % 2,
            1 + seed % 3
        );
        make_logs(&tools, &base, 500, &args);
        let sidecar = ["head-object", "ndjson", "last-only"][seed % 3];
        let times = ["iso", "epoch"][seed % 2];
        let jobs = [Job {
            base,
            args: words(&format!(
                "--sidecar {sidecar} --seed {seed} --key-times {times} --rotate-after {} --backfill {} --trail-name my_trail.{seed}",
                (seed % 5) * 3,
                seed % 4
            )),
        }];
        for case in make(&tools, folder.path(), &jobs) {
            let report = report(&case);
            if report.verdict != IntegrityVerdict::Verified {
                wrong.push(format!(
                    "{}: {:?} {:?}",
                    case.name, report.verdict, report.problems
                ));
            }
            wrong.extend(differences(&case, &report, false));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
