//! Rust sources: no tests that are switched off or expected to panic, and files that a reader can hold.

use super::{File, Finding};

/// A file longer than this is two files. The aim is 100 to 400.
const LINES: usize = 600;

/// Files that may be longer, each with a reason. Empty is the goal.
const LONG: &[&str] = &[];

/// Attributes that no test has.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("#[ignore", "a test that does not run is deleted or repaired"),
    ("#[should_panic", "compare an error instead; what panics is a bug"),
];

/// Checks one source file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for (attribute, hint) in ATTRIBUTES {
            if line.trim_start().starts_with(attribute) {
                findings.push(Finding::new(
                    format!("{}:{}", file.path, number + 1),
                    format!("has `{attribute}]`"),
                    *hint,
                ));
            }
        }
    }
    let lines = file.text.lines().count();
    if lines > LINES
        && !is_test(&file.path)
        && !file.path.contains("/generated/")
        && !LONG.contains(&&*file.path)
    {
        findings.push(Finding::new(
            &file.path,
            format!("has {lines} lines"),
            format!("split it by concept below {LINES} lines"),
        ));
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}
