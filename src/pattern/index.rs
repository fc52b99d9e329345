//! Which patterns a record can match at all: each pattern is filed under values
//! or fields that it cannot do without, and only those that the record touches
//! are tried. Filing too broadly costs time, filing too narrowly would lose
//! matches; so a pattern that cannot be filed is always tried.

use rapidhash::RapidHashMap;

use crate::record::path::{PathId, PathSet};
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

const NOT_FILED: u32 = u32::MAX;

/// All filed patterns.
#[derive(Debug, Default)]
pub(super) struct Index {
    drawers: Vec<Drawer>,
    /// The drawer of each path, or [`NOT_FILED`].
    drawer_of: Vec<u32>,
    always: Vec<u32>,
    /// Patterns filed under a path below each member that CloudTrail may leave out.
    below_omitted: [Vec<u32>; 4],
}

#[derive(Debug, Default)]
struct Drawer {
    by_text: RapidHashMap<Box<str>, Vec<u32>>,
    present: Vec<u32>,
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
                    for text in texts {
                        push_once(drawer.by_text.entry(text.into()).or_default(), pattern);
                    }
                }
            }
        }
    }

    fn drawer(&mut self, path: PathId) -> &mut Drawer {
        let slot = path.0 as usize;
        if self.drawer_of.len() <= slot {
            self.drawer_of.resize(slot + 1, NOT_FILED);
        }
        if self.drawer_of[slot] == NOT_FILED {
            self.drawer_of[slot] = self.drawers.len() as u32;
            self.drawers.push(Drawer::default());
        }
        &mut self.drawers[self.drawer_of[slot] as usize]
    }

    /// Calls `see` with every pattern that the record may match; some more than once.
    pub(super) fn candidates(&self, view: &RecordView<'_>, mut see: impl FnMut(u32)) {
        self.always.iter().copied().for_each(&mut see);
        for (patterns, is_omitted) in self.below_omitted.iter().zip(view.omitted_roots()) {
            if is_omitted {
                patterns.iter().copied().for_each(&mut see);
            }
        }
        for path in view.touched() {
            let Some(drawer) = self
                .drawer_of
                .get(path.0 as usize)
                .and_then(|at| self.drawers.get(*at as usize))
            else {
                continue;
            };
            drawer.present.iter().copied().for_each(&mut see);
            if drawer.by_text.is_empty() {
                continue;
            }
            for text in view.texts(*path) {
                if let Some(patterns) = drawer.by_text.get(&*text) {
                    patterns.iter().copied().for_each(&mut see);
                }
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
