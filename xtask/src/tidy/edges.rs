//! The direction of dependencies: which of our packages may use which, and what must never be reachable.
//!
//! A new edge is its own commit with a reason; this list is where it shows.

use std::collections::BTreeSet;

use super::Finding;
use super::metadata::Metadata;

/// What each of our packages may list of ours. A package that is not here is unknown and refused.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gse-core", &[]),
    ("gse-sim", &["gse-core"]),
    ("gse-api", &[]),
    ("gse-client", &["gse-api"]),
    ("gse-proto", &[]),
    ("gse-sdk", &["gse-proto"]),
    ("gse-wrap", &["gse-sdk"]),
    ("gse-store", &["gse-core"]),
    ("gse-agent", &["gse-core", "gse-proto"]),
    ("gse-server", &["gse-core", "gse-api", "gse-proto", "gse-store", "gse-agent", "gse-console"]),
    ("gse-console", &["gse-api"]),
    ("gse-cli", &["gse-core", "gse-server", "gse-agent", "gse-client", "gse-api"]),
    ("game-sim", &[]),
    ("game-net", &["game-sim"]),
    ("game-server", &["gse-sdk", "game-net", "game-sim"]),
    ("game-player", &["gse-client", "game-net", "game-sim"]),
    ("game-client", &["gse-client", "game-player", "game-net", "game-sim"]),
    ("xtask", &[]),
    ("codegen", &[]),
    ("misbehave", &["gse-proto"]),
    ("matchmaker", &["gse-client", "gse-api"]),
    ("tests", &["gse-server", "gse-client", "gse-sdk", "game-net"]),
];

/// What must not be reachable from a package, tests left out. A name that ends with `*` is a prefix.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("gse-core", &["tokio", "tonic", "axum", "serde_json", "rand", "getrandom", "tracing", "rusqlite"]),
    ("gse-sim", &["tokio", "tonic", "axum", "rand", "getrandom", "tracing", "rusqlite"]),
    ("gse-api", &["tokio", "axum", "hyper", "reqwest", "getrandom", "tracing"]),
    ("game-sim", &["tokio", "quinn", "bevy*", "rand", "getrandom", "tracing", "serde_json"]),
    ("game-net", &["tokio", "quinn", "bevy*", "rand", "getrandom", "tracing"]),
    ("gse-store", &["tokio", "axum", "tonic"]),
    ("gse-client", &["axum", "rusqlite", "tonic"]),
    ("gse-sdk", &["rusqlite", "bevy*"]),
    ("gse-wrap", &["rusqlite", "bevy*", "quinn"]),
    ("gse-server", &["bevy*", "quinn"]),
    ("gse-cli", &["bevy*", "quinn"]),
    ("game-server", &["bevy*", "rusqlite"]),
    ("game-player", &["axum", "rusqlite", "tonic", "bevy*"]),
    ("game-client", &["axum", "rusqlite", "tonic"]),
    ("matchmaker", &["rusqlite", "tonic", "bevy*", "quinn"]),
    ("xtask", &["tokio", "bevy*"]),
];

const PLACE: &str = "docs/architecture.md and xtask/src/tidy/edges.rs hold the rule";

/// Compares the manifests and the graph with the lists.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, listed) in &metadata.ours {
        let manifest = format!("package {package}");
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == package) else {
            findings.push(Finding::new(
                manifest,
                "is not in the list of packages",
                format!("decide which packages it may use; {PLACE}"),
            ));
            continue;
        };
        for other in listed.iter().filter(|other| !allowed.contains(&other.as_str())) {
            findings.push(Finding::new(
                &manifest,
                format!("uses `{other}`, which is not an allowed edge"),
                format!("remove the dependency, or add the edge in a commit of its own; {PLACE}"),
            ));
        }
    }
    for (package, forbidden) in FORBIDDEN {
        let reachable = reachable(metadata, package);
        for name in reachable.iter().filter(|name| forbidden.iter().any(|pattern| matches(pattern, name))) {
            findings.push(Finding::new(
                format!("package {package}"),
                format!("can reach `{name}`"),
                format!("run `cargo tree -p {package} -e normal,build -i {name}` and cut that path; {PLACE}"),
            ));
        }
    }
    findings
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn reachable(metadata: &Metadata, package: &str) -> BTreeSet<String> {
    let start = metadata.names.iter().filter(|(_, name)| *name == package).map(|(id, _)| id);
    let mut open: Vec<&String> = start.collect();
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(metadata.graph.get(id).into_iter().flatten());
        }
    }
    seen.into_iter()
        .filter_map(|id| metadata.names.get(id))
        .filter(|name| *name != package)
        .cloned()
        .collect()
}
