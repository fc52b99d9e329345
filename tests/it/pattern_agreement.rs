//! The fast matcher agrees with the slow, obvious one, whatever else is loaded,
//! and says `Undecided` exactly where it must not claim to know.

use attestrail::pattern::list::{ListEntry, ListTest};
use attestrail::pattern::{Engine, EngineBuilder, Lists, Pattern, Truth, oracle};
use attestrail::record::project::Projector;
use attestrail::record::view::RecordView;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

const NAMES: [&str; 6] = ["a", "b", "c", "a.b", "eventName", "eventSource"];
const TEXTS: [&str; 18] = [
    "",
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "ba",
    "aba",
    "é",
    "É",
    "ß",
    "SS",
    "a\"b",
    "a\\b",
    "*",
    "10.0.0.1",
    "2001:db8::1",
    "a\nb",
];
const TIME: i64 = 1_790_000_000;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => "[abAé*\\\\\"]{0,4}",
        1 => select(vec!["10.0.0.7", "11.0.0.1", "2001:DB8::1", "2001:db8:0::2"])
            .prop_map(str::to_owned),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    select(vec![
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(-1.5),
        json!(100),
        json!(1e2),
        json!(2.5),
    ])
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => text().prop_map(Value::from),
        2 => number(),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
    ]
}

fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((name(), value), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => object(inner.clone()),
            1 => object(inner.clone()).prop_map(|value| Value::from(value.to_string())),
            1 => object(inner).prop_map(|value| Value::from(url_encoded(&value.to_string()))),
        ]
    })
}

fn url_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn event() -> impl Strategy<Value = Value> {
    object(tree())
}

fn wildcard() -> impl Strategy<Value = String> {
    select(vec![
        "*", "a*", "*a", "a*a", "*a*b*", "\\**", "a\\\\b", "*\\**", "é*", "a", "", "*\"*",
    ])
    .prop_map(str::to_owned)
}

fn one_or_many(text: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Value> {
    prop_oneof![
        text.clone().prop_map(Value::from),
        prop::collection::vec(text, 1..3).prop_map(Value::from),
    ]
}

/// Where the grammar wants some text.
fn filled(text: String) -> String {
    if text.is_empty() {
        "a".to_owned()
    } else {
        text
    }
}

fn anything_but() -> impl Strategy<Value = Value> {
    let filled = text().prop_map(filled).boxed();
    prop_oneof![
        one_or_many(text().boxed()),
        number(),
        prop::collection::vec(number(), 1..3).prop_map(Value::from),
        one_or_many(filled.clone()).prop_map(|value| json!({"prefix": value})),
        one_or_many(filled).prop_map(|value| json!({"suffix": value})),
        one_or_many(text().boxed()).prop_map(|value| json!({"equals-ignore-case": value})),
        one_or_many(wildcard().boxed()).prop_map(|value| json!({"wildcard": value})),
        Just(json!({"list": "mixed"})),
        path().prop_map(|path| json!({"same-as": path})),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..3).prop_map(|names| names.join("."))
}

fn numeric() -> impl Strategy<Value = Value> {
    select(vec![
        json!(["=", 1]),
        json!(["<", 1]),
        json!(["<=", 1.0]),
        json!([">", 0]),
        json!([">=", -1.5, "<", 2.5]),
    ])
}

fn test() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        1 => text().prop_map(|text| json!({"exactly": text})),
        1 => text().prop_map(|text| json!({"prefix": text})),
        1 => text().prop_map(|text| json!({"suffix": text})),
        1 => text().prop_map(|text| json!({"equals-ignore-case": text})),
        1 => text().prop_map(|text| json!({"prefix": {"equals-ignore-case": text}})),
        1 => text().prop_map(|text| json!({"suffix": {"equals-ignore-case": text}})),
        1 => wildcard().prop_map(|text| json!({"wildcard": text})),
        2 => anything_but().prop_map(|value| json!({"anything-but": value})),
        1 => numeric().prop_map(|value| json!({"numeric": value})),
        2 => any::<bool>().prop_map(|value| json!({"exists": value})),
        1 => select(vec!["10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0", "10.0.0.1/31"])
            .prop_map(|text| json!({"cidr": text})),
        1 => Just(json!({"null": true})),
        1 => select(vec!["mixed", "dated", "exact"]).prop_map(|name| json!({"list": name})),
        1 => path().prop_map(|path| json!({"same-as": path})),
    ]
}

fn tests() -> impl Strategy<Value = Value> {
    prop::collection::vec(test(), 1..4).prop_map(Value::Array)
}

fn fields() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => tests(),
        1 => named(tests().boxed()).prop_map(|inner| json!([{"json": inner}])),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| named(inner.boxed()))
}

/// Members with distinct names, and now and then alternatives.
fn named(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let plain = (
        subsequence(&NAMES[..], 1..4),
        prop::collection::vec(inner, 3),
    )
        .prop_map(|(names, values)| {
            let members = names.into_iter().map(str::to_owned).zip(values);
            Value::Object(members.collect())
        });
    let branches = prop::collection::vec(plain.clone(), 2..4);
    (plain, prop::option::weighted(0.3, branches)).prop_map(|(mut members, branches)| {
        if let (Value::Object(members), Some(branches)) = (&mut members, branches) {
            members.insert("$or".to_owned(), Value::Array(branches));
        }
        members
    })
}

/// A pattern that the compiler takes, as value and compiled.
fn pattern() -> impl Strategy<Value = (Value, Pattern)> {
    named(fields().boxed()).prop_filter_map("accepted", |value| {
        let pattern = Pattern::from_json(&value.to_string()).ok()?;
        Some((value, pattern))
    })
}

fn lists() -> Lists {
    let exact = |text: &str| ListEntry::always(ListTest::Exact(text.into()));
    let dated = |text: &str, from, until| ListEntry {
        from,
        until,
        ..exact(text)
    };
    let mut lists = Lists::new();
    lists.insert("exact", [exact("a"), exact("ab")]);
    lists.insert(
        "mixed",
        [
            exact("10.0.0.1"),
            ListEntry::always(ListTest::Prefix("b".into())),
        ],
    );
    lists.insert(
        "dated",
        [
            dated("a", Some(TIME), None),
            dated("b", None, Some(TIME)),
            dated("é", Some(TIME + 1), None),
        ],
    );
    lists
}

/// The event as JSON text, every character of a string escaped if asked for.
fn spelled(event: &Value, escaped: bool) -> String {
    match event {
        Value::String(text) if escaped => {
            let units: String = text
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            format!("\"{units}\"")
        }
        Value::Array(elements) => {
            let elements: Vec<_> = elements
                .iter()
                .map(|element| spelled(element, escaped))
                .collect();
            format!("[ {} ]", elements.join(" , "))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| {
                    let name = spelled(&Value::from(name.as_str()), escaped);
                    format!("{name} : {}", spelled(value, escaped))
                })
                .collect();
            format!("{{ {} }}", members.join(","))
        }
        other => other.to_string(),
    }
}

fn engine(patterns: &[(Value, Pattern)]) -> Engine {
    let mut builder = EngineBuilder::new();
    for (_, pattern) in patterns {
        builder.add(pattern, &lists());
    }
    builder.finish()
}

/// The answers of all patterns, through the index.
fn answers(engine: &Engine, event: &str) -> Vec<Truth> {
    let mut projector = Projector::new(engine.paths());
    projector
        .read(event.as_bytes(), 0)
        .expect("an event is JSON");
    let view = RecordView::new(event.as_bytes(), &projector).at(Some(TIME));
    let mut found = Vec::new();
    engine.matcher().run(&view, &mut found);
    let mut answers = vec![Truth::False; engine.len()];
    for (id, truth) in found {
        answers[id.0 as usize] = truth;
    }
    answers
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 800,
        max_local_rejects: 1_000_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_pattern_is_answered_as_the_oracle_does(
        pattern in pattern(),
        event in event(),
        escaped in any::<bool>(),
    ) {
        let expected = oracle::matches(&pattern.0, &event, &lists(), TIME);
        let text = spelled(&event, escaped);
        let found = answers(&engine(std::slice::from_ref(&pattern)), &text)[0];
        prop_assert_eq!(found, Truth::from(expected), "{} {}", pattern.0, text);
    }

    #[test]
    fn a_pattern_made_for_the_event_is_answered_as_the_oracle_does(
        (event, pattern) in event().prop_flat_map(|event| {
            let pattern = pattern_near(&event);
            (Just(event), pattern)
        }),
    ) {
        let Ok(compiled) = Pattern::from_json(&pattern.to_string()) else {
            return Ok(());
        };
        let expected = oracle::matches(&pattern, &event, &lists(), TIME);
        let found = answers(&engine(&[(pattern.clone(), compiled)]), &spelled(&event, false))[0];
        prop_assert_eq!(found, Truth::from(expected), "{} {}", pattern, event);
    }

    #[test]
    fn the_answer_does_not_depend_on_other_patterns(
        patterns in prop::collection::vec(pattern(), 1..8),
        events in prop::collection::vec(event(), 1..3),
    ) {
        let together = engine(&patterns);
        for event in &events {
            let text = spelled(event, false);
            let found = answers(&together, &text);
            for (pattern, found) in patterns.iter().zip(found) {
                let alone = answers(&engine(std::slice::from_ref(pattern)), &text)[0];
                prop_assert_eq!(found, alone, "{} {}", pattern.0, text);
                let expected = oracle::matches(&pattern.0, event, &lists(), TIME);
                prop_assert_eq!(found, Truth::from(expected), "{} {}", pattern.0, text);
            }
        }
    }

    #[test]
    fn what_is_decided_for_an_omitted_record_holds_for_every_whole_record(
        pattern in pattern_of_record(),
        rest in object(scalar()),
        parameters in prop::collection::vec(object(tree()), 8),
    ) {
        let Ok(compiled) = Pattern::from_json(&pattern.to_string()) else {
            return Ok(());
        };
        let engine = engine(&[(pattern.clone(), compiled)]);
        let omitted = record(&rest, json!({"omitted": true, "originalSize": 200_000}));
        let found = answers(&engine, &omitted.to_string())[0];
        for parameters in parameters {
            let whole = record(&rest, parameters);
            let expected = oracle::matches(&pattern, &whole, &lists(), TIME);
            prop_assert!(
                found == Truth::Undecided || found == Truth::from(expected),
                "{} {} {:?}", pattern, whole, found
            );
        }
    }

    #[test]
    fn rows_of_one_array_are_kept_apart_as_the_oracle_does(
        event in rows(),
        pattern in pattern_of_rows(),
    ) {
        let compiled = Pattern::from_json(&pattern.to_string()).expect("valid");
        let expected = oracle::matches(&pattern, &event, &lists(), TIME);
        let found = answers(&engine(&[(pattern.clone(), compiled)]), &event.to_string())[0];
        prop_assert_eq!(found, Truth::from(expected), "{} {}", pattern, event);
    }

    #[test]
    fn a_match_is_never_lost_because_values_were_omitted(
        (whole, pattern) in (object(scalar()), object(tree())).prop_flat_map(|(rest, parameters)| {
            let whole = record(&rest, parameters);
            let pattern = pattern_near(&whole);
            (Just(whole), pattern)
        }),
    ) {
        let Ok(compiled) = Pattern::from_json(&pattern.to_string()) else {
            return Ok(());
        };
        let engine = engine(&[(pattern.clone(), compiled)]);
        let omitted = record(&whole, json!({"omitted": true, "originalSize": 200_000}));
        let found = answers(&engine, &omitted.to_string())[0];
        let expected = oracle::matches(&pattern, &whole, &lists(), TIME);
        prop_assert!(
            found == Truth::Undecided || found == Truth::from(expected),
            "{} {} {:?}", pattern, whole, found
        );
    }

    #[test]
    fn what_is_decided_for_a_cut_value_holds_for_every_longer_value(
        test in cut_test(),
        rest in "[ab]{0,3}",
    ) {
        let pattern = json!({"userAgent": [test]});
        let compiled = Pattern::from_json(&pattern.to_string()).expect("valid");
        let engine = engine(&[(pattern.clone(), compiled)]);
        let known = "ab".repeat(512);
        let found = answers(&engine, &json!({"userAgent": known}).to_string())[0];
        let whole = json!({"userAgent": format!("{known}{rest}")});
        let expected = oracle::matches(&pattern, &whole, &lists(), TIME);
        prop_assert!(
            found == Truth::Undecided || found == Truth::from(expected),
            "{} {} {:?}", pattern, rest, found
        );
    }
}

/// `g` and `h` are arrays of small objects, one inside the other now and then.
fn rows() -> impl Strategy<Value = Value> {
    let cell = || prop::option::weighted(0.8, select(vec!["x", "y"]));
    let row = (cell(), cell(), cell()).prop_map(|(a, b, c)| {
        let cells = [("a", a), ("b", b), ("c", c)];
        let filled = cells
            .into_iter()
            .filter_map(|(name, cell)| Some((name.to_owned(), cell?.into())));
        Value::Object(filled.collect())
    });
    let array = prop::collection::vec(row, 0..4)
        .prop_map(Value::from)
        .boxed();
    (array.clone(), array, any::<bool>()).prop_map(|(g, h, inside)| {
        if !inside {
            return json!({"g": g, "h": h});
        }
        let mut rows = g.as_array().cloned().unwrap_or_default();
        for row in rows.iter_mut().step_by(2) {
            row["h"] = h.clone();
        }
        json!({"g": rows})
    })
}

fn pattern_of_rows() -> impl Strategy<Value = Value> {
    let paths = vec!["g.a", "g.b", "g.c", "g.h.a", "g.h.b", "h.a", "h.b", "h.c"];
    let tests = select(vec![
        json!(["x"]),
        json!(["y"]),
        json!([{"exists": false}]),
        json!([{"exists": false}, "x"]),
        json!([{"anything-but": "x"}]),
        json!([{"same-as": "g.a"}]),
    ]);
    (subsequence(paths, 2..5), prop::collection::vec(tests, 5)).prop_map(|(paths, tests)| {
        let paths = paths.into_iter().map(str::to_owned);
        Value::Object(paths.zip(tests).collect())
    })
}

fn record(rest: &Value, parameters: Value) -> Value {
    let mut record = rest.as_object().cloned().unwrap_or_default();
    record.insert("requestParameters".to_owned(), parameters);
    Value::Object(record)
}

/// Patterns over the request parameters and the fields beside them.
fn pattern_of_record() -> impl Strategy<Value = Value> {
    (
        named(fields().boxed()),
        named(tests().boxed()),
        any::<bool>(),
    )
        .prop_map(|(parameters, mut beside, as_alternatives)| {
            if as_alternatives {
                return json!({"$or": [{"requestParameters": parameters}, beside]});
            }
            if let Value::Object(beside) = &mut beside {
                beside.insert("requestParameters".to_owned(), parameters);
            }
            beside
        })
}

fn cut_test() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        "[ab]{0,3}",
        "[ab]{0,3}".prop_map(|rest| format!("{}{rest}", "ab".repeat(512))),
        "[ab]{0,3}".prop_map(|rest| format!("{}{rest}", "AB".repeat(511))),
    ]
    .boxed();
    let plain = prop_oneof![
        piece.clone().prop_map(|text| json!({"exactly": text})),
        piece.clone().prop_map(|text| json!({"prefix": text})),
        piece.clone().prop_map(|text| json!({"suffix": text})),
        piece
            .clone()
            .prop_map(|text| json!({"equals-ignore-case": text.get(..6).unwrap_or(&text)})),
        piece.clone().prop_map(
            |text| json!({"prefix": {"equals-ignore-case": text.get(..6).unwrap_or(&text)}})
        ),
        piece.clone().prop_map(
            |text| json!({"suffix": {"equals-ignore-case": text.get(..6).unwrap_or(&text)}})
        ),
        piece
            .clone()
            .prop_map(|text| json!({"wildcard": format!("{text}*")})),
        piece
            .clone()
            .prop_map(|text| json!({"wildcard": format!("*{text}")})),
        piece.clone().prop_map(|text| json!({"wildcard": text})),
        piece.clone().prop_map(|text| json!({"anything-but": text})),
        Just(json!({"exists": true})),
        Just(json!({"exists": false})),
    ];
    let excluded = piece
        .prop_map(filled)
        .prop_flat_map(|text| {
            select(vec![
                json!({"prefix": text}),
                json!({"suffix": text}),
                json!({"wildcard": format!("{text}*")}),
                json!({"wildcard": format!("*{text}*")}),
            ])
        })
        .prop_map(|inner| json!({"anything-but": inner}));
    prop_oneof![3 => plain, 1 => excluded]
}

/// A pattern that asks for some of the event's own paths and values.
fn pattern_near(event: &Value) -> impl Strategy<Value = Value> + use<> {
    let mut leaves = Vec::new();
    collect("", event, &mut leaves);
    let count = leaves.len();
    let choice =
        (0..=count.min(4)).prop_flat_map(move |n| subsequence(leaves.clone(), n.min(count)));
    (
        choice,
        prop::collection::vec(tests(), 4),
        prop::collection::vec(0..4u8, 4),
    )
        .prop_map(|(leaves, other, how)| {
            let mut pattern = Map::new();
            for (at, (path, value)) in leaves.into_iter().enumerate() {
                let tests = match how[at % 4] {
                    0 => other[at % 4].clone(),
                    1 => json!([{"exists": false}, value]),
                    2 => json!([{"anything-but": "a"}, value]),
                    _ => json!([value]),
                };
                pattern.insert(path, tests);
            }
            if pattern.is_empty() {
                pattern.insert("a".to_owned(), json!([{"exists": false}]));
            }
            Value::Object(pattern)
        })
}

fn collect(path: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                collect(&path, member, leaves);
                // A sibling that is not there in every element.
                leaves.push((format!("{path}x"), json!({"exists": false})));
            }
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|value| collect(path, value, leaves)),
        scalar => leaves.push((path.to_owned(), scalar.clone())),
    }
}

#[test]
fn the_random_patterns_and_events_reach_both_answers() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let near = event().prop_flat_map(|event| (pattern_near(&event), Just(event)));
    let mut hits = [0; 2];
    for _ in 0..500 {
        let (pattern, event) = near.new_tree(&mut runner).expect("generates").current();
        if Pattern::from_json(&pattern.to_string()).is_ok() {
            hits[usize::from(oracle::matches(&pattern, &event, &lists(), TIME))] += 1;
        }
    }
    assert!(hits[0] > 50 && hits[1] > 50, "{hits:?}");
}
