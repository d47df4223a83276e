//! The thread that owns the connection: a small tokio runtime, one connection, two channels.
//!
//! It moves bytes and messages; what they mean is decided in `game-net` and followed in `session.rs`.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use bytes::Bytes;
use game_net::{
    handshake::ResumeToken,
    protocol::{ClientMessage, ProtocolError, RESUME_WITHIN_SECONDS, ServerMessage, frame::FrameReader},
};
use game_player::connection::{self, JoinError, Joined, Ticket};
use quinn::ReadError;
use tokio::{
    sync::mpsc::{Receiver, Sender},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{Outgoing, Received};
use crate::{
    lookup::{self, Place},
    matchmaker,
    options::Destination,
};

/// How often the state of the line is told.
const LINE_PERIOD: Duration = Duration::from_secs(1);
/// Over so many periods lost packets are counted.
const LINE_PERIODS: usize = 10;
/// Between two tries to come back.
const RETRY_PERIOD: Duration = Duration::from_millis(250);
/// How long leaving may take: until the server has taken the last message.
const LEAVE_MAX: Duration = Duration::from_secs(1);
/// Bytes taken from the stream at once.
const CHUNK_MAX: usize = 16 * 1024;
/// Code of the close frame: the player leaves.
const CLOSE_CODE: quinn::VarInt = quinn::VarInt::from_u32(0);

/// Runs until the connection is over or the app lets go of the channels.
pub(super) fn run(
    destination: Destination,
    player_id: String,
    to_app: Sender<Received>,
    mut from_app: Receiver<Outgoing>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let reason = format!("the system gives no runtime for the network: {error}");
            tell(to_app.blocking_send(Received::Closed { reason }));
            return;
        }
    };
    runtime.block_on(async {
        let last = follow(destination, &player_id, &to_app, &mut from_app).await;
        if let Some(last) = last {
            tell(to_app.send(last).await);
        }
    });
}

/// Nobody listens when the app is being closed; then there is nobody to tell.
fn tell<E>(sent: Result<(), E>) {
    if sent.is_err() {
        tracing::debug!("the app is gone");
    }
}

/// Finds the seat, plays, and comes back when the connection is lost. Returns the last thing to tell the app; `None`
/// when the app let go.
async fn follow(
    destination: Destination,
    player_id: &str,
    to_app: &Sender<Received>,
    from_app: &mut Receiver<Outgoing>,
) -> Option<Received> {
    let found = async {
        let (address, pass) = find(destination, player_id, to_app).await?;
        let joined = connection::join(address, pass.ticket(), player_id).await;
        joined.map(|joined| (address, pass, joined)).map_err(not_in)
    };
    let (address, pass, mut joined) = tokio::select! {
        found = found => match found {
            Ok(found) => found,
            Err(last) => return Some(last),
        },
        // The app was closed while the connection was being made.
        () = to_app.closed() => return None,
    };
    tell(to_app.send(Received::Welcome { hosting: joined.hosting }).await);
    loop {
        let resume = joined.resume;
        let again = pass.again(resume.as_ref());
        let (reason, ticket) = match (play(joined, to_app, from_app).await, again) {
            (End::Left, _) => return None,
            (End::Over(last), _) | (End::Lost(last), None) => return Some(last),
            (End::Lost(Received::Closed { reason }), Some(ticket)) => (reason, ticket),
            (End::Lost(last), Some(_)) => return Some(last),
        };
        tracing::warn!("{reason}; coming back");
        tell(to_app.send(Received::Lost).await);
        joined = tokio::select! {
            back = come_back(address, ticket, player_id, &reason) => match back {
                Ok(joined) => joined,
                Err(last) => return Some(last),
            },
            () = to_app.closed() => return None,
        };
        forget_stale(from_app);
        tell(to_app.send(Received::Resumed).await);
    }
}

/// What lets in.
enum Pass {
    /// The player session id.
    Seat(String),
    /// The spectator key.
    Watch(String),
}

impl Pass {
    fn ticket(&self) -> Ticket<'_> {
        match self {
            Pass::Seat(player_session_id) => Ticket::Seat(player_session_id),
            Pass::Watch(key) => Ticket::Watch(key),
        }
    }

    /// What lets in again after the connection was lost: a seat has a token, and spectators just come again.
    fn again<'a>(&'a self, token: Option<&'a ResumeToken>) -> Option<Ticket<'a>> {
        match self {
            Pass::Seat(_) => token.map(Ticket::Resume),
            Pass::Watch(_) => Some(self.ticket()),
        }
    }
}

/// How a connection ended.
enum End {
    /// The app let go.
    Left,
    /// Somebody decided so, or it makes no sense to go on.
    Over(Received),
    /// Nobody did.
    Lost(Received),
}

fn not_in(error: JoinError) -> Received {
    match error.is_refusal() {
        true => Received::Refused { reason: error.to_string() },
        false => Received::Closed { reason: error.to_string() },
    }
}

/// Tries until it works, the seat is refused, or the server has given it up.
async fn come_back(
    address: SocketAddr,
    ticket: Ticket<'_>,
    player_id: &str,
    lost: &str,
) -> Result<Joined, Received> {
    let within = Duration::from_secs(RESUME_WITHIN_SECONDS);
    let tries = async {
        loop {
            match connection::join_again(address, ticket, player_id).await {
                Ok(joined) => return Ok(joined),
                Err(error) if error.is_refusal() => {
                    let place = if matches!(ticket, Ticket::Watch(_)) { "place" } else { "seat" };
                    let reason = format!("{lost}, and the {place} is gone: {error}");
                    return Err(Received::Closed { reason });
                }
                Err(error) => tracing::debug!("not back yet: {error}"),
            }
            sleep(RETRY_PERIOD).await;
        }
    };
    timeout(within, tries).await.unwrap_or_else(|_| {
        let reason = format!(
            "{lost}, and it did not come back within {RESUME_WITHIN_SECONDS} s\nhint: check the network of this machine, then try again"
        );
        Err(Received::Closed { reason })
    })
}

async fn find(
    destination: Destination,
    player_id: &str,
    to_app: &Sender<Received>,
) -> Result<(SocketAddr, Pass), Received> {
    let news = async |news| tell(to_app.send(Received::Searching { news }).await);
    let closed = |reason| Received::Closed { reason };
    let seat = match destination {
        Destination::Address { address, player_session_id, session } => {
            lookup::Seat { address, player_session_id, place: Place { session, ..Place::default() } }
        }
        Destination::Watch { address, spectator_key, session } => {
            tell(to_app.send(Received::Watching).await);
            tell(to_app.send(Received::Placed(Place { session, ..Place::default() })).await);
            return Ok((address, Pass::Watch(spectator_key)));
        }
        Destination::Cloud(cloud) => lookup::find_seat(&cloud, player_id, news).await.map_err(closed)?,
        Destination::Matchmaker(matchmaker) => {
            matchmaker::find_seat(&matchmaker, player_id, news).await.map_err(closed)?
        }
    };
    tell(to_app.send(Received::Placed(seat.place)).await);
    Ok((seat.address, Pass::Seat(seat.player_session_id)))
}

/// What was to be sent meanwhile is about a match that went on without it.
fn forget_stale(from_app: &mut Receiver<Outgoing>) {
    while let Ok(stale) = from_app.try_recv() {
        tracing::debug!("not sent, the connection was away: {stale:?}");
    }
}

/// Passes things on in both directions.
async fn play(joined: Joined, to_app: &Sender<Received>, from_app: &mut Receiver<Outgoing>) -> End {
    let Joined { endpoint, connection, mut send, mut receive, mut frames, .. } = joined;
    let mut line = Line::default();
    let mut line_period = interval(LINE_PERIOD);
    line_period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut chunk = vec![0; CHUNK_MAX];
    // The frame reader may hold messages that came together with the Welcome.
    let mut last = pass_messages(&mut frames, to_app).await.err();
    while last.is_none() {
        tokio::select! {
            outgoing = from_app.recv() => match outgoing {
                Some(Outgoing::Datagram(datagram)) => send_datagram(&connection, datagram),
                Some(Outgoing::Message(message)) => match message.to_frame() {
                    Ok(frame) => last = send.write_all(&frame).await.err().map(|_| closed(&connection)),
                    Err(error) => tracing::warn!("not sent: {error}"),
                },
                None => break,
            },
            read = receive.read(&mut chunk) => match read {
                Ok(Some(length)) => {
                    frames.push(&chunk[..length]);
                    last = pass_messages(&mut frames, to_app).await.err();
                }
                Ok(None) | Err(ReadError::Reset(_)) => last = Some(after_stream_end(&connection).await),
                Err(_) => last = Some(closed(&connection)),
            },
            datagram = connection.read_datagram() => match datagram {
                Ok(datagram) => tell(to_app.send(Received::Datagram(datagram)).await),
                // What is left on the stream comes first: it may say why.
                Err(_) => last = Some(drain(&mut receive, &mut frames, to_app, &connection).await),
            },
            _ = line_period.tick() => tell(to_app.send(line.look(&connection)).await),
        }
    }
    let ended_by = connection.close_reason();
    if last.is_none() {
        leave(&mut send).await;
    }
    connection.close(CLOSE_CODE, b"the player leaves");
    // The close frame goes out; without it the server would notice only when nothing comes for seconds.
    if timeout(LEAVE_MAX, endpoint.wait_idle()).await.is_err() {
        tracing::debug!("closing took too long");
    }
    match last {
        None => End::Left,
        Some(last) if ended_by.as_ref().is_some_and(connection::is_lost) => End::Lost(last),
        Some(last) => End::Over(last),
    }
}

/// Packets sent and lost, as of the last periods.
#[derive(Default)]
struct Line {
    counts: VecDeque<(u64, u64)>,
}

impl Line {
    fn look(&mut self, connection: &quinn::Connection) -> Received {
        let path = connection.stats().path;
        if self.counts.len() > LINE_PERIODS {
            self.counts.pop_front();
        }
        // Probes for larger packets are made to be lost.
        let sent = path.sent_packets - path.sent_plpmtud_probes;
        self.counts.push_back((sent, path.lost_packets));
        let (sent_before, lost_before) = self.counts.front().copied().unwrap_or_default();
        let (sent, lost) = (sent - sent_before, path.lost_packets - lost_before);
        let loss_percent = if sent == 0 { 0.0 } else { 100.0 * lost as f32 / sent as f32 };
        Received::Line { rtt: path.rtt, loss_percent }
    }
}

/// Hands every complete message to the app. An error is the last thing to tell it.
async fn pass_messages(frames: &mut FrameReader, to_app: &Sender<Received>) -> Result<(), Received> {
    let broken = |error: ProtocolError| Received::Closed { reason: format!("the server sent {error}") };
    while let Some(content) = frames.next_content().map_err(broken)? {
        match ServerMessage::from_content(&content).map_err(broken)? {
            ServerMessage::Welcome { .. } | ServerMessage::Refused { .. } => {
                return Err(Received::Closed { reason: "the server answered the join twice".to_owned() });
            }
            message => tell(to_app.send(Received::Message(message)).await),
        }
    }
    Ok(())
}

/// A datagram is never waited for: when the network is slow, the next one carries the same inputs.
fn send_datagram(connection: &quinn::Connection, datagram: Vec<u8>) {
    if let Err(error) = connection.send_datagram(Bytes::from(datagram)) {
        tracing::debug!("datagram not sent: {error}");
    }
}

/// Says goodbye and waits until everything said before has arrived.
async fn leave(send: &mut quinn::SendStream) {
    let goodbye = async {
        let frame = ClientMessage::Leave.to_frame().map_err(|error| error.to_string())?;
        send.write_all(&frame).await.map_err(|error| error.to_string())?;
        send.finish().map_err(|error| error.to_string())?;
        send.stopped().await.map_err(|error| error.to_string())
    };
    match timeout(LEAVE_MAX, goodbye).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!("left without goodbye: {error}"),
        Err(_) => tracing::debug!("left without goodbye: the server did not take it in time"),
    }
}

/// The connection is gone, but what the stream had received before is still to be had.
async fn drain(
    receive: &mut quinn::RecvStream,
    frames: &mut FrameReader,
    to_app: &Sender<Received>,
    connection: &quinn::Connection,
) -> Received {
    let mut chunk = vec![0; CHUNK_MAX];
    while let Ok(Some(length)) = receive.read(&mut chunk).await {
        frames.push(&chunk[..length]);
        if let Err(last) = pass_messages(frames, to_app).await {
            return last;
        }
    }
    closed(connection)
}

/// The server has said all it wanted to say; the close frame that follows may give the reason.
async fn after_stream_end(connection: &quinn::Connection) -> Received {
    match timeout(LEAVE_MAX, connection.closed()).await {
        Ok(_) => closed(connection),
        Err(_) => Received::Closed { reason: "the server ended the conversation".to_owned() },
    }
}

fn closed(connection: &quinn::Connection) -> Received {
    let reason = match connection.close_reason() {
        Some(error) => connection::describe(&error),
        None => "the server ended the conversation".to_owned(),
    };
    Received::Closed { reason }
}
