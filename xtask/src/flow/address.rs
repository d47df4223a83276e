//! Step 3: three ways to an IP address and a port.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::cloud::{list, need, text_of};
use super::deploy::{Fleet, Published, route_alias};
use super::match_session::{MatchRules, Session, create, create_match, join};
use super::player::Seat;
use super::stage::{Stage, Wait, reach};

/// Eight seconds of play, or ten points.
const RULES: MatchRules = MatchRules { players: 2, ticks: 300, score_to_win: 10 };
const QUEUE: &str = "everywhere";

/// What step 3 leaves to the others.
#[derive(Debug)]
pub(super) struct Addresses {
    /// A match that was created directly.
    pub created: (Session, Vec<Seat>),
    /// The lobby.
    pub lobby: (Session, Vec<Seat>),
    /// A match that a queue has placed.
    pub placed: (Session, Vec<Seat>),
    /// An alias that routes to the fleet of the matches.
    pub alias: String,
}

/// Step 3.
pub(super) fn get(stage: &mut Stage<'_>, published: &Published) -> Result<Addresses> {
    stage.part("a  one session per match: create, then join");
    let session = create_match(stage, ("FleetId", &published.matches.id), "duel", RULES)?;
    let created = vec![join(stage, &session, "ada")?, join(stage, &session, "ben")?];
    let created = (session, created);

    stage.part("b  one session for everybody: look for it, else create it, then join");
    let lobby = lobby(stage, &published.lobby)?;

    stage.part("c  a queue: place a session, with its players");
    let (alias, placed) = placement(stage, &published.matches)?;

    stage.part("   and a placement that is no longer wanted");
    stop_placement(stage)?;

    let port = |seats: &[Seat]| seats.first().map(|seat| seat.address.clone());
    stage.fact("addresses", json!([port(&created.1), port(&lobby.1), port(&placed.1)]));
    stage.fact("stopped_placement", "CANCELLED");
    Ok(Addresses { created, lobby, placed, alias })
}

/// Two visitors: the first finds no lobby and opens it, the second finds it.
fn lobby(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<(Session, Vec<Seat>)> {
    let answer =
        stage.call("DescribeGameServerSessions", json!({"FleetId": fleet.id, "StatusFilter": "ACTIVE"}))?;
    if !list(&answer, "/GameServerSessions").is_empty() {
        bail!("a fresh fleet has no session: {answer}");
    }
    let request = json!({"FleetId": fleet.id, "Name": "lobby", "MaximumPlayerSessionCount": 16});
    let session = create(stage, request)?;
    let first = join(stage, &session, "cleo")?;

    let filter = "hasAvailablePlayerSessions=true";
    let answer =
        stage.call("SearchGameServerSessions", json!({"FleetId": fleet.id, "FilterExpression": filter}))?;
    let found = need(&answer, "/GameServerSessions/0/GameServerSessionId")?;
    if found != session.id {
        bail!("the search found `{found}`, the lobby is `{}`", session.id);
    }
    let second = join(stage, &session, "dan")?;
    Ok((session, vec![first, second]))
}

/// A queue whose destination is an alias, and a placement that is fulfilled.
fn placement(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<(String, (Session, Vec<Seat>))> {
    let alias = route_alias(stage, "live", fleet)?;
    let destination = fleet.arn.replace(&format!(":fleet/{}", fleet.id), &format!(":alias/{alias}"));
    let request = json!({
        "Name": QUEUE, "TimeoutInSeconds": 120, "Destinations": [{"DestinationArn": destination}],
    });
    stage.call("CreateGameServerSessionQueue", request)?;

    stage.call("StartGameServerSessionPlacement", placement_request("match-1", &["eve", "finn"]))?;
    let wait = Wait::until("the placement is FULFILLED", Duration::from_secs(60));
    let look =
        reach("/GameServerSessionPlacement/Status", "FULFILLED", &["FAILED", "CANCELLED", "TIMED_OUT"]);
    let answer =
        stage.wait("DescribeGameServerSessionPlacement", json!({"PlacementId": "match-1"}), &wait, look)?;
    let placement = &answer["GameServerSessionPlacement"];
    let address = format!("{}:{}", need(placement, "/IpAddress")?, need(placement, "/Port")?);
    stage.answer(&format!("address {address}"));
    let seats: Vec<Seat> = list(placement, "/PlacedPlayerSessions")
        .iter()
        .map(|player| {
            Ok(Seat {
                player: need(player, "/PlayerId")?,
                player_session: need(player, "/PlayerSessionId")?,
                address: address.clone(),
            })
        })
        .collect::<Result<_>>()?;
    if seats.len() != 2 {
        bail!("two players were to be placed: {placement}");
    }
    let session = Session { id: need(placement, "/GameServerSessionId")?, fleet: fleet.id.clone() };
    Ok((alias, (session, seats)))
}

/// Every process of the fleet has a session now, so this placement waits, until it is stopped.
fn stop_placement(stage: &mut Stage<'_>) -> Result<()> {
    stage.call("StartGameServerSessionPlacement", placement_request("match-2", &["eve", "finn"]))?;
    let request = json!({"PlacementId": "match-2"});
    for (action, status) in
        [("DescribeGameServerSessionPlacement", "PENDING"), ("StopGameServerSessionPlacement", "CANCELLED")]
    {
        let answer = stage.call(action, request.clone())?;
        let found = text_of(&answer, "/GameServerSessionPlacement/Status");
        if found != status {
            bail!("`{action}` should show `{status}` and shows `{found}`");
        }
    }
    Ok(())
}

fn placement_request(id: &str, players: &[&str]) -> Value {
    let players: Vec<Value> =
        players.iter().map(|player| json!({"PlayerId": player, "PlayerData": "{}"})).collect();
    json!({
        "PlacementId": id,
        "GameServerSessionQueueName": QUEUE,
        "GameServerSessionName": id,
        "MaximumPlayerSessionCount": players.len(),
        "DesiredPlayerSessions": players,
        "GameProperties": RULES.properties(),
    })
}
