//! Rules that several groups share: tags, filters, ports, address ranges, resource names.

use super::Violations;
use crate::types::{Filter, Tag};

/// §4.5: keys are unique per resource.
pub(super) fn tags(tags: Option<&Vec<Tag>>, violations: &mut Violations) {
    let tags = tags.map(Vec::as_slice).unwrap_or_default();
    unique(tags.iter().map(|tag| tag.key.as_str()), violations, |at| format!("Tags.{at}.Key"));
}

/// Reports the first value that was there before.
pub(super) fn unique<'a>(
    values: impl Iterator<Item = &'a str>,
    violations: &mut Violations,
    path: impl Fn(usize) -> String,
) {
    let mut seen = std::collections::BTreeSet::new();
    for (at, value) in values.enumerate() {
        if !seen.insert(value) {
            violations.value(&path(at), value, "Expected each value only once.");
        }
    }
}

/// §6.3; `allowed` are the keys of the action with the most values each takes.
pub(super) fn filters(filters: Option<&Vec<Filter>>, allowed: &[(&str, usize)], violations: &mut Violations) {
    for (at, filter) in filters.into_iter().flatten().enumerate() {
        let path = format!("Filters.{at}");
        let Some(key) = &filter.key else {
            violations.incomplete(&format!("{path}.Key"), "a filter has a key");
            continue;
        };
        let Some((_, most)) = allowed.iter().find(|(known, _)| known == key) else {
            let names: Vec<_> = allowed.iter().map(|(name, _)| format!("`{name}`")).collect();
            violations.value(&format!("{path}.Key"), key, &format!("Expected one of {}.", names.join(", ")));
            continue;
        };
        let values = filter.values.as_deref().unwrap_or_default();
        let least = usize::from(key.starts_with("resource:"));
        if values.len() > *most || values.len() < least {
            let expected = match most {
                1 => "Expected exactly one value.".to_owned(),
                most => format!("Expected {least}..{most} values."),
            };
            violations.value(&format!("{path}.Values"), format!("{values:?}"), &expected);
        }
        for (number, value) in values.iter().enumerate() {
            if key == "tag:key-value" && !value.contains(':') {
                violations.value(&format!("{path}.Values.{number}"), value, "Expected `key:value`.");
            }
        }
    }
}

/// As many values as anybody could have tags of interest; the spec names no limit.
pub(super) const MANY: usize = 1000;

/// C15: `a.b.c.d/n`; the bits behind the prefix may be set, and the text is kept as it is.
pub(crate) fn ipv4_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<std::net::Ipv4Addr>().is_ok()
            && !prefix.is_empty()
            && prefix.bytes().all(|byte| byte.is_ascii_digit())
            && (prefix.len() == 1 || !prefix.starts_with('0'))
            && prefix.parse::<u8>().is_ok_and(|bits| bits <= 32)
    })
}

/// §1.12: the regions of the product; the engine decides which of them are enabled.
pub(super) fn region(path: &str, value: &str, violations: &mut Violations) {
    // Operators may add names, so only the form is checked here.
    let form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !value.contains('-') || value.len() > 64 || !value.bytes().all(form) {
        violations.value(path, value, "Expected the name of a region, like `ap-shanghai`.");
    }
}

/// §4.1: `qcs::gse:<region>:uin/<uin>:<type>/<id>`; whose account it is only the engine knows.
pub(super) fn arn(path: &str, value: &str, kinds: &[&str], violations: &mut Violations) {
    let right = value.strip_prefix("qcs::gse:").is_some_and(|rest| {
        let parts: Vec<&str> = rest.splitn(3, ':').collect();
        let [region, account, resource] = parts.as_slice() else { return false };
        !region.is_empty()
            && account.strip_prefix("uin/").is_some_and(|uin| uin.bytes().all(|byte| byte.is_ascii_digit()))
            && resource.split_once('/').is_some_and(|(kind, id)| kinds.contains(&kind) && !id.is_empty())
    });
    if !right {
        let expected = format!("Expected `qcs::gse:<region>:uin/<uin>:<{}>/<id>`.", kinds.join("|"));
        violations.value(path, value, &expected);
    }
}
