//! Records that say again what others said: read by comparing, not by parsing.
//!
//! Nearly every record is text that stood in others, with some values filled in. A [`Tree`]
//! holds what was met so far: passages that stand again byte for byte, and between them
//! blanks, a string or a number each. Whoever goes from its root to one of its ends has
//! passed the same member names, kinds of values, array elements and told texts (see
//! `likeness`) as a record that was read before, in the same order. So such a record is valid
//! where its blanks are, no member stands in it twice, every value stands at a known place,
//! and it is like that other record. What is new in any way is left to the reader, and learnt.
//!
//! A member of the record itself that is an object, such as the caller, is often the same
//! down to its last byte: it is stepped over as a whole ([`Shortcut`]).

mod cut;
mod fork;
mod learn;
mod rows;

use std::ops::Range;

use self::fork::Fork;
use self::rows::{Row, Rows, Word, Words};
use super::block::{BLOCK, agree, block_at};
use super::repeat::{LONGEST, slot_of};
use super::{content, read_number, read_string};
use crate::record::likeness::Likeness;
use crate::record::path::PathId;

/// A node of the tree.
type NodeId = u32;

const NONE: u32 = u32::MAX;
const ROOT: NodeId = 0;

/// Passages of more bytes are forgotten, all of them.
const MOST_TEXT: usize = 4 << 20;
/// The same of nodes.
const MOST_NODES: usize = 1 << 17;
/// A power of two.
const SHORTCUTS: usize = 512;
/// Values that are handed out of one record, at most.
const MOST_FILLED: usize = 64;
/// The same of the words and ends in rows.
const MOST_IN_ROWS: usize = 1 << 20;
/// Records that may be learnt for nothing before the tree rests.
const PATIENCE: i32 = 40_000;
/// What a record that is learnt costs of it; one that is recalled gives one back.
const LEARNT: i32 = 8;
/// Records that are then left to the reader.
const REST: u32 = 50_000;

/// A passage, and what comes behind it.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Node {
    /// Where its text is among the passages.
    text: u32,
    length: u32,
    then: Then,
}

/// What comes behind a passage.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// One of several, told apart by the next byte.
    Fork(u32),
    /// The text of a string up to its last quote, which begins the next passage.
    Text {
        /// Its place in the content.
        place: u64,
        /// What follows a text, and what follows an empty one.
        next: NodeId,
        empty: NodeId,
        /// Which of the paths that are handed out it is at, counted from 1; 0 if at none.
        wanted: u8,
        /// Whether a text with escapes is another kind of value here, see `Leaf::form`.
        is_plain: bool,
    },
    Number {
        place: u64,
        next: NodeId,
    },
    /// A told text: one of the words.
    Told {
        place: u64,
        next: NodeId,
        /// The word that stood here last.
        last: u32,
    },
    /// A member of the record begins that is an object.
    Member {
        root: NodeId,
        next: NodeId,
        /// Whether to look for it as a whole: see `Step::may_repeat`.
        score: i16,
    },
    /// The end of the record, or of such a member.
    End(u32),
}

/// A member that was met as a whole.
#[derive(Debug, Default)]
struct Shortcut {
    root: NodeId,
    /// Its words and its end, see [`Rows`].
    row: Vec<u32>,
    bytes: Vec<u8>,
    /// What it adds to the content.
    content: u64,
    /// The values that are handed out, as if it began at byte 0.
    filled: Vec<Filled>,
}

/// A value of the record that was read last.
#[derive(Debug, Clone, Copy, Default)]
struct Filled {
    /// Which of the paths that are handed out, counted from 1.
    wanted: u8,
    start: u32,
    end: u32,
}

/// A member that was begun.
struct Begun {
    next: NodeId,
    /// Where it is remembered, if it is.
    slot: Option<usize>,
    root: NodeId,
    at: usize,
    content: u64,
    filled: usize,
    row: usize,
}

/// A record that was recalled, before another one is.
#[derive(Clone, Copy)]
pub struct Recalled<'r> {
    bytes: &'r [u8],
    likeness: Likeness,
    filled: &'r [Filled],
    wanted: &'r [u8],
    /// The offset behind it.
    pub end: usize,
    /// See `Projector::content_hash`.
    pub content_hash: u64,
}

impl<'r> Recalled<'r> {
    /// Which records it is like.
    pub fn likeness(&self) -> Likeness {
        self.likeness
    }

    /// The bytes of the strings at a path that is handed out, in the order in which they stand.
    pub fn texts(&self, path: PathId) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let bytes = self.bytes;
        let wanted = self.wanted[path.0 as usize];
        let found = self.filled.iter().filter(move |one| one.wanted == wanted);
        found.map(move |one| &bytes[one.start as usize..one.end as usize])
    }
}

/// The records that one reader has met.
#[derive(Debug)]
pub(super) struct Recall {
    /// For each path: which of those that are handed out it is, counted from 1, or 0.
    wanted: Box<[u8]>,
    nodes: Vec<Node>,
    /// The passages, and a block of zeros behind them.
    texts: Vec<u8>,
    forks: Vec<Fork>,
    /// For each end, and each word: what it adds to the content, with everything on the way to
    /// it that is no blank.
    ends: Vec<u64>,
    words: Words,
    /// Where members of a record begin, by their names as they are spelled.
    roots: Vec<(Box<[u8]>, NodeId)>,
    rows: Rows,
    shortcuts: Vec<Shortcut>,
    filled: Vec<Filled>,
    /// The round of the likenesses that ends come to.
    round: u32,
    patience: i32,
    rest: u32,
}

impl Recall {
    /// Nothing is known yet; strings at `wanted` are handed out of records that are recalled.
    /// Nothing is recalled if these are too many.
    pub(super) fn new(paths: usize, wanted: &[PathId]) -> Option<Recall> {
        let mut is_wanted = vec![0; paths].into_boxed_slice();
        let mut count = 0u8;
        for path in wanted {
            let one = &mut is_wanted[path.0 as usize];
            if *one == 0 {
                count = count.checked_add(1)?;
                *one = count;
            }
        }
        Some(Recall {
            wanted: is_wanted,
            nodes: Vec::new(),
            texts: vec![0; BLOCK],
            forks: Vec::new(),
            ends: Vec::new(),
            words: Words::default(),
            roots: Vec::new(),
            rows: Rows::default(),
            shortcuts: Vec::new(),
            filled: Vec::new(),
            round: 0,
            patience: PATIENCE,
            rest: 0,
        })
    }

    fn forget(&mut self) {
        self.nodes.clear();
        self.texts.clear();
        self.texts.resize(BLOCK, 0);
        self.forks.clear();
        self.ends.clear();
        self.words = Words::default();
        self.roots.clear();
        self.rows = Rows::default();
        self.shortcuts.clear();
    }

    /// Forgets everything if what is known is about likenesses that are forgotten themselves.
    #[inline(always)]
    pub(super) fn keep_to(&mut self, round: u32) {
        if self.round != round {
            self.forget();
            self.round = round;
        }
    }

    /// The record at `at`, if it says again what others said.
    #[inline(always)]
    pub(super) fn look<'r, const WIDE: bool>(
        &'r mut self,
        bytes: &'r [u8],
        at: usize,
    ) -> Option<Recalled<'r>> {
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        self.filled.clear();
        let (end, content_hash, kind) = self.follow::<WIDE>(bytes, at)?;
        self.patience = (self.patience + 1).min(PATIENCE);
        Some(Recalled {
            bytes,
            likeness: Likeness {
                round: self.round,
                number: kind,
            },
            filled: &self.filled,
            wanted: &self.wanted,
            end,
            content_hash,
        })
    }

    /// The offset behind the record, the hash of its content, and the number of its likeness.
    #[inline(always)]
    fn follow<const WIDE: bool>(
        &mut self,
        bytes: &[u8],
        mut at: usize,
    ) -> Option<(usize, u64, u32)> {
        let mut sum = 0u64;
        let mut begun: Option<Begun> = None;
        let mut row = Row::new();
        let mut number = ROOT;
        loop {
            let node = self.nodes.get_mut(number as usize)?;
            at = passage::<WIDE>(&self.texts, node.text, node.length, bytes, at)?;
            match &mut node.then {
                Then::Text {
                    place,
                    next,
                    empty,
                    wanted,
                    is_plain,
                } => {
                    let string = read_string::<WIDE>(bytes, at - 1).ok()?;
                    number = if string.end == at { *empty } else { *next };
                    if number == NONE || string.escaped && *is_plain {
                        return None;
                    }
                    sum = sum.wrapping_add(content::text(*place, string.hash));
                    if *wanted != 0 {
                        fill(&mut self.filled, *wanted, at..string.end)?;
                    }
                    at = string.end;
                }
                Then::Fork(fork) => {
                    number = self.forks[*fork as usize].find(*bytes.get(at)?)?;
                }
                Then::Number { place, next } => {
                    number = *next;
                    let end = read_number(bytes, at).ok()?;
                    let hash = content::number(&bytes[at..end]);
                    sum = sum.wrapping_add(content::value(*place, hash));
                    at = end;
                }
                Then::Told { place, next, last } => {
                    number = *next;
                    let word = self.words.all[*last as usize];
                    let end = passage::<WIDE>(&self.texts, word.text, word.length, bytes, at);
                    let (word, end) = match end {
                        Some(end) => (word, end - 1),
                        None => {
                            let string = read_string::<WIDE>(bytes, at - 1).ok()?;
                            let text = bytes.get(at..=string.end)?;
                            *last = self.words.find(&self.texts, *place, string.hash, text)?;
                            (self.words.all[*last as usize], string.end)
                        }
                    };
                    sum = sum.wrapping_add(self.ends[word.end as usize]);
                    row.push(word.end)?;
                    at = end;
                }
                Then::Member { root, next, score } => {
                    let (root, next) = (*root, *next);
                    let slot = match is_worth_it(score) {
                        true => slot_of(bytes, at + BLOCK, root),
                        false => None,
                    };
                    let known = slot.and_then(|slot| self.shortcuts.get(slot));
                    let known = known.filter(|known| {
                        known.root == root
                            && !known.bytes.is_empty()
                            && bytes[at..].starts_with(&known.bytes)
                    });
                    if slot.is_some() {
                        score_of(score, known.is_some());
                    }
                    if let Some(known) = known {
                        sum = sum.wrapping_add(known.content);
                        self.filled.extend(known.filled.iter().map(|one| Filled {
                            start: one.start + at as u32,
                            end: one.end + at as u32,
                            ..*one
                        }));
                        known.row.iter().try_for_each(|end| row.push(*end))?;
                        number = next;
                        at += known.bytes.len();
                    } else {
                        begun = Some(Begun {
                            next,
                            slot,
                            root,
                            at,
                            content: sum,
                            filled: self.filled.len(),
                            row: row.length,
                        });
                        number = root;
                    }
                }
                Then::End(end) => {
                    let end = *end;
                    sum = sum.wrapping_add(*self.ends.get(end as usize)?);
                    row.push(end)?;
                    let Some(member) = begun.take() else {
                        return Some((at, sum, self.rows.find(&row)?));
                    };
                    number = member.next;
                    if member.slot.is_some() {
                        self.keep(&member, row.of(member.row), bytes, at, sum);
                    }
                }
            }
        }
    }

    /// Remembers a member that has ended at `at`.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, begun: &Begun, row: &[u32], bytes: &[u8], at: usize, sum: u64) {
        let Some(slot) = begun.slot.filter(|_| at - begun.at <= LONGEST) else {
            return;
        };
        if self.shortcuts.is_empty() {
            self.shortcuts.resize_with(SHORTCUTS, Shortcut::default);
        }
        let kept = &mut self.shortcuts[slot];
        kept.root = begun.root;
        kept.row.clear();
        kept.row.extend_from_slice(row);
        kept.content = sum.wrapping_sub(begun.content);
        kept.bytes.clear();
        kept.bytes.extend_from_slice(&bytes[begun.at..at]);
        kept.filled.clear();
        let filled = self.filled[begun.filled..].iter();
        kept.filled.extend(filled.map(|one| Filled {
            start: one.start - begun.at as u32,
            end: one.end - begun.at as u32,
            ..*one
        }));
    }
}

/// Notes a value that is handed out; there may be too many of them.
#[inline(always)]
fn fill(filled: &mut Vec<Filled>, wanted: u8, place: Range<usize>) -> Option<()> {
    if filled.len() >= MOST_FILLED {
        return None;
    }
    filled.push(Filled {
        wanted,
        start: place.start as u32,
        end: place.end as u32,
    });
    Some(())
}

/// Where the text behind a passage begins, if the passage stands at `at`.
#[inline(always)]
fn passage<const WIDE: bool>(
    texts: &[u8],
    text: u32,
    length: u32,
    bytes: &[u8],
    at: usize,
) -> Option<usize> {
    let (mut text, mut at, mut left) = (text as usize, at, length as usize);
    while left > 0 {
        let known = texts[text..].first_chunk::<BLOCK>()?;
        let room;
        let found = block_at!(bytes, at, room);
        let part = left.min(BLOCK);
        if !agree::<WIDE>(known, found, u32::MAX >> (BLOCK - part)) {
            return None;
        }
        (text, at, left) = (text + part, at + part, left - part);
    }
    Some(at)
}

/// How long objects are looked for before it must have paid.
const TRIAL: i16 = 64;

/// Whether to look for an object: it pays where one in three is known, and is tried again
/// now and then.
#[inline(always)]
fn is_worth_it(score: &mut i16) -> bool {
    if *score > 0 {
        return true;
    }
    *score += 1;
    if *score == 0 {
        *score = TRIAL;
    }
    false
}

#[inline(always)]
fn score_of(score: &mut i16, was_known: bool) {
    if was_known {
        *score = (*score + 2).min(4 * TRIAL);
    } else {
        *score -= 1;
        if *score == 0 {
            *score = -2000;
        }
    }
}

const _: () = assert!(size_of::<Node>() == 32);
