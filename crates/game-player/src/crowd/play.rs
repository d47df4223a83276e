//! One player in one match: connected, let in, sixty inputs a second, until the match or the time is over.

use std::time::Duration;

use bytes::Bytes;
use game_net::client::Client;
use game_net::protocol::{ClientMessage, ServerMessage};
use game_sim::TICKS_PER_SECOND;
use quinn::VarInt;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Mind;
use super::light::Light;
use super::place::Seat;
use crate::bot::Bot;
use crate::connection::{self, Joined, Ticket, describe};

const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);
/// How often the round-trip time is looked at.
const LINE_PERIOD: Duration = Duration::from_secs(1);
/// How long leaving may take.
const LEAVE_MAX: Duration = Duration::from_secs(1);
/// A match has to begin so soon after somebody is in.
const START_MAX: Duration = Duration::from_secs(60);

/// What a player measured.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Why the connection ended before its time.
    pub(super) lost: Option<String>,
    /// From the wish for a match until the server had let the player in.
    pub(super) join: Duration,
    /// From the wish until the first snapshot.
    pub(super) first_snapshot: Option<Duration>,
    /// Of the way from the first packet on: the QUIC handshake, the Welcome, the first snapshot.
    pub(super) steps: Steps,
    pub(super) round_trips: Vec<Duration>,
    /// Playing, from the beginning of the match to its end.
    pub(super) time: Duration,
    pub(super) line: Line,
    pub(super) datagrams_down: u64,
    pub(super) datagram_bytes_down: u64,
    pub(super) datagrams_up: u64,
    pub(super) datagram_bytes_up: u64,
    pub(super) corrections: u64,
    pub(super) correction_units_max: i32,
}

/// Times since the first packet.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Steps {
    pub(super) handshake: Duration,
    pub(super) welcome: Duration,
    pub(super) first_snapshot: Option<Duration>,
}

/// What the connection counted while the match was played.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Line {
    pub(super) bytes_down: u64,
    pub(super) bytes_up: u64,
    pub(super) sent: u64,
    pub(super) lost: u64,
}

impl Line {
    fn of(connection: &quinn::Connection) -> Line {
        let stats = connection.stats();
        Line {
            bytes_down: stats.udp_rx.bytes,
            bytes_up: stats.udp_tx.bytes,
            // Probes for larger packets are made to be lost.
            sent: stats.path.sent_packets - stats.path.sent_plpmtud_probes,
            lost: stats.path.lost_packets,
        }
    }

    fn since(self, before: Line) -> Line {
        Line {
            bytes_down: self.bytes_down - before.bytes_down,
            bytes_up: self.bytes_up - before.bytes_up,
            sent: self.sent - before.sent,
            lost: self.lost - before.lost,
        }
    }
}

/// Joins and plays. `click` is when the match was wished for.
///
/// # Errors
/// Why the player did not get in, without what differs between two of the same kind.
pub(super) async fn play(
    seat: Seat,
    mind: Mind,
    seed: u64,
    click: Instant,
    mut ended: watch::Receiver<bool>,
) -> Result<Played, String> {
    let start = Instant::now();
    let ticket = Ticket::Seat(&seat.player_session_id);
    let joined = connection::join(seat.address, ticket, &seat.player_id).await;
    let joined = joined.map_err(|error| error.to_string().replace(&seat.address.to_string(), "ADDRESS"))?;
    let handshake = joined.handshake;
    let mut player = Player::new(joined, mind, seed, start, click);
    player.played.join = click.elapsed();
    player.played.steps = Steps { handshake, welcome: start.elapsed(), first_snapshot: None };
    let last = player.until_end(&mut ended).await;
    Ok(player.leave(last).await)
}

/// How it ended.
enum End {
    /// The match is over, or the time.
    Good,
    Bad(String),
}

struct Player {
    joined: Joined,
    mind: Mind,
    seed: u64,
    start: Instant,
    click: Instant,
    playing: Option<Playing>,
    before: Option<(Instant, Line)>,
    played: Played,
}

/// Inside the match.
enum Playing {
    Bot(Box<(Client, Bot)>),
    Light(Light),
}

impl Player {
    fn new(joined: Joined, mind: Mind, seed: u64, start: Instant, click: Instant) -> Player {
        let played = Played::default();
        Player { joined, mind, seed, start, click, playing: None, before: None, played }
    }

    async fn until_end(&mut self, ended: &mut watch::Receiver<bool>) -> End {
        let (mut ticks, mut line) = (interval(TICK), interval(LINE_PERIOD));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let begin_by = self.start + START_MAX;
        let mut chunk = vec![0; 4096];
        if let Err(end) = self.messages() {
            return end;
        }
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    self.tick();
                    if self.playing.is_none() && Instant::now() > begin_by {
                        return End::Bad("the match did not begin".to_owned());
                    }
                }
                _ = line.tick() => self.played.round_trips.push(self.joined.connection.rtt()),
                datagram = self.joined.connection.read_datagram() => match datagram {
                    Ok(datagram) => self.on_datagram(&datagram),
                    Err(error) => return self.drain(describe(&error)).await,
                },
                read = self.joined.receive.read(&mut chunk) => match read {
                    Ok(Some(length)) => {
                        self.joined.frames.push(&chunk[..length]);
                        if let Err(end) = self.messages() {
                            return end;
                        }
                    }
                    Ok(None) | Err(_) => return End::Bad("the server ended the conversation".to_owned()),
                },
                () = super::over(ended) => return End::Good,
            }
        }
    }

    /// What was said before the connection ended counts.
    async fn drain(&mut self, reason: String) -> End {
        let mut chunk = vec![0; 4096];
        while let Ok(Some(length)) = self.joined.receive.read(&mut chunk).await {
            self.joined.frames.push(&chunk[..length]);
        }
        match self.messages() {
            Err(end) => end,
            Ok(()) => End::Bad(reason),
        }
    }

    /// `Err`: the last message of the match.
    fn messages(&mut self) -> Result<(), End> {
        let broken = |error| End::Bad(format!("the server sent {error}"));
        while let Some(content) = self.joined.frames.next_content().map_err(broken)? {
            match ServerMessage::from_content(&content).map_err(broken)? {
                ServerMessage::MatchStart { slot, config, snapshot_rate } => {
                    let playing = match self.mind {
                        Mind::Light => Playing::Light(Light::new(self.seed)),
                        Mind::Bot(kind) => match Client::new(&config, slot, snapshot_rate) {
                            Ok(client) => Playing::Bot(Box::new((client, Bot::new(kind, self.seed)))),
                            Err(error) => {
                                return Err(End::Bad(format!("a match that cannot be: {error}")));
                            }
                        },
                    };
                    self.playing = Some(playing);
                    self.before = Some((Instant::now(), Line::of(&self.joined.connection)));
                }
                ServerMessage::MatchEnd { .. } => return Err(End::Good),
                ServerMessage::Closing { reason } => {
                    return Err(End::Bad(format!("the server ended the session: {reason}")));
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn tick(&mut self) {
        let datagram = match &mut self.playing {
            None => return,
            Some(Playing::Bot(playing)) => {
                let (client, bot) = &mut **playing;
                let input = bot.input(client.predicted(), client.slot());
                client.tick(input)
            }
            Some(Playing::Light(light)) => light.tick(),
        };
        self.played.datagrams_up += 1;
        self.played.datagram_bytes_up += datagram.len() as u64;
        // Never waited for: the next one has the same inputs.
        if let Err(error) = self.joined.connection.send_datagram(Bytes::from(datagram)) {
            tracing::debug!("datagram not sent: {error}");
        }
    }

    fn on_datagram(&mut self, datagram: &[u8]) {
        self.played.datagrams_down += 1;
        self.played.datagram_bytes_down += datagram.len() as u64;
        if self.played.first_snapshot.is_none() {
            self.played.first_snapshot = Some(self.click.elapsed());
            self.played.steps.first_snapshot = Some(self.start.elapsed());
        }
        let used = match &mut self.playing {
            // It overtook the message that begins the match.
            None => return,
            Some(Playing::Bot(playing)) => playing.0.on_datagram(datagram).map(drop),
            Some(Playing::Light(light)) => light.on_datagram(datagram),
        };
        if let Err(error) = used {
            tracing::debug!("snapshot not used: {error}");
        }
    }

    async fn leave(mut self, end: End) -> Played {
        let connection = self.joined.connection.clone();
        if let Some((since, before)) = self.before {
            self.played.time = since.elapsed();
            self.played.line = Line::of(&connection).since(before);
        }
        if let Some(Playing::Bot(playing)) = &self.playing {
            let statistics = playing.0.statistics();
            self.played.corrections = u64::from(statistics.mispredictions);
            self.played.correction_units_max = statistics.correction_units_max;
        }
        if let End::Bad(reason) = end {
            self.played.lost = Some(reason);
        }
        let goodbye = async {
            let frame = ClientMessage::Leave.to_frame().ok()?;
            self.joined.send.write_all(&frame).await.ok()?;
            self.joined.send.finish().ok()?;
            self.joined.send.stopped().await.ok()
        };
        if connection.close_reason().is_none() && timeout(LEAVE_MAX, goodbye).await.is_err() {
            tracing::debug!("left without goodbye");
        }
        connection.close(VarInt::from_u32(0), b"the player leaves");
        if timeout(LEAVE_MAX, self.joined.endpoint.wait_idle()).await.is_err() {
            tracing::debug!("closing took too long");
        }
        self.played
    }
}
