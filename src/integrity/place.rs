//! What bucket keys say about digests and logs, and whether a local file lies
//! where a key says.
//!
//! A key that a digest names is text somebody else chose. It is compared with
//! the keys of files that were listed, and never becomes a path.

use crate::source::layout::{self, ANCHOR, Claim, Folder};

/// The log folders of a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogKind {
    /// Management and data events: what digests list.
    CloudTrail,
    /// Insights events.
    Insight,
    /// Network activity events.
    NetworkActivity,
    /// Counts of data events.
    Aggregated,
}

impl LogKind {
    /// The folder's name.
    pub const fn folder(self) -> &'static str {
        match self {
            LogKind::CloudTrail => "CloudTrail",
            LogKind::Insight => "CloudTrail-Insight",
            LogKind::NetworkActivity => "CloudTrail-NetworkActivity",
            LogKind::Aggregated => "CloudTrail-Aggregated",
        }
    }

    fn from_name(name: &str) -> Option<LogKind> {
        [
            LogKind::CloudTrail,
            LogKind::Insight,
            LogKind::NetworkActivity,
            LogKind::Aggregated,
        ]
        .into_iter()
        .find(|kind| kind.folder() == name)
    }
}

/// One account and Region of an account's or an organization's trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The organization of an organization trail.
    pub organization: Option<String>,
    /// Twelve digits; empty if nothing tells.
    pub account: String,
    /// The Region of the logs; empty if nothing tells.
    pub region: String,
}

/// What the key of a local log file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogClaim {
    /// What stands before `AWSLogs/`, if the file lies in such a tree.
    pub front: Option<String>,
    /// Account and Region.
    pub place: Option<Place>,
    /// The folder.
    pub kind: Option<LogKind>,
    /// From and up to which second it may have been delivered.
    pub delivered: Option<(i64, i64)>,
}

/// Reads the key of a log file.
pub fn log_claim(key: &str) -> LogClaim {
    let claim = layout::claim(key);
    let kind = match &claim.folder {
        Some(Folder::CloudTrail) => Some(LogKind::CloudTrail),
        Some(Folder::Insight) => Some(LogKind::Insight),
        Some(Folder::NetworkActivity) => Some(LogKind::NetworkActivity),
        Some(Folder::Aggregated) => Some(LogKind::Aggregated),
        Some(_) => None,
        None => kind_in_name(file_name(key)).and_then(LogKind::from_name),
    };
    let minute = claim.delivered_at.map(|at| (at, at + 60));
    let day = claim
        .delivery_day
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|midnight| midnight.and_utc().timestamp())
        .map(|start| (start, start + 86_400));
    LogClaim {
        front: tail(key).map(|_| claim.prefix),
        place: claim
            .account
            .zip(claim.region)
            .map(|(account, region)| Place {
                organization: claim.organisation,
                account,
                region,
            }),
        kind,
        delivered: minute.or(day),
    }
}

/// `CloudTrail-Digest` of `ACCOUNT_CloudTrail-Digest_…`
fn kind_in_name(name: &str) -> Option<&str> {
    let (account, rest) = name.split_once('_')?;
    let (kind, _) = rest.split_once('_')?;
    layout::is_account(account).then_some(kind)
}

/// What a file is for the integrity of a log set, judged by its key alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A digest file.
    Digest,
    /// `KEY.head.json`: metadata of the object beside it.
    HeadObject,
    /// A log file of a trail.
    Log,
    /// Anything else; its content may still make it a digest or metadata.
    Other,
}

/// What stands between the key of an archive and that of its member.
pub(super) const MEMBER_MARK: &str = "!/";

/// The ending of a sidecar.
pub const SIDECAR: &str = ".head.json";

/// Says what a file is from its key.
pub fn role(key: &str) -> Role {
    role_of(key, &layout::claim(key))
}

/// Says what a file is from its key and what that claims.
pub fn role_of(key: &str, claim: &Claim) -> Role {
    use layout::NameKind;
    if key.ends_with(SIDECAR) {
        return Role::HeadObject;
    }
    if !matches!(layout::name_kind(key), NameKind::Log) {
        return Role::Other;
    }
    let name = kind_in_name(file_name(key));
    match claim.folder {
        Some(Folder::Digest) => Role::Digest,
        Some(Folder::Other(_) | Folder::Lake) => Role::Other,
        // A digest that was put among the logs is still a digest.
        _ if name == Some("CloudTrail-Digest") => Role::Digest,
        Some(_) => Role::Log,
        None if name.and_then(LogKind::from_name).is_some() => Role::Log,
        None => Role::Other,
    }
}

/// The identity of a chain of digests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// Account and Region.
    pub place: Place,
    /// The trail's name; empty if the key does not tell.
    pub trail: String,
    /// The Region where the trail was made; empty if the key does not tell.
    pub home_region: String,
    /// Whether these are backfill digests, which form a series of their own.
    pub is_backfill: bool,
}

/// What the key of a digest tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DigestName {
    pub chain: ChainId,
    pub end: Option<i64>,
}

/// Reads the key of a digest; `None` if not even account and Region are in it.
pub(super) fn digest_name(key: &str) -> Option<DigestName> {
    let claim = layout::claim(key);
    let place = Place {
        organization: claim.organisation,
        account: claim.account?,
        region: claim.region?,
    };
    let name = file_name(key);
    let stem = name.split(".json").next().unwrap_or(name);
    let (stem, is_backfill) = match stem.strip_suffix("_backfill") {
        Some(front) => (front, true),
        None => (stem, false),
    };
    let front = format!("{}_CloudTrail-Digest_{}_", place.account, place.region);
    let (trail, home_region) = stem
        .strip_prefix(&front)
        .and_then(|rest| rest.rsplit_once('_'))
        .and_then(|(rest, _time)| rest.rsplit_once('_'))
        .unwrap_or_default();
    Some(DigestName {
        chain: ChainId {
            trail: trail.to_owned(),
            home_region: home_region.to_owned(),
            is_backfill,
            place,
        },
        end: claim.delivered_at,
    })
}

/// The last component.
pub fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// A key without the ending that `gunzip` takes away.
pub(super) fn without_gz(key: &str) -> &str {
    key.strip_suffix(".gz").unwrap_or(key)
}

/// The last component, by which objects are found: the same whether the file was inflated or not.
pub(super) fn object_name(key: &str) -> &str {
    without_gz(file_name(key))
}

/// The key from the `AWSLogs` that an account follows.
pub(super) fn tail(key: &str) -> Option<&str> {
    let mut found = None;
    let mut at = 0;
    for part in key.split('/') {
        if part == ANCHOR {
            let mut rest = key[at + part.len()..].split('/').skip(1);
            let first = rest.next().unwrap_or_default();
            let is_tree = layout::is_account(first)
                || first.starts_with("o-") && rest.next().is_some_and(layout::is_account);
            if is_tree {
                found = Some(at);
            }
        }
        at += part.len() + 1;
    }
    found.map(|at| &key[at..])
}

/// Whether a key can be one of CloudTrail's: no step up, no empty or odd component.
pub fn is_safe(key: &str) -> bool {
    key.len() <= 1024
        && !key.contains('\\')
        && !key.chars().any(char::is_control)
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether the file at `local` lies where `declared`, a key inside a digest, says.
///
/// The part before `AWSLogs/` may differ, because trees are copied. A tree
/// that begins below `AWSLogs/` is compared as far as it goes. `gunzip` takes
/// `.gz` away; the content decides what the file is.
pub(super) fn agrees(local: &str, declared: &str) -> bool {
    if local == declared {
        return true;
    }
    let (local, declared) = (without_gz(local), without_gz(declared));
    if let (Some(local), Some(declared)) = (tail(local), tail(declared)) {
        return local == declared;
    }
    let mut declared = declared.rsplit('/');
    let mut local = local.rsplit('/');
    if local.next() != declared.next() {
        return false;
    }
    let local: Vec<&str> = local.take(6).collect();
    let declared: Vec<&str> = declared.take(6).collect();
    let is_number = |part: &&str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let has_day = matches!(&local[..], [day, month, year, ..]
        if is_number(day, 2) && is_number(month, 2) && is_number(year, 4));
    // Without the folders of a tree there is only the name, and that is unique.
    !has_day
        || local.iter().zip(&declared).enumerate().all(|(at, (a, b))| {
            let is_claim = match at {
                3 => is_region(a),
                4 => a.starts_with("CloudTrail"),
                5 => layout::is_account(a),
                _ => true,
            };
            a == b || !is_claim
        })
}

/// `us-east-1`, `us-gov-west-1`, `us-iso-east-1`
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_middle = match &parts[..] {
        [_, _, _] => true,
        [_, partition, _, _] => *partition == "gov" || partition.starts_with("iso"),
        _ => false,
    };
    is_middle
        && (2..=4).contains(&first.len())
        && parts[..parts.len() - 1].iter().all(is_word)
        && (1..=2).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/02/\
                       111122223333_CloudTrail_us-east-1_20250102T0315Z_AAAABBBBCCCCDDDD.json.gz";

    #[test]
    fn a_tree_may_lie_anywhere_and_begin_below_its_anchor() {
        assert!(agrees(LOG, LOG));
        assert!(agrees(&format!("copy/of/{LOG}"), LOG));
        assert!(agrees(LOG, &format!("prefix/{LOG}")));
        assert!(agrees(&LOG["AWSLogs/".len()..], LOG));
        assert!(agrees(&LOG.replace("AWSLogs", "logs"), LOG));
        assert!(agrees(file_name(LOG), LOG));
        assert!(agrees(without_gz(LOG), LOG));
        assert!(!agrees(&format!("{LOG}.gz"), without_gz(LOG)));
        assert!(agrees(&format!("flat/{}", file_name(LOG)), LOG));
    }

    #[test]
    fn another_day_region_or_account_is_another_place() {
        for (from, to) in [
            ("/2025/01/02/", "/2025/01/03/"),
            ("/us-east-1/2025", "/us-east-2/2025"),
            ("/111122223333/C", "/444455556666/C"),
        ] {
            let moved = LOG.replace(from, to);
            assert!(!agrees(&moved, LOG), "{moved}");
            assert!(!agrees(&moved["AWSLogs/".len()..], LOG), "{moved}");
        }
        assert!(!agrees("x.json.gz", LOG));
    }

    #[test]
    fn a_digests_name_gives_its_chain_whatever_the_trail_is_called() {
        let name = digest_name(
            "p/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/us-east-1/2025/01/02/\
             111122223333_CloudTrail-Digest_us-east-1_my_odd.trail-1_eu-west-1_20250102T030405Z_backfill.json.gz",
        )
        .expect("a digest");
        assert_eq!(name.chain.trail, "my_odd.trail-1");
        assert_eq!(name.chain.home_region, "eu-west-1");
        assert!(name.chain.is_backfill);
        assert_eq!(name.end, Some(1_735_787_045));
        assert_eq!(digest_name("etc/passwd"), None);
    }

    #[test]
    fn keys_that_leave_the_tree_are_unsafe() {
        assert!(is_safe(LOG));
        for key in [
            "AWSLogs/../../etc/passwd",
            "/etc/passwd",
            "a//b",
            "a\\b",
            "a\nb",
            "",
        ] {
            assert!(!is_safe(key), "{key}");
        }
    }

    #[test]
    fn files_are_told_apart_by_their_keys() {
        let digest = LOG.replace("_CloudTrail_", "_CloudTrail-Digest_");
        assert_eq!(role(LOG), Role::Log);
        assert_eq!(role(&digest), Role::Digest);
        assert_eq!(role(file_name(&digest)), Role::Digest);
        assert_eq!(role(&format!("{digest}.head.json")), Role::HeadObject);
        assert_eq!(
            role("AWSLogs/111122223333/vpcflowlogs/us-east-1/2025/01/02/x.log.gz"),
            Role::Other
        );
        assert_eq!(role("notes.json"), Role::Other);
    }

    #[test]
    fn regions_of_all_partitions_are_known() {
        for region in [
            "us-east-1",
            "us-gov-west-1",
            "cn-north-1",
            "us-iso-east-1",
            "eusc-de-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for other in [
            "public-keys",
            "us-east",
            "east-1",
            "us-east-1;rm",
            "US-east-1",
        ] {
            assert!(!is_region(other), "{other}");
        }
    }
}
