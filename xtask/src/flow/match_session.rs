//! Sessions and seats, as a game's own backend would ask for them.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::cloud::{list, need, text_of};
use super::player::Seat;
use super::stage::{Stage, Wait, reach};

/// A session is activated by its game server within milliseconds; this is for a very busy machine.
const ACTIVE_DEADLINE: Duration = Duration::from_secs(60);
/// A match ends by its own rules; this is far more than its ticks.
const ENDED_DEADLINE: Duration = Duration::from_secs(60);

/// The rules of one match, as the sample game reads them from the game properties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatchRules {
    /// The match begins when so many players are in.
    pub players: usize,
    /// It ends after so many ticks, 60 in a second.
    pub ticks: u32,
    /// It ends earlier when somebody has so many points.
    pub score_to_win: u32,
}

impl MatchRules {
    /// The rules as keys and values.
    pub(crate) fn pairs(self) -> [(&'static str, String); 3] {
        [
            ("players", self.players.to_string()),
            ("match_ticks", self.ticks.to_string()),
            ("score_to_win", self.score_to_win.to_string()),
        ]
    }

    /// The rules as game properties.
    pub(super) fn properties(self) -> Value {
        self.pairs().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    }
}

/// A session of this run.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The long id.
    pub id: String,
    /// The fleet it landed on.
    pub fleet: String,
}

/// Creates a match on a fleet or an alias (`target` is `FleetId` or `AliasId`) and waits until it is ACTIVE.
pub(crate) fn create_match(
    stage: &mut Stage<'_>,
    target: (&str, &str),
    name: &str,
    rules: MatchRules,
) -> Result<Session> {
    let request = json!({
        target.0: target.1,
        "Name": name,
        "MaximumPlayerSessionCount": rules.players,
        "GameProperties": rules.properties(),
    });
    create(stage, request)
}

/// Creates a session and waits until it is ACTIVE.
pub(crate) fn create(stage: &mut Stage<'_>, request: Value) -> Result<Session> {
    let answer = stage.call("CreateGameServerSession", request)?;
    let session = Session {
        id: need(&answer, "/GameServerSession/GameServerSessionId")?,
        fleet: need(&answer, "/GameServerSession/FleetId")?,
    };
    stage.fleet_in_focus = Some(session.fleet.clone());
    let wait = Wait::until("the session is ACTIVE", ACTIVE_DEADLINE);
    let request = json!({"GameServerSessionId": session.id});
    let look = reach("/GameServerSessions/0/Status", "ACTIVE", &["ERROR", "TERMINATING", "TERMINATED"]);
    stage.wait("DescribeGameServerSessions", request, &wait, look)?;
    Ok(session)
}

/// Waits until a session is over, and checks that its players are.
pub(crate) fn wait_until_terminated(stage: &mut Stage<'_>, session: &Session) -> Result<()> {
    let wait = Wait::until("the session is TERMINATED", ENDED_DEADLINE);
    let request = json!({"GameServerSessionId": session.id});
    let look = reach("/GameServerSessions/0/Status", "TERMINATED", &["ERROR"]);
    stage.wait("DescribeGameServerSessions", request, &wait, look)?;
    let answer = stage.call("DescribePlayerSessions", json!({"GameServerSessionId": session.id}))?;
    let players = list(&answer, "/PlayerSessions");
    match players.iter().find(|player| text_of(player, "/Status") != "COMPLETED") {
        None if players.is_empty() => bail!("the ended session `{}` has no player sessions", session.id),
        None => Ok(()),
        Some(player) => bail!(
            "the session `{}` is TERMINATED, and `{}` is still {}",
            session.id,
            text_of(player, "/PlayerId"),
            text_of(player, "/Status")
        ),
    }
}

/// Takes a seat for one player.
pub(crate) fn join(stage: &mut Stage<'_>, session: &Session, player: &str) -> Result<Seat> {
    let request = json!({"GameServerSessionId": session.id, "PlayerId": player});
    let answer = stage.call("JoinGameServerSession", request)?;
    seat(&answer["PlayerSession"])
}

/// Takes seats for several players, all or none.
pub(crate) fn join_all(stage: &mut Stage<'_>, session: &Session, players: &[&str]) -> Result<Vec<Seat>> {
    let request = json!({"GameServerSessionId": session.id, "PlayerIds": players});
    let answer = stage.call("JoinGameServerSessionBatch", request)?;
    list(&answer, "/PlayerSessions").iter().map(seat).collect()
}

fn seat(player_session: &Value) -> Result<Seat> {
    Ok(Seat {
        player: need(player_session, "/PlayerId")?,
        player_session: need(player_session, "/PlayerSessionId")?,
        address: format!("{}:{}", need(player_session, "/IpAddress")?, need(player_session, "/Port")?),
    })
}
