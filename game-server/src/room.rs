//! What a session's owner task is told, whether it is a match room or a lobby, and what it tells the players.

use std::fmt;

use bytes::Bytes;
use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::seats::{PlayerSessionId, Seats};

/// Inputs that wait for a room at most: a tick's worth of datagrams of many players.
const INPUTS: usize = 1024;
/// Reliable messages that wait for a player at most. Who is further behind is cut off.
const MESSAGES: usize = 256;
/// Datagrams that wait for a player at most. More are lost, as datagrams are.
const DATAGRAMS: usize = 16;

/// The session that this process hosts, as connections see it.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) inputs: mpsc::Sender<RoomInput>,
    pub(crate) seats: Seats,
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
    /// A datagram from a player.
    Datagram { id: GuestId, datagram: Bytes },
    /// A reliable message from a player.
    Message { id: GuestId, message: ClientMessage },
    /// The connection is over.
    Gone { id: GuestId },
    /// The process is to end. A match that is being played may go on until `by`, or to its end.
    Close { by: Option<Instant> },
}

/// A player in the session.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) player_id: String,
    pub(crate) player_session_id: PlayerSessionId,
    pub(crate) outlet: Outlet,
}

/// The way to a player's machine. Dropping it ends the connection once all messages arrived.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) messages: mpsc::Sender<ServerMessage>,
    pub(crate) datagrams: mpsc::Sender<Vec<u8>>,
}

/// The other end of an [`Outlet`], at the connection.
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
    /// The agent gives no answer.
    Unavailable,
}

impl Room {
    /// A room and the inputs that its owner task takes.
    pub(crate) fn new(seats: Seats) -> (Room, mpsc::Receiver<RoomInput>) {
        let (inputs, taken) = mpsc::channel(INPUTS);
        (Room { inputs, seats }, taken)
    }

    /// Asks whether a player may come in now.
    pub(crate) async fn knock(&self, player_id: &str) -> Result<Hosting, Refusal> {
        let (answer, answered) = oneshot::channel();
        let knock = RoomInput::Knock { player_id: player_id.to_owned(), answer };
        self.inputs.send(knock).await.map_err(|_| Refusal::NoSession)?;
        answered.await.unwrap_or(Err(Refusal::NoSession))
    }
}

impl Outlet {
    /// Both ends of the way to a player.
    pub(crate) fn channel() -> (Outlet, Inlet) {
        let (messages, to_write) = mpsc::channel(MESSAGES);
        let (datagrams, to_send) = mpsc::channel(DATAGRAMS);
        (Outlet { messages, datagrams }, Inlet { messages: to_write, datagrams: to_send })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NotProven => "no seat is reserved for you here; hint: join the session again",
            Refusal::NoSession => "no session is hosted here now; hint: join a session again",
            Refusal::Begun => "the match has begun; hint: join another one",
            Refusal::Full => "the match is full; hint: join another one",
            Refusal::AlreadyIn => "you are in this session already",
            Refusal::Unavailable => "the server cannot check seats now; hint: try again in a moment",
        })
    }
}
