//! The SDK against the fake agent: what a process sends, and what it makes of the answers.

mod answers;
mod bytes;
mod connecting;
mod events;
mod life;

use std::time::Duration;

use tokio::time::timeout;

use crate::testing::{Call, FakeAgent};
use crate::{ActiveSession, Event, GameServer, GameServerSession, Process, StartingSession};

/// A test that waits longer than this has failed.
const DEADLINE: Duration = Duration::from_secs(20);

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("no event before the deadline")
}

fn info(id: &str) -> GameServerSession {
    GameServerSession {
        game_server_session_id: id.into(),
        fleet_id: "fleet-1".into(),
        max_players: 5,
        joinable: true,
        port: 3237,
        ip_address: "127.0.0.1".into(),
        ..Default::default()
    }
}

/// A fake agent and a process that is ready at it.
async fn pair() -> (FakeAgent, Process) {
    let agent = FakeAgent::start().await.unwrap();
    let builder = GameServer::builder().client_port(3237).agent_address(agent.address());
    let process = within(builder.ready()).await.unwrap();
    (agent, process)
}

async fn next_session(process: &mut Process) -> StartingSession {
    match within(process.next_event()).await {
        Some(Event::StartGameServerSession(starting)) => starting,
        other => panic!("expected a session, got {other:?}"),
    }
}

/// A fake agent, a process, and an active session `gs-1` on it.
async fn hosting() -> (FakeAgent, Process, ActiveSession) {
    let (agent, mut process) = pair().await;
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    let session = within(next_session(&mut process).await.activate()).await.unwrap();
    (agent, process, session)
}

fn sequence(agent: &FakeAgent) -> Vec<Call> {
    agent.calls().into_iter().map(|recorded| recorded.call).collect()
}
