//! `integrity`: whether the log files are what CloudTrail delivered, and all of
//! it, in the accounts, Regions and the period of the assessment.
//!
//! `verified` needs verified digests for all of the period and its slack in every
//! account and Region, and nothing that failed or could not be verified. Absent
//! digests prove nothing.

use std::collections::BTreeMap;

use super::AssessError;
use super::chains::{Examined, Trust};
use super::coverage::{Grid, NO_REGION};
use super::delivery::{Deliveries, Span};
use super::desk::{Desk, Fate, Witness};
use super::faults::{self, IntegrityFault, Matters};
use super::judge::Judge;
use super::losses::counted;
use super::outcome::CoverageRow;
use super::places::Places;
use super::tally::Tally;
use crate::control::scope::{Idle, Scope};
use crate::integrity::commands::commands;
use crate::integrity::place::log_claim;
use crate::integrity::report::{
    CoverKind, CoverRange, DigestState, FaultKind, IntegrityReport, LogState, Weight,
};
use crate::integrity::{IntegrityVerdict, matters};
use crate::ledger::read::LedgerRow;
use crate::period::{DAY, HOUR, Period};
use crate::record::time;
use crate::source::display::display_value;

/// What is known about digest chains, for the accounts, Regions and the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    /// `verified`, `incomplete`, `not-verified` or `failed`.
    pub status: &'static str,
    /// Why, as a sentence.
    pub statement: String,
    /// Digest files seen in the set.
    pub digests_seen: u64,
    /// First second that must be covered.
    pub from: i64,
    /// The second after the last one, slack included.
    pub to: i64,
    /// Seconds after the period, of that.
    pub slack: i64,
    /// Whether the user demanded that everything be verified.
    pub is_required: bool,
    /// Log files of the set by state.
    pub logs: Vec<(&'static str, u64)>,
    /// Digests by state.
    pub digests: Vec<(&'static str, u64)>,
    /// Cover of each account and Region.
    pub cover: Vec<CoverLine>,
    /// What is wrong or odd; what matters first.
    pub faults: Vec<IntegrityFault>,
    /// Records of the period that lie in files that do not verify.
    pub suspect_records: u64,
    /// The keys that the user supplied.
    pub keys: Vec<KeyUsed>,
    /// Files of metadata that the user supplied: name and SHA-256.
    pub metadata: Vec<(String, String)>,
    /// Lists of keys in the log set, which are not trusted. Hostile text.
    pub untrusted_keys: Vec<String>,
    /// Lines for the AWS CLI that collect what is wanted.
    pub commands: Vec<String>,
    report: Option<IntegrityReport>,
    /// One for each log of the report: whether it may hold records of scope and period.
    log_matters: Vec<bool>,
    /// One for each digest of the report.
    digest_matters: Vec<bool>,
}

/// The cover of one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverLine {
    /// Account id.
    pub account: String,
    /// Its name from the scope file, or empty.
    pub account_name: String,
    /// Region.
    pub region: String,
    /// Whether the scope file says that nothing is expected there, at any time.
    pub is_declared_idle: bool,
    /// When nothing is expected there: it is outside the scope, or declared idle.
    pub unexpected: Vec<Span>,
    /// The period and its slack, whole; at each instant the best of all trails.
    pub ranges: Vec<CoverSpan>,
    /// Trail by trail, where there are several.
    pub trails: Vec<(String, Vec<CoverSpan>)>,
    /// Hours of the period, joined, in which nothing happened: everything that was
    /// delivered is here, and no record is of this time.
    pub idle: Vec<Span>,
}

/// A span of delivery time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverSpan {
    /// First second.
    pub from: i64,
    /// The second after the last one.
    pub to: i64,
    /// `verified`, `hash-only`, `failed`, `hole`, `gap`, `before-first`, `after-last`, `no-digests`.
    pub state: &'static str,
}

/// A key that the user supplied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsed {
    /// Name of its file, without folders.
    pub file: String,
    /// SHA-256 of that file.
    pub file_sha256: String,
    /// Its Region; empty if nobody told.
    pub region: String,
    /// MD5 of the key.
    pub fingerprint: String,
    /// First second of its validity.
    pub valid_from: i64,
    /// Last second of its validity.
    pub valid_to: i64,
}

/// The state of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// Key of the file, or of what is missing. Hostile text.
    pub file: String,
    /// `log` or `digest`.
    pub kind: &'static str,
    /// What it came to.
    pub state: &'static str,
    /// Whether it may concern scope and period.
    pub matters: bool,
    /// Times of delivery that it is about, as far as they are known.
    pub span: Option<Span>,
    /// The digest that decided, or where the signature came from. Hostile text.
    pub proof: String,
    /// Codes of its faults.
    pub faults: Vec<&'static str>,
}

/// What a conclusion rests on.
pub struct Ground<'a> {
    /// What verification found.
    pub examined: Examined,
    /// What digests prove.
    pub deliveries: &'a Deliveries,
    /// Accounts and Regions in scope.
    pub places: &'a Places,
    /// Account × Region × day.
    pub grid: &'a Grid,
    /// Counts of kept records.
    pub tally: &'a Tally,
    /// What people stated.
    pub scope: &'a Scope,
    /// The period.
    pub period: &'a Period,
    /// What the user supplied.
    pub trust: &'a Trust,
    /// Digest files of the set.
    pub digests_seen: u64,
}

/// Concludes what the digests of a log set show.
pub fn conclude(ground: Ground<'_>) -> Integrity {
    let cover = cover(&ground);
    let examined = &ground.examined;
    let asked = examined.asked;
    let matters = Matters {
        places: ground.places,
        examined,
        kept: &ground.tally.watched,
    };
    let report = examined.report.as_ref();
    let faults = report.map_or_else(Vec::new, |report| faults::all(report, &matters));
    let log_matters = report.map_or_else(Vec::new, |report| {
        let logs = report.logs.iter().enumerate();
        logs.map(|(at, log)| matters.log(at, log, report)).collect()
    });
    let digest_matters = report.map_or_else(Vec::new, |report| {
        let digests = report.digests.iter();
        digests.map(|digest| matters.digest(digest)).collect()
    });
    let suspects = examined.suspects.keys();
    let suspect_records = suspects.filter_map(|rank| ground.tally.watched.get(rank));
    let mut found = Integrity {
        status: "not-verified",
        statement: String::new(),
        digests_seen: ground.digests_seen,
        from: asked.start,
        to: asked.end.saturating_add(asked.slack),
        slack: asked.slack,
        is_required: ground.trust.is_required,
        logs: LogState::ALL
            .iter()
            .map(|state| (state.code(), report.map_or(0, |one| one.log_count(*state))))
            .collect(),
        digests: DigestState::ALL
            .iter()
            .map(|state| {
                let count = report.map_or(0, |one| one.digest_count(*state));
                (state.code(), count)
            })
            .collect(),
        cover,
        faults,
        suspect_records: suspect_records.sum(),
        keys: keys(ground.trust),
        metadata: ground
            .trust
            .metadata
            .iter()
            .map(|file| (file.name.clone(), hex::encode(file.sha256)))
            .collect(),
        untrusted_keys: examined.untrusted_keys.clone(),
        commands: report.map(commands).unwrap_or_default(),
        log_matters,
        digest_matters,
        report: None,
    };
    found.report = ground.examined.report;
    found.status = found.judge();
    found.statement = found.words(ground.places.is_given());
    found
}

fn keys(trust: &Trust) -> Vec<KeyUsed> {
    let file_name = |path: &str| {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        name.to_owned()
    };
    let mut all: Vec<KeyUsed> = trust
        .keys
        .iter()
        .map(|key| KeyUsed {
            file: file_name(&key.source),
            file_sha256: hex::encode(key.file_sha256),
            region: key.region.clone().unwrap_or_default(),
            fingerprint: key.fingerprint.clone(),
            valid_from: key.valid_from,
            valid_to: key.valid_to,
        })
        .collect();
    all.sort_by(|a, b| {
        (&a.region, a.valid_from, &a.fingerprint).cmp(&(&b.region, b.valid_from, &b.fingerprint))
    });
    all
}

fn cover(ground: &Ground<'_>) -> Vec<CoverLine> {
    let asked = ground.examined.asked;
    let whole = CoverSpan {
        from: asked.start,
        to: asked.end.saturating_add(asked.slack),
        state: CoverKind::NoDigests.code(),
    };
    let lines = ground.grid.rows.iter().map(|row| {
        let delivery = ground.deliveries.place(&row.account, &row.region);
        let delivery = delivery.filter(|one| !one.ranges.is_empty());
        let trails = delivery.map_or(&[][..], |one| &one.trails);
        let unexpected = unexpected(ground, row, (whole.from, whole.to));
        CoverLine {
            account: row.account.clone(),
            account_name: row.account_name.clone(),
            region: row.region.clone(),
            is_declared_idle: unexpected == [(whole.from, whole.to)],
            unexpected,
            ranges: delivery.map_or_else(|| vec![whole], |one| spans(&one.asked)),
            trails: if trails.len() > 1 {
                let all = trails.iter();
                all.map(|(trail, ranges)| (trail.name().to_owned(), spans(ranges)))
                    .collect()
            } else {
                Vec::new()
            },
            idle: idle(ground, &row.account, &row.region),
        }
    });
    lines.collect()
}

/// The stretches of the asked time in which the scope file expects nothing of a place. What it says
/// of the last day of the period holds for the time after it, too.
fn unexpected(ground: &Ground<'_>, row: &CoverageRow, asked: Span) -> Vec<Span> {
    let idle: Vec<&Idle> = match row.region.as_str() {
        NO_REGION => Vec::new(),
        region => ground.scope.idle_at(&row.account, region).collect(),
    };
    let mut all: Vec<Span> = Vec::new();
    for day in &ground.grid.days {
        if ground.scope.holds(&row.account, *day) && !idle.iter().any(|one| one.days.contains(*day))
        {
            continue;
        }
        let from = asked.0.max(*day);
        let until = match day + DAY >= ground.period.end {
            true => asked.1,
            false => day + DAY,
        };
        match all.last_mut() {
            Some(last) if last.1 == from => last.1 = until,
            _ => all.push((from, until)),
        }
    }
    all
}

fn spans(ranges: &[CoverRange]) -> Vec<CoverSpan> {
    let all = ranges.iter().map(|range| CoverSpan {
        from: range.start,
        to: range.end,
        state: range.kind.code(),
    });
    all.collect()
}

/// The hours of the period that are proved idle, neighbours joined.
fn idle(ground: &Ground<'_>, account: &str, region: &str) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    if ground.deliveries.place(account, region).is_none() {
        return all;
    }
    let key = (account.to_owned(), region.to_owned());
    let counts = ground.tally.grid.get(&key);
    for (at, day) in ground.grid.days.iter().enumerate() {
        let hours = counts
            .and_then(|days| days.get(at))
            .map_or(0, |day| day.hours);
        for hour in 0..24 {
            let span = (day + hour * HOUR, day + (hour + 1) * HOUR);
            let is_inside = span.0 >= ground.period.start && span.1 <= ground.period.end;
            if hours >> hour & 1 == 1
                || !is_inside
                || !ground.deliveries.is_proved(account, region, span)
            {
                continue;
            }
            match all.last_mut() {
                Some(last) if last.1 == span.0 => last.1 = span.1,
                _ => all.push(span),
            }
        }
    }
    all
}

impl CoverLine {
    /// `account 111122223333, us-east-1`
    fn place(&self) -> String {
        let account = display_value(&self.account);
        match self.region.as_str() {
            NO_REGION => format!("account {account}"),
            region => format!("account {account}, {}", display_value(region)),
        }
    }

    /// Hours that are proved idle.
    pub fn idle_hours(&self) -> u64 {
        let all = self.idle.iter().map(|(from, to)| (to - from) / HOUR);
        all.sum::<i64>().unsigned_abs()
    }

    /// What keeps it from being verified: spans that no verified digest covers.
    fn uncovered(&self) -> impl Iterator<Item = &CoverSpan> {
        let verified = CoverKind::Verified.code();
        let all = self.ranges.iter();
        all.filter(move |range| range.state != verified && !self.excuses(range))
    }

    /// Where and when nothing is expected, digests need not begin before or go on.
    pub fn excuses(&self, range: &CoverSpan) -> bool {
        let absent = [
            CoverKind::NoDigests,
            CoverKind::BeforeFirst,
            CoverKind::AfterLast,
        ];
        absent.iter().any(|kind| kind.code() == range.state)
            && (self.unexpected.iter())
                .any(|(from, until)| *from <= range.from && range.to <= *until)
    }

    /// A place without digests where nothing is expected needs none.
    fn is_excused(&self) -> bool {
        let none = CoverKind::NoDigests.code();
        let mut all = self.ranges.iter();
        all.all(|range| range.state == none && self.excuses(range))
    }

    /// The times of a place with digests of which nothing is proved, because nothing is expected.
    fn excused_in_part(&self) -> Option<String> {
        let excused = self.ranges.iter().filter(|range| self.excuses(range));
        let times: Vec<String> = excused
            .map(|range| {
                let [from, to] = [range.from, range.to].map(time::format);
                format!("{from} to {to}")
            })
            .collect();
        (!self.is_excused() && !times.is_empty())
            .then(|| format!("{}, {}", self.place(), times.join(", ")))
    }
}

/// `2 log files (hash-mismatch), 1 digest (missing)`
fn failures<'f>(faults: impl Iterator<Item = &'f IntegrityFault>) -> String {
    let mut by_code: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for fault in faults {
        *by_code.entry((fault.code, fault.thing)).or_default() += fault.count;
    }
    let parts = by_code.into_iter().map(|((code, thing), count)| {
        let what = match thing {
            "log" => "log file",
            "digest" => "digest",
            _ => "stretch of time",
        };
        let what = match (what, count) {
            ("stretch of time", 2..) => format!("{count} stretches of time"),
            _ => counted(count, what),
        };
        format!("{what} ({code})")
    });
    parts.collect::<Vec<_>>().join(", ")
}

impl Integrity {
    /// Nothing verified from `from` to `to`, for a log set with so many digest files.
    pub fn unverified(from: i64, to: i64, digests_seen: u64, statement: &str) -> Integrity {
        Integrity {
            status: "not-verified",
            statement: statement.to_owned(),
            digests_seen,
            from,
            to,
            slack: 0,
            is_required: false,
            logs: Vec::new(),
            digests: Vec::new(),
            cover: Vec::new(),
            faults: Vec::new(),
            suspect_records: 0,
            keys: Vec::new(),
            metadata: Vec::new(),
            untrusted_keys: Vec::new(),
            commands: Vec::new(),
            report: None,
            log_matters: Vec::new(),
            digest_matters: Vec::new(),
        }
    }

    fn judge(&self) -> &'static str {
        let seen: u64 = self.digests.iter().map(|(_, count)| count).sum();
        let has_failed = self.faults.iter().any(IntegrityFault::is_failure);
        let has_doubt = self.faults.iter().any(IntegrityFault::is_doubt);
        let mut lines = self.cover.iter();
        // Where nothing needs digests, there is nothing that they could prove.
        let is_covered = !lines.clone().all(CoverLine::is_excused)
            && lines.all(|line| line.uncovered().next().is_none());
        matters::verdict(seen > 0, has_failed, has_doubt || !is_covered).code()
    }

    fn words(&self, has_scope: bool) -> String {
        let window = format!(
            "{} to {} (the period and {} minutes for late deliveries)",
            time::format(self.from),
            time::format(self.to),
            self.slack / 60
        );
        match self.status {
            "failed" => format!("integrity has failed: {}", self.failures()),
            "verified" => self.verified_words(&window, has_scope),
            "incomplete" => format!(
                "integrity is not verified in full: {}",
                self.doubts().join("; ")
            ),
            _ => "integrity is not verified: the log set holds no digest files".to_owned(),
        }
    }

    /// What verified digests show, and where nothing does because nothing is expected there.
    fn verified_words(&self, window: &str, has_scope: bool) -> String {
        let idle: Vec<String> = self
            .cover
            .iter()
            .filter(|line| line.is_excused())
            .map(CoverLine::place)
            .collect();
        let proved = self.cover.len() - idle.len();
        let places = match (proved, idle.is_empty()) {
            (1, true) => "the one account and Region".to_owned(),
            (1, false) => "one account and Region".to_owned(),
            (many, true) => format!("all {many} accounts and Regions"),
            (many, false) => format!("{many} accounts and Regions"),
        };
        let (named, missing) = match has_scope {
            true => ("in scope", ""),
            false => (
                "that the log set names",
                "; nothing shows that none is missing as a whole",
            ),
        };
        let unproved = match idle.len() {
            0 => String::new(),
            count => format!(
                "; nothing is proved of {} that the scope file declares idle and that {} no digests: {}",
                if count == 1 {
                    "1 account and Region".to_owned()
                } else {
                    format!("{count} accounts and Regions")
                },
                if count == 1 { "has" } else { "have" },
                shortened(idle).join("; ")
            ),
        };
        let in_part: Vec<String> = self
            .cover
            .iter()
            .filter_map(CoverLine::excused_in_part)
            .collect();
        let unproved = match in_part.is_empty() {
            true => unproved,
            false => format!(
                "{unproved}; nothing is proved of times outside the scope or declared idle: {}",
                shortened(in_part).join("; ")
            ),
        };
        let trails = self.trails_in_part();
        if trails.is_empty() {
            return format!(
                "verified digests cover {window} in {places} {named}: every log file that was delivered \
                 there in this time is as CloudTrail delivered it, and none of them is missing, save for those that \
                 only a backfill digest would list{missing}{unproved}"
            );
        }
        format!(
            "verified digests cover {window} in {places} {named}: every log file that they list for this \
             time is there as CloudTrail delivered it{missing}{unproved}; of some trails they cover only a \
             part, and what those delivered otherwise is not proved: {}",
            shortened(trails).join("; ")
        )
    }

    /// Trails that begin, pause or end where others go on, each with what is to be said of it.
    fn trails_in_part(&self) -> Vec<String> {
        let told = |fault: &&IntegrityFault| {
            fault.matters && fault.thing == "time" && fault.weight == Weight::Notice.code()
        };
        let all = self.faults.iter().filter(told);
        all.map(|fault| {
            let trail = display_value(&fault.object);
            format!("{trail}: {} ({})", fault.message, fault.code)
        })
        .collect()
    }

    /// The status as the verifier names it.
    pub fn verdict(&self) -> IntegrityVerdict {
        match self.status {
            "verified" => IntegrityVerdict::Verified,
            "incomplete" => IntegrityVerdict::Incomplete,
            "failed" => IntegrityVerdict::Failed,
            _ => IntegrityVerdict::NotVerified,
        }
    }

    /// `2 log files (hash-mismatch), 1 digest (missing)`
    pub fn failures(&self) -> String {
        failures(self.faults.iter().filter(|fault| fault.is_failure()))
    }

    /// What does not verify, also outside of scope and period; none where all does.
    pub fn failures_at_any_time(&self) -> Option<String> {
        let failed = |fault: &&IntegrityFault| fault.weight == Weight::Failed.code();
        let text = failures(self.faults.iter().filter(failed));
        (!text.is_empty()).then_some(text)
    }

    /// What could not be verified, each a phrase.
    pub fn doubts(&self) -> Vec<String> {
        let mut all = Vec::new();
        for line in &self.cover {
            let open: Vec<&CoverSpan> = line.uncovered().collect();
            if let Some(first) = open.first() {
                let place = line.place();
                let more = match open.len() {
                    1 => String::new(),
                    many => format!(", and {} more", many - 1),
                };
                let (from, to) = (time::format(first.from), time::format(first.to));
                let is_unsigned = first.state == CoverKind::HashOnly.code();
                all.push(match is_unsigned {
                    true => format!(
                        "the signatures of the digests of {place} from {from} to {to} could not be \
                         checked ({}){more}",
                        first.state
                    ),
                    false => {
                        format!(
                            "{place} is not covered from {from} to {to} ({}){more}",
                            first.state
                        )
                    }
                });
            }
        }
        for fault in self.faults.iter().filter(|fault| fault.is_doubt()) {
            let what = match fault.thing {
                "log" => counted(fault.count, "log file"),
                "file" => format!("`{}`", display_value(&fault.object)),
                "time" => display_value(&fault.object),
                _ => counted(fault.count, "digest"),
            };
            all.push(format!("{what}: {} ({})", fault.message, fault.code));
        }
        if self.cover.iter().all(CoverLine::is_excused) {
            all.push("no account and Region in scope has digests".to_owned());
        }
        let hidden = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        if hidden > 0 {
            all.push(format!("and {hidden} more reasons"));
        }
        all
    }

    /// Why no control can be answered in full, if something does not verify.
    pub fn gap(&self) -> Option<String> {
        (self.status == "failed").then(|| {
            let records = match self.suspect_records {
                0 => String::new(),
                1 => "; 1 record of the period comes from a file that does not verify".to_owned(),
                many => {
                    format!("; {many} records of the period come from files that do not verify")
                }
            };
            format!(
                "log files are not as CloudTrail delivered them: {}{records}. Records may have been removed, changed or added",
                self.failures()
            )
        })
    }

    /// Whether an account's Regions are verified, with the reason.
    pub fn of_account(&self, account: &str) -> (bool, String) {
        let own = self.cover.iter().filter(|line| line.account == account);
        let (mut regions, mut idle) = (0, 0);
        for line in own {
            if line.is_excused() {
                idle += 1;
                continue;
            }
            if let Some(span) = line.uncovered().next() {
                let region = display_value(&line.region);
                return (
                    false,
                    format!(
                        "Region {region} is not covered by verified digests from {} to {} ({})",
                        time::format(span.from),
                        time::format(span.to),
                        span.state
                    ),
                );
            }
            regions += 1;
        }
        let is_own = |fault: &&IntegrityFault| fault.account == account || fault.account.is_empty();
        let wrong = self
            .faults
            .iter()
            .filter(is_own)
            .find(|fault| fault.is_failure() || fault.is_doubt());
        match wrong {
            Some(fault) => (
                false,
                format!("{}: {}", display_value(&fault.object), fault.message),
            ),
            None if regions + idle == 0 => (false, "no digests of this account".to_owned()),
            None if regions == 0 => (
                true,
                "no digests, and nothing is expected in this account".to_owned(),
            ),
            None => {
                let idle = match idle {
                    0 => String::new(),
                    _ => format!(
                        "; {} declared idle, without digests",
                        counted(idle, "Region")
                    ),
                };
                let regions = counted(regions, "Region");
                (
                    true,
                    format!("verified digests cover the period in {regions}{idle}"),
                )
            }
        }
    }

    /// The state of every log file and digest, in the order of keys within each kind.
    ///
    /// # Errors
    /// What `each` returns.
    pub fn files<E>(&self, mut each: impl FnMut(&FileLine) -> Result<(), E>) -> Result<(), E> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        for (digest, matters) in report.digests.iter().zip(&self.digest_matters) {
            each(&FileLine {
                file: digest.file.clone().unwrap_or_else(|| digest.key.clone()),
                kind: "digest",
                state: digest.state.code(),
                matters: *matters,
                span: digest.start.zip(digest.end),
                proof: digest.signature_from.clone().unwrap_or_default(),
                faults: digest.faults.iter().map(|one| one.kind.code()).collect(),
            })?;
        }
        for (log, matters) in report.logs.iter().zip(&self.log_matters) {
            let digest = log.digest.map(|at| report.digests[at].key.clone());
            each(&FileLine {
                file: log.key.clone(),
                kind: "log",
                state: log.state.code(),
                matters: *matters,
                span: log_claim(&log.key).delivered,
                proof: digest.unwrap_or_default(),
                faults: log.faults.iter().map(|one| one.kind.code()).collect(),
            })?;
        }
        Ok(())
    }
}

/// Reasons that a sentence lists.
const SHOWN: usize = 8;

/// The first of them, and how many more there are.
fn shortened(mut all: Vec<String>) -> Vec<String> {
    let hidden = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if hidden > 0 {
        all.push(format!("and {hidden} more"));
    }
    all
}

/// Judges by what digests show; there are no rows.
#[derive(Debug)]
pub struct IntegrityJudge;

impl Judge for IntegrityJudge {
    fn row(&mut self, _row: &LedgerRow, _desk: &mut Desk<'_>) -> Result<(), AssessError> {
        Ok(())
    }

    fn finish(&mut self, desk: &mut Desk<'_>) -> Result<(), AssessError> {
        let found = desk.room.integrity;
        if matches!(found.status, "not-verified" | "incomplete") {
            desk.blocks.push(found.statement.clone());
        }
        if !desk.room.places.is_given() {
            desk.blocks.push(
                "no scope file lists the accounts and Regions, so nothing shows that no chain is missing as a whole"
                    .to_owned(),
            );
        }
        // Without digests nothing was tested, so nothing is counted.
        if found.status == "not-verified" {
            return Ok(());
        }
        count_files(found, desk)?;
        count_time(found, desk);
        tables(found, desk);
        desk.notes.extend(found.trails_in_part());
        desk.notes.push(
            "what is counted here are log files, digests and stretches of time, not records"
                .to_owned(),
        );
        Ok(())
    }
}

/// Every log file and digest that matters ends in one count.
fn count_files(found: &Integrity, desk: &mut Desk<'_>) -> Result<(), AssessError> {
    found.files(|line| {
        if !line.matters {
            return Ok(());
        }
        let weight = weight_of(&line.faults);
        let is_proved = matches!(line.state, "valid") || weight == Some(Weight::Notice);
        if weight == Some(Weight::Failed) {
            let time = line.span.map_or(found.from, |span| span.0.max(found.from));
            return fail(&line.file, time, desk);
        }
        desk.counts.examined += 1;
        if is_proved && weight != Some(Weight::Unverified) {
            desk.counts.conforming += 1;
        } else {
            desk.counts.undecided += 1;
        }
        Ok(())
    })?;
    for fault in &found.faults {
        if fault.thing == "time" && fault.is_failure() {
            fail(&fault.object, fault.from.unwrap_or(found.from), desk)?;
        }
    }
    Ok(())
}

fn fail(name: &str, time: i64, desk: &mut Desk<'_>) -> Result<(), AssessError> {
    let account = log_claim(name).place.map(|place| place.account);
    let fate = desk.fail(&[Witness {
        time,
        account: account.as_deref().unwrap_or_default(),
        name,
        record: None,
    }])?;
    match fate {
        Fate::Exception => {}
        Fate::Waived(ticket) => desk.notes.push(format!(
            "`{}` does not verify, waived by {}",
            display_value(name),
            display_value(&ticket)
        )),
        Fate::Excluded(why) => desk.notes.push(format!(
            "`{}` does not verify, excluded: {}",
            display_value(name),
            display_value(&why)
        )),
    }
    Ok(())
}

fn weight_of(codes: &[&str]) -> Option<Weight> {
    let kinds = FaultKind::ALL.iter();
    kinds
        .filter(|kind| codes.contains(&kind.code()))
        .map(|kind| kind.weight())
        .max()
}

/// Stretches without digests cannot be decided; holes are counted with the faults.
fn count_time(found: &Integrity, desk: &mut Desk<'_>) {
    let open = [
        CoverKind::Gap,
        CoverKind::BeforeFirst,
        CoverKind::AfterLast,
        CoverKind::NoDigests,
    ]
    .map(CoverKind::code);
    for line in &found.cover {
        if line.is_excused() {
            desk.notes.push(format!(
                "{} has no digests and is declared idle: nothing is proved of it",
                line.place()
            ));
            desk.counts.examined += 1;
            desk.counts.excluded += 1;
            continue;
        }
        let count = line
            .ranges
            .iter()
            .filter(|range| open.contains(&range.state))
            .count() as u64;
        desk.counts.examined += count;
        desk.counts.undecided += count;
    }
}

fn tables(found: &Integrity, desk: &mut Desk<'_>) {
    let instant = |at: Option<i64>| at.map(time::format).unwrap_or_default();
    for (title, weight) in [
        ("What does not verify", "failed"),
        ("What could not be verified", "unverified"),
    ] {
        let rows: Vec<Vec<String>> = found
            .faults
            .iter()
            .filter(|fault| fault.matters && fault.weight == weight)
            .map(|fault| {
                vec![
                    fault.object.clone(),
                    fault.code.to_owned(),
                    instant(fault.from),
                    instant(fault.to),
                    fault.count.to_string(),
                    fault.message.clone(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            let total = rows.len() as u64;
            let columns = ["object", "code", "from", "to", "files", "what"];
            desk.add_table(title, &columns, rows, total);
        }
    }
    let rows: Vec<Vec<String>> = found
        .cover
        .iter()
        .flat_map(|line| {
            line.ranges.iter().map(|range| {
                vec![
                    line.account.clone(),
                    line.region.clone(),
                    time::format(range.from),
                    time::format(range.to),
                    range.state.to_owned(),
                ]
            })
        })
        .collect();
    let total = rows.len() as u64;
    let columns = ["account", "Region", "from", "to", "state"];
    desk.add_table("Cover by time of delivery", &columns, rows, total);
}
