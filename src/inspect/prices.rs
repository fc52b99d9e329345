//! What events cost: an editable table, and a copy of AWS's list prices.

use serde::Deserialize;

use crate::record::class::{ClassSet, EventClass};

/// The table that is used where the user gives none; `logs --print-prices` prints it.
pub const SHIPPED: &str = include_str!("../../assets/prices.toml");

/// Prices in one currency.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prices {
    format: i64,
    /// As printed behind each price.
    pub currency: String,
    /// Where they are from, and when they were noted.
    pub note: String,
    /// Prices of events.
    #[serde(rename = "per-100000-events")]
    pub events: EventPrices,
    /// Prices of files.
    pub storage: StoragePrices,
}

/// For 100,000 events as delivered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventPrices {
    /// The first copy of management events.
    pub management: f64,
    /// Each further copy of them.
    pub management_further_copy: f64,
    /// Data events.
    pub data: f64,
    /// Network activity events.
    pub network_activity: f64,
}

/// For files.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoragePrices {
    /// 10^9 bytes for a month.
    pub gb_month: f64,
}

/// What a record is billed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Billed {
    /// Management events.
    Management,
    /// Data events.
    Data,
    /// Network activity events.
    NetworkActivity,
    /// Insights: the analysis is billed, not the event.
    Insights,
}

impl Billed {
    /// What records of these classes are billed as.
    pub fn of(classes: ClassSet) -> Billed {
        let has = |class| classes.contains(class);
        if has(EventClass::ManagementWrite) || has(EventClass::ManagementRead) {
            Billed::Management
        } else if has(EventClass::NetworkActivity) {
            Billed::NetworkActivity
        } else if has(EventClass::Insights) {
            Billed::Insights
        } else {
            Billed::Data
        }
    }
}

impl Prices {
    /// Reads a table.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Prices, String> {
        let prices: Prices = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text[..at].matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        })?;
        if prices.format != 1 {
            return Err(format!(
                "format {} is not known; this version reads `format = 1`",
                prices.format
            ));
        }
        let all = [
            prices.events.management,
            prices.events.management_further_copy,
            prices.events.data,
            prices.events.network_activity,
            prices.storage.gb_month,
        ];
        if all.iter().any(|price| !price.is_finite() || *price < 0.0) {
            return Err("a price is negative or no number".to_owned());
        }
        Ok(prices)
    }

    /// The shipped table.
    pub fn shipped() -> Prices {
        Prices::parse(SHIPPED).expect("a test reads the shipped table")
    }

    /// What so many events cost; none where the event is not what is billed.
    pub fn of_events(&self, billed: Billed, events: u64) -> Option<f64> {
        let price = match billed {
            Billed::Management => self.events.management,
            Billed::Data => self.events.data,
            Billed::NetworkActivity => self.events.network_activity,
            Billed::Insights => return None,
        };
        Some(events as f64 / 100_000.0 * price)
    }

    /// What it costs to keep so many bytes for a month.
    pub fn of_storage(&self, bytes: u64) -> f64 {
        bytes as f64 / 1e9 * self.storage.gb_month
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_read_and_prices_a_month() {
        let prices = Prices::shipped();
        assert_eq!(prices.of_events(Billed::Data, 2_000_000), Some(2.0));
        assert_eq!(prices.of_events(Billed::Management, 5), Some(0.0));
        assert_eq!(prices.of_events(Billed::Insights, 5), None);
        assert!((prices.of_storage(2_000_000_000) - 0.046).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_line() {
        let wrong = SHIPPED.replace("data = 0.10", "date = 0.10");
        let error = Prices::parse(&wrong).expect_err("an unknown member");
        assert!(error.contains("unknown field `date`"), "{error}");
        let error = Prices::parse(&SHIPPED.replace("data = 0.10", "data = -1.0"));
        assert!(error.expect_err("negative").contains("negative"));
        let error = Prices::parse(&SHIPPED.replace("format = 1", "format = 2"));
        assert!(error.expect_err("another format").contains("format 2"));
    }
}
