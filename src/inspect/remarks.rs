//! Remarks on files, counted by kind: a log set in which every file is odd must not drown what is
//! said about it.

use std::collections::BTreeMap;

/// One kind of remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What is to be known, safe to print.
    pub kind: String,
    /// Files that it is about.
    pub files: u64,
    /// Entries of these files that it is about; 0 where it is about files as a whole.
    pub entries: u64,
    /// Key of the first such file; text of the log set.
    pub example: String,
}

/// Kinds that are told apart; a kind may hold text of a log, so that there is no end of them.
const MOST_KINDS: usize = 200;
/// What stands for the kinds beyond.
const OTHERS: &str = "other remarks";

/// Beginnings of remarks that name a file, an account or a Region, and what stands for all alike.
const KINDS: [(&str, &str); 5] = [
    (
        "the same file as `",
        "the same file as another; its records are counted there",
    ),
    (
        "not named as CloudTrail names log files",
        "not named as CloudTrail names log files",
    ),
    (
        "the path says account ",
        "the path says another account than the record",
    ),
    (
        "the path says Region ",
        "the path says another Region than the record",
    ),
    (
        "beside records, the file holds ",
        "beside records, the file holds another document",
    ),
];

/// The beginning of the remark on aggregated events, which stand among records and are none.
const AGGREGATED: &str = "aggregated counts of data events";

/// Remarks of a whole log set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    kinds: BTreeMap<String, Remark>,
}

impl Remarks {
    /// Counts what is to be known of one file.
    pub fn note(&mut self, key: &str, notices: &[String]) {
        let mut of_file: BTreeMap<String, u64> = BTreeMap::new();
        for notice in notices {
            let (kind, entries) = kind_of(notice);
            let is_new = !self.kinds.contains_key(&kind) && !of_file.contains_key(&kind);
            let kind = match is_new && self.kinds.len() + of_file.len() >= MOST_KINDS {
                true => OTHERS.to_owned(),
                false => kind,
            };
            *of_file.entry(kind).or_default() += entries;
        }
        for (kind, entries) in of_file {
            let row = self.kinds.entry(kind.clone()).or_insert_with(|| Remark {
                kind,
                files: 0,
                entries: 0,
                example: key.to_owned(),
            });
            row.files += 1;
            row.entries += entries;
        }
    }

    /// Those of most files first, then in byte order; without what [`Remarks::left_out`] tells.
    pub fn rows(&self) -> Vec<&Remark> {
        let kinds = self.kinds.values();
        let mut rows: Vec<&Remark> = kinds
            .filter(|one| !one.kind.starts_with(AGGREGATED))
            .collect();
        rows.sort_by(|a, b| b.files.cmp(&a.files).then_with(|| a.kind.cmp(&b.kind)));
        rows
    }

    /// Aggregated events: they stand in files of records, and are left out.
    pub fn left_out(&self) -> Option<&Remark> {
        let mut kinds = self.kinds.values();
        kinds.find(|one| one.kind.starts_with(AGGREGATED))
    }
}

/// A remark without what differs from file to file, and how many entries it is about.
fn kind_of(notice: &str) -> (String, u64) {
    let known = KINDS.iter().find(|(front, _)| notice.starts_with(front));
    let (words, entries) = without_extent(notice);
    match known {
        Some((_, kind)) => ((*kind).to_owned(), entries),
        None => (words.to_owned(), entries),
    }
}

/// `… (3 records, first: record 7)`: the words, and 3.
fn without_extent(notice: &str) -> (&str, u64) {
    let extent = || -> Option<(&str, u64)> {
        let (words, extent) = notice.strip_suffix(')')?.rsplit_once(" (")?;
        let (count, rest) = extent.split_once(' ')?;
        let is_extent = rest.starts_with("record") || rest.starts_with("times, first");
        is_extent.then_some((words, count.parse().ok()?))
    };
    extent().unwrap_or((notice, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notices(all: &[&str]) -> Vec<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn what_differs_from_file_to_file_makes_no_kind() {
        let mut remarks = Remarks::default();
        remarks.note(
            "a",
            &notices(&[
                "`eventID` is absent or null (3 records, first: record 7)",
                "the path says account `1`, the record `2` (1 record: 0)",
            ]),
        );
        remarks.note(
            "b",
            &notices(&[
                "`eventID` is absent or null (1 record: 2)",
                "compressed twice",
            ]),
        );
        remarks.note(
            "c",
            &notices(&["the same file as `b`; its records are counted there"]),
        );
        let rows: Vec<(&str, u64, u64, &str)> = remarks
            .rows()
            .iter()
            .map(|row| (&*row.kind, row.files, row.entries, &*row.example))
            .collect();
        assert_eq!(
            rows,
            [
                ("`eventID` is absent or null", 2, 4, "a"),
                ("compressed twice", 1, 0, "b"),
                ("the path says another account than the record", 1, 1, "a"),
                (
                    "the same file as another; its records are counted there",
                    1,
                    0,
                    "c"
                ),
            ]
        );
    }

    #[test]
    fn kinds_without_end_are_counted_together() {
        let mut remarks = Remarks::default();
        for at in 0..1000 {
            remarks.note("k", &[format!("odd member `m{at}`")]);
        }
        assert_eq!(remarks.rows().len(), MOST_KINDS + 1);
        assert_eq!(remarks.rows()[0].kind, OTHERS);
        assert_eq!(remarks.rows()[0].files, 1000 - MOST_KINDS as u64);
    }

    #[test]
    fn aggregated_events_are_told_apart() {
        let mut remarks = Remarks::default();
        let notice =
            "aggregated counts of data events, which are no records (2 records, first: record 0)";
        remarks.note("k", &notices(&[notice]));
        assert_eq!(remarks.rows(), Vec::<&Remark>::new());
        assert_eq!(remarks.left_out().map(|one| one.entries), Some(2));
    }
}
