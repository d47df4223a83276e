//! Writes `docs/generated/api-coverage.md` and `docs/differences.md`: what this service does of the contract, counted
//! from the code and the tests, and where it cannot be what the retired service was.
//!
//! Nothing here is claimed by hand: actions come from the table of routes, error codes from rows that a test answers over
//! a socket, clients from a list that the test of clients writes and checks, scenarios from the names of tests. What is not
//! covered stands on one list with a reason (`docs/not-covered.list`), and a test here fails when the list and the
//! code disagree, in either direction.

mod differences;
mod errors;
mod exceptions;
mod labels;
mod page;
mod routes;
mod scenarios;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, ensure};

use crate::cloud_api::model::Api;
use exceptions::Exceptions;
use labels::Statements;
use routes::Route;
use scenarios::Scenario;

const SPEC: &str = "docs/spec/cloud-api.json";
const PAGE: &str = "docs/generated/api-coverage.md";
const DIFFERENCES: &str = "docs/differences.md";
/// Written by `cargo xtask interop` of who calls what; no client drives an action while it is missing.
const DRIVEN: &str = "tests/interop/driven.json";

/// An action and a code that it lists.
type Pair = (String, String);

/// Everything that the pages tell of.
struct Coverage {
    api: Api,
    routes: BTreeMap<String, Route>,
    /// What a row of the tests provokes.
    provoked: BTreeSet<Pair>,
    /// Common codes that were answered to anything.
    common_provoked: BTreeSet<String>,
    /// Clients by action.
    driven: BTreeMap<String, Vec<String>>,
    /// Statements of the spec by action.
    statements: BTreeMap<String, Statements>,
    scenarios: Vec<Scenario>,
    exceptions: Exceptions,
}

/// Brings both pages up to date and returns those that were not; with `check` nothing is written.
///
/// # Errors
/// Something that the pages are made of cannot be read or understood, or the list of exceptions is not true.
pub(crate) fn run(root: &Path, check: bool) -> anyhow::Result<Vec<PathBuf>> {
    let coverage = gather(root)?;
    let mut stale = Vec::new();
    for (name, text) in [(PAGE, page::text(&coverage)), (DIFFERENCES, differences::text(root, &coverage)?)] {
        let path = root.join(name);
        if fs::read_to_string(&path).ok().as_deref() == Some(&text) {
            continue;
        }
        if !check {
            let folder = path.parent().context("a page is in a folder")?;
            fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
            fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        stale.push(path);
    }
    // After writing: the pages show what lacks.
    let problems = coverage.problems();
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(stale)
}

fn gather(root: &Path) -> anyhow::Result<Coverage> {
    let api = Api::parse(&read(root, SPEC)?).with_context(|| format!("cannot understand `{SPEC}`"))?;
    let names: BTreeSet<&str> = api.actions.keys().map(String::as_str).collect();
    let (provoked, common_provoked) = errors::provoked(root, &names)?;
    let driven = match fs::read_to_string(root.join(DRIVEN)) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("cannot understand `{DRIVEN}`"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{DRIVEN}`")),
    };
    let exceptions = exceptions::parse(&read(root, exceptions::LIST)?)?;
    Ok(Coverage {
        routes: routes::read(root)?,
        statements: labels::statements(root, &names)?,
        scenarios: scenarios::gather(root, &exceptions.rule_tests)?,
        provoked,
        common_provoked,
        driven,
        exceptions,
        api,
    })
}

fn read(root: &Path, name: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(name)).with_context(|| format!("cannot read `{name}`"))
}

impl Coverage {
    /// The listed codes of an action that a row provokes.
    fn provoked_of(&self, action: &str) -> Vec<&str> {
        let codes = self.api.actions[action].error_codes.iter();
        codes
            .filter(|code| self.provoked.contains(&(action.to_owned(), (*code).clone())))
            .map(String::as_str)
            .collect()
    }

    /// Every pair of the contract.
    fn pairs(&self) -> BTreeSet<Pair> {
        let actions = self.api.actions.iter();
        actions
            .flat_map(|(name, action)| {
                action.error_codes.iter().map(move |code| (name.clone(), code.clone()))
            })
            .collect()
    }

    /// Where the list of exceptions and what is covered disagree.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let actions = self.api.actions.keys().cloned().collect();
        let routed = self.routes.keys().cloned().collect();
        let listed: BTreeSet<String> = self.exceptions.actions.keys().cloned().collect();
        compare("action", &actions, &routed, &listed, |name| name.clone(), &mut problems);
        let listed = self.exceptions.pairs(&self.pairs(), &mut problems);
        let pair = |(action, code): &Pair| format!("{code} of {action}");
        compare("code", &self.pairs(), &self.provoked, &listed, pair, &mut problems);
        let common = self.api.error_codes["common"].iter().cloned().collect();
        let listed = self.exceptions.common.keys().cloned().collect();
        compare("common code", &common, &self.common_provoked, &listed, |code| code.clone(), &mut problems);
        let all: BTreeSet<String> = self.scenarios.iter().map(|scenario| scenario.id.clone()).collect();
        let tested = self.scenarios.iter().filter(|scenario| !scenario.tests.is_empty());
        let tested = tested.map(|scenario| scenario.id.clone()).collect();
        let listed = self.exceptions.scenarios.keys().cloned().collect();
        compare("scenario", &all, &tested, &listed, |id| id.clone(), &mut problems);
        for name in self.driven.keys().filter(|name| !self.api.actions.contains_key(*name)) {
            problems.push(format!("`{DRIVEN}` names `{name}`, which is no action"));
        }
        problems
    }
}

/// What is neither covered nor listed, what is both, and what is listed and does not exist.
fn compare<T: Ord>(
    what: &str,
    all: &BTreeSet<T>,
    covered: &BTreeSet<T>,
    listed: &BTreeSet<T>,
    name: impl Fn(&T) -> String,
    problems: &mut Vec<String>,
) {
    let list = exceptions::LIST;
    for one in all {
        match (covered.contains(one), listed.contains(one)) {
            (false, false) => problems.push(format!(
                "{what} {} is not covered; hint: test it, or list it in `{list}` with a reason",
                name(one)
            )),
            (true, true) => problems
                .push(format!("{what} {} is covered; hint: take it off the list in `{list}`", name(one))),
            _ => {}
        }
    }
    for one in listed.difference(all) {
        problems.push(format!("{what} {} is listed in `{list}` and does not exist", name(one)));
    }
}

#[cfg(test)]
mod tests;
