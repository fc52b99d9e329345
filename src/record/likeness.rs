//! Records that nearly all tests answer alike.
//!
//! Two records are alike if the same paths have values of the same kinds in the
//! same order and arrays, and the few fields that say what a call was and where
//! ([`is_told`]) hold the same texts. A log set has few kinds of records by this
//! measure, so whoever asks nothing else of a record may keep the answer under
//! its [`Likeness`]; a [`Watch`] tells whether something else was asked. The
//! comparison is of the values themselves, never of a hash alone.

use std::cell::Cell;

use super::path::{PathId, core};
use super::project::{Kind, Leaf, Trail};

/// The paths whose texts are compared.
pub(super) const TOLD: [PathId; 10] = [
    core::EVENT_NAME,
    core::EVENT_SOURCE,
    core::EVENT_VERSION,
    core::EVENT_TYPE,
    core::EVENT_CATEGORY,
    core::READ_ONLY,
    core::MANAGEMENT_EVENT,
    core::ERROR_CODE,
    core::IDENTITY_TYPE,
    core::IDENTITY_INVOKED_BY,
];

const TOLD_BITS: u64 = {
    const { assert!(core::ALL.len() <= 64) };
    let mut bits = 0;
    let mut at = 0;
    while at < TOLD.len() {
        bits |= 1 << TOLD[at].0;
        at += 1;
    }
    bits
};

/// Whether records that are alike have the same texts at this path.
#[inline(always)]
pub fn is_told(path: PathId) -> bool {
    path.0 < 64 && TOLD_BITS >> path.0 & 1 == 1
}

/// The same only for records that are alike; means nothing to another reader.
///
/// Records that are alike may have several: the hash by which a kind is found also says
/// which members that nobody looks for stood where, and changes when shapes are forgotten.
/// What is kept under one of them is then found out once more for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness {
    /// Counts how often everything was forgotten; numbers of different rounds are unrelated.
    pub round: u32,
    /// Which kind of record, counted from 0.
    pub number: u32,
}

/// Where a record belongs. Accounts and Regions would multiply the kinds of records, and few
/// ask for them, so they are not told.
pub const PLACE: [PathId; 2] = [core::RECIPIENT_ACCOUNT, core::AWS_REGION];

/// Notices questions whose answers may differ between records that are alike.
#[derive(Debug, Default)]
pub struct Watch {
    asked_place: Cell<bool>,
    went_beyond: Cell<bool>,
}

impl Watch {
    /// Whether anything was asked that the likeness of a record does not settle.
    pub fn went_beyond(&self) -> bool {
        self.went_beyond.get()
    }

    /// Whether one of [`PLACE`] was asked for, which is no question beyond by itself.
    pub fn asked_place(&self) -> bool {
        self.asked_place.get()
    }

    #[inline]
    pub(super) fn see(&self, path: PathId) {
        if PLACE.contains(&path) {
            self.asked_place.set(true);
        } else if !is_told(path) {
            self.went_beyond.set(true);
        }
    }

    pub(super) fn see_all(&self) {
        self.went_beyond.set(true);
    }
}

/// Kinds beyond this are forgotten, all of them.
const MOST: usize = 4096;
/// A power of two.
const SLOTS: usize = 4 * MOST;
/// How many slots a kind may be in; a power of two.
const NEAR: usize = 16;
const NOTHING: u32 = u32::MAX;
/// How many unknown records in a row are too many to go on remembering.
const PATIENCE: i32 = 3 * MOST as i32;
/// Records that are then not looked at.
const REST: u32 = 100_000;

/// One kind of record.
#[derive(Debug)]
struct Known {
    forms: Box<[u64]>,
    trails: Box<[Trail]>,
    /// Leaves at the told paths that have a text: their number, and where it ends in `text`.
    spans: Box<[(u32, u32)]>,
    text: Box<[u8]>,
    remark: u8,
}

/// The kinds of records that one reader has met.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    known: Vec<Known>,
    slots: Vec<u32>,
    round: u32,
    patience: i32,
    rest: u32,
}

/// The record whose kind is looked for.
pub(super) struct Looked<'p> {
    pub bytes: &'p [u8],
    pub trails: &'p [Trail],
    pub leaves: &'p [Leaf],
    /// Of what tells kinds apart, and of the shape of the record: it only says where to look.
    pub hash: u64,
}

impl Looked<'_> {
    fn text(&self, leaf: &Leaf) -> &[u8] {
        &self.bytes[leaf.start as usize..leaf.end as usize]
    }
}

impl Kinds {
    /// The kind of a record; nothing where too few records are alike.
    #[inline]
    pub(super) fn of(&mut self, looked: &Looked<'_>) -> Option<Likeness> {
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        let slot = looked.hash as usize & (SLOTS - 1);
        for step in 0..NEAR {
            let Some(number) = self.slots.get(slot ^ step) else {
                break;
            };
            let Some(known) = self.known.get(*number as usize) else {
                break;
            };
            if known.is(looked) {
                self.patience = (self.patience + 1).min(PATIENCE);
                return Some(Likeness {
                    round: self.round,
                    number: *number,
                });
            }
        }
        self.learn(looked, slot)
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, looked: &Looked<'_>, slot: usize) -> Option<Likeness> {
        if self.slots.is_empty() {
            self.slots = vec![NOTHING; SLOTS];
            self.patience = PATIENCE;
        }
        self.patience -= 1;
        if self.patience < 0 {
            self.patience = PATIENCE;
            self.rest = REST;
            return None;
        }
        if self.known.len() == MOST {
            self.known.clear();
            self.slots.fill(NOTHING);
            self.round = self.round.wrapping_add(1);
        }
        // No kind gives way to another: it would be met again as a new one.
        let mut near = (0..NEAR).map(|step| slot ^ step);
        let place = near.find(|place| self.slots[*place] == NOTHING)?;
        let number = self.known.len() as u32;
        self.known.push(Known::new(looked));
        self.slots[place] = number;
        Some(Likeness {
            round: self.round,
            number,
        })
    }

    /// Whether a record is of this kind, whatever kind was found for it.
    pub(super) fn is(&self, likeness: Likeness, looked: &Looked<'_>) -> bool {
        let known = self.known.get(likeness.number as usize);
        likeness.round == self.round && known.is_some_and(|known| known.is(looked))
    }

    /// How often everything was forgotten.
    pub(super) fn round(&self) -> u32 {
        self.round
    }

    /// What was remarked about this kind; 0 if nothing was.
    pub(super) fn remark(&self, likeness: Likeness) -> u8 {
        match self.known.get(likeness.number as usize) {
            Some(known) if likeness.round == self.round => known.remark,
            _ => 0,
        }
    }

    pub(super) fn set_remark(&mut self, likeness: Likeness, remark: u8) {
        if likeness.round == self.round
            && let Some(known) = self.known.get_mut(likeness.number as usize)
        {
            known.remark = remark;
        }
    }
}

impl Known {
    fn new(looked: &Looked<'_>) -> Known {
        let mut spans = Vec::new();
        let mut text = Vec::new();
        for (number, leaf) in (0u32..).zip(looked.leaves) {
            let has_text = !matches!(leaf.kind, Kind::Object | Kind::Array);
            if has_text && is_told(leaf.path) {
                text.extend_from_slice(looked.text(leaf));
                spans.push((number, text.len() as u32));
            }
        }
        Known {
            forms: looked.leaves.iter().map(Leaf::form).collect(),
            trails: looked.trails.into(),
            spans: spans.into(),
            text: text.into(),
            remark: 0,
        }
    }

    #[inline]
    fn is(&self, looked: &Looked<'_>) -> bool {
        let mut forms = self.forms.iter().zip(looked.leaves);
        if self.forms.len() != looked.leaves.len()
            || *self.trails != *looked.trails
            || !forms.all(|(form, leaf)| *form == leaf.form())
        {
            return false;
        }
        let mut from = 0;
        self.spans.iter().all(|(number, end)| {
            let end = *end as usize;
            let wanted = &self.text[from..end];
            from = end;
            *looked.text(&looked.leaves[*number as usize]) == *wanted
        })
    }
}
