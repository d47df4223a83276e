//! Who is let in: the server's half of the proofs in `game_net::handshake`, and the agent's word.

use game_net::handshake::{ClientProof, EXPORTER_LENGTH, ResumeToken, Secret, ServerProof, server_proof};
use game_net::protocol::{ClientMessage, Hosting, ProtocolError, ServerMessage};
use rustls::crypto::CryptoProvider;

use crate::room::{GuestId, Outlet, Refusal, Resume, Resumed, Room, RoomInput};
use crate::seats::PlayerSessionId;

/// What a connection says first, and what only this connection has.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub(crate) who: Who,
    pub(crate) proof: ClientProof,
    pub(crate) exporter: [u8; EXPORTER_LENGTH],
}

/// Who somebody says to be.
#[derive(Debug)]
pub(crate) enum Who {
    /// A player who has reserved a seat.
    Newcomer { player_id: String },
    /// A player who was here.
    Returner { player_id: String },
    /// Somebody who wants to watch.
    Spectator,
}

/// A player who is in, as far as the agent is concerned.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) player_session_id: PlayerSessionId,
    pub(crate) proof: ServerProof,
    pub(crate) hosting: Hosting,
}

impl Introduction {
    /// What a first message says.
    ///
    /// # Errors
    /// The message is not one of those that may come first.
    pub(crate) fn new(
        first: ClientMessage,
        exporter: [u8; EXPORTER_LENGTH],
    ) -> Result<Introduction, ProtocolError> {
        let (who, proof) = match first {
            ClientMessage::Hello { player_id, proof } => (Who::Newcomer { player_id }, proof),
            ClientMessage::Resume { player_id, proof } => (Who::Returner { player_id }, proof),
            ClientMessage::Watch { proof } => (Who::Spectator, proof),
            ClientMessage::ChatSend { .. } | ClientMessage::Leave => return Err(ProtocolError::Malformed),
        };
        Ok(Introduction { who, proof, exporter })
    }
}

/// Checks a newcomer's proof, then whether the room takes somebody in, then uses the reservation up.
///
/// In this order: a stranger learns nothing of the room, and a ticket is not spent at a closed door. Between the
/// last two the room may change its mind; then it turns the player away and frees the seat.
pub(crate) async fn admit(
    room: &Room,
    player_id: &str,
    proof: ClientProof,
    exporter: &[u8; EXPORTER_LENGTH],
) -> Result<Admitted, Refusal> {
    let reserved = room.seats.reserved(player_id).await.ok_or(Refusal::Unavailable)?;
    let proven = reserved.into_iter().find(|id| proof.verify(Secret::PlayerSessionId(id.secret()), exporter));
    let player_session_id = proven.ok_or(Refusal::NotProven)?;
    let hosting = room.knock(player_id).await?;
    if !room.seats.accept(player_session_id.clone()).await {
        return Err(Refusal::NotProven);
    }
    let proof = server_proof(Secret::PlayerSessionId(player_session_id.secret()), exporter);
    Ok(Admitted { player_session_id, proof, hosting })
}

/// Asks the room for the seat that somebody had. The room knows the tokens, so it checks the proof.
pub(crate) async fn resume(
    room: &Room,
    id: GuestId,
    player_id: String,
    proof: ClientProof,
    exporter: [u8; EXPORTER_LENGTH],
    outlet: Outlet,
) -> Result<ServerMessage, Refusal> {
    let question =
        |answer| RoomInput::Resume { id, resume: Resume { player_id, proof, exporter, outlet, answer } };
    let Resumed { proof, hosting, resume } = room.ask(question).await?;
    Ok(ServerMessage::Welcome { proof, hosting, resume: Some(resume) })
}

/// Checks a spectator's proof, then whether there is a place.
pub(crate) async fn watch(
    room: &Room,
    id: GuestId,
    proof: ClientProof,
    exporter: &[u8; EXPORTER_LENGTH],
    outlet: Outlet,
) -> Result<ServerMessage, Refusal> {
    let key = room.spectator_key.as_deref().map(Secret::SpectatorKey);
    let secret = key.filter(|key| proof.verify(*key, exporter)).ok_or(Refusal::NoSpectators)?;
    let hosting = room.ask(|answer| RoomInput::Watch { id, outlet, answer }).await?;
    Ok(ServerMessage::Welcome { proof: server_proof(secret, exporter), hosting, resume: None })
}

/// A token that nobody can foresee.
///
/// # Errors
/// The operating system gives no random bytes.
pub(crate) fn fresh_token(provider: &CryptoProvider) -> Result<ResumeToken, Refusal> {
    let mut token = [0; 16];
    provider.secure_random.fill(&mut token).map_err(|_| Refusal::Unavailable)?;
    Ok(ResumeToken(token))
}
