//! Players, on both ends of a TCP connection.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::callbacks::Game;
use crate::command;

/// Takes players until the end of the process.
pub(crate) async fn welcome_all(listener: TcpListener, game: Arc<Game>) {
    while let Ok((stream, _)) = listener.accept().await {
        let game = Arc::clone(&game);
        // A player that breaks off is none of the others' business.
        tokio::spawn(async move { welcome(stream, &game).await });
    }
}

async fn welcome(stream: TcpStream, game: &Arc<Game>) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut ticket = String::new();
    stream.read_line(&mut ticket).await?;
    if command::is_command(&ticket) {
        return command::obey_all(ticket, stream, game).await;
    }
    let (ticket, session) = (ticket.trim(), game.session().unwrap_or_default());
    if !game.options.has("no-accept") && game.agent.accept(&session, ticket).await.is_err() {
        stream.write_all(b"go away\n").await?;
        return Ok(());
    }
    game.came();
    stream.write_all(b"welcome\n").await?;
    // Until the player hangs up.
    stream.read_to_end(&mut Vec::new()).await?;
    if !game.options.has("no-remove") {
        let _ = game.agent.remove(&session, ticket).await;
    }
    game.left().await;
    Ok(())
}

/// Visits the game server that the environment names.
pub(crate) async fn visit() -> Result<()> {
    let said = |name: &str| std::env::var(name).with_context(|| format!("`{name}` is not set"));
    let address = format!("{}:{}", said("IP")?, said("PORT")?);
    let stream = TcpStream::connect(&address).await.with_context(|| format!("cannot reach `{address}`"))?;
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("{}\n", said("PLAYER_SESSION_ID")?).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    ensure!(answer.trim() == "welcome", "the game server said `{}`", answer.trim());
    Ok(())
}
