//! The slow, obvious matcher that the fast one must agree with.
//!
//! Written from the specification alone, over parsed values and with none of
//! the engine's parts: it lists all values of the event, all branches of the
//! pattern and all ways to choose values, and tries them one after the other.
//! It takes patterns that were accepted, events without gaps, and numbers that
//! a double holds; it is for tests, never for records.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::list::{ListEntry, ListTest, Lists};

/// Whether `event` matches `pattern`; dated list entries are judged at `time`.
pub fn matches(pattern: &Value, event: &Value, lists: &Lists, time: i64) -> bool {
    let event = Event {
        values: flatten(event),
        lists,
        time,
    };
    let Value::Object(pattern) = pattern else {
        return false;
    };
    branches(pattern, "")
        .iter()
        .any(|branch| event.satisfies(&branch.iter().collect::<Vec<_>>(), &BTreeMap::new()))
}

/// For each array, the element.
type Elements = BTreeMap<usize, usize>;

struct Leaf<'v> {
    path: String,
    value: &'v Value,
    elements: Elements,
}

fn flatten(event: &Value) -> Vec<Leaf<'_>> {
    let mut out = Vec::new();
    walk(event, None, &Elements::new(), &mut 0, &mut out);
    out
}

fn walk<'v>(
    value: &'v Value,
    path: Option<&str>,
    elements: &Elements,
    arrays: &mut usize,
    out: &mut Vec<Leaf<'v>>,
) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = match path {
                    Some(path) => format!("{path}.{name}"),
                    None => name.clone(),
                };
                walk(member, Some(&path), elements, arrays, out);
            }
        }
        Value::Array(members) => {
            let array = *arrays;
            *arrays += 1;
            for (at, member) in members.iter().enumerate() {
                let mut inside = elements.clone();
                if member.is_object() || member.is_array() {
                    inside.insert(array, at);
                }
                walk(member, path, &inside, arrays, out);
            }
        }
        _ => out.extend(path.map(|path| Leaf {
            path: path.to_owned(),
            value,
            elements: elements.clone(),
        })),
    }
}

/// Every branch: the tests of each path, by path in the order of UTF-16 units.
fn branches<'p>(
    pattern: &'p Map<String, Value>,
    prefix: &str,
) -> Vec<BTreeMap<Vec<u16>, (String, &'p Value)>> {
    let mut all = vec![BTreeMap::new()];
    for (name, value) in pattern {
        let alternatives: Vec<_> = match value {
            Value::Array(choices) if name == "$or" => choices
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|choice| branches(choice, prefix))
                .collect(),
            Value::Object(members) => branches(members, &format!("{prefix}{name}.")),
            tests => {
                let path = format!("{prefix}{name}");
                vec![BTreeMap::from([(
                    path.encode_utf16().collect(),
                    (path, tests),
                )])]
            }
        };
        all = all
            .iter()
            .flat_map(|left| {
                alternatives.iter().map(|right| {
                    let mut joined: BTreeMap<_, _> = left.clone();
                    joined.extend(right.clone());
                    joined
                })
            })
            .collect();
    }
    all
}

struct Event<'v> {
    values: Vec<Leaf<'v>>,
    lists: &'v Lists,
    time: i64,
}

impl Event<'_> {
    fn satisfies(&self, fields: &[(&Vec<u16>, &(String, &Value))], fixed: &Elements) -> bool {
        let Some(((_, (path, tests)), rest)) = fields.split_first() else {
            return true;
        };
        let tests = tests.as_array().map_or(&[][..], Vec::as_slice);
        let in_reach: Vec<_> = self
            .values
            .iter()
            .filter(|leaf| leaf.path == *path && is_consistent(fixed, &leaf.elements))
            .collect();
        let found = in_reach.iter().any(|leaf| {
            let mut fixed = fixed.clone();
            fixed.extend(&leaf.elements);
            tests.iter().any(|test| self.takes(test, leaf)) && self.satisfies(rest, &fixed)
        });
        let absent = serde_json::json!({"exists": false});
        found || (in_reach.is_empty() && tests.contains(&absent) && self.satisfies(rest, fixed))
    }

    fn takes(&self, test: &Value, leaf: &Leaf<'_>) -> bool {
        let Value::Object(test) = test else {
            return is_literal(test, leaf.value);
        };
        let Some((operator, argument)) = test.iter().next() else {
            return false;
        };
        match operator.as_str() {
            "exists" => argument == &Value::Bool(true),
            "null" => leaf.value.is_null(),
            "anything-but" => match argument {
                Value::Array(values) => !values.iter().any(|value| same(value, leaf.value)),
                Value::Object(inner) => !inner.iter().any(|(operator, argument)| {
                    let arguments = match argument {
                        Value::Array(arguments) => &arguments[..],
                        one => std::slice::from_ref(one),
                    };
                    arguments
                        .iter()
                        .any(|argument| self.operator(operator, argument, leaf))
                }),
                value => !same(value, leaf.value),
            },
            _ => self.operator(operator, argument, leaf),
        }
    }

    fn operator(&self, operator: &str, argument: &Value, leaf: &Leaf<'_>) -> bool {
        let text = leaf.value.as_str();
        if let ("prefix" | "suffix", Value::Object(inner)) = (operator, argument) {
            let wanted = inner["equals-ignore-case"].as_str().unwrap_or_default();
            return text.is_some_and(|text| match operator {
                "prefix" => !behind(wanted, text).is_empty(),
                _ => ends(text).any(|end| behind(wanted, end).contains(&end.len())),
            });
        }
        match (operator, argument, text) {
            ("numeric", Value::Array(terms), _) => in_range(terms, leaf.value),
            ("same-as", Value::String(path), _) => self.values.iter().any(|other| {
                other.path == *path
                    && is_consistent(&leaf.elements, &other.elements)
                    && same(leaf.value, other.value)
            }),
            ("exactly", Value::String(own), Some(text)) => own == text,
            ("prefix", Value::String(own), Some(text)) => text.starts_with(own.as_str()),
            ("suffix", Value::String(own), Some(text)) => text.ends_with(own.as_str()),
            ("wildcard", Value::String(own), Some(text)) => {
                let pattern: Vec<char> = own.chars().collect();
                let text: Vec<char> = text.chars().collect();
                wildcard(&pattern, &text)
            }
            ("equals-ignore-case", Value::String(own), Some(text)) => {
                behind(own, text).contains(&text.len())
            }
            ("cidr", Value::String(own), Some(text)) => in_network(own, text),
            ("list", Value::String(name), Some(text)) => {
                let entries = self.lists.get(name).unwrap_or_default();
                entries.iter().any(|entry| self.is_on(entry, text))
            }
            ("json", Value::Object(_), Some(text)) => {
                let document = serde_json::from_str::<Value>(text)
                    .or_else(|_| serde_json::from_str(&url_decoded(text)));
                document.is_ok_and(|document| {
                    (document.is_object() || document.is_array())
                        && matches(argument, &document, self.lists, self.time)
                })
            }
            _ => false,
        }
    }

    fn is_on(&self, entry: &ListEntry, text: &str) -> bool {
        let in_time = entry.from.is_none_or(|from| self.time >= from)
            && entry.until.is_none_or(|until| self.time < until);
        in_time
            && match &entry.test {
                ListTest::Exact(own) => is_literal(&Value::from(own.as_str()), &Value::from(text)),
                ListTest::Prefix(own) => text.starts_with(own.as_str()),
                ListTest::Wildcard(own) => {
                    let pattern: Vec<char> = own.text().chars().collect();
                    let text: Vec<char> = text.chars().collect();
                    wildcard(&pattern, &text)
                }
                ListTest::Cidr(own) => in_network(own.text(), text),
            }
    }
}

fn is_consistent(left: &Elements, right: &Elements) -> bool {
    left.iter()
        .all(|(array, element)| right.get(array).is_none_or(|other| other == element))
}

/// The same JSON value; numbers by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        _ => left == right,
    }
}

/// A literal of a pattern: a text that spells an address is that address.
fn is_literal(literal: &Value, value: &Value) -> bool {
    let address = |value: &Value| value.as_str().and_then(address);
    match address(literal) {
        Some(own) => address(value) == Some(own),
        None => same(literal, value),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    if text.contains('.') && text.contains(':') {
        return None;
    }
    text.parse().ok()
}

fn in_network(network: &str, text: &str) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    };
    let (base, length) = network.split_once('/').unwrap_or((network, "0"));
    let length: usize = length.parse().unwrap_or(0);
    match (address(base), address(text)) {
        (Some(base), Some(address)) => {
            let (base, address) = (bits(base), bits(address));
            base.len() == address.len() && base[..length] == address[..length]
        }
        _ => false,
    }
}

/// What a text may end with: itself, and less and less of it.
fn ends(text: &str) -> impl Iterator<Item = &str> {
    let places = text.char_indices().map(|(at, _)| at);
    places.chain([text.len()]).map(|at| &text[at..])
}

/// Where `text` goes on behind `front`, each character of which stands in its own lower or
/// upper case; nowhere if it does not begin so. All ways are followed at once.
fn behind(front: &str, text: &str) -> BTreeSet<usize> {
    let mut places = BTreeSet::from([0]);
    for character in front.chars() {
        let lower = character.to_lowercase().to_string();
        let upper = character.to_uppercase().to_string();
        places = places
            .iter()
            .flat_map(|at| [(at, &lower), (at, &upper)])
            .filter(|(at, spelling)| text[**at..].starts_with(spelling.as_str()))
            .map(|(at, spelling)| at + spelling.len())
            .collect();
    }
    places
}

fn wildcard(pattern: &[char], text: &[char]) -> bool {
    let mut places = BTreeSet::from([0]);
    let mut rest = pattern;
    loop {
        let own = match rest {
            [] => return places.contains(&text.len()),
            ['*', left @ ..] => {
                let first = places.first().copied();
                places = first.map_or(BTreeSet::new(), |first| (first..=text.len()).collect());
                rest = left;
                continue;
            }
            ['\\', own, left @ ..] | [own, left @ ..] => {
                rest = left;
                own
            }
        };
        places.retain(|at| text.get(*at) == Some(own));
        places = places.iter().map(|at| at + 1).collect();
    }
}

fn in_range(terms: &[Value], value: &Value) -> bool {
    let Value::Number(value) = value else {
        return false;
    };
    let value = value.as_f64();
    terms.chunks(2).all(|term| {
        let bound = term.get(1).and_then(Value::as_f64);
        match term[0].as_str() {
            Some("=") => value == bound,
            Some("<") => value < bound,
            Some("<=") => value <= bound,
            Some(">") => value > bound,
            Some(">=") => value >= bound,
            _ => false,
        }
    })
}

fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let digits = rest
            .get(1..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            _ => {
                bytes.push(*first);
                rest = &rest[1..];
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, event: &str, expected: bool) {
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let found = matches(&read(pattern), &read(event), &Lists::new(), 0);
        assert_eq!(found, expected, "{pattern} {event}");
    }

    #[test]
    fn values_of_one_element_go_together() {
        let event = r#"{"g":[{"u":"x","p":"r"},{"u":"y","p":"w"}]}"#;
        check(r#"{"g":{"u":["x"],"p":["r"]}}"#, event, true);
        check(r#"{"g":{"u":["x"],"p":["w"]}}"#, event, false);
    }

    #[test]
    fn absence_depends_on_the_order_of_names() {
        let event = r#"{"g":[{"c":"x"},{"c":"y","b":1,"d":1}]}"#;
        check(r#"{"g":{"b":[{"exists":false}],"c":["x"]}}"#, event, false);
        check(r#"{"g":{"d":[{"exists":false}],"c":["x"]}}"#, event, true);
    }

    #[test]
    fn cases_are_those_of_each_character_of_the_pattern() {
        check(
            r#"{"s":[{"equals-ignore-case":"aß"}]}"#,
            r#"{"s":"ASS"}"#,
            true,
        );
        check(
            r#"{"s":[{"equals-ignore-case":"ss"}]}"#,
            r#"{"s":"ß"}"#,
            false,
        );
        check(
            r#"{"s":[{"prefix":{"equals-ignore-case":"ÄB"}}]}"#,
            r#"{"s":"äbc"}"#,
            true,
        );
        check(
            r#"{"s":[{"suffix":{"equals-ignore-case":"ÄB"}}]}"#,
            r#"{"s":"cÄb"}"#,
            true,
        );
        check(
            r#"{"s":[{"suffix":{"equals-ignore-case":"ÄB"}}]}"#,
            r#"{"s":"äbc"}"#,
            false,
        );
    }

    #[test]
    fn long_texts_and_many_stars_have_an_answer_too() {
        let (upper, lower) = ("V".repeat(200), "v".repeat(200));
        let fold = format!(r#"{{"s":[{{"equals-ignore-case":"{upper}"}}]}}"#);
        check(&fold, &format!(r#"{{"s":"{lower}"}}"#), true);
        check(&fold, &format!(r#"{{"s":"{lower}v"}}"#), false);
        let stars = format!(r#"{{"s":[{{"wildcard":"{}b"}}]}}"#, "v*".repeat(60));
        check(&stars, &format!(r#"{{"s":"{lower}b"}}"#), true);
        check(&stars, &format!(r#"{{"s":"{lower}c"}}"#), false);
    }

    #[test]
    fn names_and_paths_are_joined_by_dots() {
        check(r#"{"a":{"b.c":["x"]}}"#, r#"{"a.b":{"c":"x"}}"#, true);
        check(r#"{"":["x"]}"#, r#"{"":"x"}"#, true);
        check(r#"{"a":{"":["x"]}}"#, r#"{"a":{"":"x"}}"#, true);
    }
}
