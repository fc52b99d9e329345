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
