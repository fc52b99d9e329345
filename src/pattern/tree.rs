//! The text of a pattern as a tree with places: what JSON and TOML have in common.
//!
//! Nothing is judged here and nothing is lost: a member that stands twice
//! stands in the tree twice, and a number keeps its spelling.

use std::ops::Range;

/// A value and where it stands, in bytes of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it is.
    pub value: Tree,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `null`; TOML has none.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in JSON spelling.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Node>),
    /// An object or table, in the order of the text.
    Object(Vec<(Key, Node)>),
    /// Something that a pattern cannot hold, and what it is called.
    Foreign(&'static str),
}

/// A member name and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

impl Node {
    /// What it is called in messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a string",
            Tree::Array(_) => "an array",
            Tree::Object(_) => "a table",
            Tree::Foreign(name) => name,
        }
    }
}
