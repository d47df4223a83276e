//! The whole life of a game server process: `gse local` in one terminal, this in another.

use gse_sdk::{ActiveSession, Event, GameServer, PlayerSessionFilter};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Bind first: the port that is announced must be the port that listens.
    let socket = tokio::net::UdpSocket::bind(("0.0.0.0", 0)).await?;
    let mut process = GameServer::builder()
        .client_port(socket.local_addr()?.port())
        .log_path("./logs")
        .on_retry(|error| eprintln!("waiting for the agent: {error}"))
        .ready()
        .await?;
    eprintln!("ready on {}", socket.local_addr()?);
    while let Some(event) = process.next_event().await {
        match event {
            Event::StartGameServerSession(starting) => {
                eprintln!("hosting {}", starting.info().game_server_session_id);
                let session = starting.activate().await?;
                play(&session).await?;
                session.terminate().await?;
            }
            Event::ProcessTerminate(_) => break,
        }
    }
    Ok(process.ending().await?)
}

/// A match for those who hold a ticket; a real server accepts each player as the player connects.
async fn play(session: &ActiveSession) -> Result<(), gse_sdk::GseError> {
    for player in session.describe_player_sessions(PlayerSessionFilter::default()).await? {
        session.accept_player_session(&player.player_session_id).await?;
        session.remove_player_session(&player.player_session_id).await?;
    }
    Ok(())
}
