//! Conformance case 57: every variant of an answer gives the result of 8.2.

use super::*;
use crate::testing::{Answer, Code};

fn rich(status: i32, error_message: &str) -> Answer {
    Answer::Rich { status, error_message: error_message.into() }
}

fn error(code: Code, message: &str, error_code: Option<&str>) -> Answer {
    Answer::Error { code, message: message.into(), error_code: error_code.map(Into::into) }
}

#[tokio::test]
async fn case_57_sdk_against_all_variants() {
    let (agent, mut process) = pair().await;
    let session = active(&agent, &mut process).await;
    let table = [
        (Answer::Ok, Ok(())),
        (rich(0, ""), Ok(())),
        (rich(0, "SUCCESS"), Ok(())),
        (rich(1, "bad"), Err("BAD_REQUEST_EXCEPTION: bad")),
        (rich(2, "no memory"), Err("INTERNAL_SERVICE_EXCEPTION: no memory")),
        (rich(7, "odd"), Err("INTERNAL_SERVICE_EXCEPTION: unknown status `7`: odd")),
        (
            error(
                Code::NotFound,
                "UNEXPECTED_PLAYER_SESSION: `p` is unknown",
                Some("UNEXPECTED_PLAYER_SESSION"),
            ),
            Err("UNEXPECTED_PLAYER_SESSION: `p` is unknown"),
        ),
        (
            error(Code::FailedPrecondition, "no prefix", Some("GAME_SERVER_SESSION_NOT_READY")),
            Err("GAME_SERVER_SESSION_NOT_READY: no prefix"),
        ),
        (error(Code::FailedPrecondition, "PROCESS_NOT_ACTIVE: x", None), Err("PROCESS_NOT_ACTIVE: x")),
        (error(Code::InvalidArgument, "bare", None), Err("BAD_REQUEST_EXCEPTION: bare")),
        (error(Code::Internal, "bare", None), Err("INTERNAL_SERVICE_EXCEPTION: bare")),
        (error(Code::Unknown, "bare", None), Err("SERVICE_CALL_FAILED: bare")),
    ];
    for (answer, expected) in table {
        agent.answer_next(Call::AcceptPlayerSession, answer.clone());
        let result = within(session.accept_player_session("p")).await;
        let sent = agent.calls().last().unwrap().request_id.clone();
        match (result, expected) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(text)) => {
                assert_eq!(error.to_string(), text, "{answer:?}");
                assert_eq!(error.request_id, sent, "{answer:?}");
            }
            (result, _) => panic!("{answer:?} gave {result:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_session_that_was_not_activated_or_not_ended_is_ended_before_the_next_one() {
    let (agent, mut process) = pair().await;
    let handle = process.handle();
    let busy = || error(Code::Internal, "busy", None);
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    agent.answer_next(Call::ActivateGameServerSession, busy());
    let refused = within(next_session(&mut process).await.activate()).await.unwrap_err();
    assert_eq!(refused.to_string(), "INTERNAL_SERVICE_EXCEPTION: busy");
    assert_eq!(handle.game_server_session_id().as_deref(), Some("gs-1"), "cleared only after OK");

    within(agent.start_game_server_session(&info("gs-2"))).await.unwrap();
    let session = within(next_session(&mut process).await.activate()).await.unwrap();
    agent.answer_next(Call::TerminateGameServerSession, rich(2, "busy"));
    within(session.terminate()).await.unwrap_err();

    // Dropped without a word, as by an early return.
    within(agent.start_game_server_session(&info("gs-3"))).await.unwrap();
    drop(next_session(&mut process).await);
    within(agent.process_terminate(1)).await.unwrap();
    assert!(within(process.next_session()).await.is_none());
    let ended: Vec<_> = agent
        .calls_of(Call::TerminateGameServerSession)
        .iter()
        .map(|recorded| recorded.field("gameServerSessionId").to_owned())
        .collect();
    assert_eq!(ended, ["gs-1", "gs-2", "gs-2", "gs-3"]);
    assert_eq!(handle.game_server_session_id(), None);
}

#[tokio::test]
async fn a_refused_process_is_not_ready_and_may_try_again() {
    let agent = ScriptedAgent::start();
    let ready = || agent.builder().client_port(3237).ready();
    agent.answer_next(
        Call::ProcessReady,
        error(Code::FailedPrecondition, "PROCESS_READY_FAILED: grpcPort of pid 7", None),
    );
    let refused = within(ready()).await.unwrap_err();
    assert_eq!(refused.to_string(), "PROCESS_READY_FAILED: grpcPort of pid 7");
    within(within(ready()).await.unwrap().ending()).await.unwrap();
}

#[tokio::test]
async fn only_harmless_calls_are_repeated_and_keep_their_request_id() {
    let (agent, mut process) = pair().await;
    let handle = process.handle();
    let session = active(&agent, &mut process).await;
    let unavailable = || error(Code::Unavailable, "shutting down", None);
    agent.answer_next(Call::AcceptPlayerSession, unavailable());
    within(session.accept_player_session("p")).await.unwrap();
    let attempts: Vec<_> =
        agent.calls().into_iter().filter(|c| c.call == Call::AcceptPlayerSession).collect();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0], attempts[1], "same request id, same message");

    agent.answer_next(Call::ReportCustomData, unavailable());
    let error = within(handle.report_custom_data(1, 2)).await.unwrap_err();
    assert_eq!(error.to_string(), "SERVICE_CALL_FAILED: shutting down");
    assert_eq!(sequence(&agent).iter().filter(|call| **call == Call::ReportCustomData).count(), 1);
}
