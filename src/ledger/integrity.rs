//! What verifying digest chains needs of one file, and how a ledger spells it.
//!
//! It depends on the bytes of the file, and for attributes on its copy. Two
//! facts about one file are joined in a way that does not depend on their order,
//! so that growing and merging ledgers stay unions of sets.

use std::collections::{BTreeMap, BTreeSet};

use super::codec::{Cursor, put_number, put_text};
use crate::integrity::LogBytes;

/// S3 metadata of an object, as a copying tool kept it beside the file.
pub type Attributes = BTreeMap<String, String>;

/// What a file is to digest chains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IntegrityFact {
    /// Nothing.
    #[default]
    None,
    /// A log file; what its bytes came to.
    Log(LogBytes),
    /// A digest file.
    Digest {
        /// Its bytes as stored, or why they are not here.
        stored: Result<Vec<u8>, String>,
        /// Metadata beside it; several where copies differ.
        attributes: BTreeSet<Attributes>,
    },
    /// `KEY.head.json`: its bytes, or why they are not here.
    Sidecar(Result<Vec<u8>, String>),
    /// Head-objects with `Bucket` and `Key`: the bytes, or why they are not here.
    Lines(Result<Vec<u8>, String>),
    /// A list of public keys, which is not trusted.
    Keys,
}

const HASHED: u8 = 1;
const HASHED_PLAIN: u8 = 2;
const TRAILING: u8 = 3;
const BROKEN: u8 = 4;
const UNREAD: u8 = 5;
const TRAILING_HASHED: u8 = 6;

/// The first two bytes of a log file of which no hash is known.
pub(super) const NOT_HASHED: &str = "x'0100'";

impl IntegrityFact {
    /// What is known when the same file was looked at twice.
    #[must_use]
    pub fn joined(self, other: IntegrityFact) -> IntegrityFact {
        use IntegrityFact::{Digest, Log, None};
        match (self, other) {
            (None, fact) | (fact, None) => fact,
            (Log(one), Log(other)) => Log(more_telling(one, other)),
            (
                Digest { stored, attributes },
                Digest {
                    stored: other,
                    attributes: more,
                },
            ) => Digest {
                stored: match (stored, other) {
                    (Err(one), Err(other)) => Err(one.min(other)),
                    (Ok(bytes), _) | (_, Ok(bytes)) => Ok(bytes),
                },
                attributes: attributes.into_iter().chain(more).collect(),
            },
            // One file is one thing; whatever made it two, the order must not decide.
            (one, other) => {
                let is_first = one.pack() <= other.pack();
                if is_first { one } else { other }
            }
        }
    }

    /// Roughly how many bytes it takes.
    pub fn weight(&self) -> usize {
        match self {
            IntegrityFact::Digest {
                stored: Ok(bytes), ..
            }
            | IntegrityFact::Sidecar(Ok(bytes))
            | IntegrityFact::Lines(Ok(bytes)) => bytes.len(),
            _ => 64,
        }
    }

    /// Nothing instead of an empty blob: files beside the chains have none.
    pub(super) fn pack(&self) -> Option<Vec<u8>> {
        let mut to = Vec::new();
        match self {
            IntegrityFact::None => return None,
            IntegrityFact::Log(bytes) => {
                to.push(1);
                pack_log(&mut to, bytes);
            }
            IntegrityFact::Digest { stored, attributes } => {
                to.push(2);
                put_number(&mut to, attributes.len() as u64);
                for one in attributes {
                    put_number(&mut to, one.len() as u64);
                    for (name, value) in one {
                        put_text(&mut to, name);
                        put_text(&mut to, value);
                    }
                }
                pack_bytes(&mut to, stored);
            }
            IntegrityFact::Sidecar(stored) => {
                to.push(3);
                pack_bytes(&mut to, stored);
            }
            IntegrityFact::Lines(stored) => {
                to.push(4);
                pack_bytes(&mut to, stored);
            }
            IntegrityFact::Keys => to.push(5),
        }
        Some(to)
    }

    /// `None` for bytes that [`IntegrityFact::pack`] never gives.
    pub(super) fn unpack(bytes: &[u8]) -> Option<IntegrityFact> {
        let mut from = Cursor::new(bytes);
        if from.is_at_end() {
            return Some(IntegrityFact::None);
        }
        Some(match from.byte()? {
            1 => IntegrityFact::Log(unpack_log(&mut from)?),
            2 => IntegrityFact::Digest {
                attributes: unpack_attributes(&mut from)?,
                stored: unpack_bytes(&mut from)?,
            },
            3 => IntegrityFact::Sidecar(unpack_bytes(&mut from)?),
            4 => IntegrityFact::Lines(unpack_bytes(&mut from)?),
            5 => IntegrityFact::Keys,
            _ => return None,
        })
    }
}

/// A hash tells more than a fault, and any fault more than that nobody asked.
fn more_telling(one: LogBytes, other: LogBytes) -> LogBytes {
    let rank = |bytes: &LogBytes| match bytes {
        LogBytes::Hashed { .. } => 0,
        LogBytes::Trailing {
            member_sha256: Some(_),
            ..
        } => 1,
        LogBytes::Trailing { .. } | LogBytes::Broken(_) => 2,
        LogBytes::Unread(_) => 3,
        LogBytes::NotHashed => 4,
    };
    let key = |bytes: &LogBytes| {
        let mut packed = Vec::new();
        pack_log(&mut packed, bytes);
        (rank(bytes), packed)
    };
    let is_first = key(&one) <= key(&other);
    if is_first { one } else { other }
}

fn pack_log(to: &mut Vec<u8>, bytes: &LogBytes) {
    match bytes {
        LogBytes::NotHashed => to.push(0),
        LogBytes::Hashed {
            content_sha256,
            is_plain,
        } => {
            to.push(if *is_plain { HASHED_PLAIN } else { HASHED });
            to.extend_from_slice(content_sha256);
        }
        LogBytes::Trailing {
            what,
            member_sha256: None,
        } => pack_why(to, TRAILING, what),
        LogBytes::Trailing {
            what,
            member_sha256: Some(member),
        } => {
            to.push(TRAILING_HASHED);
            to.extend_from_slice(member);
            put_text(to, what);
        }
        LogBytes::Broken(what) => pack_why(to, BROKEN, what),
        LogBytes::Unread(what) => pack_why(to, UNREAD, what),
    }
}

fn pack_why(to: &mut Vec<u8>, kind: u8, what: &str) {
    to.push(kind);
    put_text(to, what);
}

fn unpack_log(from: &mut Cursor<'_>) -> Option<LogBytes> {
    Some(match from.byte()? {
        0 => LogBytes::NotHashed,
        kind @ (HASHED | HASHED_PLAIN) => LogBytes::Hashed {
            content_sha256: from.bytes()?,
            is_plain: kind == HASHED_PLAIN,
        },
        kind @ (TRAILING | TRAILING_HASHED) => LogBytes::Trailing {
            member_sha256: match kind {
                TRAILING => None,
                _ => Some(from.bytes()?),
            },
            what: from.text()?.to_owned(),
        },
        BROKEN => LogBytes::Broken(from.text()?.to_owned()),
        UNREAD => LogBytes::Unread(from.text()?.to_owned()),
        _ => return None,
    })
}

fn pack_bytes(to: &mut Vec<u8>, stored: &Result<Vec<u8>, String>) {
    match stored {
        Ok(bytes) => {
            to.push(1);
            to.extend_from_slice(bytes);
        }
        Err(why) => {
            to.push(0);
            put_text(to, why);
        }
    }
}

fn unpack_bytes(from: &mut Cursor<'_>) -> Option<Result<Vec<u8>, String>> {
    Some(match from.byte()? {
        1 => Ok(from.rest().to_vec()),
        _ => Err(from.text()?.to_owned()),
    })
}

fn unpack_attributes(from: &mut Cursor<'_>) -> Option<BTreeSet<Attributes>> {
    let count = from.number()?;
    (0..count)
        .map(|_| {
            let pairs = from.number()?;
            (0..pairs)
                .map(|_| Some((from.text()?.to_owned(), from.text()?.to_owned())))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Vec<IntegrityFact> {
        let hashed = |is_plain| LogBytes::Hashed {
            content_sha256: [7; 32],
            is_plain,
        };
        let trailing = |member_sha256| LogBytes::Trailing {
            what: "more".into(),
            member_sha256,
        };
        let attributes = |value: &str| {
            BTreeSet::from([Attributes::from([("signature".into(), value.to_owned())])])
        };
        let digest = |attributes| IntegrityFact::Digest {
            stored: Ok(b"bytes".to_vec()),
            attributes,
        };
        vec![
            IntegrityFact::None,
            IntegrityFact::Log(LogBytes::NotHashed),
            IntegrityFact::Log(hashed(false)),
            IntegrityFact::Log(hashed(true)),
            IntegrityFact::Log(trailing(None)),
            IntegrityFact::Log(trailing(Some([7; 32]))),
            IntegrityFact::Log(LogBytes::Broken("cut".into())),
            IntegrityFact::Log(LogBytes::Unread("large".into())),
            digest(BTreeSet::new()),
            digest(attributes("ab")),
            digest(attributes("cd")),
            IntegrityFact::Digest {
                stored: Err("large".into()),
                attributes: BTreeSet::new(),
            },
            IntegrityFact::Sidecar(Ok(b"{}".to_vec())),
            IntegrityFact::Lines(Err("large".into())),
            IntegrityFact::Keys,
        ]
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for fact in facts() {
            let packed = fact.pack().unwrap_or_default();
            assert_eq!(IntegrityFact::unpack(&packed), Some(fact));
        }
        for other in [&[9][..], &[1], &[1, 9], &[1, 1, 0], &[2, 1], &[3, 0, 200]] {
            assert_eq!(IntegrityFact::unpack(other), None, "{other:?}");
        }
    }

    #[test]
    fn joining_does_not_depend_on_the_order() {
        for one in facts() {
            assert_eq!(one.clone().joined(one.clone()), one);
            for other in facts() {
                let joined = one.clone().joined(other.clone());
                assert_eq!(joined, other.clone().joined(one.clone()));
                for third in facts() {
                    let left = joined.clone().joined(third.clone());
                    let right = one.clone().joined(other.clone().joined(third));
                    assert_eq!(left, right);
                }
            }
        }
    }

    #[test]
    fn a_log_without_a_hash_is_found_by_its_first_bytes() {
        let packed = IntegrityFact::Log(LogBytes::NotHashed).pack();
        assert_eq!(packed.as_deref(), Some(&[1, 0][..]));
        assert_eq!(NOT_HASHED, "x'0100'");
    }
}
