//! What a matcher and the record model may ask of one projected record.

use std::borrow::Cow;

use super::likeness::{Likeness, Watch};
use super::path::{PathId, core};
use super::project::{Kind, Leaf, Projector, as_str};
use super::text;

/// CloudTrail cuts some fields at this many bytes and leaves no mark.
pub const CUT_LENGTH: usize = 1024;

/// One projected record together with the bytes that it points into.
#[derive(Clone, Copy)]
pub struct RecordView<'a> {
    bytes: &'a [u8],
    values: &'a Projector<'a>,
    omitted: [bool; 4],
    /// `eventTime` in seconds since 1970-01-01T00:00:00Z, if the record has a usable one.
    time: Option<i64>,
    likeness: Option<Likeness>,
    /// Is told which values are asked for.
    watch: Option<&'a Watch>,
}

impl<'a> RecordView<'a> {
    /// The record that `values` read last from `bytes`.
    pub fn new(bytes: &'a [u8], values: &'a Projector<'a>) -> Self {
        let mut view = RecordView {
            bytes,
            values,
            omitted: [false; 4],
            time: None,
            likeness: None,
            watch: None,
        };
        for (at, (flag, size)) in core::OMITTED.into_iter().enumerate() {
            view.omitted[at] =
                view.is_omitted_mark(flag, size) || view.is_text_root(core::OMITTABLE[at]);
        }
        view
    }

    /// The same record, known to have happened at `time`: dated list entries need it.
    #[must_use]
    pub fn at(mut self, time: Option<i64>) -> Self {
        self.time = time;
        self
    }

    /// The same record, known to be like others. What CloudTrail left out is a
    /// matter of values that likeness does not compare, so such a record is like none.
    #[must_use]
    pub fn alike(mut self, likeness: Option<Likeness>) -> Self {
        self.likeness = likeness.filter(|_| !self.omitted.contains(&true));
        self
    }

    /// Which records it is like, if that is known.
    pub fn likeness(&self) -> Option<Likeness> {
        self.likeness
    }

    /// The same record, while `watch` is told what is asked of it.
    #[must_use]
    pub fn watched<'b>(&self, watch: &'b Watch) -> RecordView<'b>
    where
        'a: 'b,
    {
        RecordView {
            watch: Some(watch),
            ..*self
        }
    }

    /// When it happened, if known.
    pub fn time(&self) -> Option<i64> {
        if let Some(watch) = self.watch {
            watch.see_all();
        }
        self.time
    }

    /// All values at `path`, containers included, in the order in which they stand.
    pub fn leaves(&self, path: PathId) -> impl Iterator<Item = &'a Leaf> + Clone + use<'a> {
        self.tell(path);
        self.values.leaves(path)
    }

    /// Says that the values at `path` are looked at.
    #[inline]
    pub fn tell(&self, path: PathId) {
        if let Some(watch) = self.watch
            && self.values.leaves(path).next().is_some()
        {
            watch.see(path);
        }
    }

    /// [`RecordView::leaves`] for those who look at nothing but kinds, array
    /// elements and whether a string is empty, which records that are alike share.
    pub fn outlines(&self, path: PathId) -> impl Iterator<Item = &'a Leaf> + Clone + use<'a> {
        self.values.leaves(path)
    }

    /// All paths at which this record has something.
    pub fn touched(&self) -> Vec<PathId> {
        if let Some(watch) = self.watch {
            watch.see_all();
        }
        self.values.touched()
    }

    /// The array elements that a leaf lies in, innermost first: (array, index).
    pub fn trail(&self, leaf: &Leaf) -> impl Iterator<Item = (u32, u32)> + Clone + use<'a> {
        self.values.trail(leaf)
    }

    /// The spelling of a value: a string without its quotes, anything else as it stands.
    pub fn raw(&self, leaf: &Leaf) -> &'a str {
        as_str(&self.bytes[leaf.start as usize..leaf.end as usize])
    }

    /// The text of a string, the spelling of anything else.
    pub fn text_of(&self, leaf: &Leaf) -> Cow<'a, str> {
        if leaf.escaped {
            text::unescape(self.raw(leaf))
        } else {
            Cow::Borrowed(self.raw(leaf))
        }
    }

    /// All values at all paths, in the order in which they stand.
    pub fn all_leaves(&self) -> &'a [Leaf] {
        if let Some(watch) = self.watch {
            watch.see_all();
        }
        self.values.all_leaves()
    }

    /// [`RecordView::all_leaves`] for those who look at kinds and paths, and at the
    /// texts of those paths only that `reads` says.
    pub fn all_outlines(&self, reads: impl Fn(PathId) -> bool) -> &'a [Leaf] {
        if let Some(watch) = self.watch {
            let leaves = self.values.all_leaves();
            let read = leaves.iter().filter(|leaf| reads(leaf.path));
            read.for_each(|leaf| watch.see(leaf.path));
        }
        self.values.all_leaves()
    }

    /// The bytes of [`RecordView::raw`].
    pub fn raw_bytes(&self, leaf: &Leaf) -> &'a [u8] {
        &self.bytes[leaf.start as usize..leaf.end as usize]
    }

    /// Whether the value is a string with this text.
    pub fn is_text(&self, leaf: &Leaf, text: &str) -> bool {
        leaf.kind == Kind::String
            && match leaf.escaped {
                true => self.text_of(leaf) == text,
                false => self.raw_bytes(leaf) == text.as_bytes(),
            }
    }

    /// Whether the first string at `path` has this text.
    pub fn first_is(&self, path: PathId, text: &str) -> bool {
        let mut strings = self.leaves(path).filter(|leaf| leaf.kind == Kind::String);
        strings.next().is_some_and(|leaf| self.is_text(leaf, text))
    }

    /// The first string at `path`.
    pub fn text(&self, path: PathId) -> Option<Cow<'a, str>> {
        self.texts(path).next()
    }

    /// All strings at `path`.
    pub fn texts(&self, path: PathId) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let view = *self;
        self.leaves(path)
            .filter(|leaf| leaf.kind == Kind::String)
            .map(move |leaf| view.text_of(leaf))
    }

    /// The bytes of the first string at `path`.
    pub fn text_bytes(&self, path: PathId) -> Option<Cow<'a, [u8]>> {
        let mut strings = self.leaves(path).filter(|leaf| leaf.kind == Kind::String);
        let leaf = strings.next()?;
        Some(match leaf.escaped {
            true => Cow::Owned(self.text_of(leaf).into_owned().into_bytes()),
            false => Cow::Borrowed(self.raw_bytes(leaf)),
        })
    }

    /// A boolean at `path`, also when a copy spells it as a string.
    pub fn boolean(&self, path: PathId) -> Option<bool> {
        let leaf = self.leaves(path).next()?;
        match (leaf.kind, self.raw_bytes(leaf)) {
            (Kind::True, _) | (Kind::String, b"true" | b"True") => Some(true),
            (Kind::False, _) | (Kind::String, b"false" | b"False") => Some(false),
            _ => None,
        }
    }

    /// Whether CloudTrail left out the values at `path`, or a tool made text of what they are in, so
    /// that no test of them can be answered.
    pub fn is_omitted(&self, path: PathId) -> bool {
        let paths = self.values.paths();
        paths.omittable(path).is_some_and(|root| {
            self.omitted[root]
                && !(path == core::OMITTABLE[root] && self.is_text_root(core::OMITTABLE[root]))
        }) && !core::OMITTED
            .iter()
            .any(|(flag, size)| *flag == path || *size == path)
    }

    /// Which of [`super::path::OMITTABLE`] CloudTrail left out, or are text.
    pub fn omitted_roots(&self) -> [bool; 4] {
        self.omitted
    }

    /// Whether the value may have been cut at [`CUT_LENGTH`] bytes.
    pub fn is_cut(&self, leaf: &Leaf) -> bool {
        self.values.paths().is_cut_at_1024(leaf.path)
            && leaf.kind == Kind::String
            && self.raw_bytes(leaf).len() >= CUT_LENGTH
            && self.text_of(leaf).len() >= CUT_LENGTH
    }

    /// Whether any value of this record may be missing or cut.
    pub fn has_gaps(&self) -> bool {
        self.omitted.contains(&true)
            || [core::USER_AGENT, core::ERROR_CODE, core::ERROR_MESSAGE]
                .iter()
                .any(|path| self.leaves(*path).any(|leaf| self.is_cut(leaf)))
    }

    /// Whether a member that holds others is a string; all records that are alike say the same.
    fn is_text_root(&self, root: PathId) -> bool {
        let first = self.outlines(root).next();
        first.is_some_and(|leaf| leaf.kind == Kind::String && leaf.start < leaf.end)
    }

    fn is_omitted_mark(&self, flag: PathId, size: PathId) -> bool {
        self.leaves(size).next().is_some() && self.boolean(flag) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::PathSet;
    use super::*;

    #[track_caller]
    fn with_view<T>(json: &str, path: &str, ask: impl FnOnce(&RecordView<'_>, PathId) -> T) -> T {
        let mut set = PathSet::new();
        let id = set.intern(path);
        let mut projector = Projector::new(&set);
        projector.read(json.as_bytes(), 0).expect("valid JSON");
        ask(&RecordView::new(json.as_bytes(), &projector), id)
    }

    #[test]
    fn a_value_below_an_omitted_member_is_unknown() {
        let json = r#"{"requestParameters":{"omitted":"true","originalSize":"149893","reason":"too large"}}"#;
        assert!(with_view(
            json,
            "requestParameters.policyDocument",
            |view, id| view.is_omitted(id)
        ));
        assert!(!with_view(json, "responseElements.x", |view, id| view.is_omitted(id)));
        assert!(!with_view(json, "eventName", |view, id| view.is_omitted(id)));
    }

    #[test]
    fn a_callers_own_parameter_called_omitted_hides_nothing() {
        let json = r#"{"requestParameters":{"omitted":true,"name":"x"}}"#;
        assert!(!with_view(json, "requestParameters.name", |view, id| view
            .is_omitted(id)));
    }

    #[test]
    fn booleans_are_read_from_strings_too() {
        assert_eq!(
            with_view(r#"{"readOnly":"true"}"#, "readOnly", |view, id| view
                .boolean(id)),
            Some(true)
        );
        assert_eq!(
            with_view(r#"{"readOnly":1}"#, "readOnly", |view, id| view.boolean(id)),
            None
        );
    }
}
