//! What is on the canvas: one screen per state of the session, one file per screen.
//!
//! The states themselves exist in every view, headless too; what this folder adds is only seen.

use bevy::prelude::*;

mod connecting;
mod ended;
mod lobby;
mod playing;

/// What the player looks at. `session.rs` moves it on; nothing else does.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Screen {
    /// Not let in yet.
    #[default]
    Connecting,
    /// In a match.
    Playing,
    /// In a lobby.
    Lobby,
    /// Over, whatever the outcome.
    Ended,
}

/// Adds the drawing of all screens.
pub(crate) fn plugin(app: &mut App) {
    app.add_plugins((connecting::plugin, playing::plugin, lobby::plugin, ended::plugin));
}
