//! Asking a matchmaker for a seat (`examples/matchmaker`): a wish goes there, and what becomes of it is heard.
//!
//! Not here: who plays with whom, and any key of the cloud API; the matchmaker has both.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use crate::{lookup::Seat, options::Matchmaker};

/// How long the matchmaker may take to take the wish.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Every 5 s it says at least that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// Longest line it may send.
const LINE_MAX: usize = 64 * 1024;

/// What it tells.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
enum Told {
    Searching {
        waiting: u32,
    },
    Placing {
        players: Vec<String>,
    },
    Completed {
        ip_address: std::net::IpAddr,
        port: u16,
        player_session_id: String,
    },
    Cancelled,
    #[serde(rename = "TIMEDOUT")]
    TimedOut {
        reason: String,
    },
    Failed {
        reason: String,
    },
}

#[derive(Deserialize)]
struct Taken {
    ticket_id: String,
}

#[derive(Deserialize)]
struct NotTaken {
    error: String,
}

/// Waits until there is a seat. Each change on the way goes to `news`, in words.
///
/// # Errors
/// Why there is none, for people.
pub(crate) async fn find_seat(
    matchmaker: &Matchmaker,
    player_id: &str,
    mut news: impl AsyncFnMut(String),
) -> Result<Seat, String> {
    let url = matchmaker.url.trim_end_matches('/');
    let away =
        |error: reqwest::Error| format!("the matchmaker at `{url}` cannot be asked: {}", chain(&error));
    // Without a provider `build` panics, also for plain HTTP. One that is there already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A proxy is never between a game and a matchmaker that it was given.
    let http = Client::builder().no_proxy().build().map_err(away)?;
    let wish = json!({ "player_id": player_id, "skill": matchmaker.skill });
    let asked = http.post(format!("{url}/tickets")).body(wish.to_string()).send();
    let answer = timeout(ANSWER_MAX, asked).await.map_err(|_| silent(url, ANSWER_MAX))?.map_err(away)?;
    let ticket = taken(answer).await?;

    let listening = http.get(format!("{url}/tickets/{ticket}/events")).send();
    let mut events =
        timeout(ANSWER_MAX, listening).await.map_err(|_| silent(url, ANSWER_MAX))?.map_err(away)?;
    let mut lines = Lines::default();
    loop {
        let chunk = timeout(SILENCE_MAX, events.chunk()).await.map_err(|_| silent(url, SILENCE_MAX))?;
        let Some(chunk) = chunk.map_err(away)? else {
            return Err(format!("the matchmaker at `{url}` went away during the search"));
        };
        for told in lines.take(&chunk)? {
            match told {
                Told::Searching { waiting: 1 } => news("looking for opponents ...".to_owned()).await,
                Told::Searching { waiting } => {
                    news(format!("looking for opponents: {waiting} are waiting ...")).await;
                }
                Told::Placing { players } => {
                    news(format!("{} players; looking for a game server ...", players.len())).await;
                }
                Told::Completed { ip_address, port, player_session_id } => {
                    return Ok(Seat { address: SocketAddr::new(ip_address, port), player_session_id });
                }
                Told::Cancelled => return Err("the search was given up".to_owned()),
                Told::TimedOut { reason } => return Err(format!("no match: {reason}\nhint: try again")),
                Told::Failed { reason } => return Err(format!("the match could not be placed: {reason}")),
            }
        }
    }
}

async fn taken(answer: Response) -> Result<String, String> {
    let status = answer.status();
    let text = timeout(ANSWER_MAX, answer.text()).await.map_err(|_| "the matchmaker is silent".to_owned())?;
    let text = text.map_err(|error| format!("the matchmaker's answer broke off: {error}"))?;
    if let Ok(Taken { ticket_id }) = serde_json::from_str(&text) {
        return Ok(ticket_id);
    }
    Err(match serde_json::from_str(&text) {
        Ok(NotTaken { error }) => format!("the matchmaker refused: {error}"),
        Err(_) => format!("no matchmaker answers there: HTTP status `{status}`"),
    })
}

fn silent(url: &str, time: Duration) -> String {
    format!("the matchmaker at `{url}` said nothing for {} s", time.as_secs())
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Server-sent events: lines of `data: JSON`; everything else is of no interest here.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, chunk: &[u8]) -> Result<Vec<Told>, String> {
        self.begun.extend_from_slice(chunk);
        let mut told = Vec::new();
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            if let Some(data) = line.strip_prefix(b"data: ") {
                let event = serde_json::from_slice(data);
                told.push(event.map_err(|error| format!("the matchmaker sent something unknown: {error}"))?);
            }
        }
        if self.begun.len() > LINE_MAX {
            return Err(format!("the matchmaker sent a line of more than {LINE_MAX} bytes"));
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests;
