//! From log files to a ledger: the map step, in parallel.
//!
//! Each file is read once and becomes facts that depend on it, the controls and
//! the lists alone. Nothing here compares files, knows a period or judges.

mod chains;
pub mod driver;
mod file;
mod losses;
mod members;
mod memo;
mod plan;
mod remarks;
mod sink;
mod stores;
mod trails;
mod unchanged;

pub use self::driver::{Counted, NoProgress, Progress, ScanError, ScanOptions, Summary, scan};
pub use self::file::{facts_of_bytes, read};
pub use self::losses::{FirstLosses, Lost};
pub use self::plan::Plan;
pub use self::sink::FactSink;
