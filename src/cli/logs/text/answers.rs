//! What is missing, what is proved, and what cannot be answered.

use super::{AGGREGATED, PLACES, Page, SHOWN, plural};
use crate::assess::outcome::CoverageRow;
use crate::cli::logs::Inspection;
use crate::cli::terminal::thousands;
use crate::inspect::advice::Reason;
use crate::integrity::IntegrityVerdict;
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;

impl Page {
    pub(super) fn gaps(&mut self, found: &Inspection<'_>) {
        let coverage = &found.assessment.coverage;
        self.head("GAPS");
        let is_open = |row: &&CoverageRow| row.days.iter().any(|day| !day.is_accounted_for());
        let open: Vec<&CoverageRow> = coverage.rows.iter().filter(is_open).collect();
        for row in open.iter().take(PLACES) {
            let days: Vec<String> = ranges(row, &coverage.days);
            let front = format!(
                "{} {}: ",
                display_value(&row.account),
                display_value(&row.region)
            );
            self.wrapped(&front, &days.join(", "), 2);
        }
        self.more(open.len(), PLACES);
        if open.is_empty() {
            self.line(match coverage.rows.is_empty() {
                true => "nothing to look at",
                false => "every account, Region and day has records or is known to be idle",
            });
        }
    }

    pub(super) fn proofs(&mut self, found: &Inspection<'_>) {
        let missing: Vec<_> = found
            .assessment
            .coverage
            .classes
            .iter()
            .filter(|one| !one.is_proven)
            .collect();
        self.head("EVENT CLASSES THAT CONTROLS NEED AND NOTHING PROVES");
        for class in EventClass::ALL {
            let places: Vec<String> = missing
                .iter()
                .filter(|one| one.class == class)
                .map(|one| {
                    format!(
                        "{}/{}",
                        display_value(&one.account),
                        display_value(&one.region)
                    )
                })
                .collect();
            if places.is_empty() {
                continue;
            }
            let more = match places.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let shown: Vec<&str> = places.iter().take(SHOWN).map(String::as_str).collect();
            let front = format!("{:<18} ", class.id());
            self.wrapped(&front, &format!("{}{more}", shown.join(", ")), 19);
        }
        if missing.is_empty() {
            self.line("none");
        }
        let stores = found
            .assessment
            .coverage
            .stores
            .iter()
            .filter(|one| !one.is_proven);
        for one in stores.take(PLACES) {
            let front = format!("{:<18} ", one.class.id());
            self.wrapped(
                &front,
                &format!("`{}`: {}", display_value(&one.store), one.proof),
                19,
            );
        }
    }

    pub(super) fn integrity(&mut self, found: &Inspection<'_>) {
        self.head("INTEGRITY");
        let answer = &found.integrity;
        let Some(verdict) = answer.verdict else {
            let text = match found.assessment.integrity.digests_seen {
                0 => "not verified: the log set holds no digest files".to_owned(),
                count => format!(
                    "not verified here: the log set holds {} digest files; give the public keys with \
                     `--keys FILE`, or run `attestrail logs integrity`",
                    thousands(count)
                ),
            };
            return self.wrapped("", &text, 0);
        };
        let verdict = match verdict {
            IntegrityVerdict::Verified => "verified",
            IntegrityVerdict::Incomplete => "not all could be verified",
            IntegrityVerdict::NotVerified => "not verified: there are no digest files",
            IntegrityVerdict::Failed => "FAILED: something does not verify",
        };
        let outside = match (
            answer.problems - answer.problems_that_matter,
            found.is_asked,
        ) {
            (0, _) | (_, false) => String::new(),
            (count, true) => format!(", of which {count} change nothing for this period"),
        };
        let text = format!(
            "{verdict}; {} problems{outside}. `attestrail logs integrity` has the whole report",
            answer.problems
        );
        self.wrapped("", &text, 0);
        if let Some(statement) = &answer.statement {
            self.wrapped("", statement, 0);
        }
    }

    pub(super) fn refused(&mut self, found: &Inspection<'_>) {
        self.head("REFUSED OR NOT READ");
        for one in &found.refusals {
            let record = one
                .index
                .map(|at| format!(", record {at}"))
                .unwrap_or_default();
            let level = if one.is_loss { "error" } else { "notice" };
            let text = format!("{}{record}: {}", display_value(&one.key), one.message);
            self.wrapped(&format!("{level}: "), &text, 2);
        }
        if found.chain_files > 0 {
            let text = format!(
                "{} digests and files of their metadata: no logs, see integrity",
                thousands(found.chain_files)
            );
            self.wrapped("notice: ", &text, 2);
        }
        let told = found.refusals.len() + found.chain_files as usize;
        self.more(found.refusal_count as usize, told);
        let left_out = found.remarks.left_out();
        if let Some(one) = left_out {
            let text = format!(
                "{} of CloudTrail-Aggregated in {}, left out: {AGGREGATED}; for example {}",
                plural(one.entries, "event"),
                plural(one.files, "file"),
                display_value(&one.example)
            );
            self.wrapped("notice: ", &text, 2);
        }
        if found.refusal_count == 0 && left_out.is_none() {
            self.line("nothing");
        }
        self.remarks(found);
    }

    fn remarks(&mut self, found: &Inspection<'_>) {
        let rows = found.remarks.rows();
        if rows.is_empty() {
            return;
        }
        self.head("REMARKS ON FILES");
        self.line("    files  remark");
        for one in rows.iter().take(PLACES) {
            let text = format!(
                "{}{}; for example {}",
                one.kind,
                match one.entries {
                    0 => String::new(),
                    count => format!(" ({})", plural(count, "record")),
                },
                display_value(&one.example)
            );
            let front = format!("{:>9}  ", thousands(one.files));
            self.wrapped(&front, &text, 11);
        }
        self.more(rows.len(), PLACES);
    }

    pub(super) fn controls(&mut self, found: &Inspection<'_>) {
        let advice = &found.advice;
        self.head("CONTROLS THAT COULD NOT BE ANSWERED ON THIS LOG SET");
        if found.period.is_none() {
            self.line("not asked: there is no record");
            return;
        }
        for one in &advice.unanswered {
            self.wrapped("", &format!("{}: {}", one.id, one.title), 2);
        }
        // Reasons that concern the same controls stand together, each once.
        let reasons = advice.reasons();
        for (at, one) in reasons.iter().enumerate() {
            let is_same = |other: &Reason<'_>| other.controls == one.controls;
            if reasons[..at].iter().any(is_same) {
                continue;
            }
            let count = plural(one.controls.len() as u64, "control");
            self.line("");
            self.wrapped("", &format!("{count}: {}", one.controls.join(", ")), 2);
            for same in reasons[at..].iter().filter(|other| is_same(other)) {
                self.wrapped("  - ", same.text, 4);
            }
        }
        if advice.unanswered.is_empty() {
            self.line("none");
            return;
        }
        self.selectors(found);
    }

    fn selectors(&mut self, found: &Inspection<'_>) {
        let advice = &found.advice;
        if advice.selectors.is_empty() && advice.lines.is_empty() && advice.notes.is_empty() {
            return;
        }
        self.head("WHAT WOULD CHANGE THAT (printed, never run)");
        for (class, controls) in &advice.classes {
            let plural = if *controls == 1 {
                "control needs"
            } else {
                "controls need"
            };
            self.line(&format!("{controls:>3} {plural} {}", class.id()));
        }
        for note in &advice.notes {
            self.wrapped("", note, 0);
        }
        if !advice.selectors.is_empty() {
            self.wrapped(
                "",
                "The call replaces all selectors of the trail: put those that it has, see \
                 `get-event-selectors`, beside these.",
                0,
            );
            self.line("\naws cloudtrail put-event-selectors --trail-name TRAIL --region HOME \\");
            let list = serde_json::Value::Array(advice.selectors.clone());
            let json = serde_json::to_string_pretty(&list).unwrap_or_default();
            // Inside single quotes of a shell line.
            let quoted = json.replace('\'', "'\\''");
            self.line(&format!(
                "  --advanced-event-selectors '{}'",
                crate::sanitize::lines(&quoted)
            ));
        }
        for line in &advice.lines {
            self.line(&format!("\n{line}"));
        }
    }
}

/// `silent 2026-10-03 to 2026-10-05`
fn ranges(row: &CoverageRow, days: &[i64]) -> Vec<String> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < row.days.len() {
        let state = row.days[at];
        let until = row.days[at..]
            .iter()
            .take_while(|one| **one == state)
            .count()
            + at;
        if !state.is_accounted_for() {
            let first = time::format_day(days[at]);
            let last = time::format_day(days[until - 1]);
            let text = match until - at {
                1 => format!("{} {first}", state.id()),
                _ => format!("{} {first} to {last}", state.id()),
            };
            all.push(text);
        }
        at = until;
    }
    all
}
