//! The players and spectators in a session: presence, chat, who is away, and the ways to reach them. The same in match
//! and lobby.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use game_net::handshake::{Secret, server_proof};
use game_net::protocol::{Hosting, Presence, RESUME_WITHIN_SECONDS, ServerMessage};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::info;

use crate::room::{Departure, Guest, GuestId, Outlet, Refusal, Resume, Resumed};
use crate::seats::Seats;

/// A seat whose connection is lost waits so long.
pub(crate) const RESUME_WITHIN: Duration = Duration::from_secs(RESUME_WITHIN_SECONDS);
/// So many datagrams that are none, and the guest is cut off: a sound one sends not a single one.
const STRIKES_MAX: u32 = 32;

/// Who is in.
#[derive(Debug)]
pub(crate) struct Guests {
    seats: Seats,
    by_id: BTreeMap<GuestId, Seated>,
    spectators: BTreeMap<GuestId, Spectator>,
    spectators_max: usize,
    /// How many seats are taken, for the operator.
    occupied: watch::Sender<u32>,
    /// Moments of the timeline that were told.
    told: BTreeSet<&'static str>,
}

/// A player who is in.
#[derive(Debug)]
struct Seated {
    guest: Guest,
    /// The connection is lost, and the seat waits until then.
    away_until: Option<Instant>,
    /// They took messages too slowly, and their connection is being ended for it: the line was bad, nobody left.
    is_behind: bool,
    strikes: u32,
}

/// Somebody who watches.
#[derive(Debug)]
struct Spectator {
    outlet: Outlet,
    strikes: u32,
}

/// What became of somebody whose connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// They were not in.
    Unknown,
    /// Their seat waits.
    Away,
    /// Their seat is free.
    Left,
    /// A spectator stopped watching.
    Unwatched,
}

impl Guests {
    /// Nobody yet.
    pub(crate) fn new(seats: Seats, spectators_max: usize, occupied: watch::Sender<u32>) -> Guests {
        let (by_id, spectators) = (BTreeMap::new(), BTreeMap::new());
        Guests { seats, by_id, spectators, spectators_max, occupied, told: BTreeSet::new() }
    }

    /// Players who are here.
    pub(crate) fn here(&self) -> usize {
        self.by_id.values().filter(|seated| seated.away_until.is_none()).count()
    }

    /// In the order in which they came, with whether they are away.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GuestId, &Guest, bool)> {
        self.by_id.iter().map(|(id, seated)| (*id, &seated.guest, seated.away_until.is_some()))
    }

    /// Whether a player is here. One who is away may come in anew: their client may have lost all it knew.
    pub(crate) fn contains(&self, player_id: &str) -> bool {
        self.iter().any(|(_, guest, is_away)| guest.player_id == player_id && !is_away)
    }

    /// Those who watch.
    pub(crate) fn spectators(&self) -> impl Iterator<Item = GuestId> {
        self.spectators.keys().copied()
    }

    pub(crate) fn is_spectator(&self, id: GuestId) -> bool {
        self.spectators.contains_key(&id)
    }

    /// Lets somebody in: they learn who is here, the others learn of them.
    pub(crate) fn enter(&mut self, id: GuestId, guest: Guest) {
        self.tell_milestone(gse_sdk::FIRST_PLAYER);
        let player_id = guest.player_id.clone();
        let before = self.iter().find(|(_, guest, _)| guest.player_id == player_id).map(|(id, ..)| id);
        if let Some(before) = before {
            self.leave(before);
        }
        info!(player_id = ?player_id, "player joined");
        self.tell_all(&ServerMessage::Presence(Presence::Joined { player_id }));
        self.by_id.insert(id, Seated { guest, away_until: None, is_behind: false, strikes: 0 });
        self.count();
        self.tell_who_is_here(id);
    }

    /// Gives somebody their seat back; the id under which they had it, if they proved who they are.
    pub(crate) fn resume(&mut self, id: GuestId, resume: Resume, hosting: Hosting) -> Option<GuestId> {
        let Resume { player_id, proof, exporter, outlet, answer } = resume;
        // Who was cut off for what they sent does not come back by it.
        let owner = self.by_id.iter().find(|(_, Seated { guest, strikes, .. })| {
            *strikes < STRIKES_MAX
                && guest.player_id == player_id
                && proof.verify(Secret::ResumeToken(&guest.resume), &exporter)
        });
        let Some((before, seated)) = owner else {
            let _ = answer.send(Err(Refusal::NothingToResume));
            return None;
        };
        let (before, resume, was_away) = (*before, seated.guest.resume, seated.away_until.is_some());
        let proof = server_proof(Secret::ResumeToken(&resume), &exporter);
        // Who asked may have gone: then the seat waits on, or goes on with the old connection.
        answer.send(Ok(Resumed { proof, hosting, resume })).ok()?;
        let Seated { guest, strikes, .. } = self.by_id.remove(&before)?;
        info!(player_id = ?player_id, was_away, "player resumed");
        if was_away {
            self.tell_all(&ServerMessage::Presence(Presence::Back { player_id }));
        }
        // The old connection ends with its outlet.
        let guest = Guest { outlet, ..guest };
        self.by_id.insert(id, Seated { guest, away_until: None, is_behind: false, strikes });
        self.tell_who_is_here(id);
        Some(before)
    }

    /// Lets somebody watch; whether they do.
    pub(crate) fn watch(
        &mut self,
        id: GuestId,
        outlet: Outlet,
        answer: oneshot::Sender<Result<Hosting, Refusal>>,
        hosting: Hosting,
    ) -> bool {
        if self.spectators.len() >= self.spectators_max {
            let _ = answer.send(Err(Refusal::SpectatorsFull));
            return false;
        }
        if answer.send(Ok(hosting)).is_err() {
            return false;
        }
        info!("spectator came");
        self.spectators.insert(id, Spectator { outlet, strikes: 0 });
        self.tell_who_is_here(id);
        true
    }

    /// A connection is over.
    pub(crate) fn part(&mut self, id: GuestId, departure: Departure) -> Parting {
        if self.spectators.remove(&id).is_some() {
            info!("spectator left");
            return Parting::Unwatched;
        }
        let Some(seated) = self.by_id.get_mut(&id) else { return Parting::Unknown };
        let departure = if seated.is_behind { Departure::Lost } else { departure };
        match departure {
            Departure::Left => {
                self.leave(id);
                Parting::Left
            }
            Departure::Lost => {
                seated.away_until = Some(Instant::now() + RESUME_WITHIN);
                let player_id = seated.guest.player_id.clone();
                info!(player_id = ?player_id, "connection lost, the seat waits");
                seated.guest.outlet = Outlet::closed();
                self.tell_all(&ServerMessage::Presence(Presence::Away { player_id }));
                Parting::Away
            }
        }
    }

    /// Names a moment of the session for its timeline, once.
    pub(crate) fn tell_milestone(&mut self, name: &'static str) {
        if self.told.insert(name) {
            self.seats.tell_milestone(name);
        }
    }

    /// Somebody is gone: their seat is freed and the others learn of it.
    pub(crate) fn leave(&mut self, id: GuestId) {
        let Some(Seated { guest, .. }) = self.by_id.remove(&id) else { return };
        info!(player_id = ?guest.player_id, "player left");
        self.seats.remove(guest.player_session_id);
        self.count();
        self.tell_all(&ServerMessage::Presence(Presence::Left { player_id: guest.player_id }));
    }

    /// Waits until somebody has been away for too long.
    pub(crate) async fn expiry(&self) {
        match self.by_id.values().filter_map(|seated| seated.away_until).min() {
            Some(away_until) => sleep_until(away_until).await,
            None => std::future::pending().await,
        }
    }

    /// Frees the seats of those who have been away for too long.
    pub(crate) fn expire(&mut self) -> Vec<GuestId> {
        let now = Instant::now();
        let is_due = |seated: &Seated| seated.away_until.is_some_and(|away_until| away_until <= now);
        let due: Vec<GuestId> =
            self.by_id.iter().filter(|(_, seated)| is_due(seated)).map(|(id, _)| *id).collect();
        for id in &due {
            self.leave(*id);
        }
        due
    }

    /// Somebody accepted by the agent who cannot come in after all.
    pub(crate) fn turn_away(&self, guest: Guest, reason: String) {
        // The connection reads what is in the channel before it sees that the sender is gone.
        let _ = guest.outlet.messages.try_send(ServerMessage::Closing { reason });
        self.seats.remove(guest.player_session_id);
    }

    /// Passes on what a player says. Spectators listen.
    pub(crate) fn chat(&mut self, id: GuestId, text: String) {
        if let Some(seated) = self.by_id.get(&id) {
            let from = seated.guest.player_id.clone();
            self.tell_all(&ServerMessage::Chat { from, text });
        }
    }

    /// A reliable message to one. Who is too far behind to take it loses the way back: the connection ends, `Gone`
    /// follows, and the seat waits.
    pub(crate) fn tell(&mut self, id: GuestId, message: ServerMessage) {
        let Some(outlet) = self.outlet(id) else { return };
        match outlet.messages.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                *outlet = Outlet::closed();
                if let Some(seated) = self.by_id.get_mut(&id) {
                    seated.is_behind = true;
                }
            }
            // The connection has ended, or was cut off: `Gone` says what that means.
            Err(TrySendError::Closed(_)) => {}
        }
    }

    /// A reliable message to everybody.
    pub(crate) fn tell_all(&mut self, message: &ServerMessage) {
        let ids: Vec<GuestId> = self.by_id.keys().chain(self.spectators.keys()).copied().collect();
        for id in ids {
            self.tell(id, message.clone());
        }
    }

    /// A datagram to one, or lost.
    pub(crate) fn send_datagram(&mut self, id: GuestId, datagram: Vec<u8>) {
        if let Some(outlet) = self.outlet(id) {
            outlet.datagrams.send(datagram);
        }
    }

    /// Somebody sent a datagram that is none. One who goes on with that is cut off, and told so.
    pub(crate) fn strike(&mut self, id: GuestId) {
        let strikes = match (self.by_id.get_mut(&id), self.spectators.get_mut(&id)) {
            (Some(seated), _) => &mut seated.strikes,
            (None, Some(spectator)) => &mut spectator.strikes,
            (None, None) => return,
        };
        *strikes = strikes.saturating_add(1);
        if *strikes >= STRIKES_MAX {
            info!("guest cut off for datagrams that are none");
            let reason = "you send datagrams that are none of this protocol".to_owned();
            self.tell(id, ServerMessage::Closing { reason });
            if let Some(outlet) = self.outlet(id) {
                *outlet = Outlet::closed();
            }
        }
    }

    /// Ends every connection, once all messages arrived; `Gone` follows for each of the ids. Seats are not freed one
    /// by one: this is the end of the session.
    pub(crate) fn dismiss(&mut self) -> Vec<GuestId> {
        let players = std::mem::take(&mut self.by_id).into_iter();
        let here = players.filter(|(_, seated)| seated.away_until.is_none()).map(|(id, _)| id);
        here.chain(std::mem::take(&mut self.spectators).into_keys()).collect()
    }

    fn outlet(&mut self, id: GuestId) -> Option<&mut Outlet> {
        match self.by_id.get_mut(&id) {
            Some(seated) => Some(&mut seated.guest.outlet),
            None => self.spectators.get_mut(&id).map(|spectator| &mut spectator.outlet),
        }
    }

    fn tell_who_is_here(&mut self, id: GuestId) {
        let lists = Presence::here(self.by_id.values().map(|seated| seated.guest.player_id.as_str()));
        let away = self.by_id.values().filter(|seated| seated.away_until.is_some());
        let away = away.map(|seated| Presence::Away { player_id: seated.guest.player_id.clone() });
        for presence in lists.into_iter().chain(away).collect::<Vec<_>>() {
            self.tell(id, ServerMessage::Presence(presence));
        }
    }

    fn count(&mut self) {
        self.occupied.send_replace(self.by_id.len() as u32);
    }
}
