//! The shapes of objects: which members have stood in which order, and where.
//!
//! Records repeat the same few orders of members without end. A [`Step`] stands
//! for an object up to one of its members; from it the next one is guessed, and a
//! guess that holds needs one comparison: the name's hash, its place in the trie
//! of paths, and that no other member so far has the same name are all known.
//! A guess decides speed only. What is unusual (many members, a name twice, too
//! many shapes) is left to the slow way, which every object can take.

use super::block::{BLOCK, TextHash, agree};

/// A step, or [`NO_STEP`].
pub(super) type StepId = u32;

pub(super) const NO_STEP: StepId = u32::MAX;
/// Where a value begins that is no member of an object.
pub(super) const TOP: StepId = 0;

/// Shapes beyond this are forgotten, all of them, before the next record.
const MOST_STEPS: usize = 1 << 14;
/// Objects with more members are left to the slow way.
pub(super) const MOST_MEMBERS: u16 = 96;

/// How long objects are looked for among the remembered ones before it must have paid.
const TRIAL: i16 = 64;

/// What a member of a record is to the runs of members that stand again byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    No,
    Begins,
    GoesOn,
}

impl Run {
    /// A guess from what CloudTrail records look like; it decides speed only.
    pub(super) fn of(name: &[u8]) -> Run {
        match name {
            b"eventSource" | b"sourceIPAddress" | b"eventType" => Run::Begins,
            b"eventName"
            | b"awsRegion"
            | b"userAgent"
            | b"managementEvent"
            | b"recipientAccountId"
            | b"eventCategory" => Run::GoesOn,
            _ => Run::No,
        }
    }
}

/// An object up to one of its members.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The name in its quotes and the colon, as far as they fit.
    front: [u8; BLOCK],
    /// One bit for each byte of `front` that counts.
    wanted: u32,
    /// Bytes from the first quote to behind the colon.
    pub length: u32,
    /// The hash of the name.
    pub hash: u64,
    /// The place of the value in the trie of paths, or none.
    pub node: u32,
    /// The path that ends there, or none.
    pub end: u32,
    /// What came behind it last time.
    next: StepId,
    /// The beginning of an object that is its value.
    pub inner: StepId,
    /// The step before it in the same object.
    before: StepId,
    /// How many members there are up to here.
    pub count: u16,
    /// Whether members that often stand again together begin or go on here.
    pub run: Run,
    /// Whether objects that are its value are worth remembering, see `repeat`.
    pub repeats: i16,
    /// The name, where it does not fit.
    long: Box<[u8]>,
}

impl Step {
    fn start(node: u32, end: u32) -> Step {
        Step {
            front: [0; BLOCK],
            wanted: 0,
            length: 0,
            hash: 0,
            node,
            end,
            next: NO_STEP,
            inner: NO_STEP,
            before: NO_STEP,
            count: 0,
            run: Run::No,
            repeats: TRIAL,
            long: Box::default(),
        }
    }

    /// Whether to look for this object among those that are remembered: it pays
    /// where one in three is, and is tried again now and then.
    #[inline(always)]
    pub(super) fn may_repeat(&mut self) -> bool {
        if self.repeats > 0 {
            return true;
        }
        self.repeats += 1;
        if self.repeats == 0 {
            self.repeats = TRIAL;
        }
        false
    }

    #[inline(always)]
    pub(super) fn score(&mut self, was_known: bool) {
        if was_known {
            self.repeats = (self.repeats + 2).min(4 * TRIAL);
        } else {
            self.repeats -= 1;
            if self.repeats == 0 {
                self.repeats = -2000;
            }
        }
    }

    /// Whether the text from `at` on, which begins with `block`, is this name in quotes and a colon.
    #[inline(always)]
    fn is_at<const WIDE: bool>(&self, block: &[u8; BLOCK], bytes: &[u8], at: usize) -> bool {
        agree::<WIDE>(&self.front, block, self.wanted)
            && (self.long.is_empty() || bytes[at..].starts_with(&self.long))
    }
}

/// All steps that were met, and where each leads.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    steps: Vec<Step>,
    /// Followers by step and name: a hash table without buckets, at most half full.
    table: Vec<StepId>,
}

impl Shapes {
    /// Makes sure that there is a place for the top value, which lies at this node;
    /// says whether everything before was forgotten.
    #[inline]
    pub(super) fn prepare(&mut self, node: u32, end: u32) -> bool {
        let is_new = self.steps.is_empty() || self.steps.len() > MOST_STEPS;
        if is_new {
            self.steps.clear();
            self.table.clear();
            self.steps.push(Step::start(node, end));
        }
        is_new
    }

    #[inline(always)]
    pub(super) fn get(&self, step: StepId) -> &Step {
        &self.steps[step as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, step: StepId) -> &mut Step {
        &mut self.steps[step as usize]
    }

    /// The beginning of an object that is the value of `step`.
    #[inline(always)]
    pub(super) fn inside(&mut self, step: StepId) -> StepId {
        let found = &self.steps[step as usize];
        if found.inner != NO_STEP {
            return found.inner;
        }
        let (node, end) = (found.node, found.end);
        let inner = self.steps.len() as StepId;
        self.steps.push(Step::start(node, end));
        self.steps[step as usize].inner = inner;
        inner
    }

    /// What is the most likely to come behind `step`.
    #[inline(always)]
    pub(super) fn guess(&mut self, step: StepId) -> Option<&mut Step> {
        let next = self.steps.get(step as usize)?.next;
        self.steps.get_mut(next as usize)
    }

    /// The step behind `step` for the name whose first quote is at `at`, if it was met before.
    #[inline(always)]
    pub(super) fn follow<const WIDE: bool>(
        &mut self,
        step: StepId,
        block: &[u8; BLOCK],
        bytes: &[u8],
        at: usize,
    ) -> Option<StepId> {
        let guess = self.steps[step as usize].next;
        if let Some(next) = self.steps.get(guess as usize)
            && next.is_at::<WIDE>(block, bytes, at)
        {
            return Some(guess);
        }
        self.look_up(step, block, bytes, at)
    }

    #[inline(never)]
    fn look_up(
        &mut self,
        step: StepId,
        block: &[u8; BLOCK],
        bytes: &[u8],
        at: usize,
    ) -> Option<StepId> {
        let mut slot = self.slot(step, block)?;
        loop {
            let found = self.table[slot];
            let next = self.steps.get(found as usize)?;
            if next.before == step && next.is_at::<false>(block, bytes, at) {
                self.steps[step as usize].next = found;
                return Some(found);
            }
            slot = (slot + 1) & (self.table.len() - 1);
        }
    }

    /// Where to look first for what follows a step with a name that begins like this.
    fn slot(&self, step: StepId, block: &[u8; BLOCK]) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        // Names that end behind the block are told apart by its bytes.
        let quote = memchr::memchr(b'"', &block[1..]);
        let length = quote.map_or(BLOCK - 1, |at| at + 1);
        let name = TextHash::new().finish(block, length);
        Some((name ^ u64::from(step).wrapping_mul(0x9E37_79B9_7F4A_7C15)) as usize & mask)
    }

    /// Remembers a name, without escapes and with the colon right behind its
    /// quote, as the member behind `step`; `None` if that is left to the slow way.
    pub(super) fn learn(&mut self, step: StepId, member: &Member<'_>) -> Option<StepId> {
        let before = &self.steps[step as usize];
        if before.count >= MOST_MEMBERS || self.steps.len() > MOST_STEPS {
            return None;
        }
        let count = before.count + 1;
        let mut other = step;
        while let Some(known) = self.steps.get(other as usize) {
            // Equal hashes are a suspicion that the slow way looks into.
            if known.count > 0 && known.hash == member.hash {
                return None;
            }
            other = known.before;
        }
        let mut learnt = Step::start(member.node, member.end);
        let text = member.text;
        learnt.front = super::block::padded(text, 0);
        learnt.wanted = u32::MAX >> (BLOCK - text.len().min(BLOCK));
        learnt.length = text.len() as u32;
        learnt.hash = member.hash;
        learnt.before = step;
        learnt.count = count;
        learnt.run = member.run;
        if text.len() > BLOCK {
            learnt.long = text.into();
        }
        let id = self.steps.len() as StepId;
        self.steps.push(learnt);
        self.steps[step as usize].next = id;
        self.file(id);
        Some(id)
    }

    fn file(&mut self, id: StepId) {
        if (self.steps.len() + 1) * 2 > self.table.len() {
            let length = (self.table.len() * 2).max(256);
            self.table = vec![NO_STEP; length];
            for known in 0..self.steps.len() as StepId {
                if self.steps[known as usize].count > 0 {
                    self.put(known);
                }
            }
        } else {
            self.put(id);
        }
    }

    fn put(&mut self, id: StepId) {
        let step = &self.steps[id as usize];
        let Some(mut slot) = self.slot(step.before, &step.front) else {
            return;
        };
        while self.table[slot] != NO_STEP {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        self.table[slot] = id;
    }
}

/// A member whose name was read the slow way.
pub(super) struct Member<'m> {
    /// From the first quote to behind the colon.
    pub text: &'m [u8],
    pub hash: u64,
    pub node: u32,
    pub end: u32,
    pub run: Run,
}
