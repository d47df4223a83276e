//! What the tests put around the parts: a table of seats in place of the agent, settings, guests without a network.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use game_net::handshake::ResumeToken;
use game_net::protocol::{Hosting, ServerMessage, SnapshotRate};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::player::DEADLINE;
use crate::config::MatchSettings;
use crate::room::{Departure, Guest, GuestId, Inlet, Outlet, Refusal, Room, RoomEnd, RoomInput, Taken};
use crate::seats::{self, PlayerSessionId, SeatRequest, Seats};
use crate::strangers::Limits;
use crate::transport::Transport;
use crate::{lobby, match_room};

pub(super) const SPECTATOR_KEY: &str = "0123456789abcdef-watch";
/// Strangers at a stage's door.
pub(super) const LIMITS: Limits = Limits { all: 24, per_address: 10, without_retry: 5 };
pub(super) const FAREWELL: Duration = Duration::from_secs(3);

/// A match of two that lasts a third of a second.
pub(super) fn settings() -> MatchSettings {
    MatchSettings {
        seed: 1,
        ticks_max: 20,
        score_to_win: 10,
        players_wanted: 2,
        start_wait: Duration::from_secs(30),
        idle_end: Duration::from_secs(120),
        snapshot_rate: SnapshotRate::Hz20,
        spectator_key: Some(SPECTATOR_KEY.into()),
        spectators_max: 2,
    }
}

/// What the table does with one reservation, in order.
pub(super) type SeatLog = watch::Receiver<Vec<String>>;

/// Seats out of a table: (player id, player session id). Each can be accepted once, as the agent does it.
pub(super) fn table(reservations: &[(&str, &str)]) -> (Seats, SeatLog) {
    let (seats, mut served) = seats::channel();
    let (log, logged) = watch::channel(Vec::new());
    let mut reserved: BTreeMap<String, String> =
        reservations.iter().map(|(player, session)| ((*session).to_owned(), (*player).to_owned())).collect();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(id) = served.removals.recv() => {
                    log.send_modify(|log| log.push(format!("remove {}", id.secret())));
                }
                Some(request) = served.requests.recv() => match request {
                    SeatRequest::Reserved { player_id, answer } => {
                        let ids = reserved.iter().filter(|(_, player)| **player == player_id);
                        let _ = answer.send(Some(ids.map(|(id, _)| PlayerSessionId::new(id)).collect()));
                    }
                    SeatRequest::Accept { player_session_id, answer } => {
                        let player = reserved.remove(player_session_id.secret());
                        let _ = answer.send(player.is_some());
                        log.send_modify(|log| log.push(format!("accept {}", player_session_id.secret())));
                    }
                },
                else => break,
            }
        }
    });
    (seats, logged)
}

/// Waits until the table did this.
pub(super) async fn wait_for_seat(log: &mut SeatLog, line: &str) {
    let done = log.wait_for(|log| log.iter().any(|done| done == line));
    timeout(DEADLINE, done).await.expect("the seat's turn never came").unwrap();
}

/// A server on loopback with one session and a table of seats.
pub(super) struct Stage {
    pub(super) port: u16,
    pub(super) room: Room,
    pub(super) owner: JoinHandle<RoomEnd>,
    pub(super) seat_log: SeatLog,
    pub(super) hosted: watch::Sender<Option<Room>>,
    _stop: watch::Sender<bool>,
}

impl Stage {
    pub(super) fn hosting_match(settings: MatchSettings, reservations: &[(&str, &str)]) -> Stage {
        Stage::hosting(reservations, |seats, taken| tokio::spawn(run_match(settings, seats, taken)))
    }

    pub(super) fn hosting_lobby(reservations: &[(&str, &str)]) -> Stage {
        Stage::hosting(reservations, |seats, taken| {
            tokio::spawn(lobby::run(2, seats, taken, watch::channel(0).0, FAREWELL))
        })
    }

    fn hosting(
        reservations: &[(&str, &str)],
        owner: impl FnOnce(Seats, Taken) -> JoinHandle<RoomEnd>,
    ) -> Stage {
        let (seats, seat_log) = table(reservations);
        let (room, taken) = Room::new(seats.clone(), Some(SPECTATOR_KEY.into()));
        let owner = owner(seats, taken);
        let transport = Transport::bind(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).unwrap().with_limits(LIMITS);
        let port = transport.port();
        let (hosted, hosted_now) = watch::channel(Some(room.clone()));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(transport.run(hosted_now, stopped));
        Stage { port, room, owner, seat_log, hosted, _stop: stop }
    }
}

/// A match room, but for its replay.
pub(super) async fn run_match(settings: MatchSettings, seats: Seats, taken: Taken) -> RoomEnd {
    match_room::run(settings, seats, taken, watch::channel(0).0, FAREWELL).await.0
}

/// Asks a room for entry as a connection does.
pub(super) async fn knock(inputs: &mpsc::Sender<RoomInput>, player_id: &str) -> Result<Hosting, Refusal> {
    let (answer, answered) = oneshot::channel();
    inputs.send(RoomInput::Knock { player_id: player_id.to_owned(), answer }).await.unwrap();
    answered.await.unwrap()
}

/// The token of who entered without a network.
pub(super) fn token(player_id: &str) -> ResumeToken {
    let mut token = [b'.'; 16];
    token[..player_id.len()].copy_from_slice(player_id.as_bytes());
    ResumeToken(token)
}

/// Enters a room without a network.
pub(super) async fn enter(inputs: &mpsc::Sender<RoomInput>, id: u64, player_id: &str) -> Inlet {
    let (outlet, inlet) = Outlet::channel();
    let player_session_id = PlayerSessionId::new(&format!("psess-{player_id}"));
    let resume = token(player_id);
    let guest = Guest { player_id: player_id.to_owned(), player_session_id, resume, outlet };
    inputs.send(RoomInput::Enter { id: GuestId(id), guest }).await.unwrap();
    inlet
}

/// All messages up to the end of the way to this player; their connection is gone then.
pub(super) async fn hear_out(
    inputs: &mpsc::Sender<RoomInput>,
    id: u64,
    inlet: &mut Inlet,
) -> Vec<ServerMessage> {
    let mut heard = Vec::new();
    while let Some(message) = inlet.messages.recv().await {
        heard.push(message);
    }
    // The room may have ended first.
    let _ = inputs.send(RoomInput::Gone { id: GuestId(id), departure: Departure::Left }).await;
    heard
}
