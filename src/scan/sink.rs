//! Turns the records of one file into facts. Nothing is allocated for a record
//! that no control sees, save its entry.

use std::borrow::Cow;
use std::collections::HashMap;

use super::memo::{self, Alike, Memo, is_plain_field};
use super::plan::Plan;
use super::remarks::{Place, Remarks};
use super::stores::Stores;
use super::trails;
use crate::control::roles::{Assigned, Judge, Part};
use crate::ledger::entries::{Entry, Packer, exact, key_of};
use crate::ledger::facts::{
    Cell, ClaimFact, EXEMPT, FieldMask, FileFacts, Profile, Projection, RecordFact, RowFact,
    TrailFact, keeps_bytes,
};
use crate::ledger::remarks::{AddendumFact, InsightFact, Mark};
use crate::ledger::sample::{Gate, group, rank, short};
use crate::reader::{FoundRecord, KnownRecord, RecordSink};
use crate::record::class::{ClassSet, EventClass};
use crate::record::identity::{self, UNKNOWN};
use crate::record::likeness::{Likeness, PLACE};
use crate::record::outcome::{error, outcome};
use crate::record::path::core;
use crate::record::target;
use crate::record::view::RecordView;

/// Collects the facts of one file after the other; one for each thread.
pub struct FactSink<'p> {
    plan: &'p Plan,
    judge: Judge<'p>,
    key: String,
    claim: ClaimFact,
    cells: Vec<Cell>,
    cell_numbers: HashMap<u64, Vec<u32>>,
    last_cell: u32,
    profiles: Vec<Profile>,
    packer: Packer,
    records: Vec<RecordFact>,
    rows: Vec<RowFact>,
    stores: Stores,
    trails: Vec<TrailFact>,
    insights: Vec<InsightFact>,
    addenda: Vec<AddendumFact>,
    gate: Gate,
    assigned: Vec<Assigned>,
    profile: Profile,
    memo: Memo,
    /// Counts the files, to tell for which one a cell was looked up.
    file: u64,
}

/// What is known of a record before it is counted; its roles are in [`FactSink::assigned`].
struct Judged {
    classes: ClassSet,
    is_of_trails: bool,
    has_remarks: bool,
    /// Its cell, if a record that is like it was in the same file.
    cell: Option<u32>,
}

/// What the scan needs of every record that it keeps.
struct Known<'a> {
    event_id: Cow<'a, str>,
    account: Cow<'a, str>,
    region: Cow<'a, str>,
    classes: ClassSet,
}

impl<'p> FactSink<'p> {
    /// An empty sink.
    pub fn new(plan: &'p Plan) -> FactSink<'p> {
        FactSink {
            plan,
            judge: plan.engine.judge().without_unfilled(),
            key: String::new(),
            claim: ClaimFact::default(),
            cells: Vec::new(),
            cell_numbers: HashMap::new(),
            last_cell: 0,
            profiles: vec![Profile::new()],
            packer: Packer::default(),
            records: Vec::new(),
            rows: Vec::new(),
            stores: Stores::default(),
            trails: Vec::new(),
            insights: Vec::new(),
            addenda: Vec::new(),
            gate: Gate::default(),
            assigned: Vec::new(),
            profile: Profile::new(),
            memo: Memo::default(),
            file: 0,
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, key: &str, claim: &ClaimFact) {
        self.forget();
        key.clone_into(&mut self.key);
        self.claim.clone_from(claim);
    }

    /// Moves what was collected into the facts of the file.
    pub fn finish(&mut self, facts: &mut FileFacts) {
        facts.entry_count = self.packer.count();
        facts.entries = self.packer.take();
        facts.cells = std::mem::take(&mut self.cells);
        facts.profiles = std::mem::replace(&mut self.profiles, vec![Profile::new()]);
        facts.records = std::mem::take(&mut self.records);
        facts.rows = std::mem::take(&mut self.rows);
        facts.stores = self.stores.take();
        facts.trails = std::mem::take(&mut self.trails);
        facts.insights = std::mem::take(&mut self.insights);
        facts.addenda = std::mem::take(&mut self.addenda);
        self.forget();
    }

    fn forget(&mut self) {
        self.file += 1;
        self.cells.clear();
        self.cell_numbers.clear();
        self.last_cell = 0;
        self.profiles.truncate(1);
        self.packer = Packer::default();
        self.records.clear();
        self.rows.clear();
        self.stores.clear();
        self.trails.clear();
        self.insights.clear();
        self.addenda.clear();
        self.gate.clear();
    }

    /// The account that received the record: as it says, as the key claims, as the caller has it.
    fn account<'a>(&self, view: &RecordView<'a>) -> Cow<'a, str> {
        if let Some(account) = view
            .text(core::RECIPIENT_ACCOUNT)
            .filter(|text| !text.is_empty())
        {
            return account;
        }
        if let Some(account) = &self.claim.account {
            return Cow::Owned(account.clone());
        }
        let caller = view
            .text(core::IDENTITY_ACCOUNT)
            .filter(|text| !text.is_empty());
        caller.unwrap_or(Cow::Borrowed(UNKNOWN))
    }

    /// The Region of the record: as it says, or as the key claims.
    fn region<'a>(&self, view: &RecordView<'a>) -> Cow<'a, str> {
        let own = view.text(core::AWS_REGION).filter(|text| !text.is_empty());
        own.or_else(|| self.claim.region.clone().map(Cow::Owned))
            .unwrap_or(Cow::Borrowed(UNKNOWN))
    }

    /// Gives a record its roles: those of records like it, where these are known.
    fn judge(&mut self, view: &RecordView<'_>) -> Judged {
        let likeness = view.likeness();
        let mut alike = likeness.map(|likeness| self.memo.at(likeness));
        let place = PLACE.map(|path| view.text_bytes(path).unwrap_or_default());
        let known = alike
            .as_mut()
            .and_then(|alike| alike.answer(&place[0], &place[1]));
        if let Some(answer) = known {
            self.assigned.clear();
            self.assigned.extend_from_slice(&answer.assigned);
            let cell = answer.cell.filter(|(file, _)| *file == self.file);
            return Judged {
                classes: answer.classes,
                is_of_trails: answer.is_of_trails,
                has_remarks: answer.has_remarks,
                cell: cell
                    .map(|(_, cell)| cell)
                    .filter(|cell| is_at(&self.cells[*cell as usize], &place[0], &place[1])),
            };
        }
        let (answer, watch) = memo::judge(&mut self.judge, view, &mut self.assigned);
        let judged = Judged {
            classes: answer.classes,
            is_of_trails: answer.is_of_trails,
            has_remarks: answer.has_remarks,
            cell: None,
        };
        if let Some(alike) = alike {
            alike.learn(answer, &watch, view);
        }
        judged
    }

    fn look_up_cell(&mut self, view: &RecordView<'_>, classes: ClassSet) -> u32 {
        let profile = self.profile();
        let account = self.account(view);
        let cell = self.cell(&account, &self.region(view), classes, profile, None);
        let place = PLACE.map(|path| view.text_bytes(path).unwrap_or_default());
        if let Some(likeness) = view.likeness()
            && let Some(answer) = self.memo.at(likeness).answer(&place[0], &place[1])
        {
            answer.cell = Some((self.file, cell));
        }
        cell
    }

    /// The cell of a record that is like others which are only counted.
    fn look_up_known_cell(&mut self, found: &KnownRecord<'_>) -> u32 {
        let (account, region) = (found.account, found.region);
        let likeness = found.values.likeness();
        let Some(answer) = self.memo.at(likeness).answer(account, region) else {
            unreachable!("only what has an answer is counted");
        };
        let classes = answer.classes;
        self.assigned.clear();
        self.assigned.extend_from_slice(&answer.assigned);
        let profile = self.profile();
        let (in_account, in_region) = (as_text(account), as_text(region));
        let cell = self.cell(&in_account, &in_region, classes, profile, None);
        if let Some(answer) = self.memo.at(likeness).answer(account, region) {
            answer.cell = Some((self.file, cell));
        }
        cell
    }

    /// Notes what a record says about others, and finds its cell, which is one of its own kind.
    fn note_remarks(&mut self, found: &FoundRecord<'_>, classes: ClassSet) -> u32 {
        let view = &found.view;
        let (account, region) = (self.account(view), self.region(view));
        let remarks = Remarks::of(found.raw);
        let place = Place {
            index: found.index,
            time: found.time,
            account: &account,
            region: &region,
        };
        if classes.contains(EventClass::Insights) {
            self.insights.push(remarks.insight(&place));
        }
        self.addenda.extend(remarks.addendum(&place));
        let mark = remarks.mark(classes.contains(EventClass::NetworkActivity));
        let profile = self.profile();
        self.cell(&account, &region, classes, profile, mark)
    }

    /// Notes what a record says about a trail; whether it says anything.
    fn note_trail(&mut self, found: &FoundRecord<'_>) -> bool {
        let view = &found.view;
        let source = view.text(core::EVENT_SOURCE).unwrap_or_default();
        let name = view.text(core::EVENT_NAME).unwrap_or_default();
        let change = trails::change(view, &source, &name);
        let is_change = change.is_some();
        if let Some(change) = change {
            let caller = self.account(view).into_owned();
            let settings = change.settings(&caller);
            let owner = change.owner;
            let (account, home) = owner.unwrap_or_else(|| (caller, self.region(view).into_owned()));
            self.trails.push(TrailFact {
                index: found.index,
                time: found.time,
                account,
                region: home,
                change: change.change,
                trail: change.trail,
                event_name: name.into_owned(),
                settings,
            });
        }
        is_change
    }

    fn cell(
        &mut self,
        account: &str,
        region: &str,
        classes: ClassSet,
        profile: u32,
        mark: Option<Box<Mark>>,
    ) -> u32 {
        let is_it = |cell: &Cell| {
            cell.classes == classes
                && cell.mark == mark
                && cell.profile == profile
                && cell.region == region
                && cell.account == account
        };
        if self.cells.get(self.last_cell as usize).is_some_and(is_it) {
            return self.last_cell;
        }
        let hash = group(profile ^ classes.0 << 8, account, region, 0);
        let numbers = self.cell_numbers.entry(hash).or_default();
        let cells = &self.cells;
        let found = numbers.iter().find(|at| is_it(&cells[**at as usize]));
        self.last_cell = match found {
            Some(at) => *at,
            None => {
                let at = self.cells.len() as u32;
                numbers.push(at);
                self.cells.push(Cell {
                    account: account.to_owned(),
                    region: region.to_owned(),
                    classes,
                    profile,
                    mark,
                    records: 0,
                    bytes: 0,
                });
                at
            }
        };
        self.last_cell
    }

    /// The number of the profile of the current roles.
    fn profile(&mut self) -> u32 {
        if self.plan.field_controls.is_empty() {
            return 0;
        }
        self.profile.clear();
        for control in &self.plan.field_controls {
            let found = self.assigned.iter().find(|one| one.control == *control);
            let bits = match found.map(|one| (one.part, one.role)) {
                Some((Part::Fields(bits), _)) => bits,
                _ => EXEMPT,
            };
            if bits != Default::default() {
                self.profile.push(FieldMask {
                    control: *control,
                    bits,
                });
            }
        }
        let found = self.profiles.iter().position(|one| *one == self.profile);
        found.unwrap_or_else(|| {
            self.profiles.push(self.profile.clone());
            self.profiles.len() - 1
        }) as u32
    }

    fn keep(&mut self, found: &FoundRecord<'_>, known: &Known<'_>) {
        let record = self.records.len() as u32;
        let mut keeps_all = false;
        let mut draws = Vec::new();
        let mut sample_rank = None;
        for at in 0..self.assigned.len() {
            let one = self.assigned[at];
            if is_plain_field(&one) {
                continue;
            }
            let keys = self.judge.keys(&one, &found.view);
            if keeps_bytes(one.role, self.plan.counts_listed[one.control as usize]) {
                keeps_all = true;
            } else if !keeps_all {
                let rank = *sample_rank.get_or_insert_with(|| {
                    let seed = self.plan.seed();
                    short(&rank(seed, &known.event_id, &self.key, found.index))
                });
                let group = group(one.control, &known.account, &known.region, found.time);
                if self.gate.admits(group, rank) {
                    draws.push((group, rank));
                }
            }
            self.rows.push(RowFact {
                control: one.control,
                part: one.part,
                role: one.role,
                record,
                keys,
            });
        }
        let has_bytes = keeps_all || !draws.is_empty();
        if keeps_all {
            draws.clear();
        }
        self.records.push(RecordFact {
            index: found.index,
            time: found.time,
            event_id: known.event_id.clone().into_owned(),
            account: known.account.clone().into_owned(),
            region: known.region.clone().into_owned(),
            classes: known.classes,
            projection: projection(&found.view),
            bytes: has_bytes.then(|| found.raw.to_vec()),
            draws,
        });
    }
}

/// Text of a file that was found to be UTF-8.
fn as_text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Whether a cell counts the records that name this account and this Region. One that is named
/// by other means than the record's own text is looked up for each record.
#[inline]
fn is_at(cell: &Cell, account: &[u8], region: &[u8]) -> bool {
    *cell.account.as_bytes() == *account && *cell.region.as_bytes() == *region
}

impl RecordSink for FactSink<'_> {
    fn record(&mut self, found: &FoundRecord<'_>) {
        let view = &found.view;
        let judged = self.judge(view);
        let cell = match judged.cell {
            Some(cell) => cell,
            None if judged.has_remarks => self.note_remarks(found, judged.classes),
            None => self.look_up_cell(view, judged.classes),
        };
        let counts = &mut self.cells[cell as usize];
        counts.records += 1;
        counts.bytes += found.raw.len() as u64;
        let is_of_trails = judged.is_of_trails && self.note_trail(found);
        let is_kept = !self.assigned.iter().all(is_plain_field);
        let event_id = view.text_bytes(core::EVENT_ID).unwrap_or_default();
        let recipient = view.text_bytes(core::RECIPIENT_ACCOUNT).unwrap_or_default();
        self.packer.push(&Entry {
            index: found.index,
            key: key_of(&event_id, &recipient),
            content: found.content_hash,
            exact: match is_of_trails || is_kept || judged.has_remarks {
                true => exact(found.raw),
                false => 0,
            },
            cell,
            time: found.time,
        });
        let (stores, classes) = (&self.plan.stores, judged.classes.0);
        if stores.iter().any(|plan| plan.classes.0 & classes != 0) {
            let place = (&*self.account(view), &*self.region(view));
            let texts = |path| view.texts(path);
            self.stores
                .note(stores, texts, place, judged.classes, found.time);
        }
        if is_kept {
            let known = Known {
                event_id: view.text(core::EVENT_ID).unwrap_or_default(),
                account: self.account(view),
                region: self.region(view),
                classes: judged.classes,
            };
            self.keep(found, &known);
        }
    }

    fn knows(&mut self, likeness: Likeness) -> bool {
        match self.memo.at(likeness) {
            Alike::Same(answer) => answer.is_counted(),
            Alike::Placed(answers) => answers.iter().any(|(_, answer)| answer.is_counted()),
            Alike::Unknown | Alike::Differ => false,
        }
    }

    /// Counts a record that is nothing but counted.
    fn known(&mut self, found: &KnownRecord<'_>) -> bool {
        let values = &found.values;
        let (account, region) = (found.account, found.region);
        let alike = self.memo.at(values.likeness());
        let Some(answer) = alike.answer(account, region).filter(|one| one.is_counted()) else {
            return false;
        };
        let classes = answer.classes;
        let cell = match answer.cell {
            Some((file, cell))
                if file == self.file && is_at(&self.cells[cell as usize], account, region) =>
            {
                cell
            }
            _ => self.look_up_known_cell(found),
        };
        let counts = &mut self.cells[cell as usize];
        counts.records += 1;
        counts.bytes += found.raw.len() as u64;
        let event_id = values.texts(core::EVENT_ID).next().unwrap_or_default();
        self.packer.push(&Entry {
            index: found.index,
            key: key_of(event_id, account),
            content: values.content_hash,
            exact: 0,
            cell,
            time: found.time,
        });
        let stores = &self.plan.stores;
        if stores.iter().any(|plan| plan.classes.0 & classes.0 != 0) {
            let texts = |path| values.texts(path).map(as_text);
            let place = (&*as_text(account), &*as_text(region));
            self.stores.note(stores, texts, place, classes, found.time);
        }
        true
    }

    fn discard(&mut self) {
        self.forget();
    }
}

fn projection(view: &RecordView<'_>) -> Projection {
    let text = |path| shown(view.text(path).unwrap_or_default());
    Projection {
        event_source: text(core::EVENT_SOURCE),
        event_name: text(core::EVENT_NAME),
        actor: shown(identity::actor(view)),
        actor_kind: identity::kind(view),
        person: shown(person(view).into()),
        outcome: outcome(view),
        error: shown(error(view).unwrap_or_default()),
        source_ip: text(core::SOURCE_IP),
        user_agent: text(core::USER_AGENT),
        target: target::target(view),
    }
}

/// Characters of a field that views show; the record keeps the whole.
const LONGEST: usize = 2_000;

/// The text, cut with a visible mark where it is far longer than CloudTrail writes it.
fn shown(text: Cow<'_, str>) -> String {
    // A character has at least one byte, so most texts need no count.
    if text.len() <= LONGEST {
        return text.into_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

/// The session name of a role, else the user name: a hint, as written.
fn person(view: &RecordView<'_>) -> String {
    let arn = view.text(core::IDENTITY_ARN).unwrap_or_default();
    let session = arn.rsplit_once('/').map(|(_, session)| session);
    if let Some(session) = session.filter(|_| arn.contains(":assumed-role/")) {
        return session.to_owned();
    }
    let named = [
        core::IDENTITY_USER,
        core::SOURCE_IDENTITY,
        core::ADDITIONAL_USER,
        core::IDENTITY_ON_BEHALF_OF,
    ];
    let mut named = named.iter().filter_map(|path| view.text(*path));
    named
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .into_owned()
}
