//! The SDK against the scripted agent: what a process sends, and what it makes of the answers.

mod attachment;
mod bytes;
mod connecting;
mod events;
mod fuzz;
mod life;
mod standalone;
mod types;
mod user_code;
mod variants;

use std::time::Duration;

use tokio::time::timeout;

use crate::testing::{Call, ScriptedAgent};
use crate::{ActiveSession, GameServerSession, Ready, Sdk, StartRequested};

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

/// A scripted agent and a process that is ready at it.
async fn pair() -> (ScriptedAgent, Ready) {
    let agent = ScriptedAgent::start();
    let builder = agent.builder().client_port(3237);
    let process = within(builder.ready()).await.unwrap();
    (agent, process)
}

/// The same over real sockets, for what only they show.
async fn loopback_pair() -> (ScriptedAgent, Ready) {
    let agent = ScriptedAgent::start_on_loopback().await.unwrap();
    let process = within(agent.builder().client_port(3237).ready()).await.unwrap();
    (agent, process)
}

async fn next_session(process: &mut Ready) -> StartRequested<'_> {
    within(process.next_session()).await.expect("a session was handed over")
}

/// An active session `gs-1`.
async fn active<'p>(agent: &ScriptedAgent, process: &'p mut Ready) -> ActiveSession<'p> {
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    within(next_session(process).await.activate()).await.unwrap()
}

fn sequence(agent: &ScriptedAgent) -> Vec<Call> {
    agent.calls().into_iter().map(|recorded| recorded.call).collect()
}
