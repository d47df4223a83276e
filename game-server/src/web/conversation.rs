//! What is said with a page, over either transport: the challenge, the Hello, then texts both ways until one ends it.

use std::time::Duration;

use game_net::handshake::{ClientProof, EXPORTER_LENGTH};
use game_net::protocol::{ClientMessage, ServerMessage};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::Door;
use super::certificate::CertificateHash;
use super::message::{FromPage, PROTOCOL, ToPage, bytes};
use super::proof::{connection_value, nonce};
use crate::admission::{Admitted, admit, fresh_token};
use crate::connection::{HELLO_TIMEOUT, MESSAGES_PER_SECOND, Tally, WRITE_TIMEOUT};
use crate::room::{Departure, Guest, GuestId, Outlet, Refusal, Room, RoomInput};
use crate::strangers::Stranger;

/// How often a line is asked whether it still stands.
const PROBE_PERIOD: Duration = Duration::from_secs(10);
/// Silence after which a player is lost; a browser answers probes by itself.
const SILENCE: Duration = Duration::from_secs(30);

/// Why a conversation came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the connection is lost: {0}")]
    Lost(String),
    #[error("the page does not keep to the protocol")]
    Protocol,
    #[error("`{0}` took too long")]
    Timeout(&'static str),
    #[error("the page sends too much")]
    Flood,
    #[error("the page went before it said who it is")]
    EndOfLine,
    #[error("refused: {0}")]
    Refused(Refusal),
    #[error("the system has no randomness")]
    Randomness,
}

/// A way to a page: whole texts, in order.
pub(super) trait Line: Send {
    /// The next text; `None` at the end. May be dropped while it waits, and nothing is lost.
    fn read(&mut self) -> impl Future<Output = Result<Option<String>, Failure>> + Send;
    /// Sends a text.
    fn write(&mut self, text: String) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Asks for a sign of life where the transport does not do that itself.
    fn probe(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
    /// When something was heard last; `None` where the transport itself notices silence.
    fn heard(&self) -> Option<Instant>;
}

/// What a page says first, and what only its line has.
struct Hello {
    player_id: String,
    proof: ClientProof,
    value: [u8; EXPORTER_LENGTH],
}

/// Serves a page from the challenge to its end. `certificate` is that of the line, if it has one; `stranger` is its
/// place among those who are not in yet.
pub(super) async fn serve(
    id: GuestId,
    line: &mut impl Line,
    door: &Door,
    certificate: Option<CertificateHash>,
    stranger: Stranger,
) -> Result<(), Failure> {
    let hello = timeout(HELLO_TIMEOUT, hello(line, certificate)).await;
    let Hello { player_id, proof, value } = hello.map_err(|_| Failure::Timeout("hello"))??;
    let room = door.hosted.borrow().clone();
    let Some(room) = room else { return refuse(line, Refusal::NoSession).await };
    // A page that is gone has left: it has no use for a token, but every seat has one.
    let token = fresh_token(&rustls::crypto::ring::default_provider());
    let resume = match token {
        Ok(token) => token,
        Err(refusal) => return refuse(line, refusal).await,
    };
    let admitted = timeout(HELLO_TIMEOUT, admit(&room, &player_id, proof, &value)).await;
    let admitted = admitted.unwrap_or(Err(Refusal::Unavailable));
    let Admitted { player_session_id, proof, .. } = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(line, refusal).await,
    };
    drop(stranger);
    let (outlet, to_write) = Outlet::for_messages();
    // From here on the room knows of the player: whatever happens, it is told of the end.
    let guest = Guest { player_id, player_session_id, resume, outlet };
    if room.inputs.send(RoomInput::Enter { id, guest }).await.is_err() {
        return refuse(line, Refusal::NoSession).await;
    }
    let talked = async {
        let may_end = door.players_may_end;
        write(line, &ToPage::Welcome { proof: hex::encode(proof.0), may_end }).await?;
        talk(id, line, to_write, &room, may_end).await
    };
    let result = talked.await;
    // C-D2: a page that is gone has left. When the room is gone there is nobody to tell.
    let _ = room.inputs.send(RoomInput::Gone { id, departure: Departure::Left }).await;
    result
}

/// The challenge and the answer to it, with the value that its proof is over.
async fn hello(line: &mut impl Line, certificate: Option<CertificateHash>) -> Result<Hello, Failure> {
    let server_nonce = nonce().ok_or(Failure::Randomness)?;
    write(line, &ToPage::Challenge { protocol: PROTOCOL, nonce: hex::encode(server_nonce) }).await?;
    let text = line.read().await?.ok_or(Failure::EndOfLine)?;
    let Some(FromPage::Hello { player_id, nonce, proof }) = FromPage::parse(&text) else {
        return Err(Failure::Protocol);
    };
    let (Some(page_nonce), Some(proof)) = (bytes(&nonce), bytes(&proof)) else {
        return Err(Failure::Protocol);
    };
    let value = connection_value(&server_nonce, &page_nonce, certificate.as_ref());
    Ok(Hello { player_id, proof: ClientProof(proof), value })
}

async fn refuse(line: &mut impl Line, refusal: Refusal) -> Result<(), Failure> {
    // A page has one line for it.
    let reason = refusal.to_string().replace('\n', "; ");
    write(line, &ToPage::Refused { reason }).await?;
    Err(Failure::Refused(refusal))
}

/// Carries texts both ways. `Ok` when the room dropped the outlet or the player left.
async fn talk(
    id: GuestId,
    line: &mut impl Line,
    mut to_write: mpsc::Receiver<ServerMessage>,
    room: &Room,
    may_end: bool,
) -> Result<(), Failure> {
    let mut messages = Tally::new();
    let mut probe = tokio::time::interval(PROBE_PERIOD);
    loop {
        tokio::select! {
            message = to_write.recv() => match message {
                Some(message) => if let Some(message) = ToPage::of(message) {
                    write(line, &message).await?;
                },
                None => return Ok(()),
            },
            text = line.read() => {
                let Some(text) = text? else { return Ok(()) };
                if messages.take() > MESSAGES_PER_SECOND {
                    return Err(Failure::Flood);
                }
                let input = match FromPage::parse(&text) {
                    Some(FromPage::Chat { text }) => RoomInput::Message { id, message: ClientMessage::ChatSend { text } },
                    Some(FromPage::End {}) if may_end => RoomInput::Close { by: None },
                    Some(FromPage::Leave {}) => return Ok(()),
                    Some(FromPage::Hello { .. } | FromPage::End {}) | None => return Err(Failure::Protocol),
                };
                if room.inputs.send(input).await.is_err() {
                    return Ok(());
                }
            }
            _ = probe.tick() => {
                if line.heard().is_some_and(|heard| heard.elapsed() >= SILENCE) {
                    return Err(Failure::Timeout("a sign of life"));
                }
                timeout(WRITE_TIMEOUT, line.probe()).await.map_err(|_| Failure::Timeout("write"))??;
            }
        }
    }
}

/// A player who does not take a text in time is cut off.
async fn write(line: &mut impl Line, message: &ToPage) -> Result<(), Failure> {
    timeout(WRITE_TIMEOUT, line.write(message.to_text())).await.map_err(|_| Failure::Timeout("write"))?
}
