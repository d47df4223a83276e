//! How parameters travel (§1.2), and the one way that they are read: every shape becomes the JSON body that
//! [`crate::decode`] takes, so nothing is checked twice. What has the wrong type stays what it was (a text), and the
//! decoder says so in its turn.

mod form;
mod multipart;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{
    ApiError, ErrorCode, admission::Received, error::shown, schema::Structure, signature::v1::Parameter,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Names that v1 requests carry among their parameters (§1.3); no action has a parameter of such a name.
const RESERVED: [&str; 11] = [
    "Action",
    "Version",
    "Timestamp",
    "Region",
    "SecretId",
    "Nonce",
    "Signature",
    "SignatureMethod",
    "Language",
    "RequestClient",
    "Token",
];

/// Where the parameters of an action are, and in what form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// R1: the body is JSON.
    Json,
    /// R2: flattened, in the query.
    Query(Repeatable),
    /// R6: flattened, in the body.
    Form(Repeatable),
    /// R5: the parts of the body; without a boundary if the content type has none.
    Multipart {
        /// What stands between the parts.
        boundary: Option<String>,
    },
    /// R3 and R4: signed with v1, so they were decoded before the signature was looked at.
    Signed(Vec<Parameter>),
    /// A content type that no request has.
    Unknown(String),
}

/// Headers that may be repeated among flattened parameters, where some clients put them as for a v1 signature (§1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeatable(Vec<Parameter>);

impl Repeatable {
    fn of(received: &Received<'_>) -> Self {
        let header = |name: &str| received.header(&format!("x-tc-{name}")).map(str::trim).map(str::to_owned);
        let names = ["Action", "Version", "Region"].into_iter();
        Self(names.filter_map(|name| Some((name.to_owned(), header(name)?))).collect())
    }

    /// The parameters without those that say what a header says; what says something else stays, and is refused as
    /// unknown.
    fn without(&self, parameters: Vec<Parameter>) -> impl Iterator<Item = Parameter> {
        parameters.into_iter().filter(|parameter| !self.0.contains(parameter))
    }
}

/// The parameters of a request as they travel, with the common ones.
#[derive(Debug)]
pub(crate) enum Travelling {
    /// The common ones are headers.
    Headers(Shape),
    /// All are parameters.
    Parameters(Vec<Parameter>),
    /// There is no action anywhere.
    Nothing,
}

/// The selection rule of §1.2.
///
/// # Errors
/// `InvalidParameter` for a malformed form without headers of ours: it must be read to tell what it is.
pub(crate) fn select(received: &Received<'_>) -> Result<Travelling, ApiError> {
    let kind = kind(received);
    if has_headers(received) {
        return Ok(Travelling::Headers(match (received.method, kind.as_str()) {
            ("GET", _) => Shape::Query(Repeatable::of(received)),
            (_, "application/json") => Shape::Json,
            (_, FORM) => Shape::Form(Repeatable::of(received)),
            (_, "multipart/form-data") => Shape::Multipart {
                boundary: multipart::boundary(received.header("content-type").unwrap_or_default()),
            },
            _ => Shape::Unknown(kind),
        }));
    }
    let parameters = match (received.method, kind.as_str()) {
        ("GET", _) => form::parameters(received.query.as_bytes())?,
        (_, FORM) => form::parameters(received.body)?,
        _ => Vec::new(),
    };
    let has_action = parameters.iter().any(|(name, _)| name == "Action");
    Ok(if has_action { Travelling::Parameters(parameters) } else { Travelling::Nothing })
}

/// Whether a request follows the rules of signature version 3.
pub(crate) fn has_headers(received: &Received<'_>) -> bool {
    received.header("authorization").is_some() || received.header("x-tc-action").is_some()
}

/// The content type without its parameters. A request without one is JSON.
fn kind(received: &Received<'_>) -> String {
    let kind = received.header("content-type").map(str::trim).filter(|kind| !kind.is_empty());
    kind.unwrap_or("application/json").split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Shape {
    /// What a v1 request carries beside its common parameters.
    pub(crate) fn signed(parameters: &[Parameter]) -> Self {
        let own = parameters.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str()));
        Self::Signed(own.cloned().collect())
    }

    /// The parameters as the JSON body of the same request: step 13 of §1.9, as far as it is not that of JSON.
    ///
    /// # Errors
    /// `InvalidParameter` for malformed forms, `InvalidRequest` for malformed multipart bodies.
    pub fn json<'a>(
        &self,
        schema: &Structure,
        query: &str,
        body: &'a [u8],
    ) -> Result<Cow<'a, [u8]>, ApiError> {
        let tree = match self {
            Self::Json => return Ok(Cow::Borrowed(body)),
            Self::Query(headers) => form::Tree::of(headers.without(form::parameters(query.as_bytes())?))?,
            Self::Form(headers) => form::Tree::of(headers.without(form::parameters(body)?))?,
            Self::Signed(parameters) => form::Tree::of(parameters.iter().cloned())?,
            Self::Multipart { boundary } => multipart::tree(boundary.as_deref(), body)?,
            Self::Unknown(kind) => {
                let message =
                    format!("The content type `{}` is not supported; use `application/json`.", shown(kind));
                return Err(ApiError::new(ErrorCode::InvalidParameter, message));
            }
        };
        let body = serde_json::to_vec(&tree.into_json(schema)).expect("a JSON value always has a text");
        Ok(Cow::Owned(body))
    }
}
