//! Anomalies, corrections, late records and VPC endpoints, as the packet shows them.

use std::io;

use super::{BuildError, Inputs};
use crate::assess::outcome::{Amendment, Anomaly, AnomalyEvent, Marked, Origin};
use crate::packet::evidence::RowsDigest;
use crate::packet::mask::Masker;
use crate::packet::model::{
    AddendumInfo, EndpointInfo, InsightEvent, InsightInfo, LateInfo, MOST_ROWS, OriginalInfo,
    RoleInfo, ShownRows,
};
use crate::packet::words;
use crate::record::time;

pub fn insights(
    inputs: &Inputs<'_>,
    masker: &Masker,
) -> Result<ShownRows<InsightInfo>, BuildError> {
    listed("logs/insights.csv", |each| {
        each_insight(inputs, masker, each)
    })
}

pub fn addenda(
    inputs: &Inputs<'_>,
    masker: &Masker,
) -> Result<ShownRows<AddendumInfo>, BuildError> {
    listed("logs/addenda.csv", |each| {
        each_addendum(inputs, masker, each)
    })
}

pub fn endpoints(
    inputs: &Inputs<'_>,
    masker: &Masker,
) -> Result<ShownRows<EndpointInfo>, BuildError> {
    listed("logs/network-activity.csv", |each| {
        each_endpoint(inputs, masker, each)
    })
}

type Each<'e, T> = &'e mut dyn FnMut(&T) -> io::Result<()>;

fn listed<T: Clone + serde::Serialize>(
    file: &str,
    all: impl FnOnce(Each<'_, T>) -> io::Result<()>,
) -> Result<ShownRows<T>, BuildError> {
    let mut digest = RowsDigest::default();
    let mut total = 0;
    let mut rows = Vec::new();
    all(&mut |row| {
        digest.add(row, None)?;
        total += 1;
        if total <= MOST_ROWS {
            rows.push(row.clone());
        }
        Ok(())
    })?;
    Ok(ShownRows {
        shown: rows.len() as u64,
        total,
        file: file.to_owned(),
        rows_sha256: digest.finish(),
        rows,
    })
}

/// Every anomaly.
pub fn each_insight(
    inputs: &Inputs<'_>,
    masker: &Masker,
    each: Each<'_, InsightInfo>,
) -> io::Result<()> {
    let mut all = inputs.assessment.log_set.anomalies.iter();
    all.try_for_each(|one| each(&insight(one, masker)))
}

fn insight(one: &Anomaly, masker: &Masker) -> InsightInfo {
    let text = |text: &str| masker.text(text).into_owned();
    InsightInfo {
        account: one.account.clone(),
        region: one.region.clone(),
        kind: text(&one.kind),
        event_source: text(&one.event_source),
        event_name: text(&one.event_name),
        error_code: text(&one.error_code),
        shared_event_id: text(&one.shared_id),
        attributions: text(&one.attributions),
        start: one.start.as_ref().map(|event| insight_event(event, masker)),
        end: one.end.as_ref().map(|event| insight_event(event, masker)),
    }
}

fn insight_event(event: &AnomalyEvent, masker: &Masker) -> InsightEvent {
    let text = |text: &str| masker.text(text).into_owned();
    InsightEvent {
        time: time::format(event.time),
        event_id: text(&event.event_id),
        baseline: text(&event.baseline),
        value: text(&event.value),
        minutes: text(&event.minutes),
        baseline_minutes: text(&event.baseline_minutes),
        file: event.origin.file.clone(),
        file_sha256: event.origin.sha256.clone(),
        index: event.origin.index,
    }
}

/// Every correction.
pub fn each_addendum(
    inputs: &Inputs<'_>,
    masker: &Masker,
    each: Each<'_, AddendumInfo>,
) -> io::Result<()> {
    let mut all = inputs.assessment.log_set.amendments.iter();
    all.try_for_each(|one| each(&addendum(inputs, one, masker)))
}

fn addendum(inputs: &Inputs<'_>, one: &Amendment, masker: &Masker) -> AddendumInfo {
    let text = |text: &str| masker.text(text).into_owned();
    let original = one.original.as_ref();
    let of = |pick: fn(&Origin) -> String| original.map(pick);
    AddendumInfo {
        time: time::format(one.time),
        event_id: text(&one.event_id),
        account: one.account.clone(),
        region: one.region.clone(),
        event_source: text(&one.event_source),
        event_name: text(&one.event_name),
        reason: text(&one.reason),
        updated_fields: text(&one.updated),
        roles: roles(inputs, &one.roles),
        file: one.origin.file.clone(),
        file_sha256: one.origin.sha256.clone(),
        index: one.origin.index,
        outcome: one.outcome.id().to_owned(),
        outcome_shown: words::amendment(one.outcome).to_owned(),
        original: OriginalInfo {
            event_id: text(&one.original_id),
            time: one.original_time.map(time::format),
            roles: roles(inputs, &one.original_roles),
            file: of(|origin| origin.file.clone()),
            file_sha256: of(|origin| origin.sha256.clone()),
            index: original.map(|origin| origin.index),
        },
    }
}

/// What a record is to the controls of this framework.
fn roles(inputs: &Inputs<'_>, all: &[(String, &'static str)]) -> Vec<RoleInfo> {
    let framework = &inputs.framework.id;
    let serves = |id: &str| {
        let mut controls = inputs.controls.for_framework(framework);
        controls.any(|control| control.id == id)
    };
    all.iter()
        .filter(|(control, _)| serves(control))
        .map(|(control, role)| RoleInfo {
            control: control.clone(),
            role: (*role).to_owned(),
        })
        .collect()
}

/// Records that came late, by place and reason.
pub fn late(inputs: &Inputs<'_>, masker: &Masker) -> Vec<LateInfo> {
    let mut all: Vec<LateInfo> = Vec::new();
    let marked = inputs.assessment.log_set.marked.iter();
    for one in marked.filter(|one| !one.mark.reason.is_empty()) {
        let reason = masker.text(&one.mark.reason).into_owned();
        let (first, last) = (time::format(one.first_time), time::format(one.last_time));
        let known = all.last_mut().filter(|last| {
            (&last.account, &last.region, &last.reason) == (&one.account, &one.region, &reason)
        });
        // Network activity events of several endpoints may have come late for one reason.
        match known {
            Some(known) => {
                known.records += one.records;
                // Instants of one form are in the order of their texts.
                known.first_time = first.min(std::mem::take(&mut known.first_time));
                known.last_time = last.max(std::mem::take(&mut known.last_time));
            }
            None => all.push(LateInfo {
                account: one.account.clone(),
                region: one.region.clone(),
                reason,
                records: one.records,
                first_time: first,
                last_time: last,
            }),
        }
    }
    all
}

/// Calls through every VPC endpoint.
pub fn each_endpoint(
    inputs: &Inputs<'_>,
    masker: &Masker,
    each: Each<'_, EndpointInfo>,
) -> io::Result<()> {
    let mut all = inputs.assessment.log_set.network_activity();
    all.try_for_each(|one| each(&endpoint(one, masker)))
}

fn endpoint(one: &Marked, masker: &Masker) -> EndpointInfo {
    let text = |text: &str| masker.text(text).into_owned();
    EndpointInfo {
        account: one.account.clone(),
        region: one.region.clone(),
        endpoint: text(&one.mark.endpoint),
        endpoint_account: text(&one.mark.endpoint_account),
        event_source: text(&one.mark.event_source),
        error: text(&one.mark.error),
        records: one.records,
        first_time: time::format(one.first_time),
        last_time: time::format(one.last_time),
    }
}
