//! A match for a party, from a queue: StartGameServerSessionPlacement, then DescribeGameServerSessionPlacement until it
//! is decided.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gse_client::{CallError, Client};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

/// How often a placement is asked for.
const POLL_PERIOD: Duration = Duration::from_millis(100);

/// A queue of the cloud API, and what is wished of its sessions.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    name: String,
    properties: Vec<(String, String)>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A place that is kept for a player.
#[derive(Clone)]
pub(super) struct Seat {
    pub(super) player_id: String,
    pub(super) address: SocketAddr,
    /// The secret of the seat.
    pub(super) player_session_id: String,
}

impl Queue {
    /// The queue of this name; sessions get these game properties.
    pub fn new(client: Client, name: String, properties: Vec<(String, String)>) -> Queue {
        Queue { client, name, properties }
    }

    async fn call(&self, action: &str, body: &Value) -> Result<Value, String> {
        let answer = self.client.call_json(action, &body.to_string()).await;
        answer.map(|answer| answer.response).map_err(|error| failed(action, &error))
    }
}

/// Seats for all of a party, or `None` if the time was over first: then the placement is stopped.
///
/// # Errors
/// Why there are none, for people, without what differs between two of the same kind.
pub(super) async fn place(
    queue: &Queue,
    id: &str,
    names: &[String],
    mut ended: watch::Receiver<bool>,
) -> Result<Option<Vec<Seat>>, String> {
    let properties: Vec<Value> =
        queue.properties.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let mut properties = properties;
    properties.push(json!({ "Key": "players", "Value": names.len().to_string() }));
    let players: Vec<Value> =
        names.iter().map(|name| json!({ "PlayerId": name, "PlayerData": "{}" })).collect();
    let request = json!({
        "PlacementId": id,
        "GameServerSessionQueueName": queue.name,
        "GameServerSessionName": id,
        "MaximumPlayerSessionCount": names.len(),
        "DesiredPlayerSessions": players,
        "GameProperties": properties,
    });
    queue.call("StartGameServerSessionPlacement", &request).await?;
    let this = json!({ "PlacementId": id });
    loop {
        let answer = queue.call("DescribeGameServerSessionPlacement", &this).await?;
        let placement = &answer["GameServerSessionPlacement"];
        match placement["Status"].as_str().unwrap_or_default() {
            "FULFILLED" => return seats(placement).map(Some),
            "PENDING" => (),
            status => return Err(format!("the placement is {status}")),
        }
        tokio::select! {
            () = sleep(POLL_PERIOD) => (),
            () = super::over(&mut ended) => {
                let stopped = queue.call("StopGameServerSessionPlacement", &this).await;
                return match stopped {
                    Ok(_) => Ok(None),
                    // It may have come to its end a moment before; nobody plays it any more, and nothing has failed.
                    Err(reason) => match status(queue, &this).await?.as_str() {
                        "PENDING" => Err(reason),
                        _ => Ok(None),
                    },
                };
            }
        }
    }
}

async fn status(queue: &Queue, placement: &Value) -> Result<String, String> {
    let answer = queue.call("DescribeGameServerSessionPlacement", placement).await?;
    Ok(answer["GameServerSessionPlacement"]["Status"].as_str().unwrap_or_default().to_owned())
}

fn seats(placement: &Value) -> Result<Vec<Seat>, String> {
    let unusable = || "the placement answered no usable seats".to_owned();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let ip: IpAddr = text(&placement["IpAddress"]).and_then(|ip| ip.parse().ok()).ok_or_else(unusable)?;
    let port = placement["Port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or_else(unusable)?;
    let seat = |player: &Value| {
        let address = SocketAddr::new(ip, port);
        let player_id = text(&player["PlayerId"])?;
        Some(Seat { player_id, address, player_session_id: text(&player["PlayerSessionId"])? })
    };
    let players = placement["PlacedPlayerSessions"].as_array().ok_or_else(unusable)?;
    players.iter().map(seat).collect::<Option<_>>().ok_or_else(unusable)
}

fn failed(action: &str, error: &CallError) -> String {
    match error.code() {
        Some(code) => format!("{action} answered {code}"),
        None => format!("{action} failed: {error}"),
    }
}
