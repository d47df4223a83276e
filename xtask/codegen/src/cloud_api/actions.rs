//! Writes the list of actions and the list of error codes.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{header, model::Api, schema};

/// `generated/action.rs`.
pub(crate) fn file(api: &Api) -> String {
    let count = api.actions.len();
    let mut out = format!("//! Every action of the API, and what the spec says about each.\n{}", header());
    out += "use crate::{ErrorCode, schema::Structure};\n\n";
    out += "/// An action of the cloud API.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Action {";
    for name in api.actions.keys() {
        write!(out, "/// `{name}`.\n{name},").expect("a string takes everything");
    }
    out += "}\n\n";
    out += &groups(api);
    out += "impl Action {\n";
    let all: Vec<_> = api.actions.keys().map(|name| format!("Self::{name}")).collect();
    out += &format!("/// All actions, by name.\npub const ALL: [Self; {count}] = [{}];\n\n", all.join(", "));
    out += "/// The name on the wire.\npub fn name(self) -> &'static str { match self {";
    for name in api.actions.keys() {
        out += &format!("Self::{name} => {name:?},");
    }
    out += "} }\n\n/// The action of that exact name; letters' case counts.\npub fn parse(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|action| action.name() == name) }\n\n";
    out += "/// The group that the spec puts it in.\npub fn group(self) -> Group { match self {";
    for (group, _) in by_group(api) {
        let names: Vec<_> = api
            .actions
            .iter()
            .filter(|(_, action)| action.group == group)
            .map(|(name, _)| format!("Self::{name}"))
            .collect();
        out += &format!("{} => Group::{},", names.join(" | "), variant(&group));
    }
    out += "} }\n\n/// The codes that the vendor lists for it; gateway codes may accompany any action.\npub fn error_codes(self) -> &'static [ErrorCode] { match self {";
    for (name, action) in &api.actions {
        let codes: Vec<_> =
            action.error_codes.iter().map(|code| format!("ErrorCode::{}", variant(code))).collect();
        out += &format!("Self::{name} => &[{}],", codes.join(", "));
    }
    out += "} }\n\n/// Requests per second and account that the vendor allowed.\npub fn rate_limit_per_second(self) -> u32 { match self {";
    let other: Vec<_> = api
        .actions
        .iter()
        .filter(|(_, action)| action.rate_limit.is_some_and(|limit| limit != api.default_rate_limit))
        .collect();
    for (name, action) in other {
        out += &format!("Self::{name} => {},", action.rate_limit.unwrap_or(api.default_rate_limit));
    }
    out += &format!("_ => {},", api.default_rate_limit);
    out += "} }\n\n/// What its request may hold.\npub fn request_schema(self) -> &'static Structure { match self {";
    for (name, action) in &api.actions {
        out += &format!(
            "Self::{name} => &super::{}::{}_REQUEST,",
            action.group.replace('-', "_"),
            schema::constant(name)
        );
    }
    out += "} }\n}\n\n";
    let regions: Vec<_> = api.regions.iter().map(|region| format!("{region:?}")).collect();
    out += &format!(
        "/// The regions that the product's texts name (§1.12).\npub const REGIONS: [&str; {}] = [{}];\n",
        regions.len(),
        regions.join(", ")
    );
    out
}

fn groups(api: &Api) -> String {
    let mut out = String::from(
        "/// A group of actions; one file of types, routes and conversions each.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Group {",
    );
    for (group, name) in by_group(api) {
        out += &format!("/// `{group}`.\n{name},");
    }
    out += "}\n\nimpl Group {\n/// The name in the spec.\npub fn name(self) -> &'static str { match self {";
    for (group, name) in by_group(api) {
        out += &format!("Self::{name} => {group:?},");
    }
    out += "} }\n}\n\n";
    out
}

fn by_group(api: &Api) -> Vec<(String, String)> {
    let groups: BTreeSet<_> = api.actions.values().map(|action| action.group.clone()).collect();
    groups.into_iter().map(|group| (group.clone(), variant(&group))).collect()
}

/// `generated/error_code.rs`.
pub(crate) fn error_codes(api: &Api) -> String {
    let mut codes: BTreeSet<&str> = api.error_codes.values().flatten().map(String::as_str).collect();
    codes.extend(api.actions.values().flat_map(|action| &action.error_codes).map(String::as_str));
    let mut out = format!("//! Every error code of the API.\n{}", header());
    out += "/// An error code. Subcodes are part of the text: clients match all of it.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum ErrorCode {";
    for code in &codes {
        out += &format!("/// `{code}`.\n{},", variant(code));
    }
    let all: Vec<_> = codes.iter().map(|code| format!("Self::{}", variant(code))).collect();
    out += &format!(
        "}}\n\nimpl ErrorCode {{\n/// All codes, by text.\npub const ALL: [Self; {}] = [{}];\n\n",
        codes.len(),
        all.join(", ")
    );
    out += "/// The text on the wire.\npub fn as_str(self) -> &'static str { match self {";
    for code in &codes {
        out += &format!("Self::{} => {code:?},", variant(code));
    }
    out += "} }\n\n/// The code of that exact text.\npub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|code| code.as_str() == text) }\n}\n";
    out
}

/// `game-server-session` as `GameServerSession`, `LimitExceeded.FleetLimitExceeded` without its dot.
fn variant(text: &str) -> String {
    let words = text.split(['-', '.', '_']);
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::types::snake, variant};

    #[test]
    fn names_follow_rust() {
        assert_eq!(variant("AuthFailure.MFAFailure"), "AuthFailureMFAFailure");
        assert_eq!(variant("player-session"), "PlayerSession");
        for (wire, rust) in [
            ("InstanceIP", "instance_ip"),
            ("UpdateBucketCORSOpt", "update_bucket_cors_opt"),
            ("GameServerSessionId", "game_server_session_id"),
            ("Type", "type"),
        ] {
            assert_eq!(snake(wire), rust);
        }
    }
}
