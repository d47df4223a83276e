//! The one mapping from reasons to the error names and status codes that game servers hear (server-sdk.md 4.1).

use gse_core::error::Error;
use gse_core::supervisor::CallError;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Status};

/// A status message is at most so long.
const LONGEST_MESSAGE: usize = 512;

/// The name of the error and its status code.
fn name_and_code(error: &CallError) -> (&'static str, Code) {
    match error {
        CallError::BadRequest(_) => ("BAD_REQUEST_EXCEPTION", Code::InvalidArgument),
        CallError::ProcessNotReady(_) => ("PROCESS_NOT_READY", Code::FailedPrecondition),
        CallError::ProcessNotActive(_) => ("PROCESS_NOT_ACTIVE", Code::FailedPrecondition),
        CallError::PortTaken(_) | CallError::ProcessReadyFailed(_) => {
            ("PROCESS_READY_FAILED", Code::FailedPrecondition)
        }
        // Reserved for "the agent is going away": clients may try these again blindly.
        CallError::Unavailable(_) => ("SERVICE_CALL_FAILED", Code::Unavailable),
        CallError::Refused(error) => refused(error),
    }
}

fn refused(error: &Error) -> (&'static str, Code) {
    match error {
        Error::Missing { .. } | Error::Invalid { .. } | Error::BadToken => {
            ("BAD_REQUEST_EXCEPTION", Code::InvalidArgument)
        }
        Error::SessionNotFound(_) => ("BAD_REQUEST_EXCEPTION", Code::NotFound),
        Error::SessionOfAnotherProcess(_) => ("BAD_REQUEST_EXCEPTION", Code::PermissionDenied),
        Error::SessionOfAnotherFleet(_) => ("FLEET_MISMATCH", Code::PermissionDenied),
        Error::ProcessUnknown(_) => ("PROCESS_NOT_READY", Code::FailedPrecondition),
        Error::ProcessNotActive(_) => ("PROCESS_NOT_ACTIVE", Code::FailedPrecondition),
        Error::ProcessReadyRefused(_) => ("PROCESS_READY_FAILED", Code::FailedPrecondition),
        Error::SessionEndedHostingAnother { .. }
        | Error::NoCurrentSession(_)
        | Error::SessionNotReady { .. }
        | Error::SessionNotActive { .. } => ("GAME_SERVER_SESSION_NOT_READY", Code::FailedPrecondition),
        Error::ActivationTooLate { .. } => ("GAME_SERVER_SESSION_READY_FAILED", Code::FailedPrecondition),
        Error::PlayerUnknown { .. } | Error::PlayerSessionNotFound(_) => {
            ("UNEXPECTED_PLAYER_SESSION", Code::NotFound)
        }
        Error::PlayerNotReserved { .. } => ("UNEXPECTED_PLAYER_SESSION", Code::FailedPrecondition),
        // What is left is only ever said to callers of the cloud API: hearing it here is our mistake.
        _ => ("INTERNAL_SERVICE_EXCEPTION", Code::Internal),
    }
}

/// `NAME: detail`, ASCII, one line, with the name and the request id in the trailing metadata.
pub(crate) fn status(error: &CallError, request_id: &str) -> Status {
    let (name, code) = name_and_code(error);
    let mut metadata = MetadataMap::new();
    metadata.insert("gse-error-code", AsciiMetadataValue::from_static(name));
    if let Ok(value) = AsciiMetadataValue::try_from(request_id) {
        metadata.insert("requestid", value);
    }
    Status::with_metadata(code, one_line(&format!("{name}: {error}")), metadata)
}

fn one_line(text: &str) -> String {
    let ascii = text.chars().map(|c| match c {
        '\n' | '\r' | '\t' => ' ',
        ' '..='~' => c,
        _ => '?',
    });
    ascii.take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gse_core::id::{GameServerSessionId, ProcessId};

    fn check(error: CallError, name: &str, code: Code) {
        let status = status(&error, "request-1");
        assert_eq!(status.code(), code, "{error:?}");
        assert!(status.message().starts_with(&format!("{name}: ")), "{}", status.message());
        assert_eq!(status.metadata().get("gse-error-code").unwrap(), name);
        assert_eq!(status.metadata().get("requestid").unwrap(), "request-1");
        assert!(status.message().len() <= 512);
        assert!(status.message().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn names_and_codes_of_4_1() {
        let session = || GameServerSessionId::new("gs-1");
        check(CallError::BadRequest("x".into()), "BAD_REQUEST_EXCEPTION", Code::InvalidArgument);
        check(CallError::ProcessNotReady("x".into()), "PROCESS_NOT_READY", Code::FailedPrecondition);
        check(CallError::ProcessNotActive("x".into()), "PROCESS_NOT_ACTIVE", Code::FailedPrecondition);
        check(CallError::ProcessReadyFailed("x".into()), "PROCESS_READY_FAILED", Code::FailedPrecondition);
        check(CallError::Unavailable("x".into()), "SERVICE_CALL_FAILED", Code::Unavailable);
        let refused = CallError::Refused;
        check(refused(Error::SessionNotFound(session())), "BAD_REQUEST_EXCEPTION", Code::NotFound);
        check(
            refused(Error::SessionOfAnotherProcess(session())),
            "BAD_REQUEST_EXCEPTION",
            Code::PermissionDenied,
        );
        check(refused(Error::SessionOfAnotherFleet(session())), "FLEET_MISMATCH", Code::PermissionDenied);
        check(
            refused(Error::PlayerUnknown { session: session() }),
            "UNEXPECTED_PLAYER_SESSION",
            Code::NotFound,
        );
        check(
            refused(Error::SessionEndedHostingAnother { named: session(), hosted: session() }),
            "GAME_SERVER_SESSION_NOT_READY",
            Code::FailedPrecondition,
        );
        check(
            refused(Error::NoCurrentSession(ProcessId::new("process-1"))),
            "GAME_SERVER_SESSION_NOT_READY",
            Code::FailedPrecondition,
        );
        check(refused(Error::BadToken), "BAD_REQUEST_EXCEPTION", Code::InvalidArgument);
    }

    #[test]
    fn messages_are_short_single_line_ascii() {
        let long = "ключ\r\n".repeat(1000);
        check(CallError::BadRequest(long), "BAD_REQUEST_EXCEPTION", Code::InvalidArgument);
    }
}
