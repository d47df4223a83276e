//! Writes the Rust types of one group: structures it owns, requests, responses, and their schema.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

use super::{
    header,
    model::{Api, Direction, Items, Kind, Member, SHARED},
    schema,
};

/// Actions with hand-written rules in `gse-api/src/validate/<group>.rs`, under the action's name in snake case.
const RULED: &[&str] = &[
    "AttachCcnInstances",
    "CopyFleet",
    "CreateAlias",
    "CreateAsset",
    "CreateAssetWithImage",
    "CreateFleet",
    "CreateGameServerSession",
    "CreateGameServerSessionQueue",
    "DescribeAssets",
    "DescribeFleetEvents",
    "DescribeGameServerSessionDetails",
    "DescribeGameServerSessionQueues",
    "DescribeGameServerSessions",
    "DescribeInstances",
    "DescribePlayerSessions",
    "EndGameServerSessionAndProcess",
    "GetUploadCredentials",
    "JoinGameServerSessionBatch",
    "ListAliases",
    "ListFleets",
    "PutScalingPolicy",
    "PutTimerScalingPolicy",
    "SearchGameServerSessions",
    "StartGameServerSessionPlacement",
    "UpdateAlias",
    "UpdateBucketCORSOpt",
    "UpdateFleetAttributes",
    "UpdateFleetCapacity",
    "UpdateFleetPortSettings",
    "UpdateGameServerSessionQueue",
    "UpdateRuntimeConfiguration",
];

/// Which way a type travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

/// The source of one file: a group's name, or [`SHARED`].
pub(crate) fn file(api: &Api, home: &str) -> anyhow::Result<String> {
    let mut body = String::new();
    for (name, structure) in api.structures.iter().filter(|(name, _)| api.home(name) == home) {
        if structure.direction != Direction::Request {
            body += &item(api, name, "", &structure.members, Side::Response)?;
        }
        if structure.direction == Direction::Request || api.two_sided(name) {
            let suffix = if api.two_sided(name) { "Input" } else { "" };
            body += &item(api, name, suffix, &structure.members, Side::Request)?;
        }
        if structure.direction != Direction::Response {
            body += &schema::structure(&schema::constant(name), name, &structure.members)?;
        }
    }
    for (name, action) in api.actions.iter().filter(|(_, action)| action.group == home) {
        body += &item(api, name, "Request", &action.request.members, Side::Request)?;
        body += &item(api, name, "Response", &action.response.members, Side::Response)?;
        body += &schema::structure(
            &format!("{}_REQUEST", schema::constant(name)),
            name,
            &action.request.members,
        )?;
        body += &request_impl(name, &action.group);
    }
    let title = match home {
        SHARED => "Structures that several groups use.".to_owned(),
        group => format!("Types of the group `{group}`."),
    };
    Ok(format!("//! {title}\n{}{}{body}", header(), imports(api, home, &body)))
}

fn imports(api: &Api, home: &str, body: &str) -> String {
    const SCHEMA: [&str; 10] = [
        "Integer",
        "LengthUnit",
        "List",
        "Member",
        "Pattern",
        "SCALING_TYPE_NAMES",
        "Structure",
        "TIMER_TYPE_NAMES",
        "Text",
        "ValueType",
    ];
    let mut out = String::from("use serde::{Deserialize, Serialize};\n\n");
    if uses(body, "Action") {
        out += "use crate::{Action, Request};\n";
    }
    let schema: Vec<_> = SCHEMA.into_iter().filter(|name| uses(body, name)).collect();
    out += &format!("use crate::schema::{{{}}};\n", schema.join(", "));
    if home != SHARED {
        let mut shared = Vec::new();
        for name in api.structures.keys().filter(|name| api.home(name) == SHARED) {
            for text in [name.clone(), format!("{name}Input"), schema::constant(name)] {
                if uses(body, &text) {
                    shared.push(text);
                }
            }
        }
        if !shared.is_empty() {
            out += &format!("use super::structures::{{{}}};\n", shared.join(", "));
        }
    }
    out + "\n"
}

/// True when the code (not a comment) names `word`.
fn uses(body: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    body.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
        line.match_indices(word).any(|(at, _)| {
            !line[..at].ends_with(part)
                && !line[at + word.len()..].starts_with(part)
                && !line[..at].ends_with('"')
                && !line[..at].ends_with("::")
        })
    })
}

fn request_impl(name: &str, group: &str) -> String {
    let rules = if RULED.contains(&name) {
        format!(
            "fn rules(&self, violations: &mut crate::validate::Violations) {{ crate::validate::{}::{}(self, violations); }}",
            group.replace('-', "_"),
            snake(name)
        )
    } else {
        String::new()
    };
    format!(
        "impl Request for {name}Request {{ const ACTION: Action = Action::{name}; type Response = {name}Response; {rules} }}\n\n"
    )
}

fn item(api: &Api, name: &str, suffix: &str, members: &[Member], side: Side) -> anyhow::Result<String> {
    let what = match (suffix, side) {
        ("Request", _) => format!("What `{name}` takes."),
        ("Response", _) => format!("What `{name}` answers."),
        (_, Side::Request) => format!("`{name}` in a request."),
        (_, Side::Response) => format!("The structure `{name}`."),
    };
    let derive = "#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]";
    let serde = match side {
        Side::Request => "#[serde(rename_all = \"PascalCase\")]",
        Side::Response => "#[serde(rename_all = \"PascalCase\", default)]",
    };
    let serde = if members.is_empty() { "" } else { serde };
    let mut out = format!("/// {what}\n{derive}\n{serde}\npub struct {name}{suffix} {{");
    for member in members {
        let field = field(api, member, side).with_context(|| format!("member `{name}.{}`", member.name))?;
        out += &field;
    }
    out += "}\n\n";
    Ok(out)
}

fn field(api: &Api, member: &Member, side: Side) -> anyhow::Result<String> {
    let name = snake(&member.name);
    let mut kind = type_of(
        api,
        member.kind,
        member.format.as_deref(),
        member.reference.as_deref(),
        &member.items,
        side,
    )?;
    let mut out = format!("/// {}\n", describe(member, side));
    if pascal(&name) != member.name {
        write!(out, "#[serde(rename = {:?})]", member.name)?;
    }
    if side == Side::Request && !member.required {
        out += "#[serde(skip_serializing_if = \"Option::is_none\")]\n";
        kind = format!("Option<{kind}>");
    } else if side == Side::Response && null_when_empty(member) {
        kind = format!("Option<{kind}>");
    }
    let name = if name == "type" { "r#type".to_owned() } else { name };
    writeln!(out, "pub {name}: {kind},")?;
    Ok(out)
}

/// §4.3: what an answer writes as null when there is no value.
fn null_when_empty(member: &Member) -> bool {
    match member.kind {
        Kind::Object => member.nullable,
        Kind::String => {
            member.nullable
                && matches!(&*member.name, "TerminationTime" | "EndTime" | "PreSignedUrl" | "FleetStatus")
        }
        // A timer leaves alone what it does not name, and a 0 would name it.
        Kind::Integer => {
            member.nullable && matches!(&*member.name, "DesiredInstances" | "MaxSize" | "MinSize")
        }
        // Not measured, which 0 would deny (R64).
        Kind::Number => member.nullable && member.name == "TotalUsedFlowMegaBytes",
        Kind::List | Kind::Boolean => false,
    }
}

fn type_of(
    api: &Api,
    kind: Kind,
    format: Option<&str>,
    reference: Option<&str>,
    items: &Option<Items>,
    side: Side,
) -> anyhow::Result<String> {
    Ok(match kind {
        Kind::String => "String".into(),
        Kind::Integer if format == Some("int64") => "i64".into(),
        Kind::Integer => "u64".into(),
        Kind::Number => "f64".into(),
        Kind::Boolean => "bool".into(),
        Kind::Object => {
            let name = reference.context("an object without a structure")?;
            let suffix = if side == Side::Request && api.two_sided(name) { "Input" } else { "" };
            format!("{name}{suffix}")
        }
        Kind::List => {
            let items = items.as_ref().context("a list without items")?;
            let inner =
                type_of(api, items.kind, items.format.as_deref(), items.reference.as_deref(), &None, side)?;
            format!("Vec<{inner}>")
        }
    })
}

fn describe(member: &Member, side: Side) -> String {
    let mut parts = vec![format!("`{}`", member.name)];
    if side == Side::Request && member.required {
        parts.push("required".into());
    }
    let (min, max) = (member.number("minLength"), member.number("maxLength"));
    if let Some(max) = max {
        let unit = if member.constraints.get("lengthUnit").and_then(Value::as_str) == Some("char") {
            "characters"
        } else {
            "bytes"
        };
        parts.push(format!("{}..{max} {unit}", min.unwrap_or(0)));
    }
    match (member.number("minimum"), member.number("maximum")) {
        (Some(min), Some(max)) => parts.push(format!("{min}..{max}")),
        (Some(min), None) => parts.push(format!("at least {min}")),
        (None, Some(max)) => parts.push(format!("at most {max}")),
        (None, None) => {}
    }
    if let Some(max) = member.number("maxItems") {
        parts.push(format!("{}..{max} items", member.number("minItems").unwrap_or(0)));
    }
    if let Some(unit) = member.constraints.get("unit").and_then(Value::as_str) {
        parts.push(format!("in {unit}"));
    }
    if let Some(values) =
        member.constraints.get("enum").and_then(Value::as_array).filter(|list| list.len() < 9)
    {
        let values: Vec<_> =
            values.iter().map(|value| format!("`{}`", value.to_string().trim_matches('"'))).collect();
        parts.push(format!("one of {}", values.join(" ")));
    }
    if side == Side::Response && null_when_empty(member) {
        parts.push("`null` when there is none".into());
    }
    format!("{}.", parts.join(", "))
}

/// `GameServerSessionId` as `game_server_session_id`, `InstanceIP` as `instance_ip`, `UpdateBucketCORSOpt` as
/// `update_bucket_cors_opt`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            let after_lower = !letters[at - 1].is_ascii_uppercase();
            let before_lower = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            if after_lower || before_lower {
                out.push('_');
            }
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// What serde's `PascalCase` makes of a field name.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
