//! What may concern a scope and a period, and what that makes of the whole: the one
//! judgement behind `logs integrity`, `logs` and packets.
//!
//! Where nothing was asked for, everything matters.

use std::collections::BTreeMap;

use crate::period::DAY;
use crate::source::layout::{self, Folder};

use super::cover::joined;
use super::facts::Unseen;
use super::place::{Place, log_claim};
use super::report::{
    Asked, CoverKind, CoverRange, DigestReport, DigestState, Fault, IntegrityVerdict, LogReport,
    LogState, PlaceCover, Weight,
};

/// From, and up to.
pub type Span = (i64, i64);

/// What somebody wants to know about.
#[derive(Clone, Copy)]
pub struct Concern<'a> {
    /// The period and its slack; everything, if none is asked for.
    pub asked: Option<Asked>,
    /// Whether account and Region are in scope; an empty text stands for what nothing tells.
    pub is_in_scope: &'a dyn Fn(&str, &str) -> bool,
}

impl Concern<'_> {
    /// Everything in these times, wherever.
    pub(super) fn of(asked: Option<Asked>) -> Concern<'static> {
        Concern {
            asked,
            is_in_scope: &|_, _| true,
        }
    }

    fn has_place(&self, place: Option<&Place>) -> bool {
        let (account, region) = place.map_or(("", ""), |place| (&place.account, &place.region));
        (self.is_in_scope)(account, region)
    }

    /// Whether a time of delivery may concern the period.
    fn has_time(&self, span: Option<Span>, slack: i64) -> bool {
        let (Some(asked), Some((from, to))) = (self.asked, span) else {
            return true;
        };
        to > asked.start && from < asked.end.saturating_add(slack)
    }

    fn slack(&self) -> i64 {
        self.asked.map_or(0, |asked| asked.slack)
    }

    /// Whether a log, there or missing, may hold records of scope and period, by its name.
    pub fn log(&self, log: &LogReport, digests: &[DigestReport]) -> bool {
        let claim = log_claim(&log.key);
        if !self.has_place(claim.place.as_ref()) {
            return false;
        }
        let is_proved = log
            .digest
            .is_some_and(|at| digests[at].state == DigestState::Valid);
        if let (Some(asked), Some((oldest, newest))) = (self.asked, log.events)
            && log.state != LogState::Valid
        {
            // A log that was delivered late lies behind the period that its records are of.
            if newest >= asked.start && oldest < asked.end {
                return true;
            }
        }
        if is_proved && log.state == LogState::Missing {
            // None of its records is of the period. It was delivered in it all the same, or it is of
            // another one: of records that came late no other period would tell.
            return self.has_time(claim.delivered, self.slack());
        }
        // A changed file may have been delivered late: as late as a refused one would matter.
        self.has_time(claim.delivered, self.slack_for(&log.faults))
    }

    /// Whether a digest may speak of scope and period.
    ///
    /// One that does not verify may have listed logs of the period that were delivered late, so it
    /// matters as late as a changed log does.
    pub fn digest(&self, digest: &DigestReport) -> bool {
        let place = digest.chain.as_ref().map(|chain| &chain.place);
        let slack = self.slack_for(&digest.faults);
        self.has_place(place) && self.has_time(span_of(digest), slack)
    }

    /// What has failed matters up to a day after the period.
    fn slack_for(&self, faults: &[Fault]) -> i64 {
        let mut weights = faults.iter().map(|fault| fault.kind.weight());
        match weights.any(|weight| weight == Weight::Failed) {
            true => self.slack().max(DAY),
            false => self.slack(),
        }
    }

    /// Whether a stretch of delivery time is part of what was asked for.
    pub fn time(&self, place: &Place, range: &CoverRange) -> bool {
        self.has_place(Some(place)) && self.has_time(Some((range.start, range.end)), self.slack())
    }

    /// Whether something that nobody could look at may hold logs of scope and period.
    pub fn unseen(&self, unseen: &Unseen) -> bool {
        let claim = UnseenClaim::of(&unseen.name);
        // Late deliveries lie in the folders of later days.
        claim.is_of_trails
            && (self.is_in_scope)(&claim.account, &claim.region)
            && self.has_time(claim.span, self.slack().max(DAY))
    }
}

/// What the name of something that nobody could look at claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenClaim {
    /// Account id; empty if nothing tells.
    pub account: String,
    /// Region; empty if nothing tells.
    pub region: String,
    /// Times of delivery.
    pub span: Option<Span>,
    /// False in the folder of another service.
    is_of_trails: bool,
}

impl UnseenClaim {
    /// Reads the name of a folder or file.
    pub fn of(name: &str) -> UnseenClaim {
        // A folder claims what a file in it would.
        let folder = layout::claim(&format!("{name}/-"));
        let file = layout::claim(name);
        let day = folder.delivery_day.and_then(|day| day.and_hms_opt(0, 0, 0));
        let day = day.map(|day| day.and_utc().timestamp());
        UnseenClaim {
            account: folder.account.or(file.account).unwrap_or_default(),
            region: folder.region.or(file.region).unwrap_or_default(),
            span: day
                .map(|day| (day, day + DAY))
                .or(file.delivered_at.map(|at| (at, at + 60))),
            is_of_trails: !matches!(folder.folder, Some(Folder::Other(_))),
        }
    }
}

/// The time that a digest covers, as far as it is known.
pub fn span_of(digest: &DigestReport) -> Option<Span> {
    let end = digest.end?;
    Some((digest.start.unwrap_or(end - 3600), end))
}

/// The answer in one word, from what matters alone.
pub fn verdict(has_digests: bool, has_failed: bool, has_doubt: bool) -> IntegrityVerdict {
    match (has_digests, has_failed, has_doubt) {
        // Without digests nothing was promised that could fail.
        (false, ..) => IntegrityVerdict::NotVerified,
        (_, true, _) => IntegrityVerdict::Failed,
        (_, _, true) => IntegrityVerdict::Incomplete,
        _ => IntegrityVerdict::Verified,
    }
}

/// One account and Region with all its trails, of accounts and of organizations.
pub(super) struct Joined<'c> {
    pub place: &'c Place,
    /// At each instant the best of all trails.
    pub ranges: Vec<CoverRange>,
    /// The asked period, whole.
    pub asked: Vec<CoverRange>,
    pub has_trails: bool,
}

/// The cover of every account and Region.
pub(super) fn places(cover: &[PlaceCover], asked: Option<Asked>) -> Vec<Joined<'_>> {
    let mut by_place: BTreeMap<(&str, &str), Vec<&PlaceCover>> = BTreeMap::new();
    for one in cover {
        let key = (one.place.account.as_str(), one.place.region.as_str());
        by_place.entry(key).or_default().push(one);
    }
    let all = by_place.into_values().map(|covers| {
        let (ranges, asked) = joined(&covers, asked);
        Joined {
            place: &covers[0].place,
            ranges,
            asked,
            has_trails: covers.iter().any(|one| !one.trails.is_empty()),
        }
    });
    all.collect()
}

/// Whether verified digests cover the whole asked period everywhere.
pub(super) fn is_covered(cover: &[PlaceCover], asked: Option<Asked>) -> bool {
    let is_verified = |range: &CoverRange| range.kind == CoverKind::Verified;
    let all = places(cover, asked);
    all.iter().all(|one| one.asked.iter().all(is_verified))
}

#[cfg(test)]
mod tests {
    use super::super::report::FaultKind;
    use super::*;

    #[test]
    fn a_folder_claims_what_its_files_would_and_a_file_what_its_name_says() {
        let folder = UnseenClaim::of("AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/02");
        assert_eq!(
            (folder.account.as_str(), folder.region.as_str()),
            ("111122223333", "us-east-1")
        );
        assert_eq!(folder.span, Some((1_735_776_000, 1_735_862_400)));
        let file =
            UnseenClaim::of("copy/111122223333_CloudTrail_us-east-1_20250102T0315Z_A.json.gz");
        assert_eq!(file.region, "us-east-1");
        assert_eq!(file.span, Some((1_735_787_700, 1_735_787_760)));
        let nothing = UnseenClaim::of("copy");
        assert_eq!((nothing.account.as_str(), nothing.span), ("", None));
        assert!(!UnseenClaim::of("AWSLogs/111122223333/vpcflowlogs").is_of_trails);
    }

    #[test]
    fn a_log_that_does_not_verify_matters_to_the_period_of_its_records() {
        let asked = Some(Asked {
            start: 1_000_000,
            end: 2_000_000,
            slack: 3600,
        });
        // Delivered on the second of January 2025, long after the period.
        let log = |state, events| LogReport {
            key: "111122223333_CloudTrail_us-east-1_20250102T0315Z_A.json.gz".to_owned(),
            copy: 0,
            state,
            digest: None,
            events,
            faults: Vec::new(),
        };
        let matters = |log: LogReport| Concern::of(asked).log(&log, &[]);
        for state in [
            LogState::Modified,
            LogState::Unverifiable,
            LogState::Missing,
        ] {
            assert!(
                matters(log(state, Some((1_999_999, 3_000_000)))),
                "{state:?}"
            );
            assert!(
                !matters(log(state, Some((2_000_000, 3_000_000)))),
                "{state:?}"
            );
        }
        assert!(!matters(log(LogState::Valid, Some((1_999_999, 3_000_000)))));
        assert!(!matters(log(LogState::Modified, None)));
    }

    #[test]
    fn a_missing_log_matters_where_it_was_delivered_too() {
        const DELIVERED: i64 = 1_735_787_700;
        let digest = DigestReport {
            key: String::new(),
            file: Some("digest".to_owned()),
            chain: None,
            start: Some(DELIVERED - 600),
            end: Some(DELIVERED + 3000),
            is_starting: false,
            state: DigestState::Valid,
            is_vouched: true,
            signature_from: None,
            log_count: 1,
            faults: Vec::new(),
        };
        let log = |events| LogReport {
            key: "111122223333_CloudTrail_us-east-1_20250102T0315Z_A.json.gz".to_owned(),
            copy: 0,
            state: LogState::Missing,
            digest: Some(0),
            events: Some(events),
            faults: vec![Fault {
                kind: FaultKind::Missing,
                message: String::new(),
            }],
        };
        let matters = |start: i64, end: i64, events| {
            let asked = Some(Asked {
                start,
                end,
                slack: 3600,
            });
            Concern::of(asked).log(&log(events), std::slice::from_ref(&digest))
        };
        let day = (DELIVERED - 3600, DELIVERED + DAY);
        // Records of the day before, which a report of that day was made without.
        let late = (DELIVERED - 90_000, DELIVERED - 80_000);
        assert!(matters(day.0, day.1, late));
        assert!(matters(day.0, day.1, (DELIVERED - 60, DELIVERED - 30)));
        // Delivered in the slack: "none is missing" is said of it too.
        let next = (DELIVERED - 300, DELIVERED - 60);
        assert!(matters(day.0 - DAY, DELIVERED - 1800, next));
        // Delivered later, it matters to the period of its records alone.
        assert!(!matters(day.0 - DAY, DELIVERED - 7200, next));
        assert!(matters(day.0 - DAY, DELIVERED - 7200, late));
        // Delivered before, with records of before.
        assert!(!matters(DELIVERED + 600, DELIVERED + DAY, next));
    }

    #[test]
    fn without_digests_nothing_is_verified_whatever_else_there_is() {
        assert_eq!(verdict(false, true, true), IntegrityVerdict::NotVerified);
        assert_eq!(verdict(true, true, true), IntegrityVerdict::Failed);
        assert_eq!(verdict(true, false, true), IntegrityVerdict::Incomplete);
        assert_eq!(verdict(true, false, false), IntegrityVerdict::Verified);
    }
}
