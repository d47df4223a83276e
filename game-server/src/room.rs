//! What a session's owner task is told, whether it is a match room or a lobby, and what it tells the players.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use game_net::handshake::{ClientProof, EXPORTER_LENGTH, ResumeToken, ServerProof};
use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use quinn::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::seats::{PlayerSessionId, Seats};

/// Inputs that wait for a room at most.
const INPUTS: usize = 256;
/// Datagrams that wait for the next tick at most, of all players. Sixteen send sixteen in a tick.
const DATAGRAMS: usize = 1024;
/// Reliable messages that wait for a player at most. Who is further behind is cut off.
const MESSAGES: usize = 256;

/// The session that this process hosts, as connections see it.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) inputs: mpsc::Sender<RoomInput>,
    /// Apart from the rest: they are looked at once in a tick, and wake nobody before.
    pub(crate) datagrams: mpsc::Sender<(GuestId, Bytes)>,
    pub(crate) seats: Seats,
    /// What spectators prove to know; `None`: nobody watches this session.
    pub(crate) spectator_key: Option<Arc<str>>,
}

/// What the owner of a room takes.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) inputs: mpsc::Receiver<RoomInput>,
    pub(crate) datagrams: mpsc::Receiver<(GuestId, Bytes)>,
}

/// Names a connection for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GuestId(pub(crate) u64);

/// Something that happens to a session.
#[derive(Debug)]
pub(crate) enum RoomInput {
    /// A player has proved who they are: may they come in? Nothing is promised by yes.
    Knock { player_id: String, answer: oneshot::Sender<Result<Hosting, Refusal>> },
    /// The player was accepted by the agent and is in.
    Enter { id: GuestId, guest: Guest },
    /// Somebody says that they were here, over another connection. If they are let in, `id` is theirs from now on.
    Resume { id: GuestId, resume: Resume },
    /// Somebody who knows the spectator key wants to watch.
    Watch { id: GuestId, outlet: Outlet, answer: oneshot::Sender<Result<Hosting, Refusal>> },
    /// A reliable message from a player or spectator.
    Message { id: GuestId, message: ClientMessage },
    /// The connection is over.
    Gone { id: GuestId, departure: Departure },
    /// The process is to end. A match that is being played may go on until `by`, or to its end.
    Close { by: Option<Instant> },
}

/// A player in the session.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) player_id: String,
    pub(crate) player_session_id: PlayerSessionId,
    /// For coming back.
    pub(crate) resume: ResumeToken,
    pub(crate) outlet: Outlet,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// The player meant it, or was cut off.
    Left,
    /// Nobody meant it: the seat waits for a while.
    Lost,
}

/// What somebody who wants their seat back has to show, and where to send what they then get.
#[derive(Debug)]
pub(crate) struct Resume {
    pub(crate) player_id: String,
    pub(crate) proof: ClientProof,
    pub(crate) exporter: [u8; EXPORTER_LENGTH],
    pub(crate) outlet: Outlet,
    pub(crate) answer: oneshot::Sender<Result<Resumed, Refusal>>,
}

/// Somebody has their seat back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    pub(crate) proof: ServerProof,
    pub(crate) hosting: Hosting,
    pub(crate) resume: ResumeToken,
}

/// The way to a player's machine. Dropping it ends the connection once all messages arrived.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) messages: mpsc::Sender<ServerMessage>,
    pub(crate) datagrams: Line,
}

/// The way of datagrams to a player's machine.
#[derive(Debug)]
pub(crate) enum Line {
    /// Not by way of the connection's task: that would be one more wake-up for each.
    Connection(Connection),
    /// Without a network.
    #[cfg(test)]
    Test(mpsc::Sender<Vec<u8>>),
    /// There is none any more.
    Cut,
}

/// The other end of an [`Outlet`] without a network.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) messages: mpsc::Receiver<ServerMessage>,
    pub(crate) datagrams: mpsc::Receiver<Vec<u8>>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomEnd {
    /// A match with a winner.
    Won { player_id: String },
    /// A match that was broken off because the process has to end; the points so far counted.
    BrokenOff { leader: String },
    /// A match for which too few players came.
    TooFewPlayers,
    /// The process was told to end.
    Closed,
}

/// Why somebody is not let in. The words tell a stranger nothing about who is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Forged, expired, used, or for another session: one answer for all of them.
    NotProven,
    /// The process hosts no session now.
    NoSession,
    /// The match has begun.
    Begun,
    /// No seat is left in the match.
    Full,
    /// The same player is in already.
    AlreadyIn,
    /// Nobody with this token has a seat here, or not any more.
    NothingToResume,
    /// Nobody watches this session, or the key is wrong: one answer for both.
    NoSpectators,
    /// No place is left for spectators.
    SpectatorsFull,
    /// The agent gives no answer.
    Unavailable,
}

impl Room {
    /// A room and what its owner task takes.
    pub(crate) fn new(seats: Seats, spectator_key: Option<Arc<str>>) -> (Room, Taken) {
        let (inputs, taken_inputs) = mpsc::channel(INPUTS);
        let (datagrams, taken_datagrams) = mpsc::channel(DATAGRAMS);
        let room = Room { inputs, datagrams, seats, spectator_key };
        (room, Taken { inputs: taken_inputs, datagrams: taken_datagrams })
    }

    /// Asks whether a player may come in now.
    pub(crate) async fn knock(&self, player_id: &str) -> Result<Hosting, Refusal> {
        self.ask(|answer| RoomInput::Knock { player_id: player_id.to_owned(), answer }).await
    }

    /// Asks the owner something; without an owner there is no session.
    pub(crate) async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> RoomInput,
    ) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.inputs.send(question(answer)).await.map_err(|_| Refusal::NoSession)?;
        answered.await.unwrap_or(Err(Refusal::NoSession))
    }
}

impl Outlet {
    /// Both ends of the way to a player.
    pub(crate) fn to(connection: &Connection) -> (Outlet, mpsc::Receiver<ServerMessage>) {
        let (messages, to_write) = mpsc::channel(MESSAGES);
        let datagrams = Line::Connection(connection.clone());
        (Outlet { messages, datagrams }, to_write)
    }

    /// The same for somebody who has no use for datagrams.
    pub(crate) fn for_messages() -> (Outlet, mpsc::Receiver<ServerMessage>) {
        let (messages, to_write) = mpsc::channel(MESSAGES);
        (Outlet { messages, datagrams: Line::Cut }, to_write)
    }

    /// The same without a network.
    #[cfg(test)]
    pub(crate) fn channel() -> (Outlet, Inlet) {
        let (messages, to_write) = mpsc::channel(MESSAGES);
        let (datagrams, to_send) = mpsc::channel(16);
        (
            Outlet { messages, datagrams: Line::Test(datagrams) },
            Inlet { messages: to_write, datagrams: to_send },
        )
    }

    /// A way to nobody.
    pub(crate) fn closed() -> Outlet {
        Outlet { messages: mpsc::channel(1).0, datagrams: Line::Cut }
    }
}

impl Line {
    /// Sends one, or loses it: too large for the path at this moment, too many before it, or no line any more.
    pub(crate) fn send(&self, datagram: Vec<u8>) {
        match self {
            Line::Connection(connection) => {
                let _ = connection.send_datagram(Bytes::from(datagram));
            }
            #[cfg(test)]
            Line::Test(datagrams) => {
                let _ = datagrams.try_send(datagram);
            }
            Line::Cut => (),
        }
    }
}

/// The reason, and on a line of its own what to do next, as every error of ours.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NotProven => "no seat is reserved for you here\nhint: join the session again",
            Refusal::NoSession => "no session is hosted here now\nhint: join a session again",
            Refusal::Begun => "the match has begun\nhint: join another one",
            Refusal::Full => "the match is full\nhint: join another one",
            Refusal::AlreadyIn => "you are in this session already",
            Refusal::NothingToResume => "no seat waits for you here\nhint: join the session again",
            Refusal::NoSpectators => "this session has no spectators with this key\nhint: ask who made it",
            Refusal::SpectatorsFull => "no place is left for spectators\nhint: try again in a moment",
            Refusal::Unavailable => "the server cannot check seats now\nhint: try again in a moment",
        })
    }
}
