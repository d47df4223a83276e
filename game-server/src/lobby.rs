//! One long-lived session for many players: chat and presence, until the process is told to end.

use std::time::Duration;

use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use tokio::sync::mpsc;

use crate::guests::Guests;
use crate::match_room::dismiss;
use crate::room::{Refusal, RoomEnd, RoomInput};
use crate::seats::Seats;

/// Runs a lobby to its end.
pub(crate) async fn run(seats: Seats, mut inputs: mpsc::Receiver<RoomInput>, farewell: Duration) -> RoomEnd {
    let mut guests = Guests::new(seats);
    while let Some(input) = inputs.recv().await {
        match input {
            RoomInput::Knock { player_id, answer } => {
                let taken = guests.contains(&player_id);
                // Who knocked may have gone.
                let _ = answer.send(if taken { Err(Refusal::AlreadyIn) } else { Ok(Hosting::Lobby) });
            }
            RoomInput::Enter { guest, .. } if guests.contains(&guest.player_id) => {
                guests.turn_away(guest, Refusal::AlreadyIn.to_string());
            }
            RoomInput::Enter { id, guest } => guests.enter(id, guest),
            RoomInput::Message { id, message: ClientMessage::ChatSend { text } } => guests.chat(id, text),
            RoomInput::Message { id, message: ClientMessage::Leave } | RoomInput::Gone { id } => {
                guests.leave(id);
            }
            // A second Hello does not reach the room, and a lobby has no use for inputs.
            RoomInput::Message { .. } | RoomInput::Datagram { .. } => {}
            RoomInput::Close { .. } => break,
        }
    }
    guests.tell_all(&ServerMessage::Closing { reason: "the lobby closes".to_owned() });
    dismiss(&mut guests, &mut inputs, farewell).await;
    RoomEnd::Closed
}
