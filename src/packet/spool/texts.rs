//! The texts that rows share: accounts, callers, calls and files stand in many of them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::packet::model::Row;

/// Every text once.
#[derive(Debug, Default)]
pub struct Texts {
    known: HashSet<Arc<str>>,
}

impl Texts {
    /// A copy of the row that shares what rows before have too. Id and instant are its own.
    pub fn sharing(&mut self, row: &Row) -> Row {
        let mut row = row.clone();
        for text in [
            &mut row.account,
            &mut row.region,
            &mut row.event_source,
            &mut row.event_name,
            &mut row.actor,
            &mut row.actor_kind,
            &mut row.person,
            &mut row.outcome,
            &mut row.error,
            &mut row.source_ip,
            &mut row.user_agent,
            &mut row.target,
            &mut row.role,
            &mut row.reason,
            &mut row.file,
            &mut row.file_sha256,
        ] {
            self.share(text);
        }
        row
    }

    fn share(&mut self, text: &mut Arc<str>) {
        match self.known.get(text) {
            Some(known) => *text = Arc::clone(known),
            None => {
                self.known.insert(Arc::clone(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_rows_stay_as_they_are() {
        let mut texts = Texts::default();
        let mut share = |text: &str| {
            let mut text = Arc::from(text);
            texts.share(&mut text);
            text
        };
        let (one, other, again) = (share("a"), share("b"), share("a"));
        assert_eq!((&*one, &*other, &*again), ("a", "b", "a"));
        assert!(Arc::ptr_eq(&one, &again));
    }
}
