//! Many patterns over one record at once.
//!
//! The engine owns the paths that a [`Projector`](crate::record::project::Projector)
//! must look for; a matcher tries the candidates of a record and reports each
//! pattern that matches or may match. It holds nothing of a record afterwards.

use crate::record::path::{PathId, PathSet};
use crate::record::view::RecordView;

use super::index::Index;
use super::list::Lists;
use super::program::{Build, Program};
use super::run::{Run, Scratch};
use super::{Pattern, Truth};

/// A pattern in an [`Engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// Gathers patterns for an [`Engine`].
#[derive(Debug, Default)]
pub struct EngineBuilder {
    paths: PathSet,
    inner: PathSet,
    programs: Vec<Program>,
    index: Index,
}

impl EngineBuilder {
    /// No pattern yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pattern that every record is tried against.
    pub fn add(&mut self, pattern: &Pattern, lists: &Lists) -> PatternId {
        let id = self.add_on_demand(pattern, lists);
        let program = &self.programs[id.0 as usize];
        self.index.add(id.0, program, &self.paths);
        id
    }

    /// Adds a pattern that is tried only when [`Matcher::eval`] asks for it.
    pub fn add_on_demand(&mut self, pattern: &Pattern, lists: &Lists) -> PatternId {
        let program = Build {
            paths: &mut self.paths,
            inner: &mut self.inner,
            lists,
            inside_json: false,
        }
        .program(pattern.form());
        self.programs.push(program);
        let at = u32::try_from(self.programs.len() - 1).expect("fewer than 2^32 patterns");
        PatternId(at)
    }

    /// Adds a path that records are asked for by others.
    pub fn path(&mut self, path: &str) -> PathId {
        self.paths.intern(path)
    }

    /// The engine; no path or pattern can be added afterwards.
    pub fn finish(self) -> Engine {
        Engine {
            hopeless: self.programs.iter().map(Program::is_hopeless).collect(),
            paths: self.paths,
            inner: self.inner,
            programs: self.programs,
            index: self.index,
        }
    }
}

/// Patterns and the paths that they need.
#[derive(Debug)]
pub struct Engine {
    paths: PathSet,
    inner: PathSet,
    programs: Vec<Program>,
    /// Which of them cannot match, see [`Program::is_hopeless`].
    hopeless: Vec<bool>,
    index: Index,
}

impl Engine {
    /// The paths to project.
    pub fn paths(&self) -> &PathSet {
        &self.paths
    }

    /// How many patterns it holds.
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether it holds no pattern.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// A matcher for one thread.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher {
            engine: self,
            scratch: Scratch::default(),
            candidates: Vec::new(),
            tried_for: vec![0; self.programs.len()],
            record: 0,
            skips_hopeless: false,
        }
    }
}

/// Tries records; keeps only room that it uses again.
#[derive(Debug)]
pub struct Matcher<'e> {
    engine: &'e Engine,
    scratch: Scratch,
    candidates: Vec<u32>,
    /// The record for which each pattern was last a candidate.
    tried_for: Vec<u64>,
    record: u64,
    skips_hopeless: bool,
}

impl Matcher<'_> {
    /// The same matcher, not trying patterns that can be undecided at most because a
    /// list that they ask is not there; [`Matcher::eval`] still answers for them.
    #[must_use]
    pub fn without_hopeless(mut self) -> Self {
        self.skips_hopeless = true;
        self
    }

    /// Writes every indexed pattern that matches or may match to `out`, in the order of the ids.
    ///
    /// The view must come from a projector of [`Engine::paths`].
    pub fn run(&mut self, view: &RecordView<'_>, out: &mut Vec<(PatternId, Truth)>) {
        out.clear();
        self.record += 1;
        self.candidates.clear();
        let (candidates, tried_for) = (&mut self.candidates, &mut self.tried_for);
        let (skips, hopeless) = (self.skips_hopeless, &self.engine.hopeless);
        self.engine.index.candidates(view, |pattern| {
            let last = &mut tried_for[pattern as usize];
            if *last != self.record {
                *last = self.record;
                if !(skips && hopeless[pattern as usize]) {
                    candidates.push(pattern);
                }
            }
        });
        candidates.sort_unstable();
        let mut run = Run::new(*view, &self.engine.inner);
        for pattern in candidates.iter().copied() {
            let program = &self.engine.programs[pattern as usize];
            let truth = run.truth(program, &mut self.scratch);
            if truth != Truth::False {
                out.push((PatternId(pattern), truth));
            }
        }
    }

    /// The answer of one pattern, indexed or not.
    pub fn eval(&mut self, pattern: PatternId, view: &RecordView<'_>) -> Truth {
        let program = &self.engine.programs[pattern.0 as usize];
        Run::new(*view, &self.engine.inner).truth(program, &mut self.scratch)
    }
}
