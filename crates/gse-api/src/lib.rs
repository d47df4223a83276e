//! The GSE cloud API as data: actions, types, limits, signatures; no HTTP, no clock, no randomness.
//!
//! A server hands a received request to [`admission::admit`] (who calls, which action, is the signature right), makes
//! JSON of its parameters with [`shape::Shape::json`], gives that to [`decode`], and writes the answer with [`envelope`].
//! A client signs with [`signature::tc3`] or [`signature::v1`].

pub mod access;
pub mod admission;
mod decode;
pub mod envelope;
mod error;
pub mod extension;
mod generated;
pub mod near;
pub mod own_host;
pub mod page_token;
pub mod rate_limit;
pub mod redact;
pub mod schema;
pub mod shape;
pub mod signature;
pub mod types;
mod validate;

pub use decode::{Request, check, decode};
pub use error::ApiError;
pub use generated::{
    action::{Action, Group, REGIONS},
    error_code::ErrorCode,
};
pub use validate::fleet::EVENT_CODES;

/// The product's name in hosts and credential scopes.
pub const PRODUCT: &str = "gse";

/// The only version of the API.
pub const VERSION: &str = "2019-11-12";
