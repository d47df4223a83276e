//! Each check is shown a good and a bad example.

use std::path::Path;

use super::metadata::Metadata;
use super::{File, Finding, edges, links, manifests, sources, versions};

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

fn whats(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| finding.what).collect()
}

/// A workspace of one package with what it lists of ours, and a chain of packages that it is built from.
fn metadata(package: &str, lists: &[&str], chain: &[&str]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.ours.insert(package.to_owned(), lists.iter().map(|&name| name.to_owned()).collect());
    let ids: Vec<String> = std::iter::once(&package).chain(chain).map(|name| format!("{name}#1")).collect();
    for (id, name) in ids.iter().zip(std::iter::once(&package).chain(chain)) {
        metadata.names.insert(id.clone(), (*name).to_owned());
    }
    for pair in ids.windows(2) {
        metadata.graph.insert(pair[0].clone(), vec![pair[1].clone()]);
    }
    metadata
}

#[test]
fn an_allowed_edge_is_tidy_and_another_is_not() {
    assert_eq!(edges::check(&metadata("game-net", &["game-sim"], &[])), []);
    assert_eq!(
        whats(edges::check(&metadata("game-net", &["gse-sdk"], &[]))),
        ["uses `gse-sdk`, which is not an allowed edge"]
    );
}

#[test]
fn an_unknown_package_is_refused() {
    assert_eq!(whats(edges::check(&metadata("gse-extra", &[], &[]))), ["is not in the list of packages"]);
}

#[test]
fn what_is_forbidden_is_found_at_any_distance() {
    assert_eq!(
        whats(edges::check(&metadata("gse-core", &[], &["serde", "a", "tokio"]))),
        ["can reach `tokio`"]
    );
    assert_eq!(
        whats(edges::check(&metadata("game-server", &[], &["a", "bevy_ecs"]))),
        ["can reach `bevy_ecs`"]
    );
    assert_eq!(edges::check(&metadata("gse-core", &[], &["serde", "tokio-free"])), []);
}

#[test]
fn two_versions_and_unwanted_crates_are_found() {
    let package =
        |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
    let good = package("tokio", "1.54.0") + &package("syn", "1.0.0") + &package("syn", "2.0.0");
    assert_eq!(versions::check(&good), []);
    let bad = good + &package("tokio", "0.2.1") + &package("openssl-sys", "0.9.0");
    assert_eq!(
        whats(versions::check(&bad)),
        ["has 2 versions of `tokio`: 1.54.0, 0.2.1", "has `openssl-sys`"]
    );
}

#[test]
fn versions_belong_in_the_root() {
    let head = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n[dependencies]\n";
    let good = "serde.workspace = true\nbevy = { workspace = true, features = [\n    \"std\",\n] }\n";
    assert_eq!(manifests::check(&file("x/Cargo.toml", &format!("{head}{good}"))), []);
    for bad in [
        "serde = \"1\"\n",
        "serde = { version = \"1\", features = [] }\n",
        "gse-api = { path = \"../gse-api\" }\n",
    ] {
        let found = whats(manifests::check(&file("x/Cargo.toml", &format!("{head}{bad}"))));
        assert_eq!(found.len(), 1, "{bad}: {found:?}");
    }
    assert_eq!(
        manifests::check(&file("fuzz/Cargo.toml", "[workspace]\n[dependencies]\nserde = \"1\"\n")),
        []
    );
    let own = format!("{head}[dev-dependencies.serde]\nversion = \"1\"\n");
    assert_eq!(whats(manifests::check(&file("x/Cargo.toml", &own))), ["gives `serde` a section of its own"]);
}

#[test]
fn a_member_takes_the_lints_of_the_workspace() {
    let found = whats(manifests::check(&file("x/Cargo.toml", "[package]\nname = \"x\"\n")));
    assert_eq!(found, ["does not take the lints of the workspace"]);
}

#[test]
fn tests_run_and_do_not_panic() {
    let text =
        "#[test]\n    #[ignore = \"slow\"]\nfn a() {}\n#[should_panic]\nfn b() {}\n// #[ignore] in words\n";
    let found = sources::check(&file("src/a.rs", text));
    let files: Vec<&str> = found.iter().map(|finding| finding.file.as_str()).collect();
    assert_eq!(files, ["src/a.rs:2", "src/a.rs:4"]);
}

#[test]
fn long_files_are_split_unless_generated_or_tests() {
    let long = "x\n".repeat(601);
    assert_eq!(whats(sources::check(&file("crates/a/src/lib.rs", &long))), ["has 601 lines"]);
    for path in ["crates/a/src/generated/b.rs", "crates/a/src/b/tests.rs", "tests/it/flow.rs"] {
        assert_eq!(sources::check(&file(path, &long)), [], "{path}");
    }
}

#[test]
fn links_lead_somewhere() {
    let text = "See [a](a.md#part), [up](../README.md), [web](https://example.org) and `[code](x.md)`.\n```\n[c](y.md)\n```\n[gone](b.md)";
    let exists = |path: &Path| [Path::new("docs/a.md"), Path::new("README.md")].contains(&path);
    let found = links::check(&file("docs/index.md", text), exists);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].file, "docs/index.md:5");
    assert_eq!(found[0].what, "links to `b.md`, which is not there");
}

#[test]
fn a_link_out_of_the_root_leads_nowhere() {
    assert_eq!(links::check(&file("README.md", "[x](../secret.md)"), |_| true).len(), 1);
}
