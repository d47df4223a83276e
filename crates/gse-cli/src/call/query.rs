//! `--query`: the paths of JMESPath, without its functions, `||`, `&&` and `!`.
//!
//! `a.b`, `"a b"`, `[0]`, `[-1]`, `[*]`, `[]`, `[?a == 'x']` (also `!=` `<` `<=` `>` `>=`; literals are `'text'` and
//! `` `JSON` ``), `{name: a, other: b.c}`, `[a, b]`, `@`, and `|` between paths. What a path yields is what JMESPath says
//! it does: what is not there is null, and lists drop nulls.
//! Not the crate of that name: it needs a feature of serde with which every program here would be built anew.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub(super) use parse::parse;

/// A query: paths, each applied to what the one before it yields.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    paths: Vec<Vec<Step>>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `name`
    Member(String),
    /// `[0]`; negative ones count from the end.
    Index(i64),
    /// `[*]`
    Each,
    /// `[]`
    Flatten,
    /// `[?left == right]`
    Filter(Comparison),
    /// `{name: query}`
    Hash(Vec<(String, Query)>),
    /// `[query, query]`
    List(Vec<Query>),
}

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    left: Operand,
    operator: Operator,
    right: Operand,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Literal(Value),
    Query(Query),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Query {
    /// What it finds in a value.
    pub(super) fn find(&self, value: &Value) -> Value {
        self.paths.iter().fold(value.clone(), |value, path| walk(path, &value))
    }
}

fn walk(steps: &[Step], value: &Value) -> Value {
    // `[]` flattens all that is left of it, so the last one divides the path.
    if let Some(at) = steps.iter().rposition(|step| *step == Step::Flatten) {
        let Value::Array(items) = walk(&steps[..at], value) else { return Value::Null };
        let flat = items.into_iter().flat_map(|item| match item {
            Value::Array(items) => items,
            other => vec![other],
        });
        return project(flat.collect::<Vec<_>>().iter(), &steps[at + 1..]);
    }
    let Some((step, rest)) = steps.split_first() else { return value.clone() };
    match step {
        Step::Member(name) => walk_on(rest, value.get(name)),
        Step::Index(index) => walk_on(rest, value.as_array().and_then(|items| item(items, *index))),
        Step::Each | Step::Flatten => match value {
            Value::Array(items) => project(items.iter(), rest),
            _ => Value::Null,
        },
        Step::Filter(comparison) => match value {
            Value::Array(items) => project(items.iter().filter(|item| comparison.holds(item)), rest),
            _ => Value::Null,
        },
        Step::Hash(_) | Step::List(_) if value.is_null() => Value::Null,
        Step::Hash(members) => {
            let members = members.iter().map(|(name, query)| (name.clone(), query.find(value)));
            walk(rest, &Value::Object(members.collect::<Map<_, _>>()))
        }
        Step::List(queries) => {
            walk(rest, &Value::Array(queries.iter().map(|query| query.find(value)).collect()))
        }
    }
}

fn walk_on(steps: &[Step], value: Option<&Value>) -> Value {
    value.map_or(Value::Null, |value| walk(steps, value))
}

/// The rest of a path applied to each item.
fn project<'a>(items: impl Iterator<Item = &'a Value>, steps: &[Step]) -> Value {
    Value::Array(items.map(|item| walk(steps, item)).filter(|value| !value.is_null()).collect())
}

fn item(items: &[Value], index: i64) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    items.get(if index < 0 { items.len().checked_sub(from_end)? } else { from_end })
}

impl Comparison {
    fn holds(&self, value: &Value) -> bool {
        let (left, right) = (self.left.of(value), self.right.of(value));
        match self.operator {
            Operator::Equal => left == right,
            Operator::Unequal => left != right,
            // Only numbers have an order there.
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
                match (left.as_f64(), right.as_f64()) {
                    (Some(left), Some(right)) => self.operator.orders(left, right),
                    _ => false,
                }
            }
        }
    }
}

impl Operator {
    fn orders(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

impl Operand {
    fn of(&self, value: &Value) -> Value {
        match self {
            Self::Literal(literal) => literal.clone(),
            Self::Query(query) => query.find(value),
        }
    }
}
