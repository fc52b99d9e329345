//! Numbers as patterns compare them: by value where a double tells the value
//! exactly as it is spelled, by spelling otherwise.
//!
//! A number that no double spells (more digits than a double holds, or beyond
//! its range) is never rounded to one: it equals its own spelling only, and no
//! range holds it.

/// A number of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    text: Box<str>,
    value: Option<f64>,
}

impl Number {
    /// The number with this JSON spelling.
    pub fn new(text: &str) -> Self {
        Number {
            text: text.into(),
            value: comparable(text),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value, if it can be compared by value.
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    /// Whether a number spelled `text` is this number.
    pub fn equals(&self, text: &str) -> bool {
        *self.text == *text || self.value.is_some_and(|own| comparable(text) == Some(own))
    }
}

/// The value of a number, if the shortest spelling of the nearest double is that number.
pub fn comparable(text: &str) -> Option<f64> {
    let decimal = Decimal::read(text)?;
    if decimal.digits == 0 {
        return Some(0.0);
    }
    let value: f64 = text.parse().ok()?;
    // Up to 15 digits survive the way to a double and back; only the edges of the range need proof.
    if decimal.digits < 1_000_000_000_000_000 && (-290..=290).contains(&decimal.exponent) {
        return Some(value);
    }
    (value.is_finite() && Decimal::read(&shortest(value)) == Some(decimal)).then_some(value)
}

/// The shortest spelling of a double, with two digits at least: where the
/// doubles are so coarse that one digit would do, the nearer of two digits counts.
fn shortest(value: f64) -> String {
    let short = format!("{value:e}");
    if short.contains('.') {
        return short;
    }
    format!("{value:.1e}")
}

/// Sign, digits without zeros at either end, and power of ten.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Decimal {
    negative: bool,
    digits: u64,
    exponent: i64,
}

impl Decimal {
    /// Nothing for more digits than any double's shortest spelling has.
    fn read(text: &str) -> Option<Decimal> {
        let negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)),
            None => (text, 0),
        };
        let mut decimal = Decimal {
            negative,
            digits: 0,
            exponent: 0,
        };
        let mut behind_point = 0i64;
        let mut seen_point = false;
        let mut zeros = 0u32;
        for byte in mantissa.bytes() {
            match byte {
                b'.' => {
                    seen_point = true;
                    continue;
                }
                b'0' if decimal.digits > 0 => zeros += 1,
                b'0' => {}
                digit => {
                    let shift = 10u64.checked_pow(zeros + 1)?;
                    decimal.digits = decimal
                        .digits
                        .checked_mul(shift)?
                        .checked_add(u64::from(digit.wrapping_sub(b'0')))?;
                    zeros = 0;
                }
            }
            behind_point += i64::from(seen_point);
        }
        if decimal.digits >= 1_000_000_000_000_000_000 {
            return None;
        }
        if decimal.digits == 0 {
            decimal.negative = false;
            return Some(decimal);
        }
        decimal.exponent = exponent
            .saturating_sub(behind_point)
            .saturating_add(i64::from(zeros));
        Some(decimal)
    }
}

/// An exponent too large for 64 bits is beyond every double either way.
fn read_exponent(text: &str) -> i64 {
    let limit = 1 << 40;
    let negative = text.starts_with('-');
    let value = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0i64, |all, digit| {
            (all * 10 + i64::from(digit - b'0')).min(limit)
        });
    if negative { -value } else { value }
}

/// A range of numbers; a missing end is open.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberRange {
    /// The lower end, and whether it belongs to the range.
    pub from: Option<(f64, bool)>,
    /// The upper end, and whether it belongs to the range.
    pub to: Option<(f64, bool)>,
    /// As it was written, for people.
    pub text: String,
}

impl NumberRange {
    /// Whether the number spelled `text` lies in it.
    pub fn holds(&self, text: &str) -> bool {
        let Some(value) = comparable(text) else {
            return false;
        };
        let above = self
            .from
            .is_none_or(|(end, closed)| value > end || (closed && value == end));
        let below = self
            .to
            .is_none_or(|(end, closed)| value < end || (closed && value == end));
        above && below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<f64>) {
        assert_eq!(comparable(text), expected, "{text}");
    }

    #[test]
    fn a_number_that_a_double_spells_has_a_value() {
        check("5", Some(5.0));
        check("5.00", Some(5.0));
        check("1E+2", Some(100.0));
        check("-0.0", Some(0.0));
        check("0e5", Some(0.0));
        check("1e22", Some(1e22));
        check("9007199254740992", Some(9_007_199_254_740_992.0));
        check("1.7976931348623157e308", Some(f64::MAX));
        check("4.9e-324", Some(f64::from_bits(1)));
        check("0.1", Some(0.1));
    }

    #[test]
    fn a_number_that_no_double_spells_has_none() {
        check("9007199254740993", None);
        check("1e400", None);
        check("1e-400", None);
        check("1e99999999999999999999", None);
        check("5e-324", None);
        check("0.1000000000000000055511151231257827", None);
        check("123456789012345678901234567890", None);
    }

    #[test]
    fn a_number_without_a_value_equals_its_own_spelling_only() {
        let number = Number::new("1e400");
        assert!(number.equals("1e400"));
        assert!(!number.equals("10e399"));
        assert!(Number::new("1.0").equals("1.00"));
        assert!(!Number::new("9007199254740993").equals("9007199254740992"));
    }
}
