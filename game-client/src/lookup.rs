//! Getting a seat from the cloud API: which game server, and the secret that lets this player in.
//!
//! A session with a free seat is joined; when there is none, one is created and joined once it is active. In a real
//! game a backend would do this, for the keys of the cloud API do not belong on a player's machine.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use gse_client::{
    CallError, Client,
    latency::{self, Beacon},
};
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
    /// Where that is, as far as it is known.
    pub(crate) place: Place,
}

/// Where a seat is, for whoever wants to look the session up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The GameServerSessionId.
    pub(crate) session: Option<String>,
    /// The alias that was asked.
    pub(crate) alias: Option<String>,
    /// The region.
    pub(crate) region: Option<String>,
}

impl Place {
    /// The part of the session's id that is its own: the rest is the same for all of an account, and who asked for
    /// the session may have added something.
    pub(crate) fn short_session(&self) -> Option<&str> {
        let session = self.session.as_deref()?;
        session.split('/').find(|part| part.starts_with("gssess-")).or_else(|| session.rsplit('/').next())
    }

    /// The fleet, which the session's id names.
    pub(crate) fn fleet(&self) -> Option<&str> {
        self.session.as_deref()?.split('/').find(|part| part.starts_with("fleet-"))
    }
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

/// Finds or makes a session with a free seat, and takes it. Each step goes to `news`, in words.
///
/// # Errors
/// Which action failed and why, for people.
pub(crate) async fn find_seat(
    cloud: &CloudDestination,
    player_id: &str,
    mut news: impl AsyncFnMut(String),
) -> Result<Seat, String> {
    let found = timeout(LOOKUP_MAX, async {
        let client = client(cloud)?;
        let found = search(&client, &cloud.target).await?;
        news(format!("SearchGameServerSessions: {} with a free seat", found.len())).await;
        for session in found {
            let session = session.game_server_session_id;
            if let Some(seat) = join(&client, cloud, &session, player_id).await? {
                news(format!("JoinGameServerSession: a seat in {}", short(&session))).await;
                return Ok(seat);
            }
            news(format!("JoinGameServerSession: {} is full by now", short(&session))).await;
        }
        let session = create(&client, cloud, player_id, &mut news).await?;
        let seat = join(&client, cloud, &session, player_id).await?;
        news(format!("JoinGameServerSession: a seat in {}", short(&session))).await;
        seat.ok_or_else(|| format!("the new session `{session}` was full before its creator could join"))
    });
    found.await.unwrap_or_else(|_| Err(format!("no seat within {} s", LOOKUP_MAX.as_secs())))
}

/// A session that runs now, for whoever wants to watch.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Running {
    /// The GameServerSessionId.
    pub(crate) session: String,
    /// Its name, which may be empty.
    pub(crate) name: String,
    /// Address of the game server.
    pub(crate) address: SocketAddr,
    /// Seats that are taken, and all.
    pub(crate) players: (u64, u64),
    /// What lets watch, if the session has spectators.
    pub(crate) spectator_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RunningSession {
    game_server_session_id: String,
    name: Option<String>,
    ip_address: IpAddr,
    port: u16,
    current_player_session_count: u64,
    maximum_player_session_count: u64,
    game_properties: Option<Vec<GameProperty>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GameProperty {
    key: String,
    value: String,
}

/// The game property that spectators have to know.
const SPECTATOR_KEY: &str = "spectator_key";
/// Sessions that are asked for at most at each place, the newest.
const RUNNING_MAX: u64 = 20;

/// What runs behind these aliases or fleets, the newest first.
///
/// # Errors
/// Which action failed and why, for people.
pub(crate) async fn running(clouds: &[CloudDestination]) -> Result<Vec<Running>, String> {
    let asked = async {
        let mut running: Vec<Running> = Vec::new();
        for cloud in clouds {
            let found = running_at(&client(cloud)?, &cloud.target).await?;
            // Two aliases may lead to one fleet.
            let is_new = |one: &Running| running.iter().all(|other| other.session != one.session);
            let found: Vec<Running> = found.into_iter().filter(is_new).collect();
            running.extend(found);
        }
        Ok(running)
    };
    timeout(LOOKUP_MAX, asked)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", LOOKUP_MAX.as_secs())))
}

async fn running_at(client: &Client, target: &Target) -> Result<Vec<Running>, String> {
    let mut body = select(target);
    body["SortExpression"] = json!("creationTimeMillis DESC");
    body["Limit"] = json!(RUNNING_MAX);
    let action = "SearchGameServerSessions";
    let answer = call(client, action, &body).await.map_err(|error| failed(action, &error))?;
    let found = member::<Option<Vec<RunningSession>>>(action, answer, "GameServerSessions")?;
    let of = |session: RunningSession| {
        let properties = session.game_properties.unwrap_or_default().into_iter();
        let mut keys =
            properties.filter(|property| property.key == SPECTATOR_KEY).map(|property| property.value);
        Running {
            session: session.game_server_session_id,
            name: session.name.unwrap_or_default(),
            address: SocketAddr::new(session.ip_address, session.port),
            players: (session.current_player_session_count, session.maximum_player_session_count),
            spectator_key: keys.find(|key| !key.is_empty()),
        }
    };
    Ok(found.unwrap_or_default().into_iter().map(of).collect())
}

/// What answers for each region, as the service says.
///
/// # Errors
/// Why it cannot be asked, for people.
pub(crate) async fn beacons(cloud: &CloudDestination) -> Result<Vec<Beacon>, String> {
    let asked = async { latency::beacons(&client(cloud)?).await.map_err(|error| in_words(&error)) };
    let waited = timeout(LOOKUP_MAX, asked).await;
    waited.unwrap_or_else(|_| Err(format!("no answer within {} s", LOOKUP_MAX.as_secs())))
}

fn client(cloud: &CloudDestination) -> Result<Client, String> {
    Client::new(&cloud.endpoint, &cloud.secret_id, &cloud.secret_key, &cloud.region)
        .map_err(|error| in_words(&error))
}

fn short(session: &str) -> &str {
    session.rsplit('/').next().unwrap_or(session)
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
async fn join(
    client: &Client,
    cloud: &CloudDestination,
    session: &str,
    player_id: &str,
) -> Result<Option<Seat>, String> {
    let action = "JoinGameServerSession";
    let body = json!({ "GameServerSessionId": session, "PlayerId": player_id });
    match call(client, action, &body).await {
        Ok(answer) => {
            let joined: PlayerSession = member(action, answer, "PlayerSession")?;
            let address = SocketAddr::new(joined.ip_address, joined.port);
            let place = Place {
                session: Some(session.to_owned()),
                alias: match &cloud.target {
                    Target::Alias(alias) => Some(alias.clone()),
                    Target::Fleet(_) => None,
                },
                region: Some(cloud.region.clone()),
            };
            Ok(Some(Seat { address, player_session_id: joined.player_session_id, place }))
        }
        Err(error) if error.code().is_some_and(|code| TAKEN.contains(&code)) => Ok(None),
        Err(error) => Err(failed(action, &error)),
    }
}

/// Creates a session and waits until players may join it. Returns its id.
async fn create(
    client: &Client,
    cloud: &CloudDestination,
    player_id: &str,
    news: &mut impl AsyncFnMut(String),
) -> Result<String, String> {
    let action = "CreateGameServerSession";
    let target = &cloud.target;
    let mut body = select(target);
    body["MaximumPlayerSessionCount"] = json!(cloud.players_max);
    body["CreatorId"] = json!(player_id);
    let answer = call(client, action, &body).await.map_err(|error| failed(action, &error))?;
    let mut session: GameServerSession = member(action, answer, "GameServerSession")?;
    news(format!("CreateGameServerSession: {}", short(&session.game_server_session_id))).await;
    loop {
        match session.status.as_str() {
            "ACTIVE" => {
                news("DescribeGameServerSessions: it is ACTIVE".to_owned()).await;
                return Ok(session.game_server_session_id);
            }
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
