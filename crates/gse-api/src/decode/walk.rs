//! The walks over a body before its values are looked at: unknown members, absence, types, required members.
//! Members come in ascending name order (that of the schema), depth first, as §1.9 says.

use serde_json::{Map, Value};

use crate::near::nearest;
use crate::{
    ApiError,
    schema::{Integer, Structure, ValueType},
};

type Members = Map<String, Value>;

/// `Parent.Member`, or `Member` at the top.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Step 14. Values of the wrong type are passed over here.
pub(super) fn unknown(schema: &Structure, members: &Members, path: &str) -> Result<(), ApiError> {
    // Sorted here: whether serde_json keeps names sorted depends on features that other crates may switch on.
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        let Some(member) = schema.member(name) else {
            let near = nearest(name, schema.members.iter().map(|member| member.name));
            return Err(ApiError::unknown(&join(path, name), near.map(|near| join(path, near)).as_deref()));
        };
        unknown_inside(&member.value, value, &join(path, name))?;
    }
    Ok(())
}

fn unknown_inside(kind: &ValueType, value: &Value, path: &str) -> Result<(), ApiError> {
    match (kind, value) {
        (ValueType::Object(schema), Value::Object(members)) => unknown(schema, members, path),
        (ValueType::List(list), Value::Array(items)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(at, item)| unknown_inside(list.item, item, &join(path, &at.to_string())))
        }
        _ => Ok(()),
    }
}

/// §1.4: null is absent at every depth, and so is an empty optional id, enum, token or time.
pub(super) fn absent(schema: &Structure, members: &mut Members) {
    members.retain(|name, value| match (schema.member(name).map(|member| &member.value), value) {
        (_, Value::Null) => false,
        (Some(ValueType::Text(limits)), Value::String(text)) => !(limits.empty_is_absent && text.is_empty()),
        _ => true,
    });
    for (name, value) in members {
        if let Some(member) = schema.member(name) {
            absent_inside(&member.value, value);
        }
    }
}

fn absent_inside(kind: &ValueType, value: &mut Value) {
    match (kind, value) {
        (ValueType::Object(schema), Value::Object(members)) => absent(schema, members),
        (ValueType::List(list), Value::Array(items)) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(|item| absent_inside(list.item, item));
        }
        _ => {}
    }
}

/// Step 15. Symbolic names of integers become their numbers (C04).
pub(super) fn types(schema: &Structure, members: &mut Members, path: &str) -> Result<(), ApiError> {
    for member in schema.members {
        if let Some(value) = members.get_mut(member.name) {
            type_of(&member.value, value, &join(path, member.name))?;
        }
    }
    Ok(())
}

fn type_of(kind: &ValueType, value: &mut Value, path: &str) -> Result<(), ApiError> {
    if let (ValueType::Integer(integer), Value::String(name)) = (kind, &*value)
        && let Some((_, number)) = integer.names.iter().find(|(known, _)| known == name)
    {
        *value = (*number).into();
    }
    let expected = match (kind, value) {
        (ValueType::Text(_), Value::String(_)) | (ValueType::Boolean, Value::Bool(_)) => return Ok(()),
        (ValueType::Float, Value::Number(number)) if number.as_f64().is_some_and(f64::is_finite) => {
            return Ok(());
        }
        (ValueType::Integer(Integer { signed: true, .. }), value) if value.is_i64() => return Ok(()),
        (ValueType::Integer(Integer { signed: false, .. }), value) if value.is_u64() => return Ok(()),
        (ValueType::Object(schema), Value::Object(members)) => return types(schema, members, path),
        (ValueType::List(list), Value::Array(items)) => {
            let mut items = items.iter_mut().enumerate();
            return items.try_for_each(|(at, item)| type_of(list.item, item, &join(path, &at.to_string())));
        }
        (kind, _) => name(kind),
    };
    Err(ApiError::wrong_type(path, expected))
}

fn name(kind: &ValueType) -> &'static str {
    match kind {
        ValueType::Text(_) => "a string",
        ValueType::Integer(Integer { signed: true, .. }) => "an integer (int64)",
        ValueType::Integer(Integer { signed: false, .. }) => "a non-negative integer (uint64)",
        ValueType::Float => "a number",
        ValueType::Boolean => "`true` or `false`",
        ValueType::List(_) => "a list",
        ValueType::Object(_) => "an object",
    }
}

/// Step 16, for members that the schema calls required.
pub(super) fn required(schema: &Structure, members: &Members, path: &str) -> Result<(), ApiError> {
    for member in schema.members {
        let path = join(path, member.name);
        match members.get(member.name) {
            None if member.required => return Err(ApiError::missing(&path)),
            None => {}
            Some(value) => required_inside(&member.value, value, &path)?,
        }
    }
    Ok(())
}

fn required_inside(kind: &ValueType, value: &Value, path: &str) -> Result<(), ApiError> {
    match (kind, value) {
        (ValueType::Object(schema), Value::Object(members)) => required(schema, members, path),
        (ValueType::List(list), Value::Array(items)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(at, item)| required_inside(list.item, item, &join(path, &at.to_string())))
        }
        _ => Ok(()),
    }
}
