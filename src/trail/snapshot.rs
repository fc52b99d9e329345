//! Snapshot files: what `aws cloudtrail get-event-selectors`, `describe-trails` and `get-trail`
//! print, saved by the user.
//!
//! A snapshot is a statement of the user: nothing signs it, and it tells what was switched on when
//! it was taken, not that nothing changed before or after.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Recording, member};
use crate::record::encoding;

/// Most bytes of a snapshot file; selectors of a trail have at most some ten thousand.
pub const LARGEST: u64 = 16 << 20;

/// One file that the user gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name without folders.
    pub name: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// When it was taken, if the user says so.
    pub taken_at: Option<i64>,
    /// What it says of trails.
    pub trails: Vec<TrailSetting>,
}

/// What a snapshot says of one trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailSetting {
    /// The account that owns the trail.
    pub account: String,
    /// Its home Region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// What it records; none in output that does not tell.
    pub recording: Option<Recording>,
    /// Whether it records in all Regions; none in output that does not tell.
    pub is_multi_region: Option<bool>,
    /// Whether it records for the whole organization; none in output that does not tell.
    pub is_organization: Option<bool>,
    /// The bucket that it delivers into; none in output that does not tell.
    pub bucket: Option<String>,
    /// The prefix of its keys there; none in output that does not tell.
    pub prefix: Option<String>,
}

impl Snapshot {
    /// Reads a file; several outputs may stand in it one after the other.
    ///
    /// # Errors
    /// A sentence that says what the file is not.
    pub fn parse(name: &str, bytes: &[u8], taken_at: Option<i64>) -> Result<Snapshot, String> {
        let mut trails = Vec::new();
        let text = encoding::utf8(bytes)?;
        for document in serde_json::Deserializer::from_slice(&text).into_iter::<Value>() {
            let document = document.map_err(|error| format!("no JSON: {error}"))?;
            trails.extend(of_document(&document)?);
        }
        if trails.is_empty() {
            return Err("it tells of no trail".to_owned());
        }
        Ok(Snapshot {
            name: name.to_owned(),
            sha256: hex::encode(Sha256::digest(bytes)),
            taken_at,
            trails,
        })
    }
}

fn of_document(document: &Value) -> Result<Vec<TrailSetting>, String> {
    if let Some(list) = document.get("trailList").and_then(Value::as_array) {
        return list.iter().map(described).collect();
    }
    if let Some(trail) = document.get("Trail") {
        return Ok(vec![described(trail)?]);
    }
    if document.get("TrailARN").is_some() {
        return Ok(vec![selected(document)?]);
    }
    if document.get("IsLogging").is_some() {
        return Err(
            "output of `get-trail-status`, which names no trail; records tell of stops".to_owned(),
        );
    }
    Err(
        "neither output of `get-event-selectors` nor of `describe-trails` or `get-trail`"
            .to_owned(),
    )
}

fn selected(document: &Value) -> Result<TrailSetting, String> {
    let mut setting = named(document)?;
    let recording = Recording::parse(document);
    let Some(recording) = recording else {
        return Err(format!(
            "the selectors of trail `{}` cannot be read",
            setting.name
        ));
    };
    setting.recording = Some(recording);
    Ok(setting)
}

fn described(trail: &Value) -> Result<TrailSetting, String> {
    let mut setting = named(trail)?;
    let flag = |name: &str| member(trail, name).and_then(Value::as_bool);
    setting.is_multi_region = flag("isMultiRegionTrail");
    setting.is_organization = flag("isOrganizationTrail");
    let text = |name: &str| member(trail, name).and_then(Value::as_str);
    setting.bucket = text("s3BucketName").map(str::to_owned);
    setting.prefix = text("s3KeyPrefix").map(str::to_owned);
    // Only a trail with basic defaults has none.
    if flag("hasCustomEventSelectors") == Some(false) {
        setting.recording = Some(Recording::of_a_new_trail());
    }
    Ok(setting)
}

fn named(value: &Value) -> Result<TrailSetting, String> {
    let arn = value.get("TrailARN").and_then(Value::as_str);
    let arn = arn.ok_or_else(|| "a trail without `TrailARN`".to_owned())?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _partition, "cloudtrail", region, account, name] = parts.as_slice() else {
        return Err(format!("`{arn}` is no ARN of a trail"));
    };
    let Some(name) = name.strip_prefix("trail/") else {
        return Err(format!("`{arn}` is no ARN of a trail"));
    };
    Ok(TrailSetting {
        account: (*account).to_owned(),
        region: (*region).to_owned(),
        name: name.to_owned(),
        recording: None,
        is_multi_region: None,
        is_organization: None,
        bucket: None,
        prefix: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::class::EventClass;
    use crate::trail::Extent;

    const SELECTORS: &str = r#"{"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/org",
        "AdvancedEventSelectors":[{"Name":"m","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}"#;
    const TRAILS: &str = r#"{"trailList":[{"Name":"org","S3BucketName":"b","IsMultiRegionTrail":true,"HomeRegion":"us-east-1",
        "TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/org","HasCustomEventSelectors":true,"IsOrganizationTrail":true}]}"#;

    #[test]
    fn outputs_may_stand_in_one_file() {
        let both = format!("{SELECTORS}\n{TRAILS}\n");
        let found = Snapshot::parse("s.json", both.as_bytes(), Some(5)).expect("readable");
        assert_eq!(found.trails.len(), 2);
        let [selected, described] = found.trails.as_slice() else {
            panic!("two")
        };
        assert_eq!(selected.name, "org");
        assert_eq!(selected.account, "111122223333");
        let recording = selected.recording.as_ref().expect("selectors");
        assert_eq!(recording.extent(EventClass::Kms), Extent::Whole);
        assert_eq!(described.is_organization, Some(true));
        assert_eq!(described.recording, None);
        assert_eq!(described.bucket.as_deref(), Some("b"));
        assert_eq!(selected.bucket, None);
        assert_eq!(found.sha256.len(), 64);
    }

    #[test]
    fn what_is_no_snapshot_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "no trail"),
            ("{", "no JSON"),
            ("[]", "neither output"),
            (r#"{"IsLogging":true}"#, "names no trail"),
            (r#"{"TrailARN":"x"}"#, "no ARN"),
            (r#"{"trailList":[{"Name":"x"}]}"#, "without `TrailARN`"),
            (
                r#"{"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t","EventSelectors":[3]}"#,
                "cannot be read",
            ),
        ] {
            let error = Snapshot::parse("s.json", text.as_bytes(), None).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
