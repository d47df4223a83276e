//! One match: wait for players, play at a fixed tick, tell the winner.
//!
//! One task owns all of it. The rules are in `game-sim`, buffers and snapshots in `game_net::server`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use game_net::protocol::{ClientMessage, Hosting, Score, ServerMessage};
use game_net::replay::Replay;
use game_net::server::{Receiver, Server, WatcherId};
use game_sim::{EndReason, MatchConfig, Outcome, PLAYERS_MIN, PlayerSlot, TICKS_PER_SECOND};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep_until};
use tracing::{debug, info, warn};

use crate::config::MatchSettings;
use crate::countdown::Countdown;
use crate::guests::{Guests, Parting};
use crate::room::{Departure, GuestId, Refusal, RoomEnd, RoomInput, Taken};
use crate::seats::Seats;
use crate::tick_times::TickTimes;

const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);
/// Ticks are made up for as long as they are not later than that. After a longer stop nobody could have played them.
const LATE_MAX: Duration = Duration::from_secs(1);

/// Runs one match to its end. If it was played, its replay comes with it. `occupied` is told how many seats are taken.
pub(crate) async fn run(
    settings: MatchSettings,
    seats: Seats,
    taken: Taken,
    occupied: watch::Sender<u32>,
    farewell: Duration,
) -> (RoomEnd, Option<Replay>) {
    let Taken { mut inputs, mut datagrams } = taken;
    let mut guests = Guests::new(seats, settings.spectators_max, occupied);
    let (end, replay) = match wait(&settings, &mut guests, &mut inputs).await {
        Waited::Ready => {
            let (end, replay) = play(&settings, &mut guests, &mut inputs, &mut datagrams).await;
            (end, Some(replay))
        }
        Waited::End(end) => (end, None),
    };
    let message = match &end {
        RoomEnd::Won { .. } | RoomEnd::BrokenOff { .. } => None,
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

/// Lets players in until there are enough, or the time for that is over. Who is away has a seat but starts no match.
async fn wait(
    settings: &MatchSettings,
    guests: &mut Guests,
    inputs: &mut mpsc::Receiver<RoomInput>,
) -> Waited {
    let opened = Instant::now();
    loop {
        let enough = guests.here() >= PLAYERS_MIN;
        let deadline = opened + if enough { settings.start_wait } else { settings.idle_end };
        let input = tokio::select! {
            input = inputs.recv() => input,
            () = sleep_until(deadline) => {
                return if enough { Waited::Ready } else { Waited::End(RoomEnd::TooFewPlayers) };
            }
            () = guests.expiry() => {
                guests.expire();
                continue;
            }
        };
        match input {
            Some(RoomInput::Close { .. }) | None => return Waited::End(RoomEnd::Closed),
            Some(input) => on_input_before(settings, guests, input),
        }
        if guests.here() >= settings.players_wanted {
            return Waited::Ready;
        }
    }
}

fn on_input_before(settings: &MatchSettings, guests: &mut Guests, input: RoomInput) {
    match input {
        RoomInput::Knock { player_id, answer } => {
            // Who knocked may have gone.
            let _ = answer.send(welcome(settings, guests, &player_id));
        }
        RoomInput::Enter { id, guest } => match welcome(settings, guests, &guest.player_id) {
            Ok(_) => guests.enter(id, guest),
            Err(refusal) => guests.turn_away(guest, refusal.to_string()),
        },
        RoomInput::Resume { id, resume } => {
            guests.resume(id, resume, settings.hosting());
        }
        RoomInput::Watch { id, outlet, answer } => {
            guests.watch(id, outlet, answer, settings.hosting());
        }
        RoomInput::Message { id, message: ClientMessage::ChatSend { text } } => guests.chat(id, text),
        RoomInput::Message { id, message: ClientMessage::Leave } => {
            guests.part(id, Departure::Left);
        }
        RoomInput::Gone { id, departure } => {
            guests.part(id, departure);
        }
        // First messages do not reach the room.
        RoomInput::Message { .. } | RoomInput::Close { .. } => (),
    }
}

/// Whether this player fits in while the match waits.
fn welcome(settings: &MatchSettings, guests: &Guests, player_id: &str) -> Result<Hosting, Refusal> {
    if guests.contains(player_id) {
        return Err(Refusal::AlreadyIn);
    }
    let others = guests.iter().filter(|(_, guest, _)| guest.player_id != player_id).count();
    if others >= settings.players_wanted {
        return Err(Refusal::Full);
    }
    Ok(settings.hosting())
}

/// A match that has begun.
struct Playing<'a> {
    settings: &'a MatchSettings,
    config: MatchConfig,
    server: Server,
    slots: BTreeMap<GuestId, PlayerSlot>,
    /// By slot, whose connection it is; also of those who are away or gone.
    ids: Vec<GuestId>,
    guests: &'a mut Guests,
    countdown: Option<Countdown>,
}

/// Plays the match: sixty steps a second until there is a winner.
async fn play(
    settings: &MatchSettings,
    guests: &mut Guests,
    inputs: &mut mpsc::Receiver<RoomInput>,
    datagrams: &mut mpsc::Receiver<(GuestId, Bytes)>,
) -> (RoomEnd, Replay) {
    let mut playing = Playing::start(settings, guests);
    let end = playing.until_end(inputs, datagrams).await;
    (end, playing.server.replay())
}

impl<'a> Playing<'a> {
    async fn until_end(
        &mut self,
        inputs: &mut mpsc::Receiver<RoomInput>,
        datagrams: &mut mpsc::Receiver<(GuestId, Bytes)>,
    ) -> RoomEnd {
        let mut times = TickTimes::new();
        let end = self.until_end_at(inputs, datagrams, &mut times).await;
        let [tick_us_p50, tick_us_p99] = [50, 99].map(|percent| times.percentile_us(percent));
        info!(tick_us_p50, tick_us_p99, "ticks were done so long after they were due");
        end
    }

    async fn until_end_at(
        &mut self,
        inputs: &mut mpsc::Receiver<RoomInput>,
        datagrams: &mut mpsc::Receiver<(GuestId, Bytes)>,
        times: &mut TickTimes,
    ) -> RoomEnd {
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                // The tick comes first: a flood of inputs must not slow the game for the others.
                biased;
                due = ticks.tick() => {
                    // The step uses what has come until now.
                    while let Ok((id, datagram)) = datagrams.try_recv() {
                        self.on_datagram(id, &datagram);
                    }
                    let end = self.tick();
                    let late = due.elapsed();
                    times.done(late);
                    if let Some(end) = end {
                        return end;
                    }
                    if late > LATE_MAX {
                        warn!(late_ms = late.as_millis(), "this machine stood still; the match goes on from here");
                        ticks.reset();
                    }
                }
                input = inputs.recv() => match input {
                    Some(input) => self.on_input(input),
                    None => return RoomEnd::Closed,
                },
            }
        }
    }

    fn start(settings: &'a MatchSettings, guests: &'a mut Guests) -> Playing<'a> {
        let players = guests.iter().map(|(_, guest, _)| guest.player_id.clone()).collect();
        let ids: Vec<GuestId> = guests.iter().map(|(id, ..)| id).collect();
        let config = settings.config(players);
        let mut server = Server::new(&config, settings.seed, settings.snapshot_rate)
            .expect("settings and number of players were checked");
        for (slot, (_, _, is_away)) in (0..).map(PlayerSlot).zip(guests.iter()) {
            if is_away {
                server.away(slot);
            }
        }
        info!(
            players = ids.len(),
            ticks_max = config.ticks_max,
            score_to_win = config.score_to_win,
            snapshots_per_second = settings.snapshot_rate.per_second(),
            "match starts"
        );
        let slots: BTreeMap<_, _> = ids.iter().copied().zip((0..).map(PlayerSlot)).collect();
        let mut playing = Playing { settings, config, server, slots, ids, guests, countdown: None };
        for (id, slot) in playing.slots.clone() {
            playing.tell_start(id, slot);
        }
        for id in playing.guests.spectators().collect::<Vec<_>>() {
            playing.watch(id);
        }
        playing
    }

    fn tell_start(&mut self, id: GuestId, slot: PlayerSlot) {
        let (config, snapshot_rate) = (self.config.clone(), self.settings.snapshot_rate);
        self.guests.tell(id, ServerMessage::MatchStart { slot, config, snapshot_rate });
        self.tell_countdown(id);
    }

    fn watch(&mut self, id: GuestId) {
        self.server.watch(WatcherId(id.0));
        let (config, snapshot_rate) = (self.config.clone(), self.settings.snapshot_rate);
        self.guests.tell(id, ServerMessage::WatchStart { config, snapshot_rate });
        self.tell_countdown(id);
    }

    fn tell_countdown(&mut self, id: GuestId) {
        if let Some(countdown) = &self.countdown {
            self.guests.tell(id, countdown.message());
        }
    }

    fn tick(&mut self) -> Option<RoomEnd> {
        // First: a leave that ends the match is told by the snapshot of this tick.
        for id in self.guests.expire() {
            self.leave(id);
        }
        for outgoing in self.server.tick() {
            let id = match outgoing.receiver {
                Receiver::Player(slot) => self.ids[usize::from(slot.0)],
                Receiver::Watcher(id) => GuestId(id.0),
            };
            self.guests.send_datagram(id, outgoing.datagram);
        }
        if let Some(outcome) = self.server.outcome() {
            return Some(self.finish(&outcome));
        }
        let countdown = self.countdown.as_mut()?;
        if countdown.is_over() {
            let outcome = self.server.broken_off();
            return Some(outcome.map_or(RoomEnd::Closed, |outcome| self.finish(&outcome)));
        }
        if countdown.is_due() {
            let message = countdown.message();
            self.guests.tell_all(&message);
        }
        None
    }

    fn on_input(&mut self, input: RoomInput) {
        match input {
            RoomInput::Message { id, message: ClientMessage::ChatSend { text } } => {
                self.guests.chat(id, text)
            }
            RoomInput::Message { id, message: ClientMessage::Leave } => self.part(id, Departure::Left),
            RoomInput::Gone { id, departure } => self.part(id, departure),
            RoomInput::Resume { id, resume } => self.resume(id, resume),
            RoomInput::Watch { id, outlet, answer } => {
                if self.guests.watch(id, outlet, answer, self.settings.hosting()) {
                    self.watch(id);
                }
            }
            RoomInput::Close { by: Some(by) } => {
                let countdown = Countdown::until(by);
                self.guests.tell_all(&countdown.message());
                self.countdown = Some(countdown);
            }
            RoomInput::Knock { answer, .. } => {
                let _ = answer.send(Err(Refusal::Begun));
            }
            RoomInput::Enter { guest, .. } => self.guests.turn_away(guest, Refusal::Begun.to_string()),
            // First messages do not reach the room; without a time the match goes to its own end.
            RoomInput::Message { .. } | RoomInput::Close { by: None } => (),
        }
    }

    fn on_datagram(&mut self, id: GuestId, datagram: &[u8]) {
        let taken = match self.slots.get(&id) {
            Some(slot) => {
                let taken = self.server.on_datagram(*slot, datagram);
                if taken.is_ok() {
                    self.guests.tell_milestone(gse_sdk::FIRST_TICK);
                }
                taken
            }
            None if self.guests.is_spectator(id) => {
                self.server.on_watcher_datagram(WatcherId(id.0), datagram)
            }
            // Of a connection that was replaced, or is being cut.
            None => return,
        };
        if let Err(error) = taken {
            debug!(guest = id.0, %error, "datagram dropped");
            self.guests.strike(id);
        }
    }

    fn resume(&mut self, id: GuestId, resume: crate::room::Resume) {
        let Some(before) = self.guests.resume(id, resume, self.settings.hosting()) else { return };
        let Some(slot) = self.slots.remove(&before) else { return };
        self.slots.insert(id, slot);
        self.ids[usize::from(slot.0)] = id;
        self.server.back(slot);
        self.tell_start(id, slot);
    }

    fn part(&mut self, id: GuestId, departure: Departure) {
        match self.guests.part(id, departure) {
            Parting::Left => self.leave(id),
            Parting::Away => {
                if let Some(slot) = self.slots.get(&id) {
                    self.server.away(*slot);
                }
            }
            Parting::Unwatched => self.server.unwatch(WatcherId(id.0)),
            Parting::Unknown => (),
        }
    }

    /// Takes somebody who has lost their seat out of the world.
    fn leave(&mut self, id: GuestId) {
        if let Some(slot) = self.slots.remove(&id) {
            self.server.leave(slot);
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
        match outcome.reason {
            EndReason::BrokenOff => RoomEnd::BrokenOff { leader: winner },
            EndReason::ScoreReached | EndReason::TimeUp | EndReason::LastPresent => {
                RoomEnd::Won { player_id: winner }
            }
        }
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
            Some(RoomInput::Gone { id, .. }) => {
                leaving.remove(&id);
            }
            Some(RoomInput::Enter { guest, .. }) => guests.turn_away(guest, Refusal::NoSession.to_string()),
            // A knock without an answer means that there is no session.
            Some(_) => (),
            None => return,
        }
    }
}
