//! A whole game server on GSE. Run it alone, or `gse local` in one terminal and this in another.

use gse_sdk::{GseError, PlayerSessionFilter, Players, Sdk};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Bind first: the port that is announced must be the port that listens.
    let socket = tokio::net::UdpSocket::bind(("0.0.0.0", 0)).await?;
    let port = socket.local_addr()?.port();

    // Hosted by an agent, or standalone: it prints which, why, and how to change it.
    let detected = Sdk::detect().await;
    eprintln!("{detected}");
    let mut ready = detected.builder().client_port(port).log_path("./logs").ready().await?;
    eprintln!("players connect to port {port}");

    // One session after the other, until the agent asks this process to finish.
    while let Some(starting) = ready.next_session().await {
        eprintln!("hosting {}", starting.info().game_server_session_id);
        // Load the map here; players come after `activate`.
        let mut session = starting.activate().await?;
        tokio::select! {
            played = play(session.players()) => played?,
            asked = session.process_terminate() => eprintln!("asked to finish: {asked:?}"),
        }
        session.terminate().await?;
    }
    Ok(ready.ending().await?)
}

/// A match of those who hold a ticket; a real server accepts each player as the player connects.
async fn play(players: Players) -> Result<(), GseError> {
    for player in players.describe_player_sessions(PlayerSessionFilter::default()).await? {
        players.accept_player_session(&player.player_session_id).await?;
        players.remove_player_session(&player.player_session_id).await?;
    }
    Ok(())
}
