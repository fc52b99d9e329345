//! Lines for the AWS CLI that collect keys and signatures, fit for a POSIX shell.
//!
//! They are printed for a person to run, never run. What a digest says about
//! itself is only text: odd text never becomes a command.

use super::place::{MEMBER_MARK, SIDECAR, is_safe};
use super::report::{IntegrityReport, SignatureNeed};
use crate::record::time;
use crate::sanitize::{inline, is_hidden};

/// The lines that collect what is wanted.
pub fn commands(report: &IntegrityReport) -> Vec<String> {
    let keys = report.wanted_keys.iter().map(|need| {
        let region = quoted(&need.region);
        let file = quoted(&format!("public-keys.{}.json", need.region));
        // Without an end the AWS CLI asks for all keys up to now.
        let end = need
            .end
            .map(|end| format!(" --end-time {}", time::format(end)));
        format!(
            "aws cloudtrail list-public-keys --region {region} --start-time {}{} --output json > {file}",
            time::format(need.start),
            end.unwrap_or_default()
        )
    });
    keys.chain(report.wanted_signatures.iter().map(of_signature))
        .collect()
}

/// The file of metadata for `--metadata`, where nothing can be put beside a digest.
pub const LINES: &str = "digest-metadata.json";

fn of_signature(need: &SignatureNeed) -> String {
    let all = [&need.bucket, &need.key, &need.file];
    let is_in_archive = need.file.contains(MEMBER_MARK);
    // What a digest says about itself is only text: odd text never becomes a command.
    let is_odd = |text: &str| {
        text.is_empty()
            || text.chars().any(is_hidden)
            || is_in_archive && text.contains(['"', '`', '\\'])
    };
    if all.iter().any(|text| is_odd(text)) || !is_safe(&need.file) || need.file.starts_with('-') {
        return format!(
            "# no line for this digest: its bucket or key has odd characters: {}",
            inline(&need.file)
        );
    }
    let (bucket, key) = (quoted(&need.bucket), quoted(&need.key));
    if is_in_archive {
        let query = format!(
            "{{Bucket: `\"{}\"`, Key: `\"{}\"`, Metadata: Metadata}}",
            need.bucket, need.key
        );
        let query = quoted(&query);
        return format!(
            "aws s3api head-object --bucket {bucket} --key {key} --query {query} --output json >> {LINES}"
        );
    }
    format!(
        "aws s3api head-object --bucket {bucket} --key {key} --output json > {}",
        quoted(&format!("{}{SIDECAR}", need.file))
    )
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
