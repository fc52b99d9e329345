//! Frameworks as data: which requirements there are, and what CloudTrail can
//! say about each.
//!
//! Titles and notes are own words; the texts of the standards are not here.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::read::{Document, Table};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText, nearest};

/// How far CloudTrail records can carry a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceLevel {
    /// CloudTrail alone can carry the test for the AWS plane.
    Full,
    /// CloudTrail carries a part.
    Partial,
    /// It helps to sample or to judge plausibility; never a verdict.
    ContextOnly,
    /// No evidence in CloudTrail.
    None,
}

impl EvidenceLevel {
    const CHOICES: [(&'static str, EvidenceLevel); 4] = [
        ("full", EvidenceLevel::Full),
        ("partial", EvidenceLevel::Partial),
        ("context-only", EvidenceLevel::ContextOnly),
        ("none", EvidenceLevel::None),
    ];

    /// The id used in framework files and packets.
    pub const fn id(self) -> &'static str {
        match self {
            EvidenceLevel::Full => "full",
            EvidenceLevel::Partial => "partial",
            EvidenceLevel::ContextOnly => "context-only",
            EvidenceLevel::None => "none",
        }
    }
}

/// HIPAA: whether an implementation specification may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Implementation {
    /// Must be implemented.
    Required,
    /// Implemented, or the reason and the alternative written down.
    Addressable,
}

impl Implementation {
    /// The id used in framework files and packets.
    pub const fn id(self) -> &'static str {
        match self {
            Implementation::Required => "required",
            Implementation::Addressable => "addressable",
        }
    }
}

/// One requirement of the lowest level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its number, for example `10.2.1.2` or `164.312(b)`.
    pub id: String,
    /// Own short title.
    pub title: String,
    /// The heading that it is printed under.
    pub group: String,
    /// How far CloudTrail carries it.
    pub evidence: EvidenceLevel,
    /// What CloudTrail can and cannot show; empty if nothing was written.
    pub note: String,
    /// The first day on which it was mandatory, where that came later than the rest.
    pub mandatory_since: Option<String>,
    /// HIPAA only.
    pub implementation: Option<Implementation>,
}

/// One framework.
#[derive(Debug, Clone)]
pub struct Framework {
    /// Kebab-case id, for example `pci-dss-4.0.1`.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Short name for tables.
    pub short: String,
    /// Every requirement in the order of the file.
    pub requirements: Vec<Requirement>,
    /// The exact text.
    pub source: Arc<SourceText>,
}

impl Framework {
    /// Reads one framework file.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(source: &Arc<SourceText>) -> Result<(Framework, Diagnostics), Diagnostics> {
        let document = Document::new(source);
        let framework = document.parse().and_then(|root| {
            let table = Table::new(&document, root.get_ref(), 0..0, "the framework");
            read_framework(&table)
        });
        let problems = document.into_problems();
        match framework {
            Some(framework) => problems.unless_errors(framework),
            None => Err(problems.sorted()),
        }
    }

    /// The requirement with this number.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|one| one.id == id)
    }

    /// The known number that is nearest to an unknown one.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.requirements.iter().map(|one| one.id.as_str()))
    }
}

fn read_framework(table: &Table<'_, '_>) -> Option<Framework> {
    table.format();
    let id = table.required_text("id");
    let name = table.required_text("name");
    let short = table.required_text("short");
    let rows = table.tables("requirement", "`[[requirement]]`");
    let requirements: Vec<_> = rows.iter().filter_map(read_requirement).collect();
    if !table.has("requirement") {
        table.missing("requirement");
    }
    report_twins(&rows, &requirements);
    table.finish();
    if let Some(id) = &id {
        super::model::check_file_name(table.document, id);
    }
    Some(Framework {
        id: id?.into_inner(),
        name: name?.into_inner(),
        short: short?.into_inner(),
        requirements,
        source: Arc::clone(&table.document.source),
    })
}

/// Only called where every row became a requirement do rows and requirements line up.
fn report_twins(rows: &[Table<'_, '_>], requirements: &[Requirement]) {
    if rows.len() != requirements.len() {
        return;
    }
    let mut seen = BTreeMap::new();
    for (row, requirement) in rows.iter().zip(requirements) {
        if let Some(first) = seen.insert(requirement.id.as_str(), row.span.clone()) {
            let message = format!("requirement `{}` is listed twice", requirement.id);
            row.document.push(
                Diagnostic::error("duplicate-id", message)
                    .at(&row.document.source, row.span.clone())
                    .label(&row.document.source, first, "first listed here"),
            );
        }
    }
}

fn read_requirement(table: &Table<'_, '_>) -> Option<Requirement> {
    let id = table.required_text("id");
    let title = table.required_text("title");
    let group = table.required_text("group");
    let evidence = table.choice("evidence", &EvidenceLevel::CHOICES);
    if !table.has("evidence") {
        table.missing("evidence");
    }
    let note = table.text("note").map(toml::Spanned::into_inner);
    let since = table.text("mandatory-since");
    let implementation = table.choice(
        "implementation",
        &[
            ("required", Implementation::Required),
            ("addressable", Implementation::Addressable),
        ],
    );
    table.finish();
    Some(Requirement {
        id: id?.into_inner(),
        title: title?.into_inner(),
        group: group?.into_inner(),
        evidence: evidence?,
        note: note.unwrap_or_default(),
        mandatory_since: since.map(toml::Spanned::into_inner),
        implementation,
    })
}

/// All known frameworks by id.
#[derive(Debug, Clone, Default)]
pub struct Frameworks {
    by_id: BTreeMap<String, Framework>,
}

impl Frameworks {
    /// Reads all framework files and gathers their problems.
    pub fn parse(sources: &[Arc<SourceText>], problems: &mut Diagnostics) -> Frameworks {
        let mut all = Frameworks::default();
        for source in sources {
            match Framework::parse(source) {
                Ok((framework, warnings)) => {
                    problems.extend(warnings);
                    all.insert(framework, problems);
                }
                Err(found) => problems.extend(found),
            }
        }
        all
    }

    fn insert(&mut self, framework: Framework, problems: &mut Diagnostics) {
        if let Some(first) = self.by_id.get(&framework.id) {
            let message = format!("framework `{}` is defined twice", framework.id);
            problems.push(
                Diagnostic::error("duplicate-id", message)
                    .at(&framework.source, 0..0)
                    .label(&first.source, 0..0, "first defined here"),
            );
            return;
        }
        self.by_id.insert(framework.id.clone(), framework);
    }

    /// The framework with this id.
    pub fn get(&self, id: &str) -> Option<&Framework> {
        self.by_id.get(id)
    }

    /// All in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Framework> + Clone {
        self.by_id.values()
    }

    /// Every id.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.by_id.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// SHA-256 over ids and exact texts, as hexadecimal.
    pub fn digest(&self) -> String {
        digest_texts(
            self.iter()
                .map(|one| (one.id.as_str(), one.source.text.as_str())),
        )
    }
}

/// SHA-256 over names and texts, each after its length, so that no two sets give the same bytes.
pub(super) fn digest_texts<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in texts {
        for part in [name, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
format = 1
id = "small"
name = "Small framework"
short = "Small"
[[requirement]]
id = "1.1"
title = "First"
group = "1 Group"
evidence = "partial"
note = "some"
[[requirement]]
id = "1.2"
title = "Second"
group = "1 Group"
evidence = "none"
mandatory-since = "2025-03-31"
implementation = "addressable"
"#;

    #[test]
    fn a_framework_keeps_the_order_of_its_requirements() {
        let source = SourceText::new("small.toml", SMALL);
        let (framework, warnings) = Framework::parse(&source).expect("valid");
        assert!(warnings.is_empty());
        assert_eq!(framework.requirements.len(), 2);
        let second = framework.requirement("1.2").expect("listed");
        assert_eq!(second.implementation, Some(Implementation::Addressable));
        assert_eq!(framework.nearest("1.22"), Some("1.2"));
    }

    #[test]
    fn twins_and_unknown_levels_are_refused() {
        let text = SMALL
            .replace("\"1.2\"", "\"1.1\"")
            .replace("\"none\"", "\"nome\"");
        let found = Framework::parse(&SourceText::new("small.toml", text)).expect_err("bad level");
        assert_eq!(found.len(), 1);
        let text = SMALL.replace("\"1.2\"", "\"1.1\"");
        let found = Framework::parse(&SourceText::new("small.toml", text)).expect_err("twins");
        assert!(
            found
                .to_string()
                .contains("requirement `1.1` is listed twice"),
            "{found}"
        );
    }
}
