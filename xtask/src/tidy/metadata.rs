//! What `cargo metadata` says, as far as tidy needs it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::workspace::Workspace;

/// The packages of the workspace and the graph of all packages.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// Our packages: name, and the names of ours that its manifest lists.
    pub ours: BTreeMap<String, BTreeSet<String>>,
    /// Every package: id to name.
    pub names: BTreeMap<String, String>,
    /// Every package: id to the ids that it is built from, tests left out.
    pub graph: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Raw {
    packages: Vec<RawPackage>,
    workspace_members: Vec<String>,
    resolve: RawResolve,
}

#[derive(Deserialize)]
struct RawPackage {
    id: String,
    name: String,
    dependencies: Vec<RawDependency>,
}

#[derive(Deserialize)]
struct RawDependency {
    name: String,
}

#[derive(Deserialize)]
struct RawResolve {
    nodes: Vec<RawNode>,
}

#[derive(Deserialize)]
struct RawNode {
    id: String,
    deps: Vec<RawEdge>,
}

#[derive(Deserialize)]
struct RawEdge {
    pkg: String,
    dep_kinds: Vec<RawKind>,
}

#[derive(Deserialize)]
struct RawKind {
    kind: Option<String>,
}

/// Asks cargo.
pub(super) fn read(workspace: &Workspace) -> Result<Metadata> {
    let output = workspace
        .cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("cannot start `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    parse(&output.stdout)
}

fn parse(json: &[u8]) -> Result<Metadata> {
    let raw: Raw =
        serde_json::from_slice(json).context("`cargo metadata` answered something else than expected")?;
    let members: BTreeSet<&str> = raw.workspace_members.iter().map(String::as_str).collect();
    let ours: BTreeSet<&str> = raw
        .packages
        .iter()
        .filter(|package| members.contains(&*package.id))
        .map(|package| &*package.name)
        .collect();
    let mut metadata = Metadata::default();
    for package in &raw.packages {
        metadata.names.insert(package.id.clone(), package.name.clone());
        if members.contains(&*package.id) {
            let listed = package.dependencies.iter().map(|dependency| &dependency.name);
            let listed = listed.filter(|name| ours.contains(name.as_str())).cloned().collect();
            metadata.ours.insert(package.name.clone(), listed);
        }
    }
    for node in raw.resolve.nodes {
        let built_from = node
            .deps
            .into_iter()
            .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev")))
            .map(|edge| edge.pkg)
            .collect();
        metadata.graph.insert(node.id, built_from);
    }
    Ok(metadata)
}
