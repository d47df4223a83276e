//! Rules that the schema cannot express, one file per group and one function per action.
//! They only collect violations; which one is reported is decided here, in one place (§1.9).

pub(crate) mod alias;
pub(crate) mod asset;
pub(crate) mod bucket;
pub(crate) mod capacity;
pub(crate) mod ccn;
pub(crate) mod fleet;
pub(crate) mod game_server_session;
pub(crate) mod instance;
pub(crate) mod placement;
pub(crate) mod player_session;
pub(crate) mod queue;
mod shared;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::cmp::Ordering;

use crate::{ApiError, ErrorCode};

pub(crate) use shared::ipv4_cidr;

/// One rule that a request breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    error: ApiError,
}

impl Violation {
    /// A value outside its limits.
    pub(crate) fn value(path: &str, value: &str, expected: &str) -> Self {
        Self { path: path.to_owned(), error: ApiError::invalid_value(path, value, expected) }
    }
}

/// The rules that a request breaks. Only the one that is reported is kept: a body of 10 MB can break millions.
#[derive(Debug, Default)]
pub struct Violations(Option<Violation>);

impl Violations {
    /// A member that this request needs, although the schema calls it optional.
    pub(crate) fn missing(&mut self, path: &str) {
        self.add(Violation { path: path.to_owned(), error: ApiError::missing(path) });
    }

    /// A conditionally required member of an action whose list has no `MissingParameter` (§5.2).
    pub(crate) fn incomplete(&mut self, path: &str, reason: &str) {
        let message = format!("The parameter `{path}` is required: {reason}.");
        let error = ApiError::new(ErrorCode::InvalidParameter, message);
        self.add(Violation { path: path.to_owned(), error });
    }

    /// A value outside its limits.
    pub(crate) fn value(&mut self, path: &str, value: impl ToString, expected: &str) {
        self.add(Violation::value(path, &value.to_string(), expected));
    }

    pub(crate) fn extend(&mut self, violation: Option<Violation>) {
        violation.into_iter().for_each(|violation| self.add(violation));
    }

    /// What is reported.
    pub(crate) fn first(self) -> Option<ApiError> {
        self.0.map(|violation| violation.error)
    }

    /// Required members come before limits; within one step the path decides; of equals the earlier counts.
    fn add(&mut self, new: Violation) {
        let step = |violation: &Violation| violation.error.code == ErrorCode::InvalidParameterValue;
        let before =
            |a: &Violation, b: &Violation| step(a).cmp(&step(b)).then_with(|| compare(&a.path, &b.path));
        if self.0.as_ref().is_none_or(|old| before(&new, old).is_lt()) {
            self.0 = Some(new);
        }
    }
}

/// Paths by their parts; positions in lists as numbers.
fn compare(a: &str, b: &str) -> Ordering {
    let part = |text: &str| (text.parse::<usize>().ok(), text.to_owned());
    a.split('.').map(part).cmp(b.split('.').map(part))
}
