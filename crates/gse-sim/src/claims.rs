//! What callers were told, and so what must still be true: an acknowledged change survives.

use gse_core::State;
use gse_core::alias::Alias;
use gse_core::fleet::FleetStatus;
use gse_core::game_server_session::GameServerSession;
use gse_core::id::{
    AliasId, AssetId, FleetId, GameServerSessionId, PlacementId, PlayerSessionId, Scope, TimerId,
};
use gse_core::placement::{Placement, PlacementKey, PlacementStatus};
use gse_core::player_session::PlayerSession;
use gse_core::queue::QueueKey;
use gse_core::timer::Timer;

/// The answer of a command, given after its commit.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each names what was made, changed or deleted")]
pub enum Ack {
    Done,
    Asset(Scope, AssetId),
    Fleet(FleetId),
    FleetDeleted(FleetId),
    Alias(Box<Alias>),
    AliasDeleted(AliasId),
    Queue(QueueKey),
    Timer(Box<Timer>),
    TimerDeleted(TimerId),
    Session(Box<GameServerSession>),
    Players(Vec<PlayerSession>),
    Placement(Box<Placement>),
}

/// What callers know, from answers alone.
#[derive(Debug, Default)]
pub struct Known {
    assets: Vec<(Scope, AssetId)>,
    fleets: Vec<FleetId>,
    fleet_scopes: Vec<Scope>,
    deleted_fleets: Vec<FleetId>,
    aliases: Vec<Alias>,
    deleted_aliases: Vec<AliasId>,
    queues: Vec<QueueKey>,
    timers: Vec<Timer>,
    deleted_timers: Vec<TimerId>,
    sessions: Vec<GameServerSession>,
    players: Vec<PlayerSession>,
    placements: Vec<Placement>,
    numbers: u64,
}

fn pick<T>(things: &[T], number: u32) -> Option<&T> {
    things.get(usize::try_from(number).unwrap_or(0).checked_rem(things.len())?)
}

impl Known {
    /// Takes an answer.
    pub fn learn(&mut self, ack: Ack, state: &State) {
        match ack {
            Ack::Done => {}
            Ack::Asset(scope, asset) => self.assets.push((scope, asset)),
            Ack::Fleet(id) => {
                if let Some(fleet) = state.fleets.get(&id) {
                    self.fleets.push(id);
                    self.fleet_scopes.push(fleet.scope.clone());
                }
            }
            Ack::FleetDeleted(id) => self.deleted_fleets.push(id),
            Ack::Alias(alias) => {
                self.aliases.retain(|other| other.id != alias.id);
                if !self.deleted_aliases.contains(&alias.id) {
                    self.aliases.push(*alias);
                }
            }
            Ack::AliasDeleted(id) => {
                self.aliases.retain(|alias| alias.id != id);
                self.deleted_aliases.push(id);
            }
            Ack::Queue(key) => self.queues.push(key),
            Ack::Timer(timer) => {
                self.timers.retain(|other| other.id != timer.id);
                if !self.deleted_timers.contains(&timer.id) {
                    self.timers.push(*timer);
                }
            }
            Ack::TimerDeleted(id) => {
                self.timers.retain(|timer| timer.id != id);
                self.deleted_timers.push(id);
            }
            Ack::Session(session) => self.learn_session(&session),
            Ack::Players(players) => self.players.extend(players),
            Ack::Placement(placement) => {
                self.placements.retain(|other| other.key() != placement.key());
                self.placements.push(*placement);
            }
        }
    }

    /// A session, made by a command or a placement. G-9: a repeated token gives the same session again.
    pub fn learn_session(&mut self, session: &GameServerSession) {
        if !self.sessions.iter().any(|other| other.id == session.id) {
            self.sessions.push(session.clone());
        }
    }

    /// The asset of a region.
    pub fn asset(&self, scope: &Scope) -> Option<AssetId> {
        self.assets.iter().find(|(other, _)| other == scope).map(|(_, asset)| asset.clone())
    }

    /// One of the fleets.
    pub fn fleet(&self, number: u32) -> Option<(Scope, FleetId)> {
        Some((pick(&self.fleet_scopes, number)?.clone(), pick(&self.fleets, number)?.clone()))
    }

    /// One of the aliases.
    pub fn alias(&self, number: u32) -> Option<(Scope, AliasId)> {
        pick(&self.aliases, number).map(|alias| (alias.scope.clone(), alias.id.clone()))
    }

    /// One of the timers.
    pub fn timer(&self, number: u32) -> Option<&Timer> {
        pick(&self.timers, number)
    }

    /// One of the queues.
    pub fn queue(&self, number: u32) -> Option<QueueKey> {
        pick(&self.queues, number).cloned()
    }

    /// One of the latest sessions.
    pub fn session(&self, number: u32) -> Option<(Scope, GameServerSessionId)> {
        let latest = self.sessions.len().saturating_sub(6);
        pick(&self.sessions[latest..], number).map(|session| (session.scope.clone(), session.id.clone()))
    }

    /// One of the placements.
    pub fn placement(&self, number: u32) -> Option<PlacementKey> {
        pick(&self.placements, number).map(Placement::key)
    }

    /// A number that was not given before.
    pub fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// What was acknowledged and is not there any more, or has gone back.
    pub fn first_broken(&self, state: &State) -> Option<String> {
        let fleet = self.fleets.iter().find(|id| state.fleets.get(id).is_none());
        let gone_fleet = self.deleted_fleets.iter().find(|id| {
            state
                .fleets
                .get(id)
                .is_none_or(|fleet| !matches!(fleet.status, FleetStatus::Deleting | FleetStatus::Terminated))
        });
        let alias = self.aliases.iter().find(|alias| {
            state
                .aliases
                .get(&alias.id)
                .is_none_or(|now| now.routing != alias.routing && now.updated <= alias.updated)
        });
        let gone_alias = self.deleted_aliases.iter().find(|id| state.aliases.get(id).is_some());
        let queue = self.queues.iter().find(|key| state.queues.get(key).is_none());
        let timer = self.timers.iter().find(|known| timer_is_broken(known, state));
        let gone_timer = self.deleted_timers.iter().find(|id| state.timers.get(id).is_some());
        let session = self.sessions.iter().find(|known| {
            state
                .game_server_sessions
                .get(&known.id)
                .is_none_or(|now| now.created != known.created || now.process != known.process)
        });
        let player = self.players.iter().find(|known| {
            state.player_sessions.get(&known.id).is_none_or(|now| now.session != known.session)
        });
        let placement = self.placements.iter().find(|known| {
            state.placements.get(&known.key()).is_none_or(|now| {
                now.started < known.started
                    || (now.started == known.started
                        && known.status != PlacementStatus::Pending
                        && now.status != known.status)
            })
        });
        fleet
            .map(|id| format!("fleet {id} is not there"))
            .or_else(|| gone_fleet.map(|id| format!("the deletion of fleet {id} is undone")))
            .or_else(|| alias.map(|alias| format!("alias {} is not as acknowledged", alias.id)))
            .or_else(|| gone_alias.map(|id| format!("the deletion of alias {id} is undone")))
            .or_else(|| queue.map(|key| format!("queue {key} is not there")))
            .or_else(|| timer.map(|timer| format!("timer {} is not as acknowledged", timer.id)))
            .or_else(|| gone_timer.map(|id| format!("the deletion of timer {id} is undone")))
            .or_else(|| session.map(|session| format!("session {} is not as acknowledged", session.id)))
            .or_else(|| player.map(|player| format!("player session {} is not there", player.id)))
            .or_else(|| placement.map(|row| format!("placement {} is not as acknowledged", row.id)))
    }

    /// How much was made: sessions, player sessions, placements.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.sessions.len(), self.players.len(), self.placements.len())
    }
}

/// A definition stays as it was put last; a timer goes with its fleet only.
fn timer_is_broken(known: &Timer, state: &State) -> bool {
    let Some(timer) = state.timers.get(&known.id) else {
        let fleet = state.fleets.get(&known.fleet);
        return fleet
            .is_some_and(|fleet| !matches!(fleet.status, FleetStatus::Deleting | FleetStatus::Terminated));
    };
    (&timer.schedule, timer.settings, timer.stopped, timer.sequence)
        != (&known.schedule, known.settings, known.stopped, known.sequence)
        || timer.last < known.last
}

/// The id of a placement; few, so that ids are used again (R4).
pub fn placement_id(number: u32) -> PlacementId {
    PlacementId::new(format!("place-{number}"))
}

/// A player that was given a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The session.
    pub session: GameServerSessionId,
    /// The player's ticket.
    pub player_session: PlayerSessionId,
}
