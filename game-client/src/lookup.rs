//! Getting a seat from the cloud API: which game server, and the secret that lets this player in.
//!
//! A session with a free seat is joined; when there is none, one is created and joined once it is active. In a real
//! game a backend would do this, for the keys of the cloud API do not belong on a player's machine.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use gse_client::{CallError, Client};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::options::{CloudDestination, Target};

/// How long it may take until a seat is found or a created session is active.
const LOOKUP_MAX: Duration = Duration::from_secs(30);
/// How often a created session is asked whether it is active.
const POLL_PERIOD: Duration = Duration::from_millis(250);
/// Sessions that are tried before a new one is created.
const CANDIDATES_MAX: u64 = 10;
/// The session has filled up or ended between the search and the join (cloud-api.md, JoinGameServerSession).
const TAKEN: [&str; 2] = ["ResourceInsufficient", "ResourceUnavailable"];

/// A seat that the cloud API has reserved for this player.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Address of the game server.
    pub(crate) address: SocketAddr,
    /// Secret of the seat.
    pub(crate) player_session_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GameServerSession {
    game_server_session_id: String,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlayerSession {
    ip_address: IpAddr,
    port: u16,
    player_session_id: String,
}

/// Finds or makes a session with a free seat, and takes it.
///
/// # Errors
/// Which action failed and why, for people.
pub(crate) async fn find_seat(cloud: &CloudDestination, player_id: &str) -> Result<Seat, String> {
    let found = timeout(LOOKUP_MAX, async {
        let client = Client::new(&cloud.endpoint, &cloud.secret_id, &cloud.secret_key, &cloud.region)
            .map_err(|error| in_words(&error))?;
        for session in search(&client, &cloud.target).await? {
            if let Some(seat) = join(&client, &session.game_server_session_id, player_id).await? {
                return Ok(seat);
            }
        }
        let session = create(&client, &cloud.target, cloud.players_max, player_id).await?;
        let seat = join(&client, &session, player_id).await?;
        seat.ok_or_else(|| format!("the new session `{session}` was full before its creator could join"))
    });
    found.await.unwrap_or_else(|_| Err(format!("no seat within {} s", LOOKUP_MAX.as_secs())))
}

async fn search(client: &Client, target: &Target) -> Result<Vec<GameServerSession>, String> {
    let mut body = select(target);
    body["FilterExpression"] = json!("hasAvailablePlayerSessions=true");
    body["SortExpression"] = json!("creationTimeMillis ASC");
    body["Limit"] = json!(CANDIDATES_MAX);
    let action = "SearchGameServerSessions";
    let answer = call(client, action, &body).await.map_err(|error| failed(action, &error))?;
    // Lists are null when they are empty, in some versions of this API.
    Ok(member::<Option<Vec<GameServerSession>>>(action, answer, "GameServerSessions")?.unwrap_or_default())
}

/// `None`: somebody else was faster, or the session is ending.
async fn join(client: &Client, session: &str, player_id: &str) -> Result<Option<Seat>, String> {
    let action = "JoinGameServerSession";
    let body = json!({ "GameServerSessionId": session, "PlayerId": player_id });
    match call(client, action, &body).await {
        Ok(answer) => {
            let joined: PlayerSession = member(action, answer, "PlayerSession")?;
            let address = SocketAddr::new(joined.ip_address, joined.port);
            Ok(Some(Seat { address, player_session_id: joined.player_session_id }))
        }
        Err(error) if error.code().is_some_and(|code| TAKEN.contains(&code)) => Ok(None),
        Err(error) => Err(failed(action, &error)),
    }
}

/// Creates a session and waits until players may join it. Returns its id.
async fn create(
    client: &Client,
    target: &Target,
    players_max: u64,
    player_id: &str,
) -> Result<String, String> {
    let action = "CreateGameServerSession";
    let mut body = select(target);
    body["MaximumPlayerSessionCount"] = json!(players_max);
    body["CreatorId"] = json!(player_id);
    let answer = call(client, action, &body).await.map_err(|error| failed(action, &error))?;
    let mut session: GameServerSession = member(action, answer, "GameServerSession")?;
    loop {
        match session.status.as_str() {
            "ACTIVE" => return Ok(session.game_server_session_id),
            "ACTIVATING" => sleep(POLL_PERIOD).await,
            status => {
                let id = session.game_server_session_id;
                return Err(format!(
                    "the new session `{id}` is `{status}`\nhint: look at the log of its process"
                ));
            }
        }
        session = describe(client, target, &session.game_server_session_id).await?;
    }
}

async fn describe(client: &Client, target: &Target, session: &str) -> Result<GameServerSession, String> {
    let action = "DescribeGameServerSessions";
    let mut body = select(target);
    body["GameServerSessionId"] = json!(session);
    let answer = call(client, action, &body).await.map_err(|error| failed(action, &error))?;
    let found: Vec<GameServerSession> = member(action, answer, "GameServerSessions")?;
    found.into_iter().next().ok_or_else(|| format!("the new session `{session}` is gone"))
}

fn select(target: &Target) -> Value {
    match target {
        Target::Alias(alias) => json!({ "AliasId": alias }),
        Target::Fleet(fleet) => json!({ "FleetId": fleet }),
    }
}

async fn call(client: &Client, action: &str, body: &Value) -> Result<Value, CallError> {
    Ok(client.call_json(action, &body.to_string()).await?.response)
}

fn member<T: DeserializeOwned>(action: &str, mut answer: Value, name: &str) -> Result<T, String> {
    let value = answer.get_mut(name).map(Value::take).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| format!("{action} answered no usable `{name}`: {error}"))
}

fn failed(action: &str, error: &CallError) -> String {
    format!("{action} failed: {}", in_words(error))
}

/// The error and what it stems from.
fn in_words(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    if let CallError::Api { request_id, .. } = error {
        text.push_str(&format!(" (request `{request_id}`)"));
    }
    text
}

#[cfg(test)]
mod tests;
