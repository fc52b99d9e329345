//! One forward pass over one JSON value: validates it, and notes the values
//! that the loaded controls and the record model ask for.
//!
//! Nothing is copied and no tree is built; a [`Leaf`] points into the bytes of
//! the log file. What a parser could read in two ways is refused here (a member
//! name twice in one object, a lone surrogate, raw control characters, nesting
//! beyond [`MAX_DEPTH`]), because evidence must not depend on the tool that
//! reads it. The bytes must already be known to be UTF-8.

mod block;
mod content;
mod recall;
mod repeat;
mod shape;

use std::borrow::Cow;
use std::ops::Range;

use self::block::{BLOCK, TextHash, block_at, is_wide, specials};
use self::recall::Recall;
use self::repeat::Repeats;
use self::shape::{MOST_MEMBERS, Member, NO_STEP, Run, Shapes, StepId, TOP};
use super::likeness::{Kinds, Likeness, Looked as LookedUp, TOLD};
use super::path::{NodeId, PathId, PathSet};
use super::text;

pub(super) use self::block::hash_text;
pub use self::recall::Recalled;

/// Objects and arrays inside one another; CloudTrail stays below 20.
pub const MAX_DEPTH: usize = 128;

/// Values that one record may have at the paths that are looked for, and
/// members that its open objects may have: it bounds the memory of a record
/// that was made to cost much. CloudTrail ends a record at 256 KB, Lake at 1 MB.
pub const MAX_VALUES: usize = 1 << 20;

const NONE: u32 = u32::MAX;

/// What kind of value stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string; [`Leaf::start`]..[`Leaf::end`] is the text between the quotes.
    String,
    /// A number, as it is spelled.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// An object, brackets included. Never a value to a pattern's test.
    Object,
    /// An array, brackets included. Never a value to a pattern's test.
    Array,
}

/// One value at one path of a record.
#[derive(Debug, Clone, Copy)]
pub struct Leaf {
    /// Where in the record.
    pub path: PathId,
    /// What it is.
    pub kind: Kind,
    /// Whether the text of a string holds backslash escapes.
    pub escaped: bool,
    /// First byte in the buffer.
    pub start: u32,
    /// One past the last byte in the buffer.
    pub end: u32,
    /// Which array elements it lies in: index into the trails, or none.
    trail: u32,
    next: u32,
    /// Of strings: a part of the hash of the text, see [`text_mark`].
    pub(crate) mark: u32,
}

impl Leaf {
    /// The same leaf, first of its path so far, of a value that begins at `at` and not at 0.
    #[inline(always)]
    fn moved(&self, at: usize) -> Leaf {
        Leaf {
            start: self.start + at as u32,
            end: self.end + at as u32,
            next: NONE,
            ..*self
        }
    }

    /// What is compared of a leaf besides its text.
    #[inline(always)]
    pub(super) fn form(&self) -> u64 {
        let is_empty = self.start == self.end;
        let low = self.path.0 << 5
            | u32::from(is_empty) << 4
            | u32::from(self.escaped) << 3
            | self.kind as u32;
        u64::from(self.trail) << 32 | u64::from(low)
    }
}

/// What [`Leaf::mark`] is for a string with this text: different marks mean different texts.
pub(crate) fn text_mark(text: &[u8]) -> u32 {
    hash_text(text) as u32
}

/// One step of array membership: element `index` of array `array`, inside `parent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trail {
    parent: u32,
    array: u32,
    index: u32,
}

/// Why a value could not be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// Anything that RFC 8259 does not allow.
    #[error("not JSON: {0}")]
    Syntax(&'static str),
    /// The text ends inside a value.
    #[error("the text ends inside a value")]
    Truncated,
    /// More than [`MAX_DEPTH`] levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_VALUES`] values or members.
    #[error("more than {MAX_VALUES} values or members")]
    TooManyValues,
    /// The same member twice in one object: parsers differ in which one they use.
    #[error("member `{0}` stands twice in one object")]
    DuplicateMember(String),
    /// `\uD800` and the like without their other half.
    #[error("a string holds half of a surrogate pair")]
    LoneSurrogate,
}

/// A [`FaultKind`] with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Offset in the buffer.
    pub at: usize,
}

fn fault<T>(kind: FaultKind, at: usize) -> Result<T, Fault> {
    Err(Fault { kind, at })
}

/// An object or array that is open.
#[derive(Clone, Copy)]
struct Frame {
    is_object: bool,
    /// Of objects: how far it is among the known shapes. Of arrays: where its
    /// elements stand. [`NO_STEP`] if it has no known shape.
    step: StepId,
    node: u32,
    end: u32,
    /// The trail that values directly inside have (objects: the object's own).
    trail: u32,
    array: u32,
    /// Elements so far; of objects without a known shape: members so far.
    index: u32,
    container_leaf: u32,
    start: u32,
    first_member: u32,
    /// Of its place in the record, see [`content`].
    place: u64,
    /// The value that is to be remembered when it ends.
    repeat: Option<Repeat>,
}

impl Frame {
    const NEW: Frame = Frame {
        is_object: false,
        step: NO_STEP,
        node: NONE,
        end: NONE,
        trail: NONE,
        array: 0,
        index: 0,
        container_leaf: NONE,
        start: 0,
        first_member: 0,
        place: 0,
        repeat: None,
    };
}

/// An object or a run of members that may stand again in another record.
#[derive(Clone, Copy)]
struct Repeat {
    slot: u32,
    step: StepId,
    first_leaf: u32,
    arrays: u32,
    /// The content of the record before it.
    content: u64,
}

/// A run of members of the record that is being learnt.
#[derive(Clone, Copy)]
struct Learning {
    repeat: Repeat,
    start: u32,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Site {
    step: StepId,
    node: u32,
    end: u32,
    trail: u32,
    /// See [`content`].
    place: u64,
}

/// The leaves of one path in the current record.
#[derive(Clone, Copy, Default)]
struct Chain {
    /// The record that it is about; anything else means none.
    record: u32,
    head: u32,
    tail: u32,
}

/// The reusable reader of one thread; holds the projection of the last value it read.
pub struct Projector<'set> {
    paths: &'set PathSet,
    leaves: Vec<Leaf>,
    trails: Vec<Trail>,
    chains: Vec<Chain>,
    /// Counts the values read, to tell which chains are about the last one.
    record: u32,
    /// The open objects and arrays; those behind the current depth are old.
    frames: Vec<Frame>,
    /// Member names of the open objects without a known shape: hash, start, end of the raw text.
    members: Vec<(u64, u32, u32)>,
    /// Members of open objects, without the first few of each, which every object may have.
    many: u32,
    arrays: u32,
    content_hash: u64,
    shapes: Shapes,
    repeats: Repeats,
    learning: Option<Learning>,
    kinds: Kinds,
    recall: Option<Box<Recall>>,
    is_wide: bool,
}

impl<'set> Projector<'set> {
    /// A reader that notes the values at `paths`.
    pub fn new(paths: &'set PathSet) -> Self {
        Projector {
            paths,
            leaves: Vec::new(),
            trails: Vec::new(),
            chains: vec![Chain::default(); paths.len()],
            record: 0,
            frames: Vec::new(),
            members: Vec::new(),
            many: 0,
            arrays: 0,
            content_hash: 0,
            shapes: Shapes::default(),
            repeats: Repeats::default(),
            learning: None,
            kinds: Kinds::default(),
            recall: None,
            is_wide: is_wide(),
        }
    }

    /// The same reader, which can recall records; it hands out the strings at `wanted` of them.
    #[must_use]
    pub fn recalling(mut self, wanted: &[PathId]) -> Self {
        self.recall = Recall::new(self.paths.len(), wanted).map(Box::new);
        self
    }

    /// The record at `at` if it says again what records said that were learnt; it need not be
    /// read then, and the projection stays that of the last record that was.
    #[inline]
    pub fn recall<'r>(&'r mut self, bytes: &'r [u8], at: usize) -> Option<Recalled<'r>> {
        let recall = self.recall.as_deref_mut()?;
        recall.keep_to(self.kinds.round());
        #[cfg(target_arch = "x86_64")]
        if self.is_wide {
            // SAFETY: `is_wide` found all features that the function is compiled for.
            return unsafe { recall_wide(recall, bytes, at) };
        }
        recall.look::<false>(bytes, at)
    }

    /// Learns the record at `at`, the last one that was read, which is like others.
    pub fn learn(&mut self, bytes: &[u8], at: usize, likeness: Likeness) {
        if let Some(recall) = &mut self.recall {
            recall.learn(self.paths, bytes, at, self.content_hash, likeness);
        }
    }

    /// The paths it looks for.
    pub fn paths(&self) -> &'set PathSet {
        self.paths
    }

    /// Reads the value that begins at `at` (no white space before it) and
    /// returns the offset behind it.
    ///
    /// # Errors
    /// The first [`Fault`]; the projection is then empty and [`skip_value`]
    /// tells whether the rest of the file can still be read.
    pub fn read(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        self.reset();
        match self.run(bytes, at) {
            Ok(end) => Ok(end),
            Err(found) => {
                self.reset();
                Err(found)
            }
        }
    }

    /// A hash of the content of the last value read: equal for equal JSON
    /// values whatever the order of members, white space or escapes.
    pub fn content_hash(&self) -> u64 {
        self.content_hash
    }

    /// Which records the last value read is like; `bytes` must be those that it was read from.
    #[inline]
    pub fn likeness(&mut self, bytes: &[u8]) -> Option<Likeness> {
        let top = self.frames.first().map_or(NO_STEP, |frame| frame.step);
        let mut hash = u64::from(top) << 32 | self.leaves.len() as u64;
        for path in TOLD {
            let chain = &self.chains[path.0 as usize];
            if chain.record == self.record {
                let leaf = &self.leaves[chain.head as usize];
                hash = hash.rotate_left(5) ^ u64::from(leaf.mark ^ leaf.kind as u32);
                hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
        }
        self.kinds.of(&LookedUp {
            bytes,
            trails: &self.trails,
            leaves: &self.leaves,
            hash: hash ^ hash >> 32,
        })
    }

    /// Whether the last value read is like the records of this likeness, which need not be the
    /// one that [`Projector::likeness`] finds for it; `bytes` must be those that it was read from.
    pub fn is_like(&self, bytes: &[u8], likeness: Likeness) -> bool {
        let looked = LookedUp {
            bytes,
            trails: &self.trails,
            leaves: &self.leaves,
            hash: 0,
        };
        self.kinds.is(likeness, &looked)
    }

    /// What was remarked about records of this likeness; 0 if nothing was.
    pub fn remark(&self, likeness: Likeness) -> u8 {
        self.kinds.remark(likeness)
    }

    /// Keeps a remark that holds for all records of this likeness.
    pub fn set_remark(&mut self, likeness: Likeness, remark: u8) {
        self.kinds.set_remark(likeness, remark);
    }

    /// All values at `path`, in the order in which they stand.
    #[inline]
    pub fn leaves(&self, path: PathId) -> impl Iterator<Item = &Leaf> + Clone {
        let mut at = match self.chains.get(path.0 as usize) {
            Some(chain) if chain.record == self.record => chain.head,
            _ => NONE,
        };
        std::iter::from_fn(move || {
            let leaf = self.leaves.get(at as usize)?;
            at = leaf.next;
            Some(leaf)
        })
    }

    /// Every value at any path that is looked for, in the order in which they stand.
    pub fn all_leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The paths that the last value has something at, each once, in order of first appearance.
    pub fn touched(&self) -> Vec<PathId> {
        let is_first =
            |(at, leaf): &(usize, &Leaf)| self.chains[leaf.path.0 as usize].head == *at as u32;
        let leaves = self.leaves.iter().enumerate();
        leaves.filter(is_first).map(|(_, leaf)| leaf.path).collect()
    }

    /// The array elements that a leaf lies in, innermost first: (array, index).
    pub fn trail<'s>(
        &'s self,
        leaf: &Leaf,
    ) -> impl Iterator<Item = (u32, u32)> + Clone + use<'s, 'set> {
        let mut at = leaf.trail;
        std::iter::from_fn(move || {
            let step = self.trails.get(at as usize)?;
            at = step.parent;
            Some((step.array, step.index))
        })
    }

    fn reset(&mut self) {
        self.record = self.record.wrapping_add(1);
        if self.record == 0 {
            // 2^32 values later: chains of the first ones would come to life again.
            self.chains.fill(Chain::default());
            self.record = 1;
        }
        self.learning = None;
        self.leaves.clear();
        self.trails.clear();
        self.members.clear();
        self.many = 0;
        self.arrays = 0;
        self.content_hash = 0;
        let end = end_of(self.paths, PathSet::ROOT);
        if self.shapes.prepare(PathSet::ROOT.0, end) {
            self.repeats.clear();
        }
    }

    fn run(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        #[cfg(target_arch = "x86_64")]
        if self.is_wide {
            // SAFETY: `is_wide` found all features that the function is compiled for.
            return unsafe { self.run_wide(bytes, at) };
        }
        self.run_as::<false>(bytes, at)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn run_wide(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        self.run_as::<true>(bytes, at)
    }

    #[inline(always)]
    fn run_as<const WIDE: bool>(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        let mut at = at;
        let mut site = Site {
            step: TOP,
            node: PathSet::ROOT.0,
            end: self.shapes.get(TOP).end,
            trail: NONE,
            place: content::TOP,
        };
        // How many objects and arrays are open.
        let mut depth = 0;
        loop {
            // A value begins at `at`.
            let Some(&first) = bytes.get(at) else {
                return fault(FaultKind::Truncated, at);
            };
            if first == b'"' {
                let string = read_string::<WIDE>(bytes, at)?;
                let kind = Kind::String;
                self.note(site, kind, string.escaped, at + 1..string.end, string.hash);
                at = string.end + 1;
                self.add(content::text(site.place, string.hash));
            } else if first == b'{' || first == b'[' {
                let looked = if depth == 1 && first == b'{' {
                    self.look_for_repeat(bytes, at, site)
                } else {
                    Looked::NotAtAll
                };
                if let Looked::Known(end) = looked {
                    at = end;
                } else {
                    if depth == MAX_DEPTH {
                        return fault(FaultKind::TooDeep, at);
                    }
                    let is_object = first == b'{';
                    self.open(depth, is_object, site, at, &looked);
                    depth += 1;
                    at = skip_space(bytes, at + 1);
                    let close = if is_object { b'}' } else { b']' };
                    if bytes.get(at) != Some(&close) {
                        (at, site) = self.enter::<WIDE>(depth, bytes, at)?;
                        continue;
                    }
                    at += 1;
                    depth -= 1;
                    self.close(depth, bytes, at)?;
                }
            } else {
                let (kind, end, hash) = read_plain(bytes, at, first)?;
                self.note(site, kind, false, at..end, 0);
                at = end;
                self.add(content::value(site.place, hash));
            }
            // A value ended at `at`: close what ends with it.
            loop {
                if depth == 0 {
                    return Ok(at);
                }
                let is_object = self.frames[depth - 1].is_object;
                let value_end = at;
                at = skip_space(bytes, at);
                match bytes.get(at) {
                    Some(b',') => {
                        at = skip_space(bytes, at + 1);
                        if depth == 1
                            && let Some(end) = self.step_over_run(bytes, at, value_end)
                        {
                            at = end;
                            continue;
                        }
                        (at, site) = self.enter::<WIDE>(depth, bytes, at)?;
                        break;
                    }
                    Some(b'}') if is_object => {}
                    Some(b']') if !is_object => {}
                    Some(_) => {
                        return fault(
                            FaultKind::Syntax("expected `,` or the end of the object or array"),
                            at,
                        );
                    }
                    None => return fault(FaultKind::Truncated, at),
                }
                at += 1;
                depth -= 1;
                self.close(depth, bytes, at)?;
            }
        }
    }

    #[inline(always)]
    fn add(&mut self, content: u64) {
        self.content_hash = self.content_hash.wrapping_add(content);
    }

    /// Whether the object at `at`, a member of the record itself, is a known one;
    /// if so, its leaves are noted.
    #[inline(always)]
    fn look_for_repeat(&mut self, bytes: &[u8], at: usize, site: Site) -> Looked {
        if site.step == NO_STEP
            || site.trail != NONE
            || !self.shapes.get_mut(site.step).may_repeat()
        {
            return Looked::NotAtAll;
        }
        let Some(slot) = repeat::slot_of(bytes, at + BLOCK, site.step) else {
            return Looked::NotAtAll;
        };
        let found = self.repeats.find(slot, bytes, at, site.step);
        self.shapes.get_mut(site.step).score(found.is_some());
        let Some(known) = found else {
            return Looked::Unknown(slot as u32);
        };
        for leaf in &known.leaves {
            let (number, leaf) = (self.leaves.len() as u32, leaf.moved(at));
            let chain = &mut self.chains[leaf.path.0 as usize];
            link(chain, self.record, number, &mut self.leaves, leaf);
        }
        let (end, hash) = (at + known.length(), known.hash);
        self.add(hash);
        Looked::Known(end)
    }

    /// Whether the members of the record from `at` on are a known run; if so,
    /// their leaves are noted, and the end of the last value is returned. A value
    /// ended at `value_end`, and with it perhaps a run that is being learnt.
    #[inline(always)]
    fn step_over_run(&mut self, bytes: &[u8], at: usize, value_end: usize) -> Option<usize> {
        let guess = self.shapes.guess(self.frames[0].step)?;
        if guess.run == Run::GoesOn {
            return None;
        }
        let begins = guess.run == Run::Begins && guess.may_repeat();
        if self.learning.is_some() {
            self.remember_run(bytes, value_end);
        }
        if !begins {
            return None;
        }
        let frame = &mut self.frames[0];
        let step = frame.step;
        // The first bytes are the name.
        let slot = repeat::slot_of(bytes, at + BLOCK / 2, step)?;
        let found = self.repeats.find(slot, bytes, at, step);
        if let Some(guess) = self.shapes.guess(step) {
            guess.score(found.is_some());
        }
        let Some(known) = found.filter(|_| frame.is_object && frame.trail == NONE) else {
            self.learning = Some(Learning {
                repeat: Repeat {
                    slot: slot as u32,
                    step,
                    first_leaf: self.leaves.len() as u32,
                    arrays: self.arrays,
                    content: self.content_hash,
                },
                start: at as u32,
            });
            return None;
        };
        for leaf in &known.leaves {
            let (number, leaf) = (self.leaves.len() as u32, leaf.moved(at));
            let chain = &mut self.chains[leaf.path.0 as usize];
            link(chain, self.record, number, &mut self.leaves, leaf);
        }
        frame.step = known.last;
        let (end, hash) = (at + known.length(), known.hash);
        self.add(hash);
        Some(end)
    }

    #[cold]
    #[inline(never)]
    fn remember_run(&mut self, bytes: &[u8], end: usize) {
        let Some(learning) = self.learning.take() else {
            return;
        };
        let frame = &self.frames[0];
        let (start, repeat) = (learning.start as usize, learning.repeat);
        // A number could go on where the run is met again.
        let ends_for_sure = matches!(bytes[end - 1], b'"' | b'}');
        if repeat.arrays != self.arrays
            || end - start > repeat::LONGEST
            || frame.step == NO_STEP
            || frame.trail != NONE
            || !ends_for_sure
        {
            return;
        }
        self.repeats.store(
            repeat.slot as usize,
            (repeat.step, frame.step),
            &bytes[start..end],
            learning.start,
            self.content_hash.wrapping_sub(repeat.content),
            &self.leaves[repeat.first_leaf as usize..],
        );
    }

    #[inline(always)]
    fn open(&mut self, depth: usize, is_object: bool, site: Site, at: usize, looked: &Looked) {
        let repeat = match looked {
            Looked::Unknown(slot) => Some(Repeat {
                slot: *slot,
                step: site.step,
                first_leaf: self.leaves.len() as u32,
                arrays: self.arrays,
                content: self.content_hash,
            }),
            _ => None,
        };
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let container_leaf = self.note(site, kind, false, at..at, 0);
        let array = self.arrays;
        self.arrays += u32::from(!is_object);
        let step = if is_object && site.step != NO_STEP {
            self.shapes.inside(site.step)
        } else {
            site.step
        };
        if depth == self.frames.len() {
            self.frames.push(Frame::NEW);
        }
        let frame = &mut self.frames[depth];
        frame.is_object = is_object;
        frame.step = step;
        frame.node = site.node;
        frame.end = site.end;
        frame.trail = site.trail;
        frame.array = array;
        frame.index = 0;
        frame.container_leaf = container_leaf;
        frame.start = at as u32;
        frame.first_member = self.members.len() as u32;
        frame.place = site.place;
        frame.repeat = repeat;
    }

    /// Steps to the next value of the innermost frame; `at` is at a member name or an element.
    #[inline(always)]
    fn enter<const WIDE: bool>(
        &mut self,
        depth: usize,
        bytes: &[u8],
        at: usize,
    ) -> Result<(usize, Site), Fault> {
        let frame = &mut self.frames[depth - 1];
        if frame.is_object && frame.step != NO_STEP {
            let room;
            let block = block_at!(bytes, at, room);
            if let Some(next) = self.shapes.follow::<WIDE>(frame.step, block, bytes, at) {
                let step = self.shapes.get(next);
                frame.step = next;
                let site = Site {
                    step: next,
                    node: step.node,
                    end: step.end,
                    trail: frame.trail,
                    place: content::member(frame.place, step.hash),
                };
                return Ok((skip_space(bytes, at + step.length as usize), site));
            }
        }
        if frame.is_object {
            self.member(depth, bytes, at)
        } else {
            // Only elements and the members of large objects can be without end.
            const { assert!(MAX_VALUES.is_power_of_two()) };
            if self.leaves.len() | self.trails.len() >= MAX_VALUES {
                return fault(FaultKind::TooManyValues, at);
            }
            Ok((at, self.element(depth)))
        }
    }

    fn element(&mut self, depth: usize) -> Site {
        let frame = &mut self.frames[depth - 1];
        let mut trail = NONE;
        if frame.node != NONE {
            self.trails.push(Trail {
                parent: frame.trail,
                array: frame.array,
                index: frame.index,
            });
            trail = (self.trails.len() - 1) as u32;
        }
        let place = content::element(frame.place, frame.index);
        frame.index += 1;
        Site {
            step: frame.step,
            node: frame.node,
            end: frame.end,
            trail,
            place,
        }
    }

    /// The slow way into a member: reads its name, and remembers it as usual from now on.
    #[cold]
    #[inline(never)]
    fn member(&mut self, depth: usize, bytes: &[u8], at: usize) -> Result<(usize, Site), Fault> {
        // What is refused must not depend on which shapes are known, so only what no
        // shape can hold counts here.
        if self.many as usize >= MAX_VALUES {
            return fault(FaultKind::TooManyValues, at);
        }
        match bytes.get(at) {
            Some(b'"') => {}
            Some(_) => return fault(FaultKind::Syntax("expected a member name in quotes"), at),
            None => return fault(FaultKind::Truncated, at),
        }
        let name = read_string::<false>(bytes, at)?;
        let raw = &bytes[at + 1..name.end];
        let unescaped = if name.escaped {
            Cow::Owned(text::unescape(as_str(raw)).into_owned().into_bytes())
        } else {
            Cow::Borrowed(raw)
        };
        let hash = name.hash;
        let frame = &mut self.frames[depth - 1];
        let node = match frame.node {
            NONE => None,
            node => self.paths.child(NodeId(node), &unescaped, hash),
        };
        let colon = skip_space(bytes, name.end + 1);
        match bytes.get(colon) {
            Some(b':') => {}
            Some(_) => {
                return fault(
                    FaultKind::Syntax("expected `:` behind a member name"),
                    colon,
                );
            }
            None => return fault(FaultKind::Truncated, colon),
        }
        let mut site = Site {
            step: NO_STEP,
            node: node.map_or(NONE, |node| node.0),
            end: node.map_or(NONE, |node| end_of(self.paths, node)),
            trail: frame.trail,
            place: content::member(frame.place, hash),
        };
        if frame.step != NO_STEP && !name.escaped && colon == name.end + 1 {
            let member = Member {
                text: &bytes[at..=colon],
                hash,
                node: site.node,
                end: site.end,
                run: if depth == 1 { Run::of(raw) } else { Run::No },
            };
            if let Some(step) = self.shapes.learn(frame.step, &member) {
                site.step = step;
            }
        }
        if frame.step != NO_STEP && site.step == NO_STEP {
            // From here on this object has no known shape, and all its names are needed.
            frame.index = u32::from(self.shapes.get(frame.step).count);
            let names = names_so_far(bytes, frame.start as usize, frame.index);
            self.members.extend(names);
        }
        frame.step = site.step;
        if site.step == NO_STEP {
            frame.index += 1;
            self.many += u32::from(frame.index > u32::from(MOST_MEMBERS));
            self.members.push((hash, at as u32 + 1, name.end as u32));
        }
        Ok((skip_space(bytes, colon + 1), site))
    }

    /// Closes the frame at `depth`; its value ends at `end`.
    #[inline(always)]
    fn close(&mut self, depth: usize, bytes: &[u8], end: usize) -> Result<(), Fault> {
        let frame = &self.frames[depth];
        let mut count = frame.index;
        if frame.is_object {
            if frame.step == NO_STEP {
                let first = frame.first_member as usize;
                refuse_duplicates(bytes, &mut self.members[first..])?;
                self.members.truncate(first);
                self.many -= count.saturating_sub(u32::from(MOST_MEMBERS));
            } else {
                // All names of a known shape differ.
                count = u32::from(self.shapes.get(frame.step).count);
            }
        }
        if let Some(leaf) = self.leaves.get_mut(frame.container_leaf as usize) {
            leaf.end = end as u32;
        }
        let (start, repeat) = (frame.start as usize, frame.repeat);
        let content = content::container(frame.place, frame.is_object, count);
        self.add(content);
        if let Some(repeat) = repeat {
            self.remember(&repeat, start, bytes, end);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn remember(&mut self, repeat: &Repeat, start: usize, bytes: &[u8], end: usize) {
        if repeat.arrays != self.arrays || end - start > repeat::LONGEST {
            return;
        }
        self.repeats.store(
            repeat.slot as usize,
            (repeat.step, NO_STEP),
            &bytes[start..end],
            start as u32,
            self.content_hash.wrapping_sub(repeat.content),
            &self.leaves[repeat.first_leaf as usize..],
        );
    }

    #[inline(always)]
    fn note(
        &mut self,
        site: Site,
        kind: Kind,
        escaped: bool,
        place: Range<usize>,
        hash: u64,
    ) -> u32 {
        if site.end == NONE {
            return NONE;
        }
        let number = self.leaves.len() as u32;
        let leaf = Leaf {
            path: PathId(site.end),
            kind,
            escaped,
            start: place.start as u32,
            end: place.end as u32,
            trail: site.trail,
            next: NONE,
            mark: hash as u32,
        };
        let chain = &mut self.chains[site.end as usize];
        link(chain, self.record, number, &mut self.leaves, leaf);
        number
    }
}

/// [`Recall::look`] with wide instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn recall_wide<'r>(recall: &'r mut Recall, bytes: &'r [u8], at: usize) -> Option<Recalled<'r>> {
    recall.look::<true>(bytes, at)
}

/// The names of the first members of the object at `at`, which were read before.
fn names_so_far(bytes: &[u8], at: usize, count: u32) -> Vec<(u64, u32, u32)> {
    let mut at = skip_space(bytes, at + 1);
    let mut names = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let name = read_string::<false>(bytes, at).expect("the name was read before");
        names.push((name.hash, at as u32 + 1, name.end as u32));
        let value = skip_space(bytes, skip_space(bytes, name.end + 1) + 1);
        let end = skip_value(bytes, value).expect("the value was read before");
        at = skip_space(bytes, skip_space(bytes, end) + 1);
    }
    names
}

/// What came of looking for an object among the known ones.
enum Looked {
    NotAtAll,
    Unknown(u32),
    /// Known; the offset behind it.
    Known(usize),
}

/// The path that ends at a node, as a bare number.
fn end_of(paths: &PathSet, node: NodeId) -> u32 {
    paths.end(node).map_or(NONE, |path| path.0)
}

/// Adds a leaf to the others of its path.
#[inline(always)]
fn link(chain: &mut Chain, record: u32, number: u32, leaves: &mut Vec<Leaf>, leaf: Leaf) {
    if chain.record == record {
        leaves[chain.tail as usize].next = number;
        chain.tail = number;
    } else {
        *chain = Chain {
            record,
            head: number,
            tail: number,
        };
    }
    leaves.push(leaf);
}

/// Where the value that begins at `at` ends, judged by quotes and brackets
/// alone: the way past a record that was refused.
///
/// # Errors
/// [`FaultKind::Truncated`] or [`FaultKind::Syntax`] when no end can be found.
pub fn skip_value(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut depth = 0usize;
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = skip_string(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' | b',' if depth == 0 => return Ok(at),
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return Ok(at);
        }
    }
    fault(FaultKind::Truncated, at)
}

fn skip_string(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut from = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(from..).unwrap_or_default()) {
        let place = from + found;
        if bytes[place] == b'"' {
            return Ok(place + 1);
        }
        from = place + 2;
    }
    fault(FaultKind::Truncated, bytes.len())
}

/// A string that was gone through.
struct RawString {
    /// Where the quote behind it is.
    end: usize,
    escaped: bool,
    /// Of its text, not of its spelling.
    hash: u64,
}

#[inline(always)]
fn read_string<const WIDE: bool>(bytes: &[u8], at: usize) -> Result<RawString, Fault> {
    let mut place = at + 1;
    let mut hash = TextHash::new();
    loop {
        let room;
        let block = block_at!(bytes, place, room);
        let special = specials::<WIDE>(block);
        if special == 0 {
            hash.add(block);
            place += BLOCK;
            continue;
        }
        let length = special.trailing_zeros() as usize;
        let end = place + length;
        if block[length & (BLOCK - 1)] == b'"' {
            return Ok(RawString {
                end,
                escaped: false,
                hash: hash.finish(block, length),
            });
        }
        return read_odd_string(bytes, at, end);
    }
}

/// A string that is broken or holds escapes, the first thing of this kind at `place`.
#[cold]
#[inline(never)]
fn read_odd_string(bytes: &[u8], at: usize, mut place: usize) -> Result<RawString, Fault> {
    loop {
        match bytes.get(place) {
            Some(b'"') => break,
            Some(b'\\') => place = read_escape(bytes, place)?,
            Some(byte) if *byte < 0x20 => {
                return fault(
                    FaultKind::Syntax("a control character inside a string"),
                    place,
                );
            }
            Some(_) => {
                let room;
                let special = specials::<false>(block_at!(bytes, place, room));
                place += (special.trailing_zeros() as usize).min(BLOCK);
            }
            None => return fault(FaultKind::Truncated, bytes.len()),
        }
    }
    let unescaped = text::unescape(as_str(&bytes[at + 1..place]));
    Ok(RawString {
        end: place,
        escaped: true,
        hash: hash_text(unescaped.as_bytes()),
    })
}

/// A number or one of the three words.
#[inline(always)]
fn read_plain(bytes: &[u8], at: usize, first: u8) -> Result<(Kind, usize, u64), Fault> {
    Ok(match first {
        b't' => (Kind::True, read_word(bytes, at, b"true")?, content::TRUE),
        b'f' => (Kind::False, read_word(bytes, at, b"false")?, content::FALSE),
        b'n' => (Kind::Null, read_word(bytes, at, b"null")?, content::NULL),
        _ => {
            let end = read_number(bytes, at)?;
            (Kind::Number, end, content::number(&bytes[at..end]))
        }
    })
}

fn read_escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let unit = read_hex4(bytes, at + 2)?;
            match unit {
                0xD800..=0xDBFF => {
                    if bytes.get(at + 6..at + 8) == Some(b"\\u")
                        && matches!(read_hex4(bytes, at + 8)?, 0xDC00..=0xDFFF)
                    {
                        Ok(at + 12)
                    } else {
                        fault(FaultKind::LoneSurrogate, at)
                    }
                }
                0xDC00..=0xDFFF => fault(FaultKind::LoneSurrogate, at),
                _ => Ok(at + 6),
            }
        }
        Some(_) => fault(FaultKind::Syntax("an unknown escape in a string"), at),
        None => fault(FaultKind::Truncated, at),
    }
}

fn read_hex4(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let Some(digits) = bytes.get(at..at + 4) else {
        return fault(FaultKind::Truncated, at);
    };
    let mut unit = 0;
    for digit in digits {
        let Some(value) = (*digit as char).to_digit(16) else {
            return fault(FaultKind::Syntax("`\\u` needs four hexadecimal digits"), at);
        };
        unit = unit * 16 + value;
    }
    Ok(unit)
}

#[inline(always)]
fn read_word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    let end = at + word.len();
    match bytes.get(at..end) {
        Some(found) if found == word => Ok(end),
        Some(_) => fault(FaultKind::Syntax("expected a value"), at),
        None => fault(FaultKind::Truncated, at),
    }
}

fn read_number(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let digits = |mut place: usize| {
        while matches!(bytes.get(place), Some(b'0'..=b'9')) {
            place += 1;
        }
        place
    };
    let mut place = at + usize::from(bytes.get(at) == Some(&b'-'));
    place = match bytes.get(place) {
        Some(b'0') => place + 1,
        Some(b'1'..=b'9') => digits(place),
        Some(_) => return fault(FaultKind::Syntax("expected a value"), at),
        None => return fault(FaultKind::Truncated, at),
    };
    if bytes.get(place) == Some(&b'.') {
        let end = digits(place + 1);
        if end == place + 1 {
            return fault(FaultKind::Syntax("a number ends with a point"), place);
        }
        place = end;
    }
    if matches!(bytes.get(place), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(place + 1), Some(b'+' | b'-')));
        let end = digits(place + 1 + sign);
        if end == place + 1 + sign {
            return fault(
                FaultKind::Syntax("a number ends inside its exponent"),
                place,
            );
        }
        place = end;
    }
    Ok(place)
}

/// The first offset at or behind `at` that is not white space.
#[inline(always)]
pub fn skip_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(byte) if *byte > b' ' => at,
        _ => skip_some_space(bytes, at),
    }
}

fn skip_some_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Whether two hashes share a bit of a small set: if not, all are different.
fn may_hold_twice(members: &[(u64, u32, u32)]) -> bool {
    if members.len() <= 6 || members.len() > 64 {
        return true;
    }
    let mut seen = [0u64; 16];
    members.iter().any(|(hash, _, _)| {
        let (word, bit) = ((hash >> 6 & 15) as usize, 1u64 << (hash & 63));
        let is_taken = seen[word] & bit != 0;
        seen[word] |= bit;
        is_taken
    })
}

fn refuse_duplicates(bytes: &[u8], members: &mut [(u64, u32, u32)]) -> Result<(), Fault> {
    if !may_hold_twice(members) {
        return Ok(());
    }
    let name = |member: &(u64, u32, u32)| {
        text::unescape(as_str(&bytes[member.1 as usize..member.2 as usize]))
    };
    // Equal hashes are a suspicion only: whoever chooses member names could choose those.
    let is_twice = |at: usize, other: usize, members: &[(u64, u32, u32)]| {
        members[at].0 == members[other].0 && name(&members[at]) == name(&members[other])
    };
    let twice = if members.len() <= 16 {
        (1..members.len()).find(|at| (0..*at).any(|other| is_twice(*at, other, members)))
    } else {
        members.sort_unstable();
        (1..members.len()).find(|at| {
            let same_hash = (0..*at)
                .rev()
                .take_while(|other| members[*other].0 == members[*at].0);
            same_hash
                .into_iter()
                .any(|other| is_twice(*at, other, members))
        })
    };
    let Some(member) = twice.map(|at| members[at]) else {
        return Ok(());
    };
    fault(
        FaultKind::DuplicateMember(name(&member).into_owned()),
        member.1 as usize,
    )
}

/// Text of a buffer that was checked to be UTF-8 when the file was read.
pub(super) fn as_str(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes)
        .expect("log files are checked to be UTF-8, and JSON tokens end at ASCII bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projector_for(paths: &[&str]) -> PathSet {
        let mut set = PathSet::new();
        for path in paths {
            set.intern(path);
        }
        set
    }

    #[track_caller]
    fn texts(json: &str, path: &str) -> Vec<String> {
        let set = projector_for(&[path]);
        let mut projector = Projector::new(&set);
        let end = projector.read(json.as_bytes(), 0).expect("valid JSON");
        assert_eq!(end, json.len());
        projector
            .leaves(set.get(path).expect("interned"))
            .map(|leaf| json[leaf.start as usize..leaf.end as usize].to_owned())
            .collect()
    }

    #[track_caller]
    fn refused(json: &str) -> FaultKind {
        let set = PathSet::new();
        Projector::new(&set)
            .read(json.as_bytes(), 0)
            .expect_err("must be refused")
            .kind
    }

    fn hash(json: &str) -> u64 {
        let set = PathSet::new();
        let mut projector = Projector::new(&set);
        projector.read(json.as_bytes(), 0).expect("valid JSON");
        projector.content_hash()
    }

    #[test]
    fn arrays_add_nothing_to_a_path() {
        assert_eq!(
            texts(r#"{"a":[{"b":1},{"b":[2,"x"]}],"b":9}"#, "a.b"),
            ["1", "[2,\"x\"]", "2", "x"]
        );
    }

    #[test]
    fn elements_of_one_array_share_an_array_and_differ_in_index() {
        let json = r#"{"a":[{"b":1,"c":2},{"b":3}]}"#;
        let set = projector_for(&["a.b", "a.c"]);
        let mut projector = Projector::new(&set);
        projector.read(json.as_bytes(), 0).expect("valid JSON");
        let trails = |path| -> Vec<Vec<(u32, u32)>> {
            projector
                .leaves(set.get(path).expect("interned"))
                .map(|leaf| projector.trail(leaf).collect())
                .collect()
        };
        assert_eq!(trails("a.b"), [[(0, 0)], [(0, 1)]]);
        assert_eq!(trails("a.c"), [[(0, 0)]]);
    }

    #[test]
    fn a_member_twice_is_refused_however_it_is_spelled() {
        assert_eq!(
            refused(r#"{"a":1,"\u0061":2}"#),
            FaultKind::DuplicateMember("a".into())
        );
    }

    #[test]
    fn a_member_twice_is_refused_among_any_number() {
        for count in 0..100 {
            let members: Vec<String> = (0..count).map(|at| format!("\"m{at}\":1")).collect();
            let json = format!("{{{}}}", members.join(","));
            let set = PathSet::new();
            assert!(
                Projector::new(&set).read(json.as_bytes(), 0).is_ok(),
                "{count}"
            );
            if count > 0 {
                let json = format!("{{{},\"m{}\":2}}", members.join(","), count / 2);
                let name = format!("m{}", count / 2);
                assert_eq!(refused(&json), FaultKind::DuplicateMember(name));
            }
        }
    }

    #[test]
    fn a_record_that_costs_too_much_memory_is_refused() {
        let many = format!("{{\"resources\":[{}1]}}", "1,".repeat(MAX_VALUES));
        assert_eq!(refused(&many), FaultKind::TooManyValues);
        let elsewhere = format!("{{\"x\":[{}1]}}", "1,".repeat(MAX_VALUES));
        let set = PathSet::new();
        assert!(Projector::new(&set).read(elsewhere.as_bytes(), 0).is_ok());
    }

    #[test]
    fn the_end_of_a_string_is_found_at_every_offset() {
        let set = PathSet::new();
        for length in 0..100 {
            for piece in ["x", "é", "\\n", "\u{7f}", "#"] {
                let text = format!("[\"{}{piece}\",1]", "x".repeat(length));
                let read = Projector::new(&set).read(text.as_bytes(), 0);
                assert_eq!(read, Ok(text.len()), "{text}");
                for cut in 0..text.len() {
                    let read = Projector::new(&set).read(&text.as_bytes()[..cut], 0);
                    assert!(read.is_err(), "{text} cut at {cut}");
                }
            }
            let broken = format!("[\"{}\u{1f}\"]", "x".repeat(length));
            assert!(matches!(refused(&broken), FaultKind::Syntax(_)));
        }
    }

    #[test]
    fn thousands_of_different_short_members_are_no_duplicates() {
        let members: Vec<String> = (0..5000).map(|at| format!("\"k{at}\":{at}")).collect();
        let json = format!("{{{}}}", members.join(","));
        assert_eq!(texts(&json, "k33"), ["33"]);
        let twice = json.replace("\"k4999\"", "\"k33\"");
        assert_eq!(refused(&twice), FaultKind::DuplicateMember("k33".into()));
    }

    #[test]
    fn what_json_does_not_allow_is_refused() {
        for json in [
            "NaN",
            "[01]",
            "1.",
            "1e",
            "{\"a\" 1}",
            "[1,]",
            "{,}",
            "\"\u{1}\"",
            "\"\\x\"",
            "tru",
            "[1}",
        ] {
            assert!(
                matches!(refused(json), FaultKind::Syntax(_) | FaultKind::Truncated),
                "{json}"
            );
        }
        assert_eq!(refused(r#""\ud800x""#), FaultKind::LoneSurrogate);
        assert_eq!(refused(&"[".repeat(100_000)), FaultKind::TooDeep);
    }

    #[test]
    fn content_hash_sees_content_and_not_spelling() {
        assert_eq!(
            hash(r#"{"a":1,"b":[true,{"c":"x"}]}"#),
            hash("{ \"b\" : [true, {\"c\":\"\\u0078\"}],\n\"a\":1}")
        );
        assert_ne!(hash(r#"{"a":[1,2]}"#), hash(r#"{"a":[2,1]}"#));
        assert_ne!(hash(r#"{"a":"1"}"#), hash(r#"{"a":1}"#));
        assert_ne!(hash(r#"{"a":null}"#), hash(r#"{}"#));
    }

    #[test]
    fn a_refused_record_can_be_stepped_over() {
        let json = br#"{"a":"}\"","a":[1,{"b":2}]},7"#;
        assert_eq!(skip_value(json, 0).expect("ends"), json.len() - 2);
    }
}
