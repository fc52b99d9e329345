//! Which waiver covers an exception. A waiver that had run out when the
//! exception happened covers nothing, and the packet says so.

use crate::control::list::to_lists;
use crate::control::scope::Scope;
use crate::control::waiver::{Covers, Waiver};
use crate::pattern::{Engine, EngineBuilder, PatternId, Truth};
use crate::record::project::Projector;
use crate::record::view::RecordView;

/// All waivers of a scope, ready to be asked.
pub struct Waivers<'s> {
    waivers: &'s [Waiver],
    patterns: Vec<Option<PatternId>>,
    engine: Option<Engine>,
}

/// What waivers say about one exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// None is about it.
    None,
    /// Covered; the ticket.
    Covered(String),
    /// One would cover it, but had run out; the ticket.
    Expired(String),
}

/// What is asked about.
pub struct Question<'q> {
    /// Id of the control.
    pub control: &'q str,
    /// When the exception happened.
    pub time: i64,
    /// The event id, or what stands for it where there is no record: a person, a list entry.
    pub name: &'q str,
}

impl<'s> Waivers<'s> {
    /// The waivers of a scope.
    pub fn new(scope: &'s Scope) -> Waivers<'s> {
        let lists = to_lists(&scope.lists);
        let mut builder = EngineBuilder::new();
        let mut patterns = Vec::new();
        for waiver in &scope.waivers {
            patterns.push(match &waiver.covers {
                Covers::EventIds(_) => None,
                Covers::Pattern(pattern) => Some(builder.add_on_demand(pattern, &lists)),
            });
        }
        let has_patterns = patterns.iter().any(Option::is_some);
        Waivers {
            waivers: &scope.waivers,
            patterns,
            engine: has_patterns.then(|| builder.finish()),
        }
    }

    /// Whether some waiver is for this control.
    pub fn has(&self, control: &str) -> bool {
        self.waivers
            .iter()
            .any(|one| one.control.get_ref() == control)
    }

    /// Asks every waiver of the control; `record` gives the bytes where a pattern must see them.
    pub fn ask<E>(
        &self,
        question: &Question<'_>,
        record: impl FnOnce() -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Answer, E> {
        if !self.has(question.control) {
            return Ok(Answer::None);
        }
        let bytes = match self.engine {
            Some(_) => record()?,
            None => None,
        };
        let mut expired = Answer::None;
        for (at, waiver) in self.waivers.iter().enumerate() {
            if waiver.control.get_ref() != question.control
                || !self.covers(at, question, bytes.as_deref())
            {
                continue;
            }
            if waiver.is_in_force_at(question.time) {
                return Ok(Answer::Covered(waiver.ticket.clone()));
            }
            expired = Answer::Expired(waiver.ticket.clone());
        }
        Ok(expired)
    }

    fn covers(&self, at: usize, question: &Question<'_>, bytes: Option<&[u8]>) -> bool {
        match &self.waivers[at].covers {
            Covers::EventIds(ids) => {
                !question.name.is_empty() && ids.iter().any(|id| id == question.name)
            }
            Covers::Pattern(_) => match (&self.engine, self.patterns[at], bytes) {
                (Some(engine), Some(pattern), Some(bytes)) => {
                    matches(engine, pattern, bytes, question.time)
                }
                _ => false,
            },
        }
    }
}

/// Undecided is not covered: a waiver must fit for certain.
fn matches(engine: &Engine, pattern: PatternId, bytes: &[u8], time: i64) -> bool {
    let mut projector = Projector::new(engine.paths());
    if projector.read(bytes, 0).is_err() {
        // Kept records were read once already; bytes that cannot be read again cover nothing.
        return false;
    }
    let view = RecordView::new(bytes, &projector).at(Some(time));
    engine.matcher().eval(pattern, &view) == Truth::True
}
