//! The match as this player or spectator sees it: `game_net::client::Client` or `game_net::watcher::Watcher`, driven by
//! the app's fixed tick.
//!
//! Prediction and reconciliation are in game-net; here they only get their calls.

use std::collections::BTreeMap;

use bevy::prelude::*;
use game_net::{
    client::{Client, Statistics},
    protocol::{ProtocolError, ServerMessage},
    watcher::Watcher,
};
use game_sim::{PlayerSlot, TICKS_PER_SECOND, World};

use crate::{
    input::Intent,
    net::{self, Link, Outgoing, Received},
    report::Outcome,
    session::Session,
};

/// The match that is being played, or was.
#[derive(Resource, Debug)]
pub(crate) struct Match {
    side: Side,
    names: Vec<String>,
    /// Hashes of confirmed states of whole seconds, by tick.
    states: BTreeMap<u32, u64>,
}

/// Hashes that are kept, in seconds.
const STATES_MAX: usize = 16;

/// On which side of the fence.
#[derive(Debug)]
enum Side {
    Player(Box<Client>),
    Spectator(Box<Watcher>),
}

impl Side {
    fn on_datagram(&mut self, datagram: &[u8]) -> Result<bool, ProtocolError> {
        match self {
            Side::Player(client) => client.on_datagram(datagram),
            Side::Spectator(watcher) => watcher.on_datagram(datagram),
        }
    }
}

impl Match {
    fn of_player(client: Client, names: Vec<String>) -> Match {
        Match { side: Side::Player(Box::new(client)), names, states: BTreeMap::new() }
    }

    fn of_spectator(watcher: Watcher, names: Vec<String>) -> Match {
        Match { side: Side::Spectator(Box::new(watcher)), names, states: BTreeMap::new() }
    }

    /// A match that nobody is connected to.
    pub(crate) fn made_up(client: Client, names: Vec<String>) -> Match {
        Match::of_player(client, names)
    }

    /// The world as the player should see it.
    pub(crate) fn world(&self) -> &World {
        match &self.side {
            // At the end only what the server knows counts.
            Side::Player(client) if client.outcome().is_none() => client.predicted(),
            Side::Player(_) | Side::Spectator(_) => self.confirmed(),
        }
    }

    /// The world of the last snapshot.
    pub(crate) fn confirmed(&self) -> &World {
        match &self.side {
            Side::Player(client) => client.confirmed(),
            Side::Spectator(watcher) => watcher.confirmed(),
        }
    }

    /// The players as they should be drawn: oneself as predicted, the others as they were a moment ago.
    pub(crate) fn players(&self) -> Vec<game_sim::Player> {
        if self.confirmed().outcome().is_some() {
            return self.world().players().to_vec();
        }
        match &self.side {
            Side::Player(client) => client.shown(),
            Side::Spectator(watcher) => watcher.shown(),
        }
    }

    /// What prediction did so far; spectators have none.
    pub(crate) fn client(&self) -> Option<&Client> {
        match &self.side {
            Side::Player(client) => Some(client),
            Side::Spectator(_) => None,
        }
    }

    /// Counts since the match began.
    pub(crate) fn statistics(&self) -> Statistics {
        match &self.side {
            Side::Player(client) => client.statistics(),
            Side::Spectator(watcher) => watcher.statistics(),
        }
    }

    /// Hashes of what the server confirmed, by tick.
    pub(crate) fn states(&self) -> BTreeMap<u32, String> {
        self.states.iter().map(|(tick, hash)| (*tick, format!("{hash:016x}"))).collect()
    }

    fn on_datagram(&mut self, datagram: &[u8]) -> Result<(), ProtocolError> {
        let is_new = self.side.on_datagram(datagram)?;
        let tick = self.confirmed().tick();
        if is_new && tick.is_multiple_of(TICKS_PER_SECOND) {
            self.states.insert(tick, self.confirmed().state().hash());
            while self.states.len() > STATES_MAX {
                self.states.pop_first();
            }
        }
        Ok(())
    }

    /// Player ids by slot.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The player's own slot; spectators have none.
    pub(crate) fn own(&self) -> Option<PlayerSlot> {
        self.client().map(Client::slot)
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.add_systems(PreUpdate, observe.after(net::receive))
        .add_systems(FixedUpdate, tick.run_if(resource_exists::<Match>));
}

/// Begins the match when the server says so, and takes in its snapshots.
pub(crate) fn observe(
    mut commands: Commands,
    mut received: MessageReader<Received>,
    mut current: Option<ResMut<Match>>,
    mut session: ResMut<Session>,
) {
    // A match that begins in this frame becomes a resource after it.
    let mut begun: Option<Match> = None;
    for received in received.read() {
        match received {
            Received::Message(ServerMessage::MatchStart { slot, config, snapshot_rate }) => {
                match Client::new(config, *slot, *snapshot_rate) {
                    Ok(client) => begun = Some(Match::of_player(client, config.players.clone())),
                    Err(error) => session.end(Outcome::Failed, impossible(&error)),
                }
            }
            Received::Message(ServerMessage::WatchStart { config, snapshot_rate }) => {
                match Watcher::new(config, *snapshot_rate) {
                    Ok(watcher) => begun = Some(Match::of_spectator(watcher, config.players.clone())),
                    Err(error) => session.end(Outcome::Failed, impossible(&error)),
                }
            }
            Received::Datagram(datagram) => {
                if let Some(match_) = begun.as_mut().or(current.as_deref_mut())
                    && let Err(error) = match_.on_datagram(datagram)
                {
                    debug!("snapshot not used: {error}");
                }
            }
            Received::Message(_)
            | Received::Searching { .. }
            | Received::Watching
            | Received::Placed(_)
            | Received::Welcome { .. }
            | Received::Line { .. }
            | Received::Lost
            | Received::Resumed
            | Received::Refused { .. }
            | Received::Closed { .. } => {}
        }
    }
    if let Some(begun) = begun {
        commands.insert_resource(begun);
    }
}

fn impossible(error: &game_sim::ConfigError) -> String {
    format!("the server began a match that cannot be: {error}")
}

/// One tick of the prediction; its inputs go to the server, or of a spectator what was seen.
pub(crate) fn tick(mut match_: ResMut<Match>, intent: Res<Intent>, session: Res<Session>, link: Res<Link>) {
    if session.verdict.is_some() {
        return;
    }
    let datagram = match &mut match_.side {
        Side::Player(client) => Some(client.tick(intent.0)),
        Side::Spectator(watcher) => watcher.tick(),
    };
    if let Some(datagram) = datagram {
        link.send(Outgoing::Datagram(datagram));
    }
}
