//! One forward pass over one JSON value: validates it, and notes the values
//! that the loaded controls and the record model ask for.
//!
//! Nothing is copied and no tree is built; a [`Leaf`] points into the bytes of
//! the log file. What a parser could read in two ways is refused here (a member
//! name twice in one object, a lone surrogate, raw control characters, nesting
//! beyond [`MAX_DEPTH`]), because evidence must not depend on the tool that
//! reads it. The bytes must already be known to be UTF-8.

use std::borrow::Cow;

use super::path::{NodeId, PathId, PathSet, hash_name};
use super::text;

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
}

/// One step of array membership: element `index` of array `array`, inside `parent`.
#[derive(Debug, Clone, Copy)]
struct Trail {
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

struct Frame {
    is_object: bool,
    node: Option<NodeId>,
    /// The trail that values directly inside have (objects: the object's own).
    trail: u32,
    array: u32,
    index: u32,
    hash: u64,
    first_member: usize,
    pending_name: u64,
    container_leaf: u32,
}

/// The reusable reader of one thread; holds the projection of the last value it read.
pub struct Projector<'set> {
    paths: &'set PathSet,
    leaves: Vec<Leaf>,
    trails: Vec<Trail>,
    heads: Vec<u32>,
    tails: Vec<u32>,
    touched: Vec<PathId>,
    frames: Vec<Frame>,
    /// Member names of the open objects: hash, start, end of the raw text.
    members: Vec<(u64, u32, u32)>,
    arrays: u32,
    content_hash: u64,
}

impl<'set> Projector<'set> {
    /// A reader that notes the values at `paths`.
    pub fn new(paths: &'set PathSet) -> Self {
        Projector {
            paths,
            leaves: Vec::new(),
            trails: Vec::new(),
            heads: vec![NONE; paths.len()],
            tails: vec![NONE; paths.len()],
            touched: Vec::new(),
            frames: Vec::new(),
            members: Vec::new(),
            arrays: 0,
            content_hash: 0,
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

    /// All values at `path`, in the order in which they stand.
    pub fn leaves(&self, path: PathId) -> impl Iterator<Item = &Leaf> + Clone {
        let mut at = self.heads.get(path.0 as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let leaf = self.leaves.get(at as usize)?;
            at = leaf.next;
            Some(leaf)
        })
    }

    /// The paths that the last value has something at, each once, in order of first appearance.
    pub fn touched(&self) -> &[PathId] {
        &self.touched
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
        for path in self.touched.drain(..) {
            self.heads[path.0 as usize] = NONE;
            self.tails[path.0 as usize] = NONE;
        }
        self.leaves.clear();
        self.trails.clear();
        self.frames.clear();
        self.members.clear();
        self.arrays = 0;
        self.content_hash = 0;
    }

    fn run(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        let mut at = at;
        let mut node = Some(PathSet::ROOT);
        let mut trail = NONE;
        loop {
            // A value begins at `at`.
            let Some(&first) = bytes.get(at) else {
                return fault(FaultKind::Truncated, at);
            };
            let hash = match first {
                b'{' | b'[' => {
                    if self.frames.len() == MAX_DEPTH {
                        return fault(FaultKind::TooDeep, at);
                    }
                    at = self.open(first == b'{', node, trail, at);
                    at = skip_space(bytes, at);
                    let close = if first == b'{' { b'}' } else { b']' };
                    if bytes.get(at) != Some(&close) {
                        (at, node, trail) = self.enter(bytes, at)?;
                        continue;
                    }
                    at += 1;
                    self.close(bytes, at)?
                }
                b'"' => {
                    let string = read_string(bytes, at)?;
                    self.note(
                        node,
                        Kind::String,
                        string.escaped,
                        string.start,
                        string.end,
                        trail,
                    );
                    at = string.end + 1;
                    string.hash(bytes)
                }
                b't' => {
                    let end = read_word(bytes, at, b"true")?;
                    self.note(node, Kind::True, false, at, end, trail);
                    at = end;
                    2
                }
                b'f' => {
                    let end = read_word(bytes, at, b"false")?;
                    self.note(node, Kind::False, false, at, end, trail);
                    at = end;
                    3
                }
                b'n' => {
                    let end = read_word(bytes, at, b"null")?;
                    self.note(node, Kind::Null, false, at, end, trail);
                    at = end;
                    4
                }
                _ => {
                    let end = read_number(bytes, at)?;
                    self.note(node, Kind::Number, false, at, end, trail);
                    let hash = mix(5, rapidhash::v3::rapidhash_v3(&bytes[at..end]));
                    at = end;
                    hash
                }
            };
            // A value with this hash ended at `at`: close what ends with it.
            let mut hash = hash;
            loop {
                let Some(frame) = self.frames.last_mut() else {
                    self.content_hash = hash;
                    return Ok(at);
                };
                frame.hash = if frame.is_object {
                    frame.hash.wrapping_add(mix(frame.pending_name, hash))
                } else {
                    mix(frame.hash, hash)
                };
                frame.index += 1;
                at = skip_space(bytes, at);
                let is_object = frame.is_object;
                match bytes.get(at) {
                    Some(b',') => {
                        at = skip_space(bytes, at + 1);
                        (at, node, trail) = self.enter(bytes, at)?;
                        break;
                    }
                    Some(b'}') if is_object => {
                        at += 1;
                        hash = self.close(bytes, at)?;
                    }
                    Some(b']') if !is_object => {
                        at += 1;
                        hash = self.close(bytes, at)?;
                    }
                    Some(_) => {
                        return fault(
                            FaultKind::Syntax("expected `,` or the end of the object or array"),
                            at,
                        );
                    }
                    None => return fault(FaultKind::Truncated, at),
                }
            }
        }
    }

    fn open(&mut self, is_object: bool, node: Option<NodeId>, trail: u32, at: usize) -> usize {
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let container_leaf = self.note(node, kind, false, at, at, trail);
        let array = self.arrays;
        self.arrays += u32::from(!is_object);
        self.frames.push(Frame {
            is_object,
            node,
            trail,
            array,
            index: 0,
            hash: if is_object { 6 } else { 7 },
            first_member: self.members.len(),
            pending_name: 0,
            container_leaf,
        });
        at + 1
    }

    /// Steps to the next value of the innermost frame; `at` is at a member name or an element.
    fn enter(&mut self, bytes: &[u8], at: usize) -> Result<(usize, Option<NodeId>, u32), Fault> {
        let most = self.leaves.len().max(self.trails.len());
        if most.max(self.members.len()) >= MAX_VALUES {
            return fault(FaultKind::TooManyValues, at);
        }
        let frame = self
            .frames
            .last_mut()
            .expect("called inside an object or array");
        if !frame.is_object {
            let trail = if frame.node.is_some() {
                self.trails.push(Trail {
                    parent: frame.trail,
                    array: frame.array,
                    index: frame.index,
                });
                (self.trails.len() - 1) as u32
            } else {
                NONE
            };
            return Ok((at, frame.node, trail));
        }
        match bytes.get(at) {
            Some(b'"') => {}
            Some(_) => return fault(FaultKind::Syntax("expected a member name in quotes"), at),
            None => return fault(FaultKind::Truncated, at),
        }
        let name = read_string(bytes, at)?;
        let raw = &bytes[name.start..name.end];
        let unescaped = if name.escaped {
            Cow::Owned(text::unescape(as_str(raw)).into_owned().into_bytes())
        } else {
            Cow::Borrowed(raw)
        };
        let hash = hash_name(&unescaped);
        frame.pending_name = hash;
        self.members
            .push((hash, name.start as u32, name.end as u32));
        let node = frame
            .node
            .and_then(|node| self.paths.child(node, &unescaped, hash));
        let at = skip_space(bytes, name.end + 1);
        match bytes.get(at) {
            Some(b':') => Ok((skip_space(bytes, at + 1), node, frame.trail)),
            Some(_) => fault(FaultKind::Syntax("expected `:` behind a member name"), at),
            None => fault(FaultKind::Truncated, at),
        }
    }

    fn close(&mut self, bytes: &[u8], end: usize) -> Result<u64, Fault> {
        let frame = self.frames.pop().expect("called inside an object or array");
        if frame.is_object {
            refuse_duplicates(bytes, &mut self.members[frame.first_member..])?;
            self.members.truncate(frame.first_member);
        }
        if let Some(leaf) = self.leaves.get_mut(frame.container_leaf as usize) {
            leaf.end = end as u32;
        }
        Ok(mix(frame.hash, u64::from(frame.index)))
    }

    fn note(
        &mut self,
        node: Option<NodeId>,
        kind: Kind,
        escaped: bool,
        start: usize,
        end: usize,
        trail: u32,
    ) -> u32 {
        let Some(path) = node.and_then(|node| self.paths.end(node)) else {
            return NONE;
        };
        let at = self.leaves.len() as u32;
        self.leaves.push(Leaf {
            path,
            kind,
            escaped,
            start: start as u32,
            end: end as u32,
            trail,
            next: NONE,
        });
        let slot = path.0 as usize;
        if self.heads[slot] == NONE {
            self.heads[slot] = at;
            self.touched.push(path);
        } else {
            self.leaves[self.tails[slot] as usize].next = at;
        }
        self.tails[slot] = at;
        at
    }
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

struct RawString {
    start: usize,
    end: usize,
    escaped: bool,
}

impl RawString {
    fn hash(&self, bytes: &[u8]) -> u64 {
        let raw = &bytes[self.start..self.end];
        let hash = if self.escaped {
            hash_name(text::unescape(as_str(raw)).as_bytes())
        } else {
            rapidhash::v3::rapidhash_v3(raw)
        };
        mix(1, hash)
    }
}

fn read_string(bytes: &[u8], at: usize) -> Result<RawString, Fault> {
    let start = at + 1;
    let mut place = start;
    let mut escaped = false;
    loop {
        place = plain_until(bytes, place);
        match bytes.get(place) {
            Some(b'"') => {
                return Ok(RawString {
                    start,
                    end: place,
                    escaped,
                });
            }
            Some(b'\\') => {
                escaped = true;
                place = read_escape(bytes, place)?;
            }
            Some(byte) if *byte < 0x20 => {
                return fault(
                    FaultKind::Syntax("a control character inside a string"),
                    place,
                );
            }
            Some(_) => place += 1,
            None => return fault(FaultKind::Truncated, place),
        }
    }
}

/// The first offset from `at` on that is a quote, a backslash or a control
/// character, or near the end of the bytes: eight bytes at a time.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(eight) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        // A byte is below n if subtracting n borrows and its own high bit is clear.
        // Borrows spoil only bytes above the first true one, which is all that counts.
        let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
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
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
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

fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD6E8_FEB8_6659_FD93);
    (wide as u64) ^ ((wide >> 64) as u64)
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
        for length in 0..40 {
            for special in [
                "\u{1f}", "\u{0}", "\"", "\\", "\u{7f}", "é", "\u{80}", "!", " ", "#", "]", "[",
            ] {
                let text = format!("{}{special}{}", "é".repeat(length / 3), "x".repeat(length));
                let slow = |bytes: &[u8]| {
                    bytes
                        .iter()
                        .position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
                        .unwrap_or(bytes.len())
                };
                for from in 0..=text.len() {
                    let bytes = &text.as_bytes()[from..];
                    let mut fast = plain_until(bytes, 0);
                    fast += slow(&bytes[fast..]);
                    assert_eq!(fast, slow(bytes), "{text:?} from {from}");
                    assert!(
                        plain_until(bytes, 0) + 8 > slow(bytes)
                            || slow(bytes) == plain_until(bytes, 0)
                    );
                }
            }
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
