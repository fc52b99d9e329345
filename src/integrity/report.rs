//! What verification found, as plain data.
//!
//! Every fault has one code. A code is never used for two things; what is shown
//! to people is made from these values elsewhere.

use super::facts::Unseen;
use super::place::{ChainId, Place};

/// How much a fault weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Odd; everything is proved all the same.
    Notice,
    /// Something could not be verified.
    Unverified,
    /// Something does not verify.
    Failed,
}

impl Weight {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Weight::Notice => "notice",
            Weight::Unverified => "unverified",
            Weight::Failed => "failed",
        }
    }
}

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $weight:ident $help:literal;)+) => {
        /// Every kind of fault, of digests, logs and covered time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind { $($(#[doc = $doc])+ $name,)+ }

        impl FaultKind {
            /// All kinds.
            pub const ALL: &[FaultKind] = &[$(FaultKind::$name,)+];

            /// Stable name.
            pub const fn code(self) -> &'static str {
                match self { $(FaultKind::$name => $code,)+ }
            }

            /// How much it weighs.
            pub const fn weight(self) -> Weight {
                match self { $(FaultKind::$name => Weight::$weight,)+ }
            }

            /// What a person can do; empty where there is nothing to do.
            pub const fn help(self) -> &'static str {
                match self { $(FaultKind::$name => $help,)+ }
            }
        }
    };
}

faults! {
    /// Digest: no signature there is verifies with the key that it names.
    SignatureInvalid "signature-invalid" Failed "copy the digest and its metadata from the bucket again; if it stays, somebody changed it";
    /// Digest: its successor, which is proved, names another hash.
    ContradictsSuccessor "hash-contradicts-successor" Failed "copy the digest from the bucket again; if it stays, somebody changed it";
    /// Digest: the hash that it gives for the digest before it is not that digest's.
    PreviousHashMismatch "previous-hash-mismatch" Failed "copy both digests from the bucket again; if it stays, ask AWS";
    /// Digest: lies elsewhere than the key inside it says.
    Moved "moved" Failed "put it back to the key inside it, or copy the tree from the bucket again";
    /// Digest: another copy of a digest, in the wrong place.
    MisplacedCopy "misplaced-copy" Notice "";
    /// Digest: not what CloudTrail writes.
    BadFormat "bad-format" Failed "copy the digest from the bucket again";
    /// Digest: not what CloudTrail writes, where no keys were given to prove anything with.
    UnusableDigest "unusable-digest" Unverified "copy the digest from the bucket again";
    /// Digest or log: something follows the gzip member.
    TrailingData "trailing-data" Failed "copy the file from the bucket again; CloudTrail never writes a second member";
    /// Digest or log: stored unpacked; its content is what it should be.
    NotGzip "not-gzip" Notice "";
    /// Digest or log: named by a digest, and not there.
    Missing "missing" Failed "copy it from the bucket; if it is not there either, somebody deleted it";
    /// Digest: no successor repeats its signature, and no metadata has one.
    NoSignature "no-signature" Unverified "save the metadata of this object with `aws s3api head-object`";
    /// Digest: its metadata has no signature; the successor's stands in.
    NoMetadataSignature "no-metadata-signature" Notice "";
    /// Digest: the signature in its metadata is wrong; the successor's is right.
    MetadataSignatureInvalid "metadata-signature-invalid" Notice "save the metadata again; if it stays, somebody changed it";
    /// Digest: the signature that its successor repeats is wrong; the metadata's is right.
    SuccessorSignatureInvalid "successor-signature-invalid" Notice "";
    /// Digest: there is metadata of an object with its key in another bucket, which is not used.
    MetadataOtherBucket "metadata-of-other-bucket" Notice "save the metadata of the object in the bucket that the digest names";
    /// Digest: the metadata names another signature algorithm.
    MetadataAlgorithm "metadata-algorithm-unexpected" Notice "";
    /// Digest: it names another signature algorithm.
    SignatureAlgorithm "signature-algorithm-unexpected" Notice "";
    /// Digest: the key that it names was not given.
    KeyNotFound "key-not-found" Unverified "save the keys of this Region with `aws cloudtrail list-public-keys`";
    /// Digest: the key that it names was given for another Region.
    KeyOfOtherRegion "key-of-other-region" Unverified "save the keys of this Region with `aws cloudtrail list-public-keys`";
    /// Digest: the key that it names was not valid at the time.
    KeyOutsideValidity "key-outside-validity" Unverified "check where the keys came from";
    /// Digest: a backfill digest without the time of its making.
    GenerationTimeUnknown "generation-time-unknown" Notice "";
    /// Digest: the hash of the previous digest is of an unknown kind.
    PreviousHashAlgorithm "previous-hash-algorithm-unsupported" Notice "";
    /// Digest: account inside and account in its key differ.
    AccountDiffers "account-differs" Notice "";
    /// Digest: the digest before it says another bucket than this one names for it.
    PreviousBucketMismatch "previous-bucket-mismatch" Failed "copy both digests from the bucket again; if it stays, ask AWS";
    /// Digest: its trail delivers into another bucket than before.
    BucketChanged "bucket-changed" Notice "find the `UpdateTrail` record of this time, and ask who moved the trail and why";
    /// Digest: it lists logs of another bucket than its own.
    LogBucketDiffers "log-bucket-differs" Notice "find the `UpdateTrail` record of this time, and ask who moved the trail and why";
    /// Log: its content is not what the digest lists.
    HashMismatch "hash-mismatch" Failed "copy the log from the bucket again; if it stays, somebody changed it";
    /// Log: cut off, corrupt or empty.
    BrokenLog "broken-log" Failed "copy the log from the bucket again";
    /// Log: it could not be read.
    UnreadableLog "unreadable-log" Unverified "make the file readable, or raise the limit that it exceeds with `--largest-file`";
    /// Log: it was read before anybody asked for its hash.
    NotHashed "not-hashed" Unverified "scan this log again, together with its digests or with `--hash-logs`";
    /// Log: its hash is of an unknown kind.
    HashAlgorithm "hash-algorithm-unsupported" Unverified "";
    /// Log: what lists it does not verify.
    NoValidDigest "no-valid-digest" Unverified "";
    /// Log: the digest of its hour is missing, broken or not verified, and nothing else lists it.
    DigestAbsent "digest-absent" Unverified "";
    /// Log: no digest lists it, though its time is covered.
    Unlisted "unlisted" Failed "find out who wrote it: CloudTrail lists every log that it delivers; a second trail without validation, or a backfill digest that is not there, also explains it";
    /// Log: another file with the content of a listed log.
    SameContent "same-content-as-listed" Notice "";
    /// Log: a digest names a key that leaves the tree.
    UnsafeKey "unsafe-key" Failed "nothing was opened for it; ask who wrote this digest";
    /// Log: several digests list it.
    ListedTwice "listed-twice" Notice "";
    /// Log: valid digests list different hashes for it.
    ListingsDisagree "listings-disagree" Failed "copy the digests from the bucket again; if it stays, ask AWS";
    /// Log: outside all cover.
    NotCovered "not-covered" Unverified "";
    /// Time: a digest should be there.
    Hole "hole" Failed "copy the digests of this time from the bucket; if they are not there either, somebody deleted them";
    /// Time: between the last digest of one segment and the starting digest of the next, of all trails or of one of them.
    Gap "gap" Unverified "validation or logging was off; show by other evidence why";
    /// Time: the asked period begins before the first digest, of all trails or of one of them.
    BeforeFirst "before-first" Unverified "copy the older digests, or show that validation was off";
    /// Time: the asked period, with its slack, ends after the last digest, of all trails or of one of them.
    AfterLast "after-last" Unverified "copy the newer digests; if there are none, the end was cut off or validation is off";
    /// Time: the digests of one of several trails end more than a day before the asked period.
    TrailEnded "trail-ended" Notice "find out when the trail was deleted, or copy its newer digests";
    /// Time: one of several trails was stopped and started again, as its digests show; others go on.
    TrailPaused "trail-paused" Notice "find the `StopLogging` and `StartLogging` records of this time, and ask who made them and why";
    /// Time: the digests of one of several trails begin within or after the asked period with a starting digest.
    TrailBegun "trail-begun" Notice "find the `CreateTrail` or `UpdateTrail` record of this time; if there is none, copy the older digests";
    /// Time: a trail has digests in other Regions or accounts, and none at one where another trail has some.
    TrailAbsent "trail-absent" Unverified "copy the digests and logs of this trail from there; if there are none, find out why the trail does not work there";
    /// Time: a trail has digests in its home Region alone, and another trail has some in other Regions of the account.
    TrailAtHome "trail-at-home" Notice "find out whether the trail works in all Regions (`aws cloudtrail describe-trails`); if it does, copy its digests and logs of the others";
    /// Time: a trail of an organization has digests of other accounts, and none of one that another trail has some of.
    TrailOfOthers "trail-of-others" Notice "find out whether the account was a member of the organization; if it was, copy its digests and logs from below the id of the organization";
    /// Time: logs and no digests.
    NoDigests "no-digests" Unverified "copy the `CloudTrail-Digest` folder too; if there is none, switch log file validation on";
    /// File or folder: nobody could look at it, so what it holds is not known.
    NotLookedInto "not-looked-into" Unverified "make it readable, or copy it from the bucket again";
    /// Metadata: a file that cannot be used.
    BadMetadata "bad-metadata" Notice "save the metadata again with `aws s3api head-object`";
    /// Metadata: of a digest that is not there.
    MetadataWithoutDigest "metadata-without-digest" Notice "copy the digests that it names too, if they belong to the period";
}

/// One fault of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub kind: FaultKind,
    /// What and why, safe to print, without the name of the thing.
    pub message: String,
}

/// What a digest came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DigestState {
    /// In its place, and its signature verifies.
    Valid,
    /// In its place; its signature could not be checked.
    HashOnly,
    /// Changed, or not CloudTrail's.
    Invalid,
    /// Elsewhere than it says.
    Moved,
    /// Cannot be read as a digest.
    Malformed,
    /// Named by another one, and not there.
    Missing,
}

impl DigestState {
    /// All states.
    pub const ALL: [DigestState; 6] = [
        DigestState::Valid,
        DigestState::HashOnly,
        DigestState::Invalid,
        DigestState::Moved,
        DigestState::Malformed,
        DigestState::Missing,
    ];

    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            DigestState::Valid => "valid",
            DigestState::HashOnly => "hash-only",
            DigestState::Invalid => "invalid",
            DigestState::Moved => "moved",
            DigestState::Malformed => "malformed",
            DigestState::Missing => "missing",
        }
    }
}

/// One digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestReport {
    /// The bucket key: from inside, else from its place, else from whoever names it. Hostile text.
    pub key: String,
    /// The local key; `None` if it is not there.
    pub file: Option<String>,
    /// Its chain; `None` if nothing tells.
    pub chain: Option<ChainId>,
    /// First second that it covers, if known.
    pub start: Option<i64>,
    /// The second at which its cover ends, if known.
    pub end: Option<i64>,
    /// Whether it begins a segment.
    pub is_starting: bool,
    /// What it came to.
    pub state: DigestState,
    /// Whether a proved successor gives its hash.
    pub is_vouched: bool,
    /// Where the signature that verified came from.
    pub signature_from: Option<String>,
    /// How many logs it lists.
    pub log_count: u64,
    /// Everything that is wrong or odd.
    pub faults: Vec<Fault>,
}

/// What a log file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogState {
    /// A valid digest lists it, and its content is what it says.
    Valid,
    /// Listed, and its content is something else.
    Modified,
    /// Listed, and not there.
    Missing,
    /// What should prove it is missing or does not verify.
    Unverifiable,
    /// No digest lists it, though its time is covered.
    Unlisted,
    /// Outside all cover.
    NotCovered,
}

impl LogState {
    /// All states.
    pub const ALL: [LogState; 6] = [
        LogState::Valid,
        LogState::Modified,
        LogState::Missing,
        LogState::Unverifiable,
        LogState::Unlisted,
        LogState::NotCovered,
    ];

    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            LogState::Valid => "valid",
            LogState::Modified => "modified",
            LogState::Missing => "missing",
            LogState::Unverifiable => "unverifiable",
            LogState::Unlisted => "unlisted",
            LogState::NotCovered => "not-covered",
        }
    }
}

/// One log file, there or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// The local key, or for a missing one the bucket key. Hostile text.
    pub key: String,
    /// Which copy, where several given paths hold the key.
    pub copy: u32,
    /// What it came to.
    pub state: LogState,
    /// The digest that decided, as an index into [`IntegrityReport::digests`].
    pub digest: Option<usize>,
    /// The first and last time of its records, as the digests say that list it.
    pub events: Option<(i64, i64)>,
    /// Everything that is wrong or odd.
    pub faults: Vec<Fault>,
}

/// What is known of a span of time, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverKind {
    /// A valid digest covers it.
    Verified,
    /// A digest covers it whose signature could not be checked.
    HashOnly,
    /// The digest that covers it does not verify.
    Failed,
    /// A digest should be there.
    Hole,
    /// Between a segment and the next starting digest.
    Gap,
    /// Before the first digest.
    BeforeFirst,
    /// After the last digest.
    AfterLast,
    /// There are no digests at all.
    NoDigests,
}

impl CoverKind {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            CoverKind::Verified => "verified",
            CoverKind::HashOnly => "hash-only",
            CoverKind::Failed => "failed",
            CoverKind::Hole => "hole",
            CoverKind::Gap => "gap",
            CoverKind::BeforeFirst => "before-first",
            CoverKind::AfterLast => "after-last",
            CoverKind::NoDigests => "no-digests",
        }
    }
}

/// A span of delivery time: from `start` up to, but not with, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverRange {
    /// First second.
    pub start: i64,
    /// The second after the last one.
    pub end: i64,
    /// What is known of it.
    pub kind: CoverKind,
}

/// The cover of one trail in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailCover {
    /// The chain; never a backfill one.
    pub chain: ChainId,
    /// How many digests there are.
    pub digest_count: u64,
    /// Whether its first digest is a proved starting digest.
    pub is_begun: bool,
    /// Whether its last digest is proved and shorter than an hour, as CloudTrail writes it when
    /// logging is stopped.
    pub is_stopped: bool,
    /// From a digest of a stop to the starting digest that follows it, both proved.
    pub pauses: Vec<(i64, i64)>,
    /// From its first to its last digest, without overlap, in order.
    pub ranges: Vec<CoverRange>,
    /// The asked period, in order and without gap; empty if none was asked for.
    pub asked: Vec<CoverRange>,
}

/// The cover of one account and Region: at each instant the best of its trails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceCover {
    /// Account and Region.
    pub place: Place,
    /// As in [`TrailCover::ranges`].
    pub ranges: Vec<CoverRange>,
    /// As in [`TrailCover::asked`].
    pub asked: Vec<CoverRange>,
    /// Trail by trail.
    pub trails: Vec<TrailCover>,
}

/// One thing to tell a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of fault.
    pub kind: FaultKind,
    /// The thing: a key, or account and Region. Hostile text.
    pub object: String,
    /// What and why, safe to print.
    pub message: String,
    /// Whether it may concern the asked period.
    pub matters: bool,
}

/// Keys that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNeed {
    /// The Region to ask.
    pub region: String,
    /// First second to ask for.
    pub start: i64,
    /// Last second to ask for, with room for the edge of a rotation; none where it must be now,
    /// because when a digest was signed is not known.
    pub end: Option<i64>,
}

/// The metadata of an object that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureNeed {
    /// The bucket. Hostile text.
    pub bucket: String,
    /// The bucket key. Hostile text.
    pub key: String,
    /// The local key of the digest. Hostile text.
    pub file: String,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntegrityVerdict {
    /// Every file that matters is proved, and all of the asked period is covered.
    Verified,
    /// Something could not be verified.
    Incomplete,
    /// There are no digests at all.
    NotVerified,
    /// Something does not verify.
    Failed,
}

impl IntegrityVerdict {
    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            IntegrityVerdict::Verified => "verified",
            IntegrityVerdict::Incomplete => "incomplete",
            IntegrityVerdict::NotVerified => "not-verified",
            IntegrityVerdict::Failed => "failed",
        }
    }
}

/// Everything that verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityReport {
    /// The answer in one word.
    pub verdict: IntegrityVerdict,
    /// The asked period and its slack: from, up to, seconds after the end.
    pub asked: Option<Asked>,
    /// By account and Region.
    pub cover: Vec<PlaceCover>,
    /// By chain and end.
    pub digests: Vec<DigestReport>,
    /// By key.
    pub logs: Vec<LogReport>,
    /// What matters first, the gravest first. Logs that share a reason are one problem with a count.
    pub problems: Vec<Problem>,
    /// What nobody could look at.
    pub unseen: Vec<Unseen>,
    /// Keys that would help.
    pub wanted_keys: Vec<KeyNeed>,
    /// Metadata that would help.
    pub wanted_signatures: Vec<SignatureNeed>,
}

impl IntegrityReport {
    /// How many logs came to `state`.
    pub fn log_count(&self, state: LogState) -> u64 {
        self.logs.iter().filter(|log| log.state == state).count() as u64
    }

    /// How many digests came to `state`.
    pub fn digest_count(&self, state: DigestState) -> u64 {
        self.digests
            .iter()
            .filter(|digest| digest.state == state)
            .count() as u64
    }
}

/// The period that somebody wants covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// First second.
    pub start: i64,
    /// The second after the last one.
    pub end: i64,
    /// Seconds after the end until which late deliveries are waited for.
    pub slack: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_used_once_and_documented() {
        let guide = include_str!("../../docs/integrity.md");
        let mut codes: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.code()).collect();
        for (kind, code) in FaultKind::ALL.iter().zip(&codes) {
            let row = format!("| `{code}` | {} |", kind.weight().code());
            assert!(guide.contains(&row), "docs/integrity.md lacks {row}");
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FaultKind::ALL.len());
    }
}
