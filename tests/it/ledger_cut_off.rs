//! Runs that are killed, that find the disk full, that meet another run or a
//! damaged ledger: no wrong answer, a message with a remedy, and the same
//! command goes on afterwards.
//!
//! A limit on the size of files ends a process at a write that is always the
//! same one, without a chance to clean up: a kill that can be repeated. The
//! program listens for that signal to outlive it, so where it is to be killed
//! the system refuses to let it listen.

use std::fs;
use std::path::Path;
use std::process::Command;

use attestrail::ledger::{Ledger, LedgerError};

use super::cli_common::{Run, names, program, sample};
use super::ledger_runs::{Month, same_packets};

const REPORT: [&str; 7] = [
    "report",
    "--ledger",
    "a",
    "--period",
    "2026-10",
    "--generated-at",
    "2026-11-02T06:00:00Z",
];

/// Runs the program through a shell that sets something up first.
fn run_after(month: &Month, setup: &str, words: &[&str]) -> Run {
    let mut command = after(month, setup, words);
    command.output().expect("a shell").into()
}

fn after(month: &Month, setup: &str, words: &[&str]) -> Command {
    let program = program(month.folder.path());
    let scope = sample("incident-month/scope.toml");
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{setup}; exec \"$0\" \"$@\"")])
        .arg(program.get_program())
        .args(words)
        .current_dir(month.folder.path());
    if words[0] != "merge" {
        command.args(["--scope", &scope.to_string_lossy()]);
    }
    command
}

/// The process is killed at the write that would go beyond so many KiB.
fn killed_at(month: &Month, kib: u32, words: &[&str]) -> Run {
    // The unit is 512 bytes in some shells and 1024 in others; both are a bound.
    let mut command = after(month, &format!("ulimit -c 0; ulimit -f {kib}"), words);
    #[cfg(target_os = "linux")]
    keep_from_listening(&mut command);
    command.output().expect("a shell").into()
}

/// Whoever asks to handle the signal of the limit is told that this may not be.
#[cfg(target_os = "linux")]
fn keep_from_listening(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let install = || {
        // The number of the call, and the low half of its first argument.
        let mut filter = [
            load(0),
            unless_equal(libc::SYS_rt_sigaction as u32, 3),
            load(16),
            unless_equal(libc::SIGXFSZ as u32, 1),
            answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
            answer(libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog {
            len: filter.len() as u16,
            filter: filter.as_mut_ptr(),
        };
        // SAFETY: plain numbers, and a filter that lives until the call returns.
        let results = unsafe {
            [
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const program,
                ),
            ]
        };
        match results {
            [0, 0] => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec it only makes two calls of the system.
    unsafe { command.pre_exec(install) };
}

/// Loads a word of what a filter sees of a call.
#[cfg(target_os = "linux")]
fn load(offset: u32) -> libc::sock_filter {
    let code = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    libc::sock_filter {
        code,
        jt: 0,
        jf: 0,
        k: offset,
    }
}

/// Skips lines of a filter unless the word has this value.
#[cfg(target_os = "linux")]
fn unless_equal(value: u32, skip: u8) -> libc::sock_filter {
    let code = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    libc::sock_filter {
        code,
        jt: 0,
        jf: skip,
        k: value,
    }
}

/// Ends a filter.
#[cfg(target_os = "linux")]
fn answer(what: u32) -> libc::sock_filter {
    let code = (libc::BPF_RET | libc::BPF_K) as u16;
    libc::sock_filter {
        code,
        jt: 0,
        jf: 0,
        k: what,
    }
}

#[track_caller]
fn answers_only_when_finished(month: &Month) {
    let early = month.run(&REPORT);
    early.ends(2).says("help: ");
    assert!(!month.path("packets").exists(), "a packet of a part");
    let merged = month.run(&["merge", "a", "--out", "joined"]);
    merged.ends(2).says("help: ");
    assert!(!month.path("joined").exists(), "a ledger of a part");
}

#[test]
fn a_scan_that_is_killed_anywhere_goes_on_and_ends_with_the_same_packet() {
    let month = Month::new();
    month.scan("logs", "whole").ends(0);
    let whole = month.packets_of("whole");
    let size = fs::metadata(month.path("whole")).expect("there").len() / 512;
    let size = u32::try_from(size).expect("small");
    let scan = ["scan", "logs", "--ledger", "a", "--quiet", "--threads", "2"];
    let mut kills = 0;
    for part in 0..7 {
        for suffix in ["", "-journal"] {
            let _may_not_exist = fs::remove_file(month.path(&format!("a{suffix}")));
        }
        // From the very first pages to shortly before the end.
        let killed = killed_at(&month, 1 + size * part / 14, &scan);
        if killed.code == 0 {
            continue;
        }
        assert_eq!(killed.code, -1, "{}", killed.err);
        kills += 1;
        if month.path("a").exists() {
            answers_only_when_finished(&month);
        }
        month.scan("logs", "a").ends(0);
        same_packets(&month.packets_of("a"), &whole);
        fs::remove_dir_all(month.path("a.packets")).expect("there");
    }
    assert!(kills >= 3, "only {kills} of the limits ended the scan");
}

#[test]
fn a_scan_that_is_killed_before_it_notes_that_it_begins_is_not_finished() {
    let month = Month::new();
    month.scan("logs", "whole").ends(0);
    let whole = month.packets_of("whole");
    let identity = Ledger::open(&month.path("whole")).expect("a ledger");
    let identity = identity.identity().clone();
    drop(Ledger::open_or_create(&month.path("a"), &identity).expect("made"));
    answers_only_when_finished(&month);
    let merged = month.run(&["merge", "whole", "a", "--out", "joined"]);
    merged.ends(2).says("is not complete");
    month.scan("logs", "a").ends(0);
    same_packets(&month.packets_of("a"), &whole);
}

#[test]
fn a_merge_or_a_report_that_is_killed_leaves_nothing_that_has_a_name() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let before = fs::read(month.path("a")).expect("readable");
    let size = u32::try_from(before.len() / 512).expect("small");
    for part in 1..5 {
        let merged = killed_at(&month, size * part / 12, &["merge", "a", "--out", "joined"]);
        assert_eq!(merged.code, -1, "{}", merged.err);
        assert!(!month.path("joined").exists(), "half a ledger has a name");
        let report = killed_at(&month, 4 * part, &REPORT);
        assert_eq!(report.code, -1, "{}", report.err);
        let mut left = names(&month.path("packets"));
        left.extend(names(&month.path("packets/2026-10")));
        left.retain(|name| name != "2026-10" && !name.starts_with('.'));
        assert_eq!(left, Vec::<String>::new());
    }
    assert!(fs::read(month.path("a")).expect("readable") == before);
    // What a merge that goes on has is not taken from it; what a killed one left is removed.
    let left = || -> Vec<String> {
        let mut left = names(month.folder.path());
        left.retain(|name| name.starts_with(".attestrail-") && name.ends_with(".ledger"));
        left
    };
    let held = left().pop().expect("killed merges leave files");
    let connection = rusqlite::Connection::open(month.path(&held)).expect("opened");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("held");
    month.run(&["merge", "a", "--out", "joined"]).ends(0);
    assert_eq!(left(), std::slice::from_ref(&held));
    drop(connection);
    month.run(&["merge", "a", "--out", "other"]).ends(0);
    assert_eq!(left(), [held], "it is of another target");
    fs::remove_file(month.path("joined")).expect("there");
    month.run(&["merge", "a", "--out", "joined"]).ends(0);
    let hidden = names(month.folder.path());
    let hidden: Vec<&String> = hidden.iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden, Vec::<&String>::new());
    same_packets(&month.packets_of("joined"), &month.packets_of("a"));
}

#[test]
fn a_disk_that_is_full_is_told_and_the_scan_goes_on_when_there_is_room() {
    let month = Month::new();
    month.scan("logs", "whole").ends(0);
    let whole = month.packets_of("whole");
    let setup = "ulimit -f 64";
    let scan = ["scan", "logs", "--ledger", "a", "--quiet"];
    let full = run_after(&month, setup, &scan);
    full.ends(2).says("ledger `a`").says("help: ");
    answers_only_when_finished(&month);
    let merge = ["merge", "whole", "--out", "joined"];
    run_after(&month, setup, &merge).ends(2).says("help: ");
    assert!(!month.path("joined").exists());
    let hidden = names(month.folder.path());
    assert!(
        !hidden.iter().any(|name| name.starts_with('.')),
        "{hidden:?}"
    );
    month.scan("logs", "a").ends(0);
    same_packets(&month.packets_of("a"), &whole);
}

/// Runs a script where it may mount a small disk; none where that is not allowed.
#[cfg(target_os = "linux")]
fn on_a_small_disk(month: &Month, size: &str, script: &str) -> Option<Run> {
    fs::create_dir_all(month.path("disk")).expect("writable");
    let mounted = format!("mount -t tmpfs -o size={size} none disk || exit 77; {script}");
    let program = program(month.folder.path());
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", &mounted])
        .arg(program.get_program())
        .arg(sample("incident-month/scope.toml"))
        .current_dir(month.folder.path())
        .output();
    let run: Run = output.ok()?.into();
    // Only a user who may mount gets as far as the program.
    let may_mount = run.code != 77 && !run.err.contains("unshare");
    may_mount.then_some(run)
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_without_space_is_called_full() {
    let month = Month::new();
    let script = "\"$0\" scan logs --ledger disk/a --scope \"$1\" --quiet";
    if let Some(run) = on_a_small_disk(&month, "200k", script) {
        run.ends(2)
            .says("no space left on the disk that holds ledger `disk/a`")
            .says("help: free some space");
    }
    let script = "\"$0\" scan logs --ledger a --scope \"$1\" --quiet; \"$0\" merge a --out disk/j";
    if let Some(run) = on_a_small_disk(&month, "200k", script) {
        run.ends(2)
            .says("no space left on the disk that holds ledger `disk/j`")
            .says("help: nothing was written; free some space and merge again");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_ledger_on_a_read_only_disk_answers_and_does_not_grow() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let report = "\"$0\" report --ledger disk/a --scope \"$1\" --quiet --period 2026-10 \
                  --generated-at 2026-11-02T06:00:00Z --out ro.packets";
    let script = format!("cp a disk/a; mount -o remount,ro disk; {report}");
    if let Some(run) = on_a_small_disk(&month, "50m", &script) {
        run.ends(3);
        let found = super::ledger_runs::packets(&month.path("ro.packets"));
        same_packets(&found, &month.packets_of("a"));
    }
    let scan =
        "cp a disk/a; mount -o remount,ro disk; \"$0\" scan logs --ledger disk/a --scope \"$1\"";
    if let Some(run) = on_a_small_disk(&month, "50m", scan) {
        run.ends(2)
            .says("cannot be opened or written")
            .says("help: ");
    }
    let new = "mount -o remount,ro disk; \"$0\" scan logs --ledger disk/a --scope \"$1\"";
    if let Some(run) = on_a_small_disk(&month, "50m", new) {
        run.ends(2)
            .says("cannot be opened or written")
            .says("help: ");
    }
}

#[test]
fn two_runs_at_once_never_mix() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let whole = month.packets_of("a");
    // A run that holds the ledger, as a scan does from beginning to end.
    let holder = rusqlite::Connection::open(month.path("a")).expect("opened");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("held");
    for words in [
        &["scan", "logs", "--ledger", "a"][..],
        &REPORT,
        &["merge", "a", "--out", "joined"],
    ] {
        month
            .run(words)
            .ends(2)
            .says("ledger `a` is in use by another process")
            .says("help: wait");
    }
    drop(holder);
    // Two real ones: whoever comes second is refused or finds everything done.
    for at in 0..3 {
        let ledger = format!("both{at}");
        let spawn = || {
            program(month.folder.path())
                .args(["scan", "logs", "--quiet", "--ledger", &ledger, "--scope"])
                .arg(sample("incident-month/scope.toml"))
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("the program starts")
        };
        let both = [spawn(), spawn()];
        let both = both.map(|child| Run::from(child.wait_with_output().expect("it ends")));
        for one in &both {
            if one.code != 0 {
                one.ends(2).says("is in use by another process");
            }
        }
        assert!(both.iter().any(|one| one.code == 0), "none got through");
        same_packets(&month.packets_of(&ledger), &whole);
    }
}

#[test]
fn what_is_no_ledger_is_named_and_left_alone() {
    let month = Month::new();
    let path = month.path("a");
    let check = |says: &str| {
        for words in [
            &["scan", "logs", "--ledger", "a"][..],
            &REPORT,
            &["merge", "a", "--out", "joined"],
        ] {
            month
                .run(words)
                .ends(2)
                .says("`a`")
                .says(says)
                .says("help: ");
            assert!(!month.path("packets").exists() && !month.path("joined").exists());
        }
    };
    fs::create_dir(&path).expect("made");
    check("cannot be opened");
    fs::remove_dir(&path).expect("empty");
    fs::write(&path, "notes, not a ledger\n".repeat(400)).expect("written");
    check("is not a ledger");
    fs::remove_file(&path).expect("there");
    let other = rusqlite::Connection::open(&path).expect("made");
    other.execute_batch("CREATE TABLE t (a)").expect("made");
    drop(other);
    check("is not a ledger");
}

/// Runs a report over a ledger whose bytes were changed: the right packet, or none.
#[track_caller]
fn damaged(month: &Month, bytes: &[u8], right: &[(String, Vec<u8>)], what: &str) -> bool {
    fs::write(month.path("b"), bytes).expect("written");
    let _may_not_exist = fs::remove_dir_all(month.path("b.packets"));
    let words: Vec<&str> = REPORT
        .iter()
        .map(|word| if *word == "a" { "b" } else { word })
        .chain(["--out", "b.packets"])
        .collect();
    let run = month.run(&words);
    if run.code == 2 {
        run.says("error: ");
        assert!(
            run.err.contains("help: "),
            "{what}: no remedy:\n{}",
            run.err
        );
        assert_eq!(
            names(&month.path("b.packets")),
            Vec::<String>::new(),
            "{what}"
        );
        return true;
    }
    run.ends(3);
    let found = super::ledger_runs::packets(&month.path("b.packets"));
    for ((name, one), (_, other)) in found.iter().zip(right) {
        assert!(one == other, "{what}: {name} is wrong");
    }
    false
}

#[test]
fn a_truncated_ledger_gives_no_packet() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let right = month.packets_of("a");
    let whole = fs::read(month.path("a")).expect("readable");
    for part in 1..6 {
        let cut = whole.len() * part / 6;
        assert!(damaged(
            &month,
            &whole[..cut],
            &right,
            &format!("cut at {cut}")
        ));
    }
}

#[test]
fn garbage_in_a_ledger_gives_no_wrong_packet() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let right = month.packets_of("a");
    let whole = fs::read(month.path("a")).expect("readable");
    let mut refused = 0;
    for part in 0..24 {
        let mut bytes = whole.clone();
        let at = whole.len() * part / 24 + 37 * part + 40;
        let end = (at + 24).min(bytes.len());
        for byte in &mut bytes[at..end] {
            *byte ^= 0x5a;
        }
        refused += u32::from(damaged(&month, &bytes, &right, &format!("garbage at {at}")));
    }
    assert!(refused > 8, "only {refused} damages were seen");
}

#[test]
fn two_readers_do_not_hinder_each_other() {
    // Readers share: two reports of one ledger at once both answer.
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let holder = rusqlite::Connection::open(month.path("a")).expect("opened");
    holder.execute_batch("BEGIN").expect("begun");
    let count: i64 = holder
        .query_row("SELECT count(*) FROM file", [], |row| row.get(0))
        .expect("read");
    assert!(count > 400);
    month.run(&REPORT).ends(3);
    drop(holder);
    assert!(Path::new(&month.path("packets/2026-10/hipaa")).is_dir());
}

#[test]
fn a_page_of_zeros_is_called_damage() {
    let month = Month::new();
    month.scan("logs", "a").ends(0);
    let whole = fs::read(month.path("a")).expect("readable");
    let mut refused = 0;
    for (at, _) in whole.chunks(4096).enumerate() {
        let mut bytes = whole.clone();
        bytes[at * 4096..(at + 1) * 4096].fill(0);
        fs::write(month.path("b"), bytes).expect("written");
        let opened = Ledger::open(&month.path("b")).and_then(|ledger| ledger.check_finished());
        match opened {
            // A page that holds nothing.
            Ok(()) => {}
            Err(error @ LedgerError::Damaged { .. }) => {
                assert_eq!(error.help(), "delete it and scan the logs again");
                refused += 1;
            }
            // The first page says that it is a ledger.
            Err(LedgerError::NotALedger(_)) if at == 0 => {}
            Err(other) => panic!("page {at}: {other}"),
        }
    }
    assert!(refused > 10, "only {refused} damages were seen");
}
