use crate::record::path::{PathId, PathSet};
use crate::record::view::RecordView;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pub code: &'static str,
    pub span: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}
#[derive(Debug, Clone)]
pub struct Pattern;
impl Pattern {
    pub fn from_toml(_table: &Spanned<DeValue<'_>>) -> Result<Pattern, Vec<PatternError>> {
        Ok(Pattern)
    }
    pub fn from_json(_text: &str) -> Result<Pattern, Vec<PatternError>> {
        Ok(Pattern)
    }
    pub fn lists_used(&self) -> Vec<String> {
        Vec::new()
    }
}
#[derive(Debug, Clone, Default)]
pub struct Lists;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternId(pub u32);
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    True,
    Undecided,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth3 {
    True,
    False,
    Undecided,
}
#[derive(Default)]
pub struct EngineBuilder;
impl EngineBuilder {
    pub fn new() -> Self {
        EngineBuilder
    }
    pub fn add(&mut self, _: &Pattern, _: &Lists) -> PatternId {
        unimplemented!()
    }
    pub fn add_on_demand(&mut self, _: &Pattern, _: &Lists) -> PatternId {
        unimplemented!()
    }
    pub fn path(&mut self, _: &str) -> PathId {
        unimplemented!()
    }
    pub fn finish(self) -> Engine {
        unimplemented!()
    }
}
pub struct Engine;
impl Engine {
    pub fn paths(&self) -> &PathSet {
        unimplemented!()
    }
    pub fn matcher(&self) -> Matcher<'_> {
        unimplemented!()
    }
}
pub struct Matcher<'e>(&'e Engine);
impl Matcher<'_> {
    pub fn run(&mut self, _: &RecordView<'_>, _: &mut Vec<(PatternId, Truth)>) {
        unimplemented!()
    }
    pub fn eval(&mut self, _: PatternId, _: &RecordView<'_>) -> Truth3 {
        unimplemented!()
    }
}
