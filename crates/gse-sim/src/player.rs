//! Players and the matchmakers that act for them: create, join, ask a queue, give up.

use gse_core::game_server_session::{CreateGameServerSession, Target};
use gse_core::placement::latency::PlayerLatency;
use gse_core::placement::{
    PlacementRequest, StartGameServerSessionPlacement, StopGameServerSessionPlacement,
};
use gse_core::player_session::{JoinGameServerSession, Joining};

use crate::claims::{Ack, placement_id};
use crate::random::Random;
use crate::world::{REGIONS, World, region};

/// What a player does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are those of the commands; things are named by number")]
pub enum Deed {
    CreateSession { alias: bool, target: u32, max_players: u32, creator: u32, token: Option<u32> },
    Join { session: u32, players: u32 },
    StartPlacement { queue: u32, id: u32, players: u32, max_players: u32, latencies_ms: Vec<u64> },
    StopPlacement { placement: u32 },
}

/// One deed.
pub fn draw(random: &mut Random) -> Deed {
    match random.within(0, 19) {
        0..=6 => Deed::CreateSession {
            alias: random.in_thousand(300),
            target: random.count(0, 99),
            max_players: random.count(0, 5),
            creator: random.count(0, 2),
            token: random.in_thousand(300).then(|| random.count(0, 9)),
        },
        7..=12 => Deed::Join { session: random.count(0, 99), players: random.count(1, 4) },
        13..=17 => {
            let max_players = random.count(1, 5);
            Deed::StartPlacement {
                queue: random.count(0, 99),
                id: random.count(0, 29),
                players: random.count(0, max_players),
                max_players,
                latencies_ms: match random.within(0, 2) {
                    0 => vec![],
                    _ => (0..REGIONS.len()).map(|_| random.one_of(&[0, 40, 60, 90, 130, 300])).collect(),
                },
            }
        }
        _ => Deed::StopPlacement { placement: random.count(0, 99) },
    }
}

/// Does it.
pub fn act(world: &mut World, deed: &Deed) {
    match deed.clone() {
        Deed::CreateSession { alias, target, max_players, creator, token } => {
            let found = if alias {
                world.known.alias(target).map(|(scope, id)| (scope, Target { fleet: None, alias: Some(id) }))
            } else {
                world.known.fleet(target).map(|(scope, id)| (scope, Target { fleet: Some(id), alias: None }))
            };
            let Some((scope, target)) = found else { return };
            let command = CreateGameServerSession {
                scope,
                target,
                max_players,
                creator: if creator == 0 { format!("creator-{creator}") } else { String::new() },
                properties: vec![],
                data: String::new(),
                custom_id: None,
                idempotency_token: token.map(|token| format!("token-{token}")),
                name: String::new(),
            };
            world.command(command, |session| Ack::Session(Box::new(session)));
        }
        Deed::Join { session, players } => {
            let Some((scope, session)) = world.known.session(session) else { return };
            let players = joining(world, players);
            world.command(JoinGameServerSession { scope, session, players }, Ack::Players);
        }
        Deed::StartPlacement { queue, id, players, max_players, latencies_ms } => {
            let Some(queue) = world.known.queue(queue) else { return };
            let players = joining(world, players);
            let latencies = players.iter().flat_map(|joining| {
                let of_player = |(number, &latency_ms): (usize, &u64)| PlayerLatency {
                    player: joining.player.clone(),
                    region: region(number),
                    latency_ms,
                };
                latencies_ms.iter().enumerate().map(of_player)
            });
            let latencies = latencies.collect();
            let request = PlacementRequest {
                queue: queue.name,
                max_players,
                players,
                latencies,
                properties: vec![],
                data: String::new(),
                name: String::new(),
                matchmaker_data: String::new(),
            };
            let id = placement_id(id);
            let command = StartGameServerSessionPlacement { scope: queue.scope, id, request };
            world.command(command, |placement| Ack::Placement(Box::new(placement)));
        }
        Deed::StopPlacement { placement } => {
            let Some(key) = world.known.placement(placement) else { return };
            let command = StopGameServerSessionPlacement { scope: key.scope, id: key.id };
            world.command(command, |placement| Ack::Placement(Box::new(placement)));
        }
    }
}

fn joining(world: &mut World, count: u32) -> Vec<Joining> {
    let mut one = || Joining { player: format!("player-{}", world.known.next_number()), data: String::new() };
    (0..count).map(|_| one()).collect()
}
