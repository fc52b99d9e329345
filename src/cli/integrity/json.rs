//! The report of integrity for machines: one JSON object, `attestrail.integrity/v1`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::integrity::IntegrityReport;
use crate::integrity::collect::Collected;
use crate::integrity::commands::commands;
use crate::integrity::place::{ChainId, Place};
use crate::integrity::report::{CoverRange, DigestState, Fault, LogState};
use crate::record::time;
use crate::source::Listing;

#[derive(Serialize)]
struct FaultRow<'r> {
    code: &'static str,
    weight: &'static str,
    message: &'r str,
}

#[derive(Serialize)]
struct LogRow<'r> {
    key: &'r str,
    #[serde(skip_serializing_if = "is_zero")]
    copy: u32,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'r str>,
    faults: Vec<FaultRow<'r>>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Writes the whole report; files row by row, because there may be millions.
pub(super) fn write(
    out: &mut impl Write,
    report: &IntegrityReport,
    collected: &Collected,
    listing: &Listing,
) -> io::Result<()> {
    writeln!(out, "{{")?;
    let head = json!({
        "format": "attestrail.integrity/v1",
        "verdict": report.verdict.code(),
        "asked": report.asked.map(|asked| json!({
            "from": time::format(asked.start),
            "to": time::format(asked.end),
            "slackSeconds": asked.slack,
        })),
        "counts": counts(report, collected),
        "keys": collected.facts.keys.iter().map(|key| json!({
            "region": key.region,
            "fingerprint": key.fingerprint,
            "validFrom": time::format(key.valid_from),
            "validTo": time::format(key.valid_to),
            "source": key.source,
        })).collect::<Vec<_>>(),
        "untrustedKeys": collected.untrusted_keys,
        "listing": listing.problems.iter().map(|problem| json!({
            "file": problem.display, "code": problem.code, "message": problem.message,
        })).collect::<Vec<_>>(),
        "commands": commands(report),
        "problems": report.problems.iter().map(|problem| json!({
            "code": problem.kind.code(),
            "weight": problem.kind.weight().code(),
            "object": problem.object,
            "matters": problem.matters,
            "message": problem.message,
            "help": problem.kind.help(),
        })).collect::<Vec<_>>(),
        "cover": report.cover.iter().map(|cover| json!({
            "place": place(&cover.place),
            "ranges": ranges(&cover.ranges),
            "asked": ranges(&cover.asked),
            "trails": cover.trails.iter().map(|trail| json!({
                "chain": chain(&trail.chain),
                "digests": trail.digest_count,
                "ranges": ranges(&trail.ranges),
                "asked": ranges(&trail.asked),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    if let Some(head) = head.as_object() {
        for (name, value) in head {
            writeln!(out, "{}:{value},", json!(name))?;
        }
    }
    write!(out, "\"digests\":")?;
    rows(
        out,
        report.digests.iter().map(|digest| {
            json!({
                "key": digest.key,
                "file": digest.file,
                "chain": digest.chain.as_ref().map(chain),
                "start": digest.start.map(time::format),
                "end": digest.end.map(time::format),
                "starting": digest.is_starting,
                "state": digest.state.code(),
                "vouched": digest.is_vouched,
                "signatureFrom": digest.signature_from,
                "logs": digest.log_count,
                "faults": faults(&digest.faults),
            })
        }),
    )?;
    write!(out, ",\n\"logs\":")?;
    rows(
        out,
        report.logs.iter().map(|log| LogRow {
            key: &log.key,
            copy: log.copy,
            state: log.state.code(),
            digest: log.digest.map(|at| report.digests[at].key.as_str()),
            faults: faults(&log.faults),
        }),
    )?;
    writeln!(out, "\n}}")
}

fn rows<T: Serialize>(out: &mut impl Write, rows: impl Iterator<Item = T>) -> io::Result<()> {
    write!(out, "[")?;
    for (at, row) in rows.enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &row)?;
    }
    write!(out, "]")
}

fn counts(report: &IntegrityReport, collected: &Collected) -> serde_json::Value {
    let logs: serde_json::Map<String, serde_json::Value> = LogState::ALL
        .iter()
        .map(|state| (state.code().to_owned(), report.log_count(*state).into()))
        .collect();
    let digests: serde_json::Map<String, serde_json::Value> = DigestState::ALL
        .iter()
        .map(|state| (state.code().to_owned(), report.digest_count(*state).into()))
        .collect();
    json!({
        "logs": logs,
        "digests": digests,
        "otherFiles": collected.other_count,
        "inflatedLogBytes": collected.inflated_bytes,
    })
}

fn faults(faults: &[Fault]) -> Vec<FaultRow<'_>> {
    faults
        .iter()
        .map(|fault| FaultRow {
            code: fault.kind.code(),
            weight: fault.kind.weight().code(),
            message: &fault.message,
        })
        .collect()
}

fn place(place: &Place) -> serde_json::Value {
    json!({"organization": place.organization, "account": place.account, "region": place.region})
}

fn chain(chain: &ChainId) -> serde_json::Value {
    json!({
        "organization": chain.place.organization,
        "account": chain.place.account,
        "region": chain.place.region,
        "trail": chain.trail,
        "homeRegion": chain.home_region,
        "backfill": chain.is_backfill,
    })
}

fn ranges(ranges: &[CoverRange]) -> Vec<serde_json::Value> {
    ranges
        .iter()
        .map(|range| {
            json!({
                "from": time::format(range.start),
                "to": time::format(range.end),
                "kind": range.kind.code(),
            })
        })
        .collect()
}
