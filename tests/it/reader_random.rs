//! Bytes that nobody chose: the reader never panics, and never loses a record without a word.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::reader_common::{gzip, read, record, wrap};

fn originals() -> Vec<String> {
    let records: Vec<String> = (0..5).map(record).collect();
    vec![
        wrap(&records),
        format!("[{}]", records.join(" ,\n ")),
        records.join("\n"),
        records.concat(),
        serde_json::json!({"Events": records.iter().map(|text| serde_json::json!({"CloudTrailEvent": text})).collect::<Vec<_>>()}).to_string(),
    ]
}

/// What is left of an original may be less, but never more, and never less in silence.
fn check(damaged: &[u8], original: &str) -> Result<(), TestCaseError> {
    let (report, kept) = read("x.json", damaged);
    let (_, whole) = read("x.json", original.as_bytes());
    prop_assert!(kept.records.len() <= whole.records.len(), "{report:?}");
    if kept.records.len() < whole.records.len() {
        prop_assert!(report.is_incomplete(), "{report:?}");
    }
    let indices: BTreeSet<u32> = kept.records.iter().map(|record| record.index).collect();
    prop_assert_eq!(indices.len(), kept.records.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for front in [&b""[..], b"{", b"[", b"{\"Records\":[", b"\x1f\x8b\x08\0\0\0\0\0\0\xff"] {
            let content = [front, &bytes].concat();
            read("x.json", &content);
            read("x.json.gz", &gzip(&content));
        }
    }

    #[test]
    fn arbitrary_json_like_text_is_refused_or_read(
        text in r#"([{}\[\],:]|"Records"|"eventTime"|"2024-05-06T02:00:00Z"|"eventVersion"|"detail"|"message"|"[a-z\\"]{0,3}|null|1|\n){0,40}"#,
    ) {
        read("x.json", text.as_bytes());
    }

    #[test]
    fn any_name_is_a_claim_or_none(
        key in r"(AWSLogs/|o-a1/|111122223333[/_]|CloudTrail[/_-]|us-east-1[/_]|20[0-9é]{2}/|0[0-9]/|20240506T[0-9é]{2,6}Z|[a-zé/._-]{0,3}){0,12}",
    ) {
        let claim = attestrail::source::layout::claim(&key);
        prop_assert!(!claim.is_canonical || claim.account.is_some() && claim.region.is_some());
        attestrail::source::layout::name_kind(&key);
    }

    #[test]
    fn a_cut_file_is_never_less_in_silence(which in 0..5usize, part in 0.0..1.0f64) {
        let original = &originals()[which];
        let cut = (original.len() as f64 * part) as usize;
        let left = &original.as_bytes()[..cut];
        let (report, kept) = read("x.json", left);
        // A cut between two lines or documents leaves whole ones, which nothing can tell from a shorter file.
        let is_whole = which == 2 || which == 3;
        prop_assert!(is_whole || kept.records.is_empty(), "{report:?}");
        prop_assert!(is_whole || report.is_incomplete());
        let zipped = gzip(original.as_bytes());
        let cut = (zipped.len() as f64 * part) as usize;
        let (report, kept) = read("x.json.gz", &zipped[..cut]);
        prop_assert!(kept.records.is_empty() && report.is_incomplete());
    }

    #[test]
    fn changed_bytes_never_make_records_or_lose_them_in_silence(
        which in 0..5usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let original = &originals()[which];
        let mut damaged = original.clone().into_bytes();
        for (at, byte) in &changes {
            let at = at.index(damaged.len());
            damaged[at] = *byte;
        }
        check(&damaged, original)?;
    }

    #[test]
    fn structural_changes_never_lose_records_in_silence(
        which in 0..5usize,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(&b"{}[]\",:\\\n 0"[..])),
            1..4,
        ),
    ) {
        let original = &originals()[which];
        let mut damaged = original.clone().into_bytes();
        for (at, byte) in &changes {
            let at = at.index(damaged.len());
            damaged[at] = *byte;
        }
        check(&damaged, original)?;
    }

    #[test]
    fn a_changed_gzip_file_gives_nothing(at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let original = &originals()[0];
        let mut zipped = gzip(original.as_bytes());
        let at = at.index(zipped.len());
        zipped[at] ^= 1 << bit;
        let (report, kept) = read("x.json.gz", &zipped);
        // The header and the spare bits of the last byte say nothing about the content.
        let (_, whole) = read("x.json", original.as_bytes());
        prop_assert!(kept.records == whole.records || kept.records.is_empty(), "byte {at}: {report:?}");
        prop_assert_eq!(kept.records.is_empty(), report.is_incomplete());
    }
}
