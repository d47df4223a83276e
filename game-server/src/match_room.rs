//! One match: wait for players, play at a fixed tick, tell the winner.
//!
//! One task owns all of it. The rules are in `game-sim`, buffers and snapshots in `game_net::server`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use game_net::protocol::{ClientMessage, Hosting, Score, ServerMessage, SnapshotRate};
use game_net::replay::Replay;
use game_net::server::{Receiver, Server};
use game_sim::{MatchConfig, Outcome, PLAYERS_MIN, PlayerSlot, TICKS_PER_SECOND};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};
use tracing::{debug, info};

use crate::config::MatchSettings;
use crate::guests::Guests;
use crate::room::{GuestId, Refusal, RoomEnd, RoomInput};
use crate::seats::Seats;

const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);
/// Without an end of its own: longer than any process lives.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Runs one match to its end. If it was played, its replay comes with it.
pub(crate) async fn run(
    settings: MatchSettings,
    seats: Seats,
    mut inputs: mpsc::Receiver<RoomInput>,
    farewell: Duration,
) -> (RoomEnd, Option<Replay>) {
    let mut guests = Guests::new(seats);
    let (end, replay) = match wait(&settings, &mut guests, &mut inputs).await {
        Waited::Ready => {
            let (end, replay) = play(&settings, &mut guests, &mut inputs).await;
            (end, Some(replay))
        }
        Waited::End(end) => (end, None),
    };
    let message = match &end {
        RoomEnd::Won { .. } => None,
        RoomEnd::TooFewPlayers => Some("too few players came"),
        RoomEnd::Closed => Some("the server ends"),
    };
    if let Some(reason) = message {
        guests.tell_all(&ServerMessage::Closing { reason: reason.to_owned() });
    }
    dismiss(&mut guests, &mut inputs, farewell).await;
    (end, replay)
}

enum Waited {
    Ready,
    End(RoomEnd),
}

/// Lets players in until there are enough, or the time for that is over.
async fn wait(
    settings: &MatchSettings,
    guests: &mut Guests,
    inputs: &mut mpsc::Receiver<RoomInput>,
) -> Waited {
    let opened = Instant::now();
    loop {
        let enough = guests.len() >= PLAYERS_MIN;
        let deadline = opened + if enough { settings.start_wait } else { settings.idle_end };
        let input = tokio::select! {
            input = inputs.recv() => input,
            () = sleep_until(deadline) => {
                return if enough { Waited::Ready } else { Waited::End(RoomEnd::TooFewPlayers) };
            }
        };
        match input {
            Some(RoomInput::Knock { player_id, answer }) => {
                // Who knocked may have gone.
                let _ = answer.send(welcome(settings, guests, &player_id));
            }
            Some(RoomInput::Enter { id, guest }) => match welcome(settings, guests, &guest.player_id) {
                Ok(_) => guests.enter(id, guest),
                Err(refusal) => guests.turn_away(guest, refusal.to_string()),
            },
            Some(RoomInput::Message { id, message: ClientMessage::ChatSend { text } }) => {
                guests.chat(id, text)
            }
            Some(RoomInput::Message { id, message: ClientMessage::Leave } | RoomInput::Gone { id }) => {
                guests.leave(id);
            }
            Some(RoomInput::Message { .. } | RoomInput::Datagram { .. }) => (),
            Some(RoomInput::Close { .. }) | None => return Waited::End(RoomEnd::Closed),
        }
        if guests.len() >= settings.players_wanted {
            return Waited::Ready;
        }
    }
}

/// Whether this player fits in while the match waits.
fn welcome(settings: &MatchSettings, guests: &Guests, player_id: &str) -> Result<Hosting, Refusal> {
    if guests.contains(player_id) {
        return Err(Refusal::AlreadyIn);
    }
    if guests.len() >= settings.players_wanted {
        return Err(Refusal::Full);
    }
    Ok(Hosting::Match { players_wanted: settings.players_wanted as u8 })
}

/// A match that has begun.
struct Playing<'a> {
    config: MatchConfig,
    server: Server,
    slots: BTreeMap<GuestId, PlayerSlot>,
    guests: &'a mut Guests,
}

/// Plays the match: sixty steps a second until there is a winner.
async fn play(
    settings: &MatchSettings,
    guests: &mut Guests,
    inputs: &mut mpsc::Receiver<RoomInput>,
) -> (RoomEnd, Replay) {
    let mut playing = Playing::start(settings, guests);
    let end = playing.until_end(inputs).await;
    (end, playing.server.replay())
}

impl<'a> Playing<'a> {
    async fn until_end(&mut self, inputs: &mut mpsc::Receiver<RoomInput>) -> RoomEnd {
        let mut ticks = interval(TICK);
        let mut close_by = Instant::now() + NEVER;
        loop {
            tokio::select! {
                // The tick comes first: a flood of inputs must not slow the game for the others.
                biased;
                _ = ticks.tick() => {
                    if let Some(outcome) = self.tick() {
                        return self.finish(&outcome);
                    }
                }
                () = sleep_until(close_by) => return RoomEnd::Closed,
                input = inputs.recv() => match input {
                    Some(RoomInput::Close { by }) => close_by = by.unwrap_or(close_by),
                    Some(input) => self.on_input(input),
                    None => return RoomEnd::Closed,
                },
            }
        }
    }

    fn start(settings: &MatchSettings, guests: &'a mut Guests) -> Playing<'a> {
        let players = guests.iter().map(|(_, guest)| guest.player_id.clone()).collect();
        let slots: BTreeMap<GuestId, PlayerSlot> =
            guests.iter().map(|(id, _)| id).zip((0..).map(PlayerSlot)).collect();
        let config = settings.config(players);
        let server = Server::new(&config, settings.seed, SnapshotRate::Hz20)
            .expect("settings and number of players were checked");
        info!(
            players = slots.len(),
            ticks_max = config.ticks_max,
            score_to_win = config.score_to_win,
            "match starts"
        );
        for (id, slot) in &slots {
            guests.tell(
                *id,
                ServerMessage::MatchStart {
                    slot: *slot,
                    config: config.clone(),
                    snapshot_rate: SnapshotRate::Hz20,
                },
            );
        }
        Playing { config, server, slots, guests }
    }

    fn tick(&mut self) -> Option<Outcome> {
        for outgoing in self.server.tick() {
            let Receiver::Player(to) = outgoing.receiver else { continue };
            let receiver = self.slots.iter().find(|(_, slot)| **slot == to);
            if let Some((id, _)) = receiver {
                self.guests.send_datagram(*id, outgoing.datagram);
            }
        }
        self.server.outcome()
    }

    fn on_input(&mut self, input: RoomInput) {
        match input {
            RoomInput::Datagram { id, datagram } => {
                let Some(slot) = self.slots.get(&id) else { return };
                match self.server.on_datagram(*slot, &datagram) {
                    Ok(_) => self.guests.tell_milestone(gse_sdk::FIRST_TICK),
                    Err(error) => debug!(slot = slot.0, %error, "datagram dropped"),
                }
            }
            RoomInput::Message { id, message: ClientMessage::ChatSend { text } } => {
                self.guests.chat(id, text)
            }
            RoomInput::Message { id, message: ClientMessage::Leave } | RoomInput::Gone { id } => {
                self.guests.leave(id);
                if let Some(slot) = self.slots.remove(&id) {
                    self.server.leave(slot);
                }
            }
            RoomInput::Knock { answer, .. } => {
                let _ = answer.send(Err(Refusal::Begun));
            }
            RoomInput::Enter { guest, .. } => self.guests.turn_away(guest, Refusal::Begun.to_string()),
            RoomInput::Message { .. } | RoomInput::Close { .. } => (),
        }
    }

    fn finish(&mut self, outcome: &Outcome) -> RoomEnd {
        let winner = self.config.players[usize::from(outcome.winner.0)].clone();
        info!(winner = ?winner, scores = ?outcome.scores, reason = ?outcome.reason, "match ends");
        let scores = self.config.players.iter().zip(&outcome.scores);
        let scores =
            scores.map(|(player_id, score)| Score { player_id: player_id.clone(), score: *score }).collect();
        self.guests.tell_all(&ServerMessage::MatchEnd {
            winner: winner.clone(),
            scores,
            reason: outcome.reason,
        });
        RoomEnd::Won { player_id: winner }
    }
}

/// Ends all connections and waits until the last words arrived, but no longer than `farewell`. Nobody comes in any
/// more.
pub(crate) async fn dismiss(guests: &mut Guests, inputs: &mut mpsc::Receiver<RoomInput>, farewell: Duration) {
    let deadline = Instant::now() + farewell;
    let mut leaving: BTreeSet<GuestId> = guests.dismiss().into_iter().collect();
    while !leaving.is_empty() {
        let input = tokio::select! {
            input = inputs.recv() => input,
            () = sleep_until(deadline) => return,
        };
        match input {
            Some(RoomInput::Gone { id }) => {
                leaving.remove(&id);
            }
            Some(RoomInput::Enter { guest, .. }) => guests.turn_away(guest, Refusal::NoSession.to_string()),
            // A knock without an answer means that there is no session.
            Some(_) => (),
            None => return,
        }
    }
}
