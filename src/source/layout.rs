//! The grammar of S3 keys that trails write, and what other names mean.
//!
//! `[PREFIX/]AWSLogs/[O-ID/]ACCOUNT/FOLDER/REGION/YYYY/MM/DD/FILE`. A name is
//! a claim that somebody else can make up, so nothing here decides what a file
//! holds; the reader compares the claim with the records.

use chrono::NaiveDate;

/// The component that a trail puts below its prefix.
pub const ANCHOR: &str = "AWSLogs";

/// The folder below the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// Management and data events.
    CloudTrail,
    /// Insights events.
    Insight,
    /// VPC endpoint (network activity) events.
    NetworkActivity,
    /// Counts of data events.
    Aggregated,
    /// Digest files.
    Digest,
    /// Query results of CloudTrail Lake.
    Lake,
    /// The logs of another service, such as `vpcflowlogs`.
    Other(String),
}

impl Folder {
    fn from_name(name: &str) -> Folder {
        match name {
            "CloudTrail" => Folder::CloudTrail,
            "CloudTrail-Insight" => Folder::Insight,
            "CloudTrail-NetworkActivity" => Folder::NetworkActivity,
            "CloudTrail-Aggregated" => Folder::Aggregated,
            "CloudTrail-Digest" => Folder::Digest,
            "CloudTrail-Lake" => Folder::Lake,
            other => Folder::Other(other.to_owned()),
        }
    }
}

/// What a key says about the records of its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// What stands before `AWSLogs/`; empty without prefix.
    pub prefix: String,
    /// The organization of an organization trail.
    pub organisation: Option<String>,
    /// Twelve digits, from the folder or else from the file name.
    pub account: Option<String>,
    /// The folder below the account.
    pub folder: Option<Folder>,
    /// From the folder or else from the file name.
    pub region: Option<String>,
    /// The day of delivery of the folder.
    pub delivery_day: Option<NaiveDate>,
    /// The minute (digests: second) of delivery of the file name, in seconds since 1970.
    pub delivered_at: Option<i64>,
    /// Whether key and file name are as CloudTrail writes them, and agree.
    pub is_canonical: bool,
}

/// What the file name alone suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Called like a log file: if it cannot be read, records may be missing.
    Log,
    /// A log file's name with the tail of an unfinished download.
    BrokenDownload,
    /// Written by an operating system or a file manager.
    SystemFile,
    /// `aws-logs-write-test`, written by CloudWatch Logs exports.
    WriteTest,
    /// A document or program that is a zip archive inside.
    Document,
    /// Anything else.
    Other,
}

/// The name of the file that `._NAME` lies beside, as macOS names its attributes.
pub fn beside(key: &str) -> Option<&str> {
    file_name(key).strip_prefix("._")
}

/// What the last component of `key` suggests.
pub fn name_kind(key: &str) -> NameKind {
    let name = file_name(key);
    if name == "aws-logs-write-test" {
        NameKind::WriteTest
    } else if matches!(
        name,
        ".DS_Store" | "Thumbs.db" | "desktop.ini" | ".localized"
    ) || beside(name).is_some()
    {
        NameKind::SystemFile
    } else if is_log_name(name) {
        NameKind::Log
    } else if is_broken_download(name) {
        NameKind::BrokenDownload
    } else if is_document(name) {
        NameKind::Document
    } else {
        NameKind::Other
    }
}

fn is_log_name(name: &str) -> bool {
    ends_in(
        name,
        &[".json", ".gz", ".jsonl", ".ndjson", ".log", ".gzip"],
    )
}

fn is_document(name: &str) -> bool {
    let endings = [
        ".xlsx", ".docx", ".pptx", ".ods", ".odt", ".jar", ".whl", ".apk",
    ];
    ends_in(name, &endings)
}

/// Whether a name has one of these endings, in small or large letters.
fn ends_in(name: &str, endings: &[&str]) -> bool {
    let name = name.as_bytes();
    endings.iter().any(|ending| {
        let tail = name.len().checked_sub(ending.len());
        tail.is_some_and(|tail| name[tail..].eq_ignore_ascii_case(ending.as_bytes()))
    })
}

/// `NAME.json.gz.6a3F91bC` as the AWS CLI names a download in progress, or a browser's tail.
fn is_broken_download(name: &str) -> bool {
    let Some((front, tail)) = name.rsplit_once('.') else {
        return false;
    };
    let is_random = tail.len() == 8 && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_known = matches!(
        tail,
        "part" | "partial" | "crdownload" | "filepart" | "download" | "tmp"
    );
    (is_random || is_known) && is_log_name(front)
}

fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Reads the claim of a key.
pub fn claim(key: &str) -> Claim {
    let parts: Vec<&str> = key.split('/').collect();
    let (folders, name) = match parts.split_last() {
        Some((name, folders)) => (folders, *name),
        None => (&parts[..], ""),
    };
    let mut claim = Claim::default();
    let whole_path = read_folders(folders, &mut claim);
    let from_name = read_name(name);
    let agrees = from_name.account == claim.account
        && from_name.region == claim.region
        && from_name.delivered_at.is_some();
    claim.is_canonical = whole_path && agrees;
    claim.account = claim.account.or(from_name.account);
    claim.region = claim.region.or(from_name.region);
    claim.delivered_at = from_name.delivered_at;
    claim
}

/// Fills the claim from the folders; returns whether they follow the grammar to the end.
fn read_folders(folders: &[&str], claim: &mut Claim) -> bool {
    let is_account_at = |at: usize| folders.get(at).is_some_and(|part| is_account(part));
    // A prefix may itself hold `AWSLogs`: the last one with an account behind it counts.
    let anchors = (0..folders.len()).filter(|at| folders[*at] == ANCHOR);
    let Some(anchor) = anchors.rev().find(|at| {
        is_account_at(at + 1)
            || is_account_at(at + 2)
                && folders
                    .get(at + 1)
                    .is_some_and(|part| is_organisation(part))
    }) else {
        return false;
    };
    claim.prefix = folders[..anchor].join("/");
    let mut rest = folders[anchor + 1..].iter().copied();
    let mut part = rest.next();
    if let Some(organisation) = part.filter(|part| is_organisation(part)) {
        claim.organisation = Some(organisation.to_owned());
        part = rest.next();
    }
    claim.account = part.map(str::to_owned);
    claim.folder = rest.next().map(Folder::from_name);
    if matches!(claim.folder, None | Some(Folder::Other(_) | Folder::Lake)) {
        return false;
    }
    claim.region = rest
        .next()
        .filter(|part| is_region(part))
        .map(str::to_owned);
    claim.delivery_day = read_day(&mut rest);
    claim.region.is_some() && claim.delivery_day.is_some() && rest.next().is_none()
}

fn read_day<'a>(rest: &mut impl Iterator<Item = &'a str>) -> Option<NaiveDate> {
    let year = number(rest.next()?, 4)?;
    let month = number(rest.next()?, 2)?;
    let day = number(rest.next()?, 2)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| {
        text.bytes()
            .fold(0, |all, digit| all * 10 + u32::from(digit - b'0'))
    })
}

/// `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz` and its relatives.
fn read_name(name: &str) -> Claim {
    let mut claim = Claim::default();
    let mut parts = name.split('_');
    let account = parts.next().filter(|part| is_account(part));
    let kind = parts.next().filter(|part| part.starts_with("CloudTrail"));
    let (Some(account), Some(_)) = (account, kind) else {
        return claim;
    };
    claim.account = Some(account.to_owned());
    claim.region = parts
        .next()
        .filter(|part| is_region(part))
        .map(str::to_owned);
    claim.delivered_at = parts.rev().find_map(read_instant);
    claim
}

/// `20240506T0215Z` or `20240506T021530Z`, with whatever stands behind the `Z`.
fn read_instant(part: &str) -> Option<i64> {
    let (instant, _) = part.split_once('Z')?;
    let (day, time) = instant.split_once('T')?;
    let day = NaiveDate::from_ymd_opt(
        i32::try_from(number(day.get(..4)?, 4)?).ok()?,
        number(day.get(4..6)?, 2)?,
        number(day.get(6..)?, 2)?,
    )?;
    let second = match time.len() {
        4 => 0,
        6 => number(time.get(4..)?, 2)?,
        _ => return None,
    };
    let hour = number(time.get(..2)?, 2)?;
    let minute = number(time.get(2..4)?, 2)?;
    Some(day.and_hms_opt(hour, minute, second)?.and_utc().timestamp())
}

/// Twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organisation(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// `us-east-1`, `us-gov-west-1`, `me-central-2`: words and a last number.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let is_numbered = parts
        .next()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    let mut words = 0;
    let are_words = parts.all(|word| {
        words += 1;
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    is_numbered && are_words && words >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "111122223333_CloudTrail_us-east-1_20240506T0215Z_BADbadBADbadBAD1.json.gz";

    #[test]
    fn an_organization_trails_key_is_read_whole() {
        let key = format!(
            "p/q/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-east-1/2024/05/06/{NAME}"
        );
        let found = claim(&key);
        assert_eq!(found.prefix, "p/q");
        assert_eq!(found.organisation.as_deref(), Some("o-exampleorg1"));
        assert_eq!(found.account.as_deref(), Some("111122223333"));
        assert_eq!(found.folder, Some(Folder::CloudTrail));
        assert_eq!(found.region.as_deref(), Some("us-east-1"));
        assert_eq!(found.delivery_day, NaiveDate::from_ymd_opt(2024, 5, 6));
        assert_eq!(found.delivered_at, Some(1_714_961_700));
        assert!(found.is_canonical);
    }

    #[test]
    fn a_digests_name_tells_region_and_second() {
        let found = claim(
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2024/05/06/\
             111122223333_CloudTrail-Digest_us-east-1_my_trail_eu-west-1_20240506T030131Z_backfill.json.gz",
        );
        assert_eq!(found.folder, Some(Folder::Digest));
        assert_eq!(found.delivered_at, Some(1_714_964_491));
        assert!(found.is_canonical);
    }

    #[test]
    fn a_name_outside_a_tree_still_claims_and_is_not_canonical() {
        let found = claim(&format!("copy/{NAME}"));
        assert_eq!(found.account.as_deref(), Some("111122223333"));
        assert_eq!(found.region.as_deref(), Some("us-east-1"));
        assert!(!found.is_canonical);
        let renamed =
            claim("AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/06/renamed log (1).json.gz");
        assert_eq!(renamed.account.as_deref(), Some("111122223333"));
        assert!(!renamed.is_canonical);
        assert_eq!(claim("x.json"), Claim::default());
    }

    #[test]
    fn the_logs_of_another_service_are_not_cloudtrails() {
        let found = claim("AWSLogs/111122223333/vpcflowlogs/us-east-1/2024/05/06/x.log.gz");
        assert_eq!(found.folder, Some(Folder::Other("vpcflowlogs".into())));
    }

    #[test]
    fn names_that_are_no_logs_are_known() {
        assert_eq!(name_kind(NAME), NameKind::Log);
        assert_eq!(
            name_kind(&format!("a/{NAME}.6a3F91bC")),
            NameKind::BrokenDownload
        );
        assert_eq!(name_kind("a/x.json.part"), NameKind::BrokenDownload);
        assert_eq!(name_kind("a/.DS_Store"), NameKind::SystemFile);
        assert_eq!(name_kind("a/aws-logs-write-test"), NameKind::WriteTest);
        assert_eq!(name_kind("a/notes.txt"), NameKind::Other);
        assert_eq!(name_kind("export.zip"), NameKind::Other);
    }
}
