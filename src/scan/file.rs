//! From the reader's report on one file to its facts.

use super::chains;
use super::sink::FactSink;
use crate::integrity::place::{Role, role_of};
use crate::ledger::facts::{ClaimFact, FileFacts, FileState, RefusalFact, Stat};
use crate::ledger::integrity::IntegrityFact;
use crate::period::DAY;
use crate::reader::archive;
use crate::reader::{
    FileOutcome, FileReport, OtherKind, ReadLimits, Scratch, read_bytes, read_file, read_member,
};
use crate::record::project::Projector;
use crate::source::SourceFile;
use crate::source::layout::{self, Claim};
use crate::source::shape::ARCHIVE;

/// What is known of a file before it is opened.
struct Named<'n> {
    key: &'n str,
    role: Role,
    claim: ClaimFact,
}

impl<'n> Named<'n> {
    fn of(key: &'n str) -> Named<'n> {
        let claim = layout::claim(key);
        Named {
            key,
            role: role_of(key, &claim),
            claim: claim_of(claim),
        }
    }
}

/// Reads one file into facts. The members of an archive are files of their own: their facts
/// are given to `give`, which says whether to go on, before those of the archive are returned.
pub fn read(
    file: &SourceFile,
    stat: Stat,
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut FactSink<'_>,
    give: &mut dyn FnMut(FileFacts) -> bool,
) -> FileFacts {
    let named = Named::of(&file.key);
    sink.begin(named.key, &named.claim);
    // The content of a digest is hashed when it is verified.
    let own = ReadLimits {
        hash_content: limits.hash_content && named.role != Role::Digest,
        ..*limits
    };
    let mut report = read_file(file, &own, scratch, projector, sink);
    if report.is_archive() {
        report = archive::each_member(file, limits, &mut |member| {
            let named = Named::of(&member.key);
            sink.begin(named.key, &named.claim);
            let report = read_member(&member, limits, scratch, projector, sink);
            let stat = Stat {
                size: report.stored_bytes,
                ..Stat::default()
            };
            let integrity = chains::of_bytes(named.role, &report, scratch);
            give(facts(named, stat, report, integrity, sink))
        });
        sink.begin(named.key, &named.claim);
        let integrity = chains::of_archive(named.role);
        return facts(named, stat, report, integrity, sink);
    }
    let integrity = chains::of_file(named.role, &report, scratch);
    facts(named, stat, report, integrity, sink)
}

/// Facts about bytes that have a key and lie nowhere; for tests and tools.
pub fn facts_of_bytes(
    key: &str,
    bytes: &[u8],
    limits: &ReadLimits,
    scratch: &mut Scratch,
    projector: &mut Projector<'_>,
    sink: &mut FactSink<'_>,
) -> FileFacts {
    let named = Named::of(key);
    sink.begin(key, &named.claim);
    let report = read_bytes(key, bytes, limits, scratch, projector, sink);
    let stat = Stat {
        size: bytes.len() as u64,
        ..Stat::default()
    };
    let integrity = chains::of_bytes(named.role, &report, scratch);
    facts(named, stat, report, integrity, sink)
}

fn claim_of(claim: Claim) -> ClaimFact {
    let named = claim.delivered_at.map(|at| at.div_euclid(DAY) * DAY);
    let folder = claim
        .delivery_day
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|day| day.and_utc().timestamp());
    ClaimFact {
        account: claim.account,
        region: claim.region,
        // The earlier of two claims that differ: a loss then matters to more periods, not to fewer.
        day: match (named, folder) {
            (Some(named), Some(folder)) => Some(named.min(folder)),
            (named, folder) => named.or(folder),
        },
    }
}

fn facts(
    named: Named<'_>,
    stat: Stat,
    mut report: FileReport,
    integrity: IntegrityFact,
    sink: &mut FactSink<'_>,
) -> FileFacts {
    // `KEY.head.json` is never a log, so one that cannot be read is no lost evidence.
    if named.role == Role::HeadObject
        && report.records_seen == 0
        && matches!(report.outcome, FileOutcome::Refused(_))
    {
        report.outcome = FileOutcome::NotRead(OtherKind::HeadObject);
    }
    let mut facts = FileFacts::new(named.key, stat);
    facts.integrity = integrity;
    sink.finish(&mut facts);
    facts.claim = named.claim;
    facts.sha256 = report.sha256;
    facts.stored_bytes = report.stored_bytes;
    facts.inflated_bytes = report.inflated_bytes;
    facts.records_seen = report.records_seen;
    facts.records_refused = report.records_refused + report.records_left_out;
    facts.notices = report
        .notices
        .iter()
        .map(|notice| notice.message.clone())
        .collect();
    facts.shape = shape(&report);
    add_outcome(&mut facts, &report);
    add_refusals(&mut facts, &report);
    facts
}

fn shape(report: &FileReport) -> String {
    if let Some(members) = report.members {
        return format!("{ARCHIVE}{members} members, each a file of its own");
    }
    let Some(shape) = report.shape else {
        return String::new();
    };
    match report.compression {
        "" => shape.words().to_owned(),
        compression => format!("{}, {compression}", shape.words()),
    }
}

fn add_outcome(facts: &mut FileFacts, report: &FileReport) {
    let (state, code, message) = match &report.outcome {
        FileOutcome::Read => {
            facts.state = FileState::Read;
            return;
        }
        FileOutcome::Refused(fault) => {
            let help = fault.help().map(|help| format!("; {help}"));
            let message = format!("{fault}{}", help.unwrap_or_default());
            (FileState::Refused, fault.code(), message)
        }
        FileOutcome::NotRead(kind) => {
            facts.is_digest = *kind == OtherKind::Digest;
            facts.shape = kind.reason();
            (FileState::NotRead, kind.code(), kind.reason())
        }
    };
    facts.state = state;
    facts.refusals.push(RefusalFact {
        index: None,
        code: code.to_owned(),
        message,
        is_loss: state == FileState::Refused,
    });
}

fn add_refusals(facts: &mut FileFacts, report: &FileReport) {
    facts
        .refusals
        .extend(report.refusals.iter().map(|refusal| RefusalFact {
            index: Some(refusal.index),
            code: refusal.code.to_owned(),
            message: refusal.message.clone(),
            is_loss: true,
        }));
    // An output that says that it goes on elsewhere is a loss, although nothing in it is bad; so are
    // records beside those that are read.
    let losses = report.notices.iter().filter(|one| one.is_loss());
    facts.refusals.extend(losses.map(|notice| RefusalFact {
        index: None,
        code: notice.code.to_owned(),
        message: notice.message.clone(),
        is_loss: true,
    }));
    if report.aggregates > 0 {
        facts.refusals.push(RefusalFact {
            index: None,
            code: "aggregated-events".to_owned(),
            message: format!(
                "{} aggregated events left out: they count data events over five minutes, and are no records of calls",
                report.aggregates
            ),
            is_loss: false,
        });
    }
    let unlisted = report.records_refused - report.refusals.len() as u64;
    if unlisted > 0 {
        facts.refusals.push(RefusalFact {
            index: None,
            code: "more-refused".to_owned(),
            message: format!("{unlisted} more records refused, not listed one by one"),
            is_loss: true,
        });
    }
}
