//! What digest chains show, as the packet says it.

use std::io;

use super::{BuildError, Inputs};
use crate::assess::outcome::{CoverLine, CoverSpan, FileLine, Integrity, IntegrityFault};
use crate::packet::evidence::RowsDigest;
use crate::packet::model::{
    AskedInfo, CoverInfo, CoverSpanInfo, FaultInfo, FaultList, FileStateInfo, FileStates, Instant,
    IntegrityInfo, KeyInfo, MOST_ROWS, MetadataInfo, SpanInfo, StateCount, TrailCoverInfo,
};
use crate::packet::words;
use crate::record::time;

pub fn info(inputs: &Inputs<'_>) -> Result<IntegrityInfo, BuildError> {
    let found = &inputs.assessment.integrity;
    Ok(IntegrityInfo {
        status: found.status.to_owned(),
        shown: words::integrity(found.status),
        statement: found.statement.clone(),
        digests_seen: found.digests_seen,
        is_required: found.is_required,
        asked: AskedInfo {
            from: time::format(found.from),
            to: time::format(found.to),
            slack_minutes: (found.slack / 60).unsigned_abs(),
        },
        logs: counts(&found.logs),
        digests: counts(&found.digests),
        suspect_records: found.suspect_records,
        cover: found.cover.iter().map(cover).collect(),
        cover_file: "logs/integrity.csv".to_owned(),
        faults: faults(found)?,
        files: files(found)?,
        keys: found
            .keys
            .iter()
            .map(|key| KeyInfo {
                file: key.file.clone(),
                file_sha256: key.file_sha256.clone(),
                region: key.region.clone(),
                fingerprint: key.fingerprint.clone(),
                valid_from: time::format(key.valid_from),
                valid_to: time::format(key.valid_to),
            })
            .collect(),
        metadata: found
            .metadata
            .iter()
            .map(|(file, sha256)| MetadataInfo {
                file: file.clone(),
                sha256: sha256.clone(),
            })
            .collect(),
        untrusted_keys: found.untrusted_keys.clone(),
        commands: found.commands.clone(),
    })
}

fn counts(all: &[(&'static str, u64)]) -> Vec<StateCount> {
    all.iter()
        .map(|(state, count)| StateCount {
            state: (*state).to_owned(),
            count: *count,
        })
        .collect()
}

fn cover(line: &CoverLine) -> CoverInfo {
    let mut ranges = spans(&line.ranges);
    for (shown, range) in ranges.iter_mut().zip(&line.ranges) {
        if !line.is_declared_idle && line.excuses(range) {
            shown
                .shown
                .to_mut()
                .push_str(", outside the scope or declared idle");
        }
    }
    CoverInfo {
        account: line.account.clone(),
        account_name: line.account_name.clone(),
        region: line.region.clone(),
        is_declared_idle: line.is_declared_idle,
        ranges,
        trails: line
            .trails
            .iter()
            .map(|(trail, ranges)| TrailCoverInfo {
                trail: trail.clone(),
                ranges: spans(ranges),
            })
            .collect(),
        idle: line
            .idle
            .iter()
            .map(|(from, to)| SpanInfo {
                from: Instant(*from),
                to: Instant(*to),
            })
            .collect(),
        idle_hours: line.idle_hours(),
    }
}

fn spans(all: &[CoverSpan]) -> Vec<CoverSpanInfo> {
    all.iter()
        .map(|span| CoverSpanInfo {
            from: Instant(span.from),
            to: Instant(span.to),
            state: span.state.into(),
            shown: words::cover(span.state).into(),
        })
        .collect()
}

/// One fault as the packet shows it.
fn fault(found: &IntegrityFault) -> FaultInfo {
    FaultInfo {
        thing: found.thing.to_owned(),
        object: found.object.clone(),
        code: found.code.to_owned(),
        weight: found.weight.to_owned(),
        account: found.account.clone(),
        region: found.region.clone(),
        from: found.from.map(time::format),
        to: found.to.map(time::format),
        count: found.count,
        matters: found.matters,
        message: found.message.clone(),
        help: found.help.to_owned(),
    }
}

fn faults(found: &Integrity) -> Result<FaultList, BuildError> {
    let mut rows = Vec::new();
    let rows_sha256 = each_fault(found, &mut |row| {
        if (rows.len() as u64) < MOST_ROWS {
            rows.push(row.clone());
        }
        Ok(())
    })?;
    Ok(FaultList {
        shown: rows.len() as u64,
        total: found.faults.len() as u64,
        file: "logs/integrity-faults.csv".to_owned(),
        rows_sha256,
        rows,
    })
}

/// Calls `each` for every fault; returns the SHA-256 over all.
pub fn each_fault(
    found: &Integrity,
    each: &mut dyn FnMut(&FaultInfo) -> io::Result<()>,
) -> io::Result<String> {
    let mut digest = RowsDigest::default();
    for one in &found.faults {
        let row = fault(one);
        digest.add(&row, None)?;
        each(&row)?;
    }
    Ok(digest.finish())
}

/// The state of one file as the packet shows it.
fn file(line: &FileLine) -> FileStateInfo {
    FileStateInfo {
        file: line.file.clone(),
        kind: line.kind.to_owned(),
        state: line.state.to_owned(),
        matters: line.matters,
        from: line.span.map(|span| time::format(span.0)),
        to: line.span.map(|span| time::format(span.1)),
        proof: line.proof.clone(),
        faults: line.faults.iter().map(|code| (*code).to_owned()).collect(),
    }
}

fn files(found: &Integrity) -> Result<FileStates, BuildError> {
    let mut rows = Vec::new();
    let mut total = 0;
    let rows_sha256 = each_file(found, &mut |row| {
        total += 1;
        if total <= MOST_ROWS {
            rows.push(row.clone());
        }
        Ok(())
    })?;
    Ok(FileStates {
        shown: rows.len() as u64,
        total,
        file: "logs/integrity-files.csv".to_owned(),
        rows_sha256,
        rows,
    })
}

/// Calls `each` for every log file and digest; returns the SHA-256 over all.
pub fn each_file(
    found: &Integrity,
    each: &mut dyn FnMut(&FileStateInfo) -> io::Result<()>,
) -> io::Result<String> {
    let mut digest = RowsDigest::default();
    found.files(|line| -> io::Result<()> {
        let row = file(line);
        digest.add(&row, None)?;
        each(&row)
    })?;
    Ok(digest.finish())
}
