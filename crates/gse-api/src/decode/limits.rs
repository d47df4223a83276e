//! Step 17 of §1.9: values against the limits of the schema.

use serde_json::{Map, Value};

use super::walk::join;
use crate::{
    schema::{Integer, LengthUnit, List, Pattern, Structure, Text, ValueType},
    validate::{Violation, ipv4_cidr},
};

/// The first violation in ascending name order, depth first.
pub(super) fn first(schema: &Structure, members: &Map<String, Value>) -> Option<Violation> {
    object(schema, members, "").err()
}

fn object(schema: &Structure, members: &Map<String, Value>, path: &str) -> Result<(), Violation> {
    for member in schema.members {
        if let Some(value) = members.get(member.name) {
            one(&member.value, value, member.required, &join(path, member.name))?;
        }
    }
    Ok(())
}

fn one(kind: &ValueType, value: &Value, required: bool, path: &str) -> Result<(), Violation> {
    match (kind, value) {
        (ValueType::Text(limits), Value::String(value)) => text(limits, value, required, path),
        (ValueType::Integer(limits), value) => integer(limits, value, path),
        (ValueType::List(limits), Value::Array(items)) => list(limits, items, path),
        (ValueType::Object(schema), Value::Object(members)) => object(schema, members, path),
        _ => Ok(()),
    }
}

fn text(limits: &Text, value: &str, required: bool, path: &str) -> Result<(), Violation> {
    let refuse = |expected: String| Err(Violation::value(path, value, &expected));
    if value.contains('\0') {
        return refuse("Expected a text without U+0000.".into());
    }
    if value.is_empty() && required && !limits.may_be_empty {
        return refuse("Expected a text that is not empty.".into());
    }
    let (length, unit) = match limits.unit {
        LengthUnit::Bytes => (value.len(), "bytes"),
        LengthUnit::Characters => (value.chars().count(), "characters"),
    };
    let max = limits.max_length.unwrap_or(usize::MAX);
    if length < limits.min_length || length > max {
        let range = match limits.max_length {
            Some(max) => format!("{}..{max}", limits.min_length),
            None => format!("at least {}", limits.min_length),
        };
        return refuse(format!("Expected {range} {unit}, found {length}."));
    }
    if !limits.one_of.is_empty() && !limits.one_of.contains(&value) {
        return refuse(format!("Expected one of `{}`.", limits.one_of.join("`, `")));
    }
    match limits.pattern {
        Some(pattern) if !matches(pattern, value) => refuse(format!("Expected {}.", describe(pattern))),
        _ => Ok(()),
    }
}

fn matches(pattern: Pattern, value: &str) -> bool {
    let made_of = |others: &[u8]| {
        !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    match pattern {
        Pattern::ImageSize => ["KB", "MB", "GB"].iter().any(|unit| {
            value
                .strip_suffix(unit)
                .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        }),
        Pattern::LettersDigitsHyphens => made_of(b"-"),
        Pattern::LettersDigitsPunctuation => made_of(b"_.-"),
        Pattern::Ipv4Cidr => ipv4_cidr(value),
    }
}

fn describe(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::ImageSize => "digits followed by `KB`, `MB` or `GB`",
        Pattern::LettersDigitsHyphens => "only letters, digits and `-`",
        Pattern::LettersDigitsPunctuation => "only letters, digits, `_`, `.` and `-`",
        Pattern::Ipv4Cidr => "an IPv4 range like `0.0.0.0/0`",
    }
}

fn integer(limits: &Integer, value: &Value, path: &str) -> Result<(), Violation> {
    // uint64 values above the int64 range are above every documented maximum.
    let number = value.as_i64().unwrap_or(i64::MAX);
    let refuse = |expected: String| Err(Violation::value(path, &value.to_string(), &expected));
    if limits.minimum.is_some_and(|min| number < min) || limits.maximum.is_some_and(|max| number > max) {
        return refuse(match (limits.minimum, limits.maximum) {
            (Some(min), Some(max)) => format!("Expected {min}..{max}."),
            (Some(min), None) => format!("Expected at least {min}."),
            (None, Some(max)) => format!("Expected at most {max}."),
            (None, None) => String::new(),
        });
    }
    if !limits.one_of.is_empty() && !limits.one_of.contains(&number) {
        let values: Vec<_> = limits.one_of.iter().map(ToString::to_string).collect();
        return refuse(format!("Expected one of `{}`.", values.join("`, `")));
    }
    Ok(())
}

fn list(limits: &List, items: &[Value], path: &str) -> Result<(), Violation> {
    let max = limits.max_items.unwrap_or(usize::MAX);
    if items.len() < limits.min_items || items.len() > max {
        let range = match limits.max_items {
            Some(max) => format!("{}..{max}", limits.min_items),
            None => format!("at least {}", limits.min_items),
        };
        // An item with members may have secret ones.
        let is_plain = items.iter().all(|item| !item.is_object());
        let value = if is_plain { Value::from(items.to_vec()).to_string() } else { "[…]".to_owned() };
        return Err(Violation::value(
            path,
            &value,
            &format!("Expected {range} items, found {}.", items.len()),
        ));
    }
    let mut items = items.iter().enumerate();
    // An empty item says nothing, so it is refused like an empty required member.
    items.try_for_each(|(at, item)| one(limits.item, item, true, &join(path, &at.to_string())))
}
