//! Flattened parameters (§1.4): `RuntimeConfiguration.ServerProcesses.0.LaunchPath=/local/game/server`.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::{
    ApiError, ErrorCode,
    error::shown,
    schema::{Integer, Structure, ValueType},
    signature::v1::Parameter,
};

/// §1.4: the depth limit of JSON, for names.
const MAX_PARTS: usize = 32;
/// R45: parameters of one request; each costs many times its bytes while it is read.
const MAX_PARAMETERS: usize = 65_536;
/// §1.4: digits of a list index.
const MAX_INDEX_DIGITS: usize = 4;

/// The pairs of a query or a form body, decoded, in the order in which they came.
///
/// # Errors
/// `InvalidParameter`: percent-encoding or UTF-8 that is none, or the same name twice.
pub(super) fn parameters(text: &[u8]) -> Result<Vec<Parameter>, ApiError> {
    let mut parameters = Vec::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        let name =
            decoded(name).ok_or_else(|| malformed("A name of the form is not percent-encoded UTF-8."))?;
        let value = decoded(value).ok_or_else(|| {
            malformed(format!("The value of the parameter `{}` is not percent-encoded UTF-8.", shown(&name)))
        })?;
        if parameters.len() == MAX_PARAMETERS {
            return Err(malformed(format!("The request has more than {MAX_PARAMETERS} parameters.")));
        }
        parameters.push((name, value));
    }
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(twice(pair[0])),
        None => Ok(parameters),
    }
}

/// Percent-decoding, with `+` for a space.
fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let mut byte = [0];
                hex::decode_to_slice(rest.get(..2)?, &mut byte).ok()?;
                rest = &rest[2..];
                byte[0]
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn malformed(text: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, text)
}

fn twice(name: &str) -> ApiError {
    malformed(format!("The parameter `{}` is given twice.", shown(name)))
}

/// What a name stands for.
pub(super) enum Node {
    /// A value that travels as text.
    Text(String),
    /// A value that travels as JSON, which only parts of a multipart body do.
    Json(Value),
    /// Members or items, by the part of the name that follows.
    Branch(BTreeMap<String, Node>),
}

/// Parameters by the parts of their names.
#[derive(Default)]
pub(super) struct Tree {
    members: BTreeMap<String, Node>,
}

impl Tree {
    /// Of decoded pairs.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub(super) fn of(parameters: impl IntoIterator<Item = Parameter>) -> Result<Self, ApiError> {
        let mut tree = Self::default();
        for (name, value) in parameters {
            tree.insert(&name, Node::Text(value))?;
        }
        Ok(tree)
    }

    /// One more parameter.
    ///
    /// # Errors
    /// `InvalidParameter`: a name that is there already, that is both a value and the start of another, or that has
    /// too many parts.
    pub(super) fn insert(&mut self, name: &str, node: Node) -> Result<(), ApiError> {
        if name.split('.').nth(MAX_PARTS).is_some() {
            let message =
                format!("The parameter `{}` is nested deeper than {MAX_PARTS} levels.", shown(name));
            return Err(malformed(message));
        }
        let clash = || {
            malformed(format!(
                "The parameter `{}` is given twice, or is a value and the start of other names at once.",
                shown(name)
            ))
        };
        let mut members = &mut self.members;
        let (parents, last) = match name.rsplit_once('.') {
            Some((parents, last)) => (Some(parents), last),
            None => (None, name),
        };
        for part in parents.into_iter().flat_map(|parents| parents.split('.')) {
            let next = members.entry(part.to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new()));
            match next {
                Node::Branch(inner) => members = inner,
                Node::Text(_) | Node::Json(_) => return Err(clash()),
            }
        }
        match members.insert(last.to_owned(), node) {
            Some(_) => Err(clash()),
            None => Ok(()),
        }
    }

    /// As the JSON that says the same, by the types of the schema.
    pub(super) fn into_json(self, schema: &Structure) -> Value {
        object(Some(schema), self.members)
    }
}

fn object(schema: Option<&Structure>, members: BTreeMap<String, Node>) -> Value {
    let value = |(name, node): (String, Node)| {
        let kind = schema.and_then(|schema| schema.member(&name)).map(|member| &member.value);
        let value = json(kind, node);
        (name, value)
    };
    Value::Object(members.into_iter().map(value).collect::<Map<_, _>>())
}

/// What does not fit the type is left as it is: the decoder refuses it, and knows the words.
fn json(kind: Option<&ValueType>, node: Node) -> Value {
    match (kind, node) {
        (_, Node::Json(value)) => value,
        (kind, Node::Text(text)) => scalar(kind, &text).unwrap_or(Value::String(text)),
        (Some(ValueType::List(list)), Node::Branch(items)) => match ordered(items) {
            Ok(items) => items.into_iter().map(|item| json(Some(list.item), item)).collect(),
            Err(members) => object(None, members),
        },
        (Some(ValueType::Object(schema)), Node::Branch(members)) => object(Some(schema), members),
        (_, Node::Branch(members)) => object(None, members),
    }
}

/// The items by ascending index, with the gaps closed: clients skip what is null. Otherwise the names are no indices.
fn ordered(items: BTreeMap<String, Node>) -> Result<Vec<Node>, BTreeMap<String, Node>> {
    if items.keys().any(|name| index(name).is_none()) {
        return Err(items);
    }
    let mut items: Vec<_> = items.into_iter().map(|(name, node)| (index(&name), node)).collect();
    items.sort_by_key(|(index, _)| *index);
    Ok(items.into_iter().map(|(_, node)| node).collect())
}

fn index(name: &str) -> Option<u16> {
    let is_canonical = name == "0" || !name.starts_with('0');
    let is_index =
        is_canonical && name.len() <= MAX_INDEX_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_index { name.parse().ok() } else { None }
}

fn scalar(kind: Option<&ValueType>, text: &str) -> Option<Value> {
    match kind? {
        ValueType::Integer(Integer { signed, .. }) => integer(*signed, text),
        ValueType::Float => float(text),
        ValueType::Boolean => boolean(text).map(Value::Bool),
        ValueType::Text(_) | ValueType::List(_) | ValueType::Object(_) => None,
    }
}

fn integer(signed: bool, text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if signed { text.parse::<i64>().ok().map(Value::from) } else { text.parse::<u64>().ok().map(Value::from) }
}

/// Decimal with an optional exponent: Rust would take `NaN` and `inf` too.
fn float(text: &str) -> Option<Value> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.bytes().all(is_plain) || text.starts_with('+') {
        return None;
    }
    // Only finite numbers become JSON.
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

/// Python writes `True`, everybody else `true`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
