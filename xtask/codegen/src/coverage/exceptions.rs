//! The one list of what is not covered, each with a reason.
//!
//! Sections in brackets; a line is `what | reason`, and in `[codes]` `code | actions | reason`, where `*` is every action
//! that lists the code and does not provoke it; such a line is stale as soon as any action provokes the code.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};

use super::Pair;

pub(super) const LIST: &str = "docs/not-covered.list";

/// The list.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    /// Actions that are not routed.
    pub(super) actions: BTreeMap<String, String>,
    pub(super) codes: Vec<Codes>,
    /// Common codes that nothing is answered with.
    pub(super) common: BTreeMap<String, String>,
    pub(super) scenarios: BTreeMap<String, String>,
    /// Folders whose tests are named after rules.
    pub(super) rule_tests: BTreeMap<String, String>,
}

/// A code that some actions list and cannot be made to answer.
#[derive(Debug)]
pub(super) struct Codes {
    pub(super) code: String,
    /// `None`: every action that lists it.
    pub(super) actions: Option<Vec<String>>,
    pub(super) reason: String,
}

pub(super) fn parse(text: &str) -> anyhow::Result<Exceptions> {
    let mut found = Exceptions::default();
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            continue;
        }
        let (what, rest) = line.split_once(" | ").with_context(|| format!("no reason: {line}"))?;
        let place = match section {
            "actions" => &mut found.actions,
            "common" => &mut found.common,
            "scenarios" => &mut found.scenarios,
            "rule-tests" => &mut found.rule_tests,
            "codes" => {
                found.codes.push(codes(what, rest).with_context(|| format!("no actions: {line}"))?);
                continue;
            }
            _ => bail!("`{LIST}` has no section `{section}`"),
        };
        for one in what.split_whitespace() {
            if place.insert(one.to_owned(), rest.to_owned()).is_some() {
                bail!("`{one}` is listed twice in `{LIST}`");
            }
        }
    }
    Ok(found)
}

fn codes(code: &str, rest: &str) -> Option<Codes> {
    let (actions, reason) = rest.split_once(" | ")?;
    let actions = (actions != "*").then(|| actions.split_whitespace().map(str::to_owned).collect());
    Some(Codes { code: code.to_owned(), actions, reason: reason.to_owned() })
}

impl Exceptions {
    /// The pairs that are listed.
    pub(super) fn pairs(&self, all: &BTreeSet<Pair>, problems: &mut Vec<String>) -> BTreeSet<Pair> {
        let mut listed = BTreeSet::new();
        for line in &self.codes {
            let pairs: Vec<Pair> = match &line.actions {
                Some(actions) => actions.iter().map(|action| (action.clone(), line.code.clone())).collect(),
                None => all.iter().filter(|(_, code)| *code == line.code).cloned().collect(),
            };
            if pairs.is_empty() {
                problems.push(format!("`{LIST}` lists `{}`, which no action lists", line.code));
            }
            for pair in pairs {
                if !listed.insert(pair.clone()) {
                    problems.push(format!("`{LIST}` lists {} of {} twice", pair.1, pair.0));
                }
            }
        }
        listed
    }
}
