//! The whole life without async; the test plays the agent from a runtime of its own.

use std::thread;

use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::*;
use crate::ErrorName;
use crate::testing::{Answer, Call, Code, ScriptedAgent};

const DEADLINE: Duration = Duration::from_secs(20);

/// An agent on a runtime of its own, as a service of its own has its own threads.
fn agent() -> (Runtime, ScriptedAgent) {
    let runtime = Runtime::new().unwrap();
    let agent = {
        let _entered = runtime.enter();
        ScriptedAgent::start()
    };
    (runtime, agent)
}

fn within<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    runtime.block_on(async { timeout(DEADLINE, future).await }).expect("no event before the deadline")
}

fn info(id: &str) -> GameServerSession {
    GameServerSession { game_server_session_id: id.into(), max_players: 5, ..Default::default() }
}

#[test]
fn a_whole_life_without_async() {
    let (runtime, agent) = agent();
    let mut ready = agent.builder().client_port(3237).ready_blocking().unwrap();
    let handle = ready.handle();
    assert_eq!(ready.next_session_within(Duration::ZERO).unwrap_err(), NoSession);
    // This thread is not the one that answers.
    within(&runtime, agent.start_game_server_session(&info("gs-1"))).unwrap();
    let starting = ready.next_session_within(DEADLINE).unwrap().expect("a session was handed over");
    assert_eq!(starting.info().game_server_session_id, "gs-1");
    let mut session = starting.activate().unwrap();
    session.accept_player_session("psess-1").unwrap();
    session.update_player_session_creation_policy(PlayerSessionCreationPolicy::DenyAll).unwrap();
    let players = session.players();
    let removed = thread::spawn(move || players.remove_player_session("psess-1"));
    removed.join().unwrap().unwrap();
    assert!(within(&runtime, agent.health_check()).unwrap());
    handle.report_custom_data(1, 2).unwrap();

    assert_eq!(session.process_terminate(), None);
    within(&runtime, agent.process_terminate(1_700_000_300)).unwrap();
    assert!(session.process_terminate().is_some_and(|asked| asked.termination_time().is_some()));
    assert_eq!(session.process_terminate(), None, "once");
    session.terminate().unwrap();
    assert!(ready.next_session().is_none());
    ready.ending().unwrap();
    let calls: Vec<_> = agent.calls().iter().map(|recorded| recorded.call).collect();
    let expected = [
        Call::ProcessReady,
        Call::ActivateGameServerSession,
        Call::AcceptPlayerSession,
        Call::UpdatePlayerSessionCreationPolicy,
        Call::RemovePlayerSession,
        Call::ReportCustomData,
        Call::TerminateGameServerSession,
        Call::ProcessEnding,
    ];
    assert_eq!(calls, expected);
}

#[test]
fn errors_are_those_of_the_other_form() {
    let (runtime, agent) = agent();
    let mut ready = agent.builder().client_port(3237).ready_blocking().unwrap();
    within(&runtime, agent.start_game_server_session(&info("gs-1"))).unwrap();
    let session = ready.next_session().unwrap().activate().unwrap();
    let refusal = Answer::Error { code: Code::NotFound, message: "x".into(), error_code: None };
    agent.answer_next(Call::AcceptPlayerSession, refusal);
    let error = session.accept_player_session("psess-1").unwrap_err();
    assert_eq!(error.name, ErrorName::BadRequestException);
}

/// A game that is async after all: nothing panics, neither in a call nor when the last handle goes.
#[tokio::test]
async fn inside_another_runtime_it_waits_and_does_not_panic() {
    let (runtime, agent) = agent();
    let mut ready = agent.builder().client_port(3237).ready_blocking().unwrap();
    assert_eq!(ready.next_session_within(Duration::from_millis(1)).unwrap_err(), NoSession);
    ready.ending().unwrap();
    drop(agent.builder().client_port(3237).ready_blocking().unwrap());
    runtime.shutdown_background();
}
