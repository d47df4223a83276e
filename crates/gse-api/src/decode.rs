//! From the bytes of a JSON body to a checked request, in the order of §1.9, steps 13 to 17.
//! One generic walk over the static schema; what the schema cannot say is in `validate`.

mod limits;
#[cfg(test)]
mod tests;
mod walk;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Action, ApiError, ErrorCode, schema::Structure, validate::Violations};

/// §1.4
const MAX_DEPTH: usize = 32;

/// The request type of an action; implemented for all of them.
pub trait Request: Serialize + DeserializeOwned {
    /// The action it is for.
    const ACTION: Action;
    /// What the action answers.
    type Response: Serialize + DeserializeOwned + Default + Clone + std::fmt::Debug + PartialEq;

    /// Rules that the schema cannot express.
    #[doc(hidden)]
    fn rules(&self, _violations: &mut Violations) {}
}

/// Reads and checks the JSON body of a request.
///
/// # Errors
/// The first violation in the order of §1.9.
pub fn decode<R: Request>(body: &[u8]) -> Result<R, ApiError> {
    let schema = R::ACTION.request_schema();
    let members = shape(schema, body)?;
    let violation = limits::first(schema, &members);
    let request = serde_json::from_value(Value::Object(members)).map_err(|error| {
        // The walk has checked every type that the request has, so this is a bug of the generator.
        ApiError::new(
            ErrorCode::InternalError,
            format!("the schema and the type of the request differ: {error}"),
        )
    })?;
    let mut violations = Violations::default();
    R::rules(&request, &mut violations);
    violations.extend(violation);
    match violations.first() {
        Some(error) => Err(error),
        None => Ok(request),
    }
}

/// The same without a type and without the rules that need one: enough to answer for an action that is not built.
///
/// # Errors
/// The first violation in the order of §1.9 that the schema alone can find.
pub fn check(action: Action, body: &[u8]) -> Result<Value, ApiError> {
    let schema = action.request_schema();
    let members = shape(schema, body)?;
    let mut violations = Violations::default();
    violations.extend(limits::first(schema, &members));
    match violations.first() {
        Some(error) => Err(error),
        None => Ok(Value::Object(members)),
    }
}

/// Steps 13 to 16: an object with known members of the right types, nothing required missing.
fn shape(schema: &'static Structure, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let mut members = parse(body)?;
    walk::unknown(schema, &members, "")?;
    walk::absent(schema, &mut members);
    walk::types(schema, &mut members, "")?;
    walk::required(schema, &members, "")?;
    Ok(members)
}

/// Step 13.
fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let malformed = |text: String| ApiError::new(ErrorCode::InvalidParameter, text);
    if body.is_empty() {
        return Ok(Map::new());
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("The request body is not valid JSON: {error}.")))?;
    if depth(&value) > MAX_DEPTH {
        return Err(malformed(format!("The request body is nested deeper than {MAX_DEPTH} levels.")));
    }
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(malformed("The request body is not a JSON object.".into())),
    }
}

/// serde_json refuses more than 127 levels before this is called, so the recursion is short.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
