//! What the game sees of sessions and players: plain values, checked when they come in.
//!
//! The wire's types end here; nothing outside this crate needs `gse-proto`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use gse_proto::grpcsdk as wire;

/// Longer than any that is known; later versions of the standard may say more.
const LONGEST_TRACEPARENT: usize = 256;

/// A session that the agent hands to this process (4.5). Absent texts are empty.
///
/// ```
/// use gse_sdk::{GameProperty, GameServerSession};
///
/// let session = GameServerSession {
///     game_server_session_id: "gs-1".into(),
///     max_players: 16,
///     game_properties: vec![GameProperty { key: "map".into(), value: "harbour".into() }],
///     ..Default::default()
/// };
/// assert_eq!(session.properties().get("map"), Some(&"harbour"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GameServerSession {
    /// Names the session in every call; up to 256 characters.
    pub game_server_session_id: String,
    /// The fleet that this process belongs to.
    pub fleet_id: String,
    /// The name that the creator gave it, up to 1024 characters.
    pub name: String,
    /// Seats.
    pub max_players: u32,
    /// Whether new players may join (the creation policy is ACCEPT_ALL).
    pub joinable: bool,
    /// The creator's properties, at most 16, in the creator's order.
    pub game_properties: Vec<GameProperty>,
    /// Where players connect: the client port of this process.
    pub port: u16,
    /// Where players connect.
    pub ip_address: String,
    /// The creator's data, up to 4096 characters.
    pub game_server_session_data: String,
    /// The matchmaker's data, up to 400 000 characters.
    pub matchmaker_data: String,
    /// Normally empty.
    pub dns_name: String,
    /// The W3C trace context that the start of the session belongs to, as it is written in the header `traceparent`: a
    /// parent for the game server's own spans, and something for its log lines. Empty when the agent gave none.
    pub traceparent: String,
}

/// One property of a session.
///
/// ```
/// let map = gse_sdk::GameProperty { key: "map".into(), value: "harbour".into() };
/// assert_eq!(map.value, "harbour");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GameProperty {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl GameServerSession {
    /// The properties as a map; of a repeated key the last one wins.
    pub fn properties(&self) -> BTreeMap<&str, &str> {
        self.game_properties.iter().map(|p| (p.key.as_str(), p.value.as_str())).collect()
    }

    /// The id of the trace that the start of the session belongs to: 32 hexadecimal digits.
    ///
    /// ```
    /// let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    /// let session = gse_sdk::GameServerSession { traceparent, ..Default::default() };
    /// assert_eq!(session.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    /// ```
    pub fn trace_id(&self) -> Option<&str> {
        let id = self.traceparent.split('-').nth(1)?;
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
    }

    /// The same session with the agent's `traceparent`; what is not one line of a header's form is none.
    pub(crate) fn in_trace(self, traceparent: Option<&str>) -> Self {
        let is_fine = |text: &&str| {
            text.len() <= LONGEST_TRACEPARENT && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        Self { traceparent: traceparent.filter(is_fine).unwrap_or_default().to_owned(), ..self }
    }

    /// The text says what is wrong with the agent's value.
    pub(crate) fn from_wire(session: wire::GameServerSession) -> Result<Self, String> {
        if session.game_server_session_id.is_empty() {
            return Err("`gameServerSessionId` is empty".into());
        }
        let property = |p: wire::GameProperty| GameProperty { key: p.key, value: p.value };
        Ok(Self {
            max_players: u32::try_from(session.max_players)
                .map_err(|_| format!("`maxPlayers` is `{}`, expected 0 or more", session.max_players))?,
            port: port(session.port)?,
            game_server_session_id: session.game_server_session_id,
            fleet_id: session.fleet_id,
            name: session.name,
            joinable: session.joinable,
            game_properties: session.game_properties.into_iter().map(property).collect(),
            ip_address: session.ip_address,
            game_server_session_data: session.game_server_session_data,
            matchmaker_data: session.matchmaker_data,
            dns_name: session.dns_name,
            traceparent: String::new(),
        })
    }

    pub(crate) fn to_wire(&self) -> wire::GameServerSession {
        let property = |p: &GameProperty| wire::GameProperty { key: p.key.clone(), value: p.value.clone() };
        wire::GameServerSession {
            game_server_session_id: self.game_server_session_id.clone(),
            fleet_id: self.fleet_id.clone(),
            name: self.name.clone(),
            max_players: i32::try_from(self.max_players).unwrap_or(i32::MAX),
            joinable: self.joinable,
            game_properties: self.game_properties.iter().map(property).collect(),
            port: self.port.into(),
            ip_address: self.ip_address.clone(),
            game_server_session_data: self.game_server_session_data.clone(),
            matchmaker_data: self.matchmaker_data.clone(),
            dns_name: self.dns_name.clone(),
        }
    }
}

/// Where a player session stands (3.3).
///
/// ```
/// assert_eq!(gse_sdk::PlayerSessionStatus::Timedout.to_string(), "TIMEDOUT");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PlayerSessionStatus {
    /// A seat is kept for 60 s after the join.
    #[default]
    Reserved,
    /// The player was accepted.
    Active,
    /// The player left.
    Completed,
    /// The player did not arrive in time.
    Timedout,
    /// A status that this version of the SDK does not know, as the agent spelled it.
    Other(String),
}

impl PlayerSessionStatus {
    /// The spelling on the wire, such as `RESERVED`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Timedout => "TIMEDOUT",
            Self::Other(status) => status,
        }
    }

    fn from_wire(status: String) -> Self {
        let known = [Self::Reserved, Self::Active, Self::Completed, Self::Timedout];
        known.into_iter().find(|known| known.as_str() == status).unwrap_or(Self::Other(status))
    }
}

impl fmt::Display for PlayerSessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A seat in a session, as the agent lists it. Absent texts are empty.
///
/// ```
/// use gse_sdk::{PlayerSession, PlayerSessionStatus};
///
/// fn expected(players: &[PlayerSession]) -> impl Iterator<Item = &str> {
///     let reserved = players.iter().filter(|player| player.status == PlayerSessionStatus::Reserved);
///     reserved.map(|player| player.player_id.as_str())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlayerSession {
    /// The ticket that the player got; a secret between player and server.
    pub player_session_id: String,
    /// The player.
    pub player_id: String,
    /// The session that the seat is in.
    pub game_server_session_id: String,
    /// The fleet of that session.
    pub fleet_id: String,
    /// Where the player was told to connect.
    pub ip_address: String,
    /// Where the player was told to connect.
    pub port: u16,
    /// Where it stands.
    pub status: PlayerSessionStatus,
    /// When the seat was reserved.
    pub creation_time: Option<SystemTime>,
    /// When the player left or timed out; `None` while open.
    pub termination_time: Option<SystemTime>,
    /// The creator's data about the player, up to 2048 characters.
    pub player_data: String,
    /// Normally empty.
    pub dns_name: String,
}

impl PlayerSession {
    pub(crate) fn from_wire(player: wire::PlayerSession) -> Result<Self, String> {
        Ok(Self {
            port: port(player.port)?,
            status: PlayerSessionStatus::from_wire(player.status),
            creation_time: time(player.creation_time),
            termination_time: time(player.termination_time),
            player_session_id: player.player_session_id,
            player_id: player.player_id,
            game_server_session_id: player.game_server_session_id,
            fleet_id: player.fleet_id,
            ip_address: player.ip_address,
            player_data: player.player_data,
            dns_name: player.dns_name,
        })
    }

    pub(crate) fn to_wire(&self) -> wire::PlayerSession {
        wire::PlayerSession {
            player_session_id: self.player_session_id.clone(),
            player_id: self.player_id.clone(),
            game_server_session_id: self.game_server_session_id.clone(),
            fleet_id: self.fleet_id.clone(),
            ip_address: self.ip_address.clone(),
            status: self.status.to_string(),
            creation_time: unix_seconds(self.creation_time),
            termination_time: unix_seconds(self.termination_time),
            port: self.port.into(),
            player_data: self.player_data.clone(),
            dns_name: self.dns_name.clone(),
        }
    }
}

/// Which player sessions to list; what is set must all match. The default lists every one.
///
/// ```
/// use gse_sdk::{PlayerSessionFilter, PlayerSessionStatus};
///
/// let reserved_for_anna = PlayerSessionFilter {
///     player_id: Some("anna".into()),
///     status: Some(PlayerSessionStatus::Reserved),
///     ..Default::default()
/// };
/// assert_eq!(reserved_for_anna.player_session_id, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlayerSessionFilter {
    /// Only those of this player.
    pub player_id: Option<String>,
    /// Only this one.
    pub player_session_id: Option<String>,
    /// Only those in this status.
    pub status: Option<PlayerSessionStatus>,
}

/// Whether new players may join a session. Players who hold a reservation may always enter.
///
/// ```no_run
/// use gse_sdk::PlayerSessionCreationPolicy::DenyAll;
///
/// # async fn example(session: gse_sdk::ActiveSession<'_>) -> Result<(), gse_sdk::GseError> {
/// session.update_player_session_creation_policy(DenyAll).await?; // the match has begun
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlayerSessionCreationPolicy {
    /// Joins are possible.
    AcceptAll,
    /// Joins are refused.
    DenyAll,
}

impl PlayerSessionCreationPolicy {
    /// The spelling on the wire, such as `ACCEPT_ALL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptAll => "ACCEPT_ALL",
            Self::DenyAll => "DENY_ALL",
        }
    }
}

fn port(port: i32) -> Result<u16, String> {
    u16::try_from(port).map_err(|_| format!("`port` is `{port}`, expected 0 to 65535"))
}

/// A time from the wire. 0 and less mean that there is none.
///
/// The published contract names no unit: values from 1 000 000 000 000 on are read as milliseconds,
/// all others as seconds (3.4). `None` also when the clock of this machine cannot express it.
pub(crate) fn time(value: i64) -> Option<SystemTime> {
    let value = u64::try_from(value).ok().filter(|value| *value > 0)?;
    // 3.4 puts the limit here, and the value for full protection, the end of the year 9999 in seconds, below it.
    let since_epoch =
        if value >= 1_000_000_000_000 { Duration::from_millis(value) } else { Duration::from_secs(value) };
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

/// The wire's form of a time; 0 means that there is none.
fn unix_seconds(time: Option<SystemTime>) -> i64 {
    let since_epoch = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since_epoch.and_then(|duration| i64::try_from(duration.as_secs()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
