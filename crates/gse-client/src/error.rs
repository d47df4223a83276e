//! Why a call or an upload failed. `Display` never repeats the source.

use thiserror::Error;

use crate::CredentialsError;

/// Why a call failed.
#[derive(Debug, Error)]
pub enum CallError {
    /// The service understood the call and refused it.
    #[error("`{code}`: {message}")]
    Api {
        /// The error code.
        code: String,
        /// The text for people.
        message: String,
        /// The id to quote.
        request_id: String,
    },
    /// The service could not be reached, or the connection broke.
    #[error("cannot reach `{url}`")]
    Transport {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Something answered, but not as this API does.
    #[error("the answer is not one of the GSE API: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: String,
        /// The id to quote, if there was one.
        request_id: String,
    },
    /// The endpoint cannot be called.
    #[error("`{endpoint}` is not an endpoint: {reason}")]
    Endpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The request has no JSON form, for example because of a number that is not finite.
    #[error("the request cannot be written as JSON: {0}")]
    Request(String),
    /// There is a key to sign with, and it cannot be used.
    #[error("the key cannot be used")]
    Credentials(#[from] CredentialsError),
}

impl CallError {
    /// The code, if the service refused the call.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api { code, .. } => Some(code),
            Self::Transport { .. }
            | Self::Answer { .. }
            | Self::Endpoint { .. }
            | Self::Request(_)
            | Self::Credentials(_) => None,
        }
    }
}

/// Why an upload failed.
#[derive(Debug, Error)]
pub enum PutError {
    /// The object endpoint could not be reached, or the connection broke.
    #[error("cannot reach the object endpoint at `{url}`")]
    Transport {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The object endpoint refused the object.
    #[error("the object endpoint answered `{status}` for `{url}`: {text}")]
    Refused {
        /// Where.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// The address of the object endpoint, a bucket or a key cannot be called.
    #[error("`{url}` is not the address of an object: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}
