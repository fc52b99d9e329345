//! The scope file as the packet repeats it: only what concerns the framework.

use std::collections::BTreeMap;

use super::{Inputs, accounts_in_scope};
use crate::control::list::text_of;
use crate::control::waiver::{Covers, Maintenance, Waiver};
use crate::packet::model::{
    AccountInfo, EntryInfo, IdleInfo, ListInfo, MaintenanceInfo, RecordedInfo, ScopeInfo,
    WaiverInfo,
};
use crate::pattern::{ListEntry as Entry, ListTest as EntryTest};
use crate::record::time;

pub fn info(inputs: &Inputs<'_>) -> ScopeInfo {
    let scope = inputs.scope;
    ScopeInfo {
        accounts: accounts_in_scope(inputs)
            .map(|account| AccountInfo {
                id: account.id.clone(),
                name: account.name.clone(),
                regions: scope.regions_of(account).to_vec(),
                from: account.days.from.map(time::format_day),
                until: account.days.until.map(time::format_day),
            })
            .collect(),
        regions: scope.regions.clone(),
        lists: lists(inputs),
        idle: scope
            .idle
            .iter()
            .map(|one| IdleInfo {
                account: one.account.clone(),
                region: one.region.clone(),
                from: one.days.from.map(time::format_day),
                until: one.days.until.map(time::format_day),
                reason: one.reason.clone(),
            })
            .collect(),
        recorded: scope
            .recorded
            .iter()
            .map(|one| RecordedInfo {
                class: one.class.id().to_owned(),
                account: one.account.clone(),
                stores: one.stores.clone(),
                source: one.source.clone(),
            })
            .collect(),
        maintenance: scope.maintenance.iter().map(maintenance).collect(),
        waivers: scope
            .waivers
            .iter()
            .filter(|one| serves(inputs, one.control.get_ref()))
            .map(waiver)
            .collect(),
        scope_digest: scope.digest(),
        controls_digest: inputs.controls.digest(),
        frameworks_digest: inputs.controls.frameworks().digest(),
        controls_loaded: inputs.controls.len() as u64,
    }
}

fn serves(inputs: &Inputs<'_>, control: &str) -> bool {
    let found = inputs.controls.get(control);
    found.is_some_and(|one| one.requirements.contains_key(&inputs.framework.id))
}

fn lists(inputs: &Inputs<'_>) -> Vec<ListInfo> {
    let mut used_by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for control in inputs.controls.for_framework(&inputs.framework.id) {
        for list in control.lists_used() {
            used_by.entry(list).or_default().push(control.id.clone());
        }
    }
    let shown = used_by.into_iter().map(|(name, used_by)| {
        let found = inputs.scope.lists.get(&name);
        let state = match found {
            Some(entries) if entries.is_empty() => "empty",
            Some(_) => "filled",
            None => "missing",
        };
        ListInfo {
            state: state.to_owned(),
            used_by,
            entries: found.into_iter().flatten().map(entry).collect(),
            name,
        }
    });
    shown.collect()
}

fn entry(one: &Entry) -> EntryInfo {
    let test = match one.test {
        EntryTest::Exact(_) => "exact",
        EntryTest::Prefix(_) => "prefix",
        EntryTest::Wildcard(_) => "wildcard",
        EntryTest::Cidr(_) => "cidr",
    };
    EntryInfo {
        test: test.to_owned(),
        value: text_of(&one.test).to_owned(),
        from: one.from.map(time::format),
        until: one.until.map(time::format),
        reason: one.reason.clone(),
    }
}

fn maintenance(one: &Maintenance) -> MaintenanceInfo {
    MaintenanceInfo {
        from: time::format(one.from),
        until: time::format(one.until),
        account: one.account.clone(),
        controls: one.controls.iter().map(|id| id.get_ref().clone()).collect(),
        reason: one.reason.clone(),
        ticket: one.ticket.clone(),
    }
}

fn waiver(one: &Waiver) -> WaiverInfo {
    let (covers, event_ids) = match &one.covers {
        Covers::EventIds(ids) => ("event ids", ids.clone()),
        Covers::Pattern(_) => ("pattern", Vec::new()),
    };
    WaiverInfo {
        control: one.control.get_ref().clone(),
        covers: covers.to_owned(),
        event_ids,
        reason: one.reason.clone(),
        approver: one.approver.clone(),
        ticket: one.ticket.clone(),
        expires: time::format_day(one.expires),
    }
}
