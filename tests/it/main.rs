//! Tests that use the crate from outside, in one binary.

mod architecture;
mod docs;
mod generated;
mod licences;

mod assess_absence;
mod assess_copies;
mod assess_feeds;
mod assess_flags;
mod assess_hidden;
mod assess_owners;
mod assess_proofs;
mod assess_remarks;
mod assess_selectors;
mod assess_snapshots;
mod assess_stops;
mod assess_verdicts;

mod cli_bad_inputs;
mod cli_common;
mod cli_logs;
mod cli_mistakes;
mod cli_own_files;
mod cli_report;
mod cli_sources;

mod control_hostile;
mod control_loading;
mod control_roles;
mod control_scope;
mod control_shipped;
mod control_trial;

mod integrity_claims;
mod integrity_command;
mod integrity_common;
mod integrity_copies;
mod integrity_named;
mod integrity_report;
mod integrity_trees;
mod integrity_truth;

mod ledger_cut_off;
mod ledger_runs;
mod ledger_store;

mod logs_inputs;
mod logs_remarks;
mod logs_volumes;

mod packet_demo;
mod packet_folder;
mod packet_large;
mod packet_views;
mod pdf_text;

mod pattern_agreement;
mod pattern_extensions;
mod pattern_vectors;

mod reader_archives;
mod reader_bad_inputs;
mod reader_common;
mod reader_data;
mod reader_differential;
#[cfg(unix)]
mod reader_files;
mod reader_passed_over;
mod reader_random;
mod reader_recall;
mod reader_shapes;
mod reader_tar;
mod reader_zip;
mod recalled;

mod scan_common;
mod scan_data;
mod scan_runs;
mod signed;
mod slow_json;
