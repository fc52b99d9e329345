//! Where control, framework and scope files come from: the shipped set inside
//! the program, or folders on disk. The only place of the control side that
//! touches the disk; what the files say is read elsewhere.
//!
//! A folder given by the user replaces the shipped controls as a whole, so that
//! a packet never mixes two sets unnoticed. Frameworks that the folder lacks
//! come from the shipped ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use walkdir::WalkDir;

use super::scope::Scope;
use super::set::ControlSet;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceText};

/// The folder `controls/` as it was when the program was built.
static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/controls");

/// The folder of framework files, inside a folder of controls.
const FRAMEWORKS: &str = "frameworks";

/// The largest control or scope file that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The texts of a set before they are understood.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// Control files in the order of their names.
    pub controls: Vec<Arc<SourceText>>,
    /// Framework files in the order of their names.
    pub frameworks: Vec<Arc<SourceText>>,
}

/// The shipped controls and frameworks.
///
/// # Errors
/// Every problem of every file; a released program has none.
pub fn shipped() -> Result<(ControlSet, Diagnostics), Diagnostics> {
    let texts = shipped_texts()?;
    ControlSet::parse(&texts.controls, &texts.frameworks)
}

/// The controls of these folders and single files in place of the shipped ones.
///
/// # Errors
/// Every problem of every file, and what could not be read.
pub fn from_paths(paths: &[PathBuf]) -> Result<(ControlSet, Diagnostics), Diagnostics> {
    let (set, problems) = good_of_paths(paths)?;
    problems.unless_errors(set)
}

/// The controls of these folders and files that have no error, with every problem
/// of all of them. For lint alone: a run must not go on with half a set.
///
/// # Errors
/// Shipped frameworks that do not load; a released program has none.
pub fn good_of_paths(paths: &[PathBuf]) -> Result<(ControlSet, Diagnostics), Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut texts = Texts::default();
    for path in paths {
        collect(path, &mut texts, &mut problems);
    }
    if !problems.has_errors() && texts.controls.is_empty() {
        let names: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        problems.push(
            Diagnostic::error("no-controls", "no control file (`*.toml`) found")
                .in_file(names.join(", "))
                .help("give a folder with control files, or none for the shipped controls"),
        );
    }
    add_shipped_frameworks(&mut texts)?;
    let (set, found) = ControlSet::parse_good(&texts.controls, &texts.frameworks);
    problems.extend(found);
    Ok((set, problems.sorted()))
}

/// The shipped texts, for `control new`, for copies and for tests.
///
/// # Errors
/// A shipped file that is not UTF-8.
pub fn shipped_texts() -> Result<Texts, Diagnostics> {
    let mut texts = Texts::default();
    let mut problems = Diagnostics::new();
    collect_shipped(&SHIPPED, &mut texts, &mut problems);
    texts.controls.sort();
    texts.frameworks.sort();
    if problems.has_errors() {
        return Err(problems.sorted());
    }
    Ok(texts)
}

/// Reads a scope file.
///
/// # Errors
/// Every problem of the file, or why it could not be read.
pub fn scope(path: &Path) -> Result<(Scope, Diagnostics), Diagnostics> {
    let source = read_text(path)?;
    Scope::parse(&source)
}

fn collect_shipped(dir: &Dir<'static>, texts: &mut Texts, problems: &mut Diagnostics) {
    for child in dir.dirs() {
        collect_shipped(child, texts, problems);
    }
    for file in dir.files() {
        let name = format!("controls/{}", file.path().display()).replace('\\', "/");
        if !name.ends_with(".toml") {
            continue;
        }
        match file.contents_utf8() {
            Some(text) => put(texts, SourceText::new(name, text)),
            None => problems.push(not_utf8(&name)),
        }
    }
}

/// A shipped framework serves where the user's folders have none of that file name.
fn add_shipped_frameworks(texts: &mut Texts) -> Result<(), Diagnostics> {
    let file_name = |source: &SourceText| {
        let name = source.name.replace('\\', "/");
        name.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let own: Vec<_> = texts.frameworks.iter().map(|one| file_name(one)).collect();
    let shipped = shipped_texts()?.frameworks;
    let missing = shipped
        .into_iter()
        .filter(|one| !own.contains(&file_name(one)));
    texts.frameworks.extend(missing);
    Ok(())
}

fn put(texts: &mut Texts, source: Arc<SourceText>) {
    let is_framework = Path::new(&source.name)
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|name| name == FRAMEWORKS);
    if is_framework {
        texts.frameworks.push(source);
    } else {
        texts.controls.push(source);
    }
}

/// Every `*.toml` below a folder in the order of names, or one file.
fn collect(path: &Path, texts: &mut Texts, problems: &mut Diagnostics) {
    let walk = WalkDir::new(path).follow_links(true).sort_by_file_name();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                problems.push(unreadable(
                    error.path().unwrap_or(path),
                    &walk_cause(&error),
                ));
                continue;
            }
        };
        let is_toml = entry.path().extension().is_some_and(|one| one == "toml");
        if !entry.file_type().is_file() || (!is_toml && entry.depth() > 0) {
            continue;
        }
        match read_text(entry.path()) {
            Ok(source) => put(texts, source),
            Err(found) => problems.extend(found),
        }
    }
}

fn walk_cause(error: &walkdir::Error) -> String {
    match error.io_error() {
        Some(cause) => cause.to_string(),
        None => "a link leads back to a folder above it".to_owned(),
    }
}

fn read_text(path: &Path) -> Result<Arc<SourceText>, Diagnostics> {
    let name = path.display().to_string();
    let io = |error: std::io::Error| Diagnostics::from(unreadable(path, &error.to_string()));
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > LARGEST {
        let cause = format!("larger than {LARGEST} bytes");
        return Err(unreadable(path, &cause).into());
    }
    let bytes = std::fs::read(path).map_err(io)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(name, text)),
        Err(_not_text) => Err(not_utf8(&name).into()),
    }
}

fn unreadable(path: &Path, cause: &str) -> Diagnostic {
    Diagnostic::error("unreadable", format!("cannot be read: {cause}"))
        .in_file(path.display().to_string())
        .help("check the path and its permissions")
}

fn not_utf8(name: &str) -> Diagnostic {
    Diagnostic::error("not-utf8", "not UTF-8")
        .in_file(name)
        .help("save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_set_has_no_problem() {
        let (set, warnings) = shipped().unwrap_or_else(|found| panic!("{found}"));
        assert!(warnings.is_empty(), "{warnings}");
        assert!(set.frameworks().get("hipaa").is_some());
        assert!(set.frameworks().get("pci-dss-4.0.1").is_some());
        assert!(!set.is_empty());
    }
}
