//! How a record that was read becomes part of the tree.

use super::super::content;
use super::cut::{Cut, Sheet, Stop, cut_record};
use super::{Fork, LEARNT, MOST_IN_ROWS, MOST_NODES, MOST_TEXT, NONE, Node, NodeId};
use super::{PATIENCE, REST, ROOT, Recall, Row, Then, Word};
use crate::record::likeness::Likeness;
use crate::record::path::PathSet;

impl Recall {
    /// Learns the record at `at`, which was read and found to be like others.
    #[cold]
    #[inline(never)]
    pub(in crate::record::project) fn learn(
        &mut self,
        paths: &PathSet,
        bytes: &[u8],
        at: usize,
        content_hash: u64,
        likeness: Likeness,
    ) {
        if self.rest > 0 {
            return;
        }
        self.patience -= LEARNT;
        if self.patience < 0 {
            self.forget();
            (self.patience, self.rest) = (PATIENCE, REST);
            return;
        }
        self.keep_to(likeness.round);
        if self.texts.len() > MOST_TEXT
            || self.nodes.len() > MOST_NODES
            || self.rows.length() > MOST_IN_ROWS
        {
            self.forget();
        }
        let Some(record) = cut_record(paths, &self.wanted, bytes, at) else {
            return;
        };
        debug_assert_eq!(record.sum, content_hash, "the reader adds up the same");
        if record.sum == content_hash {
            self.put(bytes, &record.members, &record.sheet, likeness.number);
        }
    }

    /// Adds what is new of a record.
    fn put(&mut self, bytes: &[u8], members: &[Sheet], record: &Sheet, kind: u32) -> Option<()> {
        if self.nodes.is_empty() {
            // The record comes first, but is known last.
            self.nodes.push(Node {
                text: 0,
                length: 0,
                then: Then::End(NONE),
            });
        }
        for sheet in members.iter().chain([record]) {
            self.learn_words(bytes, &sheet.cuts);
        }
        let mut ends = Vec::with_capacity(members.len());
        for member in members {
            let end = match self.root(&bytes[member.name.clone()]) {
                Some(root) => self.insert(bytes, root, member)?,
                None => {
                    let name = bytes[member.name.clone()].into();
                    self.roots.push((name, self.nodes.len() as NodeId));
                    self.append(bytes, &member.cuts, member.cuts[0].start, member.content);
                    self.ends.len() as u32 - 1
                }
            };
            ends.push(end);
        }
        let end = match self.nodes[ROOT as usize].then {
            Then::End(NONE) => {
                let start = record.cuts[0].start;
                let first = self.append(bytes, &record.cuts, start, record.content);
                self.nodes[ROOT as usize] = self.nodes[first as usize];
                self.ends.len() as u32 - 1
            }
            _ => self.insert(bytes, ROOT, record)?,
        };
        let mut row = Row::new();
        let mut members = members.iter().zip(ends);
        for cut in &record.cuts {
            match cut.stop {
                Stop::Told => row.push(self.word_end(bytes, cut)?)?,
                Stop::Member => {
                    let (member, end) = members.next()?;
                    let told = member.cuts.iter().filter(|cut| cut.stop == Stop::Told);
                    for cut in told {
                        row.push(self.word_end(bytes, cut)?)?;
                    }
                    row.push(end)?;
                }
                Stop::Text | Stop::Number | Stop::End => {}
            }
        }
        row.push(end)?;
        self.rows.add(&row, kind);
        Some(())
    }

    fn word_end(&self, bytes: &[u8], cut: &Cut) -> Option<u32> {
        self.word(bytes, cut)
            .map(|word| self.words.all[word as usize].end)
    }

    /// The word of a told text.
    fn word(&self, bytes: &[u8], cut: &Cut) -> Option<u32> {
        let text = &bytes[cut.text.0..=cut.text.1];
        self.words.find(&self.texts, cut.place, cut.hash, text)
    }

    fn learn_words(&mut self, bytes: &[u8], cuts: &[Cut]) {
        for cut in cuts.iter().filter(|cut| cut.stop == Stop::Told) {
            if self.word(bytes, cut).is_some() {
                continue;
            }
            let told = &bytes[cut.text.0..=cut.text.1];
            let text = self.keep_text(told);
            self.ends.push(content::text(cut.place, cut.hash));
            self.words.add(Word {
                place: cut.place,
                hash: cut.hash,
                text,
                length: told.len() as u32,
                end: self.ends.len() as u32 - 1,
            });
        }
    }

    /// Where the members with a name begin.
    fn root(&self, name: &[u8]) -> Option<NodeId> {
        let mut roots = self.roots.iter();
        roots.find(|known| *known.0 == *name).map(|known| known.1)
    }

    /// Follows a record or member as far as it is known, and adds the rest; its end.
    fn insert(&mut self, bytes: &[u8], root: NodeId, sheet: &Sheet) -> Option<u32> {
        let mut number = root;
        let mut cuts = &sheet.cuts[..];
        let mut start = cuts[0].start;
        loop {
            let cut = cuts[0];
            let node = self.nodes[number as usize];
            let known = &self.texts[node.text as usize..][..node.length as usize];
            let common = common(known, &bytes[start..cut.end]);
            start += common;
            if common < known.len() {
                self.divide(number, common);
                return self.branch(bytes, number, cuts, start, sheet.content);
            }
            let goes_on = start < cut.end;
            number = match (node.then, cut.stop) {
                (Then::Fork(fork), _) => match self.forks[fork as usize].find(bytes[start]) {
                    Some(next) => {
                        number = next;
                        continue;
                    }
                    None => return self.branch(bytes, number, cuts, start, sheet.content),
                },
                (Then::Text { next, empty, .. }, Stop::Text) if !goes_on => {
                    let next = if cut.is_empty { empty } else { next };
                    if next == NONE {
                        let new = self.append(bytes, &cuts[1..], cuts[1].start, sheet.content);
                        let then = &mut self.nodes[number as usize].then;
                        if let Then::Text { next, empty, .. } = then {
                            *(if cut.is_empty { empty } else { next }) = new;
                        }
                        return Some(self.ends.len() as u32 - 1);
                    }
                    next
                }
                (Then::Told { next, .. }, Stop::Told)
                | (Then::Number { next, .. }, Stop::Number)
                | (Then::Member { next, .. }, Stop::Member)
                    if !goes_on =>
                {
                    next
                }
                // Here a number or an object stood, and now something else does.
                (Then::Number { .. } | Then::Member { .. }, _) => {
                    self.divide(number, common);
                    return self.branch(bytes, number, cuts, start, sheet.content);
                }
                (Then::End(end), Stop::End) if !goes_on => return Some(end),
                // Nothing else can stand at the same place of valid records.
                _ => return None,
            };
            cuts = &cuts[1..];
            start = cuts[0].start;
        }
    }

    /// Cuts the passage of a node, so that something else may follow its first bytes.
    fn divide(&mut self, number: NodeId, length: usize) {
        let node = self.nodes[number as usize];
        let rest = Node {
            text: node.text + length as u32,
            length: node.length - length as u32,
            then: node.then,
        };
        let keys: &[u8] = match (rest.length, rest.then) {
            (0, Then::Number { .. }) => NUMBER_KEYS,
            (0, _) => b"{",
            _ => &[self.texts[rest.text as usize]],
        };
        let mut fork = Fork::new();
        let lower = self.nodes.len() as NodeId;
        keys.iter().for_each(|key| fork.add(*key, lower));
        self.nodes.push(rest);
        self.forks.push(fork);
        let upper = &mut self.nodes[number as usize];
        upper.length = length as u32;
        upper.then = Then::Fork(self.forks.len() as u32 - 1);
    }

    /// Adds the rest of a record, from `start` on, to the fork behind a node.
    fn branch(
        &mut self,
        bytes: &[u8],
        number: NodeId,
        cuts: &[Cut],
        start: usize,
        content: u64,
    ) -> Option<u32> {
        let Then::Fork(fork) = self.nodes[number as usize].then else {
            return None;
        };
        let fork = fork as usize;
        let cut = cuts[0];
        let keys: &[u8] = match cut.stop {
            Stop::Number if start == cut.end => NUMBER_KEYS,
            Stop::Member if start == cut.end => b"{",
            _ if start < cut.end => &[bytes[start]],
            _ => return None,
        };
        if keys.iter().any(|key| self.forks[fork].find(*key).is_some()) {
            return None;
        }
        let new = self.append(bytes, cuts, start, content);
        for key in keys {
            self.forks[fork].add(*key, new);
        }
        Some(self.ends.len() as u32 - 1)
    }

    /// Adds nodes for the rest of a record or member, and its end; the first of the nodes.
    fn append(&mut self, bytes: &[u8], cuts: &[Cut], start: usize, content: u64) -> NodeId {
        let first = self.nodes.len() as NodeId;
        self.ends.push(content);
        let mut start = start;
        for (at, cut) in cuts.iter().enumerate() {
            let then = self.then(bytes, cut, self.nodes.len() as NodeId + 1);
            let text = self.keep_text(&bytes[start..cut.end]);
            self.nodes.push(Node {
                text,
                length: (cut.end - start) as u32,
                then,
            });
            start = cuts.get(at + 1).map_or(0, |following| following.start);
        }
        first
    }

    /// What comes behind a passage that is new; the last end is its own.
    fn then(&self, bytes: &[u8], cut: &Cut, next: NodeId) -> Then {
        let place = cut.place;
        match cut.stop {
            Stop::Text => Then::Text {
                place,
                next: if cut.is_empty { NONE } else { next },
                empty: if cut.is_empty { next } else { NONE },
                wanted: self.wanted.get(cut.path as usize).copied().unwrap_or(0),
                is_plain: cut.path != NONE,
            },
            Stop::Number => Then::Number { place, next },
            Stop::Told => Then::Told {
                place,
                next,
                last: self.word(bytes, cut).unwrap_or(0),
            },
            Stop::Member => Then::Member {
                root: self.root(&bytes[cut.text.0..cut.text.1]).unwrap_or(NONE),
                next,
                score: super::TRIAL,
            },
            Stop::End => Then::End(self.ends.len() as u32 - 1),
        }
    }

    fn keep_text(&mut self, text: &[u8]) -> u32 {
        let at = self.texts.len() - super::BLOCK;
        self.texts.truncate(at);
        self.texts.extend_from_slice(text);
        self.texts.resize(at + text.len() + super::BLOCK, 0);
        at as u32
    }
}

/// What a number may begin with.
const NUMBER_KEYS: &[u8] = b"-0123456789";

/// How many first bytes are the same.
fn common(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.chunks(32).zip(other.chunks(32));
    let same = 32 * blocks.take_while(|(one, other)| one == other).count();
    let same = same.min(one.len()).min(other.len());
    let rest = one[same..].iter().zip(&other[same..]);
    same + rest.take_while(|(one, other)| one == other).count()
}
