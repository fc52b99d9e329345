//! The span of time that a packet covers: half open, in whole seconds of UTC.
//!
//! There is no clock here: `last-month` needs the day that the caller calls
//! today. Everything is UTC, because CloudTrail is; nobody's local month is meant.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::record::time;

/// Seconds of a day of UTC (CloudTrail knows no leap seconds).
pub const DAY: i64 = 86_400;
/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// From `start` up to, but not with, `end`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// First second.
    pub start: i64,
    /// The second after the last one; always later than `start`.
    pub end: i64,
    /// Short name for folders and headings: `2026-10`, `2026-Q3`, `2026`, `2026-10-01_2026-10-15`.
    pub label: String,
}

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not one of the known spellings.
    #[error("period `{0}` is not a month, a quarter, a year or `last-month`")]
    Unknown(String),
    /// A month 13, a quarter 5, a 30th of February.
    #[error("period `{0}` names a {1} that does not exist")]
    NoSuch(String, &'static str),
    /// CloudTrail began in 2013.
    #[error("period `{0}`: year {1} is outside 2006 to 2999")]
    OutOfRange(String, i32),
    /// `--from` or `--to` is neither a day nor an instant.
    #[error("`{0}` is neither a day nor an instant with a time zone")]
    NotADay(String),
    /// `--to` lies before `--from`.
    #[error("the period ends ({to}) before it begins ({from})")]
    Backwards {
        /// As given.
        from: String,
        /// As given.
        to: String,
    },
    /// The caller gave no today.
    #[error("`last-month` needs to know which day it is")]
    NoToday,
}

impl PeriodError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            PeriodError::Backwards { .. } => {
                "`--from` is the first day, `--to` the last day that still belongs to the period"
            }
            PeriodError::NotADay(_) => {
                "write a day as `2026-10-31`, an instant as `2026-10-31T12:00:00Z`"
            }
            PeriodError::NoToday => "name the month, for example `2026-10`",
            _ => {
                "use `2026-10`, `2026-Q3`, `2026`, `last-month`, or `--from 2026-10-01 --to 2026-10-15`"
            }
        }
    }
}

impl Period {
    /// `2026-10`, `2026-Q3`, `2026` or `last-month`; `today` is any second of the caller's day.
    ///
    /// # Errors
    /// See [`PeriodError`]; [`PeriodError::help`] has the remedy.
    pub fn parse(text: &str, today: Option<i64>) -> Result<Period, PeriodError> {
        if text == "last-month" {
            return Ok(Period::last_month(today.ok_or(PeriodError::NoToday)?));
        }
        let unknown = || PeriodError::Unknown(text.to_owned());
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        if !is_digits(year, 4) {
            return Err(unknown());
        }
        let year: i32 = year.parse().map_err(|_| unknown())?;
        if !(2006..=2999).contains(&year) {
            return Err(PeriodError::OutOfRange(text.to_owned(), year));
        }
        match rest {
            None => Ok(months(year, 1, 12, text)),
            Some(rest) => Period::part_of_year(text, year, rest),
        }
    }

    fn part_of_year(text: &str, year: i32, rest: &str) -> Result<Period, PeriodError> {
        let no_such = |what| PeriodError::NoSuch(text.to_owned(), what);
        if let Some(quarter) = rest.strip_prefix(['Q', 'q']) {
            return match quarter {
                "1" | "2" | "3" | "4" => {
                    let first = (u32::from(quarter.as_bytes()[0] - b'0') - 1) * 3 + 1;
                    Ok(months(year, first, 3, &format!("{year}-Q{quarter}")))
                }
                _ => Err(no_such("quarter")),
            };
        }
        if !is_digits(rest, 2) {
            return Err(PeriodError::Unknown(text.to_owned()));
        }
        match rest.parse::<u32>() {
            Ok(month @ 1..=12) => Ok(months(year, month, 1, text)),
            _ => Err(no_such("month")),
        }
    }

    /// From a first day (or instant) to a last day (with it) or an instant (without it).
    ///
    /// # Errors
    /// See [`PeriodError`].
    pub fn between(from: &str, to: &str) -> Result<Period, PeriodError> {
        let (start, _) = day_or_instant(from)?;
        let (end, end_is_day) = day_or_instant(to)?;
        let end = if end_is_day { end + DAY } else { end };
        if end <= start {
            return Err(PeriodError::Backwards {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
        Ok(Period {
            start,
            end,
            label: between_label(start, end),
        })
    }

    /// The whole month before the one that `today` lies in.
    pub fn last_month(today: i64) -> Period {
        let first = month_start(date_of(today));
        let before = first
            .checked_sub_months(Months::new(1))
            .expect("a month before a year from 2006 on exists");
        month_of_date(before)
    }

    /// The whole month that an instant lies in.
    pub fn month_of(instant: i64) -> Period {
        month_of_date(month_start(date_of(instant)))
    }

    /// The smallest span of whole months that holds both instants.
    pub fn whole_months(first: i64, last: i64) -> Period {
        let from = Period::month_of(first.min(last));
        let to = Period::month_of(first.max(last));
        let label = if from == to {
            from.label
        } else {
            format!("{}_{}", from.label, to.label)
        };
        Period {
            start: from.start,
            end: to.end,
            label,
        }
    }

    /// Whether an instant lies in it.
    pub fn contains(&self, instant: i64) -> bool {
        (self.start..self.end).contains(&instant)
    }

    /// How many seconds it has.
    pub fn seconds(&self) -> i64 {
        self.end - self.start
    }

    /// The first seconds of all days that it touches.
    pub fn days(&self) -> impl Iterator<Item = i64> + Clone + use<> {
        steps(self.start, self.end, DAY)
    }

    /// The first seconds of all hours that it touches.
    pub fn hours(&self) -> impl Iterator<Item = i64> + Clone + use<> {
        steps(self.start, self.end, HOUR)
    }

    /// The days, Monday to Sunday weeks or months that it touches, or itself,
    /// each cut to the period.
    pub fn split(&self, by: Per) -> Vec<Period> {
        let mut parts = Vec::new();
        let mut at = self.start;
        while at < self.end {
            let end = match by {
                Per::Period => self.end,
                Per::Day => at.div_euclid(DAY) * DAY + DAY,
                Per::Week => week_end(at),
                Per::Month => Period::month_of(at).end,
            };
            let end = end.min(self.end);
            parts.push(Period {
                start: at,
                end,
                label: between_label(at, end),
            });
            at = end;
        }
        parts
    }
}

/// `2026-10-01 to 2026-10-31 (UTC)`, the last day included; instants where it does not hold whole days.
impl std::fmt::Display for Period {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.start % DAY == 0 && self.end % DAY == 0 {
            write!(
                formatter,
                "{} to {} (UTC)",
                time::format_day(self.start),
                time::format_day(self.end - 1)
            )
        } else {
            write!(
                formatter,
                "{} to {} (UTC, without the last second)",
                time::format(self.start),
                time::format(self.end)
            )
        }
    }
}

/// What a count is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// The whole period.
    Period,
    /// Each calendar month.
    Month,
    /// Each week from Monday.
    Week,
    /// Each day.
    Day,
}

impl Per {
    /// Every choice.
    pub const ALL: [Per; 4] = [Per::Period, Per::Month, Per::Week, Per::Day];

    /// The spelling in controls.
    pub const fn id(self) -> &'static str {
        match self {
            Per::Period => "period",
            Per::Month => "month",
            Per::Week => "week",
            Per::Day => "day",
        }
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|one| one.is_ascii_digit())
}

fn months(year: i32, month: u32, count: u32, label: &str) -> Period {
    let first = NaiveDate::from_ymd_opt(year, month, 1).expect("the caller checked year and month");
    let after = first
        .checked_add_months(Months::new(count))
        .expect("years end at 2999");
    Period {
        start: seconds_of(first),
        end: seconds_of(after),
        label: label.to_owned(),
    }
}

fn month_of_date(first: NaiveDate) -> Period {
    let label = format!("{:04}-{:02}", first.year(), first.month());
    let after = first
        .checked_add_months(Months::new(1))
        .expect("instants of records end at 2999");
    Period {
        start: seconds_of(first),
        end: seconds_of(after),
        label,
    }
}

fn month_start(date: NaiveDate) -> NaiveDate {
    date.with_day(1).expect("every month has a first day")
}

fn week_end(at: i64) -> i64 {
    let date = date_of(at);
    let left = 7 - u64::from(date.weekday().num_days_from_monday());
    seconds_of(date + Days::new(left))
}

fn date_of(instant: i64) -> NaiveDate {
    chrono::DateTime::from_timestamp(instant, 0)
        .expect("instants of records and clocks lie within chrono's years")
        .date_naive()
}

fn seconds_of(date: NaiveDate) -> i64 {
    date.and_hms_opt(0, 0, 0)
        .expect("midnight exists in UTC")
        .and_utc()
        .timestamp()
}

fn steps(start: i64, end: i64, width: i64) -> impl Iterator<Item = i64> + Clone {
    let first = start.div_euclid(width) * width;
    (0..)
        .map(move |step| first + step * width)
        .take_while(move |at| *at < end)
}

/// The instant, and whether the text was a whole day.
fn day_or_instant(text: &str) -> Result<(i64, bool), PeriodError> {
    let bytes = text.as_bytes();
    let looks_like_day = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    if !looks_like_day {
        let instant = time::parse(text).map_err(|_| PeriodError::NotADay(text.to_owned()))?;
        return Ok((instant, false));
    }
    let digits =
        |from: usize, to: usize| text.get(from..to).filter(|one| is_digits(one, to - from));
    let (Some(year), Some(month), Some(day)) = (digits(0, 4), digits(5, 7), digits(8, 10)) else {
        return Err(PeriodError::NotADay(text.to_owned()));
    };
    let number = |text: &str| text.parse::<u32>().expect("only digits, four at most");
    let year = number(year) as i32;
    if !(2006..=2999).contains(&year) {
        return Err(PeriodError::OutOfRange(text.to_owned(), year));
    }
    let date = NaiveDate::from_ymd_opt(year, number(month), number(day))
        .ok_or_else(|| PeriodError::NoSuch(text.to_owned(), "day"))?;
    Ok((seconds_of(date), true))
}

fn between_label(start: i64, end: i64) -> String {
    if start % DAY == 0 && end % DAY == 0 {
        let (first, last) = (time::format_day(start), time::format_day(end - 1));
        return if first == last {
            first
        } else {
            format!("{first}_{last}")
        };
    }
    // Colons do not belong into folder names.
    let compact = |instant| time::format(instant).replace(':', "");
    format!("{}_{}", compact(start), compact(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, label: &str) {
        let period = Period::parse(text, time::parse("2026-11-25T03:00:00Z").ok())
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(period.to_string(), expected);
        assert_eq!(period.label, label);
    }

    #[test]
    fn months_quarters_and_years_are_whole() {
        check("2026-10", "2026-10-01 to 2026-10-31 (UTC)", "2026-10");
        check("2024-02", "2024-02-01 to 2024-02-29 (UTC)", "2024-02");
        check("2026-12", "2026-12-01 to 2026-12-31 (UTC)", "2026-12");
        check("2026-Q3", "2026-07-01 to 2026-09-30 (UTC)", "2026-Q3");
        check("2026-q4", "2026-10-01 to 2026-12-31 (UTC)", "2026-Q4");
        check("2026", "2026-01-01 to 2026-12-31 (UTC)", "2026");
        check("last-month", "2026-10-01 to 2026-10-31 (UTC)", "2026-10");
    }

    #[test]
    fn last_month_in_january_is_december_of_the_year_before() {
        let today = time::parse("2026-01-31T23:59:59Z").expect("valid");
        assert_eq!(Period::last_month(today).label, "2025-12");
    }

    #[track_caller]
    fn refused(text: &str, expected: PeriodError) {
        let found = Period::parse(text, None).expect_err(text);
        assert_eq!(found, expected);
        assert!(!found.help().is_empty());
    }

    #[test]
    fn what_is_not_a_period_is_refused_with_a_remedy() {
        refused("", PeriodError::Unknown(String::new()));
        refused("october", PeriodError::Unknown("october".into()));
        refused("2026-1", PeriodError::Unknown("2026-1".into()));
        refused("2026-13", PeriodError::NoSuch("2026-13".into(), "month"));
        refused("2026-Q5", PeriodError::NoSuch("2026-Q5".into(), "quarter"));
        refused("1999", PeriodError::OutOfRange("1999".into(), 1999));
        refused("last-month", PeriodError::NoToday);
        refused("２０２６-10", PeriodError::Unknown("２０２６-10".into()));
    }

    #[test]
    fn the_last_day_belongs_to_the_period_and_an_instant_does_not() {
        let days = Period::between("2026-10-01", "2026-10-31").expect("valid");
        assert_eq!(days.seconds(), 31 * DAY);
        assert_eq!(days.label, "2026-10-01_2026-10-31");
        let hours = Period::between("2026-10-01T06:00:00Z", "2026-10-01T08:00:00+02:00");
        assert!(matches!(hours, Err(PeriodError::Backwards { .. })));
        let hours = Period::between("2026-10-01T06:00:00Z", "2026-10-01T08:00:00Z").expect("valid");
        assert_eq!(hours.seconds(), 7200);
        assert_eq!(hours.label, "2026-10-01T060000Z_2026-10-01T080000Z");
        assert!(matches!(
            Period::between("2026-02-30", "2026-03-01"),
            Err(PeriodError::NoSuch(..))
        ));
        assert!(matches!(
            Period::between("2026-03-02", "2026-03-01"),
            Err(PeriodError::Backwards { .. })
        ));
    }

    #[test]
    fn days_and_hours_are_those_that_the_period_touches() {
        let period =
            Period::between("2026-10-01T23:30:00Z", "2026-10-02T00:30:00Z").expect("valid");
        assert_eq!(period.days().count(), 2);
        assert_eq!(period.hours().count(), 2);
        let october = Period::parse("2026-10", None).expect("valid");
        assert_eq!(october.days().count(), 31);
        assert_eq!(october.hours().count(), 744);
    }

    #[test]
    fn a_split_covers_the_period_without_gap_or_overlap() {
        let quarter = Period::parse("2026-Q3", None).expect("valid");
        for (per, count) in [
            (Per::Period, 1),
            (Per::Month, 3),
            (Per::Week, 14),
            (Per::Day, 92),
        ] {
            let parts = quarter.split(per);
            assert_eq!(parts.len(), count, "{per:?}");
            assert_eq!(parts[0].start, quarter.start);
            assert_eq!(parts[count - 1].end, quarter.end);
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }

    #[test]
    fn whole_months_hold_both_instants() {
        let first = time::parse("2026-10-31T23:59:59Z").expect("valid");
        let both = Period::whole_months(first + 1, first);
        assert_eq!(both.label, "2026-10_2026-11");
        assert!(both.contains(first) && both.contains(first + 1));
    }
}
