//! The match as this player sees it: `game_net::client::Client`, driven by the app's fixed tick.
//!
//! Prediction and reconciliation are in game-net; here they only get their calls.

use bevy::prelude::*;
use game_net::{client::Client, protocol::ServerMessage};
use game_sim::PlayerSlot;

use crate::{
    input::Intent,
    net::{self, Link, Outgoing, Received},
    report::Outcome,
    session::Session,
};

/// The match that is being played, or was.
#[derive(Resource, Debug)]
pub(crate) struct Match {
    client: Client,
    names: Vec<String>,
}

impl Match {
    /// The world as the player should see it.
    pub(crate) fn world(&self) -> &game_sim::World {
        // At the end only what the server knows counts.
        if self.client.outcome().is_some() { self.client.confirmed() } else { self.client.predicted() }
    }

    /// The players as they should be drawn: oneself as predicted, the others as they were a moment ago.
    pub(crate) fn players(&self) -> Vec<game_sim::Player> {
        if self.client.outcome().is_some() { self.world().players().to_vec() } else { self.client.shown() }
    }

    /// What prediction did so far.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Player ids by slot.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The player's own slot.
    pub(crate) fn own(&self) -> PlayerSlot {
        self.client.slot()
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
                    Ok(client) => begun = Some(Match { client, names: config.players.clone() }),
                    Err(error) => session
                        .end(Outcome::Failed, format!("the server began a match that cannot be: {error}")),
                }
            }
            Received::Datagram(datagram) => {
                if let Some(match_) = begun.as_mut().or(current.as_deref_mut())
                    && let Err(error) = match_.client.on_datagram(datagram)
                {
                    debug!("snapshot not used: {error}");
                }
            }
            Received::Message(_)
            | Received::Searching { .. }
            | Received::Welcome { .. }
            | Received::RoundTrip(_)
            | Received::Refused { .. }
            | Received::Closed { .. } => {}
        }
    }
    if let Some(begun) = begun {
        commands.insert_resource(begun);
    }
}

/// One tick of the prediction; its inputs go to the server.
pub(crate) fn tick(mut match_: ResMut<Match>, intent: Res<Intent>, session: Res<Session>, link: Res<Link>) {
    if session.verdict.is_none() {
        link.send(Outgoing::Datagram(match_.client.tick(intent.0)));
    }
}
