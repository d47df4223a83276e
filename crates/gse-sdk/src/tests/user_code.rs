//! Functions of the game that panic, hang or refuse: an answer for the agent, and a process that lives on.

use super::*;
use crate::ErrorName;

#[tokio::test]
async fn a_panic_in_on_start_is_an_error_status_and_the_process_lives_on() {
    let agent = ScriptedAgent::start();
    let builder = agent.builder().client_port(3237).on_start(|session| {
        assert_ne!(session.name, "broken", "planted");
        if session.max_players > 4 { Err("4 seats at most\nhere".into()) } else { Ok(()) }
    });
    let mut process = within(builder.ready()).await.unwrap();
    let session =
        |name: &str, max_players| GameServerSession { name: name.into(), max_players, ..info("gs-1") };
    let panicked = within(agent.start_game_server_session(&session("broken", 4))).await.unwrap_err();
    assert_eq!(panicked.name, ErrorName::InternalServiceException);
    assert!(panicked.detail.contains("panicked") && panicked.detail.contains("planted"), "{panicked}");
    let refused = within(agent.start_game_server_session(&session("large", 5))).await.unwrap_err();
    assert_eq!(refused.to_string(), "GAME_SERVER_SESSION_READY_FAILED: 4 seats at most here");
    assert_eq!(process.game_server_session_id(), None);
    assert!(within(agent.health_check()).await.unwrap());
    within(agent.start_game_server_session(&session("fine", 4))).await.unwrap();
    assert_eq!(next_session(&mut process).await.info().name, "fine");
}

#[tokio::test]
async fn a_panic_in_health_is_unhealthy_and_one_in_the_observer_of_retries_is_its_own_affair() {
    let agent = ScriptedAgent::start();
    let builder =
        agent.builder().client_port(3237).health(|| panic!("planted")).on_retry(|_| panic!("planted"));
    let process = within(builder.ready()).await.unwrap();
    assert!(!within(agent.health_check()).await.unwrap());
    agent.answer_next(
        Call::ProcessEnding,
        crate::testing::Answer::Error {
            code: crate::testing::Code::Unavailable,
            message: "come again".into(),
            error_code: None,
        },
    );
    within(process.ending()).await.unwrap();
}
