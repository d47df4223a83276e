//! Manifests of members: versions come from the root, and so do the lints.

use super::{File, Finding};

/// Manifests that are no member: the root's own is the list of versions, and `fuzz/` is a workspace by itself.
const ROOTS: &[&str] = &["Cargo.toml", "fuzz/Cargo.toml"];

/// Checks one manifest.
pub(super) fn check(file: &File) -> Vec<Finding> {
    if ROOTS.contains(&&*file.path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut section = "";
    let mut lints = false;
    for line in file.text.lines() {
        if let Some(header) = line.trim_end().strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((_, name)) = section.split_once("dependencies.") {
                findings.push(Finding::new(
                    &file.path,
                    format!("gives `{name}` a section of its own"),
                    format!("write `{name}.workspace = true`, with features in the same line"),
                ));
            }
            continue;
        }
        // Continuation lines of a list are indented or close it; entries begin at the margin.
        let entry = line.starts_with(|first: char| first.is_ascii_alphanumeric());
        if entry && section == "lints" && line.replace(' ', "") == "workspace=true" {
            lints = true;
        }
        if entry && section.ends_with("dependencies") && !line.replace(' ', "").contains("workspace=true") {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            findings.push(Finding::new(
                &file.path,
                format!("says more about `{name}` than that the workspace has it"),
                format!("put version and path in the root `Cargo.toml` and write `{name}.workspace = true`"),
            ));
        }
    }
    if !lints {
        findings.push(Finding::new(
            &file.path,
            "does not take the lints of the workspace",
            "add `[lints]` with `workspace = true`",
        ));
    }
    findings
}
