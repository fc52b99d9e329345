//! The words on the command line, and the help that teaches them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::exit::FailOn;

/// Evidence packets from AWS CloudTrail log sets.
///
/// attestrail checks every CloudTrail record of a period against control
/// definitions, and writes a packet for each framework: HTML and PDF to read,
/// CSV and verbatim records to check, hashes to verify.
#[derive(Debug, Parser)]
#[command(
    name = "attestrail",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(after_long_help = "\
Exit codes:
  0    done; where packets were written, no exceptions are noted in them
  1    packets written, exceptions noted
  2    wrong use, settings or controls, or an output that cannot be written: nothing written
  3    packets written, but incomplete: input refused, or a verdict not determinable
  4    integrity: a log, digest or packet does not verify
  130  stopped by Ctrl-C: nothing written
Where several hold, the gravest: 4, 3, 1. `--fail-on` chooses which of them count.")]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a log set, check it against the controls, and write evidence packets
    Report(Box<Report>),
    /// Read a log set into a ledger, without writing packets
    Scan(Scan),
    /// Join ledgers of parts of one log set
    Merge(Merge),
    /// Look at, check and try out control definitions
    #[command(subcommand)]
    Control(Control),
    /// Say what a log set holds, what it costs, and what can be proved of it
    Logs(Box<Logs>),
    /// Run event-pattern vectors
    #[command(subcommand)]
    Pattern(Pattern),
    /// Print the settings in force, and where each value comes from
    Settings(Settings),
}

/// Where logs, scope and controls come from; shared by several commands.
#[derive(Debug, Args, Default, Clone)]
pub struct Sources {
    /// Folders (AWSLogs trees, any prefix), files or archives with CloudTrail records of any shape; `-`: standard input
    #[arg(value_name = "LOGS")]
    pub logs: Vec<PathBuf>,

    /// Settings file; default: `attestrail.toml` in the current folder, if there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Scope file: accounts, Regions, named lists, waivers
    #[arg(long, value_name = "FILE")]
    pub scope: Option<PathBuf>,

    /// Folder with control definitions, in place of the shipped ones; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,
}

/// What the user states of trails.
#[derive(Debug, Args, Default, Clone)]
pub struct Statements {
    /// Output of `aws cloudtrail get-event-selectors` (and of `describe-trails`), saved; with the
    /// day or instant of taking it as `2026-10-31=FILE`. It counts as a statement that these trails
    /// deliver into this log set, and is printed as such; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub selectors: Vec<PathBuf>,
}

/// Bounds on what one log file may cost.
#[derive(Debug, Args, Default, Clone)]
pub struct Limits {
    /// Most MiB that one log file may have on disk, and may unpack to; a larger one is refused by
    /// name, and its records are missing. Each thread may need twice as much memory; default: 512
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=4095))]
    pub largest_file: Option<u32>,
}

/// How to behave while working.
#[derive(Debug, Args, Default, Clone)]
pub struct Behaviour {
    /// Threads that read log files; default: one for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,

    /// Print a summary for machines (one JSON object) to standard output
    #[arg(long)]
    pub json: bool,
}

/// `attestrail report`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  attestrail report AWSLogs/ --period 2026-10 --scope scope.toml
  attestrail report --config attestrail.toml --period last-month
  attestrail report --ledger october.ledger --period 2026-10 --scope scope.toml
  attestrail report bucket-copy/ --period 2026-10 --scope scope.toml \\
    --keys public-keys.us-east-1.json public-keys.eu-west-1.json --require-integrity

One packet folder is written for each framework: OUT/PERIOD/FRAMEWORK/. Begin with packet.html
or packet.pdf; README.txt in it says what the other files are and how to check them.")]
pub struct Report {
    #[command(flatten)]
    pub sources: Sources,

    /// Period: a month (2026-10), a quarter (2026-Q3), a year (2026), or `last-month`; UTC
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,

    /// First day (2026-10-01) or instant of the period, in place of --period
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "to")]
    pub from: Option<String>,

    /// Last day of the period, inclusive (2026-10-31), or the instant at which it ends
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "from")]
    pub to: Option<String>,

    /// Framework to report on (`pci-dss-4.0.1`, `hipaa`); may be repeated; default: all
    #[arg(long, value_name = "ID")]
    pub framework: Vec<String>,

    /// Folder for packets; default: `packets`
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Ledger to use and keep: a run that was stopped goes on where it was
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,

    #[command(flatten)]
    pub statements: Statements,

    /// Replace packets of the same period that are already there
    #[arg(long)]
    pub replace: bool,

    /// Text that decides which records are drawn as samples; printed in the packet
    #[arg(long, value_name = "TEXT")]
    pub seed: Option<String>,

    /// Records in a sample, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub sample_size: Option<u32>,

    /// Do not mask session tokens and passwords in the packet
    #[arg(long)]
    pub keep_secrets: bool,

    /// Stated time of generation (2026-11-01T06:00:00Z); default: now, or SOURCE_DATE_EPOCH
    #[arg(long, value_name = "INSTANT")]
    pub generated_at: Option<String>,

    /// Read every file again, also those that the ledger holds unchanged
    #[arg(long, requires = "ledger")]
    pub rehash: bool,

    /// Public keys for digest files: output of `aws cloudtrail list-public-keys`, one file for
    /// each Region; the Region comes from the file's name, or from `REGION=FILE`; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub keys: Vec<PathBuf>,

    /// Metadata of digests: `head-object` outputs with `Bucket` and `Key`; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub metadata: Vec<PathBuf>,

    /// Minutes after the period until which digests must cover late deliveries too; default: 60
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub slack: Option<u32>,

    /// End with 4 unless digests verify everything in scope and period; absent digests count as not verified
    #[arg(long)]
    pub require_integrity: bool,

    /// Outcomes that make the exit code non-zero; default: all
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,

    #[command(flatten)]
    pub limits: Limits,

    #[command(flatten)]
    pub behaviour: Behaviour,
}

/// `attestrail scan`
#[derive(Debug, Args)]
#[command(after_long_help = "\
A file is taken for unchanged, and not opened, if the ledger holds one of its name that was not
refused and that has the same size, the same time of last change (to the nanosecond, in either
direction) and the same inode. Whoever sets the time back after a change is found by --rehash.
What vanished from the folders stays in the ledger: logs are deleted when their retention ends.

A ledger into which a scan was not finished does not answer; the same scan goes on with it.

Example:
  attestrail scan AWSLogs/ --ledger october.ledger --scope scope.toml")]
pub struct Scan {
    #[command(flatten)]
    pub sources: Sources,

    /// Ledger to write; one that is there grows: only new files are read
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,

    /// Text that decides which records are drawn as samples
    #[arg(long, value_name = "TEXT")]
    pub seed: Option<String>,

    /// Read every file again, also those that the ledger holds unchanged
    #[arg(long)]
    pub rehash: bool,

    /// Hash log contents although no digest file is among LOGS: for ledgers to be joined with others
    #[arg(long)]
    pub hash_logs: bool,

    #[command(flatten)]
    pub limits: Limits,

    #[command(flatten)]
    pub behaviour: Behaviour,
}

/// `attestrail merge`
#[derive(Debug, Args)]
pub struct Merge {
    /// Ledgers to join; they stay as they are
    #[arg(value_name = "LEDGER", required = true, num_args = 1..)]
    pub ledgers: Vec<PathBuf>,

    /// Ledger to write; it must not exist yet
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
}

/// `attestrail control …`
#[derive(Debug, Subcommand)]
pub enum Control {
    /// List the controls: id, kind, severity, title
    List(ControlFilter),
    /// Show one control: what it shows, its limits, requirements and pattern
    Show(ControlShow),
    /// Check control definitions and scope file; every problem of every file is told
    Lint(ControlLint),
    /// Run the examples of controls
    Test(ControlFilter),
    /// Say for each field of a control's pattern why an event matched or not
    Explain(ControlExplain),
    /// Say which controls see each record of a file, and as what
    Match(ControlMatch),
}

/// Which controls.
#[derive(Debug, Args)]
pub struct ControlFilter {
    /// Ids of controls; default: all
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,

    /// Folder with control definitions, in place of the shipped ones; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,

    /// Print JSON for machines
    #[arg(long)]
    pub json: bool,
}

/// `attestrail control show`
#[derive(Debug, Args)]
pub struct ControlShow {
    /// Id of the control
    #[arg(value_name = "ID")]
    pub id: String,

    /// Folder with control definitions, in place of the shipped ones; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,

    /// Print the file itself
    #[arg(long)]
    pub toml: bool,
}

/// `attestrail control lint`
#[derive(Debug, Args)]
pub struct ControlLint {
    /// Folders with control definitions; default: the shipped ones
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Another folder with control definitions, as the other commands take it; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,

    /// Scope file to check too
    #[arg(long, value_name = "FILE")]
    pub scope: Option<PathBuf>,

    /// Print JSON for machines
    #[arg(long)]
    pub json: bool,
}

/// `attestrail control explain`
#[derive(Debug, Args)]
pub struct ControlExplain {
    /// Id of the control
    #[arg(value_name = "ID")]
    pub id: String,

    /// File with one or more records; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub event: PathBuf,

    /// Scope file, for the lists that the pattern names
    #[arg(long, value_name = "FILE")]
    pub scope: Option<PathBuf>,

    /// Folder with control definitions, in place of the shipped ones; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,
}

/// `attestrail control match`
#[derive(Debug, Args)]
pub struct ControlMatch {
    /// Files or folders with records, of any shape that `report` reads; `-` for standard input
    #[arg(value_name = "RECORDS", required = true)]
    pub records: Vec<PathBuf>,

    /// Only these controls
    #[arg(long, value_name = "ID")]
    pub control: Vec<String>,

    /// Scope file, for the lists that patterns name
    #[arg(long, value_name = "FILE")]
    pub scope: Option<PathBuf>,

    /// Folder with control definitions, in place of the shipped ones; may be repeated
    #[arg(long, value_name = "DIR")]
    pub controls: Vec<PathBuf>,

    /// Print one JSON object a record
    #[arg(long)]
    pub json: bool,
}

/// `attestrail logs …`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "\
Nothing is written but the ledger, if one is named. Volumes count records as delivered, copies
included. The longest lists are exact up to 100,000 different texts; where one has more, the
output says by how many records its counts may be too small.

Exit codes: 0; 3 when a file or record was refused, or --keys are given and not all is verified for
the scope and the period; 4 when something does not verify, by hashes alone where there are no keys.

Examples:
  attestrail logs AWSLogs/
  attestrail logs AWSLogs/ --scope scope.toml --period 2026-10 --selectors 2026-10-31=selectors.json
  attestrail logs --print-prices > prices.toml"
)]
pub struct Logs {
    /// What to do instead of looking at everything
    #[command(subcommand)]
    pub command: Option<LogsCommand>,

    #[command(flatten)]
    pub inspect: Inspect,
}

/// `attestrail logs`
#[derive(Debug, Args)]
pub struct Inspect {
    #[command(flatten)]
    pub sources: Sources,

    /// Ledger to use and keep: files that it holds are not scanned again; it may hold no files
    /// but those of LOGS. Without LOGS, and with a period, it is looked at alone
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,

    /// Period: a month (2026-10), a quarter (2026-Q3), a year (2026), or `last-month`; UTC;
    /// default: the days that the records are of
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,

    /// First day or instant of the period, in place of --period
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "to")]
    pub from: Option<String>,

    /// Last day of the period, inclusive, or the instant at which it ends
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "from")]
    pub to: Option<String>,

    #[command(flatten)]
    pub statements: Statements,

    /// Output of `aws cloudtrail list-public-keys`: digest chains are verified too
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub keys: Vec<PathBuf>,

    /// Metadata of digests, see `attestrail logs integrity`
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "keys")]
    pub metadata: Vec<PathBuf>,

    /// Minutes after the period until which late deliveries must be covered by digests too
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub slack: u32,

    /// Table of prices, in place of the shipped one
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// Print the shipped table of prices, to be edited, and do nothing else
    #[arg(long)]
    pub print_prices: bool,

    #[command(flatten)]
    pub limits: Limits,

    #[command(flatten)]
    pub behaviour: Behaviour,
}

/// The commands of `attestrail logs`.
#[derive(Debug, Subcommand)]
pub enum LogsCommand {
    /// Verify digest chains: is it what CloudTrail delivered, and all of it? Works offline
    Integrity(LogsIntegrity),
}

/// `attestrail logs integrity`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes: 0 when all is verified, 3 when something could not be verified, 4 when something does
not verify. What a user has to collect for more is printed as lines for the AWS CLI, never run.

Signatures come from KEY.head.json beside a digest (as `aws s3api head-object` prints it), from
files of such objects with `Bucket` and `Key` (in the tree or with --metadata), from extended
attributes, and from the digest that follows. Keys come only from --keys.

Example:
  attestrail logs integrity bucket-copy/ --keys public-keys.us-east-1.json --period 2026-10")]
pub struct LogsIntegrity {
    /// Folders (AWSLogs trees, any prefix) with log files and digest files
    #[arg(value_name = "TREE")]
    pub trees: Vec<PathBuf>,

    /// Output of `aws cloudtrail list-public-keys`, one file for each Region; the Region comes
    /// from the file's name, or from `REGION=FILE`; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub keys: Vec<PathBuf>,

    /// Metadata of digests: `head-object` outputs with `Bucket` and `Key`; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub metadata: Vec<PathBuf>,

    /// Period that must be covered: a month (2026-10), a quarter (2026-Q3) or a year (2026); UTC
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,

    /// First day or instant of the period, in place of --period
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "to")]
    pub from: Option<String>,

    /// Last day of the period, inclusive, or the instant at which it ends
    #[arg(long, value_name = "DAY", conflicts_with = "period", requires = "from")]
    pub to: Option<String>,

    /// Minutes after the period until which late deliveries must be covered too
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub slack: u32,

    #[command(flatten)]
    pub limits: Limits,

    #[command(flatten)]
    pub behaviour: Behaviour,
}

/// `attestrail pattern …`
#[derive(Debug, Subcommand)]
pub enum Pattern {
    /// Run vector files and print `N passed, N failed` with each difference
    Check(PatternCheck),
}

/// `attestrail pattern check`
#[derive(Debug, Args)]
pub struct PatternCheck {
    /// Vector files (JSON), see docs/patterns.md
    #[arg(value_name = "VECTORS", required = true)]
    pub vectors: Vec<PathBuf>,

    /// Print JSON for machines
    #[arg(long)]
    pub json: bool,
}

/// `attestrail settings`
#[derive(Debug, Args)]
pub struct Settings {
    /// Settings file; default: `attestrail.toml` in the current folder, if there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
