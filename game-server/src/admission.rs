//! Who is let in: the server's half of the proof in `game_net::handshake`, and the agent's word.

use game_net::handshake::{ClientProof, EXPORTER_LENGTH, Secret, ServerProof, server_proof};
use game_net::protocol::Hosting;

use crate::room::{Refusal, Room};
use crate::seats::PlayerSessionId;

/// What a connection says first, and what only this connection has.
#[derive(Debug)]
pub(crate) struct Hello {
    pub(crate) player_id: String,
    pub(crate) proof: ClientProof,
    pub(crate) exporter: [u8; EXPORTER_LENGTH],
}

/// A player who is in, as far as the agent is concerned.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) player_session_id: PlayerSessionId,
    pub(crate) proof: ServerProof,
    pub(crate) hosting: Hosting,
}

/// Checks the proof, then whether the room takes somebody in, then uses the reservation up.
///
/// In this order: a stranger learns nothing of the room, and a ticket is not spent at a closed door. Between the
/// last two the room may change its mind; then it turns the player away and frees the seat.
pub(crate) async fn admit(room: &Room, hello: &Hello) -> Result<Admitted, Refusal> {
    let reserved = room.seats.reserved(&hello.player_id).await.ok_or(Refusal::Unavailable)?;
    let proven = reserved
        .into_iter()
        .find(|id| hello.proof.verify(Secret::PlayerSessionId(id.secret()), &hello.exporter));
    let player_session_id = proven.ok_or(Refusal::NotProven)?;
    let hosting = room.knock(&hello.player_id).await?;
    if !room.seats.accept(player_session_id.clone()).await {
        return Err(Refusal::NotProven);
    }
    let proof = server_proof(Secret::PlayerSessionId(player_session_id.secret()), &hello.exporter);
    Ok(Admitted { player_session_id, proof, hosting })
}
