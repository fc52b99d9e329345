//! Counts of one file while it is read: entries, refusals, notices.
//!
//! Notices are counted by kind, never listed record by record, so that a log
//! set in which every record is odd does not drown its report.

use std::collections::BTreeMap;

use super::{Notice, Refusal};

/// The counts of one file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub seen: u64,
    pub given: u64,
    pub insights: u64,
    pub refused: u64,
    pub aggregates: u64,
    pub refusals: Vec<Refusal>,
    list_at_most: usize,
    odd: BTreeMap<(&'static str, &'static str), Odd>,
}

#[derive(Debug)]
struct Odd {
    count: u64,
    first: u32,
    detail: String,
}

impl Tally {
    /// Nothing counted yet; at most so many refusals will be listed one by one.
    pub(super) fn new(list_at_most: usize) -> Self {
        Tally {
            list_at_most,
            ..Tally::default()
        }
    }

    /// The index that the next entry will have.
    pub(super) fn coming_index(&self) -> u32 {
        u32::try_from(self.seen + self.aggregates)
            .expect("files are below 4 GiB, and an entry has two bytes or more")
    }

    /// The index of the next entry.
    pub(super) fn next_index(&mut self) -> u32 {
        let index = self.coming_index();
        self.seen += 1;
        index
    }

    pub(super) fn refuse(
        &mut self,
        index: u32,
        offset: usize,
        code: &'static str,
        message: String,
    ) {
        self.refused += 1;
        if self.refusals.len() < self.list_at_most {
            self.refusals.push(Refusal {
                index,
                offset: offset as u64,
                code,
                message,
            });
        }
    }

    /// Counts an oddity of kind `code` about `subject`; `detail` is asked for at the first one.
    pub(super) fn note(
        &mut self,
        code: &'static str,
        subject: &'static str,
        index: u32,
        detail: impl FnOnce() -> String,
    ) {
        self.odd
            .entry((code, subject))
            .and_modify(|odd| odd.count += 1)
            .or_insert_with(|| Odd {
                count: 1,
                first: index,
                detail: detail(),
            });
    }

    /// The counted oddities in words.
    pub(super) fn notices(&self) -> impl Iterator<Item = Notice> + '_ {
        self.odd.iter().map(|((code, subject), odd)| Notice {
            code,
            count: odd.count,
            first_index: Some(odd.first),
            message: format!(
                "{} ({})",
                describe(code, subject, &odd.detail),
                extent(code, odd)
            ),
        })
    }
}

/// How often, and where first.
fn extent(code: &str, odd: &Odd) -> String {
    let is_about_records = !matches!(
        code,
        "empty-envelope" | "mixed-shapes" | "extra-member" | "cut-off" | "second-list"
    );
    match (is_about_records, odd.count) {
        (true, 1) => format!("1 record: {}", odd.first),
        (true, count) => format!("{count} records, first: record {}", odd.first),
        (false, count) => format!("{count} times, first before record {}", odd.first),
    }
}

fn describe(code: &str, subject: &str, detail: &str) -> String {
    match code {
        "odd-type" => format!("`{subject}` is {detail}"),
        "missing-field" => format!("`{subject}` is absent or null"),
        "omitted-field" => format!("`{subject}` was left out by CloudTrail for its size"),
        "text-field" => format!("`{subject}` is text, so what is in it is not known"),
        "other-account" => format!("the path says account {detail}"),
        "other-region" => format!("the path says Region {detail}"),
        "shipper-time" => format!(
            "`eventTime` is absent, so `{subject}` of the log shipper is taken, which may be the time of collection"
        ),
        "aggregated" => "aggregated counts of data events, which are no records".to_owned(),
        _ => format!("{subject}{detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_oddity_is_one_notice_however_often_it_occurs() {
        let mut tally = Tally::default();
        for index in 3..1003 {
            tally.note("omitted-field", "requestParameters", index, String::new);
        }
        let notices: Vec<Notice> = tally.notices().collect();
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].count, 1000);
        assert_eq!(
            notices[0].message,
            "`requestParameters` was left out by CloudTrail for its size (1000 records, first: record 3)"
        );
    }

    #[test]
    fn refusals_beyond_the_list_are_still_counted() {
        let mut tally = Tally::new(2);
        for _ in 0..5 {
            let index = tally.next_index();
            tally.refuse(index, 0, "x", String::new());
        }
        assert_eq!((tally.refused, tally.refusals.len()), (5, 2));
    }
}
