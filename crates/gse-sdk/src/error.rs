//! The one error of the SDK and the published error names (server-sdk.md 4.1).
//!
//! Not here: when a call is tried again; that is `agent.rs`.

use std::error::Error as _;
use std::fmt;

use gse_proto::grpcsdk::GseResponse;
use gse_proto::grpcsdk::gse_response::Status as Outcome;
use tonic::{Code, Status};

/// Longest detail that is kept, in bytes; the agent promises at most 512.
const MAX_DETAIL: usize = 2048;

/// Trailing metadata that carries the error name.
pub(crate) const ERROR_CODE_KEY: &str = "gse-error-code";

macro_rules! error_names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A published error name (4.1).
        ///
        /// Compare with a variant, or print it: `Display` gives the published spelling.
        ///
        /// ```
        /// use gse_sdk::ErrorName;
        ///
        /// assert_eq!(ErrorName::UnexpectedPlayerSession.to_string(), "UNEXPECTED_PLAYER_SESSION");
        /// assert_eq!(ErrorName::KNOWN.len(), 17);
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorName {
            $($(#[$doc])* $variant,)*
            /// A name that this version of the SDK does not know, as the agent spelled it.
            Other(String),
        }

        impl ErrorName {
            /// Every name that this version knows.
            pub const KNOWN: &'static [ErrorName] = &[$(ErrorName::$variant,)*];

            /// The published spelling, such as `SERVICE_CALL_FAILED`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(ErrorName::$variant => $text,)*
                    ErrorName::Other(name) => name,
                }
            }
        }
    };
}

error_names! {
    /// This OS process already has a [`Ready`](crate::Ready) at the same agent.
    AlreadyInitialized = "ALREADY_INITIALIZED",
    /// The SDK was not initialised; this SDK's types rule it out.
    GseServerNotInitialized = "GSE_SERVER_NOT_INITIALIZED",
    /// The agent does not accept this version of the SDK.
    SdkVersionDetectionFailed = "SDK_VERSION_DETECTION_FAILED",
    /// The target fleet is wrong.
    NoTargetFleetSet = "NO_TARGET_FLEET_SET",
    /// The target alias is wrong.
    NoTargetAliasidSet = "NO_TARGET_ALIASID_SET",
    /// The call did not get a proper answer: no agent, a broken connection, a time-out.
    ServiceCallFailed = "SERVICE_CALL_FAILED",
    /// ProcessReady failed, for example because of a port clash.
    ProcessReadyFailed = "PROCESS_READY_FAILED",
    /// The agent does not know this process as ready.
    ProcessNotReady = "PROCESS_NOT_READY",
    /// The agent has closed its record of this process.
    ProcessNotActive = "PROCESS_NOT_ACTIVE",
    /// ProcessEnding failed.
    ProcessEndingFailed = "PROCESS_ENDING_FAILED",
    /// The session is not active.
    GameServerSessionNotReady = "GAME_SERVER_SESSION_NOT_READY",
    /// The session cannot be activated any more.
    GameServerSessionReadyFailed = "GAME_SERVER_SESSION_READY_FAILED",
    /// The end of the session could not be recorded.
    GameServerSessionEndedFailed = "GAME_SERVER_SESSION_ENDED_FAILED",
    /// This player has no valid reservation in the session.
    UnexpectedPlayerSession = "UNEXPECTED_PLAYER_SESSION",
    /// The session belongs to another fleet.
    FleetMismatch = "FLEET_MISMATCH",
    /// An argument is wrong; the detail names it.
    BadRequestException = "BAD_REQUEST_EXCEPTION",
    /// The agent, or something that it needs, is broken.
    InternalServiceException = "INTERNAL_SERVICE_EXCEPTION",
}

impl ErrorName {
    fn known(name: &str) -> Option<Self> {
        Self::KNOWN.iter().find(|known| known.as_str() == name).cloned()
    }

    /// A name from metadata: known, or at least shaped like one.
    fn from_metadata(name: &str) -> Option<Self> {
        let shaped = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        Self::known(name).or_else(|| shaped.then(|| Self::Other(name.to_string())))
    }

    // A table of 4.1 read backwards, for agents that give a bare gRPC status.
    fn from_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::NotFound | Code::PermissionDenied | Code::OutOfRange => {
                Self::BadRequestException
            }
            Code::Internal | Code::DataLoss => Self::InternalServiceException,
            _ => Self::ServiceCallFailed,
        }
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a call failed; prints as `NAME: detail`.
///
/// The detail may quote a player session id, which is a secret: log the name and the request id.
///
/// ```
/// use gse_sdk::{ErrorName, GseError};
///
/// fn advice(error: &GseError) -> &'static str {
///     eprintln!("{} (request {:?})", error.name, error.request_id);
///     match error.name {
///         ErrorName::UnexpectedPlayerSession => "do not let the player in",
///         ErrorName::ServiceCallFailed => "the agent is away: try again later",
///         _ => "look at the detail",
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {detail}")]
#[non_exhaustive]
pub struct GseError {
    /// The published name.
    pub name: ErrorName,
    /// What was wrong, and a `hint:` where there is a next step. One line.
    pub detail: String,
    /// The `requestid` that the call carried; the agent's log has it too. `None` when nothing was sent.
    pub request_id: Option<String>,
}

impl GseError {
    pub(crate) fn new(name: ErrorName, detail: impl AsRef<str>) -> Self {
        Self { name, detail: one_line(detail.as_ref()), request_id: None }
    }

    pub(crate) fn bad_request(detail: impl AsRef<str>) -> Self {
        Self::new(ErrorName::BadRequestException, detail)
    }

    pub(crate) fn service_call_failed(detail: impl AsRef<str>) -> Self {
        Self::new(ErrorName::ServiceCallFailed, detail)
    }

    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        self.request_id = Some(request_id.to_string());
        self
    }

    /// Reads a gRPC status: `gse-error-code` first, then the `NAME:` prefix, then the code (8.2).
    pub(crate) fn from_status(status: &Status) -> Self {
        // A status with a source was made on this side of the wire: transport, whatever its code says.
        if status.source().is_some() {
            return Self::service_call_failed(chain(status));
        }
        let metadata = status.metadata().get(ERROR_CODE_KEY).and_then(|value| value.to_str().ok());
        let (prefix, rest) = split_prefix(status.message());
        match (metadata.and_then(ErrorName::from_metadata), prefix) {
            (Some(name), Some(prefix)) if name == prefix => Self::new(name, rest),
            (Some(name), _) => Self::new(name, status.message()),
            (None, Some(prefix)) => Self::new(prefix, rest),
            (None, None) => {
                Self::new(ErrorName::from_code(status.code()), or_code(status.message(), status.code()))
            }
        }
    }

    /// Reads an answer of either published variant: the empty one is success (1.4).
    pub(crate) fn check(response: &GseResponse) -> Result<(), Self> {
        let name = match Outcome::try_from(response.status) {
            Ok(Outcome::Ok) => return Ok(()),
            Ok(Outcome::Error400) => ErrorName::BadRequestException,
            Ok(Outcome::Error500) => ErrorName::InternalServiceException,
            Err(_) => {
                let detail = format!("unknown status `{}`: {}", response.status, response.error_message);
                return Err(Self::new(ErrorName::InternalServiceException, detail));
            }
        };
        let (prefix, rest) = split_prefix(&response.error_message);
        let rest = if rest.is_empty() { "the answer gives no reason" } else { rest };
        Err(Self::new(prefix.unwrap_or(name), rest))
    }
}

/// `NAME: rest`, when NAME is a published name.
fn split_prefix(message: &str) -> (Option<ErrorName>, &str) {
    match message.split_once(':') {
        Some((name, rest)) => match ErrorName::known(name) {
            Some(name) => (Some(name), rest.trim_start()),
            None => (None, message),
        },
        None => (None, message),
    }
}

fn or_code(message: &str, code: Code) -> String {
    if message.is_empty() {
        format!("the agent answered {code:?} without a text")
    } else {
        message.to_string()
    }
}

/// The message of a status with its causes; a cause that the text has already is left out.
pub(crate) fn chain(status: &Status) -> String {
    let mut text = status.message().to_string();
    let mut cause = status.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !text.contains(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        cause = error.source();
    }
    text
}

/// Text from the wire, fit for one line of a log: no control characters, bounded.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.truncate(line.floor_char_boundary(MAX_DETAIL));
    line
}

#[cfg(test)]
mod tests;
