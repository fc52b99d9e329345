//! What was read, what was refused, and which days it covers.

use std::collections::HashMap;
use std::sync::Arc;

use super::{BuildError, Inputs, balanced, remarks};
use crate::assess::outcome::{
    Assessment, Basis, Coverage, CoverageRow, RecordCounts, StoreProof, sum,
};
use crate::packet::mask::Masker;
use crate::packet::model::{
    AccountCounts, BasisInfo, ClassCount, ClassProofInfo, CoverageInfo, CoverageRowInfo,
    Inputs as InputList, LogSetInfo, RecordCountsInfo, Refusals, ShapeInfo, SnapshotInfo,
    StateInfo, StoreProofInfo,
};
use crate::packet::spool::Spool;
use crate::packet::words;
use crate::period::{DAY, HOUR};
use crate::record::time;
use crate::trail::snapshot::Snapshot;

pub fn info(inputs: &Inputs<'_>, spool: &Spool, masker: &Masker) -> Result<LogSetInfo, BuildError> {
    let found = &inputs.assessment.log_set;
    balanced(
        || "files of the log set".to_owned(),
        found.files_listed,
        sum(&found.file_parts()),
    )?;
    check_records("records of the log set", &found.total)?;
    for (account, counts) in &found.by_account {
        check_records(&format!("records of account `{account}`"), counts)?;
    }
    let seen = found.by_account.values().map(|counts| counts.seen).sum();
    balanced(
        || "records of all accounts".to_owned(),
        found.total.seen,
        seen,
    )?;
    Ok(LogSetInfo {
        files_listed: found.files_listed,
        files_read: found.files_read,
        files_refused: found.files_refused,
        files_not_read: found.files_not_read,
        files_not_opened: found.files_not_opened,
        bytes_stored: found.bytes_stored,
        bytes_inflated: found.bytes_inflated,
        total: record_counts(&found.total),
        by_account: found
            .by_account
            .iter()
            .map(|(account, counts)| AccountCounts {
                account: account.clone(),
                counts: record_counts(counts),
            })
            .collect(),
        by_class: found
            .by_class
            .iter()
            .map(|(class, records)| ClassCount {
                class: class.id().to_owned(),
                records: *records,
            })
            .collect(),
        shapes: found
            .shapes
            .iter()
            .map(|one| ShapeInfo {
                shape: one.shape.clone(),
                files: one.files,
                records: one.records,
                cannot_prove: one.cannot_prove.to_owned(),
            })
            .collect(),
        first_time: found.first_time.map(time::format),
        last_time: found.last_time.map(time::format),
        losses: found.losses,
        notices: found.notices.clone(),
        refusals: refusals(inputs, spool, masker)?,
        inputs: input_files(inputs, spool)?,
        insights: remarks::insights(inputs, masker)?,
        addenda: remarks::addenda(inputs, masker)?,
        late: remarks::late(inputs, masker),
        network_activity: remarks::endpoints(inputs, masker)?,
    })
}

fn check_records(what: &str, counts: &RecordCounts) -> Result<(), BuildError> {
    balanced(|| what.to_owned(), counts.seen, sum(&counts.parts()))
}

fn record_counts(counts: &RecordCounts) -> RecordCountsInfo {
    RecordCountsInfo {
        seen: counts.seen,
        kept: counts.kept,
        duplicates: counts.duplicates,
        conflicts: counts.conflicts,
        amended: counts.amended,
        refused: counts.refused,
        outside_period: counts.outside_period,
        outside_scope: counts.outside_scope,
    }
}

fn refusals(inputs: &Inputs<'_>, spool: &Spool, masker: &Masker) -> Result<Refusals, BuildError> {
    let found = spool.refusals(inputs.source, masker)?;
    Ok(Refusals {
        shown: found.first.len() as u64,
        total: found.total,
        file: "logs/refused.csv".to_owned(),
        rows_sha256: found.sha256.clone(),
        rows: Arc::clone(&found.first),
    })
}

fn input_files(inputs: &Inputs<'_>, spool: &Spool) -> Result<InputList, BuildError> {
    let log_set = &inputs.assessment.log_set;
    let found = spool.inputs(inputs.source)?;
    // The sums of the assessment and the files one by one are counted apart, so that they can differ.
    for (what, left, right) in [
        (
            "rows of input files",
            log_set.files_listed - log_set.files_not_opened,
            found.total,
        ),
        ("files read", log_set.files_read, found.read),
        ("files refused", log_set.files_refused, found.refused),
        (
            "records of the input files",
            log_set.total.seen,
            found.records,
        ),
    ] {
        balanced(|| what.to_owned(), left, right)?;
    }
    Ok(InputList {
        shown: found.first.len() as u64,
        total: found.total,
        file: "logs/inputs.csv".to_owned(),
        rows_sha256: found.sha256.clone(),
        rows: Arc::clone(&found.first),
    })
}

pub fn coverage(assessment: &Assessment, masker: &Masker) -> CoverageInfo {
    let found = &assessment.coverage;
    let cover = assessment.integrity.cover.iter();
    let idle: HashMap<_, _> = cover
        .map(|one| ((one.account.as_str(), one.region.as_str()), &one.idle[..]))
        .collect();
    CoverageInfo {
        is_complete: found.is_complete,
        days: found
            .days
            .iter()
            .map(|day| time::format_day(*day))
            .collect(),
        states: states(found),
        rows: found
            .rows
            .iter()
            .map(|one| {
                let place = (one.account.as_str(), one.region.as_str());
                row(
                    one,
                    &found.days,
                    idle.get(&place).copied().unwrap_or_default(),
                )
            })
            .collect(),
        classes: found
            .classes
            .iter()
            .map(|one| ClassProofInfo {
                account: one.account.clone(),
                region: one.region.clone(),
                class: one.class.id().to_owned(),
                records: one.records,
                is_proven: one.is_proven,
                basis: one.basis.id().to_owned(),
                proof: masker.text(&one.proof).into_owned(),
            })
            .collect(),
        bases: bases(found),
        stores: found.stores.iter().map(|one| store(one, masker)).collect(),
        snapshots: found.snapshots.iter().map(snapshot).collect(),
        file: "logs/coverage.csv".to_owned(),
    }
}

fn bases(coverage: &Coverage) -> Vec<BasisInfo> {
    let all = Basis::ALL.iter();
    all.map(|basis| {
        let (letter, meaning) = words::basis(*basis);
        let with = coverage.classes.iter().filter(|one| one.basis == *basis);
        BasisInfo {
            id: basis.id().to_owned(),
            letter: letter.to_owned(),
            meaning: meaning.to_owned(),
            count: with.count() as u64,
        }
    })
    .collect()
}

fn store(one: &StoreProof, masker: &Masker) -> StoreProofInfo {
    StoreProofInfo {
        list: one.list.clone(),
        store: one.store.clone(),
        class: one.class.id().to_owned(),
        accounts: one.accounts.clone(),
        records: one.records,
        is_proven: one.is_proven,
        basis: one.basis.id().to_owned(),
        proof: masker.text(&one.proof).into_owned(),
    }
}

fn snapshot(one: &Snapshot) -> SnapshotInfo {
    let mut trails: Vec<String> = one
        .trails
        .iter()
        .map(|trail| {
            format!(
                "{} (account {}, home {})",
                trail.name, trail.account, trail.region
            )
        })
        .collect();
    trails.sort_unstable();
    trails.dedup();
    SnapshotInfo {
        file: one.name.clone(),
        sha256: one.sha256.clone(),
        taken_at: one.taken_at.map(time::format),
        trails,
    }
}

/// `x` for each hour with records, `i` for one that digests prove idle, `.` for the others.
fn hours(bits: u32, day: i64, idle: &[(i64, i64)]) -> String {
    let is_today = |span: &&(i64, i64)| span.0 < day + DAY && span.1 > day;
    let today: Vec<_> = idle.iter().filter(is_today).collect();
    let is_idle = |hour: i64| {
        let from = day + hour * HOUR;
        let mut today = today.iter();
        today.any(|span| span.0 <= from && from + HOUR <= span.1)
    };
    let letter = |hour: i64| match () {
        () if bits >> hour & 1 == 1 => 'x',
        () if is_idle(hour) => 'i',
        () => '.',
    };
    let all: String = (0..24).map(letter).collect();
    match all.contains(['x', 'i']) {
        true => all,
        false => String::new(),
    }
}

fn states(coverage: &Coverage) -> Vec<StateInfo> {
    let all = words::DAY_STATES.iter();
    all.map(|state| {
        let (letter, meaning) = words::day_state(*state);
        let days = coverage.rows.iter().flat_map(|row| &row.days);
        StateInfo {
            id: state.id().to_owned(),
            letter: letter.to_owned(),
            meaning: meaning.to_owned(),
            count: days.filter(|day| *day == state).count() as u64,
        }
    })
    .collect()
}

fn row(found: &CoverageRow, days: &[i64], idle: &[(i64, i64)]) -> CoverageRowInfo {
    CoverageRowInfo {
        account: found.account.clone(),
        account_name: found.account_name.clone(),
        region: found.region.clone(),
        days: found
            .days
            .iter()
            .map(|state| words::day_state(*state).0)
            .collect(),
        counts: found.counts.clone(),
        hours: found
            .hours
            .iter()
            .zip(days)
            .map(|(bits, day)| hours(*bits, *day, idle))
            .collect(),
    }
}
