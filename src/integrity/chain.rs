//! Digests as chains: who follows whom, what is missing, what is proved.
//!
//! A digest is valid if it lies where it says and a signature of it verifies.
//! The hash that a proved successor gives for it vouches too, and a hash that
//! differs convicts; but without a signature it never becomes valid.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::source::display::display_value;

use super::digest::{Digest, Hash, Packing, Previous};
use super::facts::{DigestFact, Facts};
use super::metadata::{SignatureFact, Target};
use super::place::{self, ChainId, agrees, digest_name, object_name, without_gz};
use super::report::{DigestReport, DigestState, Fault, FaultKind};
use super::signature::{self, Question};
use super::{Options, parallel};

/// What `gunzip` makes of a file.
pub(super) const INFLATED: &str =
    "inflated, as `gunzip` leaves it, under its name without `.gz`; its content is what counts";

/// How far a digest's times may differ from its neighbour's without meaning anything (seconds).
pub(super) const TOLERANCE: i64 = 300;

/// One digest of a chain, there or missing.
pub(super) struct Node<'f> {
    pub report: DigestReport,
    pub digest: Option<&'f Digest>,
    content_sha256: Option<Hash>,
    /// Where its file lies, up to `AWSLogs/`.
    pub front: Option<String>,
    is_in_place: bool,
    is_alone_plain: bool,
    /// The same bytes lie in the right place too.
    pub is_copy: bool,
    pub previous: Option<usize>,
    pub lacks_key: bool,
    pub lacks_signature: bool,
    /// When it was signed, as far as that is known.
    pub signed_at: Option<i64>,
}

impl Node<'_> {
    fn fault(&mut self, kind: FaultKind, message: impl Into<String>) {
        self.report.faults.push(Fault {
            kind,
            message: message.into(),
        });
    }

    pub(super) fn has(&self, kind: FaultKind) -> bool {
        self.report.faults.iter().any(|fault| fault.kind == kind)
    }

    /// Whether what it says about its predecessor is CloudTrail's word.
    fn is_trusted(&self) -> bool {
        match self.report.state {
            DigestState::Valid => true,
            DigestState::HashOnly => self.report.is_vouched,
            _ => false,
        }
    }

    fn is_signed(&self) -> bool {
        self.report.signature_from.is_some()
    }

    fn previous(&self) -> Option<&Previous> {
        self.digest.and_then(|digest| digest.previous.as_ref())
    }
}

/// Judges all digests; sorted by chain, end and key.
pub(super) fn judge<'f>(facts: &'f Facts, options: &Options) -> Vec<Node<'f>> {
    let has_keys = !facts.keys.is_empty();
    let mut nodes: Vec<Node<'f>> = facts
        .digests
        .iter()
        .map(|fact| node(fact, has_keys))
        .collect();
    mark_copies(&mut nodes);
    mark_alone_plain(&mut nodes, facts);
    add_missing(&mut nodes);
    nodes.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    link(&mut nodes);
    check_signatures(&mut nodes, facts, options.threads);
    check_links(&mut nodes);
    nodes
}

fn sort_key<'n>(node: &'n Node<'_>) -> impl Ord + use<'n> {
    let report = &node.report;
    (
        &report.chain,
        report.end,
        &report.key,
        node.is_copy,
        &report.file,
    )
}

fn node(fact: &DigestFact, has_keys: bool) -> Node<'_> {
    let digest = fact.bytes.digest.as_ref().ok();
    let key = digest.map_or(&fact.key, |digest| &digest.key);
    let inside = digest.and_then(|digest| digest_name(&digest.key));
    let name = inside.or_else(|| digest_name(&fact.key));
    let end_of_name = name.as_ref().and_then(|name| name.end);
    let chain = name.map(|name| name.chain);
    let mut node = Node {
        report: DigestReport {
            key: key.clone(),
            file: Some(fact.key.clone()),
            start: digest.map(|digest| digest.start),
            end: digest.map(|digest| digest.end).or(end_of_name),
            is_starting: digest.is_some_and(|digest| digest.previous.is_none()),
            state: DigestState::HashOnly,
            is_vouched: false,
            signature_from: None,
            log_count: digest.map_or(0, |digest| digest.logs.len() as u64),
            faults: Vec::new(),
            chain,
        },
        digest,
        content_sha256: fact.bytes.content_sha256,
        front: place::tail(&fact.key).map(|tail| {
            fact.key[..fact.key.len() - tail.len()]
                .trim_end_matches('/')
                .to_owned()
        }),
        is_in_place: digest.is_none_or(|digest| agrees(&fact.key, &digest.key)),
        is_alone_plain: false,
        is_copy: false,
        previous: None,
        lacks_key: false,
        lacks_signature: false,
        signed_at: None,
    };
    remark(&mut node, fact, has_keys);
    node
}

/// What can be said of a digest file by itself.
///
/// Without keys nobody asked for proof, and a file that is no digest contradicts nothing.
fn remark(node: &mut Node<'_>, fact: &DigestFact, has_keys: bool) {
    let bad_format = match has_keys {
        true => FaultKind::BadFormat,
        false => FaultKind::UnusableDigest,
    };
    if let Err(malformed) = &fact.bytes.digest {
        node.report.state = DigestState::Malformed;
        node.fault(bad_format, malformed.to_string());
    }
    if fact.bytes.packing == Packing::GzipAndMore {
        node.fault(
            FaultKind::TrailingData,
            "something follows the gzip member; only the member was read",
        );
    }
    if let (Some(digest), Some(chain)) = (node.digest, node.report.chain.clone())
        && digest.account != chain.place.account
    {
        node.fault(
            FaultKind::AccountDiffers,
            format!(
                "says account `{}` inside, and `{}` in its key",
                display_value(&digest.account),
                display_value(&chain.place.account)
            ),
        );
    }
    if let Some(digest) = node.digest
        && let Some(other) = digest.log_buckets.iter().find(|one| **one != digest.bucket)
    {
        node.fault(
            FaultKind::LogBucketDiffers,
            format!(
                "lists log files of bucket `{}`, and belongs itself to bucket `{}`",
                display_value(other),
                display_value(&digest.bucket)
            ),
        );
    }
    if node.digest.is_some() && node.report.chain.is_none() {
        node.report.state = DigestState::Malformed;
        node.fault(
            bad_format,
            "neither its key nor its place tell account and Region",
        );
    }
}

/// Of files with the same bytes and the same key inside, the one in its place is the digest.
fn mark_copies(nodes: &mut [Node<'_>]) {
    let mut first: HashMap<(String, Option<Hash>), usize> = HashMap::new();
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|at| (!nodes[*at].is_in_place, nodes[*at].report.file.clone()));
    for at in order {
        if nodes[at].digest.is_none() {
            continue;
        }
        let identity = (nodes[at].report.key.clone(), nodes[at].content_sha256);
        let original = *first.entry(identity).or_insert(at);
        if original == at {
            continue;
        }
        nodes[at].is_copy = true;
        if !nodes[at].is_in_place {
            nodes[at].report.state = DigestState::Moved;
            let shown = display_value(nodes[original].report.file.as_deref().unwrap_or_default());
            nodes[at].fault(
                FaultKind::MisplacedCopy,
                format!("a copy of `{shown}` in another place; the copy is not used"),
            );
        }
    }
}

/// A whole tree may have been unpacked on its way. One unpacked digest among
/// packed ones is neither what CloudTrail wrote nor what a copy makes of it.
fn mark_alone_plain(nodes: &mut [Node<'_>], facts: &Facts) {
    let packed: BTreeSet<ChainId> = nodes
        .iter()
        .zip(&facts.digests)
        .filter(|(_, fact)| fact.bytes.packing != Packing::Plain)
        .filter_map(|(node, _)| node.report.chain.clone())
        .collect();
    for (node, fact) in nodes.iter_mut().zip(&facts.digests) {
        if fact.bytes.packing != Packing::Plain || node.digest.is_none() {
            continue;
        }
        let is_called_packed = fact.key.ends_with(".gz");
        node.is_alone_plain = is_called_packed
            && node
                .report
                .chain
                .as_ref()
                .is_some_and(|chain| packed.contains(chain));
        if !is_called_packed {
            node.fault(FaultKind::NotGzip, INFLATED);
        } else if node.is_alone_plain {
            node.fault(
                FaultKind::BadFormat,
                "not gzip, although the other digests of its chain are",
            );
        } else {
            node.fault(
                FaultKind::NotGzip,
                "stored unpacked, as all digests of its chain",
            );
        }
    }
}

type Index = HashMap<String, Vec<usize>>;

fn index(nodes: &[Node<'_>]) -> Index {
    let mut index = Index::new();
    for (at, node) in nodes.iter().enumerate().filter(|(_, node)| !node.is_copy) {
        index
            .entry(object_name(&node.report.key).to_owned())
            .or_default()
            .push(at);
    }
    index
}

/// The nodes that `previous` may name: more than one where somebody put another digest of that key
/// into a second folder.
fn named(nodes: &[Node<'_>], index: &Index, previous: &Previous) -> Vec<usize> {
    let of_name = index.get(object_name(&previous.key)).into_iter().flatten();
    of_name
        .copied()
        .filter(|at| match nodes[*at].digest {
            Some(digest) => digest.key == previous.key,
            // What cannot be read has no key inside; its place has to do.
            None => agrees(&nodes[*at].report.key, &previous.key),
        })
        .collect()
}

/// The node that `previous` names; among several, the one with the right hash.
fn find(nodes: &[Node<'_>], index: &Index, previous: &Previous) -> Option<usize> {
    let named = named(nodes, index, previous);
    let with_hash = named
        .iter()
        .find(|at| previous.hash.is_some() && nodes[**at].content_sha256 == previous.hash);
    with_hash.or(named.first()).copied()
}

/// Adds a node for each digest that one which is there names, and that is not.
fn add_missing(nodes: &mut Vec<Node<'_>>) {
    let known = index(nodes);
    let mut missing: BTreeMap<String, Node<'_>> = BTreeMap::new();
    for node in nodes.iter().filter(|node| !node.is_copy) {
        if let Some(previous) = node.previous()
            && find(nodes, &known, previous).is_none()
            && !missing.contains_key(&previous.key)
        {
            missing.insert(previous.key.clone(), missing_node(previous, node));
        }
    }
    nodes.extend(missing.into_values());
}

fn missing_node<'f>(previous: &Previous, namer: &Node<'_>) -> Node<'f> {
    let end = digest_name(&previous.key)
        .and_then(|name| name.end)
        // What names it may be forged; a missing digest cannot end after its successor begins.
        .filter(|end| {
            namer
                .report
                .start
                .is_none_or(|start| *end <= start + TOLERANCE)
        })
        .or(namer.report.start);
    let mut node = Node {
        report: DigestReport {
            key: previous.key.clone(),
            file: None,
            chain: namer.report.chain.clone(),
            start: None,
            end,
            is_starting: false,
            state: DigestState::Missing,
            is_vouched: false,
            signature_from: None,
            log_count: 0,
            faults: Vec::new(),
        },
        digest: None,
        content_sha256: None,
        front: None,
        is_in_place: false,
        is_alone_plain: false,
        is_copy: false,
        previous: None,
        lacks_key: false,
        lacks_signature: false,
        signed_at: None,
    };
    node.fault(
        FaultKind::Missing,
        format!(
            "not there, although `{}` names it as the digest before it",
            display_value(&namer.report.key)
        ),
    );
    node
}

fn link(nodes: &mut [Node<'_>]) {
    let known = index(nodes);
    for at in 0..nodes.len() {
        let previous = match nodes[at].previous() {
            Some(previous) if !nodes[at].is_copy => find(nodes, &known, previous).or_else(|| {
                // A missing one was added under the very key.
                let same_name = known.get(object_name(&previous.key))?;
                same_name
                    .iter()
                    .copied()
                    .find(|other| nodes[*other].report.key == previous.key)
            }),
            _ => None,
        };
        nodes[at].previous = previous.filter(|previous| *previous != at);
    }
}

fn check_signatures(nodes: &mut [Node<'_>], facts: &Facts, threads: usize) {
    let mut local: HashMap<&str, Vec<&SignatureFact>> = HashMap::new();
    let mut objects: HashMap<&str, Vec<&SignatureFact>> = HashMap::new();
    for fact in &facts.signatures {
        match &fact.target {
            Target::Local(key) => local.entry(without_gz(key)).or_default().push(fact),
            Target::Object { key, .. } => objects.entry(key).or_default().push(fact),
        }
    }
    let mut successors: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        if let Some(previous) = node.previous {
            successors[previous].push(at);
        }
    }
    let shared: &[Node<'_>] = nodes;
    let answers = parallel::map(
        shared.len(),
        threads,
        || (),
        |(), at| {
            let node = &shared[at];
            let (Some(digest), Some(chain)) = (node.digest, node.report.chain.as_ref()) else {
                return None;
            };
            if node.is_copy {
                return None;
            }
            let file = node.report.file.as_deref().unwrap_or_default();
            let of_object = objects.get(&*digest.key).into_iter().flatten().copied();
            let (of_object, other_bucket): (Vec<_>, Vec<_>) = of_object.partition(
                |fact| matches!(&fact.target, Target::Object { bucket, .. } if bucket.as_ref().is_none_or(|of| *of == digest.bucket)),
            );
            let beside = local.get(without_gz(file)).into_iter().flatten().copied();
            let metadata: Vec<&SignatureFact> = beside.chain(of_object).collect();
            let question = Question {
                digest,
                content_sha256: node.content_sha256?,
                chain,
                metadata: &metadata,
                other_bucket: &other_bucket,
                successors: successors[at]
                    .iter()
                    .filter_map(|next| {
                        let signature = &shared[*next].previous()?.signature;
                        Some((signature.as_str(), shared[*next].report.key.as_str()))
                    })
                    .collect(),
            };
            Some(signature::judge(&question, &facts.keys))
        },
    );
    for (node, answer) in nodes.iter_mut().zip(answers) {
        let Some(answer) = answer else { continue };
        node.lacks_key = answer.lacks_key;
        node.signed_at = answer.signed_at;
        node.lacks_signature = answer.lacks_signature;
        node.report.faults.extend(answer.faults);
        node.report.signature_from = answer.verified_from;
        settle(node, answer.is_invalid);
    }
}

fn settle(node: &mut Node<'_>, is_invalid: bool) {
    if !node.is_in_place {
        let file = display_value(node.report.file.as_deref().unwrap_or_default());
        let key = display_value(&node.report.key);
        node.fault(
            FaultKind::Moved,
            format!("lies at `{file}`, and says that it belongs to `{key}`"),
        );
    }
    node.report.state = if node.report.state == DigestState::Malformed {
        DigestState::Malformed
    } else if is_invalid {
        DigestState::Invalid
    } else if !node.is_in_place {
        DigestState::Moved
    } else if node.is_alone_plain {
        DigestState::Malformed
    } else if node.is_signed() {
        DigestState::Valid
    } else {
        DigestState::HashOnly
    };
}

/// Compares the hashes that digests give for their predecessors, the newest first.
fn check_links(nodes: &mut [Node<'_>]) {
    let known = index(nodes);
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse((nodes[*at].report.end, *at)));
    for at in order {
        let Some(before) = nodes[at].previous else {
            continue;
        };
        let Some(previous) = nodes[at].previous() else {
            continue;
        };
        if previous.hash_algorithm != "SHA-256" {
            let shown = display_value(&previous.hash_algorithm);
            nodes[at].fault(
                FaultKind::PreviousHashAlgorithm,
                format!("the hash of the previous digest is a `{shown}`, which is not known"),
            );
            continue;
        }
        let Some(actual) = nodes[before]
            .content_sha256
            .filter(|_| nodes[before].digest.is_some())
        else {
            continue;
        };
        if previous.hash == Some(actual) {
            let others = named(nodes, &known, previous);
            nodes[before].report.is_vouched |= nodes[at].is_trusted();
            compare_buckets(nodes, at, before);
            for other in others {
                if other != before && nodes[other].digest.is_some() && contradict(nodes, at, other)
                {
                    // One that follows is there, and repeats the signature of the other.
                    let faults = &mut nodes[other].report.faults;
                    faults.retain(|fault| fault.kind != FaultKind::NoSignature);
                }
            }
        } else {
            blame(nodes, at, before);
        }
    }
}

/// A trail may be told to deliver into another bucket: its digests then go on there, and the first
/// of them names the bucket of the one before it. Where it names another one, one of the two is not
/// what CloudTrail wrote.
fn compare_buckets(nodes: &mut [Node<'_>], at: usize, before: usize) {
    let (Some(own), Some(other)) = (nodes[at].digest, nodes[before].digest) else {
        return;
    };
    let named = own.previous.as_ref().and_then(|one| one.bucket.as_ref());
    let shown = display_value(&nodes[before].report.key);
    let is = display_value(&other.bucket);
    if let Some(named) = named.filter(|named| **named != other.bucket) {
        let message = format!(
            "names `{shown}` in bucket `{}`, and that digest says bucket `{is}`",
            display_value(named)
        );
        nodes[at].fault(FaultKind::PreviousBucketMismatch, message);
    } else if own.bucket != other.bucket {
        let message = format!(
            "the trail delivers into bucket `{}` from here on, and did into `{is}` before",
            display_value(&own.bucket)
        );
        nodes[at].fault(FaultKind::BucketChanged, message);
    }
}

/// Whether a digest that nothing proves is not what a proved one says that it was.
fn contradict(nodes: &mut [Node<'_>], at: usize, before: usize) -> bool {
    let is_unproved = matches!(
        nodes[before].report.state,
        DigestState::HashOnly | DigestState::Moved
    );
    let is_so = !nodes[before].is_signed() && nodes[at].is_trusted() && is_unproved;
    if is_so {
        let shown = display_value(&nodes[at].report.key);
        nodes[before].report.state = DigestState::Invalid;
        nodes[before].fault(
            FaultKind::ContradictsSuccessor,
            format!("`{shown}`, which is proved, gives another hash for it"),
        );
    }
    is_so
}

/// One of two neighbours is not what it was.
fn blame(nodes: &mut [Node<'_>], at: usize, before: usize) {
    if contradict(nodes, at, before) {
        return;
    }
    if !nodes[before].has(FaultKind::SignatureInvalid)
        && nodes[at].report.state != DigestState::Invalid
    {
        let shown = display_value(&nodes[before].report.key);
        nodes[at].fault(
            FaultKind::PreviousHashMismatch,
            format!("the hash that it gives for `{shown}` is not that digest's"),
        );
    }
}
