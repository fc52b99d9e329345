//! Instants of stretches of time, of which a packet about a large organization has hundreds of
//! thousands: eight bytes each, and a text only where it is written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::record::time;

/// Seconds since 1970; RFC 3339 in UTC as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&time::format(self.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time::format(self.0))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        let text = String::deserialize(deserializer)?;
        time::parse(&text).map(Instant).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_and_read_as_text() {
        let instant = Instant(1_790_812_800);
        let text = serde_json::to_string(&instant).expect("JSON");
        assert_eq!(text, "\"2026-10-01T00:00:00Z\"");
        let read: Instant = serde_json::from_str(&text).expect("an instant");
        assert_eq!(
            (read, instant.to_string()),
            (instant, text.replace('"', ""))
        );
        assert!(serde_json::from_str::<Instant>("\"soon\"").is_err());
    }
}
