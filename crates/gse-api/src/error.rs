//! What a refused request is answered with. The texts are those of §5.1, because some callers match on them; what the
//! vendor's text leaves open is said behind it.

use std::fmt;

use crate::{ErrorCode, redact};

/// A code and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The code; clients match on it.
    pub code: ErrorCode,
    /// The text; clients show it.
    pub message: String,
}

impl ApiError {
    /// An error with a text of its own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A required parameter is not there.
    pub fn missing(name: &str) -> Self {
        let message = format!("The request is missing a required parameter `{name}`.");
        Self::new(ErrorCode::MissingParameter, message)
    }

    /// A parameter is not in the schema; paths are dotted. It is shortened, because its last part is the caller's;
    /// `near` is what may have been meant.
    pub fn unknown(path: &str, near: Option<&str>) -> Self {
        let mut message = format!("The parameter `{}` is not recognized.", shown(path));
        if let Some(near) = near {
            message += &format!(" Did you mean `{}`?", shown(near));
        }
        Self::new(ErrorCode::UnknownParameter, message)
    }

    /// A parameter has another type; `expected` names the right one.
    pub fn wrong_type(path: &str, expected: &str) -> Self {
        let message = format!("The value type of parameter `{path}` is not valid. Expected {expected}.");
        Self::new(ErrorCode::InvalidParameter, message)
    }

    /// A parameter has a value outside its limits; `expected` says what is inside. The value is shortened, and of a
    /// secret member only its length is shown.
    pub fn invalid_value(path: &str, value: &str, expected: &str) -> Self {
        let shown = redact::shown(path, value);
        let message =
            format!("The value `{shown}` specified in the parameter `{path}` is not valid. {expected}");
        Self::new(ErrorCode::InvalidParameterValue, message.trim_end())
    }
}

/// What an answer repeats of a text that the caller chose: 128 characters, so that no request is echoed at length.
pub(crate) fn shown(text: &str) -> &str {
    text.char_indices().nth(128).map_or(text, |(end, _)| &text[..end])
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
