//! The fast reader of JSON against a slow and obvious one, on valid, odd and
//! broken texts: the same are accepted, the same values are found, and hashes
//! are equal exactly where the content is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use attestrail::record::path::{PathId, PathSet, core};
use attestrail::record::project::{Kind, Projector};
use attestrail::record::view::RecordView;
use proptest::prelude::*;

use crate::recalled::read_and_recall;
use crate::slow_json::slow;

const NAMES: [&str; 12] = [
    "a",
    "b",
    "eventName",
    "userIdentity",
    "",
    "é",
    "a name of more than thirty-two bytes, one",
    "a name of more than thirty-two bytes, two",
    "a name of exactly thirty bytes",
    "q\"",
    "type",
    "\u{1F600}",
];

/// Paths whose strings are handed out of records that are recalled.
const RECALLED: [PathId; 2] = [core::EVENT_ID, core::IDENTITY_ARN];

fn paths() -> PathSet {
    let mut set = PathSet::new();
    for one in NAMES.iter().filter(|name| !name.is_empty()) {
        set.intern(one);
        for two in NAMES.iter().filter(|name| !name.is_empty()) {
            set.intern(&format!("{one}.{two}"));
        }
    }
    set
}

fn fast_leaves(text: &str, projector: &Projector<'_>) -> Vec<(String, String)> {
    let view = RecordView::new(text.as_bytes(), projector);
    let shown = |kind: Kind, raw: String| match kind {
        Kind::Object => "object".to_owned(),
        Kind::Array => "array".to_owned(),
        Kind::String => format!("text {raw}"),
        _ => raw,
    };
    projector
        .all_leaves()
        .iter()
        .map(|leaf| {
            let name = projector.paths().name(leaf.path).to_owned();
            (name, shown(leaf.kind, view.text_of(leaf).into_owned()))
        })
        .collect()
}

/// Reads with a reader that has read other texts before, as in a scan, and
/// with a new one; both must say the same.
fn compare(text: &str, used: &mut Projector<'_>) -> Result<Option<(String, u64)>, TestCaseError> {
    // The reader is given the place of a value; blanks around it are for its caller.
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let mut new = Projector::new(used.paths());
    let whole = |read: Result<usize, _>| match read {
        Ok(end) if end == text.len() => Ok(true),
        Ok(_) => Ok(false),
        Err(fault) => Err(fault),
    };
    let first = whole(new.read(text.as_bytes(), 0));
    let again = whole(read_and_recall(text, used, &RECALLED).0);
    prop_assert_eq!(&first, &again, "{}", text);
    let expected = slow(text);
    prop_assert_eq!(
        first == Ok(true),
        expected.is_some(),
        "{} {:?}",
        text,
        first
    );
    let Some(expected) = expected else {
        return Ok(None);
    };
    prop_assert_eq!(new.content_hash(), used.content_hash(), "{}", text);
    let mut leaves = Vec::new();
    expected.leaves(None, &mut leaves);
    leaves.retain(|(path, _)| used.paths().get(path).is_some());
    prop_assert_eq!(&fast_leaves(text, used), &leaves, "{}", text);
    prop_assert_eq!(&fast_leaves(text, &new), &leaves, "{}", text);
    for path in (0..used.paths().len()).map(|at| attestrail::record::path::PathId(at as u32)) {
        let linked: Vec<_> = used.leaves(path).map(|leaf| leaf.start).collect();
        let all = used.all_leaves().iter().filter(|leaf| leaf.path == path);
        prop_assert_eq!(linked, all.map(|leaf| leaf.start).collect::<Vec<_>>());
    }
    let mut canonical = String::new();
    expected.canonical(&mut canonical);
    Ok(Some((canonical, used.content_hash())))
}

/// A text as JSON may spell it.
fn spelled(text: &str, roll: &mut impl FnMut() -> usize) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            _ if roll().is_multiple_of(20) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("a string takes all");
                }
            }
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            other if (other as u32) < 0x20 => {
                write!(out, "\\u{:04X}", other as u32).expect("a string takes all");
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A made-up value; `seed` decides the content, `style` the spelling.
struct Maker {
    seed: u64,
    style: u64,
}

fn next(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

impl Maker {
    fn space(&mut self) -> &'static str {
        match next(&mut self.style) % 12 {
            0 => " ",
            1 => "\n\t",
            _ => "",
        }
    }

    fn value(&mut self, depth: usize, out: &mut String) {
        let kind = next(&mut self.seed) % if depth > 4 { 6 } else { 9 };
        match kind {
            0 => out.push_str("null"),
            1 => out.push_str(["true", "false"][next(&mut self.seed) % 2]),
            2 => out.push_str(
                [
                    "0",
                    "-1",
                    "1",
                    "1.0",
                    "1e5",
                    "-0.5E-3",
                    "12345678901234567890",
                ][next(&mut self.seed) % 7],
            ),
            3..=5 => {
                let length = [0, 1, 5, 15, 16, 17, 30, 31, 32, 33, 63, 64, 65, 200]
                    [next(&mut self.seed) % 14];
                let text: String = (0..length)
                    .map(|_| match next(&mut self.seed) % 40 {
                        0 => '"',
                        1 => '\\',
                        2 => 'é',
                        3 => '\n',
                        4 => '\u{1F600}',
                        roll => (b'a' + (roll % 26) as u8) as char,
                    })
                    .collect();
                out.push_str(&spelled(&text, &mut || next(&mut self.style)));
            }
            6 => {
                out.push('[');
                let count = next(&mut self.seed) % 4;
                for at in 0..count {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(self.space());
                    self.value(depth + 1, out);
                    out.push_str(self.space());
                }
                out.push(']');
            }
            _ => self.object(depth, out),
        }
    }

    fn object(&mut self, depth: usize, out: &mut String) {
        let count = match next(&mut self.seed) % 60 {
            0 => 97 + next(&mut self.seed) % 8,
            roll => roll % 8,
        };
        let mut members = Vec::new();
        for at in 0..count {
            let name = match count > 20 {
                true => format!("m{at}"),
                false => NAMES[next(&mut self.seed) % NAMES.len()].to_owned(),
            };
            let twice = next(&mut self.seed).is_multiple_of(50);
            if !twice && members.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let mut value = String::new();
            if count > 20 {
                value.push('1');
            } else {
                self.value(depth + 1, &mut value);
            }
            members.push((name, value));
        }
        // The order is a matter of style, except for a member that stands twice.
        for at in (1..members.len()).rev() {
            if next(&mut self.style).is_multiple_of(3) {
                members.swap(at, next(&mut self.style) % (at + 1));
            }
        }
        out.push('{');
        for (at, (name, value)) in members.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(self.space());
            out.push_str(&spelled(name, &mut || next(&mut self.style)));
            out.push_str(self.space());
            out.push(':');
            out.push_str(self.space());
            out.push_str(value);
            out.push_str(self.space());
        }
        out.push('}');
    }
}

fn made(seed: u64, style: u64) -> String {
    let mut text = String::new();
    Maker { seed, style }.object(0, &mut text);
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_fast_reader_says_what_the_slow_one_says(
        seeds in prop::collection::vec((0..30u64, any::<u64>()), 1..12),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let set = paths();
        let mut used = Projector::new(&set).recalling(&RECALLED);
        let mut by_content: BTreeMap<String, u64> = BTreeMap::new();
        let mut by_hash: BTreeMap<u64, String> = BTreeMap::new();
        // Few contents in many spellings, each also damaged.
        for (seed, style) in seeds {
            let text = made(seed, style);
            if let Some((content, hash)) = compare(&text, &mut used)? {
                prop_assert_eq!(*by_content.entry(content.clone()).or_insert(hash), hash);
                prop_assert_eq!(by_hash.entry(hash).or_insert(content.clone()), &content);
            }
            let mut bytes = text.into_bytes();
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = match byte % 4 {
                    0 => b"{}[]\",:\\"[usize::from(byte / 4) % 8],
                    1 => b"0123456789eE.-+tfn u"[usize::from(byte / 4) % 20],
                    _ => byte & 0x7F,
                };
                if let Ok(damaged) = std::str::from_utf8(&bytes) {
                    compare(damaged, &mut used)?;
                }
            }
        }
    }
}

#[test]
fn an_object_that_stands_again_reads_the_same() {
    let set = paths();
    let mut used = Projector::new(&set).recalling(&RECALLED);
    let identity = |name: &str| {
        format!(
            r#"{{"type":"{name}","a":"{}","é":{{"type":true}},"b":null}}"#,
            "long enough to be remembered, ".repeat(4)
        )
    };
    for round in 0..400 {
        let name = ["x", "y", "zz"][round % 3];
        let front = " ".repeat(round % 5);
        let text = format!(
            r#"{{{front}"eventName":"n{round}","userIdentity":{},"b":[{{"a":{round}}}],"a":{}}}"#,
            identity(name),
            identity("x"),
        );
        compare(&text, &mut used).expect("both agree");
    }
}

#[test]
fn more_shapes_than_are_remembered_are_read_all_the_same() {
    let set = paths();
    let mut used = Projector::new(&set).recalling(&RECALLED);
    for round in 0..2_000 {
        let members: Vec<String> = (0..20)
            .map(|at| format!(r#""k{round}-{at}":{{"a":{at}}}"#))
            .collect();
        let text = format!(r#"{{"a":"x",{},"b":1}}"#, members.join(","));
        if round % 40 == 0 {
            compare(&text, &mut used).expect("both agree");
        } else {
            assert_eq!(used.read(text.as_bytes(), 0), Ok(text.len()));
        }
        let twice = text.replace("-19\"", "-3\"");
        assert!(used.read(twice.as_bytes(), 0).is_err());
    }
}
