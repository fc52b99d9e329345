//! Fields that a pattern may test although CloudTrail does not write them.

use std::borrow::Cow;

use super::view::RecordView;
use super::{class, identity, outcome};

/// A derived field; in patterns its name begins with `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Derived {
    /// `@actor`: see [`identity::actor`].
    Actor,
    /// `@person`: see [`identity::persons`].
    Person,
    /// `@outcome`: `success` or `refused`.
    Outcome,
    /// `@class`: the ids of [`class::classes`].
    Class,
}

impl Derived {
    /// Every derived field.
    pub const ALL: [Derived; 4] = [
        Derived::Actor,
        Derived::Person,
        Derived::Outcome,
        Derived::Class,
    ];

    /// Its spelling in a pattern.
    pub const fn name(self) -> &'static str {
        match self {
            Derived::Actor => "@actor",
            Derived::Person => "@person",
            Derived::Outcome => "@outcome",
            Derived::Class => "@class",
        }
    }

    /// The field with this spelling.
    pub fn from_name(name: &str) -> Option<Derived> {
        Derived::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Its values for a record; an actor that the record does not name is no value.
    pub fn values<'a>(self, view: &RecordView<'a>) -> Vec<Cow<'a, str>> {
        match self {
            Derived::Actor => {
                let actor = identity::actor(view);
                if actor.is_empty() {
                    Vec::new()
                } else {
                    vec![actor]
                }
            }
            Derived::Person => identity::persons(view)
                .into_iter()
                .map(Cow::Owned)
                .collect(),
            Derived::Outcome => vec![Cow::Borrowed(outcome::outcome(view).id())],
            Derived::Class => class::classes(view)
                .iter()
                .map(|class| Cow::Borrowed(class.id()))
                .collect(),
        }
    }
}
