//! One long-lived session for many players: chat and presence, until the process is told to end.

use std::time::Duration;

use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use tokio::sync::watch;

use crate::guests::Guests;
use crate::match_room::dismiss;
use crate::room::{Departure, Refusal, RoomEnd, RoomInput, Taken};
use crate::seats::Seats;

/// Runs a lobby to its end. `occupied` is told how many seats are taken.
pub(crate) async fn run(
    spectators_max: usize,
    seats: Seats,
    taken: Taken,
    occupied: watch::Sender<u32>,
    farewell: Duration,
) -> RoomEnd {
    // A lobby has no use for datagrams: those who send them lose them.
    let Taken { mut inputs, .. } = taken;
    let mut guests = Guests::new(seats, spectators_max, occupied);
    loop {
        let input = tokio::select! {
            input = inputs.recv() => input,
            () = guests.expiry() => {
                guests.expire();
                continue;
            }
        };
        match input {
            Some(RoomInput::Close { .. }) | None => break,
            Some(input) => on_input(&mut guests, input),
        }
    }
    guests.tell_all(&ServerMessage::Closing { reason: "the lobby closes".to_owned() });
    dismiss(&mut guests, &mut inputs, farewell).await;
    RoomEnd::Closed
}

fn on_input(guests: &mut Guests, input: RoomInput) {
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
        RoomInput::Resume { id, resume } => {
            guests.resume(id, resume, Hosting::Lobby);
        }
        RoomInput::Watch { id, outlet, answer } => {
            guests.watch(id, outlet, answer, Hosting::Lobby);
        }
        RoomInput::Message { id, message: ClientMessage::ChatSend { text } } => guests.chat(id, text),
        RoomInput::Message { id, message: ClientMessage::Leave } => {
            guests.part(id, Departure::Left);
        }
        RoomInput::Gone { id, departure } => {
            guests.part(id, departure);
        }
        // First messages do not reach the room.
        RoomInput::Message { .. } | RoomInput::Close { .. } => {}
    }
}
