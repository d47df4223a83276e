//! The acceptance scenarios of operations.md 13 and the tests that bear their numbers.
//!
//! A test covers a scenario when its name begins with the number: `s12_…`, `w3_…`, `s12_s15_…`. The rules of scaling have
//! numbers too (S-12): where both exist, a test below the paths on the list's `[rule-tests]` is named after the rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::read;

const SPEC: &str = "docs/spec/operations.md";
/// Where tests are.
const FOLDERS: [&str; 5] = ["crates", "tests", "xtask", "game-server", "game-client"];

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    /// `S07` or `W3`.
    pub(super) id: String,
    pub(super) title: String,
    /// The names of its tests, each with its file.
    pub(super) tests: Vec<String>,
}

pub(super) fn gather(root: &Path, rule_tests: &BTreeMap<String, String>) -> anyhow::Result<Vec<Scenario>> {
    let spec = read(root, SPEC)?;
    let mut scenarios = named(&spec);
    let rules: Vec<String> = rules(&spec).collect();
    for folder in FOLDERS {
        walk(root, &root.join(folder), &mut |path, text| {
            let of_rules = rule_tests.keys().any(|folder| path.starts_with(folder.as_str()));
            for name in tests(text) {
                for part in name.split('_') {
                    let id = part.to_ascii_uppercase();
                    let Some(scenario) = scenarios.iter_mut().find(|scenario| scenario.id == id) else {
                        break;
                    };
                    if of_rules && rules.contains(&id) {
                        break;
                    }
                    scenario.tests.push(format!("`{name}` ({path})"));
                }
            }
        })?;
    }
    for scenario in &mut scenarios {
        scenario.tests.sort();
    }
    Ok(scenarios)
}

/// `### 13.3 Walkthrough W3 — autoscaling` and `- **S01 bad zip.** …`.
fn named(spec: &str) -> Vec<Scenario> {
    let lines = spec.lines().skip_while(|line| !line.starts_with("## 13.")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("## "));
    let scenario = |id: &str, title: &str| Scenario {
        id: id.to_owned(),
        title: title.trim_end_matches('.').to_owned(),
        tests: Vec::new(),
    };
    lines
        .filter_map(|line| {
            if let Some((_, walkthrough)) = line.split_once(" Walkthrough ") {
                return walkthrough.split_once(" — ").map(|(id, title)| scenario(id, title));
            }
            let (id, rest) = line.strip_prefix("- **")?.split_once(' ')?;
            Some(scenario(id, rest.split_once("**")?.0))
        })
        .collect()
}

/// The numbers of the rules of scaling, written as those of scenarios are.
fn rules(spec: &str) -> impl Iterator<Item = String> {
    let ids = spec.lines().filter_map(|line| line.strip_prefix("- S-")?.split(' ').next());
    ids.map(|number| format!("S{number}"))
}

/// The names of the test functions of a file.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim_start();
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
            return None;
        }
        if line.starts_with("//") {
            return None;
        }
        let name = line.split_once("fn ").filter(|_| is_test).map(|(_, rest)| rest.split('(').next());
        is_test = false;
        name.flatten()
    })
}

fn walk(root: &Path, folder: &Path, visit: &mut impl FnMut(&str, &str)) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                walk(root, &path, visit)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            visit(&path.strip_prefix(root).unwrap_or(&path).display().to_string(), &text);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod unit {
    use super::*;

    #[test]
    fn scenarios_and_tests_are_found_by_their_names() {
        let spec = "## 13. Acceptance scenarios\n### 13.2 Walkthrough W2 — update\n- **S01 bad zip.** Given\n## 14. Next\n- **S02 no.** x\n";
        let found = named(spec);
        let ids: Vec<_> = found.iter().map(|scenario| (&*scenario.id, &*scenario.title)).collect();
        assert_eq!(ids, [("W2", "update"), ("S01", "bad zip")]);
        assert_eq!(rules("- S-24 one\n- G-4 two\n").collect::<Vec<_>>(), ["S24"]);
        let source = "#[tokio::test]\n/// S01\nasync fn s01_bad() {}\nfn s02_helper() {}\n#[test]\n#[cfg(unix)]\nfn w2_x() {}\n";
        assert_eq!(tests(source).collect::<Vec<_>>(), ["s01_bad", "w2_x"]);
    }
}
