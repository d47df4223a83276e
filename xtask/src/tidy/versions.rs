//! One version each of the crates whose second copy would cost minutes of build time or split a type in two.

use super::Finding;

const ONCE: &[&str] =
    &["bevy_ecs", "tokio", "rustls", "tonic", "prost", "quinn", "axum", "hyper", "rusqlite"];

/// Crates that must not come in at all: they need more than a C compiler, or a second crypto library.
const NEVER: &[&str] = &["aws-lc-rs", "aws-lc-sys", "openssl-sys", "protobuf-src", "alsa-sys", "libudev-sys"];

/// Reads `Cargo.lock`.
pub(super) fn check(lock: &str) -> Vec<Finding> {
    let packages: Vec<(&str, &str)> = lock
        .split("[[package]]")
        .skip(1)
        .filter_map(|entry| Some((value(entry, "name")?, value(entry, "version")?)))
        .collect();
    let versions = |name: &str| -> Vec<&str> {
        packages.iter().filter(|(found, _)| *found == name).map(|(_, version)| *version).collect()
    };
    let twice = ONCE.iter().filter_map(|name| {
        let found = versions(name);
        (found.len() > 1).then(|| {
            Finding::new(
                "Cargo.lock",
                format!("has {} versions of `{name}`: {}", found.len(), found.join(", ")),
                format!("run `cargo tree -i {name}@{}` and pin the crate that brings it", found[0]),
            )
        })
    });
    let never = NEVER.iter().filter(|name| !versions(name).is_empty()).map(|name| {
        Finding::new(
            "Cargo.lock",
            format!("has `{name}`"),
            format!("run `cargo tree -i {name}` and turn off the feature that brings it"),
        )
    });
    twice.chain(never).collect()
}

fn value<'a>(entry: &'a str, key: &str) -> Option<&'a str> {
    entry.lines().find_map(|line| {
        line.strip_prefix(key)?.trim().strip_prefix('=')?.trim().strip_prefix('"')?.strip_suffix('"')
    })
}
