//! `record-fields`: every record must carry certain elements.
//!
//! All kept records are examined; only those that lack something have rows. The
//! rest is counted by profile, and both ways of counting must agree.

use super::AssessError;
use super::desk::Desk;
use super::judge::Judge;
use super::outcome::List;
use crate::control::model::{Expectation, FieldElement};
use crate::control::roles::{FieldBits, Part, Role};
use crate::ledger::facts::EXEMPT;
use crate::ledger::read::LedgerRow;

/// Counts rows by role, to compare them with the profiles.
#[derive(Debug, Default)]
pub struct RecordFields {
    lacking: u64,
    undecided: u64,
}

/// How often an element was there.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    applies: u64,
    missing: u64,
    undecided: u64,
}

impl Judge for RecordFields {
    fn row(&mut self, row: &LedgerRow, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let bits = match row.part {
            Part::Fields(bits) => bits,
            _ => FieldBits::default(),
        };
        if row.role == Role::Undecided {
            self.undecided += 1;
            return desk.undecided(row, &[List::Undecided]).map(|_| ());
        }
        self.lacking += 1;
        let reason = format!("lacks: {}", names(bits.missing, desk).join(", "));
        desk.exception(row, &[List::Exceptions], &reason)
            .map(|_| ())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let Expectation::RecordFields(fields) = &desk.control.expectation else {
            return Ok(());
        };
        let number = ledger_number(desk);
        let mut rates = vec![Rate::default(); fields.len()];
        let (mut conforming, mut exempt, mut lacking, mut undecided) = (0, 0, 0, 0);
        for ((_, profile), count) in &desk.room.tally.kinds {
            let profile = desk.room.tally.profiles.get(*profile);
            let found = profile.iter().find(|mask| mask.control == number);
            let bits = found.map_or(FieldBits::default(), |mask| mask.bits);
            match bits {
                EXEMPT => exempt += count,
                FieldBits { missing: 1.., .. } => lacking += count,
                FieldBits { undecided: 1.., .. } => undecided += count,
                _ => conforming += count,
            }
            add_rates(&mut rates, bits, *count);
        }
        // A control whose lists are not filled decides nothing, whatever the profiles say.
        let decides = desk.unfilled_lists().is_empty();
        if decides && (lacking, undecided) != (self.lacking, self.undecided) {
            return Err(AssessError::DoesNotReconcile(format!(
                "control `{}`: {lacking} records lack an element and {undecided} are undecided, \
                 but {} and {} are listed",
                desk.control.id, self.lacking, self.undecided
            )));
        }
        // The scan keeps no row of what an unfilled list leaves undecided.
        let unlisted = undecided.saturating_sub(self.undecided);
        desk.counts.examined += conforming + exempt + unlisted;
        desk.counts.conforming += conforming;
        desk.counts.excluded += exempt;
        desk.counts.undecided += unlisted;
        let rows = fields
            .iter()
            .zip(&rates)
            .map(|(field, rate)| table_row(field, *rate));
        let rows: Vec<_> = rows.collect();
        let total = rows.len() as u64;
        let columns = [
            "element",
            "records it applies to",
            "present",
            "missing",
            "left out",
            "rate",
        ];
        desk.add_table("Elements of the records", &columns, rows, total);
        desk.notes.push(
            "every record of the period was tested; those that carry all elements are not listed"
                .to_owned(),
        );
        Ok(())
    }
}

/// The number that the control has in the ledger.
pub fn ledger_number(desk: &Desk<'_>) -> u32 {
    let controls = &desk.room.ledger.identity().controls;
    let found = controls.iter().position(|(id, _)| *id == desk.control.id);
    found.map_or(u32::MAX, |at| at as u32)
}

fn add_rates(rates: &mut [Rate], bits: FieldBits, count: u64) {
    for (at, rate) in rates.iter_mut().enumerate() {
        let has = |mask: u16| mask >> at & 1 == 1;
        if !has(bits.exempt) {
            rate.applies += count;
            rate.missing += if has(bits.missing) { count } else { 0 };
            rate.undecided += if has(bits.undecided) { count } else { 0 };
        }
    }
}

fn table_row(field: &FieldElement, rate: Rate) -> Vec<String> {
    let present = rate.applies - rate.missing - rate.undecided;
    vec![
        field.name.clone(),
        rate.applies.to_string(),
        present.to_string(),
        rate.missing.to_string(),
        rate.undecided.to_string(),
        percent(present, rate.applies),
    ]
}

/// Rounded down to a hundredth, so that 100.00 % means all.
fn percent(part: u64, of: u64) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let hundredths = u128::from(part) * 10_000 / u128::from(of);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn names(mask: u16, desk: &Desk<'_>) -> Vec<String> {
    let Expectation::RecordFields(fields) = &desk.control.expectation else {
        return Vec::new();
    };
    let wanted = fields
        .iter()
        .enumerate()
        .filter(|(at, _)| mask >> at & 1 == 1);
    wanted.map(|(_, field)| field.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_rate_is_never_rounded_up_to_all() {
        assert_eq!(percent(99_999, 100_000), "99.99 %");
        assert_eq!(percent(7, 7), "100.00 %");
        assert_eq!(percent(0, 0), "–");
    }
}
