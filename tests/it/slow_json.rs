//! JSON read the slow and obvious way; the fast reader must agree with it.
//! The fuzz targets build on it too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// JSON as it is read by the book: serde_json, and no member twice.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is spelled: 1 and 1.0 are different content.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw: &serde_json::value::RawValue = Deserialize::deserialize(from)?;
        let text = raw.get();
        let read = match text.as_bytes()[0] {
            b'{' | b'[' => serde_json::from_str(text).map(|Container(json)| json),
            b'"' => serde_json::from_str(text).map(Json::Text),
            b't' | b'f' => serde_json::from_str(text).map(Json::Bool),
            b'n' => Ok(Json::Null),
            _ => Ok(Json::Number(text.to_owned())),
        };
        read.map_err(D::Error::custom)
    }
}

struct Container(Json);

impl<'de> Deserialize<'de> for Container {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Container;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object or array")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Container, A::Error> {
                let mut members: Vec<(String, Json)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a member twice"));
                    }
                    members.push((name, value));
                }
                Ok(Container(Json::Object(members)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Container, A::Error> {
                let mut all = Vec::new();
                while let Some(value) = list.next_element::<Json>()? {
                    all.push(value);
                }
                Ok(Container(Json::List(all)))
            }
        }
        from.deserialize_any(Members)
    }
}

/// What the slow way makes of a text; numbers beyond what a double holds are JSON too.
pub fn slow(text: &str) -> Option<Json> {
    serde_json::from_str::<Json>(text).ok()
}

impl Json {
    /// One spelling for each content.
    pub fn canonical(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => write!(out, "{value}").expect("a string takes all"),
            Json::Number(text) => out.push_str(text),
            Json::Text(text) => write!(out, "{text:?}").expect("a string takes all"),
            Json::List(all) => {
                out.push('[');
                for one in all {
                    one.canonical(out);
                    out.push(',');
                }
                out.push(']');
            }
            Json::Object(members) => {
                let sorted: BTreeMap<&str, &Json> = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), value))
                    .collect();
                out.push('{');
                for (name, value) in sorted {
                    write!(out, "{name:?}:").expect("a string takes all");
                    value.canonical(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }

    /// Every value with its path, in the order in which they stand.
    pub fn leaves(&self, path: Option<&str>, out: &mut Vec<(String, String)>) {
        let shown = match self {
            Json::Object(_) => "object".to_owned(),
            Json::List(_) => "array".to_owned(),
            Json::Text(text) => format!("text {text}"),
            other => {
                let mut text = String::new();
                other.canonical(&mut text);
                text
            }
        };
        if let Some(path) = path {
            out.push((path.to_owned(), shown));
        }
        match self {
            Json::List(all) => all.iter().for_each(|one| one.leaves(path, out)),
            Json::Object(members) => {
                for (name, value) in members {
                    let path = match path {
                        None => name.clone(),
                        Some(path) => format!("{path}.{name}"),
                    };
                    value.leaves(Some(&path), out);
                }
            }
            _ => {}
        }
    }
}
