//! The players in a session: presence, chat, and the ways to reach them. The same in match and lobby.

use std::collections::{BTreeMap, BTreeSet};

use game_net::protocol::{Presence, ServerMessage};
use tracing::info;

use crate::room::{Guest, GuestId};
use crate::seats::Seats;

/// Who is in.
#[derive(Debug)]
pub(crate) struct Guests {
    seats: Seats,
    by_id: BTreeMap<GuestId, Guest>,
    /// Moments of the timeline that were told.
    told: BTreeSet<&'static str>,
}

impl Guests {
    /// Nobody yet.
    pub(crate) fn new(seats: Seats) -> Guests {
        Guests { seats, by_id: BTreeMap::new(), told: BTreeSet::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// In the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GuestId, &Guest)> {
        self.by_id.iter().map(|(id, guest)| (*id, guest))
    }

    pub(crate) fn contains(&self, player_id: &str) -> bool {
        self.by_id.values().any(|guest| guest.player_id == player_id)
    }

    /// Lets somebody in: they learn who is here, the others learn of them.
    pub(crate) fn enter(&mut self, id: GuestId, guest: Guest) {
        info!(player_id = ?guest.player_id, "player joined");
        self.tell_milestone(gse_sdk::FIRST_PLAYER);
        let player_id = guest.player_id.clone();
        self.tell_all(&ServerMessage::Presence(Presence::Joined { player_id }));
        self.by_id.insert(id, guest);
        let ids = self.by_id.values().map(|guest| guest.player_id.as_str());
        for list in Presence::here(ids) {
            self.tell(id, ServerMessage::Presence(list));
        }
    }

    /// Names a moment of the session for its timeline, once.
    pub(crate) fn tell_milestone(&mut self, name: &'static str) {
        if self.told.insert(name) {
            self.seats.tell_milestone(name);
        }
    }

    /// Somebody is gone: their seat is freed and the others learn of it. False if they were not in.
    pub(crate) fn leave(&mut self, id: GuestId) -> bool {
        let Some(guest) = self.by_id.remove(&id) else { return false };
        info!(player_id = ?guest.player_id, "player left");
        self.seats.remove(guest.player_session_id);
        self.tell_all(&ServerMessage::Presence(Presence::Left { player_id: guest.player_id }));
        true
    }

    /// Somebody accepted by the agent who cannot come in after all.
    pub(crate) fn turn_away(&self, guest: Guest, reason: String) {
        // The connection reads what is in the channel before it sees that the sender is gone.
        let _ = guest.outlet.messages.try_send(ServerMessage::Closing { reason });
        self.seats.remove(guest.player_session_id);
    }

    /// Passes on what somebody says.
    pub(crate) fn chat(&mut self, id: GuestId, text: String) {
        if let Some(guest) = self.by_id.get(&id) {
            let from = guest.player_id.clone();
            self.tell_all(&ServerMessage::Chat { from, text });
        }
    }

    /// A reliable message to one. Who is too far behind to take it loses the way back: the connection ends, and
    /// `Gone` follows.
    pub(crate) fn tell(&mut self, id: GuestId, message: ServerMessage) {
        let Some(guest) = self.by_id.get_mut(&id) else { return };
        if guest.outlet.messages.try_send(message).is_err() {
            let (closed, _) = crate::room::Outlet::channel();
            guest.outlet = closed;
        }
    }

    /// A reliable message to everybody.
    pub(crate) fn tell_all(&mut self, message: &ServerMessage) {
        let ids: Vec<GuestId> = self.by_id.keys().copied().collect();
        for id in ids {
            self.tell(id, message.clone());
        }
    }

    /// A datagram to one; lost if too many wait already.
    pub(crate) fn send_datagram(&self, id: GuestId, datagram: Vec<u8>) {
        if let Some(guest) = self.by_id.get(&id) {
            let _ = guest.outlet.datagrams.try_send(datagram);
        }
    }

    /// Ends every connection, once all messages arrived; `Gone` follows for each of the ids. Seats are not freed one
    /// by one: this is the end of the session.
    pub(crate) fn dismiss(&mut self) -> Vec<GuestId> {
        std::mem::take(&mut self.by_id).into_keys().collect()
    }
}
