//! Instants as CloudTrail and its copies spell them, as seconds of UTC.
//!
//! Only RFC 3339 with a zone counts; CloudTrail's own spelling ends in `Z`. A
//! fraction is dropped, since the service's resolution is one second.

use chrono::{DateTime, Datelike, SecondsFormat};

/// Why a text is not an instant of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with a zone, or a day or hour that does not exist.
    #[error("not a time of the form 2026-10-31T23:59:59Z")]
    NotATime,
    /// CloudTrail began in 2013; a clock that shows this is broken or forged.
    #[error("year {0} is outside 2006 to 2999")]
    OutOfRange(i32),
}

/// Seconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// See [`TimeError`].
pub fn parse(text: &str) -> Result<i64, TimeError> {
    if let Some(seconds) = parse_plain(text.as_bytes()) {
        return Ok(seconds);
    }
    // chrono accepts a leap second as 23:59:60; CloudTrail never writes one.
    if text.as_bytes().get(17..19) == Some(b"60") || text.as_bytes().get(10) != Some(&b'T') {
        return Err(TimeError::NotATime);
    }
    let parsed = DateTime::parse_from_rfc3339(text)
        .map_err(|_| TimeError::NotATime)?
        .to_utc();
    if !(2006..=2999).contains(&parsed.year()) {
        return Err(TimeError::OutOfRange(parsed.year()));
    }
    Ok(parsed.timestamp())
}

/// The one spelling that trails use, read without a general parser.
pub(crate) fn parse_plain(text: &[u8]) -> Option<i64> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let mut wrong = 0;
    for (found, wanted) in text.iter().zip(b"0000-00-00T00:00:00Z") {
        // A digit differs from `0` by less than ten; a mark does not differ.
        let most = if *wanted == b'0' { 9 } else { 0 };
        wrong |= u8::from(found.wrapping_sub(*wanted) > most);
    }
    if wrong != 0 {
        return None;
    }
    let digit = |at: usize| i64::from(text[at] - b'0');
    let pair = |at: usize| digit(at) * 10 + digit(at + 1);
    let (year, month, day) = (pair(0) * 100 + pair(2), pair(5), pair(8));
    let (hour, minute, second) = (pair(11), pair(14), pair(17));
    let sane = (2006..=2999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    sane.then(|| days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (years count from March).
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2026-10-31T23:59:59Z`
pub fn format(seconds: i64) -> String {
    match DateTime::from_timestamp(seconds, 0) {
        Some(instant) => instant.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => format!("{seconds} seconds from 1970"),
    }
}

/// `2026-10-31`
pub fn format_day(seconds: i64) -> String {
    let mut text = format(seconds);
    if let Some(at) = text.find('T') {
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<i64, TimeError>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn the_plain_spelling_and_the_general_parser_agree() {
        for days in (13_149..376_000).step_by(13) {
            let seconds = days * 86_400 + 86_399;
            let text = format(seconds);
            assert_eq!(parse_plain(text.as_bytes()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn fractions_and_offsets_are_instants_too() {
        check("2024-05-06T02:00:00.123Z", Ok(1_714_960_800));
        check("2024-05-06T04:00:00+02:00", Ok(1_714_960_800));
    }

    #[test]
    fn what_is_not_an_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2024-05-06",
            "2024-02-30T00:00:00Z",
            "2024-05-06T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2024-05-06 02:00:00Z",
        ] {
            check(text, Err(TimeError::NotATime));
        }
        check("1970-01-01T00:00:00Z", Err(TimeError::OutOfRange(1970)));
    }
}
