//! A record, cut into passages and what is between them.

use std::ops::Range;

use super::super::{as_str, content, end_of, hash_text, read_plain, read_string, skip_space};
use super::NONE;
use crate::record::likeness::is_told;
use crate::record::path::{NodeId as PathNode, PathId, PathSet, core};
use crate::record::project::Kind;
use crate::record::text;

/// What ends a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Text,
    Number,
    Told,
    Member,
    End,
}

/// A passage of the record that is learnt, and what is behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stop: Stop,
    pub(super) place: u64,
    pub(super) path: u32,
    pub(super) is_empty: bool,
    /// Of told texts: the hash.
    pub(super) hash: u64,
    /// Of told texts: where they stand. Of members: where their names do.
    pub(super) text: (usize, usize),
}

/// The passages of a record or of a member that is an object.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// Of a member: its name, as it is spelled.
    pub(super) name: Range<usize>,
    pub(super) cuts: Vec<Cut>,
    /// What the passages add to the content.
    pub(super) content: u64,
}

/// A record in pieces.
pub(super) struct Pieces {
    pub(super) sheet: Sheet,
    /// Its members that are objects.
    pub(super) members: Vec<Sheet>,
    /// The hash of its content.
    pub(super) sum: u64,
}

/// Cuts the valid record at `at`; nothing if it holds what no passage or blank can say.
/// `wanted` says for each path whether strings at it are handed out.
pub(super) fn cut_record(
    paths: &PathSet,
    wanted: &[u8],
    bytes: &[u8],
    at: usize,
) -> Option<Pieces> {
    let mut cutter = Cutter {
        paths,
        wanted,
        bytes,
        at,
        start: at,
        sheet: Sheet::default(),
        members: Vec::new(),
        filled: 0,
        name: 0..0,
        is_odd: false,
    };
    cutter.value(0, content::TOP, Some(PathSet::ROOT));
    cutter.cut(Stop::End, 0, NONE, false);
    let sheets = cutter.members.iter().chain([&cutter.sheet]);
    let sum = sheets.fold(cutter.filled, |sum, sheet| sum.wrapping_add(sheet.content));
    (!cutter.is_odd).then_some(Pieces {
        sheet: cutter.sheet,
        members: cutter.members,
        sum,
    })
}

/// Goes through a valid record and cuts it into passages.
struct Cutter<'c> {
    paths: &'c PathSet,
    wanted: &'c [u8],
    bytes: &'c [u8],
    at: usize,
    start: usize,
    /// What is being cut.
    sheet: Sheet,
    /// The members that are objects.
    members: Vec<Sheet>,
    /// What the blanks and the told texts add to the content.
    filled: u64,
    /// The name of the member of the record that it is in.
    name: Range<usize>,
    /// Whether it holds what no passage or blank can say.
    is_odd: bool,
}

impl Cutter<'_> {
    /// Ends the passage where the reader is.
    fn cut(&mut self, stop: Stop, place: u64, path: u32, is_empty: bool) {
        self.sheet.cuts.push(Cut {
            start: self.start,
            end: self.at,
            stop,
            place,
            path,
            is_empty,
            hash: 0,
            text: (0, 0),
        });
        self.start = self.at;
    }

    /// Whether values at a path are handed out: those in passages cannot be.
    fn is_wanted(&self, path: u32) -> bool {
        self.wanted
            .get(path as usize)
            .is_some_and(|wanted| *wanted > 0)
    }

    fn skip_space(&mut self) {
        self.at = skip_space(self.bytes, self.at);
    }

    /// The value at a place, at this node of the trie of paths.
    fn value(&mut self, depth: usize, place: u64, node: Option<PathNode>) {
        let path = node.map_or(NONE, |node| end_of(self.paths, node));
        let is_literal = path != NONE && is_told(PathId(path));
        // What was left out is a matter of values, see `RecordView::alike`.
        let is_mark = |pair: &(PathId, PathId)| pair.0.0 == path || pair.1.0 == path;
        self.is_odd |= path != NONE && core::OMITTED.iter().any(is_mark);
        match self.bytes[self.at] {
            b'"' => {
                let string = read_string::<false>(self.bytes, self.at).expect("it is valid");
                let added = content::text(place, string.hash);
                // A text with escapes at a path is another kind of value, see `Leaf::form`.
                self.is_odd |= string.escaped && path != NONE;
                self.is_odd |= is_literal && self.is_wanted(path);
                self.at += 1;
                if is_literal {
                    self.cut(Stop::Told, place, path, false);
                    if let Some(cut) = self.sheet.cuts.last_mut() {
                        (cut.hash, cut.text) = (string.hash, (self.at, string.end));
                    }
                    self.filled = self.filled.wrapping_add(added);
                    (self.at, self.start) = (string.end + 1, string.end);
                    return;
                }
                let is_empty = string.end == self.at;
                self.cut(Stop::Text, place, path, is_empty);
                self.filled = self.filled.wrapping_add(added);
                (self.at, self.start) = (string.end + 1, string.end);
            }
            b'{' if depth == 1 => {
                self.cut(Stop::Member, 0, NONE, false);
                if let Some(cut) = self.sheet.cuts.last_mut() {
                    cut.text = (self.name.start, self.name.end);
                }
                let record = std::mem::take(&mut self.sheet);
                self.sheet.name = self.name.clone();
                self.container(depth, place, node);
                self.cut(Stop::End, 0, NONE, false);
                self.members
                    .push(std::mem::replace(&mut self.sheet, record));
            }
            b'{' | b'[' => self.container(depth, place, node),
            first => {
                let (kind, end, hash) =
                    read_plain(self.bytes, self.at, first).expect("it is valid");
                let added = content::value(place, hash);
                if kind == Kind::Number && !is_literal {
                    self.cut(Stop::Number, place, path, false);
                    self.filled = self.filled.wrapping_add(added);
                    self.start = end;
                } else {
                    self.sheet.content = self.sheet.content.wrapping_add(added);
                }
                self.at = end;
            }
        }
    }

    fn container(&mut self, depth: usize, place: u64, node: Option<PathNode>) {
        let is_object = self.bytes[self.at] == b'{';
        let mut count = 0;
        self.at += 1;
        self.skip_space();
        while !matches!(self.bytes[self.at], b'}' | b']') {
            if is_object {
                let (hash, child) = self.name(depth, node);
                self.value(depth + 1, content::member(place, hash), child);
            } else {
                self.value(depth + 1, content::element(place, count), node);
            }
            count += 1;
            self.skip_space();
            if self.bytes[self.at] == b',' {
                self.at += 1;
                self.skip_space();
            }
        }
        self.at += 1;
        let added = content::container(place, is_object, count);
        self.sheet.content = self.sheet.content.wrapping_add(added);
    }

    /// Goes to the value of a member; the hash of its name and where its value stands.
    fn name(&mut self, depth: usize, node: Option<PathNode>) -> (u64, Option<PathNode>) {
        let name = read_string::<false>(self.bytes, self.at).expect("it is valid");
        if depth == 0 {
            self.name = self.at + 1..name.end;
        }
        let raw = as_str(&self.bytes[self.at + 1..name.end]);
        let unescaped = text::unescape(raw);
        let hash = hash_text(unescaped.as_bytes());
        let child = node.and_then(|node| self.paths.child(node, unescaped.as_bytes(), hash));
        self.at = skip_space(self.bytes, name.end + 1) + 1;
        self.skip_space();
        (hash, child)
    }
}
