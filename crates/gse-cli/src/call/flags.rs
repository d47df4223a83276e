//! From flags to the request that they stand for: `--Name arena`, `--RuntimeConfiguration '{…}'`,
//! `--RuntimeConfiguration.ServerProcesses.0.LaunchPath /local/game/server`. Whether the request is right the service
//! decides; only what has no JSON form is refused here.

use std::ffi::OsString;

use anyhow::Context as _;
use gse_api::schema::{Structure, ValueType};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The flag that takes a nested member; see [`unfold`].
pub(super) const MEMBER: &str = "member";

/// Writes `--A.0.B VALUE` and `--A.0.B=VALUE` of a `call` as `--member A.0.B=VALUE`: list positions make such names
/// endless, so they cannot be flags of their own.
pub(crate) fn unfold(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.peekable();
    let mut unfolded: Vec<OsString> = arguments.next().into_iter().collect();
    let is_call = arguments.peek().is_some_and(|word| word == "call");
    while let Some(word) = arguments.next() {
        let path = word.to_str().and_then(dotted).filter(|_| is_call).map(str::to_owned);
        let Some(path) = path else {
            unfolded.push(word);
            continue;
        };
        let mut member = OsString::from(&path);
        if !path.contains('=') {
            member.push("=");
            // Without a value the service is asked for an empty text, and says what is wrong with it.
            member.push(arguments.next().unwrap_or_default());
        }
        unfolded.extend([format!("--{MEMBER}").into(), member]);
    }
    unfolded
}

/// `A.0.B` or `A.0.B=VALUE` of a word that is such a flag.
fn dotted(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("--")?;
    let path = rest.split('=').next().unwrap_or_default();
    (path.starts_with(|first: char| first.is_ascii_uppercase()) && path.contains('.')).then_some(rest)
}

/// Sets one member: `path` is a name, or names and list positions with dots between.
///
/// # Errors
/// The value of a list or a structure is not JSON, or a list position leaves a gap.
pub(super) fn set(
    request: &mut Map<String, Value>,
    schema: &Structure,
    path: &str,
    text: &str,
) -> Result<(), Failure> {
    let mut parts = path.split('.');
    let name = parts.next().unwrap_or_default();
    let kind = schema.member(name).map(|member| &member.value);
    let place = request.entry(name).or_insert(Value::Null);
    set_in(place, kind, parts, path, text)
}

fn set_in<'a>(
    place: &mut Value,
    kind: Option<&ValueType>,
    mut parts: impl Iterator<Item = &'a str>,
    path: &str,
    text: &str,
) -> Result<(), Failure> {
    let Some(part) = parts.next() else {
        let value = value(kind, path, text)?;
        // A list that is named again grows.
        match (place.as_array_mut(), value) {
            (Some(items), Value::Array(more)) => items.extend(more),
            (_, value) => *place = value,
        }
        return Ok(());
    };
    // An endless list of endless lists cannot be asked for: every part of the path is a word that somebody typed.
    let parts: &mut dyn Iterator<Item = &'a str> = &mut parts;
    if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
        let item = match kind {
            Some(ValueType::List(list)) => Some(list.item),
            _ => None,
        };
        if !place.is_array() {
            *place = Value::Array(Vec::new());
        }
        let items = place.as_array_mut().expect("it was just made one");
        let index: usize = part.parse().unwrap_or(usize::MAX);
        if index > items.len() {
            let text = format!("`{path}` leaves a gap: there are {} items before it", items.len());
            return Err(Failure::usage(text).hint("positions begin with 0, and come in their order"));
        }
        if index == items.len() {
            items.push(Value::Null);
        }
        return set_in(&mut items[index], item, parts, path, text);
    }
    let member = match kind {
        Some(ValueType::Object(structure)) => structure.member(part).map(|member| &member.value),
        _ => None,
    };
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let members = place.as_object_mut().expect("it was just made one");
    set_in(members.entry(part).or_insert(Value::Null), member, parts, path, text)
}

/// The value that a text stands for. What is no number where one is wanted stays a text: the service says so.
fn value(kind: Option<&ValueType>, path: &str, text: &str) -> Result<Value, Failure> {
    let json = || {
        let read = serde_json::from_str::<Value>(text);
        let read = read.with_context(|| format!("the value of `--{path}` is not JSON"));
        read.map_err(|error| {
            Failure::usage(error).hint("quote it for the shell, like --Tags '[{\"Key\":…}]'")
        })
    };
    Ok(match kind {
        Some(ValueType::Text(_)) => text.into(),
        Some(ValueType::Integer(_) | ValueType::Float) => {
            let number = serde_json::from_str::<Value>(text).ok().filter(Value::is_number);
            number.unwrap_or_else(|| text.into())
        }
        Some(ValueType::Boolean) => match text.to_ascii_lowercase().as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        },
        Some(ValueType::List(list)) if is_scalar(list.item) && !text.trim_start().starts_with('[') => {
            Value::Array(vec![value(Some(list.item), path, text)?])
        }
        Some(ValueType::List(_) | ValueType::Object(_)) => json()?,
        None => json().unwrap_or_else(|_| text.into()),
    })
}

/// Whether it is neither a list nor a structure.
pub(super) fn is_scalar(kind: &ValueType) -> bool {
    !matches!(kind, ValueType::List(_) | ValueType::Object(_))
}

#[cfg(test)]
mod tests;
