//! The inspection for people: eighty columns, no colour, every text of a log escaped.

mod answers;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Inspection;
use crate::assess::outcome::{CoverageRow, DayState};
use crate::cli::terminal::thousands;
use crate::inspect::counter::{Counter, Volume};
use crate::inspect::prices::Billed;
use crate::record::class::EventClass;
use crate::record::time;
use crate::source::display::display_value;

const WIDTH: usize = 80;
/// Rows of a list that are shown; `--json` has more.
const SHOWN: usize = 10;
/// Accounts and Regions that are shown one by one.
const PLACES: usize = 40;

pub(super) fn write(out: &mut impl Write, found: &Inspection<'_>) -> io::Result<()> {
    let mut page = Page::default();
    page.log_set(found);
    page.shapes(found);
    page.places(found);
    if found.tally.is_some() {
        page.classes(found);
        page.cost(found);
        page.lists(found);
    }
    page.gaps(found);
    page.proofs(found);
    page.integrity(found);
    page.refused(found);
    page.controls(found);
    out.write_all(page.text.as_bytes())
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _fits = writeln!(self.text, "{title}\n{}", "-".repeat(title.chars().count()));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A paragraph whose further lines begin with `indent` blanks.
    fn wrapped(&mut self, front: &str, text: &str, indent: usize) {
        let mut line = front.to_owned();
        let mut is_first = true;
        for word in pieces(text, WIDTH - indent - 1) {
            let needs = line.chars().count() + usize::from(!is_first) + word.chars().count();
            if !is_first && needs > WIDTH {
                self.line(&line);
                line = " ".repeat(indent);
                is_first = true;
            }
            if !is_first {
                line.push(' ');
            }
            line.push_str(&word);
            is_first = false;
        }
        self.line(&line);
    }

    fn log_set(&mut self, found: &Inspection<'_>) {
        let set = &found.assessment.log_set;
        self.head("LOG SET");
        let files = equation(set.files_listed, &set.file_parts());
        self.wrapped("files    ", &files, 9);
        let stored = format!(
            "{} as stored, {} inflated",
            size(set.bytes_stored),
            size(set.bytes_inflated)
        );
        self.wrapped("bytes    ", &stored, 9);
        let records = equation(set.total.seen, &set.total.parts());
        self.wrapped("records  ", &records, 9);
        self.period(found);
        let far_off = found.tally.map_or(0, |tally| tally.outside.records);
        if far_off > 0 && !found.is_asked {
            let text = format!(
                "{} from other times, more than 400 days away; name a period to look at them",
                counted(far_off, "record is", "records are")
            );
            self.wrapped("         ", &text, 9);
        }
        for notice in &set.notices {
            self.wrapped("note     ", notice, 9);
        }
    }

    fn period(&mut self, found: &Inspection<'_>) {
        let set = &found.assessment.log_set;
        let Some(period) = found.period else {
            return self.line("period   no record to look at");
        };
        let times = set.first_time.zip(set.last_time);
        let how = match (found.is_asked, times) {
            (true, Some(_)) => "as asked",
            (true, None) => "as asked: no record in it",
            (false, _) => "whole days that the records are of",
        };
        self.wrapped("period   ", &format!("{period}, {how}"), 9);
        let from_to = |(first, last)| format!("{} to {}", time::format(first), time::format(last));
        let words = match (times, set.outside_times) {
            (Some((first, last)), _) => format!(
                "first record {}, last {}",
                time::format(first),
                time::format(last)
            ),
            (None, Some(outside)) => format!("the records are from {}", from_to(outside)),
            (None, None) => return,
        };
        self.wrapped("times    ", &words, 9);
    }

    fn shapes(&mut self, found: &Inspection<'_>) {
        self.head("SHAPES");
        self.line("    files     records  shape");
        for (shape, count) in &found.shapes {
            let front = format!(
                "{:>9} {:>11}  ",
                thousands(count.files),
                thousands(count.records)
            );
            self.wrapped(&front, &display_value(shape), 23);
        }
    }

    fn places(&mut self, found: &Inspection<'_>) {
        self.head("ACCOUNTS AND REGIONS");
        self.line("account      Region             records  days*");
        let rows = &found.assessment.coverage.rows;
        for row in rows.iter().take(PLACES) {
            let counted: u64 = row.counts.iter().sum();
            let idle = row.days.iter().filter(|day| is_idle(**day)).count();
            let line = format!(
                "{:<12} {:<15} {:>10}  {}/{}/{}/{}/{}/{}",
                display_value(&row.account),
                display_value(&row.region),
                thousands(counted),
                row.counts.iter().filter(|count| **count > 0).count(),
                idle,
                days_of(row, DayState::Silent),
                days_of(row, DayState::Stopped),
                days_of(row, DayState::Unclear),
                days_of(row, DayState::Missing),
            );
            self.line(&line);
        }
        self.more(rows.len(), PLACES);
        if rows.is_empty() {
            self.line("none");
            return;
        }
        self.wrapped(
            "* ",
            "with records/idle/silent/stopped/unclear/missing. A day on which a trail was stopped, or of \
             which files are missing, can have records too.",
            2,
        );
    }

    fn more(&mut self, count: usize, shown: usize) {
        if count > shown {
            let left = thousands((count - shown) as u64);
            self.line(&format!("… {left} more; `--json` lists all"));
        }
    }

    fn classes(&mut self, found: &Inspection<'_>) {
        let Some(tally) = found.tally else { return };
        self.head("VOLUME BY EVENT CLASS (a record can be of several)");
        self.line("class                  records   share       bytes    per month");
        for class in EventClass::ALL {
            let mut volume = Volume::default();
            for (_, one) in tally.classes.iter().filter(|(set, _)| set.contains(class)) {
                volume.add(*one);
            }
            if volume.records > 0 {
                let month = found.span.and_then(|span| span.per_month(volume.records));
                self.line(&format!(
                    "{:<18} {:>11} {:>7} {:>11} {:>12}",
                    class.id(),
                    thousands(volume.records),
                    share(volume.bytes, tally.total.bytes),
                    size(volume.bytes),
                    month.map_or("-".to_owned(), thousands),
                ));
            }
        }
        self.line("share: of all bytes");
    }

    fn cost(&mut self, found: &Inspection<'_>) {
        let (Some(tally), prices) = (found.tally, found.prices) else {
            return;
        };
        self.head("COST OF A MONTH OF 30 DAYS");
        let Some(span) = found.span.filter(|span| span.per_month(1).is_some()) else {
            self.line("not told: the records are of less than an hour");
            return;
        };
        let text = format!(
            "{}, in {}; `--prices FILE` takes others. Extrapolated from the {} between the first \
             and the last record.",
            display_value(&prices.note),
            display_value(&prices.currency),
            stretch(span.seconds())
        );
        self.wrapped("", &text, 0);
        for (billed, classes, records) in bills(tally) {
            let Some(month) = span.per_month(records) else {
                continue;
            };
            let cost = match prices.of_events(billed, month) {
                Some(cost) => format!("{cost:.2}"),
                None => "-".to_owned(),
            };
            self.line(&format!(
                "{classes:<34} {:>14} events {cost:>14}",
                thousands(month)
            ));
        }
        let stored = span.per_month(tally.stored_bytes).unwrap_or_default();
        self.line(&format!(
            "{:<34} {:>21} {:>14.2}",
            "files of a month, kept for one",
            size(stored),
            prices.of_storage(stored)
        ));
        let first = match prices.events.management {
            0.0 => "is taken to be free".to_owned(),
            price => format!("costs {price:.2} for 100,000"),
        };
        let text = format!(
            "The first copy of management events {first}; each further trail that records them \
             costs {:.2} for 100,000. Insights are billed by what is analysed, which logs do not \
             tell.",
            prices.events.management_further_copy
        );
        self.wrapped("", &text, 0);
    }

    fn lists(&mut self, found: &Inspection<'_>) {
        let Some(tally) = found.tally else { return };
        let total = tally.total;
        self.list("VOLUME BY EVENT SOURCE", &tally.sources, total);
        self.list("MOST FREQUENT EVENTS", &tally.names, total);
        self.list("MOST ACTIVE CALLERS", &tally.actors, total);
        self.list("MOST ACTIVE SOURCE ADDRESSES", &tally.addresses, total);
    }

    fn list(&mut self, title: &str, counter: &Counter, total: Volume) {
        self.head(title);
        self.line("    records       bytes   share  ");
        let rows = counter.largest(SHOWN);
        for (text, volume) in &rows {
            let front = format!(
                "{:>11} {:>11} {:>7}  ",
                thousands(volume.records),
                size(volume.bytes),
                share(volume.bytes, total.bytes)
            );
            self.wrapped(&front, &display_value(text), 33);
        }
        if rows.is_empty() {
            self.line("none");
        }
        let more = counter.len().saturating_sub(SHOWN);
        match (more, counter.error()) {
            (0, _) => {}
            (more, 0) => self.line(&format!("… and {} more", thousands(more as u64))),
            (more, error) => {
                let text = format!(
                    "… and at least {} more. These counts are approximate: each may be up to {} records too small.",
                    thousands(more as u64),
                    thousands(error)
                );
                self.wrapped("", &text, 0);
            }
        }
    }
}

/// Why aggregated events are no evidence.
pub(super) const AGGREGATED: &str =
    "they count calls and are no records, so nothing can be shown from them";

/// Whether a day has no records for a known reason: a statement, or what digests prove.
pub(super) fn is_idle(state: DayState) -> bool {
    state.is_idle() || state == DayState::ProvedIdle
}

/// How many days of a row are in this state.
pub(super) fn days_of(row: &CoverageRow, state: DayState) -> usize {
    row.days.iter().filter(|day| **day == state).count()
}

/// `3 = 2 kept + 1 duplicate`
fn equation(whole: u64, parts: &[(&'static str, u64)]) -> String {
    let parts = parts.iter();
    let parts: Vec<String> = parts
        .map(|(part, count)| format!("{} {part}", thousands(*count)))
        .collect();
    format!("{} = {}", thousands(whole), parts.join(" + "))
}

/// `1 record is`, `2,000 records are`
fn counted(count: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(count),
        if count == 1 { one } else { many }
    )
}

/// `1 file`, `2,000 files`
fn plural(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", thousands(count)),
    }
}

/// Words, and parts of words that are longer than a line.
fn pieces(text: &str, longest: usize) -> Vec<String> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        all.extend(
            letters
                .chunks(longest.max(8))
                .map(|part| part.iter().collect()),
        );
    }
    all
}

/// What is billed, with words for it and how many records: data events by class.
pub(super) fn bills(tally: &crate::inspect::tally::Tally) -> Vec<(Billed, String, u64)> {
    let mut all: Vec<(Billed, String, u64)> = Vec::new();
    for (set, volume) in &tally.classes {
        let billed = Billed::of(*set);
        let words = match billed {
            Billed::Management => "management events, first copy".to_owned(),
            Billed::Insights => "insights".to_owned(),
            _ => set.iter().next().map_or("other", EventClass::id).to_owned(),
        };
        match all
            .iter_mut()
            .find(|one| (one.0, &one.1) == (billed, &words))
        {
            Some(one) => one.2 += volume.records,
            None => all.push((billed, words, volume.records)),
        }
    }
    all.sort();
    all
}

fn stretch(seconds: i64) -> String {
    match seconds {
        seconds if seconds >= 172_800 => format!("{} days", (seconds + 43_200) / 86_400),
        seconds => format!("{} hours", (seconds + 1_800) / 3_600),
    }
}

fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn size(bytes: u64) -> String {
    crate::render::templates::size(bytes)
}
