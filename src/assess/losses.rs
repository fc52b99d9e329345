//! Whether something that could not be read could have mattered: judged by what
//! its name claims, and by everything where the name claims nothing.

use super::intake::Loss;
use super::outcome::CoverageRow;
use crate::period::{DAY, Period};
use crate::source::display::display_value;

/// A file delivered later than this after the end holds records of the next period only,
/// save for redelivery after an outage, which the packet states.
const SLACK: i64 = DAY;

/// Names that a sentence lists before it only counts.
const SHOWN: usize = 5;

/// The sentence about losses that may concern one of `rows`, if there are any.
pub fn reason(losses: &[Loss], rows: &[CoverageRow], period: &Period) -> Option<String> {
    let matter: Vec<&Loss> = losses
        .iter()
        .filter(|loss| matters(loss, rows, period))
        .collect();
    if matter.is_empty() {
        return None;
    }
    let names: Vec<String> = matter
        .iter()
        .take(SHOWN)
        .map(|loss| format!("`{}`", display_value(&loss.name)))
        .collect();
    let more = match matter.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "records may be missing, because {} could not be read in full: {}{more}",
        counted(matter.len() as u64, "file"),
        names.join(", ")
    ))
}

fn matters(loss: &Loss, rows: &[CoverageRow], period: &Period) -> bool {
    let fits =
        |claim: &Option<String>, value: &str| claim.as_ref().is_none_or(|claim| claim == value);
    let is_in_scope = rows.is_empty()
        || rows
            .iter()
            .any(|row| fits(&loss.claim.account, &row.account) && fits_region(loss, row));
    let is_in_time = loss
        .claim
        .day
        .is_none_or(|day| day + DAY > period.start && day < period.end + SLACK);
    is_in_scope && is_in_time
}

fn fits_region(loss: &Loss, row: &CoverageRow) -> bool {
    row.region == super::coverage::NO_REGION
        || loss
            .claim
            .region
            .as_ref()
            .is_none_or(|region| *region == row.region)
}

/// `1 file`, `2 files`
pub fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::facts::ClaimFact;

    fn row() -> CoverageRow {
        CoverageRow {
            account: "111122223333".into(),
            account_name: String::new(),
            region: "us-east-1".into(),
            days: Vec::new(),
            counts: Vec::new(),
            hours: Vec::new(),
        }
    }

    #[track_caller]
    fn check(account: Option<&str>, region: Option<&str>, day: Option<i64>, expected: bool) {
        let period = Period::parse("2026-10", None).expect("valid");
        let loss = Loss {
            name: "a.json.gz".into(),
            claim: ClaimFact {
                account: account.map(str::to_owned),
                region: region.map(str::to_owned),
                day,
            },
            records: 0,
            unseen: None,
        };
        let found = reason(&[loss], &[row()], &period);
        assert_eq!(found.is_some(), expected, "{found:?}");
    }

    #[test]
    fn a_lost_file_matters_unless_its_name_claims_another_place_or_time() {
        let october = Period::parse("2026-10", None).expect("valid");
        check(None, None, None, true);
        check(
            Some("111122223333"),
            Some("us-east-1"),
            Some(october.start),
            true,
        );
        check(Some("444455556666"), None, None, false);
        check(None, Some("eu-west-1"), None, false);
        check(None, None, Some(october.start - DAY), false);
        check(None, None, Some(october.end), true);
        check(None, None, Some(october.end + DAY), false);
    }
}
