//! Which patterns a record can match at all: each pattern is filed under values
//! or fields that it cannot do without, and only those that the record touches
//! are tried. Filing too broadly costs time, filing too narrowly would lose
//! matches; so a pattern that cannot be filed is always tried.

use crate::record::path::{PathId, PathSet};
use crate::record::project::{Kind, text_mark};
use crate::record::view::{CUT_LENGTH, RecordView};

use super::program::{Check, Program, Slot, Source, Way};

/// Something that a record must have for one way of a pattern to match.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Anchor {
    /// One of these strings at the path.
    Texts(PathId, Vec<String>),
    /// Anything at the path.
    Present(PathId),
}

/// All filed patterns.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// What is filed under each path, by its id; paths behind the end have nothing.
    drawers: Vec<Drawer>,
    /// Texts that patterns are filed under: a hash table without buckets, at most half full.
    texts: Vec<Option<Filed>>,
    text_count: usize,
    always: Vec<u32>,
    /// Patterns filed under a path below each member that CloudTrail may leave out.
    below_omitted: [Vec<u32>; 4],
}

#[derive(Debug, Default)]
struct Drawer {
    is_used: bool,
    has_texts: bool,
    present: Vec<u32>,
}

/// The patterns filed under one text at one path.
#[derive(Debug)]
struct Filed {
    path: PathId,
    mark: u32,
    text: Box<str>,
    patterns: Vec<u32>,
}

impl Index {
    /// Files a pattern.
    pub(super) fn add(&mut self, pattern: u32, program: &Program, paths: &PathSet) {
        let Some(anchors) = anchors(program, paths) else {
            self.always.push(pattern);
            return;
        };
        for anchor in anchors {
            let (Anchor::Texts(path, _) | Anchor::Present(path)) = anchor;
            if let Some(root) = paths.omittable(path) {
                push_once(&mut self.below_omitted[root], pattern);
            }
            let drawer = self.drawer(path);
            match anchor {
                Anchor::Present(_) => push_once(&mut drawer.present, pattern),
                Anchor::Texts(_, texts) => {
                    drawer.has_texts = true;
                    for text in texts {
                        push_once(self.filed(path, text), pattern);
                    }
                }
            }
        }
    }

    fn drawer(&mut self, path: PathId) -> &mut Drawer {
        let slot = path.0 as usize;
        if self.drawers.len() <= slot {
            self.drawers.resize_with(slot + 1, Drawer::default);
        }
        let drawer = &mut self.drawers[slot];
        drawer.is_used = true;
        drawer
    }

    /// The patterns filed under a text, which is filed if it was not.
    fn filed(&mut self, path: PathId, text: String) -> &mut Vec<u32> {
        if (self.text_count + 1) * 2 > self.texts.len() {
            let length = (self.texts.len() * 2).max(64);
            let old = std::mem::take(&mut self.texts);
            self.texts.resize_with(length, || None);
            for filed in old.into_iter().flatten() {
                let slot = self.slot(filed.path, filed.mark, &filed.text);
                self.texts[slot] = Some(filed);
            }
        }
        let mark = text_mark(text.as_bytes());
        let slot = self.slot(path, mark, &text);
        let filed = &mut self.texts[slot];
        if filed.is_none() {
            self.text_count += 1;
        }
        let new = || Filed {
            path,
            mark,
            text: text.into(),
            patterns: Vec::new(),
        };
        &mut filed.get_or_insert_with(new).patterns
    }

    /// Where a text is filed, or would be.
    fn slot(&self, path: PathId, mark: u32, text: &str) -> usize {
        let mut slot = self.first_slot(path, mark);
        while let Some(filed) = &self.texts[slot]
            && (filed.path != path || *filed.text != *text)
        {
            slot = (slot + 1) & (self.texts.len() - 1);
        }
        slot
    }

    #[inline]
    fn first_slot(&self, path: PathId, mark: u32) -> usize {
        (mark ^ path.0.wrapping_mul(0x9E37_79B9)) as usize & (self.texts.len() - 1)
    }

    /// Calls `see` with every pattern that the record may match; some more than once.
    pub(super) fn candidates(&self, view: &RecordView<'_>, mut see: impl FnMut(u32)) {
        self.always.iter().copied().for_each(&mut see);
        for (patterns, is_omitted) in self.below_omitted.iter().zip(view.omitted_roots()) {
            if is_omitted {
                patterns.iter().copied().for_each(&mut see);
            }
        }
        let has_texts = |path: PathId| {
            let drawer = self.drawers.get(path.0 as usize);
            drawer.is_some_and(|drawer| drawer.has_texts)
        };
        for leaf in view.all_outlines(has_texts) {
            let Some(drawer) = self.drawers.get(leaf.path.0 as usize) else {
                continue;
            };
            if !drawer.is_used {
                continue;
            }
            drawer.present.iter().copied().for_each(&mut see);
            if !drawer.has_texts || leaf.kind != Kind::String {
                continue;
            }
            let mut slot = self.first_slot(leaf.path, leaf.mark);
            while let Some(filed) = &self.texts[slot] {
                let is_same = filed.mark == leaf.mark
                    && filed.path == leaf.path
                    && view.is_text(leaf, &filed.text);
                if is_same {
                    filed.patterns.iter().copied().for_each(&mut see);
                    break;
                }
                slot = (slot + 1) & (self.texts.len() - 1);
            }
        }
    }
}

fn push_once(patterns: &mut Vec<u32>, pattern: u32) {
    if patterns.last() != Some(&pattern) {
        patterns.push(pattern);
    }
}

/// One anchor for each way of the program; nothing if some way has none.
pub(super) fn anchors(program: &Program, paths: &PathSet) -> Option<Vec<Anchor>> {
    let best = |way: &Way| {
        way.slots
            .iter()
            .filter_map(|at| anchor(&program.slots[*at], paths))
            // The first of equals, so that the choice does not depend on the sort.
            .rev()
            .max_by_key(|anchor| selectivity(anchor, paths))
    };
    program.ways.iter().map(best).collect()
}

fn anchor(slot: &Slot, paths: &PathSet) -> Option<Anchor> {
    let Source::Path(path) = slot.source else {
        return None;
    };
    if slot.may_be_absent {
        return None;
    }
    let texts = exact_texts(slot)
        .filter(|texts| !paths.is_cut_at_1024(path) || texts.iter().all(|t| t.len() < CUT_LENGTH));
    Some(match texts {
        Some(texts) => Anchor::Texts(path, texts),
        None => Anchor::Present(path),
    })
}

/// The texts of a slot that takes nothing but single texts.
fn exact_texts(slot: &Slot) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for check in &slot.checks {
        match check {
            Check::Value(test) => all.push(test.exact_text()?.to_owned()),
            Check::Listed {
                roll,
                negated: false,
            } => all.extend(roll.exact_texts()?.map(str::to_owned)),
            _ => return None,
        }
    }
    Some(all)
}

/// How few records have this: a guess from what CloudTrail records look like.
/// It decides speed only, never an answer.
fn selectivity(anchor: &Anchor, paths: &PathSet) -> usize {
    const EVERYWHERE: [&str; 10] = [
        "awsRegion",
        "eventCategory",
        "eventSource",
        "eventType",
        "eventVersion",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "userIdentity.accountId",
        "userIdentity.type",
    ];
    const MANY_TYPES: [&str; 3] = ["AssumedRole", "AWSService", "IAMUser"];
    let many = |texts: &[String]| texts.len().min(90);
    match anchor {
        Anchor::Present(path) if EVERYWHERE.contains(&paths.name(*path)) => 0,
        Anchor::Present(_) => 50,
        Anchor::Texts(path, texts) => match paths.name(*path) {
            "eventName" => 1000 - many(texts),
            "errorCode" => 700 - many(texts),
            "eventSource" => 500 - many(texts),
            "userIdentity.type"
                if !texts.iter().any(|text| MANY_TYPES.contains(&text.as_str())) =>
            {
                450
            }
            name if EVERYWHERE.contains(&name) => 100 - many(texts),
            _ => 600 - many(texts),
        },
    }
}
