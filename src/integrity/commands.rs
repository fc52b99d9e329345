//! Lines for the AWS CLI that collect keys and signatures, fit for a POSIX shell.
//!
//! They are printed for a person to run, never run. What a digest says about
//! itself is only text: odd text never becomes a command.

use super::place::{SIDECAR, is_safe};
use super::report::IntegrityReport;
use crate::record::time;
use crate::sanitize::{inline, is_hidden};

/// The lines that collect what is wanted.
pub fn commands(report: &IntegrityReport) -> Vec<String> {
    let keys = report.wanted_keys.iter().map(|need| {
        let region = quoted(&need.region);
        let file = quoted(&format!("public-keys.{}.json", need.region));
        format!(
            "aws cloudtrail list-public-keys --region {region} --start-time {} --end-time {} --output json > {file}",
            time::format(need.start),
            time::format(need.end)
        )
    });
    let signatures = report.wanted_signatures.iter().map(|need| {
        let safe = [&need.bucket, &need.key, &need.file]
            .iter()
            .all(|text| !text.is_empty() && text.chars().all(|c| !is_hidden(c)));
        // What a digest says about itself is only text: odd text never becomes a command.
        if !safe || !is_safe(&need.file) || need.file.starts_with('-') {
            return format!(
                "# no line for this digest: its bucket or key has odd characters: {}",
                inline(&need.file)
            );
        }
        format!(
            "aws s3api head-object --bucket {} --key {} --output json > {}",
            quoted(&need.bucket),
            quoted(&need.key),
            quoted(&format!("{}{SIDECAR}", need.file))
        )
    });
    keys.chain(signatures).collect()
}

/// One word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte));
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_any_text_as_one_word() {
        assert_eq!(quoted("AWSLogs/1/a_b.json.gz"), "AWSLogs/1/a_b.json.gz");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'; rm -rf ~ #"), "'a'\\''; rm -rf ~ #'");
        assert_eq!(quoted("$(x)`y`"), "'$(x)`y`'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("--x"), "'--x'");
    }
}
