//! The inspection for machines: one JSON object.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Inspection;
use super::text::{bills, days_of, is_idle};
use crate::assess::outcome::{DayState, RecordCounts};
use crate::inspect::counter::{Counter, Volume};
use crate::record::class::EventClass;
use crate::record::time;

/// Rows of a list.
const ROWS: usize = 1000;

pub(super) fn write(out: &mut impl Write, found: &Inspection<'_>) -> io::Result<()> {
    let set = &found.assessment.log_set;
    let by_account: serde_json::Map<String, Value> = set
        .by_account
        .iter()
        .map(|(account, all)| (account.clone(), counts(all)))
        .collect();
    let value = json!({
        "format": "attestrail.logs/v1",
        "period": found.period.map(|period| json!({
            "start": time::format(period.start), "end": time::format(period.end), "is_asked": found.is_asked,
        })),
        "files": {"listed": set.files_listed, "read": set.files_read, "refused": set.files_refused, "not_logs": set.files_not_read, "not_opened": set.files_not_opened},
        "bytes": {"stored": set.bytes_stored, "inflated": set.bytes_inflated},
        "records": counts(&set.total),
        "by_account": by_account,
        "first_time": set.first_time.map(time::format),
        "last_time": set.last_time.map(time::format),
        "outside_times": set.outside_times.map(|(first, last)| json!({
            "first": time::format(first), "last": time::format(last),
        })),
        "notices": set.notices,
        "shapes": found.shapes.iter().map(|(shape, count)| json!({
            "shape": shape, "files": count.files, "records": count.records,
        })).collect::<Vec<_>>(),
        "remarks": found.remarks.rows().iter().map(|one| json!({
            "kind": one.kind, "files": one.files, "entries": one.entries, "example": one.example,
        })).collect::<Vec<_>>(),
        "left_out": found.remarks.left_out().iter().map(|one| json!({
            "class": "CloudTrail-Aggregated", "entries": one.entries, "files": one.files,
            "example": one.example, "reason": super::text::AGGREGATED,
        })).collect::<Vec<_>>(),
        "places": places(found),
        "classes": classes(found),
        "stores": stores(found),
        "volumes": volumes(found),
        "integrity": integrity(found),
        "refusals": {"total": found.refusal_count, "chain_files": found.chain_files, "shown": found.refusals.iter().map(|one| json!({
            "file": one.key, "index": one.index, "code": one.code, "message": one.message, "is_loss": one.is_loss,
        })).collect::<Vec<_>>()},
        "unanswered": found.advice.unanswered.iter().map(|one| json!({
            "control": one.id, "title": one.title, "reasons": one.reasons,
            "classes": one.classes.iter().map(|class| class.id()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "reasons": found.advice.reasons().iter().map(|one| json!({
            "reason": one.text, "controls": one.controls,
        })).collect::<Vec<_>>(),
        "advice": {
            "advanced_event_selectors": found.advice.selectors,
            "lines": found.advice.lines,
            "notes": found.advice.notes,
        },
    });
    writeln!(out, "{value}")
}

fn counts(all: &RecordCounts) -> Value {
    let parts = all.parts().into_iter();
    let parts = parts.map(|(part, count)| (part.replace(' ', "_"), count.into()));
    let seen = std::iter::once(("seen".to_owned(), all.seen.into()));
    Value::Object(seen.chain(parts).collect())
}

fn places(found: &Inspection<'_>) -> Vec<Value> {
    let coverage = &found.assessment.coverage;
    let rows = coverage.rows.iter();
    rows.map(|row| {
        let open: Vec<Value> = coverage
            .days
            .iter()
            .zip(&row.days)
            .filter(|(_, state)| !state.is_accounted_for())
            .map(|(day, state)| json!({"day": time::format_day(*day), "state": state.id()}))
            .collect();
        json!({
            "account": row.account, "region": row.region,
            "records": row.counts.iter().sum::<u64>(), "open_days": open,
            "days": {
                "with_records": row.counts.iter().filter(|count| **count > 0).count(),
                "idle": row.days.iter().filter(|day| is_idle(**day)).count(),
                "silent": days_of(row, DayState::Silent),
                "stopped": days_of(row, DayState::Stopped),
                "unclear": days_of(row, DayState::Unclear),
                "missing": days_of(row, DayState::Missing),
            },
        })
    })
    .collect()
}

fn classes(found: &Inspection<'_>) -> Vec<Value> {
    let classes = found.assessment.coverage.classes.iter();
    classes
        .map(|one| {
            json!({
                "account": one.account, "region": one.region, "class": one.class.id(), "records": one.records,
                "is_proven": one.is_proven, "basis": one.basis.id(), "proof": one.proof,
            })
        })
        .collect()
}

fn stores(found: &Inspection<'_>) -> Vec<Value> {
    let stores = found.assessment.coverage.stores.iter();
    stores
        .map(|one| {
            json!({
                "store": one.store, "class": one.class.id(), "records": one.records,
                "is_proven": one.is_proven, "basis": one.basis.id(), "proof": one.proof,
            })
        })
        .collect()
}

/// Volumes as delivered; null where only a ledger was given.
fn volumes(found: &Inspection<'_>) -> Value {
    let Some(tally) = found.tally else {
        return Value::Null;
    };
    let month = |records: u64| found.span.and_then(|span| span.per_month(records));
    let classes: Vec<Value> = EventClass::ALL
        .into_iter()
        .filter_map(|class| {
            let mut volume = Volume::default();
            for (_, one) in tally.classes.iter().filter(|(set, _)| set.contains(class)) {
                volume.add(*one);
            }
            (volume.records > 0).then(|| {
                json!({"class": class.id(), "records": volume.records, "bytes": volume.bytes,
                       "records_per_month": month(volume.records)})
            })
        })
        .collect();
    let costs: Vec<Value> = bills(tally)
        .into_iter()
        .map(|(billed, what, records)| {
            let events = month(records);
            json!({"what": what, "events_per_month": events,
                   "cost": events.and_then(|events| found.prices.of_events(billed, events))})
        })
        .collect();
    json!({
        "records": tally.total.records,
        "bytes": tally.total.bytes,
        "outside_period": tally.outside.records,
        "observed_seconds": found.span.map(|span| span.seconds()),
        "classes": classes,
        "costs": costs,
        "stored_bytes_per_month": month(tally.stored_bytes),
        "storage_cost": month(tally.stored_bytes).map(|bytes| found.prices.of_storage(bytes)),
        "currency": found.prices.currency,
        "prices": found.prices.note,
        "places": list(&tally.places),
        "event_sources": list(&tally.sources),
        "events": list(&tally.names),
        "actors": list(&tally.actors),
        "source_addresses": list(&tally.addresses),
    })
}

fn list(counter: &Counter) -> Value {
    let rows: Vec<Value> = counter
        .largest(ROWS)
        .into_iter()
        .map(|(text, volume)| json!({"value": text, "records": volume.records, "bytes": volume.bytes}))
        .collect();
    json!({"distinct": counter.len(), "too_small_by_at_most": counter.error(), "rows": rows})
}

fn integrity(found: &Inspection<'_>) -> Value {
    let answer = &found.integrity;
    let digests = found.assessment.integrity.digests_seen;
    match answer.verdict {
        Some(verdict) => json!({
            "verdict": verdict.code(),
            "statement": answer.statement,
            "digests": digests,
            "problems": answer.problems,
            "problems_that_matter": answer.problems_that_matter,
        }),
        None => json!({"verdict": "not-verified", "digests": digests}),
    }
}
