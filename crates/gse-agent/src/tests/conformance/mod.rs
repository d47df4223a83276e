//! The conformance cases of server-sdk.md 9, each a test of its name: the real agent over its socket, the real control
//! plane behind it, and a scripted game server on the raw stubs. Clocks are compressed; a test waits for what happens,
//! and what must not happen too early is compared with the clock afterwards.
//!
//! Cases that need something else are tested where that is, and listed all the same: `docs/conformance.md`.

mod activation;
mod control;
mod crash;
mod ending;
mod health;
mod hostile;
mod identity;
mod log;
mod matrix;
mod peer;
mod players;
mod service;
mod sessions;
mod startup;
mod surroundings;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many cases there are.
const CASES: u32 = 58;

/// The cases that have no test, and why.
const NOT_TESTED: [(u32, &str); 0] = [];

/// Files outside this directory that hold cases, from the root of the repository.
const ELSEWHERE: [&str; 3] = [
    "crates/gse-sdk/src/tests/variants.rs",
    "crates/gse-server/src/http/tests/capi.rs",
    "tests/it/lifetime.rs",
];

const HERE: &str = "crates/gse-agent/src/tests/conformance";

fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().and_then(Path::parent).expect("the package lies two below the root")
}

/// The tests named after a case, as `file: name`.
fn tests_by_case() -> BTreeMap<u32, BTreeSet<String>> {
    let here = std::fs::read_dir(root().join(HERE)).unwrap().flatten();
    let here = here.map(|file| format!("{HERE}/{}", file.file_name().to_string_lossy()));
    let mut tests: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for file in here.chain(ELSEWHERE.map(str::to_owned)) {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let signature = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn case_");
            let Some(rest) = signature else { continue };
            assert!(lines[number - 1].ends_with("test]"), "{file}: `{line}` is not a test");
            let name = rest.split('(').next().unwrap();
            let case = name[..2].parse().unwrap_or_else(|_| panic!("{file}: `{line}` has no number"));
            tests.entry(case).or_default().insert(format!("{file}: case_{name}"));
        }
    }
    tests
}

/// The rows of the table: the case, its name, and what is said of its tests.
fn table() -> BTreeMap<u32, (String, String)> {
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let section = text.split("\n## ").next().unwrap();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = section.lines().map(cells).filter(|cells| cells.len() == 5);
    rows.filter_map(|cells| Some((cells[1].parse().ok()?, (cells[2].clone(), cells[3].clone())))).collect()
}

/// The names of the cases, from the spec.
fn names() -> BTreeMap<u32, String> {
    let text = std::fs::read_to_string(root().join("docs/spec/server-sdk.md")).unwrap();
    let section = text.split("## 9. Conformance cases").nth(1).expect("section 9");
    let named = |line: &str| {
        let (number, rest) = line.split_once(". **")?;
        let name = rest.split_once("**")?.0.trim_end_matches('.');
        Some((number.parse().ok()?, name.to_owned()))
    };
    section.lines().filter_map(named).collect()
}

#[test]
fn every_case_is_tested_or_listed_with_its_reason() {
    let (tests, table, names) = (tests_by_case(), table(), names());
    let reasons = BTreeMap::from(NOT_TESTED);
    assert_eq!(names.len(), CASES as usize, "the spec");
    assert_eq!(table.len(), CASES as usize, "the table");
    for case in 1..=CASES {
        let (name, said) = &table[&case];
        assert_eq!(*name, names[&case], "case {case}");
        match (tests.get(&case), reasons.get(&case)) {
            (Some(tests), None) => {
                let mut told = BTreeSet::new();
                for part in said.split("; ") {
                    let (file, names) =
                        part.split_once(": ").unwrap_or_else(|| panic!("case {case}: {part}"));
                    let names = names.split(", ").map(|name| format!("{file}: {name}").replace('`', ""));
                    told.extend(names);
                }
                assert_eq!(told, *tests, "case {case}: the table, and the code");
            }
            (None, Some(reason)) => assert_eq!(*said, format!("not tested: {reason}"), "case {case}"),
            (tests, reason) => panic!("case {case}: tests {tests:?}, reason {reason:?}"),
        }
    }
    let tested = tests.len();
    println!("conformance: {tested} of {CASES} cases are tested, {} are not", reasons.len());
    assert_eq!(tested + reasons.len(), CASES as usize);
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    assert!(text.contains(&format!("Tested so far: {tested} of {CASES}.")), "the count of the page");
}
