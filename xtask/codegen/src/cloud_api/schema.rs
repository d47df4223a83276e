//! Writes the static schema of requests: what the decoder and the validator of gse-api walk.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::model::{Kind, Member};

/// One `Structure` constant; `name` is the wire name, `members` may come in any order.
pub(crate) fn structure(constant: &str, name: &str, members: &[Member]) -> anyhow::Result<String> {
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut out = format!(
        "/// What a request may say as `{name}`.\npub static {constant}: Structure = Structure {{ name: {name:?}, members: &["
    );
    for member in members {
        let value = value(member).with_context(|| format!("member `{name}.{}`", member.name))?;
        write!(out, "Member {{ name: {:?}, required: {}, value: {value} }},", member.name, member.required)?;
    }
    out += "] };\n\n";
    Ok(out)
}

/// The constant that holds a structure's schema.
pub(crate) fn constant(name: &str) -> String {
    super::types::snake(name).to_uppercase()
}

fn value(member: &Member) -> anyhow::Result<String> {
    let constraints = &member.constraints;
    Ok(match member.kind {
        Kind::List => {
            let items = member.items.as_ref().context("a list without items")?;
            let none = serde_json::Map::new();
            let limits = constraints.get("items").and_then(Value::as_object).unwrap_or(&none);
            let item =
                scalar(items.kind, items.format.as_deref(), items.reference.as_deref(), limits, false)?;
            format!(
                "ValueType::List(List {{ min_items: {}, max_items: {}, item: &{item} }})",
                member.number("minItems").unwrap_or(0),
                option(member.number("maxItems")),
            )
        }
        kind => {
            let absent = !member.required && empty_is_absent(member);
            scalar(kind, member.format.as_deref(), member.reference.as_deref(), constraints, absent)?
        }
    })
}

/// §1.4: the empty string for an optional id, enum, token or timestamp says the same as its absence.
fn empty_is_absent(member: &Member) -> bool {
    member.kind == Kind::String
        && (member.name.ends_with("Id")
            || member.name.ends_with("Token")
            || member.name.ends_with("Time")
            || member.name == "EventCode"
            || member.format.is_some()
            || member.constraints.contains_key("enum"))
}

fn scalar(
    kind: Kind,
    format: Option<&str>,
    reference: Option<&str>,
    limits: &serde_json::Map<String, Value>,
    empty_is_absent: bool,
) -> anyhow::Result<String> {
    Ok(match kind {
        Kind::String => text(limits, empty_is_absent)?,
        Kind::Integer => integer(format, limits)?,
        Kind::Number => "ValueType::Float".into(),
        Kind::Boolean => "ValueType::Boolean".into(),
        Kind::Object => {
            let name = reference.context("an object without a structure")?;
            format!("ValueType::Object(&{})", constant(name))
        }
        Kind::List => bail!("a list of lists"),
    })
}

fn text(limits: &serde_json::Map<String, Value>, empty_is_absent: bool) -> anyhow::Result<String> {
    let mut fields = Vec::new();
    let number = |key: &str| limits.get(key).and_then(Value::as_i64);
    if let Some(min) = number("minLength").filter(|min| *min > 0) {
        fields.push(format!("min_length: {min}"));
    }
    if limits.contains_key("minLength") && number("minLength") == Some(0) {
        fields.push("may_be_empty: true".into());
    }
    if let Some(max) = number("maxLength") {
        fields.push(format!("max_length: Some({max})"));
    }
    match limits.get("lengthUnit").and_then(Value::as_str) {
        Some("char") => fields.push("unit: LengthUnit::Characters".into()),
        // §4.4: what is documented in "ASCII characters" costs its byte length.
        Some("ascii" | "byte") | None => {}
        Some(unit) => bail!("unknown length unit `{unit}`"),
    }
    if let Some(values) = limits.get("enum").and_then(Value::as_array) {
        let values: Vec<_> =
            values.iter().filter_map(Value::as_str).map(|value| format!("{value:?}")).collect();
        fields.push(format!("one_of: &[{}]", values.join(", ")));
    }
    let pattern = limits.get("pattern").or_else(|| limits.get("format")).and_then(Value::as_str);
    if let Some(pattern) = pattern {
        let name = match pattern {
            "^[0-9]+(KB|MB|GB)$" => "ImageSize",
            "^[a-zA-Z0-9-]+$" | "^[A-Za-z0-9-]+$" => "LettersDigitsHyphens",
            "^[a-zA-Z0-9_.-]+$" => "LettersDigitsPunctuation",
            "ipv4-cidr" => "Ipv4Cidr",
            pattern => bail!("unknown pattern `{pattern}`"),
        };
        fields.push(format!("pattern: Some(Pattern::{name})"));
    }
    if empty_is_absent {
        fields.push("empty_is_absent: true".into());
    }
    Ok(if fields.is_empty() {
        "ValueType::Text(Text::ANY)".into()
    } else {
        format!("ValueType::Text(Text {{ {}, ..Text::ANY }})", fields.join(", "))
    })
}

fn integer(format: Option<&str>, limits: &serde_json::Map<String, Value>) -> anyhow::Result<String> {
    let any = match format {
        Some("int64") => "Integer::INT64",
        Some("uint64") => "Integer::UINT64",
        other => bail!("unknown integer format `{other:?}`"),
    };
    let mut fields = Vec::new();
    for key in ["minimum", "maximum"] {
        if let Some(value) = limits.get(key).and_then(Value::as_i64) {
            fields.push(format!("{key}: Some({value})"));
        }
    }
    if let Some(values) = limits.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        fields.push(format!("one_of: &[{}]", values.join(", ")));
    }
    // C04: the symbolic names that vendor samples send.
    match limits.get("enumExample").and_then(|examples| examples.get(0)).and_then(Value::as_str) {
        Some("TimerTypeDay") => fields.push("names: TIMER_TYPE_NAMES".into()),
        Some("ScalingTypeAuto") => fields.push("names: SCALING_TYPE_NAMES".into()),
        _ => {}
    }
    Ok(if fields.is_empty() {
        format!("ValueType::Integer({any})")
    } else {
        format!("ValueType::Integer(Integer {{ {}, ..{any} }})", fields.join(", "))
    })
}

fn option(value: Option<i64>) -> String {
    value.map_or_else(|| "None".into(), |value| format!("Some({value})"))
}
