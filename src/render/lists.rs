//! The lists of a packet that grow with accounts, Regions and what a scope file names, as both
//! views show them: under the one rule of [`bounded`](super::bounded).

use serde::Serialize;

use super::bounded::{Bounded, Kind, MODEL_FILE, bounded, first, joined};
use super::cover::{self, CoverLine};
use super::coverage::{self, PlaceLine};
use super::picture::CLASS_FILE;
use crate::packet::model::{
    AccountCounts, AccountInfo, ClassProofInfo, EntryInfo, IdleInfo, LateInfo, MaintenanceInfo,
    MetadataInfo, Packet, StoreProofInfo, WaiverInfo,
};

/// All of them.
#[derive(Debug, Serialize)]
pub struct Lists<'p> {
    pub accounts: Bounded<&'p AccountInfo>,
    pub idle: Bounded<&'p IdleInfo>,
    pub recorded: Bounded<RecordedLine<'p>>,
    pub maintenance: Bounded<&'p MaintenanceInfo>,
    pub waivers: Bounded<&'p WaiverInfo>,
    /// The lists of the scope file.
    pub named: Vec<NamedList<'p>>,
    pub coverage: Bounded<PlaceLine>,
    pub classes: Bounded<&'p ClassProofInfo>,
    pub stores: Bounded<&'p StoreProofInfo>,
    pub snapshots: Vec<SnapshotLine<'p>>,
    pub cover: Bounded<CoverLine<'p>>,
    pub metadata: Bounded<&'p MetadataInfo>,
    pub untrusted_keys: Bounded<&'p String>,
    pub commands: Bounded<&'p String>,
    pub by_account: Bounded<&'p AccountCounts>,
    pub notices: Bounded<&'p String>,
    pub late: Bounded<&'p LateInfo>,
}

/// A statement that a class is recorded.
#[derive(Debug, Serialize)]
pub struct RecordedLine<'p> {
    pub class: &'p str,
    pub account: Option<&'p str>,
    /// Empty means all.
    pub stores: String,
    pub source: &'p str,
}

/// A list of the scope file.
#[derive(Debug, Serialize)]
pub struct NamedList<'p> {
    pub name: &'p str,
    pub state: &'p str,
    pub used_by: &'p [String],
    pub entries: Bounded<&'p EntryInfo>,
}

/// A snapshot of selectors.
#[derive(Debug, Serialize)]
pub struct SnapshotLine<'p> {
    pub file: &'p str,
    pub sha256: &'p str,
    pub taken_at: Option<&'p str>,
    pub trails: String,
}

impl<'p> Lists<'p> {
    /// Those of a packet.
    pub fn of(packet: &'p Packet) -> Lists<'p> {
        Lists {
            accounts: accounts(packet),
            idle: idle(packet),
            recorded: recorded(packet),
            maintenance: maintenance(packet),
            waivers: waivers(packet),
            named: named(packet),
            coverage: coverage::lines(packet),
            classes: classes(packet),
            stores: stores(packet),
            snapshots: snapshots(packet),
            cover: cover::lines(packet),
            metadata: metadata(packet),
            untrusted_keys: untrusted_keys(packet),
            commands: first(&packet.integrity.commands, MODEL_FILE),
            by_account: by_account(packet),
            notices: first(&packet.log_set.notices, MODEL_FILE),
            late: late(packet),
        }
    }
}

pub fn accounts(packet: &Packet) -> Bounded<&AccountInfo> {
    first(&packet.scope.accounts, MODEL_FILE)
}

pub fn idle(packet: &Packet) -> Bounded<&IdleInfo> {
    first(&packet.scope.idle, MODEL_FILE)
}

pub fn maintenance(packet: &Packet) -> Bounded<&MaintenanceInfo> {
    first(&packet.scope.maintenance, MODEL_FILE)
}

pub fn waivers(packet: &Packet) -> Bounded<&WaiverInfo> {
    first(&packet.scope.waivers, MODEL_FILE)
}

pub fn metadata(packet: &Packet) -> Bounded<&MetadataInfo> {
    first(&packet.integrity.metadata, MODEL_FILE)
}

pub fn untrusted_keys(packet: &Packet) -> Bounded<&String> {
    first(&packet.integrity.untrusted_keys, MODEL_FILE)
}

pub fn late(packet: &Packet) -> Bounded<&LateInfo> {
    first(&packet.log_set.late, MODEL_FILE)
}

pub fn recorded(packet: &Packet) -> Bounded<RecordedLine<'_>> {
    first(&packet.scope.recorded, MODEL_FILE).map(|one| RecordedLine {
        class: &one.class,
        account: one.account.as_deref(),
        stores: joined(&one.stores, ", "),
        source: &one.source,
    })
}

pub fn named(packet: &Packet) -> Vec<NamedList<'_>> {
    let lists = packet.scope.lists.iter();
    let line = lists.map(|one| NamedList {
        name: &one.name,
        state: &one.state,
        used_by: &one.used_by,
        entries: first(&one.entries, MODEL_FILE),
    });
    line.collect()
}

pub fn snapshots(packet: &Packet) -> Vec<SnapshotLine<'_>> {
    let snapshots = packet.coverage.snapshots.iter();
    let line = snapshots.map(|one| SnapshotLine {
        file: &one.file,
        sha256: &one.sha256,
        taken_at: one.taken_at.as_deref(),
        trails: joined(&one.trails, "; "),
    });
    line.collect()
}

/// What is not proven comes first.
fn proof(is_proven: bool, basis: &str) -> Kind {
    match is_proven {
        false => Kind::new(0, "not proven"),
        true => Kind::new(1, format!("proven ({})", basis.replace('-', " "))),
    }
}

pub fn classes(packet: &Packet) -> Bounded<&ClassProofInfo> {
    let kind = |one: &&ClassProofInfo| proof(one.is_proven, &one.basis);
    bounded(packet.coverage.classes.iter(), kind, CLASS_FILE)
}

pub fn stores(packet: &Packet) -> Bounded<&StoreProofInfo> {
    let kind = |one: &&StoreProofInfo| proof(one.is_proven, &one.basis);
    bounded(packet.coverage.stores.iter(), kind, "logs/stores.csv")
}

pub fn by_account(packet: &Packet) -> Bounded<&AccountCounts> {
    let kind = |one: &&AccountCounts| match one.counts.refused + one.counts.conflicts {
        0 => Kind::new(1, "without any"),
        _ => Kind::new(0, "with records refused or in conflict"),
    };
    let file = "logs/reconciliation.csv";
    bounded(&packet.log_set.by_account, kind, file)
}
