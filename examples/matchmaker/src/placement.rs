//! A seat for each player of a match: StartGameServerSessionPlacement, and waiting for what becomes of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use gse_api::extension::{DescribeRegionsRequest, RegionInfo, StartMatchPlacementRequest};
use gse_api::types::{
    DescribeGameServerSessionPlacementRequest, DesiredPlayerSession, GameProperty,
    GameServerSessionPlacement, PlayerLatencyInput, StartGameServerSessionPlacementRequest,
    StopGameServerSessionPlacementRequest,
};
use gse_client::{CallError, Client};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::desk::random_id;
use crate::ticket::Wish;

/// People who are to play together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Who they are.
    pub wishes: Vec<Wish>,
    /// Seats of the session; at least as many as there are wishes.
    pub seats: usize,
}

/// A session with a reserved seat for each.
#[derive(Clone, PartialEq, Eq)]
pub struct Seats {
    /// Address of the game server.
    pub ip_address: IpAddr,
    /// Port of the game server.
    pub port: u16,
    /// The session.
    pub game_server_session_id: String,
    /// Where it is.
    pub region: String,
    /// The secret of each player.
    pub player_sessions: BTreeMap<String, String>,
}

/// Finds a game server for people.
pub trait Place: Send + Sync {
    /// The seats, or in words why there are none.
    fn place(&self, party: Party) -> Pin<Box<dyn Future<Output = Result<Seats, String>> + Send + '_>>;

    /// Where players measure how far away each region is; in words, why that cannot be said.
    fn beacons(&self) -> Pin<Box<dyn Future<Output = Result<Vec<Beacon>, String>> + Send + '_>>;
}

/// What answers for a region. Players have no key of the cloud API, so they hear of it here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beacon {
    /// The region.
    pub region: String,
    /// `HOST:PORT` that sends datagrams back, if any.
    pub udp_address: Option<String>,
    /// The address that answers `pong`, if any.
    pub ping_url: Option<String>,
}

/// How the first question after the outcome is delayed; each further one half as long again, up to `POLL_MAX`.
const POLL_FIRST: Duration = Duration::from_millis(100);
/// P-4: every one or two seconds is fine.
const POLL_MAX: Duration = Duration::from_secs(1);
/// A queue waits for 600 s at most (Q-3); after that something is wrong.
const PATIENCE: Duration = Duration::from_secs(620);

/// Places with the cloud API.
pub struct Cloud {
    /// Who calls, and where. The key stays here; no player has it.
    pub client: Client,
    /// The queue that places.
    pub queue: String,
    /// What each session is told (`GameProperties`), at most 16.
    pub properties: Vec<(String, String)>,
}

impl Place for Cloud {
    fn place(&self, party: Party) -> Pin<Box<dyn Future<Output = Result<Seats, String>> + Send + '_>> {
        Box::pin(self.have_placed(party))
    }

    fn beacons(&self) -> Pin<Box<dyn Future<Output = Result<Vec<Beacon>, String>> + Send + '_>> {
        Box::pin(async {
            let described = self.client.extension(&DescribeRegionsRequest::default()).await;
            let regions = described.map_err(|error| in_words(&error))?.regions.into_iter();
            let beacon =
                |RegionInfo { region, udp_address, ping_url, .. }| Beacon { region, udp_address, ping_url };
            Ok(regions
                .map(beacon)
                .filter(|beacon| beacon.udp_address.is_some() || beacon.ping_url.is_some())
                .collect())
        })
    }
}

impl Cloud {
    async fn have_placed(&self, party: Party) -> Result<Seats, String> {
        let id = format!("match-{}", random_id()?);
        let request = start_request(&id, &self.queue, &self.properties, &party);
        let started = self.client.extension(&request).await.map_err(|error| in_words(&error))?;
        let mut placement = started.game_server_session_placement;
        let give_up = Instant::now() + PATIENCE;
        let mut pause = POLL_FIRST;
        while placement.status == "PENDING" {
            if Instant::now() >= give_up {
                self.stop(&id).await;
                return Err(format!("the placement `{id}` is pending after {} s", PATIENCE.as_secs()));
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(POLL_MAX);
            let question = DescribeGameServerSessionPlacementRequest { placement_id: id.clone() };
            match self.client.call(&question).await {
                Ok(answer) => placement = answer.game_server_session_placement,
                // The service may be starting again; the placement is still there afterwards.
                Err(CallError::Transport { .. }) => tracing::warn!(placement = id, "the service is away"),
                Err(error) => {
                    self.stop(&id).await;
                    return Err(in_words(&error));
                }
            }
        }
        seats(&placement)
    }

    /// So that nobody's seat is reserved when nobody waits for it any more.
    async fn stop(&self, id: &str) {
        let request = StopGameServerSessionPlacementRequest { placement_id: id.to_owned() };
        if let Err(error) = self.client.call(&request).await {
            tracing::warn!(placement = id, "could not be stopped: {}", in_words(&error));
        }
    }
}

fn start_request(
    id: &str,
    queue: &str,
    properties: &[(String, String)],
    party: &Party,
) -> StartMatchPlacementRequest {
    let desired = |wish: &Wish| DesiredPlayerSession {
        player_id: wish.player_id.clone(),
        // The service wants text here; this game keeps nothing in it.
        player_data: "-".to_owned(),
    };
    let latencies = party.wishes.iter().flat_map(|wish| {
        wish.latencies.iter().map(|(region, ms)| PlayerLatencyInput {
            player_id: Some(wish.player_id.clone()),
            region_identifier: Some(region.clone()),
            latency_in_milliseconds: Some((*ms).into()),
        })
    });
    let latencies: Vec<_> = latencies.collect();
    let property = |(key, value): &(String, String)| GameProperty { key: key.clone(), value: value.clone() };
    StartMatchPlacementRequest {
        placement: StartGameServerSessionPlacementRequest {
            desired_player_sessions: Some(party.wishes.iter().map(desired).collect()),
            game_properties: Some(properties.iter().map(property).collect()),
            game_server_session_queue_name: queue.to_owned(),
            maximum_player_session_count: party.seats.max(party.wishes.len()) as u64,
            placement_id: id.to_owned(),
            player_latencies: (!latencies.is_empty()).then_some(latencies),
            ..Default::default()
        },
        matchmaker_data: Some(matchmaker_data(id, party)),
    }
}

/// What the game server reads as `matchmakerData`: the form that the field's matchmakers use.
fn matchmaker_data(id: &str, party: &Party) -> String {
    let player = |wish: &Wish| json!({"playerId": wish.player_id, "attributes": {"skill": wish.skill}});
    let players: Vec<_> = party.wishes.iter().map(player).collect();
    json!({"matchId": id, "teams": [{"name": "everybody", "players": players}]}).to_string()
}

fn seats(placement: &GameServerSessionPlacement) -> Result<Seats, String> {
    let id = &placement.placement_id;
    if placement.status != "FULFILLED" {
        let status = &placement.status;
        return Err(format!(
            "the placement `{id}` is `{status}`\nhint: `gse why placement {id}` tells which fleets were looked at"
        ));
    }
    let address = placement.ip_address.parse();
    let ip_address = address.map_err(|_| format!("`{}` is not an address", placement.ip_address))?;
    let port = u16::try_from(placement.port).map_err(|_| format!("`{}` is not a port", placement.port))?;
    let placed = placement.placed_player_sessions.iter();
    Ok(Seats {
        ip_address,
        port,
        game_server_session_id: placement.game_server_session_id.clone(),
        region: placement.game_server_session_region.clone(),
        player_sessions: placed
            .map(|seat| (seat.player_id.clone(), seat.player_session_id.clone()))
            .collect(),
    })
}

/// The error and what it stems from.
fn in_words(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party() -> Party {
        let wish = |player_id: &str, latencies: &[(&str, u32)]| Wish {
            player_id: player_id.to_owned(),
            skill: 1200,
            latencies: latencies.iter().map(|(region, ms)| ((*region).to_owned(), *ms)).collect(),
        };
        Party { wishes: vec![wish("ann", &[("ap-shanghai", 30)]), wish("ben", &[])], seats: 4 }
    }

    #[test]
    fn a_party_becomes_a_placement() {
        let properties = [("rules.ticks".to_owned(), "600".to_owned())];
        let request = start_request("match-1", "everywhere", &properties, &party());
        let sent = serde_json::to_value(&request).unwrap();
        let data = sent["MatchmakerData"].as_str().unwrap();
        assert_eq!(
            data,
            r#"{"matchId":"match-1","teams":[{"name":"everybody","players":[{"attributes":{"skill":1200},"playerId":"ann"},{"attributes":{"skill":1200},"playerId":"ben"}]}]}"#
        );
        assert_eq!(sent["MaximumPlayerSessionCount"], 4);
        assert_eq!(
            sent["PlayerLatencies"],
            json!([{"PlayerId": "ann", "RegionIdentifier": "ap-shanghai", "LatencyInMilliseconds": 30}])
        );
        assert_eq!(sent["DesiredPlayerSessions"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn only_a_fulfilled_placement_has_seats() {
        let ended = GameServerSessionPlacement {
            status: "TIMED_OUT".to_owned(),
            placement_id: "match-1".to_owned(),
            ..Default::default()
        };
        let reason = seats(&ended).err().unwrap();
        assert!(reason.contains("TIMED_OUT") && reason.contains("gse why placement match-1"), "{reason}");
    }
}
