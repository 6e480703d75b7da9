//! Walks the repository and looks at each source file as a whole.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{Violation, rust, typescript};

/// Lines of a source file.
const FILE_LINES_MAX: usize = 700;
/// Lines of a function, from its first line to its last brace.
pub const FUNCTION_LINES_MAX: usize = 100;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] =
    ["common", "commons", "helper", "helpers", "manager", "managers", "util", "utils"];
/// Folders in which nothing is ours, or nothing is source.
const SKIPPED: [&str; 10] = [
    ".git",
    "artifacts",
    "corpus",
    "data",
    "dist",
    "node_modules",
    "playwright-report",
    "screenshots",
    "target",
    "test-results",
];
/// How a generated file begins.
pub const GENERATED: &str = "// Written by tools/protocol-gen";

/// A source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the root of the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// All Rust and TypeScript files below `root`.
pub fn read(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    walk(root, root, &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, sources)?;
            }
        } else if [".rs", ".ts", ".tsx"].iter().any(|extension| name.ends_with(extension)) {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let path = relative.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

/// Everything in one file that must not be.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for part in source.path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if EMPTY_NAMES.contains(&stem) {
            let what =
                format!("`{stem}` says nothing about what is inside: name it by its subject");
            violations.push(Violation::new(&source.path, 0, what));
        }
    }
    let generated = source.text.starts_with(GENERATED);
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX && !generated {
        let what = format!("{lines} lines; split it, {FILE_LINES_MAX} are allowed");
        violations.push(Violation::new(&source.path, 0, what));
    }
    if source.path.ends_with(".rs") {
        violations.extend(rust::check(source));
    } else {
        violations.extend(typescript::check(source));
    }
    violations
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// What `check` says of a file.
    pub fn told(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_file_is_told() {
        let long = "// one line\n".repeat(701);
        let complaint = "a.rs: 701 lines; split it, 700 are allowed";
        assert_eq!(told("a.rs", &long), [complaint]);
        assert!(told("a.rs", &long[12..]).is_empty());
        assert!(told("a.ts", &format!("{GENERATED}\n{long}")).is_empty());
    }

    #[test]
    fn a_name_that_says_nothing_is_told() {
        let complaint = "`utils` says nothing about what is inside: name it by its subject";
        assert_eq!(told("server/utils/mod.rs", ""), [format!("server/utils/mod.rs: {complaint}")]);
        assert_eq!(told("server/utils.rs", ""), [format!("server/utils.rs: {complaint}")]);
        assert!(told("server/utilities_of_war.rs", "").is_empty());
    }
}
