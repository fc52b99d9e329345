//! The one rule for lists that grow with accounts and Regions: views show the first rows, those
//! that may hide something before those that are fine, and say how many they leave out, what kind
//! of rows these are, and which file has all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::chart::grouped;
use crate::packet::model::MOST_ROWS;

/// The file of a packet that has all of what no CSV file has.
pub const MODEL_FILE: &str = "packet.json";

/// What a row is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Rows of a lower rank are shown before those of a higher one.
    pub rank: usize,
    /// What is said of rows that are left out, after their number; empty where all are alike.
    pub words: String,
}

impl Kind {
    pub fn new(rank: usize, words: impl Into<String>) -> Kind {
        let words = words.into();
        Kind { rank, words }
    }

    /// Of rows of which none hides more than another.
    pub fn same() -> Kind {
        Kind::new(0, "")
    }
}

/// Rows as views show them. All are there, in the order of the packet, if they are few enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bounded<T> {
    /// The rows shown.
    pub rows: Vec<T>,
    /// Rows in all.
    pub total: u64,
    /// What is left out; none if nothing is.
    pub cut: Option<Cut>,
}

/// What is said below a list that does not show all of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// How many are shown, how many and which are not.
    pub words: String,
    /// The file of the packet that has all.
    pub file: String,
}

impl Cut {
    /// In one line.
    pub fn line(&self) -> String {
        format!("{} All are in {}", self.words, self.file)
    }
}

/// Cells of a picture that views draw at most; a year of days has few rows then.
const MOST_CELLS: usize = 40_000;

/// The rows that views show of `all`, which the `file` of the packet has whole.
pub fn bounded<T>(
    all: impl IntoIterator<Item = T>,
    kind: impl Fn(&T) -> Kind,
    file: &str,
) -> Bounded<T> {
    up_to(MOST_ROWS as usize, all, kind, file)
}

/// The rows of a picture with so many columns.
pub fn drawn<T>(
    columns: usize,
    all: impl IntoIterator<Item = T>,
    kind: impl Fn(&T) -> Kind,
    file: &str,
) -> Bounded<T> {
    let most = (MOST_CELLS / columns.max(1)).clamp(1, MOST_ROWS as usize);
    up_to(most, all, kind, file)
}

fn up_to<T>(
    most: usize,
    all: impl IntoIterator<Item = T>,
    kind: impl Fn(&T) -> Kind,
    file: &str,
) -> Bounded<T> {
    let mut rows: Vec<T> = all.into_iter().collect();
    let total = rows.len();
    if total <= most {
        return Bounded {
            rows,
            total: total as u64,
            cut: None,
        };
    }
    // Stable: within a rank they stay in the order of the packet, by account and Region.
    rows.sort_by_cached_key(|row| kind(row).rank);
    let mut left: BTreeMap<Kind, u64> = BTreeMap::new();
    for row in rows.drain(most..) {
        *left.entry(kind(&row)).or_default() += 1;
    }
    Bounded {
        rows,
        total: total as u64,
        cut: Some(Cut {
            words: words(most as u64, &left),
            file: file.to_owned(),
        }),
    }
}

/// The same for rows of which none hides more than another.
pub fn first<T>(all: impl IntoIterator<Item = T>, file: &str) -> Bounded<T> {
    bounded(all, |_| Kind::same(), file)
}

impl<T> Bounded<T> {
    /// Other spellings of the same rows.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Bounded<U> {
        Bounded {
            rows: self.rows.into_iter().map(each).collect(),
            total: self.total,
            cut: self.cut,
        }
    }
}

fn words(shown: u64, left: &BTreeMap<Kind, u64>) -> String {
    let count = left.values().sum::<u64>();
    let order = match left.keys().all(|kind| kind.words.is_empty()) {
        true => "",
        false => ", those that may hide something first",
    };
    let kinds: Vec<String> = left
        .iter()
        .filter(|(kind, _)| !kind.words.is_empty())
        .map(|(kind, count)| format!("{} {}", grouped(*count), kind.words))
        .collect();
    let kinds = match kinds.is_empty() {
        true => String::new(),
        false => format!(": {}", kinds.join("; ")),
    };
    format!(
        "{} of {} rows are shown here{order}. Left out are {}{kinds}.",
        grouped(shown),
        grouped(shown + count),
        grouped(count)
    )
}

/// Texts in one cell: the first, and how many more `packet.json` has.
pub fn joined(all: &[String], between: &str) -> String {
    let most = MOST_ROWS as usize;
    match all.len().checked_sub(most) {
        None | Some(0) => all.join(between),
        Some(more) => format!(
            "{}{between}and {} more, all in {MODEL_FILE}",
            all[..most].join(between),
            grouped(more as u64)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd_is_worse(number: &u64) -> Kind {
        match number % 2 {
            1 => Kind::new(0, "odd"),
            _ => Kind::new(1, "even"),
        }
    }

    #[test]
    fn rows_that_are_few_enough_stay_as_they_are() {
        let all = bounded(0..500, odd_is_worse, "x.csv");
        assert_eq!((all.rows.len(), all.cut), (500, None));
        assert_eq!(all.rows[..3], [0, 1, 2]);
    }

    #[test]
    fn the_worst_are_shown_and_what_is_left_out_is_counted_by_kind() {
        let all = bounded(0..1_200, odd_is_worse, "x.csv");
        assert!(all.rows.iter().all(|number| number % 2 == 1));
        assert_eq!((all.rows[0], all.rows[499]), (1, 999));
        assert_eq!(
            all.cut.expect("cut").line(),
            "500 of 1,200 rows are shown here, those that may hide something first. \
             Left out are 700: 100 odd; 600 even. All are in x.csv"
        );
    }

    #[test]
    fn a_picture_of_a_year_has_fewer_rows_and_one_of_a_month_as_many_as_a_table() {
        let shown = |columns| drawn(columns, 0..1_200, odd_is_worse, "x.csv");
        assert_eq!(shown(31).rows.len(), 500);
        let year = shown(365);
        assert_eq!(year.rows.len(), 109);
        let words = year.cut.expect("cut").words;
        assert!(words.starts_with("109 of 1,200 rows are shown here"));
        assert!(words.ends_with("Left out are 1,091: 491 odd; 600 even."));
    }

    #[test]
    fn rows_that_are_alike_are_cut_without_a_word_of_kinds() {
        let all = first(0..1_501, MODEL_FILE);
        assert_eq!(
            all.cut.expect("cut").line(),
            "500 of 1,501 rows are shown here. Left out are 1,001. All are in packet.json"
        );
    }

    #[test]
    fn a_cell_of_many_texts_says_how_many_more_there_are() {
        let texts: Vec<String> = (0..502).map(|number| number.to_string()).collect();
        assert_eq!(joined(&texts[..2], ", "), "0, 1");
        assert_eq!(joined(&texts[..500], ", "), texts[..500].join(", "));
        assert!(joined(&texts, ", ").ends_with(", 499, and 2 more, all in packet.json"));
    }
}
