//! A process whose agent was started anew: found again, announced again when the contract allows it.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

use super::*;
use crate::ErrorName;
use crate::testing::{Answer, Code};

fn not_ready() -> Answer {
    Answer::Error {
        code: Code::FailedPrecondition,
        message: "PROCESS_NOT_READY: pid 7 is unknown".into(),
        error_code: Some("PROCESS_NOT_READY".into()),
    }
}

/// An agent at the same address, which knows nobody.
fn start_anew(address: SocketAddr) -> ScriptedAgent {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    ScriptedAgent::start_on(socket.listen(16).unwrap()).unwrap()
}

#[tokio::test]
async fn a_process_that_the_agent_forgot_announces_itself_and_repeats_the_call() {
    let agent = ScriptedAgent::start_on_loopback().await.unwrap();
    let address = agent.address().unwrap().parse().unwrap();
    let builder = agent.builder().client_port(3237).log_path("./logs");
    let mut process = within(builder.ready()).await.unwrap();
    let announced = agent.calls()[0].clone();
    let session = active(&agent, &mut process).await;
    within(agent.stop()).await;

    let agent = start_anew(address);
    agent.answer_next(Call::TerminateGameServerSession, not_ready());
    within(session.terminate()).await.unwrap();
    let calls = agent.calls();
    assert_eq!(
        sequence(&agent),
        [Call::TerminateGameServerSession, Call::ProcessReady, Call::TerminateGameServerSession]
    );
    assert_eq!(calls[1].fields, announced.fields, "the same ports and paths");
    assert_eq!(calls[0].request_id, calls[2].request_id, "one logical call");
    assert_ne!(calls[0].request_id, calls[1].request_id);

    // And the agent's callbacks reach it as before.
    within(agent.start_game_server_session(&info("gs-2"))).await.unwrap();
    within(next_session(&mut process).await.terminate()).await.unwrap();
    within(process.ending()).await.unwrap();
}

#[tokio::test]
async fn it_announces_itself_once_for_a_call_and_never_while_it_ends() {
    let (agent, process) = pair().await;
    for _ in 0..2 {
        agent.answer_next(Call::ReportCustomData, not_ready());
    }
    let error = within(process.report_custom_data(1, 2)).await.unwrap_err();
    assert_eq!(error.name, ErrorName::ProcessNotReady);
    agent.answer_next(Call::ProcessEnding, not_ready());
    within(process.ending()).await.unwrap_err();
    assert_eq!(
        sequence(&agent),
        [
            Call::ProcessReady,
            Call::ReportCustomData,
            Call::ProcessReady,
            Call::ReportCustomData,
            Call::ProcessEnding
        ]
    );
}

#[tokio::test]
async fn a_process_whose_record_is_closed_does_not_open_another() {
    let (agent, process) = pair().await;
    agent.answer_next(
        Call::ReportCustomData,
        Answer::Error {
            code: Code::FailedPrecondition,
            message: "PROCESS_NOT_ACTIVE: terminated".into(),
            error_code: None,
        },
    );
    let error = within(process.report_custom_data(1, 2)).await.unwrap_err();
    assert_eq!(error.name, ErrorName::ProcessNotActive);
    assert_eq!(sequence(&agent), [Call::ProcessReady, Call::ReportCustomData]);
}

/// On a virtual clock: it stands still while anything happens, and jumps to the next deadline when nothing does.
#[tokio::test(start_paused = true)]
async fn an_idle_process_that_nobody_calls_announces_itself_again() {
    let agent = ScriptedAgent::start();
    let mut process = agent.builder().client_port(3237).ready().await.unwrap();
    agent.wait_for(Call::ProcessReady, 3).await;
    assert!(sequence(&agent).iter().all(|call| *call == Call::ProcessReady));

    // A session is work enough to be noticed by, and who was told to end stays silent.
    let session = active_on_virtual_clock(&agent, &mut process).await;
    let before = agent.calls_of(Call::ProcessReady).len();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(agent.calls_of(Call::ProcessReady).len(), before);
    session.terminate().await.unwrap();
    agent.process_terminate(1_700_000_300).await.unwrap();
    let before = agent.calls_of(Call::ProcessReady).len();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(agent.calls_of(Call::ProcessReady).len(), before);
}

async fn active_on_virtual_clock<'p>(agent: &ScriptedAgent, process: &'p mut Ready) -> ActiveSession<'p> {
    agent.start_game_server_session(&info("gs-1")).await.unwrap();
    process.next_session().await.expect("a session was handed over").activate().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_idle_process_that_the_agent_calls_stays_quiet() {
    let agent = ScriptedAgent::start();
    let _process = agent.builder().client_port(3237).ready().await.unwrap();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        // Not OnHealthCheck: that asks a thread of the system, whose time this clock does not know.
        agent.start_game_server_session(&info("")).await.unwrap_err();
    }
    assert_eq!(sequence(&agent), [Call::ProcessReady]);
}
