//! Which entry of a scope list means a data store that a record names.

use crate::pattern::ListTest;

/// Whether a store that a record names is meant by a list entry. Networks name no stores.
pub fn entry_covers(test: &ListTest, value: &str) -> bool {
    match test {
        ListTest::Exact(text) => text == value,
        ListTest::Prefix(front) => value.starts_with(front.as_str()),
        ListTest::Wildcard(wildcard) => wildcard.matches(value),
        ListTest::Cidr(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::wildcard::Wildcard;

    #[test]
    fn a_store_is_meant_by_its_name_by_a_front_or_by_a_wildcard() {
        let front = ListTest::Prefix("cards-".into());
        let end = ListTest::Wildcard(Wildcard::new("*-cards").expect("valid"));
        assert!(entry_covers(&ListTest::Exact("cards".into()), "cards"));
        assert!(!entry_covers(&ListTest::Exact("cards".into()), "cards-2"));
        assert!(entry_covers(&front, "cards-2") && !entry_covers(&front, "my-cards-2"));
        assert!(entry_covers(&end, "my-cards") && !entry_covers(&end, "my-cards-2"));
    }
}
