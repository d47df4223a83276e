//! Asking a matchmaker for a seat (`examples/matchmaker`): a wish goes there, and what becomes of it is heard.
//!
//! Not here: who plays with whom, and any key of the cloud API; the matchmaker has both.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use gse_client::{
    Trust, Url, http_client,
    latency::{self, Beacon},
};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    lookup::{Place, Seat},
    options::Matchmaker,
};

/// How long the matchmaker may take to take the wish.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Every 5 s it says at least that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// As many regions as a wish may name.
const REGIONS_MAX: usize = 32;
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
        #[serde(default)]
        game_server_session_id: Option<String>,
        #[serde(default)]
        region: Option<String>,
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
struct Regions {
    regions: Vec<RegionBeacon>,
}

#[derive(Deserialize)]
struct RegionBeacon {
    region: String,
    udp_address: Option<String>,
    ping_url: Option<String>,
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
    let away = |error: reqwest::Error| cannot_ask(url, &chain(&error));
    let http = open(url)?;
    news("measuring the regions ...".to_owned()).await;
    let mut latencies = measure(&http, url).await;
    if let Some(region) = &matchmaker.region {
        if let Some(latency_ms) = latencies.remove(region) {
            latencies = BTreeMap::from([(region.clone(), latency_ms)]);
        } else {
            return Err(format!(
                "the region `{region}` does not answer\nhint: choose another region, or play anywhere"
            ));
        }
    }
    for (region, latency_ms) in &latencies {
        news(format!("{region}: {latency_ms} ms")).await;
    }
    let wish = json!({ "player_id": player_id, "skill": matchmaker.skill, "latencies": latencies });
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
                Told::Completed { ip_address, port, player_session_id, game_server_session_id, region } => {
                    let address = SocketAddr::new(ip_address, port);
                    news(format!("a seat at {address}")).await;
                    let place = Place { session: game_server_session_id, alias: None, region };
                    return Ok(Seat { address, player_session_id, place });
                }
                Told::Cancelled => return Err("the search was given up".to_owned()),
                Told::TimedOut { reason } => return Err(format!("no match: {reason}\nhint: try again")),
                Told::Failed { reason } => return Err(format!("the match could not be placed: {reason}")),
            }
        }
    }
}

/// What answers for each region, as the matchmaker says.
///
/// # Errors
/// Why it cannot be asked, for people.
pub(crate) async fn beacons(matchmaker: &Matchmaker) -> Result<Vec<Beacon>, String> {
    let url = matchmaker.url.trim_end_matches('/');
    regions(&open(url)?, url).await
}

async fn regions(http: &Client, url: &str) -> Result<Vec<Beacon>, String> {
    let away = |error: reqwest::Error| cannot_ask(url, &chain(&error));
    let asked = async { http.get(format!("{url}/regions")).send().await?.bytes().await };
    let answer = timeout(ANSWER_MAX, asked).await.map_err(|_| silent(url, ANSWER_MAX))?.map_err(away)?;
    let Regions { regions } = serde_json::from_slice(&answer)
        .map_err(|error| format!("the matchmaker at `{url}` names no regions: {error}"))?;
    let beacon = |RegionBeacon { region, udp_address, ping_url }| Beacon { region, udp_address, ping_url };
    Ok(regions.into_iter().take(REGIONS_MAX).map(beacon).collect())
}

/// How far away each region is, as far as anybody tells where to measure it. Who has not measured plays anywhere.
async fn measure(http: &Client, url: &str) -> BTreeMap<String, u64> {
    let beacons = regions(http, url).await.unwrap_or_else(|problem| {
        tracing::warn!("nothing is measured: {problem}");
        Vec::new()
    });
    let measured = latency::measure(&beacons, latency::PROBES).await;
    measured.into_iter().map(|measured| (measured.region, measured.latency_ms)).collect()
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

/// Trusts what this machine trusts; a proxy is never between a game and a matchmaker that it was given.
fn open(url: &str) -> Result<Client, String> {
    let address = Url::parse(url).map_err(|error| cannot_ask(url, &error.to_string()))?;
    let builder = http_client(&address, &Trust::default()).map_err(|problem| cannot_ask(url, &problem))?;
    builder.build().map_err(|error| cannot_ask(url, &chain(&error)))
}

fn cannot_ask(url: &str, problem: &str) -> String {
    format!(
        "the matchmaker at `{url}` cannot be asked: {problem}\nhint: check the address, and that the matchmaker runs"
    )
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
