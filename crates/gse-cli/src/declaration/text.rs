//! Changes for a person, and a document as a file.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

use super::document::Document;
use super::plan::{Change, Difference};
use crate::failure::Failure;

/// All changes; `+` is made, `~` is changed.
pub(super) fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "nothing to do\n".to_owned();
    }
    let mut out = String::new();
    for change in changes {
        let _ = writeln!(out, "{}", title(change));
        for Difference { member, old, new } in &change.differences {
            let _ = match old {
                Value::Null => writeln!(out, "    {member}: {}", shown(new)),
                old => writeln!(out, "    {member}: {} -> {}", shown(old), shown(new)),
            };
        }
    }
    out
}

/// One change on a line.
pub(super) fn title(change: &Change) -> String {
    let kind = format!("{:?}", change.kind).to_lowercase();
    format!("{} {kind} {}", if change.is_new { "+" } else { "~" }, change.name)
}

/// Text without quotes, unless it is empty.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => value.to_string(),
    }
}

/// The file of a document.
pub(super) fn file(document: &Document) -> Result<String, Failure> {
    if *document == Document::default() {
        return Ok("# nothing exists yet\n".to_owned());
    }
    Ok(toml::to_string(document).context("cannot write what exists as a file")?)
}
