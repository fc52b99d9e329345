//! Interned field paths, and the trie that a projection walks.
//!
//! A path is the member names from the top of a record down to a value, joined
//! by dots; arrays add nothing to it. A member name that itself holds a dot is
//! the same path as the nested spelling, as in EventBridge. The set is built
//! once, before the first record is read, and never changes afterwards.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A path in a [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

/// A place in the trie; [`PathSet::ROOT`] is the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) u32);

/// The members that CloudTrail replaces by a small `omitted` object when they are too large.
pub const OMITTABLE: [&str; 4] = [
    "requestParameters",
    "responseElements",
    "serviceEventDetails",
    "additionalEventData",
];

/// The members that CloudTrail cuts at 1,024 bytes, without a mark.
pub const CUT_AT_1024: [&str; 4] = ["userAgent", "errorCode", "errorMessage", "requestID"];

/// All paths that the loaded controls and the record model itself ask for.
#[derive(Debug, Clone)]
pub struct PathSet {
    names: Vec<String>,
    ids: HashMap<String, PathId>,
    /// Where a member of a node leads, as a hash table without buckets, see [`slot_of`].
    children: Vec<Child>,
    child_count: usize,
    /// The path that ends at a node, if one does.
    ends: Vec<Option<PathId>>,
    omittable: Vec<Option<u8>>,
    cut: Vec<bool>,
}

impl PathSet {
    /// The record itself.
    pub const ROOT: NodeId = NodeId(0);

    /// A set that holds only the paths of the record model, see [`core`].
    pub fn new() -> Self {
        let mut set = PathSet {
            names: Vec::new(),
            ids: HashMap::new(),
            children: vec![Child::empty(); 256],
            child_count: 0,
            ends: vec![None],
            omittable: Vec::new(),
            cut: Vec::new(),
        };
        for name in core::ALL {
            set.intern(name);
        }
        set
    }

    /// The paths of the record model alone, made once.
    pub fn of_model() -> &'static PathSet {
        static PATHS: LazyLock<PathSet> = LazyLock::new(PathSet::new);
        &PATHS
    }

    /// The id of `path`, added if it was not there.
    pub fn intern(&mut self, path: &str) -> PathId {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = PathId(u32::try_from(self.names.len()).expect("fewer than 2^32 paths"));
        let mut node = Self::ROOT;
        for segment in path.split('.') {
            node = self.child_or_insert(node, segment);
        }
        self.ends[node.0 as usize] = Some(id);
        let top = path.split('.').next().unwrap_or_default();
        let root = OMITTABLE.iter().position(|name| *name == top);
        self.omittable.push(root.map(|at| at as u8));
        self.cut.push(CUT_AT_1024.contains(&path));
        self.names.push(path.to_owned());
        self.ids.insert(path.to_owned(), id);
        id
    }

    /// The id of `path`, if some control or the record model asks for it.
    pub fn get(&self, path: &str) -> Option<PathId> {
        self.ids.get(path).copied()
    }

    /// The dotted name of `id`.
    pub fn name(&self, id: PathId) -> &str {
        &self.names[id.0 as usize]
    }

    /// How many paths the set holds; ids are `0..len`.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never: the record model's own paths are always there.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Which of [`OMITTABLE`] a path lies in.
    pub fn omittable(&self, id: PathId) -> Option<usize> {
        self.omittable[id.0 as usize].map(usize::from)
    }

    /// Whether CloudTrail cuts the value at this path at 1,024 bytes.
    pub fn is_cut_at_1024(&self, id: PathId) -> bool {
        self.cut[id.0 as usize]
    }

    pub(super) fn end(&self, node: NodeId) -> Option<PathId> {
        self.ends[node.0 as usize]
    }

    /// The node below `node` for a member called `name`, whose [`hash_name`] is `hash`.
    #[inline]
    pub(super) fn child(&self, node: NodeId, name: &[u8], hash: u64) -> Option<NodeId> {
        if let Some(child) = self.step(node, name, hash) {
            return Some(child);
        }
        memchr::memchr(b'.', name)?;
        name.split(|byte| *byte == b'.')
            .try_fold(node, |at, segment| {
                self.step(at, segment, hash_name(segment))
            })
    }

    /// The name is compared too: whoever chooses member names could choose equal hashes.
    #[inline]
    fn step(&self, node: NodeId, name: &[u8], hash: u64) -> Option<NodeId> {
        let mut slot = slot_of(node, hash, self.children.len());
        loop {
            let child = &self.children[slot];
            if child.parent == NOBODY {
                return None;
            }
            if child.hash == hash && child.parent == node.0 && *child.name == *name {
                return Some(child.node);
            }
            slot = (slot + 1) & (self.children.len() - 1);
        }
    }

    fn child_or_insert(&mut self, node: NodeId, segment: &str) -> NodeId {
        let hash = hash_name(segment.as_bytes());
        if let Some(child) = self.step(node, segment.as_bytes(), hash) {
            return child;
        }
        if (self.child_count + 1) * 2 > self.children.len() {
            self.grow();
        }
        let child = NodeId(self.ends.len() as u32);
        self.ends.push(None);
        self.place(Child {
            parent: node.0,
            hash,
            name: segment.as_bytes().into(),
            node: child,
        });
        self.child_count += 1;
        child
    }

    fn grow(&mut self) {
        let larger = vec![Child::empty(); self.children.len() * 2];
        for child in std::mem::replace(&mut self.children, larger) {
            if child.parent != NOBODY {
                self.place(child);
            }
        }
    }

    fn place(&mut self, child: Child) {
        let mut slot = slot_of(NodeId(child.parent), child.hash, self.children.len());
        while self.children[slot].parent != NOBODY {
            slot = (slot + 1) & (self.children.len() - 1);
        }
        self.children[slot] = child;
    }
}

const NOBODY: u32 = u32::MAX;

/// One edge of the trie.
#[derive(Debug, Clone)]
struct Child {
    parent: u32,
    hash: u64,
    name: Box<[u8]>,
    node: NodeId,
}

impl Child {
    fn empty() -> Child {
        Child {
            parent: NOBODY,
            hash: 0,
            name: Box::default(),
            node: NodeId(0),
        }
    }
}

/// Where to look first; the table is a power of two long and at most half full.
#[inline]
fn slot_of(node: NodeId, hash: u64, length: usize) -> usize {
    let spread = hash ^ u64::from(node.0).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    spread as usize & (length - 1)
}

impl Default for PathSet {
    fn default() -> Self {
        Self::new()
    }
}

/// The hash by which member names are looked up and compared.
#[inline]
fn hash_name(name: &[u8]) -> u64 {
    super::project::hash_text(name)
}

/// The paths that the record model itself reads, with fixed ids.
pub mod core {
    use super::PathId;

    macro_rules! core_paths {
        ($($(#[$doc:meta])* $constant:ident = $path:literal;)*) => {
            core_paths!(@ids 0; $($constant)*);
            /// Every path of the record model, in the order of their ids.
            pub const ALL: &[&str] = &[$($path),*];
        };
        (@ids $at:expr; $head:ident $($tail:ident)*) => {
            #[doc = "See [`ALL`] for the spelling."]
            pub const $head: PathId = PathId($at);
            core_paths!(@ids $at + 1; $($tail)*);
        };
        (@ids $at:expr;) => {};
    }

    core_paths! {
        EVENT_VERSION = "eventVersion";
        EVENT_TIME = "eventTime";
        EVENT_ID = "eventID";
        EVENT_SOURCE = "eventSource";
        EVENT_NAME = "eventName";
        EVENT_TYPE = "eventType";
        EVENT_CATEGORY = "eventCategory";
        AWS_REGION = "awsRegion";
        RECIPIENT_ACCOUNT = "recipientAccountId";
        READ_ONLY = "readOnly";
        MANAGEMENT_EVENT = "managementEvent";
        ERROR_CODE = "errorCode";
        ERROR_MESSAGE = "errorMessage";
        SOURCE_IP = "sourceIPAddress";
        USER_AGENT = "userAgent";
        SHARED_EVENT_ID = "sharedEventID";
        IDENTITY_TYPE = "userIdentity.type";
        IDENTITY_ARN = "userIdentity.arn";
        IDENTITY_ACCOUNT = "userIdentity.accountId";
        IDENTITY_PRINCIPAL = "userIdentity.principalId";
        IDENTITY_USER = "userIdentity.userName";
        IDENTITY_ACCESS_KEY = "userIdentity.accessKeyId";
        IDENTITY_INVOKED_BY = "userIdentity.invokedBy";
        IDENTITY_ON_BEHALF_OF = "userIdentity.onBehalfOf.userId";
        ISSUER_ARN = "userIdentity.sessionContext.sessionIssuer.arn";
        ISSUER_TYPE = "userIdentity.sessionContext.sessionIssuer.type";
        SOURCE_IDENTITY = "userIdentity.sessionContext.sourceIdentity";
        LOGIN_RESULT = "responseElements.ConsoleLogin";
        CREDENTIAL_RESULT = "serviceEventDetails.CredentialVerification";
        AUTHENTICATION_RESULT = "serviceEventDetails.UserAuthentication";
        CHALLENGE_RESULT = "serviceEventDetails.CredentialChallenge";
        SWITCH_RESULT = "responseElements.SwitchRole";
        PASSWORD_RESULT = "responseElements.PasswordUpdated";
        RECOVERY_REQUEST_RESULT = "responseElements.PasswordRecoveryRequested";
        RECOVERY_RESULT = "responseElements.PasswordRecoveryCompleted";
        EMAIL_RESULT = "responseElements.EmailUpdated";
        MFA_CHECK_RESULT = "responseElements.CheckMfa";
        ADDITIONAL_USER = "additionalEventData.UserName";
        RESOURCE_ARN = "resources.ARN";
        RESOURCE_TYPE = "resources.type";
        REQUEST_PARAMETERS = "requestParameters";
        RESPONSE_ELEMENTS = "responseElements";
        SERVICE_EVENT_DETAILS = "serviceEventDetails";
        ADDITIONAL_EVENT_DATA = "additionalEventData";
        REQUEST_OMITTED = "requestParameters.omitted";
        RESPONSE_OMITTED = "responseElements.omitted";
        DETAILS_OMITTED = "serviceEventDetails.omitted";
        ADDITIONAL_OMITTED = "additionalEventData.omitted";
        REQUEST_ORIGINAL_SIZE = "requestParameters.originalSize";
        RESPONSE_ORIGINAL_SIZE = "responseElements.originalSize";
        DETAILS_ORIGINAL_SIZE = "serviceEventDetails.originalSize";
        ADDITIONAL_ORIGINAL_SIZE = "additionalEventData.originalSize";
        BUCKET_NAME = "requestParameters.bucketName";
        INSIGHT_STATE = "insightDetails.state";
        INSIGHT_SOURCE = "insightDetails.eventSource";
        INSIGHT_NAME = "insightDetails.eventName";
        ADDENDUM_REASON = "addendum.reason";
        ADDENDUM_ORIGINAL = "addendum.originalEventID";
        AGGREGATED_ACCOUNT = "accountId";
        AGGREGATED_WINDOW = "timeWindow.windowStart";
        USER_IDENTITY = "userIdentity";
        RESOURCES = "resources";
        INSIGHT_DETAILS = "insightDetails";
    }

    /// The paths of [`super::OMITTABLE`].
    pub const OMITTABLE: [PathId; 4] = [
        REQUEST_PARAMETERS,
        RESPONSE_ELEMENTS,
        SERVICE_EVENT_DETAILS,
        ADDITIONAL_EVENT_DATA,
    ];

    /// For each of [`super::OMITTABLE`]: where its `omitted` and `originalSize` lie.
    pub const OMITTED: [(PathId, PathId); 4] = [
        (REQUEST_OMITTED, REQUEST_ORIGINAL_SIZE),
        (RESPONSE_OMITTED, RESPONSE_ORIGINAL_SIZE),
        (DETAILS_OMITTED, DETAILS_ORIGINAL_SIZE),
        (ADDITIONAL_OMITTED, ADDITIONAL_ORIGINAL_SIZE),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_ids_stand_for_their_own_names() {
        let set = PathSet::new();
        assert_eq!(set.name(core::EVENT_TIME), "eventTime");
        assert_eq!(set.name(core::INSIGHT_DETAILS), "insightDetails");
        assert_eq!(set.len(), core::ALL.len());
    }

    #[test]
    fn a_dotted_member_name_is_the_nested_path() {
        let mut set = PathSet::new();
        let id = set.intern("a.b");
        let node = set
            .child(PathSet::ROOT, b"a.b", hash_name(b"a.b"))
            .expect("known path");
        assert_eq!(set.end(node), Some(id));
    }
}
