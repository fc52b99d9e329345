//! The ledger: facts about log files, in one SQLite file, between scan and assessment.
//!
//! One log file is the unit. What is noted about it depends on its bytes, the
//! controls and the lists alone, never on other files, the period or the order
//! of reading. So a ledger is a set: it can be resumed, grown and merged, and
//! two ledgers of the same files say the same. Nothing here judges anything.

pub mod codec;
pub mod entries;
pub mod error;
pub mod facts;
pub mod identity;
pub mod integrity;
pub mod left;
pub mod merge;
pub mod read;
pub mod remarks;
pub mod sample;
mod seal;
pub mod store;
pub mod stores;
pub mod view;
pub mod write;

pub use error::LedgerError;
pub use identity::Identity;
pub use seal::Unchecked;
pub use store::Ledger;
