//! Lengths of time, days and instants as TOML files spell them.

use toml::value::{Date, Datetime, Offset};

/// `30s`, `15m`, `24h`, `7d` in seconds; nothing for 0 and for more than 100 years.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<i64>().ok()?.checked_mul(unit)?;
    (1..=36_525 * 86_400).contains(&seconds).then_some(seconds)
}

/// The first second of a day that stands alone.
pub(super) fn to_day(datetime: &Datetime) -> Option<i64> {
    match (datetime.date, datetime.time, datetime.offset) {
        (Some(date), None, None) => seconds_of(date, 0, 0, 0),
        _ => None,
    }
}

/// The second of an instant that has a zone.
pub(super) fn to_instant(datetime: &Datetime) -> Option<i64> {
    let (date, time, offset) = (datetime.date?, datetime.time?, datetime.offset?);
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let second = time.second.unwrap_or(0);
    Some(seconds_of(date, time.hour, time.minute, second)? - minutes * 60)
}

fn seconds_of(date: Date, hour: u8, minute: u8, second: u8) -> Option<i64> {
    let text = format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        date.year, date.month, date.day
    );
    crate::record::time::parse(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn durations_have_one_unit() {
        assert_eq!(parse_duration("15m"), Some(900));
        assert_eq!(parse_duration("7d"), Some(604_800));
        for text in [
            "",
            "m",
            "0m",
            "1.5h",
            "-1h",
            "15",
            "15 m",
            "1h30m",
            "999999999d",
            "1é",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
