//! The line protocol of the spec's test server (operations.md 13): a connection whose first word is one of these is
//! answered line by line. A connection that breaks off removes the players that joined through it.

use std::sync::Arc;

use anyhow::Result;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::broadcast::error::RecvError;

use crate::callbacks::Game;

const WORDS: [&str; 8] = ["JOIN", "LEAVE", "SAY", "POLICY", "CUSTOM", "END", "EXIT", "CRASH"];

pub(crate) fn is_command(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| WORDS.contains(&word))
}

/// Obeys until the other end hangs up.
pub(crate) async fn obey_all(first: String, stream: BufReader<TcpStream>, game: &Arc<Game>) -> Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    let mut voices = game.voices.subscribe();
    let mut joined = Vec::new();
    let mut line = Some(first);
    while let Some(command) = line {
        let answer = if obey(&command, game, &mut joined).await { "OK\n" } else { "NO\n" };
        if write.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
        line = loop {
            tokio::select! {
                line = lines.next_line() => break line.unwrap_or_default(),
                said = voices.recv() => match said {
                    Ok(said) => write.write_all(format!("{said}\n").as_bytes()).await?,
                    Err(RecvError::Lagged(_) | RecvError::Closed) => {}
                },
            }
        };
    }
    for player in joined {
        let session = game.session().unwrap_or_default();
        // The session may be over.
        let _ = game.agent.remove(&session, &player).await;
    }
    Ok(())
}

async fn obey(command: &str, game: &Arc<Game>, joined: &mut Vec<String>) -> bool {
    let (word, rest) = command.trim().split_once(' ').unwrap_or((command.trim(), ""));
    let session = game.session().unwrap_or_default();
    match word {
        "JOIN" => {
            let is_in = game.agent.accept(&session, rest).await.is_ok();
            joined.extend(is_in.then(|| rest.to_owned()));
            is_in
        }
        "LEAVE" => {
            joined.retain(|player| player != rest);
            game.agent.remove(&session, rest).await.is_ok()
        }
        "SAY" => game.voices.send(rest.to_owned()).is_ok(),
        "POLICY" => game.agent.update_policy(&session, rest).await.is_ok(),
        "CUSTOM" => match rest.split_once(' ').map(|(current, max)| (current.parse(), max.parse())) {
            Some((Ok(current), Ok(max))) => game.agent.custom_counts(current, max).await.is_ok(),
            _ => false,
        },
        "END" => game.end().await,
        "EXIT" => {
            let _ = game.agent.ending().await;
            std::process::exit(0)
        }
        "CRASH" => crate::crash(),
        _ => false,
    }
}
